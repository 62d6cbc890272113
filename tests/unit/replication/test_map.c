/* A nested map in the engine: it is replicated, checkpointed, restored, transferred, deleted and issued again like any
 * other object, and what is concurrent survives in each. */
#include <check.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gset.h>
#include <weft/hll.h>
#include <weft/lwwreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>

#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define ROUNDS 12

static struct cluster c;

static struct weft_edit *map_in(struct weft_txn *t) {
    return weft_txn_edit(t, weft_str("m"), &weft_ormap_class);
}

/* Users with a counter, tags and a map of settings. */
static void visit(int i, const char *user, int64_t amount, const char *tag) {
    struct weft_txn *t = cluster_begin(&c, i);
    struct weft_edit *u = weft_ormap_edit(map_in(t), weft_str(user), &weft_ormap_class);
    weft_pncounter_add(weft_ormap_edit(u, weft_str("visits"), &weft_pncounter_class), amount);
    weft_aworset_add(weft_ormap_edit(u, weft_str("tags"), &weft_aworset_class), weft_str(tag));
    cluster_commit(&c, i, t);
}

static void set(int i, const char *user, const char *value) {
    struct weft_txn *t = cluster_begin(&c, i);
    struct weft_edit *u = weft_ormap_edit(map_in(t), weft_str(user), &weft_ormap_class);
    struct weft_edit *s = weft_ormap_edit(u, weft_str("settings"), &weft_ormap_class);
    weft_lwwreg_set(weft_ormap_edit(s, weft_str("name"), &weft_lwwreg_class), weft_str(value));
    cluster_commit(&c, i, t);
}

static void remove_user(int i, const char *user) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_ormap_remove(map_in(t), weft_str(user));
    cluster_commit(&c, i, t);
}

static void open_all(int count) {
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) {
        c.at[i].options.log_max = 0;
        c.at[i].options.segment_bytes = 256;
        c.at[i].options.chunk_bytes = 100;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
}

static void converge(void) {
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, ROUNDS));
}

static void restart(int i) {
    cluster_crash(&c, i);
    ck_assert_msg(cluster_open(&c, i) == 0, "%s", weft_replica_errmsg(c.at[i].replica));
}

static void checkpoint(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    ck_assert_uint_eq(cluster_stats(&c, i).log_entries, 0);
}

static void expect(int i, const char *text) {
    struct weft_buf out;
    struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("m"), &weft_ormap_class);
    weft_buf_init(&out, NULL);
    ck_assert_int_eq(weft_ormap_class.print(v, &out), 0);
    ck_assert_int_eq(weft_buf_append(&out, "", 1), 0);
    ck_assert_str_eq((const char *)out.ptr, text);
    weft_buf_fini(&out);
}

static void expect_everywhere(const char *text) {
    for (int i = 0; i < c.count; i++) expect(i, text);
}

#define ADA  "ada (ormap): {settings (ormap): {name (lwwreg): \"Ada\"}, tags (aworset): {new}, visits (pncounter): 1}"
#define BOTH "bob (ormap): {tags (aworset): {here, there}, visits (pncounter): 12}"

static void write_all_at(int other) {
    visit(0, "ada", 1, "new");
    set(0, "ada", "Ada");
    visit(0, "bob", 5, "here");
    visit(other, "bob", 7, "there");
}

static void write_all(void) {
    write_all_at(1);
}

START_TEST(it_is_replicated) {
    open_all(3);
    write_all();
    converge();
    expect_everywhere("{" ADA ", " BOTH "}");
    remove_user(1, "bob");
    visit(2, "bob", 1, "late"); /* which the removal has not seen */
    converge();
    expect_everywhere("{" ADA ", bob (ormap): {tags (aworset): {late}, visits (pncounter): 1}}");
    cluster_fini(&c);
}
END_TEST

START_TEST(it_is_restored_from_log_and_checkpoint) {
    open_all(2);
    write_all();
    converge();
    for (int round = 0; round < 2; round++) {
        restart(0);
        expect(0, "{" ADA ", " BOTH "}");
        checkpoint(0);
    }
    remove_user(0, "ada");
    checkpoint(0);
    restart(0);
    expect(0, "{" BOTH "}");
    converge();
    expect_everywhere("{" BOTH "}");
    cluster_fini(&c);
}
END_TEST

/* The joined state knows of a removal here, of one there, and of a child that each wrote since. */
START_TEST(it_is_joined_as_a_state) {
    open_all(3);
    write_all();
    visit(0, "eve", 9, "gone");
    cluster_link(&c, 0, 1);
    cluster_settle(&c);
    cluster_unlink(&c, 0, 1);
    remove_user(0, "eve");
    remove_user(1, "ada");
    visit(1, "eve", 2, "back");
    set(0, "ada", "Grace");
    for (int i = 0; i < 2; i++) checkpoint(i);
    cluster_link(&c, 0, 2); /* which has nothing, and gets a state */
    cluster_pass(&c, UINT64_C(5000000000));
    cluster_settle(&c);
    converge();
    ck_assert_uint_gt(c.at[2].notices[WEFT_NOTICE_STATE_DONE] + c.at[1].notices[WEFT_NOTICE_STATE_DONE], 1);
    expect_everywhere("{ada (ormap): {settings (ormap): {name (lwwreg): \"Grace\"}}, " BOTH
                      ", eve (ormap): {tags (aworset): {back}, visits (pncounter): 2}}");
    cluster_fini(&c);
}
END_TEST

START_TEST(a_state_tells_of_what_it_changes_only) {
    open_all(2);
    write_all();
    converge();
    cluster_unlink(&c, 0, 1);
    cluster_add(&c, 0, "other", "x");
    checkpoint(0);
    size_t changes = c.at[1].changes;
    converge();
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_STATE_DONE], 1);
    ck_assert_uint_eq(c.at[1].changes, changes + 1);
    cluster_fini(&c);
}
END_TEST

START_TEST(a_deletion_takes_what_it_has_seen) {
    open_all(2);
    write_all();
    converge();
    cluster_delete(&c, 0, "m", weft_ormap_class.type);
    expect(0, "{}");
    visit(1, "bob", 3, "later");
    converge();
    expect_everywhere("{bob (ormap): {tags (aworset): {later}, visits (pncounter): 3}}");
    cluster_fini(&c);
}
END_TEST

START_TEST(what_is_aborted_or_fails_leaves_nothing) {
    uint8_t before[16];
    open_all(1);
    write_all_at(0);
    memcpy(before, cluster_stats(&c, 0).state_hash, sizeof before);
    for (int fails = 0; fails < 2; fails++) {
        struct weft_txn *t = cluster_begin(&c, 0);
        struct weft_edit *u = weft_ormap_edit(map_in(t), weft_str("bob"), &weft_ormap_class);
        weft_pncounter_add(weft_ormap_edit(u, weft_str("visits"), &weft_pncounter_class), 100);
        weft_aworset_add(weft_ormap_edit(u, weft_str("more"), &weft_aworset_class), weft_str("x"));
        weft_ormap_remove(map_in(t), weft_str("ada"));
        if (fails) weft_ormap_remove(weft_ormap_edit(u, weft_str(""), &weft_ormap_class), weft_str("x"));
        if (fails) ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_LIMIT);
        if (!fails) weft_txn_abort(t);
        expect(0, "{" ADA ", " BOTH "}");
        ck_assert_mem_eq(cluster_stats(&c, 0).state_hash, before, sizeof before);
    }
    visit(0, "bob", 1, "here"); /* and of the edits nothing is left for the next */
    expect(0, "{" ADA ", bob (ormap): {tags (aworset): {here, there}, visits (pncounter): 13}}");
    cluster_fini(&c);
}
END_TEST

/* --- Children of types that not everybody knows ------------------------------------------------------------------- */

#define OWN_TYPE(number, kernel, title)                                                                                \
    { .size = sizeof(struct weft_crdt_class), .name = title, .type = WEFT_TYPE_ID(number, kernel), .schema = 1 }

static const struct weft_crdt_class note = OWN_TYPE(3000, WEFT_KERNEL_DOTS, "note");
static const struct weft_crdt_class bid = OWN_TYPE(3001, WEFT_KERNEL_STAMPED, "bid");
static const struct weft_crdt_class points = OWN_TYPE(3002, WEFT_KERNEL_TOTALS, "points");
static const struct weft_crdt_class page = OWN_TYPE(3003, WEFT_KERNEL_MAP, "page");
static const struct weft_crdt_class *const own_types[] = {&note, &bid, &points, &page, NULL};

/* A page of one's own type, in a map, with one of each. */
static struct weft_edit *page_in(struct weft_txn *t) {
    return weft_ormap_edit(map_in(t), weft_str("page"), &page);
}

static void write_page(int i, const char *text, uint64_t amount) {
    struct weft_txn *t = cluster_begin(&c, i);
    struct weft_slice k = weft_str("k"), none = weft_slice(NULL, 0);
    weft_edit_put(weft_ormap_edit(page_in(t), k, &note), none, weft_str(text), weft_str(text));
    weft_edit_put(weft_ormap_edit(page_in(t), k, &bid), none, none, weft_str(text));
    weft_edit_add(weft_ormap_edit(page_in(t), k, &points), none, 0, amount);
    cluster_commit(&c, i, t);
}

static struct weft_view own_view(int i, const struct weft_crdt_class *cls) {
    struct weft_view v = weft_replica_view(c.at[i].replica, weft_str("m"), &weft_ormap_class);
    return weft_ormap_view(weft_ormap_view(v, weft_str("page"), &page), weft_str("k"), cls);
}

/* The page has so many notes, this among them, so many bids, and so many points. */
static void expect_page(int i, size_t notes, const char *has, size_t bids, uint64_t amount) {
    struct weft_write w;
    uint64_t high, low;
    struct weft_slice none = weft_slice(NULL, 0);
    ck_assert_uint_eq(weft_view_count(own_view(i, &note)), notes);
    ck_assert(weft_view_write(own_view(i, &note), none, weft_str(has), 0, &w));
    ck_assert(weft_slice_eq(w.value, weft_str(has)));
    ck_assert_uint_eq(weft_view_write(own_view(i, &bid), none, none, bids - 1, &w), 1);
    ck_assert_uint_gt(w.stamp.word, 0);
    ck_assert(!weft_view_write(own_view(i, &bid), none, none, bids, &w));
    weft_view_sum(own_view(i, &points), none, 0, &high, &low);
    ck_assert_uint_eq(low, amount);
}

/* Gossip has been round. */
static void pass(void) {
    cluster_pass(&c, UINT64_C(5000000000));
    cluster_settle(&c);
}

/* Replicas 0 and 3 know the types; 1 and 2, which hand on all that there is, do not. */
static void open_where_some_know(void) {
    cluster_init(&c, 4);
    for (int i = 0; i < 4; i++) {
        c.at[i].options.log_max = 0;
        if (i % 3 == 0) c.at[i].options.classes = own_types;
    }
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 2);
}

START_TEST(unknown_children_are_kept_joined_and_passed_on) {
    open_where_some_know();
    write_page(0, "first", 7);
    pass();
    for (int i = 1; i < 3; i++) {
        expect_page(i, 1, "first", 1, 7); /* the kernel reads them, the type is not asked */
        checkpoint(i);
        restart(i);
    }
    cluster_crash(&c, 0); /* replica 3 has all from those who do not know it, as a state */
    ck_assert_int_eq(cluster_open(&c, 3), 0);
    cluster_link(&c, 2, 3);
    pass();
    ck_assert_uint_gt(c.at[3].notices[WEFT_NOTICE_STATE_DONE], 0);
    expect_page(3, 1, "first", 1, 7);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    write_page(0, "second", 1);
    write_page(3, "third", 10);
    converge();
    for (int i = 0; i < 4; i++) expect_page(i, 3, "second", 2, 18);
    c.at[1].options.classes = own_types; /* an upgrade */
    restart(1);
    expect_page(1, 3, "third", 2, 18);
    write_page(1, "fourth", 1);
    converge();
    for (int i = 0; i < 4; i++) expect_page(i, 4, "fourth", 1, 19);
    cluster_fini(&c);
}
END_TEST

/* By a replica that has no idea what it deletes: what it has seen goes, and nothing else. */
START_TEST(unknown_children_are_removed_by_their_kernels) {
    for (int whole = 0; whole < 2; whole++) {
        open_where_some_know();
        write_page(0, "old", 7);
        pass();
        if (whole) {
            cluster_delete(&c, 2, "m", weft_ormap_class.type);
        } else {
            struct weft_txn *t = cluster_begin(&c, 2);
            weft_ormap_remove(map_in(t), weft_str("page"));
            cluster_commit(&c, 2, t);
        }
        expect(2, "{}");
        write_page(0, "new", 2);
        ck_assert_int_eq(cluster_open(&c, 3), 0);
        converge();
        for (int i = 0; i < 4; i++) expect_page(i, 1, "new", 1, 2);
        cluster_fini(&c);
    }
}
END_TEST

/* --- Issued again ------------------------------------------------------------------------------------------------- */

static void drop_store(struct weft_store *s) {
    s->cls->close(s);
}

static void take_tag(int i, const char *user, const char *tag, int64_t amount) {
    struct weft_txn *t = cluster_begin(&c, i);
    struct weft_edit *u = weft_ormap_edit(map_in(t), weft_str(user), &weft_ormap_class);
    weft_aworset_remove(weft_ormap_edit(u, weft_str("tags"), &weft_aworset_class), weft_str(tag));
    weft_pncounter_add(weft_ormap_edit(u, weft_str("visits"), &weft_pncounter_class), amount);
    cluster_commit(&c, i, t);
}

/* What yields: writes, removals of what was there before and of what was not, one of what the peer's branch took too,
 * and writes of a later opening, which rest on all that. */
static void write_the_other_branch(void) {
    visit(0, "ada", 20, "other");
    visit(0, "ada", 300, "other, removed");
    visit(0, "bob", 5, "removed");
    remove_user(0, "bob");
    visit(0, "bob", 6, "again");
    take_tag(0, "ada", "taken away", 0);
    take_tag(0, "ada", "other, removed", 0);
    take_tag(0, "ada", "taken twice", 4000);
    restart(0);
    visit(0, "ada", 50000, "later");
    visit(0, "bob", 7, "later");
    remove_user(0, "bob");
    visit(0, "bob", 8, "last");
}

/* Memory was rolled back to before some writes that a peer has: those made since are said again, under other dots. */
START_TEST(it_is_issued_again) {
    static const char *const all =
        "{ada (ormap): {tags (aworset): {kept, later, one, other}, visits (pncounter): 55421}, "
        "bob (ormap): {tags (aworset): {last}, visits (pncounter): 8}}";
    struct weft_store *disk;
    cluster_init(&c, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    visit(0, "ada", 100, "kept");
    visit(0, "ada", 1000, "taken away");
    visit(0, "ada", 0, "taken twice");
    cluster_settle(&c);
    uint64_t epoch = weft_replica_self(c.at[0].replica).epoch;
    ck_assert_int_eq(weft_store_memory_copy(&disk, c.at[0].store, NULL), 0);
    visit(0, "ada", 1, "one"); /* the branch that the peer has */
    take_tag(0, "ada", "taken twice", 0);
    cluster_settle(&c);
    cluster_crash(&c, 0);
    drop_store(c.at[0].store);
    ck_assert_int_eq(weft_store_memory_copy(&c.at[0].store, disk, NULL), 0);
    ck_assert_int_eq(cluster_open_as(&c, 0, epoch), 0);
    write_the_other_branch();
    converge();
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REISSUED], 1);
    for (int i = 0; i < 2; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_VOID], 0);
    expect_everywhere(all);
    for (int i = 0; i < 2; i++) restart(i);
    converge();
    expect_everywhere(all);
    cluster_fini(&c);
    drop_store(disk);
}
END_TEST

/* --- The hash and other readers ----------------------------------------------------------------------------------- */

/* The same child in another place, or of another type, is another state; and what has gone leaves nothing in the hash.
 */
START_TEST(the_hash_tells_where_a_child_stands) {
    enum { PLACES = 4 };
    static const struct weft_crdt_class *const types[PLACES] = {&weft_aworset_class, &weft_aworset_class,
                                                                &weft_aworset_class, &weft_gset_class};
    static const char *const places[PLACES][2] = {{"a", "b"}, {"b", "a"}, {"ab", "a"}, {"a", "b"}};
    uint8_t seen[PLACES][16], empty[16];
    for (int p = 0; p < PLACES; p++) {
        open_all(1);
        memcpy(empty, cluster_stats(&c, 0).state_hash, 16);
        struct weft_txn *t = cluster_begin(&c, 0);
        struct weft_edit *in = weft_ormap_edit(map_in(t), weft_str(places[p][0]), &weft_ormap_class);
        weft_edit_put(weft_ormap_edit(in, weft_str(places[p][1]), types[p]), weft_slice(NULL, 0), weft_str("x"),
                      weft_slice(NULL, 0));
        cluster_commit(&c, 0, t);
        memcpy(seen[p], cluster_stats(&c, 0).state_hash, 16);
        for (int q = 0; q < p; q++) ck_assert_mem_ne(seen[p], seen[q], 16);
        cluster_delete(&c, 0, "m", weft_ormap_class.type);
        ck_assert_mem_eq(cluster_stats(&c, 0).state_hash, empty, 16);
        ck_assert_uint_eq(cluster_stats(&c, 0).objects, 0);
        cluster_fini(&c);
    }
}
END_TEST

START_TEST(objects_of_other_types_stand_beside_it) {
    struct weft_object_info info;
    open_all(1);
    visit(0, "ada", 1, "new");
    struct weft_txn *t = cluster_begin(&c, 0);
    ck_assert_int_eq(weft_edit_error(weft_txn_edit(t, weft_str("m"), &weft_aworset_class)), WEFT_ERR_TYPE);
    weft_txn_abort(t);
    ck_assert(weft_replica_object(c.at[0].replica, weft_str(""), 0, &info));
    ck_assert_uint_eq(info.type, weft_ormap_class.type);
    ck_assert_ptr_eq(info.cls, &weft_ormap_class);
    ck_assert_uint_eq(info.elements, 2);
    cluster_fini(&c);
}
END_TEST

/* A class that the application registered has its own reset, also for children that nobody opened. */
static void keep_all(struct weft_edit *e) {
    (void)e;
}

static const struct weft_crdt_class stays = {.size = sizeof stays,
                                             .name = "stays",
                                             .type = WEFT_TYPE_ID(2000, WEFT_KERNEL_DOTS),
                                             .schema = 1,
                                             .reset = keep_all};

START_TEST(a_registered_class_resets_its_children) {
    static const struct weft_crdt_class *const classes[] = {&stays, NULL};
    for (int registered = 0; registered < 2; registered++) {
        cluster_init(&c, 1);
        if (registered) c.at[0].options.classes = classes;
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        struct weft_txn *t = cluster_begin(&c, 0);
        weft_edit_put(weft_ormap_edit(map_in(t), weft_str("k"), &stays), weft_slice(NULL, 0), weft_str("x"),
                      weft_slice(NULL, 0));
        cluster_commit(&c, 0, t);
        remove_user(0, "k");
        struct weft_view v = weft_replica_view(c.at[0].replica, weft_str("m"), &weft_ormap_class);
        ck_assert_uint_eq(weft_ormap_size(v), (size_t)registered);
        cluster_fini(&c);
    }
}
END_TEST

/* --- Without memory ----------------------------------------------------------------------------------------------- */

/* Takes one child away with all that is in it, changes another, makes a third, and all that in one transaction. */
static int change_children(int i) {
    struct weft_txn *t;
    int rc = weft_txn_begin(c.at[i].replica, &c.at[i].now, &t);
    if (rc != 0) return rc;
    struct weft_edit *m = map_in(t), *ada, *cid;
    weft_ormap_remove(m, weft_str("bob"));
    ada = weft_ormap_edit(m, weft_str("ada"), &weft_ormap_class);
    weft_ormap_remove(ada, weft_str("settings"));
    weft_hll_add(weft_ormap_edit(ada, weft_str("seen"), &weft_hll_class), weft_str("x"));
    cid = weft_ormap_edit(m, weft_str("cid"), &weft_ormap_class);
    weft_pncounter_add(weft_ormap_edit(cid, weft_str("visits"), &weft_pncounter_class), 3);
    return weft_txn_commit(t, NULL);
}

#define CHANGED                                                                                                        \
    "{ada (ormap): {seen (hll): about 1, tags (aworset): {new}, visits (pncounter): 1}, "                              \
    "cid (ormap): {visits (pncounter): 3}}"

static struct weft_buf state_of(int i) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    ck_assert_int_eq(weft_replica_encode(c.at[i].replica, &out), 0);
    return out;
}

START_TEST(the_nth_allocation_of_a_commit_fails_and_nothing_has_changed) {
    bool failed = true;
    for (size_t n = 1; failed; n++) {
        struct failing_alloc f;
        failing_alloc_init(&f);
        cluster_init(&c, 1);
        c.at[0].options.alloc = &f.alloc;
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        write_all_at(0);
        struct weft_buf before = state_of(0), after;
        f.calls = 0;
        f.fail_at = n;
        int rc = change_children(0);
        f.fail_at = 0;
        failed = rc != 0;
        after = state_of(0);
        ck_assert_int_eq(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)), failed);
        if (failed) ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
        if (failed) ck_assert_int_eq(change_children(0), 0);
        expect(0, CHANGED);
        weft_buf_fini(&before);
        weft_buf_fini(&after);
        cluster_fini(&c);
        ck_assert_uint_eq(f.live_bytes, 0);
        if (!failed) ck_assert_uint_gt(n, 20); /* it did allocate */
    }
}
END_TEST

/* The n-th allocation of a replica fails that takes a state, of which it has some, and then what was written since. */
static size_t converge_without(size_t n, bool *failed) {
    struct failing_alloc f;
    failing_alloc_init(&f);
    open_all(2);
    weft_replica_free(c.at[0].replica);
    c.at[0].replica = NULL;
    cluster_crash(&c, 0);
    c.at[0].options.alloc = &f.alloc;
    c.at[0].retries_nomem = true;
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    write_all();
    checkpoint(1);
    f.calls = 0;
    f.fail_at = n;
    converge();
    ck_assert_int_eq(change_children(1), 0);
    ck_assert_int_eq(cluster_step(&c, 1, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
    converge();
    *failed = f.calls >= n;
    f.fail_at = 0;
    expect_everywhere(CHANGED);
    struct weft_buf ours = state_of(0), theirs = state_of(1);
    ck_assert(weft_slice_eq(weft_buf_slice(&ours), weft_buf_slice(&theirs)));
    weft_buf_fini(&ours);
    weft_buf_fini(&theirs);
    size_t nomems = c.at[0].nomems;
    cluster_fini(&c);
    ck_assert_uint_eq(f.live_bytes, 0);
    return nomems;
}

START_TEST(the_nth_allocation_of_a_join_fails_and_it_is_done_again) {
    bool failed = true;
    size_t nomems = 0;
    for (size_t n = 1; failed; n++) nomems += converge_without(n, &failed);
    ck_assert_uint_gt(nomems, 50);
}
END_TEST

int main(void) {
    return RUN_SUITE("map", it_is_replicated, it_is_restored_from_log_and_checkpoint, it_is_joined_as_a_state,
                     a_state_tells_of_what_it_changes_only, a_deletion_takes_what_it_has_seen,
                     what_is_aborted_or_fails_leaves_nothing, unknown_children_are_kept_joined_and_passed_on,
                     unknown_children_are_removed_by_their_kernels, it_is_issued_again,
                     the_hash_tells_where_a_child_stands, objects_of_other_types_stand_beside_it,
                     a_registered_class_resets_its_children,
                     the_nth_allocation_of_a_commit_fails_and_nothing_has_changed,
                     the_nth_allocation_of_a_join_fails_and_it_is_done_again);
}
