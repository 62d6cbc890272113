/* links.c: each two machines have a link, like a TCP connection: it comes up when both run and no partition is between
 * them, and when that ends, both ends notice after a while. What is sent on one connection never arrives on the next.
 * Within a connection messages are datagrams: lost, late, twice; a one-way cut is silence. A spell may keep one end in
 * the dark (half-open), take the link down and up again and again, or narrow it until its send buffer is full, which
 * breaks it. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "replication/message.h"
#include "sim/world.h"

static struct weft__pair *pair_of(struct weft_sim *s, uint32_t a, uint32_t b) {
    uint32_t low = a < b ? a : b, high = a < b ? b : a;
    return &s->pairs[(size_t)high * (high - 1) / 2 + low];
}

static unsigned side_of(uint32_t who, uint32_t other) {
    return who > other;
}

int weft__links_add(struct weft_sim *s) {
    size_t more = s->machine_count - 1;
    void *pairs = s->pairs;
    int rc = weft__grow(s->alloc, &pairs, &s->pair_cap, s->pair_count + more, sizeof *s->pairs);
    s->pairs = pairs;
    if (rc != 0) return rc;
    if (more > 0) memset(s->pairs + s->pair_count, 0, more * sizeof *s->pairs);
    s->pair_count += more;
    return 0;
}

static bool may_stand(const struct weft_sim *s, uint32_t a, uint32_t b) {
    return s->machines[a].replica != NULL && s->machines[b].replica != NULL && !weft__net_is_parted(&s->net, a, b);
}

static bool is_halfopen(const struct weft_sim *s, uint32_t a, uint32_t b) {
    return s->net.spells.standing > 0 && weft__spells_are_halfopen(&s->net.spells, a, b);
}

int weft__sim_link_look(struct weft_sim *s, uint32_t a, uint32_t b) {
    struct weft__pair *p = pair_of(s, a, b);
    bool wanted = may_stand(s, a, b) && !p->broke;
    bool settled = (p->up[0] == p->up[1] && p->up[0] == wanted) || is_halfopen(s, a, b);
    bool may_flicker = p->posted && s->net.spells.standing > 0;
    p->flickered = p->flickered || (may_flicker && settled);
    if (p->posted || settled) return 0;
    const struct weft_sim_options *o = &s->schedule->options;
    bool breaks = p->up[0] || p->up[1];
    uint64_t who = (uint64_t)a << 32 | b;
    uint64_t delay = weft__world_delay(s, WEFT__PURPOSE_LINK, who, breaks ? o->detect_ns : o->connect_ns);
    struct weft__happening h = {.kind = WEFT__LINK, .from = a < b ? a : b, .to = a < b ? b : a};
    int rc = weft__world_post(s, s->now_ns + delay + 1, &h);
    p->posted = rc == 0;
    return rc;
}

int weft__links_look(struct weft_sim *s, uint32_t i) {
    int rc = 0;
    for (uint32_t j = 0; rc == 0 && j < s->machine_count; j++)
        if (j != i) rc = weft__sim_link_look(s, i, j);
    return rc;
}

int weft__links_look_all(struct weft_sim *s) {
    int rc = 0;
    for (uint32_t i = 1; rc == 0 && i < s->machine_count; i++)
        for (uint32_t j = 0; rc == 0 && j < i; j++) rc = weft__sim_link_look(s, j, i);
    return rc;
}

static int tell(struct weft_sim *s, uint32_t who, uint32_t peer, enum weft_event_kind kind) {
    struct weft_event e = {.kind = kind, .link = peer};
    struct weft__happening h = {.kind = WEFT__TOLD, .from = peer, .to = who, .tag = (uint32_t)kind};
    return weft__inbox_is_shut(s, &h) ? weft__inbox_hold(s, &h) : weft__machine_step(s, who, &e);
}

static int take_down(struct weft_sim *s, uint32_t a, uint32_t b) {
    struct weft__pair *p = pair_of(s, a, b);
    bool was[2] = {p->up[0], p->up[1]};
    p->up[0] = p->up[1] = p->broke = false;
    weft__net_reconnect(&s->net, a, b);
    s->stats.links_down++;
    int rc = weft__story_link(s, a, b, false);
    if (rc == 0 && was[0]) rc = tell(s, a, b, WEFT_EVENT_LINK_DOWN);
    if (rc == 0 && was[1]) rc = tell(s, b, a, WEFT_EVENT_LINK_DOWN);
    return rc;
}

static int bring_up(struct weft_sim *s, uint32_t a, uint32_t b) {
    struct weft__pair *p = pair_of(s, a, b);
    p->connection++;
    p->up[0] = p->up[1] = true;
    p->broke = false;
    weft__net_reconnect(&s->net, a, b);
    s->stats.links_up++;
    int rc = weft__story_link(s, a, b, true);
    if (rc == 0) rc = tell(s, a, b, WEFT_EVENT_LINK_UP);
    return rc == 0 ? tell(s, b, a, WEFT_EVENT_LINK_UP) : rc;
}

int weft__sim_link_settle(struct weft_sim *s, uint32_t a, uint32_t b) {
    struct weft__pair *p = pair_of(s, a, b);
    p->posted = false;
    bool wanted = may_stand(s, a, b) && !p->broke, both = p->up[0] && p->up[1], any = p->up[0] || p->up[1];
    bool again = p->flickered || (p->broke && !any); /* meanwhile it was as its ends believe: nobody noticed */
    if (is_halfopen(s, a, b)) return 0;
    p->flickered = false;
    if (!any) p->broke = false;
    if (again) return weft__sim_link_look(s, a, b);
    if (wanted && !any) return bring_up(s, a, b);
    if ((wanted && both) || !any) return 0;
    int rc = take_down(s, a, b);
    return rc == 0 ? weft__sim_link_look(s, a, b) : rc;
}

void weft__links_crashed(struct weft_sim *s, uint32_t i) {
    for (uint32_t j = 0; j < s->machine_count; j++)
        if (j != i) pair_of(s, i, j)->up[side_of(i, j)] = false;
}

int weft__sim_link_close(struct weft_sim *s, uint32_t i, uint32_t peer) {
    struct weft__pair *p = pair_of(s, i, peer);
    if (!p->up[side_of(i, peer)]) return 0;
    p->up[side_of(i, peer)] = false;
    int rc = tell(s, i, peer, WEFT_EVENT_LINK_DOWN);
    return rc == 0 ? weft__sim_link_look(s, i, peer) : rc;
}

int weft__link_halve(struct weft_sim *s, uint32_t from, uint32_t to) {
    struct weft__pair *p = pair_of(s, from, to);
    if (!p->up[0] || !p->up[1]) return 0;
    p->up[side_of(to, from)] = false;
    return tell(s, to, from, WEFT_EVENT_LINK_DOWN);
}

int weft__link_post_flap(struct weft_sim *s, const struct weft__spell *spell, bool is_down) {
    struct weft__happening h = {.kind = WEFT__FLAP, .tag = spell->number};
    return weft__world_post(s, s->now_ns + (is_down ? spell->more : spell->strength), &h);
}

int weft__link_flap(struct weft_sim *s, uint32_t number) {
    bool is_down;
    const struct weft__spell *spell = weft__spells_flap(&s->net.spells, number, &is_down);
    if (spell == NULL) return 0;
    int rc = weft__link_post_flap(s, spell, is_down);
    return rc == 0 ? weft__links_look_all(s) : rc;
}

/* Both ends will notice, and connect again. */
static int overflow(struct weft_sim *s, uint32_t from, uint32_t to) {
    struct weft__pair *p = pair_of(s, from, to);
    s->stats.overflows += !p->broke;
    s->net.lost++;
    p->broke = true;
    return weft__sim_link_look(s, from, to);
}

/* --- Messages
 * --------------------------------------------------------------------------------------------------------- */

static int post_copies(struct weft_sim *s, const struct weft__happening *h, const struct weft__fate *fate) {
    int rc = 0;
    for (unsigned k = 0; rc == 0 && k < fate->copies; k++) {
        h->parcel->references++;
        rc = weft__world_post(s, fate->due_ns[k], h);
    }
    return rc;
}

/* The mutant's: a byte near the end of a message with transactions is in the last delta. */
static bool is_changed_by_mutant(const struct weft_sim *s, uint32_t from, uint32_t to, struct weft_slice bytes) {
    return s->mutant.changes_bytes && from == 0 && to == 1 && bytes.len > 8 && bytes.ptr[bytes.len - 1] >= '0' &&
           bytes.ptr[bytes.len - 1] < '9';
}

static bool has_transactions(const struct weft_sim *s, struct weft_slice bytes) {
    struct weft__message m;
    if (weft__message_decode(&m, bytes, s->alloc) != 0) return false;
    bool has = m.kind == WEFT__MESSAGE_TRANSACTIONS || m.kind == WEFT__MESSAGE_STATE_CHUNK;
    weft__message_fini(&m);
    return has;
}

static void damage(struct weft__parcel *parcel, const struct weft__fate *fate) {
    if (fate->end != 0) parcel->shown = (size_t)weft__scale(fate->end, parcel->len);
    if (fate->damage == 0 || parcel->len == 0) return;
    parcel->is_damaged = true;
    parcel->bytes[weft__scale(fate->damage, parcel->len)] ^= (uint8_t)(1u << (fate->damage >> 1 & 7));
}

static struct weft__parcel *pack(struct weft_sim *s, uint32_t from, uint32_t to, struct weft_slice bytes,
                                 const struct weft__fate *fate) {
    struct weft__parcel *parcel = weft__parcel_new(s, bytes);
    if (parcel == NULL) return NULL;
    damage(parcel, fate);
    if (is_changed_by_mutant(s, from, to, bytes)) parcel->bytes[bytes.len - 1]++;
    return parcel;
}

/* What the net draws, if nobody said otherwise. What is not sent at all (a cut, a partition) is nobody's fate. */
static struct weft__fate draw_fate(struct weft_sim *s, uint32_t from, uint32_t to, size_t bytes) {
    struct weft__fates_sent sent = {s->now_ns, from, to, weft__net_send(&s->net, s->now_ns, from, to, bytes)};
    bool listens = s->fates.count > 0 || s->fates.tell != NULL;
    unsigned drawn = sent.fate.copies;
    if (listens && sent.fate.rc == 0 && weft__net_is_open(&s->net, from, to)) weft__fates_settle(&s->fates, &sent);
    s->net.lost += sent.fate.copies < drawn;
    s->net.duplicated += sent.fate.copies > drawn;
    return sent.fate;
}

int weft__sim_link_send(struct weft_sim *s, uint32_t from, const struct weft_message *m) {
    uint32_t to = m->link;
    struct weft__pair *p = pair_of(s, from, to);
    s->stats.messages++;
    s->stats.bytes += m->bytes.len;
    struct weft__fate fate = draw_fate(s, from, to, m->bytes.len);
    if (fate.rc != 0 && fate.rc != WEFT_ERR_LIMIT) return fate.rc;
    bool lost = s->mutant.loses_transactions && to == s->machine_count - 1 && has_transactions(s, m->bytes);
    struct weft__happening h = {.kind = WEFT__DELIVER, .from = from, .to = to, .tag = p->connection};
    if (fate.rc != 0 || fate.copies == 0 || lost) {
        int told = weft__story_sent(s, from, m, &fate, NULL, &h.told);
        return told == 0 && fate.rc != 0 ? overflow(s, from, to) : told;
    }
    h.parcel = pack(s, from, to, m->bytes, &fate);
    if (h.parcel == NULL) return WEFT_ERR_NOMEM;
    int rc = weft__story_sent(s, from, m, &fate, h.parcel, &h.told);
    if (rc == 0) rc = post_copies(s, &h, &fate);
    weft__parcel_release(s, h.parcel);
    return rc;
}

/* What a buffer has no room for is lost. */
int weft__link_datagram(struct weft_sim *s, uint32_t from, uint32_t to, struct weft_slice bytes) {
    struct weft__fate fate = weft__net_send(&s->net, s->now_ns, from, to, bytes.len);
    struct weft__happening h = {.kind = WEFT__APP_MESSAGE, .from = from, .to = to};
    if (fate.rc != 0 && fate.rc != WEFT_ERR_LIMIT) return fate.rc;
    if (fate.rc != 0 || fate.copies == 0) return 0;
    h.parcel = pack(s, from, to, bytes, &fate);
    if (h.parcel == NULL) return WEFT_ERR_NOMEM;
    int rc = post_copies(s, &h, &fate);
    weft__parcel_release(s, h.parcel);
    return rc;
}

/* A changed transaction that still reads is another transaction with one dot: nothing below a real channel's check sums
 * can be promised but that all go on, and that what is refused changes nothing. What does not read is refused. */
static int trust_less(struct weft_sim *s, struct weft_slice bytes) {
    struct weft__message m;
    int rc = weft__message_decode(&m, bytes, s->alloc);
    if (rc == WEFT_ERR_NOMEM) return rc;
    if (rc != 0) return 0;
    s->check.off |= ~WEFT__CHECKS_ALWAYS;
    weft__message_fini(&m);
    return 0;
}

int weft__sim_link_deliver(struct weft_sim *s, const struct weft__happening *h) {
    struct weft__pair *p = pair_of(s, h->from, h->to);
    bool stands = p->up[side_of(h->to, h->from)] && p->connection == h->tag;
    if (!stands || !weft__net_is_open(&s->net, h->from, h->to)) {
        s->net.lost++;
        weft__story_ended(s, h->told, stands ? weft__story_why_lost(s, h->from, h->to) : WEFT__STORY_GONE);
        return 0;
    }
    struct weft_event e = {
        .kind = WEFT_EVENT_RECEIVED, .link = h->from, .bytes = weft_slice(h->parcel->bytes, h->parcel->shown)};
    weft__story_delivers(s, h->told);
    int rc = h->parcel->is_damaged ? trust_less(s, e.bytes) : 0;
    if (rc == 0) rc = weft__machine_step(s, h->to, &e);
    weft__story_delivers(s, 0);
    return rc;
}
