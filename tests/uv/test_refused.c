/* test_refused.c: a node that cannot be made says why, and leaves nothing behind. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "tests/uv/world.h"

static struct world w;

static void setup(void) {
    world_open(&w);
}

static void teardown(void) {
    world_close(&w);
}

START_TEST(a_port_in_use_is_named) {
    peer_open(&w, world_peer(&w, 0));
    struct peer *p = world_peer(&w, 1);
    snprintf(p->listen, sizeof p->listen, "%s", w.peers[0].listen);
    char errmsg[256] = "";
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, errmsg, sizeof errmsg), WEFT_ERR_BUSY);
    ck_assert_ptr_null(p->node);
    ck_assert_ptr_nonnull(strstr(errmsg, p->listen));
    ck_assert_ptr_nonnull(strstr(errmsg, "in use"));
}
END_TEST

START_TEST(a_bad_address_is_named) {
    struct peer *p = world_peer(&w, 0);
    char errmsg[256] = "";
    p->seed_list[0] = "10.1.2.3:80";
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, errmsg, sizeof errmsg), WEFT_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(errmsg, "10.1.2.3:80"));
    p->seed_list[0] = NULL;
    p->o.listen = "0.0.0.0:0";
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, NULL, 0), WEFT_ERR_INVALID);
}
END_TEST

START_TEST(a_class_that_cannot_be_registered_is_named) {
    struct peer *p = world_peer(&w, 0);
    struct weft_crdt_class cls = {
        .size = sizeof cls, .name = "auction", .type = WEFT_TYPE_ID(4, WEFT_KERNEL_STAMPED), .schema = 1};
    const struct weft_crdt_class *const classes[] = {&cls, NULL};
    struct weft_replica_options engine;
    weft_replica_options_init(&engine);
    engine.classes = classes;
    p->o.replica = &engine;
    char errmsg[256] = "";
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, errmsg, sizeof errmsg), WEFT_ERR_INVALID);
    ck_assert_ptr_null(p->node);
    ck_assert_ptr_nonnull(strstr(errmsg, "class 'auction': type 4/STAMPED is already registered as 'lwwreg'"));
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, NULL, 0), WEFT_ERR_INVALID);
}
END_TEST

int main(void) {
    Suite *s = suite_create("refused");
    TCase *t = tcase_create("refused");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, a_port_in_use_is_named);
    tcase_add_test(t, a_bad_address_is_named);
    tcase_add_test(t, a_class_that_cannot_be_registered_is_named);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
