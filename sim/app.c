/* app.c: hosts: what an application may ask, and when it is called.
 *
 * A callback never runs inside a call of the application's, as with libweft-uv: what a transaction brings is told when
 * the callback that committed it has returned. Then the replica is stepped, so that its records leave, before anything
 * else happens to it. All that a host answers is a function of the seed, the replica and the time. */
#include "sim/app.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "sim/world.h"

/* An application that answers each change with a change does so for ever. */
#define DEPTH_MAX 256u
#define TEXT_MAX  512u
/* Nobody waits that long. */
#define FAR_NS    (UINT64_MAX / 4)

static struct weft__machine *machine_of(const struct weft_sim_host *h) {
    return &h->sim->machines[h->number];
}

/* --- Lives -------------------------------------------------------------------------------------------------------- */

void weft__app_stopped(struct weft_sim *s, uint32_t i) {
    struct weft_sim_host *h = s->machines[i].host;
    if (h == NULL) return;
    s->app.cls->stop(h->app);
    weft__free(s->alloc, h, sizeof *h);
    s->machines[i].host = NULL;
}

void weft__app_fini(struct weft_sim *s) {
    const struct weft_sim_app *a = s->app.cls;
    for (uint32_t i = 0; i < s->machine_count; i++) weft__app_stopped(s, i);
    if (a != NULL && a->test_free != NULL && s->app.test != NULL) a->test_free(s->app.test);
    s->app.test = NULL;
}

static int begin(struct weft_sim *s, uint32_t i) {
    struct weft_sim_host *h = weft__calloc(s->alloc, 1, sizeof *h);
    if (h == NULL) return WEFT_ERR_NOMEM;
    h->sim = s;
    h->number = i;
    s->machines[i].host = h;
    s->machines[i].life++;
    h->app = s->app.cls->start(h);
    if (h->app != NULL) return 0;
    weft__free(s->alloc, h, sizeof *h);
    s->machines[i].host = NULL;
    return WEFT_ERR_NOMEM;
}

static int verdict(struct weft_sim *s, uint32_t i) {
    return s->app.failure[0] == '\0' ? 0 : weft__world_fail(s, i, WEFT__CHECK_APP, s->app.failure);
}

/* The replica is stepped, which tells, and comes back here. */
static int step(struct weft_sim *s, uint32_t i) {
    struct weft_sim_host *h = s->machines[i].host;
    h->wrote = false;
    if (h->depth == DEPTH_MAX) {
        weft_sim_app_fail(s, "a change brings a change, and that one the next, without end");
        return 0;
    }
    h->depth++;
    int rc = weft__machine_tick(s, i);
    h->depth--;
    return rc;
}

int weft__app_settle(struct weft_sim *s, uint32_t i) {
    const struct weft_sim_host *h = s->machines[i].host;
    int rc = 0;
    if (s->app.cls == NULL) return 0;
    if (h != NULL && h->wrote)
        rc = step(s, i);
    else if (s->app.cls->check != NULL)
        s->app.cls->check(s->app.test, s, i);
    return rc == 0 ? verdict(s, i) : rc;
}

int weft_sim_set_app(struct weft_sim *s, const struct weft_sim_app *app) {
    if (app->size != sizeof *app || app->start == NULL || app->stop == NULL || s->app.cls != NULL)
        return WEFT_ERR_INVALID;
    s->app.cls = app;
    if (app->test_new != NULL && (s->app.test = app->test_new(app->ctx)) == NULL) return WEFT_ERR_NOMEM;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < s->machine_count; i++) {
        if (s->machines[i].replica == NULL) continue;
        rc = begin(s, i);
        if (rc == 0) rc = weft__app_settle(s, i);
    }
    return rc;
}

/* --- Telling ------------------------------------------------------------------------------------------------------ */

void weft__app_tell(struct weft_sim *s, uint32_t i, const struct weft_update *u) {
    const struct weft_sim_app *a = s->app.cls;
    const struct weft_sim_host *h = s->machines[i].host;
    if (h == NULL) return;
    for (size_t k = 0; a->on_change != NULL && k < u->change_count; k++) a->on_change(h->app, &u->changes[k]);
    for (size_t k = 0; a->on_notice != NULL && k < u->notice_count; k++) a->on_notice(h->app, &u->notices[k]);
}

/* The tick that follows every opening carries out what is written here. */
int weft__app_opened(struct weft_sim *s, uint32_t i, const struct weft_update *u) {
    if (s->app.cls == NULL) return 0;
    int rc = s->machines[i].host == NULL ? begin(s, i) : 0;
    if (rc == 0) weft__app_tell(s, i, u);
    return rc;
}

int weft__app_perform(struct weft_sim *s, uint32_t i, uint64_t number) {
    struct weft_sim_host *h = s->machines[i].host;
    if (h == NULL || s->app.cls->perform == NULL) return WEFT_ERR_INVALID;
    s->app.cls->perform(h->app, number);
    return weft__app_settle(s, i);
}

static int post_timer(struct weft_sim *s, uint32_t i, uint32_t timer, uint64_t due_mono) {
    const struct weft__machine *m = &s->machines[i];
    struct weft__happening h = {.kind = WEFT__APP_TIMER, .from = timer, .to = i, .tag = m->life, .told = due_mono};
    uint64_t at_ns = weft__sim_clock_when(&m->clock, due_mono);
    return weft__world_post(s, at_ns > s->now_ns ? at_ns : s->now_ns + 1, &h);
}

int weft__app_timer(struct weft_sim *s, const struct weft__happening *h) {
    struct weft_sim_host *host = s->machines[h->to].host;
    if (host == NULL || s->app.cls->on_timer == NULL) return 0;
    if (weft_sim_host_mono_ns(host) < h->told) return post_timer(s, h->to, h->from, h->told); /* it slowed down */
    s->app.cls->on_timer(host->app, h->from);
    return weft__app_settle(s, h->to);
}

int weft__app_message(struct weft_sim *s, const struct weft__happening *h) {
    struct weft_sim_host *host = s->machines[h->to].host;
    if (host == NULL || s->app.cls->on_message == NULL) return 0;
    if (!weft__net_is_open(&s->net, h->from, h->to)) {
        s->net.lost++;
        return 0;
    }
    s->app.cls->on_message(host->app, h->from, weft_slice(h->parcel->bytes, h->parcel->shown));
    return weft__app_settle(s, h->to);
}

int weft__app_converged(struct weft_sim *s) {
    const struct weft_sim_app *a = s->app.cls;
    if (a == NULL || a->check_converged == NULL) return 0;
    a->check_converged(s->app.test, s);
    return verdict(s, 0);
}

/* --- What an application asks ------------------------------------------------------------------------------------- */

uint32_t weft_sim_host_number(const struct weft_sim_host *h) {
    return h->number;
}

void *weft_sim_host_test(const struct weft_sim_host *h) {
    return h->sim->app.test;
}

int64_t weft_sim_host_wall_ns(const struct weft_sim_host *h) {
    int64_t sec, nsec;
    struct weft_time now = weft__sim_clock_read(&machine_of(h)->clock, h->sim->now_ns);
    weft_hlc_to_timespec(now.wall, &sec, &nsec);
    return sec * 1000000000 + nsec;
}

uint64_t weft_sim_host_mono_ns(const struct weft_sim_host *h) {
    return weft__sim_clock_mono(&machine_of(h)->clock, h->sim->now_ns);
}

uint64_t weft_sim_host_random(struct weft_sim_host *h) {
    const struct weft_sim *s = h->sim;
    if (h->drawn_ns != s->now_ns) h->draws = 0;
    h->drawn_ns = s->now_ns;
    return weft__keyed(s->schedule->options.seed, WEFT__PURPOSE_APP, h->number, s->now_ns, h->draws++);
}

int weft_sim_host_timer(struct weft_sim_host *h, uint64_t after_ns, uint32_t timer) {
    uint64_t mono = weft_sim_host_mono_ns(h);
    return after_ns < FAR_NS ? post_timer(h->sim, h->number, timer, mono + after_ns) : 0;
}

int weft_sim_host_send(struct weft_sim_host *h, uint32_t to, struct weft_slice message) {
    if (to >= h->sim->machine_count || to == h->number) return WEFT_ERR_INVALID;
    return weft__link_datagram(h->sim, h->number, to, message);
}

int weft_sim_host_txn_begin(struct weft_sim_host *h, struct weft_txn **out) {
    struct weft_sim *s = h->sim;
    struct weft__machine *m = machine_of(h);
    *out = NULL;
    if (!weft__machine_has_room(s, m)) return WEFT_ERR_FULL;
    struct weft_time now = weft__sim_clock_read(&m->clock, s->now_ns);
    int rc = weft_txn_begin(m->replica, &now, out);
    if (rc == 0) h->wrote = true;
    return rc;
}

struct weft_view weft_sim_host_view(const struct weft_sim_host *h, struct weft_slice key,
                                    const struct weft_crdt_class *cls) {
    return weft_replica_view(machine_of(h)->replica, key, cls);
}

const struct weft_replica *weft_sim_host_replica(const struct weft_sim_host *h) {
    return machine_of(h)->replica;
}

void *weft_sim_app_at(const struct weft_sim *s, uint32_t replica) {
    if (replica >= s->machine_count || s->machines[replica].host == NULL) return NULL;
    return s->machines[replica].host->app;
}

void *weft_sim_app_test(const struct weft_sim *s) {
    return s->app.test;
}

/* --- What it says ------------------------------------------------------------------------------------------------- */

void weft_sim_host_say(struct weft_sim_host *h, const char *fmt, ...) {
    char text[TEXT_MAX];
    va_list args;
    int len = snprintf(text, sizeof text, "%s %lu: ", h->sim->app.cls->name, (unsigned long)h->number);
    size_t at = len > 0 && (size_t)len < sizeof text ? (size_t)len : 0;
    va_start(args, fmt);
    (void)vsnprintf(text + at, sizeof text - at, fmt, args);
    va_end(args);
    weft__trace_item(&h->sim->trace, h->sim->now_ns, weft_str(text));
    weft__story_said(h->sim, h->number, text + at);
}

static void fail(struct weft_sim *s, const char *fmt, va_list args) {
    if (s->app.failure[0] == '\0') (void)vsnprintf(s->app.failure, sizeof s->app.failure, fmt, args);
}

void weft_sim_app_fail(struct weft_sim *s, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fail(s, fmt, args);
    va_end(args);
}

void weft_sim_host_fail(struct weft_sim_host *h, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    fail(h->sim, fmt, args);
    va_end(args);
}
