/* address.c: addresses as people write them.
 *
 * Names are not looked up: that would block the loop or answer later. "localhost" is understood as 127.0.0.1. */
#define _POSIX_C_SOURCE 200809L
#include "replication/uv/address.h"

#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#define PORT_MAX 65535

struct parts {
    char host[WEFT__ADDRESS_TEXT];
    const char *port;
    bool bracketed;
};

/* Cuts at the last colon outside the brackets of an IPv6 address. NULL, or what is wrong. */
static const char *cut(const char *text, struct parts *out) {
    out->bracketed = text[0] == '[';
    const char *start = text + out->bracketed;
    const char *end = out->bracketed ? strchr(text, ']') : strrchr(text, ':');
    if (end == NULL) return out->bracketed ? "a ] is missing" : "the port is missing (host:port)";
    const char *colon = out->bracketed ? end + 1 : end;
    if (*colon != ':') return "the port is missing (host:port)";
    size_t len = (size_t)(end - start);
    if (len == 0) return "the host is missing (host:port)";
    if (len >= sizeof out->host) return "the host is too long";
    if (!out->bracketed && memchr(start, ':', len) != NULL) return "write an IPv6 address in brackets: [::1]:7701";
    memcpy(out->host, start, len);
    out->host[len] = '\0';
    out->port = colon + 1;
    return NULL;
}

/* -1 unless it is a number from 0 to 65535. */
static int read_port(const char *text) {
    int port = 0;
    if (*text == '\0') return -1;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') return -1;
        port = port * 10 + (*text - '0');
        if (port > PORT_MAX) return -1;
    }
    return port;
}

static int read_host(const struct parts *parts, int port, struct sockaddr_storage *out) {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    memset(out, 0, sizeof *out);
    if (parts->bracketed) {
        if (uv_ip6_addr(parts->host, port, &in6) != 0) return WEFT_ERR_INVALID;
        memcpy(out, &in6, sizeof in6);
        return 0;
    }
    const char *host = strcmp(parts->host, "localhost") == 0 ? "127.0.0.1" : parts->host;
    if (uv_ip4_addr(host, port, &in) != 0) return WEFT_ERR_INVALID;
    memcpy(out, &in, sizeof in);
    return 0;
}

static const char *parse(struct weft__address *out, const char *text, unsigned kinds) {
    struct parts parts;
    const char *wrong = cut(text, &parts);
    if (wrong != NULL) return wrong;
    int port = read_port(parts.port);
    if (port < 0) return "the port must be a number from 0 to 65535";
    if (port == 0 && (kinds & WEFT__ADDRESS_LISTENED) == 0) return "port 0 cannot be dialled";
    if (read_host(&parts, port, &out->addr) != 0) return "the host must be an IP address or localhost";
    if ((kinds & WEFT__ADDRESS_LOOPBACK) != 0 && !weft__address_is_loopback((const struct sockaddr *)&out->addr))
        return "plain links are for loopback only (127.0.0.1, [::1]); others need an identity";
    return NULL;
}

int weft__address_parse(struct weft__address *out, const char *text, unsigned kinds, char *errmsg, size_t errmsg_len) {
    const char *wrong = parse(out, text, kinds);
    if (wrong != NULL) {
        snprintf(errmsg, errmsg_len, "address \"%.80s\": %s", text, wrong);
        return WEFT_ERR_INVALID;
    }
    weft__address_format((const struct sockaddr *)&out->addr, out->text);
    return 0;
}

bool weft__address_is_loopback(const struct sockaddr *addr) {
    if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr, sizeof in6);
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
    }
    struct sockaddr_in in;
    memcpy(&in, addr, sizeof in);
    return addr->sa_family == AF_INET && ntohl(in.sin_addr.s_addr) >> 24 == 127;
}

int weft__address_port(const struct sockaddr *addr) {
    struct sockaddr_in6 in6;
    struct sockaddr_in in;
    if (addr->sa_family == AF_INET6) {
        memcpy(&in6, addr, sizeof in6);
        return ntohs(in6.sin6_port);
    }
    memcpy(&in, addr, sizeof in);
    return ntohs(in.sin_port);
}

void weft__address_format(const struct sockaddr *addr, char out[WEFT__ADDRESS_TEXT]) {
    char host[INET6_ADDRSTRLEN] = "?";
    struct sockaddr_in6 in6;
    struct sockaddr_in in;
    if (addr->sa_family == AF_INET6) {
        memcpy(&in6, addr, sizeof in6);
        uv_ip6_name(&in6, host, sizeof host);
        snprintf(out, WEFT__ADDRESS_TEXT, "[%s]:%d", host, weft__address_port(addr));
        return;
    }
    memcpy(&in, addr, sizeof in);
    uv_ip4_name(&in, host, sizeof host);
    snprintf(out, WEFT__ADDRESS_TEXT, "%s:%d", host, weft__address_port(addr));
}
