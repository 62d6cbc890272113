/* signing.h: which own rows are to be signed (signing.c), and whether those of others are (runs.c). */
#ifndef WEFT_REPLICATION_SIGNING_H
#define WEFT_REPLICATION_SIGNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>

#include "base/hash.h"
#include "replication/message.h"
#include "replication/signed_ends.h"
#include "replication/transaction.h"

struct weft__peer;

/* The last of own rows that one signature is wanted for. */
struct weft__wanted {
    uint32_t origin;
    uint64_t seq;
    size_t bytes; /* of the rows since the one before */
};

struct weft__signing {
    struct weft__wanted *wanted; /* in the order of their numbers, per origin */
    size_t count, cap;
    struct weft_signing *shown; /* the same to the driver */
    size_t shown_count, shown_cap;
    uint32_t self;     /* the own origin, as of the last step */
    uint32_t *earlier; /* own origins of before, whose last row is not signed yet */
    size_t earlier_count, earlier_cap;
    uint64_t kept;       /* signatures taken, of anybody */
    uint64_t tried;      /* checks of those of others */
    uint64_t generation; /* of the newest document of rights, when rows were last asked for */
};

/* What is known of a row of a message, once the message has been found to be sound. */
struct weft__checked_row {
    uint8_t hash[WEFT__CHAIN_LEN];
    bool has_hash, is_signed;
    bool is_dropped; /* it was not checked, and is not taken */
    bool is_put_off; /* because no key for it is known here */
    struct weft__signature signature;
};

bool weft__signing_is_on(const struct weft_replica *r);
/* An origin's rows may be said to be here, and passed on, up to this number: what is recorded, and in a signed space
 * signed, or else what a state brought. */
uint64_t weft__signing_servable(const struct weft_replica *r, uint32_t origin);
/* Whether all own rows in a state at this vector are signed. */
bool weft__signing_covers(const struct weft_replica *r, const struct weft_version_vector *state);
/* At START, and at the end of each step. WEFT_ERR_NOMEM: again. */
int weft__signing_start(struct weft_replica *r);
int weft__signing_step(struct weft_replica *r);
/* What is still wanted, for the update; lent until the next step. */
void weft__signing_show(struct weft_replica *r, struct weft_update *u);
int weft__signing_signed(struct weft_replica *r, const struct weft_event *e);
/* Gives back what is empty. */
void weft__signing_shrink(struct weft_replica *r);
void weft__signing_fini(struct weft_replica *r);

/* A signature that was checked, of a row in the log; its place there and room for a record are reserved. */
void weft__signing_keep(struct weft_replica *r, uint32_t origin, uint64_t seq, const struct weft__signature *s);
#define WEFT__SIGNATURE_RECORD (8u + WEFT__SIGNATURE_LEN)
/* The signature that came with a row which is applied already. */
int weft__signing_adopt(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin);
/* A record of a signature, before the row's. */
int weft__signing_restore(struct weft_replica *r, const struct weft_record *record);

/* What is signed: "weft rows" and a zero, the space, the origin (replica id, epoch), the number of the last row, its
 * hash, the generation; integers in 8 bytes, little endian. */
void weft__signing_text(uint8_t out[WEFT_SIGNING_LEN], const struct weft_id *space, const struct weft_origin *origin,
                        uint64_t seq, const uint8_t hash[WEFT__CHAIN_LEN], uint64_t generation);

/* runs.c, in a signed space. Fills r->checked. WEFT_ERR_SIGNATURE, or what is wrong with a transaction that does not
 * read. */
int weft__runs_check(struct weft_replica *r, const struct weft__peer *from, const struct weft__message *m);

#endif
