/* custom.c: a lattice of the type's own on the DOTS kernel.
 *
 * What a replica keeps must not depend on whether it knows the type: replicas of equal vectors have equal states. So
 * there is no merged state anywhere. A dot's bytes are a fragment, the kernel joins sets of fragments, and the value is
 * their join in the lattice. A write that observes fragments x, y and puts x + y + delta in their place loses nothing:
 * whoever takes them away does so together with the dot that holds them. That is also what bounds the set where nobody
 * knows the type: the writers do, and absorb.
 *
 * The element is one byte, the level. Fragments go by their length: level 0 up to SMALL bytes, and one more for each
 * doubling. A write starts at the level of its delta; where fragments stand it takes them in, and goes on at the level
 * of the result, until it finds a free one (Bentley, Saxe: Decomposable searching problems, 1980). So a fragment is
 * absorbed into one of its own level or above, which does not get smaller than it was.
 *
 * A level that holds what is not understood here is passed over, because whoever writes an element observes all of it.
 * So is one whose fragments would make too long a value. */
#include <weft/custom.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "crdt/class.h"
#include "crdt/edit.h"
#include "crdt/view.h"

#define SMALL  64u
#define LEVELS 256u

static const struct weft_slice here = {NULL, 0};

static struct weft_slice element_of(uint8_t *level) {
    return weft_slice(level, 1);
}

/* The state that a write holds, in the class's schema; empty: it is not understood here. Only WEFT_ERR_NOMEM. */
static int understand(const struct weft_crdt_class *cls, const struct weft_write *w, struct weft_buf *scratch,
                      struct weft_slice *state) {
    int rc = weft_write_value(cls, w, scratch, state);
    if (rc == WEFT_ERR_NOMEM) return rc;
    if (rc != 0 || state->len == 0 || !cls->check(*state)) *state = weft_slice(NULL, 0);
    return 0;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static int each_at(struct weft_view v, const struct weft_crdt_class *cls, uint8_t level,
                   int (*each)(void *ctx, struct weft_slice fragment), void *ctx, size_t *skipped) {
    struct weft__writes it;
    struct weft_write w;
    struct weft_slice state;
    struct weft_buf scratch;
    int rc = 0;
    weft_buf_init(&scratch, weft__view_alloc(v));
    for (weft__writes_open(&it, v, here, element_of(&level)); rc == 0 && weft__writes_next(&it, &w);) {
        rc = understand(cls, &w, &scratch, &state);
        if (rc == 0 && state.len > 0) rc = each(ctx, state);
        if (rc == 0 && state.len == 0) ++*skipped;
    }
    weft_buf_fini(&scratch);
    return rc;
}

int weft_custom_each(struct weft_view v, const struct weft_crdt_class *given,
                     int (*each)(void *ctx, struct weft_slice fragment), void *ctx, size_t *skipped) {
    struct weft_crdt_class cls;
    size_t left = weft_view_count(v), unknown = 0;
    int rc = 0;
    weft__class_read(&cls, given);
    if (WEFT_TYPE_KERNEL(cls.type) != WEFT_KERNEL_CUSTOM || !weft__class_is_whole(&cls)) return WEFT_ERR_INVALID;
    if (!weft__view_is(v, &cls)) return WEFT_ERR_TYPE;
    for (unsigned level = 0; rc == 0 && left > 0 && level < LEVELS; level++) {
        uint8_t byte = (uint8_t)level;
        if (!weft_view_has(v, here, element_of(&byte))) continue;
        rc = each_at(v, &cls, byte, each, ctx, &unknown);
        left--;
    }
    if (skipped != NULL) *skipped = unknown + left; /* what is left has no level: no version of this code wrote it */
    return rc;
}

/* A join in the making; `next` is where the result goes. */
struct joining {
    const struct weft_crdt_class *cls;
    struct weft_buf sum;
    struct weft_buf next;
};

static void joining_init(struct joining *j, const struct weft_crdt_class *cls, const struct weft_alloc *alloc) {
    j->cls = cls;
    weft_buf_init(&j->sum, alloc);
    weft_buf_init(&j->next, alloc);
}

static void joining_fini(struct joining *j) {
    weft_buf_fini(&j->sum);
    weft_buf_fini(&j->next);
}

static int join_fragment(void *ctx, struct weft_slice fragment) {
    struct joining *j = ctx;
    if (j->sum.len == 0) return weft_buf_append_slice(&j->sum, fragment);
    weft_buf_reset(&j->next);
    int rc = j->cls->merge(weft_buf_slice(&j->sum), fragment, &j->next);
    if (rc == 0) rc = j->next.err;
    if (rc != 0) return rc;
    struct weft_buf sum = j->next;
    j->next = j->sum;
    j->sum = sum;
    return 0;
}

static int read(struct joining *j, struct weft_view v, size_t *skipped) {
    return weft_custom_each(v, j->cls, join_fragment, j, skipped);
}

int weft_custom_read(struct weft_view v, const struct weft_crdt_class *given, struct weft_buf *out, size_t *skipped) {
    struct weft_crdt_class cls;
    struct joining j;
    weft__class_read(&cls, given);
    joining_init(&j, &cls, out->alloc);
    int rc = read(&j, v, skipped);
    if (rc == 0) rc = weft_buf_append_slice(out, weft_buf_slice(&j.sum));
    joining_fini(&j);
    return rc;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static unsigned level_of(size_t len) {
    unsigned level = 0;
    for (size_t most = SMALL; len > most; most *= 2) level++;
    return level;
}

enum held { FREE, FRAGMENTS, FOREIGN };

static int count_fragment(void *ctx, struct weft_slice fragment) {
    (void)fragment;
    ++*(size_t *)ctx;
    return 0;
}

static enum held look(struct weft_edit *e, const struct weft_crdt_class *cls, uint8_t level) {
    size_t fragments = 0, unknown = 0;
    int rc = each_at(weft_edit_view(e), cls, level, count_fragment, &fragments, &unknown);
    if (rc != 0) weft_edit_fail(e, rc);
    return unknown > 0 ? FOREIGN : fragments > 0 ? FRAGMENTS : FREE;
}

static void drop(struct weft_edit *e, uint8_t level) {
    weft_edit_drop(e, here, element_of(&level));
}

/* Joins the fragments at a level with f. False: they stay where they are. */
static bool absorb(struct weft_edit *e, struct joining *j, uint8_t level, struct weft_buf *f) {
    size_t unknown = 0;
    weft_buf_reset(&j->sum);
    int rc = join_fragment(j, weft_buf_slice(f));
    if (rc == 0) rc = each_at(weft_edit_view(e), j->cls, level, join_fragment, j, &unknown);
    if (rc != 0) weft_edit_fail(e, rc);
    if (rc != 0 || j->sum.len > WEFT_VALUE_MAX) return false;
    struct weft_buf old = *f;
    *f = j->sum;
    j->sum = old;
    drop(e, level);
    return true;
}

static void put(struct weft_edit *e, struct joining *j, struct weft_buf *f) {
    unsigned level = level_of(f->len);
    while (weft_edit_error(e) == 0 && level < LEVELS) {
        uint8_t byte = (uint8_t)level;
        enum held held = look(e, j->cls, byte);
        if (held == FREE) {
            weft_edit_put(e, here, element_of(&byte), weft_buf_slice(f));
            return;
        }
        if (held == FRAGMENTS && absorb(e, j, byte, f))
            level = level_of(f->len);
        else
            level++;
    }
    weft_edit_fail(e, WEFT_ERR_LIMIT);
}

/* Everything understood is below f. */
static void drop_all(struct weft_edit *e, const struct weft_crdt_class *cls) {
    for (unsigned level = 0; level < LEVELS && weft_view_count(weft_edit_view(e)) > 0; level++)
        if (look(e, cls, (uint8_t)level) == FRAGMENTS) drop(e, (uint8_t)level);
}

/* What stands is in j->sum. f is the delta, copied: it may be lent from this edit, which changes. */
static int write(struct weft_edit *e, struct joining *j, struct weft_buf *f) {
    struct weft_slice before = weft_buf_slice(&j->sum);
    if (before.len > 0) {
        int rc = j->cls->merge(before, weft_buf_slice(f), &j->next);
        if (rc != 0 || j->next.err != 0) return rc != 0 ? rc : j->next.err;
        if (weft_slice_eq(weft_buf_slice(&j->next), before)) return 0;
        if (weft_slice_eq(weft_buf_slice(&j->next), weft_buf_slice(f))) drop_all(e, j->cls);
    }
    put(e, j, f);
    return 0;
}

static int join(struct weft_edit *e, const struct weft_crdt_class *cls, struct weft_slice delta) {
    struct joining j;
    struct weft_buf f;
    joining_init(&j, cls, e->session->alloc);
    weft_buf_init(&f, e->session->alloc);
    int rc = weft_buf_append_slice(&f, delta);
    if (rc == 0) rc = read(&j, weft_edit_view(e), NULL);
    weft_buf_reset(&j.next);
    if (rc == 0) rc = write(e, &j, &f);
    joining_fini(&j);
    weft_buf_fini(&f);
    return rc;
}

void weft_custom_join(struct weft_edit *e, struct weft_slice delta) {
    struct weft_crdt_class cls;
    if (weft_edit_error(e) != 0) return;
    weft__class_read(&cls, e->cls);
    int rc = 0;
    if (WEFT_TYPE_KERNEL(cls.type) != WEFT_KERNEL_CUSTOM || !weft__class_is_whole(&cls))
        rc = WEFT_ERR_TYPE;
    else if (delta.len > WEFT_VALUE_MAX)
        rc = WEFT_ERR_LIMIT;
    else if (delta.len > 0)
        rc = cls.check(delta) ? join(e, &cls, delta) : WEFT_ERR_INVALID;
    if (rc != 0) weft_edit_fail(e, rc);
}
