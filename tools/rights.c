/* rights.c: weft rights: a policy that people wrote becomes a document that an authority signed, and back.
 *
 * The file that is there says which generation comes next, and who may sign it; what it says is checked here, so that
 * nobody finds out at a replica that what he signed is of no effect. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include <weft/err.h>
#include <weft/rights.h>

#include "tools/commands.h"
#include "tools/key_files.h"
#include "tools/policy.h"
#include "tools/rights.h"
#include "tools/whole_file.h"
#include "tools/words.h"

#define COMMAND "rights"

struct request {
    const char *cluster, *policy, *out;
    uint64_t generation; /* 0: the next one */
    bool hand_over;
};

static int fail(const char *path, const char *what) {
    return weft__key_file_fail(COMMAND, path, what);
}

/* --- The file ---------------------------------------------------------------------------------------------------- */

static int read_bytes(const char *path, struct weft_buf *bytes, const char **wrong) {
    uint8_t chunk[4096];
    size_t got;
    int rc = 0;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        *wrong = strerror(errno);
        return errno == ENOENT ? WEFT_ERR_NOT_FOUND : WEFT_ERR_IO;
    }
    bytes->max = WEFT_RIGHTS_MAX;
    while (rc == 0 && (got = fread(chunk, 1, sizeof chunk, file)) > 0) rc = weft_buf_append(bytes, chunk, got);
    if (rc == 0 && ferror(file)) rc = WEFT_ERR_IO;
    fclose(file);
    *wrong = rc == WEFT_ERR_LIMIT ? "is too long for a document of rights" : weft_strerror(rc);
    return rc;
}

int weft__rights_load(const char *path, struct weft_buf *bytes, const struct weft_rights **out, char *why,
                      size_t why_len) {
    const char *wrong = "";
    *out = NULL;
    int rc = read_bytes(path, bytes, &wrong);
    if (rc == 0) {
        rc = weft_rights_read(out, weft_buf_slice(bytes), NULL);
        wrong = rc == WEFT_ERR_MALFORMED   ? "is no document of rights, as weft rights sign writes it"
                : rc == WEFT_ERR_SIGNATURE ? "was changed since it was signed"
                                           : weft_strerror(rc);
    }
    if (rc != 0) snprintf(why, why_len, "%s: %s", path, wrong);
    return rc;
}

/* --- weft rights show -------------------------------------------------------------------------------------------- */

static void hex(char *out, const uint8_t *bytes, size_t len) {
    sodium_bin2hex(out, 2 * len + 1, bytes, len);
}

static void quote(struct weft_buf *out, struct weft_slice word) {
    weft_buf_append(out, " ", 1);
    weft__words_quote(out, word);
}

static const struct weft_rights_member *member_of(const struct weft_rights *doc, const struct weft_id *replica) {
    for (size_t i = 0; i < doc->member_count; i++)
        if (weft_id_cmp(&doc->members[i].replica, replica) == 0) return &doc->members[i];
    return NULL;
}

static void show_head(struct weft_buf *out, const struct weft_rights *doc) {
    char id[WEFT_ID_TEXT], key[2 * WEFT_KEY_LEN + 1];
    weft_id_format(&doc->space, id);
    hex(key, doc->authority.bytes, sizeof doc->authority.bytes);
    weft_buf_printf(out, "# generation %" PRIu64 " of space %s\n# signed by %s\n", doc->generation, id, key);
    if (!doc->has_next) return;
    hex(key, doc->next_authority.bytes, sizeof doc->next_authority.bytes);
    weft_buf_printf(out, "# from here on %s signs\n", key);
}

static void show_member(struct weft_buf *out, const struct weft_rights_member *m) {
    char id[WEFT_ID_TEXT], key[2 * WEFT_KEY_LEN + 1], file[WEFT_NAME_MAX + 5];
    int len = snprintf(file, sizeof file, "%.*s.pub", (int)m->name.len, (const char *)m->name.ptr);
    weft_id_format(&m->replica, id);
    weft_buf_append_str(out, "member");
    quote(out, m->name);
    quote(out, m->region.len == 0 ? weft_str("-") : m->region);
    quote(out, weft_slice(file, (size_t)len));
    weft_buf_printf(out, " %s", id);
    if (m->signing_key != NULL) {
        hex(key, m->signing_key->bytes, sizeof m->signing_key->bytes);
        weft_buf_printf(out, "  # signs with %s", key);
    }
    weft_buf_append_str(out, "\n");
}

static void show_subject(struct weft_buf *out, const struct weft_rights *doc, const struct weft_rights_grant *g) {
    const struct weft_rights_member *m = NULL;
    char id[WEFT_ID_TEXT];
    if (g->subject == WEFT_RIGHTS_REPLICA) m = member_of(doc, &g->replica);
    if (g->subject == WEFT_RIGHTS_EVERYBODY)
        weft_buf_append_str(out, " *");
    else if (m != NULL)
        quote(out, m->name);
    else if (g->subject == WEFT_RIGHTS_REGION) {
        char region[WEFT_NAME_MAX + 2];
        int len = snprintf(region, sizeof region, "@%.*s", (int)g->region.len, (const char *)g->region.ptr);
        quote(out, weft_slice(region, (size_t)len));
    } else {
        weft_id_format(&g->replica, id);
        weft_buf_printf(out, " %s", id);
    }
}

static void show_grant(struct weft_buf *out, const struct weft_rights *doc, const struct weft_rights_grant *g) {
    weft_buf_append_str(out, "grant");
    show_subject(out, doc, g);
    if (g->read) weft_buf_append_str(out, " read");
    if (g->relay) weft_buf_append_str(out, " relay");
    if (g->write_count > 0) weft_buf_append_str(out, " write");
    for (size_t i = 0; i < g->write_count; i++) quote(out, g->write[i]);
    weft_buf_append_str(out, "\n");
}

static int show(const char *path) {
    const struct weft_rights *doc;
    struct weft_buf bytes, out;
    char why[512];
    weft_buf_init(&bytes, NULL);
    weft_buf_init(&out, NULL);
    int rc = weft__rights_load(path, &bytes, &doc, why, sizeof why);
    if (rc == 0) {
        show_head(&out, doc);
        for (size_t i = 0; i < doc->member_count; i++) show_member(&out, &doc->members[i]);
        for (size_t i = 0; i < doc->grant_count; i++) show_grant(&out, doc, &doc->grants[i]);
        fwrite(out.ptr, 1, out.len, stdout);
    } else {
        fprintf(stderr, "weft " COMMAND ": %s\n", why);
    }
    weft_rights_free(doc);
    weft_buf_fini(&bytes);
    weft_buf_fini(&out);
    return rc == 0 ? 0 : 1;
}

/* --- weft rights sign -------------------------------------------------------------------------------------------- */

static int read_secret(const struct request *r, const char *suffix, uint8_t secret[WEFT_AUTHORITY_SECRET_LEN],
                       struct weft_key *public_key) {
    char path[WEFT__KEY_PATH];
    if (weft__key_file_path(COMMAND, path, r->cluster, suffix) != 0) return 1;
    int rc = weft__key_file_read(COMMAND, path, "authority-secret", secret, WEFT_AUTHORITY_SECRET_LEN, true);
    if (rc == 0) crypto_sign_ed25519_sk_to_pk(public_key->bytes, secret);
    return rc;
}

/* The first document is by the authority that the space is named after, and each later one by whom the one before it
 * names. */
static int check_authority(const struct request *r, const struct weft_rights *previous, const struct weft_rights *doc) {
    struct weft_id with_rights, with_signatures;
    if (previous != NULL) {
        const struct weft_key *due = previous->has_next ? &previous->next_authority : &previous->authority;
        if (memcmp(due, &doc->authority, sizeof *due) == 0) return 0;
        return fail(r->cluster, previous->has_next
                                    ? "the rights were handed over to another authority: FILE.authority "
                                      "must be what was FILE.authority.next"
                                    : "another authority signed the rights that are there, and has to hand over to "
                                      "this one first (--hand-over)");
    }
    weft_rights_space(&with_rights, &doc->authority, false);
    weft_rights_space(&with_signatures, &doc->authority, true);
    bool named = weft_id_cmp(&doc->space, &with_rights) == 0 || weft_id_cmp(&doc->space, &with_signatures) == 0;
    if (named || r->generation > 1) return 0;
    return fail(r->cluster, "the space is named after another authority, which signs the first rights");
}

static int sign_document(const struct request *r, struct weft_rights *doc, const char *out,
                         const uint8_t secret[WEFT_AUTHORITY_SECRET_LEN]) {
    struct weft_buf bytes;
    weft_buf_init(&bytes, NULL);
    int rc = weft_rights_sign(doc, secret, &bytes);
    if (rc != 0)
        rc = fail(r->policy, rc == WEFT_ERR_LIMIT ? "the policy is too long" : weft_strerror(rc));
    else
        rc = weft__whole_file_write("weft " COMMAND, out, weft_buf_slice(&bytes));
    weft_buf_fini(&bytes);
    if (rc != 0) return rc;
    printf("%s: generation %" PRIu64 ", %zu members; for weft serve --rights, at any one replica\n", out,
           doc->generation, doc->member_count);
    if (doc->has_next)
        printf("From here on %s.authority.next signs: mv it to %s.authority.\n"
               "What that signs is taken once this is: give it to a replica first.\n",
               r->cluster, r->cluster);
    return 0;
}

/* A generation is signed once: of two documents with one number one would be of no effect. */
static int choose_generation(const struct request *r, const struct weft_rights *previous, const char *out,
                             uint64_t *generation) {
    char why[160];
    uint64_t last = previous == NULL ? 0 : previous->generation;
    *generation = r->generation != 0 ? r->generation : last + 1;
    if (*generation > last) return 0;
    snprintf(why, sizeof why, "has generation %" PRIu64 " already, and the next one must be greater", last);
    return fail(out, why);
}

/* The document that says who signs from there on has to be committed before those that follow, and nobody could sign
 * it again. */
static int keep_hand_over(const struct weft_rights *previous, struct weft_slice document, const char *out) {
    char beside[WEFT__KEY_PATH + 24];
    if (previous == NULL || !previous->has_next) return 0;
    snprintf(beside, sizeof beside, "%s.%" PRIu64, out, previous->generation);
    int rc = weft__whole_file_write("weft " COMMAND, beside, document);
    if (rc == 0) printf("%s: the hand-over, for weft serve --rights before %s, unless it was\n", beside, out);
    return rc;
}

/* With the file that is there, or without one. */
static int sign_after(const struct request *r, const struct weft_rights *previous, struct weft_slice document,
                      const char *out) {
    uint8_t secret[WEFT_AUTHORITY_SECRET_LEN], next[WEFT_AUTHORITY_SECRET_LEN], cluster[16];
    struct weft_rights doc = {.has_next = r->hand_over};
    struct weft__policy policy;
    if (weft__key_file_read(COMMAND, r->cluster, "cluster", cluster, sizeof cluster, true) != 0) return 1;
    if (weft__key_file_read(COMMAND, r->cluster, "space", doc.space.bytes, sizeof doc.space.bytes, true) != 0)
        return fail(r->cluster, "a cluster has rights where weft cluster init --rights, or --signed, made it");
    if (previous != NULL && weft_id_cmp(&previous->space, &doc.space) != 0)
        return fail(out, "is of another space than the cluster's, and stays as it is");
    if (choose_generation(r, previous, out, &doc.generation) != 0) return 1;
    int rc = read_secret(r, ".authority", secret, &doc.authority);
    if (rc == 0) rc = check_authority(r, previous, &doc);
    if (rc == 0 && r->hand_over) {
        rc = read_secret(r, ".authority.next", next, &doc.next_authority);
        sodium_memzero(next, sizeof next);
    }
    if (rc == 0) {
        rc = weft__policy_read(&policy, r->policy);
        weft__policy_fill(&policy, &doc);
        if (rc == 0) rc = keep_hand_over(previous, document, out);
        if (rc == 0) rc = sign_document(r, &doc, out, secret);
        weft__policy_fini(&policy);
    }
    sodium_memzero(secret, sizeof secret);
    return rc;
}

static int sign(const struct request *r) {
    char out[WEFT__KEY_PATH], why[512];
    const struct weft_rights *previous;
    struct weft_buf bytes;
    if (weft__key_file_path(COMMAND, out, r->out != NULL ? r->out : r->cluster, r->out != NULL ? "" : ".rights") != 0)
        return 1;
    weft_buf_init(&bytes, NULL);
    int rc = weft__rights_load(out, &bytes, &previous, why, sizeof why);
    if (rc == 0 || rc == WEFT_ERR_NOT_FOUND) {
        rc = sign_after(r, previous, weft_buf_slice(&bytes), out);
    } else {
        fprintf(stderr, "weft " COMMAND ": %s\n", why);
        rc = 1;
    }
    weft_rights_free(previous);
    weft_buf_fini(&bytes);
    return rc;
}

/* --- The command ------------------------------------------------------------------------------------------------- */

/* "-1" and what is too much are numbers to strtoull. */
static bool read_generation(struct request *r, const char *text) {
    char *end;
    errno = 0;
    r->generation = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0 && r->generation > 0 &&
           r->generation < UINT64_MAX;
}

static bool read_request(struct request *r, int argc, char **argv) {
    *r = (struct request){.cluster = argc > 2 ? argv[2] : "", .policy = argc > 3 ? argv[3] : ""};
    if (argc < 4 || strcmp(argv[1], "sign") != 0 || argv[2][0] == '-' || argv[3][0] == '-') return false;
    for (int i = 4; i < argc; i++) {
        if (strcmp(argv[i], "--hand-over") == 0) {
            r->hand_over = true;
            continue;
        }
        if (i + 1 == argc) return false;
        if (strcmp(argv[i], "-o") == 0)
            r->out = argv[++i];
        else if (strcmp(argv[i], "--generation") != 0 || !read_generation(r, argv[++i]))
            return false;
    }
    return true;
}

static int usage(bool help) {
    fputs("usage: weft rights sign CLUSTER-FILE POLICY [-o FILE] [--hand-over] [--generation N]\n"
          "       weft rights show FILE\n\n"
          "sign makes a document of rights from a policy, signed with CLUSTER-FILE.authority, in CLUSTER-FILE.rights.\n"
          "Its generation is the one after that of the file that is there. Lines of a policy:\n\n"
          "  member NAME REGION KEY.pub [REPLICA-ID]   a replica; - is no region\n"
          "  grant WHOM [read] [relay] [write PREFIX...]   whom: NAME, @REGION or *; write \"\" is every key\n\n"
          "  -o FILE         another file than CLUSTER-FILE.rights\n"
          "  --hand-over     from here on CLUSTER-FILE.authority.next signs (weft cluster authority)\n"
          "  --generation N  where the file of the generation before is lost\n\n"
          "show prints a document as such a policy.\n",
          help ? stdout : stderr);
    return help ? 0 : 2;
}

int weft__cmd_rights(int argc, char **argv) {
    struct request r;
    if (read_request(&r, argc, argv)) return sodium_init() < 0 ? 1 : sign(&r);
    if (argc == 3 && strcmp(argv[1], "show") == 0) return show(argv[2]);
    return usage(argc == 2 && strcmp(argv[1], "--help") == 0);
}
