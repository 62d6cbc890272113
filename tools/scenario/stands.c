/* stands.c: one partition stands at a time, and another one ends it (weft/sim.h). A scenario that lets two overlap
 * means something else than what would happen. */
#include <stdlib.h>

#include <weft/err.h>

#include "tools/scenario/build.h"

int weft__build_stands(struct weft__build *b, unsigned fault, uint64_t from_ns, uint64_t to_ns) {
    if (b->stand_count == b->stand_cap) {
        size_t cap = b->stand_cap == 0 ? 16 : 2 * b->stand_cap;
        void *more = realloc(b->stands, cap * sizeof *b->stands);
        if (more == NULL) return WEFT_ERR_NOMEM;
        b->stands = more;
        b->stand_cap = cap;
    }
    b->stands[b->stand_count++] = (struct weft__stand){from_ns, to_ns, fault};
    return 0;
}

static int compare(const void *a, const void *b) {
    const struct weft__stand *x = a, *y = b;
    if (x->from_ns != y->from_ns) return x->from_ns < y->from_ns ? -1 : 1;
    return (x->fault > y->fault) - (x->fault < y->fault);
}

int weft__build_check_stands(struct weft__build *b) {
    if (b->stand_count > 0) qsort(b->stands, b->stand_count, sizeof *b->stands, compare);
    for (size_t i = 1; i < b->stand_count; i++) {
        const struct weft__stand *first = &b->stands[i - 1], *second = &b->stands[i];
        if (second->from_ns >= first->to_ns) continue;
        weft__build_at(b, "faults[%u].at", second->fault);
        return weft__build_refuse(
            b,
            "begins while the partition of faults[%u] stands, and would end it; more than two sides "
            "are written in one: \"partition 0|1,2|3\"",
            first->fault);
    }
    return 0;
}
