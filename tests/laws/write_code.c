/* write_code.c: writes a counterexample as C code, for code.py: of a broken set, or with an argument one of a type of
 * Weft's, which no law breaks. */
#include <stdio.h>

#include "tests/laws/mutants.h"

static int print(const struct weft_law_report *r, const struct weft_law_options *o, const char *setup) {
    struct weft_buf code;
    weft_buf_init(&code, NULL);
    int rc = weft_law_report_code(r, o, setup, &code);
    printf("%.*s", (int)code.len, (const char *)code.ptr);
    weft_buf_fini(&code);
    return rc;
}

static int print_builtin(const char *name) {
    struct weft_law_options o;
    uint64_t choices[] = {1, 0, 0, 1, 2, 18446744073709551615u};
    struct weft_law_report r = {.law = "value", .counterexample = "a drawing\n", .choices = choices};
    r.choice_count = sizeof choices / sizeof *choices;
    weft_law_options_init(&o);
    int rc = weft_law_builtin(&o, name);
    return rc == 0 ? print(&r, &o, NULL) : rc;
}

int main(int argc, char **argv) {
    struct weft_law_options o;
    struct weft_law_report r;
    if (argc > 1) return print_builtin(argv[1]) != 0;
    weft_law_options_init(&o);
    broken_set_options(&o);
    int rc = weft_law_check(&o, &r);
    if (rc == WEFT_LAW_BROKEN) rc = print(&r, &o, "broken_set_options");
    weft_law_report_fini(&r);
    return rc != 0;
}
