/* manifest.c: what a checkpoint or a transferred state says besides its segments: the vector, and per origin what its
 * next transaction will be judged by. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "clock/id.h"
#include "crdt/origin_wire.h"
#include "replication/checkpoint.h"
#include "replication/transaction.h"

static void write_lineage(struct weft_buf *b, const struct weft__space *space, const uint32_t *sorted, size_t count,
                          uint32_t o) {
    const struct weft__lineage *l = &space->lineages[o];
    size_t state = weft__write_begin(b, 4);
    weft__write_field_varint(b, 1, weft_version_vector_get(&space->applied, o));
    weft__write_bytes(b, 2, weft_slice(l->hash, WEFT__CHAIN_LEN));
    weft__write_field_varint(b, 3, l->stamp.epoch);
    weft__write_field_fixed64(b, 4, l->stamp.word);
    size_t before = b->len, past = weft__write_begin(b, 5), from = b->len;
    for (size_t i = 0; i < count; i++) {
        uint64_t seq = weft_version_vector_get(&l->past, sorted[i]);
        if (seq == 0) continue;
        weft__write_varint(b, i);
        weft__write_varint(b, seq);
    }
    if (b->len == from)
        b->len = before; /* nothing: an absent field */
    else
        weft__write_end(b, past);
    weft__write_end(b, state);
}

static void write_refs(struct weft_buf *b, const struct weft__segments *segments) {
    for (size_t i = 0; i < segments->count; i++) {
        const struct weft__segment *s = &segments->items[i];
        size_t ref = weft__write_begin(b, 7);
        weft__write_field_varint(b, 1, s->id);
        weft__write_bytes(b, 2, weft_slice(s->hash, WEFT__CHAIN_LEN));
        weft__write_field_bytes(b, 3, weft_slice(s->first_key, s->first_len));
        weft__write_field_varint(b, 4, s->first_type);
        weft__write_field_varint(b, 5, s->len);
        weft__write_end(b, ref);
    }
}

int weft__manifest_write(struct weft_buf *b, const struct weft__space *space, const struct weft__segments *segments) {
    uint32_t *sorted = NULL;
    size_t cap = 0, count = 0;
    int rc = weft__space_sorted_origins(space, &sorted, &cap, &count);
    if (rc != 0) return rc;
    weft__write_field_varint(b, 1, WEFT__FORMAT_VERSION);
    if (!weft__id_is_zero(&space->id)) weft__write_bytes(b, 2, weft_slice(space->id.bytes, sizeof space->id.bytes));
    for (size_t i = 0; i < count; i++) weft__origin_write(b, 3, weft_origins_at(space->origins, sorted[i]));
    for (size_t i = 0; i < count; i++) write_lineage(b, space, sorted, count, sorted[i]);
    weft__write_field_varint(b, 5, space->clock.epoch);
    uint8_t hash[16];
    weft__hash_store(hash, space->pool.hash);
    weft__write_bytes(b, 6, weft_slice(hash, sizeof hash));
    write_refs(b, segments);
    weft__free(space->alloc, sorted, cap * sizeof *sorted);
    return b->err;
}

/* --- Reading --------------------------------------------------------------------------------------------------- */

struct origin_list {
    uint32_t *items; /* interned, in the order of full ids */
    size_t count, cap;
};

static int read_origins(struct weft__reader *r, struct weft__space *space, struct origin_list *list) {
    struct weft_origin last = {{{0}}, 0}, o;
    while (weft__origin_next(r, 3, &o)) {
        if (list->count > 0 && weft_origin_cmp(&last, &o) >= 0) return WEFT_ERR_MALFORMED;
        void *items = list->items;
        int rc = weft__grow(space->alloc, &items, &list->cap, list->count + 1, sizeof *list->items);
        list->items = items;
        if (rc == 0) rc = weft_origins_intern(space->origins, &o, &list->items[list->count]);
        if (rc == 0) rc = weft__space_reserve(space, list->items[list->count]);
        if (rc != 0) return rc;
        list->count++;
        last = o;
    }
    return r->err;
}

static int read_past(struct weft_slice packed, const struct origin_list *list, struct weft__lineage *l) {
    struct weft__reader in;
    weft__reader_init(&in, packed);
    uint64_t next = 0;
    while (!weft__reader_done(&in)) {
        uint64_t index = weft__read_varint(&in), seq = weft__read_varint(&in);
        if (in.err != 0 || index < next || index >= list->count || seq == 0) return WEFT_ERR_MALFORMED;
        next = index + 1;
        int rc = weft_version_vector_raise(&l->past, list->items[index], seq);
        if (rc != 0) return rc;
    }
    return in.err;
}

static int read_lineage(struct weft__reader *r, struct weft__space *space, const struct origin_list *list, uint32_t o) {
    if (!weft__read_tag(r, 4, WEFT__BYTES)) return WEFT_ERR_MALFORMED;
    struct weft__lineage *l = &space->lineages[o];
    struct weft__reader in;
    weft__reader_init(&in, weft__read_bytes(r));
    uint64_t seq = weft__read_field_varint(&in, 1);
    struct weft_slice hash = weft__read_field_bytes(&in, 2);
    uint64_t epoch = weft__read_field_varint(&in, 3);
    l->stamp.word = weft__read_field_fixed64(&in, 4);
    struct weft_slice past = weft__read_field_bytes(&in, 5);
    bool bad = r->err != 0 || in.err != 0 || in.at != in.end || seq == 0 || hash.len != WEFT__CHAIN_LEN ||
               epoch > UINT8_MAX || l->stamp.word >= WEFT_HLC_TOP;
    if (bad) return WEFT_ERR_MALFORMED;
    l->stamp.epoch = (uint8_t)epoch;
    memcpy(l->hash, hash.ptr, WEFT__CHAIN_LEN);
    if (weft_stamp_cmp(space->clock, l->stamp) < 0) space->clock = l->stamp;
    (void)!weft_version_vector_raise(&space->applied, o, seq); /* reserved */
    return read_past(past, list, l);
}

/* All that an applied transaction depends on is applied too: the vector is closed under the past. */
static bool is_closed(const struct weft__space *space, const struct origin_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (!weft_version_vector_leq(&space->lineages[list->items[i]].past, &space->applied)) return false;
    return true;
}

/* The first range begins with the empty key, each other one above the one before. */
static bool is_next_range(const struct weft__segments *segments, struct weft_slice key, uint64_t type) {
    if (segments->count == 0) return key.len == 0 && type == 0;
    return weft__segment_cmp(&segments->items[segments->count - 1], key, (uint32_t)type) < 0;
}

static int read_ref(struct weft__reader *r, struct weft__segments *segments) {
    struct weft__segment s = {.dirty = false};
    struct weft__reader in;
    weft__reader_init(&in, weft__read_bytes(r));
    s.id = weft__read_field_varint(&in, 1);
    struct weft_slice hash = weft__read_field_bytes(&in, 2), key = weft__read_field_bytes(&in, 3);
    uint64_t type = weft__read_field_varint(&in, 4);
    s.len = weft__read_field_varint(&in, 5);
    if (r->err != 0 || in.err != 0 || in.at != in.end || hash.len != WEFT__CHAIN_LEN || key.len > WEFT_KEY_MAX ||
        type > UINT32_MAX || !is_next_range(segments, key, type))
        return WEFT_ERR_MALFORMED;
    memcpy(s.hash, hash.ptr, WEFT__CHAIN_LEN);
    s.first_type = (uint32_t)type;
    return weft__segments_append(segments, &s, key);
}

static int read_rest(struct weft__reader *r, struct weft__space *space, struct weft__segments *segments,
                     struct weft__hash128 *state_hash) {
    uint64_t epoch = weft__read_field_varint(r, 5);
    struct weft_slice hash = weft__read_field_bytes(r, 6);
    if (r->err != 0 || hash.len != 16 || epoch != space->clock.epoch) return WEFT_ERR_MALFORMED;
    *state_hash = weft__hash_load(hash.ptr);
    int rc = 0;
    while (rc == 0 && weft__read_tag(r, 7, WEFT__BYTES)) rc = read_ref(r, segments);
    if (rc == 0 && (r->err != 0 || r->at != r->end)) rc = WEFT_ERR_MALFORMED;
    return rc;
}

void weft__manifest_forget(struct weft__space *space, struct weft__segments *segments) {
    weft__segments_fini(segments);
    space->applied.len = 0;
    space->clock = (struct weft_stamp){0, 0};
    for (size_t i = 0; i < space->lineage_cap; i++) {
        struct weft__lineage *l = &space->lineages[i];
        l->past.len = 0;
        l->stamp = space->clock;
        memset(l->hash, 0, sizeof l->hash);
    }
}

int weft__manifest_read(struct weft_slice bytes, struct weft__space *space, struct weft__segments *segments,
                        struct weft__hash128 *state_hash) {
    struct weft__reader r;
    struct origin_list list = {NULL, 0, 0};
    weft__reader_init(&r, bytes);
    uint64_t version = weft__read_field_varint(&r, 1);
    if (r.err == 0 && version > WEFT__FORMAT_VERSION) return WEFT_ERR_VERSION;
    struct weft_slice id = weft__read_field_bytes(&r, 2);
    struct weft_id zero = {{0}};
    if (id.len == sizeof zero.bytes) memcpy(zero.bytes, id.ptr, id.len);
    if (version != WEFT__FORMAT_VERSION || (id.len != 0 && id.len != sizeof zero.bytes) ||
        weft_id_cmp(&zero, &space->id) != 0)
        return WEFT_ERR_MALFORMED;
    int rc = read_origins(&r, space, &list);
    for (size_t i = 0; rc == 0 && i < list.count; i++) rc = read_lineage(&r, space, &list, list.items[i]);
    if (rc == 0 && !is_closed(space, &list)) rc = WEFT_ERR_MALFORMED;
    if (rc == 0) rc = read_rest(&r, space, segments, state_hash);
    if (rc != 0) weft__manifest_forget(space, segments);
    weft__free(space->alloc, list.items, list.cap * sizeof *list.items);
    return rc;
}
