/* omap.h: an intrusive ordered map.
 *
 * A treap whose priorities are given by the caller (a hash of the key), so that its shape depends on its content alone.
 * Iteration is in key order, so nothing that leaves by it depends on a hash or an address. Expected O(log n). */
#ifndef WEFT_BASE_OMAP_H
#define WEFT_BASE_OMAP_H

#include <stddef.h>
#include <stdint.h>

struct weft__omap_node {
    struct weft__omap_node *left, *right, *parent;
    uint64_t priority;
};

struct weft__omap {
    struct weft__omap_node *root;
    size_t count;
    /* Orders a search key against a node's key. */
    int (*cmp)(const void *key, const struct weft__omap_node *node);
};

#define WEFT__CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define WEFT__CONST_CONTAINER(ptr, type, member)                                                                       \
    ((const type *)(const void *)((const char *)(ptr)-offsetof(type, member)))

void weft__omap_init(struct weft__omap *m, int (*cmp)(const void *key, const struct weft__omap_node *node));
struct weft__omap_node *weft__omap_find(const struct weft__omap *m, const void *key);
/* The first node at or above the key; NULL when all are below. */
struct weft__omap_node *weft__omap_lower_bound(const struct weft__omap *m, const void *key);
/* node->priority is set by the caller; `key` is the node's own key and is not in the map yet. */
void weft__omap_insert(struct weft__omap *m, const void *key, struct weft__omap_node *node);
/* The same, unless there is a node with this key: then that one is returned, and nothing changes; NULL: inserted. */
struct weft__omap_node *weft__omap_offer(struct weft__omap *m, const void *key, struct weft__omap_node *node);
void weft__omap_remove(struct weft__omap *m, struct weft__omap_node *node);
struct weft__omap_node *weft__omap_first(const struct weft__omap *m);
struct weft__omap_node *weft__omap_next(const struct weft__omap_node *node);

#endif
