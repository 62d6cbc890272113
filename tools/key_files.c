/* key_files.c: see key_files.h.
 *
 * A file that is there is never written over, but for what is renewed. Files with secrets are for their owner only,
 * from their first byte on. */
#define _POSIX_C_SOURCE 200809L
#include "tools/key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

int weft__key_file_fail(const char *command, const char *path, const char *what) {
    fprintf(stderr, "weft %s: %s: %s\n", command, path, what);
    return 1;
}

int weft__key_file_path(const char *command, char out[WEFT__KEY_PATH], const char *path, const char *suffix) {
    int len = snprintf(out, WEFT__KEY_PATH, "%s%s", path, suffix);
    return len > 0 && (size_t)len < WEFT__KEY_PATH ? 0 : weft__key_file_fail(command, path, "the name is too long");
}

static bool write_all(int fd, const char *text) {
    for (size_t len = strlen(text); len > 0;) {
        ssize_t written = write(fd, text, len);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text += written;
        len -= (size_t)written;
    }
    return fsync(fd) == 0;
}

/* That the name is there is on disk too, where the file system knows how. */
static void sync_folder(const char *path) {
    char folder[WEFT__KEY_PATH];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 0 : (int)(slash - path) + 1;
    snprintf(folder, sizeof folder, "%.*s", len, path);
    int fd = open(len == 0 ? "." : folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

/* All of it is on disk, or the file is not there. name: for people. */
static int fill_file(const char *command, const char *name, int fd, const char *path, const char *text) {
    bool ok = write_all(fd, text);
    int err = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        err = errno;
    }
    if (ok) return 0;
    unlink(path);
    return weft__key_file_fail(command, name, strerror(err));
}

int weft__key_file_write(const char *command, const char *path, const char *text, bool secret) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644);
    if (fd < 0)
        return weft__key_file_fail(command, path,
                                   errno == EEXIST ? "is there already, and stays as it is" : strerror(errno));
    int rc = fill_file(command, path, fd, path, text);
    if (rc == 0) sync_folder(path);
    return rc;
}

int weft__key_file_renew(const char *command, const char *path, const char *text) {
    char beside[WEFT__KEY_PATH];
    if (weft__key_file_path(command, beside, path, ".XXXXXX") != 0) return 1;
    int fd = mkstemp(beside);
    if (fd < 0) return weft__key_file_fail(command, path, strerror(errno));
    fchmod(fd, 0644);
    int rc = fill_file(command, path, fd, beside, text);
    if (rc == 0 && rename(beside, path) != 0) {
        rc = weft__key_file_fail(command, path, strerror(errno));
        unlink(beside);
    }
    if (rc == 0) sync_folder(path);
    return rc;
}

static bool others_may_read(FILE *file) {
    struct stat st;
    return fstat(fileno(file), &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

int weft__key_file_read(const char *command, const char *path, const char *word, uint8_t *out, size_t len,
                        bool secret) {
    char line[1024];
    size_t got = 0, word_len = strlen(word);
    bool found = false;
    FILE *file = fopen(path, "r");
    if (file == NULL) return weft__key_file_fail(command, path, strerror(errno));
    setvbuf(file, NULL, _IONBF, 0);
    if (secret && others_may_read(file)) {
        fclose(file);
        return weft__key_file_fail(command, path, "holds a secret, and others may read it: chmod 600");
    }
    while (!found && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, word, word_len) != 0 || line[word_len] != ' ') continue;
        char *value = line + word_len + 1;
        value[strcspn(value, "#\r\n ")] = '\0';
        found = sodium_hex2bin(out, len, value, strlen(value), NULL, &got, NULL) == 0 && got == len;
    }
    fclose(file);
    sodium_memzero(line, sizeof line);
    if (found) return 0;
    snprintf(line, sizeof line, "has no line \"%s\" with %zu hexadecimal digits", word, 2 * len);
    return weft__key_file_fail(command, path, line);
}
