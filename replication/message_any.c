/* message_any.c: the envelope in any encoding that protobuf allows, by protobuf-c. protobuf-c believes the counts that
 * it finds: it keeps a struct and a pointer per submessage and a copy of every bytes field, and two bytes on the wire
 * can ask for a hundred in memory. So it allocates within a budget in proportion to the message, from few blocks that
 * go together: an honest digest entry has 45 bytes on the wire and at most 320 in memory, transactions cost about their
 * length, and a factor of 16 leaves both well alone; the fixed part is for small messages; and since a message is no
 * longer than a frame, nothing costs more than 16 frames. Nesting is three deep in message.proto, and protobuf-c goes
 * no deeper than its descriptors. What was decoded is checked here, field by field, before anybody else sees it. */
#include "replication/message.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "replication/message.pb-c.h"

#define BLOCK_SIZE 1024u /* holds all of most messages; small enough for what malloc keeps at hand */

/* --- An allocator with a budget --------------------------------------------------------------------------------- */

/* Pieces are cut from the latest block; a piece that does not fit opens another. */
union block {
    struct {
        union block *next;
        size_t size;
    };
    max_align_t align;
};

struct budget {
    const struct weft_alloc *alloc;
    size_t left;
    union block *blocks;
    uint8_t *at; /* the rest of the latest */
    size_t room;
    bool spent;   /* the budget ran out */
    bool starved; /* the memory did */
};

static bool open_block(struct budget *b, size_t least) {
    size_t size = sizeof(union block) + least;
    if (size < BLOCK_SIZE) size = BLOCK_SIZE;
    b->spent = b->spent || least > b->left || size > b->left;
    if (b->spent) return false;
    union block *block = weft__malloc(b->alloc, size);
    b->starved = block == NULL;
    if (block == NULL) return false;
    b->left -= size;
    block->next = b->blocks;
    block->size = size;
    b->blocks = block;
    b->at = (uint8_t *)(block + 1);
    b->room = size - sizeof *block;
    return true;
}

static void *budget_alloc(void *ctx, size_t size) {
    struct budget *b = ctx;
    const size_t unit = sizeof(max_align_t);
    if (size > SIZE_MAX / 2) return NULL;
    size = size == 0 ? unit : (size + unit - 1) / unit * unit;
    if (size > b->room && !open_block(b, size)) return NULL;
    void *piece = b->at;
    b->at += size;
    b->room -= size;
    return piece;
}

static void budget_free(void *ctx, void *ptr) {
    (void)ctx;
    (void)ptr;
}

/* --- Decoding --------------------------------------------------------------------------------------------------- */

/* An array of the message's own, within the budget too. */
static void *list_within(struct budget *b, size_t count, size_t size) {
    return count > SIZE_MAX / size ? NULL : budget_alloc(b, count * size);
}

static int denied(const struct budget *b) {
    if (b->starved) return WEFT_ERR_NOMEM;
    return b->spent ? WEFT_ERR_LIMIT : WEFT_ERR_MALFORMED;
}

static struct weft_slice slice_of(ProtobufCBinaryData d) {
    return weft_slice(d.data, d.len);
}

static bool read_origin(ProtobufCBinaryData replica, uint64_t epoch, struct weft_origin *out) {
    if (replica.len != sizeof out->replica.bytes) return false;
    memcpy(out->replica.bytes, replica.data, replica.len);
    out->epoch = epoch;
    return true;
}

static bool read_head(const Weft__Message *pb, struct weft__message_head *head) {
    memset(&head->space, 0, sizeof head->space);
    if (pb->space.len != 0 && pb->space.len != sizeof head->space.bytes) return false;
    if (pb->space.len != 0) memcpy(head->space.bytes, pb->space.data, pb->space.len);
    head->wall = pb->wall;
    return read_origin(pb->replica, pb->epoch, &head->sender);
}

static int read_digest(struct weft__message *m, struct budget *b, const Weft__Digest *pb) {
    m->digest.reply = pb->reply;
    m->digest.own_only = pb->own_only;
    m->digest.yours_only = pb->yours_only;
    m->digest.has_state_hash = pb->state_hash.len != 0;
    if (m->digest.has_state_hash && pb->state_hash.len != sizeof m->digest.state_hash) return WEFT_ERR_MALFORMED;
    if (pb->n_entries > WEFT_DIGEST_MAX) return WEFT_ERR_LIMIT;
    if (m->digest.has_state_hash) memcpy(m->digest.state_hash, pb->state_hash.data, sizeof m->digest.state_hash);
    m->digest.count = pb->n_entries;
    m->digest.entries = list_within(b, pb->n_entries, sizeof *m->digest.entries);
    if (m->digest.entries == NULL) return denied(b);
    for (size_t i = 0; i < pb->n_entries; i++) {
        const Weft__DigestEntry *from = pb->entries[i];
        struct weft__digest_entry *to = &m->digest.entries[i];
        bool ok = read_origin(from->replica, from->epoch, &to->origin) && from->hash.len == WEFT__CHAIN_LEN &&
                  from->seq > 0 && from->floor <= from->seq &&
                  (i == 0 || weft_origin_cmp(&to[-1].origin, &to->origin) < 0);
        if (!ok) return WEFT_ERR_MALFORMED;
        to->seq = from->seq;
        to->floor = from->floor;
        memcpy(to->hash, from->hash.data, WEFT__CHAIN_LEN);
    }
    return 0;
}

static int read_request(struct weft__message *m, struct budget *b, const Weft__Request *pb) {
    m->request.count = pb->n_ranges;
    m->request.ranges = list_within(b, pb->n_ranges, sizeof *m->request.ranges);
    if (m->request.ranges == NULL) return denied(b);
    for (size_t i = 0; i < pb->n_ranges; i++) {
        const Weft__Range *from = pb->ranges[i];
        struct weft__range *to = &m->request.ranges[i];
        if (!read_origin(from->replica, from->epoch, &to->origin) || from->after >= from->upto)
            return WEFT_ERR_MALFORMED;
        to->after = from->after;
        to->upto = from->upto;
    }
    return pb->n_ranges > 0 ? 0 : WEFT_ERR_MALFORMED;
}

static int read_signatures(struct weft__message *m, struct budget *b, const Weft__Transactions *pb) {
    m->transactions.signature_count = pb->n_signatures;
    m->transactions.signatures = list_within(b, pb->n_signatures, sizeof *m->transactions.signatures);
    if (m->transactions.signatures == NULL) return denied(b);
    for (size_t i = 0; i < pb->n_signatures; i++) {
        const Weft__Signature *from = pb->signatures[i];
        struct weft__row_signature *to = &m->transactions.signatures[i];
        bool ok = from->signature.len == WEFT__SIGNATURE_LEN && from->row < pb->n_transactions &&
                  (i == 0 || to[-1].row < from->row);
        if (!ok) return WEFT_ERR_MALFORMED;
        *to = (struct weft__row_signature){from->row, from->generation, from->signature.data};
    }
    return 0;
}

static int read_transactions(struct weft__message *m, struct budget *b, const Weft__Transactions *pb) {
    m->transactions.count = pb->n_transactions;
    m->transactions.answer = pb->answer;
    m->transactions.items = list_within(b, pb->n_transactions, sizeof *m->transactions.items);
    if (m->transactions.items == NULL) return denied(b);
    for (size_t i = 0; i < pb->n_transactions; i++) m->transactions.items[i] = slice_of(pb->transactions[i]);
    return pb->n_transactions > 0 ? read_signatures(m, b, pb) : WEFT_ERR_MALFORMED;
}

static int read_state_request(struct weft__message *m, const Weft__StateRequest *pb) {
    m->state.transfer = pb->transfer;
    m->state.chunk = pb->chunk;
    return pb->transfer != 0 || pb->chunk == 0 ? 0 : WEFT_ERR_MALFORMED;
}

static int read_state_chunk(struct weft__message *m, const Weft__StateChunk *pb) {
    m->state.transfer = pb->transfer;
    m->state.chunk = pb->chunk;
    m->state.count = pb->count;
    m->state.total = pb->total;
    m->state.bytes = slice_of(pb->bytes);
    bool ok = pb->transfer != 0 && pb->chunk < pb->count && pb->hash.len == WEFT__CHAIN_LEN && pb->bytes.len > 0 &&
              pb->bytes.len <= pb->total;
    if (!ok) return WEFT_ERR_MALFORMED;
    memcpy(m->state.hash, pb->hash.data, WEFT__CHAIN_LEN);
    return 0;
}

static int read_body(struct weft__message *m, struct budget *b, const Weft__Message *pb) {
    m->kind = (enum weft__message_kind)pb->body_case;
    switch (pb->body_case) {
    case WEFT__MESSAGE__BODY_DIGEST:
        return read_digest(m, b, pb->digest);
    case WEFT__MESSAGE__BODY_REQUEST:
        return read_request(m, b, pb->request);
    case WEFT__MESSAGE__BODY_TRANSACTIONS:
        return read_transactions(m, b, pb->transactions);
    case WEFT__MESSAGE__BODY_STATE_REQUEST:
        return read_state_request(m, pb->state_request);
    case WEFT__MESSAGE__BODY_STATE_CHUNK:
        return read_state_chunk(m, pb->state_chunk);
    case WEFT__MESSAGE__BODY__NOT_SET:
    case _WEFT__MESSAGE__BODY__CASE_IS_INT_SIZE:
        break;
    }
    return WEFT_ERR_MALFORMED;
}

int weft__message_decode_any(struct weft__message *out, struct weft_slice bytes, const struct weft_alloc *alloc) {
    memset(out, 0, sizeof *out);
    out->alloc = alloc;
    if (bytes.len > WEFT_FRAME_MAX) return WEFT_ERR_LIMIT;
    struct budget budget = {.alloc = alloc, .left = WEFT__DECODE_FIXED + bytes.len * WEFT__DECODE_FACTOR};
    ProtobufCAllocator pb_alloc = {budget_alloc, budget_free, &budget};
    const Weft__Message *pb = weft__message__unpack(&pb_alloc, bytes.len, bytes.ptr);
    int rc = pb == NULL ? denied(&budget) : 0;
    if (rc == 0 && pb->version > WEFT__PROTOCOL_VERSION) rc = WEFT_ERR_VERSION;
    if (rc == 0 && (pb->version != WEFT__PROTOCOL_VERSION || !read_head(pb, &out->head))) rc = WEFT_ERR_MALFORMED;
    if (rc == 0) rc = read_body(out, &budget, pb);
    out->decoded = budget.blocks;
    if (rc != 0) weft__message_fini(out);
    return rc;
}

void weft__message_fini(struct weft__message *m) {
    union block *block = m->decoded;
    while (block != NULL) {
        union block *next = block->next;
        weft__free(m->alloc, block, block->size);
        block = next;
    }
    if (m->list != NULL) weft__free(m->alloc, m->list, m->list_size);
    memset(m, 0, sizeof *m);
}
