/* The workloads of bench/peers on Weft, printed as the peers print theirs: `what<TAB>figure`, and behind another tab
 * the size, where it is not the one of the table's row. Data and sizes are those of common.mjs. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/lwwreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>

#include "bench/bench.h"

#define INCREMENTS  100000u
#define ELEMENTS    100000u
#define KEYS        100000u
#define WRITES      1000000u
#define WRITES_EACH 100000u
#define ADDS        1000u
#define REMOVES     500u
#define TOGETHER    10000u /* edits in one commit: a transaction has a limit */

static uint32_t mix32(uint32_t x) {
    x = (x ^ (x >> 16)) * 0x85ebca6bu;
    x = (x ^ (x >> 13)) * 0xc2b2ae35u;
    return x ^ (x >> 16);
}

struct element {
    uint8_t text[16];
};

static struct element element_of(uint32_t i) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    struct element e;
    for (uint32_t j = 0; j < 16; j++) e.text[j] = (uint8_t)letters[mix32(4 * i + j / 4 + 1) >> 6 * (j % 4) & 63];
    return e;
}

/* Made beforehand, as the peers have theirs. */
static struct element *elements_of(uint32_t count) {
    struct element *all = malloc(count * sizeof *all);
    if (all == NULL) bench_check(WEFT_ERR_NOMEM, "elements");
    for (uint32_t i = 0; i < count; i++) all[i] = element_of(i);
    return all;
}

static struct weft_slice slice(const struct element *e) {
    return weft_slice(e->text, sizeof e->text);
}

static struct weft_value *value_new(const struct weft_crdt_class *cls, uint8_t id, const struct weft_value *from) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin.replica.bytes[0] = id;
    o.origin.epoch = 1;
    o.seed = 42;
    bench_check(from == NULL ? weft_value_new(&v, cls, &o) : weft_value_copy(&v, from, &o), "a value");
    return v;
}

static void commit(struct weft_value *v, struct weft_buf *delta) {
    static uint64_t word;
    bench_check(weft_value_commit(v, (struct weft_stamp){++word, 0}, delta), "weft_value_commit");
}

static void expect(uint64_t is, uint64_t expected) {
    if (is == expected) return;
    (void)fprintf(stderr, "found %" PRIu64 " instead of %" PRIu64 "\n", is, expected);
    exit(1);
}

static void say(const char *what, double figure) {
    printf("%s\t%.9g\n", what, figure);
}

/* --- Counters and sets -------------------------------------------------------------------------------------------- */

static void count(const char *what, uint32_t per_commit) {
    struct weft_value *v = value_new(&weft_pncounter_class, 1, NULL);
    int64_t value;
    double from = bench_now();
    for (uint32_t i = 0; i < INCREMENTS; i++) {
        weft_pncounter_add(weft_value_edit(v), 1);
        if ((i + 1) % per_commit == 0) commit(v, NULL);
    }
    say(what, INCREMENTS / (bench_now() - from));
    bench_check(weft_pncounter_value(weft_value_view(v), &value), "weft_pncounter_value");
    expect((uint64_t)value, INCREMENTS);
    weft_value_free(v);
}

static void counter(void) {
    count("counter.each", 1);
    count("counter.one", INCREMENTS);
}

static void edit_all(struct weft_value *v, const struct element *all, uint32_t per_commit, const char *what,
                     void (*edit)(struct weft_edit *e, struct weft_slice element)) {
    double from = bench_now();
    for (uint32_t i = 0; i < ELEMENTS; i++) {
        edit(weft_value_edit(v), slice(&all[i]));
        if ((i + 1) % per_commit == 0) commit(v, NULL);
    }
    commit(v, NULL);
    say(what, ELEMENTS / (bench_now() - from));
}

static void contains_all(const struct weft_value *v, const struct element *all) {
    uint32_t found = 0;
    double from = bench_now();
    for (uint32_t i = 0; i < ELEMENTS; i++) found += weft_aworset_contains(weft_value_view(v), slice(&all[i]));
    say("set.contains", ELEMENTS / (bench_now() - from));
    expect(found, ELEMENTS);
}

static void set_left(const struct weft_value *v, size_t before) {
    struct weft_buf bytes;
    weft_buf_init(&bytes, NULL);
    expect(weft_aworset_size(weft_value_view(v)), 0);
    bench_check(weft_value_encode(v, &bytes), "weft_value_encode");
    say("left.memory", (double)(weft_value_memory(v) - before));
    say("left.bytes", (double)bytes.len);
    weft_buf_fini(&bytes);
}

static void set(void) {
    struct element *all = elements_of(ELEMENTS);
    struct weft_value *v = value_new(&weft_aworset_class, 1, NULL);
    edit_all(v, all, TOGETHER, "set.one.add", weft_aworset_add);
    contains_all(v, all);
    edit_all(v, all, TOGETHER, "set.one.remove", weft_aworset_remove);
    weft_value_free(v);
    free(all);
}

static void each(void) {
    struct element *all = elements_of(ELEMENTS);
    struct weft_value *v = value_new(&weft_aworset_class, 1, NULL);
    size_t before = weft_value_memory(v);
    edit_all(v, all, 1, "set.each.add", weft_aworset_add);
    edit_all(v, all, 1, "set.each.remove", weft_aworset_remove);
    set_left(v, before);
    weft_value_free(v);
    free(all);
}

/* --- Map of registers --------------------------------------------------------------------------------------------- */

struct writes {
    struct element *keys, *values;
    uint32_t count, per_commit;
    struct weft_buf wire;
    size_t *ends; /* of the deltas in wire */
};

static void produce(struct weft_value *v, struct writes *w) {
    for (uint32_t k = 0; k < w->count; k++) {
        struct weft_slice key = slice(&w->keys[mix32(k + 1) % KEYS]);
        weft_lwwreg_set(weft_ormap_edit(weft_value_edit(v), key, &weft_lwwreg_class), weft_slice(w->values[k].text, 8));
        if ((k + 1) % w->per_commit != 0) continue;
        commit(v, &w->wire);
        w->ends[k / w->per_commit] = w->wire.len;
    }
}

static void apply(struct weft_value *v, const struct writes *w) {
    size_t at = 0;
    for (uint32_t i = 0; i < w->count / w->per_commit; at = w->ends[i++])
        bench_check(weft_value_apply(v, weft_slice(w->wire.ptr + at, w->ends[i] - at)), "weft_value_apply");
}

static void write_map(uint32_t count, uint32_t per_commit, const char *what[3]) {
    struct writes w = {elements_of(KEYS), elements_of(count), count, per_commit, {0}, NULL};
    struct weft_value *v = value_new(&weft_ormap_class, 1, NULL), *other = value_new(&weft_ormap_class, 2, NULL);
    w.ends = calloc(count / per_commit, sizeof *w.ends);
    if (w.ends == NULL) bench_check(WEFT_ERR_NOMEM, "the deltas");
    weft_buf_init(&w.wire, NULL);
    double start = bench_now();
    produce(v, &w);
    double produced = bench_now();
    apply(other, &w);
    double applied = bench_now();
    say(what[0], count / (produced - start));
    say(what[1], (double)w.wire.len / count);
    say(what[2], count / (applied - produced));
    expect(weft_ormap_size(weft_value_view(other)), weft_ormap_size(weft_value_view(v)));
    weft_buf_fini(&w.wire);
    weft_value_free(v);
    weft_value_free(other);
    free(w.keys);
    free(w.values);
    free(w.ends);
}

static void map(void) {
    write_map(WRITES, TOGETHER, (const char *[]){"map.one.produce", "map.one.wire", "map.one.apply"});
    write_map(WRITES_EACH, 1, (const char *[]){"map.each.produce", "map.each.wire", "map.each.apply"});
}

/* --- Merging ------------------------------------------------------------------------------------------------------ */

static void add_range(struct weft_value *v, uint32_t from, uint32_t to) {
    for (; from < to; from++) {
        struct element e = element_of(from);
        weft_aworset_add(weft_value_edit(v), slice(&e));
    }
}

static struct weft_value *side(const struct weft_value *base, uint32_t number, struct weft_buf *delta) {
    struct weft_value *v = value_new(&weft_aworset_class, (uint8_t)(2 + number), base);
    add_range(v, ELEMENTS + number * ADDS, ELEMENTS + (number + 1) * ADDS);
    for (uint32_t i = 0; i < REMOVES; i++) {
        struct element e = element_of(i * (ELEMENTS / REMOVES) + number);
        weft_aworset_remove(weft_value_edit(v), slice(&e));
    }
    commit(v, delta);
    return v;
}

/* Milliseconds; the set that comes out is checked. */
static void join(const char *what, struct weft_value *into, const struct weft_value *from, struct weft_slice bytes) {
    double start = bench_now();
    bench_check(from != NULL ? weft_value_merge(into, from) : weft_value_apply(into, bytes), what);
    say(what, (bench_now() - start) * 1e3);
    expect(weft_aworset_size(weft_value_view(into)), ELEMENTS + 2 * ADDS - 2 * REMOVES);
    weft_value_free(into);
}

static void merge(void) {
    struct weft_value *base = value_new(&weft_aworset_class, 1, NULL);
    struct weft_buf delta, state;
    weft_buf_init(&delta, NULL);
    weft_buf_init(&state, NULL);
    for (uint32_t i = 0; i < ELEMENTS; i += 1000) {
        add_range(base, i, i + 1000);
        commit(base, NULL);
    }
    struct weft_value *b = side(base, 1, &delta);
    double start = bench_now();
    bench_check(weft_value_encode(b, &state), "weft_value_encode");
    say("merge.encode", (bench_now() - start) * 1e3);
    join("merge.state", side(base, 0, NULL), NULL, weft_buf_slice(&state));
    join("merge.memory", side(base, 0, NULL), b, weft_slice(NULL, 0));
    join("merge.difference", side(base, 0, NULL), NULL, weft_buf_slice(&delta));
    say("merge.state.bytes", (double)state.len);
    say("merge.difference.bytes", (double)delta.len);
    weft_buf_fini(&delta);
    weft_buf_fini(&state);
    weft_value_free(base);
    weft_value_free(b);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(void);
    } workloads[] = {{"counter", counter}, {"set", set}, {"each", each}, {"map", map}, {"merge", merge}};
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++)
        if (argc == 2 && strcmp(argv[1], workloads[i].name) == 0) workloads[i].run();
    return 0;
}
