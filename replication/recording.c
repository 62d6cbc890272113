/* recording.c: a ring of what waits for its record. */
#include "replication/recording.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"

void weft__recording_init(struct weft__recording *q, const struct weft_alloc *alloc) {
    memset(q, 0, sizeof *q);
    q->alloc = alloc;
    weft_version_vector_init(&q->recorded, alloc);
}

static struct weft__unrecorded *item_at(struct weft__recording *q, size_t i) {
    return &q->queue[(q->head + i) & (q->cap - 1)];
}

static void vector_free(struct weft__recording *q, struct weft_version_vector *v) {
    if (v == NULL) return;
    weft_version_vector_fini(v);
    weft__free(q->alloc, v, sizeof *v);
}

void weft__recording_fini(struct weft__recording *q) {
    for (size_t i = 0; i < q->count; i++) vector_free(q, item_at(q, i)->vector);
    weft__free(q->alloc, q->queue, q->cap * sizeof *q->queue);
    weft_version_vector_fini(&q->recorded);
}

static int resize(struct weft__recording *q, size_t cap) {
    struct weft__unrecorded *queue = weft__calloc(q->alloc, cap, sizeof *queue);
    if (queue == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < q->count; i++) queue[i] = *item_at(q, i);
    weft__free(q->alloc, q->queue, q->cap * sizeof *q->queue);
    q->queue = queue;
    q->head = 0;
    q->cap = cap;
    return 0;
}

int weft__recording_reserve(struct weft__recording *q, uint32_t origin) {
    int rc = weft_version_vector_reserve(&q->recorded, origin + 1);
    if (rc != 0 || q->count < q->cap) return rc;
    return resize(q, q->cap == 0 ? 64 : q->cap * 2);
}

int weft__recording_shrink(struct weft__recording *q) {
    size_t cap = q->cap;
    while (cap > 64 && cap / 2 >= q->count) cap /= 2;
    return cap < q->cap ? resize(q, cap) : 0;
}

void weft__recording_add(struct weft__recording *q, uint64_t number, uint32_t origin, uint64_t seq) {
    *item_at(q, q->count++) = (struct weft__unrecorded){number, seq, origin, NULL};
}

void weft__recording_add_vector(struct weft__recording *q, uint64_t number, struct weft_version_vector *copy) {
    *item_at(q, q->count++) = (struct weft__unrecorded){number, 0, 0, copy};
}

void weft__recording_persisted(struct weft__recording *q, uint64_t number) {
    if (number > q->persisted) q->persisted = number;
    while (q->count > 0 && item_at(q, 0)->number <= q->persisted) {
        struct weft__unrecorded *u = item_at(q, 0);
        /* Room was reserved with the item, so neither can fail. */
        if (u->vector == NULL)
            (void)!weft_version_vector_raise(&q->recorded, u->origin, u->seq);
        else
            (void)!weft_version_vector_merge(&q->recorded, u->vector);
        vector_free(q, u->vector);
        q->head = (q->head + 1) & (q->cap - 1);
        q->count--;
    }
}

int weft__recording_restore(struct weft__recording *q, uint32_t origin, uint64_t seq) {
    return weft_version_vector_raise(&q->recorded, origin, seq);
}
