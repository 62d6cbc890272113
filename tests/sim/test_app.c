/* test_app.c: an application beside each replica: what it is told and when, what it may ask, how it fails, and that all
 * of that is the same in every run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/sim_app.h>

#include "sim/world.h"
#include "tests/support/suite.h"

/* --- An application that does what its numbers say ---------------------------------------------------------------- */

enum {
    COUNT,    /* one up */
    WAIT,     /* a timer of a second */
    SEND,     /* to the next replica */
    DRAW,     /* a random number */
    GRUMBLE,  /* fails */
    LOOP,     /* from now on each change brings a change */
    PROMISE,  /* counts, and says so before it is durable */
    ELSEWHERE /* asks something else than its host */
};

struct process {
    struct weft_sim_host *host;
    unsigned changes, local, durable, timers, pending, messages, cut_short;
    uint64_t timer_ns, random[2];
    uint32_t from;
    uint8_t byte;
    bool loops;
};

struct ledger {
    unsigned starts, stops, checks, converged;
    uint64_t promised;
};

static struct ledger *last; /* of the simulation that was made last */
static unsigned tests;      /* ledgers that are there */
static unsigned elsewhere;
static bool refuses_start;

static void *test_new(void *ctx) {
    ck_assert_ptr_eq(ctx, &tests);
    tests++;
    return last = calloc(1, sizeof *last);
}

static void test_free(void *test) {
    tests--;
    free(test);
}

static void *start(struct weft_sim_host *h) {
    struct process *p = refuses_start ? NULL : calloc(1, sizeof *p);
    if (p == NULL) return NULL;
    p->host = h;
    ((struct ledger *)weft_sim_host_test(h))->starts++;
    return p;
}

static void stop(void *app) {
    struct process *p = app;
    last->stops++;
    free(p);
}

static int count(struct process *p) {
    struct weft_txn *t;
    int rc = weft_sim_host_txn_begin(p->host, &t);
    if (rc != 0) return rc;
    weft_gcounter_add(weft_txn_edit(t, weft_str("n"), &weft_gcounter_class), 1);
    return weft_txn_commit(t, NULL);
}

static void perform(void *app, uint64_t number) {
    struct process *p = app;
    switch (number % 100) {
    case WAIT:
        p->pending++;
        p->timer_ns = weft_sim_host_mono_ns(p->host) + WEFT_SECONDS(1);
        ck_assert_int_eq(weft_sim_host_timer(p->host, WEFT_SECONDS(1), 7), 0);
        break;
    case SEND:
        ck_assert_int_eq(weft_sim_host_send(p->host, weft_sim_host_number(p->host), weft_str("x")), WEFT_ERR_INVALID);
        ck_assert_int_eq(weft_sim_host_send(p->host, (weft_sim_host_number(p->host) + 1) % 3, weft_str("x")), 0);
        break;
    case DRAW:
        for (int i = 0; i < 2; i++) p->random[i] = weft_sim_host_random(p->host);
        break;
    case GRUMBLE:
        weft_sim_host_fail(p->host, "I do not like %llu", (unsigned long long)number);
        weft_sim_host_fail(p->host, "nor anything else");
        break;
    case LOOP:
        p->loops = true;
        (void)!count(p);
        break;
    case PROMISE:
        if (count(p) == 0) ((struct ledger *)weft_sim_host_test(p->host))->promised++;
        break;
    case ELSEWHERE:
        weft_sim_host_say(p->host, "%u", elsewhere++);
        break;
    default:
        (void)!count(p);
        break;
    }
}

static void on_change(void *app, const struct weft_change *change) {
    struct process *p = app;
    if (!weft_slice_eq(change->key, weft_str("n"))) return;
    p->changes++;
    p->local += change->local;
    if (p->loops) (void)!count(p);
}

static void on_notice(void *app, const struct weft_notice *notice) {
    struct process *p = app;
    if (notice->kind == WEFT_NOTICE_DURABLE) p->durable++;
}

static void on_timer(void *app, uint32_t timer) {
    struct process *p = app;
    ck_assert_uint_eq(timer, 7);
    p->timers++;
    if (--p->pending > 0) return; /* timer_ns is the last one's */
    ck_assert_uint_ge(weft_sim_host_mono_ns(p->host), p->timer_ns);
    ck_assert_uint_lt(weft_sim_host_mono_ns(p->host), p->timer_ns + 1000);
}

static void on_message(void *app, uint32_t from, struct weft_slice message) {
    struct process *p = app;
    ck_assert_uint_le(message.len, 1);
    p->cut_short += message.len == 0;
    if (message.len == 0) return;
    p->messages++;
    p->from = from;
    p->byte = message.ptr[0];
}

static uint64_t counted(const struct weft_replica *r) {
    uint64_t n = 0;
    (void)!weft_gcounter_value(weft_replica_view(r, weft_str("n"), &weft_gcounter_class), &n);
    return n;
}

static void check(void *test, struct weft_sim *s, uint32_t replica) {
    struct ledger *l = test;
    l->checks++;
    if (weft_sim_app_at(s, replica) == NULL) weft_sim_app_fail(s, "a check of a replica that does not run");
}

static void check_converged(void *test, struct weft_sim *s) {
    struct ledger *l = test;
    l->converged++;
    for (uint32_t i = 0; i < weft_sim_replica_count(s); i++) {
        const struct weft_replica *r = weft_sim_replica(s, i), *first = weft_sim_replica(s, 0);
        if (r != NULL && first != NULL && counted(r) != counted(first)) weft_sim_app_fail(s, "not converged");
        if (r != NULL && counted(r) < l->promised)
            weft_sim_app_fail(s, "%llu were promised, %llu are there", (unsigned long long)l->promised,
                              (unsigned long long)counted(r));
    }
}

static const struct weft_sim_app app = {
    .size = sizeof(struct weft_sim_app),
    .name = "counter",
    .test_new = test_new,
    .test_free = test_free,
    .start = start,
    .stop = stop,
    .on_change = on_change,
    .on_notice = on_notice,
    .on_timer = on_timer,
    .on_message = on_message,
    .perform = perform,
    .check = check,
    .check_converged = check_converged,
    .ctx = &tests,
};

/* --- The world ---------------------------------------------------------------------------------------------------- */

static struct weft_sim *sim;

static void options(struct weft_sim_options *o) {
    weft_sim_options_init(o);
    o->seed = 3;
    o->replicas = 3;
    o->loss_ppm = o->duplicate_ppm = o->reorder_ppm = 0;
}

static void begin(void) {
    struct weft_sim_options o;
    options(&o);
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    ck_assert_int_eq(weft_sim_set_app(sim, &app), 0);
}

static void end(void) {
    ck_assert_uint_lt(last->stops, last->starts);
    weft_sim_free(sim);
    sim = NULL;
    ck_assert_uint_eq(tests, 0);
}

static void act(const char *line) {
    ck_assert_msg(weft_sim_do(sim, line) == 0, "%s\n%s", line, weft_sim_report(sim));
}

static void run_ms(uint64_t ms) {
    ck_assert_msg(weft_sim_run_for(sim, WEFT_MILLISECONDS(ms)) == 0, "%s", weft_sim_report(sim));
}

static struct process *at(uint32_t i) {
    return weft_sim_app_at(sim, i);
}

START_TEST(it_is_told_what_happens) {
    begin();
    run_ms(500);
    act("app 0 0");
    ck_assert_uint_eq(at(0)->changes, 1); /* at once, after its own commit has returned */
    ck_assert_uint_eq(at(0)->durable, 0);
    run_ms(1000);
    ck_assert_uint_eq(at(0)->durable, 1);
    ck_assert_uint_eq(at(0)->local, 1);
    for (uint32_t i = 1; i < 3; i++) {
        ck_assert_uint_eq(at(i)->changes, 1);
        ck_assert_uint_eq(at(i)->local, 0);
        ck_assert_uint_eq(counted(weft_sim_replica(sim, i)), 1);
    }
    unsigned checks = last->checks;
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(5)), 0);
    ck_assert_uint_eq(last->converged, 1);
    act("app 1 0");
    ck_assert_uint_gt(last->checks, checks);
    end();
}
END_TEST

START_TEST(a_crash_ends_it_and_a_restart_begins_another) {
    begin();
    act("app 0 0");
    run_ms(1000);
    ck_assert_uint_eq(last->starts, 3);
    act("app 0 1"); /* a timer that it will not see */
    act("crash 0");
    ck_assert_uint_eq(last->stops, 1);
    ck_assert_ptr_null(at(0));
    ck_assert_int_eq(weft_sim_do(sim, "app 0 0"), WEFT_ERR_INVALID);
    act("restart 0");
    ck_assert_uint_eq(last->starts, 4);
    ck_assert_uint_eq(at(0)->changes, 0);                              /* what comes from the store is no change ... */
    ck_assert_uint_eq(counted(weft_sim_host_replica(at(0)->host)), 1); /* ... and is there */
    run_ms(2000);
    ck_assert_uint_eq(at(0)->timers, 0);
    act("copy 1");
    ck_assert_ptr_nonnull(at(3));
    ck_assert_uint_eq(weft_sim_host_number(at(3)->host), 3);
    act("pause 0");
    ck_assert_int_eq(weft_sim_do(sim, "app 0 0"), WEFT_ERR_INVALID);
    end();
}
END_TEST

/* The process goes on while its engine is made again: with its memory, and with its timers. */
START_TEST(an_engine_that_is_made_again_is_no_restart) {
    begin();
    run_ms(3000);
    sim->mutant.same_epochs = true;
    act("crash 0");
    act("restart 0");
    act("app 0 0");
    run_ms(1000);
    act("backup 0");
    act("txn 0 g/0+1");
    run_ms(1000);
    act("partition 0");
    act("restore 0");
    sim->mutant.same_epochs = false;
    unsigned starts = last->starts;
    act("txn 0 g/0+1");
    run_ms(900);
    act("heal");
    run_ms(10);
    struct process *same = at(0);
    for (int i = 0; i < 40 && weft_sim_failure(sim) == NULL; i++) {
        act("app 0 1");
        run_ms(100);
    }
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(30)), 0);
    struct weft_sim_stats stats;
    weft_sim_stats(sim, &stats);
    ck_assert_uint_eq(stats.notices[WEFT_NOTICE_REISSUED], 1);
    run_ms(2000);
    ck_assert_uint_eq(last->starts, starts);
    ck_assert_ptr_eq(at(0), same);
    ck_assert_uint_eq(at(0)->timers, 40);
    ck_assert_uint_eq(counted(weft_sim_replica(sim, 0)), 1);
    end();
}
END_TEST

/* A machine that goes on from an earlier state begins anew there, with what its replica has. */
START_TEST(a_rolled_back_machine_begins_again) {
    begin();
    run_ms(2000);
    act("snapshot 0");
    act("app 0 0");
    run_ms(1000);
    act("rewind 0");
    ck_assert_uint_eq(last->starts, 4);
    ck_assert_uint_eq(counted(weft_sim_replica(sim, 0)), 0);
    act("app 0 0");
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), 0);
    ck_assert_int_eq(weft_sim_do(sim, "app 0 404"), WEFT_ERR_CORRUPT); /* its own checks are still looked at */
    end();
}
END_TEST

START_TEST(timers_go_by_the_clock_that_does_not_jump) {
    begin();
    act("app 1 1");
    run_ms(500);
    int64_t wall = weft_sim_host_wall_ns(at(1)->host);
    uint64_t mono = weft_sim_host_mono_ns(at(1)->host);
    act("step 1 3600s");
    ck_assert_int_gt(weft_sim_host_wall_ns(at(1)->host) - wall, 3599000000000);
    ck_assert_uint_eq(weft_sim_host_mono_ns(at(1)->host), mono);
    run_ms(400);
    ck_assert_uint_eq(at(1)->timers, 0);
    run_ms(200);
    ck_assert_uint_eq(at(1)->timers, 1);
    /* One that goes off while the process is paused is seen when it goes on. */
    act("app 1 1");
    act("pause 1");
    run_ms(2000);
    ck_assert_uint_eq(at(1)->timers, 1);
    at(1)->timer_ns = weft_sim_host_mono_ns(at(1)->host);
    act("resume 1");
    ck_assert_uint_eq(at(1)->timers, 2);
    end();
}
END_TEST

START_TEST(messages_go_the_way_of_all_messages) {
    begin();
    act("app 1 2");
    ck_assert_uint_eq(at(2)->messages, 0); /* it takes its time */
    run_ms(1000);
    ck_assert(at(2)->messages == 1 && at(2)->from == 1 && at(2)->byte == 'x');
    act("partition 1");
    act("app 1 2");
    run_ms(1000);
    ck_assert_uint_eq(at(2)->messages, 1);
    act("heal");
    act("cut 1 2");
    act("app 1 2");
    run_ms(1000);
    ck_assert_uint_eq(at(2)->messages, 1);
    act("heal");
    act("crash 2");
    act("app 1 2");
    run_ms(1000);
    act("restart 2");
    run_ms(1000);
    ck_assert_uint_eq(at(2)->messages, 0);
    end();
}
END_TEST

/* What is wrong with them says nothing of what engines say to each other: all is still checked. */
START_TEST(messages_are_cut_short_and_changed) {
    begin();
    run_ms(1000);
    act("truncate 1 2 100%");
    act("app 1 2");
    act("mend 1 2");
    act("corrupt 1 2 100%");
    act("app 1 2");
    act("mend 1 2");
    run_ms(1000);
    ck_assert_uint_eq(at(2)->cut_short, 1);
    ck_assert(at(2)->messages == 1 && at(2)->byte != 'x');
    ck_assert_uint_eq(sim->check.off, 0);
    end();
}
END_TEST

static void draw(const char *before, uint64_t random[2]) {
    begin();
    run_ms(100);
    if (before != NULL) act(before);
    run_ms(900);
    act("app 1 3");
    memcpy(random, at(1)->random, 2 * sizeof random[0]);
    end();
}

START_TEST(random_numbers_are_those_of_the_place_and_the_time) {
    uint64_t first[2], again[2], after[2];
    draw(NULL, first);
    draw(NULL, again);
    ck_assert_int_eq(memcmp(first, again, sizeof first), 0);
    ck_assert(first[0] != first[1]);
    draw("app 1 3", after); /* that more was drawn before, or happened, is nothing to them */
    ck_assert_int_eq(memcmp(first, after, sizeof first), 0);
    draw("crash 0", after);
    ck_assert_int_eq(memcmp(first, after, sizeof first), 0);
}
END_TEST

START_TEST(its_failure_is_a_failed_check) {
    begin();
    ck_assert_int_eq(weft_sim_do(sim, "app 2 404"), WEFT_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(weft_sim_failure(sim), "replica 2: the application's own check: I do not like 404"));
    ck_assert_ptr_null(strstr(weft_sim_failure(sim), "nor anything else"));
    ck_assert_int_eq(weft_sim_run_for(sim, 1), WEFT_ERR_CORRUPT);
    end();
}
END_TEST

START_TEST(changes_without_end_are_found) {
    begin();
    ck_assert_int_eq(weft_sim_do(sim, "app 2 5"), WEFT_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(weft_sim_failure(sim), "without end"));
    end();
}
END_TEST

START_TEST(a_start_without_memory_is_an_error) {
    struct weft_sim_options o;
    options(&o);
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    refuses_start = true;
    ck_assert_int_eq(weft_sim_set_app(sim, &app), WEFT_ERR_NOMEM);
    refuses_start = false;
    ck_assert_int_eq(weft_sim_set_app(sim, &app), WEFT_ERR_INVALID); /* once */
    weft_sim_free(sim);
    struct weft_sim_app old = app;
    old.size = 8;
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    ck_assert_int_eq(weft_sim_set_app(sim, &old), WEFT_ERR_INVALID);
    weft_sim_free(sim);
    ck_assert_uint_eq(tests, 0);
}
END_TEST

/* --- Many seeds --------------------------------------------------------------------------------------------------- */

/* Whatever the number is. */
static void perform_promise(void *process, uint64_t number) {
    (void)number;
    perform(process, PROMISE);
}

static void perform_count(void *process, uint64_t number) {
    (void)number;
    perform(process, COUNT);
}

static void perform_elsewhere(void *process, uint64_t number) {
    (void)number;
    perform(process, ELSEWHERE);
}

static struct weft_buf report;
static uint64_t rewinds;

static int check_seeds(void (*what)(void *, uint64_t), uint64_t seeds) {
    struct weft_sim_options o;
    struct weft_sim_app own = app;
    own.perform = what;
    weft_sim_options_init(&o);
    o.replicas = 3;
    o.duration_ns = WEFT_SECONDS(10);
    o.app_rate = 3;
    o.crashes = 3;
    o.partitions = 1;
    o.rewinds = rewinds;
    weft_buf_init(&report, NULL);
    int rc = weft_sim_app_check(&own, &o, seeds, &report);
    ck_assert_uint_eq(tests, 0);
    return rc;
}

/* Memory that is rolled back makes no exception of the application's last check, nor brings it too early. */
START_TEST(what_holds_holds_with_rewinds) {
    rewinds = 2;
    int rc = check_seeds(perform_count, 50);
    rewinds = 0;
    ck_assert_msg(rc == 0, "%.*s", (int)report.len, (const char *)report.ptr);
    weft_buf_fini(&report);
}
END_TEST

START_TEST(what_holds_holds_for_every_seed) {
    ck_assert_int_eq(check_seeds(perform_count, 50), 0);
    ck_assert_uint_eq(report.len, 0);
    weft_buf_fini(&report);
}
END_TEST

/* A promise that is given before it is durable: found, cut to the one promise and the crash that it takes, and told. */
START_TEST(what_fails_is_shrunk_and_told) {
    ck_assert_int_eq(check_seeds(perform_promise, 1000), WEFT_ERR_CORRUPT);
    const char *text = (const char *)report.ptr;
    ck_assert_msg(strstr(text, "1 were promised, 0 are there") != NULL, "%s", text);
    const char *schedule = strstr(text, "# weft schedule");
    ck_assert_ptr_nonnull(schedule);
    const char *story = strstr(text, "\nwhat happened:\n");
    ck_assert_ptr_nonnull(story);
    unsigned crashes = 0, promises = 0;
    for (const char *c = schedule; (c = strstr(c, " crash ")) != NULL && c < story; c++) crashes++;
    for (const char *c = schedule; (c = strstr(c, " app ")) != NULL && c < story; c++) promises++;
    ck_assert_msg(crashes == 1 && promises == 1, "%s", text);
    /* The schedule of the report is the failure. */
    struct weft_sim_app own = app;
    struct weft_buf again;
    own.perform = perform_promise;
    weft_buf_init(&again, NULL);
    int rc = weft_sim_app_replay(&own, weft_slice(schedule, (size_t)(story - schedule)), &again);
    ck_assert_int_eq(rc, WEFT_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr((const char *)again.ptr, "1 were promised, 0 are there"));
    weft_buf_reset(&again);
    own.perform = perform_count;
    rc = weft_sim_app_replay(&own, weft_slice(schedule, (size_t)(story - schedule)), &again);
    ck_assert_int_eq(rc, 0);
    weft_buf_reset(&again);
    ck_assert_int_eq(weft_sim_app_replay(&own, weft_str("# weft schedule\n1s ap 2\n"), &again), WEFT_ERR_MALFORMED);
    ck_assert_uint_gt(again.len, 0);
    weft_buf_fini(&again);
    weft_buf_fini(&report);
}
END_TEST

START_TEST(what_asks_elsewhere_is_found) {
    ck_assert_int_eq(check_seeds(perform_elsewhere, 10), WEFT_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr((const char *)report.ptr, "is two runs"));
    weft_buf_fini(&report);
}
END_TEST

/* An application in the plan changes nothing else in it. */
START_TEST(its_lines_come_besides) {
    struct weft_sim_options o;
    struct weft_sim_schedule *without, *with;
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    options(&o);
    o.duration_ns = WEFT_SECONDS(10);
    o.rate = 5;
    o.crashes = 2;
    ck_assert_int_eq(weft_sim_schedule_plan(&without, &o), 0);
    o.app_rate = 4;
    ck_assert_int_eq(weft_sim_schedule_plan(&with, &o), 0);
    size_t lines = weft_sim_schedule_count(with) - weft_sim_schedule_count(without), other = 0;
    ck_assert(lines > 90 && lines < 150); /* 3 replicas, 10 s, 4 a second */
    for (size_t i = 0; i < with->count; i++) {
        if (with->items[i].kind == WEFT__SIM_APP) continue;
        const struct weft__sim_item *item = &without->items[other++];
        ck_assert(item->at_ns == with->items[i].at_ns && item->kind == with->items[i].kind);
        ck_assert_uint_eq(item->replica, with->items[i].replica);
    }
    ck_assert_uint_eq(other, without->count);
    weft_sim_schedule_free(with);
    weft_sim_schedule_free(without);
    weft_buf_fini(&text);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-app", it_is_told_what_happens, a_crash_ends_it_and_a_restart_begins_another,
                     an_engine_that_is_made_again_is_no_restart, a_rolled_back_machine_begins_again,
                     timers_go_by_the_clock_that_does_not_jump, messages_go_the_way_of_all_messages,
                     messages_are_cut_short_and_changed, random_numbers_are_those_of_the_place_and_the_time,
                     its_failure_is_a_failed_check, changes_without_end_are_found, a_start_without_memory_is_an_error,
                     what_holds_holds_for_every_seed, what_holds_holds_with_rewinds, what_fails_is_shrunk_and_told,
                     what_asks_elsewhere_is_found, its_lines_come_besides);
}
