/* transport.c: wrong things of a member's own machine, or of somebody between, on a link that is up. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <string.h>

#include <weft/err.h>

#include "replication/uv/frame.h"
#include "replication/uv/link.h"
#include "tests/hostile/row.h"

/* An honest message in its frame, encrypted: 2 bytes of length, the ciphertext, 16 of tag. */
static void seal_digest(struct attacker *a) {
    struct weft_buf message, framed;
    struct weft__message_head head = attacker_head();
    weft_buf_init(&message, NULL);
    weft_buf_init(&framed, NULL);
    weft__message_write_digest(&message, &head, false, NULL, 0, NULL);
    ck_assert_int_eq(weft__frame_write(&framed, weft_buf_slice(&message)), 0);
    handmade_seal(a, weft_buf_slice(&framed));
    weft_buf_fini(&message);
    weft_buf_fini(&framed);
}

static void say_digest(struct attacker *a) {
    seal_digest(a);
    attacker_say_wire(a);
    attacker_wait(a, 10);
}

static void frame_comes_twice(struct attacker *a, unsigned variant) {
    handmade_link(a);
    seal_digest(a);
    attacker_say(a, weft_buf_slice(&a->wire));
    if (variant == 1) attacker_wait(a, 50);
    attacker_say_wire(a);
}

static void frames_change_places(struct attacker *a, unsigned variant) {
    (void)variant;
    handmade_link(a);
    seal_digest(a);
    size_t first = a->wire.len;
    seal_digest(a);
    attacker_say(a, weft_slice(a->wire.ptr + first, a->wire.len - first));
    attacker_say(a, weft_slice(a->wire.ptr, first));
    weft_buf_reset(&a->wire);
}

static void frame_is_left_out(struct attacker *a, unsigned variant) {
    (void)variant;
    handmade_link(a);
    seal_digest(a);
    weft_buf_reset(&a->wire);
    say_digest(a);
}

static void nonce_is_used_again(struct attacker *a, unsigned variant) {
    (void)variant;
    handmade_link(a);
    say_digest(a);
    a->noise.sends.nonce--;
    say_digest(a);
}

/* In the length, the ciphertext, the tag. */
static void frame_is_changed(struct attacker *a, unsigned variant) {
    handmade_link(a);
    seal_digest(a);
    size_t len = a->wire.len, places[] = {1, 2, 10, len - 17, len - 16, len - 1};
    a->wire.ptr[places[variant]] ^= variant == 0 ? 3 : 0x80;
    seal_digest(a); /* so that there is enough for a greater length */
    attacker_say_wire(a);
}

static void frame_is_too_short_for_a_tag(struct attacker *a, unsigned variant) {
    static const uint8_t lengths[] = {0, 1, 15};
    uint8_t bytes[17] = {0, lengths[variant]};
    handmade_link(a);
    attacker_say(a, weft_slice(bytes, 2u + lengths[variant]));
}

static void frame_is_cut(struct attacker *a, unsigned variant) {
    handmade_link(a);
    seal_digest(a);
    size_t lengths[] = {1, 2, 3, a->wire.len - 17, a->wire.len - 1};
    attacker_say(a, weft_slice(a->wire.ptr, lengths[variant]));
    attacker_stall(a, WEFT__LINK_SILENCE_NS);
}

static void own_words_come_back(struct attacker *a, unsigned variant) {
    (void)variant;
    handmade_link(a);
    attacker_wait(a, 200);
    size_t from = WEFT__GREETING_LEN;
    from += 2u + ((size_t)a->plain.ptr[from] << 8 | a->plain.ptr[from + 1]);
    ck_assert_uint_gt(a->plain.len, from);
    attacker_say(a, weft_slice(a->plain.ptr + from, a->plain.len - from));
}

static void announce(struct attacker *a, struct weft_slice head) {
    handmade_link(a);
    handmade_seal(a, head);
    attacker_say_wire(a);
}

static void message_is_too_long(struct attacker *a, unsigned variant) {
    announce(a, variant == 0 ? weft_slice("\xff\xff\xff\xff", 4) : weft_slice("\x00\x41\x00\x01", 4));
}

static void message_is_empty(struct attacker *a, unsigned variant) {
    (void)variant;
    announce(a, weft_slice("\0\0\0\0", 4));
}

/* The greatest that is allowed, of which a few bytes come. */
static void message_does_not_end(struct attacker *a, unsigned variant) {
    announce(a, weft_slice("\x00\x41\x00\x00tell me", variant == 0 ? 4 : 11));
    attacker_stall(a, WEFT__LINK_SILENCE_NS);
}

static void member_says_nothing(struct attacker *a, unsigned variant) {
    (void)variant;
    handmade_link(a);
    attacker_stall(a, WEFT__LINK_SILENCE_NS);
}

#define NOT_AS_AGREED WEFT_ERR_MALFORMED, "not encrypted as agreed", AS_MEMBER

const struct row transport_rows[] = {
    {"sends a frame twice", frame_comes_twice, 2, NOT_AS_AGREED},
    {"sends two frames in the wrong order", frames_change_places, 0, NOT_AS_AGREED},
    {"leaves a frame out", frame_is_left_out, 0, NOT_AS_AGREED},
    {"uses a nonce twice", nonce_is_used_again, 0, NOT_AS_AGREED},
    {"flips bits of a frame", frame_is_changed, 6, NOT_AS_AGREED},
    {"sends frames without room for a tag", frame_is_too_short_for_a_tag, 3, NOT_AS_AGREED},
    {"cuts a frame short, and stays", frame_is_cut, 5, WEFT_ERR_MALFORMED, "never sent a message", AS_MEMBER},
    {"sends the victim's own frames back", own_words_come_back, 0, NOT_AS_AGREED},
    {"announces too long a message", message_is_too_long, 2, WEFT_ERR_LIMIT, "too long a message", AS_MEMBER},
    {"announces an empty message", message_is_empty, 0, WEFT_ERR_MALFORMED, "empty message", AS_MEMBER},
    {"begins a message and does not end it", message_does_not_end, 2, WEFT_ERR_MALFORMED, "never sent a message",
     AS_MEMBER},
    {"links and says nothing", member_says_nothing, 0, WEFT_ERR_MALFORMED, "never sent a message", AS_MEMBER},
};
const unsigned transport_row_count = sizeof transport_rows / sizeof transport_rows[0];
