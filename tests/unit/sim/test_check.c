/* test_check.c: each check fails when what it watches is broken. The replicas are real; what is broken is what the
 * checks are shown of them. */
#include "sim/check.h"

#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>

#include "replication/message.h"
#include "replication/transaction.h"
#include "tests/support/suite.h"

#define REPLICAS 3

static struct weft_replica *replicas[REPLICAS];
static struct weft__watched watched[REPLICAS];
static struct weft__check check;
static struct weft__vector nothing;
static uint64_t second;

static struct weft_update step(int i, enum weft_event_kind kind) {
    struct weft_event e = {.kind = kind, .random = (uint64_t)i + 10, .link = 9};
    struct weft_update u;
    second++;
    e.now = (struct weft_time){second * UINT64_C(1000000000), WEFT_HLC_SECONDS(1700000000 + second)};
    ck_assert_int_eq(weft_replica_step(replicas[i], &e, &u), 0);
    return u;
}

static void setup(void) {
    second = 0;
    ck_assert_int_eq(weft__check_init(&check, NULL), 0);
    weft__vector_init(&nothing, NULL);
    for (int i = 0; i < REPLICAS; i++) {
        struct weft_replica_options o;
        weft_replica_options_init(&o);
        o.replica.bytes[0] = (uint8_t)(i + 1);
        ck_assert_int_eq(weft_replica_new(&replicas[i], &o), 0);
        (void)step(i, WEFT_EVENT_START);
        weft__watched_init(&watched[i], NULL);
        watched[i].pending_max = watched[i].log_max = SIZE_MAX / 2;
        ck_assert_int_eq(weft__check_opened(&check, &watched[i], replicas[i], &nothing, false), 0);
    }
}

static void teardown(void) {
    for (int i = 0; i < REPLICAS; i++) {
        weft_replica_free(replicas[i]);
        weft__watched_fini(&watched[i]);
    }
    weft__vector_fini(&nothing);
    weft__check_fini(&check);
}

/* A transaction that adds to g/0; its update. */
static struct weft_update add(int i, uint64_t amount) {
    struct weft_time now = {second * UINT64_C(1000000000), WEFT_HLC_SECONDS(1700000000 + second)};
    struct weft_txn *t;
    ck_assert_int_eq(weft_txn_begin(replicas[i], &now, &t), 0);
    weft_gcounter_add(weft_txn_edit(t, weft_str("g/0"), &weft_gcounter_class), amount);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    return step(i, WEFT_EVENT_TICK);
}

static const struct weft_record *log_record(const struct weft_update *u) {
    for (size_t i = 0; i < u->record_count; i++)
        if (u->records[i].kind == WEFT_RECORD_LOG) return &u->records[i];
    ck_abort_msg("no record");
    return NULL;
}

static void fails(int rc, enum weft__check_name name) {
    ck_assert_int_eq(rc, WEFT_ERR_CORRUPT);
    ck_assert_int_eq(check.failed, (int)name);
    ck_assert_uint_gt(check.failure.len, 0);
    check.failed = -1;
    weft_buf_reset(&check.failure);
}

START_TEST(what_is_right_passes) {
    setup();
    const struct weft__sim_op op = {.type = WEFT__SIM_G, .verb = WEFT__SIM_PLUS, .amount = 4};
    struct weft_update u = add(0, 4);
    watched[0].announced = &op;
    watched[0].announced_count = 1;
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    ck_assert_int_eq(weft__check_whole(&check, &watched[0], replicas[0]), 0);
    ck_assert_int_eq(weft__check_specification(&check, &watched[0], replicas[0]), 0);
    ck_assert_uint_gt(check.values_checked, 2);
    teardown();
}
END_TEST

START_TEST(a_dot_of_nobody_and_a_dot_twice) {
    setup();
    struct weft_update u = add(0, 1);
    struct weft_record r = *log_record(&u);
    fails(weft__check_record(&check, &watched[1], &r), WEFT__CHECK_DOT); /* not its own, and not known */
    ck_assert_int_eq(weft__check_record(&check, &watched[0], &r), 0);
    uint8_t other[1024];
    ck_assert_uint_le(r.bytes.len, sizeof other);
    memcpy(other, r.bytes.ptr, r.bytes.len);
    other[r.bytes.len - 1] ^= 1;
    r.bytes.ptr = other;
    fails(weft__check_record(&check, &watched[1], &r), WEFT__CHECK_DOT);
    teardown();
}
END_TEST

START_TEST(a_hole_and_a_vector_that_moves_alone) {
    setup();
    struct weft_update u = add(0, 1);
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    u = add(0, 2);
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    fails(weft__check_record(&check, &watched[1], log_record(&u)), WEFT__CHECK_HOLE); /* 2 before 1 */
    fails(weft__check_record(&check, &watched[0], log_record(&u)), WEFT__CHECK_HOLE); /* 2 after 2 */
    u = add(0, 3);
    u.record_count = 0;
    fails(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), WEFT__CHECK_HOLE); /* no record */
    ck_assert_int_eq(weft__vector_set(&watched[0].applied, watched[0].self, 9), 0);
    fails(weft__check_vector(&check, &watched[0], weft_replica_applied(replicas[0]), true),
          WEFT__CHECK_HOLE); /* back */
    teardown();
}
END_TEST

START_TEST(an_effect_before_its_cause) {
    setup();
    struct weft_update u = add(0, 1);
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    ck_assert_int_eq(weft__vector_set(&watched[1].applied, watched[0].self, 1), 0); /* 1 has seen it */
    u = add(1, 2);
    ck_assert_int_eq(weft__check_record(&check, &watched[1], log_record(&u)), 0);
    fails(weft__check_record(&check, &watched[2], log_record(&u)), WEFT__CHECK_CAUSAL);
    teardown();
}
END_TEST

START_TEST(a_state_that_changes_alone_and_two_for_one_vector) {
    setup();
    struct weft__hash128 a = {1, 2}, b = {1, 3};
    ck_assert_int_eq(weft__check_state(&check, &watched[0], a, true), WEFT_ERR_CORRUPT); /* empty had another hash */
    check.failed = -1;
    watched[0].vector_hash = watched[1].vector_hash = (struct weft__hash128){7, 7};
    ck_assert_int_eq(weft__check_state(&check, &watched[0], a, true), 0);
    ck_assert_int_eq(weft__check_state(&check, &watched[0], a, false), 0);
    fails(weft__check_state(&check, &watched[0], b, false), WEFT__CHECK_APPLY);
    ck_assert_int_eq(weft__check_state(&check, &watched[1], a, true), 0);
    fails(weft__check_state(&check, &watched[1], b, true), WEFT__CHECK_STATE);
    /* and by canonical bytes where hashes are equal */
    struct weft_update u = add(2, 1);
    ck_assert_int_eq(weft__check_step(&check, &watched[2], replicas[2], &u, &nothing), 0);
    weft__states_at(&check.states, watched[2].vector_hash, watched[2].state_hash)->bytes.lo = 99;
    check.off = 1u << WEFT__CHECK_VALUE;
    fails(weft__check_whole(&check, &watched[2], replicas[2]), WEFT__CHECK_STATE);
    teardown();
}
END_TEST

START_TEST(what_is_said_before_it_is_recorded) {
    setup();
    struct weft_update u = add(0, 1);
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    struct weft_origin self = weft_replica_self(replicas[0]);
    struct weft__message_head head = {.sender = self};
    struct weft__digest_entry entry = {.origin = self, .seq = 1};
    struct weft_slice txn = log_record(&u)->bytes;
    struct weft_buf digest, push;
    weft_buf_init(&digest, NULL);
    weft_buf_init(&push, NULL);
    ck_assert_int_eq(weft__message_write_digest(&digest, &head, false, &entry, 1, NULL), 0);
    ck_assert_int_eq(weft__message_write_transactions(&push, &head, &txn, 1, false), 0);
    fails(weft__check_message(&check, &watched[0], weft_buf_slice(&digest), &nothing), WEFT__CHECK_SAID);
    fails(weft__check_message(&check, &watched[0], weft_buf_slice(&push), &nothing), WEFT__CHECK_SAID);
    ck_assert_int_eq(weft__check_message(&check, &watched[1], weft_buf_slice(&push), &nothing), 0); /* relayed */
    struct weft__vector durable;
    weft__vector_init(&durable, NULL);
    ck_assert_int_eq(weft__vector_set(&durable, watched[0].self, 1), 0);
    ck_assert_int_eq(weft__check_message(&check, &watched[0], weft_buf_slice(&digest), &durable), 0);
    ck_assert_int_eq(weft__check_message(&check, &watched[0], weft_buf_slice(&push), &durable), 0);
    fails(weft__check_message(&check, &watched[0], weft_str("nonsense"), &durable), WEFT__CHECK_CALL);
    weft__vector_fini(&durable);
    weft_buf_fini(&digest);
    weft_buf_fini(&push);
    teardown();
}
END_TEST

START_TEST(bounds) {
    setup();
    struct weft_update u = add(0, 1);
    watched[0].log_max = 10;
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0); /* it has just come */
    u = step(0, WEFT_EVENT_TICK);
    fails(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), WEFT__CHECK_BOUND);
    static uint8_t large[WEFT_FRAME_MAX + 1];
    fails(weft__check_message(&check, &watched[0], weft_slice(large, sizeof large), &nothing), WEFT__CHECK_BOUND);
    teardown();
}
END_TEST

START_TEST(a_store_that_lost_and_a_store_that_invented) {
    setup();
    struct weft_update u = add(0, 1);
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    fails(weft__check_opened(&check, &watched[0], replicas[0], &nothing, false), WEFT__CHECK_LOST);
    struct weft__vector durable;
    weft__vector_init(&durable, NULL);
    ck_assert_int_eq(weft__vector_set(&durable, watched[0].self, 1), 0);
    ck_assert_int_eq(weft__check_opened(&check, &watched[0], replicas[0], &durable, false), 0);
    ck_assert_int_eq(weft__vector_set(&durable, watched[0].self, 2), 0);
    fails(weft__check_opened(&check, &watched[0], replicas[0], &durable, false), WEFT__CHECK_LOST);
    weft__vector_fini(&durable);
    teardown();
}
END_TEST

START_TEST(a_stamp_that_is_not_after_what_was_seen) {
    setup();
    struct weft__commit late = {.origin = watched[1].self, .seq = 1, .stamp = {.word = UINT64_MAX >> 1}};
    ck_assert_int_eq(weft__history_add(&check.history, &late, &nothing, NULL, 0), 0);
    ck_assert_int_eq(weft__vector_set(&watched[0].applied, watched[1].self, 1), 0);
    struct weft_update u = add(0, 1);
    fails(weft__check_record(&check, &watched[0], log_record(&u)), WEFT__CHECK_CLOCK);
    teardown();
}
END_TEST

START_TEST(a_value_that_is_not_what_was_done) {
    setup();
    const struct weft__sim_op op = {.type = WEFT__SIM_G, .verb = WEFT__SIM_PLUS, .amount = 5};
    struct weft_update u = add(0, 4);
    watched[0].announced = &op;
    watched[0].announced_count = 1;
    fails(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), WEFT__CHECK_VALUE);
    fails(weft__check_specification(&check, &watched[0], replicas[0]), WEFT__CHECK_VALUE);
    teardown();
}
END_TEST

/* Nobody said what it does: the replicas must agree, and that is all. */
START_TEST(a_transaction_of_somebody_else_has_no_specification) {
    setup();
    struct weft_update u = add(0, 4);
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    ck_assert_uint_gt(check.unspecified_count, weft__oracle_index(WEFT__SIM_G, 0));
    ck_assert_uint_eq(check.unspecified[weft__oracle_index(WEFT__SIM_G, 0)], 1);
    ck_assert_uint_eq(check.unspecified[weft__oracle_index(WEFT__SIM_P, 0)], 0);
    teardown();
}
END_TEST

START_TEST(a_replica_that_says_so) {
    setup();
    const struct weft_notice n = {.kind = WEFT_NOTICE_DIVERGED};
    struct weft_update u = step(0, WEFT_EVENT_TICK);
    u.notices = &n;
    u.notice_count = 1;
    fails(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), WEFT__CHECK_DIVERGED);
    check.off = 1u << WEFT__CHECK_DIVERGED;
    ck_assert_int_eq(weft__check_step(&check, &watched[0], replicas[0], &u, &nothing), 0);
    teardown();
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-check", what_is_right_passes, a_dot_of_nobody_and_a_dot_twice,
                     a_hole_and_a_vector_that_moves_alone, an_effect_before_its_cause,
                     a_state_that_changes_alone_and_two_for_one_vector, what_is_said_before_it_is_recorded, bounds,
                     a_store_that_lost_and_a_store_that_invented, a_stamp_that_is_not_after_what_was_seen,
                     a_value_that_is_not_what_was_done, a_transaction_of_somebody_else_has_no_specification,
                     a_replica_that_says_so);
}
