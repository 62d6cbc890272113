/* A delta costs its own size, whatever it is applied to. */
#include <stdio.h>

#include <weft/aworset.h>

#include "bench/bench.h"

#define ADDS    1000
#define REMOVES 500

static struct weft_value *value_new(uint8_t id, const struct weft_value *from) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin.replica.bytes[0] = id;
    o.origin.epoch = 1;
    o.seed = 42;
    bench_check(from == NULL ? weft_value_new(&v, &weft_aworset_class, &o) : weft_value_copy(&v, from, &o), "a value");
    return v;
}

static void add_range(struct weft_value *v, uint64_t from, uint64_t to) {
    uint8_t element[16];
    for (uint64_t i = from; i < to; i++) {
        bench_element(i, element);
        weft_aworset_add(weft_value_edit(v), weft_slice(element, sizeof element));
    }
}

static void fill(struct weft_value *v, uint64_t size) {
    for (uint64_t i = 0; i < size; i += 1000) {
        add_range(v, i, i + 1000);
        bench_check(weft_value_commit(v, (struct weft_stamp){i + 1, 0}, NULL), "weft_value_commit");
    }
}

static void change(struct weft_value *v, uint64_t size, struct weft_buf *delta) {
    uint8_t element[16];
    add_range(v, size, size + ADDS);
    for (uint64_t i = 0; i < REMOVES; i++) {
        bench_element(i * (size / REMOVES), element);
        weft_aworset_remove(weft_value_edit(v), weft_slice(element, sizeof element));
    }
    bench_check(weft_value_commit(v, (struct weft_stamp){size + 9, 0}, delta), "weft_value_commit");
}

/* Milliseconds to apply 1,500 changes to a set of `size`. */
static void measure(uint64_t size, double samples[BENCH_ROUNDS], double *bytes) {
    struct weft_value *base = value_new(1, NULL);
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    fill(base, size);
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        struct weft_value *writer = value_new(2, base), *reader = value_new(3, base);
        weft_buf_reset(&delta);
        change(writer, size, &delta);
        double from = bench_now();
        bench_check(weft_value_apply(reader, weft_buf_slice(&delta)), "weft_value_apply");
        samples[i] = (bench_now() - from) * 1e3;
        if (weft_aworset_size(weft_value_view(reader)) != size + ADDS - REMOVES)
            bench_check(WEFT_ERR_CORRUPT, "the set has another size");
        weft_value_free(writer);
        weft_value_free(reader);
    }
    *bytes = (double)delta.len;
    weft_buf_fini(&delta);
    weft_value_free(base);
}

void bench_delta(void) {
    double small[BENCH_ROUNDS], large[BENCH_ROUNDS], huge[BENCH_ROUNDS], bytes;
    measure(10000, small, &bytes);
    measure(100000, large, &bytes);
    measure(1000000, huge, &bytes);
    bench_section("Applying a delta",
                  "The delta of 1,000 adds and 500 removes, applied to aworsets of three sizes (16-byte elements).");
    bench_row("to 10,000", bench_summary(small, BENCH_ROUNDS), "ms", "");
    bench_row("to 100,000", bench_summary(large, BENCH_ROUNDS), "ms", "at most 1 ms");
    bench_row("to 1,000,000", bench_summary(huge, BENCH_ROUNDS), "ms", "not growing with the set");
    bench_row("the delta", (struct bench_figure){bytes, bytes, bytes}, "bytes", "");
}
