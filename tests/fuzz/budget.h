/* budget.h: an allocator that a target gives to what it tries: memory in proportion to the input and no more, and all
 * of it given back. */
#ifndef WEFT_TESTS_FUZZ_BUDGET_H
#define WEFT_TESTS_FUZZ_BUDGET_H

#include <stddef.h>

#include <weft/alloc.h>

struct budget {
    struct weft_alloc alloc;
    size_t live, peak; /* bytes */
    size_t most;       /* SIZE_MAX: only counted */
};

void budget_init(struct budget *b, size_t most);
/* Nothing is left, and it never was more than `most`, which is named by what asks for too much. */
void budget_fini(struct budget *b);

#endif
