/* Every allocation of a replica's life fails once, each in a life of its own; what ended with WEFT_ERR_NOMEM is done
 * again. In the end all is as if nothing had failed, and all memory is returned.
 *
 * usage: test_memory [STRIDE [FIRST]]: only every so many-th allocation, from the first on. */
#include <stdlib.h>

#include "tests/fault/life.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

static size_t first = 1, stride = 1;

/* Whether it came to the n-th allocation. */
static bool live(size_t n) {
    struct life l;
    struct failing_alloc alloc;
    failing_alloc_init(&alloc);
    life_init(&l);
    alloc.fail_at = n;
    l.c.at[0].options.alloc = &alloc.alloc;
    l.c.at[0].retries_nomem = true;
    life_run(&l);
    life_fini(&l);
    ck_assert_uint_eq(alloc.live_bytes, 0);
    return alloc.calls >= n;
}

START_TEST(every_allocation_may_fail) {
    size_t n = first;
    while (live(n)) n += stride;
    ck_assert_uint_gt(n, 500);
}
END_TEST

int main(int argc, char **argv) {
    if (argc > 1) stride = strtoul(argv[1], NULL, 10);
    if (argc > 2) first = strtoul(argv[2], NULL, 10);
    return RUN_SUITE("memory", every_allocation_may_fail);
}
