/* recv_digest.c: a peer says what it has recorded. */
#include <string.h>

#include <weft/err.h>

#include "replication/engine.h"

/* What is not known here yet is of interest for who offers it; what is, for what the peer still lacks, too. */
static int take_entry(struct weft_replica *r, struct weft__peer *p, const struct weft__digest_entry *e) {
    uint32_t origin;
    bool offers = weft__peer_offers(p, &e->origin);
    if (!offers && (!p->may.read || !weft_origins_find(r->origins, &e->origin, &origin))) return 0;
    if (!weft_origins_find(r->origins, &e->origin, &origin)) return weft__strangers_hear(r, p, e);
    int rc = weft__engine_reserve_origin(r, origin);
    if (rc == 0) rc = weft_version_vector_raise(&p->has, origin, e->seq);
    if (rc == 0) rc = weft_version_vector_raise(&p->floors, origin, e->floor);
    return rc;
}

static bool is_known_hash(const uint8_t hash[WEFT__CHAIN_LEN]) {
    static const uint8_t unknown[WEFT__CHAIN_LEN];
    return memcmp(hash, unknown, WEFT__CHAIN_LEN) != 0;
}

/* In a signed space a peer's word for it is not enough to name another one: it takes two rows that the origin signed
 * (receive.c). A digest is good for one question, whatever it says. */
static void ask_for_proof(struct weft_replica *r, const struct weft__peer *p, uint32_t origin,
                          const struct weft__digest_entry *e, bool *asked) {
    bool can_answer = e->floor < e->seq && weft_version_vector_get(&p->parted, origin) == 0;
    if (*asked || !can_answer || !weft__may_speak(r)) return;
    struct weft__range range = {e->origin, e->seq - 1, e->seq};
    struct weft__message_head head = weft__message_head(r);
    size_t mark = weft__output_message_begin(weft__out(r));
    (void)!weft__message_write_request(&weft__out(r)->bytes, &head, &range, 1);
    weft__output_message_end(weft__out(r), p->link, mark);
    *asked = true;
}

/* Two transactions with one dot show as two hashes for one number: vectors alone can never see them (turso#8129).
 * False: they do. */
static bool compare_chain(struct weft_replica *r, const struct weft__peer *p, const struct weft__digest_entry *e,
                          bool *asked) {
    uint32_t origin;
    bool is_ours = weft_id_cmp(&e->origin.replica, &r->identity) == 0;
    if (!weft__peer_may_bring(p, &e->origin) && !(p->may.read && is_ours)) return true;
    if (!weft_origins_find(r->origins, &e->origin, &origin) || !is_known_hash(e->hash)) return true;
    uint64_t applied = weft_version_vector_get(&r->space.applied, origin);
    if (e->seq > applied) {
        weft__fork_suspect(r, p->link, origin);
        return true;
    }
    const struct weft__log_row *row = weft__log_get(&r->log, origin, e->seq);
    const uint8_t *own = e->seq == applied ? r->space.lineages[origin].hash : row != NULL ? row->hash : NULL;
    if (own == NULL || memcmp(own, e->hash, WEFT__CHAIN_LEN) == 0) return true;
    if (weft__signing_is_on(r) && !is_ours)
        ask_for_proof(r, p, origin, e, asked);
    else
        weft__report_equivocation(r, p->link, origin, e->seq);
    return false;
}

static void compare_state(struct weft_replica *r, const struct weft__peer *p, const struct weft__message *m) {
    uint8_t own[16];
    weft__hash_store(own, r->space.pool.hash);
    if (!m->digest.has_state_hash || !p->may.read || memcmp(own, m->digest.state_hash, 16) == 0) return;
    if (weft__peer_has_parted(p)) return; /* two chains were named: no wonder that states differ */
    size_t matching = 0, origins = 0;
    uint32_t origin;
    for (size_t i = 0; i < m->digest.count; i++)
        matching += weft_origins_find(r->origins, &m->digest.entries[i].origin, &origin) &&
                    weft_version_vector_get(&r->space.applied, origin) == m->digest.entries[i].seq;
    for (uint32_t i = 0; i < r->space.applied.len; i++) origins += r->space.applied.seq[i] > 0;
    if (matching != m->digest.count || matching != origins) return;
    struct weft_notice n = {.kind = WEFT_NOTICE_DIVERGED, .err = WEFT_ERR_CORRUPT, .link = p->link, .origin = p->id};
    weft__output_notice(weft__out(r), &n, "a peer has another state under the same vector");
}

static void introduce(struct weft_replica *r, struct weft__peer *p) {
    const struct weft_origin *self = weft_origins_at(r->origins, r->self);
    bool same = weft_id_cmp(&p->id.replica, &self->replica) == 0 && p->id.epoch != self->epoch;
    if (!same || p->same_replica_said) return;
    p->same_replica_said = true;
    struct weft_notice n = {.kind = WEFT_NOTICE_SAME_REPLICA, .err = WEFT_ERR_CLONED, .link = p->link, .origin = p->id};
    weft__output_notice(weft__out(r), &n, "a peer runs on a copy of this store: nothing is lost, but give it its own");
}

int weft__recv_digest(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    p->brings_own_only = m->digest.own_only;
    p->names_ours_only = m->digest.yours_only;
    for (size_t i = 0; i < m->digest.count; i++) {
        int rc = take_entry(r, p, &m->digest.entries[i]);
        if (rc != 0) return rc;
    }
    bool first = !p->heard, asked = false, is_same = true;
    p->heard = true;
    introduce(r, p);
    for (size_t i = 0; i < m->digest.count; i++)
        is_same = compare_chain(r, p, &m->digest.entries[i], &asked) && is_same;
    if (is_same) compare_state(r, p, m); /* or no wonder that states differ */
    if (m->digest.reply) weft__send_digest(r, p, false);
    weft__ask_for_missing(r, p);
    for (size_t i = 0; first && i < r->peers.count; i++) /* a state may have waited for what this one would say */
        weft__ask_for_missing(r, &r->peers.items[i]);
    return 0;
}
