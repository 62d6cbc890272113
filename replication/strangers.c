/* strangers.c: origins that a peer has named and of which nothing has come. A number in the replica's table of origins
 * is for ever, and everything that is kept by origin grows with it, so only what arrives keeps one
 * (recv_transactions.c): a peer can make up names as fast as it can write them. Strangers are numbered apart, so many a
 * link and no more; a digest says the rest again. One of which something has come is a stranger no longer, and when a
 * link ends, or none is left, all are forgotten: the next digests name them again. */
#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "replication/engine.h"

void weft__strangers_forget(struct weft_replica *r) {
    struct weft__strangers *s = &r->strangers;
    for (size_t i = 0; i < r->peers.count; i++) {
        struct weft__peer *p = &r->peers.items[i];
        weft_version_vector_fini(&p->strange_has);
        weft_version_vector_fini(&p->strange_floors);
        weft_version_vector_fini(&p->strange_put_off);
        weft_version_vector_init(&p->strange_has, r->alloc);
        weft_version_vector_init(&p->strange_floors, r->alloc);
        weft_version_vector_init(&p->strange_put_off, r->alloc);
        p->strangers = 0;
    }
    weft_origins_free(s->origins);
    weft__free(r->alloc, s->asked, s->asked_cap * sizeof *s->asked);
    *s = (struct weft__strangers){0};
}

static int reserve_asked(struct weft_replica *r, uint32_t index) {
    struct weft__strangers *s = &r->strangers;
    void *items = s->asked;
    size_t old = s->asked_cap;
    int rc = weft__grow(r->alloc, &items, &s->asked_cap, (size_t)index + 1, sizeof *s->asked);
    s->asked = items;
    for (size_t i = old; rc == 0 && i < s->asked_cap; i++) s->asked[i] = (struct weft__asked){0};
    return rc;
}

int weft__strangers_hear(struct weft_replica *r, struct weft__peer *p, const struct weft__digest_entry *e) {
    struct weft__strangers *s = &r->strangers;
    uint32_t index;
    int rc = s->origins == NULL ? weft_origins_new(&s->origins, r->alloc) : 0;
    if (rc != 0) return rc;
    bool named =
        weft_origins_find(s->origins, &e->origin, &index) && weft_version_vector_get(&p->strange_has, index) > 0;
    if (!named && p->strangers >= WEFT__STRANGERS_MAX) return 0;
    rc = weft_origins_intern(s->origins, &e->origin, &index);
    if (rc == 0) rc = reserve_asked(r, index);
    if (rc == 0) rc = weft_version_vector_raise(&p->strange_floors, index, e->floor);
    if (rc == 0) rc = weft_version_vector_raise(&p->strange_has, index, e->seq);
    if (rc == 0 && !named) p->strangers++;
    return rc == WEFT_ERR_LIMIT ? 0 : rc;
}

/* What the peer has said of one that is known by now is said of it under its number. */
static void meet(struct weft_replica *r, struct weft__peer *p, uint32_t stranger, uint32_t origin) {
    const struct weft__asked *asked = &r->strangers.asked[stranger];
    int rc = weft__engine_reserve_origin(r, origin);
    if (rc == 0)
        rc = weft_version_vector_raise(&p->floors, origin, weft_version_vector_get(&p->strange_floors, stranger));
    if (rc == 0) rc = weft_version_vector_raise(&p->has, origin, p->strange_has.seq[stranger]);
    if (rc == 0)
        rc = weft_version_vector_raise(&p->put_off, origin, weft_version_vector_get(&p->strange_put_off, stranger));
    if (rc != 0) return; /* at the next look */
    if (r->asked[origin].until_ns < asked->until_ns) r->asked[origin] = *asked;
    p->strange_has.seq[stranger] = 0;
    p->strangers--;
}

void weft__strangers_meet(struct weft_replica *r, struct weft__peer *p) {
    uint32_t origin;
    for (uint32_t i = 0; p->strangers > 0 && i < p->strange_has.len; i++)
        if (p->strange_has.seq[i] > 0 &&
            weft_origins_find(r->origins, weft_origins_at(r->strangers.origins, i), &origin))
            meet(r, p, i, origin);
    if (r->strangers.origins == NULL) return;
    for (size_t i = 0; i < r->peers.count; i++)
        if (r->peers.items[i].strangers > 0) return;
    weft__strangers_forget(r);
}
