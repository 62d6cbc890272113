/* admission.c: what may pass on a link, by who is at its other end and the newest rights that are known here. What a
 * transaction means never depends on it (apply.c): who may write what is judged alike everywhere, whoever carried it;
 * here it is about whom this replica shows things to, and whom it believes.
 *
 *  - Who may not read is told of its own transactions, gets no others, and no state.
 *  - Who may not relay brings its own transactions only, and no state. It says what it has of others, or nobody would
 *    know whether the last push got through; and that it passes none of it on, so nobody asks it for that.
 *  - A state cannot be checked by who takes it, so it is taken only from whose certificate says that it vouches.
 *  - Who may nothing has no link.
 *
 * Honest replicas keep to this by themselves, by the document that they know, and say so in their digests
 * (message.proto); so two that know different documents ask each other for nothing in vain. What comes all the same is
 * refused whole.
 *
 * Where nobody authenticated the peer, messages are believed to come from whom they say; before the first one it is
 * nobody, and is shown nothing that not everybody may see. */
#include "replication/admission.h"

#include <weft/err.h>

#include "replication/engine.h"
#include "replication/rights.h"

static bool is_somebody(const struct weft__peer *p) {
    return p->known || p->is_authenticated;
}

/* Nobody is no member. */
void weft__peer_judge(const struct weft_replica *r, struct weft__peer *p) {
    p->may = weft__rights_of_replica(r, &p->id.replica);
}

static bool may_link(const struct weft__peer *p) {
    return p->may.member || !is_somebody(p);
}

void weft__peer_meet(const struct weft_replica *r, struct weft__peer *p, const struct weft_peer *who) {
    p->is_authenticated = who != NULL && who->is_known;
    p->vouches = who == NULL || who->vouches;
    if (p->is_authenticated) p->id.replica = who->replica;
    for (size_t i = 0; who != NULL && who->label != NULL && i < WEFT_LABEL_MAX && who->label[i] != '\0'; i++)
        p->label[i] = who->label[i];
    weft__peer_judge(r, p);
}

bool weft__peer_owns(const struct weft__peer *p, const struct weft_origin *origin) {
    return is_somebody(p) && weft_id_cmp(&p->id.replica, &origin->replica) == 0;
}

bool weft__peer_may_see(const struct weft__peer *p, const struct weft_origin *origin) {
    return p->may.read || weft__peer_owns(p, origin);
}

bool weft__peer_may_bring(const struct weft__peer *p, const struct weft_origin *origin) {
    return p->may.relay || weft__peer_owns(p, origin);
}

bool weft__peer_offers(const struct weft__peer *p, const struct weft_origin *origin) {
    return (p->may.relay && !p->brings_own_only) || weft__peer_owns(p, origin);
}

bool weft__peer_may_give_state(const struct weft__peer *p) {
    return p->may.relay && p->vouches;
}

bool weft__peer_offers_state(const struct weft__peer *p) {
    return weft__peer_may_give_state(p) && !p->brings_own_only;
}

bool weft__peer_confirms(const struct weft_replica *r, const struct weft__peer *p, const struct weft_origin *origin) {
    bool is_own = weft_id_cmp(&r->identity, &origin->replica) == 0;
    return weft__peer_may_see(p, origin) && (is_own || !p->names_ours_only);
}

bool weft__may_send(const struct weft_replica *r, const struct weft__peer *p, const struct weft_origin *origin) {
    bool is_own = weft_id_cmp(&r->identity, &origin->replica) == 0;
    return (is_own || r->may.relay) && weft__peer_may_see(p, origin);
}

/* --- Links -------------------------------------------------------------------------------------------------------- */

static void refuse_link(struct weft_replica *r, const struct weft__peer *p) {
    char id[WEFT_ID_TEXT];
    weft_id_format(&p->id.replica, id);
    struct weft_notice n = {.kind = WEFT_NOTICE_REFUSED, .err = WEFT_ERR_DENIED, .link = p->link, .origin = p->id};
    weft__output_notice(weft__out(r), &n,
                        "the link of replica %s (%s) was refused: the rights of generation %llu allow it nothing", id,
                        p->label, (unsigned long long)weft__rights_known_generation(r));
    weft__count_refusal(r, WEFT_ERR_DENIED);
    weft__link_down(r, p->link);
}

bool weft__admission_link(struct weft_replica *r, struct weft__peer *p) {
    if (may_link(p)) return true;
    refuse_link(r, p);
    return false;
}

/* What may be said to it now is, with the next digest; and it has not left off saying what is not here (gossip.c). */
static void judge_anew(const struct weft_replica *r, struct weft__peer *p) {
    weft__peer_judge(r, p);
    p->digest_from = 0;
    p->digest_changed = true;
}

void weft__rights_changed(struct weft_replica *r) {
    r->may = weft__rights_of_replica(r, &r->identity);
    r->rights_moved = true;
    for (size_t i = 0; i < r->peers.count; i++) judge_anew(r, &r->peers.items[i]);
}

void weft__admission_settle(struct weft_replica *r) {
    if (!r->rights_moved) return;
    r->rights_moved = false;
    weft__state_rights_changed(r);
    for (size_t i = r->peers.count; i-- > 0;)
        if (!may_link(&r->peers.items[i])) refuse_link(r, &r->peers.items[i]);
}

/* --- Messages ----------------------------------------------------------------------------------------------------- */

static int deny(struct weft_replica *r, const struct weft__peer *p, const char *what) {
    char id[WEFT_ID_TEXT];
    weft_id_format(&p->id.replica, id);
    weft__because(r, "by the rights of generation %llu replica %s (%s) %s",
                  (unsigned long long)weft__rights_known_generation(r), id, p->label, what);
    return WEFT_ERR_DENIED;
}

/* Whom the message says to come from, where nobody knows better. */
static int introduce(struct weft_replica *r, struct weft__peer *p, const struct weft_id *sender) {
    bool is_known = is_somebody(p) && weft_id_cmp(&p->id.replica, sender) == 0;
    if (is_known) return 0;
    if (p->is_authenticated) {
        char id[WEFT_ID_TEXT];
        weft_id_format(sender, id);
        weft__because(r, "%s says to be replica %s, and is another one", p->label, id);
        return WEFT_ERR_CERTIFICATE;
    }
    p->known = true;
    p->id.replica = *sender;
    if (weft__rights_governs(&r->space.id)) judge_anew(r, p);
    return 0;
}

static bool may_see_all(const struct weft__peer *p, const struct weft__message *m) {
    for (size_t i = 0; !p->may.read && i < m->request.count; i++)
        if (!weft__peer_may_see(p, &m->request.ranges[i].origin)) return false;
    return true;
}

int weft__admission_check_row(struct weft_replica *r, const struct weft__peer *p, const struct weft_origin *origin) {
    return weft__peer_may_bring(p, origin) ? 0 : deny(r, p, "may not bring what others wrote");
}

int weft__admission_check(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    int rc = introduce(r, p, &m->head.sender.replica);
    if (rc != 0) return rc;
    if (!may_link(p)) return deny(r, p, "may nothing");
    if (m->kind == WEFT__MESSAGE_REQUEST && !may_see_all(p, m)) return deny(r, p, "may not read what others wrote");
    if (m->kind == WEFT__MESSAGE_STATE_REQUEST && !p->may.read) return deny(r, p, "may not read a state");
    if (m->kind == WEFT__MESSAGE_STATE_CHUNK && !p->may.relay) return deny(r, p, "may not bring a state");
    if (m->kind == WEFT__MESSAGE_STATE_CHUNK && !p->vouches) return deny(r, p, "does not vouch for a state");
    return 0;
}
