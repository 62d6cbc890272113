/* world.c: see world.h. */
#define _POSIX_C_SOURCE 200809L
#include "tests/uv/world.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

/* --- The store --------------------------------------------------------------------------------------------------- */

static int shaky_load(struct weft_store *s, int (*each)(void *ctx, const struct weft_record *r), void *ctx) {
    struct shaky_store *f = (struct shaky_store *)s;
    if (f->fail_loads > 0) {
        f->fail_loads--;
        return WEFT_ERR_IO;
    }
    return f->rows->cls->load(f->rows, each, ctx);
}

static int shaky_write(struct weft_store *s, const struct weft_record *records, size_t count) {
    struct shaky_store *f = (struct shaky_store *)s;
    f->writes++;
    if (f->fail > 0 || f->failing) {
        if (f->fail > 0) f->fail--;
        return WEFT_ERR_IO;
    }
    return f->rows->cls->write(f->rows, records, count);
}

static void shaky_close(struct weft_store *s) {
    (void)s;
}

static const char *shaky_errmsg(struct weft_store *s) {
    (void)s;
    return "the disk is out";
}

static const struct weft_store_class shaky_class = {
    .size = sizeof shaky_class,
    .name = "shaky",
    .load = shaky_load,
    .write = shaky_write,
    .close = shaky_close,
    .errmsg = shaky_errmsg,
};

/* --- The world --------------------------------------------------------------------------------------------------- */

static void on_pulse(uv_timer_t *timer) {
    (void)timer;
}

void world_open(struct world *w) {
    memset(w, 0, sizeof *w);
    ck_assert_int_eq(uv_loop_init(&w->loop), 0);
    uv_timer_init(&w->loop, &w->pulse);
    uv_timer_start(&w->pulse, on_pulse, 2, 2);
}

bool world_run(struct world *w, bool (*holds)(struct world *w), uint64_t ms) {
    uint64_t end = uv_hrtime() + ms * 1000000;
    while (!holds(w)) {
        if (uv_hrtime() > end) return false;
        uv_run(&w->loop, UV_RUN_ONCE);
    }
    return true;
}

static bool never(struct world *w) {
    (void)w;
    return false;
}

void world_run_for(struct world *w, uint64_t ms) {
    ck_assert(!world_run(w, never, ms));
}

static bool all_closed(struct world *w) {
    for (size_t i = 0; i < WORLD_NODES; i++) {
        if (w->peers[i].node != NULL) return false;
    }
    return true;
}

void world_close(struct world *w) {
    for (size_t i = 0; i < WORLD_NODES; i++) peer_close(&w->peers[i]);
    ck_assert_msg(world_run(w, all_closed, 5000), "a node does not close");
    uv_close((uv_handle_t *)&w->pulse, NULL);
    uint64_t end = uv_hrtime() + UINT64_C(5000000000);
    while (uv_run(&w->loop, UV_RUN_NOWAIT) != 0 && uv_hrtime() < end) continue;
    ck_assert_int_eq(uv_loop_close(&w->loop), 0);
    for (size_t i = 0; i < WORLD_NODES; i++) {
        struct weft_store *rows = w->peers[i].store.rows;
        if (rows != NULL) rows->cls->close(rows);
    }
}

/* --- Peers ------------------------------------------------------------------------------------------------------- */

static void on_notice(void *ctx, const struct weft_notice *n) {
    struct peer *p = ctx;
    if (n->kind == WEFT_NOTICE_DURABLE) p->durable = n->seq;
    if (n->kind == WEFT_NOTICE_VOID) {
        p->voids++;
        p->void_err = n->err;
    }
    if (n->kind != WEFT_NOTICE_REFUSED) return;
    p->refused++;
    p->refused_err = n->err;
    snprintf(p->refused_text, sizeof p->refused_text, "%s", n->text);
}

static void on_store(void *ctx, int err, const char *text) {
    struct peer *p = ctx;
    ck_assert_ptr_nonnull(text);
    p->store_err = err;
    if (err != 0)
        p->store_failures++;
    else
        p->store_recoveries++;
}

struct peer *world_peer(struct world *w, size_t index) {
    struct peer *p = &w->peers[index];
    if (p->store.rows == NULL) {
        ck_assert_int_eq(weft_store_memory_new(&p->store.rows, NULL), 0);
        p->store.store.cls = &shaky_class;
        snprintf(p->listen, sizeof p->listen, "127.0.0.1:0");
    }
    weft_uv_options_init(&p->o);
    p->o.store = &p->store.store;
    p->o.listen = p->listen;
    p->o.plain_links = true;
    p->o.seeds = p->seed_list;
    p->o.on_notice = on_notice;
    p->o.on_store = on_store;
    p->o.ctx = p;
    p->o.reconnect_min_ms = 10;
    p->o.reconnect_max_ms = 100;
    weft_replica_options_init(&p->engine);
    p->engine.digest_ns = UINT64_C(50000000);
    p->engine.request_ns = UINT64_C(200000000);
    p->o.replica = &p->engine;
    memset(p->seed_list, 0, sizeof p->seed_list);
    p->durable = 0;
    p->closed = false;
    return p;
}

void peer_seed(struct peer *p, int port) {
    size_t i = 0;
    while (p->seed_list[i] != NULL) i++;
    ck_assert_uint_lt(i, 4);
    snprintf(p->seeds[i], sizeof p->seeds[i], "127.0.0.1:%d", port);
    p->seed_list[i] = p->seeds[i];
}

/* The port stays the same when it is opened again. */
void peer_open(struct world *w, struct peer *p) {
    char errmsg[256] = "";
    int rc = weft_uv_new(&p->node, &w->loop, &p->o, errmsg, sizeof errmsg);
    ck_assert_msg(rc == 0, "%s: %s", weft_err_name(rc), errmsg);
    if (p->o.listen != NULL) snprintf(p->listen, sizeof p->listen, "127.0.0.1:%d", weft_uv_port(p->node));
}

static void on_peer_closed(void *ctx) {
    struct peer *p = ctx;
    p->node = NULL;
    p->closed = true;
}

void peer_close(struct peer *p) {
    if (p->node != NULL) weft_uv_close(p->node, on_peer_closed, p);
}

bool world_converged(const struct world *w, uint64_t transactions) {
    struct weft_buf first, other;
    bool equal = true, have_first = false;
    weft_buf_init(&first, NULL);
    weft_buf_init(&other, NULL);
    for (size_t i = 0; i < WORLD_NODES && equal; i++) {
        if (w->peers[i].node == NULL) continue;
        const struct weft_replica *r = weft_uv_replica(w->peers[i].node);
        struct weft_origin_info info;
        uint64_t sum = 0;
        for (size_t k = 0; weft_replica_origin(r, k, &info); k++) sum += info.applied;
        weft_buf_reset(&other);
        int rc = weft_replica_encode(r, have_first ? &other : &first);
        ck_assert(rc == 0 || rc == WEFT_ERR_NOMEM); /* memory may be made to end in a test */
        equal = rc == 0 && sum >= transactions &&
                (!have_first || weft_slice_eq(weft_buf_slice(&first), weft_buf_slice(&other)));
        have_first = true;
    }
    weft_buf_fini(&first);
    weft_buf_fini(&other);
    return equal;
}
