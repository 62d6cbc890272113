/* transaction.c: the header of a transaction, canonical in both directions: what parses is what would be written again,
 * byte for byte, so a hash of the bytes is a hash of the transaction. */
#include "replication/transaction.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "clock/id.h"
#include "crdt/origin_wire.h"

static void read_id(struct weft__reader *r, uint32_t field, bool optional, struct weft_id *out) {
    struct weft_slice s = weft__read_field_bytes(r, field);
    memset(out, 0, sizeof *out);
    if (s.len == 0 && optional) return;
    if (s.len != sizeof out->bytes) {
        weft__reader_fail(r);
        return;
    }
    memcpy(out->bytes, s.ptr, s.len);
    if (optional && weft__id_is_zero(out)) weft__reader_fail(r); /* the default is absent */
}

static void read_parent(struct weft__reader *r, struct weft__transaction *t) {
    if (!weft__read_tag(r, 9, WEFT__BYTES)) return;
    struct weft__reader in;
    weft__reader_init(&in, weft__read_bytes(r));
    t->has_parent = true;
    t->parent_epoch = weft__read_field_fixed64(&in, 1);
    t->parent_seq = weft__read_field_varint(&in, 2);
    if (in.err != 0 || in.at != in.end) weft__reader_fail(r);
}

/* Origins ascend strictly and leave the own one out: one spelling for one set. */
static void read_origins(struct weft__reader *r, struct weft__transaction *t) {
    const uint8_t *from = r->at;
    struct weft_origin last = {{{0}}, 0}, o;
    while (weft__origin_next(r, 10, &o)) {
        bool ascends = t->origin_count == 0 || weft_origin_cmp(&last, &o) < 0;
        if (!ascends || weft_origin_cmp(&o, &t->origin) == 0 || t->origin_count >= WEFT_ORIGINS_MAX) {
            weft__reader_fail(r);
            return;
        }
        last = o;
        t->origin_count++;
    }
    t->origins = weft_slice(from, (size_t)(r->at - from));
}

static void read_dependencies(struct weft__reader *r, struct weft__transaction *t) {
    t->dependencies = weft__read_field_bytes(r, 11);
    struct weft__reader in;
    weft__reader_init(&in, t->dependencies);
    uint64_t last = 0;
    while (!weft__reader_done(&in)) {
        uint64_t index = weft__read_varint(&in), seq = weft__read_varint(&in);
        if (index <= last || index > t->origin_count || seq == 0) weft__reader_fail(&in);
        last = index;
    }
    if (in.err != 0) weft__reader_fail(r);
}

static bool head_is_consistent(const struct weft__transaction *t) {
    bool first = t->seq == 1;
    if (t->seq == 0 || t->stamp.word >= WEFT_HLC_TOP) return false;
    if (first ? t->previous.len != 0 : t->previous.len != WEFT__CHAIN_LEN) return false;
    return first || !t->has_parent;
}

int weft__transaction_parse(struct weft__transaction *t, struct weft_slice bytes) {
    memset(t, 0, sizeof *t);
    t->bytes = bytes;
    if (bytes.len > WEFT_TXN_MAX) return WEFT_ERR_LIMIT;
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    uint64_t version = weft__read_field_varint(&r, 1);
    if (r.err == 0 && version > WEFT__FORMAT_VERSION) return WEFT_ERR_VERSION;
    if (version != WEFT__FORMAT_VERSION) weft__reader_fail(&r);
    read_id(&r, 2, true, &t->space);
    read_id(&r, 3, false, &t->origin.replica);
    t->origin.epoch = weft__read_field_fixed64(&r, 4);
    t->seq = weft__read_field_varint(&r, 5);
    uint64_t clock_epoch = weft__read_field_varint(&r, 6);
    if (clock_epoch > UINT8_MAX) weft__reader_fail(&r);
    t->stamp.epoch = (uint8_t)clock_epoch;
    t->stamp.word = weft__read_field_fixed64(&r, 7);
    t->previous = weft__read_field_bytes(&r, 8);
    read_parent(&r, t);
    read_origins(&r, t);
    read_dependencies(&r, t);
    t->rights_generation = weft__read_field_varint(&r, 12);
    if (r.err != 0 || !head_is_consistent(t)) return WEFT_ERR_MALFORMED;
    t->deltas = weft_slice(r.at, (size_t)(r.end - r.at));
    return 0;
}

bool weft__transaction_next_delta(struct weft__reader *r, struct weft__txn_delta *d) {
    if (weft__reader_done(r)) return false;
    if (!weft__read_tag(r, 13, WEFT__BYTES)) {
        weft__reader_fail(r);
        return false;
    }
    struct weft__reader in;
    weft__reader_init(&in, weft__read_bytes(r));
    d->key = weft__read_field_bytes(&in, 1);
    uint64_t type = weft__read_field_varint(&in, 2), schema = weft__read_field_varint(&in, 3);
    d->body = weft__read_field_bytes(&in, 4);
    bool bad = in.err != 0 || in.at != in.end || d->key.len == 0 || d->key.len > WEFT_KEY_MAX || d->body.len == 0 ||
               type == 0 || type > UINT32_MAX || schema == 0 || schema > UINT32_MAX;
    if (bad || r->err != 0) {
        weft__reader_fail(r);
        return false;
    }
    d->type = (uint32_t)type;
    d->schema = (uint32_t)schema;
    return true;
}

void weft__transaction_write_head(struct weft_buf *b, const struct weft__transaction *t) {
    weft__write_field_varint(b, 1, WEFT__FORMAT_VERSION);
    if (!weft__id_is_zero(&t->space)) weft__write_bytes(b, 2, weft_slice(t->space.bytes, sizeof t->space.bytes));
    weft__write_bytes(b, 3, weft_slice(t->origin.replica.bytes, sizeof t->origin.replica.bytes));
    weft__write_field_fixed64(b, 4, t->origin.epoch);
    weft__write_field_varint(b, 5, t->seq);
    weft__write_field_varint(b, 6, t->stamp.epoch);
    weft__write_field_fixed64(b, 7, t->stamp.word);
    weft__write_field_bytes(b, 8, t->previous);
    if (t->has_parent) {
        size_t mark = weft__write_begin(b, 9);
        weft__write_field_fixed64(b, 1, t->parent_epoch);
        weft__write_field_varint(b, 2, t->parent_seq);
        weft__write_end(b, mark);
    }
    (void)weft_buf_append_slice(b, t->origins);
    weft__write_field_bytes(b, 11, t->dependencies);
    weft__write_field_varint(b, 12, t->rights_generation);
}

void weft__transaction_write_delta(struct weft_buf *b, const struct weft__txn_delta *d) {
    size_t mark = weft__write_begin(b, 13);
    weft__write_bytes(b, 1, d->key);
    weft__write_field_varint(b, 2, d->type);
    weft__write_field_varint(b, 3, d->schema);
    weft__write_bytes(b, 4, d->body);
    weft__write_end(b, mark);
}
