/* recv_request.c: a peer asks for ranges of transactions. The answer is one message of what the log has, up to a batch;
 * the peer, which knows what is still missing, asks on. */
#include <weft/err.h>

#include "replication/engine.h"

int weft__recv_request(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    if (!weft__may_speak(r)) return 0; /* it will ask again */
    struct weft__rows rows = {0, 0, r->options.batch_max};
    for (size_t i = 0; i < m->request.count && (rows.count == 0 || rows.budget > 0); i++) {
        const struct weft__range *range = &m->request.ranges[i];
        uint32_t origin;
        if (!weft_origins_find(r->origins, &range->origin, &origin) || weft__fork_withholds(r, origin)) continue;
        if (!weft__may_send(r, p, &range->origin)) continue;
        /* Own ones wait for their record; a relayed one is durable at its origin. */
        uint64_t upto =
            origin == r->self ? weft__signing_servable(r, origin) : weft_version_vector_get(&r->space.applied, origin);
        (void)weft__collect_rows(r, &rows, origin, range->after, range->upto < upto ? range->upto : upto);
    }
    weft__send_rows(r, p->link, &rows, true);
    return 0;
}
