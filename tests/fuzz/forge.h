/* forge.h: states whose hashes are right whatever they hold, so that what stands behind the hashes is reached. */
#ifndef WEFT_TESTS_FUZZ_FORGE_H
#define WEFT_TESTS_FUZZ_FORGE_H

#include <stdbool.h>

#include <weft/bytes.h>

#include "tests/fuzz/fuzz.h"

#define FORGE_SEGMENTS 6

struct forged {
    struct weft_buf manifest;
    struct weft_slice segments[FORGE_SEGMENTS]; /* lent by the input */
    size_t count;
};

/* From pieces: a manifest up to its hash, then segments. Their ids in the manifest are 1, 2, ... or, for a transfer, 0.
 * What the manifest says of the segments is made to fit them. */
void forge(struct forged *f, struct fuzz_input *in, bool stored);
void forge_fini(struct forged *f);

#endif
