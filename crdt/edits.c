/* edits.c: an ordered map of edits, shaped as the keyspace under them is (crdt/keyspace.c). */
#include "crdt/edits.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/key.h"
#include "crdt/registry.h"

static int compare(const void *key, const struct weft__omap_node *node) {
    const struct weft__address *a = key;
    return weft__address_cmp(*a, weft__keyed_edit_address(WEFT__CONST_CONTAINER(node, struct weft__keyed_edit, node)));
}

static struct weft__keyed_edit *edit_of(struct weft__omap_node *node) {
    return node == NULL ? NULL : WEFT__CONTAINER(node, struct weft__keyed_edit, node);
}

void weft__edits_init(struct weft__edits *e, struct weft__edit_session *session, struct weft__pool *pool,
                      uint32_t depth) {
    *e = (struct weft__edits){.session = session, .pool = pool, .depth = depth};
    weft__omap_init(&e->map, compare);
}

void weft__edits_fini(struct weft__edits *e) {
    weft__edits_clear(e);
    for (struct weft__keyed_edit *k = e->spare, *next; k != NULL; k = next) {
        next = k->next_spare;
        weft__edit_fini(&k->edit);
        weft__free(e->pool->alloc, k->key, k->key_cap);
        weft__free(e->pool->alloc, k, sizeof *k);
    }
    e->spare = NULL;
}

void weft__edits_clear(struct weft__edits *e) {
    struct weft__keyed_edit *k;
    while ((k = weft__edits_first(e)) != NULL) {
        weft__omap_remove(&e->map, &k->node);
        k->next_spare = e->spare;
        e->spare = k;
    }
}

struct weft__keyed_edit *weft__edits_find(const struct weft__edits *e, struct weft_slice key, uint32_t type) {
    return edit_of(weft__omap_find(&e->map, &(struct weft__address){key, type}));
}

struct weft__keyed_edit *weft__edits_at(const struct weft__edits *e, struct weft_slice key, uint32_t type) {
    return edit_of(weft__omap_lower_bound(&e->map, &(struct weft__address){key, type}));
}

struct weft__keyed_edit *weft__edits_first(const struct weft__edits *e) {
    return edit_of(weft__omap_first(&e->map));
}

struct weft__keyed_edit *weft__edits_next(const struct weft__keyed_edit *k) {
    return edit_of(weft__omap_next(&k->node));
}

/* A fresh one is a spare until it has its key. */
static struct weft__keyed_edit *take_spare(struct weft__edits *e, struct weft_slice key) {
    struct weft__keyed_edit *k = e->spare;
    if (k == NULL) {
        k = weft__calloc(e->pool->alloc, 1, sizeof *k);
        if (k == NULL) return NULL;
        weft__edit_init(&k->edit, e->session, e->pool);
        e->spare = k;
    }
    void *bytes = k->key;
    int rc = weft__grow(e->pool->alloc, &bytes, &k->key_cap, key.len, 1);
    k->key = bytes;
    if (rc != 0) return NULL;
    e->spare = k->next_spare;
    memcpy(k->key, key.ptr, key.len);
    k->key_len = key.len;
    return k;
}

struct weft__keyed_edit *weft__edits_open(struct weft__edits *e, struct weft_slice key,
                                          const struct weft_crdt_class *cls, const struct weft_object *base) {
    struct weft__edit_session *session = e->session;
    session->spent += key.len + WEFT__EDIT_FRAMING;
    int rc = session->spent > session->spent_max ? WEFT_ERR_LIMIT : 0;
    struct weft__keyed_edit *k = rc == 0 ? take_spare(e, key) : NULL;
    if (k == NULL) {
        if (session->err == 0) session->err = rc != 0 ? rc : WEFT_ERR_NOMEM;
        return NULL;
    }
    weft__class_read(&k->cls, cls);
    weft__edit_open(&k->edit, &k->cls, base);
    k->edit.depth = e->depth;
    k->node.priority = weft__key_place(e->pool, weft_slice(NULL, 0), key);
    weft__omap_insert(&e->map, &(struct weft__address){key, cls->type}, &k->node);
    return k;
}

static const char stand_in[] = "unknown";

struct weft_crdt_class weft__class_stand_in(uint32_t type) {
    return (struct weft_crdt_class){
        .size = sizeof(struct weft_crdt_class), .name = stand_in, .type = type, .schema = 1};
}

struct weft_edit *weft__edits_again(struct weft__keyed_edit *k, const struct weft_crdt_class *cls) {
    if (k->cls.name == stand_in) weft__class_read(&k->cls, cls);
    if (k->cls.schema == cls->schema) return &k->edit;
    weft_edit_fail(&k->edit, WEFT_ERR_TYPE);
    return NULL;
}
