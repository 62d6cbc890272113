/* law_own_type.c: a type of your own, an auction, and the proof that it is a merge. Highest bid wins, ties go to the
 * earlier one. Bids are dots under one element of the STAMPED kernel: a bid takes the place of those that it has seen.
 */
#include <stdio.h>

#include <weft/law.h>

static const struct weft_slice nothing = {NULL, 0};

static void auction_bid(struct weft_edit *e, char bidder, uint8_t amount) {
    weft_edit_put(e, nothing, nothing, weft_slice((uint8_t[]){amount, (uint8_t)bidder}, 2));
}

static uint8_t auction_highest(struct weft_view v, char *bidder) {
    struct weft_write w, best = {.value = {NULL, 0}};
    for (size_t i = 0; weft_view_write(v, nothing, nothing, i, &w); i++) {
        int order = best.value.len == 0 ? 1 : w.value.ptr[0] - best.value.ptr[0];
        if (order > 0 || (order == 0 && weft_stamp_cmp(w.stamp, best.stamp) < 0)) best = w;
    }
    *bidder = best.value.len == 0 ? '-' : (char)best.value.ptr[1];
    return best.value.len == 0 ? 0 : best.value.ptr[0];
}

static int auction_print(struct weft_view v, struct weft_buf *out) {
    char bidder;
    unsigned amount = auction_highest(v, &bidder);
    return weft_buf_printf(out, "%u by %c", amount, bidder);
}

static const struct weft_crdt_class auction_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "auction",
    .type = WEFT_TYPE_ID(1024, WEFT_KERNEL_STAMPED),
    .schema = 1,
    .print = auction_print,
};

static void any_bid(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    char bidder;
    op->amount = auction_highest(weft_edit_view(e), &bidder) + 1 + (int64_t)weft_law_choose(c, 2);
    op->kind = 1 + (uint32_t)weft_law_choose(c, 2); /* 1: Ann bids, 2: Bob */
    auction_bid(e, op->kind == 1 ? 'a' : 'b', (uint8_t)op->amount);
    snprintf(op->text, sizeof op->text, "%s bids %d", op->kind == 1 ? "Ann" : "Bob", (int)op->amount);
}

static int highest_bid(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    struct weft_law_op best = {.amount = 0};
    for (size_t i = 0; i < h->count; i++) {
        const struct weft_law_op *op = &h->ops[i];
        bool gone = op->kind == WEFT_LAW_RESET; /* deleting the auction takes back the bids that it has seen */
        for (size_t j = 0; j < h->count; j++) gone |= h->ops[j].kind == WEFT_LAW_RESET && weft_law_saw(h, j, i);
        int earlier = weft_stamp_cmp(best.stamp, op->stamp);
        if (earlier == 0) earlier = best.origin < op->origin ? -1 : 1;
        if (!gone && (op->amount > best.amount || (op->amount == best.amount && earlier > 0))) best = *op;
    }
    return weft_buf_printf(out, "%d by %c", (int)best.amount, "-ab"[best.kind]);
}

int main(void) {
    struct weft_law_options opts;
    struct weft_law_report report;
    weft_law_options_init(&opts); /* three replicas: every short history, then random ones */
    opts.type = &auction_class;
    opts.mutate = any_bid;
    opts.spec = highest_bid;
    int rc = weft_law_check(&opts, &report);
    printf("%s%s\n", rc == 0 ? "every law holds" : report.law, report.counterexample);
    weft_law_report_fini(&report);
    return rc != 0;
}
