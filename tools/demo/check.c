/* check.c: two tallies side by side. What one of them does not mention is zero, empty or unset in it. */
#include <inttypes.h>
#include <string.h>

#include "tools/demo/tally.h"

#define SHOWN 10u

struct comparison {
    const struct weft__demo_tally *counted, *held;
    const char *region;
    FILE *out;
    size_t differences;
};

static bool differs(struct comparison *c) {
    return c->differences++ < SHOWN;
}

/* Paths are somebody's bytes; a terminal gets only what is printable. */
static const char *printable(struct weft__demo_text t, char *out, size_t room) {
    size_t len = t.len < room - 1 ? t.len : room - 1;
    for (size_t i = 0; i < len; i++) out[i] = t.ptr[i] >= ' ' && t.ptr[i] < 0x7f ? t.ptr[i] : '?';
    out[len] = '\0';
    return out;
}

static const char *shown(const struct weft__demo_register *r) {
    return r->value[0] == '\0' ? "nothing" : r->value;
}

static void compare_register(struct comparison *c, const char *what, const char *name,
                             const struct weft__demo_register *counted, const struct weft__demo_register *held) {
    if (strcmp(counted->value, held->value) != 0) {
        if (differs(c)) {
            fprintf(c->out, "%s: %s %s is %s, the recount says %s\n", c->region, what, name, shown(held),
                    shown(counted));
        }
    } else if (strcmp(counted->stamp, held->stamp) != 0 || strcmp(counted->origin, held->origin) != 0) {
        if (differs(c)) {
            fprintf(c->out, "%s: %s %s was written at %s by %s, the recount says at %s by %s\n", c->region, what, name,
                    held->stamp, held->origin, counted->stamp, counted->origin);
        }
    }
}

static void compare_path(struct comparison *c, struct weft__demo_text path, const struct weft__demo_path *counted,
                         const struct weft__demo_path *held) {
    char name[200];
    printable(path, name, sizeof name);
    if (counted->hits != held->hits && differs(c)) {
        fprintf(c->out, "%s: hits of %s are %" PRIu64 ", the recount says %" PRIu64 "\n", c->region, name, held->hits,
                counted->hits);
    }
    if (counted->in_flight != held->in_flight && differs(c)) {
        fprintf(c->out, "%s: bytes in flight of %s are %" PRId64 ", the recount says %" PRId64 "\n", c->region, name,
                held->in_flight, counted->in_flight);
    }
    compare_register(c, "status of", name, &counted->status, &held->status);
}

/* Every path of the recount, and those that only the region has. */
static void compare_paths(struct comparison *c) {
    static const struct weft__demo_path none;
    size_t number;
    for (size_t i = 0; i < c->counted->names.count; i++) {
        bool found = weft__demo_names_find(&c->held->names, c->counted->names.items[i], &number);
        compare_path(c, c->counted->names.items[i], &c->counted->paths[i], found ? &c->held->paths[number] : &none);
    }
    for (size_t i = 0; i < c->held->names.count; i++) {
        if (weft__demo_names_find(&c->counted->names, c->held->names.items[i], &number)) continue;
        compare_path(c, c->held->names.items[i], &none, &c->held->paths[i]);
    }
}

/* Members of one tally that are not members in the other. */
static void compare_members(struct comparison *c, const struct weft__demo_tally *from,
                            const struct weft__demo_tally *other, const char *what) {
    char path[200], visitor[200];
    for (size_t i = 0; i < from->members.count; i++) {
        if (!from->present[i]) continue;
        struct weft__demo_text at = from->names.items[weft__demo_member_path(from, i)];
        struct weft__demo_text who = weft__demo_member_visitor(from, i);
        if (weft__demo_tally_has(other, at, who) || !differs(c)) continue;
        fprintf(c->out, "%s: visitor %s of %s %s\n", c->region, printable(who, visitor, sizeof visitor),
                printable(at, path, sizeof path), what);
    }
}

size_t weft__demo_compare(const struct weft__demo_tally *counted, const struct weft__demo_tally *held,
                          const char *region, FILE *out) {
    struct comparison c = {counted, held, region, out, 0};
    compare_paths(&c);
    compare_members(&c, counted, held, "is missing");
    compare_members(&c, held, counted, "should not be there");
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        compare_register(&c, "progress of", weft__demo_region_names[i], &counted->progress[i], &held->progress[i]);
    }
    if (c.differences > SHOWN) fprintf(out, "%s: and %zu more\n", region, c.differences - SHOWN);
    return c.differences;
}
