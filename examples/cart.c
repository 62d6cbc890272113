/* cart.c: a cart and a stock in one transaction, in a file and in every region. The program of README.md. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>

#include <uv.h>

#include <weft/aworset.h>
#include <weft/pncounter.h>
#include <weft/sqlite.h>
#include <weft/uv.h>

static struct weft_uv *node;

static void on_change(struct weft_subscription *sub, const struct weft_change *change) {
    struct weft_view cart = weft_uv_view(node, change->key, &weft_aworset_class);
    printf("%.*s has %zu\n", (int)change->key.len, (const char *)change->key.ptr, weft_aworset_size(cart));
    (void)sub;
}

int main(void) {
    static const char *const seeds[] = {"127.0.0.1:7702", NULL};
    static struct weft_subscription sub;
    struct weft_uv_options opts;
    struct weft_txn *txn;
    char errmsg[256] = "";
    int rc;

    weft_uv_options_init(&opts);
    opts.listen = "127.0.0.1:7701";
    opts.seeds = seeds;
    if ((rc = weft_sqlite_open(&opts.store, "cart.db", errmsg, sizeof errmsg)) != 0) goto failed;
    if ((rc = weft_uv_new(&node, uv_default_loop(), &opts, errmsg, sizeof errmsg)) != 0) goto failed;

    sub.cb = on_change; /* runs on the loop, for changes made here and elsewhere */
    if ((rc = weft_subscribe(node, weft_str("cart/"), &sub)) != 0) goto failed;

    if ((rc = weft_uv_txn_begin(node, &txn)) != 0) goto failed;
    weft_aworset_add(weft_txn_edit(txn, weft_str("cart/42"), &weft_aworset_class), weft_str("milk"));
    weft_pncounter_add(weft_txn_edit(txn, weft_str("stock/milk"), &weft_pncounter_class), -1);
    if ((rc = weft_txn_commit(txn, NULL)) != 0) goto failed; /* the one check: an edit's error sticks until here */

    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
failed:
    fprintf(stderr, "%s: %s\n", weft_strerror(rc), errmsg);
    return 1;
}
