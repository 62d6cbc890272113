/* test_rights_hostile.c: what no replica of Weft would send in a space with rights: documents that are not sound,
 * deltas that only look like one, generations that are made up, states without the documents that they have seen. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gset.h>
#include <weft/lwwreg.h>
#include <weft/rights.h>

#include "base/wire.h"
#include "crdt/keyspace.h"
#include "replication/engine.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"
#include "tests/support/hand.h"
#include "tests/support/suite.h"

#define LINK 7 /* on which a stranger's transactions come */

static struct cluster c;
static struct authority root, heir;
static struct weft_id space;
static struct weft_buf room; /* of all bytes that a test writes by hand */

static void begin(int count) {
    root = authority_new(1);
    heir = authority_new(2);
    space = authority_space(&root);
    cluster_init(&c, count);
    for (int i = 0; i < count; i++) {
        c.at[i].options.space = space;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    cluster_link_all(&c);
    cluster_settle(&c);
    weft_buf_init(&room, NULL);
    ck_assert_int_eq(weft_buf_reserve(&room, (size_t)1 << 20), 0); /* slices of it stay where they are */
}

static void end(void) {
    cluster_fini(&c);
    weft_buf_fini(&room);
}

static struct weft_slice document(const struct authority *a, struct policy p) {
    size_t from = room.len;
    authority_sign(a, &space, &p, &room);
    return weft_slice(room.ptr + from, room.len - from);
}

#define DOCUMENT(a, ...) document(a, (struct policy){.rest_is_in = true, __VA_ARGS__})

static struct weft_slice element_of(struct weft_slice signed_document) {
    struct weft__rights_document d;
    static uint8_t element[WEFT__RIGHTS_ELEMENT_LEN];
    if (weft__rights_parse(&d, signed_document) == 0) weft__rights_name_write(element, &d.name);
    return weft_slice(element, sizeof element);
}

static struct weft__txn_delta delta_of(struct weft_slice body) {
    return (struct weft__txn_delta){weft_str(WEFT_RIGHTS_KEY), weft_rights_class.type, 1, body};
}

static struct weft__txn_delta delta_of_document(struct weft_slice signed_document) {
    return delta_of(hand_put(&room, element_of(signed_document), signed_document));
}

static struct weft__txn_delta delta_of_data(const char *key) {
    return (struct weft__txn_delta){weft_str(key), weft_gset_class.type, 1,
                                    hand_put(&room, weft_str("x"), weft_str(""))};
}

/* Hands replica i the hand's next transaction. */
static void send(int i, struct hand *h, const struct hand_txn *t) {
    struct weft_buf txn, m;
    weft_buf_init(&txn, NULL);
    weft_buf_init(&m, NULL);
    (void)cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = LINK});
    hand_write(h, t, &txn);
    hand_message(h, c.at[i].now.wall, weft_buf_slice(&txn), &m);
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = LINK, .bytes = weft_buf_slice(&m)};
    ck_assert_int_eq(cluster_step(&c, i, e), 0);
    (void)cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_LINK_DOWN, .link = LINK});
    weft_buf_fini(&txn);
    weft_buf_fini(&m);
}

/* Whether it is void, for want of a right; no third thing may come of it. */
static bool is_void(struct hand *h, const struct hand_txn *t) {
    struct weft_replica_stats before = cluster_stats(&c, 0), after;
    struct weft_void last = {.seq = 0};
    send(0, h, t);
    after = cluster_stats(&c, 0);
    ck_assert_uint_eq(after.transactions, before.transactions + 1);
    ck_assert_uint_eq(after.refused, before.refused);
    if (after.voids == before.voids) return false;
    ck_assert_uint_eq(after.voids, before.voids + 1);
    ck_assert_mem_eq(after.state_hash, before.state_hash, sizeof before.state_hash);
    for (size_t i = 0; weft_replica_void(c.at[0].replica, i, &last); i++) {
    }
    if (after.unkept == before.unkept) {
        ck_assert_uint_eq(last.seq, h->seq);
        ck_assert_int_eq(last.err, WEFT_ERR_DENIED);
    }
    return true;
}

static bool is_void_document(struct hand *h, struct weft_slice signed_document) {
    return is_void(h, &(struct hand_txn){.deltas = {delta_of_document(signed_document)}});
}

static uint64_t generation_at(int i) {
    struct weft_rights_info info;
    weft_replica_rights(c.at[i].replica, &info);
    return info.generation;
}

/* --- Documents ---------------------------------------------------------------------------------------------------- */

START_TEST(sound_document_is_taken_of_anybody) {
    begin(1);
    struct hand stranger = hand_new(&space, 6, 1);
    ck_assert(!is_void_document(&stranger, DOCUMENT(&root, .generation = 3, .writes = {"*"})));
    ck_assert_uint_eq(generation_at(0), 3);
    end();
}
END_TEST

START_TEST(document_of_another_is_void) {
    begin(1);
    struct hand stranger = hand_new(&space, 6, 1);
    struct weft_slice good = DOCUMENT(&root, .generation = 1, .writes = {"*"});
    struct weft_slice other = DOCUMENT(&heir, .generation = 1, .writes = {"*"});
    ck_assert(is_void_document(&stranger, other));
    /* The authority's document under the signature of another one of its own. */
    struct weft_slice mixed = DOCUMENT(&root, .generation = 2, .writes = {"*"});
    memcpy(room.ptr + room.len - 64, good.ptr + good.len - 64, 64);
    ck_assert(is_void_document(&stranger, mixed));
    struct weft_id elsewhere = authority_space(&heir);
    size_t from = room.len;
    authority_sign(&root, &elsewhere, &(struct policy){.generation = 1}, &room);
    ck_assert(is_void_document(&stranger, weft_slice(room.ptr + from, room.len - from)));
    ck_assert_uint_eq(generation_at(0), 0);
    ck_assert(!is_void_document(&stranger, good));
    end();
}
END_TEST

/* Of one generation there may be two, but not by one who had seen the first. */
START_TEST(document_is_newer_than_what_was_seen) {
    begin(1);
    struct hand h = hand_new(&space, 6, 1), other = hand_new(&space, 5, 1);
    struct weft_slice first = DOCUMENT(&root, .generation = 2);
    struct weft_slice second = DOCUMENT(&root, .generation = 2, .writes = {"*"});
    struct weft_slice older = DOCUMENT(&root, .generation = 1);
    ck_assert(!is_void_document(&h, first));
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 2, .deltas = {delta_of_document(second)}}));
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 2, .deltas = {delta_of_document(older)}}));
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 2, .deltas = {delta_of_document(first)}}));
    ck_assert(!is_void_document(&other, older));
    ck_assert(!is_void(&other, &(struct hand_txn){.generation = 1, .deltas = {delta_of_document(second)}}));
    ck_assert_uint_eq(generation_at(0), 2);
    end();
}
END_TEST

/* Every bit of it: nothing near a document is one. */
START_TEST(every_flipped_bit_makes_it_void) {
    begin(1);
    struct hand stranger = hand_new(&space, 6, 1);
    struct weft_slice good = DOCUMENT(&root, .generation = 2, .writes = {"*", "orders/ stock"}, .next = &heir);
    uint8_t bytes[1024];
    size_t from = room.len;
    ck_assert_uint_le(good.len, sizeof bytes);
    memcpy(bytes, good.ptr, good.len);
    for (size_t bit = 0; bit < 8 * good.len; bit++) {
        room.len = from;
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        REQUIRE(is_void_document(&stranger, weft_slice(bytes, good.len)));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ck_assert(!is_void_document(&stranger, good));
    end();
}
END_TEST

/* The delta around a sound document is of one form. */
START_TEST(delta_does_nothing_but_add_one_document) {
    begin(1);
    struct hand stranger = hand_new(&space, 6, 1);
    struct weft_slice good = DOCUMENT(&root, .generation = 1, .writes = {"*"}), element = element_of(good);
    struct weft_slice newer = DOCUMENT(&root, .generation = 2, .writes = {"*"});
    struct weft__txn_delta sound = delta_of(hand_put(&room, element, good)), d;
    uint8_t wrong[WEFT__RIGHTS_ELEMENT_LEN];
    memcpy(wrong, element.ptr, sizeof wrong);
    for (size_t i = 0; i < sizeof wrong; i++) {
        wrong[i] ^= 1;
        d = delta_of(hand_put(&room, weft_slice(wrong, sizeof wrong), good));
        ck_assert(is_void(&stranger, &(struct hand_txn){.deltas = {d}}));
        wrong[i] ^= 1;
    }
    d = delta_of(hand_put(&room, weft_slice(wrong, sizeof wrong - 1), good));
    ck_assert(is_void(&stranger, &(struct hand_txn){.deltas = {d}}));
    d = sound;
    d.key = weft_str("weft/right");
    ck_assert(is_void(&stranger, &(struct hand_txn){.deltas = {d}}));
    d = sound;
    d.schema = 2;
    ck_assert(is_void(&stranger, &(struct hand_txn){.deltas = {d}}));
    d = sound;
    d.type = weft_gset_class.type;
    ck_assert(is_void(&stranger, &(struct hand_txn){.deltas = {d}}));
    /* Two of them, each of which would be sound. */
    size_t from = room.len;
    (void)hand_put(&room, element, good);
    (void)hand_put(&room, element_of(newer), newer);
    d = delta_of(weft_slice(room.ptr + from, room.len - from));
    ck_assert(is_void(&stranger, &(struct hand_txn){.deltas = {d}}));
    /* At a path. */
    from = room.len;
    size_t entry = weft__write_begin(&room, 1);
    static const uint8_t step[] = {1, 1, 'p'};
    weft__write_bytes(&room, 1, weft_slice(step, sizeof step));
    weft__write_bytes(&room, 2, element_of(good));
    weft__write_bytes(&room, 4, good);
    weft__write_end(&room, entry);
    d = delta_of(weft_slice(room.ptr + from, room.len - from));
    ck_assert(is_void(&stranger, &(struct hand_txn){.deltas = {d}}));
    ck_assert_uint_eq(generation_at(0), 0);
    ck_assert(!is_void(&stranger, &(struct hand_txn){.deltas = {sound}}));
    end();
}
END_TEST

/* Who may write every key may not write that one. */
START_TEST(key_of_the_rights_holds_rights_only) {
    begin(1);
    struct hand h = hand_new(&space, 0, 1);
    struct weft_slice first = DOCUMENT(&root, .generation = 1, .writes = {"*"});
    ck_assert(!is_void_document(&h, first));
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 1, .deltas = {delta_of_data(WEFT_RIGHTS_KEY)}}));
    ck_assert(!is_void(&h, &(struct hand_txn){.generation = 1, .deltas = {delta_of_data(WEFT_RIGHTS_KEY "/x")}}));
    struct weft__txn_delta d = delta_of_document(DOCUMENT(&root, .generation = 2));
    d.key = weft_str("elsewhere");
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 1, .deltas = {d}}));
    end();
}
END_TEST

/* An entry that takes an earlier document's dot away, alone or with a sound document put in its place. */
START_TEST(removal_is_void) {
    begin(1);
    struct hand stranger = hand_new(&space, 6, 1);
    struct weft_slice good = DOCUMENT(&root, .generation = 1, .writes = {"*"});
    struct weft_slice newer = DOCUMENT(&root, .generation = 2, .writes = {"*"});
    ck_assert(!is_void_document(&stranger, good));
    for (int with_value = 0; with_value < 2; with_value++) {
        size_t from = room.len, entry = weft__write_begin(&room, 1);
        weft__write_bytes(&room, 2, element_of(with_value ? newer : good));
        size_t observed = weft__write_begin(&room, 3);
        weft__write_varint(&room, 0); /* the own origin's */
        weft__write_varint(&room, 1);
        weft__write_end(&room, observed);
        if (with_value) weft__write_bytes(&room, 4, newer);
        weft__write_end(&room, entry);
        struct weft__txn_delta d = delta_of(weft_slice(room.ptr + from, room.len - from));
        ck_assert(is_void(&stranger, &(struct hand_txn){.generation = 1, .deltas = {d}}));
    }
    ck_assert_uint_eq(generation_at(0), 1);
    end();
}
END_TEST

/* Data that is allowed does not save a document that is not, nor the other way round. */
START_TEST(what_is_void_is_void_whole) {
    begin(1);
    struct hand h = hand_new(&space, 0, 1);
    struct weft_slice first = DOCUMENT(&root, .generation = 1, .writes = {"a"});
    struct weft_slice forged = DOCUMENT(&heir, .generation = 2, .writes = {"a"});
    struct weft_slice second = DOCUMENT(&root, .generation = 2, .writes = {"a"});
    ck_assert(!is_void_document(&h, first));
    struct hand_txn t = {.generation = 1, .deltas = {delta_of_data("a"), delta_of_document(forged)}};
    ck_assert(is_void(&h, &t));
    t.deltas[0] = delta_of_document(second);
    t.deltas[1] = delta_of_data("x");
    ck_assert(is_void(&h, &t));
    ck_assert_uint_eq(generation_at(0), 1);
    t.deltas[1] = t.deltas[0];
    t.deltas[0] = delta_of_data("a");
    ck_assert(!is_void(&h, &t));
    ck_assert_uint_eq(generation_at(0), 2);
    end();
}
END_TEST

/* --- Generations -------------------------------------------------------------------------------------------------- */

START_TEST(generation_without_rights_is_void) {
    root = authority_new(1);
    cluster_init(&c, 1);
    ck_assert_int_eq(cluster_open(&c, 0), 0);
    weft_buf_init(&room, NULL);
    ck_assert_int_eq(weft_buf_reserve(&room, 4096), 0);
    struct weft_id none = {{0}};
    struct hand h = hand_new(&none, 6, 1);
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 1, .deltas = {delta_of_data("a")}}));
    ck_assert(!is_void(&h, &(struct hand_txn){.deltas = {delta_of_data("a")}}));
    /* And the type is one like others there. */
    struct weft__txn_delta d = delta_of(hand_put(&room, weft_str("e"), weft_str("v")));
    d.key = weft_str("k");
    ck_assert(!is_void(&h, &(struct hand_txn){.deltas = {d}}));
    end();
}
END_TEST

/* Every replica says the same of each: which, why. */
START_TEST(voids_are_the_same_everywhere) {
    begin(3);
    struct hand keeper = hand_new(&space, 6, 1), liar = hand_new(&space, 5, 1);
    struct weft_slice first = DOCUMENT(&root, .generation = 1, .writes = {NULL, NULL, NULL, NULL, NULL, "m"});
    struct weft_slice second = DOCUMENT(&root, .generation = 2);
    send(0, &keeper, &(struct hand_txn){.deltas = {delta_of_document(first)}});
    send(0, &keeper, &(struct hand_txn){.generation = 1, .deltas = {delta_of_document(second)}});
    struct hand_seen one = {keeper.origin, 1}, two = {keeper.origin, 2};
    send(1, &liar, &(struct hand_txn){.generation = 1, .seen = {one}, .deltas = {delta_of_data("m")}});
    send(1, &liar, &(struct hand_txn){.generation = 2, .deltas = {delta_of_data("m1")}});
    send(1, &liar, &(struct hand_txn){.generation = 1, .deltas = {delta_of_data("n")}});
    send(1, &liar, &(struct hand_txn){.generation = 1, .seen = {two}, .deltas = {delta_of_data("m2")}});
    send(1, &liar, &(struct hand_txn){.generation = 2, .deltas = {delta_of_data("m3")}});
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 12));
    cluster_crash(&c, 2);
    ck_assert_int_eq(cluster_open(&c, 2), 0);
    for (int i = 0; i < 3; i++) {
        struct weft_void v, want;
        for (size_t k = 0; k < 4; k++) {
            ck_assert(weft_replica_void(c.at[i].replica, k, &v));
            ck_assert(weft_replica_void(c.at[0].replica, k, &want));
            ck_assert_uint_eq(v.seq, 2 + k);
            ck_assert_int_eq(v.err, WEFT_ERR_DENIED);
            ck_assert(weft_slice_eq(v.text, want.text));
        }
        ck_assert(!weft_replica_void(c.at[i].replica, 4, &v));
        ck_assert(
            weft_gset_contains(weft_replica_view(c.at[i].replica, weft_str("m"), &weft_gset_class), weft_str("x")));
    }
    end();
}
END_TEST

/* --- States ------------------------------------------------------------------------------------------------------- */

/* What read_state would have made of somebody's bytes: a space with these documents, each written by an origin of its
 * own that wrote nothing else. */
static void staged_begin(struct weft__space *s) {
    ck_assert_int_eq(weft__space_init(s, &space, c.at[0].replica->origins, 1, &weft_alloc_default), 0);
}

/* The only transaction of the origin of that epoch; without a delta it did nothing. */
static void staged_add(struct weft__space *s, uint64_t epoch, const struct weft__txn_delta *d) {
    struct weft__plan plan;
    struct weft_origin o = {{{7}}, epoch};
    uint32_t origin;
    ck_assert_int_eq(weft_origins_intern(c.at[0].replica->origins, &o, &origin), 0);
    ck_assert_int_eq(weft__space_reserve(s, origin), 0);
    ck_assert_int_eq(weft_version_vector_raise(&s->applied, origin, 1), 0);
    if (d == NULL) return;
    weft__plan_init(&plan, NULL);
    struct weft__delta_env env = {.origins = &origin, .origin_count = 1, .seq = 1, .schema = 1};
    struct weft__keyed *at = weft__keyspace_make(&s->keys, d->key, d->type);
    ck_assert_int_eq(weft__object_prepare(&at->object, d->body, &env, &plan), 0);
    weft__plan_publish(&plan);
    weft__plan_fini(&plan);
}

static void staged_init(struct weft__space *s, struct weft_slice *documents, size_t count) {
    staged_begin(s);
    for (size_t i = 0; i < count; i++) {
        struct weft__txn_delta d = {.body = {NULL, 0}};
        if (documents[i].len > 0) d = delta_of_document(documents[i]);
        staged_add(s, i + 1, documents[i].len > 0 ? &d : NULL);
    }
}

static int join_code(struct weft_slice *documents, size_t count) {
    struct weft__space staged;
    staged_init(&staged, documents, count);
    int rc = weft__rights_prepare_join(c.at[0].replica, &staged);
    weft__space_fini(&staged);
    return rc;
}

START_TEST(state_has_sound_documents) {
    begin(1);
    struct weft_slice first = DOCUMENT(&root, .generation = 1),
                      second = DOCUMENT(&root, .generation = 2, .next = &heir);
    struct weft_slice third = DOCUMENT(&heir, .generation = 3), forged = DOCUMENT(&root, .generation = 1);
    ck_assert_int_eq(join_code((struct weft_slice[]){first, second, third}, 3), 0);
    ck_assert_int_eq(join_code((struct weft_slice[]){third, second}, 2), 0); /* some, not all, name who signs next */
    ck_assert_int_eq(join_code((struct weft_slice[]){first, third}, 2), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(join_code((struct weft_slice[]){third}, 1), WEFT_ERR_MALFORMED);
    room.ptr[(size_t)(forged.ptr - room.ptr) + forged.len - 1] ^= 1;
    ck_assert_int_eq(join_code((struct weft_slice[]){forged}, 1), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(join_code((struct weft_slice[]){weft_str("nonsense")}, 1), WEFT_ERR_MALFORMED);
    end();
}
END_TEST

/* Two replicas that commit one document at once write it twice under its name; nothing else can stand there. */
START_TEST(every_write_of_a_document_is_looked_at) {
    begin(1);
    struct weft_slice first = DOCUMENT(&root, .generation = 1), forged = DOCUMENT(&heir, .generation = 1);
    struct weft_slice good = hand_put(&room, element_of(first), first);
    struct weft_slice bad[] = {good, hand_put(&room, element_of(first), forged),
                               hand_put(&room, element_of(first), weft_str("nonsense"))};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        for (uint64_t k = 0; k < 2; k++) {
            struct weft__space staged;
            struct weft__txn_delta one = delta_of(good), other = delta_of(bad[i]);
            staged_begin(&staged);
            staged_add(&staged, 1 + k, &one);
            staged_add(&staged, 2 - k, &other);
            ck_assert_int_eq(weft__rights_prepare_join(c.at[0].replica, &staged), i == 0 ? 0 : WEFT_ERR_MALFORMED);
            weft__space_fini(&staged);
        }
    }
    end();
}
END_TEST

/* A vouching peer cannot make the key useless either: nothing else stands there. */
START_TEST(state_has_nothing_else_at_the_key) {
    begin(1);
    struct weft__space staged;
    struct weft_slice first = DOCUMENT(&root, .generation = 1);
    staged_init(&staged, &first, 1);
    ck_assert_int_eq(weft__rights_prepare_join(c.at[0].replica, &staged), 0);
    ck_assert_ptr_nonnull(weft__keyspace_make(&staged.keys, weft_str(WEFT_RIGHTS_KEY), weft_gset_class.type));
    ck_assert_int_eq(weft__rights_prepare_join(c.at[0].replica, &staged), WEFT_ERR_MALFORMED);
    weft__space_fini(&staged);
    end();
}
END_TEST

/* Nor in a checkpoint, whoever wrote it. */
START_TEST(checkpoint_has_nothing_else_at_the_key) {
    begin(1);
    struct weft_replica *r = c.at[0].replica;
    ck_assert_int_eq(weft__rights_restore(r), 0);
    ck_assert_ptr_nonnull(weft__keyspace_make(&r->space.keys, weft_str(WEFT_RIGHTS_KEY), weft_gset_class.type));
    ck_assert_int_eq(weft__rights_restore(r), WEFT_ERR_MALFORMED);
    end();
}
END_TEST

/* A join takes away what the other side has seen and does not have: a state that has seen a document has it. */
START_TEST(state_takes_no_document_away) {
    begin(1);
    struct hand h = {.space = space, .origin = {{{7}}, 1}, .word = WEFT_HLC_SECONDS(1700000000)};
    struct weft_slice first = DOCUMENT(&root, .generation = 1), second = DOCUMENT(&root, .generation = 2);
    struct weft_slice none = {NULL, 0};
    ck_assert(!is_void_document(&h, first));
    ck_assert_int_eq(join_code((struct weft_slice[]){first}, 1), 0);
    ck_assert_int_eq(join_code((struct weft_slice[]){first, second}, 2), 0);
    ck_assert_int_eq(join_code((struct weft_slice[]){none}, 1), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(join_code((struct weft_slice[]){none, second}, 2), WEFT_ERR_MALFORMED);
    ck_assert_int_eq(join_code((struct weft_slice[]){second}, 1), WEFT_ERR_MALFORMED);
    /* What was seen here, and was no document, is none there. */
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 1, .deltas = {delta_of_data("x")}}));
    h.origin.epoch = 2;
    h.seq = 0;
    ck_assert(is_void(&h, &(struct hand_txn){.generation = 1, .deltas = {delta_of_data("x")}}));
    ck_assert_int_eq(join_code((struct weft_slice[]){first, second}, 2), WEFT_ERR_MALFORMED);
    end();
}
END_TEST

/* By which of its writes an origin has seen a document is what it is judged by, so none of them goes. */
START_TEST(state_takes_no_write_of_a_document_away) {
    begin(1);
    struct weft_slice first = DOCUMENT(&root, .generation = 1);
    struct weft__txn_delta d = delta_of_document(first);
    struct weft__space staged;
    for (uint64_t epoch = 1; epoch <= 2; epoch++) {
        struct hand h = {.space = space, .origin = {{{7}}, epoch}, .word = WEFT_HLC_SECONDS(1700000000)};
        ck_assert(!is_void_document(&h, first));
    }
    for (int missing = 0; missing <= 2; missing++) {
        staged_begin(&staged);
        for (int epoch = 1; epoch <= 2; epoch++) staged_add(&staged, (uint64_t)epoch, epoch == missing ? NULL : &d);
        int rc = weft__rights_prepare_join(c.at[0].replica, &staged);
        ck_assert_int_eq(rc, missing == 0 ? 0 : WEFT_ERR_MALFORMED);
        weft__space_fini(&staged);
    }
    end();
}
END_TEST

int main(void) {
    return RUN_SUITE("engine/rights_hostile", sound_document_is_taken_of_anybody, document_of_another_is_void,
                     document_is_newer_than_what_was_seen, every_flipped_bit_makes_it_void,
                     delta_does_nothing_but_add_one_document, key_of_the_rights_holds_rights_only, removal_is_void,
                     what_is_void_is_void_whole, generation_without_rights_is_void, voids_are_the_same_everywhere,
                     state_has_sound_documents, every_write_of_a_document_is_looked_at,
                     state_has_nothing_else_at_the_key, checkpoint_has_nothing_else_at_the_key,
                     state_takes_no_document_away, state_takes_no_write_of_a_document_away);
}
