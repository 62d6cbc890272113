/* A rworset against the laws, and against: an element is in if none of its standing operations is a remove. */
#include <weft/rworset.h>

#include "tests/laws/members.h"

static bool no_remove(const struct weft_law_op *const *standing, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (standing[i]->kind == REMOVE) return false;
    return true;
}

START_TEST(test_rworset) {
    check_members(&weft_rworset_class, &(struct members){weft_rworset_add, weft_rworset_remove, no_remove});
}
END_TEST

int main(void) {
    return run_one_case("laws: rworset", test_rworset);
}
