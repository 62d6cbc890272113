/* retelling.c: the same effect under other dots.
 *
 * DOTS: an entry writes its element and bytes with the new dot, and takes away exactly what it had observed: dots that
 * stand are named as before, dots of transactions that were retold by their new numbers. It is not an edit of what
 * stands now, which may hold writes that the one who wrote it had not seen.
 *
 * TOTALS: an origin's totals are absolute, so what counts is what rose since the fork. The new origin's total is the
 * sum of what rose under each of the origins that yield, in the order in which they wrote; and a number of one of them
 * is a place in that sum. A base of theirs is in two parts: up to what stood at the fork it stays theirs, and what lies
 * above is a base of the new origin's.
 *
 * That is all that the kernels know, and enough for a type whose bytes mean the same whoever wrote them. One of ours is
 * not like that, windowcounter, and has its own section; an application's type whose elements or values name their
 * writer (weft_edit_origin) is retold with the old name in them. */
#include "crdt/retelling.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>
#include <weft/windowcounter.h>

#include "base/endian.h"
#include "base/wire.h"
#include "crdt/dots.h"
#include "crdt/key.h"
#include "crdt/map.h"
#include "crdt/totals.h"

void weft__retelling_init(struct weft__retelling *t, const struct weft_alloc *alloc) {
    *t = (struct weft__retelling){.own = WEFT__NO_ORIGIN};
    weft_buf_init(&t->dots, alloc);
    weft_buf_init(&t->entries, alloc);
}

void weft__retelling_fini(struct weft__retelling *t) {
    weft_buf_fini(&t->dots);
    weft_buf_fini(&t->entries);
}

/* The place among those that yield; yielded_count: it does not. */
static size_t find_yielded(const struct weft__retelling *t, uint32_t origin) {
    size_t i = 0;
    while (i < t->yielded_count && t->yielded[i].origin != origin) i++;
    return i;
}

/* --- DOTS ----------------------------------------------------------------------------------------------------------*/

/* False: the dot is nowhere and never was, as far as the new origin can know. */
static bool find_dot(const struct weft__retelling *t, struct weft_dot *dot) {
    size_t i = find_yielded(t, dot->origin);
    if (i == t->yielded_count || dot->seq < t->yielded[i].from) return weft_version_vector_contains(t->known, *dot);
    const struct weft__yielded *y = &t->yielded[i];
    uint64_t at = dot->seq - y->from;
    if (at >= y->count || y->now[at] == 0) return false;
    *dot = (struct weft_dot){t->own, y->now[at]};
    return true;
}

/* The dots that an entry observed, as they are called now, into t->dots. */
static int collect_dots(struct weft__retelling *t, struct weft_slice observed, size_t *count) {
    struct weft__reader r;
    struct weft_dot pair;
    *count = 0;
    weft_buf_reset(&t->dots);
    weft__reader_init(&r, observed);
    while (weft__dots_next_observed(&r, &pair)) {
        if (pair.origin >= t->origin_count) return WEFT_ERR_MALFORMED;
        struct weft_dot dot = {t->origins[pair.origin], pair.seq};
        if (!find_dot(t, &dot)) continue;
        (void)weft_buf_append(&t->dots, &dot, sizeof dot);
        ++*count;
    }
    return r.err != 0 ? r.err : t->dots.err;
}

static int by_index(const void *a, const void *b) {
    const struct weft_dot *x = a, *y = b;
    if (x->origin != y->origin) return x->origin < y->origin ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static struct weft_dot *dots_at(const struct weft__retelling *t, size_t first) {
    return t->dots.len == 0 ? NULL : (struct weft_dot *)(void *)t->dots.ptr + first;
}

/* As packed pairs, in the order of the table. */
static int pack_dots(struct weft_dot *dots, size_t count, const struct weft__origin_table *table,
                     struct weft_buf *out) {
    for (size_t i = 0; i < count; i++) dots[i].origin = weft__origin_table_index(table, dots[i].origin);
    if (count > 1) qsort(dots, count, sizeof *dots, by_index);
    weft_buf_reset(out);
    for (size_t i = 0; i < count; i++) {
        weft__write_varint(out, dots[i].origin);
        weft__write_varint(out, dots[i].seq);
    }
    return out->err;
}

static int name_dots(struct weft__retelling *t, struct weft__origin_table *table, size_t count) {
    const struct weft_dot *dots = dots_at(t, 0);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) rc = weft__origin_table_add(table, dots[i].origin);
    return rc;
}

static int retell_dots(struct weft__retelling *t, struct weft_slice body, struct weft__origin_table *table,
                       struct weft_buf *out, size_t *entries) {
    struct weft__reader r;
    struct weft__dots_entry e;
    size_t count;
    int rc = 0;
    weft__reader_init(&r, body);
    while (rc == 0 && weft__dots_next_entry(&r, &e)) {
        rc = collect_dots(t, e.observed, &count);
        if (rc != 0 || (!e.has_value && count == 0)) continue;
        ++*entries;
        rc = out == NULL ? name_dots(t, table, count) : pack_dots(dots_at(t, 0), count, table, &t->entries);
        if (rc != 0 || out == NULL) continue;
        e.observed = weft_buf_slice(&t->entries);
        weft__dots_write_entry(&e, out);
        rc = out->err;
    }
    return rc != 0 ? rc : r.err;
}

/* --- Slots of a windowcounter: their elements name who writes them, and their amounts are sums ----------------------
 */

#define SLOT_LEN (WEFT__ORIGIN_LEN + 8u)

struct slot {
    uint8_t element[SLOT_LEN];
    uint64_t amount;
    size_t first, count; /* in t->dots */
    bool has_value;
};

/* Which of those that yield an element is a slot of; yielded_count: of none. */
static size_t slot_of(const struct weft__retelling *t, const struct weft_origins *origins, struct weft_slice element) {
    uint8_t id[WEFT__ORIGIN_LEN];
    for (size_t i = 0; i < t->yielded_count && element.len == SLOT_LEN; i++) {
        weft__origin_store(id, weft_origins_at(origins, t->yielded[i].origin));
        if (memcmp(id, element.ptr, sizeof id) == 0) return i;
    }
    return t->yielded_count;
}

/* What the slot holds that was written before the fork, and stays. */
static uint64_t amount_before(const struct weft__retelling *t, size_t i, struct weft_slice element) {
    struct weft__dots it;
    struct weft__dot_item item;
    uint64_t amount = 0;
    if (t->stood == NULL) return 0;
    uint32_t cell = weft__object_find(t->stood, weft_slice(NULL, 0), element);
    for (weft__dots_open(&it, t->stood, cell); weft__dots_next(&it, &item);)
        if (item.dot.origin == t->yielded[i].origin && item.value.len == 8 && weft__load64(item.value.ptr) > amount)
            amount = weft__load64(item.value.ptr);
    return amount;
}

static int push_slot(struct weft__retelling *t, const struct slot *s, size_t *entries) {
    if (!s->has_value && s->count == 0) return 0;
    ++*entries;
    return weft_buf_append(&t->entries, s, sizeof *s);
}

/* Adds the observed dots that are (not) the new origin's own, as they are called now. */
static int add_dots(struct weft__retelling *t, const struct weft__dots_entry *e, bool own, struct slot *s) {
    struct weft__reader r;
    struct weft_dot pair;
    s->first = t->dots.len / sizeof pair;
    weft__reader_init(&r, e->observed);
    while (weft__dots_next_observed(&r, &pair)) {
        if (pair.origin >= t->origin_count) return WEFT_ERR_MALFORMED;
        struct weft_dot dot = {t->origins[pair.origin], pair.seq};
        if (!find_dot(t, &dot) || (dot.origin == t->own) != own) continue;
        (void)weft_buf_append(&t->dots, &dot, sizeof dot);
        s->count++;
    }
    return r.err != 0 ? r.err : t->dots.err;
}

/* A slot of one that yields becomes one of the new origin's, beside those that it will open itself; what stood in it
 * before the fork stays where it is, unless it was taken away. */
static int tell_slot(struct weft__retelling *t, const struct weft_origins *origins, const struct weft__dots_entry *e,
                     size_t *entries) {
    struct slot stays = {.has_value = false}, moves = {.has_value = e->has_value};
    size_t i = slot_of(t, origins, e->element);
    if (e->element.len != SLOT_LEN || e->path.len > 0) return 0; /* no addition made it */
    memcpy(stays.element, e->element.ptr, SLOT_LEN);
    int rc = e->has_value ? 0 : add_dots(t, e, false, &stays);
    if (rc == 0) rc = push_slot(t, &stays, entries);
    if (rc != 0 || i == t->yielded_count) return rc;
    weft__origin_store(moves.element, weft_origins_at(origins, t->own));
    weft__store64_be(moves.element + WEFT__ORIGIN_LEN, weft__load64_be(e->element.ptr + WEFT__ORIGIN_LEN) + 1 + i);
    if (e->has_value && e->value.len == 8) {
        uint64_t amount = weft__load64(e->value.ptr), before = amount_before(t, i, e->element);
        moves.amount = amount > before ? amount - before : amount;
    }
    rc = add_dots(t, e, true, &moves);
    return rc != 0 ? rc : push_slot(t, &moves, entries);
}

static int by_element(const void *a, const void *b) {
    return memcmp(((const struct slot *)a)->element, ((const struct slot *)b)->element, SLOT_LEN);
}

static int write_slot(struct weft__retelling *t, const struct weft__origin_table *table, const struct slot *s,
                      struct weft_buf *out) {
    struct weft_buf packed;
    uint8_t value[8];
    weft_buf_init(&packed, t->dots.alloc);
    int rc = pack_dots(dots_at(t, s->first), s->count, table, &packed);
    weft__store64(value, s->amount);
    struct weft__dots_entry e = {.element = weft_slice(s->element, SLOT_LEN),
                                 .observed = weft_buf_slice(&packed),
                                 .value = weft_slice(value, sizeof value),
                                 .has_value = s->has_value};
    weft__dots_write_entry(&e, out);
    weft_buf_fini(&packed);
    return rc != 0 ? rc : out->err;
}

static int retell_slots(struct weft__retelling *t, struct weft_slice body, struct weft__origin_table *table,
                        struct weft_buf *out, size_t *entries) {
    struct weft__reader r;
    struct weft__dots_entry e;
    int rc = 0;
    weft_buf_reset(&t->dots);
    weft_buf_reset(&t->entries);
    weft__reader_init(&r, body);
    while (rc == 0 && weft__dots_next_entry(&r, &e)) rc = tell_slot(t, table->origins, &e, entries);
    if (rc == 0) rc = r.err;
    if (rc != 0) return rc;
    if (out == NULL) return name_dots(t, table, t->dots.len / sizeof(struct weft_dot));
    struct slot *slots = (struct slot *)(void *)t->entries.ptr;
    if (*entries > 1) qsort(slots, *entries, sizeof *slots, by_element);
    for (size_t i = 0; rc == 0 && i < *entries; i++) rc = write_slot(t, table, &slots[i], out);
    return rc;
}

/* --- TOTALS --------------------------------------------------------------------------------------------------------*/

struct told {
    struct weft_slice path;
    uint32_t origin; /* interned; for sorting its index */
    struct weft__totals totals;
};

static uint64_t number_at(const struct weft_object *o, struct weft_slice path, uint32_t origin, uint32_t place) {
    struct weft__totals t;
    if (o == NULL) return 0;
    weft__totals_read(&t, o->kind->pool, weft__object_find_origin(o, path, origin));
    return t.values[place];
}

/* What the total was before the fork. */
static uint64_t base_of(const struct weft__retelling *t, struct weft_slice path, size_t i, uint32_t place) {
    return number_at(t->stood, path, t->yielded[i].origin, place);
}

static uint64_t plus(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* A total of the i-th that yields, as a total of the new origin. */
static uint64_t place_of(const struct weft__retelling *t, struct weft_slice path, size_t i, uint32_t place,
                         uint64_t value) {
    uint64_t base = base_of(t, path, i, place), sum = value > base ? value - base : 0;
    for (size_t k = 0; k < i; k++) {
        uint64_t from = base_of(t, path, k, place), to = number_at(t->told, path, t->yielded[k].origin, place);
        if (to > from) sum = plus(sum, to - from);
    }
    return sum;
}

static struct told *told_at(struct weft__retelling *t, size_t i) {
    return (struct told *)(void *)t->entries.ptr + i;
}

/* Entries of one path are together. */
static struct told *find_told(struct weft__retelling *t, size_t count, struct weft_slice path, uint32_t origin) {
    for (size_t i = count; i-- > 0 && weft_slice_eq(told_at(t, i)->path, path);)
        if (told_at(t, i)->origin == origin) return told_at(t, i);
    return NULL;
}

static int tell(struct weft__retelling *t, size_t *count, struct weft_slice path, uint32_t origin, uint32_t place,
                uint64_t value) {
    bool is_known = origin == t->own || weft_version_vector_get(t->known, origin) > 0;
    if (!is_known || value == 0) return 0;
    struct told *to = find_told(t, *count, path, origin);
    if (to == NULL) {
        struct told fresh = {.path = path, .origin = origin};
        if (weft_buf_append(&t->entries, &fresh, sizeof fresh) != 0) return t->entries.err;
        to = told_at(t, (*count)++);
    }
    if (value > to->totals.values[place]) to->totals.values[place] = value;
    if (to->totals.count <= place) to->totals.count = place + 1;
    return 0;
}

static int tell_base(struct weft__retelling *t, size_t *count, struct weft_slice path, uint32_t origin, uint32_t place,
                     uint64_t value) {
    size_t i = find_yielded(t, origin);
    if (i == t->yielded_count) return tell(t, count, path, origin, place, value);
    uint64_t stood = base_of(t, path, i, place - 1);
    int rc = tell(t, count, path, origin, place, value < stood ? value : stood);
    if (rc == 0 && value > stood) rc = tell(t, count, path, t->own, place, place_of(t, path, i, place - 1, value));
    return rc;
}

static int tell_entry(struct weft__retelling *t, size_t *count, const struct weft__totals_entry *e) {
    uint32_t origin = t->origins[e->index];
    size_t i = find_yielded(t, origin);
    int rc = 0;
    for (uint32_t place = 0; rc == 0 && place < e->totals.count; place++) {
        uint64_t value = e->totals.values[place];
        if (value == 0) continue;
        if (place % 2 == 1)
            rc = tell_base(t, count, e->path, origin, place, value);
        else if (i < t->yielded_count)
            rc = tell(t, count, e->path, t->own, place, place_of(t, e->path, i, place, value));
    }
    return rc;
}

static int by_path(const void *a, const void *b) {
    const struct told *x = a, *y = b;
    int c = weft_slice_cmp(x->path, y->path);
    return c != 0 ? c : (x->origin > y->origin) - (x->origin < y->origin);
}

static int write_told(struct weft__retelling *t, const struct weft__origin_table *table, size_t count,
                      struct weft_buf *out) {
    for (size_t i = 0; i < count; i++) told_at(t, i)->origin = weft__origin_table_index(table, told_at(t, i)->origin);
    if (count > 1) qsort(t->entries.ptr, count, sizeof(struct told), by_path);
    for (size_t i = 0; i < count; i++) {
        const struct told *told = told_at(t, i);
        weft__totals_write_entry(&(struct weft__totals_entry){told->path, told->origin, told->totals}, out);
    }
    return out->err;
}

static int retell_totals(struct weft__retelling *t, struct weft_slice body, struct weft__origin_table *table,
                         struct weft_buf *out, size_t *entries) {
    struct weft__reader r;
    struct weft__totals_entry e;
    int rc = 0;
    weft_buf_reset(&t->entries);
    weft__reader_init(&r, body);
    while (rc == 0 && weft__totals_next_entry(&r, t->origin_count, &e)) rc = tell_entry(t, entries, &e);
    if (rc == 0) rc = r.err;
    for (size_t i = 0; rc == 0 && out == NULL && i < *entries; i++)
        rc = weft__origin_table_add(table, told_at(t, i)->origin);
    return rc != 0 || out == NULL ? rc : write_told(t, table, *entries, out);
}

/* --- MAP -----------------------------------------------------------------------------------------------------------*/

static int retell(struct weft__retelling *t, uint32_t type, struct weft_slice body, struct weft__origin_table *table,
                  struct weft_buf *out, size_t *entries);

/* The child with its frame, if anything of it is left. */
static int retell_child(struct weft__retelling *t, const struct weft__map_child *c, struct weft__origin_table *table,
                        struct weft_buf *out, size_t *entries) {
    size_t before = *entries;
    if (out == NULL) return retell(t, c->type, c->body, table, NULL, entries);
    size_t start = out->len;
    struct weft__map_frame frame = weft__map_write_begin(out, c->key, c->type, c->schema);
    int rc = retell(t, c->type, c->body, table, out, entries);
    weft__map_write_end(out, frame);
    if (rc == 0 && *entries == before) out->len = start;
    return rc != 0 ? rc : out->err;
}

static int retell_children(struct weft__retelling *t, struct weft_slice body, struct weft__origin_table *table,
                           struct weft_buf *out, size_t *entries) {
    const struct weft_object *stood = t->stood, *told = t->told;
    struct weft__reader r;
    struct weft__map_child c;
    int rc = 0;
    weft__reader_init(&r, body);
    while (rc == 0 && weft__map_next(&r, WEFT__MAP_DELTA, &c)) {
        t->stood = weft__map_find(stood, c.key, c.type);
        t->told = weft__map_find(told, c.key, c.type);
        rc = retell_child(t, &c, table, out, entries);
    }
    t->stood = stood;
    t->told = told;
    return rc != 0 ? rc : r.err;
}

/* Adds to *entries. */
static int retell(struct weft__retelling *t, uint32_t type, struct weft_slice body, struct weft__origin_table *table,
                  struct weft_buf *out, size_t *entries) {
    size_t count = 0;
    int rc;
    if (weft__kernel_is_map(type))
        rc = retell_children(t, body, table, out, &count);
    else if (WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS)
        rc = retell_totals(t, body, table, out, &count);
    else if (type == weft_windowcounter_class.type)
        rc = retell_slots(t, body, table, out, &count);
    else
        rc = retell_dots(t, body, table, out, &count);
    *entries += count;
    return rc;
}

int weft__retell(struct weft__retelling *t, uint32_t type, struct weft_slice body, struct weft__origin_table *table,
                 struct weft_buf *out, size_t *entries) {
    *entries = 0;
    if (!weft__kernel_is_known(type)) return WEFT_ERR_MALFORMED;
    int rc = retell(t, type, body, table, out, entries);
    /* What was refused now may find room next time. */
    t->dots.err = t->entries.err = 0;
    return rc;
}
