/* The law kit itself: what it enumerates, finds, shrinks and reports. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/pncounter.h>

#include "base/prng.h"
#include "tests/laws/mutants.h"

enum { ADD = 1, REMOVE = 2 };

static void any_change(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = weft_law_choose_kind(c, 2) == 0 ? ADD : REMOVE;
    op->target = weft_law_choose(c, 2);
    struct weft_slice element = weft_str(op->target == 0 ? "x" : "y");
    weft_law_tell(c, op, "%s %s", op->kind == ADD ? "add" : "remove", op->target == 0 ? "x" : "y");
    if (op->kind == ADD)
        weft_aworset_add(e, element);
    else
        weft_aworset_remove(e, element);
}

static void set_options(struct weft_law_options *o) {
    weft_law_options_init(o);
    o->type = &weft_aworset_class;
    o->mutate = any_change;
    o->short_steps = 0;
    o->histories = 1000;
}

static const struct mutant *broken(const struct mutated_type *type, const char *name) {
    for (const struct mutant *m = type->mutants; m->name != NULL; m++) {
        if (strcmp(m->name, name) == 0) return m;
    }
    ck_abort_msg("no mutant %s", name);
    return NULL;
}

static void mutant_options(struct weft_law_options *o, const struct mutated_type *type, struct mutant *m) {
    weft_law_options_init(o);
    o->subject = type->subject;
    o->spec = type->spec;
    o->ctx = m;
    o->short_steps = 0;
}

/* One step at two replicas: two orders of origins, one replica that may act first, two kinds, two elements. */
START_TEST(test_short_histories_are_counted) {
    struct weft_law_options o;
    struct weft_law_report r;
    set_options(&o);
    o.resets = false;
    o.replicas = 2;
    o.histories = 0;
    o.short_steps = 1;
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    ck_assert(r.exhausted);
    ck_assert_uint_eq(r.short_histories, 2 * 4);
    weft_law_report_fini(&r);

    /* Then an add leaves: an operation at A or at B (8), the delta or the state to B (2). A remove of nothing writes
     * nothing: an operation at A or at B (8), or the state to B, which holds as little. */
    o.short_steps = 2;
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    ck_assert_uint_eq(r.short_histories, 2 * (2 * (8 + 2) + 2 * (8 + 1)));
    weft_law_report_fini(&r);

    o.short_max = 10;
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    ck_assert_uint_eq(r.short_histories, 10);
    ck_assert(!r.exhausted);
    weft_law_report_fini(&r);
}
END_TEST

static const char *const shrunk[] = {"keeps what is present on both sides", "keeps both: removals come back",
                                     "compares clocks only", "raises the context first", "removes by name"};
enum { SHRUNK = sizeof shrunk / sizeof *shrunk, SEEDS = 10 };

/* From random histories of up to 60 steps, whatever the seed. */
START_TEST(test_shrinks_to_four_steps) {
    struct mutant m = *broken(&mutated_set, shrunk[_i / SEEDS]);
    struct weft_law_options o;
    struct weft_law_report r;
    mutant_options(&o, &mutated_set, &m);
    o.steps = 60;
    o.seed = (uint64_t)(_i % SEEDS);
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_LAW_BROKEN);
    ck_assert_msg(r.shrunk_steps <= 4, "%s", r.counterexample);
    ck_assert_uint_ge(r.shrunk_steps, 1);
    weft_law_report_fini(&r);
}
END_TEST

/* As many laws as there are, the value alone finds them too. */
START_TEST(test_value_law_shrinks) {
    struct mutant m = *broken(&mutated_register, "clears by stamp");
    struct weft_law_options o;
    struct weft_law_report r;
    mutant_options(&o, &mutated_register, &m);
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_LAW_BROKEN);
    ck_assert_str_eq(r.law, "value");
    ck_assert_msg(r.shrunk_steps <= 4, "%s", r.counterexample);
    ck_assert_ptr_nonnull(strstr(r.counterexample, "clear"));
    ck_assert_ptr_nonnull(strstr(r.counterexample, "should be a"));
    weft_law_report_fini(&r);
}
END_TEST

START_TEST(test_same_seed_same_report) {
    struct mutant m = *broken(&mutated_register, "ignores the clock epoch");
    struct weft_law_options o;
    struct weft_law_report a, b;
    mutant_options(&o, &mutated_register, &m);
    o.seed = 99;
    ck_assert_int_eq(weft_law_check(&o, &a), WEFT_LAW_BROKEN);
    ck_assert_int_eq(weft_law_check(&o, &b), WEFT_LAW_BROKEN);
    ck_assert_str_eq(a.law, b.law);
    ck_assert_str_eq(a.counterexample, b.counterexample);
    ck_assert_uint_eq(a.random_histories, b.random_histories);
    ck_assert_uint_eq(a.steps, b.steps);
    weft_law_report_fini(&a);
    o.seed = 100;
    ck_assert_int_eq(weft_law_check(&o, &a), WEFT_LAW_BROKEN);
    ck_assert_uint_ne(a.steps, b.steps);
    weft_law_report_fini(&a);
    weft_law_report_fini(&b);
}
END_TEST

static const char *diagram_of(const struct weft_law_report *r) {
    const char *line = strchr(r->counterexample, '\n');
    ck_assert_ptr_nonnull(line);
    return line;
}

START_TEST(test_choices_replay) {
    struct mutant m = *broken(&mutated_set, "a copy keeps the origin");
    struct weft_law_options o;
    struct weft_law_report found, again;
    mutant_options(&o, &mutated_set, &m);
    ck_assert_int_eq(weft_law_check(&o, &found), WEFT_LAW_BROKEN);
    ck_assert_int_eq(weft_law_replay(&o, found.choices, found.choice_count, &again), WEFT_LAW_BROKEN);
    ck_assert_str_eq(found.law, again.law);
    ck_assert_str_eq(diagram_of(&found), diagram_of(&again));
    weft_law_report_fini(&again);
    m.bug = 0;
    ck_assert_int_eq(weft_law_replay(&o, found.choices, found.choice_count, &again), 0);
    ck_assert_str_eq(again.law, "");
    weft_law_report_fini(&again);
    weft_law_report_fini(&found);
}
END_TEST

/* What a fuzzer hands in is a history, whatever it is. */
START_TEST(test_any_numbers_are_a_history) {
    struct weft_law_options o;
    struct weft__prng prng;
    uint64_t steps = 0;
    set_options(&o);
    o.hostile_every = 0;
    weft__prng_seed(&prng, 5);
    for (int i = 0; i < 2000; i++) {
        uint64_t choices[64];
        struct weft_law_report r;
        size_t count = (size_t)weft__prng_below(&prng, 64);
        uint64_t bound = i % 2 == 0 ? 6 : UINT64_MAX;
        for (size_t j = 0; j < count; j++) choices[j] = weft__prng_below(&prng, bound);
        ck_assert_int_eq(weft_law_replay(&o, choices, count, &r), 0);
        steps += r.steps;
        weft_law_report_fini(&r);
    }
    ck_assert_uint_gt(steps, 2000);
}
END_TEST

static void own_target(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    uint64_t *next = ctx;
    (void)c;
    op->kind = ADD;
    op->target = ++*next;
    weft_aworset_add(e, weft_slice(next, sizeof *next));
}

/* A generator whose operations never meet proves nothing, and is told so. */
START_TEST(test_sequential_generator_is_seen) {
    struct weft_law_options o;
    struct weft_law_report r;
    uint64_t next = 0;
    set_options(&o);
    o.mutate = own_target;
    o.ctx = &next;
    o.resets = false;
    o.memory_every = 0; /* repeats operations, which this generator cannot */
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_LAW_BROKEN);
    ck_assert_str_eq(r.law, "concurrency");
    ck_assert_uint_eq(r.colliding[ADD][ADD], 0);
    ck_assert_uint_gt(r.concurrent[ADD][ADD], 1000);
    weft_law_report_fini(&r);
}
END_TEST

/* Also of fewer histories than a thousand. */
START_TEST(test_few_sequential_histories_are_seen) {
    struct weft_law_options o;
    struct weft_law_report r;
    uint64_t next = 0;
    set_options(&o);
    o.mutate = own_target;
    o.ctx = &next;
    o.resets = false;
    o.memory_every = 0;
    o.histories = 400;
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_LAW_BROKEN);
    ck_assert_str_eq(r.law, "concurrency");
    weft_law_report_fini(&r);
}
END_TEST

START_TEST(test_concurrency_is_counted) {
    struct weft_law_options o;
    struct weft_law_report r;
    set_options(&o);
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    ck_assert_uint_gt(r.colliding_histories, 700);
    ck_assert_uint_gt(r.colliding[ADD][ADD], 2000);
    ck_assert_uint_gt(r.colliding[ADD][REMOVE], 3000);
    ck_assert_uint_gt(r.colliding[REMOVE][REMOVE], 2000);
    ck_assert_uint_eq(r.colliding[REMOVE][ADD], 0); /* the smaller kind comes first */
    ck_assert_uint_lt(r.colliding[ADD][ADD], r.concurrent[ADD][ADD]);
    ck_assert_uint_gt(r.deliveries, 1000);
    ck_assert_uint_gt(r.merges, 500);
    ck_assert_uint_gt(r.no_effect, 1000);
    weft_law_report_fini(&r);
}
END_TEST

static void fails_at_times(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = ADD;
    weft_pncounter_add(e, 1);
    if (weft_law_choose(c, 4) == 1) weft_pncounter_add(e, INT64_MIN), weft_edit_fail(e, WEFT_ERR_RANGE);
}

static int increments(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    return weft_buf_printf(out, "%zu", h->count);
}

/* An operation that fails is no part of the history. */
START_TEST(test_refused_operations) {
    struct weft_law_options o;
    struct weft_law_report r;
    set_options(&o);
    o.type = &weft_pncounter_class;
    o.mutate = fails_at_times;
    o.spec = increments;
    o.resets = false;
    int rc = weft_law_check(&o, &r);
    ck_assert_msg(rc == 0, "%s", r.counterexample);
    ck_assert_uint_gt(r.refused, 1000);
    weft_law_report_fini(&r);
}
END_TEST

static void any_addition(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = ADD;
    op->target = weft_law_choose(c, 2);
    weft_aworset_add(e, weft_str(op->target == 0 ? "x" : "y"));
}

/* In, if added (and, of operations that any_change makes, seen by no other on the element). */
static int members(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    bool in[2] = {false, false};
    for (size_t i = 0; i < h->count; i++) {
        bool beaten = h->ops[i].kind != ADD;
        for (size_t j = 0; j < h->count; j++) {
            beaten = beaten || (h->ops[j].target == h->ops[i].target && weft_law_saw(h, j, i));
        }
        if (!beaten) in[h->ops[i].target] = true;
    }
    return weft_buf_printf(out, "{%s%s%s}", in[0] ? "x" : "", in[0] && in[1] ? ", " : "", in[1] ? "y" : "");
}

/* Where a delta overtook another, a set with removals shows less than its history can know; without them it does not.
 */
START_TEST(test_gaps) {
    struct weft_law_options o;
    struct weft_law_report r;
    set_options(&o);
    o.spec = members;
    o.resets = false;
    o.histories = 20000;
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    uint64_t without = r.spec_checks;
    weft_law_report_fini(&r);
    o.gaps = true;
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_LAW_BROKEN);
    ck_assert_str_eq(r.law, "value");
    weft_law_report_fini(&r);
    o.mutate = any_addition;
    int rc = weft_law_check(&o, &r);
    ck_assert_msg(rc == 0, "%s", r.counterexample);
    ck_assert_uint_gt(r.spec_checks, without);
    weft_law_report_fini(&r);
}
END_TEST

static uint64_t found_at(const char *name, uint32_t thorough_every) {
    struct mutant m = *broken(&mutated_set, name);
    struct weft_law_options o;
    struct weft_law_report r;
    mutant_options(&o, &mutated_set, &m);
    o.histories = 2000;
    o.thorough_every = thorough_every;
    int rc = weft_law_check(&o, &r);
    uint64_t at = rc == WEFT_LAW_BROKEN ? r.random_histories : 0;
    ck_assert(rc == 0 || rc == WEFT_LAW_BROKEN);
    if (rc != 0) ck_assert_str_eq(r.law, m.law);
    weft_law_report_fini(&r);
    return at;
}

/* Values are compared in every history; what needs merges of its own in those that are asked for. */
START_TEST(test_thorough_every) {
    ck_assert_uint_eq(found_at("clears its left side first", 0), 0);
    ck_assert_uint_eq(found_at("clears its left side first", 1), 1);
    ck_assert_uint_eq(found_at("clears its left side first", 100), 1);
    ck_assert_uint_gt(found_at("a merge changes its source", 0), 0);
    ck_assert_uint_gt(found_at("removes by name", 0), 0);
}
END_TEST

/* One for each that is named in the header's list, and none twice. */
START_TEST(test_laws_are_named) {
    size_t count = 0;
    for (; weft_law_name(count) != NULL; count++)
        for (size_t i = 0; i < count; i++) ck_assert_str_ne(weft_law_name(i), weft_law_name(count));
    ck_assert_uint_eq(count, 22);
    ck_assert_str_eq(weft_law_name(0), "value");
    ck_assert_str_eq(weft_law_name(count - 1), "concurrency");
    ck_assert_ptr_null(weft_law_name(count + 1));
}
END_TEST

/* A byte is a choice. */
START_TEST(test_bytes_replay) {
    struct mutant m = *broken(&mutated_set, "removes by name");
    struct weft_law_options o;
    struct weft_law_report found, again;
    uint8_t bytes[2 * WEFT_LAW_BYTES] = {0};
    mutant_options(&o, &mutated_set, &m);
    ck_assert_int_eq(weft_law_check(&o, &found), WEFT_LAW_BROKEN);
    for (size_t i = 0; i < found.choice_count; i++) bytes[i] = (uint8_t)found.choices[i];
    ck_assert_int_eq(weft_law_replay_bytes(&o, bytes, found.choice_count, &again), WEFT_LAW_BROKEN);
    ck_assert_str_eq(again.law, found.law);
    ck_assert_uint_eq(again.choice_count, found.choice_count);
    ck_assert_ptr_nonnull(strstr(again.counterexample, "remove"));
    weft_law_report_fini(&again);
    ck_assert_int_eq(weft_law_replay_bytes(&o, NULL, 0, &again), 0);
    weft_law_report_fini(&again);
    ck_assert_int_eq(weft_law_replay_bytes(&o, bytes, sizeof bytes, &again), WEFT_LAW_BROKEN);
    ck_assert_uint_le(again.choice_count, WEFT_LAW_BYTES);
    weft_law_report_fini(&again);
    weft_law_report_fini(&found);
}
END_TEST

/* Replicas stop and go on from their bytes, or from earlier ones, and from copies of others. */
START_TEST(test_replicas_restart) {
    struct weft_law_options o;
    struct weft_law_report r;
    set_options(&o);
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    ck_assert_uint_gt(r.restarts, 100);
    ck_assert_uint_gt(r.forks, 100);
    weft_law_report_fini(&r);
}
END_TEST

static void untold_change(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    any_change(ctx, c, e, op);
    if (op->text[0] != '\0') ++*(int *)ctx;
}

/* Operations are named in histories that are drawn, and in no others. */
START_TEST(test_only_what_is_drawn_is_told) {
    struct weft_law_options o;
    struct weft_law_report r;
    int told = 0;
    set_options(&o);
    o.mutate = untold_change;
    o.ctx = &told;
    ck_assert_int_eq(weft_law_check(&o, &r), 0);
    ck_assert_int_eq(told, 0);
    weft_law_report_fini(&r);
    ck_assert_int_eq(weft_law_replay(&o, (uint64_t[]){1, 0, 0, 0, 1}, 5, &r), 0);
    ck_assert_int_gt(told, 0);
    weft_law_report_fini(&r);
}
END_TEST

struct adds {
    uint64_t histories; /* of eight operations or more */
    uint64_t without_removes;
};

static int count_adds(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    struct adds *adds = ctx;
    bool removes = false;
    for (size_t i = 0; i < h->count; i++) removes = removes || h->ops[i].kind == REMOVE;
    adds->histories += h->count >= 8;
    adds->without_removes += h->count >= 8 && !removes;
    return members(NULL, h, out);
}

/* A quarter of the histories of two kinds have one of them only. */
START_TEST(test_swarm) {
    for (int swarm = 0; swarm < 2; swarm++) {
        struct weft_law_options o;
        struct weft_law_report r;
        struct adds adds = {0, 0};
        set_options(&o);
        o.ctx = &adds;
        o.spec = count_adds;
        o.resets = false;
        o.swarm = swarm == 1;
        o.edits = 1;
        ck_assert_int_eq(weft_law_check(&o, &r), 0);
        weft_law_report_fini(&r);
        ck_assert_uint_gt(adds.histories, 200);
        if (swarm == 0) ck_assert_uint_lt(adds.without_removes, adds.histories / 50);
        if (swarm == 1) ck_assert_uint_gt(adds.without_removes, adds.histories / 15);
    }
}
END_TEST

static void expect_invalid(const struct weft_law_options *o, const char *reason) {
    struct weft_law_report r;
    ck_assert_int_eq(weft_law_check(o, &r), WEFT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(r.counterexample, reason));
    weft_law_report_fini(&r);
}

START_TEST(test_bad_options) {
    struct weft_law_options o;
    struct weft_law_subject subject = *mutated_set.subject;
    set_options(&o);
    o.mutate = NULL;
    expect_invalid(&o, "mutate");
    set_options(&o);
    o.subject = mutated_set.subject;
    expect_invalid(&o, "one of them only");
    o.type = NULL;
    o.subject = &subject;
    subject.merge = NULL;
    expect_invalid(&o, "merge");
    subject = *mutated_set.subject;
    subject.apply = NULL;
    expect_invalid(&o, "apply");
    subject = *mutated_set.subject;
    subject.value = NULL;
    o.spec = mutated_set.spec;
    expect_invalid(&o, "value");
    set_options(&o);
    o.replicas = 9;
    expect_invalid(&o, "replicas");
    set_options(&o);
    o.edits = 0;
    expect_invalid(&o, "edits");
    set_options(&o);
    o.histories = 0; /* and no short ones: all would hold, of nothing */
    expect_invalid(&o, "nothing to check");
    set_options(&o);
    o.size = 0;
    expect_invalid(&o, "weft_law_options_init");
}
END_TEST

static Suite *law_suite(void) {
    Suite *suite = suite_create("laws: the kit");
    TCase *tcase = tcase_create("law");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, test_short_histories_are_counted);
    tcase_add_loop_test(tcase, test_shrinks_to_four_steps, 0, SHRUNK * SEEDS);
    tcase_add_test(tcase, test_value_law_shrinks);
    tcase_add_test(tcase, test_same_seed_same_report);
    tcase_add_test(tcase, test_choices_replay);
    tcase_add_test(tcase, test_any_numbers_are_a_history);
    tcase_add_test(tcase, test_sequential_generator_is_seen);
    tcase_add_test(tcase, test_few_sequential_histories_are_seen);
    tcase_add_test(tcase, test_concurrency_is_counted);
    tcase_add_test(tcase, test_refused_operations);
    tcase_add_test(tcase, test_gaps);
    tcase_add_test(tcase, test_thorough_every);
    tcase_add_test(tcase, test_laws_are_named);
    tcase_add_test(tcase, test_bytes_replay);
    tcase_add_test(tcase, test_replicas_restart);
    tcase_add_test(tcase, test_only_what_is_drawn_is_told);
    tcase_add_test(tcase, test_swarm);
    tcase_add_test(tcase, test_bad_options);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void) {
    SRunner *runner = srunner_create(law_suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
