/* faults.c: the table of faults. */
#include "sim/faults.h"

#include <string.h>

/* is_healed: it is between replicas, and `heal` ends it too. Where the end is of the fault's own kind it is the one
 * with no duration. */
struct fault {
    enum weft__sim_item_kind kind, end;
    bool is_healed;
};

static const struct fault faults[] = {
    {WEFT__SIM_PARTITION, WEFT__SIM_REJOIN, true}, {WEFT__SIM_CUT, WEFT__SIM_UNCUT, true},
    {WEFT__SIM_LAG, WEFT__SIM_MEND, true},         {WEFT__SIM_STRETCH, WEFT__SIM_MEND, true},
    {WEFT__SIM_LOSSY, WEFT__SIM_MEND, true},       {WEFT__SIM_DOUBLE, WEFT__SIM_MEND, true},
    {WEFT__SIM_SHUFFLE, WEFT__SIM_MEND, true},     {WEFT__SIM_CORRUPT, WEFT__SIM_MEND, true},
    {WEFT__SIM_TRUNCATE, WEFT__SIM_MEND, true},    {WEFT__SIM_BURSTY, WEFT__SIM_MEND, true},
    {WEFT__SIM_THROTTLE, WEFT__SIM_MEND, true},    {WEFT__SIM_FLAP, WEFT__SIM_MEND, true},
    {WEFT__SIM_HALFOPEN, WEFT__SIM_MEND, true},    {WEFT__SIM_OFFSET, WEFT__SIM_STEADY, false},
    {WEFT__SIM_DRIFT, WEFT__SIM_STEADY, false},    {WEFT__SIM_FREEZE, WEFT__SIM_STEADY, false},
    {WEFT__SIM_STROBE, WEFT__SIM_STEADY, false},   {WEFT__SIM_COARSE, WEFT__SIM_STEADY, false},
    {WEFT__SIM_LEAP, WEFT__SIM_STEADY, false},     {WEFT__SIM_CRASH, WEFT__SIM_RESTART, false},
    {WEFT__SIM_TEAR, WEFT__SIM_RESTART, false},    {WEFT__SIM_FULL, WEFT__SIM_FREE, false},
    {WEFT__SIM_LIE, WEFT__SIM_HONEST, false},      {WEFT__SIM_PAUSE, WEFT__SIM_RESUME, false},
    {WEFT__SIM_SUSPEND, WEFT__SIM_RESUME, false},  {WEFT__SIM_SYNC, WEFT__SIM_SYNC, false},
    {WEFT__SIM_SLOW, WEFT__SIM_SLOW, false},       {WEFT__SIM_LAG, WEFT__SIM_MEND, true},
    {WEFT__SIM_STRETCH, WEFT__SIM_MEND, true},     {WEFT__SIM_LOSSY, WEFT__SIM_MEND, true},
    {WEFT__SIM_DOUBLE, WEFT__SIM_MEND, true},      {WEFT__SIM_SHUFFLE, WEFT__SIM_MEND, true},
    {WEFT__SIM_CORRUPT, WEFT__SIM_MEND, true},     {WEFT__SIM_TRUNCATE, WEFT__SIM_MEND, true},
    {WEFT__SIM_BURSTY, WEFT__SIM_MEND, true},      {WEFT__SIM_THROTTLE, WEFT__SIM_MEND, true},
    {WEFT__SIM_FLAP, WEFT__SIM_MEND, true},        {WEFT__SIM_HALFOPEN, WEFT__SIM_MEND, true},
    {WEFT__SIM_OFFSET, WEFT__SIM_STEADY, false},   {WEFT__SIM_DRIFT, WEFT__SIM_STEADY, false},
    {WEFT__SIM_FREEZE, WEFT__SIM_STEADY, false},   {WEFT__SIM_STROBE, WEFT__SIM_STEADY, false},
    {WEFT__SIM_COARSE, WEFT__SIM_STEADY, false},   {WEFT__SIM_LEAP, WEFT__SIM_STEADY, false},
};

static const struct fault *find(enum weft__sim_item_kind kind) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].kind == kind) return &faults[i];
    return NULL;
}

bool weft__fault_lasts(const struct weft__sim_item *item) {
    return find(item->kind) != NULL && !weft__fault_is_end(item);
}

bool weft__fault_is_healed(enum weft__sim_item_kind kind) {
    const struct fault *f = find(kind);
    return f != NULL && f->is_healed;
}

bool weft__fault_is_end(const struct weft__sim_item *item) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        if (faults[i].end == item->kind && (faults[i].kind != item->kind || item->ns == 0)) return true;
    return item->kind == WEFT__SIM_HEAL;
}

bool weft__fault_is_ended(const struct weft_sim_schedule *s, const struct weft__sim_item *fault,
                          const struct weft__sim_item *end) {
    const struct fault *f = find(fault->kind);
    if (f == NULL || f->end != end->kind || !weft__fault_is_end(end) || fault->replica != end->replica ||
        fault->count != end->count)
        return false;
    return fault->count == 0 ||
           memcmp(s->members + fault->first, s->members + end->first, fault->count * sizeof *s->members) == 0;
}

static bool has_end(const struct weft_sim_schedule *s, size_t fault, size_t before) {
    for (size_t i = fault + 1; i < before; i++)
        if (weft__fault_is_ended(s, &s->items[fault], &s->items[i])) return true;
    return false;
}

bool weft__fault_ends_any(const struct weft_sim_schedule *s, size_t end) {
    if (s->items[end].kind != WEFT__SIM_HEAL) return false;
    for (size_t i = 0; i < end; i++) {
        const struct fault *f = find(s->items[i].kind);
        if (f != NULL && f->is_healed && !has_end(s, i, end)) return true;
    }
    return false;
}
