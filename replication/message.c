/* message.c: the envelope as replicas of this version write it: fields in their order, the shortest varints, nothing at
 * its default (base/wire.h). Such a message is read where it lies, without copies; that takes a tenth of the time of
 * reading into generated structs, and most of what replicas do is to read messages. Protobuf allows other encodings of
 * the same, and later versions may add fields: whatever does not read here, message_any.c reads or refuses, and what
 * reads here reads the same there. */
#include "replication/message.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/wire.h"
#include "clock/id.h"

#define ENTRY_LEAST       40u /* an id, a number, a hash */
#define RANGE_LEAST       22u /* an id, a number */
#define TRANSACTION_LEAST 18u /* an id */
#define SIGNATURE_LEAST   66u

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* A field of exactly so many bytes. */
static void read_exactly(struct weft__reader *r, uint32_t field, uint8_t *out, size_t len) {
    struct weft_slice s = weft__read_field_bytes(r, field);
    if (s.len == len)
        memcpy(out, s.ptr, len);
    else
        weft__reader_fail(r);
}

static uint32_t read_u32(struct weft__reader *r, uint32_t field) {
    uint64_t v = weft__read_field_varint(r, field);
    if (v > UINT32_MAX) weft__reader_fail(r);
    return (uint32_t)v;
}

static bool read_flag(struct weft__reader *r, uint32_t field) {
    uint64_t v = weft__read_field_varint(r, field);
    if (v > 1) weft__reader_fail(r);
    return v == 1;
}

static void read_origin(struct weft__reader *r, struct weft_origin *out) {
    read_exactly(r, 1, out->replica.bytes, sizeof out->replica.bytes);
    out->epoch = weft__read_field_fixed64(r, 2);
}

static void read_head(struct weft__reader *r, struct weft__message_head *head) {
    if (weft__read_field_varint(r, 1) != WEFT__PROTOCOL_VERSION) weft__reader_fail(r);
    struct weft_slice space = weft__read_field_bytes(r, 2);
    if (space.len == sizeof head->space.bytes)
        memcpy(head->space.bytes, space.ptr, space.len);
    else if (space.len > 0)
        weft__reader_fail(r);
    read_exactly(r, 3, head->sender.replica.bytes, sizeof head->sender.replica.bytes);
    head->sender.epoch = weft__read_field_fixed64(r, 4);
    head->wall = weft__read_field_fixed64(r, 5);
}

/* How often a field follows. */
static size_t skip_items(struct weft__reader *r, uint32_t field) {
    size_t count = 0;
    while (weft__read_tag(r, field, WEFT__BYTES)) {
        (void)weft__read_bytes(r);
        count++;
    }
    return count;
}

static size_t count_items(struct weft__reader r, uint32_t field) {
    return skip_items(&r, field);
}

/* An array of items that take so many bytes each at least, or there would be more memory in them than bytes. */
static int list_new(struct weft__message *m, const struct weft__reader *r, size_t count, size_t least, size_t size) {
    if (count > (size_t)(r->end - r->at) / least) return WEFT_ERR_MALFORMED;
    m->list = weft__malloc(m->alloc, count * size);
    if (m->list == NULL) return WEFT_ERR_NOMEM;
    m->list_size = count * size;
    return 0;
}

static struct weft__reader next_item(struct weft__reader *r, uint32_t field) {
    struct weft__reader in;
    if (!weft__read_tag(r, field, WEFT__BYTES)) weft__reader_fail(r);
    weft__reader_init(&in, weft__read_bytes(r));
    return in;
}

static bool ended_well(const struct weft__reader *r) {
    return r->err == 0 && weft__reader_done(r);
}

static bool read_entry(struct weft__reader in, struct weft__digest_entry *e) {
    read_origin(&in, &e->origin);
    e->seq = weft__read_field_varint(&in, 3);
    read_exactly(&in, 4, e->hash, sizeof e->hash);
    e->floor = weft__read_field_varint(&in, 5);
    return ended_well(&in) && e->seq > 0 && e->floor <= e->seq;
}

static int read_digest(struct weft__message *m, struct weft__reader *r) {
    m->digest.reply = read_flag(r, 1);
    size_t count = count_items(*r, 2);
    if (count > WEFT_DIGEST_MAX) return WEFT_ERR_LIMIT;
    int rc = count == 0 ? 0 : list_new(m, r, count, ENTRY_LEAST, sizeof *m->digest.entries);
    if (rc != 0) return rc;
    m->digest.entries = m->list;
    for (size_t i = 0; i < count; i++) {
        struct weft__digest_entry *e = &m->digest.entries[i];
        bool ok = read_entry(next_item(r, 2), e) && (i == 0 || weft_origin_cmp(&e[-1].origin, &e->origin) < 0);
        if (!ok) return WEFT_ERR_MALFORMED;
    }
    m->digest.count = count;
    struct weft_slice hash = weft__read_field_bytes(r, 3);
    m->digest.has_state_hash = hash.len > 0;
    if (hash.len == sizeof m->digest.state_hash)
        memcpy(m->digest.state_hash, hash.ptr, hash.len);
    else if (hash.len > 0)
        weft__reader_fail(r);
    m->digest.own_only = read_flag(r, 4);
    m->digest.yours_only = read_flag(r, 5);
    return 0;
}

static bool read_range(struct weft__reader in, struct weft__range *range) {
    read_origin(&in, &range->origin);
    range->after = weft__read_field_varint(&in, 3);
    range->upto = weft__read_field_varint(&in, 4);
    return ended_well(&in) && range->after < range->upto;
}

static int read_request(struct weft__message *m, struct weft__reader *r) {
    size_t count = count_items(*r, 1);
    if (count == 0) return WEFT_ERR_MALFORMED;
    int rc = list_new(m, r, count, RANGE_LEAST, sizeof *m->request.ranges);
    if (rc != 0) return rc;
    m->request.ranges = m->list;
    for (size_t i = 0; i < count; i++)
        if (!read_range(next_item(r, 1), &m->request.ranges[i])) return WEFT_ERR_MALFORMED;
    m->request.count = count;
    return 0;
}

static bool read_signature(struct weft__reader in, struct weft__row_signature *s) {
    s->row = read_u32(&in, 1);
    s->generation = weft__read_field_varint(&in, 2);
    struct weft_slice bytes = weft__read_field_bytes(&in, 3);
    s->bytes = bytes.ptr;
    return ended_well(&in) && bytes.len == WEFT__SIGNATURE_LEN;
}

static int read_signatures(struct weft__message *m, struct weft__reader *r, size_t count) {
    struct weft__row_signature *to = m->transactions.signatures;
    for (size_t i = 0; i < count; i++) {
        bool ok = read_signature(next_item(r, 3), &to[i]) && to[i].row < m->transactions.count &&
                  (i == 0 || to[i - 1].row < to[i].row);
        if (!ok) return WEFT_ERR_MALFORMED;
    }
    m->transactions.signature_count = count;
    return 0;
}

/* One of each, as most have, are in the message itself; else both are in one list, the signatures behind. */
static int place_rows(struct weft__message *m, const struct weft__reader *r, size_t count, size_t signatures) {
    const size_t row = sizeof *m->transactions.items, signature = sizeof *m->transactions.signatures;
    m->transactions.items = &m->only;
    m->transactions.signatures = &m->only_signature;
    if (count == 1 && signatures <= 1) return 0;
    size_t len = (size_t)(r->end - r->at);
    if (count > len / TRANSACTION_LEAST || signatures > len / SIGNATURE_LEAST) return WEFT_ERR_MALFORMED;
    int rc = list_new(m, r, 1, 1, count * row + signatures * signature);
    if (rc != 0) return rc;
    m->transactions.items = m->list;
    m->transactions.signatures = (void *)(m->transactions.items + count);
    return 0;
}

static int read_transactions(struct weft__message *m, struct weft__reader *r) {
    struct weft__reader behind = *r;
    size_t count = skip_items(&behind, 1);
    m->transactions.answer = read_flag(&behind, 2);
    size_t signatures = count_items(behind, 3);
    int rc = count == 0 ? WEFT_ERR_MALFORMED : place_rows(m, r, count, signatures);
    if (rc != 0) return rc;
    for (size_t i = 0; i < count; i++) {
        (void)weft__read_tag(r, 1, WEFT__BYTES); /* it was counted */
        m->transactions.items[i] = weft__read_bytes(r);
    }
    m->transactions.count = count;
    *r = behind;
    return read_signatures(m, r, signatures);
}

static int read_state_request(struct weft__message *m, struct weft__reader *r) {
    m->state.transfer = weft__read_field_fixed64(r, 1);
    m->state.chunk = read_u32(r, 2);
    return m->state.transfer != 0 || m->state.chunk == 0 ? 0 : WEFT_ERR_MALFORMED;
}

static int read_state_chunk(struct weft__message *m, struct weft__reader *r) {
    m->state.transfer = weft__read_field_fixed64(r, 1);
    m->state.chunk = read_u32(r, 2);
    m->state.count = read_u32(r, 3);
    m->state.total = weft__read_field_varint(r, 4);
    read_exactly(r, 5, m->state.hash, sizeof m->state.hash);
    m->state.bytes = weft__read_field_bytes(r, 6);
    bool ok = m->state.transfer != 0 && m->state.chunk < m->state.count && m->state.bytes.len > 0 &&
              m->state.bytes.len <= m->state.total;
    return ok ? 0 : WEFT_ERR_MALFORMED;
}

static int read_body(struct weft__message *m, struct weft__reader *r) {
    static int (*const readers[])(struct weft__message *, struct weft__reader *) = {
        read_digest, read_request, read_transactions, read_state_request, read_state_chunk};
    for (uint32_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        if (!weft__read_tag(r, WEFT__MESSAGE_DIGEST + i, WEFT__BYTES)) continue;
        struct weft__reader in;
        weft__reader_init(&in, weft__read_bytes(r));
        if (!ended_well(r)) return WEFT_ERR_MALFORMED;
        m->kind = (enum weft__message_kind)(WEFT__MESSAGE_DIGEST + i);
        int rc = readers[i](m, &in);
        return rc == 0 && !ended_well(&in) ? WEFT_ERR_MALFORMED : rc;
    }
    return WEFT_ERR_MALFORMED;
}

bool weft__message_peek(struct weft__message_head *head, struct weft_slice bytes) {
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    memset(head, 0, sizeof *head);
    read_head(&r, head);
    return r.err == 0;
}

const char *weft__message_kind_name(struct weft_slice bytes) {
    static const char *const names[] = {"digest", "request", "transactions", "state request", "state chunk"};
    struct weft__message_head head;
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    memset(&head, 0, sizeof head);
    read_head(&r, &head);
    for (uint32_t i = 0; r.err == 0 && i < sizeof names / sizeof *names; i++)
        if (weft__read_tag(&r, WEFT__MESSAGE_DIGEST + i, WEFT__BYTES)) return names[i];
    return "?";
}

int weft__message_decode(struct weft__message *out, struct weft_slice bytes, const struct weft_alloc *alloc) {
    struct weft__reader r;
    memset(out, 0, sizeof *out);
    out->alloc = alloc;
    if (bytes.len > WEFT_FRAME_MAX) return WEFT_ERR_LIMIT;
    weft__reader_init(&r, bytes);
    read_head(&r, &out->head);
    int rc = read_body(out, &r);
    if (rc == 0) return 0;
    weft__message_fini(out);
    return rc == WEFT_ERR_NOMEM ? rc : weft__message_decode_any(out, bytes, alloc);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static bool has_space(const struct weft__message_head *head) {
    return !weft__id_is_zero(&head->space);
}

static void write_origin(struct weft_buf *out, const struct weft_origin *o) {
    weft__write_bytes(out, 1, weft_slice(o->replica.bytes, sizeof o->replica.bytes));
    weft__write_field_fixed64(out, 2, o->epoch);
}

static size_t varint_field_len(uint64_t v) {
    return v == 0 ? 0 : 1 + weft__varint_len(v);
}

static size_t fixed_field_len(uint64_t v) {
    return v == 0 ? 0 : 9;
}

static size_t bytes_field_len(size_t len) {
    return 1 + weft__varint_len(len) + len;
}

static size_t origin_len(const struct weft_origin *o) {
    return bytes_field_len(sizeof o->replica.bytes) + fixed_field_len(o->epoch);
}

/* The head and the beginning of a body, with room for all of it: nothing that follows can fail. */
static int begin(struct weft_buf *out, const struct weft__message_head *head, enum weft__message_kind kind,
                 size_t body) {
    const size_t head_len = 2 + 2 * bytes_field_len(sizeof head->space.bytes) + 2 * 9;
    int rc = weft_buf_reserve(out, head_len + bytes_field_len(body));
    if (rc != 0) return rc;
    weft__write_field_varint(out, 1, WEFT__PROTOCOL_VERSION);
    if (has_space(head)) weft__write_bytes(out, 2, weft_slice(head->space.bytes, sizeof head->space.bytes));
    weft__write_bytes(out, 3, weft_slice(head->sender.replica.bytes, sizeof head->sender.replica.bytes));
    weft__write_field_fixed64(out, 4, head->sender.epoch);
    weft__write_field_fixed64(out, 5, head->wall);
    weft__write_tag(out, kind, WEFT__BYTES);
    weft__write_varint(out, body);
    return 0;
}

static size_t entry_len(const struct weft__digest_entry *e) {
    return origin_len(&e->origin) + varint_field_len(e->seq) + bytes_field_len(sizeof e->hash) +
           varint_field_len(e->floor);
}

static void write_entry(struct weft_buf *out, const struct weft__digest_entry *e) {
    weft__write_tag(out, 2, WEFT__BYTES);
    weft__write_varint(out, entry_len(e));
    write_origin(out, &e->origin);
    weft__write_field_varint(out, 3, e->seq);
    weft__write_bytes(out, 4, weft_slice(e->hash, sizeof e->hash));
    weft__write_field_varint(out, 5, e->floor);
}

int weft__message_write_digest(struct weft_buf *out, const struct weft__message_head *head, unsigned flags,
                               const struct weft__digest_entry *entries, size_t count, const uint8_t *state_hash) {
    const bool reply = (flags & WEFT__DIGEST_REPLY) != 0, own_only = (flags & WEFT__DIGEST_OWN_ONLY) != 0,
               yours_only = (flags & WEFT__DIGEST_YOURS_ONLY) != 0;
    size_t body = varint_field_len(reply) + varint_field_len(own_only) + varint_field_len(yours_only) +
                  (state_hash == NULL ? 0 : bytes_field_len(16));
    for (size_t i = 0; i < count; i++) body += bytes_field_len(entry_len(&entries[i]));
    int rc = begin(out, head, WEFT__MESSAGE_DIGEST, body);
    if (rc != 0) return rc;
    weft__write_field_varint(out, 1, reply);
    for (size_t i = 0; i < count; i++) write_entry(out, &entries[i]);
    if (state_hash != NULL) weft__write_bytes(out, 3, weft_slice(state_hash, 16));
    weft__write_field_varint(out, 4, own_only);
    weft__write_field_varint(out, 5, yours_only);
    return 0;
}

static size_t range_len(const struct weft__range *r) {
    return origin_len(&r->origin) + varint_field_len(r->after) + varint_field_len(r->upto);
}

int weft__message_write_request(struct weft_buf *out, const struct weft__message_head *head,
                                const struct weft__range *ranges, size_t count) {
    size_t body = 0;
    for (size_t i = 0; i < count; i++) body += bytes_field_len(range_len(&ranges[i]));
    int rc = begin(out, head, WEFT__MESSAGE_REQUEST, body);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        weft__write_tag(out, 1, WEFT__BYTES);
        weft__write_varint(out, range_len(&ranges[i]));
        write_origin(out, &ranges[i].origin);
        weft__write_field_varint(out, 3, ranges[i].after);
        weft__write_field_varint(out, 4, ranges[i].upto);
    }
    return rc;
}

static size_t signature_len(const struct weft__row_signature *s) {
    return varint_field_len(s->row) + varint_field_len(s->generation) + bytes_field_len(WEFT__SIGNATURE_LEN);
}

int weft__message_write_signed(struct weft_buf *out, const struct weft__message_head *head,
                               const struct weft_slice *items, size_t count, bool answer,
                               const struct weft__row_signature *signatures, size_t signature_count) {
    size_t body = varint_field_len(answer);
    for (size_t i = 0; i < count; i++) body += bytes_field_len(items[i].len);
    for (size_t i = 0; i < signature_count; i++) body += bytes_field_len(signature_len(&signatures[i]));
    int rc = begin(out, head, WEFT__MESSAGE_TRANSACTIONS, body);
    if (rc != 0) return rc;
    for (size_t i = 0; i < count; i++) weft__write_bytes(out, 1, items[i]);
    weft__write_field_varint(out, 2, answer);
    for (size_t i = 0; i < signature_count; i++) {
        weft__write_tag(out, 3, WEFT__BYTES);
        weft__write_varint(out, signature_len(&signatures[i]));
        weft__write_field_varint(out, 1, signatures[i].row);
        weft__write_field_varint(out, 2, signatures[i].generation);
        weft__write_bytes(out, 3, weft_slice(signatures[i].bytes, WEFT__SIGNATURE_LEN));
    }
    return 0;
}

int weft__message_write_transactions(struct weft_buf *out, const struct weft__message_head *head,
                                     const struct weft_slice *items, size_t count, bool answer) {
    return weft__message_write_signed(out, head, items, count, answer, NULL, 0);
}

int weft__message_write_state_request(struct weft_buf *out, const struct weft__message_head *head, uint64_t transfer,
                                      uint32_t chunk) {
    int rc = begin(out, head, WEFT__MESSAGE_STATE_REQUEST, fixed_field_len(transfer) + varint_field_len(chunk));
    if (rc != 0) return rc;
    weft__write_field_fixed64(out, 1, transfer);
    weft__write_field_varint(out, 2, chunk);
    return 0;
}

int weft__message_write_state_chunk(struct weft_buf *out, const struct weft__message_head *head, uint64_t transfer,
                                    uint32_t chunk, uint32_t count, uint64_t total, const uint8_t hash[WEFT__CHAIN_LEN],
                                    struct weft_slice bytes) {
    size_t body = fixed_field_len(transfer) + varint_field_len(chunk) + varint_field_len(count) +
                  varint_field_len(total) + bytes_field_len(WEFT__CHAIN_LEN) +
                  (bytes.len == 0 ? 0 : bytes_field_len(bytes.len));
    int rc = begin(out, head, WEFT__MESSAGE_STATE_CHUNK, body);
    if (rc != 0) return rc;
    weft__write_field_fixed64(out, 1, transfer);
    weft__write_field_varint(out, 2, chunk);
    weft__write_field_varint(out, 3, count);
    weft__write_field_varint(out, 4, total);
    weft__write_bytes(out, 5, weft_slice(hash, WEFT__CHAIN_LEN));
    weft__write_field_bytes(out, 6, bytes);
    return 0;
}
