/* maps.h: maps used alone, for their tests. */
#ifndef WEFT_TESTS_CRDT_MAPS_H
#define WEFT_TESTS_CRDT_MAPS_H

#include <weft/ormap.h>

#include "tests/unit/crdt/values.h"

static const struct weft_slice nothing = {NULL, 0};

static inline struct weft_value *map(uint32_t number) {
    return value_of(&weft_ormap_class, number);
}

static inline struct weft_edit *child(struct weft_value *v, const char *key, const struct weft_crdt_class *cls) {
    return weft_ormap_edit(weft_value_edit(v), weft_str(key), cls);
}

static inline void count(struct weft_value *v, const char *key, int64_t amount) {
    weft_pncounter_add(child(v, key, &weft_pncounter_class), amount);
}

static inline void add(struct weft_value *v, const char *key, const char *element) {
    weft_aworset_add(child(v, key, &weft_aworset_class), weft_str(element));
}

static inline void remove_key(struct weft_value *v, const char *key) {
    weft_ormap_remove(weft_value_edit(v), weft_str(key));
}

/* Stamps ascend. */
static inline uint64_t next_word(void) {
    static uint64_t word;
    return ++word;
}

static inline void commit(struct weft_value *v) {
    commit_quietly(v, next_word());
}

static inline void meet(struct weft_value *a, struct weft_value *b) {
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert(value_eq(a, b));
}

static inline void free_two(struct weft_value *a, struct weft_value *b) {
    weft_value_free(a);
    weft_value_free(b);
}

#endif
