/* number.h: a signed number as the eight bytes of a dot's value. */
#ifndef WEFT_CRDT_NUMBER_H
#define WEFT_CRDT_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

#include "base/endian.h"

#define WEFT__NUMBER_LEN 8u

/* Two's complement, little-endian. */
static inline struct weft_slice weft__number_store(uint8_t room[WEFT__NUMBER_LEN], int64_t number) {
    weft__store64(room, (uint64_t)number);
    return weft_slice(room, WEFT__NUMBER_LEN);
}

/* False: bytes that no writer of a number wrote. They came from outside, where types are not looked into, and count as
 * absent. */
static inline bool weft__number_load(struct weft_slice bytes, int64_t *out) {
    if (bytes.len != WEFT__NUMBER_LEN) return false;
    uint64_t word = weft__load64(bytes.ptr);
    *out = word <= INT64_MAX ? (int64_t)word : -(int64_t)(UINT64_MAX - word) - 1;
    return true;
}

#endif
