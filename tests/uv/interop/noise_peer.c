/* noise_peer.c: one side of a Noise_XXpsk0_25519_ChaChaPoly_BLAKE2b session on standard input and output; its twins in
 * other languages do the same. usage: noise_peer initiator|responder
 *
 * Frames are 2 bytes of length, big endian, then so many bytes. After the handshake the initiator sends 10,000
 * messages, then the responder as many; each side changes its key before every 1,000th. Message i has i mod 1,400
 * bytes, byte j being (7 i + j) mod 256. Prints the hash of the handshake on standard error. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <weft/bytes.h>

#include "replication/uv/noise.h"

#define MESSAGES   10000u
#define REKEY      1000u
#define LENGTH_MAX 1400u

static struct weft__noise noise;
static uint8_t frame[WEFT__NOISE_MESSAGE_MAX];
static struct weft_buf buf;

static void check(bool ok, const char *what) {
    if (ok) return;
    fprintf(stderr, "noise_peer: %s\n", what);
    exit(1);
}

static void send_buf(void) {
    uint8_t head[2] = {(uint8_t)(buf.len >> 8), (uint8_t)buf.len};
    check(fwrite(head, 1, 2, stdout) == 2 && fwrite(buf.ptr, 1, buf.len, stdout) == buf.len, "cannot write");
    weft_buf_reset(&buf);
}

static struct weft_slice receive(void) {
    uint8_t head[2];
    check(fread(head, 1, 2, stdin) == 2, "the stream ended");
    size_t len = (size_t)head[0] << 8 | head[1];
    check(fread(frame, 1, len, stdin) == len, "the stream ended in a frame");
    return weft_slice(frame, len);
}

static void shake_hands(bool initiator) {
    struct weft__noise_pair fixed, ephemeral;
    uint8_t secret[32], psk[32];
    randombytes_buf(secret, sizeof secret);
    weft__noise_pair_of(&fixed, secret);
    randombytes_buf(secret, sizeof secret);
    weft__noise_pair_of(&ephemeral, secret);
    memset(psk, 'k', sizeof psk);
    struct weft__noise_keys keys = {
        .fixed = &fixed, .ephemeral = &ephemeral, .psks = {psk}, .prologue = weft_str("weft interop")};
    weft__noise_init(&noise, &weft__noise_xxpsk0, initiator, &keys);
    while (!weft__noise_is_done(&noise)) {
        if (weft__noise_writes_next(&noise)) {
            check(weft__noise_write(&noise, weft_str("payload"), &buf) == 0, "cannot make a handshake message");
            send_buf();
            fflush(stdout);
        } else {
            check(weft__noise_read(&noise, receive(), &buf) == 0, "refused a handshake message");
            check(weft_slice_eq(weft_buf_slice(&buf), weft_str("payload")), "another payload");
            weft_buf_reset(&buf);
        }
    }
}

static struct weft_slice message(unsigned i) {
    static uint8_t bytes[LENGTH_MAX];
    size_t len = i % LENGTH_MAX;
    for (size_t j = 0; j < len; j++) bytes[j] = (uint8_t)(7 * i + j);
    return weft_slice(bytes, len);
}

static void send_all(void) {
    for (unsigned i = 0; i < MESSAGES; i++) {
        if (i % REKEY == REKEY - 1) weft__cipher_rekey(&noise.sends);
        check(weft__cipher_encrypt(&noise.sends, weft_str(""), message(i), &buf) == 0, "cannot encrypt");
        send_buf();
    }
    fflush(stdout);
}

static void receive_all(void) {
    for (unsigned i = 0; i < MESSAGES; i++) {
        if (i % REKEY == REKEY - 1) weft__cipher_rekey(&noise.receives);
        check(weft__cipher_decrypt(&noise.receives, weft_str(""), receive(), &buf) == 0, "refused a message");
        check(weft_slice_eq(weft_buf_slice(&buf), message(i)), "another message");
        weft_buf_reset(&buf);
    }
}

int main(int argc, char **argv) {
    char hex[2 * WEFT__NOISE_HASH_LEN + 1];
    bool initiator = argc == 2 && strcmp(argv[1], "initiator") == 0;
    check(argc == 2 && sodium_init() >= 0, "usage: noise_peer initiator|responder");
    weft_buf_init(&buf, NULL);
    shake_hands(initiator);
    if (initiator) send_all();
    receive_all();
    if (!initiator) send_all();
    fprintf(stderr, "%s\n", sodium_bin2hex(hex, sizeof hex, noise.hash, sizeof noise.hash));
    weft_buf_fini(&buf);
    weft__noise_fini(&noise);
    return 0;
}
