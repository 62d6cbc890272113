/* sim_ledger.c: each line is written with one call, and so is there whole or cut off at the end of the file; what is
 * cut off was never said to be done. A line is a result for itself: order does not matter, and twice is once. */
#define _XOPEN_SOURCE 700
#include "tools/sim_ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- Reading ----------------------------------------------------------------------------------------------------- */

struct position {
    const char *path;
    uint64_t line;
};

static int refuse(const struct position *at, const char *why, const char *what) {
    fprintf(stderr, "weft sim: %s, line %" PRIu64 ": %s%s\n", at->path, at->line, why, what);
    return 2;
}

/* Results of another program or of another scenario say nothing of this one. */
static int check_identity(struct weft__sim_reader *r, const struct weft__sim_campaign *c, const struct position *at) {
    if (r->version[0] == '\0') {
        memcpy(r->version, c->version, sizeof r->version);
        memcpy(r->scenario, c->scenario, sizeof r->scenario);
    }
    if (strcmp(r->version, c->version) != 0) {
        fprintf(stderr, "weft sim: %s, line %" PRIu64 ": of version %s, not %s: another file, or the same program\n",
                at->path, at->line, c->version, r->version);
        return 2;
    }
    if (strcmp(r->scenario, c->scenario) == 0) return 0;
    fprintf(stderr,
            "weft sim: %s, line %" PRIu64 ": of another scenario (%.8s, not %.8s): another file, or the same options\n",
            at->path, at->line, c->scenario, r->scenario);
    return 2;
}

static int take_line(struct weft__sim_reader *r, struct weft_slice line, const struct position *at) {
    struct weft__sim_campaign c;
    struct weft__sim_result result;
    const char *why;
    int kind = weft__sim_line_parse(line, &c, &result, &why);
    if (kind < 0) return refuse(at, why, "");
    int rc = check_identity(r, &c, at);
    if (kind == WEFT__SIM_LINE_RESULT) {
        if (rc == 0) return r->result(r->ctx, &result);
        weft__sim_result_fini(&result);
    } else {
        if (rc == 0) return r->campaign(r->ctx, &c);
        weft__sim_campaign_fini(&c);
    }
    return rc;
}

/* Of a file of something else nothing is to be cut off. */
static int take_torn(struct weft__sim_reader *r, const char *line, const struct position *at) {
    static const char begin[] = "{\"version\":\"";
    size_t len = strlen(line) < sizeof begin - 1 ? strlen(line) : sizeof begin - 1;
    if (memcmp(line, begin, len) != 0) return refuse(at, "no result of a sweep", "");
    r->torn++;
    return 0;
}

int weft__sim_results_read(struct weft__sim_reader *r, FILE *f, const char *path, uint64_t *whole) {
    struct position at = {path, 0};
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    int rc = 0;
    *whole = 0;
    while (rc == 0 && (n = getline(&line, &size, f)) > 0) {
        at.line++;
        if (line[n - 1] != '\n') {
            rc = take_torn(r, line, &at);
            break;
        }
        rc = take_line(r, weft_slice((const uint8_t *)line, (size_t)n), &at);
        *whole += (uint64_t)n;
    }
    if (rc == 0 && ferror(f)) rc = refuse(&at, "cannot be read: ", strerror(errno));
    free(line);
    return rc;
}

/* --- Going on ---------------------------------------------------------------------------------------------------- */

struct resumed {
    struct weft__sim_ledger *ledger;
    void (*known)(void *ctx, struct weft__sim_result *r);
    void *ctx;
    bool has_campaign;
};

static int see_campaign(void *ctx, struct weft__sim_campaign *c) {
    struct resumed *r = ctx;
    const struct weft__sim_campaign *own = &r->ledger->campaign;
    if (c->first == own->first && c->count == own->count && c->shard == own->shard && c->shards == own->shards)
        r->has_campaign = true;
    weft__sim_campaign_fini(c);
    return 0;
}

static int see_result(void *ctx, struct weft__sim_result *result) {
    struct resumed *r = ctx;
    struct weft__sim_ledger *l = r->ledger;
    bool is_known = result->verdict != WEFT__SIM_NOT_RUN && weft__sim_campaign_has(&l->campaign, result->seed);
    if (!is_known || weft__sim_ledger_has(l, result->seed)) {
        weft__sim_result_fini(result);
        return 0;
    }
    uint64_t i = result->seed - l->campaign.first;
    l->done[i / 8] |= (uint8_t)(1u << i % 8);
    r->known(r->ctx, result);
    return 0;
}

bool weft__sim_ledger_has(const struct weft__sim_ledger *l, uint64_t seed) {
    uint64_t i = seed - l->campaign.first;
    return (l->done[i / 8] >> i % 8 & 1) != 0;
}

static int complain(const struct weft__sim_ledger *l, int rc) {
    fprintf(stderr, "weft sim: %s: %s\n", l->path, strerror(errno));
    return rc;
}

/* That the file is there is durable, too. */
static void sync_folder(const char *path) {
    char *copy = strdup(path);
    int fd = copy == NULL ? -1 : open(dirname(copy), O_RDONLY);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(copy);
}

static int write_line(struct weft__sim_ledger *l) {
    ssize_t n;
    do {
        n = write(l->fd, l->line.ptr, l->line.len);
    } while (n < 0 && errno == EINTR);
    l->dirty = true;
    if (n == (ssize_t)l->line.len) return 0;
    if (n >= 0) errno = ENOSPC;
    return complain(l, 1);
}

static int lock(struct weft__sim_ledger *l) {
    struct flock whole;
    memset(&whole, 0, sizeof whole);
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    if (fcntl(l->fd, F_SETLK, &whole) == 0) return 0;
    if (errno != EACCES && errno != EAGAIN) return complain(l, 2);
    fprintf(stderr, "weft sim: %s: another sweep is writing to it\n", l->path);
    return 2;
}

/* More than a call reads, perhaps. */
static int read_whole(int fd, char *bytes, size_t len) {
    size_t got = 0;
    while (got < len) {
        ssize_t n = pread(fd, bytes + got, len - got, (off_t)got);
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = EIO; /* somebody made it shorter */
        if (n <= 0) return -1;
        got += (size_t)n;
    }
    return 0;
}

/* The descriptor that has the lock must stay: closing another one of the same file would end it. */
static int read_own(struct weft__sim_ledger *l, struct resumed *r, uint64_t *whole) {
    struct weft__sim_reader reader = {.campaign = see_campaign, .result = see_result, .ctx = r};
    memcpy(reader.version, l->campaign.version, sizeof reader.version);
    memcpy(reader.scenario, l->campaign.scenario, sizeof reader.scenario);
    struct stat st;
    if (fstat(l->fd, &st) != 0) return complain(l, 2);
    *whole = 0;
    char *bytes = malloc((size_t)st.st_size + 1);
    if (bytes == NULL) return complain(l, 1);
    int rc = read_whole(l->fd, bytes, (size_t)st.st_size) == 0 ? 0 : complain(l, 2);
    FILE *f = rc == 0 && st.st_size > 0 ? fmemopen(bytes, (size_t)st.st_size, "rb") : NULL;
    if (rc == 0 && st.st_size > 0 && f == NULL) rc = complain(l, 1);
    if (f != NULL) rc = weft__sim_results_read(&reader, f, l->path, whole);
    if (f != NULL) (void)fclose(f);
    free(bytes);
    return rc;
}

static int resume(struct weft__sim_ledger *l, struct resumed *r) {
    uint64_t whole;
    l->fd = open(l->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (l->fd < 0) return complain(l, 2);
    int rc = lock(l);
    if (rc == 0) rc = read_own(l, r, &whole);
    if (rc != 0) return rc;
    if (ftruncate(l->fd, (off_t)whole) != 0) return complain(l, 2);
    if (!r->has_campaign) {
        weft_buf_reset(&l->line);
        if (weft__sim_campaign_print(&l->campaign, &l->line) != 0) return 1;
        rc = write_line(l);
    }
    if (rc == 0 && whole == 0) sync_folder(l->path);
    return rc;
}

int weft__sim_ledger_open(struct weft__sim_ledger *l, const char *path, const struct weft__sim_campaign *c, double now,
                          void (*known)(void *ctx, struct weft__sim_result *r), void *ctx) {
    struct resumed r = {l, known, ctx, false};
    memset(l, 0, sizeof *l);
    l->fd = -1;
    l->path = path;
    l->synced = now;
    l->campaign = *c;
    weft_buf_init(&l->line, NULL);
    l->done = c->count / 8 + 1 > SIZE_MAX ? NULL : calloc((size_t)(c->count / 8 + 1), 1);
    if (l->done == NULL) {
        fprintf(stderr, "weft sim: out of memory\n");
        return 1;
    }
    return path == NULL ? 0 : resume(l, &r);
}

int weft__sim_ledger_sync(struct weft__sim_ledger *l, double now) {
    if (l->fd < 0 || !l->dirty) return 0;
    l->synced = now;
    l->dirty = false;
    return fsync(l->fd) == 0 || errno == EINVAL ? 0 : complain(l, 1);
}

int weft__sim_ledger_add(struct weft__sim_ledger *l, const struct weft__sim_result *r, double now) {
    if (l->fd < 0) return 0;
    weft_buf_reset(&l->line);
    if (weft__sim_result_print(r, &l->campaign, true, &l->line) != 0) {
        errno = ENOMEM;
        return complain(l, 1);
    }
    int rc = write_line(l);
    bool at_once = r->verdict != WEFT__SIM_HELD || now - l->synced >= 1;
    return rc == 0 && at_once ? weft__sim_ledger_sync(l, now) : rc;
}

int weft__sim_ledger_close(struct weft__sim_ledger *l) {
    int rc = weft__sim_ledger_sync(l, 0);
    if (l->fd >= 0 && close(l->fd) != 0 && rc == 0) rc = complain(l, 1);
    weft_buf_fini(&l->line);
    free(l->done);
    return rc;
}
