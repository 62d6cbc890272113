/* refused.c: what was refused, for whoever wonders why. */
#define _POSIX_C_SOURCE 200809L
#include "tools/refused.h"

#include <inttypes.h>
#include <time.h>

#include <weft/err.h>

#include "tools/value.h"
#include "tools/words.h"

#define ROW 16u

void weft__time_text(struct weft_buf *out, uint64_t word) {
    int64_t sec, nsec;
    char text[32];
    struct tm tm;
    weft_hlc_to_timespec(word, &sec, &nsec);
    time_t t = (time_t)sec;
    if (gmtime_r(&t, &tm) == NULL || strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &tm) == 0) text[0] = '\0';
    weft_buf_printf(out, "%s.%03dZ", text, (int)(nsec / 1000000));
}

/* --- Messages ----------------------------------------------------------------------------------------------------- */

static void sender(struct weft_buf *out, const struct weft_refused *m) {
    static const struct weft_id nobody;
    char id[WEFT_ID_TEXT];
    weft_id_format(&m->sender, id);
    if (m->link == UINT32_MAX) {
        weft_buf_append_str(out, ", its own");
        return;
    }
    if (weft_id_cmp(&m->sender, &nobody) != 0)
        weft_buf_printf(out, " from %s%s", id, m->is_authenticated ? "" : " (as it says)");
    weft_buf_printf(out, " on link %" PRIu32, m->link);
    if (m->label.len == 0) return;
    weft_buf_append_str(out, " ");
    weft__words_quote(out, m->label);
}

static void line(struct weft_buf *out, const struct weft_refused *m) {
    const char *kind = m->link == UINT32_MAX ? "transaction" : m->kind[0] == '?' ? "no message" : m->kind;
    weft_buf_printf(out, "%-4" PRIu64 " ", m->number);
    weft__time_text(out, m->wall);
    weft_buf_printf(out, " %s, %" PRIu64 " bytes", weft_err_name(m->err), m->length);
    if (m->bytes.len < m->length) weft_buf_printf(out, " (%zu kept)", m->bytes.len);
    weft_buf_printf(out, ", %s", kind);
    sender(out, m);
    weft_buf_append_str(out, ": ");
    if (m->text.len > 0)
        weft__words_quote(out, m->text);
    else
        weft_buf_append_str(out, weft_strerror(m->err));
    weft_buf_append_str(out, "\n");
}

static void damaged(struct weft_buf *out, const struct weft_replica *r) {
    struct weft_replica_stats stats;
    weft_replica_stats(r, &stats);
    if (stats.kept_damaged > 0) weft_buf_printf(out, "and %" PRIu64 " damaged\n", stats.kept_damaged);
}

size_t weft__refused_list(struct weft_buf *out, const struct weft_replica *r) {
    struct weft_refused m;
    size_t count = 0;
    for (; weft_replica_refused(r, count, &m); count++) line(out, &m);
    damaged(out, r);
    return count;
}

static void row(struct weft_buf *out, struct weft_slice bytes, size_t at) {
    weft_buf_printf(out, "     %05zx ", at);
    for (size_t i = 0; i < ROW; i++) {
        if (at + i < bytes.len)
            weft_buf_printf(out, " %02x", bytes.ptr[at + i]);
        else
            weft_buf_append_str(out, "   ");
    }
    weft_buf_append_str(out, "  ");
    for (size_t i = at; i < at + ROW && i < bytes.len; i++) {
        bool is_plain = bytes.ptr[i] >= 0x20 && bytes.ptr[i] < 0x7f;
        weft_buf_append(out, is_plain ? (const char *)&bytes.ptr[i] : ".", 1);
    }
    weft_buf_append_str(out, "\n");
}

bool weft__refused_show(struct weft_buf *out, const struct weft_replica *r, uint64_t number) {
    struct weft_refused m;
    for (size_t i = 0; weft_replica_refused(r, i, &m); i++) {
        if (m.number != number) continue;
        line(out, &m);
        for (size_t at = 0; at < m.bytes.len; at += ROW) row(out, m.bytes, at);
        return true;
    }
    return false;
}

/* --- Void transactions -------------------------------------------------------------------------------------------- */

size_t weft__voids_list(struct weft_buf *out, const struct weft_replica *r) {
    struct weft_void v;
    size_t count = 0;
    for (; weft_replica_void(r, count, &v); count++) {
        weft_buf_printf(out, "%-4" PRIu64 " ", v.number);
        weft__time_text(out, v.wall);
        weft_buf_printf(out, " %s, transaction %" PRIu64 " of ", weft_err_name(v.err), v.seq);
        weft__origin_text(out, &v.origin);
        weft_buf_append_str(out, ": ");
        weft__words_quote(out, v.text);
        weft_buf_append_str(out, "\n");
    }
    damaged(out, r);
    return count;
}
