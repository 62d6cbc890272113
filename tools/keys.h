/* keys.h: making the files that identities are loaded from. Each returns an exit code, and says on standard error what
 * went wrong. */
#ifndef WEFT_TOOLS_KEYS_H
#define WEFT_TOOLS_KEYS_H

#include <stdint.h>

#include <weft/identity.h>

/* path, path.authority. */
int weft__keys_make_cluster(const char *path);
/* path, path.pub; hex gets the public key. */
int weft__keys_make_key(const char *path, char hex[2 * WEFT_KEY_LEN + 1]);

struct weft__keys_request {
    const char *cluster, *key; /* files: the cluster's, and x.pub; x.cert is written */
    const char *name;
    uint64_t days;
};
int weft__keys_sign(const struct weft__keys_request *r, uint64_t *serial);

#endif
