/* The auction under a fuzzer, as docs/laws.md shows it.
 *
 * Input: choices. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "tests/laws/auction.h"

/* docs/laws.md */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    struct weft_law_options opts;
    struct weft_law_report report;
    auction_options(&opts);
    opts.hostile_every = opts.memory_every = 0; /* thousands of calls each: for another target */
    int rc = weft_law_replay_bytes(&opts, bytes, count, &report);
    if (rc != 0) {
        fputs(report.counterexample, stderr);
        abort();
    }
    weft_law_report_fini(&report);
    return 0;
}
/* end */
