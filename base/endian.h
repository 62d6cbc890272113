/* endian.h: 64-bit numbers as little-endian bytes, whatever the machine; one instruction where it is little-endian. */
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

#endif
