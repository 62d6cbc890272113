/* sqlite.c: records as rows of one SQLite file.
 *
 * One call of write is one transaction of SQLite's in WAL mode with synchronous=FULL: it is on the disk when COMMIT
 * returns, and a crash before that leaves none of it. A fault inside COMMIT may leave a transaction in the WAL that was
 * reported as failed: then a later opening sees all of it, and the caller, who must write the same records again or
 * stop, is right either way.
 *
 * The rowid of what is named by origin and number is the order of appending: SQLite gives a new row the greatest rowid
 * plus one, and an upsert keeps it.
 *
 * SQLite's pages carry no checksum, so each row carries one (CRC-32C over table, key and bytes), which names the row
 * that rotted; what a checksum cannot see (rows that are gone, an index that disagrees with its table) PRAGMA
 * integrity_check does. load reads every page anyway, so it does both, inside one read transaction: beside a live
 * writer it sees one moment. */
#include "replication/store/sqlite.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weft/err.h>

#include "base/endian.h"

/* --- Errors ----------------------------------------------------------------------------------------------------- */

int weft__sqlite_say(struct weft__sqlite *s, int err, const char *fmt, ...) {
    const char *path = s->db == NULL ? NULL : sqlite3_db_filename(s->db, "main");
    int n = 0;
    if (path != NULL && path[0] != '\0') n = snprintf(s->message, sizeof s->message, "%.300s: ", path);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(s->message + n, sizeof s->message - (size_t)n, fmt, args);
    va_end(args);
    return err;
}

static int err_of(int code) {
    switch (code & 0xff) {
    case SQLITE_FULL:
        return WEFT_ERR_FULL;
    case SQLITE_NOMEM:
        return WEFT_ERR_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return WEFT_ERR_CORRUPT;
    default:
        return WEFT_ERR_IO;
    }
}

int weft__sqlite_failed(struct weft__sqlite *s, int code, const char *what) {
    return weft__sqlite_say(s, err_of(code), "%s: %s", what, sqlite3_errmsg(s->db));
}

int weft__sqlite_exec(struct weft__sqlite *s, const char *sql) {
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL);
}

static const char *sqlite_errmsg(struct weft_store *store) {
    return ((struct weft__sqlite *)store)->message;
}

/* --- Checksums -------------------------------------------------------------------------------------------------- */

/* CRC-32C (Castagnoli), reflected, four bits at a time. */
static uint32_t crc_add(uint32_t crc, const void *ptr, size_t len) {
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
        0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const uint8_t *at = ptr;
    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return crc;
}

static uint32_t crc_add_u64(uint32_t crc, uint64_t v) {
    uint8_t bytes[8];
    weft__store64(bytes, v);
    return crc_add(crc, bytes, sizeof bytes);
}

/* Named by origin and sequence number. */
static bool is_of_origin(enum weft_record_kind kind) {
    return kind == WEFT_RECORD_LOG || kind == WEFT_RECORD_LOG_DROP || kind == WEFT_RECORD_LOG_CUT ||
           kind == WEFT_RECORD_SIGNATURE;
}

static uint32_t checksum(const struct weft_record *r) {
    uint32_t crc = crc_add_u64(UINT32_MAX, (uint64_t)r->kind);
    if (is_of_origin(r->kind)) {
        crc = crc_add(crc, r->origin.replica.bytes, sizeof r->origin.replica.bytes);
        crc = crc_add_u64(crc, r->origin.epoch);
        crc = crc_add_u64(crc, r->seq);
    } else {
        crc = crc_add_u64(crc, r->id);
    }
    return ~crc_add(crc, r->bytes.ptr, r->bytes.len);
}

/* --- Writing ---------------------------------------------------------------------------------------------------- */

#define UPSERT_INTO(table)                                                                                             \
    "INSERT INTO " table "(replica, epoch, seq, bytes, crc) VALUES(?1, ?2, ?3, ?4, ?5) "                               \
    "ON CONFLICT(replica, epoch, seq) DO UPDATE SET bytes = excluded.bytes, crc = excluded.crc"
#define UPTO    " WHERE replica = ?1 AND epoch = ?2 AND seq <= ?3"
#define FROM_ON " WHERE replica = ?1 AND epoch = ?2 AND seq >= ?3"

static const char *const write_sql[WEFT__SQLITE_KINDS][WEFT__SQLITE_STEPS] = {
    [WEFT_RECORD_META] = {"INSERT OR REPLACE INTO meta(id, bytes, crc) VALUES(?1, ?2, ?3)"},
    [WEFT_RECORD_SEGMENT] = {"INSERT OR REPLACE INTO segment(id, bytes, crc) VALUES(?1, ?2, ?3)"},
    [WEFT_RECORD_SEGMENT_DROP] = {"DELETE FROM segment WHERE id = ?1"},
    [WEFT_RECORD_LOG] = {UPSERT_INTO("log")},
    [WEFT_RECORD_SIGNATURE] = {UPSERT_INTO("signature")},
    [WEFT_RECORD_LOG_DROP] = {"DELETE FROM log" UPTO, "DELETE FROM signature" UPTO},
    [WEFT_RECORD_LOG_CUT] = {"DELETE FROM log" FROM_ON, "DELETE FROM signature" FROM_ON},
    [WEFT_RECORD_QUARANTINE] = {"INSERT OR REPLACE INTO quarantine(id, bytes, crc) VALUES(?1, ?2, ?3)"},
    [WEFT_RECORD_STAGED] = {"INSERT OR REPLACE INTO staged(id, bytes, crc) VALUES(?1, ?2, ?3)"},
    [WEFT_RECORD_STAGED_DROP] = {"DELETE FROM staged"},
};

/* Parameters are the key's, then bytes and checksum where the statement has them. Epochs and ids are only compared for
 * equality, so a cast keeps them; sequence numbers are compared by size. */
static int bind(sqlite3_stmt *stmt, const struct weft_record *r) {
    int at = 1, rc;
    if (r->kind == WEFT_RECORD_STAGED_DROP) return SQLITE_OK;
    if (is_of_origin(r->kind)) {
        int64_t seq = r->seq > INT64_MAX ? INT64_MAX : (int64_t)r->seq;
        rc = sqlite3_bind_blob(stmt, at++, r->origin.replica.bytes, sizeof r->origin.replica.bytes, SQLITE_STATIC);
        if (rc == SQLITE_OK) rc = sqlite3_bind_int64(stmt, at++, (sqlite3_int64)r->origin.epoch);
        if (rc == SQLITE_OK) rc = sqlite3_bind_int64(stmt, at++, seq);
    } else {
        rc = sqlite3_bind_int64(stmt, at++, (sqlite3_int64)r->id);
    }
    if (rc != SQLITE_OK || sqlite3_bind_parameter_count(stmt) < at) return rc;
    /* A NULL pointer would be bound as NULL. */
    const void *bytes = r->bytes.len == 0 ? (const void *)"" : r->bytes.ptr;
    rc = sqlite3_bind_blob64(stmt, at++, bytes, r->bytes.len, SQLITE_STATIC);
    if (rc == SQLITE_OK) rc = sqlite3_bind_int64(stmt, at, checksum(r));
    return rc;
}

static int write_step(struct weft__sqlite *s, const struct weft_record *r, int step) {
    sqlite3_stmt **stmt = &s->write[r->kind][step];
    const char *sql = write_sql[r->kind][step];
    int rc = SQLITE_OK;
    if (sql == NULL) return rc;
    if (*stmt == NULL) rc = sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    if (rc == SQLITE_OK) rc = bind(*stmt, r);
    if (rc != SQLITE_OK) return rc;
    (void)sqlite3_step(*stmt);
    return sqlite3_reset(*stmt);
}

static int write_record(struct weft__sqlite *s, const struct weft_record *r) {
    int rc = SQLITE_OK;
    for (int i = 0; rc == SQLITE_OK && i < WEFT__SQLITE_STEPS; i++) rc = write_step(s, r, i);
    return rc;
}

static int check_record(struct weft__sqlite *s, const struct weft_record *r) {
    if (r->kind < WEFT_RECORD_META || r->kind > WEFT_RECORD_SIGNATURE)
        return weft__sqlite_say(s, WEFT_ERR_INVALID, "there is no record of kind %d", (int)r->kind);
    if ((r->kind == WEFT_RECORD_LOG || r->kind == WEFT_RECORD_SIGNATURE) && r->seq > INT64_MAX)
        return weft__sqlite_say(s, WEFT_ERR_RANGE, "a sequence number does not fit");
    return 0;
}

static int sqlite_write(struct weft_store *store, const struct weft_record *records, size_t count) {
    struct weft__sqlite *s = (struct weft__sqlite *)store;
    s->message[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        int rc = check_record(s, &records[i]);
        if (rc != 0) return rc;
    }
    if (s->lock < 0) return weft__sqlite_say(s, WEFT_ERR_IO, "is open for reading only");
    int code = weft__sqlite_exec(s, "BEGIN IMMEDIATE");
    for (size_t i = 0; code == SQLITE_OK && i < count; i++) code = write_record(s, &records[i]);
    if (code == SQLITE_OK) code = weft__sqlite_exec(s, "COMMIT");
    if (code == SQLITE_OK) return 0;
    int err = weft__sqlite_failed(s, code, "writing");
    /* Some errors roll back by themselves; then this one has nothing to do. */
    if (!sqlite3_get_autocommit(s->db)) (void)weft__sqlite_exec(s, "ROLLBACK");
    return err;
}

/* --- Loading ---------------------------------------------------------------------------------------------------- */

struct table {
    const char *name;
    enum weft_record_kind kind;
    const char *select; /* key, bytes, crc */
    const char *count;
};

static const struct table tables[] = {
    {"meta", WEFT_RECORD_META, "SELECT id, bytes, crc FROM meta ORDER BY id", "SELECT count(*) FROM meta"},
    {"segment", WEFT_RECORD_SEGMENT, "SELECT id, bytes, crc FROM segment ORDER BY id", "SELECT count(*) FROM segment"},
    {"signature", WEFT_RECORD_SIGNATURE, "SELECT replica, epoch, seq, bytes, crc FROM signature ORDER BY pos",
     "SELECT count(*) FROM signature"},
    {"log", WEFT_RECORD_LOG, "SELECT replica, epoch, seq, bytes, crc FROM log ORDER BY pos",
     "SELECT count(*) FROM log"},
    {"quarantine", WEFT_RECORD_QUARANTINE, "SELECT id, bytes, crc FROM quarantine ORDER BY id",
     "SELECT count(*) FROM quarantine"},
    {"staged", WEFT_RECORD_STAGED, "SELECT id, bytes, crc FROM staged ORDER BY id", "SELECT count(*) FROM staged"},
};

struct visit {
    struct weft__sqlite *s;
    int (*each)(void *ctx, const struct weft_record *record);
    void *ctx;
    uint64_t rows; /* whole ones, of all tables */
};

static struct weft_slice column_bytes(sqlite3_stmt *stmt, int column) {
    const void *ptr = sqlite3_column_blob(stmt, column); /* before its length, says SQLite */
    return weft_slice(ptr, (size_t)sqlite3_column_bytes(stmt, column));
}

static bool read_row(sqlite3_stmt *stmt, enum weft_record_kind kind, struct weft_record *r) {
    *r = (struct weft_record){.kind = kind};
    int at = 0;
    if (is_of_origin(kind)) {
        struct weft_slice replica = column_bytes(stmt, at++);
        if (replica.len != sizeof r->origin.replica.bytes) return false;
        memcpy(r->origin.replica.bytes, replica.ptr, replica.len);
        r->origin.epoch = (uint64_t)sqlite3_column_int64(stmt, at++);
        r->seq = (uint64_t)sqlite3_column_int64(stmt, at++);
    } else {
        r->id = (uint64_t)sqlite3_column_int64(stmt, at++);
    }
    r->bytes = column_bytes(stmt, at++);
    return sqlite3_column_int64(stmt, at) == checksum(r);
}

/* How many rows a table has as far as SQLite can count them, or 0. */
static uint64_t count_rows(struct weft__sqlite *s, const struct table *t) {
    sqlite3_stmt *stmt = NULL;
    uint64_t count = 0;
    if (sqlite3_prepare_v2(s->db, t->count, -1, &stmt, NULL) == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        count = (uint64_t)sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return count;
}

static int damaged(struct weft__sqlite *s, const struct table *t, uint64_t whole, const char *why) {
    char reason[128];
    (void)snprintf(reason, sizeof reason, "%s", why); /* counting overwrites SQLite's words */
    uint64_t count = count_rows(s, t);
    char of[32] = "";
    if (count > whole) (void)snprintf(of, sizeof of, " of %llu", (unsigned long long)count);
    return weft__sqlite_say(s, WEFT_ERR_CORRUPT, "%s row %llu%s is damaged (%s); %llu row%s before it %s whole",
                            t->name, (unsigned long long)whole + 1, of, reason, (unsigned long long)whole,
                            whole == 1 ? "" : "s", whole == 1 ? "is" : "are");
}

static int visit_rows(struct visit *v, const struct table *t, sqlite3_stmt *stmt) {
    uint64_t whole = 0;
    int code, rc = 0;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct weft_record record;
        bool is_checked = t->kind == WEFT_RECORD_STAGED || t->kind == WEFT_RECORD_QUARANTINE; /* by the engine */
        if (!read_row(stmt, t->kind, &record) && !is_checked)
            return damaged(v->s, t, whole, "its checksum does not match");
        rc = v->each(v->ctx, &record);
        if (rc != 0) return rc;
        whole++;
    }
    v->rows += whole;
    if (code == SQLITE_DONE) return 0;
    if (err_of(code) == WEFT_ERR_CORRUPT) return damaged(v->s, t, whole, sqlite3_errmsg(v->s->db));
    return weft__sqlite_failed(v->s, code, "reading");
}

static int visit_table(struct visit *v, const struct table *t) {
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(v->s->db, t->select, -1, &stmt, NULL);
    if (code != SQLITE_OK) return weft__sqlite_failed(v->s, code, "reading");
    int rc = visit_rows(v, t, stmt);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int check_integrity(struct visit *v) {
    struct weft__sqlite *s = v->s;
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(s->db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    if (code == SQLITE_OK) code = sqlite3_step(stmt);
    int rc = 0;
    if (code != SQLITE_ROW) {
        rc = weft__sqlite_failed(s, code, "checking");
    } else {
        const char *text = (const char *)sqlite3_column_text(stmt, 0);
        if (text == NULL || strcmp(text, "ok") != 0)
            rc = weft__sqlite_say(s, WEFT_ERR_CORRUPT, "%llu rows were readable, but the file is damaged: %.150s",
                                  (unsigned long long)v->rows, text == NULL ? "" : text);
    }
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int sqlite_load(struct weft_store *store, int (*each)(void *ctx, const struct weft_record *record), void *ctx) {
    struct visit v = {(struct weft__sqlite *)store, each, ctx, 0};
    v.s->message[0] = '\0';
    int code = weft__sqlite_exec(v.s, "BEGIN");
    if (code != SQLITE_OK) return weft__sqlite_failed(v.s, code, "reading");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof tables / sizeof *tables; i++) rc = visit_table(&v, &tables[i]);
    if (rc == 0) rc = check_integrity(&v);
    (void)weft__sqlite_exec(v.s, "ROLLBACK");
    return rc;
}

/* --- Closing ---------------------------------------------------------------------------------------------------- */

static void sqlite_close(struct weft_store *store) {
    struct weft__sqlite *s = (struct weft__sqlite *)store;
    for (int i = 0; i < WEFT__SQLITE_KINDS; i++)
        for (int k = 0; k < WEFT__SQLITE_STEPS; k++) (void)sqlite3_finalize(s->write[i][k]);
    (void)sqlite3_close(s->db);
    if (s->lock >= 0) (void)close(s->lock);
    free(s);
}

const struct weft_store_class weft__sqlite_class = {
    sizeof(struct weft_store_class), "sqlite", sqlite_load, sqlite_write, sqlite_close, sqlite_errmsg,
};
