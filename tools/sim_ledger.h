/* sim_ledger.h: results of a sweep in a file to which lines are only ever added, so that a sweep that was ended in any
 * way goes on where it was. */
#ifndef WEFT_TOOLS_SIM_LEDGER_H
#define WEFT_TOOLS_SIM_LEDGER_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/sim_result.h"

/* Reads results; both functions keep what they are given, and return 0 or the code to stop with. */
struct weft__sim_reader {
    int (*campaign)(void *ctx, struct weft__sim_campaign *c);
    int (*result)(void *ctx, struct weft__sim_result *r);
    void *ctx;
    char version[64], scenario[33]; /* all results must have these; empty: those of the first line */
    uint64_t torn;                  /* last lines that were cut off, and are left out */
};

/* Bytes of whole lines in *whole. 0; 1: not enough memory; 2: not such a file, or not of this version and scenario: a
 * sentence was written to standard error. */
int weft__sim_results_read(struct weft__sim_reader *r, FILE *f, const char *path, uint64_t *whole);

struct weft__sim_ledger {
    int fd; /* -1: nothing is kept */
    const char *path;
    struct weft__sim_campaign campaign;
    uint8_t *done; /* bit seed - first */
    double synced; /* when */
    bool dirty;
    struct weft_buf line;
};

/* Opens or makes the file, locks it, cuts a torn last line off, and gives those of its results that are of this
 * campaign to `known`, which keeps what it is given. path NULL: nothing is kept. Codes as above, and 2 where the file
 * cannot be had. */
int weft__sim_ledger_open(struct weft__sim_ledger *l, const char *path, const struct weft__sim_campaign *c, double now,
                          void (*known)(void *ctx, struct weft__sim_result *r), void *ctx);
bool weft__sim_ledger_has(const struct weft__sim_ledger *l, uint64_t seed);
/* It is on the disk after a second or so; at once when it is a failure. 0 or 1, and a sentence. */
int weft__sim_ledger_add(struct weft__sim_ledger *l, const struct weft__sim_result *r, double now);
int weft__sim_ledger_sync(struct weft__sim_ledger *l, double now);
int weft__sim_ledger_close(struct weft__sim_ledger *l);

#endif
