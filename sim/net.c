/* net.c: links by class. A table of N x N links would not fit a cache (24 bytes a link made a thousand replicas four
 * times slower); regions do, and what differs from them is a short sorted list of cuts, and spells (spells.c).
 *
 * Every draw is keyed by (seed, purpose, from, to, time, ordinal at that time), so that a message has its fate whatever
 * happened elsewhere: that is what makes a schedule shrinkable. */
#include "sim/net.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "sim/schedule.h"
#include "sim/tail.h"

enum { PURPOSE_FATE = 0x6e657400, PURPOSE_BURST };

#define MILLION UINT64_C(1000000)
#define SECOND  UINT64_C(1000000000)
/* The side of those that a partition does not name. */
#define REST    (UINT64_C(1) << 63)

int weft__net_init(struct weft__net *n, size_t regions, const uint32_t *one_way_us, const struct weft_alloc *alloc) {
    memset(n, 0, sizeof *n);
    n->alloc = weft__alloc_or_default(alloc);
    n->usual.slowness = 1;
    weft__spells_init(&n->spells, n->alloc);
    weft__backlog_init(&n->backlog, n->alloc);
    n->latency_ns = weft__calloc(n->alloc, regions * regions, sizeof *n->latency_ns);
    if (n->latency_ns == NULL) return WEFT_ERR_NOMEM;
    n->region_count = regions;
    for (size_t i = 0; i < regions * regions; i++) n->latency_ns[i] = (uint64_t)one_way_us[i] * 1000u;
    return 0;
}

void weft__net_seed(struct weft__net *n, uint64_t seed) {
    n->fates = weft__key(seed, PURPOSE_FATE);
    n->bursts = weft__key(seed, PURPOSE_BURST);
}

void weft__net_fini(struct weft__net *n) {
    weft__free(n->alloc, n->latency_ns, n->region_count * n->region_count * sizeof *n->latency_ns);
    weft__free(n->alloc, n->senders, n->sender_cap * sizeof *n->senders);
    weft__free(n->alloc, n->cuts.keys, n->cuts.cap * sizeof *n->cuts.keys);
    weft__spells_fini(&n->spells);
    weft__backlog_fini(&n->backlog);
}

int weft__net_add(struct weft__net *n, uint8_t region) {
    void *items = n->senders;
    int rc = weft__grow(n->alloc, &items, &n->sender_cap, n->sender_count + 1, sizeof *n->senders);
    n->senders = items;
    if (rc == 0) rc = weft__spells_add_replica(&n->spells);
    if (rc == 0)
        n->senders[n->sender_count++] =
            (struct weft__net_sender){.region = region, .sides = REST, .last_ns = UINT64_MAX};
    return rc;
}

void weft__net_imitate(struct weft__net *n, uint32_t replica, uint32_t like) {
    n->senders[replica].sides = n->senders[like].sides;
    weft__spells_imitate(&n->spells, replica, like);
}

uint64_t weft__net_latency(const struct weft__net *n, uint32_t from, uint32_t to) {
    return n->latency_ns[n->senders[from].region * n->region_count + n->senders[to].region];
}

/* --- Partitions and cuts ------------------------------------------------------------------------------------------ */

static uint64_t cut_key(uint32_t from, uint32_t to) {
    return (uint64_t)from << 32 | to;
}

/* The first cut at or above a key. */
static size_t cut_place(const struct weft__cuts *c, uint64_t key) {
    size_t low = 0, high = c->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_cut(const struct weft__cuts *c, uint32_t from, uint32_t to) {
    if (c->count == 0) return false;
    size_t at = cut_place(c, cut_key(from, to));
    return at < c->count && c->keys[at] == cut_key(from, to);
}

int weft__net_cut(struct weft__net *n, uint32_t from, uint32_t to) {
    struct weft__cuts *c = &n->cuts;
    if (is_cut(c, from, to)) return 0;
    void *keys = c->keys;
    int rc = weft__grow(n->alloc, &keys, &c->cap, c->count + 1, sizeof *c->keys);
    c->keys = keys;
    if (rc != 0) return rc;
    size_t at = cut_place(c, cut_key(from, to));
    memmove(&c->keys[at + 1], &c->keys[at], (c->count - at) * sizeof *c->keys);
    c->keys[at] = cut_key(from, to);
    c->count++;
    n->senders[from].cuts++;
    return 0;
}

void weft__net_uncut(struct weft__net *n, uint32_t from, uint32_t to) {
    struct weft__cuts *c = &n->cuts;
    if (!is_cut(c, from, to)) return;
    size_t at = cut_place(c, cut_key(from, to));
    c->count--;
    n->senders[from].cuts--;
    memmove(&c->keys[at], &c->keys[at + 1], (c->count - at) * sizeof *c->keys);
}

void weft__net_part(struct weft__net *n, const uint32_t *sides, size_t count) {
    uint64_t side = 1;
    for (size_t i = 0; i < n->sender_count; i++) n->senders[i].sides = 0;
    for (size_t i = 0; i < count; i++) {
        if (sides[i] == WEFT__SIM_NEXT_SIDE)
            side <<= 1;
        else if (sides[i] < n->sender_count)
            n->senders[sides[i]].sides |= side;
    }
    for (size_t i = 0; i < n->sender_count; i++)
        if (n->senders[i].sides == 0) n->senders[i].sides = REST;
}

void weft__net_heal(struct weft__net *n) {
    n->cuts.count = 0;
    for (size_t i = 0; i < n->sender_count; i++) n->senders[i].cuts = 0;
    weft__spells_end_all(&n->spells);
}

bool weft__net_is_parted(const struct weft__net *n, uint32_t a, uint32_t b) {
    if ((n->senders[a].sides & n->senders[b].sides) == 0) return true;
    return n->spells.parting > 0 && weft__spells_part(&n->spells, a, b);
}

bool weft__net_is_open(const struct weft__net *n, uint32_t from, uint32_t to) {
    return !weft__net_is_parted(n, from, to) && (n->senders[from].cuts == 0 || !is_cut(&n->cuts, from, to));
}

/* --- Messages ----------------------------------------------------------------------------------------------------- */

/* The k-th of a message's draws falls into a share. */
static inline bool happens(uint64_t random, uint64_t k, uint64_t ppm) {
    return ppm > 0 && weft__scale(weft__mix64(random + k), MILLION) < ppm;
}

/* Gilbert and Elliott's two states, in steps of half a burst: whatever came before, a step makes the link bad with
 * probability `to_bad`, good with one half, and otherwise leaves it as it was. So what it is now is what the last step
 * said that said anything, and nothing need be kept. */
static bool is_in_burst(const struct weft__net *n, const struct weft__quality *q, uint64_t now_ns, uint64_t link) {
    if (q->burst_ppm == 0) return false;
    uint64_t half = MILLION / 2, to_bad = half * q->burst_ppm / (MILLION - q->burst_ppm);
    for (uint64_t step = now_ns / (q->burst_ns / 2 + 1);; step--) {
        uint64_t said = weft__scale(weft__key_draw(n->bursts, link, step, 0), MILLION);
        if (said < to_bad) return true;
        if (said >= half || step == 0) return false;
    }
}

static uint64_t times(uint64_t ns, uint64_t n) {
    if ((ns | n) >> 30 == 0) return ns * n;
    return n != 0 && ns > WEFT__DELAY_MAX / n ? WEFT__DELAY_MAX : ns * n;
}

static uint64_t jitter(const struct weft__net *n, uint64_t latency, uint64_t random) {
    bool is_short = latency < UINT64_C(1) << 36; /* so that it is exact */
    uint64_t mean = is_short ? latency * n->jitter_ppm / MILLION : times(latency / MILLION, n->jitter_ppm);
    if (n->tail == WEFT__TAIL_NONE) return weft__scale(random, mean + 1);
    uint64_t units = weft__tail(n->tail, random);
    return times(mean >> 16, units) + ((mean & UINT16_MAX) * units >> 16);
}

static uint64_t arrival(struct weft__net *n, const struct weft__quality *q, uint64_t leaves_ns, uint64_t latency,
                        uint64_t random) {
    uint64_t due = leaves_ns + latency + jitter(n, latency, random);
    if (!happens(random, 1, q->reorder_ppm)) return due;
    n->reordered++;
    return due + weft__scale(weft__mix64(random + 2), n->reorder_ns + 1);
}

/* When the message is on the wire, behind those that wait for it. WEFT_ERR_LIMIT: more would wait than may. */
static int wait_for_wire(struct weft__net *n, const struct weft__quality *q, uint64_t now_ns, uint32_t from,
                         uint32_t to, size_t bytes, uint64_t *leaves_ns) {
    if (q->bandwidth == 0) return 0;
    uint64_t takes = (uint64_t)bytes * SECOND / q->bandwidth, limit = n->send_buffer * SECOND / q->bandwidth;
    return weft__backlog_push(&n->backlog, from, to, now_ns, takes, limit, leaves_ns);
}

void weft__net_reconnect(struct weft__net *n, uint32_t a, uint32_t b) {
    weft__backlog_drop(&n->backlog, a, b);
    weft__backlog_drop(&n->backlog, b, a);
}

static void damage(struct weft__net *n, const struct weft__quality *q, uint64_t random, struct weft__fate *fate) {
    if (happens(random, 6, q->corrupt_ppm)) {
        n->corrupted++;
        fate->damage = weft__mix64(random + 7) | 1;
    }
    if (happens(random, 8, q->truncate_ppm)) {
        n->truncated++;
        fate->end = weft__mix64(random + 9) | 1;
    }
}

struct weft__fate weft__net_send(struct weft__net *n, uint64_t now_ns, uint32_t from, uint32_t to, size_t bytes) {
    struct weft__net_sender *s = &n->senders[from];
    s->ordinal = s->last_ns == now_ns ? s->ordinal + 1 : 0;
    s->last_ns = now_ns;
    uint64_t link = cut_key(from, to), random = weft__key_draw(n->fates, link, now_ns, s->ordinal);
    uint64_t leaves = now_ns;
    struct weft__quality bent;
    const struct weft__quality *q = &n->usual;
    if (n->spells.standing > 0) q = weft__spells_bend(&n->spells, from, to, q, &bent);
    struct weft__fate fate = {.rc = wait_for_wire(n, q, now_ns, from, to, bytes, &leaves)};
    if (fate.rc != 0) return fate;
    uint64_t latency = times(weft__net_latency(n, from, to), q->slowness) + q->lag_ns;
    fate.plain_ns = leaves + latency;
    if (!weft__net_is_open(n, from, to) || happens(random, 3, q->loss_ppm) || is_in_burst(n, q, now_ns, link)) {
        n->lost++;
        return fate;
    }
    fate.copies = 1;
    fate.due_ns[0] = arrival(n, q, leaves, latency, random);
    if (happens(random, 4, q->duplicate_ppm)) {
        n->duplicated++;
        fate.copies = 2;
        fate.due_ns[1] = arrival(n, q, leaves, latency + n->reorder_ns / 2, weft__mix64(random + 5));
    }
    damage(n, q, random, &fate);
    return fate;
}
