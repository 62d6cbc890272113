/* simgrid.c: the message pattern of the bare simulator (sim.c) in SimGrid: a thousand hosts, a message in flight for
 * each, passed on when it arrives. Latencies differ by pair, as the hosts' coordinates are drawn; there are no faults,
 * which SimGrid has not. A process for each figure: it runs one simulation in its life. Prints deliveries a second of
 * processor time. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <simgrid/actor.h>
#include <simgrid/comm.h>
#include <simgrid/engine.h>
#include <simgrid/host.h>
#include <simgrid/mailbox.h>

#include "base/prng.h"
#include "bench/bench.h"

#define NODES      1000u
#define DELIVERIES 200000u
#define BYTES      100

static sg_mailbox_t boxes[NODES];
static unsigned delivered;
static double from;

static const char *box_name(unsigned i, char name[16]) {
    (void)snprintf(name, 16, "n%u", i);
    return name;
}

static void pass_on(unsigned to) {
    static char token;
    sg_comm_detach(sg_mailbox_put_init(boxes[to % NODES], &token, BYTES), NULL);
}

static void node(int argc, char *argv[]) {
    unsigned self = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    pass_on(self);
    for (;;) {
        (void)sg_mailbox_get(boxes[self]);
        if (++delivered == DELIVERIES) {
            printf("%.0f\n", DELIVERIES / (bench_cpu() - from));
            (void)fflush(stdout);
            _Exit(0); /* taking it down is not measured, and takes as long */
        }
        pass_on(self * 7 + delivered);
    }
}

/* The world has up to 100 ms from end to end. */
static void write_platform(FILE *to) {
    struct weft__prng p;
    weft__prng_seed(&p, 7);
    (void)fprintf(to, "<?xml version='1.0'?>\n<!DOCTYPE platform SYSTEM \"https://simgrid.org/simgrid.dtd\">\n"
                      "<platform version=\"4.1\">\n<zone id=\"world\" routing=\"Vivaldi\">\n");
    for (unsigned i = 0; i < NODES; i++)
        (void)fprintf(
            to, "<peer id=\"n%u\" coordinates=\"%u %u %u\" speed=\"1Gf\" bw_in=\"1GBps\" bw_out=\"1GBps\"/>\n", i,
            (unsigned)weft__prng_below(&p, 60), (unsigned)weft__prng_below(&p, 60), (unsigned)weft__prng_below(&p, 10));
    (void)fprintf(to, "</zone>\n</platform>\n");
}

int main(int argc, char **argv) {
    char path[] = "/tmp/weft-simgrid-XXXXXX", name[16];
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL) return 1;
    write_platform(file);
    (void)fclose(file);
    simgrid_init(&argc, argv);
    simgrid_load_platform(path);
    (void)unlink(path);
    for (unsigned i = 0; i < NODES; i++) boxes[i] = sg_mailbox_by_name(box_name(i, name));
    for (unsigned i = 0; i < NODES; i++) {
        char number[16], word[] = "node", *args[] = {word, number, NULL};
        (void)snprintf(number, sizeof number, "%u", i);
        (void)sg_actor_create("node", sg_host_by_name(box_name(i, name)), node, 2, args);
    }
    from = bench_cpu();
    simgrid_run();
    return 1;
}
