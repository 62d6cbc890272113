/* save.c: a checkpoint becomes records, all of one update and so of one store transaction: the segments whose range
 * changed, the manifest that makes them current, the removal of what they replace, and the truncation of the log, which
 * only takes what the checkpoint covers (invariant 6). A crash keeps either all of it or none. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "replication/engine.h"

static int emit_segment(void *ctx, uint64_t id, struct weft_slice bytes) {
    struct weft_replica *r = ctx;
    int rc = 0;
    for (size_t at = 0; rc == 0 && at < bytes.len; at += WEFT__PIECE_BYTES, id++) {
        size_t len = bytes.len - at < WEFT__PIECE_BYTES ? bytes.len - at : WEFT__PIECE_BYTES;
        struct weft_record rec = {.kind = WEFT_RECORD_SEGMENT, .id = id, .bytes = weft_slice(bytes.ptr + at, len)};
        rc = weft__output_record(weft__out(r), &rec);
    }
    return rc;
}

static int drop_segment(struct weft_replica *r, const struct weft__segment *s) {
    struct weft_record rec = {.kind = WEFT_RECORD_SEGMENT_DROP, .id = s->id};
    int rc = 0;
    for (uint64_t left = weft__segment_pieces(s); rc == 0 && left > 0; left--, rec.id++)
        rc = weft__output_record(weft__out(r), &rec);
    return rc;
}

static struct weft__keyed *range_start(struct weft_replica *r, const struct weft__segment *s) {
    return weft__keyspace_at(&r->space.keys, weft_slice(s->first_key, s->first_len), s->first_type);
}

/* Writes the segments old[i .. j), all dirty, anew. */
static int rewrite(struct weft_replica *r, struct weft__segments *fresh, size_t i, size_t j) {
    const struct weft__segments *old = &r->checkpoint.segments;
    struct weft__segment_sink sink = {emit_segment, r, &r->checkpoint.next_id, r->options.segment_bytes};
    const struct weft__segment *first = i < old->count ? &old->items[i] : NULL;
    struct weft__keyed *from =
        first != NULL ? range_start(r, first) : weft__keyspace_at(&r->space.keys, weft_slice(NULL, 0), 0);
    struct weft__keyed *end = j < old->count ? range_start(r, &old->items[j]) : NULL;
    int rc = weft__segments_write(fresh, first, from, end, &r->space, &sink);
    for (size_t k = i; rc == 0 && k < j && k < old->count; k++) rc = drop_segment(r, &old->items[k]);
    return rc;
}

static int build_segments(struct weft_replica *r, struct weft__segments *fresh) {
    const struct weft__segments *old = &r->checkpoint.segments;
    if (old->count == 0) return rewrite(r, fresh, 0, 0);
    int rc = 0;
    for (size_t i = 0, j; rc == 0 && i < old->count; i = j) {
        j = i + 1;
        if (!old->items[i].dirty) {
            const struct weft__segment *s = &old->items[i];
            rc = weft__segments_append(fresh, s, weft_slice(s->first_key, s->first_len));
            continue;
        }
        while (j < old->count && old->items[j].dirty) j++;
        rc = rewrite(r, fresh, i, j);
    }
    if (rc == 0 && fresh->count > 0) { /* where the first range lost all its objects, the next one covers it */
        struct weft__segment *s = &fresh->items[0];
        weft__free(fresh->alloc, s->first_key, s->first_len);
        s->first_key = NULL;
        s->first_len = 0;
        s->first_type = 0;
    }
    return rc;
}

static int record_manifest(struct weft_replica *r, const struct weft__segments *segments) {
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    int rc = weft__manifest_write(&b, &r->space, segments);
    if (rc == 0)
        rc = weft__output_record(
            weft__out(r),
            &(struct weft_record){.kind = WEFT_RECORD_META, .id = WEFT_META_CHECKPOINT, .bytes = weft_buf_slice(&b)});
    weft_buf_fini(&b);
    return rc;
}

/* Drops the oldest rows until the log fits. Rows whose record is not durable yet stay: the record points to them. */
static void truncate_log(struct weft_replica *r) {
    uint32_t o;
    while (r->log.bytes > r->options.log_max && weft__log_oldest(&r->log, &o)) {
        uint64_t first = weft__log_floor(&r->log, o) + 1;
        if (first > weft_version_vector_get(&r->recording.recorded, o)) break;
        uint64_t upto = first;
        size_t excess = r->log.bytes - r->options.log_max, freed = 0;
        const struct weft__log_row *row;
        for (int run = 0;
             run < 64 && freed < excess && (row = weft__log_get(&r->log, o, first + (uint64_t)run)) != NULL; run++) {
            if (first + (uint64_t)run > weft_version_vector_get(&r->recording.recorded, o)) break;
            freed += row->len;
            upto = first + (uint64_t)run;
        }
        weft__log_drop(&r->log, o, upto);
    }
}

/* The records of a truncation are written before it is made, so their room is reserved first. */
static int record_truncation(struct weft_replica *r) {
    uint32_t count = weft_origins_count(r->origins);
    uint64_t *floors = weft__calloc(r->alloc, count, sizeof *floors);
    int rc = floors == NULL ? WEFT_ERR_NOMEM : weft__output_reserve(weft__out(r), count, 0, 0);
    if (rc == 0) {
        for (uint32_t i = 0; i < count; i++) floors[i] = weft__log_floor(&r->log, i);
        truncate_log(r);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t floor = weft__log_floor(&r->log, i);
            if (floor == floors[i]) continue;
            struct weft_record rec = {
                .kind = WEFT_RECORD_LOG_DROP, .origin = *weft_origins_at(r->origins, i), .seq = floor};
            (void)!weft__output_record(weft__out(r), &rec); /* reserved */
        }
    }
    weft__free(r->alloc, floors, count * sizeof *floors);
    return rc;
}

static void number_records(struct weft_replica *r, size_t from) {
    struct weft__output *out = weft__out(r);
    for (size_t i = from; i < out->record_count; i++) out->records[i].number = weft__next_record(r);
}

int weft__save(struct weft_replica *r) {
    struct weft__output *out = weft__out(r);
    size_t mark = out->record_count;
    struct weft__segments fresh;
    weft__segments_init(&fresh, r->alloc);
    int rc = weft_version_vector_reserve(&r->checkpoint.saved, r->space.applied.len);
    if (rc == 0) rc = build_segments(r, &fresh);
    if (rc == 0) rc = record_manifest(r, &fresh);
    size_t rewritten = out->record_count - mark;
    if (rc == 0) rc = record_truncation(r);
    if (rc != 0) {
        out->record_count = mark;
        weft__segments_fini(&fresh);
        return rc;
    }
    number_records(r, mark);
    weft__segments_fini(&r->checkpoint.segments);
    r->checkpoint.segments = fresh;
    (void)!weft_version_vector_merge(&r->checkpoint.saved, &r->space.applied); /* reserved */
    r->checkpoint.made++;
    r->checkpoint.log_bytes = 0;
    r->checkpoint.wanted = false;
    r->checkpoints++;
    struct weft_notice n = {.kind = WEFT_NOTICE_CHECKPOINT, .seq = rewritten - 1};
    weft__output_notice(out, &n, "checkpoint of %zu segments, %zu records", fresh.count, rewritten);
    return 0;
}

int weft__save_if_due(struct weft_replica *r) {
    bool is_due = r->checkpoint.wanted || r->checkpoint.log_bytes >= r->options.checkpoint_bytes;
    if (!is_due || weft__fork_is_parted(r)) return 0;
    /* What a checkpoint covers could not be taken back; but the log has a bound. */
    if (weft__fork_is_open(r) && r->checkpoint.log_bytes / 2 < r->options.checkpoint_bytes) return 0;
    return weft__save(r);
}
