/* law_wire.c: deltas and encodings as bytes: any order, grouping and repetition; and read back. */
#include "sim/law_case.h"

static int apply_each(struct weft__law_case *c, void *into, uint32_t start, uint32_t step, uint32_t times) {
    for (uint32_t i = start; i < c->commit_count; i += step) {
        if (!c->commits[i].effect) continue;
        for (uint32_t t = 0; t < times; t++) {
            int rc = weft__law_apply(c, into, weft_buf_slice(&c->commits[i].delta));
            if (rc != 0) return rc;
        }
    }
    return 0;
}

static int apply_backwards(struct weft__law_case *c, void *into) {
    for (uint32_t i = c->commit_count; i-- > 0;) {
        if (!c->commits[i].effect) continue;
        int rc = weft__law_apply(c, into, weft_buf_slice(&c->commits[i].delta));
        if (rc != 0) return rc;
    }
    return 0;
}

/* Every other delta as a group, joined after the rest, and then once more. */
static int apply_grouped(struct weft__law_case *c, void *into) {
    void *group = NULL;
    struct weft_buf *bytes = &c->scratch[1];
    int rc = weft__law_create(c, &group);
    if (rc == 0) rc = apply_each(c, group, 0, 2, 1);
    if (rc == 0) rc = weft__law_encode(c, group, bytes);
    if (rc == 0) rc = apply_each(c, into, 1, 2, 1);
    if (rc == 0) rc = weft__law_apply(c, into, weft_buf_slice(bytes));
    if (rc == 0) rc = weft__law_apply(c, into, weft_buf_slice(bytes));
    weft__law_destroy(c, group);
    return rc;
}

static int expect_groups(struct weft__law_case *c) {
    void *reversed = NULL, *grouped = NULL;
    struct weft_buf *all = &c->all.bytes;
    int rc = weft__law_create(c, &reversed);
    if (rc == 0) rc = apply_backwards(c, reversed);
    if (rc == 0) rc = weft__law_expect(c, "groups", reversed, all, "all deltas, backwards");
    if (rc == 0) rc = weft__law_create(c, &grouped);
    if (rc == 0) rc = apply_grouped(c, grouped);
    if (rc == 0)
        rc = weft__law_expect(c, "groups", grouped, all, "all deltas, some as a group that comes late and twice");
    for (uint32_t i = 0; rc == 0 && i < c->o->replicas; i++) rc = weft__law_merge(c, grouped, c->replicas[i].state);
    if (rc == 0) rc = weft__law_expect(c, "groups", grouped, all, "all deltas + the states of the replicas");
    weft__law_destroy(c, reversed);
    weft__law_destroy(c, grouped);
    return rc;
}

static int join_all(struct weft__law_case *c) {
    int rc = weft__law_create(c, &c->all.state);
    if (rc == 0) rc = apply_each(c, c->all.state, 0, 1, 2);
    if (rc != 0) return rc;
    c->all.place = c->replicas[0].place;
    c->all.encoded = false;
    c->all.seen = 0;
    for (uint32_t i = 0; i < c->commit_count; i++) c->all.seen |= UINT64_C(1) << i;
    return weft__law_look(c, &c->all, true);
}

int weft__law_groups(struct weft__law_case *c) {
    if (!c->subject->deltas) return 0;
    int rc = join_all(c);
    if (rc == 0) rc = expect_groups(c);
    weft__law_destroy(c, c->all.state);
    c->all.state = NULL;
    return rc;
}

int weft__law_codec(struct weft__law_case *c, const struct weft__law_replica *r) {
    if (c->subject->apply == NULL || r->seen == 0) return 0;
    void *read = NULL;
    int rc = weft__law_create(c, &read);
    if (rc == 0) {
        int err = c->subject->apply(c->ctx, read, weft_buf_slice(&r->bytes));
        if (err != 0) rc = weft__law_break(c, "codec", "an encoding is refused with %d", err);
    }
    if (rc == 0) rc = weft__law_expect(c, "codec", read, &r->bytes, "what was read from an encoding");
    weft__law_destroy(c, read);
    return rc;
}
