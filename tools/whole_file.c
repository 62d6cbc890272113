/* whole_file.c: under another name in the same folder until all of it is on the disk. What is there and is no plain
 * file, a terminal or a pipe, has no other name, and is written as it is. */
#define _XOPEN_SOURCE 700
#include "tools/whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int complain(const struct weft__whole_file *w, int err, int rc) {
    fprintf(stderr, "%s: %s: %s\n", w->command, w->path, strerror(err));
    return rc;
}

static void forget(struct weft__whole_file *w) {
    free(w->target);
    free(w->part);
    w->target = w->part = NULL;
    w->f = NULL;
}

/* What a link leads to is what is replaced, and not the link. */
static bool find_names(struct weft__whole_file *w) {
    static const char end[] = ".part";
    struct stat st;
    bool is_there = stat(w->path, &st) == 0;
    w->target = is_there ? realpath(w->path, NULL) : strdup(w->path);
    if (w->target == NULL || (is_there && !S_ISREG(st.st_mode))) return w->target != NULL;
    size_t size = strlen(w->target) + sizeof end;
    w->part = malloc(size);
    if (w->part != NULL) (void)snprintf(w->part, size, "%s%s", w->target, end);
    return w->part != NULL;
}

int weft__whole_file_begin(struct weft__whole_file *w, const char *command, const char *path) {
    *w = (struct weft__whole_file){.command = command, .path = path};
    errno = 0;
    bool has_names = find_names(w);
    if (has_names) w->f = fopen(w->part != NULL ? w->part : w->target, "wb");
    if (w->f != NULL) return 0;
    int rc = complain(w, errno, errno == ENOMEM ? 1 : 2);
    forget(w);
    return rc;
}

/* 0, or what went wrong first: of an earlier write it is what errno still says. */
static int put_in_place(const struct weft__whole_file *w) {
    int err = 0;
    if (ferror(w->f)) err = errno != 0 ? errno : EIO;
    if (err == 0 && fflush(w->f) != 0) err = errno;
    if (err == 0 && w->part != NULL && fsync(fileno(w->f)) != 0) err = errno;
    if (fclose(w->f) != 0 && err == 0) err = errno;
    if (err == 0 && w->part != NULL && rename(w->part, w->target) != 0) err = errno;
    return err;
}

int weft__whole_file_end(struct weft__whole_file *w, bool good) {
    int err = good ? put_in_place(w) : 0;
    if (!good) (void)fclose(w->f);
    int rc = err != 0 ? complain(w, err, 1) : good ? 0 : 1;
    if (rc != 0 && w->part != NULL) (void)remove(w->part);
    forget(w);
    return rc;
}

int weft__whole_file_write(const char *command, const char *path, struct weft_slice bytes) {
    struct weft__whole_file w;
    int rc = weft__whole_file_begin(&w, command, path);
    if (rc != 0) return rc;
    if (bytes.len > 0) (void)fwrite(bytes.ptr, 1, bytes.len, w.f);
    return weft__whole_file_end(&w, true);
}

int weft__whole_file_try(const char *command, const char *path) {
    struct weft__whole_file w;
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) return 0; /* who reads it would be done */
    int rc = weft__whole_file_begin(&w, command, path);
    if (rc == 0) (void)weft__whole_file_end(&w, false);
    return rc;
}
