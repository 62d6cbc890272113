/* clock.h: the hybrid logical clock (Kulkarni et al., Logical Physical Clocks, OPODIS 2014), in one 64-bit word.
 *
 *   word = seconds since 1970 (32) | fraction in 1/65536 s (16) | logical (16)
 *
 * Only the order of words matters, so the logical part may carry into the fraction: 4.29 billion stamps a second before
 * the clock runs ahead. `word >> 32` is a time_t; the same bits as an NTP 64-bit fraction. Ends on 2106-02-07; the last
 * second (words from WEFT_HLC_TOP up) is refused so that nothing wraps.
 *
 * A stamp in a format is (clock epoch, word): the epoch is the way out of poisoned time (a replicated maximum that is
 * raised by hand) and is compared first. A total order appends the origin; equal words of one origin do not occur.
 *
 * Two forms: pure functions on a word, which the engine uses (one thread, time comes with each event), and struct
 * weft_clock, thread-safe, for programs that want stamps without a replica. */
#ifndef WEFT_CLOCK_H
#define WEFT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/causal.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weft_stamp {
    uint64_t word;
    uint8_t epoch; /* clock epoch */
};

#define WEFT_HLC_TOP        UINT64_C(0xffffffff00000000)

/* Durations as differences of words. */
#define WEFT_HLC_SECONDS(s) ((uint64_t)(s) << 32)
#define WEFT_HLC_MS(ms)                                                                                                \
    ((WEFT_HLC_SECONDS((uint64_t)(ms) / 1000u) + ((uint64_t)(ms) % 1000u << 32) / 1000u) & ~UINT64_C(0xffff))

/* (epoch, word) */
WEFT_API int weft_stamp_cmp(struct weft_stamp a, struct weft_stamp b);

/* Monotone in its arguments. WEFT_ERR_CLOCK_RANGE before 1970, from WEFT_HLC_TOP on, or nsec outside 0..999999999. */
WEFT_API int weft_hlc_from_timespec(int64_t sec, int64_t nsec, uint64_t *word) WEFT_MUST_CHECK;
/* The physical part, within 2^-16 s of what went in. */
WEFT_API void weft_hlc_to_timespec(uint64_t word, int64_t *sec, int64_t *nsec);
/* A difference of words as nanoseconds, rounded down. */
WEFT_API uint64_t weft_hlc_diff_ns(uint64_t words);

/* The word form, single writer. `last` is the greatest word issued or observed, `phys` the physical clock as a word. */

/* The next stamp: max(phys, last + 1). WEFT_ERR_CLOCK_RANGE when that reaches WEFT_HLC_TOP. Cost: under 1 ns. */
WEFT_API int weft_hlc_now(uint64_t last, uint64_t phys, uint64_t *out) WEFT_MUST_CHECK;
/* Whether a remote word may be merged: WEFT_ERR_CLOCK_REMOTE_AHEAD with *excess = how far it is beyond phys + drift,
 * WEFT_ERR_CLOCK_RANGE from WEFT_HLC_TOP on. excess may be NULL. Changes nothing: check a whole batch, apply it, then
 * take the maximum once. */
WEFT_API int weft_hlc_check(uint64_t remote, uint64_t phys, uint64_t drift, uint64_t *excess) WEFT_MUST_CHECK;

/* --- The stand-alone clock ------------------------------------------------------------------------------------ */

enum weft_jump { WEFT_JUMP_HOLD, WEFT_JUMP_FOLLOW, WEFT_JUMP_FAIL };

struct weft_clock_options {
    size_t size; /* set by weft_clock_options_init */
    /* The physical clock as a word (CLOCK_REALTIME by weft_hlc_from_timespec); required. 0, WEFT_ERR_CLOCK_RANGE, or
     * anything else: it could not be read. The callbacks run on the calling thread, phys and boot on several at once;
     * they do not call the clock. */
    int (*phys)(void *ctx, uint64_t *word);
    /* Nanoseconds that also pass while the machine sleeps (CLOCK_BOOTTIME); NULL: forward jumps are not looked for. */
    int (*boot)(void *ctx, uint64_t *ns);
    /* Returns 0 only when `bound` is durable. NULL: no durable bound; then `start` must come from elsewhere. */
    int (*persist)(void *ctx, uint64_t bound);
    void *ctx;
    uint64_t max_drift;      /* refuse remote words beyond phys + this; default 60 s */
    uint64_t warn_drift;     /* count remote words beyond phys + this; default 500 ms */
    uint64_t window;         /* how far ahead the durable bound is kept; default 2 s; below max_drift / 4 */
    uint64_t jump_tolerance; /* forward progress beyond boot time that counts as a jump; default 10 s */
    enum weft_jump on_jump;  /* default WEFT_JUMP_HOLD */
    uint64_t start; /* the greatest of the durable bound, the log's and the checkpoint's stamps; 0: first run */
    uint64_t
        earliest; /* a physical clock before this (say, the date of the build) is implausible on a first run; 0: any */
};

struct weft_clock;

struct weft_clock_stats {
    uint64_t last;          /* greatest word issued or observed */
    uint64_t bound;         /* durable bound; UINT64_MAX when none is kept */
    uint64_t ahead;         /* last - phys at the latest slow path, 0 when not ahead */
    uint64_t refused;       /* remote words refused */
    uint64_t warned;        /* remote words accepted beyond warn_drift */
    uint64_t back_steps;    /* physical clock seen going back */
    uint64_t forward_jumps; /* physical clock seen jumping beyond boot time */
    uint64_t persists;      /* durable bounds written */
    bool holding;           /* in WEFT_JUMP_HOLD: stamps follow boot time */
};

#define weft_clock_options_init(o) weft_clock_options_init_sized((o), sizeof *(o))
WEFT_API void weft_clock_options_init_sized(struct weft_clock_options *o, size_t size);
/* WEFT_ERR_INVALID (phys missing, window not below max_drift / 4), WEFT_ERR_CLOCK_RANGE (start), _PHYS_FAILED,
 * _IMPLAUSIBLE, _NO_DURABLE_BOUND, WEFT_ERR_NOMEM. */
WEFT_API int weft_clock_new(struct weft_clock **out, const struct weft_clock_options *o,
                            const struct weft_alloc *alloc) WEFT_MUST_CHECK;
WEFT_API void weft_clock_free(struct weft_clock *c);
/* A stamp greater than every one issued or observed before; any thread; one compare-and-swap. Errors change nothing:
 * WEFT_ERR_CLOCK_PHYS_FAILED, _RANGE, _NO_DURABLE_BOUND (the store failed: try again), _JUMP_FORWARD (WEFT_JUMP_FAIL),
 * _FORKED. */
WEFT_API int weft_clock_now(struct weft_clock *c, uint64_t *out) WEFT_MUST_CHECK;
/* n consecutive stamps, first .. first + n - 1. As weft_clock_now; WEFT_ERR_INVALID when n is 0. */
WEFT_API int weft_clock_now_n(struct weft_clock *c, uint32_t n, uint64_t *first) WEFT_MUST_CHECK;
/* Single-writer form of weft_clock_now: only while no other thread uses the clock; no locked instruction. */
WEFT_API int weft_clock_now_single(struct weft_clock *c, uint64_t *out) WEFT_MUST_CHECK;
/* last = max(last, remote). WEFT_ERR_CLOCK_REMOTE_AHEAD (excess set; it may be NULL), _RANGE, _PHYS_FAILED, _FORKED:
 * last is as it was; keep the message and try again after `excess`. Never re-stamp, never drop. A word at or below last
 * reads no clock. */
WEFT_API int weft_clock_observe(struct weft_clock *c, uint64_t remote, uint64_t *excess) WEFT_MUST_CHECK;
/* Checks a batch without a change, with the errors of observe; *bad (may be NULL) is the index of the first refused. */
WEFT_API int weft_clock_check(struct weft_clock *c, const uint64_t *remote, size_t n, size_t *bad) WEFT_MUST_CHECK;
/* No stamp at or below `word` will be issued from now on, also after a crash (durable on return).
 * WEFT_ERR_CLOCK_LOCAL_AHEAD: a word beyond max_drift; _RANGE, _PHYS_FAILED, _NO_DURABLE_BOUND, _FORKED. */
WEFT_API int weft_clock_promise(struct weft_clock *c, uint64_t word) WEFT_MUST_CHECK;
/* Accepts a forward jump that was seen (held or failed) as true time; without one nothing happens.
 * WEFT_ERR_CLOCK_PHYS_FAILED, _RANGE, _FORKED. */
WEFT_API int weft_clock_confirm_jump(struct weft_clock *c) WEFT_MUST_CHECK;
/* The clock does not notice a fork: the child calls mark_forked (pthread_atfork is the program's business), and every
 * call is WEFT_ERR_CLOCK_FORKED until it calls after_fork, with an id and a durable bound of its own. */
WEFT_API void weft_clock_mark_forked(struct weft_clock *c);
WEFT_API void weft_clock_after_fork(struct weft_clock *c);
WEFT_API void weft_clock_stats(const struct weft_clock *c, struct weft_clock_stats *out);

#ifdef __cplusplus
}
#endif

#endif
