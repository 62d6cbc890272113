/* sim_sweep.c: seeds go out in their order to processes, results come back in any. A sweep that stops at a failure
 * still waits for what is under way, so the failure that it names is the one that a loop would have met first.
 *
 * Of ten seeds one is run again by another process, with hostile memory and with hash tables laid out otherwise; its
 * trace must be the same. */
#define _POSIX_C_SOURCE 200809L
#include "tools/sim_sweep.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/sim_ledger.h"
#include "tools/sim_progress.h"
#include "tools/sim_tally.h"
#include "tools/sim_worker.h"

struct told {
    struct weft__sim_result result;
    char *report;
};

struct sweep {
    struct weft__sim_pool pool; /* 2 x jobs: those in the second half run what was run, otherwise */
    size_t jobs, running;
    struct told *firsts;  /* of the second runs under way, by worker */
    struct told *waiting; /* for a second run; at most jobs */
    size_t waiting_count;
    struct weft__sim_ledger ledger;
    struct weft__sim_tally tally;
    struct weft__sim_progress progress;
    uint64_t next, end; /* seeds */
    bool keep_going, stopping;
    struct told lowest; /* failure */
    bool has_lowest;
    char *command;
    int rc;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number) {
    interrupted = number;
}

static void told_fini(struct told *t) {
    weft__sim_result_fini(&t->result);
    free(t->report);
    memset(t, 0, sizeof *t);
}

/* --- Results ----------------------------------------------------------------------------------------------------- */

/* Takes it over. */
static void count(struct sweep *s, struct told *t) {
    const struct weft__sim_result *r = &t->result;
    if (weft__sim_tally_add(&s->tally, r) != 0) s->rc = 1;
    s->progress.done++;
    s->progress.failed += r->verdict != WEFT__SIM_HELD;
    if (r->verdict != WEFT__SIM_HELD && !s->keep_going) s->stopping = true;
    if (r->verdict == WEFT__SIM_HELD || (s->has_lowest && s->lowest.result.seed < r->seed)) {
        told_fini(t);
        return;
    }
    told_fini(&s->lowest);
    s->lowest = *t;
    s->has_lowest = true;
    memset(t, 0, sizeof *t);
}

static void count_known(void *ctx, struct weft__sim_result *r) {
    struct sweep *s = ctx;
    struct told t = {*r, NULL};
    s->progress.known++;
    count(s, &t);
}

static int finish(struct sweep *s, struct told *t) {
    s->progress.steps += t->result.steps;
    s->progress.virtual_ns += t->result.virtual_ns;
    int rc = weft__sim_ledger_add(&s->ledger, &t->result, weft__sim_now());
    count(s, t);
    return rc;
}

static void print_trace(const struct weft__sim_result *r, char *out, size_t size) {
    int n = snprintf(out, size, "%s after %" PRIu64 " events, trace ", weft__sim_verdict_name(r->verdict), r->steps);
    for (size_t i = 0; i < sizeof r->trace && n > 0 && (size_t)n + 2 < size; i++)
        n += snprintf(out + n, size - (size_t)n, "%02x", r->trace[i]);
}

/* The second run is told of only where it was another one. */
static int compare(struct sweep *s, struct told *first, struct told *second) {
    if (weft__sim_result_equal(&first->result, &second->result)) {
        first->result.twice = true;
    } else if (second->result.verdict == WEFT__SIM_HUNG || second->result.verdict == WEFT__SIM_NOT_RUN) {
        struct told unknown = *second;
        *second = *first;
        *first = unknown;
    } else {
        char a[160], b[160], text[400];
        print_trace(&first->result, a, sizeof a);
        print_trace(&second->result, b, sizeof b);
        (void)snprintf(text, sizeof text, "first %s; then in other circumstances %s%s%s", a, b,
                       second->result.check == NULL ? "" : ": ",
                       second->result.check == NULL ? "" : second->result.check);
        weft__sim_result_fini(&first->result);
        first->result.verdict = WEFT__SIM_NOT_DETERMINISTIC;
        first->result.check = strdup("not deterministic");
        first->result.detail = strdup(text);
    }
    told_fini(second);
    return finish(s, first);
}

static int take(struct sweep *s, size_t i) {
    struct told t;
    int rc = weft__sim_worker_answer(&s->pool, i, &t.result, &t.report);
    if (rc != 0) {
        fprintf(stderr, "weft sim: %s\n", strerror(rc));
        return 1;
    }
    s->running--;
    if (i >= s->jobs) return compare(s, &s->firsts[i], &t);
    bool ended = t.result.verdict <= WEFT__SIM_NOT_CONVERGED;
    if (!ended || !weft__sim_is_twice(t.result.seed)) return finish(s, &t);
    s->waiting[s->waiting_count++] = t;
    return 0;
}

/* --- Work -------------------------------------------------------------------------------------------------------- */

static bool next_seed(struct sweep *s, uint64_t *seed) {
    const struct weft__sim_campaign *c = &s->ledger.campaign;
    for (; !s->stopping && s->next < s->end; s->next += c->shards) {
        if (weft__sim_ledger_has(&s->ledger, s->next)) continue;
        *seed = s->next;
        s->next += c->shards;
        return true;
    }
    return false;
}

static size_t idle_worker(const struct sweep *s, bool otherwise) {
    size_t i = otherwise ? s->jobs : 0;
    while (s->pool.workers[i].busy) i++;
    return i;
}

static int hand_out(struct sweep *s) {
    uint64_t seed;
    int rc = 0;
    while (rc == 0 && s->running < s->jobs && interrupted == 0) {
        size_t i;
        if (s->waiting_count > 0) {
            i = idle_worker(s, true);
            s->firsts[i] = s->waiting[--s->waiting_count];
            seed = s->firsts[i].result.seed;
        } else if (next_seed(s, &seed)) {
            i = idle_worker(s, false);
        } else {
            break;
        }
        rc = weft__sim_worker_ask(&s->pool, i, seed);
        if (rc == 0) s->running++;
    }
    if (rc == 0) return 0;
    fprintf(stderr, "weft sim: no process: %s\n", strerror(rc));
    return 1;
}

static int wait_for_some(struct sweep *s, struct pollfd *fds) {
    for (size_t i = 0; i < s->pool.count; i++) {
        fds[i].fd = s->pool.workers[i].busy ? s->pool.workers[i].from : -1;
        fds[i].events = POLLIN;
        fds[i].revents = 0;
    }
    if (poll(fds, (nfds_t)s->pool.count, 500) <= 0) return 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->pool.count; i++)
        if (fds[i].revents != 0) rc = take(s, i);
    return rc;
}

static int run_all(struct sweep *s) {
    struct pollfd *fds = calloc(s->pool.count, sizeof *fds);
    int rc = fds == NULL ? 1 : 0;
    while (rc == 0 && interrupted == 0) {
        rc = hand_out(s);
        if (rc != 0 || s->running == 0) break;
        rc = wait_for_some(s, fds);
        weft__sim_progress_show(&s->progress);
        double now = weft__sim_now();
        if (rc == 0 && now - s->ledger.synced >= 1) rc = weft__sim_ledger_sync(&s->ledger, now);
    }
    weft__sim_pool_stop(&s->pool);
    free(fds);
    return rc;
}

/* --- The beginning and the end ----------------------------------------------------------------------------------- */

static void print_outcome(struct sweep *s) {
    const struct weft__sim_progress *p = &s->progress;
    char seeds[32], events[32], real[32];
    double seconds = weft__sim_now() - p->began;
    if (s->has_lowest && !s->keep_going) {
        if (s->lowest.report != NULL) fputs(s->lowest.report, stdout);
        fputs("replay        ", stdout);
        weft__sim_command_print(s->command, s->lowest.result.verdict, s->lowest.result.seed, stdout);
    }
    if (p->known > 0) printf("known         %" PRIu64 " seeds were in the file and were not run again\n", p->known);
    weft__sim_tally_print(&s->tally, s->command, stdout);
    if (p->done == p->known || seconds <= 0) return;
    weft__sim_rate((double)(p->done - p->known) / seconds, seeds, sizeof seeds);
    weft__sim_rate((double)p->steps / seconds, events, sizeof events);
    weft__sim_rate((double)p->virtual_ns * 1e-9 / seconds, real, sizeof real);
    printf("speed         %s seeds a second, %s events a second, %s x real time, %zu processes\n", seeds, events, real,
           s->jobs);
}

static int exit_code(const struct sweep *s, int rc) {
    if (rc != 0) return rc;
    if (s->rc != 0) return s->rc;
    if (interrupted == 0) return weft__sim_tally_code(&s->tally);
    uint64_t left = s->progress.total - s->progress.done;
    fprintf(stderr, "weft sim: interrupted, %" PRIu64 " seeds are left%s\n", left,
            s->ledger.fd < 0 ? "" : "; the same command goes on");
    return 128 + (int)interrupted;
}

static uint64_t shard_size(const struct weft__sim_campaign *c, uint64_t first) {
    uint64_t end = c->first + c->count;
    return first >= end ? 0 : (end - first - 1) / c->shards + 1;
}

/* The seeds of the shard, its file, and as many processes as wanted. */
static int prepare(struct sweep *s, const struct weft__sim_sweep_options *o, const struct weft__sim_campaign *c,
                   const char *path) {
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint64_t skipped = (c->shard - 1 + c->shards - c->first % c->shards) % c->shards;
    s->next = c->first + skipped;
    s->end = c->first + c->count;
    s->jobs = o->jobs != 0 ? (size_t)o->jobs : cores < 1 ? 1 : cores > 256 ? 256 : (size_t)cores;
    s->keep_going = o->keep_going;
    s->pool.count = 2 * s->jobs;
    s->pool.workers = calloc(s->pool.count, sizeof *s->pool.workers);
    s->firsts = calloc(s->pool.count, sizeof *s->firsts);
    s->waiting = calloc(s->jobs, sizeof *s->waiting);
    if (s->pool.workers == NULL || s->firsts == NULL || s->waiting == NULL) {
        fprintf(stderr, "weft sim: out of memory\n");
        return 1;
    }
    for (size_t i = s->jobs; i < s->pool.count; i++) s->pool.workers[i].otherwise = true;
    weft__sim_progress_init(&s->progress, shard_size(c, s->next));
    return weft__sim_ledger_open(&s->ledger, path, c, weft__sim_now(), count_known, s);
}

/* What nohup, or a shell for what is in the background, wants ignored stays so. */
static void catch_signals(void) {
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction a, before;
    memset(&a, 0, sizeof a);
    a.sa_handler = on_signal;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (sigaction(ends[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) (void)sigaction(ends[i], &a, NULL);
    a.sa_handler = SIG_IGN;
    (void)sigaction(SIGPIPE, &a, NULL);
}

static void sweep_fini(struct sweep *s) {
    for (size_t i = 0; s->firsts != NULL && i < s->pool.count; i++) told_fini(&s->firsts[i]);
    for (size_t i = 0; i < s->waiting_count; i++) told_fini(&s->waiting[i]);
    told_fini(&s->lowest);
    weft__sim_tally_fini(&s->tally);
    free(s->pool.workers);
    free(s->firsts);
    free(s->waiting);
}

int weft__sim_sweep_run(const struct weft__sim_work *work, const struct weft__sim_campaign *c,
                        const struct weft__sim_sweep_options *o, const char *path) {
    struct sweep s;
    memset(&s, 0, sizeof s);
    s.command = c->command;
    s.pool.work = *work;
    catch_signals();
    int rc = prepare(&s, o, c, path);
    if (rc == 0) rc = run_all(&s);
    weft__sim_progress_end(&s.progress);
    int closed = weft__sim_ledger_close(&s.ledger);
    if (rc == 0) rc = closed;
    if (rc == 0) print_outcome(&s);
    rc = exit_code(&s, rc);
    sweep_fini(&s);
    return rc;
}
