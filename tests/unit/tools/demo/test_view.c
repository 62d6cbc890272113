/* test_view.c: a status line as the demo's table needs it. */
#define _POSIX_C_SOURCE 200809L
#include "tests/unit/tools/demo/fixture.h"

#include "tools/demo/play.h"

#define DALLAS    "00000000000000000000000000000001"
#define FRANKFURT "00000000000000000000000000000002"
#define TOKYO     "00000000000000000000000000000003"
#define EPOCH     ":00000000000000aa:"

static struct weft__demo_play *play;

static void setup(void) {
    static const char *const ids[] = {DALLAS, FRANKFURT, TOKYO};
    play = calloc(1, sizeof *play);
    ck_assert_ptr_nonnull(play);
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) memcpy(play->writers[i].region.id, ids[i], 33);
}

static void teardown(void) {
    free(play);
}

/* Frankfurt was opened twice, so two origins are its; and one is nobody's. */
START_TEST(origins_are_added_up_by_replica) {
    struct weft__demo_view v = {.writes = 9};
    ck_assert(weft__demo_view_read(&v,
                                   "ok name=dallas id=" DALLAS " epoch=aa own=5 writes=5 port=1 origins=" DALLAS EPOCH
                                   "5:4," FRANKFURT EPOCH "7:7," FRANKFURT ":00000000000000bb:3:3,"
                                   "000000000000000000000000000000ff" EPOCH "1:1"
                                   " links=1:" FRANKFURT ":0:2:-61500000,2:?:3:0:0 pending=0 hash="
                                   "0123456789abcdef0123456789abcdef",
                                   play));
    ck_assert_uint_eq(v.writes, 5);
    ck_assert_uint_eq(v.seen[0], 5);
    ck_assert_uint_eq(v.seen[1], 10);
    ck_assert_uint_eq(v.seen[2], 0);
    ck_assert_int_eq(v.skew_ns, -61500000);
    ck_assert_str_eq(v.hash, "0123456789abcdef0123456789abcdef");
}
END_TEST

START_TEST(nothing_seen_and_nobody_linked) {
    struct weft__demo_view v = {.seen = {1, 2, 3}, .skew_ns = 4};
    ck_assert(weft__demo_view_read(&v, "ok writes=0 origins= links= hash=00", play));
    ck_assert_uint_eq(v.seen[0] + v.seen[1] + v.seen[2], 0);
    ck_assert_int_eq(v.skew_ns, 0);
}
END_TEST

static const char *const wrong[] = {
    "",
    "error NOT_READY: not yet",
    "ok writes=0 origins= links=",
    "ok writes=x origins= links= hash=00",
    "ok writes=0 origins=zz links= hash=00",
    "ok writes=0 origins=" DALLAS ":5 links= hash=00",
    "ok writes=0 origins= links=1:2 hash=00",
};

START_TEST(other_lines_are_refused) {
    struct weft__demo_view v = {.writes = 0};
    ck_assert_msg(!weft__demo_view_read(&v, wrong[_i], play), "%s", wrong[_i]);
}
END_TEST

int main(void) {
    TCase *tc = tcase_create("view");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, origins_are_added_up_by_replica);
    tcase_add_test(tc, nothing_seen_and_nobody_linked);
    tcase_add_loop_test(tc, other_lines_are_refused, 0, sizeof wrong / sizeof wrong[0]);
    return run_case("view", tc);
}
