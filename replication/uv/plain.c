/* plain.c: the plain channel: a greeting from both sides, then plaintext as it is. For loopback. */
#include <string.h>

#include <weft/err.h>

#include "replication/uv/channel.h"

struct plain {
    struct weft__channel channel;
    const struct weft_alloc *alloc;
    uint8_t heard[WEFT__GREETING_LEN];
    size_t heard_len;
    bool ready;
    char errmsg[96];
};

static struct plain *plain_of(struct weft__channel *c) {
    return (struct plain *)c;
}

static int plain_start(struct weft__channel *c, struct weft_buf *wire) {
    (void)c;
    uint8_t greeting[WEFT__GREETING_LEN];
    weft__greeting_write(greeting, WEFT__LINK_PLAIN);
    return weft_buf_append(wire, greeting, sizeof greeting);
}

static int plain_receive(struct weft__channel *c, struct weft_slice bytes, struct weft_buf *out,
                         struct weft_buf *wire) {
    struct plain *p = plain_of(c);
    (void)wire;
    if (p->heard_len < WEFT__GREETING_LEN) {
        size_t len = WEFT__GREETING_LEN - p->heard_len;
        if (len > bytes.len) len = bytes.len;
        memcpy(p->heard + p->heard_len, bytes.ptr, len);
        p->heard_len += len;
        bytes = weft_slice(bytes.ptr + len, bytes.len - len);
        int rc = weft__greeting_check(p->heard, p->heard_len, WEFT__LINK_PLAIN, p->errmsg, sizeof p->errmsg);
        if (rc != 0) return rc;
        p->ready = p->heard_len == WEFT__GREETING_LEN;
    }
    return weft_buf_append_slice(out, bytes);
}

static int plain_send(struct weft__channel *c, struct weft_slice bytes, struct weft_buf *wire) {
    (void)c;
    return weft_buf_append_slice(wire, bytes);
}

static bool plain_ready(const struct weft__channel *c) {
    return ((const struct plain *)c)->ready;
}

/* It keeps nothing. */
static bool plain_owed(const struct weft__channel *c) {
    (void)c;
    return false;
}

static int plain_judge(struct weft__channel *c, const struct weft_identity *id, uint64_t now) {
    (void)c, (void)id, (void)now;
    return 0;
}

static uint64_t plain_until(const struct weft__channel *c) {
    (void)c;
    return UINT64_MAX;
}

static const struct weft__admitted *plain_peer(const struct weft__channel *c) {
    (void)c;
    return NULL;
}

static const char *plain_errmsg(const struct weft__channel *c) {
    return ((const struct plain *)c)->errmsg;
}

static void plain_close(struct weft__channel *c) {
    struct plain *p = plain_of(c);
    p->alloc->resize(p->alloc->ctx, p, sizeof *p, 0);
}

static const struct weft__channel_class plain_class = {
    .size = sizeof(struct weft__channel_class),
    .name = "plain",
    .start = plain_start,
    .receive = plain_receive,
    .send = plain_send,
    .ready = plain_ready,
    .owed = plain_owed,
    .judge = plain_judge,
    .until = plain_until,
    .peer = plain_peer,
    .errmsg = plain_errmsg,
    .close = plain_close,
};

int weft__channel_plain_new(struct weft__channel **out, const struct weft_alloc *alloc) {
    if (alloc == NULL) alloc = &weft_alloc_default;
    struct plain *p = alloc->resize(alloc->ctx, NULL, 0, sizeof *p);
    if (p == NULL) return WEFT_ERR_NOMEM;
    memset(p, 0, sizeof *p);
    p->channel.cls = &plain_class;
    p->alloc = alloc;
    *out = &p->channel;
    return 0;
}
