/* said.c: the witness is a second replica, restored from the sender's store as it is when the message leaves. */
#include "tests/fault/said.h"

#include <check.h>

#include "base/endian.h"
#include "base/wire.h"
#include "replication/checkpoint.h"
#include "replication/message.h"
#include "replication/space.h"
#include "replication/transaction.h"

struct witness {
    struct weft_replica *replica;
    uint64_t epoch; /* the store's */
};

static int restore(void *ctx, const struct weft_record *record) {
    struct witness *w = ctx;
    struct weft_update u;
    if (record->kind == WEFT_RECORD_META && record->id == WEFT_META_EPOCH) {
        struct weft__reader in;
        weft__reader_init(&in, record->bytes);
        w->epoch = weft__read_field_fixed64(&in, 1);
    }
    return weft_replica_step(w->replica, &(struct weft_event){.kind = WEFT_EVENT_RESTORE, .record = record}, &u);
}

static void call_witness(struct witness *w, struct cluster_replica *a) {
    struct weft_replica_options o = a->options;
    o.alloc = NULL; /* not the one that fails */
    *w = (struct witness){.epoch = 0};
    ck_assert_int_eq(weft_replica_new(&w->replica, &o), 0);
    ck_assert_int_eq(a->store->cls->load(a->store, restore, w), 0);
}

static uint64_t recorded(const struct witness *w, const struct weft_origin *origin) {
    struct weft_origin_info info;
    for (size_t i = 0; weft_replica_origin(w->replica, i, &info); i++)
        if (weft_origin_cmp(&info.origin, origin) == 0) return info.applied;
    return 0;
}

static void check_transactions(const struct witness *w, const struct weft__message *m) {
    for (size_t i = 0; i < m->transactions.count; i++) {
        struct weft__transaction t;
        ck_assert_int_eq(weft__transaction_parse(&t, m->transactions.items[i]), 0);
        bool own = weft_id_cmp(&t.origin.replica, &m->head.sender.replica) == 0;
        if (own) ck_assert_uint_ge(recorded(w, &t.origin), t.seq);
    }
}

/* The first chunk of a state that fits one says all of it. */
static void check_state(const struct witness *w, const struct weft__message *m) {
    if (m->state.count > 1) return;
    static const struct weft_id zero;
    struct weft_origins *origins;
    struct weft__space space;
    struct weft__segments segments;
    struct weft__hash128 hash;
    size_t len = (size_t)weft__load64(m->state.bytes.ptr);
    weft__segments_init(&segments, &weft_alloc_default);
    ck_assert_int_eq(weft_origins_new(&origins, NULL), 0);
    ck_assert_int_eq(weft__space_init(&space, &zero, origins, 1, &weft_alloc_default), 0);
    ck_assert_int_eq(weft__manifest_read(weft_slice(m->state.bytes.ptr + 8, len), &space, &segments, &hash), 0);
    for (uint32_t i = 0; i < space.applied.len; i++)
        ck_assert_uint_ge(recorded(w, weft_origins_at(origins, i)), weft_version_vector_get(&space.applied, i));
    weft__segments_fini(&segments);
    weft__space_fini(&space);
    weft_origins_free(origins);
}

void said_check(struct cluster *c, int from, const struct weft_message *message) {
    struct witness w;
    struct weft__message m;
    ck_assert_int_eq(weft__message_decode(&m, message->bytes, &weft_alloc_default), 0);
    call_witness(&w, &c->at[from]);
    ck_assert_uint_eq(m.head.sender.epoch, w.epoch);
    for (size_t i = 0; m.kind == WEFT__MESSAGE_DIGEST && i < m.digest.count; i++)
        ck_assert_uint_ge(recorded(&w, &m.digest.entries[i].origin), m.digest.entries[i].seq);
    if (m.kind == WEFT__MESSAGE_TRANSACTIONS) check_transactions(&w, &m);
    if (m.kind == WEFT__MESSAGE_STATE_CHUNK) check_state(&w, &m);
    weft_replica_free(w.replica);
    weft__message_fini(&m);
}
