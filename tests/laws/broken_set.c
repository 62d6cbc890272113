/* broken_set.c: the options under which write_code.c finds a failure and the code that it writes shows it again. */
#include <string.h>

#include "tests/laws/mutants.h"

static struct mutant broken;

void broken_set_options(struct weft_law_options *o) {
    for (const struct mutant *m = mutated_set.mutants; m->name != NULL; m++)
        if (strcmp(m->name, "removes by name") == 0) broken = *m;
    o->subject = mutated_set.subject;
    o->spec = mutated_set.spec;
    o->ctx = &broken;
}
