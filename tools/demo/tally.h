/* tally.h: what there is to know about a log once it is counted: per path the hits, the bytes in flight, the visitors
 * and the last status; per region how many lines it took. The recount fills one in from the log, a dump fills one in
 * from what a region holds, and the two are compared. Plain libc. */
#ifndef WEFT_TOOLS_DEMO_TALLY_H
#define WEFT_TOOLS_DEMO_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/demo/log.h"
#include "tools/demo/names.h"

/* A register: its value, and the stamp and origin of the write that won. */
#define WEFT__DEMO_VALUE_MAX  16u
#define WEFT__DEMO_STAMP_TEXT 24u
#define WEFT__DEMO_ORIGIN_MAX 64u

struct weft__demo_register {
    char value[WEFT__DEMO_VALUE_MAX]; /* empty: never written */
    char stamp[WEFT__DEMO_STAMP_TEXT];
    char origin[WEFT__DEMO_ORIGIN_MAX];
};

struct weft__demo_path {
    uint64_t hits;
    int64_t in_flight;
    struct weft__demo_register status;
};

struct weft__demo_tally {
    struct weft__demo_names names; /* of paths */
    struct weft__demo_path *paths;
    size_t paths_cap;
    struct weft__demo_names members; /* path number and visitor */
    bool *present;                   /* whether the member is one now */
    size_t present_cap;
    struct weft__demo_register progress[WEFT__DEMO_REGIONS];
};

struct weft__demo_totals {
    uint64_t hits, visitors, registers;
    int64_t in_flight;
};

/* All zero is an empty tally. */
void weft__demo_tally_fini(struct weft__demo_tally *t);
struct weft__demo_path *weft__demo_tally_path(struct weft__demo_tally *t, struct weft__demo_text path, size_t *number);
void weft__demo_tally_visitor(struct weft__demo_tally *t, size_t path, struct weft__demo_text visitor, bool present);
/* A member by its number in `members`. */
size_t weft__demo_member_path(const struct weft__demo_tally *t, size_t member);
struct weft__demo_text weft__demo_member_visitor(const struct weft__demo_tally *t, size_t member);
bool weft__demo_tally_has(const struct weft__demo_tally *t, struct weft__demo_text path,
                          struct weft__demo_text visitor);
struct weft__demo_totals weft__demo_tally_totals(const struct weft__demo_tally *t);
void weft__demo_stamp_text(char out[WEFT__DEMO_STAMP_TEXT], const struct weft__demo_stamp *stamp);

/* Counts the whole log in one pass. Every line has its stamp. */
void weft__demo_recount(struct weft__demo_tally *t, const struct weft__demo_log *log);

/* Takes in one object of a dump. NULL, or what is wrong with the line: it then says nothing. */
const char *weft__demo_dump_line(struct weft__demo_tally *t, struct weft__demo_text line);

/* Prints the first differences, each in a line that names the region and what differs; returns how many there are. */
size_t weft__demo_compare(const struct weft__demo_tally *counted, const struct weft__demo_tally *held,
                          const char *region, FILE *out);

extern const char *const weft__demo_region_names[WEFT__DEMO_REGIONS];

#endif
