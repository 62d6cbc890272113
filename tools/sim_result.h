/* sim_result.h: what came of one seed of a sweep, and of which sweep it is one; each as a line of JSON. */
#ifndef WEFT_TOOLS_SIM_RESULT_H
#define WEFT_TOOLS_SIM_RESULT_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

enum weft__sim_verdict {
    WEFT__SIM_HELD,
    WEFT__SIM_FAILED, /* a check did */
    WEFT__SIM_NOT_CONVERGED,
    WEFT__SIM_CRASHED,           /* a signal ended the process */
    WEFT__SIM_HUNG,              /* it took more processor time than it may */
    WEFT__SIM_NOT_DETERMINISTIC, /* a second run was another one */
    WEFT__SIM_NOT_RUN,           /* out of memory */
    WEFT__SIM_VERDICTS
};

struct weft__sim_result {
    uint64_t seed;
    enum weft__sim_verdict verdict;
    bool twice; /* a second run in other circumstances was the same */
    uint64_t virtual_ns, steps;
    uint8_t trace[16];
    double seconds; /* that it took; no part of what is compared */
    char *check;    /* what failed, in a few words that are the same for all seeds that fail so; NULL: it held */
    char *detail;   /* when, where, what was found; NULL: nothing to say */
};

/* What all results of a sweep have in common, and which seeds it is to run: those from `first` on, `count` of them, and
 * of them those with seed mod shards == shard - 1. */
struct weft__sim_campaign {
    char version[64];  /* of the program */
    char scenario[33]; /* hash of all that happens but the seed */
    uint64_t first, count;
    uint64_t shard, shards; /* 1, 1: all */
    char *command;          /* runs it, with a seed added; NULL: not known */
};

const char *weft__sim_verdict_name(enum weft__sim_verdict verdict);
/* Of ten seeds in a row one is run twice, whichever way they are shared out. */
bool weft__sim_is_twice(uint64_t seed);
bool weft__sim_campaign_has(const struct weft__sim_campaign *c, uint64_t seed);

/* Appends a line. 0, or WEFT_ERR_NOMEM. `seconds` are left out of what is to be compared. */
int weft__sim_result_print(const struct weft__sim_result *r, const struct weft__sim_campaign *c, bool with_seconds,
                           struct weft_buf *out);
int weft__sim_campaign_print(const struct weft__sim_campaign *c, struct weft_buf *out);

enum weft__sim_line { WEFT__SIM_LINE_CAMPAIGN, WEFT__SIM_LINE_RESULT };
/* Reads a line of either kind. One of the kinds, and then *c has its version and scenario, and *r or the rest of *c are
 * filled in and are given back with the _fini below; -1: it is none, and *why says so. */
int weft__sim_line_parse(struct weft_slice line, struct weft__sim_campaign *c, struct weft__sim_result *r,
                         const char **why);

/* Says nothing else than the other one, seconds aside. */
bool weft__sim_result_equal(const struct weft__sim_result *a, const struct weft__sim_result *b);
void weft__sim_result_fini(struct weft__sim_result *r);
void weft__sim_campaign_fini(struct weft__sim_campaign *c);

#endif
