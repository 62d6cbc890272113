/* sizes.c: what an operation takes on the wire and an element in the store. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/bench.h"
#include "bench/footprint.h"
#include "bench/node.h"

#ifdef BENCH_SQLITE
#include <weft/sqlite.h>
#endif

#define BATCH 64

/* One SQLite file, deleted when it has been measured. */
struct file {
    char folder[64], path[80];
    struct weft_store *store;
};

static void file_open(struct file *f) {
    memset(f, 0, sizeof *f);
#ifdef BENCH_SQLITE
    char errmsg[256];
    (void)snprintf(f->folder, sizeof f->folder, "footprint-XXXXXX");
    if (mkdtemp(f->folder) == NULL) bench_check(WEFT_ERR_IO, "mkdtemp");
    (void)snprintf(f->path, sizeof f->path, "%s/store", f->folder);
    bench_check(weft_sqlite_open(&f->store, f->path, errmsg, sizeof errmsg), "weft_sqlite_open");
#endif
}

static void file_write(struct file *f, const struct weft_record *record) {
    if (f->store != NULL) bench_check(f->store->cls->write(f->store, record, 1), "write");
}

static double file_close(struct file *f) {
    char lock[96];
    struct stat st;
    if (f->store == NULL) return 0;
    f->store->cls->close(f->store);
    if (stat(f->path, &st) != 0) bench_check(WEFT_ERR_IO, "stat");
    (void)snprintf(lock, sizeof lock, "%s.lock", f->path);
    (void)unlink(lock);
    (void)unlink(f->path);
    (void)rmdir(f->folder);
    return (double)st.st_size;
}

/* Records by kind: bytes, and a file each. */
struct sorter {
    double log, segments;
    struct weft_record *rows;
    struct file *log_file, *file;
};

static void sort(void *ctx, const struct weft_record *records, size_t count) {
    struct sorter *s = ctx;
    for (size_t i = 0; i < count; i++) {
        const struct weft_record *r = &records[i];
        if (r->kind == WEFT_RECORD_LOG) s->log += (double)r->bytes.len;
        if (r->kind == WEFT_RECORD_SEGMENT) s->segments += (double)r->bytes.len;
        if (s->file == NULL) continue;
        if (r->kind == WEFT_RECORD_LOG) file_write(s->log_file, r);
        if (r->kind == WEFT_RECORD_SEGMENT || r->kind == WEFT_RECORD_META) file_write(s->file, r);
    }
}

static void fill(const struct subject *s, size_t count, size_t batch, struct sorter *to) {
    struct node n;
    node_open(&n, 0, false, NULL);
    n.records = sort;
    n.ctx = to;
    for (size_t at = 0; at < count; at += batch) node_write(&n, s, at, at + batch < count ? at + batch : count, true);
    weft_replica_checkpoint(n.replica);
    node_step(&n, (struct weft_event){.kind = WEFT_EVENT_TICK});
    weft_replica_free(n.replica);
}

static double deltas(const struct subject *s, size_t count) {
    struct weft_value_options o;
    struct weft_value *v = NULL;
    struct weft_buf delta;
    weft_buf_init(&delta, NULL);
    weft_value_options_init(&o);
    o.origin.replica.bytes[0] = 1;
    for (size_t i = 0; i < count; i++) {
        uint8_t room[16];
        bench_element(i, room);
        if (s->shape == KEYS || v == NULL) {
            weft_value_free(v);
            bench_check(weft_value_new(&v, s->cls, &o), "weft_value_new");
        }
        s->write(weft_value_edit(v), weft_slice(room, sizeof room), i);
        bench_check(weft_value_commit(v, (struct weft_stamp){.word = WEFT_HLC_SECONDS(1700000000) + i}, &delta),
                    "weft_value_commit");
    }
    double bytes = (double)delta.len;
    weft_value_free(v);
    weft_buf_fini(&delta);
    return bytes;
}

struct sizes sizes_of(const struct subject *s, size_t count) {
    struct sorter single = {0}, batched = {0};
    struct file log_file, file;
    struct sizes z = {0};
    double n = (double)count;
    file_open(&log_file);
    file_open(&file);
    batched.log_file = &log_file;
    batched.file = &file;
    fill(s, count, BATCH, &batched);
    fill(s, count, 1, &single);
    z.delta = deltas(s, count) / n;
    z.single = single.log / n;
    z.batched = batched.log / n;
    z.segments = batched.segments / n;
    z.log_file = file_close(&log_file) / n;
    z.file = file_close(&file) / n;
    return z;
}
