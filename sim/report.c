/* report.c: what a run did, in numbers and in words. */
#include <string.h>

#include "sim/world.h"

void weft_sim_stats(const struct weft_sim *s, struct weft_sim_stats *out) {
    *out = s->stats;
    out->now_ns = s->now_ns;
    out->lost = s->net.lost;
    out->duplicated = s->net.duplicated;
    out->reordered = s->net.reordered;
    out->corrupted = s->net.corrupted;
    out->truncated = s->net.truncated;
    out->values_checked = s->check.values_checked;
    out->states_checked = s->check.states_checked;
    out->bytes_checked = s->check.bytes_checked;
    for (size_t i = 0; i < s->machine_count; i++) {
        const struct weft__ration *ration = s->machines[i].ration;
        out->starvations += ration->failures;
        if (out->memory < ration->most) out->memory = ration->most;
    }
    weft__trace_hash(&s->trace, out->trace);
    for (size_t i = 0; i < s->machine_count; i++) {
        if (s->machines[i].replica == NULL) continue;
        struct weft_replica_stats r;
        weft_replica_stats(s->machines[i].replica, &r);
        memcpy(out->state, r.state_hash, sizeof out->state);
        return;
    }
}

const char *weft_sim_failure(const struct weft_sim *s) {
    return s->failure.len == 0 ? NULL : (const char *)s->failure.ptr;
}

const char *weft_sim_failed_check(const struct weft_sim *s) {
    return s->failure.len == 0 ? NULL : weft__check_names[s->check.failed];
}

static void line(struct weft_buf *b, const char *name) {
    weft_buf_printf(b, "%s%-14s", b->len == 0 ? "" : "\n", name);
}

static void count(struct weft_buf *b, uint64_t n, const char *what) {
    if (n > 0) weft_buf_printf(b, "%llu %s  ", (unsigned long long)n, what);
}

static void hex(struct weft_buf *b, const uint8_t bytes[16]) {
    for (int i = 0; i < 16; i++) weft_buf_printf(b, "%02x", bytes[i]);
}

static void seconds(struct weft_buf *b, uint64_t ns) {
    weft_buf_printf(b, "%llu.%03llu s", (unsigned long long)(ns / 1000000000u),
                    (unsigned long long)(ns / 1000000u % 1000u));
}

static void verdict(struct weft_buf *b, const struct weft_sim *s) {
    if (s->failure.len > 0) {
        line(b, "FAILED");
        weft_buf_append_str(b, weft_sim_failure(s));
    } else if (s->check.parted) {
        line(b, "parted");
        weft_buf_append_str(b, "two chains of one epoch got out: nothing was compared after that");
    } else if (s->message.len > 0) {
        line(b, "not done");
        weft_buf_append_slice(b, weft_buf_slice(&s->message));
    } else if (s->converged) {
        line(b, "converged");
        seconds(b, s->stats.converged_ns);
        unsigned long long rounds = (unsigned long long)s->stats.converged_rounds;
        weft_buf_printf(b, ", %llu round%s after the last fault or transaction", rounds, rounds == 1 ? "" : "s");
    } else {
        line(b, "not converged");
    }
}

/* Somebody did what no check could tell from a fault of the engine (links.c, liar.c). */
static void unchecked(struct weft_buf *b, const struct weft_sim *s) {
    unsigned off = 0;
    for (unsigned i = 0; i < WEFT__CHECKS; i++) off += s->check.off >> i & 1;
    if (off == 0 || s->check.parted) return;
    line(b, "not checked");
    weft_buf_printf(b, "%u of %u things, once a lie or a changed message was believed", off, (unsigned)WEFT__CHECKS);
}

/* Of a line: nothing to tell is no line. */
static void end_counts(struct weft_buf *b, size_t begin, size_t empty) {
    b->len = b->len == empty ? begin : b->len - 2;
}

static void faults(struct weft_buf *b, const struct weft_sim_stats *t) {
    size_t begin = b->len;
    line(b, "faults");
    size_t empty = b->len;
    count(b, t->lost, "messages lost");
    count(b, t->duplicated, "duplicated");
    count(b, t->reordered, "held back");
    count(b, t->corrupted, "corrupted");
    count(b, t->truncated, "cut short");
    count(b, t->links_down, "links broke");
    count(b, t->overflows, "of full buffers");
    count(b, t->link_faults, "links ill-treated");
    count(b, t->crashes, "crashes");
    count(b, t->restores, "restored backups");
    count(b, t->copies, "copied stores");
    count(b, t->clock_steps, "clock steps");
    count(b, t->clock_faults, "clocks ill-treated");
    count(b, t->store_failures, "failed writes");
    count(b, t->disk_faults, "disk faults");
    count(b, t->wiped, "stores refused and begun anew");
    count(b, t->pauses, "pauses");
    count(b, t->rewinds, "memories rolled back");
    count(b, t->starvations, "times no memory");
    count(b, t->lies, "lies");
    count(b, t->releases, "changes of release");
    count(b, t->joins, "joined");
    count(b, t->retirements, "retired");
    end_counts(b, begin, empty);
    begin = b->len;
    line(b, "engine");
    empty = b->len;
    count(b, t->notices[WEFT_NOTICE_STATE_DONE], "state transfers");
    count(b, t->notices[WEFT_NOTICE_CHECKPOINT], "checkpoints");
    count(b, t->notices[WEFT_NOTICE_PARKED], "parked");
    count(b, t->notices[WEFT_NOTICE_CLONED], "clones found");
    count(b, t->notices[WEFT_NOTICE_REISSUED], "branches issued again");
    count(b, t->notices[WEFT_NOTICE_EQUIVOCATION], "equivocations");
    count(b, t->notices[WEFT_NOTICE_REFUSED], "messages refused");
    count(b, t->notices[WEFT_NOTICE_VOID], "void transactions");
    end_counts(b, begin, empty);
}

/* What each replica has, where they differ. */
static void positions(struct weft_buf *b, const struct weft_sim *s) {
    for (size_t i = 0; i < s->machine_count; i++) {
        const struct weft__machine *m = &s->machines[i];
        line(b, "replica");
        weft_buf_printf(b, "%llu %s, applied", (unsigned long long)i, m->replica == NULL ? "down" : "up");
        for (size_t k = 0; k < m->watched.applied.len; k++)
            weft_buf_printf(b, " %llu", (unsigned long long)m->watched.applied.seq[k]);
    }
}

const char *weft_sim_report(struct weft_sim *s) {
    struct weft_buf *b = &s->report;
    struct weft_sim_stats t;
    weft_sim_stats(s, &t);
    weft_buf_reset(b);
    verdict(b, s);
    line(b, "seed");
    weft_buf_printf(b, "%llu, %llu replicas, ", (unsigned long long)s->schedule->options.seed,
                    (unsigned long long)s->machine_count);
    seconds(b, t.now_ns);
    weft_buf_append_str(b, " of virtual time");
    size_t begin = b->len;
    line(b, "transactions");
    size_t empty = b->len;
    count(b, t.transactions, "committed");
    count(b, t.empty_transactions, "without effect");
    count(b, t.refused_transactions, "not possible at the time");
    count(b, t.denied_transactions, "without the right");
    count(b, t.documents, "documents of rights");
    end_counts(b, begin, empty);
    line(b, "messages");
    weft_buf_printf(b, "%llu, %llu bytes", (unsigned long long)t.messages, (unsigned long long)t.bytes);
    line(b, "memory");
    weft_buf_printf(b, "%llu bytes at most in a replica", (unsigned long long)t.memory);
    faults(b, &t);
    line(b, "checked");
    weft_buf_printf(b, "%llu events  %llu values  %llu states  %llu encodings", (unsigned long long)t.steps,
                    (unsigned long long)t.values_checked, (unsigned long long)t.states_checked,
                    (unsigned long long)t.bytes_checked);
    unchecked(b, s);
    line(b, "state");
    hex(b, t.state);
    line(b, "trace");
    hex(b, t.trace);
    if (!weft__sim_is_converged(s)) positions(b, s);
    weft_buf_append(b, "\n", 2); /* and the end of the string */
    return b->err != 0 ? "out of memory" : (const char *)b->ptr;
}
