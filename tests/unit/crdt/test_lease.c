/* test_lease.c: who holds a lease, until when, and by which token. */
#include <weft/lease.h>

#include <weft/limits.h>

#include "base/endian.h"
#include "tests/unit/crdt/values.h"

/* At `word`; the clock epoch is 1 as everywhere here. */
static int acquire(struct weft_value *v, const char *owner, uint64_t duration, uint64_t word) {
    weft_value_now(v, stamp_of(word));
    weft_lease_acquire(weft_value_edit(v), weft_str(owner), duration);
    return weft_value_commit(v, stamp_of(word), NULL);
}

static void acquire_ok(struct weft_value *v, const char *owner, uint64_t duration, uint64_t word) {
    ck_assert_int_eq(acquire(v, owner, duration, word), 0);
}

static void release(struct weft_value *v, const char *owner, uint64_t word) {
    weft_lease_release(weft_value_edit(v), weft_str(owner));
    commit_quietly(v, word);
}

/* NULL: nobody. */
static void check_holder(const struct weft_value *v, uint64_t word, const char *owner) {
    struct weft_lease l;
    int rc = weft_lease_holder(weft_value_view(v), stamp_of(word), &l);
    ck_assert_int_eq(rc, owner == NULL ? WEFT_ERR_NOT_FOUND : 0);
    if (owner != NULL) ck_assert(is_text(l.owner, owner));
}

static struct weft_lease lease_at(const struct weft_value *v, uint64_t word) {
    struct weft_lease l;
    ck_assert_int_eq(weft_lease_holder(weft_value_view(v), stamp_of(word), &l), 0);
    return l;
}

START_TEST(held_until_the_deadline_and_no_longer) {
    struct weft_value *v = value_of(&weft_lease_class, 0);
    check_shows(v, "free");
    check_holder(v, 1, NULL);
    acquire_ok(v, "ada", 10, 5);
    check_shows(v, "\"ada\" until 1.000000000000000f");
    check_holder(v, 5, "ada");
    check_holder(v, 14, "ada");
    check_holder(v, 15, NULL);
    ck_assert_int_eq(acquire(v, "bob", 10, 14), WEFT_ERR_HELD);
    check_holder(v, 14, "ada");
    acquire_ok(v, "bob", 10, 15);
    check_holder(v, 15, "bob");
    weft_value_free(v);
}
END_TEST

START_TEST(a_renewal_has_a_new_deadline_and_a_new_token) {
    struct weft_value *v = value_of(&weft_lease_class, 0);
    acquire_ok(v, "ada", 10, 5);
    struct weft_lease first = lease_at(v, 5);
    acquire_ok(v, "ada", 10, 9);
    struct weft_lease second = lease_at(v, 18);
    ck_assert_int_gt(weft_lease_token_cmp(&second.token, &first.token), 0);
    ck_assert_uint_eq(second.deadline.word, 19);
    acquire_ok(v, "ada", 1, 10); /* a shorter one shortens */
    check_holder(v, 11, NULL);
    acquire_ok(v, "ada", UINT64_MAX, 12);
    check_holder(v, UINT64_MAX - 1, "ada");
    weft_value_free(v);
}
END_TEST

START_TEST(only_the_owner_releases) {
    struct weft_value *v = value_of(&weft_lease_class, 0);
    release(v, "ada", 1);
    acquire_ok(v, "ada", 10, 5);
    weft_lease_release(weft_value_edit(v), weft_str("bob"));
    struct weft_buf delta = commit_at(v, 6);
    ck_assert_uint_eq(delta.len, 0);
    weft_buf_fini(&delta);
    check_holder(v, 6, "ada");
    release(v, "ada", 7);
    check_holder(v, 7, NULL);
    acquire_ok(v, "bob", 10, 8);
    check_holder(v, 8, "bob");
    weft_value_free(v);
}
END_TEST

/* Two holders until they hear of each other. The loser does not hold again when the winner's time is over: the resource
 * has seen the greater token. */
START_TEST(the_greatest_token_wins_and_its_loser_stays_lost) {
    struct weft_value *a = value_of(&weft_lease_class, 0), *b = value_of(&weft_lease_class, 2);
    acquire_ok(a, "ada", 100, 5);
    acquire_ok(b, "bob", 10, 5);
    check_holder(a, 6, "ada");
    check_holder(b, 6, "bob");
    struct weft_lease lost = lease_at(a, 6), won = lease_at(b, 6);
    ck_assert_int_lt(weft_lease_token_cmp(&lost.token, &won.token), 0); /* equal stamps: the origin decides */
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert(value_eq(a, b));
    check_holder(a, 6, "bob");
    check_holder(a, 15, NULL);
    ck_assert_int_eq(acquire(a, "ada", 10, 14), WEFT_ERR_HELD);
    release(a, "ada", 14); /* it lost: nothing to give back */
    check_holder(a, 14, "bob");
    acquire_ok(a, "ada", 10, 15);
    struct weft_lease again = lease_at(a, 15);
    ck_assert_int_gt(weft_lease_token_cmp(&again.token, &won.token), 0);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(a_release_takes_what_it_has_seen) {
    struct weft_value *a = value_of(&weft_lease_class, 0), *b = value_of(&weft_lease_class, 2);
    acquire_ok(a, "ada", 10, 5);
    merge_ok(b, a);
    release(b, "ada", 6);
    acquire_ok(a, "ada", 10, 6);
    merge_ok(a, b);
    check_holder(a, 7, "ada");
    merge_ok(b, a);
    weft_edit_reset(weft_value_edit(b));
    commit_quietly(b, 8);
    check_shows(b, "free");
    acquire_ok(a, "ada", 10, 8);
    merge_ok(b, a);
    check_holder(b, 9, "ada");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* "Poisonous clocks": a lease of the far future ends with its clock epoch. */
START_TEST(a_raised_clock_epoch_ends_older_leases) {
    struct weft_value *v = value_of(&weft_lease_class, 0);
    struct weft_stamp raised = {.word = 3, .epoch = 2};
    struct weft_lease l;
    acquire_ok(v, "ada", 10, UINT64_C(1) << 62);
    ck_assert_int_eq(acquire(v, "bob", 10, 5), WEFT_ERR_HELD);
    ck_assert_int_eq(weft_lease_holder(weft_value_view(v), raised, &l), WEFT_ERR_NOT_FOUND);
    weft_value_now(v, raised);
    weft_lease_acquire(weft_value_edit(v), weft_str("bob"), 10);
    ck_assert_int_eq(weft_value_commit(v, raised, NULL), 0);
    ck_assert_int_eq(weft_lease_holder(weft_value_view(v), raised, &l), 0);
    ck_assert(is_text(l.owner, "bob"));
    check_holder(v, UINT64_MAX, "bob"); /* a stamp of before the epoch is before the deadline */
    weft_value_free(v);
}
END_TEST

START_TEST(edits_see_their_own_lease) {
    struct weft_value *v = value_of(&weft_lease_class, 0);
    struct weft_lease l;
    weft_value_now(v, stamp_of(5));
    struct weft_edit *e = weft_value_edit(v);
    weft_lease_acquire(e, weft_str("ada"), 10);
    ck_assert_int_eq(weft_lease_holder(weft_edit_view(e), weft_edit_now(e), &l), 0);
    ck_assert_uint_eq(l.deadline.word, 15);
    check_prints(weft_edit_view(e), &weft_lease_class, "\"ada\" until 1.000000000000000f");
    weft_lease_acquire(e, l.owner, 20); /* lent by the edit itself */
    weft_lease_release(e, weft_str("bob"));
    commit_quietly(v, 6);
    check_shows(v, "\"ada\" until 1.000000000000001a"); /* from the commit's stamp on */
    weft_lease_acquire(weft_value_edit(v), weft_str("bob"), 10);
    ck_assert_int_eq(weft_edit_error(weft_value_edit(v)), WEFT_ERR_HELD);
    weft_value_abort(v);
    weft_value_free(v);
}
END_TEST

START_TEST(tokens_as_bytes_have_their_order) {
    struct weft_lease_token t[] = {
        {{1, 0}, {{{0}}, 0}},          {{1, 0}, {{{0}}, 256}},
        {{1, 0}, {{{1}}, 0}},          {{255, 0}, {{{0}}, 1}},
        {{256, 0}, {{{0}}, 0}},        {{UINT64_MAX, 0}, {{{255}}, 0}},
        {{0, 1}, {{{0}}, UINT64_MAX}}, {{UINT64_C(1) << 63, 1}, {{{0}}, 0}},
    };
    uint8_t a[WEFT_LEASE_TOKEN_LEN], b[WEFT_LEASE_TOKEN_LEN];
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        for (size_t k = 0; k < sizeof t / sizeof *t; k++) {
            weft_lease_token_store(&t[i], a);
            weft_lease_token_store(&t[k], b);
            int bytes = memcmp(a, b, sizeof a), order = weft_lease_token_cmp(&t[i], &t[k]);
            ck_assert_int_eq((order > 0) - (order < 0), (i > k) - (i < k));
            ck_assert_int_eq((bytes > 0) - (bytes < 0), (i > k) - (i < k));
        }
}
END_TEST

static void put_bytes(struct weft_value *v, uint64_t duration, size_t owner_len, uint64_t word) {
    uint8_t bytes[8 + WEFT_KEY_MAX + 1] = {0};
    weft__store64(bytes, duration);
    weft_edit_put(weft_value_edit(v), weft_slice(NULL, 0), weft_slice(NULL, 0), weft_slice(bytes, 8 + owner_len));
    commit_quietly(v, word);
}

/* Joins do not look into types, so a peer can send bytes that no acquisition writes: they hold nothing and hide
 * nothing. */
START_TEST(bytes_that_are_no_lease_count_as_absent) {
    struct weft_value *a = value_of(&weft_lease_class, 0), *b = value_of(&weft_lease_class, 2);
    weft_edit_put(weft_value_edit(b), weft_slice(NULL, 0), weft_slice(NULL, 0), weft_str("1234567"));
    commit_quietly(b, 5);
    check_shows(b, "free");
    put_bytes(b, 0, 3, 6);
    check_shows(b, "free");
    put_bytes(b, 10, WEFT_KEY_MAX + 1, 7);
    check_shows(b, "free");
    acquire_ok(a, "ada", 10, 3);
    merge_ok(a, b);
    check_holder(a, 8, "ada");
    acquire_ok(a, "ada", 10, 8);
    ck_assert_uint_eq(weft_view_count(weft_value_view(a)), 1);
    put_bytes(b, 10, 0, 9);
    check_holder(b, 9, ""); /* an empty name is a name */
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(what_is_no_lease_is_refused) {
    struct weft_value *v = value_of(&weft_lease_class, 0), *set = value_of(&weft_aworset_class, 0);
    char name[WEFT_KEY_MAX + 1];
    struct weft_lease l;
    memset(name, 'n', sizeof name);
    ck_assert_int_eq(acquire(v, "ada", 0, 1), WEFT_ERR_INVALID);
    weft_lease_acquire(weft_value_edit(v), weft_slice(name, sizeof name), 1);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_LIMIT);
    weft_lease_acquire(weft_value_edit(v), weft_slice(name, sizeof name - 1), 1);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), 0);
    weft_lease_acquire(weft_value_edit(set), weft_str("ada"), 1);
    ck_assert_int_eq(weft_value_commit(set, stamp_of(1), NULL), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_lease_holder(weft_value_view(set), stamp_of(1), &l), WEFT_ERR_TYPE);
    weft_lease_release(NULL, weft_str("ada"));
    weft_value_free(v);
    weft_value_free(set);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("lease");
    TCase *tc = tcase_create("lease");
    tcase_add_test(tc, held_until_the_deadline_and_no_longer);
    tcase_add_test(tc, a_renewal_has_a_new_deadline_and_a_new_token);
    tcase_add_test(tc, only_the_owner_releases);
    tcase_add_test(tc, the_greatest_token_wins_and_its_loser_stays_lost);
    tcase_add_test(tc, a_release_takes_what_it_has_seen);
    tcase_add_test(tc, a_raised_clock_epoch_ends_older_leases);
    tcase_add_test(tc, edits_see_their_own_lease);
    tcase_add_test(tc, tokens_as_bytes_have_their_order);
    tcase_add_test(tc, bytes_that_are_no_lease_count_as_absent);
    tcase_add_test(tc, what_is_no_lease_is_refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
