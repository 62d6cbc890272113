/* raft_fixture.c: the simulator that libraft's own tests use, of five servers that elect a leader and keep one entry in
 * flight: messages with a latency, a disk with one, no faults, no checks. Prints events a second of processor time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <raft.h>
#include <raft/fixture.h>

#include "bench/bench.h"

#define SERVERS 5u
#define EVENTS  1000000u

static int fsm_apply(struct raft_fsm *fsm, const struct raft_buffer *buf, void **result) {
    (void)fsm;
    (void)buf;
    *result = NULL;
    return 0;
}

static int fsm_snapshot(struct raft_fsm *fsm, struct raft_buffer *bufs[], unsigned *count) {
    (void)fsm;
    *count = 1;
    *bufs = raft_malloc(sizeof **bufs);
    if (*bufs == NULL) return RAFT_NOMEM;
    (*bufs)[0] = (struct raft_buffer){.base = raft_calloc(1, 8), .len = 8};
    return (*bufs)[0].base == NULL ? RAFT_NOMEM : 0;
}

static int fsm_restore(struct raft_fsm *fsm, struct raft_buffer *buf) {
    (void)fsm;
    raft_free(buf->base);
    return 0;
}

static void on_applied(struct raft_apply *request, int status, void *result) {
    (void)status;
    (void)result;
    *(bool *)request->data = false;
}

static void check(int rc, const char *what) {
    if (rc == 0) return;
    (void)fprintf(stderr, "%s: %s\n", what, raft_strerror(rc));
    exit(1);
}

static void submit(struct raft_fixture *f, struct raft_apply *request, bool *in_flight) {
    unsigned leader = raft_fixture_leader_index(f);
    struct raft_buffer entry = {.base = raft_calloc(1, 8), .len = 8};
    if (leader >= SERVERS || entry.base == NULL) return;
    request->data = in_flight;
    *in_flight = raft_apply(raft_fixture_get(f, leader), request, &entry, 1, on_applied) == 0;
}

int main(void) {
    static struct raft_fixture f;
    struct raft_fsm fsms[SERVERS];
    struct raft_configuration configuration;
    struct raft_apply request;
    bool in_flight = false;
    memset(fsms, 0, sizeof fsms);
    check(raft_fixture_initialize(&f), "raft_fixture_initialize");
    for (unsigned i = 0; i < SERVERS; i++) {
        fsms[i] = (struct raft_fsm){.version = 1, .apply = fsm_apply, .snapshot = fsm_snapshot, .restore = fsm_restore};
        check(raft_fixture_grow(&f, &fsms[i]), "raft_fixture_grow");
    }
    check(raft_fixture_configuration(&f, SERVERS, &configuration), "raft_fixture_configuration");
    check(raft_fixture_bootstrap(&f, &configuration), "raft_fixture_bootstrap");
    check(raft_fixture_start(&f), "raft_fixture_start");
    for (unsigned i = 0; i < SERVERS; i++) {
        raft_set_snapshot_threshold(raft_fixture_get(&f, i), 64);
        raft_set_snapshot_trailing(raft_fixture_get(&f, i), 16);
    }
    raft_configuration_close(&configuration);
    if (!raft_fixture_step_until_has_leader(&f, 60000)) return 1;
    double from = bench_cpu();
    for (unsigned n = 0; n < EVENTS; n++) {
        if (!in_flight) submit(&f, &request, &in_flight);
        (void)raft_fixture_step(&f);
    }
    printf("%.0f\n", EVENTS / (bench_cpu() - from));
    return 0;
}
