/* test_registry.c: which classes there are, and which may be added. */
#include "crdt/registry.h"

#include "tests/unit/crdt/values.h"

static const struct weft_crdt_class own_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "auction",
    .type = WEFT_TYPE_ID(1024, WEFT_KERNEL_DOTS),
    .schema = 1,
};

static void check_built_in(const struct weft__registry *r, const struct weft_crdt_class *cls, uint32_t number,
                           enum weft_kernel kernel, const char *name) {
    uint32_t type = number * 16 + (uint32_t)kernel;
    ck_assert_ptr_eq(weft__registry_find(r, type), cls);
    ck_assert_uint_eq(cls->type, type);
    ck_assert_uint_eq(cls->schema, 1);
    ck_assert_str_eq(cls->name, name);
    ck_assert(cls->print != NULL);
}

START_TEST(built_in_types_have_their_frozen_ids) {
    struct weft__registry r;
    ck_assert_int_eq(weft__registry_init(&r, NULL), 0);
    check_built_in(&r, &weft_gcounter_class, 1, WEFT_KERNEL_TOTALS, "gcounter");
    check_built_in(&r, &weft_pncounter_class, 2, WEFT_KERNEL_TOTALS, "pncounter");
    check_built_in(&r, &weft_aworset_class, 3, WEFT_KERNEL_DOTS, "aworset");
    check_built_in(&r, &weft_lwwreg_class, 4, WEFT_KERNEL_STAMPED, "lwwreg");
    ck_assert_ptr_null(weft__registry_find(&r, 0));
    ck_assert_ptr_null(weft__registry_find(&r, WEFT_TYPE_ID(3, WEFT_KERNEL_TOTALS)));
    weft__registry_fini(&r);
}
END_TEST

START_TEST(an_id_belongs_to_one_class) {
    struct weft__registry r;
    struct weft_crdt_class other = own_class;
    ck_assert_int_eq(weft__registry_init(&r, NULL), 0);
    ck_assert_ptr_null(weft__registry_find(&r, own_class.type));
    ck_assert_int_eq(weft__registry_add(&r, &own_class), 0);
    ck_assert_int_eq(weft__registry_add(&r, &own_class), 0);
    ck_assert_int_eq(weft__registry_add(&r, &other), WEFT_ERR_INVALID);
    other.type = weft_gcounter_class.type;
    ck_assert_int_eq(weft__registry_add(&r, &other), WEFT_ERR_INVALID);
    ck_assert_ptr_eq(weft__registry_find(&r, own_class.type), &own_class);
    ck_assert_ptr_eq(weft__registry_find(&r, weft_gcounter_class.type), &weft_gcounter_class);
    weft__registry_fini(&r);
}
END_TEST

static int add_changed(void (*change)(struct weft_crdt_class *cls)) {
    struct weft__registry r;
    struct weft_crdt_class cls = own_class;
    ck_assert_int_eq(weft__registry_init(&r, NULL), 0);
    change(&cls);
    int rc = weft__registry_add(&r, &cls);
    weft__registry_fini(&r);
    return rc;
}

static void no_change(struct weft_crdt_class *cls) {
    (void)cls;
}
static void too_small(struct weft_crdt_class *cls) {
    cls->size = offsetof(struct weft_crdt_class, reset) - 1;
}
static void no_name(struct weft_crdt_class *cls) {
    cls->name = NULL;
}
static void empty_name(struct weft_crdt_class *cls) {
    cls->name = "";
}
static void no_schema(struct weft_crdt_class *cls) {
    cls->schema = 0;
}
static void no_kernel(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1024, 0);
}
static void unknown_kernel(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1024, 9);
}
static void custom_kernel(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1024, WEFT_KERNEL_CUSTOM);
}
static void no_number(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(0, WEFT_KERNEL_DOTS);
}

START_TEST(malformed_classes_are_refused) {
    static void (*const changes[])(struct weft_crdt_class *) = {too_small, no_name,        empty_name,    no_schema,
                                                                no_kernel, unknown_kernel, custom_kernel, no_number};
    ck_assert_int_eq(add_changed(no_change), 0);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        ck_assert_int_eq(add_changed(changes[i]), WEFT_ERR_INVALID);
}
END_TEST

/* Leaves one element of all. */
static void leave_x(struct weft_edit *e) {
    weft_edit_drop(e, weft_slice(NULL, 0), weft_str("y"));
    weft_edit_put(e, weft_slice(NULL, 0), weft_str("x"), weft_slice(NULL, 0));
}

static size_t left_by_reset(const struct weft_crdt_class *cls) {
    struct weft_value *v = value_of(cls, 0);
    weft_edit_put(weft_value_edit(v), weft_slice(NULL, 0), weft_str("y"), weft_slice(NULL, 0));
    commit_quietly(v, 1);
    weft_edit_reset(weft_value_edit(v));
    commit_quietly(v, 2);
    ck_assert(!weft_view_has(weft_value_view(v), weft_slice(NULL, 0), weft_str("y")));
    size_t left = weft_view_count(weft_value_view(v));
    weft_value_free(v);
    return left;
}

/* A class of a program that was compiled before there was a reset ends where reset begins. */
START_TEST(a_class_may_say_what_a_reset_is) {
    struct weft_crdt_class cls = own_class, older = own_class;
    struct weft__registry r;
    ck_assert_uint_eq(left_by_reset(&own_class), 0);
    cls.reset = older.reset = leave_x;
    ck_assert_uint_eq(left_by_reset(&cls), 1);
    older.size = offsetof(struct weft_crdt_class, reset);
    ck_assert_uint_eq(left_by_reset(&older), 0);
    ck_assert_int_eq(weft__registry_init(&r, NULL), 0);
    ck_assert_int_eq(weft__registry_add(&r, &older), 0);
    weft__registry_fini(&r);
}
END_TEST

START_TEST(out_of_memory_keeps_what_is_registered) {
    struct failing_alloc mem;
    struct weft__registry r;
    failing_alloc_init(&mem);
    mem.fail_at = 1;
    ck_assert_int_eq(weft__registry_init(&r, &mem.alloc), WEFT_ERR_NOMEM);
    mem.fail_at = 0;
    ck_assert_int_eq(weft__registry_init(&r, &mem.alloc), 0);
    static struct weft_crdt_class many[64];
    size_t added = 0;
    mem.fail_at = mem.calls + 1;
    mem.fail_forever = true;
    for (; added < 64; added++) {
        many[added] = own_class;
        many[added].type = WEFT_TYPE_ID(2000 + added, WEFT_KERNEL_DOTS);
        int rc = weft__registry_add(&r, &many[added]);
        if (rc == 0) continue;
        ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
        break;
    }
    ck_assert_uint_lt(added, 64);
    ck_assert_ptr_null(weft__registry_find(&r, many[added].type));
    ck_assert_ptr_eq(weft__registry_find(&r, weft_lwwreg_class.type), &weft_lwwreg_class);
    mem.fail_at = 0;
    ck_assert_int_eq(weft__registry_add(&r, &many[added]), 0);
    ck_assert_ptr_eq(weft__registry_find(&r, many[added].type), &many[added]);
    weft__registry_fini(&r);
    ck_assert_uint_eq(mem.live_bytes, 0);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("registry");
    TCase *tc = tcase_create("registry");
    tcase_add_test(tc, built_in_types_have_their_frozen_ids);
    tcase_add_test(tc, an_id_belongs_to_one_class);
    tcase_add_test(tc, malformed_classes_are_refused);
    tcase_add_test(tc, a_class_may_say_what_a_reset_is);
    tcase_add_test(tc, out_of_memory_keeps_what_is_registered);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
