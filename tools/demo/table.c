/* table.c: what is going on, drawn over itself on a terminal, line under line elsewhere. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>

#include "tools/demo/play.h"

/* Commits of the others that the region does not have yet. */
static uint64_t backlog(const struct weft__demo_play *p, const struct weft__demo_view *v) {
    uint64_t missing = 0;
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        uint64_t wrote = p->writers[i].view.writes;
        if (wrote > v->seen[i]) missing += wrote - v->seen[i];
    }
    return missing;
}

static void print_head(const struct weft__demo_play *p, const char *end) {
    printf("%-10s %8s  ", "region", "writes");
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) printf(" %9s", p->writers[i].region.name);
    printf("  %8s %9s  %s%s\n", "backlog", "skew ms", "state", end);
}

static void print_row(const struct weft__demo_play *p, const struct weft__demo_writer *w, const char *end) {
    const struct weft__demo_view *v = &w->view;
    printf("%-10s %8" PRIu64 "  ", w->region.name, v->writes);
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) printf(" %9" PRIu64, v->seen[i]);
    if (w->region.ready)
        printf("  %8" PRIu64 " %9.1f  %.16s%s\n", backlog(p, v), (double)v->skew_ns / 1e6, v->hash, end);
    else
        printf("  %8s %9s  %s%s\n", "-", "-", "not running", end);
}

static void draw(struct weft__demo_play *p) {
    static const char end[] = "\x1b[K";
    if (p->rows > 0) printf("\x1b[%zuA\r", p->rows);
    printf("%3" PRIu64 " s  %zu of %zu lines: %s%s\n", (uv_now(&p->loop) - p->begun_ms) / 1000,
           weft__demo_play_answered(p), p->log->count, p->scene_text, end);
    print_head(p, end);
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) print_row(p, &p->writers[i], end);
    p->rows = 2 + WEFT__DEMO_REGIONS;
}

void weft__demo_table_show(struct weft__demo_play *p) {
    if (p->terminal) {
        draw(p);
    } else {
        printf("%3" PRIu64 " s  %zu of %zu lines: %s\n", (uv_now(&p->loop) - p->begun_ms) / 1000,
               weft__demo_play_answered(p), p->log->count, p->scene_text);
        if (p->rows++ % 10 == 0) print_head(p, "");
        for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) print_row(p, &p->writers[i], "");
    }
    fflush(stdout);
}

void weft__demo_table_leave(struct weft__demo_play *p) {
    if (!p->terminal) return;
    if (p->rows > 0) printf("\x1b[%zuA\r\x1b[J", p->rows);
    p->rows = 0;
}
