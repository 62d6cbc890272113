/* Two versions of one type in one cluster: each write keeps the schema of its bytes, wherever it goes, and a state is
 * the same whatever order it came about in. */
#include <check.h>

#include "tests/support/cluster.h"

/* What stands is looked at as it is, so this is not asked (test_mixed.c reads). */
static int as_it_was(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    (void)from;
    return weft_buf_append_slice(out, old);
}

#define NOTE .size = sizeof(struct weft_crdt_class), .name = "note", .type = WEFT_TYPE_ID(2000, WEFT_KERNEL_DOTS)
static const struct weft_crdt_class note_1 = {NOTE, .schema = 1}, note_2 = {NOTE, .schema = 2, .upcast = as_it_was};
static const struct weft_crdt_class *const old_classes[] = {&note_1, NULL}, *const new_classes[] = {&note_2, NULL};
static const struct weft_slice nothing = {NULL, 0};
static struct cluster c;

/* Replica 0 has the new version, 1 the old one, 2 does not know the type. */
static void begin(void) {
    cluster_init(&c, 4);
    c.at[0].options.classes = c.at[3].options.classes = new_classes;
    c.at[1].options.classes = old_classes;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
}

static void end(void) {
    cluster_fini(&c);
}

static void write_note(int i, const struct weft_crdt_class *cls, const char *text) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_edit_put(weft_txn_edit(t, weft_str("note"), cls), nothing, nothing, weft_str(text));
    cluster_commit(&c, i, t);
}

/* What the index-th write under the note is, and in which schema. */
static void check_write(int i, size_t index, const char *text, uint32_t schema) {
    struct weft_write w;
    struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("note"), &note_1);
    ck_assert(weft_view_write(v, nothing, nothing, index, &w));
    ck_assert(weft_slice_eq(w.value, weft_str(text)));
    ck_assert_uint_eq(w.schema, schema);
}

START_TEST(each_write_keeps_its_schema) {
    write_note(0, &note_2, "new");
    write_note(1, &note_1, "old");
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 3; i++) {
        struct weft_write w;
        ck_assert(
            weft_view_write(weft_replica_view(c.at[i].replica, weft_str("note"), &note_1), nothing, nothing, 0, &w));
        bool new_first = w.schema == 2;
        check_write(i, new_first ? 0 : 1, "new", 2);
        check_write(i, new_first ? 1 : 0, "old", 1);
    }
}
END_TEST

/* Out of a checkpoint, and into a replica that takes a whole state. */
START_TEST(checkpoints_and_states_keep_it_too) {
    c.at[2].options.log_max = 0;
    cluster_crash(&c, 2);
    ck_assert_int_eq(cluster_open(&c, 2), 0);
    write_note(0, &note_2, "new");
    cluster_link(&c, 0, 2);
    cluster_settle(&c);
    weft_replica_checkpoint(c.at[2].replica);
    ck_assert_int_eq(cluster_step(&c, 2, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    cluster_crash(&c, 2);
    cluster_crash(&c, 0);
    ck_assert_int_eq(cluster_open(&c, 2), 0);
    check_write(2, 0, "new", 2);
    ck_assert_int_eq(cluster_open(&c, 3), 0);
    cluster_link(&c, 2, 3);
    for (int k = 0; k < 10; k++) {
        cluster_settle(&c);
        cluster_pass(&c, UINT64_C(1000000000));
    }
    check_write(3, 0, "new", 2);
    ck_assert_uint_eq(c.at[3].notices[WEFT_NOTICE_STATE_DONE], 1);
}
END_TEST

/* A new write, its deletion, and an old write that neither had seen, in two orders: the object goes in between in one
 * of them. A schema kept per object would be what came last. */
START_TEST(the_order_of_arrival_does_not_show) {
    write_note(0, &note_2, "new");
    cluster_link(&c, 0, 2);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 2);
    write_note(1, &note_1, "old");
    cluster_link(&c, 1, 0); /* replica 0: new, old, then the deletion */
    cluster_settle(&c);
    cluster_unlink(&c, 1, 0);
    cluster_delete(&c, 2, "note", note_1.type);
    cluster_link(&c, 1, 2); /* replica 2: new, the deletion, then old */
    cluster_settle(&c);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 3; i++) check_write(i, 0, "old", 1);
}
END_TEST

int main(void) {
    Suite *s = suite_create("schema");
    TCase *t = tcase_create("schema");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, each_write_keeps_its_schema);
    tcase_add_test(t, checkpoints_and_states_keep_it_too);
    tcase_add_test(t, the_order_of_arrival_does_not_show);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
