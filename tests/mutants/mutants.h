/* mutants.h: the engine with one thing wrong (mutants.py). */
#ifndef WEFT_TESTS_MUTANTS_H
#define WEFT_TESTS_MUTANTS_H

struct mutant {
    const char *name, *what;
};
extern const struct mutant mutants[]; /* 0: the engine as it is */
extern const int mutant_count;
extern int weft__mutant; /* which one it is now */

#endif
