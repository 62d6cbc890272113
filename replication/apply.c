/* apply.c: where state changes, and nowhere else (invariant 2): the local commit, the received transaction and the
 * restored log row are one call of weft__apply.
 *
 * A transaction is applied when all that its origin had applied is applied here (causal delivery), exactly once (the
 * vector), in the order of its origin (the chain of hashes). It is checked whole before anything changes; whether it is
 * void depends on its bytes and on its causal past, which is the same everywhere, so it is void everywhere or nowhere.
 * Everything that can fail is reserved or prepared first; what follows cannot fail, so out of memory changes nothing.
 */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "crdt/origin_wire.h"
#include "replication/engine.h"

static int reserve_scratch(struct weft_replica *r, size_t origins) {
    if (origins <= r->map_cap) return 0;
    void *items = r->map;
    int rc = weft__grow(r->alloc, &items, &r->map_cap, origins, sizeof *r->map);
    r->map = items;
    return rc;
}

/* Fills r->map: the transaction's table as interned indices, WEFT__NO_ORIGIN where an origin was never seen here. */
static int map_origins(struct weft_replica *r, const struct weft__transaction *t, uint32_t own) {
    int rc = reserve_scratch(r, (size_t)t->origin_count + 1);
    if (rc != 0) return rc;
    struct weft__reader in;
    struct weft_origin o;
    weft__reader_init(&in, t->origins);
    r->map[0] = own;
    for (uint32_t i = 1; weft__origin_next(&in, 10, &o); i++)
        if (!weft_origins_find(r->origins, &o, &r->map[i])) r->map[i] = WEFT__NO_ORIGIN;
    return 0;
}

/* The first dependency that is not applied, or none. */
static struct weft__obstacle missing_dependency(const struct weft_replica *r, const struct weft__transaction *t) {
    struct weft__reader in;
    weft__reader_init(&in, t->dependencies);
    while (!weft__reader_done(&in)) {
        uint32_t origin = r->map[weft__read_varint(&in)];
        uint64_t seq = weft__read_varint(&in);
        if (origin == WEFT__NO_ORIGIN) return (struct weft__obstacle){WEFT__OBSTACLE_STRANGER, 0, 0};
        if (weft_version_vector_get(&r->space.applied, origin) < seq)
            return (struct weft__obstacle){WEFT__OBSTACLE_ORIGIN, origin, seq};
    }
    return (struct weft__obstacle){0};
}

static bool is_known_duplicate(const struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    const struct weft__log_row *row = weft__log_get(&r->log, origin, t->seq);
    bool is_last = t->seq == weft_version_vector_get(&r->space.applied, origin);
    if (row == NULL && is_last && t->hash != NULL)
        return memcmp(r->space.lineages[origin].hash, t->hash, WEFT__CHAIN_LEN) == 0;
    return row == NULL || weft_slice_eq(weft_slice(row->bytes, row->len), t->bytes);
}

/* Stamps of an epoch that was left cannot poison anything any more, so only the current one's are held back. */
static bool is_ahead(const struct weft_replica *r, struct weft_stamp stamp) {
    if (stamp.epoch < r->space.clock.epoch || stamp.epoch < r->heard_epoch) return false;
    return weft_hlc_check(stamp.word, r->now.wall, r->options.drift, NULL) != 0;
}

int weft__apply_readiness(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    const struct weft__lineage *lineage = &r->space.lineages[origin];
    uint64_t applied = weft_version_vector_get(&r->space.applied, origin);
    if (t->seq <= applied) return is_known_duplicate(r, t, origin) ? WEFT__DUPLICATE : WEFT__FORKED;
    if (t->seq > applied + 1) return WEFT__WAITS;
    if (t->seq > 1 && memcmp(t->previous.ptr, lineage->hash, WEFT__CHAIN_LEN) != 0) return WEFT__FORKED;
    int rc = map_origins(r, t, origin);
    if (rc != 0) return rc;
    if (missing_dependency(r, t).kind != WEFT__OBSTACLE_NONE) return WEFT__WAITS;
    return is_ahead(r, t->stamp) ? WEFT__AHEAD : WEFT__READY;
}

struct weft__obstacle weft__apply_obstacle(const struct weft_replica *r, const struct weft__transaction *t,
                                           uint32_t origin) {
    if (t->seq > weft_version_vector_get(&r->space.applied, origin) + 1)
        return (struct weft__obstacle){WEFT__OBSTACLE_ORIGIN, origin, t->seq - 1};
    return missing_dependency(r, t);
}

int weft__engine_reserve_origin(struct weft_replica *r, uint32_t origin) {
    int rc = weft__space_reserve(&r->space, origin);
    if (rc == 0) rc = weft__recording_reserve(&r->recording, origin);
    if (rc == 0) rc = weft__log_reserve(&r->log, origin);
    if (rc != 0) return rc;
    size_t need = (size_t)origin + 1, old = r->is_gained_cap;
    void *items = r->is_gained;
    if (need > old) {
        rc = weft__grow(r->alloc, &items, &r->is_gained_cap, need, sizeof *r->is_gained);
        r->is_gained = items;
        if (rc != 0) return rc;
        memset(r->is_gained + old, 0, r->is_gained_cap - old);
    }
    items = r->gained;
    rc = weft__grow(r->alloc, &items, &r->gained_cap, need, sizeof *r->gained);
    r->gained = items;
    old = r->asked_cap;
    if (rc != 0 || need <= old) return rc;
    items = r->asked;
    rc = weft__grow(r->alloc, &items, &r->asked_cap, need, sizeof *r->asked);
    r->asked = items;
    if (rc == 0) memset(r->asked + old, 0, (r->asked_cap - old) * sizeof *r->asked);
    return rc;
}

/* A lineage's past only grows, and a retry raises it to the same numbers, so it may rise before the rest is certain.
 * What it was is in r->before, dependency by dependency. */
static int raise_past(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    struct weft_version_vector *past = &r->space.lineages[origin].past;
    void *items = r->before;
    int rc = weft__grow(r->alloc, &items, &r->before_cap, t->origin_count, sizeof *r->before);
    r->before = items;
    if (rc == 0) rc = weft_version_vector_reserve(past, weft_origins_count(r->origins));
    if (rc != 0) return rc;
    struct weft__reader in;
    weft__reader_init(&in, t->dependencies);
    for (size_t i = 0; !weft__reader_done(&in); i++) {
        uint32_t o = r->map[weft__read_varint(&in)];
        uint64_t seq = weft__read_varint(&in);
        r->before[i] = weft_version_vector_get(past, o);
        (void)!weft_version_vector_raise(past, o, seq); /* reserved */
    }
    return 0;
}

/* An own transaction that came to nothing is not tried again as it was: its past is what it was before, as others have
 * it. */
static void lower_past(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    struct weft_version_vector *past = &r->space.lineages[origin].past;
    struct weft__reader in;
    weft__reader_init(&in, t->dependencies);
    for (size_t i = 0; !weft__reader_done(&in); i++) {
        uint32_t o = r->map[weft__read_varint(&in)];
        (void)weft__read_varint(&in);
        if (o < past->len) past->seq[o] = r->before[i];
    }
}

static bool origins_are_past(const struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    const struct weft_version_vector *past = &r->space.lineages[origin].past;
    for (uint32_t i = 1; i <= t->origin_count; i++)
        if (r->map[i] == WEFT__NO_ORIGIN || weft_version_vector_get(past, r->map[i]) == 0) return false;
    return true;
}

static struct weft__delta_env env_of(const struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    return (struct weft__delta_env){
        .origins = r->map,
        .origin_count = t->origin_count + 1,
        .seq = t->seq,
        .seq_step = 0,
        .stamp = t->stamp,
        .past = &r->space.lineages[origin].past,
        .seen = NULL,
    };
}

struct extent {
    size_t deltas, key_bytes;
};

/* One more into r->deltas. */
static int keep_delta(struct weft_replica *r, const struct weft__txn_delta *d, struct extent *extent) {
    void *items = r->deltas;
    int rc = weft__grow(r->alloc, &items, &r->delta_cap, extent->deltas + 1, sizeof *r->deltas);
    r->deltas = items;
    if (rc != 0) return rc;
    r->deltas[extent->deltas++] = *d;
    extent->key_bytes += d->key.len;
    return 0;
}

/* Fills r->deltas. Whether they mean something: a function of the bytes and the causal past, never of this replica's
 * types; otherwise WEFT_ERR_MALFORMED. Or WEFT_ERR_NOMEM. */
static int read_deltas(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                       struct extent *extent) {
    struct weft__delta_env env = env_of(r, t, origin);
    struct weft__txn_delta d, last = {{NULL, 0}, 0, 0, {NULL, 0}};
    struct weft__reader in;
    weft__reader_init(&in, t->deltas);
    *extent = (struct extent){0, 0};
    while (weft__transaction_next_delta(&in, &d)) {
        if (weft__address_cmp((struct weft__address){last.key, last.type}, (struct weft__address){d.key, d.type}) >= 0)
            return WEFT_ERR_MALFORMED;
        if (!weft__kernel_is_known(d.type) || weft__delta_check(d.type, d.body, &env, NULL) != 0)
            return WEFT_ERR_MALFORMED;
        int rc = keep_delta(r, &d, extent);
        if (rc != 0) return rc;
        last = d;
    }
    return in.err == 0 && extent->deltas > 0 && origins_are_past(r, t, origin) ? 0 : WEFT_ERR_MALFORMED;
}

/* What it means, if anything: 0, or why it is void. Or WEFT_ERR_NOMEM. */
static int judge(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, struct extent *extent) {
    int rc = read_deltas(r, t, origin, extent);
    return rc != 0 ? rc : weft__rights_judge(r, t, origin, extent->deltas);
}

/* An own delta reads, unless more writes stand under an element than an entry may observe: a peer can see to that. */
static int refuse_own(struct weft_replica *r, int why) {
    if (why != WEFT_ERR_DENIED) return WEFT_ERR_LIMIT;
    weft__set_error(r, "%s", r->rights.why);
    return why;
}

/* Prepares every delta; *count objects were found or made, also on failure. */
static int prepare_deltas(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                          const struct extent *extent, size_t *count) {
    struct weft__delta_env env = env_of(r, t, origin);
    for (*count = 0; *count < extent->deltas;) {
        const struct weft__txn_delta *d = &r->deltas[*count];
        struct weft__keyed *o = weft__keyspace_make(&r->space.keys, d->key, d->type);
        if (o == NULL) return WEFT_ERR_NOMEM;
        r->touched[(*count)++] = o;
        env.schema = d->schema;
        int rc = weft__object_prepare(&o->object, d->body, &env, &r->plan);
        if (rc != 0) return rc;
    }
    return 0;
}

static void abandon(struct weft_replica *r, size_t count) {
    weft__plan_drop(&r->plan);
    for (size_t i = 0; i < count; i++) weft__keyspace_drop_if_empty(&r->space.keys, r->touched[i]);
}

static int reserve_room(struct weft_replica *r, uint32_t origin, const struct extent *extent, enum weft__source source,
                        bool is_signed) {
    int rc = weft__engine_reserve_origin(r, origin);
    if (rc == 0 && extent->deltas > r->touched_cap) {
        void *items = (void *)r->touched;
        rc = weft__grow(r->alloc, &items, &r->touched_cap, extent->deltas, sizeof *r->touched);
        r->touched = items;
    }
    if (rc == 0 && is_signed) rc = weft__log_reserve_end(&r->log, origin);
    if (rc == 0 && source != WEFT__RESTORED)
        rc = weft__output_reserve(weft__out(r), is_signed ? 2 : 1, extent->deltas,
                                  extent->key_bytes + (is_signed ? WEFT__SIGNATURE_RECORD : 0));
    return rc;
}

static void publish_objects(struct weft_replica *r, const struct weft__transaction *t, size_t count,
                            enum weft__source source) {
    weft__plan_publish(&r->plan);
    for (size_t i = 0; i < count; i++) {
        const struct weft__txn_delta *d = &r->deltas[i];
        struct weft__keyed *o = r->touched[i];
        weft__checkpoint_touch(&r->checkpoint, o);
        if (source != WEFT__RESTORED)
            weft__output_change(weft__out(r), &(struct weft_change){.key = d->key,
                                                                    .type = d->type,
                                                                    .local = source == WEFT__LOCAL,
                                                                    .origin = t->origin,
                                                                    .seq = t->seq});
        weft__keyspace_drop_if_empty(&r->space.keys, o);
    }
}

static void advance(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                    const uint8_t hash[WEFT__CHAIN_LEN], enum weft__source source) {
    struct weft__lineage *lineage = &r->space.lineages[origin];
    (void)!weft_version_vector_raise(&r->space.applied, origin, t->seq); /* reserved */
    memcpy(lineage->hash, hash, WEFT__CHAIN_LEN);
    if (weft_stamp_cmp(lineage->stamp, t->stamp) < 0) lineage->stamp = t->stamp;
    weft__pending_applied(&r->pending, origin, t->seq);
    if (r->space.clock.epoch < t->stamp.epoch) weft__pending_clock_reads(&r->pending, UINT64_MAX); /* is_ahead */
    if (weft_stamp_cmp(r->space.clock, t->stamp) < 0) r->space.clock = t->stamp;
    if (source != WEFT__LOCAL && !r->is_gained[origin]) {
        r->is_gained[origin] = 1;
        r->gained[r->gained_count++] = origin;
    }
    r->checkpoint.log_bytes += t->bytes.len;
    r->applied_count += source != WEFT__RESTORED;
}

static void record(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, const uint8_t *row) {
    struct weft_record rec = {.kind = WEFT_RECORD_LOG,
                              .number = weft__next_record(r),
                              .origin = t->origin,
                              .seq = t->seq,
                              .bytes = weft_slice(row, t->bytes.len)};
    weft__output_record_lent(weft__out(r), &rec);
    weft__recording_add(&r->recording, rec.number, origin, t->seq);
}

static void report_void(struct weft_replica *r, const struct weft__transaction *t, int why, enum weft__source source) {
    const char *text = why == WEFT_ERR_DENIED ? r->rights.why : "its deltas do not read";
    r->voids++;
    if (source != WEFT__RESTORED) weft__void_keep(r, t, why, text);
    struct weft_notice n = {.kind = WEFT_NOTICE_VOID, .err = why, .origin = t->origin, .seq = t->seq};
    weft__output_notice(weft__out(r), &n, "transaction %llu of an origin is void: %s", (unsigned long long)t->seq,
                        text);
}

/* Its past is raised. */
static int apply(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, enum weft__source source) {
    struct extent extent;
    size_t count = 0;
    int why = judge(r, t, origin, &extent);
    if (why == WEFT_ERR_NOMEM) return why;
    bool is_void = why != 0;
    if (is_void && source == WEFT__LOCAL) return refuse_own(r, why);
    if (is_void) extent = (struct extent){0, 0};
    int rc = reserve_room(r, origin, &extent, source, t->signature != NULL && source != WEFT__RESTORED);
    uint8_t *row = rc == 0 ? weft__log_prepare(&r->log, origin, t->bytes) : NULL;
    if (row == NULL) return WEFT_ERR_NOMEM;
    if (!is_void) rc = prepare_deltas(r, t, origin, &extent, &count);
    if (rc != 0) {
        abandon(r, count);
        weft__log_abandon(&r->log, row, t->bytes.len);
        return rc;
    }
    uint8_t hash[WEFT__CHAIN_LEN];
    if (t->hash != NULL)
        memcpy(hash, t->hash, sizeof hash);
    else
        weft__blake2b128(hash, t->bytes);
    publish_objects(r, t, count, source);
    if (!is_void) weft__rights_publish(r);
    advance(r, t, origin, hash, source);
    weft__log_append(&r->log, origin, t->seq, row, t->bytes.len, hash);
    if (source == WEFT__RESTORED)
        (void)!weft__recording_restore(&r->recording, origin, t->seq); /* reserved */
    else
        record(r, t, origin, row);
    if (t->signature != NULL && source != WEFT__RESTORED) weft__signing_keep(r, origin, t->seq, t->signature);
    if (is_void) report_void(r, t, why, source);
    return 0;
}

int weft__apply(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, enum weft__source source) {
    int rc = source == WEFT__LOCAL ? map_origins(r, t, origin) : 0; /* readiness has done it for the others */
    if (rc == 0) rc = raise_past(r, t, origin);
    if (rc != 0) return rc;
    rc = apply(r, t, origin, source);
    if (rc != 0 && source == WEFT__LOCAL) lower_past(r, t, origin);
    return rc;
}

void weft__forget_gained(struct weft_replica *r) {
    for (size_t i = 0; i < r->gained_count; i++) r->is_gained[r->gained[i]] = 0;
    r->gained_count = 0;
}
