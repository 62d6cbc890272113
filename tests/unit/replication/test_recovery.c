/* Stores: restart, checkpoint, truncation, old backups, copies, and the transfer of whole states. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/limits.h>
#include <weft/pncounter.h>

#include "base/prng.h"
#include "replication/checkpoint.h"
#include "tests/support/cluster.h"

static struct cluster c;
static struct weft__prng chance;

static int draw(uint64_t below) {
    return (int)weft__prng_below(&chance, below);
}

static void open_all(int count, size_t log_max) {
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) {
        c.at[i].options.log_max = log_max;
        c.at[i].options.segment_bytes = 1024;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link_all(&c);
    cluster_settle(&c);
}

static void three(void) {
    open_all(3, (size_t)64 << 20);
}

static void forgetful(void) {
    open_all(3, 2000);
}

static void end(void) {
    cluster_fini(&c);
}

static void restart(int i) {
    cluster_crash(&c, i);
    ck_assert_msg(cluster_open(&c, i) == 0, "%s", weft_replica_errmsg(c.at[i].replica));
}

static void write_much(int i, int count) {
    for (int k = 0; k < count; k++) {
        char element[32], key[32];
        (void)snprintf(element, sizeof element, "element-%d-%d", i, k);
        (void)snprintf(key, sizeof key, "key-%d", k % 17);
        cluster_add(&c, i, key, element);
        cluster_count(&c, i, "n", 1);
        if (k % 3 == 0) cluster_remove(&c, i, key, element);
        if (k % 5 == 0) cluster_set(&c, i, "r", element);
    }
}

static void checkpoint(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

START_TEST(a_restart_reads_back_what_was_written) {
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < 3; i++) write_much(i, 40);
        ck_assert(cluster_converge(&c, 5));
        struct weft_buf before, after;
        weft_buf_init(&before, NULL);
        weft_buf_init(&after, NULL);
        ck_assert_int_eq(weft_replica_encode(c.at[1].replica, &before), 0);
        if (round % 2 == 1) checkpoint(1);
        restart(1);
        ck_assert_int_eq(weft_replica_encode(c.at[1].replica, &after), 0);
        ck_assert(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)));
        weft_buf_fini(&before);
        weft_buf_fini(&after);
        cluster_link_all(&c);
    }
    write_much(1, 10);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 3 * 4 * 40 + 10);
}
END_TEST

static size_t segment_puts;
static int count_segments(void *ctx, const struct weft_record *r) {
    (void)ctx;
    segment_puts += r->kind == WEFT_RECORD_SEGMENT;
    return 0;
}

START_TEST(a_checkpoint_rewrites_changed_ranges_only) {
    char key[32];
    for (int k = 0; k < 400; k++) {
        (void)snprintf(key, sizeof key, "key-%03d", k);
        cluster_add(&c, 0, key, "x");
    }
    checkpoint(0);
    uint64_t segments = cluster_stats(&c, 0).segments;
    ck_assert_uint_gt(segments, 10);
    cluster_add(&c, 0, "key-200", "y");
    struct weft_update u;
    weft_replica_checkpoint(c.at[0].replica);
    struct weft_event e = {.kind = WEFT_EVENT_TICK, .now = c.at[0].now};
    ck_assert_int_eq(weft_replica_step(c.at[0].replica, &e, &u), 0);
    size_t puts = 0, drops = 0;
    for (size_t i = 0; i < u.record_count; i++) {
        puts += u.records[i].kind == WEFT_RECORD_SEGMENT;
        drops += u.records[i].kind == WEFT_RECORD_SEGMENT_DROP;
    }
    ck_assert_uint_le(puts, 2);
    ck_assert_uint_eq(drops, 1);
    ck_assert_int_eq(c.at[0].store->cls->write(c.at[0].store, u.records, u.record_count), 0);
    restart(0);
    ck_assert(cluster_has(&c, 0, "key-200", "y"));
    ck_assert(cluster_has(&c, 0, "key-399", "x"));
    ck_assert_int_eq(c.at[0].store->cls->load(c.at[0].store, count_segments, NULL), 0);
    ck_assert_uint_eq(segment_puts, cluster_stats(&c, 0).segments);
}
END_TEST

/* Objects come and go at both ends of ranges; every checkpoint restores to what it was made from. */
START_TEST(checkpoints_follow_any_change) {
    weft__prng_seed(&chance, 3);
    for (int round = 0; round < 60; round++) {
        for (int k = 0; k < 30; k++) {
            char key[32];
            (void)snprintf(key, sizeof key, "k%02d", draw(50));
            if (draw(3) == 0)
                cluster_delete(&c, 0, key, weft_aworset_class.type);
            else
                cluster_add(&c, 0, key, draw(2) == 0 ? "a-rather-long-element-name" : "x");
        }
        checkpoint(0);
        uint8_t hash[16];
        memcpy(hash, cluster_stats(&c, 0).state_hash, sizeof hash);
        restart(0);
        ck_assert_mem_eq(hash, cluster_stats(&c, 0).state_hash, sizeof hash);
    }
}
END_TEST

/* What a store holds of segments; one of them may be kept from the reader, or be changed for it. */
struct pieces {
    size_t count, longest;
    uint64_t ids[8];
    uint64_t lost, spoiled; /* ids; 0: none */
    struct weft_replica *reader;
};

static int read_piece(void *ctx, const struct weft_record *r) {
    struct pieces *p = ctx;
    struct weft_record copy = *r;
    struct weft_update u;
    uint8_t *bytes = NULL;
    bool segment = r->kind == WEFT_RECORD_SEGMENT;
    if (segment && p->count < sizeof p->ids / sizeof *p->ids) p->ids[p->count] = r->id;
    p->count += segment;
    if (segment && r->bytes.len > p->longest) p->longest = r->bytes.len;
    if (p->reader == NULL || (segment && r->id == p->lost)) return 0;
    if (segment && r->id == p->spoiled) {
        bytes = malloc(r->bytes.len);
        memcpy(bytes, r->bytes.ptr, r->bytes.len);
        bytes[r->bytes.len / 2] ^= 1;
        copy.bytes.ptr = bytes;
    }
    int rc = weft_replica_step(p->reader, &(struct weft_event){.kind = WEFT_EVENT_RESTORE, .record = &copy}, &u);
    free(bytes);
    return rc;
}

static int read_without(uint64_t lost, uint64_t spoiled) {
    struct pieces p = {.lost = lost, .spoiled = spoiled};
    struct weft_update u;
    ck_assert_int_eq(weft_replica_new(&p.reader, &c.at[0].options), 0);
    int rc = c.at[0].store->cls->load(c.at[0].store, read_piece, &p);
    if (rc == 0) rc = weft_replica_step(p.reader, &(struct weft_event){.kind = WEFT_EVENT_START, .random = 5}, &u);
    weft_replica_free(p.reader);
    return rc;
}

static struct pieces stored_pieces(void) {
    struct pieces p = {.count = 0};
    ck_assert_int_eq(c.at[0].store->cls->load(c.at[0].store, read_piece, &p), 0);
    return p;
}

/* Elements of the greatest length, one a transaction. */
static void edit_long(int i, const char *key, char first, char last, bool add) {
    char *bytes = malloc(WEFT_VALUE_MAX);
    memset(bytes, 'x', WEFT_VALUE_MAX);
    struct weft_slice element = weft_slice(bytes, WEFT_VALUE_MAX);
    for (char k = first; k <= last; k++) {
        struct weft_txn *t = cluster_begin(&c, i);
        struct weft_edit *e = weft_txn_edit(t, weft_str(key), &weft_aworset_class);
        bytes[0] = k;
        if (add)
            weft_aworset_add(e, element);
        else
            weft_aworset_remove(e, element);
        cluster_commit(&c, i, t);
    }
    free(bytes);
}

/* No object is too large for a record of a store, whose size is bounded where the object's is not. */
START_TEST(a_long_segment_is_several_records) {
    cluster_add(&c, 0, "a", "before");
    edit_long(0, "huge", 'A', 'R', true);
    cluster_add(&c, 0, "z", "after");
    checkpoint(0);
    struct pieces p = stored_pieces();
    ck_assert(p.count >= 2 && p.count <= sizeof p.ids / sizeof *p.ids);
    ck_assert_uint_le(p.longest, 16u << 20);
    restart(0);
    ck_assert_uint_eq(cluster_size(&c, 0, "huge"), 18);
    ck_assert(cluster_has(&c, 0, "a", "before") && cluster_has(&c, 0, "z", "after"));
    for (size_t i = 0; i < p.count; i++) {
        ck_assert_int_eq(read_without(p.ids[i], 0), WEFT_ERR_CORRUPT);
        ck_assert_int_eq(read_without(0, p.ids[i]), WEFT_ERR_CORRUPT);
    }
    ck_assert_int_eq(read_without(0, 0), 0);
    /* Written anew, none of them stays and no id is used again. */
    edit_long(0, "huge", 'A', 'R', false);
    checkpoint(0);
    ck_assert_uint_le(stored_pieces().count, 2);
    restart(0);
    edit_long(0, "huge", 'a', 'c', true);
    checkpoint(0);
    restart(0);
    ck_assert_uint_eq(cluster_size(&c, 0, "huge"), 3);
}
END_TEST

/* Hazard 4.2: a restored replica must not issue dots anew (riak_kv#679; a, b and c of the scenario). */
START_TEST(an_old_backup_issues_no_dot_twice) {
    cluster_add(&c, 0, "s", "x");
    struct weft_store *backup;
    ck_assert_int_eq(weft_store_memory_copy(&backup, c.at[0].store, NULL), 0);
    cluster_add(&c, 0, "s", "y");
    cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    cluster_crash(&c, 0);
    c.at[0].store->cls->close(c.at[0].store);
    c.at[0].store = backup;
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    cluster_add(&c, 0, "s", "z");
    cluster_add(&c, 0, "s", "w");
    cluster_count(&c, 0, "n", 7);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 5));
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cluster_value(&c, i, "n"), 17);
        ck_assert_uint_eq(cluster_size(&c, i, "s"), 4);
    }
}
END_TEST

START_TEST(an_empty_backup_gets_everything_back) {
    write_much(0, 30);
    cluster_settle(&c);
    cluster_crash(&c, 0);
    c.at[0].store->cls->close(c.at[0].store);
    c.at[0].store = NULL;
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    cluster_count(&c, 0, "n", 1);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 31);
}
END_TEST

/* S27: a copied store started twice costs nothing but an epoch, and is named. */
START_TEST(a_copied_store_is_named_and_loses_nothing) {
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    cluster_crash(&c, 2);
    c.at[2].store->cls->close(c.at[2].store);
    ck_assert_int_eq(weft_store_memory_copy(&c.at[2].store, c.at[0].store, NULL), 0);
    c.at[2].options.replica = c.at[0].options.replica;
    c.at[2].options.seed = 99;
    ck_assert_int_eq(cluster_open(&c, 2), 0);
    cluster_count(&c, 0, "n", 10);
    cluster_count(&c, 2, "n", 100);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 5));
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_value(&c, i, "n"), 111);
    ck_assert_uint_gt(c.at[0].notices[WEFT_NOTICE_SAME_REPLICA], 0);
    ck_assert_uint_gt(c.at[2].notices[WEFT_NOTICE_SAME_REPLICA], 0);
}
END_TEST

/* Below every log's floor there is only the state. */
START_TEST(a_replica_below_every_floor_takes_the_state) {
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    cluster_count(&c, 2, "n", 1000); /* it has writes of its own to keep */
    cluster_add(&c, 2, "s", "mine");
    write_much(0, 100);
    write_much(1, 100);
    cluster_settle(&c);
    checkpoint(0);
    checkpoint(1);
    ck_assert_uint_le(cluster_stats(&c, 0).log_bytes, 2000);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 20));
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 1200);
    ck_assert(cluster_has(&c, 1, "s", "mine"));
    restart(2); /* the joined state is in the store */
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 20));
    cluster_remove(&c, 2, "s", "mine");
    cluster_count(&c, 2, "n", 1);
    ck_assert(cluster_converge(&c, 20));
    ck_assert_int_eq(cluster_value(&c, 1, "n"), 1201);
    ck_assert_uint_eq(cluster_size(&c, 1, "s"), 0);
}
END_TEST

/* An origin that has truncated its own log does not keep others from asking the one that still has it. */
START_TEST(what_its_origin_no_longer_has_is_asked_of_others) {
    cluster_fini(&c);
    cluster_init(&c, 3);
    c.at[1].options.log_max = 0;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link(&c, 1, 2);
    write_much(1, 10);
    cluster_settle(&c);
    checkpoint(1);
    cluster_settle(&c);
    ck_assert_uint_eq(cluster_stats(&c, 1).log_entries, 0);
    cluster_link(&c, 0, 2);
    while (cluster_stats(&c, 0).transactions == 0 && c.queued > 0) {
        if (c.queue[0].from == 2 && c.queue[0].len > 1000) /* the answer is lost; it will be asked for again */
            cluster_drop(&c, 0);
        else
            cluster_deliver(&c, 0);
    }
    ck_assert_uint_eq(cluster_stats(&c, 0).transactions, 0);
    cluster_link(&c, 0, 1);
    ck_assert(cluster_converge(&c, 5));
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 10);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_STATE_BEGUN], 0);
}
END_TEST

/* Hazard "time-based GC": what was deleted meanwhile is not brought back by who was away. */
START_TEST(what_was_deleted_meanwhile_stays_deleted) {
    cluster_add(&c, 0, "s", "x");
    cluster_count(&c, 2, "gone", 5);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 2);
    cluster_unlink(&c, 1, 2);
    cluster_remove(&c, 1, "s", "x");
    cluster_delete(&c, 1, "gone", weft_pncounter_class.type);
    write_much(0, 100);
    write_much(1, 100);
    cluster_settle(&c);
    checkpoint(0);
    checkpoint(1);
    cluster_count(&c, 2, "gone", 1);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 20));
    for (int i = 0; i < 3; i++) {
        ck_assert_uint_eq(cluster_size(&c, i, "s"), 0);
        ck_assert_int_eq(cluster_value(&c, i, "gone"), 1);
    }
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
}
END_TEST

/* --- Made-up manifests -------------------------------------------------------------------------------------------- */

/* A store whose manifest is replaced by one that says something else of the same segments. */
struct forged_load {
    struct weft_replica *replica;
    void (*change)(struct weft__segments *s);
};

static void write_changed(struct weft_buf *out, struct weft_slice manifest, void (*change)(struct weft__segments *s)) {
    static const struct weft_id zero;
    struct weft_origins *origins;
    struct weft__space space;
    struct weft__segments segments;
    struct weft__hash128 hash;
    weft__segments_init(&segments, &weft_alloc_default);
    ck_assert_int_eq(weft_origins_new(&origins, NULL), 0);
    ck_assert_int_eq(weft__space_init(&space, &zero, origins, 1, &weft_alloc_default), 0);
    ck_assert_int_eq(weft__manifest_read(manifest, &space, &segments, &hash), 0);
    space.pool.hash = hash;
    ck_assert_uint_gt(segments.count, 3);
    change(&segments);
    ck_assert_int_eq(weft__manifest_write(out, &space, &segments), 0);
    weft__segments_fini(&segments);
    weft__space_fini(&space);
    weft_origins_free(origins);
}

static int restore_forged(void *ctx, const struct weft_record *rec) {
    struct forged_load *f = ctx;
    struct weft_record copy = *rec;
    struct weft_buf manifest;
    struct weft_update u;
    weft_buf_init(&manifest, NULL);
    if (rec->kind == WEFT_RECORD_META && rec->id == WEFT_META_CHECKPOINT) {
        write_changed(&manifest, rec->bytes, f->change);
        copy.bytes = weft_buf_slice(&manifest);
    }
    int rc = weft_replica_step(f->replica, &(struct weft_event){.kind = WEFT_EVENT_RESTORE, .record = &copy}, &u);
    weft_buf_fini(&manifest);
    return rc;
}

static int open_forged(void (*change)(struct weft__segments *s)) {
    struct cluster_replica *a = &c.at[0];
    cluster_crash(&c, 0);
    ck_assert_int_eq(weft_replica_new(&a->replica, &a->options), 0);
    struct forged_load f = {a->replica, change};
    return a->store->cls->load(a->store, restore_forged, &f);
}

static void change_nothing(struct weft__segments *s) {
    (void)s;
}

static void change_order(struct weft__segments *s) {
    struct weft__segment second = s->items[1];
    s->items[1] = s->items[2];
    s->items[2] = second;
}

static void repeat_range(struct weft__segments *s) {
    ck_assert_uint_eq(s->items[1].first_len, s->items[2].first_len);
    memcpy(s->items[2].first_key, s->items[1].first_key, s->items[1].first_len);
    s->items[2].first_type = s->items[1].first_type;
}

static void begin_late(struct weft__segments *s) {
    s->items[0].first_type = 1;
}

/* Its first object is the last one of the range before. */
static void take_from(struct weft__segments *s) {
    s->items[2].first_type++;
}

/* All objects of the range before but the first are in its own. */
static void give_to(struct weft__segments *s) {
    repeat_range(s);
    s->items[2].first_type++;
}

/* What is written by ranges must be read by the same ranges, or a change would mark the wrong one to be rewritten, and
 * the next opening would find what was there before. */
START_TEST(segments_keep_to_their_ranges) {
    static const struct {
        void (*change)(struct weft__segments *s);
        const char *where;
    } wrong[] = {{change_order, "meta record 3 is damaged"},
                 {repeat_range, "meta record 3 is damaged"},
                 {begin_late, "meta record 3 is damaged"},
                 {take_from, "segment 3 is damaged"},
                 {give_to, "segment 2 is damaged"}};
    for (int k = 0; k < 100; k++) {
        char key[32];
        (void)snprintf(key, sizeof key, "key-%03d", k);
        cluster_add(&c, 0, key, "x");
    }
    checkpoint(0);
    ck_assert_int_eq(open_forged(change_nothing), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_int_eq(open_forged(wrong[i].change), WEFT_ERR_CORRUPT);
        ck_assert_str_eq(weft_replica_errmsg(c.at[0].replica), wrong[i].where);
    }
    restart(0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("recovery");
    TCase *t = tcase_create("stores");
    tcase_add_checked_fixture(t, three, end);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_restart_reads_back_what_was_written);
    tcase_add_test(t, a_checkpoint_rewrites_changed_ranges_only);
    tcase_add_test(t, checkpoints_follow_any_change);
    tcase_add_test(t, a_long_segment_is_several_records);
    tcase_add_test(t, an_old_backup_issues_no_dot_twice);
    tcase_add_test(t, an_empty_backup_gets_everything_back);
    tcase_add_test(t, a_copied_store_is_named_and_loses_nothing);
    tcase_add_test(t, segments_keep_to_their_ranges);
    suite_add_tcase(s, t);
    TCase *f = tcase_create("short logs");
    tcase_add_checked_fixture(f, forgetful, end);
    tcase_set_timeout(f, 60);
    tcase_add_test(f, a_replica_below_every_floor_takes_the_state);
    tcase_add_test(f, what_its_origin_no_longer_has_is_asked_of_others);
    tcase_add_test(f, what_was_deleted_meanwhile_stays_deleted);
    suite_add_tcase(s, f);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
