/* ops.h: the main operations of every type, each beside the bare structure that it sits on. A new type is one line of
 * the table in ops.c: what is measured over all types goes over this table. */
#ifndef WEFT_BENCH_OPS_H
#define WEFT_BENCH_OPS_H

#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>

#include "base/omap.h"
#include "bench/bare_set.h"

/* Every bare structure at once; an operation uses one. */
struct bare {
    struct bare_set set;
    uint64_t totals[16];
    struct {
        struct weft_stamp stamp;
        uint64_t value;
    } reg;
    struct weft__omap map;
};

void bare_init(struct bare *b);
void bare_fini(struct bare *b);

/* The i-th operation, for i from 0 on. */
struct bench_op {
    const char *name;
    const struct weft_crdt_class *type;
    void (*edit)(struct weft_edit *e, uint64_t i);
    void (*bare)(struct bare *b, uint64_t i);
    /* Asks for what the i-th edit left, and the same of the bare structure; 0: not found. */
    uint64_t (*read)(struct weft_view v, uint64_t i);
    uint64_t (*bare_read)(const struct bare *b, uint64_t i);
};

extern const struct bench_op bench_ops[];
extern const size_t bench_op_count;

/* A value of the operation's type. alloc may be NULL. */
struct weft_value *bench_op_value(const struct bench_op *op, const struct weft_alloc *alloc);
/* Operations from..to, so many in a commit. delta: NULL, or gets every delta. */
void bench_op_run(const struct bench_op *op, struct weft_value *v, uint64_t from, uint64_t to, uint64_t per_commit,
                  struct weft_buf *delta);

#endif
