/* session.c: lines in, answers out: the table of commands.
 *
 * Every command gives exactly one line that begins with "ok" or "error", in the order of the commands; what dump and
 * help have to say comes in lines before it, and changes that are watched come as lines that begin with "change". */
#include "tools/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/value.h"
#include "tools/verbs.h"

struct command {
    const char *name;
    size_t min, max; /* words after the name */
    const char *arguments, *what;
    void (*run)(struct weft__session *s); /* NULL: an edit */
};

/* --- Answers ----------------------------------------------------------------------------------------------------- */

void weft__session_answer(struct weft__session *s) {
    if (weft_buf_append(&s->out, "\n", 1) != 0) {
        weft_buf_reset(&s->out);
        weft__session_error(s, WEFT_ERR_NOMEM, "%s", weft_strerror(WEFT_ERR_NOMEM));
        return;
    }
    weft__answers_push(&s->answers, weft_buf_slice(&s->out), NULL, 0);
    weft_buf_reset(&s->out);
}

void weft__session_error(struct weft__session *s, int err, const char *fmt, ...) {
    char text[512];
    int head = snprintf(text, sizeof text, "error %s: ", weft_err_name(err));
    va_list args;
    va_start(args, fmt);
    vsnprintf(text + head, sizeof text - (size_t)head - 1, fmt, args);
    va_end(args);
    size_t len = strlen(text);
    text[len++] = '\n';
    weft__answers_push(&s->answers, weft_slice(text, len), NULL, 0);
    weft_buf_reset(&s->out);
}

static void answer_ok(struct weft__session *s) {
    weft_buf_append_str(&s->out, "ok");
    weft__session_answer(s);
}

/* --- Reading ----------------------------------------------------------------------------------------------------- */

static struct weft_view view_of(struct weft__session *s, struct weft_txn *t, struct weft_slice key,
                                const struct weft_crdt_class *cls) {
    return t != NULL ? weft_txn_view(t, key, cls) : weft_uv_view(s->node, key, cls);
}

/* Two replicas that made one key at once with different types made two objects: both are shown. */
static int get(struct weft__session *s, struct weft_txn *t, struct weft_slice key, size_t *found) {
    int rc = 0;
    const struct weft_crdt_class *cls;
    for (size_t i = 0; rc == 0 && (cls = weft_crdt_class_at(i)) != NULL; i++) {
        struct weft_view v = view_of(s, t, key, cls);
        if (!weft__value_present(v, cls)) continue;
        weft_buf_append_str(&s->out, (*found)++ == 0 ? "ok " : " | ");
        rc = weft__value_text(&s->out, v, cls);
    }
    return rc;
}

/* What an empty replica would answer while it takes its first state is not so. */
static bool may_read(struct weft__session *s) {
    int rc = weft_replica_readable(weft_uv_replica(s->node));
    if (rc != 0) weft__session_error(s, rc, "%s: try again later", weft_strerror(rc));
    return rc == 0;
}

static void run_get(struct weft__session *s) {
    struct weft_txn *t;
    size_t found = 0;
    if (!may_read(s) || weft__session_peek(s, &t) != 0) return;
    int rc = get(s, t, s->words.items[1], &found);
    if (t != NULL) weft_txn_abort(t);
    if (rc != 0)
        weft__session_error(s, rc, "%s", weft_strerror(rc));
    else if (found == 0)
        weft__session_error(s, WEFT_ERR_NOT_FOUND, "nothing is stored under this key");
    else
        weft__session_answer(s);
}

static bool next_object(const struct weft_replica *r, struct weft_object_info *info) {
    return weft_replica_object(r, info->key, info->type + 1, info);
}

static void run_keys(struct weft__session *s) {
    const struct weft_replica *r = weft_uv_replica(s->node);
    struct weft_slice prefix = s->words.count > 1 ? s->words.items[1] : weft_slice(NULL, 0);
    struct weft_slice last = {NULL, 0};
    struct weft_object_info info;
    if (!may_read(s)) return;
    bool more = weft_replica_object(r, prefix, 0, &info);
    weft_buf_append_str(&s->out, "ok");
    for (; more && weft_slice_has_prefix(info.key, prefix); more = next_object(r, &info)) {
        if (last.ptr != NULL && weft_slice_eq(last, info.key)) continue;
        last = info.key;
        weft_buf_append(&s->out, " ", 1);
        weft__words_quote(&s->out, info.key);
    }
    weft__session_answer(s);
}

static void run_dump(struct weft__session *s) {
    const struct weft_replica *r = weft_uv_replica(s->node);
    struct weft_object_info info;
    size_t count = 0;
    int rc = 0;
    if (!may_read(s)) return;
    bool more = weft_replica_object(r, weft_slice(NULL, 0), 0, &info);
    for (; more && rc == 0; more = next_object(r, &info)) {
        rc = weft__value_json(&s->out, &info);
        weft_buf_append(&s->out, "\n", 1);
        count++;
    }
    if (rc == 0) rc = s->out.err;
    if (rc != 0) {
        weft__session_error(s, rc, "%s", weft_strerror(rc));
        return;
    }
    weft_buf_printf(&s->out, "ok %zu", count);
    weft__session_answer(s);
}

/* --- Watching ---------------------------------------------------------------------------------------------------- */

static const struct weft_crdt_class *class_of(uint32_t type) {
    const struct weft_crdt_class *cls;
    for (size_t i = 0; (cls = weft_crdt_class_at(i)) != NULL; i++) {
        if (cls->type == type) return cls;
    }
    return NULL;
}

static void on_change(struct weft_subscription *subscription, const struct weft_change *change) {
    struct weft__session *s = subscription->data;
    const struct weft_crdt_class *cls = class_of(change->type);
    struct weft_buf line;
    weft_buf_init(&line, NULL);
    weft_buf_append_str(&line, "change ");
    weft__words_quote(&line, change->key);
    weft_buf_append(&line, " ", 1);
    int rc = cls == NULL ? weft_buf_printf(&line, "type %u", change->type)
                         : weft__value_brief(&line, weft_uv_view(s->node, change->key, cls), cls);
    if (rc != 0) weft_buf_printf(&line, "error %s", weft_err_name(rc));
    weft_buf_append_str(&line, change->local ? " local\n" : " remote\n");
    if (line.err == 0) fwrite(line.ptr, 1, line.len, stdout);
    fflush(stdout);
    weft_buf_fini(&line);
}

static void free_watch(struct weft__watch *w) {
    weft_buf_fini(&w->prefix);
    free(w);
}

static void run_watch(struct weft__session *s) {
    struct weft_slice prefix = s->words.count > 1 ? s->words.items[1] : weft_slice(NULL, 0);
    struct weft__watch *w = calloc(1, sizeof *w);
    int rc = w == NULL ? WEFT_ERR_NOMEM : 0;
    if (rc == 0) {
        weft_buf_init(&w->prefix, NULL);
        w->subscription.cb = on_change;
        w->subscription.data = s;
        rc = weft_buf_append_slice(&w->prefix, prefix);
        if (rc == 0) rc = weft_subscribe(s->node, prefix, &w->subscription);
    }
    if (rc != 0) {
        if (w != NULL) free_watch(w);
        weft__session_error(s, rc, "%s", weft_strerror(rc));
        return;
    }
    w->next = s->watches;
    s->watches = w;
    answer_ok(s);
}

static void run_unwatch(struct weft__session *s) {
    struct weft_slice prefix = s->words.count > 1 ? s->words.items[1] : weft_slice(NULL, 0);
    struct weft__watch **at = &s->watches;
    while (*at != NULL && !weft_slice_eq(weft_buf_slice(&(*at)->prefix), prefix)) at = &(*at)->next;
    struct weft__watch *w = *at;
    if (w == NULL) {
        weft__session_error(s, WEFT_ERR_NOT_FOUND, "this prefix is not watched");
        return;
    }
    *at = w->next;
    weft_unsubscribe(s->node, &w->subscription);
    free_watch(w);
    answer_ok(s);
}

/* --- The table --------------------------------------------------------------------------------------------------- */

static void run_checkpoint(struct weft__session *s) {
    weft_uv_checkpoint(s->node);
    answer_ok(s);
}

static void run_quit(struct weft__session *s) {
    answer_ok(s);
    s->quit(s);
}

static void run_help(struct weft__session *s);

static const struct command commands[] = {
    {"incr", 1, 2, "KEY [N]", "adds to a gcounter", NULL},
    {"count", 2, 2, "KEY N", "adds to a pncounter; N may be negative", NULL},
    {"add", 2, 2, "KEY ELEMENT", "adds to an aworset", NULL},
    {"remove", 2, 2, "KEY ELEMENT", "removes from an aworset", NULL},
    {"set", 2, SIZE_MAX, "KEY VALUE", "writes an lwwreg", NULL},
    {"edit", 3, SIZE_MAX, "KEY TYPE VERB", "changes an object of any type, see below", NULL},
    {"del", 1, 1, "KEY", "deletes whatever is under the key", NULL},
    {"get", 1, 1, "KEY", "type and value; of a register also stamp and origin", run_get},
    {"keys", 0, 1, "[PREFIX]", "the keys, in order", run_keys},
    {"begin", 0, 0, "", "the edits from here on are one transaction", weft__session_begin},
    {"commit", 0, 0, "", "carries it out; answered when it is durable: ok SEQ STAMP ORIGIN", weft__session_commit},
    {"abort", 0, 0, "", "forgets it", weft__session_abort},
    {"watch", 0, 1, "[PREFIX]", "a line for each change of a key that starts so", run_watch},
    {"unwatch", 0, 1, "[PREFIX]", "no more of these lines", run_unwatch},
    {"status", 0, 0, "", "origins (applied:recorded), links (peer:behind:ahead:skew), rights, state hash",
     weft__session_status},
    {"quarantine", 0, 1, "[N]", "messages that were refused, a line each; one with its bytes",
     weft__session_quarantine},
    {"retry", 1, 1, "N", "takes a refused message once more, as one that comes", weft__session_retry},
    {"forget", 1, 1, "N", "no longer keeps it", weft__session_forget},
    {"dump", 0, 0, "", "every object, one JSON text a line", run_dump},
    {"checkpoint", 0, 0, "", "makes one now", run_checkpoint},
    {"help", 0, 0, "", "this text", run_help},
    {"quit", 0, 0, "", "closes in good order", run_quit},
};

#define COMMANDS (sizeof commands / sizeof commands[0])

/* A line for each type. */
static void help_verbs(struct weft_buf *out) {
    const struct weft__verb *v, *last = NULL;
    for (size_t i = 0; (v = weft__verb_at(i)) != NULL; last = v, i++) {
        const char *space = v->arguments[0] == '\0' ? "" : " ";
        if (last == NULL || last->cls != v->cls)
            weft_buf_printf(out, "%s# edit KEY %-13s %s%s%s", last == NULL ? "" : "\n", v->cls->name, v->name, space,
                            v->arguments);
        else
            weft_buf_printf(out, " | %s%s%s", v->name, space, v->arguments);
    }
    weft_buf_append_str(out, " | at CHILD TYPE VERB\n");
}

static void run_help(struct weft__session *s) {
    for (size_t i = 0; i < COMMANDS; i++) {
        weft_buf_printf(&s->out, "# %-10s %-13s %s\n", commands[i].name, commands[i].arguments, commands[i].what);
    }
    help_verbs(&s->out);
    weft_buf_append_str(&s->out, "# words with spaces or other bytes: \"a b\\n\\x00\"\n");
    answer_ok(s);
}

static const struct command *find(struct weft_slice name) {
    for (size_t i = 0; i < COMMANDS; i++) {
        if (weft_slice_eq(name, weft_str(commands[i].name))) return &commands[i];
    }
    return NULL;
}

void weft__session_line(struct weft__session *s, struct weft_slice line) {
    const char *wrong = weft__words_parse(&s->words, line);
    if (wrong != NULL) {
        weft__session_error(s, WEFT_ERR_MALFORMED, "%s", wrong);
        return;
    }
    if (s->words.count == 0) return;
    const struct command *c = find(s->words.items[0]);
    if (c == NULL) {
        struct weft_slice name = s->words.items[0];
        weft__words_quote(&s->out, weft_slice(name.ptr, name.len > 40 ? 40 : name.len));
        weft__session_error(s, WEFT_ERR_INVALID, "there is no command %.*s; try help", (int)s->out.len,
                            (const char *)s->out.ptr);
        return;
    }
    size_t arguments = s->words.count - 1;
    if (arguments < c->min || arguments > c->max) {
        const char *space = c->arguments[0] == '\0' ? "" : " ";
        weft__session_error(s, WEFT_ERR_INVALID, "usage: %s%s%s", c->name, space, c->arguments);
        return;
    }
    if (c->run != NULL)
        c->run(s);
    else
        weft__session_edit(s, line);
}

void weft__session_init(struct weft__session *s, const char *name, void (*quit)(struct weft__session *s)) {
    *s = (struct weft__session){.name = name, .quit = quit};
    weft__answers_init(&s->answers);
    weft__words_init(&s->words);
    weft_buf_init(&s->out, NULL);
    weft_buf_init(&s->edits, NULL);
}

void weft__session_fini(struct weft__session *s) {
    while (s->watches != NULL) {
        struct weft__watch *w = s->watches;
        s->watches = w->next;
        free_watch(w);
    }
    weft__answers_fini(&s->answers);
    weft__words_fini(&s->words);
    weft_buf_fini(&s->out);
    weft_buf_fini(&s->edits);
    free(s->edit_ends);
    *s = (struct weft__session){.name = NULL};
}
