/* Three replicas of one cluster during an upgrade: one has the new version of two types, one the old, one has neither.
 * All write, or delete; what each reads is what its version can, and the state is the same at all three throughout.
 *
 * A price is a register in which the last write wins, a label one that shows all that is concurrent. Version 1 wrote a
 * price in euros, "e12", version 2 writes cents, "c1200"; a label "red" is "#red" in version 2. */
#include <check.h>
#include <string.h>

#include <weft/err.h>
#include <weft/lwwreg.h>
#include <weft/mvreg.h>
#include <weft/ormap.h>

#include "base/prng.h"
#include "tests/support/cluster.h"

enum { NEW, OLD, UNKNOWING, FRESH };

static int cents_from(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    if (from != 1 || old.len < 2 || old.ptr[0] != 'e') return WEFT_ERR_MALFORMED;
    (void)weft_buf_append_str(out, "c");
    (void)weft_buf_append(out, old.ptr + 1, old.len - 1);
    return weft_buf_append_str(out, "00");
}

static int label_from(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    if (from != 1) return WEFT_ERR_MALFORMED;
    (void)weft_buf_append_str(out, "#");
    return weft_buf_append_slice(out, old);
}

#define PRICE .size = sizeof(struct weft_crdt_class), .name = "price", .type = WEFT_TYPE_ID(2001, WEFT_KERNEL_STAMPED)
#define LABEL .size = sizeof(struct weft_crdt_class), .name = "label", .type = WEFT_TYPE_ID(2002, WEFT_KERNEL_DOTS)
static const struct weft_crdt_class price_1 = {PRICE, .schema = 1},
                                    price_2 = {PRICE, .schema = 2, .upcast = cents_from};
static const struct weft_crdt_class label_1 = {LABEL, .schema = 1},
                                    label_2 = {LABEL, .schema = 2, .upcast = label_from};
static const struct weft_crdt_class *const old_classes[] = {&price_1, &label_1, NULL};
static const struct weft_crdt_class *const new_classes[] = {&price_2, &label_2, NULL};
static const struct weft_slice nothing = {NULL, 0};
static struct cluster c;
static struct weft_buf scratch;

static void begin(void) {
    weft_buf_init(&scratch, NULL);
    cluster_init(&c, 4);
    c.at[NEW].options.classes = c.at[FRESH].options.classes = new_classes;
    c.at[OLD].options.classes = old_classes;
    for (int i = NEW; i <= UNKNOWING; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
}

static void end(void) {
    cluster_fini(&c);
    weft_buf_fini(&scratch);
}

static void write_price(int i, const struct weft_crdt_class *cls, const char *text) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_lwwreg_set(weft_txn_edit(t, weft_str("price"), cls), weft_str(text));
    ck_assert_uint_ne(cluster_commit(&c, i, t), 0);
}

static void write_label(int i, const struct weft_crdt_class *cls, const char *text) {
    struct weft_txn *t = cluster_begin(&c, i);
    weft_mvreg_set(weft_txn_edit(t, weft_str("label"), cls), weft_str(text));
    ck_assert_uint_ne(cluster_commit(&c, i, t), 0);
}

static struct weft_view view(int i, const char *key, const struct weft_crdt_class *cls) {
    return weft_replica_view(c.at[i].replica, weft_str(key), cls);
}

static void price_is(int i, const struct weft_crdt_class *cls, const char *text) {
    struct weft_slice value;
    ck_assert_int_eq(weft_lwwreg_get_as(view(i, "price", cls), cls, &scratch, &value, NULL), 0);
    ck_assert_msg(weft_slice_eq(value, weft_str(text)), "%.*s, not %s", (int)value.len, (const char *)value.ptr, text);
}

/* A typed error, and the caller's values stay. */
static void price_fails(int i, const struct weft_crdt_class *cls, int err) {
    struct weft_slice value = weft_str("before");
    struct weft_stamp stamp = {.word = 7};
    ck_assert_int_eq(weft_lwwreg_get_as(view(i, "price", cls), cls, &scratch, &value, &stamp), err);
    ck_assert(weft_slice_eq(value, weft_str("before")));
    ck_assert_uint_eq(stamp.word, 7);
}

static void labels_are(int i, const struct weft_crdt_class *cls, const char *first, const char *second) {
    struct weft_elements it;
    struct weft_slice label;
    ck_assert_int_eq(weft_mvreg_open_as(&it, view(i, "label", cls), cls, &scratch), 0);
    ck_assert(weft_elements_next(&it, &label));
    ck_assert(weft_slice_eq(label, weft_str(first)));
    ck_assert_int_eq(weft_elements_next(&it, &label), second != NULL);
    if (second != NULL) ck_assert(weft_slice_eq(label, weft_str(second)));
    ck_assert(!weft_elements_next(&it, &label));
    weft_elements_close(&it);
}

static void labels_fail(int i, const struct weft_crdt_class *cls, int err) {
    struct weft_elements it;
    ck_assert_int_eq(weft_mvreg_open_as(&it, view(i, "label", cls), cls, &scratch), err);
}

/* The bytes that stand, of whatever version: exactly one write, as it was made. */
static void stands(int i, const struct weft_crdt_class *cls, const char *text, uint32_t schema) {
    struct weft_write w;
    struct weft_view v = view(i, cls->name, cls);
    ck_assert(weft_view_write(v, nothing, nothing, 0, &w));
    ck_assert(weft_slice_eq(w.value, weft_str(text)));
    ck_assert_uint_eq(w.schema, schema);
    ck_assert(!weft_view_write(v, nothing, nothing, 1, &w));
}

/* All that are up and linked are the same, to the byte and by their hashes. */
static void agree(void) {
    struct weft_replica_stats first, other;
    bool have = false;
    ck_assert(cluster_converge(&c, 40));
    for (int i = 0; i < c.count; i++) {
        if (c.at[i].replica == NULL) continue;
        other = cluster_stats(&c, i);
        if (have) ck_assert_mem_eq(first.state_hash, other.state_hash, sizeof first.state_hash);
        if (!have) first = other;
        have = true;
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_DIVERGED], 0);
        ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_VOID], 0);
    }
}

static void open_again(int i, const struct weft_crdt_class *const *classes) {
    if (c.at[i].replica != NULL) cluster_crash(&c, i);
    c.at[i].options.classes = classes;
    ck_assert_int_eq(cluster_open(&c, i), 0);
}

static void checkpoint(int i) {
    weft_replica_checkpoint(c.at[i].replica);
    ck_assert_int_eq(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
}

/* --- Both directions ---------------------------------------------------------------------------------------------- */

START_TEST(the_new_version_reads_what_the_old_one_wrote) {
    write_price(OLD, &price_1, "e12");
    write_label(OLD, &label_1, "red");
    cluster_link_all(&c);
    agree();
    price_is(NEW, &price_2, "c1200");
    labels_are(NEW, &label_2, "#red", NULL);
    price_is(OLD, &price_1, "e12");
    for (int i = NEW; i <= UNKNOWING; i++) {
        stands(i, &price_1, "e12", 1); /* reading changed nothing */
        stands(i, &label_1, "red", 1);
    }
    agree();
}
END_TEST

/* The unknowing replica hears of it from the old one only. */
START_TEST(the_old_version_says_that_it_cannot_read_and_passes_it_on) {
    write_price(NEW, &price_2, "c1250");
    write_label(NEW, &label_2, "#red");
    cluster_link(&c, NEW, OLD);
    cluster_link(&c, OLD, UNKNOWING);
    agree();
    price_fails(OLD, &price_1, WEFT_ERR_VERSION);
    labels_fail(OLD, &label_1, WEFT_ERR_VERSION);
    for (int i = NEW; i <= UNKNOWING; i++) {
        stands(i, &price_2, "c1250", 2);
        stands(i, &label_2, "#red", 2);
    }
    price_is(NEW, &price_2, "c1250");
}
END_TEST

/* Each child of a map says its own version, whatever the map's. */
START_TEST(children_of_a_map_too) {
    struct weft_slice value;
    struct weft_txn *t = cluster_begin(&c, OLD);
    weft_lwwreg_set(weft_ormap_edit(weft_txn_edit(t, weft_str("row"), &weft_ormap_class), weft_str("old"), &price_1),
                    weft_str("e12"));
    cluster_commit(&c, OLD, t);
    t = cluster_begin(&c, NEW);
    weft_lwwreg_set(weft_ormap_edit(weft_txn_edit(t, weft_str("row"), &weft_ormap_class), weft_str("new"), &price_2),
                    weft_str("c1250"));
    cluster_commit(&c, NEW, t);
    cluster_link_all(&c);
    agree();
    checkpoint(OLD);
    open_again(OLD, new_classes);
    for (int i = NEW; i <= OLD; i++) {
        struct weft_view row = view(i, "row", &weft_ormap_class);
        struct weft_view old = weft_ormap_view(row, weft_str("old"), &price_2);
        struct weft_view new = weft_ormap_view(row, weft_str("new"), &price_1);
        ck_assert_int_eq(weft_lwwreg_get_as(old, &price_2, &scratch, &value, NULL), 0);
        ck_assert(weft_slice_eq(value, weft_str("c1200")));
        ck_assert_int_eq(weft_lwwreg_get_as(new, &price_1, &scratch, &value, NULL), WEFT_ERR_VERSION);
        ck_assert_int_eq(weft_lwwreg_get_as(new, &price_2, &scratch, &value, NULL), 0);
        ck_assert(weft_slice_eq(value, weft_str("c1250")));
    }
}
END_TEST

/* --- Writes of both versions -------------------------------------------------------------------------------------- */

/* Neither had seen the other: both stand, and the later stamp wins, whoever can read it. */
START_TEST(concurrent_writes_of_two_versions_both_stand) {
    write_label(NEW, &label_2, "#blue");
    write_label(OLD, &label_1, "red");
    write_price(OLD, &price_1, "e12");
    cluster_pass(&c, UINT64_C(5000000000));
    write_price(NEW, &price_2, "c1250");
    cluster_link_all(&c);
    agree();
    price_is(NEW, &price_2, "c1250");
    price_fails(OLD, &price_1, WEFT_ERR_VERSION);
    labels_are(NEW, &label_2, "#blue", "#red");
    labels_fail(OLD, &label_1, WEFT_ERR_VERSION);
}
END_TEST

START_TEST(the_same_value_of_two_versions_is_shown_once) {
    write_label(NEW, &label_2, "#red");
    write_label(OLD, &label_1, "red");
    cluster_link_all(&c);
    agree();
    labels_are(NEW, &label_2, "#red", NULL);
}
END_TEST

/* It takes the place of what it has seen, by the rule of the type, also of what it could not read. What it has not
 * seen, it does not touch. */
START_TEST(an_old_write_replaces_what_it_has_seen_and_nothing_else) {
    write_price(NEW, &price_2, "c1250");
    write_label(NEW, &label_2, "#blue");
    cluster_link_all(&c);
    agree();
    cluster_unlink(&c, NEW, OLD);
    cluster_unlink(&c, NEW, UNKNOWING);
    write_label(NEW, &label_2, "#green"); /* not seen by the old one */
    write_price(OLD, &price_1, "e9");
    write_label(OLD, &label_1, "red");
    price_is(OLD, &price_1, "e9");
    labels_are(OLD, &label_1, "red", NULL);
    cluster_link_all(&c);
    agree();
    price_is(NEW, &price_2, "c900");
    stands(UNKNOWING, &price_1, "e9", 1);
    labels_are(NEW, &label_2, "#green", "#red");
    labels_fail(OLD, &label_1, WEFT_ERR_VERSION);
}
END_TEST

/* A transaction of the old version about something else leaves what it cannot read as it is. */
START_TEST(an_old_write_beside_it_leaves_it_alone) {
    struct weft_txn *t = cluster_begin(&c, NEW);
    weft_edit_put(weft_txn_edit(t, weft_str("label"), &label_2), nothing, weft_str("door"), weft_str("#red"));
    cluster_commit(&c, NEW, t);
    cluster_link_all(&c);
    agree();
    write_label(OLD, &label_1, "blue");
    agree();
    for (int i = NEW; i <= UNKNOWING; i++) {
        struct weft_write w;
        ck_assert(weft_view_write(view(i, "label", &label_1), nothing, weft_str("door"), 0, &w));
        ck_assert(weft_slice_eq(w.value, weft_str("#red")));
        ck_assert_uint_eq(w.schema, 2);
    }
}
END_TEST

/* A transaction writes one schema of a type under a key: bytes of two would be said to be of one. */
START_TEST(one_transaction_writes_one_version_under_a_key) {
    struct weft_txn *t = cluster_begin(&c, NEW);
    weft_lwwreg_set(weft_txn_edit(t, weft_str("price"), &price_2), weft_str("c1250"));
    weft_lwwreg_set(weft_txn_edit(t, weft_str("price"), &price_1), weft_str("e12"));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_TYPE);
    t = cluster_begin(&c, NEW);
    struct weft_edit *row = weft_txn_edit(t, weft_str("row"), &weft_ormap_class);
    weft_lwwreg_set(weft_ormap_edit(row, weft_str("a"), &price_2), weft_str("c1250"));
    weft_lwwreg_set(weft_ormap_edit(row, weft_str("b"), &price_1),
                    weft_str("e12")); /* another child is another matter */
    ck_assert_int_eq(weft_edit_error(row), 0);
    weft_lwwreg_set(weft_ormap_edit(row, weft_str("a"), &price_1), weft_str("e12"));
    ck_assert_int_eq(weft_txn_commit(t, NULL), WEFT_ERR_TYPE);
    price_fails(NEW, &price_2, WEFT_ERR_NOT_FOUND);
}
END_TEST

/* Deleted as a type that nobody registered, and written anew at once: as what it is written. */
START_TEST(what_is_written_after_a_deletion_has_its_own_version) {
    struct weft_write w;
    for (int round = 0; round < 2; round++) {
        struct weft_txn *t = cluster_begin(&c, UNKNOWING);
        weft_txn_delete(t, weft_str("price"), price_2.type);
        weft_lwwreg_set(weft_txn_edit(t, weft_str("price"), &price_2), weft_str("c1250"));
        struct weft_edit *row = weft_txn_edit(t, weft_str("row"), &weft_ormap_class);
        weft_ormap_remove(row, weft_str("a"));
        weft_lwwreg_set(weft_ormap_edit(row, weft_str("a"), &price_2), weft_str("c1250"));
        weft_ormap_remove(row, weft_str("a"));
        weft_lwwreg_set(weft_ormap_edit(row, weft_str("a"), &price_2), weft_str("c1299"));
        cluster_commit(&c, UNKNOWING, t);
    }
    cluster_link_all(&c);
    agree();
    stands(NEW, &price_2, "c1250", 2);
    struct weft_view child = weft_ormap_view(view(NEW, "row", &weft_ormap_class), weft_str("a"), &price_2);
    ck_assert(weft_view_write(child, nothing, nothing, 0, &w));
    ck_assert_uint_eq(w.schema, 2);
    ck_assert(weft_slice_eq(w.value, weft_str("c1299")));
}
END_TEST

/* --- The one that knows neither ----------------------------------------------------------------------------------- */

START_TEST(the_unknowing_one_deletes_what_it_has_seen) {
    write_price(OLD, &price_1, "e12");
    write_label(NEW, &label_2, "#blue");
    cluster_link_all(&c);
    agree();
    for (int i = NEW; i < UNKNOWING; i++) cluster_unlink(&c, i, UNKNOWING);
    cluster_unlink(&c, NEW, OLD);
    cluster_delete(&c, UNKNOWING, "price", price_1.type);
    cluster_delete(&c, UNKNOWING, "label", label_1.type);
    write_label(OLD, &label_1, "red"); /* concurrent: survives, and has replaced the blue one */
    cluster_link_all(&c);
    agree();
    price_fails(NEW, &price_2, WEFT_ERR_NOT_FOUND);
    labels_are(NEW, &label_2, "#red", NULL);
    stands(UNKNOWING, &label_1, "red", 1);
}
END_TEST

START_TEST(the_unknowing_one_keeps_it_over_restarts_and_reads_once_registered) {
    write_price(NEW, &price_2, "c1250");
    write_label(OLD, &label_1, "red");
    cluster_link_all(&c);
    agree();
    for (int round = 0; round < 2; round++) { /* from the log, then from a checkpoint */
        open_again(UNKNOWING, NULL);
        stands(UNKNOWING, &price_2, "c1250", 2);
        stands(UNKNOWING, &label_1, "red", 1);
        struct weft_object_info info;
        ck_assert(weft_replica_object(c.at[UNKNOWING].replica, weft_str("price"), 0, &info));
        ck_assert_ptr_null(info.cls);
        checkpoint(UNKNOWING);
    }
    open_again(UNKNOWING, new_classes);
    price_is(UNKNOWING, &price_2, "c1250");
    labels_are(UNKNOWING, &label_2, "#red", NULL);
    cluster_link_all(&c);
    agree();
}
END_TEST

/* A replica that begins with the whole state, which it has from one that can read nothing of it. */
START_TEST(a_state_comes_whole_through_the_unknowing_one) {
    c.at[UNKNOWING].options.log_max = 0;
    open_again(UNKNOWING, NULL);
    write_price(NEW, &price_2, "c1250");
    write_label(NEW, &label_2, "#blue");
    write_label(OLD, &label_1, "red");
    cluster_link_all(&c);
    agree();
    checkpoint(UNKNOWING);
    cluster_crash(&c, NEW);
    cluster_crash(&c, OLD);
    open_again(UNKNOWING, NULL);
    ck_assert_int_eq(cluster_open(&c, FRESH), 0);
    cluster_link(&c, UNKNOWING, FRESH);
    for (int k = 0; k < 10; k++) {
        cluster_settle(&c);
        cluster_pass(&c, UINT64_C(1000000000));
    }
    ck_assert_uint_eq(c.at[FRESH].notices[WEFT_NOTICE_STATE_DONE], 1);
    agree();
    stands(FRESH, &price_2, "c1250", 2);
    price_is(FRESH, &price_2, "c1250");
    labels_are(FRESH, &label_2, "#blue", "#red");
}
END_TEST

/* --- The upgrade -------------------------------------------------------------------------------------------------- */

START_TEST(an_upgrade_in_place_reads_everything) {
    write_price(OLD, &price_1, "e12");
    write_label(OLD, &label_1, "red");
    write_label(NEW, &label_2, "#blue");
    cluster_link_all(&c);
    agree();
    checkpoint(OLD);
    struct weft_replica_stats before = cluster_stats(&c, OLD);
    open_again(OLD, new_classes);
    struct weft_replica_stats after = cluster_stats(&c, OLD);
    ck_assert_mem_eq(before.state_hash, after.state_hash, sizeof before.state_hash);
    price_is(OLD, &price_2, "c1200");
    labels_are(OLD, &label_2, "#blue", "#red");
    write_price(OLD, &price_2, "c1299");
    cluster_link_all(&c);
    agree();
    stands(UNKNOWING, &price_2, "c1299", 2);
    open_again(OLD, old_classes); /* and back: what the new version wrote is there, but cannot be read */
    price_fails(OLD, &price_1, WEFT_ERR_VERSION);
    stands(OLD, &price_2, "c1299", 2);
    cluster_link_all(&c);
    agree();
}
END_TEST

/* --- At random ---------------------------------------------------------------------------------------------------- */

/* Wherever a write has been, its bytes and its schema still say the same version. */
static void versions_fit(int i) {
    static const struct weft_crdt_class *const classes[] = {&price_1, &label_1};
    struct weft_write w;
    for (size_t k = 0; k < 2; k++)
        for (size_t n = 0; weft_view_write(view(i, classes[k]->name, classes[k]), nothing, nothing, n, &w); n++)
            ck_assert_uint_eq(w.schema, w.value.ptr[0] == 'c' || w.value.ptr[0] == '#' ? 2 : 1);
}

static void random_step(struct weft__prng *prng, bool *is_new) {
    int i = (int)weft__prng_below(prng, 3), j = (int)weft__prng_below(prng, 3);
    bool newer = is_new[i];
    switch (weft__prng_below(prng, 8)) {
    case 0:
    case 1:
        if (i != UNKNOWING) write_price(i, newer ? &price_2 : &price_1, newer ? "c1250" : "e12");
        break;
    case 2:
    case 3:
        if (i != UNKNOWING) write_label(i, newer ? &label_2 : &label_1, newer ? "#red" : "red");
        break;
    case 4:
        cluster_delete(&c, i, j == 0 ? "price" : "label", j == 0 ? price_1.type : label_1.type);
        break;
    case 5:
        if (i != j && c.linked[i][j]) cluster_unlink(&c, i, j);
        break;
    case 6:
        if (i != j && !c.linked[i][j]) cluster_link(&c, i, j);
        cluster_settle(&c);
        break;
    default:
        checkpoint(i);
        if (i != UNKNOWING) is_new[i] = j != 0; /* up and, at times, down again */
        open_again(i, i == UNKNOWING ? NULL : is_new[i] ? new_classes : old_classes);
    }
    cluster_pass(&c, UINT64_C(10000000));
}

START_TEST(whatever_happens_during_an_upgrade_all_agree) {
    bool is_new[] = {true, false, false};
    struct weft__prng prng;
    weft__prng_seed(&prng, (uint64_t)_i);
    for (int step = 1; step <= 120; step++) {
        random_step(&prng, is_new);
        for (int i = NEW; i <= UNKNOWING; i++) versions_fit(i);
        if (step % 20 != 0) continue;
        cluster_link_all(&c);
        agree();
    }
}
END_TEST

/* --- Registration ------------------------------------------------------------------------------------------------- */

START_TEST(a_replica_says_which_class_it_refuses) {
    static const struct weft_crdt_class twice = {
        .size = sizeof twice, .name = "tariff", .type = WEFT_TYPE_ID(2001, WEFT_KERNEL_STAMPED), .schema = 1};
    static const struct weft_crdt_class lacking = {LABEL, .schema = 2};
    static const struct weft_crdt_class *const same_type[] = {&price_1, &twice, NULL};
    static const struct weft_crdt_class *const two_versions[] = {&price_1, &price_2, NULL};
    static const struct weft_crdt_class *const no_upcast[] = {&price_2, &lacking, NULL};
    static const struct {
        const struct weft_crdt_class *const *classes;
        const char *said;
    } cases[] = {
        {same_type, "class 'tariff': type 2001/STAMPED is already registered as 'price'"},
        {two_versions, "class 'price': type 2001/STAMPED is already registered as 'price'"},
        {no_upcast, "class 'label' is at schema 2 and lacks upcast: what schema 1 wrote could not be read"},
        {new_classes, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weft_replica *r = NULL;
        char said[128] = "nothing yet";
        struct weft_replica_options o = c.at[NEW].options;
        o.classes = cases[i].classes;
        int rc = weft_replica_new(&r, &o); /* nobody asks */
        ck_assert_int_eq(rc, cases[i].said[0] == '\0' ? 0 : WEFT_ERR_INVALID);
        weft_replica_free(r);
        r = NULL;
        o.errmsg = said;
        o.errmsg_len = sizeof said;
        ck_assert_int_eq(weft_replica_new(&r, &o), rc);
        ck_assert_str_eq(said, cases[i].said);
        ck_assert_int_eq(r == NULL, rc != 0);
        weft_replica_free(r);
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("mixed");
    TCase *t = tcase_create("mixed");
    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, the_new_version_reads_what_the_old_one_wrote);
    tcase_add_test(t, the_old_version_says_that_it_cannot_read_and_passes_it_on);
    tcase_add_test(t, children_of_a_map_too);
    tcase_add_test(t, concurrent_writes_of_two_versions_both_stand);
    tcase_add_test(t, the_same_value_of_two_versions_is_shown_once);
    tcase_add_test(t, an_old_write_replaces_what_it_has_seen_and_nothing_else);
    tcase_add_test(t, an_old_write_beside_it_leaves_it_alone);
    tcase_add_test(t, one_transaction_writes_one_version_under_a_key);
    tcase_add_test(t, what_is_written_after_a_deletion_has_its_own_version);
    tcase_add_test(t, the_unknowing_one_deletes_what_it_has_seen);
    tcase_add_test(t, the_unknowing_one_keeps_it_over_restarts_and_reads_once_registered);
    tcase_add_test(t, a_state_comes_whole_through_the_unknowing_one);
    tcase_add_test(t, an_upgrade_in_place_reads_everything);
    tcase_add_loop_test(t, whatever_happens_during_an_upgrade_all_agree, 0, 20);
    tcase_add_test(t, a_replica_says_which_class_it_refuses);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
