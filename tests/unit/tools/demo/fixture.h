/* fixture.h: what the tests of the demo's counting share. */
#ifndef WEFT_TESTS_UNIT_TOOLS_DEMO_FIXTURE_H
#define WEFT_TESTS_UNIT_TOOLS_DEMO_FIXTURE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tools/demo/tally.h"

static inline bool text_is(struct weft__demo_text t, const char *wanted) {
    return weft__demo_text_eq(t, weft__demo_text(wanted));
}

/* A log of this text; it must have no more lines than fit. */
static inline void parse_log(struct weft__demo_log *log, const char *text) {
    size_t len = strlen(text);
    char *copy = malloc(len + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len + 1);
    *log = (struct weft__demo_log){.text = NULL};
    ck_assert(weft__demo_log_parse(log, copy, len));
}

/* Stamps that grow with the lines, as if each region had written in the log's order. */
static inline void stamp_log(struct weft__demo_log *log) {
    static const char *const origins[WEFT__DEMO_REGIONS] = {"aa:01", "bb:01", "cc:01"};
    for (size_t i = 0; i < log->count; i++) {
        log->lines[i].stamp = (struct weft__demo_stamp){0, 100 + i, origins[log->lines[i].region]};
    }
}

static inline int run_case(const char *name, TCase *tc) {
    Suite *s = suite_create(name);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? 0 : 1;
}

#endif
