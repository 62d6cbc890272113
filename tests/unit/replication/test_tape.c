/* test_tape.c: what is written on a tape is what is read from it, and a tape that was changed or cut anywhere is
 * refused at the entry where it was. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "replication/tape.h"

static struct weft_buf tape; /* begins with the 8 bytes before a tape */
static size_t starts[32];    /* of entries, and the end */
static size_t count;

static struct weft_slice whole(void) {
    return weft_slice(tape.ptr + WEFT__TAPE_CHECK, tape.len - WEFT__TAPE_CHECK);
}

static void mark(void) {
    starts[count++] = whole().len;
}

static struct weft_origin origin(uint8_t first, uint64_t epoch) {
    struct weft_origin o = {{{first, 2, 3}}, epoch};
    return o;
}

static void put(struct weft_event e) {
    weft__tape_event(&tape, &e);
    mark();
}

static struct weft_replica_options options(void) {
    struct weft_replica_options o;
    weft_replica_options_init(&o);
    o.replica = (struct weft_id){{9, 8, 7}};
    o.space = (struct weft_id){{1}};
    o.seed = 0x5eed5eed5eed5eed;
    o.jitter = 77;
    o.drift = 3;
    o.log_max = 1000;
    o.chunk_bytes = 12345;
    return o;
}

static void setup(void) {
    const uint8_t nothing[WEFT__TAPE_CHECK] = {0};
    struct weft_replica_options o = options();
    struct weft_record r = {
        .kind = WEFT_RECORD_LOG, .id = 4, .origin = origin(1, 5), .seq = 6, .bytes = weft_str("row")};
    struct weft_notice n = {.kind = WEFT_NOTICE_REFUSED, .err = WEFT_ERR_MALFORMED, .link = 3, .seq = 300};
    struct weft_signing s = {.origin = origin(1, 5), .seq = 6, .generation = 300};
    struct weft_time now = {1234567890123, 0xfedcba9876543210};
    n.origin = origin(7, 7);
    n.amount_ns = 1;
    count = 0;
    weft_buf_init(&tape, NULL);
    weft_buf_append(&tape, nothing, sizeof nothing);
    weft__tape_begin(&tape);
    mark();
    weft__tape_open(&tape, &o);
    mark();
    put((struct weft_event){.kind = WEFT_EVENT_RESTORE, .now = now, .record = &r});
    put((struct weft_event){.kind = WEFT_EVENT_START, .now = now, .random = UINT64_MAX});
    put((struct weft_event){.kind = WEFT_EVENT_LINK_UP, .now = now, .link = UINT32_MAX});
    put((struct weft_event){.kind = WEFT_EVENT_RECEIVED, .now = now, .link = 2, .bytes = weft_str("a message")});
    weft__tape_notice(&tape, &n);
    mark();
    put((struct weft_event){.kind = WEFT_EVENT_TICK, .now = now});
    weft__tape_number(&tape, WEFT__TAPE_FAILED, (uint64_t)-WEFT_ERR_NOMEM);
    mark();
    weft__tape_bytes(&tape, WEFT__TAPE_COMMIT, weft_str("a transaction"));
    mark();
    put((struct weft_event){.kind = WEFT_EVENT_PERSISTED, .now = now, .number = 1u << 20});
    put((struct weft_event){.kind = WEFT_EVENT_EPOCH, .now = now, .random = 1});
    put((struct weft_event){.kind = WEFT_EVENT_LINK_DOWN, .now = now, .link = 0});
    put((struct weft_event){.kind = WEFT_EVENT_SIGNED, .now = now, .signing = &s, .bytes = weft_str("a signature")});
    weft__tape_refused(&tape, WEFT__TAPE_RETRY, &now, 300);
    mark();
    weft__tape_refused(&tape, WEFT__TAPE_FORGET, &now, 301);
    mark();
    weft__tape_number(&tape, WEFT__TAPE_END, WEFT__TAPE_CLOSED);
    mark();
    ck_assert_int_eq(tape.err, 0);
}

static void teardown(void) {
    weft_buf_fini(&tape);
}

static struct weft__tape_entry next(struct weft__tape *t) {
    struct weft__tape_entry e;
    ck_assert_int_eq(weft__tape_next(t, &e, NULL), 1);
    return e;
}

static void expect_times(const struct weft__tape_entry *e) {
    ck_assert_uint_eq(e->event.now.mono_ns, 1234567890123);
    ck_assert_uint_eq(e->event.now.wall, 0xfedcba9876543210);
}

START_TEST(what_was_written_is_read) {
    struct weft__tape t;
    struct weft__tape_entry e;
    struct weft_replica_options o = options();
    ck_assert_int_eq(weft__tape_init(&t, whole(), NULL), 0);
    e = next(&t);
    ck_assert_int_eq(memcmp(&e.options.replica, &o.replica, 16), 0);
    ck_assert_int_eq(memcmp(&e.options.space, &o.space, 16), 0);
    ck_assert(e.options.jitter == 77 && e.options.drift == 3 && e.options.log_max == 1000);
    ck_assert(e.options.chunk_bytes == 12345 && e.options.state_ns == o.state_ns);
    ck_assert_uint_eq(e.options.seed, 0); /* a secret */
    e = next(&t);
    expect_times(&e);
    ck_assert(e.record.kind == WEFT_RECORD_LOG && e.record.id == 4 && e.record.seq == 6);
    ck_assert(e.record.origin.epoch == 5 && weft_slice_eq(e.record.bytes, weft_str("row")));
    e = next(&t);
    ck_assert(e.event.kind == WEFT_EVENT_START && e.event.random == UINT64_MAX);
    e = next(&t);
    ck_assert(e.event.kind == WEFT_EVENT_LINK_UP && e.event.link == UINT32_MAX && e.event.peer == NULL);
    e = next(&t);
    expect_times(&e);
    ck_assert(e.event.link == 2 && weft_slice_eq(e.event.bytes, weft_str("a message")));
    e = next(&t);
    ck_assert(e.notice.kind == WEFT_NOTICE_REFUSED && e.notice.err == WEFT_ERR_MALFORMED && e.notice.link == 3);
    ck_assert(e.notice.seq == 300 && e.notice.amount_ns == 1 && e.notice.origin.epoch == 7);
    e = next(&t);
    ck_assert(e.event.kind == WEFT_EVENT_TICK);
    e = next(&t);
    ck_assert(e.kind == WEFT__TAPE_FAILED && e.err == WEFT_ERR_NOMEM);
    e = next(&t);
    ck_assert(e.kind == WEFT__TAPE_COMMIT && weft_slice_eq(e.bytes, weft_str("a transaction")));
    e = next(&t);
    ck_assert(e.event.kind == WEFT_EVENT_PERSISTED && e.event.number == 1u << 20);
    e = next(&t);
    ck_assert(e.event.kind == WEFT_EVENT_EPOCH && e.event.random == 1);
    e = next(&t);
    ck_assert(e.event.kind == WEFT_EVENT_LINK_DOWN && e.event.link == 0);
    e = next(&t);
    ck_assert(e.event.kind == WEFT_EVENT_SIGNED && weft_slice_eq(e.event.bytes, weft_str("a signature")));
    ck_assert(e.signing.origin.epoch == 5 && e.signing.seq == 6 && e.signing.generation == 300);
    for (uint64_t i = 0; i < 2; i++) {
        e = next(&t);
        expect_times(&e);
        ck_assert(e.kind == (i == 0 ? WEFT__TAPE_RETRY : WEFT__TAPE_FORGET) && e.event.number == 300 + i);
    }
    e = next(&t);
    ck_assert(e.kind == WEFT__TAPE_END && e.end == WEFT__TAPE_CLOSED);
    ck_assert_int_eq(weft__tape_next(&t, &e, NULL), 0);
}
END_TEST

/* Where reading ends, and with what. */
static int read_all(struct weft_slice bytes, size_t *at) {
    struct weft__tape t;
    struct weft__tape_entry e;
    int rc = weft__tape_init(&t, bytes, NULL);
    while (rc >= 0 && (rc = weft__tape_next(&t, &e, NULL)) == 1) {
    }
    *at = t.at;
    return rc;
}

static size_t entry_of(size_t byte) {
    size_t i = 0;
    while (starts[i + 1] <= byte) i++;
    return starts[i];
}

START_TEST(every_changed_bit_is_found_where_it_is) {
    size_t at;
    struct weft_slice all = whole();
    for (size_t i = 0; i < all.len * 8; i++) {
        tape.ptr[WEFT__TAPE_CHECK + i / 8] ^= (uint8_t)(1u << i % 8);
        int rc = read_all(all, &at);
        ck_assert_msg(rc < 0, "bit %u of byte %u", (unsigned)(i % 8), (unsigned)(i / 8));
        ck_assert_uint_eq(at, i / 8 < WEFT__TAPE_MAGIC_LEN ? 0 : entry_of(i / 8));
        tape.ptr[WEFT__TAPE_CHECK + i / 8] ^= (uint8_t)(1u << i % 8);
    }
}
END_TEST

START_TEST(every_cut_is_found_where_it_is) {
    size_t at;
    for (size_t len = 0; len < whole().len; len++) {
        int rc = read_all(weft_slice(whole().ptr, len), &at);
        if (len < WEFT__TAPE_MAGIC_LEN) {
            ck_assert_int_eq(rc, WEFT_ERR_MALFORMED);
            continue;
        }
        bool between = len == entry_of(len);
        ck_assert_int_eq(rc, between ? 0 : WEFT_ERR_FULL); /* between two: no END is for the reader to miss */
        ck_assert_uint_eq(at, entry_of(len));
    }
}
END_TEST

/* Entries whose checks hold, in another order, or one of them twice, or not at all. */
START_TEST(entries_cannot_be_moved) {
    struct weft_buf other;
    struct weft_slice all = whole();
    size_t at;
    weft_buf_init(&other, NULL);
    for (size_t i = 0; i + 2 < count; i++) {
        size_t a = starts[i], b = starts[i + 1];
        weft_buf_reset(&other); /* without it */
        weft_buf_append(&other, all.ptr, a);
        weft_buf_append(&other, all.ptr + b, all.len - b);
        ck_assert_int_eq(read_all(weft_buf_slice(&other), &at), WEFT_ERR_CORRUPT);
        ck_assert_uint_eq(at, a);
        weft_buf_reset(&other); /* twice */
        weft_buf_append(&other, all.ptr, b);
        weft_buf_append(&other, all.ptr + a, all.len - a);
        ck_assert_int_eq(read_all(weft_buf_slice(&other), &at), WEFT_ERR_CORRUPT);
        ck_assert_uint_eq(at, b);
    }
    weft_buf_fini(&other);
}
END_TEST

START_TEST(another_version_is_said_to_be_one) {
    struct weft__tape t;
    struct weft_buf why;
    weft_buf_init(&why, NULL);
    tape.ptr[WEFT__TAPE_CHECK + 7]++;
    ck_assert_int_eq(weft__tape_init(&t, whole(), &why), WEFT_ERR_VERSION);
    ck_assert(weft_slice_has_prefix(weft_buf_slice(&why), weft_str("at byte 7: ")));
    weft_buf_fini(&why);
}
END_TEST

/* From any byte on; and what is changed in the middle is not. */
START_TEST(an_end_of_zeros_is_torn) {
    struct weft__tape t;
    struct weft__tape_entry e;
    struct weft_slice all = whole();
    uint8_t *copy = malloc(all.len);
    for (size_t cut = WEFT__TAPE_MAGIC_LEN; cut < all.len; cut++) {
        int rc;
        memcpy(copy, all.ptr, all.len);
        memset(copy + cut, 0, all.len - cut);
        ck_assert_int_eq(weft__tape_init(&t, weft_slice(copy, all.len), NULL), 0);
        while ((rc = weft__tape_next(&t, &e, NULL)) == 1) ck_assert_uint_le(t.at, all.len);
        ck_assert(rc == WEFT_ERR_FULL || (rc == WEFT_ERR_CORRUPT && weft__tape_is_torn(&t)));
        memcpy(copy, all.ptr, all.len);
        copy[cut] ^= 0x21;
        ck_assert_int_eq(weft__tape_init(&t, weft_slice(copy, all.len), NULL), 0);
        while ((rc = weft__tape_next(&t, &e, NULL)) == 1) ck_assert_uint_le(t.at, all.len);
        if (rc == WEFT_ERR_CORRUPT) ck_assert(!weft__tape_is_torn(&t));
    }
    free(copy);
}
END_TEST

START_TEST(what_would_not_be_read_is_not_written) {
    struct weft__tape t;
    struct weft__tape_entry e;
    uint8_t *large = calloc(1, WEFT__TAPE_ENTRY_MAX);
    tape.len = WEFT__TAPE_CHECK;
    weft__tape_begin(&tape);
    weft__tape_bytes(&tape, WEFT__TAPE_COMMIT, weft_slice(large, WEFT__TAPE_ENTRY_MAX - 1));
    ck_assert_int_eq(tape.err, 0);
    ck_assert_int_eq(weft__tape_init(&t, whole(), NULL), 0);
    ck_assert_int_eq(weft__tape_next(&t, &e, NULL), 1);
    weft__tape_bytes(&tape, WEFT__TAPE_COMMIT, weft_slice(large, WEFT__TAPE_ENTRY_MAX));
    ck_assert_int_eq(tape.err, WEFT_ERR_LIMIT);
    free(large);
}
END_TEST

/* Written only where there is something to say, so that tapes from before read. */
START_TEST(peers_and_rights_are_read_back) {
    struct weft__tape t;
    struct weft__tape_entry e;
    char label[WEFT_LABEL_MAX + 40];
    memset(label, 'x', sizeof label);
    label[sizeof label - 1] = '\0';
    struct weft_peer peers[] = {{sizeof peers[0], {{7, 8}}, true, false, "127.0.0.1:7700, tokyo"},
                                {sizeof peers[0], {{0}}, false, true, NULL},
                                {sizeof peers[0], {{9}}, true, true, label}};
    struct weft_slice documents[] = {weft_str("one document"), weft_str(""), weft_str("another")};
    struct weft_replica_options o = options();
    o.cluster = (struct weft_id){{5}};
    o.rights = documents;
    o.rights_count = 3;
    tape.len = WEFT__TAPE_CHECK;
    weft__tape_begin(&tape);
    size_t from = tape.len;
    weft__tape_open(&tape, &o);
    ck_assert_uint_le(tape.len - from, weft__tape_open_max(&o));
    for (size_t i = 0; i < 3; i++) {
        from = tape.len;
        put((struct weft_event){.kind = WEFT_EVENT_LINK_UP, .link = 3, .peer = &peers[i]});
        ck_assert_uint_le(tape.len - from, WEFT__TAPE_EVENT_MAX(WEFT_LABEL_MAX));
    }
    ck_assert_int_eq(tape.err, 0);
    ck_assert_int_eq(weft__tape_init(&t, whole(), NULL), 0);
    ck_assert_int_eq(weft__tape_next(&t, &e, NULL), 1);
    ck_assert_uint_eq(e.options.cluster.bytes[0], 5);
    ck_assert_uint_eq(e.options.rights_count, 3);
    for (size_t i = 0; i < 3; i++) ck_assert(weft_slice_eq(e.options.rights[i], documents[i]));
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(weft__tape_next(&t, &e, NULL), 1);
        const struct weft_peer *p = e.event.peer;
        ck_assert(p != NULL && p->is_known == peers[i].is_known && p->vouches == peers[i].vouches);
        ck_assert_mem_eq(&p->replica, &peers[i].replica, sizeof p->replica);
        ck_assert_uint_eq(strlen(p->label), i == 2 ? WEFT_LABEL_MAX : i == 1 ? 0 : strlen(peers[i].label));
        ck_assert(i == 1 || strncmp(p->label, peers[i].label, WEFT_LABEL_MAX) == 0);
    }
    ck_assert_int_eq(weft__tape_next(&t, &e, NULL), 0);
}
END_TEST

int main(void) {
    Suite *s = suite_create("tape");
    TCase *t = tcase_create("tape");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_was_written_is_read);
    tcase_add_test(t, every_changed_bit_is_found_where_it_is);
    tcase_add_test(t, every_cut_is_found_where_it_is);
    tcase_add_test(t, entries_cannot_be_moved);
    tcase_add_test(t, another_version_is_said_to_be_one);
    tcase_add_test(t, an_end_of_zeros_is_torn);
    tcase_add_test(t, what_would_not_be_read_is_not_written);
    tcase_add_test(t, peers_and_rights_are_read_back);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
