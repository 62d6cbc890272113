/* ration.c: out of memory leaves everything as it was, and the same call works when there is memory again. */
#include "sim/ration.h"

#include <stddef.h>

#include <weft/err.h>

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct weft__ration *r = ctx;
    if (r->counts && new_size > 0 && r->left > 0 && --r->left == 0) {
        r->failed = true;
        r->failures++;
        return NULL;
    }
    void *to = r->inner->resize(r->inner->ctx, ptr, old_size, new_size);
    if (to == NULL && new_size > 0) return NULL;
    r->live += new_size - old_size;
    if (r->live > r->most) r->most = r->live;
    return to;
}

void weft__ration_init(struct weft__ration *r, const struct weft_alloc *inner) {
    *r = (struct weft__ration){.alloc = {resize, r}, .inner = inner};
}

static uint64_t applied_by(const struct weft_replica *replica) {
    const struct weft_version_vector *applied = weft_replica_applied(replica);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < applied->len; i++) sum += applied->seq[i];
    return sum;
}

static struct weft__hash128 state_of(const struct weft_replica *replica) {
    struct weft_replica_stats stats;
    weft_replica_stats(replica, &stats);
    return weft__hash_load(stats.state_hash);
}

void weft__ration_begin(struct weft__ration *r, const struct weft_replica *replica) {
    r->counts = true;
    r->failed = false;
    if (r->left == 0 || replica == NULL) return;
    r->state = state_of(replica);
    r->applied = applied_by(replica);
}

bool weft__ration_end(struct weft__ration *r, const struct weft_replica *replica, int rc) {
    r->counts = false;
    if (rc != WEFT_ERR_NOMEM || !r->failed) return false;
    if (replica != NULL && applied_by(replica) == r->applied && !weft__hash_eq(state_of(replica), r->state))
        r->left_a_trace = true;
    return true;
}
