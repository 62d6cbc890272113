/* world.h: the insides of a simulation, for the files that move it: machines with a replica, clocks and a disk each;
 * links between all of them; and a queue of what comes next. */
#ifndef WEFT_SIM_WORLD_H
#define WEFT_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/sim.h>

#include "sim/app.h"
#include "sim/check.h"
#include "sim/clock.h"
#include "sim/disk.h"
#include "sim/fates.h"
#include "sim/net.h"
#include "sim/queue.h"
#include "sim/ration.h"
#include "sim/schedule.h"
#include "sim/story.h"
#include "sim/trace.h"

/* The bytes of a message, shared by its copies. */
struct weft__parcel {
    uint32_t references;
    size_t len, shown; /* what arrives of it */
    bool is_damaged;   /* some bit is wrong */
    struct weft__hash128 hash;
    uint8_t bytes[];
};

enum weft__happening_kind {
    WEFT__DELIVER,    /* from, to, tag: the link's connection */
    WEFT__TIMER,      /* to, tag: the machine's boot */
    WEFT__SYNCED,     /* to, tag: boot */
    WEFT__EPOCH,      /* to, tag: boot */
    WEFT__SIGN,       /* to, tag: boot */
    WEFT__REOPEN,     /* to, tag: boot */
    WEFT__LINK,       /* from, to: see what became of the link */
    WEFT__TOLD,       /* from, to, tag: LINK_UP or LINK_DOWN */
    WEFT__WAKE,       /* to, tag: boot */
    WEFT__FLAP,       /* tag: the spell's number */
    WEFT__LIE,        /* to: it lies again */
    WEFT__APP_TIMER,  /* from: which, to, tag: life */
    WEFT__APP_MESSAGE /* from, to */
};

struct weft__happening {
    enum weft__happening_kind kind;
    uint32_t from, to;
    uint32_t tag;
    struct weft__parcel *parcel;
    uint64_t told; /* DELIVER: its number in the story; APP_TIMER: when it is due, by the monotonic clock */
    uint32_t next_free;
};

/* What reaches a machine that does not listen, in the order of arrival. */
struct weft__inbox {
    struct weft__happening *items; /* a ring */
    size_t head, count, cap;
};

struct weft__machine {
    struct weft_replica *replica; /* NULL: down */
    struct weft__sim_clock clock;
    struct weft__disk disk;
    struct weft__watched watched;
    struct weft_replica_options options;
    uint32_t boot;     /* how often it was opened */
    uint64_t draws;    /* of epochs */
    uint64_t timer_ns; /* when its timer goes off; UINT64_MAX: none is set */
    uint64_t wanted_ns;
    uint64_t deadline; /* the engine's, on its own clock */
    uint64_t write_ns; /* when the write that is under way began */
    bool epoch_posted, reopen_posted, sign_posted;
    struct weft_signing to_sign;
    bool touched;              /* a transaction of the caller's was begun: its records may wait */
    bool paused;               /* nothing reaches it, and it does nothing */
    bool retired;              /* it was seen for the last time */
    uint64_t step_ns, busy_ns; /* what each step takes; it is at one until then */
    uint64_t sync_ns;          /* what its disk takes */
    uint64_t identities;       /* drawn so far: a wiped store gets a new one */
    struct weft__inbox inbox;
    struct weft__ration *ration;
    uint64_t lies;              /* bit by bit those that it tells (liar.c); 0: it is honest */
    bool is_resumed;            /* its next opening goes on under the epoch of its snapshot */
    struct weft_sim_host *host; /* NULL: no application runs there */
    uint32_t life;              /* how often one began */
};

/* The link of two machines, as each of them believes: 0 the lower number. */
struct weft__pair {
    bool up[2];
    bool posted;    /* that its ends notice something */
    bool flickered; /* since then nothing was to be noticed, for a time */
    bool broke;     /* its send buffer was full */
    uint32_t connection;
};

/* What is deliberately wrong, so that a test can see a check see it. */
struct weft__sim_mutant {
    bool early_persisted;    /* PERSISTED is said when the write begins */
    bool same_epochs;        /* an opening draws the random bits of the one before */
    bool forgets_store;      /* a restart finds an empty disk */
    bool blind_store;        /* its rows have no checksums */
    bool twists_operations;  /* other amounts, elements and values than the history says */
    bool swaps_types;        /* flags, sets and registers are done and shown by the rule of another one */
    bool shows_another;      /* what the last replica shows is what the first one has */
    bool changes_bytes;      /* a byte of each pushed value, in one direction only */
    bool loses_transactions; /* no message with transactions gets to the last replica */
};

struct weft_sim {
    struct weft_sim_schedule *schedule;
    size_t next_item;
    uint64_t now_ns;
    struct weft__queue queue;
    struct weft__happening *happenings;
    size_t happening_count, happening_cap;
    uint32_t free_happening;
    struct weft__net net;
    struct weft__fates fates;
    struct weft__sim_item sides; /* the partition that stands */
    struct weft__machine *machines;
    size_t machine_count, machine_cap;
    struct weft__pair *pairs; /* of (a, b), a < b: b (b - 1) / 2 + a */
    size_t pair_count, pair_cap;
    struct weft__check check;
    struct weft__trace trace;
    struct weft__app app;
    struct weft__story *story; /* NULL: nobody asked for it */
    struct weft_sim_stats stats;
    struct weft__sim_mutant mutant;
    bool converged; /* when run_until_converged looked last */
    bool moved;     /* a vector changed, or a replica came or went, since convergence was looked at */
    struct weft_buf failure, report, scratch;
    struct weft_buf message; /* why a line of the caller's was refused */
    const struct weft_alloc *alloc;
};

enum weft__sim_purpose {
    WEFT__PURPOSE_ID = 0x73696d00,
    WEFT__PURPOSE_ENGINE,
    WEFT__PURPOSE_EPOCH,
    WEFT__PURPOSE_SKEW,
    WEFT__PURPOSE_DRIFT,
    WEFT__PURPOSE_SYNC,
    WEFT__PURPOSE_CRASH,
    WEFT__PURPOSE_LINK,
    WEFT__PURPOSE_CHECK,
    WEFT__PURPOSE_DAMAGE,
    WEFT__PURPOSE_STEP,
    WEFT__PURPOSE_LIE,
    WEFT__PURPOSE_APP
};

/* world.c */
int weft__world_post(struct weft_sim *s, uint64_t at_ns, const struct weft__happening *h);
/* The next event or item, if it is due by `until`. 1, 0: none, or an error. */
int weft__world_next(struct weft_sim *s, uint64_t until);
/* Between half of a span and all of it, drawn for (purpose, who, now). */
uint64_t weft__world_delay(const struct weft_sim *s, enum weft__sim_purpose purpose, uint64_t who, uint64_t span_ns);
int weft__world_fail(struct weft_sim *s, uint32_t replica, enum weft__check_name name, const char *text);
struct weft__parcel *weft__parcel_new(struct weft_sim *s, struct weft_slice bytes);
void weft__parcel_release(struct weft_sim *s, struct weft__parcel *p);

/* machine.c */
int weft__machine_add(struct weft_sim *s, uint8_t region);
/* A new identity, which it has once its store is empty. */
void weft__machine_name(struct weft_sim *s, uint32_t i);
/* The n-th of them. */
void weft__machine_identity(const struct weft_sim *s, uint32_t i, uint64_t n, struct weft_id *out);
/* What the engine, or a check, said: 0, or the run has failed, or WEFT_ERR_NOMEM. */
int weft__machine_failed(struct weft_sim *s, uint32_t i, int rc);
int weft__machine_checked(struct weft_sim *s, uint32_t i, int rc);

/* opening.c */
int weft__machine_open(struct weft_sim *s, uint32_t i);
uint64_t weft__machine_next_epoch(struct weft_sim *s, uint32_t i);
/* The power goes; `torn`: in the middle of a write. */
int weft__machine_crash(struct weft_sim *s, uint32_t i, bool torn);
/* Memory and disk become what they were when the snapshot was made. */
int weft__machine_rewind(struct weft_sim *s, uint32_t i);
/* The replica wants to be made again from its store. */
int weft__machine_reopen(struct weft_sim *s, uint32_t i);
void weft__machine_fini(struct weft_sim *s, struct weft__machine *m);
/* One event at a running replica: its update is checked and carried out. e->now is set here. */
int weft__machine_step(struct weft_sim *s, uint32_t i, struct weft_event *e);
/* The engine's own step, again when an allocation failed that was made to fail. */
int weft__machine_call(struct weft__machine *m, const struct weft_event *e, struct weft_update *u);
/* Whether it holds no more memory than it may, and a call that ran out of it left everything as it was. */
int weft__machine_check_memory(struct weft_sim *s, uint32_t i);
int weft__machine_tick(struct weft_sim *s, uint32_t i);
/* Its clocks go otherwise than when its timer was set. */
int weft__machine_set_alarm(struct weft_sim *s, uint32_t i);
int weft__machine_timer(struct weft_sim *s, uint32_t i);
int weft__machine_synced(struct weft_sim *s, uint32_t i);
int weft__machine_draw_epoch(struct weft_sim *s, uint32_t i);
/* What happens at a running replica. */
int weft__machine_hear(struct weft_sim *s, const struct weft__happening *h);
/* Whether its records have room to wait in: where not, no transaction begins and nothing is taken from peers. */
bool weft__machine_has_room(const struct weft_sim *s, const struct weft__machine *m);

/* inbox.c */
/* It is paused, or busy, or has no room; then what happens to it is held. */
bool weft__inbox_is_shut(const struct weft_sim *s, const struct weft__happening *h);
int weft__inbox_hold(struct weft_sim *s, const struct weft__happening *h);
/* What is held and may come in does. */
int weft__inbox_open(struct weft_sim *s, uint32_t i);
void weft__inbox_clear(struct weft_sim *s, struct weft__machine *m);
void weft__inbox_fini(struct weft_sim *s, struct weft__machine *m);

/* liar.c */
int weft__liar_begin(struct weft_sim *s, uint32_t i, uint64_t told);
int weft__liar_speak(struct weft_sim *s, uint32_t i);

/* mishap.c: items that are about one machine. */
bool weft__mishap_is_possible(const struct weft_sim *s, const struct weft__sim_item *item);
int weft__mishap(struct weft_sim *s, const struct weft__sim_item *item);

/* links.c */
int weft__links_add(struct weft_sim *s); /* for the machine that was added last */
/* Something changed that may take this link down or bring it up. */
int weft__sim_link_look(struct weft_sim *s, uint32_t a, uint32_t b);
int weft__links_look(struct weft_sim *s, uint32_t i);
int weft__links_look_all(struct weft_sim *s);
/* Its ends learn what became of it. */
int weft__sim_link_settle(struct weft_sim *s, uint32_t a, uint32_t b);
void weft__links_crashed(struct weft_sim *s, uint32_t i);
/* i closes its end. */
int weft__sim_link_close(struct weft_sim *s, uint32_t i, uint32_t peer);
int weft__sim_link_send(struct weft_sim *s, uint32_t from, const struct weft_message *m);
/* `from` believes that it stands, and `to` does not. */
int weft__link_halve(struct weft_sim *s, uint32_t from, uint32_t to);
/* When it changes next. */
int weft__link_post_flap(struct weft_sim *s, const struct weft__spell *spell, bool is_down);
int weft__link_flap(struct weft_sim *s, uint32_t number);
/* Of an application's. */
int weft__link_datagram(struct weft_sim *s, uint32_t from, uint32_t to, struct weft_slice bytes);
int weft__sim_link_deliver(struct weft_sim *s, const struct weft__happening *h);

/* act.c: an item of a schedule, now. WEFT_ERR_INVALID: no such replica, or it is up (down) already. */
int weft__act(struct weft_sim *s, const struct weft__sim_item *item);
/* act_links.c: an item is about links; those that it names exist. */
bool weft__links_item(enum weft__sim_item_kind kind);
bool weft__links_are_named(const struct weft_sim *s, const struct weft__sim_item *item);
int weft__act_on_links(struct weft_sim *s, const struct weft__sim_item *item);
/* act_clock.c: the same for clocks. */
bool weft__clocks_item(enum weft__sim_item_kind kind);
int weft__act_on_clock(struct weft_sim *s, const struct weft__sim_item *item);
/* The commit of an item was refused: that may be. */
int weft__act_refused(struct weft_sim *s, uint32_t i, int rc);
/* act_rights.c: what is made before the machines are, and the first document; the items. */
int weft__sim_rights_init(struct weft_sim *s);
int weft__sim_rights_begin(struct weft_sim *s);
/* Whose key is whose, to a replica that was opened. */
int weft__sim_rights_known(struct weft_sim *s, uint32_t i);
/* Whether some document takes one of these rights from machine i; whether the newest that any running replica has lets
 * it read. A space without rights: false; true. */
bool weft__sim_ever_lacked(const struct weft_sim *s, uint32_t i, unsigned bits);
bool weft__sim_may_read(const struct weft_sim *s, const struct weft__machine *m);
bool weft__rights_item(enum weft__sim_item_kind kind);
int weft__act_on_rights(struct weft_sim *s, const struct weft__sim_item *item);

/* sim.c */
bool weft__sim_is_converged(const struct weft_sim *s);

#endif
