/* build.h: from what is written to what will be. Each part reads its own section, and refuses what contradicts itself
 * or another part, where it is written. */
#ifndef WEFT_TOOLS_SCENARIO_BUILD_H
#define WEFT_TOOLS_SCENARIO_BUILD_H

#include "tools/scenario/document.h"
#include "tools/scenario/scenario.h"
#include "tools/scenario/tree.h"

#define WEFT__BUILD_SAID_MAX 128u

/* A partition. */
struct weft__stand {
    uint64_t from_ns, to_ns;
    unsigned fault;
};

struct weft__build {
    struct weft__scenario *s;
    const struct weft__document *d;
    const struct weft__tree *tree;
    const struct weft__scenario_files *files;
    struct weft_buf *message;
    char path[128];                         /* of what is being read */
    const char *said[WEFT__BUILD_SAID_MAX]; /* options that have been set */
    size_t said_count;
    struct weft__stand *stands;
    size_t stand_count, stand_cap;
};

#if defined(__GNUC__)
#define WEFT__BUILD_PRINTF __attribute__((format(printf, 2, 3)))
#else
#define WEFT__BUILD_PRINTF
#endif

/* build.c. What is read next. */
void weft__build_at(struct weft__build *b, const char *format, ...) WEFT__BUILD_PRINTF;
/* WEFT_ERR_MALFORMED, with the mark of what is read. */
int weft__build_refuse(struct weft__build *b, const char *format, ...) WEFT__BUILD_PRINTF;
/* The value at the path. */
int weft__build_option(struct weft__build *b, const char *option, const char *value);
/* The option was set, in other words: `options` does not say it again. */
void weft__build_said(struct weft__build *b, const char *option);
int weft__build_number(struct weft__build *b, const char *value, uint64_t least, uint64_t most, uint64_t *out);
/* With up to so many digits after the point, as a whole number of the last of them. */
int weft__build_decimal(struct weft__build *b, const char *value, unsigned digits, uint64_t most, uint64_t *out);
int weft__build_time(struct weft__build *b, const char *value, uint64_t *out);
/* A part of a mapping, with all its options; each of these is 0 where nothing is said. */
int weft__build_options(struct weft__build *b);

int weft__build_regions(struct weft__build *b);   /* regions.c */
int weft__build_distances(struct weft__build *b); /* distances.c */
int weft__build_workload(struct weft__build *b);  /* workload.c */
int weft__build_replay(struct weft__build *b);    /* replay.c */
int weft__build_clocks(struct weft__build *b);    /* faults.c */
int weft__build_faults(struct weft__build *b);
/* Whether it is known how a thing that can happen ends, or that it does not. */
bool weft__scenario_knows(const char *word);
/* What ends it; NULL: it is over at once. */
const char *weft__scenario_end(const char *word);
/* stands.c */
int weft__build_stands(struct weft__build *b, unsigned fault, uint64_t from_ns, uint64_t to_ns);
int weft__build_check_stands(struct weft__build *b);
int weft__build_expect(struct weft__build *b); /* expect.c */

/* who.c. Words for replicas: a region's name, "all", numbers "0-2,5". */
#define WEFT__BUILD_FURTHER_MAX 64u
struct weft__who {
    bool in[WEFT_SIM_REPLICAS_MAX + WEFT__BUILD_FURTHER_MAX];
    size_t count;
};
/* `further`: so many more replicas there will be. */
int weft__build_who(struct weft__build *b, const char *words, size_t len, uint64_t further, struct weft__who *out);
/* As "0-2,5". */
void weft__who_print(const struct weft__who *w, struct weft_buf *out);
/* A region's number in the table, by its name. */
bool weft__build_region(const struct weft__build *b, const char *name, size_t len, size_t *number);
const char *weft__build_place(const struct weft__build *b, uint32_t replica);

#endif
