/* subjects.c: the built-in types, and what counts as one of each. A new type is a line. */
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

#include "base/prng.h"
#include "bench/bench.h"
#include "bench/footprint.h"
#include "crdt/number.h"

#define MINUTE WEFT_HLC_SECONDS(60)

static void write_gcounter(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    weft_gcounter_add(e, 1 + i % 1000);
}

static void write_pncounter(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    weft_pncounter_add(e, (int64_t)(i % 1000) - 1000);
}

static void write_bcounter(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    weft_bcounter_add(e, 1 + i % 1000);
}

static void write_windowcounter(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    weft_windowcounter_add(e, 1 + i % 1000, MINUTE, MINUTE / 60);
}

static void write_hll(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)i;
    weft_hll_add(e, element);
}

static void write_ewflag(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    (void)i;
    weft_ewflag_enable(e);
}

static void write_dwflag(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    (void)i;
    weft_dwflag_enable(e);
}

/* The value is as long as the key and not the key. */
static struct weft_slice value_of(uint64_t i, uint8_t room[16]) {
    bench_element(~i, room);
    return weft_slice(room, 16);
}

static void write_lwwreg(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    uint8_t room[16];
    (void)element;
    weft_lwwreg_set(e, value_of(i, room));
}

static void write_mvreg(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    uint8_t room[16];
    (void)element;
    weft_mvreg_set(e, value_of(i, room));
}

static void write_maxreg(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    weft_maxreg_set(e, (int64_t)weft__mix64(i));
}

static void write_minreg(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)element;
    weft_minreg_set(e, (int64_t)weft__mix64(i));
}

static void write_lease(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)i;
    weft_lease_acquire(e, element, MINUTE);
}

static void write_gset(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)i;
    weft_gset_add(e, element);
}

static void write_aworset(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)i;
    weft_aworset_add(e, element);
}

static void write_rworset(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)i;
    weft_rworset_add(e, element);
}

static void write_lwwset(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    (void)i;
    weft_lwwset_add(e, element);
}

/* As weft_topk_add does, without ranking all that stand. */
static void write_topk(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    uint8_t room[WEFT__NUMBER_LEN];
    weft_edit_put(e, weft_slice(NULL, 0), element, weft__number_store(room, (int64_t)(i % 100000)));
}

static void write_ormap(struct weft_edit *e, struct weft_slice element, uint64_t i) {
    write_lwwreg(weft_ormap_edit(e, element, &weft_lwwreg_class), element, i);
}

const struct subject subjects[] = {
    {&weft_gset_class, ELEMENTS, 16, "element", write_gset},
    {&weft_aworset_class, ELEMENTS, 16, "element", write_aworset},
    {&weft_rworset_class, ELEMENTS, 16, "element", write_rworset},
    {&weft_lwwset_class, ELEMENTS, 16, "element", write_lwwset},
    {&weft_topk_class, ELEMENTS, 24, "element and score", write_topk},
    {&weft_ormap_class, ELEMENTS, 32, "key and lwwreg of 16 bytes", write_ormap},
    {&weft_lwwreg_class, KEYS, 32, "key and value of 16 bytes", write_lwwreg},
    {&weft_mvreg_class, KEYS, 32, "key and value of 16 bytes", write_mvreg},
    {&weft_maxreg_class, KEYS, 24, "key and number", write_maxreg},
    {&weft_minreg_class, KEYS, 24, "key and number", write_minreg},
    {&weft_lease_class, KEYS, 40, "key, owner of 16 bytes, duration", write_lease},
    {&weft_gcounter_class, KEYS, 24, "key and number", write_gcounter},
    {&weft_pncounter_class, KEYS, 24, "key and number", write_pncounter},
    {&weft_bcounter_class, KEYS, 24, "key and number", write_bcounter},
    {&weft_windowcounter_class, KEYS, 24, "key and number, one slot", write_windowcounter},
    {&weft_hll_class, KEYS, 16, "key, one element counted", write_hll},
    {&weft_ewflag_class, KEYS, 16, "key", write_ewflag},
    {&weft_dwflag_class, KEYS, 16, "key", write_dwflag},
};
const size_t subject_count = sizeof subjects / sizeof *subjects;

const struct subject *subject_of(const struct weft_crdt_class *cls) {
    const struct subject *s = subjects;
    while (s->cls != cls) s++;
    return s;
}
