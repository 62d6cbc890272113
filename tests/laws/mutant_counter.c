/* mutant_counter.c: a counter with reset: for each origin a total and the part of it that resets have taken back. */
#include "tests/laws/mutants.h"
#include "tests/laws/plain.h"

#include <inttypes.h>
#include <string.h>

#include <weft/err.h>

enum { ORIGINS = 32, ENTRY = 1 + 16, VERSION = 1 };
enum { INCREMENT = 1 };

enum bug {
    NONE,
    SUM,
    DROPS_BASE,
    SHARED_SLOT,
    RESETS_TOTAL,
    RESETS_OWN,
    RESETS_AHEAD,
    TOTAL_AS_DELTA,
    LARGER_WINS,
    FLOATS,
    OVERFLOWS,
    SATURATES,
    WRAPS,
    ADDS_DELTAS,
    MINIMUM,
    CACHES,
};

struct counter {
    struct plain plain;
    uint64_t total[ORIGINS];
    uint64_t base[ORIGINS];
    double tenths;  /* of FLOATS: what came, as it came */
    uint64_t shown; /* of CACHES */
};

static enum bug bug_of(void *ctx) {
    return (enum bug)((const struct mutant *)ctx)->bug;
}

static int create(void *ctx, const struct weft_law_place *place, void **out) {
    struct weft_law_place own = *place;
    if (bug_of(ctx) == SHARED_SLOT) own.number = 0;
    return plain_create(&own, sizeof(struct counter), out);
}

static int copy(void *ctx, const void *state, const struct weft_law_place *place, void **out) {
    struct weft_law_place own = *place;
    if (bug_of(ctx) == SHARED_SLOT) own.number = 0;
    return plain_copy(ctx, state, &own, out);
}

static uint64_t sum(const struct counter *s) {
    uint64_t n = 0;
    for (uint32_t o = 0; o < ORIGINS; o++) n += s->total[o] > s->base[o] ? s->total[o] - s->base[o] : 0;
    return n;
}

static uint64_t greater(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t join_total(enum bug bug, uint64_t a, uint64_t b) {
    uint64_t total = bug == SUM ? a + b : greater(a, b);
    if (bug == MINIMUM && a != 0 && b != 0) total = a + b - total;
    if (bug == WRAPS) total %= 5;
    return bug == SATURATES && total > 4 ? 4 : total;
}

static int merge(void *ctx, void *into, const void *from) {
    struct counter *s = into;
    const struct counter *f = from;
    enum bug bug = bug_of(ctx);
    bool larger = sum(f) > sum(s);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        uint64_t total = join_total(bug, s->total[o], f->total[o]);
        uint64_t base = greater(s->base[o], f->base[o]);
        if (bug == LARGER_WINS) {
            total = larger ? f->total[o] : s->total[o];
            base = larger ? f->base[o] : s->base[o];
        }
        if (bug == DROPS_BASE && total == base) total = base = 0;
        s->tenths += 0.1 * (double)(total - s->total[o]) - 0.1 * (double)(base - s->base[o]);
        s->total[o] = total;
        s->base[o] = base;
    }
    return bug == OVERFLOWS && sum(s) > 6 ? WEFT_ERR_RANGE : 0;
}

static void write_word(struct weft_buf *out, uint64_t word) {
    for (int i = 0; i < 8; i++) weft_buf_append(out, &(uint8_t){(uint8_t)(word >> 8 * i)}, 1);
}

static int encode(void *ctx, const void *state, struct weft_buf *out) {
    const struct counter *s = state;
    (void)ctx;
    weft_buf_append(out, &(uint8_t){VERSION}, 1);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (s->total[o] == 0) continue;
        weft_buf_append(out, &(uint8_t){(uint8_t)o}, 1);
        write_word(out, s->total[o]);
        write_word(out, s->base[o]);
    }
    return out->err;
}

static uint64_t read_word(const uint8_t *at) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)at[i] << 8 * i;
    return word;
}

static int apply(void *ctx, void *state, struct weft_slice bytes) {
    struct counter delta = {.plain.origin = 0};
    int last = -1;
    if (bytes.len % ENTRY != 1 || bytes.ptr[0] != VERSION) return WEFT_ERR_MALFORMED;
    for (size_t at = 1; at < bytes.len; at += ENTRY) {
        uint32_t o = bytes.ptr[at];
        if (o >= ORIGINS || (int)o <= last) return WEFT_ERR_MALFORMED;
        last = (int)o;
        delta.total[o] = read_word(bytes.ptr + at + 1);
        delta.base[o] = read_word(bytes.ptr + at + 9);
        bool ahead = bug_of(ctx) == RESETS_AHEAD && delta.base[o] == delta.total[o] + 1;
        if (delta.total[o] == 0 || (delta.base[o] > delta.total[o] && !ahead)) return WEFT_ERR_MALFORMED;
    }
    struct counter *s = state;
    for (uint32_t o = 0; o < ORIGINS && bug_of(ctx) == ADDS_DELTAS; o++) delta.total[o] += s->total[o];
    return merge(ctx, state, &delta);
}

static void reset(enum bug bug, const struct counter *s, struct counter *change) {
    memcpy(change->total, s->total, sizeof s->total);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (s->total[o] > s->base[o] && (bug != RESETS_OWN || o == s->plain.origin))
            change->base[o] = bug == RESETS_TOTAL ? s->base[o] : s->total[o] + (bug == RESETS_AHEAD);
        else
            change->total[o] = 0;
    }
}

static void perform(struct counter *s, const struct weft_law_op *op, uint64_t amount) {
    if (op->kind == INCREMENT)
        s->total[s->plain.origin] += amount;
    else
        memcpy(s->base, s->total, sizeof s->base);
}

static int mutate(void *ctx, void *state, struct weft_law_choices *c, struct weft_stamp stamp, uint32_t max,
                  struct weft_law_op *ops, uint32_t *count, struct weft_buf *delta) {
    struct counter *s = state, change = {.plain.origin = 0};
    (void)stamp;
    (void)max;
    *count = 1;
    ops->amount = (int64_t)weft_law_choose(c, 3);
    ops->kind = ops->amount == 2 ? WEFT_LAW_RESET : INCREMENT;
    uint64_t amount = (uint64_t)ops->amount + 1;
    bool effect = ops->kind == INCREMENT || sum(s) > 0;
    if (ops->kind == INCREMENT) {
        weft_law_tell(c, ops, "+%" PRIu64, amount);
        bool amounts = bug_of(ctx) == TOTAL_AS_DELTA || bug_of(ctx) == ADDS_DELTAS;
        change.total[s->plain.origin] = amounts ? amount : s->total[s->plain.origin] + amount;
    } else {
        weft_law_tell(c, ops, "reset");
        reset(bug_of(ctx), s, &change);
    }
    int rc = effect ? encode(ctx, &change, delta) : 0;
    if (rc != 0 || !effect) return rc;
    if (bug_of(ctx) == RESETS_TOTAL && ops->kind == WEFT_LAW_RESET)
        memset(s->total, 0, sizeof s->total);
    else if (bug_of(ctx) == TOTAL_AS_DELTA || bug_of(ctx) == ADDS_DELTAS)
        perform(s, ops, amount);
    else
        rc = merge(&(struct mutant){.bug = bug_of(ctx) == FLOATS ? FLOATS : NONE}, s, &change);
    s->shown = sum(s);
    return rc;
}

static int value(void *ctx, const void *state, struct weft_buf *out) {
    const struct counter *s = state;
    if (bug_of(ctx) == FLOATS) return weft_buf_printf(out, "%.16g", s->tenths * 10);
    return weft_buf_printf(out, "%" PRIu64, bug_of(ctx) == CACHES ? s->shown : sum(s));
}

static int spec(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    int64_t n = 0;
    for (size_t i = 0; i < h->count; i++) {
        bool taken = h->ops[i].kind == WEFT_LAW_RESET;
        for (size_t j = 0; j < h->count; j++) {
            taken = taken || (h->ops[j].kind == WEFT_LAW_RESET && weft_law_saw(h, j, i));
        }
        if (!taken) n += h->ops[i].amount + 1;
    }
    return weft_buf_printf(out, "%" PRId64, n);
}

static const struct weft_law_subject subject = MUTANT_SUBJECT("counter", plain_destroy, copy);

static const struct mutant mutants[] = {
    {"right", NONE, "", NULL},
    {"sum instead of maximum", SUM, "idempotent", NULL},
    {"minimum instead of maximum", MINIMUM, "monotone", NULL},
    {"the larger value wins whole", LARGER_WINS, "monotone", NULL},
    {"one slot for all", SHARED_SLOT, "value", "nurl-lang #169"},
    {"a delta with the amount", TOTAL_AS_DELTA, "delta", NULL},
    {"adds what a delta brings", ADDS_DELTAS, "idempotent", "defradb.rs #847"},
    {"drops the base of a reset", DROPS_BASE, "monotone", NULL},
    {"a reset sets totals to zero", RESETS_TOTAL, "monotone", "riak_dt_map, counters"},
    {"a reset takes its own part only", RESETS_OWN, "reset", NULL},
    {"a reset takes what it has not seen", RESETS_AHEAD, "value", "riak_dt_map, counters"},
    {"a merge does not renew the cached value", CACHES, "convergence", NULL},
    {"sums floats as they come", FLOATS, "value", "Loro 1.17.1"},
    {"a merge that overflows is refused", OVERFLOWS, "error", NULL},
    {"a merge saturates", SATURATES, "monotone", NULL},
    {"a merge wraps", WRAPS, "monotone", "delta-enabled-crdts, INT_MAX + 1"},
    {NULL, 0, NULL, NULL},
};

const struct mutated_type mutated_counter = {"counter", &subject, spec, mutants};
