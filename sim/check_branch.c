/* check_branch.c: a replica whose memory was rolled back and that has not been repaired. What it says meanwhile is of a
 * branch that it will take back, so it is held against nothing; but the application's operations are kept, with what
 * each of them had seen, and when they are issued again they are held against the specification as what they were. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "replication/engine.h"
#include "sim/check.h"
#include "sim/trace.h"

void weft__branch_init(struct weft__branch *b, const struct weft_alloc *alloc) {
    memset(b, 0, sizeof *b);
    b->alloc = alloc;
}

static void commit_fini(struct weft__branch *b, struct weft__branch_commit *commit) {
    weft__vector_fini(&commit->seen);
    weft__free(b->alloc, commit->ops, commit->op_count * sizeof *commit->ops);
}

void weft__branch_fini(struct weft__branch *b) {
    for (size_t i = 0; i < b->count; i++) commit_fini(b, &b->commits[i]);
    weft__free(b->alloc, b->commits, b->cap * sizeof *b->commits);
    weft__branch_init(b, b->alloc);
}

/* The branch itself is not in it: under its dots others know something else; nor what was issued on top of it under a
 * later epoch, which the history does not have. */
static uint64_t seen_of(const struct weft__check *c, const struct weft__watched *w, uint32_t number, uint64_t applied) {
    if (number == w->branch.origin) return w->branch.from;
    uint64_t issued = number < c->history.origin_cap ? c->history.origins[number].count : 0;
    return applied < issued ? applied : issued;
}

static int note_seen(const struct weft__check *c, struct weft__vector *seen, const struct weft__watched *w,
                     const struct weft_replica *r) {
    const struct weft_version_vector *applied = weft_replica_applied(r);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < applied->len; i++)
        rc = weft__vector_set(seen, w->numbers[i], seen_of(c, w, w->numbers[i], applied->seq[i]));
    return rc;
}

int weft__check_made_up(struct weft__check *c, const struct weft_record *r, uint32_t origin,
                        struct weft__hash128 hash) {
    struct weft__vector past;
    struct weft__transaction t;
    bool is_next = r->seq == c->history.origins[origin].count + 1;
    if (!is_next || weft__transaction_parse(&t, r->bytes) != 0) return 0; /* then nobody issued it */
    struct weft__commit commit = {.origin = origin, .seq = r->seq, .stamp = t.stamp, .hash = hash};
    weft__vector_init(&past, c->alloc);
    int rc = weft__check_past_of(c, &t, origin, &past);
    if (rc == 0) rc = weft__check_judge(c, &t, origin, &past, &commit.is_void);
    if (rc == 0 && !commit.is_void) rc = weft__check_exempt_written(c, &t);
    if (rc == 0) rc = weft__history_add(&c->history, &commit, &past, NULL, 0);
    weft__vector_fini(&past);
    return rc;
}

void weft__check_parted(struct weft__check *c) {
    c->parted = true;
    c->off = ~WEFT__CHECKS_ALWAYS;
}

/* Of this replica, and not what the history has under that dot. */
static int is_of_branch(struct weft__check *c, const struct weft_replica *r, struct weft_slice bytes, bool *is) {
    struct weft__transaction t;
    struct weft_origin self = weft_replica_self(r);
    uint32_t number;
    if (weft__transaction_parse(&t, bytes) != 0 || weft_id_cmp(&t.origin.replica, &self.replica) != 0) return 0;
    int rc = weft__history_number(&c->history, &t.origin, &number);
    if (rc != 0) return rc;
    const struct weft__commit *commit = weft__history_find(&c->history, number, t.seq);
    struct weft__hash128 hash = weft__trace_bytes((struct weft__hash128){0, 0}, bytes);
    *is = *is || commit == NULL || !weft__hash_eq(commit->hash, hash);
    return 0;
}

/* Before it has heard of the other chain it says what it has, and a peer that has neither takes it. */
static int look_for_leak(struct weft__check *c, const struct weft_replica *r, const struct weft_update *u) {
    bool is_out = false;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < u->message_count; i++) {
        struct weft__message m;
        rc = weft__message_decode(&m, u->messages[i].bytes, c->alloc);
        if (rc != 0) return rc == WEFT_ERR_NOMEM ? rc : 0;
        is_out = is_out || m.kind == WEFT__MESSAGE_STATE_CHUNK;
        for (size_t k = 0; rc == 0 && m.kind == WEFT__MESSAGE_TRANSACTIONS && k < m.transactions.count; k++)
            rc = is_of_branch(c, r, m.transactions.items[k], &is_out);
        weft__message_fini(&m);
    }
    if (is_out) weft__check_parted(c);
    return rc;
}

/* A state covers the branch as if it were the other chain's beginning: where no row of that is left, nobody can tell.
 * And what a checkpoint covers is not taken apart again. */
static void look_for_cover(struct weft__check *c, const struct weft_update *u) {
    for (size_t i = 0; i < u->notice_count; i++)
        if (u->notices[i].kind == WEFT_NOTICE_STATE_DONE || u->notices[i].kind == WEFT_NOTICE_CHECKPOINT)
            weft__check_parted(c);
}

/* The engine says that an own epoch has two chains, and that nobody's log shows where they part. It may still be
 * repaired, when a peer comes whose log reaches down. */
bool weft__branch_is_named(const struct weft__branch *b, const struct weft_replica *r) {
    struct weft_replica_stats stats;
    weft_replica_stats(r, &stats);
    for (uint32_t i = 0; b->is_open && !stats.withholds && i < weft_origins_count(r->origins); i++)
        if (i < r->space.lineage_cap && r->space.lineages[i].stays_apart) return true;
    return false;
}

int weft__check_note_made_up(struct weft__check *c, const struct weft_update *u) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < u->record_count; i++) {
        const struct weft_record *r = &u->records[i];
        uint32_t origin;
        if (r->kind != WEFT_RECORD_LOG) continue;
        rc = weft__history_number(&c->history, &r->origin, &origin);
        if (rc == 0 && c->history.origins[origin].is_made_up)
            rc = weft__check_made_up(c, r, origin, weft__trace_bytes((struct weft__hash128){0, 0}, r->bytes));
    }
    return rc;
}

static uint64_t last_log_record(const struct weft_update *u) {
    uint64_t number = 0;
    for (size_t i = 0; i < u->record_count; i++)
        if (u->records[i].kind == WEFT_RECORD_LOG) number = u->records[i].number;
    return number;
}

void weft__branch_crashed(struct weft__branch *b, uint64_t done) {
    while (b->count > 0 && b->commits[b->count - 1].record > done) commit_fini(b, &b->commits[--b->count]);
    for (size_t i = 0; i < b->count; i++) b->commits[i].record = 0;
    if (b->count == 0) b->is_open = b->may_open = false; /* nothing of it was ever written */
}

int weft__branch_step(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                      const struct weft_update *u) {
    struct weft__branch *b = &w->branch;
    int rc = weft__check_note_made_up(c, u);
    if (rc == 0 && !c->parted && w->was_rewound) rc = look_for_leak(c, r, u);
    if (rc != 0) return rc;
    look_for_cover(c, u);
    if (w->announced == NULL) return 0;
    void *commits = b->commits;
    rc = weft__grow(b->alloc, &commits, &b->cap, b->count + 1, sizeof *b->commits);
    b->commits = commits;
    struct weft__sim_op *ops = rc != 0 ? NULL : weft__calloc(b->alloc, w->announced_count, sizeof *ops);
    if (ops == NULL) return WEFT_ERR_NOMEM;
    memcpy(ops, w->announced, w->announced_count * sizeof *ops);
    struct weft__branch_commit *to = &b->commits[b->count++];
    *to = (struct weft__branch_commit){.ops = ops, .op_count = w->announced_count, .record = last_log_record(u)};
    weft__vector_init(&to->seen, b->alloc);
    w->announced = NULL;
    w->announced_count = 0;
    return note_seen(c, &to->seen, w, r);
}

static bool is_own(const struct weft__check *c, const struct weft__watched *w, const struct weft_record *r) {
    return r->kind == WEFT_RECORD_LOG && weft_origin_cmp(&r->origin, weft_origins_at(c->history.numbers, w->self)) == 0;
}

/* Whether what it had seen is all there now that it is issued again. What rests on the other chain may wait, if that
 * could not be had in full: then what it took away of that is not taken away, and a transaction may have no effect any
 * more. */
static bool is_known(const struct weft__watched *w) {
    const struct weft__branch *b = &w->branch;
    for (size_t i = 0; i < b->count; i++)
        if (weft__vector_exceeds(&b->commits[i].seen, &w->applied, NULL)) return false;
    return true;
}

/* So there is no specification any more of what it changed. */
static int exempt_branch(struct weft__check *c, const struct weft__branch *b) {
    int rc = 0;
    for (size_t i = 0; i < b->count; i++)
        for (size_t k = 0; rc == 0 && k < b->commits[i].op_count; k++)
            rc = weft__check_exempt_object(c, b->commits[i].ops[k].type, b->commits[i].ops[k].object);
    return rc;
}

static int see_own(struct weft__check *c, struct weft__watched *w, const struct weft_update *u, bool as_it_was) {
    struct weft__branch *b = &w->branch;
    size_t count = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < u->record_count; i++) {
        if (!is_own(c, w, &u->records[i]) || count == b->count) continue;
        struct weft__branch_commit *commit = &b->commits[count];
        rc = weft__vector_set(&commit->seen, w->self, count++);
        w->announced = as_it_was ? commit->ops : NULL;
        w->announced_count = as_it_was ? commit->op_count : 0;
        w->described = false;
        w->announced_past = as_it_was ? &commit->seen : &w->applied;
        if (rc == 0) rc = weft__check_record(c, w, &u->records[i]);
    }
    w->announced_past = NULL;
    if (rc == 0 && as_it_was && count != b->count)
        rc = weft__check_fail(c, WEFT__CHECK_LOST, "%zu of %zu transactions were issued again", count, b->count);
    return rc;
}

/* Somebody's that came. */
static bool is_known_void(const struct weft__check *c, const struct weft_notice *n) {
    uint32_t number;
    if (!weft_origins_find(c->history.numbers, &n->origin, &number)) return false;
    const struct weft__commit *commit = weft__history_find(&c->history, number, n->seq);
    return commit != NULL && commit->is_void;
}

/* What it did by a right that it has no more is not done again. */
static bool has_denied(const struct weft__check *c, const struct weft_update *u) {
    for (size_t i = 0; i < u->notice_count; i++) {
        const struct weft_notice *n = &u->notices[i];
        if (n->kind == WEFT_NOTICE_VOID && n->err == WEFT_ERR_DENIED && !is_known_void(c, n)) return true;
    }
    return false;
}

int weft__branch_seen_again(struct weft__check *c, struct weft__watched *w, const struct weft_replica *r,
                            const struct weft_update *u) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < u->record_count; i++)
        if (!is_own(c, w, &u->records[i])) rc = weft__check_record(c, w, &u->records[i]);
    bool is_denied = has_denied(c, u), as_it_was = is_known(w) && !is_denied;
    if (rc == 0 && is_denied && !weft__check_may_be_denied(c, w, r))
        rc = weft__check_fail(c, WEFT__CHECK_RIGHTS, "what it may do was not issued again");
    if (rc == 0 && !as_it_was) rc = exempt_branch(c, &w->branch);
    return rc == 0 ? see_own(c, w, u, as_it_was) : rc;
}
