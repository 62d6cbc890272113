/* test_flood.c: strangers by the thousand: how many a turn and a second take, what they may hold, and that members go
 * on meanwhile. By counts; how long it all takes is bench/flood.c's to say. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "replication/uv/node.h"
#include "tests/support/failing_alloc.h"
#include "tests/uv/members.h"

#define STRANGERS 300u

/* Dials, perhaps says something, and when it is shown out dials again, as long as the flood lasts. */
static struct stranger {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    unsigned address; /* 127.0.address.2 */
    bool says, open;
    char chunk[64];
} strangers[STRANGERS];
static bool again;

static void dial(struct stranger *s);

static void on_stranger_closed(uv_handle_t *handle) {
    struct stranger *s = handle->data;
    s->open = false;
    if (again) dial(s);
}

static void leave(struct stranger *s) {
    if (s->open && !uv_is_closing((uv_handle_t *)&s->tcp)) uv_close((uv_handle_t *)&s->tcp, on_stranger_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct stranger *s = handle->data;
    (void)suggested;
    *buf = uv_buf_init(s->chunk, sizeof s->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    (void)buf;
    ck_assert_int_le(count, 0); /* nobody answers a stranger */
    if (count < 0) leave(stream->data);
}

static void on_connect(uv_connect_t *req, int status) {
    struct stranger *s = req->handle->data;
    static char text[] = "who is there?";
    uv_buf_t buf = uv_buf_init(text, sizeof text);
    if (status < 0 || uv_is_closing((uv_handle_t *)&s->tcp)) {
        leave(s);
        return;
    }
    uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    if (s->says) uv_write(&s->write, (uv_stream_t *)&s->tcp, &buf, 1, NULL);
}

static void dial(struct stranger *s) {
    struct sockaddr_in from, to;
    char text[32];
    uv_ip4_addr("127.0.0.1", weft_uv_port(w.peers[0].node), &to);
    uv_tcp_init(&w.loop, &s->tcp);
    s->tcp.data = s;
    s->open = true;
    snprintf(text, sizeof text, "127.0.%u.2", s->address);
    uv_ip4_addr(text, 0, &from);
    ck_assert_int_eq(uv_tcp_bind(&s->tcp, (const struct sockaddr *)&from, 0), 0);
    ck_assert_int_eq(uv_tcp_connect(&s->connect, &s->tcp, (const struct sockaddr *)&to, on_connect), 0);
}

/* So many from each address. */
static void flood(unsigned each, bool says) {
    again = true;
    for (unsigned i = 0; i < STRANGERS; i++) {
        strangers[i] = (struct stranger){.address = 1 + i / each, .says = says};
        dial(&strangers[i]);
    }
}

static bool none_is_open(struct world *in) {
    (void)in;
    for (unsigned i = 0; i < STRANGERS; i++)
        if (strangers[i].open) return false;
    return true;
}

static void end_flood(void) {
    again = false;
    for (unsigned i = 0; i < STRANGERS; i++) leave(&strangers[i]);
    ck_assert(world_run(&w, none_is_open, 5000));
}

/* --- Members ----------------------------------------------------------------------------------------------------- */

static void setup(void) {
    members_setup();
    memset(strangers, 0, sizeof strangers);
}

static void teardown(void) {
    end_flood();
    members_teardown();
}

static void expect_pair_goes_on(void) {
    write_at(0);
    write_at(1);
    ck_assert_msg(world_run(&w, converged, 10000), "the members do not converge");
}

static void open_pair(const struct weft_alloc *alloc) {
    world_peer(&w, 0)->engine.alloc = alloc;
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    expect_pair_goes_on();
}

static struct weft_uv_stats stats_of(size_t i) {
    struct weft_uv_stats stats;
    weft_uv_stats(w.peers[i].node, &stats);
    return stats;
}

/* --- The budgets ------------------------------------------------------------------------------------------------- */

START_TEST(a_turn_takes_few) {
    open_pair(NULL);
    uint64_t before = stats_of(0).accepted, most = 0;
    flood(STRANGERS, true);
    for (unsigned turn = 0; turn < 400; turn++) {
        uint64_t from = stats_of(0).accepted;
        uv_run(&w.loop, UV_RUN_NOWAIT);
        uint64_t taken = stats_of(0).accepted - from;
        if (taken > most) most = taken;
    }
    ck_assert_uint_eq(most, WEFT__LISTENER_TURN);
    ck_assert_uint_gt(stats_of(0).accepted, before + 100);
    expect_pair_goes_on();
}
END_TEST

/* However many come: strangers that are shown out come again at once. */
START_TEST(a_second_takes_no_more_than_its_budget) {
    open_pair(NULL);
    uint64_t before = stats_of(0).accepted, from = uv_hrtime();
    flood(STRANGERS, true);
    for (unsigned i = 0; i < 50; i++) {
        write_at(i % 2);
        world_run_for(&w, 20);
    }
    uint64_t ms = (uv_hrtime() - from) / 1000000 + 1, taken = stats_of(0).accepted - before;
    ck_assert_uint_le(taken, WEFT__LISTENER_BURST + ms * WEFT__LISTENER_RATE / 1000);
    ck_assert_uint_gt(taken, WEFT__LISTENER_BURST);
    ck_assert_uint_gt(stats_of(0).pauses, 5);
    ck_assert_uint_le(stats_of(0).refused, WEFT__KNOCKS_PATIENCE + ms / 1000 + 1);
    ck_assert_uint_eq(stats_of(0).links, 1);
    expect_pair_goes_on();
}
END_TEST

/* From many addresses, each of which is heard a while. */
START_TEST(a_second_hears_no_more_than_its_budget) {
    open_pair(NULL);
    uint64_t from = uv_hrtime();
    flood(2, true);
    world_run_for(&w, 1000);
    uint64_t ms = (uv_hrtime() - from) / 1000000 + 1;
    ck_assert_uint_le(stats_of(0).refused, WEFT__KNOCKS_BURST + ms * WEFT__KNOCKS_RATE / 1000);
    ck_assert_uint_gt(stats_of(0).refused, WEFT__KNOCKS_BURST);
    expect_pair_goes_on();
}
END_TEST

/* A link, and what its channel keeps of a first frame. Guarded memory comes on top: a few pages each. */
#define STRANGER_BYTES (sizeof(struct weft__link) + 4096u)

START_TEST(what_strangers_hold_is_bounded) {
    struct failing_alloc alloc;
    failing_alloc_init(&alloc);
    open_pair(&alloc.alloc);
    size_t before = alloc.live_bytes, most = 0;
    flood(2, _i == 1);
    for (unsigned i = 0; i < 300; i++) {
        uv_run(&w.loop, UV_RUN_NOWAIT);
        if (alloc.live_bytes > most) most = alloc.live_bytes;
        ck_assert_uint_le(stats_of(0).half_open, WEFT__KNOCKS_HALF_OPEN);
    }
    /* Those that are closing are there for a turn more. */
    ck_assert_uint_le(most, before + (WEFT__KNOCKS_HALF_OPEN + 2 * WEFT__LISTENER_TURN) * STRANGER_BYTES);
    ck_assert_uint_gt(most, before + WEFT__LISTENER_TURN * sizeof(struct weft__link) / 2);
    end_flood();
    world_run_for(&w, 100);
    ck_assert_uint_eq(stats_of(0).half_open, 0);
    ck_assert_uint_le(alloc.live_bytes, before + (64u << 10));
    expect_pair_goes_on();
    peer_close(&w.peers[0]);
    world_run_for(&w, 100);
    ck_assert_uint_eq(alloc.live_bytes, 0);
}
END_TEST

/* --- Who comes in all the same ----------------------------------------------------------------------------------- */

static bool handshakes_are_taken(struct world *in) {
    (void)in;
    return stats_of(0).half_open == WEFT__KNOCKS_HALF_OPEN;
}

/* Silent ones take every handshake and would for seconds; the oldest makes room, though not at once. */
START_TEST(who_is_slow_makes_room) {
    open_pair(NULL);
    flood(2, false);
    ck_assert(world_run(&w, handshakes_are_taken, 5000));
    again = false;
    uint64_t taken = stats_of(0).accepted;
    world_run_for(&w, 100);
    ck_assert_uint_eq(stats_of(0).accepted, taken);
    ck_assert_uint_eq(stats_of(0).refused, 0);
    ck_assert_uint_gt(stats_of(0).pauses, 0);
    open_peer(2, &as_it_is);
    write_at(2);
    ck_assert_msg(world_run(&w, converged, 10000), "a member does not get in");
    ck_assert_uint_gt(stats_of(0).refused, 0);
    ck_assert_int_eq(w.peers[0].refused_err, WEFT_ERR_FULL);
    ck_assert_ptr_nonnull(strstr(w.peers[0].refused_text, "slow"));
    ck_assert_uint_eq(stats_of(0).links, 2);
    ck_assert_uint_le(stats_of(0).half_open, WEFT__KNOCKS_HALF_OPEN);
}
END_TEST

/* While they come on and on. */
START_TEST(a_member_gets_in_through_the_flood) {
    open_pair(NULL);
    flood(_i == 0 ? STRANGERS : 2, true);
    world_run_for(&w, 200);
    open_peer(2, &as_it_is);
    write_at(2);
    ck_assert_msg(world_run(&w, converged, 30000), "a member does not get in");
}
END_TEST

/* Its own port has nothing to do with it. */
START_TEST(a_node_under_a_flood_dials_at_once) {
    open_peer(0, &as_it_is);
    flood(STRANGERS, true);
    world_run_for(&w, 200);
    struct peer *p = world_peer(&w, 3);
    p->o.plain_links = true;
    peer_open(&w, p);
    struct weft__address to;
    ck_assert_int_eq(weft__address_parse(&to, p->listen, WEFT__ADDRESS_DIALLED, NULL, 0), 0);
    ck_assert_int_eq(weft__dial_new(w.peers[0].node, &to), 0);
    unsigned turns = 0;
    while (w.peers[3].refused == 0 && turns < 100) {
        uv_run(&w.loop, UV_RUN_ONCE);
        turns++;
    }
    ck_assert_uint_lt(turns, 100); /* it came, and was refused there for being encrypted */
    peer_close(&w.peers[3]);
}
END_TEST

int main(void) {
    Suite *s = suite_create("flood");
    TCase *t = tcase_create("flood");
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_turn_takes_few);
    tcase_add_test(t, a_second_takes_no_more_than_its_budget);
    tcase_add_test(t, a_second_hears_no_more_than_its_budget);
    tcase_add_loop_test(t, what_strangers_hold_is_bounded, 0, 2);
    tcase_add_test(t, who_is_slow_makes_room);
    tcase_add_loop_test(t, a_member_gets_in_through_the_flood, 0, 2);
    tcase_add_test(t, a_node_under_a_flood_dials_at_once);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
