/* build.c: values, and where they stand. */
#include "tools/scenario/build.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>
#include <weft/law.h>

void weft__build_at(struct weft__build *b, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(b->path, sizeof b->path, format, arguments);
    va_end(arguments);
}

int weft__build_refuse(struct weft__build *b, const char *format, ...) {
    struct weft__mark m = weft__tree_find(b->tree, b->path, false);
    char text[400];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    weft_buf_printf(b->message, "%llu:%llu: %s: %s", (unsigned long long)m.line, (unsigned long long)m.column, b->path,
                    text);
    return b->message->err != 0 ? b->message->err : WEFT_ERR_MALFORMED;
}

static const char *right_form(const char *option) {
    size_t len = strlen(option);
    const char *suffix = len < 4 ? "" : option + len - 4;
    if (len > 3 && strcmp(option + len - 3, "_ns") == 0) return "; a time is like 250ms, 10s or 5m";
    if (strcmp(suffix, "_ppm") == 0) return "; a share is like 2% or 0.5%";
    return strcmp(suffix, "_ppb") == 0 ? "; a drift is like 200ppm" : "";
}

int weft__build_option(struct weft__build *b, const char *option, const char *value) {
    struct weft_buf why;
    if (value == NULL) return 0;
    weft_buf_init(&why, NULL);
    int rc = weft_sim_options_set(&b->s->options, option, value, &why);
    if (rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_NOT_FOUND)
        rc = weft__build_refuse(b, "%.*s%s", (int)(why.len < 200 ? why.len : 200), (const char *)why.ptr,
                                right_form(option));
    weft_buf_fini(&why);
    return rc;
}

void weft__build_said(struct weft__build *b, const char *option) {
    if (b->said_count < WEFT__BUILD_SAID_MAX) b->said[b->said_count++] = option;
}

static bool read_decimal(const char *value, unsigned digits, uint64_t *out) {
    size_t whole = strspn(value, "0123456789"), fraction = 0;
    const char *rest = value + whole;
    if (*rest == '.') fraction = strspn(++rest, "0123456789");
    if (whole + fraction == 0 || whole > 12 || fraction > digits || rest[fraction] != '\0') return false;
    *out = 0;
    for (size_t i = 0; i < whole; i++) *out = *out * 10 + (uint64_t)(value[i] - '0');
    for (size_t i = 0; i < digits; i++) *out = *out * 10 + (i < fraction ? (uint64_t)(rest[i] - '0') : 0);
    return true;
}

int weft__build_decimal(struct weft__build *b, const char *value, unsigned digits, uint64_t most, uint64_t *out) {
    uint64_t one = 1;
    for (unsigned i = 0; i < digits; i++) one *= 10;
    if (!read_decimal(value, digits, out))
        return weft__build_refuse(b, "not a number with at most %u digits after the point: \"%.40s\"", digits, value);
    if (*out <= most) return 0;
    return weft__build_refuse(b, "out of bounds: \"%.40s\" (0 to %llu)", value, (unsigned long long)(most / one));
}

int weft__build_number(struct weft__build *b, const char *value, uint64_t least, uint64_t most, uint64_t *out) {
    if (!read_decimal(value, 0, out) || strchr(value, '.') != NULL)
        return weft__build_refuse(b, "not a whole number: \"%.40s\"", value);
    if (*out >= least && *out <= most) return 0;
    return weft__build_refuse(b, "out of bounds: \"%.40s\" (%llu to %llu)", value, (unsigned long long)least,
                              (unsigned long long)most);
}

int weft__build_time(struct weft__build *b, const char *value, uint64_t *out) {
    struct weft_sim_options kept = b->s->options;
    int rc = weft__build_option(b, "fault_ns", value);
    *out = b->s->options.fault_ns;
    b->s->options = kept;
    return rc;
}

/* --- Numbers of the simulator --------------------------------------------------------------------------------------
 */

/* A bare number would be millionths, which nobody means. */
static int check_unit(struct weft__build *b, const char *option, const char *value) {
    size_t len = strlen(option);
    const char *suffix = len < 4 ? "" : option + len - 4;
    bool has_unit = strcmp(suffix, "_ppm") == 0 || strcmp(suffix, "_ppb") == 0;
    if (value == NULL || !has_unit || strcmp(value, "0") == 0 || value[strspn(value, "0123456789")] != '\0') return 0;
    return weft__build_refuse(b, "of what? \"%.40s\"%s", value, right_form(option));
}

#define SET(member, key, option, what)                                                                                 \
    if (rc == 0 && (option)[0] != '\0') {                                                                              \
        weft__build_at(b, "%s%s%s", prefix, prefix[0] == '\0' ? "" : ".", key);                                        \
        rc = check_unit(b, option, section->member);                                                                   \
        if (rc == 0) rc = weft__build_option(b, option, section->member);                                              \
        if (section->member != NULL) weft__build_said(b, option);                                                      \
    }

static int set_top(struct weft__build *b) {
    const struct weft__document *section = b->d;
    const char *prefix = "";
    int rc = 0;
    WEFT__SCENARIO_TOP(SET)
    return rc;
}

#define SECTION(name, MAP)                                                                                             \
    static int set_##name(struct weft__build *b) {                                                                     \
        const struct weft__document_##name *section = b->d->name;                                                      \
        const char *prefix = #name;                                                                                    \
        int rc = 0;                                                                                                    \
        if (section == NULL) return 0;                                                                                 \
        MAP(SET)                                                                                                       \
        return rc;                                                                                                     \
    }
SECTION(links, WEFT__SCENARIO_LINKS)
SECTION(clocks, WEFT__SCENARIO_CLOCKS)
SECTION(disks, WEFT__SCENARIO_DISKS)
SECTION(workload, WEFT__SCENARIO_WORKLOAD)
SECTION(nemesis, WEFT__SCENARIO_NEMESIS)
SECTION(limits, WEFT__SCENARIO_LIMITS)

/* What is not the option's own number. */
static int set_others(struct weft__build *b) {
    const struct weft__document_workload *w = b->d->workload;
    int rc = 0;
    if (w != NULL && w->zipf != NULL) {
        weft__build_at(b, "workload.zipf");
        weft__build_said(b, "zipf_ppm");
        rc = weft__build_decimal(b, w->zipf, 6, 4000000, &b->s->options.zipf_ppm);
    }
    if (w != NULL && w->rate != NULL) weft__build_said(b, "rate");
    if (b->d->expect != NULL && b->d->expect->converge_within != NULL)
        weft__build_said(b, "within_ns"), weft__build_said(b, "within_rounds");
    return rc;
}

/* Where types are named, only those. */
static int set_types(struct weft__build *b) {
    char **types = b->d->workload == NULL ? NULL : b->d->workload->types;
    const char *type;
    char option[64];
    bool all_zero = true;
    int rc = 0;
    for (size_t i = 0; rc == 0 && types != NULL && (type = weft_law_builtin_name(i)) != NULL; i++) {
        uint64_t weight = 0;
        weft__build_at(b, "workload.types.%s", type);
        (void)snprintf(option, sizeof option, "weight_%s", type);
        rc = weft__build_option(b, option, types[i] == NULL ? "0" : types[i]);
        if (rc == 0 && types[i] != NULL) rc = weft__build_number(b, types[i], 0, 1000000, &weight);
        all_zero = all_zero && weight == 0;
    }
    if (rc != 0 || types == NULL || !all_zero) return rc;
    weft__build_at(b, "workload.types");
    return weft__build_refuse(b, "all weights are 0: nothing would be done; give one type at least 1");
}

static bool is_said(const struct weft__build *b, const char *option) {
    for (size_t i = 0; i < b->said_count; i++)
        if (strcmp(b->said[i], option) == 0) return true;
    return false;
}

static int set_options(struct weft__build *b) {
    int rc = 0;
    const char *name;
    for (size_t i = 0; rc == 0 && b->d->options != NULL && (name = weft_sim_options_name(i)) != NULL; i++) {
        if (b->d->options[i] == NULL) continue;
        weft__build_at(b, "options.%s", name);
        rc = is_said(b, name) ? weft__build_refuse(b, "is said elsewhere in the scenario, too")
                              : weft__build_option(b, name, b->d->options[i]);
    }
    return rc;
}

int weft__build_options(struct weft__build *b) {
    static int (*const parts[])(struct weft__build *) = {set_top,     set_links,  set_clocks, set_disks,  set_workload,
                                                         set_nemesis, set_limits, set_types,  set_others, set_options};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof parts / sizeof *parts; i++) rc = parts[i](b);
    return rc;
}
