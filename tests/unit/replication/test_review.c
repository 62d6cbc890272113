/* What a review of the engine found: stalls that no message was lost for, stores that could not be read back, memory
 * that ran out at the wrong place. Each test is the shortest way there. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/pncounter.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/wire.h"
#include "replication/checkpoint.h"
#include "replication/message.h"
#include "replication/transaction.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"

#define SECOND UINT64_C(1000000000)

static struct cluster c;

static void end(void) {
    cluster_fini(&c);
}

static void open_from(int i) {
    for (; i < c.count; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
}

static void tick(int i) {
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

static void checkpoint(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    tick(i);
}

static void add_bytes(int i, const char *key, char fill, size_t len, size_t times) {
    struct weft_txn *t = cluster_begin(&c, i);
    char *element = malloc(len);
    memset(element, fill, len);
    for (size_t k = 0; k < times; k++) {
        element[0] = (char)('a' + k);
        weft_aworset_add(weft_txn_edit(t, weft_str(key), &weft_aworset_class), weft_slice(element, len));
    }
    free(element);
    cluster_commit(&c, i, t);
}

static struct weft_origin stranger = {{{0xee}}, 77};

/* The next transaction of a made-up origin: one more at "n". */
static void forge(struct weft_buf *b, uint64_t seq, struct weft_stamp stamp, const uint8_t *previous) {
    struct weft__transaction t = {.origin = stranger, .seq = seq, .stamp = stamp};
    if (previous != NULL) t.previous = weft_slice(previous, WEFT__CHAIN_LEN);
    weft_buf_reset(b);
    weft__transaction_write_head(b, &t);
    uint8_t body[] = {0x0a, 3, 0x1a, 1, (uint8_t)seq}; /* entry { totals: [seq] } */
    struct weft__txn_delta d = {weft_str("n"), weft_pncounter_class.type, 1, weft_slice(body, sizeof body)};
    weft__transaction_write_delta(b, &d);
}

static void send_txn(int to, int from, const struct weft_buf *txn) {
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    struct weft__message_head head = {{{0}}, stranger, c.at[to].now.wall};
    struct weft_slice item = weft_buf_slice(txn);
    ck_assert_int_eq(weft__message_write_transactions(&m, &head, &item, 1, false), 0);
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)from, .bytes = weft_buf_slice(&m)};
    ck_assert_int_eq(cluster_step(&c, to, e), 0);
    weft_buf_fini(&m);
}

/* --- Stalls ------------------------------------------------------------------------------------------------------- */

/* The origin is linked and has forgotten; another peer's log still has it all, and nobody waits for the origin. */
START_TEST(what_its_origin_has_truncated_comes_from_another_log) {
    cluster_init(&c, 3);
    c.at[0].options.log_max = 1000;
    open_from(0);
    cluster_link_all(&c);
    cluster_settle(&c);
    for (int k = 0; k < 100; k++) cluster_count(&c, 0, "n", 1);
    for (size_t k = c.queued; k-- > 0;)
        if (c.queue[k].to == 2) cluster_drop(&c, k);
    checkpoint(0);
    ck_assert(cluster_converge(&c, 10));
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 100);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
}
END_TEST

/* Two rows that fit a frame each, and not together; whatever batch_max says. */
START_TEST(no_message_outgrows_a_frame) {
    cluster_init(&c, 3);
    c.at[0].options.batch_max = (size_t)64 << 20;
    c.at[1].options.batch_max = (size_t)256 << 10;
    open_from(0);
    for (int i = 0; i < 2; i++) {
        cluster_link(&c, i, 2);
        cluster_settle(&c);
        c.at[i].hold_records = true;
        add_bytes(i, "s", 's', 200000, 1);
        add_bytes(i, "m", 'm', 1000000, 4);
        for (int k = 0; k < 20; k++) add_bytes(i, "t", 't', 200000, 1);
        cluster_release(&c, i);
        for (size_t k = 0; k < c.queued; k++) ck_assert_uint_le(c.queue[k].len, WEFT_FRAME_MAX);
        ck_assert(cluster_converge(&c, 10) || true);
        ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_REFUSED], 0);
        ck_assert_uint_eq(cluster_size(&c, 2, "m"), 4);
        cluster_unlink(&c, i, 2);
    }
}
END_TEST

/* More waits than may wait, and what it waits for is asked of the same peer in the same question. */
START_TEST(a_full_buffer_does_not_shut_out_what_it_waits_for) {
    cluster_init(&c, 4);
    c.at[2].options.batch_max = 4000;
    c.at[3].options.pending_max = 20000;
    open_from(0);
    cluster_link(&c, 0, 1);
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    cluster_count(&c, 1, "n", 1);
    cluster_settle(&c);
    for (int k = 0; k < 1000; k++) cluster_count(&c, 0, "n", 1); /* all depend on that one */
    cluster_settle(&c);
    cluster_crash(&c, 0);
    cluster_crash(&c, 1);
    cluster_link(&c, 2, 3);
    ck_assert(cluster_converge(&c, 100));
    ck_assert_int_eq(cluster_value(&c, 3, "n"), 1001);
}
END_TEST

/* An origin with two chains is not asked for; what follows neither does not fill the buffer. */
START_TEST(what_follows_a_fork_does_not_wait_for_ever) {
    cluster_init(&c, 2);
    open_from(0);
    cluster_link_all(&c);
    cluster_settle(&c);
    struct weft_buf txn;
    weft_buf_init(&txn, NULL);
    uint8_t hash[WEFT__CHAIN_LEN] = {1};
    for (uint64_t k = 0; k < 2; k++) {
        forge(&txn, 1, (struct weft_stamp){c.at[0].now.wall + k, 0}, NULL);
        send_txn(0, 1, &txn);
    }
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_EQUIVOCATION], 1);
    for (uint64_t seq = 3; seq < 100; seq++) {
        forge(&txn, seq, (struct weft_stamp){c.at[0].now.wall + seq, 0}, hash);
        send_txn(0, 1, &txn);
    }
    weft_buf_fini(&txn);
    ck_assert_uint_eq(cluster_stats(&c, 0).pending, 0);
}
END_TEST

/* --- Transfers of state ------------------------------------------------------------------------------------------- */

/* Replica 0 with a state of `chunks` chunks and nothing in its log. */
static void make_state(int chunks) {
    c.at[0].options.log_max = 1;
    open_from(0);
    for (int k = 0; k < chunks; k++) {
        char key[32];
        (void)snprintf(key, sizeof key, "s%d", k);
        add_bytes(0, key, 's', 250000, 1);
    }
    checkpoint(0);
}

/* A chunk takes its time; the transfer goes on as long as somebody gets on with it. */
START_TEST(a_slow_transfer_of_state_ends) {
    cluster_init(&c, 2);
    c.at[0].options.state_ns = SECOND; /* kept four seconds without progress; a chunk takes two */
    make_state(8);
    cluster_link_all(&c);
    for (int k = 0; k < 60 && c.at[1].notices[WEFT_NOTICE_STATE_DONE] == 0; k++) {
        size_t queued = c.queued;
        while (queued-- > 0) cluster_deliver(&c, 0);
        cluster_pass(&c, SECOND);
    }
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert(cluster_converge(&c, 5));
}
END_TEST

/* A state that may not be joined yet is not fetched again with every digest. */
START_TEST(a_state_ahead_of_the_clock_is_fetched_now_and_then) {
    cluster_init(&c, 2);
    make_state(2);
    c.at[1].now.wall -= WEFT_HLC_SECONDS(100);
    cluster_link_all(&c);
    for (int k = 0; k < 30; k++) {
        cluster_settle(&c);
        cluster_pass(&c, SECOND);
    }
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DONE], 0);
    ck_assert_uint_ge(c.at[1].notices[WEFT_NOTICE_STATE_BEGUN], 2);
    ck_assert_uint_le(c.at[1].notices[WEFT_NOTICE_STATE_BEGUN], 4);
    ck_assert(cluster_converge(&c, 30));
}
END_TEST

/* Own commits go on while a state comes, durable or not; they do not put its join off. */
START_TEST(own_commits_do_not_put_a_join_off) {
    cluster_init(&c, 2);
    make_state(1);
    c.at[1].hold_records = true;
    cluster_count(&c, 1, "n", 1);
    cluster_release(&c, 1); /* its epoch */
    cluster_link_all(&c);
    while (c.queued > 0) {
        cluster_count(&c, 1, "n", 1);
        cluster_deliver(&c, 0);
    }
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DONE], 1);
    c.at[1].hold_records = false;
    cluster_release(&c, 1);
    ck_assert(cluster_converge(&c, 5));
    int64_t count = cluster_value(&c, 1, "n");
    cluster_crash(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 1), 0);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), count);
    ck_assert_uint_eq(cluster_size(&c, 1, "s0"), 1);
}
END_TEST

/* --- Limits ------------------------------------------------------------------------------------------------------- */

static int append_segment(void *ctx, uint64_t id, struct weft_slice bytes) {
    (void)id;
    return weft_buf_append_slice(ctx, bytes);
}

/* The state of a stranger who wrote one element `count` times and never observed what it had written. */
static void write_piled_state(struct weft_buf *out, uint64_t count) {
    struct weft_origins *origins;
    struct weft__space space;
    struct weft__segments segments;
    struct weft_buf body, parts, manifest;
    uint32_t index;
    static const struct weft_id zero;
    ck_assert_int_eq(weft_origins_new(&origins, NULL), 0);
    ck_assert_int_eq(weft_origins_intern(origins, &stranger, &index), 0);
    ck_assert_int_eq(weft__space_init(&space, &zero, origins, 1, weft__alloc_or_default(NULL)), 0);
    ck_assert_int_eq(weft__space_reserve(&space, index), 0);
    ck_assert_int_eq(weft_version_vector_raise(&space.applied, index, count), 0);
    weft_buf_init(&body, NULL);
    weft_buf_init(&parts, NULL);
    weft_buf_init(&manifest, NULL);
    size_t entry = weft__write_begin(&body, 1);
    weft__write_field_bytes(&body, 2, weft_str("x"));
    for (uint64_t seq = 1; seq <= count; seq++) {
        size_t dot = weft__write_begin(&body, 3);
        weft__write_field_varint(&body, 2, seq);
        weft__write_end(&body, dot);
    }
    weft__write_end(&body, entry);
    struct weft__keyed *o = weft__keyspace_make(&space.keys, weft_str("s"), weft_aworset_class.type);
    struct weft_causal_context seen = weft__space_context(&space);
    ck_assert_int_eq(weft__object_decode(&o->object, weft_buf_slice(&body), &index, 1, &seen), 0);
    weft__segments_init(&segments, space.alloc);
    struct weft__segment_sink sink = {append_segment, &parts, NULL, 65536};
    ck_assert_int_eq(weft__segments_write(&segments, NULL, o, NULL, &space, &sink), 0);
    ck_assert_int_eq(weft__manifest_write(&manifest, &space, &segments), 0);
    weft__write_fixed64(out, manifest.len);
    weft_buf_append_slice(out, weft_buf_slice(&manifest));
    weft_buf_append_slice(out, weft_buf_slice(&parts));
    weft_buf_fini(&body);
    weft_buf_fini(&parts);
    weft_buf_fini(&manifest);
    weft__segments_fini(&segments);
    weft__space_fini(&space);
    weft_origins_free(origins);
}

static void receive(int to, int from, struct weft_buf *m) {
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)from, .bytes = weft_buf_slice(m)};
    ck_assert_int_eq(cluster_step(&c, to, e), 0);
    weft_buf_reset(m);
}

/* An entry cannot take away what it cannot list: that is an error of the edit's, and not the end of the program. */
START_TEST(what_no_entry_can_observe_is_an_error) {
    cluster_init(&c, 2);
    open_from(0);
    cluster_link_all(&c);
    cluster_settle(&c);
    struct weft_buf state, m;
    weft_buf_init(&state, NULL);
    weft_buf_init(&m, NULL);
    write_piled_state(&state, WEFT_DOTS_MAX + 1);
    struct weft__message_head head = {{{0}}, stranger, c.at[0].now.wall};
    struct weft__digest_entry entry = {.origin = stranger, .seq = WEFT_DOTS_MAX + 1, .floor = WEFT_DOTS_MAX + 1};
    ck_assert_int_eq(weft__message_write_digest(&m, &head, false, &entry, 1, NULL), 0);
    receive(0, 1, &m);
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, weft_buf_slice(&state));
    ck_assert_int_eq(weft__message_write_state_chunk(&m, &head, 7, 0, 1, state.len, hash, weft_buf_slice(&state)), 0);
    receive(0, 1, &m);
    ck_assert(cluster_has(&c, 0, "s", "x"));
    struct weft_txn *t = cluster_begin(&c, 0);
    weft_aworset_remove(weft_txn_edit(t, weft_str("s"), &weft_aworset_class), weft_str("x"));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_LIMIT);
    cluster_add(&c, 0, "s", "y");
    ck_assert(cluster_has(&c, 0, "s", "y"));
    weft_buf_fini(&state);
    weft_buf_fini(&m);
}
END_TEST

/* --- Stores ------------------------------------------------------------------------------------------------------- */

static void restart(int i) {
    cluster_crash(&c, i);
    ck_assert_msg(cluster_open(&c, i) == 0, "%s", weft_replica_errmsg(c.at[i].replica));
}

/* A clock that went back, in an origin that should not have let it. */
START_TEST(stamps_that_go_back_do_not_spoil_the_store) {
    cluster_init(&c, 2);
    open_from(0);
    cluster_link_all(&c);
    cluster_settle(&c);
    struct weft_buf txn;
    weft_buf_init(&txn, NULL);
    struct weft_stamp stamp = {c.at[0].now.wall, 3};
    uint8_t hash[WEFT__CHAIN_LEN];
    forge(&txn, 1, stamp, NULL);
    weft__blake2b128(hash, weft_buf_slice(&txn));
    send_txn(0, 1, &txn);
    forge(&txn, 2, (struct weft_stamp){stamp.word - 5, 1}, hash);
    send_txn(0, 1, &txn);
    weft_buf_fini(&txn);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 2);
    checkpoint(0);
    restart(0);
    struct weft_stamp clock = cluster_stats(&c, 0).clock;
    ck_assert_int_eq(clock.epoch, stamp.epoch);
    ck_assert_uint_eq(clock.word, stamp.word);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 5));
}
END_TEST

enum damage { LOST, CHANGED };

struct damaged_load {
    struct weft_replica *replica;
    enum damage damage;
    uint64_t seq;
};

static int restore_damaged(void *ctx, const struct weft_record *r) {
    struct damaged_load *d = ctx;
    struct weft_record copy = *r;
    uint8_t *bytes = malloc(r->bytes.len + 1);
    if (r->bytes.len > 0) memcpy(bytes, r->bytes.ptr, r->bytes.len);
    copy.bytes.ptr = bytes;
    bool hit = r->kind == WEFT_RECORD_LOG && r->seq == d->seq;
    if (hit && d->damage == CHANGED) bytes[r->bytes.len - 1] ^= 1; /* it reads, and says something else */
    struct weft_event e = {.kind = WEFT_EVENT_RESTORE, .record = &copy};
    struct weft_update u;
    int rc = hit && d->damage == LOST ? 0 : weft_replica_step(d->replica, &e, &u);
    free(bytes);
    return rc;
}

/* Opens replica 0 from its store with the row `seq` damaged; the code of the first failing record. */
static int open_damaged(enum damage damage, uint64_t seq) {
    struct cluster_replica *a = &c.at[0];
    cluster_crash(&c, 0);
    ck_assert_int_eq(weft_replica_new(&a->replica, &a->options), 0);
    struct damaged_load d = {a->replica, damage, seq};
    int rc = a->store->cls->load(a->store, restore_damaged, &d);
    struct weft_event e = {.kind = WEFT_EVENT_START, .random = 4711 + seq};
    return rc == 0 ? cluster_step(&c, 0, e) : rc;
}

/* Six rows, the first four of them under a checkpoint. */
static void six_rows(void) {
    cluster_init(&c, 2);
    open_from(0);
    for (int k = 0; k < 4; k++) cluster_count(&c, 0, "n", 1);
    checkpoint(0);
    for (int k = 0; k < 2; k++) cluster_count(&c, 0, "n", 1);
}

START_TEST(a_changed_row_is_found_under_a_checkpoint_too) {
    six_rows();
    for (uint64_t seq = 1; seq < 6; seq++) ck_assert_int_eq(open_damaged(CHANGED, seq), WEFT_ERR_CORRUPT);
    restart(0);
}
END_TEST

/* Rows are for peers there; without one of them the rest can be served in part. */
START_TEST(a_lost_row_under_a_checkpoint_costs_the_rows_before_it) {
    six_rows();
    for (uint64_t seq = 5; seq <= 6; seq++) {
        int rc = open_damaged(LOST, seq);
        ck_assert_int_eq(rc, seq == 6 ? 0 : WEFT_ERR_CORRUPT); /* the last one may never have been written */
    }
    ck_assert_int_eq(open_damaged(LOST, 4), 0);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 6);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 10));
}
END_TEST

/* --- Out of memory ------------------------------------------------------------------------------------------------ */

/* A failed step, given memory, completes; also one that had a checkpoint to make. */
START_TEST(an_opening_completes_when_fed) {
    struct failing_alloc f;
    failing_alloc_init(&f);
    cluster_init(&c, 1);
    open_from(0);
    for (int k = 0; k < 20; k++) cluster_count(&c, 0, "n", 1);
    cluster_crash(&c, 0);
    c.at[0].options.alloc = &f.alloc;
    c.at[0].options.checkpoint_bytes = 100;
    ck_assert_int_eq(weft_replica_new(&c.at[0].replica, &c.at[0].options), 0);
    struct damaged_load whole = {c.at[0].replica, LOST, 0};
    ck_assert_int_eq(c.at[0].store->cls->load(c.at[0].store, restore_damaged, &whole), 0);
    int rc = WEFT_ERR_NOMEM;
    c.at[0].hold_records = true;
    for (size_t n = 1; rc == WEFT_ERR_NOMEM; n++) {
        f.calls = 0;
        f.fail_at = n;
        rc = cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_START, .random = 4711});
    }
    f.fail_at = 0;
    ck_assert_int_eq(rc, 0);
    c.at[0].hold_records = false;
    tick(0);
    ck_assert_uint_eq(cluster_stats(&c, 0).checkpoints, 1);
    cluster_fini(&c);
    ck_assert_uint_eq(f.live_bytes, 0);
}
END_TEST

/* One allocation fails, whichever; the same again, with memory, completes at once. */
START_TEST(one_failure_is_one_failure) {
    char key[1001] = {0};
    memset(key, 'k', 1000);
    for (size_t n = 1, failures = 1; failures > 0; n++) {
        struct failing_alloc f;
        failing_alloc_init(&f);
        cluster_init(&c, 2);
        c.at[1].options.alloc = &f.alloc;
        open_from(0);
        cluster_link_all(&c);
        cluster_settle(&c);
        failures = 0;
        for (int k = 0; k < 3; k++) {
            key[0] = (char)('a' + k);
            f.calls = 0;
            f.fail_at = n;
            struct weft_txn *t = cluster_begin(&c, 1);
            weft_pncounter_add(weft_txn_edit(t, weft_str(key), &weft_pncounter_class), 1);
            int rc = weft_txn_commit(t, NULL);
            failures += rc != 0;
            f.fail_at = 0;
            if (rc != 0) cluster_count(&c, 1, key, 1);
            ck_assert_int_eq(cluster_value(&c, 1, key), 1);
            if (k == 2) weft_replica_checkpoint(c.at[1].replica);
            f.calls = 0;
            f.fail_at = n;
            rc = cluster_step(&c, 1, (struct weft_event){.kind = WEFT_EVENT_TICK});
            failures += rc != 0;
            f.fail_at = 0;
            tick(1);
        }
        ck_assert_uint_eq(cluster_stats(&c, 1).checkpoints, 1);
        ck_assert(cluster_converge(&c, 5));
        cluster_fini(&c);
        ck_assert_uint_eq(f.live_bytes, 0);
    }
}
END_TEST

/* An allocator with so much and no more. */
struct limited_alloc {
    struct weft_alloc alloc;
    size_t live, most;
};

static void *limited_resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct limited_alloc *l = ctx;
    if (new_size > old_size && l->live + (new_size - old_size) > l->most) return NULL;
    void *p = new_size == 0 ? NULL : realloc(ptr, new_size);
    if (new_size == 0) free(ptr);
    if (p != NULL || new_size == 0) l->live = l->live - old_size + new_size;
    return p;
}

/* A state that there is no room for is given up, and the replica goes on with the one it has. */
static void take_state_within(size_t room) {
    struct limited_alloc l = {{limited_resize, &l}, 0, SIZE_MAX};
    cluster_init(&c, 2);
    c.at[1].options.alloc = &l.alloc;
    make_state(8);
    l.most = l.live + room;
    cluster_link_all(&c);
    int failures = 0;
    while (c.queued > 0) {
        struct cluster_message *m = &c.queue[0];
        struct weft_event e = {
            .kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)m->from, .bytes = weft_slice(m->bytes, m->len)};
        while (cluster_step(&c, m->to, e) != 0 && ++failures < 100) {
        }
        ck_assert_int_lt(failures, 100);
        cluster_drop(&c, 0);
    }
    ck_assert_int_gt(failures, 0);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DONE], 0);
    cluster_count(&c, 1, "n", 1);
    l.most = SIZE_MAX;
    ck_assert(cluster_converge(&c, 60));
    cluster_fini(&c);
    ck_assert_uint_eq(l.live, 0);
}

START_TEST(a_state_too_large_for_the_memory_is_given_up) {
    take_state_within(1500000); /* its bytes */
    take_state_within(3000000); /* its bytes, and not the state */
}
END_TEST

int main(void) {
    Suite *s = suite_create("review");
    TCase *t = tcase_create("stalls");
    tcase_add_checked_fixture(t, NULL, end);
    tcase_set_timeout(t, 120);
    tcase_add_test(t, what_its_origin_has_truncated_comes_from_another_log);
    tcase_add_test(t, no_message_outgrows_a_frame);
    tcase_add_test(t, a_full_buffer_does_not_shut_out_what_it_waits_for);
    tcase_add_test(t, what_follows_a_fork_does_not_wait_for_ever);
    tcase_add_test(t, a_slow_transfer_of_state_ends);
    tcase_add_test(t, a_state_ahead_of_the_clock_is_fetched_now_and_then);
    tcase_add_test(t, own_commits_do_not_put_a_join_off);
    tcase_add_test(t, what_no_entry_can_observe_is_an_error);
    suite_add_tcase(s, t);
    TCase *f = tcase_create("stores");
    tcase_add_checked_fixture(f, NULL, end);
    tcase_set_timeout(f, 120);
    tcase_add_test(f, stamps_that_go_back_do_not_spoil_the_store);
    tcase_add_test(f, a_changed_row_is_found_under_a_checkpoint_too);
    tcase_add_test(f, a_lost_row_under_a_checkpoint_costs_the_rows_before_it);
    suite_add_tcase(s, f);
    TCase *m = tcase_create("memory");
    tcase_set_timeout(m, 120);
    tcase_add_test(m, an_opening_completes_when_fed);
    tcase_add_test(m, one_failure_is_one_failure);
    tcase_add_test(m, a_state_too_large_for_the_memory_is_given_up);
    suite_add_tcase(s, m);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
