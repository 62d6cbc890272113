/* windowcounter.c: a windowcounter against a replay of the history: an addition carries on what its origin has in the
 * slot, and the first of a slot drops what it sees to have left the window; the sum is of the slots whose last addition
 * is in the window, and within a slot's width of what the additions themselves say where none was reset. */
#include <inttypes.h>

#include <weft/windowcounter.h>

#include "sim/laws/builtin.h"

enum { ADD = 1, WINDOW = 8, SLOT = 4 /* in steps of the world */, OPS = WEFT_LAW_COMMITS * WEFT_LAW_EDITS };
static const char *const kinds[] = {"add", NULL};

/* Where sums are asked for: before, in and after what short histories reach. */
static const struct weft_stamp at[] = {{4, 0}, {9, 0}, {58, 0}, {5, 1}, {70, 1}};
#define ATS (sizeof at / sizeof *at)

static void any_amount(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct weft__law_world *w = ctx;
    op->kind = ADD;
    op->amount = (int64_t)weft_law_choose_kind(c, 3);
    weft_law_tell(c, op, "add %" PRId64, op->amount);
    weft_windowcounter_add(e, (uint64_t)op->amount, w->unit * WINDOW, w->unit * SLOT);
}

static struct weft_stamp stamp_at(const struct weft__law_world *w, size_t i) {
    return (struct weft_stamp){w->start + w->unit * at[i].word, at[i].epoch};
}

static int sums(void *ctx, struct weft_view v, struct weft_buf *out) {
    const struct weft__law_world *w = ctx;
    for (size_t i = 0; i < ATS; i++) {
        uint64_t sum;
        int rc = weft_windowcounter_sum(v, stamp_at(w, i), w->unit * WINDOW, &sum);
        if (rc != 0) return rc;
        weft_buf_printf(out, "%" PRIu64 " ", sum);
    }
    return weft_buf_append(out, "", 0);
}

static bool is_after(struct weft_stamp stamp, struct weft_stamp when, uint64_t width) {
    if (stamp.epoch != when.epoch) return stamp.epoch > when.epoch;
    return when.word < width || stamp.word > when.word - width;
}

struct replay {
    const struct weft__law_world *world;
    const struct weft_law_history *h;
    uint64_t slot[OPS];   /* what operation i left in its slot; 0: it wrote nothing */
    bool takes[OPS][OPS]; /* [m][i]: operation m took that away, if it was there still */
};

static bool is_slot_of(const struct replay *r, const struct weft_law_op *a, const struct weft_law_op *b) {
    uint64_t width = r->world->unit * SLOT;
    return a->origin == b->origin && a->stamp.word / width == b->stamp.word / width;
}

/* After the first `count` operations, for one that had seen what `viewer` had (NULL: all). */
static bool stands(const struct replay *r, size_t i, size_t count, const size_t *viewer) {
    bool is = r->slot[i] > 0 && (viewer == NULL || weft_law_saw(r->h, *viewer, i));
    for (size_t m = i + 1; is && m < count; m++)
        is = !(r->takes[m][i] && (viewer == NULL || weft_law_saw(r->h, *viewer, m)));
    return is;
}

static void carry_on(struct replay *r, size_t m) {
    const struct weft_law_op *op = &r->h->ops[m];
    bool opens = true;
    for (size_t i = 0; i < m; i++) {
        r->takes[m][i] = weft_law_saw(r->h, m, i) && is_slot_of(r, op, &r->h->ops[i]);
        if (!r->takes[m][i] || !stands(r, i, m, &m) || r->h->ops[i].stamp.epoch != op->stamp.epoch) continue;
        r->slot[m] += r->slot[i];
        opens = false;
    }
    for (size_t i = 0; opens && i < m; i++)
        if (weft_law_saw(r->h, m, i) && !is_after(r->h->ops[i].stamp, op->stamp, r->world->unit * WINDOW))
            r->takes[m][i] = true;
}

static void perform(struct replay *r, size_t m) {
    const struct weft_law_op *op = &r->h->ops[m];
    for (size_t i = 0; i < m; i++) r->takes[m][i] = op->kind == WEFT_LAW_RESET && weft_law_saw(r->h, m, i);
    r->slot[m] = op->kind == ADD ? (uint64_t)op->amount : 0;
    if (r->slot[m] > 0) carry_on(r, m);
}

static uint64_t sum_of(const struct replay *r, struct weft_stamp when) {
    uint64_t sum = 0;
    for (size_t i = 0; i < r->h->count; i++)
        if (is_after(r->h->ops[i].stamp, when, r->world->unit * WINDOW) && stands(r, i, r->h->count, NULL))
            sum += r->slot[i];
    return sum;
}

/* At the greatest stamp of all, what the header says: the additions, as a list would have them. */
static void check_bounds(const struct replay *r, struct weft_buf *out) {
    const struct weft_law_history *h = r->h;
    uint64_t unit = r->world->unit;
    struct weft_stamp now = {0, 0};
    uint64_t least = 0, most = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].kind == WEFT_LAW_RESET) return;
        if (weft_stamp_cmp(now, h->ops[i].stamp) < 0) now = h->ops[i].stamp;
    }
    for (size_t i = 0; i < h->count; i++) {
        uint64_t amount = (uint64_t)h->ops[i].amount;
        if (is_after(h->ops[i].stamp, now, unit * WINDOW)) least += amount;
        if (is_after(h->ops[i].stamp, now, unit * (WINDOW + SLOT))) most += amount;
    }
    uint64_t sum = sum_of(r, now);
    if (sum < least || sum > most)
        weft_buf_printf(out, "%" PRIu64 " is not in %" PRIu64 " .. %" PRIu64, sum, least, most);
}

static int slots_by_history(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    struct replay r;
    r.world = ctx;
    r.h = h;
    for (size_t m = 0; m < h->count; m++) perform(&r, m);
    for (size_t k = 0; k < ATS; k++) weft_buf_printf(out, "%" PRIu64 " ", sum_of(&r, stamp_at(ctx, k)));
    check_bounds(&r, out);
    return weft_buf_append(out, "", 0);
}

const struct weft__law_type weft__law_windowcounter = {&weft_windowcounter_class, &weft__law_kit, any_amount, sums,
                                                       slots_by_history,          kinds,          0};
