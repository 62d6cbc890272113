/* The SQLite store: the contract; what is opened and what is refused, unchanged; one writer and readers beside it. */
#define _DEFAULT_SOURCE /* symlink, chmod */

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/err.h>
#include <weft/sqlite.h>

#include "tests/support/folder.h"
#include "tests/support/suite.h"
#include "tests/unit/replication/store_contract.h"

static struct folder folder;
static char errmsg[512];

static const char *db(void) {
    return folder_file(&folder, "a.db");
}

static struct weft_store *open_file(void) {
    struct weft_store *s = NULL;
    int rc = weft_sqlite_open(&s, db(), errmsg, sizeof errmsg);
    ck_assert_msg(rc == 0, "%d: %s", rc, errmsg);
    ck_assert_str_eq(errmsg, "");
    return s;
}

static struct weft_store *open_reader(void) {
    struct weft_store *s = NULL;
    int rc = weft_sqlite_open_readonly(&s, db(), errmsg, sizeof errmsg);
    ck_assert_msg(rc == 0, "%d: %s", rc, errmsg);
    return s;
}

/* Each test of the contract is a process of its own, with a file of its own. */
static struct weft_store *open_new(void) {
    char name[40];
    (void)snprintf(name, sizeof name, "contract-%ld.db", (long)getpid());
    struct weft_store *s = NULL;
    (void)unlink(folder_file(&folder, name));
    int rc = weft_sqlite_open(&s, folder_file(&folder, name), errmsg, sizeof errmsg);
    ck_assert_msg(rc == 0, "%d: %s", rc, errmsg);
    return s;
}

static struct weft_store *close_and_open(struct weft_store *s) {
    char name[40];
    (void)snprintf(name, sizeof name, "contract-%ld.db", (long)getpid());
    s->cls->close(s);
    int rc = weft_sqlite_open(&s, folder_file(&folder, name), errmsg, sizeof errmsg);
    ck_assert_msg(rc == 0, "%d: %s", rc, errmsg);
    return s;
}

/* --- Refusing --------------------------------------------------------------------------------------------------- */

/* Both ways of opening answer `err` with these words after the file's name, and no byte and no file is changed. */
static void ck_assert_refused(int err, const char *words) {
    size_t len, len_after;
    unsigned char *before = folder_read(db(), &len);
    int files = folder_count(&folder);
    char expected[800];
    (void)snprintf(expected, sizeof expected, "%s: %s", db(), words);
    struct weft_store *s = NULL;
    ck_assert_int_eq(weft_sqlite_open(&s, db(), errmsg, sizeof errmsg), err);
    ck_assert_str_eq(errmsg, expected);
    ck_assert_int_eq(weft_sqlite_open_readonly(&s, db(), errmsg, sizeof errmsg), err);
    ck_assert_str_eq(errmsg, expected);
    ck_assert_ptr_null(s);
    unsigned char *after = folder_read(db(), &len_after);
    ck_assert_uint_eq(len_after, len);
    ck_assert_mem_eq(after, before, len);
    ck_assert_int_eq(folder_count(&folder), files);
    free(before);
    free(after);
}

static void run_sql(const char *sql) {
    sqlite3 *handle = NULL;
    ck_assert_int_eq(sqlite3_open(db(), &handle), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(handle, sql, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(handle));
    ck_assert_int_eq(sqlite3_close(handle), SQLITE_OK);
}

START_TEST(what_is_not_a_database_is_refused) {
    folder_make(&folder);
    folder_write(db(), "hello\n", 6);
    ck_assert_refused(WEFT_ERR_CORRUPT, "is 6 bytes long: not an SQLite database; nothing was changed");
    char text[4096];
    memset(text, 'x', sizeof text);
    folder_write(db(), text, sizeof text);
    ck_assert_refused(WEFT_ERR_CORRUPT, "is not an SQLite database; nothing was changed");
    folder_remove(&folder);
}
END_TEST

START_TEST(the_database_of_another_application_is_refused) {
    folder_make(&folder);
    run_sql("CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    ck_assert_refused(WEFT_ERR_CORRUPT,
                      "is another application's database (application id 0x00000000); nothing was changed");
    run_sql("PRAGMA application_id = 0x12345678");
    ck_assert_refused(WEFT_ERR_CORRUPT,
                      "is another application's database (application id 0x12345678); nothing was changed");
    folder_remove(&folder);
}
END_TEST

/* Its writer was killed: its WAL waits to be moved into the file, by its own application. */
START_TEST(a_foreign_wal_is_left_alone) {
    folder_make(&folder);
    pid_t child = fork();
    if (child == 0) {
        run_sql("CREATE TABLE t(x)");
        sqlite3 *handle = NULL;
        (void)sqlite3_open(db(), &handle);
        (void)sqlite3_exec(handle, "PRAGMA journal_mode = WAL; INSERT INTO t VALUES(1)", NULL, NULL, NULL);
        (void)raise(SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    size_t len, len_after;
    unsigned char *before = folder_read(folder_file(&folder, "a.db-wal"), &len);
    ck_assert_ptr_nonnull(before);
    ck_assert_refused(WEFT_ERR_CORRUPT,
                      "is another application's database (application id 0x00000000); nothing was changed");
    unsigned char *after = folder_read(folder_file(&folder, "a.db-wal"), &len_after);
    ck_assert_uint_eq(len, len_after);
    ck_assert_mem_eq(after, before, len);
    free(before);
    free(after);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_newer_format_is_refused) {
    folder_make(&folder);
    struct weft_store *s = open_file();
    ck_assert_write(s, store_meta(1, "m"));
    s->cls->close(s);
    run_sql("PRAGMA user_version = 2");
    ck_assert_refused(WEFT_ERR_VERSION, "is a store of format 2, and this Weft knows formats up to 1");
    folder_remove(&folder);
}
END_TEST

START_TEST(other_tables_are_refused) {
    static const char *const changes[] = {
        "DROP TABLE quarantine",
        "ALTER TABLE log ADD COLUMN extra",
        "CREATE TRIGGER t AFTER INSERT ON log BEGIN DELETE FROM log; END",
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        folder_make(&folder);
        struct weft_store *s = open_file();
        s->cls->close(s);
        run_sql(changes[i]);
        run_sql("PRAGMA journal_mode = DELETE"); /* no files beside it, so that changes show */
        ck_assert_refused(WEFT_ERR_CORRUPT, "does not have the tables of a store; nothing was changed");
        folder_remove(&folder);
    }
}
END_TEST

START_TEST(what_is_not_there) {
    folder_make(&folder);
    struct weft_store *s = NULL;
    ck_assert_int_eq(weft_sqlite_open_readonly(&s, db(), errmsg, sizeof errmsg), WEFT_ERR_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(errmsg, "/a.db: there is no such file"));
    ck_assert_int_eq(folder_count(&folder), 0);
    ck_assert_int_eq(weft_sqlite_open(&s, folder_file(&folder, "no/a.db"), errmsg, sizeof errmsg), WEFT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(errmsg, "/no/a.db: there is no such folder"));
    ck_assert_int_eq(weft_sqlite_open(&s, ":memory:", errmsg, sizeof errmsg), WEFT_ERR_INVALID);
    ck_assert_int_eq(weft_sqlite_open(&s, "", NULL, 0), WEFT_ERR_INVALID);
    ck_assert_ptr_null(s);
    folder_remove(&folder);
}
END_TEST

/* A folder; a pipe, which would be waited for; a device, beside which SQLite would put its journal. */
START_TEST(what_is_not_a_file_is_refused) {
    folder_make(&folder);
    ck_assert_int_eq(mkdir(folder_file(&folder, "folder"), 0700), 0);
    ck_assert_int_eq(mkfifo(folder_file(&folder, "pipe"), 0600), 0);
    const char *names[] = {"folder", "pipe"};
    struct weft_store *s = NULL;
    for (size_t i = 0; i < 2; i++) {
        const char *name = folder_file(&folder, names[i]);
        ck_assert_int_eq(weft_sqlite_open(&s, name, errmsg, sizeof errmsg), WEFT_ERR_INVALID);
        ck_assert_ptr_nonnull(strstr(errmsg, ": is not a file"));
        ck_assert_int_eq(weft_sqlite_open_readonly(&s, name, errmsg, sizeof errmsg), WEFT_ERR_INVALID);
    }
    ck_assert_int_eq(weft_sqlite_open(&s, "/dev/null", errmsg, sizeof errmsg), WEFT_ERR_INVALID);
    ck_assert_ptr_null(s);
    ck_assert_int_eq(folder_count(&folder), 2);
    ck_assert_int_eq(rmdir(folder_file(&folder, "folder")), 0);
    folder_remove(&folder);
}
END_TEST

/* As far as it was there: how much of it, and that it was left alone. */
START_TEST(a_file_cut_short_is_told_from_a_damaged_one) {
    folder_make(&folder);
    struct weft_store *s = open_file();
    ck_assert_write(s, store_meta(1, "m"));
    s->cls->close(s);
    struct stat before, after;
    ck_assert_int_eq(stat(db(), &before), 0);
    ck_assert_int_eq(truncate(db(), before.st_size / 2), 0);
    char says[120];
    (void)snprintf(says, sizeof says, "/a.db: is cut short: %ld of %ld bytes are there; nothing was changed",
                   (long)before.st_size / 2, (long)before.st_size);
    s = NULL;
    ck_assert_int_eq(weft_sqlite_open(&s, db(), errmsg, sizeof errmsg), WEFT_ERR_CORRUPT);
    ck_assert_msg(strstr(errmsg, says) != NULL, "%s", errmsg);
    ck_assert_int_eq(weft_sqlite_open_readonly(&s, db(), errmsg, sizeof errmsg), WEFT_ERR_CORRUPT);
    ck_assert_msg(strstr(errmsg, says) != NULL, "%s", errmsg);
    ck_assert_int_eq(stat(db(), &after), 0);
    ck_assert_int_eq(after.st_size, before.st_size / 2);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_message_keeps_to_its_length) {
    folder_make(&folder);
    char small[9];
    memset(small, 'x', sizeof small);
    struct weft_store *s = NULL;
    ck_assert_int_eq(weft_sqlite_open_readonly(&s, db(), small, 8), WEFT_ERR_NOT_FOUND);
    ck_assert_uint_eq(strlen(small), 7);
    ck_assert_int_eq(small[8], 'x');
    folder_remove(&folder);
}
END_TEST

START_TEST(an_empty_file_is_a_store_to_be_made) {
    folder_make(&folder);
    folder_write(db(), "", 0);
    struct weft_store *s = NULL;
    ck_assert_int_eq(weft_sqlite_open_readonly(&s, db(), errmsg, sizeof errmsg), WEFT_ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(errmsg, "is empty: not a Weft store"));
    s = open_file();
    ck_assert_store(s, "");
    s->cls->close(s);
    folder_remove(&folder);
}
END_TEST

/* --- One writer, and readers ------------------------------------------------------------------------------------ */

START_TEST(the_second_writer_is_told_so) {
    folder_make(&folder);
    struct weft_store *s = open_file(), *second = NULL;
    ck_assert_write(s, store_meta(1, "m"));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(weft_sqlite_open(&second, db(), errmsg, sizeof errmsg), WEFT_ERR_BUSY);
        ck_assert_ptr_nonnull(strstr(errmsg, "/a.db: is in use: another replica has it open"));
    }
    ck_assert_int_eq(symlink(db(), folder_file(&folder, "link.db")), 0);
    ck_assert_int_eq(weft_sqlite_open(&second, folder_file(&folder, "link.db"), errmsg, sizeof errmsg), WEFT_ERR_BUSY);
    ck_assert_write(s, store_meta(2, "still mine"));
    s->cls->close(s);
    s = open_file();
    ck_assert_store(s, "meta 1 m\nmeta 2 still mine\n");
    s->cls->close(s);
    folder_remove(&folder);
}
END_TEST

START_TEST(the_lock_goes_with_its_process) {
    folder_make(&folder);
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct weft_store *s = open_file();
        ck_assert_write(s, store_meta(1, "from another process"));
        (void)!write(ready[1], "x", 1);
        for (;;) (void)pause();
    }
    ck_assert_int_eq(read(ready[0], &byte, 1), 1);
    struct weft_store *s = NULL;
    ck_assert_int_eq(weft_sqlite_open(&s, db(), errmsg, sizeof errmsg), WEFT_ERR_BUSY);
    struct weft_store *reader = open_reader();
    ck_assert_store(reader, "meta 1 from another process\n");
    reader->cls->close(reader);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    s = open_file();
    ck_assert_store(s, "meta 1 from another process\n");
    s->cls->close(s);
    folder_remove(&folder);
}
END_TEST

static int write_meanwhile(void *ctx, const struct weft_record *r) {
    (void)r;
    struct weft_store *writer = ctx;
    ck_assert_write(writer, store_log_drop(1, 1, 9), store_log(1, 1, 100, "later"), store_quarantine(1, "later"),
                    store_quarantine(2, "later"));
    return 0;
}

static int count_records(void *ctx, const struct weft_record *r) {
    (void)r;
    ++*(int *)ctx;
    return 0;
}

struct both {
    struct weft_store *writer;
    int seen;
};

static int write_and_count(void *ctx, const struct weft_record *r) {
    struct both *b = ctx;
    return b->seen++ == 0 ? write_meanwhile(b->writer, r) : 0;
}

START_TEST(a_reader_sees_one_moment) {
    folder_make(&folder);
    struct weft_store *writer = open_file(), *reader = open_reader();
    ck_assert_write(writer, store_meta(1, "m"), store_log(1, 1, 1, "a"), store_log(1, 1, 2, "b"));
    struct both b = {writer, 0};
    ck_assert_int_eq(reader->cls->load(reader, write_and_count, &b), 0);
    ck_assert_int_eq(b.seen, 3); /* the writer's drop and its new rows do not show in the middle */
    ck_assert_store(reader, "meta 1 m\nlog 1/1/100 later\nquarantine 1 later\nquarantine 2 later\n");
    writer->cls->close(writer);
    reader->cls->close(reader);
    folder_remove(&folder);
}
END_TEST

START_TEST(a_reader_cannot_write) {
    folder_make(&folder);
    struct weft_store *writer = open_file();
    ck_assert_write(writer, store_meta(1, "m"));
    struct weft_store *reader = open_reader();
    struct weft_record r = store_meta(1, "n");
    ck_assert_int_eq(reader->cls->write(reader, &r, 1), WEFT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(reader->cls->errmsg(reader), "/a.db: is open for reading only"));
    reader->cls->close(reader);
    ck_assert_store(writer, "meta 1 m\n");
    writer->cls->close(writer);
    reader = open_reader(); /* also where nobody writes */
    int seen = 0;
    ck_assert_int_eq(reader->cls->load(reader, count_records, &seen), 0);
    ck_assert_int_eq(seen, 1);
    reader->cls->close(reader);
    folder_remove(&folder);
}
END_TEST

/* An error that SQLite does not answer by undoing the transaction. */
START_TEST(a_record_that_is_too_big_undoes_its_write) {
    folder_make(&folder);
    struct weft_store *s = open_file();
    struct weft_record records[] = {store_meta(1, "m"), store_log(1, 1, 1, "")};
    records[1].bytes = weft_slice("", (size_t)1 << 31); /* its length is looked at, and then no byte of it */
    ck_assert_int_eq(s->cls->write(s, records, 2), WEFT_ERR_IO);
    ck_assert_ptr_nonnull(strstr(s->cls->errmsg(s), "/a.db: writing: "));
    ck_assert_store(s, "");
    ck_assert_write(s, store_meta(1, "n"));
    ck_assert_str_eq(s->cls->errmsg(s), "");
    ck_assert_store(s, "meta 1 n\n");
    s->cls->close(s);
    folder_remove(&folder);
}
END_TEST

int main(void) {
    static const struct store_subject subject = {open_new, close_and_open};
    folder_make(&folder);
    int failed = store_contract_run("store contract, SQLite", &subject);
    folder_remove(&folder);
    failed |= RUN_SUITE(
        "SQLite store", what_is_not_a_database_is_refused, the_database_of_another_application_is_refused,
        a_foreign_wal_is_left_alone, a_newer_format_is_refused, other_tables_are_refused, what_is_not_there,
        what_is_not_a_file_is_refused, a_file_cut_short_is_told_from_a_damaged_one, a_message_keeps_to_its_length,
        an_empty_file_is_a_store_to_be_made, the_second_writer_is_told_so, the_lock_goes_with_its_process,
        a_reader_sees_one_moment, a_reader_cannot_write, a_record_that_is_too_big_undoes_its_write);
    return failed;
}
