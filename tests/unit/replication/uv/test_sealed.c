/* test_sealed.c: two encrypted channels and the wire between them: whom they let in, what they tell a stranger, and
 * that plaintext comes out as it went in or not at all. */
#include <stdlib.h>

#include "replication/uv/channel.h"
#include "replication/uv/identity.h"
#include "tests/support/failing_alloc.h"
#include "tests/unit/replication/uv/cluster_keys.h"

enum { CALLER, CALLED };

static struct authority authority;
static struct weft_identity *ids[2];
static struct weft_buf certificates[2];
static struct weft_key secrets[2];
static struct weft__channel *channels[2];
static struct weft_buf wire[2], plain[2]; /* what a side sends, and what it heard */

static void make_identity(int side, const struct weft_identity_options *o) {
    char why[256];
    weft_identity_free(ids[side]);
    ck_assert_msg(weft_identity_new(&ids[side], o, why, sizeof why) == 0, "%s", why);
}

/* With a certificate of its own. */
static struct weft_identity_options options(int side) {
    struct weft_identity_options o;
    struct weft_certificate c = certificate_of((uint8_t)(side + 1));
    options_of(&o, (uint8_t)(side + 1), &secrets[side], &c, &authority, &certificates[side]);
    return o;
}

static void close_channel(int side) {
    if (channels[side] != NULL) channels[side]->cls->close(channels[side]);
    channels[side] = NULL;
}

static int open_channel(int side, const struct weft_alloc *alloc) {
    uint8_t ephemeral[WEFT_KEY_LEN];
    close_channel(side);
    memset(ephemeral, 0x50 + side, sizeof ephemeral);
    int rc = weft__channel_sealed_new(&channels[side], alloc, ids[side], side == CALLER, NOW, ephemeral);
    ck_assert_uint_eq(ephemeral[0] | ephemeral[WEFT_KEY_LEN - 1], 0);
    weft_buf_reset(&wire[side]);
    weft_buf_reset(&plain[side]);
    return rc == 0 ? channels[side]->cls->start(channels[side], &wire[side]) : rc;
}

static void open_both(void) {
    ck_assert_int_eq(open_channel(CALLER, NULL), 0);
    ck_assert_int_eq(open_channel(CALLED, NULL), 0);
}

static void setup(void) {
    authority_make(&authority);
    for (int side = 0; side < 2; side++) {
        weft_buf_init(&certificates[side], NULL);
        weft_buf_init(&wire[side], NULL);
        weft_buf_init(&plain[side], NULL);
        struct weft_identity_options o = options(side);
        make_identity(side, &o);
    }
    open_both();
}

static void teardown(void) {
    for (int side = 0; side < 2; side++) {
        close_channel(side);
        weft_identity_free(ids[side]);
        ids[side] = NULL;
        weft_buf_fini(&certificates[side]);
        weft_buf_fini(&wire[side]);
        weft_buf_fini(&plain[side]);
    }
}

static int receive(int side, struct weft_slice bytes) {
    return channels[side]->cls->receive(channels[side], bytes, &plain[side], &wire[side]);
}

/* What `from` has on the wire, `piece` bytes at a time; 0: all at once. */
static int pass(int from, size_t piece) {
    struct weft_buf bytes = wire[from];
    int rc = 0;
    weft_buf_init(&wire[from], NULL);
    for (size_t at = 0; rc == 0 && at < bytes.len;) {
        size_t len = piece == 0 || piece > bytes.len - at ? bytes.len - at : piece;
        rc = receive(1 - from, weft_slice(bytes.ptr + at, len));
        at += len;
    }
    weft_buf_fini(&bytes);
    return rc;
}

static bool is_ready(int side) {
    return channels[side]->cls->ready(channels[side]);
}

static void shake_hands(size_t piece) {
    ck_assert_int_eq(pass(CALLER, piece), 0);
    ck_assert_int_eq(pass(CALLED, piece), 0);
    ck_assert(is_ready(CALLER) && !is_ready(CALLED));
    ck_assert_int_eq(pass(CALLER, piece), 0);
    ck_assert(is_ready(CALLED));
}

static void say(int side, struct weft_slice bytes) {
    ck_assert_int_eq(channels[side]->cls->send(channels[side], bytes, &wire[side]), 0);
}

static void expect_heard(int side, struct weft_slice bytes) {
    ck_assert(weft_slice_eq(weft_buf_slice(&plain[side]), bytes));
    weft_buf_reset(&plain[side]);
}

static void expect_refusal(int side, int rc, int err, const char *words) {
    ck_assert_int_eq(rc, err);
    const char *said = channels[side]->cls->errmsg(channels[side]);
    ck_assert_msg(strstr(said, words) != NULL, "%s", said);
    ck_assert(!is_ready(side));
    ck_assert_uint_eq(plain[side].len, 0);
}

START_TEST(peers_of_a_cluster_link) {
    shake_hands((size_t)_i);
    ck_assert_uint_eq(wire[CALLER].len + wire[CALLED].len, 0);
    for (int side = 0; side < 2; side++) {
        say(side, weft_str("hello"));
        say(side, weft_str(", world"));
        ck_assert_int_eq(pass(side, (size_t)_i), 0);
        expect_heard(1 - side, weft_str("hello, world"));
        const struct weft__admitted *peer = channels[side]->cls->peer(channels[side]);
        ck_assert_str_eq(peer->name, "tokyo-1");
        ck_assert(peer->vouches);
        struct weft_id replica = weft_identity_replica(ids[1 - side]);
        ck_assert_int_eq(weft_id_cmp(&peer->replica, &replica), 0);
        ck_assert_int_eq(channels[side]->cls->judge(channels[side], NULL, NOW + 3599), 0);
        ck_assert_int_eq(channels[side]->cls->judge(channels[side], NULL, NOW + 3600), WEFT_ERR_EXPIRED);
    }
}
END_TEST

START_TEST(plaintext_is_not_on_the_wire) {
    shake_hands(0);
    say(CALLER, weft_str("a secret of thirty-two characters"));
    for (size_t at = 0; at + 6 <= wire[CALLER].len; at++)
        ck_assert_int_ne(memcmp(wire[CALLER].ptr + at, "secret", 6), 0);
}
END_TEST

START_TEST(long_plaintext_is_cut_and_put_together) {
    size_t len = 200000;
    uint8_t *bytes = malloc(len);
    for (size_t i = 0; i < len; i++) bytes[i] = (uint8_t)(i * 7 >> 3);
    shake_hands(0);
    say(CALLER, weft_slice(bytes, len));
    ck_assert_uint_eq(wire[CALLER].len, len + 4 * (2 + 16));
    ck_assert_int_eq(pass(CALLER, (size_t)_i), 0);
    expect_heard(CALLED, weft_slice(bytes, len));
    free(bytes);
}
END_TEST

/* Beyond the change of keys, which is every 65,536 frames, in both directions. */
START_TEST(keys_change_without_a_word) {
    shake_hands(0);
    for (int side = 0; side < 2; side++) {
        for (unsigned i = 0; i < 140000; i++) {
            uint8_t byte = (uint8_t)i;
            say(side, weft_slice(&byte, 1));
            if (wire[side].len < 60000) continue;
            if (pass(side, 0) != 0) ck_abort_msg("frame %u", i);
        }
        ck_assert_int_eq(pass(side, 0), 0);
        ck_assert_uint_eq(plain[1 - side].len, 140000);
        for (unsigned i = 0; i < 140000; i++)
            if (plain[1 - side].ptr[i] != (uint8_t)i) ck_abort_msg("byte %u", i);
    }
}
END_TEST

START_TEST(peer_is_judged_again_by_another_identity) {
    static const uint64_t revoked[] = {CALLER + 1};
    shake_hands(0);
    struct weft_identity_options o = options(CALLED);
    make_identity(CALLED, &o);
    ck_assert_int_eq(channels[CALLED]->cls->judge(channels[CALLED], ids[CALLED], NOW), 0);
    o.revoked = revoked;
    o.revoked_count = 1;
    make_identity(CALLED, &o);
    ck_assert_int_eq(channels[CALLED]->cls->judge(channels[CALLED], ids[CALLED], NOW), WEFT_ERR_CERTIFICATE);
    ck_assert_ptr_nonnull(strstr(channels[CALLED]->cls->errmsg(channels[CALLED]), "revoked"));
}
END_TEST

/* What the engine was told of a peer stays true for as long as the link lives. */
START_TEST(peer_that_becomes_somebody_else_is_cut) {
    struct weft_key caller;
    struct weft_id other = {{9}};
    shake_hands(0);
    struct weft_identity_options o = options(CALLED);
    public_of(CALLER + 1, &caller);
    o.allowed = &caller;
    o.allowed_count = 1;
    make_identity(CALLED, &o);
    ck_assert_int_eq(channels[CALLED]->cls->judge(channels[CALLED], ids[CALLED], NOW), 0);
    o.allowed_replicas = &other;
    make_identity(CALLED, &o);
    ck_assert_int_eq(channels[CALLED]->cls->judge(channels[CALLED], ids[CALLED], NOW), WEFT_ERR_CERTIFICATE);
    ck_assert_ptr_nonnull(strstr(channels[CALLED]->cls->errmsg(channels[CALLED]), "somebody else"));
}
END_TEST

/* --- Strangers --------------------------------------------------------------------------------------------------- */

START_TEST(called_side_is_silent_until_the_caller_knows_the_key) {
    ck_assert_uint_eq(wire[CALLED].len, 0);
    struct weft_identity_options o = options(CALLER);
    o.cluster_key = &other_cluster_key;
    make_identity(CALLER, &o);
    ck_assert_int_eq(open_channel(CALLER, NULL), 0);
    expect_refusal(CALLED, pass(CALLER, 0), WEFT_ERR_STRANGER, "does not know this cluster's key");
    ck_assert_uint_eq(wire[CALLED].len, 0);
}
END_TEST

START_TEST(other_cluster_with_the_same_key_is_a_stranger) {
    struct weft_identity_options o = options(CALLER);
    o.cluster.bytes[0] ^= 1;
    o.certificate = weft_str("");
    make_identity(CALLER, &o);
    ck_assert_int_eq(open_channel(CALLER, NULL), 0);
    expect_refusal(CALLED, pass(CALLER, 0), WEFT_ERR_STRANGER, "means another cluster");
}
END_TEST

START_TEST(previous_key_is_taken_of_a_caller) {
    struct weft_identity_options o = options(CALLED);
    o.cluster_key = &other_cluster_key;
    o.previous_cluster_key = &cluster_key;
    make_identity(CALLED, &o);
    ck_assert_int_eq(open_channel(CALLED, NULL), 0);
    shake_hands(0);
}
END_TEST

START_TEST(first_frame_must_have_its_length) {
    uint8_t greeting[WEFT__GREETING_LEN];
    weft__greeting_write(greeting, WEFT__LINK_SEALED);
    ck_assert_int_eq(receive(CALLED, weft_slice(greeting, sizeof greeting)), 0);
    const uint8_t head[2] = {0, (uint8_t)(48 + _i)};
    int rc = receive(CALLED, weft_slice(head, 2));
    if (_i == 0) {
        ck_assert_int_eq(rc, 0);
        return;
    }
    expect_refusal(CALLED, rc, WEFT_ERR_STRANGER, "did not begin");
}
END_TEST

/* Nothing of the first is in it; and only so much is kept. */
START_TEST(guarded_memory_of_strangers_is_wiped_and_used_again) {
    const struct weft_identity *id = ids[CALLED];
    uint8_t first[WEFT__GREETING_LEN + 50] = "WEFT\r\n\1\1\0\60";
    static const uint8_t nothing[64];
    for (int i = 0; i < 3; i++) {
        expect_refusal(CALLED, receive(CALLED, weft_slice(first, sizeof first)), WEFT_ERR_STRANGER, "does not know");
        ck_assert_uint_eq(id->spare_count, 0);
        close_channel(CALLED);
        ck_assert_uint_eq(id->spare_count, 1);
        for (size_t at = 0; at < 512; at += sizeof nothing)
            ck_assert_mem_eq((const uint8_t *)id->spares[0] + at, nothing, sizeof nothing);
        ck_assert_int_eq(open_channel(CALLED, NULL), 0);
    }
    shake_hands(0);
    close_channel(CALLED);
    ck_assert_uint_eq(id->spare_count, 0); /* a session's is given back to the system */
}
END_TEST

START_TEST(browsers_and_plain_nodes_are_named) {
    expect_refusal(CALLED, receive(CALLED, weft_str("GET / HTTP/1.1\r\n")), WEFT_ERR_MALFORMED, "speaks HTTP");
    expect_refusal(CALLER, receive(CALLER, weft_slice("WEFT\r\n\0\1", 8)), WEFT_ERR_VERSION, "does not encrypt");
    ck_assert_uint_eq(wire[CALLED].len, 0);
}
END_TEST

/* The peer knows the cluster's key, and that is not enough. */
START_TEST(peer_without_a_certificate_is_refused) {
    int side = _i;
    struct weft_identity_options o = options(side);
    o.certificate = weft_str("");
    make_identity(side, &o);
    open_both();
    ck_assert_int_eq(pass(CALLER, 0), 0);
    int rc = pass(CALLED, 0);
    if (side == CALLER) {
        ck_assert_int_eq(rc, 0);
        rc = pass(CALLER, 0);
    }
    expect_refusal(1 - side, rc, WEFT_ERR_CERTIFICATE, "no certificate");
}
END_TEST

START_TEST(expired_certificate_is_refused_and_its_time_named) {
    struct weft_identity_options o = options(CALLED);
    struct weft_certificate c = certificate_of(CALLED + 1);
    c.not_after = NOW;
    weft_buf_reset(&certificates[CALLED]);
    ck_assert_int_eq(weft_certificate_sign(&c, authority.secret, &certificates[CALLED]), 0);
    o.certificate = weft_buf_slice(&certificates[CALLED]);
    make_identity(CALLED, &o);
    open_both();
    ck_assert_int_eq(pass(CALLER, 0), 0);
    expect_refusal(CALLER, pass(CALLED, 0), WEFT_ERR_EXPIRED, "was valid until");
    ck_assert_uint_eq(wire[CALLER].len, 0); /* it did not show who it is */
}
END_TEST

/* --- Somebody between -------------------------------------------------------------------------------------------- */

/* Whatever byte of the handshake is changed, neither side comes to trust the other, and nothing comes out. */
START_TEST(every_changed_byte_of_the_handshake_is_refused) {
    size_t round = (size_t)_i;
    int from = round % 2 == 0 ? CALLER : CALLED;
    for (size_t at = 0;; at++) {
        open_both();
        for (size_t r = 0; r < round; r++) ck_assert_int_eq(pass(r % 2 == 0 ? CALLER : CALLED, 0), 0);
        if (at == wire[from].len) break;
        wire[from].ptr[at] ^= 0x20;
        int rc = pass(from, 0);
        /* A longer length waits for what never comes. */
        ck_assert(rc < 0 || !is_ready(1 - from));
        ck_assert(!is_ready(1 - from));
        ck_assert_uint_eq(plain[1 - from].len, 0);
    }
}
END_TEST

START_TEST(every_changed_byte_of_a_frame_is_refused) {
    shake_hands(0);
    say(CALLER, weft_str("pay bob 10"));
    struct weft_buf good = wire[CALLER];
    weft_buf_init(&wire[CALLER], NULL);
    close_channel(CALLER);
    for (size_t at = 0; at < good.len; at++) {
        open_both();
        shake_hands(0);
        say(CALLER, weft_str("pay bob 10"));
        wire[CALLER].ptr[at] ^= 1;
        int rc = pass(CALLER, 0);
        ck_assert(rc < 0 || at < 2);
        ck_assert_uint_eq(plain[CALLED].len, 0);
    }
    weft_buf_fini(&good);
}
END_TEST

START_TEST(replayed_and_reordered_frames_are_refused) {
    shake_hands(0);
    say(CALLER, weft_str("first"));
    size_t first = wire[CALLER].len;
    say(CALLER, weft_str("second"));
    if (_i == 0) {
        ck_assert_int_eq(receive(CALLED, weft_slice(wire[CALLER].ptr, first)), 0);
        ck_assert_int_eq(receive(CALLED, weft_slice(wire[CALLER].ptr, first)), WEFT_ERR_MALFORMED);
        expect_heard(CALLED, weft_str("first"));
    } else {
        ck_assert_int_eq(receive(CALLED, weft_slice(wire[CALLER].ptr + first, wire[CALLER].len - first)),
                         WEFT_ERR_MALFORMED);
        ck_assert_uint_eq(plain[CALLED].len, 0);
    }
}
END_TEST

/* The wire's bytes sent back to who sent them: a caller that is answered by itself. */
START_TEST(reflection_is_refused) {
    struct weft_buf bytes = wire[CALLER];
    weft_buf_init(&wire[CALLER], NULL);
    ck_assert_int_lt(receive(CALLER, weft_buf_slice(&bytes)), 0);
    ck_assert(!is_ready(CALLER));
    weft_buf_fini(&bytes);
}
END_TEST

/* --- Out of memory ----------------------------------------------------------------------------------------------- */

START_TEST(every_allocation_may_fail) {
    for (size_t n = 1;; n++) {
        struct failing_alloc failing;
        failing_alloc_init(&failing);
        failing.fail_at = n;
        ck_assert_int_eq(open_channel(CALLER, NULL), 0);
        int rc = open_channel(CALLED, &failing.alloc);
        for (int step = 0; rc == 0 && step < 3; step++) rc = pass(step % 2 == 0 ? CALLER : CALLED, 3);
        close_channel(CALLED);
        ck_assert_uint_eq(failing.live_bytes, 0);
        if (rc == 0) break;
        ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
    }
}
END_TEST

static void add_strangers(Suite *s) {
    TCase *t = tcase_create("strangers");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, called_side_is_silent_until_the_caller_knows_the_key);
    tcase_add_test(t, other_cluster_with_the_same_key_is_a_stranger);
    tcase_add_test(t, previous_key_is_taken_of_a_caller);
    tcase_add_loop_test(t, first_frame_must_have_its_length, -1, 2);
    tcase_add_test(t, guarded_memory_of_strangers_is_wiped_and_used_again);
    tcase_add_test(t, browsers_and_plain_nodes_are_named);
    tcase_add_loop_test(t, peer_without_a_certificate_is_refused, CALLER, CALLED + 1);
    tcase_add_test(t, expired_certificate_is_refused_and_its_time_named);
    tcase_add_loop_test(t, every_changed_byte_of_the_handshake_is_refused, 0, 3);
    tcase_add_test(t, every_changed_byte_of_a_frame_is_refused);
    tcase_add_loop_test(t, replayed_and_reordered_frames_are_refused, 0, 2);
    tcase_add_test(t, reflection_is_refused);
}

int main(void) {
    Suite *s = suite_create("sealed");
    TCase *t = tcase_create("peers");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, peers_of_a_cluster_link, 0, 40);
    tcase_add_test(t, plaintext_is_not_on_the_wire);
    tcase_add_loop_test(t, long_plaintext_is_cut_and_put_together, 0, 2);
    tcase_add_test(t, keys_change_without_a_word);
    tcase_add_test(t, peer_is_judged_again_by_another_identity);
    tcase_add_test(t, peer_that_becomes_somebody_else_is_cut);
    tcase_add_test(t, every_allocation_may_fail);
    add_strangers(s);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
