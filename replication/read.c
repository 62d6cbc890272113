/* read.c: a replica looked at from outside; nothing here changes anything. */
#include <string.h>

#include <weft/err.h>

#include "replication/engine.h"

int weft_replica_readable(const struct weft_replica *r) {
    return r->knows_of_more && weft__space_is_empty(&r->space) ? WEFT_ERR_NOT_WHOLE : 0;
}

struct weft_view weft_replica_view(const struct weft_replica *r, struct weft_slice key,
                                   const struct weft_crdt_class *cls) {
    const struct weft__keyed *o = weft__keyspace_find(&r->space.keys, key, cls->type);
    return (struct weft_view){o == NULL ? NULL : &o->object, NULL};
}

bool weft_replica_object(const struct weft_replica *r, struct weft_slice key, uint32_t type,
                         struct weft_object_info *out) {
    const struct weft__keyed *o = weft__keyspace_at(&r->space.keys, key, type);
    if (o == NULL) return false;
    *out = (struct weft_object_info){
        .key = weft__keyed_key(o),
        .type = o->object.kind->type,
        .cls = weft__registry_find(&r->registry, o->object.kind->type),
        .view = {&o->object, NULL},
        .elements = weft__object_cells(&o->object),
    };
    return true;
}

bool weft_replica_origin(const struct weft_replica *r, size_t index, struct weft_origin_info *out) {
    /* The index-th in order, by counting: an accessor for people and tools, O(origins) without memory. */
    uint32_t count = r->space.applied.len;
    for (uint32_t i = 0; i < count; i++) {
        if (r->space.applied.seq[i] == 0) continue;
        size_t before = 0;
        for (uint32_t j = 0; j < count; j++)
            before += r->space.applied.seq[j] > 0 && weft_origins_cmp(r->origins, j, i) < 0;
        if (before != index) continue;
        *out = (struct weft_origin_info){
            .origin = *weft_origins_at(r->origins, i),
            .applied = r->space.applied.seq[i],
            .recorded = weft_version_vector_get(&r->recording.recorded, i),
            .log_floor = weft__log_floor(&r->log, i),
            .stamp = r->space.lineages[i].stamp,
        };
        return true;
    }
    return false;
}

const struct weft_version_vector *weft_replica_applied(const struct weft_replica *r) {
    return &r->space.applied;
}

const struct weft_version_vector *weft_replica_recorded(const struct weft_replica *r) {
    return &r->recording.recorded;
}

const struct weft_origins *weft_replica_origins(const struct weft_replica *r) {
    return r->origins;
}

struct weft_origin weft_replica_self(const struct weft_replica *r) {
    if (r->self == WEFT__NO_ORIGIN) return (struct weft_origin){r->identity, r->stored_epoch};
    return *weft_origins_at(r->origins, r->self);
}

struct weft_id weft_replica_cluster(const struct weft_replica *r) {
    return r->cluster;
}

struct weft_slice weft_replica_transaction(const struct weft_replica *r, const struct weft_origin *origin,
                                           uint64_t seq) {
    uint32_t index;
    if (!weft_origins_find(r->origins, origin, &index)) return weft_slice(NULL, 0);
    const struct weft__log_row *row = weft__log_get(&r->log, index, seq);
    return row == NULL ? weft_slice(NULL, 0) : weft_slice(row->bytes, row->len);
}

/* How much of a is above b, in an origin. */
static uint64_t excess(const struct weft_version_vector *a, const struct weft_version_vector *b, uint32_t i) {
    uint64_t x = weft_version_vector_get(a, i), y = weft_version_vector_get(b, i);
    return x > y ? x - y : 0;
}

/* ... summed over what it would say that it has. */
static uint64_t lag_of(const struct weft_replica *r, const struct weft__peer *p) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < r->recording.recorded.len; i++)
        if (weft__peer_confirms(r, p, weft_origins_at(r->origins, i)))
            sum += excess(&r->recording.recorded, &p->has, i);
    return sum;
}

/* ... over what it has and would give. */
static uint64_t lead_of(const struct weft_replica *r, const struct weft__peer *p) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->has.len; i++)
        if (weft__peer_offers(p, weft_origins_at(r->origins, i))) sum += excess(&p->has, &r->space.applied, i);
    for (uint32_t i = 0; i < p->strange_has.len; i++) sum += p->strange_has.seq[i];
    return sum;
}

bool weft_replica_link(const struct weft_replica *r, size_t index, struct weft_link_info *out) {
    if (index >= r->peers.count) return false;
    const struct weft__peer *p = &r->peers.items[index];
    *out = (struct weft_link_info){
        .link = p->link,
        .known = p->known,
        .peer = p->id,
        .behind = lag_of(r, p),
        .ahead = lead_of(r, p),
        .skew_ns = p->skew_ns,
        .replica = p->id.replica,
        .is_authenticated = p->is_authenticated,
        .vouches = p->vouches,
        .read = p->may.read,
        .relay = p->may.relay,
        .label = p->label,
    };
    return true;
}

void weft_replica_stats(const struct weft_replica *r, struct weft_replica_stats *out) {
    memset(out, 0, sizeof *out);
    out->objects = r->space.keys.series.count;
    out->transactions = r->applied_count;
    out->log_entries = r->log.entries;
    out->log_bytes = r->log.bytes;
    out->pending = r->pending.count;
    out->pending_bytes = r->pending.bytes;
    out->parked = r->pending.parked;
    out->voids = r->voids;
    out->refused = r->refusals.count;
    out->unkept = r->refusals.messages.unkept + r->refusals.voids.unkept;
    out->kept_damaged = r->refusals.messages.damaged + r->refusals.voids.damaged;
    out->duplicates = r->duplicates;
    out->segments = r->checkpoint.segments.count;
    out->checkpoints = r->checkpoints;
    out->state_bytes = weft__slab_bytes(r->space.pool.slab);
    out->clock = r->space.clock;
    weft__hash_store(out->state_hash, r->space.pool.hash);
    out->withholds = weft__fork_is_open(r);
}

int weft_replica_encode(const struct weft_replica *r, struct weft_buf *out) {
    return weft__state_encode(r, out);
}
