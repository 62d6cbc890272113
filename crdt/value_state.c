/* value_state.c: a whole value as bytes, message ValueState of delta.proto.
 *
 * The table lists the origins that the state names, in the order of full ids, and everything else names them by index.
 * So the bytes are a function of the state: what was interned in which order, and by whom, does not show. Reading
 * checks what could do harm; that bytes are the canonical ones, in order and without repeats, is seen by encoding
 * again. */
#include "crdt/value.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "clock/causal_context.h"
#include "crdt/origin_wire.h"

enum { FIELD_ORIGINS = 5, FIELD_VECTOR = 10, FIELD_CLOUD = 11, FIELD_BODY = 12 };

int weft__value_state_init(struct weft__value_state *s, struct weft_origins *origins, uint32_t type, uint64_t seed,
                           const struct weft_alloc *alloc) {
    memset(s, 0, sizeof *s);
    s->alloc = alloc;
    s->origins = origins;
    weft_causal_context_init(&s->seen, alloc);
    int rc = weft__pool_init(&s->pool, origins, seed, alloc);
    s->pool.keeps_hash = false;
    s->kind = weft__kind_of(&s->pool, type);
    if (rc == 0) weft__object_init(&s->object, &s->kind);
    return rc;
}

void weft__value_state_fini(struct weft__value_state *s) {
    if (s->pool.slab != NULL) weft__object_fini(&s->object);
    weft__pool_fini(&s->pool);
    weft_causal_context_fini(&s->seen);
}

/* --- Encoding ----------------------------------------------------------------------------------------------------- */

/* Dots are in the context; totals need not be. */
int weft__value_state_mention(const struct weft__value_state *s, struct weft__origin_table *table) {
    weft__origin_table_begin(table, s->origins, WEFT__NO_ORIGIN);
    uint32_t type = s->kind.type;
    bool names_others = weft__kernel_is_map(type) || WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS;
    int rc = names_others ? weft__object_mention(&s->object, table) : 0;
    for (uint32_t i = 0; rc == 0 && i < s->seen.base.len; i++)
        if (s->seen.base.seq[i] > 0) rc = weft__origin_table_add(table, i);
    for (size_t i = 0; rc == 0 && i < s->seen.cloud_len; i++)
        rc = weft__origin_table_add(table, s->seen.cloud[i].origin);
    if (rc == 0) weft__origin_table_seal(table);
    return rc;
}

/* The first dot of the cloud at or above an origin; the cloud is in the order of interned indices. */
static size_t cloud_from(const struct weft_causal_context *c, uint32_t origin) {
    size_t low = 0, high = c->cloud_len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (c->cloud[middle].origin < origin) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void write_seen(const struct weft_causal_context *c, const struct weft__origin_table *table,
                       struct weft_buf *out) {
    if (table->count == 0) return;
    size_t mark = weft__write_begin(out, FIELD_VECTOR);
    for (size_t i = 0; i < table->count; i++)
        weft__write_varint(out, weft_version_vector_get(&c->base, table->listed[i]));
    weft__write_end(out, mark);
    if (c->cloud_len == 0) return;
    mark = weft__write_begin(out, FIELD_CLOUD);
    for (size_t i = 0; i < table->count; i++) {
        for (size_t at = cloud_from(c, table->listed[i]); at < c->cloud_len; at++) {
            if (c->cloud[at].origin != table->listed[i]) break;
            weft__write_varint(out, i);
            weft__write_varint(out, c->cloud[at].seq);
        }
    }
    weft__write_end(out, mark);
}

static int write_body(const struct weft_object *o, const struct weft__origin_table *table, struct weft_buf *out) {
    if (weft__object_is_empty(o)) return out->err;
    size_t mark = weft__write_begin(out, FIELD_BODY);
    int rc = weft__object_encode(o, table, out);
    weft__write_end(out, mark);
    return rc != 0 ? rc : out->err;
}

int weft__value_state_encode(const struct weft__value_state *s, const struct weft_alloc *alloc, struct weft_buf *out) {
    struct weft__origin_table table;
    size_t start = out->len;
    weft__origin_table_init(&table, alloc);
    int rc = weft__value_state_mention(s, &table);
    if (rc == 0) {
        weft__write_field_varint(out, 1, WEFT__VALUE_VERSION);
        weft__write_field_varint(out, 2, s->kind.type);
        for (size_t i = 0; i < table.count; i++)
            weft__origin_write(out, FIELD_ORIGINS, weft_origins_at(s->origins, table.listed[i]));
        write_seen(&s->seen, &table, out);
        rc = write_body(&s->object, &table, out);
    }
    if (rc != 0) out->len = start;
    weft__origin_table_fini(&table);
    return rc;
}

/* --- Decoding ----------------------------------------------------------------------------------------------------- */

/* The table of origins while a state is read. */
struct named {
    uint32_t *map; /* table index -> interned index */
    size_t count, cap;
    const struct weft_alloc *alloc;
};

static int read_origins(struct weft__value_state *s, struct weft__reader *r, struct named *named) {
    struct weft_origin origin;
    while (weft__origin_next(r, FIELD_ORIGINS, &origin)) {
        void *map = named->map;
        int rc = weft__grow(named->alloc, &map, &named->cap, named->count + 1, sizeof *named->map);
        if (rc != 0) return rc;
        named->map = map;
        rc = weft_origins_intern(s->origins, &origin, &named->map[named->count]);
        if (rc != 0) return rc;
        named->count++;
    }
    return r->err;
}

static int read_vector(struct weft__value_state *s, struct weft__reader *r, const struct named *named) {
    struct weft__reader in;
    weft__reader_init(&in, weft__read_field_bytes(r, FIELD_VECTOR));
    int rc = weft_version_vector_reserve(&s->seen.base, weft_origins_count(s->origins));
    for (size_t i = 0; rc == 0 && i < named->count; i++) {
        if (weft__reader_done(&in)) return WEFT_ERR_MALFORMED;
        uint64_t seq = weft__read_varint(&in);
        if (seq > WEFT__SEQ_MAX) return WEFT_ERR_MALFORMED;
        if (seq > 0) rc = weft_version_vector_raise(&s->seen.base, named->map[i], seq);
    }
    if (rc != 0) return rc;
    return in.err != 0 || !weft__reader_done(&in) ? WEFT_ERR_MALFORMED : r->err;
}

static int read_dots(struct weft__reader in, const struct named *named, struct weft_dot *dots, size_t *count) {
    for (*count = 0; !weft__reader_done(&in); ++*count) {
        uint64_t index = weft__read_varint(&in), seq = weft__read_varint(&in);
        if (in.err != 0 || index >= named->count || seq > WEFT__SEQ_MAX || seq == 0) return WEFT_ERR_MALFORMED;
        dots[*count] = (struct weft_dot){named->map[index], seq};
    }
    return in.err;
}

/* A pair takes two bytes at least. */
static int read_cloud(struct weft__value_state *s, struct weft__reader *r, const struct named *named) {
    struct weft__reader in;
    struct weft_slice packed = weft__read_field_bytes(r, FIELD_CLOUD);
    size_t most = packed.len / 2, count;
    if (most == 0) return packed.len > 0 ? WEFT_ERR_MALFORMED : r->err;
    struct weft_dot *dots = weft__calloc(s->alloc, most, sizeof *dots);
    if (dots == NULL) return WEFT_ERR_NOMEM;
    weft__reader_init(&in, packed);
    int rc = read_dots(in, named, dots, &count);
    if (rc == 0) rc = weft_causal_context_reserve(&s->seen, weft_origins_count(s->origins), count);
    if (rc == 0) weft__causal_context_add_all(&s->seen, dots, count);
    weft__free(s->alloc, dots, most * sizeof *dots);
    return rc != 0 ? rc : r->err;
}

static int read_fields(struct weft__value_state *s, struct weft__reader *r, struct named *named) {
    int rc = read_origins(s, r, named);
    if (rc == 0) rc = read_vector(s, r, named);
    if (rc == 0) rc = read_cloud(s, r, named);
    if (rc != 0) return rc;
    struct weft_slice body = weft__read_field_bytes(r, FIELD_BODY);
    if (r->err != 0 || !weft__reader_done(r)) return WEFT_ERR_MALFORMED;
    return weft__object_decode(&s->object, body, named->map, (uint32_t)named->count, &s->seen);
}

int weft__value_state_decode(struct weft__value_state *s, struct weft__reader *r) {
    struct named named = {.alloc = s->alloc};
    int rc = read_fields(s, r, &named);
    weft__free(named.alloc, named.map, named.cap * sizeof *named.map);
    return rc;
}
