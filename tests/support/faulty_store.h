/* faulty_store.h: a store in front of another one, whose n-th write fails, in one of the ways in which writes do. */
#ifndef WEFT_TESTS_FAULTY_STORE_H
#define WEFT_TESTS_FAULTY_STORE_H

#include <stddef.h>

#include <weft/store.h>

enum faulty_write {
    FAULTY_WRITE_NOTHING, /* nothing is written, and it says so */
    FAULTY_WRITE_UNTOLD   /* all is written, but the caller never learns it: for a process that dies right after */
};

struct faulty_store {
    struct weft_store store;
    struct weft_store *inner;
    enum faulty_write how;
    size_t writes;  /* so far */
    size_t fail_at; /* counted from 1; 0: none */
    size_t fail_for;
};

/* In the caller's storage, which must not move. Closing closes the inner store. WEFT_ERR_IO from fail_for writes. */
void faulty_store_init(struct faulty_store *f, struct weft_store *inner);

#endif
