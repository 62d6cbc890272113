/* What a signature costs a replica that takes in and passes on what another one wrote: the same stream in two spaces
 * with rights, of which one is signed, in batches of one store write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/pncounter.h>
#include <weft/rights.h>
#include <weft/store.h>

#include "base/signature.h"
#include "bench/bench.h"
#include "replication/rights.h"

#define MESSAGES_MAX 512

/* Writes: replica 1, with the key; takes in: replica 2. */
struct end {
    struct weft_replica *replica;
    struct weft_store *store;
    struct weft_time now;
    const uint8_t *secret; /* NULL: signs nothing */
    struct weft_buf *said; /* messages go here; NULL: nowhere */
    size_t count;
};

static void step(struct end *e, struct weft_event event) {
    struct weft_update u;
    event.now = e->now;
    bench_check(weft_replica_step(e->replica, &event, &u), "weft_replica_step");
    for (size_t i = 0; i < u.message_count; i++, e->count++)
        if (e->said != NULL && e->count < MESSAGES_MAX)
            bench_check(weft_buf_append_slice(&e->said[e->count], u.messages[i].bytes), "a copy");
    if (u.record_count > 0) {
        bench_check(e->store->cls->write(e->store, u.records, u.record_count), "write");
        uint64_t number = u.records[u.record_count - 1].number;
        step(e, (struct weft_event){.kind = WEFT_EVENT_PERSISTED, .number = number});
    } else if (u.wants_signature_count > 0 && e->secret != NULL) {
        uint8_t signature[WEFT__SIGNATURE_LEN];
        struct weft_signing s = u.wants_signature[0];
        weft__signature_make(signature, weft_slice(s.bytes, sizeof s.bytes), e->secret);
        step(e, (struct weft_event){
                    .kind = WEFT_EVENT_SIGNED, .signing = &s, .bytes = weft_slice(signature, sizeof signature)});
    }
}

static void end_open(struct end *e, uint8_t number, const struct weft_id *space, struct weft_slice document) {
    struct weft_replica_options o;
    memset(e, 0, sizeof *e);
    weft_replica_options_init(&o);
    o.replica.bytes[0] = number;
    o.space = *space;
    o.seed = 42;
    o.digest_ns = UINT64_C(1) << 62;
    e->now = (struct weft_time){1, WEFT_HLC_SECONDS(1700000000)};
    bench_check(weft_store_memory_new(&e->store, NULL), "weft_store_memory_new");
    bench_check(weft_replica_new(&e->replica, &o), "weft_replica_new");
    bench_check(weft__rights_hint(e->replica, document), "weft__rights_hint");
    step(e, (struct weft_event){.kind = WEFT_EVENT_START, .random = number});
    step(e, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = 1});
}

static void end_close(struct end *e) {
    weft_replica_free(e->replica);
    e->store->cls->close(e->store);
}

/* Both may write everything. */
static void sign_document(const struct weft_id *space, const uint8_t *authority, const struct weft_key *key,
                          struct weft_buf *out) {
    struct weft_slice everything = weft_str("");
    const struct weft_rights_member members[] = {
        {.replica = {{1}}, .name = weft_str("a"), .signing_key = key},
        {.replica = {{2}}, .name = weft_str("b")},
    };
    const struct weft_rights_grant grant = {
        .subject = WEFT_RIGHTS_EVERYBODY, .read = true, .relay = true, .write = &everything, .write_count = 1};
    const struct weft_rights doc = {
        .space = *space, .generation = 1, .members = members, .member_count = 2, .grants = &grant, .grant_count = 1};
    bench_check(weft_rights_sign(&doc, authority, out), "weft_rights_sign");
}

static void write_stream(struct end *e, int batches, int batch) {
    struct weft_txn *t;
    for (int i = 0; i < batches; i++) {
        for (int k = 0; k < batch; k++) {
            char key[8];
            (void)snprintf(key, sizeof key, "k%02d", k % 64);
            bench_check(weft_txn_begin(e->replica, &e->now, &t), "weft_txn_begin");
            weft_pncounter_add(weft_txn_edit(t, weft_str(key), &weft_pncounter_class), 1);
            bench_check(weft_txn_commit(t, NULL), "weft_txn_commit");
        }
        step(e, (struct weft_event){.kind = WEFT_EVENT_TICK});
    }
}

static void take_in(struct end *e, const struct weft_buf *messages, size_t count) {
    for (size_t i = 0; i < count; i++)
        step(e, (struct weft_event){.kind = WEFT_EVENT_RECEIVED, .link = 1, .bytes = weft_buf_slice(&messages[i])});
}

/* Microseconds a transaction, for who takes the stream in. */
static double run(bool is_signed, int batches, int batch) {
    static struct weft_buf messages[MESSAGES_MAX];
    uint8_t authority[WEFT__SIGNATURE_SECRET_LEN], secret[WEFT__SIGNATURE_SECRET_LEN], seed[32] = {1};
    struct weft_key root, key;
    struct weft_buf document;
    struct weft_id space;
    struct weft_txn *t;
    struct end from, to;
    for (size_t i = 0; i < MESSAGES_MAX; i++) weft_buf_init(&messages[i], NULL);
    weft_buf_init(&document, NULL);
    weft__signature_keys(root.bytes, authority, seed);
    seed[0] = 2;
    weft__signature_keys(key.bytes, secret, seed);
    weft_rights_space(&space, &root, is_signed);
    sign_document(&space, authority, &key, &document);
    end_open(&from, 1, &space, weft_buf_slice(&document));
    end_open(&to, 2, &space, weft_buf_slice(&document));
    from.secret = secret;
    from.said = messages;
    from.count = 0;
    bench_check(weft_txn_begin(from.replica, &from.now, &t), "weft_txn_begin");
    bench_check(weft_txn_rights(t, weft_buf_slice(&document)), "weft_txn_rights");
    bench_check(weft_txn_commit(t, NULL), "weft_txn_commit");
    step(&from, (struct weft_event){.kind = WEFT_EVENT_TICK});
    write_stream(&from, batches, batch);
    double begun = bench_now();
    take_in(&to, messages, from.count);
    double each = (bench_now() - begun) * 1e6 / (batches * batch);
    struct weft_replica_stats stats;
    weft_replica_stats(to.replica, &stats);
    if (stats.transactions != (uint64_t)(batches * batch) + 1) bench_check(WEFT_ERR_CORRUPT, "it did not all come");
    end_close(&from);
    end_close(&to);
    for (size_t i = 0; i < MESSAGES_MAX; i++) weft_buf_fini(&messages[i]);
    weft_buf_fini(&document);
    return each;
}

void bench_relay(void) {
    static const int sizes[] = {256, 16, 1};
    bench_section("Signed spaces", "What a replica takes in of another's pncounter increments, one to a transaction, "
                                   "and records: signed and not, by transactions to a signature.");
    for (size_t k = 0; k < 3; k++) {
        double plain[BENCH_ROUNDS], with[BENCH_ROUNDS];
        char what[64];
        for (int i = 0; i < BENCH_ROUNDS; i++) {
            plain[i] = run(false, 200, sizes[k]);
            with[i] = run(true, 200, sizes[k]);
        }
        (void)snprintf(what, sizeof what, "%d to a signature, a transaction", sizes[k]);
        bench_row(what, bench_summary(with, BENCH_ROUNDS), "us", "");
        bench_row("  as many times one that is not signed", bench_ratio(with, plain, BENCH_ROUNDS), "x",
                  k == 0 ? "at most 1.5" : "");
    }
}
