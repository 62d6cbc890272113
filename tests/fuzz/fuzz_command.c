/* The command line of weft serve: a line's words, quoted and read again, are the same words; as JSON they are one
 * string of printable text. Lines that are edits make one transaction: it commits, or changes nothing. */
#include <string.h>

#include <weft/err.h>

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/live.h"
#include "tools/json.h"
#include "tools/session.h"
#include "tools/words.h"

static void check_quoting(const struct weft__words *w) {
    struct weft__words again;
    struct weft_buf line;
    weft__words_init(&again);
    weft_buf_init(&line, NULL);
    for (size_t i = 0; i < w->count; i++) {
        if (i > 0) weft_buf_append(&line, " ", 1);
        weft__words_quote(&line, w->items[i]);
    }
    HOLDS(weft__words_parse(&again, weft_buf_slice(&line)) == NULL);
    HOLDS(again.count == w->count);
    for (size_t i = 0; i < w->count; i++) HOLDS(weft_slice_eq(again.items[i], w->items[i]));
    weft_buf_fini(&line);
    weft__words_fini(&again);
}

static void check_json(struct weft_slice word) {
    struct weft_buf json;
    weft_buf_init(&json, NULL);
    weft__json_bytes(&json, word);
    HOLDS(json.err == 0 && json.len >= 2);
    HOLDS((json.ptr[0] == '"' && json.ptr[json.len - 1] == '"') ||
          (json.ptr[0] == '{' && json.ptr[json.len - 1] == '}'));
    for (size_t i = 0; i < json.len; i++) HOLDS(json.ptr[i] >= ' ' && json.ptr[i] != 0x7f);
    weft_buf_fini(&json);
}

/* --- Edits -------------------------------------------------------------------------------------------------------- */

/* As many words as a session asks for. */
static bool is_edit(const struct weft__words *w) {
    static const char *const shorts[] = {"incr", "count", "add", "remove", "set", "del"};
    if (w->count < 2) return false;
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
        if (weft_slice_eq(w->items[0], weft_str(shorts[i]))) return true;
    return weft_slice_eq(w->items[0], weft_str("edit")) && w->count >= 4;
}

static int edit(struct weft_txn *t, const struct weft_replica *r, struct weft_slice line) {
    const char *wrong = NULL;
    struct weft__words words;
    weft__words_init(&words);
    int rc = 0;
    if (weft__words_parse(&words, line) == NULL && is_edit(&words)) rc = weft__edit_line(t, r, &words, &wrong);
    HOLDS(rc <= 0 && (wrong == NULL || rc != 0));
    weft__words_fini(&words);
    return rc;
}

static int edit_all(struct weft_txn *t, const struct weft_replica *r, struct weft_slice lines) {
    int rc = 0;
    while (rc == 0 && lines.len > 0) {
        const uint8_t *end = memchr(lines.ptr, '\n', lines.len);
        size_t len = end == NULL ? lines.len : (size_t)(end - lines.ptr);
        rc = edit(t, r, weft_slice(lines.ptr, len));
        lines = weft_slice(lines.ptr + len + (end != NULL), lines.len - len - (end != NULL));
    }
    return rc;
}

static void check_edits(struct weft_slice lines) {
    struct cluster c;
    uint64_t seq = 0;
    live_open(&c);
    struct weft_replica_stats before = cluster_stats(&c, 0);
    struct weft_txn *t = cluster_begin(&c, 0);
    int rc = edit_all(t, c.at[0].replica, lines);
    if (rc != 0)
        weft_txn_abort(t);
    else
        rc = weft_txn_commit(t, &seq);
    struct weft_replica_stats after = cluster_stats(&c, 0);
    bool is_same = memcmp(before.state_hash, after.state_hash, sizeof before.state_hash) == 0;
    HOLDS(is_same == (rc != 0 || seq == 0));
    if (seq != 0) live_check(&c);
    cluster_fini(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct weft__words words;
    weft__words_init(&words);
    const char *wrong = weft__words_parse(&words, weft_slice(data, size));
    if (wrong == NULL) {
        check_quoting(&words);
        size_t total = 0, spaces = words.count == 0 ? 0 : words.count - 1;
        for (size_t i = 0; i < words.count; i++) {
            check_json(words.items[i]);
            total += words.items[i].len;
        }
        HOLDS(weft__words_joined(&words, 0).len == total + spaces);
    } else {
        HOLDS(words.count == 0);
    }
    check_json(weft_slice(data, size));
    check_edits(weft_slice(data, size));
    weft__words_fini(&words);
    return 0;
}
