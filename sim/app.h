/* app.h: the application beside each replica. */
#ifndef WEFT_SIM_APP_INSIDE_H
#define WEFT_SIM_APP_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/sim_app.h>

struct weft_sim_host {
    struct weft_sim *sim;
    uint32_t number;
    void *app;
    bool wrote;        /* a transaction was begun: the replica has something to tell */
    unsigned depth;    /* of changes that brought changes */
    uint64_t drawn_ns; /* when it drew last ... */
    uint64_t draws;    /* ... and how often at that time */
};

/* Of one simulation; all NULL: there is none. */
struct weft__app {
    const struct weft_sim_app *cls;
    void *test;
    char failure[512]; /* empty: it has none */
};

struct weft__happening;

void weft__app_fini(struct weft_sim *s);
/* Replica i was opened, and START brought `u`. */
int weft__app_opened(struct weft_sim *s, uint32_t i, const struct weft_update *u);
/* Its process ended. */
void weft__app_stopped(struct weft_sim *s, uint32_t i);
/* A step brought this; and when all of that was carried out. */
void weft__app_tell(struct weft_sim *s, uint32_t i, const struct weft_update *u);
int weft__app_settle(struct weft_sim *s, uint32_t i);
int weft__app_perform(struct weft_sim *s, uint32_t i, uint64_t number);
int weft__app_timer(struct weft_sim *s, const struct weft__happening *h);
int weft__app_message(struct weft_sim *s, const struct weft__happening *h);
int weft__app_converged(struct weft_sim *s);

/* app_plan.c: `app_rate` of the options. */
int weft__app_plan(struct weft_sim_schedule *s);

#endif
