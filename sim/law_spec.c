/* law_spec.c: what the specification says, and whether it may.
 *
 * A specification is a function of the operations that a replica has seen and of what each of these had seen. Nothing
 * else exists at every replica: not the order in which this one heard of them, not how many others there are, not the
 * number that an operation has here, not what was asked before. A specification that reads any of that agrees with a
 * type that is wrong in the same way, which is the mistake that it is there to find. So, in the histories of the trial
 * that comes before all others, it is asked again about the same operations: in another place, with something else
 * behind them, and in another order that agrees with what saw what, with other numbers. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/law_case.h"

static int ask(struct weft__law_case *c, struct weft_law_history h, struct weft_buf *wanted) {
    weft_buf_reset(wanted);
    c->strayed = false;
    h.strayed = &c->strayed;
    int rc = c->o->spec(c->o->ctx, &h, wanted);
    if ((rc = weft__law_must(c, rc != 0 ? rc : wanted->err, "the specification")) != 0 || !c->strayed) return rc;
    return weft__law_break(c, "specification", "it asked weft_law_saw about an operation that is not in the history");
}

static int expect_same(struct weft__law_case *c, struct weft_law_history h, const struct weft_buf *wanted,
                       const char *reason) {
    struct weft_buf *again = &c->scratch[4];
    int rc = ask(c, h, again);
    if (rc != 0 || weft__law_same(wanted, again)) return rc;
    return weft__law_break(c, "specification", "%s\n  it said   %.*s\n  and then  %.*s", reason, (int)wanted->len,
                           (const char *)wanted->ptr, (int)again->len, (const char *)again->ptr);
}

/* What a specification might take for an operation of the history. */
static struct weft_law_op stranger(const struct weft__law_case *c) {
    return (struct weft_law_op){
        .kind = WEFT_LAW_KINDS - 1,
        .amount = INT64_MAX,
        .text = "not in the history",
        .commit = c->commit_count < WEFT_LAW_COMMITS ? c->commit_count : WEFT_LAW_COMMITS - 1,
        .origin = WEFT__LAW_ORIGINS,
        .stamp = {.word = UINT64_MAX, .epoch = UINT8_MAX},
        .past = UINT64_MAX,
    };
}

/* Of the commits in the history that are not placed, the latest one all of whose past in it is. */
static uint32_t latest_due(const struct weft__law_case *c, uint64_t in, uint64_t placed) {
    for (uint32_t i = c->commit_count; i-- > 0;) {
        bool waits = (in & ~placed & UINT64_C(1) << i) != 0;
        if (waits && (c->commits[i].past & in & ~placed) == 0) return i;
    }
    return WEFT_LAW_COMMITS;
}

static uint64_t renumbered(uint64_t past, const uint32_t *number) {
    uint64_t out = 0;
    for (uint32_t i = 0; i < WEFT_LAW_COMMITS; i++)
        if ((past >> i & 1) != 0) out |= UINT64_C(1) << number[i];
    return out;
}

/* New numbers: in the order in which commits are placed here, and behind these those that are not in the history. */
static size_t place_all(const struct weft__law_case *c, uint64_t in, struct weft_law_op *out, uint32_t *number) {
    uint64_t placed = 0;
    uint32_t next = 0;
    size_t count = 0;
    for (uint32_t i; (i = latest_due(c, in, placed)) < WEFT_LAW_COMMITS; placed |= UINT64_C(1) << i) {
        const struct weft__law_commit *k = &c->commits[i];
        memcpy(&out[count], &c->ops[k->first_op], k->ops * sizeof *out);
        count += k->ops;
        number[i] = next++;
    }
    for (uint32_t i = 0; i < WEFT_LAW_COMMITS; i++)
        if ((placed >> i & 1) == 0) number[i] = next++;
    return count;
}

static void reorder(const struct weft__law_case *c, uint64_t in, struct weft_law_op *out) {
    uint32_t number[WEFT_LAW_COMMITS];
    size_t count = place_all(c, in, out, number);
    for (size_t i = 0; i < count; i++) {
        out[i].past = renumbered(out[i].past, number);
        out[i].commit = number[out[i].commit];
    }
}

static int expect_pure(struct weft__law_case *c, uint64_t seen, const struct weft_law_history *h,
                       const struct weft_buf *wanted) {
    size_t size = (h->count + 1) * sizeof(struct weft_law_op);
    struct weft_law_op *ops = weft__malloc(NULL, size);
    if (ops == NULL) return WEFT_ERR_NOMEM;
    struct weft_law_history other = {.ops = ops, .count = h->count};
    if (h->count > 0) memcpy(ops, h->ops, h->count * sizeof *ops);
    ops[h->count] = stranger(c);
    int rc = expect_same(c, other, wanted, "it reads beyond the history, or remembers what it was asked before");
    if (rc == 0) {
        reorder(c, seen, ops);
        rc = expect_same(c, other, wanted, "it reads the order in which operations were heard of, or their numbers");
    }
    weft__free(NULL, ops, size);
    return rc;
}

int weft__law_spec(struct weft__law_case *c, uint64_t seen, const struct weft_law_history *h, struct weft_buf *wanted) {
    int rc = ask(c, *h, wanted);
    return rc == 0 && c->doubt ? expect_pure(c, seen, h, wanted) : rc;
}
