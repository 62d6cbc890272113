/* A store with damaged or made-up records: it opens, or says what is wrong with it; what opens is whole.
 *
 * Input: records, each a byte that says which one (below) and a piece that is its bytes; it takes the place of one that
 * is there, or is added. With 128 set in the first: a checkpoint whose hashes are right, as in forge.h. */
#include <weft/err.h>

#include "replication/staging.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/live.h"

enum { FORGED = 128, KIND = 15, INDEX = 16 }; /* the three bits above the kind say which of it */

/* The first four are META, by their ids. */
static const enum weft_record_kind kinds[] = {
    WEFT_RECORD_META,    WEFT_RECORD_META, WEFT_RECORD_META,       WEFT_RECORD_META,
    WEFT_RECORD_SEGMENT, WEFT_RECORD_LOG,  WEFT_RECORD_QUARANTINE, WEFT_RECORD_STAGED,
};
enum { KINDS = sizeof kinds / sizeof *kinds, STAGED_WELL = KINDS };

struct find {
    enum weft_record_kind kind;
    unsigned which;
    bool found;
    struct weft_record record; /* but for its bytes */
};

static int find_record(void *ctx, const struct weft_record *record) {
    struct find *f = ctx;
    if (record->kind != f->kind || f->found || f->which-- > 0) return 0;
    f->found = true;
    f->record = *record;
    return 0;
}

/* A chunk whose hash is right: the transfer, the whole, the number, and its bytes. */
static void write_staged(struct fuzz_input *in, struct weft_buf *out, uint64_t id) {
    struct weft__staged_chunk c = {.chunk = (uint32_t)id};
    uint8_t how = fuzz_byte(in);
    c.name.transfer = how % 4;
    c.name.total = (uint64_t)fuzz_byte(in) << how / 4 % 8;
    c.name.hash[0] = how / 32;
    c.bytes = fuzz_piece(in);
    HOLDS(weft__staged_write(out, &c) == 0);
}

/* In the place of one, or, where there is none, under an id of its own. */
static void put(struct weft_store *store, uint8_t what, struct fuzz_input *in) {
    unsigned kind = what & KIND, which = what / INDEX % 8;
    bool is_staged = kind % (KINDS + 1) == STAGED_WELL;
    struct find f = {.kind = is_staged ? WEFT_RECORD_STAGED : kinds[kind % (KINDS + 1)], .which = which};
    struct weft_buf staged;
    if (f.kind != WEFT_RECORD_META && f.kind != WEFT_RECORD_STAGED)
        HOLDS(store->cls->load(store, find_record, &f) == 0);
    struct weft_record r = f.record;
    r.kind = f.kind;
    if (f.kind == WEFT_RECORD_META) r.id = kind + 1;
    if (f.kind == WEFT_RECORD_STAGED || (!f.found && f.kind != WEFT_RECORD_META)) r.id = which;
    weft_buf_init(&staged, NULL);
    if (is_staged) write_staged(in, &staged, r.id);
    r.bytes = is_staged ? weft_buf_slice(&staged) : fuzz_piece(in);
    HOLDS(store->cls->write(store, &r, 1) == 0);
    weft_buf_fini(&staged);
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
    uint8_t what = fuzz_byte(&in);
    if ((what & FORGED) != 0) {
        HOLDS(weft_store_memory_new(&store, NULL) == 0);
        forge_store(store, &in);
    } else {
        store = live_store();
        for (put(store, what, &in); fuzz_left(&in) > 0;) put(store, fuzz_byte(&in), &in);
    }
    int rc = live_open_store(&c, store);
    HOLDS(rc == 0 || rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_VERSION);
    if (rc == 0)
        live_check(&c);
    else
        HOLDS(weft_replica_errmsg(c.at[0].replica)[0] != '\0');
    cluster_fini(&c);
    return 0;
}
