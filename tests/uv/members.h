/* members.h: a world whose nodes are members of a cluster: encrypted links, certificates of one authority. */
#ifndef WEFT_TESTS_UV_MEMBERS_H
#define WEFT_TESTS_UV_MEMBERS_H

#include "tests/unit/replication/uv/cluster_keys.h"
#include "tests/uv/world.h"

extern struct world w;
extern struct authority authority;
extern uint64_t wanted;    /* transactions that were written */
extern uint64_t gossip_ns; /* between digests, and before a question is asked again; 0: as usual */

extern void (*prepare_engine)(struct weft_replica_options *o); /* of each node before it opens; NULL: as usual */

void members_setup(void);
void members_teardown(void);

/* What is other than usual of an identity. */
struct change {
    const struct weft_key *cluster_key, *previous;
    const uint64_t *revoked;
    struct weft_certificate certificate;
    struct weft_id space;
};
extern const struct change as_it_is;

/* A certificate for an hour from now on, by the machine's clock. */
struct weft_certificate fresh_certificate(uint8_t number);
struct weft_identity *identity(uint8_t number, const struct change *change);
/* The others dial the first. Its allocator may be set before. */
void open_peer(size_t i, const struct change *change);
void change_identity(size_t i, const struct change *change);
void write_at(size_t i);
bool converged(struct world *in);
void expect_converged(void);
bool first_refused(struct world *in);
void expect_refused_at_first(int err, const char *words);
/* The first two have one open link each. */
bool linked(struct world *in);
void expect_linked(void);

#endif
