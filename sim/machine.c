/* machine.c: a replica on its machine: it is opened from its disk, stepped, and what it asks for is carried out. */
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/endian.h"
#include "base/prng.h"
#include "base/signature.h"
#include "replication/engine.h"
#include "sim/world.h"

#define NONE UINT64_MAX

/* --- Making ---------------------------------------------------------------------------------------------------------
 */

static uint64_t drawn(const struct weft_sim *s, enum weft__sim_purpose purpose, uint64_t a, uint64_t b) {
    return weft__keyed(s->schedule->options.seed, (uint64_t)purpose, a, b, 0);
}

static int64_t either_way(uint64_t random, uint64_t most) {
    return (int64_t)weft__scale(random, 2 * most + 1) - (int64_t)most;
}

static uint64_t word_of_ns(uint64_t ns) {
    return WEFT_HLC_SECONDS(ns / 1000000000u) + (((ns % 1000000000u << 32) / 1000000000u) & ~UINT64_C(0xffff));
}

static void fill_options(const struct weft_sim *s, uint32_t i, struct weft_replica_options *to) {
    const struct weft_sim_options *o = &s->schedule->options;
    weft_replica_options_init(to);
    to->seed = drawn(s, WEFT__PURPOSE_ENGINE, i, 0);
    to->jitter = to->seed; /* also where tables are laid out otherwise */
    to->alloc = &s->machines[i].ration->alloc;
    to->classes = o->classes;
    if (s->check.policy.governs) to->space = s->check.policy.space;
    to->errmsg = o->errmsg;
    to->errmsg_len = o->errmsg_len;
    if (o->engine_drift_ns > 0) to->drift = word_of_ns(o->engine_drift_ns);
    if (o->engine_digest_ns > 0) to->digest_ns = o->engine_digest_ns;
    if (o->engine_log_max > 0) to->log_max = (size_t)o->engine_log_max;
    if (o->engine_checkpoint_bytes > 0) to->checkpoint_bytes = (size_t)o->engine_checkpoint_bytes;
    if (o->engine_segment_bytes > 0) to->segment_bytes = (size_t)o->engine_segment_bytes;
    if (o->engine_pending_max > 0) to->pending_max = (size_t)o->engine_pending_max;
    if (o->engine_chunk_bytes > 0) to->chunk_bytes = (size_t)o->engine_chunk_bytes;
}

int weft__machine_add(struct weft_sim *s, uint8_t region) {
    uint32_t i = (uint32_t)s->machine_count;
    void *items = s->machines;
    int rc = weft__grow(s->alloc, &items, &s->machine_cap, s->machine_count + 1, sizeof *s->machines);
    s->machines = items;
    if (rc == 0) rc = weft__net_add(&s->net, region);
    if (rc != 0) return rc;
    struct weft__machine *m = &s->machines[i];
    memset(m, 0, sizeof *m);
    const struct weft_sim_options *o = &s->schedule->options;
    weft__sim_clock_init(&m->clock, either_way(drawn(s, WEFT__PURPOSE_DRIFT, i, 0), o->drift_ppb),
                         either_way(drawn(s, WEFT__PURPOSE_SKEW, i, 0), o->skew_ns));
    m->sync_ns = o->sync_ns;
    m->ration = weft__malloc(s->alloc, sizeof *m->ration);
    if (m->ration == NULL) return WEFT_ERR_NOMEM;
    weft__ration_init(m->ration, weft__alloc_or_default(s->alloc));
    fill_options(s, i, &m->options);
    weft__machine_name(s, i);
    weft__watched_init(&m->watched, s->alloc);
    m->watched.pending_max = m->options.pending_max;
    m->watched.drift = m->options.drift;
    m->watched.checkpoint_bytes = m->options.checkpoint_bytes;
    m->watched.log_max = m->options.log_max + m->options.checkpoint_bytes;
    rc = weft__disk_init(&m->disk, s->alloc);
    s->machine_count++; /* also when it failed: weft_sim_free takes it down */
    return rc == 0 ? weft__links_add(s) : rc;
}

void weft__machine_fini(struct weft_sim *s, struct weft__machine *m) {
    weft_replica_free(m->replica);
    weft__free(s->alloc, m->ration, sizeof *m->ration);
    weft__inbox_fini(s, m);
    weft__watched_fini(&m->watched);
    weft__disk_fini(&m->disk);
}

/* --- Stepping
 * --------------------------------------------------------------------------------------------------------- */

int weft__machine_failed(struct weft_sim *s, uint32_t i, int rc) {
    if (rc == WEFT_ERR_NOMEM) return rc;
    const struct weft__machine *m = &s->machines[i];
    weft_buf_reset(&s->scratch);
    weft_buf_printf(&s->scratch, "%s: %s", weft_strerror(rc),
                    m->replica == NULL ? "" : weft_replica_errmsg(m->replica));
    weft_buf_append(&s->scratch, "", 1);
    return weft__world_fail(s, i, WEFT__CHECK_CALL, (const char *)s->scratch.ptr);
}

int weft__machine_checked(struct weft_sim *s, uint32_t i, int rc) {
    return rc == WEFT_ERR_CORRUPT ? weft__world_fail(s, i, WEFT__CHECKS, NULL) : rc;
}

static int post_to(struct weft_sim *s, uint32_t i, enum weft__happening_kind kind, uint64_t at_ns) {
    struct weft__happening h = {.kind = kind, .to = i, .tag = s->machines[i].boot};
    return weft__world_post(s, at_ns, &h);
}

static int begin_sync(struct weft_sim *s, uint32_t i) {
    if (!weft__disk_begin_sync(&s->machines[i].disk)) return 0;
    s->machines[i].write_ns = s->now_ns;
    uint64_t delay = weft__world_delay(s, WEFT__PURPOSE_SYNC, i, s->machines[i].sync_ns);
    return post_to(s, i, WEFT__SYNCED, s->now_ns + delay);
}

static int set_timer(struct weft_sim *s, uint32_t i, uint64_t deadline) {
    struct weft__machine *m = &s->machines[i];
    if (deadline == m->deadline && m->wanted_ns > s->now_ns) return 0;
    m->deadline = deadline;
    m->wanted_ns = deadline == NONE ? NONE : weft__sim_clock_when(&m->clock, deadline);
    if (m->wanted_ns <= s->now_ns) m->wanted_ns = s->now_ns + 1000; /* nobody's timer is exact */
    if (m->wanted_ns >= m->timer_ns) return 0;
    m->timer_ns = m->wanted_ns;
    return post_to(s, i, WEFT__TIMER, m->timer_ns);
}

int weft__machine_set_alarm(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    uint64_t deadline = m->deadline;
    m->deadline = NONE;
    return m->replica == NULL ? 0 : set_timer(s, i, deadline);
}

/* Where the other chain of rolled-back memory has a document of rights under a dot of this one no state is joined: one
 * of the two would take the document away. */
static bool would_lose_document(const struct weft_sim *s, uint32_t i) {
    return s->check.policy.governs && s->machines[i].watched.branch.is_open;
}

/* A link over which nonsense came is closed, last: a step ends what the update lends. */
static int take_notices(struct weft_sim *s, uint32_t i, const struct weft_update *u) {
    const struct weft_notice *refused = NULL;
    for (size_t k = 0; k < u->notice_count; k++) {
        s->stats.notices[u->notices[k].kind]++;
        if (u->notices[k].kind == WEFT_NOTICE_REFUSED) refused = &u->notices[k];
    }
    if (refused == NULL) return 0;
    bool is_damaged = s->net.corrupted + s->net.truncated > 0 || s->machines[refused->link].lies != 0;
    if (refused->err == WEFT_ERR_DENIED && weft__sim_ever_lacked(s, refused->link, WEFT__POLICY_ALL)) is_damaged = true;
    if (would_lose_document(s, i)) weft__check_parted(&s->check);
    int rc = is_damaged ? 0 : weft__world_fail(s, i, WEFT__CHECK_CALL, refused->text);
    return rc != 0 ? rc : weft__sim_link_close(s, i, refused->link);
}

/* Nothing else is looked at meanwhile. */
static int take_time(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    if (m->step_ns == 0) return 0;
    m->busy_ns = s->now_ns + weft__world_delay(s, WEFT__PURPOSE_STEP, i, m->step_ns);
    return post_to(s, i, WEFT__WAKE, m->busy_ns);
}

static int carry_out(struct weft_sim *s, uint32_t i, const struct weft_update *u) {
    struct weft__machine *m = &s->machines[i];
    int rc = 0;
    if (u->record_count > 0) rc = weft__disk_put(&m->disk, u->records, u->record_count, &m->watched.applied);
    if (rc == 0) rc = begin_sync(s, i);
    for (size_t k = 0; rc == 0 && k < u->message_count; k++) rc = weft__sim_link_send(s, i, &u->messages[k]);
    if (rc == 0) rc = set_timer(s, i, u->deadline_ns);
    if (rc == 0 && u->wants_epoch && !m->epoch_posted) {
        m->epoch_posted = true;
        rc = post_to(s, i, WEFT__EPOCH, s->now_ns + 1000);
    }
    if (rc == 0 && u->wants_signature_count > 0 && !m->sign_posted) {
        m->sign_posted = true;
        m->to_sign = u->wants_signature[0]; /* the others are wanted again */
        rc = post_to(s, i, WEFT__SIGN, s->now_ns + 1000);
    }
    if (rc == 0 && u->wants_reopen && !m->reopen_posted) {
        m->reopen_posted = true;
        rc = post_to(s, i, WEFT__REOPEN, s->now_ns + 1000);
    }
    if (rc == 0) rc = take_time(s, i);
    if (rc == 0) weft__app_tell(s, i, u);
    return rc == 0 ? take_notices(s, i, u) : rc;
}

static void trace(struct weft_sim *s, uint32_t i, const struct weft_event *e, const struct weft_update *u,
                  struct weft__hash128 bytes) {
    struct weft__trace_event t = {s->now_ns, i, (uint32_t)e->kind, e->link, bytes, s->machines[i].watched.state_hash};
    for (size_t k = 0; k < u->record_count; k++) {
        const struct weft_record *r = &u->records[k];
        bytes.lo = weft__keyed(bytes.lo, r->kind, r->id, r->seq, r->bytes.len);
    }
    bytes.hi = weft__keyed(bytes.hi, u->message_count, u->change_count, u->notice_count, u->deadline_ns);
    t.bytes = bytes;
    weft__trace_event(&s->trace, &t);
}

static bool is_in_passing(const struct weft_sim *s, uint32_t i) {
    uint64_t one_in = s->schedule->options.check_one_in;
    return one_in > 1 && weft__scale(drawn(s, WEFT__PURPOSE_CHECK, i, s->now_ns), one_in) != 0;
}

int weft__machine_call(struct weft__machine *m, const struct weft_event *e, struct weft_update *u) {
    int rc;
    do {
        weft__ration_begin(m->ration, m->replica);
        rc = weft_replica_step(m->replica, e, u);
    } while (weft__ration_end(m->ration, m->replica, rc));
    return rc;
}

int weft__machine_check_memory(struct weft_sim *s, uint32_t i) {
    struct weft__ration *ration = s->machines[i].ration;
    uint64_t most = s->schedule->options.memory_max;
    char text[96];
    if (most > 0 && ration->most > most) {
        (void)snprintf(text, sizeof text, "a replica held %llu bytes, and may hold %llu",
                       (unsigned long long)ration->most, (unsigned long long)most);
        return weft__world_fail(s, i, WEFT__CHECK_BOUND, text);
    }
    if (!ration->left_a_trace) return 0;
    ration->left_a_trace = false;
    return weft__world_fail(s, i, WEFT__CHECK_MEMORY, "a call that ran out of memory changed the state");
}

/* The hash of what comes in: a delivered message has it already. */
static int step(struct weft_sim *s, uint32_t i, struct weft_event *e, struct weft__hash128 bytes) {
    struct weft__machine *m = &s->machines[i];
    struct weft_update u;
    e->now = weft__sim_clock_read(&m->clock, s->now_ns);
    int rc = weft__machine_call(m, e, &u);
    if (rc == WEFT_ERR_BUSY) return rc;
    if (rc != 0) return weft__machine_failed(s, i, rc);
    rc = weft__machine_check_memory(s, i);
    if (rc != 0) return rc;
    s->stats.steps++;
    struct weft__hash128 before = m->watched.vector_hash;
    weft__check_time(&m->watched, e->now.wall);
    m->watched.epoch_recorded = m->disk.now.epoch;
    m->watched.unsynced = weft__disk_unsynced(&m->disk);
    bool shows_another = s->mutant.shows_another && i + 1 == s->machine_count;
    s->check.shown = shows_another ? s->machines[0].replica : NULL;
    s->check.in_passing = is_in_passing(s, i);
    rc = weft__check_step(&s->check, &m->watched, m->replica, &u, &m->disk.now.durable);
    s->check.shown = NULL;
    bool tells_all =
        !weft__sim_ever_lacked(s, i, WEFT__POLICY_RELAY) && !weft__sim_ever_lacked(s, e->link, WEFT__POLICY_READ);
    if (rc == 0 && tells_all && e->kind == WEFT_EVENT_RECEIVED && !m->watched.branch.is_open && !s->check.in_passing &&
        !m->ration->failed) /* for lack of memory it may say nothing, and is asked again */
        rc = weft__check_answer(&s->check, &m->watched, m->replica, &u, e->link, e->bytes);
    int told = weft__story_step(s, i, &u);
    rc = weft__machine_checked(s, i, rc != 0 ? rc : told);
    if (rc != 0) return rc;
    if (!weft__hash_eq(before, m->watched.vector_hash)) s->moved = true;
    trace(s, i, e, &u, bytes);
    uint64_t last = u.record_count > 0 ? u.records[u.record_count - 1].number : 0;
    rc = carry_out(s, i, &u);
    if (rc == 0) rc = weft__app_settle(s, i);
    if (rc == 0 && s->mutant.early_persisted && last > 0) {
        struct weft_event persisted = {.kind = WEFT_EVENT_PERSISTED, .number = last};
        rc = step(s, i, &persisted, bytes);
    }
    return rc;
}

int weft__machine_step(struct weft_sim *s, uint32_t i, struct weft_event *e) {
    struct weft__hash128 bytes = {e->number, e->random};
    if (e->kind == WEFT_EVENT_RECEIVED) bytes = weft__trace_bytes(bytes, e->bytes);
    return step(s, i, e, bytes);
}

int weft__machine_tick(struct weft_sim *s, uint32_t i) {
    struct weft_event e = {.kind = WEFT_EVENT_TICK};
    return weft__machine_step(s, i, &e);
}

int weft__machine_timer(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    if (m->timer_ns > s->now_ns) return 0; /* an earlier one went off meanwhile */
    m->timer_ns = NONE;
    if (m->wanted_ns <= s->now_ns) return weft__machine_tick(s, i);
    if (m->wanted_ns == NONE) return 0;
    m->timer_ns = m->wanted_ns;
    return post_to(s, i, WEFT__TIMER, m->timer_ns);
}

int weft__machine_synced(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    struct weft_event e = {.kind = WEFT_EVENT_PERSISTED};
    m->disk.random = drawn(s, WEFT__PURPOSE_DAMAGE, i, s->now_ns);
    int rc = weft__disk_end_sync(&m->disk, &e.number);
    if (rc < 0) return rc;
    if (rc == 0) {
        s->stats.store_failures++;
        uint64_t delay = weft__world_delay(s, WEFT__PURPOSE_SYNC, i, m->sync_ns);
        return post_to(s, i, WEFT__SYNCED, s->now_ns + delay + 1000);
    }
    rc = s->mutant.early_persisted ? 0 : weft__machine_step(s, i, &e);
    if (rc == 0) rc = begin_sync(s, i);
    return rc == 0 ? weft__inbox_open(s, i) : rc;
}

int weft__machine_draw_epoch(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    m->epoch_posted = false;
    struct weft_event e = {.kind = WEFT_EVENT_EPOCH, .random = weft__machine_next_epoch(s, i)};
    return weft__machine_step(s, i, &e);
}

/* A copied store is signed for with the key of the one that it was copied from. */
static int sign(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    struct weft_signing to_sign = m->to_sign;
    const struct weft__policy *p = &s->check.policy;
    uint8_t signature[WEFT__SIGNATURE_LEN];
    size_t life = weft__policy_life(p, &to_sign.origin.replica);
    m->sign_posted = false;
    if (p->keys == NULL || life == SIZE_MAX) return 0;
    weft__signature_make(signature, weft_slice(to_sign.bytes, sizeof to_sign.bytes), p->keys[life].secret);
    struct weft_event e = {
        .kind = WEFT_EVENT_SIGNED, .signing = &to_sign, .bytes = weft_slice(signature, sizeof signature)};
    return weft__machine_step(s, i, &e);
}

bool weft__machine_has_room(const struct weft_sim *s, const struct weft__machine *m) {
    return weft__disk_unsynced(&m->disk) < s->schedule->options.unwritten_max;
}

int weft__machine_hear(struct weft_sim *s, const struct weft__happening *h) {
    struct weft_event e = {.kind = (enum weft_event_kind)h->tag, .link = h->from};
    switch (h->kind) {
    case WEFT__DELIVER:
        return weft__sim_link_deliver(s, h);
    case WEFT__TOLD:
        return weft__machine_step(s, h->to, &e);
    case WEFT__TIMER:
        return weft__machine_timer(s, h->to);
    case WEFT__SYNCED:
        return weft__machine_synced(s, h->to);
    case WEFT__EPOCH:
        return weft__machine_draw_epoch(s, h->to);
    case WEFT__SIGN:
        return sign(s, h->to);
    case WEFT__REOPEN:
        return weft__machine_reopen(s, h->to);
    case WEFT__WAKE:
        return weft__inbox_open(s, h->to);
    case WEFT__APP_TIMER:
        return weft__app_timer(s, h);
    case WEFT__APP_MESSAGE:
        return weft__app_message(s, h);
    case WEFT__LINK:
    case WEFT__FLAP:
    case WEFT__LIE:
        break;
    }
    return 0;
}
