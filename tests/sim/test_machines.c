/* test_machines.c: replicas that stand still, are slow, come, go for good, and go back to an older store. */
#include <stdio.h>

#include "tests/support/simulated.h"
#include "tests/support/suite.h"

START_TEST(a_pause_keeps_what_came_for_later) {
    struct weft_sim_options o;
    options(&o, 3);
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = 0;
    start_with(&o);
    act("pause 1");
    act("txn 0 g/0+1");
    ck_assert_int_eq(weft_sim_do(sim, "txn 1 g/0+1"), WEFT_ERR_INVALID); /* its application stands still, too */
    run(20);
    ck_assert_uint_eq(total(1, "g/0"), 0);
    ck_assert_uint_eq(total(2, "g/0"), 1); /* nobody waits for it */
    ck_assert_uint_gt(stats().held, 0);
    ck_assert_uint_eq(stats().links_down, 0); /* a connection may outlast it */
    act("resume 1");
    ck_assert_uint_eq(total(1, "g/0"), 1); /* it was there already */
    act("txn 1 g/0+1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 2);
    stop();
}
END_TEST

START_TEST(links_that_broke_during_a_pause_are_heard_of_after_it) {
    start(3);
    act("pause 1");
    act("partition 1");
    run(5);
    act("txn 0 g/0+1");
    act("heal");
    run(5);
    act("resume 1");
    act("txn 1 g/0+1");
    converge();
    for (uint32_t i = 0; i < 3; i++) ck_assert_uint_eq(total(i, "g/0"), 2);
    stop();
}
END_TEST

START_TEST(a_crash_ends_a_pause) {
    start(2);
    act("pause 1");
    act("txn 0 g/0+1");
    run(2);
    act("crash 1");
    act("restart 1");
    ck_assert_int_eq(weft_sim_do(sim, "resume 1"), WEFT_ERR_INVALID);
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 1);
    stop();
}
END_TEST

/* One after the other, each when the one before is done. */
START_TEST(a_slow_replica_is_behind_and_gets_there) {
    start(3);
    act("slow 1 300ms");
    for (unsigned n = 0; n < 20; n++) {
        act("txn 0 g/0+1");
        ck_assert_int_eq(weft_sim_run_for(sim, WEFT_MILLISECONDS(50)), 0);
    }
    run(1);
    ck_assert_uint_lt(total(1, "g/0"), 20);
    ck_assert_uint_eq(total(2, "g/0"), 20);
    act("slow 1 0");
    converge();
    ck_assert_uint_eq(total(1, "g/0"), 20);
    stop();
}
END_TEST

START_TEST(any_backup_may_come_back) {
    start(2);
    for (unsigned n = 0; n < 3; n++) {
        act("txn 0 g/0+1");
        run(1);
        act("backup 0");
    }
    act("txn 0 g/0+1");
    converge();
    act("partition 0");
    for (unsigned n = 0; n < 6; n++) {
        char line[32];
        (void)snprintf(line, sizeof line, "revert 0 %u", n);
        act(line);
        ck_assert_uint_eq(total(0, "g/0"), n % 3 + 1);
    }
    act("restore 0"); /* the oldest */
    ck_assert_uint_eq(total(0, "g/0"), 1);
    act("heal");
    converge();
    for (uint32_t i = 0; i < 2; i++) ck_assert_uint_eq(total(i, "g/0"), 4);
    stop();
}
END_TEST

START_TEST(one_that_joins_gets_everything) {
    start_with_small_logs();
    write_much(0);
    act("join 4");
    ck_assert_uint_eq(weft_sim_replica_count(sim), 4);
    ck_assert_uint_eq(sim->net.senders[3].region, 4);
    act("txn 3 g/1+1"); /* it may write before it has anything */
    converge();
    for (uint32_t i = 0; i < 4; i++) ck_assert(total(i, "g/0") == 200 && total(i, "g/1") == 1);
    ck_assert_int_eq(weft_sim_do(sim, "join 99"), WEFT_ERR_INVALID);
    stop();
}
END_TEST

/* What others have of it stays, what nobody has is gone, and nothing waits for it. */
START_TEST(a_retired_replica_is_gone_for_good) {
    start(3);
    act("txn 2 g/0+1");
    converge();
    act("partition 2");
    act("txn 2 g/0+10");
    run(1);
    act("retire 2");
    act("heal");
    ck_assert_int_eq(weft_sim_do(sim, "restart 2"), WEFT_ERR_INVALID);
    ck_assert_int_eq(weft_sim_do(sim, "restore 2"), WEFT_ERR_INVALID);
    act("txn 0 g/0+100");
    converge();
    for (uint32_t i = 0; i < 2; i++) ck_assert_uint_eq(total(i, "g/0"), 101);
    stop();
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-machines", a_pause_keeps_what_came_for_later,
                     links_that_broke_during_a_pause_are_heard_of_after_it, a_crash_ends_a_pause,
                     a_slow_replica_is_behind_and_gets_there, any_backup_may_come_back, one_that_joins_gets_everything,
                     a_retired_replica_is_gone_for_good);
}
