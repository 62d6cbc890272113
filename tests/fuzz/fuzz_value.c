/* Values used alone: deltas and states from anywhere. What is refused changes nothing; a state that is taken by a value
 * without any is written as it was read; after whatever was taken the value prints, is written, and its bytes make the
 * same value anew, in memory in proportion to what was brought.
 *
 * Input: the type, then pieces. */
#include <weft/crdt.h>

#include "base/wire.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/any_edit.h"

static const struct weft_crdt_class *class_of(uint8_t byte) {
    size_t classes = 0;
    while (weft_crdt_class_at(classes) != NULL) classes++;
    return weft_crdt_class_at(byte % classes);
}

/* A cell, its place in a table, and the table's growth; two bytes can be a dot of one. */
#define MEMORY_MAX(size) (256 * (size) + (64u << 10))

static struct weft_value *value_new(const struct weft_crdt_class *cls, const struct weft_alloc *alloc) {
    struct weft_value_options o;
    struct weft_value *v = NULL;
    weft_value_options_init(&o);
    o.alloc = alloc;
    o.origin.replica.bytes[15] = 3;
    o.origin.epoch = 0x9d3cb0f74ae6218cu; /* nobody else's */
    HOLDS(weft_value_new(&v, cls, &o) == 0);
    return v;
}

static void encode(const struct weft_value *v, struct weft_buf *out) {
    weft_buf_reset(out);
    HOLDS(weft_value_encode(v, out) == 0);
}

static void print(const struct weft_value *v) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = weft_value_class(v)->print(weft_value_view(v), &text);
    HOLDS(rc == 0 || rc == WEFT_ERR_RANGE);
    weft_buf_fini(&text);
}

/* A write of its own, which may be out of range; its delta brings another copy to the same state. */
static void write_on(struct weft_value *v, struct weft_value *copy) {
    const struct weft_crdt_class *cls = weft_value_class(v);
    struct weft_stamp stamp = {WEFT_HLC_SECONDS(1800000000), 7};
    weft_value_now(v, stamp);
    struct weft_edit *e = weft_value_edit(v);
    struct weft_buf delta, ours, theirs;
    weft_buf_init(&delta, NULL);
    weft_buf_init(&ours, NULL);
    weft_buf_init(&theirs, NULL);
    HOLDS(any_edit(cls, e, ANY_EDIT_TURNS - 1));
    int rc = weft_value_commit(v, stamp, &delta);
    HOLDS(rc == 0 || rc == WEFT_ERR_RANGE || rc == WEFT_ERR_LIMIT || rc == WEFT_ERR_HELD || rc == WEFT_ERR_RIGHTS);
    if (rc == 0 && delta.len > 0) HOLDS(weft_value_apply(copy, weft_buf_slice(&delta)) == 0);
    encode(v, &ours);
    encode(copy, &theirs);
    HOLDS(weft_slice_eq(weft_buf_slice(&ours), weft_buf_slice(&theirs)));
    weft_buf_fini(&delta);
    weft_buf_fini(&ours);
    weft_buf_fini(&theirs);
}

/* Its bytes make it anew, and bring nothing to itself. */
static void check(struct weft_value *v) {
    struct weft_buf bytes, again;
    struct weft_value *copy = value_new(weft_value_class(v), NULL);
    weft_buf_init(&bytes, NULL);
    weft_buf_init(&again, NULL);
    print(v);
    encode(v, &bytes);
    HOLDS(weft_value_apply(copy, weft_buf_slice(&bytes)) == 0);
    encode(copy, &again);
    HOLDS(weft_slice_eq(weft_buf_slice(&bytes), weft_buf_slice(&again)));
    HOLDS(weft_value_apply(v, weft_buf_slice(&bytes)) == 0);
    encode(v, &again);
    HOLDS(weft_slice_eq(weft_buf_slice(&bytes), weft_buf_slice(&again)));
    write_on(v, copy);
    weft_buf_fini(&bytes);
    weft_buf_fini(&again);
    weft_value_free(copy);
}

/* Neither a commit, which has a schema, nor nothing. */
static bool is_state(struct weft_slice bytes) {
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    (void)weft__read_field_varint(&r, 1);
    (void)weft__read_field_varint(&r, 2);
    return !weft__reader_done(&r) && weft__read_field_varint(&r, 3) == 0 && r.err == 0;
}

static void apply(struct weft_value *v, struct weft_slice bytes, bool is_first) {
    struct weft_buf before, after;
    weft_buf_init(&before, NULL);
    weft_buf_init(&after, NULL);
    encode(v, &before);
    int rc = weft_value_apply(v, bytes);
    HOLDS(rc == 0 || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION);
    encode(v, &after);
    if (rc != 0) HOLDS(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)));
    if (rc == 0 && is_first && is_state(bytes)) HOLDS(weft_slice_eq(bytes, weft_buf_slice(&after)));
    weft_buf_fini(&before);
    weft_buf_fini(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct budget budget;
    budget_init(&budget, MEMORY_MAX(size));
    struct weft_value *v = value_new(class_of(fuzz_byte(&in)), &budget.alloc);
    for (bool is_first = true; fuzz_left(&in) > 0; is_first = false) {
        struct weft_slice piece = fuzz_piece(&in);
        uint8_t *copy = fuzz_copy(piece);
        apply(v, weft_slice(copy, piece.len), is_first);
        free(copy);
    }
    check(v);
    weft_value_free(v);
    budget_fini(&budget);
    return 0;
}
