/* test_scenario.c: a scenario becomes the schedule that it says; what contradicts itself is refused where it stands. */
#include "tools/scenario/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <weft/err.h>

#include "sim/schedule.h"
#include "tests/support/suite.h"
#include "tools/scenario/build.h"

static const char log_lines[] = "100\tv1\tGET\t/a\t200\t70\n"
                                "110\tv2\tGET\t/b\t404\t0\n"
                                "105\tv1\tGET\t/b\t200\t5\n"
                                "140\tv1\tGET\t/a\t500\t9\n"
                                "not a line\n";
static const char table[] = "# between worlds\nregion\thome\tmars\nhome\t0\t360000.5\nmars\t360001 4\n";

static int read_file(void *ctx, const char *name, struct weft_buf *out, struct weft_buf *message) {
    (void)ctx;
    if (strcmp(name, "log.tsv") == 0) return weft_buf_append_str(out, log_lines);
    if (strcmp(name, "table.tsv") == 0) return weft_buf_append_str(out, table);
    if (strcmp(name, "empty.tsv") == 0) return 0;
    weft_buf_printf(message, "\"%s\" cannot be read", name);
    return WEFT_ERR_NOT_FOUND;
}

static const struct weft__scenario_files files = {read_file, NULL};

static struct weft__scenario *load(const char *text) {
    struct weft__scenario *s;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft__scenario_load(&s, weft_str(text), &files, &message);
    ck_assert_msg(rc == 0, "%s: %.*s", text, (int)message.len, (const char *)message.ptr);
    weft_buf_fini(&message);
    return s;
}

static struct weft_sim_schedule *schedule_of(const struct weft__scenario *s) {
    struct weft_sim_schedule *out;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft__scenario_schedule(s, &s->options, &out, &message);
    ck_assert_msg(rc == 0, "%.*s", (int)message.len, (const char *)message.ptr);
    weft_buf_fini(&message);
    return out;
}

/* The lines of the schedule besides its header. */
static void lines_are(const char *text, const char *expected) {
    struct weft__scenario *s = load(text);
    struct weft_sim_schedule *schedule = schedule_of(s);
    struct weft_buf out;
    weft_buf_init(&out, NULL);
    for (size_t i = 0; i < schedule->count; i++) {
        weft__duration_print((int64_t)schedule->items[i].at_ns, &out);
        weft_buf_append(&out, " ", 1);
        weft__schedule_print_item(schedule, &schedule->items[i], &out);
        weft_buf_append(&out, "\n", 1);
    }
    ck_assert_msg(weft_slice_eq(weft_buf_slice(&out), weft_str(expected)), "%s\nis\n%.*s\nnot\n%s", text, (int)out.len,
                  (const char *)out.ptr, expected);
    weft_buf_fini(&out);
    weft_sim_schedule_free(schedule);
    weft__scenario_free(s);
}

/* --- What is said ---------------------------------------------------------------------------------------------------
 */

#define IDLE   "duration: 20s\nworkload: {rate: 0}\n"
#define PLACES IDLE "regions: [{name: tokyo, replicas: 2}, {name: dallas}, {name: london, replicas: 2}]\n"

START_TEST(numbers_go_where_they_belong) {
    struct weft__scenario *s = load("name: all\nseed: 9\nduration: 90s\nreplicas: 7\n"
                                    "links: {loss: 2%, duplicate: 0, reorder: 0.5%, reorder_by: 1s, jitter: 20%}\n"
                                    "clocks: {skew: 1s, drift: 200ppm}\ndisks: {sync: 9ms}\n"
                                    "workload: {rate: 2.5, keys: 30, zipf: 0.99, until: 80s, types: {lease: 3}}\n"
                                    "nemesis: {crashes: 3, lasting: 2s}\nlimits: {log: 5000, digest: 2s}\n"
                                    "options: {engine_segment_bytes: 700}\nexpect: {converge_within: 20 rounds}\n");
    const struct weft_sim_options *o = &s->options;
    ck_assert_str_eq(s->name, "all");
    ck_assert(o->seed == 9 && o->duration_ns == WEFT_SECONDS(90) && o->replicas == 7);
    ck_assert(o->loss_ppm == 20000 && o->duplicate_ppm == 0 && o->reorder_ppm == 5000 && o->jitter_ppm == 200000);
    ck_assert(o->reorder_ns == WEFT_SECONDS(1) && o->skew_ns == WEFT_SECONDS(1) && o->drift_ppb == 200000);
    ck_assert(o->sync_ns == WEFT_MILLISECONDS(9) && o->keys == 30 && o->zipf_ppm == 990000);
    ck_assert(o->work_until_ns == WEFT_SECONDS(80) && o->weight_lease == 3 && o->weight_gcounter == 0);
    ck_assert(o->rates[0] == 2500 && o->rates[6] == 2500);
    ck_assert(o->crashes == 3 && o->fault_ns == WEFT_SECONDS(2) && o->engine_log_max == 5000);
    ck_assert(o->engine_segment_bytes == 700 && o->within_rounds == 20);
    weft__scenario_free(s);
}
END_TEST

START_TEST(json_is_the_same) {
    lines_are(
        "{\"duration\": \"20s\", \"workload\": {\"rate\": 0}, \"faults\": [{\"at\": \"3s\", \"do\": \"crash 1\"}]}",
        "3s crash 1\n20s restart 1\n");
}
END_TEST

START_TEST(replicas_stand_where_they_are_put) {
    struct weft__scenario *s = load(PLACES);
    ck_assert_uint_eq(s->options.replicas, 5);
    static const char *const places[] = {"tokyo", "tokyo", "dallas", "london", "london"};
    struct weft_sim_schedule *schedule = schedule_of(s);
    for (unsigned i = 0; i < 5; i++)
        ck_assert_str_eq(schedule->names[schedule->place[i % schedule->place_count]], places[i]);
    weft_sim_schedule_free(schedule);
    weft__scenario_free(s);
}
END_TEST

START_TEST(distances_may_be_ones_own) {
    static const char *const texts[] = {
        "distances: {file: table.tsv}\nregions: [{name: mars}, {name: home}]\n",
        "distances:\n  table: |\n    - home mars\n    home 0 360000.5\n    mars 360001 4\n"
        "regions: [{name: mars}, {name: home}]\n"};
    for (unsigned i = 0; i < 2; i++) {
        struct weft__scenario *s = load(texts[i]);
        ck_assert_uint_eq(s->table.count, 2);
        ck_assert_uint_eq(s->one_way_us[0], 1000); /* within a region */
        ck_assert_uint_eq(s->one_way_us[1], 180000250);
        ck_assert_uint_eq(s->one_way_us[2], 180000500);
        ck_assert_uint_eq(s->one_way_us[3], 2000);
        struct weft_sim_schedule *schedule = schedule_of(s);
        ck_assert_str_eq(schedule->names[schedule->place[0]], "mars");
        weft_sim_schedule_free(schedule);
        weft__scenario_free(s);
    }
}
END_TEST

START_TEST(regions_stand_for_their_replicas) {
    lines_are(PLACES "faults:\n"
                     "- {at: 1s, for: 1s, do: partition tokyo}\n"
                     "- {at: 2s, for: 2s, do: \"partition tokyo,dallas|london,2\"}\n"
                     "- {at: 3s, for: 1s, do: cut tokyo london}\n"
                     "- {at: 4s, do: step tokyo -1s}\n"
                     "- {at: 5s, for: 1s, do: \"crash 2,london\"}\n",
              "1s partition 0,1\n2s rejoin 0,1\n2s partition 0-2|2-4\n3s cut 0,1 3,4\n4s rejoin 0-2|2-4\n"
              "4s uncut 0,1 3,4\n4s step 0 -1s\n4s step 1 -1s\n5s crash 2\n5s crash 3\n5s crash 4\n"
              "6s restart 2\n6s restart 3\n6s restart 4\n");
}
END_TEST

START_TEST(what_began_ends) {
    lines_are(IDLE "faults:\n- {at: 1s, do: crash 1}\n", "1s crash 1\n20s restart 1\n");
    lines_are(IDLE "faults:\n- {at: 1s, for: ever, do: crash 1}\n", "1s crash 1\n");
    lines_are(IDLE "faults:\n- {at: 1s, for: 3s, do: slow 2 20ms}\n", "1s slow 2 20ms\n4s slow 2 0\n");
    lines_are(IDLE "faults:\n- {at: 1s, do: heal}\n", "1s heal\n");
    lines_are(IDLE "faults:\n- at: 1s\n  for: 3s\n  do: |\n    crash 1\n", "1s crash 1\n4s restart 1\n");
    lines_are(IDLE "faults:\n- at: 1s\n  do: |\n    txn 1 g/0+1\n    g/1+1\n", "1s txn 1 g/0+1 g/1+1\n");
    lines_are(IDLE "faults:\n- {at: 1s, for: 3s, do: bursty 0-1 3 10% 2s}\n",
              "1s bursty 0,1 3 10% 2s\n4s mend 0,1 3\n");
    lines_are(IDLE "faults:\n- {at: 1s, for: 3s, do: strobe 2 200ms 10ms}\n", "1s strobe 2 200ms 10ms\n4s steady 2\n");
    lines_are(IDLE "faults:\n- {at: 1s, for: 1s, every: 4s, times: 3, do: full 0}\n",
              "1s full 0\n2s free 0\n5s full 0\n6s free 0\n9s full 0\n10s free 0\n");
}
END_TEST

START_TEST(replicas_that_come_later_have_numbers) {
    lines_are(IDLE
              "replicas: 2\nfaults:\n- {at: 1s, do: copy 0}\n- {at: 2s, do: join tokyo}\n- {at: 3s, do: pause 3}\n",
              "1s copy 0\n2s join 8\n3s pause 3\n20s resume 3\n");
}
END_TEST

START_TEST(clocks_are_off_from_the_beginning) {
    lines_are(PLACES "clocks: {each: [{who: tokyo, offset: -2s}, {who: 4, offset: 365d, drift: -0.5ppm}]}\n",
              "0 offset 0 -2s\n0 offset 1 -2s\n0 offset 4 31536000s\n0 drift 4 -500ns\n");
    lines_are(IDLE "clocks: {each: [{who: 0, drift: 100ppm}]}\nexpect: {clocks_agree: 10s}\n", "0 drift 0 100us\n");
}
END_TEST

/* Visitor 0 is at replica 0 and visitor 1 at replica 1; the third line is later than its time, being below the second.
 */
START_TEST(a_log_is_replayed) {
    lines_are("duration: 45s\nreplicas: 2\nworkload: {from: 4s, replay: {file: log.tsv}}\n",
              "4s txn 0 g/0+1 p/0+70 s/0+0 r/0=200\n"
              "14s txn 1 g/1+1 s/1-1 r/1=404\n"
              "14s txn 0 g/1+1 p/1+5 p/0-70 s/1+0 r/1=200\n"
              "44s txn 0 g/0+1 p/0+9 p/1-5 s/0-0 r/0=500\n");
    lines_are("duration: 45s\nreplicas: 2\nworkload: {replay: {file: log.tsv, lines: 1}}\n",
              "0 txn 0 g/0+1 p/0+70 s/0+0 r/0=200\n");
}
END_TEST

START_TEST(whatever_can_happen_can_be_said) {
#define KNOWN(kind, word, operands) ck_assert_msg(weft__scenario_knows(word), "%s has an end, or none?", word);
    WEFT__SIM_ITEM_MAP(KNOWN)
#undef KNOWN
    lines_are(IDLE "faults: [{at: 1s, do: txn 2 g/3+5 s/0+7 ewflag/3:812}]\n", "1s txn 2 g/3+5 s/0+7 ewflag/3:812\n");
}
END_TEST

/* --- What is expected ------------------------------------------------------------------------------------------------
 */

START_TEST(expectations_are_held_to) {
    struct weft__scenario *s =
        load("expect: {counts: [{what: crashes, least: 2, most: 3}, {what: parked, most: 0}]}\n");
    struct weft__scenario *fails = load("expect: {outcome: not converged}\n");
    struct weft_sim_stats stats = {.crashes = 2};
    struct weft_buf told;
    weft_buf_init(&told, NULL);
    ck_assert(weft__scenario_holds(s, 0, &stats, &told));
    ck_assert(weft__scenario_holds(fails, WEFT_ERR_NOT_READY, &stats, &told));
    ck_assert_uint_eq(told.len, 0);
    ck_assert(!weft__scenario_holds(fails, 0, &stats, &told));
    ck_assert(!weft__scenario_holds(fails, WEFT_ERR_CORRUPT, &stats, &told));
    weft_buf_reset(&told);
    stats.crashes = 4;
    stats.notices[WEFT_NOTICE_PARKED] = 7;
    ck_assert(!weft__scenario_holds(s, WEFT_ERR_CORRUPT, &stats, &told));
    ck_assert(weft_slice_eq(weft_buf_slice(&told), weft_str("expected      converged, but check failed\n"
                                                            "expected      at most 3 crashes, not 4\n"
                                                            "expected      at most 0 parked, not 7\n")));
    weft_buf_fini(&told);
    weft__scenario_free(s);
    weft__scenario_free(fails);
}
END_TEST

/* --- What is refused -------------------------------------------------------------------------------------------------
 */

static void refused(const char *text, const char *expected) {
    struct weft__scenario *s;
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft__scenario_load(&s, weft_str(text), &files, &message);
    ck_assert_msg(rc == WEFT_ERR_MALFORMED, "\"%s\": %d", text, rc);
    ck_assert_ptr_null(s);
    size_t len = strlen(expected);
    ck_assert_msg(message.len >= len && memcmp(message.ptr, expected, len) == 0, "%s\nsays\n%.*s\nnot\n%s", text,
                  (int)message.len, (const char *)message.ptr, expected);
    weft_buf_fini(&message);
}

START_TEST(what_is_not_understood_is_named) {
    refused("", "1:1: nothing in it");
    refused("[]", "1:1: must be a mapping");
    refused("name: \"x\n", "2:1: not YAML: ");
    refused("name: x\n---\nname: y\n", "2:1: a second document");
    refused("name: x\nnmae: y\n", "2:1: nmae: unknown key; there is name, question, seed");
    refused("faults:\n  - at: 3s\n    do: heal\n    frob: 3\n",
            "4:5: faults[0].frob: unknown key; there is at, for, every, times, do");
    refused("options: {los_ppm: 3}\n", "1:11: options.los_ppm: unknown key; there is loss_ppm");
    refused("workload: {types: {hat: 1}}\n", "1:20: workload.types.hat: unknown key; there is gcounter");
    refused("name: x\nfaults: 3\n", "2:9: faults: must be a list");
    refused("faults: [3]\n", "1:10: faults[0]: must be a mapping");
    refused("faults:\n- {at: 1s, do: {crash: 1}}\n", "2:16: faults[0].do: must be one value");
    refused("links: {loss: 2%, jitter: 3%, loss: 3%}\n", "1:37: links.loss: said twice");
    refused("a: &x {b: 1}\nc: *x\n", "1:1: has an alias in it");
    refused("? [a]\n: 3\n", "1:3: a key is a word");
    refused("name: \"a\\0b\"\n", "1:7: name: has a NUL in it");
    refused("a: [[[[[[[[[[1]]]]]]]]]]\n", "1:11: a[0][0][0][0][0][0][0]: nested too deeply");
    refused("\t- x\n", "1:1: not YAML: ");
    refused("name: x\nseed: \x01\n", "2:7: not YAML: control characters are not allowed");
    refused("name: x\nquestion: caf\xe9\n", "2:14: not YAML: incomplete UTF-8");
    refused("duration: 10\n", "1:11: duration: not a duration: \"10\"; a time is like 250ms");
    refused("links:\n  loss: 200%\n", "2:9: links.loss: out of bounds: \"200%\"");
    refused("links:\n  loss: 2\n", "2:9: links.loss: of what? \"2\"; a share is like 2%");
    refused("clocks: {drift: 200}\n", "1:17: clocks.drift: of what? \"200\"; a drift is like 200ppm");
    refused("seed: -1\n", "1:7: seed: not a number: \"-1\"");
    refused("replicas: 0\n", "1:11: replicas: out of bounds: \"0\" (1 to 1024)");
    refused("workload: {rate: 1.2345}\n", "1:18: workload.rate: not a number with at most 3 digits after the point");
    refused("workload: {zipf: 9}\n", "1:18: workload.zipf: out of bounds: \"9\" (0 to 4)");
    refused("workload: {name: cars}\n", "1:18: workload.name: none of its names: \"cars\" (mixed, counters");
    refused("expect: {outcome: good}\n", "1:19: expect.outcome: none of \"converged\"");
    refused("expect: {counts: [{what: frogs, least: 1}]}\n", "1:26: expect.counts[0].what: nothing that is counted");
    refused("expect: {counts: [{what: lost}]}\n", "1:19: expect.counts[0]: how many of what?");
    refused("expect: {converge_within: 0 rounds}\n", "1:27: expect.converge_within: how many rounds?");
    refused("regions: [{name: tokio}]\n", "1:18: regions[0].name: there is no region \"tokio\"; there is dallas");
    refused("regions: [{replicas: 2}]\n", "1:11: regions[0]: has no name");
}
END_TEST

/* What takes time that grows with the square of the file is not begun. */
START_TEST(what_is_huge_is_refused_at_once) {
    const size_t size = 256 << 10;
    char *text = malloc(size + 2);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < size; i++) text[i] = '[';
    text[size] = '\0';
    clock_t begin = clock();
    refused(text, "1:101: nested too deeply");
    ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 2);
    text[size] = '[';
    text[size + 1] = '\0';
    refused(text, "1:1: larger than 256 KiB");
    free(text);
}
END_TEST

START_TEST(a_fault_that_cannot_be_is_refused) {
    refused("faults:\n- {do: crash 0}\n", "2:3: faults[0]: when? say `at`");
    refused("faults:\n- {at: 1s}\n", "2:3: faults[0]: what happens? say `do`");
    refused("faults:\n- {at: 1s, do: explode}\n",
            "2:16: faults[0].do: nothing that can happen: \"explode\"; there is txn");
    refused("faults:\n- {at: 1s, do: step 0 3}\n", "2:16: faults[0].do: not a time: \"3\"");
    refused("faults:\n- {at: 1s, do: step 0}\n", "2:16: faults[0].do: not a time: \"\"");
    refused("faults:\n- {at: 1s, do: heal 3}\n", "2:16: faults[0].do: one word too many: \"3\"");
    refused(PLACES "faults:\n- {at: 1s, do: crash madrid}\n",
            "5:16: faults[0].do: no replica stands in \"madrid\"; they stand in tokyo, dallas, london");
    refused("faults:\n- {at: 1s, do: crash 7}\n", "2:16: faults[0].do: there is no replica 7: they are 0 to 4");
    refused("faults:\n- {at: 1s, do: crash 3-1}\n", "2:16: faults[0].do: no replica stands in \"3-1\"");
    refused("faults:\n- {at: 1s, do: partition all}\n", "2:16: faults[0].do: all replicas are on one side");
    refused("faults:\n- {at: 1s, do: cut 0 \"all\"}\n", "2:16: faults[0].do: ");
    refused("faults:\n- {at: 1s, do: cut 0 0-3}\n", "2:16: faults[0].do: from replica 0 to itself nothing is sent");
    refused("faults:\n- {at: 61s, do: heal}\n", "2:8: faults[0].at: after the end of `duration` (60000 ms)");
    refused("faults:\n- {at: 1s, for: 60s, do: crash 0}\n", "2:17: faults[0].for: ends after `duration`");
    refused("faults:\n- {at: 1s, for: 0, do: crash 0}\n", "2:17: faults[0].for: ends when it begins");
    refused("faults:\n- {at: 1s, for: -2s, do: crash 0}\n", "2:17: faults[0].for: not a duration: \"-2s\"");
    refused("faults:\n- {at: 1s, for: 2s, do: step 0 3s}\n", "2:17: faults[0].for: \"step\" is over at once");
    refused("faults:\n- {at: 1s, for: 3s, every: 2s, do: crash 0}\n", "2:28: faults[0].every: comes again before");
    refused("faults:\n- {at: 1s, every: 2s, do: crash 0}\n", "2:3: faults[0].times: what comes again must end");
    refused("faults:\n- {at: 1s, for: 3s, every: 20s, times: 9, do: crash 0}\n", "2:40: faults[0].times: the last one");
    refused("faults:\n- {at: 1s, times: 9, do: heal}\n", "2:19: faults[0].times: how long after each other?");
    refused("clocks: {each: [{who: 0}]}\n", "1:17: clocks.each[0]: whose clock, and how far off?");
    refused("clocks: {each: [{who: 0, drift: 3}]}\n", "1:33: clocks.each[0].drift: not a drift: \"3\"");
    refused("clocks: {each: [{who: 9, offset: 1s}]}\n", "1:23: clocks.each[0].who: there is no replica 9");
    refused("clocks: {each: [{who: 0, offset: soon}]}\n", "1:34: clocks.each[0].offset: not a time: \"soon\"");
}
END_TEST

START_TEST(contradictions_are_refused) {
    refused("regions: [{name: tokyo}]\nreplicas: 3\n", "2:11: replicas: `regions` says how many there are");
    refused("regions: [{name: tokyo}, {name: tokyo}]\n", "1:33: regions[1].name: is there twice; say `replicas: 2`");
    refused("duration: 10d\nworkload: {rate: 100}\n", "2:11: workload: would be some 432000000 transactions");
    refused("workload: {until: 61s}\n", "1:19: workload.until: after the end of `duration`");
    refused("workload: {from: 10s, until: 5s}\n", "1:18: workload.from: begins when it has ended");
    refused("workload: {name: carts, types: {gcounter: 1}}\n", "1:32: workload.types: two workloads");
    refused("workload: {name: carts, deletes: 3%}\n",
            "1:34: workload.deletes: an application has operations of its own");
    refused("workload: {name: carts, replay: {file: log.tsv}}\n", "1:18: workload.name: two workloads");
    refused("regions: [{name: tokyo, rate: 3}]\nworkload: {replay: {file: log.tsv}}\n",
            "1:31: regions[0].rate: two workloads");
    refused("workload: {types: {gcounter: 0, lease: 0}}\n", "1:19: workload.types: all weights are 0");
    refused("options: {loss_ppm: 3}\nlinks: {loss: 1%}\n", "1:21: options.loss_ppm: is said elsewhere");
    refused("workload: {rate: 1}\noptions: {rate: 2}\n", "2:17: options.rate: is said elsewhere");
    refused("clocks: {each: [{who: 0, offset: 365d}]}\nexpect: {clocks_agree: 1s}\n",
            "1:34: clocks.each[0].offset: further than `expect.clocks_agree` (1s) allows");
    refused("clocks: {each: [{who: 0, offset: 5s}, {who: 1, offset: -5s}]}\nexpect: {clocks_agree: 6s}\n",
            "1:56: clocks.each[1].offset: further than `expect.clocks_agree` (6s) allows");
    refused("clocks: {skew: 2s}\nexpect: {clocks_agree: 1s}\n",
            "2:24: expect.clocks_agree: clocks are off by up to 2000");
    refused(
        "faults:\n- {at: 9s, for: 3s, do: partition 0}\n- {at: 1s, for: 3s, every: 5s, times: 3, do: partition 1}\n",
        "3:8: faults[1].at: begins while the partition of faults[0] stands, and would end it");
    refused("faults:\n- {at: 1s, for: ever, do: partition 0}\n- {at: 9s, do: partition 1}\n",
            "3:8: faults[1].at: begins while the partition of faults[0] stands");
    refused("expect: {counts: [{what: lost, least: 5, most: 4}]}\n", "1:48: expect.counts[0].most: less than `least`");
}
END_TEST

START_TEST(files_that_are_wrong_are_named) {
    refused("workload: {replay: {lines: 3}}\n", "1:20: workload.replay: of which log? say `file`");
    refused("workload: {replay: {file: absent}}\n", "1:27: workload.replay.file: \"absent\" cannot be read");
    refused("workload: {replay: {file: empty.tsv}}\n", "1:27: workload.replay.file: no line of it can be read");
    refused("distances: {}\n", "1:12: distances: has either a `file` or a `table`");
    refused("distances: {file: absent}\n", "1:19: distances.file: \"absent\" cannot be read");
    refused("distances: {file: empty.tsv}\n", "1:19: distances.file: an empty table");
    refused("distances: {table: \"- a b\\na 0 3\\nb 3\"}\n", "1:20: distances.table: line 3 of it: too few numbers");
    refused("distances: {table: \"- a b\\na 0 3\\nc 3 0\"}\n", "1:20: distances.table: line 3 of it: the row of \"b\"");
    refused("distances: {table: \"- a b\\na 0 far\"}\n",
            "1:20: distances.table: line 2 of it: not milliseconds: \"far\"");
    refused("distances: {table: \"- a a\"}\n", "1:20: distances.table: line 1 of it: twice: \"a\"");
    refused("distances: {table: \"- 0-2\"}\n", "1:20: distances.table: line 1 of it: not a name that can be told");
    refused("distances: {table: \"- a\\na 0\"}\nregions: [{name: tokyo}]\n",
            "2:18: regions[0].name: there is no region \"tokyo\"; there is a");
}
END_TEST

int main(void) {
    return RUN_SUITE("tools-scenario", numbers_go_where_they_belong, json_is_the_same,
                     replicas_stand_where_they_are_put, distances_may_be_ones_own, regions_stand_for_their_replicas,
                     what_began_ends, replicas_that_come_later_have_numbers, clocks_are_off_from_the_beginning,
                     a_log_is_replayed, whatever_can_happen_can_be_said, expectations_are_held_to,
                     what_is_not_understood_is_named, what_is_huge_is_refused_at_once,
                     a_fault_that_cannot_be_is_refused, contradictions_are_refused, files_that_are_wrong_are_named);
}
