/* test_log.c: levels, silence and cutting. */
#include "base/log.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

struct heard {
    int count;
    enum weft_log_level level;
    char module[16];
    char text[2000];
};

static void hear(void *ctx, enum weft_log_level level, const char *module, const char *text) {
    struct heard *h = ctx;
    h->count++;
    h->level = level;
    snprintf(h->module, sizeof h->module, "%s", module);
    snprintf(h->text, sizeof h->text, "%s", text);
}

START_TEST(no_hook_is_silence) {
    struct weft_log deaf = {.max_level = WEFT_LOG_DEBUG};
    weft__log(NULL, WEFT_LOG_ERROR, "m", "x");
    weft__log(&deaf, WEFT_LOG_ERROR, "m", "x");
}
END_TEST

START_TEST(levels_above_the_greatest_are_dropped) {
    struct heard h = {0};
    struct weft_log log = {hear, &h, WEFT_LOG_WARN};
    weft__log(&log, WEFT_LOG_INFO, "gossip", "no");
    ck_assert_int_eq(h.count, 0);
    weft__log(&log, WEFT_LOG_WARN, "gossip", "peer %d is %s", 7, "late");
    ck_assert_int_eq(h.count, 1);
    ck_assert_int_eq(h.level, WEFT_LOG_WARN);
    ck_assert_str_eq(h.module, "gossip");
    ck_assert_str_eq(h.text, "peer 7 is late");
}
END_TEST

START_TEST(long_texts_are_cut) {
    struct heard h = {0};
    struct weft_log log = {hear, &h, WEFT_LOG_ERROR};
    weft__log(&log, WEFT_LOG_ERROR, "m", "%01500d", 1);
    ck_assert_uint_eq(strlen(h.text), 511);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/log", no_hook_is_silence, levels_above_the_greatest_are_dropped, long_texts_are_cut);
}
