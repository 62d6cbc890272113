/* test_disk.c: what is synced stays, what is not goes with the power, and backups are what was durable. */
#include "sim/disk.h"

#include <stdio.h>

#include <weft/err.h>

#include "tests/support/suite.h"

static struct weft__disk disk;
static struct weft__vector applied;

static void setup(void) {
    ck_assert_int_eq(weft__disk_init(&disk, NULL), 0);
    weft__vector_init(&applied, NULL);
}

static void teardown(void) {
    weft__disk_fini(&disk);
    weft__vector_fini(&applied);
}

static uint64_t number;

static void put(uint64_t seq) {
    char text[32];
    int len = snprintf(text, sizeof text, "row %llu", (unsigned long long)seq);
    struct weft_record r = {
        .kind = WEFT_RECORD_LOG, .number = ++number, .seq = seq, .bytes = weft_slice(text, (size_t)len)};
    ck_assert_int_eq(weft__vector_set(&applied, 0, seq), 0);
    ck_assert_int_eq(weft__disk_put(&disk, &r, 1, &applied), 0);
}

static int count_row(void *ctx, const struct weft_record *r) {
    char text[32];
    int len = snprintf(text, sizeof text, "row %llu", (unsigned long long)r->seq);
    ck_assert(weft_slice_eq(r->bytes, weft_slice(text, (size_t)len)));
    ++*(int *)ctx;
    return 0;
}

static int rows(void) {
    int n = 0;
    ck_assert_int_eq(disk.now.store->cls->load(disk.now.store, count_row, &n), 0);
    return n;
}

START_TEST(a_sync_takes_what_was_there_when_it_began) {
    uint64_t upto;
    setup();
    put(1);
    put(2);
    ck_assert(weft__disk_begin_sync(&disk));
    put(3);
    ck_assert(!weft__disk_begin_sync(&disk)); /* one at a time */
    ck_assert_int_eq(rows(), 0);
    ck_assert_int_eq(weft__disk_end_sync(&disk, &upto), 1);
    ck_assert_uint_eq(upto, number - 1);
    ck_assert_int_eq(rows(), 2);
    ck_assert_uint_eq(weft__vector_get(&disk.now.durable, 0), 2);
    ck_assert(weft__disk_begin_sync(&disk));
    ck_assert_int_eq(weft__disk_end_sync(&disk, &upto), 1);
    ck_assert_int_eq(rows(), 3);
    ck_assert(!weft__disk_begin_sync(&disk));
    teardown();
}
END_TEST

START_TEST(a_crash_loses_what_is_waiting_and_what_is_syncing) {
    uint64_t upto;
    setup();
    put(1);
    ck_assert(weft__disk_begin_sync(&disk));
    ck_assert_int_eq(weft__disk_end_sync(&disk, &upto), 1);
    put(2);
    ck_assert(weft__disk_begin_sync(&disk));
    put(3);
    weft__disk_crash(&disk);
    ck_assert_int_eq(rows(), 1);
    ck_assert_uint_eq(weft__vector_get(&disk.now.durable, 0), 1);
    ck_assert(!weft__disk_begin_sync(&disk)); /* nothing comes later by itself */
    teardown();
}
END_TEST

START_TEST(a_write_that_fails_is_written_again) {
    uint64_t upto = 0;
    setup();
    put(1);
    disk.failing = 2;
    ck_assert(weft__disk_begin_sync(&disk));
    ck_assert_int_eq(weft__disk_end_sync(&disk, &upto), 0);
    ck_assert_int_eq(weft__disk_end_sync(&disk, &upto), 0);
    ck_assert_int_eq(rows(), 0);
    ck_assert_int_eq(weft__disk_end_sync(&disk, &upto), 1);
    ck_assert_int_eq(rows(), 1);
    teardown();
}
END_TEST

START_TEST(a_backup_is_the_durable_part_and_the_oldest_comes_back) {
    uint64_t upto;
    setup();
    ck_assert_int_eq(weft__disk_restore(&disk, 0), WEFT_ERR_NOT_FOUND);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        put(seq);
        ck_assert_int_eq(weft__disk_backup(&disk), 0); /* before the sync: seq - 1 rows */
        ck_assert(weft__disk_begin_sync(&disk));
        ck_assert_int_eq(weft__disk_end_sync(&disk, &upto), 1);
    }
    struct weft__disk copy;
    ck_assert_int_eq(weft__disk_init(&copy, NULL), 0);
    ck_assert_int_eq(weft__disk_copy(&copy, &disk), 0);
    ck_assert_int_eq(weft__disk_restore(&disk, 0), 0);
    ck_assert_int_eq(rows(), 0);
    ck_assert_uint_eq(weft__vector_get(&disk.now.durable, 0), 0);
    ck_assert_uint_eq(weft__vector_get(&copy.now.durable, 0), 3); /* a copy is on its own */
    weft__disk_fini(&copy);
    teardown();
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-disk", a_sync_takes_what_was_there_when_it_began,
                     a_crash_loses_what_is_waiting_and_what_is_syncing, a_write_that_fails_is_written_again,
                     a_backup_is_the_durable_part_and_the_oldest_comes_back);
}
