/* live.c: the store is made once, by the workload of the golden vectors, and copied for every input. */
#include "tests/fuzz/live.h"

#include <stdlib.h>

#include <weft/aworset.h>
#include <weft/err.h>

#include "tests/fuzz/fuzz.h"

#define OWN_KEY "\x01written by itself"

static struct weft_store *model;

static void forget_model(void) {
    model->cls->close(model);
}

static void make_model(void) {
    struct cluster c;
    cluster_init(&c, 2);
    c.at[0].options.log_max = 0;
    HOLDS(cluster_open(&c, 0) == 0 && cluster_open(&c, 1) == 0);
    cluster_link_all(&c);
    cluster_settle(&c);
    cluster_add(&c, 0, "cart", "milk");
    cluster_settle(&c);
    cluster_count(&c, 1, "stock", -3);
    cluster_set(&c, 1, "name", "Ada");
    cluster_settle(&c);
    weft_replica_checkpoint(c.at[0].replica);
    cluster_count(&c, 0, "stock", 40);
    cluster_remove(&c, 0, "cart", "milk");
    cluster_settle(&c);
    HOLDS(weft_store_memory_copy(&model, c.at[0].store, NULL) == 0);
    HOLDS(atexit(forget_model) == 0);
    cluster_fini(&c);
}

struct weft_store *live_store(void) {
    struct weft_store *copy;
    if (model == NULL) make_model();
    HOLDS(weft_store_memory_copy(&copy, model, NULL) == 0);
    return copy;
}

int live_open_store(struct cluster *c, struct weft_store *store) {
    cluster_init(c, 1);
    c->at[0].store = store;
    c->at[0].opened = 1; /* the model was opened before: another epoch */
    int rc = cluster_open(c, 0);
    if (rc != 0) return rc;
    return cluster_step(c, 0, (struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = LIVE_PEER});
}

void live_open(struct cluster *c) {
    HOLDS(live_open_store(c, live_store()) == 0);
}

static void encode(const struct cluster *c, struct weft_buf *out) {
    weft_buf_init(out, NULL);
    HOLDS(weft_replica_encode(c->at[0].replica, out) == 0);
}

/* What has come and is neither applied nor dropped. */
static uint64_t waiting(struct cluster *c) {
    return cluster_stats(c, 0).pending;
}

void live_receive(struct cluster *c, struct weft_slice bytes) {
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = LIVE_PEER, .bytes = bytes};
    uint64_t refused = c->at[0].notices[WEFT_NOTICE_REFUSED], waited = waiting(c);
    struct weft_buf before, after;
    encode(c, &before);
    HOLDS(cluster_step(c, 0, e) == 0);
    if (c->at[0].notices[WEFT_NOTICE_REFUSED] > refused) {
        encode(c, &after);
        HOLDS(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)));
        HOLDS(waiting(c) == waited);
        weft_buf_fini(&after);
    }
    weft_buf_fini(&before);
}

/* A clock that stands beyond its bound, or at its end, is left by the way out of poisoned time; only the last clock
 * epoch has none. */
static bool leave_poisoned_time(struct cluster *c, int rc) {
    HOLDS(rc == WEFT_ERR_CLOCK_LOCAL_AHEAD || rc == WEFT_ERR_CLOCK_RANGE);
    if (weft_replica_raise_clock_epoch(c->at[0].replica) == 0) return true;
    HOLDS(cluster_stats(c, 0).clock.epoch == UINT8_MAX);
    return false;
}

static int try_commit(struct cluster *c, const char *element) {
    uint64_t seq = 0;
    struct weft_txn *t = cluster_begin(c, 0);
    weft_aworset_add(weft_txn_edit(t, weft_str(OWN_KEY), &weft_aworset_class), weft_str(element));
    int rc = weft_txn_commit(t, &seq);
    HOLDS((rc == 0) == (seq > 0));
    cluster_pass(c, UINT64_C(1000000000));
    return rc;
}

static size_t commit(struct cluster *c, const char *element) {
    int rc = try_commit(c, element);
    if (rc == 0) return 1;
    if (!leave_poisoned_time(c, rc)) return 0;
    HOLDS(try_commit(c, element) == 0);
    return 1;
}

static void restart(struct cluster *c) {
    struct weft_buf before, after;
    encode(c, &before);
    cluster_crash(c, 0);
    int rc = cluster_open(c, 0);
    if (rc != 0) (void)fprintf(stderr, "%s\n", weft_replica_errmsg(c->at[0].replica));
    HOLDS(rc == 0);
    encode(c, &after);
    HOLDS(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)));
    weft_buf_fini(&before);
    weft_buf_fini(&after);
}

void live_check(struct cluster *c) {
    size_t commits = commit(c, "one");
    restart(c);
    commits += commit(c, "two");
    weft_replica_checkpoint(c->at[0].replica);
    HOLDS(cluster_step(c, 0, (struct weft_event){.kind = WEFT_EVENT_TICK}) == 0);
    restart(c);
    HOLDS(cluster_size(c, 0, OWN_KEY) == commits);
}
