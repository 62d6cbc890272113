/* test_view.c: what a callback sees: whole transactions, the same from its first line to its last, and its own commit
 * only once that has returned; and no callback runs inside another. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>

#include "tests/uv/world.h"

#define WRITES 200u

static struct world w;
static struct weft_subscription sub;
static unsigned calls, depth, own;

static void setup(void) {
    world_open(&w);
    calls = depth = own = 0;
    for (size_t i = 0; i < 2; i++) {
        struct peer *p = world_peer(&w, i);
        if (i == 1) peer_seed(p, weft_uv_port(w.peers[0].node));
        peer_open(&w, p);
    }
}

static void teardown(void) {
    world_close(&w);
}

static size_t set_size(void) {
    return weft_aworset_size(weft_uv_view(w.peers[0].node, weft_str("s"), &weft_aworset_class));
}

static int64_t counted(void) {
    int64_t n;
    ck_assert_int_eq(weft_pncounter_value(weft_uv_view(w.peers[0].node, weft_str("n"), &weft_pncounter_class), &n), 0);
    return n;
}

static size_t children(void) {
    return weft_ormap_size(weft_uv_view(w.peers[0].node, weft_str("m"), &weft_ormap_class));
}

/* One element, one count and one child in each transaction. */
static void write_one(struct weft_uv *node, const char *who, unsigned i) {
    struct weft_txn *t;
    char text[16];
    snprintf(text, sizeof text, "%s%03u", who, i);
    ck_assert_int_eq(weft_uv_txn_begin(node, &t), 0);
    weft_aworset_add(weft_txn_edit(t, weft_str("s"), &weft_aworset_class), weft_str(text));
    weft_pncounter_add(weft_txn_edit(t, weft_str("n"), &weft_pncounter_class), 1);
    struct weft_edit *m = weft_txn_edit(t, weft_str("m"), &weft_ormap_class);
    weft_pncounter_add(weft_ormap_edit(m, weft_str(text), &weft_pncounter_class), 1);
    size_t before = set_size();
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    if (node == w.peers[0].node) ck_assert_uint_eq(set_size(), before + 1);
}

/* In key order, each once, and as many as there are. */
static size_t walk(void) {
    struct weft_elements it;
    struct weft_slice element, last = weft_str("");
    size_t count = 0;
    ck_assert_int_eq(
        weft_elements_open(&it, weft_uv_view(w.peers[0].node, weft_str("s"), &weft_aworset_class), weft_str("")), 0);
    for (; weft_elements_next(&it, &element); last = element, count++)
        ck_assert_int_lt(weft_slice_cmp(last, element), 0);
    weft_elements_close(&it);
    return count;
}

static void on_change(struct weft_subscription *s, const struct weft_change *change) {
    (void)s;
    (void)change;
    ck_assert_uint_eq(depth++, 0);
    size_t size = set_size();
    ck_assert_int_eq(counted(), (int64_t)size);
    ck_assert_uint_eq(children(), size);
    ck_assert_uint_eq(walk(), size);
    ck_assert_uint_eq(set_size(), size);
    if (calls++ % 7 == 0 && own < 20) write_one(w.peers[0].node, "own", own++);
    depth--;
}

static bool all_there(struct world *in) {
    (void)in;
    return own == 20 && set_size() == WRITES + 20 && world_converged(&w, WRITES + 20);
}

START_TEST(callbacks_see_whole_transactions) {
    sub.cb = on_change;
    ck_assert_int_eq(weft_subscribe(w.peers[0].node, weft_str(""), &sub), 0);
    for (unsigned i = 0; i < WRITES; i++) {
        write_one(w.peers[1].node, "far", i);
        if (i % 10 == 0) world_run_for(&w, 1);
    }
    ck_assert_msg(world_run(&w, all_there, 10000), "not converged: %zu elements, %u own", set_size(), own);
    ck_assert_uint_ge(calls, 3 * (WRITES + 20)); /* each transaction changed three objects */
    ck_assert_uint_eq(depth, 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("view");
    TCase *t = tcase_create("view");
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, callbacks_see_whole_transactions);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
