/* identity.c: identities: made once, shared by links, wiped when the last holder lets go. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include <weft/err.h>

#include "base/options.h"

void weft_identity_options_init_sized(struct weft_identity_options *o, size_t size) {
    static const struct weft_identity_options defaults = {.cluster_key = NULL};
    weft__options_write(o, size, &defaults, sizeof defaults);
}

static const char *missing(const struct weft_identity_options *o) {
    if (o->cluster_key == NULL) return "the cluster's key is missing";
    if (o->secret == NULL) return "the replica's own key is missing";
    if (o->certificate.len > WEFT_CERTIFICATE_MAX) return "the certificate is too long to be one";
    if (o->authority_count == 0 && o->allowed_count == 0)
        return "nobody could be let in: there is neither an authority nor an allowed key";
    return NULL;
}

/* NULL: no memory; of no bytes, which is fine, there is nothing to copy. */
static void *copy(const void *bytes, size_t len) {
    void *own = sodium_malloc(len == 0 ? 1 : len);
    if (own != NULL && len > 0) memcpy(own, bytes, len);
    return own;
}

static int fill(struct weft_identity *id, const struct weft_identity_options *o) {
    id->cluster = o->cluster;
    id->cluster_keys[id->cluster_key_count++] = *o->cluster_key;
    if (o->previous_cluster_key != NULL) id->cluster_keys[id->cluster_key_count++] = *o->previous_cluster_key;
    weft__noise_pair_of(&id->pair, o->secret->bytes);
    if (o->certificate.len > 0) memcpy(id->certificate, o->certificate.ptr, o->certificate.len);
    id->certificate_len = o->certificate.len;
    id->authority_count = o->authority_count;
    id->allowed_count = o->allowed_count;
    id->revoked_count = o->revoked_count;
    id->authorities = copy(o->authorities, o->authority_count * sizeof *o->authorities);
    id->allowed = copy(o->allowed, o->allowed_count * sizeof *o->allowed);
    id->revoked = copy(o->revoked, o->revoked_count * sizeof *o->revoked);
    return id->authorities == NULL || id->allowed == NULL || id->revoked == NULL ? WEFT_ERR_NOMEM : 0;
}

/* By any of the authorities. */
static int read_certificate(const struct weft_identity *id, struct weft_slice bytes, struct weft_certificate *c) {
    int rc = WEFT_ERR_CERTIFICATE;
    for (size_t i = 0; i < id->authority_count && rc == WEFT_ERR_CERTIFICATE; i++)
        rc = weft_certificate_read(c, bytes, &id->authorities[i]);
    return rc;
}

/* What is wrong with the certificate, but for its time. */
static const char *fault(const struct weft_identity *id, struct weft_slice bytes, const struct weft_key *key,
                         struct weft_certificate *c) {
    int rc = read_certificate(id, bytes, c);
    if (rc == WEFT_ERR_CERTIFICATE) return "is signed by none of the authorities known here";
    if (rc == WEFT_ERR_VERSION) return "is of a newer form than is known here";
    if (rc != 0) return "cannot be read";
    if (weft_id_cmp(&c->cluster, &id->cluster) != 0) return "is for another cluster";
    if (memcmp(&c->key, key, sizeof *key) != 0) return "is of another key";
    for (size_t i = 0; i < id->revoked_count; i++)
        if (id->revoked[i] == c->serial) return "is revoked";
    return NULL;
}

static int check_own_certificate(const struct weft_identity *id, char *errmsg, size_t errmsg_len) {
    struct weft_certificate c;
    if (id->certificate_len == 0 || id->authority_count == 0) return 0;
    struct weft_key own;
    memcpy(own.bytes, id->pair.public_key, sizeof own.bytes);
    const char *wrong = fault(id, weft_slice(id->certificate, id->certificate_len), &own, &c);
    if (wrong == NULL) return 0;
    snprintf(errmsg, errmsg_len, "the own certificate %s", wrong);
    return WEFT_ERR_CERTIFICATE;
}

int weft_identity_new(struct weft_identity **out, const struct weft_identity_options *given, char *errmsg,
                      size_t errmsg_len) {
    struct weft_identity_options o;
    *out = NULL;
    if (errmsg == NULL) errmsg_len = 0;
    weft_identity_options_init(&o);
    int rc = weft__options_read(&o, sizeof o, given);
    const char *wrong = rc != 0 ? "the options are not initialised, or are those of a newer Weft" : missing(&o);
    if (wrong != NULL) {
        snprintf(errmsg, errmsg_len, "%s", wrong);
        return WEFT_ERR_INVALID;
    }
    struct weft_identity *id = NULL;
    if (sodium_init() < 0) return snprintf(errmsg, errmsg_len, "the system gives no random numbers"), WEFT_ERR_IO;
    id = sodium_malloc(sizeof *id);
    if (id == NULL) return snprintf(errmsg, errmsg_len, "%s", weft_strerror(WEFT_ERR_NOMEM)), WEFT_ERR_NOMEM;
    *id = (struct weft_identity){.holders = 1};
    rc = fill(id, &o);
    if (rc != 0) snprintf(errmsg, errmsg_len, "%s", weft_strerror(rc));
    if (rc == 0) rc = check_own_certificate(id, errmsg, errmsg_len);
    if (rc == 0)
        *out = id;
    else
        weft_identity_free(id);
    return rc;
}

struct weft_identity *weft__identity_hold(struct weft_identity *id) {
    id->holders++;
    return id;
}

void weft_identity_free(struct weft_identity *id) {
    if (id == NULL || --id->holders > 0) return;
    sodium_free(id->authorities);
    sodium_free(id->allowed);
    sodium_free(id->revoked);
    sodium_free(id); /* wipes it */
}

/* "2026-11-25 08:44:41 UTC" */
static void format_time(char out[32], uint64_t seconds) {
    time_t t = (time_t)seconds;
    struct tm tm;
    if (seconds > INT64_MAX || gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        snprintf(out, 32, "%" PRIu64, seconds);
}

/* Names both times: where they are far apart it is a clock that is wrong. */
static int check_time(const struct weft_certificate *c, uint64_t now, char *why, size_t why_len) {
    char bound[32], clock[32];
    if (now >= c->not_before && now < c->not_after) return 0;
    format_time(bound, now < c->not_before ? c->not_before : c->not_after);
    format_time(clock, now);
    snprintf(why, why_len, "shows the certificate of %s, which %s %s; the clock here says %s", c->name,
             now < c->not_before ? "is valid from" : "was valid until", bound, clock);
    return WEFT_ERR_EXPIRED;
}

static bool is_allowed(const struct weft_identity *id, const struct weft_key *key) {
    for (size_t i = 0; i < id->allowed_count; i++)
        if (memcmp(&id->allowed[i], key, sizeof *key) == 0) return true;
    return false;
}

int weft__identity_admit(const struct weft_identity *id, const struct weft_key *key, struct weft_slice certificate,
                         uint64_t now, char *name, uint64_t *until, char *why, size_t why_len) {
    struct weft_certificate c;
    char hex[2 * WEFT_KEY_LEN + 1];
    name[0] = '\0';
    *until = UINT64_MAX;
    if (is_allowed(id, key)) return 0;
    const char *wrong = certificate.len == 0 ? NULL : fault(id, certificate, key, &c);
    sodium_bin2hex(hex, sizeof hex, key->bytes, sizeof key->bytes);
    if (certificate.len == 0) {
        snprintf(why, why_len, "has no certificate, and its key is not on the list of allowed ones (key %s)", hex);
        return WEFT_ERR_CERTIFICATE;
    }
    if (wrong != NULL) {
        snprintf(why, why_len, "shows a certificate that %s (key %s)", wrong, hex);
        return WEFT_ERR_CERTIFICATE;
    }
    memcpy(name, c.name, sizeof c.name);
    *until = c.not_after;
    return check_time(&c, now, why, why_len);
}
