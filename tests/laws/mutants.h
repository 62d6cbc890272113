/* mutants.h: types written on plain structs, right ones and broken ones. */
#ifndef WEFT_TESTS_LAWS_MUTANTS_H
#define WEFT_TESTS_LAWS_MUTANTS_H

#include <weft/law.h>

/* One broken line, and the law that must notice. */
struct mutant {
    const char *name; /* NULL ends a list */
    int bug;          /* 0: none */
    const char *law;  /* "": the right type */
    const char *from; /* where it was met; NULL: a usual slip */
};

struct mutated_type {
    const char *name;
    const struct weft_law_subject *subject; /* ctx: struct mutant; NULL: a class (mutated_custom_options) */
    int (*spec)(void *ctx, const struct weft_law_history *h, struct weft_buf *out);
    const struct mutant *mutants;
};

/* A subject with deltas and without a context, of functions that have these names in their file. */
#define MUTANT_SUBJECT(text, destroyed, copied)                                                                        \
    {                                                                                                                  \
        .size = sizeof(struct weft_law_subject), .name = (text), .deltas = true, .create = create,                     \
        .destroy = (destroyed), .copy = (copied), .mutate = mutate, .apply = apply, .merge = merge, .encode = encode,  \
        .value = value,                                                                                                \
    }

extern const struct mutated_type mutated_set;
extern const struct mutated_type mutated_counter;
extern const struct mutated_type mutated_register;
extern const struct mutated_type mutated_lwwset;
extern const struct mutated_type mutated_rworset;
extern const struct mutated_type mutated_mvreg;
extern const struct mutated_type mutated_maxreg;
extern const struct mutated_type mutated_topk;
extern const struct mutated_type mutated_map;
extern const struct mutated_type mutated_custom;
/* Its class, which is broken or is written to in a broken way. */
void mutated_custom_options(struct weft_law_options *o, const struct mutant *m);

/* One of the broken sets (broken_set.c). */
void broken_set_options(struct weft_law_options *o);

#endif
