/* test_clock_threads.c: two threads on one clock (scenario 20; invariants 1, 2, 3, 10 and 12 of the clock's design).
 *
 * cassandra-cpp-driver #558 handed out the value before the increment: two threads had one stamp. Each thread checks
 * that its own stamps rise; in the end all are merged and no two may be equal. */
#include <weft/clock.h>

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/suite.h"

#define THREADS 2
#define STAMPS  2000000
#define T0      WEFT_HLC_SECONDS(1790000000)

struct shared {
    struct weft_clock *clock;
    _Atomic uint64_t phys;
    _Atomic uint64_t boot;
    _Atomic uint64_t durable;
    atomic_bool done;
};

struct issuer {
    struct shared *shared;
    uint64_t *stamps;
    uint32_t batch; /* stamps a call */
    const char *fault;
};

static int read_phys(void *ctx, uint64_t *word) {
    *word = atomic_load(&((struct shared *)ctx)->phys);
    return 0;
}

static int read_boot(void *ctx, uint64_t *ns) {
    *ns = atomic_load(&((struct shared *)ctx)->boot);
    return 0;
}

static int persist(void *ctx, uint64_t bound) {
    atomic_store(&((struct shared *)ctx)->durable, bound);
    return 0;
}

static void *issue_all(void *arg) {
    struct issuer *me = arg;
    uint64_t last = 0;
    for (size_t i = 0; i < STAMPS; i += me->batch) {
        uint64_t first;
        if (weft_clock_now_n(me->shared->clock, me->batch, &first) != 0)
            me->fault = "failed";
        else if (first <= last)
            me->fault = "did not rise";
        else if (first + me->batch - 1 > atomic_load(&me->shared->durable))
            me->fault = "beyond what is durable";
        if (me->fault != NULL) break;
        for (uint32_t k = 0; k < me->batch; k++) me->stamps[i + k] = first + k;
        last = first + me->batch - 1;
    }
    return NULL;
}

/* Walks the physical clock in steps, some of them back, and observes words within the drift bound and beyond. */
static void *disturb(void *arg) {
    struct shared *s = arg;
    struct weft__prng prng;
    weft__prng_seed(&prng, 20);
    while (!atomic_load(&s->done)) {
        uint64_t step = weft__prng_below(&prng, WEFT_HLC_MS(20));
        uint64_t phys = atomic_load(&s->phys);
        switch (weft__prng_below(&prng, 6)) {
        case 0:
            atomic_store(&s->phys, phys - step);
            break;
        case 1:
            (void)!weft_clock_observe(s->clock, phys + weft__prng_below(&prng, WEFT_HLC_SECONDS(120)), NULL);
            break;
        default:
            atomic_fetch_add(&s->boot, weft_hlc_diff_ns(step));
            atomic_store(&s->phys, phys + step);
        }
    }
    return NULL;
}

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void run(uint32_t batch, bool stepping) {
    struct shared s = {0};
    struct issuer issuers[THREADS];
    pthread_t threads[THREADS], disturber;
    uint64_t *stamps = malloc(sizeof *stamps * THREADS * STAMPS);
    atomic_store(&s.phys, T0);
    atomic_store(&s.boot, 1);
    struct weft_clock_options opt;
    weft_clock_options_init(&opt);
    opt.phys = read_phys;
    opt.boot = read_boot;
    opt.persist = persist;
    opt.ctx = &s;
    ck_assert_int_eq(weft_clock_new(&s.clock, &opt, NULL), 0);

    if (stepping) pthread_create(&disturber, NULL, disturb, &s);
    for (size_t i = 0; i < THREADS; i++) {
        issuers[i] = (struct issuer){&s, stamps + i * STAMPS, batch, NULL};
        pthread_create(&threads[i], NULL, issue_all, &issuers[i]);
    }
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    atomic_store(&s.done, true);
    if (stepping) pthread_join(disturber, NULL);

    for (size_t i = 0; i < THREADS; i++)
        if (issuers[i].fault != NULL) ck_abort_msg("a stamp of thread %zu %s", i, issuers[i].fault);
    qsort(stamps, THREADS * STAMPS, sizeof *stamps, by_value);
    for (size_t i = 1; i < THREADS * STAMPS; i++)
        if (stamps[i] == stamps[i - 1]) ck_abort_msg("two stamps are %llx", (unsigned long long)stamps[i]);
    free(stamps);
    weft_clock_free(s.clock);
}

START_TEST(s20_two_threads_with_a_frozen_clock) {
    run(1, false);
}
END_TEST

START_TEST(s20_two_threads_with_a_stepping_clock) {
    run(1, true);
}
END_TEST

START_TEST(i12_batches_of_two_threads_are_disjoint) {
    run(64, true);
}
END_TEST

/* --- Renewing the bound --------------------------------------------------------------------------------------- */

static struct shared slow_disk;
static uint64_t meanwhile;

static void *issue_one(void *arg) {
    if (weft_clock_now(arg, &meanwhile) != 0) meanwhile = 0;
    return NULL;
}

/* A disk so slow that another thread issues before it is done. */
static int persist_slowly(void *ctx, uint64_t bound) {
    struct shared *s = ctx;
    pthread_t other;
    if (s->clock != NULL) {
        pthread_create(&other, NULL, issue_one, s->clock);
        pthread_join(other, NULL);
    }
    return persist(ctx, bound);
}

/* In the last quarter of the bound one thread renews it and the others need not wait. */
START_TEST(issuing_goes_on_while_the_bound_is_renewed) {
    struct weft_clock_options opt;
    weft_clock_options_init(&opt);
    opt.phys = read_phys;
    opt.persist = persist_slowly;
    opt.ctx = &slow_disk;
    atomic_store(&slow_disk.phys, T0);
    ck_assert_int_eq(weft_clock_new(&slow_disk.clock, &opt, NULL), 0);
    uint64_t bound = atomic_load(&slow_disk.durable), word;
    atomic_store(&slow_disk.phys, bound - 10);
    ck_assert_int_eq(weft_clock_now(slow_disk.clock, &word), 0);
    ck_assert_uint_eq(meanwhile, bound - 10);
    ck_assert_uint_eq(word, bound - 9);
    ck_assert_uint_gt(atomic_load(&slow_disk.durable), bound);
    weft_clock_free(slow_disk.clock);
}
END_TEST

static uint64_t granted; /* the last stamp of the batch that came between */

static void *issue_batch(void *arg) {
    uint64_t first;
    granted = weft_clock_now_n(arg, 1u << 28, &first) == 0 ? first + (1u << 28) - 1 : 0;
    return NULL;
}

/* The first renewal lets another thread issue, the second one fails. */
static int persist_and_lose(void *ctx, uint64_t bound) {
    struct shared *s = ctx;
    pthread_t other;
    if (s->clock == NULL) return persist(ctx, bound);
    if (atomic_exchange(&s->done, true)) return WEFT_ERR_IO;
    pthread_create(&other, NULL, issue_batch, s->clock);
    pthread_join(other, NULL);
    return persist(ctx, bound);
}

/* A renewal after a step back: what the others may issue meanwhile stays durable. */
START_TEST(a_step_back_does_not_lower_the_bound) {
    static struct shared s;
    struct weft_clock_options opt;
    weft_clock_options_init(&opt);
    opt.phys = read_phys;
    opt.persist = persist_and_lose;
    opt.ctx = &s;
    atomic_store(&s.phys, T0);
    ck_assert_int_eq(weft_clock_new(&s.clock, &opt, NULL), 0);
    uint64_t bound = atomic_load(&s.durable), word, last;
    last = bound - WEFT_HLC_MS(510); /* just before a renewal is due */
    atomic_store(&s.phys, last);
    ck_assert_int_eq(weft_clock_now(s.clock, &word), 0);
    atomic_store(&s.phys, T0 - WEFT_HLC_SECONDS(100));
    ck_assert_int_eq(weft_clock_now_n(s.clock, 1u << 27, &word), 0);
    last = word + (1u << 27) - 1;
    ck_assert_uint_le(last > granted ? last : granted, atomic_load(&s.durable));
    ck_assert_uint_ge(atomic_load(&s.durable), bound);
    weft_clock_free(s.clock);
}
END_TEST

/* In the child of a fork in the middle of a renewal nobody is left who would unlock. */
static int persist_and_fork(void *ctx, uint64_t bound) {
    struct shared *s = ctx;
    uint64_t word;
    if (s->clock == NULL || atomic_exchange(&s->done, true)) return persist(ctx, bound);
    pid_t child = fork();
    if (child == 0) {
        alarm(10);
        weft_clock_mark_forked(s->clock);
        if (weft_clock_now(s->clock, &word) != WEFT_ERR_CLOCK_FORKED) _exit(1);
        weft_clock_after_fork(s->clock);
        _exit(weft_clock_now(s->clock, &word) == 0 ? 0 : 2);
    }
    int status = -1;
    waitpid(child, &status, 0);
    atomic_store(&s->boot, (uint64_t)status);
    return persist(ctx, bound);
}

START_TEST(s29_a_fork_while_the_bound_is_renewed) {
    static struct shared s;
    struct weft_clock_options opt;
    uint64_t word;
    weft_clock_options_init(&opt);
    opt.phys = read_phys;
    opt.persist = persist_and_fork;
    opt.ctx = &s;
    atomic_store(&s.phys, T0);
    atomic_store(&s.boot, 99);
    ck_assert_int_eq(weft_clock_new(&s.clock, &opt, NULL), 0);
    atomic_store(&s.phys, T0 + WEFT_HLC_SECONDS(3));
    ck_assert_int_eq(weft_clock_now(s.clock, &word), 0);
    ck_assert_uint_eq(atomic_load(&s.boot), 0); /* how the child ended */
    weft_clock_free(s.clock);
}
END_TEST

int main(void) {
    return RUN_SUITE("clock/clock_threads", s20_two_threads_with_a_frozen_clock, s20_two_threads_with_a_stepping_clock,
                     i12_batches_of_two_threads_are_disjoint, issuing_goes_on_while_the_bound_is_renewed,
                     a_step_back_does_not_lower_the_bound, s29_a_fork_while_the_bound_is_renewed);
}
