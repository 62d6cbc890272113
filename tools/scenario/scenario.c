/* scenario.c: a text becomes a tree for its marks, structs for its values, and then options and lines of a schedule. */
#include "tools/scenario/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tools/scenario/build.h"

/* What the command does when nothing is said. */
static void begin(struct weft__scenario *s) {
    weft_sim_options_init(&s->options);
    s->options.duration_ns = WEFT_SECONDS(60);
    s->options.rate = 10;
    weft_buf_init(&s->lines, NULL);
}

static int take_text(struct weft__build *b, const char *key, const char *value, char *out, size_t room) {
    if (value == NULL) return 0;
    weft__build_at(b, "%s", key);
    if (strlen(value) >= room) return weft__build_refuse(b, "longer than %llu bytes", (unsigned long long)room - 1);
    memcpy(out, value, strlen(value) + 1);
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < ' ') *c = ' ';
    return 0;
}

static int build(struct weft__build *b) {
    static int (*const parts[])(struct weft__build *) = {
        weft__build_options, weft__build_distances, weft__build_regions, weft__build_workload,
        weft__build_clocks,  weft__build_faults,    weft__build_expect,
    };
    struct weft__scenario *s = b->s;
    int rc = take_text(b, "name", b->d->name, s->name, sizeof s->name);
    if (rc == 0) rc = take_text(b, "question", b->d->question, s->question, sizeof s->question);
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++) rc = parts[i](b);
    return rc;
}

static int load(struct weft__build *b, struct weft_slice text) {
    struct weft__schema *schema;
    struct weft__document *d = NULL;
    struct weft__tree tree;
    int rc = weft__schema_new(&schema);
    if (rc != 0) return rc;
    rc = weft__tree_load(&tree, text, b->message);
    if (rc == 0) {
        rc = weft__document_load(&d, schema, text, &tree, b->message);
        b->d = d;
        b->tree = &tree;
        if (rc == 0) rc = build(b);
        weft__document_free(d, schema);
        weft__tree_free(&tree);
    }
    weft__schema_free(schema);
    return rc;
}

int weft__scenario_load(struct weft__scenario **out, struct weft_slice text, const struct weft__scenario_files *files,
                        struct weft_buf *message) {
    struct weft__build b = {.s = calloc(1, sizeof *b.s), .files = files, .message = message};
    *out = NULL;
    if (b.s == NULL) return WEFT_ERR_NOMEM;
    begin(b.s);
    int rc = load(&b, text);
    free(b.stands);
    if (rc == 0)
        *out = b.s;
    else
        weft__scenario_free(b.s);
    return rc;
}

void weft__scenario_free(struct weft__scenario *s) {
    if (s == NULL) return;
    weft_buf_fini(&s->lines);
    free(s);
}

int weft__scenario_schedule(const struct weft__scenario *s, const struct weft_sim_options *o,
                            struct weft_sim_schedule **out, struct weft_buf *message) {
    int rc = weft_sim_schedule_plan(out, o);
    if (rc == 0) rc = weft_sim_schedule_add_text(*out, weft_buf_slice(&s->lines), message);
    if (rc == 0) return 0;
    weft_sim_schedule_free(*out);
    *out = NULL;
    return rc;
}
