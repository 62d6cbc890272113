/* law_value.c: a value used alone as a subject. Its state is struct weft_value itself: no wrapper comes between the kit
 * and the code under test. */
#include "sim/law_value.h"

#include <string.h>

#include <weft/err.h>

#include "base/wire.h"
#include "sim/law_choices.h"

#define STATE_BODY 12u /* field of ValueState (crdt/delta.proto); all in front of it is the context */

static void place_options(struct weft_value_options *out, const struct weft_law_place *place) {
    weft_value_options_init(out);
    out->origin = place->origin;
    out->alloc = place->alloc;
    out->seed = place->seed;
}

static int value_create(void *ctx, const struct weft_law_place *place, void **out) {
    const struct weft_law_options *o = ctx;
    struct weft_value_options options;
    struct weft_value *v = NULL;
    place_options(&options, place);
    int rc = weft_value_new(&v, o->type, &options);
    *out = v;
    return rc;
}

static void value_destroy(void *ctx, void *state) {
    (void)ctx;
    weft_value_free(state);
}

static int value_copy(void *ctx, const void *state, const struct weft_law_place *place, void **out) {
    (void)ctx;
    struct weft_value_options options;
    struct weft_value *v = NULL;
    place_options(&options, place);
    int rc = weft_value_copy(&v, state, &options);
    *out = v;
    return rc;
}

static void edit(const struct weft_law_options *o, struct weft_law_choices *c, struct weft_edit *e,
                 struct weft_law_op *op) {
    const uint32_t upto[] = {9, 9 + ((c->left_out & WEFT__LAW_NO_RESETS) == 0)};
    if (o->resets && weft__law_weighted(c, upto, 2) == 1) {
        weft_edit_reset(e);
        op->kind = WEFT_LAW_RESET;
        weft_law_tell(c, op, "reset");
    } else {
        op->kind = 1;
        o->mutate(o->ctx, c, e, op);
    }
}

static int value_mutate(void *ctx, void *state, struct weft_law_choices *c, struct weft_stamp stamp, uint32_t max,
                        struct weft_law_op *ops, uint32_t *count, struct weft_buf *delta) {
    const struct weft_law_options *o = ctx;
    uint64_t extra = max < 2 ? 0 : weft_law_choose(c, 2 * (uint64_t)max);
    *count = 1 + (extra < max ? (uint32_t)extra : 0);
    weft_value_now(state, stamp);
    struct weft_edit *e = weft_value_edit(state);
    if (e == NULL) return WEFT_ERR_NOMEM;
    for (uint32_t i = 0; i < *count; i++) edit(o, c, e, &ops[i]);
    return weft_value_commit(state, stamp, delta);
}

static int value_apply(void *ctx, void *state, struct weft_slice bytes) {
    (void)ctx;
    return weft_value_apply(state, bytes);
}

static int value_merge(void *ctx, void *into, const void *from) {
    (void)ctx;
    return weft_value_merge(into, from);
}

static int value_encode(void *ctx, const void *state, struct weft_buf *out) {
    (void)ctx;
    return weft_value_encode(state, out);
}

static int value_text(void *ctx, const void *state, struct weft_buf *out) {
    const struct weft_law_options *o = ctx;
    struct weft_view view = weft_value_view(state);
    return o->value != NULL ? o->value(o->ctx, view, out) : o->type->print(view, out);
}

/* The length of the fields in front of the body. */
static size_t context_length(struct weft_slice bytes) {
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    while (!weft__reader_done(&r)) {
        size_t at = (size_t)(r.at - bytes.ptr);
        uint64_t tag = weft__read_varint(&r);
        if (tag >> 3 == STATE_BODY) return at;
        switch ((enum weft__wire_type)(tag & 7)) {
        case WEFT__VARINT:
            weft__read_varint(&r);
            break;
        case WEFT__FIXED64:
            weft__read_fixed64(&r);
            break;
        case WEFT__BYTES:
            weft__read_bytes(&r);
            break;
        default:
            weft__reader_fail(&r);
        }
    }
    return bytes.len;
}

static int value_context(void *ctx, const void *state, struct weft_buf *out) {
    (void)ctx;
    int rc = weft_value_encode(state, out);
    if (rc == 0) out->len = context_length(weft_buf_slice(out));
    return rc;
}

void weft__law_value_subject(struct weft_law_subject *out, const struct weft_law_options *o) {
    *out = (struct weft_law_subject){
        .size = sizeof *out,
        .name = o->type->name,
        .deltas = true,
        .create = value_create,
        .destroy = value_destroy,
        .copy = value_copy,
        .mutate = value_mutate,
        .apply = value_apply,
        .merge = value_merge,
        .encode = value_encode,
        .value = o->value == NULL && o->type->print == NULL ? NULL : value_text,
        .context = value_context,
    };
}
