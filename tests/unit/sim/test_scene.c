/* test_scene.c: what a diagram of a run shows, and that no words stand on words. */
#include <string.h>

#include <weft/sim.h>

#include "replication/message.h"
#include "sim/scene.h"
#include "tests/support/suite.h"

static struct weft_sim *run(uint64_t replicas, uint64_t seconds, const char *const *lines) {
    struct weft_sim_options o;
    struct weft_sim_schedule *schedule;
    struct weft_sim *sim;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    weft_sim_options_init(&o);
    o.replicas = replicas;
    o.duration_ns = seconds * WEFT_SECONDS(1);
    o.rate = seconds > 0 ? 20 : 0;
    ck_assert_int_eq(weft_sim_schedule_plan(&schedule, &o), 0);
    for (; *lines != NULL; lines++) ck_assert_int_eq(weft_sim_schedule_add(schedule, *lines, &message), 0);
    weft_buf_fini(&message);
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, schedule), 0);
    ck_assert_int_eq(weft_sim_keep_story(sim), 0);
    ck_assert_int_eq(weft_sim_run_until_converged(sim, WEFT_SECONDS(60)), 0);
    return sim;
}

struct drawn {
    struct weft__explain x;
    struct weft__scene c;
};

static void draw(struct drawn *d, struct weft_sim *sim) {
    const struct weft__commit *slowest;
    memset(d, 0, sizeof *d);
    d->x.s = sim;
    ck_assert_int_eq(weft__plot_make(&d->x.plot, sim), 0);
    ck_assert_int_eq(weft__explain_slowest(&d->x, &slowest), 0);
    ck_assert_int_eq(weft__scene_make(&d->c, &d->x, slowest), 0);
}

static void undraw(struct drawn *d) {
    weft__scene_fini(&d->c);
    weft__plot_fini(&d->x.plot);
    weft_sim_free(d->x.s);
}

/* Later is lower, and labels of one lane are a line apart. */
static void is_readable(const struct weft__scene *c) {
    for (size_t i = 1; i < c->row_count; i++) {
        REQUIRE(c->rows[i - 1].at_ns < c->rows[i].at_ns);
        REQUIRE(c->rows[i - 1].y < c->rows[i].y);
    }
    int last[WEFT__SCENE_LANES];
    for (size_t i = 0; i < WEFT__SCENE_LANES; i++) last[i] = -100;
    for (size_t i = 0; i < c->dot_count; i++) {
        const struct weft__scene_dot *dot = &c->dots[i];
        if (dot->label[0] == '\0') continue;
        REQUIRE(c->rows[dot->row].y >= last[dot->lane] + 14);
        last[dot->lane] = c->rows[dot->row].y;
    }
    for (size_t i = 0; i < c->arrow_count; i++) {
        const struct weft__scene_arrow *a = &c->arrows[i];
        REQUIRE(a->from < c->lane_count && a->to < c->lane_count && a->from != a->to);
        REQUIRE(a->ended == SIZE_MAX || (a->ended > a->sent && a->ended < c->row_count));
    }
}

START_TEST(a_small_run_is_drawn_whole) {
    struct drawn d;
    draw(&d, run(2, 0, (const char *[]){"1s txn 0 g/0+5", "2s crash 1", "3s restart 1", "4s step 0 1s", NULL}));
    const struct weft__scene *c = &d.c;
    unsigned commits = 0, digests = 0;
    is_readable(c);
    ck_assert_uint_eq(c->left_out, 0);
    ck_assert(!c->without_digests);
    for (size_t i = 0; i < c->dot_count; i++) commits += c->dots[i].kind == WEFT__DOT_COMMIT;
    for (size_t i = 0; i < c->arrow_count; i++) digests += c->arrows[i].message->kind == WEFT__MESSAGE_DIGEST;
    ck_assert_uint_eq(commits, 1);
    ck_assert_uint_gt(digests, 0);
    ck_assert_uint_eq(c->note_count, 3);
    ck_assert_uint_eq(c->down_count, 1);
    ck_assert_uint_eq(c->downs[0].lane, 1);
    ck_assert_uint_eq(c->rows[c->downs[0].from].at_ns, WEFT_SECONDS(2));
    ck_assert_uint_eq(c->rows[c->downs[0].to].at_ns, WEFT_SECONDS(3));
    undraw(&d);
}
END_TEST

/* What it is about, the faults and the end; with the rest counted. */
START_TEST(a_large_run_is_drawn_in_part) {
    struct drawn d;
    draw(&d,
         run(14, 20,
             (const char *[]){"5s partition 0-3", "9s cut 4 5", "12s heal", "15s crash 13", "16s restart 13", NULL}));
    const struct weft__scene *c = &d.c;
    size_t counted = 0;
    bool main = false;
    is_readable(c);
    ck_assert_uint_eq(c->lane_count, WEFT__SCENE_LANES);
    ck_assert(c->without_digests);
    ck_assert_uint_gt(c->left_out, 1000);
    ck_assert_uint_le(c->dot_count + c->note_count + 2 * c->arrow_count, 260);
    ck_assert_uint_eq(c->note_count, 5);
    ck_assert_uint_eq(c->band_count, 2);
    ck_assert_uint_ne(c->bands[0].column, c->bands[1].column);
    for (size_t i = 0; i < c->row_count; i++) counted += c->rows[i].left_out;
    ck_assert_uint_eq(counted, c->left_out);
    for (size_t i = 0; i < c->arrow_count; i++) main = main || c->arrows[i].main;
    ck_assert(main);
    undraw(&d);
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-scene", a_small_run_is_drawn_whole, a_large_run_is_drawn_in_part);
}
