/* An aworset used alone against a bare hash set: what replication costs a set. */
#include <stdio.h>

#include <weft/aworset.h>

#include "bench/bare_set.h"
#include "bench/bench.h"

#define ELEMENTS 1000000

static struct weft_value *value_new(void) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin.replica.bytes[0] = 1;
    o.origin.epoch = 1;
    o.seed = 42;
    bench_check(weft_value_new(&v, &weft_aworset_class, &o), "weft_value_new");
    return v;
}

static double add_all(struct weft_value *v, int per_commit) {
    uint8_t element[16];
    double from = bench_now();
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        bench_element(i, element);
        weft_aworset_add(weft_value_edit(v), weft_slice(element, sizeof element));
        if ((i + 1) % (uint64_t)per_commit == 0)
            bench_check(weft_value_commit(v, (struct weft_stamp){i + 1, 0}, NULL), "weft_value_commit");
    }
    return ELEMENTS / (bench_now() - from);
}

static double remove_all(struct weft_value *v) {
    uint8_t element[16];
    double from = bench_now();
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        bench_element(i, element);
        weft_aworset_remove(weft_value_edit(v), weft_slice(element, sizeof element));
        if ((i + 1) % 64 == 0)
            bench_check(weft_value_commit(v, (struct weft_stamp){i + 1, 0}, NULL), "weft_value_commit");
    }
    return ELEMENTS / (bench_now() - from);
}

static double bare_add(struct bare_set *s) {
    uint8_t element[16];
    double from = bench_now();
    for (uint64_t i = 0; i < ELEMENTS; i++) {
        bench_element(i, element);
        bare_set_add(s, element);
    }
    return ELEMENTS / (bench_now() - from);
}

void bench_aworset(void) {
    double bare[BENCH_ROUNDS], single[BENCH_ROUNDS], batch[BENCH_ROUNDS], removed[BENCH_ROUNDS];
    double bytes[BENCH_ROUNDS], bare_bytes[BENCH_ROUNDS], left[BENCH_ROUNDS];
    for (int i = 0; i < BENCH_ROUNDS; i++) {
        struct bare_set s;
        bare_set_init(&s);
        bare[i] = bare_add(&s);
        bare_bytes[i] = (double)bare_set_bytes(&s) / ELEMENTS;
        bare_set_fini(&s);
        struct weft_value *v = value_new();
        single[i] = add_all(v, 1);
        bytes[i] = (double)weft_value_memory(v) / ELEMENTS;
        removed[i] = remove_all(v);
        if (weft_aworset_size(weft_value_view(v)) != 0) bench_check(WEFT_ERR_CORRUPT, "something is left");
        left[i] = (double)weft_value_memory(v);
        weft_value_free(v);
        v = value_new();
        batch[i] = add_all(v, 64);
        weft_value_free(v);
    }
    bench_section("aworset used alone",
                  "1,000,000 random 16-byte elements, beside a bare open-addressing set of the same elements.");
    bench_row("bare set, adds", bench_summary(bare, BENCH_ROUNDS), "/s", "");
    bench_row("aworset, adds, a commit each", bench_summary(single, BENCH_ROUNDS), "/s", "");
    bench_row("... as a ratio", bench_ratio(single, bare, BENCH_ROUNDS), "x", "at least 0.5 x");
    bench_row("aworset, adds, 64 a commit", bench_ratio(batch, bare, BENCH_ROUNDS), "x", "at least 0.5 x");
    bench_row("bytes an element, ratio", bench_ratio(bytes, bare_bytes, BENCH_ROUNDS), "x", "at most 1.5 x");
    bench_row("removes, 64 a commit", bench_summary(removed, BENCH_ROUNDS), "/s", "");
    bench_row("held after removing all", bench_summary(left, BENCH_ROUNDS), "bytes", "the context only");
}
