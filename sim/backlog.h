/* backlog.h: what waits in front of links of a bounded rate. Only links over which something waits are there. */
#ifndef WEFT_SIM_BACKLOG_H
#define WEFT_SIM_BACKLOG_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>

struct weft__backlog_row {
    uint64_t link;    /* from << 32 | to, plus 1; 0: the row is free */
    uint64_t free_ns; /* when its last byte is on the wire */
};

struct weft__backlog {
    struct weft__backlog_row *rows; /* hashed, probed one by one */
    size_t used, cap;               /* cap is a power of two, or 0 */
    const struct weft_alloc *alloc;
};

void weft__backlog_init(struct weft__backlog *b, const struct weft_alloc *alloc);
void weft__backlog_fini(struct weft__backlog *b);
/* A message that takes so long to be sent comes behind those that wait. *gone_ns: when its last byte is on the wire.
 * WEFT_ERR_LIMIT: those that wait take more than limit_ns from now; nothing changed. WEFT_ERR_NOMEM. */
int weft__backlog_push(struct weft__backlog *b, uint32_t from, uint32_t to, uint64_t now_ns, uint64_t takes_ns,
                       uint64_t limit_ns, uint64_t *gone_ns);
/* What waits there is thrown away. */
void weft__backlog_drop(struct weft__backlog *b, uint32_t from, uint32_t to);

#endif
