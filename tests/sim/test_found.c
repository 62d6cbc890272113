/* test_found.c: runs that failed once, each as small as weft sim shrink made it, and what was wrong. */
#include <string.h>

#include <weft/err.h>
#include <weft/sim.h>

#include "tests/support/suite.h"

static void holds(const char *items) {
    struct weft_sim_schedule *s;
    struct weft_sim *sim;
    struct weft_buf text, message;
    weft_buf_init(&text, NULL);
    weft_buf_init(&message, NULL);
    weft_buf_append_str(&text, "seed 1\nloss_ppm 0\nduplicate_ppm 0\nreorder_ppm 0\njitter_ppm 0\nskew_ns 0\n"
                               "drift_ppb 0\n");
    weft_buf_append_str(&text, items);
    int rc = weft_sim_schedule_parse(&s, weft_buf_slice(&text), &message, NULL);
    ck_assert_msg(rc == 0, "%.*s", (int)message.len, (const char *)message.ptr);
    ck_assert_int_eq(weft_sim_new_scheduled(&sim, s), 0);
    ck_assert_msg(weft_sim_run_until_converged(sim, WEFT_SECONDS(120)) == 0, "%s", weft_sim_report(sim));
    weft_sim_free(sim);
    weft_buf_fini(&text);
    weft_buf_fini(&message);
}

/* The check took the parent of an epoch from the line that the oldest backup belongs to. */
START_TEST(a_later_backup_is_of_another_line) {
    holds("replicas 1\n"
          "100ms txn 0 p/1+1\n"
          "200ms backup 0\n"
          "200ms restore 0\n"
          "300ms txn 0 r/5=1\n"
          "400ms backup 0\n"
          "500ms restore 0\n"
          "600ms revert 0 1\n"
          "600ms txn 0 r/6=1\n");
}
END_TEST

/* The disk had lost what was written under the rolled-back memory, and the check wanted it issued again. */
START_TEST(what_a_disk_lost_is_not_issued_again) {
    holds("replicas 2\n"
          "place dallas london\n"
          "100ms snapshot 1\n"
          "200ms txn 0 r/3=1\n"
          "200ms lose 1 8\n"
          "300ms txn 0 g/0+1\n"
          "400ms txn 1 p/2+1\n"
          "500ms rewind 1\n"
          "500ms txn 1 r/2=1\n"
          "600ms txn 1 r/3=1\n");
}
END_TEST

int main(void) {
    return RUN_SUITE("sim-found", a_later_backup_is_of_another_line, what_a_disk_lost_is_not_issued_again);
}
