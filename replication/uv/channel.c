/* channel.c: the plain channel.
 *
 * A stranger (a browser, a port scanner, a peer of another version) is told from a replica by the first byte that does
 * not fit; nothing it says is taken for a message. CR and LF are in the greeting because what mangles line ends on its
 * way would mangle messages too. */
#include "replication/uv/channel.h"

#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#define MAGIC_LEN 6u

static const uint8_t greeting[WEFT__GREETING_LEN] = {
    'W', 'E', 'F', 'T', '\r', '\n', WEFT__LINK_VERSION >> 8, WEFT__LINK_VERSION & 0xff,
};

struct plain {
    struct weft__channel channel;
    const struct weft_alloc *alloc;
    uint8_t heard[WEFT__GREETING_LEN];
    size_t heard_len;
    char errmsg[96];
};

static struct plain *plain_of(struct weft__channel *c) {
    return (struct plain *)c;
}

static int plain_start(struct weft__channel *c, struct weft_buf *wire) {
    (void)c;
    return weft_buf_append(wire, greeting, sizeof greeting);
}

static bool is_http(const uint8_t *bytes, size_t len) {
    static const char *const starts[] = {"GET ", "POST", "HEAD", "PUT ", "HTTP", "OPTI", "PRI ", "CONN"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (len >= 4 && memcmp(bytes, starts[i], 4) == 0) return true;
    }
    return false;
}

/* Shows what a stranger began with, so that people recognise it. */
static int stranger(struct plain *p, struct weft_slice bytes) {
    uint8_t start[WEFT__GREETING_LEN];
    size_t len = p->heard_len;
    memcpy(start, p->heard, len);
    for (size_t i = 0; i < bytes.len && len < sizeof start; i++) start[len++] = bytes.ptr[i];
    char hex[3 * WEFT__GREETING_LEN + 1] = "";
    for (size_t i = 0; i < len; i++) snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", start[i]);
    snprintf(p->errmsg, sizeof p->errmsg, "%s, not Weft (it began with%s)",
             is_http(start, len) ? "speaks HTTP" : "speaks something else", hex);
    return WEFT_ERR_MALFORMED;
}

static int other_version(struct plain *p) {
    unsigned version = (unsigned)p->heard[6] << 8 | p->heard[7];
    snprintf(p->errmsg, sizeof p->errmsg, "speaks version %u of the link protocol, and we speak version %u", version,
             WEFT__LINK_VERSION);
    return WEFT_ERR_VERSION;
}

static int plain_receive(struct weft__channel *c, struct weft_slice bytes, struct weft_buf *out,
                         struct weft_buf *wire) {
    struct plain *p = plain_of(c);
    (void)wire;
    while (p->heard_len < WEFT__GREETING_LEN && bytes.len > 0) {
        if (p->heard_len < MAGIC_LEN && bytes.ptr[0] != greeting[p->heard_len]) return stranger(p, bytes);
        p->heard[p->heard_len++] = bytes.ptr[0];
        bytes = weft_slice(bytes.ptr + 1, bytes.len - 1);
        if (p->heard_len == WEFT__GREETING_LEN && memcmp(p->heard, greeting, sizeof greeting) != 0) {
            return other_version(p);
        }
    }
    return weft_buf_append_slice(out, bytes);
}

static int plain_send(struct weft__channel *c, struct weft_slice bytes, struct weft_buf *wire) {
    (void)c;
    return weft_buf_append_slice(wire, bytes);
}

static bool plain_ready(const struct weft__channel *c) {
    return ((const struct plain *)c)->heard_len == WEFT__GREETING_LEN;
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
