/* staging.c: chunks as they come, and as records.
 *
 * A record carries the name of its state, its number and a hash over all of that, because a store may give it back
 * damaged: then it is fetched again, which is no reason not to open. What comes back counts as far as it is without a
 * hole. The chunks of a state are pieces of one length, so a chunk's number says where its bytes belong, whoever sent
 * it. */
#include "replication/staging.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/wire.h"
#include "replication/checksummed.h"

void weft__staging_init(struct weft__staging *s, const struct weft_alloc *alloc) {
    memset(s, 0, sizeof *s);
    weft_buf_init(&s->bytes, alloc);
}

void weft__staging_fini(struct weft__staging *s) {
    weft_buf_fini(&s->bytes);
}

void weft__staging_clear(struct weft__staging *s) {
    const struct weft_alloc *alloc = s->bytes.alloc;
    bool stored = s->stored;
    weft__staging_fini(s);
    weft__staging_init(s, alloc);
    s->stored = s->stale = stored;
}

bool weft__state_name_eq(const struct weft__state_name *a, const struct weft__state_name *b) {
    return a->transfer == b->transfer && a->total == b->total && memcmp(a->hash, b->hash, WEFT__CHAIN_LEN) == 0;
}

bool weft__staging_fits(const struct weft__staging *s, uint32_t chunk, uint32_t count, size_t len) {
    if (count != s->count || chunk != s->next) return false;
    return chunk + 1 < count ? len == s->each : len == s->name.total - (uint64_t)chunk * s->each;
}

/* Whether `count` pieces of one length, the last one shorter or not, make the whole. */
static bool is_cut_well(uint64_t total, uint32_t count, uint64_t each) {
    if (each == 0 || each > total || total > WEFT_STATE_MAX) return false;
    return total / each + (total % each > 0) == count;
}

bool weft__staging_begin(struct weft__staging *s, const struct weft__state_name *name, uint32_t count, size_t len) {
    if (name->transfer == 0 || !is_cut_well(name->total, count, len)) return false;
    weft__staging_clear(s);
    s->name = *name;
    s->count = count;
    s->each = len;
    return true;
}

int weft__staging_add(struct weft__staging *s, struct weft_slice bytes) {
    int rc = weft_buf_append_slice(&s->bytes, bytes);
    s->bytes.err = 0;
    if (rc == 0) s->next++;
    return rc;
}

/* --- Records ------------------------------------------------------------------------------------------------------ */

int weft__staged_write(struct weft_buf *b, const struct weft__staged_chunk *c) {
    size_t from = weft__checksummed_begin(b);
    weft__write_field_fixed64(b, 3, c->name.transfer);
    weft__write_field_varint(b, 4, c->name.total);
    weft__write_bytes(b, 5, weft_slice(c->name.hash, sizeof c->name.hash));
    weft__write_field_varint(b, 6, c->chunk);
    weft__write_bytes(b, 7, c->bytes);
    return weft__checksummed_end(b, from);
}

int weft__staged_read(struct weft_slice bytes, struct weft__staged_chunk *c) {
    struct weft__reader in;
    int rc = weft__checksummed_open(&in, bytes);
    if (rc != 0) return rc;
    c->name.transfer = weft__read_field_fixed64(&in, 3);
    c->name.total = weft__read_field_varint(&in, 4);
    struct weft_slice state = weft__read_field_bytes(&in, 5);
    uint64_t chunk = weft__read_field_varint(&in, 6);
    c->bytes = weft__read_field_bytes(&in, 7);
    if (in.err != 0 || in.at != in.end || state.len != WEFT__CHAIN_LEN || chunk > UINT32_MAX) return WEFT_ERR_MALFORMED;
    memcpy(c->name.hash, state.ptr, state.len);
    c->chunk = (uint32_t)chunk;
    return 0;
}

/* The last chunk of a state is never recorded: what it makes whole is joined. */
static bool takes(struct weft__staging *s, uint64_t id, const struct weft__staged_chunk *c) {
    if (c->chunk != id || c->chunk != s->next || c->bytes.len == 0) return false;
    if (s->next == 0) {
        uint64_t count = c->name.total / c->bytes.len + (c->name.total % c->bytes.len > 0);
        return count > 1 && count <= UINT32_MAX && weft__staging_begin(s, &c->name, (uint32_t)count, c->bytes.len);
    }
    return weft__state_name_eq(&c->name, &s->name) && c->chunk + 1 < s->count && c->bytes.len == s->each;
}

int weft__staging_restore(struct weft__staging *s, uint64_t id, struct weft_slice bytes) {
    struct weft__staged_chunk c;
    bool good = weft__staged_read(bytes, &c) == 0 && takes(s, id, &c);
    int rc = good ? weft__staging_add(s, c.bytes) : 0;
    if (rc != 0) return rc;
    s->stored = true;
    s->stale = false;
    if (!good) s->damaged = true;
    return 0;
}
