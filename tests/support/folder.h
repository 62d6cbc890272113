/* folder.h: a folder of its own for a test that writes files. */
#ifndef WEFT_TESTS_FOLDER_H
#define WEFT_TESTS_FOLDER_H

#include <stddef.h>

struct folder {
    char path[256];
};

/* These abort when they cannot. */
void folder_make(struct folder *f);
/* With the files in it. */
void folder_remove(struct folder *f);
/* "<folder>/<name>", in one of a few buffers that take turns. */
const char *folder_file(const struct folder *f, const char *name);
/* Replaces the file. */
void folder_write(const char *path, const void *ptr, size_t len);
/* The whole file, from malloc; NULL when there is none. */
unsigned char *folder_read(const char *path, size_t *len);
/* How many files there are. */
int folder_count(const struct folder *f);

#endif
