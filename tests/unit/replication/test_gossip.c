/* Whom what is asked of: links that stand and bring nothing, answers that do not come, logs that reach back and logs
 * that do not. */
#include <check.h>

#include "replication/checkpoint.h"
#include "replication/message.h"
#include "tests/support/cluster.h"

#define SECOND UINT64_C(1000000000)

static struct cluster c;
static enum weft__message_kind counted_kind;
static int counted_from, counted_to;
static unsigned counted;

/* Messages of one kind, from one to another, whether they arrive or not. */
static void count_message(struct cluster *k, int from, const struct weft_message *m) {
    struct weft__message read;
    (void)k;
    if (from != counted_from || (int)m->link != counted_to) return;
    ck_assert_int_eq(weft__message_decode(&read, m->bytes, &weft_alloc_default), 0);
    counted += read.kind == counted_kind;
    weft__message_fini(&read);
}

static void count_from_here(int from, int to, enum weft__message_kind kind) {
    counted_from = from;
    counted_to = to;
    counted_kind = kind;
    counted = 0;
    c.on_message = count_message;
}

static void open_all(int count) {
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
}

static void three(void) {
    open_all(3);
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void none(void) {
    cluster_init(&c, 3);
}

static void end(void) {
    cluster_fini(&c);
}

static void pass(unsigned seconds) {
    for (; seconds > 0; seconds--) {
        cluster_pass(&c, SECOND);
        cluster_settle(&c);
    }
}

/* What `from` says does not arrive at `to`; neither is told. */
static void cut(int from, int to) {
    c.linked[from][to] = false;
}

static void checkpoint(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

/* --- Silence ------------------------------------------------------------------------------------------------------ */

START_TEST(a_silent_origin_is_gone_round) {
    cut(0, 1);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    pass(2);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 0); /* it may still come by itself */
    pass(4);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 1);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    pass(2); /* the next digest of replica 2: nobody waits for the origin again */
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 2);
    ck_assert_uint_eq(cluster_stats(&c, 1).duplicates, 0);
}
END_TEST

/* A link on which nothing had to be said is not a silent one, however long it was. */
START_TEST(quiet_is_not_silent) {
    pass(60);
    count_from_here(1, 2, WEFT__MESSAGE_REQUEST);
    cluster_count(&c, 0, "n", 1);
    for (size_t k = 0; k < c.queued;) /* replica 2 tells of it before the push has come */
        if (c.queue[k].from == 0 && c.queue[k].to == 1)
            k++;
        else
            cluster_deliver(&c, k);
    cluster_pass(&c, SECOND);
    for (size_t k = 0; k < c.queued;)
        if (c.queue[k].from == 0 && c.queue[k].to == 1)
            k++;
        else
            cluster_deliver(&c, k);
    ck_assert_uint_eq(counted, 0);
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 1);
    ck_assert_uint_eq(cluster_stats(&c, 1).duplicates, 0);
}
END_TEST

/* Once it is heard again it is waited for again. */
START_TEST(a_healed_link_is_trusted) {
    cut(0, 1);
    cluster_count(&c, 0, "n", 1);
    pass(6);
    c.linked[0][1] = true;
    pass(2); /* it is still asked to say something, so it is heard though there is no news */
    count_from_here(1, 2, WEFT__MESSAGE_REQUEST);
    cut(0, 1);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    pass(2);
    ck_assert_uint_eq(counted, 0);
    pass(4);
    ck_assert_uint_eq(counted, 1);
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 2);
}
END_TEST

/* Replica 0 has said what it has, and then says no more: the next one to have it is asked. */
START_TEST(a_link_that_does_not_answer_is_not_asked_for_ever) {
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    for (int k = 0; k < 20; k++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    count_from_here(2, 0, WEFT__MESSAGE_REQUEST);
    cluster_link(&c, 0, 2);
    while (c.queued > 0 && counted == 0) cluster_deliver(&c, 0); /* digests */
    ck_assert_uint_eq(counted, 1);
    cluster_settle(&c);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 20);
    cluster_unlink(&c, 0, 2);

    for (int k = 0; k < 20; k++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    counted = 0;
    cluster_link(&c, 0, 2);
    while (c.queued > 0 && counted == 0) cluster_deliver(&c, 0);
    cut(0, 2);
    for (size_t k = c.queued; k-- > 0;)
        if (c.queue[k].from == 0 && c.queue[k].to == 2) cluster_drop(&c, k);
    cluster_link(&c, 1, 2);
    pass(8);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 40);
    ck_assert_uint_le(counted, 3);
}
END_TEST

/* --- Whole states ------------------------------------------------------------------------------------------------- */

/* Replicas 0 and 1 have a hundred transactions, of which replica 0 has no row left. Replica 1 keeps them all, or none.
 * Replica 2 has nothing and meets 0 first. */
static void meet_who_forgot(bool somebody_remembers) {
    c.at[0].options.log_max = 0;
    if (!somebody_remembers) c.at[1].options.log_max = 0;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link(&c, 0, 1);
    for (int k = 0; k < 100; k++) cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    checkpoint(0);
    if (!somebody_remembers) checkpoint(1);
    cluster_settle(&c);
    ck_assert_uint_eq(cluster_stats(&c, 0).log_entries, 0);
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
}

/* Everything but what replica 1 says to replica 2. */
static void settle_but_one(void) {
    for (size_t k = 0; k < c.queued;)
        if (c.queue[k].from == 1 && c.queue[k].to == 2)
            k++;
        else
            cluster_deliver(&c, k);
}

START_TEST(other_logs_are_heard_before_a_state_is_taken) {
    meet_who_forgot(true);
    settle_but_one();
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
    cluster_pass(&c, SECOND);
    settle_but_one();
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
    cluster_settle(&c); /* replica 1 was slow */
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 100);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
}
END_TEST

START_TEST(a_state_is_taken_when_no_log_reaches_back) {
    meet_who_forgot(false);
    settle_but_one();
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
    cluster_settle(&c); /* as soon as the last one has said so: no time passes */
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 100);
}
END_TEST

/* One that says nothing at all is not waited for for long. */
START_TEST(a_link_that_was_never_heard_does_not_keep_the_state_away) {
    meet_who_forgot(true);
    cut(1, 2);
    for (size_t k = c.queued; k-- > 0;)
        if (c.queue[k].from == 1 && c.queue[k].to == 2) cluster_drop(&c, k);
    cluster_settle(&c);
    pass(5);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 100);
}
END_TEST

/* It has the rows, and said so, and does not answer. */
START_TEST(a_silent_log_does_not_keep_the_state_away) {
    meet_who_forgot(true);
    count_from_here(2, 1, WEFT__MESSAGE_REQUEST);
    while (c.queued > 0 && counted == 0) cluster_deliver(&c, 0);
    ck_assert_uint_eq(counted, 1);
    cut(1, 2);
    for (size_t k = c.queued; k-- > 0;)
        if (c.queue[k].from == 1 && c.queue[k].to == 2) cluster_drop(&c, k);
    pass(8);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert_int_eq(cluster_value(&c, 2, "n"), 100);
}
END_TEST

/* --- Large spaces ------------------------------------------------------------------------------------------------- */

#define MANY (WEFT_DIGEST_MAX + 5000u)

/* A checkpoint of nothing, at a vector of many origins. */
static void write_large_manifest(struct weft_buf *out) {
    static const struct weft_id zero;
    const struct weft__segments none = {NULL, 0, 0, &weft_alloc_default};
    struct weft_origins *origins;
    struct weft__space space;
    ck_assert_int_eq(weft_origins_new(&origins, NULL), 0);
    ck_assert_int_eq(weft__space_init(&space, &zero, origins, 1, &weft_alloc_default), 0);
    for (uint32_t i = 0; i < MANY; i++) {
        uint32_t index;
        struct weft_origin o = {{{0xaa}}, i + 1};
        ck_assert_int_eq(weft_origins_intern(origins, &o, &index), 0);
        ck_assert_int_eq(weft__space_reserve(&space, index), 0);
        ck_assert_int_eq(weft_version_vector_raise(&space.applied, index, 1), 0);
    }
    ck_assert_int_eq(weft__manifest_write(out, &space, &none), 0);
    weft__space_fini(&space);
    weft_origins_free(origins);
}

static bool named[MANY];
static size_t named_count, digests;

static void note_names(struct cluster *k, int from, const struct weft_message *m) {
    struct weft__message read;
    (void)k;
    (void)from;
    ck_assert_uint_le(m->bytes.len, WEFT_FRAME_MAX);
    ck_assert_int_eq(weft__message_decode(&read, m->bytes, &weft_alloc_default), 0);
    digests += read.kind == WEFT__MESSAGE_DIGEST;
    for (size_t i = 0; i < read.digest.count; i++) {
        uint64_t epoch = read.digest.entries[i].origin.epoch;
        if (read.digest.entries[i].origin.replica.bytes[0] != 0xaa || named[epoch - 1]) continue;
        named[epoch - 1] = true;
        named_count++;
    }
    weft__message_fini(&read);
}

/* More than one digest may name: a part each time, round and round. */
START_TEST(digests_name_all_origins_in_turn) {
    struct weft_buf manifest;
    struct weft_update u;
    struct cluster_replica *a = &c.at[0];
    weft_buf_init(&manifest, NULL);
    write_large_manifest(&manifest);
    struct weft_record rec = {.kind = WEFT_RECORD_META, .id = WEFT_META_CHECKPOINT, .bytes = weft_buf_slice(&manifest)};
    struct weft_event restore = {.kind = WEFT_EVENT_RESTORE, .record = &rec};
    ck_assert_int_eq(weft_store_memory_new(&a->store, NULL), 0);
    ck_assert_int_eq(weft_replica_new(&a->replica, &a->options), 0);
    ck_assert_int_eq(weft_replica_step(a->replica, &restore, &u), 0);
    ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_START, .random = 1}), 0);
    c.on_message = note_names;
    ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = 1}), 0);
    ck_assert_uint_eq(named_count, WEFT_DIGEST_MAX);
    cluster_pass(&c, 2 * SECOND);
    ck_assert_uint_eq(named_count, MANY);
    cluster_pass(&c, 2 * SECOND);
    ck_assert_uint_eq(digests, 3);
    weft_buf_fini(&manifest);
}
END_TEST

/* --- Little room to wait in --------------------------------------------------------------------------------------- */

static void write_many(int i, int count) {
    static char value[8 << 10];
    memset(value, 'v', sizeof value - 1);
    for (int k = 0; k < count; k++) cluster_set(&c, i, "v", value);
}

/* Two epochs, the second of which waits for the whole first. What waits fills the room, and is not asked for on. */
START_TEST(catching_up_goes_on_where_the_room_is_full) {
    c.at[1].options.pending_max = 64 << 10;
    c.at[0].options.batch_max = c.at[1].options.batch_max = 8 << 10;
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    write_many(0, 30);
    cluster_crash(&c, 0);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    write_many(0, 30);
    ck_assert_int_eq(cluster_open(&c, 1), 0);
    count_from_here(0, 1, WEFT__MESSAGE_TRANSACTIONS);
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    ck_assert(cluster_is_converged(&c)); /* without a second's waiting for an answer */
    ck_assert_uint_le(counted, 80);
}
END_TEST

int main(void) {
    Suite *s = suite_create("gossip");
    TCase *t = tcase_create("silence");
    tcase_add_checked_fixture(t, three, end);
    tcase_add_test(t, a_silent_origin_is_gone_round);
    tcase_add_test(t, quiet_is_not_silent);
    tcase_add_test(t, a_healed_link_is_trusted);
    tcase_add_test(t, a_link_that_does_not_answer_is_not_asked_for_ever);
    suite_add_tcase(s, t);
    TCase *w = tcase_create("whole states");
    tcase_add_checked_fixture(w, none, end);
    tcase_add_test(w, other_logs_are_heard_before_a_state_is_taken);
    tcase_add_test(w, a_state_is_taken_when_no_log_reaches_back);
    tcase_add_test(w, a_link_that_was_never_heard_does_not_keep_the_state_away);
    tcase_add_test(w, a_silent_log_does_not_keep_the_state_away);
    suite_add_tcase(s, w);
    TCase *l = tcase_create("large spaces");
    tcase_add_checked_fixture(l, none, end);
    tcase_set_timeout(l, 60);
    tcase_add_test(l, digests_name_all_origins_in_turn);
    suite_add_tcase(s, l);
    TCase *f = tcase_create("little room");
    tcase_add_checked_fixture(f, none, end);
    tcase_add_test(f, catching_up_goes_on_where_the_room_is_full);
    suite_add_tcase(s, f);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
