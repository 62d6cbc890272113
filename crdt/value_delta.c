/* value_delta.c: one commit as bytes, message ValueDelta of delta.proto.
 *
 * The body is the same that a transaction carries; around it stand the things that a transaction's header says there.
 * Reading checks everything, also that the table lists no origin that the body does not name, before the caller interns
 * one: a table that grows by refused bytes would be a way to fill it. */
#include "crdt/value.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "crdt/map.h"
#include "crdt/origin_wire.h"

enum { FIELD_WRITER = 4, FIELD_ORIGINS = 5, FIELD_SEQ = 6, FIELD_CLOCK_EPOCH = 7, FIELD_WORD = 8, FIELD_BODY = 9 };

void weft__value_delta_write(const struct weft__value_delta *d, uint32_t type, const struct weft_origins *origins,
                             struct weft_buf *out) {
    weft__write_field_varint(out, 1, WEFT__VALUE_VERSION);
    weft__write_field_varint(out, 2, type);
    weft__write_field_varint(out, 3, d->env.schema);
    for (uint32_t i = 0; i < d->env.origin_count; i++)
        weft__origin_write(out, i == 0 ? FIELD_WRITER : FIELD_ORIGINS, weft_origins_at(origins, d->env.origins[i]));
    weft__write_field_varint(out, FIELD_SEQ, d->env.seq);
    weft__write_field_varint(out, FIELD_CLOCK_EPOCH, d->env.stamp.epoch);
    weft__write_field_fixed64(out, FIELD_WORD, d->env.stamp.word);
    weft__write_bytes(out, FIELD_BODY, d->body);
}

void weft__value_scratch_init(struct weft__value_scratch *s, const struct weft_alloc *alloc) {
    *s = (struct weft__value_scratch){.alloc = alloc};
}

void weft__value_scratch_fini(struct weft__value_scratch *s) {
    weft__free(s->alloc, s->named, s->named_cap * sizeof *s->named);
    weft__free(s->alloc, s->map, s->map_cap * sizeof *s->map);
    weft__free(s->alloc, s->used, s->used_cap * sizeof *s->used);
    weft__free(s->alloc, s->dots, s->dots_cap * sizeof *s->dots);
    weft__value_scratch_init(s, s->alloc);
}

static int scratch_push(struct weft__value_scratch *s, size_t at, const struct weft_origin *origin) {
    void *named = s->named, *map = s->map, *used = s->used;
    int rc = weft__grow(s->alloc, &named, &s->named_cap, at + 1, sizeof *s->named);
    s->named = named;
    if (rc == 0) rc = weft__grow(s->alloc, &map, &s->map_cap, at + 1, sizeof *s->map);
    s->map = map;
    if (rc == 0) rc = weft__grow(s->alloc, &used, &s->used_cap, at + 1, sizeof *s->used);
    s->used = used;
    if (rc != 0) return rc;
    s->named[at] = *origin;
    s->map[at] = (uint32_t)at;
    s->used[at] = at == 0;
    return 0;
}

static int read_origins(struct weft__reader *r, struct weft__value_scratch *scratch, uint32_t *count) {
    struct weft_origin origin;
    *count = 0;
    for (uint32_t field = FIELD_WRITER; weft__origin_next(r, field, &origin); field = FIELD_ORIGINS) {
        const struct weft_origin *named = scratch->named;
        if (*count > 0 && weft_origin_cmp(&named[0], &origin) == 0) return WEFT_ERR_MALFORMED;
        if (*count > 1 && weft_origin_cmp(&named[*count - 1], &origin) >= 0) return WEFT_ERR_MALFORMED;
        if (*count == WEFT_ORIGINS_MAX) return WEFT_ERR_MALFORMED;
        int rc = scratch_push(scratch, *count, &origin);
        if (rc != 0) return rc;
        (*count)++;
    }
    return *count == 0 ? WEFT_ERR_MALFORMED : r->err;
}

static int read_fields(struct weft__value_delta *d, uint32_t type, struct weft__reader *r) {
    d->env.seq = weft__read_field_varint(r, FIELD_SEQ);
    d->env.seq_step = 1;
    if (weft__kernel_takes_stamps(type)) {
        uint64_t epoch = weft__read_field_varint(r, FIELD_CLOCK_EPOCH);
        if (epoch > UINT8_MAX) return WEFT_ERR_MALFORMED;
        d->env.stamp = (struct weft_stamp){weft__read_field_fixed64(r, FIELD_WORD), (uint8_t)epoch};
    }
    d->body = weft__read_field_bytes(r, FIELD_BODY);
    if (r->err != 0 || !weft__reader_done(r)) return WEFT_ERR_MALFORMED;
    return d->env.seq == 0 || d->body.len == 0 ? WEFT_ERR_MALFORMED : 0;
}

static int note_dot(void *ctx, struct weft_dot dot) {
    struct weft__value_scratch *scratch = ctx;
    if (dot.seq > WEFT__SEQ_MAX) return WEFT_ERR_MALFORMED;
    scratch->used[dot.origin] = true;
    return 0;
}

/* The entries of TOTALS name origins in a field of their own. */
static void note_totals(struct weft_slice body, struct weft__value_scratch *scratch) {
    struct weft__reader r, in;
    weft__reader_init(&r, body);
    while (weft__read_tag(&r, 1, WEFT__BYTES)) {
        weft__reader_init(&in, weft__read_bytes(&r));
        (void)weft__read_field_bytes(&in, 1);
        scratch->used[weft__read_field_varint(&in, 2)] = true;
    }
}

static void note_named(uint32_t type, struct weft_slice body, struct weft__value_scratch *scratch) {
    struct weft__reader r;
    struct weft__map_child c;
    if (WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS) note_totals(body, scratch);
    if (!weft__kernel_is_map(type)) return;
    weft__reader_init(&r, body);
    while (weft__map_next(&r, WEFT__MAP_DELTA, &c)) note_named(c.type, c.body, scratch);
}

static int check_body(struct weft__value_delta *d, uint32_t type, struct weft__value_scratch *scratch) {
    int rc = weft__delta_check(type, d->body, &d->env, &d->entries);
    if (rc == 0) rc = weft__delta_dots(type, d->body, &d->env, note_dot, scratch);
    if (rc != 0) return rc;
    note_named(type, d->body, scratch);
    for (uint32_t i = 0; i < d->env.origin_count; i++)
        if (!scratch->used[i]) return WEFT_ERR_MALFORMED;
    return 0;
}

int weft__value_delta_read(struct weft__value_delta *d, uint32_t type, struct weft__reader *r,
                           struct weft__value_scratch *scratch) {
    uint64_t schema = weft__read_field_varint(r, 3);
    if (r->err != 0 || schema == 0 || schema > UINT32_MAX) return WEFT_ERR_MALFORMED;
    d->env.schema = (uint32_t)schema;
    int rc = read_origins(r, scratch, &d->env.origin_count);
    if (rc == 0) rc = read_fields(d, type, r);
    d->env.origins = scratch->map;
    return rc == 0 ? check_body(d, type, scratch) : rc;
}
