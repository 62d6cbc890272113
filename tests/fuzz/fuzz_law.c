/* Histories under the law kit: the bytes are its choices, so the fuzzer looks for the history that breaks a law of one
 * of Weft's types.
 *
 * Input: the type, and in the two bits above it whether an expensive law is checked too; then choices. */
#include <weft/law.h>

#include "tests/fuzz/fuzz.h"

enum { TYPE = 0x3f, MEMORY = 0x80, HOSTILE = 0xc0 };

static void set_type(struct weft_law_options *o, uint8_t byte) {
    size_t types = 0;
    while (weft_law_builtin_name(types) != NULL) types++;
    HOLDS(weft_law_builtin(o, weft_law_builtin_name(byte % types)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct weft_law_options o;
    struct weft_law_report r;
    uint8_t head = fuzz_byte(&in);
    weft_law_options_init(&o);
    set_type(&o, head & TYPE);
    o.steps = 32;
    o.memory_every = (head & ~TYPE) == MEMORY;
    o.hostile_every = (head & ~TYPE) == HOSTILE;
    int rc = weft_law_replay_bytes(&o, in.at, fuzz_left(&in), &r);
    if (rc != 0) (void)fprintf(stderr, "%s", r.counterexample);
    HOLDS(rc == 0);
    weft_law_report_fini(&r);
    return 0;
}
