/* edit.h: the open edits of one object: an overlay that only its transaction sees, reduced at commit to its net effect.
 */
#ifndef WEFT_CRDT_EDIT_H
#define WEFT_CRDT_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "crdt/object.h"
#include "crdt/origin_table.h"

struct weft__registry;

/* Shared by all edits of one transaction. */
struct weft__edit_session {
    const struct weft_alloc *alloc;
    int err;               /* the first error, sticky */
    size_t spent;          /* estimate, from above, of the bytes that the edits will take in the transaction */
    size_t spent_max;      /* beyond it an edit is WEFT_ERR_LIMIT */
    uint32_t writer;       /* interned index of the own origin */
    struct weft_stamp now; /* not after the stamp of the commit */
    const struct weft__registry *registry; /* the classes of children that nobody opened; NULL: the built-in ones */
};

struct weft_edit {
    struct weft__edit_session *session;
    struct weft__pool *pool;
    const struct weft_crdt_class *cls;
    bool is_totals, is_map;         /* the kernel of cls; otherwise DOTS or STAMPED */
    uint32_t depth;                 /* of the object */
    const struct weft_object *base; /* NULL: the object does not exist yet */
    struct weft__overlay *overlay;  /* owned; kept over clear for reuse */
    struct weft__edits *children;   /* MAP: instead of an overlay, and like it */
};

void weft__edit_init(struct weft_edit *e, struct weft__edit_session *session, struct weft__pool *pool);
void weft__edit_fini(struct weft_edit *e);
/* Starts editing an object that is no map's child; forgets earlier edits, keeps memory. */
void weft__edit_open(struct weft_edit *e, const struct weft_crdt_class *cls, const struct weft_object *base);
/* What stands at base under a key, and where the key is looked for; also where there is no base. */
struct weft__spot weft__edit_look(const struct weft_edit *e, struct weft_slice path, struct weft_slice element);

/* Finds the net effect and adds the origins that it names. *entries: how many entries it has (0: none). No edit and no
 * reading comes between this and the two below. */
int weft__edit_mention(struct weft_edit *e, struct weft__origin_table *table, size_t *entries);
/* Appends the canonical delta body. The table is sealed. */
int weft__edit_write(struct weft_edit *e, const struct weft__origin_table *table, struct weft_buf *out);
/* What weft__object_prepare does with the bytes that weft__edit_write writes, without them: entry by entry through the
 * kernel's one join. `o` is what stands at base; env names origins as the table does. Only WEFT_ERR_NOMEM. */
int weft__edit_prepare(struct weft_edit *e, const struct weft__origin_table *table, const struct weft__delta_env *env,
                       struct weft_object *o, struct weft__plan *plan);

#endif
