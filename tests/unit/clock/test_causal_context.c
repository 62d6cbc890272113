/* test_causal_context.c: contexts against sets of dots that are one flag each. */
#include "clock/causal_context.h"

#include <check.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define ORIGINS 4u
#define SEQS    12u

static struct failing_alloc mem;
static struct weft__prng prng;

struct pair {
    struct weft_causal_context c;
    bool model[ORIGINS][SEQS + 1]; /* [origin][seq]; 0 unused */
};

static void begin(uint64_t seed) {
    failing_alloc_init(&mem);
    weft__prng_seed(&prng, seed);
}

static void pair_init(struct pair *p) {
    memset(p->model, 0, sizeof p->model);
    weft_causal_context_init(&p->c, &mem.alloc);
}

static void pair_fini(struct pair *p) {
    weft_causal_context_fini(&p->c);
}

/* The one representation of the model: base up to the first gap, and the rest in order. */
static void check_pair(const struct pair *p) {
    size_t at = 0;
    for (uint32_t o = 0; o < ORIGINS; o++) {
        uint64_t base = 0;
        while (base < SEQS && p->model[o][base + 1]) base++;
        if (weft_version_vector_get(&p->c.base, o) != base) ck_abort_msg("base of origin %u", o);
        for (uint64_t s = base + 1; s <= SEQS; s++) {
            if (!p->model[o][s]) continue;
            if (at >= p->c.cloud_len) ck_abort_msg("a dot is missing");
            if (p->c.cloud[at].origin != o || p->c.cloud[at].seq != s) ck_abort_msg("another dot");
            at++;
        }
    }
    if (at != p->c.cloud_len) ck_abort_msg("dots too many");
}

static void check_contains(const struct pair *p) {
    for (uint32_t o = 0; o < ORIGINS; o++)
        for (uint64_t s = 1; s <= SEQS; s++)
            if (weft_causal_context_contains(&p->c, (struct weft_dot){o, s}) != p->model[o][s])
                ck_abort_msg("dot (%u, %u)", o, (unsigned)s);
}

static void add(struct pair *p, uint32_t origin, uint64_t seq) {
    REQUIRE(weft_causal_context_add(&p->c, (struct weft_dot){origin, seq}) == 0);
    p->model[origin][seq] = true;
}

/* Each dot with a chance that is drawn too: from nearly empty to nearly whole. */
static void randomise(struct pair *p) {
    uint64_t chance = 1 + weft__prng_below(&prng, 10), adds = weft__prng_below(&prng, ORIGINS * SEQS) * chance / 5;
    pair_init(p);
    for (uint64_t i = 0; i < adds; i++)
        add(p, (uint32_t)weft__prng_below(&prng, ORIGINS), 1 + weft__prng_below(&prng, SEQS));
}

START_TEST(adds_in_any_order_match_the_set) {
    begin(1);
    for (int round = 0; round < 300; round++) {
        struct pair p;
        pair_init(&p);
        for (int i = 0; i < 100; i++) {
            add(&p, (uint32_t)weft__prng_below(&prng, ORIGINS), 1 + weft__prng_below(&prng, SEQS));
            check_pair(&p);
        }
        check_contains(&p);
        pair_fini(&p);
    }
    REQUIRE(mem.live_bytes == 0);
}
END_TEST

START_TEST(the_dot_that_closes_a_gap_brings_the_cloud_home) {
    struct pair p;
    begin(2);
    pair_init(&p);
    add(&p, 1, 3);
    add(&p, 1, 2);
    add(&p, 1, 5);
    add(&p, 2, 2);
    REQUIRE(p.c.cloud_len == 4);
    add(&p, 1, 1);
    check_pair(&p);
    REQUIRE(weft_version_vector_get(&p.c.base, 1) == 3);
    REQUIRE(p.c.cloud_len == 2);
    pair_fini(&p);
}
END_TEST

static bool model_leq(const struct pair *a, const struct pair *b) {
    for (uint32_t o = 0; o < ORIGINS; o++)
        for (uint64_t s = 1; s <= SEQS; s++)
            if (a->model[o][s] && !b->model[o][s]) return false;
    return true;
}

static void model_merge(struct pair *a, const struct pair *b) {
    for (uint32_t o = 0; o < ORIGINS; o++)
        for (uint64_t s = 1; s <= SEQS; s++) a->model[o][s] = a->model[o][s] || b->model[o][s];
}

START_TEST(merges_and_orders_match_the_sets) {
    int below = 0, equal = 0;
    begin(3);
    for (int round = 0; round < 20000; round++) {
        struct pair a, b;
        randomise(&a);
        randomise(&b);
        if (round % 3 == 0) { /* make b greater */
            REQUIRE(weft_causal_context_merge(&b.c, &a.c) == 0);
            model_merge(&b, &a);
        }
        bool leq = model_leq(&a, &b), geq = model_leq(&b, &a);
        below += leq;
        equal += leq && geq;
        if (weft_causal_context_leq(&a.c, &b.c) != leq) ck_abort_msg("leq in round %d", round);
        if (weft_causal_context_eq(&a.c, &b.c) != (leq && geq)) ck_abort_msg("eq in round %d", round);
        REQUIRE(weft_causal_context_merge(&a.c, &b.c) == 0);
        model_merge(&a, &b);
        check_pair(&a);
        check_pair(&b);
        pair_fini(&a);
        pair_fini(&b);
    }
    ck_assert_int_gt(below, 6000);
    ck_assert_int_gt(equal, 100);
    REQUIRE(mem.live_bytes == 0);
}
END_TEST

START_TEST(merging_with_itself_is_nothing) {
    struct pair p;
    begin(4);
    randomise(&p);
    add(&p, 0, SEQS);
    REQUIRE(weft_causal_context_merge(&p.c, &p.c) == 0);
    check_pair(&p);
    REQUIRE(weft_causal_context_eq(&p.c, &p.c));
    pair_fini(&p);
}
END_TEST

/* Same length of cloud, same base, one dot different. */
START_TEST(equality_looks_at_the_dots) {
    struct pair a, b;
    begin(5);
    pair_init(&a);
    pair_init(&b);
    add(&a, 1, 5);
    add(&b, 1, 6);
    REQUIRE(!weft_causal_context_eq(&a.c, &b.c));
    pair_fini(&b);
    pair_init(&b);
    add(&b, 2, 5);
    REQUIRE(!weft_causal_context_eq(&a.c, &b.c));
    pair_fini(&a);
    pair_fini(&b);
}
END_TEST

START_TEST(the_last_numbers_do_not_wrap) {
    struct weft_causal_context c;
    begin(6);
    weft_causal_context_init(&c, &mem.alloc);
    REQUIRE(weft_version_vector_raise(&c.base, 0, UINT64_MAX - 2) == 0);
    REQUIRE(weft_causal_context_add(&c, (struct weft_dot){0, UINT64_MAX}) == 0);
    REQUIRE(c.cloud_len == 1);
    REQUIRE(weft_causal_context_add(&c, (struct weft_dot){0, UINT64_MAX - 1}) == 0);
    REQUIRE(c.cloud_len == 0);
    REQUIRE(weft_version_vector_get(&c.base, 0) == UINT64_MAX);
    REQUIRE(weft_causal_context_add(&c, (struct weft_dot){0, UINT64_MAX}) == 0);
    REQUIRE(c.cloud_len == 0);
    weft_causal_context_fini(&c);
}
END_TEST

START_TEST(what_is_reserved_cannot_fail) {
    begin(7);
    for (int round = 0; round < 500; round++) {
        struct pair p;
        randomise(&p);
        REQUIRE(weft_causal_context_reserve(&p.c, ORIGINS, 20) == 0);
        mem.fail_at = mem.calls + 1;
        mem.fail_forever = true;
        for (int i = 0; i < 20; i++)
            add(&p, (uint32_t)weft__prng_below(&prng, ORIGINS), 1 + weft__prng_below(&prng, SEQS));
        mem.fail_at = 0;
        check_pair(&p);
        pair_fini(&p);
    }
}
END_TEST

/* Any order, repeats, what is there already, whole runs and gaps; into room that was reserved. */
START_TEST(adding_many_is_adding_each) {
    begin(9);
    for (int round = 0; round < 20000; round++) {
        struct weft_dot dots[40];
        struct pair p;
        size_t count = (size_t)weft__prng_below(&prng, 41);
        randomise(&p);
        for (size_t i = 0; i < count; i++) {
            uint64_t run = i % ORIGINS * 7 + i / ORIGINS;
            dots[i] = (struct weft_dot){(uint32_t)(run / SEQS % ORIGINS), 1 + run % SEQS};
            if (round % 2 == 0)
                dots[i] =
                    (struct weft_dot){(uint32_t)weft__prng_below(&prng, ORIGINS), 1 + weft__prng_below(&prng, SEQS)};
        }
        REQUIRE(weft_causal_context_reserve(&p.c, ORIGINS, count) == 0);
        mem.fail_at = mem.calls + 1;
        mem.fail_forever = true;
        for (size_t i = 0; i < count; i++) p.model[dots[i].origin][dots[i].seq] = true;
        weft__causal_context_add_all(&p.c, dots, count);
        mem.fail_at = 0;
        check_pair(&p);
        pair_fini(&p);
    }
    REQUIRE(mem.live_bytes == 0);
}
END_TEST

/* Behind all that there is of its origin, next to base or not; into room that was reserved. */
START_TEST(adding_a_run_is_adding_each) {
    size_t gaps = 0;
    begin(10);
    for (int round = 0; round < 20000; round++) {
        struct pair p;
        uint32_t origin = (uint32_t)weft__prng_below(&prng, ORIGINS);
        uint64_t last = SEQS;
        randomise(&p);
        while (last > 0 && !p.model[origin][last]) last--;
        if (last < SEQS) {
            uint64_t count = 1 + weft__prng_below(&prng, SEQS - last);
            REQUIRE(weft_causal_context_reserve(&p.c, ORIGINS, count) == 0);
            mem.fail_at = mem.calls + 1;
            mem.fail_forever = true;
            gaps += last > weft_version_vector_get(&p.c.base, origin);
            for (uint64_t i = 1; i <= count; i++) p.model[origin][last + i] = true;
            weft__causal_context_add_run(&p.c, (struct weft_dot){origin, last + 1}, count);
            mem.fail_at = 0;
        }
        check_pair(&p);
        pair_fini(&p);
    }
    ck_assert_uint_gt(gaps, 1000);
    REQUIRE(mem.live_bytes == 0);
}
END_TEST

/* Every allocation of an add or a merge fails in turn. */
START_TEST(out_of_memory_changes_nothing) {
    size_t adds = 0, merges = 0;
    begin(8);
    for (int round = 0; round < 2000; round++) {
        struct pair a, b;
        randomise(&a);
        randomise(&b);
        struct weft_dot dot = {(uint32_t)weft__prng_below(&prng, ORIGINS), 1 + weft__prng_below(&prng, SEQS)};
        mem.fail_at = mem.calls + 1;
        int rc = weft_causal_context_add(&a.c, dot);
        if (rc == 0)
            a.model[dot.origin][dot.seq] = true;
        else
            adds++;
        check_pair(&a);
        for (size_t n = 1; n <= 3; n++) {
            mem.fail_at = mem.calls + n;
            rc = weft_causal_context_merge(&a.c, &b.c);
            if (rc == 0) break;
            REQUIRE(rc == WEFT_ERR_NOMEM);
            merges++;
            check_pair(&a);
        }
        REQUIRE(rc == 0);
        model_merge(&a, &b);
        check_pair(&a);
        mem.fail_at = 0;
        pair_fini(&a);
        pair_fini(&b);
    }
    ck_assert_uint_gt(adds, 50);
    ck_assert_uint_gt(merges, 500);
    REQUIRE(mem.live_bytes == 0);
}
END_TEST

int main(void) {
    return RUN_SUITE("clock/causal_context", adds_in_any_order_match_the_set,
                     the_dot_that_closes_a_gap_brings_the_cloud_home, merges_and_orders_match_the_sets,
                     merging_with_itself_is_nothing, equality_looks_at_the_dots, the_last_numbers_do_not_wrap,
                     what_is_reserved_cannot_fail, adding_many_is_adding_each, adding_a_run_is_adding_each,
                     out_of_memory_changes_nothing);
}
