/* test_identity.c: certificates, and who is let in. */
#include "replication/uv/identity.h"

#include <sodium.h>

#include "base/wire.h"

#include "tests/unit/replication/uv/cluster_keys.h"

static struct authority authority, other;
static struct weft_buf bytes, scratch;
static struct weft_identity *id;
static struct weft_key own_secret, key;
static struct weft__admitted peer;
static char why[400];

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

static void expect_hex(const uint8_t *got, size_t len, const char *wanted) {
    char hex[2 * WEFT_KEY_LEN + 1];
    ck_assert_str_eq(sodium_bin2hex(hex, sizeof hex, got, len), wanted);
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
    ck_assert(read.vouches);
    struct weft_id own;
    weft_key_replica(&own, &c.key);
    ck_assert_int_eq(weft_id_cmp(&read.replica, &own), 0);
}
END_TEST

static size_t length_of(const struct weft_certificate *c) {
    sign(c);
    return bytes.len;
}

/* Absent where it is the key's own, so that equal certificates have equal bytes; and not a replica that is nobody. */
START_TEST(replica_is_said_only_where_it_is_another) {
    struct weft_certificate plain = certificate_of(2), foreign = plain, same = plain, read;
    foreign.replica = (struct weft_id){{3}};
    foreign.vouches = false;
    weft_key_replica(&same.replica, &same.key);
    size_t len = length_of(&plain);
    ck_assert_uint_eq(length_of(&same), len);
    ck_assert_uint_eq(length_of(&foreign), len + 18 - 2);
    ck_assert_int_eq(weft_certificate_read(&read, weft_buf_slice(&bytes), &authority.public_key), 0);
    ck_assert_int_eq(weft_id_cmp(&read.replica, &foreign.replica), 0);
    ck_assert(!read.vouches);
}
END_TEST

/* Bytes of certificate.proto that are signed well and are none: (field 8, then 9) at the end of a good one. */
static const struct {
    const char *bytes;
    size_t len;
} ends[] = {
    {"\x42\x00", 2},                                          /* no replica */
    {"\x42\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 18},         /* a replica that is nobody */
    {"\x42\x0f\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 17},           /* too short */
    {"\x48\x00", 2},                                          /* vouches, and it is not so */
    {"\x48\x02", 2},                                          /* ... more than once */
    {"\x48\x01\x42\x10\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 20}, /* in another order */
    {"\x48\x01\x50\x01", 4},                                  /* a field that is not known */
};

START_TEST(other_forms_are_refused) {
    struct weft_certificate c = certificate_of(2), read;
    uint8_t signature[64], text[17 + WEFT_CERTIFICATE_MAX] = "weft certificate";
    c.vouches = false;
    sign(&c);
    size_t len = bytes.ptr[1]; /* one tag, one length, the certificate, the signature */
    ck_assert_uint_lt(len + ends[_i].len, 128);
    memcpy(text + 17, bytes.ptr + 2, len);
    memcpy(text + 17 + len, ends[_i].bytes, ends[_i].len);
    len += ends[_i].len;
    crypto_sign_detached(signature, NULL, text, 17 + len, authority.secret);
    weft_buf_reset(&bytes);
    weft__write_bytes(&bytes, 1, weft_slice(text + 17, len));
    weft__write_bytes(&bytes, 2, weft_slice(signature, sizeof signature));
    ck_assert_int_eq(weft_certificate_read(&read, weft_buf_slice(&bytes), &authority.public_key), WEFT_ERR_MALFORMED);
}
END_TEST

/* What is derived is part of the format: other programs, and other machines, find the same. */
START_TEST(derived_keys_are_these) {
    struct weft_key secret, derived;
    struct weft_id replica;
    secret_of(1, &secret);
    weft_key_signing(&derived, &secret);
    expect_hex(derived.bytes, sizeof derived.bytes, "266b16a981235e6f6da320e118620e2c9bf2e04c1e940167e8a99e57857bfb76");
    weft_key_replica(&replica, &secret);
    expect_hex(replica.bytes, sizeof replica.bytes, "b5ba51f6eb45c197d1db7887cb5984f5");
}
END_TEST

/* Made from certificate.proto by another program. */
static const char vector[] =
    "0a6108011210070000000000000000000000000000001a20020202020202020202020202020202020202020202020202"
    "02020202020202022207746f6b796f2d3128f0c09ad8063090f99ad80638024210030303030303030303030303030303"
    "0348011240dc6996095ed3c0e5d754edec66ede21b94d766c9b578b19b2df975166b4ae9f509b6ef78f9ea4edadb4c1d"
    "eabbde8129a2840497118c4008fddd2f16f98e8004";

START_TEST(certificate_has_these_bytes) {
    const uint8_t seed[crypto_sign_SEEDBYTES] = {5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
                                                 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5};
    struct weft_certificate c = certificate_of(2);
    char hex[sizeof vector];
    secret_of(2, &c.key);
    memset(&c.replica, 3, sizeof c.replica);
    crypto_sign_seed_keypair(authority.public_key.bytes, authority.secret, seed);
    sign(&c);
    ck_assert_uint_eq(2 * bytes.len + 1, sizeof vector);
    ck_assert_str_eq(sodium_bin2hex(hex, sizeof hex, bytes.ptr, bytes.len), vector);
}
END_TEST

START_TEST(longest_name_fits) {
    struct weft_certificate c = certificate_of(2), read;
    memset(c.name, 'x', WEFT_NAME_MAX);
    c.name[WEFT_NAME_MAX] = '\0';
    c.not_before = UINT64_MAX - 1;
    c.not_after = c.serial = UINT64_MAX;
    c.replica = (struct weft_id){{3}};
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
    c.replica = (struct weft_id){{3}};
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
    c.replica = (struct weft_id){{3}};
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
    return weft__identity_admit(id, &key, weft_buf_slice(&bytes), now, &peer, why, sizeof why);
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
    ck_assert_str_eq(peer.name, "tokyo-1");
    ck_assert_uint_eq(peer.until, c.not_after);
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
    ck_assert_uint_eq(peer.until, UINT64_MAX);
    ck_assert(peer.vouches);
    public_of(4, &key);
    expect_refused(WEFT_ERR_CERTIFICATE, "not on the list");
}
END_TEST

static void expect_replica(const struct weft_id *wanted) {
    ck_assert_int_eq(admit(NOW), 0);
    ck_assert_int_eq(weft_id_cmp(&peer.replica, wanted), 0);
}

/* The list, or else the certificate, or else the key. */
START_TEST(replica_is_who_the_first_of_them_says) {
    const struct weft_id listed = {{1}}, certified = {{2}};
    struct weft_id own;
    struct weft_identity_options o = own_options(NULL);
    weft_key_replica(&own, &key);
    o.allowed = &key;
    o.allowed_count = 1;
    make(&o);
    expect_replica(&own);
    struct weft_certificate c = certificate_of(2);
    c.replica = certified;
    c.vouches = false;
    sign(&c);
    expect_replica(&certified);
    ck_assert(peer.vouches); /* on the list it needs nobody's leave */
    o.allowed_replicas = &listed;
    weft_identity_free(id);
    make(&o);
    expect_replica(&listed);
    o.allowed_count = 0;
    weft_identity_free(id);
    make(&o);
    expect_replica(&certified);
    ck_assert(!peer.vouches);
}
END_TEST

/* Each finds for itself what its peers find, on the list that all of them have. */
START_TEST(own_replica_is_the_one_that_peers_find) {
    const struct weft_id listed = {{1}}, certified = {{2}};
    struct weft_certificate c = certificate_of(1);
    struct weft_key own;
    c.replica = certified;
    struct weft_identity_options o = own_options(&c);
    make(&o);
    struct weft_id replica = weft_identity_replica(id);
    ck_assert_int_eq(weft_id_cmp(&replica, &certified), 0);
    public_of(1, &own);
    o.allowed = &own;
    o.allowed_replicas = &listed;
    o.allowed_count = 1;
    weft_identity_free(id);
    make(&o);
    replica = weft_identity_replica(id);
    ck_assert_int_eq(weft_id_cmp(&replica, &listed), 0);
}
END_TEST

static void expect_time(uint64_t now, const char *words) {
    ck_assert_int_eq(admit(now), WEFT_ERR_EXPIRED);
    ck_assert_msg(strstr(why, words) != NULL, "%s", why);
}

/* A clock that is off is told from a certificate that is long past. */
START_TEST(wrong_clock_is_named) {
    const uint64_t day = 86400;
    struct weft_identity_options o = own_options(NULL);
    struct weft_certificate c = certificate_of(2);
    make(&o);
    sign(&c);
    expect_time(1000, "the clock here says 1970-01-01 00:16:40 UTC, before this program was written: it is the clock "
                      "here that is wrong");
    expect_time(c.not_before - 60, "slow here, or fast where that was signed");
    expect_time(c.not_after + day, "fast here, or the certificate was not renewed");
    expect_time(c.not_after + 8 * day, " UTC (key ");
}
END_TEST

START_TEST(own_certificate_is_looked_at_too) {
    struct weft_certificate c = certificate_of(1);
    struct weft_key own;
    struct weft_identity_options o = own_options(&c);
    make(&o);
    ck_assert_int_eq(weft__identity_check_own(id, NOW, why, sizeof why), 0);
    ck_assert_int_eq(weft__identity_check_own(id, c.not_after, why, sizeof why), WEFT_ERR_EXPIRED);
    ck_assert_msg(strstr(why, "the own certificate, tokyo-1, was valid until") != NULL, "%s", why);
    public_of(1, &own); /* on the list it needs none */
    o.allowed = &own;
    o.allowed_count = 1;
    weft_identity_free(id);
    make(&o);
    ck_assert_int_eq(weft__identity_check_own(id, c.not_after, why, sizeof why), 0);
    o.certificate = weft_slice(NULL, 0);
    weft_identity_free(id);
    make(&o);
    ck_assert_int_eq(weft__identity_check_own(id, NOW, why, sizeof why), 0);
    o.allowed_count = 0;
    weft_identity_free(id);
    make(&o);
    ck_assert_int_eq(weft__identity_check_own(id, NOW, why, sizeof why), WEFT_ERR_CERTIFICATE);
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
    tcase_add_test(t, replica_is_said_only_where_it_is_another);
    tcase_add_loop_test(t, other_forms_are_refused, 0, (int)(sizeof ends / sizeof ends[0]));
    tcase_add_test(t, derived_keys_are_these);
    tcase_add_test(t, certificate_has_these_bytes);
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
    tcase_add_test(t, replica_is_who_the_first_of_them_says);
    tcase_add_test(t, own_replica_is_the_one_that_peers_find);
    tcase_add_test(t, wrong_clock_is_named);
    tcase_add_test(t, own_certificate_is_looked_at_too);
    tcase_add_test(t, times_are_half_open_and_named);
    tcase_add_test(t, wrong_certificates_are_refused);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
