/* rights.c: what the rights of a space allow. */
#include "replication/rights.h"

#include <string.h>

#include "base/hash.h"
#include "replication/engine.h"

/* --- The space's id -------------------------------------------------------------------------------------------------
 */

/* 'W', the kind, and a hash that binds the kind and the authority: an id of one kind is none of the other. */
void weft_rights_space(struct weft_id *out, const struct weft_key *authority, bool is_signed) {
    static const char prefix[] = "weft space"; /* with its zero */
    uint8_t text[sizeof prefix + 1 + WEFT_KEY_LEN], hash[WEFT__CHAIN_LEN];
    memcpy(text, prefix, sizeof prefix);
    text[sizeof prefix] = is_signed ? 'S' : 'R';
    memcpy(text + sizeof prefix + 1, authority->bytes, WEFT_KEY_LEN);
    weft__blake2b128(hash, weft_slice(text, sizeof text));
    out->bytes[0] = 'W';
    out->bytes[1] = text[sizeof prefix];
    memcpy(out->bytes + 2, hash, sizeof out->bytes - 2);
}

bool weft__rights_is_signed(const struct weft_id *space) {
    return space->bytes[0] == 'W' && space->bytes[1] == 'S';
}

bool weft__rights_governs(const struct weft_id *space) {
    return weft__rights_is_signed(space) || (space->bytes[0] == 'W' && space->bytes[1] == 'R');
}

/* --- What is known here
 * ----------------------------------------------------------------------------------------------- */

struct weft__allowance weft__rights_of_replica(const struct weft_replica *r, const struct weft_id *replica) {
    (void)r;
    (void)replica;
    return (struct weft__allowance){true, true, true};
}

const struct weft_key *weft__rights_signing_key(const struct weft_replica *r, const struct weft_id *replica,
                                                size_t index) {
    (void)r;
    (void)replica;
    (void)index;
    return NULL;
}
