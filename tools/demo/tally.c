/* tally.c: two tables of names, with what is known of each name beside it. A member of a path's set is named by the
 * path's number, eight bytes of it, and the visitor. */
#include "tools/demo/tally.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const char *const weft__demo_region_names[WEFT__DEMO_REGIONS] = {"dallas", "frankfurt", "tokyo"};

void weft__demo_tally_fini(struct weft__demo_tally *t) {
    weft__demo_names_fini(&t->names);
    weft__demo_names_fini(&t->members);
    free(t->paths);
    free(t->present);
    *t = (struct weft__demo_tally){.paths = NULL};
}

struct weft__demo_path *weft__demo_tally_path(struct weft__demo_tally *t, struct weft__demo_text path, size_t *number) {
    size_t known = t->names.count, at = weft__demo_names_number(&t->names, path);
    if (at == t->paths_cap) {
        t->paths_cap = t->names.cap;
        t->paths = weft__demo_grow(t->paths, t->paths_cap, sizeof *t->paths);
    }
    if (at == known) t->paths[at] = (struct weft__demo_path){.hits = 0};
    if (number != NULL) *number = at;
    return &t->paths[at];
}

static struct weft__demo_text member_name(size_t path, struct weft__demo_text visitor, char **made) {
    uint64_t number = path;
    *made = weft__demo_grow(NULL, sizeof number + visitor.len, 1);
    memcpy(*made, &number, sizeof number);
    if (visitor.len > 0) memcpy(*made + sizeof number, visitor.ptr, visitor.len);
    return (struct weft__demo_text){*made, sizeof number + visitor.len};
}

void weft__demo_tally_visitor(struct weft__demo_tally *t, size_t path, struct weft__demo_text visitor, bool present) {
    char *made;
    size_t at = weft__demo_names_number(&t->members, member_name(path, visitor, &made));
    free(made);
    if (at >= t->present_cap) {
        t->present_cap = t->members.cap;
        t->present = weft__demo_grow(t->present, t->present_cap, sizeof *t->present);
    }
    t->present[at] = present;
}

size_t weft__demo_member_path(const struct weft__demo_tally *t, size_t member) {
    uint64_t number;
    memcpy(&number, t->members.items[member].ptr, sizeof number);
    return (size_t)number;
}

struct weft__demo_text weft__demo_member_visitor(const struct weft__demo_tally *t, size_t member) {
    struct weft__demo_text name = t->members.items[member];
    return (struct weft__demo_text){name.ptr + sizeof(uint64_t), name.len - sizeof(uint64_t)};
}

bool weft__demo_tally_has(const struct weft__demo_tally *t, struct weft__demo_text path,
                          struct weft__demo_text visitor) {
    size_t number, member;
    char *made;
    if (!weft__demo_names_find(&t->names, path, &number)) return false;
    bool known = weft__demo_names_find(&t->members, member_name(number, visitor, &made), &member);
    free(made);
    return known && t->present[member];
}

struct weft__demo_totals weft__demo_tally_totals(const struct weft__demo_tally *t) {
    struct weft__demo_totals sum = {.hits = 0};
    for (size_t i = 0; i < t->names.count; i++) {
        sum.hits += t->paths[i].hits;
        sum.in_flight += t->paths[i].in_flight;
        sum.registers += t->paths[i].status.value[0] != '\0';
    }
    for (size_t i = 0; i < t->members.count; i++) sum.visitors += t->present[i];
    return sum;
}

void weft__demo_stamp_text(char out[WEFT__DEMO_STAMP_TEXT], const struct weft__demo_stamp *stamp) {
    snprintf(out, WEFT__DEMO_STAMP_TEXT, "%u.%016" PRIx64, stamp->epoch & 255, stamp->word);
}
