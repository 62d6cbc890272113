/* replay.c: an engine, stepped through the tape of another one.
 *
 * A tape has all that a state depends on (replication/tape.h), so equal steps must lead to equal states; where they do
 * not, the engine has a bug, or it is not the engine that was recorded. The tape is read whole before anything is
 * stepped: what was changed in it is said to be that, and not a difference of the replica's. */
#include <string.h>

#include <weft/err.h>
#include <weft/sim.h>

#include "base/alloc.h"
#include "base/options.h"
#include "replication/tape.h"

struct weft_sim_replay {
    const struct weft_alloc *alloc;
    struct weft__tape tape;
    struct weft_replica *replica, *before; /* before: of the opening before, until this one has started */
    struct weft_replica_options options;
    struct weft_update update; /* of the last event */
    size_t notices_seen;
    struct weft__tape_entry last; /* the last event */
    int failed_with;              /* what it returned */
    struct weft_sim_replay_stats stats;
    struct weft_buf failure;
    void (*line)(void *ctx, const char *text);
    void *ctx;
};

void weft_sim_replay_options_init_sized(struct weft_sim_replay_options *o, size_t size) {
    static const struct weft_sim_replay_options defaults = {.unfinished = false};
    weft__options_write(o, size, &defaults, sizeof defaults);
}

static const char *name_of(uint8_t kind) {
    static const char *const names[] = {
        [WEFT_EVENT_RESTORE] = "restore",   [WEFT_EVENT_START] = "start",
        [WEFT_EVENT_LINK_UP] = "link up",   [WEFT_EVENT_LINK_DOWN] = "link down",
        [WEFT_EVENT_RECEIVED] = "received", [WEFT_EVENT_PERSISTED] = "persisted",
        [WEFT_EVENT_TICK] = "tick",         [WEFT_EVENT_EPOCH] = "epoch",
        [WEFT_EVENT_SIGNED] = "signed",     [WEFT__TAPE_OPEN] = "open",
        [WEFT__TAPE_COMMIT] = "commit",     [WEFT__TAPE_CHECKPOINT] = "checkpoint",
        [WEFT__TAPE_FAILED] = "failed",     [WEFT__TAPE_NOTICE] = "notice",
        [WEFT__TAPE_STATE] = "state",       [WEFT__TAPE_ABANDON] = "abandon",
        [WEFT__TAPE_END] = "end",           [WEFT__TAPE_RETRY] = "retry",
        [WEFT__TAPE_FORGET] = "forget",
    };
    return kind < sizeof names / sizeof *names && names[kind] != NULL ? names[kind] : "?";
}

/* --- Beginning ---------------------------------------------------------------------------------------------------- */

/* Whether entries stand where they may: an opening first, and what is said of an event after one. */
static const char *misplaced(const struct weft__tape_entry *e, bool *open, bool *stepped) {
    bool event = e->kind <= WEFT_EVENT_SIGNED;
    bool of_event = e->kind == WEFT__TAPE_FAILED || e->kind == WEFT__TAPE_NOTICE || e->kind == WEFT__TAPE_STATE;
    if (!*open && e->kind != WEFT__TAPE_OPEN && e->kind != WEFT__TAPE_END) return "an entry before any opening";
    if (of_event && !*stepped) return "what is said of an event, without an event";
    if (e->kind == WEFT__TAPE_OPEN || e->kind == WEFT__TAPE_END) *stepped = false;
    if (event) *stepped = true;
    if (e->kind == WEFT__TAPE_OPEN) *open = true;
    if (e->kind == WEFT__TAPE_END) *open = false;
    return NULL;
}

static int read_through(const struct weft_sim_replay *p, bool unfinished, struct weft_buf *message) {
    struct weft__tape tape = p->tape;
    struct weft__tape_entry e;
    bool open = false, stepped = false, ended = false;
    int rc;
    while ((rc = weft__tape_next(&tape, &e, message)) == 1) {
        const char *what = misplaced(&e, &open, &stepped);
        if (what != NULL) {
            weft_buf_printf(message, "at byte %llu: %s", (unsigned long long)e.offset, what);
            return WEFT_ERR_MALFORMED;
        }
        ended = e.kind == WEFT__TAPE_END;
    }
    if (rc == WEFT_ERR_FULL && unfinished) {
        weft_buf_reset(message);
        return 0;
    }
    if (rc == 0 && !ended && !unfinished) {
        weft_buf_printf(message, "at byte %llu: the recording has no end: it was cut off, or the process was killed",
                        (unsigned long long)tape.at);
        return WEFT_ERR_CORRUPT;
    }
    return rc == WEFT_ERR_FULL ? WEFT_ERR_CORRUPT : rc;
}

int weft_sim_replay_new(struct weft_sim_replay **out, struct weft_slice recording,
                        const struct weft_sim_replay_options *o, struct weft_buf *message) {
    struct weft_sim_replay_options own;
    weft_sim_replay_options_init(&own);
    *out = NULL;
    int rc = weft__options_read(&own, sizeof own, o);
    if (rc != 0) return rc;
    const struct weft_alloc *alloc = weft__alloc_or_default(own.alloc);
    struct weft_sim_replay *p = weft__calloc(alloc, 1, sizeof *p);
    if (p == NULL) return WEFT_ERR_NOMEM;
    p->alloc = alloc;
    weft_buf_init(&p->failure, alloc);
    rc = weft__tape_init(&p->tape, recording, message);
    if (rc == 0) rc = read_through(p, own.unfinished, message);
    if (rc != 0) {
        weft_sim_replay_free(p);
        return rc;
    }
    *out = p;
    return 0;
}

void weft_sim_replay_free(struct weft_sim_replay *p) {
    if (p == NULL) return;
    weft_replica_free(p->replica);
    weft_replica_free(p->before);
    weft_buf_fini(&p->failure);
    weft__free(p->alloc, p, sizeof *p);
}

/* --- What came out otherwise -------------------------------------------------------------------------------------- */

static void print_time(struct weft_buf *b, const struct weft_time *now) {
    weft_buf_printf(b, "%llu.%09llu s", (unsigned long long)(now->mono_ns / 1000000000u),
                    (unsigned long long)(now->mono_ns % 1000000000u));
}

/* The sentence begins with where; the caller appends what. */
static struct weft_buf *differ(struct weft_sim_replay *p) {
    struct weft_buf *b = &p->failure;
    weft_buf_reset(b);
    weft_buf_printf(b, "at byte %llu, ", (unsigned long long)p->stats.offset);
    print_time(b, &p->stats.now);
    weft_buf_printf(b, ", after event %llu (%s): ", (unsigned long long)p->stats.events, name_of(p->last.kind));
    return b;
}

static int end_of_failure(struct weft_sim_replay *p) {
    weft_buf_append(&p->failure, "", 1);
    return p->failure.err != 0 ? p->failure.err : WEFT_ERR_CORRUPT;
}

static void print_origin(struct weft_buf *b, const struct weft_origin *o) {
    char id[WEFT_ID_TEXT];
    weft_id_format(&o->replica, id);
    weft_buf_printf(b, "%s:%016llx", id, (unsigned long long)o->epoch);
}

static void print_hash(struct weft_buf *b, const uint8_t hash[16]) {
    for (int i = 0; i < 16; i++) weft_buf_printf(b, "%02x", hash[i]);
}

/* Appends where the vectors differ; false: nowhere. */
static bool vectors_differ(const struct weft_sim_replay *p, const struct weft__tape_entry *e, struct weft_buf *b) {
    const struct weft_version_vector *applied = weft_replica_applied(p->replica);
    const struct weft_origins *origins = weft_replica_origins(p->replica);
    struct weft_slice rest = e->origins;
    struct weft_origin origin;
    uint64_t seq, recorded = 0, here = 0;
    uint32_t index;
    while (weft__tape_origin(&rest, &origin, &seq)) {
        bool known = weft_origins_find(origins, &origin, &index);
        uint64_t has = known ? weft_version_vector_get(applied, index) : 0;
        recorded++;
        if (has == seq) continue;
        weft_buf_append_str(b, "of ");
        print_origin(b, &origin);
        weft_buf_printf(b, " it has applied %llu transactions, recorded are %llu", (unsigned long long)has,
                        (unsigned long long)seq);
        return true;
    }
    for (uint32_t i = 0; i < applied->len; i++) here += applied->seq[i] > 0;
    if (here == recorded) return false;
    weft_buf_printf(b, "it knows %llu origins, recorded are %llu", (unsigned long long)here,
                    (unsigned long long)recorded);
    return true;
}

static int compare_state(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    struct weft_replica_stats stats;
    weft_replica_stats(p->replica, &stats);
    p->stats.states++;
    struct weft_buf *b = differ(p);
    if (vectors_differ(p, e, b)) return end_of_failure(p);
    if (memcmp(stats.state_hash, e->hash, sizeof e->hash) != 0) {
        weft_buf_append_str(b, "the state is ");
        print_hash(b, stats.state_hash);
        weft_buf_append_str(b, ", recorded is ");
        print_hash(b, e->hash);
        return end_of_failure(p);
    }
    weft_buf_reset(b);
    return 1;
}

static bool notices_eq(const struct weft_notice *a, const struct weft_notice *b) {
    return a->kind == b->kind && a->err == b->err && a->link == b->link && a->seq == b->seq &&
           a->amount_ns == b->amount_ns && weft_origin_cmp(&a->origin, &b->origin) == 0;
}

/* One that was recorded comes again. One that was not is no difference: a notice is lost where there is no memory for
 * it. */
static int compare_notice(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    const struct weft_update *u = &p->update;
    size_t from = p->notices_seen;
    p->stats.notices++;
    while (p->notices_seen < u->notice_count) {
        if (notices_eq(&u->notices[p->notices_seen++], &e->notice)) return 1;
        p->stats.untold++;
    }
    struct weft_buf *b = differ(p);
    if (from < u->notice_count)
        weft_buf_printf(b, "it tells: %s", u->notices[from].text);
    else
        weft_buf_append_str(b, "it has nothing to tell");
    weft_buf_printf(b, "; recorded is a notice of kind %d", (int)e->notice.kind);
    return end_of_failure(p);
}

/* --- What is done again ------------------------------------------------------------------------------------------- */

static void forget_update(struct weft_sim_replay *p) {
    p->stats.untold += p->update.notice_count - p->notices_seen;
    memset(&p->update, 0, sizeof p->update);
    p->notices_seen = 0;
}

static int open_replica(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    weft_replica_free(p->before);
    p->before = p->replica;
    p->replica = NULL;
    forget_update(p);
    p->options = e->options;
    p->options.alloc = p->alloc;
    p->stats.openings++;
    int rc = weft_replica_new(&p->replica, &p->options);
    if (rc == 0 || rc == WEFT_ERR_NOMEM) return rc == 0 ? 1 : rc;
    weft_buf_printf(differ(p), "the replica cannot be made: %s", weft_strerror(rc));
    return end_of_failure(p);
}

/* What the recorded engine answered with an error may have been for want of memory there: it is not done here, and the
 * same event comes again. Other errors are the event's own. */
static int was_for_memory(const struct weft_sim_replay *p) {
    struct weft__tape ahead = p->tape;
    struct weft__tape_entry next;
    bool failed = weft__tape_next(&ahead, &next, NULL) == 1 && next.kind == WEFT__TAPE_FAILED;
    return failed && (next.err == WEFT_ERR_NOMEM || next.err == WEFT_ERR_BUSY);
}

static int step(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    forget_update(p);
    p->last = *e;
    p->last.event.record = &p->last.record;
    if (p->last.event.peer != NULL) p->last.event.peer = &p->last.peer;
    p->last.peer.label = p->last.label;
    p->stats.events++;
    p->stats.now = e->event.now;
    p->failed_with = 0;
    if (was_for_memory(p)) return 1;
    int rc = weft_replica_step(p->replica, &p->last.event, &p->update);
    if (rc == WEFT_ERR_NOMEM) return rc;
    p->failed_with = rc;
    if (rc != 0) forget_update(p);
    if (rc == 0 && e->kind == WEFT_EVENT_RESTORE) p->update.notice_count = 0; /* of START */
    if (rc == 0 && e->kind == WEFT_EVENT_START) {
        weft_replica_free(p->before);
        p->before = NULL;
    }
    return 1;
}

static int compare_error(struct weft_sim_replay *p, int recorded) {
    bool skipped = recorded == WEFT_ERR_NOMEM || recorded == WEFT_ERR_BUSY;
    int here = p->failed_with;
    p->failed_with = 0;
    if (skipped || here == recorded) return 1;
    weft_buf_printf(differ(p), "it returns \"%s\", recorded is \"%s\"", weft_strerror(here), weft_strerror(recorded));
    return end_of_failure(p);
}

static int commit(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    p->stats.commits++;
    int rc = weft_replica_recommit(p->replica, e->bytes);
    if (rc == 0 || rc == WEFT_ERR_NOMEM) return rc == 0 ? 1 : rc;
    weft_buf_printf(differ(p), "a transaction of %llu bytes cannot be committed: %s", (unsigned long long)e->bytes.len,
                    weft_strerror(rc));
    return end_of_failure(p);
}

static int retry_or_forget(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    const struct weft_event *what = &e->event;
    if (was_for_memory(p)) return 1;
    int rc = e->kind == WEFT__TAPE_RETRY ? weft_replica_retry(p->replica, &what->now, what->number)
                                         : weft_replica_forget(p->replica, what->number);
    if (rc == WEFT_ERR_NOMEM) return rc;
    p->failed_with = rc;
    return 1;
}

static int abandon(struct weft_sim_replay *p) {
    forget_update(p);
    p->failed_with = 0;
    weft_replica_free(p->replica);
    p->replica = p->before;
    p->before = NULL;
    if (p->replica != NULL) return 1;
    weft_buf_append_str(differ(p), "there is no replica to go on with");
    return end_of_failure(p);
}

static void end(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    p->stats.end = weft__tape_end_text(e->end);
    forget_update(p); /* what is missing there is missing at an end that nobody chose */
    p->failed_with = 0;
}

static void tell(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    struct weft_buf text;
    if (p->line == NULL) return;
    weft_buf_init(&text, p->alloc);
    weft_buf_printf(&text, "%llu  ", (unsigned long long)e->offset);
    print_time(&text, e->kind <= WEFT_EVENT_SIGNED ? &e->event.now : &p->stats.now);
    weft_buf_printf(&text, "  %s", name_of(e->kind));
    if (e->kind == WEFT_EVENT_RECEIVED || e->kind == WEFT_EVENT_LINK_UP || e->kind == WEFT_EVENT_LINK_DOWN)
        weft_buf_printf(&text, " %lu", (unsigned long)e->event.link);
    bool numbered = e->kind == WEFT_EVENT_PERSISTED || e->kind == WEFT__TAPE_RETRY || e->kind == WEFT__TAPE_FORGET;
    if (numbered) weft_buf_printf(&text, " %llu", (unsigned long long)e->event.number);
    if (e->kind == WEFT_EVENT_RECEIVED) weft_buf_printf(&text, ", %llu bytes", (unsigned long long)e->event.bytes.len);
    if (e->kind == WEFT__TAPE_COMMIT) weft_buf_printf(&text, " %llu bytes", (unsigned long long)e->bytes.len);
    if (e->kind == WEFT__TAPE_NOTICE && p->notices_seen < p->update.notice_count)
        weft_buf_printf(&text, " %s", p->update.notices[p->notices_seen].text);
    if (e->kind == WEFT__TAPE_FAILED) weft_buf_printf(&text, ": %s", weft_strerror(e->err));
    if (e->kind == WEFT__TAPE_STATE) {
        weft_buf_append_str(&text, " ");
        print_hash(&text, e->hash);
    }
    if (e->kind == WEFT__TAPE_END) weft_buf_printf(&text, ": %s", weft__tape_end_text(e->end));
    weft_buf_append(&text, "", 1);
    if (text.err == 0) p->line(p->ctx, (const char *)text.ptr);
    weft_buf_fini(&text);
}

static int perform(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    switch (e->kind) {
    case WEFT__TAPE_OPEN:
        return open_replica(p, e);
    case WEFT__TAPE_COMMIT:
        return commit(p, e);
    case WEFT__TAPE_CHECKPOINT:
        weft_replica_checkpoint(p->replica);
        return 1;
    case WEFT__TAPE_RETRY:
    case WEFT__TAPE_FORGET:
        return retry_or_forget(p, e);
    case WEFT__TAPE_FAILED:
        return compare_error(p, e->err);
    case WEFT__TAPE_NOTICE:
        return compare_notice(p, e);
    case WEFT__TAPE_STATE:
        return compare_state(p, e);
    case WEFT__TAPE_ABANDON:
        return abandon(p);
    case WEFT__TAPE_END:
        end(p, e);
        return 1;
    default:
        return step(p, e);
    }
}

/* An entry that begins something new ends what was to be said of the event before. */
static int settle(struct weft_sim_replay *p, const struct weft__tape_entry *e) {
    bool goes_on = e->kind == WEFT__TAPE_FAILED || e->kind == WEFT__TAPE_NOTICE || e->kind == WEFT__TAPE_STATE;
    bool open_end = e->kind == WEFT__TAPE_END && e->end != WEFT__TAPE_CLOSED;
    if (goes_on || open_end || p->replica == NULL) return 1;
    return p->failed_with != 0 ? compare_error(p, 0) : 1;
}

int weft_sim_replay_next(struct weft_sim_replay *p) {
    struct weft__tape_entry e;
    if (p->failure.len > 0) return WEFT_ERR_CORRUPT;
    for (;;) {
        int rc = weft__tape_next(&p->tape, &e, NULL);
        if (rc != 1) return 0; /* read_through took it as it is */
        rc = settle(p, &e);
        p->stats.offset = e.offset;
        if (rc == 1) {
            tell(p, &e);
            rc = perform(p, &e);
        }
        if (rc != 1 || e.kind <= WEFT_EVENT_SIGNED) return rc;
    }
}

/* --- Looking ------------------------------------------------------------------------------------------------------ */

const char *weft_sim_replay_failure(const struct weft_sim_replay *p) {
    return p->failure.len == 0 ? NULL : (const char *)p->failure.ptr;
}

const struct weft_replica *weft_sim_replay_replica(const struct weft_sim_replay *p) {
    return p->replica;
}

void weft_sim_replay_stats(const struct weft_sim_replay *p, struct weft_sim_replay_stats *out) {
    *out = p->stats;
    if (p->replica == NULL) return;
    struct weft_replica_stats stats;
    weft_replica_stats(p->replica, &stats);
    memcpy(out->state, stats.state_hash, sizeof out->state);
}

void weft_sim_replay_on_line(struct weft_sim_replay *p, void (*line)(void *ctx, const char *text), void *ctx) {
    p->line = line;
    p->ctx = ctx;
}
