/* tree.c: the document is loaded whole, looked through once, and kept for the marks of its nodes. A parent stands
 * before its children in libyaml's list; so one walk from the beginning to the end knows every depth, and a node that
 * somebody else has already is one with an alias. */
#include "tools/scenario/tree.h"

#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

struct visit {
    size_t depth; /* 0: not met yet */
    size_t parent;
    size_t index;    /* in a sequence */
    const char *key; /* in a mapping */
    bool is_key;
};

struct walk {
    yaml_document_t *document;
    struct visit *visits; /* by node, from 1 */
    size_t count;
    struct weft_buf *message;
};

static int say(struct weft_buf *message, const yaml_mark_t *mark, const char *what, const char *detail) {
    weft_buf_printf(message, "%llu:%llu: %s%.80s", (unsigned long long)mark->line + 1,
                    (unsigned long long)mark->column + 1, what, detail);
    return WEFT_ERR_MALFORMED;
}

/* --- One node after the other --------------------------------------------------------------------------------------
 */

static void append_path(const struct walk *w, size_t node, struct weft_buf *out) {
    const struct visit *v = &w->visits[node];
    if (v->parent == 0) return;
    append_path(w, v->parent, out);
    if (v->key != NULL)
        weft_buf_printf(out, "%s%.80s", w->visits[v->parent].parent == 0 ? "" : ".", v->key);
    else if (!v->is_key)
        weft_buf_printf(out, "[%llu]", (unsigned long long)v->index);
}

static int refuse(const struct walk *w, size_t node, const char *what) {
    const yaml_node_t *n = yaml_document_get_node(w->document, (int)node);
    struct weft_buf path;
    weft_buf_init(&path, NULL);
    append_path(w, node, &path);
    weft_buf_append(&path, "", 1);
    bool named = path.err == 0 && path.len > 1;
    (void)say(w->message, &n->start_mark, named ? (const char *)path.ptr : "", named ? ": " : "");
    weft_buf_append_str(w->message, what);
    weft_buf_fini(&path);
    return WEFT_ERR_MALFORMED;
}

static int meet(struct walk *w, size_t node, const struct visit *as) {
    bool is_again = w->visits[node].depth != 0 || node <= as->parent;
    if (!is_again) w->visits[node] = *as;
    if (is_again) return refuse(w, as->parent, "has an alias in it (*name): write it out where it is used");
    return as->depth > WEFT__TREE_DEPTH_MAX ? refuse(w, node, "nested too deeply: nothing in a scenario is") : 0;
}

static int meet_items(struct walk *w, size_t node, const yaml_node_t *n) {
    struct visit v = {.depth = w->visits[node].depth + 1, .parent = node};
    int rc = 0;
    for (const yaml_node_item_t *i = n->data.sequence.items.start; rc == 0 && i < n->data.sequence.items.top; i++) {
        v.index = (size_t)(i - n->data.sequence.items.start);
        rc = meet(w, (size_t)*i, &v);
    }
    return rc;
}

static const char *text_of(const struct walk *w, int node) {
    const yaml_node_t *n = yaml_document_get_node(w->document, node);
    return n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

static bool is_said_before(const struct walk *w, const yaml_node_pair_t *first, const yaml_node_pair_t *pair) {
    for (const yaml_node_pair_t *p = first; p < pair; p++)
        if (strcmp(text_of(w, p->key), text_of(w, pair->key)) == 0) return true;
    return false;
}

#define KEYS_MAX 256 /* more than any mapping knows */

static int meet_pairs(struct walk *w, size_t node, const yaml_node_t *n) {
    const yaml_node_pair_t *first = n->data.mapping.pairs.start, *top = n->data.mapping.pairs.top;
    int rc = top - first > KEYS_MAX ? refuse(w, node, "more keys than there are") : 0;
    for (const yaml_node_pair_t *p = first; rc == 0 && p < top; p++) {
        struct visit v = {.depth = w->visits[node].depth + 1, .parent = node, .is_key = true};
        rc = meet(w, (size_t)p->key, &v);
        v.key = text_of(w, p->key);
        v.is_key = false;
        if (rc == 0 && v.key == NULL) rc = refuse(w, (size_t)p->key, "a key is a word");
        if (rc == 0) rc = meet(w, (size_t)p->value, &v);
        if (rc == 0 && is_said_before(w, first, p)) rc = refuse(w, (size_t)p->value, "said twice");
    }
    return rc;
}

static int meet_children(struct walk *w, size_t node) {
    const yaml_node_t *n = yaml_document_get_node(w->document, (int)node);
    if (n->type == YAML_SEQUENCE_NODE) return meet_items(w, node, n);
    if (n->type == YAML_MAPPING_NODE) return meet_pairs(w, node, n);
    bool has_nul = n->type == YAML_SCALAR_NODE && strlen((const char *)n->data.scalar.value) != n->data.scalar.length;
    return has_nul ? refuse(w, node, "has a NUL in it") : 0;
}

static int look_through(yaml_document_t *document, struct weft_buf *message) {
    struct walk w = {.document = document, .count = (size_t)(document->nodes.top - document->nodes.start)};
    w.message = message;
    if (w.count == 0) return say(message, &document->start_mark, "nothing in it", "");
    w.visits = calloc(w.count + 1, sizeof *w.visits);
    if (w.visits == NULL) return WEFT_ERR_NOMEM;
    w.visits[1] = (struct visit){.depth = 1};
    int rc = 0;
    for (size_t node = 1; rc == 0 && node <= w.count; node++) rc = meet_children(&w, node);
    free(w.visits);
    return rc;
}

#define DEPTH_PARSED 100 /* a path is told of what is less deep */

/* --- Loading -------------------------------------------------------------------------------------------------------
 */

/* Of a byte that is no text libyaml knows only which it is. */
static yaml_mark_t mark_of(struct weft_slice text, size_t offset) {
    yaml_mark_t mark = {offset, 0, 0};
    for (size_t i = 0; i < offset && i < text.len; i++) {
        mark.column = text.ptr[i] == '\n' ? 0 : mark.column + 1;
        mark.line += text.ptr[i] == '\n';
    }
    return mark;
}

static int complain(const yaml_parser_t *p, struct weft_slice text, struct weft_buf *message) {
    if (p->error == YAML_MEMORY_ERROR) return WEFT_ERR_NOMEM;
    yaml_mark_t mark = p->error == YAML_READER_ERROR ? mark_of(text, p->problem_offset) : p->problem_mark;
    return say(message, &mark, "not YAML: ", p->problem == NULL ? "" : p->problem);
}

static int is_alone(yaml_parser_t *p, struct weft_slice text, struct weft_buf *message) {
    yaml_document_t second;
    if (!yaml_parser_load(p, &second)) return complain(p, text, message);
    int rc = second.nodes.top == second.nodes.start ? 0 : say(message, &second.start_mark, "a second document", "");
    yaml_document_delete(&second);
    return rc;
}

static int begin(yaml_parser_t *p, struct weft_slice text) {
    if (!yaml_parser_initialize(p)) return WEFT_ERR_NOMEM;
    yaml_parser_set_input_string(p, text.ptr == NULL ? (const uint8_t *)"" : text.ptr, text.len);
    return 0;
}

static int step_of(yaml_event_type_t type) {
    bool down = type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
    bool up = type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT;
    return down - up;
}

/* libyaml takes the square of the depth: what is far too deep is not read to its end. Other mistakes are found again.
 */
static int check_depth(struct weft_slice text, struct weft_buf *message) {
    yaml_parser_t parser;
    yaml_event_t event;
    bool ended = false;
    int depth = 0, rc = begin(&parser, text);
    if (rc != 0) return rc;
    while (rc == 0 && !ended && yaml_parser_parse(&parser, &event)) {
        depth += step_of(event.type);
        ended = event.type == YAML_STREAM_END_EVENT;
        if (depth > DEPTH_PARSED)
            rc = say(message, &event.start_mark, "nested too deeply: nothing in a scenario is", "");
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return rc;
}

static int parse(struct weft__tree *t, struct weft_slice text, struct weft_buf *message) {
    yaml_parser_t parser;
    int rc = begin(&parser, text);
    if (rc != 0) return rc;
    t->loaded = yaml_parser_load(&parser, &t->document) != 0;
    rc = t->loaded ? look_through(&t->document, message) : complain(&parser, text, message);
    if (rc == 0) rc = is_alone(&parser, text, message);
    yaml_parser_delete(&parser);
    return rc;
}

int weft__tree_load(struct weft__tree *t, struct weft_slice text, struct weft_buf *message) {
    *t = (struct weft__tree){.loaded = false};
    if (text.len > WEFT__TREE_BYTES_MAX) {
        weft_buf_append_str(message,
                            "1:1: larger than 256 KiB; a schedule, which may be, begins with \"# weft schedule\"");
        return WEFT_ERR_MALFORMED;
    }
    int rc = check_depth(text, message);
    if (rc == 0) rc = parse(t, text, message);
    if (rc != 0) weft__tree_free(t);
    return rc;
}

void weft__tree_free(struct weft__tree *t) {
    if (t->loaded) yaml_document_delete(&t->document);
    t->loaded = false;
}

/* --- Finding -------------------------------------------------------------------------------------------------------
 */

/* "[2]" */
static bool take_index(const char **path, size_t *index) {
    char *end;
    if (**path != '[') return false;
    *index = strtoul(*path + 1, &end, 10);
    *path = *end == ']' ? end + 1 : end;
    return true;
}

/* "at", and the dot before it. */
static size_t take_key(const char **path, const char **key) {
    *key = **path == '.' ? *path + 1 : *path;
    size_t len = strcspn(*key, ".[");
    *path = *key + len;
    return len;
}

static int child(yaml_document_t *document, const yaml_node_t *n, const char **path, int *key) {
    size_t index;
    const char *name;
    *key = 0;
    if (take_index(path, &index)) {
        bool is_there = n->type == YAML_SEQUENCE_NODE &&
                        index < (size_t)(n->data.sequence.items.top - n->data.sequence.items.start);
        return is_there ? n->data.sequence.items.start[index] : 0;
    }
    size_t len = take_key(path, &name);
    if (n->type != YAML_MAPPING_NODE) return 0;
    for (const yaml_node_pair_t *p = n->data.mapping.pairs.start; p < n->data.mapping.pairs.top; p++) {
        const yaml_node_t *k = yaml_document_get_node(document, p->key);
        if (k->data.scalar.length != len || memcmp(k->data.scalar.value, name, len) != 0) continue;
        *key = p->key;
        return p->value;
    }
    return 0;
}

struct weft__mark weft__tree_find(const struct weft__tree *t, const char *path, bool at_key) {
    yaml_document_t document = t->document; /* libyaml's reading functions do not take it as constant */
    int node = 1, key = 0;
    while (*path != '\0') {
        int next_key, next = child(&document, yaml_document_get_node(&document, node), &path, &next_key);
        if (next == 0) break;
        node = next;
        key = next_key;
    }
    const yaml_node_t *found = yaml_document_get_node(&document, at_key && key != 0 ? key : node);
    return (struct weft__mark){found->start_mark.line + 1, found->start_mark.column + 1};
}
