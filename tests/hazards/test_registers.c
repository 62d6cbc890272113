/* test_registers.c: hazards of registers and of ties: which of several writes is the one that all replicas show. */
#include "tests/hazards/hazards.h"
#include "tests/support/simulated.h"

#include <weft/dwflag.h>
#include <weft/ewflag.h>
#include <weft/maxreg.h>
#include <weft/mvreg.h>
#include <weft/topk.h>

static struct cluster c;

static void set_register(struct weft_value *v, const char *text, uint64_t word) {
    weft_lwwreg_set(weft_value_edit(v), weft_str(text));
    commit_quietly(v, word);
}

/* --- 4.7 --------------------------------------------------------------------------------------------------------- */

/* (i) The same stamp at three origins; each keeping its own would be for ever. The greatest origin wins, whatever the
 * values are (delta-enabled-crdts#7, rust-crdt). */
START_TEST(hazard_4_7_i_ties_of_a_register) {
    static const char *const values[3][3] = {{"zzz", "bar", "aaa"}, {"aaa", "bar", "zzz"}, {"", "bar", "bar"}};
    struct weft_value *v[3];
    for (uint32_t i = 0; i < 3; i++) {
        v[i] = value_of(&weft_lwwreg_class, i);
        set_register(v[i], values[_i][i], 7);
    }
    check_all_merges(v, _i == 0 ? "\"aaa\"" : _i == 1 ? "\"zzz\"" : "\"bar\"");
    free_values(v, 3);
}
END_TEST

/* The same for a set that goes by stamps: at equal ones an add wins over a remove, whoever made it. */
START_TEST(hazard_4_7_i_ties_of_a_set) {
    for (uint32_t adds = 1; adds < 7; adds++) { /* bit i: origin i adds, else it removes */
        struct weft_value *v[3];
        for (uint32_t i = 0; i < 3; i++) {
            v[i] = value_of(&weft_lwwset_class, i);
            if ((adds >> i & 1) != 0)
                put(v[i], "x", 7);
            else
                take(v[i], "x", 7);
        }
        check_all_merges(v, "{x}");
        free_values(v, 3);
    }
}
END_TEST

START_TEST(hazard_4_7_i_ties_at_replicas) {
    start_cluster(&c, 3);
    for (int i = 0; i < 3; i++) isolate(&c, i);
    for (int i = 0; i < 3; i++) c.at[i].now.wall += WEFT_HLC_SECONDS(1);
    struct weft_stamp stamps[3];
    static const char *const values[3] = {"zzz", "mmm", "aaa"};
    for (int i = 0; i < 3; i++) {
        struct weft_slice value;
        cluster_set(&c, i, "r", values[i]);
        ck_assert_int_eq(weft_lwwreg_get(view_of(&c, i, "r", &weft_lwwreg_class), &value, &stamps[i]), 0);
        ck_assert_uint_eq(stamps[i].word, stamps[0].word); /* a tie indeed */
    }
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert(cluster_reads(&c, i, "r", "aaa")); /* of the greatest id */
    cluster_fini(&c);
}
END_TEST

/* Whoever has applied it, without a word from who has not: replica 2 hears of both through replica 1 alone. */
static void check_third_hears(void) {
    ck_assert(cluster_stats(&c, 0).transactions > 0);
    cluster_unlink(&c, 0, 1);
    cluster_link(&c, 1, 2);
    for (int n = 0; n < 5; n++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    struct weft_origin_info info;
    size_t origins = 0;
    while (weft_replica_origin(c.at[2].replica, origins, &info)) {
        ck_assert_uint_eq(info.applied, 1);
        origins++;
    }
    ck_assert_uint_eq(origins, 2); /* it has both, not one that looks like both */
    struct weft_replica_stats s = cluster_stats(&c, 2), t = cluster_stats(&c, 0);
    ck_assert_mem_eq(s.state_hash, t.state_hash, 16);
}

/* (ii) A merge that changes no value here is still news elsewhere (cr-sqlite#413, corrosion#352). */
START_TEST(hazard_4_7_ii_equal_writes_reach_a_third) {
    start_cluster(&c, 3);
    isolate(&c, 2);
    struct weft_txn *t[2];
    for (int i = 0; i < 2; i++) { /* before either has heard of the other */
        t[i] = cluster_begin(&c, i);
        weft_lwwreg_set(edit_of(t[i], "r", &weft_lwwreg_class), weft_str("same"));
        weft_aworset_add(edit_of(t[i], "s", &weft_aworset_class), weft_str("same"));
    }
    for (int i = 0; i < 2; i++) cluster_commit(&c, i, t[i]);
    cluster_settle(&c);
    check_third_hears();
    ck_assert(cluster_reads(&c, 2, "r", "same"));
    ck_assert(cluster_has(&c, 2, "s", "same"));
    cluster_fini(&c);
}
END_TEST

/* (iii) The same with two deletions of what the third has and neither has written. */
START_TEST(hazard_4_7_iii_equal_deletions_reach_a_third) {
    cluster_init(&c, 4);
    for (int i = 0; i < 4; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    struct weft_txn *t = cluster_begin(&c, 3);
    weft_lwwreg_set(edit_of(t, "r", &weft_lwwreg_class), weft_str("same"));
    weft_aworset_add(edit_of(t, "s", &weft_aworset_class), weft_str("same"));
    cluster_commit(&c, 3, t);
    cluster_settle(&c);
    cluster_crash(&c, 3);
    isolate(&c, 2);
    cluster_unlink(&c, 0, 1);
    for (int i = 0; i < 2; i++) {
        t = cluster_begin(&c, i);
        weft_txn_delete(t, weft_str("r"), weft_lwwreg_class.type);
        weft_aworset_remove(edit_of(t, "s", &weft_aworset_class), weft_str("same"));
        cluster_commit(&c, i, t);
    }
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    ck_assert(cluster_reads(&c, 2, "r", "same"));
    cluster_link(&c, 1, 2);
    cluster_settle(&c);
    ck_assert(cluster_reads(&c, 2, "r", NULL));
    ck_assert_uint_eq(cluster_size(&c, 2, "s"), 0);
    struct weft_origin_info info;
    size_t origins = 0;
    while (weft_replica_origin(c.at[2].replica, origins, &info)) origins++;
    ck_assert_uint_eq(origins, 3);
    cluster_fini(&c);
}
END_TEST

/* Both again, with disks, clocks and links that lose. */
static void equal_writes(const char *first, const char *second) {
    start(3);
    act("txn 0 r/0=7 s/0+1");
    converge();
    act("partition 2");
    act(first);
    act(second);
    run(10);
    act("heal");
    act("cut 0 2"); /* 2 hears of both through 1 alone */
    act("cut 2 0");
    run(60);
    const struct weft_replica *from = weft_sim_replica(sim, 1), *to = weft_sim_replica(sim, 2);
    struct weft_replica_stats a, b;
    weft_replica_stats(from, &a);
    weft_replica_stats(to, &b);
    ck_assert_mem_eq(a.state_hash, b.state_hash, 16);
    act("heal");
    converge();
    stop();
}

START_TEST(hazard_4_7_ii_equal_writes_simulated) {
    equal_writes("txn 0 r/0=1", "txn 1 r/0=1");
}
END_TEST

START_TEST(hazard_4_7_iii_equal_deletions_simulated) {
    equal_writes("txn 0 s/0x r/0-", "txn 1 s/0x r/0-");
}
END_TEST

/* --- 4.10 -------------------------------------------------------------------------------------------------------- */

/* Types in which one write beats another, and what they show of the one that is left. */
static const struct {
    const struct weft_crdt_class *cls;
    const char *text;
} contested[] = {{&weft_lwwreg_class, "\"r1\""}, {&weft_mvreg_class, "{r1}"},   {&weft_maxreg_class, "5"},
                 {&weft_minreg_class, "5"},      {&weft_topk_class, "{r1: 5}"}, {&weft_aworset_class, "{r1}"},
                 {&weft_rworset_class, "{r1}"},  {&weft_lwwset_class, "{r1}"},  {&weft_ewflag_class, "on"},
                 {&weft_dwflag_class, "on"},     {&weft_pncounter_class, "5"}};
enum { CONTESTED = sizeof contested / sizeof *contested };

static void contend(struct weft_edit *e, const struct weft_crdt_class *cls, const char *text, int64_t number) {
    struct weft_slice s = weft_str(text);
    if (cls == &weft_lwwreg_class) weft_lwwreg_set(e, s);
    if (cls == &weft_mvreg_class) weft_mvreg_set(e, s);
    if (cls == &weft_maxreg_class) weft_maxreg_set(e, number);
    if (cls == &weft_minreg_class) weft_minreg_set(e, number);
    if (cls == &weft_topk_class) weft_topk_add(e, s, number, 3);
    if (cls == &weft_aworset_class) weft_aworset_add(e, s);
    if (cls == &weft_rworset_class) weft_rworset_add(e, s);
    if (cls == &weft_lwwset_class) weft_lwwset_add(e, s);
    if (cls == &weft_ewflag_class) weft_ewflag_enable(e);
    if (cls == &weft_dwflag_class) weft_dwflag_enable(e);
    if (cls == &weft_pncounter_class) weft_pncounter_add(e, number);
}

static void check_text(const struct weft_value *v, const void *wanted) {
    check_shows(v, wanted);
}

/* Two writes and a deletion here, one write there that any of those would beat, in every order (go-ds-crdt#238). */
START_TEST(hazard_4_10_delivery_order) {
    const struct weft_crdt_class *cls = contested[_i].cls;
    struct weft_value *a = value_of(cls, 1), *b = value_of(cls, 0);
    struct weft_buf deltas[4];
    for (uint32_t i = 0; i < 3; i++) {
        int64_t number = cls == &weft_minreg_class ? -10 : 10;
        if (i < 2) contend(weft_value_edit(a), cls, i == 0 ? "r0-1" : "r0-2", number * (i + 1));
        if (i == 2) weft_edit_reset(weft_value_edit(a));
        deltas[i] = commit_at(a, 10 + i);
    }
    contend(weft_value_edit(b), cls, "r1", 5);
    deltas[3] = commit_at(b, 5);
    check_all_orders(cls, deltas, check_text, contested[_i].text);
    free_bufs(deltas, 4);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* The same between replicas, of which one has the deletion first and the other the write. */
START_TEST(hazard_4_10_delivery_order_at_replicas) {
    start_cluster(&c, 4);
    for (int i = 0; i < 4; i++) isolate(&c, i);
    cluster_set(&c, 1, "r", "r1-1");
    c.at[0].now.wall += WEFT_HLC_SECONDS(1);
    cluster_set(&c, 0, "r", "r0-1");
    cluster_set(&c, 0, "r", "r0-2");
    cluster_delete(&c, 0, "r", weft_lwwreg_class.type);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < 2; k++) {
            int from = i ^ k;
            cluster_link(&c, from, 2 + i);
            cluster_settle(&c);
            cluster_unlink(&c, from, 2 + i);
        }
        ck_assert(cluster_reads(&c, 2 + i, "r", "r1-1"));
    }
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 4; i++) ck_assert(cluster_reads(&c, i, "r", "r1-1"));
    cluster_fini(&c);
}
END_TEST

/* A row that is deleted and made again, with its cells concurrently written, as deltas in every order: one state
 * (cr-sqlite#299: the clocks of cells began anew at the deletion). */
START_TEST(hazard_4_10_a_deletion_does_not_begin_clocks_anew) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *b = value_of(&weft_lwwreg_class, 1);
    struct weft_buf deltas[5], first;
    weft_lwwreg_set(weft_value_edit(a), weft_str("one"));
    deltas[0] = commit_at(a, 10);
    merge_ok(b, a);
    weft_edit_reset(weft_value_edit(a));
    deltas[1] = commit_at(a, 11);
    weft_lwwreg_set(weft_value_edit(a), weft_str("anew"));
    deltas[2] = commit_at(a, 12);
    weft_lwwreg_set(weft_value_edit(b), weft_str("changed"));
    deltas[3] = commit_at(b, 13);
    weft_lwwreg_set(weft_value_edit(b), weft_str("changed twice"));
    deltas[4] = commit_at(b, 14);
    weft_buf_init(&first, NULL);
    for (uint32_t code = 0; code < 120; code++) {
        struct weft_value *v = value_of(&weft_lwwreg_class, 2);
        uint32_t order[5];
        order_of(code, 5, order);
        for (uint32_t i = 0; i < 5; i++) apply_ok(v, &deltas[order[i]]);
        check_shows(v, "\"changed twice\"");
        struct weft_buf bytes = bytes_of(v);
        if (code == 0) ck_assert_int_eq(weft_buf_append(&first, bytes.ptr, bytes.len), 0);
        ck_assert(buf_eq(&first, &bytes));
        weft_buf_fini(&bytes);
        weft_value_free(v);
    }
    weft_buf_fini(&first);
    free_bufs(deltas, 5);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* Who missed what a checkpoint has taken out of the logs learns it with the state or not at all: at no moment does it
 * claim what it does not have, and nothing goes away at others (akka.net#8219). */
START_TEST(hazard_4_10_no_mark_travels_without_its_state) {
    start_forgetful(&c, 3);
    cluster_set(&c, 0, "r", "old");
    cluster_settle(&c);
    isolate(&c, 2);
    for (int n = 0; n < 10; n++) {
        char key[16];
        (void)snprintf(key, sizeof key, "key-%d", n);
        cluster_set(&c, 0, key, "x");
    }
    cluster_delete(&c, 0, "r", weft_lwwreg_class.type);
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    cluster_set(&c, 0, "later", "y"); /* this alone is in a log */
    cluster_settle(&c);
    cluster_link_all(&c);
    bool whole = false;
    for (int n = 0; n < 200 && !whole; n++) {
        if (c.queued == 0) cluster_pass(&c, SECOND);
        while (c.queued > 0 && !whole) {
            if ((c.messages + c.queued) % 3 == (uint64_t)_i)
                cluster_drop(&c, c.queued - 1);
            else
                cluster_deliver(&c, c.queued - 1);
            whole = cluster_reads(&c, 2, "r", NULL);
            ck_assert(whole == cluster_reads(&c, 2, "key-9", "x"));
            ck_assert(whole || !cluster_reads(&c, 2, "later", "y"));
            for (int i = 0; i < 2; i++) ck_assert(cluster_reads(&c, i, "key-3", "x"));
        }
    }
    ck_assert(whole);
    until_equal(&c);
    cluster_fini(&c);
}
END_TEST

/* --- Others ------------------------------------------------------------------------------------------------------ */

/* Three writes before do not outweigh one after (cr-sqlite's col_version). */
START_TEST(hazard_frequency_beats_recency) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 1), *b = value_of(&weft_lwwreg_class, 0);
    set_register(a, "v1", 1);
    set_register(a, "v2", 2);
    set_register(a, "v3", 3);
    set_register(b, "w", 4);
    check_all_merges((struct weft_value *[]){a, b, a}, "\"w\"");
    weft_value_free(a);
    weft_value_free(b);
    start_cluster(&c, 3);
    isolate(&c, 0); /* of the smallest id, which would lose a tie */
    cluster_set(&c, 1, "r", "v1");
    cluster_set(&c, 1, "r", "v2");
    cluster_set(&c, 1, "r", "v3");
    cluster_pass(&c, SECOND / 100);
    cluster_set(&c, 0, "r", "w");
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 3; i++) ck_assert(cluster_reads(&c, i, "r", "w"));
    cluster_fini(&c);
}
END_TEST

/* An empty value is a value, an empty element an element (go-ds-crdt deletes the key). */
START_TEST(hazard_empty_value_as_absent) {
    struct weft_value *a = value_of(&weft_lwwreg_class, 0), *s = value_of(&weft_aworset_class, 0);
    struct weft_value *m = value_of(&weft_mvreg_class, 0), *t = value_of(&weft_aworset_class, 1);
    struct weft_slice value = weft_str("something");
    set_register(a, "", 5);
    struct weft_value *b = copy_of(a, 1);
    ck_assert_int_eq(weft_lwwreg_get(weft_value_view(b), &value, NULL), 0);
    ck_assert_uint_eq(value.len, 0);
    check_shows(b, "\"\"");
    weft_mvreg_set(weft_value_edit(m), weft_slice(NULL, 0));
    commit_quietly(m, 1);
    struct weft_elements it;
    ck_assert_int_eq(weft_mvreg_open(&it, weft_value_view(m)), 0);
    ck_assert_uint_eq(it.count, 1);
    weft_elements_close(&it);
    struct weft_buf delta = put_in(s, "", 1);
    apply_ok(t, &delta);
    ck_assert(weft_aworset_contains(weft_value_view(t), weft_slice(NULL, 0)));
    check_shows(t, "{\"\"}");
    weft_buf_fini(&delta);
    free_values((struct weft_value *[]){a, b, s, t, m}, 5);
}
END_TEST

/* Over a removal that it survives, a restart, a checkpoint and a transfer. */
START_TEST(hazard_empty_value_as_absent_at_replicas) {
    start_forgetful(&c, 3);
    cluster_set(&c, 0, "r", "full");
    cluster_settle(&c);
    isolate(&c, 2);
    cluster_unlink(&c, 0, 1);
    cluster_set(&c, 1, "r", "");
    cluster_delete(&c, 0, "r", weft_lwwreg_class.type);
    cluster_add(&c, 0, "s", "");
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    restart(&c, 0);
    cluster_link_all(&c);
    until_equal(&c);
    for (int i = 0; i < 3; i++) {
        ck_assert(cluster_reads(&c, i, "r", ""));
        ck_assert(cluster_has(&c, i, "s", ""));
    }
    cluster_fini(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: registers");
    TCase *tc = tcase_create("registers");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, hazard_4_7_i_ties_of_a_register, 0, 3);
    tcase_add_test(tc, hazard_4_7_i_ties_of_a_set);
    tcase_add_test(tc, hazard_4_7_i_ties_at_replicas);
    tcase_add_test(tc, hazard_4_7_ii_equal_writes_reach_a_third);
    tcase_add_test(tc, hazard_4_7_iii_equal_deletions_reach_a_third);
    tcase_add_loop_test(tc, hazard_4_10_delivery_order, 0, CONTESTED);
    tcase_add_test(tc, hazard_4_10_delivery_order_at_replicas);
    tcase_add_test(tc, hazard_4_10_a_deletion_does_not_begin_clocks_anew);
    tcase_add_loop_test(tc, hazard_4_10_no_mark_travels_without_its_state, 0, 3);
    tcase_add_test(tc, hazard_frequency_beats_recency);
    tcase_add_test(tc, hazard_empty_value_as_absent);
    tcase_add_test(tc, hazard_empty_value_as_absent_at_replicas);
    tcase_add_test(tc, hazard_4_7_ii_equal_writes_simulated);
    tcase_add_test(tc, hazard_4_7_iii_equal_deletions_simulated);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
