/* fork.c: memory that was rolled back. A snapshot of a virtual machine that is resumed goes on under the epoch that it
 * had; if it writes before it hears of what it had written already, one epoch has two chains, and dots mean two things.
 * It shows when chains are compared: by a digest, by a row that does not follow, by a state.
 *
 * This replica yields. What peers have may be durable everywhere, and nobody else remembers what was written here
 * since: so the other chain stands, whichever it is, and the own branch is taken back and said again under a new epoch
 * (reissue.c). Nothing is lost, and each transaction of both counts once.
 *
 * Taking back is not a change of state that a join could make, so it is done by restoring: the fork is sought by
 * comparing rows, its place is recorded, and once that is durable the driver makes the replica again from its store,
 * without the rows from there on. A crash at any time does the same. Meanwhile own rows are not passed on: what is
 * issued on top of the branch shares its fate.
 *
 * Others may have written on top of the chain that stands, and what they wrote may have come here, where a number of
 * the branch passed for what it rests on. The branch has seen it, replaced and removed it; so before anything is taken
 * back, the rows of the standing chain that it rests on are collected. They go into the record, and are applied before
 * the branch is issued again. Nothing else is taken meanwhile, so that what has to be collected stays what it is.
 *
 * Limits: rows below the last checkpoint cannot be taken back: a fork there is named and stays. Where no peer's log
 * reaches down to the own rows there is nothing to compare them with, and a state has the hash of its last transaction
 * only: it is joined, because most often there is no fork, and that there may be one is named. Where the rows that are
 * left show that there is one, and not where, nothing is joined: that they stay apart is named. Of an epoch that is not
 * this replica's own, or whose rows came from peers as well, two chains stay as they are, too: whoever applied one does
 * not take the other. Where peers are there and for state_ns nobody has the next row to be collected, where that goes
 * on for too long, or there is no room for it or for what rests on it (pending_max, and the log while nobody is there),
 * the branch is issued again without that: what it had removed of it is there again, and the notice says so. */
#include "replication/fork.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "replication/engine.h"

bool weft__fork_is_open(const struct weft_replica *r) {
    return r->fork.state != WEFT__FORK_NONE;
}

bool weft__fork_is_parted(const struct weft_replica *r) {
    return r->fork.state >= WEFT__FORK_PARTED;
}

bool weft__fork_is_found(const struct weft_replica *r) {
    return r->fork.state == WEFT__FORK_FOUND;
}

bool weft__fork_wants_reopen(const struct weft_replica *r) {
    return r->fork.record != 0 && r->recording.persisted >= r->fork.record;
}

bool weft__fork_withholds(const struct weft_replica *r, uint32_t origin) {
    uint64_t last;
    return weft__fork_is_open(r) && (origin == r->fork.origin || weft__identity_issued(r, origin, &last));
}

/* --- Seeking ------------------------------------------------------------------------------------------------------ */

static void report_hopeless(struct weft_replica *r, uint32_t origin, uint64_t seq) {
    struct weft_notice n = {.kind = WEFT_NOTICE_EQUIVOCATION,
                            .err = WEFT_ERR_CLONED,
                            .origin = *weft_origins_at(r->origins, origin),
                            .seq = seq};
    weft__output_notice(weft__out(r), &n,
                        "two chains of an own epoch part below the last checkpoint, at %llu or before: they stay apart",
                        (unsigned long long)seq);
    weft__identity_yield(r, origin, 0); /* not looked at again */
}

/* No log row of a peer's below this one is of use. */
static uint64_t floor_at(const struct weft_replica *r, const struct weft__peer *p) {
    uint64_t saved = weft_version_vector_get(&r->checkpoint.saved, r->fork.origin);
    uint64_t floor = weft_version_vector_get(&p->floors, r->fork.origin);
    return floor > saved ? floor : saved;
}

static bool may_know(const struct weft_replica *r, const struct weft__peer *p) {
    uint64_t floor = floor_at(r, p);
    bool was_asked = weft_version_vector_get(&p->fork_asked, r->fork.origin) > 0;
    bool offers = weft__peer_offers(p, weft_origins_at(r->origins, r->fork.origin));
    return p->heard && offers && !was_asked && floor < r->fork.last &&
           weft_version_vector_get(&p->has, r->fork.origin) > floor;
}

/* The one that it was heard from first. */
static struct weft__peer *choose_peer(struct weft_replica *r) {
    struct weft__peer *first = weft__peer_find(r, r->fork.link);
    if (first != NULL && may_know(r, first)) return first;
    for (size_t i = 0; i < r->peers.count; i++)
        if (may_know(r, &r->peers.items[i])) return &r->peers.items[i];
    return NULL;
}

/* The chain that stands has gone from every log down to where they part, or below. It is looked at again with every
 * peer that comes, but what rests on that chain waits here until one of them has the rows. */
static void report_out_of_reach(struct weft_replica *r, uint32_t origin, uint64_t last) {
    struct weft__lineage *l = &r->space.lineages[origin];
    struct weft_notice n = {.kind = WEFT_NOTICE_EQUIVOCATION,
                            .err = WEFT_ERR_CLONED,
                            .origin = *weft_origins_at(r->origins, origin),
                            .seq = last};
    if (!l->forked || l->stays_apart) return;
    l->stays_apart = true;
    weft__output_notice(weft__out(r), &n,
                        "two chains of an own epoch part at %llu or before, and nobody's log shows where: they stay "
                        "apart, and what rests on the other one is not taken",
                        (unsigned long long)last);
}

/* Opened only where somebody can be asked, so that nobody keeps what is written here from others by saying things: each
 * peer is asked once of each epoch on a link. */
void weft__fork_suspect(struct weft_replica *r, uint32_t link, uint32_t origin) {
    struct weft__fork *f = &r->fork;
    uint64_t last;
    if (f->state != WEFT__FORK_NONE || !weft__identity_issued(r, origin, &last)) return;
    f->origin = origin;
    f->last = last;
    f->link = link;
    f->asking = false;
    if (choose_peer(r) != NULL)
        f->state = WEFT__FORK_SOUGHT;
    else
        report_out_of_reach(r, origin, last);
}

static void ask(struct weft_replica *r, const struct weft__peer *p) {
    struct weft__fork *f = &r->fork;
    uint64_t has = weft_version_vector_get(&p->has, f->origin);
    uint64_t end = f->state == WEFT__FORK_PARTED ? f->rested_on : f->last;
    struct weft__range range = {*weft_origins_at(r->origins, f->origin), f->next - 1, has < end ? has : end};
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_request(&weft__out(r)->bytes, &head, &range, 1);
    weft__output_message_end(weft__out(r), p->link, mark);
    f->asked = f->next;
    f->until_ns = r->now.mono_ns + r->options.request_ns;
}

/* There is none, or none that shows: what was held up goes on. */
static void close_search(struct weft_replica *r) {
    r->fork.state = WEFT__FORK_NONE;
    for (size_t i = 0; i < r->peers.count; i++) weft__ask_for_missing(r, &r->peers.items[i]);
    weft__push_own(r);
}

static int ask_next_peer(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    struct weft__peer *p = choose_peer(r);
    if (p == NULL) {
        close_search(r);
        return 0;
    }
    int rc = weft_version_vector_raise(&p->fork_asked, f->origin, 1);
    if (rc != 0) return rc;
    f->link = p->link;
    f->asking = true;
    f->attempts = 1;
    f->next = floor_at(r, p) + 1;
    ask(r, p);
    return 0;
}

/* Who has the next row of the chain that stands; in turn, because who was asked last may be silent. */
static struct weft__peer *choose_holder(struct weft_replica *r) {
    const struct weft__fork *f = &r->fork;
    struct weft__peer *first = NULL, *next = NULL;
    for (size_t i = 0; i < r->peers.count; i++) {
        struct weft__peer *p = &r->peers.items[i];
        bool holds = p->heard && weft__peer_offers(p, weft_origins_at(r->origins, f->origin)) &&
                     weft_version_vector_get(&p->floors, f->origin) < f->next &&
                     weft_version_vector_get(&p->has, f->origin) >= f->next;
        if (!holds) continue;
        if (first == NULL || p->link < first->link) first = p;
        if (p->link > f->link && (next == NULL || p->link < next->link)) next = p;
    }
    return next != NULL ? next : first;
}

static bool is_anybody_there(const struct weft_replica *r) {
    for (size_t i = 0; i < r->peers.count; i++)
        if (r->peers.items[i].heard) return true;
    return false;
}

/* Alone it waits, because what is issued again would reach nobody; but the log has a bound, and nothing is saved
 * meanwhile. Each holder is asked once and then the next one, so that those who are silent do not use up the time. */
static void ask_next_holder(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    struct weft__peer *p = choose_holder(r);
    if (p == NULL && r->checkpoint.log_bytes / 2 >= r->options.checkpoint_bytes)
        f->state = WEFT__FORK_FOUND;
    else if (!is_anybody_there(r))
        f->give_up_ns = f->end_ns = 0;
    else if (f->give_up_ns == 0)
        f->give_up_ns = r->now.mono_ns + r->options.state_ns;
    else if (f->give_up_ns <= r->now.mono_ns)
        f->state = WEFT__FORK_FOUND;
    if (p == NULL || f->state == WEFT__FORK_FOUND) return;
    f->link = p->link;
    f->asking = true;
    f->attempts = WEFT__FORK_ATTEMPTS;
    ask(r, p);
}

static void go_on_asking(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    struct weft__peer *p = weft__peer_find(r, f->link);
    bool moved = f->next != f->asked;
    if (p == NULL || (!moved && f->until_ns <= r->now.mono_ns && f->attempts >= WEFT__FORK_ATTEMPTS)) {
        f->asking = false;
        return;
    }
    if (!moved && f->until_ns > r->now.mono_ns) return;
    f->attempts = moved ? 1 : f->attempts + 1;
    ask(r, p);
}

static int record_fork(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    struct weft_buf b;
    weft_buf_init(&b, r->alloc);
    weft__write_field_fixed64(&b, 1, weft_origins_at(r->origins, f->origin)->epoch);
    weft__write_field_varint(&b, 2, f->seq);
    weft__write_bytes(&b, 3, weft_slice(f->hash, sizeof f->hash));
    for (size_t i = 0; i < f->standing_count; i++)
        weft__write_bytes(&b, 4, weft_slice(f->standing[i].bytes, f->standing[i].len));
    int rc = weft__record_meta(r, WEFT_META_FORK, &b);
    if (rc == 0) f->record = r->recording.issued;
    weft_buf_fini(&b);
    return rc;
}

static void end_in_time(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    if (f->end_ns == 0) f->end_ns = r->now.mono_ns + WEFT__FORK_TIMES * r->options.state_ns;
    if (f->end_ns <= r->now.mono_ns) f->state = WEFT__FORK_FOUND;
}

int weft__fork_step(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    int rc = 0;
    if (f->state != WEFT__FORK_NONE && f->state != WEFT__FORK_FOUND && !r->wants_epoch && weft__may_speak(r)) {
        if (f->asking) go_on_asking(r);
        if (!f->asking && f->state == WEFT__FORK_SOUGHT) rc = ask_next_peer(r);
        if (f->asking && f->state == WEFT__FORK_PARTED) end_in_time(r);
        if (!f->asking && f->state == WEFT__FORK_PARTED) ask_next_holder(r);
    }
    return rc == 0 && f->state == WEFT__FORK_FOUND && f->record == 0 ? record_fork(r) : rc;
}

uint64_t weft__fork_deadline(const struct weft_replica *r) {
    const struct weft__fork *f = &r->fork;
    bool is_under_way = f->state == WEFT__FORK_SOUGHT || f->state == WEFT__FORK_PARTED;
    if (is_under_way && f->asking) return f->until_ns;
    return f->state == WEFT__FORK_PARTED && f->give_up_ns != 0 ? f->give_up_ns : UINT64_MAX;
}

/* --- Comparing ---------------------------------------------------------------------------------------------------- */

void weft__fork_cover(struct weft_replica *r, uint32_t origin) {
    if (!weft__identity_is_cloned(r, origin)) return;
    uint64_t last = weft_version_vector_get(&r->space.applied, origin);
    struct weft_notice n = {.kind = WEFT_NOTICE_EQUIVOCATION,
                            .err = WEFT_ERR_CLONED,
                            .origin = *weft_origins_at(r->origins, origin),
                            .seq = last};
    weft__output_notice(weft__out(r), &n,
                        "a state has more of an own epoch than was issued here, and no log reaches down to compare: "
                        "what was written under it up to %llu may be of another chain",
                        (unsigned long long)last);
    weft__identity_is_settled(r, origin); /* said once */
}

static void is_too_far_down(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    uint64_t saved = weft_version_vector_get(&r->checkpoint.saved, f->origin);
    f->asking = false;
    if (f->next != saved + 1) return; /* another peer's log may reach down to it */
    report_hopeless(r, f->origin, saved);
    close_search(r);
}

static int keep_standing(struct weft_replica *r, struct weft_slice bytes) {
    struct weft__fork *f = &r->fork;
    void *rows = f->standing;
    int rc = weft__grow(r->alloc, &rows, &f->standing_cap, f->standing_count + 1, sizeof *f->standing);
    f->standing = rows;
    uint8_t *copy = rc == 0 ? weft__malloc(r->alloc, bytes.len) : NULL;
    if (copy == NULL) return WEFT_ERR_NOMEM;
    memcpy(copy, bytes.ptr, bytes.len);
    f->standing[f->standing_count++] = (struct weft__standing){copy, bytes.len};
    f->standing_bytes += bytes.len;
    return 0;
}

static void free_standing(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    for (size_t i = 0; i < f->standing_count; i++) weft__free(r->alloc, f->standing[i].bytes, f->standing[i].len);
    f->standing_count = f->standing_bytes = 0;
}

/* The last number of the origin that rows of others, applied here, rest on. They can only mean the chain that stands,
 * and what yields may have observed them. */
static uint64_t rested_on(const struct weft_replica *r) {
    uint64_t last = 0, issued;
    for (uint32_t i = 0; i < r->space.applied.len; i++) {
        uint64_t seq = weft_version_vector_get(&r->space.lineages[i].past, r->fork.origin);
        if (seq > last && !weft__identity_issued(r, i, &issued)) last = seq;
    }
    return last;
}

/* The next row of the chain that stands; all of them, or as many as there is room for: the record is written. */
static int take_standing(struct weft_replica *r, const struct weft__transaction *t) {
    struct weft__fork *f = &r->fork;
    uint8_t hash[WEFT__CHAIN_LEN];
    if (f->standing_count > 0) {
        const struct weft__standing *last = &f->standing[f->standing_count - 1];
        weft__blake2b128(hash, weft_slice(last->bytes, last->len));
        if (t->previous.len != sizeof hash || memcmp(t->previous.ptr, hash, sizeof hash) != 0) {
            f->attempts = WEFT__FORK_ATTEMPTS; /* a third chain; the next one is asked when it is time */
            return 0;
        }
    }
    bool fits = t->bytes.len <= r->options.pending_max - f->standing_bytes;
    int rc = fits ? keep_standing(r, t->bytes) : 0;
    if (rc != 0) return rc;
    f->next++;
    f->give_up_ns = 0;
    if (f->next > f->rested_on) f->rested_on = rested_on(r); /* what was parked may have come due */
    f->state = fits && f->next <= f->rested_on ? WEFT__FORK_PARTED : WEFT__FORK_FOUND;
    return 0;
}

static int is_another(struct weft_replica *r, const struct weft__transaction *t, const uint8_t hash[WEFT__CHAIN_LEN]) {
    struct weft__fork *f = &r->fork;
    f->rested_on = rested_on(r);
    if (f->rested_on < t->seq) {
        f->state = WEFT__FORK_FOUND;
    } else {
        int rc = take_standing(r, t);
        if (rc != 0) return rc;
    }
    f->seq = t->seq;
    memcpy(f->hash, hash, sizeof f->hash);
    return 0;
}

static int compare(struct weft_replica *r, const struct weft__transaction *t) {
    struct weft__fork *f = &r->fork;
    const struct weft__log_row *row = weft__log_get(&r->log, f->origin, t->seq);
    struct weft__transaction own;
    if (row == NULL || weft__transaction_parse(&own, weft_slice(row->bytes, row->len)) != 0) {
        f->asking = false;
        return 0;
    }
    if (!weft_slice_eq(own.previous, t->previous)) {
        is_too_far_down(r);
        return 0;
    }
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, t->bytes);
    if (memcmp(hash, row->hash, sizeof hash) != 0) return is_another(r, t, hash);
    f->next++;
    if (f->next <= f->last) return 0;
    f->asking = false; /* this peer has nothing else than what was issued here */
    weft__identity_is_settled(r, f->origin);
    return 0;
}

int weft__fork_compare(struct weft_replica *r, uint32_t link, const struct weft__transaction *t, uint32_t origin) {
    struct weft__fork *f = &r->fork;
    bool asks = (f->state == WEFT__FORK_SOUGHT || f->state == WEFT__FORK_PARTED) && f->asking;
    if (!asks || link != f->link || origin != f->origin || t->seq != f->next) return 0;
    int rc = f->state == WEFT__FORK_SOUGHT ? compare(r, t) : take_standing(r, t);
    const struct weft__peer *p = weft__peer_find(r, link);
    if (rc == 0 && (p == NULL || f->next > weft_version_vector_get(&p->has, origin))) f->asking = false;
    return rc;
}

/* --- Restoring ---------------------------------------------------------------------------------------------------- */

/* The rows of the record are the chain that stands, from the fork on. */
static bool is_chain(const struct weft_replica *r) {
    const struct weft__fork *f = &r->fork;
    const struct weft_origin origin = {r->identity, f->epoch};
    uint8_t before[WEFT__CHAIN_LEN], hash[WEFT__CHAIN_LEN];
    for (size_t i = 0; i < f->standing_count; i++) {
        struct weft__transaction t;
        struct weft_slice row = weft_slice(f->standing[i].bytes, f->standing[i].len);
        if (weft__transaction_parse(&t, row) != 0 || t.seq != f->seq + i) return false;
        if (weft_origin_cmp(&t.origin, &origin) != 0 || weft_id_cmp(&t.space, &r->space.id) != 0) return false;
        weft__blake2b128(hash, row);
        if (i == 0 ? memcmp(hash, f->hash, sizeof hash) != 0 : memcmp(t.previous.ptr, before, sizeof before) != 0)
            return false;
        memcpy(before, hash, sizeof before);
    }
    return true;
}

int weft__fork_restore(struct weft_replica *r, struct weft_slice bytes) {
    struct weft__fork *f = &r->fork;
    if (bytes.len == 0) return 0; /* one that was repaired */
    struct weft__reader in;
    weft__reader_init(&in, bytes);
    f->epoch = weft__read_field_fixed64(&in, 1);
    f->seq = weft__read_field_varint(&in, 2);
    struct weft_slice hash = weft__read_field_bytes(&in, 3);
    free_standing(r);
    int rc = 0;
    while (rc == 0 && weft__read_tag(&in, 4, WEFT__BYTES)) {
        struct weft_slice row = weft__read_bytes(&in);
        if (in.err == 0) rc = keep_standing(r, row);
    }
    if (rc != 0) return rc;
    if (in.err != 0 || in.at != in.end || f->seq == 0 || hash.len != sizeof f->hash) return WEFT_ERR_MALFORMED;
    memcpy(f->hash, hash.ptr, hash.len);
    if (!is_chain(r)) return WEFT_ERR_MALFORMED;
    f->is_restored = true;
    return 0;
}

int weft__fork_restore_check(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    if (!f->is_restored || f->is_checked) return 0;
    struct weft_origin origin = {r->identity, f->epoch};
    int rc = weft_origins_intern(r->origins, &origin, &f->origin);
    if (rc == 0) rc = weft__engine_reserve_origin(r, f->origin);
    if (rc != 0) return rc;
    f->is_checked = true;
    f->is_hopeless = weft_version_vector_get(&r->space.applied, f->origin) >= f->seq;
    return 0;
}

static struct weft__yielded *find_yielded(struct weft__fork *f, uint32_t origin) {
    for (size_t i = 0; i < f->yielded_count; i++)
        if (f->yielded[i].origin == origin) return &f->yielded[i];
    return NULL;
}

static int begin_yielding(struct weft_replica *r, uint32_t origin, uint64_t from) {
    struct weft__fork *f = &r->fork;
    void *items = f->yielded;
    int rc = weft__grow(r->alloc, &items, &f->yielded_cap, f->yielded_count + 1, sizeof *f->yielded);
    f->yielded = items;
    if (rc == 0) f->yielded[f->yielded_count++] = (struct weft__yielded){.origin = origin, .from = from};
    return rc;
}

static bool follows(const struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                    const struct weft__yielded *y) {
    uint8_t hash[WEFT__CHAIN_LEN];
    const struct weft__fork *f = &r->fork;
    if (y == NULL || y->count == 0) {
        bool is_next = t->seq == weft_version_vector_get(&r->space.applied, origin) + 1;
        return is_next && (t->seq == 1 || memcmp(t->previous.ptr, r->space.lineages[origin].hash, sizeof hash) == 0);
    }
    const struct weft__aside *last = &f->aside[f->aside_count - 1];
    if (last->origin != origin || t->seq != last->seq + 1) return false;
    weft__blake2b128(hash, weft_slice(last->bytes, last->len));
    return memcmp(t->previous.ptr, hash, sizeof hash) == 0;
}

/* Then it would be the other one that yields. */
static bool is_standing(const struct weft__fork *f, const struct weft__transaction *t, uint32_t origin) {
    uint8_t hash[WEFT__CHAIN_LEN];
    if (origin != f->origin || t->seq != f->seq) return false;
    weft__blake2b128(hash, t->bytes);
    return memcmp(hash, f->hash, sizeof hash) == 0;
}

static int set_aside(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    struct weft__fork *f = &r->fork;
    struct weft__yielded *y = find_yielded(f, origin);
    if (!follows(r, t, origin, y) || is_standing(f, t, origin)) return WEFT_ERR_MALFORMED;
    int rc = y == NULL ? begin_yielding(r, origin, t->seq) : 0;
    if (rc != 0) return rc;
    y = find_yielded(f, origin);
    void *rows = f->aside, *now = y->now;
    rc = weft__grow(r->alloc, &rows, &f->aside_cap, f->aside_count + 1, sizeof *f->aside);
    f->aside = rows;
    if (rc == 0) rc = weft__grow(r->alloc, &now, &y->cap, y->count + 1, sizeof *y->now);
    y->now = now;
    uint8_t *copy = rc == 0 ? weft__malloc(r->alloc, t->bytes.len) : NULL;
    if (copy == NULL) return WEFT_ERR_NOMEM;
    memcpy(copy, t->bytes.ptr, t->bytes.len);
    f->aside[f->aside_count++] = (struct weft__aside){origin, t->seq, copy, t->bytes.len};
    y->now[y->count++] = 0;
    return 0;
}

/* A row of somebody else's that rests on what yields: it waits, and is asked for again if there is no room. */
static int let_wait(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    struct weft__fork *f = &r->fork;
    bool is_first = true;
    for (size_t i = 0; i < f->dropped_count; i++) is_first = is_first && f->dropped[i].origin != origin;
    void *items = f->dropped;
    int rc = weft__grow(r->alloc, &items, &f->dropped_cap, f->dropped_count + 1, sizeof *f->dropped);
    f->dropped = items;
    if (rc == 0) rc = weft__pending_add(&r->pending, origin, t->seq, t->bytes, weft__apply_obstacle(r, t, origin));
    if (rc == 0 && t->signature != NULL) rc = weft__pending_sign(&r->pending, origin, t->seq, t->signature);
    if (rc != 0 && rc != WEFT_ERR_LIMIT) return rc;
    if (is_first) f->dropped[f->dropped_count++] = (struct weft_dot){origin, t->seq};
    return 0;
}

int weft__fork_restore_row(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin, bool *taken) {
    const struct weft__fork *f = &r->fork;
    uint64_t last;
    *taken = false;
    if (!f->is_restored || f->is_hopeless) return 0;
    if (t->seq <= weft_version_vector_get(&r->space.applied, origin)) return 0;
    *taken = true;
    if (origin == f->origin && t->seq >= f->seq) return set_aside(r, t, origin);
    int readiness = weft__apply_readiness(r, t, origin);
    *taken = readiness == WEFT__WAITS;
    if (readiness < 0) return readiness;
    if (!*taken) return 0;
    return weft__identity_issued(r, origin, &last) ? set_aside(r, t, origin) : let_wait(r, t, origin);
}

void weft__fork_fini(struct weft_replica *r) {
    struct weft__fork *f = &r->fork;
    const struct weft_alloc *a = r->alloc;
    for (size_t i = 0; i < f->aside_count; i++) weft__free(a, f->aside[i].bytes, f->aside[i].len);
    for (size_t i = 0; i < f->yielded_count; i++)
        weft__free(a, f->yielded[i].now, f->yielded[i].cap * sizeof *f->yielded[i].now);
    free_standing(r);
    weft__free(a, f->standing, f->standing_cap * sizeof *f->standing);
    if (f->has_stood) {
        weft__keyspace_fini(&f->stood);
        weft__pool_fini(&f->stood_pool);
    }
    weft__free(a, f->aside, f->aside_cap * sizeof *f->aside);
    weft__free(a, f->yielded, f->yielded_cap * sizeof *f->yielded);
    weft__free(a, f->dropped, f->dropped_cap * sizeof *f->dropped);
    *f = (struct weft__fork){.state = WEFT__FORK_NONE};
}
