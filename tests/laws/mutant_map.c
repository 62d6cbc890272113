/* mutant_map.c: a map of two keys, each with a counter, a set of one element, and a map that holds a counter. Dots are
 * bits: for each origin one word of those seen, and for each set one of those that stand. A delta is a small state. The
 * bugs are those of published maps. */
#include "tests/laws/mutants.h"
#include "tests/laws/plain.h"

#include <inttypes.h>
#include <string.h>

#include <weft/err.h>

enum { ORIGINS = 32, KEYS = 2, VERSION = 1 };
/* An origin's words: what it has issued and was seen, and then of each key: */
enum { COUNT_TOTAL, COUNT_BASE, DEEP_TOTAL, DEEP_BASE, DOTS, FIELDS };
enum { SEEN, WORDS = 1 + KEYS * FIELDS, ENTRY = 1 + 4 * WORDS };
enum { COUNT = 1, ADD = 2, DEEP_COUNT = 3, REMOVE = 4 };

enum bug {
    NONE,
    MADE_TWICE,
    DROPS_UNSEEN,
    NOT_EXACT,
    SHALLOW,
    KEEPS_SHELL,
    ONE_TYPE,
    FORGETS,
    ARRIVAL_ORDER,
};

struct map {
    struct plain plain;
    uint32_t at[ORIGINS][WORDS];
    uint8_t first; /* 1 + the key that came first, for ARRIVAL_ORDER */
};

static enum bug bug_of(void *ctx) {
    return (enum bug)((const struct mutant *)ctx)->bug;
}

static uint32_t word_of(uint32_t key, uint32_t field) {
    return 1 + key * FIELDS + field;
}

static int create(void *ctx, const struct weft_law_place *place, void **out) {
    (void)ctx;
    return plain_create(place, sizeof(struct map), out);
}

static uint64_t sum(const struct map *s, uint32_t total) {
    uint64_t n = 0;
    for (uint32_t o = 0; o < ORIGINS; o++)
        if (s->at[o][total] > s->at[o][total + 1]) n += s->at[o][total] - s->at[o][total + 1];
    return n;
}

static bool any(const struct map *s, uint32_t word) {
    for (uint32_t o = 0; o < ORIGINS; o++)
        if (s->at[o][word] != 0) return true;
    return false;
}

/* --- Merging ------------------------------------------------------------------------------------------------------ */

static uint32_t greater(uint32_t a, uint32_t b) {
    return a > b ? a : b;
}

/* Of MADE_TWICE: whether f's counter stands in place of that of s, which it has nothing in common with. */
static bool wins_whole(const struct map *s, const struct map *f, uint32_t total) {
    int mine = -1, other = -1;
    for (int o = 0; o < ORIGINS; o++) {
        if (s->at[o][total] != 0 && f->at[o][total] != 0) return false;
        if (s->at[o][total] != 0) mine = o;
        if (f->at[o][total] != 0) other = o;
    }
    return mine >= 0 && other > mine;
}

static bool loses_whole(const struct map *s, const struct map *f, uint32_t total) {
    return wins_whole(f, s, total);
}

static void merge_counter(enum bug bug, struct map *s, const struct map *f, uint32_t total) {
    bool wins = bug == MADE_TWICE && wins_whole(s, f, total), loses = bug == MADE_TWICE && loses_whole(s, f, total);
    for (uint32_t o = 0; o < ORIGINS && !loses; o++) {
        uint32_t *a = &s->at[o][total];
        const uint32_t *b = &f->at[o][total];
        uint32_t base = greater(a[1], b[1]);
        if (wins) base = b[1];
        if (bug == NOT_EXACT && a[0] != b[0]) base = a[0] > b[0] ? a[1] : b[1];
        a[0] = wins ? b[0] : greater(a[0], b[0]);
        a[1] = base;
    }
}

static void merge_set(enum bug bug, struct map *s, const struct map *f, uint32_t dots) {
    bool forgot = bug == FORGETS && !any(s, dots);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        uint32_t a = s->at[o][dots], b = f->at[o][dots];
        s->at[o][dots] = (a & b) | (a & ~f->at[o][SEEN]) | (b & (forgot ? ~(uint32_t)0 : ~s->at[o][SEEN]));
    }
}

static int merge(void *ctx, void *into, const void *from) {
    struct map *s = into;
    const struct map *f = from;
    for (uint32_t key = 0; key < KEYS; key++) {
        merge_counter(bug_of(ctx), s, f, word_of(key, COUNT_TOTAL));
        merge_counter(bug_of(ctx), s, f, word_of(key, DEEP_TOTAL));
        merge_set(bug_of(ctx), s, f, word_of(key, DOTS));
    }
    for (uint32_t o = 0; o < ORIGINS; o++) s->at[o][SEEN] |= f->at[o][SEEN];
    if (s->first == 0) s->first = f->first;
    return 0;
}

/* --- Bytes -------------------------------------------------------------------------------------------------------- */

static bool is_nothing(const uint32_t words[WORDS]) {
    for (int i = 0; i < WORDS; i++)
        if (words[i] != 0) return false;
    return true;
}

static int encode(void *ctx, const void *state, struct weft_buf *out) {
    const struct map *s = state;
    weft_buf_append(out, &(uint8_t){VERSION}, 1);
    weft_buf_append(out, &(uint8_t){bug_of(ctx) == ARRIVAL_ORDER ? s->first : 0}, 1);
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (is_nothing(s->at[o])) continue;
        weft_buf_append(out, &(uint8_t){(uint8_t)o}, 1);
        for (int i = 0; i < WORDS; i++)
            for (int shift = 0; shift < 32; shift += 8)
                weft_buf_append(out, &(uint8_t){(uint8_t)(s->at[o][i] >> shift)}, 1);
    }
    return out->err;
}

/* Dots that stand were issued, and no reset takes what there never was. */
static bool is_possible(enum bug bug, const uint32_t words[WORDS]) {
    for (uint32_t key = 0; key < KEYS; key++) {
        const uint32_t *w = &words[word_of(key, 0)];
        if ((w[DOTS] & ~words[SEEN]) != 0) return false;
        if (bug == DROPS_UNSEEN) continue;
        if (w[COUNT_BASE] > w[COUNT_TOTAL] || w[DEEP_BASE] > w[DEEP_TOTAL]) return false;
    }
    return !is_nothing(words);
}

static void read_words(const uint8_t *at, uint32_t words[WORDS]) {
    for (int i = 0; i < WORDS; i++)
        for (int shift = 0; shift < 32; shift += 8) words[i] |= (uint32_t)*at++ << shift;
}

static int apply(void *ctx, void *state, struct weft_slice bytes) {
    struct map delta = {.plain.origin = 0};
    int last = -1;
    if (bytes.len % ENTRY != 2 || bytes.ptr[0] != VERSION) return WEFT_ERR_MALFORMED;
    delta.first = bytes.ptr[1];
    if (delta.first > (bug_of(ctx) == ARRIVAL_ORDER ? KEYS : 0)) return WEFT_ERR_MALFORMED;
    for (size_t at = 2; at < bytes.len; at += ENTRY) {
        uint32_t o = bytes.ptr[at];
        if (o >= ORIGINS || (int)o <= last) return WEFT_ERR_MALFORMED;
        last = (int)o;
        read_words(bytes.ptr + at + 1, delta.at[o]);
        if (!is_possible(bug_of(ctx), delta.at[o])) return WEFT_ERR_MALFORMED;
    }
    return merge(ctx, state, &delta);
}

/* --- Operations --------------------------------------------------------------------------------------------------- */

static uint32_t next_dot(const struct map *s, uint32_t origin) {
    uint32_t dot = 1;
    while ((s->at[origin][SEEN] & ~(dot - 1)) != 0) dot <<= 1;
    return dot;
}

static void take_counter(enum bug bug, const struct map *s, struct map *change, uint32_t total) {
    if (sum(s, total) == 0) return;
    for (uint32_t o = 0; o < ORIGINS; o++) {
        if (s->at[o][total] == 0) continue;
        change->at[o][total] = s->at[o][total];
        change->at[o][total + 1] = s->at[o][total] + (bug == DROPS_UNSEEN);
    }
}

static void take_set(enum bug bug, const struct map *s, struct map *change, uint32_t dots) {
    for (uint32_t o = 0; o < ORIGINS; o++) {
        change->at[o][SEEN] |= s->at[o][dots];
        if (bug == DROPS_UNSEEN && s->at[o][dots] != 0) change->at[o][SEEN] |= next_dot(s, o);
    }
}

static void take_key(enum bug bug, const struct map *s, struct map *change, uint32_t key) {
    take_counter(bug, s, change, word_of(key, COUNT_TOTAL));
    if (bug != SHALLOW) take_counter(bug, s, change, word_of(key, DEEP_TOTAL));
    take_set(bug, s, change, word_of(key, DOTS));
}

static void count(enum bug bug, const struct map *s, struct map *change, uint32_t total) {
    for (uint32_t o = 0; o < ORIGINS && bug == MADE_TWICE; o++) {
        change->at[o][total] = s->at[o][total];
        change->at[o][total + 1] = s->at[o][total + 1];
    }
    change->at[s->plain.origin][total] = s->at[s->plain.origin][total] + 1;
    change->at[s->plain.origin][total + 1] = s->at[s->plain.origin][total + 1];
}

static void add(const struct map *s, struct map *change, uint32_t dots) {
    uint32_t dot = next_dot(s, s->plain.origin);
    take_set(NONE, s, change, dots);
    change->at[s->plain.origin][dots] = dot;
    change->at[s->plain.origin][SEEN] |= dot;
}

static void perform(enum bug bug, const struct map *s, const struct weft_law_op *op, struct map *change) {
    uint32_t key = (uint32_t)op->target;
    if (op->kind == COUNT) count(bug, s, change, word_of(key, COUNT_TOTAL));
    if (op->kind == DEEP_COUNT) count(bug, s, change, word_of(key, DEEP_TOTAL));
    if (op->kind == ADD) add(s, change, word_of(key, DOTS));
    if (op->kind == ADD && bug == ONE_TYPE) take_counter(NONE, s, change, word_of(key, COUNT_TOTAL));
    if (op->kind == COUNT && bug == ONE_TYPE) take_set(NONE, s, change, word_of(key, DOTS));
    if (op->kind == REMOVE) take_key(bug, s, change, key);
    for (key = 0; key < KEYS && op->kind == WEFT_LAW_RESET; key++) take_key(NONE, s, change, key);
    if (op->kind != REMOVE && op->kind != WEFT_LAW_RESET) change->first = (uint8_t)(1 + op->target);
}

static int mutate(void *ctx, void *state, struct weft_law_choices *c, struct weft_stamp stamp, uint32_t max,
                  struct weft_law_op *ops, uint32_t *ops_count, struct weft_buf *delta) {
    static const char *const names[] = {"count", "add x", "count deep", "remove"};
    struct map *s = state, change = {.plain.origin = 0};
    (void)stamp;
    (void)max;
    *ops_count = 1;
    ops->kind = COUNT + (uint32_t)weft_law_choose_kind(c, REMOVE + 1);
    if (ops->kind > REMOVE)
        ops->kind = WEFT_LAW_RESET;
    else
        ops->target = weft_law_choose(c, KEYS);
    if (ops->kind == WEFT_LAW_RESET)
        weft_law_tell(c, ops, "reset");
    else
        weft_law_tell(c, ops, "%s %c", names[ops->kind - 1], "ab"[ops->target]);
    perform(bug_of(ctx), s, ops, &change);
    bool effect = false;
    for (uint32_t o = 0; o < ORIGINS; o++) effect = effect || !is_nothing(change.at[o]);
    int rc = effect ? encode(ctx, &change, delta) : 0;
    return rc != 0 ? rc : merge(&(struct mutant){.bug = NONE}, s, &change);
}

/* --- What it shows ------------------------------------------------------------------------------------------------ */

static void show(struct weft_buf *out, char key, bool has_count, uint64_t n, bool has_deep, uint64_t deep, bool has_x) {
    if (has_count) weft_buf_printf(out, "%c: %" PRIu64 "; ", key, n);
    if (has_x) weft_buf_printf(out, "%c: {x}; ", key);
    if (has_deep) weft_buf_printf(out, "%c: {n: %" PRIu64 "}; ", key, deep);
}

static int value(void *ctx, const void *state, struct weft_buf *out) {
    const struct map *s = state;
    bool shell = bug_of(ctx) == KEEPS_SHELL, second_first = bug_of(ctx) == ARRIVAL_ORDER && s->first == KEYS;
    for (uint32_t i = 0; i < KEYS; i++) {
        uint32_t key = second_first ? KEYS - 1 - i : i;
        uint64_t n = sum(s, word_of(key, COUNT_TOTAL)), deep = sum(s, word_of(key, DEEP_TOTAL));
        bool has_count = shell ? any(s, word_of(key, COUNT_TOTAL)) : n > 0;
        show(out, "ab"[key], has_count, n, deep > 0, deep, any(s, word_of(key, DOTS)));
    }
    return out->err;
}

static bool stands(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++) {
        bool takes = h->ops[i].kind == REMOVE && h->ops[i].target == h->ops[op].target;
        if ((takes || h->ops[i].kind == WEFT_LAW_RESET) && weft_law_saw(h, i, op)) return false;
    }
    return true;
}

static int spec(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    for (uint64_t key = 0; key < KEYS; key++) {
        uint64_t found[1 + REMOVE] = {0};
        for (size_t i = 0; i < h->count; i++) {
            uint32_t kind = h->ops[i].kind;
            if (kind != WEFT_LAW_RESET && h->ops[i].target == key) found[kind] += stands(h, i);
        }
        show(out, "ab"[key], found[COUNT] > 0, found[COUNT], found[DEEP_COUNT] > 0, found[DEEP_COUNT], found[ADD] > 0);
    }
    return out->err;
}

static const struct weft_law_subject subject = MUTANT_SUBJECT("map", plain_destroy, plain_copy);

static const struct mutant mutants[] = {
    {"right", NONE, "", NULL},
    {"a child made twice is two, and one wins", MADE_TWICE, "value", "Automerge, Yjs"},
    {"a removal takes what it has not seen", DROPS_UNSEEN, "value", NULL},
    {"a counter that was counted on comes back whole", NOT_EXACT, "value", "riak_dt_map, delta-enabled-crdts"},
    {"a removal does not go deep", SHALLOW, "value", NULL},
    {"a child without content is listed", KEEPS_SHELL, "value", NULL},
    {"another type takes the place of the first", ONE_TYPE, "value", NULL},
    {"a removal forgets what it took", FORGETS, "monotone", "riak_dt_map, tombstone_remove_test"},
    {"children in the order of arrival", ARRIVAL_ORDER, "groups", NULL},
    {NULL, 0, NULL, NULL},
};

const struct mutated_type mutated_map = {"map", &subject, spec, mutants};
