/* sim_campaign.c: a request with many seeds: what its results are of, and where they go. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "tools/sim.h"
#include "tools/sim_worker.h"
#include "tools/version.h"

/* What some seeds make of it: options that do nothing for one seed are in the head of each schedule. */
static int add_schedule(const struct weft__sim_request *q, uint64_t seed, crypto_generichash_state *hash) {
    struct weft__sim_request of_seed = *q;
    struct weft_sim_schedule *schedule = NULL;
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    of_seed.options.seed = seed;
    int rc = weft__sim_make_schedule(&of_seed, &schedule);
    if (rc == 0 && weft_sim_schedule_print(schedule, &text) != 0) {
        fprintf(stderr, "weft sim: out of memory\n");
        rc = 1;
    }
    if (rc == 0) (void)crypto_generichash_update(hash, text.ptr, text.len);
    weft_buf_fini(&text);
    weft_sim_schedule_free(schedule);
    return rc;
}

static int name_campaign(const struct weft__sim_request *q, struct weft__sim_campaign *c) {
    crypto_generichash_state hash;
    uint8_t digest[16];
    int v = weft_version(), rc = 0;
    (void)snprintf(c->version, sizeof c->version, "%d.%d.%d-%.40s", v / 1000000, v / 1000 % 1000, v % 1000,
                   WEFT__COMMIT);
    (void)crypto_generichash_init(&hash, NULL, 0, sizeof digest);
    for (uint64_t seed = 0; rc == 0 && seed < 3; seed++) rc = add_schedule(q, seed, &hash);
    /* What a scenario expects is in no schedule. */
    if (rc == 0 && q->scenario != NULL) (void)crypto_generichash_update(&hash, q->text.ptr, q->text.len);
    (void)crypto_generichash_final(&hash, digest, sizeof digest);
    for (size_t i = 0; i < sizeof digest; i++) (void)snprintf(c->scenario + 2 * i, 3, "%02x", digest[i]);
    return rc;
}

/* "results.jsonl" is a file; anything else is a folder, with a file for each shard. */
static int find_file(const struct weft__sim_sweep_options *o, char **path) {
    size_t len = strlen(o->out), size = len + 80;
    bool is_file = len >= 6 && strcmp(o->out + len - 6, ".jsonl") == 0;
    *path = NULL;
    if (!is_file && mkdir(o->out, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "weft sim: %s: %s\n", o->out, strerror(errno));
        return 2;
    }
    *path = is_file ? strdup(o->out) : malloc(size);
    if (*path == NULL) {
        fprintf(stderr, "weft sim: out of memory\n");
        return 1;
    }
    const char *slash = !is_file && len > 0 && o->out[len - 1] == '/' ? "" : "/";
    if (!is_file && o->shards == 1)
        (void)snprintf(*path, size, "%s%ssweep.jsonl", o->out, slash);
    else if (!is_file)
        (void)snprintf(*path, size, "%s%sshard-%" PRIu64 "-of-%" PRIu64 ".jsonl", o->out, slash, o->shard, o->shards);
    return 0;
}

int weft__sim_sweep(const struct weft__sim_request *q, int argc, char **argv) {
    struct weft__sim_campaign c = {.first = q->options.seed, .count = q->seeds};
    struct weft__sim_request own = *q;
    struct weft__sim_work work = {weft__sim_seed_run, &own, (double)q->sweep.timeout_ns * 1e-9};
    char *path = NULL;
    own.verbose = false;
    if (q->trace != NULL) return weft__sim_complain("--trace", "of one run, not of --seeds:", q->trace);
    if (c.first > INT64_MAX - c.count) {
        fprintf(stderr, "weft sim: --seeds: there are none above %" PRId64 "\n", INT64_MAX);
        return 2;
    }
    c.shard = q->sweep.shard;
    c.shards = q->sweep.shards;
    int rc = name_campaign(q, &c);
    if (rc != 0) return rc;
    c.command = weft__sim_command(argc, argv);
    if (c.command == NULL) {
        fprintf(stderr, "weft sim: out of memory\n");
        return 1;
    }
    if (q->sweep.out != NULL) rc = find_file(&q->sweep, &path);
    if (rc == 0) rc = weft__sim_sweep_run(&work, &c, &q->sweep, path);
    free(path);
    weft__sim_campaign_fini(&c);
    return rc;
}
