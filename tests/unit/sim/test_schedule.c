/* test_schedule.c: a schedule is a function of its options, its text is the whole of it, and nonsense is named. */
#include "sim/schedule.h"

#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/ewflag.h>

#include "tests/support/suite.h"

static void everything(struct weft_sim_options *o, uint64_t seed) {
    weft_sim_options_init(o);
    o->seed = seed;
    o->duration_ns = WEFT_SECONDS(5);
    o->rate = 20;
    o->partitions = o->one_way_cuts = o->crashes = o->clock_steps = 2;
    o->backups_restored = o->copies_started = o->store_failures = o->checkpoints = 1;
    o->weight_ewflag = o->weight_ormap = o->weight_windowcounter = 1;
}

static struct weft_buf print(const struct weft_sim_schedule *s) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft_sim_schedule_print(s, &b), 0);
    return b;
}

static struct weft_sim_schedule *plan(const struct weft_sim_options *o) {
    struct weft_sim_schedule *s;
    ck_assert_int_eq(weft_sim_schedule_plan(&s, o), 0);
    return s;
}

START_TEST(text_is_the_whole_schedule) {
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct weft_sim_options o;
        static const char *const places[] = {"tokyo", "dallas", "tokyo", NULL};
        everything(&o, seed);
        if (seed % 2 == 0) o.placement = places;
        if (seed % 5 == 0) o.replicas = 1;
        struct weft_sim_schedule *a = plan(&o), *b;
        struct weft_buf text = print(a), message;
        weft_buf_init(&message, NULL);
        ck_assert_int_eq(weft_sim_schedule_parse(&b, weft_buf_slice(&text), &message, NULL), 0);
        struct weft_buf again = print(b);
        ck_assert(weft_slice_eq(weft_buf_slice(&text), weft_buf_slice(&again)));
        ck_assert_uint_eq(a->count, b->count);
        ck_assert_uint_eq(a->op_count, b->op_count);
        for (size_t i = 0; i < a->count; i++) {
            REQUIRE(a->items[i].at_ns == b->items[i].at_ns && a->items[i].kind == b->items[i].kind);
            REQUIRE(a->items[i].replica == b->items[i].replica && a->items[i].count == b->items[i].count);
        }
        weft_buf_fini(&text);
        weft_buf_fini(&again);
        weft_buf_fini(&message);
        weft_sim_schedule_free(a);
        weft_sim_schedule_free(b);
    }
}
END_TEST

/* And the copy's own: what becomes of one is nothing to the other. */
START_TEST(a_copy_is_the_whole_schedule) {
    struct weft_sim_options o;
    static const char *const places[] = {"tokyo", "dallas", "tokyo", NULL};
    everything(&o, 3);
    o.placement = places;
    struct weft_sim_schedule *a = plan(&o), *b;
    struct weft_buf text = print(a);
    ck_assert_int_eq(weft__schedule_copy(&b, a), 0);
    a->items[0].at_ns = a->ops[0].amount = a->members[0] = 0;
    weft_sim_schedule_free(a);
    struct weft_buf copied = print(b);
    ck_assert(weft_slice_eq(weft_buf_slice(&text), weft_buf_slice(&copied)));
    weft_buf_fini(&text);
    weft_buf_fini(&copied);
    weft_sim_schedule_free(b);
}
END_TEST

START_TEST(text_can_be_added) {
    struct weft_sim_options o;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    weft_sim_options_init(&o);
    struct weft_sim_schedule *s = plan(&o);
    ck_assert_int_eq(weft_sim_schedule_add_text(s, weft_str("loss_ppm 5%\n2s heal\n1s crash 1\n"), &message), 0);
    ck_assert_uint_eq(s->count, 2);
    ck_assert_int_eq(s->items[0].kind, WEFT__SIM_CRASH);
    ck_assert_uint_eq(s->options.loss_ppm, 10000);
    ck_assert_int_eq(weft_sim_schedule_add_text(s, weft_str("3s heal\n4s explode\n"), &message), WEFT_ERR_MALFORMED);
    ck_assert(weft_slice_eq(weft_buf_slice(&message), weft_str("nothing that can happen: \"explode\" (line 2)")));
    weft_buf_fini(&message);
    weft_sim_schedule_free(s);
}
END_TEST

START_TEST(options_have_names) {
    struct weft_sim_options o;
    struct weft_buf message;
    size_t count = 0;
    weft_buf_init(&message, NULL);
    weft_sim_options_init(&o);
    for (const char *name; (name = weft_sim_options_name(count)) != NULL; count++)
        ck_assert_int_ne(weft_sim_options_set(&o, name, "?", &message), WEFT_ERR_NOT_FOUND);
    ck_assert_uint_eq(count, weft__sim_number_count);
    weft_buf_fini(&message);
}
END_TEST

START_TEST(a_plan_is_a_function_of_its_options) {
    struct weft_sim_options o;
    everything(&o, 3);
    struct weft_sim_schedule *a = plan(&o), *b = plan(&o);
    struct weft_buf x = print(a), y = print(b);
    ck_assert(weft_slice_eq(weft_buf_slice(&x), weft_buf_slice(&y)));
    weft_buf_fini(&y);
    weft_sim_schedule_free(b);
    o.seed = 4;
    b = plan(&o);
    y = print(b);
    ck_assert(!weft_slice_eq(weft_buf_slice(&x), weft_buf_slice(&y)));
    weft_buf_fini(&x);
    weft_buf_fini(&y);
    weft_sim_schedule_free(a);
    weft_sim_schedule_free(b);
}
END_TEST

/* What one object's specification has to look at is bounded, and all replicas turn to the next one at once. */
START_TEST(objects_of_the_law_kit_are_left_after_a_while) {
    struct weft_sim_options o;
    everything(&o, 5);
    o.duration_ns = WEFT_SECONDS(60);
    struct weft_sim_schedule *s = plan(&o);
    size_t counts[400] = {0}, most = 0, met[400] = {0};
    uint32_t next[8] = {0};
    for (size_t i = 0; i < s->count; i++) {
        const struct weft__sim_op *op = s->ops + s->items[i].first;
        if (s->items[i].kind != WEFT__SIM_TXN || s->items[i].count != 1 ||
            weft__sim_class(op->type) != &weft_ewflag_class)
            continue;
        ck_assert_uint_lt(op->object, 400);
        ck_assert_uint_ge(op->object / 8, next[op->object % 8]);
        next[op->object % 8] = op->object / 8;
        if (++counts[op->object] > most) most = counts[op->object];
        met[op->object] |= (size_t)1 << s->items[i].replica;
    }
    ck_assert_uint_gt(most, 10);
    ck_assert_uint_le(most, 24);
    ck_assert_uint_gt(counts[8 * 5], 10);                /* the sixth in its place */
    ck_assert_uint_ne(met[8 * 5] & (met[8 * 5] - 1), 0); /* by several */
    weft_sim_schedule_free(s);
}
END_TEST

static size_t count_kind(const struct weft_sim_schedule *s, enum weft__sim_item_kind kind) {
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) n += s->items[i].kind == kind;
    return n;
}

START_TEST(one_more_fault_moves_nothing_else) {
    struct weft_sim_options o;
    everything(&o, 3);
    struct weft_sim_schedule *a = plan(&o);
    o.crashes++;
    struct weft_sim_schedule *b = plan(&o);
    ck_assert_uint_eq(count_kind(b, WEFT__SIM_CRASH), count_kind(a, WEFT__SIM_CRASH) + 1);
    size_t found = 0;
    for (size_t i = 0, j = 0; i < a->count; i++) { /* what a has stands in b, in the same order */
        while (j < b->count && (b->items[j].at_ns != a->items[i].at_ns || b->items[j].kind != a->items[i].kind)) j++;
        found += j < b->count;
    }
    ck_assert_uint_eq(found, a->count);
    weft_sim_schedule_free(a);
    weft_sim_schedule_free(b);
}
END_TEST

START_TEST(a_plan_ends_whole) {
    struct weft_sim_options o;
    everything(&o, 8);
    struct weft_sim_schedule *s = plan(&o);
    bool down[8] = {false}, cut = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct weft__sim_item *item = &s->items[i];
        ck_assert_uint_le(item->at_ns, o.duration_ns);
        if (item->kind == WEFT__SIM_CRASH) down[item->replica] = true;
        if (item->kind == WEFT__SIM_RESTART || item->kind == WEFT__SIM_RESTORE) down[item->replica] = false;
        if (item->kind == WEFT__SIM_PARTITION || item->kind == WEFT__SIM_CUT) cut = true;
        if (item->kind == WEFT__SIM_HEAL) cut = false;
    }
    for (int i = 0; i < 8; i++) ck_assert(!down[i]);
    ck_assert(!cut);
    weft_sim_schedule_free(s);
}
END_TEST

static int parse(const char *text, struct weft_buf *message) {
    struct weft_sim_schedule *s;
    weft_buf_reset(message);
    int rc = weft_sim_schedule_parse(&s, weft_str(text), message, NULL);
    weft_buf_append(message, "", 1);
    weft_sim_schedule_free(s);
    return rc;
}

START_TEST(reads_what_people_write) {
    static const char text[] = "# two regions\n"
                               "replicas 3\n  loss_ppm 2%   # of messages\nskew_ns 1.5s\ndrift_ppb 200ppm\n"
                               "region here 500 1000\nregion there 1000 500\nplace there here\n\n"
                               "2s heal\n1s partition 0,2\n1s cut 0 1\n"
                               "0 txn 2 g/3+5 p/1-2 s/0+7 s/0-7 r/2=9 r/2- s/0x\n1.5s step 1 -250ms\n3s fail 1 3\n"
                               "4s rejoin 0,2\n4s uncut 0 1\n5s txn 1 ewflag/7:12 windowcounter/999999x";
    struct weft_buf message;
    struct weft_sim_schedule *s;
    weft_buf_init(&message, NULL);
    ck_assert_int_eq(weft_sim_schedule_parse(&s, weft_str(text), &message, NULL), 0);
    ck_assert_uint_eq(s->options.loss_ppm, 20000);
    ck_assert_uint_eq(s->options.skew_ns, WEFT_MILLISECONDS(1500));
    ck_assert_uint_eq(s->options.drift_ppb, 200000);
    ck_assert_uint_eq(s->region_count, 2);
    ck_assert_uint_eq(s->place[0], 1);
    ck_assert_uint_eq(s->count, 9);
    ck_assert_uint_eq(s->items[8].count, 2);
    ck_assert_ptr_eq(weft__sim_class(s->ops[7].type), &weft_ewflag_class);
    ck_assert_uint_eq(s->ops[7].object, 7);
    ck_assert_uint_eq(s->ops[7].amount, 12);
    ck_assert_int_eq(s->ops[8].verb, WEFT__SIM_DELETE);
    ck_assert_uint_eq(s->ops[8].object, 999999);
    ck_assert_int_eq(s->items[6].kind, WEFT__SIM_REJOIN);
    static const uint32_t sides[] = {0, 2}, cut[] = {0, WEFT__SIM_NEXT_SIDE, 1};
    ck_assert_uint_eq(s->items[6].count, 2);
    ck_assert_mem_eq(s->members + s->items[6].first, sides, sizeof sides);
    ck_assert_int_eq(s->items[7].kind, WEFT__SIM_UNCUT);
    ck_assert_uint_eq(s->items[7].count, 3);
    ck_assert_mem_eq(s->members + s->items[7].first, cut, sizeof cut);
    ck_assert_int_eq(s->items[0].kind, WEFT__SIM_TXN);
    ck_assert_uint_eq(s->items[0].count, 7);
    ck_assert_int_eq(s->items[1].kind, WEFT__SIM_PARTITION); /* of one time: the order of the lines */
    ck_assert_mem_eq(s->members + s->items[1].first, sides, sizeof sides);
    ck_assert_int_eq(s->items[2].kind, WEFT__SIM_CUT);
    ck_assert_int_eq(s->items[3].ns, -250000000);
    ck_assert_uint_eq(s->items[5].number, 3);
    weft_buf_fini(&message);
    weft_sim_schedule_free(s);
}
END_TEST

START_TEST(nonsense_is_refused_with_its_line) {
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"replicas 3\nreplicas 0\n", "out of bounds: \"0\" (1 to 1024) (line 2)"},
        {"replicas 5000\n", "out of bounds"},
        {"frobs 3\n", "neither an option nor a time: \"frobs\" (line 1)"},
        {"loss_ppm 200%\n", "out of bounds"},
        {"skew_ns 250\n", "not a duration: \"250\""},
        {"seed 3 4\n", "one word too many: \"4\""},
        {"\n\n10 crash 1\n", "not a time: \"10\" (line 3)"},
        {"-1s crash 1\n", "before the start"},
        {"1s explode 1\n", "nothing that can happen: \"explode\""},
        {"1s ex\033[2Jplode\n", "nothing that can happen: \"ex?[2Jplode\""},
        {"1s crash\n", "not a replica: \"\""},
        {"1s crash 1 2\n", "one word too many: \"2\""},
        {"1s partition 0,x\n", "not lists of replicas: \"0,x\""},
        {"1s partition\n", "which replicas?"},
        {"1s partition 0,\n", "not lists of replicas"},
        {"1s partition 0|\n", "a side of nobody"},
        {"1s partition |0\n", "not lists of replicas"},
        {"1s partition 2-1\n", "not lists of replicas"},
        {"1s partition 1024\n", "not lists of replicas"},
        {"1s cut 0\n", "not a list of replicas: \"\""},
        {"1s cut 0|1 2\n", "not a list of replicas: \"0|1\""},
        {"1s txn 0\n", "a transaction of nothing"},
        {"1s txn 0 g/1-5\n", "not an operation: \"g/1-5\""},
        {"1s txn 0 r/1+5\n", "not an operation"},
        {"1s txn 0 q/1+5\n", "not an operation"},
        {"1s txn 0 p/1+1099511627777\n", "not an operation"},
        {"1s txn 0 g/1+1099511627777\n", "not an operation"},
        {"1152921505s crash 1\n", "later than in 36 years"},
        {"1s lag 0 1 4611686019s\n", "not a time"},
        {"1s liar 1 4096\n", "there are lies up to 2048"},
        {"1s revoke 0 1-2 0\n", "there are rights up to 128"},
        {"1s grant 0 1 256\n", "there are rights up to 128"},
        {"1s revoke 0 63\n", "not a number"},
        {"1s txn 0 g/1000000+1\n", "not an operation"},
        {"1s txn 0 s/01+1\n", "not an operation"},
        {"1s txn 0 g/1:1\n", "not an operation"},
        {"1s txn 0 ewflag/1+1\n", "not an operation"},
        {"1s txn 0 ewflag/1:\n", "not an operation"},
        {"1s txn 0 ewflag/1\n", "not an operation"},
        {"1s txn 0 ewflag:1\n", "not an operation"},
        {"1s txn 0 ewflags/1:1\n", "not an operation"},
        {"1s txn 0 /1:1\n", "not an operation"},
        {"region a 1 2\n", "needs as many distances"},
        {"place nowhere\n", "a place that is no region"},
    };
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ck_assert_msg(parse(bad[i].text, &message) == WEFT_ERR_MALFORMED, "%s was read", bad[i].text);
        ck_assert_msg(strstr((const char *)message.ptr, bad[i].says) != NULL, "%s: %s", bad[i].text, message.ptr);
    }
    weft_buf_fini(&message);
}
END_TEST

START_TEST(lists_are_printed_as_they_are_written) {
    static const char *const lines[] = {
        "partition 0-2,5,7-8|3,4|9-1000", "partition 0,1|1,2|2,0", "cut 0-3 2,4", "uncut 7 0", "rejoin 3",
    };
    struct weft_sim_options o;
    struct weft_buf message, text;
    weft_sim_options_init(&o);
    weft_buf_init(&message, NULL);
    weft_buf_init(&text, NULL);
    struct weft_sim_schedule *s = plan(&o);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct weft__sim_item item;
        ck_assert_int_eq(weft__schedule_parse_item(s, weft_str(lines[i]), &item, &message), 0);
        weft_buf_reset(&text);
        weft__schedule_print_item(s, &item, &text);
        weft_buf_append(&text, "", 1);
        ck_assert_str_eq((const char *)text.ptr, i == 0 ? "partition 0-2,5,7,8|3,4|9-1000" : lines[i]);
    }
    weft_buf_fini(&message);
    weft_buf_fini(&text);
    weft_sim_schedule_free(s);
}
END_TEST

START_TEST(a_line_is_added_in_its_place) {
    struct weft_sim_options o;
    struct weft_buf message;
    weft_sim_options_init(&o);
    weft_buf_init(&message, NULL);
    struct weft_sim_schedule *s = plan(&o);
    ck_assert_uint_eq(weft_sim_schedule_count(s), 0);
    ck_assert_int_eq(weft_sim_schedule_add(s, "3s heal", &message), 0);
    ck_assert_int_eq(weft_sim_schedule_add(s, "1s crash 0", &message), 0);
    ck_assert_int_eq(weft_sim_schedule_add(s, "1s restart 0", &message), 0);
    ck_assert_int_eq(weft_sim_schedule_add(s, "1s oops", &message), WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(weft_sim_schedule_count(s), 3);
    ck_assert_int_eq(s->items[0].kind, WEFT__SIM_CRASH);
    ck_assert_int_eq(s->items[1].kind, WEFT__SIM_RESTART);
    ck_assert_int_eq(s->items[2].kind, WEFT__SIM_HEAL);
    weft_buf_fini(&message);
    weft_sim_schedule_free(s);
}
END_TEST

START_TEST(options_are_set_by_name) {
    struct weft_sim_options o;
    struct weft_buf message;
    weft_sim_options_init(&o);
    weft_buf_init(&message, NULL);
    ck_assert_int_eq(weft_sim_options_set(&o, "duplicate_ppm", "0.25%", &message), 0);
    ck_assert_uint_eq(o.duplicate_ppm, 2500);
    ck_assert_int_eq(weft_sim_options_set(&o, "duplicates", "1", &message), WEFT_ERR_NOT_FOUND);
    ck_assert_int_eq(weft_sim_options_set(&o, "duplicate_ppm", "0.00001%", &message), WEFT_ERR_MALFORMED);
    ck_assert_uint_eq(o.duplicate_ppm, 2500);
    o.replicas = 0;
    struct weft_sim_schedule *s;
    ck_assert_int_eq(weft_sim_schedule_plan(&s, &o), WEFT_ERR_INVALID);
    weft_buf_fini(&message);
}
END_TEST

START_TEST(a_class_that_cannot_be_registered_is_named) {
    static const struct weft_crdt_class lacking = {
        .size = sizeof lacking, .name = "auction", .type = WEFT_TYPE_ID(1024, WEFT_KERNEL_STAMPED), .schema = 2};
    static const struct weft_crdt_class *const classes[] = {&lacking, NULL};
    struct weft_sim_options o;
    struct weft_sim *sim;
    char said[128] = "";
    weft_sim_options_init(&o);
    o.classes = classes;
    ck_assert_int_eq(weft_sim_new(&sim, &o), WEFT_ERR_INVALID);
    o.errmsg = said;
    o.errmsg_len = sizeof said;
    ck_assert_int_eq(weft_sim_new(&sim, &o), WEFT_ERR_INVALID);
    ck_assert_ptr_null(sim);
    ck_assert_ptr_nonnull(strstr(said, "class 'auction' is at schema 2 and lacks upcast"));
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-schedule", text_is_the_whole_schedule, text_can_be_added, options_have_names,
                     a_copy_is_the_whole_schedule, a_plan_is_a_function_of_its_options,
                     objects_of_the_law_kit_are_left_after_a_while, one_more_fault_moves_nothing_else,
                     a_plan_ends_whole, reads_what_people_write, nonsense_is_refused_with_its_line,
                     lists_are_printed_as_they_are_written, a_line_is_added_in_its_place, options_are_set_by_name,
                     a_class_that_cannot_be_registered_is_named);
}
