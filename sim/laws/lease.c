/* lease.c: a lease against a replay of the history: whoever acquires it saw what the stamps say, the lease
 * free, expired or its own; each acquisition replaces what it has seen; of those that stand the greatest stamp counts,
 * then the greatest origin, and holds until its deadline. */
#include <assert.h>
#include <inttypes.h>

#include <weft/err.h>
#include <weft/lease.h>

#include "sim/laws/builtin.h"

enum { ACQUIRE = 1, RELEASE = 2, REFUSED = 3, NOBODY = 2, OPS = WEFT_LAW_COMMITS * WEFT_LAW_EDITS };
static const char *const kinds[] = {"acquire", "release", "refused", NULL};
static const char *const owners[] = {"x", "y"};
static const uint64_t durations[] = {3, 60}; /* in steps of the world */

/* Short beside the steps of clocks, and long. */
static const uint64_t words[] = {0, 2, 4, 8, 40, 70};
#define WORDS (sizeof words / sizeof *words)

/* amount: owner + 2 * duration + 4 * whoever held it where it was made. */
static unsigned owner_of(const struct weft_law_op *op) {
    return (unsigned)op->amount % 2;
}
static uint64_t duration_of(const struct weft__law_world *w, const struct weft_law_op *op) {
    return w->unit * durations[op->amount / 2 % 2];
}
static unsigned holder_before(const struct weft_law_op *op) {
    return (unsigned)op->amount / 4;
}

static unsigned holder_now(struct weft_view v, struct weft_stamp at) {
    struct weft_lease l;
    if (weft_lease_holder(v, at, &l) != 0) return NOBODY;
    return weft_slice_eq(l.owner, weft_str("x")) ? 0 : 1;
}

/* What would be refused is tried at times; a refused commit is no operation of the history. */
static void any_lease(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct weft__law_world *world = ctx;
    uint64_t what = weft_law_choose_kind(c, 8);
    op->kind = what >= 5 && what < 7 ? RELEASE : ACQUIRE;
    unsigned owner = (unsigned)weft_law_choose(c, 2), holder = holder_now(weft_edit_view(e), weft_edit_now(e));
    uint64_t length = op->kind == RELEASE ? 0 : weft_law_choose(c, 2);
    op->amount = (int64_t)(owner + 2 * length + 4 * holder);
    bool is_held = holder != NOBODY && holder != owner;
    if (op->kind == ACQUIRE && is_held && what != 7) op->kind = REFUSED;
    weft_law_tell(c, op, "%s: %s %" PRIu64, owners[owner], kinds[op->kind - 1], durations[length]);
    int before = weft_edit_error(e);
    if (op->kind == RELEASE) weft_lease_release(e, weft_str(owners[owner]));
    if (op->kind == ACQUIRE) weft_lease_acquire(e, weft_str(owners[owner]), world->unit * durations[length]);
    assert(weft_edit_error(e) != WEFT_ERR_HELD || before != 0 || is_held);
}

static struct weft_stamp stamp_at(const struct weft__law_world *w, uint8_t epoch, size_t i) {
    return (struct weft_stamp){w->start + w->unit * words[i], epoch};
}

static int who_and_when(void *ctx, struct weft_view v, struct weft_buf *out) {
    const struct weft__law_world *world = ctx;
    struct weft_lease l;
    for (uint8_t epoch = 0; epoch < 3; epoch++)
        for (size_t i = 0; i < WORDS; i++) {
            int rc = weft_lease_holder(v, stamp_at(world, epoch, i), &l);
            if (rc == WEFT_ERR_NOT_FOUND) continue;
            if (rc != 0) return rc;
            weft_buf_printf(out, "%u.%" PRIu64 ": %.*s until %u.%" PRIu64 " by %u.%" PRIu64 ":%u ", epoch, words[i],
                            (int)l.owner.len, (const char *)l.owner.ptr, l.deadline.epoch, l.deadline.word,
                            l.token.stamp.epoch, l.token.stamp.word,
                            world->rank(world, world->number(world, &l.token.origin)));
        }
    return weft_buf_append(out, "", 0);
}

/* Of the first `count` operations, those that `viewer` had seen (NULL: all). takes[m]: operation m takes away all that
 * it has seen. */
static const struct weft_law_op *winner_of(const struct weft_law_history *h, const bool *takes, size_t count,
                                           const size_t *viewer) {
    const struct weft_law_op *winner = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct weft_law_op *op = &h->ops[i];
        bool stands = op->kind == ACQUIRE && (viewer == NULL || weft_law_saw(h, *viewer, i));
        for (size_t m = i + 1; stands && m < count; m++)
            stands = !(takes[m] && weft_law_saw(h, m, i) && (viewer == NULL || weft_law_saw(h, *viewer, m)));
        if (!stands) continue;
        int order = winner == NULL ? 1 : weft_stamp_cmp(op->stamp, winner->stamp);
        if (order > 0 || (order == 0 && op->origin > winner->origin)) winner = op;
    }
    return winner;
}

/* The last word is never reached. */
static uint64_t deadline_of(const struct weft__law_world *w, const struct weft_law_op *op) {
    uint64_t duration = duration_of(w, op), word = op->stamp.word;
    return duration > UINT64_MAX - word ? UINT64_MAX : word + duration;
}

static bool holds(const struct weft__law_world *w, const struct weft_law_op *winner, struct weft_stamp at) {
    if (winner == NULL || at.epoch > winner->stamp.epoch) return false;
    return at.epoch < winner->stamp.epoch || at.word < deadline_of(w, winner);
}

static int holder_by_history(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    const struct weft__law_world *w = ctx;
    bool takes[OPS];
    for (size_t m = 0; m < h->count; m++) {
        const struct weft_law_op *op = &h->ops[m], *winner = winner_of(h, takes, m, &m);
        unsigned holder = holds(w, winner, op->stamp) ? owner_of(winner) : NOBODY;
        takes[m] = op->kind == WEFT_LAW_RESET || op->kind == ACQUIRE ||
                   (op->kind == RELEASE && winner != NULL && owner_of(winner) == owner_of(op));
        if (op->kind != WEFT_LAW_RESET && holder != holder_before(op))
            weft_buf_printf(out, "operation %zu saw another holder than %u ", m, holder);
        if (op->kind == ACQUIRE && holder != NOBODY && holder != owner_of(op))
            weft_buf_printf(out, "operation %zu must be refused ", m);
    }
    const struct weft_law_op *winner = winner_of(h, takes, h->count, NULL);
    for (uint8_t epoch = 0; epoch < 3; epoch++)
        for (size_t i = 0; i < WORDS; i++)
            if (holds(w, winner, stamp_at(w, epoch, i)))
                weft_buf_printf(out, "%u.%" PRIu64 ": %s until %u.%" PRIu64 " by %u.%" PRIu64 ":%u ", epoch, words[i],
                                owners[owner_of(winner)], winner->stamp.epoch, deadline_of(w, winner),
                                winner->stamp.epoch, winner->stamp.word, winner->origin);
    return weft_buf_append(out, "", 0);
}

const struct weft__law_type weft__law_lease = {&weft_lease_class, &weft__law_kit, any_lease, who_and_when,
                                               holder_by_history, kinds,          3};
