/* A whole state on its way: staged chunk by chunk, in memory and in the store, and seen by nobody until it is joined.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/limits.h>
#include <weft/pncounter.h>

#include "base/hash.h"
#include "replication/engine.h"
#include "replication/message.h"
#include "replication/staging.h"
#include "tests/support/cluster.h"
#include "tests/support/suite.h"

#define SECOND UINT64_C(1000000000)

static struct cluster c;
static size_t chunks_to[CLUSTER_MAX]; /* sent, not counting those that were dropped */
static uint32_t chunk_count;          /* of the state that was served last */

static void count_chunks(struct cluster *cluster, int from, const struct weft_message *message) {
    struct weft__message m;
    (void)cluster;
    (void)from;
    ck_assert_int_eq(weft__message_decode(&m, message->bytes, &weft_alloc_default), 0);
    if (m.kind == WEFT__MESSAGE_STATE_CHUNK) {
        chunks_to[message->link]++;
        chunk_count = m.state.count;
    }
    weft__message_fini(&m);
}

static void open_all(int count) {
    cluster_init(&c, count);
    memset(chunks_to, 0, sizeof chunks_to);
    c.on_message = count_chunks;
    for (int i = 0; i < count; i++) {
        c.at[i].options.log_max = 0;
        c.at[i].options.segment_bytes = 512;
        c.at[i].options.chunk_bytes = 100;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
}

static void tick(int i) {
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

static void forget_log(int i) {
    cluster_settle(&c);
    weft_replica_checkpoint(c.at[i].replica);
    tick(i);
    ck_assert_uint_eq(cluster_stats(&c, i).log_entries, 0);
}

static void write_much(int i, const char *key) {
    for (int k = 0; k < 40; k++) {
        char element[40];
        (void)snprintf(element, sizeof element, "an element of %s, number %d", key, k);
        cluster_add(&c, i, key, element);
    }
    cluster_count(&c, i, "n", 1000);
}

static void restart(int i) {
    cluster_crash(&c, i);
    ck_assert_msg(cluster_open(&c, i) == 0, "%s", weft_replica_errmsg(c.at[i].replica));
}

/* What a store holds of a kind. */
struct held {
    enum weft_record_kind kind;
    size_t count;
};

static int count_kind(void *ctx, const struct weft_record *r) {
    struct held *h = ctx;
    h->count += r->kind == h->kind;
    return 0;
}

static size_t stored(int i, enum weft_record_kind kind) {
    struct held h = {kind, 0};
    ck_assert_int_eq(c.at[i].store->cls->load(c.at[i].store, count_kind, &h), 0);
    return h.count;
}

/* Delivers until the replica has got so many chunks more; false: nothing moves any more. */
static bool deliver_chunks(int to, size_t more) {
    size_t got = stored(to, WEFT_RECORD_STAGED);
    while (c.queued > 0 && stored(to, WEFT_RECORD_STAGED) < got + more) cluster_deliver(&c, 0);
    return stored(to, WEFT_RECORD_STAGED) == got + more;
}

/* Of two, the second one has got the first `chunks` of the first one's state. */
static void transfer_some(size_t chunks) {
    open_all(2);
    write_much(0, "s");
    forget_log(0);
    cluster_link(&c, 0, 1);
    ck_assert(deliver_chunks(1, chunks));
    ck_assert_uint_gt(chunk_count, chunks + 3);
}

static void end(void) {
    cluster_fini(&c);
}

/* --- Staged apart ------------------------------------------------------------------------------------------------- */

START_TEST(what_is_staged_is_seen_by_nobody) {
    open_all(3);
    write_much(0, "s");
    forget_log(0);
    cluster_count(&c, 1, "mine", 5);
    cluster_link(&c, 1, 2);
    cluster_settle(&c);
    struct weft_replica_stats before = cluster_stats(&c, 1);
    cluster_link(&c, 0, 1);
    ck_assert(deliver_chunks(1, 4));
    uint32_t whole = chunk_count;
    struct weft_replica_stats after = cluster_stats(&c, 1);
    ck_assert_mem_eq(before.state_hash, after.state_hash, sizeof before.state_hash);
    ck_assert_uint_eq(after.objects, 1);
    ck_assert_uint_eq(cluster_size(&c, 1, "s"), 0);
    ck_assert_uint_eq(cluster_size(&c, 2, "s"), 0);
    /* Writes and deltas go on against what is there. */
    cluster_count(&c, 1, "mine", 2);
    cluster_count(&c, 2, "theirs", 3);
    ck_assert_int_eq(cluster_value(&c, 1, "mine"), 7);
    ck_assert(cluster_converge(&c, 20));
    ck_assert_uint_eq(cluster_size(&c, 1, "s"), 40);
    ck_assert_int_eq(cluster_value(&c, 0, "theirs"), 3);
    ck_assert_uint_eq(chunks_to[1], whole);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 0);
}
END_TEST

/* Otherwise a crash between the two would leave both, or neither. */
static size_t staged_after_join;
static int (*true_write)(struct weft_store *s, const struct weft_record *records, size_t count);

static int spy_write(struct weft_store *s, const struct weft_record *records, size_t count) {
    bool manifest = false, drop = false;
    for (size_t i = 0; i < count; i++) {
        manifest |= records[i].kind == WEFT_RECORD_META && records[i].id == WEFT_META_CHECKPOINT;
        drop |= records[i].kind == WEFT_RECORD_STAGED_DROP;
    }
    ck_assert(manifest == drop);
    staged_after_join += drop;
    return true_write(s, records, count);
}

START_TEST(staged_chunks_go_with_the_checkpoint_that_holds_them) {
    transfer_some(3);
    struct weft_store *s = c.at[1].store;
    const struct weft_store_class *cls = s->cls;
    struct weft_store_class spy = *cls;
    true_write = cls->write;
    staged_after_join = 0;
    spy.write = spy_write;
    s->cls = &spy;
    ck_assert(cluster_converge(&c, 5));
    s->cls = cls;
    ck_assert_uint_eq(staged_after_join, 1);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 0);
}
END_TEST

/* One after the other; both are needed, and each alone lacks what the other one has. */
START_TEST(two_sources_are_joined_one_after_the_other) {
    open_all(3);
    write_much(0, "a");
    write_much(1, "b");
    forget_log(0);
    forget_log(1);
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, 30));
    ck_assert_uint_ge(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 2);
    ck_assert_uint_eq(cluster_size(&c, 0, "b"), 40);
    ck_assert_uint_eq(cluster_size(&c, 1, "a"), 40);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 2000);
    restart(2);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 2000);
}
END_TEST

/* --- Going on ----------------------------------------------------------------------------------------------------- */

START_TEST(a_restart_goes_on_after_the_last_durable_chunk) {
    transfer_some(5);
    c.at[1].hold_records = true; /* one more comes and is lost with the process */
    while (c.at[1].held_count == 0) cluster_deliver(&c, 0);
    restart(1);
    c.at[1].hold_records = false;
    tick(1);
    cluster_release(&c, 1);
    chunks_to[1] = 0;
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_uint_eq(chunks_to[1], chunk_count - 5);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DROPPED], 0);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 0);
    restart(1);
    ck_assert_uint_eq(cluster_size(&c, 1, "s"), 40);
}
END_TEST

START_TEST(a_lost_link_costs_no_chunk_twice) {
    transfer_some(5);
    cluster_unlink(&c, 0, 1);
    chunks_to[1] = 0;
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_uint_eq(chunks_to[1], chunk_count - 5);
}
END_TEST

START_TEST(another_peer_with_the_same_state_serves_the_rest) {
    open_all(3);
    cluster_link(&c, 0, 1);
    write_much(0, "s");
    cluster_settle(&c);
    forget_log(0);
    forget_log(1);
    cluster_link(&c, 0, 2);
    ck_assert(deliver_chunks(2, 5));
    cluster_crash(&c, 0);
    restart(2);
    chunks_to[2] = 0;
    cluster_link(&c, 1, 2);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_uint_eq(chunks_to[2], chunk_count - 5);
    ck_assert_uint_eq(cluster_size(&c, 2, "s"), 40);
}
END_TEST

START_TEST(a_state_that_is_not_served_any_more_is_dropped) {
    transfer_some(5);
    cluster_unlink(&c, 0, 1);
    write_much(0, "more");
    forget_log(0);
    restart(1);
    chunks_to[1] = 0;
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DROPPED], 1);
    ck_assert_uint_eq(chunks_to[1], chunk_count);
    ck_assert_uint_eq(cluster_size(&c, 1, "more"), 40);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 0);
}
END_TEST

/* Also in the store: a crash must not bring back chunks of the old among those of the new. */
START_TEST(chunks_of_two_states_do_not_mix) {
    transfer_some(8);
    cluster_unlink(&c, 0, 1);
    write_much(0, "more");
    forget_log(0);
    cluster_link(&c, 0, 1);
    while (c.at[1].notices[WEFT_NOTICE_STATE_DROPPED] == 0) cluster_deliver(&c, 0);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 1);
    restart(1);
    chunks_to[1] = 0;
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_uint_eq(chunks_to[1], chunk_count - 1);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], 0);
}
END_TEST

/* The source goes over to a new state under the receiver's feet, because a third one asks. */
START_TEST(a_state_that_is_replaced_at_its_source_is_begun_anew) {
    open_all(3);
    write_much(0, "s");
    forget_log(0);
    cluster_link(&c, 0, 1);
    ck_assert(deliver_chunks(1, 5));
    write_much(0, "more");
    weft_replica_checkpoint(c.at[0].replica);
    tick(0);
    cluster_link(&c, 0, 2);
    ck_assert(cluster_converge(&c, 12));
    ck_assert_uint_eq(cluster_size(&c, 1, "more"), 40);
    ck_assert_uint_eq(cluster_size(&c, 2, "more"), 40);
}
END_TEST

START_TEST(what_nobody_goes_on_with_does_not_stay) {
    transfer_some(5);
    restart(1);
    cluster_pass(&c, 39 * SECOND);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 5);
    cluster_pass(&c, 2 * SECOND);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 0);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DROPPED], 1);
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
}
END_TEST

/* --- Damage and lies ---------------------------------------------------------------------------------------------- */

struct damage {
    uint64_t chunk;
    struct weft_buf bytes;
};

static int copy_chunk(void *ctx, const struct weft_record *r) {
    struct damage *d = ctx;
    if (r->kind == WEFT_RECORD_STAGED && r->id == d->chunk) (void)weft_buf_append_slice(&d->bytes, r->bytes);
    return 0;
}

/* A byte of a stored chunk rots. */
static void spoil(int i, uint64_t chunk, size_t at) {
    struct damage d = {.chunk = chunk};
    weft_buf_init(&d.bytes, NULL);
    ck_assert_int_eq(c.at[i].store->cls->load(c.at[i].store, copy_chunk, &d), 0);
    ck_assert_uint_gt(d.bytes.len, at);
    d.bytes.ptr[at] ^= 0x20;
    struct weft_record r = {.kind = WEFT_RECORD_STAGED, .id = chunk, .bytes = weft_buf_slice(&d.bytes)};
    ck_assert_int_eq(c.at[i].store->cls->write(c.at[i].store, &r, 1), 0);
    weft_buf_fini(&d.bytes);
}

START_TEST(a_damaged_chunk_is_fetched_again) {
    static const size_t places[] = {0, 3, 25, 40, 120};
    transfer_some(5);
    spoil(1, (uint64_t)_i, places[_i]);
    cluster_crash(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 1), 0);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DROPPED], 1);
    chunks_to[1] = 0;
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_uint_eq(chunks_to[1], chunk_count - (size_t)_i);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 0);
}
END_TEST

static struct weft_buf forged;

static void send_chunk(uint64_t transfer, uint32_t chunk, uint32_t count, uint64_t total, uint8_t hash, size_t len) {
    static uint8_t bytes[1024];
    uint8_t whole[WEFT__CHAIN_LEN];
    struct weft__message_head head = {{{0}}, {{{9}}, 9}, c.at[1].now.wall};
    memset(whole, hash, sizeof whole);
    weft_buf_reset(&forged);
    ck_assert_int_eq(
        weft__message_write_state_chunk(&forged, &head, transfer, chunk, count, total, whole, weft_slice(bytes, len)),
        0);
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = 0, .bytes = weft_buf_slice(&forged)};
    ck_assert_int_eq(cluster_step(&c, 1, e), 0);
}

/* Each is refused or ignored, and the state that its source serves is taken all the same. */
START_TEST(no_state_is_cut_like_that) {
    static const struct {
        uint32_t chunk, count;
        uint64_t total;
        size_t len;
        bool refused;
    } cases[] = {
        {0, 2, 1000, 100, true}, /* two of 100 are not 1000 */
        {0, 11, 1000, 100, true},
        {0, 10, 901, 100, false}, /* a last one of one byte */
        {0, 10, 900, 100, true},
        {0, UINT32_MAX, UINT64_MAX, 100, true},
        {0, (uint32_t)((WEFT_STATE_MAX + 512) / 512), WEFT_STATE_MAX + 1, 512, true},
        {1, 10, 1000, 100, false}, /* not what was asked for */
        {9, 10, 1000, 100, false},
    };
    open_all(2);
    weft_buf_init(&forged, NULL);
    write_much(0, "s");
    forget_log(0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t before = c.at[1].notices[WEFT_NOTICE_REFUSED];
        cluster_link(&c, 0, 1);
        while (c.at[1].notices[WEFT_NOTICE_STATE_BEGUN] == i) cluster_deliver(&c, 0);
        send_chunk(7, cases[i].chunk, cases[i].count, cases[i].total, 1, cases[i].len);
        ck_assert_msg(c.at[1].notices[WEFT_NOTICE_REFUSED] - before == cases[i].refused, "case %zu", i);
        cluster_unlink(&c, 0, 1);
    }
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    weft_buf_fini(&forged);
}
END_TEST

START_TEST(chunks_in_the_middle_are_of_the_length_of_the_first) {
    weft_buf_init(&forged, NULL);
    for (size_t len = 1; len <= 400; len += 57) {
        open_all(2);
        write_much(0, "s");
        forget_log(0);
        cluster_link(&c, 0, 1);
        while (c.at[1].notices[WEFT_NOTICE_STATE_BEGUN] == 0) cluster_deliver(&c, 0);
        while (c.queued > 0) cluster_drop(&c, 0);
        send_chunk(7, 0, 3, 250, 1, 100);
        ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 1);
        send_chunk(7, 1, 3, 250, 1, len);
        ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], len > 250 ? 1 : len != 100);
        send_chunk(8, 1, 3, 250, 1, 100); /* of other names */
        send_chunk(7, 1, 3, 250, 2, 100);
        ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 1);
        cluster_fini(&c);
    }
    open_all(1);
    weft_buf_fini(&forged);
}
END_TEST

static size_t state_len(int i) {
    struct weft_buf state;
    weft_buf_init(&state, NULL);
    ck_assert_int_eq(weft_replica_encode(c.at[i].replica, &state), 0);
    size_t len = state.len;
    weft_buf_fini(&state);
    return len;
}

static void pass(unsigned seconds) {
    for (; seconds > 0; seconds--) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
}

/* The peer asks again and again; it is said once in a while, and costs nothing else. */
START_TEST(a_state_that_is_too_large_is_not_served) {
    open_all(2);
    write_much(0, "s");
    forget_log(0);
    size_t len = state_len(0), *max = &c.at[0].replica->outgoing.max;
    uint64_t *said = &c.at[0].notices[WEFT_NOTICE_STATE_TOO_LARGE];
    cluster_link(&c, 0, 1);
    for (*max = len - 1; *max < len; *max -= len / 4) {
        uint64_t before = *said;
        pass(20);
        ck_assert_msg(*said > before && *said <= before + 3, "%zu of %zu bytes", *max, len);
    }
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED] + c.at[0].notices[WEFT_NOTICE_REFUSED], 0);
    ck_assert_uint_eq(chunks_to[1], 0);
    *max = len;
    ck_assert(cluster_converge(&c, 40));
}
END_TEST

/* Its chunks fit, and are not what it said: nothing of it stays, here or in the store. */
START_TEST(a_state_that_is_not_what_was_announced_leaves_nothing) {
    open_all(2);
    weft_buf_init(&forged, NULL);
    write_much(0, "s");
    forget_log(0);
    cluster_link(&c, 0, 1);
    while (c.at[1].notices[WEFT_NOTICE_STATE_BEGUN] == 0) cluster_deliver(&c, 0);
    while (c.queued > 0) cluster_drop(&c, 0);
    for (uint32_t i = 0; i < 3; i++) send_chunk(7, i, 3, 250, 1, i < 2 ? 100 : 50);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], 1);
    ck_assert_uint_eq(stored(1, WEFT_RECORD_STAGED), 0);
    ck_assert(cluster_converge(&c, 20));
    ck_assert_uint_eq(cluster_size(&c, 1, "s"), 40);
    weft_buf_fini(&forged);
}
END_TEST

/* --- Not whole yet ------------------------------------------------------------------------------------------------ */

static int readable(int i) {
    return weft_replica_readable(c.at[i].replica);
}

START_TEST(an_empty_replica_is_not_read_before_it_is_whole) {
    transfer_some(5);
    ck_assert_int_eq(readable(0), 0);
    ck_assert_int_eq(readable(1), WEFT_ERR_NOT_WHOLE);
    cluster_unlink(&c, 0, 1);
    ck_assert_int_eq(readable(1), WEFT_ERR_NOT_WHOLE); /* it knows that there is more */
    restart(1);
    ck_assert_int_eq(readable(1), WEFT_ERR_NOT_WHOLE);
    cluster_link(&c, 0, 1);
    while (c.at[1].notices[WEFT_NOTICE_STATE_DONE] == 0) {
        ck_assert_int_eq(readable(1), WEFT_ERR_NOT_WHOLE);
        cluster_deliver(&c, 0);
    }
    ck_assert_int_eq(readable(1), 0);
    restart(1);
    ck_assert_int_eq(readable(1), 0);
}
END_TEST

START_TEST(who_knows_of_nothing_more_may_be_read) {
    open_all(2);
    ck_assert_int_eq(readable(0), 0);
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    ck_assert_int_eq(readable(1), 0);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    ck_assert_int_eq(readable(1), 0);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 1);
}
END_TEST

/* An increment counts, a removal finds nothing; and then there is a state of its own to read. */
START_TEST(an_empty_replica_takes_commits_before_it_is_whole) {
    transfer_some(5);
    cluster_remove(&c, 1, "s", "an element of s, number 7");
    ck_assert_int_eq(readable(1), WEFT_ERR_NOT_WHOLE);
    cluster_count(&c, 1, "n", 11);
    ck_assert_int_eq(readable(1), 0);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 11);
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 1011);
        ck_assert_uint_eq(cluster_size(&c, i, "s"), 40);
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("transfer");
    TCase *t = tcase_create("transfer");
    tcase_add_checked_fixture(t, NULL, end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, what_is_staged_is_seen_by_nobody);
    tcase_add_test(t, staged_chunks_go_with_the_checkpoint_that_holds_them);
    tcase_add_test(t, two_sources_are_joined_one_after_the_other);
    tcase_add_test(t, a_restart_goes_on_after_the_last_durable_chunk);
    tcase_add_test(t, a_lost_link_costs_no_chunk_twice);
    tcase_add_test(t, another_peer_with_the_same_state_serves_the_rest);
    tcase_add_test(t, a_state_that_is_not_served_any_more_is_dropped);
    tcase_add_test(t, chunks_of_two_states_do_not_mix);
    tcase_add_test(t, a_state_that_is_replaced_at_its_source_is_begun_anew);
    tcase_add_test(t, what_nobody_goes_on_with_does_not_stay);
    tcase_add_loop_test(t, a_damaged_chunk_is_fetched_again, 0, 5);
    tcase_add_test(t, no_state_is_cut_like_that);
    tcase_add_test(t, chunks_in_the_middle_are_of_the_length_of_the_first);
    tcase_add_test(t, a_state_that_is_too_large_is_not_served);
    tcase_add_test(t, a_state_that_is_not_what_was_announced_leaves_nothing);
    tcase_add_test(t, an_empty_replica_is_not_read_before_it_is_whole);
    tcase_add_test(t, who_knows_of_nothing_more_may_be_read);
    tcase_add_test(t, an_empty_replica_takes_commits_before_it_is_whole);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
