/* sim_sweep_options.c: what the command line says of a sweep. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/sim.h"
#include "tools/sim_shard.h"

#define SEEDS_MAX UINT64_C(1000000000)
#define JOBS_MAX  UINT64_C(256)

void weft__sim_sweep_options_init(struct weft__sim_sweep_options *o) {
    memset(o, 0, sizeof *o);
    o->shard = o->shards = 1;
    o->timeout_ns = WEFT_SECONDS(600);
}

void weft__sim_sweep_usage(FILE *to) {
    fputs(
        "\nMany seeds (docs/sweeps.md):\n"
        "  --seeds N                 N runs, from --seed on\n"
        "  --jobs N                  processes at once (one for each core)\n"
        "  --keep-going              all seeds, also when one failed\n"
        "  --out FILE                results as JSON lines; what is there already is not run again. A folder: a file\n"
        "                            in it for each shard\n"
        "  --shard I/N               only seeds with seed mod N == I - 1; auto: what Slurm or Kubernetes say\n"
        "  --timeout TIME            of processor time for one seed (10m)\n",
        to);
}

static int read_count(const char *option, const char *value, uint64_t most, uint64_t *out) {
    char *end = NULL;
    errno = 0;
    unsigned long long n = *value >= '0' && *value <= '9' ? strtoull(value, &end, 10) : 0;
    if (end == NULL || *end != '\0') return weft__sim_complain(option, "not a number:", value);
    if (n < 1 || n > most || errno != 0) {
        fprintf(stderr, "weft sim: %s: out of bounds: \"%.80s\" (1 to %" PRIu64 ")\n", option, value, most);
        return 2;
    }
    *out = n;
    return 0;
}

static int read_shard(struct weft__sim_sweep_options *o, const char *value) {
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft__sim_shard_parse(value, getenv, &o->shard, &o->shards, &message);
    if (rc != 0) fprintf(stderr, "weft sim: --shard: %.*s\n", (int)message.len, (const char *)message.ptr);
    weft_buf_fini(&message);
    return rc == 0 ? 0 : 2;
}

static int take_value(struct weft__sim_request *q, const char *option, const char *value) {
    struct weft__sim_sweep_options *o = &q->sweep;
    if (strcmp(option, "--seeds") == 0) {
        o->wanted = true;
        q->planned = option;
        return read_count(option, value, SEEDS_MAX, &q->seeds);
    }
    o->said = option;
    if (strcmp(option, "--jobs") == 0) return read_count(option, value, JOBS_MAX, &o->jobs);
    if (strcmp(option, "--shard") == 0) return read_shard(o, value);
    if (strcmp(option, "--timeout") == 0) return weft__sim_read_time(option, value, &o->timeout_ns);
    o->out = value;
    return 0;
}

static bool is_option(const char *option) {
    static const char *const options[] = {"--seeds", "--jobs", "--out", "--shard", "--timeout"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(option, options[i]) == 0) return true;
    return false;
}

int weft__sim_sweep_option(struct weft__sim_request *q, int count, char **argv) {
    if (strcmp(argv[0], "--keep-going") == 0) {
        q->sweep.keep_going = true;
        q->sweep.said = argv[0];
        return 1;
    }
    if (!is_option(argv[0])) return 0;
    if (count == 1) {
        fprintf(stderr, "weft sim: %s needs a value\n", argv[0]);
        return -2;
    }
    int rc = take_value(q, argv[0], argv[1]);
    return rc == 0 ? 2 : -rc;
}

/* --- The command that was typed ---------------------------------------------------------------------------------- */

static bool is_plain(const char *text) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./,:=%+@-";
    return *text != '\0' && text[strspn(text, plain)] == '\0';
}

void weft__sim_word_append(struct weft_buf *out, const char *word) {
    weft_buf_append(out, " ", 1);
    if (is_plain(word)) {
        weft_buf_append_str(out, word);
        return;
    }
    weft_buf_append(out, "'", 1);
    for (; *word != '\0'; word++) weft_buf_printf(out, *word == '\'' ? "'\\''" : "%c", *word);
    weft_buf_append(out, "'", 1);
}

char *weft__sim_command(int argc, char **argv) {
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    weft_buf_append_str(&text, "weft sim");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--keep-going") == 0) continue;
        if (is_option(argv[i]) || strcmp(argv[i], "--seed") == 0)
            i++;
        else
            weft__sim_word_append(&text, argv[i]);
    }
    weft_buf_append(&text, "", 1);
    char *copy = text.err == 0 ? strdup((const char *)text.ptr) : NULL;
    weft_buf_fini(&text);
    return copy;
}
