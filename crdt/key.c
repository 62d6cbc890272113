/* key.c: see key.h.
 *
 * Hashing is in steps, each keyed by the result of the one before (object, then the path if there is one, then the
 * element), so that no two splits of the same bytes into path and element hash alike, and nothing is concatenated. */
#include "crdt/key.h"

#include <string.h>

#include <weft/limits.h>

#include "base/endian.h"
#include "base/prng.h"
#include "base/wire.h"

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

uint32_t weft__key_place(struct weft__hash128 key, uint64_t seed) {
    return (uint32_t)weft__mix64(key.lo ^ seed);
}

uint32_t weft__key_place_unhashed(uint64_t seed, struct weft_slice path, struct weft_slice element) {
    struct weft__hash128 secret = {seed, 0};
    if (path.len > 0) secret.hi = weft__siphash64(secret, path.ptr, path.len);
    return (uint32_t)weft__siphash64(secret, element.ptr, element.len);
}

void weft__origin_store(uint8_t out[WEFT__ORIGIN_LEN], const struct weft_origin *origin) {
    memcpy(out, origin->replica.bytes, 16);
    weft__store64(out + 16, origin->epoch);
}
