/* undefended.h: defences that can be taken out, and the rows that must then fail. */
#ifndef WEFT_TESTS_HOSTILE_UNDEFENDED_H
#define WEFT_TESTS_HOSTILE_UNDEFENDED_H

#include <stdbool.h>
#include <stddef.h>

struct undefended {
    bool *off;
    const char *defence;
    const char *row; /* its name */
};

extern const struct undefended undefended[];
extern const size_t undefended_count;

#endif
