/* Encrypted links, in memory, beside the primitives that they cannot do without. */
#include <string.h>

#include <sodium.h>

#include <weft/err.h>
#include <weft/identity.h>

#include "bench/bench.h"
#include "replication/uv/channel.h"

#define HANDSHAKES 200
#define FRAME      16384u
#define FRAMES     8000
#define DELTA      128u
#define DELTAS     64u /* of one turn */
#define TURNS      4000
#define NOW        UINT64_C(1795600000)

static struct weft_identity *ids[2];
static uint8_t authority_secret[WEFT_AUTHORITY_SECRET_LEN];
static struct weft_key authority, secrets[2];
static struct weft_buf certificates[2];

static void make_identities(void) {
    static const struct weft_key cluster_key = {"the key of the cluster, 32 bytes"};
    bench_check(weft_authority_new(&authority, authority_secret), "weft_authority_new");
    for (int side = 0; side < 2; side++) {
        struct weft_certificate c = {.name = "dallas-1", .not_before = NOW - 1, .not_after = NOW + 1, .serial = 1};
        struct weft_identity_options o;
        bench_check(weft_key_new(&secrets[side]), "weft_key_new");
        weft_key_public(&c.key, &secrets[side]);
        weft_buf_init(&certificates[side], NULL);
        bench_check(weft_certificate_sign(&c, authority_secret, &certificates[side]), "weft_certificate_sign");
        weft_identity_options_init(&o);
        o.cluster_key = &cluster_key;
        o.secret = &secrets[side];
        o.authorities = &authority;
        o.authority_count = 1;
        o.certificate = weft_buf_slice(&certificates[side]);
        bench_check(weft_identity_new(&ids[side], &o, NULL, 0), "weft_identity_new");
    }
}

struct pair {
    struct weft__channel *sides[2]; /* the caller first */
    struct weft_buf wire[2], plain;
};

static void pass(struct pair *p, int from) {
    struct weft__channel *to = p->sides[1 - from];
    bench_check(to->cls->receive(to, weft_buf_slice(&p->wire[from]), &p->plain, &p->wire[1 - from]), "receive");
    weft_buf_reset(&p->wire[from]);
}

static void link_up(struct pair *p) {
    for (int side = 0; side < 2; side++) {
        uint8_t ephemeral[WEFT_KEY_LEN];
        randombytes_buf(ephemeral, sizeof ephemeral);
        bench_check(weft__channel_sealed_new(&p->sides[side], NULL, ids[side], side == 0, NOW, ephemeral), "new");
        weft_buf_init(&p->wire[side], NULL);
    }
    weft_buf_init(&p->plain, NULL);
    bench_check(p->sides[0]->cls->start(p->sides[0], &p->wire[0]), "start");
    for (int m = 0; m < 3; m++) pass(p, m % 2);
    if (!p->sides[0]->cls->ready(p->sides[0]) || !p->sides[1]->cls->ready(p->sides[1]))
        bench_check(WEFT_ERR_NOT_READY, "handshake");
}

static void link_down(struct pair *p) {
    for (int side = 0; side < 2; side++) {
        p->sides[side]->cls->close(p->sides[side]);
        weft_buf_fini(&p->wire[side]);
    }
    weft_buf_fini(&p->plain);
}

static double handshakes(void) {
    double from = bench_now();
    for (int i = 0; i < HANDSHAKES; i++) {
        struct pair p;
        link_up(&p);
        link_down(&p);
    }
    return (bench_now() - from) / HANDSHAKES * 1e6;
}

/* Of each side: the public key of its ephemeral secret, three agreements, the authority's signature. */
static double primitives(void) {
    uint8_t secret[32], point[32], shared[32], signature[crypto_sign_BYTES], text[200] = {1};
    randombytes_buf(secret, sizeof secret);
    crypto_sign_detached(signature, NULL, text, sizeof text, authority_secret);
    double from = bench_now();
    for (int i = 0; i < 2 * HANDSHAKES; i++) {
        secret[0] = (uint8_t)i;
        crypto_scalarmult_base(point, secret);
        for (int j = 0; j < 3; j++) {
            bench_check(crypto_scalarmult(shared, secret, point), "crypto_scalarmult");
            secret[1] ^= shared[0];
        }
        bench_check(crypto_sign_verify_detached(signature, text, sizeof text, authority.bytes), "crypto_sign_verify");
    }
    return (bench_now() - from) / HANDSHAKES * 1e6;
}

static double through_link(size_t len, int count) {
    static uint8_t bytes[FRAME];
    struct pair p;
    link_up(&p);
    double from = bench_now();
    for (int i = 0; i < count; i++) {
        bench_check(p.sides[0]->cls->send(p.sides[0], weft_slice(bytes, len), &p.wire[0]), "send");
        pass(&p, 0);
        weft_buf_reset(&p.plain);
    }
    double seconds = bench_now() - from;
    link_down(&p);
    return (double)len * count / seconds / 1e9;
}

static double aead_alone(size_t len, int count) {
    static uint8_t plain[FRAME], bytes[FRAME + crypto_aead_chacha20poly1305_IETF_ABYTES];
    uint8_t key[32] = {1}, nonce[12] = {0};
    double from = bench_now();
    for (int i = 0; i < count; i++) {
        memcpy(nonce + 4, &i, sizeof i);
        crypto_aead_chacha20poly1305_ietf_encrypt(bytes, NULL, plain, len, NULL, 0, NULL, nonce, key);
        bench_check(crypto_aead_chacha20poly1305_ietf_decrypt(
                        plain, NULL, NULL, bytes, len + crypto_aead_chacha20poly1305_IETF_ABYTES, NULL, 0, nonce, key),
                    "decrypt");
    }
    return (double)len * count / (bench_now() - from) / 1e9;
}

/* One side's share of what a small delta costs when a turn's deltas are sent together. */
static double each_delta(void) {
    double bytes_per_ns = through_link(DELTA * DELTAS, TURNS);
    return DELTA / bytes_per_ns / 2;
}

void bench_links(void) {
    double shake[BENCH_ROUNDS], floor[BENCH_ROUNDS], sealed[BENCH_ROUNDS], aead[BENCH_ROUNDS], small[BENCH_ROUNDS];
    make_identities();
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        floor[i] = primitives();
        shake[i] = handshakes();
        aead[i] = aead_alone(FRAME, FRAMES);
        sealed[i] = through_link(FRAME, FRAMES);
        small[i] = each_delta();
    }
    for (int side = 0; side < 2; side++) {
        weft_identity_free(ids[side]);
        weft_buf_fini(&certificates[side]);
    }
    bench_section("Encrypted links",
                  "In memory, both sides on one thread. A handshake beside its primitives: of each side a public key, "
                  "three agreements and a signature checked. 16 KiB at a time, encrypted and decrypted, beside "
                  "libsodium's AEAD alone. 64 deltas of 128 bytes sent together.");
    bench_row("a handshake, both sides", bench_summary(shake, BENCH_ROUNDS), "µs", "");
    bench_row("a handshake, ratio to its primitives", bench_ratio(shake, floor, BENCH_ROUNDS), "x", "at most 1.3 x");
    bench_row("16 KiB, both sides", bench_summary(sealed, BENCH_ROUNDS), "GB/s", "");
    bench_row("16 KiB, ratio to the AEAD", bench_ratio(sealed, aead, BENCH_ROUNDS), "x", "at least 0.8 x");
    bench_row("a small delta, one side", bench_summary(small, BENCH_ROUNDS), "ns", "under 150 ns");
}
