/* node.c: see node.h. */
#include "bench/node.h"

#include "bench/bench.h"

void node_open(struct node *n, uint32_t number, bool has_checkpoints, const struct weft_alloc *alloc) {
    struct weft_replica_options o;
    weft_replica_options_init(&o);
    o.replica.bytes[0] = (uint8_t)(number + 1);
    o.seed = 42 + number;
    o.alloc = alloc;
    o.log_max = has_checkpoints ? (64u << 10) : SIZE_MAX / 2;
    if (!has_checkpoints) o.checkpoint_bytes = SIZE_MAX / 2;
    *n = (struct node){.number = number, .now = {1, WEFT_HLC_SECONDS(1700000000)}};
    bench_check(weft_replica_new(&n->replica, &o), "weft_replica_new");
    node_step(n, (struct weft_event){.kind = WEFT_EVENT_START, .random = number + 7});
}

void node_step(struct node *n, struct weft_event e) {
    struct weft_update u;
    uint64_t durable = 0;
    do {
        e.now = n->now;
        bench_check(weft_replica_step(n->replica, &e, &u), "weft_replica_step");
        if (u.record_count > 0 && n->records != NULL) n->records(n->ctx, u.records, u.record_count);
        for (size_t i = 0; n->hears != NULL && i < u.message_count; i++)
            node_step(n->hears, (struct weft_event){
                                    .kind = WEFT_EVENT_RECEIVED, .link = n->number, .bytes = u.messages[i].bytes});
        durable = u.record_count > 0 ? u.records[u.record_count - 1].number : 0;
        e = (struct weft_event){.kind = WEFT_EVENT_PERSISTED, .number = durable};
    } while (durable > 0);
}

void node_write(struct node *n, const struct subject *s, uint64_t from, uint64_t to, bool ticks) {
    struct weft_txn *t;
    uint8_t room[16] = {0};
    struct weft_slice element = weft_slice(room, sizeof room);
    bench_check(weft_txn_begin(n->replica, &n->now, &t), "weft_txn_begin");
    for (uint64_t i = from; i < to; i++) {
        bench_element(i, room);
        s->write(weft_txn_edit(t, s->shape == KEYS ? element : weft_str("s"), s->cls), element, i);
    }
    bench_check(weft_txn_commit(t, NULL), "weft_txn_commit");
    if (ticks) node_step(n, (struct weft_event){.kind = WEFT_EVENT_TICK});
}
