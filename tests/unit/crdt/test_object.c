/* test_object.c: altered bytes, out of memory, plans and the state hash, for all kernels. */
#include "crdt/contents.h"
#include "crdt/object.h"

#include "tests/unit/crdt/fixture.h"

#include "crdt/dots.h"
#include "crdt/totals.h"

#define TYPE_DOTS   WEFT_TYPE_ID(900, WEFT_KERNEL_DOTS)
#define TYPE_STAMP  WEFT_TYPE_ID(901, WEFT_KERNEL_STAMPED)
#define TYPE_TOTALS WEFT_TYPE_ID(902, WEFT_KERNEL_TOTALS)

static const uint32_t types[] = {TYPE_DOTS, TYPE_STAMP, TYPE_TOTALS};

#define SLICE(literal) weft_slice(literal, sizeof(literal) - 1)
#define STEP           "\x11\x01k"

/* --- States with something of everything ----------------------------------------------------------------------- */

static void write_dots_entry(struct txn *t, const char *path, const char *element, uint64_t observed,
                             const char *value) {
    size_t entry = weft__write_begin(&t->body, 1);
    weft__write_field_bytes(&t->body, 1, weft_str(path));
    weft__write_field_bytes(&t->body, 2, weft_str(element));
    if (observed > 0) {
        uint8_t pair[2] = {0, (uint8_t)observed};
        weft__write_bytes(&t->body, 3, weft_slice(pair, 2));
    }
    if (value != NULL) weft__write_bytes(&t->body, 4, weft_str(value));
    weft__write_end(&t->body, entry);
}

static void write_totals_entry(struct txn *t, const char *path, uint64_t index, struct weft_slice values) {
    size_t entry = weft__write_begin(&t->body, 1);
    weft__write_field_bytes(&t->body, 1, weft_str(path));
    weft__write_field_varint(&t->body, 2, index);
    weft__write_bytes(&t->body, 3, values);
    weft__write_end(&t->body, entry);
}

/* Writes several elements, and the second time over takes some of the first away. */
static void fill_txn(struct txn *t, uint32_t type) {
    static const char *const elements[] = {"", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    if (type == TYPE_TOTALS) {
        write_totals_entry(t, "", 0, t->seq == 1 ? SLICE("\x07\x00\x81\x01") : SLICE("\x08\x07\x82\x01"));
        write_totals_entry(t, "", 1, SLICE("\x00\x03"));
        write_totals_entry(t, "", 3, SLICE("\x00\x03\x00\x81\x01"));
        write_totals_entry(t, STEP, 0, SLICE("\x01"));
        return;
    }
    for (size_t i = 0; i < 11; i++) {
        if (t->seq == 1) write_dots_entry(t, "", elements[i], 0, i % 2 ? "" : "value");
        if (t->seq == 2 && i % 3 == 0) write_dots_entry(t, "", elements[i], 1, i % 2 ? "new" : NULL);
    }
    if (t->seq == 2) write_dots_entry(t, "", "zz", 0, "");
    write_dots_entry(t, STEP, "a", 0, "nested");
}

struct world {
    struct fixture f;
    struct peer p;
    struct txn txns[2 * PEERS];
    size_t count;
};

static void world_init(struct world *w, uint32_t type) {
    fixture_init(&w->f);
    peer_init(&w->p, &w->f, type, 42);
    w->count = 0;
    for (uint32_t i = 0; i < 2 * PEERS; i++) {
        txn_init(&w->txns[i], &w->p, i % PEERS);
        fill_txn(&w->txns[i], type);
        w->count++;
        if (i + 1 < 2 * PEERS) peer_apply(&w->p, &w->txns[i]); /* the last one is left to the test */
    }
}

static void world_fini(struct world *w) {
    for (size_t i = 0; i < w->count; i++) weft_buf_fini(&w->txns[i].body);
    peer_fini(&w->p);
    fixture_fini(&w->f);
}

static struct txn *last_of(struct world *w) {
    return &w->txns[w->count - 1];
}

/* --- Altered bytes --------------------------------------------------------------------------------------------- */

/* Where the gate lets altered bytes through they must be harmless: they apply, and the state is still one that encodes.
 */
static void try_delta(struct world *w, struct weft_slice body) {
    struct txn altered = *last_of(w);
    struct weft__delta_env env = txn_env(&altered, &w->p);
    struct peer p;
    if (weft__delta_check(w->p.kind.type, body, &env, NULL) != 0) return;
    peer_copy(&p, &w->p, 3);
    weft_buf_init(&altered.body, NULL);
    (void)weft_buf_append_slice(&altered.body, body);
    peer_apply(&p, &altered);
    check_round_trip(&p);
    weft_buf_fini(&altered.body);
    peer_fini(&p);
}

START_TEST(altered_deltas_are_refused_or_valid) {
    struct world w;
    world_init(&w, types[_i]);
    struct weft_buf *body = &last_of(&w)->body;
    for (size_t len = 0; len < body->len; len++) try_delta(&w, weft_slice(body->ptr, len));
    for (size_t at = 0; at < body->len; at++) {
        uint8_t was = body->ptr[at];
        for (uint32_t v = 1; v < 256; v += v < 16 ? 1 : 7) {
            uint8_t *copy = malloc(body->len); /* of its exact size: a read past the end is seen */
            ck_assert_ptr_nonnull(copy);
            memcpy(copy, body->ptr, body->len);
            copy[at] = (uint8_t)(was + v);
            try_delta(&w, weft_slice(copy, body->len));
            free(copy);
        }
    }
    world_fini(&w);
}
END_TEST

/* Encodes and decodes with a table of all peers, so that an index is the same number throughout. */
struct codec {
    struct weft__origin_table table;
    struct weft_buf body;
};

static void codec_init(struct codec *c, const struct world *w) {
    weft__origin_table_init(&c->table, NULL);
    weft__origin_table_begin(&c->table, w->f.origins, WEFT__NO_ORIGIN);
    for (uint32_t i = 0; i < PEERS; i++) ck_assert_int_eq(weft__origin_table_add(&c->table, w->f.origin[i]), 0);
    weft__origin_table_seal(&c->table);
    weft_buf_init(&c->body, NULL);
    ck_assert_int_eq(weft__object_encode(&w->p.object, &c->table, &c->body), 0);
}

static void codec_fini(struct codec *c) {
    weft__origin_table_fini(&c->table);
    weft_buf_fini(&c->body);
}

/* Accepted bytes are canonical: they are what the state that they make encodes to; and another state hashes otherwise.
 */
static bool try_state(struct world *w, struct codec *c, struct weft_slice body) {
    struct peer p;
    struct weft_buf again;
    weft_buf_init(&again, NULL);
    peer_init(&p, &w->f, w->p.kind.type, 3);
    int rc = weft__object_decode(&p.object, body, c->table.listed, PEERS, &w->p.seen);
    if (rc == 0) {
        ck_assert_int_eq(weft__object_encode(&p.object, &c->table, &again), 0);
        ck_assert(weft_slice_eq(weft_buf_slice(&again), body));
        bool same = weft_slice_eq(body, weft_buf_slice(&c->body));
        ck_assert(same == weft__hash_eq(p.pool.hash, w->p.pool.hash));
    } else {
        ck_assert_int_eq(rc, WEFT_ERR_MALFORMED);
        ck_assert(weft__object_is_empty(&p.object));
        ck_assert(weft__hash_eq(p.pool.hash, (struct weft__hash128){0, 0}));
    }
    weft_buf_fini(&again);
    peer_fini(&p);
    return rc == 0;
}

START_TEST(altered_states_are_refused_or_canonical) {
    struct world w;
    struct codec c;
    size_t accepted = 0;
    world_init(&w, types[_i]);
    codec_init(&c, &w);
    ck_assert(try_state(&w, &c, weft_buf_slice(&c.body)));
    for (size_t len = 0; len < c.body.len; len++) accepted += try_state(&w, &c, weft_slice(c.body.ptr, len));
    ck_assert_uint_gt(accepted, 0); /* a prefix of whole entries is a state */
    for (size_t at = 0; at < c.body.len; at++)
        for (uint32_t v = 1; v < 256; v += v < 16 ? 1 : 7) {
            uint8_t *copy = malloc(c.body.len);
            ck_assert_ptr_nonnull(copy);
            memcpy(copy, c.body.ptr, c.body.len);
            copy[at] = (uint8_t)(copy[at] + v);
            try_state(&w, &c, weft_slice(copy, c.body.len));
            free(copy);
        }
    codec_fini(&c);
    world_fini(&w);
}
END_TEST

/* --- Out of memory --------------------------------------------------------------------------------------------- */

struct before {
    struct weft__hash128 hash;
    size_t count;
    size_t slab_bytes;
    struct weft_buf bytes;
};

static void remember(struct before *b, const struct peer *p) {
    b->hash = p->pool.hash;
    b->count = weft__object_cells(&p->object);
    b->slab_bytes = weft__slab_bytes(p->pool.slab);
    weft_buf_init(&b->bytes, NULL);
    peer_encode(p, &b->bytes);
}

static void check_unchanged(struct before *b, const struct peer *p) {
    struct weft_buf now;
    weft_buf_init(&now, NULL);
    peer_encode(p, &now);
    ck_assert(weft__hash_eq(b->hash, p->pool.hash));
    ck_assert_uint_eq(b->count, weft__object_cells(&p->object));
    ck_assert_uint_eq(weft__contents_reserved(&p->object), 0);
    /* No chunk more; the slab's table of chunks may have grown. */
    ck_assert_uint_le(weft__slab_bytes(p->pool.slab), b->slab_bytes + 256);
    ck_assert(weft_slice_eq(weft_buf_slice(&b->bytes), weft_buf_slice(&now)));
    weft_buf_fini(&now);
}

/* Lets the n-th allocation of an attempt fail, for each n until it succeeds; returns how many failed. */
static size_t fail_each(struct world *w, struct peer *p, int (*attempt)(struct world *w, struct peer *p)) {
    struct before b;
    size_t n = 1;
    remember(&b, p);
    for (;; n++) {
        w->f.mem.fail_at = w->f.mem.calls + n;
        int rc = attempt(w, p);
        w->f.mem.fail_at = 0;
        if (rc == 0) break;
        ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
        check_unchanged(&b, p);
    }
    weft_buf_fini(&b.bytes);
    return n - 1;
}

static int attempt_apply(struct world *w, struct peer *p) {
    return peer_try(p, last_of(w));
}

static int attempt_join(struct world *w, struct peer *p) {
    return peer_try_join(p, &w->p);
}

static int attempt_decode(struct world *w, struct peer *p) {
    struct codec c;
    size_t fail_at = w->f.mem.fail_at;
    w->f.mem.fail_at = 0;
    size_t calls = w->f.mem.calls;
    codec_init(&c, w);
    w->f.mem.fail_at = fail_at + (w->f.mem.calls - calls);
    int rc = weft__object_decode(&p->object, weft_buf_slice(&c.body), c.table.listed, PEERS, &w->p.seen);
    codec_fini(&c);
    return rc;
}

static int attempt_encode(struct world *w, struct peer *p) {
    struct weft__origin_table table;
    struct weft_buf out;
    weft__origin_table_init(&table, &w->f.mem.alloc);
    weft__origin_table_begin(&table, p->pool.origins, WEFT__NO_ORIGIN);
    weft_buf_init(&out, &w->f.mem.alloc);
    int rc = weft__object_mention(&p->object, &table);
    weft__origin_table_seal(&table);
    if (rc == 0) rc = weft__object_encode(&p->object, &table, &out);
    weft_buf_fini(&out);
    weft__origin_table_fini(&table);
    return rc;
}

START_TEST(out_of_memory_changes_nothing) {
    struct world w;
    struct peer q;
    world_init(&w, types[_i]);
    ck_assert_uint_gt(fail_each(&w, &w.p, attempt_encode), 2);
    ck_assert_uint_gt(fail_each(&w, &w.p, attempt_apply), 0);
    ck_assert_int_eq(weft_version_vector_raise(&w.p.seen.base, last_of(&w)->table[0], last_of(&w)->seq), 0);
    peer_init(&q, &w.f, types[_i], 8);
    ck_assert_uint_gt(fail_each(&w, &q, attempt_decode), 2);
    ck_assert(weft__hash_eq(q.pool.hash, w.p.pool.hash));
    peer_fini(&q);
    peer_init(&q, &w.f, types[_i], 8);
    ck_assert_uint_gt(fail_each(&w, &q, attempt_join), 2);
    ck_assert(weft__hash_eq(q.pool.hash, w.p.pool.hash));
    peer_fini(&q);
    world_fini(&w);
}
END_TEST

/* --- Plans ----------------------------------------------------------------------------------------------------- */

START_TEST(a_dropped_plan_leaves_nothing) {
    struct world w;
    struct before b;
    struct weft__plan plan;
    world_init(&w, types[_i]);
    remember(&b, &w.p);
    weft__plan_init(&plan, &w.f.mem.alloc);
    struct weft__delta_env env = txn_env(last_of(&w), &w.p);
    ck_assert_int_eq(weft__object_prepare(&w.p.object, weft_buf_slice(&last_of(&w)->body), &env, &plan), 0);
    ck_assert_uint_gt(plan.count, 0);
    ck_assert(weft__hash_eq(b.hash, w.p.pool.hash)); /* prepared is not published */
    weft__plan_drop(&plan);
    check_unchanged(&b, &w.p);
    weft__plan_fini(&plan);
    weft_buf_fini(&b.bytes);
    world_fini(&w);
}
END_TEST

/* One transaction over several objects of one pool: all of it or, here, all of it. */
START_TEST(one_plan_changes_many_objects) {
    struct fixture f;
    struct peer p;
    struct weft_object other;
    struct txn t;
    struct weft__plan plan;
    fixture_init(&f);
    peer_init(&p, &f, TYPE_DOTS, 1);
    struct weft__kind elsewhere = weft__kind_of(&p.pool, TYPE_DOTS);
    elsewhere.place.hi = 1;
    weft__object_init(&other, &elsewhere);
    txn_init(&t, &p, 0);
    fill_txn(&t, TYPE_DOTS);
    weft__plan_init(&plan, NULL);
    struct weft__delta_env env = txn_env(&t, &p);
    ck_assert_int_eq(weft__object_prepare(&p.object, weft_buf_slice(&t.body), &env, &plan), 0);
    ck_assert_int_eq(weft__object_prepare(&other, weft_buf_slice(&t.body), &env, &plan), 0);
    ck_assert(weft__object_is_empty(&other));
    weft__plan_publish(&plan);
    ck_assert_uint_eq(weft__object_cells(&other), 12);
    ck_assert_uint_eq(weft__object_cells(&p.object), 12);
    struct weft__hash128 both = p.pool.hash;
    weft__object_fini(&other);
    ck_assert(!weft__hash_eq(weft__hash_add(p.pool.hash, p.pool.hash), both)); /* where an object is is in its hash */
    weft__plan_fini(&plan);
    weft_buf_fini(&t.body);
    peer_fini(&p);
    fixture_fini(&f);
}
END_TEST

/* --- The hash -------------------------------------------------------------------------------------------------- */

static struct weft__hash128 hash_of_one(uint32_t type, const char *path, const char *element, const char *value) {
    struct fixture f;
    struct peer p;
    struct txn t;
    fixture_init(&f);
    peer_init(&p, &f, type, 1);
    txn_init(&t, &p, 2);
    write_dots_entry(&t, path, element, 0, value);
    peer_apply(&p, &t);
    struct weft__hash128 hash = p.pool.hash;
    weft_buf_fini(&t.body);
    peer_fini(&p);
    fixture_fini(&f);
    return hash;
}

/* Everything that makes a state another state is in the hash, above all where a key is split into path and element. */
START_TEST(hash_covers_path_element_value_and_type) {
    struct weft__hash128 hashes[] = {
        hash_of_one(TYPE_DOTS, "", "", ""),     hash_of_one(TYPE_DOTS, "", "x", ""),
        hash_of_one(TYPE_DOTS, "", "", "x"),    hash_of_one(TYPE_DOTS, "", STEP, ""),
        hash_of_one(TYPE_DOTS, STEP, "", ""),   hash_of_one(TYPE_DOTS, STEP STEP, "", ""),
        hash_of_one(TYPE_DOTS, STEP, STEP, ""), hash_of_one(TYPE_STAMP, "", "x", ""),
    };
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < i; j++) ck_assert(!weft__hash_eq(hashes[i], hashes[j]));
}
END_TEST

int main(void) {
    Suite *s = suite_create("object");
    TCase *tc = tcase_create("object");
    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, altered_deltas_are_refused_or_valid, 0, 3);
    tcase_add_loop_test(tc, altered_states_are_refused_or_canonical, 0, 3);
    tcase_add_loop_test(tc, out_of_memory_changes_nothing, 0, 3);
    tcase_add_loop_test(tc, a_dropped_plan_leaves_nothing, 0, 3);
    tcase_add_test(tc, one_plan_changes_many_objects);
    tcase_add_test(tc, hash_covers_path_element_value_and_type);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? 0 : 1;
}
