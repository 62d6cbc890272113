/* test_dots.c: the DOTS and STAMPED kernels against a specification over the history: a write stands where it is
 * visible and no visible transaction that touched the element had seen it. */
#include "crdt/dots.h"

#include "tests/unit/crdt/fixture.h"

#define KEYS       18u
#define TXNS_MAX   64u
#define STEPS      40u
#define TYPE_DOTS  WEFT_TYPE_ID(900, WEFT_KERNEL_DOTS)
#define TYPE_STAMP WEFT_TYPE_ID(901, WEFT_KERNEL_STAMPED)

static uint8_t long_bytes[6000];

/* Keys in ascending order: own elements first, then those of two nested children. */
static struct weft_slice path_of(uint32_t key) {
    static const uint8_t steps[] = {0x11, 1, 'k', 0x81, 0x02, 0};
    return weft_slice(steps, key / 6 == 0 ? 0 : key / 6 == 1 ? 3 : 6);
}

static struct weft_slice element_of(uint32_t key) {
    static const struct {
        const char *ptr;
        size_t len;
    } elements[5] = {{"", 0}, {"a", 1}, {"a\0", 2}, {"ab", 2}, {"b", 1}};
    if (key % 6 == 5) return weft_slice(long_bytes, sizeof long_bytes);
    return weft_slice(elements[key % 6].ptr, elements[key % 6].len);
}

static struct weft_slice value_of(uint64_t seq) {
    static const size_t lengths[4] = {0, 1, 40, 5000};
    return weft_slice(long_bytes + seq % 100, lengths[seq % 4]);
}

/* --- Histories ------------------------------------------------------------------------------------------------- */

enum act { NONE, PUT, DROP };

struct history {
    struct fixture f;
    uint32_t type;
    struct peer peers[PEERS];
    struct txn txns[TXNS_MAX];
    enum act acts[TXNS_MAX][KEYS];
    size_t count;
};

static void history_init(struct history *h, uint32_t type) {
    fixture_init(&h->f);
    h->type = type;
    h->count = 0;
    memset(long_bytes, 'x', sizeof long_bytes);
    for (uint32_t i = 0; i < PEERS; i++) peer_init(&h->peers[i], &h->f, type, i);
}

static void history_fini(struct history *h) {
    for (uint32_t i = 0; i < PEERS; i++) peer_fini(&h->peers[i]);
    for (size_t i = 0; i < h->count; i++) weft_buf_fini(&h->txns[i].body);
    fixture_fini(&h->f);
}

static bool is_visible(const struct peer *p, const struct txn *t) {
    return t->seq <= peer_seq(p, t->writer);
}

/* Whether the write of txns[i] stands under the key at p. */
static bool stands(const struct history *h, const struct peer *p, size_t i, uint32_t key) {
    const struct txn *t = &h->txns[i];
    if (h->acts[i][key] != PUT || !is_visible(p, t)) return false;
    for (size_t j = 0; j < h->count; j++)
        if (h->acts[j][key] != NONE && is_visible(p, &h->txns[j]) && h->txns[j].past[t->writer] >= t->seq) return false;
    return true;
}

static void write_observed(const struct history *h, const struct peer *p, struct txn *t, uint32_t key) {
    struct weft_buf pairs;
    weft_buf_init(&pairs, NULL);
    for (uint32_t index = 0; index < PEERS; index++)
        for (size_t i = 0; i < h->count; i++) {
            if (txn_index(t, h->txns[i].writer) != index || !stands(h, p, i, key)) continue;
            weft__write_varint(&pairs, index);
            weft__write_varint(&pairs, h->txns[i].seq);
        }
    weft__write_field_bytes(&t->body, 3, weft_buf_slice(&pairs));
    weft_buf_fini(&pairs);
}

static bool has_dots(const struct history *h, const struct peer *p, uint32_t key) {
    for (size_t i = 0; i < h->count; i++)
        if (stands(h, p, i, key)) return true;
    return false;
}

/* Commits what acts[h->count] says at a peer; nothing where that has no effect. */
static struct txn *commit(struct history *h, uint32_t at) {
    struct peer *p = &h->peers[at];
    struct txn *t = &h->txns[h->count];
    enum act *acts = h->acts[h->count];
    txn_init(t, p, at);
    for (uint32_t key = 0; key < KEYS; key++) {
        if (acts[key] == DROP && !has_dots(h, p, key)) acts[key] = NONE;
        if (acts[key] == NONE) continue;
        size_t entry = weft__write_begin(&t->body, 1);
        weft__write_field_bytes(&t->body, 1, path_of(key));
        weft__write_field_bytes(&t->body, 2, element_of(key));
        write_observed(h, p, t, key);
        if (acts[key] == PUT) weft__write_bytes(&t->body, 4, value_of(t->seq));
        weft__write_end(&t->body, entry);
    }
    if (t->body.len == 0) return NULL;
    h->count++;
    peer_apply(p, t);
    return t;
}

static struct txn *one(struct history *h, uint32_t at, uint32_t key, enum act act) {
    memset(h->acts[h->count], 0, sizeof h->acts[0]);
    h->acts[h->count][key] = act;
    return commit(h, at);
}

static void check_item(const struct history *h, const struct weft__dot_item *item, const struct txn *t) {
    ck_assert_uint_eq(item->dot.origin, h->f.origin[t->writer]);
    ck_assert_uint_eq(item->dot.seq, t->seq);
    ck_assert(weft_slice_eq(item->value, value_of(t->seq)));
    bool stamped = h->type == TYPE_STAMP;
    ck_assert_uint_eq(item->stamp.word, stamped ? t->stamp.word : 0);
    ck_assert_uint_eq(item->stamp.epoch, stamped ? t->stamp.epoch : 0);
}

/* The state of a peer is what the specification says, in the order of full origins, and its hash is the sum of its
 * cells. */
static void check_peer(const struct history *h, const struct peer *p) {
    struct weft__hash128 sum = {0, 0};
    uint32_t cells = 0;
    for (uint32_t key = 0; key < KEYS; key++) {
        uint32_t cell = weft__object_find(&p->object, path_of(key), element_of(key));
        struct weft__dots it;
        struct weft__dot_item item;
        weft__dots_open(&it, &p->object, cell);
        for (uint32_t writer = 0; writer < PEERS; writer++)
            for (size_t i = 0; i < h->count; i++) {
                if (h->txns[i].writer != writer || !stands(h, p, i, key)) continue;
                ck_assert(weft__dots_next(&it, &item));
                check_item(h, &item, &h->txns[i]);
            }
        ck_assert(!weft__dots_next(&it, &item));
        ck_assert((cell != WEFT__SLAB_NONE) == has_dots(h, p, key));
        if (cell == WEFT__SLAB_NONE) continue;
        cells++;
        sum = weft__hash_add(sum, weft__dots_hash(&p->object, cell));
    }
    ck_assert_uint_eq(weft__object_cells(&p->object), cells);
    ck_assert(weft__hash_eq(sum, p->pool.hash));
}

static void random_acts(struct history *h, struct weft__prng *rnd) {
    enum act *acts = h->acts[h->count];
    memset(acts, 0, sizeof h->acts[0]);
    for (uint64_t n = 1 + weft__prng_below(rnd, 6); n > 0; n--)
        acts[weft__prng_below(rnd, KEYS)] = weft__prng_below(rnd, 3) == 0 ? DROP : PUT;
}

static void deliver_one(struct history *h, struct peer *p, struct weft__prng *rnd) {
    size_t start = h->count == 0 ? 0 : (size_t)weft__prng_below(rnd, h->count);
    for (size_t i = 0; i < h->count; i++) {
        struct txn *t = &h->txns[(start + i) % h->count];
        if (!can_apply(p, t)) continue;
        peer_apply(p, t);
        return;
    }
}

/* x join y = y join x, x join (x join y) = x join y. Leaves the join in x. */
static void check_join(const struct history *h, struct peer *x, const struct peer *y) {
    struct peer yx, again;
    peer_copy(&yx, y, 1000);
    peer_join(&yx, x);
    peer_copy(&again, x, 1001);
    peer_join(x, y);
    ck_assert(peer_eq(x, &yx));
    peer_join(&again, x);
    ck_assert(peer_eq(x, &again));
    peer_join(x, x);
    ck_assert(peer_eq(x, &again));
    check_peer(h, x);
    peer_fini(&yx);
    peer_fini(&again);
}

static void check_associative(const struct history *h) {
    struct peer left, right, inner;
    peer_copy(&left, &h->peers[0], 1);
    peer_join(&left, &h->peers[1]);
    peer_join(&left, &h->peers[2]);
    peer_copy(&inner, &h->peers[1], 2);
    peer_join(&inner, &h->peers[2]);
    peer_copy(&right, &h->peers[0], 3);
    peer_join(&right, &inner);
    ck_assert(peer_eq(&left, &right));
    peer_fini(&left);
    peer_fini(&right);
    peer_fini(&inner);
}

static void run_history(uint32_t type, uint64_t seed) {
    static struct history h;
    struct weft__prng rnd;
    struct peer old;
    history_init(&h, type);
    weft__prng_seed(&rnd, seed);
    peer_copy(&old, &h.peers[0], 5);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t at = (uint32_t)weft__prng_below(&rnd, PEERS);
        uint64_t what = weft__prng_below(&rnd, 20);
        if (what < 9) {
            random_acts(&h, &rnd);
            commit(&h, at);
        } else if (what < 16) {
            deliver_one(&h, &h.peers[at], &rnd);
        } else if (what < 17) {
            peer_fini(&old); /* a checkpoint, joined much later */
            peer_copy(&old, &h.peers[at], step);
        } else {
            check_join(&h, &h.peers[at], what < 18 ? &old : &h.peers[weft__prng_below(&rnd, PEERS)]);
        }
        check_peer(&h, &h.peers[at]);
        if (step % 8 == 0) check_round_trip(&h.peers[at]);
    }
    check_associative(&h);
    peer_fini(&old);
    history_fini(&h);
}

START_TEST(every_history_gives_what_the_specification_says) {
    for (uint64_t seed = 0; seed < 60; seed++) run_history(seed % 2 ? TYPE_DOTS : TYPE_STAMP, seed);
}
END_TEST

/* --- Hazards, by their numbers in the collection of what went wrong in real systems ---------------------------- */

/* 4.1: a part of a state says what that part covers and nothing more, so no order of parts takes elements away. */
START_TEST(hazard_4_1_partial_delta_with_full_context_deletes_data) {
    static struct history h;
    history_init(&h, TYPE_DOTS);
    struct peer *a = &h.peers[0], *b = &h.peers[1];
    struct txn *k1 = one(&h, 0, 1, PUT);
    struct txn *k2 = one(&h, 0, 3, PUT);
    ck_assert(!can_apply(b, k2)); /* the context of k2 is what the writer had seen: not before k1 */
    peer_apply(b, k1);
    peer_join(a, b);
    check_peer(&h, a);
    ck_assert(has_dots(&h, a, 3));
    peer_apply(b, k2);
    peer_join(a, b);
    peer_join(b, a);
    ck_assert(peer_eq(a, b));
    check_peer(&h, b);
    ck_assert_uint_eq(weft__object_cells(&b->object), 2);
    history_fini(&h);
}
END_TEST

/* 4.1, decoding: dots beyond the context that a state claims are refused, not lost on the next join. */
START_TEST(hazard_4_1_a_state_with_dots_beyond_its_context_is_refused) {
    static struct history h;
    struct peer q;
    struct weft_buf body;
    struct weft__origin_table table;
    history_init(&h, TYPE_DOTS);
    weft_buf_init(&body, NULL);
    one(&h, 0, 1, PUT);
    one(&h, 0, 3, PUT);
    table_for(&table, &h.peers[0]);
    ck_assert_int_eq(weft__object_encode(&h.peers[0].object, &table, &body), 0);
    peer_init(&q, &h.f, TYPE_DOTS, 9);
    ck_assert_int_eq(weft_version_vector_raise(&q.seen.base, h.f.origin[0], 1), 0);
    ck_assert_int_eq(weft__object_decode(&q.object, weft_buf_slice(&body), table.listed, 1, &q.seen),
                     WEFT_ERR_MALFORMED);
    ck_assert(weft__object_is_empty(&q.object));
    ck_assert_int_eq(weft_version_vector_raise(&q.seen.base, h.f.origin[0], 2), 0);
    ck_assert_int_eq(weft__object_decode(&q.object, weft_buf_slice(&body), table.listed, 1, &q.seen), 0);
    weft__origin_table_fini(&table);
    peer_fini(&q);
    weft_buf_fini(&body);
    history_fini(&h);
}
END_TEST

/* 4.2: a restored replica writes under a new epoch (peer 1 is peer 0's replica): its first dot is not peer 0's first.
 */
START_TEST(hazard_4_2_dot_reuse_after_restore) {
    static struct history h;
    history_init(&h, TYPE_DOTS);
    struct txn *x = one(&h, 0, 1, PUT);
    struct txn *y = one(&h, 0, 3, PUT);
    peer_apply(&h.peers[2], x);
    peer_apply(&h.peers[2], y);
    one(&h, 1, 4, PUT); /* from the empty backup: sequence number 1 again */
    check_join(&h, &h.peers[1], &h.peers[2]);
    for (uint32_t key = 1; key < 5; key++)
        ck_assert((key != 2) ==
                  (weft__object_find(&h.peers[1].object, path_of(key), element_of(key)) != WEFT__SLAB_NONE));
    history_fini(&h);
}
END_TEST

/* 4.3 (i): riak_dt's present_but_removed_test and no_dots_left_test, in every order of joining. */
START_TEST(hazard_4_3_present_on_both_sides_is_not_a_reason_to_keep) {
    static const uint32_t orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    static struct history h;
    history_init(&h, TYPE_DOTS);
    one(&h, 0, 4, PUT);
    peer_join(&h.peers[2], &h.peers[0]);
    one(&h, 0, 4, DROP);
    one(&h, 3, 4, PUT);
    peer_join(&h.peers[0], &h.peers[3]);
    one(&h, 3, 4, DROP);
    const struct peer *all[3] = {&h.peers[0], &h.peers[2], &h.peers[3]};
    for (size_t i = 0; i < 6; i++) {
        struct peer x;
        peer_copy(&x, all[orders[i][0]], i);
        peer_join(&x, all[orders[i][1]]);
        peer_join(&x, all[orders[i][2]]);
        ck_assert(weft__object_is_empty(&x.object));
        peer_fini(&x);
    }
    history_fini(&h);
}
END_TEST

/* 4.3 (ii): disjoint_merge_test: a side whose clock is ahead has not seen the removal for that. */
START_TEST(hazard_4_3_no_shortcut_by_comparing_clocks) {
    static struct history h;
    history_init(&h, TYPE_DOTS);
    one(&h, 0, 1, PUT);
    one(&h, 2, 3, PUT);
    peer_join(&h.peers[3], &h.peers[0]);
    peer_join(&h.peers[3], &h.peers[2]);
    one(&h, 0, 1, DROP);
    check_join(&h, &h.peers[0], &h.peers[3]);
    ck_assert(!has_dots(&h, &h.peers[0], 1));
    ck_assert_uint_eq(weft__object_cells(&h.peers[0].object), 1);
    history_fini(&h);
}
END_TEST

/* --- Used alone: deltas in any order --------------------------------------------------------------------------- */

static int apply_alone(struct peer *p, const struct txn *t) {
    struct weft__delta_env env = txn_env(t, NULL);
    struct weft__plan plan;
    env.seq_step = 1;
    env.seen = &p->seen;
    ck_assert_int_eq(weft__delta_check(p->kind.type, weft_buf_slice(&t->body), &env, NULL), 0);
    weft__plan_init(&plan, NULL);
    ck_assert_int_eq(weft__object_prepare(&p->object, weft_buf_slice(&t->body), &env, &plan), 0);
    weft__plan_publish(&plan);
    weft__plan_fini(&plan);
    return 0;
}

static int add_seen(void *ctx, struct weft_dot dot) {
    return weft_causal_context_add(ctx, dot);
}

static void see_alone(struct peer *p, const struct txn *t) {
    struct weft__delta_env env = txn_env(t, NULL);
    env.seq_step = 1;
    ck_assert_int_eq(weft__delta_dots(p->kind.type, weft_buf_slice(&t->body), &env, add_seen, &p->seen), 0);
}

/* A removal that comes before what it removes, and every delta twice. */
START_TEST(alone_a_removal_may_come_first) {
    static struct history h;
    struct peer late;
    history_init(&h, TYPE_DOTS);
    struct txn *txns[3] = {one(&h, 0, 1, PUT), one(&h, 0, 3, PUT), one(&h, 0, 1, DROP)};
    peer_init(&late, &h.f, TYPE_DOTS, 3);
    for (size_t i = 6; i-- > 0;) {
        apply_alone(&late, txns[i % 3]);
        see_alone(&late, txns[i % 3]);
    }
    ck_assert(peer_eq(&late, &h.peers[0]));
    ck_assert_uint_eq(weft__object_cells(&late.object), 1);
    peer_fini(&late);
    history_fini(&h);
}
END_TEST

struct seen_dots {
    struct weft_dot dots[8];
    size_t count;
};

static int collect(void *ctx, struct weft_dot dot) {
    struct seen_dots *s = ctx;
    ck_assert_uint_lt(s->count, 8);
    s->dots[s->count++] = dot;
    return s->count == 8;
}

START_TEST(delta_dots_names_new_and_observed_ones) {
    static struct history h;
    history_init(&h, TYPE_DOTS);
    one(&h, 0, 1, PUT);
    peer_join(&h.peers[2], &h.peers[0]);
    memset(h.acts[h.count], 0, sizeof h.acts[0]);
    h.acts[h.count][1] = DROP;
    h.acts[h.count][2] = PUT;
    struct txn *t = commit(&h, 2);
    struct weft__delta_env env = txn_env(t, NULL);
    struct seen_dots s = {.count = 0};
    env.seq_step = 1;
    ck_assert_int_eq(weft__delta_dots(TYPE_DOTS, weft_buf_slice(&t->body), &env, collect, &s), 0);
    ck_assert_uint_eq(s.count, 3);
    const struct weft_dot want[3] = {{h.f.origin[2], 1}, {h.f.origin[0], 1}, {h.f.origin[2], 2}};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(s.dots[i].origin, want[i].origin);
        ck_assert_uint_eq(s.dots[i].seq, want[i].seq);
    }
    history_fini(&h);
}
END_TEST

int main(void) {
    Suite *s = suite_create("dots");
    TCase *tc = tcase_create("dots");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_history_gives_what_the_specification_says);
    tcase_add_test(tc, hazard_4_1_partial_delta_with_full_context_deletes_data);
    tcase_add_test(tc, hazard_4_1_a_state_with_dots_beyond_its_context_is_refused);
    tcase_add_test(tc, hazard_4_2_dot_reuse_after_restore);
    tcase_add_test(tc, hazard_4_3_present_on_both_sides_is_not_a_reason_to_keep);
    tcase_add_test(tc, hazard_4_3_no_shortcut_by_comparing_clocks);
    tcase_add_test(tc, alone_a_removal_may_come_first);
    tcase_add_test(tc, delta_dots_names_new_and_observed_ones);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? 0 : 1;
}
