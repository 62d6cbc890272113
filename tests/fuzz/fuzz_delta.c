/* Deltas of every kernel and type, as they come to replicas: two origins write them, in transactions that are right in
 * all else, and two replicas get them, each first all of one origin's that it can. Whatever they mean, every one
 * advances the vector by one; a void one changes nothing, and is void at both; both replicas end with the same state,
 * in memory in proportion to what came; what comes again brings nothing.
 *
 * Input: of each transaction what it is (below), a type, a piece that is the body, and with ANOTHER set a second one
 * likewise. With RIGHTS set in the first the space has rights, and with it set in any it is a document of them: its
 * generation, and what it says (below); with ANOTHER set, behind a delta. */
#include <string.h>

#include <weft/crdt.h>
#include <weft/err.h>

#include "replication/message.h"
#include "replication/rights.h"
#include "replication/rights_document.h"
#include "replication/transaction.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"

enum {
    WRITER = 1,   /* which of the two */
    LEARNS = 2,   /* it has applied all that the other wrote so far */
    KEY = 12,     /* one of four */
    ANOTHER = 16, /* a second delta */
    OLDER = 32,   /* stamped as if its clock had been set back */
    SCHEMA = 64,  /* the next one */
    RIGHTS = 128
};

/* Of a document. */
enum {
    FIRST = 3,     /* what the first of the two may write, by `may_write` */
    SECOND = 12,   /* ... and the second */
    SIGNER = 16,   /* the other authority */
    HANDS = 32,    /* over to it */
    MISNAMED = 64, /* under another name than its own */
    FORGED = 128   /* changed since it was signed */
};

#define LINK             5
#define TRANSACTIONS_MAX 40
#define MEMORY_MAX(size) (1024 * (size) + ((size_t)4 << 20))

struct transaction {
    struct weft_buf bytes;
    int writer;
};

struct writer {
    struct weft_origin origin;
    uint64_t seq, seen; /* of the other's */
    uint8_t hash[WEFT__CHAIN_LEN];
    uint64_t generation; /* of the document that governs it, and who signs the next one */
    unsigned authority;
};

struct history {
    bool in_space;
    struct weft_id space;
    struct authority authorities[2];
    struct writer writers[2];
    struct transaction items[TRANSACTIONS_MAX];
    size_t count;
};

/* The built-in ones, then types that nobody has registered, of each kernel and of none. */
static uint32_t type_of(uint8_t byte) {
    size_t classes = 0;
    while (weft_crdt_class_at(classes) != NULL) classes++;
    size_t i = byte % (classes + 8);
    return i < classes ? weft_crdt_class_at(i)->type : WEFT_TYPE_ID(4000, (uint32_t)(i - classes));
}

static void write_delta(struct weft_buf *out, struct fuzz_input *in, uint8_t what, const char *key) {
    struct weft__txn_delta d = {.key = weft_str(key), .type = type_of(fuzz_byte(in)), .body = fuzz_piece(in)};
    d.schema = (what & SCHEMA) != 0 ? 2 : 1;
    weft__transaction_write_delta(out, &d);
}

/* Of NULL they are no members. */
static const char *const may_write[] = {"*", "a b", "c weft/", NULL};

static void write_document(struct history *h, struct writer *w, struct fuzz_input *in, struct weft_buf *out) {
    uint64_t generation = fuzz_byte(in) % 8u + 1;
    uint8_t what = fuzz_byte(in);
    unsigned signer = (what & SIGNER) != 0;
    struct policy policy = {.generation = generation, .writes = {"", "", NULL, NULL, ""}};
    struct weft__rights_document d;
    struct weft_buf document, body;
    uint8_t element[WEFT__RIGHTS_ELEMENT_LEN];
    policy.writes[2] = may_write[what & FIRST];
    policy.writes[3] = may_write[(what & SECOND) / 4];
    if ((what & HANDS) != 0) policy.next = &h->authorities[1];
    weft_buf_init(&document, NULL);
    weft_buf_init(&body, NULL);
    authority_sign(&h->authorities[signer], &h->space, &policy, &document);
    HOLDS(weft__rights_parse(&d, weft_buf_slice(&document)) == 0);
    weft__rights_name_write(element, &d.name);
    if ((what & MISNAMED) != 0) element[sizeof element - 1] ^= 1;
    if ((what & FORGED) != 0) document.ptr[document.len - 1] ^= 1;
    size_t entries = weft__write_begin(&body, 1);
    weft__write_bytes(&body, 2, weft_slice(element, sizeof element));
    weft__write_bytes(&body, 4, weft_buf_slice(&document));
    weft__write_end(&body, entries);
    struct weft__txn_delta delta = {weft_str(WEFT_RIGHTS_KEY), weft_rights_class.type, 1, weft_buf_slice(&body)};
    weft__transaction_write_delta(out, &delta);
    if (generation > w->generation && signer == w->authority && (what & (MISNAMED | FORGED)) == 0) {
        w->generation = generation;
        w->authority = (what & HANDS) != 0 ? 1 : signer;
    }
    weft_buf_fini(&document);
    weft_buf_fini(&body);
}

static void learn(struct writer *w, const struct writer *other) {
    w->seen = other->seq;
    if (other->generation <= w->generation) return;
    w->generation = other->generation;
    w->authority = other->authority;
}

/* The table of origins has the other one as soon as it was learnt of. */
static void write_origins(struct weft__transaction *t, const struct writer *other, struct weft_buf *origins,
                          struct weft_buf *dependencies, uint64_t seen, bool gained) {
    if (seen == 0) return;
    size_t mark = weft__write_begin(origins, 10);
    weft__write_bytes(origins, 1, weft_slice(other->origin.replica.bytes, sizeof other->origin.replica.bytes));
    weft__write_field_fixed64(origins, 2, other->origin.epoch);
    weft__write_end(origins, mark);
    t->origins = weft_buf_slice(origins);
    if (!gained) return;
    weft__write_varint(dependencies, 1);
    weft__write_varint(dependencies, seen);
    t->dependencies = weft_buf_slice(dependencies);
}

static void write_transaction(struct history *h, struct fuzz_input *in) {
    static const char *const keys[] = {"a", "b", "c", "d"}, *const second[] = {"aa", "bb", "cc", "dd"};
    uint8_t what = fuzz_byte(in);
    struct writer *w = &h->writers[what & WRITER], *other = &h->writers[!(what & WRITER)];
    struct transaction *out = &h->items[h->count++];
    struct weft__transaction t = {.space = h->space, .origin = w->origin, .seq = ++w->seq};
    struct weft_buf origins, dependencies;
    bool gained = (what & LEARNS) != 0 && other->seq > w->seen;
    if (gained) learn(w, other);
    if (h->in_space) t.rights_generation = w->generation + ((what & SCHEMA) != 0);
    t.stamp.word = WEFT_HLC_SECONDS(1700000000) + h->count - ((what & OLDER) != 0 ? WEFT_HLC_MS(50) : 0);
    if (w->seq > 1) t.previous = weft_slice(w->hash, sizeof w->hash);
    weft_buf_init(&origins, NULL);
    weft_buf_init(&dependencies, NULL);
    weft_buf_init(&out->bytes, NULL);
    out->writer = what & WRITER;
    write_origins(&t, other, &origins, &dependencies, w->seen, gained);
    weft__transaction_write_head(&out->bytes, &t);
    bool is_document = h->in_space && (what & RIGHTS) != 0;
    if (!is_document || (what & ANOTHER) != 0) write_delta(&out->bytes, in, what, keys[(what & KEY) / 4]);
    if (!is_document && (what & ANOTHER) != 0) write_delta(&out->bytes, in, what, second[(what & KEY) / 4]);
    if (is_document) write_document(h, w, in, &out->bytes);
    HOLDS(out->bytes.err == 0);
    weft__blake2b128(w->hash, weft_buf_slice(&out->bytes));
    weft_buf_fini(&origins);
    weft_buf_fini(&dependencies);
}

static void write_history(struct history *h, struct fuzz_input *in) {
    memset(h, 0, sizeof *h);
    for (uint8_t i = 0; i < 2; i++)
        h->writers[i].origin = (struct weft_origin){{{(uint8_t)(3 + i)}}, UINT64_C(0x1122334455667788) + i};
    h->in_space = fuzz_left(in) > 0 && (*in->at & RIGHTS) != 0;
    for (uint8_t i = 0; i < 2; i++) h->authorities[i] = authority_new(i);
    if (h->in_space) h->space = authority_space(&h->authorities[0]);
    while (h->count < TRANSACTIONS_MAX && fuzz_left(in) > 0) write_transaction(h, in);
}

static void encode(struct cluster *c, int i, struct weft_buf *out) {
    weft_buf_init(out, NULL);
    HOLDS(weft_replica_encode(c->at[i].replica, out) == 0);
}

static void receive(struct cluster *c, int i, const struct transaction *t) {
    struct weft_buf message;
    struct weft_slice bytes = weft_buf_slice(&t->bytes);
    struct weft__message_head head = {c->at[i].options.space, {{{5}}, 9}, c->at[i].now.wall};
    struct weft_replica_stats before = cluster_stats(c, i), after;
    uint64_t applied = before.transactions + before.pending;
    weft_buf_init(&message, NULL);
    HOLDS(weft__message_write_transactions(&message, &head, &bytes, 1, false) == 0);
    uint8_t *copy = fuzz_copy(weft_buf_slice(&message));
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = LINK, .bytes = weft_slice(copy, message.len)};
    HOLDS(cluster_step(c, i, e) == 0);
    free(copy);
    after = cluster_stats(c, i);
    HOLDS(after.transactions + after.pending == applied + 1);
    bool only_void = after.voids - before.voids == after.transactions - before.transactions;
    if (only_void) HOLDS(memcmp(before.state_hash, after.state_hash, sizeof before.state_hash) == 0);
    weft_buf_fini(&message);
}

/* Again what came: nothing is applied, and it is not said that anybody equivocated. */
static void receive_again(struct cluster *c, int i, const struct transaction *t) {
    struct weft_buf message;
    struct weft_slice bytes = weft_buf_slice(&t->bytes);
    struct weft__message_head head = {c->at[i].options.space, {{{5}}, 9}, c->at[i].now.wall};
    uint64_t duplicates = cluster_stats(c, i).duplicates;
    weft_buf_init(&message, NULL);
    HOLDS(weft__message_write_transactions(&message, &head, &bytes, 1, false) == 0);
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = LINK, .bytes = weft_buf_slice(&message)};
    HOLDS(cluster_step(c, i, e) == 0);
    HOLDS(cluster_stats(c, i).duplicates == duplicates + 1);
    weft_buf_fini(&message);
}

static void receive_all(struct cluster *c, int i, const struct history *h) {
    for (int turn = 0; turn < 2; turn++)
        for (size_t k = 0; k < h->count; k++)
            if (h->items[k].writer == (turn ^ i)) receive(c, i, &h->items[k]);
    HOLDS(cluster_stats(c, i).pending == 0);
    HOLDS(cluster_stats(c, i).transactions == h->count);
}

static void open_replica(struct cluster *c, int i, const struct history *h, const struct weft_alloc *alloc) {
    c->at[i].options.space = h->space;
    c->at[i].options.alloc = alloc;
    c->at[i].options.segment_bytes = 256;
    HOLDS(cluster_open(c, i) == 0);
    HOLDS(cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = LINK}) == 0);
}

static void check_same(struct cluster *c, int i, int j) {
    struct weft_buf a, b;
    encode(c, i, &a);
    encode(c, j, &b);
    HOLDS(weft_slice_eq(weft_buf_slice(&a), weft_buf_slice(&b)));
    weft_buf_fini(&a);
    weft_buf_fini(&b);
}

/* Whatever came to stand there can be read, or is out of range. */
static void print_all(const struct cluster *c, int i) {
    struct weft_object_info info = {.key = {NULL, 0}};
    for (uint32_t type = 0; weft_replica_object(c->at[i].replica, info.key, type, &info); type = info.type + 1) {
        struct weft_buf text;
        weft_buf_init(&text, NULL);
        int rc = info.cls == NULL ? 0 : info.cls->print(info.view, &text);
        HOLDS(rc == 0 || rc == WEFT_ERR_RANGE);
        weft_buf_fini(&text);
    }
}

/* From a checkpoint. */
static void restart(struct cluster *c, int i) {
    weft_replica_checkpoint(c->at[i].replica);
    HOLDS(cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}) == 0);
    cluster_crash(c, i);
    HOLDS(cluster_open(c, i) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct budget budget;
    struct history h;
    struct cluster c;
    write_history(&h, &in);
    cluster_init(&c, 2);
    budget_init(&budget, MEMORY_MAX(size));
    for (int i = 0; i < 2; i++) {
        open_replica(&c, i, &h, i == 0 ? &budget.alloc : NULL);
        receive_all(&c, i, &h);
    }
    check_same(&c, 0, 1);
    HOLDS(cluster_stats(&c, 0).voids == cluster_stats(&c, 1).voids);
    print_all(&c, 0);
    for (size_t k = 0; k < h.count; k++) receive_again(&c, 0, &h.items[k]);
    check_same(&c, 0, 1);
    restart(&c, 0);
    check_same(&c, 0, 1);
    cluster_fini(&c);
    budget_fini(&budget);
    for (size_t k = 0; k < h.count; k++) weft_buf_fini(&h.items[k].bytes);
    return 0;
}
