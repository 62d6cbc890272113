/* identity.h: what the channel asks of an identity. */
#ifndef WEFT_REPLICATION_UV_IDENTITY_H
#define WEFT_REPLICATION_UV_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include <weft/identity.h>

#include "replication/uv/noise.h"

#define WEFT__CLUSTER_KEYS_MAX 2u

/* Does not change once made, so links may share it; lives while somebody holds it. */
struct weft_identity {
    unsigned holders;
    struct weft_id cluster;
    struct weft_key cluster_keys[WEFT__CLUSTER_KEYS_MAX]; /* the current one first */
    size_t cluster_key_count;
    struct weft__noise_pair pair;
    uint8_t certificate[WEFT_CERTIFICATE_MAX];
    size_t certificate_len;
    struct weft_key *authorities, *allowed;
    size_t authority_count, allowed_count;
    uint64_t *revoked;
    size_t revoked_count;
};

struct weft_identity *weft__identity_hold(struct weft_identity *id);
/* Whether the peer that proved to have this key, and showed these bytes for a certificate, may link now (seconds since
 * 1970). WEFT_ERR_CERTIFICATE, WEFT_ERR_EXPIRED: it may not, and why, as the rest of a sentence about the peer. name
 * (WEFT_NAME_MAX + 1 bytes) is the certificate's, or empty; until: when the certificate ends, UINT64_MAX without one.
 */
int weft__identity_admit(const struct weft_identity *id, const struct weft_key *key, struct weft_slice certificate,
                         uint64_t now, char *name, uint64_t *until, char *why, size_t why_len);

#endif
