/* recv_transactions.c: transactions arrive, pushed or asked for. The message is checked whole first: one that does not
 * read refuses them all, and the link pays. */
#include <weft/err.h>

#include "replication/engine.h"

static int check_all(const struct weft_replica *r, const struct weft__message *m) {
    struct weft__transaction t;
    for (size_t i = 0; i < m->transactions.count; i++) {
        int rc = weft__transaction_parse(&t, m->transactions.items[i]);
        if (rc != 0) return rc;
        if (weft_id_cmp(&t.space, &r->space.id) != 0) return WEFT_ERR_MALFORMED;
    }
    return 0;
}

/* An answer of the peer that was asked: more may be asked for at once. */
static void settle(struct weft_replica *r, const struct weft__peer *p, const struct weft__transaction *t) {
    uint32_t origin;
    if (!weft_origins_find(r->origins, &t->origin, &origin) || origin >= r->asked_cap) return;
    if (r->asked[origin].link == p->link && t->seq <= r->asked[origin].upto) r->asked[origin].until_ns = 0;
}

int weft__recv_transactions(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    int rc = check_all(r, m);
    struct weft__transaction t;
    for (size_t i = 0; rc == 0 && i < m->transactions.count; i++) {
        (void)!weft__transaction_parse(&t, m->transactions.items[i]); /* it did before */
        rc = weft__receive_transaction(r, p->link, &t);
        if (rc == 0) settle(r, p, &t);
    }
    if (rc == 0) rc = weft__retry_pending(r);
    if (rc == 0) weft__ask_for_missing(r, p);
    return rc;
}
