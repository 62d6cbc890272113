/* A gset against the laws, and against: an element is in if some add of it was seen by no reset (or later add). */
#include <weft/gset.h>

#include "tests/laws/members.h"

static bool always(const struct weft_law_op *const *standing, size_t count) {
    (void)standing;
    return count > 0;
}

START_TEST(test_gset) {
    check_members(&weft_gset_class, &(struct members){weft_gset_add, NULL, always});
}
END_TEST

int main(void) {
    return run_one_case("laws: gset", test_gset);
}
