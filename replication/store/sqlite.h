/* sqlite.h: what opening (sqlite_open.c) and using (sqlite.c) a store share. */
#ifndef WEFT_REPLICATION_STORE_SQLITE_H
#define WEFT_REPLICATION_STORE_SQLITE_H

#include <stdbool.h>

#include <sqlite3.h>

#include <weft/api.h>
#include <weft/store.h>

#define WEFT__SQLITE_KINDS 11 /* enum weft_record_kind, and 0 */
#define WEFT__SQLITE_STEPS 2  /* statements of a kind, at most */

struct weft__sqlite {
    struct weft_store store; /* first */
    sqlite3 *db;
    sqlite3_stmt *write[WEFT__SQLITE_KINDS][WEFT__SQLITE_STEPS]; /* by kind; prepared at the first use */
    int lock;                                                    /* file descriptor; -1: opened for reading */
    char message[512];
};

extern const struct weft_store_class weft__sqlite_class;

/* Sets the message, which begins with the file's name, and returns err. */
int weft__sqlite_say(struct weft__sqlite *s, int err, const char *fmt, ...) WEFT_PRINTF(3, 4);
/* The same for an error of SQLite's, whose code and words are the connection's latest. */
int weft__sqlite_failed(struct weft__sqlite *s, int code, const char *what);
/* Runs statements that return no rows; 0 or an SQLite code. */
int weft__sqlite_exec(struct weft__sqlite *s, const char *sql);

#endif
