/* signing.c: own rows in a signed space. They are issued and recorded as ever, and leave when they are signed. The
 * engine has no key: an update says what is to be signed, the driver answers (WEFT_EVENT_SIGNED), and as long as it
 * does not, the rows stay here and no digest names them.
 *
 * One signature is wanted for all that is recorded and not signed yet, so a burst costs one; but where that is long,
 * one for each half of batch_max, because rows go up to a signed one in one message. Epochs of before that ended
 * without a signature are signed at the next opening: whoever has the replica's key may speak for all of them.
 *
 * While a fork of own epochs is looked into (fork.c) nothing is signed: what yields should not have been. */
#include "replication/signing.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/endian.h"
#include "replication/engine.h"
#include "replication/rights.h"

bool weft__signing_is_on(const struct weft_replica *r) {
    return weft__rights_is_signed(&r->space.id);
}

void weft__signing_shrink(struct weft_replica *r) {
    struct weft__signing *s = &r->signing;
    if (s->count == 0) {
        weft__free(r->alloc, s->wanted, s->cap * sizeof *s->wanted);
        s->wanted = NULL;
        s->cap = 0;
    }
    if (s->shown_count == 0) {
        weft__free(r->alloc, s->shown, s->shown_cap * sizeof *s->shown);
        s->shown = NULL;
        s->shown_cap = 0;
    }
    if (s->earlier_count == 0) {
        weft__free(r->alloc, s->earlier, s->earlier_cap * sizeof *s->earlier);
        s->earlier = NULL;
        s->earlier_cap = 0;
    }
}

void weft__signing_fini(struct weft_replica *r) {
    struct weft__signing *s = &r->signing;
    weft__free(r->alloc, s->wanted, s->cap * sizeof *s->wanted);
    weft__free(r->alloc, s->shown, s->shown_cap * sizeof *s->shown);
    weft__free(r->alloc, s->earlier, s->earlier_cap * sizeof *s->earlier);
}

/* --- What is signed ----------------------------------------------------------------------------------------------- */

static uint8_t *append(uint8_t *out, const void *bytes, size_t len) {
    memcpy(out, bytes, len);
    return out + len;
}

void weft__signing_text(uint8_t out[WEFT_SIGNING_LEN], const struct weft_id *space, const struct weft_origin *origin,
                        uint64_t seq, const uint8_t hash[WEFT__CHAIN_LEN], uint64_t generation) {
    static const char prefix[] = "weft rows"; /* with its zero */
    out = append(out, prefix, sizeof prefix);
    out = append(out, space->bytes, sizeof space->bytes);
    out = append(out, origin->replica.bytes, sizeof origin->replica.bytes);
    weft__store64(out, origin->epoch);
    weft__store64(out + 8, seq);
    out = append(out + 16, hash, WEFT__CHAIN_LEN);
    weft__store64(out, generation);
}

uint64_t weft__signing_servable(const struct weft_replica *r, uint32_t origin) {
    uint64_t recorded = weft_version_vector_get(&r->recording.recorded, origin);
    if (!weft__signing_is_on(r)) return recorded;
    uint64_t floor = weft__log_floor(&r->log, origin), end = weft__log_end_upto(&r->log, origin, recorded);
    if (floor > recorded) return recorded;
    return end > floor ? end : floor;
}

bool weft__signing_covers(const struct weft_replica *r, const struct weft_version_vector *state) {
    if (!weft__signing_is_on(r)) return true;
    for (size_t i = 0; i < r->signing.count; i++)
        if (r->signing.wanted[i].seq <= weft_version_vector_get(state, r->signing.wanted[i].origin)) return false;
    return weft_version_vector_get(state, r->self) <= weft__signing_servable(r, r->self);
}

/* --- What is wanted ----------------------------------------------------------------------------------------------- */

static struct weft__wanted *last_of(struct weft__signing *s, uint32_t origin) {
    struct weft__wanted *last = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (s->wanted[i].origin == origin) last = &s->wanted[i];
    return last;
}

static int want(struct weft_replica *r, struct weft__wanted *last, uint32_t origin, const struct weft__wanted *row) {
    struct weft__signing *s = &r->signing;
    if (last != NULL && last->bytes + row->bytes <= r->options.batch_max / 2) {
        last->seq = row->seq;
        last->bytes += row->bytes;
        return 0;
    }
    void *items = s->wanted;
    int rc = weft__grow(r->alloc, &items, &s->cap, s->count + 1, sizeof *s->wanted);
    s->wanted = items;
    if (rc == 0) s->wanted[s->count++] = (struct weft__wanted){origin, row->seq, row->bytes};
    return rc;
}

/* All that is recorded of an own origin. */
static int want_recorded(struct weft_replica *r, uint32_t origin) {
    uint64_t recorded = weft_version_vector_get(&r->recording.recorded, origin);
    struct weft__wanted *last = last_of(&r->signing, origin);
    uint64_t at = last != NULL ? last->seq : weft__signing_servable(r, origin);
    const struct weft__log_row *row;
    while (at < recorded && (row = weft__log_get(&r->log, origin, at + 1)) != NULL) {
        struct weft__wanted next = {origin, ++at, row->len + WEFT__ROW_ROOM};
        int rc = want(r, last, origin, &next);
        if (rc != 0) return rc;
        last = last_of(&r->signing, origin);
    }
    return 0;
}

/* Those up to a number; where it is in the midst of what one was wanted for, that one still is. */
static void want_no_more(struct weft__signing *s, uint32_t origin, uint64_t upto) {
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++)
        if (s->wanted[i].origin != origin || s->wanted[i].seq > upto) s->wanted[kept++] = s->wanted[i];
    s->count = kept;
}

/* Rows that went, with a truncation or for a state, need no signature, nor do those of which one came from a peer. */
static void forget_settled(struct weft_replica *r) {
    struct weft__signing *s = &r->signing;
    for (size_t i = s->count; i-- > 0;)
        want_no_more(s, s->wanted[i].origin, weft__signing_servable(r, s->wanted[i].origin));
}

static int note_earlier(struct weft_replica *r, uint32_t origin) {
    struct weft__signing *s = &r->signing;
    for (size_t i = 0; i < s->earlier_count; i++)
        if (s->earlier[i] == origin) return 0;
    void *items = s->earlier;
    int rc = weft__grow(r->alloc, &items, &s->earlier_cap, s->earlier_count + 1, sizeof *s->earlier);
    s->earlier = items;
    if (rc == 0) s->earlier[s->earlier_count++] = origin;
    return rc;
}

static int want_earlier(struct weft_replica *r) {
    struct weft__signing *s = &r->signing;
    for (size_t i = s->earlier_count; i-- > 0;) {
        uint32_t origin = s->earlier[i];
        int rc = want_recorded(r, origin);
        if (rc != 0) return rc;
        if (weft__signing_servable(r, origin) == weft_version_vector_get(&r->space.applied, origin))
            s->earlier[i] = s->earlier[--s->earlier_count];
    }
    return 0;
}

/* What is wanted as the driver sees it. */
static int show(struct weft_replica *r) {
    struct weft__signing *s = &r->signing;
    void *items = s->shown;
    int rc = weft__grow(r->alloc, &items, &s->shown_cap, s->count, sizeof *s->shown);
    s->shown = items;
    if (rc != 0) return rc;
    uint64_t generation = weft__rights_known_generation(r);
    for (size_t i = 0; i < s->count; i++) {
        const struct weft__wanted *w = &s->wanted[i];
        const struct weft_origin *origin = weft_origins_at(r->origins, w->origin);
        s->shown[i] = (struct weft_signing){.origin = *origin, .seq = w->seq, .generation = generation};
        weft__signing_text(s->shown[i].bytes, &r->space.id, origin, w->seq,
                           weft__log_get(&r->log, w->origin, w->seq)->hash, generation);
    }
    s->shown_count = s->count;
    return 0;
}

int weft__signing_step(struct weft_replica *r) {
    struct weft__signing *s = &r->signing;
    if (!weft__signing_is_on(r)) return 0;
    int rc = s->self != r->self ? note_earlier(r, s->self) : 0;
    if (rc != 0) return rc;
    s->self = r->self;
    s->shown_count = 0;
    forget_settled(r);
    if (weft__fork_is_open(r)) return 0;
    rc = want_recorded(r, r->self);
    if (rc == 0) rc = want_earlier(r);
    return rc == 0 && s->count > 0 ? show(r) : rc;
}

int weft__signing_start(struct weft_replica *r) {
    if (!weft__signing_is_on(r)) return 0;
    r->signing.self = r->self;
    for (uint32_t i = 0; i < r->space.applied.len; i++) {
        bool own = weft_id_cmp(&weft_origins_at(r->origins, i)->replica, &r->identity) == 0;
        bool is_whole = weft__signing_servable(r, i) == weft_version_vector_get(&r->space.applied, i);
        int rc = own && i != r->self && !is_whole ? note_earlier(r, i) : 0;
        if (rc != 0) return rc;
    }
    return weft__signing_step(r);
}

void weft__signing_show(struct weft_replica *r, struct weft_update *u) {
    u->wants_signature = r->signing.shown;
    u->wants_signature_count = r->signing.shown_count;
}

/* --- Signatures --------------------------------------------------------------------------------------------------- */

void weft__signing_keep(struct weft_replica *r, uint32_t origin, uint64_t seq, const struct weft__signature *s) {
    uint8_t bytes[WEFT__SIGNATURE_RECORD];
    weft__store64(bytes, s->generation);
    memcpy(bytes + 8, s->bytes, sizeof s->bytes);
    struct weft_record rec = {.kind = WEFT_RECORD_SIGNATURE,
                              .number = weft__next_record(r),
                              .origin = *weft_origins_at(r->origins, origin),
                              .seq = seq,
                              .bytes = weft_slice(bytes, sizeof bytes)};
    weft__log_sign(&r->log, origin, seq, s);
    (void)!weft__output_record(weft__out(r), &rec); /* reserved */
    r->signing.kept++;
}

static int keep(struct weft_replica *r, uint32_t origin, uint64_t seq, const struct weft__signature *s) {
    int rc = weft__log_reserve_end(&r->log, origin);
    if (rc == 0) rc = weft__output_reserve(weft__out(r), 1, 0, WEFT__SIGNATURE_RECORD);
    if (rc == 0) weft__signing_keep(r, origin, seq, s);
    return rc;
}

int weft__signing_adopt(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin) {
    bool is_known = t->signature == NULL || weft__log_get(&r->log, origin, t->seq) == NULL ||
                    weft__log_signature(&r->log, origin, t->seq) != NULL;
    return is_known ? 0 : keep(r, origin, t->seq, t->signature);
}

int weft__signing_restore(struct weft_replica *r, const struct weft_record *record) {
    struct weft__signature s;
    uint32_t origin;
    if (record->bytes.len != WEFT__SIGNATURE_RECORD || record->seq == 0) return WEFT_ERR_MALFORMED;
    s.generation = weft__load64(record->bytes.ptr);
    memcpy(s.bytes, record->bytes.ptr + 8, sizeof s.bytes);
    int rc = weft_origins_intern(r->origins, &record->origin, &origin);
    if (rc == 0) rc = weft__engine_reserve_origin(r, origin);
    if (rc == 0) rc = weft__log_reserve_end(&r->log, origin);
    if (rc == 0) weft__log_sign(&r->log, origin, record->seq, &s);
    return rc;
}

/* Where a member's key is known here, the driver has to have the secret of it, or peers would refuse what it signed. */
static bool is_by_own_key(const struct weft_replica *r, struct weft_slice text, const uint8_t *signature) {
    const struct weft_key *keys[WEFT__SIGNING_KEYS_MAX];
    size_t count = weft__rights_signing_keys(r, &r->identity, keys);
    for (size_t i = 0; i < count; i++)
        if (weft__signature_good(signature, text, keys[i]->bytes)) return true;
    return count == 0;
}

/* One that came late, when its rows are gone or signed otherwise, is not needed. */
int weft__signing_signed(struct weft_replica *r, const struct weft_event *e) {
    uint8_t text[WEFT_SIGNING_LEN];
    uint32_t origin;
    if (e->signing == NULL || e->bytes.len != WEFT__SIGNATURE_LEN || !weft__signing_is_on(r)) return WEFT_ERR_INVALID;
    if (!weft_origins_find(r->origins, &e->signing->origin, &origin)) return 0;
    uint64_t seq = e->signing->seq;
    const struct weft__log_row *row = weft__log_get(&r->log, origin, seq);
    const struct weft__wanted *last = last_of(&r->signing, origin);
    if (row == NULL || last == NULL || last->seq < seq || seq <= weft__signing_servable(r, origin)) return 0;
    weft__signing_text(text, &r->space.id, &e->signing->origin, seq, row->hash, e->signing->generation);
    if (!is_by_own_key(r, weft_slice(text, sizeof text), e->bytes.ptr)) return WEFT_ERR_SIGNATURE;
    struct weft__signature s = {.generation = e->signing->generation};
    memcpy(s.bytes, e->bytes.ptr, sizeof s.bytes);
    int rc = keep(r, origin, seq, &s);
    if (rc != 0) return rc;
    want_no_more(&r->signing, origin, seq);
    weft__gossip_recorded(r);
    weft__state_serve_waiting(r);
    return 0;
}
