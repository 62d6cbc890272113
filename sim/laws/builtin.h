/* builtin.h: Weft's own types under the law kit: for each what draws an operation, and what its value must be. A new
 * type is a line here and a file beside this one (and in sim/meson.build). */
#ifndef WEFT_SIM_LAWS_BUILTIN_H
#define WEFT_SIM_LAWS_BUILTIN_H

#include <weft/law.h>

#define WEFT__LAW_TYPES(X)                                                                                             \
    X(gcounter)                                                                                                        \
    X(pncounter)                                                                                                       \
    X(lwwreg)                                                                                                          \
    X(mvreg)                                                                                                           \
    X(maxreg)                                                                                                          \
    X(minreg)                                                                                                          \
    X(gset)                                                                                                            \
    X(aworset)                                                                                                         \
    X(rworset)                                                                                                         \
    X(lwwset)                                                                                                          \
    X(ewflag)                                                                                                          \
    X(dwflag)                                                                                                          \
    X(topk)                                                                                                            \
    X(lease)                                                                                                           \
    X(windowcounter)                                                                                                   \
    X(bcounter)                                                                                                        \
    X(ormap)                                                                                                           \
    X(hll)

/* Options of the same names. */
struct weft__law_type {
    const struct weft_crdt_class *type;
    const void *ctx;
    void (*mutate)(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op);
    int (*value)(void *ctx, struct weft_view v, struct weft_buf *out);
    int (*spec)(void *ctx, const struct weft_law_history *h, struct weft_buf *out);
    const char *const *kinds;
    uint32_t short_steps; /* 0: the default */
};

/* What some of these types need to know of where they run: the law kit, or a simulation. It is then their ctx. */
struct weft__law_world {
    uint64_t start, unit; /* the word that time begins with, and how many of them are a step */
    /* An origin as a small number that stays, and that number in the order of origins (weft_law_op.origin). */
    uint32_t (*number)(const struct weft__law_world *w, const struct weft_origin *origin);
    uint32_t (*rank)(const struct weft__law_world *w, uint32_t number);
    /* Another than one's own, of two. */
    struct weft_origin (*other)(const struct weft__law_world *w, const struct weft_origin *own, uint64_t which);
};
/* The law kit: words from 0 on in steps of 1, and origins that have their number in them. */
extern const struct weft__law_world weft__law_kit;

/* NULL: no such index. */
const struct weft__law_type *weft__law_type(size_t index);

#define WEFT__LAW_DECLARE(name) extern const struct weft__law_type weft__law_##name;
WEFT__LAW_TYPES(WEFT__LAW_DECLARE)
#undef WEFT__LAW_DECLARE

/* For specifications: whether any operation of the history had seen this one; whether a reset had. */
bool weft__law_was_seen(const struct weft_law_history *h, size_t op);
bool weft__law_was_reset(const struct weft_law_history *h, size_t op);

#endif
