/* test_rights_known.c: what links are told about peers: by the newest document that is known, applied or handed over.
 */
#include <check.h>
#include <string.h>

#include <weft/err.h>
#include <weft/rights.h>

#include "replication/engine.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

static struct cluster c;
static struct authority root;
static struct weft_id space;

static void begin_in(struct weft_id id) {
    cluster_init(&c, 1);
    c.at[0].options.space = id;
    ck_assert_int_eq(cluster_open(&c, 0), 0);
}

static void begin(void) {
    root = authority_new(1);
    space = authority_space(&root);
    begin_in(space);
}

static void end(void) {
    cluster_fini(&c);
}

static int apply(struct weft_slice document) {
    struct weft_txn *t = cluster_begin(&c, 0);
    int rc = weft_txn_rights(t, document);
    if (rc != 0)
        weft_txn_abort(t);
    else
        cluster_commit(&c, 0, t);
    return rc;
}

static struct weft_id id_of(int i) {
    return (struct weft_id){{(uint8_t)(i + 1)}};
}

/* "MRY": member, reads, relays; small letters: not. */
static const char *may(int i) {
    static char text[4];
    struct weft_id id = id_of(i);
    struct weft__allowance a = weft__rights_of_replica(c.at[0].replica, &id);
    text[0] = a.member ? 'M' : 'm';
    text[1] = a.read ? 'R' : 'r';
    text[2] = a.relay ? 'Y' : 'y';
    return text;
}

/* The generation; each member's one key, or none; nobody's grant but what is in the list. */
static void sign(struct weft_buf *out, uint64_t generation, const struct weft_key *const keys[4],
                 const struct weft_rights_grant *grants, size_t grant_count) {
    struct weft_rights_member members[4];
    for (int i = 0; i < 4; i++)
        members[i] = (struct weft_rights_member){id_of(i), weft_str("name"), weft_str(i < 2 ? "east" : ""), keys[i]};
    struct weft_rights doc = {.space = space,
                              .generation = generation,
                              .members = members,
                              .member_count = 4,
                              .grants = grants,
                              .grant_count = grant_count};
    weft_buf_reset(out);
    ck_assert_int_eq(weft_rights_sign(&doc, root.secret, out), 0);
}

static const struct weft_key *const no_keys[4];

START_TEST(everything_is_allowed_without_documents) {
    begin();
    ck_assert_str_eq(may(0), "MRY");
    ck_assert_str_eq(may(7), "MRY");
    end();
    begin_in((struct weft_id){{'W'}});
    ck_assert_str_eq(may(7), "MRY");
    end();
}
END_TEST

START_TEST(rights_are_the_union_of_grants) {
    struct weft_slice prefix = weft_str("p");
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    begin();
    struct weft_rights_grant grants[] = {
        {.subject = WEFT_RIGHTS_REGION, .region = weft_str("east"), .read = true},
        {.subject = WEFT_RIGHTS_REPLICA, .replica = id_of(0), .relay = true},
        {.subject = WEFT_RIGHTS_REPLICA, .replica = id_of(2), .write = &prefix, .write_count = 1},
        {.subject = WEFT_RIGHTS_REPLICA, .replica = id_of(6), .read = true, .relay = true}, /* no member */
        {.subject = WEFT_RIGHTS_EVERYBODY},
    };
    sign(&b, 1, no_keys, grants, 5);
    ck_assert_int_eq(apply(weft_buf_slice(&b)), 0);
    ck_assert_str_eq(may(0), "MRY");
    ck_assert_str_eq(may(1), "MRy");
    ck_assert_str_eq(may(2), "Mry"); /* it may write */
    ck_assert_str_eq(may(3), "mry"); /* it is a member, and may nothing */
    ck_assert_str_eq(may(6), "mry");
    grants[4].read = true;
    sign(&b, 2, no_keys, grants, 5);
    ck_assert_int_eq(apply(weft_buf_slice(&b)), 0);
    ck_assert_str_eq(may(3), "MRy");
    ck_assert_str_eq(may(6), "mry");
    weft_buf_fini(&b);
    end();
}
END_TEST

/* What was handed over counts while it is the newest, and never for what may be written. */
START_TEST(newest_document_counts_wherever_it_is_from) {
    struct weft_buf b;
    struct policy all = {.generation = 2, .writes = {"*", "*"}};
    weft_buf_init(&b, NULL);
    begin();
    struct weft_rights_grant grant = {.subject = WEFT_RIGHTS_REPLICA, .replica = id_of(1), .read = true};
    sign(&b, 3, no_keys, &grant, 1);
    ck_assert_int_eq(weft__rights_hint(c.at[0].replica, weft_buf_slice(&b)), 0);
    ck_assert_int_eq(weft__rights_hint(c.at[0].replica, weft_buf_slice(&b)), 0); /* again */
    ck_assert_str_eq(may(0), "mry");
    ck_assert_str_eq(may(1), "MRy");
    ck_assert(!weft_replica_may_write(c.at[0].replica, weft_str("k")));
    weft_buf_reset(&b);
    authority_sign(&root, &space, &all, &b);
    ck_assert_int_eq(apply(weft_buf_slice(&b)), 0);
    ck_assert_str_eq(may(0), "mry"); /* 2 is older */
    ck_assert(weft_replica_may_write(c.at[0].replica, weft_str("k")));
    ck_assert_uint_eq(cluster_set(&c, 0, "k", "x"), 2);
    all.generation = 4;
    weft_buf_reset(&b);
    authority_sign(&root, &space, &all, &b);
    ck_assert_int_eq(apply(weft_buf_slice(&b)), 0);
    ck_assert_str_eq(may(0), "MRY");
    weft_buf_fini(&b);
    end();
}
END_TEST

START_TEST(hints_are_documents_of_this_space) {
    struct authority other = authority_new(2);
    struct weft_id elsewhere = authority_space(&other);
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    begin();
    authority_sign(&other, &elsewhere, &(struct policy){.generation = 1}, &b);
    ck_assert_int_eq(weft__rights_hint(c.at[0].replica, weft_buf_slice(&b)), WEFT_ERR_INVALID);
    ck_assert_int_eq(weft__rights_hint(c.at[0].replica, weft_str("nonsense")), WEFT_ERR_MALFORMED);
    weft_buf_reset(&b);
    authority_sign(&root, &space, &(struct policy){.generation = 1}, &b);
    b.ptr[b.len - 1] ^= 1;
    ck_assert_int_eq(weft__rights_hint(c.at[0].replica, weft_buf_slice(&b)), WEFT_ERR_SIGNATURE);
    ck_assert_str_eq(may(5), "MRY");
    weft_buf_fini(&b);
    end();
}
END_TEST

/* What is handed over is nobody's word: its authority is the space's, or whom the documents that are known name. */
static int hint(const struct authority *by, uint64_t generation, const struct authority *next, const char *writes) {
    struct policy p = {.generation = generation, .writes = {writes}, .next = next};
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    authority_sign(by, &space, &p, &b);
    int rc = weft__rights_hint(c.at[0].replica, weft_buf_slice(&b));
    weft_buf_fini(&b);
    return rc;
}

static void apply_by(const struct authority *by, uint64_t generation, const struct authority *next) {
    struct policy p = {.generation = generation, .writes = {"*"}, .rest_is_in = true, .next = next};
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    authority_sign(by, &space, &p, &b);
    ck_assert_int_eq(apply(weft_buf_slice(&b)), 0);
    weft_buf_fini(&b);
}

START_TEST(documents_of_strangers_are_not_used) {
    struct authority stranger = authority_new(2);
    begin();
    ck_assert_int_eq(hint(&stranger, 1, NULL, "*"), WEFT_ERR_SIGNATURE);
    ck_assert_int_eq(hint(&stranger, 9, NULL, "*"), 0); /* who knows what led there */
    ck_assert_str_eq(may(5), "MRY");
    ck_assert_uint_eq(weft__rights_known_generation(c.at[0].replica), 0);
    ck_assert_int_eq(hint(&stranger, 10, NULL, "*"), 0); /* by the same: they do not tie each other */
    ck_assert_str_eq(may(5), "MRY");
    ck_assert_int_eq(hint(&root, 3, NULL, "*"), 0);
    ck_assert_str_eq(may(0), "MRY");
    ck_assert_str_eq(may(5), "mry");
    ck_assert_uint_eq(weft__rights_known_generation(c.at[0].replica), 3);
    apply_by(&root, 4, NULL);
    ck_assert_str_eq(may(5), "MRY");
    ck_assert_uint_eq(weft__rights_known_generation(c.at[0].replica), 4);
    end();
}
END_TEST

START_TEST(hand_overs_tie_documents) {
    struct authority second = authority_new(2), third = authority_new(3);
    for (int is_stored = 0; is_stored < 2; is_stored++) {
        begin();
        if (is_stored) apply_by(&root, 1, &second);
        if (is_stored) {
            weft_replica_checkpoint(c.at[0].replica);
            ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
            cluster_crash(&c, 0);
            ck_assert_int_eq(cluster_open(&c, 0), 0);
        }
        ck_assert_int_eq(hint(&third, 4, NULL, NULL), 0);
        ck_assert_str_eq(may(5), "MRY");
        if (!is_stored) apply_by(&root, 1, &second);
        ck_assert_uint_eq(weft__rights_known_generation(c.at[0].replica), 1);
        ck_assert_int_eq(hint(&root, 3, NULL, NULL), 0); /* it has handed over */
        ck_assert_uint_eq(weft__rights_known_generation(c.at[0].replica), 1);
        ck_assert_int_eq(hint(&second, 2, &third, NULL), 0);
        ck_assert_uint_eq(weft__rights_known_generation(c.at[0].replica), 4);
        ck_assert_str_eq(may(5), "mry");
        end();
    }
}
END_TEST

/* Options are there before the store is. */
START_TEST(documents_of_options_are_tied_by_what_is_restored) {
    struct authority second = authority_new(2);
    struct policy p = {.generation = 2, .writes = {"*"}};
    struct weft_buf b;
    struct weft_slice document;
    weft_buf_init(&b, NULL);
    begin();
    authority_sign(&second, &space, &p, &b);
    document = weft_buf_slice(&b);
    apply_by(&root, 1, &second);
    for (int is_checkpointed = 0; is_checkpointed < 2; is_checkpointed++) {
        if (is_checkpointed) {
            weft_replica_checkpoint(c.at[0].replica);
            ck_assert_int_eq(cluster_step(&c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}), 0);
        }
        cluster_crash(&c, 0);
        c.at[0].options.rights = &document;
        c.at[0].options.rights_count = 1;
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        ck_assert_uint_eq(weft__rights_known_generation(c.at[0].replica), 2);
        ck_assert_str_eq(may(5), "mry");
    }
    p.generation = 1;
    weft_buf_reset(&b);
    authority_sign(&second, &space, &p, &b);
    document = weft_buf_slice(&b);
    char why[128];
    struct weft_replica_options o = c.at[0].options;
    struct weft_replica *r;
    o.errmsg = why;
    o.errmsg_len = sizeof why;
    ck_assert_int_eq(weft_replica_new(&r, &o), WEFT_ERR_SIGNATURE);
    ck_assert_str_eq(why, "a document of rights: it is not signed by an authority that may sign it");
    weft_buf_fini(&b);
    end();
}
END_TEST

static const uint8_t *key_at(int i, size_t index) {
    struct weft_id id = id_of(i);
    const struct weft_key *keys[WEFT__SIGNING_KEYS_MAX + 1] = {NULL};
    (void)weft__rights_signing_keys(c.at[0].replica, &id, keys);
    return keys[index] == NULL ? NULL : keys[index]->bytes;
}

/* A member's key of any generation: what it signed before it changed its key stays signed. */
START_TEST(signing_keys_come_newest_first_and_once) {
    struct weft_key a = {{1}}, b = {{2}}, d = {{3}};
    struct weft_buf doc;
    weft_buf_init(&doc, NULL);
    begin();
    ck_assert_ptr_null(key_at(0, 0));
    const struct weft_key *const of[5][4] = {{&a, NULL}, {&b, &a}, {&a, NULL}, {NULL, NULL}, {&d, NULL}};
    for (uint64_t g = 1; g <= 5; g++) {
        sign(&doc, g, of[g - 1], NULL, 0);
        bool is_hint = g == 2 || g == 5; /* the lists are merged */
        int rc = is_hint ? weft__rights_hint(c.at[0].replica, weft_buf_slice(&doc)) : apply(weft_buf_slice(&doc));
        ck_assert_int_eq(rc, 0);
    }
    ck_assert_mem_eq(key_at(0, 0), d.bytes, WEFT_KEY_LEN);
    ck_assert_mem_eq(key_at(0, 1), a.bytes, WEFT_KEY_LEN);
    ck_assert_mem_eq(key_at(0, 2), b.bytes, WEFT_KEY_LEN);
    ck_assert_ptr_null(key_at(0, 3));
    ck_assert_mem_eq(key_at(1, 0), a.bytes, WEFT_KEY_LEN);
    ck_assert_ptr_null(key_at(1, 1));
    ck_assert_ptr_null(key_at(2, 0));
    ck_assert_ptr_null(key_at(6, 0));
    weft_buf_fini(&doc);
    end();
}
END_TEST

/* What a check of a signature takes does not grow with the keys that a member has had. */
START_TEST(signing_keys_have_a_bound) {
    struct weft_buf doc;
    weft_buf_init(&doc, NULL);
    begin();
    for (uint8_t g = 1; g <= WEFT__SIGNING_KEYS_MAX + 4; g++) {
        struct weft_key key = {{g}};
        sign(&doc, g, (const struct weft_key *const[4]){&key}, NULL, 0);
        ck_assert_int_eq(apply(weft_buf_slice(&doc)), 0);
    }
    for (size_t i = 0; i < WEFT__SIGNING_KEYS_MAX; i++)
        ck_assert_uint_eq(key_at(0, i)[0], WEFT__SIGNING_KEYS_MAX + 4 - i);
    ck_assert_ptr_null(key_at(0, WEFT__SIGNING_KEYS_MAX));
    weft_buf_fini(&doc);
    end();
}
END_TEST

START_TEST(nth_allocation_fails) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    root = authority_new(1);
    space = authority_space(&root);
    authority_sign(&root, &space, &(struct policy){.generation = 1, .writes = {"*"}}, &b);
    for (size_t n = 1, rc = 1; rc != 0; n++) {
        struct failing_alloc f;
        failing_alloc_init(&f);
        cluster_init(&c, 1);
        c.at[0].options.space = space;
        c.at[0].options.alloc = &f.alloc;
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        f.calls = 0;
        f.fail_at = n;
        rc = weft__rights_hint(c.at[0].replica, weft_buf_slice(&b)) != 0;
        f.fail_at = 0;
        ck_assert_str_eq(may(5), rc != 0 ? "MRY" : "mry");
        end();
        ck_assert_uint_eq(f.live_bytes, 0);
        ck_assert(rc != 0 || n > 2);
    }
    weft_buf_fini(&b);
}
END_TEST

/* For people: one line. */
START_TEST(documents_print) {
    struct weft_object_info info;
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    begin();
    for (uint64_t g = 1; g <= 2; g++) {
        weft_buf_reset(&b);
        authority_sign(&root, &space, &(struct policy){.generation = g, .writes = {"*", ""}}, &b);
        ck_assert_int_eq(apply(weft_buf_slice(&b)), 0);
    }
    ck_assert(weft_replica_object(c.at[0].replica, weft_str(""), 0, &info));
    ck_assert_ptr_eq(info.cls, &weft_rights_class);
    weft_buf_reset(&b);
    ck_assert_int_eq(info.cls->print(info.view, &b), 0);
    ck_assert_int_eq(weft_buf_append(&b, "", 1), 0);
    ck_assert_str_eq((const char *)b.ptr, "generation 1: 2 members, 2 grants, generation 2: 2 members, 2 grants");
    weft_buf_fini(&b);
    end();
}
END_TEST

int main(void) {
    return RUN_SUITE("engine/rights_known", everything_is_allowed_without_documents, rights_are_the_union_of_grants,
                     newest_document_counts_wherever_it_is_from, hints_are_documents_of_this_space,
                     documents_of_strangers_are_not_used, hand_overs_tie_documents,
                     documents_of_options_are_tied_by_what_is_restored, signing_keys_come_newest_first_and_once,
                     signing_keys_have_a_bound, nth_allocation_fails, documents_print);
}
