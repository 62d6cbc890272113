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
#include "clock/id.h"

/* November 2026, seconds since 1970: no clock that is right says less. */
#define WRITTEN UINT64_C(1795564800)
/* Clocks are off by hours and days; by a week it is the certificate. */
#define NEAR    (UINT64_C(7) * 86400)

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

static struct weft_id *copy_replicas(const struct weft_identity_options *o) {
    size_t len = o->allowed_count * sizeof(struct weft_id);
    struct weft_id *own = sodium_malloc(len == 0 ? 1 : len);
    if (own != NULL && o->allowed_replicas != NULL) memcpy(own, o->allowed_replicas, len);
    if (own != NULL && o->allowed_replicas == NULL) memset(own, 0, len);
    return own;
}

static int fill(struct weft_identity *id, const struct weft_identity_options *o) {
    id->cluster = o->cluster;
    id->cluster_keys[id->cluster_key_count++] = *o->cluster_key;
    if (o->previous_cluster_key != NULL) id->cluster_keys[id->cluster_key_count++] = *o->previous_cluster_key;
    weft__noise_pair_of(&id->pair, o->secret->bytes);
    weft__key_signing_pair(&id->signing, id->signs, o->secret);
    id->space = o->space;
    if (o->certificate.len > 0) memcpy(id->certificate, o->certificate.ptr, o->certificate.len);
    id->certificate_len = o->certificate.len;
    id->authority_count = o->authority_count;
    id->allowed_count = o->allowed_count;
    id->revoked_count = o->revoked_count;
    id->authorities = copy(o->authorities, o->authority_count * sizeof *o->authorities);
    id->allowed = copy(o->allowed, o->allowed_count * sizeof *o->allowed);
    id->allowed_replicas = copy_replicas(o);
    id->revoked = copy(o->revoked, o->revoked_count * sizeof *o->revoked);
    bool whole = id->authorities != NULL && id->allowed != NULL && id->allowed_replicas != NULL && id->revoked != NULL;
    return whole ? 0 : WEFT_ERR_NOMEM;
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

/* What a key and a certificate say about who it is, but for the certificate's time. The list has the last word: where
 * certificates are used as well it may leave the replica, and the name, to them. */
static bool recognise(const struct weft_identity *id, struct weft_slice certificate, struct weft__admitted *a,
                      struct weft_certificate *c, const char **wrong) {
    size_t at = 0;
    while (at < id->allowed_count && memcmp(&id->allowed[at], &a->key, sizeof a->key) != 0) at++;
    bool is_allowed = at < id->allowed_count;
    *wrong = certificate.len == 0 ? NULL : fault(id, certificate, &a->key, c);
    bool is_certified = certificate.len > 0 && *wrong == NULL;
    weft_key_replica(&a->replica, &a->key);
    a->name[0] = '\0';
    if (is_certified) {
        a->replica = c->replica;
        memcpy(a->name, c->name, sizeof a->name);
    }
    if (is_allowed && !weft__id_is_zero(&id->allowed_replicas[at])) a->replica = id->allowed_replicas[at];
    a->vouches = is_allowed || (is_certified && c->vouches);
    a->until = is_allowed || !is_certified ? UINT64_MAX : c->not_after;
    return is_allowed;
}

/* Who this replica is to its peers, if they have the same lists. */
static int recognise_self(struct weft_identity *id, char *errmsg, size_t errmsg_len) {
    struct weft__admitted self;
    const char *wrong;
    memcpy(self.key.bytes, id->pair.public_key, sizeof self.key.bytes);
    bool is_allowed = recognise(id, weft_slice(id->certificate, id->certificate_len), &self, &id->own, &wrong);
    id->replica = self.replica;
    if (is_allowed || wrong != NULL) id->own.serial = 0;
    id->shows_nothing = !is_allowed && id->certificate_len == 0;
    if (wrong == NULL || id->authority_count == 0) return 0;
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
    if (rc == 0) rc = recognise_self(id, errmsg, errmsg_len);
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
    sodium_free(id->allowed_replicas);
    sodium_free(id->revoked);
    while (id->spare_count > 0) sodium_free(id->spares[--id->spare_count]);
    sodium_free(id); /* wipes it */
}

/* "2026-11-25 08:44:41 UTC" */
static void format_time(char out[32], uint64_t seconds) {
    time_t t = (time_t)seconds;
    struct tm tm;
    if (seconds > INT64_MAX || gmtime_r(&t, &tm) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        snprintf(out, 32, "%" PRIu64, seconds);
}

/* Names both times, because it is a clock that is wrong at least as often as a certificate. */
static int check_time(const struct weft_certificate *c, uint64_t now, char *text, size_t len) {
    char bound[32], clock[32];
    if (now >= c->not_before && now < c->not_after) return 0;
    bool early = now < c->not_before;
    uint64_t off = early ? c->not_before - now : now - c->not_after;
    const char *cause = now < WRITTEN ? ", before this program was written: it is the clock here that is wrong"
                        : off >= NEAR ? ""
                        : early       ? ": it is slow here, or fast where that was signed"
                                      : ": it is fast here, or the certificate was not renewed";
    format_time(bound, early ? c->not_before : c->not_after);
    format_time(clock, now);
    snprintf(text, len, "%s %s; the clock here says %s%s", early ? "is valid from" : "was valid until", bound, clock,
             cause);
    return WEFT_ERR_EXPIRED;
}

int weft__identity_check_own(const struct weft_identity *id, uint64_t now, char *why, size_t why_len) {
    char text[192];
    if (id->shows_nothing) {
        snprintf(why, why_len,
                 "there is no own certificate, and the own key is not on the list of allowed ones: peers "
                 "with the same list refuse it");
        return WEFT_ERR_CERTIFICATE;
    }
    if (id->own.serial == 0 || check_time(&id->own, now, text, sizeof text) == 0) return 0;
    snprintf(why, why_len, "the own certificate, %s, %s", id->own.name, text);
    return WEFT_ERR_EXPIRED;
}

int weft__identity_admit(const struct weft_identity *id, const struct weft_key *key, struct weft_slice certificate,
                         uint64_t now, struct weft__admitted *out, char *why, size_t why_len) {
    struct weft_certificate c;
    const char *wrong;
    char hex[2 * WEFT_KEY_LEN + 1];
    out->key = *key;
    if (recognise(id, certificate, out, &c, &wrong)) return 0;
    sodium_bin2hex(hex, sizeof hex, key->bytes, sizeof key->bytes);
    if (certificate.len == 0) {
        snprintf(why, why_len, "has no certificate, and its key is not on the list of allowed ones (key %s)", hex);
        return WEFT_ERR_CERTIFICATE;
    }
    if (wrong != NULL) {
        snprintf(why, why_len, "shows a certificate that %s (key %s)", wrong, hex);
        return WEFT_ERR_CERTIFICATE;
    }
    char text[192];
    if (check_time(&c, now, text, sizeof text) == 0) return 0;
    snprintf(why, why_len, "shows the certificate of %s, which %s (key %s)", c.name, text, hex);
    return WEFT_ERR_EXPIRED;
}

struct weft_id weft_identity_replica(const struct weft_identity *id) {
    return id->replica;
}

static int compare(const char *what, const struct weft_id *a, const struct weft_id *b, const char *advice, char *why,
                   size_t why_len) {
    char was[WEFT_ID_TEXT], is[WEFT_ID_TEXT];
    if (weft_id_cmp(a, b) == 0) return 0;
    weft_id_format(a, was);
    weft_id_format(b, is);
    snprintf(why, why_len, "this node is of %s %s, and the identity is of %s%s", what, was, is, advice);
    return WEFT_ERR_FOREIGN;
}

int weft__identity_compare(const struct weft_identity *now, const struct weft_identity *next, char *why,
                           size_t why_len) {
    int rc = compare("cluster", &now->cluster, &next->cluster, "", why, why_len);
    if (rc == 0) rc = compare("space", &now->space, &next->space, "", why, why_len);
    if (rc == 0)
        rc = compare("replica", &now->replica, &next->replica, ": sign its key for the old one (--replica)", why,
                     why_len);
    return rc;
}
