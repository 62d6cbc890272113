/* check_branch.c: a replica whose memory was rolled back and that has not been repaired. What it says meanwhile is of a
 * branch that it will take back, so it is held against nothing; but the application's operations are kept, with what
 * each of them had seen, and when they are issued again they are held against the specification as what they were. */
#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "sim/check.h"

void weft__branch_init(struct weft__branch *b, const struct weft_alloc *alloc) {
    memset(b, 0, sizeof *b);
    b->alloc = alloc;
}

void weft__branch_fini(struct weft__branch *b) {
    for (size_t i = 0; i < b->count; i++) {
        weft__vector_fini(&b->commits[i].seen);
        weft__free(b->alloc, b->commits[i].ops, b->commits[i].op_count * sizeof *b->commits[i].ops);
    }
    weft__free(b->alloc, b->commits, b->cap * sizeof *b->commits);
    weft__branch_init(b, b->alloc);
}

/* The branch itself is not in it: under its dots others know something else. */
static int note_seen(struct weft__vector *seen, const struct weft__watched *w, const struct weft_replica *r) {
    const struct weft_version_vector *applied = weft_replica_applied(r);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < applied->len; i++) {
        bool parted = w->numbers[i] == w->branch.origin;
        rc = weft__vector_set(seen, w->numbers[i], parted ? w->branch.from : applied->seq[i]);
    }
    return rc;
}

int weft__branch_step(struct weft__watched *w, const struct weft_replica *r) {
    struct weft__branch *b = &w->branch;
    if (w->announced == NULL) return 0;
    void *commits = b->commits;
    int rc = weft__grow(b->alloc, &commits, &b->cap, b->count + 1, sizeof *b->commits);
    b->commits = commits;
    struct weft__sim_op *ops = rc != 0 ? NULL : weft__calloc(b->alloc, w->announced_count, sizeof *ops);
    if (ops == NULL) return WEFT_ERR_NOMEM;
    memcpy(ops, w->announced, w->announced_count * sizeof *ops);
    struct weft__branch_commit *to = &b->commits[b->count++];
    *to = (struct weft__branch_commit){.ops = ops, .op_count = w->announced_count};
    weft__vector_init(&to->seen, b->alloc);
    w->announced = NULL;
    w->announced_count = 0;
    return note_seen(&to->seen, w, r);
}
