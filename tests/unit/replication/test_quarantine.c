/* Refused messages are kept: bounded, in the store, and may be taken again. Void transactions are listed. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>
#include <weft/pncounter.h>

#include "base/wire.h"
#include "replication/kept.h"
#include "replication/message.h"
#include "replication/transaction.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/faulty_store.h"
#include "tests/support/suite.h"

#define GARBAGE "GET / HTTP/1.1\r\n\r\n"

static struct cluster c;

static void open_two(void) {
    cluster_init(&c, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void receive(int i, uint32_t link, struct weft_slice bytes) {
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = link, .bytes = bytes};
    ck_assert_int_eq(cluster_step(&c, i, e), 0);
}

static void tick(int i) {
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

static size_t count(int i) {
    struct weft_refused info;
    size_t n = 0;
    while (weft_replica_refused(c.at[i].replica, n, &info)) n++;
    return n;
}

static struct weft_refused at(int i, size_t index) {
    struct weft_refused info;
    ck_assert(weft_replica_refused(c.at[i].replica, index, &info));
    return info;
}

static int retry(int i, uint64_t number) {
    int rc = weft_replica_retry(c.at[i].replica, &c.at[i].now, number);
    if (c.at[i].replica != NULL) tick(i);
    return rc;
}

static void reopen(int i) {
    cluster_crash(&c, i);
    ck_assert_int_eq(cluster_open(&c, i), 0);
}

/* --- Messages that make sense, or will -------------------------------------------------------------------------------
 */

static struct weft_origin stranger = {{{0xee}}, 77};
static struct weft_id space; /* of all that is made up here */

/* A transaction of a made-up origin that adds to a counter; a body of nonsense is void. */
static void forge(struct weft_buf *out, uint64_t seq, const struct weft_buf *previous, uint64_t total) {
    uint8_t hash[WEFT__CHAIN_LEN];
    struct weft__transaction t = {
        .space = space, .origin = stranger, .seq = seq, .stamp = {WEFT_HLC_SECONDS(1700000000) + seq, 0}};
    struct weft_buf body;
    weft_buf_init(&body, NULL);
    size_t entry = weft__write_begin(&body, 1), values = weft__write_begin(&body, 3);
    weft__write_varint(&body, total);
    weft__write_end(&body, values);
    weft__write_end(&body, entry);
    if (previous != NULL) {
        weft__blake2b128(hash, weft_buf_slice(previous));
        t.previous = weft_slice(hash, sizeof hash);
    }
    weft_buf_init(out, NULL);
    weft__transaction_write_head(out, &t);
    struct weft_slice bytes = total > 0 ? weft_buf_slice(&body) : weft_str("nonsense");
    weft__transaction_write_delta(out, &(struct weft__txn_delta){weft_str("n"), weft_pncounter_class.type, 1, bytes});
    weft_buf_fini(&body);
}

static void message_of(struct weft_buf *out, const struct weft_slice *rows, size_t n) {
    struct weft__message_head head = {space, stranger, WEFT_HLC_SECONDS(1700000000)};
    weft_buf_init(out, NULL);
    ck_assert_int_eq(weft__message_write_transactions(out, &head, rows, n, false), 0);
}

/* Replica i is opened from a store where the message stands as entry 1: of a Weft that could not read it. */
static void keep_as_refused(int i, struct weft_slice message) {
    struct weft__kept_entry e = {.number = 1,
                                 .err = WEFT_ERR_VERSION,
                                 .wall = 5,
                                 .replica = stranger.replica,
                                 .length = message.len,
                                 .bytes = message};
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft__kept_write(&b, &e), 0);
    struct weft_record r = {.kind = WEFT_RECORD_QUARANTINE, .id = 0, .bytes = weft_buf_slice(&b)};
    ck_assert_int_eq(c.at[i].store->cls->write(c.at[i].store, &r, 1), 0);
    reopen(i);
    weft_buf_fini(&b);
}

/* Entry 1 at replica 0: a transaction that adds 5. */
static void open_with_five(void) {
    struct weft_buf row, message;
    open_two();
    forge(&row, 1, NULL, 5);
    struct weft_slice rows = weft_buf_slice(&row);
    message_of(&message, &rows, 1);
    keep_as_refused(0, weft_buf_slice(&message));
    weft_buf_fini(&row);
    weft_buf_fini(&message);
}

/* --- Keeping --------------------------------------------------------------------------------------------------------
 */

START_TEST(it_says_who_when_and_why_also_after_a_restart) {
    open_two();
    receive(1, 0, weft_str(GARBAGE));
    struct weft__message_head head = {{{7}}, *weft_origins_at(weft_replica_origins(c.at[0].replica), 0), 1};
    struct weft_buf other;
    weft_buf_init(&other, NULL);
    ck_assert_int_eq(weft__message_write_state_request(&other, &head, 0, 0), 0);
    receive(1, 0, weft_buf_slice(&other));
    for (int opening = 0; opening < 2; opening++) {
        ck_assert_uint_eq(count(1), 2);
        struct weft_refused first = at(1, 0), second = at(1, 1);
        ck_assert(first.number == 1 && second.number == 2);
        ck_assert_int_eq(first.err, WEFT_ERR_MALFORMED);
        ck_assert_uint_eq(first.wall, c.at[1].now.wall);
        ck_assert_uint_eq(first.link, 0);
        ck_assert_uint_eq(first.sender.bytes[0], 1);
        ck_assert(!first.is_authenticated);
        ck_assert(weft_slice_eq(first.bytes, weft_str(GARBAGE)) && first.length == first.bytes.len);
        ck_assert_str_eq(first.kind, "?");
        ck_assert_str_eq(second.kind, "state request");
        ck_assert(weft_slice_eq(second.bytes, weft_buf_slice(&other)));
        if (opening == 0) {
            ck_assert_uint_eq(cluster_stats(&c, 1).refused, 2);
            ck_assert_uint_eq(weft_replica_refusals(c.at[1].replica, WEFT_ERR_MALFORMED), 2);
            ck_assert_uint_eq(weft_replica_refusals(c.at[1].replica, WEFT_ERR_LIMIT), 0);
            reopen(1);
        }
    }
    cluster_link(&c, 0, 1);
    receive(1, 0, weft_str("more"));
    ck_assert_uint_eq(at(1, 2).number, 3);
    ck_assert_uint_eq(weft_replica_refusals(c.at[1].replica, 0), 0);
    ck_assert_uint_eq(weft_replica_refusals(c.at[1].replica, -1000), 0);
    weft_buf_fini(&other);
    cluster_fini(&c);
}
END_TEST

/* The link brings the one, the message's head names another who nobody heard of. */
START_TEST(of_a_link_that_said_nothing_the_head_is_believed) {
    cluster_init(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = 7}), 0);
    struct weft__message_head head = {{{0}}, stranger, 1};
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    ck_assert_int_eq(weft__message_write_state_request(&m, &head, 0, 0), 0);
    m.ptr[m.len - 2] ^= 1; /* the body's tag */
    receive(0, 7, weft_buf_slice(&m));
    ck_assert_uint_eq(count(0), 1);
    ck_assert_uint_eq(at(0, 0).sender.bytes[0], 0xee);
    weft_buf_fini(&m);
    cluster_fini(&c);
}
END_TEST

static size_t records_of_quarantine;

static int count_records(void *ctx, const struct weft_record *r) {
    (void)ctx;
    records_of_quarantine += r->kind == WEFT_RECORD_QUARANTINE;
    return 0;
}

START_TEST(a_flood_is_neither_a_flood_of_records_nor_the_end_of_the_list) {
    cluster_init(&c, 3);
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
    receive(0, 2, weft_str("of a quiet one"));
    for (int minute = 0; minute < 3; minute++) {
        uint64_t issued = 0;
        struct weft_update u;
        for (int i = 0; i < 2000; i++) {
            struct weft_event e = {
                .kind = WEFT_EVENT_RECEIVED, .link = 1, .bytes = weft_str(GARBAGE), .now = c.at[0].now};
            ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), 0);
            for (size_t k = 0; k < u.record_count; k++) issued += u.records[k].kind == WEFT_RECORD_QUARANTINE;
        }
        ck_assert_uint_eq(issued, WEFT_REFUSED_MAX / 4);
        c.at[0].now.mono_ns += UINT64_C(60000000000);
    }
    ck_assert_uint_eq(cluster_stats(&c, 0).refused, 6001);
    ck_assert_uint_eq(cluster_stats(&c, 0).unkept, 6000 - 3 * (WEFT_REFUSED_MAX / 4));
    ck_assert_uint_eq(count(0), 1 + WEFT_REFUSED_MAX / 4);
    ck_assert(weft_slice_eq(at(0, 0).bytes, weft_str("of a quiet one")));
    ck_assert_int_eq(c.at[0].store->cls->load(c.at[0].store, count_records, NULL), 0);
    ck_assert_uint_eq(records_of_quarantine, 1); /* those above were not written */
    cluster_fini(&c);
}
END_TEST

START_TEST(of_a_long_one_the_beginning_is_kept) {
    static uint8_t zeros[WEFT_KEPT_BYTES_MAX + 1];
    open_two();
    receive(0, 1, weft_slice(zeros, WEFT_KEPT_BYTES_MAX));
    receive(0, 1, weft_slice(zeros, sizeof zeros));
    reopen(0);
    ck_assert(at(0, 0).length == WEFT_KEPT_BYTES_MAX && at(0, 0).bytes.len == WEFT_KEPT_BYTES_MAX);
    ck_assert(at(0, 1).length == sizeof zeros && at(0, 1).bytes.len == WEFT_KEPT_BYTES_MAX);
    ck_assert_int_eq(retry(0, 1), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(retry(0, 2), WEFT_ERR_LIMIT);
    ck_assert_str_eq(weft_replica_errmsg(c.at[0].replica), "only its beginning is kept");
    cluster_fini(&c);
}
END_TEST

static int damage(void *ctx, const struct weft_record *r) {
    struct weft_store *to = ctx;
    uint8_t copy[256];
    struct weft_record with = *r;
    if (r->kind == WEFT_RECORD_QUARANTINE && r->id == 0) {
        memcpy(copy, r->bytes.ptr, r->bytes.len);
        copy[r->bytes.len - 1] ^= 1;
        with.bytes.ptr = copy;
    }
    return to->cls->write(to, &with, 1);
}

START_TEST(a_damaged_record_is_passed_over_and_counted) {
    struct weft_store *copy;
    open_two();
    receive(0, 1, weft_str("first"));
    receive(0, 1, weft_str("second"));
    cluster_crash(&c, 0);
    ck_assert_int_eq(weft_store_memory_new(&copy, NULL), 0);
    ck_assert_int_eq(c.at[0].store->cls->load(c.at[0].store, damage, copy), 0);
    c.at[0].store->cls->close(c.at[0].store);
    c.at[0].store = copy;
    struct weft_record later = {.kind = WEFT_RECORD_QUARANTINE, .id = 9999, .bytes = weft_str("of a later Weft")};
    ck_assert_int_eq(copy->cls->write(copy, &later, 1), 0);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    ck_assert_uint_eq(count(0), 1);
    ck_assert_uint_eq(at(0, 0).number, 2);
    ck_assert_uint_eq(cluster_stats(&c, 0).kept_damaged, 1);
    cluster_fini(&c);
}
END_TEST

/* --- Taking again ----------------------------------------------------------------------------------------------------
 */

START_TEST(what_reads_by_now_is_applied_and_the_entry_goes) {
    open_with_five();
    ck_assert_str_eq(at(0, 0).kind, "transactions");
    ck_assert_int_eq(retry(0, 1), 0);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 5);
    ck_assert_uint_eq(count(0), 0);
    ck_assert_int_eq(retry(0, 1), WEFT_ERR_NOT_FOUND);
    reopen(0);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 5);
    ck_assert_uint_eq(count(0), 0);
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 5);
    receive(0, 1, weft_str(GARBAGE));
    ck_assert_uint_eq(at(0, 0).number, 2); /* 1 was somebody's */
    cluster_fini(&c);
}
END_TEST

START_TEST(what_does_not_stays_and_changes_nothing) {
    open_two();
    cluster_count(&c, 0, "n", 3);
    cluster_settle(&c);
    receive(0, 1, weft_str(GARBAGE));
    struct weft_replica_stats before = cluster_stats(&c, 0), after;
    ck_assert_int_eq(retry(0, 1), WEFT_ERR_MALFORMED);
    ck_assert_str_eq(weft_replica_errmsg(c.at[0].replica), weft_strerror(WEFT_ERR_MALFORMED));
    after = cluster_stats(&c, 0);
    ck_assert_mem_eq(&before, &after, sizeof after);
    ck_assert_uint_eq(count(0), 1);
    ck_assert_int_eq(retry(0, 2), WEFT_ERR_NOT_FOUND);
    struct weft_txn *t = cluster_begin(&c, 0);
    ck_assert_int_eq(weft_replica_retry(c.at[0].replica, &c.at[0].now, 1), WEFT_ERR_BUSY);
    ck_assert_int_eq(weft_replica_forget(c.at[0].replica, 1), WEFT_ERR_BUSY);
    weft_txn_abort(t);
    cluster_fini(&c);
}
END_TEST

/* Two transactions, the second alone, and then both: what waits is in memory only, and so the entry stays. */
START_TEST(what_waits_for_others_is_kept_until_they_are_here) {
    struct weft_buf first, second, message;
    open_two();
    forge(&first, 1, NULL, 5);
    forge(&second, 2, &first, 9);
    struct weft_slice rows[2] = {weft_buf_slice(&first), weft_buf_slice(&second)};
    message_of(&message, &rows[1], 1);
    keep_as_refused(0, weft_buf_slice(&message));
    weft_buf_fini(&message);
    ck_assert_int_eq(retry(0, 1), WEFT_ERR_NOT_READY);
    ck_assert_ptr_nonnull(strstr(weft_replica_errmsg(c.at[0].replica), "it waits"));
    ck_assert_uint_eq(count(0), 1);
    cluster_link(&c, 0, 1);
    message_of(&message, rows, 1);
    receive(0, 1, weft_buf_slice(&message));
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 9); /* the second has waited */
    ck_assert_int_eq(retry(0, 1), 0);
    ck_assert_uint_eq(count(0), 0);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 9);
    weft_buf_fini(&first);
    weft_buf_fini(&second);
    weft_buf_fini(&message);
    cluster_fini(&c);
}
END_TEST

START_TEST(another_chain_of_its_origin_is_named_and_kept) {
    struct weft_buf other, message;
    open_with_five();
    cluster_link(&c, 0, 1);
    forge(&other, 1, NULL, 6);
    struct weft_slice row = weft_buf_slice(&other);
    message_of(&message, &row, 1);
    receive(0, 1, weft_buf_slice(&message));
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 6);
    ck_assert_int_eq(retry(0, 1), WEFT_ERR_CLONED);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 6);
    ck_assert_uint_eq(count(0), 1);
    weft_buf_fini(&other);
    weft_buf_fini(&message);
    cluster_fini(&c);
}
END_TEST

/* The rows and the end of the entry are in one write: both are durable, or neither. */
START_TEST(a_failed_write_keeps_the_entry_or_has_applied_it) {
    for (int how = 0; how < 2; how++) {
        struct faulty_store f;
        open_with_five();
        faulty_store_init(&f, c.at[0].store);
        c.at[0].store = &f.store;
        f.how = how == 0 ? FAULTY_WRITE_NOTHING : FAULTY_WRITE_UNTOLD;
        f.fail_at = 1;
        c.at[0].dies_of_write = true;
        ck_assert_int_eq(retry(0, 1), 0);
        ck_assert_ptr_null(c.at[0].replica);
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        ck_assert_uint_eq(count(0), how == 0 ? 1 : 0);
        ck_assert_int_eq(cluster_value(&c, 0, "n"), how == 0 ? 0 : 5);
        c.at[0].dies_of_write = false;
        if (how == 0) ck_assert_int_eq(retry(0, 1), 0);
        ck_assert_int_eq(cluster_value(&c, 0, "n"), 5);
        cluster_fini(&c);
    }
}
END_TEST

START_TEST(the_nth_allocation_fails_and_it_is_done_again) {
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        struct failing_alloc f;
        failing_alloc_init(&f);
        open_with_five();
        cluster_crash(&c, 0);
        c.at[0].options.alloc = &f.alloc;
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        f.fail_at = f.calls + n;
        int rc = weft_replica_retry(c.at[0].replica, &c.at[0].now, 1);
        bool failed = rc == WEFT_ERR_NOMEM;
        f.fail_at = 0;
        ck_assert_uint_eq(count(0), rc == 0 ? 0 : 1);
        if (failed) rc = weft_replica_retry(c.at[0].replica, &c.at[0].now, 1);
        ck_assert_int_eq(rc, 0);
        tick(0);
        reopen(0);
        ck_assert_int_eq(cluster_value(&c, 0, "n"), 5);
        ck_assert_uint_eq(count(0), 0);
        cluster_fini(&c);
        ck_assert_uint_eq(f.live_bytes, 0);
        failures += failed;
        if (!failed) break;
    }
    ck_assert_uint_gt(failures, 3);
}
END_TEST

START_TEST(the_nth_allocation_of_a_refusal_fails_and_it_is_refused_once) {
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        struct failing_alloc f;
        struct weft_update u;
        failing_alloc_init(&f);
        cluster_init(&c, 2);
        c.at[0].options.alloc = &f.alloc;
        for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
        cluster_link_all(&c);
        cluster_settle(&c);
        struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = 1, .bytes = weft_str(GARBAGE), .now = c.at[0].now};
        f.fail_at = f.calls + n;
        int rc = weft_replica_step(c.at[0].replica, &e, &u);
        f.fail_at = 0;
        failures += rc == WEFT_ERR_NOMEM;
        bool done = rc == 0;
        if (!done) ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), 0);
        ck_assert_uint_eq(cluster_stats(&c, 0).refused, 1);
        ck_assert_uint_eq(count(0), 1);
        ck_assert_uint_eq(u.record_count, 1);
        cluster_fini(&c);
        if (done) break;
    }
    ck_assert_uint_gt(failures, 0);
}
END_TEST

START_TEST(what_is_forgotten_stays_forgotten) {
    open_two();
    receive(0, 1, weft_str("first"));
    receive(0, 1, weft_str("second"));
    ck_assert_int_eq(weft_replica_forget(c.at[0].replica, 2), 0);
    ck_assert_int_eq(weft_replica_forget(c.at[0].replica, 2), WEFT_ERR_NOT_FOUND);
    tick(0);
    reopen(0);
    ck_assert_uint_eq(count(0), 1);
    ck_assert_uint_eq(at(0, 0).number, 1);
    cluster_link(&c, 0, 1);
    receive(0, 1, weft_str("third"));
    ck_assert_uint_eq(at(0, 1).number, 3);
    cluster_fini(&c);
}
END_TEST

/* --- Under rights ---------------------------------------------------------------------------------------------------
 */

/* Committed at replica 0: all write, and 1 may relay or not. */
static void commit_rights(const struct authority *root, uint64_t generation, bool relays) {
    struct policy p = {.generation = generation, .writes = {"*", "*", "*"}, .relays_not = {false, !relays, false}};
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    authority_sign(root, &space, &p, &b);
    struct weft_txn *t = cluster_begin(&c, 0);
    ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&b)), 0);
    (void)cluster_commit(&c, 0, t);
    cluster_settle(&c);
    weft_buf_fini(&b);
}

/* What 2 wrote, in a message that says to come from another one, over the link of 1 to 0. */
static void relay_as(int i) {
    struct weft_origin writer = weft_replica_self(c.at[2].replica);
    struct weft_slice row = weft_replica_transaction(c.at[2].replica, &writer, 1);
    struct weft__message_head head = {space, weft_replica_self(c.at[i].replica), c.at[0].now.wall};
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    ck_assert_int_eq(weft__message_write_transactions(&m, &head, &row, 1, false), 0);
    receive(0, 1, weft_buf_slice(&m));
    weft_buf_fini(&m);
}

START_TEST(the_sender_is_judged_by_the_rights_of_today) {
    struct authority root = authority_new(1);
    cluster_init(&c, 3);
    space = authority_space(&root);
    c.tells_peers = true;
    for (int i = 0; i < 3; i++) {
        c.at[i].options.space = space;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link(&c, 0, 1);
    cluster_link(&c, 0, 2);
    commit_rights(&root, 1, false);
    cluster_unlink(&c, 0, 2);
    cluster_count(&c, 2, "n", 5);
    relay_as(1);
    relay_as(2); /* which it is not */
    ck_assert_uint_eq(count(0), 2);
    for (int opening = 0; opening < 2; opening++) {
        ck_assert_int_eq(at(0, 0).err, WEFT_ERR_DENIED);
        ck_assert_int_eq(at(0, 1).err, WEFT_ERR_CERTIFICATE);
        for (size_t i = 0; i < 2; i++) {
            ck_assert(at(0, i).is_authenticated && at(0, i).sender.bytes[0] == 2);
            ck_assert_uint_gt(at(0, i).text.len, 0);
        }
        ck_assert_int_eq(retry(0, 1), WEFT_ERR_DENIED);
        ck_assert_ptr_nonnull(strstr(weft_replica_errmsg(c.at[0].replica), "generation 1"));
        ck_assert_int_eq(retry(0, 2), WEFT_ERR_CERTIFICATE);
        ck_assert_int_eq(cluster_value(&c, 0, "n"), 0);
        reopen(0);
    }
    commit_rights(&root, 2, true);
    ck_assert_int_eq(retry(0, 2), WEFT_ERR_CERTIFICATE); /* no rights help him */
    ck_assert_int_eq(retry(0, 1), 0);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 5);
    reopen(0);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 5);
    ck_assert_uint_eq(count(0), 1);
    space = (struct weft_id){{0}};
    cluster_fini(&c);
}
END_TEST

/* --- Void transactions ----------------------------------------------------------------------------------------------
 */

START_TEST(void_ones_are_listed_and_garbage_does_not_push_them_out) {
    struct weft_buf row, message;
    struct weft_void info;
    open_two();
    forge(&row, 1, NULL, 0);
    struct weft_slice rows = weft_buf_slice(&row);
    message_of(&message, &rows, 1);
    receive(0, 1, weft_buf_slice(&message));
    for (int i = 0; i < 1000; i++) {
        receive(0, 1, weft_str(GARBAGE));
        c.at[0].now.mono_ns += UINT64_C(10000000000);
    }
    for (int opening = 0; opening < 2; opening++) {
        ck_assert(weft_replica_void(c.at[0].replica, 0, &info));
        ck_assert(weft_origin_cmp(&info.origin, &stranger) == 0 && info.seq == 1 && info.number == 1);
        ck_assert_int_eq(info.err, WEFT_ERR_MALFORMED);
        ck_assert_uint_gt(info.text.len, 0);
        ck_assert(!weft_replica_void(c.at[0].replica, 1, &info)); /* and once */
        reopen(0);                                                /* from rows, and then from a checkpoint */
        ck_assert_uint_eq(cluster_stats(&c, 0).kept_damaged, 0);
        weft_replica_checkpoint(c.at[0].replica);
        tick(0);
        reopen(0);
    }
    weft_buf_fini(&row);
    weft_buf_fini(&message);
    cluster_fini(&c);
}
END_TEST

START_TEST(what_rights_make_void_is_listed_with_the_key) {
    struct authority root = authority_new(1);
    struct weft_buf row, message;
    struct weft_void info;
    cluster_init(&c, 2);
    space = authority_space(&root);
    for (int i = 0; i < 2; i++) {
        c.at[i].options.space = space;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link_all(&c);
    cluster_settle(&c);
    forge(&row, 1, NULL, 5); /* before any document */
    struct weft_slice rows = weft_buf_slice(&row);
    message_of(&message, &rows, 1);
    receive(0, 1, weft_buf_slice(&message));
    reopen(0);
    ck_assert(weft_replica_void(c.at[0].replica, 0, &info));
    ck_assert_int_eq(info.err, WEFT_ERR_DENIED);
    char text[WEFT_KEPT_TEXT_MAX + 1];
    (void)snprintf(text, sizeof text, "%.*s", (int)info.text.len, (const char *)info.text.ptr);
    ck_assert_msg(strstr(text, "\"n\"") != NULL, "%s", text);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 0);
    ck_assert_uint_eq(count(0), 0); /* it is not refused: it advances vectors, and is passed on */
    weft_buf_fini(&row);
    weft_buf_fini(&message);
    space = (struct weft_id){{0}};
    cluster_fini(&c);
}
END_TEST

int main(void) {
    return RUN_SUITE(
        "quarantine", it_says_who_when_and_why_also_after_a_restart, of_a_link_that_said_nothing_the_head_is_believed,
        a_flood_is_neither_a_flood_of_records_nor_the_end_of_the_list, of_a_long_one_the_beginning_is_kept,
        a_damaged_record_is_passed_over_and_counted, what_reads_by_now_is_applied_and_the_entry_goes,
        what_does_not_stays_and_changes_nothing, what_waits_for_others_is_kept_until_they_are_here,
        another_chain_of_its_origin_is_named_and_kept, a_failed_write_keeps_the_entry_or_has_applied_it,
        the_nth_allocation_fails_and_it_is_done_again, the_nth_allocation_of_a_refusal_fails_and_it_is_refused_once,
        the_sender_is_judged_by_the_rights_of_today, what_rights_make_void_is_listed_with_the_key,
        what_is_forgotten_stays_forgotten, void_ones_are_listed_and_garbage_does_not_push_them_out);
}
