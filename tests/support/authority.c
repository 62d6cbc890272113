/* authority.c: keys and documents that are the same in every run. */
#include "tests/support/authority.h"

#include <assert.h>
#include <string.h>

#include "base/signature.h"

#define PREFIXES 8

struct authority authority_new(uint8_t number) {
    struct authority a;
    uint8_t seed[WEFT__SIGNATURE_SEED_LEN] = {number};
    weft__signature_keys(a.key.bytes, a.secret, seed);
    return a;
}

struct weft_id authority_space(const struct authority *a) {
    struct weft_id space;
    weft_rights_space(&space, &a->key, false);
    return space;
}

static size_t split(const char *words, struct weft_slice *out) {
    size_t n = 0;
    for (const char *at = words; *at != '\0';) {
        size_t len = strcspn(at, " ");
        assert(n < PREFIXES);
        out[n++] = len == 1 && *at == '*' ? weft_slice(NULL, 0) : weft_slice(at, len);
        at += len + strspn(at + len, " ");
    }
    return n;
}

void authority_sign(const struct authority *a, const struct weft_id *space, const struct policy *p,
                    struct weft_buf *out) {
    static const char *const names[POLICY_MEMBERS] = {"ada", "bob", "cid", "dan", "eve", "fay", "gus", "hal"};
    struct weft_rights_member members[POLICY_MEMBERS];
    struct weft_rights_grant grants[POLICY_MEMBERS];
    struct weft_slice prefixes[POLICY_MEMBERS][PREFIXES];
    size_t count = 0;
    for (int i = 0; i < POLICY_MEMBERS; i++) {
        if (p->writes[i] == NULL && !p->rest_is_in) continue;
        struct weft_id id = {{(uint8_t)(i + 1)}};
        members[count] =
            (struct weft_rights_member){.replica = id, .name = weft_str(names[i]), .signing_key = p->keys[i]};
        grants[count] =
            (struct weft_rights_grant){.subject = WEFT_RIGHTS_REPLICA,
                                       .replica = id,
                                       .read = !p->reads_not[i],
                                       .relay = !p->relays_not[i],
                                       .write = prefixes[count],
                                       .write_count = split(p->writes[i] == NULL ? "" : p->writes[i], prefixes[count])};
        count++;
    }
    struct weft_rights doc = {.space = *space,
                              .generation = p->generation,
                              .has_next = p->next != NULL,
                              .members = members,
                              .member_count = count,
                              .grants = grants,
                              .grant_count = count};
    if (p->next != NULL) doc.next_authority = p->next->key;
    int rc = weft_rights_sign(&doc, a->secret, out);
    assert(rc == 0);
    (void)rc;
}
