/* test_story.c: what is remembered of a run, and that remembering changes nothing. */
#include <string.h>

#include <weft/err.h>
#include <weft/sim.h>

#include "base/alloc.h"
#include "replication/message.h"
#include "sim/world.h"
#include "tests/support/suite.h"

static struct weft_sim *make(struct weft_sim_options *o, const char *const *lines) {
    struct weft_sim_schedule *schedule;
    struct weft_sim *sim;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    ck_assert_int_eq(weft_sim_schedule_plan(&schedule, o), 0);
    for (; lines != NULL && *lines != NULL; lines++)
        ck_assert_msg(weft_sim_schedule_add(schedule, *lines, &message) == 0, "%.*s", (int)message.len,
                      (const char *)message.ptr);
    weft_buf_fini(&message);
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, schedule), 0);
    ck_assert_int_eq(weft_sim_keep_story(sim), 0);
    return sim;
}

/* Two replicas, quiet links, no loss. */
static struct weft_sim *make_quiet(const char *const *lines) {
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    o.replicas = 2;
    o.loss_ppm = o.duplicate_ppm = o.reorder_ppm = 0;
    return make(&o, lines);
}

static void run(struct weft_sim *sim) {
    ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)) == 0, "%s", weft_sim_report(sim));
}

/* The n-th message with transactions; NULL: there are not so many. */
static const struct weft__story_message *pushed(const struct weft_sim *sim, unsigned n) {
    const struct weft__story *t = sim->story;
    for (uint64_t i = weft__story_begin(&t->messages); i < t->messages.end; i++) {
        const struct weft__story_message *m = weft__story_at(&t->messages, i);
        if (m->kind == WEFT__MESSAGE_TRANSACTIONS && n-- == 0) return m;
    }
    return NULL;
}

static const struct weft__story_mark *marked(const struct weft_sim *sim, enum weft__story_mark_kind kind,
                                             uint32_t replica) {
    const struct weft__story *t = sim->story;
    for (uint64_t i = weft__story_begin(&t->marks); i < t->marks.end; i++) {
        const struct weft__story_mark *m = weft__story_at(&t->marks, i);
        if (m->kind == kind && m->replica == replica) return m;
    }
    return NULL;
}

START_TEST(a_story_changes_nothing) {
    struct weft_sim_stats with, without;
    struct weft_sim_options o;
    weft_sim_options_init(&o);
    o.duration_ns = WEFT_SECONDS(8);
    o.rate = 10;
    o.crashes = o.partitions = o.clock_steps = 2;
    o.backups_restored = o.copies_started = 1;
    o.fault_ns = WEFT_SECONDS(2);
    o.weight_ormap = o.weight_lease = 1;
    for (o.seed = 1; o.seed < 6; o.seed++) {
        struct weft_sim *a = make(&o, NULL), *b;
        ck_assert_int_eq(weft_sim_new(&b, &o), 0);
        run(a);
        run(b);
        weft_sim_stats(a, &with);
        weft_sim_stats(b, &without);
        ck_assert_mem_eq(with.trace, without.trace, sizeof with.trace);
        weft_sim_free(a);
        weft_sim_free(b);
    }
}
END_TEST

START_TEST(a_message_and_what_it_carried) {
    struct weft_sim *sim = make_quiet((const char *[]){"1s txn 0 g/0+5", NULL});
    run(sim);
    const struct weft__story_message *m = pushed(sim, 0);
    const struct weft__story_mark *commit = marked(sim, WEFT__STORY_COMMIT, 0), *apply;
    ck_assert_ptr_nonnull(m);
    ck_assert_ptr_nonnull(commit);
    ck_assert_uint_eq(commit->at_ns, WEFT_SECONDS(1));
    ck_assert(m->from == 0 && m->to == 1 && m->fate == WEFT__STORY_ARRIVED && m->arrived == 1);
    ck_assert(weft__story_carries(sim->story, m, commit->span.origin, 1));
    ck_assert(!weft__story_carries(sim->story, m, commit->span.origin, 2));
    ck_assert_uint_eq(m->changed_at, UINT32_MAX);
    apply = marked(sim, WEFT__STORY_APPLY, 1);
    ck_assert_ptr_nonnull(apply);
    ck_assert_uint_eq(apply->at_ns, m->ended_ns);
    ck_assert_ptr_eq(weft__story_message(sim->story, apply->number), m);
    weft_sim_free(sim);
}
END_TEST

static void is_lost(const char *const *lines, enum weft__story_fate fate) {
    struct weft_sim *sim = make_quiet(lines);
    run(sim);
    ck_assert_ptr_nonnull(pushed(sim, 0));
    ck_assert_str_eq(weft__story_fate_text((enum weft__story_fate)pushed(sim, 0)->fate), weft__story_fate_text(fate));
    weft_sim_free(sim);
}

START_TEST(why_a_message_did_not_come) {
    is_lost((const char *[]){"1s cut 0 1", "1s txn 0 g/0+5", "2s heal", NULL}, WEFT__STORY_CUT);
    is_lost((const char *[]){"1s partition 0", "1s txn 0 g/0+5", "2s heal", NULL}, WEFT__STORY_PARTED);
    is_lost((const char *[]){"1s txn 0 g/0+5", "1.005s crash 1", "2s restart 1", NULL}, WEFT__STORY_DOWN);
    is_lost((const char *[]){"1s crash 1", "1.001s txn 0 g/0+5", "1.002s restart 1", NULL}, WEFT__STORY_GONE);
}
END_TEST

START_TEST(a_crash_and_what_was_forgotten) {
    struct weft_sim *sim = make_quiet((const char *[]){"1s txn 0 g/0+5", "1s crash 0", "2s restart 0", NULL});
    run(sim);
    const struct weft__story_mark *stop = marked(sim, WEFT__STORY_STOP, 0), *forget;
    forget = marked(sim, WEFT__STORY_FORGET, 0);
    ck_assert_ptr_nonnull(stop);
    ck_assert_uint_eq(stop->at_ns, WEFT_SECONDS(1));
    ck_assert_ptr_nonnull(forget);
    ck_assert_uint_eq(forget->at_ns, WEFT_SECONDS(2));
    weft_sim_free(sim);
}
END_TEST

/* The last bucket before a time in which something happened. */
static size_t bucket_before(const struct weft__timeline *t, uint64_t at_ns) {
    size_t b = (size_t)(at_ns / t->width_ns);
    while (b > 0 && t->states[b] == 0) b--;
    return b;
}

START_TEST(numbers_over_time) {
    struct weft_sim *sim =
        make_quiet((const char *[]){"1s partition 0", "2s txn 0 g/0+5", "3s step 1 700ms", "9s heal", NULL});
    run(sim);
    const struct weft__timeline *t = &sim->story->timeline;
    size_t early = bucket_before(t, WEFT_MILLISECONDS(900)), parted = bucket_before(t, WEFT_SECONDS(9));
    ck_assert_uint_eq(t->states[early], 1);
    ck_assert_uint_eq(t->states[parted], 2);
    ck_assert_uint_eq(t->points[1][parted].lag, 1);
    ck_assert_uint_eq(t->points[0][parted].lag, 0);
    ck_assert_int_gt(t->points[1][parted].wall_ns, 500000000);
    ck_assert_uint_eq(t->points[1][t->count - 1].lag, 1);
    weft_sim_free(sim);
}
END_TEST

/* A ring that is full forgets the oldest, and its numbers stay. */
START_TEST(what_is_kept_is_bounded) {
    struct weft__story *t;
    ck_assert_int_eq(weft__story_new(&t, weft__alloc_or_default(NULL)), 0);
    t->marks.max = 128;
    for (uint64_t i = 0; i < 1000; i++) {
        struct weft__story_mark *m = weft__story_push(t, &t->marks);
        m->number = i;
    }
    ck_assert_uint_eq(t->marks.cap, 128);
    ck_assert_uint_eq(weft__story_begin(&t->marks), 872);
    ck_assert_ptr_null(weft__story_at(&t->marks, 871));
    for (uint64_t i = 872; i < 1000; i++)
        ck_assert_uint_eq(((const struct weft__story_mark *)weft__story_at(&t->marks, i))->number, i);
    weft__story_free(t);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-story", a_story_changes_nothing, a_message_and_what_it_carried, why_a_message_did_not_come,
                     a_crash_and_what_was_forgotten, numbers_over_time, what_is_kept_is_bounded);
}
