/* Certificates: by nobody that is known, they are refused whatever they say; signed, they are refused, or say what
 * makes the same bytes when it is signed again, and an identity takes them or says why not.
 *
 * Input: how, then bytes. 0: as they are. 1: what is signed with the secret of an authority that is known. */
#include <string.h>

#include <weft/err.h>
#include <weft/identity.h>

#include "tests/fuzz/authority.h"
#include "tests/fuzz/fuzz.h"

static const char prefix[] = "weft certificate";

/* As the own one of a replica with this secret; in most cases it is another's. */
static void try_identity(struct weft_slice certificate, const struct weft_certificate *c) {
    static const struct weft_key cluster_key = {"the key of the cluster, 32 bytes"}, secret = {"a replica's secret"};
    struct weft_identity_options o;
    struct weft_identity *id;
    struct weft_key public_key;
    char errmsg[200] = "";
    weft_key_public(&public_key, &secret);
    weft_identity_options_init(&o);
    o.cluster = c->cluster;
    o.cluster_key = &cluster_key;
    o.secret = &secret;
    o.certificate = certificate;
    o.authorities = &fuzz_authority()->key;
    o.authority_count = 1;
    int rc = weft_identity_new(&id, &o, errmsg, sizeof errmsg);
    bool is_own = memcmp(&public_key, &c->key, sizeof public_key) == 0;
    HOLDS(rc == (is_own ? 0 : WEFT_ERR_CERTIFICATE));
    HOLDS(rc == 0 || errmsg[0] != '\0');
    weft_identity_free(id);
}

static void try_signed(struct weft_slice bytes) {
    struct weft_certificate c;
    struct weft_buf whole, again;
    weft_buf_init(&whole, NULL);
    weft_buf_init(&again, NULL);
    fuzz_sign(prefix, bytes, &whole);
    int rc = weft_certificate_read(&c, weft_buf_slice(&whole), &fuzz_authority()->key);
    HOLDS(rc == 0 || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION);
    if (rc == 0) {
        HOLDS(weft_certificate_sign(&c, fuzz_authority()->secret, &again) == 0);
        HOLDS(weft_slice_eq(weft_buf_slice(&whole), weft_buf_slice(&again)));
        try_identity(weft_buf_slice(&whole), &c);
    }
    weft_buf_fini(&whole);
    weft_buf_fini(&again);
}

static void try_unknown(struct weft_slice bytes) {
    static const struct weft_key nobody = {"nobody has the secret to this 1"};
    struct weft_certificate c;
    uint8_t *copy = fuzz_copy(bytes);
    int rc = weft_certificate_read(&c, weft_slice(copy, bytes.len), &nobody);
    HOLDS(rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_CERTIFICATE);
    free(copy);
}

/* Keys that nobody chose: what such an authority signs, that one alone is taken for. */
static void try_new_keys(void) {
    struct weft_key secret, public_key, signs, other;
    uint8_t authority_secret[WEFT_AUTHORITY_SECRET_LEN];
    struct weft_certificate c = {.name = "a", .not_after = 1, .serial = 1}, read;
    struct weft_buf bytes;
    HOLDS(weft_key_new(&secret) == 0 && weft_authority_new(&public_key, authority_secret) == 0);
    weft_key_public(&c.key, &secret);
    weft_key_signing(&signs, &secret);
    weft_key_signing(&other, &public_key);
    HOLDS(memcmp(&signs, &other, sizeof signs) != 0);
    weft_buf_init(&bytes, NULL);
    HOLDS(weft_certificate_sign(&c, authority_secret, &bytes) == 0);
    HOLDS(weft_certificate_read(&read, weft_buf_slice(&bytes), &public_key) == 0);
    HOLDS(weft_certificate_read(&read, weft_buf_slice(&bytes), &fuzz_authority()->key) == WEFT_ERR_CERTIFICATE);
    weft_buf_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    bool is_signed = fuzz_byte(&in) % 2 == 1;
    if (size == 0) try_new_keys();
    (is_signed ? try_signed : try_unknown)(fuzz_bytes(&in, fuzz_left(&in)));
    return 0;
}
