/* cluster_keys.h: the keys of a small cluster, for tests. */
#ifndef WEFT_TESTS_UV_CLUSTER_KEYS_H
#define WEFT_TESTS_UV_CLUSTER_KEYS_H

#include <check.h>
#include <string.h>

#include <weft/err.h>
#include <weft/identity.h>

#define NOW UINT64_C(1795600000) /* in November 2026 */

static const struct weft_key cluster_key = {"the key of the cluster, 32 bytes"};
static const struct weft_key other_cluster_key = {"the key of another one, 32 bytes"};

struct authority {
    struct weft_key public_key;
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
};

static inline void authority_make(struct authority *a) {
    ck_assert_int_eq(weft_authority_new(&a->public_key, a->secret), 0);
}

/* A replica's secret key, the same for the same number. */
static inline void secret_of(uint8_t number, struct weft_key *out) {
    memset(out, number, sizeof *out);
}

static inline void public_of(uint8_t number, struct weft_key *out) {
    struct weft_key secret;
    secret_of(number, &secret);
    weft_key_public(out, &secret);
}

/* An hour on either side of NOW. */
static inline struct weft_certificate certificate_of(uint8_t number) {
    struct weft_certificate c = {.cluster = {{7}},
                                 .name = "tokyo-1",
                                 .not_before = NOW - 3600,
                                 .not_after = NOW + 3600,
                                 .serial = number,
                                 .vouches = true};
    public_of(number, &c.key);
    return c;
}

/* Options of a replica with the certificate, in `bytes`; certificate NULL: none. */
static inline void options_of(struct weft_identity_options *o, uint8_t number, struct weft_key *secret,
                              const struct weft_certificate *c, const struct authority *a, struct weft_buf *bytes) {
    weft_identity_options_init(o);
    secret_of(number, secret);
    o->cluster = (struct weft_id){{7}};
    o->cluster_key = &cluster_key;
    o->secret = secret;
    o->authorities = &a->public_key;
    o->authority_count = 1;
    weft_buf_reset(bytes);
    if (c != NULL) ck_assert_int_eq(weft_certificate_sign(c, a->secret, bytes), 0);
    o->certificate = weft_buf_slice(bytes);
}

#endif
