/* rights.c: a member of the cluster in a space with rights, which does what it may not. The first two members may do
 * everything; what the third may is the row's. That revocation binds what follows it, whoever carries it, is the
 * engine's tests' (tests/unit/replication). */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/limits.h>
#include <weft/rights.h>

#include "base/signature.h"
#include "replication/transaction.h"
#include "replication/uv/frame.h"
#include "replication/uv/node.h"
#include "tests/hostile/row.h"

static struct weft_id space;
static struct weft_buf document;

/* --- The space --------------------------------------------------------------------------------------------------- */

static int by_replica(const void *a, const void *b) {
    return weft_id_cmp(&((const struct weft_rights_member *)a)->replica,
                       &((const struct weft_rights_member *)b)->replica);
}

static struct weft_rights_grant grant_to(uint8_t number) {
    static const struct weft_slice everything = {.len = 0};
    return (struct weft_rights_grant){.subject = WEFT_RIGHTS_REPLICA,
                                      .replica = member_id(number),
                                      .read = true,
                                      .relay = true,
                                      .write = &everything,
                                      .write_count = 1};
}

static void write_document(const struct may *may) {
    static const struct weft_slice own = {(const uint8_t *)"own/", 4};
    struct weft_rights_member members[3];
    struct weft_key signing[3], secret;
    struct weft_rights_grant grants[3];
    unsigned count = may->is_member ? 3 : 2;
    for (uint8_t i = 0; i < 3; i++) {
        secret_of((uint8_t)(i + 1), &secret);
        weft_key_signing(&signing[i], &secret);
        members[i] = (struct weft_rights_member){
            .replica = member_id((uint8_t)(i + 1)), .name = weft_str("member"), .signing_key = &signing[i]};
        grants[i] = grant_to((uint8_t)(i + 1));
    }
    grants[2].read = may->reads;
    grants[2].relay = may->relays;
    grants[2].write = &own;
    qsort(members, count, sizeof members[0], by_replica);
    struct weft_rights doc = {.space = space,
                              .generation = 1,
                              .members = members,
                              .member_count = count,
                              .grants = grants,
                              .grant_count = count};
    weft_buf_init(&document, NULL);
    ck_assert_int_eq(weft_rights_sign(&doc, authority.secret, &document), 0);
}

static void prepare(struct weft_replica_options *o) {
    static struct weft_slice known;
    known = weft_buf_slice(&document);
    o->space = space;
    o->rights = &known;
    o->rights_count = 1;
}

void rights_prepare(const struct may *may) {
    space = (struct weft_id){{0}};
    if (may == NULL) return;
    weft_rights_space(&space, &authority.public_key, may->is_signed);
    write_document(may);
    prepare_engine = prepare;
}

void rights_commit(const struct may *may) {
    struct weft_txn *t;
    if (may == NULL) return;
    ck_assert_int_eq(weft_uv_txn_begin(w.peers[0].node, &t), 0);
    ck_assert_int_eq(weft_txn_rights(t, weft_buf_slice(&document)), 0);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    wanted++;
    expect_converged();
    weft_buf_fini(&document);
}

struct weft_id rights_of_space(void) {
    return space;
}

/* --- What it does ------------------------------------------------------------------------------------------------ */

static void say_message(struct attacker *a, struct weft_buf *message) {
    attacker_send(a, message);
    weft_buf_fini(message);
}

/* Adds five to the members' counter. */
static void write_five(struct weft_buf *b, const struct weft_origin *origin, uint64_t generation) {
    static const uint8_t five[] = {0x0a, 3, 0x1a, 1, 5};
    struct weft__transaction t = {.space = space,
                                  .origin = *origin,
                                  .seq = 1,
                                  .stamp = {attacker_head().wall, 0},
                                  .rights_generation = generation};
    struct weft__txn_delta d = {weft_str("n"), weft_gcounter_class.type, 1, weft_slice(five, sizeof five)};
    weft_buf_init(b, NULL);
    weft__transaction_write_head(b, &t);
    weft__transaction_write_delta(b, &d);
}

static void bring(struct attacker *a, const struct weft_origin *origin, uint64_t generation) {
    struct weft_buf txn, message;
    struct weft__message_head head = attacker_head();
    weft_buf_init(&message, NULL);
    write_five(&txn, origin, generation);
    struct weft_slice item = weft_buf_slice(&txn);
    weft__message_write_transactions(&message, &head, &item, 1, false);
    weft_buf_fini(&txn);
    say_message(a, &message);
}

/* As if it had seen no document, and by one that nothing in its past shows. */
static void writes_elsewhere(struct attacker *a, unsigned variant) {
    struct weft_origin own = attacker_head().sender;
    attacker_link(a);
    bring(a, &own, variant);
}

static void brings_what_another_wrote(struct attacker *a, unsigned variant) {
    struct weft_origin made_up = {member_id(2), 77};
    attacker_link(a);
    bring(a, &made_up, variant);
}

/* Without a signature; with one of its own; with one of that replica, of something else. */
static void forges_what_another_wrote(struct attacker *a, unsigned variant) {
    struct weft_origin victim = {member_id(variant == 2 ? 2 : 1), 77};
    uint8_t signature[WEFT__SIGNATURE_LEN] = {0}, seed[32] = {3};
    struct weft_key public_key;
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
    struct weft_buf txn, message;
    struct weft__message_head head = attacker_head();
    weft_buf_init(&message, NULL);
    write_five(&txn, &victim, 1);
    weft__signature_keys(public_key.bytes, secret, seed);
    weft__signature_make(signature, weft_buf_slice(&txn), secret);
    struct weft__row_signature by = {.row = 0, .generation = 1, .bytes = signature};
    struct weft_slice item = weft_buf_slice(&txn);
    attacker_link(a);
    weft__message_write_signed(&message, &head, &item, 1, false, &by, variant == 0 ? 0 : 1);
    weft_buf_fini(&txn);
    say_message(a, &message);
}

static void is_no_member(struct attacker *a, unsigned variant) {
    (void)variant;
    attacker_shake_hands(a, identity(ATTACKER, &as_it_is));
    attacker_wait(a, 20);
}

/* Looks through all that it heard. */
static void expect_no_rows(struct attacker *a) {
    size_t at = 0;
    while (at + WEFT__FRAME_HEAD <= a->plain.len) {
        const uint8_t *p = a->plain.ptr + at;
        size_t len = (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
        struct weft__message m;
        ck_assert_int_eq(weft__message_decode(&m, weft_slice(p + WEFT__FRAME_HEAD, len), NULL), 0);
        ck_assert(m.kind != WEFT__MESSAGE_TRANSACTIONS || m.transactions.count == 0);
        ck_assert(m.kind != WEFT__MESSAGE_STATE_CHUNK);
        if (m.kind == WEFT__MESSAGE_DIGEST) ck_assert_uint_eq(m.digest.count, 0);
        weft__message_fini(&m);
        at += WEFT__FRAME_HEAD + len;
    }
    ck_assert_uint_gt(at, 0);
}

static void reads_what_others_wrote(struct attacker *a, unsigned variant) {
    struct weft__message_head head = attacker_head();
    struct weft__range range = {weft_replica_self(weft_uv_replica(w.peers[variant % 2].node)), 0, 1000};
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    attacker_link(a);
    if (variant < 2)
        weft__message_write_request(&message, &head, &range, 1);
    else
        weft__message_write_state_request(&message, &head, 0, 0);
    say_message(a, &message);
    attacker_wait(a, 100);
    expect_no_rows(a);
}

static void listens_to_what_others_write(struct attacker *a, unsigned variant) {
    struct weft__message_head head = attacker_head();
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    attacker_link(a);
    weft__message_write_digest(&message, &head, 1, NULL, 0, NULL);
    say_message(a, &message);
    write_at(variant);
    expect_converged();
    attacker_wait(a, 50);
    expect_no_rows(a);
}

/* Nobody asked for it, and its certificate says that nobody should take one. */
static void gives_a_state_and_does_not_vouch(struct attacker *a, unsigned variant) {
    static const uint8_t hash[WEFT__CHAIN_LEN] = {1};
    struct weft__message_head head = attacker_head();
    struct change c = {.certificate = fresh_certificate(ATTACKER)};
    struct weft_buf message;
    (void)variant;
    c.certificate.vouches = false;
    attacker_shake_hands(a, identity(ATTACKER, &c));
    weft_buf_init(&message, NULL);
    weft__message_write_state_chunk(&message, &head, 7, 0, 2, 100, hash, weft_str("made up"));
    say_message(a, &message);
}

static const struct may all_but_write = {.is_member = true, .reads = true, .relays = true};
static const struct may no_relay = {.is_member = true, .reads = true};
static const struct may no_read = {.is_member = true, .relays = true};
static const struct may all_signed = {.is_member = true, .reads = true, .relays = true, .is_signed = true};
static const struct may nothing = {.is_member = false};

const struct row rights_rows[] = {
    {"writes what it may not", writes_elsewhere, 2, WEFT_ERR_DENIED, "", AS_MEMBER},
    {"brings what another wrote, and may not relay", brings_what_another_wrote, 2, WEFT_ERR_DENIED, "", AS_MEMBER},
    {"asks for what others wrote, and may not read", reads_what_others_wrote, 3, WEFT_ERR_DENIED, "may not read",
     AS_MEMBER},
    {"is linked while others write, and may not read", listens_to_what_others_write, 2, 0, "", AS_MEMBER},
    {"forges what another wrote, in a signed space", forges_what_another_wrote, 3, WEFT_ERR_SIGNATURE, "", AS_MEMBER},
    {"links, and is no member of the space", is_no_member, 0, WEFT_ERR_DENIED, "", ANSWER},
    {"gives a state, and does not vouch", gives_a_state_and_does_not_vouch, 0, WEFT_ERR_DENIED, "does not vouch",
     AS_MEMBER},
};
const struct terms rights_terms[] = {
    {&all_but_write, true, false}, {&no_relay, false, false}, {&no_read, false, false},      {&no_read, false, true},
    {&all_signed, false, false},   {&nothing, false, false},  {&all_but_write, false, false}};
const unsigned rights_row_count = sizeof rights_rows / sizeof rights_rows[0];
