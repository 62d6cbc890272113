/* trace.c: each event's words, absorbed one by one into the hash so far. Words, not structs: padding and the order
 * of bytes are the compiler's business. */
#include "sim/trace.h"

#include <stdio.h>
#include <string.h>

#include <weft/replica.h>

#include "base/endian.h"
#include "base/prng.h"

static const char *kind_name(uint32_t kind) {
    static const char *const names[] = {"item",     "restore",   "start", "link-up", "link-down",
                                        "received", "persisted", "tick",  "epoch",   "signed"};
    return kind < sizeof names / sizeof *names ? names[kind] : "?";
}

#define ODD UINT64_C(0x9e3779b97f4a7c15)

/* Two lanes; each word goes through a bijection of each, so no single word can be changed without a change. */
static void absorb(struct weft__hash128 *h, uint64_t word) {
    h->lo = (h->lo ^ word) * ODD;
    h->lo ^= h->lo >> 32;
    h->hi = (h->hi + h->lo) * UINT64_C(0xbf58476d1ce4e5b9);
    h->hi ^= h->hi >> 29;
}

struct weft__hash128 weft__trace_bytes(struct weft__hash128 from, struct weft_slice bytes) {
    absorb(&from, bytes.len);
    size_t i = 0;
    for (; i + 8 <= bytes.len; i += 8) absorb(&from, weft__load64(bytes.ptr + i));
    if (i < bytes.len) {
        uint8_t last[8] = {0};
        memcpy(last, bytes.ptr + i, bytes.len - i);
        absorb(&from, weft__load64(last));
    }
    return (struct weft__hash128){weft__mix64(from.lo + ODD), weft__mix64(from.hi ^ from.lo)};
}

void weft__trace_event(struct weft__trace *t, const struct weft__trace_event *e) {
    uint64_t words[] = {
        e->now_ns, (uint64_t)e->replica << 32 | e->kind, e->link, e->bytes.lo, e->bytes.hi, e->state.lo, e->state.hi};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) absorb(&t->hash, words[i]);
    if (t->line == NULL) return;
    char text[160];
    (void)snprintf(text, sizeof text, "%llu.%09llu %lu %s %lu bytes %016llx state %016llx trace %016llx",
                   (unsigned long long)(e->now_ns / 1000000000u), (unsigned long long)(e->now_ns % 1000000000u),
                   (unsigned long)e->replica, kind_name(e->kind), (unsigned long)e->link,
                   (unsigned long long)e->bytes.lo, (unsigned long long)e->state.lo, (unsigned long long)t->hash.lo);
    t->line(t->ctx, text);
}

void weft__trace_item(struct weft__trace *t, uint64_t now_ns, struct weft_slice text) {
    char line[256];
    absorb(&t->hash, now_ns);
    t->hash = weft__trace_bytes(t->hash, text);
    if (t->line == NULL) return;
    (void)snprintf(line, sizeof line, "%llu.%09llu - %.*s", (unsigned long long)(now_ns / 1000000000u),
                   (unsigned long long)(now_ns % 1000000000u), (int)(text.len < 200 ? text.len : 200),
                   (const char *)text.ptr);
    t->line(t->ctx, line);
}

void weft__trace_hash(const struct weft__trace *t, uint8_t out[16]) {
    weft__store64(out, t->hash.lo);
    weft__store64(out + 8, t->hash.hi);
}
