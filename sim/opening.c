/* opening.c: a replica's lives on its machine: opened from its disk, ended by itself or by the power. Where the disk
 * broke its promises the engine may refuse what it finds there, by a typed error and never by a wrong state; then the
 * simulation does what an operator would: the store is wiped, and a new replica starts from nothing. */
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "replication/engine.h"
#include "sim/world.h"

#define NONE UINT64_MAX

static uint64_t drawn(const struct weft_sim *s, enum weft__sim_purpose purpose, uint64_t a, uint64_t b) {
    return weft__keyed(s->schedule->options.seed, (uint64_t)purpose, a, b, 0);
}

void weft__machine_identity(const struct weft_sim *s, uint32_t i, uint64_t n, struct weft_id *out) {
    for (unsigned k = 0; k < 16; k++)
        out->bytes[k] = (uint8_t)(drawn(s, WEFT__PURPOSE_ID, i, 2 * n + k / 8) >> (8 * (k % 8)));
}

void weft__machine_name(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    weft__machine_identity(s, i, m->identities++, &m->options.replica);
}

/* --- Opening --------------------------------------------------------------------------------------------------------
 */

static int restore_each(void *ctx, const struct weft_record *record) {
    struct weft_event e = {.kind = WEFT_EVENT_RESTORE, .record = record};
    struct weft_update u;
    return weft__machine_call(ctx, &e, &u);
}

uint64_t weft__machine_next_epoch(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    if (m->is_resumed) {
        m->is_resumed = false;
        return m->disk.machine_epoch;
    }
    uint64_t n = s->mutant.same_epochs ? 0 : ++m->draws;
    return drawn(s, WEFT__PURPOSE_EPOCH, i, n);
}

static int make(struct weft_sim *s, struct weft__machine *m) {
    m->options.seed ^= s->schedule->options.tables;
    int rc;
    do {
        weft__ration_begin(m->ration, NULL);
        rc = weft_replica_new(&m->replica, &m->options);
    } while (weft__ration_end(m->ration, NULL, rc));
    m->options.seed ^= s->schedule->options.tables;
    m->options.errmsg = NULL;                                /* it was lent for the first opening */
    if (rc == 0) m->replica->options.seed = m->options.seed; /* tables have theirs by now */
    return rc;
}

static int load(struct weft_sim *s, struct weft__machine *m) {
    if (s->mutant.forgets_store && m->boot > 1) return 0;
    return weft__medium_load(&m->disk.now, s->mutant.blind_store, restore_each, m);
}

/* From the store to the first update. */
static int start(struct weft_sim *s, uint32_t i, struct weft_update *u) {
    struct weft__machine *m = &s->machines[i];
    int rc = load(s, m);
    if (rc != 0) return rc;
    struct weft_event e = {.kind = WEFT_EVENT_START, .random = weft__machine_next_epoch(s, i)};
    e.now = weft__sim_clock_read(&m->clock, s->now_ns);
    return weft__machine_call(m, &e, u);
}

/* A snapshot of memory is opened from the store that it amounts to. That does not keep what the vector gained since the
 * own transaction before; all of it may have been. */
static void resume(struct weft_replica *r) {
    for (uint32_t i = 0; i < r->space.applied.len; i++) {
        if (i == r->self || r->is_gained[i] || r->space.applied.seq[i] == 0) continue;
        r->is_gained[i] = 1;
        r->gained[r->gained_count++] = i;
    }
}

/* The ghosts are set after START: the vector can only be read when the replica has started. */
static int check_opened(struct weft_sim *s, struct weft__machine *m, const struct weft_update *u) {
    struct weft__watched *w = &m->watched;
    struct weft__medium *now = &m->disk.now;
    if (w->branch.is_open) return weft__check_reopened(&s->check, w, m->replica, u, &now->durable);
    int rc = weft__check_opened(&s->check, w, m->replica, &now->durable, now->doubtful);
    if (rc == 0 && now->doubtful) rc = weft__vector_copy(&now->durable, &w->applied);
    now->doubtful = false; /* all of it was looked at */
    return rc;
}

/* No other store is refused. */
static bool may_be_refused(const struct weft__machine *m, int rc) {
    return m->disk.now.doubtful && (rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_VERSION);
}

static int begin_anew(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    weft_replica_free(m->replica);
    m->replica = NULL;
    s->stats.wiped++;
    weft__branch_fini(&m->watched.branch);
    weft__machine_name(s, i);
    int rc = weft__disk_format(&m->disk);
    return rc == 0 ? weft__machine_open(s, i) : rc;
}

int weft__machine_open(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    struct weft_update u;
    m->boot++;
    m->timer_ns = m->wanted_ns = m->deadline = NONE;
    m->busy_ns = 0;
    bool is_resumed = m->is_resumed;
    m->epoch_posted = m->reopen_posted = m->sign_posted = m->touched = m->paused = false;
    weft__sim_clock_go(&m->clock, s->now_ns);
    s->moved = true;
    int rc = make(s, m);
    if (rc != 0) return rc;
    rc = start(s, i, &u);
    if (may_be_refused(m, rc)) return begin_anew(s, i);
    if (rc != 0) return weft__machine_failed(s, i, rc);
    if (is_resumed) resume(m->replica);
    rc = weft__sim_rights_known(s, i);
    if (rc != 0) return weft__machine_failed(s, i, rc);
    rc = weft__machine_checked(s, i, check_opened(s, m, &u));
    if (rc == 0) rc = weft__story_started(s, i);
    for (size_t k = 0; k < u.notice_count; k++) s->stats.notices[u.notices[k].kind]++;
    if (rc == 0 && u.record_count > 0) rc = weft__disk_put(&m->disk, u.records, u.record_count, &m->watched.applied);
    if (rc == 0) rc = weft__app_opened(s, i, &u);
    if (rc == 0) rc = weft__machine_tick(s, i);
    return rc == 0 ? weft__links_look(s, i) : rc;
}

/* --- Ending ---------------------------------------------------------------------------------------------------------
 */

/* The process ends; nothing happens to the disk. */
static int end(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    weft_replica_free(m->replica);
    m->replica = NULL;
    m->watched.announced = NULL;
    m->watched.announced_count = 0;
    m->watched.described = false;
    s->moved = true;
    weft__inbox_clear(s, m);
    weft__links_crashed(s, i);
    return weft__story_stopped(s, i);
}

/* A write that is under way may still be done: then the replica never heard that it is. */
static int end_write(struct weft_sim *s, uint32_t i) {
    struct weft__disk *d = &s->machines[i].disk;
    uint64_t number;
    bool began = d->busy && s->machines[i].write_ns < s->now_ns;
    if (!began || drawn(s, WEFT__PURPOSE_CRASH, i, s->now_ns) % 2 == 0) return 0;
    int rc = weft__disk_end_sync(d, &number);
    return rc < 0 ? rc : 0;
}

int weft__machine_crash(struct weft_sim *s, uint32_t i, bool torn) {
    struct weft__disk *d = &s->machines[i].disk;
    d->random = drawn(s, WEFT__PURPOSE_DAMAGE, i, s->now_ns);
    struct weft__branch *b = &s->machines[i].watched.branch;
    int rc = torn ? 0 : end_write(s, i);
    weft__branch_crashed(b, d->done);
    if (b->is_open && s->machines[i].watched.was_rewound && (torn || d->lies || d->now.doubtful))
        weft__check_parted(&s->check); /* what is left of it? */
    if (rc == 0) rc = torn ? weft__disk_tear(d) : weft__disk_crash(d);
    weft__app_stopped(s, i);
    return rc == 0 ? end(s, i) : rc;
}

int weft__machine_rewind(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    if (!m->disk.has_machine) return WEFT_ERR_NOT_FOUND;
    weft__disk_stop(&m->disk);
    if (s->app.cls != NULL) weft__check_parted(&s->check); /* nobody told what its transactions do */
    weft__app_stopped(s, i);                               /* its memory cannot be rolled back */
    int rc = m->replica == NULL ? 0 : end(s, i);
    if (rc == 0) rc = weft__links_look(s, i);
    if (rc == 0) rc = weft__disk_rewind(&m->disk);
    if (rc != 0) return rc;
    weft__branch_fini(&m->watched.branch); /* an earlier one is gone with the memory */
    m->watched.strayed = true;
    m->is_resumed = m->watched.was_rewound = true;
    s->stats.rewinds++;
    return weft__machine_open(s, i);
}

int weft__machine_reopen(struct weft_sim *s, uint32_t i) {
    struct weft__disk *d = &s->machines[i].disk;
    struct weft__happening again = {.kind = WEFT__REOPEN, .to = i, .tag = s->machines[i].boot};
    if (d->busy || d->waiting.count > 0) return weft__world_post(s, s->now_ns + 1000000, &again);
    weft__disk_stop(d);
    if (s->machines[i].watched.branch.is_open && d->now.doubtful) weft__check_parted(&s->check);
    int rc = end(s, i);
    if (rc == 0) rc = weft__links_look(s, i);
    return rc == 0 ? weft__machine_open(s, i) : rc;
}
