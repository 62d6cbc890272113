/* knocks.c: token buckets: one for all callers, and one for each place of the table, which failures empty. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/knocks.h"

#include <string.h>

void weft__knocks_init(struct weft__knocks *k, struct weft__hash128 key, struct weft__bucket *places) {
    *k = (struct weft__knocks){.key = key, .places = places};
}

bool weft__knocks_may_begin(struct weft__knocks *k, uint64_t now_ms) {
    if (k->half_open >= WEFT__KNOCKS_HALF_OPEN) return false;
    weft__bucket_fill(&k->all, now_ms, WEFT__KNOCKS_RATE, WEFT__KNOCKS_BURST);
    return weft__bucket_has(&k->all);
}

bool weft__knocks_begin(struct weft__knocks *k, uint64_t now_ms) {
    if (!weft__knocks_may_begin(k, now_ms) || !weft__bucket_take(&k->all)) return false;
    k->half_open++;
    return true;
}

/* An IPv6 host has a whole /64 to call from. An IPv4 host that reaches an IPv6 port has one address of a /96, in which
 * all others are too. */
uint32_t weft__knocks_place(const struct weft__knocks *k, const struct sockaddr *from) {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    uint8_t bytes[8] = {0};
    if (from->sa_family == AF_INET6) {
        memcpy(&in6, from, sizeof in6);
        if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
            memcpy(bytes, in6.sin6_addr.s6_addr + 12, 4);
        else
            memcpy(bytes, in6.sin6_addr.s6_addr, sizeof bytes);
    } else {
        memcpy(&in, from, sizeof in);
        memcpy(bytes, &in.sin_addr, sizeof in.sin_addr);
    }
    return (uint32_t)(weft__siphash64(k->key, bytes, sizeof bytes) % WEFT__KNOCKS_PLACES);
}

bool weft__knocks_hear(struct weft__knocks *k, uint32_t place, uint64_t now_ms) {
    struct weft__bucket *b = &k->places[place];
    weft__bucket_fill(b, now_ms, WEFT__KNOCKS_FAILURES, WEFT__KNOCKS_PATIENCE);
    return weft__bucket_take(b);
}

void weft__knocks_end(struct weft__knocks *k, uint32_t place, bool well) {
    struct weft__bucket *b = &k->places[place];
    k->half_open--;
    if (well && b->tokens <= (WEFT__KNOCKS_PATIENCE - 1) * WEFT__TOKEN) b->tokens += WEFT__TOKEN;
}
