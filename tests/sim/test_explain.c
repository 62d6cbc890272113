/* test_explain.c: one thing is broken on purpose, and the explanation names it: the object, the operation, the message
 * and what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/sim.h>
#include <weft/sim_app.h>

#include "sim/world.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

static struct weft_sim *make(uint64_t seed, const char *const *lines) {
    struct weft_sim_options o;
    struct weft_sim_schedule *schedule;
    struct weft_sim *sim;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    weft_sim_options_init(&o);
    o.seed = seed;
    o.replicas = 3;
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = 0;
    ck_assert_int_eq(weft_sim_schedule_plan(&schedule, &o), 0);
    for (; *lines != NULL; lines++)
        ck_assert_msg(weft_sim_schedule_add(schedule, *lines, &message) == 0, "%.*s", (int)message.len,
                      (const char *)message.ptr);
    weft_buf_fini(&message);
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, schedule), 0);
    ck_assert_int_eq(weft_sim_keep_story(sim), 0);
    return sim;
}

/* Each of them is in what is told, in this order. */
static void tells(struct weft_sim *sim, const char *const *parts) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    ck_assert_int_eq(weft_sim_explain(sim, &text), 0);
    weft_buf_append(&text, "", 1);
    const char *at = (const char *)text.ptr;
    for (; *parts != NULL; parts++) {
        const char *found = strstr(at, *parts);
        ck_assert_msg(found != NULL, "not told: \"%s\" in\n%s", *parts, (const char *)text.ptr);
        at = found + strlen(*parts);
    }
    weft_buf_fini(&text);
}

static void fails(struct weft_sim *sim, enum weft__check_name check, const char *const *parts) {
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), WEFT_ERR_CORRUPT);
    ck_assert_int_eq(sim->check.failed, (int)check);
    tells(sim, parts);
    weft_sim_free(sim);
}

START_TEST(without_a_story_nothing_is_told) {
    struct weft_sim_options o;
    struct weft_sim *sim;
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    weft_sim_options_init(&o);
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    ck_assert_int_eq(weft_sim_explain(sim, &text), WEFT_ERR_NOT_READY);
    ck_assert_uint_eq(text.len, 0);
    weft_buf_fini(&text);
    weft_sim_free(sim);
}
END_TEST

START_TEST(a_run_that_held) {
    struct weft_sim *sim = make(1, (const char *[]){"1s partition 0", "1.001s txn 0 g/0+5", "9s heal", NULL});
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), 0);
    tells(sim, (const char *[]){"Every check held", "Transactions issued: 1.", "At most 2 different states",
                                "The one that took longest, 8.", "#1 of replica 0: g/0+5", "How #1 came to replica",
                                "transactions #1: lost: a partition stood between them", "#1 was applied there",
                                "1.000 s  partition 0", "9.000 s  heal", NULL});
    weft_sim_free(sim);
}
END_TEST

START_TEST(a_message_that_is_dropped) {
    struct weft_sim *sim = make(1, (const char *[]){"1s txn 1 g/0+5", "2s txn 0 s/3+7 g/0+1", NULL});
    sim->mutant.loses_transactions = true;
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(9)), WEFT_ERR_NOT_READY);
    tells(sim, (const char *[]){"Not converged", "missing at replica 2. The first is #1 of replica 1: g/0+5",
                                "What g/0 shows, a gcounter", "Replica 0,1: 6", "Replica 2: 0",
                                "#1    replica 1  g/0+5", "counts at 0,1; not seen at 2", "#2    replica 0  g/0+1",
                                "Why #1 is missing at replica 2", "1 to 2, transactions #1: lost",
                                "Messages of any kind to replica 2", "a link to: 0,1", NULL});
    weft_sim_free(sim);
}
END_TEST

START_TEST(a_message_that_is_changed) {
    struct weft_sim *sim = make(1, (const char *[]){"1s txn 2 r/1=3", "2s txn 0 r/0=5", NULL});
    sim->mutant.changes_bytes = true;
    fails(sim, WEFT__CHECK_DOT,
          (const char *[]){"A check failed at 2.", "two transactions are 1 of origin", "is #2 of replica 0: r/0=5",
                           "What r/0 shows, a lwwreg", "How #2 came to replica 1",
                           "0 to 1, transactions #2: arrived at 2.", "its bytes were CHANGED on the way",
                           "The last at replica 1", "arrived at 2.", "applied #2 of replica 0: r/0=5",
                           "here the check failed", "It failed while replica 1 took message", NULL});
}
END_TEST

/* Nobody compares transactions, and the values are not looked at: it comes out as two states under one vector. */
START_TEST(two_states_that_should_be_one) {
    struct weft_sim *sim = make(1, (const char *[]){"1s txn 2 g/0+3 r/1=3", "2s txn 0 r/0=5", NULL});
    sim->mutant.changes_bytes = true;
    sim->check.off =
        1u << WEFT__CHECK_CALL | 1u << WEFT__CHECK_DOT | 1u << WEFT__CHECK_VALUE | 1u << WEFT__CHECK_DIVERGED;
    fails(sim, WEFT__CHECK_STATE,
          (const char *[]){"invariant 4", "What r/0 shows", "Replica 0,2: \"5\"",
                           "Replica 1: expected \"5\", seen \"6\"", "#2    replica 0  r/0=5",
                           "its bytes were CHANGED on the way", NULL});
}
END_TEST

START_TEST(an_operation_that_does_something_else) {
    struct weft_sim *sim = make(1, (const char *[]){"1s txn 0 g/0+5", "2s txn 1 s/2+7 s/2-9", NULL});
    sim->mutant.twists_operations = true;
    fails(sim, WEFT__CHECK_VALUE,
          (const char *[]){"specification", "What g/0 shows", "the sum of all additions", "expected 5, seen 6",
                           "#1    replica 0  g/0+5", "counts at 0", NULL});
}
END_TEST

START_TEST(a_type_of_the_law_kit) {
    struct weft_sim *sim =
        make(1, (const char *[]){"1s txn 0 ewflag/0:1", "1s txn 1 ewflag/0:2", "2s txn 0 ewflag/0:5 maxreg/1:3", NULL});
    sim->mutant.shows_another = true;
    fails(sim, WEFT__CHECK_VALUE,
          (const char *[]){"What ewflag/0 shows, a ewflag: on if some enabling was seen by no other operation",
                           "ewflag/0 ", "able", NULL});
}
END_TEST

START_TEST(what_is_said_before_it_is_recorded) {
    struct weft_sim *sim = make(1, (const char *[]){"1s txn 1 p/4-5", NULL});
    sim->mutant.early_persisted = true;
    fails(sim, WEFT__CHECK_SAID,
          (const char *[]){"replica 1: invariant 5", "1 of origin", "is #1 of replica 1: p/4-5",
                           "#1    replica 1  p/4-5", NULL});
}
END_TEST

START_TEST(an_epoch_that_is_used_twice) {
    struct weft_sim *sim = make(
        1, (const char *[]){"1s txn 0 g/0+1", "1s crash 0", "2s restart 0", "3s txn 0 g/0+2", "5s checkpoint 1", NULL});
    sim->mutant.same_epochs = true;
    sim->check.off = 1u << WEFT__CHECK_CALL;
    int rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(20));
    if (rc == WEFT_ERR_CORRUPT) tells(sim, (const char *[]){"of origin", "is #1 of replica 0: g/0+1", "crash 0", NULL});
    weft_sim_free(sim);
}
END_TEST

START_TEST(a_store_that_forgets) {
    struct weft_sim *sim = make(1, (const char *[]){"1s txn 0 g/0+1", "3s crash 0", "4s restart 0", NULL});
    sim->mutant.forgets_store = true;
    fails(sim, WEFT__CHECK_LOST,
          (const char *[]){"replica 0: invariant 11", "was durable", "is #1 of replica 0: g/0+1", "3.000 s  crash 0",
                           "4.000 s  restart 0", NULL});
}
END_TEST

/* The n-th allocation fails, for every n: it says so and gives everything back. */
START_TEST(out_of_memory) {
    struct failing_alloc memory;
    struct weft_sim_options o;
    struct weft_sim *sim;
    struct weft_buf text;
    failing_alloc_init(&memory);
    weft_buf_init(&text, NULL);
    weft_sim_options_init(&o);
    o.alloc = &memory.alloc;
    o.replicas = 3;
    ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
    ck_assert_int_eq(weft_sim_keep_story(sim), 0);
    ck_assert_int_eq(weft_sim_do(sim, "txn 0 g/0+1 s/0+1 ewflag/0:3"), 0);
    ck_assert_int_eq(weft_sim_do(sim, "partition 0"), 0);
    ck_assert_int_eq(weft_sim_do(sim, "txn 1 r/0=3 ewflag/0:4"), 0);
    ck_assert_int_eq(weft_sim_do(sim, "crash 2"), 0);
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(2)), WEFT_ERR_NOT_READY);
    size_t n = 0;
    do {
        memory.fail_at = memory.calls + ++n;
        weft_buf_reset(&text);
        int rc = weft_sim_explain_html(sim, "again", &text);
        bool failed = memory.calls >= memory.fail_at;
        ck_assert_msg(rc == (failed ? WEFT_ERR_NOMEM : 0), "allocation %zu: %d", n, rc);
    } while (memory.calls >= memory.fail_at);
    ck_assert_uint_gt(n, 20);
    memory.fail_at = 0;
    weft_buf_fini(&text);
    weft_sim_free(sim);
    ck_assert_uint_eq(memory.live_bytes, 0);
}
END_TEST

/* Keys of transactions that nobody described. */
START_TEST(a_transaction_of_the_tests_own) {
    struct weft_sim *sim = make(1, (const char *[]){"1s partition 2", NULL});
    struct weft_txn *t;
    uint64_t seq;
    ck_assert_int_eq(weft_sim_run_for(sim, WEFT_SECONDS(2)), 0);
    ck_assert_int_eq(weft_sim_txn_begin(sim, 0, &t), 0);
    weft_txn_delete(t, weft_str("nothing"), weft__sim_class(WEFT__SIM_G)->type);
    (void)weft_txn_edit(t, weft_str("g/1"), weft__sim_class(WEFT__SIM_G));
    weft_txn_abort(t);
    ck_assert_int_eq(weft_sim_do(sim, "txn 0 g/1+4"), 0);
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(3)), WEFT_ERR_NOT_READY);
    tells(sim, (const char *[]){"missing at replica 2", "#1 of replica 0: g/1+4", NULL});
    (void)seq;
    weft_sim_free(sim);
}
END_TEST

/* An application that counts under a key of its own, says so, and fails at the second time. */
struct seller {
    struct weft_sim_host *host;
};

static void *seller_start(struct weft_sim_host *h) {
    struct seller *s = calloc(1, sizeof *s);
    if (s != NULL) s->host = h;
    return s;
}

static void seller_perform(void *app, uint64_t number) {
    struct seller *s = app;
    struct weft_txn *t;
    if (number == 2) {
        weft_sim_host_fail(s->host, "seat <2> was sold twice");
        return;
    }
    ck_assert_int_eq(weft_sim_host_txn_begin(s->host, &t), 0);
    weft_gcounter_add(weft_txn_edit(t, weft_str("sold"), &weft_gcounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    weft_sim_host_say(s->host, "sold seat %d", 2);
}

START_TEST(an_application_of_the_callers_own) {
    static const struct weft_sim_app seller = {
        .size = sizeof seller, .name = "seller", .start = seller_start, .stop = free, .perform = seller_perform};
    struct weft_sim *sim = make(1, (const char *[]){"1s app 1 7", "2s app 1 2", NULL});
    ck_assert_int_eq(weft_sim_set_app(sim, &seller), 0);
    fails(sim, WEFT__CHECK_APP,
          (const char *[]){"A check failed at 2.000 s", "seat <2> was sold twice", "The last at replica 1",
                           "its application does 7", "its application says: sold seat 2",
                           "issued #1 of replica 1: sold", "its application does 2", "here the check failed", NULL});
}
END_TEST

/* A liar asks for all transactions that there could ever be: only those that there are can be told. */
START_TEST(what_a_liar_names_is_told_in_time) {
    static const char *const lines[] = {"100ms txn 0 s/0+7", "200ms liar 1 32", "900ms txn 0 s/0+8", NULL};
    struct weft_sim *sim = make(1, lines);
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), 0);
    ck_assert_int_eq(weft_sim_explain(sim, &text), 0);
    ck_assert_int_eq(weft_sim_explain_html(sim, NULL, &text), 0);
    weft_buf_fini(&text);
    weft_sim_free(sim);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-explain", without_a_story_nothing_is_told, a_run_that_held, a_message_that_is_dropped,
                     a_message_that_is_changed, two_states_that_should_be_one, an_operation_that_does_something_else,
                     a_type_of_the_law_kit, what_is_said_before_it_is_recorded, an_epoch_that_is_used_twice,
                     a_store_that_forgets, out_of_memory, an_application_of_the_callers_own,
                     a_transaction_of_the_tests_own, what_a_liar_names_is_told_in_time);
}
