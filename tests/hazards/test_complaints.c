/* test_complaints.c: what users of other systems complained of, where a test can say that it is not so here. Nothing is
 * measured in seconds: costs are counted in bytes, calls of the allocator and messages, and where only time tells, two
 * sizes are compared in one run. */
#include "tests/hazards/hazards.h"

#include <time.h>

#include <weft/bcounter.h>
#include <weft/dwflag.h>
#include <weft/ewflag.h>
#include <weft/lease.h>
#include <weft/maxreg.h>
#include <weft/mvreg.h>
#include <weft/ormap.h>
#include <weft/topk.h>
#include <weft/windowcounter.h>

static struct cluster c;
static struct failing_alloc memory; /* only counts */

static size_t encoded(const struct weft_value *v) {
    struct weft_buf bytes = bytes_of(v);
    size_t len = bytes.len;
    weft_buf_fini(&bytes);
    return len;
}

/* --- Memory
 * ----------------------------------------------------------------------------------------------------------- */

/* #2, #5 (yjs#741, go-ds-crdt#228): what was added and removed leaves nothing, however often, and nobody has to collect
 * it. The context is the one thing that moves, and it is two numbers. */
START_TEST(complaint_02_removed_elements_leave_nothing) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    put(v, "stays", 1);
    size_t bytes = 0, held = 0;
    for (int n = 0; n < 20000; n++) {
        char element[16];
        (void)snprintf(element, sizeof element, "%d", n);
        put(v, element, 1);
        take(v, element, 1);
        if (n == 9) {
            bytes = encoded(v);
            held = weft_value_memory(v);
        }
    }
    ck_assert_uint_le(encoded(v), bytes + 8);
    ck_assert_uint_le(weft_value_memory(v), held);
    weft_value_free(v);
    start_cluster(&c, 2);
    struct weft_replica_stats before = {0}, after;
    for (int n = 0; n < 500; n++) {
        char element[16];
        (void)snprintf(element, sizeof element, "%d", n);
        cluster_add(&c, n % 2, "s", element);
        cluster_settle(&c);
        cluster_remove(&c, (n + 1) % 2, "s", element);
        cluster_settle(&c);
        if (n == 9) before = cluster_stats(&c, 0);
    }
    after = cluster_stats(&c, 0);
    ck_assert_uint_le(after.state_bytes, before.state_bytes);
    ck_assert_uint_eq(after.objects, before.objects);
    cluster_fini(&c);
}
END_TEST

/* Types that keep something of a write until another has observed it. */
static const struct weft_crdt_class *const overwritten[] = {&weft_lwwreg_class,  &weft_mvreg_class,
                                                            &weft_aworset_class, &weft_rworset_class,
                                                            &weft_lwwset_class,  &weft_pncounter_class};
enum { OVERWRITTEN = sizeof overwritten / sizeof *overwritten };

static void overwrite(struct weft_edit *e, const struct weft_crdt_class *cls, int n) {
    char text[16];
    (void)snprintf(text, sizeof text, "%08d", n);
    struct weft_slice s = weft_str(text), x = weft_str("x");
    if (cls == &weft_lwwreg_class) weft_lwwreg_set(e, s);
    if (cls == &weft_mvreg_class) weft_mvreg_set(e, s);
    if (cls == &weft_aworset_class) weft_aworset_add(e, x);
    if (cls == &weft_rworset_class && n % 3 == 0) weft_rworset_remove(e, x);
    if (cls == &weft_rworset_class && n % 3 != 0) weft_rworset_add(e, x);
    if (cls == &weft_lwwset_class && n % 3 == 0) weft_lwwset_remove(e, x);
    if (cls == &weft_lwwset_class && n % 3 != 0) weft_lwwset_add(e, x);
    if (cls == &weft_pncounter_class) weft_pncounter_add(e, 1);
    if (cls == &weft_pncounter_class && n % 7 == 0) weft_edit_reset(e);
}

/* #3 (y-crdt#445): two keys overwritten again and again, by two writers at once: each key keeps at most a write of
 * each.
 */
START_TEST(complaint_03_overwrites_leave_nothing) {
    const struct weft_crdt_class *cls = overwritten[_i];
    start_cluster(&c, 2);
    uint64_t most[2] = {0, 0};
    for (int n = 0; n < 2000; n++) {
        struct weft_txn *t = cluster_begin(&c, n % 2);
        overwrite(edit_of(t, "a", cls), cls, n);
        overwrite(edit_of(t, "b", cls), cls, n + 1);
        cluster_commit(&c, n % 2, t);
        if (n % 5 == 0) cluster_settle(&c); /* in between they are concurrent */
        uint64_t held = cluster_stats(&c, 0).state_bytes;
        if (held > most[n >= 50]) most[n >= 50] = held;
    }
    ck_assert_uint_le(most[1], most[0]);
    cluster_settle(&c);
    struct weft_buf state;
    weft_buf_init(&state, NULL);
    ck_assert_int_eq(weft_replica_encode(c.at[0].replica, &state), 0);
    ck_assert_uint_lt(state.len, 600);
    weft_buf_fini(&state);
    cluster_fini(&c);
}
END_TEST

/* #6 (ADE#1063, cr-sqlite#72): a checkpoint lowers no clock and forgets no number, over restarts too. */
START_TEST(complaint_06_compaction_lowers_no_clock) {
    start_forgetful(&c, 2);
    for (int n = 0; n < 20; n++) {
        cluster_set(&c, n % 2, "r", "x");
        cluster_delete(&c, n % 2, "r", weft_lwwreg_class.type);
    }
    cluster_settle(&c);
    struct weft_origin_info before[2], after;
    struct weft_stamp clock = cluster_stats(&c, 0).clock;
    for (size_t k = 0; k < 2; k++) ck_assert(weft_replica_origin(c.at[0].replica, k, &before[k]));
    for (int round = 0; round < 3; round++) {
        checkpoint(&c, 0);
        ck_assert_uint_eq(cluster_stats(&c, 0).log_entries, 0);
        restart(&c, 0);
        for (size_t k = 0; k < 2; k++) {
            ck_assert(weft_replica_origin(c.at[0].replica, k, &after));
            ck_assert_uint_eq(after.applied, before[k].applied);
            ck_assert_uint_eq(after.stamp.word, before[k].stamp.word);
        }
        ck_assert_uint_eq(cluster_stats(&c, 0).clock.word, clock.word);
    }
    cluster_link_all(&c);
    cluster_set(&c, 0, "r", "after"); /* and a write is above all that was */
    until_equal(&c);
    ck_assert(cluster_reads(&c, 1, "r", "after"));
    cluster_fini(&c);
}
END_TEST

/* #7, #22 (delta_crdt_ex#13, corrosion#198): a peer that says nothing for long costs no memory; then it is given the
 * state. */
START_TEST(complaint_07_a_silent_peer_costs_no_memory) {
    size_t most[2] = {0, 0};
    failing_alloc_init(&memory);
    cluster_init(&c, 2);
    for (int i = 0; i < 2; i++) {
        c.at[i].options.log_max = 4000;
        c.at[i].options.checkpoint_bytes = 4000;
        if (i == 0) c.at[i].options.alloc = &memory.alloc;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link_all(&c);
    cluster_settle(&c);
    for (int n = 0; n < 3000; n++) {
        cluster_count(&c, 0, "n", 1);
        while (c.queued > 0) cluster_drop(&c, 0); /* the link stands, and nothing comes through */
        if (n % 10 == 0) cluster_pass(&c, SECOND);
        while (c.queued > 0) cluster_drop(&c, 0);
        size_t half = n < 1500 ? 0 : 1;
        if (memory.live_bytes > most[half]) most[half] = memory.live_bytes;
    }
    ck_assert_uint_le(most[1], most[0] + most[0] / 10);
    until_equal(&c);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 3000);
    cluster_fini(&c);
    ck_assert_uint_eq(memory.live_bytes, 0);
}
END_TEST

/* --- Ids
 * -------------------------------------------------------------------------------------------------------------- */

/* #10, #13 (riak_kv#1865, y-crdt#361, #221): origins that differ in one bit, at any place, are different ones: in
 * memory, in bytes, in a transfer. */
START_TEST(complaint_13_ids_are_never_truncated) {
    enum { BITS = 24 * 8 };
    struct weft_value *all = value_of(&weft_gcounter_class, 0);
    struct weft_origin base = options_of(0, NULL).origin;
    memset(base.replica.bytes, 0x5a, sizeof base.replica.bytes);
    base.epoch = UINT64_C(0x5a5a5a5a5a5a5a5a);
    for (unsigned bit = 0; bit < BITS; bit++) {
        struct weft_value_options o;
        struct weft_value *v;
        weft_value_options_init(&o);
        o.origin = base;
        if (bit < 128)
            o.origin.replica.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        else
            o.origin.epoch ^= UINT64_C(1) << (bit - 128);
        ck_assert_int_eq(weft_value_new(&v, &weft_gcounter_class, &o), 0);
        weft_gcounter_add(weft_value_edit(v), 1);
        struct weft_buf delta = commit_at(v, 1);
        apply_ok(all, &delta);
        weft_buf_fini(&delta);
        weft_value_free(v);
    }
    struct weft_buf bytes = bytes_of(all);
    struct weft_value *read = value_of(&weft_gcounter_class, 1);
    apply_ok(read, &bytes);
    check_shows(read, "192");
    ck_assert_uint_ge(bytes.len, (size_t)BITS * 24); /* each is written whole */
    weft_buf_fini(&bytes);
    weft_value_free(all);
    weft_value_free(read);
}
END_TEST

/* The same at replicas, whose ids are the same but for the last byte, as a log and as a state. */
START_TEST(complaint_13_ids_of_replicas) {
    cluster_init(&c, 6);
    for (int i = 0; i < 6; i++) {
        memset(c.at[i].options.replica.bytes, 0xee, 16);
        c.at[i].options.replica.bytes[_i == 0 ? 15 : 0] = (uint8_t)i;
        c.at[i].options.log_max = 0;
        ck_assert_int_eq(cluster_open_as(&c, i, UINT64_C(0xffffffff00000000)), 0); /* and so are their epochs */
        if (i < 5) cluster_count(&c, i, "n", 1);
    }
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < i; j++) cluster_link(&c, i, j);
    cluster_settle(&c);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 5);
        checkpoint(&c, i);
    }
    cluster_link_all(&c);
    until_equal(&c);
    ck_assert_int_eq(cluster_value(&c, 5, "n"), 5);
    ck_assert_uint_eq(c.at[5].notices[WEFT_NOTICE_STATE_DONE], 1);
    for (int i = 0; i < 6; i++) {
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_CLONED], 0);
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_SAME_REPLICA], 0);
    }
    cluster_fini(&c);
}
END_TEST

/* --- Divergence
 * ------------------------------------------------------------------------------------------------------- */

/* Something of each of the other types. */
static void do_more(struct weft_txn *t, struct weft__prng *rnd, int n) {
    struct weft_slice x = weft_str(n % 2 == 0 ? "x" : "y");
    struct weft_edit *map = edit_of(t, "ormap", &weft_ormap_class);
    weft_maxreg_set(edit_of(t, "maxreg", &weft_maxreg_class), (int64_t)weft__prng_below(rnd, 9));
    weft_minreg_set(edit_of(t, "minreg", &weft_minreg_class), (int64_t)weft__prng_below(rnd, 9));
    weft_topk_add(edit_of(t, "topk", &weft_topk_class), x, (int64_t)weft__prng_below(rnd, 9), 2);
    weft_gset_add(edit_of(t, "gset", &weft_gset_class), x);
    weft_gcounter_add(edit_of(t, "gcounter", &weft_gcounter_class), weft__prng_below(rnd, 3));
    weft_bcounter_add(edit_of(t, "bcounter", &weft_bcounter_class), weft__prng_below(rnd, 3));
    weft_windowcounter_add(edit_of(t, "window", &weft_windowcounter_class), 1, WEFT_HLC_MS(9), WEFT_HLC_MS(1));
    if (n % 3 == 0) weft_lease_release(edit_of(t, "lease", &weft_lease_class), weft_str("owner"));
    if (n % 3 != 0) weft_lease_acquire(edit_of(t, "lease", &weft_lease_class), weft_str("owner"), WEFT_HLC_MS(5));
    if (n % 3 == 0) weft_ewflag_disable(edit_of(t, "ewflag", &weft_ewflag_class));
    if (n % 3 != 0) weft_ewflag_enable(edit_of(t, "ewflag", &weft_ewflag_class));
    if (n % 4 == 0) weft_dwflag_disable(edit_of(t, "dwflag", &weft_dwflag_class));
    if (n % 4 != 0) weft_dwflag_enable(edit_of(t, "dwflag", &weft_dwflag_class));
    overwrite(weft_ormap_edit(map, x, overwritten[n % OVERWRITTEN]), overwritten[n % OVERWRITTEN], n);
    if (weft__prng_below(rnd, 8) == 0) weft_ormap_remove(map, x);
}

/* #16 (akka#22631, #22648, #22890): what one replica has as transactions, another as a state, and a third as a state
 * with transactions on top, is the same state. The law "delta" says it of every type by itself (tests/laws). */
START_TEST(complaint_16_delta_merge_is_state_merge) {
    start_forgetful(&c, 3);
    struct weft__prng rnd;
    weft__prng_seed(&rnd, (uint64_t)_i);
    isolate(&c, 2);
    for (int n = 0; n < 120; n++) {
        int i = (int)weft__prng_below(&rnd, 2);
        struct weft_txn *t = cluster_begin(&c, i);
        for (size_t k = 0; k < OVERWRITTEN; k++) {
            if (weft__prng_below(&rnd, 3) == 0) continue;
            overwrite(edit_of(t, overwritten[k]->name, overwritten[k]), overwritten[k], n);
        }
        do_more(t, &rnd, n);
        if (weft__prng_below(&rnd, 10) == 0) weft_edit_reset(edit_of(t, "topk", &weft_topk_class));
        if (weft__prng_below(&rnd, 10) == 0) weft_edit_reset(edit_of(t, "ormap", &weft_ormap_class));
        cluster_commit(&c, i, t);
        if (weft__prng_below(&rnd, 3) == 0) cluster_settle(&c);
        if (n == 60) {
            cluster_settle(&c);
            checkpoint(&c, 0);
            checkpoint(&c, 1);
            cluster_link(&c, 0, 2);
            cluster_settle(&c);
        }
    }
    until_equal(&c);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    struct weft_buf as_log, restored;
    weft_buf_init(&as_log, NULL);
    weft_buf_init(&restored, NULL);
    ck_assert_int_eq(weft_replica_encode(c.at[1].replica, &as_log), 0);
    checkpoint(&c, 1);
    restart(&c, 1);
    ck_assert_int_eq(weft_replica_encode(c.at[1].replica, &restored), 0);
    ck_assert(buf_eq(&as_log, &restored));
    weft_buf_fini(&as_log);
    weft_buf_fini(&restored);
    cluster_fini(&c);
}
END_TEST

/* --- Cost
 * ------------------------------------------------------------------------------------------------------------- */

static struct weft_value *set_of(int size, const struct weft_alloc *alloc) {
    struct weft_value *v = value_with(&weft_aworset_class, 0, alloc);
    for (int n = 0; n < size; n++) {
        char element[16];
        (void)snprintf(element, sizeof element, "%d", n);
        set_add(v, element);
        if (n % 1000 == 999 || n == size - 1) commit_quietly(v, 1);
    }
    return v;
}

struct cost {
    size_t calls;
    double seconds;
};

static double now(void) {
    return (double)clock() / CLOCKS_PER_SEC;
}

static struct cost cost_of_load(int size) {
    struct weft_value *v = set_of(size, NULL);
    struct weft_buf bytes = bytes_of(v);
    struct cost least = {SIZE_MAX, 1e9};
    for (int round = 0; round < 3; round++) {
        failing_alloc_init(&memory);
        struct weft_value *w = value_with(&weft_aworset_class, 1, &memory.alloc);
        double begin = now();
        apply_ok(w, &bytes);
        double took = now() - begin;
        if (took < least.seconds) least.seconds = took;
        if (memory.calls < least.calls) least.calls = memory.calls;
        weft_value_free(w);
    }
    weft_buf_fini(&bytes);
    weft_value_free(v);
    return least;
}

/* #19 (automerge#1244, #906): ten times the elements load in about ten times the calls, and in no hundred times the
 * time. */
START_TEST(complaint_19_loading_is_linear) {
    struct cost small = cost_of_load(10000), large = cost_of_load(100000);
    ck_assert_uint_le(large.calls, 20 * small.calls);
    ck_assert_msg(large.seconds < 40 * small.seconds + 0.001, "%g and %g", small.seconds, large.seconds);
}
END_TEST

/* One element added elsewhere, applied to a set of that size: a thousand times. */
static struct cost cost_of_delta(int size) {
    failing_alloc_init(&memory);
    struct weft_value *v = set_of(size, &memory.alloc), *from = value_of(&weft_aworset_class, 2);
    struct weft_buf deltas[1000];
    struct cost cost;
    for (int n = 0; n < 1000; n++) {
        char element[16];
        (void)snprintf(element, sizeof element, "new-%d", n);
        deltas[n] = put_in(from, element, 1);
    }
    size_t before = memory.calls;
    double begin = now();
    for (int n = 0; n < 1000; n++)
        if (weft_value_apply(v, weft_buf_slice(&deltas[n])) != 0) ck_abort();
    cost.seconds = now() - begin;
    cost.calls = memory.calls - before;
    free_bufs(deltas, 1000);
    weft_value_free(from);
    weft_value_free(v);
    return cost;
}

/* #20 (riak#483, riak_dt#110): a change costs what it is, whatever it is made in. A hundred times the set, and the
 * caches that go with it: no more calls, and less than a tenth of a hundred times the time. */
START_TEST(complaint_20_a_change_costs_what_it_is) {
    struct cost small = cost_of_delta(1000), large = cost_of_delta(100000), again = cost_of_delta(1000);
    double seconds = small.seconds > again.seconds ? small.seconds : again.seconds;
    ck_assert_uint_le(large.calls, small.calls + 100);
    ck_assert_msg(large.seconds < 10 * seconds + 0.001, "%g and %g", seconds, large.seconds);
}
END_TEST

/* The same at a replica: what is written and sent for one element is as long in a large set as in a small one. */
START_TEST(complaint_20_a_change_is_sent_and_stored_by_itself) {
    uint64_t sent[2], logged[2];
    for (int k = 0; k < 2; k++) {
        start_cluster(&c, 2);
        struct weft_txn *t = cluster_begin(&c, 0);
        for (int n = 0; n < (k == 0 ? 10 : 10000); n++) {
            char element[16];
            (void)snprintf(element, sizeof element, "%08d", n);
            weft_aworset_add(edit_of(t, "s", &weft_aworset_class), weft_str(element));
        }
        cluster_commit(&c, 0, t);
        cluster_settle(&c);
        sent[k] = c.bytes;
        logged[k] = cluster_stats(&c, 1).log_bytes;
        cluster_add(&c, 1, "s", "one more");
        cluster_settle(&c);
        sent[k] = c.bytes - sent[k];
        logged[k] = cluster_stats(&c, 1).log_bytes - logged[k];
        cluster_fini(&c);
    }
    ck_assert_uint_eq(sent[0], sent[1]);
    ck_assert_uint_eq(logged[0], logged[1]);
}
END_TEST

/* --- Bandwidth
 * -------------------------------------------------------------------------------------------------------- */

static uint64_t quiet_bytes(int seconds) {
    uint64_t before = c.bytes;
    for (int n = 0; n < seconds; n++) {
        cluster_pass(&c, SECOND);
        cluster_settle(&c);
    }
    return c.bytes - before;
}

/* #21 (automerge#489, #337): two that share a long past and differ by a little exchange about the little, without a
 * round trip for each change, and then say the same thing again only as often as a digest is due. */
START_TEST(complaint_21_bytes_are_those_of_the_difference) {
    static const int differences[] = {1, 30, 300};
    int d = differences[_i];
    start_cluster(&c, 2);
    for (int n = 0; n < 3000; n++) cluster_count(&c, n % 2, "n", 1);
    until_equal(&c);
    cluster_unlink(&c, 0, 1);
    uint64_t common = cluster_stats(&c, 0).log_bytes;
    for (int n = 0; n < 2 * d; n++) cluster_count(&c, n % 2, "n", 1);
    uint64_t payload = cluster_stats(&c, 0).log_bytes + cluster_stats(&c, 1).log_bytes - 2 * common;
    uint64_t bytes = c.bytes, messages = c.messages;
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 3000 + 2 * d);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 3000 + 2 * d);
    ck_assert_uint_le(c.bytes - bytes, payload + payload / 4 + 1500);
    ck_assert_uint_le(c.messages - messages, 16);
    uint64_t quiet = quiet_bytes(30);
    ck_assert_uint_le(quiet, 30 * 2 * 300);
    ck_assert_uint_le(quiet_bytes(30), quiet + 300); /* and no more the longer it lasts */
    cluster_fini(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: complaints");
    TCase *tc = tcase_create("complaints");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, complaint_02_removed_elements_leave_nothing);
    tcase_add_loop_test(tc, complaint_03_overwrites_leave_nothing, 0, OVERWRITTEN);
    tcase_add_test(tc, complaint_06_compaction_lowers_no_clock);
    tcase_add_test(tc, complaint_07_a_silent_peer_costs_no_memory);
    tcase_add_test(tc, complaint_13_ids_are_never_truncated);
    tcase_add_loop_test(tc, complaint_13_ids_of_replicas, 0, 2);
    tcase_add_loop_test(tc, complaint_16_delta_merge_is_state_merge, 0, 10);
    tcase_add_test(tc, complaint_19_loading_is_linear);
    tcase_add_test(tc, complaint_20_a_change_costs_what_it_is);
    tcase_add_test(tc, complaint_20_a_change_is_sent_and_stored_by_itself);
    tcase_add_loop_test(tc, complaint_21_bytes_are_those_of_the_difference, 0, 3);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
