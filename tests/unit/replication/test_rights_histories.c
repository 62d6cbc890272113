/* test_rights_histories.c: which transactions are void, against a specification that is as short as the rule, over
 * every small history and every order in which its transactions can arrive.
 *
 * One origin commits three documents: the first lets the member write keys that begin with "m", the second takes that
 * back, the third gives all. The member issues two transactions, and each says that it has seen so many of the
 * documents and names some generation, true or not. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/gset.h>
#include <weft/rights.h>

#include "replication/rights_document.h"
#include "tests/support/authority.h"
#include "tests/support/hand.h"
#include "tests/support/suite.h"

#define DOCUMENTS 3
#define WRITES    2
#define ALL       (DOCUMENTS + WRITES)
#define LINK      5u

static const char *const allows[DOCUMENTS + 1] = {NULL, "m", "", "*"}; /* the member, by generation */
static const char *const keys[] = {"m1", "x"};

struct write {
    uint64_t seen, names; /* documents, a generation */
    int key;
};

struct history {
    struct write writes[WRITES];
};

static struct authority root;
static struct weft_id space;

/* The specification: by the newest document that was seen, whose generation is named. */
static bool is_void(const struct write *w) {
    if (w->names != w->seen || w->seen == 0) return true;
    const char *may = allows[w->seen];
    if (strcmp(may, "*") == 0) return false;
    return *may == '\0' || *may != keys[w->key][0];
}

/* --- The history's bytes ------------------------------------------------------------------------------------------ */

struct bytes {
    struct hand keeper, member;
    struct weft_buf txns[ALL]; /* the documents, then the writes */
};

static void write_document(struct bytes *b, uint64_t generation) {
    struct policy p = {.generation = generation, .writes = {"*", allows[generation]}};
    struct weft__rights_document d;
    struct weft_buf doc, body;
    uint8_t element[WEFT__RIGHTS_ELEMENT_LEN];
    weft_buf_init(&doc, NULL);
    weft_buf_init(&body, NULL);
    authority_sign(&root, &space, &p, &doc);
    ck_assert_int_eq(weft__rights_parse(&d, weft_buf_slice(&doc)), 0);
    weft__rights_name_write(element, &d.name);
    struct hand_txn t = {.generation = generation - 1};
    t.deltas[0] = (struct weft__txn_delta){weft_str(WEFT_RIGHTS_KEY), weft_rights_class.type, 1,
                                           hand_put(&body, weft_slice(element, sizeof element), weft_buf_slice(&doc))};
    hand_write(&b->keeper, &t, &b->txns[generation - 1]);
    weft_buf_fini(&doc);
    weft_buf_fini(&body);
}

static void write_write(struct bytes *b, const struct history *h, int i) {
    const struct write *w = &h->writes[i];
    struct weft_buf body;
    weft_buf_init(&body, NULL);
    struct hand_txn t = {.generation = w->names};
    if (w->seen > (i == 0 ? 0 : h->writes[i - 1].seen)) t.seen[0] = (struct hand_seen){b->keeper.origin, w->seen};
    t.deltas[0] = (struct weft__txn_delta){weft_str(keys[w->key]), weft_gset_class.type, 1,
                                           hand_put(&body, weft_str(i == 0 ? "first" : "second"), weft_str(""))};
    hand_write(&b->member, &t, &b->txns[DOCUMENTS + i]);
    weft_buf_fini(&body);
}

static void bytes_init(struct bytes *b, const struct history *h) {
    b->keeper = hand_new(&space, 0, 7);
    b->member = hand_new(&space, 1, 8);
    for (int i = 0; i < ALL; i++) weft_buf_init(&b->txns[i], NULL);
    for (uint64_t g = 1; g <= DOCUMENTS; g++) write_document(b, g);
    for (int i = 0; i < WRITES; i++) write_write(b, h, i);
}

static void bytes_fini(struct bytes *b) {
    for (int i = 0; i < ALL; i++) weft_buf_fini(&b->txns[i]);
}

/* --- A replica that they arrive at -------------------------------------------------------------------------------- */

struct site {
    struct weft_replica *replica;
    struct weft_store *store;
    struct weft_time now;
    uint64_t denied; /* notices of a void transaction */
};

static void carry_out(struct site *s, const struct weft_update *u) {
    for (size_t i = 0; i < u->notice_count; i++) {
        if (u->notices[i].kind != WEFT_NOTICE_VOID) continue;
        ck_assert_int_eq(u->notices[i].err, WEFT_ERR_DENIED);
        s->denied++;
    }
    if (u->record_count > 0) ck_assert_int_eq(s->store->cls->write(s->store, u->records, u->record_count), 0);
}

static void step(struct site *s, struct weft_event e) {
    struct weft_update u;
    e.now = s->now;
    REQUIRE(weft_replica_step(s->replica, &e, &u) == 0);
    carry_out(s, &u);
}

static int restore(void *ctx, const struct weft_record *r) {
    step(ctx, (struct weft_event){.kind = WEFT_EVENT_RESTORE, .record = r});
    return 0;
}

static void site_open(struct site *s) {
    struct weft_replica_options o;
    weft_replica_options_init(&o);
    o.space = space;
    o.replica.bytes[0] = 3;
    o.log_max = 0;
    s->now = (struct weft_time){1, WEFT_HLC_SECONDS(1700000001)};
    REQUIRE(weft_replica_new(&s->replica, &o) == 0);
    REQUIRE(s->store->cls->load(s->store, restore, s) == 0);
    step(s, (struct weft_event){.kind = WEFT_EVENT_START, .random = 99});
    step(s, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = LINK});
}

static void site_init(struct site *s) {
    memset(s, 0, sizeof *s);
    REQUIRE(weft_store_memory_new(&s->store, NULL) == 0);
    site_open(s);
}

static void site_reopen(struct site *s) {
    weft_replica_free(s->replica);
    site_open(s);
}

static void site_checkpoint(struct site *s) {
    weft_replica_checkpoint(s->replica);
    step(s, (struct weft_event){.kind = WEFT_EVENT_TICK});
}

static void site_fini(struct site *s) {
    weft_replica_free(s->replica);
    s->store->cls->close(s->store);
}

static void arrive(struct site *s, const struct bytes *b, int i) {
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    hand_message(i < DOCUMENTS ? &b->keeper : &b->member, s->now.wall, weft_buf_slice(&b->txns[i]), &m);
    step(s, (struct weft_event){.kind = WEFT_EVENT_RECEIVED, .link = LINK, .bytes = weft_buf_slice(&m)});
    weft_buf_fini(&m);
}

static bool has(const struct site *s, int key, const char *element) {
    return weft_gset_contains(weft_replica_view(s->replica, weft_str(keys[key]), &weft_gset_class), weft_str(element));
}

static void expect(const struct site *s, const struct history *h) {
    const struct write *w = h->writes;
    struct weft_rights_info info;
    REQUIRE(has(s, w[0].key, "first") == !is_void(&w[0]));
    REQUIRE(has(s, w[1].key, "second") == !is_void(&w[1]));
    weft_replica_rights(s->replica, &info);
    REQUIRE(info.generation == DOCUMENTS && info.documents == DOCUMENTS);
}

/* What happens to the replica on the way. */
enum turn { NOTHING, RESTART, CHECKPOINT_AND_RESTART };

static void play(const struct history *h, const struct bytes *b, const int *order, enum turn turn,
                 struct weft_buf *state) {
    struct site s;
    site_init(&s);
    for (int i = 0; i < ALL; i++) {
        arrive(&s, b, order[i]);
        if (turn == CHECKPOINT_AND_RESTART) site_checkpoint(&s);
        if (turn != NOTHING) site_reopen(&s);
    }
    expect(&s, h);
    if (turn == NOTHING) REQUIRE(s.denied == (uint64_t)is_void(&h->writes[0]) + is_void(&h->writes[1]));
    REQUIRE(weft_replica_encode(s.replica, state) == 0);
    site_fini(&s);
}

/* --- All of them -------------------------------------------------------------------------------------------------- */

/* Calls `each` with every order that has each origin's own in its order. What comes before a document that it depends
 * on waits for it. */
static void each_order(int *order, int n, unsigned used, void (*each)(void *ctx, const int *order), void *ctx) {
    if (n == ALL) {
        each(ctx, order);
        return;
    }
    for (int i = 0; i < ALL; i++) {
        bool is_first = i == 0 || i == DOCUMENTS;
        if ((used & 1u << i) != 0 || (!is_first && (used & 1u << (i - 1)) == 0)) continue;
        order[n] = i;
        each_order(order, n + 1, used | 1u << i, each, ctx);
    }
}

struct run {
    const struct history *history;
    struct bytes bytes;
    struct weft_buf first, state;
    size_t orders;
};

static void play_and_compare(void *ctx, const int *order) {
    struct run *run = ctx;
    struct weft_buf *into = run->orders == 0 ? &run->first : &run->state;
    weft_buf_reset(into);
    play(run->history, &run->bytes, order, NOTHING, into);
    REQUIRE(weft_slice_eq(weft_buf_slice(&run->first), weft_buf_slice(into)));
    run->orders++;
}

static void run_init(struct run *run, const struct history *h) {
    *run = (struct run){.history = h};
    bytes_init(&run->bytes, h);
    weft_buf_init(&run->first, NULL);
    weft_buf_init(&run->state, NULL);
}

static void run_fini(struct run *run) {
    bytes_fini(&run->bytes);
    weft_buf_fini(&run->first);
    weft_buf_fini(&run->state);
}

/* Every history; *out is the n-th. False: there is none. */
static bool history_at(size_t n, struct history *out) {
    for (int i = 0; i < WRITES; i++) {
        out->writes[i].seen = n % (DOCUMENTS + 1);
        n /= DOCUMENTS + 1;
        out->writes[i].names = n % (DOCUMENTS + 1);
        n /= DOCUMENTS + 1;
        out->writes[i].key = (int)(n % 2);
        n /= 2;
    }
    return n == 0;
}

/* What an origin has seen it does not unsee. */
static bool is_history(const struct history *h) {
    return h->writes[0].seen <= h->writes[1].seen;
}

START_TEST(every_history_in_every_order) {
    struct history h;
    size_t histories = 0, voids = 0;
    for (size_t n = 0; history_at(n, &h); n++) {
        struct run run;
        int order[ALL];
        if (!is_history(&h)) continue;
        run_init(&run, &h);
        each_order(order, 0, 0, play_and_compare, &run);
        ck_assert_uint_eq(run.orders, 10);
        run_fini(&run);
        histories++;
        voids += is_void(&h.writes[0]) + is_void(&h.writes[1]);
    }
    ck_assert_uint_eq(histories, 640);
    ck_assert_uint_gt(voids, 0);
    ck_assert_uint_lt(voids, 2 * histories);
}
END_TEST

/* What waits is not in the store: with a restart behind each, what comes too early is lost. */
static bool comes_too_early(const struct history *h, const int *order) {
    uint64_t documents = 0;
    for (int i = 0; i < ALL; i++) {
        if (order[i] < DOCUMENTS)
            documents++;
        else if (h->writes[order[i] - DOCUMENTS].seen > documents)
            return true;
    }
    return false;
}

static void play_with_restarts(void *ctx, const int *order) {
    struct run *run = ctx;
    if (comes_too_early(run->history, order)) return;
    weft_buf_reset(&run->state);
    play(run->history, &run->bytes, order, run->orders++ % 2 == 0 ? CHECKPOINT_AND_RESTART : RESTART, &run->state);
    REQUIRE(weft_slice_eq(weft_buf_slice(&run->first), weft_buf_slice(&run->state)));
}

/* Where all is told by what stands in the store, the answer is the same. */
START_TEST(every_history_with_restarts) {
    static const int in_order[ALL] = {0, 1, 2, 3, 4};
    struct history h;
    for (size_t n = 0; history_at(n, &h); n++) {
        struct run run;
        int order[ALL];
        if (!is_history(&h)) continue;
        run_init(&run, &h);
        play(&h, &run.bytes, in_order, NOTHING, &run.first);
        each_order(order, 0, 0, play_with_restarts, &run);
        ck_assert_uint_gt(run.orders, 0);
        run_fini(&run);
    }
}
END_TEST

int main(void) {
    root = authority_new(1);
    space = authority_space(&root);
    return RUN_SUITE("engine/rights_histories", every_history_in_every_order, every_history_with_restarts);
}
