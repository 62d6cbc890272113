/* mutant_set.c: an add-wins set of two elements. Dots are bits: for each origin one word of those seen, and for each
 * element one of those that stand. A delta is a small state. Each bug is one that a published library had. */
#include "tests/laws/mutants.h"

#include <stdio.h>
#include <string.h>

#include <weft/err.h>

enum { ORIGINS = 32, ELEMENTS = 2, ENTRY = 1 + 8 * (1 + ELEMENTS), VERSION = 1 };
enum { ADD = 1, REMOVE = 2 };

enum bug {
    NONE,
    KEEPS_PRESENT,     /* riak_dt #82: present on both sides, so kept */
    KEEPS_BOTH,        /* a union: removals come back */
    CLOCK_ONLY,        /* riak_dt #78: the greater clock is the greater state; but removing moves no clock */
    FULL_CONTEXT,      /* delta_crdt_ex #65: a delta with the context of the whole state */
    MODIFIES_SOURCE,   /* delta-enabled-crdts: contexts shared between copies */
    ACCEPTS_TRUNCATED, /* reads what is there */
    INSERTION_ORDER,   /* riak_dt 925f28c: encoded in the order of a dictionary */
    COPY_KEEPS_ORIGIN, /* cr-sqlite #145: a copied file goes on under the same identity */
    REMOVES_BY_NAME,   /* a remove takes its element away for good */
    LEAKS,             /* the copy's helper is never freed */
    HALF_MERGED,       /* allocates after it has begun to change */
    RETURNS_LESS,      /* gives memory back with another size than it took */
    CONTEXT_FIRST,     /* raises the context before it compares with it */
};

struct set {
    uint32_t origin;
    const struct weft_alloc *alloc;
    uint64_t seen[ORIGINS];
    uint64_t dots[ELEMENTS][ORIGINS];
    uint8_t order[ORIGINS]; /* origins as they came, for INSERTION_ORDER */
    uint32_t known;
};

static enum bug bug_of(void *ctx) {
    return (enum bug)((const struct mutant *)ctx)->bug;
}

static void learn(struct set *s, uint32_t origin) {
    for (uint32_t i = 0; i < s->known; i++) {
        if (s->order[i] == origin) return;
    }
    s->order[s->known++] = (uint8_t)origin;
}

static void *take(const struct weft_alloc *alloc, size_t size) {
    return alloc->resize(alloc->ctx, NULL, 0, size);
}

static int create(void *ctx, const struct weft_law_place *place, void **out) {
    (void)ctx;
    struct set *s = take(place->alloc, sizeof *s);
    if (s == NULL) return WEFT_ERR_NOMEM;
    memset(s, 0, sizeof *s);
    s->origin = place->number;
    s->alloc = place->alloc;
    *out = s;
    return 0;
}

static void destroy(void *ctx, void *state) {
    struct set *s = state;
    s->alloc->resize(s->alloc->ctx, s, bug_of(ctx) == RETURNS_LESS ? 1 : sizeof *s, 0);
}

static int copy(void *ctx, const void *state, const struct weft_law_place *place, void **out) {
    const struct set *from = state;
    int rc = create(ctx, place, out);
    if (rc != 0) return rc;
    struct set *s = *out;
    *s = *from;
    if (bug_of(ctx) != COPY_KEEPS_ORIGIN) s->origin = place->number;
    s->alloc = place->alloc;
    if (bug_of(ctx) == LEAKS) (void)take(place->alloc, 8);
    return 0;
}

static uint64_t join_dots(enum bug bug, uint64_t a, uint64_t a_seen, uint64_t b, uint64_t b_seen, bool on_both_sides) {
    if (bug == KEEPS_BOTH || (bug == KEEPS_PRESENT && on_both_sides)) return a | b;
    return (a & b) | (a & ~b_seen) | (b & ~a_seen);
}

static bool is_in(const struct set *s, uint32_t element) {
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (s->dots[element][o] != 0) return true;
    }
    return false;
}

static bool covers(const struct set *a, const struct set *b) {
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if ((b->seen[o] & ~a->seen[o]) != 0) return false;
    }
    return true;
}

static void join(enum bug bug, struct set *into, const struct set *from) {
    if (bug == CLOCK_ONLY && covers(from, into)) {
        memcpy(into->seen, from->seen, sizeof into->seen);
        memcpy(into->dots, from->dots, sizeof into->dots);
        return;
    }
    for (uint32_t i = 0; i < from->known; i++) learn(into, from->order[i]);
    bool both[ELEMENTS] = {is_in(into, 0) && is_in(from, 0), is_in(into, 1) && is_in(from, 1)};
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (bug == CONTEXT_FIRST) into->seen[o] |= from->seen[o];
        for (uint32_t e = 0; e < ELEMENTS; e++) {
            into->dots[e][o] =
                join_dots(bug, into->dots[e][o], into->seen[o], from->dots[e][o], from->seen[o], both[e]);
        }
        into->seen[o] |= from->seen[o];
    }
}

static int merge(void *ctx, void *into, const void *from) {
    struct set *s = into;
    if (bug_of(ctx) == HALF_MERGED) join(NONE, s, from);
    void *helper = take(s->alloc, 16);
    if (helper == NULL) return WEFT_ERR_NOMEM;
    s->alloc->resize(s->alloc->ctx, helper, 16, 0);
    join(bug_of(ctx), s, from);
    if (bug_of(ctx) == MODIFIES_SOURCE) {
        struct set *source = (struct set *)(uintptr_t)from;
        memcpy(source->seen, s->seen, sizeof s->seen);
    }
    return 0;
}

static void write_word(struct weft_buf *out, uint64_t word) {
    for (int i = 0; i < 8; i++) weft_buf_append(out, &(uint8_t){(uint8_t)(word >> 8 * i)}, 1);
}

static void write_entry(const struct set *s, uint32_t origin, struct weft_buf *out) {
    if (s->seen[origin] == 0) return;
    weft_buf_append(out, &(uint8_t){(uint8_t)origin}, 1);
    write_word(out, s->seen[origin]);
    for (uint32_t e = 0; e < ELEMENTS; e++) write_word(out, s->dots[e][origin]);
}

static int encode(void *ctx, const void *state, struct weft_buf *out) {
    const struct set *s = state;
    bool as_they_came = bug_of(ctx) == INSERTION_ORDER;
    weft_buf_append(out, &(uint8_t){VERSION}, 1);
    uint32_t count = as_they_came ? s->known : ORIGINS;
    for (uint32_t i = 0; i < count; i++) write_entry(s, as_they_came ? s->order[i] : i, out);
    return out->err;
}

static uint64_t read_word(const uint8_t *at) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)at[i] << 8 * i;
    return word;
}

static int decode(enum bug bug, struct set *s, struct weft_slice bytes) {
    if (bytes.len == 0 || bytes.ptr[0] != VERSION) return WEFT_ERR_MALFORMED;
    if (bytes.len % ENTRY != 1 && bug != ACCEPTS_TRUNCATED) return WEFT_ERR_MALFORMED;
    int last = -1;
    for (size_t at = 1; at + ENTRY <= bytes.len; at += ENTRY) {
        uint32_t o = bytes.ptr[at];
        if (o >= ORIGINS || ((int)o <= last && bug != INSERTION_ORDER)) return WEFT_ERR_MALFORMED;
        last = (int)o;
        learn(s, o);
        s->seen[o] = read_word(bytes.ptr + at + 1);
        if (s->seen[o] == 0) return WEFT_ERR_MALFORMED;
        for (uint32_t e = 0; e < ELEMENTS; e++) {
            s->dots[e][o] = read_word(bytes.ptr + at + 9 + (size_t)e * 8);
            if ((s->dots[e][o] & ~s->seen[o]) != 0) return WEFT_ERR_MALFORMED;
        }
    }
    return 0;
}

static int apply(void *ctx, void *state, struct weft_slice bytes) {
    struct set delta = {.origin = 0};
    int rc = decode(bug_of(ctx), &delta, bytes);
    if (rc == 0) join(bug_of(ctx), state, &delta);
    return rc;
}

static void add(struct set *s, struct set *delta, uint32_t element) {
    uint64_t dot = s->seen[s->origin] + 1; /* the lowest bit not seen: own dots have no gaps */
    for (uint32_t o = 0; o < ORIGINS; o++) delta->seen[o] = s->dots[element][o];
    delta->seen[s->origin] |= dot;
    delta->dots[element][s->origin] = dot;
    learn(delta, s->origin);
}

static void drop(const struct set *s, struct set *delta, uint32_t element) {
    for (uint32_t o = 0; o < ORIGINS; o++) delta->seen[o] = s->dots[element][o];
}

static int mutate(void *ctx, void *state, struct weft_law_choices *c, struct weft_stamp stamp, uint32_t max,
                  struct weft_law_op *ops, uint32_t *count, struct weft_buf *delta) {
    struct set *s = state, change = {.origin = 0};
    (void)stamp;
    (void)max;
    *count = 1;
    ops->kind = weft_law_choose(c, 2) == 0 ? ADD : REMOVE;
    ops->target = weft_law_choose(c, ELEMENTS);
    uint32_t element = (uint32_t)ops->target;
    snprintf(ops->text, sizeof ops->text, "%s %c", ops->kind == ADD ? "add" : "remove", "xy"[element]);
    bool effect = ops->kind == ADD || is_in(s, element);
    if (ops->kind == ADD)
        add(s, &change, element);
    else
        drop(s, &change, element);
    if (bug_of(ctx) == REMOVES_BY_NAME && ops->kind == REMOVE) memset(change.seen, 0xff, sizeof change.seen);
    struct set after = *s;
    join(NONE, &after, &change);
    if (bug_of(ctx) == FULL_CONTEXT) memcpy(change.seen, after.seen, sizeof change.seen);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (change.seen[o] != 0) learn(&change, o);
    }
    int rc = effect ? encode(ctx, &change, delta) : 0;
    if (rc == 0 && effect) *s = after;
    return rc;
}

static int value(void *ctx, const void *state, struct weft_buf *out) {
    (void)ctx;
    return weft_buf_printf(out, "{%s%s}", is_in(state, 0) ? "x" : "", is_in(state, 1) ? "y" : "");
}

static bool stands(const struct weft_law_history *h, uint64_t element) {
    for (size_t i = 0; i < h->count; i++) {
        bool seen = h->ops[i].kind != ADD || h->ops[i].target != element;
        for (size_t j = 0; j < h->count && !seen; j++) seen = h->ops[j].target == element && weft_law_saw(h, j, i);
        if (!seen) return true;
    }
    return false;
}

static int spec(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    return weft_buf_printf(out, "{%s%s}", stands(h, 0) ? "x" : "", stands(h, 1) ? "y" : "");
}

static const struct weft_law_subject subject = {
    .size = sizeof subject,
    .name = "set",
    .deltas = true,
    .create = create,
    .destroy = destroy,
    .copy = copy,
    .mutate = mutate,
    .apply = apply,
    .merge = merge,
    .encode = encode,
    .value = value,
};

static const struct mutant mutants[] = {
    {"right", NONE, ""},
    {"keeps what is present on both sides", KEEPS_PRESENT, "monotone"},
    {"keeps both: removals come back", KEEPS_BOTH, "monotone"},
    {"compares clocks only", CLOCK_ONLY, "groups"},
    {"a delta with too full a context", FULL_CONTEXT, "delta"},
    {"a merge changes its source", MODIFIES_SOURCE, "source"},
    {"accepts truncated bytes", ACCEPTS_TRUNCATED, "hostile"},
    {"encodes in the order of insertion", INSERTION_ORDER, "commutative"},
    {"a copy keeps the origin", COPY_KEEPS_ORIGIN, "value"},
    {"removes by name", REMOVES_BY_NAME, "value"},
    {"a copy leaks", LEAKS, "memory"},
    {"half merged without memory", HALF_MERGED, "memory"},
    {"returns less memory", RETURNS_LESS, "memory"},
    {"raises the context first", CONTEXT_FIRST, "monotone"},
    {NULL, 0, NULL},
};

const struct mutated_type mutated_set = {"set", &subject, spec, mutants};
