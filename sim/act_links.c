/* act_links.c: what a schedule's item does to links: partitions, cuts and spells. */
#include <string.h>

#include <weft/err.h>

#include "sim/world.h"

bool weft__links_item(enum weft__sim_item_kind kind) {
    char first = *weft__sim_item_operands(kind);
    return first == 's' || first == 'f' || kind == WEFT__SIM_HEAL;
}

bool weft__links_are_named(const struct weft_sim *s, const struct weft__sim_item *item) {
    bool is_partition = item->kind == WEFT__SIM_PARTITION || item->kind == WEFT__SIM_REJOIN;
    for (size_t i = 0; !is_partition && i < item->count; i++) {
        uint32_t member = s->schedule->members[item->first + i];
        if (member != WEFT__SIM_NEXT_SIDE && member >= s->machine_count) return false;
    }
    return true;
}

/* --- Partitions ---------------------------------------------------------------------------------------------------
 */

static int part(struct weft_sim *s, const struct weft__sim_item *item) {
    const uint32_t *sides = item->count == 0 ? NULL : s->schedule->members + item->first;
    weft__net_part(&s->net, sides, item->count);
    s->sides = *item;
    return weft__links_look_all(s);
}

/* The partition ends, if it is still this one. */
static int rejoin(struct weft_sim *s, const struct weft__sim_item *item) {
    const uint32_t *members = s->schedule->members;
    bool stands = item->count > 0 && item->count == s->sides.count &&
                  memcmp(members + item->first, members + s->sides.first, item->count * sizeof *members) == 0;
    return stands ? part(s, &(struct weft__sim_item){.count = 0}) : 0;
}

static int heal(struct weft_sim *s) {
    weft__net_heal(&s->net);
    return part(s, &(struct weft__sim_item){.count = 0});
}

/* --- From some to others ------------------------------------------------------------------------------------------
 */

/* For every way from one of the first list to one of the second. */
static int for_each_way(struct weft_sim *s, const struct weft__sim_item *item,
                        int (*act)(struct weft_sim *s, uint32_t from, uint32_t to)) {
    const uint32_t *members = s->schedule->members + item->first;
    size_t to = 0;
    int rc = 0;
    while (members[to] != WEFT__SIM_NEXT_SIDE) to++;
    for (size_t i = 0; rc == 0 && i < to; i++)
        for (size_t j = to + 1; rc == 0 && j < item->count; j++)
            if (members[i] != members[j]) rc = act(s, members[i], members[j]);
    return rc;
}

static int cut(struct weft_sim *s, uint32_t from, uint32_t to) {
    return weft__net_cut(&s->net, from, to);
}

static int uncut(struct weft_sim *s, uint32_t from, uint32_t to) {
    weft__net_uncut(&s->net, from, to);
    return 0;
}

static int cast(struct weft_sim *s, const struct weft__sim_item *item, enum weft__spell_kind kind) {
    bool is_time = kind == WEFT__SPELL_LAG || kind == WEFT__SPELL_FLAP;
    struct weft__spell wanted = {.kind = kind,
                                 .strength = is_time ? (uint64_t)item->ns : item->number,
                                 .more = (uint64_t)(kind == WEFT__SPELL_FLAP ? item->ns2 : item->ns),
                                 .members = s->schedule->members + item->first,
                                 .count = item->count};
    const struct weft__spell *spell;
    int rc = weft__spells_cast(&s->net.spells, &wanted, &spell);
    if (rc != 0) return rc;
    s->stats.link_faults++;
    if (kind == WEFT__SPELL_FLAP) return weft__link_post_flap(s, spell, false);
    return kind == WEFT__SPELL_HALFOPEN ? for_each_way(s, item, weft__link_halve) : 0;
}

static int mend(struct weft_sim *s, const struct weft__sim_item *item) {
    weft__spells_end(&s->net.spells, s->schedule->members + item->first, item->count);
    return weft__links_look_all(s);
}

/* --- Items --------------------------------------------------------------------------------------------------------
 */

static const struct {
    enum weft__sim_item_kind item;
    enum weft__spell_kind spell;
} spells[] = {
    {WEFT__SIM_LAG, WEFT__SPELL_LAG},           {WEFT__SIM_STRETCH, WEFT__SPELL_STRETCH},
    {WEFT__SIM_LOSSY, WEFT__SPELL_LOSSY},       {WEFT__SIM_DOUBLE, WEFT__SPELL_DOUBLE},
    {WEFT__SIM_SHUFFLE, WEFT__SPELL_SHUFFLE},   {WEFT__SIM_CORRUPT, WEFT__SPELL_CORRUPT},
    {WEFT__SIM_TRUNCATE, WEFT__SPELL_TRUNCATE}, {WEFT__SIM_BURSTY, WEFT__SPELL_BURSTY},
    {WEFT__SIM_THROTTLE, WEFT__SPELL_THROTTLE}, {WEFT__SIM_FLAP, WEFT__SPELL_FLAP},
    {WEFT__SIM_HALFOPEN, WEFT__SPELL_HALFOPEN},
};

int weft__act_on_links(struct weft_sim *s, const struct weft__sim_item *item) {
    for (size_t i = 0; i < sizeof spells / sizeof *spells; i++)
        if (spells[i].item == item->kind) return cast(s, item, spells[i].spell);
    switch (item->kind) {
    case WEFT__SIM_PARTITION:
        return part(s, item);
    case WEFT__SIM_REJOIN:
        return rejoin(s, item);
    case WEFT__SIM_HEAL:
        return heal(s);
    case WEFT__SIM_CUT:
        return for_each_way(s, item, cut);
    case WEFT__SIM_UNCUT:
        return for_each_way(s, item, uncut);
    case WEFT__SIM_MEND:
        return mend(s, item);
    case WEFT__SIM_DROP:
    case WEFT__SIM_LATE:
    case WEFT__SIM_TWICE:
        return weft__fates_add(&s->fates, s->schedule, item);
    default:
        return WEFT_ERR_INVALID;
    }
}
