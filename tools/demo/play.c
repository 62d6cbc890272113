/* play.c: the scenes, one after the other.
 *
 * A scene ends by what was done, not by the clock: tokyo is cut off when four lines in ten are written, frankfurt is
 * killed after more than half of them, and the wires are whole again at three in four. So a slow disk stretches the
 * play and leaves nothing out. */
#define _POSIX_C_SOURCE 200809L
#include "tools/demo/play.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICK_MS      5u
#define LOOK_MS      200u
#define START_MS     20000u /* to start, or to start again */
#define ANSWER_MS    20000u /* without a word from a process that owes one */
#define CONVERGE_MS  60000u
#define QUIT_MS      5000u
#define DEAD_MS      1500u
#define DEAD_FAST_MS 300u

#define DALLAS       WEFT__DEMO_DALLAS
#define FRANKFURT    WEFT__DEMO_FRANKFURT
#define TOKYO        WEFT__DEMO_TOKYO

static const struct wire {
    unsigned from, to; /* from dials */
    unsigned round_trip_ms;
} wires[WEFT__DEMO_RELAYS] = {{DALLAS, FRANKFURT, 123}, {DALLAS, TOKYO, 143}, {FRANKFURT, TOKYO, 233}};

/* --- Words ------------------------------------------------------------------------------------------------------- */

static void say(struct weft__demo_play *p, FILE *to, const char *fmt, va_list args) {
    char text[1024];
    weft__demo_table_leave(p);
    fflush(stdout);
    vsnprintf(text, sizeof text, fmt, args);
    fprintf(to, "==> %s\n", text);
    fflush(to);
}

void weft__demo_play_say(struct weft__demo_play *p, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    say(p, stdout, fmt, args);
    va_end(args);
}

static void enter(struct weft__demo_play *p, enum weft__demo_scene scene, const char *text) {
    p->scene = scene;
    p->scene_ms = uv_now(&p->loop);
    snprintf(p->scene_text, sizeof p->scene_text, "%s", text);
    weft__demo_play_say(p, "%s", text);
}

/* --- The end ----------------------------------------------------------------------------------------------------- */

static void close_rest(struct weft__demo_play *p) {
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        if (p->writers[i].region.handles > 0) return;
    }
    uv_handle_t *handles[] = {(uv_handle_t *)&p->tick,       (uv_handle_t *)&p->show,
                              (uv_handle_t *)&p->kill,       (uv_handle_t *)&p->patience,
                              (uv_handle_t *)&p->signals[0], (uv_handle_t *)&p->signals[1]};
    for (size_t i = 0; i < sizeof handles / sizeof handles[0]; i++) {
        if (!uv_is_closing(handles[i])) uv_close(handles[i], NULL);
    }
}

static void on_patience_over(uv_timer_t *timer) {
    struct weft__demo_play *p = timer->loop->data;
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) weft__demo_region_kill(&p->writers[i].region);
}

static void close_all(struct weft__demo_play *p) {
    if (p->closing) return;
    p->closing = true;
    uv_timer_stop(&p->tick);
    uv_timer_stop(&p->show);
    uv_timer_stop(&p->kill);
    uv_timer_start(&p->patience, on_patience_over, QUIT_MS, 0);
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) weft__demo_region_quit(&p->writers[i].region);
    for (size_t i = 0; i < WEFT__DEMO_RELAYS; i++) weft__demo_relay_close(&p->relays[i]);
    close_rest(p);
}

void weft__demo_play_fail(struct weft__demo_play *p, const char *fmt, ...) {
    if (p->wrong || p->closing) return;
    p->wrong = true;
    va_list args;
    va_start(args, fmt);
    say(p, stderr, fmt, args);
    va_end(args);
    close_all(p);
}

static void on_signal(uv_signal_t *handle, int number) {
    struct weft__demo_play *p = handle->loop->data;
    p->interrupted = true;
    weft__demo_play_fail(p, "interrupted by %s", number == SIGINT ? "Ctrl-C" : "SIGTERM");
}

/* The last line that a process wrote to its standard error. */
static const char *last_words(const struct weft__demo_region *r, char *out, int room) {
    FILE *file = fopen(r->errors, "r");
    char line[400];
    snprintf(out, (size_t)room, "it said nothing");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        snprintf(out, (size_t)room, "it said: %s", line);
    }
    if (file != NULL) fclose(file);
    return out;
}

/* --- What the regions tell --------------------------------------------------------------------------------------- */

static void on_ready(struct weft__demo_region *r) {
    struct weft__demo_play *p = r->ctx;
    for (size_t i = 0; i < WEFT__DEMO_RELAYS; i++) {
        if (wires[i].to == r->number) p->relays[i].to_port = r->port;
    }
    p->writers[r->number].asked = false;
    if (p->scene == WEFT__DEMO_RESTARTED) weft__demo_writer_recover(p, &p->writers[r->number]);
}

static void on_exit_of(struct weft__demo_region *r, bool killed, int64_t status, int signal) {
    struct weft__demo_play *p = r->ctx;
    char words[512];
    if (p->closing) {
        close_rest(p);
    } else if (killed && p->scene == WEFT__DEMO_CUT) {
        enter(p, WEFT__DEMO_KILLED, "frankfurt was killed with SIGKILL; tokyo is still cut off");
        if (p->writers[FRANKFURT].waiting) weft__demo_play_say(p, "frankfurt had a line in hand when it was killed");
    } else if (signal != 0) {
        weft__demo_play_fail(p, "%s was ended by signal %d; %s", r->name, signal, last_words(r, words, sizeof words));
    } else {
        weft__demo_play_fail(p, "%s ended with exit code %" PRId64 "; %s", r->name, status,
                             last_words(r, words, sizeof words));
    }
}

static void on_wrong(struct weft__demo_region *r, const char *what) {
    weft__demo_play_fail(r->ctx, "%s said what nobody asked for: %.200s", r->name, what);
}

static void start_region(struct weft__demo_play *p, size_t i) {
    int peers[WEFT__DEMO_RELAYS + 1] = {0};
    size_t n = 0;
    for (size_t w = 0; w < WEFT__DEMO_RELAYS; w++) {
        if (wires[w].from == i) peers[n++] = p->relays[w].port;
    }
    struct weft__demo_region *r = &p->writers[i].region;
    int rc = weft__demo_region_start(r, &p->loop, p->program, peers);
    if (rc != 0) weft__demo_play_fail(p, "%s: %s cannot be started: %s", r->name, p->program, uv_strerror(rc));
}

/* --- Scenes ------------------------------------------------------------------------------------------------------ */

size_t weft__demo_play_answered(const struct weft__demo_play *p) {
    size_t sum = 0;
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) sum += p->writers[i].answered;
    return sum;
}

static bool written(const struct weft__demo_play *p, unsigned percent) {
    return weft__demo_play_answered(p) * 100 >= p->log->count * percent;
}

static bool scene_lasted(const struct weft__demo_play *p, uint64_t ms) {
    return uv_now(&p->loop) - p->scene_ms >= ms;
}

static bool all_ready(const struct weft__demo_play *p) {
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        if (!p->writers[i].region.ready) return false;
    }
    return true;
}

static void cut_tokyo(struct weft__demo_play *p, bool cut) {
    for (size_t i = 0; i < WEFT__DEMO_RELAYS; i++) {
        if (wires[i].to == TOKYO) weft__demo_relay_cut(&p->relays[i], cut);
    }
}

/* All say the same, and said it after the last line was written. */
static bool converged(const struct weft__demo_play *p) {
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        const struct weft__demo_writer *w = &p->writers[i];
        if (w->asked || w->view.asked_ms < p->scene_ms) return false;
        if (strcmp(w->view.hash, p->writers[0].view.hash) != 0) return false;
    }
    return true;
}

static bool all_dumped(const struct weft__demo_play *p) {
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        if (!p->writers[i].dumped) return false;
    }
    return true;
}

static void restart_frankfurt(struct weft__demo_play *p) {
    enter(p, WEFT__DEMO_RESTARTED, "frankfurt is started again on the file it left; tokyo is still cut off");
    start_region(p, FRANKFURT);
}

static void dump_all(struct weft__demo_play *p) {
    weft__demo_table_show(p);
    enter(p, WEFT__DEMO_DUMPING, "all three have the same state");
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) weft__demo_writer_dump(p, &p->writers[i]);
}

static void advance(struct weft__demo_play *p) {
    switch (p->scene) {
    case WEFT__DEMO_STARTING:
        if (!all_ready(p)) return;
        p->begun_ms = uv_now(&p->loop);
        enter(p, WEFT__DEMO_TOGETHER, "three regions write, all wires are whole");
        return;
    case WEFT__DEMO_TOGETHER:
        if (!written(p, 40)) return;
        cut_tokyo(p, true);
        enter(p, WEFT__DEMO_CUT, "tokyo is cut off; all three go on writing");
        return;
    case WEFT__DEMO_CUT:
        p->kill_next = written(p, 55) && !p->kill_sent;
        return;
    case WEFT__DEMO_KILLED:
        if (scene_lasted(p, p->fast ? DEAD_FAST_MS : DEAD_MS)) restart_frankfurt(p);
        return;
    case WEFT__DEMO_RESTARTED:
        return;
    case WEFT__DEMO_BACK:
        snprintf(p->scene_text, sizeof p->scene_text, "frankfurt is back; tokyo is still cut off");
        if (!written(p, 75)) return;
        cut_tokyo(p, false);
        enter(p, WEFT__DEMO_HEALED, "the wires to tokyo are whole again");
        return;
    case WEFT__DEMO_HEALED:
        if (written(p, 100)) enter(p, WEFT__DEMO_WRITTEN, "every line is written; the rest is on its way");
        return;
    case WEFT__DEMO_WRITTEN:
        if (converged(p)) dump_all(p);
        return;
    case WEFT__DEMO_DUMPING:
        if (!all_dumped(p)) return;
        p->scene = WEFT__DEMO_OVER;
        close_all(p);
        return;
    case WEFT__DEMO_OVER:
        return;
    }
}

/* --- Time -------------------------------------------------------------------------------------------------------- */

static void watch(struct weft__demo_play *p) {
    uint64_t now = uv_now(&p->loop);
    bool starting = p->scene == WEFT__DEMO_STARTING || p->scene == WEFT__DEMO_RESTARTED;
    if (starting && scene_lasted(p, START_MS))
        weft__demo_play_fail(p, "a region is not ready after %u s", START_MS / 1000);
    if (p->scene == WEFT__DEMO_WRITTEN && scene_lasted(p, CONVERGE_MS)) {
        weft__demo_play_fail(p, "no convergence within %u s: dallas %s, frankfurt %s, tokyo %s", CONVERGE_MS / 1000,
                             p->writers[DALLAS].view.hash, p->writers[FRANKFURT].view.hash,
                             p->writers[TOKYO].view.hash);
    }
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        const struct weft__demo_region *r = &p->writers[i].region;
        if (!r->ready || r->ask_count == 0 || now - r->heard_ms < ANSWER_MS) continue;
        if (now - p->writers[i].view.asked_ms < ANSWER_MS) continue;
        weft__demo_play_fail(p, "%s has not answered for %u s", r->name, ANSWER_MS / 1000);
    }
}

static void on_tick(uv_timer_t *timer) {
    struct weft__demo_play *p = timer->loop->data;
    advance(p);
    for (size_t i = 0; i < WEFT__DEMO_REGIONS && !p->closing; i++) {
        struct weft__demo_writer *w = &p->writers[i];
        weft__demo_writer_write(p, w);
        if (p->scene < WEFT__DEMO_DUMPING && uv_now(&p->loop) - w->view.asked_ms >= LOOK_MS) {
            weft__demo_writer_look(p, w);
        }
    }
    if (!p->closing) watch(p);
}

static void on_show(uv_timer_t *timer) {
    struct weft__demo_play *p = timer->loop->data;
    if (p->scene != WEFT__DEMO_STARTING && p->scene < WEFT__DEMO_DUMPING) weft__demo_table_show(p);
}

/* --- All of it --------------------------------------------------------------------------------------------------- */

static void init_writer(struct weft__demo_play *p, unsigned i) {
    struct weft__demo_writer *w = &p->writers[i];
    struct weft__demo_region *r = &w->region;
    r->name = weft__demo_region_names[i];
    r->number = i;
    r->ctx = p;
    r->on_ready = on_ready;
    r->on_exit = on_exit_of;
    r->on_wrong = on_wrong;
    snprintf(r->store, sizeof r->store, "%s/%s.db", p->folder, r->name);
    snprintf(r->errors, sizeof r->errors, "%s/%s.err", p->folder, r->name);
    snprintf(r->key, sizeof r->key, "%s/%s.key", p->folder, r->name);
    snprintf(r->cluster, sizeof r->cluster, "%s/cluster", p->folder);
    w->lines = weft__demo_grow(NULL, p->log->share[i], sizeof *w->lines);
    for (size_t l = 0; l < p->log->count; l++) {
        if (p->log->lines[l].region == i) w->lines[w->count++] = l;
    }
}

void weft__demo_play_init(struct weft__demo_play *p) {
    static const int numbers[2] = {SIGINT, SIGTERM};
    p->loop.data = p;
    uv_timer_init(&p->loop, &p->tick);
    uv_timer_init(&p->loop, &p->show);
    uv_timer_init(&p->loop, &p->kill);
    uv_timer_init(&p->loop, &p->patience);
    for (size_t i = 0; i < 2; i++) {
        uv_signal_init(&p->loop, &p->signals[i]);
        uv_signal_start(&p->signals[i], on_signal, numbers[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    for (unsigned i = 0; i < WEFT__DEMO_REGIONS; i++) init_writer(p, i);
}

bool weft__demo_play_run(struct weft__demo_play *p) {
    p->scene_ms = p->begun_ms = uv_now(&p->loop);
    uv_timer_start(&p->tick, on_tick, 0, TICK_MS);
    uv_timer_start(&p->show, on_show, 100, p->terminal ? 100 : 1000);
    for (size_t i = 0; i < WEFT__DEMO_RELAYS && !p->closing; i++) {
        int rc = weft__demo_relay_open(&p->relays[i], &p->loop, wires[i].round_trip_ms);
        if (rc != 0) weft__demo_play_fail(p, "no port for a wire between regions: %s", uv_strerror(rc));
    }
    for (size_t i = 0; i < WEFT__DEMO_REGIONS && !p->closing; i++) start_region(p, i);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    return !p->wrong;
}

void weft__demo_play_fini(struct weft__demo_play *p) {
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) {
        weft__demo_region_fini(&p->writers[i].region);
        weft__demo_tally_fini(&p->writers[i].dump);
        free(p->writers[i].lines);
    }
}
