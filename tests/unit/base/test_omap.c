/* test_omap.c: the map against a flag per key, and the shape that content alone decides. */
#include "base/omap.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "base/prng.h"
#include "tests/support/suite.h"

#define KEYS 200

struct entry {
    int key;
    struct weft__omap_node node;
};

static int compare(const void *key, const struct weft__omap_node *node) {
    int other = WEFT__CONST_CONTAINER(node, struct entry, node)->key;
    return (*(const int *)key > other) - (*(const int *)key < other);
}

static struct entry entries[KEYS];
static bool present[KEYS];
static struct weft__omap map;

/* Few distinct priorities when `ties`: then keys decide. */
static void begin(bool ties) {
    weft__omap_init(&map, compare);
    memset(present, 0, sizeof present);
    for (int i = 0; i < KEYS; i++) {
        uint64_t hash = weft__mix64((uint64_t)i + 1);
        entries[i] = (struct entry){.key = i, .node = {.priority = ties ? hash % 3 : hash}};
    }
}

static void toggle(int key) {
    if (present[key])
        weft__omap_remove(&map, &entries[key].node);
    else
        weft__omap_insert(&map, &key, &entries[key].node);
    present[key] = !present[key];
}

/* The rule of the shape, and links that agree with each other. */
static void check_shape(const struct weft__omap_node *node, const struct weft__omap_node *parent) {
    if (node == NULL) return;
    REQUIRE(node->parent == parent);
    if (parent != NULL) {
        bool tie = node->priority == parent->priority;
        REQUIRE(node->priority < parent->priority || (tie && parent->right == node));
    }
    check_shape(node->left, node);
    check_shape(node->right, node);
}

static int key_of(const struct weft__omap_node *node) {
    return node == NULL ? KEYS : WEFT__CONST_CONTAINER(node, struct entry, node)->key;
}

static void check_content(void) {
    size_t count = 0;
    const struct weft__omap_node *at = weft__omap_first(&map);
    for (int i = 0; i < KEYS; i++) {
        REQUIRE(weft__omap_find(&map, &i) == (present[i] ? &entries[i].node : NULL));
        if (!present[i]) continue;
        REQUIRE(at == &entries[i].node);
        at = weft__omap_next(at);
        count++;
    }
    REQUIRE(at == NULL);
    REQUIRE(map.count == count);
}

static void check_bounds(void) {
    int above = KEYS;
    for (int i = KEYS - 1; i >= 0; i--) {
        if (present[i]) above = i;
        REQUIRE(key_of(weft__omap_lower_bound(&map, &i)) == above);
    }
    REQUIRE(key_of(weft__omap_lower_bound(&map, &(int){KEYS})) == KEYS);
}

static void random_run(bool ties, uint64_t seed) {
    struct weft__prng prng;
    weft__prng_seed(&prng, seed);
    begin(ties);
    for (int step = 0; step < 3000; step++) {
        toggle((int)weft__prng_below(&prng, KEYS));
        if (step % 10 != 0) continue;
        check_shape(map.root, NULL);
        check_content();
        check_bounds();
    }
}

START_TEST(random_runs_match_the_model) {
    for (uint64_t seed = 0; seed < 5; seed++) random_run(false, seed);
}
END_TEST

START_TEST(equal_priorities_are_ordered_too) {
    for (uint64_t seed = 0; seed < 5; seed++) random_run(true, seed);
}
END_TEST

START_TEST(empty_map) {
    begin(false);
    ck_assert_ptr_null(weft__omap_first(&map));
    ck_assert_ptr_null(weft__omap_find(&map, &(int){1}));
    ck_assert_ptr_null(weft__omap_lower_bound(&map, &(int){1}));
    toggle(1);
    toggle(1);
    ck_assert_ptr_null(map.root);
}
END_TEST

/* One set by two ways, one of them with detours, is one tree. */
START_TEST(shape_is_a_function_of_content) {
    static struct entry first[KEYS];
    for (int ties = 0; ties < 2; ties++) {
        begin(ties != 0);
        for (int i = 0; i < KEYS; i += 2) toggle(i);
        memcpy(first, entries, sizeof first);
        const struct weft__omap_node *root = map.root;

        begin(ties != 0);
        for (int i = KEYS - 1; i >= 0; i--) toggle(i);
        for (int i = 1; i < KEYS; i += 2) toggle(i);
        ck_assert_ptr_eq(map.root, root);
        /* The entries sit where they sat, so equal links are equal shapes. */
        for (int i = 0; i < KEYS; i += 2) ck_assert_mem_eq(&first[i].node, &entries[i].node, sizeof first[i].node);
    }
}
END_TEST

static int depth(const struct weft__omap_node *node) {
    if (node == NULL) return 0;
    int l = depth(node->left), r = depth(node->right);
    return 1 + (l > r ? l : r);
}

START_TEST(ascending_keys_make_no_list) {
    begin(false);
    for (int i = 0; i < KEYS; i++) toggle(i);
    ck_assert_int_lt(depth(map.root), 30);
}
END_TEST

int main(void) {
    return RUN_SUITE("base/omap", random_runs_match_the_model, equal_priorities_are_ordered_too, empty_map,
                     shape_is_a_function_of_content, ascending_keys_make_no_list);
}
