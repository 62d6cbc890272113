/* test_sim_sweep.c: what becomes of seeds that crash, do not end, or are not the same twice; with made-up runs, since
 * none of the simulator's does any of it. */
#define _POSIX_C_SOURCE 200809L
#include "tools/sim_sweep.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/disturbed.h"
#include "tools/sim_ledger.h"
#include "tools/sim_worker.h"

#define SEEDS 30u

enum { CRASHES = 3, HANGS = 4, FAILS = 5, STARVES = 6, DIFFERS = 10, CRASHES_OTHERWISE = 21 };

static struct weft__sim_result results[SEEDS + 1];
static char folder[64], path[80], *printed;
static size_t printed_size;
static volatile int forever = 1;

static char *copy_of(const char *text) {
    char *copy = malloc(strlen(text) + 1);
    if (copy != NULL) memcpy(copy, text, strlen(text) + 1);
    return copy;
}

static void run(void *ctx, uint64_t seed, bool otherwise, struct weft__sim_result *out, char **report) {
    (void)ctx;
    out->seed = seed;
    out->steps = 10 * seed;
    out->trace[0] = (uint8_t)(seed + (otherwise && seed == DIFFERS));
    if (seed == CRASHES) {
        fputs("what it said\nlast: it is all over\n", stderr);
        abort();
    }
    while (seed == HANGS && forever) continue;
    if (seed == CRASHES_OTHERWISE && otherwise) abort();
    if (seed != FAILS) return;
    out->verdict = WEFT__SIM_FAILED;
    out->check = copy_of("value");
    out->detail = copy_of("at 3 s");
    *report = copy_of("the report\n");
}

static void quiet(void *ctx, uint64_t seed, bool otherwise, struct weft__sim_result *out, char **report) {
    (void)ctx;
    (void)otherwise;
    (void)report;
    out->seed = seed;
}

static void starved(void *ctx, uint64_t seed, bool otherwise, struct weft__sim_result *out, char **report) {
    quiet(ctx, seed, otherwise, out, report);
    if (seed != STARVES) return;
    out->verdict = WEFT__SIM_NOT_RUN;
    out->check = copy_of("out of memory");
}

static void starved_otherwise(void *ctx, uint64_t seed, bool otherwise, struct weft__sim_result *out, char **report) {
    quiet(ctx, seed, otherwise, out, report);
    if (seed != DIFFERS || !otherwise) return;
    out->verdict = WEFT__SIM_NOT_RUN;
    out->check = copy_of("out of memory");
}

/* --- Sweeping, with what it prints kept -------------------------------------------------------------------------- */

static int take_result(void *ctx, struct weft__sim_result *r) {
    (void)ctx;
    ck_assert_uint_le(r->seed, SEEDS);
    if (r->seed == STARVES) weft__sim_result_fini(&results[STARVES]);
    ck_assert_ptr_null(results[r->seed].check);
    results[r->seed] = *r;
    return 0;
}

static int take_campaign(void *ctx, struct weft__sim_campaign *c) {
    (void)ctx;
    weft__sim_campaign_fini(c);
    return 0;
}

static void read_results(void) {
    struct weft__sim_reader reader = {.campaign = take_campaign, .result = take_result};
    uint64_t whole;
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(weft__sim_results_read(&reader, f, path, &whole), 0);
    (void)fclose(f);
}

static int sweep(void (*work_run)(void *, uint64_t, bool, struct weft__sim_result *, char **), bool keep_going) {
    static char command[] = "weft sim --rate 3";
    struct weft__sim_work work = {work_run, NULL, 0.05};
    struct weft__sim_campaign c = {"1.0", "ab", 1, SEEDS, 1, 1, command};
    struct weft__sim_sweep_options o = {.keep_going = keep_going, .jobs = 3};
    (void)fflush(stdout);
    int out = dup(STDOUT_FILENO);
    FILE *f = tmpfile();
    ck_assert(out >= 0 && f != NULL && dup2(fileno(f), STDOUT_FILENO) >= 0);
    int rc = weft__sim_sweep_run(&work, &c, &o, path);
    (void)fflush(stdout);
    (void)dup2(out, STDOUT_FILENO);
    (void)close(out);
    rewind(f);
    printed_size = 1 << 16;
    printed = calloc(printed_size, 1);
    ck_assert_uint_gt(fread(printed, 1, printed_size - 1, f), 0);
    (void)fclose(f);
    read_results();
    return rc;
}

static void setup(void) {
    (void)snprintf(folder, sizeof folder, "%s/weft-sweep-XXXXXX", getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/r.jsonl", folder);
    memset(results, 0, sizeof results);
}

static void teardown(void) {
    for (size_t i = 0; i <= SEEDS; i++) weft__sim_result_fini(&results[i]);
    free(printed);
    printed = NULL;
    (void)unlink(path);
    (void)rmdir(folder);
}

#define SAYS(text) ck_assert_msg(strstr(printed, text) != NULL, "%s", printed)

START_TEST(each_failure_is_one_of_its_seed) {
    ck_assert_int_eq(sweep(run, true), 3);
    ck_assert_int_eq(results[CRASHES].verdict, WEFT__SIM_CRASHED);
    ck_assert_str_eq(results[CRASHES].check, "signal 6 (Aborted)");
    ck_assert_str_eq(results[CRASHES].detail, "what it said last: it is all over");
    ck_assert_int_eq(results[HANGS].verdict, WEFT__SIM_HUNG);
    ck_assert_str_eq(results[HANGS].check, "more than 0.05 s of processor time");
    ck_assert_int_eq(results[FAILS].verdict, WEFT__SIM_FAILED);
    ck_assert_str_eq(results[FAILS].detail, "at 3 s");
    ck_assert_int_eq(results[DIFFERS].verdict, WEFT__SIM_NOT_DETERMINISTIC);
    ck_assert_int_eq(results[CRASHES_OTHERWISE].verdict, WEFT__SIM_NOT_DETERMINISTIC);
    ck_assert_ptr_nonnull(strstr(results[CRASHES_OTHERWISE].detail, "crashed"));
    for (size_t i = 1; i <= SEEDS; i++) {
        bool odd = i == CRASHES || i == HANGS || i == FAILS || i == DIFFERS || i == CRASHES_OTHERWISE;
        ck_assert_int_eq(results[i].verdict != WEFT__SIM_HELD, odd);
        ck_assert_uint_eq(results[i].steps, i == CRASHES || i == HANGS ? 0 : 10 * i);
    }
    SAYS("30 seeds, 5 failed");
    SAYS("2   not deterministic: seed 10, 21");
    SAYS("weft sim diff --rate 3 --seed 10");
    SAYS("1   failed, value: seed 5");
    SAYS("weft sim --rate 3 --seed 5");
}
END_TEST

START_TEST(the_first_failure_is_the_lowest) {
    ck_assert_int_eq(sweep(run, false), 1);
    SAYS("replay        weft sim --rate 3 --seed 3\n");
    ck_assert_int_eq(results[SEEDS].steps, 0);
}
END_TEST

/* What was too much once is no result: there may be more memory now. */
START_TEST(what_was_not_run_is_run_again) {
    ck_assert_int_eq(sweep(starved, true), 1);
    ck_assert_int_eq(results[STARVES].verdict, WEFT__SIM_NOT_RUN);
    SAYS("1   not run, out of memory: seed 6");
    free(printed);
    weft__sim_result_fini(&results[STARVES]);
    memset(results, 0, sizeof results);
    ck_assert_int_eq(sweep(quiet, false), 0);
    ck_assert_int_eq(results[STARVES].verdict, WEFT__SIM_HELD);
    SAYS("known         29 seeds");
}
END_TEST

/* That there was no memory for the second run says nothing of the first. */
START_TEST(what_could_not_be_compared_did_not_differ) {
    ck_assert_int_eq(sweep(starved_otherwise, true), 1);
    ck_assert_int_eq(results[DIFFERS].verdict, WEFT__SIM_NOT_RUN);
    SAYS("1   not run, out of memory: seed 10");
}
END_TEST

START_TEST(of_ten_seeds_one_is_run_twice) {
    ck_assert_int_eq(sweep(quiet, false), 0);
    for (size_t i = 1; i <= SEEDS; i++) ck_assert_int_eq(results[i].twice, i == 1 || i == 10 || i == 21);
    for (uint64_t shards = 1; shards <= 40; shards++) {
        uint64_t twice = 0;
        for (uint64_t i = 0; i < 1000; i++) twice += weft__sim_is_twice(shards - 1 + i * shards);
        ck_assert_msg(twice >= 70 && twice <= 140, "%u of a thousand in a shard of %u", (unsigned)twice,
                      (unsigned)shards);
    }
}
END_TEST

START_TEST(disturbed_memory_is_full_and_moves) {
    const struct weft_alloc *a = &weft__disturbed_alloc;
    unsigned char *p = a->resize(a->ctx, NULL, 0, 100);
    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < 100; i++) ck_assert_uint_eq(p[i], 0xb5);
    memset(p, 7, 100);
    unsigned char *q = a->resize(a->ctx, p, 100, 50);
    ck_assert_ptr_ne(q, p);
    q = a->resize(a->ctx, q, 50, 60);
    for (size_t i = 0; i < 60; i++) ck_assert_uint_eq(q[i], i < 50 ? 7 : 0xb5);
    ck_assert_ptr_null(a->resize(a->ctx, q, 60, 0));
}
END_TEST

int main(void) {
    Suite *s = suite_create("sim-sweep");
    TCase *t = tcase_create("all");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, each_failure_is_one_of_its_seed);
    tcase_add_test(t, the_first_failure_is_the_lowest);
    tcase_add_test(t, what_was_not_run_is_run_again);
    tcase_add_test(t, what_could_not_be_compared_did_not_differ);
    tcase_add_test(t, of_ten_seeds_one_is_run_twice);
    tcase_add_test(t, disturbed_memory_is_full_and_moves);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
