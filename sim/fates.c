/* fates.c: orders wait for their message and are gone with it. They count messages of a link and not instants, so an
 * order still finds its message when the times around it were moved. */
#include "sim/fates.h"

#include <string.h>

#include "base/alloc.h"

void weft__fates_init(struct weft__fates *f, const struct weft_alloc *alloc) {
    *f = (struct weft__fates){.alloc = weft__alloc_or_default(alloc)};
}

void weft__fates_fini(struct weft__fates *f) {
    weft__free(f->alloc, f->orders, f->cap * sizeof *f->orders);
}

static int add(struct weft__fates *f, const struct weft__fates_order *order) {
    void *orders = f->orders;
    int rc = weft__grow(f->alloc, &orders, &f->cap, f->count + 1, sizeof *f->orders);
    f->orders = orders;
    if (rc == 0) f->orders[f->count++] = *order;
    return rc;
}

int weft__fates_add(struct weft__fates *f, const struct weft_sim_schedule *s, const struct weft__sim_item *item) {
    const uint32_t *members = s->members + item->first;
    struct weft__fates_order order = {.kind = item->kind, .left = item->number > 0 ? item->number : 1};
    size_t to = 0;
    order.ns = item->ns > 0 ? (uint64_t)item->ns : 0;
    while (members[to] != WEFT__SIM_NEXT_SIDE) to++;
    for (size_t i = 0; i < to; i++)
        for (size_t k = to + 1; k < item->count; k++) {
            order.from = members[i];
            order.to = members[k];
            int rc = order.from == order.to ? 0 : add(f, &order);
            if (rc != 0) return rc;
        }
    return 0;
}

static void delay(uint64_t *due_ns, uint64_t ns) {
    *due_ns += ns < UINT64_MAX - 1 - *due_ns ? ns : UINT64_MAX - 1 - *due_ns;
}

static void obey(const struct weft__fates_order *order, struct weft__fates_sent *sent) {
    struct weft__fate *fate = &sent->fate;
    if (order->kind == WEFT__SIM_DROP) fate->copies = 0;
    if (fate->copies == 0) return;
    if (order->kind == WEFT__SIM_LATE) delay(&fate->due_ns[0], order->ns);
    if (order->kind != WEFT__SIM_TWICE) return;
    fate->copies = 2;
    fate->due_ns[1] = fate->due_ns[0];
    delay(&fate->due_ns[1], order->ns);
}

void weft__fates_settle(struct weft__fates *f, struct weft__fates_sent *sent) {
    size_t left = 0;
    for (size_t i = 0; i < f->count; i++) {
        struct weft__fates_order *order = &f->orders[i];
        bool is_its = order->from == sent->from && order->to == sent->to && --order->left == 0;
        if (is_its)
            obey(order, sent);
        else
            f->orders[left++] = *order;
    }
    f->count = left;
    if (f->tell != NULL) f->tell(f->ctx, sent);
}
