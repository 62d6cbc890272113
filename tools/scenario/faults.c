/* faults.c: what befalls whom, as lines of a schedule (lines.c). What begins and ends is two lines, and what comes
 * again is so many times two. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "sim/schedule.h"
#include "tools/scenario/lines.h"

struct fault {
    uint64_t at_ns, for_ns, every_ns, times;
    bool ends;
    unsigned number;
    const char *word, *end_word; /* NULL: it is over at once */
    const char *operands, *end_operands, *end_value;
    const char *rest; /* of the line */
};

static const struct {
    const char *word, *operands;
} items[] = {
#define ITEM(kind, word, operands) {word, operands},
    WEFT__SIM_ITEM_MAP(ITEM)
#undef ITEM
};

/* What ends what; what is the same word ends with that value of its. */
static const struct {
    const char *begin, *end, *value;
} spans[] = {
    {"partition", "rejoin", NULL}, {"cut", "uncut", NULL},     {"lag", "mend", NULL},
    {"stretch", "mend", NULL},     {"lossy", "mend", NULL},    {"double", "mend", NULL},
    {"shuffle", "mend", NULL},     {"corrupt", "mend", NULL},  {"truncate", "mend", NULL},
    {"bursty", "mend", NULL},      {"throttle", "mend", NULL}, {"flap", "mend", NULL},
    {"halfopen", "mend", NULL},    {"offset", "steady", NULL}, {"drift", "steady", NULL},
    {"freeze", "steady", NULL},    {"strobe", "steady", NULL}, {"coarse", "steady", NULL},
    {"leap", "steady", NULL},      {"crash", "restart", NULL}, {"full", "free", NULL},
    {"lie", "honest", NULL},       {"pause", "resume", NULL},  {"suspend", "resume", NULL},
    {"slow", "slow", "0"},         {"sync", "sync", "0"},      {"downgrade", "upgrade", NULL},
    {"revoke", "grant", NULL},
};

/* What has no end: it is over at once, or ends a span itself. */
static const char *const moments[] = {"txn",      "heal",   "restart", "backup", "restore", "copy",  "step",
                                      "fail",     "free",   "honest",  "lose",   "stray",   "tear",  "rot",
                                      "revert",   "join",   "resume",  "retire", "rejoin",  "uncut", "checkpoint",
                                      "snapshot", "rewind", "starve",  "mend",   "steady",  "raise", "liar",
                                      "app",      "grant",  "upgrade", "drop",   "late",    "twice"};

static bool is_word(const char *text, size_t len, const char *word) {
    return strlen(word) == len && memcmp(text, word, len) == 0;
}

static const char *operands_of(const char *word) {
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (strcmp(items[i].word, word) == 0) return items[i].operands;
    return NULL;
}

/* Those that there will be besides. */
static uint64_t further_replicas(const struct weft__build *b) {
    const struct weft_sim_options *o = &b->s->options;
    uint64_t count = o->copies_started + o->joins + (o->nemesis > 0 ? WEFT__BUILD_FURTHER_MAX : 0);
    for (unsigned i = 0; i < b->d->faults_count; i++) {
        const struct weft__document_fault *d = &b->d->faults[i];
        bool starts = d->what != NULL && (strncmp(d->what, "copy ", 5) == 0 || strncmp(d->what, "join ", 5) == 0);
        count += !starts ? 0 : d->every == NULL ? 1 : d->times == NULL ? 2 : strtoull(d->times, NULL, 10);
    }
    return count < WEFT__BUILD_FURTHER_MAX ? count : WEFT__BUILD_FURTHER_MAX;
}

/* --- A fault --------------------------------------------------------------------------------------------------------
 */

static int write_fault(struct weft__build *b, const struct fault *f, const struct weft__scenario_line *begin,
                       const struct weft__scenario_line *end) {
    size_t since = b->s->lines.len;
    int rc = 0;
    for (uint64_t n = 0; rc == 0 && n < f->times; n++) {
        uint64_t at = f->at_ns + n * f->every_ns;
        rc = weft__line_write(b, begin, at);
        if (rc == 0 && n == 0) rc = weft__line_try(b, since);
        if (rc == 0 && f->ends) rc = weft__line_write(b, end, at + f->for_ns);
        if (rc == 0 && strcmp(f->word, "partition") == 0)
            rc = weft__build_stands(b, f->number, at, f->ends ? at + f->for_ns : UINT64_MAX);
    }
    return rc;
}

static int add_fault(struct weft__build *b, const struct fault *f) {
    struct weft__scenario_line begin, end;
    weft__line_init(&begin, f->word, f->operands);
    weft__line_init(&end, f->end_word, f->end_operands);
    begin.further = end.further = further_replicas(b);
    int rc = weft__line_read(b, &begin, f->rest, true);
    if (rc == 0 && f->ends) rc = weft__line_read(b, &end, f->rest, false);
    if (rc == 0 && f->ends && f->end_value != NULL) rc = weft_buf_printf(&end.rest, " %s", f->end_value);
    if (rc == 0) rc = write_fault(b, f, &begin, &end);
    weft__line_fini(&begin);
    weft__line_fini(&end);
    return rc;
}

static int read_word(struct weft__build *b, const char *what, struct fault *f) {
    size_t len = strcspn(what, WEFT__LINE_BLANK);
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        if (is_word(what, len, items[i].word)) {
            f->word = items[i].word;
            f->operands = items[i].operands;
        }
    f->rest = what + len;
    for (size_t i = 0; f->word != NULL && i < sizeof spans / sizeof *spans; i++)
        if (strcmp(spans[i].begin, f->word) == 0) {
            f->end_word = spans[i].end;
            f->end_value = spans[i].value;
        }
    if (f->end_word != NULL) f->end_operands = f->end_value != NULL ? "r" : operands_of(f->end_word);
    if (f->word != NULL) return 0;
    struct weft_buf words;
    weft_buf_init(&words, NULL);
    for (size_t i = 0; i < sizeof items / sizeof *items; i++)
        weft_buf_printf(&words, "%s%s", i == 0 ? "" : ", ", items[i].word);
    int rc = weft__build_refuse(b, "nothing that can happen: \"%.*s\"; there is %.*s", (int)(len < 40 ? len : 40), what,
                                (int)words.len, (const char *)words.ptr);
    weft_buf_fini(&words);
    return rc;
}

static int read_end(struct weft__build *b, unsigned i, const char *lasts, struct fault *f) {
    uint64_t duration = b->s->options.duration_ns;
    weft__build_at(b, "faults[%u].for", i);
    if (lasts != NULL && f->end_word == NULL)
        return weft__build_refuse(b, "\"%s\" is over at once and cannot last; leave `for` out", f->word);
    f->ends = f->end_word != NULL && (lasts == NULL || strcmp(lasts, "ever") != 0);
    f->for_ns = duration - f->at_ns;
    if (!f->ends || lasts == NULL) return 0;
    int rc = weft__build_time(b, lasts, &f->for_ns);
    if (rc == 0 && f->for_ns == 0) rc = weft__build_refuse(b, "ends when it begins");
    if (rc == 0 && f->for_ns > duration - f->at_ns)
        rc = weft__build_refuse(b, "ends after `duration` (%llu ms), when the whole is mended",
                                (unsigned long long)(duration / 1000000));
    return rc;
}

static int read_times(struct weft__build *b, unsigned i, const struct weft__document_fault *d, struct fault *f) {
    uint64_t last;
    f->times = 1;
    if (d->every == NULL && d->times == NULL) return 0;
    weft__build_at(b, "faults[%u].%s", i, d->every == NULL ? "times" : "every");
    if (d->every == NULL) return weft__build_refuse(b, "how long after each other? say `every`");
    int rc = weft__build_time(b, d->every, &f->every_ns);
    if (rc == 0 && f->every_ns == 0) rc = weft__build_refuse(b, "all of them at once");
    if (rc == 0 && f->ends && d->lasts != NULL && f->every_ns <= f->for_ns)
        rc = weft__build_refuse(b, "comes again before it has ended; `for` is shorter than `every`");
    f->times = 2;
    weft__build_at(b, "faults[%u].times", i);
    if (rc == 0 && d->times != NULL) rc = weft__build_number(b, d->times, 1, WEFT__SCENARIO_TIMES_MAX, &f->times);
    last = f->at_ns + (f->times - 1) * f->every_ns + (d->lasts == NULL ? 0 : f->for_ns);
    if (rc == 0 && last > b->s->options.duration_ns)
        rc = weft__build_refuse(b, "the last one is after the end of `duration`");
    if (rc == 0 && f->ends && d->lasts == NULL) rc = weft__build_refuse(b, "what comes again must end; say `for`");
    return rc;
}

static int read_at(struct weft__build *b, unsigned i, const char *at, struct fault *f) {
    weft__build_at(b, "faults[%u]%s", i, at == NULL ? "" : ".at");
    if (at == NULL) return weft__build_refuse(b, "when? say `at`");
    int rc = weft__build_time(b, at, &f->at_ns);
    if (rc == 0 && f->at_ns > b->s->options.duration_ns)
        rc = weft__build_refuse(b, "after the end of `duration` (%llu ms)",
                                (unsigned long long)(b->s->options.duration_ns / 1000000));
    return rc;
}

static int build_fault(struct weft__build *b, unsigned i) {
    const struct weft__document_fault *d = &b->d->faults[i];
    struct fault f = {.number = i};
    int rc = read_at(b, i, d->at, &f);
    weft__build_at(b, "faults[%u]%s", i, d->what == NULL ? "" : ".do");
    if (rc == 0 && d->what == NULL) rc = weft__build_refuse(b, "what happens? say `do`");
    if (rc == 0) rc = read_word(b, d->what, &f);
    if (rc == 0) rc = read_end(b, i, d->lasts, &f);
    if (rc == 0) rc = read_times(b, i, d, &f);
    weft__build_at(b, "faults[%u].do", i);
    return rc != 0 ? rc : add_fault(b, &f);
}

/* --- Clocks --------------------------------------------------------------------------------------------------------
 */

static int set_one(struct weft__build *b, unsigned i, const char *item, const char *value) {
    const struct weft__document_clock *c = &b->d->clocks->each[i];
    struct weft__scenario_line l;
    size_t since = b->s->lines.len;
    if (value == NULL) return 0;
    weft__line_init(&l, item, "r");
    weft__build_at(b, "clocks.each[%u].who", i);
    int rc = weft__line_read(b, &l, c->who, true);
    weft__build_at(b, "clocks.each[%u].%s", i, item);
    if (rc == 0) rc = weft_buf_printf(&l.rest, " %.40s", value);
    if (rc == 0) rc = weft__line_write(b, &l, 0);
    if (rc == 0) rc = weft__line_try(b, since);
    weft__line_fini(&l);
    return rc;
}

/* "200ppm" is 200 microseconds a second, which is how the item has it. */
static int set_drift(struct weft__build *b, unsigned i, const char *drift) {
    char value[40];
    size_t len = strlen(drift);
    weft__build_at(b, "clocks.each[%u].drift", i);
    if (len < 4 || len > 30 || strcmp(drift + len - 3, "ppm") != 0)
        return weft__build_refuse(b, "not a drift: \"%.40s\"; it is like 200ppm or -50ppm", drift);
    (void)snprintf(value, sizeof value, "%.*sus", (int)(len - 3), drift);
    return set_one(b, i, "drift", value);
}

static int set_clock(struct weft__build *b, unsigned i) {
    const struct weft__document_clock *c = &b->d->clocks->each[i];
    weft__build_at(b, "clocks.each[%u]", i);
    if (c->who == NULL || (c->offset == NULL && c->drift == NULL))
        return weft__build_refuse(b, "whose clock, and how far off? say `who`, and `offset` or `drift`");
    int rc = set_one(b, i, "offset", c->offset);
    return rc != 0 || c->drift == NULL ? rc : set_drift(b, i, c->drift);
}

int weft__build_clocks(struct weft__build *b) {
    int rc = 0;
    for (unsigned i = 0; rc == 0 && b->d->clocks != NULL && i < b->d->clocks->each_count; i++) rc = set_clock(b, i);
    return rc;
}

const char *weft__scenario_end(const char *word) {
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
        if (strcmp(spans[i].begin, word) == 0) return spans[i].end;
    return NULL;
}

bool weft__scenario_knows(const char *word) {
    if (weft__scenario_end(word) != NULL) return true;
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        if (strcmp(moments[i], word) == 0) return true;
    return false;
}

int weft__build_faults(struct weft__build *b) {
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < b->d->faults_count; i++) rc = build_fault(b, i);
    return rc != 0 ? rc : weft__build_check_stands(b);
}
