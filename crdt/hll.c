/* hll.c: CUSTOM; 4096 registers and the generation that they are of.
 *
 * An element's hash names a register with its upper 12 bits; the register keeps the greatest place of the first 1 bit
 * in the other 52 that it was shown. As an encoding, a state is
 *
 *   generation (varint) | up to 1023 registers: those above 0, each as index (12 bits), rank (12 bits), ascending
 *                         more: all of them, 6 bits each, in units of four
 *
 * in big-endian units of three bytes, so that the form follows from the number of registers above 0 and is told by the
 * length. Bottom, generation 0 without registers, has no encoding.
 *
 * The estimate (Ertl 2017, improved raw estimator) is alpha m^2 / z with
 *
 *   z = m sigma(c_0 / m) + sum over k >= 1 of c_k 2^-k,  sigma(x) = x + sum over k >= 1 of x^(2^k) 2^(k-1)
 *
 * where c_k registers have rank k, and alpha = 1 / (2 ln 2). His correction of full registers, tau, is left out: here
 * they fill at 2^52. In fixed point with 32 bits of fraction, z taken relative to its greatest term, which leaves a
 * relative error below 2^-16. */
#include <weft/hll.h>

#include <inttypes.h>
#include <string.h>

#include <weft/custom.h>
#include <weft/err.h>

#include "base/hash.h"
#include "base/wire.h"
#include "crdt/view.h"

#define INDEX_BITS 12u
#define REGISTERS  (1u << INDEX_BITS)
#define RANK_MAX   (64u - INDEX_BITS + 1)
#define UNIT       3u
#define DENSE_LEN  (REGISTERS / 4 * UNIT)
#define SPARSE_MAX (DENSE_LEN / UNIT - 1)
#define ALPHA      UINT64_C(0xb8aa3b295c17f0bc) /* 2^64 / (2 ln 2) */

/* [format] */
static const struct weft__hash128 hash_key = {UINT64_C(0x7765667420686c6c), UINT64_C(0x64697374696e6374)};

struct registers {
    uint64_t generation;
    uint8_t rank[REGISTERS];
};

/* --- States as bytes ---------------------------------------------------------------------------------------------- */

static uint32_t load_unit(const uint8_t *at) {
    return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

static void store_unit(uint8_t *at, uint32_t unit) {
    at[0] = (uint8_t)(unit >> 16);
    at[1] = (uint8_t)(unit >> 8);
    at[2] = (uint8_t)unit;
}

/* A state's registers, where they stand in its bytes. */
struct packed {
    uint64_t generation;
    const uint8_t *at;
    size_t units;
    bool is_dense;
};

static bool unpack(struct packed *p, struct weft_slice state) {
    struct weft__reader r;
    weft__reader_init(&r, state);
    p->generation = weft__read_varint(&r);
    size_t len = (size_t)(r.end - r.at);
    p->at = r.at;
    p->units = len / UNIT;
    p->is_dense = len == DENSE_LEN;
    return r.err == 0 && len % UNIT == 0 && len <= DENSE_LEN;
}

static uint8_t dense_rank(const struct packed *p, uint32_t index) {
    return (uint8_t)(load_unit(p->at + index / 4 * UNIT) >> (18 - index % 4 * 6) & 63);
}

/* Every add checks what stands: eight registers at a time, those of even and those of odd place in lanes of 12 bits. */
static bool check_dense(const struct packed *p) {
    const uint64_t lanes = UINT64_C(0x001001001001);
    uint64_t over = 0, used = 0;
    for (size_t i = 0; i < DENSE_LEN; i += 2 * UNIT) {
        uint64_t eight = (uint64_t)load_unit(p->at + i) << 24 | load_unit(p->at + i + UNIT);
        for (int half = 0; half < 2; half++, eight >>= 6) {
            uint64_t ranks = eight & lanes * 63;
            over |= ranks + lanes * (63 - RANK_MAX);
            used += (ranks + lanes * 63) >> 6 & lanes;
        }
    }
    uint64_t count = (used & 4095) + (used >> 12 & 4095) + (used >> 24 & 4095) + (used >> 36);
    return (over & lanes * 64) == 0 && count > SPARSE_MAX;
}

static bool check_sparse(const struct packed *p) {
    uint32_t next = 0; /* the smallest index that may follow */
    for (size_t i = 0; i < p->units; i++) {
        uint32_t unit = load_unit(p->at + i * UNIT), rank = unit & (REGISTERS - 1);
        if (rank == 0 || rank > RANK_MAX || unit >> INDEX_BITS < next) return false;
        next = (unit >> INDEX_BITS) + 1;
    }
    return p->units > 0 || p->generation > 0;
}

static bool check(struct weft_slice state) {
    struct packed p;
    return unpack(&p, state) && (p.is_dense ? check_dense(&p) : check_sparse(&p));
}

static void raise(struct registers *h, uint32_t index, uint8_t rank) {
    if (rank > h->rank[index]) h->rank[index] = rank;
}

/* h joins a state that passed the check. */
static int fold(void *ctx, struct weft_slice state) {
    struct registers *h = ctx;
    struct packed p;
    (void)unpack(&p, state);
    if (p.generation < h->generation) return 0;
    if (p.generation > h->generation) *h = (struct registers){.generation = p.generation};
    for (uint32_t i = 0; p.is_dense && i < REGISTERS; i++) raise(h, i, dense_rank(&p, i));
    for (size_t i = 0; !p.is_dense && i < p.units; i++) {
        uint32_t unit = load_unit(p.at + i * UNIT);
        raise(h, unit >> INDEX_BITS, (uint8_t)(unit & (REGISTERS - 1)));
    }
    return 0;
}

static uint32_t count_used(const struct registers *h) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < REGISTERS; i++) count += h->rank[i] > 0;
    return count;
}

static int pack(const struct registers *h, struct weft_buf *out) {
    uint8_t bytes[DENSE_LEN] = {0};
    size_t len = 0;
    bool is_dense = count_used(h) > SPARSE_MAX;
    for (uint32_t i = 0; !is_dense && i < REGISTERS; i++) {
        if (h->rank[i] == 0) continue;
        store_unit(bytes + len, i << INDEX_BITS | h->rank[i]);
        len += UNIT;
    }
    for (uint32_t i = 0; is_dense && i < REGISTERS; i += 4, len += UNIT)
        store_unit(bytes + len, (uint32_t)h->rank[i] << 18 | (uint32_t)h->rank[i + 1] << 12 |
                                    (uint32_t)h->rank[i + 2] << 6 | h->rank[i + 3]);
    weft__write_varint(out, h->generation);
    return weft_buf_append(out, bytes, len);
}

static int merge(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    struct registers h = {.generation = 0};
    (void)fold(&h, a);
    (void)fold(&h, b);
    return pack(&h, out);
}

/* --- The estimate ------------------------------------------------------------------------------------------------- */

/* m sigma(count / m) with 32 bits of fraction. count < m: the sum ends when its terms do. */
static uint64_t sigma(uint32_t count) {
    uint64_t x = (uint64_t)count << (32 - INDEX_BITS), sum = x;
    for (unsigned k = 1; x > 0; k++) {
        x = x * x >> 32;
        sum += x << (k - 1);
    }
    return sum << INDEX_BITS;
}

static uint64_t estimate(const struct registers *h) {
    uint32_t counts[RANK_MAX + 1] = {0}, least = 0;
    for (uint32_t i = 0; i < REGISTERS; i++) counts[h->rank[i]]++;
    if (counts[0] == REGISTERS) return 0;
    while (counts[least] == 0) least++;
    uint64_t z = counts[0] > 0 ? sigma(counts[0]) : (uint64_t)counts[least] << 32;
    for (uint32_t k = least + 1; k <= RANK_MAX && k - least <= 32; k++) z += (uint64_t)counts[k] << (32 - (k - least));
    uint64_t ratio = ALPHA / z; /* the estimate, shifted right by least and left by 8 */
    if (least < 8) return (ratio + (UINT64_C(1) << (7 - least))) >> (8 - least);
    return ratio > UINT64_MAX >> (least - 8) ? UINT64_MAX : ratio << (least - 8);
}

static int read(struct weft_view v, struct registers *h) {
    *h = (struct registers){.generation = 0};
    return weft_custom_each(v, &weft_hll_class, fold, h, NULL);
}

int weft_hll_estimate(struct weft_view v, uint64_t *out) {
    struct registers h;
    int rc = read(v, &h);
    if (rc == 0) *out = estimate(&h);
    return rc;
}

static int print(struct weft_view v, struct weft_buf *out) {
    uint64_t number;
    int rc = weft_hll_estimate(v, &number);
    return rc != 0 ? rc : weft_buf_printf(out, "about %" PRIu64, number);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* What is known of one register. */
struct register_look {
    uint64_t generation;
    uint32_t index;
    uint8_t rank;
};

static uint8_t sparse_rank(const struct packed *p, uint32_t index) {
    size_t low = 0, high = p->units;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (load_unit(p->at + middle * UNIT) >> INDEX_BITS < index)
            low = middle + 1;
        else
            high = middle;
    }
    uint32_t unit = low == p->units ? 0 : load_unit(p->at + low * UNIT);
    return low < p->units && unit >> INDEX_BITS == index ? (uint8_t)(unit & (REGISTERS - 1)) : 0;
}

static int look(void *ctx, struct weft_slice state) {
    struct register_look *l = ctx;
    struct packed p;
    (void)unpack(&p, state);
    if (p.generation < l->generation) return 0;
    uint8_t rank = p.is_dense ? dense_rank(&p, l->index) : sparse_rank(&p, l->index);
    if (p.generation > l->generation || rank > l->rank) l->rank = rank;
    l->generation = p.generation;
    return 0;
}

static uint8_t rank_of(uint64_t hash) {
    uint8_t rank = 1;
    for (uint64_t bit = UINT64_C(1) << (63 - INDEX_BITS); bit > 0 && (hash & bit) == 0; bit >>= 1) rank++;
    return rank;
}

static void join(struct weft_edit *e, uint64_t generation, const uint8_t *unit, size_t len) {
    struct weft_buf delta;
    weft_buf_init(&delta, weft__view_alloc(weft_edit_view(e)));
    weft__write_varint(&delta, generation);
    int rc = weft_buf_append(&delta, unit, len);
    if (rc != 0)
        weft_edit_fail(e, rc);
    else
        weft_custom_join(e, weft_buf_slice(&delta));
    weft_buf_fini(&delta);
}

void weft_hll_add(struct weft_edit *e, struct weft_slice element) {
    if (!weft__edit_is(e, &weft_hll_class)) return;
    uint64_t hash = weft__siphash64(hash_key, element.ptr, element.len);
    uint8_t rank = rank_of(hash), unit[UNIT];
    struct register_look known = {.index = (uint32_t)(hash >> (64 - INDEX_BITS))};
    int rc = weft_custom_each(weft_edit_view(e), &weft_hll_class, look, &known, NULL);
    if (rc != 0) weft_edit_fail(e, rc);
    if (rc != 0 || rank <= known.rank) return;
    store_unit(unit, known.index << INDEX_BITS | rank);
    join(e, known.generation, unit, sizeof unit);
}

/* What is empty already has nothing to delete. */
static void reset(struct weft_edit *e) {
    struct registers h;
    int rc = read(weft_edit_view(e), &h);
    if (rc == 0 && count_used(&h) == 0) return;
    if (rc == 0 && h.generation == UINT64_MAX) rc = WEFT_ERR_RANGE;
    if (rc != 0)
        weft_edit_fail(e, rc);
    else
        join(e, h.generation + 1, NULL, 0);
}

const struct weft_crdt_class weft_hll_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "hll",
    .type = WEFT_TYPE_ID(17, WEFT_KERNEL_CUSTOM),
    .schema = 1,
    .print = print,
    .reset = reset,
    .merge = merge,
    .check = check,
};
