/* bare_set.h: the floor under an aworset: an open-addressing set of 16-byte keys that does nothing else. */
#ifndef WEFT_BENCH_BARE_SET_H
#define WEFT_BENCH_BARE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bare_set {
    uint8_t (*keys)[16];
    uint8_t *used;
    size_t count, slots;
};

void bare_set_init(struct bare_set *s);
void bare_set_fini(struct bare_set *s);
void bare_set_add(struct bare_set *s, const uint8_t key[16]);
bool bare_set_contains(const struct bare_set *s, const uint8_t key[16]);
size_t bare_set_bytes(const struct bare_set *s);

#endif
