/* authority.h: somebody who signs what a target makes up. */
#ifndef WEFT_TESTS_FUZZ_AUTHORITY_H
#define WEFT_TESTS_FUZZ_AUTHORITY_H

#include <weft/bytes.h>
#include <weft/key.h>

struct fuzz_authority {
    struct weft_key key;
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
};

/* The same one in every run; lent. */
const struct fuzz_authority *fuzz_authority(void);
/* Appends the bytes as field 1, and as field 2 the authority's signature of the prefix (its zero too) and the bytes. */
void fuzz_sign(const char *prefix, struct weft_slice bytes, struct weft_buf *out);

#endif
