/* key.h: what names a cell within its object: a path and an element.
 *
 * A path is the steps to a nested child: each a varint type id, a varint length and that many bytes of key. */
#ifndef WEFT_CRDT_KEY_H
#define WEFT_CRDT_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>

#include "base/hash.h"
#include "crdt/pool.h"

/* Well formed and within WEFT_PATH_DEPTH_MAX and WEFT_KEY_MAX. The empty path is. */
bool weft__path_is_valid(struct weft_slice path);

/* path, then element, in memcmp order */
int weft__key_cmp(struct weft_slice a_path, struct weft_slice a_element, struct weft_slice b_path,
                  struct weft_slice b_element);

/* The hash of (object, path, element), the same at every replica. It is also the key of the hashes of what stands
 * there. */
struct weft__hash128 weft__key_hash(struct weft__hash128 object, struct weft_slice path, struct weft_slice element);
/* Where a key is looked for in the tables of one pool. It rests on the pool's secret, so a peer cannot choose keys that
 * fall together. */
uint32_t weft__key_place(const struct weft__pool *p, struct weft_slice path, struct weft_slice element);

/* An origin as hashes take it: its full id. */
#define WEFT__ORIGIN_LEN 24
void weft__origin_store(uint8_t out[WEFT__ORIGIN_LEN], const struct weft_origin *origin);

#endif
