/* test_version_vector.c: vectors against plain arrays of the same entries. */
#include <weft/causal.h>

#include <check.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define ORIGINS 40u

static struct failing_alloc mem;
static struct weft__prng prng;

struct pair {
    struct weft_version_vector v;
    uint64_t model[ORIGINS];
};

static void pair_init(struct pair *p) {
    memset(p->model, 0, sizeof p->model);
    weft_version_vector_init(&p->v, &mem.alloc);
}

static void raise_to(struct pair *p, uint32_t origin, uint64_t seq) {
    REQUIRE(weft_version_vector_raise(&p->v, origin, seq) == 0);
    if (seq > p->model[origin]) p->model[origin] = seq;
}

static void check_pair(const struct pair *p) {
    for (uint32_t i = 0; i < ORIGINS; i++)
        if (weft_version_vector_get(&p->v, i) != p->model[i]) ck_abort_msg("entry %u", i);
    REQUIRE(weft_version_vector_get(&p->v, ORIGINS) == 0);
    REQUIRE(weft_version_vector_get(&p->v, UINT32_MAX) == 0);
}

/* Few values, so that equal and ordered vectors are frequent; and values whose difference has the top bit. */
static uint64_t random_seq(void) {
    static const uint64_t values[] = {0, 1, 2, INT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 63) + 1, UINT64_MAX};
    return values[weft__prng_below(&prng, weft__prng_below(&prng, 2) == 0 ? 3 : 7)];
}

static void randomise(struct pair *p, uint32_t origins) {
    pair_init(p);
    for (uint32_t i = 0; i < origins; i++)
        if (weft__prng_below(&prng, 2) == 0) raise_to(p, i, random_seq());
}

static enum weft_order model_order(const struct pair *a, const struct pair *b) {
    bool above = false, below = false;
    for (uint32_t i = 0; i < ORIGINS; i++) {
        above = above || a->model[i] > b->model[i];
        below = below || a->model[i] < b->model[i];
    }
    if (above && below) return WEFT_CONCURRENT;
    return above ? WEFT_AFTER : below ? WEFT_BEFORE : WEFT_EQUAL;
}

START_TEST(random_vectors_match_arrays) {
    unsigned seen[4] = {0};
    failing_alloc_init(&mem);
    weft__prng_seed(&prng, 1);
    for (int round = 0; round < 20000; round++) {
        struct pair a, b;
        /* Short ones are comparable often, long ones fill vector registers. */
        uint32_t size = (uint32_t)weft__prng_below(&prng, round % 2 == 0 ? 4 : ORIGINS);
        randomise(&a, size);
        randomise(&b, (uint32_t)weft__prng_below(&prng, size + 1));
        if (round % 3 == 0) { /* a is below b, or equal */
            for (uint32_t i = 0; i < ORIGINS; i++) raise_to(&b, i, a.model[i]);
        }
        enum weft_order order = model_order(&a, &b);
        seen[order + 1]++;
        if (weft_version_vector_compare(&a.v, &b.v) != order) ck_abort_msg("compare in round %d", round);
        bool leq = order == WEFT_EQUAL || order == WEFT_BEFORE;
        if (weft_version_vector_leq(&a.v, &b.v) != leq) ck_abort_msg("leq in round %d", round);

        REQUIRE(weft_version_vector_merge(&a.v, &b.v) == 0);
        for (uint32_t i = 0; i < ORIGINS; i++)
            if (b.model[i] > a.model[i]) a.model[i] = b.model[i];
        check_pair(&a);
        check_pair(&b);
        REQUIRE(weft_version_vector_copy(&b.v, &a.v) == 0);
        REQUIRE(weft_version_vector_compare(&a.v, &b.v) == WEFT_EQUAL);
        weft_version_vector_fini(&a.v);
        weft_version_vector_fini(&b.v);
    }
    for (int i = 0; i < 4; i++) ck_assert_uint_gt(seen[i], 1000);
    REQUIRE(mem.live_bytes == 0);
}
END_TEST

START_TEST(a_raise_never_lowers) {
    struct pair p;
    failing_alloc_init(&mem);
    pair_init(&p);
    raise_to(&p, 3, 10);
    raise_to(&p, 3, 9);
    raise_to(&p, 3, 0);
    raise_to(&p, 30, 0);
    check_pair(&p);
    REQUIRE(weft_version_vector_contains(&p.v, (struct weft_dot){3, 10}));
    REQUIRE(!weft_version_vector_contains(&p.v, (struct weft_dot){3, 11}));
    REQUIRE(!weft_version_vector_contains(&p.v, (struct weft_dot){2, 1}));
    weft_version_vector_fini(&p.v);
}
END_TEST

/* A copy of a shorter vector forgets what was beyond, also when it grows again. */
START_TEST(a_copy_forgets_what_was_there) {
    struct pair long_one, short_one;
    failing_alloc_init(&mem);
    pair_init(&long_one);
    pair_init(&short_one);
    for (uint32_t i = 0; i < ORIGINS; i++) raise_to(&long_one, i, 5);
    raise_to(&short_one, 1, 7);
    REQUIRE(weft_version_vector_copy(&long_one.v, &short_one.v) == 0);
    memcpy(long_one.model, short_one.model, sizeof long_one.model);
    raise_to(&long_one, ORIGINS - 1, 1);
    check_pair(&long_one);
    weft_version_vector_fini(&long_one.v);
    weft_version_vector_fini(&short_one.v);
}
END_TEST

START_TEST(trailing_zeros_do_not_count) {
    struct weft_version_vector a, b;
    failing_alloc_init(&mem);
    weft_version_vector_init(&a, &mem.alloc);
    weft_version_vector_init(&b, &mem.alloc);
    REQUIRE(weft_version_vector_compare(&a, &b) == WEFT_EQUAL);
    REQUIRE(weft_version_vector_raise(&b, 9, 1) == 0);
    REQUIRE(weft_version_vector_compare(&a, &b) == WEFT_BEFORE);
    b.seq[9] = 0;
    REQUIRE(weft_version_vector_compare(&a, &b) == WEFT_EQUAL);
    REQUIRE(weft_version_vector_leq(&b, &a));
    weft_version_vector_fini(&a);
    weft_version_vector_fini(&b);
}
END_TEST

START_TEST(what_is_reserved_cannot_fail) {
    struct pair p;
    failing_alloc_init(&mem);
    pair_init(&p);
    REQUIRE(weft_version_vector_reserve(&p.v, ORIGINS) == 0);
    mem.fail_at = mem.calls + 1;
    for (uint32_t i = ORIGINS; i-- > 0;) raise_to(&p, i, i + 1);
    check_pair(&p);
    weft_version_vector_fini(&p.v);
}
END_TEST

START_TEST(out_of_memory_changes_nothing) {
    struct pair a, b;
    failing_alloc_init(&mem);
    pair_init(&a);
    pair_init(&b);
    raise_to(&a, 0, 3);
    for (uint32_t i = 0; i < ORIGINS; i++) raise_to(&b, i, 9);
    mem.fail_at = mem.calls + 1;
    mem.fail_forever = true;
    REQUIRE(weft_version_vector_merge(&a.v, &b.v) == WEFT_ERR_NOMEM);
    check_pair(&a);
    REQUIRE(weft_version_vector_copy(&a.v, &b.v) == WEFT_ERR_NOMEM);
    check_pair(&a);
    REQUIRE(weft_version_vector_raise(&a.v, ORIGINS - 1, 1) == WEFT_ERR_NOMEM);
    check_pair(&a);
    REQUIRE(weft_version_vector_reserve(&a.v, 1000) == WEFT_ERR_NOMEM);
    check_pair(&a);
    weft_version_vector_fini(&a.v);
    weft_version_vector_fini(&b.v);
    REQUIRE(mem.live_bytes == 0);
}
END_TEST

/* An allocator that grants whatever is asked for; the vector touches none of it. */
static void *grant(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    (void)ptr;
    (void)old_size;
    return new_size == 0 ? NULL : ctx;
}

START_TEST(no_length_wraps_the_capacity) {
    static const uint32_t lens[] = {1, 0x40000001, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, UINT32_MAX};
    uint64_t room;
    struct weft_alloc generous = {grant, &room};
    struct weft_version_vector v;
    weft_version_vector_init(&v, &generous);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        uint32_t before = v.cap;
        int rc = weft_version_vector_reserve(&v, lens[i]);
        REQUIRE(rc == 0 ? v.cap >= lens[i] : rc == WEFT_ERR_NOMEM && v.cap == before);
        REQUIRE(rc == 0 || lens[i] > 0x7fffffff);
    }
    REQUIRE(weft_version_vector_raise(&v, UINT32_MAX, 1) == WEFT_ERR_NOMEM);
    weft_version_vector_fini(&v);
}
END_TEST

int main(void) {
    return RUN_SUITE("clock/version_vector", random_vectors_match_arrays, a_raise_never_lowers,
                     a_copy_forgets_what_was_there, trailing_zeros_do_not_count, what_is_reserved_cannot_fail,
                     out_of_memory_changes_nothing, no_length_wraps_the_capacity);
}
