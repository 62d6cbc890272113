/* weft.c: the weft command: a table of subcommands. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include <weft/api.h>

#include "tools/commands.h"

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
};

static const struct subcommand subcommands[] = {
    {"serve", weft__cmd_serve, "a replica: commands on standard input, gossip with its seeds"},
    {"cluster", weft__cmd_cluster, "makes a cluster: its key, and the authority that signs certificates"},
    {"keygen", weft__cmd_keygen, "makes a replica's key"},
    {"cert", weft__cmd_cert, "signs a replica's key: it may link then"},
    {"rights", weft__cmd_rights, "signs who may read, relay and write what"},
#ifdef WEFT__WITH_INSPECT
    {"inspect", weft__cmd_inspect, "what a store holds"},
#endif
#ifdef WEFT__WITH_SIM
    {"sim", weft__cmd_sim, "replicas in virtual time, with faults and an oracle"},
#endif
#ifdef WEFT__WITH_LAW
    {"law", weft__cmd_law, "the lattice laws of the data types"},
#endif
#ifdef WEFT__WITH_DEMO
    {"demo", weft__cmd_demo, "three replicas, a partition, a kill -9, and a recount"},
#endif
};

#define COUNT (sizeof subcommands / sizeof subcommands[0])

static void usage(FILE *to) {
    fprintf(to, "usage: weft COMMAND [OPTIONS]\n\n");
    for (size_t i = 0; i < COUNT; i++) fprintf(to, "  %-10s %s\n", subcommands[i].name, subcommands[i].what);
    fprintf(to, "  %-10s %s\n", "help", "this text; weft COMMAND --help says more");
    fprintf(to, "  %-10s %s\n", "--version", "the version");
}

static const struct subcommand *find(const char *name) {
    for (size_t i = 0; i < COUNT; i++) {
        if (strcmp(subcommands[i].name, name) == 0) return &subcommands[i];
    }
    return NULL;
}

static int version(void) {
    int v = weft_version();
    printf("weft %d.%d.%d\n", v / 1000000, v / 1000 % 1000, v % 1000);
    return 0;
}

/* Where a standard stream is closed, the next file that is opened, a store perhaps, would be in its place. */
static void fill_standard_streams(void) {
    int fd;
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0) close(fd);
}

/* What could not be printed is a failure, too. */
static int finish(const char *name, int rc) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return rc;
    fprintf(stderr, "weft %s: not everything could be written to standard output\n", name);
    return rc == 0 ? 1 : rc;
}

int main(int argc, char **argv) {
    fill_standard_streams();
    (void)!sodium_init(); /* it picks the hashes that this CPU is good at; without it the portable ones do */
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return finish("help", 0);
    }
    if (strcmp(argv[1], "--version") == 0) return finish("--version", version());
    const struct subcommand *found = find(argv[1]);
    if (found != NULL) return finish(found->name, found->run(argc - 1, argv + 1));
    fprintf(stderr, "weft: there is no command \"%.80s\"; try \"weft help\"\n", argv[1]);
    return 2;
}
