/* any_edit.c: see any_edit.h. What it writes is in the golden vectors: a type may be added, none changed. */
#include "tests/support/any_edit.h"

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/dwflag.h>
#include <weft/ewflag.h>
#include <weft/gcounter.h>
#include <weft/gset.h>
#include <weft/hll.h>
#include <weft/lease.h>
#include <weft/lwwreg.h>
#include <weft/lwwset.h>
#include <weft/maxreg.h>
#include <weft/mvreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>
#include <weft/rworset.h>
#include <weft/topk.h>
#include <weft/windowcounter.h>

struct weft_origin any_origin(uint8_t id) {
    struct weft_origin o = {.epoch = 0x1122334455667788u + id};
    o.replica.bytes[15] = id;
    return o;
}

static struct weft_slice name_of(int turn) {
    return weft_str(turn == 1 ? "tea" : "milk");
}

static void edit_gcounter(struct weft_edit *e, int turn) {
    (void)turn;
    weft_gcounter_add(e, 300);
}

static void edit_pncounter(struct weft_edit *e, int turn) {
    weft_pncounter_add(e, turn == 1 ? -7 : 200);
}

static void edit_aworset(struct weft_edit *e, int turn) {
    weft_aworset_add(e, name_of(turn));
    if (turn == 2) weft_aworset_remove(e, weft_str("tea"));
}

static void edit_lwwreg(struct weft_edit *e, int turn) {
    weft_lwwreg_set(e, weft_str(turn == 1 ? "" : "Ada"));
}

static void edit_gset(struct weft_edit *e, int turn) {
    weft_gset_add(e, name_of(turn));
}

static void edit_mvreg(struct weft_edit *e, int turn) {
    weft_mvreg_set(e, name_of(turn));
}

static void edit_rworset(struct weft_edit *e, int turn) {
    (turn == 2 ? weft_rworset_remove : weft_rworset_add)(e, weft_str("milk"));
}

static void edit_lwwset(struct weft_edit *e, int turn) {
    (turn == 2 ? weft_lwwset_remove : weft_lwwset_add)(e, weft_str("milk"));
}

static void edit_ewflag(struct weft_edit *e, int turn) {
    (void)turn;
    weft_ewflag_enable(e);
}

static void edit_dwflag(struct weft_edit *e, int turn) {
    (turn == 2 ? weft_dwflag_disable : weft_dwflag_enable)(e);
}

static void edit_maxreg(struct weft_edit *e, int turn) {
    weft_maxreg_set(e, turn - 2);
}

static void edit_minreg(struct weft_edit *e, int turn) {
    weft_minreg_set(e, 2 - turn);
}

static void edit_topk(struct weft_edit *e, int turn) {
    weft_topk_add(e, name_of(turn), turn, 1);
}

static void edit_lease(struct weft_edit *e, int turn) {
    weft_lease_acquire(e, weft_str("Ada"), WEFT_HLC_SECONDS(turn + 1));
}

static void edit_windowcounter(struct weft_edit *e, int turn) {
    (void)turn;
    weft_windowcounter_add(e, 300, 32, 2);
}

static void edit_bcounter(struct weft_edit *e, int turn) {
    struct weft_origin other = any_origin(turn == 1 ? 1 : 2);
    if (turn == 0) weft_bcounter_add(e, 1000);
    weft_bcounter_consume(e, turn == 0 ? 3 : 200);
    weft_bcounter_transfer(e, &other, turn == 0 ? 300 : 50);
    if (turn == 2) weft_bcounter_claim(e, &other);
}

/* A counter, a set, and a register one floor down; the last turn takes the set away. */
static void edit_ormap(struct weft_edit *e, int turn) {
    struct weft_edit *inner = weft_ormap_edit(e, weft_str("user"), &weft_ormap_class);
    edit_pncounter(weft_ormap_edit(e, weft_str("visits"), &weft_pncounter_class), turn);
    edit_lwwreg(weft_ormap_edit(inner, weft_str("name"), &weft_lwwreg_class), turn);
    if (turn < 2) weft_aworset_add(weft_ormap_edit(e, weft_str("tags"), &weft_aworset_class), weft_str("new"));
    if (turn == 2) weft_ormap_remove(e, weft_str("tags"));
}

static void edit_hll(struct weft_edit *e, int turn) {
    weft_hll_add(e, name_of(turn));
    if (turn == 2) weft_edit_reset(e);
    weft_hll_add(e, weft_str("bread"));
}

static const struct {
    const struct weft_crdt_class *cls;
    void (*edit)(struct weft_edit *e, int turn);
} edits[] = {
    {&weft_gcounter_class, edit_gcounter},
    {&weft_pncounter_class, edit_pncounter},
    {&weft_aworset_class, edit_aworset},
    {&weft_lwwreg_class, edit_lwwreg},
    {&weft_gset_class, edit_gset},
    {&weft_mvreg_class, edit_mvreg},
    {&weft_rworset_class, edit_rworset},
    {&weft_lwwset_class, edit_lwwset},
    {&weft_ewflag_class, edit_ewflag},
    {&weft_dwflag_class, edit_dwflag},
    {&weft_maxreg_class, edit_maxreg},
    {&weft_minreg_class, edit_minreg},
    {&weft_topk_class, edit_topk},
    {&weft_lease_class, edit_lease},
    {&weft_windowcounter_class, edit_windowcounter},
    {&weft_bcounter_class, edit_bcounter},
    {&weft_ormap_class, edit_ormap},
    {&weft_hll_class, edit_hll},
};

bool any_edit(const struct weft_crdt_class *cls, struct weft_edit *e, int turn) {
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        if (edits[i].cls != cls) continue;
        edits[i].edit(e, turn);
        return true;
    }
    return false;
}
