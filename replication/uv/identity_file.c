/* identity_file.c: identities kept in files, as `weft cluster`, `weft keygen` and `weft cert` write them.
 *
 * A file is lines of a word and a value (of allow two, the second of which may be left out); what follows a # is for
 * people. The cluster's file is the same at every replica: cluster, space, key, previous, authority, allow, revoked. A
 * replica's key file has its secret, and its certificate's has the certificate. A word is known in its own file only,
 * so a certificate that somebody sent does not say who else is let in. A file with a secret that others than its owner
 * may read is refused, because then it is none.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include <weft/err.h>
#include <weft/identity.h>
#include <weft/limits.h>

enum file { CLUSTER, KEY, CERTIFICATE };

/* In guarded memory: what is read passes through here. */
struct reading {
    enum file file;
    struct weft_identity_options options;
    struct weft_key cluster_key, previous, secret;
    uint8_t certificate[WEFT_CERTIFICATE_MAX];
    bool has_cluster, has_space;
    char line[WEFT__IDENTITY_LINE_MAX];
    char certificate_file[4096];
    struct weft_buf authorities, allowed, replicas, revoked;
    const char *path;
    unsigned number; /* of the line */
    char *errmsg;
    size_t errmsg_len;
};

static const char one_value[] = "a word and a value were expected";

static int complain(const struct reading *r, int err, const char *what) {
    if (r->number > 0)
        snprintf(r->errmsg, r->errmsg_len, "%s:%u: %s", r->path, r->number, what);
    else
        snprintf(r->errmsg, r->errmsg_len, "%s: %s", r->path, what);
    return err;
}

static int read_hex(const struct reading *r, const char *text, void *out, size_t len) {
    size_t got = 0;
    if (sodium_hex2bin(out, len, text, strlen(text), NULL, &got, NULL) == 0 && got == len) return 0;
    char what[80];
    snprintf(what, sizeof what, "a value of %zu hexadecimal digits was expected", 2 * len);
    return complain(r, WEFT_ERR_MALFORMED, what);
}

static int read_key(struct reading *r, const char *value, struct weft_key *key, const struct weft_key **set) {
    if (*set != NULL) return complain(r, WEFT_ERR_MALFORMED, "this was said before");
    *set = key;
    return read_hex(r, value, key->bytes, sizeof key->bytes);
}

static int add(struct reading *r, struct weft_buf *list, const void *item, size_t len) {
    if (list->len / len >= WEFT__IDENTITY_ITEMS_MAX)
        return complain(r, WEFT_ERR_LIMIT, "there are too many such lines");
    int rc = weft_buf_append(list, item, len);
    return rc == 0 ? 0 : complain(r, rc, weft_strerror(rc));
}

static int add_key(struct reading *r, const char *value, struct weft_buf *list) {
    struct weft_key key;
    int rc = read_hex(r, value, key.bytes, sizeof key.bytes);
    return rc == 0 ? add(r, list, &key, sizeof key) : rc;
}

static int add_allowed(struct reading *r, const char *value, const char *second) {
    struct weft_id replica = {{0}};
    int rc = second == NULL ? 0 : read_hex(r, second, replica.bytes, sizeof replica.bytes);
    if (rc == 0) rc = add_key(r, value, &r->allowed);
    return rc == 0 ? add(r, &r->replicas, &replica, sizeof replica) : rc;
}

static int add_serial(struct reading *r, const char *value) {
    char *end;
    errno = 0;
    uint64_t serial = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || serial == 0)
        return complain(r, WEFT_ERR_MALFORMED, "the number of a certificate was expected");
    return add(r, &r->revoked, &serial, sizeof serial);
}

static int read_certificate(struct reading *r, const char *value) {
    size_t len = 0;
    if (r->options.certificate.len > 0) return complain(r, WEFT_ERR_MALFORMED, "this was said before");
    if (sodium_hex2bin(r->certificate, sizeof r->certificate, value, strlen(value), NULL, &len, NULL) != 0 || len == 0)
        return complain(r, WEFT_ERR_MALFORMED, "a certificate in hexadecimal digits was expected");
    r->options.certificate = weft_slice(r->certificate, len);
    return 0;
}

static int read_id(struct reading *r, const char *value, struct weft_id *id, bool *has) {
    if (*has) return complain(r, WEFT_ERR_MALFORMED, "this was said before");
    *has = true;
    return read_hex(r, value, id->bytes, sizeof id->bytes);
}

static int take_cluster(struct reading *r, const char *word, const char *value, const char *second) {
    struct weft_identity_options *o = &r->options;
    if (strcmp(word, "allow") == 0) return add_allowed(r, value, second);
    if (second != NULL) return complain(r, WEFT_ERR_MALFORMED, one_value);
    if (strcmp(word, "cluster") == 0) return read_id(r, value, &o->cluster, &r->has_cluster);
    if (strcmp(word, "space") == 0) return read_id(r, value, &o->space, &r->has_space);
    if (strcmp(word, "key") == 0) return read_key(r, value, &r->cluster_key, &o->cluster_key);
    if (strcmp(word, "previous") == 0) return read_key(r, value, &r->previous, &o->previous_cluster_key);
    if (strcmp(word, "authority") == 0) return add_key(r, value, &r->authorities);
    if (strcmp(word, "revoked") == 0) return add_serial(r, value);
    return complain(r, WEFT_ERR_MALFORMED, "no such word is known in the file of a cluster");
}

static int take(struct reading *r, const char *word, const char *value, const char *second) {
    if (r->file == CLUSTER) return take_cluster(r, word, value, second);
    if (second != NULL) return complain(r, WEFT_ERR_MALFORMED, one_value);
    if (r->file == KEY && strcmp(word, "secret") == 0) return read_key(r, value, &r->secret, &r->options.secret);
    if (r->file == CERTIFICATE && strcmp(word, "certificate") == 0) return read_certificate(r, value);
    return complain(r, WEFT_ERR_MALFORMED,
                    r->file == KEY ? "no such word is known in the file of a key"
                                   : "no such word is known in the file of a certificate");
}

static int take_line(struct reading *r) {
    char *rest = NULL;
    r->line[strcspn(r->line, "#\r\n")] = '\0';
    const char *word = strtok_r(r->line, " \t", &rest);
    if (word == NULL) return 0;
    const char *value = strtok_r(NULL, " \t", &rest);
    const char *second = value == NULL ? NULL : strtok_r(NULL, " \t", &rest);
    if (value == NULL || (second != NULL && strtok_r(NULL, " \t", &rest) != NULL))
        return complain(r, WEFT_ERR_MALFORMED, one_value);
    return take(r, word, value, second);
}

static int take_lines(struct reading *r, FILE *file) {
    int rc = 0;
    while (rc == 0 && fgets(r->line, sizeof r->line, file) != NULL) {
        r->number++;
        if (strchr(r->line, '\n') == NULL && !feof(file)) rc = complain(r, WEFT_ERR_MALFORMED, "the line is too long");
        if (rc == 0) rc = take_line(r);
    }
    r->number = 0;
    if (rc == 0 && ferror(file)) rc = complain(r, WEFT_ERR_IO, "cannot be read");
    return rc;
}

/* Unbuffered, so that no secret stays in a buffer of stdio's. */
static int read_file(struct reading *r, const char *path, enum file which) {
    struct stat st;
    r->path = path;
    r->file = which;
    FILE *file = fopen(path, "r");
    if (file == NULL && errno == ENOENT && which == CERTIFICATE) return 0;
    if (file == NULL) return complain(r, errno == ENOENT ? WEFT_ERR_NOT_FOUND : WEFT_ERR_IO, strerror(errno));
    setvbuf(file, NULL, _IONBF, 0);
    int rc = 0;
    if (which != CERTIFICATE && (fstat(fileno(file), &st) != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0))
        rc = complain(r, WEFT_ERR_INVALID, "holds a secret, and others may read it: chmod 600");
    if (rc == 0) rc = take_lines(r, file);
    fclose(file);
    return rc;
}

static int read_files(struct reading *r, const char *cluster_file, const char *key_file) {
    int len = snprintf(r->certificate_file, sizeof r->certificate_file, "%s.cert", key_file);
    int rc = read_file(r, cluster_file, CLUSTER);
    if (rc == 0 && !r->has_cluster) rc = complain(r, WEFT_ERR_MALFORMED, "has no line that names the cluster");
    if (rc == 0) rc = read_file(r, key_file, KEY);
    if (rc == 0 && (len < 0 || (size_t)len >= sizeof r->certificate_file))
        rc = complain(r, WEFT_ERR_INVALID, "the name is too long");
    return rc == 0 ? read_file(r, r->certificate_file, CERTIFICATE) : rc;
}

static int make(struct reading *r, struct weft_identity **out) {
    struct weft_identity_options *o = &r->options;
    /* Allocated bytes are aligned for either. */
    o->authorities = (const void *)r->authorities.ptr;
    o->authority_count = r->authorities.len / sizeof *o->authorities;
    o->allowed = (const void *)r->allowed.ptr;
    o->allowed_count = r->allowed.len / sizeof *o->allowed;
    o->allowed_replicas = (const void *)r->replicas.ptr;
    o->revoked = (const void *)r->revoked.ptr;
    o->revoked_count = r->revoked.len / sizeof *o->revoked;
    char why[256];
    int rc = weft_identity_new(out, o, why, sizeof why);
    if (rc == WEFT_ERR_CERTIFICATE) return complain(r, rc, why); /* its file was read last */
    if (rc != 0) snprintf(r->errmsg, r->errmsg_len, "%s", why);
    return rc;
}

int weft_identity_load(struct weft_identity **out, const char *cluster_file, const char *key_file, char *errmsg,
                       size_t errmsg_len) {
    *out = NULL;
    if (errmsg == NULL) errmsg_len = 0;
    struct reading *r = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *r);
    if (r == NULL) {
        snprintf(errmsg, errmsg_len, "%s", weft_strerror(WEFT_ERR_NOMEM));
        return WEFT_ERR_NOMEM;
    }
    memset(r, 0, sizeof *r);
    r->errmsg = errmsg;
    r->errmsg_len = errmsg_len;
    weft_identity_options_init(&r->options);
    weft_buf_init(&r->authorities, NULL);
    weft_buf_init(&r->allowed, NULL);
    weft_buf_init(&r->replicas, NULL);
    weft_buf_init(&r->revoked, NULL);
    int rc = read_files(r, cluster_file, key_file);
    if (rc == 0) rc = make(r, out);
    weft_buf_fini(&r->authorities);
    weft_buf_fini(&r->allowed);
    weft_buf_fini(&r->replicas);
    weft_buf_fini(&r->revoked);
    sodium_free(r);
    return rc;
}
