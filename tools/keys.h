/* keys.h: making the files that identities are loaded from. Each returns an exit code, and says on standard error what
 * went wrong. */
#ifndef WEFT_TOOLS_KEYS_H
#define WEFT_TOOLS_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/identity.h>

/* What its space is: without rights, with rights, or with rights and every transaction signed. */
enum weft__keys_space { WEFT__KEYS_FREE, WEFT__KEYS_RIGHTS, WEFT__KEYS_SIGNED };
/* path, path.authority. */
int weft__keys_make_cluster(const char *path, enum weft__keys_space kind);
/* path, path.pub; hex gets the public key. */
int weft__keys_make_key(const char *path, char hex[2 * WEFT_KEY_LEN + 1]);

struct weft__keys_request {
    const char *cluster, *key; /* files: the cluster's, and x.pub; x.cert is written */
    const char *name;
    uint64_t days;
    const char *replica; /* its id in hexadecimal; NULL: the key's own */
    bool no_vouch;
};
int weft__keys_sign(const struct weft__keys_request *r, uint64_t *serial);

#endif
