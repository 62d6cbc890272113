/* element.c: elements to measure with. */
#include "base/endian.h"
#include "base/prng.h"
#include "bench/bench.h"

void bench_element(uint64_t i, uint8_t out[16]) {
    weft__store64(out, weft__mix64(2 * i + 1));
    weft__store64(out + 8, weft__mix64(2 * i + 2));
}
