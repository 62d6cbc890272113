/* tape.c: entries, written and read. Fields of a body stand one after the other in a fixed order, numbers as minimal
 * varints, what is as long as the rest of the body at its end. */
#include "replication/tape.h"

#include <string.h>

#include <weft/err.h>

#include "base/endian.h"
#include "base/hash.h"
#include "base/wire.h"
#include "clock/id.h"

#define ORIGIN_LEN (sizeof(struct weft_id) + 8)

/* --- Frames ------------------------------------------------------------------------------------------------------- */

static void store32(uint8_t out[4], uint32_t v) {
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t load32(const uint8_t in[4]) {
    return (uint32_t)in[0] | (uint32_t)in[1] << 8 | (uint32_t)in[2] << 16 | (uint32_t)in[3] << 24;
}

/* Over all from the 8 bytes before the entry to the end of its body. */
static void check_of(uint8_t out[WEFT__TAPE_CHECK], const uint8_t *from, const uint8_t *to) {
    uint8_t hash[WEFT__CHAIN_LEN];
    weft__blake2b128(hash, weft_slice(from, (size_t)(to - from)));
    memcpy(out, hash, WEFT__TAPE_CHECK);
}

static size_t begin(struct weft_buf *out, uint8_t kind) {
    const uint8_t head[WEFT__TAPE_HEAD + 1] = {0, 0, 0, 0, kind};
    size_t mark = out->len;
    weft_buf_append(out, head, sizeof head);
    return mark;
}

static void end(struct weft_buf *out, size_t mark) {
    uint8_t check[WEFT__TAPE_CHECK];
    if (out->err == 0 && out->len - mark - WEFT__TAPE_HEAD > WEFT__TAPE_ENTRY_MAX) out->err = WEFT_ERR_LIMIT;
    if (out->err != 0) return;
    store32(out->ptr + mark, (uint32_t)(out->len - mark - WEFT__TAPE_HEAD));
    check_of(check, out->ptr + mark - WEFT__TAPE_CHECK, out->ptr + out->len);
    weft_buf_append(out, check, sizeof check);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

void weft__tape_begin(struct weft_buf *out) {
    weft_buf_append(out, WEFT__TAPE_MAGIC, WEFT__TAPE_MAGIC_LEN);
}

static void write_origin(struct weft_buf *out, const struct weft_origin *o) {
    weft_buf_append(out, o->replica.bytes, sizeof o->replica.bytes);
    weft__write_fixed64(out, o->epoch);
}

static bool has_more(const struct weft_replica_options *o) {
    return o->rights_count > 0 || !weft__id_is_zero(&o->cluster);
}

static void write_more(struct weft_buf *out, const struct weft_replica_options *o) {
    weft_buf_append(out, o->cluster.bytes, sizeof o->cluster.bytes);
    for (size_t i = 0; i < o->rights_count; i++) {
        weft__write_varint(out, o->rights[i].len);
        weft_buf_append_slice(out, o->rights[i]);
    }
}

/* What an engine's options are but for the seed, which lays out its tables and is nobody's business, and for classes:
 * no state depends on either. */
void weft__tape_open(struct weft_buf *out, const struct weft_replica_options *o) {
    const uint64_t numbers[] = {
        o->jitter,           o->drift,         o->digest_ns,   o->request_ns, o->state_ns,    o->log_max,
        o->checkpoint_bytes, o->segment_bytes, o->pending_max, o->batch_max,  o->chunk_bytes,
    };
    size_t mark = begin(out, WEFT__TAPE_OPEN);
    weft_buf_append(out, o->replica.bytes, sizeof o->replica.bytes);
    weft_buf_append(out, o->space.bytes, sizeof o->space.bytes);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) weft__write_varint(out, numbers[i]);
    if (has_more(o)) write_more(out, o);
    end(out, mark);
}

size_t weft__tape_open_max(const struct weft_replica_options *o) {
    size_t max = 256;
    for (size_t i = 0; i < o->rights_count; i++) max += 8 + o->rights[i].len;
    return max;
}

static void write_record(struct weft_buf *out, const struct weft_record *r) {
    weft__write_varint(out, (uint64_t)r->kind);
    weft__write_varint(out, r->id);
    write_origin(out, &r->origin);
    weft__write_varint(out, r->seq);
    weft_buf_append_slice(out, r->bytes);
}

enum { PEER_IS_KNOWN = 1, PEER_VOUCHES = 2, PEER_FLAGS = 4 };

static void write_peer(struct weft_buf *out, const struct weft_peer *p) {
    weft__write_varint(out, (p->is_known ? PEER_IS_KNOWN : 0u) | (p->vouches ? PEER_VOUCHES : 0u));
    weft_buf_append(out, p->replica.bytes, sizeof p->replica.bytes);
    for (size_t i = 0; p->label != NULL && i < WEFT_LABEL_MAX && p->label[i] != '\0'; i++)
        weft_buf_append(out, &p->label[i], 1);
}

void weft__tape_event(struct weft_buf *out, const struct weft_event *e) {
    size_t mark = begin(out, (uint8_t)e->kind);
    weft__write_varint(out, e->now.mono_ns);
    weft__write_fixed64(out, e->now.wall);
    switch (e->kind) {
    case WEFT_EVENT_RESTORE:
        write_record(out, e->record);
        break;
    case WEFT_EVENT_START:
    case WEFT_EVENT_EPOCH:
        weft__write_fixed64(out, e->random);
        break;
    case WEFT_EVENT_LINK_UP:
        weft__write_varint(out, e->link);
        if (e->peer != NULL) write_peer(out, e->peer);
        break;
    case WEFT_EVENT_LINK_DOWN:
        weft__write_varint(out, e->link);
        break;
    case WEFT_EVENT_RECEIVED:
        weft__write_varint(out, e->link);
        weft_buf_append_slice(out, e->bytes);
        break;
    case WEFT_EVENT_PERSISTED:
        weft__write_varint(out, e->number);
        break;
    case WEFT_EVENT_SIGNED:
        write_origin(out, &e->signing->origin);
        weft__write_varint(out, e->signing->seq);
        weft__write_varint(out, e->signing->generation);
        weft_buf_append_slice(out, e->bytes);
        break;
    case WEFT_EVENT_TICK:
        break;
    }
    end(out, mark);
}

void weft__tape_bytes(struct weft_buf *out, enum weft__tape_kind kind, struct weft_slice bytes) {
    size_t mark = begin(out, (uint8_t)kind);
    weft_buf_append_slice(out, bytes);
    end(out, mark);
}

void weft__tape_number(struct weft_buf *out, enum weft__tape_kind kind, uint64_t number) {
    size_t mark = begin(out, (uint8_t)kind);
    weft__write_varint(out, number);
    end(out, mark);
}

void weft__tape_refused(struct weft_buf *out, enum weft__tape_kind kind, const struct weft_time *now, uint64_t number) {
    size_t mark = begin(out, (uint8_t)kind);
    weft__write_varint(out, now->mono_ns);
    weft__write_fixed64(out, now->wall);
    weft__write_varint(out, number);
    end(out, mark);
}

void weft__tape_notice(struct weft_buf *out, const struct weft_notice *n) {
    size_t mark = begin(out, WEFT__TAPE_NOTICE);
    weft__write_varint(out, (uint64_t)n->kind);
    weft__write_varint(out, (uint64_t)-n->err);
    weft__write_varint(out, n->link);
    write_origin(out, &n->origin);
    weft__write_varint(out, n->seq);
    weft__write_varint(out, n->amount_ns);
    end(out, mark);
}

void weft__tape_state(struct weft_buf *out, const struct weft_replica *r) {
    const struct weft_version_vector *applied = weft_replica_applied(r);
    const struct weft_origins *origins = weft_replica_origins(r);
    struct weft_replica_stats stats;
    size_t mark = begin(out, WEFT__TAPE_STATE);
    weft_replica_stats(r, &stats);
    weft_buf_append(out, stats.state_hash, sizeof stats.state_hash);
    for (uint32_t i = 0; i < applied->len; i++) {
        if (applied->seq[i] == 0) continue;
        write_origin(out, weft_origins_at(origins, i));
        weft__write_fixed64(out, applied->seq[i]);
    }
    end(out, mark);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static int complain(struct weft_buf *message, int rc, size_t offset, const char *what) {
    if (message != NULL) weft_buf_printf(message, "at byte %llu: %s", (unsigned long long)offset, what);
    return rc;
}

int weft__tape_init(struct weft__tape *t, struct weft_slice bytes, struct weft_buf *message) {
    *t = (struct weft__tape){bytes, 0};
    if (bytes.len < WEFT__TAPE_MAGIC_LEN || memcmp(bytes.ptr, WEFT__TAPE_MAGIC, WEFT__TAPE_MAGIC_LEN - 1) != 0)
        return complain(message, WEFT_ERR_MALFORMED, 0, "this is not a recording of Weft's");
    if (bytes.ptr[WEFT__TAPE_MAGIC_LEN - 1] != (uint8_t)WEFT__TAPE_MAGIC[WEFT__TAPE_MAGIC_LEN - 1])
        return complain(message, WEFT_ERR_VERSION, WEFT__TAPE_MAGIC_LEN - 1, "a recording of another version of Weft");
    t->at = WEFT__TAPE_MAGIC_LEN;
    return 0;
}

static struct weft_slice rest_of(const struct weft__reader *in) {
    return weft_slice(in->at, in->err != 0 ? 0 : (size_t)(in->end - in->at));
}

static void read_raw(struct weft__reader *in, uint8_t *out, size_t len) {
    if (in->err != 0 || (size_t)(in->end - in->at) < len) {
        weft__reader_fail(in);
        return;
    }
    memcpy(out, in->at, len);
    in->at += len;
}

static struct weft_origin read_origin(struct weft__reader *in) {
    struct weft_origin o = {{{0}}, 0};
    read_raw(in, o.replica.bytes, sizeof o.replica.bytes);
    o.epoch = weft__read_fixed64(in);
    return o;
}

static uint64_t read_below(struct weft__reader *in, uint64_t bound) {
    uint64_t v = weft__read_varint(in);
    if (v >= bound) weft__reader_fail(in);
    return in->err != 0 ? 0 : v;
}

static void read_more(struct weft__reader *in, struct weft__tape_entry *e) {
    read_raw(in, e->options.cluster.bytes, sizeof e->options.cluster.bytes);
    e->options.rights = e->rights;
    while (in->err == 0 && in->at != in->end) {
        size_t len = (size_t)read_below(in, WEFT__TAPE_ENTRY_MAX);
        if (in->err != 0 || len > (size_t)(in->end - in->at) || e->options.rights_count == WEFT_RIGHTS_KNOWN_MAX) {
            weft__reader_fail(in);
            return;
        }
        e->rights[e->options.rights_count++] = weft_slice(in->at, len);
        in->at += len;
    }
    if (!has_more(&e->options)) weft__reader_fail(in); /* one spelling */
}

static void read_open(struct weft__reader *in, struct weft__tape_entry *e) {
    struct weft_replica_options *o = &e->options;
    weft_replica_options_init(o);
    read_raw(in, o->replica.bytes, sizeof o->replica.bytes);
    read_raw(in, o->space.bytes, sizeof o->space.bytes);
    o->jitter = weft__read_varint(in);
    o->drift = weft__read_varint(in);
    o->digest_ns = weft__read_varint(in);
    o->request_ns = weft__read_varint(in);
    o->state_ns = weft__read_varint(in);
    size_t *sizes[] = {&o->log_max,     &o->checkpoint_bytes, &o->segment_bytes,
                       &o->pending_max, &o->batch_max,        &o->chunk_bytes};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) *sizes[i] = (size_t)read_below(in, SIZE_MAX);
    if (in->err == 0 && in->at != in->end) read_more(in, e);
}

static void read_record(struct weft__reader *in, struct weft_record *r) {
    r->kind = (enum weft_record_kind)read_below(in, WEFT_RECORD_SIGNATURE + 1);
    r->id = weft__read_varint(in);
    r->origin = read_origin(in);
    r->seq = weft__read_varint(in);
    r->bytes = rest_of(in);
    in->at = in->end;
}

static void read_peer(struct weft__reader *in, struct weft__tape_entry *e) {
    uint64_t flags = read_below(in, PEER_FLAGS);
    e->peer = (struct weft_peer){.size = sizeof e->peer,
                                 .is_known = (flags & PEER_IS_KNOWN) != 0,
                                 .vouches = (flags & PEER_VOUCHES) != 0,
                                 .label = e->label};
    read_raw(in, e->peer.replica.bytes, sizeof e->peer.replica.bytes);
    struct weft_slice label = rest_of(in);
    if (label.len > WEFT_LABEL_MAX || (label.len > 0 && memchr(label.ptr, 0, label.len) != NULL)) {
        weft__reader_fail(in);
        return;
    }
    if (label.len > 0) memcpy(e->label, label.ptr, label.len);
    in->at = in->end;
    e->event.peer = &e->peer;
}

static void read_event(struct weft__reader *in, struct weft__tape_entry *out) {
    struct weft_event *e = &out->event;
    e->kind = (enum weft_event_kind)out->kind;
    e->now.mono_ns = weft__read_varint(in);
    e->now.wall = weft__read_fixed64(in);
    bool linked = out->kind == WEFT_EVENT_LINK_UP || out->kind == WEFT_EVENT_LINK_DOWN;
    if (linked || out->kind == WEFT_EVENT_RECEIVED) e->link = (uint32_t)read_below(in, UINT64_C(1) << 32);
    if (out->kind == WEFT_EVENT_LINK_UP && in->err == 0 && in->at != in->end) read_peer(in, out);
    if (out->kind == WEFT_EVENT_START || out->kind == WEFT_EVENT_EPOCH) e->random = weft__read_fixed64(in);
    if (out->kind == WEFT_EVENT_PERSISTED) e->number = weft__read_varint(in);
    if (out->kind == WEFT_EVENT_SIGNED) {
        out->signing.origin = read_origin(in);
        out->signing.seq = weft__read_varint(in);
        out->signing.generation = weft__read_varint(in);
        e->signing = &out->signing;
    }
    if (out->kind == WEFT_EVENT_RECEIVED || out->kind == WEFT_EVENT_SIGNED) {
        e->bytes = rest_of(in);
        in->at = in->end;
    }
    if (out->kind == WEFT_EVENT_RESTORE) {
        read_record(in, &out->record);
        e->record = &out->record;
    }
}

static void read_refused(struct weft__reader *in, struct weft_event *e) {
    e->now.mono_ns = weft__read_varint(in);
    e->now.wall = weft__read_fixed64(in);
    e->number = weft__read_varint(in);
}

static void read_notice(struct weft__reader *in, struct weft_notice *n) {
    n->kind = (enum weft_notice_kind)read_below(in, WEFT_NOTICE_STATE_TOO_LARGE + 1);
    n->err = -(int)read_below(in, 1000);
    n->link = (uint32_t)read_below(in, UINT64_C(1) << 32);
    n->origin = read_origin(in);
    n->seq = weft__read_varint(in);
    n->amount_ns = weft__read_varint(in);
}

static void read_state(struct weft__reader *in, struct weft__tape_entry *e) {
    read_raw(in, e->hash, sizeof e->hash);
    e->origins = rest_of(in);
    if (e->origins.len % (ORIGIN_LEN + 8) != 0) weft__reader_fail(in);
    in->at = in->end;
}

static int read_body(struct weft__tape_entry *e, struct weft_slice body) {
    struct weft__reader in;
    weft__reader_init(&in, body);
    if (e->kind <= WEFT_EVENT_SIGNED && e->kind >= WEFT_EVENT_RESTORE)
        read_event(&in, e);
    else if (e->kind == WEFT__TAPE_OPEN)
        read_open(&in, e);
    else if (e->kind == WEFT__TAPE_COMMIT)
        e->bytes = body, in.at = in.end;
    else if (e->kind == WEFT__TAPE_NOTICE)
        read_notice(&in, &e->notice);
    else if (e->kind == WEFT__TAPE_STATE)
        read_state(&in, e);
    else if (e->kind == WEFT__TAPE_END)
        e->end = read_below(&in, WEFT__TAPE_ENDS);
    else if (e->kind == WEFT__TAPE_FAILED)
        e->err = -(int)read_below(&in, 1000);
    else if (e->kind == WEFT__TAPE_RETRY || e->kind == WEFT__TAPE_FORGET)
        read_refused(&in, &e->event);
    else if (e->kind == WEFT__TAPE_CHECKPOINT || e->kind == WEFT__TAPE_ABANDON)
        (void)read_below(&in, 1);
    else
        weft__reader_fail(&in);
    return in.err == 0 && weft__reader_done(&in) ? 0 : WEFT_ERR_MALFORMED;
}

int weft__tape_next(struct weft__tape *t, struct weft__tape_entry *e, struct weft_buf *message) {
    const uint8_t *from = t->bytes.ptr + t->at;
    size_t left = t->bytes.len - t->at;
    uint8_t check[WEFT__TAPE_CHECK];
    memset(e, 0, sizeof *e);
    e->offset = t->at;
    if (left == 0) return 0;
    if (left < WEFT__TAPE_HEAD) return complain(message, WEFT_ERR_FULL, t->at, "the recording was cut off here");
    uint32_t len = load32(from);
    if (len == 0 || len > WEFT__TAPE_ENTRY_MAX)
        return complain(message, WEFT_ERR_CORRUPT, t->at, "an entry of no possible length: it was changed");
    if (left - WEFT__TAPE_HEAD < (size_t)len + WEFT__TAPE_CHECK)
        return complain(message, WEFT_ERR_FULL, t->at,
                        "an entry goes on beyond the end of the recording: it was cut off, or changed");
    const uint8_t *body = from + WEFT__TAPE_HEAD;
    check_of(check, from - WEFT__TAPE_CHECK, body + len);
    if (memcmp(check, body + len, sizeof check) != 0)
        return complain(message, WEFT_ERR_CORRUPT, t->at, "an entry is not what was recorded: it was changed");
    e->kind = body[0];
    e->len = WEFT__TAPE_HEAD + len + WEFT__TAPE_CHECK;
    if (read_body(e, weft_slice(body + 1, len - 1)) != 0)
        return complain(message, WEFT_ERR_MALFORMED, t->at, "an entry that does not read: of another version of Weft?");
    t->at += e->len;
    return 1;
}

bool weft__tape_is_torn(const struct weft__tape *t) {
    const uint8_t *from = t->bytes.ptr + t->at;
    size_t left = t->bytes.len - t->at;
    if (left < WEFT__TAPE_HEAD || load32(from) > WEFT__TAPE_ENTRY_MAX) return false;
    size_t at = WEFT__TAPE_HEAD + load32(from);
    if (load32(from) > 0) at += WEFT__TAPE_CHECK - 1;
    if (at > left) return false;
    while (at < left && from[at] == 0) at++;
    return at == left;
}

bool weft__tape_origin(struct weft_slice *rest, struct weft_origin *origin, uint64_t *applied) {
    struct weft__reader in;
    if (rest->len == 0) return false;
    weft__reader_init(&in, *rest);
    *origin = read_origin(&in);
    *applied = weft__read_fixed64(&in);
    *rest = rest_of(&in);
    return in.err == 0;
}

const char *weft__tape_end_text(uint64_t end) {
    static const char *const texts[WEFT__TAPE_ENDS] = {
        "?", "the replica was closed", "the recording was as long as it may be", "the recording could not be written",
        "the process ended without a word"};
    return end < WEFT__TAPE_ENDS ? texts[end] : "?";
}
