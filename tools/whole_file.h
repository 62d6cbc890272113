/* whole_file.h: a file that is there whole, or is what it was before. */
#ifndef WEFT_TOOLS_WHOLE_FILE_H
#define WEFT_TOOLS_WHOLE_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include <weft/bytes.h>

struct weft__whole_file {
    const char *command, *path; /* whose message, of what */
    char *target, *part;        /* part: its name until it is whole; NULL: what is no plain file is written as it is */
    FILE *f;
};

/* 0: f is to be written. 2: it cannot be, 1: no memory; it said so. */
int weft__whole_file_begin(struct weft__whole_file *w, const char *command, const char *path);
/* In its place, if all was written and `good`; otherwise it is gone. 0, or 1, which was said. */
int weft__whole_file_end(struct weft__whole_file *w, bool good);

int weft__whole_file_write(const char *command, const char *path, struct weft_slice bytes);
/* Before hours are spent on what is to be in it: 0, or 2. */
int weft__whole_file_try(const char *command, const char *path);

#endif
