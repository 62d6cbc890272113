/* certificate.c: certificates: Ed25519 over canonical bytes (certificate.proto).
 *
 * The signature covers a prefix that no other bytes of Weft begin with, so an authority's signature of a certificate is
 * one of nothing else. */
#include <string.h>

#include <sodium.h>

#include <weft/err.h>
#include <weft/identity.h>

#include "base/wire.h"
#include "clock/id.h"
#include "replication/uv/identity.h"

#define VERSION 1u

_Static_assert(WEFT_KEY_LEN == crypto_sign_PUBLICKEYBYTES, "Ed25519");
_Static_assert(WEFT_AUTHORITY_SECRET_LEN == crypto_sign_SECRETKEYBYTES, "Ed25519");

static const char prefix[] = "weft certificate";
static const char signing_prefix[] = "weft signing";
static const char replica_prefix[] = "weft replica";

int weft_key_new(struct weft_key *out) {
    if (sodium_init() < 0) return WEFT_ERR_IO;
    randombytes_buf(out->bytes, sizeof out->bytes);
    return 0;
}

void weft_key_public(struct weft_key *out, const struct weft_key *secret) {
    crypto_scalarmult_base(out->bytes, secret->bytes);
}

void weft__key_signing_pair(struct weft_key *public_key, uint8_t signs[crypto_sign_SECRETKEYBYTES],
                            const struct weft_key *secret) {
    uint8_t text[sizeof signing_prefix + sizeof secret->bytes], seed[crypto_sign_SEEDBYTES];
    memcpy(text, signing_prefix, sizeof signing_prefix);
    memcpy(text + sizeof signing_prefix, secret->bytes, sizeof secret->bytes);
    crypto_generichash(seed, sizeof seed, text, sizeof text, NULL, 0);
    crypto_sign_seed_keypair(public_key->bytes, signs, seed);
    sodium_memzero(text, sizeof text);
    sodium_memzero(seed, sizeof seed);
}

void weft_key_signing(struct weft_key *out, const struct weft_key *secret) {
    uint8_t signs[crypto_sign_SECRETKEYBYTES];
    weft__key_signing_pair(out, signs, secret);
    sodium_memzero(signs, sizeof signs);
}

void weft_key_replica(struct weft_id *out, const struct weft_key *public_key) {
    uint8_t text[sizeof replica_prefix + sizeof public_key->bytes];
    memcpy(text, replica_prefix, sizeof replica_prefix);
    memcpy(text + sizeof replica_prefix, public_key->bytes, sizeof public_key->bytes);
    crypto_generichash(out->bytes, sizeof out->bytes, text, sizeof text, NULL, 0);
}

int weft_authority_new(struct weft_key *public_key, uint8_t secret[WEFT_AUTHORITY_SECRET_LEN]) {
    if (sodium_init() < 0) return WEFT_ERR_IO;
    crypto_sign_keypair(public_key->bytes, secret);
    return 0;
}

static bool is_name(struct weft_slice name) {
    if (name.len == 0 || name.len > WEFT_NAME_MAX) return false;
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] < ' ' || name.ptr[i] > '~') return false;
    return true;
}

static bool is_possible(const struct weft_certificate *c) {
    const char *end = memchr(c->name, '\0', sizeof c->name);
    return end != NULL && is_name(weft_str(c->name)) && c->not_before < c->not_after && c->serial != 0;
}

/* Of a replica that is the key's own nothing is written, so that one certificate has one form. */
static void write_replica(const struct weft_certificate *c, struct weft_buf *out) {
    struct weft_id own;
    weft_key_replica(&own, &c->key);
    if (weft__id_is_zero(&c->replica) || weft_id_cmp(&c->replica, &own) == 0) return;
    weft__write_bytes(out, 8, weft_slice(c->replica.bytes, sizeof c->replica.bytes));
}

static void write_certificate(const struct weft_certificate *c, struct weft_buf *out) {
    weft__write_field_varint(out, 1, VERSION);
    weft__write_bytes(out, 2, weft_slice(c->cluster.bytes, sizeof c->cluster.bytes));
    weft__write_bytes(out, 3, weft_slice(c->key.bytes, sizeof c->key.bytes));
    weft__write_bytes(out, 4, weft_str(c->name));
    weft__write_field_varint(out, 5, c->not_before);
    weft__write_field_varint(out, 6, c->not_after);
    weft__write_field_varint(out, 7, c->serial);
    write_replica(c, out);
    weft__write_field_varint(out, 9, c->vouches);
}

/* The bytes that are signed; at most WEFT_CERTIFICATE_MAX follow the prefix. */
static size_t signed_text(uint8_t out[sizeof prefix + WEFT_CERTIFICATE_MAX], struct weft_slice bytes) {
    memcpy(out, prefix, sizeof prefix);
    memcpy(out + sizeof prefix, bytes.ptr, bytes.len);
    return sizeof prefix + bytes.len;
}

int weft_certificate_sign(const struct weft_certificate *c, const uint8_t secret[WEFT_AUTHORITY_SECRET_LEN],
                          struct weft_buf *out) {
    uint8_t signature[crypto_sign_BYTES], text[sizeof prefix + WEFT_CERTIFICATE_MAX];
    struct weft_buf bytes;
    size_t start = out->len;
    if (!is_possible(c)) return WEFT_ERR_INVALID;
    weft_buf_init(&bytes, out->alloc);
    write_certificate(c, &bytes);
    if (bytes.err == 0) {
        crypto_sign_detached(signature, NULL, text, signed_text(text, weft_buf_slice(&bytes)), secret);
        weft__write_bytes(out, 1, weft_buf_slice(&bytes));
        weft__write_bytes(out, 2, weft_slice(signature, sizeof signature));
    }
    int rc = bytes.err != 0 ? bytes.err : out->err;
    if (rc != 0) out->len = start;
    weft_buf_fini(&bytes);
    return rc;
}

static int take_bytes(struct weft__reader *r, uint32_t field, void *to, size_t len) {
    struct weft_slice s = weft__read_field_bytes(r, field);
    if (r->err != 0 || s.len != len) return WEFT_ERR_MALFORMED;
    memcpy(to, s.ptr, len);
    return 0;
}

static int read_replica(struct weft__reader *r, struct weft_certificate *c) {
    struct weft_id own;
    weft_key_replica(&own, &c->key);
    struct weft_slice id = weft__read_field_bytes(r, 8);
    c->replica = own;
    if (id.len == 0) return r->err;
    if (id.len != sizeof c->replica.bytes) return WEFT_ERR_MALFORMED;
    memcpy(c->replica.bytes, id.ptr, id.len);
    return weft__id_is_zero(&c->replica) || weft_id_cmp(&c->replica, &own) == 0 ? WEFT_ERR_MALFORMED : 0;
}

static int read_certificate(struct weft_certificate *c, struct weft_slice bytes) {
    struct weft__reader r;
    *c = (struct weft_certificate){.serial = 0};
    weft__reader_init(&r, bytes);
    uint64_t version = weft__read_field_varint(&r, 1);
    if (r.err == 0 && version > VERSION) return WEFT_ERR_VERSION;
    if (version != VERSION || take_bytes(&r, 2, c->cluster.bytes, sizeof c->cluster.bytes) != 0 ||
        take_bytes(&r, 3, c->key.bytes, sizeof c->key.bytes) != 0)
        return WEFT_ERR_MALFORMED;
    struct weft_slice name = weft__read_field_bytes(&r, 4);
    if (!is_name(name)) return WEFT_ERR_MALFORMED;
    memcpy(c->name, name.ptr, name.len);
    c->not_before = weft__read_field_varint(&r, 5);
    c->not_after = weft__read_field_varint(&r, 6);
    c->serial = weft__read_field_varint(&r, 7);
    if (read_replica(&r, c) != 0) return WEFT_ERR_MALFORMED;
    uint64_t vouches = weft__read_field_varint(&r, 9);
    if (vouches > 1) return WEFT_ERR_MALFORMED;
    c->vouches = vouches == 1;
    return r.err == 0 && weft__reader_done(&r) && is_possible(c) ? 0 : WEFT_ERR_MALFORMED;
}

int weft_certificate_read(struct weft_certificate *out, struct weft_slice bytes, const struct weft_key *authority) {
    struct weft__reader r;
    uint8_t text[sizeof prefix + WEFT_CERTIFICATE_MAX];
    if (bytes.len > WEFT_CERTIFICATE_MAX) return WEFT_ERR_MALFORMED;
    weft__reader_init(&r, bytes);
    struct weft_slice certificate = weft__read_field_bytes(&r, 1);
    struct weft_slice signature = weft__read_field_bytes(&r, 2);
    if (r.err != 0 || !weft__reader_done(&r) || signature.len != crypto_sign_BYTES) return WEFT_ERR_MALFORMED;
    size_t len = signed_text(text, certificate);
    if (crypto_sign_verify_detached(signature.ptr, text, len, authority->bytes) != 0) return WEFT_ERR_CERTIFICATE;
    return read_certificate(out, certificate);
}
