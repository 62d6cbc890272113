/* law.c: the law kit's front: options, all histories in turn, the report.
 *
 * What failed before comes first. Then short histories: most bugs of merges show in three or four steps, and an
 * enumeration leaves no doubt about those. Then longer ones at random, each from a seed of its own, so that one history
 * can be run again without those before it. */
#include <weft/law.h>

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/options.h"
#include "base/prng.h"
#include "sim/law_case.h"
#include "sim/law_known.h"
#include "sim/law_shrink.h"
#include "sim/law_value.h"

#define TRIALS         64 /* random histories in which the specification is asked about itself */
#define HOSTILE_SHRINK 20 /* such a run costs thousands of calls; shrinking gets so much fewer of them */

struct check {
    const struct weft_law_options *o;
    struct weft_law_report *report;
    struct weft_law_subject subject;
    struct weft__law_case c;
    struct weft_law_options shrink; /* the options with which shrinking runs */
    uint32_t length;                /* of the history that is run, at most */
};

void weft_law_options_init_sized(struct weft_law_options *o, size_t size) {
    static const struct weft_law_options defaults = {
        .resets = true,
        .replicas = 3,
        .short_steps = 4,
        .short_max = 1000000,
        .histories = 20000,
        .steps = 16,
        .edits = 3,
        .seed = 1,
        .hostile_every = 1000,
        .memory_every = 250,
        .concurrent_min = 50,
        .shrink_max = 5000,
        .swarm = true,
        .thorough_every = 1,
    };
    weft__options_write(o, size, &defaults, sizeof defaults);
}

static const char *missing_function(const struct weft_law_subject *s) {
    if (s->size != sizeof *s) return "the subject's size is not set";
    if (s->create == NULL || s->destroy == NULL || s->copy == NULL) return "the subject lacks create, destroy or copy";
    if (s->deltas && s->apply == NULL) return "a subject with deltas needs apply";
    if (s->mutate == NULL || s->merge == NULL || s->encode == NULL) return "the subject lacks mutate, merge or encode";
    return NULL;
}

/* NULL: fine. `said`: room for what a class is refused for. */
static const char *complaint(const struct weft_law_options *o, char *said, size_t said_len) {
    if (o->size != sizeof *o) return "options were not made by weft_law_options_init";
    if ((o->type == NULL) == (o->subject == NULL)) return "give a type or a subject, and one of them only";
    if (o->type != NULL && weft_crdt_class_check(o->type, said, said_len) != 0) return said;
    if (o->type != NULL && o->mutate == NULL) return "a type needs mutate";
    if (o->type != NULL && o->spec != NULL && o->value == NULL && o->type->print == NULL) {
        return "a specification needs a value: the type has no print";
    }
    if (o->subject != NULL && missing_function(o->subject) != NULL) return missing_function(o->subject);
    if (o->subject != NULL && o->spec != NULL && o->subject->value == NULL) return "a specification needs a value";
    if (o->replicas < 2 || o->replicas > WEFT_LAW_REPLICAS) return "replicas are 2 to 8";
    if (o->steps < 1 || o->steps > 1000 || o->short_steps > 1000) return "steps are 1 to 1000";
    if (o->short_steps == 0 && o->histories == 0)
        return "there is nothing to check: no short histories, no random ones";
    if (o->edits < 1 || o->edits > WEFT_LAW_EDITS) return "edits are 1 to 4";
    return NULL;
}

/* A specification that is none is no law's failure: it is refused. */
static bool is_refused(const struct weft__law_case *c) {
    return strcmp(c->law, "specification") == 0;
}

static bool collide(const struct weft_law_op *a, const struct weft_law_op *b) {
    return a->target == b->target || a->kind == WEFT_LAW_RESET || b->kind == WEFT_LAW_RESET;
}

/* Pairs of which neither saw the other. An operation of a later commit is never seen by one of an earlier. */
static void count_pairs(struct check *k) {
    const struct weft__law_case *c = &k->c;
    bool collided = false;
    for (uint32_t i = 0; i < c->commit_count; i++) {
        const struct weft__law_commit *later = &c->commits[i];
        for (uint32_t at = 0; at < later->first_op; at++) {
            const struct weft_law_op *b = &c->ops[at];
            if ((later->past >> b->commit & 1) != 0) continue;
            for (uint32_t j = 0; j < later->ops; j++) {
                const struct weft_law_op *a = &c->ops[later->first_op + j];
                uint32_t low = a->kind < b->kind ? a->kind : b->kind, high = a->kind < b->kind ? b->kind : a->kind;
                k->report->concurrent[low][high]++;
                if (!collide(a, b)) continue;
                k->report->colliding[low][high]++;
                collided = true;
            }
        }
    }
    if (collided) k->report->colliding_histories++;
}

static uint32_t longest(const struct weft_law_options *o) {
    return o->steps > o->short_steps ? o->steps : o->short_steps;
}

/* Before anything is held against the type: does the specification read only what it may? Nothing else counts here. */
static int try_spec(struct check *k) {
    struct weft__law_case *c = &k->c;
    if (k->o->spec == NULL) return 0;
    c->doubt = c->brief = true;
    c->report = NULL;
    k->length = k->o->steps;
    for (uint64_t i = 0; i < TRIALS; i++) {
        weft__law_choices_random(&c->choices, weft__keyed(k->o->seed, i, 2, 0, 0));
        int rc = weft__law_case_run(c, k->length);
        if (rc < 0 || (rc == 1 && is_refused(c))) return rc;
    }
    c->doubt = c->brief = false;
    c->report = k->report;
    return 0;
}

static int run_known(struct check *k) {
    struct weft__law_case *c = &k->c;
    struct weft__law_known known = {.rest = k->o->known, .name = k->subject.name};
    int rc = weft__law_known_next(&known, &c->choices);
    while (rc > 0) {
        c->hostile = strcmp(known.law, "hostile") == 0;
        c->starve = strcmp(known.law, "memory") == 0;
        k->report->known_histories++;
        k->length = longest(k->o);
        if ((rc = weft__law_case_run(c, k->length)) != 0) return rc;
        rc = weft__law_known_next(&known, &c->choices);
    }
    c->hostile = c->starve = false;
    if (rc == WEFT_ERR_MALFORMED)
        weft_buf_append_str(&k->report->text, "a line of known failures is not: type, law, choices");
    return rc == WEFT_ERR_MALFORMED ? WEFT_ERR_INVALID : rc;
}

static int run_short(struct check *k) {
    struct weft__law_case *c = &k->c;
    if (k->o->short_steps == 0) return 0;
    c->is_short = true;
    k->length = k->o->short_steps;
    int rc = weft__law_choices_replay(&c->choices, NULL, 0);
    c->choices.replay = false;
    bool more = rc == 0;
    while (more && k->report->short_histories < k->o->short_max) {
        k->report->short_histories++;
        if ((rc = weft__law_case_run(c, k->length)) != 0) return rc;
        more = weft__law_case_next(c);
    }
    k->report->exhausted = !more;
    return rc;
}

static int run_random(struct check *k) {
    struct weft__law_case *c = &k->c;
    c->checked = 0;
    k->length = k->o->steps;
    for (uint64_t i = 0; i < k->o->histories; i++) {
        c->is_short = false;
        c->hostile = k->o->hostile_every != 0 && i % k->o->hostile_every == 0;
        c->brief = k->o->thorough_every == 0 || i % k->o->thorough_every != 0;
        c->starve = k->o->memory_every != 0 && i % k->o->memory_every == 0;
        weft__law_choices_random(&c->choices, weft__keyed(k->o->seed, i, 0, 0, 0));
        if (k->o->swarm) weft__law_choices_swarm(&c->choices, weft__keyed(k->o->seed, i, 1, 0, 0));
        k->report->random_histories++;
        int rc = weft__law_case_run(c, k->length);
        count_pairs(k);
        if (rc != 0) return rc;
    }
    uint64_t wanted = k->report->random_histories * k->o->concurrent_min / 1000;
    if (k->report->colliding_histories >= wanted) return 0;
    return weft__law_break(c, "concurrency",
                           "%llu of %llu random histories had concurrent operations on one target, not %llu",
                           (unsigned long long)k->report->colliding_histories,
                           (unsigned long long)k->report->random_histories, (unsigned long long)wanted);
}

static int keep_choices(struct check *k) {
    const struct weft_law_choices *choices = &k->c.choices;
    uint64_t *copy = weft__malloc(NULL, choices->pos * sizeof *copy);
    if (copy == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < choices->pos; i++) copy[i] = choices->items[i].value;
    k->report->choices = copy;
    k->report->choice_count = choices->pos;
    return 0;
}

static uint32_t real_steps(const struct weft__law_case *c) {
    uint32_t n = 0;
    for (size_t i = 0; i < c->step_count; i++) n += c->steps[i].action != WEFT__LAW_STOP;
    return n;
}

static void write_counterexample(struct check *k) {
    struct weft_law_report *r = k->report;
    struct weft_buf *out = &r->text;
    const struct weft__law_case *c = &k->c;
    weft_buf_printf(out, "%s breaks the law \"%s\" (seed %llu, history %llu, shrunk in %u runs)\n", k->subject.name,
                    r->law, (unsigned long long)r->seed,
                    (unsigned long long)(r->known_histories + r->short_histories + r->random_histories),
                    r->shrink_runs);
    weft__law_diagram(c, out);
    weft_buf_append_str(out, "choices:");
    for (size_t i = 0; i < r->choice_count; i++) weft_buf_printf(out, " %llu", (unsigned long long)r->choices[i]);
    weft_buf_append_str(out, "\n");
}

static int explain(struct check *k, bool shrink) {
    struct weft__law_case *c = &k->c;
    k->report->law = c->law;
    if (strcmp(c->law, "concurrency") == 0) {
        weft_buf_printf(&k->report->text, "%s: %s\n", k->subject.name, c->detail);
        return 0;
    }
    c->hostile = c->hostile && strcmp(c->law, "hostile") == 0;
    c->starve = c->starve && strcmp(c->law, "memory") == 0;
    k->shrink = *k->o;
    if (c->hostile || c->starve) k->shrink.shrink_max /= HOSTILE_SHRINK;
    c->o = &k->shrink;
    if (shrink) {
        int rc = weft__law_shrink(c, k->length, &k->report->shrink_runs);
        if (rc < 0) return rc;
    }
    k->report->shrunk_steps = real_steps(c);
    int rc = keep_choices(k);
    if (rc == 0) write_counterexample(k);
    return rc;
}

/* The text ends with a NUL, cut short where there was no room. */
static void seal(struct weft_law_report *r) {
    struct weft_buf *text = &r->text;
    text->max = SIZE_MAX;
    text->err = 0;
    if (text->len > 0 && weft_buf_append(text, "", 1) == 0) r->counterexample = (const char *)text->ptr;
}

static int begin(struct check *k, const struct weft_law_options *o, struct weft_law_report *report) {
    memset(report, 0, sizeof *report);
    report->law = "";
    report->counterexample = "";
    weft_buf_init(&report->text, NULL);
    report->text.max = WEFT_LAW_REPORT_MAX - 1;
    *k = (struct check){.o = o, .report = report};
    char said[256];
    const char *reason = complaint(o, said, sizeof said);
    if (reason != NULL) {
        weft_buf_append_str(&report->text, reason);
        seal(report);
        return WEFT_ERR_INVALID;
    }
    report->seed = o->seed;
    if (o->subject != NULL)
        k->subject = *o->subject;
    else
        weft__law_value_subject(&k->subject, o);
    return 0;
}

/* The built-in subject takes options as its ctx; it does not change them, but a ctx is not const. */
static void *subject_ctx(struct check *k) {
    if (k->o->subject != NULL) return k->o->ctx;
    return &k->shrink;
}

static int end(struct check *k, int rc, bool shrink) {
    if (rc == 1) {
        int err = explain(k, shrink);
        bool refused = strcmp(k->report->law, "specification") == 0;
        rc = err < 0 ? err : refused ? WEFT_ERR_INVALID : WEFT_LAW_BROKEN;
    }
    seal(k->report);
    weft__law_case_fini(&k->c);
    return rc;
}

static void open_case(struct check *k) {
    k->shrink = *k->o;
    weft__law_case_init(&k->c, k->o, &k->subject, subject_ctx(k));
    k->c.report = k->report;
}

int weft_law_check(const struct weft_law_options *o, struct weft_law_report *report) {
    struct check k;
    int rc = begin(&k, o, report);
    if (rc != 0) return rc;
    open_case(&k);
    rc = try_spec(&k);
    if (rc == 0) rc = run_known(&k);
    if (rc == 0) rc = run_short(&k);
    if (rc == 0) rc = run_random(&k);
    return end(&k, rc, true);
}

static int replay_one(struct check *k) {
    const struct weft_law_options *o = k->o;
    k->c.hostile = o->hostile_every != 0;
    k->c.starve = o->memory_every != 0;
    k->c.doubt = true;
    k->c.choices.replay = true;
    k->c.choices.tells = true;
    int rc = weft__law_case_run(&k->c, longest(o));
    if (rc >= 0) count_pairs(k);
    k->report->random_histories = 1;
    return rc;
}

static int reserve_choices(struct check *k, size_t count) {
    struct weft_law_choices *choices = &k->c.choices;
    choices->count = count;
    return weft__grow(NULL, (void **)&choices->items, &choices->cap, count, sizeof *choices->items);
}

int weft_law_replay(const struct weft_law_options *o, const uint64_t *choices, size_t count,
                    struct weft_law_report *report) {
    struct check k;
    int rc = begin(&k, o, report);
    if (rc != 0) return rc;
    open_case(&k);
    rc = reserve_choices(&k, count);
    for (size_t i = 0; rc == 0 && i < count; i++) k.c.choices.items[i].value = choices[i];
    return end(&k, rc == 0 ? replay_one(&k) : rc, false);
}

int weft_law_replay_bytes(const struct weft_law_options *o, const uint8_t *bytes, size_t count,
                          struct weft_law_report *report) {
    struct check k;
    int rc = begin(&k, o, report);
    if (rc != 0) return rc;
    open_case(&k);
    if (count > WEFT_LAW_BYTES) count = WEFT_LAW_BYTES;
    rc = reserve_choices(&k, count);
    for (size_t i = 0; rc == 0 && i < count; i++) k.c.choices.items[i].value = bytes[i];
    return end(&k, rc == 0 ? replay_one(&k) : rc, false);
}

void weft_law_report_fini(struct weft_law_report *r) {
    weft_buf_fini(&r->text);
    weft__free(NULL, r->choices, r->choice_count * sizeof *r->choices);
    r->choices = NULL;
    r->choice_count = 0;
    r->counterexample = "";
}
