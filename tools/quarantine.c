/* quarantine.c: commands about what was refused. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tools/refused.h"
#include "tools/session.h"

/* Every argument is a number. */
static bool read_number(struct weft__session *s, uint64_t *out) {
    struct weft_slice word = s->words.items[1];
    *out = 0;
    bool good = word.len > 0 && word.len < 19;
    for (size_t i = 0; good && i < word.len; i++) {
        good = word.ptr[i] >= '0' && word.ptr[i] <= '9';
        *out = *out * 10 + (uint64_t)(word.ptr[i] - '0');
    }
    if (!good) weft__session_error(s, WEFT_ERR_INVALID, "which one? quarantine lists them with their numbers");
    return good;
}

void weft__session_quarantine(struct weft__session *s) {
    const struct weft_replica *r = weft_uv_replica(s->node);
    uint64_t number;
    if (s->words.count == 1) {
        size_t count = weft__refused_list(&s->out, r);
        weft_buf_printf(&s->out, "ok %zu", count);
        weft__session_answer(s);
        return;
    }
    if (!read_number(s, &number)) return;
    if (!weft__refused_show(&s->out, r, number)) {
        weft__session_error(s, WEFT_ERR_NOT_FOUND, "no refused message with this number is kept");
        return;
    }
    weft_buf_append_str(&s->out, "ok");
    weft__session_answer(s);
}

static void act(struct weft__session *s, int (*act_on)(struct weft_uv *n, uint64_t number)) {
    uint64_t number;
    if (!read_number(s, &number)) return;
    int rc = act_on(s->node, number);
    const char *why = weft_replica_errmsg(weft_uv_replica(s->node));
    if (rc != 0) {
        weft__session_error(s, rc, "%s", why[0] != '\0' && rc != WEFT_ERR_FULL ? why : weft_strerror(rc));
        return;
    }
    weft_buf_append_str(&s->out, "ok");
    weft__session_answer(s);
}

void weft__session_retry(struct weft__session *s) {
    act(s, weft_uv_retry);
}

void weft__session_forget(struct weft__session *s) {
    act(s, weft_uv_forget);
}
