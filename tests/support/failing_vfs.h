/* failing_vfs.h: a file system under SQLite that fails where a test says. It stands before the default one and becomes
 * the default; writing, syncing and truncating count, in the order that SQLite asks for them. */
#ifndef WEFT_TESTS_FAILING_VFS_H
#define WEFT_TESTS_FAILING_VFS_H

#include <stdbool.h>

#include <sqlite3.h>

struct failing_vfs {
    sqlite3_vfs vfs; /* first */
    sqlite3_vfs *below;
    long calls;
    long fail_at;      /* the call that fails, counted from 1; 0: none */
    bool fail_forever; /* every call from fail_at on fails: a disk that died */
    int code;          /* SQLITE_FULL, SQLITE_IOERR */
};

/* Until the end of the process; again: a disk without faults. A write that fails has written its first half. */
void failing_vfs_install(struct failing_vfs *f);

#endif
