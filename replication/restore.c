/* restore.c: from the store's records back to the state that wrote them. Everything is checked: a segment against the
 * hash in the manifest, the whole against the state hash, each log row against its predecessor. What does not add up is
 * WEFT_ERR_CORRUPT with a sentence that says which record; nothing is guessed. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/wire.h"
#include "clock/id.h"
#include "replication/engine.h"

static int corrupt(struct weft_replica *r, int rc, const char *what, uint64_t id) {
    if (rc == WEFT_ERR_NOMEM) return rc;
    if (rc == WEFT_ERR_VERSION) {
        weft__set_error(r, "%s %llu was written by a newer Weft", what, (unsigned long long)id);
        return rc;
    }
    if (rc == WEFT_ERR_FOREIGN) return rc;
    weft__set_error(r, "%s %llu is damaged", what, (unsigned long long)id);
    return WEFT_ERR_CORRUPT;
}

/* Who opens a store may say whose it must be; all zero: he does not. */
static int check_owner(struct weft_replica *r, const char *what, const struct weft_id *stored,
                       const struct weft_id *wanted) {
    char is[WEFT_ID_TEXT], should_be[WEFT_ID_TEXT];
    if (weft__id_is_zero(wanted) || weft_id_cmp(wanted, stored) == 0) return 0;
    weft_id_format(stored, is);
    weft_id_format(wanted, should_be);
    weft__set_error(r, "it is of %s %s, and not of %s: name another store, or the files that it was made with", what,
                    is, should_be);
    return WEFT_ERR_FOREIGN;
}

static int take_cluster(struct weft_replica *r, struct weft_slice cluster) {
    if (cluster.len == 0) return 0; /* START adopts one */
    memcpy(r->cluster.bytes, cluster.ptr, cluster.len);
    return check_owner(r, "cluster", &r->cluster, &r->options.cluster);
}

static int restore_identity(struct weft_replica *r, struct weft_slice bytes) {
    struct weft__reader in;
    weft__reader_init(&in, bytes);
    uint64_t version = weft__read_field_varint(&in, 1);
    if (in.err == 0 && version > WEFT__FORMAT_VERSION) return WEFT_ERR_VERSION;
    struct weft_slice id = weft__read_field_bytes(&in, 2), space = weft__read_field_bytes(&in, 3),
                      cluster = weft__read_field_bytes(&in, 4);
    bool bad = in.err != 0 || in.at != in.end || version != WEFT__FORMAT_VERSION ||
               id.len != sizeof r->identity.bytes || (space.len != 0 && space.len != sizeof r->space.id.bytes) ||
               (cluster.len != 0 && cluster.len != sizeof r->cluster.bytes);
    if (bad) return WEFT_ERR_MALFORMED;
    memcpy(r->identity.bytes, id.ptr, id.len);
    memset(&r->space.id, 0, sizeof r->space.id);
    if (space.len != 0) memcpy(r->space.id.bytes, space.ptr, space.len);
    r->has_identity = true;
    int rc = take_cluster(r, cluster);
    return rc == 0 ? check_owner(r, "space", &r->space.id, &r->options.space) : rc;
}

static int restore_epoch(struct weft_replica *r, struct weft_slice bytes) {
    struct weft__reader in;
    weft__reader_init(&in, bytes);
    r->stored_epoch = weft__read_field_fixed64(&in, 1);
    r->parent_epoch = weft__read_field_fixed64(&in, 2);
    r->parent_seq = weft__read_field_varint(&in, 3);
    r->has_parent = r->parent_seq > 0;
    r->own_count = 0;
    while (in.err == 0 && r->own_count < WEFT__OWN_EPOCHS && weft__read_tag(&in, 4, WEFT__BYTES)) {
        struct weft__reader own;
        weft__reader_init(&own, weft__read_bytes(&in));
        struct weft__own_epoch *e = &r->own[r->own_count++];
        e->epoch = weft__read_field_fixed64(&own, 1);
        e->seq = weft__read_field_varint(&own, 2);
        if (own.err != 0 || own.at != own.end) weft__reader_fail(&in);
    }
    return in.err != 0 || in.at != in.end ? WEFT_ERR_MALFORMED : 0;
}

static int restore_manifest(struct weft_replica *r, struct weft_slice bytes) {
    if (r->checkpoint.segments.count > 0 || r->space.applied.len > 0) return WEFT_ERR_MALFORMED; /* a second one */
    int rc = weft__manifest_read(bytes, &r->space, &r->checkpoint.segments, &r->restored_hash);
    for (uint32_t i = 0; rc == 0 && i < r->space.applied.len; i++) {
        rc = weft__engine_reserve_origin(r, i);
        if (rc == 0) rc = weft__recording_restore(&r->recording, i, r->space.applied.seq[i]);
    }
    if (rc == 0) rc = weft_version_vector_merge(&r->checkpoint.saved, &r->space.applied);
    if (rc != 0) weft__manifest_forget(&r->space, &r->checkpoint.segments);
    for (size_t i = 0; rc == 0 && i < r->checkpoint.segments.count; i++) {
        const struct weft__segment *s = &r->checkpoint.segments.items[i];
        uint64_t end = s->id + weft__segment_pieces(s);
        if (end > r->checkpoint.next_id) r->checkpoint.next_id = end;
    }
    return rc;
}

static int restore_meta(struct weft_replica *r, const struct weft_record *rec) {
    int rc = 0;
    if (rec->id == WEFT_META_IDENTITY) rc = restore_identity(r, rec->bytes);
    if (rec->id == WEFT_META_EPOCH) rc = restore_epoch(r, rec->bytes);
    if (rec->id == WEFT_META_CHECKPOINT) rc = restore_manifest(r, rec->bytes);
    if (rec->id == WEFT_META_FORK) rc = weft__fork_restore(r, rec->bytes);
    return rc == 0 ? 0 : corrupt(r, rc, "meta record", rec->id);
}

/* The segment that a record is a piece of; count: none. */
static size_t segment_of(const struct weft__segments *segments, uint64_t id) {
    size_t i = 0;
    while (i < segments->count && id - segments->items[i].id >= weft__segment_pieces(&segments->items[i])) i++;
    return i;
}

static int read_segment(struct weft_replica *r, size_t i, struct weft_slice whole) {
    struct weft__segment *s = &r->checkpoint.segments.items[i];
    int rc = weft__segment_read(whole, &r->checkpoint.segments, i, &r->space);
    s->restored = rc == 0;
    return rc;
}

/* Pieces come in the order of their ids, so those of one segment one after the other. */
static int add_piece(struct weft_replica *r, size_t i, const struct weft_record *rec) {
    const struct weft__segment *s = &r->checkpoint.segments.items[i];
    struct weft_buf *pieces = &r->checkpoint.pieces;
    uint64_t at = (rec->id - s->id) * WEFT__PIECE_BYTES;
    size_t before = pieces->len, len = s->len - at < WEFT__PIECE_BYTES ? (size_t)(s->len - at) : WEFT__PIECE_BYTES;
    if (before != at || rec->bytes.len != len) return WEFT_ERR_MALFORMED;
    if (len == s->len) return read_segment(r, i, rec->bytes);
    int rc = weft_buf_append_slice(pieces, rec->bytes);
    pieces->err = 0;
    if (rc != 0 || pieces->len < s->len) return rc;
    rc = read_segment(r, i, weft_buf_slice(pieces));
    if (rc == WEFT_ERR_NOMEM) {
        pieces->len = before; /* the step is stepped again */
    } else {
        weft_buf_fini(pieces);
        weft_buf_init(pieces, r->alloc);
    }
    return rc;
}

static int restore_segment(struct weft_replica *r, const struct weft_record *rec) {
    size_t i = segment_of(&r->checkpoint.segments, rec->id);
    if (i == r->checkpoint.segments.count) return corrupt(r, WEFT_ERR_MALFORMED, "an unreferenced segment", rec->id);
    int rc = add_piece(r, i, rec);
    return rc == 0 ? 0 : corrupt(r, rc, "segment", rec->id);
}

/* After the last segment: the state is the one that the manifest was written for. */
static int check_segments(struct weft_replica *r) {
    if (r->segments_checked) return 0;
    for (size_t i = 0; i < r->checkpoint.segments.count; i++)
        if (!r->checkpoint.segments.items[i].restored)
            return corrupt(r, WEFT_ERR_MALFORMED, "the checkpoint is incomplete: segment",
                           r->checkpoint.segments.items[i].id);
    if (!weft__hash_eq(r->space.pool.hash, r->restored_hash))
        return corrupt(r, WEFT_ERR_MALFORMED, "the checkpoint does not add up: manifest", WEFT_META_CHECKPOINT);
    int rc = weft__rights_restore(r);
    if (rc != 0) return corrupt(r, rc, "a document of rights in meta record", WEFT_META_CHECKPOINT);
    r->segments_checked = true;
    return 0;
}

/* Whether a covered row is the one that its successor, or the checkpoint, follows. */
static bool is_in_chain(const struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                        const uint8_t hash[WEFT__CHAIN_LEN]) {
    const struct weft__log_row *last = weft__log_get(&r->log, origin, t->seq - 1);
    if (last != NULL && memcmp(last->hash, t->previous.ptr, WEFT__CHAIN_LEN) != 0) return false;
    return t->seq < weft_version_vector_get(&r->space.applied, origin) ||
           memcmp(r->space.lineages[origin].hash, hash, WEFT__CHAIN_LEN) == 0;
}

/* A row that the checkpoint covers is kept for peers only. */
static int keep_row(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    if (weft__log_get(&r->log, origin, t->seq) != NULL) return WEFT_ERR_MALFORMED;
    uint64_t last = weft__log_last(&r->log, origin);
    if (last != 0 && last > weft__log_floor(&r->log, origin) && t->seq != last + 1) return WEFT_ERR_MALFORMED;
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, t->bytes);
    if (!is_in_chain(r, t, origin, hash)) return WEFT_ERR_MALFORMED;
    uint8_t *row = weft__log_prepare(&r->log, origin, t->bytes);
    if (row == NULL) return WEFT_ERR_NOMEM;
    weft__log_append(&r->log, origin, t->seq, row, t->bytes.len, hash);
    return 0;
}

/* Rows that end below the vector cannot be followed by the next one: nothing of them can be served in full. */
static void drop_loose_rows(struct weft_replica *r, uint32_t origin) {
    uint64_t applied = weft_version_vector_get(&r->space.applied, origin);
    if (weft__log_last(&r->log, origin) != applied) weft__log_drop(&r->log, origin, applied);
}

static int restore_row(struct weft_replica *r, const struct weft_record *rec) {
    struct weft__transaction t;
    uint32_t origin;
    int rc = weft__transaction_parse(&t, rec->bytes);
    if (rc != 0) return rc;
    if (t.seq != rec->seq || weft_origin_cmp(&t.origin, &rec->origin) != 0) return WEFT_ERR_MALFORMED;
    rc = weft_origins_intern(r->origins, &t.origin, &origin);
    if (rc == 0) rc = weft__engine_reserve_origin(r, origin);
    if (rc != 0) return rc;
    bool taken;
    t.signature = weft__log_signature(&r->log, origin, t.seq); /* for one that waits; else it is in its place */
    rc = weft__fork_restore_row(r, &t, origin, &taken);
    t.signature = NULL;
    if (rc != 0 || taken) return rc;
    if (t.seq <= weft_version_vector_get(&r->space.applied, origin)) return keep_row(r, &t, origin);
    int readiness = weft__apply_readiness(r, &t, origin);
    if (readiness < 0) return readiness;
    /* Its time had come when it was recorded, whatever the clock says now. */
    if (readiness != WEFT__READY && readiness != WEFT__AHEAD) return WEFT_ERR_MALFORMED;
    drop_loose_rows(r, origin);
    return weft__apply(r, &t, origin, WEFT__RESTORED);
}

int weft__restore_record(struct weft_replica *r, const struct weft_record *rec) {
    switch (rec->kind) {
    case WEFT_RECORD_META:
        return restore_meta(r, rec);
    case WEFT_RECORD_SEGMENT:
        return restore_segment(r, rec);
    case WEFT_RECORD_LOG: {
        int rc = check_segments(r);
        if (rc == 0) rc = weft__fork_restore_check(r);
        if (rc == 0) rc = restore_row(r, rec);
        return rc == 0 ? 0 : corrupt(r, rc, "log row with sequence number", rec->seq);
    }
    case WEFT_RECORD_SIGNATURE: {
        int rc = weft__signing_restore(r, rec);
        return rc == 0 ? 0 : corrupt(r, rc, "the signature of log row", rec->seq);
    }
    case WEFT_RECORD_STAGED:
        return weft__staging_restore(&r->incoming.staging, rec->id, rec->bytes);
    case WEFT_RECORD_QUARANTINE:
        return weft__quarantine_restore(r, rec->id, rec->bytes);
    case WEFT_RECORD_SEGMENT_DROP:
    case WEFT_RECORD_LOG_DROP:
    case WEFT_RECORD_STAGED_DROP:
    case WEFT_RECORD_LOG_CUT:
        break;
    }
    return 0;
}

int weft__restore_finish(struct weft_replica *r) {
    int rc = check_segments(r);
    if (rc == 0) rc = weft__fork_restore_check(r);
    for (uint32_t i = 0; rc == 0 && i < r->space.applied.len; i++) drop_loose_rows(r, i);
    for (uint32_t i = 0; rc == 0 && i < weft_origins_count(r->origins); i++) weft__log_trim_ends(&r->log, i);
    return rc;
}
