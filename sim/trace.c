/* trace.c: each event's words in little endian, hashed under the hash so far. Words, not structs: padding and the order
 * of bytes are the compiler's business. */
#include "sim/trace.h"

#include <stdio.h>
#include <string.h>

#include <weft/replica.h>

static const char *kind_name(uint32_t kind) {
    static const char *const names[] = {"item",     "restore",   "start", "link-up", "link-down",
                                        "received", "persisted", "tick",  "epoch"};
    return kind < sizeof names / sizeof *names ? names[kind] : "?";
}

static void store(uint8_t *out, uint64_t v) {
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)(v >> (8 * i));
}

void weft__trace_event(struct weft__trace *t, const struct weft__trace_event *e) {
    uint64_t words[] = {
        e->now_ns, (uint64_t)e->replica << 32 | e->kind, e->link, e->bytes.lo, e->bytes.hi, e->state.lo, e->state.hi};
    uint8_t bytes[sizeof words];
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) store(bytes + 8 * i, words[i]);
    t->hash = weft__siphash128(t->hash, bytes, sizeof bytes);
    if (t->line == NULL) return;
    char text[160];
    (void)snprintf(text, sizeof text, "%llu.%09llu %lu %s %lu bytes %016llx state %016llx trace %016llx",
                   (unsigned long long)(e->now_ns / 1000000000u), (unsigned long long)(e->now_ns % 1000000000u),
                   (unsigned long)e->replica, kind_name(e->kind), (unsigned long)e->link,
                   (unsigned long long)e->bytes.lo, (unsigned long long)e->state.lo, (unsigned long long)t->hash.lo);
    t->line(t->ctx, text);
}

void weft__trace_item(struct weft__trace *t, uint64_t now_ns, struct weft_slice text) {
    uint8_t when[8];
    char line[256];
    store(when, now_ns);
    t->hash = weft__siphash128(t->hash, when, sizeof when);
    t->hash = weft__siphash128(t->hash, text.ptr, text.len);
    if (t->line == NULL) return;
    (void)snprintf(line, sizeof line, "%llu.%09llu - %.*s", (unsigned long long)(now_ns / 1000000000u),
                   (unsigned long long)(now_ns % 1000000000u), (int)(text.len < 200 ? text.len : 200),
                   (const char *)text.ptr);
    t->line(t->ctx, line);
}

void weft__trace_hash(const struct weft__trace *t, uint8_t out[16]) {
    store(out, t->hash.lo);
    store(out + 8, t->hash.hi);
}
