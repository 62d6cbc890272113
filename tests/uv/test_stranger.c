/* test_stranger.c: whoever dials a node and is no replica is shown the door, with a notice that says why, and a pair of
 * replicas goes on beside it. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>

#include "replication/uv/node.h"
#include "tests/uv/world.h"

#define HELLO "WEFT\r\n\0\1"

struct stranger {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    uv_buf_t says;
    char chunk[4096];
    size_t heard;
    bool connected, shown_out, gone;
};

static struct world w;
static struct stranger strangers[WEFT__LINKS_MAX + 20];

/* Two nodes; strangers dial the first. */
static void setup(void) {
    world_open(&w);
    memset(strangers, 0, sizeof strangers);
    for (size_t i = 0; i < 2; i++) {
        struct peer *p = world_peer(&w, i);
        if (i == 1) peer_seed(p, weft_uv_port(w.peers[0].node));
        peer_open(&w, p);
    }
}

static void teardown(void) {
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        struct stranger *s = &strangers[i];
        if (s->tcp.loop != NULL && !uv_is_closing((uv_handle_t *)&s->tcp)) uv_close((uv_handle_t *)&s->tcp, NULL);
    }
    world_close(&w);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct stranger *s = handle->data;
    (void)suggested;
    *buf = uv_buf_init(s->chunk, sizeof s->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf) {
    struct stranger *s = stream->data;
    (void)buf;
    if (count > 0) s->heard += (size_t)count;
    if (count >= 0) return;
    s->shown_out = true;
    uv_close((uv_handle_t *)&s->tcp, NULL);
}

static void on_written(uv_write_t *req, int status) {
    (void)req;
    (void)status;
}

static void on_connect(uv_connect_t *req, int status) {
    struct stranger *s = req->handle->data;
    if (status == UV_ECANCELED) return;
    ck_assert_int_eq(status, 0);
    s->connected = true;
    uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read);
    if (s->says.len > 0) uv_write(&s->write, (uv_stream_t *)&s->tcp, &s->says, 1, on_written);
}

static void dial(struct stranger *s, const void *bytes, size_t len) {
    struct sockaddr_in to;
    uv_ip4_addr("127.0.0.1", weft_uv_port(w.peers[0].node), &to);
    uv_tcp_init(&w.loop, &s->tcp);
    s->tcp.data = s;
    union {
        const void *lent;
        char *said;
    } u = {.lent = bytes};
    s->says = uv_buf_init(u.said, (unsigned)len);
    ck_assert_int_eq(uv_tcp_connect(&s->connect, &s->tcp, (const struct sockaddr *)&to, on_connect), 0);
}

static bool shown_out(struct world *in) {
    (void)in;
    return strangers[0].shown_out;
}

static uint64_t wanted;

static bool converged(struct world *in) {
    return world_converged(in, wanted);
}

/* The pair does its work. */
static void expect_pair_goes_on(void) {
    wanted += 2;
    for (size_t i = 0; i < 2; i++) {
        struct weft_txn *t;
        ck_assert_int_eq(weft_uv_txn_begin(w.peers[i].node, &t), 0);
        weft_gcounter_add(weft_txn_edit(t, weft_str("n"), &weft_gcounter_class), 1);
        ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    }
    ck_assert(world_run(&w, converged, 5000));
}

static uint8_t noise[4096];
static uint8_t framed_noise[8 + 4 + 512] = HELLO;

static const struct {
    const void *bytes;
    size_t len;
    int err;
    const char *words;
} cases[] = {
    {noise, sizeof noise, WEFT_ERR_MALFORMED, "not Weft"},
    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27, WEFT_ERR_MALFORMED, "HTTP"},
    {"WEFT\r\n\0\2", 8, WEFT_ERR_VERSION, "version 2"},
    {HELLO "\xff\xff\xff\xff", 12, WEFT_ERR_LIMIT, "too long"},
    {HELLO "\0\0\0\0", 12, WEFT_ERR_MALFORMED, "empty"},
    {HELLO "\0\0\0\3abc", 15, 0, ""},
    {framed_noise, sizeof framed_noise, 0, ""},
};

START_TEST(strangers_are_shown_out) {
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof noise; i++) {
        random = random * 1664525 + 1013904223;
        noise[i] = (uint8_t)(random >> 24);
    }
    memcpy(framed_noise + 12, noise, 512);
    memcpy(framed_noise + 8, "\0\0\2\0", 4);
    wanted = 0;
    expect_pair_goes_on();
    dial(&strangers[0], cases[_i].bytes, cases[_i].len);
    ck_assert_msg(world_run(&w, shown_out, 3000), "the stranger is still there");
    struct peer *p = &w.peers[0];
    ck_assert_uint_eq(p->refused, 1);
    if (cases[_i].err != 0) ck_assert_int_eq(p->refused_err, cases[_i].err);
    ck_assert_int_lt(p->refused_err, 0);
    ck_assert_msg(strstr(p->refused_text, cases[_i].words) != NULL, "%s", p->refused_text);
    expect_pair_goes_on();
    ck_assert_uint_eq(w.peers[1].refused, 0);
}
END_TEST

/* Says nothing, or half a greeting: gone after the time for greetings. */
START_TEST(whoever_does_not_greet_is_shown_out) {
    wanted = 0;
    expect_pair_goes_on();
    dial(&strangers[0], HELLO, _i == 0 ? 0 : 5);
    world_run_for(&w, 1000);
    ck_assert(!strangers[0].shown_out);
    expect_pair_goes_on();
    ck_assert(world_run(&w, shown_out, 5000));
    ck_assert_ptr_nonnull(strstr(w.peers[0].refused_text, "greeting"));
}
END_TEST

static struct weft__link *stranger_link(void) {
    struct weft__link *l = w.peers[0].node->links;
    while (l != NULL && l->in.bytes.len == 0) l = l->next;
    return l;
}

static bool half_frame_came(struct world *in) {
    (void)in;
    return stranger_link() != NULL;
}

/* Replicas with nothing to say stay linked; half a message from one of them is still waited for only so long. */
START_TEST(a_quiet_replica_stays) {
    wanted = 0;
    expect_pair_goes_on();
    struct weft__link *l = w.peers[0].node->links;
    weft__link_sweep(l, uv_hrtime() + UINT64_C(3600000000000));
    ck_assert_uint_eq(w.peers[0].refused, 0);
    l->progress_ns -= UINT64_C(3600000000000);
    expect_pair_goes_on();
    ck_assert_ptr_eq(w.peers[0].node->links, l);
    ck_assert_uint_eq(w.peers[0].refused, 0);
    weft_buf_append(&l->in.bytes, "\0\1", 2);
    weft__link_sweep(l, uv_hrtime() + WEFT__LINK_SILENCE_NS + 1000000);
    ck_assert_uint_eq(w.peers[0].refused, 1);
}
END_TEST

START_TEST(whoever_greets_and_says_nothing_is_shown_out) {
    wanted = 0;
    expect_pair_goes_on();
    dial(&strangers[0], HELLO, 8);
    world_run_for(&w, 200);
    for (struct weft__link *l = w.peers[0].node->links; l != NULL; l = l->next) {
        weft__link_sweep(l, uv_hrtime() + WEFT__LINK_SILENCE_NS + 1000000);
    }
    ck_assert_uint_eq(w.peers[0].refused, 1);
    ck_assert(world_run(&w, shown_out, 3000));
    ck_assert_ptr_nonnull(strstr(w.peers[0].refused_text, "never sent"));
    expect_pair_goes_on();
}
END_TEST

/* Half a frame holds a link up, not a node; and the link only for so long. */
START_TEST(half_a_frame_is_not_waited_for_for_ever) {
    wanted = 0;
    dial(&strangers[0], HELLO "\0\1\0\0abc", 15);
    ck_assert(world_run(&w, half_frame_came, 3000));
    expect_pair_goes_on();
    struct weft__link *l = stranger_link();
    weft__link_sweep(l, uv_hrtime() + WEFT__LINK_SILENCE_NS / 2);
    ck_assert_uint_eq(w.peers[0].refused, 0);
    weft__link_sweep(l, uv_hrtime() + WEFT__LINK_SILENCE_NS + 1);
    ck_assert_uint_eq(w.peers[0].refused, 1);
    ck_assert(world_run(&w, shown_out, 3000));
    expect_pair_goes_on();
}
END_TEST

static bool many_came(struct world *in) {
    size_t settled = 0;
    for (size_t i = 0; i < sizeof strangers / sizeof strangers[0]; i++) {
        settled += strangers[i].heard > 0 || strangers[i].shown_out;
    }
    (void)in;
    return settled == sizeof strangers / sizeof strangers[0];
}

START_TEST(there_is_a_bound_to_links) {
    size_t out = 0, count = sizeof strangers / sizeof strangers[0];
    wanted = 0;
    expect_pair_goes_on();
    for (size_t i = 0; i < count; i++) dial(&strangers[i], HELLO, 8);
    ck_assert(world_run(&w, many_came, 5000));
    world_run_for(&w, 50);
    for (size_t i = 0; i < count; i++) out += strangers[i].shown_out;
    ck_assert_uint_eq(out, count - (WEFT__LINKS_MAX - 1));
    ck_assert_int_eq(w.peers[0].refused_err, WEFT_ERR_FULL);
    expect_pair_goes_on();
}
END_TEST

int main(void) {
    Suite *s = suite_create("stranger");
    TCase *t = tcase_create("stranger");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, strangers_are_shown_out, 0, (int)(sizeof cases / sizeof cases[0]));
    tcase_add_loop_test(t, whoever_does_not_greet_is_shown_out, 0, 2);
    tcase_add_test(t, a_quiet_replica_stays);
    tcase_add_test(t, whoever_greets_and_says_nothing_is_shown_out);
    tcase_add_test(t, half_a_frame_is_not_waited_for_for_ever);
    tcase_add_test(t, there_is_a_bound_to_links);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
