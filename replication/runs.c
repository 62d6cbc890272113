/* runs.c: whether the rows of a message were issued by who is said to have issued them. In a signed space they lie in
 * runs: each has the numbers of one origin without a gap, each row the hash of the one before it, and the last one is
 * signed by the origin; so one signature is checked for all of them, and a relay that changes, adds or makes up a row
 * is found out before anything changes.
 *
 * It is checked with the keys that the member has in documents known here. One that is by none of them is refused, and
 * the link pays; but an honest relay may know a document that has not come here, so where the signature names a
 * generation above what is applied here, or no key is known at all, the rows are left where they are. They are asked
 * for again after a while, or when a document has come. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/alloc.h"
#include "replication/engine.h"
#include "replication/rights.h"

/* Checks of signatures in one message that may come to nothing: they are what costs most, and a relay can make them up.
 * The rest of such a message is left where it is. */
#define FAILURES_MAX 4u

/* Rows from first to the signed one. */
struct run {
    const struct weft_slice *rows;
    const struct weft__peer *from;
    size_t first, last;
    const struct weft__row_signature *signature;
    unsigned failures; /* of the runs before */
};

static int parse(struct weft_replica *r, struct weft__transaction *t, const struct run *run, size_t i) {
    int rc = weft__transaction_parse(t, run->rows[i]);
    if (rc == 0 && weft_id_cmp(&t->space, &r->space.id) != 0) rc = WEFT_ERR_MALFORMED;
    return rc == 0 ? weft__admission_check_row(r, run->from, &t->origin) : rc;
}

/* Applied, the same, and their end is known: most of what comes twice. */
static bool is_here(struct weft_replica *r, const struct run *run) {
    struct weft__transaction t;
    uint32_t origin;
    size_t i = run->first;
    do {
        if (parse(r, &t, run, i) != 0 || !weft_origins_find(r->origins, &t.origin, &origin)) return false;
        const struct weft__log_row *row = weft__log_get(&r->log, origin, t.seq);
        if (row == NULL || !weft_slice_eq(weft_slice(row->bytes, row->len), t.bytes)) return false;
    } while (i++ < run->last);
    return weft__log_end_from(&r->log, origin, t.seq) != 0;
}

static bool follows(const struct weft__transaction *t, const struct weft__transaction *before,
                    const uint8_t hash[WEFT__CHAIN_LEN]) {
    return weft_origin_cmp(&t->origin, &before->origin) == 0 && before->seq != UINT64_MAX &&
           t->seq == before->seq + 1 && t->previous.len == WEFT__CHAIN_LEN &&
           memcmp(t->previous.ptr, hash, WEFT__CHAIN_LEN) == 0;
}

/* Fills in the hashes; *last is the last one. Several rows have to fit one message wherever they are passed on. */
static int check_chain(struct weft_replica *r, const struct run *run, struct weft__transaction *last) {
    struct weft__transaction t;
    size_t bytes = WEFT__SIGNATURE_ROOM;
    for (size_t i = run->first; i <= run->last; i++) {
        int rc = parse(r, &t, run, i);
        if (rc != 0) return rc;
        if (i > run->first && !follows(&t, last, r->checked[i - 1].hash)) return WEFT_ERR_SIGNATURE;
        weft__blake2b128(r->checked[i].hash, t.bytes);
        r->checked[i].has_hash = true;
        bytes += t.bytes.len + WEFT__ROW_ROOM;
        *last = t;
    }
    return run->last > run->first && bytes > WEFT_TXN_MAX ? WEFT_ERR_LIMIT : 0;
}

/* *is_known: somebody's key was there to try. */
static bool is_by_member(struct weft_replica *r, const struct weft__transaction *t, const uint8_t hash[WEFT__CHAIN_LEN],
                         const struct weft__row_signature *s, bool *is_known) {
    uint8_t text[WEFT_SIGNING_LEN];
    const struct weft_key *keys[WEFT__SIGNING_KEYS_MAX];
    size_t count = weft__rights_signing_keys(r, &t->origin.replica, keys);
    weft__signing_text(text, &r->space.id, &t->origin, t->seq, hash, s->generation);
    *is_known = count > 0;
    for (size_t i = 0; i < count; i++) {
        r->signing.tried++;
        if (weft__signature_good(s->bytes, weft_slice(text, sizeof text), keys[i]->bytes)) return true;
    }
    return false;
}

static void drop(struct weft_replica *r, const struct run *run) {
    for (size_t i = run->first; i <= run->last; i++) r->checked[i].is_dropped = true;
}

static int check_run(struct weft_replica *r, struct run *run) {
    struct weft__transaction last;
    bool is_known;
    if (is_here(r, run)) return 0;
    int rc = check_chain(r, run, &last);
    if (rc != 0) return rc;
    if (run->failures >= FAILURES_MAX) {
        drop(r, run);
        return 0;
    }
    struct weft__checked_row *end = &r->checked[run->last];
    if (is_by_member(r, &last, end->hash, run->signature, &is_known)) {
        end->is_signed = true;
        end->signature.generation = run->signature->generation;
        memcpy(end->signature.bytes, run->signature->bytes, sizeof end->signature.bytes);
        return 0;
    }
    if (is_known && run->signature->generation <= weft__rights_applied_generation(r)) return WEFT_ERR_SIGNATURE;
    run->failures += is_known;
    drop(r, run);
    for (size_t i = run->first; i <= run->last; i++) r->checked[i].is_put_off = true;
    return 0;
}

int weft__runs_check(struct weft_replica *r, const struct weft__peer *from, const struct weft__message *m) {
    struct run run = {.from = from, .rows = m->transactions.items};
    void *items = r->checked;
    int rc = weft__grow(r->alloc, &items, &r->checked_cap, m->transactions.count, sizeof *r->checked);
    r->checked = items;
    if (rc != 0) return rc;
    memset(r->checked, 0, m->transactions.count * sizeof *r->checked);
    for (size_t i = 0; i < m->transactions.signature_count; i++) {
        run.signature = &m->transactions.signatures[i];
        run.last = run.signature->row;
        rc = check_run(r, &run);
        if (rc != 0) return rc;
        run.first = run.last + 1;
    }
    return run.first == m->transactions.count ? 0 : WEFT_ERR_SIGNATURE;
}
