/* mutant_register.c: a last-writer-wins register that keeps, for each origin, its write if none has observed it. States
 * travel whole: this subject has no deltas. */
#include "tests/laws/mutants.h"
#include "tests/laws/plain.h"

#include <string.h>

#include <weft/err.h>

enum { ORIGINS = 32, ENTRY = 1 + 8 + 8 + 8 + 1 + 1, VERSION = 1 };
enum { SET = 1, CLEAR = 2 };

enum bug {
    NONE,
    WINNER_ONLY,
    TIE_KEEPS_OWN,
    TIE_BY_VALUE,
    LAST_ARRIVAL,
    EMPTY_IS_ABSENT,
    IGNORES_EPOCH,
    CLEARS_BY_STAMP,
    OWN_CLOCK,
    COUNTS_WRITES,
    EQUAL_IS_NO_NEWS,
    READS_WRITES_ONLY,
};

struct written {
    uint64_t dots; /* one bit: the write that stands; 0: none */
    struct weft_stamp stamp;
    uint8_t value;
};

struct reg {
    struct plain plain;
    uint64_t seen[ORIGINS];
    struct written writes[ORIGINS];
};

static enum bug bug_of(void *ctx) {
    return (enum bug)((const struct mutant *)ctx)->bug;
}

static int create(void *ctx, const struct weft_law_place *place, void **out) {
    (void)ctx;
    return plain_create(place, sizeof(struct reg), out);
}

static int compare(enum bug bug, const struct reg *s, uint32_t a, uint32_t b) {
    struct weft_stamp x = s->writes[a].stamp, y = s->writes[b].stamp;
    if (bug == IGNORES_EPOCH) x.epoch = y.epoch = 0;
    int order = weft_stamp_cmp(x, y);
    if (order != 0) return order;
    if (bug == TIE_BY_VALUE && s->writes[a].value != s->writes[b].value)
        return s->writes[a].value < s->writes[b].value ? 1 : -1;
    if (bug == TIE_KEEPS_OWN && (a == s->plain.origin || b == s->plain.origin)) return a == s->plain.origin ? 1 : -1;
    return a < b ? -1 : a > b;
}

/* ORIGINS: nothing stands. */
static uint32_t winner(enum bug bug, const struct reg *s) {
    uint32_t best = ORIGINS;
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (s->writes[o].dots != 0 && (best == ORIGINS || compare(bug, s, o, best) > 0)) best = o;
    }
    return best;
}

static int merge(void *ctx, void *into, const void *from) {
    struct reg *s = into;
    const struct reg *f = from;
    enum bug bug = bug_of(ctx);
    uint32_t arrived = winner(NONE, f), shown = winner(NONE, s);
    bool is_news = arrived == ORIGINS || shown == ORIGINS || s->writes[shown].value != f->writes[arrived].value;
    if (bug == EQUAL_IS_NO_NEWS && !is_news) return 0;
    for (uint32_t o = 0; o < ORIGINS; o++) {
        struct written a = s->writes[o], b = f->writes[o];
        bool keep_a = a.dots != 0 && ((a.dots & f->seen[o]) == 0 || a.dots == b.dots);
        bool keep_b = b.dots != 0 && (b.dots & s->seen[o]) == 0;
        s->writes[o] = keep_b ? b : keep_a ? a : (struct written){.dots = 0};
        s->seen[o] |= f->seen[o];
    }
    uint32_t best = bug == LAST_ARRIVAL && arrived != ORIGINS ? arrived : winner(bug, s);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        bool forgets = bug == WINNER_ONLY || bug == TIE_KEEPS_OWN || bug == LAST_ARRIVAL;
        if (forgets && o != best) s->writes[o] = (struct written){.dots = 0};
    }
    return 0;
}

static void write_word(struct weft_buf *out, uint64_t word) {
    for (int i = 0; i < 8; i++) weft_buf_append(out, &(uint8_t){(uint8_t)(word >> 8 * i)}, 1);
}

static int encode(void *ctx, const void *state, struct weft_buf *out) {
    const struct reg *s = state;
    (void)ctx;
    weft_buf_append(out, &(uint8_t){VERSION}, 1);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        const struct written *w = &s->writes[o];
        if (s->seen[o] == 0) continue;
        weft_buf_append(out, &(uint8_t){(uint8_t)o}, 1);
        write_word(out, s->seen[o]);
        write_word(out, w->dots);
        write_word(out, w->stamp.word);
        weft_buf_append(out, &(uint8_t){w->stamp.epoch}, 1);
        weft_buf_append(out, &(uint8_t){w->value}, 1);
    }
    return out->err;
}

static uint64_t read_word(const uint8_t *at) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)at[i] << 8 * i;
    return word;
}

static int apply(void *ctx, void *state, struct weft_slice bytes) {
    struct reg read = {.plain.origin = 0};
    int last = -1;
    if (bytes.len % ENTRY != 1 || bytes.ptr[0] != VERSION) return WEFT_ERR_MALFORMED;
    for (size_t i = 1; i < bytes.len; i += ENTRY) {
        const uint8_t *at = bytes.ptr + i;
        if (at[0] >= ORIGINS || (int)at[0] <= last) return WEFT_ERR_MALFORMED;
        last = at[0];
        struct written w = {read_word(at + 9), {read_word(at + 17), at[25]}, at[26]};
        uint64_t seen = read_word(at + 1);
        if (seen == 0 || (w.dots & ~seen) != 0 || (w.dots & (w.dots - 1)) != 0) return WEFT_ERR_MALFORMED;
        if (w.dots == 0 && (w.stamp.word != 0 || w.stamp.epoch != 0 || w.value != 0)) return WEFT_ERR_MALFORMED;
        if (bug_of(ctx) == READS_WRITES_ONLY && w.dots == 0) continue;
        read.seen[at[0]] = seen;
        read.writes[at[0]] = w;
    }
    return merge(ctx, state, &read);
}

static int mutate(void *ctx, void *state, struct weft_law_choices *c, struct weft_stamp stamp, uint32_t max,
                  struct weft_law_op *ops, uint32_t *count, struct weft_buf *delta) {
    struct reg *s = state;
    (void)max;
    (void)delta;
    *count = 1;
    ops->amount = (int64_t)weft_law_choose(c, 3);
    ops->kind = ops->amount == 2 ? CLEAR : SET;
    weft_law_tell(c, ops, ops->kind == CLEAR ? "clear" : ops->amount == 0 ? "set \"a\"" : "set \"\"");
    bool writes = ops->kind == SET || (bug_of(ctx) == CLEARS_BY_STAMP && winner(NONE, s) != ORIGINS);
    uint32_t replaced = winner(NONE, s);
    if (bug_of(ctx) == OWN_CLOCK) stamp = (struct weft_stamp){.word = s->seen[s->plain.origin] + 1};
    if (bug_of(ctx) == COUNTS_WRITES)
        stamp = (struct weft_stamp){.word = replaced == ORIGINS ? 1 : s->writes[replaced].stamp.word + 1};
    for (uint32_t o = 0; o < ORIGINS; o++) s->writes[o] = (struct written){.dots = 0};
    if (!writes) return 0;
    uint64_t dot = s->seen[s->plain.origin] + 1;
    s->seen[s->plain.origin] |= dot;
    s->writes[s->plain.origin] = (struct written){dot, stamp, (uint8_t)ops->amount};
    return 0;
}

static int value(void *ctx, const void *state, struct weft_buf *out) {
    const struct reg *s = state;
    uint32_t best = winner(bug_of(ctx), s);
    uint8_t shown = best == ORIGINS ? 2 : s->writes[best].value;
    if (bug_of(ctx) == EMPTY_IS_ABSENT && shown == 1) shown = 2;
    return weft_buf_append_str(out, shown == 0 ? "a" : shown == 1 ? "empty" : "unset");
}

static bool beats(const struct weft_law_op *a, const struct weft_law_op *b) {
    int order = weft_stamp_cmp(a->stamp, b->stamp);
    return order != 0 ? order > 0 : a->origin > b->origin;
}

static int spec(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    const struct weft_law_op *best = NULL;
    for (size_t i = 0; i < h->count; i++) {
        bool seen = h->ops[i].kind == CLEAR;
        for (size_t j = 0; j < h->count; j++) seen = seen || weft_law_saw(h, j, i);
        if (!seen && (best == NULL || beats(&h->ops[i], best))) best = &h->ops[i];
    }
    return weft_buf_append_str(out, best == NULL ? "unset" : best->amount == 0 ? "a" : "empty");
}

static const struct weft_law_subject subject = {
    .size = sizeof subject,
    .name = "register",
    .create = create,
    .destroy = plain_destroy,
    .copy = plain_copy,
    .mutate = mutate,
    .apply = apply,
    .merge = merge,
    .encode = encode,
    .value = value,
};

static const struct mutant mutants[] = {
    {"right", NONE, "", NULL},
    {"keeps the winner only", WINNER_ONLY, "associative", "go-ds-crdt #238"},
    {"a tie keeps its own", TIE_KEEPS_OWN, "commutative", "delta-enabled-crdts #7"},
    {"a tie goes to the smaller value", TIE_BY_VALUE, "value", NULL},
    {"the last arrival wins", LAST_ARRIVAL, "commutative", "cr-sqlite #299"},
    {"equal values are no news", EQUAL_IS_NO_NEWS, "monotone", "cr-sqlite #413"},
    {"reads no context where nothing stands", READS_WRITES_ONLY, "codec", NULL},
    {"empty is absent", EMPTY_IS_ABSENT, "value", "go-ds-crdt, findBestValue"},
    {"ignores the clock epoch", IGNORES_EPOCH, "value", NULL},
    {"clears by stamp", CLEARS_BY_STAMP, "value", NULL},
    {"stamps by a clock of its own", OWN_CLOCK, "value", "delta_crdt_ex #34"},
    {"counts writes instead of time", COUNTS_WRITES, "value", "cr-sqlite, col_version"},
    {NULL, 0, NULL, NULL},
};

const struct mutated_type mutated_register = {"register", &subject, spec, mutants};
