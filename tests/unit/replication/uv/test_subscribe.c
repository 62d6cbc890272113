/* test_subscribe.c: who is told of a change, and what callbacks may do to the list that is being walked. */
#include "replication/uv/subscribe.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static struct weft__subscriptions all;
static char told[64]; /* a letter per call */

/* A subscription on the heap, so that touching it after it was freed is seen by a sanitizer. */
struct listener {
    struct weft_subscription s;
    char letter;
    struct listener *free_too; /* unsubscribed and freed by the callback */
    struct listener *add;      /* subscribed by the callback */
};

static struct listener *made(char letter) {
    struct listener *l = calloc(1, sizeof *l);
    ck_assert_ptr_nonnull(l);
    l->letter = letter;
    return l;
}

static void drop(struct listener *l) {
    weft__subscriptions_remove(&all, &l->s);
    memset(l, 0xa5, sizeof *l);
    free(l);
}

static void on_change(struct weft_subscription *s, const struct weft_change *change) {
    struct listener *l = (struct listener *)s;
    (void)change;
    size_t len = strlen(told);
    ck_assert_uint_lt(len, sizeof told - 1);
    told[len] = l->letter;
    struct listener *add = l->add, *free_too = l->free_too;
    l->add = NULL;
    if (add != NULL) ck_assert_int_eq(weft__subscriptions_add(&all, weft_str(""), &add->s), 0);
    if (free_too != NULL) {
        l->free_too = NULL;
        drop(free_too);
    }
}

static struct listener *listen_to(char letter, const char *prefix) {
    struct listener *l = made(letter);
    l->s.cb = on_change;
    ck_assert_int_eq(weft__subscriptions_add(&all, weft_str(prefix), &l->s), 0);
    return l;
}

static const char *tell(const char *key) {
    struct weft_change change = {.key = weft_str(key)};
    memset(told, 0, sizeof told);
    weft__subscriptions_tell(&all, &change);
    return told;
}

static void setup(void) {
    weft__subscriptions_init(&all, NULL);
}

static void teardown(void) {
    weft__subscriptions_remove_all(&all);
}

START_TEST(prefixes_decide_in_the_order_of_subscribing) {
    struct listener *a = listen_to('a', "cart/"), *b = listen_to('b', ""), *c = listen_to('c', "cart/4");
    ck_assert_str_eq(tell("cart/42"), "abc");
    ck_assert_str_eq(tell("cart/"), "ab");
    ck_assert_str_eq(tell("cart"), "b");
    ck_assert_str_eq(tell("x/cart/4"), "b");
    drop(a), drop(b), drop(c);
}
END_TEST

START_TEST(the_prefix_is_copied) {
    char prefix[] = "cart/";
    struct listener *a = made('a');
    a->s.cb = on_change;
    ck_assert_int_eq(weft__subscriptions_add(&all, weft_slice(prefix, 5), &a->s), 0);
    memset(prefix, 'x', 5);
    ck_assert_str_eq(tell("cart/1"), "a");
    drop(a);
}
END_TEST

START_TEST(unsubscribed_hears_nothing) {
    struct listener *a = listen_to('a', ""), *b = listen_to('b', "");
    drop(a);
    ck_assert_str_eq(tell("k"), "b");
    weft__subscriptions_remove(&all, &b->s);
    weft__subscriptions_remove(&all, &b->s);
    ck_assert_str_eq(tell("k"), "");
    free(b);
}
END_TEST

/* _i says who of a, b, c, d is freed by b's callback, b itself included. */
START_TEST(a_callback_frees_anyone) {
    struct listener *l[4];
    static const char *const expected[4] = {"abcd", "abcd", "abd", "abc"}, *const after[4] = {"bcd", "acd", "abd",
                                                                                              "abc"};
    for (size_t i = 0; i < 4; i++) l[i] = listen_to((char)('a' + i), "");
    l[1]->free_too = l[_i];
    ck_assert_str_eq(tell("k"), expected[_i]);
    ck_assert_str_eq(tell("k"), after[_i]);
    for (int i = 0; i < 4; i++) {
        if (i != _i) drop(l[i]);
    }
}
END_TEST

START_TEST(a_callback_ends_everything) {
    struct listener *a = listen_to('a', ""), *b = listen_to('b', "");
    a->free_too = b;
    ck_assert_str_eq(tell("k"), "a");
    drop(a);
    ck_assert_str_eq(tell("k"), "");
}
END_TEST

START_TEST(who_subscribes_in_a_callback_hears_from_the_next_change_on) {
    struct listener *a = listen_to('a', ""), *b = listen_to('b', ""), *c = made('c'), *d = made('d');
    c->s.cb = d->s.cb = on_change;
    a->add = c;
    b->add = d;
    ck_assert_str_eq(tell("k"), "ab");
    ck_assert_str_eq(tell("k"), "abcd");
    drop(a), drop(b), drop(c), drop(d);
}
END_TEST

/* Made and ended within one walk. */
START_TEST(fresh_ones_can_be_removed) {
    struct listener *a = listen_to('a', ""), *b = listen_to('b', ""), *c = made('c');
    c->s.cb = on_change;
    a->add = c;
    b->free_too = c;
    ck_assert_str_eq(tell("k"), "ab");
    ck_assert_str_eq(tell("k"), "ab");
    drop(a), drop(b);
}
END_TEST

int main(void) {
    Suite *s = suite_create("subscribe");
    TCase *t = tcase_create("subscribe");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, prefixes_decide_in_the_order_of_subscribing);
    tcase_add_test(t, the_prefix_is_copied);
    tcase_add_test(t, unsubscribed_hears_nothing);
    tcase_add_loop_test(t, a_callback_frees_anyone, 0, 4);
    tcase_add_test(t, a_callback_ends_everything);
    tcase_add_test(t, who_subscribes_in_a_callback_hears_from_the_next_change_on);
    tcase_add_test(t, fresh_ones_can_be_removed);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
