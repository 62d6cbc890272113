/* Documents of rights: signed by who they name, they are refused, or say what makes the same bytes when it is signed
 * again, in memory in proportion to them; by nobody that is known, they are refused, unless they are one of a corpus.
 *
 * Input: how, then bytes. 0: as they are. 1: what is signed; the key in it, if it is where keys are, is made right. */
#include <string.h>

#include <weft/err.h>
#include <weft/rights.h>

#include "base/wire.h"
#include "replication/rights_document.h"
#include "tests/fuzz/authority.h"
#include "tests/fuzz/budget.h"
#include "tests/fuzz/fuzz.h"

/* A prefix of no bytes is two in the document, and a slice in the copy. */
#define MEMORY_MAX(size) (64 * (size) + 4096)

static const char prefix[] = "weft rights";

/* The third field, where the first two are those of a document. */
static void name_authority(struct weft_slice bytes) {
    struct weft__reader r;
    weft__reader_init(&r, bytes);
    (void)weft__read_field_bytes(&r, 1);
    (void)weft__read_field_varint(&r, 2);
    struct weft_slice key = weft__read_field_bytes(&r, 3);
    if (key.len == WEFT_KEY_LEN) memcpy((uint8_t *)(uintptr_t)key.ptr, fuzz_authority()->key.bytes, key.len);
}

static void check_members(struct weft_slice bytes, const struct weft_rights *doc) {
    struct weft__rights_document d;
    struct weft_rights_member m;
    HOLDS(weft__rights_parse(&d, bytes) == 0);
    HOLDS(d.member_count == doc->member_count && d.grant_count == doc->grant_count);
    for (size_t i = 0; i < doc->member_count; i++) {
        HOLDS(weft__rights_find_member(&d, &doc->members[i].replica, &m));
        HOLDS(weft_slice_eq(m.name, doc->members[i].name));
        for (size_t k = 0; k < doc->grant_count; k++)
            if (doc->grants[k].subject == WEFT_RIGHTS_EVERYBODY) HOLDS(weft__rights_is_granted(&doc->grants[k], &m));
    }
}

static void try_signed(struct weft_slice bytes) {
    const struct weft_rights *doc;
    struct weft_buf whole, again;
    struct budget budget;
    uint8_t *copy = fuzz_copy(bytes);
    weft_buf_init(&whole, NULL);
    weft_buf_init(&again, NULL);
    name_authority(weft_slice(copy, bytes.len));
    fuzz_sign(prefix, weft_slice(copy, bytes.len), &whole);
    free(copy);
    budget_init(&budget, MEMORY_MAX(whole.len));
    int rc = weft_rights_read(&doc, weft_buf_slice(&whole), &budget.alloc);
    HOLDS(rc == 0 || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_LIMIT || rc == WEFT_ERR_SIGNATURE);
    if (rc == 0) {
        HOLDS(weft_rights_sign(doc, fuzz_authority()->secret, &again) == 0);
        HOLDS(weft_slice_eq(weft_buf_slice(&whole), weft_buf_slice(&again)));
        check_members(weft_buf_slice(&whole), doc);
        weft_rights_free(doc);
    }
    budget_fini(&budget);
    weft_buf_fini(&whole);
    weft_buf_fini(&again);
}

static void try_unknown(struct weft_slice bytes) {
    const struct weft_rights *doc;
    uint8_t *copy = fuzz_copy(bytes);
    int rc = weft_rights_read(&doc, weft_slice(copy, bytes.len), NULL);
    HOLDS(rc == 0 || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_LIMIT || rc == WEFT_ERR_SIGNATURE);
    if (rc == 0) weft_rights_free(doc);
    free(copy);
}

/* The names of documents, which are elements. */
static void check_name(struct weft_slice bytes) {
    struct weft__rights_name name;
    uint8_t again[WEFT__RIGHTS_ELEMENT_LEN];
    if (bytes.len > sizeof again) bytes.len = sizeof again;
    if (!weft__rights_name_read(&name, bytes)) return;
    weft__rights_name_write(again, &name);
    HOLDS(weft_slice_eq(weft_slice(again, sizeof again), bytes));
    HOLDS(weft__rights_name_cmp(&name, &name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    bool is_signed = fuzz_byte(&in) % 2 == 1;
    struct weft_slice rest = fuzz_bytes(&in, fuzz_left(&in));
    check_name(rest);
    (is_signed ? try_signed : try_unknown)(rest);
    return 0;
}
