/* mutant_board.c: five of Weft's types on one plain structure: for each element and origin one write that stands, with
 * its dot, stamp and value. A write takes away what it has seen of its element; merges are those of the DOTS kernel.
 * What the value must be is asked of the specifications of Weft's own types (sim/laws). */
#include "tests/laws/mutants.h"
#include "tests/laws/plain.h"

#include <string.h>

#include <weft/err.h>

#include "sim/laws/builtin.h"

enum { ORIGINS = 32, ELEMENTS = 3, CELL = 8 + 8 + 1 + 1, ENTRY = 1 + 8 + ELEMENTS * CELL, VERSION = 1, PLACES = 2 };
enum { WRITE = 1, REMOVE = 2, LATE = 4 };

/* A type, or a bug of one: its hundred. */
enum bug {
    LWWSET = 100,
    TIE_BY_ORIGIN,
    REMOVAL_LEAVES_NOTHING,
    LATEST_ONLY,
    REMOVALS_EXPIRE,
    RWORSET = 200,
    ADDS_WIN,
    ADD_FORGETS_REMOVALS,
    REMOVAL_IS_DROPPED,
    MVREG = 300,
    MERGES_BY_VALUE,
    SHOWS_TWICE,
    ONE_OF_THEM,
    MAXREG = 400,
    GREATEST_ONLY,
    LAST_SET,
    ABSENT_IS_ZERO,
    TOPK = 500,
    BEST_ONLY,
    TIE_TO_LATER_ELEMENT,
    LOWER_REPLACES,
};

struct cell {
    uint64_t dot; /* one bit; 0: nothing stands */
    struct weft_stamp stamp;
    int8_t value; /* of a set: 1 in, 0 removed */
};

struct board {
    struct plain plain;
    uint64_t seen[ORIGINS];
    struct cell cells[ELEMENTS][ORIGINS];
};

static enum bug bug_of(void *ctx) {
    return (enum bug)((const struct mutant *)ctx)->bug;
}

static enum bug type_of(void *ctx) {
    return (enum bug)(bug_of(ctx) / 100 * 100);
}

/* --- States ------------------------------------------------------------------------------------------------------ */

static int create(void *ctx, const struct weft_law_place *place, void **out) {
    (void)ctx;
    return plain_create(place, sizeof(struct board), out);
}

static bool is_later(struct weft_stamp a, struct weft_stamp b) {
    return weft_stamp_cmp(a, b) > 0;
}

static bool any_stands(const struct board *s, uint32_t element) {
    for (uint32_t o = 0; o < ORIGINS; o++)
        if (s->cells[element][o].dot != 0) return true;
    return false;
}

/* Of those that stand. */
static int greatest(const struct board *s, uint32_t element) {
    int best = INT8_MIN;
    for (uint32_t o = 0; o < ORIGINS; o++)
        if (s->cells[element][o].dot != 0 && s->cells[element][o].value > best) best = s->cells[element][o].value;
    return best;
}

static struct weft_stamp latest(const struct board *s, uint32_t element) {
    struct weft_stamp last = {.word = 0};
    for (uint32_t o = 0; o < ORIGINS; o++)
        if (s->cells[element][o].dot != 0 && is_later(s->cells[element][o].stamp, last))
            last = s->cells[element][o].stamp;
    return last;
}

/* --- Merging ----------------------------------------------------------------------------------------------------- */

static size_t place_of(const struct board *s, uint32_t element) {
    size_t before = 0;
    for (uint32_t e = 0; e < ELEMENTS; e++) {
        int a = greatest(s, e), b = greatest(s, element);
        before += any_stands(s, e) && (a > b || (a == b && e < element));
    }
    return before;
}

/* What a broken merge forgets although no write has seen it. */
static bool forgets(enum bug bug, const struct board *s, uint32_t e, uint32_t o) {
    const struct cell *c = &s->cells[e][o];
    switch (bug) {
    case LATEST_ONLY:
        return is_later(latest(s, e), c->stamp);
    case REMOVALS_EXPIRE:
        return c->value == 0 && (latest(s, 0).word > c->stamp.word + LATE || latest(s, 1).word > c->stamp.word + LATE);
    case ADD_FORGETS_REMOVALS:
        return c->value == 0 && greatest(s, e) == 1;
    case MERGES_BY_VALUE:
        for (uint32_t first = 0; first < o; first++)
            if (s->cells[e][first].dot != 0 && s->cells[e][first].value == c->value) return true;
        return false;
    case GREATEST_ONLY:
        return c->value < greatest(s, e);
    case BEST_ONLY:
        return place_of(s, e) >= PLACES;
    default:
        return false;
    }
}

static void tidy(enum bug bug, struct board *s) {
    struct board before = *s;
    for (uint32_t e = 0; e < ELEMENTS; e++)
        for (uint32_t o = 0; o < ORIGINS; o++)
            if (before.cells[e][o].dot != 0 && forgets(bug, &before, e, o)) s->cells[e][o] = (struct cell){.dot = 0};
}

static int merge(void *ctx, void *into, const void *from) {
    struct board *s = into;
    const struct board *f = from;
    for (uint32_t o = 0; o < ORIGINS; o++) {
        for (uint32_t e = 0; e < ELEMENTS; e++) {
            struct cell a = s->cells[e][o], b = f->cells[e][o];
            bool keep_a = a.dot != 0 && ((a.dot & f->seen[o]) == 0 || a.dot == b.dot);
            bool keep_b = b.dot != 0 && (b.dot & s->seen[o]) == 0;
            bool takes_b = keep_b && (!keep_a || b.dot > a.dot); /* both: only of bytes that nobody wrote */
            s->cells[e][o] = takes_b ? b : keep_a ? a : (struct cell){.dot = 0};
        }
        s->seen[o] |= f->seen[o];
    }
    tidy(bug_of(ctx), s);
    return 0;
}

/* --- Bytes ------------------------------------------------------------------------------------------------------- */

static void write_word(struct weft_buf *out, uint64_t word) {
    for (int i = 0; i < 8; i++) weft_buf_append(out, &(uint8_t){(uint8_t)(word >> 8 * i)}, 1);
}

static int encode(void *ctx, const void *state, struct weft_buf *out) {
    const struct board *s = state;
    (void)ctx;
    weft_buf_append(out, &(uint8_t){VERSION}, 1);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (s->seen[o] == 0) continue;
        weft_buf_append(out, &(uint8_t){(uint8_t)o}, 1);
        write_word(out, s->seen[o]);
        for (uint32_t e = 0; e < ELEMENTS; e++) {
            const struct cell *c = &s->cells[e][o];
            write_word(out, c->dot);
            write_word(out, c->stamp.word);
            weft_buf_append(out, &(uint8_t){c->stamp.epoch}, 1);
            weft_buf_append(out, &(uint8_t){(uint8_t)c->value}, 1);
        }
    }
    return out->err;
}

static uint64_t read_word(const uint8_t *at) {
    uint64_t word = 0;
    for (int i = 0; i < 8; i++) word |= (uint64_t)at[i] << 8 * i;
    return word;
}

static bool is_sound(const struct cell *c, uint64_t seen) {
    if (c->dot == 0) return c->stamp.word == 0 && c->stamp.epoch == 0 && c->value == 0;
    return (c->dot & ~seen) == 0 && (c->dot & (c->dot - 1)) == 0;
}

static int apply(void *ctx, void *state, struct weft_slice bytes) {
    struct board read = {.plain.origin = 0};
    int last = -1;
    if (bytes.len % ENTRY != 1 || bytes.ptr[0] != VERSION) return WEFT_ERR_MALFORMED;
    for (size_t i = 1; i < bytes.len; i += ENTRY) {
        const uint8_t *at = bytes.ptr + i;
        uint32_t o = at[0];
        if (o >= ORIGINS || (int)o <= last) return WEFT_ERR_MALFORMED;
        last = (int)o;
        read.seen[o] = read_word(at + 1);
        if (read.seen[o] == 0) return WEFT_ERR_MALFORMED;
        for (uint32_t e = 0; e < ELEMENTS; e++) {
            const uint8_t *c = at + 9 + e * CELL;
            read.cells[e][o] = (struct cell){read_word(c), {read_word(c + 8), c[16]}, (int8_t)c[17]};
            if (!is_sound(&read.cells[e][o], read.seen[o])) return WEFT_ERR_MALFORMED;
        }
    }
    return merge(ctx, state, &read);
}

/* --- Operations -------------------------------------------------------------------------------------------------- */

static void take_away(const struct board *s, struct board *change, uint32_t element) {
    for (uint32_t o = 0; o < ORIGINS; o++) change->seen[o] |= s->cells[element][o].dot;
}

static void write_cell(const struct board *s, struct board *change, uint32_t element, struct weft_stamp stamp,
                       int64_t value) {
    uint64_t dot = (s->seen[s->plain.origin] + 1) & ~s->seen[s->plain.origin];
    take_away(s, change, element);
    change->seen[s->plain.origin] |= dot;
    change->cells[element][s->plain.origin] = (struct cell){dot, stamp, (int8_t)value};
}

static void name(const struct weft_law_choices *c, enum bug type, struct weft_law_op *op) {
    static const char *const elements[] = {"x", "y", "z"}, *const values[] = {"a", "b", ""};
    const char *element = elements[op->target];
    if (op->kind == WEFT_LAW_RESET)
        weft_law_tell(c, op, "reset");
    else if (type == LWWSET || type == RWORSET)
        weft_law_tell(c, op, "%s %s", op->kind == WRITE ? "add" : "remove", element);
    else if (type == MVREG && op->kind == REMOVE)
        weft_law_tell(c, op, "clear");
    else if (type == MVREG)
        weft_law_tell(c, op, "set \"%s\"", values[op->amount]);
    else
        weft_law_tell(c, op, "%s %d", type == TOPK ? element : "set", (int)op->amount);
}

/* The last choice is a reset; of an mvreg a clear is as good. */
static void draw(enum bug type, struct weft_law_choices *c, struct weft_law_op *op) {
    uint64_t count = type == TOPK ? ELEMENTS * 3 : type == LWWSET || type == RWORSET ? 4 : 3;
    uint64_t drawn = weft_law_choose_kind(c, count + 1);
    op->kind = WRITE;
    if (drawn == count) {
        op->kind = type == MVREG ? REMOVE : WEFT_LAW_RESET;
    } else if (type == LWWSET || type == RWORSET) {
        op->kind = drawn < 2 ? WRITE : REMOVE;
        op->target = drawn % 2;
        op->amount = op->kind == WRITE;
    } else {
        op->target = drawn / 3;
        op->amount = (int64_t)(drawn % 3) - (type == MAXREG);
    }
    name(c, type, op);
}

static bool is_beaten(enum bug bug, const struct board *s, const struct weft_law_op *op) {
    uint32_t element = (uint32_t)op->target;
    if (bug == LAST_SET || bug == LOWER_REPLACES || !any_stands(s, element)) return false;
    return op->amount < greatest(s, element);
}

/* topk: what the score pushes out goes; a score that has no place is no write. */
static bool push_out(const struct board *s, struct board *change) {
    struct board after = *s;
    (void)merge(&(struct mutant){.bug = TOPK}, &after, change);
    for (uint32_t e = 0; e < ELEMENTS; e++) {
        if (!any_stands(&after, e) || place_of(&after, e) < PLACES) continue;
        if (change->cells[e][s->plain.origin].dot != 0) return false;
        take_away(s, change, e);
    }
    return true;
}

/* false: no effect. */
static bool perform(enum bug bug, const struct board *s, const struct weft_law_op *op, struct weft_stamp stamp,
                    struct board *change) {
    enum bug type = (enum bug)(bug / 100 * 100);
    uint32_t element = (uint32_t)op->target;
    bool leaves_nothing = op->kind == REMOVE && (type == MVREG || bug == REMOVAL_LEAVES_NOTHING ||
                                                 (bug == REMOVAL_IS_DROPPED && !any_stands(s, element)));
    if (op->kind == WEFT_LAW_RESET || leaves_nothing) {
        for (uint32_t e = 0; e < ELEMENTS; e++)
            if (op->kind == WEFT_LAW_RESET || e == element) take_away(s, change, e);
    } else if (type == MAXREG || type == TOPK) {
        if (is_beaten(bug, s, op)) return false;
        write_cell(s, change, element, stamp, op->amount);
        return type == MAXREG || push_out(s, change);
    } else {
        write_cell(s, change, element, stamp, op->amount);
    }
    for (uint32_t o = 0; o < ORIGINS; o++)
        if (change->seen[o] != 0) return true;
    return false;
}

static int mutate(void *ctx, void *state, struct weft_law_choices *c, struct weft_stamp stamp, uint32_t max,
                  struct weft_law_op *ops, uint32_t *count, struct weft_buf *delta) {
    struct board *s = state, change = {.plain.origin = 0};
    (void)max;
    *count = 1;
    draw(type_of(ctx), c, ops);
    if (!perform(bug_of(ctx), s, ops, stamp, &change)) return 0;
    int rc = encode(ctx, &change, delta);
    return rc == 0 ? merge(ctx, s, &change) : rc;
}

/* --- Reading ----------------------------------------------------------------------------------------------------- */

static bool is_in(enum bug bug, const struct board *s, uint32_t e) {
    uint32_t last = ORIGINS;
    bool removed = false, added = false;
    for (uint32_t o = 0; o < ORIGINS; o++) {
        const struct cell *c = &s->cells[e][o];
        if (c->dot == 0) continue;
        bool counts = bug / 100 * 100 == RWORSET || !is_later(latest(s, e), c->stamp);
        removed = removed || (counts && c->value == 0);
        added = added || (counts && c->value == 1);
        if (counts) last = o;
    }
    if (bug == TIE_BY_ORIGIN) return last != ORIGINS && s->cells[e][last].value == 1;
    return added && !(removed && bug / 100 * 100 == RWORSET && bug != ADDS_WIN);
}

static int print_set(enum bug bug, const struct board *s, struct weft_buf *out) {
    bool x = is_in(bug, s, 0), y = is_in(bug, s, 1);
    return weft_buf_printf(out, "{%s%s%s}", x ? "x" : "", x && y ? ", " : "", y ? "y" : "");
}

static int print_values(enum bug bug, const struct board *s, struct weft_buf *out) {
    static const int8_t in_order[] = {2, 0, 1};
    const char *separator = "";
    weft_buf_append_str(out, "{");
    for (size_t i = 0; i < 3; i++) {
        size_t times = 0;
        for (uint32_t o = 0; o < ORIGINS; o++) times += s->cells[0][o].dot != 0 && s->cells[0][o].value == in_order[i];
        if (times > 1 && bug != SHOWS_TWICE) times = 1;
        for (; times > 0; times--) {
            weft_buf_printf(out, "%s%s", separator, in_order[i] == 2 ? "\"\"" : in_order[i] == 0 ? "a" : "b");
            separator = ", ";
            if (bug == ONE_OF_THEM) return weft_buf_append_str(out, "}");
        }
    }
    return weft_buf_append_str(out, "}");
}

static int print_best(enum bug bug, const struct board *s, struct weft_buf *out) {
    for (size_t place = 0; place < PLACES; place++) {
        for (uint32_t i = 0; i < ELEMENTS; i++) {
            uint32_t e = bug == TIE_TO_LATER_ELEMENT ? ELEMENTS - 1 - i : i, before = 0;
            if (!any_stands(s, e)) continue;
            for (uint32_t j = 0; j < ELEMENTS; j++) {
                bool first = bug == TIE_TO_LATER_ELEMENT ? j > e : j < e;
                bool ties = greatest(s, j) == greatest(s, e) && first;
                before += any_stands(s, j) && (greatest(s, j) > greatest(s, e) || ties);
            }
            if (before == place) weft_buf_printf(out, "%c: %d ", "xyz"[e], greatest(s, e));
        }
    }
    return weft_buf_append(out, "", 0);
}

static int value(void *ctx, const void *state, struct weft_buf *out) {
    const struct board *s = state;
    enum bug bug = bug_of(ctx);
    if (type_of(ctx) == LWWSET || type_of(ctx) == RWORSET) return print_set(bug, s, out);
    if (type_of(ctx) == MVREG) return print_values(bug, s, out);
    if (type_of(ctx) == TOPK) return print_best(bug, s, out);
    int number = greatest(s, 0);
    if (bug == ABSENT_IS_ZERO && number < 0) number = 0;
    if (!any_stands(s, 0) && bug != ABSENT_IS_ZERO) return weft_buf_append_str(out, "unset");
    return weft_buf_printf(out, "%d", number);
}

static int spec(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    const struct weft__law_type *type = type_of(ctx) == LWWSET    ? &weft__law_lwwset
                                        : type_of(ctx) == RWORSET ? &weft__law_rworset
                                        : type_of(ctx) == MVREG   ? &weft__law_mvreg
                                        : type_of(ctx) == MAXREG  ? &weft__law_maxreg
                                                                  : &weft__law_topk;
    return type->spec((void *)(uintptr_t)type->ctx, h, out);
}

#define SUBJECT(text) MUTANT_SUBJECT(text, plain_destroy, plain_copy)
static const struct weft_law_subject lwwset = SUBJECT("lwwset"), rworset = SUBJECT("rworset"), mvreg = SUBJECT("mvreg"),
                                     maxreg = SUBJECT("maxreg"), topk = SUBJECT("topk");

static const struct mutant lwwsets[] = {
    {"right", LWWSET, "", NULL},
    {"a tie goes to the greater origin", TIE_BY_ORIGIN, "value", NULL},
    {"nothing stays after a removal", REMOVAL_LEAVES_NOTHING, "value", NULL},
    {"keeps the latest only", LATEST_ONLY, "groups", NULL},
    {"removals expire", REMOVALS_EXPIRE, "value", "Corrosion, Pekko: marker TTL"},
    {NULL, 0, NULL, NULL},
};
static const struct mutant rworsets[] = {
    {"right", RWORSET, "", NULL},
    {"adds win", ADDS_WIN, "value", NULL},
    {"an add forgets removals", ADD_FORGETS_REMOVALS, "value", NULL},
    {"a removal of nothing is nothing", REMOVAL_IS_DROPPED, "value", NULL},
    {NULL, 0, NULL, NULL},
};
static const struct mutant mvregs[] = {
    {"right", MVREG, "", NULL},
    {"merges by value", MERGES_BY_VALUE, "groups", NULL},
    {"shows equal values twice", SHOWS_TWICE, "value", NULL},
    {"shows one of several", ONE_OF_THEM, "value", NULL},
    {NULL, 0, NULL, NULL},
};
static const struct mutant maxregs[] = {
    {"right", MAXREG, "", NULL},
    {"forgets what is not the greatest", GREATEST_ONLY, "value", NULL},
    {"the last set stands", LAST_SET, "value", NULL},
    {"absent is zero", ABSENT_IS_ZERO, "value", NULL},
    {NULL, 0, NULL, NULL},
};
static const struct mutant topks[] = {
    {"right", TOPK, "", NULL},
    {"forgets what is not among the best", BEST_ONLY, "hostile", NULL},
    {"a tie goes to the later element", TIE_TO_LATER_ELEMENT, "value", NULL},
    {"a lower score replaces", LOWER_REPLACES, "value", NULL},
    {NULL, 0, NULL, NULL},
};

const struct mutated_type mutated_lwwset = {"lwwset", &lwwset, spec, lwwsets};
const struct mutated_type mutated_rworset = {"rworset", &rworset, spec, rworsets};
const struct mutated_type mutated_mvreg = {"mvreg", &mvreg, spec, mvregs};
const struct mutated_type mutated_maxreg = {"maxreg", &maxreg, spec, maxregs};
const struct mutated_type mutated_topk = {"topk", &topk, spec, topks};
