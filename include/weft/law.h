/* law.h: is it a merge? The law kit checks a replicated type, Weft's or your own, against the lattice laws and against
 * a specification of what the value must be.
 *
 * A case is a history: a few replicas change their copies without asking anyone, deltas arrive late, twice, out of
 * order or never, whole states are joined, new or old, and replicas restart from their bytes. Cases come in two sorts:
 * every short history, by an odometer over the choices that make one, and then long ones at random. After each step of
 * each history the laws below are checked; the first that fails is shrunk, by its choices, to a history in which
 * nothing can be left out, and drawn.
 *
 *   weft_law_options_init(&opts);
 *   opts.type = &auction_class;      a type on Weft's kernels
 *   opts.mutate = any_bid;           draws an operation, performs it, says what it was
 *   opts.spec = highest_bid;         what the value must be, from the history
 *   ck_assert_msg(weft_law_check(&opts, &report) == 0, "%s\n%s", report.law, report.counterexample);
 *   weft_law_report_fini(&report);
 *
 * A merge that does not stand on Weft's kernels is checked as a struct weft_law_subject.
 *
 * The laws, by the name that a report gives them (a and b are states of one history, + is merge):
 *
 *   value         after every step, at the replica that it changed, the value is what the specification says
 *   convergence   replicas that have seen the same operations have the same bytes, however these came
 *   context       equal causal contexts, equal bytes, if no delta overtook another that it had seen
 *   commutative   a + b == b + a
 *   associative   (a + b) + c == a + (b + c)
 *   idempotent    a + a == a; a delta joined twice changes nothing
 *   self          a + a with one and the same object on both sides
 *   monotone      a + b + a == a + b, and an operation's result joined with what was before is the result
 *   bottom        a + empty == a == empty + a
 *   canonical     of a CUSTOM class: its states and what its merge makes of them pass its check
 *   source        a merge leaves its right side as it was
 *   delta         an operation's delta, joined to the state before, gives the state after; no delta, no change
 *   groups        all deltas in any order, repeated, and grouped give what the merge of the replicas gives
 *   codec         what encode wrote is read, and encodes to the same bytes
 *   hostile       a truncated or changed encoding or delta is refused and changes nothing, or is read as what it says
 *   reset         after a reset the value is that of an empty value; not of a class with a reset of its own
 *   copy          a copy has the bytes of its original, and a change of it does not reach the original
 *   refusal       an operation that is refused changes nothing
 *   memory        the n-th allocation fails: the call says so, nothing changes, and all memory is returned
 *   error         a call failed that must not fail
 *   specification not of the type, but of the test: a specification reads what it may not, and is refused
 *   concurrency   not of the type, but of the test: too few histories had concurrent operations on one target
 *
 * (A group is what an empty value holds that joined some of the deltas. A state that is read from hostile bytes must
 * encode to exactly these bytes. Of a CUSTOM class commutative, associative, idempotent and monotone are also laws of
 * its merge alone, over the values and fragments that the replicas hold. weft_law_name lists the names.)
 *
 * Deterministic: the same options give the same report. Checks are pure computation; no thread, clock or file. */
#ifndef WEFT_LAW_H
#define WEFT_LAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/clock.h>
#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Choices ---------------------------------------------------------------------------------------------------- */

/* Where operations come from: enumerated, drawn at random, or replayed while shrinking. An operation must depend on its
 * choices and on the state that it reads, on nothing else. */
struct weft_law_choices;

/* A number in 0 .. bound - 1. Shrinking goes towards 0: make it the simplest. Small bounds: short histories run through
 * them all, and only values that collide find anything. */
WEFT_API uint64_t weft_law_choose(struct weft_law_choices *c, uint64_t bound);
/* The same, for what sort of operation to make: a random history may leave some of the sorts out (options.swarm), also
 * resets. The histories that find a bug are often those in which something never happens. */
WEFT_API uint64_t weft_law_choose_kind(struct weft_law_choices *c, uint64_t bound);

/* --- Operations and histories ---------------------------------------------------------------------------------------
 */

#define WEFT_LAW_KINDS    8u  /* kinds of operations: 0 is a reset, 1 .. 7 are yours */
#define WEFT_LAW_RESET    0u  /* deletion of the whole value as far as it was observed */
#define WEFT_LAW_EDITS    4u  /* operations in one commit, at most */
#define WEFT_LAW_TEXT     40u /* an operation's text with its NUL */
#define WEFT_LAW_COMMITS  64u /* in one history */
#define WEFT_LAW_REPLICAS 8u

struct weft_law_op {
    /* Filled in by whoever performs the operation. */
    uint32_t kind;
    uint64_t target; /* what it is about (an element, a field): concurrent operations on one target are counted */
    int64_t amount;  /* and what with: for the specification */
    char text[WEFT_LAW_TEXT]; /* for the diagram: "add milk" (weft_law_tell) */
    /* Filled in by the kit. */
    uint32_t commit;         /* its number in the history, from 0, in the order of issue */
    uint32_t origin;         /* orders as the origins themselves do (weft_origin_cmp) */
    struct weft_stamp stamp; /* the commit's; concurrent ones may be equal */
    uint64_t past;           /* one bit for each commit that its replica had seen before it */
};

/* Writes op->text, in a history that will be drawn; in all others, which are most, it does nothing and costs nothing.
 */
WEFT_API void weft_law_tell(const struct weft_law_choices *c, struct weft_law_op *op, const char *fmt, ...)
    WEFT_PRINTF(3, 4);

/* The operations that one replica has seen, in an order that agrees with what saw what. */
struct weft_law_history {
    const struct weft_law_op *ops;
    size_t count;
    bool *strayed; /* the kit's own */
};

/* Whether ops[later] had seen ops[earlier] when it was made: issued earlier and received there, or made earlier in the
 * same commit. Two operations of which neither has seen the other are concurrent. An operation that is not in the
 * history, later or earlier >= h->count: false, and the specification is refused. */
WEFT_API bool weft_law_saw(const struct weft_law_history *h, size_t later, size_t earlier);

/* --- A merge that is not on Weft's kernels --------------------------------------------------------------------------
 */

/* A replica in a history. */
struct weft_law_place {
    struct weft_origin origin; /* unique in the history */
    uint32_t number;           /* the same as a small number (0 .. 31) in the same order: struct weft_law_op.origin */
    uint64_t seed;             /* for hash tables: differs from replica to replica */
    const struct weft_alloc *alloc;
};

/* The type under test as a table of functions. Functions return 0 or a negative enum weft_err. */
struct weft_law_subject {
    size_t size; /* sizeof(struct weft_law_subject) */
    const char *name;
    bool deltas; /* mutate makes deltas; false: only whole states travel, and delta and groups are not checked */
    /* An empty state. */
    int (*create)(void *ctx, const struct weft_law_place *place, void **out);
    void (*destroy)(void *ctx, void *state);
    /* The same state, at another place or at the same one. */
    int (*copy)(void *ctx, const void *state, const struct weft_law_place *place, void **out);
    /* Draws 1 .. max operations from the choices and performs them as one commit, with its stamp; describes them in
     * ops[0 ..] and sets *count; with deltas, appends the commit's (nothing: no effect). Otherwise: no delta. */
    int (*mutate)(void *ctx, void *state, struct weft_law_choices *c, struct weft_stamp stamp, uint32_t max,
                  struct weft_law_op *ops, uint32_t *count, struct weft_buf *delta);
    /* Joins a delta, or what encode wrote. NULL: a type without bytes for the wire; encode then only serves comparison,
     * and the laws delta, groups, codec and hostile are not checked. */
    int (*apply)(void *ctx, void *state, struct weft_slice bytes);
    int (*merge)(void *ctx, void *into, const void *from);
    int (*encode)(void *ctx, const void *state, struct weft_buf *out);
    /* What a user sees, as text. NULL: neither value nor reset is checked. */
    int (*value)(void *ctx, const void *state, struct weft_buf *out);
    /* The causal context as canonical bytes. NULL: context is not checked. */
    int (*context)(void *ctx, const void *state, struct weft_buf *out);
};

/* --- Checking -------------------------------------------------------------------------------------------------------
 */

struct weft_law_options {
    size_t size; /* set by weft_law_options_init */
    void *ctx;   /* passed to all functions below */

    /* Either a type on Weft's kernels ... */
    const struct weft_crdt_class *type;
    /* Draws one operation, performs it on the edit, fills in kind, target, amount and text. */
    void (*mutate)(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op);
    /* The value as text; NULL: the class's print. */
    int (*value)(void *ctx, struct weft_view v, struct weft_buf *out);
    bool resets; /* the kit also makes resets, as deletion of an object does; default true */
    /* ... or a subject. */
    const struct weft_law_subject *subject;

    /* Appends what the value must be, in the words of `value`. NULL: only the laws are checked. A failure is an error.
     * It may read the operations that it is given (but for their text, which is for people and mostly empty), and what
     * saw what (weft_law_saw): nothing behind them, not their order or the numbers of their commits, which are others
     * at other replicas, and nothing that it kept from an earlier call. Some random histories are for finding that out,
     * before all others. */
    int (*spec)(void *ctx, const struct weft_law_history *seen, struct weft_buf *out);
    /* A gap: a delta was joined where one that it had seen was missing. Deltas may come so, and the other laws hold;
     * but a value may then show less than a specification can know, because a delta takes away only what it found. With
     * gaps the specification is asked also then; default false: until the first gap of a history (half of the random
     * ones have none). `context` is only checked without gaps. */
    bool gaps;
    const char *const *kinds; /* names of the kinds 1 .. for the report, NULL at the end; may be NULL */

    uint32_t replicas;    /* 2 .. WEFT_LAW_REPLICAS; default 3 */
    uint32_t short_steps; /* every history of so many steps; 0: none; default 4 */
    uint64_t
        short_max; /* but at most so many histories; default 1,000,000. report.exhausted says whether it sufficed */
    uint64_t histories; /* at random; default 20,000 */
    uint32_t steps;     /* of a random history, at most; 1 .. 1000; default 16 */
    uint32_t edits;     /* of one commit in a random history, at most; 1 .. WEFT_LAW_EDITS; default 3 */
    uint64_t seed;
    /* `hostile` and `memory` cost thousands of calls: they are checked in one of so many random histories; 0: never.
     * Defaults 1,000 and 250. */
    uint32_t hostile_every;
    uint32_t memory_every;
    /* At least so many of 1,000 random histories must have two concurrent operations on one target; default 50. */
    uint32_t concurrent_min;
    uint32_t shrink_max; /* runs spent on shrinking; default 5,000 */
    /* Half of the random histories leave out some of the sorts that weft_law_choose_kind draws; default true. */
    bool swarm;
    /* Failures of earlier runs, one a line, as weft_law_report_known writes them; lines that begin with # are remarks.
     * Those of this type's name are run first. Lent. Default: none. */
    struct weft_slice known;
    /* One of so many random histories is checked against all laws; the others, which make no states but those of their
     * replicas, against value, after every step, convergence, of replicas that have seen the same, error, and what is
     * returned of memory; and against source, copy, codec and refusal only where a state that these speak of has been
     * encoded anyway. A tenth of the cost, for long runs. 0: none is. Default 1: every one. */
    uint32_t thorough_every;
};
#define weft_law_options_init(o) weft_law_options_init_sized((o), sizeof *(o))
WEFT_API void weft_law_options_init_sized(struct weft_law_options *o, size_t size);

struct weft_law_report {
    const char *law; /* the one that failed, "" when all held; static storage */
    const char
        *counterexample; /* the diagram, "" when all held; at most WEFT_LAW_REPORT_MAX bytes; owned by the report */
    uint64_t seed;
    bool exhausted; /* every short history was run */
    uint64_t short_histories;
    uint64_t random_histories;
    uint64_t steps;
    uint64_t commits;
    uint64_t merges;
    uint64_t deliveries;
    uint64_t no_effect; /* commits that wrote nothing */
    uint64_t refused;   /* commits that returned an error */
    uint64_t spec_checks;
    uint64_t hostile_inputs;
    uint64_t failed_allocations;
    /* Pairs of operations of random histories, by kind (smaller first): all that were concurrent, and those on one
     * target. */
    uint64_t concurrent[WEFT_LAW_KINDS][WEFT_LAW_KINDS];
    uint64_t colliding[WEFT_LAW_KINDS][WEFT_LAW_KINDS];
    uint64_t colliding_histories;
    /* The counterexample: its steps, its choices (weft_law_replay), and how many runs shrinking took. */
    uint32_t shrunk_steps;
    uint32_t shrink_runs;
    uint64_t *choices;
    size_t choice_count;
    struct weft_buf text; /* holds the counterexample */
    uint64_t known_histories;
    uint64_t forks;    /* replicas that went on from a copy of another */
    uint64_t restarts; /* from their bytes, or from bytes of earlier */
};
#define WEFT_LAW_REPORT_MAX 16384u

/* The laws' names, as a report gives them, in the order above; NULL after the last. Static storage. */
WEFT_API const char *weft_law_name(size_t index);

/* Returned when a law failed. */
#define WEFT_LAW_BROKEN 1

/* Checks everything. Fills in *report whatever it returns: 0; WEFT_LAW_BROKEN; WEFT_ERR_INVALID (options, a class that
 * cannot be registered, a specification that reads what it may not), whose reason is then the counterexample;
 * WEFT_ERR_NOMEM (of the kit itself). */
WEFT_API int weft_law_check(const struct weft_law_options *o, struct weft_law_report *report) WEFT_MUST_CHECK;
/* Runs the one history that these choices make, with all laws and without shrinking. Any numbers are a history: those
 * out of bounds are lowered, missing ones are 0. Returns as weft_law_check does. */
WEFT_API int weft_law_replay(const struct weft_law_options *o, const uint64_t *choices, size_t count,
                             struct weft_law_report *report) WEFT_MUST_CHECK;
/* The same from bytes, one a choice, as a fuzzer makes them: the body of LLVMFuzzerTestOneInput (docs/laws.md). Those
 * behind the first WEFT_LAW_BYTES are not read. */
WEFT_API int weft_law_replay_bytes(const struct weft_law_options *o, const uint8_t *bytes, size_t count,
                                   struct weft_law_report *report) WEFT_MUST_CHECK;
#define WEFT_LAW_BYTES 4096u
/* Appends the counts as a few lines of text. */
WEFT_API int weft_law_report_print(const struct weft_law_report *report, const struct weft_law_options *o,
                                   struct weft_buf *out);
/* Appends the counterexample as a line for a file of known failures: type, law, choices. All laws held, or there is no
 * one history to blame (`concurrency`): nothing. */
WEFT_API int weft_law_report_known(const struct weft_law_report *report, const struct weft_law_options *o,
                                   struct weft_buf *out);
/* Appends the counterexample as a C program, which shows the diagram in a comment, replays the choices, and exits with
 * 1 while the law is broken. `setup` is the name of a function of yours, void setup(struct weft_law_options *), that
 * sets type (or subject), mutate, spec and what else these need; NULL: the type is Weft's (weft_law_builtin). Nothing,
 * where weft_law_report_known writes nothing. */
WEFT_API int weft_law_report_code(const struct weft_law_report *report, const struct weft_law_options *o,
                                  const char *setup, struct weft_buf *out);
WEFT_API void weft_law_report_fini(struct weft_law_report *report);

/* --- Weft's own types ---------------------------------------------------------------------------------------------
 */

/* Sets type, mutate, value, spec, kinds and ctx, and where all histories of four steps are too many, short_steps.
 * WEFT_ERR_NOT_FOUND: no such type. */
WEFT_API int weft_law_builtin(struct weft_law_options *o, const char *name) WEFT_MUST_CHECK;
/* The names, in turn; NULL after the last. Static storage. */
WEFT_API const char *weft_law_builtin_name(size_t index);

#ifdef __cplusplus
}
#endif

#endif
