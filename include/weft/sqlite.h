/* sqlite.h: the durable store, one SQLite file (libweft-sqlite).
 *
 * WAL, synchronous=FULL: a write that returned 0 survives a power cut. One opener at a time writes (a lock held as long
 * as the store is open: WEFT_ERR_BUSY for the second); readers beside it are welcome (weft_sqlite_open_readonly). The
 * lock is on "<path>.lock", an empty file that stays; it goes with the process, however that ends. */
#ifndef WEFT_SQLITE_H
#define WEFT_SQLITE_H

#include <weft/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Creates the file when absent. errmsg (may be NULL, of errmsg_len bytes) gets a sentence that names the file and what
 * is wrong: WEFT_ERR_BUSY (open elsewhere), WEFT_ERR_CORRUPT (not a Weft store, or damaged: nothing is changed),
 * WEFT_ERR_VERSION (of a newer Weft), WEFT_ERR_INVALID (not a file, or not a file's name), WEFT_ERR_IO,
 * WEFT_ERR_NOMEM. */
WEFT_API int weft_sqlite_open(struct weft_store **out, const char *path, char *errmsg,
                              size_t errmsg_len) WEFT_MUST_CHECK;
/* Takes no lock and cannot write; sees the last complete write. SQLite may leave its "-wal" and "-shm" files, empty,
 * beside a store that nobody writes, and where it may not make them it cannot open it (WEFT_ERR_IO).
 * WEFT_ERR_NOT_FOUND when there is no file. */
WEFT_API int weft_sqlite_open_readonly(struct weft_store **out, const char *path, char *errmsg,
                                       size_t errmsg_len) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
