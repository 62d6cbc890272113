/* keys.c: weft cluster, weft keygen, weft cert: the files from which weft_identity_load makes identities. Of two that
 * belong together both are made, or none. */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include <weft/err.h>
#include <weft/identity.h>
#include <weft/rights.h>

#include "tools/commands.h"
#include "tools/key_files.h"
#include "tools/keys.h"

#define DAY          86400u
#define DAYS_MAX     36500u
#define DAYS_DEFAULT 90u
/* Clocks may differ by so much and a fresh certificate is valid at once all the same. */
#define EARLIER      300u

#define KEY_HEX      (2 * WEFT_KEY_LEN + 1)

static int fail(const char *command, const char *path, const char *what) {
    return weft__key_file_fail(command, path, what);
}

/* --- weft keygen ------------------------------------------------------------------------------------------------- */

/* What others are told of a key: who it is, and how its transactions are known. */
static void describe(char *text, size_t len, const struct weft_key *secret, char hex[KEY_HEX]) {
    struct weft_key public_key, signing;
    struct weft_id replica;
    char signing_hex[KEY_HEX], id[WEFT_ID_TEXT];
    weft_key_public(&public_key, secret);
    weft_key_signing(&signing, secret);
    weft_key_replica(&replica, &public_key);
    sodium_bin2hex(hex, KEY_HEX, public_key.bytes, sizeof public_key.bytes);
    sodium_bin2hex(signing_hex, sizeof signing_hex, signing.bytes, sizeof signing.bytes);
    weft_id_format(&replica, id);
    snprintf(text, len, "public %s\nsigning %s\nreplica %s\n", hex, signing_hex, id);
}

int weft__keys_make_key(const char *path, char hex[KEY_HEX]) {
    char public_path[WEFT__KEY_PATH], text[512], public_text[512];
    struct weft_key secret;
    if (weft__key_file_path("keygen", public_path, path, ".pub") != 0) return 1;
    if (weft_key_new(&secret) != 0) return fail("keygen", path, "the system gives no random numbers");
    sodium_bin2hex(hex, KEY_HEX, secret.bytes, sizeof secret.bytes);
    snprintf(text, sizeof text, "# The secret key of one Weft replica. Do not copy it to another.\nsecret %s\n", hex);
    int rc = weft__key_file_write("keygen", path, text, true);
    describe(public_text, sizeof public_text, &secret, hex);
    sodium_memzero(&secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    if (rc != 0) return rc;
    rc = weft__key_file_write("keygen", public_path, public_text, false);
    if (rc != 0) unlink(path);
    return rc;
}

static int keygen(const char *path) {
    char hex[KEY_HEX];
    int rc = weft__keys_make_key(path, hex);
    if (rc == 0)
        printf("%s: secret, stays on this machine\n"
               "%s.pub: public, for weft cert sign or a line \"allow %s\", and for weft rights sign\n",
               path, path, hex);
    return rc;
}

int weft__cmd_keygen(int argc, char **argv) {
    if (argc == 2 && argv[1][0] != '-') return keygen(argv[1]);
    fprintf(
        argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr,
        "usage: weft keygen FILE\n\nMakes a replica's secret key, FILE, and what others may know of it, FILE.pub: the "
        "public one, the one by which\nthey check what it signs, and which replica it is.\n");
    return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
}

/* --- weft cluster ------------------------------------------------------------------------------------------------ */

static int write_authority(const char *path, const uint8_t secret[WEFT_AUTHORITY_SECRET_LEN]) {
    char hex[2 * WEFT_AUTHORITY_SECRET_LEN + 1], text[512];
    sodium_bin2hex(hex, sizeof hex, secret, WEFT_AUTHORITY_SECRET_LEN);
    snprintf(text, sizeof text,
             "# The cluster's authority. Whoever has this file can let anybody in: keep it on no replica.\n"
             "authority-secret %s\n",
             hex);
    int rc = weft__key_file_write("cluster", path, text, true);
    sodium_memzero(hex, sizeof hex);
    sodium_memzero(text, sizeof text);
    return rc;
}

/* A line, or none: what its replicas hold. */
static void name_space(char out[64], const struct weft_key *authority, enum weft__keys_space kind) {
    struct weft_id space;
    char id[WEFT_ID_TEXT];
    out[0] = '\0';
    if (kind == WEFT__KEYS_FREE) return;
    weft_rights_space(&space, authority, kind == WEFT__KEYS_SIGNED);
    weft_id_format(&space, id);
    snprintf(out, 64, "space %s\n", id);
}

static int write_cluster(const char *path, const struct weft_key *authority, enum weft__keys_space kind) {
    char id_hex[33], key_hex[KEY_HEX], authority_hex[KEY_HEX], space[64], text[1024];
    struct weft_key key, id;
    if (weft_key_new(&key) != 0 || weft_key_new(&id) != 0) return fail("cluster", path, "no random numbers");
    sodium_bin2hex(id_hex, sizeof id_hex, id.bytes, 16);
    sodium_bin2hex(key_hex, sizeof key_hex, key.bytes, sizeof key.bytes);
    sodium_bin2hex(authority_hex, sizeof authority_hex, authority->bytes, sizeof authority->bytes);
    name_space(space, authority, kind);
    snprintf(
        text, sizeof text,
        "# A Weft cluster: every replica has this file, and nobody else.\n"
        "cluster %s\n"
        "%s"
        "key %s         # to change it: the old one goes on a line \"previous\" until every replica has the new one\n"
        "authority %s   # whose certificates are taken\n"
        "# allow PUBLIC-KEY [REPLICA]   lets a key in without a certificate\n"
        "# revoked NUMBER               takes a certificate no more\n",
        id_hex, space, key_hex, authority_hex);
    int rc = weft__key_file_write("cluster", path, text, true);
    sodium_memzero(&key, sizeof key);
    sodium_memzero(key_hex, sizeof key_hex);
    sodium_memzero(text, sizeof text);
    return rc;
}

int weft__keys_make_cluster(const char *path, enum weft__keys_space kind) {
    char authority_path[WEFT__KEY_PATH];
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
    struct weft_key public_key;
    if (weft__key_file_path("cluster", authority_path, path, ".authority") != 0) return 1;
    if (weft_authority_new(&public_key, secret) != 0) return fail("cluster", path, "no random numbers");
    int rc = write_cluster(path, &public_key, kind);
    if (rc == 0) {
        rc = write_authority(authority_path, secret);
        if (rc != 0) unlink(path);
    }
    sodium_memzero(secret, sizeof secret);
    return rc;
}

static int cluster_init(const char *path, enum weft__keys_space kind) {
    int rc = weft__keys_make_cluster(path, kind);
    if (rc != 0) return rc;
    printf("%s: for every replica\n%s.authority: signs %s; keep it on no replica\n", path, path,
           kind == WEFT__KEYS_FREE ? "certificates" : "certificates and rights");
    if (kind != WEFT__KEYS_FREE)
        printf("Nobody may write anything yet: weft rights sign %s POLICY says who may.\n", path);
    return 0;
}

/* Beside the one that signs now, which has to name it first. */
static int cluster_authority(const char *path) {
    char next_path[WEFT__KEY_PATH], hex[KEY_HEX];
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN], cluster[16];
    struct weft_key public_key;
    if (weft__key_file_read("cluster", path, "cluster", cluster, sizeof cluster, true) != 0) return 1;
    if (weft__key_file_path("cluster", next_path, path, ".authority.next") != 0) return 1;
    if (weft_authority_new(&public_key, secret) != 0) return fail("cluster", path, "no random numbers");
    int rc = write_authority(next_path, secret);
    sodium_memzero(secret, sizeof secret);
    sodium_bin2hex(hex, sizeof hex, public_key.bytes, sizeof public_key.bytes);
    if (rc == 0)
        printf("%s: the authority after this one\n"
               "For certificates: a line \"authority %s\" in every replica's %s.\n"
               "For rights: weft rights sign %s POLICY --hand-over.\n",
               next_path, hex, path, path);
    return rc;
}

static int cluster_usage(bool help) {
    fprintf(help ? stdout : stderr,
            "usage: weft cluster init FILE [--rights | --signed]\n"
            "       weft cluster authority FILE\n\n"
            "init makes a cluster: FILE, which every replica needs, and FILE.authority, which signs certificates.\n"
            "  --rights   who may write which keys is said by a policy (weft rights); before the first one, nobody\n"
            "  --signed   the same, and every transaction is signed by the replica that issues it\n\n"
            "authority makes FILE.authority.next, to take over from FILE.authority.\n");
    return help ? 0 : 2;
}

int weft__cmd_cluster(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    bool named = argc > 2 && argv[2][0] != '-';
    if (strcmp(verb, "authority") == 0 && argc == 3 && named) return cluster_authority(argv[2]);
    if (strcmp(verb, "init") == 0 && argc == 3 && named) return cluster_init(argv[2], WEFT__KEYS_FREE);
    if (strcmp(verb, "init") == 0 && argc == 4 && named) {
        if (strcmp(argv[3], "--rights") == 0) return cluster_init(argv[2], WEFT__KEYS_RIGHTS);
        if (strcmp(argv[3], "--signed") == 0) return cluster_init(argv[2], WEFT__KEYS_SIGNED);
    }
    return cluster_usage(argc == 2 && strcmp(verb, "--help") == 0);
}

/* --- weft cert --------------------------------------------------------------------------------------------------- */

/* x.pub -> x.cert, where weft_identity_load looks for it. */
static int certificate_path(char out[WEFT__KEY_PATH], const char *public_path) {
    size_t len = strlen(public_path);
    if (len < 5 || len >= WEFT__KEY_PATH || strcmp(public_path + len - 4, ".pub") != 0) return -1;
    memcpy(out, public_path, len - 4);
    memcpy(out + len - 4, ".cert", 6);
    return 0;
}

static int write_certificate(const char *path, const struct weft_certificate *c, struct weft_slice bytes) {
    char hex[2 * WEFT_CERTIFICATE_MAX + 1], text[2 * WEFT_CERTIFICATE_MAX + 256];
    sodium_bin2hex(hex, sizeof hex, bytes.ptr, bytes.len);
    snprintf(text, sizeof text, "# %s, number %" PRIu64 ", until %" PRIu64 " (seconds since 1970)\ncertificate %s\n",
             c->name, c->serial, c->not_after, hex);
    return weft__key_file_renew("cert", path, text);
}

static int fill_certificate(struct weft_certificate *c, const struct weft__keys_request *r) {
    if (weft__key_file_read("cert", r->cluster, "cluster", c->cluster.bytes, sizeof c->cluster.bytes, true) != 0)
        return 1;
    if (weft__key_file_read("cert", r->key, "public", c->key.bytes, sizeof c->key.bytes, false) != 0) return 1;
    if (r->replica != NULL && weft_id_parse(weft_str(r->replica), &c->replica) != 0)
        return fail("cert", r->replica, "a replica's id has 32 hexadecimal digits");
    c->vouches = !r->no_vouch;
    if (strlen(r->name) > WEFT_NAME_MAX) return fail("cert", r->name, "the name is too long");
    memcpy(c->name, r->name, strlen(r->name) + 1);
    randombytes_buf(&c->serial, sizeof c->serial);
    if (c->serial == 0) c->serial = 1;
    time_t now = time(NULL);
    if (now < (time_t)EARLIER) return fail("cert", r->name, "the clock of this machine is wrong");
    c->not_before = (uint64_t)now - EARLIER;
    c->not_after = c->not_before + EARLIER + r->days * DAY;
    return 0;
}

int weft__keys_sign(const struct weft__keys_request *r, uint64_t *serial) {
    char authority_path[WEFT__KEY_PATH], path[WEFT__KEY_PATH];
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
    struct weft_certificate c = {.serial = 0};
    struct weft_buf bytes;
    if (weft__key_file_path("cert", authority_path, r->cluster, ".authority") != 0) return 1;
    if (certificate_path(path, r->key) != 0) return fail("cert", r->key, "a public key's file is named FILE.pub");
    if (fill_certificate(&c, r) != 0) return 1;
    if (weft__key_file_read("cert", authority_path, "authority-secret", secret, sizeof secret, true) != 0) {
        sodium_memzero(secret, sizeof secret);
        return 1;
    }
    weft_buf_init(&bytes, NULL);
    int rc = weft_certificate_sign(&c, secret, &bytes);
    sodium_memzero(secret, sizeof secret);
    if (rc == 0)
        rc = write_certificate(path, &c, weft_buf_slice(&bytes));
    else
        rc = fail("cert", r->name,
                  rc == WEFT_ERR_INVALID ? "no name for a certificate: printable ASCII, not empty" : weft_strerror(rc));
    weft_buf_fini(&bytes);
    *serial = c.serial;
    return rc;
}

static int cert_sign(const struct weft__keys_request *r) {
    uint64_t serial;
    int rc = weft__keys_sign(r, &serial);
    if (rc == 0)
        printf("%.*s.cert: %s, number %" PRIu64 ", for %" PRIu64 " days\n", (int)strlen(r->key) - 4, r->key, r->name,
               serial, r->days);
    return rc;
}

static bool take_value(struct weft__keys_request *r, const char *option, const char *value) {
    char *end;
    if (strcmp(option, "--name") == 0) {
        r->name = value;
        return true;
    }
    if (strcmp(option, "--replica") == 0) {
        r->replica = value;
        return true;
    }
    if (strcmp(option, "--days") != 0) return false;
    r->days = strtoull(value, &end, 10);
    if (*end == '\0' && r->days > 0 && r->days <= DAYS_MAX) return true;
    fprintf(stderr, "weft cert: --days: \"%.80s\" is not 1 to %u\n", value, DAYS_MAX);
    return false;
}

static bool read_request(struct weft__keys_request *r, int argc, char **argv) {
    *r = (struct weft__keys_request){.days = DAYS_DEFAULT};
    if (argc < 4 || strcmp(argv[1], "sign") != 0) return false;
    r->cluster = argv[2];
    r->key = argv[3];
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--no-vouch") == 0)
            r->no_vouch = true;
        else if (i + 1 == argc || !take_value(r, argv[i], argv[i + 1]))
            return false;
        else
            i++;
    }
    return r->name != NULL;
}

int weft__cmd_cert(int argc, char **argv) {
    struct weft__keys_request r;
    if (read_request(&r, argc, argv)) return sodium_init() < 0 ? 1 : cert_sign(&r);
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    fprintf(help ? stdout : stderr,
            "usage: weft cert sign CLUSTER-FILE KEY.pub --name NAME [--days %u] [--replica ID] [--no-vouch]\n\n"
            "Signs a replica's public key with CLUSTER-FILE.authority, into KEY.cert. A certificate that is there is\n"
            "renewed. To take it back before its time: a line \"revoked NUMBER\" in every replica's cluster file.\n"
            "  --replica ID   the key is this replica's: another one, or none, was its before\n"
            "  --no-vouch     nobody takes a whole state of it, only single transactions\n",
            DAYS_DEFAULT);
    return help ? 0 : 2;
}
