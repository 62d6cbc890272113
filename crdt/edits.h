/* edits.h: open edits in the order of (key, type): a transaction's, and those of a map's children. */
#ifndef WEFT_CRDT_EDITS_H
#define WEFT_CRDT_EDITS_H

#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "base/omap.h"
#include "crdt/edit.h"
#include "crdt/keyspace.h"

/* A delta's framing around its body. */
#define WEFT__EDIT_FRAMING 64u

struct weft__keyed_edit {
    struct weft__omap_node node;
    struct weft__keyed_edit *next_spare;
    struct weft_edit edit;
    struct weft_crdt_class cls; /* a copy: a stand-in for an unknown type lives as long as its edit */
    size_t entries;             /* of its net effect; who finds that keeps it here */
    uint8_t *key;
    size_t key_len, key_cap;
};

struct weft__edits {
    struct weft__omap map;
    struct weft__keyed_edit *spare; /* finished ones, kept for their memory */
    struct weft__edit_session *session;
    struct weft__pool *pool;
    uint32_t depth;
};

/* depth: of the objects. */
void weft__edits_init(struct weft__edits *e, struct weft__edit_session *session, struct weft__pool *pool,
                      uint32_t depth);
void weft__edits_fini(struct weft__edits *e);
/* Forgets every edit; keeps memory. */
void weft__edits_clear(struct weft__edits *e);
static inline struct weft_slice weft__keyed_edit_key(const struct weft__keyed_edit *k) {
    return (struct weft_slice){k->key, k->key_len};
}
static inline struct weft__address weft__keyed_edit_address(const struct weft__keyed_edit *k) {
    return (struct weft__address){weft__keyed_edit_key(k), k->cls.type};
}
/* NULL when absent. */
struct weft__keyed_edit *weft__edits_find(const struct weft__edits *e, struct weft_slice key, uint32_t type);
/* The first edit at or after (key, type); NULL at the end. */
struct weft__keyed_edit *weft__edits_at(const struct weft__edits *e, struct weft_slice key, uint32_t type);
struct weft__keyed_edit *weft__edits_first(const struct weft__edits *e);
struct weft__keyed_edit *weft__edits_next(const struct weft__keyed_edit *k);
/* A new edit of what stands at base (NULL: nothing does). Charges the key and the framing. NULL: WEFT_ERR_LIMIT or
 * WEFT_ERR_NOMEM, which is the session's error then. */
struct weft__keyed_edit *weft__edits_open(struct weft__edits *e, struct weft_slice key,
                                          const struct weft_crdt_class *cls, const struct weft_object *base);
/* Resets by the kernel alone an object of a type that is not registered here: it is edited as of this class. */
struct weft_crdt_class weft__class_stand_in(uint32_t type);
/* The edit, asked for once more in its transaction. All bytes that an edit writes have one schema, that of its class;
 * a stand-in wrote none and gives way. NULL: WEFT_ERR_TYPE (sticky), the class is of another schema. */
struct weft_edit *weft__edits_again(struct weft__keyed_edit *k, const struct weft_crdt_class *cls);

#endif
