/* test_slab.c: blocks keep their content, do not overlap, cost little and go back. */
#include "base/slab.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

static struct failing_alloc mem;
static struct weft__slab *slab;

static void begin(void) {
    failing_alloc_init(&mem);
    ck_assert_int_eq(weft__slab_new(&slab, &mem.alloc), 0);
}

static void end(void) {
    ck_assert_uint_eq(weft__slab_bytes(slab), mem.live_bytes);
    weft__slab_free(slab);
    ck_assert_uint_eq(mem.live_bytes, 0);
}

static uint32_t take(size_t size) {
    uint32_t ref = weft__slab_take(slab, size);
    /* A passed check of libcheck writes to a pipe: too slow for each of millions. */
    if (ref == WEFT__SLAB_NONE || (uintptr_t)weft__slab_at(slab, ref) % 8 != 0) ck_abort_msg("no aligned block");
    return ref;
}

struct block {
    uint32_t ref;
    size_t size;
    uint8_t fill;
};

static void check_block(const struct block *b) {
    const uint8_t *at = weft__slab_at(slab, b->ref);
    for (size_t i = 0; i < b->size; i++)
        if (at[i] != b->fill) ck_abort_msg("byte %zu of %zu was overwritten", i, b->size);
}

/* Sizes of every class, and large ones now and then. */
static size_t random_size(struct weft__prng *p) {
    uint64_t kind = weft__prng_below(p, 20);
    if (kind == 0) return (size_t)weft__prng_below(p, 200000);
    if (kind < 8) return (size_t)weft__prng_below(p, WEFT__SLAB_SMALL + 2);
    return (size_t)weft__prng_below(p, 200);
}

START_TEST(blocks_keep_their_content) {
    enum { BLOCKS = 400 };
    static struct block blocks[BLOCKS];
    struct weft__prng p;
    weft__prng_seed(&p, 1);
    begin();
    size_t empty = weft__slab_bytes(slab);
    for (int step = 0; step < 30000; step++) {
        struct block *b = &blocks[weft__prng_below(&p, BLOCKS)];
        if (b->ref != WEFT__SLAB_NONE) {
            check_block(b);
            weft__slab_give(slab, b->ref, b->size);
            b->ref = WEFT__SLAB_NONE;
            continue;
        }
        *b = (struct block){.size = random_size(&p), .fill = (uint8_t)step};
        b->ref = take(b->size);
        memset(weft__slab_at(slab, b->ref), b->fill, b->size);
    }
    for (int i = 0; i < BLOCKS; i++) {
        if (blocks[i].ref == WEFT__SLAB_NONE) continue;
        check_block(&blocks[i]);
        weft__slab_give(slab, blocks[i].ref, blocks[i].size);
    }
    /* Nothing is left but the table of chunks. */
    ck_assert_uint_lt(weft__slab_bytes(slab), empty + BLOCKS * 2 * sizeof(void *));
    end();
}
END_TEST

/* Whatever the size, a block is its own: every class filled to the brim of its first chunks. */
START_TEST(every_size_has_room_for_itself) {
    begin();
    for (size_t size = 0; size <= WEFT__SLAB_SMALL + 1; size++) {
        struct block b[6];
        for (int i = 0; i < 6; i++) {
            b[i] = (struct block){take(size), size, (uint8_t)(i + 1)};
            memset(weft__slab_at(slab, b[i].ref), b[i].fill, size);
        }
        for (int i = 0; i < 6; i++) check_block(&b[i]);
        for (int i = 0; i < 6; i++) weft__slab_give(slab, b[i].ref, size);
    }
    end();
}
END_TEST

START_TEST(overhead_of_40_byte_blocks_is_below_3_percent) {
    enum { N = 1000000 };
    begin();
    for (int i = 0; i < N; i++) take(40);
    ck_assert_uint_lt(weft__slab_bytes(slab), (size_t)(40.0 * N * 1.03));
    end();
}
END_TEST

START_TEST(no_size_wastes_more_than_a_seventh) {
    for (size_t size = 8; size <= WEFT__SLAB_SMALL; size += 8) {
        begin();
        size_t n = (1u << 20) / size;
        for (size_t i = 0; i < n; i++) take(size);
        ck_assert_uint_lt(weft__slab_bytes(slab), n * size * 8 / 7 + (66u << 10));
        end();
    }
}
END_TEST

START_TEST(a_first_block_is_cheap) {
    begin();
    take(40);
    ck_assert_uint_lt(weft__slab_bytes(slab), 3000);
    end();
}
END_TEST

/* Chunks go back one by one, not only when all is free. */
START_TEST(an_empty_chunk_goes_back) {
    enum { N = 100000 };
    static uint32_t refs[N];
    begin();
    for (int i = 0; i < N; i++) refs[i] = take(40);
    size_t full = weft__slab_bytes(slab);
    for (int i = 0; i < N / 2; i++) weft__slab_give(slab, refs[i], 40);
    ck_assert_uint_lt(weft__slab_bytes(slab), full / 2 + (70u << 10));
    for (int i = N / 2; i < N; i++) weft__slab_give(slab, refs[i], 40);
    ck_assert_uint_lt(weft__slab_bytes(slab), 3000);

    /* The numbers of the chunks are used again. */
    for (int i = 0; i < N; i++) refs[i] = take(40);
    ck_assert_uint_le(weft__slab_bytes(slab), full);
    end();
}
END_TEST

/* A free place is taken before a chunk is added. */
START_TEST(free_places_are_used_again) {
    enum { N = 10000 };
    static uint32_t refs[N];
    begin();
    for (int i = 0; i < N; i++) refs[i] = take(100);
    size_t full = weft__slab_bytes(slab), calls = mem.calls;
    for (int i = 0; i < N; i += 2) weft__slab_give(slab, refs[i], 100);
    for (int i = 0; i < N; i += 2) take(100);
    ck_assert_uint_eq(weft__slab_bytes(slab), full);
    ck_assert_uint_eq(mem.calls, calls);
    end();
}
END_TEST

START_TEST(out_of_memory_changes_nothing) {
    static const size_t sizes[] = {40, 4096, 100000};
    begin();
    for (int i = 0; i < 3; i++) {
        struct block kept = {take(sizes[i]), sizes[i], 7};
        memset(weft__slab_at(slab, kept.ref), 7, sizes[i]);
        mem.fail_at = mem.calls + 1;
        mem.fail_forever = true;
        while (weft__slab_take(slab, sizes[i]) != WEFT__SLAB_NONE) continue;
        size_t held = weft__slab_bytes(slab);
        ck_assert_uint_eq(weft__slab_take(slab, sizes[i]), WEFT__SLAB_NONE);
        ck_assert_uint_eq(weft__slab_bytes(slab), held);
        mem.fail_at = 0;
        take(sizes[i]);
        check_block(&kept);
    }
    ck_assert_uint_eq(weft__slab_take(slab, SIZE_MAX), WEFT__SLAB_NONE);
    end();

    failing_alloc_init(&mem);
    mem.fail_at = 1;
    ck_assert_int_eq(weft__slab_new(&slab, &mem.alloc), WEFT_ERR_NOMEM);
    weft__slab_free(NULL);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/slab", blocks_keep_their_content, every_size_has_room_for_itself,
                     overhead_of_40_byte_blocks_is_below_3_percent, no_size_wastes_more_than_a_seventh,
                     a_first_block_is_cheap, an_empty_chunk_goes_back, free_places_are_used_again,
                     out_of_memory_changes_nothing);
}
