/* origins.c: ids, origins, and the table that gives an origin a small number.
 *
 * Origins are kept in an array in the order they came, which is their index. A few are searched in a row; of more, an
 * open-addressing table of indices (linear probing, at most half full) finds them by a multilinear hash (crdt/key.c
 * says more of it), because each entry of each digest is looked up. Its secrets come from the address of the table:
 * nothing that leaves depends on where an origin sits in the table, and a peer that invents origins cannot aim at one
 * place. */
#include "clock/origins.h"

#include <assert.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/endian.h"
#include "base/prng.h"

#define EMPTY      0u /* a slot holds index + 1 */
#define FEW        8u
#define FIRST_SIZE (4 * FEW)

struct weft_origins {
    struct weft_origin *items;
    size_t count;
    size_t cap;
    uint32_t *slots;
    size_t size; /* a power of two; 0: there are few origins */
    uint64_t secrets[7];
    const struct weft_alloc *alloc;
};

/* As memcmp; the numbers are for speed, since what is kept by origin is found by this. */
int weft_id_cmp(const struct weft_id *a, const struct weft_id *b) {
    uint64_t x = weft__load64_be(a->bytes), y = weft__load64_be(b->bytes);
    if (x == y) {
        x = weft__load64_be(a->bytes + 8);
        y = weft__load64_be(b->bytes + 8);
    }
    return (x > y) - (x < y);
}

int weft_origin_cmp(const struct weft_origin *a, const struct weft_origin *b) {
    int c = weft_id_cmp(&a->replica, &b->replica);
    return c != 0 ? c : (a->epoch > b->epoch) - (a->epoch < b->epoch);
}

void weft_id_format(const struct weft_id *id, char out[WEFT_ID_TEXT]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        out[2 * i] = digits[id->bytes[i] >> 4];
        out[2 * i + 1] = digits[id->bytes[i] & 15];
    }
    out[WEFT_ID_TEXT - 1] = '\0';
}

static int hex_value(uint8_t c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

int weft_id_parse(struct weft_slice text, struct weft_id *out) {
    struct weft_id id;
    if (text.len != 2 * sizeof id.bytes) return WEFT_ERR_MALFORMED;
    for (size_t i = 0; i < sizeof id.bytes; i++) {
        int high = hex_value(text.ptr[2 * i]), low = hex_value(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0) return WEFT_ERR_MALFORMED;
        id.bytes[i] = (uint8_t)(high << 4 | low);
    }
    *out = id;
    return 0;
}

int weft_origins_new(struct weft_origins **out, const struct weft_alloc *alloc) {
    struct weft_origins *o = weft__calloc(alloc, 1, sizeof *o);
    if (o == NULL) return WEFT_ERR_NOMEM;
    o->alloc = weft__alloc_or_default(alloc);
    struct weft__prng random;
    weft__prng_seed(&random, (uint64_t)(uintptr_t)o);
    for (size_t i = 0; i < sizeof o->secrets / sizeof *o->secrets; i++) o->secrets[i] = weft__prng_next(&random);
    *out = o;
    return 0;
}

void weft_origins_free(struct weft_origins *o) {
    if (o == NULL) return;
    weft__free(o->alloc, o->items, o->cap * sizeof *o->items);
    weft__free(o->alloc, o->slots, o->size * sizeof *o->slots);
    weft__free(o->alloc, o, sizeof *o);
}

/* Two words of 32 bits, each times a secret of its own. */
static uint64_t times(const uint64_t secrets[2], uint64_t words) {
    return secrets[0] * (uint32_t)words + secrets[1] * (words >> 32);
}

static uint64_t place_of(const struct weft_origins *o, const struct weft_origin *origin) {
    const uint64_t *s = o->secrets;
    uint64_t id[2];
    memcpy(id, origin->replica.bytes, sizeof id);
    return weft__mix64(s[0] + times(s + 1, id[0]) + times(s + 3, id[1]) + times(s + 5, origin->epoch));
}

static bool is_same(const struct weft_origin *a, const struct weft_origin *b) {
    return a->epoch == b->epoch && memcmp(a->replica.bytes, b->replica.bytes, sizeof a->replica.bytes) == 0;
}

/* The slot of an origin, or the empty one where it would go. There is an empty one: the table is half full at most. */
static uint32_t *slot_of(const struct weft_origins *o, const struct weft_origin *origin) {
    size_t mask = o->size - 1;
    for (size_t i = (size_t)place_of(o, origin) & mask;; i = (i + 1) & mask) {
        uint32_t held = o->slots[i];
        if (held == EMPTY || is_same(&o->items[held - 1], origin)) return &o->slots[i];
    }
}

static int grow_slots(struct weft_origins *o) {
    size_t size = o->size == 0 ? FIRST_SIZE : o->size * 2;
    uint32_t *slots = weft__calloc(o->alloc, size, sizeof *slots);
    if (slots == NULL) return WEFT_ERR_NOMEM;
    weft__free(o->alloc, o->slots, o->size * sizeof *o->slots);
    o->slots = slots;
    o->size = size;
    for (uint32_t i = 0; i < o->count; i++) *slot_of(o, &o->items[i]) = i + 1;
    return 0;
}

static int reserve_one(struct weft_origins *o) {
    if (o->count >= WEFT_ORIGINS_MAX) return WEFT_ERR_LIMIT;
    void *items = o->items;
    int rc = weft__grow(o->alloc, &items, &o->cap, o->count + 1, sizeof *o->items);
    if (rc != 0) return rc;
    o->items = items;
    bool is_full = o->size == 0 ? o->count == FEW : 2 * (o->count + 1) > o->size;
    return is_full ? grow_slots(o) : 0;
}

int weft_origins_intern(struct weft_origins *o, const struct weft_origin *origin, uint32_t *index) {
    if (weft_origins_find(o, origin, index)) return 0;
    struct weft_origin copy = *origin; /* may point into the array that grows */
    int rc = reserve_one(o);
    if (rc != 0) return rc;
    o->items[o->count] = copy;
    *index = (uint32_t)o->count++;
    if (o->size > 0) *slot_of(o, &copy) = *index + 1;
    return 0;
}

/* It was put into its slot last, also if the table has grown since: no other was put behind it. */
void weft__origins_forget_last(struct weft_origins *o) {
    assert(o->count > 0);
    if (o->size > 0) *slot_of(o, &o->items[o->count - 1]) = EMPTY;
    o->count--;
}

static bool find_in_row(const struct weft_origins *o, const struct weft_origin *origin, uint32_t *index) {
    for (uint32_t i = 0; i < o->count; i++) {
        if (!is_same(&o->items[i], origin)) continue;
        *index = i;
        return true;
    }
    return false;
}

bool weft_origins_find(const struct weft_origins *o, const struct weft_origin *origin, uint32_t *index) {
    if (o->size == 0) return find_in_row(o, origin, index);
    uint32_t held = *slot_of(o, origin);
    if (held == EMPTY) return false;
    *index = held - 1;
    return true;
}

const struct weft_origin *weft_origins_at(const struct weft_origins *o, uint32_t index) {
    assert(index < o->count);
    return &o->items[index];
}

uint32_t weft_origins_count(const struct weft_origins *o) {
    return (uint32_t)o->count;
}

int weft_origins_cmp(const struct weft_origins *o, uint32_t a, uint32_t b) {
    if (a == b) return 0;
    return weft_origin_cmp(weft_origins_at(o, a), weft_origins_at(o, b));
}
