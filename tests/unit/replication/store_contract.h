/* store_contract.h: what store.h promises of every store, as tests that run over any of them. */
#ifndef WEFT_TESTS_STORE_CONTRACT_H
#define WEFT_TESTS_STORE_CONTRACT_H

#include <check.h>
#include <stddef.h>

#include <weft/store.h>

struct store_subject {
    struct weft_store *(*open)(void);                       /* a new, empty one */
    struct weft_store *(*reopen)(struct weft_store *store); /* closed and opened again, or a copy */
};

/* Runs the contract's tests; whether one failed. */
int store_contract_run(const char *name, const struct store_subject *subject);

/* All that a store holds, as text: a line per record, in the order of load. Fails the test when it does not load. */
void store_dump(struct weft_store *store, struct weft_buf *out);
/* The same, where loading may fail: its code. */
int store_try_dump(struct weft_store *store, struct weft_buf *out);
void ck_assert_store(struct weft_store *store, const char *text);

struct weft_record store_meta(uint64_t id, const char *bytes);
struct weft_record store_segment(uint64_t id, const char *bytes);
struct weft_record store_segment_drop(uint64_t id);
struct weft_record store_quarantine(uint64_t id, const char *bytes);
struct weft_record store_staged(uint64_t id, const char *bytes);
struct weft_record store_staged_drop(void);
/* replica: the first byte of the origin's id. */
struct weft_record store_log(uint8_t replica, uint64_t epoch, uint64_t seq, const char *bytes);
struct weft_record store_log_drop(uint8_t replica, uint64_t epoch, uint64_t seq);
struct weft_record store_log_cut(uint8_t replica, uint64_t epoch, uint64_t seq);
struct weft_record store_signature(uint8_t replica, uint64_t epoch, uint64_t seq, const char *bytes);

#define ck_assert_write(store, ...)                                                                                    \
    do {                                                                                                               \
        struct weft_record records_[] = {__VA_ARGS__};                                                                 \
        int rc_ = (store)->cls->write((store), records_, sizeof records_ / sizeof *records_);                          \
        ck_assert_msg(rc_ == 0, "write: %d: %s", rc_, (store)->cls->errmsg(store));                                    \
    } while (0)

#endif
