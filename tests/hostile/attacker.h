/* attacker.h: a peer that means harm: what it needs to speak the protocol, as a replica does or by hand.
 *
 * It is member number 3 of the cluster, or somebody who would like to be. It dials the first member over a socket of
 * its own, and the members' loop turns while it waits. */
#ifndef WEFT_TESTS_HOSTILE_ATTACKER_H
#define WEFT_TESTS_HOSTILE_ATTACKER_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/bytes.h>

#include "replication/message.h"
#include "replication/uv/channel.h"
#include "replication/uv/noise.h"
#include "tests/uv/members.h"

#define ATTACKER 3u /* its number */

struct attacker {
    int socket;
    struct weft__channel *channel;
    struct weft__noise noise; /* by hand: there is no channel */
    struct weft_buf wire,
        plain;    /* what is to be sent; what the channel has heard, or all that came where there is none */
    size_t heard; /* bytes, whatever they mean */
    bool shown_out;
    bool deaf; /* reads nothing */
};

void attacker_dial(struct attacker *a);
void attacker_leave(struct attacker *a);
/* Says it as it is, whether the channel likes it or not. */
void attacker_say(struct attacker *a, struct weft_slice bytes);
/* What the channel wants to send. */
void attacker_say_wire(struct attacker *a);
/* The members' loop turns, and the attacker hears. */
void attacker_wait(struct attacker *a, unsigned turns);
/* As if the victim had waited for so long. */
void attacker_stall(struct attacker *a, uint64_t ns);

/* A caller's channel; its first message is on the wire buffer. The identity is freed. */
void attacker_channel(struct attacker *a, struct weft_identity *id);
/* Dials, and shakes hands as a member does, whatever comes of it. */
void attacker_shake_hands(struct attacker *a, struct weft_identity *id);
/* The same up to the last message of the handshake, which is on the wire buffer. */
void attacker_prepare_last(struct attacker *a, struct weft_identity *id);
/* Dials, as the member that it is, and the victim has announced it. */
void attacker_link(struct attacker *a);

/* On the wire buffer, as the channel does it: a message in its frame; bytes as they are. */
void attacker_frame(struct attacker *a, struct weft_slice message);
void attacker_seal(struct attacker *a, struct weft_slice bytes);
/* Sends the message. */
void attacker_send(struct attacker *a, const struct weft_buf *message);

/* The head of an honest message of the attacker. */
struct weft__message_head attacker_head(void);
struct weft_id member_id(uint8_t number);

/* --- By hand (handmade.c) ---------------------------------------------------------------------------------------- */

/* What is other than it should be. */
struct lie {
    const char *protocol; /* NULL: the right one */
    uint8_t kind, version;
    bool empty_key;                /* an ephemeral key that agrees on nothing */
    uint8_t number;                /* whose static key; 0: its own */
    struct weft_slice certificate; /* NULL: its own, and right */
};
extern const struct lie no_lie;

/* The greeting and first message of a caller, on the wire buffer. */
void handmade_first(struct attacker *a, const struct lie *l);
/* Waits for the answer; the last message is on the wire buffer, or nothing where no answer came. */
void handmade_take_answer(struct attacker *a, const struct lie *l);
/* Dials, says the first, waits for the answer. */
void handmade_prepare_last(struct attacker *a, const struct lie *l);
/* ... and says that. */
void handmade_link(struct attacker *a);
/* On the wire buffer, encrypted as the next frame. */
void handmade_seal(struct attacker *a, struct weft_slice bytes);
/* The certificate of a member, as `change` has it, by an authority. */
void handmade_certificate(struct weft_buf *out, const struct weft_certificate *c, const struct authority *by);

#endif
