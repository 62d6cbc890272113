/* noise_vectors.c: runs published vectors of Noise handshakes through noise.h, both sides of each.
 *
 * Vectors come on stdin, as blocks of lines key=value, in the form that flynn/noise publishes; noise_vectors.py brings
 * others into it. After the handshake the sides take turns. "turns=go on": from its last message on, and in one-way
 * patterns the initiator alone speaks; otherwise the initiator begins again, and both speak. Prints how many passed;
 * exit status 1 if one did not, or if there was none. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <weft/bytes.h>

#include "replication/uv/noise.h"

#define BYTES_MAX    4096u
#define MESSAGES_MAX 16u

/* The specification's patterns (7.4, 7.5, and the deferred ones of appendix 18.1) without their psk tokens. */
static const struct {
    const char *name;
    bool knows_initiator, knows_responder;
    const char *messages;
} patterns[] = {
    {"N", false, true, "e,es"},
    {"K", true, true, "e,es,ss"},
    {"X", false, true, "e,es,s,ss"},
    {"NN", false, false, "e;e,ee"},
    {"NK", false, true, "e,es;e,ee"},
    {"NX", false, false, "e;e,ee,s,es"},
    {"KN", true, false, "e;e,ee,se"},
    {"KK", true, true, "e,es,ss;e,ee,se"},
    {"KX", true, false, "e;e,ee,se,s,es"},
    {"XN", false, false, "e;e,ee;s,se"},
    {"XK", false, true, "e,es;e,ee;s,se"},
    {"XX", false, false, "e;e,ee,s,es;s,se"},
    {"IN", false, false, "e,s;e,ee,se"},
    {"IK", false, true, "e,es,s,ss;e,ee,se"},
    {"IX", false, false, "e,s;e,ee,se,s,es"},
    {"NK1", false, true, "e;e,ee,es"},
    {"NX1", false, false, "e;e,ee,s;es"},
    {"X1N", false, false, "e;e,ee;s;se"},
    {"X1K", false, true, "e,es;e,ee;s;se"},
    {"XK1", false, true, "e;e,ee,es;s,se"},
    {"X1K1", false, true, "e;e,ee,es;s;se"},
    {"X1X", false, false, "e;e,ee,s,es;s;se"},
    {"XX1", false, false, "e;e,ee,s;es,s,se"},
    {"X1X1", false, false, "e;e,ee,s;es,s;se"},
    {"K1N", true, false, "e;e,ee;se"},
    {"K1K", true, true, "e,es;e,ee;se"},
    {"KK1", true, true, "e;e,ee,se,es"},
    {"K1K1", true, true, "e;e,ee,es;se"},
    {"K1X", true, false, "e;e,ee,s,es;se"},
    {"KX1", true, false, "e;e,ee,se,s;es"},
    {"K1X1", true, false, "e;e,ee,s;se,es"},
    {"I1N", false, false, "e,s;e,ee;se"},
    {"I1K", false, true, "e,es,s;e,ee;se"},
    {"IK1", false, true, "e,s;e,ee,se,es"},
    {"I1K1", false, true, "e,s;e,ee,es;se"},
    {"I1X", false, false, "e,s;e,ee,s,es;se"},
    {"IX1", false, false, "e,s;e,ee,se,s;es"},
    {"I1X1", false, false, "e,s;e,ee,s;se,es"},
};

struct bytes {
    uint8_t ptr[BYTES_MAX];
    size_t len;
    bool is_given;
};

struct vector {
    char name[64]; /* "XXpsk0" */
    bool go_on;
    struct bytes init_static, resp_static, init_ephemeral, resp_ephemeral, prologue, hash;
    struct bytes psks[WEFT__NOISE_PSKS_MAX];
    size_t psk_count;
    struct {
        struct bytes payload, ciphertext;
    } messages[MESSAGES_MAX];
};

static _Noreturn void die(const char *why, const char *what) {
    fprintf(stderr, "%s: %s\n", why, what);
    exit(2);
}

static uint8_t token_of(const char *text, size_t len) {
    static const char *const names[] = {"", "e", "s", "ee", "es", "se", "ss", "psk"};
    for (uint8_t t = WEFT__NOISE_E; t <= WEFT__NOISE_PSK; t++)
        if (strlen(names[t]) == len && memcmp(names[t], text, len) == 0) return t;
    die("no such token", text);
}

static void push(struct weft__noise_pattern *p, size_t round, size_t at, uint8_t token) {
    uint8_t *tokens = p->tokens[round];
    if (tokens[WEFT__NOISE_TOKENS_MAX - 1] != WEFT__NOISE_NONE) die("too many tokens", p->name);
    memmove(tokens + at + 1, tokens + at, WEFT__NOISE_TOKENS_MAX - 1 - at);
    tokens[at] = token;
}

static size_t count_tokens(const struct weft__noise_pattern *p, size_t round) {
    size_t count = 0;
    while (count < WEFT__NOISE_TOKENS_MAX && p->tokens[round][count] != WEFT__NOISE_NONE) count++;
    return count;
}

static void read_messages(struct weft__noise_pattern *p, const char *text) {
    p->rounds = 1;
    while (*text != '\0') {
        size_t len = strcspn(text, ",;");
        push(p, p->rounds - 1u, count_tokens(p, p->rounds - 1u), token_of(text, len));
        text += len;
        if (*text == ';') p->rounds++;
        if (*text != '\0') text++;
    }
}

/* psk0 begins the first message, pskN ends the N-th (9.4). */
static void add_psks(struct weft__noise_pattern *p, const char *modifiers) {
    while (*modifiers != '\0') {
        if (strncmp(modifiers, "psk", 3) != 0) die("no such modifier", p->name);
        unsigned at = (unsigned)(modifiers[3] - '0');
        if (at > p->rounds) die("no such message", p->name);
        p->uses_psk = true;
        if (at == 0)
            push(p, 0, 0, WEFT__NOISE_PSK);
        else
            push(p, at - 1, count_tokens(p, at - 1), WEFT__NOISE_PSK);
        modifiers += 4;
        if (*modifiers == '+') modifiers++;
    }
}

static void make_pattern(struct weft__noise_pattern *p, const char *name) {
    size_t base = strcspn(name, "p");
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        if (strlen(patterns[i].name) != base || memcmp(patterns[i].name, name, base) != 0) continue;
        *p = (struct weft__noise_pattern){
            .name = name,
            .knows_initiator = patterns[i].knows_initiator,
            .knows_responder = patterns[i].knows_responder,
        };
        read_messages(p, patterns[i].messages);
        add_psks(p, name + base);
        return;
    }
    die("no such pattern", name);
}

/* --- A vector and its two sides -------------------------------------------------------------------------------- */

static void open_side(struct weft__noise *n, const struct weft__noise_pattern *p, const struct vector *v,
                      bool initiator) {
    const struct bytes *own = initiator ? &v->init_static : &v->resp_static;
    const struct bytes *peers = initiator ? &v->resp_static : &v->init_static;
    struct weft__noise_pair fixed, ephemeral, peer;
    struct weft__noise_keys keys = {.prologue = weft_slice(v->prologue.ptr, v->prologue.len)};
    if (own->is_given) weft__noise_pair_of(&fixed, own->ptr);
    if (own->is_given) keys.fixed = &fixed;
    weft__noise_pair_of(&ephemeral, (initiator ? &v->init_ephemeral : &v->resp_ephemeral)->ptr);
    keys.ephemeral = &ephemeral;
    if (peers->is_given && (initiator ? p->knows_responder : p->knows_initiator)) {
        weft__noise_pair_of(&peer, peers->ptr);
        keys.peer = peer.public_key;
    }
    for (size_t i = 0; i < WEFT__NOISE_PSKS_MAX && p->uses_psk; i++)
        keys.psks[i] = v->psks[i < v->psk_count ? i : v->psk_count - 1].ptr;
    weft__noise_init(n, p, initiator, &keys);
}

static bool is_bytes(const struct weft_buf *b, const struct bytes *wanted) {
    return weft_slice_eq(weft_buf_slice(b), weft_slice(wanted->ptr, wanted->len));
}

static bool pass(struct weft__noise *from, struct weft__noise *to, const struct vector *v, size_t at,
                 struct weft_buf *wire, struct weft_buf *heard) {
    struct weft_slice none = weft_str("");
    struct weft_slice payload = weft_slice(v->messages[at].payload.ptr, v->messages[at].payload.len);
    bool transport = weft__noise_is_done(from);
    size_t overhead = transport ? WEFT__CIPHER_TAG_LEN : weft__noise_overhead(from);
    weft_buf_reset(wire);
    weft_buf_reset(heard);
    int rc =
        transport ? weft__cipher_encrypt(&from->sends, none, payload, wire) : weft__noise_write(from, payload, wire);
    if (rc != 0 || !is_bytes(wire, &v->messages[at].ciphertext) || wire->len != payload.len + overhead) return false;
    rc = transport ? weft__cipher_decrypt(&to->receives, none, weft_buf_slice(wire), heard)
                   : weft__noise_read(to, weft_buf_slice(wire), heard);
    return rc == 0 && is_bytes(heard, &v->messages[at].payload);
}

static bool is_session(const struct weft__noise *a, const struct weft__noise *b, const struct vector *v) {
    if (memcmp(a->hash, b->hash, sizeof a->hash) != 0) return false;
    return !v->hash.is_given || (v->hash.len == sizeof a->hash && memcmp(v->hash.ptr, a->hash, sizeof a->hash) == 0);
}

static bool run(const struct vector *v) {
    struct weft__noise_pattern p;
    struct weft__noise sides[2];
    struct weft_buf wire, heard;
    make_pattern(&p, v->name);
    open_side(&sides[0], &p, v, true);
    open_side(&sides[1], &p, v, false);
    weft_buf_init(&wire, NULL);
    weft_buf_init(&heard, NULL);
    bool ok = true;
    size_t at = 0;
    for (; ok && at < MESSAGES_MAX && v->messages[at].ciphertext.is_given; at++) {
        size_t turn = at < p.rounds || v->go_on ? at : at - p.rounds;
        size_t from = p.rounds == 1 && v->go_on ? 0 : turn % 2;
        ok = pass(&sides[from], &sides[1 - from], v, at, &wire, &heard);
    }
    ok = ok && at > p.rounds && is_session(&sides[0], &sides[1], v);
    weft_buf_fini(&wire);
    weft_buf_fini(&heard);
    weft__noise_fini(&sides[0]);
    weft__noise_fini(&sides[1]);
    return ok;
}

/* --- Reading vectors --------------------------------------------------------------------------------------------- */

static void read_hex(struct bytes *b, const char *text) {
    if (sodium_hex2bin(b->ptr, sizeof b->ptr, text, strlen(text), NULL, &b->len, NULL) != 0) die("not hex", text);
    b->is_given = true;
}

static void read_message(struct vector *v, const char *key, const char *value) {
    char *rest;
    unsigned long at = strtoul(key + 4, &rest, 10);
    if (at >= MESSAGES_MAX) die("too many messages", key);
    read_hex(strcmp(rest, "_payload") == 0 ? &v->messages[at].payload : &v->messages[at].ciphertext, value);
}

static void read_psk(struct vector *v, const char *value) {
    if (v->psk_count == WEFT__NOISE_PSKS_MAX) die("too many keys", v->name);
    read_hex(&v->psks[v->psk_count++], value);
}

/* Noise_NAME_25519_ChaChaPoly_BLAKE2b; other suites keep no name and are passed over. */
static void read_name(struct vector *v, const char *value) {
    static const char suite[] = "_25519_ChaChaPoly_BLAKE2b";
    size_t len = strlen(value), tail = sizeof suite - 1;
    if (strncmp(value, "Noise_", 6) != 0 || len < 6 + tail || strcmp(value + len - tail, suite) != 0) return;
    snprintf(v->name, sizeof v->name, "%.*s", (int)(len - 6 - tail), value + 6);
}

static void read_line(struct vector *v, const char *key, const char *value) {
    const struct {
        const char *key;
        struct bytes *bytes;
    } fields[] = {
        {"init_static", &v->init_static},
        {"resp_static", &v->resp_static},
        {"gen_init_ephemeral", &v->init_ephemeral},
        {"gen_resp_ephemeral", &v->resp_ephemeral},
        {"prologue", &v->prologue},
        {"handshake_hash", &v->hash},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        if (strcmp(key, fields[i].key) == 0) read_hex(fields[i].bytes, value);
    if (strcmp(key, "handshake") == 0) read_name(v, value);
    if (strcmp(key, "turns") == 0) v->go_on = strcmp(value, "go on") == 0;
    if (strcmp(key, "preshared_key") == 0) read_psk(v, value);
    if (strncmp(key, "msg_", 4) == 0) read_message(v, key, value);
}

/* false at the end of input. */
static bool read_vector(struct vector *v) {
    static char line[4 * BYTES_MAX];
    bool any = false;
    memset(v, 0, sizeof *v);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        char *equals = strchr(line, '=');
        if (equals == NULL && any) return true;
        if (equals == NULL) continue;
        *equals = '\0';
        read_line(v, line, equals + 1);
        any = true;
    }
    return any;
}

int main(void) {
    static struct vector v;
    unsigned passed = 0, failed = 0, passed_over = 0;
    if (sodium_init() < 0) return 2;
    while (read_vector(&v)) {
        if (v.name[0] == '\0') {
            passed_over++;
        } else if (run(&v)) {
            passed++;
        } else {
            printf("wrong: %s\n", v.name);
            failed++;
        }
    }
    printf("%u vectors passed, %u failed, %u of other suites\n", passed, failed, passed_over);
    return failed > 0 || passed == 0;
}
