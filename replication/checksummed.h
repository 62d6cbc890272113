/* checksummed.h: records that a store may give back damaged, which is no reason not to open: a format version, a hash
 * of all that follows, and what follows. */
#ifndef WEFT_REPLICATION_CHECKSUMMED_H
#define WEFT_REPLICATION_CHECKSUMMED_H

#include <stddef.h>

#include <weft/bytes.h>

#include "base/wire.h"

/* Fields 1 and 2; the record's own begin with 3. Returns what _end is given. */
size_t weft__checksummed_begin(struct weft_buf *b);
/* 0, or the buffer's error. */
int weft__checksummed_end(struct weft_buf *b, size_t from);
/* Where it is sound, the reader stands at field 3. WEFT_ERR_VERSION, WEFT_ERR_MALFORMED. */
int weft__checksummed_open(struct weft__reader *in, struct weft_slice record);

#endif
