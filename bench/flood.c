/* Members at half load while strangers dial one of them: how long a write takes to be seen by the others.
 *
 * Three members, each a process with encrypted links over loopback and a memory store, write registers; each write's
 * time lies in shared memory, and who sees the change takes it from there. A fourth process is the strangers: so many
 * connections a second from thousands of addresses, all to the first member. They need a processor too, and there are
 * few: so there is a phase in which they dial a port of nobody that drops them the same way, and the flood is told
 * against both, quiet and that one. Phases alternate, so that what else the machine does meets all alike. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>
#include <uv.h>

#include <weft/identity.h>
#include <weft/lwwreg.h>
#include <weft/uv.h>

#include "bench/bench.h"

#define MEMBERS     3u
#define RATE        10000u /* strangers a second */
#define RING        (1u << 17)
#define KEYS        1024u
#define WINDOW      512u /* writes of a member that others have not seen, at full load */
#define ROUNDS      6u
#define PHASE_S     1.2
#define SETTLE_S    0.25
#define STEPS       64u /* of the histogram, to a doubling */
#define BUCKETS     (40u * STEPS)
#define HELD_MAX    4096u /* connections that the strangers hold */
#define WHOLE_FRAME 58u   /* greeting, length, a first message */

enum phase { QUIET, BESIDE, GARBAGE, FIRST, SILENT, PHASES };
static const char *const names[PHASES] = {"quiet", "strangers dial a port of nobody", "they say something else",
                                          "they send a first message", "they say nothing"};

struct shared {
    _Atomic int port[MEMBERS], nobody;
    _Atomic unsigned slot; /* where samples go; 0: nowhere */
    _Atomic enum phase attack;
    _Atomic uint64_t rate; /* writes a second of each member; 0: as many as go through */
    _Atomic uint64_t written[MEMBERS], seen[MEMBERS][MEMBERS]; /* [who sees][whose] */
    _Atomic uint64_t written_ns[MEMBERS][RING];
    _Atomic uint64_t cpu_ns[MEMBERS + 1];
    _Atomic uint64_t dialled, accepted;
    uint32_t samples[ROUNDS * PHASES + 1][MEMBERS][BUCKETS];
};
static struct shared *sh;

static uint64_t now_ns(void) {
    return (uint64_t)(bench_now() * 1e9);
}

static void wait_for(double seconds) {
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    while (nanosleep(&t, &t) != 0 && errno == EINTR) continue;
}

/* --- Latencies --------------------------------------------------------------------------------------------------- */

static unsigned bucket_of(uint64_t ns) {
    unsigned octave = 0;
    while (ns >> octave >= 2 * STEPS) octave++;
    unsigned at = octave * STEPS + (unsigned)(ns >> octave);
    return at < BUCKETS ? at : BUCKETS - 1;
}

static double value_of(unsigned bucket) {
    unsigned octave = bucket < 2 * STEPS ? 0 : bucket / STEPS - 1;
    return (double)(bucket - octave * STEPS) * (double)(UINT64_C(1) << octave);
}

/* Of all members, in microseconds. */
static double quantile(unsigned slot, double q) {
    uint64_t sum = 0, below = 0;
    for (unsigned m = 0; m < MEMBERS; m++)
        for (unsigned b = 0; b < BUCKETS; b++) sum += sh->samples[slot][m][b];
    for (unsigned b = 0; b < BUCKETS; b++) {
        for (unsigned m = 0; m < MEMBERS; m++) below += sh->samples[slot][m][b];
        if ((double)below >= q * (double)sum && below > 0) return value_of(b) / 1e3;
    }
    return 0;
}

/* --- A member ---------------------------------------------------------------------------------------------------- */

static struct member {
    unsigned index;
    uv_loop_t loop;
    uv_timer_t tick;
    struct weft_uv *node;
    struct weft_subscription sub;
    uint64_t begun_ns, rate, due;
} me;

static unsigned index_of(const struct weft_origin *o) {
    return o->replica.bytes[0] - 1u;
}

static void on_change(struct weft_subscription *s, const struct weft_change *c) {
    (void)s;
    unsigned slot = atomic_load(&sh->slot), from = index_of(&c->origin);
    if (c->local || from >= MEMBERS) return;
    uint64_t at = atomic_load(&sh->written_ns[from][c->seq % RING]), now = now_ns();
    atomic_store(&sh->seen[me.index][from], c->seq);
    if (slot != 0 && now > at) sh->samples[slot][me.index][bucket_of(now - at)]++;
}

static bool write_one(void) {
    struct weft_txn *t;
    char key[16];
    uint64_t seq = atomic_load(&sh->written[me.index]) + 1;
    if (weft_uv_txn_begin(me.node, &t) != 0) return false;
    int len = snprintf(key, sizeof key, "%u/%u", me.index, (unsigned)(seq % KEYS));
    weft_lwwreg_set(weft_txn_edit(t, weft_slice(key, (size_t)len), &weft_lwwreg_class), weft_slice(&seq, sizeof seq));
    atomic_store(&sh->written_ns[me.index][seq % RING], now_ns());
    if (weft_txn_commit(t, NULL) != 0) return false;
    atomic_store(&sh->written[me.index], seq);
    return true;
}

static uint64_t unseen(void) {
    uint64_t least = UINT64_MAX;
    for (unsigned m = 0; m < MEMBERS; m++)
        if (m != me.index && atomic_load(&sh->seen[m][me.index]) < least) least = atomic_load(&sh->seen[m][me.index]);
    return atomic_load(&sh->written[me.index]) - least;
}

static void on_tick(uv_timer_t *timer) {
    (void)timer;
    uint64_t rate = atomic_load(&sh->rate), now = now_ns();
    struct weft_uv_stats stats;
    weft_uv_stats(me.node, &stats);
    if (me.index == 0) atomic_store(&sh->accepted, stats.accepted);
    atomic_store(&sh->cpu_ns[me.index], (uint64_t)(bench_cpu() * 1e9));
    if (rate != me.rate) {
        me.rate = rate;
        me.begun_ns = now;
        me.due = 0;
    }
    if (stats.links < MEMBERS - 1) return;
    if (rate == 0) {
        while (unseen() < WINDOW && write_one()) continue;
        return;
    }
    uint64_t due = (now - me.begun_ns) * rate / 1000000000u;
    if (due - me.due > rate / 20) me.due = due - rate / 20; /* what could not be written is not made up for at once */
    while (me.due < due && unseen() < RING / 2 && write_one()) me.due++;
}

static struct weft_identity *make_identity(unsigned index, const struct weft_key *authority,
                                           const uint8_t signer[WEFT_AUTHORITY_SECRET_LEN]) {
    static const struct weft_key cluster_key = {"the key of the cluster, 32 bytes"};
    struct weft_identity_options o;
    struct weft_key secret;
    struct weft_identity *id;
    struct weft_buf bytes;
    uint64_t now = (uint64_t)time(NULL);
    struct weft_certificate c = {
        .name = "dallas", .not_before = now - 60, .not_after = now + 3600, .serial = index + 1};
    c.replica.bytes[0] = (uint8_t)(index + 1);
    weft_buf_init(&bytes, NULL);
    bench_check(weft_key_new(&secret), "weft_key_new");
    weft_key_public(&c.key, &secret);
    bench_check(weft_certificate_sign(&c, signer, &bytes), "weft_certificate_sign");
    weft_identity_options_init(&o);
    o.cluster_key = &cluster_key;
    o.secret = &secret;
    o.authorities = authority;
    o.authority_count = 1;
    o.certificate = weft_buf_slice(&bytes);
    bench_check(weft_identity_new(&id, &o, NULL, 0), "weft_identity_new");
    weft_buf_fini(&bytes);
    return id;
}

/* Dials those before it. Runs until it is killed. */
static void be_member(unsigned index, const struct weft_key *authority, const uint8_t *signer) {
    char seeds[MEMBERS][32];
    const char *list[MEMBERS + 1] = {NULL};
    struct weft_uv_options o;
    struct weft_replica_options engine;
    weft_uv_options_init(&o);
    weft_replica_options_init(&engine);
    me.index = index;
    engine.replica.bytes[0] = (uint8_t)(index + 1);
    o.replica = &engine;
    o.identity = make_identity(index, authority, signer);
    o.listen = "127.0.0.1:0";
    for (unsigned m = 0; m < index; m++) {
        while (atomic_load(&sh->port[m]) == 0) wait_for(0.001);
        (void)snprintf(seeds[m], sizeof seeds[m], "127.0.0.1:%d", atomic_load(&sh->port[m]));
        list[m] = seeds[m];
    }
    o.seeds = list;
    bench_check(uv_loop_init(&me.loop), "uv_loop_init");
    bench_check(weft_uv_new(&me.node, &me.loop, &o, NULL, 0), "weft_uv_new");
    atomic_store(&sh->port[index], weft_uv_port(me.node));
    me.sub.cb = on_change;
    bench_check(weft_subscribe(me.node, weft_str(""), &me.sub), "weft_subscribe");
    uv_timer_init(&me.loop, &me.tick);
    uv_timer_start(&me.tick, on_tick, 1, 1);
    uv_run(&me.loop, UV_RUN_DEFAULT);
}

/* --- Strangers --------------------------------------------------------------------------------------------------- */

static struct {
    int held[HELD_MAX];
    unsigned next;
    uint32_t random;
    uint8_t text[WHOLE_FRAME];
} strangers;

static uint32_t draw(void) {
    strangers.random = strangers.random * 1664525u + 1013904223u;
    return strangers.random >> 8;
}

/* What was dialled longest ago is let go. */
static void hold(int fd, unsigned most) {
    unsigned at = strangers.next++ % most;
    if (strangers.held[at] > 0) close(strangers.held[at]);
    strangers.held[at] = fd;
}

static void let_go(void) {
    for (unsigned i = 0; i < HELD_MAX; i++)
        if (strangers.held[i] > 0) close(strangers.held[i]);
    memset(strangers.held, 0, sizeof strangers.held);
    strangers.next = 0;
}

static void dial_one(enum phase p) {
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return;
    from.sin_addr.s_addr = htonl(0x7f010000u + draw() % 0x20000u);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)(p == BESIDE ? atomic_load(&sh->nobody) : atomic_load(&sh->port[0])));
    (void)fcntl(fd, F_SETFL, O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    (void)bind(fd, (struct sockaddr *)&from, sizeof from);
    /* Over loopback it is connected when this returns, or was dropped. */
    (void)connect(fd, (struct sockaddr *)&to, sizeof to);
    atomic_fetch_add(&sh->dialled, 1);
    if (p != SILENT) (void)send(fd, strangers.text, sizeof strangers.text, MSG_NOSIGNAL | MSG_DONTWAIT);
    hold(fd, p == SILENT ? HELD_MAX : HELD_MAX / 8);
}

static void prepare_text(enum phase p) {
    static const uint8_t head[] = {'W', 'E', 'F', 'T', '\r', '\n', 1, 1, 0, 48};
    for (size_t i = 0; i < sizeof strangers.text; i++) strangers.text[i] = (uint8_t)draw();
    if (p == FIRST) memcpy(strangers.text, head, sizeof head);
}

static void be_strangers(void) {
    uint64_t begun = now_ns(), done = 0;
    enum phase p = QUIET;
    for (;;) {
        wait_for(0.001);
        atomic_store(&sh->cpu_ns[MEMBERS], (uint64_t)(bench_cpu() * 1e9));
        enum phase wanted = atomic_load(&sh->attack);
        if (wanted != p) {
            let_go();
            p = wanted;
            begun = now_ns();
            done = 0;
            prepare_text(p);
        }
        if (p == QUIET) continue;
        uint64_t due = (now_ns() - begun) * RATE / 1000000000u;
        for (; done < due; done++) dial_one(p);
    }
}

/* A port that nobody takes connections from: its queue fills, and the system drops who dials. */
static void open_nobody(void) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 || listen(fd, 128) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        bench_check(-1, "a port of nobody");
    atomic_store(&sh->nobody, ntohs(at.sin_port));
}

/* --- Measuring --------------------------------------------------------------------------------------------------- */

static pid_t pids[MEMBERS + 1];

static void start(void) {
    struct weft_key authority;
    uint8_t signer[WEFT_AUTHORITY_SECRET_LEN];
    bench_check(weft_authority_new(&authority, signer), "weft_authority_new");
    open_nobody();
    for (unsigned i = 0; i <= MEMBERS; i++) {
        pids[i] = fork();
        bench_check(pids[i] < 0 ? -1 : 0, "fork");
        if (pids[i] != 0) continue;
        if (i < MEMBERS)
            be_member(i, &authority, signer);
        else
            be_strangers();
        _exit(0);
    }
}

static void stop(void) {
    for (unsigned i = 0; i <= MEMBERS; i++) {
        (void)kill(pids[i], SIGKILL);
        (void)waitpid(pids[i], NULL, 0);
    }
}

static uint64_t written(void) {
    uint64_t sum = 0;
    for (unsigned m = 0; m < MEMBERS; m++) sum += atomic_load(&sh->written[m]);
    return sum;
}

static void expect_alive(void) {
    if (waitpid(-1, NULL, WNOHANG) == 0) return;
    stop();
    bench_check(-1, "a process ended");
}

/* Writes a second of each member, when they write as fast as the others see it. */
static double full_load(void) {
    wait_for(1.5);
    expect_alive();
    uint64_t from = written();
    double begun = bench_now();
    wait_for(2);
    return (double)(written() - from) / (bench_now() - begun) / MEMBERS;
}

struct measured {
    double p50[PHASES][ROUNDS], p99[PHASES][ROUNDS];
    double first_cpu[PHASES][ROUNDS], strangers_cpu[PHASES][ROUNDS]; /* share of a processor */
    double dialled[PHASES][ROUNDS], accepted[PHASES][ROUNDS];        /* a second */
};

static void measure(struct measured *m, unsigned round, enum phase p) {
    unsigned slot = 1 + round * PHASES + p;
    atomic_store(&sh->attack, p);
    wait_for(SETTLE_S);
    uint64_t cpu = atomic_load(&sh->cpu_ns[0]), theirs = atomic_load(&sh->cpu_ns[MEMBERS]);
    uint64_t dialled = atomic_load(&sh->dialled), accepted = atomic_load(&sh->accepted);
    double begun = bench_now();
    atomic_store(&sh->slot, slot);
    wait_for(PHASE_S);
    atomic_store(&sh->slot, 0);
    double s = bench_now() - begun;
    atomic_store(&sh->attack, QUIET);
    m->first_cpu[p][round] = (double)(atomic_load(&sh->cpu_ns[0]) - cpu) / 1e9 / s;
    m->strangers_cpu[p][round] = (double)(atomic_load(&sh->cpu_ns[MEMBERS]) - theirs) / 1e9 / s;
    m->dialled[p][round] = (double)(atomic_load(&sh->dialled) - dialled) / s;
    m->accepted[p][round] = (double)(atomic_load(&sh->accepted) - accepted) / s;
    wait_for(SETTLE_S);
    m->p50[p][round] = quantile(slot, 0.5);
    m->p99[p][round] = quantile(slot, 0.99);
}

static void report(const struct measured *m, double full) {
    char what[160];
    bench_row("full load, writes of each member", bench_summary(&full, 1), "/s", "");
    for (enum phase p = QUIET; p < PHASES; p++) {
        (void)snprintf(what, sizeof what, "%s: p50", names[p]);
        bench_row(what, bench_summary(m->p50[p], ROUNDS), "µs", "");
        bench_row("... p99", bench_summary(m->p99[p], ROUNDS), "µs", "");
        if (p != QUIET)
            bench_row("... p99, ratio to quiet", bench_ratio(m->p99[p], m->p99[QUIET], ROUNDS), "x",
                      p > BESIDE ? "under 1.10 x" : "");
        if (p > BESIDE)
            bench_row("... p99, ratio to a port of nobody", bench_ratio(m->p99[p], m->p99[BESIDE], ROUNDS), "x", "");
        bench_row("... processor of the member that is dialled", bench_summary(m->first_cpu[p], ROUNDS), "cores", "");
        if (p == QUIET) continue;
        bench_row("... processor of the strangers", bench_summary(m->strangers_cpu[p], ROUNDS), "cores", "");
        bench_row("... strangers that dial", bench_summary(m->dialled[p], ROUNDS), "/s", "");
        if (p > BESIDE) bench_row("... of them taken", bench_summary(m->accepted[p], ROUNDS), "/s", "");
    }
}

void bench_flood(void) {
    static struct measured m;
    sh = mmap(NULL, sizeof *sh, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bench_check(sh == MAP_FAILED ? -1 : 0, "mmap");
    start();
    double full = full_load();
    atomic_store(&sh->rate, (uint64_t)(full / 2));
    wait_for(1);
    for (unsigned round = 0; round < ROUNDS; round++)
        for (enum phase p = QUIET; p < PHASES; p++) measure(&m, round, p);
    stop();
    bench_section(
        "Strangers at the door",
        "Three members, a process each, encrypted links over loopback, memory stores, at half of what they "
        "can write; from a write to its being seen by another member. 10,000 strangers a second, from as many "
        "addresses, dial one of them. They run on the same processors, so there is a phase in which they dial "
        "a port where nobody takes them. Phases alternate.");
    report(&m, full);
    (void)munmap(sh, sizeof *sh);
}
