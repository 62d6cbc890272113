/* world.c: time passes: the next event, or the next item of the schedule, whichever is earlier; the item at equal
 * times. */
#include <stdarg.h>
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/prng.h"
#include "sim/world.h"

uint64_t weft__world_delay(const struct weft_sim *s, enum weft__sim_purpose purpose, uint64_t who, uint64_t span_ns) {
    uint64_t random = weft__keyed(s->schedule->options.seed, (uint64_t)purpose, who, s->now_ns, 0);
    return span_ns / 2 + weft__scale(random, span_ns - span_ns / 2 + 1);
}

struct weft__parcel *weft__parcel_new(struct weft_sim *s, struct weft_slice bytes) {
    struct weft__parcel *p = weft__malloc(s->alloc, sizeof *p + bytes.len);
    if (p == NULL) return NULL;
    p->references = 1;
    p->len = p->shown = bytes.len;
    p->is_damaged = false;
    if (bytes.len > 0) memcpy(p->bytes, bytes.ptr, bytes.len);
    return p;
}

void weft__parcel_release(struct weft_sim *s, struct weft__parcel *p) {
    if (p != NULL && --p->references == 0) weft__free(s->alloc, p, sizeof *p + p->len);
}

/* --- Events
 * ----------------------------------------------------------------------------------------------------------- */

static int take_slot(struct weft_sim *s, uint32_t *slot) {
    if (s->free_happening != UINT32_MAX) {
        *slot = s->free_happening;
        s->free_happening = s->happenings[*slot].next_free;
        return 0;
    }
    void *items = s->happenings;
    int rc = weft__grow(s->alloc, &items, &s->happening_cap, s->happening_count + 1, sizeof *s->happenings);
    s->happenings = items;
    if (rc == 0) *slot = (uint32_t)s->happening_count++;
    return rc;
}

static void give_slot(struct weft_sim *s, uint32_t slot) {
    s->happenings[slot].parcel = NULL;
    s->happenings[slot].next_free = s->free_happening;
    s->free_happening = slot;
}

int weft__world_post(struct weft_sim *s, uint64_t at_ns, const struct weft__happening *h) {
    uint32_t slot;
    int rc = take_slot(s, &slot);
    if (rc == 0) {
        s->happenings[slot] = *h;
        rc = weft__queue_push(&s->queue, at_ns, slot);
        if (rc != 0) give_slot(s, slot);
    }
    if (rc != 0) weft__parcel_release(s, h->parcel);
    return rc;
}

/* Whoever waited for it is gone. */
static bool is_of_an_earlier_life(const struct weft__machine *m, const struct weft__happening *h) {
    if (h->kind == WEFT__DELIVER || h->kind == WEFT__APP_MESSAGE) return false;
    return h->tag != (h->kind == WEFT__APP_TIMER ? m->life : m->boot);
}

static int dispatch(struct weft_sim *s, const struct weft__happening *h) {
    const struct weft__machine *m = &s->machines[h->to];
    if (h->kind == WEFT__LINK) return weft__sim_link_settle(s, h->from, h->to);
    if (h->kind == WEFT__FLAP) return weft__link_flap(s, h->tag);
    if (h->kind == WEFT__LIE) return weft__liar_speak(s, h->to);
    if (m->replica == NULL) {
        if (h->kind == WEFT__DELIVER) weft__story_ended(s, h->told, WEFT__STORY_DOWN);
        return 0;
    }
    if (is_of_an_earlier_life(m, h)) return 0;
    return weft__inbox_is_shut(s, h) ? weft__inbox_hold(s, h) : weft__machine_hear(s, h);
}

static int next_event(struct weft_sim *s, uint64_t until) {
    struct weft__queue_item item;
    int rc = weft__queue_pop(&s->queue, until, &item);
    if (rc != 1) return rc;
    struct weft__happening h = s->happenings[item.payload];
    s->now_ns = item.at_ns;
    give_slot(s, (uint32_t)item.payload);
    rc = dispatch(s, &h);
    weft__parcel_release(s, h.parcel);
    return rc == 0 ? 1 : rc;
}

static int next_item(struct weft_sim *s) {
    const struct weft__sim_item *item = &s->schedule->items[s->next_item++];
    s->now_ns = item->at_ns;
    int rc = weft__act(s, item);
    /* What a cut schedule asks in vain (a restart of what runs) it asks in vain. */
    return rc == WEFT_ERR_INVALID || rc == WEFT_ERR_NOT_FOUND || rc == 0 ? 1 : rc;
}

int weft__world_next(struct weft_sim *s, uint64_t until) {
    if (s->next_item == s->schedule->count) return next_event(s, until);
    uint64_t at = s->schedule->items[s->next_item].at_ns;
    if (at <= s->now_ns) at = s->now_ns; /* written for a time that is over */
    if (at > until) return next_event(s, until);
    int rc = at == 0 ? 0 : next_event(s, at - 1);
    if (rc != 0) return rc;
    s->schedule->items[s->next_item].at_ns = at;
    return next_item(s);
}

/* --- Failing
 * ---------------------------------------------------------------------------------------------------------- */

int weft__world_fail(struct weft_sim *s, uint32_t replica, enum weft__check_name name, const char *text) {
    if (name != WEFT__CHECKS && weft__check_fail(&s->check, name, "%s", text) == 0) return 0;
    if (s->failure.len > 0) return WEFT_ERR_CORRUPT;
    weft_buf_printf(&s->failure, "at %llu.%09llu s, replica %lu: ", (unsigned long long)(s->now_ns / 1000000000u),
                    (unsigned long long)(s->now_ns % 1000000000u), (unsigned long)replica);
    weft_buf_append_slice(&s->failure, weft_buf_slice(&s->check.failure));
    weft_buf_append(&s->failure, "", 1);
    weft__story_failed(s, replica);
    return WEFT_ERR_CORRUPT;
}
