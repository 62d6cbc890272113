/* checkpoint.c: which segments of the current checkpoint still say what the state says. */
#include "replication/checkpoint.h"

#include <string.h>

void weft__checkpoint_init(struct weft__checkpoint *c, const struct weft_alloc *alloc) {
    memset(c, 0, sizeof *c);
    c->alloc = alloc;
    c->next_id = 1;
    weft__segments_init(&c->segments, alloc);
    weft_buf_init(&c->pieces, alloc);
    weft_version_vector_init(&c->saved, alloc);
}

void weft__checkpoint_fini(struct weft__checkpoint *c) {
    weft__segments_fini(&c->segments);
    weft_buf_fini(&c->pieces);
    weft_version_vector_fini(&c->saved);
}

/* Whether the range of a segment begins at or before an object. */
static bool begins_before(const struct weft__segment *s, const struct weft__keyed *o) {
    return weft__segment_cmp(s, weft__keyed_key(o), o->object.kind->type) <= 0;
}

void weft__checkpoint_touch(struct weft__checkpoint *c, struct weft__keyed *o) {
    if (o->object.is_marked) return;
    o->object.is_marked = true;
    size_t low = 0, high = c->segments.count; /* the last segment that begins before the object is below high */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (begins_before(&c->segments.items[middle], o))
            low = middle + 1;
        else
            high = middle;
    }
    if (low > 0) c->segments.items[low - 1].dirty = true;
}
