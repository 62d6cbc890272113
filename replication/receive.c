/* receive.c: transactions from outside. One that is ready is applied; one that is not waits, and is tried again when
 * what it waits for has come or its time has. */
#include <weft/err.h>

#include "replication/engine.h"

/* The peer is not asked for the origin's any more, and learns at once what is known here: if it is the origin, it can
 * see what happened. */
static void part_from(struct weft_replica *r, uint32_t link, uint32_t origin) {
    struct weft__peer *p = weft__peer_find(r, link);
    if (p == NULL || weft_version_vector_get(&p->parted, origin) > 0) return;
    if (weft_version_vector_raise(&p->parted, origin, 1) != 0) return; /* when it is said again */
    if (r->asked[origin].link == link) r->asked[origin].until_ns = 0;
    p->digest_changed = true;
    p->digest_due_ns = r->now.mono_ns;
}

static void say_equivocation(struct weft_replica *r, uint32_t link, uint32_t origin, uint64_t seq) {
    if (r->space.lineages[origin].forked) return; /* said once */
    r->space.lineages[origin].forked = true;
    struct weft_notice n = {.kind = WEFT_NOTICE_EQUIVOCATION,
                            .err = WEFT_ERR_CLONED,
                            .link = link,
                            .origin = *weft_origins_at(r->origins, origin),
                            .seq = seq};
    weft__output_notice(weft__out(r), &n, "an origin issued two transactions numbered %llu or before it",
                        (unsigned long long)seq);
}

static void name_equivocation(struct weft_replica *r, uint32_t link, uint32_t origin, uint64_t seq) {
    say_equivocation(r, link, origin, seq);
    weft__fork_suspect(r, link, origin);
}

void weft__report_equivocation(struct weft_replica *r, uint32_t link, uint32_t origin, uint64_t seq) {
    part_from(r, link, origin);
    if (origin == r->self)
        weft__identity_cloned(r, link, seq);
    else
        name_equivocation(r, link, origin, seq);
}

/* An origin that has left a clock epoch says so behind what it stamped in it, and that may be parked: the way out of
 * poisoned time would be barred by the poison. So an epoch is left as soon as a transaction of a later one, stamped
 * within the bound, is next or behind the next of its origin. Own stamps follow, or the parked one, once applied, would
 * hold up own commits. */
static void hear_epoch(struct weft_replica *r, uint8_t epoch) {
    if (epoch <= r->heard_epoch || epoch <= r->space.clock.epoch) return;
    r->heard_epoch = epoch;
    if (r->clock_epoch < epoch) r->clock_epoch = epoch;
    weft__pending_clock_reads(&r->pending, UINT64_MAX); /* is_ahead */
}

static void park(struct weft_replica *r, uint32_t link, const struct weft__transaction *t, struct weft__run *run) {
    if (!weft__pending_park(&r->pending, run, t->stamp.word - r->options.drift)) return;
    uint64_t excess = weft_hlc_diff_ns(t->stamp.word - r->now.wall - r->options.drift);
    struct weft_notice n = {
        .kind = WEFT_NOTICE_PARKED, .link = link, .origin = t->origin, .seq = t->seq, .amount_ns = excess};
    weft__output_notice(weft__out(r), &n, "transaction %llu is stamped %llu ms beyond the drift bound: it waits",
                        (unsigned long long)t->seq, (unsigned long long)(excess / 1000000u));
}

static int wait_for_turn(struct weft_replica *r, uint32_t link, const struct weft__transaction *t, uint32_t origin,
                         enum weft__readiness readiness) {
    struct weft__obstacle none = {0};
    int rc = weft__pending_add(&r->pending, origin, t->seq, t->bytes,
                               readiness == WEFT__WAITS ? weft__apply_obstacle(r, t, origin) : none);
    if (rc == 0 && t->signature != NULL) rc = weft__pending_sign(&r->pending, origin, t->seq, t->signature);
    bool is_sound = weft_hlc_check(t->stamp.word, r->now.wall, r->options.drift, NULL) == 0;
    if (rc == WEFT_ERR_LIMIT) { /* dropped, never said to be seen: it will be asked for again */
        /* What fills the room may be what is parked until this is heard. */
        if (is_sound) hear_epoch(r, t->stamp.epoch);
        return 0;
    }
    if (rc != 0) return rc;
    struct weft__run *run = weft__pending_at(&r->pending, origin, t->seq);
    if (is_sound && run->epoch < t->stamp.epoch) run->epoch = t->stamp.epoch;
    /* Otherwise when those before it are out of the way. */
    if (readiness == WEFT__AHEAD && run->first == t->seq) park(r, link, t, run);
    if (run->first == weft_version_vector_get(&r->space.applied, origin) + 1) hear_epoch(r, run->epoch);
    return 0;
}

/* What it follows is not asked for any more, so it would wait for ever, and take the room of others. */
static bool is_cut_off(const struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    return r->space.lineages[origin].forked && t->seq > weft_version_vector_get(&r->space.applied, origin) + 1;
}

int weft__receive_transaction(struct weft_replica *r, uint32_t link, const struct weft__transaction *t) {
    uint32_t origin;
    int rc = weft_origins_intern(r->origins, &t->origin, &origin);
    if (rc == 0) rc = weft__engine_reserve_origin(r, origin);
    if (rc != 0) return rc;
    rc = weft__fork_compare(r, link, t, origin);
    if (rc != 0 || weft__fork_is_parted(r)) return rc;
    if (origin == r->self && t->seq > weft_version_vector_get(&r->space.applied, origin)) {
        weft__identity_cloned(r, link, t->seq);
        return 0;
    }
    int readiness = weft__apply_readiness(r, t, origin);
    switch (readiness) {
    case WEFT__READY:
        return weft__apply(r, t, origin, WEFT__REMOTE);
    case WEFT__WAITS:
        return is_cut_off(r, t, origin) ? 0 : wait_for_turn(r, link, t, origin, WEFT__WAITS);
    case WEFT__AHEAD:
        return wait_for_turn(r, link, t, origin, WEFT__AHEAD);
    case WEFT__FORKED:
        weft__report_equivocation(r, link, origin, t->seq);
        return 0;
    case WEFT__DUPLICATE:
        r->duplicates++;
        return weft__signing_adopt(r, t, origin);
    default:
        return readiness;
    }
}

/* The first of a run: applied, or found to be of no use, or what it waits for is known. */
static int retry_one(struct weft_replica *r, struct weft__run *run) {
    struct weft__transaction t;
    const struct weft__waiting *w = run->head;
    int rc = weft__transaction_parse(&t, weft_slice(w->bytes, w->len));
    t.signature = w->signature;
    int readiness = rc != 0 ? WEFT__FORKED : weft__apply_readiness(r, &t, run->origin);
    if (readiness < 0) return readiness;
    if (readiness == WEFT__AHEAD) {
        park(r, 0, &t, run);
        hear_epoch(r, run->epoch);
    }
    if (readiness == WEFT__WAITS) weft__pending_block(&r->pending, run, weft__apply_obstacle(r, &t, run->origin));
    if (readiness == WEFT__AHEAD || readiness == WEFT__WAITS) return 0;
    if (readiness == WEFT__READY) {
        rc = weft__apply(r, &t, run->origin, WEFT__REMOTE);
        if (rc != 0) return rc;
        struct weft_notice n = {.kind = WEFT_NOTICE_UNPARKED, .origin = t.origin, .seq = t.seq};
        if (w->due != 0)
            weft__output_notice(weft__out(r), &n, "transaction %llu has come due", (unsigned long long)t.seq);
    }
    if (readiness == WEFT__DUPLICATE) rc = weft__signing_adopt(r, &t, run->origin);
    if (rc == WEFT_ERR_NOMEM) return rc;
    /* Who sent it is not known any more: nobody is parted from. */
    if (readiness == WEFT__FORKED && rc == 0) name_equivocation(r, 0, run->origin, t.seq);
    weft__pending_drop_first(&r->pending, run);
    return 0;
}

/* Round and round over the origins, in their order, until nothing is left to be tried. */
int weft__retry_pending(struct weft_replica *r) {
    struct weft__run *run;
    uint32_t origin = 0;
    weft__pending_clock_reads(&r->pending, r->now.wall);
    while ((run = weft__pending_next(&r->pending, origin)) != NULL) {
        origin = run->origin;
        int rc = retry_one(r, run);
        if (rc != 0) return rc;
    }
    return 0;
}
