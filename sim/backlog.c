/* backlog.c: a hash table by link. Rows are not taken out: one whose time is over says the same as none, and when the
 * table is full those are left behind; so it is as large as the links over which something waits at a time. */
#include "sim/backlog.h"

#include <stdbool.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"

void weft__backlog_init(struct weft__backlog *b, const struct weft_alloc *alloc) {
    memset(b, 0, sizeof *b);
    b->alloc = alloc;
}

void weft__backlog_fini(struct weft__backlog *b) {
    weft__free(b->alloc, b->rows, b->cap * sizeof *b->rows);
    weft__backlog_init(b, b->alloc);
}

static uint64_t key_of(uint32_t from, uint32_t to) {
    return ((uint64_t)from << 32 | to) + 1;
}

/* Its row, or the free one where it would be. There is always one that is free. */
static struct weft__backlog_row *find(const struct weft__backlog *b, uint64_t link) {
    size_t at = (size_t)weft__mix64(link) & (b->cap - 1);
    while (b->rows[at].link != 0 && b->rows[at].link != link) at = (at + 1) & (b->cap - 1);
    return &b->rows[at];
}

/* Room for one more. */
static int tidy(struct weft__backlog *b, uint64_t now_ns) {
    if (b->cap > 0 && b->used < b->cap / 2) return 0;
    struct weft__backlog next = {.alloc = b->alloc};
    size_t waiting = 1;
    for (size_t i = 0; i < b->cap; i++) waiting += b->rows[i].link != 0 && b->rows[i].free_ns > now_ns;
    for (next.cap = 16; next.cap / 4 < waiting;) next.cap *= 2;
    next.rows = weft__calloc(b->alloc, next.cap, sizeof *next.rows);
    if (next.rows == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < b->cap; i++) {
        if (b->rows[i].link == 0 || b->rows[i].free_ns <= now_ns) continue;
        *find(&next, b->rows[i].link) = b->rows[i];
        next.used++;
    }
    weft__backlog_fini(b);
    *b = next;
    return 0;
}

int weft__backlog_push(struct weft__backlog *b, uint32_t from, uint32_t to, uint64_t now_ns, uint64_t takes_ns,
                       uint64_t limit_ns, uint64_t *gone_ns) {
    int rc = tidy(b, now_ns);
    if (rc != 0) return rc;
    struct weft__backlog_row *row = find(b, key_of(from, to));
    bool waits = row->link != 0 && row->free_ns > now_ns;
    uint64_t begins = waits ? row->free_ns : now_ns;
    if (begins - now_ns > limit_ns) return WEFT_ERR_LIMIT;
    b->used += row->link == 0;
    *gone_ns = begins + takes_ns;
    *row = (struct weft__backlog_row){key_of(from, to), *gone_ns};
    return 0;
}

void weft__backlog_drop(struct weft__backlog *b, uint32_t from, uint32_t to) {
    if (b->cap > 0) find(b, key_of(from, to))->free_ns = 0;
}
