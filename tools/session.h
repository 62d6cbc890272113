/* session.h: whoever gives commands to a served replica, and what was begun for him. */
#ifndef WEFT_TOOLS_SESSION_H
#define WEFT_TOOLS_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include <weft/limits.h>
#include <weft/uv.h>

#include "tools/answers.h"
#include "tools/words.h"

struct weft__watch {
    struct weft_subscription subscription; /* data: the session */
    struct weft__watch *next;
    struct weft_buf prefix;
};

struct weft__session {
    struct weft_uv *node;
    const char *name;
    struct weft__answers answers;
    struct weft__watch *watches;
    struct weft__words words; /* of the line at hand */
    struct weft_buf out;      /* its answer */
    /* The open transaction, as the lines that make it up. The engine would stand still while one of its own is open,
     * and people think between two lines; so the lines are kept, and carried out whenever somebody reads or commits. */
    bool in_transaction;
    struct weft_buf edits;
    size_t *edit_ends;
    size_t edit_count, edit_cap;
    bool closing;
    void (*quit)(struct weft__session *s); /* what the command quit does */
    void *ctx;                             /* whoever made the session */
};

void weft__session_init(struct weft__session *s, const char *name, void (*quit)(struct weft__session *s));
void weft__session_fini(struct weft__session *s);
/* Carries out one line. Its answer is in s->answers when this returns. */
void weft__session_line(struct weft__session *s, struct weft_slice line);
/* "error NAME: sentence" is the answer. */
void weft__session_error(struct weft__session *s, int err, const char *fmt, ...) WEFT_PRINTF(3, 4);
/* What is in s->out, and a newline, is the answer. */
void weft__session_answer(struct weft__session *s);

/* status.c: "ok name=... id=... ..." */
void weft__session_status(struct weft__session *s);

/* quarantine.c */
void weft__session_quarantine(struct weft__session *s);
void weft__session_retry(struct weft__session *s);
void weft__session_forget(struct weft__session *s);

/* transaction.c */
/* Answers for a transaction of the one edit at hand, or notes it in the open one. */
void weft__session_edit(struct weft__session *s, struct weft_slice line);
void weft__session_begin(struct weft__session *s);
void weft__session_commit(struct weft__session *s);
void weft__session_abort(struct weft__session *s);
/* A transaction with the open one's edits in it, to read from and abort. 0 and NULL when none is open; an error was
 * answered otherwise. */
int weft__session_peek(struct weft__session *s, struct weft_txn **out);

/* edit.c */
/* Does the edit that the words ask for. An error, and in *wrong a sentence if there is a better one than the code's. */
int weft__edit_line(struct weft_txn *t, const struct weft_replica *r, struct weft__words *w, const char **wrong);

#endif
