/* world.h: nodes, proxies and strangers on one loop, and running it until something holds. */
#ifndef WEFT_TESTS_UV_WORLD_H
#define WEFT_TESTS_UV_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include <weft/uv.h>

#define WORLD_NODES 4u

/* A store of which the next writes can fail. The content stays when it is closed, until rows is closed. */
struct shaky_store {
    struct weft_store store;
    struct weft_store *rows;
    unsigned fail; /* so many writes fail */
    unsigned fail_loads;
    bool failing; /* all do */
    unsigned writes;
};

struct peer {
    struct weft_uv *node;
    struct weft_uv_options o;
    struct weft_replica_options engine;
    struct shaky_store store;
    char listen[32];
    char seeds[4][32];
    const char *seed_list[5];
    /* What it told. */
    uint64_t durable;
    unsigned refused;
    int refused_err;
    char refused_text[256];
    unsigned voids;
    int void_err;
    int store_err;
    unsigned store_failures, store_recoveries;
    bool closed;
};

/* Passes bytes on between whoever dials it and a port. */
struct pipe_end;
struct proxy {
    uv_tcp_t listener;
    struct pipe_end *ends;
    int port, to;
    bool frozen; /* reads nothing from the side that was dialled */
};

struct world {
    uv_loop_t loop;
    uv_timer_t pulse; /* wakes the loop, so that conditions are looked at */
    struct peer peers[WORLD_NODES];
};

void world_open(struct world *w);
/* Closes all nodes that are open; fails the test unless libuv lets go of everything. */
void world_close(struct world *w);
/* Runs until the condition holds; false when it does not within the time. */
bool world_run(struct world *w, bool (*holds)(struct world *w), uint64_t ms);
void world_run_for(struct world *w, uint64_t ms);

/* Fills in options: listens on a port of its own, keeps what it tells; then change p->o and open. */
struct peer *world_peer(struct world *w, size_t index);
void peer_seed(struct peer *p, int port);
void peer_open(struct world *w, struct peer *p);
void peer_close(struct peer *p);
/* Whether all open nodes have equal vectors and states, and at least `transactions` in them. */
bool world_converged(const struct world *w, uint64_t transactions);

void proxy_open(struct world *w, struct proxy *p, int to);
void proxy_cut(struct proxy *p); /* closes its connections; it takes new ones */
void proxy_freeze(struct proxy *p);
void proxy_close(struct proxy *p);

#endif
