/* policy.c: documents by what they allow each machine, in the simplest way: a set of a few kinds of keys. What is
 * signed says the same in as many ways as there are: what all may is granted to everybody, the rest to a region that a
 * machine's lives are, or to each life by itself. */
#include "sim/policy.h"

#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "replication/rights_document.h"
#include "sim/laws/builtin.h"
#include "sim/schedule.h"

#define PURPOSE_KEYS UINT64_C(0x706f6c69)
#define PREFIXES_MAX 64u

/* --- Keys --------------------------------------------------------------------------------------------------------- */

struct prefix {
    char text[WEFT__SIM_KEY_MAX];
    unsigned bit;
};

static void add_prefix(struct prefix *out, size_t *count, const char *name, const char *end, unsigned bit) {
    (void)snprintf(out[*count].text, sizeof out[*count].text, "%s/%s", name, end);
    out[(*count)++].bit = bit;
}

/* All that there are, the same in every run. */
static size_t all_prefixes(struct prefix out[PREFIXES_MAX]) {
    static const char *const names[WEFT__SIM_TYPES] = {"g", "p", "s", "r"};
    size_t count = 0;
    for (unsigned i = 0; i < WEFT__SIM_TYPES; i++) {
        add_prefix(out, &count, names[i], "", 1u << i);
        add_prefix(out, &count, names[i], "1", WEFT__POLICY_ONES);
    }
    const struct weft__law_type *law;
    for (unsigned i = 0; (law = weft__law_type(i)) != NULL && count < PREFIXES_MAX; i++)
        add_prefix(out, &count, law->type->name, "", WEFT__POLICY_OTHERS);
    return count;
}

/* --- Making ------------------------------------------------------------------------------------------------------- */

static void draw_keys(uint8_t open[WEFT_KEY_LEN], uint8_t secret[WEFT__SIGNATURE_SECRET_LEN], uint64_t seed,
                      uint64_t whose) {
    uint8_t drawn[WEFT__SIGNATURE_SEED_LEN];
    for (unsigned i = 0; i < sizeof drawn; i++)
        drawn[i] = (uint8_t)(weft__keyed(seed, PURPOSE_KEYS, whose, i / 8, 0) >> (8 * (i % 8)));
    weft__signature_keys(open, secret, drawn);
}

int weft__policy_init(struct weft__policy *p, uint64_t seed, size_t machines, bool is_signed,
                      const struct weft_alloc *alloc) {
    size_t lives = machines * WEFT__POLICY_LIVES;
    struct weft_key authority;
    draw_keys(authority.bytes, p->secret, seed, 0);
    weft_rights_space(&p->space, &authority, is_signed);
    p->governs = true;
    p->is_signed = is_signed;
    p->machines = machines;
    p->alloc = weft__alloc_or_default(alloc);
    p->ids = weft__calloc(p->alloc, lives, sizeof *p->ids);
    if (is_signed) p->keys = weft__calloc(p->alloc, lives, sizeof *p->keys);
    if (p->ids == NULL || (is_signed && p->keys == NULL)) return WEFT_ERR_NOMEM;
    for (size_t i = 0; is_signed && i < lives; i++) draw_keys(p->keys[i].open.bytes, p->keys[i].secret, seed, 1 + i);
    return 0;
}

static void document_free(struct weft__policy *p, struct weft__policy_document *d) {
    if (d == NULL) return;
    weft_buf_fini(&d->bytes);
    weft__free(p->alloc, d->may, p->machines);
    weft__free(p->alloc, d->carriers, d->cap * sizeof *d->carriers);
    weft__free(p->alloc, d, sizeof *d);
}

void weft__policy_fini(struct weft__policy *p) {
    if (!p->governs) return;
    for (size_t i = 0; i < p->count; i++) document_free(p, p->documents[i]);
    weft__free(p->alloc, (void *)p->documents, p->cap * sizeof *p->documents);
    weft__free(p->alloc, p->ids, p->machines * WEFT__POLICY_LIVES * sizeof *p->ids);
    weft__free(p->alloc, p->keys, p->machines * WEFT__POLICY_LIVES * sizeof *p->keys);
}

/* --- Signing ------------------------------------------------------------------------------------------------------ */

/* What a document is made of; one block. */
struct draft {
    struct prefix prefixes[PREFIXES_MAX];
    size_t prefix_count;
    struct weft_slice (*write)[PREFIXES_MAX]; /* of everybody, and then of each machine */
    char (*names)[32];                        /* of machines */
    struct weft_rights_member *members;
    struct weft_rights_grant *grants;
    size_t grant_count;
};

static size_t choose(struct draft *d, struct weft_slice *out, unsigned bits) {
    size_t count = 0;
    for (size_t i = 0; i < d->prefix_count; i++)
        if ((d->prefixes[i].bit & bits) != 0) out[count++] = weft_str(d->prefixes[i].text);
    return count;
}

static int draft_init(struct draft *d, const struct weft__policy *p) {
    size_t lives = p->machines * WEFT__POLICY_LIVES;
    *d = (struct draft){.prefix_count = 0};
    d->prefix_count = all_prefixes(d->prefixes);
    d->write = weft__calloc(p->alloc, p->machines + 1, sizeof *d->write);
    d->names = weft__calloc(p->alloc, p->machines, sizeof *d->names);
    d->members = weft__calloc(p->alloc, lives, sizeof *d->members);
    d->grants = weft__calloc(p->alloc, lives + 1, sizeof *d->grants);
    bool whole = d->write != NULL && d->names != NULL && d->members != NULL && d->grants != NULL;
    return whole ? 0 : WEFT_ERR_NOMEM;
}

static void draft_fini(struct draft *d, const struct weft__policy *p) {
    size_t lives = p->machines * WEFT__POLICY_LIVES;
    weft__free(p->alloc, d->write, (p->machines + 1) * sizeof *d->write);
    weft__free(p->alloc, d->names, p->machines * sizeof *d->names);
    weft__free(p->alloc, d->members, lives * sizeof *d->members);
    weft__free(p->alloc, d->grants, (lives + 1) * sizeof *d->grants);
}

/* Ascending. */
static void add_member(struct draft *d, size_t count, const struct weft_rights_member *m) {
    size_t at = count;
    while (at > 0 && weft_id_cmp(&d->members[at - 1].replica, &m->replica) > 0) {
        d->members[at] = d->members[at - 1];
        at--;
    }
    d->members[at] = *m;
}

static void add_members(struct draft *d, const struct weft__policy *p) {
    for (size_t i = 0; i < p->machines * WEFT__POLICY_LIVES; i++) {
        size_t machine = i / WEFT__POLICY_LIVES;
        (void)snprintf(d->names[machine], sizeof *d->names, "machine %u", (unsigned)machine);
        struct weft_slice name = weft_str(d->names[machine]);
        struct weft_rights_member m = {.replica = p->ids[i], .name = name, .region = name};
        if (p->is_signed) m.signing_key = &p->keys[i].open;
        add_member(d, i, &m);
    }
}

static void grant(struct draft *d, enum weft_rights_subject subject, size_t write, unsigned bits) {
    d->grants[d->grant_count++] = (struct weft_rights_grant){.subject = subject,
                                                             .read = (bits & WEFT__POLICY_READ) != 0,
                                                             .relay = (bits & WEFT__POLICY_RELAY) != 0,
                                                             .write = d->write[write],
                                                             .write_count = choose(d, d->write[write], bits)};
}

/* What all may, to everybody; the rest by region and by replica in turn. */
static void add_grants(struct draft *d, const struct weft__policy *p, const uint8_t *may) {
    unsigned all = WEFT__POLICY_ALL;
    for (size_t i = 0; i < p->machines; i++) all &= may[i];
    grant(d, WEFT_RIGHTS_EVERYBODY, 0, all);
    for (size_t i = 0; i < p->machines; i++) {
        unsigned rest = may[i] & ~all;
        for (size_t life = 0; rest != 0 && life < WEFT__POLICY_LIVES; life++) {
            bool by_region = i % 2 == 0;
            if (by_region && life > 0) break;
            grant(d, by_region ? WEFT_RIGHTS_REGION : WEFT_RIGHTS_REPLICA, i + 1, rest);
            struct weft_rights_grant *g = &d->grants[d->grant_count - 1];
            g->replica = p->ids[i * WEFT__POLICY_LIVES + life];
            if (by_region) g->region = weft_str(d->names[i]);
        }
    }
}

static int sign(const struct weft__policy *p, uint64_t generation, const uint8_t *may, struct weft_buf *out) {
    struct draft d;
    int rc = draft_init(&d, p);
    if (rc == 0) {
        add_members(&d, p);
        add_grants(&d, p, may);
        struct weft_rights doc = {.space = p->space,
                                  .generation = generation,
                                  .members = d.members,
                                  .member_count = p->machines * WEFT__POLICY_LIVES,
                                  .grants = d.grants,
                                  .grant_count = d.grant_count};
        rc = weft_rights_sign(&doc, p->secret, out);
    }
    draft_fini(&d, p);
    return rc;
}

static int name(struct weft__policy_document *d) {
    struct weft__rights_document read;
    int rc = weft__rights_parse(&read, weft_buf_slice(&d->bytes));
    if (rc == 0) memcpy(d->hash, read.name.hash, sizeof d->hash);
    return rc;
}

static int document_new(struct weft__policy *p, uint64_t generation, const uint8_t *may,
                        struct weft__policy_document **out) {
    struct weft__policy_document *d = *out = weft__calloc(p->alloc, 1, sizeof *d);
    if (d == NULL) return WEFT_ERR_NOMEM;
    weft_buf_init(&d->bytes, p->alloc);
    d->generation = generation;
    d->may = weft__malloc(p->alloc, p->machines);
    if (d->may == NULL) return WEFT_ERR_NOMEM;
    memcpy(d->may, may, p->machines);
    int rc = sign(p, generation, may, &d->bytes);
    return rc == 0 ? name(d) : rc;
}

int weft__policy_make(struct weft__policy *p, uint64_t generation, const uint8_t *may,
                      struct weft__policy_document **out) {
    for (size_t i = 0; i < p->count; i++) {
        *out = p->documents[i];
        if ((*out)->generation == generation && memcmp((*out)->may, may, p->machines) == 0) return 0;
    }
    void *items = (void *)p->documents;
    int rc = weft__grow(p->alloc, &items, &p->cap, p->count + 1, sizeof *p->documents);
    p->documents = items;
    if (rc != 0) return rc;
    rc = document_new(p, generation, may, out);
    if (rc == 0)
        p->documents[p->count++] = *out;
    else
        document_free(p, *out);
    return rc;
}

/* --- What follows ------------------------------------------------------------------------------------------------- */

struct weft__policy_document *weft__policy_find(const struct weft__policy *p, struct weft_slice signed_bytes) {
    for (size_t i = 0; i < p->count; i++)
        if (weft_slice_eq(weft_buf_slice(&p->documents[i]->bytes), signed_bytes)) return p->documents[i];
    return NULL;
}

int weft__policy_carry(struct weft__policy *p, struct weft__policy_document *d, uint32_t origin, uint64_t seq) {
    void *items = d->carriers;
    int rc = weft__grow(p->alloc, &items, &d->cap, d->count + 1, sizeof *d->carriers);
    d->carriers = items;
    if (rc == 0) d->carriers[d->count++] = (struct weft__policy_carrier){origin, seq};
    return rc;
}

static bool is_seen(const struct weft__policy_document *d, const struct weft__vector *seen) {
    for (size_t i = 0; i < d->count; i++)
        if (weft__vector_get(seen, d->carriers[i].origin) >= d->carriers[i].seq) return true;
    return false;
}

static bool is_newer(const struct weft__policy_document *a, const struct weft__policy_document *b) {
    if (b == NULL || a->generation != b->generation) return b == NULL || a->generation > b->generation;
    return memcmp(a->hash, b->hash, sizeof a->hash) > 0;
}

const struct weft__policy_document *weft__policy_newer(const struct weft__policy_document *a,
                                                       const struct weft__policy_document *b) {
    return a != NULL && is_newer(a, b) ? a : b;
}

const struct weft__policy_document *weft__policy_governing(const struct weft__policy *p,
                                                           const struct weft__vector *seen) {
    const struct weft__policy_document *best = NULL;
    for (size_t i = 0; i < p->count; i++)
        if (is_seen(p->documents[i], seen) && is_newer(p->documents[i], best)) best = p->documents[i];
    return best;
}

size_t weft__policy_life(const struct weft__policy *p, const struct weft_id *replica) {
    for (size_t i = 0; i < p->machines * WEFT__POLICY_LIVES; i++)
        if (weft_id_cmp(&p->ids[i], replica) == 0) return i;
    return SIZE_MAX;
}

unsigned weft__policy_rights(const struct weft__policy *p, const struct weft__policy_document *d,
                             const struct weft_id *replica) {
    size_t life = weft__policy_life(p, replica);
    return d == NULL || life == SIZE_MAX ? 0 : d->may[life / WEFT__POLICY_LIVES];
}

bool weft__policy_ever_lacked(const struct weft__policy *p, const struct weft_id *replica, unsigned bits) {
    for (size_t i = 0; i < p->count; i++)
        if ((weft__policy_rights(p, p->documents[i], replica) & bits) != bits) return true;
    return false;
}

bool weft__policy_may_write(const struct weft__policy *p, const struct weft__policy_document *d,
                            const struct weft_id *replica, struct weft_slice key) {
    struct prefix prefixes[PREFIXES_MAX];
    unsigned may = weft__policy_rights(p, d, replica);
    size_t count = all_prefixes(prefixes);
    for (size_t i = 0; i < count; i++)
        if ((prefixes[i].bit & may) != 0 && weft_slice_has_prefix(key, weft_str(prefixes[i].text))) return true;
    return false;
}
