/* sim_replay.c: weft sim replay: what happened to a replica in the world, once more. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/limits.h>

#include "tools/sim.h"

struct replay {
    const char *file;
    bool verbose, help;
    struct weft_sim_replay_options options;
};

static void usage(FILE *to) {
    fputs("usage: weft sim replay [OPTIONS] FILE\n\n"
          "Steps an engine through what weft serve --record FILE wrote, and holds what it comes to against that.\n\n"
          "  --unfinished  take a recording without its end: that of a process that was killed\n"
          "  --verbose     a line for each entry: offset, time, what\n\n"
          "Exit code: 0 the same state; 1 something came out otherwise, and the first such thing is printed;\n"
          "2 the file cannot be read, is not a recording, or was cut or changed: where is printed.\n",
          to);
}

static int read_options(struct replay *r, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            r->help = true;
        else if (strcmp(argv[i], "--verbose") == 0)
            r->verbose = true;
        else if (strcmp(argv[i], "--unfinished") == 0)
            r->options.unfinished = true;
        else if (argv[i][0] == '-' || r->file != NULL)
            return weft__sim_complain("replay", "no such option, or a file too many:", argv[i]);
        else
            r->file = argv[i];
    }
    if (r->file != NULL || r->help) return 0;
    fputs("weft sim replay: which recording? try --help\n", stderr);
    return 2;
}

static int read_file(const char *path, struct weft_buf *out) {
    uint8_t chunk[65536];
    size_t n;
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        perror(path);
        return 2;
    }
    out->max = WEFT__RECORDING_MAX;
    while (out->err == 0 && (n = fread(chunk, 1, sizeof chunk, f)) > 0) weft_buf_append(out, chunk, n);
    int rc = ferror(f) ? 2 : 0;
    if (rc != 0) perror(path);
    if (rc == 0 && out->err != 0) {
        fprintf(stderr, "weft sim replay: %s: %s\n", path, weft_strerror(out->err));
        rc = 2;
    }
    fclose(f);
    return rc;
}

static void on_line(void *ctx, const char *text) {
    (void)ctx;
    puts(text);
}

static void print_end(const struct weft_sim_replay *p) {
    struct weft_sim_replay_stats s;
    struct weft_origin_info o;
    char id[WEFT_ID_TEXT];
    weft_sim_replay_stats(p, &s);
    const char *failure = weft_sim_replay_failure(p);
    if (failure != NULL) printf("DIFFERS       %s\n", failure);
    printf("replayed      %" PRIu64 " openings  %" PRIu64 " events  %" PRIu64 " commits  %" PRIu64 " notices\n",
           s.openings, s.events, s.commits, s.notices);
    if (s.untold > 0) printf("not recorded  %" PRIu64 " of its notices\n", s.untold);
    printf("compared      %" PRIu64 " states\n", s.states);
    printf("end           %s\n", s.end != NULL ? s.end : "none: it stops here");
    fputs("state         ", stdout);
    for (size_t i = 0; i < sizeof s.state; i++) printf("%02x", s.state[i]);
    fputs("\n", stdout);
    const struct weft_replica *r = weft_sim_replay_replica(p);
    for (size_t i = 0; r != NULL && weft_replica_origin(r, i, &o); i++) {
        weft_id_format(&o.origin.replica, id);
        printf("origin        %s:%016" PRIx64 " applied %" PRIu64 "\n", id, o.origin.epoch, o.applied);
    }
}

static int run(const struct replay *r, struct weft_slice recording) {
    struct weft_sim_replay *p;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft_sim_replay_new(&p, recording, &r->options, &message);
    if (rc != 0) {
        fprintf(stderr, "weft sim replay: %s: %.*s\n", r->file, (int)message.len, (const char *)message.ptr);
        weft_buf_fini(&message);
        return 2;
    }
    weft_buf_fini(&message);
    if (r->verbose) weft_sim_replay_on_line(p, on_line, NULL);
    while ((rc = weft_sim_replay_next(p)) == 1) {
    }
    if (rc != 0 && rc != WEFT_ERR_CORRUPT) fprintf(stderr, "weft sim replay: %s\n", weft_strerror(rc));
    print_end(p);
    weft_sim_replay_free(p);
    return rc == 0 ? 0 : 1;
}

int weft__cmd_sim_replay(int argc, char **argv) {
    struct replay r = {.file = NULL};
    struct weft_buf recording;
    weft_sim_replay_options_init(&r.options);
    int rc = read_options(&r, argc, argv);
    if (rc != 0) return rc;
    if (r.help) {
        usage(stdout);
        return 0;
    }
    weft_buf_init(&recording, NULL);
    rc = read_file(r.file, &recording);
    if (rc == 0) rc = run(&r, weft_buf_slice(&recording));
    weft_buf_fini(&recording);
    return rc;
}
