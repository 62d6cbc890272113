/* keys.c: weft cluster, weft keygen, weft cert: the files from which weft_identity_load makes identities.
 *
 * A file that is there is never written over, but for a certificate, which is renewed. Files with secrets are for
 * their owner only, from their first byte on. Of two that belong together both are made, or none. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include <weft/err.h>
#include <weft/identity.h>

#include "tools/commands.h"
#include "tools/keys.h"

#define PATH_MAX_LEN 4096u
#define DAY          86400u
#define DAYS_MAX     36500u
#define DAYS_DEFAULT 90u
/* Clocks may differ by so much and a fresh certificate is valid at once all the same. */
#define EARLIER      300u

static int fail(const char *command, const char *path, const char *what) {
    fprintf(stderr, "weft %s: %s: %s\n", command, path, what);
    return 1;
}

/* --- Files ------------------------------------------------------------------------------------------------------- */

static int path_with(char out[PATH_MAX_LEN], const char *path, const char *suffix) {
    int len = snprintf(out, PATH_MAX_LEN, "%s%s", path, suffix);
    return len > 0 && (size_t)len < PATH_MAX_LEN ? 0 : -1;
}

static bool write_all(int fd, const char *text) {
    for (size_t len = strlen(text); len > 0;) {
        ssize_t written = write(fd, text, len);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        text += written;
        len -= (size_t)written;
    }
    return fsync(fd) == 0;
}

/* That the name is there is on disk too, where the file system knows how. */
static void sync_folder(const char *path) {
    char folder[PATH_MAX_LEN];
    const char *slash = strrchr(path, '/');
    int len = slash == NULL ? 0 : (int)(slash - path) + 1;
    snprintf(folder, sizeof folder, "%.*s", len, path);
    int fd = open(len == 0 ? "." : folder, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

/* All of it is on disk, or the file is not there. name: for people. */
static int fill_file(const char *command, const char *name, int fd, const char *path, const char *text) {
    bool ok = write_all(fd, text);
    int err = errno;
    if (close(fd) != 0 && ok) {
        ok = false;
        err = errno;
    }
    if (ok) return 0;
    unlink(path);
    return fail(command, name, strerror(err));
}

static int write_file(const char *command, const char *path, const char *text, bool secret) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, secret ? 0600 : 0644);
    if (fd < 0) return fail(command, path, errno == EEXIST ? "is there already, and stays as it is" : strerror(errno));
    int rc = fill_file(command, path, fd, path, text);
    if (rc == 0) sync_folder(path);
    return rc;
}

/* What is there is whole at every moment, the old or the new. */
static int renew_file(const char *command, const char *path, const char *text) {
    char beside[PATH_MAX_LEN];
    if (path_with(beside, path, ".XXXXXX") != 0) return fail(command, path, "the name is too long");
    int fd = mkstemp(beside);
    if (fd < 0) return fail(command, path, strerror(errno));
    fchmod(fd, 0644);
    int rc = fill_file(command, path, fd, beside, text);
    if (rc == 0 && rename(beside, path) != 0) {
        rc = fail(command, path, strerror(errno));
        unlink(beside);
    }
    if (rc == 0) sync_folder(path);
    return rc;
}

static bool others_may_read(FILE *file) {
    struct stat st;
    return fstat(fileno(file), &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0;
}

/* The value of the line that begins with the word, as bytes. */
static int read_value(const char *path, const char *word, uint8_t *out, size_t len, bool secret) {
    char line[1024];
    size_t got = 0, word_len = strlen(word);
    bool found = false;
    FILE *file = fopen(path, "r");
    if (file == NULL) return fail("cert", path, strerror(errno));
    setvbuf(file, NULL, _IONBF, 0);
    if (secret && others_may_read(file)) {
        fclose(file);
        return fail("cert", path, "holds a secret, and others may read it: chmod 600");
    }
    while (!found && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, word, word_len) != 0 || line[word_len] != ' ') continue;
        char *value = line + word_len + 1;
        value[strcspn(value, "#\r\n ")] = '\0';
        found = sodium_hex2bin(out, len, value, strlen(value), NULL, &got, NULL) == 0 && got == len;
    }
    fclose(file);
    sodium_memzero(line, sizeof line);
    if (found) return 0;
    snprintf(line, sizeof line, "has no line \"%s\" with %zu hexadecimal digits", word, 2 * len);
    return fail("cert", path, line);
}

/* --- weft keygen ------------------------------------------------------------------------------------------------- */

int weft__keys_make_key(const char *path, char hex[2 * WEFT_KEY_LEN + 1]) {
    char public_path[PATH_MAX_LEN], text[512];
    struct weft_key secret, public_key;
    if (path_with(public_path, path, ".pub") != 0) return fail("keygen", path, "the name is too long");
    if (weft_key_new(&secret) != 0) return fail("keygen", path, "the system gives no random numbers");
    weft_key_public(&public_key, &secret);
    sodium_bin2hex(hex, 2 * WEFT_KEY_LEN + 1, secret.bytes, sizeof secret.bytes);
    snprintf(text, sizeof text, "# The secret key of one Weft replica. Do not copy it to another.\nsecret %s\n", hex);
    int rc = write_file("keygen", path, text, true);
    sodium_memzero(&secret, sizeof secret);
    sodium_memzero(text, sizeof text);
    sodium_bin2hex(hex, 2 * WEFT_KEY_LEN + 1, public_key.bytes, sizeof public_key.bytes);
    snprintf(text, sizeof text, "public %s\n", hex);
    if (rc != 0) return rc;
    rc = write_file("keygen", public_path, text, false);
    if (rc != 0) unlink(path);
    return rc;
}

static int keygen(const char *path) {
    char hex[2 * WEFT_KEY_LEN + 1];
    int rc = weft__keys_make_key(path, hex);
    if (rc == 0)
        printf("%s: secret, stays on this machine\n%s.pub: public, for weft cert sign or a line \"allow %s\"\n", path,
               path, hex);
    return rc;
}

int weft__cmd_keygen(int argc, char **argv) {
    if (argc == 2 && argv[1][0] != '-') return keygen(argv[1]);
    fprintf(argc == 2 && strcmp(argv[1], "--help") == 0 ? stdout : stderr,
            "usage: weft keygen FILE\n\nMakes a replica's secret key, FILE, and its public one, FILE.pub.\n");
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
    int rc = write_file("cluster", path, text, true);
    sodium_memzero(hex, sizeof hex);
    sodium_memzero(text, sizeof text);
    return rc;
}

static int write_cluster(const char *path, const struct weft_key *authority) {
    char id_hex[33], key_hex[2 * WEFT_KEY_LEN + 1], authority_hex[2 * WEFT_KEY_LEN + 1], text[1024];
    struct weft_key key, id;
    if (weft_key_new(&key) != 0 || weft_key_new(&id) != 0) return fail("cluster", path, "no random numbers");
    sodium_bin2hex(id_hex, sizeof id_hex, id.bytes, 16);
    sodium_bin2hex(key_hex, sizeof key_hex, key.bytes, sizeof key.bytes);
    sodium_bin2hex(authority_hex, sizeof authority_hex, authority->bytes, sizeof authority->bytes);
    snprintf(
        text, sizeof text,
        "# A Weft cluster: every replica has this file, and nobody else.\n"
        "cluster %s\n"
        "key %s         # to change it: the old one goes on a line \"previous\" until every replica has the new one\n"
        "authority %s   # whose certificates are taken\n"
        "# allow PUBLIC-KEY   lets a key in without a certificate\n"
        "# revoked NUMBER     takes a certificate no more\n",
        id_hex, key_hex, authority_hex);
    int rc = write_file("cluster", path, text, true);
    sodium_memzero(&key, sizeof key);
    sodium_memzero(key_hex, sizeof key_hex);
    sodium_memzero(text, sizeof text);
    return rc;
}

int weft__keys_make_cluster(const char *path) {
    char authority_path[PATH_MAX_LEN];
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
    struct weft_key public_key;
    if (path_with(authority_path, path, ".authority") != 0) return fail("cluster", path, "the name is too long");
    if (weft_authority_new(&public_key, secret) != 0) return fail("cluster", path, "no random numbers");
    int rc = write_cluster(path, &public_key);
    if (rc == 0) {
        rc = write_authority(authority_path, secret);
        if (rc != 0) unlink(path);
    }
    sodium_memzero(secret, sizeof secret);
    return rc;
}

static int cluster_init(const char *path) {
    int rc = weft__keys_make_cluster(path);
    if (rc == 0) printf("%s: for every replica\n%s.authority: signs certificates; keep it on no replica\n", path, path);
    return rc;
}

int weft__cmd_cluster(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "init") == 0 && argv[2][0] != '-') return cluster_init(argv[2]);
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    fprintf(help ? stdout : stderr, "usage: weft cluster init FILE\n\n"
                                    "Makes a cluster: FILE, which every replica needs, and FILE.authority, which signs "
                                    "certificates.\n");
    return help ? 0 : 2;
}

/* --- weft cert --------------------------------------------------------------------------------------------------- */

/* x.pub -> x.cert, where weft_identity_load looks for it. */
static int certificate_path(char out[PATH_MAX_LEN], const char *public_path) {
    size_t len = strlen(public_path);
    if (len < 5 || len >= PATH_MAX_LEN || strcmp(public_path + len - 4, ".pub") != 0) return -1;
    memcpy(out, public_path, len - 4);
    memcpy(out + len - 4, ".cert", 6);
    return 0;
}

static int write_certificate(const char *path, const struct weft_certificate *c, struct weft_slice bytes) {
    char hex[2 * WEFT_CERTIFICATE_MAX + 1], text[2 * WEFT_CERTIFICATE_MAX + 256];
    sodium_bin2hex(hex, sizeof hex, bytes.ptr, bytes.len);
    snprintf(text, sizeof text, "# %s, number %" PRIu64 ", until %" PRIu64 " (seconds since 1970)\ncertificate %s\n",
             c->name, c->serial, c->not_after, hex);
    return renew_file("cert", path, text);
}

static int fill_certificate(struct weft_certificate *c, const struct weft__keys_request *r) {
    if (read_value(r->cluster, "cluster", c->cluster.bytes, sizeof c->cluster.bytes, true) != 0) return 1;
    if (read_value(r->key, "public", c->key.bytes, sizeof c->key.bytes, false) != 0) return 1;
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
    char authority_path[PATH_MAX_LEN], path[PATH_MAX_LEN];
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN];
    struct weft_certificate c = {.serial = 0};
    struct weft_buf bytes;
    if (path_with(authority_path, r->cluster, ".authority") != 0 || certificate_path(path, r->key) != 0)
        return fail("cert", r->key, "a public key's file is named FILE.pub");
    if (fill_certificate(&c, r) != 0) return 1;
    if (read_value(authority_path, "authority-secret", secret, sizeof secret, true) != 0) {
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

static bool read_request(struct weft__keys_request *r, int argc, char **argv) {
    *r = (struct weft__keys_request){.days = DAYS_DEFAULT};
    if (argc < 4 || strcmp(argv[1], "sign") != 0) return false;
    r->cluster = argv[2];
    r->key = argv[3];
    for (int i = 4; i + 1 < argc; i += 2) {
        char *end = NULL;
        if (strcmp(argv[i], "--name") == 0)
            r->name = argv[i + 1];
        else if (strcmp(argv[i], "--days") == 0)
            r->days = strtoull(argv[i + 1], &end, 10);
        else
            return false;
        if (end != NULL && (*end != '\0' || r->days == 0 || r->days > DAYS_MAX)) return false;
    }
    return argc % 2 == 0 && r->name != NULL;
}

int weft__cmd_cert(int argc, char **argv) {
    struct weft__keys_request r;
    if (read_request(&r, argc, argv)) return sodium_init() < 0 ? 1 : cert_sign(&r);
    bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
    fprintf(help ? stdout : stderr,
            "usage: weft cert sign CLUSTER-FILE KEY.pub --name NAME [--days %u]\n\n"
            "Signs a replica's public key with CLUSTER-FILE.authority, into KEY.cert. A certificate that is there is\n"
            "renewed. To take it back before its time: a line \"revoked NUMBER\" in every replica's cluster file.\n",
            DAYS_DEFAULT);
    return help ? 0 : 2;
}
