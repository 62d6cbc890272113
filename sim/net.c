/* net.c: links by class. A table of N x N links would not fit a cache (24 bytes a link made a thousand replicas four
 * times slower); regions do, and what differs from them is a short sorted list.
 *
 * Every draw is keyed by (seed, purpose, from, to, time, ordinal at that time), so that a message has its fate whatever
 * happened elsewhere: that is what makes a schedule shrinkable. */
#include "sim/net.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "sim/schedule.h"

enum { PURPOSE_FATE = 0x6e657400 };

#define MILLION 1000000u
/* The side of those that a partition does not name. */
#define REST    (UINT64_C(1) << 63)

int weft__net_init(struct weft__net *n, size_t regions, const uint32_t *one_way_us, const struct weft_alloc *alloc) {
    memset(n, 0, sizeof *n);
    n->alloc = weft__alloc_or_default(alloc);
    n->latency_ns = weft__calloc(n->alloc, regions * regions, sizeof *n->latency_ns);
    if (n->latency_ns == NULL) return WEFT_ERR_NOMEM;
    n->region_count = regions;
    for (size_t i = 0; i < regions * regions; i++) n->latency_ns[i] = (uint64_t)one_way_us[i] * 1000u;
    return 0;
}

void weft__net_fini(struct weft__net *n) {
    weft__free(n->alloc, n->latency_ns, n->region_count * n->region_count * sizeof *n->latency_ns);
    weft__free(n->alloc, n->senders, n->sender_cap * sizeof *n->senders);
    weft__free(n->alloc, n->cuts.keys, n->cuts.cap * sizeof *n->cuts.keys);
}

int weft__net_add(struct weft__net *n, uint8_t region) {
    void *items = n->senders;
    int rc = weft__grow(n->alloc, &items, &n->sender_cap, n->sender_count + 1, sizeof *n->senders);
    n->senders = items;
    if (rc == 0)
        n->senders[n->sender_count++] =
            (struct weft__net_sender){.region = region, .sides = REST, .last_ns = UINT64_MAX};
    return rc;
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
    return 0;
}

void weft__net_uncut(struct weft__net *n, uint32_t from, uint32_t to) {
    struct weft__cuts *c = &n->cuts;
    if (!is_cut(c, from, to)) return;
    size_t at = cut_place(c, cut_key(from, to));
    c->count--;
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
}

bool weft__net_is_parted(const struct weft__net *n, uint32_t a, uint32_t b) {
    return (n->senders[a].sides & n->senders[b].sides) == 0;
}

bool weft__net_is_open(const struct weft__net *n, uint32_t from, uint32_t to) {
    return !weft__net_is_parted(n, from, to) && !is_cut(&n->cuts, from, to);
}

/* --- Messages ----------------------------------------------------------------------------------------------------- */

static bool happens(uint64_t random, uint64_t ppm) {
    return ppm > 0 && weft__scale(random, MILLION) < ppm;
}

static uint64_t arrival(struct weft__net *n, uint64_t now_ns, uint64_t latency, uint64_t random) {
    uint64_t due = now_ns + latency + weft__scale(random, latency * n->jitter_ppm / MILLION + 1);
    uint64_t again = weft__mix64(random + 1);
    if (!happens(again, n->reorder_ppm)) return due;
    n->reordered++;
    return due + weft__scale(weft__mix64(random + 2), n->reorder_ns + 1);
}

struct weft__fate weft__net_send(struct weft__net *n, uint64_t now_ns, uint32_t from, uint32_t to) {
    struct weft__net_sender *s = &n->senders[from];
    s->ordinal = s->last_ns == now_ns ? s->ordinal + 1 : 0;
    s->last_ns = now_ns;
    uint64_t random = weft__keyed(n->seed, PURPOSE_FATE, cut_key(from, to), now_ns, s->ordinal);
    struct weft__fate fate = {.copies = 1};
    if (!weft__net_is_open(n, from, to) || happens(weft__mix64(random + 3), n->loss_ppm)) {
        n->lost++;
        fate.copies = 0;
        return fate;
    }
    uint64_t latency = weft__net_latency(n, from, to);
    fate.due_ns[0] = arrival(n, now_ns, latency, random);
    if (happens(weft__mix64(random + 4), n->duplicate_ppm)) {
        n->duplicated++;
        fate.copies = 2;
        fate.due_ns[1] = arrival(n, now_ns, latency + n->reorder_ns / 2, weft__mix64(random + 5));
    }
    if (happens(weft__mix64(random + 6), n->corrupt_ppm)) {
        n->corrupted++;
        fate.damage = weft__mix64(random + 7) | 1;
    }
    return fate;
}
