/* bcounter.c: edits raise the writer's own totals, after a look at its rights; what the totals mean is in rights.c. */
#include <weft/bcounter.h>

#include <inttypes.h>

#include "base/alloc.h"
#include "crdt/rights.h"
#include "crdt/view.h"

static const struct weft_slice nothing = {NULL, 0};

/* --- Reading ------------------------------------------------------------------------------------------------------ */

struct sums {
    struct weft__wide rights, excess;
};

static int add_up(struct weft_view v, struct sums *out) {
    struct weft__rights r;
    if (!weft__view_is(v, &weft_bcounter_class)) return WEFT_ERR_TYPE;
    int rc = weft__rights_open(&r, v);
    if (rc != 0) return rc;
    *out = (struct sums){{0, 0}, {0, 0}};
    for (size_t i = 0; i < r.count; i++) {
        weft__wide_add(&out->rights, weft__account_rights(&r.accounts[i]));
        weft__wide_add(&out->excess, weft__account_excess(&r.accounts[i]));
    }
    weft__rights_close(&r);
    return 0;
}

int weft_bcounter_value(struct weft_view v, uint64_t *out) {
    struct sums s;
    int rc = add_up(v, &s);
    return rc != 0 ? rc : weft__wide_narrow(s.rights, out) ? 0 : WEFT_ERR_RANGE;
}

int weft_bcounter_excess(struct weft_view v, uint64_t *out) {
    struct sums s;
    int rc = add_up(v, &s);
    return rc != 0 ? rc : weft__wide_narrow(s.excess, out) ? 0 : WEFT_ERR_RANGE;
}

static int rights_of(struct weft_view v, const struct weft_origin *origin, struct weft__wide *out) {
    struct weft__rights r;
    *out = (struct weft__wide){0, 0};
    int rc = weft__rights_open(&r, v);
    if (rc != 0) return rc;
    const struct weft__account *a = weft__rights_of(&r, origin);
    if (a != NULL) *out = weft__account_rights(a);
    weft__rights_close(&r);
    return 0;
}

int weft_bcounter_rights(struct weft_view v, const struct weft_origin *origin, uint64_t *out) {
    struct weft__wide rights;
    if (!weft__view_is(v, &weft_bcounter_class)) return WEFT_ERR_TYPE;
    int rc = rights_of(v, origin, &rights);
    return rc != 0 ? rc : weft__wide_narrow(rights, out) ? 0 : WEFT_ERR_RANGE;
}

int weft_bcounter_open(struct weft_bcounter *b, struct weft_view v) {
    struct weft__rights r;
    *b = (struct weft_bcounter){.alloc = NULL};
    if (!weft__view_is(v, &weft_bcounter_class)) return WEFT_ERR_TYPE;
    int rc = weft__rights_open(&r, v);
    if (rc != 0 || r.count == 0) return rc;
    b->alloc = r.alloc;
    b->items = weft__malloc(b->alloc, r.count * sizeof *b->items);
    if (b->items != NULL) b->count = r.count;
    for (size_t i = 0; i < b->count; i++) {
        const struct weft__account *a = &r.accounts[i];
        b->items[i] = (struct weft_bcounter_account){a->origin, weft__wide_clamp(weft__account_rights(a)),
                                                     weft__wide_clamp(weft__account_excess(a))};
    }
    weft__rights_close(&r);
    return b->items == NULL ? WEFT_ERR_NOMEM : 0;
}

void weft_bcounter_close(struct weft_bcounter *b) {
    if (b->items != NULL) weft__free(b->alloc, b->items, b->count * sizeof *b->items);
    *b = (struct weft_bcounter){.alloc = NULL};
}

static int print(struct weft_view v, struct weft_buf *out) {
    struct sums s;
    uint64_t value;
    int rc = add_up(v, &s);
    if (rc != 0) return rc;
    if (!weft__wide_narrow(s.rights, &value)) return weft_buf_append_str(out, weft_strerror(WEFT_ERR_RANGE));
    (void)weft_buf_printf(out, "%" PRIu64, value);
    if ((s.excess.hi | s.excess.lo) == 0) return out->err;
    return weft_buf_printf(out, ", excess %" PRIu64, weft__wide_clamp(s.excess));
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* False: an error sticks. */
static bool read_rights(struct weft_edit *e, const struct weft_origin *origin, struct weft__wide *out) {
    int rc = rights_of(weft_edit_view(e), origin, out);
    if (rc != 0) weft_edit_fail(e, rc);
    return rc == 0;
}

static bool may_spend(struct weft_edit *e, uint64_t amount) {
    struct weft_origin own = weft_edit_origin(e);
    struct weft__wide rights;
    if (!read_rights(e, &own, &rights)) return false;
    if (weft__wide_clamp(rights) < amount) weft_edit_fail(e, WEFT_ERR_RIGHTS);
    return weft__wide_clamp(rights) >= amount;
}

static bool is_own(const struct weft_edit *e, const struct weft_origin *origin) {
    struct weft_origin own = weft_edit_origin(e);
    return weft_origin_cmp(&own, origin) == 0;
}

static void reset(struct weft_edit *e) {
    struct weft_origin own = weft_edit_origin(e);
    struct weft__wide rights;
    uint64_t amount;
    if (!read_rights(e, &own, &rights)) return;
    if (weft__wide_narrow(rights, &amount))
        weft_edit_add(e, nothing, WEFT__RIGHTS_CONSUMED, amount);
    else
        weft_edit_fail(e, WEFT_ERR_RANGE);
}

const struct weft_crdt_class weft_bcounter_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "bcounter",
    .type = WEFT__RIGHTS_TYPE,
    .schema = 1,
    .print = print,
    .reset = reset,
};

void weft_bcounter_add(struct weft_edit *e, uint64_t amount) {
    if (weft__edit_is(e, &weft_bcounter_class)) weft_edit_add(e, nothing, WEFT__RIGHTS_ADDED, amount);
}

void weft_bcounter_consume(struct weft_edit *e, uint64_t amount) {
    if (!weft__edit_is(e, &weft_bcounter_class) || amount == 0) return;
    if (may_spend(e, amount)) weft_edit_add(e, nothing, WEFT__RIGHTS_CONSUMED, amount);
}

void weft_bcounter_transfer(struct weft_edit *e, const struct weft_origin *to, uint64_t amount) {
    if (!weft__edit_is(e, &weft_bcounter_class) || amount == 0 || is_own(e, to)) return;
    uint8_t room[WEFT__RIGHTS_PATH];
    if (may_spend(e, amount)) weft_edit_add(e, weft__rights_path(to, room), WEFT__RIGHTS_GIVEN, amount);
}

void weft_bcounter_claim(struct weft_edit *e, const struct weft_origin *from) {
    if (!weft__edit_is(e, &weft_bcounter_class) || is_own(e, from)) return;
    struct weft__wide rights;
    uint8_t room[WEFT__RIGHTS_PATH];
    if (!read_rights(e, from, &rights)) return;
    /* Of what one total cannot hold another claim takes the rest. */
    weft_edit_add(e, weft__rights_path(from, room), WEFT__RIGHTS_CLAIMED, weft__wide_clamp(rights));
}
