/* act.c: what a schedule's item does. */
#include <string.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/gcounter.h>
#include <weft/lease.h>
#include <weft/lwwreg.h>
#include <weft/pncounter.h>

#include "sim/world.h"

/* --- Transactions
 * ----------------------------------------------------------------------------------------------------- */

static void edit(struct weft_txn *t, const struct weft__sim_op *op, uint64_t amount) {
    char key[WEFT__SIM_KEY_MAX], text[WEFT__SIM_VALUE_MAX];
    struct weft_slice k = weft_slice(key, weft__sim_key(key, op->type, op->object));
    struct weft_slice value = weft_slice(text, weft__sim_value(text, amount));
    const struct weft_crdt_class *cls = weft__sim_class(op->type);
    if (op->verb == WEFT__SIM_DELETE) {
        weft_txn_delete(t, k, cls->type);
        return;
    }
    struct weft_edit *e = weft_txn_edit(t, k, cls);
    if (op->type == WEFT__SIM_G) weft_gcounter_add(e, amount);
    if (op->type == WEFT__SIM_P) weft_pncounter_add(e, op->verb == WEFT__SIM_PLUS ? (int64_t)amount : -(int64_t)amount);
    if (op->type == WEFT__SIM_S && op->verb == WEFT__SIM_PLUS) weft_aworset_add(e, value);
    if (op->type == WEFT__SIM_S && op->verb == WEFT__SIM_MINUS) weft_aworset_remove(e, value);
    if (op->type == WEFT__SIM_R && op->verb == WEFT__SIM_ASSIGN) weft_lwwreg_set(e, value);
    if (op->type == WEFT__SIM_R && op->verb == WEFT__SIM_MINUS) weft_lwwreg_clear(e);
}

static int edit_all(struct weft_sim *s, struct weft_txn *t, const struct weft__sim_op *ops, size_t count) {
    struct weft__judge *judge = &s->check.judge;
    char key[WEFT__SIM_KEY_MAX];
    int rc = 0;
    weft__judge_begin(judge);
    judge->twists = s->mutant.twists_operations;
    judge->swaps = s->mutant.swaps_types;
    for (size_t k = 0; rc == 0 && k < count; k++) {
        if (ops[k].type < WEFT__SIM_TYPES)
            edit(t, &ops[k], ops[k].amount + s->mutant.twists_operations);
        else
            rc =
                weft__judge_perform(judge, t, weft_slice(key, weft__sim_key(key, ops[k].type, ops[k].object)), &ops[k]);
    }
    return rc;
}

/* A lease that another owner holds is asked for at times; the one who asks looks whether it is (sim/laws/lease.c). */
static bool has_lease(const struct weft__sim_op *ops, size_t count) {
    for (size_t k = 0; k < count; k++)
        if (weft__sim_class(ops[k].type) == &weft_lease_class) return true;
    return false;
}

static int verdict(struct weft_sim *s, uint32_t i, int rc) {
    return rc == WEFT_ERR_CORRUPT ? weft__world_fail(s, i, WEFT__CHECKS, NULL) : rc;
}

/* A replica may be unable to write for a time. */
int weft__act_refused(struct weft_sim *s, uint32_t i, int rc) {
    struct weft__machine *m = &s->machines[i];
    if (rc == WEFT_ERR_NOMEM || rc == WEFT_ERR_BUSY) return rc;
    s->stats.refused_transactions++;
    struct weft_replica_stats stats;
    weft_replica_stats(m->replica, &stats); /* while it withholds it may be about to be made again */
    return verdict(s, i, weft__check_refusal(&s->check, &m->watched, rc, m->epoch_posted || stats.withholds));
}

static int try_commit(struct weft_sim *s, struct weft__machine *m, const struct weft_time *now,
                      const struct weft__sim_op *ops, size_t count, uint64_t *seq) {
    struct weft_txn *t;
    int rc = weft_txn_begin(m->replica, now, &t);
    if (rc != 0) return rc;
    rc = edit_all(s, t, ops, count);
    if (rc == 0) return weft_txn_commit(t, seq);
    weft_txn_abort(t);
    return rc;
}

/* For lack of memory it ends without a trace, and is made again. */
static int commit(struct weft_sim *s, struct weft__machine *m, const struct weft_time *now,
                  const struct weft__sim_op *ops, size_t count, uint64_t *seq) {
    int rc;
    do {
        weft__ration_begin(m->ration, m->replica);
        rc = try_commit(s, m, now, ops, count, seq);
    } while (weft__ration_end(m->ration, m->replica, rc));
    return rc;
}

static int transact(struct weft_sim *s, const struct weft__sim_item *item) {
    struct weft__machine *m = &s->machines[item->replica];
    struct weft_time now = weft__sim_clock_read(&m->clock, s->now_ns);
    const struct weft__sim_op *ops = s->schedule->ops + item->first;
    uint64_t seq;
    weft__check_time(&m->watched, now.wall);
    if (!weft__machine_has_room(s, m)) { /* WEFT_ERR_FULL to who would write */
        s->stats.full_transactions++;
        return 0;
    }
    int rc = weft__check_may(&s->check, &m->watched, m->replica, ops, item->count);
    if (rc != 0) return verdict(s, item->replica, rc);
    rc = commit(s, m, &now, ops, item->count, &seq);
    int left = weft__machine_check_memory(s, item->replica);
    if (left != 0) return left;
    if (rc == WEFT_ERR_HELD && has_lease(ops, item->count)) {
        s->stats.refused_transactions++;
        return 0;
    }
    if (rc == WEFT_ERR_DENIED) {
        s->stats.denied_transactions++;
        rc = weft__check_denied(&s->check, &m->watched, m->replica, ops, item->count);
        return verdict(s, item->replica, rc);
    }
    if (rc != 0) return weft__act_refused(s, item->replica, rc);
    if (seq == 0) {
        s->stats.empty_transactions++;
        if (m->watched.branch.is_open) return 0;
        return verdict(s, item->replica, weft__check_without_effect(&s->check, &m->watched, ops, item->count));
    }
    s->stats.transactions++;
    m->watched.announced = ops;
    m->watched.announced_count = item->count;
    m->watched.described = true;
    rc = weft__machine_tick(s, item->replica);
    if (rc == 0 && m->watched.announced != NULL)
        rc = weft__world_fail(s, item->replica, WEFT__CHECK_CALL, "a transaction left no record");
    return rc;
}

/* --- Faults
 * ----------------------------------------------------------------------------------------------------------- */

static int crash(struct weft_sim *s, uint32_t i) {
    s->stats.crashes++;
    int rc = weft__machine_crash(s, i, false);
    return rc == 0 ? weft__links_look(s, i) : rc;
}

static int restart(struct weft_sim *s, uint32_t i) {
    s->stats.restarts++;
    return weft__machine_open(s, i);
}

static int restore(struct weft_sim *s, uint32_t i, uint64_t backup) {
    struct weft__machine *m = &s->machines[i];
    if (m->disk.backup_count == 0) return WEFT_ERR_NOT_FOUND;
    int rc = m->replica == NULL ? 0 : crash(s, i);
    if (rc == 0) rc = weft__disk_restore(&m->disk, backup);
    if (rc != 0) return rc;
    weft__branch_fini(&m->watched.branch); /* gone with the store */
    /* A later backup is of another line of epochs than the oldest, from which it may have started since. */
    m->watched.strayed = m->watched.strayed || m->watched.was_rewound || backup > 0;
    s->stats.restores++;
    return weft__machine_open(s, i);
}

static int copy(struct weft_sim *s, uint32_t i) {
    if (s->machine_count == WEFT_SIM_REPLICAS_MAX) return WEFT_ERR_INVALID;
    int rc = weft__machine_add(s, s->net.senders[i].region);
    uint32_t made = (uint32_t)s->machine_count - 1;
    if (rc == 0) rc = weft__disk_copy(&s->machines[made].disk, &s->machines[i].disk);
    if (rc != 0) return rc;
    s->stats.copies++;
    weft__net_imitate(&s->net, made, i);
    return weft__machine_open(s, made);
}

/* It is 255 raises away from its last. */
static int raise_epoch(struct weft_sim *s, uint32_t i) {
    int rc = weft_replica_raise_clock_epoch(s->machines[i].replica);
    return rc == WEFT_ERR_RANGE ? 0 : rc;
}

/* What the item needs to be so: its replicas exist, and run or do not. */
static bool is_possible(const struct weft_sim *s, const struct weft__sim_item *item) {
    if (weft__links_item(item->kind)) return weft__links_are_named(s, item);
    return weft__mishap_is_possible(s, item);
}

/* At one replica, or its machine. */
static int perform(struct weft_sim *s, const struct weft__sim_item *item) {
    struct weft__machine *m = &s->machines[item->replica];
    switch (item->kind) {
    case WEFT__SIM_TXN:
        return transact(s, item);
    case WEFT__SIM_APP:
        return weft__app_perform(s, item->replica, item->number);
    case WEFT__SIM_CRASH:
        return crash(s, item->replica);
    case WEFT__SIM_RESTART:
        return restart(s, item->replica);
    case WEFT__SIM_BACKUP:
        return weft__disk_backup(&m->disk);
    case WEFT__SIM_RESTORE:
        return restore(s, item->replica, 0);
    case WEFT__SIM_REVERT:
        return restore(s, item->replica, item->number);
    case WEFT__SIM_COPY:
        return copy(s, item->replica);
    case WEFT__SIM_FAIL:
        m->disk.failing += item->number;
        return 0;
    case WEFT__SIM_CHECKPOINT:
        weft_replica_checkpoint(m->replica);
        return weft__machine_tick(s, item->replica);
    case WEFT__SIM_RAISE:
        return raise_epoch(s, item->replica);
    default:
        if (weft__rights_item(item->kind)) return weft__act_on_rights(s, item);
        return weft__clocks_item(item->kind) ? weft__act_on_clock(s, item) : weft__mishap(s, item);
    }
}

int weft__act(struct weft_sim *s, const struct weft__sim_item *item) {
    if (!is_possible(s, item)) return WEFT_ERR_INVALID;
    weft_buf_reset(&s->scratch);
    weft__schedule_print_item(s->schedule, item, &s->scratch);
    weft__trace_item(&s->trace, s->now_ns, weft_buf_slice(&s->scratch));
    int rc = weft__story_item(s, item);
    if (rc == 0) rc = weft__links_item(item->kind) ? weft__act_on_links(s, item) : perform(s, item);
    weft__story_look(s, item->replica);
    return rc;
}
