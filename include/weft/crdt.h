/* crdt.h: what all data types share: classes, views (reading), edits (writing), and values used alone.
 *
 * State changes in one way, X := X join delta. A mutator reads a view and writes a delta; it never changes state. Join
 * kernels carry the types, and the kernel is part of the type id, so a replica that does not know a type still joins,
 * deletes, hashes and passes on its objects exactly:
 *
 *   DOTS     (path, element) -> { dot -> bytes }. Join: a dot that one side lacks is dropped if that side's context
 *            covers it, and kept otherwise (Almeida et al. 2016, DotMap). Sets, flags, and, STAMPED, registers: there
 *            each dot also carries the stamp of its transaction.
 *   TOTALS   (path, origin) -> pairs (total, base) of monotone u64. Join: maximum. Counters: a column's value is the
 *            sum of total - base; a reset raises bases to the totals that it saw.
 *   MAP      (key, type) -> an object of any kernel, maps too. Join: that of each child. Its types are written and
 *            read through weft/ormap.h.
 *   CUSTOM   a lattice of the type's own. It is kept as DOTS whose bytes are states of that lattice, and the value is
 *            the class's merge of them all, on reading: weft/custom.h. A replica that does not know the type does all
 *            but delete.
 *
 * The rules of each type, and what concurrent operations give, are in the type's own header.
 *
 * A path names a part of a DOTS or TOTALS object: a sequence of steps in one slice, empty for the object itself. */
#ifndef WEFT_CRDT_H
#define WEFT_CRDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/clock.h>
#include <weft/err.h>
#include <weft/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

enum weft_kernel {
    WEFT_KERNEL_DOTS = 1,
    WEFT_KERNEL_STAMPED = 2,
    WEFT_KERNEL_TOTALS = 3,
    WEFT_KERNEL_CUSTOM = 4,
    WEFT_KERNEL_MAP = 5
};

/* Type ids: numbers below 1024 are Weft's, the others are free for applications. Frozen once used. */
#define WEFT_TYPE_ID(number, kernel) (((uint32_t)(number) << 4) | (uint32_t)(kernel))
#define WEFT_TYPE_KERNEL(type)       ((enum weft_kernel)((type)&15u))

struct weft_object;
struct weft_edit;

/* Something to read: an object as it stands (NULL: absent, reads as bottom) and, inside a transaction, its edits on
 * top. By value; valid until the next change of what it came from. */
struct weft_view {
    const struct weft_object *object;
    const struct weft_edit *edit;
};

/* A data type. Static storage: Weft keeps the pointer. */
struct weft_crdt_class {
    size_t size;      /* sizeof(struct weft_crdt_class) */
    const char *name; /* "aworset" */
    uint32_t type;    /* WEFT_TYPE_ID */
    uint32_t schema;  /* version of the type's bytes, from 1 */
    /* Appends the value as one line of text for people (weft inspect, counterexamples); NULL: bytes are counted only.
     */
    int (*print)(struct weft_view v, struct weft_buf *out);
    /* Deletes as far as this type may: what weft_edit_reset and weft_txn_delete do, made of the other edits. NULL: the
     * kernel's observed reset, which is also what a replica does that does not know the type. */
    void (*reset)(struct weft_edit *e);
    /* Reads what an older version of the type wrote: appends the value `old`, bytes of schema `from` (1 .. schema - 1),
     * as bytes of this schema. It is asked at each reading (weft_write_value); what is stored, hashed and passed on
     * stays as it was written, because replicas of both versions must hold the same. So it depends on its arguments
     * alone, and bytes come from anywhere: 0, or a negative code, which the reader returns. A class of the kernels
     * DOTS, STAMPED and CUSTOM needs one from schema 2 on. It is about values only: an element is its bytes, in every
     * version the same. TOTALS and MAP keep no bytes of a type's own, and their classes have none. */
    int (*upcast)(uint32_t from, struct weft_slice old, struct weft_buf *out);
    /* CUSTOM, which needs both; NULL otherwise. What each must keep to: weft/custom.h. */
    int (*merge)(struct weft_slice a, struct weft_slice b, struct weft_buf *out);
    bool (*check)(struct weft_slice state);
};

/* Whether a class can be registered: it has a size, a name, a type number and a schema, the kernel is one that this
 * library has, and an upcast, a merge and a check are there where they are needed and only where they are used.
 * Weft's own classes pass; that a number below 1024 is not for yours is said where it is registered.
 * WEFT_ERR_INVALID: errmsg (may be NULL) gets a sentence that names what is wrong. */
WEFT_API int weft_crdt_class_check(const struct weft_crdt_class *cls, char *errmsg, size_t errmsg_len) WEFT_MUST_CHECK;
/* Weft's own types, in the order of their ids: those that every replica knows. NULL after the last. Static storage. */
WEFT_API const struct weft_crdt_class *weft_crdt_class_at(size_t index);

/* --- Reading the kernels: for types; applications use the types' own functions ------------------------------- */

/* DOTS: whether any dot stands under the element. O(1). */
WEFT_API bool weft_view_has(struct weft_view v, struct weft_slice path, struct weft_slice element);
/* DOTS: elements with a dot, all paths. O(1), plus the transaction's edits. */
WEFT_API size_t weft_view_count(struct weft_view v);

/* A write that stands under an element. `pending` is the open transaction's own: it has no dot yet, and it will have
 * observed every other, so it is the only one then. */
struct weft_write {
    struct weft_slice value;
    uint32_t schema;         /* of the class that wrote it; its bytes stay as they are: weft_write_value */
    struct weft_stamp stamp; /* STAMPED only; pending: weft_edit_now */
    struct weft_origin origin;
    uint64_t seq;
    bool pending;
};
/* The index-th write under an element, in the order of (origin, seq); false at the end. */
WEFT_API bool weft_view_write(struct weft_view v, struct weft_slice path, struct weft_slice element, size_t index,
                              struct weft_write *out);
/* A write's value in the class's schema: as it stands, or, where an older version wrote it, what upcast makes of it in
 * `scratch`, which is emptied first. Lent until the state or scratch changes. WEFT_ERR_VERSION: a newer version wrote
 * it, and w->value is all that can be had; WEFT_ERR_INVALID: an older one, and the class lacks upcast; an error of
 * upcast; WEFT_ERR_NOMEM. Types read every value through this that an application may change the meaning of. */
WEFT_API int weft_write_value(const struct weft_crdt_class *cls, const struct weft_write *w, struct weft_buf *scratch,
                              struct weft_slice *value) WEFT_MUST_CHECK;

/* DOTS: the elements at a path in key order. Opening sorts: O(n log n), and allocates n references.
 *   weft_elements_open(&it, v, path); while (weft_elements_next(&it, &element)) ...; weft_elements_close(&it);
 * The view must not change meanwhile. */
struct weft_elements {
    struct weft_slice *items;
    size_t count;
    size_t next;
    size_t room;
    const struct weft_alloc *alloc;
};
WEFT_API int weft_elements_open(struct weft_elements *it, struct weft_view v, struct weft_slice path) WEFT_MUST_CHECK;
WEFT_API bool weft_elements_next(struct weft_elements *it, struct weft_slice *element);
WEFT_API void weft_elements_close(struct weft_elements *it);

/* TOTALS: the exact sum over origins of total - base in a column, as hi * 2^64 + lo. O(origins). */
WEFT_API void weft_view_sum(struct weft_view v, struct weft_slice path, uint32_t column, uint64_t *hi, uint64_t *lo);
/* TOTALS: whether any origin has an entry. */
WEFT_API bool weft_view_exists(struct weft_view v);

/* --- Writing the kernels: for types ---------------------------------------------------------------------------- */

/* The first error of an edit sticks in its transaction or value, and its commit returns it; later edits do nothing. */
WEFT_API void weft_edit_put(struct weft_edit *e, struct weft_slice path, struct weft_slice element,
                            struct weft_slice value);
/* Observed remove: what is absent stays absent, and that writes nothing. */
WEFT_API void weft_edit_drop(struct weft_edit *e, struct weft_slice path, struct weft_slice element);
/* Raises this origin's total. WEFT_ERR_RANGE (sticky) where the total would pass 2^64 - 1. */
WEFT_API void weft_edit_add(struct weft_edit *e, struct weft_slice path, uint32_t column, uint64_t amount);
/* The class's reset; without one, an observed reset of everything in the object: concurrent writes survive.
 * WEFT_ERR_TYPE (sticky) for a CUSTOM object of a type that is not known here. */
WEFT_API void weft_edit_reset(struct weft_edit *e);
WEFT_API void weft_edit_fail(struct weft_edit *e, int err);
WEFT_API int weft_edit_error(const struct weft_edit *e);
WEFT_API struct weft_view weft_edit_view(const struct weft_edit *e);
/* Whose edits these are: the origin of the dots that the commit will take. e is not NULL. */
WEFT_API struct weft_origin weft_edit_origin(const struct weft_edit *e);
/* A lower bound of the stamp that the commit will have. In a replica the stamp itself, but for a clock epoch raised
 * meanwhile: after every stamp applied, and not before the time that the transaction began with. In a value used alone
 * what weft_value_now said, zero at first. For types whose writes expire. It judges what an edit may do and nothing
 * else: what a value is must come from the stamps in the state, because a state is the same at every replica and a
 * clock is not. */
WEFT_API struct weft_stamp weft_edit_now(const struct weft_edit *e);

/* --- A value used alone, without a replica ---------------------------------------------------------------------- */

/* Carries its own context; its deltas may arrive in any order, duplicated or grouped. One thread at a time. */
struct weft_value;

struct weft_value_options {
    size_t size;               /* set by weft_value_options_init */
    struct weft_origin origin; /* whose edits are made here; unique per copy that writes (hazard "copying a replica") */
    const struct weft_alloc *alloc;
    uint64_t seed; /* placement in hash tables; random where elements come from strangers */
};
#define weft_value_options_init(o) weft_value_options_init_sized((o), sizeof *(o))
WEFT_API void weft_value_options_init_sized(struct weft_value_options *o, size_t size);
/* cls must outlive the value. WEFT_ERR_NOMEM, WEFT_ERR_INVALID (an unknown kernel, a CUSTOM class without
 * merge and check, options without a size). */
WEFT_API int weft_value_new(struct weft_value **out, const struct weft_crdt_class *cls,
                            const struct weft_value_options *o) WEFT_MUST_CHECK;
WEFT_API void weft_value_free(struct weft_value *v);
/* The same state under a new origin. */
WEFT_API int weft_value_copy(struct weft_value **out, const struct weft_value *v,
                             const struct weft_value_options *o) WEFT_MUST_CHECK;
WEFT_API struct weft_view weft_value_view(const struct weft_value *v);
/* The open edit; its changes show in weft_edit_view only, until commit. Lent. */
WEFT_API struct weft_edit *weft_value_edit(struct weft_value *v);
/* What weft_edit_now says from now on: not after the stamp of the next commit. Types whose writes expire need it. */
WEFT_API void weft_value_now(struct weft_value *v, struct weft_stamp stamp);
/* Makes the edits' net effect one delta, joins it here, and appends its canonical bytes to `delta` (NULL: not wanted).
 * Each element written or removed takes a dot of its own. No net effect: 0, nothing appended. stamp: from a clock of
 * the caller's, greater than every stamp this value has shown (STAMPED types and maps; others ignore it).
 * Any error (the first of the edits, WEFT_ERR_NOMEM, WEFT_ERR_LIMIT) leaves the value as before the edits. */
WEFT_API int weft_value_commit(struct weft_value *v, struct weft_stamp stamp, struct weft_buf *delta) WEFT_MUST_CHECK;
WEFT_API void weft_value_abort(struct weft_value *v);
/* Joins the bytes of a delta or of a whole encoded value (a group of deltas is what an empty value holds that joined
 * them). WEFT_ERR_MALFORMED (not canonical, or not of this class), WEFT_ERR_VERSION, WEFT_ERR_NOMEM, WEFT_ERR_BUSY (an
 * edit is open), WEFT_ERR_LIMIT (WEFT_ORIGINS_MAX): nothing changed. A delta costs its own size, a whole value the size
 * of both. */
WEFT_API int weft_value_apply(struct weft_value *v, struct weft_slice bytes) WEFT_MUST_CHECK;
/* v = v join w. w may be v. WEFT_ERR_TYPE (another class), WEFT_ERR_BUSY, _NOMEM, _LIMIT as weft_value_apply. */
WEFT_API int weft_value_merge(struct weft_value *v, const struct weft_value *w) WEFT_MUST_CHECK;
/* Canonical: equal states, equal bytes, whatever the history and the origin that holds it. */
WEFT_API int weft_value_encode(const struct weft_value *v, struct weft_buf *out) WEFT_MUST_CHECK;
WEFT_API const struct weft_causal_context *weft_value_context(const struct weft_value *v);
WEFT_API const struct weft_crdt_class *weft_value_class(const struct weft_value *v);
/* Gives memory back: tables become as large as what is in them, and what is kept for the next time goes. The next
 * change takes longer, so it is for values that were filled and are mostly read. O(elements). WEFT_ERR_BUSY: an edit is
 * open. WEFT_ERR_NOMEM (a table moves, and both are there meanwhile): not all was given back, and nothing else changed.
 */
WEFT_API int weft_value_shrink(struct weft_value *v) WEFT_MUST_CHECK;
/* Bytes held from the allocator for elements, dots and tables. */
WEFT_API size_t weft_value_memory(const struct weft_value *v);

#ifdef __cplusplus
}
#endif

#endif
