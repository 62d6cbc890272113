/* expect.c: what is to come of a run, before it and after it. */
#include <stddef.h>
#include <string.h>

#include <weft/err.h>

#include "tools/scenario/build.h"

#define STAT(field)                                                                                                    \
    { #field, offsetof(struct weft_sim_stats, field) }
#define NOTICE(name, kind)                                                                                             \
    { name, offsetof(struct weft_sim_stats, notices) + (kind) * sizeof(uint64_t) }

static const struct {
    const char *name;
    size_t offset;
} counted[] = {
    STAT(messages),
    STAT(bytes),
    STAT(lost),
    STAT(duplicated),
    STAT(reordered),
    STAT(corrupted),
    STAT(transactions),
    STAT(empty_transactions),
    STAT(refused_transactions),
    STAT(denied_transactions),
    STAT(documents),
    STAT(full_transactions),
    STAT(links_up),
    STAT(links_down),
    STAT(crashes),
    STAT(restarts),
    STAT(restores),
    STAT(copies),
    STAT(clock_steps),
    STAT(store_failures),
    STAT(disk_faults),
    STAT(lies),
    STAT(pauses),
    STAT(held),
    STAT(joins),
    STAT(retirements),
    STAT(rewinds),
    STAT(starvations),
    STAT(wiped),
    STAT(values_checked),
    STAT(converged_rounds),
    NOTICE("parked", WEFT_NOTICE_PARKED),
    NOTICE("unparked", WEFT_NOTICE_UNPARKED),
    NOTICE("void_transactions", WEFT_NOTICE_VOID),
    NOTICE("refused_messages", WEFT_NOTICE_REFUSED),
    NOTICE("clones_found", WEFT_NOTICE_CLONED),
    NOTICE("copies_found", WEFT_NOTICE_SAME_REPLICA),
    NOTICE("equivocations", WEFT_NOTICE_EQUIVOCATION),
    NOTICE("state_transfers", WEFT_NOTICE_STATE_DONE),
    NOTICE("checkpoints", WEFT_NOTICE_CHECKPOINT),
    NOTICE("reissued", WEFT_NOTICE_REISSUED),
};
#define COUNTED (sizeof counted / sizeof *counted)

const char *weft__scenario_counted(size_t i) {
    return i < COUNTED ? counted[i].name : NULL;
}

static const char *const outcomes[] = {"converged", "not converged", "check failed"};

/* --- Before --------------------------------------------------------------------------------------------------------
 */

static int read_outcome(struct weft__build *b, const char *outcome) {
    weft__build_at(b, "expect.outcome");
    for (unsigned i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
        if (strcmp(outcomes[i], outcome) == 0) {
            b->s->outcome = (enum weft__outcome)i;
            return 0;
        }
    return weft__build_refuse(b, "none of \"converged\", \"not converged\", \"check failed\": \"%.40s\"", outcome);
}

/* "20 rounds": a round is the time in which every replica has said to its peers what it has. */
static int read_within(struct weft__build *b, const char *within) {
    size_t digits = strspn(within, "0123456789");
    char rounds[16];
    weft__build_at(b, "expect.converge_within");
    if (strcmp(within + digits, " rounds") != 0 && strcmp(within + digits, " round") != 0)
        return weft__build_option(b, "within_ns", within);
    if (digits == 0 || digits >= sizeof rounds || strspn(within, "0") == digits)
        return weft__build_refuse(b, "how many rounds? \"20 rounds\", or a time");
    memcpy(rounds, within, digits);
    rounds[digits] = '\0';
    return weft__build_option(b, "within_rounds", rounds);
}

static int read_count(struct weft__build *b, unsigned i) {
    const struct weft__document_count *d = &b->d->expect->counts[i];
    struct weft__scenario_count *c = &b->s->counts[b->s->count_count++];
    int rc = 0;
    *c = (struct weft__scenario_count){.most = UINT64_MAX};
    weft__build_at(b, "expect.counts[%u]", i);
    if (d->what == NULL || (d->least == NULL && d->most == NULL))
        return weft__build_refuse(b, "how many of what? say `what`, and `least` or `most`");
    while (c->what < COUNTED && strcmp(counted[c->what].name, d->what) != 0) c->what++;
    weft__build_at(b, "expect.counts[%u].what", i);
    if (c->what == COUNTED)
        return weft__build_refuse(b, "nothing that is counted: \"%.40s\"; docs/scenarios.md has the list", d->what);
    weft__build_at(b, "expect.counts[%u].least", i);
    if (d->least != NULL) rc = weft__build_number(b, d->least, 0, UINT64_MAX, &c->least);
    weft__build_at(b, "expect.counts[%u].most", i);
    if (rc == 0 && d->most != NULL) rc = weft__build_number(b, d->most, 0, UINT64_MAX, &c->most);
    if (rc == 0 && c->least > c->most) rc = weft__build_refuse(b, "less than `least`");
    return rc;
}

/* What the scenario itself puts between clocks: the skew either way, and offsets, as they are written. */
static int check_clocks(struct weft__build *b, const char *bound) {
    const struct weft__document_clocks *clocks = b->d->clocks;
    uint64_t most, offset, ahead = 0, behind = 0;
    weft__build_at(b, "expect.clocks_agree");
    int rc = weft__build_time(b, bound, &most);
    if (rc == 0 && 2 * b->s->options.skew_ns > most)
        return weft__build_refuse(b, "clocks are off by up to %llu ms either way: set `clocks.skew` to half of this",
                                  (unsigned long long)(b->s->options.skew_ns / 1000000));
    for (unsigned i = 0; rc == 0 && clocks != NULL && i < clocks->each_count; i++) {
        const char *text = clocks->each[i].offset;
        if (text == NULL) continue;
        bool is_behind = text[0] == '-';
        weft__build_at(b, "clocks.each[%u].offset", i);
        rc = weft__build_time(b, text + is_behind, &offset);
        if (rc != 0) break;
        uint64_t *furthest = is_behind ? &behind : &ahead;
        if (offset > *furthest) *furthest = offset;
        if (ahead + behind + 2 * b->s->options.skew_ns > most)
            rc = weft__build_refuse(b, "further than `expect.clocks_agree` (%.40s) allows; one of them must go", bound);
    }
    return rc;
}

int weft__build_expect(struct weft__build *b) {
    const struct weft__document_expect *e = b->d->expect;
    int rc = 0;
    if (e == NULL) return 0;
    if (e->outcome != NULL) rc = read_outcome(b, e->outcome);
    if (rc == 0 && e->converge_within != NULL) rc = read_within(b, e->converge_within);
    if (rc == 0 && e->clocks_agree != NULL) rc = check_clocks(b, e->clocks_agree);
    for (unsigned i = 0; rc == 0 && i < e->counts_count; i++) rc = read_count(b, i);
    return rc;
}

/* --- After ---------------------------------------------------------------------------------------------------------
 */

bool weft__scenario_holds(const struct weft__scenario *s, int rc, const struct weft_sim_stats *stats,
                          struct weft_buf *told) {
    enum weft__outcome is = rc == 0                    ? WEFT__OUTCOME_CONVERGED
                            : rc == WEFT_ERR_NOT_READY ? WEFT__OUTCOME_NOT_CONVERGED
                                                       : WEFT__OUTCOME_CHECK_FAILED;
    bool holds = is == s->outcome;
    if (!holds) weft_buf_printf(told, "expected      %s, but %s\n", outcomes[s->outcome], outcomes[is]);
    for (size_t i = 0; i < s->count_count; i++) {
        const struct weft__scenario_count *c = &s->counts[i];
        uint64_t value;
        memcpy(&value, (const char *)stats + counted[c->what].offset, sizeof value);
        if (value >= c->least && value <= c->most) continue;
        holds = false;
        bool few = value < c->least;
        weft_buf_printf(told, "expected      %s %llu %s, not %llu\n", few ? "at least" : "at most",
                        (unsigned long long)(few ? c->least : c->most), counted[c->what].name,
                        (unsigned long long)value);
    }
    return holds;
}
