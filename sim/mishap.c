/* mishap.c: what a schedule does to one machine: its disk, its process, its place among the others. */
#include <weft/err.h>

#include "base/prng.h"
#include "sim/world.h"

static bool is_running(const struct weft__machine *m) {
    return m->replica != NULL && !m->retired;
}

/* A branch that is not repaired yet is in memory only as far as the ghosts know: its store is not copied. */
static bool is_whole(const struct weft__machine *m) {
    return !m->watched.branch.is_open;
}

bool weft__mishap_is_possible(const struct weft_sim *s, const struct weft__sim_item *item) {
    if (item->kind == WEFT__SIM_JOIN)
        return item->number < s->schedule->region_count && s->machine_count < WEFT_SIM_REPLICAS_MAX;
    if (item->replica >= s->machine_count) return false;
    const struct weft__machine *m = &s->machines[item->replica];
    switch (item->kind) {
    case WEFT__SIM_RESTART:
        return m->replica == NULL && !m->retired;
    case WEFT__SIM_TXN:
    case WEFT__SIM_APP:
    case WEFT__SIM_GRANT:
    case WEFT__SIM_REVOKE:
    case WEFT__SIM_CHECKPOINT:
    case WEFT__SIM_RAISE:
    case WEFT__SIM_PAUSE:
    case WEFT__SIM_SUSPEND:
        return is_running(m) && !m->paused;
    case WEFT__SIM_RESUME:
        return is_running(m) && m->paused;
    case WEFT__SIM_CRASH:
    case WEFT__SIM_TEAR:
        return is_running(m);
    case WEFT__SIM_SNAPSHOT:
        return is_running(m) && is_whole(m) && !m->disk.now.doubtful; /* memory has more than its disk */
    case WEFT__SIM_BACKUP:
    case WEFT__SIM_COPY:
        return is_whole(m);
    default:
        return !m->retired;
    }
}

/* --- Processes ------------------------------------------------------------------------------------------------------
 */

static int stop(struct weft_sim *s, uint32_t i, bool torn) {
    s->stats.crashes++;
    int rc = weft__machine_crash(s, i, torn);
    return rc == 0 ? weft__links_look(s, i) : rc;
}

static int pause(struct weft_sim *s, struct weft__machine *m) {
    m->paused = true;
    s->stats.pauses++;
    return 0;
}

static int resume(struct weft_sim *s, uint32_t i) {
    s->machines[i].paused = false;
    weft__sim_clock_go(&s->machines[i].clock, s->now_ns);
    int rc = weft__machine_set_alarm(s, i);
    return rc == 0 ? weft__inbox_open(s, i) : rc;
}

static int retire(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    int rc = m->replica == NULL ? 0 : weft__machine_crash(s, i, false);
    if (rc != 0) return rc;
    m->retired = true;
    s->stats.retirements++;
    return weft__links_look(s, i);
}

/* It starts again as another release of the application. */
static int release(struct weft_sim *s, uint32_t i, const struct weft_crdt_class *const *classes) {
    struct weft__machine *m = &s->machines[i];
    int rc = m->replica == NULL ? 0 : stop(s, i, false);
    m->options.classes = classes;
    s->stats.releases++;
    return rc == 0 ? weft__machine_open(s, i) : rc;
}

static int join(struct weft_sim *s, uint8_t region) {
    int rc = weft__machine_add(s, region);
    if (rc != 0) return rc;
    s->stats.joins++;
    return weft__machine_open(s, (uint32_t)s->machine_count - 1);
}

/* --- Disks ----------------------------------------------------------------------------------------------------------
 */

static int damage(struct weft_sim *s, uint32_t i, const struct weft__sim_item *item) {
    struct weft__disk *d = &s->machines[i].disk;
    uint64_t random = weft__keyed(s->schedule->options.seed, WEFT__PURPOSE_DAMAGE, i, s->now_ns, item->kind);
    s->stats.disk_faults++;
    switch (item->kind) {
    case WEFT__SIM_FULL:
        d->full = true;
        return 0;
    case WEFT__SIM_LIE:
        return weft__disk_lie(d, true);
    case WEFT__SIM_LOSE:
        d->losing += item->number;
        return 0;
    case WEFT__SIM_STRAY:
        d->straying += item->number;
        return 0;
    default:
        return weft__medium_rot(&d->now, random);
    }
}

int weft__mishap(struct weft_sim *s, const struct weft__sim_item *item) {
    uint32_t i = item->replica;
    struct weft__machine *m = &s->machines[i];
    switch (item->kind) {
    case WEFT__SIM_FULL:
    case WEFT__SIM_LIE:
    case WEFT__SIM_LOSE:
    case WEFT__SIM_STRAY:
    case WEFT__SIM_ROT:
        return damage(s, i, item);
    case WEFT__SIM_FREE:
        m->disk.full = false;
        return 0;
    case WEFT__SIM_HONEST:
        return weft__disk_lie(&m->disk, false);
    case WEFT__SIM_SYNC:
        m->sync_ns = item->ns > 0 ? (uint64_t)item->ns : s->schedule->options.sync_ns;
        return 0;
    case WEFT__SIM_TEAR:
        return stop(s, i, true);
    case WEFT__SIM_SUSPEND:
        weft__sim_clock_stop(&m->clock, s->now_ns);
        return pause(s, m);
    case WEFT__SIM_PAUSE:
        return pause(s, m);
    case WEFT__SIM_RESUME:
        return resume(s, i);
    case WEFT__SIM_SLOW:
        m->step_ns = item->ns > 0 ? (uint64_t)item->ns : 0;
        return 0;
    case WEFT__SIM_RETIRE:
        return retire(s, i);
    case WEFT__SIM_SNAPSHOT:
        return weft__disk_snapshot(&m->disk, &m->watched.applied, weft_replica_self(m->replica).epoch);
    case WEFT__SIM_REWIND:
        return weft__machine_rewind(s, i);
    case WEFT__SIM_DOWNGRADE:
        return release(s, i, s->schedule->options.older_classes);
    case WEFT__SIM_UPGRADE:
        return release(s, i, s->schedule->options.classes);
    case WEFT__SIM_LIAR:
        return weft__liar_begin(s, i, item->number);
    case WEFT__SIM_STARVE:
        m->ration->left = item->number;
        return 0;
    case WEFT__SIM_JOIN:
        return join(s, (uint8_t)item->number);
    default:
        return WEFT_ERR_INVALID;
    }
}
