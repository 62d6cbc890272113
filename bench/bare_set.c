/* bare_set.c: linear probing, at most four fifths full, doubled when more. */
#include "bench/bare_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/prng.h"

void bare_set_init(struct bare_set *s) {
    memset(s, 0, sizeof *s);
}

void bare_set_fini(struct bare_set *s) {
    free(s->keys);
    free(s->used);
}

static size_t find(const struct bare_set *s, const uint8_t key[16]) {
    size_t i = weft__mix64(weft__load64(key) ^ (weft__load64(key + 8) * 31)) & (s->slots - 1);
    while (s->used[i] && memcmp(s->keys[i], key, 16) != 0) i = (i + 1) & (s->slots - 1);
    return i;
}

static void put(struct bare_set *s, const uint8_t key[16]) {
    size_t i = find(s, key);
    s->count += !s->used[i];
    s->used[i] = 1;
    memcpy(s->keys[i], key, 16);
}

static void grow(struct bare_set *s) {
    struct bare_set bigger = {.slots = s->slots == 0 ? 16 : 2 * s->slots};
    bigger.keys = malloc(bigger.slots * 16);
    bigger.used = calloc(bigger.slots, 1);
    if (bigger.keys == NULL || bigger.used == NULL) abort();
    for (size_t i = 0; i < s->slots; i++)
        if (s->used[i]) put(&bigger, s->keys[i]);
    bare_set_fini(s);
    *s = bigger;
}

void bare_set_add(struct bare_set *s, const uint8_t key[16]) {
    if (10 * (s->count + 1) > 8 * s->slots) grow(s);
    put(s, key);
}

bool bare_set_contains(const struct bare_set *s, const uint8_t key[16]) {
    return s->slots > 0 && s->used[find(s, key)];
}

size_t bare_set_bytes(const struct bare_set *s) {
    return s->slots * 17;
}
