/* recv_transactions.c: transactions arrive, pushed or asked for. The message is checked whole first: one that does not
 * read refuses them all, and the link pays. */
#include <weft/err.h>

#include "clock/origins.h"
#include "replication/engine.h"

static int check_all(struct weft_replica *r, const struct weft__peer *p, const struct weft__message *m,
                     struct weft__transaction *last) {
    if (!weft__signing_is_on(r) && m->transactions.signature_count > 0) return WEFT_ERR_MALFORMED;
    if (weft__signing_is_on(r) && m->transactions.count > 1) return weft__runs_check(r, p, m);
    for (size_t i = 0; i < m->transactions.count; i++) {
        int rc = weft__transaction_parse(last, m->transactions.items[i]);
        if (rc == 0 && weft_id_cmp(&last->space, &r->space.id) != 0) rc = WEFT_ERR_MALFORMED;
        if (rc == 0) rc = weft__admission_check_row(r, p, &last->origin);
        if (rc != 0) return rc;
    }
    return weft__signing_is_on(r) ? weft__runs_check(r, p, m) : 0;
}

/* An answer settles what was asked of this peer, so that the rest may be asked for at once. One that brings nothing new
 * answers a question that was asked twice; following it up as well would ask without end. */
static void settle(struct weft_replica *r, const struct weft__peer *p) {
    for (size_t i = 0; i < r->asked_cap; i++)
        if (r->asked[i].link == p->link) r->asked[i].until_ns = 0;
    for (size_t i = 0; i < r->strangers.asked_cap; i++)
        if (r->strangers.asked[i].link == p->link) r->strangers.asked[i].until_ns = 0;
}

static uint64_t news(const struct weft_replica *r) {
    return r->applied_count + r->pending.count + r->signing.kept;
}

/* A stranger has got a number. If its transaction was neither applied nor kept until it can be, nobody has that number,
 * and it is taken back, or made-up ones would fill the table. */
static int receive(struct weft_replica *r, const struct weft__peer *p, const struct weft__transaction *t) {
    uint32_t count = weft_origins_count(r->origins);
    int rc = weft__receive_transaction(r, p->link, t);
    if (rc == 0 && weft_origins_count(r->origins) > count && weft_version_vector_get(&r->space.applied, count) == 0 &&
        weft__pending_at(&r->pending, count, t->seq) == NULL)
        weft__origins_forget_last(r->origins);
    return rc;
}

static int receive_checked(struct weft_replica *r, const struct weft__peer *p, struct weft__transaction *t, size_t i) {
    if (!weft__signing_is_on(r)) return receive(r, p, t);
    const struct weft__checked_row *row = &r->checked[i];
    if (row->is_dropped) return 0;
    if (row->has_hash) t->hash = row->hash;
    if (row->is_signed) t->signature = &row->signature;
    return receive(r, p, t);
}

/* What could not be checked would come again with every answer. */
static void put_off(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    struct weft__transaction t;
    if (!weft__signing_is_on(r)) return;
    for (size_t i = 0; i < m->transactions.count; i++)
        if (r->checked[i].is_put_off && weft__transaction_parse(&t, m->transactions.items[i]) == 0)
            weft__put_off(r, p, &t.origin);
}

int weft__recv_transactions(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    struct weft__transaction t;
    int rc = check_all(r, p, m, &t);
    uint64_t before = news(r);
    for (size_t i = 0; rc == 0 && i < m->transactions.count; i++) {
        if (m->transactions.count > 1) (void)!weft__transaction_parse(&t, m->transactions.items[i]); /* it did before */
        rc = receive_checked(r, p, &t, i);
    }
    if (rc != 0) return rc;
    if (m->transactions.answer && news(r) != before) settle(r, p);
    put_off(r, p, m);
    rc = weft__retry_pending(r);
    if (rc == 0) weft__ask_for_missing(r, p);
    return rc;
}
