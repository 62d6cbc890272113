/* node.c: a node's life, and the calls of the application.
 *
 * Invariants: the engine is stepped from turn.c only, once the node is made. Nothing that libuv still holds is freed: a
 * node counts its handles, and the last close callback frees it. What can fail without a handle comes first in
 * weft_uv_new, so that a failure seldom leaves handles to be closed by the loop. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/node.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/options.h"
#include "clock/id.h"
#include "replication/uv/host.h"
#include "replication/uv/identity.h"

#define SWEEP_MS 1000u

void weft_uv_options_init_sized(struct weft_uv_options *o, size_t size) {
    static const struct weft_uv_options defaults = {
        .write_queue_max = (size_t)8 << 20,
        .unwritten_max = (size_t)16 << 20,
        .reconnect_min_ms = 100,
        .reconnect_max_ms = 10000,
        .record_max = UINT64_C(256) << 20,
    };
    weft__options_write(o, size, &defaults, sizeof defaults);
}

/* --- Telling ----------------------------------------------------------------------------------------------------- */

void weft__node_log(const struct weft_uv *n, enum weft_log_level level, const char *fmt, ...) {
    const struct weft_log *log = n->engine.log;
    if (log == NULL || level > log->max_level) return;
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    log->emit(log->ctx, level, "uv", text);
}

void weft__node_notice(struct weft_uv *n, const struct weft_notice *notice) {
    if (notice->kind == WEFT_NOTICE_REFUSED) n->stats.refused++;
    if (n->o.on_notice != NULL) n->o.on_notice(n->o.ctx, notice);
}

/* --- Beginning --------------------------------------------------------------------------------------------------- */

static int parse(const struct weft_uv_options *o, struct weft__address *out, const char *text,
                 enum weft__address_kind kind, char *errmsg, size_t errmsg_len) {
    unsigned kinds = kind | (o->identity == NULL ? WEFT__ADDRESS_LOOPBACK : 0u);
    return weft__address_parse(out, text, kinds, errmsg, errmsg_len);
}

static int check_addresses(const struct weft_uv_options *o, char *errmsg, size_t errmsg_len) {
    struct weft__address a;
    int rc = 0;
    bool links = o->listen != NULL || (o->seeds != NULL && o->seeds[0] != NULL);
    if (links && o->identity == NULL && !o->plain_links) {
        snprintf(errmsg, errmsg_len, "links need an identity; plain_links allows them without, on loopback");
        return WEFT_ERR_INVALID;
    }
    if (o->listen != NULL) rc = parse(o, &a, o->listen, WEFT__ADDRESS_LISTENED, errmsg, errmsg_len);
    for (size_t i = 0; rc == 0 && o->seeds != NULL && o->seeds[i] != NULL; i++)
        rc = parse(o, &a, o->seeds[i], WEFT__ADDRESS_DIALLED, errmsg, errmsg_len);
    return rc;
}

static int restore_record(void *ctx, const struct weft_record *record) {
    struct weft_uv *n = ctx;
    struct weft_event e = {.kind = WEFT_EVENT_RESTORE, .now = weft__host_time(), .record = record};
    return weft__recorder_step(&n->recorder, n->replica, &e, &n->update);
}

/* A replica whose key is another's in the store would be refused by each peer, since it is not who it says it is. */
static int check_owner(const struct weft_uv *n, char *errmsg, size_t errmsg_len) {
    char owner[WEFT_ID_TEXT], own[WEFT_ID_TEXT];
    struct weft_origin self = weft_replica_self(n->replica);
    if (n->identity == NULL || weft__id_is_zero(&self.replica)) return 0; /* a new store is of nobody yet */
    if (weft_id_cmp(&self.replica, &n->identity->replica) == 0) return 0;
    weft_id_format(&self.replica, owner);
    weft_id_format(&n->identity->replica, own);
    snprintf(errmsg, errmsg_len,
             "the store is of replica %s, and the key of replica %s: take that replica's key, or another store, or "
             "sign the key for it (weft cert sign ... --replica %s)",
             owner, own, owner);
    return WEFT_ERR_FOREIGN;
}

/* What members alone may read would be there for everybody on this machine. */
static int check_links(const struct weft_uv *n, char *errmsg, size_t errmsg_len) {
    char text[WEFT_ID_TEXT];
    struct weft_id cluster = weft_replica_cluster(n->replica);
    if (!n->o.plain_links || n->identity != NULL || weft__id_is_zero(&cluster)) return 0;
    weft_id_format(&cluster, text);
    snprintf(errmsg, errmsg_len,
             "the store is of cluster %s, and plain links let everybody on this machine read and write it: take the "
             "cluster's file and a key",
             text);
    return WEFT_ERR_FOREIGN;
}

/* The update of START is taken by the first turn, when the application's call has returned. */
static int load(struct weft_uv *n, char *errmsg, size_t errmsg_len) {
    int rc = n->store->cls->load(n->store, restore_record, n);
    if (rc == 0 && check_owner(n, errmsg, errmsg_len) != 0) return WEFT_ERR_FOREIGN;
    if (rc == 0 && check_links(n, errmsg, errmsg_len) != 0) return WEFT_ERR_FOREIGN;
    if (rc == 0) {
        struct weft_event e = {.kind = WEFT_EVENT_START, .now = weft__host_time(), .random = weft__host_random()};
        rc = weft__recorder_step(&n->recorder, n->replica, &e, &n->update);
    }
    if (rc == 0) {
        n->untaken = true;
        return 0;
    }
    const char *why = weft_replica_errmsg(n->replica);
    if (why[0] == '\0') why = n->store->cls->errmsg(n->store);
    if (why == NULL || why[0] == '\0') why = weft_strerror(rc);
    snprintf(errmsg, errmsg_len, "the store cannot be loaded: %s", why);
    return rc;
}

static int make_anew(struct weft_uv *n, char *errmsg, size_t errmsg_len) {
    char why[256] = "";
    struct weft_replica_options options = n->engine;
    options.errmsg = why;
    options.errmsg_len = sizeof why;
    int rc = weft_replica_new(&n->replica, &options);
    if (rc == 0) {
        weft__recorder_opened(&n->recorder, &options);
        return load(n, errmsg, errmsg_len);
    }
    snprintf(errmsg, errmsg_len, "the replica cannot be made: %s", why[0] != '\0' ? why : weft_strerror(rc));
    return rc;
}

/* The identity says who a replica is and what it holds; an option may say the same. */
static int take_from_identity(struct weft_id *option, const struct weft_id *id, const char *what, char *errmsg,
                              size_t errmsg_len) {
    char wanted[WEFT_ID_TEXT], own[WEFT_ID_TEXT];
    if (weft__id_is_zero(id) || weft_id_cmp(option, id) == 0) return 0;
    if (weft__id_is_zero(option)) {
        *option = *id;
        return 0;
    }
    weft_id_format(option, wanted);
    weft_id_format(id, own);
    snprintf(errmsg, errmsg_len, "the options say %s %s, and the identity is of %s", what, wanted, own);
    return WEFT_ERR_INVALID;
}

static int take_identity(struct weft_uv *n, char *errmsg, size_t errmsg_len) {
    const struct weft_identity *id = n->identity;
    int rc = take_from_identity(&n->engine.replica, &id->replica, "replica", errmsg, errmsg_len);
    if (rc == 0) rc = take_from_identity(&n->engine.space, &id->space, "space", errmsg, errmsg_len);
    if (rc == 0) rc = take_from_identity(&n->engine.cluster, &id->cluster, "cluster", errmsg, errmsg_len);
    return rc;
}

static void check_certificate(const struct weft_uv *n) {
    char why[320];
    if (weft__identity_check_own(n->identity, weft__host_seconds(), why, sizeof why) != 0)
        weft__node_log(n, WEFT_LOG_WARN, "%s", why);
}

static int make_engine(struct weft_uv *n, char *errmsg, size_t errmsg_len) {
    struct weft_replica_options *r = &n->engine;
    int rc = weft__host_init();
    if (rc != 0) {
        snprintf(errmsg, errmsg_len, "the system gives no random numbers");
        return rc;
    }
    if (n->identity != NULL) {
        rc = take_identity(n, errmsg, errmsg_len);
        if (rc != 0) return rc;
        check_certificate(n);
    }
    if (weft__id_is_zero(&r->replica)) weft__host_random_bytes(r->replica.bytes, sizeof r->replica.bytes);
    if (r->seed == 0) r->seed = weft__host_random();
    if (r->jitter == 0) r->jitter = weft__host_random();
    return make_anew(n, errmsg, errmsg_len);
}

void weft__node_reopen(struct weft_uv *n) {
    struct weft_replica *old = n->replica;
    struct weft_update update = n->update;
    char text[256];
    n->replica = NULL;
    if (make_anew(n, text, sizeof text) != 0) {
        if (n->replica != NULL) weft__recorder_abandoned(&n->recorder, old);
        weft_replica_free(n->replica);
        n->replica = old;
        n->update = update;
        n->reopen_failed = true;
        weft__node_log(n, WEFT_LOG_ERROR, "%s", text);
        return;
    }
    weft_replica_free(old);
    n->reopen_due = n->epoch_due = false;
    n->persisted = n->persisted_told = 0;
    n->tick_due = true;
    for (struct weft__link *l = n->links; l != NULL; l = l->next) {
        l->announced = false;
        weft__link_close(l, "this node starts again from its store");
    }
    weft__node_wake(n);
}

static void on_sweep(uv_timer_t *timer) {
    struct weft_uv *n = timer->data;
    uint64_t now = uv_hrtime(), seconds = weft__host_seconds();
    for (struct weft__link *l = n->links; l != NULL; l = l->next) {
        weft__link_sweep(l, now);
        weft__link_judge(l, NULL, seconds);
    }
    if (n->reopen_failed) {
        n->reopen_failed = false;
        weft__node_wake(n);
    }
    if (n->sign_failed) {
        n->sign_due = true;
        weft__node_wake(n);
    }
    if (n->store_err != 0) {
        n->store_due = true;
        weft__node_wake(n);
    }
}

/* None of these can fail. */
static void make_handles(struct weft_uv *n) {
    uv_check_init(n->loop, &n->check);
    uv_idle_init(n->loop, &n->idle);
    uv_timer_init(n->loop, &n->deadline);
    uv_timer_init(n->loop, &n->retry);
    uv_timer_init(n->loop, &n->sweep);
    n->check.data = n->idle.data = n->deadline.data = n->retry.data = n->sweep.data = n;
    n->handles = 5;
    uv_check_start(&n->check, weft__node_turn);
    uv_timer_start(&n->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static int make_links(struct weft_uv *n, const struct weft_uv_options *o, char *errmsg, size_t errmsg_len) {
    struct weft__address a;
    int rc = 0;
    if (o->listen != NULL) {
        rc = parse(o, &a, o->listen, WEFT__ADDRESS_LISTENED, errmsg, errmsg_len);
        if (rc == 0) rc = weft__listener_open(&n->listener, n, &a, errmsg, errmsg_len);
    }
    for (size_t i = 0; rc == 0 && o->seeds != NULL && o->seeds[i] != NULL; i++) {
        rc = parse(o, &a, o->seeds[i], WEFT__ADDRESS_DIALLED, errmsg, errmsg_len);
        if (rc == 0) rc = weft__dial_new(n, &a);
    }
    return rc;
}

static void free_parts(struct weft_uv *n) {
    weft__recorder_close(&n->recorder, NULL);
    weft_replica_free(n->replica);
    n->replica = NULL;
    if (n->store != NULL) n->store->cls->close(n->store);
    n->store = NULL;
    if (n->knocks.places != NULL) weft__node_free(n, n->knocks.places, WEFT__KNOCKS_PLACES * sizeof *n->knocks.places);
    n->knocks.places = NULL;
    weft_identity_free(n->identity);
    n->identity = NULL;
    if (n->rights != NULL) weft__node_free(n, n->rights, n->rights_size);
    n->rights = NULL;
    weft__unwritten_fini(&n->unwritten);
    weft__subscriptions_remove_all(&n->subscriptions);
}

static int make_knocks(struct weft_uv *n) {
    struct weft__hash128 key = {weft__host_random(), weft__host_random()};
    size_t size = WEFT__KNOCKS_PLACES * sizeof(struct weft__bucket);
    if (n->identity == NULL) return 0;
    struct weft__bucket *places = weft__node_alloc(n, size);
    if (places == NULL) return WEFT_ERR_NOMEM;
    memset(places, 0, size);
    weft__knocks_init(&n->knocks, key, places);
    return 0;
}

/* Documents of rights are lent for the call, and the engine may be made again. */
static int keep_rights(struct weft_uv *n) {
    const struct weft_slice *given = n->engine.rights;
    size_t count = n->engine.rights_count, size = count * sizeof *given;
    n->engine.rights_count = 0;
    for (size_t i = 0; i < count; i++) size += given[i].len;
    n->rights = count == 0 ? NULL : weft__node_alloc(n, size);
    n->rights_size = size;
    n->engine.rights = n->rights;
    if (n->rights == NULL) return count == 0 ? 0 : WEFT_ERR_NOMEM;
    uint8_t *at = (uint8_t *)(n->rights + count);
    for (size_t i = 0; i < count; i++) {
        if (given[i].len > 0) memcpy(at, given[i].ptr, given[i].len);
        n->rights[i] = weft_slice(at, given[i].len);
        at += given[i].len;
    }
    n->engine.rights_count = count;
    return 0;
}

static int make(struct weft_uv *n, const struct weft_uv_options *o, char *errmsg, size_t errmsg_len) {
    int rc = keep_rights(n);
    if (rc == 0) rc = check_addresses(o, errmsg, errmsg_len);
    if (rc == 0 && n->store == NULL) rc = weft_store_memory_new(&n->store, n->alloc);
    if (rc == 0 && o->record != NULL)
        rc = weft__recorder_start(&n->recorder, o->record, o->record_max, n->alloc, errmsg, errmsg_len);
    if (rc == 0) rc = make_engine(n, errmsg, errmsg_len);
    if (rc == 0) rc = make_knocks(n);
    if (rc != 0) return rc;
    make_handles(n);
    return make_links(n, o, errmsg, errmsg_len);
}

/* Both structs as this library knows them. */
static int read_options(const struct weft_uv_options *given, struct weft_uv_options *own,
                        struct weft_replica_options *engine, char *errmsg, size_t errmsg_len) {
    weft_uv_options_init(own);
    weft_replica_options_init(engine);
    int rc = weft__options_read(own, sizeof *own, given);
    if (rc == 0 && own->replica != NULL) rc = weft__options_read(engine, sizeof *engine, own->replica);
    if (rc != 0) snprintf(errmsg, errmsg_len, "the options are not initialised, or are those of a newer Weft");
    if (own->reconnect_min_ms == 0) own->reconnect_min_ms = 1; /* nothing doubled is nothing */
    return rc;
}

int weft_uv_new(struct weft_uv **out, struct uv_loop_s *loop, const struct weft_uv_options *o, char *errmsg,
                size_t errmsg_len) {
    *out = NULL;
    if (errmsg == NULL) errmsg_len = 0;
    struct weft_uv_options own;
    struct weft_replica_options engine;
    int rc = read_options(o, &own, &engine, errmsg, errmsg_len);
    if (rc != 0) {
        if (own.store != NULL) own.store->cls->close(own.store);
        return rc;
    }
    const struct weft_alloc *alloc = engine.alloc == NULL ? &weft_alloc_default : engine.alloc;
    struct weft_uv *n = alloc->resize(alloc->ctx, NULL, 0, sizeof *n);
    if (n == NULL) {
        if (own.store != NULL) own.store->cls->close(own.store);
        snprintf(errmsg, errmsg_len, "%s", weft_strerror(WEFT_ERR_NOMEM));
        return WEFT_ERR_NOMEM;
    }
    *n =
        (struct weft_uv){.loop = loop, .o = own, .engine = engine, .alloc = alloc, .store = own.store, .stepped = true};
    n->update.deadline_ns = UINT64_MAX;
    n->links_end = &n->links;
    if (own.identity != NULL) n->identity = weft__identity_hold(own.identity);
    weft__recorder_init(&n->recorder);
    weft__unwritten_init(&n->unwritten, alloc);
    weft__subscriptions_init(&n->subscriptions, alloc);
    if (errmsg_len > 0) errmsg[0] = '\0';
    rc = make(n, &own, errmsg, errmsg_len);
    if (rc == 0) {
        weft__node_wake(n);
        *out = n;
        return 0;
    }
    if (errmsg_len > 0 && errmsg[0] == '\0') snprintf(errmsg, errmsg_len, "%s", weft_strerror(rc));
    free_parts(n);
    weft__dial_close_all(n);
    if (n->handles > 0)
        weft__node_end(n);
    else
        weft__node_free(n, n, sizeof *n);
    return rc;
}

/* --- Ending ------------------------------------------------------------------------------------------------------ */

void weft__node_handle_closed(struct weft_uv *n) {
    if (--n->handles > 0) return;
    void (*cb)(void *ctx) = n->close_cb;
    void *ctx = n->close_ctx;
    free_parts(n);
    weft__node_free(n, n, sizeof *n);
    if (cb != NULL) cb(ctx);
}

static void on_closed(uv_handle_t *handle) {
    weft__node_handle_closed(handle->data);
}

void weft__node_end(struct weft_uv *n) {
    n->state = WEFT__NODE_ENDING;
    weft__listener_close(&n->listener);
    uv_close((uv_handle_t *)&n->check, on_closed);
    uv_close((uv_handle_t *)&n->idle, on_closed);
    uv_close((uv_handle_t *)&n->deadline, on_closed);
    uv_close((uv_handle_t *)&n->retry, on_closed);
    uv_close((uv_handle_t *)&n->sweep, on_closed);
}

void weft_uv_close(struct weft_uv *n, void (*cb)(void *ctx), void *ctx) {
    if (n->state != WEFT__NODE_RUNNING) return;
    n->close_cb = cb;
    n->close_ctx = ctx;
    n->state = WEFT__NODE_CLOSING;
    n->tick_due = true;
    weft__subscriptions_remove_all(&n->subscriptions);
    weft__node_wake(n);
}

/* --- Calls ------------------------------------------------------------------------------------------------------- */

/* What was committed since the last step has its records in the engine still, which lists them when it is stepped. */
static size_t unfetched(struct weft_uv *n) {
    struct weft_replica_stats stats;
    weft_replica_stats(n->replica, &stats);
    if (n->stepped) {
        n->log_entries = stats.log_entries;
        n->log_bytes = stats.log_bytes;
        n->stepped = false;
    }
    if (stats.log_entries <= n->log_entries || stats.log_bytes <= n->log_bytes) return 0;
    return stats.log_bytes - n->log_bytes + (stats.log_entries - n->log_entries) * sizeof(struct weft_record);
}

int weft_uv_txn_begin(struct weft_uv *n, struct weft_txn **out) {
    *out = NULL;
    if (n->state != WEFT__NODE_RUNNING) return WEFT_ERR_CLOSED;
    if (weft__unwritten_size(&n->unwritten) + unfetched(n) >= n->o.unwritten_max) return WEFT_ERR_FULL;
    struct weft_time now = weft__host_time();
    int rc = weft_txn_begin(n->replica, &now, out);
    if (rc != 0) return rc;
    n->txn = *out;
    n->tick_due = true;
    weft__node_wake(n);
    return 0;
}

/* As a commit: it takes effect here, and its records are fetched by the next step. */
static int act_on_refused(struct weft_uv *n, uint64_t number,
                          int (*act)(struct weft__recorder *rec, struct weft_replica *r, const struct weft_time *now,
                                     uint64_t number)) {
    if (n->state != WEFT__NODE_RUNNING) return WEFT_ERR_CLOSED;
    if (weft__unwritten_size(&n->unwritten) + unfetched(n) >= n->o.unwritten_max) return WEFT_ERR_FULL;
    struct weft_time now = weft__host_time();
    int rc = act(&n->recorder, n->replica, &now, number);
    n->tick_due = true;
    weft__node_wake(n);
    return rc;
}

int weft_uv_retry(struct weft_uv *n, uint64_t number) {
    return act_on_refused(n, number, weft__recorder_retry);
}

int weft_uv_forget(struct weft_uv *n, uint64_t number) {
    return act_on_refused(n, number, weft__recorder_forget);
}

void weft__node_lose_transaction(struct weft_uv *n) {
    struct weft_time now = weft__host_time();
    struct weft_txn *t = n->txn;
    int rc = weft_txn_begin(n->replica, &now, &t);
    if (rc == 0 || rc == WEFT_ERR_BUSY) weft_txn_abort(t);
}

struct weft_view weft_uv_view(struct weft_uv *n, struct weft_slice key, const struct weft_crdt_class *cls) {
    return weft_replica_view(n->replica, key, cls);
}

const struct weft_replica *weft_uv_replica(struct weft_uv *n) {
    return n->replica;
}

int weft_uv_set_identity(struct weft_uv *n, struct weft_identity *id) {
    char why[256];
    if (n->identity == NULL || id == NULL) return WEFT_ERR_INVALID;
    if (weft__identity_compare(n->identity, id, why, sizeof why) != 0) {
        weft__node_log(n, WEFT_LOG_ERROR, "%s", why);
        return WEFT_ERR_FOREIGN;
    }
    uint64_t seconds = weft__host_seconds();
    bool shows_another = id->certificate_len != n->identity->certificate_len ||
                         memcmp(id->certificate, n->identity->certificate, id->certificate_len) != 0;
    weft__identity_hold(id); /* it may be the one that is let go */
    weft_identity_free(n->identity);
    n->identity = id;
    check_certificate(n);
    for (struct weft__link *l = n->links; l != NULL; l = l->next) {
        weft__link_judge(l, id, seconds);
        if (shows_another) weft__link_renew_soon(l);
    }
    return 0;
}

int weft_uv_port(const struct weft_uv *n) {
    return n->listener.port;
}

void weft_uv_checkpoint(struct weft_uv *n) {
    if (n->state != WEFT__NODE_RUNNING) return;
    weft__recorder_checkpoint(&n->recorder);
    weft_replica_checkpoint(n->replica);
    n->tick_due = true;
    weft__node_wake(n);
}

int weft_subscribe(struct weft_uv *n, struct weft_slice prefix, struct weft_subscription *s) {
    if (n->state != WEFT__NODE_RUNNING) return WEFT_ERR_CLOSED;
    s->node = n;
    return weft__subscriptions_add(&n->subscriptions, prefix, s);
}

void weft_unsubscribe(struct weft_uv *n, struct weft_subscription *s) {
    if (!s->dead) weft__subscriptions_remove(&n->subscriptions, s);
}

void weft_uv_stats(const struct weft_uv *n, struct weft_uv_stats *out) {
    *out = n->stats;
    out->links = out->dialling = 0;
    for (const struct weft__link *l = n->links; l != NULL; l = l->next) out->links += l->state == WEFT__LINK_OPEN;
    for (const struct weft__dial *d = n->dials; d != NULL; d = d->next) {
        out->dialling += !d->given_up && (d->link == NULL || d->link->state != WEFT__LINK_OPEN);
    }
    out->half_open = n->knocks.half_open;
    out->unwritten_bytes = weft__unwritten_size(&n->unwritten);
}
