/* The SQLite store when the disk fails, the process is killed, or bits rot: each write is there whole or not at all,
 * and a damaged file is an error or the right content. */
#define _DEFAULT_SOURCE /* usleep */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/err.h>
#include <weft/sqlite.h>

#include "base/prng.h"
#include "tests/support/failing_vfs.h"
#include "tests/support/folder.h"
#include "tests/support/suite.h"
#include "tests/unit/replication/store_contract.h"

static struct folder folder;
static struct failing_vfs disk;
static char errmsg[512];

static const char *db(void) {
    return folder_file(&folder, "a.db");
}

static struct weft_store *open_file(void) {
    struct weft_store *s = NULL;
    int rc = weft_sqlite_open(&s, db(), errmsg, sizeof errmsg);
    ck_assert_msg(rc == 0, "%d: %s", rc, errmsg);
    return s;
}

/* --- A disk that fails ------------------------------------------------------------------------------------------ */

#define BEFORE "meta 1 m\nsegment 1 old\nlog 1/1/1 a\nlog 1/1/2 b\n"

/* What a checkpoint does: everything at once, and big enough for many pages. */
static int write_checkpoint(struct weft_store *s, const char *big) {
    struct weft_record records[] = {
        store_segment(2, big),   store_segment(3, big),   store_segment_drop(1),   store_meta(1, "n"),
        store_log_drop(1, 1, 1), store_log(1, 1, 2, "c"), store_log(2, 1, 1, big), store_quarantine(1, "q"),
    };
    return s->cls->write(s, records, sizeof records / sizeof *records);
}

static void is_before_or_after(struct weft_store *s, const char *after, bool must_be_after) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    store_dump(s, &b);
    bool is_after = strcmp((const char *)b.ptr, after) == 0;
    ck_assert_msg(is_after || (!must_be_after && strcmp((const char *)b.ptr, BEFORE) == 0), "neither: %.200s", b.ptr);
    weft_buf_fini(&b);
}

/* Whether the write went through, with its n-th access to the disk failing. */
static bool try_at(long n, bool forever, int code, const char *big, const char *after) {
    folder_make(&folder);
    disk.fail_at = 0;
    struct weft_store *s = open_file();
    ck_assert_write(s, store_meta(1, "m"), store_segment(1, "old"), store_log(1, 1, 1, "a"), store_log(1, 1, 2, "b"));
    disk.code = code;
    disk.fail_forever = forever;
    disk.fail_at = disk.calls + n;
    int rc = write_checkpoint(s, big);
    bool reached = disk.calls >= disk.fail_at;
    if (rc != 0) {
        ck_assert_int_eq(rc, code == SQLITE_FULL ? WEFT_ERR_FULL : WEFT_ERR_IO);
        ck_assert_ptr_nonnull(strstr(s->cls->errmsg(s), "/a.db: writing: "));
        if (!forever) is_before_or_after(s, after, false);
        if (!forever && n % 2 == 0) { /* the disk recovers, and the same records are written again */
            rc = write_checkpoint(s, big);
            ck_assert_msg(rc == 0, "%s", s->cls->errmsg(s));
        }
    }
    s->cls->close(s); /* on a dead disk too */
    disk.fail_at = 0;
    s = open_file();
    is_before_or_after(s, after, rc == 0);
    ck_assert_write(s, store_meta(2, "on we go"));
    s->cls->close(s);
    folder_remove(&folder);
    return !reached;
}

START_TEST(a_write_that_failed_is_whole_or_absent) {
    static const int codes[] = {SQLITE_IOERR, SQLITE_FULL};
    static char big[30001];
    struct weft_buf after;
    memset(big, 'x', sizeof big - 1);
    weft_buf_init(&after, NULL);
    (void)weft_buf_printf(&after, "meta 1 n\nsegment 2 %s\nsegment 3 %s\nlog 1/1/2 c\nlog 2/1/1 %s\nquarantine 1 q\n",
                          big, big, big);
    (void)weft_buf_append(&after, "", 1);
    failing_vfs_install(&disk);
    bool forever = _i % 2 == 1;
    long n = 1;
    while (!try_at(n, forever, codes[_i / 2], big, (const char *)after.ptr)) n++;
    ck_assert_int_gt(n, 20); /* it did fail somewhere: each page of the WAL is written by itself */
    weft_buf_fini(&after);
}
END_TEST

/* Making a store fails at each of its accesses, once or, as when the disk or the process died, from there on: what is
 * left can be opened, or made. */
static void make_it_twice(bool forever) {
    failing_vfs_install(&disk);
    for (long n = 1;; n++) {
        folder_make(&folder);
        disk.code = SQLITE_IOERR;
        disk.fail_at = disk.calls + n;
        disk.fail_forever = forever;
        struct weft_store *s = NULL;
        int rc = weft_sqlite_open(&s, db(), errmsg, sizeof errmsg);
        bool reached = disk.calls >= disk.fail_at;
        disk.fail_at = 0;
        ck_assert(rc == 0 || rc == WEFT_ERR_IO);
        if (rc == 0) s->cls->close(s);
        s = open_file();
        ck_assert_store(s, "");
        s->cls->close(s);
        folder_remove(&folder);
        if (!reached) break;
        ck_assert_int_lt(n, 1000);
    }
}

START_TEST(a_store_that_could_not_be_made_can_be_made_later) {
    make_it_twice(false);
    make_it_twice(true);
}
END_TEST

/* The WAL is moved into the file now and then; that failing must not lose what was said to be durable. */
START_TEST(a_failing_wal_checkpoint_loses_nothing) {
    failing_vfs_install(&disk);
    folder_make(&folder);
    static char big[100001];
    memset(big, 'x', sizeof big - 1);
    struct weft_store *s = open_file();
    struct weft__prng p;
    weft__prng_seed(&p, 2);
    uint64_t written = 0, failed = 0;
    disk.code = SQLITE_IOERR;
    while (written < 200) {
        disk.fail_at = disk.calls + 1 + (long)weft__prng_below(&p, 300);
        struct weft_record r = store_log(1, 1, written + 1, big);
        int rc = s->cls->write(s, &r, 1);
        if (rc == 0)
            written++;
        else
            failed++;
        if (weft__prng_below(&p, 20) != 0) continue;
        s->cls->close(s);
        disk.fail_at = 0;
        s = open_file();
    }
    ck_assert_uint_gt(failed, 5);
    disk.fail_at = 0;
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    store_dump(s, &b);
    uint64_t rows = 0;
    for (size_t i = 0; i < b.len; i++) rows += b.ptr[i] == '\n';
    ck_assert_uint_eq(rows, written);
    weft_buf_fini(&b);
    s->cls->close(s);
    folder_remove(&folder);
}
END_TEST

/* --- kill -9 ---------------------------------------------------------------------------------------------------- */

#define BATCH 5 /* log rows of one write; a META row says which write it was */

static void write_numbered(struct weft_store *s, uint64_t number) {
    char text[BATCH + 1][24];
    struct weft_record records[BATCH + 1];
    for (size_t i = 0; i < BATCH; i++) {
        (void)snprintf(text[i], sizeof text[i], "%llu.%zu", (unsigned long long)number, i);
        records[i] = store_log(1, 1, (number - 1) * BATCH + i + 1, text[i]);
    }
    (void)snprintf(text[BATCH], sizeof text[BATCH], "%llu", (unsigned long long)number);
    records[BATCH] = store_meta(1, text[BATCH]);
    ck_assert_int_eq(s->cls->write(s, records, BATCH + 1), 0);
}

static void child_writes(uint64_t from, int report) {
    struct weft_store *s = open_file();
    for (uint64_t number = from;; number++) {
        write_numbered(s, number);
        if (write(report, &number, sizeof number) != sizeof number) _exit(1);
    }
}

struct found {
    uint64_t last; /* number in the META row */
    uint64_t rows;
    bool in_order;
};

static int look(void *ctx, const struct weft_record *r) {
    struct found *f = ctx;
    char text[24];
    if (r->kind == WEFT_RECORD_META) {
        (void)snprintf(text, sizeof text, "%.*s", (int)r->bytes.len, (const char *)r->bytes.ptr);
        f->last = strtoull(text, NULL, 10);
        return 0;
    }
    (void)snprintf(text, sizeof text, "%llu.%llu", (unsigned long long)(f->rows / BATCH + 1),
                   (unsigned long long)(f->rows % BATCH));
    f->rows++;
    f->in_order = f->in_order && r->seq == f->rows && weft_slice_eq(r->bytes, weft_str(text));
    return 0;
}

/* A life of the child, ended at a random moment: how far it said it was. */
static uint64_t live_and_die(uint64_t from, unsigned microseconds) {
    int report[2];
    ck_assert_int_eq(pipe(report), 0);
    pid_t child = fork();
    if (child == 0) child_writes(from, report[1]);
    (void)close(report[1]);
    uint64_t said, number;
    ck_assert_int_eq(read(report[0], &said, sizeof said), sizeof said); /* it is open, and has written */
    (void)usleep(microseconds);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    while (read(report[0], &number, sizeof number) == sizeof number) said = number;
    (void)close(report[0]);
    return said;
}

START_TEST(what_was_reported_survives_kill_9) {
    failing_vfs_install(&disk);
    folder_make(&folder);
    struct weft__prng p;
    weft__prng_seed(&p, 3);
    uint64_t last = 0;
    for (int round = 0; round < 30; round++) {
        uint64_t said = live_and_die(last + 1, (unsigned)weft__prng_below(&p, 30000));
        struct weft_store *s = open_file();
        struct found f = {0, 0, true};
        ck_assert_int_eq(s->cls->load(s, look, &f), 0);
        ck_assert(f.in_order);
        ck_assert_uint_eq(f.rows, f.last * BATCH);
        ck_assert_uint_ge(f.last, said);
        ck_assert_uint_le(f.last, said + 1); /* durable, and not reported any more */
        last = f.last;
        s->cls->close(s);
    }
    folder_remove(&folder);
}
END_TEST

/* --- Bit rot ---------------------------------------------------------------------------------------------------- */

/* A store of some 20 pages, and its text. */
static unsigned char *make_image(size_t *len, struct weft_buf *text) {
    struct weft_store *s = open_file();
    char bytes[200];
    for (uint64_t i = 1; i <= 300; i++) {
        (void)snprintf(bytes, sizeof bytes, "transaction %llu with some words to fill its row", (unsigned long long)i);
        ck_assert_write(s, store_log((uint8_t)(i % 3), 7, i, bytes));
    }
    ck_assert_write(s, store_meta(1, "identity"), store_meta(2, "epoch"), store_segment(5, "a segment"),
                    store_quarantine(1, "q"), store_log_drop(0, 7, 100));
    store_dump(s, text);
    s->cls->close(s);
    return folder_read(db(), len);
}

enum verdict { SAME, REFUSED, DAMAGED };

/* Opens the image: it is refused, or found damaged with a sentence, or its content is right. */
static enum verdict judge(const unsigned char *image, size_t len, const char *text, bool readonly) {
    struct weft_store *s = NULL;
    struct weft_buf b;
    folder_write(db(), image, len);
    int rc = readonly ? weft_sqlite_open_readonly(&s, db(), errmsg, sizeof errmsg)
                      : weft_sqlite_open(&s, db(), errmsg, sizeof errmsg);
    if (rc != 0) {
        ck_assert_ptr_nonnull(strstr(errmsg, "/a.db: "));
        return REFUSED;
    }
    weft_buf_init(&b, NULL);
    rc = store_try_dump(s, &b);
    if (rc == 0)
        ck_assert_msg(strcmp((const char *)b.ptr, text) == 0, "loaded from %zu bytes: %.100s...", len, b.ptr);
    else
        ck_assert_ptr_nonnull(strstr(s->cls->errmsg(s), "/a.db: "));
    weft_buf_fini(&b);
    s->cls->close(s);
    return rc == 0 ? SAME : DAMAGED;
}

START_TEST(a_flipped_byte_is_found) {
    failing_vfs_install(&disk);
    folder_make(&folder);
    struct weft_buf text;
    size_t len, counts[3] = {0, 0, 0};
    weft_buf_init(&text, NULL);
    unsigned char *image = make_image(&len, &text);
    ck_assert_int_eq(judge(image, len, (const char *)text.ptr, false), SAME);
    struct weft__prng p;
    weft__prng_seed(&p, 4);
    for (int i = 0; i < 900; i++) {
        /* All of the first page's header and every kind of page. */
        size_t at = i < 110 ? (size_t)i : weft__prng_below(&p, len);
        unsigned char flip = (unsigned char)(1u << weft__prng_below(&p, 8));
        if (i % 3 == 0) flip = 0xff;
        image[at] ^= flip;
        counts[judge(image, len, (const char *)text.ptr, i % 2 == 0)]++;
        image[at] ^= flip;
    }
    ck_assert_uint_gt(counts[DAMAGED], 200);
    ck_assert_uint_gt(counts[REFUSED], 20);
    free(image);
    weft_buf_fini(&text);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_truncated_file_is_found) {
    failing_vfs_install(&disk);
    folder_make(&folder);
    struct weft_buf text;
    size_t len;
    weft_buf_init(&text, NULL);
    unsigned char *image = make_image(&len, &text);
    for (size_t cut = 1; cut < len; cut += cut < 200 ? 7 : 1019)
        ck_assert_int_ne(judge(image, cut, (const char *)text.ptr, cut % 2 == 0), SAME);
    for (size_t cut = 4096; cut < len; cut += 4096)
        ck_assert_int_ne(judge(image, cut, (const char *)text.ptr, false), SAME);
    free(image);
    weft_buf_fini(&text);
    folder_remove(&folder);
}
END_TEST

/* A leaf page that says it has one row less: nothing that is read is wrong, and a row is missing. */
START_TEST(rows_that_vanished_are_missed) {
    failing_vfs_install(&disk);
    folder_make(&folder);
    struct weft_buf text;
    size_t len, leaves = 0;
    weft_buf_init(&text, NULL);
    unsigned char *image = make_image(&len, &text);
    for (size_t page = 4096; page < len; page += 4096) {
        if (image[page] != 13 || image[page + 4] < 2) continue; /* fileformat.html: a table's leaf; number of cells */
        image[page + 4]--;
        ck_assert_int_eq(judge(image, len, (const char *)text.ptr, false), DAMAGED);
        image[page + 4]++;
        leaves++;
    }
    ck_assert_uint_gt(leaves, 3);
    free(image);
    weft_buf_fini(&text);
    folder_remove(&folder);
}
END_TEST

START_TEST(the_message_says_which_row_and_how_many_are_whole) {
    failing_vfs_install(&disk);
    folder_make(&folder);
    struct weft_buf text;
    size_t len, at = 0;
    weft_buf_init(&text, NULL);
    unsigned char *image = make_image(&len, &text);
    const char words[] = "transaction 17 with";
    while (memcmp(image + at, words, sizeof words - 1) != 0) at++;
    image[at + 5] ^= 1;
    ck_assert_int_eq(judge(image, len, (const char *)text.ptr, false), DAMAGED);
    struct weft_store *s = open_file();
    ck_assert_int_eq(store_try_dump(s, &text), WEFT_ERR_CORRUPT);
    /* The drop took rows of origin 0, every third: 3, 6, 9, 12 and 15 before this one, 33 in all. */
    ck_assert_ptr_nonnull(strstr(s->cls->errmsg(s),
                                 "/a.db: log row 12 of 267 is damaged (its checksum does not match); "
                                 "11 rows before it are whole"));
    s->cls->close(s);
    free(image);
    weft_buf_fini(&text);
    folder_remove(&folder);
}
END_TEST

/* It carries a hash of its own, and can be fetched again: no reason to refuse the store. */
START_TEST(a_rotten_staged_chunk_is_passed_on) {
    failing_vfs_install(&disk);
    folder_make(&folder);
    struct weft_store *s = open_file();
    ck_assert_write(s, store_meta(1, "m"), store_staged(0, "a chunk of some state"), store_staged(1, "another chunk"));
    s->cls->close(s);
    size_t len, at = 0;
    unsigned char *image = folder_read(db(), &len);
    const char words[] = "chunk of some";
    while (memcmp(image + at, words, sizeof words - 1) != 0) at++;
    image[at] ^= 1;
    folder_write(db(), image, len);
    s = open_file();
    ck_assert_store(s, "meta 1 m\nstaged 0 a bhunk of some state\nstaged 1 another chunk\n");
    s->cls->close(s);
    free(image);
    folder_remove(&folder);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("SQLite store, disk faults");
    TCase *tcase = tcase_create("write");
    tcase_set_timeout(tcase, 0);
    tcase_add_loop_test(tcase, a_write_that_failed_is_whole_or_absent, 0, 4);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner) != 0;
    srunner_free(runner);
    failed |= RUN_SUITE("SQLite store, faults", a_store_that_could_not_be_made_can_be_made_later,
                        a_failing_wal_checkpoint_loses_nothing, what_was_reported_survives_kill_9,
                        a_flipped_byte_is_found, a_truncated_file_is_found, rows_that_vanished_are_missed,
                        the_message_says_which_row_and_how_many_are_whole, a_rotten_staged_chunk_is_passed_on);
    return failed;
}
