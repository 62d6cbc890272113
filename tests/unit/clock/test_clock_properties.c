/* test_clock_properties.c: the invariants I1 to I16 of the clock's design, over random runs with failing disks, clocks
 * that step and jump, poison, promises and crashes. Each run keeps what must hold in a few numbers. (I12 with threads,
 * I13 to I15 have tests of their own in test_clock_threads.c and test_hlc.c.) */
#include <weft/clock.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "tests/support/suite.h"
#include "tests/unit/clock/platform.h"

#define ROOM (UINT64_C(1) << 20) /* what a crash may cost while the clock is ahead */

/* --- One clock ------------------------------------------------------------------------------------------------ */

struct run {
    struct platform p;
    struct weft__prng prng;
    uint64_t issued;   /* greatest, over all lives */
    uint64_t observed; /* greatest accepted in this life */
    uint64_t promised; /* greatest, over all lives */
    uint64_t phys_max; /* greatest physical clock believed or not */
    uint64_t count;    /* stamps issued */
    uint64_t crashes;
    uint64_t accepted, refused, failed; /* how much of each there was, so that a run that tests nothing shows */
};

static uint64_t below(struct run *r, uint64_t bound) {
    return weft__prng_below(&r->prng, bound);
}

static void take(struct run *r, uint64_t first, uint64_t n) {
    struct weft_clock_stats stats = stats_of(&r->p);
    if (first <= r->issued)
        ck_abort_msg("I1, I2, I9: issued %llx after %llx", (unsigned long long)first, (unsigned long long)r->issued);
    if (first <= r->observed) ck_abort_msg("I3: not above what was observed");
    if (first <= r->promised) ck_abort_msg("I16: not above what was promised");
    if (!stats.holding && first < r->p.phys) ck_abort_msg("I6: below the physical clock");
    r->issued = first + n - 1;
    r->count += n;
    if (r->issued > r->p.disk) ck_abort_msg("I10: not durable");
    if (stats.last != r->issued) ck_abort_msg("last is not what was issued");
}

static void do_issue(struct run *r) {
    uint64_t first, n = below(r, 3) == 0 ? 1 + below(r, 100) : 1;
    int rc = n > 1              ? weft_clock_now_n(r->p.clock, (uint32_t)n, &first)
             : below(r, 2) == 0 ? weft_clock_now(r->p.clock, &first)
                                : weft_clock_now_single(r->p.clock, &first);
    if (rc == 0)
        take(r, first, n);
    else
        r->failed++;
    bool may_fail = r->p.disk_fails || r->p.phys_rc != 0 || r->p.boot_rc != 0;
    if (rc != 0 && !may_fail) ck_abort_msg("now failed for no reason: %s", weft_err_name(rc));
}

static uint64_t random_remote(struct run *r) {
    switch (below(r, 6)) {
    case 0:
        return weft__prng_next(&r->prng);
    case 1:
        return UINT64_MAX - below(r, 0x20000);
    case 2:
        return stats_of(&r->p).last - below(r, SECOND);
    default:
        return r->p.phys + below(r, r->p.opt.max_drift * 5 / 4);
    }
}

static void do_observe(struct run *r) {
    uint64_t remote = random_remote(r), last = stats_of(&r->p).last, reads = r->p.phys_reads, excess = 7;
    size_t bad = 99;
    int checked = weft_clock_check(r->p.clock, &remote, 1, &bad);
    if (stats_of(&r->p).last != last) ck_abort_msg("I4: a check moved the clock");
    r->p.phys_reads = reads;
    int rc = weft_clock_observe(r->p.clock, remote, &excess);
    if (rc != checked) ck_abort_msg("check said %s, observe %s", weft_err_name(checked), weft_err_name(rc));
    if (remote <= last && (rc != 0 || r->p.phys_reads != reads || stats_of(&r->p).last != last))
        ck_abort_msg("I11: the past is no news and reads no clock");
    if (rc == 0) {
        if (stats_of(&r->p).last != (remote > last ? remote : last)) ck_abort_msg("I3, I11: not the maximum");
        if (remote > r->observed) r->observed = remote;
        r->accepted += remote > last;
    }
    if (rc == WEFT_ERR_CLOCK_REMOTE_AHEAD && excess == 0) ck_abort_msg("refused by nothing");
    r->refused += rc != 0;
}

static void do_promise(struct run *r) {
    uint64_t word = r->p.phys - SECOND + below(r, 20 * SECOND);
    if (weft_clock_promise(r->p.clock, word) != 0) return;
    if (word > r->p.disk) ck_abort_msg("I16: the promise is not durable");
    if (word > r->promised) r->promised = word;
}

static void do_time(struct run *r) {
    switch (below(r, 12)) {
    case 0:
        r->p.phys -= below(r, 5 * SECOND);
        break;
    case 1:
        r->p.phys += below(r, 9 * SECOND);
        break;
    case 2:
        platform_pass(&r->p, below(r, HOUR));
        break;
    case 3:
        if (below(r, 20) == 0) r->p.phys += HOUR;
        break;
    case 4:
        (void)!weft_clock_confirm_jump(r->p.clock);
        break;
    default:
        platform_pass(&r->p, below(r, SECOND));
    }
    if (r->p.phys > r->phys_max) r->phys_max = r->p.phys;
}

static void do_fault(struct run *r) {
    r->p.disk_fails = below(r, 4) == 0;
    r->p.phys_rc = below(r, 8) == 0 ? WEFT_ERR_IO : 0;
    r->p.boot_rc = below(r, 8) == 0 ? WEFT_ERR_IO : 0;
}

static void do_crash(struct run *r) {
    r->p.disk_fails = false;
    r->p.phys_rc = r->p.boot_rc = 0;
    platform_crash(&r->p);
    r->observed = 0;
    r->crashes++;
}

static void step(struct run *r) {
    uint64_t last = stats_of(&r->p).last, failed = r->failed;
    uint64_t what = below(r, 100);
    if (what < 50)
        do_issue(r);
    else if (what < 65)
        do_observe(r);
    else if (what < 67)
        do_promise(r);
    else if (what < 92)
        do_time(r);
    else if (what < 98)
        do_fault(r);
    else {
        do_crash(r);
        last = r->issued; /* an observed word may be forgotten: what depended on it would be in a log */
    }

    struct weft_clock_stats stats = stats_of(&r->p);
    if (stats.last < last) ck_abort_msg("I4: the clock went back");
    if (r->failed != failed && stats.last != last) ck_abort_msg("I4: a failure moved the clock");
    uint64_t most = r->phys_max + r->p.opt.max_drift + r->count + r->crashes * ROOM;
    if (stats.last > most) ck_abort_msg("I5: ahead by %f s", (double)(stats.last - r->phys_max) / 4294967296.0);
    if (stats.last >= WEFT_HLC_TOP) ck_abort_msg("I15: beyond the top");
}

START_TEST(i01_to_i16_over_random_runs) {
    static struct run r;
    uint64_t accepted = 0, refused = 0, failed = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        memset(&r, 0, sizeof r);
        platform_begin(&r.p);
        weft__prng_seed(&r.prng, seed);
        r.phys_max = r.p.phys;
        for (int i = 0; i < 1000; i++) step(&r);
        platform_end(&r.p);
        accepted += r.accepted;
        refused += r.refused;
        failed += r.failed;
    }
    ck_assert_uint_gt(accepted, 5000);
    ck_assert_uint_gt(refused, 5000);
    ck_assert_uint_gt(failed, 1000);
}
END_TEST

/* A program that crashes at once, a thousand times within a second, stays where its peers accept it. */
START_TEST(i05_a_crash_loop_does_not_drive_the_clock) {
    static struct platform p;
    platform_begin(&p);
    for (int i = 0; i < 1000; i++) {
        issue(&p);
        platform_crash(&p);
    }
    ck_assert_uint_le(issue(&p), p.phys + p.opt.window + 1001 * ROOM);
    platform_end(&p);
}
END_TEST

/* Commutative, associative, idempotent: any order, with any repeats, ends at the maximum of what is accepted. */
START_TEST(i11_observing_is_a_maximum) {
    static struct platform p;
    struct weft__prng prng;
    weft__prng_seed(&prng, 11);
    for (int round = 0; round < 200; round++) {
        uint64_t words[20], most = 0;
        platform_begin(&p);
        for (int i = 0; i < 20; i++) {
            words[i] = p.phys + weft__prng_below(&prng, p.opt.max_drift);
            if (words[i] > most) most = words[i];
        }
        for (int order = 0; order < 3; order++) {
            for (int i = 0; i < 40; i++) ck_assert_int_eq(observe(&p, words[weft__prng_below(&prng, 20)]), 0);
            for (int i = 0; i < 20; i++) ck_assert_int_eq(observe(&p, words[order == 0 ? i : 19 - i]), 0);
            ck_assert_uint_eq(stats_of(&p).last, most);
        }
        platform_end(&p);
    }
}
END_TEST

START_TEST(i12_a_batch_is_a_run_of_stamps) {
    static struct platform p;
    platform_begin(&p);
    uint64_t last = issue(&p), first;
    for (uint32_t n = 1; n < 2000; n++) {
        ck_assert_int_eq(weft_clock_now_n(p.clock, n, &first), 0);
        ck_assert_uint_eq(first, last + 1);
        last = first + n - 1;
    }
    ck_assert_uint_eq(issue(&p), last + 1);
    platform_end(&p);
}
END_TEST

/* --- Several clocks ------------------------------------------------------------------------------------------- */

#define REPLICAS   3
#define EVENTS_MAX 2000

struct event {
    int replica;
    uint64_t word;
    uint64_t seen[REPLICAS]; /* events of each replica up to this one, itself included: the oracle */
};

struct group {
    struct platform platforms[REPLICAS];
    uint64_t seen[REPLICAS][REPLICAS];
    struct event events[EVENTS_MAX];
    int count;
};

static struct group g;

static void group_begin(void) {
    memset(&g, 0, sizeof g);
    for (int i = 0; i < REPLICAS; i++) platform_begin(&g.platforms[i]);
}

static void group_end(void) {
    for (int i = 0; i < REPLICAS; i++) platform_end(&g.platforms[i]);
}

static void group_issue(int replica) {
    struct event *e = &g.events[g.count++];
    g.seen[replica][replica]++;
    e->replica = replica;
    e->word = issue(&g.platforms[replica]);
    memcpy(e->seen, g.seen[replica], sizeof e->seen);
}

/* An old event may arrive too. Refused words are not seen. */
static void group_receive(int replica, const struct event *e, bool must_accept) {
    int rc = observe(&g.platforms[replica], e->word);
    if (rc != 0 && must_accept) ck_abort_msg("refused: %s", weft_err_name(rc));
    if (rc != 0) return;
    for (int i = 0; i < REPLICAS; i++)
        if (e->seen[i] > g.seen[replica][i]) g.seen[replica][i] = e->seen[i];
}

static void check_causality(void) {
    for (int i = 0; i < g.count; i++)
        for (int k = 0; k < g.count; k++) {
            const struct event *e = &g.events[i], *f = &g.events[k];
            bool before = i != k && f->seen[e->replica] >= e->seen[e->replica];
            if (before && e->word >= f->word) ck_abort_msg("I7: event %d is before %d, its stamp is not", i, k);
        }
}

/* Clocks of any relation to each other; the stamps of a cut are closed under happened-before as well (I18). */
START_TEST(i07_causality_with_arbitrary_clocks) {
    struct weft__prng prng;
    weft__prng_seed(&prng, 7);
    for (int round = 0; round < 30; round++) {
        group_begin();
        for (int i = 0; i < REPLICAS; i++) g.platforms[i].phys += weft__prng_below(&prng, 90 * SECOND);
        while (g.count < 600) {
            int replica = (int)weft__prng_below(&prng, REPLICAS);
            struct platform *p = &g.platforms[replica];
            uint64_t what = weft__prng_below(&prng, 10);
            if (what < 4)
                group_issue(replica);
            else if (what < 8 && g.count > 0)
                group_receive(replica, &g.events[weft__prng_below(&prng, g.count)], false);
            else if (what < 9)
                platform_pass(p, weft__prng_below(&prng, SECOND));
            else
                p->phys -= weft__prng_below(&prng, SECOND);
        }
        check_causality();
        group_end();
    }
}
END_TEST

/* Good clocks, within half the drift bound of true time: nothing is refused, and stamps are as close as the clocks. */
START_TEST(i08_closeness_to_true_time) {
    struct weft__prng prng;
    weft__prng_seed(&prng, 8);
    for (int round = 0; round < 30; round++) {
        group_begin();
        uint64_t truth = T0, error = g.platforms[0].opt.max_drift / 2;
        int64_t offsets[REPLICAS];
        for (int i = 0; i < REPLICAS; i++) offsets[i] = (int64_t)weft__prng_below(&prng, 2 * error) - (int64_t)error;
        for (int i = 0; i < REPLICAS; i++) {
            platform_end(&g.platforms[i]);
            g.platforms[i].phys = T0 + (uint64_t)offsets[i];
            platform_start(&g.platforms[i]);
        }
        while (g.count < 600) {
            uint64_t passed = weft__prng_below(&prng, WEFT_HLC_MS(500));
            truth += passed;
            for (int i = 0; i < REPLICAS; i++) platform_pass(&g.platforms[i], passed);
            int replica = (int)weft__prng_below(&prng, REPLICAS);
            if (g.count > 0) group_receive(replica, &g.events[weft__prng_below(&prng, g.count)], true);
            group_issue(replica);
            uint64_t word = g.events[g.count - 1].word;
            uint64_t distance = word > truth ? word - truth : truth - word;
            if (distance > error + (uint64_t)g.count) ck_abort_msg("I8: too far from true time");
        }
        check_causality();
        group_end();
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("clock/clock_properties", i01_to_i16_over_random_runs, i05_a_crash_loop_does_not_drive_the_clock,
                     i11_observing_is_a_maximum, i12_a_batch_is_a_run_of_stamps, i07_causality_with_arbitrary_clocks,
                     i08_closeness_to_true_time);
}
