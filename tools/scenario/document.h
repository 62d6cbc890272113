/* document.h: what may stand in a scenario, and what does.
 *
 * X(member, key, option, what): a value of a mapping. Where it is one of the numbers of struct weft_sim_options,
 * `option` is its name there; where it is not, "". The table of docs/scenarios.md is made of these lines. */
#ifndef WEFT_TOOLS_SCENARIO_DOCUMENT_H
#define WEFT_TOOLS_SCENARIO_DOCUMENT_H

#include <stddef.h>

#include <weft/bytes.h>

#define WEFT__SCENARIO_TOP(X)                                                                                          \
    X(name, "name", "", "of the scenario")                                                                             \
    X(question, "question", "", "what an operator asks")                                                               \
    X(seed, "seed", "seed", "of everything that is drawn")                                                             \
    X(duration, "duration", "duration_ns", "of the workload and the faults; the whole is mended then (60s)")           \
    X(replicas, "replicas", "replicas", "how many, one in each region of the table in turn (5); or `regions`")

#define WEFT__SCENARIO_REGION(X)                                                                                       \
    X(name, "name", "",                                                                                                \
      "of the table: `dallas`, `toronto`, `washington-dc`, `frankfurt`, `london`, `madrid`, "                          \
      "`osaka`, `sydney`, `tokyo`, `sao-paulo`, or of `distances`")                                                    \
    X(replicas, "replicas", "", "how many stand there (1); they are numbered in the order of the list")                \
    X(rate, "rate", "", "transactions a second at each of them, instead of the workload's")

#define WEFT__SCENARIO_DISTANCES(X)                                                                                    \
    X(file, "file", "", "a table of round-trip times in milliseconds, from row to column, with a row of names first")  \
    X(table, "table", "", "the same, written here (`|` begins such a text)")

#define WEFT__SCENARIO_LINKS(X)                                                                                        \
    X(loss, "loss", "loss_ppm", "share of messages that are lost (1%)")                                                \
    X(duplicate, "duplicate", "duplicate_ppm", "share that comes twice (0.1%)")                                        \
    X(reorder, "reorder", "reorder_ppm", "share that is held back (1%)")                                               \
    X(reorder_by, "reorder_by", "reorder_ns", "held back by up to this (100ms)")                                       \
    X(corrupt, "corrupt", "corrupt_ppm", "share with one wrong bit (0)")                                               \
    X(jitter, "jitter", "jitter_ppm", "share of the latency that is added to it, at most (10%)")                       \
    X(truncate, "truncate", "truncate_ppm", "share whose end is missing (0)")                                          \
    X(bursts, "bursts", "burst_ppm", "share of the time in which a link loses all (0)")                                \
    X(burst, "burst", "burst_ns", "for so long, on average (500ms)")                                                   \
    X(tail, "tail", "tail", "of the latency: `uniform`, up to `jitter`; `exponential` or `heavy`, it being the mean")  \
    X(bandwidth, "bandwidth", "bandwidth", "bytes a second, each way of each link (0: any)")                           \
    X(buffer, "buffer", "send_buffer", "bytes that may wait for that before the link breaks (1 MiB)")                  \
    X(detect, "detect", "detect_ns", "until both ends notice a broken link (200ms)")                                   \
    X(connect, "connect", "connect_ns", "until a link that may stand again does (100ms)")

#define WEFT__SCENARIO_CLOCKS(X)                                                                                       \
    X(skew, "skew", "skew_ns", "each wall clock is off by up to this, either way (100ms)")                             \
    X(drift, "drift", "drift_ppb", "each oscillator is off by up to this, either way (50ppm)")

#define WEFT__SCENARIO_CLOCK(X)                                                                                        \
    X(who, "who", "", "a region, a replica, or several with commas")                                                   \
    X(offset, "offset", "", "its wall clock is ahead by this from the beginning; `-2s` is behind")                     \
    X(drift, "drift", "", "its oscillator is fast by this, `200ppm`, or slow, `-200ppm`")

#define WEFT__SCENARIO_DISKS(X)                                                                                        \
    X(sync, "sync", "sync_ns", "until a write is durable, at most (4ms)")                                              \
    X(unwritten, "unwritten", "unwritten_max", "bytes that may wait for it before no transaction begins (16 million)")

#define WEFT__SCENARIO_WORKLOAD(X)                                                                                     \
    X(name, "name", "workload", "`mixed`, or an application: `counters`, `carts`, `presence`, `quotas`, `retwis`")     \
    X(rate, "rate", "", "transactions a second at each replica, `0.5` too (10)")                                       \
    X(keys, "keys", "keys", "objects or users (8)")                                                                    \
    X(elements, "elements", "elements", "items of a cart, members of a room, elements of a set (16)")                  \
    X(zipf, "zipf", "", "exponent of the popularity of keys, `0.99` (0: all alike)")                                   \
    X(transactions, "transactions", "multi_ppm", "share with several operations (30%); mixed only")                    \
    X(operations, "operations", "operations_max", "at most so many in one of those (6); mixed only")                   \
    X(deletes, "deletes", "delete_ppm", "share of operations that delete their object (3%); mixed only")               \
    X(from, "from", "work_from_ns", "when it begins (0)")                                                              \
    X(until, "until", "work_until_ns", "when it ends (at the end of `duration`)")

#define WEFT__SCENARIO_REPLAY(X)                                                                                       \
    X(file, "file", "", "an access log: Common Log Format, or six fields between tabs; each line is a transaction")    \
    X(lines, "lines", "", "only so many of them (all)")

#define WEFT__SCENARIO_FAULT(X)                                                                                        \
    X(at, "at", "", "when it begins")                                                                                  \
    X(lasts, "for", "", "how long; what can end and has none ends with `duration`; `ever`: it does not end")           \
    X(every, "every", "", "it comes again so long after it began")                                                     \
    X(times, "times", "", "so often in all (2 where `every` is said)")                                                 \
    X(what, "do", "", "a line of a schedule without its time; regions may stand for their replicas, `all` for all")

#define WEFT__SCENARIO_NEMESIS(X)                                                                                      \
    X(faults, "faults", "nemesis",                                                                                     \
      "up to so many, and the seed draws what, when and how strong; the numbers below are the kinds' weights then")    \
    X(mix, "mix", "nemesis_mix",                                                                                       \
      "of them: `mixed` (some runs of each), `all` kinds, a `swarm` of few kinds, `patterns`, or one by its name")     \
    X(partitions, "partitions", "partitions", "so many")                                                               \
    X(cuts, "cuts", "one_way_cuts", "so many, each from one replica to one other")                                     \
    X(crashes, "crashes", "crashes", "so many")                                                                        \
    X(pauses, "pauses", "pauses", "so many")                                                                           \
    X(suspensions, "suspensions", "suspensions", "of the virtual machine, so many")                                    \
    X(slowdowns, "slowdowns", "slowdowns", "so many, in which each step takes `slow_step`")                            \
    X(slow_step, "slow_step", "slow_step_ns", "(20ms)")                                                                \
    X(steps, "steps", "clock_steps", "of clocks, so many")                                                             \
    X(step, "step", "step_ns", "by up to this, either way (1s)")                                                       \
    X(restores, "restores", "backups_restored", "of the oldest backup, so many")                                       \
    X(reverts, "reverts", "backups_reverted", "to any backup, so many")                                                \
    X(copies, "copies", "copies_started", "of a store that start as further replicas, so many")                        \
    X(rewinds, "rewinds", "rewinds", "of memory and disk, so many")                                                    \
    X(joins, "joins", "joins", "of empty replicas, so many")                                                           \
    X(retirements, "retirements", "retirements", "so many")                                                            \
    X(starvations, "starvations", "starvations", "allocations that fail, so many")                                     \
    X(version_skews, "version_skews", "version_skews", "replicas that run an older release for a while, so many")      \
    X(liars, "liars", "liars", "replicas that become members who lie, so many")                                        \
    X(disks_full, "disks_full", "disks_full", "so many")                                                               \
    X(disks_slow, "disks_slow", "disks_slow", "so many, in which a write takes `slow_sync`")                           \
    X(slow_sync, "slow_sync", "slow_sync_ns", "(500ms)")                                                               \
    X(disks_lying, "disks_lying", "disks_lying", "so many")                                                            \
    X(writes_lost, "writes_lost", "writes_lost", "so many")                                                            \
    X(writes_torn, "writes_torn", "writes_torn", "so many")                                                            \
    X(writes_astray, "writes_astray", "writes_astray", "so many")                                                      \
    X(bits_rotten, "bits_rotten", "bits_rotten", "so many")                                                            \
    X(store_failures, "store_failures", "store_failures", "spells of failing writes, so many")                         \
    X(checkpoints, "checkpoints", "checkpoints", "besides those that come by themselves, so many")                     \
    X(overlaps, "overlaps", "overlaps", "partitions with a replica on both sides, so many")                            \
    X(set_cuts, "set_cuts", "set_cuts", "cuts between groups, so many")                                                \
    X(late_links, "late_links", "late_links", "links that are late, so many")                                          \
    X(slow_links, "slow_links", "slow_links", "links with several times the latency, so many")                         \
    X(lossy_links, "lossy_links", "lossy_links", "so many")                                                            \
    X(bursty_links, "bursty_links", "bursty_links", "so many")                                                         \
    X(doubling_links, "doubling_links", "doubling_links", "so many")                                                   \
    X(shuffling_links, "shuffling_links", "shuffling_links", "so many")                                                \
    X(corrupting_links, "corrupting_links", "corrupting_links", "so many")                                             \
    X(truncating_links, "truncating_links", "truncating_links", "so many")                                             \
    X(narrow_links, "narrow_links", "narrow_links", "links with little bandwidth, so many")                            \
    X(flapping_links, "flapping_links", "flapping_links", "so many")                                                   \
    X(half_open_links, "half_open_links", "half_open_links", "so many")                                                \
    X(clock_offsets, "clock_offsets", "clock_offsets", "so many")                                                      \
    X(clock_drifts, "clock_drifts", "clock_drifts", "so many")                                                         \
    X(clock_freezes, "clock_freezes", "clock_freezes", "so many")                                                      \
    X(clock_strobes, "clock_strobes", "clock_strobes", "so many")                                                      \
    X(clock_grains, "clock_grains", "clock_grains", "clocks that are coarse, so many")                                 \
    X(leap_seconds, "leap_seconds", "leap_seconds", "so many")                                                         \
    X(false_clocks, "false_clocks", "false_clocks",                                                                    \
      "clocks that are off by an hour to a century, so many; then their epoch is raised")                              \
    X(lasting, "lasting", "fault_ns", "each for up to this (10s)")

#define WEFT__SCENARIO_LIMITS(X)                                                                                       \
    X(drift, "drift", "engine_drift_ns", "a stamp further ahead waits")                                                \
    X(digest, "digest", "engine_digest_ns", "between two digests on a link: a round (1s)")                             \
    X(log, "log", "engine_log_max", "bytes of log before the oldest is let go")                                        \
    X(checkpoint, "checkpoint", "engine_checkpoint_bytes", "bytes of log before a checkpoint")                         \
    X(segment, "segment", "engine_segment_bytes", "bytes of a segment of a checkpoint")                                \
    X(pending, "pending", "engine_pending_max", "bytes that wait for what they depend on")                             \
    X(chunk, "chunk", "engine_chunk_bytes", "bytes of a piece of state")

#define WEFT__SCENARIO_EXPECT(X)                                                                                       \
    X(outcome, "outcome", "", "`converged`, `not converged`, or `check failed`")                                       \
    X(converge_within, "converge_within", "", "after the last fault: `20 rounds`, or a time (120s)")                   \
    X(clocks_agree, "clocks_agree", "", "no two wall clocks of the scenario are further apart")

#define WEFT__SCENARIO_COUNT(X)                                                                                        \
    X(what, "what", "", "is counted (below)")                                                                          \
    X(least, "least", "", "at least so many")                                                                          \
    X(most, "most", "", "at most so many")

#define WEFT__SCENARIO_MEMBER(member, key, option, what) char *member;

struct weft__document_region {
    WEFT__SCENARIO_REGION(WEFT__SCENARIO_MEMBER)
};
struct weft__document_distances {
    WEFT__SCENARIO_DISTANCES(WEFT__SCENARIO_MEMBER)
};
struct weft__document_links {
    WEFT__SCENARIO_LINKS(WEFT__SCENARIO_MEMBER)
};
struct weft__document_clock {
    WEFT__SCENARIO_CLOCK(WEFT__SCENARIO_MEMBER)
};
struct weft__document_clocks {
    WEFT__SCENARIO_CLOCKS(WEFT__SCENARIO_MEMBER)
    struct weft__document_clock *each;
    unsigned each_count;
};
struct weft__document_disks {
    WEFT__SCENARIO_DISKS(WEFT__SCENARIO_MEMBER)
};
struct weft__document_replay {
    WEFT__SCENARIO_REPLAY(WEFT__SCENARIO_MEMBER)
};
struct weft__document_workload {
    WEFT__SCENARIO_WORKLOAD(WEFT__SCENARIO_MEMBER)
    char **types; /* weights, by weft_law_builtin_name */
    struct weft__document_replay *replay;
};
struct weft__document_fault {
    WEFT__SCENARIO_FAULT(WEFT__SCENARIO_MEMBER)
};
struct weft__document_nemesis {
    WEFT__SCENARIO_NEMESIS(WEFT__SCENARIO_MEMBER)
};
struct weft__document_limits {
    WEFT__SCENARIO_LIMITS(WEFT__SCENARIO_MEMBER)
};
struct weft__document_count {
    WEFT__SCENARIO_COUNT(WEFT__SCENARIO_MEMBER)
};
struct weft__document_expect {
    WEFT__SCENARIO_EXPECT(WEFT__SCENARIO_MEMBER)
    struct weft__document_count *counts;
    unsigned counts_count;
};

/* NULL where the scenario says nothing. */
struct weft__document {
    WEFT__SCENARIO_TOP(WEFT__SCENARIO_MEMBER)
    struct weft__document_region *regions;
    unsigned regions_count;
    struct weft__document_distances *distances;
    struct weft__document_links *links;
    struct weft__document_clocks *clocks;
    struct weft__document_disks *disks;
    struct weft__document_workload *workload;
    struct weft__document_fault *faults;
    unsigned faults_count;
    struct weft__document_nemesis *nemesis;
    struct weft__document_limits *limits;
    char **options; /* by weft_sim_options_name */
    struct weft__document_expect *expect;
};

struct weft__tree;
struct weft__schema;

/* WEFT_ERR_NOMEM. */
int weft__schema_new(struct weft__schema **out);
void weft__schema_free(struct weft__schema *s);

/* The text of this tree. WEFT_ERR_MALFORMED: the message is "line:column: path: what, and what would be right". */
int weft__document_load(struct weft__document **out, const struct weft__schema *s, struct weft_slice text,
                        const struct weft__tree *tree, struct weft_buf *message);
void weft__document_free(struct weft__document *d, const struct weft__schema *s);

/* A key's path, with [] for each entry of a list ("faults[].at"), the option that it sets or "", and what it is. The
 * keys under `options` and `workload.types` have no lines of their own. False: there is no i-th. */
struct weft__document_key {
    const char *section, *key, *option, *what;
};
bool weft__document_key(size_t i, struct weft__document_key *out);

#endif
