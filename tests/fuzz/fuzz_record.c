/* A store with damaged or made-up records: it opens, or says what is wrong with it; what opens is whole.
 *
 * Input: records, each a byte that says which one (below) and a piece that is its bytes; it takes the place of one that
 * is there, or is added. With 128 set in the first: a checkpoint whose hashes are right, as in forge.h; with all of it:
 * records beside those of a segment that takes several.
 * Refused messages that are kept are then taken once more, and forgotten. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>
#include <weft/lwwreg.h>

#include "replication/staging.h"
#include "replication/transaction.h"
#include "tests/fuzz/forge.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/live.h"

enum { FORGED = 128, LARGE = 255, KIND = 15, INDEX = 16 }; /* the three bits above the kind say which of it */

/* The first four are META, by their ids. */
static const enum weft_record_kind kinds[] = {
    WEFT_RECORD_META,    WEFT_RECORD_META, WEFT_RECORD_META,       WEFT_RECORD_META,
    WEFT_RECORD_SEGMENT, WEFT_RECORD_LOG,  WEFT_RECORD_QUARANTINE, WEFT_RECORD_STAGED,
};
enum { KINDS = sizeof kinds / sizeof *kinds, STAGED_WELL = KINDS, KEPT_WELL, SIGNATURE, ALL_KINDS };

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

/* A refused message or a void transaction, behind a head and a hash that are right. */
static void write_kept(struct fuzz_input *in, struct weft_buf *out, uint64_t *id) {
    uint8_t hash[WEFT__CHAIN_LEN];
    if (fuzz_byte(in) % 2 == 1) *id += 65536;
    struct weft_slice body = fuzz_piece(in);
    weft__blake2b128(hash, body);
    weft__write_field_varint(out, 1, WEFT__FORMAT_VERSION);
    weft__write_bytes(out, 2, weft_slice(hash, sizeof hash));
    HOLDS(weft_buf_append_slice(out, body) == 0);
}

static enum weft_record_kind kind_of(unsigned kind) {
    if (kind == STAGED_WELL) return WEFT_RECORD_STAGED;
    if (kind == SIGNATURE) return WEFT_RECORD_SIGNATURE;
    return kind == KEPT_WELL ? WEFT_RECORD_QUARANTINE : kinds[kind];
}

/* In the place of one, or, where there is none, under an id of its own. */
static void put(struct weft_store *store, uint8_t what, struct fuzz_input *in) {
    unsigned kind = (what & KIND) % ALL_KINDS, which = what / INDEX % 8;
    struct find f = {.kind = kind_of(kind), .which = which};
    struct weft_buf well;
    if (kind == SIGNATURE) f.kind = WEFT_RECORD_LOG; /* of a row that is there */
    if (f.kind != WEFT_RECORD_META && f.kind != WEFT_RECORD_STAGED)
        HOLDS(store->cls->load(store, find_record, &f) == 0);
    struct weft_record r = f.record;
    r.kind = kind_of(kind);
    if (f.kind == WEFT_RECORD_META) r.id = kind + 1;
    if (f.kind == WEFT_RECORD_STAGED || (!f.found && f.kind != WEFT_RECORD_META)) r.id = which;
    weft_buf_init(&well, NULL);
    if (kind == STAGED_WELL) write_staged(in, &well, r.id);
    if (kind == KEPT_WELL) write_kept(in, &well, &r.id);
    r.bytes = kind == STAGED_WELL || kind == KEPT_WELL ? weft_buf_slice(&well) : fuzz_piece(in);
    HOLDS(store->cls->write(store, &r, 1) == 0);
    weft_buf_fini(&well);
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

/* What is refused again changes nothing. */
static void take_kept(struct cluster *c) {
    struct weft_refused m;
    while (weft_replica_refused(c->at[0].replica, 0, &m)) {
        struct weft_replica_stats before = cluster_stats(c, 0);
        uint64_t number = m.number;
        int rc = weft_replica_retry(c->at[0].replica, &c->at[0].now, number);
        HOLDS(rc == 0 || weft_replica_errmsg(c->at[0].replica)[0] != '\0');
        struct weft_replica_stats after = cluster_stats(c, 0);
        if (rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION || rc == WEFT_ERR_LIMIT)
            HOLDS(memcmp(&before, &after, sizeof after) == 0);
        HOLDS(rc == 0 || weft_replica_forget(c->at[0].replica, number) == 0);
        HOLDS(cluster_step(c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}) == 0);
    }
}

static struct weft_store *large;

static void forget_large(void) {
    large->cls->close(large);
}

/* Its segment is longer than a record may be. */
static void make_large(void) {
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i",
                                       "j", "k", "l", "m", "n", "o", "p", "q"};
    struct cluster c;
    char *value = malloc(WEFT_VALUE_MAX);
    HOLDS(value != NULL);
    memset(value, 'v', WEFT_VALUE_MAX);
    cluster_init(&c, 1);
    c.at[0].options.segment_bytes = (size_t)64 << 20;
    HOLDS(cluster_open(&c, 0) == 0);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct weft_txn *t = cluster_begin(&c, 0);
        weft_lwwreg_set(weft_txn_edit(t, weft_str(keys[i]), &weft_lwwreg_class), weft_slice(value, WEFT_VALUE_MAX));
        (void)cluster_commit(&c, 0, t);
    }
    free(value);
    weft_replica_checkpoint(c.at[0].replica);
    HOLDS(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}) == 0);
    HOLDS(weft_store_memory_copy(&large, c.at[0].store, NULL) == 0);
    HOLDS(atexit(forget_large) == 0);
    cluster_fini(&c);
}

static struct weft_store *large_store(void) {
    struct weft_store *copy;
    if (large == NULL) make_large();
    HOLDS(weft_store_memory_copy(&copy, large, NULL) == 0);
    return copy;
}

/* Opened by one who means another cluster. */
static void try_foreign(struct weft_store *store) {
    struct cluster c;
    cluster_init(&c, 1);
    HOLDS(weft_store_memory_copy(&c.at[0].store, store, NULL) == 0);
    c.at[0].options.cluster.bytes[15] = 0xee;
    int rc = cluster_open(&c, 0);
    HOLDS(rc == 0 || rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_VERSION || rc == WEFT_ERR_FOREIGN);
    HOLDS(rc == 0 || weft_replica_errmsg(c.at[0].replica)[0] != '\0');
    cluster_fini(&c);
}

/* It takes as long as a hundred others: those of a corpus, then now and then. */
static bool is_time_for_large(void) {
    static unsigned times;
    return times++ < 8 || times % 256 == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct weft_store *store;
    struct cluster c;
    uint8_t what = fuzz_byte(&in);
    if (what == LARGE && !is_time_for_large()) return 0;
    if (what == LARGE) {
        store = large_store();
        while (fuzz_left(&in) > 0) put(store, fuzz_byte(&in), &in);
    } else if ((what & FORGED) != 0) {
        HOLDS(weft_store_memory_new(&store, NULL) == 0);
        forge_store(store, &in);
    } else {
        store = live_store();
        for (put(store, what, &in); fuzz_left(&in) > 0;) put(store, fuzz_byte(&in), &in);
    }
    if (what % 16 == 0 && what < FORGED) try_foreign(store);
    int rc = live_open_store(&c, store);
    HOLDS(rc == 0 || rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_VERSION);
    if (rc == 0) take_kept(&c);
    if (rc == 0)
        live_check(&c);
    else
        HOLDS(weft_replica_errmsg(c.at[0].replica)[0] != '\0');
    cluster_fini(&c);
    return 0;
}
