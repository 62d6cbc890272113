/* schedule.c: the list, kept sorted by time and, within a time, by the order of adding. */
#include "sim/schedule.h"

#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "base/alloc.h"
#include "sim/laws/builtin.h"

static const char letters[] = "gpsr";

const char *weft__sim_item_word(enum weft__sim_item_kind kind) {
    static const char *const words[] = {
#define WORD(item, word, operands) word,
        WEFT__SIM_ITEM_MAP(WORD)
#undef WORD
    };
    return words[kind];
}

const char *weft__sim_item_operands(enum weft__sim_item_kind kind) {
    static const char *const letters_of[] = {
#define OPERANDS(item, word, operands) operands,
        WEFT__SIM_ITEM_MAP(OPERANDS)
#undef OPERANDS
    };
    return letters_of[kind];
}

const struct weft_crdt_class *weft__sim_class(unsigned type) {
    static const struct weft_crdt_class *const classes[] = {&weft_gcounter_class, &weft_pncounter_class,
                                                            &weft_aworset_class, &weft_lwwreg_class};
    if (type < WEFT__SIM_TYPES) return classes[type];
    const struct weft__law_type *law = weft__law_type(type - WEFT__SIM_TYPES);
    return law == NULL ? NULL : law->type;
}

size_t weft__sim_decimal(char *out, uint64_t number) {
    char reversed[20];
    size_t len = 0;
    do reversed[len++] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    for (size_t i = 0; i < len; i++) out[i] = reversed[len - 1 - i];
    out[len] = '\0';
    return len;
}

size_t weft__sim_key(char out[WEFT__SIM_KEY_MAX], unsigned type, uint32_t object) {
    size_t len = 1;
    if (type < WEFT__SIM_TYPES) {
        out[0] = letters[type];
    } else {
        const char *name = weft__sim_class(type)->name;
        len = strlen(name);
        memcpy(out, name, len);
    }
    out[len] = '/';
    return len + 1 + weft__sim_decimal(out + len + 1, object);
}

static bool parse_type(struct weft_slice name, unsigned *type) {
    const char *letter = name.len == 1 ? memchr(letters, name.ptr[0], WEFT__SIM_TYPES) : NULL;
    if (letter != NULL) *type = (unsigned)(letter - letters);
    const struct weft__law_type *law;
    for (unsigned i = 0; letter == NULL && (law = weft__law_type(i)) != NULL; i++)
        if (weft_slice_eq(name, weft_str(law->type->name))) {
            *type = WEFT__SIM_TYPES + i;
            return true;
        }
    return letter != NULL;
}

bool weft__sim_key_parse(struct weft_slice key, unsigned *type, uint32_t *object) {
    const uint8_t *slash = key.len == 0 ? NULL : memchr(key.ptr, '/', key.len);
    if (slash == NULL || !parse_type(weft_slice(key.ptr, (size_t)(slash - key.ptr)), type)) return false;
    struct weft_slice digits = weft_slice(slash + 1, key.len - (size_t)(slash + 1 - key.ptr));
    uint64_t number = 0;
    if (digits.len == 0 || digits.len > 7 || (digits.ptr[0] == '0' && digits.len > 1)) return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9') return false;
        number = number * 10 + (uint64_t)(digits.ptr[i] - '0');
    }
    *object = (uint32_t)number;
    return number < WEFT__SIM_OBJECTS_MAX;
}

/* --- Making ---------------------------------------------------------------------------------------------------------
 */

static int copy_name(struct weft_sim_schedule *s, size_t i, const char *name) {
    size_t len = strlen(name) + 1;
    s->names[i] = weft__malloc(s->alloc, len);
    if (s->names[i] == NULL) return WEFT_ERR_NOMEM;
    memcpy(s->names[i], name, len);
    return 0;
}

static int copy_regions(struct weft_sim_schedule *s, const struct weft_sim_regions *r) {
    if (r->count == 0 || r->count > WEFT_SIM_REGIONS_MAX) return WEFT_ERR_INVALID;
    s->names = weft__calloc(s->alloc, r->count, sizeof *s->names);
    s->one_way_us = weft__calloc(s->alloc, r->count * r->count, sizeof *s->one_way_us);
    s->region_count = r->count;
    if (s->names == NULL || s->one_way_us == NULL) return WEFT_ERR_NOMEM;
    memcpy(s->one_way_us, r->one_way_us, r->count * r->count * sizeof *s->one_way_us);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < r->count; i++) rc = copy_name(s, i, r->names[i]);
    return rc;
}

static int copy_placement(struct weft_sim_schedule *s, const char *const *placement) {
    s->place_count = 0;
    for (size_t i = 0; placement == NULL && i < s->region_count; i++) s->place[s->place_count++] = (uint8_t)i;
    for (; placement != NULL && *placement != NULL; placement++) {
        size_t i = 0;
        while (i < s->region_count && strcmp(s->names[i], *placement) != 0) i++;
        if (i == s->region_count) return WEFT_ERR_NOT_FOUND;
        if (s->place_count == WEFT_SIM_REPLICAS_MAX) return WEFT_ERR_INVALID;
        s->place[s->place_count++] = (uint8_t)i;
    }
    return s->place_count == 0 ? WEFT_ERR_INVALID : 0;
}

void weft_sim_schedule_within(struct weft_sim_schedule *s, uint64_t ns, uint64_t rounds) {
    uint64_t most = UINT64_MAX / 4, round_ns = weft__sim_round_ns(&s->options);
    s->options.within_rounds = rounds;
    s->options.within_ns = ns;
    if (rounds > 0) s->options.within_ns = round_ns > most / rounds ? most : round_ns * rounds;
}

int weft__schedule_new(struct weft_sim_schedule **out, const struct weft_sim_options *o) {
    const struct weft__sim_number *bad;
    *out = NULL;
    if (o->size != sizeof *o || weft__sim_options_check(o, &bad) != 0) return WEFT_ERR_INVALID;
    const struct weft_alloc *alloc = weft__alloc_or_default(o->alloc);
    struct weft_sim_schedule *s = weft__calloc(alloc, 1, sizeof *s);
    if (s == NULL) return WEFT_ERR_NOMEM;
    s->alloc = alloc;
    s->options = *o;
    weft_sim_schedule_within(s, o->within_ns, o->within_rounds);
    int rc = copy_regions(s, o->regions == NULL ? &weft_sim_cloud : o->regions);
    if (rc == 0) rc = copy_placement(s, o->placement);
    s->options.regions = NULL;
    s->options.placement = NULL;
    s->options.rates = NULL;
    if (rc != 0) {
        weft_sim_schedule_free(s);
        return rc;
    }
    *out = s;
    return 0;
}

void weft_sim_schedule_free(struct weft_sim_schedule *s) {
    if (s == NULL) return;
    for (size_t i = 0; s->names != NULL && i < s->region_count; i++)
        if (s->names[i] != NULL) weft__free(s->alloc, s->names[i], strlen(s->names[i]) + 1);
    weft__free(s->alloc, (void *)s->names, s->region_count * sizeof *s->names);
    weft__free(s->alloc, s->one_way_us, s->region_count * s->region_count * sizeof *s->one_way_us);
    weft__free(s->alloc, s->items, s->cap * sizeof *s->items);
    weft__free(s->alloc, s->ops, s->op_cap * sizeof *s->ops);
    weft__free(s->alloc, s->members, s->member_cap * sizeof *s->members);
    weft__free(s->alloc, s, sizeof *s);
}

int weft__schedule_push(struct weft_sim_schedule *s, const struct weft__sim_item *item) {
    void *items = s->items;
    int rc = weft__grow(s->alloc, &items, &s->cap, s->count + 1, sizeof *s->items);
    s->items = items;
    if (rc != 0) return rc;
    s->items[s->count] = *item;
    s->items[s->count].order = s->count;
    s->count++;
    return 0;
}

int weft__schedule_push_op(struct weft_sim_schedule *s, const struct weft__sim_op *op) {
    void *ops = s->ops;
    int rc = weft__grow(s->alloc, &ops, &s->op_cap, s->op_count + 1, sizeof *s->ops);
    s->ops = ops;
    if (rc == 0) s->ops[s->op_count++] = *op;
    return rc;
}

int weft__schedule_push_member(struct weft_sim_schedule *s, uint32_t member) {
    void *members = s->members;
    int rc = weft__grow(s->alloc, &members, &s->member_cap, s->member_count + 1, sizeof *s->members);
    s->members = members;
    if (rc == 0) s->members[s->member_count++] = member;
    return rc;
}

int weft__schedule_push_mask(struct weft_sim_schedule *s, uint64_t mask, struct weft__sim_item *item) {
    int rc = 0;
    item->first = s->member_count;
    for (uint32_t i = 0; rc == 0 && i < 64; i++)
        if (mask >> i & 1) rc = weft__schedule_push_member(s, i);
    item->count = s->member_count - item->first;
    return rc;
}

int weft__schedule_push_cut(struct weft_sim_schedule *s, uint32_t from, uint32_t to, struct weft__sim_item *item) {
    item->first = s->member_count;
    item->count = 3;
    int rc = weft__schedule_push_member(s, from);
    if (rc == 0) rc = weft__schedule_push_member(s, WEFT__SIM_NEXT_SIDE);
    return rc == 0 ? weft__schedule_push_member(s, to) : rc;
}

static int copy_lists(struct weft_sim_schedule *s, const struct weft_sim_schedule *from) {
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < from->count; i++) rc = weft__schedule_push(s, &from->items[i]);
    for (size_t i = 0; rc == 0 && i < from->op_count; i++) rc = weft__schedule_push_op(s, &from->ops[i]);
    for (size_t i = 0; rc == 0 && i < from->member_count; i++) rc = weft__schedule_push_member(s, from->members[i]);
    return rc;
}

int weft__schedule_copy(struct weft_sim_schedule **out, const struct weft_sim_schedule *from) {
    const struct weft_sim_regions regions = {from->region_count, (const char *const *)from->names, from->one_way_us};
    struct weft_sim_options o = from->options;
    o.regions = &regions;
    int rc = weft__schedule_new(out, &o);
    if (rc != 0) return rc;
    struct weft_sim_schedule *s = *out;
    memcpy(s->place, from->place, sizeof s->place);
    s->place_count = from->place_count;
    rc = copy_lists(s, from);
    if (rc != 0) {
        weft_sim_schedule_free(s);
        *out = NULL;
    }
    return rc;
}

static int compare(const void *a, const void *b) {
    const struct weft__sim_item *x = a, *y = b;
    if (x->at_ns != y->at_ns) return x->at_ns < y->at_ns ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

void weft__schedule_sort(struct weft_sim_schedule *s) {
    if (s->count > 0) qsort(s->items, s->count, sizeof *s->items, compare);
    for (size_t i = 0; i < s->count; i++) s->items[i].order = i;
}

const struct weft_sim_options *weft_sim_schedule_options(const struct weft_sim_schedule *s) {
    return &s->options;
}

size_t weft_sim_schedule_count(const struct weft_sim_schedule *s) {
    return s->count;
}
