/* peer.c: other simulators, each a program beside this one that prints its figure, where their packages were there when
 * this was built. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"

static char folder[1024];

void bench_set_folder(const char *program) {
    const char *slash = strrchr(program, '/');
    size_t len = slash == NULL ? 0 : (size_t)(slash - program) + 1;
    if (len < sizeof folder) memcpy(folder, program, len);
}

double bench_peer(const char *name) {
    char command[sizeof folder + 64], line[64];
    double figure = 0;
    (void)snprintf(command, sizeof command, "'%s%s' 2>/dev/null", folder, name);
    FILE *out = popen(command, "r");
    if (out == NULL) return 0;
    if (fgets(line, sizeof line, out) != NULL) figure = strtod(line, NULL);
    return pclose(out) == 0 ? figure : 0;
}
