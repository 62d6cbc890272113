/* log.h: an access log, and which region takes which line. */
#ifndef WEFT_TOOLS_DEMO_LOG_H
#define WEFT_TOOLS_DEMO_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/demo/names.h"

#define WEFT__DEMO_REGIONS     3u
/* The longest path: its key is "visitors:" and the path, and a key is at most WEFT_KEY_MAX. */
#define WEFT__DEMO_PATH_MAX    1000u
#define WEFT__DEMO_VISITOR_MAX 1000u
/* One response, so that no sum over a log comes near the range of a counter. */
#define WEFT__DEMO_BYTES_MAX   (UINT64_C(1) << 40)
#define WEFT__DEMO_LINES_MAX   1000000u
/* Lines that could not be read and are kept to be shown; all are counted. */
#define WEFT__DEMO_BAD_SHOWN   5u

/* The stamp of a committed transaction, as its region reported it. Compared in this order; of origins, as text. */
struct weft__demo_stamp {
    unsigned epoch;
    uint64_t word;
    const char *origin; /* lent by the region; NULL: not committed yet */
};

struct weft__demo_line {
    struct weft__demo_text visitor, path;
    uint64_t bytes;
    unsigned status;
    unsigned region;
    size_t before; /* the visitor's line before this one, as index + 1; 0: none */
    struct weft__demo_stamp stamp;
};

struct weft__demo_bad {
    size_t number; /* of the line in its file, from 1 */
    const char *why;
};

struct weft__demo_log {
    char *text; /* what the lines point into */
    size_t len;
    struct weft__demo_line *lines;
    size_t count, cap;
    struct weft__demo_bad bad[WEFT__DEMO_BAD_SHOWN];
    size_t bad_count;
    size_t share[WEFT__DEMO_REGIONS]; /* lines of each region */
};

/* Either fills an empty log and shares it out. Reading: 0, or -1 with a sentence in errmsg. */
int weft__demo_log_read(struct weft__demo_log *log, const char *path, char *errmsg, size_t errmsg_len);
void weft__demo_log_generate(struct weft__demo_log *log, size_t lines, uint64_t seed);
/* Takes over text, which malloc made. False: more than WEFT__DEMO_LINES_MAX lines. */
bool weft__demo_log_parse(struct weft__demo_log *log, char *text, size_t len);
void weft__demo_log_fini(struct weft__demo_log *log);

/* One line, without its newline, of either form. NULL, or what is wrong with it. */
const char *weft__demo_line_parse(struct weft__demo_line *line, struct weft__demo_text text);

#endif
