/* footprint.h: what a type is filled with, and how it is counted. */
#ifndef WEFT_BENCH_FOOTPRINT_H
#define WEFT_BENCH_FOOTPRINT_H

#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "bench/tally.h"

/* One of a type: a member of one object, or an object under a key of its own. Keys, elements and values of registers
 * have 16 bytes. */
enum subject_shape { ELEMENTS, KEYS };

struct subject {
    const struct weft_crdt_class *cls;
    enum subject_shape shape;
    size_t payload; /* bytes that the user gives: key or element, and value */
    const char *said;
    void (*write)(struct weft_edit *e, struct weft_slice element, uint64_t i);
};

extern const struct subject subjects[];
extern const size_t subject_count;
const struct subject *subject_of(const struct weft_crdt_class *cls);

/* A subject that grows and is measured at sizes on the way. */
struct held {
    double asked, usable;    /* bytes for each, as it stands */
    double shrunk, shrunk_u; /* after a shrink */
};
struct garden;
/* In a value used alone (all in one object), or in a replica's space; written by so many origins in turn. */
struct garden *garden_alone(const struct subject *s, size_t origins);
struct garden *garden_in_space(const struct subject *s, size_t origins);
void garden_grow(struct garden *g, size_t count); /* to so many */
struct held garden_measure(struct garden *g);
void garden_free(struct garden *g);

/* Bytes for each operation or element. */
struct sizes {
    double delta;           /* of a value used alone, one operation each */
    double single, batched; /* a transaction's: one operation each, 64 each */
    double segments;        /* of a checkpoint */
    double log_file, file;  /* SQLite's file: of the log's rows (64 operations each), of the checkpoint; 0: no SQLite */
};
struct sizes sizes_of(const struct subject *s, size_t count);

#endif
