/* Lists for people: who gets a place, what a record says, and what is left of one that is damaged. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "replication/kept.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

#define SLOTS  16u /* of which one may have 4 */
#define SECOND UINT64_C(1000000000)

static struct weft__kept list;
static uint64_t now;

static void begin(void) {
    weft__kept_init(&list, SLOTS, 100, &weft_alloc_default);
    now = 7 * SECOND;
}

static struct weft__kept_entry entry_of(uint8_t replica) {
    return (struct weft__kept_entry){.err = WEFT_ERR_MALFORMED,
                                     .wall = 9,
                                     .replica = {{replica}},
                                     .link = 3,
                                     .label = weft_str("10.0.0.1:7 tokyo"),
                                     .length = 7,
                                     .bytes = weft_str("garbage")};
}

/* The entry's number, or 0: there was no place. */
static uint64_t keep(uint8_t replica) {
    struct weft__kept_slot *s;
    struct weft__kept_entry e = entry_of(replica);
    ck_assert_int_eq(weft__kept_place(&list, &e.replica, now, &s), 0);
    if (s == NULL) return 0;
    ck_assert_int_eq(weft__kept_put(&list, s, &e, now), 0);
    return s->entry.number;
}

static size_t count_of(uint8_t replica) {
    size_t count = 0;
    struct weft__kept_slot *s;
    for (size_t i = 0; (s = weft__kept_at(&list, i)) != NULL; i++) count += s->entry.replica.bytes[0] == replica;
    return count;
}

START_TEST(one_has_a_quarter_of_the_places) {
    begin();
    ck_assert_uint_eq(keep(1), 1);
    for (int i = 0; i < 4; i++) ck_assert_uint_gt(keep(2), 0);
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(keep(2), 0); /* the beginning of a flood is what shows */
    ck_assert_uint_eq(list.unkept, 100);
    ck_assert_uint_eq(count_of(1), 1);
    ck_assert_uint_eq(count_of(2), 4);
    now += 60 * SECOND - 1;
    ck_assert_uint_eq(keep(2), 0);
    now++;
    ck_assert_uint_eq(keep(2), 6); /* its own oldest goes */
    ck_assert_ptr_null(weft__kept_find(&list, 2));
    ck_assert_ptr_nonnull(weft__kept_find(&list, 1));
    weft__kept_fini(&list);
}
END_TEST

START_TEST(who_has_none_takes_a_place_of_who_has_most) {
    begin();
    for (uint8_t replica = 1; replica <= 4; replica++)
        for (int i = 0; i < 4; i++) ck_assert_uint_gt(keep(replica), 0);
    ck_assert_uint_eq(keep(5), 17); /* the list is full, and young */
    ck_assert_ptr_null(weft__kept_find(&list, 1));
    ck_assert_uint_eq(keep(5), 0); /* the second one waits as anybody's */
    now += 60 * SECOND;
    ck_assert_uint_eq(keep(5), 18);
    ck_assert_uint_eq(keep(5), 19);
    for (uint8_t replica = 1; replica <= 5; replica++) ck_assert_uint_ge(count_of(replica), 3);
    for (int i = 0; i < 50; i++) (void)keep(5);
    for (uint8_t replica = 1; replica <= 4; replica++) ck_assert_uint_ge(count_of(replica), 3);
    weft__kept_fini(&list);
}
END_TEST

/* As many names as one likes: twice the places in a minute. */
START_TEST(made_up_senders_write_no_flood) {
    begin();
    size_t kept = 0;
    for (unsigned replica = 1; replica < 255; replica++)
        for (int i = 0; i < 5; i++) kept += keep((uint8_t)replica) != 0;
    ck_assert_uint_le(kept, 2 * SLOTS);
    for (unsigned replica = 1; replica < 255; replica++) ck_assert_uint_le(count_of((uint8_t)replica), 4);
    weft__kept_fini(&list);
}
END_TEST

/* With one entry each nobody has more than another, and who sends more takes the place of its own. */
START_TEST(the_only_one_of_each_stays) {
    begin();
    for (uint8_t replica = 1; replica <= SLOTS; replica++) ck_assert_uint_gt(keep(replica), 0);
    for (int i = 0; i < 50; i++) {
        now += 60 * SECOND;
        ck_assert_uint_gt(keep(1), 0);
    }
    for (uint8_t replica = 1; replica <= SLOTS; replica++) ck_assert_uint_eq(count_of(replica), 1);
    weft__kept_fini(&list);
}
END_TEST

static void carry_over(struct weft__kept *to) {
    for (size_t i = 0; i < SLOTS; i++) {
        struct weft__kept_slot *s = &list.slots[i];
        if (s->is_taken) ck_assert_int_eq(weft__kept_restore(to, 100 + i, weft_buf_slice(&s->record)), 0);
    }
}

START_TEST(numbers_go_on_where_the_records_end) {
    struct weft__kept again;
    struct weft_buf gone;
    begin();
    for (int i = 0; i < 3; i++) (void)keep(1);
    weft__kept_init(&again, SLOTS, 100, &weft_alloc_default);
    weft_buf_init(&gone, NULL);
    struct weft__kept_slot *last = weft__kept_find(&list, 3);
    uint64_t id = weft__kept_id(&list, last);
    ck_assert_int_eq(weft__kept_write_gone(&gone, last), 0);
    weft__kept_remove(&list, last);
    carry_over(&again);
    ck_assert_int_eq(weft__kept_restore(&again, id, weft_buf_slice(&gone)), 0);
    weft__kept_fini(&list);
    list = again;
    ck_assert_uint_eq(count_of(1), 2);
    struct weft__kept_slot *second = weft__kept_at(&list, 1);
    ck_assert_uint_eq(second->entry.number, 2);
    ck_assert(weft_slice_eq(second->entry.label, weft_str("10.0.0.1:7 tokyo")));
    ck_assert(weft_slice_eq(second->entry.bytes, weft_str("garbage")));
    ck_assert_int_eq(second->entry.err, WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(keep(1), 4); /* 3 was somebody's */
    weft_buf_fini(&gone);
    weft__kept_fini(&list);
}
END_TEST

START_TEST(a_damaged_record_is_a_free_place) {
    struct weft__kept again;
    begin();
    for (int i = 0; i < 3; i++) (void)keep(1);
    struct weft_buf *record = &list.slots[1].record;
    for (size_t at = 0; at < record->len; at++) {
        weft__kept_init(&again, SLOTS, 100, &weft_alloc_default);
        record->ptr[at] ^= 4;
        carry_over(&again);
        record->ptr[at] ^= 4;
        ck_assert_uint_eq(again.damaged, 1);
        ck_assert_ptr_null(weft__kept_find(&again, 2));
        ck_assert_ptr_nonnull(weft__kept_find(&again, 3));
        weft__kept_fini(&again);
    }
    /* One record twice: a number names one entry. */
    weft__kept_init(&again, SLOTS, 100, &weft_alloc_default);
    for (uint64_t id = 100; id < 102; id++) ck_assert_int_eq(weft__kept_restore(&again, id, weft_buf_slice(record)), 0);
    ck_assert_uint_eq(again.damaged, 1);
    ck_assert(!weft__kept_owns(&again, 99) && weft__kept_owns(&again, 100) && !weft__kept_owns(&again, 100 + SLOTS));
    weft__kept_fini(&again);
    weft__kept_fini(&list);
}
END_TEST

/* Right hashes over what no entry says. */
START_TEST(a_made_up_record_is_not_taken) {
    static uint8_t zeros[WEFT_KEPT_BYTES_MAX + 1];
    struct weft_slice long_text = weft_slice(zeros, WEFT_KEPT_TEXT_MAX + 1);
    struct weft__kept_entry wrong[6], e;
    struct weft_buf b;
    for (size_t i = 0; i < 6; i++) {
        wrong[i] = entry_of(1);
        wrong[i].number = 1;
    }
    wrong[0].number = 0;
    wrong[1].number = UINT64_MAX;
    wrong[2].length = 6;
    wrong[3].bytes = weft_slice(zeros, sizeof zeros), wrong[3].length = sizeof zeros;
    wrong[4].label = long_text;
    wrong[5].text = long_text;
    weft_buf_init(&b, NULL);
    for (size_t i = 0; i < 6; i++) {
        weft_buf_reset(&b);
        ck_assert_int_eq(weft__kept_write(&b, &wrong[i]), 0);
        ck_assert_msg(weft__kept_read(weft_buf_slice(&b), &e) == WEFT_ERR_MALFORMED, "number %zu was read", i);
    }
    weft_buf_fini(&b);
}
END_TEST

START_TEST(without_memory_nothing_changes) {
    struct failing_alloc f;
    struct weft__kept_entry e = entry_of(1);
    struct weft__kept_slot *s;
    failing_alloc_init(&f);
    weft__kept_init(&list, SLOTS, 100, &f.alloc);
    f.fail_at = 1;
    ck_assert_int_eq(weft__kept_place(&list, &e.replica, 0, &s), WEFT_ERR_NOMEM);
    ck_assert_int_eq(weft__kept_place(&list, &e.replica, 0, &s), 0);
    f.fail_at = f.calls + 1;
    ck_assert_int_eq(weft__kept_put(&list, s, &e, 0), WEFT_ERR_NOMEM);
    ck_assert(!s->is_taken && list.last_number == 0);
    ck_assert_int_eq(weft__kept_put(&list, s, &e, 0), 0);
    ck_assert_uint_eq(s->entry.number, 1);
    weft__kept_fini(&list);
    ck_assert_uint_eq(f.live_bytes, 0);
}
END_TEST

int main(void) {
    return RUN_SUITE("kept", one_has_a_quarter_of_the_places, who_has_none_takes_a_place_of_who_has_most,
                     made_up_senders_write_no_flood, the_only_one_of_each_stays, numbers_go_on_where_the_records_end,
                     a_damaged_record_is_a_free_place, a_made_up_record_is_not_taken, without_memory_nothing_changes);
}
