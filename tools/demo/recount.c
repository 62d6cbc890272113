/* recount.c: the same counts once more, by somebody who knows nothing of replicas: one pass over the log, in its order,
 * on plain tables.
 *
 * Hits, bytes and visitors need no more than the log, for a visitor's lines are all in one region and in order. Which
 * status is the last one depends on when its line was written, and the regions wrote at the same time; of that the
 * recount believes the stamps that the regions reported: the greatest wins. */
#include <stdlib.h>
#include <string.h>

#include "tools/demo/tally.h"

static bool is_later(const struct weft__demo_stamp *a, const struct weft__demo_stamp *b) {
    if (b->origin == NULL || a->epoch != b->epoch) return b->origin == NULL || a->epoch > b->epoch;
    return a->word != b->word ? a->word > b->word : strcmp(a->origin, b->origin) > 0;
}

static void fill_register(struct weft__demo_register *r, unsigned long value, const struct weft__demo_stamp *stamp) {
    snprintf(r->value, sizeof r->value, "%lu", value);
    weft__demo_stamp_text(r->stamp, stamp);
    snprintf(r->origin, sizeof r->origin, "%s", stamp->origin);
}

static void count_progress(struct weft__demo_register *r, const struct weft__demo_stamp *stamp) {
    fill_register(r, strtoul(r->value, NULL, 10) + 1, stamp);
}

void weft__demo_recount(struct weft__demo_tally *t, const struct weft__demo_log *log) {
    struct weft__demo_names visitors = {.items = NULL};
    const struct weft__demo_line **last = weft__demo_grow(NULL, log->count, sizeof *last);      /* by visitor */
    const struct weft__demo_stamp **newest = weft__demo_grow(NULL, log->count, sizeof *newest); /* by path */
    for (size_t i = 0; i < log->count; i++) {
        const struct weft__demo_line *line = &log->lines[i];
        size_t paths = t->names.count, known = visitors.count, number;
        size_t visitor = weft__demo_names_number(&visitors, line->visitor);
        struct weft__demo_path *path = weft__demo_tally_path(t, line->path, &number);
        path->hits++;
        path->in_flight += (int64_t)line->bytes;
        if (visitor < known) {
            weft__demo_tally_path(t, last[visitor]->path, NULL)->in_flight -= (int64_t)last[visitor]->bytes;
        }
        last[visitor] = line;
        count_progress(&t->progress[line->region], &line->stamp);
        weft__demo_tally_visitor(t, number, line->visitor, line->status < 400);
        if (number == paths || is_later(&line->stamp, newest[number])) {
            newest[number] = &line->stamp;
            fill_register(&path->status, line->status, &line->stamp);
        }
    }
    free(last);
    free(newest);
    weft__demo_names_fini(&visitors);
}
