/* The auction under check, as docs/laws.md shows it. */
#include <check.h>
#include <stdlib.h>

#include "tests/laws/auction.h"

/* docs/laws.md */
START_TEST(the_auction_is_lawful) {
    struct weft_law_options opts;
    struct weft_law_report report;
    auction_options(&opts);
    ck_assert_msg(weft_law_check(&opts, &report) == 0, "%s\n%s", report.law, report.counterexample);
    weft_law_report_fini(&report);
}
END_TEST
/* end */

int main(void) {
    Suite *suite = suite_create("auction");
    TCase *tcase = tcase_create("laws");
    tcase_set_timeout(tcase, 0);
    tcase_add_test(tcase, the_auction_is_lawful);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
