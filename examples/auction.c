/* auction.c: a type of one's own: checked by the law kit, then replicated. The text of docs/own-type.md. */
#include <stdio.h>

#include <weft/err.h>
#include <weft/law.h>
#include <weft/sim.h>

/* A bid is a write to the one element of the object: amount, bidder. It takes the place of those that it has seen. */
static const struct weft_slice nothing = {NULL, 0};

static void auction_bid(struct weft_edit *e, char bidder, uint8_t amount) {
    weft_edit_put(e, nothing, nothing, weft_slice((uint8_t[]){amount, (uint8_t)bidder}, 2));
}

/* Highest bid wins, ties go to the earlier one, then to the smaller origin. 0: nobody has bid. */
static uint8_t auction_highest(struct weft_view v, char *bidder) {
    struct weft_write w, best = {.seq = 0};
    uint8_t amount = 0;
    for (size_t i = 0; weft_view_write(v, nothing, nothing, i, &w); i++) {
        if (w.value.len != 2) continue; /* bytes come from anywhere */
        int order = w.value.ptr[0] - amount;
        if (order == 0) order = weft_stamp_cmp(best.stamp, w.stamp);
        if (order <= 0) continue;
        amount = w.value.ptr[0];
        best = w;
    }
    *bidder = amount == 0 ? '-' : (char)best.value.ptr[1];
    return amount;
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

/* For the kit: any operation. Few amounts, so that ties are the rule. */
static void any_bid(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    char bidder;
    op->kind = 1 + (uint32_t)weft_law_choose_kind(c, 2);
    op->amount = auction_highest(weft_edit_view(e), &bidder) + 1 + (int64_t)weft_law_choose(c, 2);
    auction_bid(e, "-ab"[op->kind], (uint8_t)op -> amount);
    weft_law_tell(c, op, "%s bids %d", op->kind == 1 ? "Ann" : "Bob", (int)op->amount);
}

/* For the kit: the rule again, over the history, in other words than the code's. */
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

static int check_laws(void) {
    struct weft_law_options opts;
    struct weft_law_report report;
    weft_law_options_init(&opts); /* three replicas: every short history, then random ones */
    opts.type = &auction_class;
    opts.mutate = any_bid;
    opts.spec = highest_bid;
    int rc = weft_law_check(&opts, &report);
    printf("%s\n", rc == 0 ? "every law holds" : report.counterexample);
    weft_law_report_fini(&report);
    return rc;
}

static int bid(struct weft_sim *sim, uint32_t replica, char bidder, uint8_t amount) {
    struct weft_txn *txn;
    int rc = weft_sim_txn_begin(sim, replica, &txn);
    if (rc != 0) return rc;
    auction_bid(weft_txn_edit(txn, weft_str("lot/7"), &auction_class), bidder, amount);
    return weft_txn_commit(txn, NULL); /* the one check: an edit's error sticks until here */
}

/* Three replicas; one is cut off while both sides take bids. */
static int replicate(void) {
    static const struct weft_crdt_class *const classes[] = {&auction_class, NULL};
    struct weft_sim_options opts;
    struct weft_sim *sim = NULL;
    char winner = '-';
    weft_sim_options_init(&opts);
    opts.replicas = 3;
    opts.classes = classes;
    int rc = weft_sim_new(&sim, &opts);
    if (rc == 0) rc = weft_sim_partition(sim, 1);
    if (rc == 0) rc = bid(sim, 0, 'a', 10);
    if (rc == 0) rc = bid(sim, 2, 'b', 12);
    if (rc == 0) rc = weft_sim_heal(sim);
    if (rc == 0) rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60));
    for (uint32_t i = 0; rc == 0 && i < opts.replicas; i++) {
        unsigned amount =
            auction_highest(weft_replica_view(weft_sim_replica(sim, i), weft_str("lot/7"), &auction_class), &winner);
        printf("replica %u: %u by %c\n", i, amount, winner);
        if (amount != 12 || winner != 'b') rc = WEFT_ERR_CORRUPT;
    }
    weft_sim_free(sim);
    return rc;
}

int main(void) {
    return check_laws() != 0 || replicate() != 0;
}
