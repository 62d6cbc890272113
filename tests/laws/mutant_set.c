/* mutant_set.c: an add-wins set of two elements. Dots are bits: for each origin one word of those seen, and for each
 * element one of those that stand. A delta is a small state. Each bug is one that a published library had. */
#include "tests/laws/mutants.h"

#include <string.h>

#include <weft/err.h>

enum { ORIGINS = 32, ELEMENTS = 2, ENTRY = 1 + 8 * (1 + ELEMENTS), VERSION = 1 };
enum { ADD = 1, REMOVE = 2 };

enum bug {
    NONE,
    KEEPS_PRESENT,
    KEEPS_BOTH,
    CLOCK_ONLY,
    FULL_CONTEXT,
    MODIFIES_SOURCE,
    ACCEPTS_TRUNCATED,
    ACCEPTS_ANY_ORDER,
    INSERTION_ORDER,
    COPY_KEEPS_ORIGIN,
    REMOVES_BY_NAME,
    LEAKS,
    HALF_MERGED,
    RETURNS_LESS,
    CONTEXT_FIRST,
    NO_DOT,
    SWALLOWS_CONTEXT,
    EARLY_REMOVE_LOST,
    VECTOR_FOR_CONTEXT,
    HIDES_CONTEXT,
    REUSES_DOTS,
    SHARES_COPIES,
    REFUSES_LATE,
    CLEARS_FIRST,
    EMPTY_REMOVES,
    REPLACES,
};

struct set {
    uint32_t origin;
    const struct weft_alloc *alloc;
    uint64_t seen[ORIGINS];
    uint64_t dots[ELEMENTS][ORIGINS];
    uint8_t order[ORIGINS]; /* origins as they came, for INSERTION_ORDER */
    uint32_t known;
    uint32_t holders; /* more than one: of SHARES_COPIES */
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
    s->holders = 1;
    *out = s;
    return 0;
}

static void destroy(void *ctx, void *state) {
    struct set *s = state;
    if (--s->holders == 0) s->alloc->resize(s->alloc->ctx, s, bug_of(ctx) == RETURNS_LESS ? 1 : sizeof *s, 0);
}

static int copy(void *ctx, const void *state, const struct weft_law_place *place, void **out) {
    const struct set *from = state;
    if (bug_of(ctx) == SHARES_COPIES) {
        struct set *shared = (struct set *)(uintptr_t)from;
        shared->holders++;
        *out = shared;
        return 0;
    }
    int rc = create(ctx, place, out);
    if (rc != 0) return rc;
    struct set *s = *out;
    *s = *from;
    s->holders = 1;
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

/* The lowest bits up to the highest of these. */
static uint64_t filled(uint64_t bits) {
    for (unsigned shift = 1; shift < 64; shift *= 2) bits |= bits >> shift;
    return bits;
}

static void join_origin(enum bug bug, struct set *into, const struct set *from, uint32_t o, const bool *both) {
    uint64_t seen = into->seen[o] | from->seen[o], stands = from->dots[0][o] | from->dots[1][o];
    if (bug == EARLY_REMOVE_LOST) seen = into->seen[o] | stands;
    if (bug == VECTOR_FOR_CONTEXT) seen = filled(seen);
    if (bug == CONTEXT_FIRST) into->seen[o] = seen;
    for (uint32_t e = 0; e < ELEMENTS; e++)
        into->dots[e][o] = join_dots(bug, into->dots[e][o], into->seen[o], from->dots[e][o], from->seen[o], both[e]);
    into->seen[o] = seen;
}

static void join(enum bug bug, struct set *into, const struct set *from) {
    struct set nothing = {.origin = 0};
    bool is_whole = (bug == CLOCK_ONLY && covers(from, into)) || bug == REPLACES;
    if (is_whole) {
        memcpy(into->seen, from->seen, sizeof into->seen);
        memcpy(into->dots, from->dots, sizeof into->dots);
        return;
    }
    if (bug == SWALLOWS_CONTEXT && !is_in(from, 0) && !is_in(from, 1)) return;
    if (bug == EMPTY_REMOVES && covers(&nothing, from)) memset(into->dots, 0, sizeof into->dots);
    for (uint32_t i = 0; i < from->known; i++) learn(into, from->order[i]);
    bool both[ELEMENTS] = {is_in(into, 0) && is_in(from, 0), is_in(into, 1) && is_in(from, 1)};
    for (uint32_t o = 0; o < ORIGINS; o++) join_origin(bug, into, from, o, both);
}

/* Begins with an empty result: where both sides are one object, there is nothing left to join. */
static void join_anew(struct set *into, const struct set *from) {
    struct set before = *into;
    memset(into->dots, 0, sizeof into->dots);
    memset(into->seen, 0, sizeof into->seen);
    join(NONE, into, from);
    join(NONE, into, &before);
    if (into != from) return;
    memset(into->dots, 0, sizeof into->dots);
}

static int merge(void *ctx, void *into, const void *from) {
    struct set *s = into;
    if (bug_of(ctx) == HALF_MERGED) join(NONE, s, from);
    void *helper = take(s->alloc, 16);
    if (helper == NULL) return WEFT_ERR_NOMEM;
    s->alloc->resize(s->alloc->ctx, helper, 16, 0);
    if (bug_of(ctx) == CLEARS_FIRST)
        join_anew(s, from);
    else
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

static void write_entry(enum bug bug, const struct set *s, uint32_t origin, struct weft_buf *out) {
    uint64_t seen = bug == HIDES_CONTEXT ? s->dots[0][origin] | s->dots[1][origin] : s->seen[origin];
    if (seen == 0) return;
    weft_buf_append(out, &(uint8_t){(uint8_t)origin}, 1);
    write_word(out, seen);
    for (uint32_t e = 0; e < ELEMENTS; e++) write_word(out, s->dots[e][origin]);
}

static int encode(void *ctx, const void *state, struct weft_buf *out) {
    const struct set *s = state;
    bool as_they_came = bug_of(ctx) == INSERTION_ORDER;
    weft_buf_append(out, &(uint8_t){VERSION}, 1);
    uint32_t count = as_they_came ? s->known : ORIGINS;
    for (uint32_t i = 0; i < count; i++) write_entry(bug_of(ctx), s, as_they_came ? s->order[i] : i, out);
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
        if (o >= ORIGINS || ((int)o <= last && bug != INSERTION_ORDER && bug != ACCEPTS_ANY_ORDER))
            return WEFT_ERR_MALFORMED;
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

/* The lowest bit not seen: own dots have no gaps. Or, wrongly, not in use. */
static uint64_t next_dot(enum bug bug, const struct set *s) {
    uint64_t taken = bug == REUSES_DOTS ? s->dots[0][s->origin] | s->dots[1][s->origin] : s->seen[s->origin];
    return (taken + 1) & ~taken;
}

static void add(enum bug bug, struct set *s, struct set *delta, uint32_t element) {
    uint64_t dot = next_dot(bug, s);
    for (uint32_t o = 0; o < ORIGINS; o++) delta->seen[o] = s->dots[element][o];
    delta->seen[s->origin] |= dot;
    delta->dots[element][s->origin] = dot;
    learn(delta, s->origin);
}

/* Takes a dot, so that the context says what was removed. */
static void drop(enum bug bug, const struct set *s, struct set *delta, uint32_t element) {
    for (uint32_t o = 0; o < ORIGINS; o++) delta->seen[o] = s->dots[element][o];
    if (bug != NO_DOT && bug != CLOCK_ONLY) delta->seen[s->origin] |= next_dot(bug, s);
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
    weft_law_tell(c, ops, "%s %c", ops->kind == ADD ? "add" : "remove", "xy"[element]);
    bool effect = ops->kind == ADD || is_in(s, element);
    if (ops->kind == ADD)
        add(bug_of(ctx), s, &change, element);
    else
        drop(bug_of(ctx), s, &change, element);
    if (bug_of(ctx) == REFUSES_LATE && is_in(s, 1 - element)) {
        s->seen[s->origin] |= change.seen[s->origin];
        return WEFT_ERR_LIMIT;
    }
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

static int context(void *ctx, const void *state, struct weft_buf *out) {
    const struct set *s = state;
    (void)ctx;
    for (uint32_t o = 0; o < ORIGINS; o++) write_word(out, s->seen[o]);
    return out->err;
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
    .context = context,
};

static const struct mutant mutants[] = {
    {"right", NONE, "", NULL},
    {"keeps what is present on both sides", KEEPS_PRESENT, "monotone", "riak_dt #82"},
    {"keeps both: removals come back", KEEPS_BOTH, "monotone", NULL},
    {"compares clocks only", CLOCK_ONLY, "groups", "riak_dt #78"},
    {"a removal takes no dot", NO_DOT, "context", NULL},
    {"a delta with too full a context", FULL_CONTEXT, "delta", "delta_crdt_ex #65"},
    {"swallows a context without elements", SWALLOWS_CONTEXT, "monotone", NULL},
    {"a remove that comes before its add is lost", EARLY_REMOVE_LOST, "bottom", "riak_dt_map, deferred"},
    {"a vector for a context: what is below was seen", VECTOR_FOR_CONTEXT, "groups", "rust-crdt, source order"},
    {"raises the context first", CONTEXT_FIRST, "monotone", NULL},
    {"the context is not encoded", HIDES_CONTEXT, "delta", "riak_dt_orswot:equal/2"},
    {"takes dots that are free again", REUSES_DOTS, "context", "riak_kv #679"},
    {"a copy keeps the origin", COPY_KEEPS_ORIGIN, "context", "cr-sqlite #145"},
    {"copies share their state", SHARES_COPIES, "copy", "delta-enabled-crdts, y = x"},
    {"a merge changes its source", MODIFIES_SOURCE, "source", "delta-enabled-crdts, contexts"},
    {"clears its left side first", CLEARS_FIRST, "self", NULL},
    {"an empty state removes all", EMPTY_REMOVES, "monotone", NULL},
    {"takes the other's state for its own", REPLACES, "monotone", NULL},
    {"accepts truncated bytes", ACCEPTS_TRUNCATED, "hostile", "riak_dt, not_a_set"},
    {"accepts entries in any order", ACCEPTS_ANY_ORDER, "hostile", NULL},
    {"encodes in the order of insertion", INSERTION_ORDER, "commutative", "riak_dt 925f28c"},
    {"removes by name", REMOVES_BY_NAME, "value", NULL},
    {"checks after the first write", REFUSES_LATE, "refusal", NULL},
    {"a copy leaks", LEAKS, "memory", NULL},
    {"half merged without memory", HALF_MERGED, "memory", NULL},
    {"returns less memory", RETURNS_LESS, "memory", NULL},
    {NULL, 0, NULL, NULL},
};

const struct mutated_type mutated_set = {"set", &subject, spec, mutants};
