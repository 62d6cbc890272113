/* sim_result.c: a line says by itself what it is a result of, so files can be put together, cut and sent by anything
 * that moves lines. */
#define _POSIX_C_SOURCE 200809L
#include "tools/sim_result.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

static const char *const verdicts[WEFT__SIM_VERDICTS] = {
    "held", "failed", "not converged", "crashed", "hung", "not deterministic", "not run"};

const char *weft__sim_verdict_name(enum weft__sim_verdict verdict) {
    return verdicts[verdict];
}

/* splitmix64's finalizer: a digit that has nothing to do with how a sweep is shared out. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

bool weft__sim_is_twice(uint64_t seed) {
    return seed % 10 == (1 + mix(seed / 10) % 10) % 10;
}

bool weft__sim_campaign_has(const struct weft__sim_campaign *c, uint64_t seed) {
    return seed >= c->first && seed - c->first < c->count && seed % c->shards == c->shard - 1;
}

bool weft__sim_result_equal(const struct weft__sim_result *a, const struct weft__sim_result *b) {
    const char *x = a->check == NULL ? "" : a->check, *y = b->check == NULL ? "" : b->check;
    return a->seed == b->seed && a->verdict == b->verdict && a->virtual_ns == b->virtual_ns && a->steps == b->steps &&
           memcmp(a->trace, b->trace, sizeof a->trace) == 0 && strcmp(x, y) == 0;
}

void weft__sim_result_fini(struct weft__sim_result *r) {
    free(r->check);
    free(r->detail);
    r->check = r->detail = NULL;
}

void weft__sim_campaign_fini(struct weft__sim_campaign *c) {
    free(c->command);
    c->command = NULL;
}

/* --- Writing ----------------------------------------------------------------------------------------------------- */

static void hex(const uint8_t bytes[16], char out[33]) {
    for (size_t i = 0; i < 16; i++) (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

/* Bytes that are no text cannot be in JSON. */
static json_t *text_of(const char *text) {
    json_t *value = json_string(text);
    return value != NULL ? value : json_string("(not UTF-8)");
}

static int print(json_t *object, struct weft_buf *out) {
    char *text = object == NULL ? NULL : json_dumps(object, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(object);
    if (text == NULL) return WEFT_ERR_NOMEM;
    weft_buf_append_str(out, text);
    weft_buf_append(out, "\n", 1);
    free(text);
    return out->err;
}

int weft__sim_result_print(const struct weft__sim_result *r, const struct weft__sim_campaign *c, bool with_seconds,
                           struct weft_buf *out) {
    char trace[33];
    hex(r->trace, trace);
    json_t *line = json_pack("{ss ss sI ss sb sI sI ss}", "version", c->version, "scenario", c->scenario, "seed",
                             (json_int_t)r->seed, "verdict", weft__sim_verdict_name(r->verdict), "twice", r->twice,
                             "virtual_ns", (json_int_t)r->virtual_ns, "steps", (json_int_t)r->steps, "trace", trace);
    if (line != NULL && r->check != NULL) (void)json_object_set_new(line, "check", text_of(r->check));
    if (line != NULL && r->detail != NULL) (void)json_object_set_new(line, "detail", text_of(r->detail));
    if (line != NULL && with_seconds) {
        double microseconds = r->seconds * 1e6 + 0.5;
        (void)json_object_set_new(line, "us", json_integer((json_int_t)microseconds));
    }
    return print(line, out);
}

int weft__sim_campaign_print(const struct weft__sim_campaign *c, struct weft_buf *out) {
    json_t *line =
        json_pack("{ss ss sI sI sI sI}", "version", c->version, "scenario", c->scenario, "first", (json_int_t)c->first,
                  "seeds", (json_int_t)c->count, "shard", (json_int_t)c->shard, "shards", (json_int_t)c->shards);
    if (line != NULL && c->command != NULL) (void)json_object_set_new(line, "command", text_of(c->command));
    return print(line, out);
}

/* --- Reading ----------------------------------------------------------------------------------------------------- */

static bool read_hex(const char *text, uint8_t out[16]) {
    if (strlen(text) != 32 || strspn(text, "0123456789abcdef") != 32) return false;
    for (size_t i = 0; i < 16; i++) {
        char pair[3] = {text[2 * i], text[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return true;
}

static bool copy_field(const json_t *object, const char *name, char *to, size_t size) {
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL || *text == '\0' || strlen(text) >= size) return false;
    (void)snprintf(to, size, "%s", text);
    return true;
}

/* NULL where there is none. */
static bool copy_text(const json_t *object, const char *name, char **to) {
    const char *text = json_string_value(json_object_get(object, name));
    *to = text == NULL ? NULL : strdup(text);
    return text == NULL || *to != NULL;
}

static bool read_number(const json_t *object, const char *name, uint64_t *to) {
    const json_t *value = json_object_get(object, name);
    if (!json_is_integer(value) || json_integer_value(value) < 0) return false;
    *to = (uint64_t)json_integer_value(value);
    return true;
}

static bool read_verdict(const json_t *object, enum weft__sim_verdict *to) {
    const char *name = json_string_value(json_object_get(object, "verdict"));
    for (int i = 0; name != NULL && i < WEFT__SIM_VERDICTS; i++) {
        *to = (enum weft__sim_verdict)i;
        if (strcmp(name, verdicts[i]) == 0) return true;
    }
    return false;
}

static bool read_result(const json_t *object, struct weft__sim_result *r) {
    uint64_t us = 0;
    const char *trace = json_string_value(json_object_get(object, "trace"));
    memset(r, 0, sizeof *r);
    (void)read_number(object, "us", &us);
    r->seconds = (double)us * 1e-6;
    r->twice = json_is_true(json_object_get(object, "twice"));
    bool is_one = read_number(object, "seed", &r->seed) && read_verdict(object, &r->verdict) &&
                  read_number(object, "virtual_ns", &r->virtual_ns) && read_number(object, "steps", &r->steps) &&
                  trace != NULL && read_hex(trace, r->trace);
    return is_one && copy_text(object, "check", &r->check) && copy_text(object, "detail", &r->detail);
}

static bool read_campaign(const json_t *object, struct weft__sim_campaign *c) {
    return read_number(object, "first", &c->first) && read_number(object, "seeds", &c->count) &&
           read_number(object, "shard", &c->shard) && read_number(object, "shards", &c->shards) && c->shard >= 1 &&
           c->shard <= c->shards && c->first + c->count >= c->first && copy_text(object, "command", &c->command);
}

int weft__sim_line_parse(struct weft_slice line, struct weft__sim_campaign *c, struct weft__sim_result *r,
                         const char **why) {
    json_error_t error;
    json_t *object = json_loadb((const char *)line.ptr, line.len, JSON_REJECT_DUPLICATES, &error);
    int kind = -1;
    memset(c, 0, sizeof *c);
    *why = "no line of JSON";
    if (object != NULL) {
        *why = "no result of a sweep";
        bool has_names = copy_field(object, "version", c->version, sizeof c->version) &&
                         copy_field(object, "scenario", c->scenario, sizeof c->scenario);
        if (has_names && json_object_get(object, "seed") != NULL) {
            if (read_result(object, r))
                kind = WEFT__SIM_LINE_RESULT;
            else
                weft__sim_result_fini(r);
        } else if (has_names && read_campaign(object, c)) {
            kind = WEFT__SIM_LINE_CAMPAIGN;
        }
    }
    json_decref(object);
    return kind;
}
