/* identity.h: who a replica is to its peers, and whom it lets in (libweft-uv).
 *
 * A link is a session of Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b. Three things let a peer in, and each keeps out somebody
 * else: the cluster's key, which all replicas share, keeps strangers from costing more than a decryption; the peer's
 * own key proves who it is; and a certificate by an authority of the cluster, or a place on a list of allowed keys,
 * says that it may. Whoever knows only the cluster's key gets no link, and learns no more than the certificate of whom
 * it calls.
 *
 * An identity is made once and given to a node (weft_uv_options.identity, weft_uv_set_identity), or to several of one
 * thread. Its secrets are kept in guarded memory and wiped with it. It does not change: to rotate a key, a certificate
 * or the list, make another. */
#ifndef WEFT_IDENTITY_H
#define WEFT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/causal.h>
#include <weft/key.h>
#include <weft/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Random: a cluster's key, or a replica's secret key. WEFT_ERR_IO: the system has no entropy. */
WEFT_API int weft_key_new(struct weft_key *out) WEFT_MUST_CHECK;
/* The public key (X25519) of a replica's secret one. */
WEFT_API void weft_key_public(struct weft_key *out, const struct weft_key *secret);
/* The public half of the key with which the replica signs its transactions in a space that wants it (Ed25519; its seed
 * is BLAKE2b-256 of "weft signing" and a zero byte, then the secret key). */
WEFT_API void weft_key_signing(struct weft_key *out, const struct weft_key *secret);
/* The replica that has a public key where nobody says another: BLAKE2b-128 of "weft replica" and a zero byte, then the
 * key. */
WEFT_API void weft_key_replica(struct weft_id *out, const struct weft_key *public_key);
/* An authority that signs certificates (Ed25519). Its secret belongs on a machine that runs no replica. WEFT_ERR_IO. */
WEFT_API int weft_authority_new(struct weft_key *public_key, uint8_t secret[WEFT_AUTHORITY_SECRET_LEN]) WEFT_MUST_CHECK;

/* What an authority says: this key may link in this cluster, in this time, as this replica. */
struct weft_certificate {
    struct weft_id cluster;
    struct weft_key key;            /* public */
    char name[WEFT_NAME_MAX + 1];   /* for people: printable ASCII, not empty */
    uint64_t not_before, not_after; /* seconds since 1970: valid from the first on, and not from the second on */
    uint64_t serial;                /* what a revocation names; not 0 */
    struct weft_id replica;         /* all zero when it is signed: the one of the key */
    bool vouches;                   /* others take whole states of it, which it says are what others wrote */
};
/* Appends a certificate, which is public. WEFT_ERR_INVALID: a name or times that cannot be; WEFT_ERR_NOMEM. */
WEFT_API int weft_certificate_sign(const struct weft_certificate *c, const uint8_t secret[WEFT_AUTHORITY_SECRET_LEN],
                                   struct weft_buf *out) WEFT_MUST_CHECK;
/* WEFT_ERR_MALFORMED: no such bytes as a certificate has; WEFT_ERR_VERSION; WEFT_ERR_CERTIFICATE: not signed by that
 * authority. Looks at no clock and at no list. */
WEFT_API int weft_certificate_read(struct weft_certificate *out, struct weft_slice bytes,
                                   const struct weft_key *authority) WEFT_MUST_CHECK;

struct weft_identity;

struct weft_identity_options {
    size_t size; /* set by weft_identity_options_init */
    struct weft_id cluster;
    const struct weft_key *cluster_key;
    const struct weft_key
        *previous_cluster_key;     /* also taken of who calls, while a rotation is under way; NULL: none */
    const struct weft_key *secret; /* this replica's */
    struct weft_slice certificate; /* of this replica's key; empty: peers must have the key on their lists */
    /* Authorities whose certificates are taken: several while one takes over from another. */
    const struct weft_key *authorities;
    size_t authority_count;
    const struct weft_key *allowed; /* public keys that need no certificate */
    size_t allowed_count;
    const uint64_t *revoked; /* serials of certificates that are not taken any more */
    size_t revoked_count;
    const struct weft_id *allowed_replicas; /* of each allowed key; all zero, or NULL: the certificate's or the key's */
    struct weft_id space;                   /* what the cluster's replicas hold; all zero: nobody says */
};
#define weft_identity_options_init(o) weft_identity_options_init_sized((o), sizeof *(o))
WEFT_API void weft_identity_options_init_sized(struct weft_identity_options *o, size_t size);

/* Everything is copied. An allowed key is let in whatever its certificate, and vouches. WEFT_ERR_INVALID: a key is
 * missing, or nobody could be let in (no authority and no allowed key); WEFT_ERR_CERTIFICATE: the own certificate is of
 * another key, of another cluster, or by none of the authorities; WEFT_ERR_NOMEM; WEFT_ERR_IO. errmsg (may be NULL)
 * gets a sentence. */
WEFT_API int weft_identity_new(struct weft_identity **out, const struct weft_identity_options *o, char *errmsg,
                               size_t errmsg_len) WEFT_MUST_CHECK;
/* From files as `weft cluster`, `weft keygen` and `weft cert` write them; a certificate is looked for beside the key,
 * in key_file with ".cert" after it. Also: WEFT_ERR_NOT_FOUND, WEFT_ERR_IO, WEFT_ERR_MALFORMED, WEFT_ERR_LIMIT (errmsg
 * names the line); WEFT_ERR_INVALID: others than the owner may read a file with a secret. */
WEFT_API int weft_identity_load(struct weft_identity **out, const char *cluster_file, const char *key_file,
                                char *errmsg, size_t errmsg_len) WEFT_MUST_CHECK;
/* Which replica it is to its peers: as they would find from the same lists. */
WEFT_API struct weft_id weft_identity_replica(const struct weft_identity *id);
/* NULL is fine. Nodes that were given it, and links that are shaking hands, hold it until they are done. */
WEFT_API void weft_identity_free(struct weft_identity *id);

#ifdef __cplusplus
}
#endif

#endif
