/* test_totals.c: the TOTALS kernel as counters use it, against a specification over the history: an increment counts
 * unless a visible reset had seen it. */
#include "crdt/totals.h"

#include "tests/unit/crdt/fixture.h"

#define PATHS    2u
#define COLUMNS  2u
#define TXNS_MAX 64u
#define STEPS    40u
#define TYPE     WEFT_TYPE_ID(902, WEFT_KERNEL_TOTALS)

static struct weft_slice path_of(uint32_t path) {
    static const uint8_t step[] = {0x13, 2, 'k', 0};
    return weft_slice(step, path == 0 ? 0 : sizeof step);
}

struct history {
    struct fixture f;
    struct peer peers[PEERS];
    struct txn txns[TXNS_MAX];
    uint64_t added[TXNS_MAX][PATHS][COLUMNS];
    bool resets[TXNS_MAX][PATHS]; /* what the writer had seen before the transaction */
    size_t count;
};

static void history_init(struct history *h) {
    memset(h, 0, sizeof *h);
    fixture_init(&h->f);
    for (uint32_t i = 0; i < PEERS; i++) peer_init(&h->peers[i], &h->f, TYPE, i);
}

static void history_fini(struct history *h) {
    for (uint32_t i = 0; i < PEERS; i++) peer_fini(&h->peers[i]);
    for (size_t i = 0; i < h->count; i++) weft_buf_fini(&h->txns[i].body);
    fixture_fini(&h->f);
}

static bool is_visible(const struct peer *p, const struct txn *t) {
    return t->seq <= peer_seq(p, t->writer);
}

/* The value at a path and column, from the history alone. */
static uint64_t specified(const struct history *h, const struct peer *p, uint32_t path, uint32_t column) {
    uint64_t sum = 0;
    for (size_t i = 0; i < h->count; i++) {
        const struct txn *t = &h->txns[i];
        bool counts = is_visible(p, t);
        for (size_t j = 0; j < h->count; j++)
            if (h->resets[j][path] && is_visible(p, &h->txns[j]) && h->txns[j].past[t->writer] >= t->seq)
                counts = false;
        if (counts) sum += h->added[i][path][column];
    }
    return sum;
}

/* Totals and bases of one origin at a peer, again from the history: what it added; what of that a visible reset had
 * seen. */
static struct weft__totals tuple_of(const struct history *h, const struct peer *p, uint32_t path, uint32_t origin) {
    struct weft__totals t = {.count = 0};
    for (uint32_t column = 0; column < COLUMNS; column++)
        for (size_t i = 0; i < h->count; i++) {
            if (h->txns[i].writer != origin || !is_visible(p, &h->txns[i])) continue;
            t.values[2 * column] += h->added[i][path][column];
            bool is_reset = false;
            for (size_t j = 0; j < h->count; j++)
                is_reset |=
                    h->resets[j][path] && is_visible(p, &h->txns[j]) && h->txns[j].past[origin] >= h->txns[i].seq;
            if (is_reset) t.values[2 * column + 1] += h->added[i][path][column];
        }
    for (uint32_t i = 0; i < WEFT_TOTALS_MAX; i++)
        if (t.values[i] != 0) t.count = i + 1;
    return t;
}

static void write_tuple(struct txn *t, uint32_t path, uint32_t origin, const struct weft__totals *values) {
    struct weft_buf packed;
    if (values->count == 0) return;
    weft_buf_init(&packed, NULL);
    for (uint32_t i = 0; i < values->count; i++) weft__write_varint(&packed, values->values[i]);
    size_t entry = weft__write_begin(&t->body, 1);
    weft__write_field_bytes(&t->body, 1, path_of(path));
    weft__write_field_varint(&t->body, 2, txn_index(t, origin));
    weft__write_field_bytes(&t->body, 3, weft_buf_slice(&packed));
    weft__write_end(&t->body, entry);
    weft_buf_fini(&packed);
}

/* The entry of one origin in the transaction that h->count is about to be: own totals that rose, bases that a reset
 * raised. */
static struct weft__totals entry_of(const struct history *h, const struct peer *p, const struct txn *t, uint32_t path,
                                    uint32_t origin) {
    struct weft__totals now = tuple_of(h, p, path, origin), out = {.count = 0};
    for (uint32_t column = 0; column < COLUMNS; column++) {
        uint64_t added = h->added[h->count][path][column], total = now.values[2 * column];
        if (origin == t->writer && added > 0) out.values[2 * column] = total + added;
        if (h->resets[h->count][path] && total > now.values[2 * column + 1]) out.values[2 * column + 1] = total;
    }
    for (uint32_t i = 0; i < WEFT_TOTALS_MAX; i++)
        if (out.values[i] != 0) out.count = i + 1;
    return out;
}

/* Commits added[h->count] and resets[h->count] at a peer. */
static struct txn *commit(struct history *h, uint32_t at) {
    struct txn *t = &h->txns[h->count];
    txn_init(t, &h->peers[at], at);
    for (uint32_t path = 0; path < PATHS; path++)
        for (uint32_t index = 0; index < PEERS; index++)
            for (uint32_t origin = 0; origin < PEERS; origin++) {
                if (txn_index(t, origin) != index) continue;
                struct weft__totals entry = entry_of(h, &h->peers[at], t, path, origin);
                write_tuple(t, path, origin, &entry);
            }
    if (t->body.len == 0) {
        memset(h->added[h->count], 0, sizeof h->added[0]);
        memset(h->resets[h->count], 0, sizeof h->resets[0]);
        return NULL;
    }
    h->count++;
    peer_apply(&h->peers[at], t);
    return t;
}

static struct txn *add(struct history *h, uint32_t at, uint64_t amount) {
    h->added[h->count][0][0] = amount;
    return commit(h, at);
}

static struct txn *reset(struct history *h, uint32_t at) {
    h->resets[h->count][0] = true;
    return commit(h, at);
}

static uint64_t value_at(const struct peer *p, uint32_t path, uint32_t column) {
    uint64_t sum = 0;
    for (uint32_t origin = 0; origin < PEERS; origin++) {
        struct weft__totals t;
        weft__totals_read(&t, &p->pool, weft__object_find_origin(&p->object, path_of(path), p->f->origin[origin]));
        if (t.values[2 * column] > t.values[2 * column + 1]) sum += t.values[2 * column] - t.values[2 * column + 1];
    }
    return sum;
}

static void check_peer(const struct history *h, const struct peer *p) {
    struct weft__hash128 sum = {0, 0};
    uint32_t cells = 0;
    for (uint32_t path = 0; path < PATHS; path++) {
        for (uint32_t column = 0; column < COLUMNS; column++)
            ck_assert_uint_eq(value_at(p, path, column), specified(h, p, path, column));
        for (uint32_t origin = 0; origin < PEERS; origin++) {
            struct weft__totals want = tuple_of(h, p, path, origin), got;
            uint32_t cell = weft__object_find_origin(&p->object, path_of(path), h->f.origin[origin]);
            weft__totals_read(&got, &p->pool, cell);
            ck_assert_mem_eq(&want, &got, sizeof want);
            ck_assert((cell != WEFT__SLAB_NONE) == (want.count > 0));
            if (cell == WEFT__SLAB_NONE) continue;
            cells++;
            sum = weft__hash_add(sum, weft__totals_hash(&p->object, cell));
        }
    }
    ck_assert_uint_eq(weft__object_cells(&p->object), cells);
    ck_assert(weft__hash_eq(sum, p->pool.hash));
}

static void random_commit(struct history *h, uint32_t at, struct weft__prng *rnd) {
    for (uint32_t path = 0; path < PATHS; path++) {
        for (uint32_t column = 0; column < COLUMNS; column++)
            if (weft__prng_below(rnd, 2)) h->added[h->count][path][column] = weft__prng_below(rnd, 1000);
        h->resets[h->count][path] = weft__prng_below(rnd, 4) == 0;
    }
    commit(h, at);
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

/* Commutative and idempotent; leaves the join in x. */
static void check_join(const struct history *h, struct peer *x, const struct peer *y) {
    struct peer yx;
    peer_copy(&yx, y, 1000);
    peer_join(&yx, x);
    peer_join(x, y);
    ck_assert(peer_eq(x, &yx));
    peer_join(x, y);
    peer_join(x, x);
    ck_assert(peer_eq(x, &yx));
    check_peer(h, x);
    peer_fini(&yx);
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

static void run_history(uint64_t seed) {
    static struct history h;
    struct weft__prng rnd;
    struct peer old;
    history_init(&h);
    weft__prng_seed(&rnd, seed);
    peer_copy(&old, &h.peers[0], 5);
    for (uint32_t step = 0; step < STEPS; step++) {
        uint32_t at = (uint32_t)weft__prng_below(&rnd, PEERS);
        uint64_t what = weft__prng_below(&rnd, 20);
        if (what < 9) {
            random_commit(&h, at, &rnd);
        } else if (what < 16) {
            deliver_one(&h, &h.peers[at], &rnd);
        } else if (what < 17) {
            peer_fini(&old);
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
    for (uint64_t seed = 0; seed < 100; seed++) run_history(seed);
}
END_TEST

/* --- Hazards --------------------------------------------------------------------------------------------------- */

/* 4.5: reset-remove: what the removal has seen is gone, what it has not seen counts. */
START_TEST(hazard_4_5_counter_removed_while_incremented) {
    static struct history h;
    history_init(&h);
    add(&h, 0, 5);
    peer_join(&h.peers[2], &h.peers[0]);
    reset(&h, 2);
    add(&h, 0, 1);
    check_join(&h, &h.peers[0], &h.peers[2]);
    ck_assert_uint_eq(value_at(&h.peers[0], 0, 0), 1);
    history_fini(&h);
}
END_TEST

/* 4.5, companion: after a removal, a new and lower value does not give way to what a stale replica brings. */
START_TEST(hazard_4_5_readded_counter_does_not_revert) {
    static struct history h;
    struct peer stale;
    history_init(&h);
    add(&h, 0, 100);
    peer_copy(&stale, &h.peers[0], 77);
    reset(&h, 0);
    add(&h, 0, 3);
    check_join(&h, &h.peers[0], &stale);
    ck_assert_uint_eq(value_at(&h.peers[0], 0, 0), 3);
    check_join(&h, &stale, &h.peers[0]);
    ck_assert_uint_eq(value_at(&stale, 0, 0), 3);
    peer_fini(&stale);
    history_fini(&h);
}
END_TEST

START_TEST(counter_reset_and_concurrent_increment) {
    static struct history h;
    history_init(&h);
    struct txn *five = add(&h, 0, 5);
    peer_apply(&h.peers[2], five);
    struct txn *zero = reset(&h, 2);
    struct txn *seven = add(&h, 0, 7);
    struct txn *two = add(&h, 3, 2);
    struct txn *orders[2][3] = {{zero, seven, two}, {two, seven, zero}};
    for (size_t i = 0; i < 2; i++) {
        struct peer p;
        peer_init(&p, &h.f, TYPE, i);
        peer_apply(&p, five);
        for (size_t j = 0; j < 3; j++) peer_apply(&p, orders[i][j]);
        ck_assert_uint_eq(value_at(&p, 0, 0), 9);
        peer_fini(&p);
    }
    history_fini(&h);
}
END_TEST

/* A base may be known before its total: it is kept, and the total counts from it when it comes. */
START_TEST(a_base_alone_is_kept) {
    static struct history h;
    struct peer p;
    history_init(&h);
    struct txn *five = add(&h, 0, 5);
    peer_apply(&h.peers[2], five);
    struct txn *zero = reset(&h, 2);
    peer_init(&p, &h.f, TYPE, 9);
    ck_assert_int_eq(peer_try(&p, zero), 0);
    ck_assert_uint_eq(weft__object_cells(&p.object), 1);
    ck_assert_uint_eq(value_at(&p, 0, 0), 0);
    ck_assert_int_eq(peer_try(&p, five), 0);
    ck_assert_uint_eq(value_at(&p, 0, 0), 0);
    peer_fini(&p);
    history_fini(&h);
}
END_TEST

int main(void) {
    Suite *s = suite_create("totals");
    TCase *tc = tcase_create("totals");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_history_gives_what_the_specification_says);
    tcase_add_test(tc, hazard_4_5_counter_removed_while_incremented);
    tcase_add_test(tc, hazard_4_5_readded_counter_does_not_revert);
    tcase_add_test(tc, counter_reset_and_concurrent_increment);
    tcase_add_test(tc, a_base_alone_is_kept);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? 0 : 1;
}
