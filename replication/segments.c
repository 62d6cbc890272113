/* segments.c: the list of a checkpoint's segments, and their bytes. A segment is the canonical encoding of the objects
 * of a key range with an origin table of its own, so it can be checked, joined and replaced alone. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "crdt/origin_wire.h"
#include "replication/checkpoint.h"
#include "replication/transaction.h"

void weft__segments_init(struct weft__segments *s, const struct weft_alloc *alloc) {
    memset(s, 0, sizeof *s);
    s->alloc = alloc;
}

void weft__segments_fini(struct weft__segments *s) {
    for (size_t i = 0; i < s->count; i++) weft__free(s->alloc, s->items[i].first_key, s->items[i].first_len);
    weft__free(s->alloc, s->items, s->cap * sizeof *s->items);
    weft__segments_init(s, s->alloc);
}

int weft__segments_append(struct weft__segments *s, const struct weft__segment *segment, struct weft_slice first_key) {
    void *items = s->items;
    int rc = weft__grow(s->alloc, &items, &s->cap, s->count + 1, sizeof *s->items);
    s->items = items;
    if (rc != 0) return rc;
    struct weft__segment *to = &s->items[s->count];
    *to = *segment;
    to->first_len = first_key.len;
    to->first_key = NULL;
    if (first_key.len > 0) {
        to->first_key = weft__malloc(s->alloc, first_key.len);
        if (to->first_key == NULL) return WEFT_ERR_NOMEM;
        memcpy(to->first_key, first_key.ptr, first_key.len);
    }
    s->count++;
    return 0;
}

uint64_t weft__segment_pieces(const struct weft__segment *s) {
    return s->len / WEFT__PIECE_BYTES + (s->len % WEFT__PIECE_BYTES > 0);
}

int weft__segment_cmp(const struct weft__segment *s, struct weft_slice key, uint32_t type) {
    struct weft__address first = {weft_slice(s->first_key, s->first_len), s->first_type};
    return weft__address_cmp(first, (struct weft__address){key, type});
}

/* --- Writing --------------------------------------------------------------------------------------------------- */

/* A guess is enough to cut by: elements are mostly short. */
static size_t guess_bytes(const struct weft__keyed *o) {
    return o->object.key_len + 48u * (weft__object_cells(&o->object) + 1);
}

static struct weft__keyed *walk_from(struct weft__keyspace_walk *w, const struct weft__keyspace *keys,
                                     const struct weft__keyed *o) {
    return weft__keyspace_walk(w, keys, weft__keyed_key(o), o->object.kind->type);
}

/* The objects of the next segment: from `from` until the cut, `end`, or the end. */
static struct weft__keyed *find_cut(const struct weft__keyspace *keys, const struct weft__keyed *from,
                                    const struct weft__keyed *end, size_t segment_bytes) {
    size_t bytes = 0;
    struct weft__keyspace_walk w;
    struct weft__keyed *o = walk_from(&w, keys, from);
    while (o != NULL && o != end) {
        bytes += guess_bytes(o);
        o = weft__keyspace_step(&w);
        if (bytes >= segment_bytes) break;
    }
    return o;
}

/* Their marks go: a mark too few costs a search for the segment, one too many a change. */
static int write_objects(struct weft_buf *b, const struct weft__keyspace *keys, const struct weft__keyed *from,
                         const struct weft__keyed *cut, const struct weft__origin_table *table) {
    struct weft__keyspace_walk w;
    int rc = 0;
    for (struct weft__keyed *o = walk_from(&w, keys, from); rc == 0 && o != cut; o = weft__keyspace_step(&w)) {
        o->object.is_marked = false;
        size_t object = weft__write_begin(b, 3);
        weft__write_bytes(b, 1, weft__keyed_key(o));
        weft__write_field_varint(b, 2, o->object.kind->type);
        size_t body = weft__write_begin(b, 4);
        rc = weft__object_encode(&o->object, table, b);
        weft__write_end(b, body);
        weft__write_end(b, object);
    }
    return rc != 0 ? rc : b->err;
}

static int write_segment(struct weft_buf *b, const struct weft__space *space, const struct weft__keyed *from,
                         const struct weft__keyed *cut) {
    const struct weft_origins *origins = space->origins;
    struct weft__keyspace_walk w;
    struct weft__origin_table table;
    weft__origin_table_init(&table, b->alloc);
    weft__origin_table_begin(&table, origins, WEFT__NO_ORIGIN);
    int rc = 0;
    for (struct weft__keyed *o = walk_from(&w, &space->keys, from); rc == 0 && o != cut; o = weft__keyspace_step(&w))
        rc = weft__object_mention(&o->object, &table);
    if (rc == 0) {
        weft__origin_table_seal(&table);
        weft__write_field_varint(b, 1, WEFT__FORMAT_VERSION);
        for (size_t i = 0; i < table.count; i++) weft__origin_write(b, 2, weft_origins_at(origins, table.listed[i]));
        rc = write_objects(b, &space->keys, from, cut, &table);
    }
    weft__origin_table_fini(&table);
    return rc;
}

int weft__segments_write(struct weft__segments *out, const struct weft__segment *first, struct weft__keyed *from,
                         const struct weft__keyed *end, const struct weft__space *space,
                         struct weft__segment_sink *sink) {
    struct weft_buf b;
    weft_buf_init(&b, space->alloc);
    int rc = 0;
    bool is_first = true;
    while (rc == 0 && from != NULL && from != end) {
        struct weft__keyed *cut = find_cut(&space->keys, from, end, sink->segment_bytes);
        weft_buf_reset(&b);
        rc = write_segment(&b, space, from, cut);
        if (rc != 0) break;
        struct weft__segment s = {.id = sink->next_id != NULL ? *sink->next_id : 0, .len = b.len};
        if (sink->next_id != NULL) *sink->next_id += weft__segment_pieces(&s);
        weft__blake2b128(s.hash, weft_buf_slice(&b));
        /* The range of the first one begins where the replaced one's did, or what is added there would be lost. */
        struct weft_slice key = weft__keyed_key(from);
        s.first_type = from->object.kind->type;
        if (is_first) {
            key = first == NULL ? weft_slice(NULL, 0) : weft_slice(first->first_key, first->first_len);
            s.first_type = first == NULL ? 0 : first->first_type;
        }
        rc = sink->emit(sink->ctx, s.id, weft_buf_slice(&b));
        if (rc == 0) rc = weft__segments_append(out, &s, key);
        from = cut;
        is_first = false;
    }
    weft_buf_fini(&b);
    return rc;
}

/* --- Reading --------------------------------------------------------------------------------------------------- */

/* A table of origins that the manifest has named; interned already. */
static int read_table(struct weft__reader *r, const struct weft__space *space, uint32_t **map, size_t *cap,
                      uint32_t *count) {
    struct weft_origin last = {{{0}}, 0}, o;
    *count = 0;
    while (weft__origin_next(r, 2, &o)) {
        if (*count > 0 && weft_origin_cmp(&last, &o) >= 0) return WEFT_ERR_MALFORMED;
        void *items = *map;
        int rc = weft__grow(space->alloc, &items, cap, (size_t)*count + 1, sizeof **map);
        *map = items;
        if (rc != 0) return rc;
        if (!weft_origins_find(space->origins, &o, &(*map)[*count])) return WEFT_ERR_MALFORMED;
        last = o;
        (*count)++;
    }
    return r->err;
}

static int read_object(struct weft__reader *r, struct weft__space *space, const uint32_t *map, uint32_t count,
                       const struct weft__keyed **last) {
    struct weft__reader in;
    weft__reader_init(&in, weft__read_bytes(r));
    struct weft_slice key = weft__read_field_bytes(&in, 1);
    uint64_t type = weft__read_field_varint(&in, 2);
    struct weft_slice body = weft__read_field_bytes(&in, 4);
    if (r->err != 0 || in.err != 0 || in.at != in.end || key.len == 0 || key.len > WEFT_KEY_MAX || type > UINT32_MAX ||
        body.len == 0 || !weft__kernel_is_known((uint32_t)type))
        return WEFT_ERR_MALFORMED;
    struct weft__address here = {key, (uint32_t)type};
    if (*last != NULL && weft__address_cmp(weft__keyed_address(*last), here) >= 0) return WEFT_ERR_MALFORMED;
    struct weft__keyed *o = weft__keyspace_make(&space->keys, key, (uint32_t)type);
    if (o == NULL) return WEFT_ERR_NOMEM;
    if (!weft__object_is_empty(&o->object)) return WEFT_ERR_MALFORMED; /* two segments hold it */
    struct weft_causal_context seen = weft__space_context(space);
    int rc = weft__object_decode(&o->object, body, map, count, &seen);
    if (rc != 0) weft__keyspace_drop_if_empty(&space->keys, o);
    *last = o;
    return rc;
}

/* Takes out what a reader before `end` has put in. */
static void forget_objects(struct weft__reader *r, const uint8_t *end, struct weft__space *space) {
    while (r->at < end && weft__read_tag(r, 3, WEFT__BYTES)) {
        struct weft__reader in;
        weft__reader_init(&in, weft__read_bytes(r));
        struct weft_slice key = weft__read_field_bytes(&in, 1);
        uint32_t type = (uint32_t)weft__read_field_varint(&in, 2);
        struct weft__keyed *o = weft__keyspace_find(&space->keys, key, type);
        weft__object_fini(&o->object);
        weft__keyspace_drop_if_empty(&space->keys, o);
    }
}

static bool is_meant(const struct weft__segment *s, struct weft_slice bytes) {
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, bytes);
    return bytes.len == s->len && memcmp(hash, s->hash, sizeof hash) == 0;
}

/* A change marks the segment in whose range it is (weft__checkpoint_touch); in any other, what was would stay. */
static bool is_in_range(const struct weft__segments *segments, size_t i, const struct weft__keyed *o) {
    const struct weft__segment *s = &segments->items[i];
    struct weft_slice key = weft__keyed_key(o);
    return weft__segment_cmp(s, key, o->object.kind->type) <= 0 &&
           (i + 1 == segments->count || weft__segment_cmp(s + 1, key, o->object.kind->type) > 0);
}

int weft__segment_read(struct weft_slice bytes, const struct weft__segments *segments, size_t i,
                       struct weft__space *space) {
    if (!is_meant(&segments->items[i], bytes)) return WEFT_ERR_MALFORMED;
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    uint64_t version = weft__read_field_varint(&r, 1);
    if (r.err == 0 && version > WEFT__FORMAT_VERSION) return WEFT_ERR_VERSION;
    if (version != WEFT__FORMAT_VERSION) return WEFT_ERR_MALFORMED;
    uint32_t *map = NULL, count = 0;
    size_t cap = 0;
    int rc = read_table(&r, space, &map, &cap, &count);
    struct weft__reader objects = r;
    const struct weft__keyed *last = NULL;
    const uint8_t *end = r.at; /* of the objects that are in the space */
    while (rc == 0 && weft__read_tag(&r, 3, WEFT__BYTES)) {
        rc = read_object(&r, space, map, count, &last);
        if (rc == 0) end = r.at;
        if (rc == 0 && !is_in_range(segments, i, last)) rc = WEFT_ERR_MALFORMED;
    }
    if (rc == 0 && (r.err != 0 || r.at != r.end)) rc = WEFT_ERR_MALFORMED;
    if (rc != 0) forget_objects(&objects, end, space);
    weft__free(space->alloc, map, cap * sizeof *map);
    return rc;
}
