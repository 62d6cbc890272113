/* test_bcounter.c: who may consume how much, and what comes of those who did not keep to it. */
#include <weft/bcounter.h>

#include <weft/limits.h>

#include "base/wire.h"
#include "tests/unit/crdt/values.h"

static struct weft_origin origin_of(uint32_t number) {
    return options_of(number, NULL).origin;
}

static struct weft_value *counter(uint32_t number) {
    return value_of(&weft_bcounter_class, number);
}

static int commit(struct weft_value *v) {
    return weft_value_commit(v, stamp_of(1), NULL);
}

static int consume(struct weft_value *v, uint64_t amount) {
    weft_bcounter_consume(weft_value_edit(v), amount);
    return commit(v);
}

static void add_ok(struct weft_value *v, uint64_t amount) {
    weft_bcounter_add(weft_value_edit(v), amount);
    ck_assert_int_eq(commit(v), 0);
}

static int transfer(struct weft_value *v, uint32_t to, uint64_t amount) {
    struct weft_origin origin = origin_of(to);
    weft_bcounter_transfer(weft_value_edit(v), &origin, amount);
    return commit(v);
}

static int claim(struct weft_value *v, uint32_t from) {
    struct weft_origin origin = origin_of(from);
    weft_bcounter_claim(weft_value_edit(v), &origin);
    return commit(v);
}

static uint64_t rights(const struct weft_value *v, uint32_t number) {
    struct weft_origin origin = origin_of(number);
    uint64_t out;
    ck_assert_int_eq(weft_bcounter_rights(weft_value_view(v), &origin, &out), 0);
    return out;
}

static uint64_t value(const struct weft_value *v) {
    uint64_t out;
    ck_assert_int_eq(weft_bcounter_value(weft_value_view(v), &out), 0);
    return out;
}

static uint64_t excess(const struct weft_value *v) {
    uint64_t out;
    ck_assert_int_eq(weft_bcounter_excess(weft_value_view(v), &out), 0);
    return out;
}

START_TEST(an_origin_consumes_what_it_has) {
    struct weft_value *a = counter(0), *b = counter(2);
    ck_assert_uint_eq(value(a), 0);
    ck_assert_int_eq(consume(a, 1), WEFT_ERR_RIGHTS);
    ck_assert_int_eq(consume(a, 0), 0);
    add_ok(a, 10);
    merge_ok(b, a);
    ck_assert_uint_eq(value(b), 10);
    ck_assert_int_eq(consume(b, 1), WEFT_ERR_RIGHTS); /* they are not its own */
    ck_assert_int_eq(consume(a, 4), 0);
    ck_assert_int_eq(consume(a, 7), WEFT_ERR_RIGHTS);
    ck_assert_int_eq(consume(a, 6), 0);
    check_shows(a, "0");
    add_ok(b, 3);
    merge_ok(a, b);
    check_shows(a, "3");
    ck_assert_uint_eq(rights(a, 2), 3);
    ck_assert_uint_eq(rights(a, 0), 0);
    ck_assert_uint_eq(rights(a, 4), 0);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(rights_move_by_transfer) {
    struct weft_value *a = counter(0), *b = counter(2);
    add_ok(a, 10);
    ck_assert_int_eq(transfer(a, 2, 11), WEFT_ERR_RIGHTS);
    ck_assert_int_eq(transfer(a, 2, 7), 0);
    ck_assert_int_eq(transfer(a, 0, 2), 0); /* to itself: nothing */
    ck_assert_uint_eq(rights(a, 0), 3);
    ck_assert_uint_eq(rights(a, 2), 7); /* of which nothing has come yet */
    ck_assert_int_eq(consume(b, 1), WEFT_ERR_RIGHTS);
    merge_ok(b, a);
    ck_assert_int_eq(consume(b, 5), 0);
    ck_assert_int_eq(transfer(b, 0, 2), 0);
    ck_assert_int_eq(transfer(b, 0, 1), WEFT_ERR_RIGHTS);
    merge_ok(a, b);
    ck_assert_uint_eq(rights(a, 0), 5);
    ck_assert_int_eq(transfer(a, 2, 5), 0);
    check_shows(a, "5");
    ck_assert_uint_eq(excess(a), 0);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(edits_see_their_own_rights) {
    struct weft_value *a = counter(0);
    struct weft_origin to = origin_of(2);
    struct weft_edit *e = weft_value_edit(a);
    weft_bcounter_add(e, 5);
    weft_bcounter_consume(e, 2);
    weft_bcounter_transfer(e, &to, 2);
    check_prints(weft_edit_view(e), &weft_bcounter_class, "3");
    weft_bcounter_consume(e, 2);
    ck_assert_int_eq(weft_edit_error(e), WEFT_ERR_RIGHTS);
    ck_assert_int_eq(commit(a), WEFT_ERR_RIGHTS);
    check_shows(a, "0");
    weft_value_free(a);
}
END_TEST

/* Also by whoever does not know the type: a class of the same id without its reset. */
START_TEST(deleting_takes_the_own_rights_only) {
    static const struct weft_crdt_class unknown = {
        .size = sizeof unknown, .name = "unknown", .type = WEFT_TYPE_ID(14, WEFT_KERNEL_TOTALS), .schema = 1};
    struct weft_value *a = counter(0), *b = counter(2), *c = value_of(&unknown, 4);
    add_ok(a, 10);
    ck_assert_int_eq(transfer(a, 2, 4), 0);
    merge_ok(b, a);
    weft_edit_reset(weft_value_edit(a));
    ck_assert_int_eq(commit(a), 0);
    check_shows(a, "4");
    ck_assert_int_eq(consume(b, 1), 0);
    merge_ok(a, b);
    check_shows(a, "3");
    struct weft_buf before = bytes_of(a);
    merge_ok(c, a);
    weft_edit_reset(weft_value_edit(c));
    ck_assert_int_eq(commit(c), 0);
    merge_ok(a, c);
    struct weft_buf after = bytes_of(a);
    ck_assert(!buf_eq(&before, &after)); /* it is written ... */
    check_shows(a, "3");                 /* ... and changes nothing */
    ck_assert_uint_eq(rights(a, 2), 3);
    weft_buf_fini(&before);
    weft_buf_fini(&after);
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

/* The openings of one store, each the heir of the one before. */
START_TEST(stranded_rights_are_claimed_along_a_line) {
    struct weft_value *v = counter(0);
    add_ok(v, 10);
    for (uint32_t i = 1; i < 100; i++) {
        struct weft_value *next = copy_of(v, i);
        weft_value_free(v);
        v = next;
        ck_assert_int_eq(consume(v, 1), WEFT_ERR_RIGHTS);
        ck_assert_int_eq(claim(v, i - 1), 0);
        ck_assert_uint_eq(rights(v, i), 9 + i);
        add_ok(v, 2);
        ck_assert_int_eq(consume(v, 1), 0);
        struct weft_origin own = origin_of(i);
        weft_bcounter_claim(weft_value_edit(v), &own); /* of itself: nothing */
        ck_assert_int_eq(claim(v, i - 1), 0);          /* of what is gone: nothing */
    }
    ck_assert_uint_eq(value(v), 109);
    ck_assert_uint_eq(excess(v), 0);
    ck_assert_int_eq(consume(v, 109), 0);
    struct weft_bcounter b;
    ck_assert_int_eq(weft_bcounter_open(&b, weft_value_view(v)), 0);
    ck_assert_uint_eq(b.count, 100);
    for (size_t i = 0; i < b.count; i++) {
        struct weft_origin origin = origin_of((uint32_t)i);
        ck_assert_int_eq(weft_origin_cmp(&b.items[i].origin, &origin), 0);
        ck_assert_uint_eq(b.items[i].rights | b.items[i].excess, 0);
    }
    weft_bcounter_close(&b);
    weft_value_free(v);
}
END_TEST

/* Of two claims only what was there counts; who consumed on the other is told. */
START_TEST(two_claims_of_one_origin_share_what_was_there) {
    struct weft_value *a = counter(0), *b = counter(2), *c = counter(4);
    add_ok(c, 10);
    merge_ok(a, c);
    merge_ok(b, c);
    ck_assert_int_eq(claim(a, 4), 0);
    ck_assert_int_eq(claim(b, 4), 0);
    ck_assert_int_eq(consume(a, 3), 0);
    ck_assert_int_eq(consume(b, 9), 0);
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert(value_eq(a, b));
    ck_assert_uint_eq(rights(a, 0), 7); /* the smaller origin first */
    ck_assert_uint_eq(rights(a, 2), 0);
    check_shows(a, "7, excess 9");
    ck_assert_int_eq(consume(b, 1), WEFT_ERR_RIGHTS);
    ck_assert_int_eq(transfer(a, 4, 5), 0); /* what comes later fills the claim that went short */
    check_shows(a, "2, excess 4");
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

/* The other was not gone: what it consumed comes first. */
START_TEST(a_claim_that_came_too_early_gets_the_rest) {
    struct weft_value *a = counter(0), *b = counter(2);
    add_ok(b, 10);
    merge_ok(a, b);
    ck_assert_int_eq(claim(a, 2), 0);
    ck_assert_int_eq(consume(b, 6), 0);
    merge_ok(a, b);
    check_shows(a, "4");
    ck_assert_uint_eq(rights(a, 0), 4);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* Each of the other: they get nothing, and neither does who rests on them; all others are as they were. */
START_TEST(claims_in_a_circle_get_nothing) {
    struct weft_value *a = counter(0), *b = counter(2), *c = counter(4);
    add_ok(a, 10);
    add_ok(b, 20);
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert_int_eq(claim(a, 2), 0);
    ck_assert_int_eq(claim(b, 0), 0);
    merge_ok(a, b);
    ck_assert_uint_eq(rights(a, 0), 10);
    ck_assert_uint_eq(rights(a, 2), 20);
    merge_ok(c, a);
    ck_assert_int_eq(claim(c, 0), 0);
    ck_assert_uint_eq(rights(c, 4), 0);
    add_ok(c, 1);
    check_shows(c, "31");
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(c);
}
END_TEST

/* A replica whose memory was rolled back, or a liar: totals that its rights do not cover. */
START_TEST(what_is_beyond_the_rights_does_not_count) {
    struct weft_value *a = counter(0), *b = counter(2), *liar = counter(4);
    uint8_t path[3 + 24] = {0xe3, 0x01, 24, 0, 1}; /* origin 2: replica id 00 01 .. */
    add_ok(a, 10);
    add_ok(liar, 2);
    weft_edit_add(weft_value_edit(liar), weft_slice(NULL, 0), 1, 7);
    ck_assert_int_eq(commit(liar), 0);
    merge_ok(a, liar);
    check_shows(a, "10, excess 5");
    weft_edit_add(weft_value_edit(liar), weft_slice(path, sizeof path), 0, 3);
    ck_assert_int_eq(commit(liar), 0);
    merge_ok(b, liar);
    ck_assert_uint_eq(rights(b, 2), 3); /* who got a gift keeps it */
    merge_ok(a, b);
    check_shows(a, "13, excess 8");
    ck_assert_int_eq(consume(liar, 1), WEFT_ERR_RIGHTS);
    add_ok(liar, 9);
    ck_assert_uint_eq(rights(liar, 4), 1);
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(liar);
}
END_TEST

/* Paths that no writer writes: of another type or length, or deeper; and a column that there is not. */
START_TEST(bytes_of_no_writer_count_as_absent) {
    struct weft_value *v = counter(4);
    uint8_t path[2 * 27] = {0xe3, 0x01, 24, 0, 1, [27] = 0xe3, 0x01, 24}; /* names origin 2 */
    add_ok(v, 5);
    const struct {
        size_t len;
        uint8_t type, key;
    } wrong[] = {{27, 0xd3, 24}, {26, 0xe3, 23}, {28, 0xe3, 25}, {54, 0xe3, 24}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        path[0] = wrong[i].type;
        path[2] = wrong[i].key;
        weft_edit_add(weft_value_edit(v), weft_slice(path, wrong[i].len), 0, 3);
        weft_edit_add(weft_value_edit(v), weft_slice(path, wrong[i].len), 1, 1);
        ck_assert_int_eq(commit(v), 0);
        check_shows(v, "5");
        ck_assert_uint_eq(rights(v, 4), 5);
    }
    weft_edit_add(weft_value_edit(v), weft_slice(NULL, 0), 5, 3);
    ck_assert_int_eq(commit(v), 0);
    check_shows(v, "5");
    weft_value_free(v);
}
END_TEST

/* Nor a claim of oneself, which would wait for itself, and all that rest on it with it. */
START_TEST(a_claim_of_oneself_counts_as_absent) {
    struct weft_value *v = counter(4), *heir = counter(0);
    uint8_t path[27] = {0xe3, 0x01, 24, 0, 2}; /* names origin 4 */
    add_ok(v, 5);
    weft_edit_add(weft_value_edit(v), weft_slice(path, sizeof path), 1, 3);
    ck_assert_int_eq(commit(v), 0);
    merge_ok(heir, v);
    ck_assert_int_eq(claim(heir, 4), 0);
    ck_assert_uint_eq(rights(heir, 0), 5);
    weft_value_free(v);
    weft_value_free(heir);
}
END_TEST

START_TEST(what_does_not_fit_is_an_error) {
    struct weft_value *a = counter(0), *b = counter(2), *set = value_of(&weft_aworset_class, 0);
    struct weft_origin own = origin_of(0);
    struct weft_bcounter list;
    uint64_t out;
    add_ok(a, UINT64_MAX);
    weft_bcounter_add(weft_value_edit(a), 1);
    ck_assert_int_eq(commit(a), WEFT_ERR_RANGE);
    add_ok(b, UINT64_MAX);
    ck_assert_int_eq(transfer(b, 0, 5), 0);
    merge_ok(a, b);
    ck_assert_int_eq(weft_bcounter_value(weft_value_view(a), &out), WEFT_ERR_RANGE);
    ck_assert_int_eq(weft_bcounter_rights(weft_value_view(a), &own, &out), WEFT_ERR_RANGE);
    check_shows(a, weft_strerror(WEFT_ERR_RANGE));
    ck_assert_int_eq(weft_bcounter_open(&list, weft_value_view(a)), 0);
    ck_assert_uint_eq(list.items[0].rights, UINT64_MAX);
    ck_assert_uint_eq(list.items[1].rights, UINT64_MAX - 5);
    weft_bcounter_close(&list);
    weft_edit_reset(weft_value_edit(a));
    ck_assert_int_eq(commit(a), WEFT_ERR_RANGE); /* more than one total can take back */
    ck_assert_int_eq(consume(a, UINT64_MAX), 0);
    ck_assert_uint_eq(rights(a, 0), 5);
    weft_bcounter_consume(weft_value_edit(set), 1);
    ck_assert_int_eq(commit(set), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_bcounter_value(weft_value_view(set), &out), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_bcounter_open(&list, weft_value_view(set)), WEFT_ERR_TYPE);
    weft_bcounter_consume(NULL, 1);
    weft_value_free(a);
    weft_value_free(b);
    weft_value_free(set);
}
END_TEST

/* Everything that looks at rights, on books with gifts and claims. */
static int look_and_edit(struct weft_value *v, int what) {
    struct weft_origin other = origin_of(2);
    struct weft_bcounter list;
    uint64_t out;
    int rc = 0;
    if (what == 0) rc = weft_bcounter_value(weft_value_view(v), &out);
    if (what == 1) rc = weft_bcounter_rights(weft_value_view(v), &other, &out);
    if (what == 2) {
        rc = weft_bcounter_open(&list, weft_value_view(v));
        if (rc == 0) weft_bcounter_close(&list);
    }
    if (what == 3) return consume(v, 1);
    if (what == 4) return transfer(v, 2, 1);
    if (what == 5) return claim(v, 2);
    if (what == 6) {
        weft_edit_reset(weft_value_edit(v));
        return commit(v);
    }
    return rc;
}

START_TEST(out_of_memory_changes_nothing) {
    int rc = WEFT_ERR_NOMEM;
    size_t failures = 0;
    for (size_t n = 1; rc != 0; n++) {
        struct failing_alloc mem;
        failing_alloc_init(&mem);
        struct weft_value *v = value_with(&weft_bcounter_class, 0, &mem.alloc), *other = counter(2);
        add_ok(other, 10);
        ck_assert_int_eq(transfer(other, 0, 4), 0);
        merge_ok(v, other);
        ck_assert_int_eq(claim(v, 2), 0);
        ck_assert_int_eq(transfer(v, 2, 2), 0);
        struct weft_buf before = bytes_of(v), after;
        mem.fail_at = mem.calls + n;
        rc = look_and_edit(v, _i);
        mem.fail_at = 0;
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        after = bytes_of(v);
        if (rc != 0) ck_assert(buf_eq(&before, &after));
        failures += rc != 0;
        ck_assert_int_eq(look_and_edit(v, _i), 0);
        weft_buf_fini(&before);
        weft_buf_fini(&after);
        weft_value_free(v);
        weft_value_free(other);
        ck_assert_uint_eq(mem.live_bytes, 0);
    }
    ck_assert_uint_ge(failures, 3);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("bcounter");
    TCase *tc = tcase_create("bcounter");
    tcase_add_test(tc, an_origin_consumes_what_it_has);
    tcase_add_test(tc, rights_move_by_transfer);
    tcase_add_test(tc, edits_see_their_own_rights);
    tcase_add_test(tc, deleting_takes_the_own_rights_only);
    tcase_add_test(tc, stranded_rights_are_claimed_along_a_line);
    tcase_add_test(tc, two_claims_of_one_origin_share_what_was_there);
    tcase_add_test(tc, a_claim_that_came_too_early_gets_the_rest);
    tcase_add_test(tc, claims_in_a_circle_get_nothing);
    tcase_add_test(tc, what_is_beyond_the_rights_does_not_count);
    tcase_add_test(tc, bytes_of_no_writer_count_as_absent);
    tcase_add_test(tc, a_claim_of_oneself_counts_as_absent);
    tcase_add_test(tc, what_does_not_fit_is_an_error);
    tcase_add_loop_test(tc, out_of_memory_changes_nothing, 0, 7);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
