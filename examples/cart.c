/* cart.c: a cart and a stock in one transaction, in a file and in every region. The program of README.md. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>

#include <uv.h>

#include <weft/aworset.h>
#include <weft/pncounter.h>
#include <weft/sqlite.h>
#include <weft/uv.h>

static void on_change(struct weft_subscription *sub, const struct weft_change *change) {
    printf("cart/42 has %zu\n", weft_aworset_size(weft_uv_view(sub->node, change->key, &weft_aworset_class)));
}

int main(void) {
    static const char *const seeds[] = {"127.0.0.1:7702", NULL};
    struct weft_subscription sub;
    struct weft_uv_options opts;
    struct weft_uv *node;
    struct weft_txn *txn;
    char why[256];

    weft_uv_options_init(&opts);
    opts.listen = "127.0.0.1:7701";
    opts.seeds = seeds;
    opts.plain_links = true; /* loopback only; between machines: weft/identity.h */
    if (weft_sqlite_open(&opts.store, "cart.db", why, sizeof why) != 0) return fprintf(stderr, "%s\n", why), 1;
    if (weft_uv_new(&node, uv_default_loop(), &opts, why, sizeof why) != 0) return fprintf(stderr, "%s\n", why), 1;
    sub.cb = on_change; /* runs on the loop, for changes made here and elsewhere */
    if (weft_subscribe(node, weft_str("cart/"), &sub) != 0 || weft_uv_txn_begin(node, &txn) != 0) return 1;

    weft_aworset_add(weft_txn_edit(txn, weft_str("cart/42"), &weft_aworset_class), weft_str("milk"));
    weft_pncounter_add(weft_txn_edit(txn, weft_str("stock/milk"), &weft_pncounter_class), -1);
    /* The one check: an edit's error sticks until here. */
    return weft_txn_commit(txn, NULL) != 0 || uv_run(uv_default_loop(), UV_RUN_DEFAULT) != 0;
}
