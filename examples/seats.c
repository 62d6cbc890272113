/* seats.c: box offices that sell seats, under the simulator. The program of docs/own-app.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/lwwreg.h>
#include <weft/sim_app.h>

#define OFFICES 3u
#define SEATS   4u

/* What the process of an office has in memory. */
struct office {
    struct weft_sim_host *host;
    bool taken[SEATS]; /* of its own seats: who looks for one need not wait for the replica */
    struct sale {
        uint64_t seq;
        unsigned seat, customer;
    } waiting[SEATS]; /* sold; the customer hears of it when it is durable */
    size_t count;
};

static struct weft_slice key_of(char key[32], const struct office *o, unsigned seat) {
    return weft_slice(key, (size_t)snprintf(key, 32, "seat/%u/%u", (unsigned)weft_sim_host_number(o->host), seat));
}

/* A customer asks for a seat: the number says which, and who asks. */
static void sell(void *app, uint64_t number) {
    struct office *o = app;
    struct sale sale = {0, (unsigned)(number % SEATS), 1 + (unsigned)(number / SEATS % 1000)};
    struct weft_txn *txn;
    char key[32], name[32];
    if (o->taken[sale.seat] || weft_sim_host_txn_begin(o->host, &txn) != 0) return; /* "sorry" */
    (void)snprintf(name, sizeof name, "customer %u", sale.customer);
    weft_lwwreg_set(weft_txn_edit(txn, key_of(key, o, sale.seat), &weft_lwwreg_class), weft_str(name));
    if (weft_txn_commit(txn, &sale.seq) == 0) o->waiting[o->count++] = sale;
}

/* The replica tells what changed; the office takes down what is taken. */
static void on_change(void *app, const struct weft_change *change) {
    struct office *o = app;
    char key[32];
    for (unsigned i = 0; i < SEATS; i++)
        if (weft_slice_eq(change->key, key_of(key, o, i))) o->taken[i] = true;
}

/* What the test knows: who was promised which seat; 0: nobody was. */
struct promises {
    unsigned customer[OFFICES][SEATS];
};

static void promise(struct office *o, const struct sale *s) {
    struct promises *all = weft_sim_host_test(o->host);
    unsigned *customer = &all->customer[weft_sim_host_number(o->host)][s->seat];
    weft_sim_host_say(o->host, "customer %u has seat %u", s->customer, s->seat);
    if (*customer != 0)
        weft_sim_host_fail(o->host, "seat %u was customer %u's, and is promised to customer %u", s->seat, *customer,
                           s->customer);
    *customer = s->customer;
}

static void on_notice(void *app, const struct weft_notice *notice) {
    struct office *o = app;
    size_t told = 0;
    if (notice->kind != WEFT_NOTICE_DURABLE) return;
    while (told < o->count && o->waiting[told].seq <= notice->seq) promise(o, &o->waiting[told++]);
    o->count -= told;
    memmove(o->waiting, o->waiting + told, o->count * sizeof *o->waiting);
}

static void *start(struct weft_sim_host *host) {
    struct office *o = calloc(1, sizeof *o);
    if (o != NULL) o->host = host;
    return o;
}

/* The same, and right. */
static void *start_from_the_store(struct weft_sim_host *host) {
    struct office *o = start(host);
    struct weft_slice name;
    char key[32];
    for (unsigned i = 0; o != NULL && i < SEATS; i++)
        o->taken[i] =
            weft_lwwreg_get(weft_sim_host_view(host, key_of(key, o, i), &weft_lwwreg_class), &name, NULL) == 0;
    return o;
}

static void *test_new(void *ctx) {
    (void)ctx;
    return calloc(1, sizeof(struct promises));
}

int main(int argc, char **argv) {
    struct weft_sim_app app = {.size = sizeof app, .name = "office", .test_new = test_new, .test_free = free};
    struct weft_sim_options opts;
    struct weft_buf report;
    app.start = argc > 1 && strcmp(argv[1], "--fixed") == 0 ? start_from_the_store : start;
    app.stop = free;
    app.perform = sell;
    app.on_change = on_change;
    app.on_notice = on_notice;
    weft_sim_options_init(&opts); /* lossy links between cloud regions, clocks that are off */
    opts.replicas = OFFICES;
    opts.duration_ns = WEFT_SECONDS(20);
    opts.app_rate = 2; /* customers a second at each office */
    opts.crashes = 3;
    opts.partitions = 2;
    opts.clock_steps = 2;
    weft_buf_init(&report, NULL);
    int rc = weft_sim_app_check(&app, &opts, 1000, &report);
    printf("%s\n", rc == 0 ? "1000 seeds: every promise was kept" : (const char *)report.ptr);
    weft_buf_fini(&report);
    return rc != 0;
}
