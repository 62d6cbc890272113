/* standalone.c: runs a target over every file of the folders named, in the order of their names, with any compiler: a
 * corpus is a test. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

#define INPUT_MAX ((size_t)1 << 20)

static int run_file(const char *path) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    uint8_t *bytes = malloc(INPUT_MAX);
    HOLDS(bytes != NULL);
    size_t len = fread(bytes, 1, INPUT_MAX, f);
    (void)fclose(f);
    uint8_t *exact = fuzz_copy(weft_slice(bytes, len));
    free(bytes);
    int rc = LLVMFuzzerTestOneInput(len == 0 ? NULL : exact, len);
    free(exact);
    return rc != 0;
}

static int is_input(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* How many inputs were run. */
static size_t run_folder(const char *folder, int *failed) {
    struct dirent **entries;
    int count = scandir(folder, &entries, is_input, alphasort);
    if (count < 0) {
        (void)fprintf(stderr, "%s: cannot be read\n", folder);
        return 0;
    }
    for (int i = 0; i < count; i++) {
        char path[4096];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        /* Said first, so that the last line names the file that ended the program. */
        (void)printf("%s\n", entries[i]->d_name);
        (void)fflush(stdout);
        *failed |= run_file(path);
        free(entries[i]);
    }
    free(entries);
    return (size_t)count;
}

int main(int argc, char **argv) {
    size_t inputs = 0;
    int failed = 0;
    for (int i = 1; i < argc; i++) inputs += run_folder(argv[i], &failed);
    (void)printf("%zu inputs\n", inputs);
    return failed || inputs == 0;
}
