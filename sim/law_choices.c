/* law_choices.c: choices, recorded.
 *
 * Everything that is free in a history is one bounded number, drawn in turn. The record of these numbers is the
 * history: replayed, it gives the same one; counted up like an odometer from its last digit, it gives all of them,
 * without any code that knows what the digits mean; cut and lowered, it gives smaller ones (MacIver, Donaldson:
 * Test-case reduction via test-case generation, 2020). A sequence that ends early goes on with zeros, so every sequence
 * is a history. */
#include "sim/law_choices.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void weft__law_choices_init(struct weft_law_choices *c) {
    memset(c, 0, sizeof *c);
}

void weft__law_choices_fini(struct weft_law_choices *c) {
    weft__free(NULL, c->items, c->cap * sizeof *c->items);
    memset(c, 0, sizeof *c);
}

void weft__law_choices_random(struct weft_law_choices *c, uint64_t seed) {
    c->count = 0;
    c->pos = 0;
    c->random = true;
    c->replay = false;
    c->left_out = 0;
    weft__prng_seed(&c->prng, seed);
}

/* Not a choice: what was drawn is in the record, and a replay does not draw. */
void weft__law_choices_swarm(struct weft_law_choices *c, uint64_t seed) {
    c->left_out = (seed & 1) != 0 ? 0 : (uint32_t)(seed >> 32);
}

int weft__law_choices_replay(struct weft_law_choices *c, const struct weft__law_choice *items, size_t count) {
    int rc = weft__grow(NULL, (void **)&c->items, &c->cap, count, sizeof *c->items);
    if (rc != 0) return rc;
    if (count > 0) memcpy(c->items, items, count * sizeof *items);
    c->count = count;
    c->pos = 0;
    c->random = false;
    c->replay = true;
    return 0;
}

void weft__law_choices_rewind(struct weft_law_choices *c) {
    c->pos = 0;
}

bool weft__law_choices_next(struct weft_law_choices *c, size_t *fresh) {
    c->count = c->pos;
    while (c->count > 0 && c->items[c->count - 1].value + 1 >= c->items[c->count - 1].bound) c->count--;
    if (c->count == 0) return false;
    *fresh = c->count - 1;
    c->items[*fresh].value++;
    c->pos = 0;
    return true;
}

static uint64_t take(struct weft_law_choices *c, uint64_t value, uint64_t bound) {
    if (c->pos == c->count) {
        if (c->err == 0) c->err = weft__grow(NULL, (void **)&c->items, &c->cap, c->count + 1, sizeof *c->items);
        if (c->err != 0) return 0;
        c->items[c->count++].value = value;
    }
    struct weft__law_choice *item = &c->items[c->pos++];
    item->bound = bound;
    if (item->value >= bound) item->value %= bound;
    return item->value;
}

bool weft__law_choices_spent(const struct weft_law_choices *c) {
    return c->replay && c->pos >= c->count;
}

uint64_t weft_law_choose(struct weft_law_choices *c, uint64_t bound) {
    return bound < 2 ? 0 : weft__law_pick(c, bound);
}

uint64_t weft_law_choose_kind(struct weft_law_choices *c, uint64_t bound) {
    uint32_t upto[32], in = 0;
    if (bound < 2) return 0;
    if (bound >= 31) return weft__law_pick(c, bound);
    for (uint32_t i = 0; i < bound; i++) upto[i] = in += ~c->left_out >> i & 1;
    return in == 0 ? weft__law_pick(c, bound) : weft__law_weighted(c, upto, (uint32_t)bound);
}

uint64_t weft__law_pick(struct weft_law_choices *c, uint64_t bound) {
    bool draw = c->random && c->pos == c->count;
    return take(c, draw ? weft__prng_below(&c->prng, bound) : 0, bound);
}

uint64_t weft__law_weighted(struct weft_law_choices *c, const uint32_t *upto, uint32_t count) {
    uint64_t index = 0;
    if (c->random && c->pos == c->count) {
        uint64_t at = weft__prng_below(&c->prng, upto[count - 1]);
        while (at >= upto[index]) index++;
    }
    return take(c, index, count);
}

uint64_t weft__law_given(struct weft_law_choices *c, uint64_t value, uint64_t bound) {
    uint64_t taken = take(c, value, bound);
    if (c->err == 0) c->items[c->pos - 1].bound = taken + 1;
    return taken;
}

void weft_law_tell(const struct weft_law_choices *c, struct weft_law_op *op, const char *fmt, ...) {
    if (!c->tells) return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(op->text, sizeof op->text, fmt, args);
    va_end(args);
}
