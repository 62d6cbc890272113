/* rights_known.c: what the newest document that is known here says: to links, which ask about peers, and to programs.
 * Of two replicas one may know more than the other, so none of this may make a transaction void. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "crdt/view.h"
#include "replication/engine.h"
#include "replication/rights.h"

/* --- The type ----------------------------------------------------------------------------------------------------- */

static int print_document(struct weft_view v, struct weft_slice element, struct weft_buf *out) {
    struct weft_write w;
    struct weft__rights_document d;
    if (!weft_view_write(v, weft_slice(NULL, 0), element, 0, &w) || weft__rights_parse(&d, w.value) != 0) return 0;
    return weft_buf_printf(out, "%sgeneration %llu: %zu members, %zu grants", out->len > 0 ? ", " : "",
                           (unsigned long long)d.name.generation, d.member_count, d.grant_count);
}

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_elements it;
    struct weft_slice element;
    int rc = weft_elements_open(&it, v, weft_slice(NULL, 0));
    while (rc == 0 && weft_elements_next(&it, &element)) rc = print_document(v, element, out);
    weft_elements_close(&it);
    return rc;
}

const struct weft_crdt_class weft_rights_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "rights",
    .type = WEFT_TYPE_ID(19, WEFT_KERNEL_DOTS),
    .schema = 1,
    .print = print,
};

/* --- Documents that are known ---------------------------------------------------------------------------------------
 */

static size_t hint_place(const struct weft__rights_state *s, const struct weft__rights_name *name) {
    size_t at = 0;
    while (at < s->hint_count && weft__rights_name_cmp(&s->hints[at]->name, name) < 0) at++;
    return at;
}

/* From the newest down: what is left of both lists. */
struct known {
    size_t applied, hints;
};

static struct known known_begin(const struct weft_replica *r) {
    return (struct known){r->rights.applied.count, r->rights.hint_count};
}

/* One that is in both lists comes twice; a hint that is not tied does not come. */
static bool known_next(const struct weft_replica *r, struct known *k, struct weft__rights_document *out) {
    const struct weft__rights_state *s = &r->rights;
    while (k->hints > 0 && !s->hints[k->hints - 1]->is_tied) k->hints--;
    const struct weft__rights_name *a = k->applied == 0 ? NULL : &s->applied.names[k->applied - 1];
    const struct weft__rights_hint *h = k->hints == 0 ? NULL : s->hints[k->hints - 1];
    if (a == NULL && h == NULL) return false;
    if (h != NULL && (a == NULL || weft__rights_name_cmp(a, &h->name) < 0)) {
        k->hints--;
        return weft__rights_parse(out, weft_slice(h->bytes, h->len)) == 0;
    }
    k->applied--;
    return weft__rights_find(&r->space, a, out);
}

/* Signed by whom the newest document of an older generation names, as the judging wants it of one that is applied, or
 * by whom the space's id names. The hints before it are looked at already. */
static bool is_tied(const struct weft_replica *r, size_t at) {
    const struct weft__rights_state *s = &r->rights;
    struct weft__rights_document d, older;
    struct known k = {s->applied.count, at};
    uint64_t generation = s->hints[at]->name.generation;
    if (weft__rights_parse(&d, weft_slice(s->hints[at]->bytes, s->hints[at]->len)) != 0) return false;
    while (k.applied > 0 && s->applied.names[k.applied - 1].generation >= generation) k.applied--;
    while (k.hints > 0 && s->hints[k.hints - 1]->name.generation >= generation) k.hints--;
    if (!known_next(r, &k, &older)) return weft__rights_is_root(&r->space.id, d.authority);
    return memcmp(weft__rights_successor(&older)->bytes, d.authority->bytes, WEFT_KEY_LEN) == 0;
}

void weft__rights_tie(struct weft_replica *r) {
    for (size_t i = 0; i < r->rights.hint_count; i++) r->rights.hints[i]->is_tied = is_tied(r, i);
}

int weft__rights_hint(struct weft_replica *r, struct weft_slice signed_document) {
    struct weft__rights_state *s = &r->rights;
    struct weft__rights_document d;
    int rc = weft__rights_parse(&d, signed_document);
    if (rc == 0 && weft_id_cmp(&d.space, &r->space.id) != 0) rc = WEFT_ERR_INVALID;
    if (rc == 0) rc = weft__rights_verify(&d, r->alloc);
    if (rc == 0 && d.name.generation == 1 && !weft__rights_is_root(&d.space, d.authority)) rc = WEFT_ERR_SIGNATURE;
    if (rc != 0) return rc == WEFT_ERR_LIMIT ? WEFT_ERR_MALFORMED : rc;
    size_t at = hint_place(s, &d.name);
    if (at < s->hint_count && weft__rights_name_cmp(&s->hints[at]->name, &d.name) == 0) return 0;
    void *items = (void *)s->hints;
    rc = weft__grow(r->alloc, &items, &s->hint_cap, s->hint_count + 1, sizeof *s->hints);
    s->hints = items;
    struct weft__rights_hint *hint = rc != 0 ? NULL : weft__malloc(r->alloc, sizeof *hint + signed_document.len);
    if (hint == NULL) return WEFT_ERR_NOMEM;
    hint->name = d.name;
    hint->len = signed_document.len;
    memcpy(hint->bytes, signed_document.ptr, signed_document.len);
    memmove((void *)(s->hints + at + 1), (void *)(s->hints + at), (s->hint_count - at) * sizeof *s->hints);
    s->hints[at] = hint;
    s->hint_count++;
    weft__rights_tie(r);
    return 0;
}

/* --- What links ask -------------------------------------------------------------------------------------------------
 */

struct weft__allowance weft__rights_of_replica(const struct weft_replica *r, const struct weft_id *replica) {
    struct weft__rights_document d;
    struct weft_rights_member member;
    struct weft__rights_grant g;
    struct weft__reader in;
    struct weft__allowance may = {false, false, false};
    struct known k = known_begin(r);
    if (!weft__rights_governs(&r->space.id) || !known_next(r, &k, &d))
        return (struct weft__allowance){true, true, true};
    if (!weft__rights_find_member(&d, replica, &member)) return may;
    weft__reader_init(&in, d.grants);
    while (weft__rights_next_grant(&in, &g)) {
        if (!weft__rights_is_granted(&g.says, &member)) continue;
        may.read |= g.says.read;
        may.relay |= g.says.relay;
        may.member |= g.says.read || g.says.relay || g.says.write_count > 0;
    }
    return may;
}

static bool has_key(const struct weft_key *const *keys, size_t count, const struct weft_key *key) {
    for (size_t i = 0; i < count; i++)
        if (memcmp(keys[i]->bytes, key->bytes, WEFT_KEY_LEN) == 0) return true;
    return false;
}

size_t weft__rights_signing_keys(const struct weft_replica *r, const struct weft_id *replica,
                                 const struct weft_key *out[WEFT__SIGNING_KEYS_MAX]) {
    struct weft__rights_document d;
    struct weft_rights_member m;
    struct known k = known_begin(r);
    size_t count = 0;
    if (!weft__rights_governs(&r->space.id)) return 0;
    while (count < WEFT__SIGNING_KEYS_MAX && known_next(r, &k, &d))
        if (weft__rights_find_member(&d, replica, &m) && m.signing_key != NULL && !has_key(out, count, m.signing_key))
            out[count++] = m.signing_key;
    return count;
}

uint64_t weft__rights_applied_generation(const struct weft_replica *r) {
    const struct weft__rights_list *applied = &r->rights.applied;
    return applied->count == 0 ? 0 : applied->names[applied->count - 1].generation;
}

uint64_t weft__rights_known_generation(const struct weft_replica *r) {
    const struct weft__rights_state *s = &r->rights;
    uint64_t applied = weft__rights_applied_generation(r);
    size_t hints = s->hint_count;
    while (hints > 0 && !s->hints[hints - 1]->is_tied) hints--;
    uint64_t handed = hints == 0 ? 0 : s->hints[hints - 1]->name.generation;
    return handed > applied ? handed : applied;
}

/* --- What programs ask ----------------------------------------------------------------------------------------------
 */

void weft_replica_rights(const struct weft_replica *r, struct weft_rights_info *out) {
    struct weft__rights_document d;
    *out = (struct weft_rights_info){.governs = weft__rights_governs(&r->space.id),
                                     .is_signed = weft__rights_is_signed(&r->space.id),
                                     .documents = r->rights.applied.count};
    if (!weft__rights_newest(r, &d)) return;
    out->generation = d.name.generation;
    out->document = d.signed_bytes;
}

bool weft_replica_may_write(const struct weft_replica *r, struct weft_slice key) {
    struct weft__rights_document d;
    if (!weft__rights_governs(&r->space.id)) return true;
    if (!r->has_identity || !weft__rights_newest(r, &d) || weft_slice_eq(key, weft_str(WEFT_RIGHTS_KEY))) return false;
    return weft__rights_covers(&d, &r->identity, key);
}
