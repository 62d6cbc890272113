/* unwritten.h: records that wait for the store. */
#ifndef WEFT_REPLICATION_UV_UNWRITTEN_H
#define WEFT_REPLICATION_UV_UNWRITTEN_H

#include <stddef.h>
#include <stdint.h>

#include <weft/bytes.h>
#include <weft/store.h>

struct weft__unwritten {
    struct weft_record *records; /* their slices are set just before they are written */
    size_t *offsets;             /* of their bytes in `bytes` */
    size_t count, cap;
    struct weft_buf bytes;
    const struct weft_alloc *alloc;
};

void weft__unwritten_init(struct weft__unwritten *u, const struct weft_alloc *alloc);
void weft__unwritten_fini(struct weft__unwritten *u);
/* Copies them all, or none and WEFT_ERR_NOMEM. */
int weft__unwritten_push(struct weft__unwritten *u, const struct weft_record *records, size_t count);
/* What they occupy, records and bytes. */
size_t weft__unwritten_size(const struct weft__unwritten *u);
/* Writes all of them in one store transaction and forgets them; *number is the last one's. On an error they stay. */
int weft__unwritten_write(struct weft__unwritten *u, struct weft_store *store, uint64_t *number);

#endif
