/* messages.c: a member in good standing whose messages are wrong, or too many, or of which it never reads the answers.
 * What a void or forked transaction does to a space is the engine's tests' (tests/unit/replication). */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/limits.h>
#include <weft/lwwreg.h>

#include "replication/transaction.h"
#include "replication/uv/link.h"
#include "replication/uv/node.h"
#include "tests/hostile/row.h"
#include "tests/support/failing_alloc.h"

/* The write queue's bound, twice, since a buffer has up to twice the room of what is in it; and what is made for it. */
#define QUEUE_BYTES (24u << 20)

static struct weft_buf message;

static void say_message(struct attacker *a) {
    attacker_send(a, &message);
    weft_buf_fini(&message);
}

static struct weft__message_head *begin(void) {
    static struct weft__message_head head;
    weft_buf_init(&message, NULL);
    head = attacker_head();
    return &head;
}

/* --- One wrong message ------------------------------------------------------------------------------------------- */

static void message_is_garbage(struct attacker *a, unsigned variant) {
    static const size_t lengths[] = {1, 100, 100000};
    attacker_link(a);
    begin();
    for (size_t i = 0; i < lengths[variant]; i++) {
        uint8_t byte = (uint8_t)(i * i * 13 + 0xf7);
        weft_buf_append(&message, &byte, 1);
    }
    say_message(a);
}

static void message_is_of_another_version(struct attacker *a, unsigned variant) {
    (void)variant;
    attacker_link(a);
    weft__message_write_digest(&message, begin(), true, NULL, 0, NULL);
    ck_assert_uint_eq(message.ptr[1], WEFT__PROTOCOL_VERSION);
    message.ptr[1]++;
    say_message(a);
}

static void message_is_of_another_space(struct attacker *a, unsigned variant) {
    attacker_link(a);
    struct weft__message_head *head = begin();
    head->space.bytes[variant * 5] = 'x';
    weft__message_write_digest(&message, head, true, NULL, 0, NULL);
    say_message(a);
}

static struct weft__digest_entry entry_of(const struct weft_origin *origin, uint64_t seq) {
    return (struct weft__digest_entry){.origin = *origin, .seq = seq, .hash = {1}};
}

static struct weft_origin origin_of(size_t member) {
    return weft_replica_self(weft_uv_replica(w.peers[member].node));
}

static void message_is_cut(struct attacker *a, unsigned variant) {
    struct weft_origin origin = origin_of(1);
    struct weft__digest_entry e = entry_of(&origin, 1);
    attacker_link(a);
    weft__message_write_digest(&message, begin(), true, &e, 1, NULL);
    size_t lengths[] = {1, 3, 20, message.len / 2, message.len - 1};
    message.len = lengths[variant];
    say_message(a);
}

/* It says that it is the victim, the second member, or nobody that there is. */
static void speaks_for_another(struct attacker *a, unsigned variant) {
    attacker_link(a);
    struct weft__message_head *head = begin();
    head->sender = variant < 2 ? origin_of(variant) : (struct weft_origin){{{0xee}}, 5};
    weft__message_write_digest(&message, head, true, NULL, 0, NULL);
    say_message(a);
}

static void digest_is_too_long(struct attacker *a, unsigned variant) {
    size_t count = WEFT_DIGEST_MAX + 1;
    struct weft__digest_entry *entries = calloc(count, sizeof *entries);
    ck_assert_ptr_nonnull(entries);
    (void)variant;
    attacker_link(a);
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct weft__digest_entry){
            .origin = {{{1, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i}}, 1}, .seq = 1};
    weft__message_write_digest(&message, begin(), true, entries, count, NULL);
    free(entries);
    say_message(a);
}

/* --- Wrong transactions ------------------------------------------------------------------------------------------ */

static void say_transactions(struct attacker *a, const struct weft_slice *items, size_t count) {
    weft__message_write_transactions(&message, begin(), items, count, false);
    say_message(a);
}

static void transaction_is_garbage(struct attacker *a, unsigned variant) {
    static const char *const words[] = {"x", "\x08\x01\x12", "a transaction, if you please, of any kind that you like"};
    struct weft_slice item = weft_str(words[variant]);
    attacker_link(a);
    say_transactions(a, &item, 1);
}

/* As its own, if `origin` does not say another. */
static void write_transaction(struct weft_buf *b, const struct weft_origin *origin, uint64_t seq, uint64_t word) {
    static const uint8_t previous[WEFT__CHAIN_LEN] = {1};
    struct weft__transaction t = {.origin = *origin, .seq = seq, .stamp = {word, 0}};
    struct weft__txn_delta d = {weft_str("n"), weft_gcounter_class.type, 1, weft_str("")};
    if (seq > 1) t.previous = weft_slice(previous, sizeof previous);
    weft__transaction_write_head(b, &t);
    weft__transaction_write_delta(b, &d);
}

static void transaction_is_of_another_space(struct attacker *a, unsigned variant) {
    struct weft__transaction t = {.origin = attacker_head().sender, .seq = 1, .stamp = {attacker_head().wall, 0}};
    struct weft_buf b;
    (void)variant;
    weft_buf_init(&b, NULL);
    t.space.bytes[0] = 'x';
    weft__transaction_write_head(&b, &t);
    attacker_link(a);
    struct weft_slice item = weft_buf_slice(&b);
    say_transactions(a, &item, 1);
    weft_buf_fini(&b);
}

/* Stamped in ten years: it waits for them, and its successor behind it. */
static void transaction_is_of_the_future(struct attacker *a, unsigned variant) {
    struct weft_origin own = attacker_head().sender;
    uint64_t word = attacker_head().wall + WEFT_HLC_SECONDS(UINT64_C(10) * 365 * 86400);
    struct weft_buf b[2];
    struct weft_slice items[2];
    (void)variant;
    for (size_t i = 0; i < 2; i++) {
        weft_buf_init(&b[i], NULL);
        write_transaction(&b[i], &own, i + 1, word + i);
        items[i] = weft_buf_slice(&b[i]);
    }
    attacker_link(a);
    say_transactions(a, items, 2);
    for (size_t i = 0; i < 2; i++) weft_buf_fini(&b[i]);
}

/* Each of an origin of its own, and none is the first of it: they wait, as far as there is room. */
static void transactions_follow_nothing(struct attacker *a, unsigned variant) {
    struct weft_buf b;
    (void)variant;
    attacker_link(a);
    for (uint32_t i = 0; i < 2000 && !a->shown_out; i++) {
        struct weft_origin made_up = {{{0xee, (uint8_t)(i >> 8), (uint8_t)i}}, 1};
        weft_buf_init(&b, NULL);
        write_transaction(&b, &made_up, 7, attacker_head().wall);
        struct weft_slice item = weft_buf_slice(&b);
        say_transactions(a, &item, 1);
        weft_buf_fini(&b);
    }
}

/* --- Too many ---------------------------------------------------------------------------------------------------- */

static size_t victim_bytes(void) {
    return ((const struct failing_alloc *)w.peers[0].engine.alloc->ctx)->live_bytes;
}

/* A million names, of which something would be there to be asked for. */
static void digests_name_made_up_origins(struct attacker *a, unsigned variant) {
    size_t count = WEFT_DIGEST_MAX, before = victim_bytes();
    struct weft__digest_entry *entries = calloc(count, sizeof *entries);
    ck_assert_ptr_nonnull(entries);
    attacker_link(a);
    for (size_t round = 0; round < 31; round++) {
        for (size_t i = 0; i < count; i++)
            entries[i] = (struct weft__digest_entry){
                .origin = {{{0xee, (uint8_t)round, (uint8_t)(i >> 8), (uint8_t)i}}, 1}, .seq = UINT64_MAX / 2};
        weft__message_write_digest(&message, begin(), variant == 1, entries, count, NULL);
        say_message(a);
        ck_assert_uint_le(victim_bytes(), before + QUEUE_BYTES); /* one message decoded, and 4,096 names */
    }
    free(entries);
}

void fill_victim(void) {
    static char value[64 << 10];
    for (unsigned i = 0; i < 32; i++) {
        struct weft_txn *t;
        ck_assert_int_eq(weft_uv_txn_begin(w.peers[0].node, &t), 0);
        weft_lwwreg_set(weft_txn_edit(t, weft_str("large"), &weft_lwwreg_class), weft_slice(value, sizeof value));
        ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
        wanted++;
    }
    expect_converged();
}

static void ask_for_all(void) {
    struct weft__range range = {origin_of(0), 0, UINT64_MAX / 2};
    weft__message_write_request(&message, begin(), &range, 1);
}

/* Over and over. It reads what comes, or never does. */
static void asks_for_everything(struct attacker *a, unsigned variant) {
    attacker_link(a);
    a->deaf = variant == 1;
    size_t before = victim_bytes(), most = before;
    for (unsigned i = 0; i < 400 && !a->shown_out; i++) {
        ask_for_all();
        say_message(a);
        attacker_wait(a, 2);
        if (victim_bytes() > most) most = victim_bytes();
    }
    ck_assert_uint_le(most, before + QUEUE_BYTES);
}

static void asks_for_what_is_not_there(struct attacker *a, unsigned variant) {
    struct weft__range ranges[200];
    attacker_link(a);
    for (unsigned round = 0; round < 200; round++) {
        for (uint8_t i = 0; i < 200; i++)
            ranges[i] = (struct weft__range){{{{0xee, i}}, round}, variant == 0 ? 0 : UINT64_MAX - 2, UINT64_MAX - 1};
        weft__message_write_request(&message, begin(), ranges, 200);
        say_message(a);
    }
}

static void asks_for_states(struct attacker *a, unsigned variant) {
    size_t before = victim_bytes(), most = before;
    attacker_link(a);
    a->deaf = variant == 1;
    for (unsigned i = 0; i < 400 && !a->shown_out; i++) {
        weft__message_write_state_request(&message, begin(), variant == 2 ? i : 0, variant == 2 ? i * 1000 : 0);
        say_message(a);
        attacker_wait(a, 2);
        if (victim_bytes() > most) most = victim_bytes();
    }
    ck_assert_uint_le(most, before + QUEUE_BYTES);
}

static void brings_a_state_unasked(struct attacker *a, unsigned variant) {
    uint8_t hash[WEFT__CHAIN_LEN] = {1};
    attacker_link(a);
    weft__message_write_state_chunk(&message, begin(), 77, variant, 3, variant == 2 ? UINT64_MAX : 300, hash,
                                    weft_str("what you never asked for"));
    say_message(a);
}

static void digests_without_end(struct attacker *a, unsigned variant) {
    (void)variant;
    attacker_link(a);
    a->deaf = true;
    for (unsigned i = 0; i < 5000 && !a->shown_out; i++) {
        weft__message_write_digest(&message, begin(), true, NULL, 0, NULL);
        say_message(a);
    }
    ck_assert_uint_le(w.peers[0].node->stats.messages_out, 20000);
}

const struct row message_rows[] = {
    {"sends garbage for a message", message_is_garbage, 3, WEFT_ERR_MALFORMED, "", AS_MEMBER},
    {"sends a message of a newer version", message_is_of_another_version, 0, WEFT_ERR_VERSION, "", AS_MEMBER},
    {"speaks of another space", message_is_of_another_space, 3, WEFT_ERR_MALFORMED, "", AS_MEMBER},
    {"cuts a message short inside its frame", message_is_cut, 5, WEFT_ERR_MALFORMED, "", AS_MEMBER},
    {"speaks for another replica", speaks_for_another, 3, WEFT_ERR_CERTIFICATE, "", AS_MEMBER},
    {"names more origins than a digest may", digest_is_too_long, 0, WEFT_ERR_LIMIT, "", AS_MEMBER},
    {"sends garbage for a transaction", transaction_is_garbage, 3, WEFT_ERR_MALFORMED, "", AS_MEMBER},
    {"sends a transaction of another space", transaction_is_of_another_space, 0, WEFT_ERR_MALFORMED, "", AS_MEMBER},
    {"stamps transactions in ten years", transaction_is_of_the_future, 0, 0, "", AS_MEMBER},
    {"sends 2,000 transactions that follow nothing", transactions_follow_nothing, 0, 0, "", AS_MEMBER},
    {"names a million origins that are not there", digests_name_made_up_origins, 2, 0, "", AS_MEMBER},
    {"asks for everything, 400 times, and reads it or not", asks_for_everything, 2, 0, "", AS_MEMBER},
    {"asks for what is not there", asks_for_what_is_not_there, 2, 0, "", AS_MEMBER},
    {"asks for states without end, and reads them or not", asks_for_states, 3, 0, "", AS_MEMBER},
    {"brings a state that nobody asked for", brings_a_state_unasked, 3, 0, "", AS_MEMBER},
    {"asks for 5,000 digests and reads none", digests_without_end, 0, 0, "", AS_MEMBER},
};
const unsigned message_row_count = sizeof message_rows / sizeof message_rows[0];
