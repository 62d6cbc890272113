/* duration.c: spans of time as people write them, exactly. */
#include <string.h>

#include "sim/schedule.h"

static const struct {
    const char *unit;
    int64_t ns;
} units[] = {{"ns", 1},
             {"us", 1000},
             {"ms", 1000000},
             {"s", 1000000000},
             {"m", INT64_C(60000000000)},
             {"h", INT64_C(3600000000000)},
             {"d", INT64_C(86400000000000)}};

#define SECONDS 3u /* the largest that is printed: the others are for people to write */

static int64_t unit_ns(struct weft_slice text) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (weft_slice_eq(text, weft_str(units[i].unit))) return units[i].ns;
    return 0;
}

static bool is_digit(uint8_t c) {
    return c >= '0' && c <= '9';
}

/* Digits from text.ptr[*at] on as a number times `scale`, each digit after the first worth a tenth (fraction) or the
 * whole so far ten times (integer). */
static bool read_whole(struct weft_slice text, size_t *at, int64_t *out) {
    size_t begin = *at;
    *out = 0;
    for (; *at < text.len && is_digit(text.ptr[*at]); ++*at) {
        if (*out > WEFT__SIM_SPAN_MAX / 10) return false;
        *out = *out * 10 + (text.ptr[*at] - '0');
    }
    return *at > begin;
}

static bool read_fraction(struct weft_slice text, size_t *at, int64_t unit, int64_t *out) {
    size_t begin = *at;
    *out = 0;
    for (; *at < text.len && is_digit(text.ptr[*at]); ++*at) {
        int digit = text.ptr[*at] - '0';
        if (unit % 10 != 0 && digit != 0) return false; /* below a nanosecond */
        unit /= 10;
        *out += digit * unit;
    }
    return *at > begin;
}

/* Where the number ends and the unit begins. */
static struct weft_slice unit_of(struct weft_slice text, size_t at) {
    while (at < text.len && (is_digit(text.ptr[at]) || text.ptr[at] == '.')) at++;
    return (struct weft_slice){text.ptr + at, text.len - at};
}

bool weft__duration_parse(struct weft_slice text, int64_t *ns) {
    if (weft_slice_eq(text, weft_str("0"))) {
        *ns = 0;
        return true;
    }
    size_t at = 0;
    bool negative = text.len > 0 && text.ptr[0] == '-';
    if (text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+')) at++;
    int64_t unit = unit_ns(unit_of(text, at)), whole, fraction = 0;
    if (unit == 0 || !read_whole(text, &at, &whole) || whole > WEFT__SIM_SPAN_MAX / unit) return false;
    if (at < text.len && text.ptr[at] == '.') {
        at++;
        if (!read_fraction(text, &at, unit, &fraction)) return false;
    }
    *ns = whole * unit + fraction;
    if (*ns > WEFT__SIM_SPAN_MAX) return false;
    if (negative) *ns = -*ns;
    return unit_ns((struct weft_slice){text.ptr + at, text.len - at}) == unit;
}

void weft__duration_print(int64_t ns, struct weft_buf *out) {
    if (ns == 0) {
        weft_buf_append_str(out, "0");
        return;
    }
    size_t i = SECONDS;
    while (i > 0 && ns % units[i].ns != 0) i--;
    weft_buf_printf(out, "%lld%s", (long long)(ns / units[i].ns), units[i].unit);
}
