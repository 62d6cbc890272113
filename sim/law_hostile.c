/* law_hostile.c: bytes that no encoder wrote: every truncation, and every value in the place of every single byte.
 *
 * They are refused and change nothing; or, because a changed byte can make another well-formed encoding, they are read
 * as exactly what they say: a state read from them encodes to the same bytes. What is accepted must still obey the
 * laws: joined twice it is joined once. */
#include <stdio.h>

#include "sim/law_case.h"

struct hostile {
    struct weft__law_case *c;
    bool whole;                               /* a whole encoding, not a delta */
    void *empty;                              /* reads the bytes; made anew when it has changed */
    void *filled;                             /* joins them */
    const struct weft__law_replica *original; /* of `filled` */
};

static int renew(struct weft__law_case *c, const struct weft__law_replica *original, void **state) {
    weft__law_destroy(c, *state);
    *state = NULL;
    return original == NULL ? weft__law_create(c, state) : weft__law_copy(c, original->state, &original->place, state);
}

static int expect_exact(struct hostile *h, struct weft_slice bytes, const char *what) {
    struct weft__law_case *c = h->c;
    struct weft_buf *got = &c->scratch[4];
    int rc = weft__law_encode(c, h->empty, got);
    if (rc != 0 || weft_slice_eq(weft_buf_slice(got), bytes)) return rc;
    struct weft_buf wanted = {.len = bytes.len, .ptr = c->scratch[1].ptr};
    return weft__law_expect(c, "hostile", h->empty, &wanted, what);
}

/* The value of what was read may be an error; reading it must not go beyond what is there. */
static void read_value(struct weft__law_case *c, const void *state) {
    struct weft_buf *value = &c->scratch[3];
    weft_buf_reset(value);
    if (c->subject->value != NULL) (void)c->subject->value(c->ctx, state, value);
}

static int expect_lawful(struct weft__law_case *c, void *state, struct weft_slice bytes, const char *what) {
    struct weft_buf *once = &c->scratch[2];
    int rc = weft__law_encode(c, state, once);
    if (rc != 0) return rc;
    read_value(c, state);
    int err = c->subject->apply(c->ctx, state, bytes);
    if (err != 0) return weft__law_break(c, "hostile", "%s: accepted once, then refused with %d", what, err);
    return weft__law_expect(c, "hostile", state, once, what);
}

/* Joins the first bytes of c->scratch[1] to an empty state and, where `both`, to another. */
static int try_one(struct hostile *h, size_t len, bool both, const char *what) {
    struct weft__law_case *c = h->c;
    struct weft_slice bytes = weft_slice(c->scratch[1].ptr, len);
    if (c->report != NULL) c->report->hostile_inputs++;
    int rc;
    if (c->subject->apply(c->ctx, h->empty, bytes) != 0) {
        rc = weft__law_expect(c, "hostile", h->empty, &c->initial_bytes, what);
    } else {
        rc = h->whole ? expect_exact(h, bytes, what) : 0;
        if (rc == 0) rc = expect_lawful(c, h->empty, bytes, what);
        if (rc == 0) rc = renew(c, NULL, &h->empty);
    }
    if (rc != 0 || !both) return rc;
    if (c->subject->apply(c->ctx, h->filled, bytes) != 0) {
        return weft__law_expect(c, "hostile", h->filled, &h->original->bytes, what);
    }
    rc = expect_lawful(c, h->filled, bytes, what);
    return rc != 0 ? rc : renew(c, h->original, &h->filled);
}

static int try_truncations(struct hostile *h, size_t len) {
    char what[96];
    for (size_t i = 0; i < len; i++) {
        snprintf(what, sizeof what, "after the first %zu of %zu bytes", i, len);
        int rc = try_one(h, i, true, what);
        if (rc != 0) return rc;
    }
    return 0;
}

static int try_changes(struct hostile *h, size_t len) {
    uint8_t *bytes = h->c->scratch[1].ptr;
    char what[96];
    for (size_t i = 0; i < len; i++) {
        uint8_t original = bytes[i];
        for (unsigned change = 1; change < 256; change++) {
            bytes[i] = (uint8_t)(original ^ change);
            snprintf(what, sizeof what, "after byte %zu of %zu became %02x", i, len, (unsigned)bytes[i]);
            int rc = try_one(h, len, (change & (change - 1)) == 0, what);
            if (rc != 0) return rc;
        }
        bytes[i] = original;
    }
    return 0;
}

static int try_all(struct weft__law_case *c, struct weft_slice bytes, bool whole,
                   const struct weft__law_replica *target) {
    struct hostile h = {.c = c, .whole = whole, .original = target};
    struct weft_buf *mutable = &c->scratch[1];
    weft_buf_reset(mutable);
    int rc = weft_buf_append_slice(mutable, bytes);
    if (rc == 0) rc = renew(c, NULL, &h.empty);
    if (rc == 0) rc = renew(c, target, &h.filled);
    if (rc == 0) rc = try_truncations(&h, bytes.len);
    if (rc == 0) rc = try_changes(&h, bytes.len);
    weft__law_destroy(c, h.empty);
    weft__law_destroy(c, h.filled);
    return rc;
}

int weft__law_hostile(struct weft__law_case *c) {
    const struct weft__law_replica *first = &c->replicas[0], *second = &c->replicas[1];
    int rc = first->seen == 0 ? 0 : try_all(c, weft_buf_slice(&first->bytes), true, second);
    for (uint32_t i = c->commit_count; rc == 0 && i-- > 0;) {
        if (c->commits[i].delta.len == 0) continue;
        return try_all(c, weft_buf_slice(&c->commits[i].delta), false, second);
    }
    return rc;
}
