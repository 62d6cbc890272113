/* budget.c: it aborts where memory is asked for, so that the report has the place. */
#include "tests/fuzz/budget.h"

#include "tests/fuzz/fuzz.h"

static void *resize(void *ctx, void *ptr, size_t old_size, size_t new_size) {
    struct budget *b = ctx;
    HOLDS(old_size <= b->live);
    b->live += new_size - old_size;
    if (b->live > b->peak) b->peak = b->live;
    HOLDS(b->live <= b->most);
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    void *p = realloc(ptr, new_size);
    HOLDS(p != NULL);
    return p;
}

void budget_init(struct budget *b, size_t most) {
    *b = (struct budget){.alloc = {resize, b}, .most = most};
}

void budget_fini(struct budget *b) {
    HOLDS(b->live == 0);
}
