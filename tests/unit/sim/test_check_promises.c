/* test_check_promises.c: a replica that says what is not so is seen, each time by the check of that name; and one that
 * says what is so is not. The replicas are real; what is broken is what the checks are shown of them. */
#include "sim/check.h"

#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>

#include "replication/message.h"
#include "tests/support/suite.h"

#define LINK 7

static struct weft_replica *replica;
static struct weft__watched watched;
static struct weft__check check;
static struct weft__vector nothing, all;
static struct weft_time now;

static struct weft_update step(struct weft_event e) {
    struct weft_update u;
    now.mono_ns += UINT64_C(1000000000);
    now.wall += WEFT_HLC_SECONDS(1);
    e.now = now;
    ck_assert_int_eq(weft_replica_step(replica, &e, &u), 0);
    return u;
}

static struct weft_update add(const char *key) {
    struct weft_txn *t;
    ck_assert_int_eq(weft_txn_begin(replica, &now, &t), 0);
    weft_gcounter_add(weft_txn_edit(t, weft_str(key), &weft_gcounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    return step((struct weft_event){.kind = WEFT_EVENT_TICK});
}

static void setup(void) {
    struct weft_replica_options o;
    now = (struct weft_time){0, WEFT_HLC_SECONDS(1700000000)};
    weft_replica_options_init(&o);
    o.replica.bytes[0] = 1;
    ck_assert_int_eq(weft__check_init(&check, NULL), 0);
    weft__vector_init(&nothing, NULL);
    weft__vector_init(&all, NULL);
    ck_assert_int_eq(weft_replica_new(&replica, &o), 0);
    (void)step((struct weft_event){.kind = WEFT_EVENT_START, .random = 10});
    weft__watched_init(&watched, NULL);
    watched.pending_max = watched.log_max = SIZE_MAX / 2;
    ck_assert_int_eq(weft__check_opened(&check, &watched, replica, &nothing, false), 0);
    watched.epoch_recorded = weft_replica_self(replica).epoch;
    ck_assert_int_eq(weft__vector_set(&all, watched.self, 100), 0);
}

static void teardown(void) {
    weft_replica_free(replica);
    weft__watched_fini(&watched);
    weft__vector_fini(&nothing);
    weft__vector_fini(&all);
    weft__check_fini(&check);
}

static void fails(int rc, enum weft__check_name name) {
    ck_assert_int_eq(rc, WEFT_ERR_CORRUPT);
    ck_assert_int_eq(check.failed, (int)name);
    check.failed = -1;
    weft_buf_reset(&check.failure);
}

START_TEST(what_is_called_recorded_is_on_the_disk) {
    setup();
    struct weft_update u = add("g/0");
    ck_assert_int_eq(weft__check_step(&check, &watched, replica, &u, &nothing), 0);
    u = step((struct weft_event){.kind = WEFT_EVENT_PERSISTED, .number = 1000});
    fails(weft__check_recorded(&check, &watched, replica, &u, &nothing), WEFT__CHECK_SAID);
    ck_assert_int_eq(weft__check_recorded(&check, &watched, replica, &u, &all), 0);
    teardown();
}
END_TEST

START_TEST(a_notice_of_what_is_durable) {
    setup();
    const struct weft_notice n = {.kind = WEFT_NOTICE_DURABLE, .seq = 101};
    struct weft_update u = step((struct weft_event){.kind = WEFT_EVENT_TICK});
    u.notices = &n;
    u.notice_count = 1;
    fails(weft__check_recorded(&check, &watched, replica, &u, &all), WEFT__CHECK_SAID);
    teardown();
}
END_TEST

START_TEST(an_epoch_speaks_when_it_is_durable) {
    setup();
    struct weft_update u = step((struct weft_event){.kind = WEFT_EVENT_TICK});
    u.message_count = 1;
    ck_assert_int_eq(weft__check_recorded(&check, &watched, replica, &u, &all), 0);
    watched.epoch_recorded++;
    fails(weft__check_recorded(&check, &watched, replica, &u, &all), WEFT__CHECK_SAID);
    teardown();
}
END_TEST

/* The vector in a manifest: formats say "I have" too. */
START_TEST(a_state_that_is_sent_is_recorded) {
    setup();
    struct weft_buf state, message;
    weft_buf_init(&state, NULL);
    weft_buf_init(&message, NULL);
    (void)add("g/0");
    ck_assert_int_eq(weft_replica_encode(replica, &state), 0);
    struct weft__message_head head = {.sender = weft_replica_self(replica)};
    uint8_t hash[WEFT__CHAIN_LEN] = {0};
    ck_assert_int_eq(weft__message_write_state_chunk(&message, &head, 1, 0, 1, state.len, hash, weft_buf_slice(&state)),
                     0);
    fails(weft__check_message(&check, &watched, weft_buf_slice(&message), &nothing), WEFT__CHECK_SAID);
    ck_assert_int_eq(weft__check_message(&check, &watched, weft_buf_slice(&message), &all), 0);
    /* in chunks of a byte: what can be read is looked at, and nothing is read beyond it */
    struct weft__message chunk = {.kind = WEFT__MESSAGE_STATE_CHUNK, .state = {.transfer = 2}};
    int rc = 0;
    for (; rc == 0 && chunk.state.chunk < state.len; chunk.state.chunk++) {
        chunk.state.bytes = weft_slice(state.ptr + chunk.state.chunk, 1);
        rc = weft__check_chunk(&check, &watched, &chunk, &nothing);
    }
    fails(rc, WEFT__CHECK_SAID);
    for (chunk.state.chunk = 0; chunk.state.chunk < state.len; chunk.state.chunk++) {
        chunk.state.bytes = weft_slice(state.ptr + chunk.state.chunk, 1);
        ck_assert_int_eq(weft__check_chunk(&check, &watched, &chunk, &all), 0);
    }
    weft_buf_fini(&state);
    weft_buf_fini(&message);
    teardown();
}
END_TEST

START_TEST(a_first_transaction_names_the_epoch_before) {
    setup();
    struct weft__transaction t = {.seq = 1};
    ck_assert_int_eq(weft__check_parent(&check, &watched, &t), 0); /* there was none */
    ck_assert_int_eq(weft__vector_set(&watched.applied, watched.self, 7), 0);
    weft__check_adopt_parent(&watched);
    fails(weft__check_parent(&check, &watched, &t), WEFT__CHECK_DOT);
    t.has_parent = true;
    t.parent_epoch = weft_replica_self(replica).epoch;
    t.parent_seq = 6;
    fails(weft__check_parent(&check, &watched, &t), WEFT__CHECK_DOT);
    t.parent_seq = 7;
    ck_assert_int_eq(weft__check_parent(&check, &watched, &t), 0);
    watched.self++; /* an epoch that issues nothing */
    weft__check_adopt_parent(&watched);
    ck_assert_int_eq(weft__check_parent(&check, &watched, &t), 0);
    t.has_parent = false;
    fails(weft__check_parent(&check, &watched, &t), WEFT__CHECK_DOT);
    watched.applied.len = 0; /* an old backup */
    weft__check_adopt_parent(&watched);
    ck_assert_int_eq(weft__check_parent(&check, &watched, &t), 0);
    teardown();
}
END_TEST

START_TEST(a_stamp_beyond_the_drift_bound_waits) {
    setup();
    watched.wall = 1000;
    watched.drift = 50;
    ck_assert_int_eq(weft__check_drift(&check, &watched, (struct weft_stamp){.word = 1050}), 0);
    fails(weft__check_drift(&check, &watched, (struct weft_stamp){.word = 1051}), WEFT__CHECK_AHEAD);
    ck_assert_int_eq(weft__check_drift(&check, &watched, (struct weft_stamp){.word = 1}), 0);
    /* poisoned time that was left behind */
    struct weft__commit raised = {.origin = watched.self, .seq = 1, .stamp = {.word = 1000, .epoch = 1}};
    ck_assert_int_eq(weft__history_add(&check.history, &raised, &nothing, NULL, 0), 0);
    ck_assert_int_eq(weft__vector_set(&watched.applied, watched.self, 1), 0);
    ck_assert_int_eq(weft__check_drift(&check, &watched, (struct weft_stamp){.word = 1051}), 0);
    fails(weft__check_drift(&check, &watched, (struct weft_stamp){.word = 1051, .epoch = 1}), WEFT__CHECK_AHEAD);
    teardown();
}
END_TEST

START_TEST(a_record_that_is_applied_before_its_time) {
    setup();
    watched.wall = now.wall - WEFT_HLC_SECONDS(60);
    watched.drift = WEFT_HLC_SECONDS(50);
    struct weft_update u = add("g/0");
    fails(weft__check_step(&check, &watched, replica, &u, &all), WEFT__CHECK_AHEAD);
    teardown();
}
END_TEST

START_TEST(a_commit_is_refused_for_a_reason) {
    setup();
    watched.wall = 1000;
    watched.drift = 50;
    fails(weft__check_refusal(&check, &watched, WEFT_ERR_NOT_READY, false), WEFT__CHECK_CALL);
    ck_assert_int_eq(weft__check_refusal(&check, &watched, WEFT_ERR_NOT_READY, true), 0);
    fails(weft__check_refusal(&check, &watched, WEFT_ERR_CLOCK_LOCAL_AHEAD, false), WEFT__CHECK_CALL);
    fails(weft__check_refusal(&check, &watched, WEFT_ERR_CLOCK_RANGE, false), WEFT__CHECK_CALL);
    fails(weft__check_refusal(&check, &watched, WEFT_ERR_TYPE, true), WEFT__CHECK_CALL);
    struct weft__commit seen = {.origin = watched.self, .seq = 1, .stamp = {.word = 1050}};
    ck_assert_int_eq(weft__history_add(&check.history, &seen, &nothing, NULL, 0), 0);
    ck_assert_int_eq(weft__vector_set(&watched.applied, watched.self, 1), 0);
    ck_assert_int_eq(weft__check_refusal(&check, &watched, WEFT_ERR_CLOCK_LOCAL_AHEAD, false), 0);
    teardown();
}
END_TEST

START_TEST(a_transaction_that_is_swallowed) {
    setup();
    const struct weft__sim_op plus = {.type = WEFT__SIM_G, .verb = WEFT__SIM_PLUS, .amount = 1};
    const struct weft__sim_op minus = {.type = WEFT__SIM_S, .verb = WEFT__SIM_MINUS, .amount = 1};
    fails(weft__check_without_effect(&check, &watched, &plus, 1), WEFT__CHECK_VALUE);
    ck_assert_int_eq(weft__check_without_effect(&check, &watched, &minus, 1), 0); /* of what is not there */
    struct weft_update u = add("g/0"); /* by somebody who did not say: no specification, no opinion */
    ck_assert_int_eq(weft__check_step(&check, &watched, replica, &u, &all), 0);
    ck_assert_int_eq(weft__check_without_effect(&check, &watched, &plus, 1), 0);
    teardown();
}
END_TEST

START_TEST(what_is_applied_is_told) {
    setup();
    struct weft_update u = add("g/0");
    ck_assert_uint_eq(u.change_count, 1);
    ck_assert_int_eq(weft__check_step(&check, &watched, replica, &u, &all), 0);
    struct weft_change twice[2] = {u.changes[0], u.changes[0]};
    u.change_count = 0;
    fails(weft__check_changes(&check, &u), WEFT__CHECK_TOLD);
    u.changes = twice;
    u.change_count = 2;
    fails(weft__check_changes(&check, &u), WEFT__CHECK_TOLD); /* it has one delta */
    u.change_count = 1;
    twice[0].seq++;
    fails(weft__check_changes(&check, &u), WEFT__CHECK_TOLD); /* of another transaction */
    twice[0].seq = 0;
    u.change_count = 2;
    ck_assert_int_eq(weft__check_changes(&check, &u), 0); /* a joined state's stands before it */
    teardown();
}
END_TEST

START_TEST(what_is_refused_changes_nothing) {
    setup();
    const struct weft_notice n = {.kind = WEFT_NOTICE_REFUSED, .text = "a message was refused"};
    struct weft_update u = step((struct weft_event){.kind = WEFT_EVENT_TICK});
    u.notices = &n;
    u.notice_count = 1;
    ck_assert_int_eq(weft__check_step(&check, &watched, replica, &u, &all), 0);
    u = add("g/0");
    u.notices = &n;
    u.notice_count = 1;
    fails(weft__check_step(&check, &watched, replica, &u, &all), WEFT__CHECK_WHOLE);
    teardown();
}
END_TEST

/* hazards 4.7: cr-sqlite#413: both answered "empty", and a third never got the row. */
START_TEST(what_is_asked_for_is_answered) {
    setup();
    struct weft_buf request, other;
    weft_buf_init(&request, NULL);
    weft_buf_init(&other, NULL);
    struct weft_update u = add("g/0");
    ck_assert_int_eq(weft__check_step(&check, &watched, replica, &u, &all), 0);
    (void)step((struct weft_event){.kind = WEFT_EVENT_PERSISTED, .number = 1000});
    (void)step((struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = LINK});
    struct weft__message_head head = {.sender = {.epoch = 3}};
    struct weft__range range = {.origin = weft_replica_self(replica), .after = 0, .upto = 1};
    ck_assert_int_eq(weft__message_write_request(&request, &head, &range, 1), 0);
    struct weft_slice bytes = weft_buf_slice(&request);
    u = step((struct weft_event){.kind = WEFT_EVENT_RECEIVED, .link = LINK, .bytes = bytes});
    ck_assert_int_eq(weft__check_answer(&check, &watched, replica, &u, LINK, bytes), 0);
    fails(weft__check_answer(&check, &watched, replica, &u, LINK + 1, bytes), WEFT__CHECK_PASSED_ON);
    u.message_count = 0;
    fails(weft__check_answer(&check, &watched, replica, &u, LINK, bytes), WEFT__CHECK_PASSED_ON);
    /* what it does not have, or may not say yet, it need not answer */
    range = (struct weft__range){.origin = range.origin, .after = 1, .upto = 2};
    ck_assert_int_eq(weft__message_write_request(&other, &head, &range, 1), 0);
    ck_assert_int_eq(weft__check_answer(&check, &watched, replica, &u, LINK, weft_buf_slice(&other)), 0);
    watched.epoch_recorded++;
    ck_assert_int_eq(weft__check_answer(&check, &watched, replica, &u, LINK, bytes), 0);
    weft_buf_fini(&request);
    weft_buf_fini(&other);
    teardown();
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-check-promises", what_is_called_recorded_is_on_the_disk, a_notice_of_what_is_durable,
                     an_epoch_speaks_when_it_is_durable, a_state_that_is_sent_is_recorded,
                     a_first_transaction_names_the_epoch_before, a_stamp_beyond_the_drift_bound_waits,
                     a_record_that_is_applied_before_its_time, a_commit_is_refused_for_a_reason,
                     a_transaction_that_is_swallowed, what_is_applied_is_told, what_is_refused_changes_nothing,
                     what_is_asked_for_is_answered);
}
