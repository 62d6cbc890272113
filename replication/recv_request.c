/* recv_request.c: a peer asks for ranges of transactions. The answer is what the log has, up to one batch; the peer
 * asks on. */
#include <weft/err.h>

#include "replication/engine.h"

int weft__recv_request(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    size_t budget = r->options.batch_max;
    for (size_t i = 0; i < m->request.count && budget > 0; i++) {
        const struct weft__range *range = &m->request.ranges[i];
        uint32_t origin;
        if (!weft_origins_find(r->origins, &range->origin, &origin)) continue;
        /* Own ones wait for their record; a relayed one is durable at its origin. */
        const struct weft_version_vector *limit = origin == r->self ? &r->recording.recorded : &r->space.applied;
        uint64_t upto = weft_version_vector_get(limit, origin);
        if (range->upto < upto) upto = range->upto;
        size_t before = weft__out(r)->bytes.len;
        (void)weft__send_rows(r, p->link, origin, range->after, upto, budget);
        size_t sent = weft__out(r)->bytes.len - before;
        budget = sent < budget ? budget - sent : 0;
    }
    return 0;
}
