/* test_signed.c: nodes in a space in which every transaction is signed: they sign with the key of their identity, and
 * what they cannot sign stays where it is. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <string.h>

#include <weft/err.h>
#include <weft/rights.h>

#include "replication/rights.h"
#include "replication/uv/identity.h"
#include "replication/uv/node.h"
#include "tests/uv/members.h"

#define NODES 3

static struct weft_id space;
static struct weft_key root;
static uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
static struct weft_buf document;

/* Three members, in the order of their ids; `strange`: the document has another key for this one. */
static void sign_document(size_t strange) {
    struct weft_rights_member members[NODES];
    struct weft_key keys[NODES];
    struct weft_slice everything = weft_str("");
    for (size_t i = 0; i < NODES; i++) {
        struct weft_identity *id = identity((uint8_t)(i + 1), &as_it_is);
        size_t at = i;
        keys[i] = id->signing;
        keys[i].bytes[0] ^= i == strange;
        for (; at > 0 && weft_id_cmp(&id->replica, &members[at - 1].replica) < 0; at--) members[at] = members[at - 1];
        members[at] =
            (struct weft_rights_member){.replica = id->replica, .name = weft_str("a node"), .signing_key = &keys[i]};
        weft_identity_free(id);
    }
    struct weft_rights_grant grant = {
        .subject = WEFT_RIGHTS_EVERYBODY, .read = true, .relay = true, .write = &everything, .write_count = 1};
    struct weft_rights doc = {
        .space = space, .generation = 1, .members = members, .member_count = NODES, .grants = &grant, .grant_count = 1};
    weft_buf_init(&document, NULL);
    ck_assert_int_eq(weft_rights_sign(&doc, secret, &document), 0);
}

static void setup(void) {
    members_setup();
    ck_assert_int_eq(weft_authority_new(&root, secret), 0);
    weft_rights_space(&space, &root, true);
}

static void teardown(void) {
    members_teardown();
    weft_buf_fini(&document);
}

static void open_member(size_t i) {
    struct peer *p = world_peer(&w, i);
    p->engine.space = space;
    p->o.plain_links = false;
    p->o.identity = identity((uint8_t)(i + 1), &as_it_is);
    if (i > 0) peer_seed(p, weft_uv_port(w.peers[0].node)); /* which passes on */
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, NULL, 0), 0);
    weft_identity_free(p->o.identity);
    ck_assert_int_eq(weft__rights_hint(p->node->replica, weft_buf_slice(&document)), 0);
}

static void commit_document(void) {
    struct weft_txn *t;
    ck_assert_int_eq(weft_uv_txn_begin(w.peers[0].node, &t), 0);
    ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&document)), 0);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    wanted++;
}

static uint64_t refused_by_all(void) {
    uint64_t refused = 0;
    for (size_t i = 0; i < NODES; i++) {
        struct weft_replica_stats stats;
        weft_replica_stats(w.peers[i].node->replica, &stats);
        refused += stats.refused;
    }
    return refused;
}

START_TEST(nodes_sign_with_their_keys) {
    sign_document(NODES);
    for (size_t i = 0; i < NODES; i++) open_member(i);
    commit_document();
    expect_converged();
    for (size_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < NODES; i++) write_at(i);
        world_run_for(&w, 2);
    }
    expect_converged();
    peer_close(&w.peers[1]);
    write_at(0);
    world_run_for(&w, 20);
    open_member(1);
    expect_converged();
    ck_assert_uint_eq(refused_by_all(), 0);
}
END_TEST

static bool second_is_durable(struct world *in) {
    return in->peers[1].durable == 1;
}

/* The document has another key for the second node: what it writes is kept, and does not leave. */
START_TEST(what_cannot_be_signed_stays) {
    sign_document(1);
    for (size_t i = 0; i < NODES; i++) open_member(i);
    commit_document();
    expect_converged();
    write_at(1);
    ck_assert(world_run(&w, second_is_durable, 5000));
    ck_assert(w.peers[1].node->sign_failed);
    wanted--;
    write_at(0);
    world_run_for(&w, 300);
    struct weft_replica_stats stats;
    weft_replica_stats(w.peers[2].node->replica, &stats);
    ck_assert_uint_eq(stats.transactions, 2);
    ck_assert_uint_eq(refused_by_all(), 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("uv-signed");
    TCase *t = tcase_create("signed");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, nodes_sign_with_their_keys);
    tcase_add_test(t, what_cannot_be_signed_stays);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
