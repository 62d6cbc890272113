/* range.c: a type with a join of its own: checked by the law kit, then replicated. The text of docs/own-type.md. */
#include <stdio.h>
#include <string.h>

#include <weft/custom.h>
#include <weft/err.h>
#include <weft/law.h>
#include <weft/sim.h>

/* A state is the lowest and the highest reading, one byte each; bottom, no reading, is no bytes. */
static bool range_check(struct weft_slice state) {
    return state.len == 2 && state.ptr[0] <= state.ptr[1];
}

/* Both have passed the check. Commutative, associative, idempotent. */
static int range_merge(struct weft_slice a, struct weft_slice b, struct weft_buf *out) {
    uint8_t low = a.ptr[0] < b.ptr[0] ? a.ptr[0] : b.ptr[0], high = a.ptr[1] > b.ptr[1] ? a.ptr[1] : b.ptr[1];
    return weft_buf_append(out, (uint8_t[]){low, high}, 2);
}

static int range_print(struct weft_view v, struct weft_buf *out);

static const struct weft_crdt_class range_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "range",
    .type = WEFT_TYPE_ID(1025, WEFT_KERNEL_CUSTOM),
    .schema = 1,
    .print = range_print,
    .merge = range_merge,
    .check = range_check,
};

/* A reading that is in the range changes nothing, and writes nothing. */
static void range_add(struct weft_edit *e, uint8_t reading) {
    weft_custom_join(e, weft_slice((uint8_t[]){reading, reading}, 2));
}

static int range_print(struct weft_view v, struct weft_buf *out) {
    struct weft_buf state;
    weft_buf_init(&state, NULL);
    int rc = weft_custom_read(v, &range_class, &state, NULL);
    if (rc == 0 && state.len == 0) rc = weft_buf_append_str(out, "no reading");
    if (rc == 0 && state.len == 2) rc = weft_buf_printf(out, "%u to %u", state.ptr[0], state.ptr[1]);
    weft_buf_fini(&state);
    return rc;
}

static void any_reading(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = 1;
    op->amount = (int64_t)weft_law_choose(c, 4);
    weft_law_tell(c, op, "read %d", (int)op->amount);
    range_add(e, (uint8_t)op->amount);
}

static int lowest_and_highest(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    int64_t low = INT64_MAX, high = -1;
    (void)ctx;
    for (size_t i = 0; i < h->count; i++) {
        if (h->ops[i].amount < low) low = h->ops[i].amount;
        if (h->ops[i].amount > high) high = h->ops[i].amount;
    }
    return high < 0 ? weft_buf_append_str(out, "no reading") : weft_buf_printf(out, "%d to %d", (int)low, (int)high);
}

static int check_laws(void) {
    struct weft_law_options opts;
    struct weft_law_report report;
    weft_law_options_init(&opts);
    opts.type = &range_class;
    opts.mutate = any_reading;
    opts.spec = lowest_and_highest;
    opts.resets = false; /* what comes back after a deletion would need words in the specification: custom.h */
    int rc = weft_law_check(&opts, &report);
    printf("%s\n", rc == 0 ? "every law holds" : report.counterexample);
    weft_law_report_fini(&report);
    return rc;
}

static int add(struct weft_sim *sim, uint32_t replica, uint8_t reading) {
    struct weft_txn *txn;
    int rc = weft_sim_txn_begin(sim, replica, &txn);
    if (rc != 0) return rc;
    range_add(weft_txn_edit(txn, weft_str("kiln/3"), &range_class), reading);
    return weft_txn_commit(txn, NULL);
}

static int replicate(void) {
    static const struct weft_crdt_class *const classes[] = {&range_class, NULL};
    struct weft_sim_options opts;
    struct weft_sim *sim = NULL;
    struct weft_buf text;
    weft_sim_options_init(&opts);
    weft_buf_init(&text, NULL);
    opts.replicas = 3;
    opts.classes = classes;
    int rc = weft_sim_new(&sim, &opts);
    if (rc == 0) rc = add(sim, 0, 20);
    if (rc == 0) rc = add(sim, 1, 35);
    if (rc == 0) rc = add(sim, 2, 17);
    if (rc == 0) rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60));
    if (rc == 0) rc = range_print(weft_replica_view(weft_sim_replica(sim, 0), weft_str("kiln/3"), &range_class), &text);
    if (rc == 0) printf("%.*s\n", (int)text.len, (const char *)text.ptr);
    if (rc == 0 && !weft_slice_eq(weft_buf_slice(&text), weft_str("17 to 35"))) rc = WEFT_ERR_CORRUPT;
    weft_buf_fini(&text);
    weft_sim_free(sim);
    return rc;
}

int main(void) {
    return check_laws() != 0 || replicate() != 0;
}
