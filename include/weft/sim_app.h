/* sim_app.h: an application of your own under the simulator.
 *
 * Most bugs of an application are not in its merges. They are in what is around them: a cache that is not filled after
 * a restart, an answer that is given before it is durable, a time limit that is measured by a clock which jumps. Here
 * that code runs beside each replica of a simulation (sim.h), in the same faults, and what it promises is checked after
 * every event.
 *
 * It sees the world through its host and through nothing else, and that is the same as what libweft-uv gives it:
 *
 *   uv.h                           here
 *   weft_uv_txn_begin              weft_sim_host_txn_begin
 *   weft_uv_replica, weft_uv_view  weft_sim_host_replica, weft_sim_host_view
 *   weft_subscribe                 on_change
 *   on_notice                      on_notice
 *   uv_timer_start                 weft_sim_host_timer, on_timer
 *   uv_hrtime; clock_gettime       weft_sim_host_mono_ns; weft_sim_host_wall_ns
 *   uv_random                      weft_sim_host_random
 *   a socket of its own            weft_sim_host_send, on_message
 *
 * What its users do is in the schedule, like all else that happens: a line "app 2 817" makes the application at replica
 * 2 do what the number 817 says, whatever that is. `app_rate` of the options draws such lines. So a run with an
 * application is planned, printed, run again and shrunk like any other.
 *
 *   static const struct weft_sim_app seats = {.size = sizeof seats, .name = "seats", .start = ..., .perform = ...,
 * ...}; ck_assert_msg(weft_sim_app_check(&seats, &opts, 1000, &report) == 0, "%s", report.ptr);
 *
 * docs/own-app.md is a whole one, with its bug. */
#ifndef WEFT_SIM_APP_H
#define WEFT_SIM_APP_H

#include <weft/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One process: a replica's machine, as the application on it sees it. */
struct weft_sim_host;

/* Functions may be NULL but for start and stop. All are called by the simulation, never inside each other. */
struct weft_sim_app {
    size_t size; /* sizeof(struct weft_sim_app) */
    const char *name;
    /* Before the first start: what the test itself knows of one simulation and of all replicas in it, for its checks
     * (who was promised what). NULL: out of memory. Repeating a run makes another one. */
    void *(*test_new)(void *ctx);
    void (*test_free)(void *test);
    /* The process begins: its replica has been opened from its store. Returns what it keeps in memory; NULL: out of
     * memory. An engine that is made again under the process (weft_update.wants_reopen) is no new beginning; "rewind"
     * is one, because the application's memory cannot be rolled back with the machine's. */
    void *(*start)(struct weft_sim_host *h);
    /* It ends: by a crash, or with the simulation. Frees what start made and can do nothing else any more. */
    void (*stop)(void *app);
    /* After the step that changed it, as weft_subscription.cb. Lent for the call. */
    void (*on_change)(void *app, const struct weft_change *change);
    void (*on_notice)(void *app, const struct weft_notice *notice);
    void (*on_timer)(void *app, uint32_t timer);
    void (*on_message)(void *app, uint32_t from, struct weft_slice message);
    /* "app 2 817" */
    void (*perform)(void *app, uint64_t number);
    /* Invariants: after each event at a replica; and when all that run have converged, at the end, where some may be
     * down. They look with weft_sim_replica and weft_sim_app_at, and say what is wrong with weft_sim_app_fail. */
    void (*check)(void *test, struct weft_sim *s, uint32_t replica);
    void (*check_converged)(void *test, struct weft_sim *s);
    void *ctx;
    const struct weft_crdt_class *const *classes; /* its own types, NULL-terminated; for the two functions at the end */
};

/* --- From inside ------------------------------------------------------------------------------------------------- */

WEFT_API uint32_t weft_sim_host_number(const struct weft_sim_host *h); /* of its replica */
WEFT_API void *weft_sim_host_test(const struct weft_sim_host *h);      /* what test_new made */
/* Nanoseconds since 1970 by its wall clock, which is off and jumps; and by one that never goes back, also not when the
 * process starts again. Both go by an oscillator that is off. */
WEFT_API int64_t weft_sim_host_wall_ns(const struct weft_sim_host *h);
WEFT_API uint64_t weft_sim_host_mono_ns(const struct weft_sim_host *h);
/* 64 random bits, which depend on the seed, the replica, the time, and how many were drawn there at that time: other
 * events that are taken out of a schedule do not change them. */
WEFT_API uint64_t weft_sim_host_random(struct weft_sim_host *h);
/* on_timer after so long by the monotonic clock, unless the process ends before. There may be many, also with the same
 * number; one that is not wanted any more is ignored when it goes off. WEFT_ERR_NOMEM. */
WEFT_API int weft_sim_host_timer(struct weft_sim_host *h, uint64_t after_ns, uint32_t timer) WEFT_MUST_CHECK;
/* To the application at another replica, by the same network: a datagram that is late, lost, doubled, stopped by
 * partitions, changed where corrupt_ppm says so. WEFT_ERR_INVALID: no such replica, or its own; WEFT_ERR_NOMEM. */
WEFT_API int weft_sim_host_send(struct weft_sim_host *h, uint32_t to, struct weft_slice message) WEFT_MUST_CHECK;
/* As weft_uv_txn_begin: WEFT_ERR_FULL, WEFT_ERR_NOT_READY, WEFT_ERR_BUSY. End it before the callback returns. */
WEFT_API int weft_sim_host_txn_begin(struct weft_sim_host *h, struct weft_txn **out) WEFT_MUST_CHECK;
WEFT_API struct weft_view weft_sim_host_view(const struct weft_sim_host *h, struct weft_slice key,
                                             const struct weft_crdt_class *cls);
WEFT_API const struct weft_replica *weft_sim_host_replica(const struct weft_sim_host *h);
/* A line of the run's story, and a part of its trace: two runs that say something else are two runs. */
WEFT_API void weft_sim_host_say(struct weft_sim_host *h, const char *fmt, ...) WEFT_PRINTF(2, 3);

/* --- From outside ------------------------------------------------------------------------------------------------- */

/* The application begins at every running replica, and will at those that come. Once, before anything runs. The struct
 * is lent until the simulation is freed. WEFT_ERR_INVALID, WEFT_ERR_NOMEM; WEFT_ERR_CORRUPT: a check failed already. */
WEFT_API int weft_sim_set_app(struct weft_sim *s, const struct weft_sim_app *app) WEFT_MUST_CHECK;
/* What start returned; NULL: it does not run. */
WEFT_API void *weft_sim_app_at(const struct weft_sim *s, uint32_t replica);
WEFT_API void *weft_sim_app_test(const struct weft_sim *s);
/* Ends the run, once the callback has returned, with this sentence. From anywhere inside callbacks; the first counts. A
 * shrunk schedule is one that fails with the same sentence, whatever the numbers in it. */
WEFT_API void weft_sim_app_fail(struct weft_sim *s, const char *fmt, ...) WEFT_PRINTF(2, 3);
WEFT_API void weft_sim_host_fail(struct weft_sim_host *h, const char *fmt, ...) WEFT_PRINTF(2, 3);

/* Runs `seeds` seeds from that of the options on, each until it has converged. 0: all held. WEFT_ERR_CORRUPT: a check
 * failed, or it did not converge; `report`, with a NUL at its end, says how, with the schedule, shrunk, and what
 * happened in it. WEFT_ERR_NOMEM, and codes of weft_sim_new. The first seed runs twice: WEFT_ERR_CORRUPT, too, where
 * the second run is another one, because the application asked something else than its host. */
WEFT_API int weft_sim_app_check(const struct weft_sim_app *app, const struct weft_sim_options *o, uint64_t seeds,
                                struct weft_buf *report) WEFT_MUST_CHECK;
/* The same of one schedule, as it stands in a report; it is not shrunk, and also told when it holds.
 * WEFT_ERR_MALFORMED: `report` says which line is wrong. */
WEFT_API int weft_sim_app_replay(const struct weft_sim_app *app, struct weft_slice schedule,
                                 struct weft_buf *report) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
