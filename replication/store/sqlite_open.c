/* sqlite_open.c: opening a store's file, or saying exactly why not.
 *
 * A foreign file is not changed. SQLite itself would change it: the first statement rolls back a hot journal, and
 * closing the last connection moves a WAL into the file. So the header is judged before any statement runs, through
 * SQLite's own file handle (opening and closing the file a second time would drop this process's POSIX locks on it,
 * which belong to the file and not to the descriptor). That works because a store gets its application id and version
 * in its first transaction, before it is put into WAL mode: they are always in the file itself, at fixed places.
 *
 * One writer: flock on "<file>.lock". Not locking_mode=EXCLUSIVE, which shuts readers out in WAL mode. Not a
 * transaction held open, which could not commit. Not flock on the file: see closing above. A lock of flock belongs to
 * an open file description, so it also holds against a second opening in one process, and it goes when the process
 * does, however that ends. The lock file stays: to remove it would race with somebody who has just opened it. SQLite
 * resolves symbolic links in the name; two hard links to one store are two stores to SQLite too, and forbidden by it.
 */
#define _DEFAULT_SOURCE /* flock */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/err.h>
#include <weft/sqlite.h>

#include "replication/store/sqlite.h"

#define APPLICATION_ID    0x57656674 /* "Weft" */
#define FORMAT            1
#define BUSY_MS           2000 /* for somebody's shell; no other Weft writes */
#define HEADER_LEN        100
#define HEADER_PAGE_SIZE  16 /* places in the header: fileformat.html */
#define HEADER_PAGES      28
#define HEADER_VERSION    60
#define HEADER_APP_ID     68
#define STRING_OF(x)      #x
#define AS_STRING(x)      STRING_OF(x)

#define CREATE_META       "CREATE TABLE meta(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, crc INTEGER NOT NULL)"
#define CREATE_SEGMENT    "CREATE TABLE segment(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, crc INTEGER NOT NULL)"
#define CREATE_QUARANTINE "CREATE TABLE quarantine(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, crc INTEGER NOT NULL)"
#define CREATE_STAGED     "CREATE TABLE staged(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL, crc INTEGER NOT NULL)"
#define OF_ORIGINS                                                                                                     \
    "(pos INTEGER PRIMARY KEY, replica BLOB NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, "                  \
    "bytes BLOB NOT NULL, crc INTEGER NOT NULL, UNIQUE(replica, epoch, seq))"
#define CREATE_LOG       "CREATE TABLE log" OF_ORIGINS
#define CREATE_SIGNATURE "CREATE TABLE signature" OF_ORIGINS
#define MARK_AS_STORE                                                                                                  \
    "PRAGMA application_id = " AS_STRING(APPLICATION_ID) "; PRAGMA user_version = " AS_STRING(FORMAT) ";"

/* --- The header ------------------------------------------------------------------------------------------------- */

static uint32_t big_endian(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static int judge_header(struct weft__sqlite *s, const uint8_t header[HEADER_LEN]) {
    if (memcmp(header, "SQLite format 3", 16) != 0)
        return weft__sqlite_say(s, WEFT_ERR_CORRUPT, "is not an SQLite database; nothing was changed");
    uint32_t id = big_endian(header + HEADER_APP_ID), version = big_endian(header + HEADER_VERSION);
    if (id != APPLICATION_ID)
        return weft__sqlite_say(s, WEFT_ERR_CORRUPT,
                                "is another application's database (application id 0x%08x); nothing was changed", id);
    if (version > FORMAT)
        return weft__sqlite_say(s, WEFT_ERR_VERSION, "is a store of format %u, and this Weft knows formats up to %d",
                                version, FORMAT);
    if (version == 0) return weft__sqlite_say(s, WEFT_ERR_CORRUPT, "has no format version; nothing was changed");
    return 0;
}

static int fetch_header(struct weft__sqlite *s, uint8_t header[HEADER_LEN]) {
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code == SQLITE_OK && (file == NULL || file->pMethods == NULL)) code = SQLITE_CANTOPEN;
    return code == SQLITE_OK ? file->pMethods->xRead(file, header, HEADER_LEN, 0) : code;
}

/* *empty: there is nothing in the file yet. The length is the file system's, because SQLite says 0 of a file of one
 * byte, and somebody may want to keep that byte. */
static int read_header(struct weft__sqlite *s, bool *empty) {
    struct stat st;
    uint8_t header[HEADER_LEN];
    if (stat(sqlite3_db_filename(s->db, "main"), &st) != 0)
        return weft__sqlite_say(s, WEFT_ERR_IO, "cannot be read: %s", strerror(errno));
    *empty = st.st_size == 0;
    if (*empty) return 0;
    if (st.st_size < HEADER_LEN)
        return weft__sqlite_say(s, WEFT_ERR_CORRUPT, "is %d bytes long: not an SQLite database; nothing was changed",
                                (int)st.st_size);
    int code = fetch_header(s, header);
    if (code != SQLITE_OK) return weft__sqlite_say(s, WEFT_ERR_IO, "cannot be read: %s", sqlite3_errstr(code));
    return judge_header(s, header);
}

/* --- The schema ------------------------------------------------------------------------------------------------- */

/* The first integer that a statement gives, or -1. */
static int64_t ask(struct weft__sqlite *s, const char *sql, int *code) {
    sqlite3_stmt *stmt = NULL;
    int64_t answer = -1;
    *code = sqlite3_prepare_v2(s->db, sql, -1, &stmt, NULL);
    if (*code == SQLITE_OK) *code = sqlite3_step(stmt);
    if (*code == SQLITE_ROW) answer = sqlite3_column_int64(stmt, 0);
    if (*code == SQLITE_ROW || *code == SQLITE_DONE) *code = SQLITE_OK;
    (void)sqlite3_finalize(stmt);
    return answer;
}

static int create(struct weft__sqlite *s) {
    int code = weft__sqlite_exec(s, "BEGIN EXCLUSIVE;" MARK_AS_STORE CREATE_META ";" CREATE_SEGMENT ";" CREATE_LOG
                                    ";" CREATE_QUARANTINE ";" CREATE_STAGED ";" CREATE_SIGNATURE ";"
                                    "COMMIT");
    if (code == SQLITE_OK) return 0;
    int err = weft__sqlite_failed(s, code, "creating the store");
    if (!sqlite3_get_autocommit(s->db)) (void)weft__sqlite_exec(s, "ROLLBACK");
    return err;
}

/* Whoever died while creating the store left a header, and the journal that takes it away again: the first statement
 * does that, and then there is nothing in the file yet. */
static int finish_rollback(struct weft__sqlite *s, bool *empty) {
    int code;
    *empty = ask(s, "PRAGMA page_count", &code) == 0;
    return code == SQLITE_OK ? 0 : weft__sqlite_failed(s, code, "opening");
}

/* The header may be older than the WAL, so the version is asked for again, now with the WAL seen. */
static int check_schema(struct weft__sqlite *s) {
    int code;
    int64_t version = ask(s, "PRAGMA user_version", &code);
    if (code == SQLITE_OK && version > FORMAT)
        return weft__sqlite_say(s, WEFT_ERR_VERSION, "is a store of format %lld, and this Weft knows formats up to %d",
                                (long long)version, FORMAT);
    int64_t tables = -1, strange = -1;
    if (code == SQLITE_OK)
        tables = ask(s,
                     "SELECT count(*) FROM sqlite_master WHERE sql IN ('" CREATE_META "', '" CREATE_SEGMENT
                     "', '" CREATE_LOG "', '" CREATE_QUARANTINE "', '" CREATE_STAGED "', '" CREATE_SIGNATURE "')",
                     &code);
    if (code == SQLITE_OK)
        strange = ask(s, "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')", &code);
    if (code != SQLITE_OK) return weft__sqlite_failed(s, code, "opening");
    if (tables != 6 || strange != 0)
        return weft__sqlite_say(s, WEFT_ERR_CORRUPT, "does not have the tables of a store; nothing was changed");
    return 0;
}

/* --- Opening ---------------------------------------------------------------------------------------------------- */

static int take_lock(struct weft__sqlite *s) {
    const char *path = sqlite3_db_filename(s->db, "main");
    char *name = sqlite3_mprintf("%s.lock", path);
    if (name == NULL) return weft__sqlite_say(s, WEFT_ERR_NOMEM, "out of memory");
    s->lock = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    sqlite3_free(name);
    if (s->lock < 0) return weft__sqlite_say(s, WEFT_ERR_IO, "its lock file cannot be opened: %s", strerror(errno));
    if (flock(s->lock, LOCK_EX | LOCK_NB) == 0) return 0;
    if (errno == EWOULDBLOCK) return weft__sqlite_say(s, WEFT_ERR_BUSY, "is in use: another replica has it open");
    return weft__sqlite_say(s, WEFT_ERR_IO, "cannot be locked: %s", strerror(errno));
}

static int set_up_connection(struct weft__sqlite *s) {
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_busy_timeout(s->db, BUSY_MS);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    int code =
        weft__sqlite_exec(s, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = FULL");
    return code == SQLITE_OK ? 0 : weft__sqlite_failed(s, code, "opening");
}

static int enter_wal(struct weft__sqlite *s) {
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(s->db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(stmt);
    bool wal = code == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(stmt, 0), "wal") == 0;
    int err = 0;
    if (code != SQLITE_ROW)
        err = weft__sqlite_failed(s, code, "entering WAL mode");
    else if (!wal)
        err = weft__sqlite_say(s, WEFT_ERR_IO, "the file system does not allow WAL mode");
    (void)sqlite3_finalize(stmt);
    return err;
}

static int connect_to(struct weft__sqlite *s, const char *path, int flags) {
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) { /* to open a pipe might wait for ever */
        (void)snprintf(s->message, sizeof s->message, "%.300s: is not a file", path);
        return WEFT_ERR_INVALID;
    }
    int code = sqlite3_open_v2(path, &s->db, flags, NULL);
    if (s->db == NULL || code == SQLITE_NOMEM) return WEFT_ERR_NOMEM;
    const char *name = sqlite3_db_filename(s->db, "main");
    if (code == SQLITE_OK && (name == NULL || name[0] == '\0'))
        return weft__sqlite_say(s, WEFT_ERR_INVALID, "a store needs the name of a file");
    if (code == SQLITE_OK) return 0;
    int number = sqlite3_system_errno(s->db);
    bool absent = number == ENOENT;
    const char *why = absent && (flags & SQLITE_OPEN_CREATE) != 0 ? "there is no such folder"
                      : absent                                    ? "there is no such file"
                      : number != 0                               ? strerror(number)
                                                                  : sqlite3_errmsg(s->db);
    /* A connection that failed does not know its file. */
    (void)snprintf(s->message, sizeof s->message, "%.300s: %.150s", path, why);
    return absent && (flags & SQLITE_OPEN_READONLY) != 0 ? WEFT_ERR_NOT_FOUND : WEFT_ERR_IO;
}

static int open_writer(struct weft__sqlite *s, const char *path) {
    bool empty;
    int rc = connect_to(s, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
    if (rc == 0 && sqlite3_db_readonly(s->db, "main") == 1) rc = weft__sqlite_say(s, WEFT_ERR_IO, "is not writable");
    if (rc == 0) rc = read_header(s, &empty); /* no lock file beside what is not a store */
    if (rc == 0) rc = take_lock(s);
    if (rc == 0) rc = read_header(s, &empty);
    if (rc == 0) rc = set_up_connection(s);
    if (rc == 0 && !empty) rc = finish_rollback(s, &empty);
    if (rc == 0 && empty) rc = create(s);
    if (rc == 0) rc = check_schema(s);
    if (rc == 0) rc = enter_wal(s);
    return rc;
}

static int open_reader(struct weft__sqlite *s, const char *path) {
    bool empty;
    int rc = connect_to(s, path, SQLITE_OPEN_READONLY);
    if (rc == 0) rc = read_header(s, &empty);
    if (rc == 0 && empty) rc = weft__sqlite_say(s, WEFT_ERR_CORRUPT, "is empty: not a Weft store");
    if (rc == 0) rc = set_up_connection(s);
    if (rc == 0) rc = check_schema(s);
    return rc;
}

/* Two errors for which SQLite has words that help nobody: a file cut short, by a copy that was broken off or a disk
 * that was full; and a reader who may not make the files that SQLite wants beside a store in WAL mode. */
static void explain(struct weft__sqlite *s, int err) {
    uint8_t h[HEADER_LEN];
    struct stat st;
    if ((sqlite3_errcode(s->db) & 0xff) == SQLITE_READONLY)
        (void)weft__sqlite_say(s, err, "cannot be opened in a folder where one may not write; copy it");
    if ((sqlite3_errcode(s->db) & 0xff) != SQLITE_CORRUPT || fetch_header(s, h) != SQLITE_OK) return;
    int64_t page = h[HEADER_PAGE_SIZE] << 8 | h[HEADER_PAGE_SIZE + 1];
    int64_t len = (page == 1 ? 65536 : page) * big_endian(h + HEADER_PAGES);
    if (stat(sqlite3_db_filename(s->db, "main"), &st) == 0 && st.st_size < len)
        (void)weft__sqlite_say(s, err, "is cut short: %lld of %lld bytes are there; nothing was changed",
                               (long long)st.st_size, (long long)len);
}

static int open_with(int (*opener)(struct weft__sqlite *s, const char *path), struct weft_store **out, const char *path,
                     char *errmsg, size_t errmsg_len) {
    if (errmsg != NULL && errmsg_len > 0) errmsg[0] = '\0';
    struct weft__sqlite *s = calloc(1, sizeof *s);
    if (s == NULL) return WEFT_ERR_NOMEM;
    s->store.cls = &weft__sqlite_class;
    s->lock = -1;
    int rc = opener(s, path);
    if (rc == 0) {
        *out = &s->store;
        return 0;
    }
    if (s->db != NULL) explain(s, rc);
    const char *why = s->message[0] != '\0' ? s->message : weft_strerror(rc);
    if (errmsg != NULL && errmsg_len > 0) (void)snprintf(errmsg, errmsg_len, "%s", why);
    /* What was refused stays as it was, its WAL too. */
    if (s->db != NULL) (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    s->store.cls->close(&s->store);
    return rc;
}

int weft_sqlite_open(struct weft_store **out, const char *path, char *errmsg, size_t errmsg_len) {
    return open_with(open_writer, out, path, errmsg, errmsg_len);
}

int weft_sqlite_open_readonly(struct weft_store **out, const char *path, char *errmsg, size_t errmsg_len) {
    return open_with(open_reader, out, path, errmsg, errmsg_len);
}
