/* forge.c: the state hash is found by reading the state as a replica does, as far as it reads. */
#include "tests/fuzz/forge.h"

#include "base/hash.h"
#include "base/wire.h"
#include "replication/checkpoint.h"
#include "replication/space.h"

#define STATE_HASH_LEN 16

struct first {
    struct weft_slice key;
    uint64_t type;
};

/* Of the first object of a segment, as far as it reads. */
static struct first find_first(struct weft_slice segment) {
    struct weft__reader in, object;
    struct first f = {{NULL, 0}, 0};
    weft__reader_init(&in, segment);
    (void)weft__read_field_varint(&in, 1);
    while (weft__read_tag(&in, 2, WEFT__BYTES)) (void)weft__read_bytes(&in);
    if (!weft__read_tag(&in, 3, WEFT__BYTES)) return f;
    weft__reader_init(&object, weft__read_bytes(&in));
    f.key = weft__read_field_bytes(&object, 1);
    f.type = weft__read_field_varint(&object, 2);
    return f;
}

static void write_refs(struct forged *f, bool stored) {
    for (size_t i = 0; i < f->count; i++) {
        uint8_t hash[WEFT__CHAIN_LEN];
        struct first first = find_first(f->segments[i]);
        if (i == 0) first = (struct first){{NULL, 0}, 0};
        weft__blake2b128(hash, f->segments[i]);
        size_t ref = weft__write_begin(&f->manifest, 7);
        weft__write_field_varint(&f->manifest, 1, stored ? i + 1 : 0);
        weft__write_bytes(&f->manifest, 2, weft_slice(hash, sizeof hash));
        weft__write_field_bytes(&f->manifest, 3, first.key);
        weft__write_field_varint(&f->manifest, 4, first.type);
        weft__write_field_varint(&f->manifest, 5, f->segments[i].len);
        weft__write_end(&f->manifest, ref);
    }
}

static struct weft__hash128 read_hash(const struct forged *f) {
    static const struct weft_id zero;
    struct weft_origins *origins;
    struct weft__space space;
    struct weft__segments segments;
    struct weft__hash128 hash;
    weft__segments_init(&segments, &weft_alloc_default);
    HOLDS(weft_origins_new(&origins, NULL) == 0);
    HOLDS(weft__space_init(&space, &zero, origins, 1, &weft_alloc_default) == 0);
    int rc = weft__manifest_read(weft_buf_slice(&f->manifest), &space, &segments, &hash);
    for (size_t i = 0; rc == 0 && i < segments.count; i++)
        rc = weft__segment_read(f->segments[i], &segments, i, &space);
    hash = space.pool.hash;
    weft__segments_fini(&segments);
    weft__space_fini(&space);
    weft_origins_free(origins);
    return hash;
}

void forge(struct forged *f, struct fuzz_input *in, bool stored) {
    static const uint8_t unknown[STATE_HASH_LEN];
    weft_buf_init(&f->manifest, NULL);
    (void)weft_buf_append_slice(&f->manifest, fuzz_piece(in));
    for (f->count = 0; f->count < FORGE_SEGMENTS && fuzz_left(in) > 0;) f->segments[f->count++] = fuzz_piece(in);
    weft__write_bytes(&f->manifest, 6, weft_slice(unknown, sizeof unknown));
    size_t hash_end = f->manifest.len;
    write_refs(f, stored);
    HOLDS(f->manifest.err == 0);
    weft__hash_store(f->manifest.ptr + hash_end - STATE_HASH_LEN, read_hash(f));
}

void forge_fini(struct forged *f) {
    weft_buf_fini(&f->manifest);
}
