/* price.c: two versions of one type in one cluster; the program of docs/versions.md. */
#include <stdio.h>

#include <weft/err.h>
#include <weft/lwwreg.h>
#include <weft/sim.h>

/* Version 1 wrote euros, one byte. Version 2 writes cents, two bytes, the greater first. */
static int cents_from(uint32_t from, struct weft_slice old, struct weft_buf *out) {
    if (from != 1 || old.len != 1) return WEFT_ERR_MALFORMED; /* bytes come from anywhere */
    unsigned cents = old.ptr[0] * 100u;
    return weft_buf_append(out, (uint8_t[]){(uint8_t)(cents >> 8), (uint8_t)cents}, 2);
}

static const struct weft_crdt_class price = {
    .size = sizeof(struct weft_crdt_class),
    .name = "price",
    .type = WEFT_TYPE_ID(1026, WEFT_KERNEL_STAMPED), /* the same for ever */
    .schema = 2,
    .upcast = cents_from,
};

/* WEFT_ERR_NOT_FOUND: none is set. WEFT_ERR_VERSION: a program newer than this one wrote it. */
static int price_read(struct weft_view v, unsigned *cents) {
    struct weft_buf scratch;
    struct weft_slice bytes;
    weft_buf_init(&scratch, NULL);
    int rc = weft_lwwreg_get_as(v, &price, &scratch, &bytes, NULL);
    if (rc == 0 && bytes.len != 2) rc = WEFT_ERR_MALFORMED;
    if (rc == 0) *cents = bytes.ptr[0] * 256u + bytes.ptr[1];
    weft_buf_fini(&scratch);
    return rc;
}

/* What the program of last year had. */
static const struct weft_crdt_class old_price = {
    .size = sizeof(struct weft_crdt_class),
    .name = "price",
    .type = WEFT_TYPE_ID(1026, WEFT_KERNEL_STAMPED),
    .schema = 1,
};

static int write_price(struct weft_sim *sim, uint32_t replica, const struct weft_crdt_class *cls, const void *bytes,
                       size_t len) {
    struct weft_txn *txn;
    int rc = weft_sim_txn_begin(sim, replica, &txn);
    if (rc != 0) return rc;
    weft_lwwreg_set(weft_txn_edit(txn, weft_str("price/7"), cls), weft_slice(bytes, len));
    return weft_txn_commit(txn, NULL);
}

static int expect_price(struct weft_sim *sim, uint32_t replica, unsigned wanted) {
    unsigned cents = 0;
    int rc = price_read(weft_replica_view(weft_sim_replica(sim, replica), weft_str("price/7"), &price), &cents);
    if (rc == 0) printf("replica %u: %u.%02u\n", replica, cents / 100, cents % 100);
    return rc != 0 || cents == wanted ? rc : WEFT_ERR_CORRUPT;
}

int main(void) {
    struct weft_sim *sim = NULL;
    struct weft_sim_options opts;
    weft_sim_options_init(&opts);
    opts.replicas = 2;
    int rc = weft_sim_new(&sim, &opts);
    if (rc == 0) rc = write_price(sim, 0, &old_price, (uint8_t[]){12}, 1);
    if (rc == 0) rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60));
    if (rc == 0) rc = expect_price(sim, 1, 1200); /* written by the old version, read by the new one */
    if (rc == 0) rc = write_price(sim, 1, &price, (uint8_t[]){1299 >> 8, 1299 & 255}, 2);
    if (rc == 0) rc = weft_sim_run_until_converged(sim, WEFT_SECONDS(60));
    if (rc == 0) rc = expect_price(sim, 0, 1299);
    weft_sim_free(sim);
    return rc == 0 ? 0 : 1;
}
