/* rights_document.c: documents of rights, canonical in both directions: what parses is what would be written again, so
 * a hash of the bytes names the document. */
#include "replication/rights_document.h"

#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "base/signature.h"
#include "replication/rights.h"

_Static_assert(WEFT_KEY_LEN == WEFT__SIGNATURE_PUBLIC_LEN, "keys here are Ed25519's");
_Static_assert(WEFT_AUTHORITY_SECRET_LEN == WEFT__SIGNATURE_SECRET_LEN, "and so are their secrets");
_Static_assert(sizeof(struct weft_key) == WEFT_KEY_LEN && _Alignof(struct weft_key) == 1, "keys are read in place");

static const char signed_prefix[] = "weft rights"; /* with its zero */

/* --- Names -------------------------------------------------------------------------------------------------------- */

int weft__rights_name_cmp(const struct weft__rights_name *a, const struct weft__rights_name *b) {
    if (a->generation != b->generation) return a->generation < b->generation ? -1 : 1;
    return memcmp(a->hash, b->hash, sizeof a->hash);
}

void weft__rights_name_write(uint8_t out[WEFT__RIGHTS_ELEMENT_LEN], const struct weft__rights_name *name) {
    for (int i = 0; i < 8; i++) out[i] = (uint8_t)(name->generation >> (56 - 8 * i));
    memcpy(out + 8, name->hash, sizeof name->hash);
}

bool weft__rights_name_read(struct weft__rights_name *out, struct weft_slice element) {
    if (element.len != WEFT__RIGHTS_ELEMENT_LEN) return false;
    out->generation = 0;
    for (int i = 0; i < 8; i++) out->generation = out->generation << 8 | element.ptr[i];
    memcpy(out->hash, element.ptr + 8, sizeof out->hash);
    return out->generation != 0;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static bool is_text(struct weft_slice s) {
    if (s.len > WEFT_NAME_MAX) return false;
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] > 0x7e) return false;
    return true;
}

/* Absent: *out is zero. */
static bool read_id(struct weft__reader *r, uint32_t field, struct weft_id *out) {
    struct weft_slice s = weft__read_field_bytes(r, field);
    memset(out, 0, sizeof *out);
    if (s.len == 0) return false;
    if (s.len == sizeof out->bytes)
        memcpy(out->bytes, s.ptr, s.len);
    else
        weft__reader_fail(r);
    return true;
}

/* NULL: absent. */
static const struct weft_key *read_key(struct weft__reader *r, uint32_t field) {
    struct weft_slice s = weft__read_field_bytes(r, field);
    if (s.len != 0 && s.len != WEFT_KEY_LEN) weft__reader_fail(r);
    return s.len == WEFT_KEY_LEN ? (const struct weft_key *)(const void *)s.ptr : NULL;
}

static bool read_bool(struct weft__reader *r, uint32_t field) {
    uint64_t v = weft__read_field_varint(r, field);
    if (v > 1) weft__reader_fail(r);
    return v == 1;
}

/* The next message of a repeated field. */
static bool next_message(struct weft__reader *r, uint32_t field, struct weft__reader *in) {
    if (!weft__read_tag(r, field, WEFT__BYTES)) return false;
    weft__reader_init(in, weft__read_bytes(r));
    return true;
}

static bool end_message(struct weft__reader *r, const struct weft__reader *in, bool is_sound) {
    if (in->err != 0 || in->at != in->end || !is_sound) weft__reader_fail(r);
    return r->err == 0;
}

bool weft__rights_next_member(struct weft__reader *r, struct weft_rights_member *out) {
    struct weft__reader in;
    if (!next_message(r, 5, &in)) return false;
    bool named = read_id(&in, 1, &out->replica);
    out->name = weft__read_field_bytes(&in, 2);
    out->region = weft__read_field_bytes(&in, 3);
    out->signing_key = read_key(&in, 4);
    return end_message(r, &in, named && out->name.len > 0 && is_text(out->name) && is_text(out->region));
}

bool weft__rights_next_prefix(struct weft__reader *r, struct weft_slice *out) {
    if (!weft__read_tag(r, 5, WEFT__BYTES)) return false;
    *out = weft__read_bytes(r);
    if (out->len > WEFT_KEY_MAX) weft__reader_fail(r);
    return r->err == 0;
}

bool weft__rights_next_grant(struct weft__reader *r, struct weft__rights_grant *out) {
    struct weft__reader in;
    struct weft_slice prefix;
    struct weft_rights_grant *g = &out->says;
    *out = (struct weft__rights_grant){.says = {.subject = WEFT_RIGHTS_EVERYBODY}};
    if (!next_message(r, 6, &in)) return false;
    bool to_replica = read_id(&in, 1, &g->replica);
    g->region = weft__read_field_bytes(&in, 2);
    if (to_replica || g->region.len > 0) g->subject = to_replica ? WEFT_RIGHTS_REPLICA : WEFT_RIGHTS_REGION;
    g->read = read_bool(&in, 3);
    g->relay = read_bool(&in, 4);
    const uint8_t *from = in.at;
    while (weft__rights_next_prefix(&in, &prefix)) g->write_count++;
    out->prefixes = weft_slice(from, (size_t)(in.at - from));
    return end_message(r, &in, is_text(g->region) && !(to_replica && g->region.len > 0));
}

/* Members ascend strictly: one spelling for one set. */
static void read_members(struct weft__reader *r, struct weft__rights_document *d) {
    struct weft_rights_member m;
    struct weft_id last;
    const uint8_t *from = r->at;
    for (; weft__rights_next_member(r, &m); last = m.replica)
        if (d->member_count++ > 0 && weft_id_cmp(&last, &m.replica) >= 0) weft__reader_fail(r);
    d->members = weft_slice(from, (size_t)(r->at - from));
}

static void read_grants(struct weft__reader *r, struct weft__rights_document *d) {
    struct weft__rights_grant g;
    const uint8_t *from = r->at;
    while (weft__rights_next_grant(r, &g)) d->grant_count++;
    d->grants = weft_slice(from, (size_t)(r->at - from));
}

static int parse_document(struct weft__rights_document *d) {
    struct weft__reader r;
    weft__reader_init(&r, d->bytes);
    bool in_space = read_id(&r, 1, &d->space);
    d->name.generation = weft__read_field_varint(&r, 2);
    d->authority = read_key(&r, 3);
    d->next_authority = read_key(&r, 4);
    read_members(&r, d);
    read_grants(&r, d);
    if (r.err != 0 || r.at != r.end) return WEFT_ERR_MALFORMED;
    if (!in_space || !weft__rights_governs(&d->space)) return WEFT_ERR_MALFORMED;
    if (d->name.generation == 0 || d->authority == NULL) return WEFT_ERR_MALFORMED;
    weft__blake2b128(d->name.hash, d->bytes);
    return 0;
}

int weft__rights_parse(struct weft__rights_document *d, struct weft_slice signed_document) {
    memset(d, 0, sizeof *d);
    d->signed_bytes = signed_document;
    if (signed_document.len > WEFT_RIGHTS_MAX) return WEFT_ERR_LIMIT;
    struct weft__reader r;
    weft__reader_init(&r, signed_document);
    d->bytes = weft__read_field_bytes(&r, 1);
    d->signature = weft__read_field_bytes(&r, 2);
    if (r.err != 0 || r.at != r.end || d->signature.len != WEFT__SIGNATURE_LEN) return WEFT_ERR_MALFORMED;
    return parse_document(d);
}

const struct weft_key *weft__rights_successor(const struct weft__rights_document *d) {
    return d->next_authority != NULL ? d->next_authority : d->authority;
}

bool weft__rights_find_member(const struct weft__rights_document *d, const struct weft_id *replica,
                              struct weft_rights_member *out) {
    struct weft__reader r;
    weft__reader_init(&r, d->members);
    while (weft__rights_next_member(&r, out))
        if (weft_id_cmp(&out->replica, replica) == 0) return true;
    return false;
}

bool weft__rights_is_granted(const struct weft_rights_grant *g, const struct weft_rights_member *m) {
    if (g->subject == WEFT_RIGHTS_REPLICA) return weft_id_cmp(&g->replica, &m->replica) == 0;
    return g->subject == WEFT_RIGHTS_EVERYBODY || weft_slice_eq(g->region, m->region);
}

/* --- Signing ------------------------------------------------------------------------------------------------------ */

static int signed_text(struct weft_buf *b, struct weft_slice bytes, const struct weft_alloc *alloc) {
    weft_buf_init(b, alloc);
    (void)weft_buf_append(b, signed_prefix, sizeof signed_prefix);
    return weft_buf_append_slice(b, bytes);
}

int weft__rights_verify(const struct weft__rights_document *d, const struct weft_alloc *alloc) {
    struct weft_buf text;
    int rc = signed_text(&text, d->bytes, alloc);
    if (rc == 0 && !weft__signature_good(d->signature.ptr, weft_buf_slice(&text), d->authority->bytes))
        rc = WEFT_ERR_SIGNATURE;
    weft_buf_fini(&text);
    return rc;
}

static void write_id(struct weft_buf *b, uint32_t field, const struct weft_id *id) {
    weft__write_bytes(b, field, weft_slice(id->bytes, sizeof id->bytes));
}

static void write_key(struct weft_buf *b, uint32_t field, const struct weft_key *key) {
    if (key != NULL) weft__write_bytes(b, field, weft_slice(key->bytes, sizeof key->bytes));
}

static void write_member(struct weft_buf *b, const struct weft_rights_member *m) {
    size_t mark = weft__write_begin(b, 5);
    write_id(b, 1, &m->replica);
    weft__write_field_bytes(b, 2, m->name);
    weft__write_field_bytes(b, 3, m->region);
    write_key(b, 4, m->signing_key);
    weft__write_end(b, mark);
}

static void write_grant(struct weft_buf *b, const struct weft_rights_grant *g) {
    size_t mark = weft__write_begin(b, 6);
    if (g->subject == WEFT_RIGHTS_REPLICA) write_id(b, 1, &g->replica);
    if (g->subject == WEFT_RIGHTS_REGION) weft__write_field_bytes(b, 2, g->region);
    weft__write_field_varint(b, 3, g->read);
    weft__write_field_varint(b, 4, g->relay);
    for (size_t i = 0; i < g->write_count; i++) weft__write_bytes(b, 5, g->write[i]);
    weft__write_end(b, mark);
}

static void write_document(struct weft_buf *b, const struct weft_rights *doc, const struct weft_key *authority) {
    write_id(b, 1, &doc->space);
    weft__write_field_varint(b, 2, doc->generation);
    write_key(b, 3, authority);
    if (doc->has_next) write_key(b, 4, &doc->next_authority);
    for (size_t i = 0; i < doc->member_count; i++) write_member(b, &doc->members[i]);
    for (size_t i = 0; i < doc->grant_count; i++) write_grant(b, &doc->grants[i]);
}

/* A region's grant without a region would be read as everybody's. */
static bool subjects_are_sound(const struct weft_rights *doc) {
    for (size_t i = 0; i < doc->grant_count; i++) {
        const struct weft_rights_grant *g = &doc->grants[i];
        bool known = g->subject == WEFT_RIGHTS_REPLICA || g->subject == WEFT_RIGHTS_REGION ||
                     g->subject == WEFT_RIGHTS_EVERYBODY;
        if (!known || (g->subject == WEFT_RIGHTS_REGION && g->region.len == 0)) return false;
    }
    return true;
}

static int sign(struct weft_buf *out, const struct weft_buf *bytes, const uint8_t *secret,
                const struct weft_alloc *alloc) {
    struct weft_buf text;
    uint8_t signature[WEFT__SIGNATURE_LEN];
    int rc = signed_text(&text, weft_buf_slice(bytes), alloc);
    if (rc == 0) weft__signature_make(signature, weft_buf_slice(&text), secret);
    weft_buf_fini(&text);
    if (rc != 0) return rc;
    weft__write_bytes(out, 1, weft_buf_slice(bytes));
    weft__write_bytes(out, 2, weft_slice(signature, sizeof signature));
    return out->err;
}

int weft_rights_sign(const struct weft_rights *doc, const uint8_t secret[WEFT_AUTHORITY_SECRET_LEN],
                     struct weft_buf *out) {
    struct weft_key authority; /* libsodium's secret key is the seed, and the public key behind it */
    struct weft_buf bytes, whole;
    struct weft__rights_document read;
    if (!subjects_are_sound(doc)) return WEFT_ERR_INVALID;
    memcpy(authority.bytes, secret + WEFT__SIGNATURE_SEED_LEN, sizeof authority.bytes);
    weft_buf_init(&bytes, out->alloc);
    weft_buf_init(&whole, out->alloc);
    write_document(&bytes, doc, &authority);
    int rc = bytes.err != 0 ? bytes.err : sign(&whole, &bytes, secret, out->alloc);
    if (rc == 0) rc = weft__rights_parse(&read, weft_buf_slice(&whole));
    if (rc == WEFT_ERR_MALFORMED) rc = WEFT_ERR_INVALID; /* what nobody would read is not signed */
    if (rc == 0) rc = weft_buf_append_slice(out, weft_buf_slice(&whole));
    weft_buf_fini(&bytes);
    weft_buf_fini(&whole);
    return rc;
}

/* --- A copy for programs ------------------------------------------------------------------------------------------ */

/* One block: the document, its lists, its bytes. */
struct copy {
    struct weft_rights doc;
    const struct weft_alloc *alloc;
    size_t size;
};

struct lists {
    struct weft_rights_member *members;
    struct weft_rights_grant *grants;
    struct weft_slice *prefixes;
};

static size_t count_prefixes(const struct weft__rights_document *d) {
    struct weft__rights_grant g;
    struct weft__reader r;
    size_t n = 0;
    weft__reader_init(&r, d->grants);
    while (weft__rights_next_grant(&r, &g)) n += g.says.write_count;
    return n;
}

static void fill(const struct weft__rights_document *d, struct lists l) {
    struct weft__rights_grant g;
    struct weft__reader r, in;
    weft__reader_init(&r, d->members);
    while (weft__rights_next_member(&r, l.members)) l.members++;
    weft__reader_init(&r, d->grants);
    while (weft__rights_next_grant(&r, &g)) {
        *l.grants = g.says;
        (l.grants++)->write = l.prefixes;
        weft__reader_init(&in, g.prefixes);
        while (weft__rights_next_prefix(&in, l.prefixes)) l.prefixes++;
    }
}

static struct copy *copy_new(const struct weft__rights_document *d, const struct weft_alloc *alloc) {
    size_t members = d->member_count * sizeof(struct weft_rights_member);
    size_t grants = d->grant_count * sizeof(struct weft_rights_grant);
    size_t prefixes = count_prefixes(d) * sizeof(struct weft_slice);
    size_t size = sizeof(struct copy) + members + grants + prefixes + d->signed_bytes.len;
    struct copy *c = weft__malloc(alloc, size);
    if (c == NULL) return NULL;
    uint8_t *at = (uint8_t *)(c + 1);
    struct lists l = {(void *)at, (void *)(at + members), (void *)(at + members + grants)};
    uint8_t *bytes = at + members + grants + prefixes;
    memcpy(bytes, d->signed_bytes.ptr, d->signed_bytes.len);
    struct weft__rights_document own;
    (void)!weft__rights_parse(&own, weft_slice(bytes, d->signed_bytes.len)); /* it did */
    fill(&own, l);
    *c = (struct copy){.doc = {.space = d->space,
                               .generation = d->name.generation,
                               .authority = *d->authority,
                               .has_next = d->next_authority != NULL,
                               .members = l.members,
                               .member_count = d->member_count,
                               .grants = l.grants,
                               .grant_count = d->grant_count},
                       .alloc = alloc,
                       .size = size};
    if (d->next_authority != NULL) c->doc.next_authority = *d->next_authority;
    return c;
}

int weft_rights_read(const struct weft_rights **out, struct weft_slice signed_document,
                     const struct weft_alloc *alloc) {
    struct weft__rights_document d;
    alloc = weft__alloc_or_default(alloc);
    int rc = weft__rights_parse(&d, signed_document);
    if (rc == WEFT_ERR_LIMIT) rc = WEFT_ERR_MALFORMED;
    if (rc == 0) rc = weft__rights_verify(&d, alloc);
    if (rc != 0) return rc;
    struct copy *c = copy_new(&d, alloc);
    if (c == NULL) return WEFT_ERR_NOMEM;
    *out = &c->doc;
    return 0;
}

void weft_rights_free(const struct weft_rights *doc) {
    if (doc == NULL) return;
    struct copy *c = (struct copy *)(uintptr_t)doc; /* the first member; whoever frees it owns it */
    weft__free(c->alloc, c, c->size);
}
