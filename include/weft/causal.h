/* causal.h: who issued what, and who has seen it.
 *
 * An origin is (replica id, epoch): the epoch is drawn anew at every open of a store, so that no crash, restored
 * backup or copied file issues a dot twice (hazards 4.2; riak_kv#679). A dot is (origin, sequence number); numbers of
 * one origin start at 1 and have no gaps. A version vector says, per origin, up to which number everything is known;
 * a causal context is a vector plus a cloud of single dots above it (Almeida, Shoker, Baquero: Delta State Replicated
 * Data Types, 2016/18).
 *
 * In memory an origin is an index into an interning table, because a comparison of dense vectors costs a tenth of one
 * of sorted ids (a table per object tree; indices are local and never leave the process: hazard "positional replica
 * ids"). Whatever leaves a process names full origins, in the order of weft_origin_cmp. */
#ifndef WEFT_CAUSAL_H
#define WEFT_CAUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/bytes.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weft_id {
    uint8_t bytes[16];
};

struct weft_origin {
    struct weft_id replica;
    uint64_t epoch;
};

/* Bytes of the replica id, then the epoch as a number. */
WEFT_API int weft_origin_cmp(const struct weft_origin *a, const struct weft_origin *b);
WEFT_API int weft_id_cmp(const struct weft_id *a, const struct weft_id *b);

/* "0123456789abcdef0123456789abcdef" */
#define WEFT_ID_TEXT 33
WEFT_API void weft_id_format(const struct weft_id *id, char out[WEFT_ID_TEXT]);
/* WEFT_ERR_MALFORMED unless it is 32 hexadecimal digits. */
WEFT_API int weft_id_parse(struct weft_slice text, struct weft_id *out) WEFT_MUST_CHECK;

struct weft_dot {
    uint32_t origin; /* index in a weft_origins */
    uint64_t seq;    /* 1, 2, 3, ... */
};

/* --- Interning table ---------------------------------------------------------------------------------------- */

struct weft_origins;

WEFT_API int weft_origins_new(struct weft_origins **out, const struct weft_alloc *alloc) WEFT_MUST_CHECK;
WEFT_API void weft_origins_free(struct weft_origins *o);
/* The index of an origin, which it gets at first sight and keeps. O(1) expected.
 * WEFT_ERR_NOMEM; WEFT_ERR_LIMIT above WEFT_ORIGINS_MAX. */
WEFT_API int weft_origins_intern(struct weft_origins *o, const struct weft_origin *origin,
                                 uint32_t *index) WEFT_MUST_CHECK;
/* Like intern, without adding: false when unknown. */
WEFT_API bool weft_origins_find(const struct weft_origins *o, const struct weft_origin *origin, uint32_t *index);
/* Borrowed until the next intern. index < count. */
WEFT_API const struct weft_origin *weft_origins_at(const struct weft_origins *o, uint32_t index);
WEFT_API uint32_t weft_origins_count(const struct weft_origins *o);
/* Orders two indices as weft_origin_cmp orders their origins. */
WEFT_API int weft_origins_cmp(const struct weft_origins *o, uint32_t a, uint32_t b);

/* --- Version vector ------------------------------------------------------------------------------------------ */

/* seq[i] is the greatest number of origin i below which nothing is missing; indices at len or above count as 0. */
struct weft_version_vector {
    uint64_t *seq;
    uint32_t len;
    uint32_t cap;
    const struct weft_alloc *alloc;
};

enum weft_order { WEFT_EQUAL = 0, WEFT_BEFORE = -1, WEFT_AFTER = 1, WEFT_CONCURRENT = 2 };

WEFT_API void weft_version_vector_init(struct weft_version_vector *v, const struct weft_alloc *alloc);
WEFT_API void weft_version_vector_fini(struct weft_version_vector *v);
WEFT_API uint64_t weft_version_vector_get(const struct weft_version_vector *v, uint32_t origin);
/* Room for origins below `len`, so that a raise below it cannot fail. */
WEFT_API int weft_version_vector_reserve(struct weft_version_vector *v, uint32_t len) WEFT_MUST_CHECK;
/* v[origin] = max(v[origin], seq). WEFT_ERR_NOMEM only where reserve was not called. */
WEFT_API int weft_version_vector_raise(struct weft_version_vector *v, uint32_t origin, uint64_t seq) WEFT_MUST_CHECK;
WEFT_API bool weft_version_vector_contains(const struct weft_version_vector *v, struct weft_dot dot);
/* v = v join w. WEFT_ERR_NOMEM leaves v as it was. */
WEFT_API int weft_version_vector_merge(struct weft_version_vector *v,
                                       const struct weft_version_vector *w) WEFT_MUST_CHECK;
WEFT_API int weft_version_vector_copy(struct weft_version_vector *v,
                                      const struct weft_version_vector *from) WEFT_MUST_CHECK;
WEFT_API bool weft_version_vector_leq(const struct weft_version_vector *a, const struct weft_version_vector *b);
WEFT_API enum weft_order weft_version_vector_compare(const struct weft_version_vector *a,
                                                     const struct weft_version_vector *b);

/* --- Causal context ------------------------------------------------------------------------------------------- */

/* The vector, and dots above it that came early; a dot that becomes adjacent moves into the vector at once, so equal
 * sets of dots are equal structures. */
struct weft_causal_context {
    struct weft_version_vector base;
    struct weft_dot *cloud; /* sorted by (origin index, seq); none is in base */
    size_t cloud_len;
    size_t cloud_cap;
};

WEFT_API void weft_causal_context_init(struct weft_causal_context *c, const struct weft_alloc *alloc);
WEFT_API void weft_causal_context_fini(struct weft_causal_context *c);
WEFT_API bool weft_causal_context_contains(const struct weft_causal_context *c, struct weft_dot dot);
/* Room for `dots` adds of origins below `origins`, which then cannot fail. */
WEFT_API int weft_causal_context_reserve(struct weft_causal_context *c, uint32_t origins, size_t dots) WEFT_MUST_CHECK;
/* O(1) for the next dot of an origin, O(log cloud + moved) otherwise. */
WEFT_API int weft_causal_context_add(struct weft_causal_context *c, struct weft_dot dot) WEFT_MUST_CHECK;
/* WEFT_ERR_NOMEM leaves c as it was. */
WEFT_API int weft_causal_context_merge(struct weft_causal_context *c,
                                       const struct weft_causal_context *d) WEFT_MUST_CHECK;
WEFT_API bool weft_causal_context_leq(const struct weft_causal_context *a, const struct weft_causal_context *b);
WEFT_API bool weft_causal_context_eq(const struct weft_causal_context *a, const struct weft_causal_context *b);

#ifdef __cplusplus
}
#endif

#endif
