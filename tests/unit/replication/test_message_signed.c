/* Signatures in messages: they read back, by either reader, and are of rows that are there. */
#include <check.h>
#include <stdlib.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/wire.h"
#include "replication/message.h"
#include "tests/support/suite.h"

static const uint8_t first[WEFT__SIGNATURE_LEN] = "the first", second[WEFT__SIGNATURE_LEN] = "the second";
static const struct weft__message_head head = {.sender = {{{9}}, 1}, .wall = 1};

/* By both readers, which agree. */
static int decode(struct weft__message *m, struct weft_buf *bytes) {
    struct weft__message any;
    int rc = weft__message_decode(m, weft_buf_slice(bytes), &weft_alloc_default);
    ck_assert_int_eq(weft__message_decode_any(&any, weft_buf_slice(bytes), &weft_alloc_default), rc);
    if (rc != 0) return rc;
    ck_assert_uint_eq(m->transactions.signature_count, any.transactions.signature_count);
    for (size_t i = 0; i < m->transactions.signature_count; i++) {
        const struct weft__row_signature *x = &m->transactions.signatures[i], *y = &any.transactions.signatures[i];
        ck_assert(x->row == y->row && x->generation == y->generation);
        ck_assert_mem_eq(x->bytes, y->bytes, WEFT__SIGNATURE_LEN);
    }
    weft__message_fini(&any);
    return 0;
}

START_TEST(signatures_read_back) {
    const struct weft_slice items[] = {weft_str("one"), weft_str("another one"), weft_str("x")};
    const struct weft__row_signature given[] = {{0, 0, first}, {2, 300, second}};
    struct weft__message m;
    struct weft_buf bytes;
    for (size_t count = 0; count <= 2; count++) {
        weft_buf_init(&bytes, NULL);
        ck_assert_int_eq(weft__message_write_signed(&bytes, &head, items, 3, true, given, count), 0);
        ck_assert_int_eq(decode(&m, &bytes), 0);
        ck_assert(m.transactions.count == 3 && m.transactions.answer);
        ck_assert(weft_slice_eq(m.transactions.items[2], items[2]));
        ck_assert_uint_eq(m.transactions.signature_count, count);
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_eq(m.transactions.signatures[i].row, given[i].row);
            ck_assert_uint_eq(m.transactions.signatures[i].generation, given[i].generation);
            ck_assert_mem_eq(m.transactions.signatures[i].bytes, given[i].bytes, WEFT__SIGNATURE_LEN);
        }
        weft__message_fini(&m);
        weft_buf_fini(&bytes);
    }
}
END_TEST

static const struct {
    uint32_t rows[2];
    size_t count;
    int rc;
} cases[] = {{{0, 1}, 2, 0},
             {{1, 0}, 1, 0},
             {{2, 0}, 1, WEFT_ERR_MALFORMED},
             {{UINT32_MAX, 0}, 1, WEFT_ERR_MALFORMED},
             {{1, 1}, 2, WEFT_ERR_MALFORMED},
             {{1, 0}, 2, WEFT_ERR_MALFORMED}};

START_TEST(they_are_of_rows_that_are_there_and_ascend) {
    const struct weft_slice items[] = {weft_str("one"), weft_str("another one")};
    struct weft__message m;
    struct weft_buf bytes;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct weft__row_signature given[] = {{cases[i].rows[0], 1, first}, {cases[i].rows[1], 1, second}};
        weft_buf_init(&bytes, NULL);
        ck_assert_int_eq(weft__message_write_signed(&bytes, &head, items, 2, false, given, cases[i].count), 0);
        int rc = decode(&m, &bytes);
        ck_assert_msg(rc == cases[i].rc, "case %zu: %d", i, rc);
        if (rc == 0) weft__message_fini(&m);
        weft_buf_fini(&bytes);
    }
}
END_TEST

START_TEST(they_have_their_length) {
    static const uint8_t long_one[WEFT__SIGNATURE_LEN + 1] = "a byte too many";
    struct weft__message m;
    struct weft_buf bytes;
    for (size_t len = WEFT__SIGNATURE_LEN - 1; len <= WEFT__SIGNATURE_LEN + 1; len++) {
        weft_buf_init(&bytes, NULL);
        weft__write_field_varint(&bytes, 1, WEFT__PROTOCOL_VERSION);
        weft__write_bytes(&bytes, 3, weft_slice(head.sender.replica.bytes, sizeof head.sender.replica.bytes));
        size_t body = weft__write_begin(&bytes, WEFT__MESSAGE_TRANSACTIONS);
        weft__write_bytes(&bytes, 1, weft_str("a row"));
        size_t mark = weft__write_begin(&bytes, 3);
        weft__write_bytes(&bytes, 3, weft_slice(long_one, len));
        weft__write_end(&bytes, mark);
        weft__write_end(&bytes, body);
        int rc = decode(&m, &bytes);
        ck_assert_int_eq(rc, len == WEFT__SIGNATURE_LEN ? 0 : WEFT_ERR_MALFORMED);
        if (rc == 0) weft__message_fini(&m);
        weft_buf_fini(&bytes);
    }
}
END_TEST

/* A transaction as long as there are, in a frame, with its signature. */
START_TEST(the_longest_transaction_fits) {
    const struct weft__row_signature given = {0, UINT64_MAX, first};
    struct weft__message m;
    struct weft_buf bytes;
    uint8_t *txn = calloc(1, WEFT_TXN_MAX);
    struct weft_slice item = weft_slice(txn, WEFT_TXN_MAX);
    for (size_t count = 0; count <= 1; count++) {
        weft_buf_init(&bytes, NULL);
        ck_assert_int_eq(weft__message_write_signed(&bytes, &head, &item, 1, false, &given, count), 0);
        ck_assert_uint_le(bytes.len, WEFT_FRAME_MAX);
        ck_assert_int_eq(decode(&m, &bytes), 0);
        ck_assert(!m.transactions.answer);
        ck_assert_uint_eq(m.transactions.items[0].len, WEFT_TXN_MAX);
        weft__message_fini(&m);
        weft_buf_fini(&bytes);
    }
    free(txn);
}
END_TEST

int main(void) {
    return RUN_SUITE("message, signatures", signatures_read_back, they_are_of_rows_that_are_there_and_ascend,
                     they_have_their_length, the_longest_transaction_fits);
}
