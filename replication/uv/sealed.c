/* sealed.c: the encrypted channel: Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b (noise.h) in frames.
 *
 *   caller                                              called
 *   greeting, psk e                ----------------->   silent until here: a stranger gets no answer, and costs some
 *                                                       hashes and one decryption for each of the cluster's keys
 *                                  <-----------------   greeting, e ee s es [certificate]
 *   s se [certificate]             ----------------->   ready; so is the caller, once it has sent
 *
 * The prologue names the protocol and the cluster, so both sides mean the same. A frame is 2 bytes of length, big
 * endian, and a Noise message. Afterwards plaintext is a stream, cut into frames as it is sent: small messages of one
 * turn share a frame, and its cost. Each direction changes its key every REKEY frames, without a word.
 *
 * Invariants. (1) Before the peer is admitted nothing is kept of it but one frame, HANDSHAKE_MAX bytes at most, and the
 * first frame of a caller has exactly the length of such a message. (2) No plaintext comes out before the peer is
 * admitted. (3) The own static key is shown to nobody who does not know the cluster's key, and the caller's to nobody
 * who was not admitted. */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "replication/uv/channel.h"
#include "replication/uv/identity.h"
#include "replication/uv/noise.h"

#define HEAD_LEN      2u
#define HANDSHAKE_MAX (2u * WEFT__NOISE_KEY_LEN + 2u * WEFT__CIPHER_TAG_LEN + WEFT_CERTIFICATE_MAX)
#define FIRST_LEN     (WEFT__NOISE_KEY_LEN + WEFT__CIPHER_TAG_LEN)
#define PLAIN_MAX     (WEFT__NOISE_MESSAGE_MAX - WEFT__CIPHER_TAG_LEN)
#define REKEY         (UINT64_C(1) << 16)

static const char protocol[] = "weft link 1";

/* What must not be read by anybody else; in guarded memory. */
struct secrets {
    struct weft__noise noise;
    struct weft__noise_pair ephemeral;
};

struct sealed {
    struct weft__channel channel;
    const struct weft_alloc *alloc;
    struct weft_identity *id; /* until the peer is admitted */
    struct secrets *secrets;
    bool initiator, ready;
    uint8_t greeting[WEFT__GREETING_LEN];
    size_t greeting_len;
    uint64_t now, own_until; /* when the channel was made; when the certificate that is shown here ends */
    struct weft_buf partial; /* the beginning of a frame */
    /* The peer, once admitted. */
    struct weft__admitted peer;
    struct weft_buf certificate;
    char errmsg[400];
};

static struct sealed *sealed_of(struct weft__channel *c) {
    return (struct sealed *)c;
}

static int fail(struct sealed *s, int err, const char *what) {
    snprintf(s->errmsg, sizeof s->errmsg, "%s", what);
    return err;
}

/* --- The handshake ----------------------------------------------------------------------------------------------- */

static void begin(struct sealed *s, struct weft__noise *noise, size_t cluster_key) {
    uint8_t prologue[sizeof protocol + sizeof s->id->cluster.bytes];
    memcpy(prologue, protocol, sizeof protocol);
    memcpy(prologue + sizeof protocol, s->id->cluster.bytes, sizeof s->id->cluster.bytes);
    struct weft__noise_keys keys = {
        .fixed = &s->id->pair,
        .ephemeral = &s->secrets->ephemeral,
        .psks = {s->id->cluster_keys[cluster_key].bytes},
        .prologue = weft_slice(prologue, sizeof prologue),
    };
    weft__noise_init(noise, &weft__noise_xxpsk0, s->initiator, &keys);
}

static int write_handshake(struct sealed *s, struct weft_slice payload, struct weft_buf *wire) {
    size_t len = weft__noise_overhead(&s->secrets->noise) + payload.len, start = wire->len;
    uint8_t head[HEAD_LEN] = {(uint8_t)(len >> 8), (uint8_t)len};
    int rc = weft_buf_append(wire, head, sizeof head);
    if (rc == 0) rc = weft__noise_write(&s->secrets->noise, payload, wire);
    if (rc != 0) wire->len = start;
    return rc == WEFT_ERR_MALFORMED ? fail(s, rc, "sent a key that agrees on nothing") : rc;
}

static struct weft_slice own_certificate(const struct sealed *s) {
    return weft_slice(s->id->certificate, s->id->certificate_len);
}

static int greet(struct weft_buf *wire) {
    uint8_t greeting[WEFT__GREETING_LEN];
    weft__greeting_write(greeting, WEFT__LINK_SEALED);
    return weft_buf_append(wire, greeting, sizeof greeting);
}

static int sealed_start(struct weft__channel *c, struct weft_buf *wire) {
    struct sealed *s = sealed_of(c);
    if (!s->initiator) return 0;
    weft__noise_pair_of(&s->secrets->ephemeral, s->secrets->ephemeral.secret);
    begin(s, &s->secrets->noise, 0);
    int rc = greet(wire);
    return rc == 0 ? write_handshake(s, weft_str(""), wire) : rc;
}

/* Under any of the cluster's keys: one who calls may not have the new one yet. */
static int read_first(struct sealed *s, struct weft_slice message) {
    struct weft_buf nothing;
    int rc = WEFT_ERR_MALFORMED;
    weft_buf_init(&nothing, s->alloc);
    for (size_t i = 0; i < s->id->cluster_key_count && rc == WEFT_ERR_MALFORMED; i++) {
        begin(s, &s->secrets->noise, i);
        rc = weft__noise_read(&s->secrets->noise, message, &nothing);
    }
    weft_buf_fini(&nothing);
    if (rc == WEFT_ERR_MALFORMED)
        return fail(s, WEFT_ERR_STRANGER, "does not know this cluster's key, or means another cluster");
    return rc;
}

/* The called side's answer. Its ephemeral key is made only now: a stranger does not cost that much. */
static int answer(struct sealed *s, struct weft_buf *wire) {
    struct weft__noise *noise = &s->secrets->noise;
    weft__noise_pair_of(&noise->ephemeral, s->secrets->ephemeral.secret);
    int rc = greet(wire);
    return rc == 0 ? write_handshake(s, own_certificate(s), wire) : rc;
}

/* The peer has proved its key, and what it shows for a certificate is the message's payload. */
static int admit(struct sealed *s, struct weft_slice message) {
    int rc = weft__noise_read(&s->secrets->noise, message, &s->certificate);
    if (rc == WEFT_ERR_MALFORMED) return fail(s, WEFT_ERR_STRANGER, "broke off the handshake, or somebody between did");
    if (rc != 0) return rc;
    struct weft_key key;
    memcpy(key.bytes, s->secrets->noise.peer_static, sizeof key.bytes);
    return weft__identity_admit(s->id, &key, weft_buf_slice(&s->certificate), s->now, &s->peer, s->errmsg,
                                sizeof s->errmsg);
}

static int sealed_judge(struct weft__channel *c, const struct weft_identity *id, uint64_t now) {
    struct sealed *s = sealed_of(c);
    if (id == NULL)
        return now < s->peer.until ? 0 : fail(s, WEFT_ERR_EXPIRED, "shows a certificate whose time has ended");
    struct weft__admitted next;
    int rc = weft__identity_admit(id, &s->peer.key, weft_buf_slice(&s->certificate), now, &next, s->errmsg,
                                  sizeof s->errmsg);
    if (rc != 0) return rc;
    if (weft_id_cmp(&next.replica, &s->peer.replica) != 0 || next.vouches != s->peer.vouches)
        return fail(s, WEFT_ERR_CERTIFICATE, "is let in as somebody else from now on");
    s->peer = next;
    return 0;
}

static void become_ready(struct sealed *s) {
    s->ready = true;
    sodium_memzero(&s->secrets->ephemeral, sizeof s->secrets->ephemeral);
    weft_identity_free(s->id);
    s->id = NULL;
}

static int take_handshake(struct sealed *s, struct weft_slice message, struct weft_buf *wire) {
    int rc;
    if (s->secrets->noise.round == 0 && !s->initiator) {
        rc = read_first(s, message);
        return rc == 0 ? answer(s, wire) : rc;
    }
    rc = admit(s, message);
    if (rc == 0 && s->initiator) rc = write_handshake(s, own_certificate(s), wire);
    if (rc == 0) become_ready(s);
    return rc;
}

/* --- Frames ------------------------------------------------------------------------------------------------------ */

static int take_frame(struct sealed *s, struct weft_slice message, struct weft_buf *plain, struct weft_buf *wire) {
    if (!s->ready) return take_handshake(s, message, wire);
    struct weft__cipher *cipher = &s->secrets->noise.receives;
    int rc = weft__cipher_decrypt(cipher, weft_str(""), message, plain);
    if (rc == WEFT_ERR_MALFORMED) return fail(s, rc, "sent what is not encrypted as agreed, or somebody between did");
    if (rc == 0 && cipher->nonce % REKEY == 0) weft__cipher_rekey(cipher);
    return rc;
}

/* What a frame that begins so must keep to, as soon as its length is there. */
static int check_length(struct sealed *s, size_t len) {
    bool first = !s->initiator && !s->ready && s->secrets->noise.round == 0;
    if (first && len != FIRST_LEN) return fail(s, WEFT_ERR_STRANGER, "did not begin as this cluster's replicas do");
    if (!s->ready && len > HANDSHAKE_MAX) return fail(s, WEFT_ERR_MALFORMED, "announced too long a handshake");
    return 0;
}

static size_t length_of(const uint8_t *head) {
    return (size_t)head[0] << 8 | head[1];
}

static void skip(struct weft_slice *bytes, size_t len) {
    *bytes = weft_slice(bytes->ptr + len, bytes->len - len);
}

/* Moves what is missing for `len` bytes of a frame from what came. 1: they are there. */
static int gather(struct sealed *s, struct weft_slice *bytes, size_t len) {
    size_t missing = len - s->partial.len;
    if (missing > bytes->len) missing = bytes->len;
    int rc = weft_buf_append(&s->partial, bytes->ptr, missing);
    if (rc != 0) return rc;
    skip(bytes, missing);
    return s->partial.len == len;
}

/* 1: *frame is the next one, in what came or in what was kept of it. 0: it is not complete yet. */
static int next_frame(struct sealed *s, struct weft_slice *bytes, struct weft_slice *frame) {
    int rc = 0;
    if (s->partial.len < HEAD_LEN && (s->partial.len > 0 || bytes->len < HEAD_LEN)) {
        rc = gather(s, bytes, HEAD_LEN);
        if (rc != 1) return rc;
    }
    bool kept = s->partial.len > 0;
    size_t len = length_of(kept ? s->partial.ptr : bytes->ptr);
    rc = check_length(s, len);
    if (rc != 0) return rc;
    if (!kept && bytes->len >= HEAD_LEN + len) {
        *frame = weft_slice(bytes->ptr + HEAD_LEN, len);
        skip(bytes, HEAD_LEN + len);
        return 1;
    }
    rc = gather(s, bytes, HEAD_LEN + len);
    if (rc == 1) *frame = weft_slice(s->partial.ptr + HEAD_LEN, len);
    return rc;
}

static int take_greeting(struct sealed *s, struct weft_slice *bytes) {
    size_t len = WEFT__GREETING_LEN - s->greeting_len;
    if (len > bytes->len) len = bytes->len;
    memcpy(s->greeting + s->greeting_len, bytes->ptr, len);
    s->greeting_len += len;
    skip(bytes, len);
    return weft__greeting_check(s->greeting, s->greeting_len, WEFT__LINK_SEALED, s->errmsg, sizeof s->errmsg);
}

static int sealed_receive(struct weft__channel *c, struct weft_slice bytes, struct weft_buf *plain,
                          struct weft_buf *wire) {
    struct sealed *s = sealed_of(c);
    struct weft_slice frame;
    int rc = 0;
    if (bytes.len > 0 && s->greeting_len < WEFT__GREETING_LEN) rc = take_greeting(s, &bytes);
    while (rc == 0 && bytes.len > 0) {
        rc = next_frame(s, &bytes, &frame);
        if (rc != 1) return rc;
        rc = take_frame(s, frame, plain, wire);
        weft_buf_reset(&s->partial);
    }
    return rc;
}

static int send_frame(struct sealed *s, struct weft_slice plain, struct weft_buf *wire) {
    struct weft__cipher *cipher = &s->secrets->noise.sends;
    size_t len = plain.len + WEFT__CIPHER_TAG_LEN, start = wire->len;
    uint8_t head[HEAD_LEN] = {(uint8_t)(len >> 8), (uint8_t)len};
    int rc = weft_buf_append(wire, head, sizeof head);
    if (rc == 0) rc = weft__cipher_encrypt(cipher, weft_str(""), plain, wire);
    if (rc != 0) {
        wire->len = start;
        return rc;
    }
    if (cipher->nonce % REKEY == 0) weft__cipher_rekey(cipher);
    return 0;
}

static int sealed_send(struct weft__channel *c, struct weft_slice plain, struct weft_buf *wire) {
    struct sealed *s = sealed_of(c);
    int rc = 0;
    while (rc == 0 && plain.len > 0) {
        struct weft_slice part = weft_slice(plain.ptr, plain.len < PLAIN_MAX ? plain.len : PLAIN_MAX);
        rc = send_frame(s, part, wire);
        skip(&plain, part.len);
    }
    return rc;
}

/* --- Life -------------------------------------------------------------------------------------------------------- */

static bool sealed_ready(const struct weft__channel *c) {
    return ((const struct sealed *)c)->ready;
}

static bool sealed_owed(const struct weft__channel *c) {
    return ((const struct sealed *)c)->partial.len > 0;
}

static uint64_t sealed_until(const struct weft__channel *c) {
    const struct sealed *s = (const struct sealed *)c;
    return s->peer.until < s->own_until ? s->peer.until : s->own_until;
}

static const struct weft__admitted *sealed_peer(const struct weft__channel *c) {
    return &((const struct sealed *)c)->peer;
}

static const char *sealed_errmsg(const struct weft__channel *c) {
    return ((const struct sealed *)c)->errmsg;
}

static struct secrets *get_secrets(struct weft_identity *id) {
    struct secrets *secrets = id->spare_count > 0 ? id->spares[--id->spare_count] : sodium_malloc(sizeof *secrets);
    if (secrets != NULL) sodium_memzero(secrets, sizeof *secrets);
    return secrets;
}

/* Of a handshake that came to nothing, for the next one. */
static void put_secrets(struct weft_identity *id, struct secrets *secrets) {
    if (id == NULL || id->spare_count == WEFT__SPARES_MAX) {
        sodium_free(secrets); /* wipes it */
        return;
    }
    sodium_memzero(secrets, sizeof *secrets);
    id->spares[id->spare_count++] = secrets;
}

static void sealed_close(struct weft__channel *c) {
    struct sealed *s = sealed_of(c);
    weft_buf_fini(&s->partial);
    weft_buf_fini(&s->certificate);
    put_secrets(s->id, s->secrets);
    weft_identity_free(s->id);
    weft__free(s->alloc, s, sizeof *s);
}

static const struct weft__channel_class sealed_class = {
    .size = sizeof(struct weft__channel_class),
    .name = "sealed",
    .start = sealed_start,
    .receive = sealed_receive,
    .send = sealed_send,
    .ready = sealed_ready,
    .owed = sealed_owed,
    .judge = sealed_judge,
    .until = sealed_until,
    .peer = sealed_peer,
    .errmsg = sealed_errmsg,
    .close = sealed_close,
};

int weft__channel_sealed_new(struct weft__channel **out, const struct weft_alloc *alloc, struct weft_identity *id,
                             bool initiator, uint64_t now, uint8_t ephemeral[WEFT_KEY_LEN]) {
    alloc = weft__alloc_or_default(alloc);
    struct sealed *s = weft__calloc(alloc, 1, sizeof *s);
    struct secrets *secrets = s == NULL ? NULL : get_secrets(id);
    if (secrets == NULL) {
        if (s != NULL) weft__free(alloc, s, sizeof *s);
        sodium_memzero(ephemeral, WEFT_KEY_LEN);
        return WEFT_ERR_NOMEM;
    }
    memcpy(secrets->ephemeral.secret, ephemeral, WEFT_KEY_LEN);
    sodium_memzero(ephemeral, WEFT_KEY_LEN);
    s->channel.cls = &sealed_class;
    s->alloc = alloc;
    s->id = weft__identity_hold(id);
    s->secrets = secrets;
    s->initiator = initiator;
    s->now = now;
    s->own_until = id->own.serial != 0 ? id->own.not_after : UINT64_MAX;
    weft_buf_init(&s->partial, alloc);
    weft_buf_init(&s->certificate, alloc);
    *out = &s->channel;
    return 0;
}
