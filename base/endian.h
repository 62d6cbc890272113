/* endian.h: 64-bit numbers as bytes, whatever the machine; one instruction where the compiler knows it. Little-endian
 * where nothing else is said. */
#ifndef WEFT_BASE_ENDIAN_H
#define WEFT_BASE_ENDIAN_H

#include <stdint.h>
#include <string.h>

static inline uint64_t weft__little_endian(uint64_t v) {
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(v);
#else
    return v;
#endif
}

static inline void weft__store64(uint8_t out[8], uint64_t v) {
    v = weft__little_endian(v);
    memcpy(out, &v, sizeof v);
}

static inline uint64_t weft__load64(const uint8_t in[8]) {
    uint64_t v;
    memcpy(&v, in, sizeof v);
    return weft__little_endian(v);
}

/* Big-endian: numbers that compare as the bytes do. */
static inline uint64_t weft__load64_be(const uint8_t in[8]) {
    return (uint64_t)in[0] << 56 | (uint64_t)in[1] << 48 | (uint64_t)in[2] << 40 | (uint64_t)in[3] << 32 |
           (uint64_t)in[4] << 24 | (uint64_t)in[5] << 16 | (uint64_t)in[6] << 8 | (uint64_t)in[7];
}

static inline void weft__store64_be(uint8_t out[8], uint64_t v) {
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)(v >> (56 - 8 * i));
}

#endif
