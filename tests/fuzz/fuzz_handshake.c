/* Links before and after they are encrypted: what strangers send, what somebody between makes of a handshake, and
 * certificates.
 *
 * Input: what is tried, then its bytes. 0, 1: any bytes to a called or a calling side. 2: an honest session of which
 * bytes are changed: (message, place, bits) each; the sides get ready only if none was. 3: a certificate. */
#include <string.h>

#include <weft/err.h>

#include "replication/uv/channel.h"
#include "tests/fuzz/fuzz.h"

#define NOW      UINT64_C(1795600000)
#define MESSAGES 5u

/* Strangers try the first. The sessions in between have another: a fuzzer that saw one would send its beginning again,
 * and be answered, as anybody would who does that. */
static const struct weft_key cluster_keys[2] = {{"the key of the cluster, 32 bytes"},
                                                {"the key of another one, 32 bytes"}};

static struct weft_identity *identity(uint8_t number, bool known) {
    struct weft_key secret, allowed[2];
    struct weft_identity_options o;
    struct weft_identity *id;
    memset(&secret, number, sizeof secret);
    for (uint8_t i = 0; i < 2; i++) {
        struct weft_key other;
        memset(&other, 1 + i, sizeof other);
        weft_key_public(&allowed[i], &other);
    }
    weft_identity_options_init(&o);
    o.cluster_key = &cluster_keys[known];
    o.secret = &secret;
    o.allowed = allowed;
    o.allowed_count = 2;
    HOLDS(weft_identity_new(&id, &o, NULL, 0) == 0);
    return id;
}

static struct weft__channel *channel(bool initiator, bool known) {
    static struct weft_identity *ids[2][2];
    struct weft__channel *c;
    uint8_t ephemeral[WEFT_KEY_LEN];
    struct weft_identity **id = &ids[known][initiator];
    if (*id == NULL) *id = identity(initiator ? 1 : 2, known);
    memset(ephemeral, 3 + initiator, sizeof ephemeral);
    HOLDS(weft__channel_sealed_new(&c, NULL, *id, initiator, NOW, ephemeral) == 0);
    return c;
}

static bool is_refusal(int rc) {
    return rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION || rc == WEFT_ERR_STRANGER || rc == WEFT_ERR_CERTIFICATE;
}

static int receive(struct weft__channel *c, struct weft_slice bytes, struct weft_buf *plain, struct weft_buf *wire) {
    uint8_t *copy = fuzz_copy(bytes);
    int rc = c->cls->receive(c, weft_slice(copy, bytes.len), plain, wire);
    free(copy);
    HOLDS(rc == 0 || (is_refusal(rc) && c->cls->errmsg(c)[0] != '\0'));
    return rc;
}

/* Nobody who does not know the cluster's key gets a byte, or in. */
static void try_stranger(struct fuzz_input *in, bool initiator) {
    struct weft__channel *c = channel(initiator, false);
    struct weft_buf plain, wire;
    weft_buf_init(&plain, NULL);
    weft_buf_init(&wire, NULL);
    HOLDS(c->cls->start(c, &wire) == 0);
    size_t said = wire.len;
    int rc = 0;
    while (rc == 0 && fuzz_left(in) > 0) rc = receive(c, fuzz_piece(in), &plain, &wire);
    HOLDS(!c->cls->ready(c) && plain.len == 0 && wire.len == said);
    c->cls->close(c);
    weft_buf_fini(&plain);
    weft_buf_fini(&wire);
}

static bool change(struct fuzz_input *in, size_t message, struct weft_buf *wire) {
    bool changed = false;
    struct fuzz_input edits = *in;
    while (fuzz_left(&edits) >= 4) {
        size_t at = fuzz_byte(&edits), place = fuzz_byte(&edits);
        place |= (size_t)fuzz_byte(&edits) << 8;
        uint8_t bits = fuzz_byte(&edits);
        if (at % MESSAGES != message || wire->len == 0) continue;
        wire->ptr[place % wire->len] ^= bits;
        changed = changed || bits != 0;
    }
    return changed;
}

/* The last two messages are of the session. An edit may undo another, so what counts is whether bytes differ. */
static void try_between(struct fuzz_input *in) {
    struct weft__channel *sides[2] = {channel(true, true), channel(false, true)};
    struct weft_buf wire[2], plain[2], honest;
    bool changed = false;
    int rc = 0;
    weft_buf_init(&honest, NULL);
    for (size_t i = 0; i < 2; i++) {
        weft_buf_init(&wire[i], NULL);
        weft_buf_init(&plain[i], NULL);
        HOLDS(sides[i]->cls->start(sides[i], &wire[i]) == 0);
    }
    for (size_t m = 0; rc == 0 && m < MESSAGES && !changed; m++) {
        size_t from = m % 2;
        if (m >= 3) HOLDS(sides[from]->cls->send(sides[from], weft_str("hello"), &wire[from]) == 0);
        weft_buf_reset(&honest);
        HOLDS(weft_buf_append_slice(&honest, weft_buf_slice(&wire[from])) == 0);
        if (change(in, m, &wire[from])) changed = !weft_slice_eq(weft_buf_slice(&honest), weft_buf_slice(&wire[from]));
        size_t heard = plain[1 - from].len;
        rc = receive(sides[1 - from], weft_buf_slice(&wire[from]), &plain[1 - from], &wire[1 - from]);
        weft_buf_reset(&wire[from]);
        HOLDS(!changed || plain[1 - from].len == heard);
        HOLDS(!changed || m >= 3 || !sides[1 - from]->cls->ready(sides[1 - from]));
        HOLDS(changed || rc == 0);
    }
    HOLDS(changed || (plain[0].len == 5 && plain[1].len == 5));
    weft_buf_fini(&honest);
    for (size_t i = 0; i < 2; i++) {
        sides[i]->cls->close(sides[i]);
        weft_buf_fini(&wire[i]);
        weft_buf_fini(&plain[i]);
    }
}

/* Signed by nobody that is known, whatever it says. */
static void try_certificate(struct fuzz_input *in) {
    static const struct weft_key authority = {"nobody has the secret to this 1"};
    struct weft_certificate c;
    struct weft_slice bytes = fuzz_bytes(in, fuzz_left(in));
    uint8_t *copy = fuzz_copy(bytes);
    int rc = weft_certificate_read(&c, weft_slice(copy, bytes.len), &authority);
    HOLDS(rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_CERTIFICATE);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    switch (fuzz_byte(&in) % 4) {
    case 0:
        try_stranger(&in, false);
        break;
    case 1:
        try_stranger(&in, true);
        break;
    case 2:
        try_between(&in);
        break;
    default:
        try_certificate(&in);
        break;
    }
    return 0;
}
