/* oracle.h: what every object must be at a replica, kept as the replica goes along. */
#ifndef WEFT_SIM_ORACLE_H
#define WEFT_SIM_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "sim/history.h"

/* A write that counts: no visible write, removal or deletion has seen it. */
struct weft__live {
    uint32_t origin;
    uint32_t op; /* which of its transaction's operations */
    uint64_t seq;
    uint64_t number; /* the element, or the value of a register */
    int64_t amount;  /* of a counter */
    struct weft_stamp stamp;
};

struct weft__expected {
    struct weft__live *live;
    size_t count, cap;
    int64_t sum;    /* counters */
    size_t members; /* sets: elements with a live write */
};

/* What changed and is to be compared: an object, and of a set one element of it. */
struct weft__touched {
    uint32_t object; /* weft__oracle_index */
    uint64_t element;
    bool all; /* deleted: compare all elements */
};

/* An object of a type that is judged elsewhere (judge.c). */
struct weft__judged_object {
    uint8_t type;
    uint32_t object;
};

struct weft__oracle {
    struct weft__expected *objects;
    size_t object_count;
    struct weft__touched *touched;
    size_t touched_count, touched_cap;
    struct weft__judged_object *judged; /* the others that changed */
    size_t judged_count, judged_cap;
    const struct weft_alloc *alloc;
};

uint32_t weft__oracle_index(unsigned type, uint32_t object);

void weft__oracle_init(struct weft__oracle *o, const struct weft_alloc *alloc);
void weft__oracle_fini(struct weft__oracle *o);
/* Nothing has been seen. */
void weft__oracle_clear(struct weft__oracle *o);
/* A transaction becomes visible; all that it had seen is visible. WEFT_ERR_NOMEM. */
int weft__oracle_see(struct weft__oracle *o, const struct weft__history *h, const struct weft__commit *c);
/* Whether those of these operations that are of the four types, as one transaction of somebody who has seen all that
 * was seen here, change anything: one of their own writes stands at their end, or one that stood before does not. */
bool weft__oracle_has_effect(const struct weft__oracle *o, const struct weft__sim_op *ops, size_t count);
/* Compares what was touched since the last call with what `view` shows. 0: all as it must be, or WEFT_ERR_CORRUPT and
 * what is wrong in `wrong`. */
typedef struct weft_view weft__view_fn(void *ctx, struct weft_slice key, const struct weft_crdt_class *cls);
int weft__oracle_compare(struct weft__oracle *o, const struct weft__history *h, weft__view_fn *view, void *ctx,
                         const uint8_t *unspecified, size_t unspecified_count, uint64_t *compared,
                         struct weft_buf *wrong);
/* Every object, whole. */
int weft__oracle_compare_all(struct weft__oracle *o, const struct weft__history *h, weft__view_fn *view, void *ctx,
                             const uint8_t *unspecified, size_t unspecified_count, uint64_t *compared,
                             struct weft_buf *wrong);

/* How an element or a value of the workload is written: what transactions put and what is compared. */
#define WEFT__SIM_VALUE_MAX 24
size_t weft__sim_value(char out[WEFT__SIM_VALUE_MAX], uint64_t number);

#endif
