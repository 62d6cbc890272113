/* shrink_replicas.c: a replica goes, with all that happens to it. Those above it move down by one, so the highest goes
 * first: nobody else becomes another by that, nor are the places in the draws of chance others. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/shrink.h"

static bool has(const char *operands, char letter) {
    return strchr(operands, letter) != NULL;
}

/* The item's lists without the replica, at the end of the pool: other copies of the item may use the old ones. */
static int leave_lists(struct weft_sim_schedule *c, struct weft__sim_item *item, uint32_t replica) {
    size_t first = c->member_count;
    for (size_t k = 0; k < item->count; k++) {
        uint32_t member = c->members[item->first + k];
        bool is_mark = member == WEFT__SIM_NEXT_SIDE;
        if (member == replica) continue;
        int rc = weft__schedule_push_member(c, !is_mark && member > replica ? member - 1 : member);
        if (rc != 0) return rc;
    }
    item->first = first;
    item->count = c->member_count - first;
    return 0;
}

/* A list that is empty now, or nothing to part: the item says nothing any more. */
static bool is_empty_list(const struct weft_sim_schedule *c, const struct weft__sim_item *item) {
    const uint32_t *m = c->members + item->first;
    if (item->count == 0 || m[0] == WEFT__SIM_NEXT_SIDE || m[item->count - 1] == WEFT__SIM_NEXT_SIDE) return true;
    for (size_t k = 1; k < item->count; k++)
        if (m[k] == WEFT__SIM_NEXT_SIDE && m[k - 1] == WEFT__SIM_NEXT_SIDE) return true;
    return false;
}

static int leave(struct weft_sim_schedule *c, struct weft__sim_item *item, uint32_t replica, bool *goes) {
    const char *operands = weft__sim_item_operands(item->kind);
    *goes = has(operands, 'r') && item->replica == replica;
    if (*goes) return 0;
    if (has(operands, 'r') && item->replica > replica) item->replica--;
    if (!has(operands, 's') && !has(operands, 'f')) return 0;
    int rc = leave_lists(c, item, replica);
    if (rc == 0) *goes = is_empty_list(c, item);
    return rc;
}

/* Everyone stays where he is. */
static void leave_place(struct weft_sim_schedule *c, uint32_t replica) {
    uint64_t left = c->options.replicas;
    if (replica == left || left > WEFT_SIM_REGIONS_MAX) return;
    uint8_t place[WEFT_SIM_REGIONS_MAX] = {0};
    for (uint32_t i = 0; i < left; i++) place[i] = c->place[(i < replica ? i : i + 1) % c->place_count];
    memcpy(c->place, place, (size_t)left);
    c->place_count = (size_t)left;
}

static int without(struct weft_sim_schedule *c, uint32_t replica) {
    size_t left = 0;
    for (size_t i = 0; i < c->count; i++) {
        bool goes;
        int rc = leave(c, &c->items[i], replica, &goes);
        if (rc != 0) return rc;
        if (!goes) c->items[left++] = c->items[i];
    }
    c->count = left;
    c->options.replicas--;
    leave_place(c, replica);
    return 0;
}

static bool try_without(struct weft__shrink *s, uint32_t replica) {
    struct weft_sim_schedule *c = weft__shrink_copy(s);
    if (c == NULL) return false;
    s->err = without(c, replica);
    if (s->err == 0) return weft__shrink_try(s, c);
    weft_sim_schedule_free(c);
    return false;
}

bool weft__shrink_replicas(struct weft__shrink *s) {
    bool less = false;
    for (uint32_t i = (uint32_t)s->best->options.replicas; i-- > 0 && s->best->options.replicas > 1;)
        if (try_without(s, i)) less = true;
    return less;
}

/* --- Places ------------------------------------------------------------------------------------------------------- */

/* Region `from` is number `to` from now on. */
static void move_region(struct weft_sim_schedule *s, size_t from, size_t to) {
    char *name = s->names[to];
    s->names[to] = s->names[from];
    s->names[from] = name;
    for (size_t i = 0; i < s->place_count; i++)
        if (s->place[i] == from) s->place[i] = (uint8_t)to;
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].kind == WEFT__SIM_JOIN && s->items[i].number == from) s->items[i].number = to;
}

static bool is_stood_in(const struct weft_sim_schedule *s, size_t region) {
    for (size_t i = 0; i < s->count; i++)
        if (s->items[i].kind == WEFT__SIM_JOIN && s->items[i].number == region) return true;
    return memchr(s->place, (int)region, s->place_count) != NULL;
}

/* The table without the regions where nobody stands: the same run. `kept` are the numbers of the others. */
static int keep_regions(struct weft_sim_schedule *s, const uint8_t *kept, size_t count) {
    size_t all = s->region_count;
    uint32_t *one_way_us = weft__calloc(s->alloc, count * count, sizeof *one_way_us);
    char **names = weft__calloc(s->alloc, count, sizeof *names);
    if (one_way_us == NULL || names == NULL) {
        weft__free(s->alloc, one_way_us, count * count * sizeof *one_way_us);
        weft__free(s->alloc, (void *)names, count * sizeof *names);
        return WEFT_ERR_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) one_way_us[i * count + k] = s->one_way_us[kept[i] * all + kept[k]];
        move_region(s, kept[i], i);
    }
    for (size_t i = 0; i < count; i++) names[i] = s->names[i];
    for (size_t i = count; i < all; i++) weft__free(s->alloc, s->names[i], strlen(s->names[i]) + 1);
    weft__free(s->alloc, (void *)s->names, all * sizeof *s->names);
    weft__free(s->alloc, s->one_way_us, all * all * sizeof *s->one_way_us);
    s->names = names;
    s->one_way_us = one_way_us;
    s->region_count = count;
    return 0;
}

int weft__shrink_places(struct weft_sim_schedule *s) {
    uint8_t kept[WEFT_SIM_REGIONS_MAX];
    size_t count = 0;
    if (s->place_count > s->options.replicas) s->place_count = (size_t)s->options.replicas;
    for (size_t region = 0; region < s->region_count; region++)
        if (is_stood_in(s, region)) kept[count++] = (uint8_t)region;
    return count == s->region_count ? 0 : keep_regions(s, kept, count);
}
