/* The command line of weft serve: a line's words, quoted and read again, are the same words; as JSON they are one
 * string of printable text. */
#include "tests/fuzz/fuzz.h"
#include "tools/json.h"
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
    weft__words_fini(&words);
    return 0;
}
