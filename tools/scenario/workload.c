/* workload.c: what is done, and when: numbers of the options, or an access log. */
#include <string.h>

#include <weft/err.h>

#include "tools/scenario/build.h"

static int check_hours(struct weft__build *b) {
    const struct weft_sim_options *o = &b->s->options;
    weft__build_at(b, "workload.until");
    if (o->work_until_ns > o->duration_ns)
        return weft__build_refuse(b, "after the end of `duration` (%llu ms)",
                                  (unsigned long long)(o->duration_ns / 1000000));
    weft__build_at(b, "workload.from");
    if (o->work_from_ns >= (o->work_until_ns == 0 ? o->duration_ns : o->work_until_ns) && o->work_from_ns > 0)
        return weft__build_refuse(b, "begins when it has ended");
    return 0;
}

/* Of a replay and of an application something is not asked. */
static int check_one(struct weft__build *b, const char *key, const char *value, const char *why) {
    if (value == NULL) return 0;
    weft__build_at(b, "workload.%s", key);
    return weft__build_refuse(b, "%s", why);
}

static int check_application(struct weft__build *b, const struct weft__document_workload *w) {
    static const char why[] = "an application has operations of its own; leave it out, or name `mixed`";
    int rc = check_one(b, "types", w->types == NULL ? NULL : "", "two workloads: an application has types of its own");
    if (rc == 0) rc = check_one(b, "transactions", w->transactions, why);
    if (rc == 0) rc = check_one(b, "operations", w->operations, why);
    return rc != 0 ? rc : check_one(b, "deletes", w->deletes, why);
}

static int check_replay(struct weft__build *b, const struct weft__document_workload *w) {
    static const char why[] = "two workloads: `replay` does what the log says; leave one of them out";
    const struct {
        const char *key, *value;
    } others[] = {{"name", w->name},
                  {"rate", w->rate},
                  {"keys", w->keys},
                  {"elements", w->elements},
                  {"zipf", w->zipf},
                  {"transactions", w->transactions},
                  {"operations", w->operations},
                  {"deletes", w->deletes},
                  {"types", w->types == NULL ? NULL : ""}};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof others / sizeof *others; i++)
        rc = check_one(b, others[i].key, others[i].value, why);
    for (unsigned i = 0; rc == 0 && i < b->d->regions_count; i++) {
        weft__build_at(b, "regions[%u].rate", i);
        if (b->d->regions[i].rate != NULL) rc = weft__build_refuse(b, "%s", why);
    }
    return rc;
}

/* More than a run could do in an hour. */
#define TRANSACTIONS_MAX 20000000.0

static int check_size(struct weft__build *b) {
    const struct weft_sim_options *o = &b->s->options;
    uint64_t until_ns = o->work_until_ns == 0 ? o->duration_ns : o->work_until_ns;
    double seconds = (double)(until_ns - o->work_from_ns) * 1e-9, rate = 0;
    for (uint64_t i = 0; i < o->replicas; i++) rate += (double)o->rates[i] / 1000;
    weft__build_at(b, "%s", b->d->workload != NULL ? "workload" : "duration");
    if (rate * seconds <= TRANSACTIONS_MAX) return 0;
    return weft__build_refuse(b, "would be some %.0f transactions, and more than %.0f are too many for a run",
                              rate * seconds, TRANSACTIONS_MAX);
}

int weft__build_workload(struct weft__build *b) {
    const struct weft__document_workload *w = b->d->workload;
    int rc = check_hours(b);
    if (rc == 0 && (w == NULL || w->replay == NULL)) rc = check_size(b);
    if (rc != 0 || w == NULL) return rc;
    if (w->replay != NULL) {
        rc = check_replay(b, w);
        return rc != 0 ? rc : weft__build_replay(b);
    }
    return w->name != NULL && strcmp(w->name, "mixed") != 0 ? check_application(b, w) : 0;
}
