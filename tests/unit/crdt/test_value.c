/* test_value.c: values used alone, against a specification over the history: which commits each value has joined, and
 * what each commit had joined when it was made. Deltas are lost, late, repeated and grouped.
 *
 * The specification knows no dots. A write stands for a value if no commit that the value has joined took it away; a
 * commit takes away, under the elements that it touches, what stood for its writer. Where a value has joined, with each
 * commit, all that the commit had seen, that is the rule that users read ("a write that no later one has observed"),
 * and then that is checked too. Counters likewise. */
#include <weft/causal.h>

#include "tests/unit/crdt/values.h"

#define VALUES  4u
#define COMMITS 48u
#define STEPS   120u
#define KEYS    5u /* elements of the set; a register has one */

typedef uint64_t set_of_commits;

enum touch { UNTOUCHED, WROTE, TOOK };

struct commit {
    uint32_t writer;
    set_of_commits past;
    enum touch touch[KEYS];
    set_of_commits took[KEYS]; /* by element; of counters by column */
    uint64_t word;
    uint64_t before[2], after[2]; /* counters, by column: what was added before the commit's last reset, and after it */
    bool reset;
    struct weft_buf delta;
};

struct history {
    const struct weft_crdt_class *cls;
    struct weft__prng rnd;
    struct weft_value *values[VALUES];
    set_of_commits joined[VALUES];
    struct commit commits[COMMITS];
    uint32_t count;
};

static set_of_commits only(uint32_t commit) {
    return UINT64_C(1) << commit;
}

static bool has(set_of_commits s, uint32_t commit) {
    return (s & only(commit)) != 0;
}

static uint64_t below(struct history *h, uint64_t bound) {
    return weft__prng_below(&h->rnd, bound);
}

static bool is_class(const struct history *h, const struct weft_crdt_class *cls) {
    return h->cls == cls;
}

static bool is_counter(const struct history *h) {
    return is_class(h, &weft_gcounter_class) || is_class(h, &weft_pncounter_class);
}

/* --- The specification -------------------------------------------------------------------------------------------- */

static set_of_commits standing(const struct history *h, set_of_commits s, uint32_t key) {
    set_of_commits out = 0;
    for (uint32_t i = 0; i < h->count; i++)
        if (has(s, i) && h->commits[i].touch[key] == WROTE) out |= only(i);
    for (uint32_t i = 0; i < h->count; i++)
        if (has(s, i)) out &= ~h->commits[i].took[key];
    return out;
}

static bool is_closed(const struct history *h, set_of_commits s) {
    for (uint32_t i = 0; i < h->count; i++)
        if (has(s, i) && (h->commits[i].past & ~s) != 0) return false;
    return true;
}

/* Each commit's writer had joined with it all that the writers before had. */
static bool is_causal(const struct history *h, set_of_commits s) {
    for (uint32_t i = 0; i < h->count; i++)
        if (has(s, i) && !is_closed(h, h->commits[i].past)) return false;
    return is_closed(h, s);
}

/* The users' rule. */
static set_of_commits unobserved(const struct history *h, set_of_commits s, uint32_t key) {
    set_of_commits out = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        bool stands = has(s, i) && h->commits[i].touch[key] == WROTE;
        for (uint32_t j = 0; j < h->count; j++)
            if (has(s, j) && h->commits[j].touch[key] != UNTOUCHED && has(h->commits[j].past, i)) stands = false;
        if (stands) out |= only(i);
    }
    return out;
}

/* A column of a commit says all that its writer ever added there, so a later commit stands in for an earlier one. */
static bool saw(const struct history *h, set_of_commits s, uint32_t commit, uint32_t column) {
    for (uint32_t i = commit; i < h->count; i++) {
        const struct commit *c = &h->commits[i];
        if (has(s, i) && c->writer == h->commits[commit].writer && c->before[column] + c->after[column] > 0)
            return true;
    }
    return false;
}

/* What a writer added to a column that no reset took back: neither one of another commit, nor its own commit's, which
 * came between `before` and `after`. */
static uint64_t standing_of(const struct history *h, set_of_commits s, uint32_t writer, uint32_t column) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct commit *c = &h->commits[i];
        bool counts = c->writer == writer && saw(h, s, i, column);
        for (uint32_t j = 0; j < h->count; j++)
            if (has(s, j) && has(h->commits[j].took[column], i)) counts = false;
        if (counts) sum += c->after[column];
        if (counts && !(c->reset && has(s, i))) sum += c->before[column];
    }
    return sum;
}

static int64_t counted(const struct history *h, set_of_commits s) {
    int64_t sum = 0;
    for (uint32_t writer = 0; writer < VALUES; writer++)
        sum += (int64_t)(standing_of(h, s, writer, 0) - standing_of(h, s, writer, 1));
    return sum;
}

/* What a reset takes back: where something of a writer stands, all that the resetting one knows of that writer. */
static set_of_commits taken_back(const struct history *h, const struct commit *c, uint32_t column) {
    set_of_commits out = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        uint32_t writer = h->commits[i].writer;
        bool stands = standing_of(h, c->past, writer, column) > 0 || (writer == c->writer && c->before[column] > 0);
        if (stands && saw(h, c->past, i, column)) out |= only(i);
    }
    return out;
}

/* The users' rule: what a reset had seen is what its writer had joined. */
static int64_t counted_plainly(const struct history *h, set_of_commits s) {
    int64_t sum = 0;
    for (uint32_t i = 0; i < h->count; i++) {
        const struct commit *c = &h->commits[i];
        bool counts = has(s, i);
        for (uint32_t j = 0; j < h->count; j++)
            if (has(s, j) && h->commits[j].reset && has(h->commits[j].past, i)) counts = false;
        if (counts) sum += (int64_t)(c->after[0] - c->after[1]);
        if (counts && !c->reset) sum += (int64_t)(c->before[0] - c->before[1]);
    }
    return sum;
}

/* Of equal stamps the greater origin wins; origins are ordered as values are numbered. */
static uint32_t winner(const struct history *h, set_of_commits writes) {
    uint32_t best = UINT32_MAX;
    for (uint32_t i = 0; i < h->count; i++) {
        if (!has(writes, i)) continue;
        const struct commit *c = &h->commits[i], *b = best == UINT32_MAX ? NULL : &h->commits[best];
        if (b == NULL || c->word > b->word || (c->word == b->word && c->writer > b->writer)) best = i;
    }
    return best;
}

/* --- What values show --------------------------------------------------------------------------------------------- */

static struct weft_slice element_of(uint32_t key) {
    static const char *const elements[KEYS] = {"", "a", "ab", "b", "b\xff"};
    return weft_str(elements[key]);
}

static struct weft_slice text_of(uint32_t commit, char room[16]) {
    snprintf(room, 16, "%u", commit);
    return weft_str(commit % 7 == 3 ? "" : room);
}

static void check_set(struct weft_view v, const bool present[KEYS]) {
    struct weft_elements it;
    struct weft_slice element;
    size_t size = 0;
    ck_assert_int_eq(weft_elements_open(&it, v, weft_slice(NULL, 0)), 0);
    for (uint32_t key = 0; key < KEYS; key++) {
        ck_assert(weft_aworset_contains(v, element_of(key)) == present[key]);
        if (!present[key]) continue;
        size++;
        ck_assert(weft_elements_next(&it, &element));
        ck_assert(weft_slice_eq(element, element_of(key)));
    }
    ck_assert(!weft_elements_next(&it, &element));
    weft_elements_close(&it);
    ck_assert_uint_eq(weft_aworset_size(v), size);
}

static void check_register(const struct history *h, struct weft_view v, set_of_commits writes) {
    struct weft_slice value;
    struct weft_stamp stamp;
    char room[16];
    uint32_t best = winner(h, writes);
    int rc = weft_lwwreg_get(v, &value, &stamp);
    ck_assert_int_eq(rc, best == UINT32_MAX ? WEFT_ERR_NOT_FOUND : 0);
    if (rc != 0) return;
    ck_assert(weft_slice_eq(value, text_of(best, room)));
    ck_assert_uint_eq(stamp.word, h->commits[best].word);
}

static int64_t counter_value(const struct history *h, struct weft_view v) {
    int64_t value;
    uint64_t positive;
    if (is_class(h, &weft_pncounter_class)) {
        ck_assert_int_eq(weft_pncounter_value(v, &value), 0);
        return value;
    }
    ck_assert_int_eq(weft_gcounter_value(v, &positive), 0);
    return (int64_t)positive;
}

static void check_value(const struct history *h, uint32_t at) {
    struct weft_view v = weft_value_view(h->values[at]);
    set_of_commits s = h->joined[at], writes[KEYS];
    bool present[KEYS];
    for (uint32_t key = 0; key < KEYS; key++) {
        writes[key] = standing(h, s, key);
        present[key] = writes[key] != 0;
        if (is_closed(h, s)) ck_assert_uint_eq(writes[key], unobserved(h, s, key));
    }
    if (is_class(h, &weft_aworset_class)) check_set(v, present);
    if (is_class(h, &weft_lwwreg_class)) check_register(h, v, writes[0]);
    if (is_counter(h)) ck_assert_int_eq(counter_value(h, v), counted(h, s));
    if (is_counter(h) && is_causal(h, s)) ck_assert_int_eq(counted(h, s), counted_plainly(h, s));
}

/* Equal sets of commits, equal bytes; every encoding decodes to itself. */
static void check_bytes(const struct history *h) {
    struct weft_buf bytes[VALUES];
    for (uint32_t i = 0; i < VALUES; i++) {
        bytes[i] = bytes_of(h->values[i]);
        struct weft_value *again = value_of(h->cls, 2 * VALUES);
        apply_ok(again, &bytes[i]);
        struct weft_buf second = bytes_of(again);
        ck_assert(buf_eq(&bytes[i], &second));
        weft_buf_fini(&second);
        weft_value_free(again);
    }
    for (uint32_t i = 0; i < VALUES; i++)
        for (uint32_t j = 0; j < i; j++)
            if (h->joined[i] == h->joined[j]) ck_assert(buf_eq(&bytes[i], &bytes[j]));
    for (uint32_t i = 0; i < VALUES; i++) weft_buf_fini(&bytes[i]);
}

/* --- Making a history --------------------------------------------------------------------------------------------- */

static void history_init(struct history *h, const struct weft_crdt_class *cls, uint64_t seed) {
    *h = (struct history){.cls = cls};
    weft__prng_seed(&h->rnd, seed);
    for (uint32_t i = 0; i < VALUES; i++) h->values[i] = value_of(cls, i);
}

static void history_fini(struct history *h) {
    for (uint32_t i = 0; i < VALUES; i++) weft_value_free(h->values[i]);
    for (uint32_t i = 0; i < h->count; i++) weft_buf_fini(&h->commits[i].delta);
}

static uint64_t greatest_word(const struct history *h, set_of_commits s) {
    uint64_t word = 0;
    for (uint32_t i = 0; i < h->count; i++)
        if (has(s, i) && h->commits[i].word > word) word = h->commits[i].word;
    return word;
}

/* One edit of a set or a register, and what it makes of the commit. */
static void edit_key(struct history *h, struct commit *c, struct weft_edit *e, uint32_t key, bool write) {
    bool is_set = is_class(h, &weft_aworset_class);
    bool at_base = standing(h, c->past, key) != 0;
    char room[16];
    if (write) {
        if (is_set) weft_aworset_add(e, element_of(key));
        if (!is_set) weft_lwwreg_set(e, text_of(h->count, room));
        c->touch[key] = WROTE;
    } else {
        if (is_set) weft_aworset_remove(e, element_of(key));
        if (!is_set) weft_lwwreg_clear(e);
        c->touch[key] = at_base ? TOOK : UNTOUCHED;
    }
}

static void edit_all_away(struct history *h, struct commit *c, struct weft_edit *e) {
    weft_edit_reset(e);
    for (uint32_t key = 0; key < KEYS; key++) c->touch[key] = standing(h, c->past, key) != 0 ? TOOK : UNTOUCHED;
    c->reset = true;
    for (uint32_t column = 0; column < 2; column++) {
        c->before[column] += c->after[column];
        c->after[column] = 0;
    }
}

static void edit_counter(struct history *h, struct commit *c, struct weft_edit *e) {
    int64_t amount = (int64_t)below(h, 9);
    if (is_class(h, &weft_pncounter_class)) amount -= 4;
    if (is_class(h, &weft_pncounter_class)) weft_pncounter_add(e, amount);
    if (is_class(h, &weft_gcounter_class)) weft_gcounter_add(e, (uint64_t)amount);
    c->after[amount < 0] += (uint64_t)(amount < 0 ? -amount : amount);
}

/* What the open edit shows is what its value will show. */
static void check_edit(const struct history *h, const struct commit *c, const struct weft_edit *e) {
    struct weft_view v = weft_edit_view(e);
    bool present[KEYS];
    for (uint32_t key = 0; key < KEYS; key++)
        present[key] = c->touch[key] == UNTOUCHED ? standing(h, c->past, key) != 0 : c->touch[key] == WROTE;
    if (is_class(h, &weft_aworset_class)) check_set(v, present);
    if (is_class(h, &weft_lwwreg_class)) {
        struct weft_slice value;
        ck_assert_int_eq(weft_lwwreg_get(v, &value, NULL), present[0] ? 0 : WEFT_ERR_NOT_FOUND);
    }
    if (is_counter(h))
        ck_assert_int_eq(counter_value(h, v),
                         (c->reset ? 0 : counted(h, c->past)) + (int64_t)c->after[0] - (int64_t)c->after[1]);
}

static void edit_somehow(struct history *h, struct commit *c, struct weft_edit *e) {
    uint32_t keys = is_class(h, &weft_aworset_class) ? KEYS : 1;
    if (below(h, 8) == 0) {
        edit_all_away(h, c, e);
    } else if (is_counter(h)) {
        edit_counter(h, c, e);
    } else {
        edit_key(h, c, e, (uint32_t)below(h, keys), below(h, 2) == 0);
    }
}

/* delta == state change: what is a value's before the commit joins the delta and is the value's after it. */
static void check_delta(struct weft_value *before, const struct weft_value *v, const struct weft_buf *delta) {
    if (delta->len > 0) apply_ok(before, delta);
    ck_assert(value_eq(before, v));
    weft_value_free(before);
}

static void commit_somehow(struct history *h, uint32_t at) {
    if (h->count == COMMITS) return;
    struct commit *c = &h->commits[h->count];
    struct weft_value *before = copy_of(h->values[at], 2 * VALUES + 1);
    *c = (struct commit){.writer = at, .past = h->joined[at]};
    c->word = greatest_word(h, c->past) + 1 + below(h, 3);
    struct weft_edit *e = weft_value_edit(h->values[at]);
    for (uint64_t edits = 1 + below(h, 4); edits > 0; edits--) {
        edit_somehow(h, c, e);
        check_edit(h, c, e);
    }
    for (uint32_t key = 0; key < KEYS; key++)
        if (c->touch[key] != UNTOUCHED) c->took[key] = standing(h, c->past, key);
    for (uint32_t column = 0; is_counter(h) && column < 2; column++)
        c->took[column] = c->reset ? taken_back(h, c, column) : 0;
    c->delta = commit_at(h->values[at], c->word);
    check_delta(before, h->values[at], &c->delta);
    if (c->delta.len == 0) {
        weft_buf_fini(&c->delta);
        return;
    }
    h->joined[at] |= only(h->count++);
}

static void deliver_one(struct history *h, uint32_t to) {
    if (h->count == 0) return;
    uint32_t which = (uint32_t)below(h, h->count);
    apply_ok(h->values[to], &h->commits[which].delta);
    h->joined[to] |= only(which);
}

/* A group: an empty value joins some deltas, in any order, and is shipped whole. */
static void deliver_group(struct history *h, uint32_t to) {
    if (h->count == 0) return;
    struct weft_value *group = value_of(h->cls, 2 * VALUES + 2);
    for (uint64_t i = below(h, 6); i > 0; i--) {
        uint32_t which = (uint32_t)below(h, h->count);
        apply_ok(group, &h->commits[which].delta);
        h->joined[to] |= only(which);
    }
    struct weft_buf bytes = bytes_of(group);
    apply_ok(h->values[to], &bytes);
    weft_buf_fini(&bytes);
    weft_value_free(group);
}

static void step(struct history *h) {
    uint32_t at = (uint32_t)below(h, VALUES), other = (uint32_t)below(h, VALUES);
    uint64_t what = below(h, 10);
    if (what < 4) {
        commit_somehow(h, at);
    } else if (what < 7) {
        deliver_one(h, at);
    } else if (what < 8) {
        deliver_group(h, at);
    } else {
        merge_ok(h->values[at], h->values[other]);
        h->joined[at] |= h->joined[other];
    }
}

static const struct weft_crdt_class *const classes[] = {
    &weft_aworset_class,
    &weft_lwwreg_class,
    &weft_pncounter_class,
    &weft_gcounter_class,
};

START_TEST(every_history_gives_what_the_specification_says) {
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct history h;
        history_init(&h, classes[_i], seed);
        for (uint32_t i = 0; i < STEPS; i++) {
            step(&h);
            for (uint32_t at = 0; at < VALUES; at++) check_value(&h, at);
            if (i % 16 == 0) check_bytes(&h);
        }
        for (uint32_t at = 0; at < VALUES; at++)
            for (uint32_t i = h.count; i-- > 0;) apply_ok(h.values[at], &h.commits[i].delta);
        for (uint32_t at = 0; at < VALUES; at++) h.joined[at] = only(h.count) - 1;
        for (uint32_t at = 0; at < VALUES; at++) check_value(&h, at);
        check_bytes(&h);
        history_fini(&h);
    }
}
END_TEST

START_TEST(an_edit_knows_whose_it_is_and_what_time_it_is) {
    struct weft_value *v = value_of(&weft_lwwreg_class, 7);
    struct weft_origin own = options_of(7, NULL).origin, origin = weft_edit_origin(weft_value_edit(v));
    struct weft_stamp stamp = weft_edit_now(weft_value_edit(v));
    struct weft_slice value;
    ck_assert_int_eq(weft_origin_cmp(&origin, &own), 0);
    ck_assert_uint_eq(stamp.word | stamp.epoch, 0);
    weft_value_now(v, stamp_of(9));
    ck_assert_int_eq(weft_stamp_cmp(weft_edit_now(weft_value_edit(v)), stamp_of(9)), 0);
    weft_lwwreg_set(weft_value_edit(v), weft_str("x"));
    ck_assert_int_eq(weft_lwwreg_get(weft_edit_view(weft_value_edit(v)), &value, &stamp), 0);
    ck_assert_int_eq(weft_stamp_cmp(stamp, stamp_of(9)), 0);
    commit_quietly(v, 12);
    ck_assert_int_eq(weft_lwwreg_get(weft_value_view(v), &value, &stamp), 0);
    ck_assert_int_eq(weft_stamp_cmp(stamp, stamp_of(12)), 0);
    weft_value_free(v);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("value");
    TCase *tc = tcase_create("value");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, every_history_gives_what_the_specification_says, 0, 4);
    tcase_add_test(tc, an_edit_knows_whose_it_is_and_what_time_it_is);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
