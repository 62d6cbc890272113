/* members.c: see members.h. */
#define _POSIX_C_SOURCE 200809L
#include "tests/uv/members.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <weft/err.h>
#include <weft/gcounter.h>

struct world w;
struct authority authority;
uint64_t wanted, gossip_ns;
void (*prepare_engine)(struct weft_replica_options *o);

void members_setup(void) {
    world_open(&w);
    authority_make(&authority);
    wanted = 0;
    gossip_ns = 0;
    prepare_engine = NULL;
}

void members_teardown(void) {
    world_close(&w);
}

struct weft_certificate fresh_certificate(uint8_t number) {
    struct weft_certificate c = certificate_of(number);
    c.not_before = (uint64_t)time(NULL) - 10;
    c.not_after = c.not_before + 3600;
    return c;
}

struct weft_identity *identity(uint8_t number, const struct change *change) {
    struct weft_identity_options o;
    struct weft_key secret;
    struct weft_buf bytes;
    struct weft_identity *id;
    char why[256];
    struct weft_certificate c = change->certificate.serial != 0 ? change->certificate : fresh_certificate(number);
    weft_buf_init(&bytes, NULL);
    options_of(&o, number, &secret, &c, &authority, &bytes);
    if (change->cluster_key != NULL) o.cluster_key = change->cluster_key;
    o.previous_cluster_key = change->previous;
    o.cluster = c.cluster;
    o.space = change->space;
    o.revoked = change->revoked;
    o.revoked_count = change->revoked != NULL ? 1 : 0;
    ck_assert_msg(weft_identity_new(&id, &o, why, sizeof why) == 0, "%s", why);
    weft_buf_fini(&bytes);
    return id;
}

void open_peer(size_t i, const struct change *change) {
    const struct weft_alloc *alloc = w.peers[i].engine.alloc;
    struct peer *p = world_peer(&w, i);
    p->engine.alloc = alloc;
    if (gossip_ns != 0) p->engine.digest_ns = p->engine.request_ns = gossip_ns;
    if (prepare_engine != NULL) prepare_engine(&p->engine);
    p->o.plain_links = false;
    p->o.identity = identity((uint8_t)(i + 1), change);
    if (i > 0) peer_seed(p, weft_uv_port(w.peers[0].node));
    int rc = weft_uv_new(&p->node, &w.loop, &p->o, NULL, 0);
    ck_assert_int_eq(rc, alloc != NULL && p->node == NULL ? WEFT_ERR_NOMEM : 0);
    weft_identity_free(p->o.identity);
}

void change_identity(size_t i, const struct change *change) {
    struct weft_identity *id = identity((uint8_t)(i + 1), change);
    ck_assert_int_eq(weft_uv_set_identity(w.peers[i].node, id), 0);
    weft_identity_free(id);
}

void write_at(size_t i) {
    struct weft_txn *t;
    ck_assert_int_eq(weft_uv_txn_begin(w.peers[i].node, &t), 0);
    weft_gcounter_add(weft_txn_edit(t, weft_str("n"), &weft_gcounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
    wanted++;
}

bool converged(struct world *in) {
    return world_converged(in, wanted);
}

void expect_converged(void) {
    ck_assert_msg(world_run(&w, converged, 10000), "not converged after 10 s");
}

bool first_refused(struct world *in) {
    return in->peers[0].refused > 0;
}

void expect_refused_at_first(int err, const char *words) {
    ck_assert_msg(world_run(&w, first_refused, 5000), "nobody was refused");
    ck_assert_int_eq(w.peers[0].refused_err, err);
    ck_assert_msg(strstr(w.peers[0].refused_text, words) != NULL, "%s", w.peers[0].refused_text);
    struct weft_uv_stats stats;
    weft_uv_stats(w.peers[0].node, &stats);
    ck_assert_uint_ge(stats.refused, 1);
}

const struct change as_it_is = {.cluster_key = NULL};

bool linked(struct world *in) {
    struct weft_uv_stats stats[2];
    for (size_t i = 0; i < 2; i++) weft_uv_stats(in->peers[i].node, &stats[i]);
    return stats[0].links == 1 && stats[1].links == 1;
}

void expect_linked(void) {
    ck_assert_msg(world_run(&w, linked, 10000), "not linked after 10 s");
}
