/* Links before and after they are encrypted: what strangers send, what somebody between makes of a handshake, and of
 * the frames after it.
 *
 * Input: what is tried, then its bytes. 0, 1: any bytes to a called or a calling side. 2: an honest session of which
 * bytes are changed: (message, place, bits) each; the sides get ready only if none was. 3: a session that stands: what
 * is sent, how it is cut, and which byte of it is changed (below); what is heard is what was said, up to the change. 4:
 * the cipher alone, with its keys changed now and then. 5: handshakes of other patterns. */
#include <string.h>

#include <weft/err.h>

#include "replication/uv/channel.h"
#include "replication/uv/cipher.h"
#include "replication/uv/noise.h"
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

static struct weft_identity *identity_of(bool initiator, bool known) {
    static struct weft_identity *ids[2][2];
    struct weft_identity **id = &ids[known][initiator];
    if (*id == NULL) *id = identity(initiator ? 1 : 2, known);
    return *id;
}

static struct weft__channel *channel(bool initiator, bool known) {
    struct weft__channel *c;
    uint8_t ephemeral[WEFT_KEY_LEN];
    memset(ephemeral, 3 + initiator, sizeof ephemeral);
    HOLDS(weft__channel_sealed_new(&c, NULL, identity_of(initiator, known), initiator, NOW, ephemeral) == 0);
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

/* --- A session that stands --------------------------------------------------------------------------------------- */

enum {
    SIDE = 1,     /* which one sends */
    SAY = 0,      /* a piece */
    SAY_LONG = 2, /* more than a frame */
    HEAR = 4,     /* so many bytes as the next one says; 0: all */
    CHANGE = 6,   /* of the next byte on its way, the bits of the next one */
    ACTION = 6
};

#define LONG 70000u

struct way {
    struct weft__channel *from, *to;
    struct weft_buf said, wire, heard, answer;
    size_t delivered; /* of the wire */
    bool changed;
    int rc;
};

static void say(struct way *w, struct weft_slice bytes) {
    HOLDS(weft_buf_append_slice(&w->said, bytes) == 0);
    HOLDS(w->from->cls->send(w->from, bytes, &w->wire) == 0);
}

static void say_long(struct way *w, uint8_t byte) {
    uint8_t *bytes = malloc(LONG);
    HOLDS(bytes != NULL);
    memset(bytes, byte, LONG);
    say(w, weft_slice(bytes, LONG));
    free(bytes);
}

/* Nothing is heard that was not said, nor in another order; without a change, nothing fails. */
static void hear(struct way *w, size_t len) {
    if (len == 0 || len > w->wire.len - w->delivered) len = w->wire.len - w->delivered;
    if (w->rc != 0 || len == 0) return;
    w->rc = receive(w->to, weft_slice(w->wire.ptr + w->delivered, len), &w->heard, &w->answer);
    w->delivered += len;
    HOLDS(w->rc == 0 || (w->changed && w->rc == WEFT_ERR_MALFORMED));
    HOLDS(w->heard.len <= w->said.len);
    HOLDS(weft_slice_eq(weft_buf_slice(&w->heard), weft_slice(w->said.ptr, w->heard.len)));
    HOLDS(w->answer.len == 0);
    if (w->delivered == w->wire.len && !w->changed) HOLDS(w->heard.len == w->said.len && !w->to->cls->owed(w->to));
}

static void alter(struct way *w, uint8_t bits) {
    if (w->delivered == w->wire.len || bits == 0) return;
    w->wire.ptr[w->delivered] ^= bits;
    w->changed = true;
}

static void act(struct way ways[2], struct fuzz_input *in) {
    uint8_t what = fuzz_byte(in);
    struct way *w = &ways[what & SIDE];
    switch (what & ACTION) {
    case SAY:
        say(w, fuzz_piece(in));
        break;
    case SAY_LONG:
        say_long(w, fuzz_byte(in));
        break;
    case HEAR:
        hear(w, fuzz_byte(in));
        break;
    default:
        alter(w, fuzz_byte(in));
    }
}

static void shake_hands(struct weft__channel *sides[2]) {
    struct weft_buf wire[2], plain;
    weft_buf_init(&plain, NULL);
    for (size_t i = 0; i < 2; i++) weft_buf_init(&wire[i], NULL);
    HOLDS(sides[0]->cls->start(sides[0], &wire[0]) == 0);
    for (size_t m = 0; m < 3; m++) {
        HOLDS(receive(sides[1 - m % 2], weft_buf_slice(&wire[m % 2]), &plain, &wire[1 - m % 2]) == 0);
        weft_buf_reset(&wire[m % 2]);
    }
    for (size_t i = 0; i < 2; i++) {
        HOLDS(sides[i]->cls->ready(sides[i]) && wire[i].len == 0);
        HOLDS(sides[i]->cls->judge(sides[i], NULL, NOW) == 0);
        HOLDS(sides[i]->cls->judge(sides[i], identity_of(i == 0, true), NOW) == 0);
        HOLDS(sides[i]->cls->until(sides[i]) == UINT64_MAX && sides[i]->cls->peer(sides[i]) != NULL);
        weft_buf_fini(&wire[i]);
    }
    HOLDS(plain.len == 0);
    weft_buf_fini(&plain);
}

static void try_session(struct fuzz_input *in) {
    struct weft__channel *sides[2] = {channel(true, true), channel(false, true)};
    struct way ways[2] = {{.from = sides[0], .to = sides[1]}, {.from = sides[1], .to = sides[0]}};
    shake_hands(sides);
    for (size_t i = 0; i < 2; i++) {
        struct weft_buf *all[] = {&ways[i].said, &ways[i].wire, &ways[i].heard, &ways[i].answer};
        for (size_t k = 0; k < 4; k++) weft_buf_init(all[k], NULL);
    }
    for (int n = 0; n < 200 && fuzz_left(in) > 0; n++) act(ways, in);
    for (size_t i = 0; i < 2; i++) {
        hear(&ways[i], 0);
        struct weft_buf *all[] = {&ways[i].said, &ways[i].wire, &ways[i].heard, &ways[i].answer};
        for (size_t k = 0; k < 4; k++) weft_buf_fini(all[k]);
    }
    for (size_t i = 0; i < 2; i++) sides[i]->cls->close(sides[i]);
}

/* --- The cipher alone -------------------------------------------------------------------------------------------- */

static void try_cipher(struct fuzz_input *in) {
    static const uint8_t key[WEFT__CIPHER_KEY_LEN] = "a key";
    struct weft__cipher sends = {.keyed = false}, receives = {.keyed = false};
    while (fuzz_left(in) > 0) {
        uint8_t what = fuzz_byte(in), bits = what / 8 == 1 ? 1 : 0;
        struct weft_slice plain = fuzz_piece(in), ad = weft_slice(&what, what & 1);
        struct weft_buf sealed, opened;
        weft_buf_init(&sealed, NULL);
        weft_buf_init(&opened, NULL);
        if (what % 8 == 2) weft__cipher_init(&sends, key), weft__cipher_init(&receives, key);
        if (what % 8 == 4) weft__cipher_rekey(&sends), weft__cipher_rekey(&receives);
        if (what % 8 == 6) sends.nonce = receives.nonce = UINT64_MAX;
        int rc = weft__cipher_encrypt(&sends, ad, plain, &sealed);
        HOLDS(rc == 0 || (rc == WEFT_ERR_LIMIT && sends.nonce == UINT64_MAX));
        bool changed = rc == 0 && bits != 0 && sends.keyed;
        if (changed) sealed.ptr[plain.len / 2] ^= bits;
        if (changed) HOLDS(weft__cipher_decrypt(&receives, ad, weft_buf_slice(&sealed), &opened) == WEFT_ERR_MALFORMED);
        if (changed) sealed.ptr[plain.len / 2] ^= bits;
        HOLDS(opened.len == 0);
        HOLDS(weft__cipher_decrypt(&receives, ad, weft_buf_slice(&sealed), &opened) == rc);
        if (rc == 0) HOLDS(weft_slice_eq(weft_buf_slice(&opened), plain));
        weft_buf_fini(&sealed);
        weft_buf_fini(&opened);
    }
}

/* --- Patterns that no link has ------------------------------------------------------------------------------------ */

/* Both sides know each other's key beforehand; a psk for each message. The name is longer than a hash, or not. */
static const struct weft__noise_pattern patterns[] = {
    {"KK",
     false,
     true,
     true,
     2,
     {{WEFT__NOISE_E, WEFT__NOISE_ES, WEFT__NOISE_SS}, {WEFT__NOISE_E, WEFT__NOISE_EE, WEFT__NOISE_SE}}},
    {"KKpsk0andsoonandsoonandsoonandsoonandsoonandsoon",
     true,
     true,
     true,
     2,
     {{WEFT__NOISE_PSK, WEFT__NOISE_E, WEFT__NOISE_ES, WEFT__NOISE_SS},
      {WEFT__NOISE_E, WEFT__NOISE_EE, WEFT__NOISE_SE}}},
};

static void try_pattern(struct fuzz_input *in) {
    const struct weft__noise_pattern *pattern = &patterns[fuzz_byte(in) % 2];
    struct weft__noise_pair fixed[2], ephemeral[2];
    struct weft__noise sides[2];
    struct weft_buf wire, heard;
    uint8_t at = fuzz_byte(in), bits = fuzz_byte(in);
    bool changed = false;
    int rc = 0;
    weft_buf_init(&wire, NULL);
    weft_buf_init(&heard, NULL);
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t secret[WEFT__NOISE_KEY_LEN];
        memset(secret, 17 + i, sizeof secret);
        weft__noise_pair_of(i < 2 ? &fixed[i] : &ephemeral[i - 2], secret);
    }
    for (size_t i = 0; i < 2; i++) {
        struct weft__noise_keys keys = {.fixed = &fixed[i], .ephemeral = &ephemeral[i]};
        keys.peer = fixed[1 - i].public_key;
        keys.psks[0] = cluster_keys[0].bytes;
        weft__noise_init(&sides[i], pattern, i == 0, &keys);
    }
    for (size_t m = 0; rc == 0 && !weft__noise_is_done(&sides[1 - m % 2]); m++) {
        struct weft_slice payload = fuzz_piece(in);
        weft_buf_reset(&wire);
        weft_buf_reset(&heard);
        HOLDS(weft__noise_write(&sides[m % 2], payload, &wire) == 0);
        if (m == at % 4u) wire.ptr[at % wire.len] ^= bits;
        changed = changed || (m == at % 4u && bits != 0);
        rc = weft__noise_read(&sides[1 - m % 2], weft_buf_slice(&wire), &heard);
        HOLDS(rc == (changed ? WEFT_ERR_MALFORMED : 0));
        if (rc == 0) HOLDS(weft_slice_eq(weft_buf_slice(&heard), payload));
    }
    if (!changed) HOLDS(memcmp(sides[0].hash, sides[1].hash, sizeof sides[0].hash) == 0);
    for (size_t i = 0; i < 2; i++) weft__noise_fini(&sides[i]);
    weft_buf_fini(&wire);
    weft_buf_fini(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    switch (fuzz_byte(&in) % 6) {
    case 0:
        try_stranger(&in, false);
        break;
    case 1:
        try_stranger(&in, true);
        break;
    case 2:
        try_between(&in);
        break;
    case 3:
        try_session(&in);
        break;
    case 4:
        try_cipher(&in);
        break;
    default:
        try_pattern(&in);
        break;
    }
    return 0;
}
