/* turn.c: what happens at the end of each turn of the loop.
 *
 *   links settle: the engine hears who is up, who is down, and what has come
 *   -> it is stepped for what is due: its deadline, commits, an epoch
 *   -> all records of the turn are written in one store transaction -> PERSISTED
 *   -> in a signed space what is recorded by now is signed -> SIGNED
 *   -> where the engine asks for it, it is made again from the store
 *   -> links write what was queued for them -> timers are set for what comes next.
 *
 * Every step's update is taken before the next step: records are copied, messages queued, and the callbacks run, which
 * is always from the loop and never inside a call of the application's. Taking can fail for lack of memory only at the
 * copy; then the update stays lent, nothing is stepped, and a later turn tries again. Nothing is lost on any path: what
 * the engine could not take stays where it came from (a link's buffer, a flag of the node). */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>

#include <weft/err.h>

#include "base/signature.h"
#include "replication/uv/host.h"
#include "replication/uv/identity.h"
#include "replication/uv/node.h"

#define RETRY_MS    5u
#define DRAIN_MS    1000u
/* Records may bring records (a checkpoint); so many rounds of them are written while closing. */
#define LAST_ROUNDS 8

static void on_idle(uv_idle_t *idle) {
    (void)idle;
}

void weft__node_wake(struct weft_uv *n) {
    if (n->state != WEFT__NODE_ENDING) uv_idle_start(&n->idle, on_idle);
}

static void on_retry(uv_timer_t *timer) {
    weft__node_wake(timer->data);
}

void weft__node_deadline(uv_timer_t *timer) {
    struct weft_uv *n = timer->data;
    n->tick_due = true;
    weft__node_wake(n);
}

bool weft__node_has_room(const struct weft_uv *n) {
    return !n->untaken && weft__unwritten_size(&n->unwritten) < n->o.unwritten_max;
}

/* --- Steps ------------------------------------------------------------------------------------------------------- */

struct weft__link *weft__node_find_link(const struct weft_uv *n, uint32_t number) {
    struct weft__link *l = n->links;
    while (l != NULL && l->number != number) l = l->next;
    return l;
}

static void take_message(struct weft_uv *n, const struct weft_message *m) {
    struct weft__link *l = weft__node_find_link(n, m->link);
    if (l != NULL) weft__link_send(l, m->bytes);
}

static void take_notice(struct weft_uv *n, const struct weft_notice *notice) {
    if (notice->kind == WEFT_NOTICE_REFUSED) {
        struct weft__link *l = weft__node_find_link(n, notice->link);
        if (l != NULL) weft__link_end(l, notice->text);
    }
    weft__node_notice(n, notice);
}

static void take(struct weft_uv *n) {
    const struct weft_update *u = &n->update;
    if (weft__unwritten_push(&n->unwritten, u->records, u->record_count) != 0) {
        n->stalled = true;
        return;
    }
    n->untaken = false;
    if (u->wants_epoch) n->epoch_due = true;
    if (u->wants_reopen) n->reopen_due = true;
    for (size_t i = 0; i < u->message_count; i++) take_message(n, &u->messages[i]);
    for (size_t i = 0; i < u->change_count; i++) weft__subscriptions_tell(&n->subscriptions, &u->changes[i]);
    for (size_t i = 0; i < u->notice_count; i++) take_notice(n, &u->notices[i]);
}

int weft__node_step(struct weft_uv *n, struct weft_event *e) {
    if (n->state >= WEFT__NODE_DRAINING) return WEFT_ERR_CLOSED;
    if (n->untaken) take(n);
    if (n->untaken) return WEFT_ERR_NOMEM;
    e->now = weft__host_time();
    int rc = weft__recorder_step(&n->recorder, n->replica, e, &n->update);
    if (rc == WEFT_ERR_BUSY || rc == WEFT_ERR_NOMEM) n->stalled = true;
    if (rc != 0) return rc;
    n->untaken = n->stepped = true;
    take(n);
    return 0;
}

static void step_due(struct weft_uv *n) {
    if (n->untaken) take(n);
    if (n->epoch_due) {
        struct weft_event e = {.kind = WEFT_EVENT_EPOCH, .random = weft__host_random()};
        n->epoch_due = false;
        if (weft__node_step(n, &e) != 0) n->epoch_due = true;
    }
    if (n->tick_due) {
        struct weft_event e = {.kind = WEFT_EVENT_TICK};
        n->tick_due = false;
        if (weft__node_step(n, &e) != 0) n->tick_due = true;
    }
}

/* --- Records ----------------------------------------------------------------------------------------------------- */

static void store_failed(struct weft_uv *n, int err) {
    n->stats.store_failures++;
    if (n->store_err == err) return;
    n->store_err = err;
    char text[256];
    const char *detail = n->store->cls->errmsg(n->store);
    snprintf(text, sizeof text, "the store failed: %s; %zu bytes wait",
             detail != NULL && detail[0] != '\0' ? detail : weft_strerror(err), weft__unwritten_size(&n->unwritten));
    weft__node_log(n, WEFT_LOG_ERROR, "%s", text);
    if (n->o.on_store != NULL) n->o.on_store(n->o.ctx, err, text);
}

static void store_worked(struct weft_uv *n) {
    n->stats.store_writes++;
    if (n->store_err == 0) return;
    n->store_err = 0;
    weft__node_log(n, WEFT_LOG_INFO, "the store works again");
    if (n->o.on_store != NULL) n->o.on_store(n->o.ctx, 0, "the store works again");
}

static void write_records(struct weft_uv *n) {
    bool may = n->store_err == 0 || n->store_due || n->state != WEFT__NODE_RUNNING;
    if (n->unwritten.count > 0 && may) {
        bool had_room = weft__node_has_room(n);
        n->store_due = false;
        int rc = weft__unwritten_write(&n->unwritten, n->store, &n->persisted);
        if (rc == 0)
            store_worked(n);
        else
            store_failed(n, rc);
        if (!had_room) weft__node_wake(n);
    }
    if (n->persisted == n->persisted_told) return;
    uint64_t number = n->persisted;
    struct weft_event e = {.kind = WEFT_EVENT_PERSISTED, .number = number};
    if (weft__node_step(n, &e) == 0) n->persisted_told = number;
}

/* --- Signatures --------------------------------------------------------------------------------------------------- */

static void cannot_sign(struct weft_uv *n, const char *why) {
    if (!n->sign_failed) weft__node_log(n, WEFT_LOG_ERROR, "what is written here stays here: %s", why);
    n->sign_failed = true;
}

/* What is wanted is in every update until it is there, so the last one has all of it. */
static void sign(struct weft_uv *n) {
    bool may = !n->sign_failed || n->sign_due;
    n->sign_due = false;
    while (may && !n->untaken && n->update.wants_signature_count > 0) {
        if (n->identity == NULL) {
            cannot_sign(n, "the space is signed, and a node without an identity has no key for that");
            return;
        }
        uint8_t signature[WEFT__SIGNATURE_LEN];
        struct weft_signing s = n->update.wants_signature[0];
        weft__signature_make(signature, weft_slice(s.bytes, sizeof s.bytes), n->identity->signs);
        struct weft_event e = {
            .kind = WEFT_EVENT_SIGNED, .signing = &s, .bytes = weft_slice(signature, sizeof signature)};
        int rc = weft__node_step(n, &e);
        if (rc == WEFT_ERR_SIGNATURE) cannot_sign(n, "the space's rights know this replica by another signing key");
        may = rc == 0;
        if (rc == 0) n->sign_failed = false;
    }
}

/* --- The recording ------------------------------------------------------------------------------------------------ */

static void tell_of_recording(struct weft_uv *n) {
    int err = n->recorder.stopped;
    char text[160];
    if (err == 0) return;
    n->recorder.stopped = 0;
    snprintf(text, sizeof text, "the recording ended: %s",
             err == WEFT_ERR_FULL ? "it is as long as it may be"
             : err == WEFT_ERR_IO ? uv_strerror(uv_translate_sys_error(n->recorder.os_err))
                                  : weft_strerror(err));
    weft__node_log(n, WEFT_LOG_WARN, "%s", text);
    if (n->o.on_record != NULL) n->o.on_record(n->o.ctx, err, text);
}

/* --- Links ------------------------------------------------------------------------------------------------------- */

static void settle_links(struct weft_uv *n) {
    struct weft__link **at = &n->links;
    while (*at != NULL) {
        struct weft__link *l = *at;
        weft__link_settle(l);
        if (weft__link_gone(l)) {
            *at = l->next;
            if (*at == NULL) n->links_end = at;
            n->link_count--;
            weft__link_free(l);
        } else {
            at = &l->next;
        }
    }
}

static void flush_links(struct weft_uv *n) {
    for (struct weft__link *l = n->links; l != NULL; l = l->next) weft__link_flush(l);
}

/* --- The turn ---------------------------------------------------------------------------------------------------- */

static void set_deadline(struct weft_uv *n) {
    uint64_t ns = n->update.deadline_ns;
    if (ns == UINT64_MAX) {
        uv_timer_stop(&n->deadline);
        return;
    }
    /* The loop's time is this clock's, rounded down; so the deadline is rounded up. */
    uint64_t ms = ns / 1000000 + (ns % 1000000 != 0), now = uv_now(n->loop);
    uv_timer_start(&n->deadline, weft__node_deadline, ms > now ? ms - now : 0, 0);
}

static void set_timers(struct weft_uv *n) {
    if (!n->untaken) set_deadline(n);
    if (n->stalled) {
        uv_timer_start(&n->retry, on_retry, RETRY_MS, 0);
        uv_idle_stop(&n->idle);
        return;
    }
    bool records = n->unwritten.count > 0 && n->store_err == 0;
    if (records || n->tick_due || n->epoch_due) weft__node_wake(n);
}

static void on_drained(uv_timer_t *timer) {
    struct weft_uv *n = timer->data;
    for (struct weft__link *l = n->links; l != NULL; l = l->next) weft__link_close(l, NULL);
}

/* The last turn: writes what there is, then lets links finish what was queued for them. */
static void close_down(struct weft_uv *n) {
    for (int i = 0; i < LAST_ROUNDS && n->unwritten.count > 0 && n->store_err == 0; i++) {
        write_records(n);
        sign(n);
    }
    n->state = WEFT__NODE_DRAINING; /* nothing is stepped any more */
    weft__recorder_close(&n->recorder, n->replica);
    weft__listener_close(&n->listener);
    weft__dial_close_all(n);
    for (struct weft__link *l = n->links; l != NULL; l = l->next) weft__link_drain(l);
    uv_timer_stop(&n->retry);
    uv_timer_stop(&n->sweep);
    uv_timer_start(&n->deadline, on_drained, DRAIN_MS, 0);
    weft__node_wake(n);
}

void weft__node_turn(uv_check_t *check) {
    struct weft_uv *n = check->data;
    uv_idle_stop(&n->idle);
    n->stalled = false;
    settle_links(n);
    if (n->state >= WEFT__NODE_DRAINING) {
        if (n->state == WEFT__NODE_DRAINING && n->links == NULL) weft__node_end(n);
        return;
    }
    bool closing = n->state == WEFT__NODE_CLOSING;
    if (closing) weft__node_lose_transaction(n);
    step_due(n);
    write_records(n);
    sign(n);
    bool is_written = n->unwritten.count == 0 && !n->untaken;
    if (n->reopen_due && !n->reopen_failed && is_written && !closing) weft__node_reopen(n);
    flush_links(n);
    tell_of_recording(n);
    weft__listener_turn(&n->listener);
    if (closing)
        close_down(n);
    else
        set_timers(n);
}
