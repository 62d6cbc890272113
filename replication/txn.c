/* txn.c: local transactions. Edits live in overlays that only the transaction sees; commit reduces them to their net
 * effect, writes the transaction's bytes and hands them to weft__apply, as if they had been received. Dot and stamp are
 * assigned there, so an abort or an error consumes neither. */
#include <assert.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "crdt/class.h"
#include "crdt/object.h"
#include "replication/engine.h"

/* Room for what a transaction holds beside its deltas: header, origins, dependencies. */
#define HEAD_ROOM (64u << 10)

static void finish(struct weft_txn *t) {
    weft__edits_clear(&t->edits);
    t->open = false;
}

void weft__txn_fini(struct weft_txn *t) {
    weft__edits_fini(&t->edits);
    weft__edit_fini(&t->refused);
}

void weft__txn_init(struct weft_txn *t, struct weft_replica *r) {
    memset(t, 0, sizeof *t);
    t->replica = r;
    weft__edits_init(&t->edits, &t->session, &r->space.pool, 0);
    weft__edit_init(&t->refused, &t->session, &r->space.pool);
}

int weft_txn_begin(struct weft_replica *r, const struct weft_time *now, struct weft_txn **out) {
    struct weft_txn *t = &r->txn;
    if (!r->started || r->wants_epoch || weft__fork_is_found(r)) return WEFT_ERR_NOT_READY;
    if (t->open) return WEFT_ERR_BUSY;
    t->open = true;
    t->now = *now;
    t->session = (struct weft__edit_session){.alloc = r->alloc,
                                             .err = 0,
                                             .spent = HEAD_ROOM,
                                             .spent_max = WEFT_TXN_MAX,
                                             .writer = r->self,
                                             .registry = &r->registry};
    if (weft__issue_stamp(r, now->wall, true, &t->session.now) != 0)
        t->session.now = r->space.clock; /* the commit will say so */
    *out = t;
    return 0;
}

/* What stands under a key: the object of one type, and whether there is one of another. */
struct tenants {
    const struct weft__keyed *base;
    struct weft__keyed_edit *edit;
    bool others;
};

static struct tenants find_tenants(struct weft_txn *t, struct weft_slice key, uint32_t type) {
    struct tenants found = {NULL, NULL, false};
    struct weft__keyspace_walk w;
    const struct weft__keyed *o = weft__keyspace_walk(&w, &t->replica->space.keys, key, 0);
    for (; o != NULL && weft_slice_eq(weft__keyed_key(o), key); o = weft__keyspace_step(&w)) {
        if (o->object.kind->type == type)
            found.base = o;
        else
            found.others = true;
    }
    struct weft__keyed_edit *e = weft__edits_at(&t->edits, key, 0);
    for (; e != NULL && weft_slice_eq(weft__keyed_edit_key(e), key); e = weft__edits_next(e)) {
        if (e->cls.type == type)
            found.edit = e;
        else
            found.others = true;
    }
    return found;
}

/* An edit that only carries the error: its writes do nothing. */
static struct weft_edit *refuse(struct weft_txn *t, const struct weft_crdt_class *cls, int err) {
    weft__edit_open(&t->refused, cls, NULL);
    weft_edit_fail(&t->refused, err);
    return &t->refused;
}

static struct weft_edit *open_edit(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls,
                                   const struct weft__keyed *base) {
    struct weft__keyed_edit *e = weft__edits_open(&t->edits, key, cls, base == NULL ? NULL : &base->object);
    return e != NULL ? &e->edit : refuse(t, cls, t->session.err);
}

struct weft_edit *weft_txn_edit(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls) {
    assert(t->open);
    if (key.len == 0 || key.len > WEFT_KEY_MAX) return refuse(t, cls, WEFT_ERR_LIMIT);
    if (!weft__kernel_is_known(cls->type) || !weft__class_is_whole(cls)) return refuse(t, cls, WEFT_ERR_INVALID);
    struct tenants found = find_tenants(t, key, cls->type);
    if (found.others) return refuse(t, cls, WEFT_ERR_TYPE);
    if (found.edit == NULL) return open_edit(t, key, cls, found.base);
    struct weft_edit *again = weft__edits_again(found.edit, cls);
    return again != NULL ? again : refuse(t, cls, WEFT_ERR_TYPE);
}

struct weft_view weft_txn_view(struct weft_txn *t, struct weft_slice key, const struct weft_crdt_class *cls) {
    const struct weft__keyed_edit *e = weft__edits_find(&t->edits, key, cls->type);
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
    struct weft_crdt_class stand_in = weft__class_stand_in(type);
    weft_edit_reset(open_edit(t, key, cls != NULL ? cls : &stand_in, found.base));
}

/* --- Commit ------------------------------------------------------------------------------------------------------ */

static int mention_all(struct weft_txn *t, size_t *deltas) {
    struct weft_replica *r = t->replica;
    weft__origin_table_begin(&r->table, r->origins, r->self);
    *deltas = 0;
    for (struct weft__keyed_edit *e = weft__edits_first(&t->edits); e != NULL; e = weft__edits_next(e)) {
        int rc = weft__edit_mention(&e->edit, &r->table, &e->entries);
        if (rc != 0) return rc;
        *deltas += e->entries > 0;
    }
    return 0;
}

static int write_bytes(struct weft_txn *t, uint64_t seq, struct weft_stamp stamp) {
    struct weft_replica *r = t->replica;
    int rc = weft__issue_head(r, seq, stamp);
    for (struct weft__keyed_edit *e = weft__edits_first(&t->edits); rc == 0 && e != NULL; e = weft__edits_next(e)) {
        if (e->entries == 0) continue;
        weft_buf_reset(&r->body);
        rc = weft__edit_write(&e->edit, &r->table, &r->body);
        struct weft__txn_delta d = {.key = weft__keyed_edit_key(e),
                                    .type = e->edit.cls->type,
                                    .schema = e->edit.cls->schema,
                                    .body = weft_buf_slice(&r->body)};
        weft__transaction_write_delta(&r->txn_bytes, &d);
    }
    return rc;
}

static int commit(struct weft_txn *t, uint64_t *seq) {
    struct weft_replica *r = t->replica;
    size_t deltas;
    struct weft_stamp stamp;
    int rc = t->session.err != 0 ? t->session.err : mention_all(t, &deltas);
    if (rc != 0 || deltas == 0) return rc;
    uint64_t next = weft_version_vector_get(&r->space.applied, r->self) + 1;
    rc = weft__issue_mention(r, next);
    if (rc == 0) rc = weft__issue_stamp(r, t->now.wall, true, &stamp);
    if (rc != 0) return rc;
    weft__origin_table_seal(&r->table);
    rc = write_bytes(t, next, stamp);
    if (rc == 0) rc = weft__issue(r);
    if (rc == 0) *seq = next;
    return rc;
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
