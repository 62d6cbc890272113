/* test_garbage.c: hazards of what is thrown away, what is not seen, and what was never written by anybody: trimmed
 * logs, hidden state, foreign bytes. */
#include "tests/hazards/forged.h"
#include "tests/support/simulated.h"

#include <weft/bcounter.h>
#include <weft/dwflag.h>
#include <weft/ewflag.h>
#include <weft/lease.h>
#include <weft/maxreg.h>
#include <weft/mvreg.h>
#include <weft/topk.h>
#include <weft/windowcounter.h>

static struct cluster c;

/* --- Trimmed history --------------------------------------------------------------------------------------------- */

/* What depends on transactions that no log has any more waits for the state that has them (loro#1068: a panic). */
START_TEST(hazard_trimmed_history) {
    start_forgetful(&c, 3);
    isolate(&c, 2);
    for (int n = 0; n < 10; n++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    ck_assert_uint_eq(cluster_stats(&c, 0).log_entries + cluster_stats(&c, 1).log_entries, 0);
    cluster_add(&c, 1, "s", "x"); /* depends on all of them */
    cluster_settle(&c);
    cluster_link(&c, 1, 2);
    uint64_t parted = c.at[2].notices[WEFT_NOTICE_REFUSED];
    until_equal(&c);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 10);
    ck_assert(cluster_has(&c, 2, "s", "x"));
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_REFUSED], parted);
    ck_assert_uint_eq(cluster_stats(&c, 2).pending, 0);
    cluster_fini(&c);
}
END_TEST

/* Whoever asks for what was trimmed, or for what nobody ever had, is answered with what there is, and harms nobody. */
START_TEST(hazard_trimmed_history_is_asked_for) {
    start_forgetful(&c, 2);
    for (int n = 0; n < 10; n++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    checkpoint(&c, 0);
    struct weft_origin self = weft_replica_self(c.at[0].replica);
    struct weft__range ranges[] = {{self, 0, 5}, {self, 3, 4}, {self, 9, UINT64_MAX}, {a_stranger(1), 0, 7}};
    struct weft__message_head head = {{{0}}, weft_replica_self(c.at[1].replica), c.at[0].now.wall};
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    ck_assert_int_eq(weft__message_write_request(&m, &head, &ranges[_i], 1), 0);
    receive(&c, 0, 1, weft_buf_slice(&m));
    weft_buf_fini(&m);
    cluster_settle(&c);
    cluster_count(&c, 1, "n", 1);
    cluster_count(&c, 0, "n", 1);
    until_equal(&c);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 12);
    cluster_fini(&c);
}
END_TEST

/* A transaction whose past never was: it waits, bounded and counted, and nobody waits for it. */
START_TEST(hazard_trimmed_history_that_never_was) {
    start_cluster(&c, 2);
    struct forged f = {.origin = a_stranger(1), .seq = 9, .stamp = cluster_stats(&c, 0).clock, .amount = 1};
    f.previous = "a hash of sixteen";
    send_forged(&c, 0, 1, &f);
    ck_assert_uint_eq(cluster_stats(&c, 0).pending, 1);
    cluster_count(&c, 1, "n", 1);
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 1);
    ck_assert_int_eq(cluster_value(&c, 0, "forged"), 0);
    cluster_fini(&c);
}
END_TEST

/* --- The floor of the logs --------------------------------------------------------------------------------------- */

/* A replica that was away until its past was trimmed is given a state in which all looks as it had left it: x was taken
 * away and put back meanwhile. It learns that time has passed, and its own removal takes what it had seen. */
START_TEST(hazard_aba_on_the_gc_floor) {
    start_forgetful(&c, 3);
    cluster_add(&c, 0, "s", "x");
    cluster_add(&c, 0, "s", "y");
    cluster_settle(&c);
    isolate(&c, 2);
    cluster_remove(&c, 0, "s", "x");
    cluster_add(&c, 0, "s", "x");
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    cluster_remove(&c, 2, "s", "x"); /* the old one */
    cluster_remove(&c, 2, "s", "y");
    cluster_link_all(&c);
    until_equal(&c);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    check_all_show(&c, "s", &weft_aworset_class, "{x}");
    cluster_fini(&c);
}
END_TEST

/* The state at the floor is byte for byte the one that it has, and still it is behind: what has passed is a part of
 * what it says to others. */
START_TEST(hazard_aba_of_an_equal_state) {
    start_forgetful(&c, 3);
    cluster_add(&c, 0, "s", "x");
    cluster_settle(&c);
    isolate(&c, 2);
    struct weft_replica_stats before = cluster_stats(&c, 0);
    cluster_add(&c, 0, "s", "y");
    cluster_remove(&c, 0, "s", "y");
    cluster_settle(&c);
    checkpoint(&c, 0);
    checkpoint(&c, 1);
    struct weft_replica_stats after = cluster_stats(&c, 0);
    ck_assert_mem_eq(before.state_hash, after.state_hash, 16);
    cluster_link_all(&c);
    until_equal(&c); /* vectors too */
    cluster_add(&c, 2, "s", "z");
    until_equal(&c);
    check_all_show(&c, "s", &weft_aworset_class, "{x, z}");
    cluster_fini(&c);
}
END_TEST

/* --- Time -------------------------------------------------------------------------------------------------------- */

/* Who was away for long brings its own news back, and nothing that was removed meanwhile: no time makes garbage. */
START_TEST(hazard_time_based_gc) {
    start_with_small_logs();
    act("txn 0 s/0+1 s/0+2 s/1+1");
    converge();
    act("partition 2");
    act("txn 2 s/0+9"); /* while it is away */
    act("txn 0 s/0-1 s/1x");
    write_much(0);
    act("heal");
    converge();
    for (uint32_t i = 0; i < 3; i++) {
        ck_assert(!has(i, "s/0", "1") && has(i, "s/0", "2") && has(i, "s/0", "9"));
        ck_assert_uint_eq(size(i, "s/1"), 0);
    }
    ck_assert_uint_gt(stats().notices[WEFT_NOTICE_STATE_DONE], 0);
    stop();
}
END_TEST

/* --- Hidden state ------------------------------------------------------------------------------------------------ */

/* Two values show the same and are not the same: their bytes say so, because one thing done to both comes out
 * differently (riak_dt_orswot:equal/2 ignores deferred removes). */
static void check_only_shows_alike(struct weft_value *a, struct weft_value *b, const struct weft_buf *deed) {
    struct weft_buf shown;
    weft_buf_init(&shown, NULL);
    ck_assert_int_eq(weft_value_class(a)->print(weft_value_view(a), &shown), 0);
    ck_assert_int_eq(weft_buf_append(&shown, "", 1), 0);
    check_shows(b, (const char *)shown.ptr);
    ck_assert(!value_eq(a, b));
    apply_ok(a, deed);
    apply_ok(b, deed);
    weft_buf_reset(&shown);
    ck_assert_int_eq(weft_value_class(a)->print(weft_value_view(a), &shown), 0);
    struct weft_buf other;
    weft_buf_init(&other, NULL);
    ck_assert_int_eq(weft_value_class(b)->print(weft_value_view(b), &other), 0);
    ck_assert(!buf_eq(&shown, &other));
    weft_buf_fini(&shown);
    weft_buf_fini(&other);
}

/* A removal that came before its add. */
START_TEST(hazard_equality_ignores_an_early_removal) {
    struct weft_value *w = value_of(&weft_aworset_class, 0), *a = value_of(&weft_aworset_class, 1);
    struct weft_buf add = put_in(w, "x", 1), removal = take_out(w, "x", 2);
    struct weft_value *b = value_of(&weft_aworset_class, 2);
    apply_ok(a, &removal);
    check_only_shows_alike(a, b, &add);
    weft_buf_fini(&add);
    weft_buf_fini(&removal);
    free_values((struct weft_value *[]){w, a, b}, 3);
}
END_TEST

/* A write that lost. */
START_TEST(hazard_equality_ignores_a_loser) {
    struct weft_value *w = value_of(&weft_lwwreg_class, 1), *a = value_of(&weft_lwwreg_class, 0);
    weft_lwwreg_set(weft_value_edit(w), weft_str("winner"));
    commit_quietly(w, 9);
    struct weft_value *b = copy_of(w, 3);
    weft_lwwreg_set(weft_value_edit(a), weft_str("loser"));
    commit_quietly(a, 5);
    merge_ok(a, w);
    weft_lwwreg_clear(weft_value_edit(w));
    struct weft_buf clear = commit_at(w, 10);
    check_only_shows_alike(a, b, &clear);
    check_shows(a, "\"loser\"");
    weft_buf_fini(&clear);
    free_values((struct weft_value *[]){w, a, b}, 3);
}
END_TEST

/* What a reset has taken, before it came. */
START_TEST(hazard_equality_ignores_the_base_of_a_reset) {
    struct weft_value *w = value_of(&weft_gcounter_class, 0), *a = value_of(&weft_gcounter_class, 2);
    weft_gcounter_add(weft_value_edit(w), 5);
    struct weft_buf five = commit_at(w, 1);
    weft_edit_reset(weft_value_edit(w));
    struct weft_buf taken = commit_at(w, 2);
    struct weft_value *b = value_of(&weft_gcounter_class, 3);
    apply_ok(a, &taken);
    check_only_shows_alike(a, b, &five);
    check_shows(a, "0");
    weft_buf_fini(&five);
    weft_buf_fini(&taken);
    free_values((struct weft_value *[]){w, a, b}, 3);
}
END_TEST

/* A removal that is kept because it wins over what it has not seen. */
START_TEST(hazard_equality_ignores_a_kept_removal) {
    struct weft_value *w = value_of(&weft_rworset_class, 0), *a = value_of(&weft_rworset_class, 1);
    struct weft_buf add = put_in(w, "x", 1);
    take(a, "x", 1);
    struct weft_value *b = value_of(&weft_rworset_class, 2);
    check_only_shows_alike(a, b, &add);
    check_shows(a, "{}");
    weft_buf_fini(&add);
    free_values((struct weft_value *[]){w, a, b}, 3);
}
END_TEST

/* The same between replicas: the hash that digests carry covers what does not show. */
START_TEST(hazard_equality_ignores_hidden_state_of_replicas) {
    uint8_t hash[2][16];
    for (int k = 0; k < 2; k++) {
        start_cluster(&c, 2);
        isolate(&c, 1);
        if (k == 1) cluster_set(&c, 1, "r", "loser");
        c.at[0].now.wall += WEFT_HLC_SECONDS(1);
        cluster_set(&c, 0, "r", "winner");
        cluster_link_all(&c);
        until_equal(&c);
        ck_assert(cluster_reads(&c, 0, "r", "winner"));
        struct weft_replica_stats s = cluster_stats(&c, 0);
        memcpy(hash[k], s.state_hash, 16);
        cluster_fini(&c);
    }
    ck_assert_mem_ne(hash[0], hash[1], 16);
}
END_TEST

/* --- Bytes that nobody wrote ------------------------------------------------------------------------------------- */

static const struct weft_crdt_class *const classes[] = {
    &weft_gcounter_class, &weft_pncounter_class, &weft_bcounter_class, &weft_lwwreg_class,
    &weft_mvreg_class,    &weft_maxreg_class,    &weft_minreg_class,   &weft_topk_class,
    &weft_gset_class,     &weft_aworset_class,   &weft_rworset_class,  &weft_lwwset_class,
    &weft_ewflag_class,   &weft_dwflag_class,    &weft_lease_class,    &weft_windowcounter_class};
enum { CLASSES = sizeof classes / sizeof *classes };

/* Something to say of each type. */
static void do_something(struct weft_edit *e, const struct weft_crdt_class *cls) {
    struct weft_slice x = weft_str("x");
    if (cls == &weft_gcounter_class) weft_gcounter_add(e, 1);
    if (cls == &weft_pncounter_class) weft_pncounter_add(e, -1);
    if (cls == &weft_bcounter_class) weft_bcounter_add(e, 1);
    if (cls == &weft_lwwreg_class) weft_lwwreg_set(e, x);
    if (cls == &weft_mvreg_class) weft_mvreg_set(e, x);
    if (cls == &weft_maxreg_class) weft_maxreg_set(e, 1);
    if (cls == &weft_minreg_class) weft_minreg_set(e, 1);
    if (cls == &weft_topk_class) weft_topk_add(e, x, 1, 3);
    if (cls == &weft_gset_class) weft_gset_add(e, x);
    if (cls == &weft_aworset_class) weft_aworset_add(e, x);
    if (cls == &weft_rworset_class) weft_rworset_add(e, x);
    if (cls == &weft_lwwset_class) weft_lwwset_add(e, x);
    if (cls == &weft_ewflag_class) weft_ewflag_enable(e);
    if (cls == &weft_dwflag_class) weft_dwflag_enable(e);
    if (cls == &weft_lease_class) weft_lease_acquire(e, x, 10);
    if (cls == &weft_windowcounter_class) weft_windowcounter_add(e, 1, 64, 8);
}

static void check_refuses(struct weft_value *v, struct weft_slice bytes) {
    int rc = weft_value_apply(v, bytes);
    if (rc != WEFT_ERR_MALFORMED && rc != WEFT_ERR_VERSION && rc != WEFT_ERR_LIMIT) ck_abort_msg("took it: %d", rc);
}

/* riak_dt: {ok, {not_a_set}}; go-ds-crdt took an unknown field for an old message. */
START_TEST(hazard_garbage_decode_accepted) {
    const struct weft_crdt_class *cls = classes[_i];
    struct weft_value *v = value_of(cls, 0), *w = value_of(cls, 1), *fresh = value_of(cls, 2);
    struct weft__prng rnd;
    struct weft_buf bytes;
    weft__prng_seed(&rnd, 5);
    weft_buf_init(&bytes, NULL);
    check_refuses(v, weft_slice(NULL, 0));
    check_refuses(v, weft_str("not_a_set"));
    for (uint32_t i = 0; i < 4000; i++) {
        weft_buf_reset(&bytes);
        for (int field = 1; field <= 3 && i % 2 == 0; field++) { /* a good head: version, type, schema */
            weft__write_varint(&bytes, (uint64_t)field << 3);
            weft__write_varint(&bytes, field == 2 ? cls->type : 1);
        }
        for (uint64_t n = 1 + weft__prng_below(&rnd, 60); n > 0; n--)
            (void)weft_buf_append(&bytes, &(uint8_t){(uint8_t)weft__prng_next(&rnd)}, 1);
        check_refuses(v, weft_buf_slice(&bytes));
    }
    weft_buf_fini(&bytes);
    do_something(weft_value_edit(w), cls);
    struct weft_buf both[2] = {commit_at(w, 5), bytes_of(w)};
    for (size_t k = 0; k < 2; k++) {
        static const uint8_t unknown[] = {0x98, 0x01, 0x01}; /* field 19 = 1 */
        size_t whole = both[k].len;
        ck_assert_int_eq(weft_buf_append(&both[k], unknown, sizeof unknown), 0);
        check_refuses(v, weft_buf_slice(&both[k]));
        for (int other = 0; other < CLASSES; other++) {
            if (other == _i) continue;
            struct weft_value *o = value_of(classes[other], 3);
            check_refuses(o, weft_slice(both[k].ptr, whole));
            weft_value_free(o);
        }
        ck_assert(value_eq(v, fresh));
    }
    free_bufs(both, 2);
    free_values((struct weft_value *[]){v, w, fresh}, 3);
}
END_TEST

/* Refused as such, whatever follows. */
START_TEST(hazard_merge_of_a_future_version_frame) {
    struct weft_value *a = value_of(&weft_aworset_class, 0);
    struct weft_buf delta = put_in(a, "x", 1), state = bytes_of(a);
    struct weft_value *b = value_of(&weft_aworset_class, 1);
    delta.ptr[1] = state.ptr[1] = 2;
    ck_assert_int_eq(weft_value_apply(b, weft_buf_slice(&delta)), WEFT_ERR_VERSION);
    ck_assert_int_eq(weft_value_apply(b, weft_buf_slice(&state)), WEFT_ERR_VERSION);
    static const uint8_t other_fields[] = {0x08, 0x07, 0xff, 0xff, 0xff};
    ck_assert_int_eq(weft_value_apply(b, weft_slice(other_fields, sizeof other_fields)), WEFT_ERR_VERSION);
    check_shows(b, "{}");
    delta.ptr[1] = 1;
    apply_ok(b, &delta);
    check_shows(b, "{x}");
    weft_buf_fini(&delta);
    weft_buf_fini(&state);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* From a peer that speaks the next version: messages, and transactions in messages that read. Nothing of it is taken
 * for something else, and what this version knows goes on. */
START_TEST(hazard_future_version_messages) {
    start_cluster(&c, 2);
    cluster_count(&c, 0, "n", 1);
    ck_assert_uint_eq(c.queued, 1);
    uint8_t *bytes = c.queue[0].bytes;
    ck_assert_uint_eq(bytes[0], 0x08); /* field 1, the version */
    bytes[1]++;
    receive(&c, 1, 0, weft_slice(bytes, c.queue[0].len));
    bytes[1]--;
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], 1);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 0);
    cluster_deliver(&c, 0);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 1);
    struct forged f = {.origin = a_stranger(7), .seq = 1, .stamp = cluster_stats(&c, 0).clock, .amount = 1};
    struct weft_buf txn = forge(&f);
    ck_assert_uint_eq(txn.ptr[0], 0x08);
    txn.ptr[1]++;
    struct weft_slice item = weft_buf_slice(&txn);
    send_items(&c, 1, 0, &item, 1);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], 2);
    ck_assert_int_eq(cluster_value(&c, 1, "forged"), 0);
    txn.ptr[1]--;
    send_items(&c, 1, 0, &item, 1);
    ck_assert_int_eq(cluster_value(&c, 1, "forged"), 1);
    weft_buf_fini(&txn);
    cluster_fini(&c);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hazards: garbage");
    TCase *tc = tcase_create("garbage");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, hazard_trimmed_history);
    tcase_add_loop_test(tc, hazard_trimmed_history_is_asked_for, 0, 4);
    tcase_add_test(tc, hazard_trimmed_history_that_never_was);
    tcase_add_test(tc, hazard_aba_on_the_gc_floor);
    tcase_add_test(tc, hazard_aba_of_an_equal_state);
    tcase_add_test(tc, hazard_equality_ignores_an_early_removal);
    tcase_add_test(tc, hazard_equality_ignores_a_loser);
    tcase_add_test(tc, hazard_equality_ignores_the_base_of_a_reset);
    tcase_add_test(tc, hazard_equality_ignores_a_kept_removal);
    tcase_add_test(tc, hazard_equality_ignores_hidden_state_of_replicas);
    tcase_add_loop_test(tc, hazard_garbage_decode_accepted, 0, CLASSES);
    tcase_add_test(tc, hazard_merge_of_a_future_version_frame);
    tcase_add_test(tc, hazard_future_version_messages);
    tcase_add_test(tc, hazard_time_based_gc);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
