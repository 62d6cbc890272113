/* omap.c: a treap (Seidel, Aragon: Randomized Search Trees, 1996).
 *
 * In key order from left to right, and no node is before its parent in the order (priority descending, key ascending).
 * Keys are distinct, so that order is total and one set of nodes has one shape, whatever came first; an equal priority
 * is decided by the key, that is, by the side of the parent that a node hangs on. */
#include "base/omap.h"

#include <assert.h>
#include <stdbool.h>

void weft__omap_init(struct weft__omap *m, int (*cmp)(const void *key, const struct weft__omap_node *node)) {
    *m = (struct weft__omap){.cmp = cmp};
}

struct weft__omap_node *weft__omap_find(const struct weft__omap *m, const void *key) {
    struct weft__omap_node *node = m->root;
    while (node != NULL) {
        int c = m->cmp(key, node);
        if (c == 0) break;
        node = c < 0 ? node->left : node->right;
    }
    return node;
}

struct weft__omap_node *weft__omap_lower_bound(const struct weft__omap *m, const void *key) {
    struct weft__omap_node *node = m->root, *best = NULL;
    while (node != NULL) {
        int c = m->cmp(key, node);
        if (c == 0) return node;
        if (c < 0) best = node;
        node = c < 0 ? node->left : node->right;
    }
    return best;
}

/* Where the pointer to a node is kept. */
static struct weft__omap_node **link_of(struct weft__omap *m, const struct weft__omap_node *node) {
    struct weft__omap_node *parent = node->parent;
    if (parent == NULL) return &m->root;
    return parent->left == node ? &parent->left : &parent->right;
}

/* Puts a child in its parent's place and the parent below it; key order stays. */
static void rotate_up(struct weft__omap *m, struct weft__omap_node *child) {
    struct weft__omap_node *parent = child->parent, *moved;
    *link_of(m, parent) = child;
    if (parent->left == child) {
        moved = parent->left = child->right;
        child->right = parent;
    } else {
        moved = parent->right = child->left;
        child->left = parent;
    }
    if (moved != NULL) moved->parent = parent;
    child->parent = parent->parent;
    parent->parent = child;
}

static bool belongs_above_parent(const struct weft__omap_node *node) {
    const struct weft__omap_node *parent = node->parent;
    if (parent == NULL) return false;
    return node->priority > parent->priority || (node->priority == parent->priority && parent->left == node);
}

struct weft__omap_node *weft__omap_offer(struct weft__omap *m, const void *key, struct weft__omap_node *node) {
    struct weft__omap_node **link = &m->root, *parent = NULL;
    while (*link != NULL) {
        parent = *link;
        int c = m->cmp(key, parent);
        if (c == 0) return parent;
        link = c < 0 ? &parent->left : &parent->right;
    }
    node->left = node->right = NULL;
    node->parent = parent;
    *link = node;
    while (belongs_above_parent(node)) rotate_up(m, node);
    m->count++;
    return NULL;
}

void weft__omap_insert(struct weft__omap *m, const void *key, struct weft__omap_node *node) {
    const struct weft__omap_node *other = weft__omap_offer(m, key, node);
    assert(other == NULL);
    (void)other;
}

void weft__omap_remove(struct weft__omap *m, struct weft__omap_node *node) {
    while (node->left != NULL && node->right != NULL) {
        bool left_wins = node->left->priority >= node->right->priority;
        rotate_up(m, left_wins ? node->left : node->right);
    }
    struct weft__omap_node *child = node->left != NULL ? node->left : node->right;
    *link_of(m, node) = child;
    if (child != NULL) child->parent = node->parent;
    node->left = node->right = node->parent = NULL;
    m->count--;
}

struct weft__omap_node *weft__omap_first(const struct weft__omap *m) {
    struct weft__omap_node *node = m->root;
    while (node != NULL && node->left != NULL) node = node->left;
    return node;
}

struct weft__omap_node *weft__omap_next(const struct weft__omap_node *node) {
    if (node->right != NULL) {
        struct weft__omap_node *next = node->right;
        while (next->left != NULL) next = next->left;
        return next;
    }
    while (node->parent != NULL && node->parent->right == node) node = node->parent;
    return node->parent;
}
