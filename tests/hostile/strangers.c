/* strangers.c: wrong things before the handshake is over, by those who know nothing, the cluster's key alone, or a
 * certificate that does not do. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <string.h>
#include <time.h>

#include <weft/err.h>

#include "replication/uv/link.h"
#include "replication/uv/node.h"
#include "tests/hostile/row.h"

/* --- Who knows nothing ------------------------------------------------------------------------------------------- */

static void say_once(struct attacker *a, const void *bytes, size_t len) {
    attacker_dial(a);
    attacker_say(a, weft_slice(bytes, len));
}

static void says_nothing(struct attacker *a, unsigned variant) {
    say_once(a, "WEFT\r\n\1\1", variant == 0 ? 0 : 4 * variant);
    attacker_stall(a, WEFT__LINK_GREETING_NS);
}

static void says_garbage(struct attacker *a, unsigned variant) {
    uint8_t bytes[4096];
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(i * i * 31 + variant);
    say_once(a, bytes, variant == 0 ? sizeof bytes : 1);
}

static void speaks_http(struct attacker *a, unsigned variant) {
    (void)variant;
    say_once(a, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
}

static void links_plainly(struct attacker *a, unsigned variant) {
    (void)variant;
    say_once(a, "WEFT\r\n\0\1\0\0\0\1x", 13);
}

static void is_of_another_version(struct attacker *a, unsigned variant) {
    struct lie l = no_lie;
    l.version = variant == 0 ? 0 : 2;
    attacker_dial(a);
    handmade_first(a, &l);
    attacker_say_wire(a);
}

static void links_in_another_way(struct attacker *a, unsigned variant) {
    struct lie l = no_lie;
    l.kind = variant == 0 ? 2 : 255;
    attacker_dial(a);
    handmade_first(a, &l);
    attacker_say_wire(a);
}

static void guesses_the_cluster_key(struct attacker *a, unsigned variant) {
    const struct change other = {.cluster_key = &other_cluster_key};
    (void)variant;
    attacker_shake_hands(a, identity(ATTACKER, &other));
}

static void speaks_an_older_protocol(struct attacker *a, unsigned variant) {
    struct lie l = no_lie;
    l.protocol = variant == 0 ? "weft link 0" : "weft link 2";
    handmade_prepare_last(a, &l);
}

static void first_has_another_length(struct attacker *a, unsigned variant) {
    static const uint16_t lengths[] = {0, 1, 47, 49, 255, 65535};
    uint8_t bytes[10] = "WEFT\r\n\1\1";
    bytes[8] = (uint8_t)(lengths[variant] >> 8);
    bytes[9] = (uint8_t)lengths[variant];
    say_once(a, bytes, sizeof bytes);
}

/* --- Who changes a member's first message ------------------------------------------------------------------------ */

/* In the ephemeral key, and in the tag. */
static void first_is_changed(struct attacker *a, unsigned variant) {
    static const size_t places[] = {10, 25, 41, 42, 57};
    attacker_dial(a);
    handmade_first(a, &no_lie);
    a->wire.ptr[places[variant]] ^= (uint8_t)(1u << variant);
    attacker_say_wire(a);
}

static void first_is_cut(struct attacker *a, unsigned variant) {
    static const size_t lengths[] = {8, 9, 10, 11, 42, 57};
    attacker_dial(a);
    handmade_first(a, &no_lie);
    attacker_say(a, weft_slice(a->wire.ptr, lengths[variant]));
    attacker_stall(a, WEFT__LINK_GREETING_NS);
}

/* --- Who knows the cluster's key, or recorded somebody who does -------------------------------------------------- */

/* The victim cannot tell: it answers, each time. The last message of that session comes back as well, in *last. */
static void say_recorded_first(struct attacker *a, struct weft_buf *last) {
    struct weft_buf first;
    weft_buf_init(&first, NULL);
    attacker_dial(a);
    handmade_first(a, &no_lie);
    weft_buf_append_slice(&first, weft_buf_slice(&a->wire));
    attacker_say_wire(a);
    handmade_take_answer(a, &no_lie);
    weft_buf_append_slice(last, weft_buf_slice(&a->wire));
    attacker_leave(a);
    for (unsigned i = 0; i < 2; i++) {
        attacker_dial(a);
        attacker_say(a, weft_buf_slice(&first));
        attacker_wait(a, 100);
        ck_assert_uint_gt(a->heard, 0);
        if (i == 0) attacker_leave(a);
    }
    weft_buf_fini(&first);
}

static void first_is_sent_again(struct attacker *a, unsigned variant) {
    struct weft_buf last;
    (void)variant;
    weft_buf_init(&last, NULL);
    say_recorded_first(a, &last);
    attacker_stall(a, WEFT__LINK_GREETING_NS);
    weft_buf_fini(&last);
}

static void both_are_sent_again(struct attacker *a, unsigned variant) {
    struct weft_buf last;
    (void)variant;
    weft_buf_init(&last, NULL);
    say_recorded_first(a, &last);
    ck_assert_uint_gt(last.len, 0);
    attacker_say(a, weft_buf_slice(&last));
    weft_buf_fini(&last);
}

/* By the hundred, and each connection stays: the address is heard no more. */
static void first_is_sent_again_and_again(struct attacker *a, unsigned variant) {
    static struct attacker crowd[150];
    struct weft_buf first;
    const struct weft_uv_stats *stats = &w.peers[0].node->stats;
    (void)variant;
    weft_buf_init(&first, NULL);
    attacker_dial(a);
    handmade_first(a, &no_lie);
    weft_buf_append_slice(&first, weft_buf_slice(&a->wire));
    for (unsigned i = 0; i < 150; i++) {
        attacker_dial(&crowd[i]);
        attacker_say(&crowd[i], weft_buf_slice(&first));
        attacker_wait(&crowd[i], 10);
        ck_assert_uint_le(w.peers[0].node->knocks.half_open, WEFT__KNOCKS_HALF_OPEN);
    }
    for (unsigned i = 0; i < 150; i++) {
        attacker_wait(&crowd[i], 1);
        ck_assert(i < 2 * WEFT__KNOCKS_PATIENCE || crowd[i].heard == 0);
        attacker_leave(&crowd[i]);
    }
    ck_assert_uint_ge(stats->unheard, 150 - 2 * WEFT__KNOCKS_PATIENCE);
    weft_buf_fini(&first);
}

static void first_is_an_empty_key(struct attacker *a, unsigned variant) {
    struct lie l = no_lie;
    (void)variant;
    l.empty_key = true;
    handmade_prepare_last(a, &l);
}

/* In the static key, its tag, the certificate, the last tag. */
static void last_is_changed(struct attacker *a, unsigned variant) {
    handmade_prepare_last(a, &no_lie);
    size_t places[] = {2, 33, 34, 49, 50, a->wire.len - 17, a->wire.len - 1};
    a->wire.ptr[places[variant]] ^= 0x10;
    attacker_say_wire(a);
}

static void last_is_cut(struct attacker *a, unsigned variant) {
    handmade_prepare_last(a, &no_lie);
    size_t lengths[] = {0, 1, 2, 3, 50, a->wire.len - 1};
    attacker_say(a, weft_slice(a->wire.ptr, lengths[variant]));
    attacker_stall(a, WEFT__LINK_GREETING_NS);
}

static void last_is_too_long(struct attacker *a, unsigned variant) {
    (void)variant;
    handmade_prepare_last(a, &no_lie);
    attacker_say(a, weft_slice("\xff\xff", 2));
}

static void last_comes_twice(struct attacker *a, unsigned variant) {
    (void)variant;
    handmade_prepare_last(a, &no_lie);
    attacker_say(a, weft_buf_slice(&a->wire));
    attacker_say_wire(a);
}

/* --- Certificates that do not do --------------------------------------------------------------------------------- */

static void show(struct attacker *a, struct weft_slice certificate, uint8_t number) {
    struct lie l = no_lie;
    l.certificate = certificate;
    l.number = number;
    handmade_prepare_last(a, &l);
    attacker_say_wire(a);
}

static void show_signed(struct attacker *a, const struct weft_certificate *c, const struct authority *by) {
    struct weft_buf bytes;
    weft_buf_init(&bytes, NULL);
    handmade_certificate(&bytes, c, by);
    show(a, weft_buf_slice(&bytes), 0);
    weft_buf_fini(&bytes);
}

static void shows_none(struct attacker *a, unsigned variant) {
    (void)variant;
    show(a, weft_str(""), 0);
}

static void shows_garbage(struct attacker *a, unsigned variant) {
    static const uint8_t garbage[WEFT_CERTIFICATE_MAX] = {10, 200, 1};
    static const size_t lengths[] = {1, 3, WEFT_CERTIFICATE_MAX};
    show(a, weft_slice(garbage, lengths[variant]), 0);
}

static void certificate_is_changed(struct attacker *a, unsigned variant) {
    struct weft_certificate c = fresh_certificate(ATTACKER);
    struct weft_buf bytes;
    weft_buf_init(&bytes, NULL);
    handmade_certificate(&bytes, &c, &authority);
    bytes.ptr[variant * (bytes.len - 1) / 9] ^= 1;
    show(a, weft_buf_slice(&bytes), 0);
    weft_buf_fini(&bytes);
}

static void certificate_has_expired(struct attacker *a, unsigned variant) {
    struct weft_certificate c = fresh_certificate(ATTACKER);
    (void)variant;
    c.not_after = (uint64_t)time(NULL) - 1;
    show_signed(a, &c, &authority);
}

static void certificate_is_not_valid_yet(struct attacker *a, unsigned variant) {
    struct weft_certificate c = fresh_certificate(ATTACKER);
    (void)variant;
    c.not_before = (uint64_t)time(NULL) + 600;
    c.not_after = c.not_before + 600;
    show_signed(a, &c, &authority);
}

static void certificate_is_of_another_cluster(struct attacker *a, unsigned variant) {
    struct weft_certificate c = fresh_certificate(ATTACKER);
    (void)variant;
    c.cluster.bytes[15] ^= 1;
    show_signed(a, &c, &authority);
}

static void certificate_is_by_another_authority(struct attacker *a, unsigned variant) {
    struct authority own;
    struct weft_certificate c = fresh_certificate(ATTACKER);
    (void)variant;
    authority_make(&own);
    show_signed(a, &c, &own);
}

/* The second member's, which it saw when it was called by it. */
static void certificate_is_of_another_key(struct attacker *a, unsigned variant) {
    struct weft_certificate c = fresh_certificate(2);
    (void)variant;
    show_signed(a, &c, &authority);
}

static void certificate_is_revoked(struct attacker *a, unsigned variant) {
    static const uint64_t serial = ATTACKER;
    const struct change revoking = {.revoked = &serial};
    struct weft_certificate c = fresh_certificate(ATTACKER);
    (void)variant;
    change_identity(0, &revoking);
    show_signed(a, &c, &authority);
}

const struct row stranger_rows[] = {
    {"says nothing, or half a greeting, and stays", says_nothing, 2, WEFT_ERR_MALFORMED, "did not finish its greeting",
     NOTHING},
    {"says garbage", says_garbage, 2, WEFT_ERR_MALFORMED, "not Weft", NOTHING},
    {"speaks HTTP", speaks_http, 0, WEFT_ERR_MALFORMED, "HTTP", NOTHING},
    {"links plainly to a sealed port", links_plainly, 0, WEFT_ERR_VERSION, "does not encrypt", NOTHING},
    {"greets in another version", is_of_another_version, 2, WEFT_ERR_VERSION, "we speak version 1", NOTHING},
    {"links in a way that is not known", links_in_another_way, 2, WEFT_ERR_VERSION, "not known here", NOTHING},
    {"guesses the cluster's key", guesses_the_cluster_key, 0, WEFT_ERR_STRANGER, "does not know this cluster's key",
     NOTHING},
    {"means another protocol in its prologue", speaks_an_older_protocol, 2, WEFT_ERR_STRANGER,
     "does not know this cluster's key", NOTHING},
    {"announces a first message of another length", first_has_another_length, 6, WEFT_ERR_STRANGER, "did not begin",
     NOTHING},
    {"flips bits of a first message", first_is_changed, 5, WEFT_ERR_STRANGER, "does not know this cluster's key",
     NOTHING},
    {"cuts a first message short, and stays", first_is_cut, 6, WEFT_ERR_MALFORMED, "did not finish its greeting",
     NOTHING},
    {"sends a recorded first message again, and stays", first_is_sent_again, 0, WEFT_ERR_MALFORMED,
     "did not finish its greeting", ANSWER},
    {"sends a recorded first message by the hundred", first_is_sent_again_and_again, 0, 0, "", NOTHING},
    {"sends two recorded messages again", both_are_sent_again, 0, WEFT_ERR_STRANGER, "broke off", ANSWER},
    {"sends a key that agrees on nothing", first_is_an_empty_key, 0, WEFT_ERR_MALFORMED, "agrees on nothing", NOTHING},
    {"flips bits of its last message", last_is_changed, 7, WEFT_ERR_STRANGER, "broke off", ANSWER},
    {"cuts its last message short, and stays", last_is_cut, 6, WEFT_ERR_MALFORMED, "did not finish its greeting",
     ANSWER},
    {"announces too long a last message", last_is_too_long, 0, WEFT_ERR_MALFORMED, "too long a handshake", ANSWER},
    {"says its last message twice", last_comes_twice, 0, WEFT_ERR_MALFORMED, "not encrypted as agreed", AS_MEMBER},
    {"shows no certificate", shows_none, 0, WEFT_ERR_CERTIFICATE, "no certificate", ANSWER},
    {"shows garbage for a certificate", shows_garbage, 3, WEFT_ERR_CERTIFICATE, "", ANSWER},
    {"flips bits of its certificate", certificate_is_changed, 10, WEFT_ERR_CERTIFICATE, "", ANSWER},
    {"shows a certificate that has expired", certificate_has_expired, 0, WEFT_ERR_EXPIRED, "was valid until", ANSWER},
    {"shows a certificate that is not valid yet", certificate_is_not_valid_yet, 0, WEFT_ERR_EXPIRED, "valid from",
     ANSWER},
    {"shows a certificate for another cluster", certificate_is_of_another_cluster, 0, WEFT_ERR_CERTIFICATE,
     "another cluster", ANSWER},
    {"shows a certificate by another authority", certificate_is_by_another_authority, 0, WEFT_ERR_CERTIFICATE,
     "none of the authorities", ANSWER},
    {"shows another's certificate", certificate_is_of_another_key, 0, WEFT_ERR_CERTIFICATE, "another key", ANSWER},
    {"shows a certificate that is revoked", certificate_is_revoked, 0, WEFT_ERR_CERTIFICATE, "revoked", ANSWER},
};
const unsigned stranger_row_count = sizeof stranger_rows / sizeof stranger_rows[0];
