/* folder.c: folders and whole files, by POSIX. */
#define _DEFAULT_SOURCE /* mkdtemp, P_tmpdir */

#include "tests/support/folder.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Also called where no test of check's runs. */
static void must(bool ok) {
    if (ok) return;
    perror("folder");
    abort();
}

void folder_make(struct folder *f) {
    const char *parent = getenv("TMPDIR");
    (void)snprintf(f->path, sizeof f->path, "%s/weft-test-XXXXXX", parent != NULL ? parent : P_tmpdir);
    must(mkdtemp(f->path) != NULL);
}

static int each_file(const struct folder *f, void (*visit)(const char *path)) {
    DIR *dir = opendir(f->path);
    must(dir != NULL);
    int count = 0;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        count++;
        if (visit != NULL) visit(folder_file(f, e->d_name));
    }
    (void)closedir(dir);
    return count;
}

static void remove_file(const char *path) {
    (void)unlink(path);
}

void folder_remove(struct folder *f) {
    (void)each_file(f, remove_file);
    (void)rmdir(f->path);
}

int folder_count(const struct folder *f) {
    return each_file(f, NULL);
}

const char *folder_file(const struct folder *f, const char *name) {
    static char names[4][600];
    static int turn;
    char *out = names[turn++ % 4];
    (void)snprintf(out, sizeof names[0], "%s/%s", f->path, name);
    return out;
}

void folder_write(const char *path, const void *ptr, size_t len) {
    FILE *file = fopen(path, "wb");
    must(file != NULL);
    must(fwrite(ptr, 1, len, file) == len);
    must(fclose(file) == 0);
}

unsigned char *folder_read(const char *path, size_t *len) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return NULL;
    must(fseek(file, 0, SEEK_END) == 0);
    *len = (size_t)ftell(file);
    rewind(file);
    unsigned char *bytes = malloc(*len + 1);
    must(bytes != NULL);
    must(fread(bytes, 1, *len, file) == *len);
    (void)fclose(file);
    return bytes;
}
