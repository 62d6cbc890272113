/* The bytes that leave a process, frozen: what today's code writes is what tests/golden/vectors.txt says, to the byte,
 * and every vector with any byte changed or cut off is refused or reads as something else, without harm.
 *
 *   test_vectors FILE            checks
 *   test_vectors --write FILE    writes the file anew: only with a new version of the format */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/ormap.h>

#include "replication/kept.h"
#include "replication/message.h"
#include "replication/staging.h"
#include "tests/support/any_edit.h"
#include "tests/support/authority.h"
#include "tests/support/cluster.h"

#define MUST(expr)                                                                                                     \
    do {                                                                                                               \
        int rc_ = (expr);                                                                                              \
        if (rc_ != 0) {                                                                                                \
            (void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #expr, weft_err_name(rc_));                   \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

/* --- Values used alone
 * ------------------------------------------------------------------------------------------------ */

static struct weft_value *value_new(uint8_t id, const struct weft_crdt_class *cls) {
    struct weft_value_options o;
    struct weft_value *v;
    weft_value_options_init(&o);
    o.origin = any_origin(id);
    MUST(weft_value_new(&v, cls, &o));
    return v;
}

static struct weft_stamp stamp_at(int turn) {
    return (struct weft_stamp){WEFT_HLC_SECONDS(1700000000) + (uint64_t)turn + 1, 1};
}

/* Two origins write one value; the last delta and the whole state are the vectors. */
static void build_value(const struct weft_crdt_class *cls, struct weft_buf *delta, struct weft_buf *state) {
    struct weft_value *a = value_new(1, cls), *b = value_new(2, cls);
    struct weft_buf first;
    weft_buf_init(&first, NULL);
    struct weft_value *turn[] = {a, b, a};
    for (int i = 0; i < 3; i++) {
        weft_value_now(turn[i], stamp_at(i));
        struct weft_edit *e = weft_value_edit(turn[i]);
        struct weft_buf *out = i < 2 ? &first : delta;
        MUST(any_edit(cls, e, i) ? 0 : WEFT_ERR_NOT_FOUND);
        weft_buf_reset(&first);
        MUST(weft_value_commit(turn[i], stamp_at(i), out));
        struct weft_value *other = turn[i] == a ? b : a;
        if (i < 2) MUST(weft_value_apply(other, weft_buf_slice(&first)));
    }
    MUST(weft_value_encode(a, state));
    weft_buf_fini(&first);
    weft_value_free(a);
    weft_value_free(b);
}

static int take_value(const struct weft_crdt_class *cls, struct weft_slice bytes) {
    struct weft_value *v = value_new(3, cls);
    struct weft_buf text;
    weft_buf_init(&text, NULL);
    int rc = weft_value_apply(v, bytes);
    MUST(cls->print(weft_value_view(v), &text)); /* whatever it is now, it reads */
    weft_buf_fini(&text);
    weft_value_free(v);
    return rc;
}

/* --- A replica's records and messages
 * --------------------------------------------------------------------------------- */

struct vector {
    char name[48];
    struct weft_buf bytes;
    int (*take)(const struct vector *v, struct weft_slice bytes);
    const struct weft_crdt_class *cls;
};

static struct vector vectors[64];
static size_t vector_count;

static struct vector *vector_new(const char *name, int (*take)(const struct vector *, struct weft_slice)) {
    assert(vector_count < 64);
    struct vector *v = &vectors[vector_count++];
    memset(v, 0, sizeof *v);
    (void)snprintf(v->name, sizeof v->name, "%s", name);
    weft_buf_init(&v->bytes, NULL);
    v->take = take;
    return v;
}

static int take_value_vector(const struct vector *v, struct weft_slice bytes) {
    return take_value(v->cls, bytes);
}

static int take_message(const struct vector *v, struct weft_slice bytes) {
    (void)v;
    struct weft__message m;
    int rc = weft__message_decode(&m, bytes, &weft_alloc_default);
    if (rc == 0) weft__message_fini(&m);
    return rc;
}

/* A store of these records, one of them changed. */
static struct weft_record kept[32];
static size_t kept_count;
static const struct vector *changed;
static struct weft_slice changed_bytes;

static int restore_all(void) {
    struct weft_replica_options o;
    struct weft_replica *r;
    struct weft_update u;
    weft_replica_options_init(&o);
    MUST(weft_replica_new(&r, &o));
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < kept_count; i++) {
        struct weft_record rec = kept[i];
        if (rec.bytes.ptr == changed->bytes.ptr) rec.bytes = changed_bytes;
        rc = weft_replica_step(r, &(struct weft_event){.kind = WEFT_EVENT_RESTORE, .record = &rec}, &u);
    }
    if (rc == 0) rc = weft_replica_step(r, &(struct weft_event){.kind = WEFT_EVENT_START, .random = 9}, &u);
    weft_replica_free(r);
    return rc;
}

static int take_record(const struct vector *v, struct weft_slice bytes) {
    changed = v;
    changed_bytes = bytes;
    return restore_all();
}

static int keep_record(void *ctx, const struct weft_record *r) {
    static const char *const names[] = {"", "meta", "segment", "", "log", "", "quarantine"};
    char name[48];
    (void)ctx;
    (void)snprintf(name, sizeof name, "record-%s-%zu", names[r->kind], kept_count + 1);
    if (r->kind == WEFT_RECORD_QUARANTINE) return 0;
    struct vector *v = vector_new(name, take_record);
    MUST(weft_buf_append_slice(&v->bytes, r->bytes));
    kept[kept_count] = *r;
    kept[kept_count++].bytes = weft_buf_slice(&v->bytes);
    return 0;
}

static void keep_messages(struct cluster *c, const char *what) {
    for (size_t k = 0; k < c->queued && k < 2; k++) {
        char name[48];
        (void)snprintf(name, sizeof name, "message-%s-%zu", what, k + 1);
        struct vector *v = vector_new(name, take_message);
        MUST(weft_buf_append(&v->bytes, c->queue[k].bytes, c->queue[k].len));
    }
}

static void build_replica(void) {
    struct cluster c;
    cluster_init(&c, 2);
    c.at[0].options.log_max = 0;
    MUST(cluster_open(&c, 0));
    MUST(cluster_open(&c, 1));
    cluster_link_all(&c);
    keep_messages(&c, "digest");
    cluster_settle(&c);
    cluster_add(&c, 0, "cart", "milk");
    keep_messages(&c, "transactions");
    cluster_settle(&c);
    cluster_count(&c, 1, "stock", -3);
    cluster_set(&c, 1, "name", "Ada");
    cluster_settle(&c);
    weft_replica_checkpoint(c.at[0].replica);
    cluster_count(&c, 0, "stock", 40);
    cluster_remove(&c, 0, "cart", "milk");
    cluster_settle(&c);
    struct weft_txn *t = cluster_begin(&c, 0);
    MUST(any_edit(&weft_ormap_class, weft_txn_edit(t, weft_str("map"), &weft_ormap_class), 0) ? 0 : WEFT_ERR_NOT_FOUND);
    cluster_commit(&c, 0, t);
    cluster_settle(&c);
    MUST(c.at[0].store->cls->load(c.at[0].store, keep_record, NULL));
    cluster_fini(&c);
}

static void build_state_messages(void) {
    uint8_t hash[WEFT__CHAIN_LEN];
    memset(hash, 0xab, sizeof hash);
    struct weft__message_head head = {{{0}}, {{{7}}, 9}, WEFT_HLC_SECONDS(1700000000)};
    struct weft__range range = {{{{8}}, 3}, 4, 5};
    MUST(weft__message_write_request(&vector_new("message-request", take_message)->bytes, &head, &range, 1));
    static const uint8_t signature[WEFT__SIGNATURE_LEN] = "the first bytes of a signature";
    struct weft_slice row = weft_str("a row");
    MUST(weft__message_write_signed(&vector_new("message-signed", take_message)->bytes, &head, &row, 1, true,
                                    &(struct weft__row_signature){0, 3, signature}, 1));
    MUST(weft__message_write_state_request(&vector_new("message-state-request", take_message)->bytes, &head, 77, 2));
    MUST(weft__message_write_state_chunk(&vector_new("message-state-chunk", take_message)->bytes, &head, 77, 2, 3, 600,
                                         hash, weft_str("some bytes of a state")));
}

static int take_staged(const struct vector *v, struct weft_slice bytes) {
    struct weft__staged_chunk c;
    (void)v;
    return weft__staged_read(bytes, &c);
}

static void build_staged_record(void) {
    struct weft__staged_chunk c = {{.transfer = 77, .total = 600}, 2, weft_str("some bytes of a state")};
    memset(c.name.hash, 0xab, sizeof c.name.hash);
    MUST(weft__staged_write(&vector_new("record-staged", take_staged)->bytes, &c));
}

static int take_rights(const struct vector *v, struct weft_slice bytes) {
    const struct weft_rights *doc = NULL;
    (void)v;
    int rc = weft_rights_read(&doc, bytes, NULL);
    weft_rights_free(doc);
    return rc;
}

static void build_rights(void) {
    struct authority root = authority_new(1), next = authority_new(2);
    struct weft_id space = authority_space(&root);
    struct policy first = {.generation = 1, .writes = {"*", "orders/ stock", ""}};
    struct policy second = {.generation = 2, .writes = {"*"}, .next = &next};
    authority_sign(&root, &space, &first, &vector_new("rights-first", take_rights)->bytes);
    authority_sign(&root, &space, &second, &vector_new("rights-hand-over", take_rights)->bytes);
}

static int take_kept(const struct vector *v, struct weft_slice bytes) {
    struct weft__kept_entry e;
    (void)v;
    return weft__kept_read(bytes, &e);
}

static void build_kept_records(void) {
    struct weft__kept_entry refused = {
        .number = 300,
        .err = WEFT_ERR_MALFORMED,
        .wall = WEFT_HLC_SECONDS(1700000000),
        .replica = {{7}},
        .is_authenticated = true,
        .link = 5,
        .label = weft_str("10.0.0.7:7701 tokyo-1"),
        .text = weft_str("the last entry ends early"),
        .length = 70000,
        .bytes = weft_str("the beginning of a message"),
    };
    struct weft__kept_entry is_void = {
        .number = 4,
        .err = WEFT_ERR_MALFORMED,
        .wall = WEFT_HLC_SECONDS(1700000000),
        .replica = {{8}},
        .text = weft_str("its deltas do not read"),
        .length = 90,
        .epoch = 3,
        .seq = 12,
    };
    struct weft__kept_entry gone = {.number = 301};
    MUST(weft__kept_write(&vector_new("record-refused", take_kept)->bytes, &refused));
    MUST(weft__kept_write(&vector_new("record-void", take_kept)->bytes, &is_void));
    MUST(weft__kept_write(&vector_new("record-gone", take_kept)->bytes, &gone));
}

static void build_all(void) {
    const struct weft_crdt_class *cls;
    for (size_t i = 0; (cls = weft_crdt_class_at(i)) != NULL; i++) {
        char name[48];
        (void)snprintf(name, sizeof name, "delta-%s", cls->name);
        struct vector *delta = vector_new(name, take_value_vector);
        (void)snprintf(name, sizeof name, "state-%s", cls->name);
        struct vector *state = vector_new(name, take_value_vector);
        delta->cls = state->cls = cls;
        build_value(cls, &delta->bytes, &state->bytes);
    }
    build_replica();
    build_state_messages();
    build_staged_record();
    build_kept_records();
    build_rights();
}

/* --- Against the file
 * --------------------------------------------------------------------------------------------------- */

static void print_vector(FILE *f, const struct vector *v) {
    (void)fprintf(f, "%s ", v->name);
    for (size_t i = 0; i < v->bytes.len; i++) (void)fprintf(f, "%02x", v->bytes.ptr[i]);
    (void)fprintf(f, "\n");
}

static int compare_file(const char *path) {
    FILE *f = fopen(path, "r"), *now = tmpfile();
    if (f == NULL || now == NULL) {
        (void)fprintf(stderr, "%s: cannot be read\n", path);
        return 1;
    }
    for (size_t i = 0; i < vector_count; i++) print_vector(now, &vectors[i]);
    rewind(now);
    char want[16384], got[16384];
    int failed = 0;
    for (;;) {
        const char *w = fgets(want, sizeof want, f), *g = fgets(got, sizeof got, now);
        if (w == NULL && g == NULL) break;
        if (w == NULL || g == NULL || strcmp(want, got) != 0) {
            (void)fprintf(stderr, "the format changed:\n- %s+ %s", w == NULL ? "\n" : w, g == NULL ? "\n" : g);
            failed = 1;
        }
        if (w == NULL || g == NULL) break;
    }
    (void)fclose(f);
    (void)fclose(now);
    return failed;
}

/* Whole, it is taken; how many of its changed and cut forms are refused. */
static size_t flip_all(const struct vector *v, size_t *tried) {
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    size_t refused = 0;
    MUST(v->take(v, weft_buf_slice(&v->bytes)));
    uint8_t *copy = malloc(v->bytes.len + 1);
    for (size_t at = 0; at < v->bytes.len; at++) {
        for (size_t m = 0; m < sizeof masks; m++) {
            memcpy(copy, v->bytes.ptr, v->bytes.len);
            copy[at] ^= masks[m];
            refused += v->take(v, weft_slice(copy, v->bytes.len)) != 0;
            ++*tried;
        }
        /* A copy of its own, so that a read beyond the cut is seen. */
        uint8_t *cut = malloc(at + 1);
        memcpy(cut, v->bytes.ptr, at);
        refused += v->take(v, weft_slice(cut, at)) != 0;
        ++*tried;
        free(cut);
    }
    free(copy);
    return refused;
}

int main(int argc, char **argv) {
    build_all();
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        FILE *f = fopen(argv[2], "w");
        if (f == NULL) return 1;
        for (size_t i = 0; i < vector_count; i++) print_vector(f, &vectors[i]);
        return fclose(f) != 0;
    }
    if (argc != 2) return 2;
    int failed = compare_file(argv[1]);
    for (size_t i = 0; i < vector_count; i++) {
        size_t tried = 0, refused = flip_all(&vectors[i], &tried);
        printf("%-24s %5zu bytes, %6zu changed forms, %6zu refused\n", vectors[i].name, vectors[i].bytes.len, tried,
               refused);
        if (refused == 0) failed = 1; /* a check that cannot refuse */
    }
    for (size_t i = 0; i < vector_count; i++) weft_buf_fini(&vectors[i].bytes);
    return failed;
}
