/* law_case.h: one history under check: replicas, commits, steps, and the first law that failed.
 *
 * Functions of the law kit return 0, 1 (a law failed; c->law says which) or a negative error of the kit itself. */
#ifndef WEFT_SIM_LAW_CASE_H
#define WEFT_SIM_LAW_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/law.h>

#include "sim/law_alloc.h"
#include "sim/law_choices.h"

#define WEFT__LAW_ORIGINS 32u
#define WEFT__LAW_SCRATCH 6u
#define WEFT__LAW_DETAIL  1024u

struct weft__law_replica {
    void *state; /* NULL: a place for a saved copy that holds none */
    struct weft_law_place place;
    uint64_t seen;           /* one bit for each commit */
    struct weft_stamp clock; /* greatest stamp seen */
    struct weft_buf bytes;   /* its encoding, if `encoded`: weft__law_refresh */
    bool encoded;
};

struct weft__law_commit {
    uint64_t past;
    uint32_t replica;
    uint32_t first_op;
    uint32_t ops;
    struct weft_stamp stamp;
    bool effect;
    struct weft_buf delta;
};

enum weft__law_action {
    WEFT__LAW_STOP,
    WEFT__LAW_COMMIT,      /* replica; other: the commit's number */
    WEFT__LAW_DELIVER,     /* replica; other: the commit's number */
    WEFT__LAW_MERGE,       /* replica joins replica `other` */
    WEFT__LAW_SAVE,        /* keeps a copy of replica */
    WEFT__LAW_MERGE_SAVED, /* replica joins the copy that `other` left */
    WEFT__LAW_FORK,        /* replica goes on from a copy of `other`, as a new origin */
    WEFT__LAW_RESTART,     /* replica goes on from its bytes, or from those it saved (other 1), as a new origin */
    WEFT__LAW_ACTIONS
};

struct weft__law_step {
    enum weft__law_action action;
    uint32_t replica;
    uint32_t other;
    size_t choice; /* where its choices begin, and the next step's */
    size_t end;
};

/* Every (seen, context, bytes) met so far; of a brief history: every (seen, value). */
struct weft__law_met {
    uint64_t seen;
    uint64_t effective; /* without the commits that wrote nothing */
    bool whole;         /* context and value were read too */
    size_t at;          /* in `met_bytes`: bytes, then context, then value */
    size_t bytes;
    size_t context;
    size_t value;
};

struct weft__law_case {
    const struct weft_law_options *o;
    const struct weft_law_subject *subject;
    void *ctx;                      /* of the subject */
    struct weft_law_report *report; /* counts; NULL while shrinking */
    struct weft_law_choices choices;
    struct weft__law_alloc memory;  /* of one history */
    struct weft__law_alloc lasting; /* of `initial` */
    bool hostile;                   /* check the two expensive laws too */
    bool starve;
    bool doubt;      /* also ask the specification whether it is one */
    bool strayed;    /* it asked about what is not in its history */
    bool brief;      /* check only what needs no further states, and encode only what is compared */
    bool is_short;   /* an enumerated history: one edit a commit, no swarm */
    bool descending; /* later origins compare smaller */
    bool orderly;    /* no delta is delivered before those that it had seen */
    bool tangled;    /* one was */
    size_t checked;  /* so many first steps were checked as part of an earlier history */
    uint32_t swarm;  /* the row of weights of a random history */
    uint32_t origins;
    struct weft__law_replica replicas[WEFT_LAW_REPLICAS];
    struct weft__law_replica saved[WEFT_LAW_REPLICAS];
    struct weft__law_commit commits[WEFT_LAW_COMMITS];
    uint32_t commit_count;
    uint64_t effects;        /* one bit for each commit that has one */
    struct weft_law_op *ops; /* of all commits, in order */
    size_t op_cap;
    struct weft_law_op *view; /* those that one replica has seen */
    size_t view_cap;
    struct weft__law_step *steps;
    size_t step_count;
    size_t step_cap;
    struct weft__law_met *met;
    size_t met_count;
    size_t met_cap;
    struct weft_buf met_bytes;
    struct weft_buf
        scratch[WEFT__LAW_SCRATCH]; /* 0, 1: of the laws; 2, 3: of checks after a step; 4, 5: of comparisons */
    struct weft__law_replica all;   /* what holds all deltas, at the end */
    void *initial;                  /* an empty state */
    struct weft_buf initial_bytes;
    struct weft_buf initial_value;
    const char *law; /* NULL: none failed */
    char detail[WEFT__LAW_DETAIL];
};

void weft__law_case_init(struct weft__law_case *c, const struct weft_law_options *o,
                         const struct weft_law_subject *subject, void *ctx);
void weft__law_case_fini(struct weft__law_case *c);
/* Runs the history that c->choices makes. `length`: its steps, at most. */
int weft__law_case_run(struct weft__law_case *c, uint32_t length);
/* The choices of the next short history; false after the last. */
bool weft__law_case_next(struct weft__law_case *c);

/* law_case.c: what the laws are written with. */
int weft__law_break(struct weft__law_case *c, const char *law, const char *fmt, ...) WEFT_PRINTF(3, 4);
/* A call of the subject that must not fail: 0, or the law `error`. */
int weft__law_must(struct weft__law_case *c, int rc, const char *what);
int weft__law_encode(struct weft__law_case *c, const void *state, struct weft_buf *out);
/* Encodes a replica whose state has changed since. */
int weft__law_refresh(struct weft__law_case *c, struct weft__law_replica *r);
int weft__law_copy(struct weft__law_case *c, const void *state, const struct weft_law_place *place, void **out);
int weft__law_create(struct weft__law_case *c, void **out);
int weft__law_merge(struct weft__law_case *c, void *into, const void *from);
int weft__law_apply(struct weft__law_case *c, void *state, struct weft_slice bytes);
void weft__law_destroy(struct weft__law_case *c, void *state); /* NULL is fine */
/* The law holds if the state encodes to these bytes. */
int weft__law_expect(struct weft__law_case *c, const char *law, const void *state, const struct weft_buf *bytes,
                     const char *what);
bool weft__law_same(const struct weft_buf *a, const struct weft_buf *b);
char weft__law_name(uint32_t replica); /* 'A' .. */
struct weft_law_place weft__law_new_place(struct weft__law_case *c);
/* Whether the latest step was not yet checked as part of an earlier history. */
bool weft__law_is_fresh(const struct weft__law_case *c);

/* law_step.c: performs one step and checks what must hold after it. *more: false at the end. */
int weft__law_step(struct weft__law_case *c, bool *more);
/* law_commit.c: performs operations at a replica; checks what they say of themselves. */
int weft__law_commit(struct weft__law_case *c, uint32_t replica);
/* law_view.c: the checks of what a replica shows; `check`: false only records. */
int weft__law_look(struct weft__law_case *c, struct weft__law_replica *r, bool check);
/* law_spec.c: what the specification says of the commits in `seen`, whose operations are in h. */
int weft__law_spec(struct weft__law_case *c, uint64_t seen, const struct weft_law_history *h, struct weft_buf *wanted);
/* law_lattice.c: the laws of the replicas' states, after a step that changed one of them, or at the end. */
int weft__law_lattice_at(struct weft__law_case *c, uint32_t replica);
int weft__law_lattice(struct weft__law_case *c);
/* law_custom.c: the laws of a CUSTOM class's merge, over the states that the replicas hold. */
int weft__law_custom(struct weft__law_case *c);
/* law_wire.c: groups of the deltas made so far, and codec. */
int weft__law_groups(struct weft__law_case *c);
int weft__law_codec(struct weft__law_case *c, const struct weft__law_replica *r);
/* law_hostile.c: bytes that nobody wrote. */
int weft__law_hostile(struct weft__law_case *c);
/* law_starve.c: failing allocations. commit: one that was just made, from `before`, with choices from `choice` on. */
int weft__law_starve_commit(struct weft__law_case *c, const struct weft__law_replica *r, const void *before,
                            const struct weft_buf *before_bytes, size_t choice);
int weft__law_starve_states(struct weft__law_case *c);
/* law_diagram.c: the history as text. */
int weft__law_diagram(const struct weft__law_case *c, struct weft_buf *out);

#endif
