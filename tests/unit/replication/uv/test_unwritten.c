/* test_unwritten.c: records reach the store once, whole and in order, however often it fails and whenever memory ends.
 */
#include "replication/uv/unwritten.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "tests/support/failing_alloc.h"

struct fake {
    struct weft_store store;
    int fail;
    size_t calls;
    uint64_t last;
    char text[256];
};

static int fake_write(struct weft_store *s, const struct weft_record *records, size_t count) {
    struct fake *f = (struct fake *)s;
    f->calls++;
    if (f->fail != 0) return f->fail;
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(records[i].number, ++f->last);
        if (records[i].bytes.len > 0) memcpy(f->text + strlen(f->text), records[i].bytes.ptr, records[i].bytes.len);
    }
    return 0;
}

static const struct weft_store_class fake_class = {.size = sizeof fake_class, .name = "fake", .write = fake_write};

static int push(struct weft__unwritten *u, uint64_t first, const char *a, const char *b) {
    char copy_a[16], copy_b[16];
    snprintf(copy_a, sizeof copy_a, "%s", a);
    snprintf(copy_b, sizeof copy_b, "%s", b);
    struct weft_record records[2] = {
        {.kind = WEFT_RECORD_LOG, .number = first, .bytes = weft_str(copy_a)},
        {.kind = WEFT_RECORD_META, .number = first + 1, .bytes = weft_str(copy_b)},
    };
    int rc = weft__unwritten_push(u, records, 2);
    memset(copy_a, 0, sizeof copy_a);
    memset(copy_b, 0, sizeof copy_b);
    return rc;
}

START_TEST(a_turn_is_one_write) {
    struct fake f = {.store = {&fake_class}};
    struct weft__unwritten u;
    uint64_t number = 0;
    weft__unwritten_init(&u, NULL);
    ck_assert_int_eq(push(&u, 1, "one ", ""), 0);
    ck_assert_int_eq(push(&u, 3, "three ", "four "), 0);
    ck_assert_uint_ge(weft__unwritten_size(&u), 15);
    ck_assert_int_eq(weft__unwritten_write(&u, &f.store, &number), 0);
    ck_assert_uint_eq(f.calls, 1);
    ck_assert_uint_eq(number, 4);
    ck_assert_str_eq(f.text, "one three four ");
    ck_assert_uint_eq(weft__unwritten_size(&u), 0);
    weft__unwritten_fini(&u);
}
END_TEST

START_TEST(what_the_store_refuses_is_kept) {
    struct fake f = {.store = {&fake_class}, .fail = WEFT_ERR_IO};
    struct weft__unwritten u;
    uint64_t number = 77;
    weft__unwritten_init(&u, NULL);
    ck_assert_int_eq(push(&u, 1, "a", "b"), 0);
    ck_assert_int_eq(weft__unwritten_write(&u, &f.store, &number), WEFT_ERR_IO);
    ck_assert_int_eq(push(&u, 3, "c", "d"), 0);
    ck_assert_int_eq(weft__unwritten_write(&u, &f.store, &number), WEFT_ERR_IO);
    ck_assert_uint_eq(number, 77);
    f.fail = 0;
    ck_assert_int_eq(weft__unwritten_write(&u, &f.store, &number), 0);
    ck_assert_uint_eq(number, 4);
    ck_assert_str_eq(f.text, "abcd");
    weft__unwritten_fini(&u);
}
END_TEST

/* The n-th allocation fails: nothing or everything is copied, and nothing leaks. */
START_TEST(memory_may_end_anywhere) {
    for (size_t nth = 1;; nth++) {
        struct fake f = {.store = {&fake_class}};
        struct failing_alloc alloc;
        struct weft__unwritten u;
        uint64_t number = 0, next = 1;
        failing_alloc_init(&alloc);
        weft__unwritten_init(&u, &alloc.alloc);
        alloc.fail_at = nth;
        bool failed = false;
        for (int i = 0; i < 40; i++) {
            int rc = push(&u, next, "ab", "c");
            ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
            if (rc == 0) next += 2;
            failed = failed || rc != 0;
        }
        ck_assert_int_eq(weft__unwritten_write(&u, &f.store, &number), 0);
        ck_assert_uint_eq(number, next - 1);
        ck_assert_uint_eq(strlen(f.text), (next - 1) / 2 * 3);
        weft__unwritten_fini(&u);
        ck_assert_uint_eq(alloc.live_bytes, 0);
        if (!failed) break;
    }
}
END_TEST

int main(void) {
    Suite *s = suite_create("unwritten");
    TCase *t = tcase_create("unwritten");
    suite_add_tcase(s, t);
    tcase_add_test(t, a_turn_is_one_write);
    tcase_add_test(t, what_the_store_refuses_is_kept);
    tcase_add_test(t, memory_may_end_anywhere);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
