/* dump.c: one line of "dump" of weft serve, a JSON text, into a tally.
 *
 * Read strictly, in the one form in which it is written: {"key":K,"type":"T","value":V} and, of a register,
 * ,"stamp":"S","origin":"O". Bytes that are not text come as {"base64":"..."}. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/tally.h"

struct reader {
    const char *at, *end;
    char *bytes; /* what was decoded; never more than the line */
    size_t len;
    bool wrong;
};

static bool take(struct reader *r, const char *literal) {
    size_t len = strlen(literal);
    if ((size_t)(r->end - r->at) < len || memcmp(r->at, literal, len) != 0) return false;
    r->at += len;
    return true;
}

static void expect(struct reader *r, const char *literal) {
    if (!take(r, literal)) r->wrong = true;
}

static int digit_of(const char *digits, char c) {
    const char *found = c == '\0' ? NULL : strchr(digits, c);
    return found == NULL ? -1 : (int)(found - digits);
}

/* \" \\ and \u00XX are all that is written. */
static char read_escape(struct reader *r) {
    static const char hex[] = "0123456789abcdef";
    if (take(r, "\"")) return '"';
    if (take(r, "\\")) return '\\';
    expect(r, "u00");
    int high = r->end - r->at < 2 ? -1 : digit_of(hex, r->at[0]);
    int low = high < 0 ? -1 : digit_of(hex, r->at[1]);
    if (low < 0) {
        r->wrong = true;
        return 0;
    }
    r->at += 2;
    return (char)(high << 4 | low);
}

static void read_text(struct reader *r) {
    while (!r->wrong && r->at < r->end && *r->at != '"') {
        char c = *r->at++;
        r->bytes[r->len++] = c == '\\' ? read_escape(r) : c;
    }
    expect(r, "\"");
}

static void read_base64(struct reader *r) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned held = 0;
    for (int d; r->at < r->end && (d = digit_of(digits, *r->at)) >= 0; r->at++) {
        bits = bits << 6 | (uint32_t)d;
        held += 6;
        if (held < 8) continue;
        held -= 8;
        r->bytes[r->len++] = (char)(bits >> held);
    }
    while (take(r, "=")) continue;
    expect(r, "\"}");
}

/* The bytes stay until the end of the line. */
static struct weft__demo_text read_bytes(struct reader *r) {
    size_t from = r->len;
    if (take(r, "{\"base64\":\"")) {
        read_base64(r);
    } else {
        expect(r, "\"");
        read_text(r);
    }
    return (struct weft__demo_text){r->bytes + from, r->len - from};
}

static void read_string(struct reader *r, char *out, size_t room) {
    struct weft__demo_text t = read_bytes(r);
    if (t.len >= room || memchr(t.ptr, '\0', t.len) != NULL) r->wrong = true;
    if (r->wrong) return;
    memcpy(out, t.ptr, t.len);
    out[t.len] = '\0';
}

static uint64_t read_number(struct reader *r) {
    uint64_t v = 0;
    if (r->at == r->end || *r->at < '0' || *r->at > '9') r->wrong = true;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9') {
        uint64_t digit = (uint64_t)(*r->at++ - '0');
        if (v > (UINT64_MAX - digit) / 10) r->wrong = true;
        v = v * 10 + digit;
    }
    return v;
}

static int64_t read_signed(struct reader *r) {
    bool negative = take(r, "-");
    uint64_t v = read_number(r);
    if (v > INT64_MAX) r->wrong = true;
    return negative ? -(int64_t)(v & INT64_MAX) : (int64_t)(v & INT64_MAX);
}

static void read_register(struct reader *r, struct weft__demo_register *out) {
    struct weft__demo_register made = {.value = ""};
    read_string(r, made.value, sizeof made.value);
    expect(r, ",\"stamp\":");
    read_string(r, made.stamp, sizeof made.stamp);
    expect(r, ",\"origin\":");
    read_string(r, made.origin, sizeof made.origin);
    expect(r, "}");
    if (!r->wrong) *out = made;
}

static void read_visitors(struct reader *r, struct weft__demo_tally *t, size_t path) {
    expect(r, "[");
    while (!r->wrong && !take(r, "]}")) {
        struct weft__demo_text visitor = read_bytes(r);
        if (!r->wrong) weft__demo_tally_visitor(t, path, visitor, true);
        if (r->at < r->end && *r->at != ']') expect(r, ",");
    }
}

static bool key_starts(struct weft__demo_text *key, const char *prefix) {
    size_t len = strlen(prefix);
    if (key->len < len || memcmp(key->ptr, prefix, len) != 0) return false;
    *key = (struct weft__demo_text){key->ptr + len, key->len - len};
    return true;
}

static const char *read_progress(struct reader *r, struct weft__demo_tally *t, struct weft__demo_text region) {
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        if (!weft__demo_text_eq(region, weft__demo_text(weft__demo_region_names[i]))) continue;
        if (!take(r, ",\"type\":\"lwwreg\",\"value\":")) return "progress that is not a register";
        read_register(r, &t->progress[i]);
        return NULL;
    }
    return "the progress of a region that does not exist";
}

static const char *read_object(struct reader *r, struct weft__demo_tally *t) {
    size_t number;
    expect(r, "{\"key\":");
    struct weft__demo_text key = read_bytes(r);
    if (r->wrong) return NULL;
    if (key_starts(&key, "progress:")) return read_progress(r, t, key);
    if (key_starts(&key, "hits:")) {
        if (!take(r, ",\"type\":\"gcounter\",\"value\":")) return "hits that are not a gcounter with a value";
        weft__demo_tally_path(t, key, NULL)->hits = read_number(r);
        expect(r, "}");
    } else if (key_starts(&key, "inflight:")) {
        if (!take(r, ",\"type\":\"pncounter\",\"value\":"))
            return "bytes in flight that are not a pncounter with a value";
        weft__demo_tally_path(t, key, NULL)->in_flight = read_signed(r);
        expect(r, "}");
    } else if (key_starts(&key, "visitors:")) {
        if (!take(r, ",\"type\":\"aworset\",\"value\":")) return "visitors that are not an aworset";
        weft__demo_tally_path(t, key, &number);
        read_visitors(r, t, number);
    } else if (key_starts(&key, "status:")) {
        if (!take(r, ",\"type\":\"lwwreg\",\"value\":")) return "a status that is not a register";
        read_register(r, &weft__demo_tally_path(t, key, NULL)->status);
    } else {
        return "a key that nobody wrote";
    }
    return NULL;
}

const char *weft__demo_dump_line(struct weft__demo_tally *t, struct weft__demo_text line) {
    struct reader r = {line.ptr, line.ptr + line.len, weft__demo_grow(NULL, line.len, 1), 0, false};
    const char *why = read_object(&r, t);
    if (why == NULL && (r.wrong || r.at != r.end)) why = "not the form of a dumped object";
    free(r.bytes);
    return why;
}
