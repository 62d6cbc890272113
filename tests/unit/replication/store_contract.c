/* The contract of a store: order, replacement, removal, and a model that random writes are compared with. */
#include "tests/unit/replication/store_contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "base/prng.h"
#include "tests/support/suite.h"

static const struct store_subject *subject;

/* --- Records and their text ------------------------------------------------------------------------------------- */

struct weft_record store_meta(uint64_t id, const char *bytes) {
    return (struct weft_record){.kind = WEFT_RECORD_META, .id = id, .bytes = weft_str(bytes)};
}

struct weft_record store_segment(uint64_t id, const char *bytes) {
    return (struct weft_record){.kind = WEFT_RECORD_SEGMENT, .id = id, .bytes = weft_str(bytes)};
}

struct weft_record store_segment_drop(uint64_t id) {
    return (struct weft_record){.kind = WEFT_RECORD_SEGMENT_DROP, .id = id};
}

struct weft_record store_quarantine(uint64_t id, const char *bytes) {
    return (struct weft_record){.kind = WEFT_RECORD_QUARANTINE, .id = id, .bytes = weft_str(bytes)};
}

struct weft_record store_staged(uint64_t id, const char *bytes) {
    return (struct weft_record){.kind = WEFT_RECORD_STAGED, .id = id, .bytes = weft_str(bytes)};
}

struct weft_record store_staged_drop(void) {
    return (struct weft_record){.kind = WEFT_RECORD_STAGED_DROP};
}

struct weft_record store_log(uint8_t replica, uint64_t epoch, uint64_t seq, const char *bytes) {
    struct weft_record r = {.kind = WEFT_RECORD_LOG, .seq = seq, .bytes = weft_str(bytes)};
    r.origin.replica.bytes[0] = replica;
    r.origin.epoch = epoch;
    return r;
}

struct weft_record store_log_drop(uint8_t replica, uint64_t epoch, uint64_t seq) {
    struct weft_record r = store_log(replica, epoch, seq, "");
    r.kind = WEFT_RECORD_LOG_DROP;
    return r;
}

struct weft_record store_log_cut(uint8_t replica, uint64_t epoch, uint64_t seq) {
    struct weft_record r = store_log(replica, epoch, seq, "");
    r.kind = WEFT_RECORD_LOG_CUT;
    return r;
}

struct weft_record store_signature(uint8_t replica, uint64_t epoch, uint64_t seq, const char *bytes) {
    struct weft_record r = store_log(replica, epoch, seq, bytes);
    r.kind = WEFT_RECORD_SIGNATURE;
    return r;
}

static bool is_of_origin(const struct weft_record *r) {
    return r->kind == WEFT_RECORD_LOG || r->kind == WEFT_RECORD_SIGNATURE;
}

static int print_record(void *ctx, const struct weft_record *r) {
    static const char *const names[] = {"",           "meta",   "segment",     "segment drop", "log",      "log drop",
                                        "quarantine", "staged", "staged drop", "log cut",      "signature"};
    struct weft_buf *out = ctx;
    if (is_of_origin(r))
        (void)weft_buf_printf(out, "%s %u/%llx/%llu ", names[r->kind], r->origin.replica.bytes[0],
                              (unsigned long long)r->origin.epoch, (unsigned long long)r->seq);
    else
        (void)weft_buf_printf(out, "%s %llx ", names[r->kind], (unsigned long long)r->id);
    (void)weft_buf_append_slice(out, r->bytes);
    return weft_buf_append_str(out, "\n");
}

int store_try_dump(struct weft_store *store, struct weft_buf *out) {
    weft_buf_reset(out);
    int rc = store->cls->load(store, print_record, out);
    (void)weft_buf_append(out, "", 1);
    return rc;
}

void store_dump(struct weft_store *store, struct weft_buf *out) {
    int rc = store_try_dump(store, out);
    ck_assert_msg(rc == 0, "load: %d: %s", rc, store->cls->errmsg(store));
}

void ck_assert_store(struct weft_store *store, const char *text) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    store_dump(store, &b);
    ck_assert_str_eq((const char *)b.ptr, text);
    weft_buf_fini(&b);
}

/* --- Tests ------------------------------------------------------------------------------------------------------ */

START_TEST(a_new_store_is_empty) {
    struct weft_store *s = subject->open();
    ck_assert_store(s, "");
    ck_assert_int_eq(s->cls->write(s, NULL, 0), 0);
    ck_assert_store(s, "");
    s->cls->close(s);
}
END_TEST

START_TEST(kinds_come_in_their_order) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_staged(1, "t"), store_quarantine(1, "q"), store_log(1, 1, 1, "l"),
                    store_signature(1, 1, 1, "g"), store_segment(1, "s"), store_meta(1, "m"));
    ck_assert_store(s, "meta 1 m\nsegment 1 s\nsignature 1/1/1 g\nlog 1/1/1 l\nquarantine 1 q\nstaged 1 t\n");
    s->cls->close(s);
}
END_TEST

/* Neither by origin nor by number: a transaction comes after what it depends on. */
START_TEST(the_log_keeps_the_order_of_appending) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_log(2, 1, 1, "first"), store_log(1, 7, 1, "second"));
    ck_assert_write(s, store_log(1, 3, 2, "third"), store_log(1, 3, 1, "fourth"));
    s = subject->reopen(s);
    ck_assert_write(s, store_log(0, 1, 1, "fifth"));
    ck_assert_store(s, "log 2/1/1 first\nlog 1/7/1 second\nlog 1/3/2 third\nlog 1/3/1 fourth\nlog 0/1/1 fifth\n");
    s->cls->close(s);
}
END_TEST

START_TEST(a_log_row_is_replaced_in_its_place) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_log(1, 1, 1, "a"), store_log(1, 1, 2, "b"), store_log(1, 1, 3, "c"));
    ck_assert_write(s, store_log(1, 1, 2, "another"));
    ck_assert_store(s, "log 1/1/1 a\nlog 1/1/2 another\nlog 1/1/3 c\n");
    s = subject->reopen(s);
    ck_assert_write(s, store_log(1, 1, 1, ""));
    ck_assert_store(s, "log 1/1/1 \nlog 1/1/2 another\nlog 1/1/3 c\n");
    s->cls->close(s);
}
END_TEST

START_TEST(a_row_that_was_dropped_is_appended_anew) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_log(1, 1, 1, "a"), store_log(2, 1, 1, "b"));
    ck_assert_write(s, store_log_drop(1, 1, 1), store_log(1, 1, 1, "again"));
    ck_assert_store(s, "log 2/1/1 b\nlog 1/1/1 again\n");
    s->cls->close(s);
}
END_TEST

START_TEST(a_log_drop_takes_one_origin_up_to_a_number) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_log(1, 1, 1, "a"), store_log(1, 1, 2, "b"), store_log(1, 1, 3, "c"),
                    store_log(1, 2, 1, "another epoch"), store_log(2, 1, 1, "another replica"), store_segment(1, "s"),
                    store_meta(1, "m"));
    ck_assert_write(s, store_log_drop(1, 1, 2), store_log_drop(3, 3, 3));
    ck_assert_store(s, "meta 1 m\nsegment 1 s\nlog 1/1/3 c\nlog 1/2/1 another epoch\nlog 2/1/1 another replica\n");
    ck_assert_write(s, store_log_drop(1, 1, UINT64_MAX));
    ck_assert_store(s, "meta 1 m\nsegment 1 s\nlog 1/2/1 another epoch\nlog 2/1/1 another replica\n");
    s->cls->close(s);
}
END_TEST

START_TEST(a_log_cut_takes_one_origin_from_a_number_on) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_log(1, 1, 1, "a"), store_log(1, 1, 2, "b"), store_log(1, 1, 3, "c"),
                    store_log(1, 2, 3, "another epoch"), store_log(2, 1, 3, "another replica"));
    ck_assert_write(s, store_log_cut(1, 1, 2), store_log_cut(3, 3, 1), store_log(1, 1, 2, "again"));
    ck_assert_store(s, "log 1/1/1 a\nlog 1/2/3 another epoch\nlog 2/1/3 another replica\nlog 1/1/2 again\n");
    ck_assert_write(s, store_log_cut(1, 1, 4), store_log_cut(1, 2, 1));
    ck_assert_store(s, "log 1/1/1 a\nlog 2/1/3 another replica\nlog 1/1/2 again\n");
    s->cls->close(s);
}
END_TEST

START_TEST(signatures_go_with_the_rows_that_they_cover) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_log(1, 1, 1, "a"), store_log(1, 1, 2, "b"), store_log(1, 1, 3, "c"),
                    store_signature(1, 1, 3, "third"), store_signature(1, 1, 1, "first"),
                    store_signature(1, 2, 2, "of another"));
    s = subject->reopen(s);
    ck_assert_write(s, store_signature(1, 1, 3, "replaced"));
    ck_assert_store(s, "signature 1/1/3 replaced\nsignature 1/1/1 first\nsignature 1/2/2 of another\n"
                       "log 1/1/1 a\nlog 1/1/2 b\nlog 1/1/3 c\n");
    ck_assert_write(s, store_log_drop(1, 1, 2));
    ck_assert_store(s, "signature 1/1/3 replaced\nsignature 1/2/2 of another\nlog 1/1/3 c\n");
    ck_assert_write(s, store_log_cut(1, 1, 3), store_log(1, 1, 3, "again"));
    s = subject->reopen(s);
    ck_assert_store(s, "signature 1/2/2 of another\nlog 1/1/3 again\n");
    s->cls->close(s);
}
END_TEST

START_TEST(meta_segment_and_quarantine_are_told_apart) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_meta(1, "m"), store_segment(1, "s"), store_segment(2, "t"), store_quarantine(1, "q"));
    ck_assert_write(s, store_meta(1, "n"), store_quarantine(1, "r"), store_segment_drop(1), store_segment_drop(9));
    s = subject->reopen(s);
    ck_assert_store(s, "meta 1 n\nsegment 2 t\nquarantine 1 r\n");
    s->cls->close(s);
}
END_TEST

START_TEST(a_staged_drop_takes_all_chunks_and_nothing_else) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_staged_drop(), store_staged(9, "b"), store_staged(0, "a"), store_staged(9, "c"),
                    store_quarantine(0, "q"), store_segment(9, "s"));
    s = subject->reopen(s);
    ck_assert_store(s, "segment 9 s\nquarantine 0 q\nstaged 0 a\nstaged 9 c\n");
    ck_assert_write(s, store_staged_drop(), store_staged(1, "of another"));
    ck_assert_store(s, "segment 9 s\nquarantine 0 q\nstaged 1 of another\n");
    ck_assert_write(s, store_staged_drop());
    s = subject->reopen(s);
    ck_assert_store(s, "segment 9 s\nquarantine 0 q\n");
    s->cls->close(s);
}
END_TEST

START_TEST(records_of_one_write_act_in_their_order) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_segment(1, "s"), store_segment_drop(1), store_segment_drop(2), store_segment(2, "t"),
                    store_meta(1, "old"), store_meta(1, "new"));
    ck_assert_write(s, store_log(1, 1, 1, "a"), store_log(1, 1, 2, "b"), store_log_drop(1, 1, 1),
                    store_log(1, 1, 2, "c"));
    ck_assert_store(s, "meta 1 new\nsegment 2 t\nlog 1/1/2 c\n");
    s->cls->close(s);
}
END_TEST

START_TEST(numbers_keep_all_their_bits) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_log(255, UINT64_MAX, 1, "a"), store_log(255, UINT64_MAX - 1, 1, "b"),
                    store_quarantine(UINT64_MAX, "q"));
    ck_assert_write(s, store_log_drop(255, UINT64_MAX - 1, 1));
    s = subject->reopen(s);
    ck_assert_store(s, "log 255/ffffffffffffffff/1 a\nquarantine ffffffffffffffff q\n");
    s->cls->close(s);
}
END_TEST

static int check_bytes(void *ctx, const struct weft_record *r) {
    const struct weft_slice *expected = ctx;
    ck_assert(weft_slice_eq(r->bytes, *expected));
    return 0;
}

START_TEST(bytes_are_kept_whatever_they_are) {
    static const size_t lengths[] = {0, 1, 4095, 4097, 4u << 20};
    uint8_t *bytes = malloc(4u << 20);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < 4u << 20; i++) bytes[i] = (uint8_t)(weft__mix64(i / 8) >> (8 * (i % 8)));
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct weft_store *s = subject->open();
        struct weft_slice slice = weft_slice(lengths[i] == 0 ? NULL : bytes, lengths[i]);
        struct weft_record r = store_log(1, 1, 1, "");
        r.bytes = slice;
        ck_assert_int_eq(s->cls->write(s, &r, 1), 0);
        s = subject->reopen(s);
        ck_assert_int_eq(s->cls->load(s, check_bytes, &slice), 0);
        s->cls->close(s);
    }
    free(bytes);
}
END_TEST

static int stop_at_third(void *ctx, const struct weft_record *r) {
    (void)r;
    return ++*(int *)ctx == 3 ? WEFT_ERR_CLOSED : 0;
}

START_TEST(a_visit_ends_where_the_visitor_says) {
    struct weft_store *s = subject->open();
    ck_assert_write(s, store_meta(1, "a"), store_meta(2, "b"), store_meta(3, "c"), store_meta(4, "d"));
    int seen = 0;
    ck_assert_int_eq(s->cls->load(s, stop_at_third, &seen), WEFT_ERR_CLOSED);
    ck_assert_int_eq(seen, 3);
    ck_assert_write(s, store_meta(5, "e")); /* and the store is as good as before */
    ck_assert_store(s, "meta 1 a\nmeta 2 b\nmeta 3 c\nmeta 4 d\nmeta 5 e\n");
    s->cls->close(s);
}
END_TEST

/* --- The model: a list of records ------------------------------------------------------------------------------- */

#define MODEL_MAX 4096

struct model {
    struct weft_record rows[MODEL_MAX]; /* in order of first appending */
    char text[MODEL_MAX][24];
    size_t count;
};

static bool same_row(const struct weft_record *a, const struct weft_record *b) {
    if (a->kind != b->kind) return false;
    if (!is_of_origin(a)) return a->id == b->id;
    return weft_origin_cmp(&a->origin, &b->origin) == 0 && a->seq == b->seq;
}

static bool is_dropped_by(const struct weft_record *row, const struct weft_record *r) {
    if (r->kind == WEFT_RECORD_SEGMENT_DROP) return row->kind == WEFT_RECORD_SEGMENT && row->id == r->id;
    if (r->kind == WEFT_RECORD_STAGED_DROP) return row->kind == WEFT_RECORD_STAGED;
    if (!is_of_origin(row) || weft_origin_cmp(&row->origin, &r->origin) != 0) return false;
    return (r->kind == WEFT_RECORD_LOG_DROP && row->seq <= r->seq) ||
           (r->kind == WEFT_RECORD_LOG_CUT && row->seq >= r->seq);
}

static void model_write(struct model *m, const struct weft_record *r) {
    bool removal = r->kind == WEFT_RECORD_SEGMENT_DROP || r->kind == WEFT_RECORD_LOG_DROP ||
                   r->kind == WEFT_RECORD_LOG_CUT || r->kind == WEFT_RECORD_STAGED_DROP;
    size_t kept = 0, at = m->count;
    for (size_t i = 0; i < m->count; i++) {
        if (is_dropped_by(&m->rows[i], r)) continue;
        if (!removal && same_row(&m->rows[i], r)) at = kept;
        m->rows[kept] = m->rows[i];
        memmove(m->text[kept], m->text[i], sizeof m->text[i]);
        kept++;
    }
    if (!removal && at == m->count) at = kept++;
    m->count = kept;
    if (removal) return;
    ck_assert_uint_lt(at, MODEL_MAX);
    m->rows[at] = *r;
    (void)snprintf(m->text[at], sizeof m->text[at], "%.*s", (int)r->bytes.len, (const char *)r->bytes.ptr);
}

static void model_dump(const struct model *m, struct weft_buf *out) {
    static const enum weft_record_kind order[] = {WEFT_RECORD_META, WEFT_RECORD_SEGMENT,    WEFT_RECORD_SIGNATURE,
                                                  WEFT_RECORD_LOG,  WEFT_RECORD_QUARANTINE, WEFT_RECORD_STAGED};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++) {
        /* Ids of the random writes are below 8. */
        for (uint64_t id = 0; id < (order[k] == WEFT_RECORD_LOG || order[k] == WEFT_RECORD_SIGNATURE ? 1 : 8); id++) {
            for (size_t i = 0; i < m->count; i++) {
                struct weft_record r = m->rows[i];
                r.bytes = weft_str(m->text[i]);
                if (r.kind == order[k] && r.id == id) (void)print_record(out, &r);
            }
        }
    }
    (void)weft_buf_append(out, "", 1);
}

static struct weft_record random_record(struct weft__prng *p, char text[24]) {
    uint64_t kind = weft__prng_below(p, 24), id = weft__prng_below(p, 8);
    uint8_t replica = (uint8_t)weft__prng_below(p, 3);
    uint64_t epoch = weft__prng_below(p, 2), seq = 1 + weft__prng_below(p, 40);
    (void)snprintf(text, 24, "%llx", (unsigned long long)weft__prng_next(p));
    if (kind < 2) return store_meta(id, text);
    if (kind < 4) return store_segment(id, text);
    if (kind < 5) return store_segment_drop(id);
    if (kind < 6) return store_log_drop(replica, epoch, seq / 4);
    if (kind < 7) return store_quarantine(id, text);
    if (kind < 8) return store_staged_drop();
    if (kind < 9) return store_log_cut(replica, epoch, 40 - seq / 4);
    if (kind < 12) return store_staged(id, text);
    if (kind < 16) return store_signature(replica, epoch, seq, text);
    return store_log(replica, epoch, seq, text);
}

START_TEST(random_writes_are_what_a_list_would_hold) {
    static struct model m;
    struct weft__prng p;
    struct weft_buf expected;
    weft_buf_init(&expected, NULL);
    weft__prng_seed(&p, 1);
    struct weft_store *s = subject->open();
    for (int round = 0; round < 200; round++) {
        struct weft_record records[8];
        char text[8][24];
        size_t count = 1 + weft__prng_below(&p, 8);
        for (size_t i = 0; i < count; i++) records[i] = random_record(&p, text[i]);
        ck_assert_int_eq(s->cls->write(s, records, count), 0);
        for (size_t i = 0; i < count; i++) model_write(&m, &records[i]);
        if (weft__prng_below(&p, 10) == 0) s = subject->reopen(s);
        weft_buf_reset(&expected);
        model_dump(&m, &expected);
        ck_assert_store(s, (const char *)expected.ptr);
    }
    s->cls->close(s);
    weft_buf_fini(&expected);
}
END_TEST

int store_contract_run(const char *name, const struct store_subject *s) {
    subject = s;
    return RUN_SUITE(name, a_new_store_is_empty, kinds_come_in_their_order, the_log_keeps_the_order_of_appending,
                     a_log_row_is_replaced_in_its_place, a_row_that_was_dropped_is_appended_anew,
                     a_log_drop_takes_one_origin_up_to_a_number, a_log_cut_takes_one_origin_from_a_number_on,
                     signatures_go_with_the_rows_that_they_cover, meta_segment_and_quarantine_are_told_apart,
                     a_staged_drop_takes_all_chunks_and_nothing_else, records_of_one_write_act_in_their_order,
                     numbers_keep_all_their_bits, bytes_are_kept_whatever_they_are, a_visit_ends_where_the_visitor_says,
                     random_writes_are_what_a_list_would_hold);
}
