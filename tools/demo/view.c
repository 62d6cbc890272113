/* view.c: the status of weft serve, key=value pairs in one line, as far as the table needs it. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/play.h"

/* The text after " key=", or NULL. */
static const char *find(const char *status, const char *key) {
    char wanted[32];
    int len = snprintf(wanted, sizeof wanted, " %s=", key);
    const char *found = strstr(status, wanted);
    return found == NULL ? NULL : found + len;
}

static void add_seen(struct weft__demo_view *v, const char *id, uint64_t applied, const struct weft__demo_play *p) {
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        if (strcmp(p->writers[i].region.id, id) == 0) v->seen[i] += applied;
    }
}

/* "ID:EPOCH:APPLIED:RECORDED,..." A replica's origins are its openings; together they are what it wrote. */
static bool read_origins(struct weft__demo_view *v, const char *at, const struct weft__demo_play *p) {
    char id[33];
    uint64_t applied;
    int used;
    memset(v->seen, 0, sizeof v->seen);
    while (*at != ' ' && *at != '\0') {
        if (sscanf(at, "%32[0-9a-f]:%*16[0-9a-f]:%" SCNu64 ":%*u%n", id, &applied, &used) != 2) return false;
        add_seen(v, id, applied, p);
        at += used;
        if (*at == ',') at++;
    }
    return true;
}

/* "LINK:PEER:BEHIND:AHEAD:SKEW,..." */
static bool read_links(struct weft__demo_view *v, const char *at) {
    int64_t skew;
    int used;
    v->skew_ns = 0;
    while (*at != ' ' && *at != '\0') {
        if (sscanf(at, "%*u:%*[0-9a-f?]:%*u:%*u:%" SCNd64 "%n", &skew, &used) != 1) return false;
        if (imaxabs(skew) > imaxabs(v->skew_ns)) v->skew_ns = skew;
        at += used;
        if (*at == ',') at++;
    }
    return true;
}

bool weft__demo_view_read(struct weft__demo_view *v, const char *status, const struct weft__demo_play *p) {
    const char *writes = find(status, "writes"), *hash = find(status, "hash");
    const char *origins = find(status, "origins"), *links = find(status, "links");
    if (writes == NULL || hash == NULL || origins == NULL || links == NULL) return false;
    return sscanf(writes, "%" SCNu64, &v->writes) == 1 && sscanf(hash, "%32[0-9a-f]", v->hash) == 1 &&
           read_origins(v, origins, p) && read_links(v, links);
}
