/* folder.c: see folder.h. Few names, so that all can be taken away at the end. */
#define _POSIX_C_SOURCE 200809L
#include "tests/fuzz/folder.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

#define NAMES_MAX 8

static char folder[256], path[512];
static char names[NAMES_MAX][64];
static size_t name_count;
static int silence = -1, heard = -1;

static void take_away(void) {
    for (size_t i = 0; i < name_count; i++) (void)unlink(folder_path(names[i]));
    (void)rmdir(folder);
}

const char *folder_path(const char *name) {
    if (folder[0] == '\0') {
        const char *where = getenv("TMPDIR");
        (void)snprintf(folder, sizeof folder, "%s/weft-fuzz-XXXXXX", where != NULL ? where : "/tmp");
        HOLDS(mkdtemp(folder) != NULL);
        HOLDS(atexit(take_away) == 0);
    }
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void note_name(const char *name) {
    for (size_t i = 0; i < name_count; i++)
        if (strcmp(names[i], name) == 0) return;
    HOLDS(name_count < NAMES_MAX);
    (void)snprintf(names[name_count++], sizeof names[0], "%s", name);
}

void folder_write(const char *name, struct weft_slice bytes) {
    note_name(name);
    int file = open(folder_path(name), O_WRONLY | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
    HOLDS(file >= 0);
    HOLDS(write(file, bytes.len == 0 ? "" : (const void *)bytes.ptr, bytes.len) == (ssize_t)bytes.len);
    (void)close(file);
}

void folder_hush(int hush) {
    if (silence < 0) {
        silence = open("/dev/null", O_WRONLY);
        heard = dup(STDERR_FILENO);
        HOLDS(silence >= 0 && heard >= 0);
    }
    (void)fflush(stderr);
    HOLDS(dup2(hush ? silence : heard, STDERR_FILENO) >= 0);
}
