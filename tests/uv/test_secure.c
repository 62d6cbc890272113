/* test_secure.c: nodes whose links are encrypted: who is let in, who is cut off while it is linked, and that keys and
 * certificates change under writes that nobody loses. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weft/err.h>

#include "replication/uv/node.h"
#include "tests/support/failing_alloc.h"
#include "tests/uv/members.h"

/* What weft_uv_new says of the first node's store with an identity; it is closed again where it opens. */
static int reopen_first(struct weft_identity *id, char *why, size_t why_len) {
    struct peer *p = world_peer(&w, 0);
    p->o.plain_links = false;
    p->o.identity = id;
    int rc = weft_uv_new(&p->node, &w.loop, &p->o, why, why_len);
    weft_identity_free(id);
    if (rc == 0) peer_close(p);
    return rc;
}

static bool all_gone(struct world *in) {
    return in->peers[0].node == NULL && in->peers[1].node == NULL;
}

START_TEST(nodes_of_a_cluster_converge) {
    for (size_t i = 0; i < 3; i++) open_peer(i, &as_it_is);
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < 3; i++) write_at(i);
        world_run_for(&w, 2);
    }
    expect_converged();
}
END_TEST

START_TEST(other_cluster_key_is_refused) {
    const struct change other = {.cluster_key = &other_cluster_key};
    open_peer(0, &as_it_is);
    open_peer(1, &other);
    expect_refused_at_first(WEFT_ERR_STRANGER, "does not know this cluster's key");
    struct weft_uv_stats stats;
    weft_uv_stats(w.peers[1].node, &stats);
    ck_assert_uint_eq(stats.links, 0);
}
END_TEST

START_TEST(plain_node_is_refused) {
    open_peer(0, &as_it_is);
    struct peer *p = world_peer(&w, 1);
    peer_seed(p, weft_uv_port(w.peers[0].node));
    peer_open(&w, p);
    expect_refused_at_first(WEFT_ERR_VERSION, "does not encrypt");
}
END_TEST

START_TEST(expired_certificate_is_refused) {
    struct change expired = {.certificate = fresh_certificate(2)};
    expired.certificate.not_after = expired.certificate.not_before + 5;
    open_peer(0, &as_it_is);
    open_peer(1, &expired);
    expect_refused_at_first(WEFT_ERR_EXPIRED, "was valid until");
}
END_TEST

START_TEST(links_end_with_their_certificates) {
    struct change brief = {.certificate = fresh_certificate(2)};
    brief.certificate.not_after = (uint64_t)time(NULL) + 2;
    open_peer(0, &as_it_is);
    open_peer(1, &brief);
    write_at(1);
    expect_converged();
    ck_assert_uint_eq(w.peers[0].refused, 0);
    expect_refused_at_first(WEFT_ERR_EXPIRED, "time has ended");
}
END_TEST

START_TEST(revoked_peer_is_cut_at_once) {
    static const uint64_t serial = 2;
    const struct change revoking = {.revoked = &serial};
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    write_at(1);
    expect_converged();
    change_identity(0, &revoking);
    ck_assert_uint_eq(w.peers[0].refused, 0); /* no callback inside a call: uv.h */
    struct weft_uv_stats stats;
    weft_uv_stats(w.peers[0].node, &stats);
    ck_assert_uint_eq(stats.links, 0);
    write_at(1);
    world_run_for(&w, 20);
    ck_assert_uint_ge(w.peers[0].refused, 1);
    ck_assert_uint_ge(w.peers[0].node->stats.refused, 1);
    ck_assert_int_eq(w.peers[0].refused_err, WEFT_ERR_CERTIFICATE);
    ck_assert_ptr_nonnull(strstr(w.peers[0].refused_text, "revoked"));
    world_run_for(&w, 300);
    ck_assert(!converged(&w));
    change_identity(0, &as_it_is); /* it was a mistake */
    expect_converged();
}
END_TEST

/* A frame of the channel whose rest never comes; somebody between, who changes its length, makes one of any. */
START_TEST(frame_that_is_not_finished_ends_the_link) {
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    write_at(1);
    expect_converged();
    struct weft__link *from = w.peers[1].node->links, *to = w.peers[0].node->links;
    ck_assert_int_eq(weft_buf_append(&from->wire, "\xff\xff", 3), 0);
    weft__link_flush(from);
    world_run_for(&w, 50);
    to->progress_ns -= WEFT__LINK_SILENCE_NS;
    ck_assert(world_run(&w, first_refused, 2500));
    ck_assert_ptr_nonnull(strstr(w.peers[0].refused_text, "did not finish a message"));
    write_at(1);
    expect_converged();
}
END_TEST

static void revoke_at_second(uv_timer_t *timer) {
    static const uint64_t serial = 1;
    const struct change revoking = {.revoked = &serial};
    ck_assert_int_eq(w.peers[1].node->links->state, WEFT__LINK_CONNECTING);
    change_identity(1, &revoking);
    uv_close((uv_handle_t *)timer, NULL);
}

/* What was dialled before the list changed is judged by the list that is there when it answers. */
START_TEST(revoked_peer_is_refused_where_it_was_dialled_before) {
    uv_timer_t timer;
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    uv_timer_init(&w.loop, &timer);
    uv_timer_start(&timer, revoke_at_second, 0, 0); /* after the node's own, which dials */
    world_run_for(&w, 500);
    ck_assert_uint_ge(w.peers[1].refused, 1);
    ck_assert_ptr_nonnull(strstr(w.peers[1].refused_text, "revoked"));
    struct weft_uv_stats stats;
    weft_uv_stats(w.peers[1].node, &stats);
    ck_assert_uint_eq(stats.links, 0);
}
END_TEST

/* As docs/security.md says it: old with new beside it everywhere, new with old beside it everywhere, new alone. */
START_TEST(cluster_key_is_rotated_under_writes) {
    const struct change both = {.previous = &other_cluster_key};
    const struct change turned = {.cluster_key = &other_cluster_key, .previous = &cluster_key};
    const struct change alone = {.cluster_key = &other_cluster_key};
    const struct change *const steps[] = {&both, &turned, &alone};
    for (size_t i = 0; i < 3; i++) open_peer(i, &as_it_is);
    for (size_t step = 0; step < 3; step++) {
        for (size_t i = 0; i < 3; i++) {
            change_identity(i, steps[step]);
            for (size_t j = 0; j < 3; j++) write_at(j);
            world_run_for(&w, 20);
        }
        expect_converged();
    }
    for (size_t i = 0; i < 3; i++) ck_assert_msg(w.peers[i].refused == 0, "%s", w.peers[i].refused_text);
}
END_TEST

/* Of either side, whose n-th allocation fails: the node is not made, or it converges all the same, and no handshake is
 * counted that is not there. */
START_TEST(memory_may_end_anywhere) {
    struct failing_alloc alloc;
    failing_alloc_init(&alloc);
    size_t side = (size_t)_i % 2;
    world_peer(&w, side)->engine.alloc = &alloc.alloc;
    alloc.fail_at = (size_t)_i + 1;
    open_peer(0, &as_it_is);
    if (w.peers[0].node != NULL) open_peer(1, &as_it_is);
    if (w.peers[0].node != NULL && w.peers[1].node != NULL) {
        expect_linked();
        ck_assert_uint_eq(w.peers[0].node->knocks.half_open, 0);
    }
    for (size_t i = 0; i < 2; i++) peer_close(&w.peers[i]);
    ck_assert(world_run(&w, all_gone, 5000));
    world_run_for(&w, 1);
    ck_assert_uint_eq(alloc.live_bytes, 0);
}
END_TEST

/* Identities change and a node closes in any turn of a handshake. */
START_TEST(any_moment_is_a_moment_to_change_and_close) {
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    for (int turn = 0; turn < _i / 3; turn++) uv_run(&w.loop, UV_RUN_NOWAIT);
    if (_i % 3 == 2) peer_close(&w.peers[1]);
    change_identity(0, &as_it_is);
    if (_i % 3 == 0) change_identity(1, &as_it_is);
    if (_i % 3 == 1) peer_close(&w.peers[0]);
    if (_i % 3 == 0) expect_linked();
    for (size_t i = 0; i < 2; i++) peer_close(&w.peers[i]);
    ck_assert(world_run(&w, all_gone, 5000));
    for (size_t i = 0; i < 2; i++) ck_assert_msg(w.peers[i].refused == 0, "%s", w.peers[i].refused_text);
}
END_TEST

static bool first_gone(struct world *in) {
    return in->peers[0].node == NULL;
}

static void close_first(void) {
    write_at(0);
    world_run_for(&w, 20);
    peer_close(&w.peers[0]);
    ck_assert(world_run(&w, first_gone, 5000));
}

static struct weft_id replica_of_first(void) {
    return weft_replica_self(weft_uv_replica(w.peers[0].node)).replica;
}

/* A store and a key that belong to two replicas: nothing is opened, and the sentence says whose is what. */
START_TEST(store_of_another_replica_is_refused) {
    char why[400], text[WEFT_ID_TEXT];
    struct change other = {.certificate = fresh_certificate(1)};
    open_peer(0, &as_it_is);
    struct weft_id own = replica_of_first();
    close_first();
    other.certificate.replica = (struct weft_id){{5}};
    ck_assert_int_eq(reopen_first(identity(1, &other), why, sizeof why), WEFT_ERR_FOREIGN);
    weft_id_format(&own, text);
    ck_assert_msg(strstr(why, text) != NULL && strstr(why, "--replica") != NULL, "%s", why);
    ck_assert_int_eq(reopen_first(identity(2, &as_it_is), why, sizeof why), WEFT_ERR_FOREIGN);
    /* Another key that is signed for this replica opens it. */
    other.certificate = fresh_certificate(2);
    other.certificate.replica = own;
    ck_assert_msg(reopen_first(identity(2, &other), why, sizeof why) == 0, "%s", why);
}
END_TEST

START_TEST(store_of_another_cluster_or_space_is_refused) {
    char why[400];
    struct change cluster = {.certificate = fresh_certificate(1)}, space = {.space = {{6}}};
    open_peer(0, &as_it_is);
    close_first();
    cluster.certificate.cluster = (struct weft_id){{8}};
    ck_assert_int_eq(reopen_first(identity(1, &cluster), why, sizeof why), WEFT_ERR_FOREIGN);
    ck_assert_msg(strstr(why, "of cluster 07") != NULL && strstr(why, "not of 08") != NULL, "%s", why);
    ck_assert_int_eq(reopen_first(identity(1, &space), why, sizeof why), WEFT_ERR_FOREIGN);
    ck_assert_msg(strstr(why, "of space 00") != NULL && strstr(why, "not of 06") != NULL, "%s", why);
    ck_assert_msg(reopen_first(identity(1, &as_it_is), why, sizeof why) == 0, "%s", why);
}
END_TEST

START_TEST(new_store_is_of_the_replica_of_its_key) {
    struct weft_identity *id = identity(1, &as_it_is);
    struct weft_id mine = weft_identity_replica(id);
    weft_identity_free(id);
    open_peer(0, &as_it_is);
    struct weft_id own = replica_of_first();
    ck_assert_int_eq(weft_id_cmp(&own, &mine), 0);
    /* A key that is rotated stays the same replica, or is not taken. */
    struct change next = {.certificate = fresh_certificate(3)};
    id = identity(3, &next);
    ck_assert_int_eq(weft_uv_set_identity(w.peers[0].node, id), WEFT_ERR_FOREIGN);
    weft_identity_free(id);
    next.certificate.replica = own;
    id = identity(3, &next);
    ck_assert_int_eq(weft_uv_set_identity(w.peers[0].node, id), 0);
    weft_identity_free(id);
}
END_TEST

START_TEST(options_and_identity_agree_or_are_refused) {
    char why[256];
    struct peer *p = world_peer(&w, 0);
    p->engine.replica = (struct weft_id){{1}};
    p->o.identity = identity(1, &as_it_is);
    int rc = weft_uv_new(&p->node, &w.loop, &p->o, why, sizeof why);
    weft_identity_free(p->o.identity);
    ck_assert_int_eq(rc, WEFT_ERR_INVALID);
    ck_assert_msg(strstr(why, "the options say replica") != NULL, "%s", why);
}
END_TEST

START_TEST(store_of_a_cluster_has_no_plain_links) {
    char why[256];
    struct peer *p = world_peer(&w, 0);
    open_peer(0, &as_it_is);
    close_first();
    p->o.identity = NULL;
    p->o.plain_links = true;
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, why, sizeof why), WEFT_ERR_FOREIGN);
    ck_assert_msg(strstr(why, "plain links") != NULL, "%s", why);
}
END_TEST

START_TEST(plain_node_takes_no_identity) {
    struct peer *p = world_peer(&w, 0);
    peer_open(&w, p);
    struct weft_identity *id = identity(1, &as_it_is);
    ck_assert_int_eq(weft_uv_set_identity(p->node, id), WEFT_ERR_INVALID);
    weft_identity_free(id);
    open_peer(1, &as_it_is);
    ck_assert_int_eq(weft_uv_set_identity(w.peers[1].node, NULL), WEFT_ERR_INVALID);
}
END_TEST

START_TEST(links_without_identity_must_be_allowed) {
    struct weft_uv_options o;
    struct weft_uv *n;
    char why[256];
    weft_uv_options_init(&o);
    o.listen = "127.0.0.1:0";
    ck_assert_int_eq(weft_uv_new(&n, &w.loop, &o, why, sizeof why), WEFT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(why, "links need an identity"));
    o.plain_links = true;
    o.listen = "0.0.0.0:0";
    ck_assert_int_eq(weft_uv_new(&n, &w.loop, &o, why, sizeof why), WEFT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(why, "loopback"));
}
END_TEST

/* --- Strangers in number ----------------------------------------------------------------------------------------- */

#define STRANGERS 300u

static struct stranger {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    bool says;
    char chunk[64];
} strangers[STRANGERS];

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct stranger *s = handle->data;
    (void)suggested;
    *buf = uv_buf_init(s->chunk, sizeof s->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    (void)buf;
    ck_assert_int_le(count, 0); /* nobody answers a stranger */
    if (count < 0) uv_close((uv_handle_t *)stream, NULL);
}

static void on_connect(uv_connect_t *req, int status) {
    struct stranger *s = req->handle->data;
    static char text[] = "who is there?";
    uv_buf_t buf = uv_buf_init(text, sizeof text);
    if (status < 0) return;
    uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    if (s->says) uv_write(&s->write, (uv_stream_t *)&s->tcp, &buf, 1, NULL);
}

/* From other addresses than the nodes', so many from each. */
static void knock(unsigned count, unsigned each, bool says) {
    struct sockaddr_in from, to;
    char text[32];
    uv_ip4_addr("127.0.0.1", weft_uv_port(w.peers[0].node), &to);
    for (unsigned i = 0; i < count; i++) {
        struct stranger *s = &strangers[i];
        memset(s, 0, sizeof *s);
        s->says = says;
        uv_tcp_init(&w.loop, &s->tcp);
        s->tcp.data = s;
        snprintf(text, sizeof text, "127.0.%u.2", 1 + i / each);
        uv_ip4_addr(text, 0, &from);
        ck_assert_int_eq(uv_tcp_bind(&s->tcp, (const struct sockaddr *)&from, 0), 0);
        ck_assert_int_eq(uv_tcp_connect(&s->connect, &s->tcp, (const struct sockaddr *)&to, on_connect), 0);
    }
}

static void dismiss(unsigned count) {
    for (unsigned i = 0; i < count; i++)
        if (!uv_is_closing((uv_handle_t *)&strangers[i].tcp)) uv_close((uv_handle_t *)&strangers[i].tcp, NULL);
}

START_TEST(who_fails_often_is_not_heard) {
    struct weft_uv_stats stats;
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    write_at(1);
    expect_converged();
    knock(100, 100, true);
    for (unsigned i = 0; i < 50; i++) {
        write_at(i % 2);
        world_run_for(&w, 4);
    }
    expect_converged();
    weft_uv_stats(w.peers[0].node, &stats);
    ck_assert_uint_eq(stats.refused + stats.unheard, 100);
    ck_assert_uint_ge(stats.refused, WEFT__KNOCKS_PATIENCE);
    ck_assert_uint_le(stats.refused, WEFT__KNOCKS_PATIENCE + 10); /* a second brings one more */
    open_peer(2, &as_it_is);
    write_at(2);
    expect_converged();
    dismiss(100);
}
END_TEST

START_TEST(silent_strangers_are_few_at_a_time) {
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    write_at(1);
    expect_converged();
    knock(STRANGERS, 10, false);
    for (unsigned i = 0; i < 100; i++) {
        write_at(i % 2);
        world_run_for(&w, 3);
        ck_assert_uint_le(w.peers[0].node->knocks.half_open, WEFT__KNOCKS_HALF_OPEN);
        ck_assert_uint_le(w.peers[0].node->link_count, WEFT__KNOCKS_HALF_OPEN + 1);
    }
    expect_converged();
    ck_assert_uint_eq(w.peers[0].node->knocks.half_open, WEFT__KNOCKS_HALF_OPEN);
    open_peer(2, &as_it_is); /* it waits behind them, until they have wasted their time */
    write_at(2);
    expect_converged();
    dismiss(STRANGERS);
}
END_TEST

static bool all_closed(struct world *in) {
    return in->peers[0].node->link_count == 0;
}

START_TEST(every_handshake_is_counted_once) {
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    write_at(1);
    expect_converged();
    ck_assert_uint_eq(w.peers[0].node->knocks.half_open, 0);
    knock(10, 10, false);
    world_run_for(&w, 50);
    ck_assert_uint_eq(w.peers[0].node->knocks.half_open, 10);
    change_identity(0, &as_it_is); /* ends handshakes that are under way */
    dismiss(10);
    peer_close(&w.peers[1]);
    ck_assert(world_run(&w, all_closed, 5000));
    ck_assert_uint_eq(w.peers[0].node->knocks.half_open, 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("secure");
    TCase *t = tcase_create("nodes");
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, members_setup, members_teardown);
    tcase_add_test(t, nodes_of_a_cluster_converge);
    tcase_add_test(t, other_cluster_key_is_refused);
    tcase_add_test(t, plain_node_is_refused);
    tcase_add_test(t, expired_certificate_is_refused);
    tcase_add_test(t, links_end_with_their_certificates);
    tcase_add_test(t, revoked_peer_is_cut_at_once);
    tcase_add_test(t, revoked_peer_is_refused_where_it_was_dialled_before);
    tcase_add_test(t, frame_that_is_not_finished_ends_the_link);
    tcase_add_test(t, cluster_key_is_rotated_under_writes);
    tcase_add_test(t, who_fails_often_is_not_heard);
    tcase_add_test(t, silent_strangers_are_few_at_a_time);
    tcase_add_test(t, every_handshake_is_counted_once);
    tcase_add_loop_test(t, memory_may_end_anywhere, 0, 160);
    tcase_add_loop_test(t, any_moment_is_a_moment_to_change_and_close, 0, 60);
    tcase_add_test(t, store_of_another_replica_is_refused);
    tcase_add_test(t, store_of_another_cluster_or_space_is_refused);
    tcase_add_test(t, new_store_is_of_the_replica_of_its_key);
    tcase_add_test(t, options_and_identity_agree_or_are_refused);
    tcase_add_test(t, store_of_a_cluster_has_no_plain_links);
    tcase_add_test(t, plain_node_takes_no_identity);
    tcase_add_test(t, links_without_identity_must_be_allowed);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
