/* Fields of canonical protobuf: what is written reads as it was written; any bytes, read as those fields would be, are
 * read within their bounds, and after the first error everything reads as nothing.
 *
 * Input: so many steps, each a kind and a number; then bytes. */
#include "base/wire.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 64

enum kind { NUMBER, FIXED, BYTES, OPTIONAL_NUMBER, OPTIONAL_FIXED, OPTIONAL_BYTES, KINDS };

struct step {
    enum kind kind;
    uint32_t field;
    uint64_t value;
};

/* Values of every length, and fields of more than one byte of tag. */
static struct step next_step(struct fuzz_input *in, uint32_t *field) {
    struct step s = {.kind = fuzz_byte(in) % KINDS};
    uint8_t shift = fuzz_byte(in);
    *field += 1u + (shift >= 192 ? 100u * shift : 0u);
    s.field = *field;
    s.value = (uint64_t)fuzz_byte(in) << shift % 64;
    return s;
}

static struct weft_slice bytes_of(const struct step *s) {
    static const uint8_t some[300];
    return weft_slice(some, (size_t)(s->value % sizeof some));
}

static void write_step(struct weft_buf *out, const struct step *s) {
    switch (s->kind) {
    case NUMBER:
        weft__write_tag(out, s->field, WEFT__VARINT);
        weft__write_varint(out, s->value);
        break;
    case FIXED:
        weft__write_tag(out, s->field, WEFT__FIXED64);
        weft__write_fixed64(out, s->value);
        break;
    case BYTES:
        weft__write_bytes(out, s->field, bytes_of(s));
        break;
    case OPTIONAL_NUMBER:
        weft__write_field_varint(out, s->field, s->value);
        break;
    case OPTIONAL_FIXED:
        weft__write_field_fixed64(out, s->field, s->value);
        break;
    default:
        weft__write_field_bytes(out, s->field, bytes_of(s));
    }
}

/* The value as a number: of bytes, how many. */
static uint64_t read_step(struct weft__reader *r, const struct step *s) {
    switch (s->kind) {
    case NUMBER:
        return weft__read_tag(r, s->field, WEFT__VARINT) ? weft__read_varint(r) : 0;
    case FIXED:
        return weft__read_tag(r, s->field, WEFT__FIXED64) ? weft__read_fixed64(r) : 0;
    case BYTES:
        return weft__read_tag(r, s->field, WEFT__BYTES) ? weft__read_bytes(r).len : 0;
    case OPTIONAL_NUMBER:
        return weft__read_field_varint(r, s->field);
    case OPTIONAL_FIXED:
        return weft__read_field_fixed64(r, s->field);
    default:
        return weft__read_field_bytes(r, s->field).len;
    }
}

static bool is_bytes(const struct step *s) {
    return s->kind == BYTES || s->kind == OPTIONAL_BYTES;
}

/* All of them stand in a nested message. */
static void read_back(const struct step *steps, size_t count, struct weft_slice bytes) {
    struct weft__reader r, in;
    weft__reader_init(&r, bytes);
    HOLDS(weft__read_tag(&r, 1, WEFT__BYTES));
    weft__reader_init(&in, weft__read_bytes(&r));
    HOLDS(r.err == 0 && weft__reader_done(&r));
    for (size_t i = 0; i < count; i++)
        HOLDS(read_step(&in, &steps[i]) == (is_bytes(&steps[i]) ? bytes_of(&steps[i]).len : steps[i].value));
    HOLDS(in.err == 0 && weft__reader_done(&in));
}

static void read_any(const struct step *steps, size_t count, struct weft_slice bytes) {
    struct weft__reader r;
    uint8_t *copy = fuzz_copy(bytes);
    weft__reader_init(&r, weft_slice(copy, bytes.len));
    for (size_t i = 0; i < count; i++) {
        bool failed = r.err != 0;
        uint64_t value = read_step(&r, &steps[i]);
        HOLDS(r.at <= r.end && (!failed || value == 0));
        HOLDS(r.err == 0 || weft__reader_done(&r));
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct step steps[STEPS_MAX];
    struct weft_buf out;
    uint32_t field = 0;
    size_t count = fuzz_byte(&in) % STEPS_MAX;
    weft_buf_init(&out, NULL);
    size_t mark = weft__write_begin(&out, 1);
    for (size_t i = 0; i < count; i++) {
        steps[i] = next_step(&in, &field);
        write_step(&out, &steps[i]);
    }
    weft__write_end(&out, mark);
    HOLDS(out.err == 0);
    read_back(steps, count, weft_buf_slice(&out));
    read_any(steps, count, fuzz_bytes(&in, fuzz_left(&in)));
    weft_buf_fini(&out);
    return 0;
}
