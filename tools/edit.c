/* edit.c: the commands that change something, as edits of a transaction: the verbs of all types, and short names for
 * those that people start with. */
#include <string.h>

#include <weft/aworset.h>
#include <weft/gcounter.h>
#include <weft/lease.h>
#include <weft/lwwreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>

#include "tools/session.h"
#include "tools/value.h"
#include "tools/verbs.h"

/* Whatever is under the key: what this transaction made, and every type that is committed. */
static int edit_del(struct weft_txn *t, const struct weft_replica *r, struct weft_slice key) {
    const struct weft_crdt_class *cls;
    for (size_t i = 0; (cls = weft_crdt_class_at(i)) != NULL; i++) {
        if (weft__value_present(weft_txn_view(t, key, cls), cls)) weft_txn_delete(t, key, cls->type);
    }
    struct weft_object_info info;
    uint32_t from = 0;
    while (weft_replica_object(r, key, from, &info) && weft_slice_eq(info.key, key)) {
        if (info.cls == NULL) weft_txn_delete(t, key, info.type);
        if (info.type == UINT32_MAX) break;
        from = info.type + 1;
    }
    return 0;
}

static const struct {
    const char *name, *verb;
    const struct weft_crdt_class *cls;
} shorts[] = {
    {"incr", "add", &weft_gcounter_class}, {"count", "add", &weft_pncounter_class},
    {"add", "add", &weft_aworset_class},   {"remove", "remove", &weft_aworset_class},
    {"set", "set", &weft_lwwreg_class},
};

/* What a line asks for: an edit, and what is done to it with the words from `first` on. */
struct request {
    struct weft_edit *object, *edit;
    const struct weft_crdt_class *cls;
    const struct weft__verb *verb;
    size_t first;
    bool nested;
};

static const struct weft_crdt_class *class_named(struct weft_slice name) {
    const struct weft_crdt_class *cls;
    for (size_t i = 0; (cls = weft_crdt_class_at(i)) != NULL; i++)
        if (weft_slice_eq(name, weft_str(cls->name))) return cls;
    return NULL;
}

static struct weft_slice word(const struct weft__words *w, size_t at) {
    return at < w->count ? w->items[at] : weft_slice(NULL, 0);
}

/* "ormap at CHILD TYPE", again and again. */
static const char *step_in(struct request *q, const struct weft__words *w) {
    while (q->cls == &weft_ormap_class && weft_slice_eq(word(w, q->first), weft_str("at"))) {
        q->cls = class_named(word(w, q->first + 2));
        if (q->cls == NULL) return "at is followed by a child's key and a type; try help";
        q->edit = weft_ormap_edit(q->edit, w->items[q->first + 1], q->cls);
        q->nested = true;
        q->first += 3;
    }
    return NULL;
}

static const char *find(struct request *q, struct weft_txn *t, const struct weft__words *w) {
    for (size_t i = 0; i < sizeof shorts / sizeof shorts[0]; i++) {
        if (!weft_slice_eq(w->items[0], weft_str(shorts[i].name))) continue;
        *q = (struct request){.cls = shorts[i].cls, .first = 2};
        q->verb = weft__verb_find(q->cls, weft_str(shorts[i].verb));
        q->object = q->edit = weft_txn_edit(t, w->items[1], q->cls);
        return NULL;
    }
    *q = (struct request){.cls = class_named(w->items[2]), .first = 3};
    if (q->cls == NULL) return "there is no such type; try help";
    q->object = q->edit = weft_txn_edit(t, w->items[1], q->cls);
    const char *wrong = step_in(q, w);
    if (wrong != NULL) return wrong;
    q->verb = weft__verb_find(q->cls, word(w, q->first++));
    return q->verb == NULL ? "the type has no such verb; try help" : NULL;
}

/* Which of limits.h it was. */
static const char *limit_of(const struct request *q, const struct weft__words *w) {
    size_t len = 0;
    for (size_t i = q->first; i < w->count; i++) len += w->items[i].len + (i > q->first);
    if (w->items[1].len == 0) return "a key has at least one byte";
    if (w->items[1].len > WEFT_KEY_MAX) return "a key has at most 1024 bytes";
    if (len > WEFT_VALUE_MAX) return "a value has at most 1 MiB";
    return q->nested || q->cls == &weft_ormap_class
               ? "a child's key has 1 to 1024 bytes, maps are at most 16 deep, a transaction has at most 4 MiB"
           : q->cls == &weft_lease_class ? "an owner's name has at most 1024 bytes"
                                         : "a transaction has at most 4 MiB";
}

static int edit(struct weft_txn *t, struct weft__words *w, const char **wrong) {
    struct request q;
    *wrong = find(&q, t, w);
    if (*wrong != NULL) return WEFT_ERR_INVALID;
    size_t count = w->count < q.first ? 0 : w->count - q.first;
    if (count < q.verb->min || count > q.verb->max) {
        *wrong = "the verb takes other words; try help";
        return WEFT_ERR_INVALID;
    }
    struct weft_slice all = count == 1   ? w->items[q.first]
                            : count == 0 ? weft_slice(NULL, 0)
                                         : weft__words_joined(w, q.first);
    int rc = weft__verb_run(q.verb, q.edit, w->items + q.first, count, all, wrong);
    if (rc == 0) rc = weft_edit_error(q.object);
    if (rc == WEFT_ERR_LIMIT && *wrong == NULL) *wrong = limit_of(&q, w);
    return rc;
}

int weft__edit_line(struct weft_txn *t, const struct weft_replica *r, struct weft__words *w, const char **wrong) {
    *wrong = NULL;
    if (weft_slice_eq(w->items[0], weft_str("del"))) return edit_del(t, r, w->items[1]);
    return edit(t, w, wrong);
}
