/* test_shrink.c: a value that gives memory back is the same value, and what an element then takes has a bound. */
#include <weft/gset.h>
#include <weft/lwwset.h>
#include <weft/ormap.h>
#include <weft/rworset.h>

#include "tests/unit/crdt/values.h"

#define ORIGINS 16u

static uint64_t word; /* of the last commit */

static struct weft_slice element_of(uint64_t i, uint8_t room[16]) {
    uint64_t words[2] = {weft__mix64(2 * i), weft__mix64(2 * i + 1)};
    memcpy(room, words, sizeof words);
    return weft_slice(room, sizeof words);
}

static void write_one(struct weft_edit *e, const struct weft_crdt_class *cls, uint64_t i) {
    uint8_t room[16], value[16];
    struct weft_slice element = element_of(i, room);
    if (cls == &weft_gset_class) weft_gset_add(e, element);
    if (cls == &weft_aworset_class) weft_aworset_add(e, element);
    if (cls == &weft_rworset_class) weft_rworset_add(e, element);
    if (cls == &weft_lwwset_class) weft_lwwset_add(e, element);
    if (cls == &weft_ormap_class)
        weft_lwwreg_set(weft_ormap_edit(e, element, &weft_lwwreg_class), element_of(~i, value));
}

static void write_many(struct weft_value *v, const struct weft_crdt_class *cls, uint64_t from, uint64_t to) {
    for (uint64_t i = from; i < to; i++) write_one(weft_value_edit(v), cls, i);
    commit_quietly(v, ++word);
}

static struct weft_buf encoded(const struct weft_value *v) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft_value_encode(v, &b), 0);
    return b;
}

static void check_encodes_to(const struct weft_value *v, const struct weft_buf *bytes) {
    struct weft_buf now = encoded(v);
    ck_assert(weft_slice_eq(weft_buf_slice(&now), weft_buf_slice(bytes)));
    weft_buf_fini(&now);
}

static const struct weft_crdt_class *const classes[] = {&weft_gset_class, &weft_aworset_class, &weft_rworset_class,
                                                        &weft_lwwset_class, &weft_ormap_class};
#define CLASSES 5

/* --- What it does ------------------------------------------------------------------------------------------------- */

START_TEST(the_value_stays_and_its_memory_goes) {
    const struct weft_crdt_class *cls = classes[_i];
    struct weft_value *v = value_of(cls, 0);
    write_many(v, cls, 0, 3000);
    size_t before = weft_value_memory(v);
    struct weft_buf bytes = encoded(v);
    ck_assert_int_eq(weft_value_shrink(v), 0);
    check_encodes_to(v, &bytes);
    ck_assert_uint_lt(weft_value_memory(v), before * 3 / 4);
    size_t shrunk = weft_value_memory(v);
    ck_assert_int_eq(weft_value_shrink(v), 0);
    ck_assert_uint_eq(weft_value_memory(v), shrunk);
    /* And it goes on from there. */
    struct weft_value *never = copy_of(v, 0);
    write_many(v, cls, 2990, 3300);
    word--;
    write_many(never, cls, 2990, 3300);
    weft_buf_fini(&bytes);
    bytes = encoded(never);
    check_encodes_to(v, &bytes);
    weft_buf_fini(&bytes);
    weft_value_free(never);
    weft_value_free(v);
}
END_TEST

START_TEST(not_while_an_edit_is_open) {
    struct weft_value *v = value_of(&weft_aworset_class, 0);
    weft_aworset_add(weft_value_edit(v), weft_str("a"));
    ck_assert_int_eq(weft_value_shrink(v), WEFT_ERR_BUSY);
    commit_quietly(v, 1);
    ck_assert(weft_aworset_contains(weft_value_view(v), weft_str("a")));
    ck_assert_int_eq(weft_value_shrink(v), 0);
    weft_value_free(v);
}
END_TEST

START_TEST(without_memory_the_value_stays) {
    const struct weft_crdt_class *cls = classes[_i];
    int rc = WEFT_ERR_NOMEM;
    for (size_t n = 1; rc != 0; n++) {
        struct failing_alloc mem;
        failing_alloc_init(&mem);
        struct weft_value *v = value_with(cls, 0, &mem.alloc);
        write_many(v, cls, 0, 700);
        struct weft_buf bytes = encoded(v);
        mem.fail_at = mem.calls + n;
        rc = weft_value_shrink(v);
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM);
        mem.fail_at = 0;
        check_encodes_to(v, &bytes);
        ck_assert_int_eq(weft_value_shrink(v), 0);
        check_encodes_to(v, &bytes);
        weft_buf_fini(&bytes);
        weft_value_free(v);
        ck_assert_uint_eq(mem.live_bytes, 0);
    }
}
END_TEST

/* --- What an element takes ---------------------------------------------------------------------------------------- */

/* Averaged over sizes from a number to twice as many, which is where tables double. `over`: beside what the user gave,
 * 16 bytes of an element, 32 of a key and its register. */
static void check_bound(const struct weft_crdt_class *cls, double payload, double over) {
    enum { FROM = 60000, STEPS = 5, BATCH = 100 };
    struct weft_value *v[ORIGINS];
    double sum = 0;
    for (uint32_t i = 0; i < ORIGINS; i++) v[i] = value_of(cls, i);
    for (uint64_t at = 0, step = 0; step < STEPS; step++) {
        uint64_t count = FROM + FROM * step / (STEPS - 1);
        for (; at < count; at += BATCH) {
            struct weft_value *writer = v[at / BATCH % ORIGINS];
            for (uint64_t i = at; i < at + BATCH; i++) write_one(weft_value_edit(writer), cls, i);
            struct weft_buf delta;
            weft_buf_init(&delta, NULL);
            struct weft_stamp stamp = {.word = ++word}; /* of a clock epoch that nobody had to raise */
            ck_assert_int_eq(weft_value_commit(writer, stamp, &delta), 0);
            if (writer != v[0]) apply_ok(v[0], &delta);
            weft_buf_fini(&delta);
        }
        ck_assert_int_eq(weft_value_shrink(v[0]), 0);
        double each = (double)weft_value_memory(v[0]) / (double)at;
        ck_assert_double_le(each, payload + over);
        sum += each;
    }
    ck_assert_double_le(sum / STEPS, payload + over);
    for (uint32_t i = 0; i < ORIGINS; i++) weft_value_free(v[i]);
}

/* docs/footprint.md has the figures; the bounds are a little above. */
START_TEST(an_element_of_a_set_has_a_bound) {
    check_bound(classes[_i], 16, classes[_i] == &weft_lwwset_class ? 29 : 21);
}
END_TEST

START_TEST(a_register_in_a_map_has_a_bound) {
    check_bound(&weft_ormap_class, 32, 46);
}
END_TEST

int main(void) {
    Suite *s = suite_create("shrink");
    TCase *tc = tcase_create("shrink");
    tcase_set_timeout(tc, 0);
    tcase_add_loop_test(tc, the_value_stays_and_its_memory_goes, 0, CLASSES);
    tcase_add_test(tc, not_while_an_edit_is_open);
    tcase_add_loop_test(tc, without_memory_the_value_stays, 0, CLASSES);
    tcase_add_loop_test(tc, an_element_of_a_set_has_a_bound, 0, 4);
    tcase_add_test(tc, a_register_in_a_map_has_a_bound);
    suite_add_tcase(s, tc);
    return run_suite(s);
}
