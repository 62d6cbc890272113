/* law_custom.c: the join that a CUSTOM class brings along, by itself: what the other laws see of it is only what
 * histories happen to join, and never the same two states in both orders.
 *
 * The states are the values of the replicas and the fragments that stand there, so each is one that the type made. They
 * are laid out in memory in both orders, for a merge that takes the one that lies first. */
#include <stdio.h>
#include <string.h>

#include <weft/custom.h>
#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/class.h"
#include "sim/law_case.h"

enum { STATES = 4 };

struct joins {
    struct weft__law_case *c;
    struct weft_crdt_class cls;
    struct weft_buf bytes; /* of the states, one after the other */
    size_t ends[STATES];
    size_t count;
    struct weft_buf ab, ba, left, right; /* results */
};

static struct weft_slice state_at(const struct joins *j, size_t i) {
    size_t start = i == 0 ? 0 : j->ends[i - 1];
    return weft_slice(j->bytes.ptr + start, j->ends[i] - start);
}

/* --- Which states ------------------------------------------------------------------------------------------------- */

static int keep(struct joins *j, struct weft_slice state) {
    for (size_t i = 0; i < j->count; i++)
        if (weft_slice_eq(state_at(j, i), state)) return 0;
    if (j->count == STATES || state.len == 0) return 0;
    int rc = weft_buf_append_slice(&j->bytes, state);
    j->ends[j->count++] = j->bytes.len;
    return rc;
}

static int keep_fragment(void *ctx, struct weft_slice fragment) {
    return keep(ctx, fragment);
}

static int collect(struct joins *j) {
    struct weft__law_case *c = j->c;
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < c->o->replicas; i++) {
        struct weft_view v = weft_value_view(c->replicas[i].state);
        weft_buf_reset(&j->left);
        rc = weft__law_must(c, weft_custom_read(v, c->o->type, &j->left, NULL), "reading a value");
        if (rc == 0) rc = keep(j, weft_buf_slice(&j->left));
    }
    for (uint32_t i = 0; rc == 0 && i < c->o->replicas; i++)
        rc = weft_custom_each(weft_value_view(c->replicas[i].state), c->o->type, keep_fragment, j, NULL);
    return rc;
}

/* --- Laws --------------------------------------------------------------------------------------------------------- */

static int merge(struct joins *j, struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    weft_buf_reset(out);
    int rc = j->cls.merge(a, b, out);
    return weft__law_must(j->c, rc != 0 ? rc : out->err, "the class's merge");
}

static void append_hex(char *text, size_t room, struct weft_slice bytes) {
    size_t shown = bytes.len < room / 2 ? bytes.len : room / 2 - 1;
    text[0] = '\0';
    for (size_t i = 0; i < shown; i++) snprintf(text + 2 * i, 3, "%02x", bytes.ptr[i]);
}

static int expect(struct joins *j, const char *law, const struct weft_buf *is, struct weft_slice wanted,
                  const char *what) {
    char a[128], b[128];
    if (weft_slice_eq(weft_buf_slice(is), wanted)) return 0;
    append_hex(a, sizeof a, weft_buf_slice(is));
    append_hex(b, sizeof b, wanted);
    return weft__law_break(j->c, law, "of the class's merge: %s\n  is        %s\n  should be %s", what, a, b);
}

static int expect_canonical(struct joins *j, struct weft_slice state, const char *what) {
    char text[128];
    if (state.len > 0 && j->cls.check(state)) return 0;
    append_hex(text, sizeof text, state);
    return weft__law_break(j->c, "canonical", "%s does not pass the class's check\n  is        %s", what, text);
}

static int one(struct joins *j, struct weft_slice x) {
    int rc = expect_canonical(j, x, "a state");
    if (rc == 0) rc = merge(j, x, x, &j->ab);
    return rc != 0 ? rc : expect(j, "idempotent", &j->ab, x, "x + x");
}

/* b lies behind a, and in `swapped` before it. */
static int pair(struct joins *j, struct weft_slice a, struct weft_slice b, struct weft_buf *swapped) {
    weft_buf_reset(swapped);
    (void)weft_buf_append_slice(swapped, b);
    int rc = weft_buf_append_slice(swapped, a);
    if (rc != 0) return rc;
    struct weft_slice first = weft_slice(swapped->ptr, b.len), second = weft_slice(swapped->ptr + b.len, a.len);
    rc = merge(j, a, b, &j->ab);
    if (rc == 0) rc = expect_canonical(j, weft_buf_slice(&j->ab), "x + y");
    if (rc == 0) rc = merge(j, b, a, &j->ba);
    if (rc == 0) rc = expect(j, "commutative", &j->ba, weft_buf_slice(&j->ab), "y + x against x + y");
    if (rc == 0) rc = merge(j, second, first, &j->ba);
    if (rc == 0) rc = expect(j, "commutative", &j->ba, weft_buf_slice(&j->ab), "x + y at other addresses");
    if (rc == 0) rc = merge(j, weft_buf_slice(&j->ab), a, &j->ba);
    if (rc == 0) rc = expect(j, "monotone", &j->ba, weft_buf_slice(&j->ab), "(x + y) + x");
    if (rc == 0) rc = merge(j, weft_buf_slice(&j->ab), b, &j->ba);
    return rc != 0 ? rc : expect(j, "monotone", &j->ba, weft_buf_slice(&j->ab), "(x + y) + y");
}

static int triple(struct joins *j, struct weft_slice x, struct weft_slice y, struct weft_slice z) {
    int rc = merge(j, x, y, &j->ab);
    if (rc == 0) rc = merge(j, weft_buf_slice(&j->ab), z, &j->left);
    if (rc == 0) rc = merge(j, y, z, &j->ba);
    if (rc == 0) rc = merge(j, x, weft_buf_slice(&j->ba), &j->right);
    return rc != 0 ? rc
                   : expect(j, "associative", &j->right, weft_buf_slice(&j->left), "x + (y + z) against (x + y) + z");
}

static int all_of(struct joins *j) {
    int rc = 0;
    for (size_t a = 0; rc == 0 && a < j->count; a++) {
        rc = one(j, state_at(j, a));
        for (size_t b = a + 1; rc == 0 && b < j->count; b++) {
            rc = pair(j, state_at(j, a), state_at(j, b), &j->left);
            for (size_t d = b + 1; rc == 0 && d < j->count; d++)
                rc = triple(j, state_at(j, a), state_at(j, b), state_at(j, d));
        }
    }
    return rc;
}

/* --- Bytes that nobody wrote: what passes the check has no other spelling ----------------------------------------- */

static int try_bytes(struct joins *j, struct weft_slice bytes) {
    if (bytes.len == 0) return 0;
    uint8_t *exact = weft__malloc(NULL, bytes.len); /* of its own, so that a read beyond the end is seen */
    if (exact == NULL) return WEFT_ERR_NOMEM;
    memcpy(exact, bytes.ptr, bytes.len);
    struct weft_slice state = weft_slice(exact, bytes.len);
    int rc = 0;
    if (j->c->report != NULL) j->c->report->hostile_inputs++;
    if (j->cls.check(state)) {
        rc = merge(j, state, state, &j->ab);
        if (rc == 0) rc = expect(j, "hostile", &j->ab, state, "x + x, of changed bytes that check accepts");
    }
    weft__free(NULL, exact, bytes.len);
    return rc;
}

static int try_changes(struct joins *j, struct weft_slice state) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < state.len; i++) {
        rc = try_bytes(j, weft_slice(state.ptr, i));
        for (unsigned change = 1; rc == 0 && change < 256; change++) {
            weft_buf_reset(&j->left);
            rc = weft_buf_append_slice(&j->left, state);
            if (rc != 0) break;
            j->left.ptr[i] ^= (uint8_t)change;
            rc = try_bytes(j, weft_buf_slice(&j->left));
        }
    }
    return rc;
}

int weft__law_custom(struct weft__law_case *c) {
    if (c->o->type == NULL || WEFT_TYPE_KERNEL(c->o->type->type) != WEFT_KERNEL_CUSTOM) return 0;
    struct joins j = {.c = c};
    struct weft_buf *const bufs[] = {&j.bytes, &j.ab, &j.ba, &j.left, &j.right};
    weft__class_read(&j.cls, c->o->type);
    for (size_t i = 0; i < 5; i++) weft_buf_init(bufs[i], NULL);
    int rc = collect(&j);
    if (rc == 0) rc = all_of(&j);
    for (size_t i = 0; rc == 0 && c->hostile && i < j.count; i++) rc = try_changes(&j, state_at(&j, i));
    for (size_t i = 0; i < 5; i++) weft_buf_fini(bufs[i]);
    return rc;
}
