/* cluster.c: steps, stores and a queue of messages, all by hand. */
#include "tests/support/cluster.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "base/prng.h"
#include "base/signature.h"

#define CHECKED(expr)                                                                                                  \
    do {                                                                                                               \
        int rc_ = (expr);                                                                                              \
        assert(rc_ == 0);                                                                                              \
        (void)rc_;                                                                                                     \
    } while (0)

void cluster_init(struct cluster *c, int count) {
    memset(c, 0, sizeof *c);
    c->count = count;
    c->seed = 1;
    for (int i = 0; i < count; i++) {
        struct cluster_replica *a = &c->at[i];
        weft_replica_options_init(&a->options);
        a->options.replica.bytes[0] = (uint8_t)(i + 1);
        a->options.seed = (uint64_t)i + 1;
        a->refused_link = -1;
        a->now = (struct weft_time){UINT64_C(1000000000), WEFT_HLC_SECONDS(1700000000)};
    }
}

static void forget_held(struct cluster_replica *a) {
    for (size_t i = 0; i < a->held_count; i++) free((void *)(uintptr_t)a->held[i].bytes.ptr);
    free(a->held);
    a->held = NULL;
    a->held_count = 0;
}

void cluster_fini(struct cluster *c) {
    for (int i = 0; i < c->count; i++) {
        weft_replica_free(c->at[i].replica);
        if (c->at[i].store != NULL) c->at[i].store->cls->close(c->at[i].store);
        forget_held(&c->at[i]);
    }
    while (c->queued > 0) cluster_drop(c, 0);
    free(c->queue);
}

static void enqueue(struct cluster *c, int from, const struct weft_message *m) {
    int to = (int)m->link;
    if (!c->linked[from][to]) return;
    if (c->queued == c->queue_cap) {
        c->queue_cap = c->queue_cap == 0 ? 64 : 2 * c->queue_cap;
        c->queue = realloc(c->queue, c->queue_cap * sizeof *c->queue);
    }
    struct cluster_message *q = &c->queue[c->queued++];
    *q = (struct cluster_message){from, to, malloc(m->bytes.len), m->bytes.len};
    memcpy(q->bytes, m->bytes.ptr, m->bytes.len);
    c->messages++;
    c->bytes += m->bytes.len;
}

static void hold(struct cluster_replica *a, const struct weft_record *r) {
    a->held = realloc(a->held, (a->held_count + 1) * sizeof *a->held);
    struct weft_record *to = &a->held[a->held_count++];
    *to = *r;
    uint8_t *copy = malloc(r->bytes.len + 1);
    if (r->bytes.len > 0) memcpy(copy, r->bytes.ptr, r->bytes.len);
    to->bytes.ptr = copy;
}

static void note_refusal(struct cluster_replica *a, const struct weft_notice *n) {
    a->refused = n->err;
    a->refused_link = (int)n->link;
    (void)snprintf(a->refusal, sizeof a->refusal, "%s", n->text);
}

static void carry_out(struct cluster *c, int i, const struct weft_update *u) {
    struct cluster_replica *a = &c->at[i];
    for (size_t k = 0; k < u->record_count; k++) hold(a, &u->records[k]);
    for (size_t k = 0; k < u->message_count; k++) {
        if (c->on_message != NULL) c->on_message(c, i, &u->messages[k]);
        enqueue(c, i, &u->messages[k]);
    }
    for (size_t k = 0; k < u->notice_count; k++) {
        a->notices[u->notices[k].kind]++;
        if (u->notices[k].kind == WEFT_NOTICE_EQUIVOCATION)
            (void)snprintf(a->forked, sizeof a->forked, "%s", u->notices[k].text);
        if (u->notices[k].kind == WEFT_NOTICE_REFUSED) note_refusal(a, &u->notices[k]);
        if (u->notices[k].kind == WEFT_NOTICE_DURABLE) a->durable = u->notices[k].seq;
    }
    a->changes += u->change_count;
}

/* Whether what ended with rc is to be done again. */
static bool again(struct cluster_replica *a, int rc) {
    if (rc != WEFT_ERR_NOMEM || !a->retries_nomem) return false;
    a->nomems++;
    return true;
}

/* It is made again from its store, with the links it had. */
static void reopen(struct cluster *c, int i) {
    struct cluster_replica *a = &c->at[i];
    bool linked[CLUSTER_MAX];
    memcpy(linked, c->linked[i], sizeof linked);
    weft_replica_free(a->replica);
    a->replica = NULL;
    if (a->held_count > 0 && a->store->cls->write(a->store, a->held, a->held_count) != 0) a->failed_writes++;
    cluster_crash(c, i);
    a->reopened++;
    CHECKED(cluster_open(c, i));
    for (int j = 0; j < c->count; j++)
        if (linked[j] && a->replica != NULL && c->at[j].replica != NULL) cluster_link(c, i, j);
}

void cluster_signing_keys(struct cluster *c, int i, uint8_t public_key[32], uint8_t secret[64]) {
    uint8_t seed[WEFT__SIGNATURE_SEED_LEN] = {0};
    memcpy(seed, c->at[i].options.replica.bytes, sizeof c->at[i].options.replica.bytes);
    weft__signature_keys(public_key, secret, seed);
}

static int sign(struct cluster *c, int i, struct weft_signing s) {
    uint8_t public_key[WEFT__SIGNATURE_PUBLIC_LEN], secret[WEFT__SIGNATURE_SECRET_LEN], signature[WEFT__SIGNATURE_LEN];
    cluster_signing_keys(c, i, public_key, secret);
    weft__signature_make(signature, weft_slice(s.bytes, sizeof s.bytes), secret);
    c->at[i].signatures++;
    struct weft_event e = {.kind = WEFT_EVENT_SIGNED, .signing = &s, .bytes = weft_slice(signature, sizeof signature)};
    return cluster_step(c, i, e);
}

int cluster_step(struct cluster *c, int i, struct weft_event e) {
    struct cluster_replica *a = &c->at[i];
    if (a->replica == NULL) return WEFT_ERR_CLOSED;
    struct weft_update u;
    e.now = a->now;
    int rc;
    do rc = weft_replica_step(a->replica, &e, &u);
    while (again(a, rc));
    if (rc != 0) return rc;
    carry_out(c, i, &u);
    if (u.wants_epoch)
        return cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_EPOCH, .random = weft__mix64(++c->seed)});
    if (u.wants_reopen)
        reopen(c, i);
    else if (!a->hold_records && a->held_count > 0)
        cluster_release(c, i);
    else if (u.wants_signature_count > 0 && !a->signs_not)
        return sign(c, i, u.wants_signature[0]);
    int refused = a->refused_link;
    a->refused_link = -1;
    if (c->closes_refused && refused >= 0) cluster_unlink(c, i, refused);
    return 0;
}

void cluster_release(struct cluster *c, int i) {
    struct cluster_replica *a = &c->at[i];
    if (a->held_count == 0) return;
    int rc = a->store->cls->write(a->store, a->held, a->held_count);
    if (rc != 0) {
        a->failed_writes++;
        assert(a->retries_writes || a->dies_of_write);
        if (a->dies_of_write) cluster_crash(c, i);
        return;
    }
    uint64_t number = a->held[a->held_count - 1].number;
    forget_held(a);
    CHECKED(cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_PERSISTED, .number = number}));
}

static int restore_each(void *ctx, const struct weft_record *r) {
    struct cluster_replica *a = ctx;
    struct weft_event e = {.kind = WEFT_EVENT_RESTORE, .record = r};
    struct weft_update u;
    int rc;
    do rc = weft_replica_step(a->replica, &e, &u);
    while (again(a, rc));
    return rc;
}

int cluster_open_as(struct cluster *c, int i, uint64_t random) {
    struct cluster_replica *a = &c->at[i];
    if (a->store == NULL) CHECKED(weft_store_memory_new(&a->store, NULL));
    int rc;
    a->durable = 0;
    do rc = weft_replica_new(&a->replica, &a->options);
    while (again(a, rc));
    CHECKED(rc);
    rc = a->store->cls->load(a->store, restore_each, a);
    return rc != 0 ? rc : cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_START, .random = random});
}

int cluster_open(struct cluster *c, int i) {
    struct cluster_replica *a = &c->at[i];
    return cluster_open_as(c, i, weft__keyed(c->seed, (uint64_t)i, ++a->opened, a->options.replica.bytes[0], 7));
}

void cluster_crash(struct cluster *c, int i) {
    for (int j = 0; j < c->count; j++) cluster_unlink(c, i, j);
    weft_replica_free(c->at[i].replica);
    c->at[i].replica = NULL;
    forget_held(&c->at[i]);
}

struct cluster_snapshot cluster_snapshot(struct cluster *c, int i) {
    struct cluster_snapshot s = {.epoch = weft_replica_self(c->at[i].replica).epoch};
    CHECKED(weft_store_memory_copy(&s.disk, c->at[i].store, NULL));
    return s;
}

void cluster_snapshot_fini(struct cluster_snapshot *s) {
    s->disk->cls->close(s->disk);
}

void cluster_resume(struct cluster *c, int i, const struct cluster_snapshot *s) {
    cluster_crash(c, i);
    c->at[i].store->cls->close(c->at[i].store);
    CHECKED(weft_store_memory_copy(&c->at[i].store, s->disk, NULL));
    CHECKED(cluster_open_as(c, i, s->epoch));
    assert(weft_replica_self(c->at[i].replica).epoch == s->epoch);
}

void cluster_link(struct cluster *c, int i, int j) {
    c->linked[i][j] = c->linked[j][i] = true;
    int ends[2] = {i, j};
    for (int k = 0; k < 2 && c->linked[i][j]; k++) { /* one that dies here takes the link with it */
        const struct cluster_replica *other = &c->at[ends[1 - k]];
        char label[32];
        (void)snprintf(label, sizeof label, "at place %d", ends[1 - k]);
        struct weft_peer peer = {sizeof peer, other->options.replica, true, !other->does_not_vouch, label};
        struct weft_event e = {
            .kind = WEFT_EVENT_LINK_UP, .link = (uint32_t)ends[1 - k], .peer = c->tells_peers ? &peer : NULL};
        CHECKED(cluster_step(c, ends[k], e));
    }
}

void cluster_unlink(struct cluster *c, int i, int j) {
    if (!c->linked[i][j]) return;
    c->linked[i][j] = c->linked[j][i] = false;
    for (size_t k = c->queued; k-- > 0;) {
        struct cluster_message *m = &c->queue[k];
        if ((m->from == i && m->to == j) || (m->from == j && m->to == i)) cluster_drop(c, k);
    }
    (void)cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_LINK_DOWN, .link = (uint32_t)j});
    (void)cluster_step(c, j, (struct weft_event){.kind = WEFT_EVENT_LINK_DOWN, .link = (uint32_t)i});
}

void cluster_link_all(struct cluster *c) {
    for (int i = 0; i < c->count; i++)
        for (int j = i + 1; j < c->count; j++)
            if (c->at[i].replica != NULL && c->at[j].replica != NULL && !c->linked[i][j]) cluster_link(c, i, j);
}

static struct cluster_message take(struct cluster *c, size_t k) {
    struct cluster_message m = c->queue[k];
    memmove(&c->queue[k], &c->queue[k + 1], (c->queued - k - 1) * sizeof m);
    c->queued--;
    return m;
}

void cluster_deliver(struct cluster *c, size_t k) {
    struct cluster_message m = take(c, k);
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)m.from, .bytes = weft_slice(m.bytes, m.len)};
    CHECKED(cluster_step(c, m.to, e));
    free(m.bytes);
}

void cluster_drop(struct cluster *c, size_t k) {
    free(take(c, k).bytes);
}

void cluster_repeat(struct cluster *c, size_t k) {
    struct cluster_message m = c->queue[k];
    enqueue(c, m.from, &(struct weft_message){(uint32_t)m.to, weft_slice(m.bytes, m.len)});
}

void cluster_settle(struct cluster *c) {
    while (c->queued > 0) cluster_deliver(c, 0);
}

void cluster_pass(struct cluster *c, uint64_t ns) {
    for (int i = 0; i < c->count; i++) {
        c->at[i].now.mono_ns += ns;
        c->at[i].now.wall += WEFT_HLC_MS(ns / 1000000u);
        if (c->at[i].replica != NULL) CHECKED(cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}));
    }
}

static void encode(struct cluster_replica *a, struct weft_buf *out) {
    int rc;
    do {
        weft_buf_reset(out);
        rc = weft_replica_encode(a->replica, out);
    } while (again(a, rc));
    CHECKED(rc);
}

bool cluster_is_converged(struct cluster *c) {
    struct weft_buf first, other;
    weft_buf_init(&first, NULL);
    weft_buf_init(&other, NULL);
    bool equal = true, have = false;
    for (int i = 0; equal && i < c->count; i++) {
        if (c->at[i].replica == NULL) continue;
        weft_buf_reset(&other);
        encode(&c->at[i], have ? &other : &first);
        equal = !have || weft_slice_eq(weft_buf_slice(&first), weft_buf_slice(&other));
        have = true;
    }
    weft_buf_fini(&first);
    weft_buf_fini(&other);
    return equal;
}

bool cluster_converge(struct cluster *c, int rounds) {
    for (int k = 0; k < rounds; k++) {
        cluster_settle(c);
        if (cluster_is_converged(c)) return true;
        cluster_pass(c, UINT64_C(1000000000));
    }
    cluster_settle(c);
    return cluster_is_converged(c);
}

struct weft_txn *cluster_begin(struct cluster *c, int i) {
    struct weft_txn *t;
    CHECKED(weft_txn_begin(c->at[i].replica, &c->at[i].now, &t));
    return t;
}

uint64_t cluster_commit(struct cluster *c, int i, struct weft_txn *t) {
    uint64_t seq;
    CHECKED(weft_txn_commit(t, &seq));
    CHECKED(cluster_step(c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}));
    return seq;
}

uint64_t cluster_count(struct cluster *c, int i, const char *key, int64_t amount) {
    struct weft_txn *t = cluster_begin(c, i);
    weft_pncounter_add(weft_txn_edit(t, weft_str(key), &weft_pncounter_class), amount);
    return cluster_commit(c, i, t);
}

uint64_t cluster_add(struct cluster *c, int i, const char *key, const char *element) {
    struct weft_txn *t = cluster_begin(c, i);
    weft_aworset_add(weft_txn_edit(t, weft_str(key), &weft_aworset_class), weft_str(element));
    return cluster_commit(c, i, t);
}

uint64_t cluster_remove(struct cluster *c, int i, const char *key, const char *element) {
    struct weft_txn *t = cluster_begin(c, i);
    weft_aworset_remove(weft_txn_edit(t, weft_str(key), &weft_aworset_class), weft_str(element));
    return cluster_commit(c, i, t);
}

uint64_t cluster_set(struct cluster *c, int i, const char *key, const char *value) {
    struct weft_txn *t = cluster_begin(c, i);
    weft_lwwreg_set(weft_txn_edit(t, weft_str(key), &weft_lwwreg_class), weft_str(value));
    return cluster_commit(c, i, t);
}

uint64_t cluster_delete(struct cluster *c, int i, const char *key, uint32_t type) {
    struct weft_txn *t = cluster_begin(c, i);
    weft_txn_delete(t, weft_str(key), type);
    return cluster_commit(c, i, t);
}

int64_t cluster_value(struct cluster *c, int i, const char *key) {
    int64_t value;
    CHECKED(weft_pncounter_value(weft_replica_view(c->at[i].replica, weft_str(key), &weft_pncounter_class), &value));
    return value;
}

bool cluster_has(struct cluster *c, int i, const char *key, const char *element) {
    struct weft_view v = weft_replica_view(c->at[i].replica, weft_str(key), &weft_aworset_class);
    return weft_aworset_contains(v, weft_str(element));
}

size_t cluster_size(struct cluster *c, int i, const char *key) {
    return weft_aworset_size(weft_replica_view(c->at[i].replica, weft_str(key), &weft_aworset_class));
}

bool cluster_reads(struct cluster *c, int i, const char *key, const char *value) {
    struct weft_slice got;
    int rc = weft_lwwreg_get(weft_replica_view(c->at[i].replica, weft_str(key), &weft_lwwreg_class), &got, NULL);
    if (rc != 0 || value == NULL) return rc == WEFT_ERR_NOT_FOUND && value == NULL;
    return weft_slice_eq(got, weft_str(value));
}

struct weft_replica_stats cluster_stats(struct cluster *c, int i) {
    struct weft_replica_stats s;
    weft_replica_stats(c->at[i].replica, &s);
    return s;
}
