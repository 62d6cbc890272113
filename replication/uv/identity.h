/* identity.h: what the channel asks of an identity. */
#ifndef WEFT_REPLICATION_UV_IDENTITY_H
#define WEFT_REPLICATION_UV_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/identity.h>
#include <weft/limits.h>

#include "replication/uv/noise.h"

/* Guarded memory of handshakes that came to nothing, kept for the next ones: to get and give back a piece costs a
 * stranger's whole handshake over again. */
#define WEFT__SPARES_MAX 16u

/* Does not change once made, so links may share it; lives while somebody holds it. */
struct weft_identity {
    unsigned holders;
    struct weft_id cluster;
    struct weft_key cluster_keys[WEFT__CLUSTER_KEYS_MAX]; /* the current one first */
    size_t cluster_key_count;
    struct weft__noise_pair pair;
    struct weft_key signing;                  /* Ed25519, of this replica ... */
    uint8_t signs[WEFT_AUTHORITY_SECRET_LEN]; /* ... and its secret half */
    struct weft_id replica, space;            /* space all zero: nobody says */
    uint8_t certificate[WEFT_CERTIFICATE_MAX];
    size_t certificate_len;
    struct weft_certificate own; /* what it says; serial 0: there is none, or it needs none */
    bool shows_nothing;          /* there is none, and it is not on the own list either */
    struct weft_key *authorities, *allowed;
    struct weft_id *allowed_replicas; /* of each allowed key; all zero: nobody says */
    size_t authority_count, allowed_count;
    uint64_t *revoked;
    size_t revoked_count;
    void *spares[WEFT__SPARES_MAX]; /* sealed.c's; wiped */
    size_t spare_count;
};

/* A peer that was let in. */
struct weft__admitted {
    struct weft_key key;
    struct weft_id replica;
    bool vouches;
    char name[WEFT_NAME_MAX + 1]; /* the certificate's; empty: it showed none that is known here */
    uint64_t until;               /* when the certificate ends; UINT64_MAX: it needs none */
};

struct weft_identity *weft__identity_hold(struct weft_identity *id);
/* Whether the peer that proved to have this key, and showed these bytes for a certificate, may link now (seconds since
 * 1970), and as whom. WEFT_ERR_CERTIFICATE, WEFT_ERR_EXPIRED: it may not, and why, as the rest of a sentence about the
 * peer. */
int weft__identity_admit(const struct weft_identity *id, const struct weft_key *key, struct weft_slice certificate,
                         uint64_t now, struct weft__admitted *out, char *why, size_t why_len);
/* Whether a node goes on as it is with another identity: WEFT_ERR_FOREIGN where it is of another replica, cluster or
 * space, and why, as a sentence. */
int weft__identity_compare(const struct weft_identity *now, const struct weft_identity *next, char *why,
                           size_t why_len);
/* Whether its own certificate is valid at that time, since only its peers would say otherwise. WEFT_ERR_EXPIRED, or
 * WEFT_ERR_CERTIFICATE where it would need one, and why, as a sentence. */
int weft__identity_check_own(const struct weft_identity *id, uint64_t now, char *why, size_t why_len);
/* Both halves of the key that signs transactions (weft_key_signing). */
void weft__key_signing_pair(struct weft_key *public_key, uint8_t signs[WEFT_AUTHORITY_SECRET_LEN],
                            const struct weft_key *secret);

#endif
