/* knocks.h: who may begin a handshake now.
 *
 * Before it has proved the cluster's key, a caller is an address. So many handshakes are under way at once, so many are
 * begun in a second, and an address that failed too often of late is not heard: what strangers cost is bounded,
 * whatever they do, and beyond it connections wait in the system's queue. What it takes is not much either: a table of
 * a fixed size, in which addresses that fall together share their fate. */
#ifndef WEFT_REPLICATION_UV_KNOCKS_H
#define WEFT_REPLICATION_UV_KNOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <weft/limits.h>

#include "base/hash.h"
#include "replication/uv/bucket.h"

struct weft__knocks {
    struct weft__hash128 key; /* places addresses; random */
    uint32_t half_open;
    struct weft__bucket all;
    struct weft__bucket *places;
};

/* alloc'd places: WEFT__KNOCKS_PLACES of them, zeroed; lent. */
void weft__knocks_init(struct weft__knocks *k, struct weft__hash128 key, struct weft__bucket *places);
/* Whether one more caller may begin now; the second function counts it as begun. */
bool weft__knocks_may_begin(struct weft__knocks *k, uint64_t now_ms);
bool weft__knocks_begin(struct weft__knocks *k, uint64_t now_ms);
/* Where the address has its place. */
uint32_t weft__knocks_place(const struct weft__knocks *k, const struct sockaddr *from);
/* Whether who calls from there may be heard. It is taken for a failure until it ends well. */
bool weft__knocks_hear(struct weft__knocks *k, uint32_t place, uint64_t now_ms);
/* The handshake is over. well: it is not held against the address, if it was heard. */
void weft__knocks_end(struct weft__knocks *k, uint32_t place, bool well);

#endif
