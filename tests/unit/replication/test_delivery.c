/* Causal delivery, push, digests and requests between replicas, one message at a time. */
#include <check.h>
#include <stdlib.h>

#include <weft/pncounter.h>

#include "base/prng.h"
#include "tests/support/cluster.h"

static struct cluster c;
static struct weft__prng chance;

static int draw(uint64_t below) {
    return (int)weft__prng_below(&chance, below);
}

static void three(void) {
    cluster_init(&c, 3);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void end(void) {
    cluster_fini(&c);
}

START_TEST(a_write_reaches_all) {
    cluster_count(&c, 0, "n", 5);
    cluster_count(&c, 1, "n", -2);
    cluster_add(&c, 2, "s", "x");
    cluster_settle(&c);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 3);
        ck_assert(cluster_has(&c, i, "s", "x"));
    }
    ck_assert(cluster_is_converged(&c));
}
END_TEST

/* Each replica pushes its own and nobody relays what comes by itself: a delivery costs one payload. */
START_TEST(a_full_mesh_sends_each_payload_once) {
    for (int k = 0; k < 20; k++) cluster_count(&c, k % 3, "n", 1);
    cluster_settle(&c);
    ck_assert(cluster_converge(&c, 3));
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(cluster_stats(&c, i).duplicates, 0);
}
END_TEST

START_TEST(what_depends_on_a_lost_write_waits_for_it) {
    cluster_add(&c, 0, "s", "x");
    while (c.queued > 0 && c.queue[0].to != 1) cluster_drop(&c, 0); /* 2 never gets it */
    for (size_t k = 0; k < c.queued;)
        if (c.queue[k].to == 2)
            cluster_drop(&c, k);
        else
            cluster_deliver(&c, k);
    cluster_remove(&c, 1, "s", "x");
    cluster_add(&c, 1, "t", "after");
    for (size_t k = 0; k < c.queued;)
        if (c.queue[k].to == 2)
            cluster_deliver(&c, k);
        else
            k++;
    ck_assert(!cluster_has(&c, 2, "t", "after"));
    ck_assert_uint_gt(cluster_stats(&c, 2).pending, 0);
    ck_assert(cluster_converge(&c, 5));
    ck_assert(cluster_has(&c, 2, "t", "after"));
    ck_assert_uint_eq(cluster_size(&c, 2, "s"), 0);
}
END_TEST

/* A question is answered once and followed up once: what was missed costs its own bytes, however much it is. */
START_TEST(catching_up_sends_each_payload_about_once) {
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    for (int k = 0; k < 6000; k++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    uint64_t payload = cluster_stats(&c, 0).log_bytes, before = c.bytes;
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    cluster_settle(&c); /* no time passes: one answer leads to the next question */
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 6000);
    ck_assert_uint_lt(c.bytes - before, payload + payload / 4);
    ck_assert_uint_lt(cluster_stats(&c, 2).duplicates, 100);
}
END_TEST

/* More than one batch at once: the burst is pushed, and nobody waits for the next digest. */
START_TEST(a_burst_is_pushed_whole) {
    c.at[0].hold_records = true;
    for (int k = 0; k < 6000; k++) cluster_count(&c, 0, "n", 1);
    uint64_t before = c.bytes, payload = cluster_stats(&c, 0).log_bytes;
    cluster_release(&c, 0);
    cluster_settle(&c);
    for (int i = 1; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 6000);
    ck_assert_uint_lt(c.bytes - before, 2 * (payload + payload / 4));
}
END_TEST

START_TEST(random_loss_and_order_converge) {
    weft__prng_seed(&chance, 7);
    for (int round = 0; round < 300; round++) {
        int i = draw(3);
        cluster_count(&c, i, "n", 1);
        if (draw(2) == 0) cluster_add(&c, i, "s", draw(2) == 0 ? "x" : "y");
        if (draw(3) == 0) cluster_remove(&c, i, "s", draw(2) == 0 ? "x" : "y");
        while (c.queued > 0 && draw(4) != 0) {
            size_t k = (size_t)weft__prng_below(&chance, c.queued);
            if (draw(5) == 0)
                cluster_drop(&c, k);
            else
                cluster_deliver(&c, k);
        }
        if (draw(10) == 0) cluster_pass(&c, UINT64_C(500000000));
    }
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 300);
}
END_TEST

START_TEST(nothing_is_said_before_it_is_recorded) {
    c.at[0].hold_records = true;
    cluster_count(&c, 0, "n", 1);
    cluster_pass(&c, UINT64_C(5000000000));
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 1);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 0);
    cluster_crash(&c, 0); /* and with it the write, that nobody has heard of */
    c.at[0].hold_records = false;
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    cluster_link_all(&c);
    cluster_count(&c, 0, "n", 10);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 10);
}
END_TEST

int main(void) {
    Suite *s = suite_create("delivery");
    TCase *t = tcase_create("delivery");
    tcase_add_checked_fixture(t, three, end);
    tcase_add_test(t, a_write_reaches_all);
    tcase_add_test(t, a_full_mesh_sends_each_payload_once);
    tcase_add_test(t, what_depends_on_a_lost_write_waits_for_it);
    tcase_add_test(t, catching_up_sends_each_payload_about_once);
    tcase_add_test(t, a_burst_is_pushed_whole);
    tcase_add_test(t, random_loss_and_order_converge);
    tcase_add_test(t, nothing_is_said_before_it_is_recorded);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
