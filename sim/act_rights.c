/* act_rights.c: the rights of a run's space: its first document, and those that items make. Whoever keeps the rights
 * signs what follows from the document that governs where it is committed, so two that are parted may sign two of one
 * generation. */
#include <string.h>

#include <weft/err.h>
#include <weft/rights.h>

#include "base/alloc.h"
#include "replication/rights.h"
#include "sim/world.h"

/* In a signed space the keys of all are known from the beginning; they are the same in every document. */
int weft__sim_rights_known(struct weft_sim *s, uint32_t i) {
    struct weft__policy *p = &s->check.policy;
    if (!p->is_signed) return 0;
    return weft__rights_hint(s->machines[i].replica, weft_buf_slice(&p->documents[0]->bytes));
}

static struct weft_id id_of(const struct weft__machine *m) {
    return m->replica == NULL ? m->options.replica : weft_replica_self(m->replica).replica;
}

bool weft__sim_ever_lacked(const struct weft_sim *s, uint32_t i, unsigned bits) {
    const struct weft__policy *p = &s->check.policy;
    if (!p->governs || i >= s->machine_count) return false;
    struct weft_id id = id_of(&s->machines[i]);
    return weft__policy_ever_lacked(p, &id, bits);
}

bool weft__sim_may_read(const struct weft_sim *s, const struct weft__machine *m) {
    const struct weft__policy *p = &s->check.policy;
    const struct weft__policy_document *newest = NULL;
    for (size_t i = 0; p->governs && i < s->machine_count; i++)
        if (s->machines[i].replica != NULL)
            newest = weft__policy_newer(weft__policy_governing(p, &s->machines[i].watched.applied), newest);
    struct weft_id id = id_of(m);
    return newest == NULL || (weft__policy_rights(p, newest, &id) & WEFT__POLICY_READ) != 0;
}

bool weft__rights_item(enum weft__sim_item_kind kind) {
    return kind == WEFT__SIM_GRANT || kind == WEFT__SIM_REVOKE;
}

/* All that the schedule starts. */
static size_t machines_of(const struct weft_sim_schedule *s) {
    size_t count = (size_t)s->options.replicas;
    for (size_t i = 0; i < s->count; i++)
        count += s->items[i].kind == WEFT__SIM_JOIN || s->items[i].kind == WEFT__SIM_COPY;
    return count < WEFT_SIM_REPLICAS_MAX ? count : WEFT_SIM_REPLICAS_MAX;
}

static int make_first(struct weft__policy *p) {
    struct weft__policy_document *d;
    uint8_t may[WEFT_SIM_REPLICAS_MAX];
    memset(may, (int)WEFT__POLICY_ALL, sizeof may);
    return weft__policy_make(p, 1, may, &d);
}

int weft__sim_rights_init(struct weft_sim *s) {
    struct weft__policy *p = &s->check.policy;
    if (s->schedule->options.rights == WEFT__SIM_RIGHTS_NONE) return 0;
    int rc = weft__policy_init(p, s->schedule->options.seed, machines_of(s->schedule),
                               s->schedule->options.rights == WEFT__SIM_RIGHTS_SIGNED, s->alloc);
    for (uint32_t i = 0; rc == 0 && i < p->machines; i++)
        for (uint32_t life = 0; life < WEFT__POLICY_LIVES; life++)
            weft__machine_identity(s, i, life, &p->ids[i * WEFT__POLICY_LIVES + life]);
    if (rc == 0) rc = make_first(p);
    return rc;
}

/* --- Documents ---------------------------------------------------------------------------------------------------- */

static int try_commit(struct weft__machine *m, const struct weft_time *now, struct weft_slice document, uint64_t *seq) {
    struct weft_txn *t;
    int rc = weft_txn_begin(m->replica, now, &t);
    if (rc != 0) return rc;
    rc = weft_txn_rights(t, document);
    if (rc == 0) return weft_txn_commit(t, seq);
    weft_txn_abort(t);
    return rc;
}

static int commit(struct weft_sim *s, uint32_t i, const struct weft__policy_document *d) {
    struct weft__machine *m = &s->machines[i];
    struct weft_time now = weft__sim_clock_read(&m->clock, s->now_ns);
    uint64_t seq;
    int rc;
    weft__check_time(&m->watched, now.wall);
    do {
        weft__ration_begin(m->ration, m->replica);
        rc = try_commit(m, &now, weft_buf_slice(&d->bytes), &seq);
    } while (weft__ration_end(m->ration, m->replica, rc));
    int left = weft__machine_check_memory(s, i);
    if (left != 0) return left;
    if (rc != 0) return weft__act_refused(s, i, rc);
    s->stats.documents++;
    return weft__machine_tick(s, i);
}

/* What the governing one says there, or that all is allowed. */
static int begin_document(struct weft_sim *s, uint32_t i, uint8_t **may, uint64_t *generation) {
    const struct weft__policy *p = &s->check.policy;
    const struct weft__policy_document *d = weft__policy_governing(p, &s->machines[i].watched.applied);
    *may = weft__malloc(s->alloc, p->machines);
    if (*may == NULL) return WEFT_ERR_NOMEM;
    if (d != NULL)
        memcpy(*may, d->may, p->machines);
    else
        memset(*may, (int)WEFT__POLICY_ALL, p->machines);
    *generation = weft__policy_generation(d) + 1;
    return 0;
}

static int change(struct weft_sim *s, uint32_t i, const uint32_t *machines, size_t count, unsigned bits, bool grants) {
    struct weft__policy *p = &s->check.policy;
    struct weft__policy_document *d;
    uint8_t *may;
    uint64_t generation;
    int rc = begin_document(s, i, &may, &generation);
    if (rc != 0) return rc;
    for (size_t k = 0; k < count; k++)
        if (machines[k] < p->machines) {
            uint8_t *to = &may[machines[k]];
            *to = (uint8_t)(grants ? *to | bits : *to & ~bits);
        }
    rc = weft__policy_make(p, generation, may, &d);
    weft__free(s->alloc, may, p->machines);
    return rc == 0 ? commit(s, i, d) : rc;
}

/* Memory that was rolled back knows documents under dots that are others by now. */
static bool may_commit(const struct weft_sim *s, const struct weft__machine *m) {
    const struct weft__branch *b = &m->watched.branch;
    if (m->replica == NULL) return false;
    struct weft_origin self = weft_replica_self(m->replica);
    if (weft__policy_life(&s->check.policy, &self.replica) == SIZE_MAX) return false; /* it has no key */
    return !b->is_open && !b->may_open && !s->check.parted && weft__machine_has_room(s, m);
}

int weft__sim_rights_begin(struct weft_sim *s) {
    bool begins = s->check.policy.governs && s->machine_count > 0 && may_commit(s, &s->machines[0]);
    return begins ? change(s, 0, NULL, 0, 0, true) : 0;
}

int weft__act_on_rights(struct weft_sim *s, const struct weft__sim_item *item) {
    if (!s->check.policy.governs || !may_commit(s, &s->machines[item->replica])) return WEFT_ERR_INVALID;
    return change(s, item->replica, s->schedule->members + item->first, item->count, (unsigned)item->number,
                  item->kind == WEFT__SIM_GRANT);
}
