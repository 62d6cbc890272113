/* One of Weft's own types, named as the first argument, against the laws and its specification (sim/laws/), with
 * histories in which every two kinds of its operations were concurrent. With --are-all: the names that follow are those
 * of all types that a replica knows, and the law kit knows each. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/law.h>

static const char *type, *known;

/* The file of known failures. */
static struct weft_buf read_known(void) {
    struct weft_buf text;
    char bytes[4096];
    size_t n;
    FILE *f = fopen(known, "rb");
    ck_assert_msg(f != NULL, "%s cannot be read", known);
    weft_buf_init(&text, NULL);
    while ((n = fread(bytes, 1, sizeof bytes, f)) > 0) ck_assert_int_eq(weft_buf_append(&text, bytes, n), 0);
    (void)fclose(f);
    return text;
}

static void expect_concurrent(const struct weft_law_report *r) {
    for (uint32_t a = 0; a < WEFT_LAW_KINDS; a++) {
        bool a_is_made = r->concurrent[WEFT_LAW_RESET][a] > 0;
        for (uint32_t b = a; b < WEFT_LAW_KINDS && a_is_made; b++) {
            if (r->concurrent[WEFT_LAW_RESET][b] == 0) continue;
            ck_assert_msg(r->concurrent[a][b] >= 1000, "kinds %u and %u were concurrent only %d times", a, b,
                          (int)r->concurrent[a][b]);
            ck_assert_msg(r->colliding[a][b] >= 1000, "kinds %u and %u met only %d times", a, b,
                          (int)r->colliding[a][b]);
        }
    }
    ck_assert_uint_gt(r->concurrent[WEFT_LAW_RESET][1], 10000);
    ck_assert_uint_gt(r->concurrent[1][1], 10000);
}

static void print(const struct weft_law_report *r, const struct weft_law_options *o) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    ck_assert_int_eq(weft_law_report_print(r, o, &text), 0);
    printf("%.*s", (int)text.len, (const char *)text.ptr);
    weft_buf_fini(&text);
}

START_TEST(test_type) {
    struct weft_law_options o;
    struct weft_law_report r;
    const char *seed = getenv("WEFT_SEED");
    weft_law_options_init(&o);
    ck_assert_int_eq(weft_law_builtin(&o, type), 0);
    if (seed != NULL) o.seed = strtoull(seed, NULL, 0);
    struct weft_buf text = read_known();
    o.known = weft_buf_slice(&text);
    int rc = weft_law_check(&o, &r);
    ck_assert_msg(rc == 0, "%d: %s\n%s", rc, r.law, r.counterexample);
    weft_buf_fini(&text);
    print(&r, &o);
    ck_assert(r.exhausted);
    ck_assert_uint_ge(r.random_histories, 20000);
    ck_assert_uint_gt(r.spec_checks, r.random_histories);
    ck_assert_uint_gt(r.hostile_inputs, 100000);
    ck_assert_uint_gt(r.failed_allocations, 1000);
    expect_concurrent(&r);
    weft_law_report_fini(&r);
}
END_TEST

static bool is_named(const char *name, char **names, int count) {
    for (int i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return true;
    fprintf(stderr, "%s is not tested: tests/laws/meson.build does not name it\n", name);
    return false;
}

static int are_all(char **names, int count) {
    const struct weft_crdt_class *cls;
    struct weft_law_options o;
    bool all = true;
    weft_law_options_init(&o);
    for (size_t i = 0; (cls = weft_crdt_class_at(i)) != NULL; i++) {
        all = is_named(cls->name, names, count) && all;
        if (weft_law_builtin(&o, cls->name) == 0) continue;
        fprintf(stderr, "%s is not in sim/laws/builtin.h\n", cls->name);
        all = false;
    }
    return all ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--are-all") == 0) return are_all(argv + 2, argc - 2);
    if (argc < 3) {
        fprintf(stderr, "usage: %s TYPE KNOWN\n", argv[0]);
        return EXIT_FAILURE;
    }
    type = argv[1];
    known = argv[2];
    Suite *suite = suite_create(type);
    TCase *tcase = tcase_create("laws");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, test_type);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
