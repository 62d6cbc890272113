/* inbox.c: what happens to a machine that does not listen. It is paused (a collector, a hypervisor), or at a step that
 * takes long, or its records have no room: then the next thing waits, and so does what comes after it. Only what its
 * own disk and timer say is heard while it has no room, or it would never have any again. */
#include <weft/err.h>

#include "base/alloc.h"
#include "sim/world.h"

/* Messages that wait in buffers of the system and of its peers; more are lost. */
#define MESSAGES_MAX 4096u

static bool listens(const struct weft_sim *s, const struct weft__machine *m) {
    return !m->paused && m->busy_ns <= s->now_ns;
}

bool weft__inbox_is_shut(const struct weft_sim *s, const struct weft__happening *h) {
    const struct weft__machine *m = &s->machines[h->to];
    if (h->kind == WEFT__WAKE) return false;
    if (!listens(s, m)) return true;
    return h->kind == WEFT__DELIVER && (m->inbox.count > 0 || !weft__machine_has_room(s, m));
}

/* The ring is copied so that it begins at the beginning. */
static int grow(struct weft_sim *s, struct weft__inbox *b) {
    size_t cap = b->cap == 0 ? 16 : 2 * b->cap;
    struct weft__happening *items = weft__calloc(s->alloc, cap, sizeof *items);
    if (items == NULL) return WEFT_ERR_NOMEM;
    for (size_t k = 0; k < b->count; k++) items[k] = b->items[(b->head + k) % b->cap];
    weft__free(s->alloc, b->items, b->cap * sizeof *b->items);
    b->items = items;
    b->cap = cap;
    b->head = 0;
    return 0;
}

static int push(struct weft_sim *s, struct weft__inbox *b, const struct weft__happening *h) {
    int rc = b->count == b->cap ? grow(s, b) : 0;
    if (rc == 0) b->items[(b->head + b->count++) % b->cap] = *h;
    return rc;
}

static struct weft__happening pop(struct weft__inbox *b) {
    struct weft__happening h = b->items[b->head];
    b->head = (b->head + 1) % b->cap;
    b->count--;
    return h;
}

int weft__inbox_hold(struct weft_sim *s, const struct weft__happening *h) {
    struct weft__inbox *b = &s->machines[h->to].inbox;
    if (h->parcel != NULL && b->count >= MESSAGES_MAX) {
        s->net.lost++;
        weft__story_ended(s, h->told, WEFT__STORY_LOST);
        return 0;
    }
    int rc = push(s, b, h);
    if (rc != 0) return rc;
    if (h->parcel != NULL) h->parcel->references++;
    s->stats.held++;
    return 0;
}

int weft__inbox_open(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    int rc = 0;
    for (size_t n = m->inbox.count; rc == 0 && n > 0 && m->inbox.count > 0 && listens(s, m); n--) {
        struct weft__happening h = pop(&m->inbox);
        if (h.kind == WEFT__DELIVER && !weft__machine_has_room(s, m)) {
            rc = push(s, &m->inbox, &h); /* there is room: it was just taken out */
            continue;
        }
        rc = weft__machine_hear(s, &h);
        weft__parcel_release(s, h.parcel);
    }
    return rc;
}

void weft__inbox_clear(struct weft_sim *s, struct weft__machine *m) {
    while (m->inbox.count > 0) {
        struct weft__happening h = pop(&m->inbox);
        if (h.kind == WEFT__DELIVER) weft__story_ended(s, h.told, WEFT__STORY_DOWN);
        weft__parcel_release(s, h.parcel);
    }
}

void weft__inbox_fini(struct weft_sim *s, struct weft__machine *m) {
    weft__inbox_clear(s, m);
    weft__free(s->alloc, m->inbox.items, m->inbox.cap * sizeof *m->inbox.items);
}
