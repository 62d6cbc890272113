/* alone_clock.c: base and clock are of use without anything above them.
 *
 * Two machines, one of them half a second slow, exchange a message; hybrid stamps put send before receive although the
 * wall clocks say otherwise, and a version vector tells each which messages it has seen. */
#include <stdio.h>
#include <stdlib.h>

#include <weft/causal.h>
#include <weft/clock.h>

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "alone_clock: %s\n", what);
    exit(1);
}

static uint64_t wall(int64_t sec, int64_t nsec) {
    uint64_t word = 0;
    require(weft_hlc_from_timespec(sec, nsec, &word) == 0, "a time of day is a word");
    return word;
}

static uint64_t receive(uint64_t last, uint64_t phys, uint64_t remote) {
    uint64_t out = 0;
    require(weft_hlc_check(remote, phys, WEFT_HLC_SECONDS(60), NULL) == 0, "the sender is within the drift bound");
    require(weft_hlc_now(remote > last ? remote : last, phys, &out) == 0, "a receipt has a stamp");
    return out;
}

static void stamps(void) {
    const uint64_t fast = wall(1750000000, 500000000), slow = wall(1750000000, 0);
    uint64_t send = 0, next = 0, excess = 0;
    require(weft_hlc_now(0, fast, &send) == 0, "a send has a stamp");
    next = receive(0, slow, send);
    require(slow < send && next > send, "a receipt is later than its send, whatever the walls say");
    require(weft_hlc_check(wall(1750009999, 0), slow, WEFT_HLC_SECONDS(60), &excess) != 0 && excess > 0,
            "a clock far ahead is refused");
}

static void vectors(void) {
    struct weft_origins *origins = NULL;
    const struct weft_origin dallas = {{{1}}, 1}, tokyo = {{{2}}, 1};
    struct weft_version_vector a, b;
    uint32_t d = 0, t = 0;
    require(weft_origins_new(&origins, NULL) == 0, "memory");
    require(weft_origins_intern(origins, &dallas, &d) == 0 && weft_origins_intern(origins, &tokyo, &t) == 0, "memory");
    weft_version_vector_init(&a, NULL);
    weft_version_vector_init(&b, NULL);
    require(weft_version_vector_raise(&a, d, 3) == 0 && weft_version_vector_raise(&b, t, 2) == 0, "memory");
    require(weft_version_vector_compare(&a, &b) == WEFT_CONCURRENT, "neither has seen the other");
    require(weft_version_vector_merge(&a, &b) == 0, "memory");
    require(weft_version_vector_compare(&a, &b) == WEFT_AFTER, "the merged one has seen both");
    require(weft_version_vector_contains(&a, (struct weft_dot){t, 2}), "tokyo's second message is seen");
    require(!weft_version_vector_contains(&a, (struct weft_dot){t, 3}), "tokyo's third is not");
    weft_version_vector_fini(&a);
    weft_version_vector_fini(&b);
    weft_origins_free(origins);
}

int main(void) {
    stamps();
    vectors();
    return 0;
}
