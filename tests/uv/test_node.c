/* test_node.c: real nodes on one loop, over loopback: they converge, survive each other and strangers, and close. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "replication/uv/node.h"
#include "tests/support/failing_alloc.h"
#include "tests/uv/world.h"

static struct world w;
static struct proxy proxy; /* not on a stack: the loop lets go of it after the test */
static uint64_t wanted;    /* transactions that everybody must have */

static void setup(void) {
    world_open(&w);
    wanted = 0;
}

static void teardown(void) {
    world_close(&w);
}

static bool converged(struct world *in) {
    return world_converged(in, wanted);
}

static void expect_converged(uint64_t transactions) {
    wanted = transactions;
    ck_assert_msg(world_run(&w, converged, 10000), "not converged after 10 s");
}

static struct weft_txn *begin(struct peer *p) {
    struct weft_txn *t;
    int rc = weft_uv_txn_begin(p->node, &t);
    ck_assert_msg(rc == 0, "%s", weft_err_name(rc));
    return t;
}

static uint64_t commit(struct weft_txn *t) {
    uint64_t seq;
    int rc = weft_txn_commit(t, &seq);
    ck_assert_msg(rc == 0, "%s", weft_err_name(rc));
    return seq;
}

static uint64_t increment(struct peer *p, const char *key, uint64_t amount) {
    struct weft_txn *t = begin(p);
    weft_gcounter_add(weft_txn_edit(t, weft_str(key), &weft_gcounter_class), amount);
    return commit(t);
}

static uint64_t count_of(struct peer *p, const char *key) {
    uint64_t n = 0;
    ck_assert_int_eq(weft_gcounter_value(weft_uv_view(p->node, weft_str(key), &weft_gcounter_class), &n), 0);
    return n;
}

/* `count` nodes, each of which dials those before it. */
static void open_full_mesh(size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct peer *p = world_peer(&w, i);
        for (size_t k = 0; k < i; k++) peer_seed(p, weft_uv_port(w.peers[k].node));
        peer_open(&w, p);
    }
}

static bool all_linked(struct world *in) {
    uint64_t nodes = 0, links = 0;
    for (size_t i = 0; i < WORLD_NODES; i++) {
        if (in->peers[i].node == NULL) continue;
        struct weft_uv_stats stats;
        weft_uv_stats(in->peers[i].node, &stats);
        links += stats.links;
        nodes++;
    }
    return links == nodes * (nodes - 1);
}

static void expect_linked(void) {
    ck_assert_msg(world_run(&w, all_linked, 5000), "not linked after 5 s");
}

/* --- Converging -------------------------------------------------------------------------------------------------- */

static void write_all_types(struct peer *p, const char *who) {
    struct weft_txn *t = begin(p);
    weft_gcounter_add(weft_txn_edit(t, weft_str("hits"), &weft_gcounter_class), 3);
    weft_pncounter_add(weft_txn_edit(t, weft_str("balance"), &weft_pncounter_class), -2);
    weft_aworset_add(weft_txn_edit(t, weft_str("visitors"), &weft_aworset_class), weft_str(who));
    weft_lwwreg_set(weft_txn_edit(t, weft_str("name"), &weft_lwwreg_class), weft_str(who));
    commit(t);
}

START_TEST(all_types_converge) {
    open_full_mesh(3);
    static const char *const names[3] = {"ada", "grace", "edsger"};
    for (size_t i = 0; i < 3; i++) write_all_types(&w.peers[i], names[i]);
    expect_converged(3);
    struct weft_slice name;
    for (size_t i = 0; i < 3; i++) {
        struct weft_uv *n = w.peers[i].node;
        int64_t balance = 0;
        ck_assert_uint_eq(count_of(&w.peers[i], "hits"), 9);
        ck_assert_int_eq(weft_pncounter_value(weft_uv_view(n, weft_str("balance"), &weft_pncounter_class), &balance),
                         0);
        ck_assert_int_eq(balance, -6);
        ck_assert_uint_eq(weft_aworset_size(weft_uv_view(n, weft_str("visitors"), &weft_aworset_class)), 3);
        ck_assert_int_eq(weft_lwwreg_get(weft_uv_view(n, weft_str("name"), &weft_lwwreg_class), &name, NULL), 0);
    }
}
END_TEST

START_TEST(many_transactions_at_once_converge) {
    open_full_mesh(3);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 300; i++) increment(&w.peers[i % 3], i % 2 == 0 ? "a" : "b", 1);
        uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    expect_converged(3000);
    ck_assert_uint_eq(count_of(&w.peers[0], "a") + count_of(&w.peers[0], "b"), 3000);
    ck_assert_msg(w.peers[0].store.writes < 1000, "%u store writes for 1000 transactions", w.peers[0].store.writes);
}
END_TEST

/* One transaction of the greatest value, and a late node that gets everything. */
START_TEST(long_values_and_late_nodes) {
    open_full_mesh(1);
    uint8_t *value = calloc(1, WEFT_VALUE_MAX);
    ck_assert_ptr_nonnull(value);
    for (int i = 0; i < 8; i++) {
        char key[8];
        snprintf(key, sizeof key, "v%d", i);
        struct weft_txn *t = begin(&w.peers[0]);
        weft_lwwreg_set(weft_txn_edit(t, weft_str(key), &weft_lwwreg_class), weft_slice(value, WEFT_VALUE_MAX));
        commit(t);
    }
    free(value);
    struct peer *late = world_peer(&w, 1);
    peer_seed(late, weft_uv_port(w.peers[0].node));
    peer_open(&w, late);
    expect_converged(8);
}
END_TEST

/* --- Callbacks --------------------------------------------------------------------------------------------------- */

struct watcher {
    struct weft_subscription s;
    struct peer *peer;
    unsigned calls, local;
    bool torn; /* one key of a transaction was there without the other */
};

static void on_change(struct weft_subscription *s, const struct weft_change *change) {
    struct watcher *watcher = s->data;
    watcher->calls++;
    watcher->local += change->local;
    if (count_of(watcher->peer, "pair/a") != count_of(watcher->peer, "pair/b")) watcher->torn = true;
}

static void watch(struct watcher *watcher, struct peer *p, const char *prefix) {
    *watcher = (struct watcher){.s = {.cb = on_change, .data = watcher}, .peer = p};
    ck_assert_int_eq(weft_subscribe(p->node, weft_str(prefix), &watcher->s), 0);
}

START_TEST(transactions_are_seen_whole_and_told_later) {
    struct watcher here, there, elsewhere;
    open_full_mesh(2);
    watch(&here, &w.peers[0], "pair/");
    watch(&there, &w.peers[1], "pair/");
    watch(&elsewhere, &w.peers[1], "other");
    for (int i = 0; i < 50; i++) {
        struct weft_txn *t = begin(&w.peers[0]);
        weft_gcounter_add(weft_txn_edit(t, weft_str("pair/a"), &weft_gcounter_class), 1);
        weft_gcounter_add(weft_txn_edit(t, weft_str("pair/b"), &weft_gcounter_class), 1);
        unsigned before = here.calls;
        commit(t);
        ck_assert_msg(here.calls == before, "a callback ran inside the commit");
        if (i % 5 == 0) uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    expect_converged(50);
    ck_assert_uint_eq(here.calls, 100);
    ck_assert_uint_eq(here.local, 100);
    ck_assert_uint_eq(there.calls, 100);
    ck_assert_uint_eq(there.local, 0);
    ck_assert_uint_eq(elsewhere.calls, 0);
    ck_assert(!here.torn && !there.torn);
    weft_unsubscribe(w.peers[0].node, &here.s);
    weft_unsubscribe(w.peers[1].node, &there.s);
    weft_unsubscribe(w.peers[1].node, &elsewhere.s);
}
END_TEST

static void on_ping(struct weft_subscription *s, const struct weft_change *change) {
    struct peer *p = s->data;
    (void)change;
    if (count_of(p, "ping") < 20)
        increment(p, "ping", 1);
    else
        peer_close(p);
}

static bool first_closed(struct world *in) {
    return in->peers[0].closed;
}

/* A callback commits, which causes the next callback; the last one closes the node. */
START_TEST(callbacks_may_commit_and_close) {
    open_full_mesh(1);
    struct weft_subscription s = {.cb = on_ping, .data = &w.peers[0]};
    ck_assert_int_eq(weft_subscribe(w.peers[0].node, weft_str("ping"), &s), 0);
    increment(&w.peers[0], "ping", 1);
    ck_assert(world_run(&w, first_closed, 5000));
}
END_TEST

/* An open transaction holds events back, and nothing is lost by that. */
START_TEST(an_open_transaction_holds_the_world_back) {
    open_full_mesh(2);
    expect_linked();
    struct weft_txn *t = begin(&w.peers[0]);
    weft_gcounter_add(weft_txn_edit(t, weft_str("x"), &weft_gcounter_class), 1);
    for (int i = 0; i < 10; i++) increment(&w.peers[1], "x", 1);
    world_run_for(&w, 200);
    ck_assert_uint_eq(count_of(&w.peers[0], "x"), 0);
    commit(t);
    expect_converged(11);
    ck_assert_uint_eq(count_of(&w.peers[0], "x"), 11);
}
END_TEST

/* --- Links ------------------------------------------------------------------------------------------------------- */

static bool unlinked(struct world *in) {
    struct weft_uv_stats stats;
    weft_uv_stats(in->peers[0].node, &stats);
    return stats.links == 0;
}

START_TEST(a_lost_link_comes_back) {
    open_full_mesh(1);
    proxy_open(&w, &proxy, weft_uv_port(w.peers[0].node));
    struct peer *p = world_peer(&w, 1);
    peer_seed(p, proxy.port);
    peer_open(&w, p);
    for (uint64_t round = 1; round <= 5; round++) {
        expect_linked();
        increment(&w.peers[0], "n", 1);
        proxy_cut(&proxy);
        increment(&w.peers[1], "n", 1);
        ck_assert(world_run(&w, unlinked, 2000));
        expect_converged(2 * round);
    }
    ck_assert_uint_eq(count_of(p, "n"), 10);
    proxy_close(&proxy);
}
END_TEST

static bool dialling(struct world *in) {
    struct weft_uv_stats stats;
    weft_uv_stats(in->peers[1].node, &stats);
    return stats.dialling == 1;
}

/* The node itself goes and comes back with its store, under the same port. */
/* Also where the shortest wait is none, a seed that refuses is not dialled without end. */
START_TEST(a_silent_seed_is_dialled_ever_less) {
    struct peer *p = world_peer(&w, 0);
    p->o.reconnect_min_ms = 0;
    peer_seed(p, 9); /* discard: nobody listens */
    peer_open(&w, p);
    world_run_for(&w, 300);
    ck_assert_uint_ge(p->node->next_link, 3);
    ck_assert_uint_le(p->node->next_link, 30);
}
END_TEST

START_TEST(a_node_comes_back) {
    open_full_mesh(2);
    increment(&w.peers[0], "n", 1);
    expect_converged(1);
    struct weft_origin before = weft_replica_self(weft_uv_replica(w.peers[0].node));
    peer_close(&w.peers[0]);
    ck_assert(world_run(&w, first_closed, 3000));
    ck_assert(world_run(&w, dialling, 3000));
    increment(&w.peers[1], "n", 1);
    struct peer *p = world_peer(&w, 0);
    peer_open(&w, p);
    struct weft_origin after = weft_replica_self(weft_uv_replica(p->node));
    ck_assert_int_eq(weft_id_cmp(&before.replica, &after.replica), 0);
    ck_assert_msg(before.epoch != after.epoch, "an epoch was used twice");
    ck_assert_uint_eq(count_of(p, "n"), 1);
    increment(p, "n", 1);
    expect_converged(3);
    ck_assert_uint_eq(count_of(p, "n"), 3);
}
END_TEST

static bool gave_up(struct world *in) {
    struct weft_uv_stats stats;
    weft_uv_stats(in->peers[0].node, &stats);
    return stats.dialling == 0 && stats.links == 0 && stats.messages_in > 0;
}

START_TEST(a_node_that_dials_itself_gives_up) {
    struct peer *p = world_peer(&w, 0);
    peer_open(&w, p);
    peer_close(p);
    ck_assert(world_run(&w, first_closed, 3000));
    p = world_peer(&w, 0);
    snprintf(p->seeds[0], sizeof p->seeds[0], "%s", p->listen);
    p->seed_list[0] = p->seeds[0];
    peer_open(&w, p);
    ck_assert(world_run(&w, gave_up, 3000));
    increment(p, "n", 1);
    world_run_for(&w, 50);
    ck_assert_uint_eq(count_of(p, "n"), 1);
    ck_assert_uint_eq(p->durable, 1);
}
END_TEST

/* Each dials the other: two links between one pair. */
START_TEST(double_links_do_no_harm) {
    open_full_mesh(1);
    proxy_open(&w, &proxy, 1);
    peer_close(&w.peers[0]);
    ck_assert(world_run(&w, first_closed, 3000));
    struct peer *a = world_peer(&w, 0), *b;
    peer_seed(a, proxy.port);
    peer_open(&w, a);
    b = world_peer(&w, 1);
    peer_seed(b, weft_uv_port(a->node));
    peer_open(&w, b);
    proxy.to = weft_uv_port(b->node);
    for (int i = 0; i < 100; i++) {
        increment(i % 2 == 0 ? a : b, "n", 1);
        if (i % 10 == 0) world_run_for(&w, 5);
    }
    expect_converged(100);
    ck_assert_uint_eq(count_of(a, "n"), 100);
    proxy_close(&proxy);
}
END_TEST

/* A peer that stops reading is let go when more than the queue's bound waits for it. */
static bool refused_as_full(struct world *in) {
    return in->peers[0].refused > 0;
}

START_TEST(a_slow_peer_is_let_go) {
    struct peer *p = world_peer(&w, 0);
    p->o.write_queue_max = 3u << 20;
    peer_open(&w, p);
    proxy_open(&w, &proxy, weft_uv_port(p->node));
    struct peer *q = world_peer(&w, 1);
    peer_seed(q, proxy.port);
    peer_open(&w, q);
    increment(p, "n", 1);
    expect_converged(1);
    proxy_freeze(&proxy);
    uint8_t *value = calloc(1, WEFT_VALUE_MAX);
    ck_assert_ptr_nonnull(value);
    for (int i = 0; i < 40 && p->refused == 0; i++) {
        struct weft_txn *t = begin(p);
        value[0] = (uint8_t)i;
        weft_lwwreg_set(weft_txn_edit(t, weft_str("v"), &weft_lwwreg_class), weft_slice(value, WEFT_VALUE_MAX));
        commit(t);
        world_run_for(&w, 5);
    }
    free(value);
    ck_assert(world_run(&w, refused_as_full, 1000));
    ck_assert_int_eq(p->refused_err, WEFT_ERR_FULL);
    ck_assert_ptr_nonnull(strstr(p->refused_text, "too slowly"));
    proxy_close(&proxy);
}
END_TEST

/* --- The store --------------------------------------------------------------------------------------------------- */

static bool first_durable(struct world *in) {
    return in->peers[0].durable >= wanted;
}

START_TEST(nothing_is_said_while_the_store_fails) {
    open_full_mesh(2);
    expect_linked();
    struct peer *p = &w.peers[0];
    increment(p, "n", 1);
    expect_converged(1);
    p->store.failing = true;
    for (int i = 0; i < 5; i++) increment(p, "n", 1);
    world_run_for(&w, 300);
    ck_assert_int_eq(p->store_err, WEFT_ERR_IO);
    ck_assert_uint_eq(p->store_failures, 1);
    ck_assert_uint_eq(p->durable, 1);
    ck_assert_uint_eq(count_of(p, "n"), 6);
    ck_assert_msg(count_of(&w.peers[1], "n") == 1, "a peer heard of what is not recorded");
    struct weft_uv_stats stats;
    weft_uv_stats(p->node, &stats);
    ck_assert_uint_gt(stats.unwritten_bytes, 0);
    p->store.failing = false;
    p->store.fail = 1; /* and once more */
    wanted = 6;
    ck_assert(world_run(&w, first_durable, 5000));
    ck_assert_int_eq(p->store_err, 0);
    ck_assert_uint_eq(p->store_recoveries, 1);
    expect_converged(6);
}
END_TEST

START_TEST(a_failing_store_bounds_what_waits) {
    struct peer *p = world_peer(&w, 0);
    p->o.unwritten_max = 256u << 10;
    peer_open(&w, p);
    struct peer *q = world_peer(&w, 1);
    peer_seed(q, weft_uv_port(p->node));
    peer_open(&w, q);
    expect_linked();
    p->store.failing = true;
    static uint8_t value[32768];
    struct weft_txn *t;
    int rc = 0, commits = 0;
    for (; commits < 100; commits++) {
        rc = weft_uv_txn_begin(p->node, &t);
        if (rc != 0) break;
        weft_lwwreg_set(weft_txn_edit(t, weft_str("v"), &weft_lwwreg_class), weft_slice(value, sizeof value));
        commit(t);
        world_run_for(&w, 3);
    }
    ck_assert_int_eq(rc, WEFT_ERR_FULL);
    ck_assert_int_lt(commits, 12);
    for (int i = 0; i < 20; i++) { /* a peer's go on, and wait outside */
        t = begin(q);
        weft_lwwreg_set(weft_txn_edit(t, weft_str("w"), &weft_lwwreg_class), weft_slice(value, sizeof value));
        commit(t);
        world_run_for(&w, 3);
    }
    struct weft_uv_stats stats;
    weft_uv_stats(p->node, &stats);
    ck_assert_uint_lt(stats.unwritten_bytes, 512u << 10);
    p->store.failing = false;
    expect_converged((uint64_t)commits + 20);
}
END_TEST

START_TEST(what_is_unwritten_is_written_at_the_end) {
    open_full_mesh(1);
    struct peer *p = &w.peers[0];
    uint64_t seq = 0;
    for (int i = 0; i < 10; i++) seq = increment(p, "n", 1);
    peer_close(p);
    struct weft_txn *t;
    ck_assert_int_eq(weft_uv_txn_begin(p->node, &t), WEFT_ERR_CLOSED);
    ck_assert(world_run(&w, first_closed, 3000));
    ck_assert_uint_eq(p->durable, seq);
    peer_open(&w, world_peer(&w, 0));
    ck_assert_uint_eq(count_of(p, "n"), 10);
}
END_TEST

/* --- Beginning and ending ---------------------------------------------------------------------------------------- */

/* A node and its peers close after i turns of the loop, whatever they are about then. */
START_TEST(closing_is_safe_at_any_moment) {
    open_full_mesh(3);
    for (size_t i = 0; i < 3; i++) write_all_types(&w.peers[i], "x");
    for (int i = 0; i < _i; i++) uv_run(&w.loop, UV_RUN_NOWAIT);
    peer_close(&w.peers[_i % 3]);
    peer_close(&w.peers[_i % 3]);
    for (int i = 0; i < _i % 5; i++) uv_run(&w.loop, UV_RUN_NOWAIT);
}
END_TEST

static bool some_out(struct world *in) {
    struct weft_uv_stats stats;
    weft_uv_stats(in->peers[0].node, &stats);
    return stats.links == 1;
}

/* What was committed before the close reaches the peer: the stream is ended, not reset. */
START_TEST(closing_sends_what_was_committed) {
    open_full_mesh(2);
    expect_linked();
    increment(&w.peers[0], "n", 1);
    expect_converged(1);
    ck_assert(some_out(&w));
    for (int i = 0; i < 200; i++) increment(&w.peers[0], "n", 1);
    peer_close(&w.peers[0]);
    ck_assert(world_run(&w, first_closed, 3000));
    world_run_for(&w, 50);
    ck_assert_uint_eq(count_of(&w.peers[1], "n"), 201);
}
END_TEST

static bool second_gone(struct world *in) {
    return in->peers[1].node == NULL;
}

/* The n-th allocation fails: the node is not made, or it converges all the same. */
START_TEST(memory_may_end_anywhere) {
    open_full_mesh(1);
    struct peer *p = world_peer(&w, 1);
    peer_seed(p, weft_uv_port(w.peers[0].node));
    struct failing_alloc alloc;
    failing_alloc_init(&alloc);
    p->engine.alloc = &alloc.alloc;
    alloc.fail_at = (size_t)_i * 3 + 1;
    int rc = weft_uv_new(&p->node, &w.loop, &p->o, NULL, 0);
    ck_assert_msg(rc == 0 || rc == WEFT_ERR_NOMEM, "%s", weft_err_name(rc));
    if (rc == 0) {
        increment(&w.peers[0], "n", 1);
        struct weft_txn *t;
        uint64_t seq, own = 0;
        for (int i = 0; i < 2 && own == 0; i++) {
            if (weft_uv_txn_begin(p->node, &t) != 0) continue;
            weft_gcounter_add(weft_txn_edit(t, weft_str("n"), &weft_gcounter_class), 1);
            if (weft_txn_commit(t, &seq) == 0) own = seq;
        }
        ck_assert_uint_eq(own, 1);
        expect_converged(2);
        peer_close(p);
        ck_assert(world_run(&w, second_gone, 3000));
    }
    world_run_for(&w, 1);
    ck_assert_uint_eq(alloc.live_bytes, 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("node");
    TCase *t = tcase_create("node");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, all_types_converge);
    tcase_add_test(t, many_transactions_at_once_converge);
    tcase_add_test(t, long_values_and_late_nodes);
    tcase_add_test(t, transactions_are_seen_whole_and_told_later);
    tcase_add_test(t, callbacks_may_commit_and_close);
    tcase_add_test(t, an_open_transaction_holds_the_world_back);
    tcase_add_test(t, a_lost_link_comes_back);
    tcase_add_test(t, a_silent_seed_is_dialled_ever_less);
    tcase_add_test(t, a_node_comes_back);
    tcase_add_test(t, a_node_that_dials_itself_gives_up);
    tcase_add_test(t, double_links_do_no_harm);
    tcase_add_test(t, a_slow_peer_is_let_go);
    tcase_add_test(t, nothing_is_said_while_the_store_fails);
    tcase_add_test(t, a_failing_store_bounds_what_waits);
    tcase_add_test(t, what_is_unwritten_is_written_at_the_end);
    tcase_add_loop_test(t, closing_is_safe_at_any_moment, 0, 40);
    tcase_add_test(t, closing_sends_what_was_committed);
    tcase_add_loop_test(t, memory_may_end_anywhere, 0, 120);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
