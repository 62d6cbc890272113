/* recorder.h: what the engine of a node is told, in a file (replication/tape.h). */
#ifndef WEFT_REPLICATION_UV_RECORDER_H
#define WEFT_REPLICATION_UV_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/replica.h>

struct weft__recorder {
    int fd; /* -1: nothing is recorded (any more) */
    uint64_t size, max;
    struct weft_buf pending; /* the last 8 bytes of the file, then what is not written yet */
    struct weft_origin self; /* whose transactions up to `own` are on the tape */
    uint64_t own;
    size_t origins;  /* how many a STATE names */
    uint32_t events; /* since the last STATE */
    int stopped;     /* 0; the error that on_record (uv.h) is told: it stopped, which nobody was told yet */
    int os_err;
};

void weft__recorder_init(struct weft__recorder *rec);
/* Makes the file, or goes on at the end of the one that is there. WEFT_ERR_BUSY (somebody records there),
 * WEFT_ERR_INVALID (not a regular file), WEFT_ERR_MALFORMED, WEFT_ERR_CORRUPT, WEFT_ERR_VERSION (it is not, or not any
 * more, a tape to go on with; nothing is changed), WEFT_ERR_IO, WEFT_ERR_NOMEM; errmsg gets a sentence. One that is
 * full already is 0, and `stopped` is WEFT_ERR_FULL. */
int weft__recorder_start(struct weft__recorder *rec, const char *path, uint64_t max, const struct weft_alloc *alloc,
                         char *errmsg, size_t errmsg_len);
/* A replica was made with these options. */
void weft__recorder_opened(struct weft__recorder *rec, const struct weft_replica_options *o);
/* It was not to be had; this one goes on. */
void weft__recorder_abandoned(struct weft__recorder *rec, const struct weft_replica *r);
void weft__recorder_checkpoint(struct weft__recorder *rec);
/* weft_replica_retry, weft_replica_forget */
int weft__recorder_retry(struct weft__recorder *rec, struct weft_replica *r, const struct weft_time *now,
                         uint64_t number);
int weft__recorder_forget(struct weft__recorder *rec, struct weft_replica *r, const struct weft_time *now,
                          uint64_t number);
/* weft_replica_step. What was committed since the last one, and the event, are in the file before the engine sees it.
 */
int weft__recorder_step(struct weft__recorder *rec, struct weft_replica *r, const struct weft_event *e,
                        struct weft_update *u);
/* The final mark. r may be NULL. */
void weft__recorder_close(struct weft__recorder *rec, const struct weft_replica *r);

#endif
