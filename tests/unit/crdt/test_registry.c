/* test_registry.c: which classes there are, and which may be added. */
#include "crdt/registry.h"

#include <weft/mvreg.h>

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
    ck_assert_int_eq(weft__registry_add(&r, &own_class, NULL, 0), 0);
    ck_assert_int_eq(weft__registry_add(&r, &own_class, NULL, 0), 0);
    ck_assert_int_eq(weft__registry_add(&r, &other, NULL, 0), WEFT_ERR_INVALID);
    other.type = weft_gcounter_class.type;
    ck_assert_int_eq(weft__registry_add(&r, &other, NULL, 0), WEFT_ERR_INVALID);
    ck_assert_ptr_eq(weft__registry_find(&r, own_class.type), &own_class);
    ck_assert_ptr_eq(weft__registry_find(&r, weft_gcounter_class.type), &weft_gcounter_class);
    weft__registry_fini(&r);
}
END_TEST

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
static bool any_state(struct weft_slice state) {
    return state.len > 0;
}
static int either(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    return weft_buf_append_slice(out, weft_slice_cmp(a, b) < 0 ? b : a);
}
static void custom_without_check(struct weft_crdt_class *cls) {
    custom_kernel(cls);
    cls->merge = either;
}
static void custom_of_later_schema(struct weft_crdt_class *cls) {
    custom_without_check(cls);
    cls->check = any_state;
    cls->schema = 2;
}
static void join_on_another_kernel(struct weft_crdt_class *cls) {
    cls->merge = either;
}
static void whole_custom(struct weft_crdt_class *cls) {
    custom_of_later_schema(cls);
    cls->schema = 1;
}
static void no_number(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(0, WEFT_KERNEL_DOTS);
}
static void number_of_ours(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1023, WEFT_KERNEL_DOTS);
}
static void type_of_ours(struct weft_crdt_class *cls) {
    cls->type = weft_mvreg_class.type;
}
static int same(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    (void)from;
    return weft_buf_append_slice(out, old);
}
static void no_upcast(struct weft_crdt_class *cls) {
    cls->schema = 2;
}
static void no_upcast_of_stamped(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1024, WEFT_KERNEL_STAMPED);
    cls->schema = 7;
}
/* As a program has it that was compiled before there was an upcast. */
static void upcast_beyond_its_end(struct weft_crdt_class *cls) {
    cls->schema = 2;
    cls->upcast = same;
    cls->size = offsetof(struct weft_crdt_class, upcast);
}
static void upcast_of_totals(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1024, WEFT_KERNEL_TOTALS);
    cls->upcast = same;
}
static void upcast_of_a_map(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1024, WEFT_KERNEL_MAP);
    cls->upcast = same;
}
static void upcast_where_needed(struct weft_crdt_class *cls) {
    cls->schema = 2;
    cls->upcast = same;
}
static void first_schema_with_upcast(struct weft_crdt_class *cls) {
    cls->upcast = same;
}
static void totals_of_later_schema(struct weft_crdt_class *cls) {
    cls->type = WEFT_TYPE_ID(1024, WEFT_KERNEL_TOTALS);
    cls->schema = 2;
}

static void check_said(int rc, const char *said, const char *wanted) {
    ck_assert_int_eq(rc, wanted == NULL ? 0 : WEFT_ERR_INVALID);
    ck_assert_str_eq(said, wanted == NULL ? "" : wanted);
}

/* Each refusal says what is wrong; wanted NULL: there is none. `everywhere`: also where it is only checked. */
static void add_changed(void (*change)(struct weft_crdt_class *cls), const char *wanted, bool everywhere) {
    struct weft__registry r;
    struct weft_crdt_class cls = own_class;
    char said[128] = "", checked[128] = "", cut[8] = "";
    ck_assert_int_eq(weft__registry_init(&r, NULL), 0);
    size_t count = r.count;
    change(&cls);
    check_said(weft__registry_add(&r, &cls, said, sizeof said), said, wanted);
    ck_assert_int_eq(weft__registry_find(&r, own_class.type) == &cls, wanted == NULL && cls.type == own_class.type);
    ck_assert_uint_eq(r.count, count + (wanted == NULL));
    check_said(weft_crdt_class_check(&cls, checked, sizeof checked), checked, everywhere ? wanted : NULL);
    ck_assert_int_eq(weft_crdt_class_check(&cls, cut, sizeof cut), weft_crdt_class_check(&cls, NULL, 0));
    ck_assert_uint_lt(strlen(cut), sizeof cut);
    weft__registry_fini(&r);
}

START_TEST(malformed_classes_are_refused_with_the_reason) {
    static const struct {
        void (*change)(struct weft_crdt_class *cls);
        const char *wanted;
    } cases[] = {
        {too_small, "a class begins with .size = sizeof(struct weft_crdt_class)"},
        {no_name, "the class of type 1024/DOTS has no name"},
        {empty_name, "the class of type 1024/DOTS has no name"},
        {no_schema, "class 'auction' has no schema: they begin at 1"},
        {no_kernel, "class 'auction' (type 1024) names kernel 0, which this Weft does not have"},
        {unknown_kernel, "class 'auction' (type 1024) names kernel 9, which this Weft does not have"},
        {custom_kernel, "class 'auction' is CUSTOM and lacks merge: see weft/custom.h"},
        {custom_without_check, "class 'auction' is CUSTOM and lacks check: see weft/custom.h"},
        {custom_of_later_schema,
         "class 'auction' is at schema 2 and lacks upcast: what schema 1 wrote could not be read"},
        {join_on_another_kernel, "class 'auction' has a join of its own, but its kernel, DOTS, does the joining"},
        {no_number, "class 'auction' has no type number: WEFT_TYPE_ID"},
        {no_upcast, "class 'auction' is at schema 2 and lacks upcast: what schema 1 wrote could not be read"},
        {no_upcast_of_stamped,
         "class 'auction' is at schema 7 and lacks upcast: what schema 1 wrote could not be read"},
        {upcast_beyond_its_end,
         "class 'auction' is at schema 2 and lacks upcast: what schema 1 wrote could not be read"},
        {upcast_of_totals, "class 'auction' has an upcast, but its kernel, TOTALS, keeps no bytes of a type's"},
        {upcast_of_a_map, "class 'auction' has an upcast, but its kernel, MAP, keeps no bytes of a type's"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) add_changed(cases[i].change, cases[i].wanted, true);
    add_changed(number_of_ours, "class 'auction': type numbers below 1024, as 1023, are Weft's", false);
    add_changed(type_of_ours, "class 'auction': type 6/DOTS is already registered as 'mvreg'", false);
    add_changed(no_change, NULL, true);
    add_changed(whole_custom, NULL, true);
    add_changed(upcast_where_needed, NULL, true);
    add_changed(first_schema_with_upcast, NULL, true);
    add_changed(totals_of_later_schema, NULL, true);
    ck_assert_int_eq(weft_crdt_class_check(NULL, NULL, 0), WEFT_ERR_INVALID);
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
    ck_assert_int_eq(weft__registry_add(&r, &older, NULL, 0), 0);
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
        int rc = weft__registry_add(&r, &many[added], NULL, 0);
        if (rc == 0) continue;
        ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
        break;
    }
    ck_assert_uint_lt(added, 64);
    ck_assert_ptr_null(weft__registry_find(&r, many[added].type));
    ck_assert_ptr_eq(weft__registry_find(&r, weft_lwwreg_class.type), &weft_lwwreg_class);
    mem.fail_at = 0;
    ck_assert_int_eq(weft__registry_add(&r, &many[added], NULL, 0), 0);
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
    tcase_add_test(tc, malformed_classes_are_refused_with_the_reason);
    tcase_add_test(tc, a_class_may_say_what_a_reset_is);
    tcase_add_test(tc, out_of_memory_keeps_what_is_registered);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
