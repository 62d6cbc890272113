/* identity.c: who this replica is. The replica id lives in the store; each opening draws an epoch, which is durable
 * before anything is said under it, because records leave in order and messages wait for theirs. So a crash that lost
 * unsynced writes, a restored backup and a copied file issue no dot twice: they issue under another epoch. What remains
 * is memory that was rolled back, or a fork of the process; it shows when a peer knows more of this epoch than was
 * issued here, or something else, and then a new epoch is drawn. What was written under the old one beside what peers
 * have of it is found, taken back and said again (fork.c); for that the store remembers which epochs were its own. */
#include <string.h>

#include <weft/err.h>

#include "base/wire.h"
#include "clock/id.h"
#include "replication/engine.h"

int weft__record_meta(struct weft_replica *r, uint64_t id, const struct weft_buf *b) {
    if (b->err != 0) return b->err;
    struct weft_record rec = {.kind = WEFT_RECORD_META, .id = id, .bytes = weft_buf_slice(b)};
    int rc = weft__output_record(weft__out(r), &rec);
    if (rc == 0) weft__out(r)->records[weft__out(r)->record_count - 1].number = weft__next_record(r);
    return rc;
}

static int record_identity(struct weft_replica *r) {
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    weft__write_field_varint(&b, 1, WEFT__FORMAT_VERSION);
    weft__write_bytes(&b, 2, weft_slice(r->identity.bytes, sizeof r->identity.bytes));
    if (!weft__id_is_zero(&r->space.id))
        weft__write_bytes(&b, 3, weft_slice(r->space.id.bytes, sizeof r->space.id.bytes));
    if (!weft__id_is_zero(&r->options.cluster))
        weft__write_bytes(&b, 4, weft_slice(r->options.cluster.bytes, sizeof r->options.cluster.bytes));
    int rc = weft__record_meta(r, WEFT_META_IDENTITY, &b);
    weft_buf_fini(&b);
    return rc;
}

/* A store is of a cluster from its first opening in one on. */
static bool wants_cluster(const struct weft_replica *r) {
    return !weft__id_is_zero(&r->options.cluster) && weft__id_is_zero(&r->cluster);
}

static int record_epoch(struct weft_replica *r, uint64_t epoch) {
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    weft__write_field_fixed64(&b, 1, epoch);
    weft__write_field_fixed64(&b, 2, r->parent_epoch);
    weft__write_field_varint(&b, 3, r->parent_seq);
    for (size_t i = 0; i < r->own_count; i++) {
        size_t mark = weft__write_begin(&b, 4);
        weft__write_field_fixed64(&b, 1, r->own[i].epoch);
        weft__write_field_varint(&b, 2, r->own[i].seq);
        weft__write_end(&b, mark);
    }
    int rc = weft__record_meta(r, WEFT_META_EPOCH, &b);
    weft_buf_fini(&b);
    return rc;
}

static struct weft__own_epoch *find_own(struct weft_replica *r, uint64_t epoch) {
    for (size_t i = 0; i < r->own_count; i++)
        if (r->own[i].epoch == epoch) return &r->own[i];
    return NULL;
}

static void forget_own(struct weft_replica *r, struct weft__own_epoch *e) {
    size_t after = (size_t)(r->own + r->own_count - e) - 1;
    memmove(e, e + 1, after * sizeof *e);
    r->own_count--;
}

/* The oldest go: whatever peers have of them they had time to say. */
static void remember_own(struct weft_replica *r, uint64_t epoch, uint64_t seq) {
    struct weft__own_epoch *e = find_own(r, epoch);
    if (e != NULL) forget_own(r, e);
    if (r->own_count == WEFT__OWN_EPOCHS) forget_own(r, r->own);
    r->own[r->own_count++] = (struct weft__own_epoch){epoch, seq, r->wants_epoch};
}

bool weft__identity_issued(const struct weft_replica *r, uint32_t origin, uint64_t *last) {
    const struct weft_origin *o = weft_origins_at(r->origins, origin);
    uint64_t applied = weft_version_vector_get(&r->space.applied, origin);
    if (weft_id_cmp(&o->replica, &r->identity) != 0) return false;
    *last = applied;
    if (origin == r->self || (r->self == WEFT__NO_ORIGIN && o->epoch == r->stored_epoch)) return true;
    for (size_t i = 0; i < r->own_count; i++)
        if (r->own[i].epoch == o->epoch) return applied <= r->own[i].seq;
    return false;
}

bool weft__identity_is_cloned(const struct weft_replica *r, uint32_t origin) {
    uint64_t last, epoch = weft_origins_at(r->origins, origin)->epoch;
    if (!weft__identity_issued(r, origin, &last)) return false;
    for (size_t i = 0; i < r->own_count; i++)
        if (r->own[i].epoch == epoch) return r->own[i].is_cloned;
    return false;
}

void weft__identity_is_settled(struct weft_replica *r, uint32_t origin) {
    struct weft__own_epoch *e = find_own(r, weft_origins_at(r->origins, origin)->epoch);
    if (e != NULL) e->is_cloned = false;
}

void weft__identity_yield(struct weft_replica *r, uint32_t origin, uint64_t from) {
    uint64_t epoch = weft_origins_at(r->origins, origin)->epoch;
    struct weft__own_epoch *e = find_own(r, epoch);
    if (e != NULL) forget_own(r, e);
    if (from == 0 || !r->has_parent || r->parent_epoch != epoch || r->parent_seq < from) return;
    r->parent_seq = from - 1;
    r->has_parent = r->parent_seq > 0;
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
    remember_own(r, epoch, seq);
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
    if (rc == 0 && (!r->has_identity || wants_cluster(r))) rc = record_identity(r);
    if (rc == 0) rc = record_epoch(r, random);
    if (rc != 0) {
        weft__out(r)->record_count = mark;
        return rc;
    }
    r->has_identity = true;
    if (wants_cluster(r)) r->cluster = r->options.cluster;
    r->self = self;
    r->epoch_record = r->recording.issued;
    r->wants_epoch = false;
    for (size_t i = 0; i < r->peers.count; i++) r->peers.items[i].pushed = 0;
    return 0;
}

void weft__identity_cloned(struct weft_replica *r, uint32_t link, uint64_t seq) {
    weft__fork_suspect(r, link, r->self);
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
