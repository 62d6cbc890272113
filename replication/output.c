/* output.c: lists that grow; slices into the shared bytes are kept as offsets (in the pointer's place) until finish. */
#include "replication/output.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"

void weft__output_init(struct weft__output *o, const struct weft_alloc *alloc) {
    memset(o, 0, sizeof *o);
    o->alloc = alloc;
    weft_buf_init(&o->bytes, alloc);
}

void weft__output_fini(struct weft__output *o) {
    weft__free(o->alloc, o->records, o->record_cap * sizeof *o->records);
    weft__free(o->alloc, o->messages, o->message_cap * sizeof *o->messages);
    weft__free(o->alloc, o->changes, o->change_cap * sizeof *o->changes);
    weft__free(o->alloc, o->notices, o->notice_cap * sizeof *o->notices);
    weft_buf_fini(&o->bytes);
}

void weft__output_clear(struct weft__output *o) {
    o->record_count = o->message_count = o->change_count = o->notice_count = 0;
    o->wants_epoch = false;
    weft_buf_reset(&o->bytes);
}

static const uint8_t *place(size_t offset) {
    return (const uint8_t *)(uintptr_t)offset;
}

/* Without bytes all are empty. */
static void locate(const struct weft__output *o, struct weft_slice *s) {
    s->ptr = o->bytes.ptr == NULL ? NULL : o->bytes.ptr + (uintptr_t)s->ptr;
}

/* LOG rows are lent and already pointers. */
static bool is_lent(const struct weft_record *r) {
    return r->kind == WEFT_RECORD_LOG;
}

void weft__output_finish(struct weft__output *o, struct weft_update *u) {
    for (size_t i = 0; i < o->record_count; i++)
        if (!is_lent(&o->records[i])) locate(o, &o->records[i].bytes);
    for (size_t i = 0; i < o->message_count; i++) locate(o, &o->messages[i].bytes);
    for (size_t i = 0; i < o->change_count; i++) locate(o, &o->changes[i].key);
    for (size_t i = 0; i < o->notice_count; i++)
        o->notices[i].text = (const char *)o->bytes.ptr + (uintptr_t)o->notices[i].text;
    memset(u, 0, sizeof *u);
    u->records = o->records;
    u->record_count = o->record_count;
    u->messages = o->messages;
    u->message_count = o->message_count;
    u->changes = o->changes;
    u->change_count = o->change_count;
    u->notices = o->notices;
    u->notice_count = o->notice_count;
    u->wants_epoch = o->wants_epoch;
}

static int grow(struct weft__output *o, void **items, size_t *cap, size_t need, size_t size) {
    return need <= *cap ? 0 : weft__grow(o->alloc, items, cap, need, size);
}

int weft__output_reserve(struct weft__output *o, size_t records, size_t changes, size_t bytes) {
    void *r = o->records, *c = o->changes;
    int rc = grow(o, &r, &o->record_cap, o->record_count + records, sizeof *o->records);
    o->records = r;
    if (rc == 0) rc = grow(o, &c, &o->change_cap, o->change_count + changes, sizeof *o->changes);
    o->changes = c;
    if (rc == 0) rc = weft_buf_reserve(&o->bytes, bytes);
    o->bytes.err = 0; /* what is refused now may find room next time */
    return rc;
}

void weft__output_record_lent(struct weft__output *o, const struct weft_record *r) {
    o->records[o->record_count++] = *r;
}

int weft__output_record(struct weft__output *o, const struct weft_record *r) {
    int rc = weft__output_reserve(o, 1, 0, r->bytes.len);
    if (rc != 0) return rc;
    struct weft_record *to = &o->records[o->record_count++];
    *to = *r;
    to->bytes.ptr = place(o->bytes.len);
    (void)weft_buf_append_slice(&o->bytes, r->bytes);
    return 0;
}

void weft__output_change(struct weft__output *o, const struct weft_change *c) {
    struct weft_change *to = &o->changes[o->change_count++];
    *to = *c;
    to->key.ptr = place(o->bytes.len);
    (void)weft_buf_append_slice(&o->bytes, c->key);
}

size_t weft__output_message_begin(struct weft__output *o) {
    return o->bytes.len;
}

static int reserve_message(struct weft__output *o) {
    void *m = o->messages;
    int rc = grow(o, &m, &o->message_cap, o->message_count + 1, sizeof *o->messages);
    o->messages = m;
    return rc;
}

void weft__output_message_end(struct weft__output *o, uint32_t link, size_t mark) {
    int rc = o->bytes.err != 0 ? o->bytes.err : reserve_message(o);
    if (rc != 0) { /* anti-entropy will say it again */
        o->bytes.len = mark;
        o->bytes.err = 0;
        return;
    }
    struct weft_slice s = {place(mark), o->bytes.len - mark};
    if (s.len > 0) o->messages[o->message_count++] = (struct weft_message){link, s};
}

void weft__output_message_again(struct weft__output *o, uint32_t link, size_t index) {
    if (reserve_message(o) != 0) return;
    o->messages[o->message_count++] = (struct weft_message){link, o->messages[index].bytes};
}

void weft__output_notice(struct weft__output *o, const struct weft_notice *n, const char *fmt, ...) {
    char text[256];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (len < 0) text[0] = '\0';
    size_t size = strlen(text) + 1, mark = o->bytes.len;
    void *items = o->notices;
    int rc = grow(o, &items, &o->notice_cap, o->notice_count + 1, sizeof *o->notices);
    o->notices = items;
    if (rc != 0 || weft_buf_append(&o->bytes, text, size) != 0) {
        o->bytes.len = mark;
        o->bytes.err = 0;
        return;
    }
    struct weft_notice *to = &o->notices[o->notice_count++];
    *to = *n;
    to->text = (const char *)place(mark);
}
