/* test_identity.c: certificates, and who is let in. */
#include "replication/uv/identity.h"

#include "tests/unit/replication/uv/cluster_keys.h"

static struct authority authority, other;
static struct weft_buf bytes, scratch;
static struct weft_identity *id;
static struct weft_key own_secret, key;
static char why[256], name[WEFT_NAME_MAX + 1];
static uint64_t until;

static void setup(void) {
    authority_make(&authority);
    authority_make(&other);
    weft_buf_init(&bytes, NULL);
    weft_buf_init(&scratch, NULL);
    id = NULL;
    public_of(2, &key);
    why[0] = '\0';
}

static void teardown(void) {
    weft_buf_fini(&bytes);
    weft_buf_fini(&scratch);
    weft_identity_free(id);
}

/* --- Certificates ------------------------------------------------------------------------------------------------ */

static void sign(const struct weft_certificate *c) {
    weft_buf_reset(&bytes);
    ck_assert_int_eq(weft_certificate_sign(c, authority.secret, &bytes), 0);
}

START_TEST(what_is_signed_is_read) {
    struct weft_certificate c = certificate_of(2), read;
    sign(&c);
    ck_assert_uint_le(bytes.len, WEFT_CERTIFICATE_MAX);
    ck_assert_int_eq(weft_certificate_read(&read, weft_buf_slice(&bytes), &authority.public_key), 0);
    ck_assert_mem_eq(&read.key, &c.key, sizeof c.key);
    ck_assert_mem_eq(&read.cluster, &c.cluster, sizeof c.cluster);
    ck_assert_str_eq(read.name, c.name);
    ck_assert_uint_eq(read.not_before, c.not_before);
    ck_assert_uint_eq(read.not_after, c.not_after);
    ck_assert_uint_eq(read.serial, c.serial);
}
END_TEST

START_TEST(longest_name_fits) {
    struct weft_certificate c = certificate_of(2), read;
    memset(c.name, 'x', WEFT_NAME_MAX);
    c.name[WEFT_NAME_MAX] = '\0';
    c.not_before = UINT64_MAX - 1;
    c.not_after = c.serial = UINT64_MAX;
    sign(&c);
    ck_assert_uint_le(bytes.len, WEFT_CERTIFICATE_MAX);
    ck_assert_int_eq(weft_certificate_read(&read, weft_buf_slice(&bytes), &authority.public_key), 0);
    ck_assert_str_eq(read.name, c.name);
}
END_TEST

START_TEST(impossible_certificates_are_not_signed) {
    struct weft_certificate c[5];
    for (size_t i = 0; i < 5; i++) c[i] = certificate_of(2);
    c[0].name[0] = '\0';
    memcpy(c[1].name, "a\nb", 4);
    memset(c[2].name, 'x', sizeof c[2].name);
    c[3].not_after = c[3].not_before;
    c[4].serial = 0;
    for (size_t i = 0; i < 5; i++) {
        ck_assert_int_eq(weft_certificate_sign(&c[i], authority.secret, &bytes), WEFT_ERR_INVALID);
        ck_assert_uint_eq(bytes.len, 0);
    }
}
END_TEST

START_TEST(every_changed_byte_is_refused) {
    struct weft_certificate c = certificate_of(2), read;
    sign(&c);
    for (size_t at = 0; at < bytes.len; at++) {
        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            bytes.ptr[at] ^= (uint8_t)bit;
            ck_assert_int_lt(weft_certificate_read(&read, weft_buf_slice(&bytes), &authority.public_key), 0);
            bytes.ptr[at] ^= (uint8_t)bit;
        }
    }
}
END_TEST

START_TEST(every_other_length_is_refused) {
    struct weft_certificate c = certificate_of(2), read;
    sign(&c);
    for (size_t len = 0; len < bytes.len; len++)
        ck_assert_int_lt(weft_certificate_read(&read, weft_slice(bytes.ptr, len), &authority.public_key), 0);
    ck_assert_int_eq(weft_buf_append(&bytes, "", 1), 0);
    ck_assert_int_lt(weft_certificate_read(&read, weft_buf_slice(&bytes), &authority.public_key), 0);
}
END_TEST

START_TEST(other_authority_is_refused) {
    struct weft_certificate c = certificate_of(2), read;
    sign(&c);
    ck_assert_int_eq(weft_certificate_read(&read, weft_buf_slice(&bytes), &other.public_key), WEFT_ERR_CERTIFICATE);
}
END_TEST

/* --- Making an identity ------------------------------------------------------------------------------------------ */

static struct weft_identity_options own_options(const struct weft_certificate *c) {
    struct weft_identity_options o;
    options_of(&o, 1, &own_secret, c, &authority, &scratch);
    return o;
}

static void expect_not_made(const struct weft_identity_options *o, int err, const char *words) {
    ck_assert_int_eq(weft_identity_new(&id, o, why, sizeof why), err);
    ck_assert_ptr_null(id);
    ck_assert_msg(strstr(why, words) != NULL, "%s", why);
    ck_assert_int_eq(weft_identity_new(&id, o, NULL, 0), err);
}

START_TEST(what_is_missing_is_named) {
    struct weft_identity_options o = own_options(NULL);
    o.cluster_key = NULL;
    expect_not_made(&o, WEFT_ERR_INVALID, "the cluster's key");
    o = own_options(NULL);
    o.secret = NULL;
    expect_not_made(&o, WEFT_ERR_INVALID, "own key");
    o = own_options(NULL);
    o.authority_count = 0;
    expect_not_made(&o, WEFT_ERR_INVALID, "nobody could be let in");
    o = own_options(NULL);
    o.size = 0;
    expect_not_made(&o, WEFT_ERR_INVALID, "not initialised");
}
END_TEST

START_TEST(own_certificate_must_be_one) {
    struct weft_certificate c = certificate_of(2);
    struct weft_identity_options o = own_options(&c);
    expect_not_made(&o, WEFT_ERR_CERTIFICATE, "another key");
    c = certificate_of(1);
    c.cluster.bytes[0] = 8;
    o = own_options(&c);
    expect_not_made(&o, WEFT_ERR_CERTIFICATE, "another cluster");
    c = certificate_of(1);
    o = own_options(&c);
    o.authorities = &other.public_key;
    expect_not_made(&o, WEFT_ERR_CERTIFICATE, "none of the authorities");
}
END_TEST

/* --- Who is let in ----------------------------------------------------------------------------------------------- */

static void make(const struct weft_identity_options *o) {
    ck_assert_msg(weft_identity_new(&id, o, why, sizeof why) == 0, "%s", why);
}

static int admit(uint64_t now) {
    return weft__identity_admit(id, &key, weft_buf_slice(&bytes), now, name, &until, why, sizeof why);
}

static void expect_refused(int err, const char *words) {
    ck_assert_int_eq(admit(NOW), err);
    ck_assert_msg(strstr(why, words) != NULL, "%s", why);
}

START_TEST(certificate_lets_in) {
    struct weft_identity_options o = own_options(NULL);
    struct weft_certificate c = certificate_of(2);
    make(&o);
    sign(&c);
    ck_assert_int_eq(admit(NOW), 0);
    ck_assert_str_eq(name, "tokyo-1");
    ck_assert_uint_eq(until, c.not_after);
}
END_TEST

START_TEST(second_authority_lets_in) {
    struct weft_key both[] = {other.public_key, authority.public_key};
    struct weft_identity_options o = own_options(NULL);
    struct weft_certificate c = certificate_of(2);
    o.authorities = both;
    o.authority_count = 2;
    make(&o);
    sign(&c);
    ck_assert_int_eq(admit(NOW), 0);
}
END_TEST

START_TEST(place_on_the_list_lets_in) {
    struct weft_key list[2];
    struct weft_identity_options o = own_options(NULL);
    public_of(3, &list[0]);
    public_of(2, &list[1]);
    o.authority_count = 0;
    o.allowed = list;
    o.allowed_count = 2;
    make(&o);
    ck_assert_int_eq(admit(NOW), 0);
    ck_assert_uint_eq(until, UINT64_MAX);
    public_of(4, &key);
    expect_refused(WEFT_ERR_CERTIFICATE, "not on the list");
}
END_TEST

START_TEST(times_are_half_open_and_named) {
    struct weft_identity_options o = own_options(NULL);
    struct weft_certificate c = certificate_of(2);
    make(&o);
    sign(&c);
    ck_assert_int_eq(admit(c.not_before), 0);
    ck_assert_int_eq(admit(c.not_after - 1), 0);
    ck_assert_int_eq(admit(c.not_before - 1), WEFT_ERR_EXPIRED);
    ck_assert_ptr_nonnull(strstr(why, "valid from 2026-11-25"));
    ck_assert_int_eq(admit(c.not_after), WEFT_ERR_EXPIRED);
    ck_assert_ptr_nonnull(strstr(why, "valid until 2026-11-25"));
    ck_assert_ptr_nonnull(strstr(why, "the clock here says 2026-11-25"));
}
END_TEST

START_TEST(wrong_certificates_are_refused) {
    static const uint64_t revoked[] = {9, 2};
    struct weft_identity_options o = own_options(NULL);
    o.revoked = revoked;
    o.revoked_count = 2;
    make(&o);
    expect_refused(WEFT_ERR_CERTIFICATE, "no certificate");
    struct weft_certificate c = certificate_of(2);
    sign(&c);
    expect_refused(WEFT_ERR_CERTIFICATE, "revoked");
    c = certificate_of(3);
    sign(&c);
    expect_refused(WEFT_ERR_CERTIFICATE, "another key");
    c = certificate_of(2);
    c.serial = 3;
    c.cluster.bytes[15] = 1;
    sign(&c);
    expect_refused(WEFT_ERR_CERTIFICATE, "another cluster");
    c = certificate_of(2);
    c.serial = 3;
    weft_buf_reset(&bytes);
    ck_assert_int_eq(weft_certificate_sign(&c, other.secret, &bytes), 0);
    expect_refused(WEFT_ERR_CERTIFICATE, "none of the authorities");
    bytes.len--;
    expect_refused(WEFT_ERR_CERTIFICATE, "cannot be read");
}
END_TEST

int main(void) {
    Suite *s = suite_create("identity");
    TCase *t = tcase_create("identity");
    suite_add_tcase(s, t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, what_is_signed_is_read);
    tcase_add_test(t, longest_name_fits);
    tcase_add_test(t, impossible_certificates_are_not_signed);
    tcase_add_test(t, every_changed_byte_is_refused);
    tcase_add_test(t, every_other_length_is_refused);
    tcase_add_test(t, other_authority_is_refused);
    tcase_add_test(t, what_is_missing_is_named);
    tcase_add_test(t, own_certificate_must_be_one);
    tcase_add_test(t, certificate_lets_in);
    tcase_add_test(t, second_authority_lets_in);
    tcase_add_test(t, place_on_the_list_lets_in);
    tcase_add_test(t, times_are_half_open_and_named);
    tcase_add_test(t, wrong_certificates_are_refused);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
