/* custom.h: types with a join of their own: sketches, ranges, bitmaps, any lattice whose states are bytes.
 *
 * Rule: a CUSTOM object is a set of fragments, each a state of the class's lattice, and its value is the join of those
 * that stand. A write joins what it adds with fragments that it has seen and puts the result in their place; concurrent
 * writes leave theirs side by side. Mathematics: DOTS (crdt.h), so a replica that does not know the type stores, joins,
 * hashes and passes on its objects with the same code as one that does, to the same bytes; the lattice comes in on
 * reading and writing only. That is sound because a join that loses nothing may be put off.
 *
 * The class gives two pure functions of bytes, the same at every replica and in every version of the program:
 *   check(x)           whether x is the one encoding of a state that is not bottom. Bottom is no bytes at all, and
 *                      neither function is asked about it. Bytes come from anywhere: x may be anything.
 *   merge(x, y, out)   appends the encoding of the join of two states that passed check. Returns 0 or an error, such
 *                      as WEFT_ERR_NOMEM that the appends left in `out`. x and y may be one and the same.
 * merge is commutative, associative, idempotent, and what it makes passes check. Weft cannot see whether it is; the law
 * kit can, and looks for exactly that in CUSTOM classes (law.h). A class without both is refused.
 *
 * Fragments that an older schema wrote are read through the class's upcast. Those that a newer one wrote, and those
 * that fail check, may be another version's: they are kept and passed on, left out on reading, which says how many they
 * were, and neither absorbed nor taken away by a write.
 *
 * Deletion: the class's reset; without one an observed reset, as for sets: it takes away the fragments that it has
 * seen. A concurrent write that had absorbed one of them brings back what that held. Where that matters give a reset
 * that joins something, as hll does with a generation. A replica that does not know the type cannot tell which, and
 * refuses: WEFT_ERR_TYPE, also for a child of a map.
 *
 * Cost: fragments are kept by size, one level for each doubling above 64 bytes. A write absorbs what stands at its
 * level, and goes up as that grows (a logarithmic method: Bentley, Saxe 1980), so that of a state of S bytes each byte
 * is written again at most log2(S / 64) + 1 times, and not the whole state for each small write. Between writes at most
 * one fragment a level stands, and with concurrent writers one a level of each. Reading is one merge for each of them.
 * Limits: a fragment has WEFT_VALUE_MAX bytes; what would become longer stays in parts. */
#ifndef WEFT_CUSTOM_H
#define WEFT_CUSTOM_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Joins a state into the value. What changes nothing writes nothing (which costs reading the value), and what the whole
 * value is below takes its place. Sticky errors: WEFT_ERR_TYPE (not a CUSTOM class), WEFT_ERR_INVALID (the delta does
 * not pass check), WEFT_ERR_LIMIT (delta or transaction too large), WEFT_ERR_NOMEM, what merge returns. */
WEFT_API void weft_custom_join(struct weft_edit *e, struct weft_slice delta);

/* Appends the value; nothing for bottom. `skipped` (may be NULL): how many fragments were left out. An error leaves
 * `out` as it was: WEFT_ERR_TYPE (another type), WEFT_ERR_INVALID (not a CUSTOM class), WEFT_ERR_NOMEM, what merge
 * returns. */
WEFT_API int weft_custom_read(struct weft_view v, const struct weft_crdt_class *cls, struct weft_buf *out,
                              size_t *skipped) WEFT_MUST_CHECK;

/* Shows the fragments one after the other, for types that need no join to see something: their order is that of level
 * and dot, and says nothing. Stops at the first result of `each` that is not 0 and returns it; errors as above. */
WEFT_API int weft_custom_each(struct weft_view v, const struct weft_crdt_class *cls,
                              int (*each)(void *ctx, struct weft_slice fragment), void *ctx,
                              size_t *skipped) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
