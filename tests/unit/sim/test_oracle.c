/* test_oracle.c: the specification says what design and headers say; the oracle, which goes along, says the same as the
 * specification, which looks at everything; and a value that is wrong is seen. */
#include "sim/oracle.h"

#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "base/prng.h"
#include "sim/spec.h"
#include "tests/support/suite.h"

#define REPLICAS 3

/* Replicas that commit and deliver; nothing but a history and vectors. */
struct play {
    struct weft__history history;
    struct weft__vector seen[REPLICAS];
    struct weft__oracle oracle[REPLICAS];
    struct weft_stamp clock[REPLICAS];
};

static void begin(struct play *p) {
    ck_assert_int_eq(weft__history_init(&p->history, NULL), 0);
    for (uint32_t i = 0; i < REPLICAS; i++) {
        uint32_t number;
        struct weft_origin o = {.epoch = i + 1};
        ck_assert_int_eq(weft__history_number(&p->history, &o, &number), 0);
        ck_assert_uint_eq(number, i);
        weft__vector_init(&p->seen[i], NULL);
        weft__oracle_init(&p->oracle[i], NULL);
        p->clock[i] = (struct weft_stamp){0, 0};
    }
}

static void end(struct play *p) {
    weft__history_fini(&p->history);
    for (int i = 0; i < REPLICAS; i++) {
        weft__vector_fini(&p->seen[i]);
        weft__oracle_fini(&p->oracle[i]);
    }
}

static void see(struct play *p, uint32_t at, const struct weft__commit *c) {
    ck_assert_int_eq(weft__oracle_see(&p->oracle[at], &p->history, c), 0);
    ck_assert_int_eq(weft__vector_set(&p->seen[at], c->origin, c->seq), 0);
    if (weft_stamp_cmp(p->clock[at], c->stamp) < 0) p->clock[at] = c->stamp;
}

static void commit(struct play *p, uint32_t at, const struct weft__sim_op *ops, size_t count, uint64_t step) {
    struct weft__commit c = {.origin = at, .seq = weft__vector_get(&p->seen[at], at) + 1, .stamp = p->clock[at]};
    c.stamp.word += step;
    ck_assert_int_eq(weft__history_add(&p->history, &c, &p->seen[at], ops, count), 0);
    see(p, at, weft__history_find(&p->history, at, c.seq));
}

static bool deliver(struct play *p, uint32_t to, uint32_t origin) {
    const struct weft__commit *c = weft__history_find(&p->history, origin, weft__vector_get(&p->seen[to], origin) + 1);
    if (c == NULL) return false;
    for (uint32_t i = 0; i < c->past_len; i++)
        if (i != origin && c->past[i] > weft__vector_get(&p->seen[to], i)) return false;
    see(p, to, c);
    return true;
}

/* One operation, "s+1" at replica 0. */
static void does(struct play *p, uint32_t at, const char *text) {
    struct weft__sim_op op = {.amount = strlen(text) > 2 ? (uint64_t)(text[2] - '0') : 0};
    op.type = (uint8_t)(strchr("gpsr", text[0]) - "gpsr");
    op.verb = (uint8_t)(strchr("+-=x", text[1]) - "+-=x");
    commit(p, at, &op, 1, 1);
}

static struct weft__spec spec_of(const struct play *p) {
    struct weft__spec s;
    ck_assert_int_eq(weft__spec_init(&s, &p->history), 0);
    return s;
}

static void everything(struct play *p) {
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < REPLICAS; i++)
            for (uint32_t o = 0; o < REPLICAS; o++) moved |= i != o && deliver(p, i, o);
    }
}

/* --- The specification, by cases ------------------------------------------------------------------------------------
 */

START_TEST(adds_win_over_concurrent_removes_and_deletions) {
    struct play p;
    begin(&p);
    does(&p, 0, "s+1");
    everything(&p);
    does(&p, 0, "s-1");
    does(&p, 1, "s+1"); /* concurrent */
    does(&p, 2, "sx");
    everything(&p);
    struct weft__spec s = spec_of(&p);
    ck_assert(weft__spec_contains(&s, 0, 1, &p.seen[0]));
    weft__spec_fini(&s);
    does(&p, 2, "s-1"); /* has seen all */
    everything(&p);
    s = spec_of(&p);
    ck_assert(!weft__spec_contains(&s, 0, 1, &p.seen[0]));
    weft__spec_fini(&s);
    end(&p);
}
END_TEST

START_TEST(a_deletion_takes_back_what_it_has_seen_exactly) {
    struct play p;
    begin(&p);
    does(&p, 0, "g+5");
    does(&p, 0, "p-3");
    everything(&p);
    does(&p, 1, "gx");
    does(&p, 1, "px");
    does(&p, 0, "g+1"); /* concurrent: survives */
    does(&p, 2, "p+7");
    everything(&p);
    struct weft__spec s = spec_of(&p);
    ck_assert_int_eq(weft__spec_counter(&s, WEFT__SIM_G, 0, &p.seen[0]), 1);
    ck_assert_int_eq(weft__spec_counter(&s, WEFT__SIM_P, 0, &p.seen[0]), 7);
    weft__spec_fini(&s);
    end(&p);
}
END_TEST

START_TEST(a_register_shows_the_greatest_stamp_that_nobody_replaced) {
    struct play p;
    uint64_t value;
    begin(&p);
    const struct weft__sim_op one = {.type = WEFT__SIM_R, .verb = WEFT__SIM_ASSIGN, .amount = 1};
    const struct weft__sim_op two = {.type = WEFT__SIM_R, .verb = WEFT__SIM_ASSIGN, .amount = 2};
    commit(&p, 0, &one, 1, 1000); /* far ahead */
    commit(&p, 1, &two, 1, 1);
    everything(&p);
    struct weft__spec s = spec_of(&p);
    ck_assert(weft__spec_register(&s, 0, &p.seen[2], &value));
    ck_assert_uint_eq(value, 1);
    weft__spec_fini(&s);
    p.clock[0].word = 0; /* deleted at 2, which saw both; concurrently written at 0 with a small stamp */
    does(&p, 2, "rx");
    does(&p, 0, "r=7");
    everything(&p);
    s = spec_of(&p);
    ck_assert(weft__spec_register(&s, 0, &p.seen[1], &value));
    ck_assert_uint_eq(value, 7);
    weft__spec_fini(&s);
    end(&p);
}
END_TEST

START_TEST(equal_stamps_are_decided_by_the_origin) {
    struct play p;
    uint64_t value;
    begin(&p);
    does(&p, 0, "r=1");
    does(&p, 2, "r=3");
    does(&p, 1, "r=2");
    everything(&p);
    struct weft__spec s = spec_of(&p);
    ck_assert(weft__spec_register(&s, 0, &p.seen[0], &value));
    ck_assert_uint_eq(value, 3);
    weft__spec_fini(&s);
    end(&p);
}
END_TEST

START_TEST(within_a_transaction_the_later_operation_sees_the_earlier) {
    struct play p;
    begin(&p);
    const struct weft__sim_op ops[] = {
        {.type = WEFT__SIM_S, .verb = WEFT__SIM_PLUS, .amount = 1},
        {.type = WEFT__SIM_S, .verb = WEFT__SIM_MINUS, .amount = 1},
        {.type = WEFT__SIM_S, .verb = WEFT__SIM_PLUS, .amount = 2},
        {.type = WEFT__SIM_G, .verb = WEFT__SIM_PLUS, .amount = 5},
        {.type = WEFT__SIM_G, .verb = WEFT__SIM_DELETE},
        {.type = WEFT__SIM_G, .verb = WEFT__SIM_PLUS, .amount = 2},
        {.type = WEFT__SIM_G, .verb = WEFT__SIM_PLUS, .amount = 2},
    };
    commit(&p, 0, ops, sizeof ops / sizeof *ops, 1);
    struct weft__spec s = spec_of(&p);
    ck_assert(!weft__spec_contains(&s, 0, 1, &p.seen[0]));
    ck_assert(weft__spec_contains(&s, 0, 2, &p.seen[0]));
    ck_assert_int_eq(weft__spec_counter(&s, WEFT__SIM_G, 0, &p.seen[0]), 4);
    weft__spec_fini(&s);
    end(&p);
}
END_TEST

/* --- The oracle against the specification ---------------------------------------------------------------------------
 */

static struct weft__sim_op any_op(struct weft__prng *r) {
    struct weft__sim_op op = {.type = (uint8_t)weft__prng_below(r, 4), .object = (uint32_t)weft__prng_below(r, 2)};
    uint64_t verb = weft__prng_below(r, 10);
    op.amount = weft__prng_below(r, 3) + 1;
    op.verb = verb == 0 ? WEFT__SIM_DELETE : verb < 4 ? WEFT__SIM_MINUS : WEFT__SIM_PLUS;
    if (op.type == WEFT__SIM_G && verb != 0) op.verb = WEFT__SIM_PLUS;
    if (op.type == WEFT__SIM_R && op.verb == WEFT__SIM_PLUS) op.verb = WEFT__SIM_ASSIGN;
    return op;
}

static void compare_with_spec(const struct play *p, const struct weft__spec *s, uint32_t at) {
    for (uint32_t i = 0; i < p->oracle[at].object_count; i++) {
        const struct weft__expected *x = &p->oracle[at].objects[i];
        unsigned type = i % WEFT__SIM_TYPES;
        uint32_t object = i / WEFT__SIM_TYPES;
        if (type == WEFT__SIM_G || type == WEFT__SIM_P)
            REQUIRE(x->sum == weft__spec_counter(s, type, object, &p->seen[at]));
        size_t members = 0;
        for (uint64_t e = 1; type == WEFT__SIM_S && e <= 3; e++)
            members += weft__spec_contains(s, object, e, &p->seen[at]);
        if (type == WEFT__SIM_S) REQUIRE(x->members == members);
        uint64_t value;
        if (type == WEFT__SIM_R) REQUIRE((x->count > 0) == weft__spec_register(s, object, &p->seen[at], &value));
    }
}

START_TEST(the_oracle_says_what_the_specification_says) {
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct play p;
        struct weft__prng r;
        begin(&p);
        weft__prng_seed(&r, seed);
        for (int step = 0; step < 60; step++) {
            uint32_t at = (uint32_t)weft__prng_below(&r, REPLICAS);
            if (weft__prng_below(&r, 2) == 0) {
                struct weft__sim_op ops[4];
                size_t count = 1 + (size_t)weft__prng_below(&r, 4);
                for (size_t i = 0; i < count; i++) ops[i] = any_op(&r);
                commit(&p, at, ops, count, 1 + weft__prng_below(&r, 3));
            } else {
                (void)deliver(&p, at, (uint32_t)weft__prng_below(&r, REPLICAS));
            }
            struct weft__spec s = spec_of(&p);
            compare_with_spec(&p, &s, at);
            weft__spec_fini(&s);
        }
        end(&p);
    }
}
END_TEST

/* --- A wrong value is seen -------------------------------------------------------------------------------------------
 */

static struct weft_value *shown;

static struct weft_view show(void *ctx, struct weft_slice key, const struct weft_crdt_class *cls) {
    (void)ctx;
    bool other = cls != weft_value_class(shown) || key.ptr[2] != '0';
    return other ? (struct weft_view){NULL, NULL} : weft_value_view(shown);
}

static void apply(unsigned type, const char *text, int64_t amount) {
    struct weft_edit *e = weft_value_edit(shown);
    if (type == WEFT__SIM_G) weft_gcounter_add(e, (uint64_t)amount);
    if (type == WEFT__SIM_P) weft_pncounter_add(e, amount);
    if (type == WEFT__SIM_S) weft_aworset_add(e, weft_str(text));
    if (type == WEFT__SIM_R) weft_lwwreg_set(e, weft_str(text));
    ck_assert_int_eq(weft_value_commit(shown, (struct weft_stamp){1, 0}, NULL), 0);
}

START_TEST(a_value_that_differs_is_seen) {
    for (unsigned type = 0; type < WEFT__SIM_TYPES; type++) {
        for (int right = 0; right < 3; right++) { /* nothing, another value, the value */
            struct play p;
            struct weft_buf wrong;
            struct weft_value_options o;
            uint64_t compared = 0;
            begin(&p);
            weft_buf_init(&wrong, NULL);
            weft_value_options_init(&o);
            ck_assert_int_eq(weft_value_new(&shown, weft__sim_class(type), &o), 0);
            if (right > 0) apply(type, right == 2 ? "3" : "4", right == 2 ? 3 : 4);
            const struct weft__sim_op op = {
                .type = (uint8_t)type, .verb = type == WEFT__SIM_R ? WEFT__SIM_ASSIGN : WEFT__SIM_PLUS, .amount = 3};
            commit(&p, 0, &op, 1, 1);
            int expected = right == 2 ? 0 : WEFT_ERR_CORRUPT;
            ck_assert_int_eq(weft__oracle_compare(&p.oracle[0], &p.history, show, NULL, NULL, 0, &compared, &wrong),
                             expected);
            ck_assert_int_eq(weft__oracle_compare_all(&p.oracle[0], &p.history, show, NULL, NULL, 0, &compared, &wrong),
                             expected);
            ck_assert_int_eq(wrong.len > 0, right != 2);
            ck_assert_uint_ge(compared, 2);
            weft_value_free(shown);
            weft_buf_fini(&wrong);
            end(&p);
        }
    }
}
END_TEST

/* No net effect, no transaction: which ones these are. */
START_TEST(what_changes_nothing_and_what_does) {
    struct play p;
    const struct weft__sim_op add = {WEFT__SIM_S, WEFT__SIM_PLUS, 0, 1}, other = {WEFT__SIM_S, WEFT__SIM_PLUS, 0, 2};
    const struct weft__sim_op away = {WEFT__SIM_S, WEFT__SIM_MINUS, 0, 1}, gone = {WEFT__SIM_S, WEFT__SIM_DELETE, 0, 0};
    const struct weft__sim_op plus = {WEFT__SIM_P, WEFT__SIM_PLUS, 0, 1}, minus = {WEFT__SIM_P, WEFT__SIM_MINUS, 0, 1};
    const struct weft__sim_op none = {WEFT__SIM_P, WEFT__SIM_PLUS, 0, 0}, clear = {WEFT__SIM_R, WEFT__SIM_MINUS, 0, 0};
    const struct weft__sim_op set = {WEFT__SIM_R, WEFT__SIM_ASSIGN, 0, 5},
                              reset = {WEFT__SIM_P, WEFT__SIM_DELETE, 0, 0};
    begin(&p);
    const struct weft__oracle *o = &p.oracle[0];
#define HAS(...)                                                                                                       \
    weft__oracle_has_effect(o, (const struct weft__sim_op[]){__VA_ARGS__},                                             \
                            sizeof((const struct weft__sim_op[]){__VA_ARGS__}) / sizeof(struct weft__sim_op))
    ck_assert(!HAS(away) && !HAS(gone) && !HAS(clear) && !HAS(none) && !HAS(reset)); /* nothing is there */
    ck_assert(!HAS(add, away) && !HAS(add, other, gone) && !HAS(set, clear) && !HAS(plus, reset));
    ck_assert(HAS(add, away, add) && HAS(add, other, away) && HAS(gone, add));
    ck_assert(HAS(plus, minus) && HAS(set) && HAS(reset, plus)); /* both totals rise */
    commit(&p, 0, &add, 1, 1);
    commit(&p, 0, &plus, 1, 1);
    commit(&p, 0, &set, 1, 1);
    ck_assert(HAS(away) && HAS(gone) && HAS(add) && HAS(reset) && HAS(clear) && HAS(add, away));
    ck_assert(!HAS(none) && !HAS(other, (struct weft__sim_op){WEFT__SIM_S, WEFT__SIM_MINUS, 0, 2}));
    commit(&p, 0, &gone, 1, 1);
    commit(&p, 0, &reset, 1, 1);
    ck_assert(!HAS(away) && !HAS(gone) && !HAS(reset));
#undef HAS
    end(&p);
}
END_TEST

int main(void) {
    return RUN_SUITE(
        "sim-oracle", adds_win_over_concurrent_removes_and_deletions, a_deletion_takes_back_what_it_has_seen_exactly,
        a_register_shows_the_greatest_stamp_that_nobody_replaced, equal_stamps_are_decided_by_the_origin,
        within_a_transaction_the_later_operation_sees_the_earlier, the_oracle_says_what_the_specification_says,
        what_changes_nothing_and_what_does, a_value_that_differs_is_seen);
}
