/* store.h: records, and where they are kept.
 *
 * The engine lists records; a driver writes the records of one loop turn in one store transaction and tells the engine
 * (WEFT_EVENT_PERSISTED). A store is a struct of functions, so an application may bring its own; weft_store_memory_new
 * is the one in libweft, weft_sqlite_open (sqlite.h) the durable one. */
#ifndef WEFT_STORE_H
#define WEFT_STORE_H

#include <stddef.h>
#include <stdint.h>

#include <weft/alloc.h>
#include <weft/api.h>
#include <weft/bytes.h>
#include <weft/causal.h>

#ifdef __cplusplus
extern "C" {
#endif

enum weft_record_kind {
    WEFT_RECORD_META = 1,         /* (id) -> bytes; replaces */
    WEFT_RECORD_SEGMENT = 2,      /* (id) -> bytes, a piece of a checkpoint, at most 16 MiB; ids are never used again */
    WEFT_RECORD_SEGMENT_DROP = 3, /* removes segment (id) */
    WEFT_RECORD_LOG = 4, /* (origin, seq) -> bytes, a transaction; appended; a row that exists is replaced in place */
    WEFT_RECORD_LOG_DROP = 5,   /* removes the log rows of origin up to and with seq, and their signatures */
    WEFT_RECORD_QUARANTINE = 6, /* (id) -> bytes, something refused, for people to look at; replaces */
    WEFT_RECORD_LOG_CUT = 9,    /* removes the log rows of origin from seq on, and their signatures */
    WEFT_RECORD_SIGNATURE = 10, /* (origin, seq) -> bytes, of the origin's for all rows up to this one; replaces */
    WEFT_RECORD_STAGED = 7,     /* (id) -> bytes, a chunk of a state that is on its way and part of nothing; replaces */
    WEFT_RECORD_STAGED_DROP = 8 /* removes all staged chunks */
};

/* META ids */
enum { WEFT_META_IDENTITY = 1, WEFT_META_EPOCH = 2, WEFT_META_CHECKPOINT = 3, WEFT_META_FORK = 4 };

struct weft_record {
    enum weft_record_kind kind;
    uint64_t number; /* 1, 2, 3, ... since the replica was made; not stored */
    uint64_t id;
    struct weft_origin origin; /* LOG, LOG_DROP, LOG_CUT, SIGNATURE */
    uint64_t seq;              /* LOG, LOG_DROP, LOG_CUT, SIGNATURE */
    struct weft_slice bytes;
};

struct weft_store {
    const struct weft_store_class *cls;
};

struct weft_store_class {
    size_t size;
    const char *name;
    /* Visits everything kept: META, then SEGMENT, then SIGNATURE, then LOG, then QUARANTINE, then STAGED: SIGNATURE and
     * LOG in the order in which they were first appended, all else by id. `each` returning non-zero ends the visit with
     * that code. A damaged QUARANTINE or STAGED record may be passed on as it reads: it carries a hash, and the engine
     * does without. WEFT_ERR_CORRUPT, WEFT_ERR_VERSION, WEFT_ERR_IO. */
    int (*load)(struct weft_store *s, int (*each)(void *ctx, const struct weft_record *record), void *ctx);
    /* All records, in their order, durable on return 0, or none of them: WEFT_ERR_IO, WEFT_ERR_FULL. After a failure
     * the caller may write the same records again. */
    int (*write)(struct weft_store *s, const struct weft_record *records, size_t count);
    /* Also frees the store. */
    void (*close)(struct weft_store *s);
    /* A sentence about the last error; lent until the next call; may be empty. */
    const char *(*errmsg)(struct weft_store *s);
};

/* Keeps records in memory until closed. Rows are sorted and looked up in O(log n). */
WEFT_API int weft_store_memory_new(struct weft_store **out, const struct weft_alloc *alloc) WEFT_MUST_CHECK;
/* A second memory store with the same content: an old backup, a copied disk. */
WEFT_API int weft_store_memory_copy(struct weft_store **out, struct weft_store *memory,
                                    const struct weft_alloc *alloc) WEFT_MUST_CHECK;

#ifdef __cplusplus
}
#endif

#endif
