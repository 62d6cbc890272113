/* rights.c: rights(i) = added(i) + given to i + claimed by i - consumed(i) - given by i - claimed of i, over the
 * totals; bases are not looked at, so a reset by the kernel changes nothing.
 *
 * Additions, consumption and gifts are taken at their word: a gift that was beyond its giver's rights stands, because
 * who got it may have used it, and shows as the giver's excess. Claims are not, because two origins can claim the same
 * at once and each in good faith: of an origin's rights, claims get what is there, in the order of the claimants. What
 * an origin has rests on what it got by claims of its own, so an origin is settled after all that it claimed of.
 * Whoever keeps to the rule (claim of origins that will not write again) makes no circle of claims; claims on an origin
 * that is in one, or claimed of one that is, get nothing.
 *
 * All this is a function of the tuples, whatever the order in which they came. */
#include "crdt/rights.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/endian.h"
#include "base/wire.h"
#include "crdt/cell.h"
#include "crdt/edit.h"
#include "crdt/walk.h"

struct weft_slice weft__rights_path(const struct weft_origin *origin, uint8_t room[WEFT__RIGHTS_PATH]) {
    room[0] = (WEFT__RIGHTS_TYPE & 0x7f) | 0x80;
    room[1] = WEFT__RIGHTS_TYPE >> 7;
    room[2] = WEFT__ORIGIN_LEN;
    weft__origin_store(room + 3, origin);
    return weft_slice(room, WEFT__RIGHTS_PATH);
}

/* --- The tuples --------------------------------------------------------------------------------------------------- */

/* One that a writer of the type wrote. */
struct entry {
    struct weft_origin writer, named;
    bool names;
    struct weft__totals totals;
};

static bool read_path(struct weft_slice path, struct weft_origin *named) {
    struct weft__reader r;
    weft__reader_init(&r, path);
    uint64_t type = weft__read_varint(&r);
    struct weft_slice key = weft__read_bytes(&r);
    if (r.err != 0 || !weft__reader_done(&r) || type != WEFT__RIGHTS_TYPE || key.len != WEFT__ORIGIN_LEN) return false;
    memcpy(named->replica.bytes, key.ptr, sizeof named->replica.bytes);
    named->epoch = weft__load64(key.ptr + sizeof named->replica.bytes);
    return true;
}

/* Another path, or the writer's own name, is what no writer wrote, and counts as absent. */
static bool next_entry(struct weft__walk *w, struct entry *out) {
    const struct weft_origins *origins;
    while (weft__walk_next(w)) {
        origins = w->view.object != NULL ? w->view.object->kind->pool->origins : w->view.edit->pool->origins;
        out->writer = *weft_origins_at(origins, weft__element_origin(w->element));
        out->names = w->path.len > 0;
        weft__walk_totals(w, &out->totals);
        if (!out->names) return true;
        if (read_path(w->path, &out->named) && weft_origin_cmp(&out->named, &out->writer) != 0) return true;
    }
    return false;
}

/* --- Accounts ----------------------------------------------------------------------------------------------------- */

static int compare_accounts(const void *a, const void *b) {
    const struct weft__account *x = a, *y = b;
    return weft_origin_cmp(&x->origin, &y->origin);
}

static struct weft__account *find(const struct weft__rights *r, const struct weft_origin *origin) {
    struct weft__account key = {.origin = *origin};
    return r->count == 0 ? NULL : bsearch(&key, r->accounts, r->count, sizeof key, compare_accounts);
}

const struct weft__account *weft__rights_of(const struct weft__rights *r, const struct weft_origin *origin) {
    return find(r, origin);
}

static void open_accounts(struct weft__rights *r, struct weft_view v) {
    struct weft__walk w;
    struct entry e;
    size_t count = 0;
    for (weft__walk_open(&w, v); next_entry(&w, &e);) {
        r->accounts[count++] = (struct weft__account){.origin = e.writer};
        if (e.names) r->accounts[count++] = (struct weft__account){.origin = e.named};
    }
    assert(count <= 2 * r->room);
    if (count > 0) qsort(r->accounts, count, sizeof *r->accounts, compare_accounts);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || compare_accounts(&r->accounts[i], &r->accounts[i - 1]) != 0)
            r->accounts[r->count++] = r->accounts[i];
}

static void add_claim(struct weft__rights *r, struct weft__account *on, struct weft__account *by, uint64_t amount) {
    if (amount == 0) return;
    r->claims[r->claim_count++] = (struct weft__claim){(size_t)(on - r->accounts), (size_t)(by - r->accounts), amount};
    by->waits++;
}

static void fill_accounts(struct weft__rights *r, struct weft_view v) {
    struct weft__walk w;
    struct entry e;
    for (weft__walk_open(&w, v); next_entry(&w, &e);) {
        uint64_t first = e.totals.values[0], second = e.totals.values[2];
        struct weft__account *writer = find(r, &e.writer), *named = e.names ? find(r, &e.named) : NULL;
        weft__wide_add64(named == NULL ? &writer->in : &named->in, first);
        weft__wide_add64(&writer->out, named == NULL ? second : first);
        if (named != NULL) add_claim(r, named, writer, second);
    }
}

/* --- Claims ------------------------------------------------------------------------------------------------------- */

static int compare_claims(const void *a, const void *b) {
    const struct weft__claim *x = a, *y = b;
    if (x->on != y->on) return x->on < y->on ? -1 : 1;
    return (x->by > y->by) - (x->by < y->by);
}

static void list_claims(struct weft__rights *r) {
    if (r->claim_count > 0) qsort(r->claims, r->claim_count, sizeof *r->claims, compare_claims);
    for (size_t i = 0, claim = 0; i < r->count; i++) {
        while (claim < r->claim_count && r->claims[claim].on < i) claim++;
        r->accounts[i].first_claim = claim;
    }
}

/* Gives the claims on an account what there is. Claimants that wait for no other go onto the stack. */
static size_t settle(struct weft__rights *r, size_t on, size_t *stack, size_t depth) {
    struct weft__account *a = &r->accounts[on];
    for (size_t i = a->first_claim; i < r->claim_count && r->claims[i].on == on; i++) {
        struct weft__account *by = &r->accounts[r->claims[i].by];
        uint64_t left = weft__wide_clamp(weft__account_rights(a));
        uint64_t part = r->claims[i].amount < left ? r->claims[i].amount : left;
        weft__wide_add64(&a->out, part);
        weft__wide_add64(&by->in, part);
        if (--by->waits == 0) stack[depth++] = r->claims[i].by;
    }
    return depth;
}

static int settle_all(struct weft__rights *r) {
    if (r->claim_count == 0) return 0;
    size_t depth = 0, *stack = weft__malloc(r->alloc, r->count * sizeof *stack);
    if (stack == NULL) return WEFT_ERR_NOMEM;
    list_claims(r);
    for (size_t i = 0; i < r->count; i++)
        if (r->accounts[i].waits == 0) stack[depth++] = i;
    while (depth > 0) {
        size_t top = stack[--depth];
        depth = settle(r, top, stack, depth);
    }
    weft__free(r->alloc, stack, r->count * sizeof *stack);
    return 0;
}

/* --- Life --------------------------------------------------------------------------------------------------------- */

static size_t count_entries(struct weft_view v) {
    struct weft__walk w;
    struct entry e;
    size_t count = 0;
    for (weft__walk_open(&w, v); next_entry(&w, &e);) count++;
    return count;
}

int weft__rights_open(struct weft__rights *r, struct weft_view v) {
    *r = (struct weft__rights){.room = count_entries(v)};
    if (r->room == 0) return 0;
    r->alloc = weft__view_alloc(v);
    r->accounts = weft__malloc(r->alloc, 2 * r->room * sizeof *r->accounts);
    r->claims = weft__malloc(r->alloc, r->room * sizeof *r->claims);
    int rc = r->accounts == NULL || r->claims == NULL ? WEFT_ERR_NOMEM : 0;
    if (rc == 0) {
        open_accounts(r, v);
        fill_accounts(r, v);
        rc = settle_all(r);
    }
    if (rc != 0) weft__rights_close(r);
    return rc;
}

void weft__rights_close(struct weft__rights *r) {
    if (r->accounts != NULL) weft__free(r->alloc, r->accounts, 2 * r->room * sizeof *r->accounts);
    if (r->claims != NULL) weft__free(r->alloc, r->claims, r->room * sizeof *r->claims);
    *r = (struct weft__rights){.alloc = NULL};
}
