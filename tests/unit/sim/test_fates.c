/* test_fates.c: an order is for one message of one link, and for no other. */
#include "sim/fates.h"

#include <string.h>

#include <weft/err.h>

#include "tests/support/suite.h"

static struct weft_sim_schedule *schedule;
static struct weft__fates fates;

static void setup(void) {
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    ck_assert_int_eq(weft__schedule_new(&schedule, &o), 0);
    weft__fates_init(&fates, NULL);
}

static void teardown(void) {
    weft__fates_fini(&fates);
    weft_sim_schedule_free(schedule);
}

static void order(const char *line) {
    struct weft__sim_item item;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    ck_assert_int_eq(weft__schedule_parse_item(schedule, weft_str(line), &item, &message), 0);
    ck_assert_int_eq(weft__fates_add(&fates, schedule, &item), 0);
    weft_buf_fini(&message);
}

/* Of a message that would arrive after 10. */
static struct weft__fate send(uint32_t from, uint32_t to) {
    struct weft__fates_sent sent = {.from = from, .to = to, .fate = {.copies = 1, .due_ns = {10}}};
    weft__fates_settle(&fates, &sent);
    return sent.fate;
}

START_TEST(one_message_is_dropped) {
    setup();
    order("drop 0 2 2");
    ck_assert_uint_eq(send(0, 2).copies, 1);
    ck_assert_uint_eq(send(2, 0).copies, 1);
    ck_assert_uint_eq(send(0, 1).copies, 1);
    ck_assert_uint_eq(send(0, 2).copies, 0);
    for (int i = 0; i < 4; i++) ck_assert_uint_eq(send(0, 2).copies, 1);
    ck_assert_uint_eq(fates.count, 0);
    teardown();
}
END_TEST

START_TEST(orders_of_one_message_add_up) {
    setup();
    order("late 0 1 1 5ns");
    order("twice 0 1 1 7ns");
    order("late 0 1 2 3ns");
    struct weft__fate fate = send(0, 1);
    ck_assert_uint_eq(fate.copies, 2);
    ck_assert_uint_eq(fate.due_ns[0], 15);
    ck_assert_uint_eq(fate.due_ns[1], 22);
    fate = send(0, 1);
    ck_assert_uint_eq(fate.copies, 1);
    ck_assert_uint_eq(fate.due_ns[0], 13);
    order("drop 0 1 1");
    order("twice 0 1 1 7ns");
    ck_assert_uint_eq(send(0, 1).copies, 0);
    teardown();
}
END_TEST

START_TEST(lists_are_all_their_ways) {
    setup();
    order("drop 0,1 1-3 1");
    for (uint32_t from = 0; from < 4; from++)
        for (uint32_t to = 0; to < 4; to++) {
            if (from == to) continue;
            bool dropped = from < 2 && to >= 1;
            ck_assert_uint_eq(send(from, to).copies, dropped ? 0 : 1);
        }
    ck_assert_uint_eq(fates.count, 0);
    teardown();
}
END_TEST

static void count_told(void *ctx, const struct weft__fates_sent *sent) {
    unsigned *lost = ctx;
    *lost += sent->fate.copies == 0;
}

START_TEST(what_came_of_it_is_told) {
    unsigned lost = 0;
    setup();
    fates.tell = count_told;
    fates.ctx = &lost;
    order("drop 0 1 2");
    (void)send(0, 1);
    ck_assert_uint_eq(lost, 0);
    (void)send(0, 1);
    ck_assert_uint_eq(lost, 1);
    teardown();
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-fates", one_message_is_dropped, orders_of_one_message_add_up, lists_are_all_their_ways,
                     what_came_of_it_is_told);
}
