/* fuzz.h: a target is one function over any bytes; libFuzzer calls it with bytes that it makes, standalone.c with the
 * files of a corpus. What a target promises is checked with HOLDS, in every build. */
#ifndef WEFT_TESTS_FUZZ_H
#define WEFT_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <weft/bytes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define HOLDS(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                       \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* What is left of an input; at its end everything reads as 0 and empty. */
struct fuzz_input {
    const uint8_t *at, *end;
};

static inline struct fuzz_input fuzz_input(const uint8_t *data, size_t size) {
    return (struct fuzz_input){data, size == 0 ? data : data + size};
}

static inline size_t fuzz_left(const struct fuzz_input *in) {
    return (size_t)(in->end - in->at);
}

static inline uint8_t fuzz_byte(struct fuzz_input *in) {
    return in->at == in->end ? 0 : *in->at++;
}

static inline struct weft_slice fuzz_bytes(struct fuzz_input *in, size_t len) {
    if (len > fuzz_left(in)) len = fuzz_left(in);
    struct weft_slice s = weft_slice(in->at, len);
    if (len > 0) in->at += len;
    return s;
}

/* Two bytes of length, then so many bytes. */
static inline struct weft_slice fuzz_piece(struct fuzz_input *in) {
    size_t len = fuzz_byte(in);
    return fuzz_bytes(in, len | (size_t)fuzz_byte(in) << 8);
}

/* A copy in a block of its own size, so that a read beyond its end is seen. Free with free. */
static inline uint8_t *fuzz_copy(struct weft_slice s) {
    uint8_t *copy = malloc(s.len == 0 ? 1 : s.len);
    HOLDS(copy != NULL);
    for (size_t i = 0; i < s.len; i++) copy[i] = s.ptr[i];
    return copy;
}

#endif
