/* authority.h: an authority with keys made of a number, and documents of rights made of words. */
#ifndef WEFT_TESTS_AUTHORITY_H
#define WEFT_TESTS_AUTHORITY_H

#include <weft/rights.h>

struct authority {
    struct weft_key key;
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
};

struct authority authority_new(uint8_t number);
struct weft_id authority_space(const struct authority *a);

#define POLICY_MEMBERS 8

/* What the replicas of a cluster (tests/support/cluster.h) may write. */
struct policy {
    uint64_t generation;
    /* Of the i-th replica: prefixes between spaces, "*" for the empty one. "": a member that writes nothing; NULL: no
     * member, unless rest_is_in. */
    const char *writes[POLICY_MEMBERS];
    bool reads_not[POLICY_MEMBERS], relays_not[POLICY_MEMBERS]; /* else a member does both */
    bool rest_is_in;                                            /* NULL is like "" */
    const struct weft_key *keys[POLICY_MEMBERS];                /* that sign; NULL: none */
    const struct authority *next;                               /* takes over; NULL: nobody does */
};

/* Appends the signed document of that space; cannot fail. */
void authority_sign(const struct authority *a, const struct weft_id *space, const struct policy *p,
                    struct weft_buf *out);

#endif
