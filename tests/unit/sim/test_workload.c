/* test_workload.c: what each application does, when, where and how often; and that its values are judged. */
#include "sim/workload.h"

#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tests/support/suite.h"

static void options(struct weft_sim_options *o, enum weft__workload workload) {
    weft_sim_options_init(o);
    o->seed = 5;
    o->replicas = 3;
    o->duration_ns = WEFT_SECONDS(20);
    o->rate = 20;
    o->keys = 20;
    o->workload = workload;
}

static struct weft_sim_schedule *plan(const struct weft_sim_options *o) {
    struct weft_sim_schedule *s;
    ck_assert_int_eq(weft_sim_schedule_plan(&s, o), 0);
    return s;
}

static size_t transactions_of(const struct weft_sim_schedule *s, uint32_t replica) {
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) count += s->items[i].kind == WEFT__SIM_TXN && s->items[i].replica == replica;
    return count;
}

static size_t operations_on(const struct weft_sim_schedule *s, unsigned type, uint32_t from, uint32_t to) {
    size_t count = 0;
    for (size_t i = 0; i < s->op_count; i++)
        count += s->ops[i].type == type && s->ops[i].object >= from && s->ops[i].object < to;
    return count;
}

/* --- When, where, how often ----------------------------------------------------------------------------------------
 */

START_TEST(each_replica_has_its_own_rate) {
    struct weft_sim_options o;
    static const uint64_t rates[] = {50000, 0, 500}; /* 50, none, one in two seconds */
    options(&o, WEFT__WORK_COUNTERS);
    o.rates = rates;
    struct weft_sim_schedule *s = plan(&o);
    ck_assert_uint_ge(transactions_of(s, 0), 900);
    ck_assert_uint_le(transactions_of(s, 0), 1100);
    ck_assert_uint_eq(transactions_of(s, 1), 0);
    ck_assert_uint_ge(transactions_of(s, 2), 5);
    ck_assert_uint_le(transactions_of(s, 2), 20);
    weft_sim_schedule_free(s);
}
END_TEST

START_TEST(work_has_its_hours) {
    struct weft_sim_options o;
    options(&o, WEFT__WORK_MIXED);
    o.work_from_ns = WEFT_SECONDS(5);
    o.work_until_ns = WEFT_SECONDS(7);
    struct weft_sim_schedule *s = plan(&o);
    ck_assert_uint_ge(s->count, 60);
    ck_assert_uint_gt(s->items[0].at_ns, WEFT_SECONDS(5));
    ck_assert_uint_lt(s->items[s->count - 1].at_ns, WEFT_SECONDS(7));
    weft_sim_schedule_free(s);
}
END_TEST

START_TEST(some_keys_are_popular) {
    struct weft_sim_options o;
    options(&o, WEFT__WORK_MIXED);
    o.weight_pncounter = o.weight_aworset = o.weight_lwwreg = 0;
    struct weft_sim_schedule *alike = plan(&o);
    o.zipf_ppm = 1000000;
    struct weft_sim_schedule *popular = plan(&o);
    size_t tenth = alike->op_count / 10;
    ck_assert_uint_lt(operations_on(alike, WEFT__SIM_G, 0, 1), tenth);
    ck_assert_uint_gt(operations_on(popular, WEFT__SIM_G, 0, 1), 2 * tenth); /* 1 / H(20) is 28% */
    ck_assert_uint_gt(operations_on(popular, WEFT__SIM_G, 19, 20), 0);
    weft_sim_schedule_free(alike);
    weft_sim_schedule_free(popular);
}
END_TEST

/* --- Each application ----------------------------------------------------------------------------------------------
 */

static unsigned type_of(const char *name) {
    unsigned type = WEFT__SIM_TYPES;
    while (strcmp(weft__sim_class(type)->name, name) != 0) type++;
    return type;
}

START_TEST(a_cart_counts_what_it_holds) {
    struct weft_sim_options o;
    options(&o, WEFT__WORK_CARTS);
    struct weft_sim_schedule *s = plan(&o);
    size_t put = 0;
    for (size_t i = 0; i + 1 < s->op_count; i++) {
        const struct weft__sim_op *in = &s->ops[i], *number = &s->ops[i + 1];
        if (in->type != WEFT__SIM_S || in->verb != WEFT__SIM_PLUS) continue;
        put++;
        REQUIRE(number->type == WEFT__SIM_P && number->verb == WEFT__SIM_PLUS && number->amount > 0);
        REQUIRE(number->object == in->object * o.elements + in->amount);
    }
    ck_assert_uint_gt(put, s->count / 2);
    ck_assert_uint_gt(operations_on(s, WEFT__SIM_R, 0, 20), 0);
    weft_sim_schedule_free(s);
}
END_TEST

/* 15 follow, 35 post: a post changes its author's wall and one timeline for each follower that there was. */
START_TEST(a_post_goes_to_all_followers) {
    struct weft_sim_options o;
    options(&o, WEFT__WORK_RETWIS);
    struct weft_sim_schedule *s = plan(&o);
    size_t posts = 0, follows = 0, deliveries = operations_on(s, WEFT__SIM_S, 40, 60);
    bool follower[20][20] = {{false}};
    for (size_t i = 0; i < s->count; i++) {
        const struct weft__sim_op *ops = s->ops + s->items[i].first;
        if (ops[0].type == WEFT__SIM_S) {
            follows++;
            follower[ops[0].object][ops[0].amount] = true;
            continue;
        }
        uint32_t author = ops[1].object - 20;
        size_t expected = 0;
        for (unsigned u = 0; u < 20; u++) expected += follower[author][u];
        REQUIRE(ops[0].type == WEFT__SIM_R && ops[1].type == WEFT__SIM_S);
        REQUIRE(s->items[i].count == 2 + expected);
        for (size_t n = 2; n < s->items[i].count; n++) REQUIRE(follower[author][ops[n].object - 40]);
        REQUIRE(ops[0].object == posts);
        posts++;
    }
    ck_assert_uint_gt(posts, 2 * follows);
    ck_assert_uint_lt(posts, 3 * follows);
    ck_assert_uint_gt(deliveries, posts);
    weft_sim_schedule_free(s);
}
END_TEST

START_TEST(what_runs_out_and_what_is_limited_is_there) {
    struct weft_sim_options o;
    options(&o, WEFT__WORK_PRESENCE);
    struct weft_sim_schedule *s = plan(&o);
    ck_assert_uint_gt(operations_on(s, type_of("lease"), 0, 1000), 0);
    ck_assert_uint_gt(operations_on(s, type_of("ewflag"), 0, 1000), 0);
    weft_sim_schedule_free(s);
    options(&o, WEFT__WORK_QUOTAS);
    s = plan(&o);
    ck_assert_uint_gt(operations_on(s, type_of("bcounter"), 0, 1000), s->count / 2);
    weft_sim_schedule_free(s);
}
END_TEST

/* Objects of the law kit's types are left before there is too much to judge, also where one is popular. */
START_TEST(all_are_judged_and_converge) {
    for (unsigned workload = WEFT__WORK_COUNTERS; workload < WEFT__WORKLOADS; workload++) {
        struct weft_sim_options o;
        struct weft_sim *sim;
        struct weft_sim_stats t;
        options(&o, (enum weft__workload)workload);
        o.zipf_ppm = 1200000;
        o.crashes = o.partitions = 1;
        ck_assert_int_eq(weft_sim_new(&sim, &o), 0);
        ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
        weft_sim_stats(sim, &t);
        ck_assert_uint_gt(t.transactions, 500);
        ck_assert_uint_gt(t.values_checked, 3 * t.transactions);
        weft_sim_free(sim);
    }
}
END_TEST

START_TEST(a_workload_has_a_name) {
    struct weft_sim_options o;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    weft_sim_options_init(&o);
    ck_assert_int_eq(weft_sim_options_set(&o, "workload", "retwis", &message), 0);
    ck_assert_uint_eq(o.workload, WEFT__WORK_RETWIS);
    ck_assert_int_eq(weft_sim_options_set(&o, "workload", "banking", &message), WEFT_ERR_MALFORMED);
    ck_assert(
        weft_slice_eq(weft_buf_slice(&message),
                      weft_str("none of its names: \"banking\" (mixed, counters, carts, presence, quotas, retwis)")));
    weft_buf_fini(&message);
}
END_TEST

int main(void) {
    return RUN_SUITE("workload", each_replica_has_its_own_rate, work_has_its_hours, some_keys_are_popular,
                     a_cart_counts_what_it_holds, a_post_goes_to_all_followers,
                     what_runs_out_and_what_is_limited_is_there, all_are_judged_and_converge, a_workload_has_a_name);
}
