/* The memory store: the contract, copies, and memory that runs out. */
#include <weft/err.h>

#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"
#include "tests/unit/replication/store_contract.h"

static struct weft_store *open_memory(void) {
    struct weft_store *s;
    ck_assert_int_eq(weft_store_memory_new(&s, NULL), 0);
    return s;
}

static struct weft_store *copy_and_close(struct weft_store *s) {
    struct weft_store *copy;
    ck_assert_int_eq(weft_store_memory_copy(&copy, s, NULL), 0);
    s->cls->close(s);
    return copy;
}

START_TEST(a_copy_goes_its_own_way) {
    struct weft_store *s = open_memory(), *copy;
    ck_assert_write(s, store_meta(1, "m"), store_log(1, 1, 1, "a"));
    ck_assert_int_eq(weft_store_memory_copy(&copy, s, NULL), 0);
    ck_assert_write(s, store_log(1, 1, 2, "b"));
    ck_assert_write(copy, store_log_drop(1, 1, 1), store_meta(1, "n"));
    ck_assert_store(s, "meta 1 m\nlog 1/1/1 a\nlog 1/1/2 b\n");
    ck_assert_store(copy, "meta 1 n\n");
    s->cls->close(s);
    ck_assert_store(copy, "meta 1 n\n");
    copy->cls->close(copy);
}
END_TEST

START_TEST(a_write_without_memory_changes_nothing) {
    struct failing_alloc f;
    struct weft_store *s;
    failing_alloc_init(&f);
    ck_assert_int_eq(weft_store_memory_new(&s, &f.alloc), 0);
    ck_assert_write(s, store_meta(1, "m"), store_log(1, 1, 1, "a"));
    struct weft_record records[] = {store_log_drop(1, 1, 1), store_meta(1, "n"), store_segment(1, "s"),
                                    store_log(1, 1, 2, "b")};
    int rc = WEFT_ERR_NOMEM;
    for (size_t n = 1; rc != 0; n++) {
        f.fail_at = f.calls + n;
        rc = s->cls->write(s, records, 4);
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        f.fail_at = 0;
        ck_assert_store(s, rc == 0 ? "meta 1 n\nsegment 1 s\nlog 1/1/2 b\n" : "meta 1 m\nlog 1/1/1 a\n");
        ck_assert_uint_lt(n, 100);
    }
    s->cls->close(s);
    ck_assert_uint_eq(f.live_bytes, 0);
}
END_TEST

START_TEST(new_and_copy_without_memory_leave_nothing) {
    struct weft_store *s = open_memory(), *copy;
    ck_assert_write(s, store_meta(1, "m"), store_log(1, 1, 1, "a"));
    int rc = WEFT_ERR_NOMEM;
    for (size_t n = 1; rc != 0; n++) {
        struct failing_alloc f;
        failing_alloc_init(&f);
        f.fail_at = n;
        rc = weft_store_memory_copy(&copy, s, &f.alloc);
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        if (rc == 0) copy->cls->close(copy);
        ck_assert_uint_eq(f.live_bytes, 0);
        ck_assert_uint_lt(n, 100);
    }
    s->cls->close(s);
}
END_TEST

int main(void) {
    static const struct store_subject subject = {open_memory, copy_and_close};
    int failed = store_contract_run("store contract, memory", &subject);
    failed |= RUN_SUITE("memory store", a_copy_goes_its_own_way, a_write_without_memory_changes_nothing,
                        new_and_copy_without_memory_leave_nothing);
    return failed;
}
