/* sim.h: the engine in a virtual world. The same replicas, stepped by the same calls as on a real machine, with a
 * network, clocks and disks that do whatever the plan says; a day passes in a second, and the same seed passes in the
 * same way.
 *
 *   weft_sim_options_init(&opts);                         five replicas, lossy links, seed from WEFT_SEED
 *   weft_sim_new(&sim, &opts);
 *   weft_sim_partition(sim, 0x03);                        replicas 0 and 1 against the rest
 *   ... weft_sim_txn_begin(sim, 0, &txn), edits, weft_txn_commit ...
 *   weft_sim_crash(sim, 0); weft_sim_restart(sim, 0); weft_sim_heal(sim);
 *   ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
 *
 * Everything that will happen is first written down: a schedule is a list of faults and operations with their times,
 * drawn from the seed or read from text, and a run reads nothing else but that list and keyed hashes (of what a message
 * is, not of what was drawn before it). So a schedule can be printed, cut and run again, and what is left behaves as it
 * did.
 *
 * After every event the invariants of the engine are checked, and every object that the event may have changed is
 * compared with a specification of its type over the history of operations. The first check that fails ends the run;
 * weft_sim_report says what, when and how to see it again.
 *
 * Times are virtual nanoseconds since the start. One simulation, one thread; simulations share nothing. */
#ifndef WEFT_SIM_H
#define WEFT_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/bytes.h>
#include <weft/replica.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_MICROSECONDS(n)  ((uint64_t)(n)*1000u)
#define WEFT_MILLISECONDS(n)  ((uint64_t)(n)*1000000u)
#define WEFT_SECONDS(n)       ((uint64_t)(n)*1000000000u)

#define WEFT_SIM_REPLICAS_MAX 1024u
#define WEFT_SIM_REGIONS_MAX  16u

/* Where replicas stand, and how long a message takes from one place to another. */
struct weft_sim_regions {
    size_t count; /* at most WEFT_SIM_REGIONS_MAX */
    const char *const *names;
    const uint32_t *one_way_us; /* count x count, from row to column */
};
/* Ten cloud regions, half of the round-trip times measured between them in July and August 2024 (IBM Cloud VPC
 * documentation, network latency dashboard); within a region, that across zones. */
WEFT_API extern const struct weft_sim_regions weft_sim_cloud;

/* All numbers; those that belong to the plan (weft_sim_new draws it) are 0 by default: nothing happens by itself. */
struct weft_sim_options {
    size_t size; /* set by weft_sim_options_init */
    uint64_t seed;
    uint64_t replicas;                      /* default 5 */
    const struct weft_sim_regions *regions; /* NULL: weft_sim_cloud; copied */
    const char *const
        *placement; /* names, NULL-terminated: replica i stands in the (i mod n)-th; NULL: in the table's order */
    const struct weft_alloc *alloc;

    /* Links. Parts per million of messages. */
    uint64_t loss_ppm;      /* default 10,000 */
    uint64_t duplicate_ppm; /* default 1,000 */
    uint64_t reorder_ppm;   /* held back by up to reorder_ns; default 10,000 */
    uint64_t corrupt_ppm;   /* one bit is wrong, which a real channel would see: replicas must go on, no more */
    uint64_t truncate_ppm;  /* the end is missing; the same */
    uint64_t burst_ppm;     /* of the time all messages of a link are lost, ... */
    uint64_t burst_ns;      /* ... for so long on average; default 500 ms */
    uint64_t reorder_ns;    /* default 100 ms */
    uint64_t jitter_ppm;    /* of the latency, added to it; default 100,000 */
    uint64_t tail;          /* how: 0 "uniform", up to it; 1 "exponential", 2 "heavy", it being the mean */
    uint64_t bandwidth;     /* bytes a second, each way of each link; 0: any number */
    uint64_t
        send_buffer; /* more bytes than this wait for that when another message comes: the link breaks; default 1 MiB */
    uint64_t detect_ns;  /* until both ends notice that a link broke; default 200 ms */
    uint64_t connect_ns; /* until a link that may stand again does; default 100 ms */
    /* Clocks */
    uint64_t skew_ns;   /* each wall clock is off by up to this, either way; default 100 ms */
    uint64_t drift_ppb; /* each oscillator is off by up to this, either way; default 50,000 */
    /* Disks */
    uint64_t sync_ns;       /* until a write is durable: half of it to all of it; default 4 ms */
    uint64_t unwritten_max; /* bytes of records that may wait for that; beyond, no transaction begins and nothing is
                             * taken from peers; default 16,000,000 */

    /* The plan's workload: transactions on objects, at every replica, until duration_ns. */
    uint64_t duration_ns;
    uint64_t rate;     /* transactions per second and replica, on average */
    uint64_t keys;     /* objects of each type at a time; default 8 */
    uint64_t elements; /* of an aworset; default 16 */
    uint64_t weight_gcounter, weight_pncounter, weight_aworset,
        weight_lwwreg; /* of each type among operations; default 1 */
    /* The other types, judged by the law kit's specifications (weft/law.h), which cost more; default 0. After some 24
     * transactions such an object is left and another one takes its place, so that this stays so. */
    uint64_t weight_mvreg, weight_maxreg, weight_minreg, weight_gset, weight_rworset, weight_lwwset, weight_ewflag,
        weight_dwflag, weight_topk, weight_lease, weight_windowcounter, weight_bcounter, weight_ormap, weight_hll;
    uint64_t multi_ppm;      /* transactions with several operations, on several keys; default 300,000 */
    uint64_t operations_max; /* in one of those; default 6 */
    uint64_t delete_ppm;     /* operations that delete their object; default 30,000 */
    /* Which application: 0 "mixed", of all of the above; 1 "counters", 2 "carts", 3 "presence", 4 "quotas", 5 "retwis"
     * (docs/scenarios.md says what each does), of `keys` objects or users and `elements` items or members. */
    uint64_t workload;
    uint64_t zipf_ppm;                    /* exponent of the popularity of keys; default 0: all alike */
    uint64_t work_from_ns, work_until_ns; /* default 0: from the beginning; until duration_ns */
    const uint64_t *rates; /* transactions in a thousand seconds, of each replica; NULL: rate; read by the plan only */

    /* The plan's faults: how many of each, at drawn times before duration_ns; each lasts up to fault_ns. At
     * duration_ns everything is healed and restarted. */
    uint64_t partitions, one_way_cuts, crashes, clock_steps, backups_restored, copies_started, store_failures;
    uint64_t checkpoints;
    /* Partitions whose sides overlap: a bridge, a ring, an island ...; cuts from some to others; links of some to
     * others that are late, slow, lossy, lossy in bursts, that duplicate, hold back, corrupt or cut short, have little
     * bandwidth, go up and down, stand for one end only: what a schedule calls lag, stretch, lossy, bursty, double,
     * shuffle, corrupt, truncate, throttle, flap and halfopen. */
    uint64_t overlaps, set_cuts, late_links, slow_links, lossy_links, bursty_links, doubling_links, shuffling_links;
    uint64_t corrupting_links, truncating_links, narrow_links, flapping_links, half_open_links;
    /* Clocks that are off, go too fast or slow, stand still, jump to and fro, are coarse, take a second twice. And some
     * that are off by an hour to a century, ahead or behind, until they are set right; then their replica raises its
     * clock epoch. */
    uint64_t clock_offsets, clock_drifts, clock_freezes, clock_strobes, clock_grains, leap_seconds, false_clocks;
    uint64_t suspensions; /* of virtual machines, whose wall clocks are set right some time after */
    /* Of disks, */
    uint64_t disks_full, disks_slow, disks_lying, writes_lost, writes_torn, writes_astray, bits_rotten;
    /* and of replicas; a retired one is gone for good, and two stay. */
    uint64_t pauses, slowdowns, backups_reverted, rewinds, starvations, liars, version_skews, joins, retirements;
    uint64_t fault_ns;     /* default 10 s */
    uint64_t step_ns;      /* a clock is stepped by up to this, either way; default 1 s */
    uint64_t slow_sync_ns; /* a slow disk takes up to this; default 500 ms */
    uint64_t slow_step_ns; /* a slow replica takes up to this for each step; default 20 ms */

    /* The engine's own options (weft_replica_options); 0: its default. */
    uint64_t engine_drift_ns, engine_digest_ns, engine_log_max, engine_checkpoint_bytes, engine_segment_bytes;
    uint64_t engine_pending_max, engine_chunk_bytes;
    uint64_t memory_max; /* bytes that a replica may ever hold, or a check fails; default 0: any number */
    uint64_t tables; /* hash tables are laid out by this number, and nobody may notice: a run twice, with another one,
                      * is the same run */
    const struct weft_crdt_class *const *classes; /* the application's own, NULL-terminated; may be NULL; lent */
    /* Those of its last release, for replicas that are behind (downgrade); NULL: it had none. Lent. */
    const struct weft_crdt_class *const *older_classes;
    /* Where a class cannot be registered a sentence there says which and why. Lent until the simulation is made; NULL:
     * not wanted. */
    char *errmsg;
    size_t errmsg_len;

    /* How long after the last item of the schedule all must have converged, for whoever runs the schedule (it is not
     * looked at here); default 120 s. */
    uint64_t within_ns;
    /* The same in rounds, of which each is the interval of digests (engine_digest_ns): if not 0, within_ns follows from
     * it when the schedule is made. */
    uint64_t within_rounds;

    /* One event in so many is looked at in full, drawn for each; default 1: all are. At the others nobody looks at the
     * values of the objects that the event changed, nor whether these changes were told, nor into the messages that it
     * sent: whether they read, and name or carry nothing that is not on the disk yet, and whether a request was
     * answered. All other checks see every event (what was applied, in which order, and once; the state's hash against
     * all others of its vector; the recorded vector against the disk; stamps; bounds), and so does the specification.
     * Whole states are looked at as always: when one is joined or restored, every thousandth step of a replica its
     * bytes, and at the end every object. */
    uint64_t check_one_in;

    /* Let the seed choose the faults: up to so many, all at a scale of time between 1 ms and fault_ns, with links and
     * clocks that are up to ten times worse or better than said above. The numbers of the plan's faults, where any is
     * not 0, are weights then: how often each kind is drawn. Default 0: no. */
    uint64_t nemesis;
    /* 0 "mixed": the seed draws one of the next three, half of the time the first; 1 "all" kinds of faults; 2 "swarm",
     * a random half of the kinds; 3 "patterns": swizzle-clog, flap, ring, majority-ring, bridge, island, crash-storm,
     * backup-restore, skew-ladder, strobe, replay-storm; or one of these by its name. */
    uint64_t nemesis_mix;
    /* Of the plan: what users do at each replica with the caller's own application (sim_app.h), a second on average. */
    uint64_t app_rate;

    /* 0 "none"; 1 "documents", 2 "signed" (its transactions are, too): the space has rights (weft/rights.h) by an
     * authority that follows from the seed. The first replica commits the first document at the beginning, by which all
     * may write what the workload writes; what is refused for want of a right is counted, and must be. */
    uint64_t rights;
    /* Of the plan, in such a space: rights taken from some replicas and given back, wherever it happens. */
    uint64_t revocations;
};
#define weft_sim_options_init(o) weft_sim_options_init_sized((o), sizeof *(o))
WEFT_API void weft_sim_options_init_sized(struct weft_sim_options *o, size_t size);
/* One of the numbers by its name: "skew_ns" "250ms", "loss_ppm" "2%", "drift_ppb" "200ppm", "replicas" "5".
 * WEFT_ERR_NOT_FOUND: no such option; WEFT_ERR_MALFORMED: not such a value, or out of bounds. `message` says so. */
WEFT_API int weft_sim_options_set(struct weft_sim_options *o, const char *name, const char *value,
                                  struct weft_buf *message) WEFT_MUST_CHECK;
/* The name of the i-th of these numbers; NULL: there are not so many. */
WEFT_API const char *weft_sim_options_name(size_t i);

/* --- Schedules --------------------------------------------------------------------------------------------------- */

/* Options and a list of what happens when, in the order of times. As text, one thing a line:
 *
 *   replicas 5                          an option of struct weft_sim_options
 *   place dallas tokyo                  placement
 *   10.5s partition 0,1                 these against the rest, until the next partition or heal
 *   10.5s partition 0-2|2,3             who shares a side is together (2 is with all), the rest is one more side
 *   11s cut 0 2-4                       messages from 0 to 2, 3 and 4 are lost; no one notices
 *   11s drop 0 2 1                      the next message from 0 to 2 is lost; 2: the one after it
 *   11s late 0 2 1 150ms | twice 0 2 1 80ms    it comes so much later; it comes again so much later
 *   12s heal                            all partitions and cuts end, and what is said of links below
 *   12s rejoin 0,1 | uncut 0 2          this partition ends, if it is still the one that stands; this cut ends
 *   12s lag 0-2 3 250ms                 what goes from 0, 1 and 2 to 3 arrives so much later
 *   12s stretch 0 1 4                   its latency is four times as long
 *   12s lossy 0 1 20%                   or double, shuffle, corrupt, truncate: so many are lost, arrive twice, ...
 *   12s bursty 0 1 10% 2s               a tenth of the time nothing arrives, for 2s on average
 *   12s throttle 0 1 20000              bytes a second
 *   12s flap 0 1 3s 500ms               up, down, up, ...: the link, whichever way
 *   12s halfopen 0 1                    0 believes that their link stands, 1 does not
 *   12s mend 0-2 3                      what was said of exactly these links ends, but for cuts
 *   13s crash 1 | restart 1             what is not synced is lost; the write under way, perhaps
 *   14s backup 1 | restore 1            a copy of its store is kept; it crashes and starts from the oldest copy
 *   15s copy 1                          a copy of its store starts as a further replica
 *   16s step 1 -250ms                   its wall clock jumps
 *   16s offset 1 8760h                  it is off by this now; drift 1 50us: it gains so much a second from now on
 *   16s freeze 1                        it stands still
 *   16s strobe 1 200ms 10ms             it is ahead by this, behind by this, ahead ..., for 10ms each
 *   16s coarse 1 100ms                  it shows multiples of this, and so does the monotonic one
 *   16s leap 1 0s                       the second that it shows comes twice; 1h: it loses one within an hour
 *   16s steady 1                        all that ends, and it is set right
 *   16s suspend 1 | resume 1            its virtual machine stands still, both clocks too, and goes on from there
 *   16s raise 1                         its clock epoch, from its next transaction on
 *   17s fail 1 3                        its store refuses the next 3 writes
 *   18s checkpoint 1
 *   18s full 1 | free 1                 its store has no room for any write; it has again
 *   18s sync 1 200ms                    its disk takes so long; 0: sync_ns again
 *   18s lie 1 | honest 1                writes are called durable that a crash would lose; what was written is durable
 *   18s lose 1 2 | stray 1 2            of its next 2 writes nothing is done; a record goes over another row
 *   18s tear 1                          it crashes in the middle of a write: a part of it is there
 *   18s rot 1                           a bit of a stored row is another one
 *   18s revert 1 2                      as restore, from the backup numbered 2 of 0, 1, ..., counted round
 *   18s snapshot 1 | rewind 1           memory and disk are kept; it goes on from there
 *   18s starve 1 50                     the 50th allocation that it asks for from now on fails
 *   18s downgrade 1 | upgrade 1         it starts again with the types of an older release; of the newer one
 *   18s liar 1 255                      another program speaks on its links: the sum of
 *                                       1 (garbage), 2 (two transactions under one dot), 4 (stamps years ahead),
 *                                       8 (what follows nothing), 16 (claims), 32 (requests), 64 (chunks of no state),
 *                                       128 (void transactions); and of those that end all comparing:
 *                                       256 (transactions of others), 512 (more under a dot that was given twice),
 *                                       1024 (states in which something is missing)
 *                                       2048 (in a space with rights: void for want of a right; harmless)
 *   18s revoke 0 1-2 63                 at 0 a document of rights is committed that takes from 1 and 2 the sum of
 *                                       1 (to write keys g/...), 2 (p/...), 4 (s/...), 8 (r/...), 16 (other types),
 *                                       32 (of the four types: g/1... and so on), 64 (to read), 128 (to relay)
 *   18s grant 3 1 63                    it gives them, on top of the one that governs there
 *   18s pause 1 | resume 1              it does nothing, and what reaches it waits
 *   18s slow 1 20ms                     each of its steps takes so long; 0: none does
 *   18s retire 1                        it stops, and its store is never seen again
 *   18s join 3                          a new replica starts, empty, in the region numbered 3
 *   19s txn 2 g/3+5 p/1-2 s/0+7 s/0-7 r/2=9 r/2- s/0x
 *   20s txn 2 ewflag/3:812 ormap/0:77 ormap/0x
 *   21s app 2 817                       the caller's own application there (sim_app.h) does what 817 says
 *
 * In a transaction an operand is type/number: g gcounter, p pncounter, s aworset, r lwwreg; + adds an amount or
 * element,
 * - takes it away (a register: clears it), = sets, x deletes the object. All other types by their names: :n is the
 * operation that the law kit draws from n. The keys are these operands: "g/3". Times and durations take ns, us, ms, s,
 * m, h or d; a time is at most 2^60 ns (36 years), a duration 2^62, another number, and what is added to a counter,
 * 2^40. # begins a comment. */
struct weft_sim_schedule;
struct weft_sim;

/* Draws the plan. WEFT_ERR_INVALID (too many replicas or regions, none), WEFT_ERR_NOT_FOUND (a region), WEFT_ERR_NOMEM.
 */
WEFT_API int weft_sim_schedule_plan(struct weft_sim_schedule **out, const struct weft_sim_options *o) WEFT_MUST_CHECK;
/* WEFT_ERR_MALFORMED: `message` says which line and what is wrong with it. */
WEFT_API int weft_sim_schedule_parse(struct weft_sim_schedule **out, struct weft_slice text, struct weft_buf *message,
                                     const struct weft_alloc *alloc) WEFT_MUST_CHECK;
/* One more line, after the others of its time. */
WEFT_API int weft_sim_schedule_add(struct weft_sim_schedule *s, const char *line,
                                   struct weft_buf *message) WEFT_MUST_CHECK;
/* All lines of a text that begin with a time; the others are passed over. Where one is wrong those before it are there.
 */
WEFT_API int weft_sim_schedule_add_text(struct weft_sim_schedule *s, struct weft_slice text,
                                        struct weft_buf *message) WEFT_MUST_CHECK;
/* Its text: parsing that gives the same schedule. */
WEFT_API int weft_sim_schedule_print(const struct weft_sim_schedule *s, struct weft_buf *out) WEFT_MUST_CHECK;
WEFT_API size_t weft_sim_schedule_count(const struct weft_sim_schedule *s);
/* Its numbers; placement and regions are not to be read. Lent. */
WEFT_API const struct weft_sim_options *weft_sim_schedule_options(const struct weft_sim_schedule *s);
/* How long convergence may take, instead of what it says: rounds, or nanoseconds where they are 0. */
WEFT_API void weft_sim_schedule_within(struct weft_sim_schedule *s, uint64_t ns, uint64_t rounds);
WEFT_API void weft_sim_schedule_free(struct weft_sim_schedule *s);

/* --- Shrinking ---------------------------------------------------------------------------------------------------- */

struct weft_sim_shrink_size {
    uint64_t replicas;
    uint64_t transactions, operations; /* operations: in all transactions */
    uint64_t faults;                   /* items that are no transactions: what ends a fault, too */
};

#define WEFT_SIM_SHRINK_TEXT 256u

struct weft_sim_shrink_report {
    uint64_t runs; /* that it took so far */
    struct weft_sim_shrink_size before, after;
    char failure[WEFT_SIM_SHRINK_TEXT]; /* of the smallest schedule so far */
    uint64_t others;                    /* runs that failed in another way, which were not followed; of the first: */
    char other[WEFT_SIM_SHRINK_TEXT];
};

struct weft_sim_shrink_options {
    size_t size;        /* set by weft_sim_shrink_options_init */
    uint64_t max_runs;  /* default 2,000 */
    uint64_t within_ns; /* instead of the schedule's; UINT64_MAX, the default: the schedule's */
    /* Each simulation before it runs: for callbacks of the caller's. May be NULL, like the next one. */
    void (*prepare)(void *ctx, struct weft_sim *s);
    void (*progress)(void *ctx, const struct weft_sim_shrink_report *r); /* after each run */
    void *ctx;
};
#define weft_sim_shrink_options_init(o) weft_sim_shrink_options_init_sized((o), sizeof *(o))
WEFT_API void weft_sim_shrink_options_init_sized(struct weft_sim_shrink_options *o, size_t size);
/* From a schedule whose run fails (weft_sim_run_until_converged, with the schedule's within_ns) to one that fails in
 * the same way with fewer and simpler items, options and replicas. The same way is the same check and, where it is
 * about an object, the same object; a call that failed with the same words; or not converging, once all that was broken
 * is mended. The same schedule gives the same result. `o` and `report` may be NULL. WEFT_ERR_NOT_FOUND: it does not
 * fail.
 */
WEFT_API int weft_sim_shrink(struct weft_sim_schedule **out, const struct weft_sim_schedule *s,
                             const struct weft_sim_shrink_options *o,
                             struct weft_sim_shrink_report *report) WEFT_MUST_CHECK;

/* --- Simulations -------------------------------------------------------------------------------------------------- */

/* A schedule is drawn from the options. All replicas are up, their links come up within connect_ns. Codes: as above,
 * and WEFT_ERR_INVALID for a class that cannot be registered: errmsg of the options says which. */
WEFT_API int weft_sim_new(struct weft_sim **out, const struct weft_sim_options *o) WEFT_MUST_CHECK;
/* Takes over the schedule, also when it fails. */
WEFT_API int weft_sim_new_scheduled(struct weft_sim **out, struct weft_sim_schedule *s) WEFT_MUST_CHECK;
WEFT_API void weft_sim_free(struct weft_sim *s);

/* Runs return 0; WEFT_ERR_CORRUPT: a check failed, the report says which, and nothing moves any more;
 * WEFT_ERR_NOT_READY: not converged in time; WEFT_ERR_BUSY: a transaction of the caller's is open; WEFT_ERR_NOMEM. */
WEFT_API int weft_sim_run_for(struct weft_sim *s, uint64_t ns) WEFT_MUST_CHECK;
/* Until the schedule is done and all running replicas have applied the same transactions, which are at least those that
 * their stores have; what only a replica has that is down is not waited for. `timeout_ns` counts from the last item of
 * the schedule, or from now if that is past. Where nothing is compared any more (a report says "parted") replicas may
 * stay apart: then it is 0 at the end of that time, too. */
WEFT_API int weft_sim_run_until_converged(struct weft_sim *s, uint64_t timeout_ns) WEFT_MUST_CHECK;

/* Faults by hand, at once. They return 0; WEFT_ERR_INVALID: no such replica, or it is down (up); WEFT_ERR_NOMEM;
 * WEFT_ERR_CORRUPT: a check failed, now or before. */
WEFT_API int weft_sim_partition(struct weft_sim *s, uint64_t mask); /* bit i: replica i, i < 64; 0: no partition */
WEFT_API int weft_sim_cut(struct weft_sim *s, uint32_t from, uint32_t to);
WEFT_API int weft_sim_heal(struct weft_sim *s);
WEFT_API int weft_sim_crash(struct weft_sim *s, uint32_t i);
WEFT_API int weft_sim_restart(struct weft_sim *s, uint32_t i);
WEFT_API int weft_sim_backup(struct weft_sim *s, uint32_t i);
/* From the oldest backup; WEFT_ERR_NOT_FOUND when there is none: the replica stays as it was. Up or down. */
WEFT_API int weft_sim_restart_from_backup(struct weft_sim *s, uint32_t i);
/* A copy of i's durable store starts as replica *copy, in i's region. */
WEFT_API int weft_sim_start_copy(struct weft_sim *s, uint32_t i, uint32_t *copy);
WEFT_API int weft_sim_clock_step(struct weft_sim *s, uint32_t i, int64_t ns);
WEFT_API int weft_sim_store_fail(struct weft_sim *s, uint32_t i, uint32_t writes);
/* Any line of a schedule without its time: "txn 0 g/1+5". WEFT_ERR_MALFORMED: weft_sim_report has the reason. */
WEFT_API int weft_sim_do(struct weft_sim *s, const char *line);

/* A transaction of the caller's own, with any types; weft_txn_commit ends it. The next call here carries its records
 * and messages out. Objects that it changes are compared between replicas, but not with a specification: nobody told
 * it. */
WEFT_API int weft_sim_txn_begin(struct weft_sim *s, uint32_t i, struct weft_txn **txn) WEFT_MUST_CHECK;
/* To read from; NULL while it is down. */
WEFT_API struct weft_replica *weft_sim_replica(const struct weft_sim *s, uint32_t i);
WEFT_API uint32_t weft_sim_replica_count(const struct weft_sim *s);

struct weft_sim_stats {
    uint64_t now_ns;
    uint64_t converged_ns; /* when run_until_converged last saw it ... */
    uint64_t
        converged_rounds; /* ... so many intervals of digests, begun ones included, after the schedule's last item */
    uint64_t steps;       /* of replicas */
    uint64_t messages, bytes, lost, duplicated, reordered, corrupted, truncated;
    uint64_t transactions, empty_transactions; /* committed; without effect */
    uint64_t refused_transactions; /* errors of commit that are allowed: a clock beyond its bound, a new epoch */
    uint64_t denied_transactions;  /* the rights of the space do not allow them */
    uint64_t documents;            /* of rights, committed */
    uint64_t full_transactions;    /* not begun: too much waits for the disk */
    uint64_t links_up, links_down, crashes, restarts, restores, copies, clock_steps, store_failures;
    uint64_t memory; /* bytes, the most that any replica ever held */
    uint64_t disk_faults, lies, releases, pauses, held, joins, retirements, rewinds,
        starvations; /* allocations that failed */
    uint64_t wiped;  /* a damaged store was refused, and the replica started from nothing, as another one */
    uint64_t overflows, link_faults, clock_faults; /* links that a full buffer broke; items about links and clocks */
    uint64_t notices[WEFT_NOTICE_STATE_TOO_LARGE + 1]; /* by kind */
    uint64_t values_checked, states_checked, bytes_checked;
    uint8_t trace[16]; /* running hash of every event and what it led to */
    uint8_t state[16]; /* of the first running replica */
};
WEFT_API void weft_sim_stats(const struct weft_sim *s, struct weft_sim_stats *out);
/* Text for people: what happened, or what failed. Lent until the next call; never NULL. */
WEFT_API const char *weft_sim_report(struct weft_sim *s);
/* What the first failed check found; NULL: none failed. */
WEFT_API const char *weft_sim_failure(const struct weft_sim *s);
/* The name of that check, the same whatever it found; NULL: none failed. */
WEFT_API const char *weft_sim_failed_check(const struct weft_sim *s);
WEFT_API const struct weft_sim_schedule *weft_sim_get_schedule(const struct weft_sim *s);
/* Each event as a line, lent for the call. */
WEFT_API void weft_sim_on_event(struct weft_sim *s, void (*line)(void *ctx, const char *text), void *ctx);

/* From now on it is remembered what became of each message, and who applied what when (the last half a million things
 * that happened, some hundred MiB at most). The run is the same; it takes a third more time or so. WEFT_ERR_NOMEM. */
WEFT_API int weft_sim_keep_story(struct weft_sim *s) WEFT_MUST_CHECK;
/* Why it failed, or what it was like, in some fifty lines: what was expected and what was seen, which operations the
 * object is made of and which replica had which of them, the message that should have brought what is missing, what
 * became of it, and what was broken meanwhile. WEFT_ERR_NOT_READY: no story was kept; WEFT_ERR_NOMEM. */
WEFT_API int weft_sim_explain(struct weft_sim *s, struct weft_buf *out) WEFT_MUST_CHECK;
/* The same as one page of HTML that needs nothing beside it, with a diagram of who sent what to whom, how far all were
 * apart over time, and why each value is what it is. `command`: what shows the run again; NULL: nothing is said. */
WEFT_API int weft_sim_explain_html(struct weft_sim *s, const char *command, struct weft_buf *out) WEFT_MUST_CHECK;

/* --- Recordings --------------------------------------------------------------------------------------------------- */

/* What happened to a replica in the world, once more: an engine is stepped through a file of weft_uv_options.record,
 * alone, and what it comes to is held against what the recording says: after each event the notices that were recorded
 * of it, and at every 256th and at the end the hash of the state and the vector. It needs none of the application's
 * code or types: a transaction was recorded as it was committed. */
struct weft_sim_replay;

struct weft_sim_replay_options {
    size_t size;     /* set by weft_sim_replay_options_init */
    bool unfinished; /* a recording without its end is taken as far as it goes: that of a process that was killed */
    const struct weft_alloc *alloc;
};
#define weft_sim_replay_options_init(o) weft_sim_replay_options_init_sized((o), sizeof *(o))
WEFT_API void weft_sim_replay_options_init_sized(struct weft_sim_replay_options *o, size_t size);

struct weft_sim_replay_stats {
    uint64_t offset;                                     /* in the recording, of the entry that was read last */
    struct weft_time now;                                /* of the last event */
    uint64_t openings, events, commits, notices, states; /* states: how often hash and vector were compared */
    uint64_t untold;                                     /* notices that were not recorded: no memory, or the end */
    uint8_t state[16];
    const char *end; /* how the recording ended, once it has */
};

/* Reads the whole recording first, which is lent until the replay is freed, and refuses one that was cut or changed;
 * `message` says at which byte and what is wrong. WEFT_ERR_MALFORMED, WEFT_ERR_VERSION (not a recording, or of another
 * version), WEFT_ERR_CORRUPT, WEFT_ERR_NOMEM. */
WEFT_API int weft_sim_replay_new(struct weft_sim_replay **out, struct weft_slice recording,
                                 const struct weft_sim_replay_options *o, struct weft_buf *message) WEFT_MUST_CHECK;
WEFT_API void weft_sim_replay_free(struct weft_sim_replay *p);
/* One event further. 1; 0: that was all; WEFT_ERR_CORRUPT: something came out otherwise, and nothing moves any more;
 * WEFT_ERR_NOMEM. */
WEFT_API int weft_sim_replay_next(struct weft_sim_replay *p) WEFT_MUST_CHECK;
/* Where the replay differs from the recording: offset, time, event and what; NULL: it did not. */
WEFT_API const char *weft_sim_replay_failure(const struct weft_sim_replay *p);
/* The replica as it is now, to read from; NULL before the first event. */
WEFT_API const struct weft_replica *weft_sim_replay_replica(const struct weft_sim_replay *p);
WEFT_API void weft_sim_replay_stats(const struct weft_sim_replay *p, struct weft_sim_replay_stats *out);
/* Each entry of the recording as a line, lent for the call. */
WEFT_API void weft_sim_replay_on_line(struct weft_sim_replay *p, void (*line)(void *ctx, const char *text), void *ctx);

#ifdef __cplusplus
}
#endif

#endif
