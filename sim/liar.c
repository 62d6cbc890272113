/* liar.c: a peer that has a link, as a member of the cluster has, and says what is not so. Beside its engine, which is
 * an honest one, another program speaks on its links: in the name of origins that nobody is, of things that nobody has,
 * and without end.
 *
 * What must hold: nobody ends, every bound holds, what is refused names its link and changes nothing, and what honest
 * origins issued converges among the honest. Of three lies no engine can keep the last promise by itself: whoever has a
 * link can issue in anybody's name, break the chain that others rest on, and hand over a state in which things are
 * missing. Where transactions are signed the first is none of them any more: what is forged is refused, and changes
 * nothing. A member can still break its own chain, and a state is worth what its sender is. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>
#include <weft/pncounter.h>

#include "base/prng.h"
#include "crdt/dots.h"
#include "crdt/origin_wire.h"
#include "replication/engine.h"
#include "replication/rights_document.h"
#include "sim/world.h"

#define EVERY_NS   400000000u
#define GARBAGE    300u
#define CLAIMS     40u
#define FLOOD      20u
#define FAR_BEHIND 1000u

struct lie {
    struct weft_sim *s;
    uint32_t liar;
    struct weft_replica *r;
    struct weft__message_head head;
    struct weft_buf bytes; /* the message */
    uint64_t drawn;        /* how many numbers were */
};

static uint64_t any(struct lie *l) {
    uint64_t seed = l->s->schedule->options.seed;
    return weft__keyed(seed, WEFT__PURPOSE_LIE, l->liar, l->s->now_ns, l->drawn++);
}

static uint64_t below(struct lie *l, uint64_t bound) {
    return weft__scale(any(l), bound);
}

static int send(struct lie *l, uint32_t to) {
    struct weft_message m = {.link = to, .bytes = weft_buf_slice(&l->bytes)};
    if (l->bytes.err != 0) return l->bytes.err;
    l->s->stats.lies++;
    return weft__sim_link_send(l->s, l->liar, &m);
}

/* Any other replica. */
static uint32_t somebody(struct lie *l) {
    uint32_t others = (uint32_t)l->s->machine_count - 1;
    return (l->liar + 1 + (uint32_t)below(l, others)) % (uint32_t)l->s->machine_count;
}

/* Some epoch of its own, or of nobody; noted, so that the checks do not look for who issued under it. */
static int make_up(struct lie *l, struct weft_origin *out) {
    uint32_t number;
    *out = (struct weft_origin){l->s->machines[l->liar].options.replica, any(l)};
    if (below(l, 2) == 0) out->replica.bytes[0] ^= (uint8_t)0xee;
    int rc = weft__history_number(&l->s->check.history, out, &number);
    if (rc == 0) l->s->check.history.origins[number].is_made_up = true;
    return rc;
}

/* --- Transactions ---------------------------------------------------------------------------------------------------
 */

static void write_delta(struct weft_buf *out, const char *key, uint64_t amount) {
    struct weft_buf body;
    weft_buf_init(&body, out->alloc);
    size_t entry = weft__write_begin(&body, 1), values = weft__write_begin(&body, 3);
    weft__write_varint(&body, amount);
    weft__write_end(&body, values);
    weft__write_end(&body, entry);
    struct weft__txn_delta d = {weft_str(key), weft_pncounter_class.type, 1, weft_buf_slice(&body)};
    weft__transaction_write_delta(out, &d);
    weft_buf_fini(&body);
}

static struct weft__transaction head_of(const struct lie *l, const struct weft_origin *origin, uint64_t seq) {
    struct weft_stamp stamp = {.epoch = l->r->space.clock.epoch, .word = l->head.wall};
    return (struct weft__transaction){.space = l->r->space.id, .origin = *origin, .seq = seq, .stamp = stamp};
}

/* With its own key, whoever is said to have issued it. */
static bool sign(const struct lie *l, struct weft_slice transaction, uint8_t signature[WEFT__SIGNATURE_LEN]) {
    const struct weft__policy *p = &l->s->check.policy;
    struct weft__transaction t;
    uint8_t text[WEFT_SIGNING_LEN], hash[WEFT__CHAIN_LEN];
    size_t life = weft__policy_life(p, &l->head.sender.replica);
    if (!p->is_signed || life == SIZE_MAX || weft__transaction_parse(&t, transaction) != 0) return false;
    weft__blake2b128(hash, transaction);
    weft__signing_text(text, &t.space, &t.origin, t.seq, hash, 1);
    weft__signature_make(signature, weft_slice(text, sizeof text), p->keys[life].secret);
    return true;
}

/* Into a message. */
static int pack_bytes(struct lie *l, struct weft_slice transaction) {
    uint8_t signature[WEFT__SIGNATURE_LEN];
    struct weft__row_signature s = {0, 1, signature};
    bool is_signed = sign(l, transaction, signature);
    weft_buf_reset(&l->bytes);
    return weft__message_write_signed(&l->bytes, &l->head, &transaction, 1, false, &s, is_signed);
}

/* `amount` 0: the delta does not read. */
static int pack(struct lie *l, const struct weft__transaction *t, uint64_t amount) {
    struct weft_buf bytes;
    weft_buf_init(&bytes, l->s->alloc);
    weft__transaction_write_head(&bytes, t);
    write_delta(&bytes, "made up", amount);
    if (amount == 0 && bytes.len > 0) bytes.len--;
    int rc = pack_bytes(l, weft_buf_slice(&bytes));
    weft_buf_fini(&bytes);
    return rc;
}

static int send_transaction(struct lie *l, const struct weft__transaction *t, uint64_t amount, uint32_t to) {
    int rc = pack(l, t, amount);
    return rc == 0 ? send(l, to) : rc;
}

/* One dot, two transactions; half of the others get each. */
static int equivocate(struct lie *l) {
    struct weft_origin origin;
    int rc = make_up(l, &origin);
    struct weft__transaction t = head_of(l, &origin, 1);
    l->s->check.off |= 1u << WEFT__CHECK_STATE | 1u << WEFT__CHECK_DIVERGED;
    for (uint32_t i = 0; rc == 0 && i < l->s->machine_count; i++)
        if (i != l->liar) rc = send_transaction(l, &t, 1 + i % 2, i);
    return rc;
}

/* Stamped years ahead: it waits for its time, which does not come. */
static int run_ahead(struct lie *l) {
    struct weft_origin origin;
    int rc = make_up(l, &origin);
    struct weft__transaction t = head_of(l, &origin, 1);
    t.stamp.word += WEFT_HLC_SECONDS(86400 * (1 + below(l, 10000)));
    return rc == 0 ? send_transaction(l, &t, 1, somebody(l)) : rc;
}

/* It follows what nobody issued. */
static int follow_nothing(struct lie *l) {
    uint8_t previous[WEFT__CHAIN_LEN] = {1};
    struct weft_origin origin;
    int rc = make_up(l, &origin);
    struct weft__transaction t = head_of(l, &origin, 2 + below(l, 5));
    t.previous = weft_slice(previous, sizeof previous);
    return rc == 0 ? send_transaction(l, &t, 1, somebody(l)) : rc;
}

/* Its origin issued it, so it counts; but it means nothing. */
static int say_nothing(struct lie *l) {
    struct weft_origin origin;
    int rc = make_up(l, &origin);
    struct weft__transaction t = head_of(l, &origin, 1);
    return rc == 0 ? send_transaction(l, &t, 0, somebody(l)) : rc;
}

/* --- Without the right ----------------------------------------------------------------------------------------------
 */

/* What a transaction names: some of what the liar's engine has applied, in the order of origins. */
struct named {
    struct weft_buf origins, pairs;
    struct weft__vector past; /* the same, as the history's numbers */
};

static void named_init(struct named *n, const struct weft_alloc *alloc) {
    weft_buf_init(&n->origins, alloc);
    weft_buf_init(&n->pairs, alloc);
    weft__vector_init(&n->past, alloc);
}

static void named_fini(struct named *n) {
    weft_buf_fini(&n->origins);
    weft_buf_fini(&n->pairs);
    weft__vector_fini(&n->past);
}

/* The least origin above one (NULL: of all) of which something is applied. */
static const struct weft_origin *next_origin(const struct weft_replica *r, const struct weft_origin *after,
                                             uint64_t *seq) {
    const struct weft_version_vector *applied = &r->space.applied;
    const struct weft_origin *best = NULL;
    for (uint32_t i = 0; i < applied->len; i++) {
        const struct weft_origin *o = weft_origins_at(r->origins, i);
        bool is_next = applied->seq[i] > 0 && (after == NULL || weft_origin_cmp(o, after) > 0);
        if (!is_next || (best != NULL && weft_origin_cmp(o, best) > 0)) continue;
        best = o;
        *seq = applied->seq[i];
    }
    return best;
}

/* All, nothing, or one in two. */
static int name_some(struct lie *l, struct named *n) {
    const struct weft_origin *o = NULL;
    uint64_t seq = 0, how = below(l, 3), index = 0;
    int rc = 0;
    while (rc == 0 && how > 0 && (o = next_origin(l->r, o, &seq)) != NULL) {
        uint32_t number;
        if (how == 2 && below(l, 2) == 0) continue;
        weft__origin_write(&n->origins, 10, o);
        weft__write_varint(&n->pairs, ++index);
        weft__write_varint(&n->pairs, seq);
        rc = weft__history_number(&l->s->check.history, o, &number);
        if (rc == 0) rc = weft__vector_set(&n->past, number, seq);
    }
    return rc != 0 ? rc : n->origins.err != 0 ? n->origins.err : n->pairs.err;
}

/* A document that there is; the same with a byte changed. */
static void write_document(struct lie *l, struct weft_buf *out) {
    const struct weft__policy *p = &l->s->check.policy;
    const struct weft__policy_document *d = p->documents[below(l, p->count)];
    uint8_t element[WEFT__RIGHTS_ELEMENT_LEN];
    struct weft__rights_name name = {.generation = d->generation};
    struct weft_buf body, document;
    weft_buf_init(&body, out->alloc);
    weft_buf_init(&document, out->alloc);
    weft_buf_append_slice(&document, weft_buf_slice(&d->bytes));
    if (document.err == 0 && below(l, 2) == 0) document.ptr[document.len - 1 - below(l, 128)] ^= 1;
    memcpy(name.hash, d->hash, sizeof name.hash);
    weft__rights_name_write(element, &name);
    struct weft__dots_entry e = {
        .element = weft_slice(element, sizeof element), .value = weft_buf_slice(&document), .has_value = true};
    weft__dots_write_entry(&e, &body);
    struct weft__txn_delta delta = {weft_str(WEFT_RIGHTS_KEY), weft_rights_class.type, weft_rights_class.schema,
                                    weft_buf_slice(&body)};
    weft__transaction_write_delta(out, &delta);
    weft_buf_fini(&body);
    weft_buf_fini(&document);
}

/* Where others write, if it may not write there; or where nobody may. */
static const char *choose_key(struct lie *l, const struct weft_id *replica, const struct weft__policy_document *d) {
    static const char *const keys[] = {"p/0", "p/1", "p/12", "made up"};
    const char *key = keys[below(l, 4)];
    return weft__policy_may_write(&l->s->check.policy, d, replica, weft_str(key)) ? "made up" : key;
}

/* By the generation that it has seen, by another, or as somebody else's; and documents. */
static int write_wrongly(struct lie *l, struct weft__transaction *t, const struct named *n, struct weft_buf *out) {
    const struct weft__policy *p = &l->s->check.policy;
    const struct weft__policy_document *d = weft__policy_governing(p, &n->past);
    uint64_t how = below(l, 4), seen = weft__policy_generation(d);
    t->origins = weft_buf_slice(&n->origins);
    t->dependencies = weft_buf_slice(&n->pairs);
    t->rights_generation = seen;
    if (how == 1) t->rights_generation = seen + 1;
    if (how == 2 && seen > 0) t->rights_generation = below(l, seen);
    bool names_another = t->rights_generation != seen;
    weft__transaction_write_head(out, t);
    if (how == 3 && p->count > 0)
        write_document(l, out);
    else
        write_delta(out, names_another ? "p/0" : choose_key(l, &t->origin.replica, d), 1);
    return out->err;
}

/* In the name of any member, under an epoch that is nobody's. */
static int make_up_member(struct lie *l, struct weft_origin *out) {
    int rc = make_up(l, out);
    if (rc != 0 || below(l, 2) == 0) return rc;
    uint32_t number;
    out->replica = l->s->machines[somebody(l)].options.replica;
    rc = weft__history_number(&l->s->check.history, out, &number);
    if (rc == 0) l->s->check.history.origins[number].is_made_up = true;
    return rc;
}

/* In a space that has rights. Then a second one in the chain that names nothing more. */
static int exceed(struct lie *l) {
    struct weft_origin origin;
    struct named n;
    struct weft_buf bytes;
    uint8_t hash[WEFT__CHAIN_LEN];
    if (!l->s->check.policy.governs) return 0;
    named_init(&n, l->s->alloc);
    weft_buf_init(&bytes, l->s->alloc);
    int rc = make_up_member(l, &origin);
    if (rc == 0) rc = name_some(l, &n);
    uint32_t to = somebody(l);
    struct weft__transaction t = head_of(l, &origin, 1);
    for (t.seq = 1; rc == 0 && t.seq <= 2; t.seq++) {
        weft_buf_reset(&bytes);
        rc = write_wrongly(l, &t, &n, &bytes);
        if (rc == 0) rc = pack_bytes(l, weft_buf_slice(&bytes));
        if (rc == 0) rc = send(l, to);
        weft__blake2b128(hash, weft_buf_slice(&bytes));
        t.previous = weft_slice(hash, sizeof hash);
    }
    named_fini(&n);
    weft_buf_fini(&bytes);
    return rc;
}

/* --- Messages -------------------------------------------------------------------------------------------------------
 */

static int write_claims(struct lie *l) {
    struct weft__digest_entry entries[CLAIMS];
    size_t count = 0;
    memset(entries, 0, sizeof entries);
    struct weft_origin origin = {.epoch = any(l)};
    for (unsigned k = 0; k < 16; k++) origin.replica.bytes[k] = (uint8_t)any(l);
    for (; count < CLAIMS; count++) { /* ascending */
        struct weft__digest_entry *e = &entries[count];
        e->origin = origin;
        e->origin.epoch = origin.epoch / 2 + count;
        e->seq = 1 + below(l, FAR_BEHIND);
        e->floor = below(l, 2) * e->seq;
        memset(e->hash, (int)(any(l) & 0xff), sizeof e->hash);
    }
    weft_buf_reset(&l->bytes);
    return weft__message_write_digest(&l->bytes, &l->head, below(l, 2) == 0, entries, count, NULL);
}

/* More of an origin that is: what an honest replica issued, or this one. */
static int write_claim_of(struct lie *l, const struct weft_origin *origin, uint64_t seq) {
    struct weft__digest_entry e = {.origin = *origin, .seq = seq + 1 + below(l, FAR_BEHIND), .hash = {7}};
    weft_buf_reset(&l->bytes);
    return weft__message_write_digest(&l->bytes, &l->head, false, &e, 1, NULL);
}

static uint32_t any_origin(struct lie *l) {
    uint32_t count = l->r->space.applied.len;
    return count == 0 ? 0 : (uint32_t)below(l, count);
}

static int claim(struct lie *l) {
    int rc = write_claims(l);
    if (rc == 0) rc = send(l, somebody(l));
    if (rc != 0 || l->r->space.applied.len == 0) return rc;
    uint32_t i = any_origin(l);
    rc = write_claim_of(l, weft_origins_at(l->r->origins, i), l->r->space.applied.seq[i]);
    return rc == 0 ? send(l, somebody(l)) : rc;
}

/* Bytes; a message cut short; a message with a bit turned. */
static int say_garbage(struct lie *l) {
    int rc = write_claims(l);
    if (rc != 0) return rc;
    uint64_t how = below(l, 3);
    if (how == 0) {
        size_t len = 1 + (size_t)below(l, GARBAGE);
        for (size_t i = 0; i < len && i < l->bytes.len; i++) l->bytes.ptr[i] = (uint8_t)any(l);
        l->bytes.len = len < l->bytes.len ? len : l->bytes.len;
    }
    if (how == 1) l->bytes.len = 1 + (size_t)below(l, l->bytes.len);
    if (how == 2) l->bytes.ptr[below(l, l->bytes.len)] ^= (uint8_t)(1u << below(l, 8));
    return send(l, somebody(l));
}

static int flood(struct lie *l) {
    uint32_t to = somebody(l);
    int rc = 0;
    for (unsigned k = 0; rc == 0 && k < FLOOD && l->r->space.applied.len > 0; k++) {
        uint32_t i = any_origin(l);
        struct weft__range range = {*weft_origins_at(l->r->origins, i), 0, UINT64_MAX};
        weft_buf_reset(&l->bytes);
        rc = weft__message_write_request(&l->bytes, &l->head, &range, 1);
        if (rc == 0) rc = send(l, to);
    }
    weft_buf_reset(&l->bytes);
    if (rc == 0) rc = weft__message_write_state_request(&l->bytes, &l->head, any(l), (uint32_t)below(l, 8));
    return rc == 0 ? send(l, to) : rc;
}

/* Of a state that nobody asked for, or instead of one that somebody did. */
static int throw_chunks(struct lie *l) {
    uint8_t hash[WEFT__CHAIN_LEN], bytes[64];
    for (size_t i = 0; i < sizeof hash; i++) hash[i] = (uint8_t)any(l);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)any(l);
    uint32_t count = 1 + (uint32_t)below(l, 4);
    weft_buf_reset(&l->bytes);
    int rc = weft__message_write_state_chunk(&l->bytes, &l->head, any(l), (uint32_t)below(l, count), count,
                                             count * sizeof bytes, hash, weft_slice(bytes, sizeof bytes));
    return rc == 0 ? send(l, somebody(l)) : rc;
}

/* --- Lies that hurt -------------------------------------------------------------------------------------------------
 */

/* The next transaction of somebody else, in the chain. */
static int forge(struct lie *l) {
    uint32_t to = somebody(l), own;
    const struct weft_replica *other = l->s->machines[to].replica;
    if (other == NULL) return 0;
    struct weft_origin origin = weft_replica_self(other);
    if (!weft_origins_find(l->r->origins, &origin, &own) || own >= l->r->space.applied.len) return 0;
    struct weft__transaction t = head_of(l, &origin, l->r->space.applied.seq[own] + 1);
    if (t.seq > 1) t.previous = weft_slice(l->r->space.lineages[own].hash, WEFT__CHAIN_LEN);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < l->s->machine_count; i++)
        if (i != l->liar && i != to) rc = send_transaction(l, &t, 1, i);
    return rc;
}

/* What rests on a chain that others do not have waits there for ever. */
static int go_on_equivocating(struct lie *l) {
    struct weft_origin origin;
    uint8_t hash[WEFT__CHAIN_LEN];
    struct weft_buf first;
    int rc = make_up(l, &origin);
    uint32_t one = somebody(l);
    struct weft__transaction t = head_of(l, &origin, 1);
    for (uint32_t i = 0; rc == 0 && i < l->s->machine_count; i++)
        if (i != l->liar) rc = send_transaction(l, &t, 1 + (i == one), i);
    weft_buf_init(&first, l->s->alloc);
    weft__transaction_write_head(&first, &t);
    write_delta(&first, "made up", 2);
    weft__blake2b128(hash, weft_buf_slice(&first));
    weft_buf_fini(&first);
    t.seq = 2;
    t.previous = weft_slice(hash, sizeof hash);
    return rc == 0 ? send_transaction(l, &t, 1, one) : rc;
}

/* From now on its own engine believes that it has more of an origin than there is, and that its log does not reach
 * there: so it says, and so it serves its state. */
static int forge_state(struct lie *l) {
    struct weft__space *space = &l->r->space;
    if (space->applied.len == 0) return 0;
    uint32_t i = any_origin(l);
    uint64_t seq = space->applied.seq[i] + 1 + below(l, FAR_BEHIND);
    if (i == l->r->self || space->applied.seq[i] == 0) return 0;
    int rc = weft_version_vector_raise(&space->applied, i, seq);
    if (rc == 0) rc = weft_version_vector_raise(&l->r->recording.recorded, i, seq);
    if (rc != 0) return rc;
    weft__log_drop(&l->r->log, i, seq);
    l->s->stats.lies++;
    return 0;
}

/* --- Lying ----------------------------------------------------------------------------------------------------------
 */

typedef int lie_fn(struct lie *l);

static lie_fn *const lies[WEFT__LIES] = {say_garbage,  equivocate,  run_ahead, follow_nothing,     claim,       flood,
                                         throw_chunks, say_nothing, forge,     go_on_equivocating, forge_state, exceed};

/* One of those that it tells. */
static lie_fn *choose(struct lie *l, uint64_t told) {
    unsigned count = 0;
    for (unsigned k = 0; k < WEFT__LIES; k++) count += told >> k & 1;
    uint64_t at = count == 0 ? 0 : below(l, count);
    for (unsigned k = 0; k < WEFT__LIES; k++)
        if ((told >> k & 1) != 0 && at-- == 0) return lies[k];
    return NULL;
}

static int tell(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    struct lie l = {.s = s, .liar = i, .r = m->replica};
    struct weft_time now = weft__sim_clock_read(&m->clock, s->now_ns);
    l.head = (struct weft__message_head){m->replica->space.id, weft_replica_self(m->replica), now.wall};
    weft_buf_init(&l.bytes, s->alloc);
    lie_fn *lie = choose(&l, m->lies);
    int rc = lie == NULL ? 0 : lie(&l);
    weft_buf_fini(&l.bytes);
    return rc;
}

int weft__liar_speak(struct weft_sim *s, uint32_t i) {
    struct weft__machine *m = &s->machines[i];
    if (m->lies == 0 || m->retired) return 0;
    int rc = m->replica == NULL || m->paused || s->machine_count < 2 ? 0 : tell(s, i);
    struct weft__happening again = {.kind = WEFT__LIE, .to = i};
    uint64_t delay = weft__world_delay(s, WEFT__PURPOSE_LIE, i, EVERY_NS);
    return rc == 0 ? weft__world_post(s, s->now_ns + delay + 1, &again) : rc;
}

int weft__liar_begin(struct weft_sim *s, uint32_t i, uint64_t told) {
    struct weft__machine *m = &s->machines[i];
    bool speaks = m->lies != 0;
    uint64_t hurtful = WEFT__LIES_HURTFUL & ~(s->check.policy.is_signed ? (uint64_t)WEFT__LIE_FORGERY : 0);
    if ((told & hurtful) != 0) weft__check_parted(&s->check);
    m->lies = told;
    return speaks ? 0 : weft__liar_speak(s, i);
}
