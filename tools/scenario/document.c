/* document.c: libcyaml fills the structs; what it has to say of a mistake comes as lines of a log, the cause first and
 * then, from the inside out, where it was. From those comes the path, and from the tree the place of the path: libcyaml
 * knows only the place of what it read last. */
#include "tools/scenario/document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tools/scenario/schema.h"
#include "tools/scenario/tree.h"

struct step {
    char key[64];
    unsigned index; /* of a list, where there is no key */
};

struct backtrace {
    char cause[256];
    struct step steps[WEFT__TREE_DEPTH_MAX + 2]; /* from the inside out */
    size_t count;
};

static void take_step(struct backtrace *b, const char *line) {
    struct step s = {.index = 0};
    bool is_field = sscanf(line, "  in mapping field '%63[^']'", s.key) == 1;
    if (!is_field && sscanf(line, "  in sequence entry '%u'", &s.index) != 1) return;
    s.index -= s.index > 0; /* it counts from one */
    if (b->count < sizeof b->steps / sizeof *b->steps) b->steps[b->count++] = s;
}

static void on_log(cyaml_log_t level, void *ctx, const char *format, va_list arguments) {
    struct backtrace *b = ctx;
    char line[256];
    (void)level;
    (void)vsnprintf(line, sizeof line, format, arguments);
    line[strcspn(line, "\n")] = '\0';
    if (strncmp(line, "  in ", 5) == 0)
        take_step(b, line);
    else if (b->cause[0] == '\0' && strcmp(line, "Load: Backtrace:") != 0)
        (void)snprintf(b->cause, sizeof b->cause, "%s", strncmp(line, "Load: ", 6) == 0 ? line + 6 : line);
}

/* --- In our words --------------------------------------------------------------------------------------------------
 */

static void append_path(const struct backtrace *b, struct weft_buf *path) {
    for (size_t i = b->count; i-- > 0;) {
        if (b->steps[i].key[0] != '\0')
            weft_buf_printf(path, "%s%s", path->len == 0 ? "" : ".", b->steps[i].key);
        else
            weft_buf_printf(path, "[%u]", b->steps[i].index);
    }
}

/* The fields that are known where a key is not. */
static const cyaml_schema_field_t *fields_at(const struct weft__schema *s, const struct backtrace *b) {
    const cyaml_schema_field_t *fields = s->root.mapping.fields;
    for (size_t i = b->count; i-- > 0;) {
        if (b->steps[i].key[0] == '\0') continue;
        while (fields->key != NULL && strcmp(fields->key, b->steps[i].key) != 0) fields++;
        if (fields->key == NULL) return NULL;
        const cyaml_schema_value_t *v = &fields->value;
        if (v->type == CYAML_SEQUENCE) v = v->sequence.entry;
        if (v->type != CYAML_MAPPING) return NULL;
        fields = v->mapping.fields;
    }
    return fields;
}

static size_t common(const char *a, const char *b) {
    size_t n = 0;
    while (a[n] != '\0' && a[n] == b[n]) n++;
    return n;
}

/* There are too many options to name them all: those that begin alike. */
static void append_keys(const cyaml_schema_field_t *fields, const char *key, struct weft_buf *message) {
    size_t count = 0, best = 0, shown = 0;
    for (; fields != NULL && fields[count].key != NULL; count++)
        best = common(fields[count].key, key) > best ? common(fields[count].key, key) : best;
    for (size_t i = 0; i < count; i++) {
        if (count > 20 && common(fields[i].key, key) < best) continue;
        weft_buf_printf(message, "%s%s", shown++ == 0 ? "; there is " : ", ", fields[i].key);
        if (shown == 20) break;
    }
}

static void append_kind(const char *cause, struct weft_buf *message) {
    bool mapping = strncmp(cause, "Expecting MAPPING", 17) == 0, list = strncmp(cause, "Expecting SEQUENCE", 18) == 0;
    weft_buf_append_str(message, mapping ? "must be a mapping, \"key: value\""
                                 : list  ? "must be a list, \"- entry\" or [entry, entry]"
                                         : "must be one value; texts with \": \" or \", \" in them need quotes");
}

static void append_what(const struct weft__schema *s, const struct backtrace *b, const char *key,
                        struct weft_buf *message) {
    unsigned most;
    if (key != NULL) {
        weft_buf_append_str(message, "unknown key");
        append_keys(fields_at(s, b), key, message);
    } else if (strncmp(b->cause, "Expecting ", 10) == 0) {
        append_kind(b->cause, message);
    } else if (sscanf(b->cause, "Excessive entries (%u max)", &most) == 1) {
        weft_buf_printf(message, "more than %u entries", most);
    } else if (sscanf(b->cause, "STRING length > %u", &most) == 1) {
        weft_buf_printf(message, "longer than %u bytes", most);
    } else {
        weft_buf_append_str(message, b->cause[0] == '\0' ? "not understood" : b->cause);
    }
}

static int explain(const struct weft__schema *s, const struct backtrace *b, const struct weft__tree *tree,
                   struct weft_buf *message) {
    static const char unknown[] = "Unexpected key: ";
    bool is_unknown = strncmp(b->cause, unknown, sizeof unknown - 1) == 0;
    const char *key = is_unknown ? b->cause + sizeof unknown - 1 : NULL;
    struct weft_buf path;
    weft_buf_init(&path, NULL);
    append_path(b, &path);
    if (is_unknown) weft_buf_printf(&path, "%s%.80s", path.len == 0 ? "" : ".", key);
    weft_buf_append(&path, "", 1);
    int rc = path.err;
    if (rc == 0) {
        const char *text = (const char *)path.ptr;
        struct weft__mark m = weft__tree_find(tree, text, is_unknown);
        weft_buf_printf(message, "%llu:%llu: %s%s", (unsigned long long)m.line, (unsigned long long)m.column, text,
                        text[0] == '\0' ? "" : ": ");
        append_what(s, b, key, message);
        rc = WEFT_ERR_MALFORMED;
    }
    weft_buf_fini(&path);
    return rc;
}

/* --- Loading -------------------------------------------------------------------------------------------------------
 */

static cyaml_config_t config(struct backtrace *b) {
    return (cyaml_config_t){
        .log_fn = on_log, .log_ctx = b, .log_level = CYAML_LOG_ERROR, .mem_fn = cyaml_mem, .flags = CYAML_CFG_NO_ALIAS};
}

int weft__document_load(struct weft__document **out, const struct weft__schema *s, struct weft_slice text,
                        const struct weft__tree *tree, struct weft_buf *message) {
    struct backtrace b = {.count = 0};
    cyaml_config_t c = config(&b);
    cyaml_data_t *data = NULL;
    *out = NULL;
    cyaml_err_t err = cyaml_load_data(text.ptr, text.len, &c, &s->root, &data, NULL);
    *out = data;
    if (err == CYAML_ERR_OOM) return WEFT_ERR_NOMEM;
    return err == CYAML_OK && data != NULL ? 0 : explain(s, &b, tree, message);
}

void weft__document_free(struct weft__document *d, const struct weft__schema *s) {
    struct backtrace b = {.count = 0};
    cyaml_config_t c = config(&b);
    if (d != NULL) cyaml_free(&c, &s->root, d, 0);
}
