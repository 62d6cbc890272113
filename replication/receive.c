/* receive.c: transactions from outside. One that is ready is applied; one that is not waits, and is tried again when
 * what it waits for has come or its time has. */
#include <weft/err.h>

#include "replication/engine.h"

static void report_fork(struct weft_replica *r, uint32_t link, const struct weft__transaction *t, uint32_t origin) {
    if (origin == r->self) {
        weft__identity_cloned(r, link, t->seq);
        return;
    }
    weft__report_equivocation(r, link, origin, t->seq);
}

void weft__report_equivocation(struct weft_replica *r, uint32_t link, uint32_t origin, uint64_t seq) {
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

static int wait_for_turn(struct weft_replica *r, uint32_t link, const struct weft__transaction *t, uint32_t origin,
                         bool ahead) {
    int rc = weft__pending_add(&r->pending, origin, t->seq, t->bytes);
    if (rc == WEFT_ERR_LIMIT) return 0; /* dropped, never said to be seen: it will be asked for again */
    if (rc != 0 || !ahead) return rc;
    struct weft__waiting *w = weft__pending_at(&r->pending, origin, t->seq);
    if (w->due != 0) return 0;
    weft__pending_park(&r->pending, w, t->stamp.word - r->options.drift);
    uint64_t excess = weft_hlc_diff_ns(t->stamp.word - r->now.wall - r->options.drift);
    struct weft_notice n = {
        .kind = WEFT_NOTICE_PARKED, .link = link, .origin = t->origin, .seq = t->seq, .amount_ns = excess};
    weft__output_notice(weft__out(r), &n, "transaction %llu is stamped %llu ms beyond the drift bound: it waits",
                        (unsigned long long)t->seq, (unsigned long long)(excess / 1000000u));
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
    if (origin == r->self && t->seq > weft_version_vector_get(&r->space.applied, origin)) {
        weft__identity_cloned(r, link, t->seq);
        return 0;
    }
    int readiness = weft__apply_readiness(r, t, origin);
    switch (readiness) {
    case WEFT__READY:
        return weft__apply(r, t, origin, WEFT__REMOTE);
    case WEFT__WAITS:
        return is_cut_off(r, t, origin) ? 0 : wait_for_turn(r, link, t, origin, false);
    case WEFT__AHEAD:
        return wait_for_turn(r, link, t, origin, true);
    case WEFT__FORKED:
        report_fork(r, link, t, origin);
        return 0;
    case WEFT__DUPLICATE:
        r->duplicates++;
        return 0;
    default:
        return readiness;
    }
}

/* What stands at the head of an origin's queue. *progress: something was applied or found to be of no use. */
static int retry_one(struct weft_replica *r, struct weft__waiting *w, bool *progress) {
    struct weft__transaction t;
    int rc = weft__transaction_parse(&t, weft_slice(w->bytes, w->len));
    int readiness = rc != 0 ? WEFT__FORKED : weft__apply_readiness(r, &t, w->origin);
    if (readiness < 0) return readiness;
    if (readiness == WEFT__WAITS) return 0;
    if (readiness == WEFT__AHEAD) return w->due != 0 ? 0 : wait_for_turn(r, 0, &t, w->origin, true);
    if (readiness == WEFT__READY) {
        rc = weft__apply(r, &t, w->origin, WEFT__REMOTE);
        if (rc != 0) return rc;
        struct weft_notice n = {.kind = WEFT_NOTICE_UNPARKED, .origin = t.origin, .seq = t.seq};
        if (w->due != 0)
            weft__output_notice(weft__out(r), &n, "transaction %llu has come due", (unsigned long long)t.seq);
    }
    if (readiness == WEFT__FORKED && rc == 0) report_fork(r, 0, &t, w->origin);
    weft__pending_remove(&r->pending, w);
    *progress = true;
    return 0;
}

static int retry_round(struct weft_replica *r, bool *progress) {
    struct weft__waiting *w = weft__pending_at(&r->pending, 0, 0);
    while (w != NULL) {
        uint32_t origin = w->origin;
        bool moved = false;
        int rc = 0;
        uint64_t applied = weft_version_vector_get(&r->space.applied, origin);
        if (w->seq <= applied + 1) rc = retry_one(r, w, &moved);
        if (rc != 0) return rc;
        *progress |= moved;
        w = moved ? weft__pending_at(&r->pending, origin, 0) : weft__pending_at(&r->pending, origin + 1, 0);
    }
    return 0;
}

int weft__retry_pending(struct weft_replica *r) {
    bool progress = r->pending.map.count > 0;
    while (progress) {
        progress = false;
        int rc = retry_round(r, &progress);
        if (rc != 0) return rc;
    }
    return 0;
}
