/* tree.h: a YAML document as libyaml sees it, for what libcyaml does not say: where something stands. */
#ifndef WEFT_TOOLS_SCENARIO_TREE_H
#define WEFT_TOOLS_SCENARIO_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include <weft/bytes.h>
#include <weft/limits.h>

struct weft__tree {
    yaml_document_t document;
    bool loaded;
};

struct weft__mark {
    size_t line, column; /* from 1 */
};

/* WEFT_ERR_MALFORMED: not YAML, or too large, too deep, with a key twice in a mapping, with aliases, with a second
 * document. The message is "line:column: [path: ]what". WEFT_ERR_NOMEM. */
int weft__tree_load(struct weft__tree *t, struct weft_slice text, struct weft_buf *message);
void weft__tree_free(struct weft__tree *t);
/* A path is keys and indices from the root: "faults[2].at"; "" is the root. What does not exist is found where the last
 * part that does is. `at_key`: where its key is, instead of its value. */
struct weft__mark weft__tree_find(const struct weft__tree *t, const char *path, bool at_key);

#endif
