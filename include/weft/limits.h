/* limits.h: the protocol's constants.
 *
 * They are the same at every replica of a space, because whether a transaction is void must be a function of its
 * bytes alone. A change of one is a new version of the format. Bounds that only protect one process (buffers, queues)
 * are options with defaults, not constants.
 *
 * How large an object may become is bounded by none of them, because concurrent growth meets in a merge, which cannot
 * refuse. Memory bounds it: the cells of a replica are named by 32 bits, which is 32 GiB of them, and half a million of
 * those above 4 KiB; then applying is WEFT_ERR_NOMEM. It costs before that: a checkpoint rewrites an object whole, and
 * deleting one in a transaction lists its elements, so that WEFT_TXN_MAX bounds what is deleted at once. */
#ifndef WEFT_LIMITS_H
#define WEFT_LIMITS_H

#include <stdint.h>

/* A key is an address, not a document: 1 KiB keeps a thousand of them in one 1 MiB message. */
#define WEFT_KEY_MAX        1024u
/* An element of a set or a value of a register. */
#define WEFT_VALUE_MAX      (1u << 20)
/* Steps from an object's key to a nested child; deep enough for any document that people wrote by hand. */
#define WEFT_PATH_DEPTH_MAX 16u
/* A transaction is never split, so it must fit a message and a record. */
#define WEFT_TXN_MAX        (4u << 20)
/* Totals and bases of one origin in a TOTALS entry; pncounter uses 4. */
#define WEFT_TOTALS_MAX     16u
/* Dots that one entry of a delta takes the place of. A merge cannot refuse, so more than these may come to stand under
 * an element, one for each origin that wrote it at once; it is read then, but no longer changed or removed. */
#define WEFT_DOTS_MAX       65536u
/* Origins of one space (replica ids times their epochs), until folding takes them away. */
#define WEFT_ORIGINS_MAX    (1u << 20)
/* A state on its way from one replica to another, as one string of bytes; it is kept in memory until it is joined. A
 * replica whose state is larger serves logs only, and says so (WEFT_NOTICE_STATE_TOO_LARGE). */
#define WEFT_STATE_MAX      (UINT64_C(8) << 30)
/* Origins that one digest names, so that it fits a frame whatever their numbers are. Of more it names a part. */
#define WEFT_DIGEST_MAX     (1u << 15)
/* A frame on a link: a transaction and its envelope. */
#define WEFT_FRAME_MAX      (WEFT_TXN_MAX + (64u << 10))

/* What one process keeps for people, in the store too: refused messages (weft_replica_refused), of each so many bytes,
 * which is 4 MiB in all, and void transactions (weft_replica_void). One replica's are a quarter of them at most. */
#define WEFT_REFUSED_MAX    64u
#define WEFT_VOIDS_MAX      64u
#define WEFT_KEPT_BYTES_MAX (64u << 10)
/* Words that are kept with one: the link's label, the reason. */
#define WEFT_KEPT_TEXT_MAX  255u

#endif
