/* A store with damaged or made-up records: it opens, or says what is wrong with it; what opens is whole.
 *
 * Input: what (the first byte modulo 5 is a META id 1 to 3, a SEGMENT, a LOG row; its rest says which one), then its
 * bytes. With 128 set: a checkpoint whose hashes are right, as in forge.h. */
#include <weft/err.h>

#include "tests/fuzz/forge.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/live.h"

enum { FORGED = 128, KINDS = 5 };

struct swap {
    struct weft_store *into;
    enum weft_record_kind kind;
    uint64_t meta;  /* which META record */
    unsigned which; /* of its kind */
    struct weft_slice bytes;
    unsigned seen;
};

static int copy_swapped(void *ctx, const struct weft_record *record) {
    struct swap *s = ctx;
    struct weft_record r = *record;
    bool hit = r.kind == s->kind && (r.kind != WEFT_RECORD_META || r.id == s->meta);
    if (hit && s->seen++ == s->which) r.bytes = s->bytes;
    return s->into->cls->write(s->into, &r, 1);
}

static void swap_one(struct weft_store *into, uint8_t what, struct weft_slice bytes) {
    struct swap s = {.into = into, .bytes = bytes, .which = what / KINDS % 2u};
    s.kind = what % KINDS < 3 ? WEFT_RECORD_META : what % KINDS == 3 ? WEFT_RECORD_SEGMENT : WEFT_RECORD_LOG;
    s.meta = what % KINDS + 1u;
    if (s.kind == WEFT_RECORD_META) s.which = 0;
    struct weft_store *from = live_store();
    HOLDS(from->cls->load(from, copy_swapped, &s) == 0);
    from->cls->close(from);
}

static void forge_store(struct weft_store *into, struct fuzz_input *in) {
    struct forged f;
    forge(&f, in, true);
    struct weft_record r = {.kind = WEFT_RECORD_META, .id = WEFT_META_CHECKPOINT, .bytes = weft_buf_slice(&f.manifest)};
    HOLDS(into->cls->write(into, &r, 1) == 0);
    for (size_t i = 0; i < f.count; i++) {
        r = (struct weft_record){.kind = WEFT_RECORD_SEGMENT, .id = i + 1, .bytes = f.segments[i]};
        HOLDS(into->cls->write(into, &r, 1) == 0);
    }
    forge_fini(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct weft_store *store;
    struct cluster c;
    HOLDS(weft_store_memory_new(&store, NULL) == 0);
    uint8_t what = fuzz_byte(&in);
    if ((what & FORGED) != 0)
        forge_store(store, &in);
    else
        swap_one(store, what, fuzz_bytes(&in, fuzz_left(&in)));
    int rc = live_open_store(&c, store);
    HOLDS(rc == 0 || rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_VERSION);
    if (rc == 0)
        live_check(&c);
    else
        HOLDS(weft_replica_errmsg(c.at[0].replica)[0] != '\0');
    cluster_fini(&c);
    return 0;
}
