/* inspect.c: weft inspect: what a store holds, for people.
 *
 * The store is opened for reading, beside its writer if there is one, and its records restore a replica in memory,
 * which is looked at through the public header. What a replica does not tell (the checkpoint's vector, the residues of
 * counters, refused messages) is read from the records and from the canonical state, whose formats are the .proto
 * files. A damaged store is shown as far as it could be read. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/replica.h>
#include <weft/sqlite.h>

#include "tools/commands.h"
#include "tools/fields.h"
#include "tools/refused.h"
#include "tools/value.h"
#include "tools/words.h"

#define LIMIT_DEFAULT 100u
#define VALUE_SHOWN   400u /* bytes of a value's text */

struct options {
    const char *file;
    const char *keys;
    uint64_t limit, number;
    bool help, quarantine, voids, bytes;
};

struct inspection {
    struct weft_replica *replica;
    struct weft_buf identity, manifest; /* the META records */
    uint64_t rows, row_bytes, segments, segment_bytes;
    uint64_t staged, staged_bytes;
    int rc; /* of the replica, where it did not take a record */
};

/* --- Restoring --------------------------------------------------------------------------------------------------- */

static void note(struct inspection *in, const struct weft_record *r) {
    switch (r->kind) {
    case WEFT_RECORD_META:
        if (r->id == WEFT_META_IDENTITY) weft_buf_append_slice(&in->identity, r->bytes);
        if (r->id == WEFT_META_CHECKPOINT) weft_buf_append_slice(&in->manifest, r->bytes);
        break;
    case WEFT_RECORD_SEGMENT:
        in->segments++;
        in->segment_bytes += r->bytes.len;
        break;
    case WEFT_RECORD_LOG:
        in->rows++;
        in->row_bytes += r->bytes.len;
        break;
    case WEFT_RECORD_QUARANTINE:
        break; /* the replica lists them */
    case WEFT_RECORD_STAGED:
        in->staged++;
        in->staged_bytes += r->bytes.len;
        break;
    case WEFT_RECORD_SEGMENT_DROP:
    case WEFT_RECORD_LOG_DROP:
    case WEFT_RECORD_STAGED_DROP:
    case WEFT_RECORD_LOG_CUT:
    case WEFT_RECORD_SIGNATURE:
        break;
    }
}

static int restore(void *ctx, const struct weft_record *r) {
    struct inspection *in = ctx;
    struct weft_event e = {.kind = WEFT_EVENT_RESTORE, .record = r};
    struct weft_update u;
    note(in, r);
    in->rc = weft_replica_step(in->replica, &e, &u);
    return in->rc;
}

/* Some things show only when the replica begins. It would write records then: they are dropped. */
static int begin(struct inspection *in) {
    struct weft_replica_stats stats;
    struct weft_update u;
    weft_replica_stats(in->replica, &stats);
    struct weft_event e = {.kind = WEFT_EVENT_START, .random = 1, .now = {0, stats.clock.word}};
    return in->rc = weft_replica_step(in->replica, &e, &u);
}

/* --- Printing ---------------------------------------------------------------------------------------------------- */

static void print_buf(struct weft_buf *b) {
    if (b->len > 0) fwrite(b->ptr, 1, b->len, stdout);
    weft_buf_reset(b);
}

/* The checkpoint's sequence number of an origin, 0 when it has none. */
static uint64_t checkpointed(const struct inspection *in, const struct weft_origin *origin) {
    struct weft_slice origins = weft_buf_slice(&in->manifest), states = origins;
    struct weft__field o, s;
    while (weft__field_next(&origins, &o)) {
        if (o.number != 3) continue;
        do {
            if (!weft__field_next(&states, &s)) return 0;
        } while (s.number != 4);
        struct weft_slice id = weft__field_of(o.bytes, 1).bytes;
        if (weft_slice_eq(id, weft_slice(origin->replica.bytes, sizeof origin->replica.bytes)) &&
            weft__field_of(o.bytes, 2).value == origin->epoch)
            return weft__field_of(s.bytes, 1).value;
    }
    return 0;
}

static void print_origins(const struct inspection *in, struct weft_buf *b) {
    struct weft_origin_info info;
    printf("\n%-50s %10s %10s %10s  %s\n", "origin", "applied", "checkpoint", "log above", "last stamp");
    for (size_t i = 0; weft_replica_origin(in->replica, i, &info); i++) {
        weft__origin_text(b, &info.origin);
        weft_buf_printf(b, " %10" PRIu64 " %10" PRIu64 " %10" PRIu64 "  ", info.applied, checkpointed(in, &info.origin),
                        info.log_floor);
        weft__time_text(b, info.stamp.word);
        if (info.stamp.epoch > 0) weft_buf_printf(b, " in clock epoch %u", info.stamp.epoch);
        weft_buf_append_str(b, "\n");
        print_buf(b);
    }
}

/* Bases above zero: what is left of counters that were reset. */
static uint64_t bases_of_totals(struct weft_slice entries) {
    uint64_t count = 0, value;
    struct weft__field entry;
    while (weft__field_next(&entries, &entry)) {
        struct weft_slice values = weft__field_of(entry.bytes, 3).bytes;
        for (bool base = false; weft__varint_next(&values, &value); base = !base) count += base && value > 0;
    }
    return count;
}

/* Objects of a segment, or children of a map: both have their type in field 2 and their body in field 4. */
static uint64_t bases_of(struct weft_slice objects, uint32_t field) {
    uint64_t count = 0;
    struct weft__field object;
    while (weft__field_next(&objects, &object)) {
        if (object.number != field) continue;
        uint32_t type = (uint32_t)weft__field_of(object.bytes, 2).value;
        struct weft_slice body = weft__field_of(object.bytes, 4).bytes;
        if (WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_TOTALS) count += bases_of_totals(body);
        if (WEFT_TYPE_KERNEL(type) == WEFT_KERNEL_MAP) count += bases_of(body, 1);
    }
    return count;
}

/* The state as it would be transferred: the manifest's length, the manifest, and per reference its segment. */
static int count_bases(const struct inspection *in, uint64_t *count) {
    struct weft_buf state;
    struct weft__field f;
    weft_buf_init(&state, NULL);
    *count = 0;
    int rc = weft_replica_encode(in->replica, &state);
    struct weft_slice all = weft_buf_slice(&state);
    if (rc == 0 && all.len >= 8) {
        size_t len = (size_t)all.ptr[0] | (size_t)all.ptr[1] << 8 | (size_t)all.ptr[2] << 16 | (size_t)all.ptr[3] << 24;
        struct weft_slice manifest = weft_slice(all.ptr + 8, len),
                          bodies = weft_slice(all.ptr + 8 + len, all.len - 8 - len);
        while (weft__field_next(&manifest, &f)) {
            if (f.number != 7) continue;
            size_t bytes = (size_t)weft__field_of(f.bytes, 5).value;
            *count += bases_of(weft_slice(bodies.ptr, bytes), 3);
            bodies = weft_slice(bodies.ptr + bytes, bodies.len - bytes);
        }
    }
    weft_buf_fini(&state);
    return rc;
}

static void print_id(const char *what, struct weft_slice bytes, const char *otherwise) {
    char text[WEFT_ID_TEXT];
    struct weft_id id;
    if (bytes.len == sizeof id.bytes) {
        memcpy(id.bytes, bytes.ptr, sizeof id.bytes);
        weft_id_format(&id, text);
        otherwise = text;
    }
    printf("%-11s %s\n", what, otherwise);
}

static void print_identity(const struct inspection *in, struct weft_buf *b) {
    struct weft_origin self = weft_replica_self(in->replica);
    struct weft_slice identity = weft_buf_slice(&in->identity);
    weft__origin_text(b, &self);
    weft_buf_append_str(b, " (of the latest opening)\n");
    printf("replica     ");
    print_buf(b);
    print_id("space", weft__field_of(identity, 3).bytes, "the default one");
    print_id("cluster", weft__field_of(identity, 4).bytes, "none yet");
    printf("format      %" PRIu64 "\n", weft__field_of(weft_buf_slice(&in->identity), 1).value);
}

static size_t count_refused(const struct weft_replica *r) {
    struct weft_refused m;
    size_t count = 0;
    while (weft_replica_refused(r, count, &m)) count++;
    return count;
}

static int print_summary(struct inspection *in, struct weft_buf *b) {
    struct weft_replica_stats stats;
    uint64_t bases;
    int rc = count_bases(in, &bases);
    weft_replica_stats(in->replica, &stats);
    weft_buf_printf(b, "log         %" PRIu64 " transactions, %" PRIu64 " bytes\n", in->rows, in->row_bytes);
    weft_buf_printf(b, "checkpoint  %" PRIu64 " segments, %" PRIu64 " bytes\n", in->segments, in->segment_bytes);
    if (in->staged > 0)
        weft_buf_printf(b,
                        "staged      %" PRIu64 " chunks of a state on its way here, %" PRIu64
                        " bytes; not part of anything below\n",
                        in->staged, in->staged_bytes);
    weft_buf_printf(b, "state       %" PRIu64 " objects, %" PRIu64 " bytes of memory, hash ", stats.objects,
                    stats.state_bytes);
    for (size_t i = 0; i < sizeof stats.state_hash; i++) weft_buf_printf(b, "%02x", stats.state_hash[i]);
    weft_buf_printf(b, "\nresidues    %" PRIu64 " bases of counters\n", bases);
    weft_buf_printf(b, "void        %" PRIu64 " transactions since the checkpoint (--voids)\n", stats.voids);
    weft_buf_printf(b, "quarantine  %zu refused messages (--quarantine)\n", count_refused(in->replica));
    print_buf(b);
    return rc;
}

static void print_object(struct weft_buf *b, const struct weft_object_info *o) {
    static const char *const kernels[16] = {"?", "dots", "stamped dots", "totals", "custom", "map"};
    weft__words_quote(b, o->key);
    if (o->cls != NULL && o->cls->print != NULL) {
        weft_buf_printf(b, "  %s ", o->cls->name);
        size_t start = b->len;
        if (o->cls->print(o->view, b) != 0) weft_buf_append_str(b, "?");
        size_t len = b->len - start;
        if (len > VALUE_SHOWN) {
            b->len = start + VALUE_SHOWN;
            weft_buf_printf(b, "... (%zu bytes)", len);
        }
    } else {
        const char *kernel = kernels[o->type & 15u];
        weft_buf_printf(b, "  type %" PRIu32 " (%s): %zu cells", o->type >> 4, kernel == NULL ? "?" : kernel,
                        o->elements);
    }
    weft_buf_append_str(b, "\n");
    print_buf(b);
}

static void print_keys(const struct inspection *in, const struct options *o, struct weft_buf *b) {
    struct weft_object_info info;
    struct weft_slice prefix = weft_str(o->keys), key = prefix;
    uint64_t count = 0;
    uint32_t type = 0;
    printf("\nkeys\n");
    while (weft_replica_object(in->replica, key, type, &info) && weft_slice_has_prefix(info.key, prefix)) {
        if (count++ < o->limit) print_object(b, &info);
        key = info.key;
        type = info.type + 1;
    }
    if (count > o->limit) printf("and %" PRIu64 " more: --limit N shows N, --keys PREFIX some\n", count - o->limit);
}

/* --- The command ------------------------------------------------------------------------------------------------- */

static int complain(const char *file, const char *what) {
    fprintf(stderr, "weft inspect: %s: %s\n", file, what);
    return 1;
}

static int print_lists(struct inspection *in, const struct options *o, struct weft_buf *b) {
    struct weft_refused m;
    bool found = o->number == 0 || weft__refused_show(b, in->replica, o->number);
    if (!found) return WEFT_ERR_NOT_FOUND;
    if (o->quarantine && o->bytes)
        for (size_t i = 0; weft_replica_refused(in->replica, i, &m); i++)
            (void)weft__refused_show(b, in->replica, m.number);
    if (o->quarantine && !o->bytes && o->number == 0 && weft__refused_list(b, in->replica) == 0)
        weft_buf_append_str(b, "no refused messages\n");
    if (o->voids && weft__voids_list(b, in->replica) == 0) weft_buf_append_str(b, "no void transactions\n");
    print_buf(b);
    return 0;
}

static int print_all(struct inspection *in, const struct options *o, struct weft_buf *b) {
    print_identity(in, b);
    int rc = print_summary(in, b);
    print_origins(in, b);
    print_keys(in, o, b);
    return rc;
}

static int report(struct inspection *in, const struct options *o) {
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    int rc = o->quarantine || o->voids ? print_lists(in, o, &b) : print_all(in, o, &b);
    if (rc == 0) rc = b.err;
    weft_buf_fini(&b);
    fflush(stdout);
    if (rc == 0) return 0;
    return complain(o->file, rc == WEFT_ERR_NOT_FOUND ? "no refused message with this number is kept: --quarantine "
                                                        "lists them"
                                                      : weft_strerror(rc));
}

static int inspect_store(struct inspection *in, struct weft_store *store, const struct options *o) {
    int rc = store->cls->load(store, restore, in);
    if (rc == 0 && in->identity.len == 0) {
        printf("empty: no replica has used it\n");
        return 0;
    }
    if (rc != 0) {
        const char *why = in->rc != 0 ? weft_replica_errmsg(in->replica) : store->cls->errmsg(store);
        if (in->rc == 0)
            fprintf(stderr, "weft inspect: %s\n", why);
        else
            (void)complain(o->file, why);
        if (in->identity.len == 0) return 1;
        fprintf(stderr, "weft inspect: this is what could be read before the damage\n");
    }
    if (report(in, o) != 0 || rc != 0) return 1;
    return begin(in) == 0 ? 0 : complain(o->file, weft_replica_errmsg(in->replica));
}

static int inspect(const struct options *o) {
    struct weft_replica_options options;
    struct inspection in = {.replica = NULL};
    struct weft_store *store = NULL;
    char errmsg[512];
    if (weft_sqlite_open_readonly(&store, o->file, errmsg, sizeof errmsg) != 0) {
        fprintf(stderr, "weft inspect: %s\n", errmsg);
        return 1;
    }
    weft_buf_init(&in.identity, NULL);
    weft_buf_init(&in.manifest, NULL);
    weft_replica_options_init(&options);
    int rc = weft_replica_new(&in.replica, &options);
    rc = rc != 0 ? complain(o->file, weft_strerror(rc)) : inspect_store(&in, store, o);
    weft_replica_free(in.replica);
    weft_buf_fini(&in.identity);
    weft_buf_fini(&in.manifest);
    store->cls->close(store);
    return rc;
}

static int read_number(const char *name, const char *value, uint64_t *out) {
    char *end;
    errno = 0;
    *out = strtoull(value, &end, 10);
    if (errno == 0 && end != value && *end == '\0' && value[0] != '-') return 0;
    fprintf(stderr, "weft inspect: %s: \"%.80s\" is not a number\n", name, value);
    return 2;
}

static int take_option(struct options *o, const char *name, const char *value) {
    bool keys = strcmp(name, "--keys") == 0, number = strcmp(name, "--number") == 0;
    if (!keys && !number && strcmp(name, "--limit") != 0) {
        fprintf(stderr, "weft inspect: there is no option \"%.80s\"; try --help\n", name);
        return 2;
    }
    if (value == NULL) {
        fprintf(stderr, "weft inspect: %s needs a value\n", name);
        return 2;
    }
    if (keys) {
        o->keys = value;
        return 0;
    }
    if (number) o->quarantine = true;
    return read_number(name, value, number ? &o->number : &o->limit);
}

static bool take_flag(struct options *o, const char *name) {
    bool *flag = strcmp(name, "--help") == 0         ? &o->help
                 : strcmp(name, "--quarantine") == 0 ? &o->quarantine
                 : strcmp(name, "--voids") == 0      ? &o->voids
                 : strcmp(name, "-x") == 0           ? &o->bytes
                                                     : NULL;
    if (flag != NULL) *flag = true;
    return flag != NULL;
}

static int read_options(struct options *o, int argc, char **argv) {
    *o = (struct options){.keys = "", .limit = LIMIT_DEFAULT};
    for (int i = 1; i < argc; i++) {
        if (take_flag(o, argv[i])) continue;
        if (argv[i][0] != '-' && o->file == NULL) {
            o->file = argv[i];
            continue;
        }
        int rc = take_option(o, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
        if (rc != 0) return rc;
        i++;
    }
    if (o->file != NULL || o->help) return 0;
    fprintf(stderr, "weft inspect: which store? try --help\n");
    return 2;
}

int weft__cmd_inspect(int argc, char **argv) {
    struct options o;
    int rc = read_options(&o, argc, argv);
    if (rc != 0) return rc;
    if (!o.help) return inspect(&o);
    printf("usage: weft inspect FILE [--keys PREFIX] [--limit N] [--quarantine [-x | --number N]] [--voids]\n\n"
           "Shows what a store holds, also while a replica has it open. Changes nothing.\n\n"
           "  --keys PREFIX  only objects whose key begins so\n"
           "  --limit N      at most N objects; %u if not given\n"
           "  --quarantine   messages that were refused instead: when, why, of whom; -x with their bytes\n"
           "  --number N     this one of them, with its bytes\n"
           "  --voids        transactions that are void instead: recorded and passed on, without effect\n\n"
           "Exit code: 0; 1 when the store cannot be read or is damaged; 2 when an option is wrong.\n",
           LIMIT_DEFAULT);
    return 0;
}
