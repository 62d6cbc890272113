/* A replica takes a whole state, chunk by chunk, and meets one fault on the way: its process ends before or after a
 * write of its store, a write fails, an allocation fails; each in a life of its own. In the end it has the state, and
 * the chunks that were sent tell that it went on where it was. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/pncounter.h>

#include "replication/message.h"
#include "tests/fault/said.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/faulty_store.h"
#include "tests/support/suite.h"

enum { TAKER, SOURCE, REPLICAS };

/* What goes on meanwhile. */
enum story {
    NOTHING,       /* and the taker is empty */
    OWN_WRITES,    /* at the taker, before */
    ANOTHER_STATE, /* the source goes over to another one when some chunks are here */
    STORIES
};

struct transfer {
    struct cluster c;
    struct faulty_store disk; /* the taker's */
    unsigned crashes;
    int64_t expected; /* of the counter, in the end */
};

static size_t chunks, chunk_count, begun; /* of the last state */
static uint64_t state;

static void on_message(struct cluster *c, int from, const struct weft_message *message) {
    struct weft__message m;
    ck_assert_int_eq(weft__message_decode(&m, message->bytes, &weft_alloc_default), 0);
    if (m.kind != WEFT__MESSAGE_STATE_CHUNK) {
        said_check(c, from, message);
    } else {
        if (m.state.transfer != state) chunks = 0;
        chunks++;
        begun += m.state.chunk == 0;
        state = m.state.transfer;
        chunk_count = m.state.count;
    }
    weft__message_fini(&m);
}

static void write_some(struct cluster *c, int count) {
    for (int k = 0; k < count; k++) {
        char element[40];
        (void)snprintf(element, sizeof element, "an element, number %d", k);
        cluster_add(c, SOURCE, "s", element);
        cluster_count(c, SOURCE, "n", 1);
    }
    weft_replica_checkpoint(c->at[SOURCE].replica);
    ck_assert_int_eq(cluster_step(c, SOURCE, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

static void transfer_init(struct transfer *t) {
    struct weft_store *disk;
    *t = (struct transfer){.crashes = 0};
    cluster_init(&t->c, REPLICAS);
    t->c.on_message = on_message;
    ck_assert_int_eq(weft_store_memory_new(&disk, NULL), 0);
    faulty_store_init(&t->disk, disk);
    t->c.at[TAKER].store = &t->disk.store;
    for (int i = 0; i < REPLICAS; i++) {
        t->c.at[i].options.log_max = 0;
        t->c.at[i].options.segment_bytes = 256;
        t->c.at[i].options.chunk_bytes = 128;
    }
    chunks = chunk_count = begun = 0;
    state = 0;
}

/* Opens it as often as it dies of it. */
static void revive(struct transfer *t) {
    while (t->c.at[TAKER].replica == NULL) {
        t->crashes++;
        ck_assert_int_eq(cluster_open(&t->c, TAKER), 0);
    }
    cluster_link_all(&t->c);
}

static void write_own(struct transfer *t) {
    struct cluster_replica *a = &t->c.at[TAKER];
    int64_t value;
    do {
        struct weft_txn *txn;
        while (a->replica == NULL) ck_assert_int_eq(cluster_open(&t->c, TAKER), 0);
        ck_assert_int_eq(
            weft_pncounter_value(weft_replica_view(a->replica, weft_str("n"), &weft_pncounter_class), &value), 0);
        if (value > 0) break;
        int rc = weft_txn_begin(a->replica, &a->now, &txn);
        if (rc == 0) {
            weft_pncounter_add(weft_txn_edit(txn, weft_str("n"), &weft_pncounter_class), 1000);
            rc = weft_txn_commit(txn, NULL);
        }
        ck_assert(rc == 0 || (rc == WEFT_ERR_NOMEM && a->retries_nomem));
        ck_assert_int_eq(cluster_step(&t->c, TAKER, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    } while (true);
    t->expected += 1000;
}

static void go_over_to_another_state(struct transfer *t) {
    revive(t);
    for (int k = 0; k < 12 && t->c.queued > 0; k++) cluster_deliver(&t->c, 0);
    cluster_unlink(&t->c, TAKER, SOURCE);
    write_some(&t->c, 5);
    t->expected += 5;
}

static void converge(struct transfer *t) {
    for (int k = 0; k < 60; k++) {
        revive(t);
        cluster_settle(&t->c);
        if (t->c.at[TAKER].replica != NULL && t->c.at[TAKER].held_count == 0 && cluster_is_converged(&t->c)) return;
        cluster_pass(&t->c, UINT64_C(1000000000));
    }
    ck_abort_msg("no convergence");
}

static int count_staged(void *ctx, const struct weft_record *r) {
    *(size_t *)ctx += r->kind == WEFT_RECORD_STAGED;
    return 0;
}

static void transfer_run(struct transfer *t, enum story story) {
    size_t staged = 0;
    ck_assert_int_eq(cluster_open(&t->c, SOURCE), 0);
    write_some(&t->c, 30);
    t->expected = 30;
    ck_assert_int_eq(cluster_open(&t->c, TAKER), 0);
    if (story == OWN_WRITES) write_own(t);
    if (story == ANOTHER_STATE) go_over_to_another_state(t);
    converge(t);
    ck_assert_int_eq(cluster_value(&t->c, TAKER, "n"), t->expected);
    ck_assert_int_eq(cluster_value(&t->c, SOURCE, "n"), t->expected);
    ck_assert_uint_eq(cluster_size(&t->c, TAKER, "s"), 30);
    ck_assert_uint_eq(t->c.at[TAKER].notices[WEFT_NOTICE_REFUSED], 0);
    ck_assert_int_eq(t->disk.store.cls->load(&t->disk.store, count_staged, &staged), 0);
    ck_assert_uint_eq(staged, 0);
    cluster_crash(&t->c, TAKER); /* and what was joined is in the store */
    ck_assert_int_eq(cluster_open(&t->c, TAKER), 0);
    ck_assert(cluster_is_converged(&t->c));
}

static void transfer_fini(struct transfer *t) {
    cluster_fini(&t->c);
}

START_TEST(without_a_fault_each_chunk_is_sent_once) {
    struct transfer t;
    transfer_init(&t);
    transfer_run(&t, (enum story)_i);
    ck_assert_uint_gt(chunk_count, 8);
    ck_assert_uint_eq(chunks, chunk_count);
    ck_assert_uint_eq(begun, _i == ANOTHER_STATE ? 2 : 1);
    transfer_fini(&t);
}
END_TEST

/* Whether it came to the n-th write. A death costs the one chunk that was not durable. */
static bool die(size_t n, enum faulty_write how, enum story story) {
    struct transfer t;
    transfer_init(&t);
    t.disk.fail_at = n;
    t.disk.how = how;
    t.c.at[TAKER].dies_of_write = true;
    transfer_run(&t, story);
    bool died = t.c.at[TAKER].failed_writes > 0;
    ck_assert_uint_le(chunks, chunk_count + died);
    transfer_fini(&t);
    return died;
}

START_TEST(killed_right_before_a_write) {
    size_t n = 1;
    while (die(n, FAULTY_WRITE_NOTHING, (enum story)_i)) n++;
    ck_assert_uint_gt(n, 10);
}
END_TEST

START_TEST(killed_right_after_a_write) {
    size_t n = 1;
    while (die(n, FAULTY_WRITE_UNTOLD, (enum story)_i)) n++;
    ck_assert_uint_gt(n, 10);
}
END_TEST

static bool stall(size_t n, enum story story) {
    struct transfer t;
    transfer_init(&t);
    t.disk.fail_at = n;
    t.disk.fail_for = 3;
    t.c.at[TAKER].retries_writes = true;
    transfer_run(&t, story);
    bool failed = t.c.at[TAKER].failed_writes > 0;
    transfer_fini(&t);
    return failed;
}

START_TEST(a_write_fails_for_a_while) {
    size_t n = 1;
    while (stall(n, (enum story)_i)) n++;
    ck_assert_uint_gt(n, 5);
}
END_TEST

static bool starve(size_t n, enum story story) {
    struct transfer t;
    struct failing_alloc alloc;
    failing_alloc_init(&alloc);
    transfer_init(&t);
    alloc.fail_at = n;
    t.c.at[TAKER].options.alloc = &alloc.alloc;
    t.c.at[TAKER].retries_nomem = true;
    transfer_run(&t, story);
    transfer_fini(&t);
    ck_assert_uint_eq(alloc.live_bytes, 0);
    return alloc.calls >= n;
}

START_TEST(an_allocation_fails) {
    size_t n = 1;
    while (starve(n, (enum story)_i)) n++;
    ck_assert_uint_gt(n, 50);
}
END_TEST

int main(void) {
    Suite *s = suite_create("transfer");
    TCase *t = tcase_create("transfer");
    tcase_set_timeout(t, 0);
    tcase_add_loop_test(t, without_a_fault_each_chunk_is_sent_once, 0, STORIES);
    tcase_add_loop_test(t, killed_right_before_a_write, 0, STORIES);
    tcase_add_loop_test(t, killed_right_after_a_write, 0, STORIES);
    tcase_add_loop_test(t, a_write_fails_for_a_while, 0, STORIES);
    tcase_add_loop_test(t, an_allocation_fails, 0, STORIES);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
