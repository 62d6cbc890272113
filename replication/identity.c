/* identity.c: who this replica is. The replica id lives in the store; each opening draws an epoch, which is durable
 * before anything is said under it, because records leave in order and messages wait for theirs. So a crash that lost
 * unsynced writes, a restored backup and a copied file issue no dot twice: they issue under another epoch. What remains
 * is memory that was rolled back, or a fork of the process; it shows when a peer knows more of this epoch than was
 * issued here, and then a new epoch is drawn. */
#include <string.h>

#include <weft/err.h>

#include "base/wire.h"
#include "replication/engine.h"

static int record_meta(struct weft_replica *r, uint64_t id, const struct weft_buf *b) {
    if (b->err != 0) return b->err;
    struct weft_record rec = {.kind = WEFT_RECORD_META, .id = id, .bytes = weft_buf_slice(b)};
    int rc = weft__output_record(weft__out(r), &rec);
    if (rc == 0) weft__out(r)->records[weft__out(r)->record_count - 1].number = weft__next_record(r);
    return rc;
}

static int record_identity(struct weft_replica *r) {
    static const struct weft_id zero;
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    weft__write_field_varint(&b, 1, WEFT__FORMAT_VERSION);
    weft__write_bytes(&b, 2, weft_slice(r->identity.bytes, sizeof r->identity.bytes));
    if (weft_id_cmp(&r->space.id, &zero) != 0)
        weft__write_bytes(&b, 3, weft_slice(r->space.id.bytes, sizeof r->space.id.bytes));
    int rc = record_meta(r, WEFT_META_IDENTITY, &b);
    weft_buf_fini(&b);
    return rc;
}

static int record_epoch(struct weft_replica *r, uint64_t epoch) {
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    weft__write_field_fixed64(&b, 1, epoch);
    weft__write_field_fixed64(&b, 2, r->parent_epoch);
    weft__write_field_varint(&b, 3, r->parent_seq);
    int rc = record_meta(r, WEFT_META_EPOCH, &b);
    weft_buf_fini(&b);
    return rc;
}

/* The epoch that ends becomes the parent if it issued anything; otherwise nobody ever hears of it. */
static void adopt_parent(struct weft_replica *r, uint64_t epoch) {
    struct weft_origin old = {r->identity, epoch};
    uint32_t index;
    if (!weft_origins_find(r->origins, &old, &index)) return;
    uint64_t seq = weft_version_vector_get(&r->space.applied, index);
    if (seq == 0) return;
    r->has_parent = true;
    r->parent_epoch = epoch;
    r->parent_seq = seq;
}

int weft__identity_start(struct weft_replica *r, uint64_t random) {
    size_t mark = weft__out(r)->record_count;
    if (!r->has_identity) r->identity = r->options.replica;
    uint64_t old = r->self == WEFT__NO_ORIGIN ? r->stored_epoch : weft_origins_at(r->origins, r->self)->epoch;
    adopt_parent(r, old);
    struct weft_origin origin = {r->identity, random};
    uint32_t self;
    int rc = weft_origins_intern(r->origins, &origin, &self);
    if (rc == 0) rc = weft__engine_reserve_origin(r, self);
    if (rc == 0 && !r->has_identity) rc = record_identity(r);
    if (rc == 0) rc = record_epoch(r, random);
    if (rc != 0) {
        weft__out(r)->record_count = mark;
        return rc;
    }
    r->has_identity = true;
    r->self = self;
    r->epoch_record = r->recording.issued;
    r->wants_epoch = false;
    for (size_t i = 0; i < r->peers.count; i++) r->peers.items[i].pushed = 0;
    return 0;
}

void weft__identity_cloned(struct weft_replica *r, uint32_t link, uint64_t seq) {
    if (r->wants_epoch) return;
    r->wants_epoch = true;
    struct weft_notice n = {.kind = WEFT_NOTICE_CLONED,
                            .err = WEFT_ERR_CLONED,
                            .link = link,
                            .origin = *weft_origins_at(r->origins, r->self),
                            .seq = seq};
    weft__output_notice(weft__out(r), &n, "another copy of this replica has issued transaction %llu of this epoch",
                        (unsigned long long)seq);
}
