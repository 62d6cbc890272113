/* sim_scenario.c: a scenario in a file, and whether a run of it came out as it says. */
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "tools/sim.h"

static const char mark[] = "# weft "; /* of what this program writes: schedules, traces */

/* Files that a scenario names are beside it. */
static int read_beside(void *ctx, const char *name, struct weft_buf *out, struct weft_buf *message) {
    const char *scenario = ctx, *slash = strrchr(scenario, '/');
    struct weft_buf path;
    char chunk[65536];
    size_t n;
    weft_buf_init(&path, NULL);
    if (name[0] != '/' && slash != NULL) weft_buf_append(&path, scenario, (size_t)(slash + 1 - scenario));
    weft_buf_append(&path, name, strlen(name) + 1);
    FILE *f = path.err != 0 ? NULL : fopen((const char *)path.ptr, "rb");
    weft_buf_fini(&path);
    if (f == NULL) {
        weft_buf_printf(message, "\"%.200s\" cannot be read; its place is counted from the scenario's folder", name);
        return WEFT_ERR_NOT_FOUND;
    }
    out->max = (size_t)256 << 20;
    while (out->err == 0 && (n = fread(chunk, 1, sizeof chunk, f)) > 0) weft_buf_append(out, chunk, n);
    bool failed = ferror(f) != 0 || out->err != 0;
    fclose(f);
    if (failed) weft_buf_printf(message, "\"%.200s\" cannot be read whole", name);
    return failed ? WEFT_ERR_IO : 0;
}

static bool is_ours(struct weft_slice text) {
    return text.len >= sizeof mark - 1 && memcmp(text.ptr, mark, sizeof mark - 1) == 0;
}

static int load(struct weft__sim_request *q, struct weft_slice text) {
    char path[4096];
    struct weft_buf message;
    if (snprintf(path, sizeof path, "%s", q->file) >= (int)sizeof path)
        return weft__sim_complain("FILE", "too long a name:", q->file);
    struct weft__scenario_files files = {read_beside, path};
    weft_buf_init(&message, NULL);
    int rc = weft__scenario_load(&q->scenario, text, &files, &message);
    if (rc == WEFT_ERR_MALFORMED)
        fprintf(stderr, "weft sim: %s:%.*s\n", q->file, (int)message.len, (const char *)message.ptr);
    else if (rc != 0)
        fprintf(stderr, "weft sim: %s: %s\n", q->file, weft_strerror(rc));
    if (rc == 0) q->options = q->scenario->options;
    weft_buf_fini(&message);
    return rc == 0 ? 0 : rc == WEFT_ERR_MALFORMED ? 2 : 1;
}

int weft__sim_take_scenario(struct weft__sim_request *q) {
    return is_ours(weft_buf_slice(&q->text)) ? 0 : load(q, weft_buf_slice(&q->text));
}

bool weft__sim_came_out(const struct weft__sim_request *q, int rc, const struct weft_sim_stats *stats,
                        struct weft_buf *told) {
    return q->scenario == NULL ? rc == 0 : weft__scenario_holds(q->scenario, rc, stats, told);
}

int weft__sim_print_vocabulary(void) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = weft__scenario_vocabulary(&text) == 0 ? 0 : 1;
    if (rc == 0) fwrite(text.ptr, 1, text.len, stdout);
    weft_buf_fini(&text);
    return rc;
}
