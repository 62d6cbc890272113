/* mutant_custom.c: a CUSTOM type, the greatest height of each place, whose class or whose writing is broken. A write of
 * an unknown version stands beside: bytes that fail the check. The right merge is that of tests/support/heights.h. */
#include "tests/laws/mutants.h"

#include <stdio.h>

#include "tests/support/heights.h"

enum { RAISE = 1, FOREIGN = 2, PLACES = 2, HEIGHTS = 3 };
enum bug { RIGHT, SUM, MEAN, LAST, UNSORTED, ADDRESS, LENIENT, UNMERGED, DROPS_FOREIGN, BUGS };

static const struct weft_slice nothing = {NULL, 0}, level_0 = {(const uint8_t *)"\0", 1};
static const char *const kinds[] = {"raise", "write what is not understood", NULL};

/* --- Merges ------------------------------------------------------------------------------------------------------- */

static uint8_t height_at(struct weft_slice state, uint8_t place) {
    for (size_t i = 0; i + 1 < state.len; i += 2)
        if (state.ptr[i] == place) return state.ptr[i + 1];
    return 0;
}

static int join_each(struct weft_slice a, struct weft_slice b, struct weft_buf *out,
                     uint8_t (*join)(uint8_t x, uint8_t y)) {
    for (unsigned place = 0; place < 256; place++) {
        uint8_t x = height_at(a, (uint8_t)place), y = height_at(b, (uint8_t)place);
        uint8_t pair[] = {(uint8_t)place, x == 0 || y == 0 ? (uint8_t)(x + y) : join(x, y)};
        if (pair[1] > 0) (void)weft_buf_append(out, pair, sizeof pair);
    }
    return out->err;
}

static uint8_t sum(uint8_t x, uint8_t y) {
    return (uint8_t)(x + y);
}

static uint8_t mean(uint8_t x, uint8_t y) {
    return (uint8_t)(((float)x + (float)y) / 2 + 0.5f);
}

static uint8_t greater(uint8_t x, uint8_t y) {
    return x > y ? x : y;
}

/* As right as that of heights.h, and sorts whatever it is given. */
static int merge_sorting(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    return join_each(a, b, out, greater);
}

static int merge_sum(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    return join_each(a, b, out, sum);
}

static int merge_mean(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    return join_each(a, b, out, mean);
}

static int merge_last(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    (void)a;
    return weft_buf_append_slice(out, b);
}

/* Those of a, each as high as it may, then what b has beside. */
static int merge_unsorted(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    for (size_t i = 0; i + 1 < a.len; i += 2) {
        uint8_t other = height_at(b, a.ptr[i]), height = a.ptr[i + 1] > other ? a.ptr[i + 1] : other;
        (void)weft_buf_append(out, (uint8_t[]){a.ptr[i], height}, 2);
    }
    for (size_t i = 0; i + 1 < b.len; i += 2)
        if (height_at(a, b.ptr[i]) == 0) (void)weft_buf_append(out, b.ptr + i, 2);
    return out->err;
}

/* Of a place that both have the height of the state that lies first in memory. */
static int merge_address(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    bool a_first = (uintptr_t)a.ptr < (uintptr_t)b.ptr;
    for (unsigned place = 0; place < 256; place++) {
        uint8_t x = height_at(a_first ? a : b, (uint8_t)place), y = height_at(a_first ? b : a, (uint8_t)place);
        uint8_t pair[] = {(uint8_t)place, x > 0 ? x : y};
        if (pair[1] > 0) (void)weft_buf_append(out, pair, sizeof pair);
    }
    return out->err;
}

/* Any order, and a place twice or with the height 0. */
static bool check_lenient(struct weft_slice state) {
    return state.len % 2 == 0;
}

#define CLASS(merges, checks)                                                                                          \
    {                                                                                                                  \
        .size = sizeof(struct weft_crdt_class), .name = "custom", .type = HEIGHTS_TYPE, .schema = 1,                   \
        .print = heights_print, .merge = (merges), .check = (checks),                                                  \
    }
static const struct weft_crdt_class classes[BUGS] = {
    [RIGHT] = CLASS(heights_merge, heights_check),
    [SUM] = CLASS(merge_sum, heights_check),
    [MEAN] = CLASS(merge_mean, heights_check),
    [LAST] = CLASS(merge_last, heights_check),
    [UNSORTED] = CLASS(merge_unsorted, heights_check),
    [ADDRESS] = CLASS(merge_address, heights_check),
    [LENIENT] = CLASS(merge_sorting, check_lenient),
    [UNMERGED] = CLASS(heights_merge, heights_check),
    [DROPS_FOREIGN] = CLASS(heights_merge, heights_check),
};

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* weft_custom_join as it would be without its two promises: that what is taken away is in what takes its place, and
 * that what is not understood stays. */
static void broken_join(struct weft_edit *e, struct weft_slice delta, enum bug bug) {
    struct weft_buf sum_of, next;
    struct weft_write w;
    weft_buf_init(&sum_of, NULL);
    weft_buf_init(&next, NULL);
    (void)weft_buf_append_slice(&sum_of, delta);
    for (size_t i = 0; weft_view_write(weft_edit_view(e), nothing, level_0, i, &w); i++) {
        if (bug == UNMERGED || !heights_check(w.value)) continue;
        weft_buf_reset(&next);
        (void)heights_merge(weft_buf_slice(&sum_of), w.value, &next);
        weft_buf_reset(&sum_of);
        (void)weft_buf_append_slice(&sum_of, weft_buf_slice(&next));
    }
    weft_edit_put(e, nothing, level_0, weft_buf_slice(&sum_of));
    weft_buf_fini(&sum_of);
    weft_buf_fini(&next);
}

static void mutate(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    enum bug bug = (enum bug)((const struct mutant *)ctx)->bug;
    bool is_foreign = weft_law_choose_kind(c, 2) == 1;
    op->kind = is_foreign ? FOREIGN : RAISE;
    if (is_foreign) { /* where it takes nothing away */
        op->amount = !weft_view_has(weft_edit_view(e), nothing, level_0);
        if (op->amount == 1) weft_edit_put(e, nothing, level_0, weft_str("new"));
        weft_law_tell(c, op, "write what is not understood");
        return;
    }
    op->target = weft_law_choose(c, PLACES);
    op->amount = 1 + (int64_t)weft_law_choose(c, HEIGHTS);
    weft_law_tell(c, op, "raise %d to %d", (int)op->target, (int)op->amount);
    struct weft_slice delta = weft_slice((uint8_t[]){(uint8_t)op->target, (uint8_t)op->amount}, 2);
    if (bug == UNMERGED || bug == DROPS_FOREIGN)
        broken_join(e, delta, bug);
    else
        weft_custom_join(e, delta);
}

static int greatest(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    int64_t heights[PLACES] = {0};
    size_t foreign = 0;
    (void)ctx;
    for (size_t i = 0; i < h->count; i++) {
        const struct weft_law_op *op = &h->ops[i];
        if (op->kind == FOREIGN) foreign += (size_t)op->amount;
        if (op->kind == RAISE && op->amount > heights[op->target]) heights[op->target] = op->amount;
    }
    const char *between = "";
    for (int place = 0; place < PLACES; place++) {
        if (heights[place] == 0) continue;
        weft_buf_printf(out, "%s%d:%d", between, place, (int)heights[place]);
        between = " ";
    }
    if (foreign > 0) weft_buf_printf(out, " and %zu", foreign);
    return weft_buf_append(out, "", 0);
}

/* A deletion is an observed reset, of which custom.h says what may come back: that is not what is looked for here. And
 * a broken merge is to be found without being told what the value should be. */
void mutated_custom_options(struct weft_law_options *o, const struct mutant *m) {
    o->type = &classes[m->bug];
    o->mutate = mutate;
    o->resets = false;
    o->kinds = kinds;
    o->short_steps = 3;
    o->hostile_every = 100;
    if (m->bug != RIGHT && m->bug < UNMERGED) o->spec = NULL;
}

static const struct mutant customs[] = {
    {"right", RIGHT, "", NULL},
    {"sum instead of maximum", SUM, "idempotent", NULL},
    {"the mean, in floats", MEAN, "monotone", NULL},
    {"the later argument wins", LAST, "commutative", NULL},
    {"places in the order of arrival", UNSORTED, "commutative", NULL},
    {"what lies first in memory wins", ADDRESS, "commutative", NULL},
    {"the check takes other spellings", LENIENT, "hostile", NULL},
    {"absorbs without joining", UNMERGED, "value", NULL},
    {"drops what it does not understand", DROPS_FOREIGN, "value", NULL},
    {NULL, 0, NULL, NULL},
};

const struct mutated_type mutated_custom = {"custom", NULL, greatest, customs};
