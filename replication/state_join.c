/* state_join.c: a transferred state meets the state here: (S, V) := (S join S', V join V'), in one step and one store
 * transaction. The bytes are first read into a space of their own and checked against their hashes; nothing here has
 * changed until everything has been prepared. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "replication/engine.h"

static int read_segments(struct weft_slice bytes, const struct weft__segments *segments, struct weft__space *staged) {
    for (size_t i = 0; i < segments->count; i++) {
        const struct weft__segment *s = &segments->items[i];
        if (s->len > bytes.len) return WEFT_ERR_MALFORMED;
        struct weft_slice part = weft_slice(bytes.ptr, (size_t)s->len);
        int rc = weft__segment_read(part, segments, i, staged);
        if (rc != 0) return rc;
        bytes = weft_slice(bytes.ptr + part.len, bytes.len - part.len);
    }
    return bytes.len == 0 ? 0 : WEFT_ERR_MALFORMED;
}

static int read_state(struct weft_slice bytes, struct weft__space *staged) {
    struct weft__reader in;
    weft__reader_init(&in, bytes);
    uint64_t len = weft__read_fixed64(&in);
    if (in.err != 0 || len > (uint64_t)(in.end - in.at)) return WEFT_ERR_MALFORMED;
    struct weft__segments segments;
    struct weft__hash128 expected;
    weft__segments_init(&segments, staged->alloc);
    int rc = weft__manifest_read(weft_slice(in.at, (size_t)len), staged, &segments, &expected);
    if (rc == 0) rc = read_segments(weft_slice(in.at + len, (size_t)(in.end - in.at) - (size_t)len), &segments, staged);
    if (rc == 0 && !weft__hash_eq(staged->pool.hash, expected)) rc = WEFT_ERR_MALFORMED;
    weft__segments_fini(&segments);
    return rc;
}

/* Whether both sides mean the same transactions by the same dots, as far as it shows here or has shown on the link. */
static bool is_compatible(struct weft_replica *r, const struct weft__space *staged) {
    const struct weft__peer *p = weft__peer_find(r, r->incoming.link);
    if (p != NULL && weft__peer_has_parted(p)) return false;
    for (uint32_t i = 0; i < staged->applied.len; i++) {
        uint64_t theirs = staged->applied.seq[i], ours = weft_version_vector_get(&r->space.applied, i);
        if (i == r->self && theirs > ours) {
            weft__identity_cloned(r, r->incoming.link, theirs);
            return false;
        }
        if (theirs == 0) continue;
        const struct weft__log_row *row = weft__log_get(&r->log, i, theirs);
        const uint8_t *hash = theirs == ours ? r->space.lineages[i].hash : row != NULL ? row->hash : NULL;
        if (hash == NULL || memcmp(hash, staged->lineages[i].hash, WEFT__CHAIN_LEN) == 0) continue;
        weft__report_equivocation(r, r->incoming.link, i, theirs);
        return false;
    }
    return true;
}

/* A checkpoint obeys the rule of parked transactions: what is stamped beyond the drift bound is not taken yet. */
static bool is_ahead(const struct weft_replica *r, const struct weft__space *staged) {
    if (staged->clock.epoch < r->space.clock.epoch || staged->clock.epoch < r->heard_epoch) return false;
    for (uint32_t i = 0; i < staged->applied.len; i++) {
        const struct weft_stamp *s = &staged->lineages[i].stamp;
        if (staged->applied.seq[i] > 0 && s->epoch == staged->clock.epoch &&
            weft_hlc_check(s->word, r->now.wall, r->options.drift, NULL) != 0)
            return true;
    }
    return false;
}

/* --- Joining ------------------------------------------------------------------------------------------------------ */

struct join {
    struct weft_replica *r;
    struct weft__space *staged;
    struct weft_causal_context ours, theirs;
    struct weft__keyed **changed;
    size_t count, cap;
    size_t key_bytes;
};

static int note_changed(struct join *j, struct weft__keyed *o) {
    void *items = (void *)j->changed;
    int rc = weft__grow(j->r->alloc, &items, &j->cap, j->count + 1, sizeof(struct weft__keyed *));
    j->changed = items;
    if (rc != 0) return rc;
    j->changed[j->count++] = o;
    j->key_bytes += o->object.key_len;
    return 0;
}

static int join_object(struct join *j, struct weft__keyed *into, const struct weft_object *from) {
    size_t before = j->r->plan.count;
    struct weft__join states = {.into_seen = &j->ours, .from_seen = &j->theirs, .plan = &j->r->plan};
    int rc = weft__object_prepare_join(&into->object, from, &states);
    if (rc != 0 || j->r->plan.count == before) return rc;
    return note_changed(j, into);
}

/* What only this side has: the other may have seen and removed it. */
static int join_ours(struct join *j) {
    int rc = 0;
    struct weft__keyspace_walk w;
    struct weft__keyed *o = weft__keyspace_first(&w, &j->r->space.keys);
    for (; rc == 0 && o != NULL; o = weft__keyspace_step(&w)) {
        if (weft__keyspace_find(&j->staged->keys, weft__keyed_key(o), o->object.kind->type) != NULL) continue;
        struct weft__kind kind = weft__kind_of(&j->staged->pool, o->object.kind->type);
        struct weft_object none;
        weft__object_init(&none, &kind);
        rc = join_object(j, o, &none);
        weft__object_fini(&none);
    }
    return rc;
}

static int join_theirs(struct join *j) {
    int rc = 0;
    struct weft__keyspace_walk w;
    struct weft__keyed *o = weft__keyspace_first(&w, &j->staged->keys);
    for (; rc == 0 && o != NULL; o = weft__keyspace_step(&w)) {
        struct weft__keyed *into = weft__keyspace_make(&j->r->space.keys, weft__keyed_key(o), o->object.kind->type);
        rc = into == NULL ? WEFT_ERR_NOMEM : join_object(j, into, &o->object);
    }
    return rc;
}

static int prepare(struct join *j) {
    struct weft_replica *r = j->r;
    int rc = weft__rights_prepare_join(r, j->staged);
    for (uint32_t i = 0; rc == 0 && i < j->staged->applied.len; i++) {
        rc = weft__engine_reserve_origin(r, i);
        if (rc == 0) rc = weft_version_vector_reserve(&r->space.lineages[i].past, j->staged->applied.len);
    }
    j->ours = weft__space_context(&r->space); /* lent by a vector that has its room by now */
    if (rc == 0) rc = join_theirs(j);
    if (rc == 0) rc = join_ours(j);
    if (rc == 0) rc = weft__output_reserve(weft__out(r), j->staged->applied.len, j->count, j->key_bytes);
    return rc;
}

static void publish_objects(struct join *j) {
    struct weft_replica *r = j->r;
    weft__plan_publish(&r->plan);
    for (size_t i = 0; i < j->count; i++) {
        struct weft__keyed *o = j->changed[i];
        weft__checkpoint_touch(&r->checkpoint, o);
        struct weft_change c = {.key = weft__keyed_key(o), .type = o->object.kind->type};
        weft__output_change(weft__out(r), &c);
    }
    weft__keyspace_drop_empty(&r->space.keys);
}

/* The origin's log cannot be followed from where it ends any more: its floor is the new number. */
static void advance_origin(struct join *j, uint32_t i) {
    struct weft_replica *r = j->r;
    struct weft__lineage *to = &r->space.lineages[i], *from = &j->staged->lineages[i];
    uint64_t seq = j->staged->applied.seq[i];
    weft__fork_cover(r, i);
    (void)!weft_version_vector_raise(&r->space.applied, i, seq); /* all reserved */
    (void)!weft_version_vector_merge(&to->past, &from->past);
    memcpy(to->hash, from->hash, sizeof to->hash);
    to->stamp = from->stamp;
    weft__log_drop(&r->log, i, seq);
    struct weft_record rec = {.kind = WEFT_RECORD_LOG_DROP,
                              .number = weft__next_record(r),
                              .origin = *weft_origins_at(r->origins, i),
                              .seq = seq};
    (void)!weft__output_record(weft__out(r), &rec);
    if (i != r->self && !r->is_gained[i]) {
        r->is_gained[i] = 1;
        r->gained[r->gained_count++] = i;
    }
    r->asked[i].until_ns = 0;
}

static int join_staged(struct weft_replica *r, struct weft__space *staged) {
    struct join j = {.r = r, .staged = staged, .theirs = weft__space_context(staged)};
    int rc = prepare(&j);
    if (rc == 0) {
        publish_objects(&j);
        weft__rights_publish_join(r, staged);
        for (uint32_t i = 0; i < staged->applied.len; i++)
            if (staged->applied.seq[i] > weft_version_vector_get(&r->space.applied, i)) advance_origin(&j, i);
        if (weft_stamp_cmp(r->space.clock, staged->clock) < 0) r->space.clock = staged->clock;
        weft__pending_wake_all(&r->pending);
        r->join_unsaved = true;
    } else {
        weft__plan_drop(&r->plan);
        weft__keyspace_drop_empty(&r->space.keys);
    }
    weft__free(r->alloc, (void *)j.changed, j.cap * sizeof(struct weft__keyed *));
    return rc;
}

static void report(struct weft_replica *r, enum weft_notice_kind kind, int err, const char *text) {
    struct weft_notice n = {.kind = kind, .err = err, .link = r->incoming.link};
    weft__output_notice(weft__out(r), &n, "%s", text);
}

/* *joined: it was. Otherwise it may not be, and that is said. */
static int try_to_join(struct weft_replica *r, bool *joined) {
    struct weft__space staged;
    *joined = false;
    int rc = weft__space_init(&staged, &r->space.id, r->origins, r->options.seed, r->alloc);
    if (rc == 0) rc = read_state(weft_buf_slice(&r->incoming.staging.bytes), &staged);
    if (rc == 0 && is_ahead(r, &staged))
        report(r, WEFT_NOTICE_PARKED, WEFT_ERR_CLOCK_REMOTE_AHEAD,
               "a state holds stamps beyond the drift bound: not yet");
    else if (rc == 0 && is_compatible(r, &staged)) {
        rc = join_staged(r, &staged);
        *joined = rc == 0;
    }
    weft__space_fini(&staged);
    return rc;
}

static int take_whole(struct weft_replica *r) {
    bool joined;
    int rc = try_to_join(r, &joined);
    /* A step that fails is stepped again, and nothing else is stepped meanwhile. */
    if (rc == WEFT_ERR_NOMEM && ++r->incoming.attempts < WEFT__STATE_ATTEMPTS) return rc;
    if (rc == WEFT_ERR_NOMEM) {
        report(r, WEFT_NOTICE_PARKED, rc, "there is no memory to join a state: not yet");
    } else if (rc != 0) {
        weft__count_refusal(r, rc);
        report(r, WEFT_NOTICE_REFUSED, rc, "a transferred state does not read");
    }
    if (joined) {
        report(r, WEFT_NOTICE_STATE_DONE, 0, "the state was joined");
        weft__state_abandon(r);
    } else {
        weft__state_give_up(r);
    }
    return 0;
}

/* The joined state exists in no log, so the checkpoint that holds it leaves with the very update that tells of it. */
static int save_join(struct weft_replica *r) {
    struct weft_version_vector *copy = weft__malloc(r->alloc, sizeof *copy);
    if (copy == NULL) return WEFT_ERR_NOMEM;
    weft_version_vector_init(copy, r->alloc);
    int rc = weft_version_vector_copy(copy, &r->space.applied);
    if (rc == 0) rc = weft__recording_reserve(&r->recording, copy->len > 0 ? copy->len - 1 : 0);
    if (rc == 0) rc = weft__save(r);
    if (rc != 0) {
        weft_version_vector_fini(copy);
        weft__free(r->alloc, copy, sizeof *copy);
        return rc;
    }
    weft__recording_add_vector(&r->recording, r->recording.issued, copy);
    r->join_unsaved = false;
    return 0;
}

/* Rows of the log may go, those of origins that advance; and no record of this update may point to one that goes. Own
 * ones do not go, so that a replica that writes all the time joins as well. */
static bool rows_may_go(struct weft_replica *r) {
    const struct weft__output *out = weft__out(r);
    const struct weft_origin *self = weft_origins_at(r->origins, r->self);
    for (size_t i = 0; i < out->record_count; i++)
        if (out->records[i].kind == WEFT_RECORD_LOG && weft_origin_cmp(&out->records[i].origin, self) != 0)
            return false;
    return true;
}

int weft__state_join_if_whole(struct weft_replica *r) {
    int rc = 0;
    if (r->incoming.whole && rows_may_go(r) && !weft__fork_is_open(r)) rc = take_whole(r);
    if (rc == 0 && r->join_unsaved) rc = save_join(r);
    if (rc == 0) rc = weft__retry_pending(r);
    return rc;
}
