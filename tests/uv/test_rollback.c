/* test_rollback.c: a node that learns that its memory had been rolled back makes its engine again, under the same
 * handle. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/pncounter.h>

#include "tests/support/cluster.h"
#include "tests/uv/world.h"

static struct world w;
static struct cluster c; /* makes the stores */

static struct weft_store *copy_of(int i) {
    struct weft_store *copy;
    ck_assert_int_eq(weft_store_memory_copy(&copy, c.at[i].store, NULL), 0);
    return copy;
}

/* The stores of two replicas, of which the first went on from an earlier state. */
static void setup(void) {
    cluster_init(&c, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct weft_store *earlier = copy_of(0);
    uint64_t epoch = weft_replica_self(c.at[0].replica).epoch;
    cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    cluster_crash(&c, 0);
    c.at[0].store->cls->close(c.at[0].store);
    c.at[0].store = earlier;
    ck_assert_int_eq(cluster_open_as(&c, 0, epoch), 0);
    cluster_count(&c, 0, "n", 100);
    cluster_add(&c, 0, "s", "mine");
    world_open(&w);
    for (int i = 0; i < 2; i++) {
        struct weft_store **rows = &world_peer(&w, (size_t)i)->store.rows;
        (*rows)->cls->close(*rows);
        *rows = copy_of(i);
    }
    cluster_fini(&c);
}

static void teardown(void) {
    world_close(&w);
}

static int64_t value_of(const struct peer *p) {
    int64_t n = 0;
    ck_assert_int_eq(weft_pncounter_value(weft_uv_view(p->node, weft_str("n"), &weft_pncounter_class), &n), 0);
    return n;
}

static bool is_repaired(struct world *in) {
    return world_converged(in, 4) && value_of(&in->peers[0]) == 111 && value_of(&in->peers[1]) == 111;
}

static void open_both(void) {
    struct peer *a = world_peer(&w, 0), *b = world_peer(&w, 1);
    peer_open(&w, b);
    peer_seed(a, weft_uv_port(b->node));
    peer_open(&w, a);
    ck_assert_int_eq(value_of(a), 101);
}

static unsigned told;
static void on_change(struct weft_subscription *s, const struct weft_change *change) {
    (void)s;
    told += weft_slice_eq(change->key, weft_str("s"));
}

START_TEST(a_node_makes_its_engine_again) {
    open_both();
    struct weft_subscription s = {.cb = on_change};
    told = 0;
    ck_assert_int_eq(weft_subscribe(w.peers[0].node, weft_str(""), &s), 0);
    int port = weft_uv_port(w.peers[0].node);
    ck_assert_msg(world_run(&w, is_repaired, 10000), "%d and %d", (int)value_of(&w.peers[0]),
                  (int)value_of(&w.peers[1]));
    ck_assert(
        weft_aworset_contains(weft_uv_view(w.peers[1].node, weft_str("s"), &weft_aworset_class), weft_str("mine")));
    ck_assert_uint_eq(told, 1);
    ck_assert_int_eq(weft_uv_port(w.peers[0].node), port);
    struct weft_txn *t;
    ck_assert_int_eq(weft_uv_txn_begin(w.peers[0].node, &t), 0);
    weft_pncounter_add(weft_txn_edit(t, weft_str("n"), &weft_pncounter_class), -1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    world_run_for(&w, 100);
    ck_assert_int_eq(value_of(&w.peers[1]), 110);
    weft_unsubscribe(w.peers[0].node, &s);
}
END_TEST

/* The store fails while it is about it: the node goes on as it was until it works again. */
START_TEST(a_failing_store_puts_it_off) {
    open_both();
    world_run_for(&w, 1);
    w.peers[0].store.fail = 3;
    ck_assert(world_run(&w, is_repaired, 10000));
}
END_TEST

/* And so does one that cannot be read. */
START_TEST(an_unreadable_store_puts_it_off) {
    open_both();
    w.peers[0].store.fail_loads = 1;
    ck_assert(world_run(&w, is_repaired, 10000));
    ck_assert_uint_eq(w.peers[0].store.fail_loads, 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("uv-rollback");
    TCase *t = tcase_create("rollback");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_node_makes_its_engine_again);
    tcase_add_test(t, a_failing_store_puts_it_off);
    tcase_add_test(t, an_unreadable_store_puts_it_off);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
