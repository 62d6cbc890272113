/* hll.c: the registers, to the byte, are those of the elements that were added in the greatest generation of the past.
 * An operation is of the greatest generation that it had seen, and a reset that had seen an element of that one begins
 * the next. */
#include <inttypes.h>
#include <stdio.h>

#include <weft/custom.h>
#include <weft/hll.h>

#include "sim/laws/builtin.h"

enum { ADD = 1, ELEMENTS = 3, OPS = WEFT_LAW_COMMITS * WEFT_LAW_EDITS };
static const char *const kinds[] = {"add", NULL};

/* What they hash to is part of the format. Two share a register; in the order of registers. */
static const struct {
    const char *name;
    uint32_t index, rank;
} elements[ELEMENTS] = {{"af", 2678, 5}, {"bu", 3649, 2}, {"fc", 3649, 7}};

static void any_element(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = ADD;
    op->target = weft_law_choose(c, ELEMENTS);
    snprintf(op->text, sizeof op->text, "add %s", elements[op->target].name);
    weft_hll_add(e, weft_str(elements[op->target].name));
}

static int registers(void *ctx, struct weft_view v, struct weft_buf *out) {
    struct weft_buf state;
    size_t skipped;
    (void)ctx;
    weft_buf_init(&state, out->alloc);
    int rc = weft_custom_read(v, &weft_hll_class, &state, &skipped);
    for (size_t i = 0; rc == 0 && i < state.len; i++) rc = weft_buf_printf(out, "%02x", state.ptr[i]);
    if (rc == 0 && skipped > 0) rc = weft_buf_printf(out, " and %zu", skipped);
    if (rc == 0) rc = weft_buf_append(out, "", 0);
    weft_buf_fini(&state);
    return rc;
}

/* The greatest generation among the first `count` operations that `viewer` had seen (NULL: of all), and whether an
 * element was added in it. */
static uint32_t latest(const struct weft_law_history *h, const uint32_t *generations, size_t count,
                       const size_t *viewer, bool *any) {
    uint32_t generation = 0;
    *any = false;
    for (size_t i = 0; i < count; i++) {
        if (viewer != NULL && !weft_law_saw(h, *viewer, i)) continue;
        if (generations[i] > generation) *any = false;
        if (generations[i] > generation) generation = generations[i];
        if (generations[i] == generation && h->ops[i].kind == ADD) *any = true;
    }
    return generation;
}

static int greatest_ranks(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    uint32_t generations[OPS];
    bool added[ELEMENTS] = {false}, any;
    (void)ctx;
    for (size_t i = 0; i < h->count; i++) {
        generations[i] = latest(h, generations, i, &i, &any);
        if (h->ops[i].kind == WEFT_LAW_RESET && any) generations[i]++;
    }
    uint32_t generation = latest(h, generations, h->count, NULL, &any);
    for (size_t i = 0; i < h->count; i++)
        if (h->ops[i].kind == ADD && generations[i] == generation) added[h->ops[i].target] = true;
    if (generation > 0 || any) weft_buf_printf(out, "%02" PRIx32, generation);
    for (size_t i = 0; i < ELEMENTS; i++) {
        bool outranked = i == 1 && added[2];
        if (added[i] && !outranked)
            weft_buf_printf(out, "%03" PRIx32 "%03" PRIx32, elements[i].index, elements[i].rank);
    }
    return weft_buf_append(out, "", 0);
}

const struct weft__law_type weft__law_hll = {&weft_hll_class, NULL, any_element, registers, greatest_ranks, kinds, 0};
