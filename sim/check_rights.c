/* check_rights.c: a space with rights. Each transaction is judged once more, when it is seen for the first time: by the
 * documents in what its origin had applied, as the history has it, and by its bytes. What every replica says of it, and
 * which commits are refused, is held against that. */
#include <weft/err.h>
#include <weft/rights.h>

#include "crdt/dots.h"
#include "crdt/origin_wire.h"
#include "sim/check.h"

/* --- Judging ------------------------------------------------------------------------------------------------------ */

/* The document that a delta adds; NULL: that is not what it does. */
static struct weft__policy_document *document_of(const struct weft__policy *p, const struct weft__txn_delta *d) {
    struct weft__dots_entry e;
    struct weft__reader in;
    bool in_place = weft_slice_eq(d->key, weft_str(WEFT_RIGHTS_KEY)) && d->type == weft_rights_class.type;
    weft__reader_init(&in, d->body);
    if (!in_place || !weft__dots_next_entry(&in, &e) || !weft__reader_done(&in)) return NULL;
    return e.has_value ? weft__policy_find(p, e.value) : NULL;
}

static bool is_about_rights(const struct weft__txn_delta *d) {
    return weft_slice_eq(d->key, weft_str(WEFT_RIGHTS_KEY)) || d->type == weft_rights_class.type;
}

int weft__check_judge(struct weft__check *c, const struct weft__transaction *t, uint32_t origin,
                      const struct weft__vector *past, bool *is_void) {
    const struct weft__policy_document *governing = weft__policy_governing(&c->policy, past);
    struct weft__policy_document *added = NULL;
    struct weft__txn_delta d;
    struct weft__reader in;
    *is_void = false;
    if (!c->policy.governs) return 0;
    *is_void = t->rights_generation != weft__policy_generation(governing);
    weft__reader_init(&in, t->deltas);
    while (!*is_void && weft__transaction_next_delta(&in, &d)) {
        if (is_about_rights(&d)) {
            added = document_of(&c->policy, &d);
            *is_void = added == NULL || added->generation <= weft__policy_generation(governing);
        } else {
            *is_void = !weft__policy_may_write(&c->policy, governing, &t->origin.replica, d.key);
        }
    }
    *is_void = *is_void || in.err != 0;
    return *is_void || added == NULL ? 0 : weft__policy_carry(&c->policy, added, origin, t->seq);
}

int weft__check_own(struct weft__check *c, const struct weft__watched *w, const struct weft__transaction *t,
                    bool *is_void) {
    int rc = weft__check_judge(c, t, w->self, &w->applied, is_void);
    if (rc != 0 || !*is_void) return rc;
    return weft__check_fail(c, WEFT__CHECK_RIGHTS, "%llu of origin %lu was issued, and is void",
                            (unsigned long long)t->seq, (unsigned long)w->self);
}

/* --- What a liar's transaction had seen, by its own words --------------------------------------------------------- */

static int read_origins(struct weft__check *c, const struct weft__transaction *t, struct weft__vector *numbers) {
    struct weft__reader in;
    struct weft_origin o;
    int rc = 0;
    weft__reader_init(&in, t->origins);
    for (size_t i = 1; rc == 0 && weft__origin_next(&in, 10, &o); i++) {
        uint32_t number;
        rc = weft__history_number(&c->history, &o, &number);
        if (rc == 0) rc = weft__vector_set(numbers, i, number);
    }
    return rc;
}

static int read_pairs(const struct weft__transaction *t, const struct weft__vector *numbers,
                      struct weft__vector *past) {
    struct weft__reader in;
    int rc = 0;
    weft__reader_init(&in, t->dependencies);
    while (rc == 0 && !weft__reader_done(&in)) {
        size_t i = (size_t)weft__read_varint(&in);
        uint64_t seq = weft__read_varint(&in);
        size_t number = (size_t)weft__vector_get(numbers, i);
        if (seq > weft__vector_get(past, number)) rc = weft__vector_set(past, number, seq);
    }
    return rc;
}

int weft__check_past_of(struct weft__check *c, const struct weft__transaction *t, uint32_t origin,
                        struct weft__vector *past) {
    const struct weft__commit *before = weft__history_find(&c->history, origin, t->seq - 1);
    struct weft__vector numbers;
    int rc = 0;
    if (!c->policy.governs) return 0;
    for (size_t i = 0; rc == 0 && before != NULL && i < before->past_len; i++)
        rc = weft__vector_set(past, i, before->past[i]);
    weft__vector_init(&numbers, c->alloc);
    if (rc == 0) rc = weft__vector_set(&numbers, 0, origin);
    if (rc == 0) rc = read_origins(c, t, &numbers);
    if (rc == 0) rc = read_pairs(t, &numbers, past);
    if (rc == 0) rc = weft__vector_set(past, origin, t->seq - 1);
    weft__vector_fini(&numbers);
    return rc;
}

int weft__check_exempt_written(struct weft__check *c, const struct weft__transaction *t) {
    struct weft__txn_delta d;
    struct weft__reader in;
    unsigned type;
    uint32_t object;
    int rc = 0;
    weft__reader_init(&in, t->deltas);
    while (rc == 0 && weft__transaction_next_delta(&in, &d))
        if (weft__sim_key_parse(d.key, &type, &object)) rc = weft__check_exempt_object(c, type, object);
    return rc;
}

/* --- What replicas say -------------------------------------------------------------------------------------------- */

static bool is_told_void(const struct weft_update *u, const struct weft_record *r) {
    for (size_t i = 0; i < u->notice_count; i++)
        if (u->notices[i].kind == WEFT_NOTICE_VOID && u->notices[i].seq == r->seq &&
            weft_origin_cmp(&u->notices[i].origin, &r->origin) == 0)
            return true;
    return false;
}

int weft__check_voids(struct weft__check *c, const struct weft_update *u) {
    if (!c->policy.governs) return 0;
    for (size_t i = 0; i < u->record_count; i++) {
        const struct weft_record *r = &u->records[i];
        uint32_t origin;
        if (r->kind != WEFT_RECORD_LOG) continue;
        int rc = weft__history_number(&c->history, &r->origin, &origin);
        if (rc != 0) return rc;
        const struct weft__commit *commit = weft__history_find(&c->history, origin, r->seq);
        if (commit == NULL || !weft__hash_eq(commit->hash, weft__check_hash(r->bytes))) continue;
        bool is_void = is_told_void(u, r);
        if (is_void == commit->is_void) continue;
        return weft__check_fail(c, WEFT__CHECK_RIGHTS, "%llu of origin %lu is %s here, and must be %s",
                                (unsigned long long)r->seq, (unsigned long)origin, is_void ? "void" : "applied",
                                is_void ? "applied" : "void");
    }
    return 0;
}

static struct weft_slice key_of(char text[WEFT__SIM_KEY_MAX], const struct weft__sim_op *op) {
    return weft_slice(text, weft__sim_key(text, op->type, op->object));
}

static bool may_write(const struct weft__check *c, const struct weft__policy_document *d, const struct weft_replica *r,
                      struct weft_slice key) {
    struct weft_origin self = weft_replica_self(r);
    return weft__policy_may_write(&c->policy, d, &self.replica, key);
}

int weft__check_may(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                    const struct weft__sim_op *ops, size_t count) {
    char text[WEFT__SIM_KEY_MAX];
    struct weft_rights_info info;
    if (!c->policy.governs || w->branch.is_open) return 0;
    const struct weft__policy_document *d = weft__policy_governing(&c->policy, &w->applied);
    weft_replica_rights(r, &info);
    if (info.generation != weft__policy_generation(d))
        return weft__check_fail(c, WEFT__CHECK_RIGHTS, "generation %llu governs here, and %llu must",
                                (unsigned long long)info.generation, (unsigned long long)weft__policy_generation(d));
    for (size_t k = 0; k < count; k++) {
        struct weft_slice key = key_of(text, &ops[k]);
        if (weft_replica_may_write(r, key) == may_write(c, d, r, key)) continue;
        return weft__check_fail(c, WEFT__CHECK_RIGHTS, "it says that it may%s write %s by generation %llu",
                                may_write(c, d, r, key) ? " not" : "", text, (unsigned long long)info.generation);
    }
    return 0;
}

int weft__check_denied(struct weft__check *c, const struct weft__watched *w, const struct weft_replica *r,
                       const struct weft__sim_op *ops, size_t count) {
    char text[WEFT__SIM_KEY_MAX];
    if (w->branch.is_open) return 0;
    const struct weft__policy_document *d = weft__policy_governing(&c->policy, &w->applied);
    for (size_t k = 0; c->policy.governs && k < count; k++)
        if (!may_write(c, d, r, key_of(text, &ops[k]))) return 0;
    return weft__check_fail(c, WEFT__CHECK_RIGHTS, "a commit was denied that generation %llu of the rights allows",
                            (unsigned long long)weft__policy_generation(d));
}

bool weft__check_may_be_denied(const struct weft__check *c, const struct weft__watched *w,
                               const struct weft_replica *r) {
    char text[WEFT__SIM_KEY_MAX];
    const struct weft__branch *b = &w->branch;
    const struct weft__policy_document *d = weft__policy_governing(&c->policy, &w->applied);
    for (size_t i = 0; c->policy.governs && i < b->count; i++)
        for (size_t k = 0; k < b->commits[i].op_count; k++)
            if (!may_write(c, d, r, key_of(text, &b->commits[i].ops[k]))) return true;
    return false;
}
