/* plan_machines.c: from a seed to what happens to single machines. Each kind of fault draws its own times, replicas and
 * amounts, and what it breaks is mended before the plan ends; but a retired replica is gone, and one that joined stays.
 */
#include "base/prng.h"
#include "sim/schedule.h"

enum { PURPOSE_MACHINE = 0x706c6d00 };

struct draw {
    uint64_t key;
    uint64_t n;
};

static uint64_t below(struct draw *d, uint64_t bound) {
    return bound == 0 ? 0 : weft__scale(weft__keyed(d->key, PURPOSE_MACHINE, d->n++, 0, 0), bound);
}

/* One in 1 to most, small ones as likely as large ones: each number of bits is. */
static uint64_t log_uniform(struct draw *d, uint64_t most) {
    unsigned bits = 0;
    while (most >> bits > 1) bits++;
    uint64_t low = UINT64_C(1) << below(d, bits + 1), high = 2 * low - 1 < most ? 2 * low - 1 : most;
    return low + below(d, high - low + 1);
}

static int push_at(struct weft_sim_schedule *s, uint64_t at_ns, struct weft__sim_item item) {
    item.at_ns = at_ns < s->options.duration_ns ? at_ns : s->options.duration_ns;
    return weft__schedule_push(s, &item);
}

/* Who is below all logs cannot take the state of a peer with another chain (liar.c); what was taken as a state is below
 * the log of who took it, and claims make others take states. */
static bool may_equivocate(const struct weft_sim_options *o, uint64_t lies) {
    return o->engine_log_max == 0 && o->liars == 1 && (lies & WEFT__LIE_CLAIMS) == 0;
}

/* Whom and what. */
static struct weft__sim_item draw_item(const struct weft_sim_schedule *s, enum weft__sim_item_kind kind, uint64_t n,
                                       struct draw *d) {
    const struct weft_sim_options *o = &s->options;
    struct weft__sim_item item = {.kind = kind};
    if (kind == WEFT__SIM_JOIN)
        item.number = below(d, s->region_count);
    else
        item.replica = (uint32_t)below(d, o->replicas);
    if (kind == WEFT__SIM_RETIRE) item.replica = (uint32_t)((o->seed + n) % o->replicas); /* never the same twice */
    /* Others than those that retire by themselves. */
    if (kind == WEFT__SIM_LIAR) item.replica = (uint32_t)((o->seed + o->retirements + n) % o->replicas);
    if (kind == WEFT__SIM_LIAR) item.number = 1 + below(d, (1u << WEFT__LIES_HARMLESS) - 1);
    if (kind == WEFT__SIM_LIAR && !may_equivocate(o, item.number)) item.number &= ~(uint64_t)WEFT__LIE_EQUIVOCATION;
    if (kind == WEFT__SIM_LIAR && o->rights != WEFT__SIM_RIGHTS_NONE) item.number |= WEFT__LIE_RIGHTS;
    if (kind == WEFT__SIM_SYNC) item.ns = (int64_t)log_uniform(d, o->slow_sync_ns);
    if (kind == WEFT__SIM_SLOW) item.ns = (int64_t)log_uniform(d, o->slow_step_ns);
    if (kind == WEFT__SIM_LOSE || kind == WEFT__SIM_STRAY) item.number = log_uniform(d, 8);
    if (kind == WEFT__SIM_STARVE) item.number = log_uniform(d, 2000);
    if (kind == WEFT__SIM_REVERT) item.number = below(d, 8);
    return item;
}

/* What mends it; WEFT__SIM_ITEM_KINDS: nothing does. */
static enum weft__sim_item_kind end_of(enum weft__sim_item_kind kind) {
    switch (kind) {
    case WEFT__SIM_FULL:
        return WEFT__SIM_FREE;
    case WEFT__SIM_LIE:
        return WEFT__SIM_HONEST;
    case WEFT__SIM_TEAR:
        return WEFT__SIM_RESTART;
    case WEFT__SIM_PAUSE:
        return WEFT__SIM_RESUME;
    case WEFT__SIM_DOWNGRADE:
        return WEFT__SIM_UPGRADE;
    case WEFT__SIM_LIAR:
        return WEFT__SIM_RETIRE;
    case WEFT__SIM_SYNC:
    case WEFT__SIM_SLOW:
        return kind;
    default:
        return WEFT__SIM_ITEM_KINDS;
    }
}

/* A fault that only shows at the next opening is followed by one; before a backup is taken up, one is made. */
static int push_company(struct weft_sim_schedule *s, const struct weft__sim_item *item, uint64_t from, uint64_t until,
                        struct draw *d) {
    struct weft__sim_item other = {.kind = WEFT__SIM_BACKUP, .replica = item->replica};
    if (item->kind == WEFT__SIM_REWIND) {
        other.kind = WEFT__SIM_SNAPSHOT;
        return push_at(s, from - below(d, from / 2 + 1), other);
    }
    if (item->kind == WEFT__SIM_REVERT) {
        int rc = push_at(s, from / 2, other);
        return rc == 0 ? push_at(s, from - from / 4, other) : rc;
    }
    bool shows_later = item->kind == WEFT__SIM_LIE || item->kind == WEFT__SIM_LOSE || item->kind == WEFT__SIM_STRAY ||
                       item->kind == WEFT__SIM_ROT;
    if (!shows_later) return 0;
    uint64_t crash = from + below(d, until - from), restart = crash + 1 + below(d, until - crash);
    other.kind = WEFT__SIM_CRASH;
    int rc = push_at(s, crash, other);
    other.kind = WEFT__SIM_RESTART;
    return rc == 0 ? push_at(s, restart, other) : rc;
}

static int push_fault(struct weft_sim_schedule *s, enum weft__sim_item_kind kind, uint64_t n) {
    const struct weft_sim_options *o = &s->options;
    struct draw d = {weft__keyed(o->seed, PURPOSE_MACHINE, kind, n, 0), 0};
    uint64_t from = below(&d, o->duration_ns), until = from + 1 + log_uniform(&d, o->fault_ns);
    struct weft__sim_item item = draw_item(s, kind, n, &d), end = {.kind = end_of(kind), .replica = item.replica};
    int rc = push_at(s, from, item);
    if (rc == 0) rc = push_company(s, &item, from, until, &d);
    if (kind == WEFT__SIM_LIAR) until = o->duration_ns;
    if (rc == 0 && end.kind != WEFT__SIM_ITEM_KINDS) rc = push_at(s, until, end);
    return rc;
}

int weft__plan_machines(struct weft_sim_schedule *s) {
    const struct weft_sim_options *o = &s->options;
    uint64_t spare = o->replicas < 2 ? 0 : o->replicas - 2;
    uint64_t retired = o->retirements < spare ? o->retirements : spare;
    uint64_t liars = o->liars < spare - retired ? o->liars : spare - retired;
    const struct {
        enum weft__sim_item_kind kind;
        uint64_t count;
    } faults[] = {
        {WEFT__SIM_FULL, o->disks_full},
        {WEFT__SIM_SYNC, o->disks_slow},
        {WEFT__SIM_LIE, o->disks_lying},
        {WEFT__SIM_LOSE, o->writes_lost},
        {WEFT__SIM_TEAR, o->writes_torn},
        {WEFT__SIM_STRAY, o->writes_astray},
        {WEFT__SIM_ROT, o->bits_rotten},
        {WEFT__SIM_PAUSE, o->pauses},
        {WEFT__SIM_SLOW, o->slowdowns},
        {WEFT__SIM_REVERT, o->backups_reverted},
        {WEFT__SIM_REWIND, o->rewinds},
        {WEFT__SIM_STARVE, o->starvations},
        {WEFT__SIM_DOWNGRADE, o->version_skews},
        {WEFT__SIM_JOIN, o->joins},
        {WEFT__SIM_RETIRE, retired},
        {WEFT__SIM_LIAR, liars},
    };
    for (size_t k = 0; k < sizeof faults / sizeof *faults; k++)
        for (uint64_t n = 0; n < faults[k].count; n++) {
            int rc = push_fault(s, faults[k].kind, n);
            if (rc != 0) return rc;
        }
    return 0;
}
