/* failing_vfs.c: a shim before the default VFS: three methods that may fail, and the rest passed on. */
#include "tests/support/failing_vfs.h"

#include <string.h>

struct failing_file {
    sqlite3_file file; /* first */
    struct failing_vfs *vfs;
    sqlite3_file *below; /* behind this struct */
};

static sqlite3_file *below(sqlite3_file *f) {
    return ((struct failing_file *)f)->below;
}

static bool is_due(sqlite3_file *file) {
    struct failing_vfs *f = ((struct failing_file *)file)->vfs;
    f->calls++;
    return f->fail_at != 0 && (f->calls == f->fail_at || (f->fail_forever && f->calls > f->fail_at));
}

static int code_of(sqlite3_file *file, int detail) {
    int code = ((struct failing_file *)file)->vfs->code;
    return code == SQLITE_IOERR ? detail : code;
}

/* --- What fails ------------------------------------------------------------------------------------------------- */

static int file_write(sqlite3_file *f, const void *ptr, int len, sqlite3_int64 at) {
    if (!is_due(f)) return below(f)->pMethods->xWrite(below(f), ptr, len, at);
    (void)below(f)->pMethods->xWrite(below(f), ptr, len / 2, at);
    return code_of(f, SQLITE_IOERR_WRITE);
}

/* No test takes the machine's power away, so nothing is really synced: that would be most of their time. */
static int file_sync(sqlite3_file *f, int flags) {
    (void)flags;
    return is_due(f) ? code_of(f, SQLITE_IOERR_FSYNC) : SQLITE_OK;
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 size) {
    return is_due(f) ? code_of(f, SQLITE_IOERR_TRUNCATE) : below(f)->pMethods->xTruncate(below(f), size);
}

/* --- What is passed on ------------------------------------------------------------------------------------------ */

static int file_close(sqlite3_file *f) {
    return below(f)->pMethods->xClose(below(f));
}

static int file_read(sqlite3_file *f, void *ptr, int len, sqlite3_int64 at) {
    return below(f)->pMethods->xRead(below(f), ptr, len, at);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size) {
    return below(f)->pMethods->xFileSize(below(f), size);
}

static int file_lock(sqlite3_file *f, int level) {
    return below(f)->pMethods->xLock(below(f), level);
}

static int file_unlock(sqlite3_file *f, int level) {
    return below(f)->pMethods->xUnlock(below(f), level);
}

static int file_check_reserved(sqlite3_file *f, int *out) {
    return below(f)->pMethods->xCheckReservedLock(below(f), out);
}

static int file_control(sqlite3_file *f, int op, void *arg) {
    return below(f)->pMethods->xFileControl(below(f), op, arg);
}

static int file_sector_size(sqlite3_file *f) {
    return below(f)->pMethods->xSectorSize(below(f));
}

static int file_characteristics(sqlite3_file *f) {
    return below(f)->pMethods->xDeviceCharacteristics(below(f));
}

static int file_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
    return below(f)->pMethods->xShmMap(below(f), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *f, int offset, int n, int flags) {
    return below(f)->pMethods->xShmLock(below(f), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *f) {
    below(f)->pMethods->xShmBarrier(below(f));
}

static int file_shm_unmap(sqlite3_file *f, int remove) {
    return below(f)->pMethods->xShmUnmap(below(f), remove);
}

/* Version 2: shared memory for the WAL, and no mapped reading. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    struct failing_vfs *f = (struct failing_vfs *)vfs;
    struct failing_file *mine = (struct failing_file *)file;
    mine->vfs = f;
    mine->below = (sqlite3_file *)(mine + 1);
    int code = f->below->xOpen(f->below, name, mine->below, flags, out_flags);
    mine->file.pMethods = mine->below->pMethods == NULL ? NULL : &methods;
    return code;
}

void failing_vfs_install(struct failing_vfs *f) {
    if (sqlite3_vfs_find(NULL) == &f->vfs) {
        f->calls = f->fail_at = 0;
        f->fail_forever = false;
        return;
    }
    memset(f, 0, sizeof *f);
    f->below = sqlite3_vfs_find(NULL);
    f->vfs = *f->below;
    f->vfs.zName = "failing";
    f->vfs.szOsFile = (int)sizeof(struct failing_file) + f->below->szOsFile;
    f->vfs.xOpen = vfs_open;
    (void)sqlite3_vfs_register(&f->vfs, 1);
}
