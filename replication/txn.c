/* txn.c: local transactions. Edits live in overlays that only the transaction sees; commit reduces them to their net
 * effect, writes the transaction's bytes and hands them to weft__apply, as if they had been received. Dot and stamp are
 * assigned there, so an abort or an error consumes neither. */
#include <assert.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "crdt/origin_wire.h"
#include "replication/engine.h"

struct weft__txn_edit {
    struct weft__omap_node node;
    struct weft__txn_edit *next_spare;
    struct weft_edit edit;
    struct weft_crdt_class cls; /* a copy: a stand-in for an unknown type lives as long as its edit */
    size_t entries;
    size_t key_len;
    uint8_t key[WEFT_KEY_MAX];
};

/* Room for what a transaction holds beside its deltas: header, origins, dependencies. */
#define HEAD_ROOM  (64u << 10)
/* A delta's framing around its body. */
#define DELTA_ROOM 64u

struct address {
    struct weft_slice key;
    uint32_t type;
};

static int compare(const void *key, const struct weft__omap_node *node) {
    const struct address *a = key;
    const struct weft__txn_edit *e = WEFT__CONST_CONTAINER(node, struct weft__txn_edit, node);
    int c = weft_slice_cmp(a->key, weft_slice(e->key, e->key_len));
    if (c != 0) return c;
    return (a->type > e->edit.cls->type) - (a->type < e->edit.cls->type);
}

static struct weft__txn_edit *edit_of(struct weft__omap_node *node) {
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct weft__txn_edit, node);
}

static struct weft__txn_edit *first_edit(struct weft_txn *t) {
    return edit_of(weft__omap_first(&t->edits));
}

static struct weft__txn_edit *next_edit(struct weft__txn_edit *e) {
    return edit_of(weft__omap_next(&e->node));
}

static void finish(struct weft_txn *t) {
    struct weft__txn_edit *e;
    while ((e = first_edit(t)) != NULL) {
        weft__omap_remove(&t->edits, &e->node);
        e->next_spare = t->spare;
        t->spare = e;
    }
    t->open = false;
}

void weft__txn_fini(struct weft_txn *t) {
    finish(t);
    for (struct weft__txn_edit *e = t->spare, *next; e != NULL; e = next) {
        next = e->next_spare;
        weft__edit_fini(&e->edit);
        weft__free(t->replica->alloc, e, sizeof *e);
    }
    weft__edit_fini(&t->refused);
}

void weft__txn_init(struct weft_txn *t, struct weft_replica *r) {
    memset(t, 0, sizeof *t);
    t->replica = r;
    weft__omap_init(&t->edits, compare);
    weft__edit_init(&t->refused, &t->session, &r->space.pool);
}

int weft_txn_begin(struct weft_replica *r, const struct weft_time *now, struct weft_txn **out) {
    struct weft_txn *t = &r->txn;
    if (r->self == WEFT__NO_ORIGIN || r->wants_epoch) return WEFT_ERR_NOT_READY;
    if (t->open) return WEFT_ERR_BUSY;
    t->open = true;
    t->now = *now;
    t->session = (struct weft__edit_session){
        .alloc = r->alloc, .err = 0, .spent = HEAD_ROOM, .spent_max = WEFT_TXN_MAX, .writer = r->self};
    *out = t;
    return 0;
}

/* What stands under a key: the object of one type, and whether there is one of another. */
struct tenants {
    const struct weft__keyed *base;
    struct weft__txn_edit *edit;
    bool others;
};

static struct tenants find_tenants(struct weft_txn *t, struct weft_slice key, uint32_t type) {
    struct tenants found = {NULL, NULL, false};
    struct address a = {key, 0};
    const struct weft__keyed *o = weft__keyspace_at(&t->replica->space.keys, key, 0);
    for (; o != NULL && weft_slice_eq(weft__keyed_key(o), key); o = weft__keyspace_next(o)) {
        if (o->object.type == type)
            found.base = o;
        else
            found.others = true;
    }
    struct weft__txn_edit *e = edit_of(weft__omap_lower_bound(&t->edits, &a));
    for (; e != NULL && weft_slice_eq(weft_slice(e->key, e->key_len), key); e = next_edit(e)) {
        if (e->cls.type == type)
            found.edit = e;
        else
            found.others = true;
    }
    return found;
}

static struct weft__txn_edit *take_spare(struct weft_txn *t) {
    struct weft__txn_edit *e = t->spare;
    if (e != NULL) {
        t->spare = e->next_spare;
        return e;
    }
    e = weft__malloc(t->replica->alloc, sizeof *e);
    if (e == NULL) return NULL;
    memset(e, 0, offsetof(struct weft__txn_edit, key));
    weft__edit_init(&e->edit, &t->session, &t->replica->space.pool);
    return e;
}

/* An edit that only carries the error: its writes do nothing. */
static struct weft_edit *refuse(struct weft_txn *t, const struct weft_crdt_class *cls, int err) {
    weft__edit_open(&t->refused, cls, NULL);
    weft_edit_fail(&t->refused, err);
    return &t->refused;
}

/* The key's place in an ordered map: the object's own where there is one. */
static uint64_t priority_of(const struct weft_txn *t, struct weft_slice key, uint32_t type,
                            const struct weft__keyed *base) {
    struct weft__hash128 seed = {t->replica->space.pool.seed, type};
    return base != NULL ? base->node.priority : weft__siphash128(seed, key.ptr, key.len).lo;
}

static struct weft_edit *open_edit(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls,
                                   const struct weft__keyed *base) {
    t->session.spent += key.len + DELTA_ROOM;
    if (t->session.spent > t->session.spent_max) return refuse(t, cls, WEFT_ERR_LIMIT);
    struct weft__txn_edit *e = take_spare(t);
    if (e == NULL) return refuse(t, cls, WEFT_ERR_NOMEM);
    memcpy(e->key, key.ptr, key.len);
    e->key_len = key.len;
    e->cls = *cls;
    weft__edit_open(&e->edit, &e->cls, base == NULL ? NULL : &base->object);
    e->node.priority = priority_of(t, key, cls->type, base);
    weft__omap_insert(&t->edits, &(struct address){key, cls->type}, &e->node);
    return &e->edit;
}

struct weft_edit *weft_txn_edit(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls) {
    assert(t->open);
    if (key.len == 0 || key.len > WEFT_KEY_MAX) return refuse(t, cls, WEFT_ERR_LIMIT);
    struct tenants found = find_tenants(t, key, cls->type);
    if (found.others) return refuse(t, cls, WEFT_ERR_TYPE);
    return found.edit != NULL ? &found.edit->edit : open_edit(t, key, cls, found.base);
}

struct weft_view weft_txn_view(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls) {
    struct address a = {key, cls->type};
    struct weft__txn_edit *e = edit_of(weft__omap_find(&t->edits, &a));
    return e != NULL ? weft_edit_view(&e->edit) : weft_replica_view(t->replica, key, cls);
}

void weft_txn_delete(struct weft_txn *t, struct weft_slice key, uint32_t type) {
    assert(t->open);
    if (key.len == 0 || key.len > WEFT_KEY_MAX) return;
    struct tenants found = find_tenants(t, key, type);
    if (found.edit != NULL) {
        weft_edit_reset(&found.edit->edit);
        return;
    }
    if (found.base == NULL) return;
    const struct weft_crdt_class *cls = weft__registry_find(&t->replica->registry, type);
    /* A type that is not registered here is deleted by its kernel alone. */
    struct weft_crdt_class stand_in = {sizeof stand_in, "unknown", type, found.base->object.schema, NULL};
    weft_edit_reset(open_edit(t, key, cls != NULL ? cls : &stand_in, found.base));
}

/* --- Commit ------------------------------------------------------------------------------------------------------ */

static int mention_all(struct weft_txn *t, size_t *deltas) {
    struct weft_replica *r = t->replica;
    weft__origin_table_begin(&r->table, r->origins, r->self);
    *deltas = 0;
    for (struct weft__txn_edit *e = first_edit(t); e != NULL; e = next_edit(e)) {
        int rc = weft__edit_mention(&e->edit, &r->table, &e->entries);
        if (rc != 0) return rc;
        *deltas += e->entries > 0;
    }
    return 0;
}

/* What the vector gained since the own transaction before; for the first of an epoch, all of it. */
static int mention_dependencies(struct weft_replica *r, bool first) {
    int rc = 0;
    for (uint32_t i = 0; first && rc == 0 && i < r->space.applied.len; i++)
        if (i != r->self && r->space.applied.seq[i] > 0) rc = weft__origin_table_add(&r->table, i);
    for (size_t i = 0; !first && rc == 0 && i < r->gained_count; i++)
        rc = weft__origin_table_add(&r->table, r->gained[i]);
    return rc;
}

static void write_dependencies(struct weft_replica *r, bool first) {
    weft_buf_reset(&r->pairs);
    for (size_t i = 0; i < r->table.count; i++) {
        uint32_t o = r->table.listed[i];
        if (!first && !r->is_gained[o]) continue; /* listed for a dot of it */
        weft__write_varint(&r->pairs, i + 1);
        weft__write_varint(&r->pairs, weft_version_vector_get(&r->space.applied, o));
    }
}

static int choose_stamp(const struct weft_replica *r, uint64_t wall, struct weft_stamp *out) {
    struct weft_stamp last = r->space.clock;
    out->epoch = last.epoch > r->clock_epoch ? last.epoch : r->clock_epoch;
    int rc = weft_hlc_now(out->epoch == last.epoch ? last.word : 0, wall, &out->word);
    if (rc != 0) return rc;
    return weft_hlc_check(out->word, wall, r->options.drift, NULL) != 0 ? WEFT_ERR_CLOCK_LOCAL_AHEAD : 0;
}

static int write_head(struct weft_replica *r, uint64_t seq, struct weft_stamp stamp) {
    const struct weft__lineage *own = &r->space.lineages[r->self];
    struct weft_buf origins;
    weft_buf_init(&origins, r->alloc);
    for (size_t i = 0; i < r->table.count; i++)
        weft__origin_write(&origins, 10, weft_origins_at(r->origins, r->table.listed[i]));
    struct weft__transaction head = {
        .space = r->space.id,
        .origin = *weft_origins_at(r->origins, r->self),
        .seq = seq,
        .stamp = stamp,
        .previous = seq == 1 ? weft_slice(NULL, 0) : weft_slice(own->hash, WEFT__CHAIN_LEN),
        .has_parent = seq == 1 && r->has_parent,
        .parent_epoch = r->parent_epoch,
        .parent_seq = r->parent_seq,
        .origins = weft_buf_slice(&origins),
        .dependencies = weft_buf_slice(&r->pairs),
    };
    weft__transaction_write_head(&r->txn_bytes, &head);
    int rc = origins.err;
    weft_buf_fini(&origins);
    return rc;
}

static int write_bytes(struct weft_txn *t, uint64_t seq, struct weft_stamp stamp) {
    struct weft_replica *r = t->replica;
    weft_buf_reset(&r->txn_bytes);
    write_dependencies(r, seq == 1);
    int rc = write_head(r, seq, stamp);
    for (struct weft__txn_edit *e = first_edit(t); rc == 0 && e != NULL; e = next_edit(e)) {
        if (e->entries == 0) continue;
        weft_buf_reset(&r->body);
        rc = weft__edit_write(&e->edit, &r->table, &r->body);
        struct weft__txn_delta d = {.key = weft_slice(e->key, e->key_len),
                                    .type = e->edit.cls->type,
                                    .schema = e->edit.cls->schema,
                                    .body = weft_buf_slice(&r->body)};
        weft__transaction_write_delta(&r->txn_bytes, &d);
    }
    if (rc == 0) rc = r->pairs.err != 0 ? r->pairs.err : r->txn_bytes.err;
    if (rc == 0 && r->txn_bytes.len > WEFT_TXN_MAX) rc = WEFT_ERR_LIMIT;
    return rc;
}

static int commit(struct weft_txn *t, uint64_t *seq) {
    struct weft_replica *r = t->replica;
    size_t deltas;
    struct weft_stamp stamp;
    int rc = t->session.err != 0 ? t->session.err : mention_all(t, &deltas);
    if (rc != 0 || deltas == 0) return rc;
    uint64_t next = weft_version_vector_get(&r->space.applied, r->self) + 1;
    rc = mention_dependencies(r, next == 1);
    if (rc == 0) rc = choose_stamp(r, t->now.wall, &stamp);
    if (rc != 0) return rc;
    weft__origin_table_seal(&r->table);
    rc = write_bytes(t, next, stamp);
    if (rc != 0) return rc;
    struct weft__transaction parsed;
    rc = weft__transaction_parse(&parsed, weft_buf_slice(&r->txn_bytes));
    assert(rc == 0);
    rc = weft__apply(r, &parsed, r->self, WEFT__LOCAL);
    if (rc != 0) return rc;
    weft__forget_gained(r);
    *seq = next;
    return 0;
}

int weft_txn_commit(struct weft_txn *t, uint64_t *seq) {
    assert(t->open);
    uint64_t issued = 0;
    int rc = commit(t, &issued);
    finish(t);
    if (seq != NULL) *seq = issued;
    return rc;
}

void weft_txn_abort(struct weft_txn *t) {
    assert(t->open);
    finish(t);
}
