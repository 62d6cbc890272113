/* pending.c: two orders of the same runs. By place, to find what waits of an origin; by obstacle, so that whatever goes
 * out of the way finds the runs behind it side by side, and those to be tried come first, in the order of origins.
 *
 * Runs of one origin neither overlap nor touch. Both orders compare a run by its last number, so a run may grow and
 * shrink where it stands. */
#include "replication/pending.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"

struct place {
    uint32_t origin;
    uint64_t seq;
};

struct position {
    struct weft__obstacle obstacle;
    struct place place;
};

static int order(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

static int compare_place(const struct place *a, const struct weft__run *run) {
    int c = order(a->origin, run->origin);
    return c != 0 ? c : order(a->seq, run->last);
}

static int by_place(const void *key, const struct weft__omap_node *node) {
    return compare_place(key, WEFT__CONST_CONTAINER(node, struct weft__run, by_place));
}

static int by_obstacle(const void *key, const struct weft__omap_node *node) {
    const struct position *a = key;
    const struct weft__run *run = WEFT__CONST_CONTAINER(node, struct weft__run, by_obstacle);
    int c = order(a->obstacle.kind, run->obstacle.kind);
    if (c == 0) c = order(a->obstacle.origin, run->obstacle.origin);
    if (c == 0) c = order(a->obstacle.number, run->obstacle.number);
    return c != 0 ? c : compare_place(&a->place, run);
}

static struct weft__run *of_place(struct weft__omap_node *node) {
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct weft__run, by_place);
}

static struct weft__run *of_obstacle(struct weft__omap_node *node) {
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct weft__run, by_obstacle);
}

/* The first run behind this obstacle or a later one, from an origin on. */
static struct weft__run *first_behind(const struct weft__pending *p, struct weft__obstacle obstacle, uint32_t origin) {
    struct position at = {obstacle, {origin, 0}};
    return of_obstacle(weft__omap_lower_bound(&p->obstacles, &at));
}

void weft__pending_init(struct weft__pending *p, size_t max, const struct weft_alloc *alloc) {
    memset(p, 0, sizeof *p);
    weft__omap_init(&p->places, by_place);
    weft__omap_init(&p->obstacles, by_obstacle);
    p->max = max;
    p->alloc = alloc;
}

void weft__pending_fini(struct weft__pending *p) {
    struct weft__omap_node *node;
    while ((node = weft__omap_first(&p->places)) != NULL) weft__pending_drop_first(p, of_place(node));
}

/* --- Runs --------------------------------------------------------------------------------------------------------- */

static void stand_behind(struct weft__pending *p, struct weft__run *run, struct weft__obstacle obstacle) {
    struct position at = {obstacle, {run->origin, run->last}};
    run->obstacle = obstacle;
    weft__omap_insert(&p->obstacles, &at, &run->by_obstacle);
}

static void open_run(struct weft__pending *p, struct weft__run *run, uint32_t origin, uint64_t seq) {
    struct place at = {origin, seq};
    memset(run, 0, sizeof *run);
    run->by_place.priority = run->by_obstacle.priority = weft__mix64(((uint64_t)origin << 40) ^ seq);
    run->origin = origin;
    run->first = run->last = seq;
    weft__omap_insert(&p->places, &at, &run->by_place);
    p->bytes += sizeof *run;
}

static void close_run(struct weft__pending *p, struct weft__run *run) {
    weft__omap_remove(&p->places, &run->by_place);
    weft__omap_remove(&p->obstacles, &run->by_obstacle);
    p->bytes -= sizeof *run;
    weft__free(p->alloc, run, sizeof *run);
}

/* The run that reaches the number before seq, or holds seq, or is the next one; NULL: none. */
static struct weft__run *neighbour(const struct weft__pending *p, uint32_t origin, uint64_t seq) {
    struct place at = {origin, seq - 1};
    struct weft__run *run = of_place(weft__omap_lower_bound(&p->places, &at));
    return run != NULL && run->origin == origin ? run : NULL;
}

static void append(struct weft__pending *p, struct weft__run *run, struct weft__waiting *w) {
    struct weft__run *next = of_place(weft__omap_next(&run->by_place));
    run->tail->next = w;
    run->tail = w;
    run->last++;
    if (next == NULL || next->origin != run->origin || next->first != run->last + 1) return;
    w->next = next->head;
    run->tail = next->tail;
    uint64_t last = next->last;
    if (run->epoch < next->epoch) run->epoch = next->epoch;
    close_run(p, next);
    run->last = last;
}

static void prepend(struct weft__pending *p, struct weft__run *run, struct weft__waiting *w,
                    struct weft__obstacle obstacle) {
    w->next = run->head;
    run->head = w;
    run->first--;
    weft__pending_block(p, run, obstacle);
}

static struct weft__waiting *copy_of(const struct weft__pending *p, struct weft_slice bytes) {
    struct weft__waiting *w = weft__malloc(p->alloc, sizeof *w + bytes.len);
    if (w == NULL) return NULL;
    *w = (struct weft__waiting){.len = bytes.len};
    memcpy(w->bytes, bytes.ptr, bytes.len);
    return w;
}

static int begin(struct weft__pending *p, uint32_t origin, uint64_t seq, struct weft__waiting *w,
                 struct weft__obstacle obstacle) {
    struct weft__run *run = weft__malloc(p->alloc, sizeof *run);
    if (run == NULL) return WEFT_ERR_NOMEM;
    open_run(p, run, origin, seq);
    run->head = run->tail = w;
    stand_behind(p, run, obstacle);
    return 0;
}

bool weft__pending_has_room(const struct weft__pending *p, size_t bytes) {
    return bytes <= p->max - p->bytes;
}

int weft__pending_add(struct weft__pending *p, uint32_t origin, uint64_t seq, struct weft_slice bytes,
                      struct weft__obstacle obstacle) {
    struct weft__run *run = neighbour(p, origin, seq);
    bool follows = run != NULL && run->last == seq - 1, leads = run != NULL && run->first == seq + 1;
    if (run != NULL && !follows && run->first <= seq) return 0;
    size_t size = sizeof(struct weft__waiting) + bytes.len;
    if (size + sizeof(struct weft__run) > p->max - p->bytes) return WEFT_ERR_LIMIT;
    struct weft__waiting *w = copy_of(p, bytes);
    if (w == NULL) return WEFT_ERR_NOMEM;
    if (follows)
        append(p, run, w);
    else if (leads)
        prepend(p, run, w, obstacle);
    else if (begin(p, origin, seq, w, obstacle) != 0) {
        weft__free(p->alloc, w, size);
        return WEFT_ERR_NOMEM;
    }
    p->count++;
    p->bytes += size;
    return 0;
}

/* Most are the last of their run. */
static struct weft__waiting *waiting_at(struct weft__run *run, uint64_t seq) {
    if (seq == run->last) return run->tail;
    struct weft__waiting *w = run->head;
    for (uint64_t at = run->first; at < seq; at++) w = w->next;
    return w;
}

int weft__pending_sign(struct weft__pending *p, uint32_t origin, uint64_t seq, const struct weft__signature *s) {
    struct weft__run *run = weft__pending_at(p, origin, seq);
    struct weft__waiting *w = run == NULL ? NULL : waiting_at(run, seq);
    if (w == NULL || w->signature != NULL) return 0;
    if (sizeof *s > p->max - p->bytes) return WEFT_ERR_LIMIT;
    w->signature = weft__malloc(p->alloc, sizeof *s);
    if (w->signature == NULL) return WEFT_ERR_NOMEM;
    *w->signature = *s;
    p->bytes += sizeof *s;
    return 0;
}

void weft__pending_drop_first(struct weft__pending *p, struct weft__run *run) {
    struct weft__waiting *w = run->head;
    p->count--;
    p->bytes -= sizeof *w + w->len;
    p->parked -= w->due != 0;
    if (run->first == run->last) {
        close_run(p, run);
    } else {
        run->head = w->next;
        run->first++;
        weft__pending_block(p, run, (struct weft__obstacle){0});
    }
    if (w->signature != NULL) {
        weft__free(p->alloc, w->signature, sizeof *w->signature);
        p->bytes -= sizeof *w->signature;
    }
    weft__free(p->alloc, w, sizeof *w + w->len);
}

struct weft__run *weft__pending_at(const struct weft__pending *p, uint32_t origin, uint64_t seq) {
    struct place at = {origin, seq};
    struct weft__run *run = of_place(weft__omap_lower_bound(&p->places, &at));
    return run != NULL && run->origin == origin && run->first <= seq ? run : NULL;
}

uint64_t weft__pending_run(const struct weft__pending *p, uint32_t origin, uint64_t seq) {
    const struct weft__run *run = weft__pending_at(p, origin, seq + 1);
    return run == NULL ? seq : run->last;
}

bool weft__pending_run_is_signed(const struct weft__pending *p, uint32_t origin, uint64_t seq) {
    const struct weft__run *run = weft__pending_at(p, origin, seq + 1);
    return run != NULL && run->tail->signature != NULL;
}

/* --- Obstacles ---------------------------------------------------------------------------------------------------- */

struct weft__run *weft__pending_next(struct weft__pending *p, uint32_t origin) {
    struct weft__run *run = first_behind(p, (struct weft__obstacle){0}, origin);
    if (run == NULL || run->obstacle.kind != WEFT__OBSTACLE_NONE) run = of_obstacle(weft__omap_first(&p->obstacles));
    if (run == NULL || run->obstacle.kind != WEFT__OBSTACLE_NONE) return NULL;
    p->tries++;
    return run;
}

void weft__pending_block(struct weft__pending *p, struct weft__run *run, struct weft__obstacle obstacle) {
    weft__omap_remove(&p->obstacles, &run->by_obstacle);
    stand_behind(p, run, obstacle);
}

bool weft__pending_park(struct weft__pending *p, struct weft__run *run, uint64_t due) {
    bool is_news = run->head->due == 0;
    p->parked += is_news;
    run->head->due = due;
    weft__pending_block(p, run, (struct weft__obstacle){WEFT__OBSTACLE_CLOCK, 0, due});
    return is_news;
}

/* All that stand behind one of this kind and origin, up to its number. */
static void clear(struct weft__pending *p, enum weft__obstacle_kind kind, uint32_t origin, uint64_t number) {
    struct weft__run *run;
    while ((run = first_behind(p, (struct weft__obstacle){kind, origin, 0}, 0)) != NULL) {
        if (run->obstacle.kind != kind || run->obstacle.origin != origin || run->obstacle.number > number) return;
        weft__pending_block(p, run, (struct weft__obstacle){0});
    }
}

void weft__pending_applied(struct weft__pending *p, uint32_t origin, uint64_t seq) {
    if (p->count == 0) return;
    clear(p, WEFT__OBSTACLE_ORIGIN, origin, seq);
    if (seq == 1) clear(p, WEFT__OBSTACLE_STRANGER, 0, 0);
}

void weft__pending_clock_reads(struct weft__pending *p, uint64_t word) {
    if (p->parked > 0) clear(p, WEFT__OBSTACLE_CLOCK, 0, word);
}

void weft__pending_wake_all(struct weft__pending *p) {
    struct weft__omap_node *node = weft__omap_first(&p->places);
    for (; node != NULL; node = weft__omap_next(node))
        weft__pending_block(p, of_place(node), (struct weft__obstacle){0});
}

uint64_t weft__pending_due(const struct weft__pending *p) {
    const struct weft__run *run = first_behind(p, (struct weft__obstacle){WEFT__OBSTACLE_CLOCK, 0, 0}, 0);
    return run == NULL ? UINT64_MAX : run->obstacle.number;
}
