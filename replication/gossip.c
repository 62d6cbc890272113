/* gossip.c: who is told what. Each replica pushes its own transactions, as soon as they are durable, on every link;
 * digests of the recorded vector tell what a push did not bring, and the receiver asks for it (recv_digest.c). Whether
 * and to whom something is sent depends on vectors and links alone, never on what a merge changed here (invariant 10;
 * cr-sqlite#413).
 *
 * A link may stand and bring nothing: half-open, or cut one way. So where something is awaited of a peer it is asked,
 * digest by digest, to say anything at all, and as long as it does not, nobody counts on it: what it has is asked of
 * others, and what nobody's log has is taken as a state.
 *
 * Fully linked for now. An overlay comes in by choosing the peers of push_own and the origins of ask_for_missing. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "replication/engine.h"
#include "replication/rights.h"

/* Digest intervals after which a link is silent: something was awaited of it, a digest asked it for an answer in each
 * of them, and nothing came. Fewer would take a lost message for a dead link. */
#define SILENT_INTERVALS 3u

/* Messages that one step pushes on one link, each of about batch_max bytes. */
#define PUSH_MESSAGES    8u

enum purpose { PURPOSE_DIGEST = 1 };

struct weft__message_head weft__message_head(const struct weft_replica *r) {
    return (struct weft__message_head){r->space.id, *weft_origins_at(r->origins, r->self), r->now.wall};
}

struct weft__peer *weft__peer_find(struct weft_replica *r, uint32_t link) {
    for (size_t i = 0; i < r->peers.count; i++)
        if (r->peers.items[i].link == link) return &r->peers.items[i];
    return NULL;
}

bool weft__peer_has_parted(const struct weft__peer *p) {
    for (uint32_t i = 0; i < p->parted.len; i++)
        if (p->parted.seq[i] > 0) return true;
    return false;
}

/* An answer, to a digest or a request, or a push. Where something is due, a link that works brings something. */
static void await(const struct weft_replica *r, struct weft__peer *p) {
    if (p->awaited_ns == 0) p->awaited_ns = r->now.mono_ns;
}

static bool is_awaited_for(const struct weft_replica *r, const struct weft__peer *p, unsigned intervals) {
    return p->awaited_ns != 0 && (r->now.mono_ns - p->awaited_ns) / intervals >= r->options.digest_ns;
}

/* It stands as far as anybody knows, and nothing comes through: half-open, or cut one way. */
static bool is_silent(const struct weft_replica *r, const struct weft__peer *p) {
    return is_awaited_for(r, p, SILENT_INTERVALS);
}

/* Between three and five quarters of the interval, so that replicas that started together do not stay in step. */
static uint64_t next_digest(const struct weft_replica *r, uint32_t link) {
    uint64_t random = weft__keyed(r->options.jitter, PURPOSE_DIGEST, link, r->now.mono_ns, 0);
    uint64_t interval = r->options.digest_ns;
    return r->now.mono_ns + interval - interval / 4 + weft__scale(random, interval / 2 + 1);
}

void weft__peer_init(struct weft__peer *p, uint32_t link, const struct weft_alloc *alloc) {
    memset(p, 0, sizeof *p);
    p->link = link;
    weft_version_vector_init(&p->has, alloc);
    weft_version_vector_init(&p->floors, alloc);
    weft_version_vector_init(&p->strange_has, alloc);
    weft_version_vector_init(&p->strange_floors, alloc);
    weft_version_vector_init(&p->put_off, alloc);
    weft_version_vector_init(&p->strange_put_off, alloc);
    weft_version_vector_init(&p->parted, alloc);
    weft_version_vector_init(&p->fork_asked, alloc);
}

void weft__peer_fini(struct weft__peer *p) {
    weft_version_vector_fini(&p->has);
    weft_version_vector_fini(&p->floors);
    weft_version_vector_fini(&p->strange_has);
    weft_version_vector_fini(&p->strange_floors);
    weft_version_vector_fini(&p->put_off);
    weft_version_vector_fini(&p->strange_put_off);
    weft_version_vector_fini(&p->parted);
    weft_version_vector_fini(&p->fork_asked);
}

void weft__link_down(struct weft_replica *r, uint32_t link) {
    struct weft__peer *p = weft__peer_find(r, link);
    if (p == NULL) return;
    weft__peer_fini(p);
    size_t at = (size_t)(p - r->peers.items);
    memmove(p, p + 1, (r->peers.count - at - 1) * sizeof *p);
    r->peers.count--;
    weft__strangers_forget(r);
    weft__state_link_down(r, link);
    for (size_t i = 0; i < r->asked_cap; i++)
        if (r->asked[i].link == link) r->asked[i].until_ns = 0;
    for (size_t i = 0; i < r->peers.count; i++) weft__ask_for_missing(r, &r->peers.items[i]);
}

int weft__link_up(struct weft_replica *r, uint32_t link, const struct weft_peer *who) {
    weft__link_down(r, link);
    void *items = r->peers.items;
    int rc = weft__grow(r->alloc, &items, &r->peers.cap, r->peers.count + 1, sizeof *r->peers.items);
    r->peers.items = items;
    if (rc != 0) return rc;
    struct weft__peer *p = &r->peers.items[r->peers.count++];
    weft__peer_init(p, link, r->alloc);
    p->pushed = weft__signing_servable(r, r->self);
    weft__peer_meet(r, p, who);
    await(r, p);
    p->digest_changed = true;
    p->digest_due_ns = r->now.mono_ns; /* now, or as soon as the epoch is durable */
    (void)weft__admission_link(r, p);
    return 0;
}

void weft__peers_fini(struct weft_replica *r) {
    weft__strangers_forget(r);
    for (size_t i = 0; i < r->peers.count; i++) weft__peer_fini(&r->peers.items[i]);
    weft__free(r->alloc, r->peers.items, r->peers.cap * sizeof *r->peers.items);
}

bool weft__may_speak(const struct weft_replica *r) {
    return r->started && r->recording.persisted >= r->epoch_record && !weft__fork_is_found(r);
}

/* --- Digests ------------------------------------------------------------------------------------------------------ */

static void fill_entry(const struct weft_replica *r, uint32_t origin, struct weft__digest_entry *e) {
    e->origin = *weft_origins_at(r->origins, origin);
    e->seq = weft__signing_servable(r, origin);
    e->floor = weft__log_floor(&r->log, origin);
    if (e->floor > e->seq) e->floor = e->seq;
    memset(e->hash, 0, sizeof e->hash); /* unknown: truncated meanwhile */
    const struct weft__log_row *row = weft__log_get(&r->log, origin, e->seq);
    if (row != NULL) memcpy(e->hash, row->hash, sizeof e->hash);
    if (e->seq == weft_version_vector_get(&r->space.applied, origin))
        memcpy(e->hash, r->space.lineages[origin].hash, sizeof e->hash);
}

/* From where the last digest on this link ended, as far as one may go, of what the peer may see. *whole: these are all.
 */
static int fill_entries(struct weft_replica *r, struct weft__peer *p, struct weft__digest_entry **entries,
                        size_t *count, size_t *cap, bool *whole) {
    size_t passed = 0;
    int rc = weft__space_sorted_origins(&r->space, &r->sorted, &r->sorted_cap, &r->sorted_count);
    if (rc != 0) return rc;
    size_t sorted = r->sorted_count;
    *entries = weft__calloc(r->alloc, sorted + 1, sizeof **entries);
    *cap = sorted + 1;
    *count = 0;
    if (*entries == NULL) return WEFT_ERR_NOMEM;
    size_t i = 0;
    for (; i < sorted && *count < WEFT_DIGEST_MAX; i++) {
        if (weft__signing_servable(r, r->sorted[i]) == 0) continue;
        if (!weft__peer_may_see(p, weft_origins_at(r->origins, r->sorted[i]))) continue;
        if (passed++ >= p->digest_from) fill_entry(r, r->sorted[i], &(*entries)[(*count)++]);
    }
    *whole = p->digest_from == 0 && i == sorted && p->may.read;
    p->digest_from = i < sorted ? passed : 0;
    return 0;
}

static bool is_all_servable(const struct weft_replica *r) {
    if (!weft_version_vector_leq(&r->space.applied, &r->recording.recorded)) return false;
    for (uint32_t i = 0; weft__signing_is_on(r) && i < r->space.applied.len; i++)
        if (weft__signing_servable(r, i) < r->space.applied.seq[i]) return false;
    return true;
}

static unsigned digest_flags(const struct weft_replica *r, const struct weft__peer *p, bool reply) {
    return (reply ? WEFT__DIGEST_REPLY : 0u) | (r->may.relay ? 0u : WEFT__DIGEST_OWN_ONLY) |
           (p->may.read ? 0u : WEFT__DIGEST_YOURS_ONLY);
}

void weft__send_digest(struct weft_replica *r, struct weft__peer *p, bool reply) {
    if (!weft__may_speak(r)) return;
    struct weft__digest_entry *entries;
    size_t count, cap;
    bool whole;
    if (fill_entries(r, p, &entries, &count, &cap, &whole) != 0) return; /* at the next interval */
    whole = whole && is_all_servable(r);
    uint8_t hash[16];
    weft__hash_store(hash, r->space.pool.hash);
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_digest(&weft__out(r)->bytes, &head, digest_flags(r, p, reply), entries, count,
                                      whole ? hash : NULL);
    weft__output_message_end(weft__out(r), p->link, mark);
    weft__free(r->alloc, entries, cap * sizeof *entries);
    if (reply) await(r, p);
    p->digest_changed = false;
    p->digest_due_ns = next_digest(r, p->link);
}

/* In what it would say that it has. */
static bool is_behind(const struct weft_replica *r, const struct weft__peer *p) {
    if (!weft__signing_is_on(r) && weft_version_vector_leq(&r->recording.recorded, &p->has)) return false;
    for (uint32_t i = 0; i < r->recording.recorded.len; i++)
        if (weft__signing_servable(r, i) > weft_version_vector_get(&p->has, i) &&
            weft__peer_confirms(r, p, weft_origins_at(r->origins, i)))
            return true;
    return false;
}

void weft__send_due_digests(struct weft_replica *r) {
    if (!weft__may_speak(r)) return;
    for (size_t i = 0; i < r->peers.count; i++) {
        struct weft__peer *p = &r->peers.items[i];
        if (r->now.mono_ns < p->digest_due_ns) continue;
        bool ask = !p->heard || is_behind(r, p) || is_awaited_for(r, p, 1);
        weft__ask_for_missing(r, p);
        if (ask || p->digest_changed)
            weft__send_digest(r, p, ask);
        else
            p->digest_due_ns = next_digest(r, p->link);
    }
}

/* --- Push --------------------------------------------------------------------------------------------------------- */

static bool add_row(struct weft_replica *r, struct weft__rows *rows, const struct weft__log_row *row) {
    size_t size = row->len + WEFT__ROW_ROOM;
    void *items = r->row_items;
    if (weft__grow(r->alloc, &items, &r->row_cap, rows->count + 1, sizeof *r->row_items) != 0) return false;
    r->row_items = items;
    r->row_items[rows->count++] = weft_slice(row->bytes, row->len);
    rows->budget = size < rows->budget ? rows->budget - size : 0;
    return true;
}

/* All from behind `after` to the next signed row, if they fit: a message's first ones, if they fit a frame. */
static bool add_stretch(struct weft_replica *r, struct weft__rows *rows, uint32_t origin, uint64_t after,
                        uint64_t end) {
    const struct weft__log_row *row;
    size_t size = WEFT__SIGNATURE_ROOM, before = rows->count;
    for (uint64_t i = after + 1; i <= end; i++) {
        row = weft__log_get(&r->log, origin, i);
        if (row == NULL) return false;
        size += row->len + WEFT__ROW_ROOM;
        bool fits = size <= rows->budget || (before == 0 && (size <= WEFT_TXN_MAX || end == after + 1));
        if (!fits) return false;
    }
    for (uint64_t i = after + 1; i <= end; i++)
        if (!add_row(r, rows, weft__log_get(&r->log, origin, i))) return false;
    rows->budget = rows->budget > WEFT__SIGNATURE_ROOM ? rows->budget - WEFT__SIGNATURE_ROOM : 0;
    return true;
}

/* One signature for as many stretches as fit. */
static uint64_t collect_run(struct weft_replica *r, struct weft__rows *rows, uint32_t origin, uint64_t after,
                            uint64_t upto) {
    struct weft__rows run = *rows;
    uint64_t end, last = after;
    void *items = r->row_signatures;
    if (weft__grow(r->alloc, &items, &r->row_signature_cap, rows->signature_count + 1, sizeof *r->row_signatures) != 0)
        return after;
    r->row_signatures = items;
    while (last < upto && (end = weft__log_end_from(&r->log, origin, last + 1)) != 0 &&
           add_stretch(r, &run, origin, last, end)) {
        *rows = run;
        last = end;
    }
    if (last == after) return after;
    const struct weft__signature *s = weft__log_signature(&r->log, origin, last);
    r->row_signatures[rows->signature_count++] =
        (struct weft__row_signature){(uint32_t)rows->count - 1, s->generation, s->bytes};
    return last;
}

/* Collects the rows (after, upto] of an origin, as far as the budget goes; returns the last one's number. The first row
 * of a message goes whatever its size; any other must fit, or the message would not fit a frame. */
uint64_t weft__collect_rows(struct weft_replica *r, struct weft__rows *rows, uint32_t origin, uint64_t after,
                            uint64_t upto) {
    const struct weft__log_row *row;
    if (weft__signing_is_on(r)) return collect_run(r, rows, origin, after, upto);
    while (after < upto && (row = weft__log_get(&r->log, origin, after + 1)) != NULL) {
        if (rows->count > 0 && row->len + WEFT__ROW_ROOM > rows->budget) break;
        if (!add_row(r, rows, row)) break;
        after++;
    }
    return after;
}

void weft__send_rows(struct weft_replica *r, uint32_t link, const struct weft__rows *rows, bool answer) {
    if (rows->count == 0) return;
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_signed(&weft__out(r)->bytes, &head, r->row_items, rows->count, answer, r->row_signatures,
                                      rows->signature_count);
    weft__output_message_end(weft__out(r), link, mark);
}

/* The message with own rows that was made last: most links are at the same place and get the same one. */
struct push {
    uint64_t after, last; /* its rows; 0, 0: none was made */
    size_t message;
};

static uint64_t push_rows(struct weft_replica *r, const struct weft__peer *p, uint64_t recorded, struct push *latest) {
    struct weft__output *out = weft__out(r);
    if (latest->last > 0 && latest->after == p->pushed) {
        weft__output_message_again(out, p->link, latest->message);
        return latest->last;
    }
    struct weft__rows rows = {0, 0, r->options.batch_max};
    size_t message = out->message_count;
    uint64_t last = weft__collect_rows(r, &rows, r->self, p->pushed, recorded);
    weft__send_rows(r, p->link, &rows, false);
    if (out->message_count > message) *latest = (struct push){p->pushed, last, message};
    return last;
}

/* A burst goes out in several messages; what does not fit these either is asked for after a digest that follows at
 * once. */
static void push_to(struct weft_replica *r, struct weft__peer *p, uint64_t recorded, struct push *latest) {
    for (unsigned messages = 0; p->pushed < recorded && messages < PUSH_MESSAGES; messages++) {
        uint64_t last = push_rows(r, p, recorded, latest);
        if (last == p->pushed) break;
        p->pushed = last;
    }
    if (p->pushed == recorded) return;
    p->pushed = recorded;
    p->digest_due_ns = r->now.mono_ns;
}

void weft__push_own(struct weft_replica *r) {
    if (!weft__may_speak(r) || weft__fork_withholds(r, r->self)) return;
    const struct weft_origin *self = weft_origins_at(r->origins, r->self);
    uint64_t recorded = weft__signing_servable(r, r->self);
    struct push latest = {0};
    for (size_t i = 0; i < r->peers.count; i++) {
        struct weft__peer *p = &r->peers.items[i];
        uint64_t has = weft_version_vector_get(&p->has, r->self);
        if (p->pushed < has) p->pushed = has;
        if (p->pushed < recorded && !weft__may_send(r, p, self)) p->pushed = recorded;
        push_to(r, p, recorded, &latest);
    }
}

void weft__gossip_recorded(struct weft_replica *r) {
    for (size_t i = 0; i < r->peers.count; i++) r->peers.items[i].digest_changed = true;
    weft__push_own(r);
    weft__send_due_digests(r);
}

/* --- Asking ------------------------------------------------------------------------------------------------------- */

/* An origin as the peers speak of it. */
struct topic {
    const struct weft_origin *origin;
    uint32_t index; /* its number, or that of a stranger */
    bool strange;
    uint64_t after; /* up to here nothing is missing */
};

/* What it has of another chain is of no use. */
static bool has_parted(const struct weft__peer *p, const struct topic *t) {
    return !t->strange && weft_version_vector_get(&p->parted, t->index) > 0;
}

/* And would give. */
static uint64_t has(const struct weft__peer *p, const struct topic *t) {
    if (has_parted(p, t) || !weft__peer_offers(p, t->origin)) return 0;
    return weft_version_vector_get(t->strange ? &p->strange_has : &p->has, t->index);
}

static uint64_t floor_of(const struct weft__peer *p, const struct topic *t) {
    return weft_version_vector_get(t->strange ? &p->strange_floors : &p->floors, t->index);
}

static bool is_origin_of(const struct weft__peer *p, const struct topic *t) {
    return p->heard && !p->names_ours_only && !has_parted(p, t) && weft_origin_cmp(&p->id, t->origin) == 0;
}

/* The origin itself is linked and its log reaches back: its push is on the way, or its own digest will say what is
 * missing. */
static bool comes_by_itself(struct weft_replica *r, const struct weft__peer *p, const struct topic *t) {
    bool comes = false;
    if (is_origin_of(p, t)) return false;
    for (size_t i = 0; i < r->peers.count; i++) {
        struct weft__peer *q = &r->peers.items[i];
        if (!is_origin_of(q, t) || floor_of(q, t) > t->after) continue;
        await(r, q);
        comes = comes || !is_silent(r, q);
    }
    return comes;
}

static bool is_in_some_log(const struct weft_replica *r, const struct topic *t) {
    for (size_t i = 0; i < r->peers.count; i++) {
        const struct weft__peer *p = &r->peers.items[i];
        if (has(p, t) > t->after && floor_of(p, t) <= t->after && !is_silent(r, p)) return true;
    }
    return false;
}

/* In a log or in a state. */
static bool is_elsewhere(const struct weft_replica *r, const struct weft__peer *p, const struct topic *t) {
    for (size_t i = 0; i < r->peers.count; i++) {
        const struct weft__peer *q = &r->peers.items[i];
        if (q != p && has(q, t) > t->after && !is_silent(r, q)) return true;
    }
    return false;
}

/* Before a whole state is taken every link says what its log has, or nothing in time. */
static bool all_were_heard(const struct weft_replica *r) {
    for (size_t i = 0; i < r->peers.count; i++)
        if (!r->peers.items[i].heard && !is_silent(r, &r->peers.items[i])) return false;
    return true;
}

/* Not of one whose state could not be joined. */
static void begin_state(struct weft_replica *r, struct weft__peer *p, const struct topic *t) {
    if (!weft__peer_offers_state(p) || weft__peer_has_parted(p) || is_in_some_log(r, t) || !all_were_heard(r)) return;
    weft__state_begin(r, p);
    await(r, p);
}

/* Of a run that could not be kept whole the signature did not stay, so it is asked for from the last end on: between
 * two ends there are never more rows than came in one message. */
static bool is_without_end(const struct weft_replica *r, uint32_t index, uint64_t applied, uint64_t waiting) {
    if (!weft__signing_is_on(r)) return false;
    return waiting > applied ? !weft__pending_run_is_signed(&r->pending, index, applied)
                             : weft__signing_servable(r, index) < applied &&
                                   weft_version_vector_get(&r->recording.recorded, index) == applied;
}

/* False: there is nothing to ask for. Where the room to wait in is full, what follows a waiting one is not asked for:
 * what they all wait for does not wait itself, and comes first. */
static bool find_topic(const struct weft_replica *r, const struct weft__peer *p, uint32_t index, struct topic *t) {
    uint32_t known = p->has.len;
    *t = (struct topic){.index = index < known ? index : index - known, .strange = index >= known};
    t->origin = weft_origins_at(t->strange ? r->strangers.origins : r->origins, t->index);
    if (has(p, t) == 0 || (!t->strange && index == r->self)) return false;
    if (t->strange) return true;
    t->after = weft_version_vector_get(&r->space.applied, index);
    uint64_t whole = weft__signing_is_on(r) ? weft__signing_servable(r, index) : t->after;
    if (has(p, t) <= whole || weft__fork_withholds(r, index)) return false;
    uint64_t applied = t->after;
    t->after = weft__pending_run(&r->pending, index, applied);
    if (t->after > applied && !weft__pending_has_room(&r->pending, r->options.batch_max)) return false;
    if (is_without_end(r, index, applied, t->after) && floor_of(p, t) <= whole) t->after = whole;
    return has(p, t) > t->after;
}

static bool is_put_off(const struct weft_replica *r, const struct weft__peer *p, const struct topic *t) {
    return weft_version_vector_get(t->strange ? &p->strange_put_off : &p->put_off, t->index) > r->now.mono_ns;
}

/* What is to be asked of this peer about an origin, if anything. */
static bool find_range(struct weft_replica *r, struct weft__peer *p, uint32_t index, struct weft__range *range) {
    struct topic t;
    if (!find_topic(r, p, index, &t)) return false;
    struct weft__asked *asked = t.strange ? &r->strangers.asked[t.index] : &r->asked[t.index];
    if (asked->until_ns > r->now.mono_ns || is_put_off(r, p, &t) || comes_by_itself(r, p, &t)) return false;
    if (is_silent(r, p) && is_elsewhere(r, p, &t)) return false;
    if (floor_of(p, &t) > t.after) {
        begin_state(r, p, &t);
        return false;
    }
    *range = (struct weft__range){*t.origin, t.after, has(p, &t)};
    *asked = (struct weft__asked){p->link, range->upto, r->now.mono_ns + r->options.request_ns};
    return true;
}

/* Others are asked at once, or whoever sends what nobody can check would keep it from coming at all. */
static void put_off(const struct weft_replica *r, const struct weft__peer *p, struct weft_version_vector *until,
                    uint32_t index, struct weft__asked *asked) {
    (void)!weft_version_vector_raise(until, index, r->now.mono_ns + r->options.state_ns); /* or it is asked again */
    if (asked->link == p->link) asked->until_ns = 0;
}

void weft__put_off(struct weft_replica *r, struct weft__peer *p, const struct weft_origin *origin) {
    const struct weft_origins *strangers = r->strangers.origins;
    uint32_t i;
    if (weft_origins_find(r->origins, origin, &i) && i < r->asked_cap) put_off(r, p, &p->put_off, i, &r->asked[i]);
    if (strangers != NULL && weft_origins_find(strangers, origin, &i))
        put_off(r, p, &p->strange_put_off, i, &r->strangers.asked[i]);
}

static void put_off_nothing(struct weft__peer *p) {
    for (uint32_t i = 0; i < p->put_off.len; i++) p->put_off.seq[i] = 0;
    for (uint32_t i = 0; i < p->strange_put_off.len; i++) p->strange_put_off.seq[i] = 0;
}

/* It may have the keys that were missing. */
static void ask_by_new_document(struct weft_replica *r) {
    uint64_t generation = weft__signing_is_on(r) ? weft__rights_known_generation(r) : 0;
    if (generation == r->signing.generation) return;
    r->signing.generation = generation;
    for (size_t i = 0; i < r->peers.count; i++) put_off_nothing(&r->peers.items[i]);
}

/* The answer is filled in the order of the ranges, and one origin's rows may fill it and wait here for another's. So
 * each question begins with the next origin: sooner or later with the one that the others wait for. */
void weft__ask_for_missing(struct weft_replica *r, struct weft__peer *p) {
    struct weft__range ranges[WEFT__RANGES_MAX];
    size_t count = 0;
    if (!weft__may_speak(r)) return;
    weft__strangers_meet(r, p);
    ask_by_new_document(r);
    uint64_t own = weft_version_vector_get(&p->has, r->self);
    if (own > weft_version_vector_get(&r->space.applied, r->self)) weft__identity_cloned(r, p->link, own);
    uint32_t first = 0, len = p->has.len + p->strange_has.len;
    for (uint32_t k = 0; k < len && count < WEFT__RANGES_MAX; k++) {
        uint32_t i = (p->ask_from + k) % len;
        if (find_range(r, p, i, &ranges[count]) && count++ == 0) first = i;
    }
    if (count == 0) return;
    await(r, p);
    p->ask_from = first + 1;
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_request(&weft__out(r)->bytes, &head, ranges, count);
    weft__output_message_end(weft__out(r), p->link, mark);
}

/* --- Time --------------------------------------------------------------------------------------------------------- */

static uint64_t parked_deadline(const struct weft_replica *r) {
    uint64_t due = weft__pending_due(&r->pending);
    if (due == UINT64_MAX) return UINT64_MAX;
    uint64_t in = due > r->now.wall ? weft_hlc_diff_ns(due - r->now.wall) : 0;
    return r->now.mono_ns + in + 1000000u;
}

uint64_t weft__gossip_deadline(const struct weft_replica *r) {
    uint64_t deadline = parked_deadline(r);
    if (!weft__may_speak(r)) return deadline;
    for (size_t i = 0; i < r->peers.count; i++)
        if (r->peers.items[i].digest_due_ns < deadline) deadline = r->peers.items[i].digest_due_ns;
    uint64_t state = weft__state_deadline(r), fork = weft__fork_deadline(r);
    if (state < deadline) deadline = state;
    return fork < deadline ? fork : deadline;
}
