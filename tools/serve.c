/* serve.c: weft serve: one replica on a loop, with a session on standard input.
 *
 * What the session asked for is answered on standard output; what happens besides (links, refusals, a store that fails)
 * is told on standard error. The end of input, nobody to read answers, quit, SIGINT and SIGTERM all end in
 * weft_uv_close, which writes what is unwritten; only then the last answers are given. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include <weft/limits.h>
#include <weft/sqlite.h>
#include <weft/uv.h>

#include "tools/commands.h"
#include "tools/input.h"
#include "tools/served_rights.h"
#include "tools/session.h"
#include "tools/value.h"

#define SIGNALS 3u

struct options {
    const char *store, *listen, *name, *cluster, *key, *rights, *record, *record_max;
    const char *seeds[WEFT__SERVE_SEEDS_MAX + 1];
    size_t seed_count;
    bool quiet, daemon, help, plain;
};

struct serve {
    struct options options;
    uv_loop_t loop;
    struct weft_log log;
    struct weft__session session;
    struct weft__served_rights rights;
    struct weft__input input;
    uv_signal_t signals[SIGNALS];
    uv_prepare_t answer; /* gives answers before the loop waits */
    bool store_failing;
};

static void usage(FILE *to) {
    fputs("usage: weft serve [OPTIONS]\n\n"
          "  --store FILE         keep everything in this SQLite file (default: memory only)\n"
          "  --listen HOST:PORT   let peers dial; port 0 picks one\n"
          "  --seed HOST:PORT     a peer to dial; as often as there are peers\n"
          "  --cluster FILE       the cluster's file (weft cluster init); links are encrypted then\n"
          "  --key FILE           this replica's key (weft keygen), with its certificate beside it (weft cert sign)\n"
          "  --rights FILE        who may do what (weft rights sign): committed here where it is newer than what is "
          "known\n"
          "  --plain              links without encryption instead: anybody may join; loopback only\n"
          "  --name NAME          for status and messages (default: weft)\n"
          "  --record FILE        write all that happens to this replica into a file, for weft sim replay\n"
          "  --record-max BYTES   where that ends (268435456)\n"
          "  --quiet              errors only on standard error\n"
          "  --daemon             go on when standard input ends, or nobody reads the answers\n\n"
          "Commands are read from standard input, one a line: try help.\n",
          to);
}

/* --- Options ----------------------------------------------------------------------------------------------------- */

static int add_seed(struct options *o, const char *value) {
    if (o->seed_count == WEFT__SERVE_SEEDS_MAX) {
        fprintf(stderr, "weft serve: --seed: more than %u\n", WEFT__SERVE_SEEDS_MAX);
        return 2;
    }
    o->seeds[o->seed_count++] = value;
    return 0;
}

static int take_value(struct options *o, const char *name, const char *value) {
    const char **to = strcmp(name, "--store") == 0        ? &o->store
                      : strcmp(name, "--listen") == 0     ? &o->listen
                      : strcmp(name, "--name") == 0       ? &o->name
                      : strcmp(name, "--cluster") == 0    ? &o->cluster
                      : strcmp(name, "--key") == 0        ? &o->key
                      : strcmp(name, "--rights") == 0     ? &o->rights
                      : strcmp(name, "--record") == 0     ? &o->record
                      : strcmp(name, "--record-max") == 0 ? &o->record_max
                                                          : NULL;
    bool seed = strcmp(name, "--seed") == 0;
    if (to == NULL && !seed) {
        fprintf(stderr, "weft serve: there is no option \"%.80s\"; try --help\n", name);
        return 2;
    }
    if (value == NULL) {
        fprintf(stderr, "weft serve: %s needs a value\n", name);
        return 2;
    }
    if (seed) return add_seed(o, value);
    *to = value;
    return 0;
}

static int read_options(struct options *o, int argc, char **argv) {
    o->name = "weft";
    for (int i = 1; i < argc; i++) {
        bool *flag = strcmp(argv[i], "--quiet") == 0    ? &o->quiet
                     : strcmp(argv[i], "--daemon") == 0 ? &o->daemon
                     : strcmp(argv[i], "--help") == 0   ? &o->help
                     : strcmp(argv[i], "--plain") == 0  ? &o->plain
                                                        : NULL;
        if (flag != NULL) {
            *flag = true;
            continue;
        }
        int rc = take_value(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (rc != 0) return rc;
        i++;
    }
    return 0;
}

/* --- What is told besides ---------------------------------------------------------------------------------------- */

static void on_log(void *ctx, enum weft_log_level level, const char *module, const char *text) {
    struct serve *s = ctx;
    (void)module;
    if (s->options.quiet && level != WEFT_LOG_ERROR) return;
    fprintf(stderr, "%s: %s\n", s->options.name, text);
}

static const char *notice_name(enum weft_notice_kind kind) {
    switch (kind) {
    case WEFT_NOTICE_DURABLE:
        return "durable";
    case WEFT_NOTICE_PARKED:
        return "parked";
    case WEFT_NOTICE_UNPARKED:
        return "unparked";
    case WEFT_NOTICE_VOID:
        return "void";
    case WEFT_NOTICE_REFUSED:
        return "refused";
    case WEFT_NOTICE_CLONED:
        return "cloned";
    case WEFT_NOTICE_SAME_REPLICA:
        return "same replica";
    case WEFT_NOTICE_EQUIVOCATION:
        return "equivocation";
    case WEFT_NOTICE_STATE_BEGUN:
        return "state transfer begun";
    case WEFT_NOTICE_STATE_DONE:
        return "state transfer done";
    case WEFT_NOTICE_CHECKPOINT:
        return "checkpoint";
    case WEFT_NOTICE_DIVERGED:
        return "diverged";
    case WEFT_NOTICE_STATE_DROPPED:
        return "state transfer dropped";
    case WEFT_NOTICE_STATE_TOO_LARGE:
        return "state too large";
    case WEFT_NOTICE_REISSUED:
        return "reissued";
    }
    return "notice";
}

static void on_notice(void *ctx, const struct weft_notice *n) {
    struct serve *s = ctx;
    if (n->kind == WEFT_NOTICE_DURABLE) {
        weft__answers_durable(&s->session.answers, &n->origin, n->seq);
        return;
    }
    if (n->kind == WEFT_NOTICE_CLONED) {
        weft__answers_fail(&s->session.answers, "error CLONED: another copy of this replica wrote under its epoch; "
                                                "whether this commit stands is not known\n");
    }
    if (s->options.quiet) return;
    fprintf(stderr, "%s: %s%s%s: %s\n", s->options.name, notice_name(n->kind), n->err != 0 ? " " : "",
            n->err != 0 ? weft_err_name(n->err) : "", n->text != NULL ? n->text : "");
}

static void on_store(void *ctx, int err, const char *text) {
    struct serve *s = ctx;
    (void)text; /* the log says it */
    s->store_failing = err != 0;
}

/* --- The session on the loop ------------------------------------------------------------------------------------- */

static void on_node_closed(void *ctx) {
    struct serve *s = ctx;
    s->session.node = NULL;
    weft__answers_fail(&s->session.answers, "error CLOSED: this commit could not be made durable\n");
    weft__answers_write(&s->session.answers);
    uv_close((uv_handle_t *)&s->answer, NULL);
    for (size_t i = 0; i < SIGNALS; i++) uv_close((uv_handle_t *)&s->signals[i], NULL);
}

static void close_all(struct serve *s) {
    if (s->session.closing) return;
    s->session.closing = true;
    weft__input_close(&s->input);
    weft_uv_close(s->session.node, on_node_closed, s);
}

static void commit_rights(struct serve *s) {
    char why[320];
    int rc = weft__served_rights_commit(&s->rights, s->session.node, why, sizeof why);
    if (rc < 0) fprintf(stderr, "%s: %s: %s\n", s->options.name, weft_err_name(rc), why);
    if (rc > 0 && !s->options.quiet)
        fprintf(stderr, "%s: generation %" PRIu64 " of the rights is committed\n", s->options.name,
                s->rights.generation);
}

static void on_answer(uv_prepare_t *prepare) {
    struct serve *s = prepare->data;
    if (s->session.node != NULL && !s->session.closing) commit_rights(s);
    weft__answers_write(&s->session.answers);
    if (s->session.node != NULL) weft__input_pause(&s->input, s->session.answers.count > WEFT__SERVE_ANSWERS_MAX);
    if (ferror(stdout) && !s->options.daemon) close_all(s);
}

static void on_quit(struct weft__session *session) {
    close_all(session->ctx);
}

static void on_line(void *ctx, struct weft_slice line) {
    struct serve *s = ctx;
    if (!s->session.closing) weft__session_line(&s->session, line);
}

static void on_too_long(void *ctx) {
    struct serve *s = ctx;
    weft__session_error(&s->session, WEFT_ERR_LIMIT, "a line of more than %u bytes", WEFT__INPUT_LINE_MAX);
}

static void on_end(void *ctx) {
    struct serve *s = ctx;
    if (!s->options.daemon) close_all(s);
}

static int load_identity(struct serve *s, struct weft_identity **out) {
    char errmsg[512];
    *out = NULL;
    if (s->options.cluster == NULL && s->options.key == NULL) return 0;
    if (s->options.cluster == NULL || s->options.key == NULL || s->options.plain) {
        fprintf(stderr, "weft serve: --cluster and --key belong together, and --plain is instead of them\n");
        return WEFT_ERR_INVALID;
    }
    int rc = weft_identity_load(out, s->options.cluster, s->options.key, errmsg, sizeof errmsg);
    if (rc != 0) fprintf(stderr, "weft serve: %s\n", errmsg);
    return rc;
}

static int load_rights(struct serve *s) {
    char why[512];
    if (s->options.rights == NULL) return 0;
    int rc = weft__served_rights_read(&s->rights, s->options.rights, why, sizeof why);
    if (rc != 0) fprintf(stderr, "weft serve: %s\n", why);
    return rc;
}

/* Keys, certificates or the list changed; the old identity goes on where the new one cannot be read. */
static void reload_identity(struct serve *s) {
    struct weft_identity *id;
    if (load_identity(s, &id) != 0 || id == NULL) return;
    int rc = weft_uv_set_identity(s->session.node, id);
    weft_identity_free(id);
    if (rc == 0 && s->options.quiet) return;
    fprintf(stderr, "%s: %s\n", s->options.name, rc == 0 ? "the identity was read again" : weft_strerror(rc));
}

/* Where they cannot be read it said what is wrong, and the rights that are known go on. */
static void reload_rights(struct serve *s) {
    struct weft_rights_info info;
    if (s->options.rights == NULL || load_rights(s) != 0) return;
    weft_replica_rights(weft_uv_replica(s->session.node), &info);
    if (info.generation >= s->rights.generation && !s->options.quiet)
        fprintf(stderr, "%s: generation %" PRIu64 " of the rights is not newer than what is known here\n",
                s->options.name, s->rights.generation);
}

static bool reads_again(const struct serve *s) {
    return s->options.key != NULL || s->options.rights != NULL;
}

static void on_signal(uv_signal_t *handle, int number) {
    struct serve *s = handle->data;
    if (number != SIGHUP || !reads_again(s)) {
        close_all(s);
        return;
    }
    reload_identity(s);
    reload_rights(s);
}

/* --- Beginning --------------------------------------------------------------------------------------------------- */

static int read_record_max(const struct options *o, uint64_t *max) {
    char *end;
    if (o->record_max == NULL) return 0;
    errno = 0;
    *max = strtoull(o->record_max, &end, 10);
    if (errno == 0 && end != o->record_max && *end == '\0' && o->record_max[0] != '-') return 0;
    fprintf(stderr, "weft serve: --record-max: \"%.80s\" is not a number of bytes\n", o->record_max);
    return WEFT_ERR_INVALID;
}

static void fill_options(struct serve *s, struct weft_uv_options *o) {
    o->plain_links = s->options.plain;
    o->listen = s->options.listen;
    o->seeds = s->options.seeds;
    o->record = s->options.record;
    o->on_notice = on_notice;
    o->on_store = on_store;
    o->ctx = s;
}

static void fill_engine(struct serve *s, struct weft_replica_options *engine, struct weft_slice *document) {
    s->log = (struct weft_log){.emit = on_log, .ctx = s, .max_level = WEFT_LOG_INFO};
    engine->log = &s->log;
    if (s->options.rights == NULL) return;
    *document = weft_buf_slice(&s->rights.document);
    engine->space = s->rights.space;
    engine->rights = document;
    engine->rights_count = 1;
}

static int open_node(struct serve *s) {
    struct weft_uv_options o;
    struct weft_replica_options engine;
    struct weft_slice document;
    char errmsg[512];
    weft_uv_options_init(&o);
    weft_replica_options_init(&engine);
    int rc = read_record_max(&s->options, &o.record_max);
    if (rc == 0) rc = load_rights(s);
    if (rc == 0) rc = load_identity(s, &o.identity);
    if (rc != 0) return rc == WEFT_ERR_INVALID ? 2 : 1;
    fill_options(s, &o);
    fill_engine(s, &engine, &document);
    o.replica = &engine;
    if (s->options.store != NULL) rc = weft_sqlite_open(&o.store, s->options.store, errmsg, sizeof errmsg);
    if (rc == 0) rc = weft_uv_new(&s->session.node, &s->loop, &o, errmsg, sizeof errmsg);
    weft_identity_free(o.identity);
    if (rc == 0) return 0;
    fprintf(stderr, "weft serve: %s\n", errmsg);
    return rc == WEFT_ERR_INVALID ? 2 : 1;
}

static void tell_no_rights(const struct serve *s) {
    struct weft_rights_info info;
    weft_replica_rights(weft_uv_replica(s->session.node), &info);
    if (!info.governs || info.generation > 0 || s->rights.due) return;
    fprintf(stderr, "%s: no rights are known yet, so nothing may be written here%s\n", s->options.name,
            info.is_signed ? ", and nothing that comes can be checked: --rights" : "");
}

static void greet(struct serve *s) {
    struct weft_buf line;
    struct weft_origin self = weft_replica_self(weft_uv_replica(s->session.node));
    weft_buf_init(&line, NULL);
    weft_buf_printf(&line, "ready %d ", weft_uv_port(s->session.node));
    weft__origin_text(&line, &self);
    weft_buf_append_str(&line, "\n");
    weft__answers_push(&s->session.answers, weft_buf_slice(&line), NULL, 0);
    weft_buf_fini(&line);
    if (s->options.quiet) return;
    if (s->options.store == NULL) fprintf(stderr, "%s: no --store: everything is in memory only\n", s->options.name);
    if (s->options.listen == NULL) fprintf(stderr, "%s: no --listen: nobody can dial\n", s->options.name);
    tell_no_rights(s);
}

static void open_session(struct serve *s) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, numbers[i]);
    }
    uv_prepare_init(&s->loop, &s->answer);
    s->answer.data = s;
    uv_prepare_start(&s->answer, on_answer);
    s->input = (struct weft__input){.on_line = on_line, .on_too_long = on_too_long, .on_end = on_end, .ctx = s};
    int rc = weft__input_open(&s->input, &s->loop, STDIN_FILENO);
    if (rc != 0) on_end(s);
    greet(s);
    weft__answers_write(&s->session.answers);
}

/* One that comes before there is somebody to hear it waits: files may have been read before they were replaced. */
static void hold_hangup(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGHUP);
    pthread_sigmask(how, &set, NULL);
}

static int serve(struct serve *s) {
    signal(SIGPIPE, SIG_IGN);
    if (reads_again(s)) hold_hangup(SIG_BLOCK);
    if (uv_loop_init(&s->loop) != 0) {
        fprintf(stderr, "weft serve: the event loop cannot be made\n");
        return 1;
    }
    weft__session_init(&s->session, s->options.name, on_quit);
    s->session.ctx = s;
    weft__served_rights_init(&s->rights);
    int rc = open_node(s);
    if (rc == 0) open_session(s);
    hold_hangup(SIG_UNBLOCK);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    uv_loop_close(&s->loop);
    weft__session_fini(&s->session);
    weft__input_fini(&s->input);
    weft__served_rights_fini(&s->rights);
    return rc != 0 ? rc : s->store_failing;
}

int weft__cmd_serve(int argc, char **argv) {
    struct options o = {.store = NULL};
    int rc = read_options(&o, argc, argv);
    if (rc != 0) return rc;
    if (o.help) {
        usage(stdout);
        return 0;
    }
    struct serve *s = calloc(1, sizeof *s);
    if (s == NULL) {
        fprintf(stderr, "weft serve: out of memory\n");
        return 1;
    }
    s->options = o;
    rc = serve(s);
    free(s);
    return rc;
}
