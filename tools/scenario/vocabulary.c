/* vocabulary.c: every word of a scenario, as docs/scenarios.md has it. */
#include <stddef.h>
#include <string.h>

#include "sim/schedule.h"
#include "tools/scenario/build.h"
#include "tools/scenario/document.h"

static const struct {
    char letter;
    const char *name;
} operands[] = {{'r', "WHO"},  {'s', "SIDES"}, {'f', "FROM"},   {'t', "TO"},    {'d', "TIME"},      {'e', "TIME"},
                {'u', "TIME"}, {'v', "TIME"},  {'n', "NUMBER"}, {'p', "SHARE"}, {'x', "OPERATIONS"}};

static void print_key(const struct weft__document_key *k, struct weft_buf *out) {
    weft_buf_printf(out, "| `%s%s%s` | %s | ", k->section, k->section[0] == '\0' ? "" : ".", k->key, k->what);
    if (k->option[0] != '\0') weft_buf_printf(out, "`%s` ", k->option);
    weft_buf_append_str(out, "|\n");
}

static const char *name_of(const char *word, const char *letters, char letter) {
    size_t i = 0;
    if (strcmp(word, "join") == 0) return "REGION";
    if (letter == 'f' && strchr(letters, 't') == NULL) return "WHOM";
    while (operands[i].letter != letter) i++;
    return operands[i].name;
}

static void print_item(const char *word, const char *letters, struct weft_buf *out) {
    const char *end = weft__scenario_end(word);
    weft_buf_printf(out, "| `%s", word);
    for (const char *at = letters; *at != '\0'; at++) weft_buf_printf(out, " %s", name_of(word, letters, *at));
    weft_buf_append_str(out, "` | ");
    if (end != NULL) weft_buf_printf(out, "`%s` ", end);
    weft_buf_append_str(out, "|\n");
}

static void print_names(const char *before, const char *(*name)(size_t i), struct weft_buf *out) {
    weft_buf_append_str(out, before);
    for (size_t i = 0; name(i) != NULL; i++) weft_buf_printf(out, "%s`%s`", i == 0 ? "" : ", ", name(i));
    weft_buf_append_str(out, ".\n");
}

int weft__scenario_vocabulary(struct weft_buf *out) {
    struct weft__document_key k;
    weft_buf_append_str(out, "| key | | option |\n|---|---|---|\n");
    for (size_t i = 0; weft__document_key(i, &k); i++) print_key(&k, out);
    weft_buf_append_str(out, "| `workload.types.TYPE` | its weight among operations; where types are named, only those "
                             "| `weight_TYPE` |\n"
                             "| `options.NAME` | any number of `struct weft_sim_options` that is not said elsewhere | "
                             "`NAME` |\n\n| `do:` | `for:` it ends with |\n|---|---|\n");
#define ITEM(kind, word, letters) print_item(word, letters, out);
    WEFT__SIM_ITEM_MAP(ITEM)
#undef ITEM
    print_names("\nWhat is counted: ", weft__scenario_counted, out);
    return out->err;
}
