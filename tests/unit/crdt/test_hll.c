/* test_hll.c: registers against a naive count, estimates against the number of elements, and what a deletion takes. */
#include <weft/custom.h>
#include <weft/hll.h>

#include "base/endian.h"
#include "base/hash.h"
#include "tests/unit/crdt/values.h"

enum { REGISTERS = 4096 };
#define ERROR (1.04 / 64) /* the square root of the registers */

/* What the header says, word by word: the state as registers, never as bytes. */
struct naive {
    uint64_t generation;
    int rank[REGISTERS];
};

static void naive_add(struct naive *n, const void *element, size_t len) {
    static const struct weft__hash128 key = {UINT64_C(0x7765667420686c6c), UINT64_C(0x64697374696e6374)};
    uint64_t hash = weft__siphash64(key, element, len);
    int index = (int)(hash / (UINT64_MAX / REGISTERS + 1)), rank = 1;
    for (uint64_t rest = hash % (UINT64_MAX / REGISTERS + 1); rank <= 52 && rest < UINT64_C(1) << (52 - rank);) rank++;
    if (rank > n->rank[index]) n->rank[index] = rank;
}

static void naive_encode(const struct naive *n, struct weft_buf *out) {
    int used = 0;
    weft__write_varint(out, n->generation);
    for (int i = 0; i < REGISTERS; i++) used += n->rank[i] > 0;
    for (int i = 0; i < REGISTERS; i++) {
        uint32_t unit = (uint32_t)i * 4096 + (uint32_t)n->rank[i];
        if (used >= 1024 && i % 4 != 3) continue;
        if (used >= 1024)
            unit = (uint32_t)(((n->rank[i - 3] * 64 + n->rank[i - 2]) * 64 + n->rank[i - 1]) * 64 + n->rank[i]);
        else if (n->rank[i] == 0)
            continue;
        uint8_t bytes[] = {(uint8_t)(unit / 65536), (uint8_t)(unit / 256 % 256), (uint8_t)(unit % 256)};
        ck_assert_int_eq(weft_buf_append(out, bytes, sizeof bytes), 0);
    }
}

static double magnitude(double x) {
    return x < 0 ? -x : x;
}

static uint64_t estimate_of(struct weft_view v) {
    uint64_t estimate = 0;
    ck_assert_int_eq(weft_hll_estimate(v, &estimate), 0);
    return estimate;
}

static uint64_t estimate(const struct weft_value *v) {
    return estimate_of(weft_value_view(v));
}

static void check_registers(const struct weft_value *v, const struct naive *n) {
    struct weft_buf want, have;
    weft_buf_init(&want, NULL);
    weft_buf_init(&have, NULL);
    naive_encode(n, &want);
    ck_assert_int_eq(weft_custom_read(weft_value_view(v), &weft_hll_class, &have, NULL), 0);
    ck_assert(buf_eq(&want, &have));
    ck_assert(weft_hll_class.check(weft_buf_slice(&want)));
    weft_buf_fini(&want);
    weft_buf_fini(&have);
}

static void add_number(struct weft_value *v, uint64_t number) {
    uint8_t bytes[8];
    weft__store64(bytes, number);
    weft_hll_add(weft_value_edit(v), weft_slice(bytes, 8));
}

static void add(struct weft_value *v, const char *element, uint64_t word) {
    weft_hll_add(weft_value_edit(v), weft_str(element));
    commit_quietly(v, word);
}

/* Two origins count numbers that overlap, and meet now and then. */
START_TEST(the_registers_are_the_maxima) {
    struct weft_value *a = value_of(&weft_hll_class, 0), *b = value_of(&weft_hll_class, 1);
    static struct naive n;
    memset(&n, 0, sizeof n);
    for (uint64_t i = 0; i < 6000; i++) {
        uint8_t bytes[8];
        weft__store64(bytes, i);
        naive_add(&n, bytes, 8);
        add_number(i % 2 == 0 ? a : b, i);
        add_number(i % 3 == 0 ? a : b, i);
        commit_quietly(a, i + 1);
        commit_quietly(b, i + 1);
        if (i % 512 != 511) continue;
        merge_ok(a, b);
        check_registers(a, &n);
        if (i % 1024 == 1023) merge_ok(b, a);
    }
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

/* Some counts of each size, each within four standard errors, their mean within less. */
START_TEST(estimates_are_within_their_error) {
    static const uint64_t sizes[] = {10, 100, 1000, 3000, 10000, 20000, 100000, 1000000};
    uint64_t size = sizes[_i], number = 0;
    int runs = size < 1000000 ? 5 : 2;
    double sum = 0;
    for (int run = 0; run < runs; run++) {
        struct weft_value *v = value_of(&weft_hll_class, 0);
        for (uint64_t i = 0; i < size; i++) add_number(v, UINT64_C(1000003) * (uint64_t)_i + number++);
        commit_quietly(v, 1);
        double off = (double)estimate(v) / (double)size - 1;
        ck_assert_msg(magnitude(off) < 4 * ERROR, "%g of %g", off, (double)size);
        sum += off;
        weft_value_free(v);
    }
    ck_assert_msg(magnitude(sum / runs) < 2.5 * ERROR / (runs == 5 ? 2.236 : 1.414), "%g: biased by %g", (double)size,
                  sum / runs);
}
END_TEST

/* Of a state that was made by hand: generation 0, every register of one rank. */
static uint64_t estimate_of_rank(uint32_t rank, uint32_t first) {
    struct weft_value *v = value_of(&weft_hll_class, 0);
    uint8_t bytes[1 + REGISTERS / 4 * 3] = {0};
    uint32_t unit = rank << 18 | rank << 12 | rank << 6 | rank;
    for (size_t i = 1; i < sizeof bytes; i += 3) {
        bytes[i] = (uint8_t)(unit >> 16);
        bytes[i + 1] = (uint8_t)(unit >> 8);
        bytes[i + 2] = (uint8_t)unit;
    }
    bytes[1] = (uint8_t)((bytes[1] & 3) | first << 2);
    weft_custom_join(weft_value_edit(v), weft_slice(bytes, sizeof bytes));
    commit_quietly(v, 1);
    uint64_t out = estimate(v);
    weft_value_free(v);
    return out;
}

START_TEST(great_counts_are_great_numbers) {
    uint64_t last = 0;
    for (uint32_t rank = 1; rank < 53; rank++) { /* alpha m 2^rank */
        uint64_t now = estimate_of_rank(rank, rank);
        double want = 4096 * 0.72134752044448 * (double)(UINT64_C(1) << rank);
        if (want < 1.8e19) ck_assert_msg(magnitude((double)now / want - 1) < 1e-4, "rank %u: %g", rank, (double)now);
        ck_assert_uint_gt(now, last);
        ck_assert_uint_ge(estimate_of_rank(rank, rank + 1), now);
        last = now;
    }
    ck_assert_uint_eq(estimate_of_rank(53, 53), UINT64_MAX);
}
END_TEST

START_TEST(few_are_counted_exactly) {
    struct weft_value *v = value_of(&weft_hll_class, 0);
    ck_assert_uint_eq(estimate(v), 0);
    ck_assert_uint_eq(estimate_of((struct weft_view){NULL, NULL}), 0);
    check_shows(v, "about 0");
    for (uint64_t i = 1; i <= 20; i++) {
        add_number(v, i);
        ck_assert_uint_eq(estimate_of(weft_edit_view(weft_value_edit(v))), i);
        commit_quietly(v, i);
        ck_assert_uint_eq(estimate(v), i);
    }
    weft_value_free(v);
}
END_TEST

START_TEST(what_is_counted_is_not_written_again) {
    struct weft_value *a = value_of(&weft_hll_class, 0), *b = value_of(&weft_hll_class, 1);
    add(a, "milk", 1);
    merge_ok(b, a);
    weft_hll_add(weft_value_edit(b), weft_str("milk"));
    struct weft_buf delta = commit_at(b, 2);
    ck_assert_uint_eq(delta.len, 0);
    weft_buf_fini(&delta);
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(a_deletion_opens_a_generation) {
    struct weft_value *a = value_of(&weft_hll_class, 0), *b = value_of(&weft_hll_class, 1);
    add(a, "milk", 1);
    merge_ok(b, a);
    add(b, "tea", 2); /* had absorbed the milk; an observed removal would let it come back with the tea */
    weft_edit_reset(weft_value_edit(a));
    commit_quietly(a, 3);
    ck_assert_uint_eq(estimate(a), 0);
    merge_ok(a, b);
    merge_ok(b, a);
    ck_assert(value_eq(a, b));
    ck_assert_uint_eq(estimate(a), 0);
    add(b, "bread", 4);
    add(a, "milk", 4);
    merge_ok(a, b);
    check_shows(a, "about 2");
    weft_value_free(a);
    weft_value_free(b);
}
END_TEST

START_TEST(what_is_empty_has_nothing_to_delete) {
    struct weft_value *v = value_of(&weft_hll_class, 0);
    for (int turn = 0; turn < 2; turn++) {
        weft_edit_reset(weft_value_edit(v));
        struct weft_buf delta = commit_at(v, 2);
        ck_assert_uint_eq(delta.len, 0);
        weft_buf_fini(&delta);
        add(v, "milk", 3);
        weft_edit_reset(weft_value_edit(v));
        commit_quietly(v, 4);
    }
    weft_value_free(v);
}
END_TEST

/* Somebody wrote the last generation: there is none after it, and counting goes on in it. */
START_TEST(generations_do_not_wrap) {
    struct weft_value *v = value_of(&weft_hll_class, 0);
    static const uint8_t last[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01};
    weft_custom_join(weft_value_edit(v), weft_slice(last, sizeof last));
    commit_quietly(v, 1);
    add(v, "milk", 2);
    ck_assert_uint_eq(estimate(v), 1);
    weft_edit_reset(weft_value_edit(v));
    ck_assert_int_eq(weft_value_commit(v, stamp_of(3), NULL), WEFT_ERR_RANGE);
    ck_assert_uint_eq(estimate(v), 1);
    weft_value_free(v);
}
END_TEST

START_TEST(one_encoding_for_each_state) {
    static const uint8_t good[][5] = {{0, 0, 0, 1}, {0, 0, 0, 53}, {0, 255, 240, 1}, {1, 0, 16, 2}};
    static const uint8_t bad[][8] = {
        {0, 0, 0, 0},            /* a register at 0 */
        {0, 0, 0, 54},           /* a rank that no hash has */
        {0, 0, 16, 1, 0, 0, 1},  /* descending */
        {0, 0, 16, 1, 0, 16, 1}, /* twice */
        {0, 0, 16},              /* cut off */
        {0x80, 0, 0, 0, 1},      /* a long varint */
        {0, 0, 16, 1, 0, 16, 2}, /* one register, two ranks */
    };
    static const size_t lens[] = {4, 4, 7, 7, 3, 5, 7};
    for (size_t i = 0; i < 4; i++) ck_assert(weft_hll_class.check(weft_slice(good[i], 4)));
    for (size_t i = 0; i < 7; i++) ck_assert_msg(!weft_hll_class.check(weft_slice(bad[i], lens[i])), "%zu", i);
    ck_assert(!weft_hll_class.check(weft_slice("\0", 1))); /* bottom is absent */
    ck_assert(weft_hll_class.check(weft_slice("\1", 1)));
    uint8_t dense[1 + 3072] = {0};
    for (size_t i = 1; i <= 256 * 3; i += 3) memcpy(dense + i, "\x04\x10\x41", 3); /* 1024 registers of rank 1 */
    ck_assert(weft_hll_class.check(weft_slice(dense, sizeof dense)));
    dense[1] = 0;
    ck_assert(!weft_hll_class.check(weft_slice(dense, sizeof dense))); /* 1023 have the other form */
    dense[1] = 54 << 2;
    ck_assert(!weft_hll_class.check(weft_slice(dense, sizeof dense)));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("hll");
    TCase *tcase = tcase_create("hll");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, the_registers_are_the_maxima);
    tcase_add_loop_test(tcase, estimates_are_within_their_error, 0, 8);
    tcase_add_test(tcase, great_counts_are_great_numbers);
    tcase_add_test(tcase, few_are_counted_exactly);
    tcase_add_test(tcase, what_is_counted_is_not_written_again);
    tcase_add_test(tcase, a_deletion_opens_a_generation);
    tcase_add_test(tcase, what_is_empty_has_nothing_to_delete);
    tcase_add_test(tcase, generations_do_not_wrap);
    tcase_add_test(tcase, one_encoding_for_each_state);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
