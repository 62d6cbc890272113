/* authority.c: see authority.h. */
#include "tests/fuzz/authority.h"

#include <string.h>

#include "base/signature.h"
#include "base/wire.h"
#include "tests/fuzz/fuzz.h"

const struct fuzz_authority *fuzz_authority(void) {
    static const uint8_t seed[WEFT__SIGNATURE_SEED_LEN] = "an authority of nobody's, seeded";
    static struct fuzz_authority a;
    static bool made;
    if (!made) weft__signature_keys(a.key.bytes, a.secret, seed);
    made = true;
    return &a;
}

void fuzz_sign(const char *prefix, struct weft_slice bytes, struct weft_buf *out) {
    struct weft_buf text;
    uint8_t signature[WEFT__SIGNATURE_LEN];
    weft_buf_init(&text, NULL);
    (void)weft_buf_append(&text, prefix, strlen(prefix) + 1);
    (void)weft_buf_append_slice(&text, bytes);
    weft__signature_make(signature, weft_buf_slice(&text), fuzz_authority()->secret);
    weft__write_bytes(out, 1, bytes);
    weft__write_bytes(out, 2, weft_slice(signature, sizeof signature));
    HOLDS(out->err == 0);
    weft_buf_fini(&text);
}
