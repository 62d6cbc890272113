/* greeting.c: the first eight bytes, by which people are told what they have reached.
 *
 * A stranger (a browser, a port scanner, a peer of another version) is told from a replica by the first byte that does
 * not fit; nothing it says is taken for a message. */
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "replication/uv/channel.h"

#define MAGIC_LEN 6u

static const uint8_t magic[MAGIC_LEN] = {'W', 'E', 'F', 'T', '\r', '\n'};

void weft__greeting_write(uint8_t out[WEFT__GREETING_LEN], uint8_t kind) {
    memcpy(out, magic, MAGIC_LEN);
    out[MAGIC_LEN] = kind;
    out[MAGIC_LEN + 1] = WEFT__LINK_VERSION;
}

static bool is_http(const uint8_t *bytes, size_t len) {
    static const char *const starts[] = {"GET ", "POST", "HEAD", "PUT ", "HTTP", "OPTI", "PRI ", "CONN"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (len >= 4 && memcmp(bytes, starts[i], 4) == 0) return true;
    }
    return false;
}

/* Shows what a stranger began with, so that people recognise it. */
static int stranger(const uint8_t *bytes, size_t len, char *errmsg, size_t errmsg_len) {
    char hex[3 * WEFT__GREETING_LEN + 1] = "";
    for (size_t i = 0; i < len && i < WEFT__GREETING_LEN; i++)
        snprintf(hex + 3 * i, sizeof hex - 3 * i, " %02x", bytes[i]);
    snprintf(errmsg, errmsg_len, "%s, not Weft (it began with%s)",
             is_http(bytes, len) ? "speaks HTTP" : "speaks something else", hex);
    return WEFT_ERR_MALFORMED;
}

static int other_kind(uint8_t kind, uint8_t version, uint8_t own, char *errmsg, size_t errmsg_len) {
    if (kind > WEFT__LINK_SEALED)
        snprintf(errmsg, errmsg_len, "links in a way that is not known here (%u)", kind);
    else if (kind != own)
        snprintf(errmsg, errmsg_len, "%s",
                 own == WEFT__LINK_SEALED ? "does not encrypt its links, and this node does"
                                          : "encrypts its links, and this node does not");
    else
        snprintf(errmsg, errmsg_len, "speaks version %u of the link protocol, and we speak version %u", version,
                 WEFT__LINK_VERSION);
    return WEFT_ERR_VERSION;
}

int weft__greeting_check(const uint8_t *bytes, size_t len, uint8_t kind, char *errmsg, size_t errmsg_len) {
    size_t known = len < MAGIC_LEN ? len : MAGIC_LEN;
    if (memcmp(bytes, magic, known) != 0) return stranger(bytes, len, errmsg, errmsg_len);
    if (len < WEFT__GREETING_LEN) return 0;
    uint8_t own[WEFT__GREETING_LEN];
    weft__greeting_write(own, kind);
    if (memcmp(bytes, own, sizeof own) == 0) return 0;
    return other_kind(bytes[MAGIC_LEN], bytes[MAGIC_LEN + 1], kind, errmsg, errmsg_len);
}
