/* test_class.c: reading what other versions of a class wrote. */
#include <weft/mvreg.h>

#include "tests/unit/crdt/values.h"

/* Schema 2 doubles each byte, schema 3 doubles it again; a byte of 'x' is one that no version wrote. */
static int doubled(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    for (size_t i = 0; i < old.len; i++) {
        if (old.ptr[i] == 'x') return WEFT_ERR_MALFORMED;
        for (uint32_t k = 0; k < (from == 1 ? 4u : 2u); k++) (void)weft_buf_append(out, &old.ptr[i], 1);
    }
    return 0; /* as one does who forgets out->err */
}

#define LAST .size = sizeof(struct weft_crdt_class), .name = "last", .type = WEFT_TYPE_ID(1024, WEFT_KERNEL_STAMPED)
#define ALL  .size = sizeof(struct weft_crdt_class), .name = "all", .type = WEFT_TYPE_ID(1025, WEFT_KERNEL_DOTS)
static const struct weft_crdt_class last[] = {
    {LAST, .schema = 1}, {LAST, .schema = 2, .upcast = doubled}, {LAST, .schema = 3, .upcast = doubled}};
static const struct weft_crdt_class all[] = {
    {ALL, .schema = 1}, {ALL, .schema = 2, .upcast = doubled}, {ALL, .schema = 3, .upcast = doubled}};
static const struct weft_slice nothing = {NULL, 0};

static struct weft_write write_of(const char *text, uint32_t schema) {
    return (struct weft_write){.value = weft_str(text), .schema = schema};
}

START_TEST(a_value_is_read_in_the_schema_of_the_class) {
    static const struct {
        const char *stored;
        uint32_t schema;
        const char *read; /* NULL: a newer version */
    } cases[] = {{"ab", 1, "aaaabbbb"}, {"aabb", 2, "aaaabbbb"}, {"aaaabbbb", 3, "aaaabbbb"},
                 {"", 1, ""},           {"abcd", 4, NULL},       {"abcd", UINT32_MAX, NULL}};
    struct weft_buf scratch;
    weft_buf_init(&scratch, NULL);
    ck_assert_int_eq(weft_buf_append_str(&scratch, "of an earlier reading"), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct weft_write w = write_of(cases[i].stored, cases[i].schema);
        struct weft_slice value = weft_str("before");
        int rc = weft_write_value(&last[2], &w, &scratch, &value);
        ck_assert_int_eq(rc, cases[i].read == NULL ? WEFT_ERR_VERSION : 0);
        ck_assert(is_text(value, cases[i].read == NULL ? "before" : cases[i].read));
        if (cases[i].schema == 3) ck_assert_ptr_eq(value.ptr, w.value.ptr); /* lent, not copied */
        ck_assert(is_text(w.value, cases[i].stored));
    }
    weft_buf_fini(&scratch);
}
END_TEST

/* What upcast returns comes back as it is, and so does what happened to the buffer behind its back. */
START_TEST(errors_of_an_upcast_are_returned) {
    struct failing_alloc mem;
    struct weft_buf scratch;
    struct weft_slice value = weft_str("before");
    struct weft_write bad = write_of("abx", 1), good = write_of("ab", 1);
    struct weft_crdt_class lacking = last[1];
    failing_alloc_init(&mem);
    weft_buf_init(&scratch, &mem.alloc);
    ck_assert_int_eq(weft_write_value(&last[1], &bad, &scratch, &value), WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(scratch.len, 0);
    weft_buf_fini(&scratch);
    mem.fail_at = mem.calls + 1;
    ck_assert_int_eq(weft_write_value(&last[1], &good, &scratch, &value), WEFT_ERR_NOMEM);
    ck_assert(is_text(value, "before"));
    ck_assert_int_eq(weft_write_value(&last[1], &good, &scratch, &value), 0); /* scratch has forgotten its error */
    lacking.upcast = NULL;
    ck_assert_int_eq(weft_write_value(&lacking, &good, &scratch, &value), WEFT_ERR_INVALID);
    lacking = last[1];
    lacking.size = offsetof(struct weft_crdt_class, upcast); /* of a program that knows of none */
    ck_assert_int_eq(weft_write_value(&lacking, &good, &scratch, &value), WEFT_ERR_INVALID);
    weft_buf_fini(&scratch);
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

/* One value of all three versions' writes. The origins are numbers: a later one wins at equal stamps. */
static struct weft_value *merged(const struct weft_crdt_class *classes,
                                 void (*set)(struct weft_edit *, struct weft_slice), const char *const texts[3]) {
    struct weft_value *v = value_of(&classes[0], 9);
    for (uint32_t i = 0; i < 3; i++) {
        struct weft_value *w = value_of(&classes[i], i);
        set(weft_value_edit(w), weft_str(texts[i]));
        commit_quietly(w, 5);
        merge_ok(v, w);
        weft_value_free(w);
    }
    return v;
}

START_TEST(a_register_of_ones_own) {
    struct weft_buf scratch;
    struct weft_slice value;
    struct weft_stamp stamp;
    weft_buf_init(&scratch, NULL);
    struct weft_value *v = merged(last, weft_lwwreg_set, (const char *const[]){"a", "bb", "cccc"});
    struct weft_view view = weft_value_view(v);
    ck_assert_int_eq(weft_lwwreg_get_as(view, &last[2], &scratch, &value, &stamp), 0);
    ck_assert(is_text(value, "cccc"));
    ck_assert_uint_eq(stamp.word, 5);
    for (int k = 0; k < 2; k++)
        ck_assert_int_eq(weft_lwwreg_get_as(view, &last[k], &scratch, &value, &stamp), WEFT_ERR_VERSION);
    ck_assert_int_eq(weft_lwwreg_get(view, &value, NULL),
                     WEFT_ERR_TYPE); /* not ours: it would be taken for the value */
    ck_assert_int_eq(weft_lwwreg_get_as(view, &weft_lwwreg_class, &scratch, &value, NULL), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_lwwreg_get_as(view, &all[2], &scratch, &value, NULL), WEFT_ERR_TYPE);
    weft_lwwreg_clear(weft_value_edit(v));
    ck_assert_int_eq(weft_lwwreg_get_as(weft_edit_view(weft_value_edit(v)), &last[2], &scratch, &value, NULL),
                     WEFT_ERR_NOT_FOUND);
    weft_lwwreg_set(weft_value_edit(v), weft_str("d")); /* by the class that v was made with, of schema 1 */
    ck_assert_int_eq(weft_lwwreg_get_as(weft_edit_view(weft_value_edit(v)), &last[1], &scratch, &value, NULL), 0);
    ck_assert(is_text(value, "dddd"));
    weft_value_free(v);
    weft_buf_fini(&scratch);
}
END_TEST

static void shows(const struct weft_value *v, const struct weft_crdt_class *cls, const char *const *texts) {
    struct weft_elements it;
    struct weft_slice value;
    struct weft_buf scratch;
    weft_buf_init(&scratch, NULL);
    ck_assert_int_eq(weft_mvreg_open_as(&it, weft_value_view(v), cls, &scratch), 0);
    for (; *texts != NULL; texts++) {
        ck_assert(weft_elements_next(&it, &value));
        ck_assert_msg(is_text(value, *texts), "%.*s, not %s", (int)value.len, (const char *)value.ptr, *texts);
    }
    ck_assert(!weft_elements_next(&it, &value));
    weft_elements_close(&it);
    weft_buf_fini(&scratch);
}

/* In order and each once as this version has them, not as they are stored. */
START_TEST(all_values_of_a_register_of_ones_own) {
    struct weft_elements it;
    struct weft_buf scratch;
    weft_buf_init(&scratch, NULL);
    struct weft_value *v = merged(all, weft_mvreg_set, (const char *const[]){"z", "yy", "xxxx"});
    shows(v, &all[2], (const char *const[]){"xxxx", "yyyy", "zzzz", NULL});
    ck_assert_int_eq(weft_mvreg_open_as(&it, weft_value_view(v), &all[1], &scratch), WEFT_ERR_VERSION);
    ck_assert_int_eq(weft_mvreg_open(&it, weft_value_view(v)), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_mvreg_open_as(&it, weft_value_view(v), &weft_mvreg_class, &scratch), WEFT_ERR_TYPE);
    ck_assert_int_eq(weft_mvreg_open_as(&it, weft_value_view(v), &last[2], &scratch), WEFT_ERR_TYPE);
    weft_mvreg_clear(weft_value_edit(v));
    commit_quietly(v, 6);
    shows(v, &all[0], (const char *const[]){NULL});
    weft_value_free(v);
    v = merged(all, weft_mvreg_set, (const char *const[]){"a", "aa", "aaaa"});
    shows(v, &all[2], (const char *const[]){"aaaa", NULL});
    weft_value_free(v);
    v = merged(all, weft_mvreg_set, (const char *const[]){"", "aa", "bbbb"});
    shows(v, &all[2], (const char *const[]){"", "aaaa", "bbbb", NULL});
    weft_value_free(v);
    v = merged(all, weft_mvreg_set, (const char *const[]){"a", "xx", "bbbb"});
    ck_assert_int_eq(weft_mvreg_open_as(&it, weft_value_view(v), &all[2], &scratch), WEFT_ERR_MALFORMED);
    weft_value_free(v);
    weft_buf_fini(&scratch);
}
END_TEST

/* Long values, so that scratch moves while they are read. */
START_TEST(values_stay_where_they_are_while_scratch_grows) {
    static char texts[40][200];
    const char *wanted[41] = {NULL};
    static char read[40][801];
    struct weft_value *v = value_of(&all[0], 99);
    for (uint32_t i = 0; i < 40; i++) {
        struct weft_value *w = value_of(&all[0], i);
        for (size_t k = 0; k < 199; k++) {
            texts[i][k] = (char)('A' + (i + k * k) % 23);
            memset(&read[i][4 * k], texts[i][k], 4);
        }
        texts[i][0] = (char)('0' + i);
        memset(read[i], texts[i][0], 4);
        wanted[i] = read[i];
        weft_mvreg_set(weft_value_edit(w), weft_str(texts[i]));
        commit_quietly(w, 1);
        merge_ok(v, w);
        weft_value_free(w);
    }
    shows(v, &all[1], wanted);
    weft_value_free(v);
}
END_TEST

START_TEST(out_of_memory_leaves_nothing_open) {
    struct failing_alloc mem;
    struct weft_elements it;
    struct weft_buf scratch;
    failing_alloc_init(&mem);
    weft_buf_init(&scratch, &mem.alloc);
    struct weft_value *v = value_with(&all[0], 1, &mem.alloc);
    weft_mvreg_set(weft_value_edit(v), weft_str("abc"));
    commit_quietly(v, 1);
    size_t before = mem.live_bytes;
    for (uint64_t n = 1; n <= 2; n++) { /* the references, scratch */
        mem.fail_at = mem.calls + n;
        ck_assert_int_eq(weft_mvreg_open_as(&it, weft_value_view(v), &all[2], &scratch), WEFT_ERR_NOMEM);
        ck_assert_uint_eq(mem.live_bytes, before);
    }
    mem.fail_at = 0;
    ck_assert_int_eq(weft_mvreg_open_as(&it, weft_value_view(v), &all[2], &scratch), 0);
    weft_elements_close(&it);
    weft_buf_fini(&scratch);
    weft_value_free(v);
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

/* Only registers, and only of the same kernel: anything else is a mistake, as it was. */
START_TEST(registers_write_classes_of_ones_own_and_nothing_else) {
    struct weft_value *v = value_of(&all[0], 1), *w = value_of(&last[0], 1);
    weft_lwwreg_set(weft_value_edit(v), weft_str("a"));
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_TYPE);
    weft_mvreg_set(weft_value_edit(w), weft_str("a"));
    ck_assert_int_eq(weft_value_commit(w, stamp_of(1), NULL), WEFT_ERR_TYPE);
    weft_aworset_add(weft_value_edit(v), weft_str("a"));
    ck_assert_int_eq(weft_value_commit(v, stamp_of(1), NULL), WEFT_ERR_TYPE);
    ck_assert(!weft_view_has(weft_value_view(v), nothing, nothing));
    weft_value_free(v);
    weft_value_free(w);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("class");
    TCase *tc = tcase_create("class");
    tcase_add_test(tc, a_value_is_read_in_the_schema_of_the_class);
    tcase_add_test(tc, errors_of_an_upcast_are_returned);
    tcase_add_test(tc, a_register_of_ones_own);
    tcase_add_test(tc, all_values_of_a_register_of_ones_own);
    tcase_add_test(tc, values_stay_where_they_are_while_scratch_grows);
    tcase_add_test(tc, out_of_memory_leaves_nothing_open);
    tcase_add_test(tc, registers_write_classes_of_ones_own_and_nothing_else);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
