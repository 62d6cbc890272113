/* bucket.h: a token bucket: so many of something in a second, and so many at once after a quiet time. */
#ifndef WEFT_REPLICATION_UV_BUCKET_H
#define WEFT_REPLICATION_UV_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#define WEFT__TOKEN 1000u

/* Zeroed it is full when it is first used. */
struct weft__bucket {
    uint64_t filled_ms;
    uint32_t tokens; /* thousandths */
    bool used;
};

static inline void weft__bucket_fill(struct weft__bucket *b, uint64_t now_ms, uint32_t rate, uint32_t burst) {
    uint64_t most = (uint64_t)burst * WEFT__TOKEN;
    uint64_t passed = now_ms > b->filled_ms ? now_ms - b->filled_ms : 0;
    /* A millisecond brings as many thousandths of a token as a second brings tokens. */
    uint64_t more = passed > most ? most : passed * rate;
    b->tokens = !b->used || b->tokens + more > most ? (uint32_t)most : (uint32_t)(b->tokens + more);
    b->filled_ms = now_ms;
    b->used = true;
}

static inline bool weft__bucket_has(const struct weft__bucket *b) {
    return b->tokens >= WEFT__TOKEN;
}

static inline bool weft__bucket_take(struct weft__bucket *b) {
    if (!weft__bucket_has(b)) return false;
    b->tokens -= WEFT__TOKEN;
    return true;
}

#endif
