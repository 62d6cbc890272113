/* relay.h: the wire between two regions: a TCP port that passes bytes on, late, and can be cut. */
#ifndef WEFT_TOOLS_DEMO_RELAY_H
#define WEFT_TOOLS_DEMO_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

struct weft__demo_relay_end;

struct weft__demo_relay {
    uv_tcp_t listener;
    struct weft__demo_relay_end *ends;
    unsigned round_trip_ms;
    int port;    /* to dial */
    int to_port; /* where to pass it on; 0: nobody there yet */
    bool cut, closing;
};

/* Listens on a loopback port of the system's choice. 0 or a uv error; then there is nothing to close. */
int weft__demo_relay_open(struct weft__demo_relay *r, uv_loop_t *loop, unsigned round_trip_ms);
/* Cut: what is connected is closed, what is under way is lost, and who dials is turned away. */
void weft__demo_relay_cut(struct weft__demo_relay *r, bool cut);
void weft__demo_relay_close(struct weft__demo_relay *r);

#endif
