/* address.h: what names an object: a key and a type. All that is in the order of objects is in this one. */
#ifndef WEFT_CRDT_ADDRESS_H
#define WEFT_CRDT_ADDRESS_H

#include <stdint.h>

#include <weft/bytes.h>

struct weft__address {
    struct weft_slice key;
    uint32_t type;
};

static inline int weft__address_cmp(struct weft__address a, struct weft__address b) {
    int c = weft_slice_cmp(a.key, b.key);
    return c != 0 ? c : (a.type > b.type) - (a.type < b.type);
}

#endif
