/* clock.c: the clock for programs that want stamps without a replica. Any thread; no lock on the way of a stamp.
 *
 * All there is to agree on is one word, `last`, moved only forward by compare-and-swap. Its modification order makes
 * stamps unique, and coherence makes whoever hears of a stamp issue a greater one, so relaxed order is enough
 * (formal/cas.pml). Around it stand four words that the hot path compares with and only the slow path moves:
 *
 *   limit      stamps up to here need no thought: the durable bound less a quarter of the room it gave
 *   ceiling    the durable bound: what may still be issued while another thread renews it
 *   plausible  a physical clock up to here is no jump, whatever the time since boot says: anchor + jump_tolerance
 *   floor      a physical clock below here went back
 *
 * The slow path is one thread at a time, under a spin lock, because this floor has no threads to sleep with. The lock
 * is held while a bound is made durable, but the others spin only if that takes longer than the old bound's
 * last quarter.
 *
 * Durable bound: no stamp above it is handed out, and it is durable before `ceiling` says so; a restart begins above
 * it. What is observed need not be below it: what depends on an observed word lies in the program's own log. The bound
 * is a window ahead of the physical clock, not of the stamps: while those are ahead of it, after a crash or a peer's
 * word, they rise by one each and a little room is enough; otherwise a program that crashes again and again would drive
 * its clock away from its peers' by a window each time.
 *
 * Jumps: the anchor is the greatest physical clock that was believed, with the boot time of that moment. A physical
 * clock beyond anchor + elapsed boot time + tolerance is not believed. Until it is confirmed, by the program or by a
 * peer's word that agrees with it, the clock goes on at the rate of boot time from the anchor. */
#include <weft/clock.h>

#include <stdatomic.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/options.h"

#define CACHE_LINE   64u
#define STEP         (UINT64_C(1) << 20) /* the room of a bound while stamps are ahead of the physical clock */
#define LAST_WORD    (WEFT_HLC_TOP - 1)
#define RELAXED      memory_order_relaxed
#define LOAD(field)  atomic_load_explicit(&(field), RELAXED)
#define COUNT(field) ((void)atomic_fetch_add_explicit(&(field), 1, RELAXED))

struct weft_clock {
    /* The first line: what every stamp reads. */
    _Alignas(CACHE_LINE) _Atomic uint64_t last;
    _Atomic uint64_t limit;
    _Atomic uint64_t ceiling;
    _Atomic uint64_t plausible;
    _Atomic uint64_t floor;
    atomic_bool forked;

    _Alignas(CACHE_LINE) atomic_flag locked;
    /* Under the lock. */
    uint64_t anchor_phys;
    uint64_t anchor_boot;
    uint64_t early; /* how far below the bound it is renewed */
    bool jumped;
    struct weft_clock_options opt;

    /* Written under the lock or counted anywhere; read by stats. */
    _Atomic uint64_t bound;
    _Atomic uint64_t ahead;
    _Atomic uint64_t refused;
    _Atomic uint64_t warned;
    _Atomic uint64_t back_steps;
    _Atomic uint64_t forward_jumps;
    _Atomic uint64_t persists;
    atomic_bool holding;

    const struct weft_alloc *alloc;
    void *block; /* what was allocated: this struct begins at its first whole line */
};

/* What the clocks say at one moment. */
struct reading {
    uint64_t raw;  /* the physical clock */
    uint64_t boot; /* ns */
    uint64_t phys; /* what is believed: raw, or the anchor moved on by boot time */
    bool jumped;
};

static uint64_t min64(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* a + b, but at most the last word that can be issued. */
static uint64_t add_capped(uint64_t a, uint64_t b) {
    return a >= LAST_WORD || b > LAST_WORD - a ? LAST_WORD : a + b;
}

static uint64_t words_from_ns(uint64_t ns) {
    uint64_t sec = ns / UINT64_C(1000000000), rest = ns % UINT64_C(1000000000);
    if (sec > UINT32_MAX) return UINT64_MAX;
    return sec << 32 | (rest << 32) / UINT64_C(1000000000);
}

/* --- Reading the clocks --------------------------------------------------------------------------------------- */

static int read_phys(const struct weft_clock *c, uint64_t *word) {
    int rc = c->opt.phys(c->opt.ctx, word);
    if (rc == WEFT_ERR_CLOCK_RANGE) return rc;
    /* 0 is a clock that nobody set yet. */
    if (rc != 0 || *word == 0) return WEFT_ERR_CLOCK_PHYS_FAILED;
    return *word >= WEFT_HLC_TOP ? WEFT_ERR_CLOCK_RANGE : 0;
}

/* Completes a reading of the physical clock; changes nothing. */
static int judge(const struct weft_clock *c, uint64_t raw, struct reading *r) {
    *r = (struct reading){.raw = raw, .phys = raw};
    if (c->opt.boot == NULL) return 0;
    if (c->opt.boot(c->opt.ctx, &r->boot) != 0) return WEFT_ERR_CLOCK_PHYS_FAILED;
    uint64_t elapsed = r->boot > c->anchor_boot ? r->boot - c->anchor_boot : 0;
    uint64_t expected = add_capped(c->anchor_phys, words_from_ns(elapsed));
    r->jumped = raw > expected && raw - expected > c->opt.jump_tolerance;
    if (r->jumped && c->opt.on_jump != WEFT_JUMP_FOLLOW) r->phys = expected;
    return 0;
}

/* --- Under the lock ------------------------------------------------------------------------------------------- */

static bool try_lock(struct weft_clock *c) {
    return !atomic_flag_test_and_set_explicit(&c->locked, memory_order_acquire);
}

static void lock(struct weft_clock *c) {
    while (!try_lock(c)) continue;
}

static void unlock(struct weft_clock *c) {
    atomic_flag_clear_explicit(&c->locked, memory_order_release);
}

/* Derives what the hot path compares with. */
static void publish(struct weft_clock *c) {
    uint64_t bound = min64(LOAD(c->bound), LAST_WORD);
    uint64_t plausible = c->opt.boot == NULL ? LAST_WORD : add_capped(c->anchor_phys, c->opt.jump_tolerance);
    atomic_store_explicit(&c->plausible, plausible, RELAXED);
    atomic_store_explicit(&c->ceiling, bound, memory_order_release);
    atomic_store_explicit(&c->limit, bound - min64(bound, c->early), memory_order_release);
}

static void anchor(struct weft_clock *c, const struct reading *r) {
    c->jumped = false;
    atomic_store_explicit(&c->holding, false, RELAXED);
    /* After a step back the old line of time is kept: coming back to it is no jump. */
    if (r->raw < c->anchor_phys) return;
    c->anchor_phys = r->raw;
    c->anchor_boot = r->boot;
}

/* Takes note of what a reading says about the physical clock. */
static void heed(struct weft_clock *c, const struct reading *r) {
    if (r->raw < LOAD(c->floor)) COUNT(c->back_steps);
    atomic_store_explicit(&c->floor, r->raw, RELAXED);
    if (r->jumped && !c->jumped) COUNT(c->forward_jumps);
    if (!r->jumped || c->opt.on_jump == WEFT_JUMP_FOLLOW) {
        anchor(c, r);
        return;
    }
    c->jumped = true;
    atomic_store_explicit(&c->holding, c->opt.on_jump == WEFT_JUMP_HOLD, RELAXED);
}

/* Never lower, though a step back of the physical clock would have it so: meanwhile others issue up to the old one. */
static int raise_bound(struct weft_clock *c, uint64_t word, uint64_t phys) {
    uint64_t ahead = add_capped(phys, c->opt.window), least = add_capped(word, STEP);
    uint64_t bound = ahead > least ? ahead : least, held = LOAD(c->bound);
    if (bound > held) {
        if (c->opt.persist(c->opt.ctx, bound) != 0) return WEFT_ERR_CLOCK_NO_DURABLE_BOUND;
        COUNT(c->persists);
        atomic_store_explicit(&c->bound, bound, RELAXED);
    } else {
        bound = held;
    }
    c->early = (bound - word) / 4;
    return 0;
}

/* Makes `word` issuable. The bound is renewed early; while that fails, what is left of it is used. */
static int cover(struct weft_clock *c, uint64_t word, uint64_t phys) {
    uint64_t bound = LOAD(c->bound);
    if (c->opt.persist == NULL || bound >= add_capped(word, c->early)) return 0;
    int rc = raise_bound(c, word, phys);
    return word <= bound ? 0 : rc;
}

/* --- Issuing -------------------------------------------------------------------------------------------------- */

static bool swap_last(struct weft_clock *c, uint64_t *last, uint64_t to) {
    return atomic_compare_exchange_weak_explicit(&c->last, last, to, RELAXED, RELAXED);
}

static void raise_last(struct weft_clock *c, uint64_t word) {
    uint64_t last = LOAD(c->last);
    while (last < word && !swap_last(c, &last, word)) continue;
}

static uint64_t next_word(uint64_t last, uint64_t phys) {
    return phys > last ? phys : last + 1;
}

/* Issues n stamps if they are at or below the mark. */
static bool issue_within(struct weft_clock *c, const _Atomic uint64_t *mark, uint32_t n, uint64_t phys,
                         uint64_t *first) {
    uint64_t last = LOAD(c->last);
    do {
        *first = next_word(last, phys);
        if (*first + (n - 1) > atomic_load_explicit(mark, memory_order_acquire)) return false;
    } while (!swap_last(c, &last, *first + (n - 1)));
    return true;
}

static int issue_covered(struct weft_clock *c, uint32_t n, uint64_t phys, uint64_t *first) {
    uint64_t last = LOAD(c->last), end;
    do {
        uint64_t next = next_word(last, phys);
        end = next + (n - 1);
        if (end > LAST_WORD) return WEFT_ERR_CLOCK_RANGE;
        int rc = cover(c, end, phys);
        if (rc != 0) return rc;
        *first = next;
    } while (!swap_last(c, &last, end));
    atomic_store_explicit(&c->ahead, end > phys ? end - phys : 0, RELAXED);
    return 0;
}

static int issue_locked(struct weft_clock *c, uint32_t n, uint64_t *first) {
    struct reading r;
    uint64_t raw;
    /* Read anew: by now another thread may have seen a later time, and this would look like a step back. */
    int rc = read_phys(c, &raw);
    if (rc == 0) rc = judge(c, raw, &r);
    if (rc != 0) return rc;
    heed(c, &r);
    if (c->jumped && c->opt.on_jump == WEFT_JUMP_FAIL)
        rc = WEFT_ERR_CLOCK_JUMP_FORWARD;
    else
        rc = issue_covered(c, n, r.phys, first);
    publish(c);
    return rc;
}

WEFT_COLD static int issue_slowly(struct weft_clock *c, uint32_t n, uint64_t raw, uint64_t *first) {
    if (LOAD(c->forked)) return WEFT_ERR_CLOCK_FORKED;
    while (!try_lock(c))
        if (raw <= LOAD(c->plausible) && issue_within(c, &c->ceiling, n, raw, first)) return 0;
    int rc = issue_locked(c, n, first);
    unlock(c);
    return rc;
}

static bool is_ordinary(const struct weft_clock *c, uint64_t phys) {
    return phys >= LOAD(c->floor) && phys <= LOAD(c->plausible);
}

int weft_clock_now_n(struct weft_clock *c, uint32_t n, uint64_t *first) {
    if (n == 0) return WEFT_ERR_INVALID;
    uint64_t phys, word;
    int rc = read_phys(c, &phys);
    if (rc != 0) return LOAD(c->forked) ? WEFT_ERR_CLOCK_FORKED : rc;
    bool easy = is_ordinary(c, phys) && issue_within(c, &c->limit, n, phys, &word);
    if (!easy) rc = issue_slowly(c, n, phys, &word);
    if (rc == 0) *first = word;
    return rc;
}

int weft_clock_now(struct weft_clock *c, uint64_t *out) {
    return weft_clock_now_n(c, 1, out);
}

int weft_clock_now_single(struct weft_clock *c, uint64_t *out) {
    uint64_t phys, word;
    int rc = read_phys(c, &phys);
    if (rc != 0) return LOAD(c->forked) ? WEFT_ERR_CLOCK_FORKED : rc;
    word = next_word(LOAD(c->last), phys);
    if (is_ordinary(c, phys) && word <= LOAD(c->limit))
        atomic_store_explicit(&c->last, word, RELAXED);
    else
        rc = issue_slowly(c, 1, phys, &word);
    if (rc == 0) *out = word;
    return rc;
}

/* --- Observing ------------------------------------------------------------------------------------------------ */

/* A peer's word this close to a physical clock that jumped says that the jump was right. */
static bool confirms(const struct weft_clock *c, const struct reading *r, uint64_t remote) {
    uint64_t distance = remote > r->raw ? remote - r->raw : r->raw - remote;
    return r->jumped && distance <= c->opt.warn_drift;
}

static int admit(const struct weft_clock *c, const struct reading *r, uint64_t remote, uint64_t *excess) {
    uint64_t phys = confirms(c, r, remote) ? r->raw : r->phys;
    return weft_hlc_check(remote, phys, c->opt.max_drift, excess);
}

/* The believed time, and whether it is in doubt, without taking note of it. */
static int look(struct weft_clock *c, struct reading *r) {
    uint64_t raw;
    int rc = read_phys(c, &raw);
    if (rc != 0) return rc;
    *r = (struct reading){.raw = raw, .phys = raw};
    if (raw <= LOAD(c->plausible)) return 0;
    lock(c);
    rc = judge(c, raw, r);
    unlock(c);
    return rc;
}

static int admit_in_doubt(struct weft_clock *c, uint64_t raw, uint64_t remote, uint64_t *excess) {
    struct reading r;
    lock(c);
    int rc = judge(c, raw, &r);
    if (rc == 0) {
        rc = admit(c, &r, remote, excess);
        heed(c, &r);
        if (rc == 0 && confirms(c, &r, remote)) anchor(c, &r);
        publish(c);
    }
    unlock(c);
    return rc;
}

WEFT_COLD static int observe_ahead(struct weft_clock *c, uint64_t remote, uint64_t *excess) {
    uint64_t raw;
    int rc = read_phys(c, &raw);
    if (rc != 0) return rc;
    if (raw <= LOAD(c->plausible))
        rc = weft_hlc_check(remote, raw, c->opt.max_drift, excess);
    else
        rc = admit_in_doubt(c, raw, remote, excess);
    if (rc != 0) {
        if (rc != WEFT_ERR_CLOCK_PHYS_FAILED) COUNT(c->refused);
        return rc;
    }
    if (remote > raw && remote - raw > c->opt.warn_drift) COUNT(c->warned);
    raise_last(c, remote);
    return 0;
}

int weft_clock_observe(struct weft_clock *c, uint64_t remote, uint64_t *excess) {
    if (LOAD(c->forked)) return WEFT_ERR_CLOCK_FORKED;
    if (excess != NULL) *excess = 0;
    return remote <= LOAD(c->last) ? 0 : observe_ahead(c, remote, excess);
}

int weft_clock_check(struct weft_clock *c, const uint64_t *remote, size_t n, size_t *bad) {
    if (LOAD(c->forked)) return WEFT_ERR_CLOCK_FORKED;
    struct reading r;
    bool looked = false;
    uint64_t last = LOAD(c->last);
    for (size_t i = 0; i < n; i++) {
        if (remote[i] <= last) continue;
        int rc = looked ? 0 : look(c, &r);
        looked = true;
        if (rc == 0) rc = admit(c, &r, remote[i], NULL);
        if (rc == 0) continue;
        if (bad != NULL) *bad = i;
        return rc;
    }
    return 0;
}

/* --- Promises, jumps, forks ----------------------------------------------------------------------------------- */

int weft_clock_promise(struct weft_clock *c, uint64_t word) {
    if (LOAD(c->forked)) return WEFT_ERR_CLOCK_FORKED;
    if (word >= WEFT_HLC_TOP) return WEFT_ERR_CLOCK_RANGE;
    struct reading r;
    int rc = look(c, &r);
    if (rc != 0) return rc;
    /* A promise of far times would poison this clock as a bad peer's word would. */
    if (weft_hlc_check(word, r.phys, c->opt.max_drift, NULL) != 0 && word > LOAD(c->last))
        return WEFT_ERR_CLOCK_LOCAL_AHEAD;
    lock(c);
    if (c->opt.persist != NULL && word > LOAD(c->bound)) {
        rc = raise_bound(c, word, r.phys);
        publish(c);
    }
    if (rc == 0) raise_last(c, word);
    unlock(c);
    return rc;
}

int weft_clock_confirm_jump(struct weft_clock *c) {
    if (LOAD(c->forked)) return WEFT_ERR_CLOCK_FORKED;
    struct reading r;
    uint64_t raw;
    int rc = read_phys(c, &raw);
    if (rc != 0) return rc;
    lock(c);
    rc = judge(c, raw, &r);
    if (rc == 0 && c->jumped) {
        anchor(c, &r);
        publish(c);
    }
    unlock(c);
    return rc;
}

void weft_clock_mark_forked(struct weft_clock *c) {
    atomic_store(&c->forked, true);
    /* To the hot path a fork is a limit. */
    atomic_store(&c->limit, 0);
}

void weft_clock_after_fork(struct weft_clock *c) {
    /* A thread that held the lock does not exist in the child; and the bound on disk is the parent's. */
    unlock(c);
    if (c->opt.persist != NULL) atomic_store(&c->bound, 0);
    publish(c);
    atomic_store(&c->forked, false);
}

/* --- Life ----------------------------------------------------------------------------------------------------- */

void weft_clock_options_init_sized(struct weft_clock_options *o, size_t size) {
    static const struct weft_clock_options defaults = {
        .max_drift = WEFT_HLC_SECONDS(60),
        .warn_drift = WEFT_HLC_MS(500),
        .window = WEFT_HLC_SECONDS(2),
        .jump_tolerance = WEFT_HLC_SECONDS(10),
        .on_jump = WEFT_JUMP_HOLD,
    };
    weft__options_write(o, size, &defaults, sizeof defaults);
}

static int take_options(struct weft_clock_options *to, const struct weft_clock_options *from) {
    weft_clock_options_init(to);
    int rc = weft__options_read(to, sizeof *to, from);
    if (rc != 0) return rc;
    if (to->phys == NULL || to->window >= to->max_drift / 4) return WEFT_ERR_INVALID;
    return to->start >= LAST_WORD ? WEFT_ERR_CLOCK_RANGE : 0;
}

static struct weft_clock *allocate(const struct weft_alloc *alloc) {
    unsigned char *block = weft__calloc(alloc, 1, sizeof(struct weft_clock) + CACHE_LINE);
    if (block == NULL) return NULL;
    struct weft_clock *c = (void *)(block + (CACHE_LINE - (uintptr_t)block % CACHE_LINE));
    c->block = block;
    c->alloc = weft__alloc_or_default(alloc);
    atomic_flag_clear(&c->locked);
    return c;
}

static int begin(struct weft_clock *c) {
    uint64_t phys, first;
    int rc = read_phys(c, &phys);
    if (rc != 0) return rc;
    if (c->opt.start == 0 && phys < c->opt.earliest) return WEFT_ERR_CLOCK_IMPLAUSIBLE;
    rc = weft_hlc_now(c->opt.start, phys, &first);
    if (rc != 0) return rc;
    c->anchor_phys = phys;
    if (c->opt.boot != NULL && c->opt.boot(c->opt.ctx, &c->anchor_boot) != 0) return WEFT_ERR_CLOCK_PHYS_FAILED;
    atomic_store(&c->last, c->opt.start);
    atomic_store(&c->floor, phys);
    atomic_store(&c->bound, c->opt.persist == NULL ? UINT64_MAX : 0);
    rc = cover(c, first, phys);
    if (rc == 0) publish(c);
    return rc;
}

int weft_clock_new(struct weft_clock **out, const struct weft_clock_options *o, const struct weft_alloc *alloc) {
    struct weft_clock_options opt;
    int rc = take_options(&opt, o);
    if (rc != 0) return rc;
    struct weft_clock *c = allocate(alloc);
    if (c == NULL) return WEFT_ERR_NOMEM;
    c->opt = opt;
    rc = begin(c);
    if (rc == 0)
        *out = c;
    else
        weft_clock_free(c);
    return rc;
}

void weft_clock_free(struct weft_clock *c) {
    if (c != NULL) weft__free(c->alloc, c->block, sizeof *c + CACHE_LINE);
}

void weft_clock_stats(const struct weft_clock *c, struct weft_clock_stats *out) {
    *out = (struct weft_clock_stats){
        .last = LOAD(c->last),
        .bound = LOAD(c->bound),
        .ahead = LOAD(c->ahead),
        .refused = LOAD(c->refused),
        .warned = LOAD(c->warned),
        .back_steps = LOAD(c->back_steps),
        .forward_jumps = LOAD(c->forward_jumps),
        .persists = LOAD(c->persists),
        .holding = LOAD(c->holding),
    };
}
