/* subscribe.c: subscriptions by prefix of key.
 *
 * Callbacks add and remove what they like, themselves included. So the walk keeps its place in `cursor`, which a
 * removal moves along, and what is added meanwhile waits in `fresh` until the change has been told: nobody hears of a
 * change that came before his subscription. A walk costs one comparison per subscription. */
#include "replication/uv/subscribe.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>

void weft__subscriptions_init(struct weft__subscriptions *all, const struct weft_alloc *alloc) {
    *all = (struct weft__subscriptions){.alloc = alloc == NULL ? &weft_alloc_default : alloc};
}

static int copy_prefix(const struct weft_alloc *a, struct weft_slice prefix, struct weft_slice *out) {
    *out = weft_slice(NULL, 0);
    if (prefix.len == 0) return 0;
    uint8_t *copy = a->resize(a->ctx, NULL, 0, prefix.len);
    if (copy == NULL) return WEFT_ERR_NOMEM;
    memcpy(copy, prefix.ptr, prefix.len);
    *out = weft_slice(copy, prefix.len);
    return 0;
}

static void free_prefix(const struct weft_alloc *a, struct weft_slice prefix) {
    union {
        const uint8_t *lent;
        void *owned;
    } p = {.lent = prefix.ptr};
    if (prefix.ptr != NULL) a->resize(a->ctx, p.owned, prefix.len, 0);
}

static void append(struct weft_subscription **list, struct weft_subscription *s) {
    while (*list != NULL) list = &(*list)->next;
    s->next = NULL;
    *list = s;
}

int weft__subscriptions_add(struct weft__subscriptions *all, struct weft_slice prefix, struct weft_subscription *s) {
    assert(s->cb != NULL);
    int rc = copy_prefix(all->alloc, prefix, &s->prefix);
    if (rc != 0) return rc;
    s->dead = false;
    append(all->telling ? &all->fresh : &all->first, s);
    return 0;
}

static bool unlink_from(struct weft_subscription **list, const struct weft_subscription *s) {
    while (*list != NULL && *list != s) list = &(*list)->next;
    if (*list == NULL) return false;
    *list = s->next;
    return true;
}

void weft__subscriptions_remove(struct weft__subscriptions *all, struct weft_subscription *s) {
    if (s->dead) return;
    if (!unlink_from(&all->first, s) && !unlink_from(&all->fresh, s)) return;
    if (all->cursor == s) all->cursor = s->next;
    free_prefix(all->alloc, s->prefix);
    s->dead = true;
    s->next = NULL;
    s->prefix = weft_slice(NULL, 0);
}

void weft__subscriptions_remove_all(struct weft__subscriptions *all) {
    while (all->first != NULL) weft__subscriptions_remove(all, all->first);
    while (all->fresh != NULL) weft__subscriptions_remove(all, all->fresh);
}

void weft__subscriptions_tell(struct weft__subscriptions *all, const struct weft_change *change) {
    assert(!all->telling);
    all->telling = true;
    all->cursor = all->first;
    while (all->cursor != NULL) {
        struct weft_subscription *s = all->cursor;
        all->cursor = s->next;
        if (weft_slice_has_prefix(change->key, s->prefix)) s->cb(s, change);
    }
    all->telling = false;
    struct weft_subscription **end = &all->first;
    while (*end != NULL) end = &(*end)->next;
    *end = all->fresh;
    all->fresh = NULL;
}
