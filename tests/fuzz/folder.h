/* folder.h: a folder of the process's own, for what is read from files. */
#ifndef WEFT_TESTS_FUZZ_FOLDER_H
#define WEFT_TESTS_FUZZ_FOLDER_H

#include <weft/bytes.h>

/* Its path and a name in it; lent until the next call. The first call makes the folder, and it goes at exit. */
const char *folder_path(const char *name);
/* A file for its owner only. */
void folder_write(const char *name, struct weft_slice bytes);
/* What is written to standard error goes nowhere, or is seen again. */
void folder_hush(int hush);

#endif
