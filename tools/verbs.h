/* verbs.h: what can be done to an object of each type, by name. */
#ifndef WEFT_TOOLS_VERBS_H
#define WEFT_TOOLS_VERBS_H

#include <stddef.h>

#include <weft/crdt.h>

struct weft__verb {
    const struct weft_crdt_class *cls;
    const char *name, *arguments;
    size_t min, max; /* words; of a value any number, with a space between */
    /* One of these. The last reads its words itself: an error, and in *wrong a sentence if there is a better one. */
    void (*bare)(struct weft_edit *e);
    void (*bytes)(struct weft_edit *e, struct weft_slice value);
    void (*amount)(struct weft_edit *e, uint64_t n); /* 1 when it is left out */
    void (*number)(struct weft_edit *e, int64_t n);
    int (*words)(struct weft_edit *e, const struct weft_slice *words, const char **wrong);
};

/* In turn; NULL after the last. */
const struct weft__verb *weft__verb_at(size_t index);
/* NULL: the type does not have it. */
const struct weft__verb *weft__verb_find(const struct weft_crdt_class *cls, struct weft_slice name);
/* Carries it out with `count` words, of which `joined` is all with a space between each two. As `words` above; errors
 * of the edit itself stay in it. */
int weft__verb_run(const struct weft__verb *v, struct weft_edit *e, const struct weft_slice *words, size_t count,
                   struct weft_slice joined, const char **wrong);

#endif
