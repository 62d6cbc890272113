/* A specification that reads what it may not is refused before anything is held against the type, with a shortest
 * history that shows it. The type is lwwreg, whose own specification is asked along, so that none of these is wrong
 * about the value. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/law.h>

static struct weft_law_options lwwreg;

static void any_of_ours(struct weft_law_options *o) {
    weft_law_options_init(o);
    ck_assert_int_eq(weft_law_builtin(o, "lwwreg"), 0);
    lwwreg = *o;
    o->short_steps = 2;
    o->histories = 200;
}

static int sound(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    for (size_t i = 0; i < h->count; i++)
        for (size_t j = 0; j < i; j++)
            if (weft_law_saw(h, j, i)) return WEFT_ERR_CORRUPT; /* what comes earlier has not seen what comes later */
    return lwwreg.spec(ctx, h, out);
}

/* Operations that nobody has seen, or the ends of loops that run too far. */
static int beyond_the_end(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    if (h->count > 1 && weft_law_saw(h, h->count, 0)) return WEFT_ERR_CORRUPT;
    return lwwreg.spec(ctx, h, out);
}

static int beyond_the_beginning(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    if (h->count > 1 && weft_law_saw(h, 1, (size_t)0 - 1)) return WEFT_ERR_CORRUPT;
    return lwwreg.spec(ctx, h, out);
}

/* Adds to what the type's own says what tells this operation from concurrent ones. */
static int name(const struct weft_law_op *op, struct weft_buf *out) {
    return weft_buf_printf(out, " of %u", op->origin);
}

/* The last one that came is the last that is listed here, and another one elsewhere. */
static int by_arrival(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    int rc = lwwreg.spec(ctx, h, out);
    return rc != 0 || h->count < 2 ? rc : name(&h->ops[h->count - 1], out);
}

static int by_number(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    int rc = lwwreg.spec(ctx, h, out);
    size_t last = 0;
    for (size_t i = 0; i < h->count; i++)
        if (h->ops[i].commit >= h->ops[last].commit) last = i;
    return rc != 0 || h->count < 2 ? rc : name(&h->ops[last], out);
}

static int by_memory(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    static unsigned asked;
    int rc = lwwreg.spec(ctx, h, out);
    return rc != 0 ? rc : weft_buf_printf(out, " the %uth time", ++asked);
}

START_TEST(a_sound_specification_is_taken) {
    struct weft_law_options o;
    struct weft_law_report r;
    any_of_ours(&o);
    o.spec = sound;
    ck_assert_msg(weft_law_check(&o, &r) == 0, "%s", r.counterexample);
    ck_assert_uint_eq(r.random_histories, o.histories); /* the trial is not one of them */
    weft_law_report_fini(&r);
}
END_TEST

START_TEST(one_that_reads_what_it_may_not_is_refused) {
    static const struct {
        int (*spec)(void *ctx, const struct weft_law_history *h, struct weft_buf *out);
        const char *said;
        uint32_t steps; /* of the shortest history that shows it, at most */
    } cases[] = {
        {beyond_the_end, "it asked weft_law_saw about an operation that is not in the history", 2},
        {beyond_the_beginning, "it asked weft_law_saw about an operation that is not in the history", 2},
        {by_arrival, "it reads the order in which operations were heard of, or their numbers", 3},
        {by_number, "it reads the order in which operations were heard of, or their numbers", 3},
        {by_memory, "it reads beyond the history, or remembers what it was asked before", 0},
    };
    struct weft_law_options o;
    struct weft_law_report r, again;
    any_of_ours(&o);
    o.spec = cases[_i].spec;
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_ERR_INVALID);
    ck_assert_str_eq(r.law, "specification");
    ck_assert_msg(strstr(r.counterexample, cases[_i].said) != NULL, "%s", r.counterexample);
    ck_assert_msg(r.shrunk_steps <= cases[_i].steps, "%s", r.counterexample);
    ck_assert_uint_eq(r.short_histories + r.random_histories, 0); /* nothing was held against the type */
    ck_assert_int_eq(weft_law_replay(&o, r.choices, r.choice_count, &again), WEFT_ERR_INVALID);
    ck_assert_str_eq(again.law, "specification");
    weft_law_report_fini(&again);
    weft_law_report_fini(&r);
}
END_TEST

/* A type that is wrong is not the specification's fault, not in the trial either. */
static int never(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    (void)h;
    return weft_buf_append_str(out, "never this");
}

START_TEST(one_that_disagrees_is_not_refused) {
    struct weft_law_options o;
    struct weft_law_report r;
    any_of_ours(&o);
    o.spec = never;
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_LAW_BROKEN);
    ck_assert_str_eq(r.law, "value");
    weft_law_report_fini(&r);
}
END_TEST

/* The law kit registers a class as a replica does. */
START_TEST(a_class_that_cannot_be_registered_is_refused) {
    struct weft_law_options o;
    struct weft_law_report r;
    any_of_ours(&o);
    struct weft_crdt_class cls = *o.type;
    cls.schema = 2;
    o.type = &cls;
    ck_assert_int_eq(weft_law_check(&o, &r), WEFT_ERR_INVALID);
    ck_assert_str_eq(r.counterexample,
                     "class 'lwwreg' is at schema 2 and lacks upcast: what schema 1 wrote could not be read");
    weft_law_report_fini(&r);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("laws: specifications");
    TCase *tcase = tcase_create("spec");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, a_sound_specification_is_taken);
    tcase_add_loop_test(tcase, one_that_reads_what_it_may_not_is_refused, 0, 5);
    tcase_add_test(tcase, one_that_disagrees_is_not_refused);
    tcase_add_test(tcase, a_class_that_cannot_be_registered_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
