/* test_shrink.c: what is left of a failing run fails in the same way, is small, and is found again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/sim.h>

#include "sim/world.h"

#include "tests/support/suite.h"

struct planted {
    struct weft__sim_mutant mutant;
    uint32_t off; /* checks that would see it at once */
};

static void plant(void *ctx, struct weft_sim *s) {
    const struct planted *p = ctx;
    s->mutant = p->mutant;
    s->check.off |= p->off;
}

/* A hundred transactions and half as many faults. */
static struct weft_sim_schedule *plan(uint64_t seed) {
    struct weft_sim_options o;
    struct weft_sim_schedule *s;
    weft_sim_options_init(&o);
    o.seed = seed;
    o.duration_ns = WEFT_SECONDS(20);
    o.within_ns = WEFT_SECONDS(30);
    o.rate = 1;
    o.fault_ns = WEFT_SECONDS(3);
    o.loss_ppm = o.duplicate_ppm = 20000;
    o.partitions = o.one_way_cuts = 8;
    o.crashes = 10;
    o.clock_steps = 5;
    o.store_failures = 4;
    o.checkpoints = 3;
    o.backups_restored = o.copies_started = 1;
    ck_assert_int_eq(weft_sim_schedule_plan(&s, &o), 0);
    return s;
}

static struct weft_buf print(const struct weft_sim_schedule *s) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft_sim_schedule_print(s, &b), 0);
    weft_buf_append(&b, "", 1);
    return b;
}

/* NULL: the run holds. */
static struct weft_sim_schedule *shrink(uint64_t seed, struct planted *p, struct weft_sim_shrink_report *report) {
    struct weft_sim_shrink_options o;
    struct weft_sim_schedule *s = plan(seed), *small;
    weft_sim_shrink_options_init(&o);
    o.prepare = plant;
    o.ctx = p;
    int rc = weft_sim_shrink(&small, s, &o, report);
    weft_sim_schedule_free(s);
    ck_assert(rc == 0 ? small != NULL : rc == WEFT_ERR_NOT_FOUND && small == NULL);
    return small;
}

/* As text, in another process as it were; with the bug or without. */
static int replay(const struct weft_sim_schedule *s, struct planted *p, char said[WEFT_SIM_SHRINK_TEXT]) {
    struct weft_buf text = print(s), message;
    struct weft_sim_schedule *again;
    struct weft_sim *sim;
    weft_buf_init(&message, NULL);
    ck_assert_int_eq(weft_sim_schedule_parse(&again, weft_str((const char *)text.ptr), &message, NULL), 0);
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, again), 0);
    if (p != NULL) plant(p, sim);
    int rc = weft_sim_run_until_converged(sim, again->options.within_ns);
    const char *failure = weft_sim_failure(sim);
    (void)snprintf(said, WEFT_SIM_SHRINK_TEXT, "%s", failure != NULL ? failure : "not converged");
    weft_sim_free(sim);
    weft_buf_fini(&text);
    weft_buf_fini(&message);
    return rc;
}

static uint64_t items(const struct weft_sim_shrink_report *r) {
    return r->after.transactions + r->after.faults;
}

/* rc 0: in whatever way it fails. Over the first so many failing seeds: the median and the ninth of ten are no larger;
 * nor are the runs' medians. */
struct bounds {
    size_t seeds;
    uint64_t median, p90, runs;
};

static int ascending(const void *a, const void *b) {
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

#define SEEDS_MAX 64u

static void becomes_small(struct planted p, int rc, struct bounds b) {
    uint64_t left[SEEDS_MAX], runs[SEEDS_MAX];
    size_t found = 0;
    for (uint64_t seed = 1; found < b.seeds; seed++) {
        struct weft_sim_shrink_report r;
        struct weft_sim_schedule *small = shrink(seed, &p, &r);
        char said[WEFT_SIM_SHRINK_TEXT];
        ck_assert_uint_lt(seed, 2000);
        if (small == NULL) continue;
        int found_rc = replay(small, &p, said);
        ck_assert(rc == 0 || found_rc == rc);
        ck_assert_str_eq(said, r.failure);
        ck_assert_int_eq(replay(small, NULL, said), 0);
        ck_assert_uint_eq(r.after.transactions + r.after.faults, weft_sim_schedule_count(small));
        ck_assert_uint_gt(r.before.transactions + r.before.faults, 100);
        weft_sim_schedule_free(small);
        left[found] = items(&r);
        runs[found++] = r.runs;
    }
    qsort(left, found, sizeof *left, ascending);
    qsort(runs, found, sizeof *runs, ascending);
    ck_assert_uint_le(left[found / 2], b.median);
    ck_assert_uint_le(left[found * 9 / 10], b.p90);
    ck_assert_uint_le(runs[found / 2], b.runs);
}

START_TEST(an_epoch_that_is_kept_over_a_crash) {
    struct planted p = {.mutant = {.same_epochs = true}, .off = 1u << WEFT__CHECK_CALL};
    becomes_small(p, 0, (struct bounds){10, 7, 8, 110});
}
END_TEST

START_TEST(a_store_that_forgets) {
    struct planted p = {.mutant = {.forgets_store = true}};
    becomes_small(p, WEFT_ERR_CORRUPT, (struct bounds){20, 3, 3, 50});
}
END_TEST

/* What was said to be durable is not, and so nobody ever gets it: it takes a crash at the right time. */
START_TEST(what_does_not_converge_becomes_small_with_its_faults_ended) {
    struct planted p = {.mutant = {.early_persisted = true}, .off = 1u << WEFT__CHECK_SAID};
    becomes_small(p, WEFT_ERR_NOT_READY, (struct bounds){20, 3, 4, 70});
}
END_TEST

static size_t count_kind(const struct weft_sim_schedule *s, enum weft__sim_item_kind kind) {
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) n += s->items[i].kind == kind;
    return n;
}

/* No fault at all but links that lose, and no time to send again: what is left is the one message that mattered. */
START_TEST(what_chance_did_becomes_items) {
    size_t found = 0;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct weft_sim_options o;
        struct weft_sim_schedule *s, *small;
        struct weft_sim_shrink_report r;
        struct planted none = {.off = 0};
        char said[WEFT_SIM_SHRINK_TEXT];
        weft_sim_options_init(&o);
        o.seed = seed;
        o.duration_ns = WEFT_SECONDS(3);
        o.within_ns = WEFT_MILLISECONDS(400);
        o.rate = 5;
        o.loss_ppm = 50000;
        ck_assert_int_eq(weft_sim_schedule_plan(&s, &o), 0);
        int rc = weft_sim_shrink(&small, s, NULL, &r);
        weft_sim_schedule_free(s);
        if (rc == WEFT_ERR_NOT_FOUND) continue;
        ck_assert_int_eq(rc, 0);
        ck_assert_uint_eq(small->options.loss_ppm + small->options.reorder_ppm + small->options.jitter_ppm, 0);
        ck_assert_uint_ge(count_kind(small, WEFT__SIM_DROP), 1);
        ck_assert_uint_le(small->count, 6);
        ck_assert_int_eq(replay(small, &none, said), WEFT_ERR_NOT_READY);
        weft_sim_schedule_free(small);
        found++;
    }
    ck_assert_uint_ge(found, 4);
}
END_TEST

START_TEST(the_same_run_becomes_the_same) {
    struct planted p = {.mutant = {.forgets_store = true}};
    struct weft_sim_shrink_report a, b;
    struct weft_sim_schedule *one = shrink(1, &p, &a), *two = shrink(1, &p, &b);
    struct weft_buf first = print(one), second = print(two);
    ck_assert_str_eq((const char *)first.ptr, (const char *)second.ptr);
    ck_assert_uint_eq(a.runs, b.runs);
    weft_buf_fini(&first);
    weft_buf_fini(&second);
    weft_sim_schedule_free(one);
    weft_sim_schedule_free(two);
}
END_TEST

START_TEST(a_run_that_holds_is_not_looked_into) {
    struct planted none = {.off = 0};
    struct weft_sim_shrink_report r;
    ck_assert_ptr_null(shrink(1, &none, &r));
    ck_assert_uint_eq(r.runs, 1);
}
END_TEST

static void count_runs(void *ctx, const struct weft_sim_shrink_report *r) {
    uint64_t *seen = ctx;
    ck_assert_uint_eq(r->runs, *seen + 1);
    *seen = r->runs;
}

static void plant_forgetting(void *ctx, struct weft_sim *s) {
    (void)ctx;
    s->mutant.forgets_store = true;
}

/* What there is by then fails as well. */
START_TEST(it_stops_after_so_many_runs) {
    for (uint64_t most = 1; most < 20; most += 6) {
        struct weft_sim_shrink_options o;
        struct weft_sim_shrink_report r;
        struct weft_sim_schedule *s = plan(1), *small;
        struct planted p = {.mutant = {.forgets_store = true}};
        uint64_t seen = 1;
        char said[WEFT_SIM_SHRINK_TEXT];
        weft_sim_shrink_options_init(&o);
        o.max_runs = most;
        o.prepare = plant_forgetting;
        o.progress = count_runs;
        o.ctx = &seen;
        ck_assert_int_eq(weft_sim_shrink(&small, s, &o, &r), 0);
        ck_assert_uint_eq(r.runs, most);
        ck_assert_uint_eq(seen, most);
        ck_assert_int_eq(replay(small, &p, said), WEFT_ERR_CORRUPT);
        ck_assert_str_eq(said, r.failure);
        weft_sim_schedule_free(small);
        weft_sim_schedule_free(s);
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-shrink", an_epoch_that_is_kept_over_a_crash, a_store_that_forgets,
                     what_does_not_converge_becomes_small_with_its_faults_ended, what_chance_did_becomes_items,
                     the_same_run_becomes_the_same, a_run_that_holds_is_not_looked_into, it_stops_after_so_many_runs);
}
