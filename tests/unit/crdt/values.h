/* values.h: values of numbered origins, for tests of what is used alone. */
#ifndef WEFT_TESTS_CRDT_VALUES_H
#define WEFT_TESTS_CRDT_VALUES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "base/prng.h"
#include "base/wire.h"
#include "tests/support/failing_alloc.h"

/* Numbers are in the order of full ids; two epochs of one replica among them. */
static inline struct weft_value_options options_of(uint32_t number, const struct weft_alloc *alloc) {
    struct weft_value_options o;
    weft_value_options_init(&o);
    o.origin.replica.bytes[0] = (uint8_t)(number / 2 >> 8);
    o.origin.replica.bytes[1] = (uint8_t)(number / 2);
    o.origin.epoch = number % 2 == 0 ? 0 : UINT64_MAX;
    o.alloc = alloc;
    o.seed = number * UINT64_C(0x9e3779b97f4a7c15);
    return o;
}

/* An Origin of delta.proto, for bytes written by hand. */
static inline void write_origin(struct weft_buf *b, uint32_t field, uint32_t number) {
    struct weft_value_options o = options_of(number, NULL);
    size_t mark = weft__write_begin(b, field);
    weft__write_bytes(b, 1, weft_slice(o.origin.replica.bytes, 16));
    weft__write_field_fixed64(b, 2, o.origin.epoch);
    weft__write_end(b, mark);
}

static inline struct weft_value *value_with(const struct weft_crdt_class *cls, uint32_t number,
                                            const struct weft_alloc *alloc) {
    struct weft_value_options o = options_of(number, alloc);
    struct weft_value *v;
    ck_assert_int_eq(weft_value_new(&v, cls, &o), 0);
    return v;
}

static inline struct weft_value *value_of(const struct weft_crdt_class *cls, uint32_t number) {
    return value_with(cls, number, NULL);
}

static inline struct weft_value *copy_of(const struct weft_value *v, uint32_t number) {
    struct weft_value_options o = options_of(number, NULL);
    struct weft_value *copy;
    ck_assert_int_eq(weft_value_copy(&copy, v, &o), 0);
    return copy;
}

static inline struct weft_stamp stamp_of(uint64_t word) {
    return (struct weft_stamp){.word = word, .epoch = 1};
}

/* The delta's bytes; the caller frees them. */
static inline struct weft_buf commit_at(struct weft_value *v, uint64_t word) {
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    ck_assert_int_eq(weft_value_commit(v, stamp_of(word), &delta), 0);
    return delta;
}

static inline void commit_quietly(struct weft_value *v, uint64_t word) {
    ck_assert_int_eq(weft_value_commit(v, stamp_of(word), NULL), 0);
}

static inline void apply_ok(struct weft_value *v, const struct weft_buf *bytes) {
    ck_assert_int_eq(weft_value_apply(v, weft_buf_slice(bytes)), 0);
}

static inline void merge_ok(struct weft_value *v, const struct weft_value *w) {
    ck_assert_int_eq(weft_value_merge(v, w), 0);
}

static inline struct weft_buf bytes_of(const struct weft_value *v) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    ck_assert_int_eq(weft_value_encode(v, &out), 0);
    return out;
}

static inline bool buf_eq(const struct weft_buf *a, const struct weft_buf *b) {
    return weft_slice_eq(weft_buf_slice(a), weft_buf_slice(b));
}

static inline bool value_eq(const struct weft_value *v, const struct weft_value *w) {
    struct weft_buf a = bytes_of(v), b = bytes_of(w);
    bool equal = buf_eq(&a, &b);
    weft_buf_fini(&a);
    weft_buf_fini(&b);
    return equal;
}

static inline bool is_text(struct weft_slice s, const char *text) {
    return weft_slice_eq(s, weft_str(text));
}

/* The class prints the view as `text`. */
static inline void check_prints(struct weft_view v, const struct weft_crdt_class *cls, const char *text) {
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    ck_assert_int_eq(cls->print(v, &out), 0);
    ck_assert_int_eq(weft_buf_append(&out, "", 1), 0);
    ck_assert_str_eq((const char *)out.ptr, text);
    weft_buf_fini(&out);
}

static inline void check_shows(const struct weft_value *v, const char *text) {
    check_prints(weft_value_view(v), weft_value_class(v), text);
}

static inline void set_add(struct weft_value *v, const char *element) {
    weft_aworset_add(weft_value_edit(v), weft_str(element));
}

static inline void set_remove(struct weft_value *v, const char *element) {
    weft_aworset_remove(weft_value_edit(v), weft_str(element));
}

static inline int run_suite(Suite *suite) {
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
