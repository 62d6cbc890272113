/* transaction.c: edits on their own, and edits between begin and commit.
 *
 * An edit is tried when its line comes, so that its error is its own answer; what only the whole can get wrong (two
 * types under one key, a sum out of range, its size) is the commit's. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/session.h"
#include "tools/value.h"

static void answer_error(struct weft__session *s, int err, const char *wrong) {
    weft__session_error(s, err, "%s", wrong != NULL ? wrong : weft_strerror(err));
}

static int begin(struct weft__session *s, struct weft_txn **out) {
    int rc = weft_uv_txn_begin(s->node, out);
    if (rc == WEFT_ERR_FULL)
        answer_error(s, rc, "too much waits for the store: is it failing?");
    else if (rc != 0)
        answer_error(s, rc, NULL);
    return rc;
}

/* The answer is kept back until the transaction is durable. */
static void answer_commit(struct weft__session *s, uint64_t seq) {
    const struct weft_replica *r = weft_uv_replica(s->node);
    struct weft_origin self = weft_replica_self(r);
    struct weft_replica_stats stats;
    weft_replica_stats(r, &stats);
    weft_buf_printf(&s->out, "ok %" PRIu64, seq);
    if (seq != 0) {
        weft_buf_append(&s->out, " ", 1);
        weft__stamp_text(&s->out, stats.clock);
        weft_buf_append(&s->out, " ", 1);
        weft__origin_text(&s->out, &self);
    }
    weft_buf_append(&s->out, "\n", 1);
    weft__answers_push(&s->answers, weft_buf_slice(&s->out), seq != 0 ? &self : NULL, seq);
    weft_buf_reset(&s->out);
}

static void commit(struct weft__session *s, struct weft_txn *t) {
    uint64_t seq;
    int rc = weft_txn_commit(t, &seq);
    if (rc == WEFT_ERR_DENIED)
        answer_error(s, rc, weft_replica_errmsg(weft_uv_replica(s->node)));
    else if (rc != 0)
        answer_error(s, rc, NULL);
    else
        answer_commit(s, seq);
}

static bool note(struct weft__session *s, struct weft_slice line) {
    if (s->edit_count == s->edit_cap) {
        size_t cap = s->edit_cap == 0 ? 16 : s->edit_cap * 2;
        size_t *grown = realloc(s->edit_ends, cap * sizeof *grown);
        if (grown == NULL) return false;
        s->edit_ends = grown;
        s->edit_cap = cap;
    }
    if (weft_buf_append_slice(&s->edits, line) != 0) return false;
    s->edit_ends[s->edit_count++] = s->edits.len;
    return true;
}

static void forget(struct weft__session *s) {
    s->in_transaction = false;
    s->edit_count = 0;
    weft_buf_reset(&s->edits);
}

/* Carries out what was noted; the words at hand are not touched. */
static int replay(struct weft__session *s, struct weft_txn *t, const char **wrong) {
    struct weft__words w;
    weft__words_init(&w);
    size_t start = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < s->edit_count; i++) {
        struct weft_slice line = weft_slice(s->edits.ptr + start, s->edit_ends[i] - start);
        start = s->edit_ends[i];
        rc = weft__words_parse(&w, line) == NULL ? weft__edit_line(t, weft_uv_replica(s->node), &w, wrong)
                                                 : WEFT_ERR_NOMEM;
    }
    weft__words_fini(&w);
    return rc;
}

void weft__session_edit(struct weft__session *s, struct weft_slice line) {
    struct weft_txn *t;
    const char *wrong;
    if (s->in_transaction && (s->edit_count >= WEFT__SESSION_EDITS_MAX || s->edits.len + line.len > 4 * WEFT_TXN_MAX)) {
        answer_error(s, WEFT_ERR_LIMIT, "the transaction has too many edits");
        return;
    }
    if (begin(s, &t) != 0) return;
    int rc = weft__edit_line(t, weft_uv_replica(s->node), &s->words, &wrong);
    if (rc == 0 && !s->in_transaction) {
        commit(s, t);
        return;
    }
    weft_txn_abort(t);
    if (rc == 0 && !note(s, line)) rc = WEFT_ERR_NOMEM;
    if (rc != 0) {
        answer_error(s, rc, wrong);
        return;
    }
    weft_buf_append_str(&s->out, "ok");
    weft__session_answer(s);
}

void weft__session_begin(struct weft__session *s) {
    if (s->in_transaction) {
        answer_error(s, WEFT_ERR_BUSY, "a transaction is open: commit or abort it first");
        return;
    }
    s->in_transaction = true;
    weft_buf_append_str(&s->out, "ok");
    weft__session_answer(s);
}

static bool is_open(struct weft__session *s) {
    if (!s->in_transaction) answer_error(s, WEFT_ERR_INVALID, "no transaction is open: begin one first");
    return s->in_transaction;
}

void weft__session_commit(struct weft__session *s) {
    struct weft_txn *t;
    const char *wrong = NULL;
    if (!is_open(s) || begin(s, &t) != 0) return;
    int rc = replay(s, t, &wrong);
    forget(s);
    if (rc == 0) {
        commit(s, t);
        return;
    }
    weft_txn_abort(t);
    answer_error(s, rc, wrong);
}

void weft__session_abort(struct weft__session *s) {
    if (!is_open(s)) return;
    forget(s);
    weft_buf_append_str(&s->out, "ok");
    weft__session_answer(s);
}

int weft__session_peek(struct weft__session *s, struct weft_txn **out) {
    const char *wrong = NULL;
    *out = NULL;
    if (!s->in_transaction) return 0;
    int rc = begin(s, out);
    if (rc != 0) return rc;
    rc = replay(s, *out, &wrong);
    if (rc == 0) return 0;
    weft_txn_abort(*out);
    *out = NULL;
    answer_error(s, rc, wrong);
    return rc;
}
