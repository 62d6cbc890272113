/* key_files.h: files with keys in them: lines of a word and a value in hexadecimal digits. Each function returns an
 * exit code, and says on standard error what went wrong, as the command that it is called for. */
#ifndef WEFT_TOOLS_KEY_FILES_H
#define WEFT_TOOLS_KEY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEFT__KEY_PATH 4096u

/* "weft COMMAND: path: what"; 1. */
int weft__key_file_fail(const char *command, const char *path, const char *what);
int weft__key_file_path(const char *command, char out[WEFT__KEY_PATH], const char *path, const char *suffix);
/* A new one, whole on the disk or not there. A secret one is for its owner only. */
int weft__key_file_write(const char *command, const char *path, const char *text, bool secret);
/* What is there is whole at every moment, the old or the new. */
int weft__key_file_renew(const char *command, const char *path, const char *text);
/* The value of the first line that begins with the word. A secret that others than the owner may read is refused. */
int weft__key_file_read(const char *command, const char *path, const char *word, uint8_t *out, size_t len, bool secret);

#endif
