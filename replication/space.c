/* space.c: making and taking apart a space's state. */
#include "replication/space.h"

#include <string.h>

#include "base/alloc.h"
#include "replication/rights.h"

int weft__space_init(struct weft__space *s, const struct weft_id *id, struct weft_origins *origins, uint64_t seed,
                     const struct weft_alloc *alloc) {
    memset(s, 0, sizeof *s);
    s->alloc = alloc;
    s->id = *id;
    s->origins = origins;
    weft__keyspace_init(&s->keys, &s->pool);
    weft_version_vector_init(&s->applied, alloc);
    return weft__pool_init(&s->pool, origins, seed, alloc);
}

void weft__space_fini(struct weft__space *s) {
    if (s->origins == NULL) return; /* never made */
    weft__keyspace_fini(&s->keys);
    weft__pool_fini(&s->pool);
    weft_version_vector_fini(&s->applied);
    for (size_t i = 0; i < s->lineage_cap; i++) weft_version_vector_fini(&s->lineages[i].past);
    weft__writers_free(s->writers, s->alloc);
    weft__free(s->alloc, s->lineages, s->lineage_cap * sizeof *s->lineages);
    memset(s, 0, sizeof *s);
}

int weft__space_reserve(struct weft__space *s, uint32_t origin) {
    int rc = weft_version_vector_reserve(&s->applied, origin + 1);
    if (rc != 0 || origin < s->lineage_cap) return rc;
    size_t old = s->lineage_cap;
    void *items = s->lineages;
    rc = weft__grow(s->alloc, &items, &s->lineage_cap, (size_t)origin + 1, sizeof *s->lineages);
    s->lineages = items;
    if (rc != 0) return rc;
    memset(s->lineages + old, 0, (s->lineage_cap - old) * sizeof *s->lineages);
    for (size_t i = old; i < s->lineage_cap; i++) weft_version_vector_init(&s->lineages[i].past, s->alloc);
    return 0;
}

bool weft__space_is_empty(const struct weft__space *s) {
    for (uint32_t i = 0; i < s->applied.len; i++)
        if (s->applied.seq[i] > 0) return false;
    return true;
}

struct weft_causal_context weft__space_context(const struct weft__space *s) {
    return (struct weft_causal_context){.base = s->applied, .cloud = NULL, .cloud_len = 0, .cloud_cap = 0};
}

static void sift(const struct weft_origins *o, uint32_t *a, size_t at, size_t n) {
    for (size_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && weft_origins_cmp(o, a[child], a[child + 1]) < 0) child++;
        if (weft_origins_cmp(o, a[at], a[child]) >= 0) return;
        uint32_t t = a[at];
        a[at] = a[child];
        a[child] = t;
    }
}

/* Heap sort: the comparison needs a context, which qsort does not pass. */
static void sort_origins(const struct weft_origins *o, uint32_t *a, size_t n) {
    for (size_t i = n / 2; i-- > 0;) sift(o, a, i, n);
    for (size_t i = n; i-- > 1;) {
        uint32_t t = a[0];
        a[0] = a[i];
        a[i] = t;
        sift(o, a, 0, i);
    }
}

/* Whether these are, each once, the origins of which something is applied. */
static bool are_applied(const struct weft__space *s, const uint32_t *origins, size_t count) {
    size_t n = 0;
    for (uint32_t i = 0; i < s->applied.len; i++) n += s->applied.seq[i] > 0;
    for (size_t i = 0; i < count; i++)
        if (weft_version_vector_get(&s->applied, origins[i]) == 0) return false;
    return n == count;
}

int weft__space_sorted_origins(const struct weft__space *s, uint32_t **out, size_t *cap, size_t *count) {
    if (are_applied(s, *out, *count)) return 0;
    void *items = *out;
    int rc = weft__grow(s->alloc, &items, cap, s->applied.len, sizeof **out);
    *out = items;
    if (rc != 0) return rc;
    size_t n = 0;
    for (uint32_t i = 0; i < s->applied.len; i++)
        if (s->applied.seq[i] > 0) (*out)[n++] = i;
    sort_origins(s->origins, *out, n);
    *count = n;
    return 0;
}
