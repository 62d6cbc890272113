/* overlay.c: see overlay.h.
 *
 * Most transactions edit one key, so there is no index up to FEW items. It goes by the places that keys have in the
 * object's own table, which elements from strangers cannot aim at because they rest on the pool's secret; a key that
 * stands at base is told by its cell, which is unique, and its bytes are not touched. */
#include "crdt/overlay.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/cell.h"
#include "crdt/key.h"

#define FEW       8u
#define INDEX_MIN 128u
#define RUN       4u /* sorted by insertion before merging starts */

int weft__overlay_new(struct weft__overlay **out, const struct weft_alloc *alloc) {
    struct weft__overlay *o = weft__calloc(alloc, 1, sizeof *o);
    if (o == NULL) return WEFT_ERR_NOMEM;
    o->alloc = alloc;
    weft_buf_init(&o->bytes, alloc);
    weft_buf_init(&o->observed, alloc);
    *out = o;
    return 0;
}

void weft__overlay_free(struct weft__overlay *o) {
    if (o == NULL) return;
    weft__free(o->alloc, o->items, o->cap * sizeof *o->items);
    weft__free(o->alloc, o->totals, o->totals_cap * sizeof *o->totals);
    weft__free(o->alloc, o->index, o->index_cap * sizeof *o->index);
    weft__free(o->alloc, o->order, o->order_cap * sizeof *o->order);
    weft_buf_fini(&o->bytes);
    weft_buf_fini(&o->observed);
    weft__free(o->alloc, o, sizeof *o);
}

void weft__overlay_clear(struct weft__overlay *o, const struct weft__pool *pool) {
    o->pool = pool;
    o->count = 0;
    o->index_size = 0;
    o->growth = 0;
    o->foreign = 0;
    o->charge = 0;
    o->charge_of_origins = 0;
    o->listed = 0;
    weft_buf_reset(&o->bytes);
}

void weft__overlay_key(const struct weft__overlay *o, size_t item, struct weft_slice *path,
                       struct weft_slice *element) {
    const struct weft__overlay_item *it = &o->items[item];
    if (it->cell != WEFT__SLAB_NONE) {
        struct weft__cell c = weft__cell_at(o->pool, it->cell);
        *path = c.path;
        *element = c.element;
        return;
    }
    const uint8_t *key = it->path_len + it->element_len > 0 ? o->bytes.ptr + it->key : NULL;
    *path = weft_slice(key, it->path_len);
    *element = weft_slice(it->path_len > 0 ? key + it->path_len : key, it->element_len);
}

static bool is_item(const struct weft__overlay *o, size_t item, struct weft__spot spot, struct weft_slice path,
                    struct weft_slice element) {
    const struct weft__overlay_item *it = &o->items[item];
    if (it->place != spot.place || it->cell != spot.cell) return false;
    if (spot.cell != WEFT__SLAB_NONE) return true;
    if (it->path_len != path.len || it->element_len != element.len) return false;
    struct weft_slice own_path, own_element;
    weft__overlay_key(o, item, &own_path, &own_element);
    return weft_slice_eq(own_element, element) && weft_slice_eq(own_path, path);
}

size_t weft__overlay_search(const struct weft__overlay *o, struct weft__spot spot, struct weft_slice path,
                            struct weft_slice element) {
    if (o->index_size == 0) {
        for (size_t i = 0; i < o->count; i++)
            if (is_item(o, i, spot, path, element)) return i;
        return WEFT__OVERLAY_NONE;
    }
    size_t mask = o->index_size - 1;
    for (size_t at = spot.place & mask; o->index[at] != 0; at = (at + 1) & mask) {
        size_t item = o->index[at] - 1;
        if (is_item(o, item, spot, path, element)) return item;
    }
    return WEFT__OVERLAY_NONE;
}

static void index_insert(struct weft__overlay *o, size_t item) {
    size_t mask = o->index_size - 1, at = o->items[item].place & mask;
    while (o->index[at] != 0) at = (at + 1) & mask;
    o->index[at] = (uint32_t)item + 1;
}

/* At most half full. */
static int index_grow(struct weft__overlay *o) {
    size_t size = o->index_size == 0 ? INDEX_MIN : o->index_size * 2;
    void *index = o->index;
    int rc = weft__grow(o->alloc, &index, &o->index_cap, size, sizeof *o->index);
    if (rc != 0) return rc;
    o->index = index;
    o->index_size = size;
    memset(o->index, 0, size * sizeof *o->index);
    for (size_t i = 0; i < o->count; i++) index_insert(o, i);
    return 0;
}

int weft__overlay_reserve(struct weft__overlay *o, size_t more, struct weft_slice *const *lent, size_t count) {
    if (more <= o->bytes.cap - o->bytes.len) return 0;
    uintptr_t before = (uintptr_t)o->bytes.ptr;
    int rc = weft_buf_reserve(&o->bytes, more);
    o->bytes.err = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        uintptr_t at = (uintptr_t)lent[i]->ptr - before;
        if (before != 0 && at < o->bytes.len) lent[i]->ptr = o->bytes.ptr + at;
    }
    return rc;
}

static int make_room(struct weft__overlay *o, size_t key_len) {
    if (o->count == UINT32_MAX - 1) return WEFT_ERR_NOMEM;
    void *items = o->items;
    int rc = weft__grow(o->alloc, &items, &o->cap, o->count + 1, sizeof *o->items);
    if (rc != 0) return rc;
    o->items = items;
    if (key_len > o->bytes.cap - o->bytes.len) rc = weft_buf_reserve(&o->bytes, key_len);
    o->bytes.err = 0;
    if (rc != 0) return rc;
    if (o->count >= FEW && (o->count + 1) * 2 > o->index_size) return index_grow(o);
    return 0;
}

/* There is room. */
static void append(struct weft_buf *b, struct weft_slice s) {
    if (s.len > 0) memcpy(b->ptr + b->len, s.ptr, s.len);
    b->len += s.len;
}

size_t weft__overlay_push(struct weft__overlay *o, struct weft__spot spot, struct weft_slice path,
                          struct weft_slice element) {
    bool fresh = spot.cell == WEFT__SLAB_NONE;
    if (make_room(o, fresh ? path.len + element.len : 0) != 0) return WEFT__OVERLAY_NONE;
    size_t item = o->count;
    o->items[item] = (struct weft__overlay_item){.cell = spot.cell, .place = spot.place, .put = !fresh};
    if (fresh) {
        o->items[item].key = o->bytes.len;
        o->items[item].path_len = (uint32_t)path.len;
        o->items[item].element_len = (uint32_t)element.len;
        append(&o->bytes, path);
        append(&o->bytes, element);
    }
    if (o->index_size != 0) index_insert(o, item);
    o->count++;
    return item;
}

int weft__overlay_reserve_totals(struct weft__overlay *o) {
    void *totals = o->totals;
    int rc = weft__grow(o->alloc, &totals, &o->totals_cap, o->count + 1, sizeof *o->totals);
    if (rc == 0) o->totals = totals;
    return rc;
}

/* Room doubles, so that a value that is written over and over does not pile up. */
int weft__overlay_set_value(struct weft__overlay *o, size_t item, struct weft_slice value) {
    struct weft__overlay_item *it = &o->items[item];
    if (value.len > it->value_room) {
        size_t room = (size_t)it->value_room * 2 > value.len ? (size_t)it->value_room * 2 : value.len;
        int rc = weft_buf_reserve(&o->bytes, room);
        o->bytes.err = 0;
        if (rc != 0) return rc;
        it->value = o->bytes.len;
        it->value_room = (uint32_t)room;
        o->bytes.len += room;
    }
    /* It may be a part of what stands there. */
    if (value.len > 0) memmove(o->bytes.ptr + it->value, value.ptr, value.len);
    it->value_len = (uint32_t)value.len;
    return 0;
}

struct weft_slice weft__overlay_value(const struct weft__overlay *o, size_t item) {
    const struct weft__overlay_item *it = &o->items[item];
    return weft_slice(it->value_len > 0 ? o->bytes.ptr + it->value : NULL, it->value_len);
}

int weft__overlay_list(struct weft__overlay *o) {
    void *order = o->order;
    int rc = weft__grow(o->alloc, &order, &o->order_cap, o->count * 2, sizeof *o->order);
    if (rc == 0) o->order = order;
    o->listed = 0;
    o->is_sorted = false;
    return rc;
}

/* The empty path comes before every other, so its first byte tells the two apart; up to seven bytes follow. */
static uint64_t prefix_of(const struct weft__overlay *o, size_t item, const struct weft__origin_table *table) {
    struct weft_slice path, element;
    weft__overlay_key(o, item, &path, &element);
    if (path.len == 0 && table != NULL) return weft__origin_table_index(table, weft__element_origin(element));
    struct weft_slice from = path.len == 0 ? element : path;
    uint8_t bytes[8] = {path.len > 0};
    uint64_t prefix = 0;
    if (from.len > 0) memcpy(bytes + 1, from.ptr, from.len < 7 ? from.len : 7);
    for (size_t i = 0; i < sizeof bytes; i++) prefix = prefix << 8 | bytes[i];
    return prefix;
}

static bool is_before_by_key(const struct weft__overlay *o, const struct weft__origin_table *table, uint32_t a,
                             uint32_t b) {
    struct weft_slice path_a, element_a, path_b, element_b;
    weft__overlay_key(o, a, &path_a, &element_a);
    weft__overlay_key(o, b, &path_b, &element_b);
    if (table == NULL) return weft__key_cmp(path_a, element_a, path_b, element_b) < 0;
    int order = weft_slice_cmp(path_a, path_b);
    if (order != 0) return order < 0;
    return weft__origin_table_index(table, weft__element_origin(element_a)) <
           weft__origin_table_index(table, weft__element_origin(element_b));
}

static bool is_before(const struct weft__overlay *o, const struct weft__origin_table *table,
                      struct weft__overlay_listed a, struct weft__overlay_listed b) {
    return a.prefix != b.prefix ? a.prefix < b.prefix : is_before_by_key(o, table, a.item, b.item);
}

static void sort_run(const struct weft__overlay *o, const struct weft__origin_table *table,
                     struct weft__overlay_listed *a, size_t n) {
    for (size_t i = 1; i < n; i++) {
        struct weft__overlay_listed x = a[i];
        size_t at = i;
        for (; at > 0 && is_before(o, table, x, a[at - 1]); at--) a[at] = a[at - 1];
        a[at] = x;
    }
}

/* Which side is next is as good as random, so it is computed and not branched on. */
static void merge(const struct weft__overlay *o, const struct weft__origin_table *table,
                  const struct weft__overlay_listed *from, size_t middle, size_t n, struct weft__overlay_listed *to) {
    size_t left = 0, right = middle;
    while (left < middle && right < n) {
        bool take_right = is_before(o, table, from[right], from[left]);
        *to++ = from[take_right ? right : left];
        right += take_right;
        left += !take_right;
    }
    memcpy(to, from + left, (middle - left) * sizeof *to);
    memcpy(to + (middle - left), from + right, (n - right) * sizeof *to);
}

void weft__overlay_sort(struct weft__overlay *o, const struct weft__origin_table *table) {
    size_t n = o->listed;
    if (n < 2 || o->is_sorted) return;
    struct weft__overlay_listed *from = o->order, *to = o->order + o->count;
    for (size_t i = 0; i < n; i++) from[i].prefix = prefix_of(o, from[i].item, table);
    for (size_t at = 0; at < n; at += RUN) sort_run(o, table, from + at, n - at < RUN ? n - at : RUN);
    for (size_t width = RUN; width < n; width *= 2) {
        for (size_t at = 0; at < n; at += 2 * width) {
            size_t len = n - at < 2 * width ? n - at : 2 * width;
            merge(o, table, from + at, len < width ? len : width, len, to + at);
        }
        struct weft__overlay_listed *swap = from;
        from = to;
        to = swap;
    }
    if (from != o->order) memcpy(o->order, from, n * sizeof *from);
    o->is_sorted = true;
}
