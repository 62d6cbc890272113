/* attacker.c: see attacker.h. */
#define _DEFAULT_SOURCE
#include "tests/hostile/attacker.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "replication/uv/frame.h"
#include "replication/uv/node.h"
#include "tests/hostile/row.h"

/* --- The socket -------------------------------------------------------------------------------------------------- */

void attacker_dial(struct attacker *a) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)weft_uv_port(w.peers[0].node))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *a = (struct attacker){.socket = socket(AF_INET, SOCK_STREAM, 0)};
    weft_buf_init(&a->wire, NULL);
    weft_buf_init(&a->plain, NULL);
    ck_assert_int_ge(a->socket, 0);
    ck_assert_int_eq(connect(a->socket, (struct sockaddr *)&to, sizeof to), 0); /* into the system's queue */
    ck_assert_int_eq(fcntl(a->socket, F_SETFL, O_NONBLOCK), 0);
}

void attacker_leave(struct attacker *a) {
    if (a->channel != NULL) a->channel->cls->close(a->channel);
    a->channel = NULL;
    weft_buf_fini(&a->wire);
    weft_buf_fini(&a->plain);
    if (a->socket >= 0) close(a->socket);
    a->socket = -1;
}

static void hear(struct attacker *a) {
    uint8_t bytes[65536];
    ssize_t len = 0;
    while (!a->shown_out && !a->deaf && (len = recv(a->socket, bytes, sizeof bytes, 0)) > 0) {
        a->heard += (size_t)len;
        if (a->channel != NULL)
            (void)a->channel->cls->receive(a->channel, weft_slice(bytes, (size_t)len), &a->plain, &a->wire);
        else
            weft_buf_append(&a->plain, bytes, (size_t)len);
    }
    if (!a->deaf && (len == 0 || (len < 0 && errno != EAGAIN))) a->shown_out = true;
}

void attacker_wait(struct attacker *a, unsigned turns) {
    for (unsigned i = 0; i < turns; i++) {
        uv_run(&w.loop, UV_RUN_NOWAIT);
        hear(a);
    }
}

void attacker_say(struct attacker *a, struct weft_slice bytes) {
    for (unsigned tries = 0; bytes.len > 0 && !a->shown_out && tries < 2000; tries++) {
        ssize_t sent = send(a->socket, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) a->shown_out = true;
        if (sent > 0) bytes = weft_slice(bytes.ptr + sent, bytes.len - (size_t)sent);
        if (bytes.len > 0) attacker_wait(a, 1);
    }
}

void attacker_say_wire(struct attacker *a) {
    struct weft_buf wire = a->wire; /* more may come on it meanwhile */
    weft_buf_init(&a->wire, NULL);
    attacker_say(a, weft_buf_slice(&wire));
    weft_buf_fini(&wire);
}

void attacker_stall(struct attacker *a, uint64_t ns) {
    attacker_wait(a, 20);
    for (struct weft__link *l = w.peers[0].node->links; l != NULL; l = l->next)
        if (l->next == NULL) weft__link_sweep(l, uv_hrtime() + ns + 1000000);
}

/* --- The channel ------------------------------------------------------------------------------------------------- */

void attacker_channel(struct attacker *a, struct weft_identity *id) {
    uint8_t ephemeral[WEFT_KEY_LEN];
    struct weft_key random;
    ck_assert_int_eq(weft_key_new(&random), 0);
    memcpy(ephemeral, random.bytes, sizeof ephemeral);
    ck_assert_int_eq(weft__channel_sealed_new(&a->channel, NULL, id, true, (uint64_t)time(NULL), ephemeral), 0);
    weft_identity_free(id);
    ck_assert_int_eq(a->channel->cls->start(a->channel, &a->wire), 0);
}

void attacker_prepare_last(struct attacker *a, struct weft_identity *id) {
    attacker_dial(a);
    attacker_channel(a, id);
    attacker_say_wire(a);
    for (unsigned turn = 0; turn < 2000 && a->wire.len == 0 && !a->shown_out; turn++) attacker_wait(a, 1);
}

void attacker_shake_hands(struct attacker *a, struct weft_identity *id) {
    attacker_prepare_last(a, id);
    attacker_say_wire(a);
}

void attacker_link(struct attacker *a) {
    attacker_shake_hands(a, identity(ATTACKER, &as_it_is));
    for (unsigned turn = 0; turn < 2000 && a->plain.len == 0; turn++) attacker_wait(a, 1);
    ck_assert_msg(a->plain.len > 0, "the victim does not speak to a member");
}

void attacker_seal(struct attacker *a, struct weft_slice bytes) {
    ck_assert_int_eq(a->channel->cls->send(a->channel, bytes, &a->wire), 0);
}

void attacker_frame(struct attacker *a, struct weft_slice message) {
    struct weft_buf framed;
    weft_buf_init(&framed, NULL);
    ck_assert_int_eq(weft__frame_write(&framed, message), 0);
    attacker_seal(a, weft_buf_slice(&framed));
    weft_buf_fini(&framed);
}

void attacker_send(struct attacker *a, const struct weft_buf *message) {
    if (a->shown_out) return;
    attacker_frame(a, weft_buf_slice(message));
    attacker_say_wire(a);
}

/* --- Words ------------------------------------------------------------------------------------------------------- */

struct weft_id member_id(uint8_t number) {
    struct weft_key key;
    struct weft_id id;
    public_of(number, &key);
    weft_key_replica(&id, &key);
    return id;
}

struct weft__message_head attacker_head(void) {
    return (struct weft__message_head){
        .space = rights_of_space(), .sender = {member_id(ATTACKER), 1}, .wall = WEFT_HLC_SECONDS((uint64_t)time(NULL))};
}
