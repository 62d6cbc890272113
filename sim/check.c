/* check.c: what a replica applied, against what was issued.
 *
 * Each transaction that a replica applies leaves as a LOG record, once, in the order of applying; so the records of an
 * update tell how its vector came to be what it is. Only a joined state moves the vector without records, and says so
 * by a notice. */
#include "sim/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "replication/message.h"
#include "replication/transaction.h"
#include "sim/trace.h"

const char *const weft__check_names[] = {
#define NAME(name, text) text,
    WEFT__CHECK_MAP(NAME)
#undef NAME
};

int weft__check_fail(struct weft__check *c, enum weft__check_name name, const char *fmt, ...) {
    char text[512];
    va_list args;
    if (c->off >> name & 1) return 0;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (c->failed >= 0) return WEFT_ERR_CORRUPT;
    c->failed = (int)name;
    weft_buf_printf(&c->failure, "%s: %s", weft__check_names[name], text);
    return WEFT_ERR_CORRUPT;
}

int weft__check_init(struct weft__check *c, const struct weft_alloc *alloc) {
    memset(c, 0, sizeof *c);
    c->alloc = weft__alloc_or_default(alloc);
    c->failed = -1;
    weft__states_init(&c->states, alloc);
    weft_buf_init(&c->failure, alloc);
    weft_buf_init(&c->bytes, alloc);
    weft__judge_init(&c->judge, &c->history, alloc);
    return weft__history_init(&c->history, alloc);
}

void weft__check_fini(struct weft__check *c) {
    weft__judge_fini(&c->judge);
    weft__policy_fini(&c->policy);
    weft__history_fini(&c->history);
    weft__states_fini(&c->states);
    weft_buf_fini(&c->failure);
    weft_buf_fini(&c->bytes);
    weft__free(c->alloc, c->unspecified, c->unspecified_count);
    weft__free(c->alloc, (void *)c->order, c->order_cap * sizeof *c->order);
}

void weft__watched_init(struct weft__watched *w, const struct weft_alloc *alloc) {
    memset(w, 0, sizeof *w);
    w->drift = UINT64_MAX;
    weft__vector_init(&w->applied, alloc);
    weft_buf_init(&w->sent, alloc);
    weft__oracle_init(&w->oracle, alloc);
    weft__branch_init(&w->branch, weft__alloc_or_default(alloc));
}

void weft__watched_fini(struct weft__watched *w) {
    weft__free(w->applied.alloc, w->numbers, w->number_cap * sizeof *w->numbers);
    weft__oracle_fini(&w->oracle);
    weft_buf_fini(&w->sent);
    weft__vector_fini(&w->applied);
    weft__branch_fini(&w->branch);
}

static int name_self(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r) {
    struct weft_origin self = weft_replica_self(r);
    return weft__history_number(&c->history, &self, &w->self);
}

/* It may have drawn another epoch as it went. */
static int follow_self(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r) {
    struct weft_origin self = weft_replica_self(r);
    if (weft_origin_cmp(&self, weft_origins_at(c->history.numbers, w->self)) == 0) return 0;
    weft__check_adopt_parent(w);
    return name_self(c, w, r);
}

/* Numbers for the origins that the replica has interned since. */
static int learn_numbers(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r) {
    const struct weft_origins *origins = weft_replica_origins(r);
    uint32_t count = weft_origins_count(origins);
    if (w->number_count == count) return 0;
    void *numbers = w->numbers;
    int rc = weft__grow(c->alloc, &numbers, &w->number_cap, count, sizeof *w->numbers);
    w->numbers = numbers;
    while (rc == 0 && w->number_count < count) {
        rc = weft__history_number(&c->history, weft_origins_at(origins, (uint32_t)w->number_count),
                                  &w->numbers[w->number_count]);
        if (rc == 0) w->number_count++;
    }
    return rc;
}

/* --- Vectors ------------------------------------------------------------------------------------------------------ */

static struct weft__hash128 entry_hash(uint32_t origin, uint64_t seq) {
    if (seq == 0) return (struct weft__hash128){0, 0};
    uint64_t lo = weft__keyed(0, 1, origin, seq, 0);
    return (struct weft__hash128){lo, weft__mix64(lo ^ UINT64_C(0x5bd1e995))};
}

static int move(struct weft__watched *w, uint32_t origin, uint64_t seq) {
    struct weft__hash128 before = entry_hash(origin, weft__vector_get(&w->applied, origin));
    int rc = weft__vector_set(&w->applied, origin, seq);
    if (rc == 0) w->vector_hash = weft__hash_add(weft__hash_sub(w->vector_hash, before), entry_hash(origin, seq));
    return rc;
}

static int by_number(const void *a, const void *b) {
    const struct weft__commit *const *x = a, *const *y = b;
    return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* All commits above `from` up to `to`, in the order of commits, become visible to the oracle. */
static int see_between(struct weft__check *c, struct weft__watched *w, const struct weft__vector *from,
                       const struct weft__vector *to) {
    size_t count = 0;
    for (uint32_t i = 0; i < to->len; i++) {
        for (uint64_t seq = weft__vector_get(from, i) + 1; seq <= to->seq[i]; seq++) {
            const struct weft__commit *commit = weft__history_find(&c->history, i, seq);
            if (commit == NULL) return weft__check_fail(c, WEFT__CHECK_DOT, "a transaction that nobody issued");
            void *order = (void *)c->order;
            int rc = weft__grow(c->alloc, &order, &c->order_cap, count + 1, sizeof *c->order);
            c->order = order;
            if (rc != 0) return rc;
            c->order[count++] = commit;
        }
    }
    if (count > 0) qsort((void *)c->order, count, sizeof *c->order, by_number);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) rc = weft__oracle_see(&w->oracle, &c->history, c->order[i]);
    return rc;
}

static int take_joined(struct weft__check *c, struct weft__watched *w, const struct weft__vector *to) {
    struct weft_stamp latest = {0, 0};
    int rc = see_between(c, w, &w->applied, to);
    for (uint32_t i = 0; rc == 0 && i < to->len; i++) {
        if (to->seq[i] <= weft__vector_get(&w->applied, i)) continue;
        const struct weft__commit *last = weft__history_find(&c->history, i, to->seq[i]);
        if (last != NULL && weft_stamp_cmp(latest, last->stamp) < 0) latest = last->stamp;
        rc = move(w, i, to->seq[i]);
    }
    if (rc == 0) rc = weft__check_drift(c, w, latest);
    return rc;
}

int weft__check_vector(struct weft__check *c, struct weft__watched *w, const struct weft_version_vector *applied,
                       bool joined) {
    bool above = false;
    for (uint32_t i = 0; i < applied->len; i++) {
        uint64_t known = weft__vector_get(&w->applied, w->numbers[i]);
        if (applied->seq[i] == known) continue;
        if (applied->seq[i] < known)
            return weft__check_fail(c, WEFT__CHECK_HOLE, "%llu of origin %lu was applied, %llu is now",
                                    (unsigned long long)known, (unsigned long)w->numbers[i],
                                    (unsigned long long)applied->seq[i]);
        above = true;
    }
    if (!above) return 0;
    if (!joined) return weft__check_fail(c, WEFT__CHECK_HOLE, "the vector moved without a record");
    struct weft__vector to;
    weft__vector_init(&to, c->alloc);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < applied->len; i++) rc = weft__vector_set(&to, w->numbers[i], applied->seq[i]);
    if (rc == 0) rc = take_joined(c, w, &to);
    weft__vector_fini(&to);
    return rc;
}

/* --- Records ------------------------------------------------------------------------------------------------------ */

static int check_stamp(struct weft__check *c, const struct weft__watched *w, struct weft_stamp stamp) {
    for (uint32_t i = 0; i < w->applied.len; i++) {
        const struct weft__commit *seen = weft__history_find(&c->history, i, w->applied.seq[i]);
        if (seen != NULL && weft_stamp_cmp(seen->stamp, stamp) >= 0)
            return weft__check_fail(c, WEFT__CHECK_CLOCK, "stamp %u:%016llx after %u:%016llx was seen", stamp.epoch,
                                    (unsigned long long)stamp.word, seen->stamp.epoch,
                                    (unsigned long long)seen->stamp.word);
    }
    return 0;
}

/* Its own next transaction. */
static int register_commit(struct weft__check *c, struct weft__watched *w, const struct weft_record *r, uint32_t origin,
                           struct weft__hash128 hash) {
    struct weft__transaction t;
    if (weft__transaction_parse(&t, r->bytes) != 0 || t.seq != r->seq)
        return weft__check_fail(c, WEFT__CHECK_CALL, "an own transaction does not read");
    int rc = check_stamp(c, w, t.stamp);
    if (rc == 0) rc = weft__check_parent(c, w, &t);
    if (rc != 0) return rc;
    struct weft__commit commit = {.origin = origin, .seq = r->seq, .stamp = t.stamp, .hash = hash};
    rc = weft__check_own(c, w, &t, &commit.is_void);
    if (rc != 0) return rc;
    const struct weft__vector *past = w->announced_past == NULL ? &w->applied : w->announced_past;
    rc = weft__history_add(&c->history, &commit, past, w->announced, w->announced_count);
    if (rc == 0)
        rc = weft__judge_add(&c->judge, weft__history_find(&c->history, origin, r->seq), w->announced, w->described);
    w->described = false;
    w->announced = NULL;
    w->announced_count = 0;
    return rc;
}

static int check_past(struct weft__check *c, const struct weft__watched *w, const struct weft__commit *commit) {
    for (uint32_t i = 0; i < commit->past_len; i++)
        if (commit->past[i] > weft__vector_get(&w->applied, i))
            return weft__check_fail(c, WEFT__CHECK_CAUSAL, "%llu of origin %lu came before %llu of origin %lu",
                                    (unsigned long long)commit->seq, (unsigned long)commit->origin,
                                    (unsigned long long)commit->past[i], (unsigned long)i);
    return 0;
}

struct weft__hash128 weft__check_hash(struct weft_slice bytes) {
    return weft__trace_bytes((struct weft__hash128){0, 0}, bytes);
}

int weft__check_record(struct weft__check *c, struct weft__watched *w, const struct weft_record *r) {
    uint32_t origin;
    if (r->kind != WEFT_RECORD_LOG) return 0;
    int rc = weft__history_number(&c->history, &r->origin, &origin);
    if (rc != 0) return rc;
    struct weft__hash128 hash = weft__check_hash(r->bytes);
    const struct weft__commit *commit = weft__history_find(&c->history, origin, r->seq);
    bool is_made_up = c->history.origins[origin].is_made_up;
    if (commit == NULL && is_made_up) {
        rc = weft__check_made_up(c, r, origin, hash);
        commit = weft__history_find(&c->history, origin, r->seq);
    }
    bool own_next = origin == w->self && r->seq == c->history.origins[origin].count + 1;
    if (commit == NULL && own_next) {
        rc = register_commit(c, w, r, origin, hash);
        commit = weft__history_find(&c->history, origin, r->seq);
    }
    if (rc != 0) return rc;
    if (commit == NULL)
        return weft__check_fail(c, WEFT__CHECK_DOT, "%llu of origin %lu was issued by nobody",
                                (unsigned long long)r->seq, (unsigned long)origin);
    if (!weft__hash_eq(hash, commit->hash) && !is_made_up) {
        rc = weft__check_fail(c, WEFT__CHECK_DOT, "two transactions are %llu of origin %lu", (unsigned long long)r->seq,
                              (unsigned long)origin);
        if (rc != 0) return rc;
    }
    if (r->seq != weft__vector_get(&w->applied, origin) + 1)
        return weft__check_fail(c, WEFT__CHECK_HOLE, "%llu of origin %lu after %llu", (unsigned long long)r->seq,
                                (unsigned long)origin, (unsigned long long)weft__vector_get(&w->applied, origin));
    rc = check_past(c, w, commit);
    if (rc == 0) rc = weft__check_drift(c, w, commit->stamp);
    if (rc == 0) rc = weft__oracle_see(&w->oracle, &c->history, commit);
    return rc != 0 ? rc : move(w, origin, r->seq);
}

/* --- State -------------------------------------------------------------------------------------------------------- */

int weft__check_state(struct weft__check *c, struct weft__watched *w, struct weft__hash128 state, bool changed) {
    if (!changed) {
        if (weft__hash_eq(state, w->state_hash)) return 0;
        return weft__check_fail(c, WEFT__CHECK_APPLY, "the state changed and the vector did not");
    }
    c->states_checked++;
    struct weft__state_seen *seen = weft__states_at(&c->states, w->vector_hash, state);
    if (seen == NULL) return WEFT_ERR_NOMEM;
    w->state_hash = state;
    if (weft__hash_eq(seen->state, state)) return 0;
    return weft__check_fail(c, WEFT__CHECK_STATE, "another replica had another hash under this vector");
}

static struct weft__hash128 state_hash(const struct weft_replica_stats *stats) {
    uint64_t words[2] = {0, 0};
    for (unsigned i = 0; i < 16; i++) words[i / 8] |= (uint64_t)stats->state_hash[i] << (8 * (i % 8));
    return (struct weft__hash128){words[0], words[1]};
}

static int check_bytes(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r) {
    weft_buf_reset(&c->bytes);
    int rc = weft_replica_encode(r, &c->bytes);
    if (rc != 0) return rc;
    struct weft__hash128 hash = weft__check_hash(weft_buf_slice(&c->bytes));
    struct weft__state_seen *seen = weft__states_at(&c->states, w->vector_hash, w->state_hash);
    if (seen == NULL) return WEFT_ERR_NOMEM;
    c->bytes_checked++;
    if (seen->bytes.lo == 0 && seen->bytes.hi == 0) seen->bytes = hash;
    if (weft__hash_eq(seen->bytes, hash)) return 0;
    return weft__check_fail(c, WEFT__CHECK_STATE, "another replica had other bytes under this vector");
}

/* --- Messages ----------------------------------------------------------------------------------------------------- */

static int check_said(struct weft__check *c, const struct weft__vector *durable, const struct weft_origin *origin,
                      uint64_t seq, const char *what) {
    uint32_t number;
    int rc = weft__history_number(&c->history, origin, &number);
    if (rc != 0 || seq <= weft__vector_get(durable, number)) return rc;
    return weft__check_fail(c, WEFT__CHECK_SAID, "%s names %llu of origin %lu, the disk has %llu", what,
                            (unsigned long long)seq, (unsigned long)number,
                            (unsigned long long)weft__vector_get(durable, number));
}

static int check_content(struct weft__check *c, struct weft__watched *w, const struct weft__message *m,
                         const struct weft__vector *durable) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && m->kind == WEFT__MESSAGE_DIGEST && i < m->digest.count; i++)
        rc = check_said(c, durable, &m->digest.entries[i].origin, m->digest.entries[i].seq, "a digest");
    for (size_t i = 0; rc == 0 && m->kind == WEFT__MESSAGE_TRANSACTIONS && i < m->transactions.count; i++) {
        struct weft__transaction t;
        uint32_t number;
        if (weft__transaction_parse(&t, m->transactions.items[i]) != 0)
            return weft__check_fail(c, WEFT__CHECK_CALL, "a message with a transaction that does not read");
        rc = weft__history_number(&c->history, &t.origin, &number);
        if (rc == 0 && number == w->self) rc = check_said(c, durable, &t.origin, t.seq, "a push");
    }
    if (rc == 0 && m->kind == WEFT__MESSAGE_STATE_CHUNK) rc = weft__check_chunk(c, w, m, durable);
    return rc;
}

int weft__check_message(struct weft__check *c, struct weft__watched *w, struct weft_slice bytes,
                        const struct weft__vector *durable) {
    struct weft__message m;
    if (bytes.len > WEFT_FRAME_MAX)
        return weft__check_fail(c, WEFT__CHECK_BOUND, "a message of %llu bytes", (unsigned long long)bytes.len);
    int rc = weft__message_decode(&m, bytes, c->alloc);
    if (rc == WEFT_ERR_NOMEM) return rc;
    if (rc != 0) return weft__check_fail(c, WEFT__CHECK_CALL, "a message that does not read: %s", weft_strerror(rc));
    rc = check_content(c, w, &m, durable);
    weft__message_fini(&m);
    return rc;
}

/* The same bytes often go to everybody. */
static int check_messages(struct weft__check *c, struct weft__watched *w, const struct weft_update *u,
                          const struct weft__vector *durable) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < u->message_count; i++)
        if (i == 0 || !weft_slice_eq(u->messages[i].bytes, u->messages[i - 1].bytes))
            rc = weft__check_message(c, w, u->messages[i].bytes, durable);
    return rc;
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

static struct weft_view committed(void *ctx, struct weft_slice key, const struct weft_crdt_class *cls) {
    return weft_replica_view(ctx, key, cls);
}

typedef int compare_fn(struct weft__oracle *o, const struct weft__history *h, weft__view_fn *view, void *ctx,
                       const uint8_t *unspecified, size_t unspecified_count, uint64_t *compared,
                       struct weft_buf *wrong);

static int check_values(struct weft__check *c, struct weft__watched *w, const struct weft_replica *replica,
                        compare_fn *compare) {
    void *r = (void *)(uintptr_t)(c->shown != NULL ? c->shown : replica);
    weft_buf_reset(&c->bytes);
    int rc = compare(&w->oracle, &c->history, committed, r, c->unspecified, c->unspecified_count, &c->values_checked,
                     &c->bytes);
    struct weft__judge_look look = {committed, r, &c->values_checked, &c->bytes};
    bool all = compare == weft__oracle_compare_all;
    if (rc == 0) rc = weft__judge_compare(&c->judge, &w->oracle, all, &w->applied, &look);
    if (rc != WEFT_ERR_CORRUPT) return rc;
    return weft__check_fail(c, WEFT__CHECK_VALUE, "%.*s", (int)c->bytes.len, (const char *)c->bytes.ptr);
}

/* --- Steps -------------------------------------------------------------------------------------------------------- */

static bool has_notice(const struct weft_update *u, enum weft_notice_kind kind) {
    for (size_t i = 0; i < u->notice_count; i++)
        if (u->notices[i].kind == kind) return true;
    return false;
}

static uint64_t log_bytes(const struct weft_update *u) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < u->record_count; i++)
        if (u->records[i].kind == WEFT_RECORD_LOG) bytes += u->records[i].bytes.len;
    return bytes;
}

/* What came with this step may exceed the log's bound until the next one; a checkpoint truncates, but not what waits
 * for the disk. */
static int check_bounds(struct weft__check *c, struct weft__watched *w, const struct weft_update *u,
                        const struct weft_replica_stats *s) {
    uint64_t fresh = log_bytes(u);
    if (has_notice(u, WEFT_NOTICE_CHECKPOINT)) w->log_excess = w->unsynced + fresh;
    if (s->pending_bytes > w->pending_max)
        return weft__check_fail(c, WEFT__CHECK_BOUND, "%llu bytes are pending", (unsigned long long)s->pending_bytes);
    uint64_t put_off = s->withholds ? w->checkpoint_bytes : 0;
    if (s->log_bytes > w->log_max + w->log_excess + fresh + put_off)
        return weft__check_fail(c, WEFT__CHECK_BOUND, "%llu bytes of log", (unsigned long long)s->log_bytes);
    return 0;
}

/* Whether a record cannot be next but by a state that was joined before it. */
static bool rests_on_join(struct weft__check *c, const struct weft__watched *w, const struct weft_record *r) {
    uint32_t origin;
    if (r->kind != WEFT_RECORD_LOG || weft__history_number(&c->history, &r->origin, &origin) != 0) return false;
    const struct weft__commit *commit = weft__history_find(&c->history, origin, r->seq);
    if (commit == NULL) return false;
    if (r->seq > weft__vector_get(&w->applied, origin) + 1) return true;
    for (uint32_t i = 0; i < commit->past_len; i++)
        if (commit->past[i] > weft__vector_get(&w->applied, i)) return true;
    return false;
}

/* The joined state lies below the records that follow it, and holds all else that the replica has now. */
static int take_join_before(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                            const struct weft_record *records, size_t count) {
    const struct weft_version_vector *applied = weft_replica_applied(r);
    struct weft__vector to;
    uint32_t origin;
    weft__vector_init(&to, c->alloc);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < applied->len; i++) rc = weft__vector_set(&to, w->numbers[i], applied->seq[i]);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (records[i].kind != WEFT_RECORD_LOG) continue;
        rc = weft__history_number(&c->history, &records[i].origin, &origin);
        if (rc == 0 && records[i].seq <= weft__vector_get(&to, origin))
            rc = weft__vector_set(&to, origin, records[i].seq - 1);
    }
    if (rc == 0) rc = take_joined(c, w, &to);
    weft__vector_fini(&to);
    return rc;
}

static int check_records(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                         const struct weft_update *u, bool joined) {
    int rc = joined ? weft__check_note_made_up(c, u) : 0;
    for (size_t i = 0; rc == 0 && i < u->record_count; i++) {
        if (joined && rests_on_join(c, w, &u->records[i])) {
            rc = take_join_before(c, w, r, &u->records[i], u->record_count - i);
            joined = false;
        }
        if (rc == 0) rc = weft__check_record(c, w, &u->records[i]);
    }
    return rc;
}

/* What was touched is looked at when it is touched again, or at the end. */
static int pass_by(struct weft__watched *w) {
    w->oracle.touched_count = w->oracle.judged_count = 0;
    return 0;
}

static int check_said_and_shown(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                                const struct weft_update *u, const struct weft__vector *durable) {
    int rc = weft__check_changes(c, u);
    if (rc == 0) rc = check_values(c, w, r, weft__oracle_compare);
    return rc == 0 ? check_messages(c, w, u, durable) : rc;
}

#define WHOLE_EVERY 1000u

int weft__check_step(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                     const struct weft_update *u, const struct weft__vector *durable) {
    struct weft__hash128 before = w->vector_hash;
    struct weft_replica_stats stats;
    weft_replica_stats(r, &stats);
    int rc = learn_numbers(c, w, r);
    if (w->branch.may_open && w->self == w->branch.origin && w->announced != NULL) w->branch.is_open = true;
    if (w->branch.is_open) return rc != 0 ? rc : weft__branch_step(c, w, r, u);
    bool joined = has_notice(u, WEFT_NOTICE_STATE_DONE); /* it may have touched anything */
    if (rc == 0) rc = check_records(c, w, r, u, joined);
    if (rc == 0) rc = weft__check_voids(c, u);
    if (rc == 0) rc = weft__check_vector(c, w, weft_replica_applied(r), joined);
    if (rc == 0) rc = weft__check_state(c, w, state_hash(&stats), !weft__hash_eq(before, w->vector_hash));
    if (rc == 0) rc = weft__check_exempt(c, u);
    if (rc == 0 && joined) rc = check_values(c, w, r, weft__oracle_compare_all);
    if (rc == 0) rc = c->in_passing ? pass_by(w) : check_said_and_shown(c, w, r, u, durable);
    if (rc == 0) rc = weft__check_recorded(c, w, r, u, durable);
    if (rc == 0) rc = weft__check_refused(c, w, u, &stats, state_hash(&stats));
    if (rc == 0) rc = check_bounds(c, w, u, &stats);
    if (rc == 0 && has_notice(u, WEFT_NOTICE_DIVERGED)) rc = weft__check_fail(c, WEFT__CHECK_DIVERGED, "it does");
    if (rc == 0) rc = follow_self(c, w, r);
    if (rc == 0 && ++w->steps % WHOLE_EVERY == 0) rc = check_bytes(c, w, r);
    return rc;
}

static int take_vector(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r) {
    w->vector_hash = (struct weft__hash128){0, 0};
    weft__vector_clear(&w->applied);
    weft__oracle_clear(&w->oracle);
    bool again = w->number_count > 0;
    w->number_count = 0;
    int rc = learn_numbers(c, w, r);
    const struct weft_version_vector *applied = weft_replica_applied(r);
    for (uint32_t i = 0; rc == 0 && i < applied->len; i++) rc = move(w, w->numbers[i], applied->seq[i]);
    if (rc == 0 && again) weft__check_adopt_parent(w);
    return rc != 0 ? rc : name_self(c, w, r);
}

/* The state that it begins with. */
static int take_state(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r) {
    struct weft_replica_stats stats;
    weft_replica_stats(r, &stats);
    w->log_excess = stats.log_bytes;
    w->last_applied = stats.transactions;
    w->last_pending = stats.pending;
    w->last_state = state_hash(&stats);
    int rc = weft__check_state(c, w, state_hash(&stats), true);
    w->oracle.touched_count = 0;
    return rc != 0 ? rc : check_values(c, w, r, weft__oracle_compare_all);
}

/* It goes on under an epoch of which more is known. */
static void look_for_branch(struct weft__check *c, struct weft__watched *w) {
    uint64_t own = weft__vector_get(&w->applied, w->self);
    w->branch.may_open = false;
    if (w->self >= c->history.origin_cap || c->history.origins[w->self].count <= own) return;
    w->branch.may_open = true;
    w->branch.origin = w->self;
    w->branch.from = own;
}

int weft__check_opened(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                       const struct weft__vector *durable, bool doubtful) {
    const struct weft__vector nothing = {NULL, 0, 0, c->alloc};
    size_t origin;
    int rc = take_vector(c, w, r);
    if (rc != 0) return rc;
    look_for_branch(c, w);
    if (doubtful || w->strayed) w->parent_seq = 0; /* what it says of its epochs may be of another time than its rows */
    w->strayed = false;
    if (!doubtful && weft__vector_exceeds(durable, &w->applied, &origin))
        rc = weft__check_fail(c, WEFT__CHECK_LOST, "%llu of origin %lu was durable, %llu came back",
                              (unsigned long long)durable->seq[origin], (unsigned long)origin,
                              (unsigned long long)weft__vector_get(&w->applied, origin));
    if (rc == 0 && weft__vector_exceeds(&w->applied, durable, NULL))
        rc = weft__check_fail(c, WEFT__CHECK_LOST, "more came back than was durable");
    if (rc == 0) rc = see_between(c, w, &nothing, &w->applied);
    return rc != 0 ? rc : take_state(c, w, r); /* also where it is not compared: bounds begin there */
}

/* What it takes in the same step, of the chain that stands and of others, comes before: the vector without it. */
static int leave_out(struct weft__check *c, struct weft__watched *w, const struct weft_update *u) {
    int rc = move(w, w->self, 0);
    for (size_t i = u->record_count; rc == 0 && i-- > 0;) {
        uint32_t origin;
        if (u->records[i].kind != WEFT_RECORD_LOG) continue;
        rc = weft__history_number(&c->history, &u->records[i].origin, &origin);
        if (rc == 0 && origin != w->self) rc = move(w, origin, u->records[i].seq - 1);
    }
    return rc;
}

int weft__check_reopened(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                         const struct weft_update *u, struct weft__vector *durable) {
    const struct weft__vector nothing = {NULL, 0, 0, c->alloc};
    if (!has_notice(u, WEFT_NOTICE_REISSUED)) return 0;
    int rc = take_vector(c, w, r);
    if (rc == 0) rc = leave_out(c, w, u);
    if (rc == 0) rc = see_between(c, w, &nothing, &w->applied);
    w->parent_seq = 0; /* not known: some of its own were taken back */
    if (rc == 0) rc = weft__branch_seen_again(c, w, r, u);
    if (rc == 0) rc = weft__vector_copy(durable, &w->applied);
    if (rc != 0) return rc;
    weft__branch_fini(&w->branch);
    return take_state(c, w, r);
}

int weft__check_whole(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r) {
    int rc = check_values(c, w, r, weft__oracle_compare_all);
    return rc != 0 ? rc : check_bytes(c, w, r);
}
