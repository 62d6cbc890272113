/* pending.c: a bounded ordered map of waiting transactions. */
#include "replication/pending.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"

struct place {
    uint32_t origin;
    uint64_t seq;
};

static int compare(const void *key, const struct weft__omap_node *node) {
    const struct place *a = key;
    const struct weft__waiting *w = WEFT__CONST_CONTAINER(node, struct weft__waiting, node);
    if (a->origin != w->origin) return a->origin < w->origin ? -1 : 1;
    return (a->seq > w->seq) - (a->seq < w->seq);
}

void weft__pending_init(struct weft__pending *p, size_t max, const struct weft_alloc *alloc) {
    memset(p, 0, sizeof *p);
    weft__omap_init(&p->map, compare);
    p->max = max;
    p->alloc = alloc;
}

void weft__pending_fini(struct weft__pending *p) {
    struct weft__waiting *w;
    while ((w = weft__pending_at(p, 0, 0)) != NULL) weft__pending_remove(p, w);
}

int weft__pending_add(struct weft__pending *p, uint32_t origin, uint64_t seq, struct weft_slice bytes) {
    struct place a = {origin, seq};
    if (weft__omap_find(&p->map, &a) != NULL) return 0;
    if (bytes.len + sizeof(struct weft__waiting) > p->max - p->bytes) return WEFT_ERR_LIMIT;
    struct weft__waiting *w = weft__malloc(p->alloc, sizeof *w + bytes.len);
    if (w == NULL) return WEFT_ERR_NOMEM;
    memset(w, 0, sizeof *w);
    w->node.priority = weft__mix64(((uint64_t)origin << 40) ^ seq);
    w->origin = origin;
    w->seq = seq;
    w->len = bytes.len;
    memcpy(w->bytes, bytes.ptr, bytes.len);
    weft__omap_insert(&p->map, &a, &w->node);
    p->bytes += bytes.len + sizeof *w;
    return 0;
}

struct weft__waiting *weft__pending_at(const struct weft__pending *p, uint32_t origin, uint64_t seq) {
    struct place a = {origin, seq};
    struct weft__omap_node *node = weft__omap_lower_bound(&p->map, &a);
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct weft__waiting, node);
}

void weft__pending_remove(struct weft__pending *p, struct weft__waiting *w) {
    weft__pending_park(p, w, 0);
    weft__omap_remove(&p->map, &w->node);
    p->bytes -= w->len + sizeof *w;
    weft__free(p->alloc, w, sizeof *w + w->len);
}

void weft__pending_park(struct weft__pending *p, struct weft__waiting *w, uint64_t due) {
    p->parked += (due != 0) - (size_t)(w->due != 0);
    w->due = due;
}

uint64_t weft__pending_run(const struct weft__pending *p, uint32_t origin, uint64_t seq) {
    for (;;) {
        const struct weft__waiting *w = weft__pending_at(p, origin, seq + 1);
        if (w == NULL || w->origin != origin || w->seq != seq + 1) return seq;
        seq++;
    }
}
