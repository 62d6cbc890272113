/* Messages: whatever bytes come, they decode or are refused within the budget; what was decoded, written and decoded
 * again says the same; what was read in place is what would be written; and what protobuf-c makes of the same bytes is
 * the same. */
#include <string.h>

#include <weft/err.h>

#include "replication/message.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/failing_alloc.h"

/* Of memory, as message_any.c has it, and what an array may take beside the bytes. */
#define MEMORY_MAX(size) (16 * (size) + 8192)

static unsigned flags_of(const struct weft__message *m) {
    return (m->digest.reply ? WEFT__DIGEST_REPLY : 0u) | (m->digest.own_only ? WEFT__DIGEST_OWN_ONLY : 0u) |
           (m->digest.yours_only ? WEFT__DIGEST_YOURS_ONLY : 0u);
}

static int write_again(struct weft_buf *out, const struct weft__message *m) {
    switch (m->kind) {
    case WEFT__MESSAGE_DIGEST:
        return weft__message_write_digest(out, &m->head, flags_of(m), m->digest.entries, m->digest.count,
                                          m->digest.has_state_hash ? m->digest.state_hash : NULL);
    case WEFT__MESSAGE_REQUEST:
        return weft__message_write_request(out, &m->head, m->request.ranges, m->request.count);
    case WEFT__MESSAGE_TRANSACTIONS:
        return weft__message_write_signed(out, &m->head, m->transactions.items, m->transactions.count,
                                          m->transactions.answer, m->transactions.signatures,
                                          m->transactions.signature_count);
    case WEFT__MESSAGE_STATE_REQUEST:
        return weft__message_write_state_request(out, &m->head, m->state.transfer, m->state.chunk);
    case WEFT__MESSAGE_STATE_CHUNK:
        return weft__message_write_state_chunk(out, &m->head, m->state.transfer, m->state.chunk, m->state.count,
                                               m->state.total, m->state.hash, m->state.bytes);
    }
    return WEFT_ERR_MALFORMED;
}

static void say_twice(const struct weft__message *m, struct weft_slice bytes) {
    struct weft_buf first, second;
    struct weft__message again;
    weft_buf_init(&first, NULL);
    weft_buf_init(&second, NULL);
    HOLDS(write_again(&first, m) == 0);
    HOLDS(weft__message_decode(&again, weft_buf_slice(&first), &weft_alloc_default) == 0);
    HOLDS(again.kind == m->kind);
    HOLDS(write_again(&second, &again) == 0);
    HOLDS(weft_slice_eq(weft_buf_slice(&first), weft_buf_slice(&second)));
    if (m->decoded == NULL) HOLDS(weft_slice_eq(weft_buf_slice(&first), bytes));
    weft__message_fini(&again);
    weft_buf_fini(&first);
    weft_buf_fini(&second);
}

/* In place or by protobuf-c: one meaning. */
static void read_otherwise(const struct weft__message *m, int rc, struct weft_slice bytes) {
    struct weft_buf first, second;
    struct weft__message any;
    struct budget budget;
    weft_buf_init(&first, NULL);
    weft_buf_init(&second, NULL);
    budget_init(&budget, MEMORY_MAX(bytes.len));
    HOLDS(weft__message_decode_any(&any, bytes, &budget.alloc) == rc);
    if (rc == 0) {
        HOLDS(write_again(&first, m) == 0);
        HOLDS(write_again(&second, &any) == 0);
        HOLDS(weft_slice_eq(weft_buf_slice(&first), weft_buf_slice(&second)));
        weft__message_fini(&any);
    }
    budget_fini(&budget);
    weft_buf_fini(&first);
    weft_buf_fini(&second);
}

/* Memory runs out at one place after the other: nothing is left behind, and nothing else is wrong. */
static void starve(int (*decode)(struct weft__message *, struct weft_slice, const struct weft_alloc *),
                   struct weft_slice bytes, int expected) {
    struct weft__message m;
    struct failing_alloc alloc;
    int rc = WEFT_ERR_NOMEM;
    for (size_t n = 1; n <= 16 && rc == WEFT_ERR_NOMEM; n++) {
        failing_alloc_init(&alloc);
        alloc.fail_at = n;
        rc = decode(&m, bytes, &alloc.alloc);
        HOLDS(rc == WEFT_ERR_NOMEM || rc == expected);
        if (rc == 0) weft__message_fini(&m);
        HOLDS(alloc.live_bytes == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct budget budget;
    struct weft__message m;
    struct weft_slice bytes = weft_slice(data, size);
    budget_init(&budget, MEMORY_MAX(size));
    int rc = weft__message_decode(&m, bytes, &budget.alloc);
    read_otherwise(&m, rc, bytes);
    starve(weft__message_decode, bytes, rc);
    starve(weft__message_decode_any, bytes, rc);
    if (rc == 0) {
        say_twice(&m, bytes);
        weft__message_fini(&m);
    } else {
        HOLDS(rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION || rc == WEFT_ERR_LIMIT);
    }
    budget_fini(&budget);
    return 0;
}
