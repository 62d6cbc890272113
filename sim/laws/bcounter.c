/* bcounter.c: a bcounter against books that are kept by hand: an operation counts what it had seen, a claim all that is
 * left to the other origin, a reset all that is left to its own; rights are settled from the books, claims last. While
 * nobody claims, the value is what was added less what was consumed, and nobody has excess. */
#include <inttypes.h>
#include <string.h>

#include <weft/bcounter.h>

#include "sim/laws/builtin.h"

enum { ADD = 1, CONSUME = 2, TRANSFER = 3, CLAIM = 4, REFUSED = 5 };
enum { ORIGINS = 64, OPS = WEFT_LAW_COMMITS * WEFT_LAW_EDITS };
static const char *const kinds[] = {"add", "consume", "transfer", "claim", "refused", NULL};

/* amount: number, the other origin, the own rights where it was made. */
static int64_t pack(uint64_t number, uint32_t peer, uint64_t rights) {
    return (int64_t)(number | (uint64_t)peer << 8 | rights << 16);
}
static int64_t number_of(const struct weft_law_op *op) {
    return op->amount & 255;
}
static uint32_t peer_of(const struct weft_law_op *op) {
    return op->amount >> 8 & 255;
}
static int64_t rights_before(const struct weft_law_op *op) {
    return op->amount >> 16;
}

static void any_change(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    const struct weft__law_world *world = ctx;
    struct weft_origin own = weft_edit_origin(e), other = own;
    uint64_t rights = 0, number;
    op->kind = ADD + (uint32_t)weft_law_choose_kind(c, 4);
    number = op->kind == CLAIM ? 0 : 1 + weft_law_choose(c, 2) + (op->kind == ADD ? 3 : 0);
    if (op->kind >= TRANSFER) other = world->other(world, &own, weft_law_choose(c, 2));
    uint32_t peer = world->number(world, &other);
    int rc = weft_bcounter_rights(weft_edit_view(e), &own, &rights);
    if (rc != 0) weft_edit_fail(e, rc);
    if ((op->kind == CONSUME || op->kind == TRANSFER) && rights < number) op->kind = REFUSED;
    op->amount = pack(number, peer, rights);
    weft_law_tell(c, op, "%s %" PRIu64 " (%u)", kinds[op->kind - 1], number, peer);
    if (op->kind == ADD) weft_bcounter_add(e, number);
    if (op->kind == CONSUME) weft_bcounter_consume(e, number);
    if (op->kind == TRANSFER) weft_bcounter_transfer(e, &other, number);
    if (op->kind == CLAIM) weft_bcounter_claim(e, &other);
}

static int accounts(void *ctx, struct weft_view v, struct weft_buf *out) {
    const struct weft__law_world *world = ctx;
    struct weft_bcounter b;
    uint64_t value, excess;
    int rc = weft_bcounter_value(v, &value);
    if (rc == 0) rc = weft_bcounter_excess(v, &excess);
    if (rc == 0) rc = weft_bcounter_open(&b, v);
    if (rc != 0) return rc;
    weft_buf_printf(out, "%" PRIu64 " excess %" PRIu64, value, excess);
    for (size_t i = 0; i < b.count; i++)
        if (b.items[i].rights != 0 || b.items[i].excess != 0)
            weft_buf_printf(out, " %u: %" PRIu64 " %" PRIu64,
                            world->rank(world, world->number(world, &b.items[i].origin)), b.items[i].rights,
                            b.items[i].excess);
    weft_bcounter_close(&b);
    return weft_buf_append(out, "", 0);
}

/* --- By hand ------------------------------------------------------------------------------------------------------ */

struct books {
    const struct weft__law_world *world;
    uint32_t count;                    /* of origins */
    int64_t left[ORIGINS];             /* added and received less consumed and given; then, settled */
    int64_t claimed[ORIGINS][ORIGINS]; /* by, on */
};

static uint32_t rank_of_peer(const struct books *b, const struct weft_law_op *op) {
    return op->kind == WEFT_LAW_RESET ? op->origin : b->world->rank(b->world, peer_of(op));
}

static void enter(struct books *b, const struct weft_law_op *op, int64_t number) {
    uint32_t peer = rank_of_peer(b, op);
    if (op->kind == ADD) b->left[op->origin] += number;
    if (op->kind == CONSUME || op->kind == TRANSFER || op->kind == WEFT_LAW_RESET) b->left[op->origin] -= number;
    if (op->kind == TRANSFER) b->left[peer] += number;
    if (op->kind == CLAIM && peer != op->origin) b->claimed[op->origin][peer] += number;
}

static bool waits(const struct books *b, const bool *settled, uint32_t by) {
    for (uint32_t on = 0; on < b->count; on++)
        if (b->claimed[by][on] > 0 && !settled[on]) return true;
    return false;
}

static void settle(struct books *b) {
    bool settled[ORIGINS] = {false};
    for (uint32_t round = 0; round < b->count; round++)
        for (uint32_t on = 0; on < b->count; on++) {
            if (settled[on] || waits(b, settled, on)) continue;
            settled[on] = true;
            for (uint32_t by = 0; by < b->count; by++) {
                int64_t left = b->left[on] > 0 ? b->left[on] : 0;
                int64_t part = b->claimed[by][on] < left ? b->claimed[by][on] : left;
                b->left[on] -= part;
                b->left[by] += part;
            }
        }
}

static void count_origins(struct books *b, const struct weft_law_history *h) {
    for (size_t i = 0; i < h->count; i++) {
        uint32_t peer = rank_of_peer(b, &h->ops[i]), greater = peer > h->ops[i].origin ? peer : h->ops[i].origin;
        if (greater >= b->count) b->count = greater + 1;
    }
}

/* As the first `count` operations say, of those that `viewer` had seen (NULL: all). */
static void keep(struct books *b, const struct weft_law_history *h, const int64_t *numbers, size_t count,
                 const size_t *viewer) {
    memset(b->left, 0, b->count * sizeof *b->left);
    memset(b->claimed, 0, b->count * sizeof *b->claimed);
    for (size_t i = 0; i < count; i++)
        if (viewer == NULL || weft_law_saw(h, *viewer, i)) enter(b, &h->ops[i], numbers[i]);
    settle(b);
}

static int64_t number_in(const struct books *b, const struct weft_law_op *op) {
    if (op->kind != CLAIM && op->kind != WEFT_LAW_RESET) return number_of(op);
    int64_t left = b->left[rank_of_peer(b, op)];
    return left > 0 ? left : 0;
}

static void check_sum(const struct weft_law_history *h, const int64_t *numbers, int64_t value, int64_t excess,
                      struct weft_buf *out) {
    int64_t sum = 0;
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].kind == CLAIM) return;
        if (h->ops[i].kind == ADD) sum += numbers[i];
        if (h->ops[i].kind == CONSUME || h->ops[i].kind == WEFT_LAW_RESET) sum -= numbers[i];
    }
    if (value != sum || excess != 0) weft_buf_printf(out, " but the sum is %" PRId64, sum);
}

static int by_the_books(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    struct books b = {.world = ctx, .count = 0};
    int64_t numbers[OPS], value = 0, excess = 0;
    count_origins(&b, h);
    for (size_t m = 0; m < h->count; m++) {
        const struct weft_law_op *op = &h->ops[m];
        keep(&b, h, numbers, m, &m);
        numbers[m] = number_in(&b, op);
        int64_t rights = b.left[op->origin] > 0 ? b.left[op->origin] : 0;
        if (op->kind != WEFT_LAW_RESET && rights != rights_before(op))
            weft_buf_printf(out, "operation %zu had %" PRId64 " ", m, rights);
    }
    keep(&b, h, numbers, h->count, NULL);
    for (uint32_t i = 0; i < b.count; i++) *(b.left[i] > 0 ? &value : &excess) += b.left[i];
    weft_buf_printf(out, "%" PRId64 " excess %" PRId64, value, -excess);
    for (uint32_t i = 0; i < b.count; i++)
        if (b.left[i] != 0)
            weft_buf_printf(out, " %u: %" PRId64 " %" PRId64, i, b.left[i] > 0 ? b.left[i] : 0,
                            b.left[i] < 0 ? -b.left[i] : 0);
    check_sum(h, numbers, value, excess, out);
    return weft_buf_append(out, "", 0);
}

const struct weft__law_type weft__law_bcounter = {&weft_bcounter_class, &weft__law_kit, any_change, accounts,
                                                  by_the_books,         kinds,          3};
