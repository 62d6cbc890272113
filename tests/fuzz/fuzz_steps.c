/* A life of three replicas, of which every input byte chooses a step: commits, messages delivered, dropped, repeated or
 * overtaken, records written late, crashes, restarts, links, checkpoints, time, clocks that are set. In the end all is
 * up and linked, and all are equal; and what they agree on is right: every commit counts once, unless its replica
 * crashed before its record was written, and then not at all, for nobody may have heard of it. */
#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "tests/fuzz/fuzz.h"
#include "tests/support/cluster.h"

#define REPLICAS  3
#define STEPS_MAX 600
#define COUNT_KEY "count"
#define ALL_KEY   "all"

struct life {
    struct cluster c;
    int64_t durable;             /* commits whose record was written */
    int64_t unwritten[REPLICAS]; /* commits since */
    uint32_t commits;            /* tried, for the elements' names */
    bool has_little_room;        /* for transactions that wait */
    struct fuzz_input in;
};

static void choose_edit(struct life *l, struct weft_txn *t) {
    static const char *const keys[] = {"a", "b", "c", "d"};
    uint8_t what = fuzz_byte(&l->in);
    struct weft_slice key = weft_str(keys[what % 4]);
    char element[2] = {(char)('p' + what / 32 % 4), '\0'};
    switch (what / 4 % 8) {
    case 0:
    case 1:
        weft_aworset_add(weft_txn_edit(t, key, &weft_aworset_class), weft_str(element));
        break;
    case 2:
        weft_aworset_remove(weft_txn_edit(t, key, &weft_aworset_class), weft_str(element));
        break;
    case 3:
        weft_lwwreg_set(weft_txn_edit(t, key, &weft_lwwreg_class), weft_str(element));
        break;
    case 4:
        weft_pncounter_add(weft_txn_edit(t, key, &weft_pncounter_class), (int64_t)what - 128);
        break;
    default:
        weft_txn_delete(t, key,
                        what % 3 == 0   ? weft_aworset_class.type
                        : what % 3 == 1 ? weft_lwwreg_class.type
                                        : weft_pncounter_class.type);
    }
}

/* One edit more and one element more, together: either both are there or neither. */
static void commit(struct life *l, int i) {
    if (l->c.at[i].replica == NULL) return;
    struct weft_txn *t = cluster_begin(&l->c, i);
    char name[32];
    uint64_t seq = 0;
    (void)snprintf(name, sizeof name, "%u", ++l->commits);
    weft_pncounter_add(weft_txn_edit(t, weft_str(COUNT_KEY), &weft_pncounter_class), 1);
    weft_aworset_add(weft_txn_edit(t, weft_str(ALL_KEY), &weft_aworset_class), weft_str(name));
    choose_edit(l, t);
    int rc = weft_txn_commit(t, &seq);
    /* The clock was set back, or a key holds another type here. */
    HOLDS(rc == 0 || rc == WEFT_ERR_CLOCK_LOCAL_AHEAD || rc == WEFT_ERR_TYPE);
    if (rc != 0) return;
    HOLDS(seq > 0);
    l->unwritten[i]++;
    HOLDS(cluster_step(&l->c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}) == 0);
}

static void note_written(struct life *l) {
    for (int i = 0; i < REPLICAS; i++) {
        if (l->c.at[i].replica == NULL || l->c.at[i].held_count > 0) continue;
        l->durable += l->unwritten[i];
        l->unwritten[i] = 0;
    }
}

static void release(struct life *l, int i) {
    l->c.at[i].hold_records = false;
    if (l->c.at[i].replica != NULL) cluster_release(&l->c, i);
}

static void crash(struct life *l, int i) {
    if (l->c.at[i].replica == NULL) return;
    cluster_crash(&l->c, i);
    l->unwritten[i] = 0;
}

static void start(struct life *l, int i) {
    if (l->c.at[i].replica == NULL) HOLDS(cluster_open(&l->c, i) == 0);
}

static void link_toggle(struct life *l, int i, int j) {
    struct cluster *c = &l->c;
    if (i == j || c->at[i].replica == NULL || c->at[j].replica == NULL) return;
    if (c->linked[i][j])
        cluster_unlink(c, i, j);
    else
        cluster_link(c, i, j);
}

/* Within seconds: skew that replication must not mind. */
static void set_clock(struct life *l, int i) {
    uint8_t by = fuzz_byte(&l->in);
    struct weft_time *now = &l->c.at[i].now;
    if (by < 128)
        now->wall += WEFT_HLC_MS(100u * by);
    else
        now->wall -= WEFT_HLC_MS(20u * (256u - by));
}

static void move_message(struct life *l, uint8_t what) {
    struct cluster *c = &l->c;
    if (c->queued == 0) return;
    size_t k = what / 8 % 4 == 0 ? 0 : fuzz_byte(&l->in) % c->queued;
    switch (what / 8 % 4) {
    case 0:
    case 1:
        cluster_deliver(c, k);
        break;
    case 2:
        cluster_drop(c, k);
        break;
    default:
        cluster_repeat(c, k);
    }
}

static void pass(struct life *l, uint8_t what) {
    cluster_pass(&l->c, UINT64_C(100000000) << what / 8 % 8);
}

static void checkpoint(struct life *l, int i) {
    if (l->c.at[i].replica != NULL) weft_replica_checkpoint(l->c.at[i].replica);
}

static void step(struct life *l) {
    uint8_t what = fuzz_byte(&l->in);
    int i = what / 8 % 4 % REPLICAS;
    switch (what % 8) {
    case 0:
    case 1:
        commit(l, i);
        break;
    case 2:
    case 3:
        move_message(l, what);
        break;
    case 4:
        pass(l, what);
        break;
    case 5:
        if (what < 64)
            l->c.at[i].hold_records = true;
        else if (what < 128)
            release(l, i);
        else
            checkpoint(l, i);
        break;
    case 6:
        if (what < 128)
            crash(l, i);
        else if (what < 224)
            start(l, i);
        else
            set_clock(l, i);
        break;
    default:
        if (what < 128)
            cluster_settle(&l->c);
        else
            link_toggle(l, i, what / 32 % 4 % REPLICAS);
    }
    note_written(l);
}

static void begin(struct life *l) {
    uint8_t how = fuzz_byte(&l->in);
    l->has_little_room = (how & 32) != 0;
    cluster_init(&l->c, REPLICAS);
    for (int i = 0; i < REPLICAS; i++) {
        l->c.at[i].options.segment_bytes = 256;
        l->c.at[i].options.log_max = (how & 1 << i) != 0 ? 600 : (size_t)1 << 20;
        l->c.at[i].options.checkpoint_bytes = (how & 8) != 0 ? 900 : (size_t)1 << 20;
        l->c.at[i].options.batch_max = (how & 16) != 0 ? 300 : (size_t)256 << 10;
        if (l->has_little_room) l->c.at[i].options.pending_max = 700;
        HOLDS(cluster_open(&l->c, i) == 0);
    }
    cluster_link_all(&l->c);
}

static void make_whole(struct life *l) {
    uint64_t wall = 0;
    for (int i = 0; i < REPLICAS; i++) {
        release(l, i);
        start(l, i);
        if (wall < l->c.at[i].now.wall) wall = l->c.at[i].now.wall;
    }
    note_written(l);
    for (int i = 0; i < REPLICAS; i++) l->c.at[i].now.wall = wall;
    cluster_link_all(&l->c);
    /* Where the room to wait in is full most of what comes is dropped, and comes again a digest later. */
    HOLDS(cluster_converge(&l->c, 200 + (l->has_little_room ? 4 * (int)l->durable : 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct life l = {.durable = 0};
    l.in = fuzz_input(data, size);
    begin(&l);
    for (int n = 0; n < STEPS_MAX && fuzz_left(&l.in) > 0; n++) step(&l);
    make_whole(&l);
    for (int i = 0; i < REPLICAS; i++) {
        HOLDS(cluster_value(&l.c, i, COUNT_KEY) == l.durable);
        HOLDS(cluster_size(&l.c, i, ALL_KEY) == (size_t)l.durable);
        HOLDS(l.c.at[i].notices[WEFT_NOTICE_CLONED] == 0);
        HOLDS(l.c.at[i].notices[WEFT_NOTICE_EQUIVOCATION] == 0);
        HOLDS(l.c.at[i].notices[WEFT_NOTICE_DIVERGED] == 0);
        HOLDS(l.c.at[i].notices[WEFT_NOTICE_REFUSED] == 0);
    }
    cluster_fini(&l.c);
    return 0;
}
