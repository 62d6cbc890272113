/* key.c: see key.h.
 *
 * Hashing is in steps, each keyed by the result of the one before (object, then the path if there is one, then the
 * element), so that no two splits of the same bytes into path and element hash alike, and nothing is concatenated.
 * Placing is for lookups, of which there are several for each change, and never leaves the process: short elements,
 * which most are, cost a multiplication for each four bytes. The length tells a last word that is not whole from
 * one that is. */
#include "crdt/key.h"

#include <string.h>

#include <weft/limits.h>

#include "base/endian.h"
#include "base/prng.h"
#include "base/wire.h"

/* Two of the secrets are for the beginning and the length. */
#define SHORT ((WEFT__PLACING_WORDS - 2) * 4)

bool weft__path_is_valid(struct weft_slice path) {
    struct weft__reader r;
    weft__reader_init(&r, path);
    for (uint32_t depth = 0; !weft__reader_done(&r); depth++) {
        uint64_t type = weft__read_varint(&r);
        struct weft_slice key = weft__read_bytes(&r);
        if (depth == WEFT_PATH_DEPTH_MAX || type > UINT32_MAX || key.len > WEFT_KEY_MAX) return false;
    }
    return r.err == 0;
}

int weft__key_cmp(struct weft_slice a_path, struct weft_slice a_element, struct weft_slice b_path,
                  struct weft_slice b_element) {
    int order = weft_slice_cmp(a_path, b_path);
    return order != 0 ? order : weft_slice_cmp(a_element, b_element);
}

struct weft__hash128 weft__key_hash(struct weft__hash128 object, struct weft_slice path, struct weft_slice element) {
    if (path.len > 0) object = weft__siphash128(object, path.ptr, path.len);
    return weft__siphash128(object, element.ptr, element.len);
}

/* Multilinear hashing: the sum of the 32-bit words of the element, each times a secret of its own, and its length. Two
 * elements fall together with a chance of 2^-32, whoever chose them, if not knowing the secrets (Lemire, Kaser:
 * Strongly Universal String Hashing is Fast, 2014). */
static uint64_t place_short(const struct weft__pool *p, struct weft_slice element) {
    const uint64_t *secret = p->placing;
    uint64_t sum = secret[0] + secret[1] * element.len, words;
    size_t at = 0;
    for (secret += 2; element.len - at >= sizeof words; at += sizeof words, secret += 2) {
        memcpy(&words, element.ptr + at, sizeof words);
        sum += secret[0] * (uint32_t)words + secret[1] * (words >> 32);
    }
    if (at == element.len) return sum;
    for (words = 0; at < element.len; at++) words = words << 8 | element.ptr[at];
    return sum + secret[0] * (uint32_t)words + secret[1] * (words >> 32);
}

WEFT_COLD static uint64_t place_long(const struct weft__pool *p, struct weft_slice path, struct weft_slice element) {
    struct weft__hash128 secret = {p->seed, 0};
    if (path.len > 0) secret.hi = weft__siphash64(secret, path.ptr, path.len);
    return weft__siphash64(secret, element.ptr, element.len);
}

uint32_t weft__key_place(const struct weft__pool *p, struct weft_slice path, struct weft_slice element) {
    bool is_short = path.len == 0 && element.len <= SHORT;
    return (uint32_t)weft__mix64(is_short ? place_short(p, element) : place_long(p, path, element));
}

void weft__origin_store(uint8_t out[WEFT__ORIGIN_LEN], const struct weft_origin *origin) {
    memcpy(out, origin->replica.bytes, 16);
    weft__store64(out + 16, origin->epoch);
}
