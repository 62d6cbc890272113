/* Policies: rights as people write them. What reads can be signed, and what was signed says what was read; everything
 * else is refused, line by line, on standard error.
 *
 * Input: two pieces, the public keys of replicas that a policy names as a.pub and b.pub; then the policy. */
#include <string.h>

#include <weft/err.h>
#include <weft/rights.h>

#include "base/signature.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tools/policy.h"

static void check_same(const struct weft_rights *a, const struct weft_rights *b) {
    HOLDS(a->member_count == b->member_count && a->grant_count == b->grant_count);
    for (size_t i = 0; i < a->member_count; i++) {
        HOLDS(weft_id_cmp(&a->members[i].replica, &b->members[i].replica) == 0);
        HOLDS(weft_slice_eq(a->members[i].name, b->members[i].name));
        HOLDS(weft_slice_eq(a->members[i].region, b->members[i].region));
    }
    for (size_t i = 0; i < a->grant_count; i++) {
        const struct weft_rights_grant *g = &a->grants[i], *h = &b->grants[i];
        HOLDS(g->subject == h->subject && g->read == h->read && g->relay == h->relay);
        HOLDS(g->write_count == h->write_count);
        for (size_t k = 0; k < g->write_count; k++) HOLDS(weft_slice_eq(g->write[k], h->write[k]));
    }
}

static void sign(const struct weft__policy *policy) {
    static const uint8_t seed[WEFT__SIGNATURE_SEED_LEN] = "an authority of nobody's, seeded";
    uint8_t secret[WEFT__SIGNATURE_SECRET_LEN];
    struct weft_rights doc = {.generation = 3};
    const struct weft_rights *read;
    struct weft_buf bytes;
    weft__signature_keys(doc.authority.bytes, secret, seed);
    weft_rights_space(&doc.space, &doc.authority, false);
    weft__policy_fill(policy, &doc);
    weft_buf_init(&bytes, NULL);
    int rc = weft_rights_sign(&doc, secret, &bytes);
    HOLDS(rc == 0 || rc == WEFT_ERR_LIMIT);
    if (rc == 0) {
        HOLDS(weft_rights_read(&read, weft_buf_slice(&bytes), NULL) == 0);
        check_same(&doc, read);
        weft_rights_free(read);
    }
    weft_buf_fini(&bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct weft__policy policy;
    char path[512];
    folder_write("a.pub", fuzz_piece(&in));
    folder_write("b.pub", fuzz_piece(&in));
    folder_write("policy", fuzz_bytes(&in, fuzz_left(&in)));
    (void)snprintf(path, sizeof path, "%s", folder_path("policy"));
    folder_hush(1);
    int rc = weft__policy_read(&policy, path);
    folder_hush(0);
    HOLDS((rc == 0) == (policy.faults == 0));
    if (rc == 0) sign(&policy);
    weft__policy_fini(&policy);
    return 0;
}
