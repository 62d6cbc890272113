/* An lwwset against the laws, and against: an element is in if the greatest stamp of its standing operations belongs to
 * an add, among others or not. Concurrent stamps are mostly equal, so that ties are the rule here. */
#include <weft/lwwset.h>

#include "tests/laws/members.h"

static bool is_later(struct weft_stamp a, struct weft_stamp b) {
    return a.epoch != b.epoch ? a.epoch > b.epoch : a.word > b.word;
}

static bool an_add_is_latest(const struct weft_law_op *const *standing, size_t count) {
    struct weft_stamp latest = standing[0]->stamp;
    for (size_t i = 1; i < count; i++)
        if (is_later(standing[i]->stamp, latest)) latest = standing[i]->stamp;
    for (size_t i = 0; i < count; i++)
        if (standing[i]->kind == ADD && !is_later(latest, standing[i]->stamp)) return true;
    return false;
}

START_TEST(test_lwwset) {
    check_members(&weft_lwwset_class, &(struct members){weft_lwwset_add, weft_lwwset_remove, an_add_is_latest});
}
END_TEST

int main(void) {
    return run_one_case("laws: lwwset", test_lwwset);
}
