/* test_renewal.c: links that grow old, or whose certificates do, are replaced by fresh ones beside them: no gap,
 * nothing lost, and both ends agree on which it is. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weft/err.h>

#include "replication/uv/identity.h"
#include "replication/uv/node.h"
#include "tests/uv/members.h"

static uint64_t links_of(size_t i) {
    struct weft_uv_stats stats;
    weft_uv_stats(w.peers[i].node, &stats);
    return stats.links;
}

static struct weft__link *last_link(size_t i) {
    struct weft__link *l = w.peers[i].node->links;
    while (l->next != NULL) l = l->next;
    return l;
}

/* One each, and it is the same connection. */
static void expect_one_link_between(void) {
    struct sockaddr_storage own;
    int len = sizeof own;
    char text[WEFT__ADDRESS_TEXT];
    expect_linked();
    ck_assert_int_eq(uv_tcp_getsockname(&last_link(1)->tcp, (struct sockaddr *)&own, &len), 0);
    weft__address_format((const struct sockaddr *)&own, text);
    ck_assert_int_eq(strncmp(last_link(0)->peer, text, strlen(text)), 0); /* and who it is */
    for (size_t i = 0; i < 2; i++) ck_assert_uint_eq(w.peers[i].node->link_count, 1);
    for (size_t i = 0; i < 2; i++) ck_assert_msg(w.peers[i].refused == 0, "%s", w.peers[i].refused_text);
}

/* Both write in every turn; neither is without an open link in any. */
static void write_through_turns(unsigned turns) {
    for (unsigned i = 0; i < turns; i++) {
        if (i % 4 == 0) write_at(i / 4 % 2);
        uv_run(&w.loop, UV_RUN_ONCE);
        ck_assert_uint_ge(links_of(0), 1);
        ck_assert_uint_ge(links_of(1), 1);
        ck_assert_uint_le(w.peers[0].node->link_count, 2);
    }
}

static bool is_one_link(struct world *in) {
    return linked(in) && in->peers[0].node->link_count == 1 && in->peers[1].node->link_count == 1;
}

/* As after an hour, in the midst of writes from both sides; no digest mends what a link would lose. */
START_TEST(old_links_are_renewed_and_nothing_is_lost) {
    gossip_ns = UINT64_C(3600000000000);
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    expect_linked();
    write_at(0);
    write_at(1);
    expect_converged();
    ck_assert_uint_ge(last_link(1)->anew_ns, uv_hrtime() + WEFT__LINK_AGE_NS / 2);
    for (unsigned round = 1; round <= 3; round++) {
        uint32_t number = last_link(1)->number;
        last_link(1)->anew_ns = 1;
        weft__link_sweep(last_link(1), uv_hrtime());
        weft__link_sweep(last_link(1), uv_hrtime()); /* once is enough */
        write_through_turns(200);
        expect_converged();
        ck_assert(world_run(&w, is_one_link, 5000));
        ck_assert_uint_gt(last_link(1)->number, number);
        ck_assert_uint_eq(w.peers[1].node->stats.renewed, round);
        expect_one_link_between();
    }
}
END_TEST

/* Of a side that renews, or of the other, whatever turn they are in: what was written before is there at last, and so
 * is one link. */
START_TEST(either_side_may_be_lost_while_a_link_is_renewed) {
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    expect_linked();
    last_link(1)->anew_ns = 1;
    weft__link_sweep(last_link(1), uv_hrtime());
    for (int turn = 0; turn < _i / 3; turn++) {
        if (turn % 2 == 0) write_at(turn / 2 % 2);
        uv_run(&w.loop, UV_RUN_NOWAIT);
    }
    struct weft__link *old = w.peers[_i % 2].node->links;
    if (_i % 3 == 0) weft__link_close(old, "cut");
    if (_i % 3 == 1) weft__link_close(last_link((size_t)_i % 2), "cut");
    if (_i % 3 == 2) change_identity((size_t)_i % 2, &as_it_is);
    expect_converged();
    ck_assert(world_run(&w, is_one_link, 20000));
    expect_one_link_between();
}
END_TEST

/* The first does not know the key that the second calls with now. */
START_TEST(where_a_fresh_link_fails_the_old_one_goes_on) {
    const struct change other = {.cluster_key = &other_cluster_key};
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    expect_linked();
    struct weft__link *l = last_link(1);
    change_identity(1, &other);
    l->anew_ns = 1;
    weft__link_sweep(l, uv_hrtime());
    expect_refused_at_first(WEFT_ERR_STRANGER, "does not know this cluster's key");
    write_through_turns(100);
    expect_converged();
    ck_assert_ptr_eq(w.peers[1].node->links, l);
    ck_assert_int_eq(l->state, WEFT__LINK_OPEN);
    ck_assert_uint_gt(l->anew_ns, uv_hrtime() + WEFT__LINK_AGAIN_NS / 2);
    ck_assert_uint_eq(w.peers[1].node->stats.renewed, 0);
}
END_TEST

static bool is_renewed(struct world *in) {
    return in->peers[1].node->stats.renewed == 1 && is_one_link(in);
}

/* Whoever dialled shows its new certificate at once; there is no need to wait for the old one's end. */
START_TEST(a_new_certificate_is_shown_on_a_fresh_link) {
    struct change fresh = {.certificate = fresh_certificate(2)};
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    expect_linked();
    uint64_t until = last_link(0)->channel->cls->until(last_link(0)->channel);
    change_identity(1, &as_it_is); /* signed anew, but the same */
    ck_assert_uint_gt(last_link(1)->anew_ns, uv_hrtime() + WEFT__LINK_AGE_NS / 2);
    fresh.certificate.not_after += 1;
    fresh.certificate.serial = 22;
    change_identity(1, &fresh);
    for (unsigned i = 0; i < 1000 && !is_renewed(&w); i++) write_through_turns(1);
    ck_assert(world_run(&w, is_renewed, 5000));
    expect_converged();
    expect_one_link_between();
    ck_assert_uint_ge(last_link(0)->channel->cls->until(last_link(0)->channel), until);
    ck_assert_uint_eq(last_link(0)->channel->cls->peer(last_link(0)->channel)->until, fresh.certificate.not_after);
}
END_TEST

/* Of either side: a tenth of what is left is time enough to see a newer one. */
START_TEST(links_are_renewed_before_a_certificate_ends) {
    struct change brief = {.certificate = fresh_certificate((uint8_t)(_i + 1))};
    uint64_t now = (uint64_t)time(NULL);
    brief.certificate.not_after = now + 1000;
    open_peer(0, _i == 0 ? &brief : &as_it_is);
    open_peer(1, _i == 1 ? &brief : &as_it_is);
    expect_linked();
    uint64_t in_s = (last_link(1)->anew_ns - uv_hrtime()) / 1000000000u;
    ck_assert_uint_ge(in_s, 880);
    ck_assert_uint_le(in_s, 901);
    const struct weft__link *called = last_link(0);
    ck_assert_uint_eq(called->channel->cls->until(called->channel), now + 1000);
}
END_TEST

int main(void) {
    Suite *s = suite_create("renewal");
    TCase *t = tcase_create("renewal");
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, members_setup, members_teardown);
    tcase_add_test(t, old_links_are_renewed_and_nothing_is_lost);
    tcase_add_loop_test(t, either_side_may_be_lost_while_a_link_is_renewed, 0, 48);
    tcase_add_test(t, where_a_fresh_link_fails_the_old_one_goes_on);
    tcase_add_test(t, a_new_certificate_is_shown_on_a_fresh_link);
    tcase_add_loop_test(t, links_are_renewed_before_a_certificate_ends, 0, 2);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
