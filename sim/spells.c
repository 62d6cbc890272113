/* spells.c: sets of links by bits. A spell has a bit in each replica's two words, that of the froms and that of the
 * tos, so which spells are over a link is one `and` for each 64 spells, however many links a spell is over. */
#include "sim/spells.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/bits.h"
#include "sim/schedule.h"

#define BIT(k) (UINT64_C(1) << (k))

void weft__spells_init(struct weft__spells *s, const struct weft_alloc *alloc) {
    memset(s, 0, sizeof *s);
    s->alloc = alloc;
}

static void free_members(struct weft__spells *s, struct weft__spell *spell) {
    weft__free(s->alloc, spell->members, spell->count * sizeof *spell->members);
    spell->members = NULL;
    spell->count = 0;
}

void weft__spells_fini(struct weft__spells *s) {
    weft__spells_end_all(s);
    for (size_t i = 0; i < s->count; i++) {
        weft__free(s->alloc, s->sheets[i]->ends, s->sheets[i]->room * sizeof *s->sheets[i]->ends);
        weft__free(s->alloc, s->sheets[i], sizeof *s->sheets[i]);
    }
    weft__free(s->alloc, (void *)s->sheets, s->cap * sizeof *s->sheets);
    weft__spells_init(s, s->alloc);
}

/* --- Replicas ----------------------------------------------------------------------------------------------------- */

int weft__spells_add_replica(struct weft__spells *s) {
    for (size_t i = 0; i < s->count; i++) {
        struct weft__sheet *sheet = s->sheets[i];
        void *ends = sheet->ends;
        int rc = weft__grow(s->alloc, &ends, &sheet->room, s->replicas + 1, sizeof *sheet->ends);
        sheet->ends = ends;
        if (rc != 0) return rc;
        sheet->ends[s->replicas] = (struct weft__ends){0, 0};
    }
    s->replicas++;
    return 0;
}

void weft__spells_imitate(struct weft__spells *s, uint32_t replica, uint32_t like) {
    for (size_t i = 0; i < s->count; i++) s->sheets[i]->ends[replica] = s->sheets[i]->ends[like];
}

/* --- Casting and ending ------------------------------------------------------------------------------------------- */

static bool is_over(const struct weft__spell *spell, const uint32_t *members, size_t count) {
    return spell->count == count && memcmp(spell->members, members, count * sizeof *members) == 0;
}

static void end_at(struct weft__spells *s, struct weft__sheet *sheet, unsigned k) {
    for (size_t i = 0; i < s->replicas; i++) {
        sheet->ends[i].from &= ~BIT(k);
        sheet->ends[i].to &= ~BIT(k);
    }
    sheet->standing &= ~BIT(k);
    s->parting -= (sheet->parting & BIT(k)) != 0;
    sheet->parting &= ~BIT(k);
    sheet->halfopen &= ~BIT(k);
    free_members(s, &sheet->spells[k]);
    s->standing--;
}

static int push_sheet(struct weft__spells *s) {
    void *sheets = (void *)s->sheets;
    int rc = weft__grow(s->alloc, &sheets, &s->cap, s->count + 1, sizeof *s->sheets);
    s->sheets = sheets;
    if (rc != 0) return rc;
    struct weft__sheet *sheet = weft__calloc(s->alloc, 1, sizeof *sheet);
    if (sheet == NULL) return WEFT_ERR_NOMEM;
    sheet->room = s->replicas;
    sheet->ends = weft__calloc(s->alloc, sheet->room, sizeof *sheet->ends);
    if (sheet->ends == NULL) {
        weft__free(s->alloc, sheet, sizeof *sheet);
        return WEFT_ERR_NOMEM;
    }
    s->sheets[s->count++] = sheet;
    return 0;
}

/* A free bit. */
static int take_place(struct weft__spells *s, struct weft__sheet **sheet, unsigned *k) {
    size_t i = 0;
    while (i < s->count && s->sheets[i]->standing == UINT64_MAX) i++;
    int rc = i < s->count ? 0 : push_sheet(s);
    if (rc != 0) return rc;
    *sheet = s->sheets[i];
    for (*k = 0; ((*sheet)->standing & BIT(*k)) != 0;) ++*k;
    return 0;
}

static void mark_ends(struct weft__spells *s, struct weft__sheet *sheet, unsigned k) {
    const struct weft__spell *spell = &sheet->spells[k];
    bool to = false;
    for (size_t i = 0; i < spell->count; i++) {
        uint32_t member = spell->members[i];
        if (member == WEFT__SIM_NEXT_SIDE)
            to = true;
        else if (member < s->replicas && to)
            sheet->ends[member].to |= BIT(k);
        else if (member < s->replicas)
            sheet->ends[member].from |= BIT(k);
    }
}

static void end_of_kind(struct weft__spells *s, const struct weft__spell *like) {
    for (size_t i = 0; i < s->count; i++)
        for (unsigned k = 0; k < WEFT__SHEET; k++) {
            struct weft__spell *spell = &s->sheets[i]->spells[k];
            bool stands = (s->sheets[i]->standing & BIT(k)) != 0;
            if (stands && spell->kind == like->kind && is_over(spell, like->members, like->count))
                end_at(s, s->sheets[i], k);
        }
}

int weft__spells_cast(struct weft__spells *s, const struct weft__spell *spell, const struct weft__spell **out) {
    struct weft__sheet *sheet;
    unsigned k;
    uint32_t *members = weft__malloc(s->alloc, spell->count * sizeof *members);
    if (members == NULL) return WEFT_ERR_NOMEM;
    int rc = take_place(s, &sheet, &k);
    if (rc != 0) {
        weft__free(s->alloc, members, spell->count * sizeof *members);
        return rc;
    }
    end_of_kind(s, spell);
    memcpy(members, spell->members, spell->count * sizeof *members);
    sheet->spells[k] = *spell;
    sheet->spells[k].members = members;
    sheet->spells[k].number = ++s->numbers;
    sheet->standing |= BIT(k);
    if (spell->kind == WEFT__SPELL_HALFOPEN) sheet->halfopen |= BIT(k);
    mark_ends(s, sheet, k);
    s->standing++;
    *out = &sheet->spells[k];
    return 0;
}

void weft__spells_end(struct weft__spells *s, const uint32_t *members, size_t count) {
    for (size_t i = 0; i < s->count; i++)
        for (unsigned k = 0; k < WEFT__SHEET; k++)
            if ((s->sheets[i]->standing & BIT(k)) != 0 && is_over(&s->sheets[i]->spells[k], members, count))
                end_at(s, s->sheets[i], k);
}

void weft__spells_end_all(struct weft__spells *s) {
    for (size_t i = 0; i < s->count; i++)
        for (unsigned k = 0; k < WEFT__SHEET; k++)
            if ((s->sheets[i]->standing & BIT(k)) != 0) end_at(s, s->sheets[i], k);
}

const struct weft__spell *weft__spells_flap(struct weft__spells *s, uint32_t number, bool *is_down) {
    for (size_t i = 0; i < s->count; i++)
        for (unsigned k = 0; k < WEFT__SHEET; k++) {
            struct weft__sheet *sheet = s->sheets[i];
            if ((sheet->standing & BIT(k)) == 0 || sheet->spells[k].number != number) continue;
            sheet->parting ^= BIT(k);
            *is_down = (sheet->parting & BIT(k)) != 0;
            s->parting = *is_down ? s->parting + 1 : s->parting - 1;
            return &sheet->spells[k];
        }
    return NULL;
}

/* --- Links -------------------------------------------------------------------------------------------------------- */

static uint64_t over(const struct weft__sheet *sheet, uint32_t from, uint32_t to) {
    return sheet->ends[from].from & sheet->ends[to].to;
}

bool weft__spells_part(const struct weft__spells *s, uint32_t a, uint32_t b) {
    for (size_t i = 0; i < s->count; i++)
        if (((over(s->sheets[i], a, b) | over(s->sheets[i], b, a)) & s->sheets[i]->parting) != 0) return true;
    return false;
}

bool weft__spells_are_halfopen(const struct weft__spells *s, uint32_t a, uint32_t b) {
    for (size_t i = 0; i < s->count; i++)
        if (((over(s->sheets[i], a, b) | over(s->sheets[i], b, a)) & s->sheets[i]->halfopen) != 0) return true;
    return false;
}

static void at_least(uint64_t *to, uint64_t least) {
    if (*to < least) *to = least;
}

static void bend(struct weft__quality *q, const struct weft__spell *spell) {
    switch (spell->kind) {
    case WEFT__SPELL_LAG:
        q->lag_ns += spell->strength;
        if (q->lag_ns > WEFT__DELAY_MAX) q->lag_ns = WEFT__DELAY_MAX;
        break;
    case WEFT__SPELL_STRETCH:
        at_least(&q->slowness, spell->strength);
        break;
    case WEFT__SPELL_LOSSY:
        at_least(&q->loss_ppm, spell->strength);
        break;
    case WEFT__SPELL_DOUBLE:
        at_least(&q->duplicate_ppm, spell->strength);
        break;
    case WEFT__SPELL_SHUFFLE:
        at_least(&q->reorder_ppm, spell->strength);
        break;
    case WEFT__SPELL_CORRUPT:
        at_least(&q->corrupt_ppm, spell->strength);
        break;
    case WEFT__SPELL_TRUNCATE:
        at_least(&q->truncate_ppm, spell->strength);
        break;
    case WEFT__SPELL_BURSTY:
        if (q->burst_ppm >= spell->strength) break;
        q->burst_ppm = spell->strength;
        q->burst_ns = spell->more;
        break;
    case WEFT__SPELL_THROTTLE:
        if (q->bandwidth == 0 || q->bandwidth > spell->strength) q->bandwidth = spell->strength;
        break;
    case WEFT__SPELL_FLAP:
    case WEFT__SPELL_HALFOPEN:
        break;
    }
}

const struct weft__quality *weft__spells_bend(const struct weft__spells *s, uint32_t from, uint32_t to,
                                              const struct weft__quality *usual, struct weft__quality *room) {
    const struct weft__quality *q = usual;
    for (size_t i = 0; i < s->count; i++)
        for (uint64_t bits = over(s->sheets[i], from, to); bits != 0; bits &= bits - 1) {
            if (q == usual) *room = *usual;
            q = room;
            bend(room, &s->sheets[i]->spells[weft__lowest_bit(bits)]);
        }
    return q;
}
