/* undefended.c: see undefended.h. The linker puts these before the library's functions (--wrap); the members of the
 * world are undefended too, which does them no harm. */
#define _POSIX_C_SOURCE 200809L
#include "tests/hostile/undefended.h"

#include <string.h>

#include <sodium.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "replication/admission.h"
#include "replication/message.h"
#include "replication/rights.h"
#include "replication/transaction.h"
#include "replication/uv/cipher.h"
#include "replication/uv/frame.h"
#include "replication/uv/identity.h"
#include "replication/uv/link.h"

static bool believes_senders, judges_nothing, checks_no_signature;
static bool admits_all, greets_all, takes_any_frame, waits_for_ever, reads_any_space;

/* --- Certificates ------------------------------------------------------------------------------------------------ */

int __real_weft__identity_admit(const struct weft_identity *id, const struct weft_key *key,
                                struct weft_slice certificate, uint64_t now, struct weft__admitted *out, char *why,
                                size_t why_len);
int __wrap_weft__identity_admit(const struct weft_identity *id, const struct weft_key *key,
                                struct weft_slice certificate, uint64_t now, struct weft__admitted *out, char *why,
                                size_t why_len);
int __wrap_weft__identity_admit(const struct weft_identity *id, const struct weft_key *key,
                                struct weft_slice certificate, uint64_t now, struct weft__admitted *out, char *why,
                                size_t why_len) {
    int rc = __real_weft__identity_admit(id, key, certificate, now, out, why, why_len);
    if (rc == 0 || !admits_all) return rc;
    out->until = UINT64_MAX;
    return 0;
}

/* --- Greetings --------------------------------------------------------------------------------------------------- */

int __real_weft__greeting_check(const uint8_t *bytes, size_t len, uint8_t kind, char *errmsg, size_t errmsg_len);
int __wrap_weft__greeting_check(const uint8_t *bytes, size_t len, uint8_t kind, char *errmsg, size_t errmsg_len);
int __wrap_weft__greeting_check(const uint8_t *bytes, size_t len, uint8_t kind, char *errmsg, size_t errmsg_len) {
    return greets_all ? 0 : __real_weft__greeting_check(bytes, len, kind, errmsg, errmsg_len);
}

/* --- Frames ------------------------------------------------------------------------------------------------------ */

/* Decrypts whatever the tag and the place of the frame say. */
int __real_weft__cipher_decrypt(struct weft__cipher *c, struct weft_slice ad, struct weft_slice bytes,
                                struct weft_buf *out);
int __wrap_weft__cipher_decrypt(struct weft__cipher *c, struct weft_slice ad, struct weft_slice bytes,
                                struct weft_buf *out);
int __wrap_weft__cipher_decrypt(struct weft__cipher *c, struct weft_slice ad, struct weft_slice bytes,
                                struct weft_buf *out) {
    int rc = __real_weft__cipher_decrypt(c, ad, bytes, out);
    return rc != 0 && takes_any_frame ? 0 : rc;
}

/* --- Time -------------------------------------------------------------------------------------------------------- */

void __real_weft__link_sweep(struct weft__link *l, uint64_t now_ns);
void __wrap_weft__link_sweep(struct weft__link *l, uint64_t now_ns);
void __wrap_weft__link_sweep(struct weft__link *l, uint64_t now_ns) {
    if (!waits_for_ever) __real_weft__link_sweep(l, now_ns);
}

/* --- Messages ---------------------------------------------------------------------------------------------------- */

int __real_weft__message_decode(struct weft__message *out, struct weft_slice bytes, const struct weft_alloc *a);
int __wrap_weft__message_decode(struct weft__message *out, struct weft_slice bytes, const struct weft_alloc *a);
int __wrap_weft__message_decode(struct weft__message *out, struct weft_slice bytes, const struct weft_alloc *a) {
    int rc = __real_weft__message_decode(out, bytes, a);
    if (rc == 0 && reads_any_space) memset(&out->head.space, 0, sizeof out->head.space);
    return rc;
}

/* --- Rights ------------------------------------------------------------------------------------------------------ */

int __real_weft__admission_check(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);
int __wrap_weft__admission_check(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m);
int __wrap_weft__admission_check(struct weft_replica *r, struct weft__peer *p, const struct weft__message *m) {
    return believes_senders ? 0 : __real_weft__admission_check(r, p, m);
}

int __real_weft__rights_judge(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                              size_t deltas);
int __wrap_weft__rights_judge(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                              size_t deltas);
int __wrap_weft__rights_judge(struct weft_replica *r, const struct weft__transaction *t, uint32_t origin,
                              size_t deltas) {
    return judges_nothing ? 0 : __real_weft__rights_judge(r, t, origin, deltas);
}

int __real_weft__runs_check(struct weft_replica *r, const struct weft__peer *from, const struct weft__message *m);
int __wrap_weft__runs_check(struct weft_replica *r, const struct weft__peer *from, const struct weft__message *m);
int __wrap_weft__runs_check(struct weft_replica *r, const struct weft__peer *from, const struct weft__message *m) {
    return checks_no_signature ? 0 : __real_weft__runs_check(r, from, m);
}

const struct undefended undefended[] = {
    {&admits_all, "looking at certificates", "shows no certificate"},
    {&admits_all, "looking at certificates", "shows a certificate that has expired"},
    {&admits_all, "looking at certificates", "shows a certificate by another authority"},
    {&admits_all, "looking at certificates", "shows another's certificate"},
    {&admits_all, "looking at certificates", "shows a certificate that is revoked"},
    {&greets_all, "looking at greetings", "greets in another version"},
    {&greets_all, "looking at greetings", "links plainly to a sealed port"},
    {&takes_any_frame, "authenticating frames", "sends a frame twice"},
    {&takes_any_frame, "authenticating frames", "uses a nonce twice"},
    {&takes_any_frame, "authenticating frames", "flips bits of a frame"},
    {&waits_for_ever, "deadlines", "says nothing, or half a greeting, and stays"},
    {&waits_for_ever, "deadlines", "links and says nothing"},
    {&reads_any_space, "comparing spaces", "speaks of another space"},
    {&believes_senders, "asking who sends", "speaks for another replica"},
    {&believes_senders, "asking who sends", "asks for what others wrote, and may not read"},
    {&believes_senders, "asking who sends", "gives a state, and does not vouch"},
    {&judges_nothing, "judging transactions", "writes what it may not"},
    {&checks_no_signature, "checking signatures", "forges what another wrote, in a signed space"},
};
const size_t undefended_count = sizeof undefended / sizeof undefended[0];
