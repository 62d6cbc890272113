/* test_rights_document.c: a document says what was signed, has one spelling, and nobody else's passes. */
#include "replication/rights_document.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "base/signature.h"
#include "tests/support/authority.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

/* Of everything something. */
struct sample {
    struct authority root, next;
    struct weft_key signing;
    struct weft_rights_member members[3];
    struct weft_slice prefixes[3];
    struct weft_rights_grant grants[4];
    struct weft_rights doc;
    struct weft_buf bytes;
};

static void sample_init(struct sample *s) {
    memset(s, 0, sizeof *s);
    s->root = authority_new(1);
    s->next = authority_new(2);
    memset(s->signing.bytes, 0x5a, sizeof s->signing.bytes);
    s->members[0] = (struct weft_rights_member){{{1}}, weft_str("ada"), weft_str("tokyo"), &s->signing};
    s->members[1] = (struct weft_rights_member){{{2}}, weft_str("bob"), weft_str(""), NULL};
    s->members[2] = (struct weft_rights_member){{{2, 1}}, weft_str("cid, of Berne"), weft_str("tokyo"), NULL};
    s->prefixes[0] = weft_str("orders/");
    s->prefixes[1] = weft_str("");
    s->prefixes[2] = weft_str("stock");
    s->grants[0] = (struct weft_rights_grant){.subject = WEFT_RIGHTS_REGION, .region = weft_str("tokyo"), .read = true};
    s->grants[1] = (struct weft_rights_grant){
        .subject = WEFT_RIGHTS_REPLICA, .replica = {{2}}, .relay = true, .write = s->prefixes, .write_count = 2};
    s->grants[2] =
        (struct weft_rights_grant){.subject = WEFT_RIGHTS_EVERYBODY, .write = s->prefixes + 2, .write_count = 1};
    s->grants[3] = (struct weft_rights_grant){.subject = WEFT_RIGHTS_EVERYBODY}; /* of nothing, which is allowed */
    s->doc = (struct weft_rights){.space = authority_space(&s->root),
                                  .generation = 300,
                                  .has_next = true,
                                  .next_authority = s->next.key,
                                  .members = s->members,
                                  .member_count = 3,
                                  .grants = s->grants,
                                  .grant_count = 4};
    weft_buf_init(&s->bytes, NULL);
    ck_assert_int_eq(weft_rights_sign(&s->doc, s->root.secret, &s->bytes), 0);
}

static void sample_fini(struct sample *s) {
    weft_buf_fini(&s->bytes);
}

static int read_code(struct weft_slice bytes) {
    const struct weft_rights *doc = NULL;
    int rc = weft_rights_read(&doc, bytes, NULL);
    weft_rights_free(doc);
    return rc;
}

static void expect_grant(const struct weft_rights_grant *got, const struct weft_rights_grant *want) {
    ck_assert_int_eq(got->subject, want->subject);
    ck_assert_int_eq(weft_id_cmp(&got->replica, &want->replica), 0);
    ck_assert(weft_slice_eq(got->region, want->region));
    ck_assert_int_eq(got->read, want->read);
    ck_assert_int_eq(got->relay, want->relay);
    ck_assert_uint_eq(got->write_count, want->write_count);
    for (size_t i = 0; i < got->write_count; i++) ck_assert(weft_slice_eq(got->write[i], want->write[i]));
}

START_TEST(what_is_read_is_what_was_signed) {
    struct sample s;
    const struct weft_rights *got;
    sample_init(&s);
    ck_assert_int_eq(weft_rights_read(&got, weft_buf_slice(&s.bytes), NULL), 0);
    ck_assert_int_eq(weft_id_cmp(&got->space, &s.doc.space), 0);
    ck_assert_uint_eq(got->generation, 300);
    ck_assert_mem_eq(got->authority.bytes, s.root.key.bytes, WEFT_KEY_LEN);
    ck_assert(got->has_next);
    ck_assert_mem_eq(got->next_authority.bytes, s.next.key.bytes, WEFT_KEY_LEN);
    ck_assert_uint_eq(got->member_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(weft_id_cmp(&got->members[i].replica, &s.members[i].replica), 0);
        ck_assert(weft_slice_eq(got->members[i].name, s.members[i].name));
        ck_assert(weft_slice_eq(got->members[i].region, s.members[i].region));
        ck_assert_int_eq(got->members[i].signing_key != NULL, i == 0);
    }
    ck_assert_mem_eq(got->members[0].signing_key->bytes, s.signing.bytes, WEFT_KEY_LEN);
    ck_assert_uint_eq(got->grant_count, 4);
    for (size_t i = 0; i < 4; i++) expect_grant(&got->grants[i], &s.grants[i]);
    weft_rights_free(got);
    sample_fini(&s);
}
END_TEST

/* A program that reads a document and signs it again, changed or not, gets one spelling. */
START_TEST(signing_what_was_read_gives_the_same_bytes) {
    struct sample s;
    const struct weft_rights *got;
    struct weft_buf again;
    sample_init(&s);
    weft_buf_init(&again, NULL);
    ck_assert_int_eq(weft_rights_read(&got, weft_buf_slice(&s.bytes), NULL), 0);
    ck_assert_int_eq(weft_rights_sign(got, s.root.secret, &again), 0);
    ck_assert(weft_slice_eq(weft_buf_slice(&again), weft_buf_slice(&s.bytes)));
    weft_rights_free(got);
    weft_buf_fini(&again);
    sample_fini(&s);
}
END_TEST

START_TEST(every_changed_byte_and_every_cut_is_refused) {
    struct sample s;
    sample_init(&s);
    for (size_t at = 0; at < s.bytes.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            s.bytes.ptr[at] ^= (uint8_t)(1u << bit);
            int rc = read_code(weft_buf_slice(&s.bytes));
            REQUIRE(rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_SIGNATURE);
            s.bytes.ptr[at] ^= (uint8_t)(1u << bit);
        }
        uint8_t *cut = malloc(at + 1); /* of its own, so that a read beyond it is seen */
        memcpy(cut, s.bytes.ptr, at);
        REQUIRE(read_code(weft_slice(cut, at)) == WEFT_ERR_MALFORMED);
        free(cut);
    }
    ck_assert_int_eq(weft_buf_append(&s.bytes, "", 1), 0);
    ck_assert_int_eq(read_code(weft_buf_slice(&s.bytes)), WEFT_ERR_MALFORMED);
    sample_fini(&s);
}
END_TEST

/* Signs any bytes as the root does: what is left to refuse them is their form. */
static int form_of(const struct sample *s, const struct weft_buf *document) {
    struct weft_buf text, whole;
    uint8_t signature[WEFT__SIGNATURE_LEN];
    weft_buf_init(&text, NULL);
    weft_buf_init(&whole, NULL);
    (void)!weft_buf_append(&text, "weft rights", sizeof "weft rights");
    (void)!weft_buf_append_slice(&text, weft_buf_slice(document));
    weft__signature_make(signature, weft_buf_slice(&text), s->root.secret);
    weft__write_bytes(&whole, 1, weft_buf_slice(document));
    weft__write_bytes(&whole, 2, weft_slice(signature, sizeof signature));
    int rc = read_code(weft_buf_slice(&whole));
    weft_buf_fini(&text);
    weft_buf_fini(&whole);
    return rc;
}

static void write_head(const struct sample *s, struct weft_buf *b) {
    weft_buf_reset(b);
    weft__write_bytes(b, 1, weft_slice(s->doc.space.bytes, sizeof s->doc.space.bytes));
    weft__write_field_varint(b, 2, 7);
    weft__write_bytes(b, 3, weft_slice(s->root.key.bytes, WEFT_KEY_LEN));
}

static void write_member(struct weft_buf *b, uint8_t id, const char *name) {
    uint8_t replica[16] = {id};
    size_t mark = weft__write_begin(b, 5);
    weft__write_bytes(b, 1, weft_slice(replica, sizeof replica));
    weft__write_field_bytes(b, 2, weft_str(name));
    weft__write_end(b, mark);
}

/* As long as it takes for a length of two bytes, in one spelling that is too long. */
static void write_raw(struct weft_buf *b, const char *bytes, size_t len) {
    (void)!weft_buf_append(b, bytes, len);
}

START_TEST(there_is_one_spelling) {
    struct sample s;
    struct weft_buf b;
    sample_init(&s);
    weft_buf_init(&b, NULL);
    write_head(&s, &b);
    ck_assert_int_eq(form_of(&s, &b), 0);
    write_member(&b, 1, "a");
    write_member(&b, 2, "b");
    ck_assert_int_eq(form_of(&s, &b), 0);
    size_t sound = b.len;
    static const struct {
        const char *what, *bytes;
        size_t len;
    } wrong[] = {
        {"a field that nobody knows", "\x3a\x01x", 3},
        {"a bool that is false", "\x32\x02\x18\x00", 4},
        {"a bool that is two", "\x32\x02\x18\x02", 4},
        {"an empty region", "\x32\x02\x12\x00", 4},
        {"a length in two bytes", "\x32\x82\x00\x18\x01", 5},
        {"fields that descend", "\x32\x04\x20\x01\x18\x01", 6},
        {"a field of a grant that nobody knows", "\x32\x02\x30\x01", 4},
        {"a region that is not text", "\x32\x03\x12\x01\x07", 5},
        {"a short id", "\x32\x03\x0a\x01\x07", 5},
        {"a member after the grants", "\x32\x00\x2a\x00", 4},
        {"a member without an id", "\x2a\x03\x12\x01\x61", 5},
        {"a short key before the members", "\x22\x01\x61", 3},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        b.len = sound;
        write_raw(&b, wrong[i].bytes, wrong[i].len);
        ck_assert_msg(form_of(&s, &b) == WEFT_ERR_MALFORMED, "%s", wrong[i].what);
    }
    b.len = sound;
    write_raw(&b, "\x32\x02\x18\x01\x32\x00", 6);
    ck_assert_int_eq(form_of(&s, &b), 0);
    weft_buf_fini(&b);
    sample_fini(&s);
}
END_TEST

START_TEST(members_ascend_and_have_names) {
    struct sample s;
    struct weft_buf b;
    sample_init(&s);
    weft_buf_init(&b, NULL);
    static const uint8_t twice[][2] = {{1, 1}, {2, 1}};
    for (size_t i = 0; i < 2; i++) {
        write_head(&s, &b);
        write_member(&b, twice[i][0], "a");
        write_member(&b, twice[i][1], "b");
        ck_assert_int_eq(form_of(&s, &b), WEFT_ERR_MALFORMED);
    }
    char name[WEFT_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[WEFT_NAME_MAX + 1] = '\0';
    const char *bad[] = {"", name, "tab\t", "\x7f", "\xc3\xa4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_head(&s, &b);
        write_member(&b, 1, bad[i]);
        ck_assert_int_eq(form_of(&s, &b), WEFT_ERR_MALFORMED);
    }
    write_head(&s, &b);
    write_member(&b, 1, name + 1);
    ck_assert_int_eq(form_of(&s, &b), 0);
    weft_buf_fini(&b);
    sample_fini(&s);
}
END_TEST

START_TEST(nobody_signs_for_another) {
    struct sample s;
    struct weft_buf b;
    const struct weft_rights *got;
    struct weft__rights_document d;
    sample_init(&s);
    weft_buf_init(&b, NULL);
    ck_assert_int_eq(weft_rights_sign(&s.doc, s.next.secret, &b), 0);
    ck_assert_int_eq(weft_rights_read(&got, weft_buf_slice(&b), NULL), 0); /* it says so itself: */
    ck_assert_mem_eq(got->authority.bytes, s.next.key.bytes, WEFT_KEY_LEN);
    weft_rights_free(got);
    /* The document of the one under the signature of the other. */
    ck_assert_int_eq(weft__rights_parse(&d, weft_buf_slice(&b)), 0);
    size_t at = s.bytes.len - WEFT__SIGNATURE_LEN;
    memcpy(s.bytes.ptr + at, d.signature.ptr, WEFT__SIGNATURE_LEN);
    ck_assert_int_eq(read_code(weft_buf_slice(&s.bytes)), WEFT_ERR_SIGNATURE);
    weft_buf_fini(&b);
    sample_fini(&s);
}
END_TEST

static int sign_code(const struct sample *s) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    int rc = weft_rights_sign(&s->doc, s->root.secret, &b);
    ck_assert(rc == 0 || b.len == 0);
    weft_buf_fini(&b);
    return rc;
}

#define REFUSED(change, err)                                                                                           \
    do {                                                                                                               \
        struct sample s;                                                                                               \
        sample_init(&s);                                                                                               \
        ck_assert_int_eq(sign_code(&s), 0);                                                                            \
        change;                                                                                                        \
        ck_assert_int_eq(sign_code(&s), err);                                                                          \
        sample_fini(&s);                                                                                               \
    } while (0)

START_TEST(what_nobody_would_read_is_not_signed) {
    static uint8_t large[WEFT_RIGHTS_MAX], key[WEFT_KEY_MAX + 1];
    static struct weft_slice many[WEFT_RIGHTS_MAX / 1000];
    for (size_t i = 0; i < sizeof many / sizeof *many; i++) many[i] = weft_slice(large, 1000);
    REFUSED(s.doc.generation = 0, WEFT_ERR_INVALID);
    REFUSED(s.doc.space.bytes[1] = 'T', WEFT_ERR_INVALID);
    REFUSED(memset(&s.doc.space, 0, sizeof s.doc.space), WEFT_ERR_INVALID);
    REFUSED(s.members[1].replica = s.members[0].replica, WEFT_ERR_INVALID);
    REFUSED(s.members[0].name = weft_str(""), WEFT_ERR_INVALID);
    REFUSED(s.members[0].region = weft_str("\n"), WEFT_ERR_INVALID);
    REFUSED(s.grants[0].region = weft_str(""), WEFT_ERR_INVALID);
    REFUSED(s.grants[0].subject = 0, WEFT_ERR_INVALID);
    REFUSED(s.prefixes[0] = weft_slice(key, sizeof key), WEFT_ERR_INVALID);
    REFUSED((s.grants[2].write = many, s.grants[2].write_count = sizeof many / sizeof *many), WEFT_ERR_LIMIT);
}
END_TEST

START_TEST(names_are_in_the_order_of_their_bytes) {
    struct weft__rights_name names[] = {{1, {9}}, {2, {0}}, {2, {1}}, {255, {0}}, {256, {0}}, {UINT64_MAX, {0}}}, read;
    uint8_t a[WEFT__RIGHTS_ELEMENT_LEN], b[WEFT__RIGHTS_ELEMENT_LEN];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
            weft__rights_name_write(a, &names[i]);
            weft__rights_name_write(b, &names[k]);
            int by_name = weft__rights_name_cmp(&names[i], &names[k]), by_bytes = memcmp(a, b, sizeof a);
            ck_assert_int_eq(by_name < 0, by_bytes < 0);
            ck_assert_int_eq(by_name > 0, by_bytes > 0);
            ck_assert(weft__rights_name_read(&read, weft_slice(a, sizeof a)));
            ck_assert_int_eq(weft__rights_name_cmp(&read, &names[i]), 0);
        }
    memset(a, 0, 8);
    ck_assert(!weft__rights_name_read(&read, weft_slice(a, sizeof a)));
    ck_assert(!weft__rights_name_read(&read, weft_slice(b, sizeof b - 1)));
}
END_TEST

/* A space names its authority and whether its transactions are signed: neither can be another's. */
START_TEST(ids_of_spaces_are_bound) {
    struct authority a = authority_new(1), b = authority_new(2);
    struct weft_id of_a, of_b, is_signed;
    weft_rights_space(&of_a, &a.key, false);
    weft_rights_space(&of_b, &b.key, false);
    weft_rights_space(&is_signed, &a.key, true);
    ck_assert_mem_eq(of_a.bytes, "WR", 2);
    ck_assert_mem_eq(is_signed.bytes, "WS", 2);
    ck_assert_mem_ne(of_a.bytes + 2, of_b.bytes + 2, 14);
    ck_assert_mem_ne(of_a.bytes + 2, is_signed.bytes + 2, 14);
}
END_TEST

START_TEST(nth_allocation_fails) {
    struct sample s;
    sample_init(&s);
    for (size_t n = 1, failed = 1; failed; n++) {
        struct failing_alloc f;
        struct weft_buf b;
        const struct weft_rights *got = NULL;
        failing_alloc_init(&f);
        f.fail_at = n;
        weft_buf_init(&b, &f.alloc);
        int signing = weft_rights_sign(&s.doc, s.root.secret, &b);
        int reading = weft_rights_read(&got, weft_buf_slice(&s.bytes), &f.alloc);
        failed = signing != 0 || reading != 0;
        ck_assert(signing == 0 || (signing == WEFT_ERR_NOMEM && b.len == 0));
        ck_assert(reading == 0 || (reading == WEFT_ERR_NOMEM && got == NULL));
        weft_rights_free(got);
        weft_buf_fini(&b);
        ck_assert_uint_eq(f.live_bytes, 0);
        ck_assert(failed || n > 4);
    }
    sample_fini(&s);
}
END_TEST

int main(void) {
    return RUN_SUITE("replication/rights_document", what_is_read_is_what_was_signed,
                     signing_what_was_read_gives_the_same_bytes, every_changed_byte_and_every_cut_is_refused,
                     there_is_one_spelling, members_ascend_and_have_names, nobody_signs_for_another,
                     what_nobody_would_read_is_not_signed, names_are_in_the_order_of_their_bytes,
                     ids_of_spaces_are_bound, nth_allocation_fails);
}
