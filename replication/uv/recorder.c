/* recorder.c: the events of a replica on their way into a file.
 *
 * The event is written before the engine is stepped, so that the file of a process that died of an event ends with that
 * event. There is no sync: what a killed process wrote is in the system's hands; of a machine that lost power the tape
 * may end early, which reading sees.
 *
 * Invariants: (1) What happens to the file never changes what happens to the replica: every function that is called
 * while it runs returns nothing, and the first thing that goes wrong ends the recording, once. (2) Room for the closing
 * STATE and END is kept free below the bound, so a tape that ends does so with its final mark. (3) On the tape stands
 * everything that the engine's state depends on: options, records restored, events, and what was committed, which is
 * read from the engine's log before the step that would tell it. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/recorder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/err.h>

#include "replication/tape.h"

/* A STATE is for finding where a replay first differs, and costs some 30 bytes for each origin. */
#define EVENTS_PER_STATE 256u
/* Records that are restored are written so many bytes at a time; all other events one by one. */
#define RESTORED_MAX     ((size_t)64 << 10)
/* Room that is kept between steps. */
#define KEEP_BYTES       ((size_t)1 << 20)

/* --- The file ----------------------------------------------------------------------------------------------------- */

void weft__recorder_init(struct weft__recorder *rec) {
    memset(rec, 0, sizeof *rec);
    rec->fd = -1;
}

/* Only the last 8 bytes, and no more room than events take: a segment took up to 16 MiB. */
static void keep_last(struct weft__recorder *rec) {
    struct weft_buf *b = &rec->pending;
    const struct weft_alloc *alloc = b->alloc;
    uint8_t last[WEFT__TAPE_CHECK];
    memcpy(last, b->ptr + b->len - sizeof last, sizeof last);
    weft_buf_reset(b);
    if (b->cap > KEEP_BYTES) {
        weft_buf_fini(b);
        weft_buf_init(b, alloc);
    }
    weft_buf_append(b, last, sizeof last);
}

static void let_go(struct weft__recorder *rec) {
    (void)close(rec->fd);
    weft_buf_fini(&rec->pending);
    rec->fd = -1;
}

/* As much as there is, or how far it came. */
static bool write_all(int fd, const uint8_t *bytes, size_t len, int *os_err) {
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            *os_err = n < 0 ? errno : ENOSPC;
            return false;
        }
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

/* What did not get into the file whole is taken out of it again, and the mark may find room where an entry did not. */
static void give_up(struct weft__recorder *rec, int err) {
    uint8_t last[WEFT__TAPE_CHECK];
    struct weft_buf *b = &rec->pending;
    int ignored;
    bool has_last = b->ptr != NULL; /* else there was no memory for it */
    if (has_last) memcpy(last, b->ptr, sizeof last);
    rec->stopped = err;
    bool cut = ftruncate(rec->fd, (off_t)rec->size) == 0 && lseek(rec->fd, (off_t)rec->size, SEEK_SET) >= 0;
    if (cut && has_last && rec->size > 0) {
        weft_buf_reset(b);
        weft_buf_append(b, last, sizeof last);
        weft__tape_number(b, WEFT__TAPE_END, WEFT__TAPE_BROKEN);
        if (b->err != 0 || !write_all(rec->fd, b->ptr + sizeof last, b->len - sizeof last, &ignored))
            (void)!ftruncate(rec->fd, (off_t)rec->size);
    }
    let_go(rec);
}

static void flush(struct weft__recorder *rec) {
    struct weft_buf *b = &rec->pending;
    if (rec->fd < 0) return;
    if (b->err != 0) {
        give_up(rec, b->err);
        return;
    }
    size_t len = b->len - WEFT__TAPE_CHECK;
    if (len == 0) return;
    if (!write_all(rec->fd, b->ptr + WEFT__TAPE_CHECK, len, &rec->os_err)) {
        give_up(rec, WEFT_ERR_IO);
        return;
    }
    rec->size += len;
    keep_last(rec);
}

static uint64_t used(const struct weft__recorder *rec) {
    return rec->size + (rec->pending.len - WEFT__TAPE_CHECK);
}

/* The state, where the tape says what it comes from (r is NULL where it does not), and the mark. */
static void finish(struct weft__recorder *rec, const struct weft_replica *r, enum weft__tape_end why) {
    size_t len = r == NULL ? 0 : WEFT__TAPE_STATE_MAX(weft_origins_count(weft_replica_origins(r)));
    if (r != NULL && used(rec) + len + WEFT__TAPE_NUMBER_MAX <= rec->max) weft__tape_state(&rec->pending, r);
    weft__tape_number(&rec->pending, WEFT__TAPE_END, why);
    flush(rec);
    if (rec->fd >= 0) let_go(rec);
}

/* Whether `len` more bytes, and the end after them, are within the bound; else this is the end. */
static bool has_room(struct weft__recorder *rec, const struct weft_replica *r, size_t len) {
    if (rec->fd < 0) return false;
    if (r != NULL) rec->origins = weft_origins_count(weft_replica_origins(r));
    uint64_t last = WEFT__TAPE_STATE_MAX(rec->origins + 1) + WEFT__TAPE_NUMBER_MAX;
    if (used(rec) + len + last <= rec->max) return true;
    rec->stopped = WEFT_ERR_FULL;
    finish(rec, r, WEFT__TAPE_FULL);
    return false;
}

/* --- Starting ----------------------------------------------------------------------------------------------------- */

/* Reads what is there. A process that was killed left an entry unfinished, perhaps, and no final mark; a machine that
 * lost power, zeros in its place or in that of its end. */
static int read_through(struct weft_slice bytes, uint64_t *end, size_t *whole, struct weft_buf *why) {
    struct weft__tape tape;
    struct weft__tape_entry e;
    int rc = weft__tape_init(&tape, bytes, why);
    *end = 0;
    if (rc != 0) return rc;
    while ((rc = weft__tape_next(&tape, &e, why)) == 1) *end = e.kind == WEFT__TAPE_END ? e.end : 0;
    *whole = tape.at;
    if (rc != 0) *end = 0;
    bool was_cut = rc == WEFT_ERR_FULL || (rc == WEFT_ERR_CORRUPT && weft__tape_is_torn(&tape));
    return was_cut ? 0 : rc;
}

/* Goes on with a tape of `size` bytes. */
static int resume(struct weft__recorder *rec, size_t size, struct weft_buf *why) {
    uint64_t end;
    size_t whole;
    void *map = mmap(NULL, size, PROT_READ, MAP_SHARED, rec->fd, 0);
    if (map == MAP_FAILED) return WEFT_ERR_IO;
    struct weft_slice bytes = weft_slice(map, size);
    int rc = read_through(bytes, &end, &whole, why);
    if (rc == 0) weft_buf_append(&rec->pending, bytes.ptr + whole - WEFT__TAPE_CHECK, WEFT__TAPE_CHECK);
    (void)munmap(map, size);
    if (rc != 0 || rec->pending.err != 0) return rc != 0 ? rc : rec->pending.err;
    if (end != 0 && whole + WEFT__TAPE_NUMBER_MAX > rec->max) {
        rec->stopped = WEFT_ERR_FULL;
        let_go(rec);
        return 0;
    }
    rec->size = whole;
    if (ftruncate(rec->fd, (off_t)whole) != 0 || lseek(rec->fd, (off_t)whole, SEEK_SET) < 0) return WEFT_ERR_IO;
    if (end == 0) weft__tape_number(&rec->pending, WEFT__TAPE_END, WEFT__TAPE_KILLED);
    return rec->pending.err;
}

static int begin(struct weft__recorder *rec, struct weft_buf *why) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat st;
    if (fstat(rec->fd, &st) != 0) return WEFT_ERR_IO;
    if (!S_ISREG(st.st_mode)) {
        weft_buf_append_str(why, "not a file");
        return WEFT_ERR_INVALID;
    }
    if (fcntl(rec->fd, F_SETLK, &lock) != 0) return errno == EACCES || errno == EAGAIN ? WEFT_ERR_BUSY : WEFT_ERR_IO;
    if (st.st_size > 0) return resume(rec, (size_t)st.st_size, why);
    const uint8_t nothing[WEFT__TAPE_CHECK] = {0};
    weft_buf_append(&rec->pending, nothing, sizeof nothing);
    weft__tape_begin(&rec->pending);
    return rec->pending.err;
}

int weft__recorder_start(struct weft__recorder *rec, const char *path, uint64_t max, const struct weft_alloc *alloc,
                         char *errmsg, size_t errmsg_len) {
    struct weft_buf why;
    weft_buf_init(&why, alloc);
    weft_buf_init(&rec->pending, alloc);
    rec->max = max;
    rec->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
    int rc = rec->fd < 0 ? WEFT_ERR_IO : begin(rec, &why);
    if (rc == 0) {
        weft_buf_fini(&why);
        return 0;
    }
    const char *what = rc == WEFT_ERR_IO ? strerror(errno) : rc == WEFT_ERR_BUSY ? "in use" : weft_strerror(rc);
    weft_buf_append(&why, "", 1);
    if (why.err == 0 && why.len > 1) what = (const char *)why.ptr;
    snprintf(errmsg, errmsg_len, "the recording %s: %s", path, what);
    weft_buf_fini(&why);
    if (rec->fd >= 0) let_go(rec);
    return rc;
}

/* --- While it runs ------------------------------------------------------------------------------------------------ */

void weft__recorder_opened(struct weft__recorder *rec, const struct weft_replica_options *o) {
    rec->events = 0;
    rec->own = 0;
    if (has_room(rec, NULL, weft__tape_open_max(o))) weft__tape_open(&rec->pending, o);
}

static void remember_own(struct weft__recorder *rec, const struct weft_replica *r) {
    uint32_t index;
    rec->self = weft_replica_self(r);
    bool known = weft_origins_find(weft_replica_origins(r), &rec->self, &index);
    rec->own = known ? weft_version_vector_get(weft_replica_applied(r), index) : 0;
}

void weft__recorder_abandoned(struct weft__recorder *rec, const struct weft_replica *r) {
    if (!has_room(rec, r, WEFT__TAPE_NUMBER_MAX)) return;
    weft__tape_number(&rec->pending, WEFT__TAPE_ABANDON, 0);
    remember_own(rec, r);
}

void weft__recorder_checkpoint(struct weft__recorder *rec) {
    if (has_room(rec, NULL, WEFT__TAPE_NUMBER_MAX)) weft__tape_number(&rec->pending, WEFT__TAPE_CHECKPOINT, 0);
}

static void record_commits(struct weft__recorder *rec, const struct weft_replica *r) {
    for (;;) {
        struct weft_slice t = weft_replica_transaction(r, &rec->self, rec->own + 1);
        if (t.len == 0 || !has_room(rec, NULL, WEFT__TAPE_EVENT_MAX(t.len))) return;
        weft__tape_bytes(&rec->pending, WEFT__TAPE_COMMIT, t);
        rec->own++;
    }
}

static void record_failure(struct weft__recorder *rec, int rc) {
    if (rc == 0 || !has_room(rec, NULL, WEFT__TAPE_NUMBER_MAX)) return;
    weft__tape_number(&rec->pending, WEFT__TAPE_FAILED, (uint64_t)-rc);
}

static void record_refused(struct weft__recorder *rec, const struct weft_replica *r, enum weft__tape_kind kind,
                           const struct weft_time *now, uint64_t number) {
    if (rec->fd < 0) return;
    record_commits(rec, r);
    if (!has_room(rec, r, WEFT__TAPE_EVENT_MAX(0u))) return;
    weft__tape_refused(&rec->pending, kind, now, number);
    flush(rec);
}

int weft__recorder_retry(struct weft__recorder *rec, struct weft_replica *r, const struct weft_time *now,
                         uint64_t number) {
    record_refused(rec, r, WEFT__TAPE_RETRY, now, number);
    int rc = weft_replica_retry(r, now, number);
    record_failure(rec, rc);
    return rc;
}

int weft__recorder_forget(struct weft__recorder *rec, struct weft_replica *r, const struct weft_time *now,
                          uint64_t number) {
    record_refused(rec, r, WEFT__TAPE_FORGET, now, number);
    int rc = weft_replica_forget(r, number);
    record_failure(rec, rc);
    return rc;
}

static void record_event(struct weft__recorder *rec, const struct weft_replica *r, const struct weft_event *e) {
    size_t len = e->kind == WEFT_EVENT_RESTORE ? e->record->bytes.len : e->bytes.len;
    if (e->peer != NULL) len += WEFT_LABEL_MAX;
    bool started = e->kind != WEFT_EVENT_RESTORE && e->kind != WEFT_EVENT_START;
    if (started) record_commits(rec, r); /* the state has them already, all of them */
    if (!has_room(rec, started ? r : NULL, WEFT__TAPE_EVENT_MAX(len))) return;
    weft__tape_event(&rec->pending, e);
    if (e->kind != WEFT_EVENT_RESTORE || rec->pending.len > RESTORED_MAX) flush(rec);
}

static void record_update(struct weft__recorder *rec, const struct weft_replica *r, const struct weft_update *u) {
    for (size_t i = 0; i < u->notice_count; i++) {
        if (!has_room(rec, r, WEFT__TAPE_EVENT_MAX(0u))) return;
        weft__tape_notice(&rec->pending, &u->notices[i]);
    }
    if (++rec->events < EVENTS_PER_STATE) return;
    rec->events = 0;
    size_t origins = weft_origins_count(weft_replica_origins(r));
    if (has_room(rec, r, WEFT__TAPE_STATE_MAX(origins))) weft__tape_state(&rec->pending, r);
}

int weft__recorder_step(struct weft__recorder *rec, struct weft_replica *r, const struct weft_event *e,
                        struct weft_update *u) {
    if (rec->fd < 0) return weft_replica_step(r, e, u);
    record_event(rec, r, e);
    int rc = weft_replica_step(r, e, u);
    if (rec->fd < 0) return rc;
    if (rc != 0) {
        record_failure(rec, rc);
    } else if (e->kind != WEFT_EVENT_RESTORE) {
        record_update(rec, r, u);
        if (rec->fd >= 0) remember_own(rec, r);
    }
    return rc;
}

void weft__recorder_close(struct weft__recorder *rec, const struct weft_replica *r) {
    if (rec->fd >= 0) finish(rec, r, WEFT__TAPE_CLOSED);
}
