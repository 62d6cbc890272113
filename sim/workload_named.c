/* workload_named.c: applications in a few operations each. Their objects are what the oracles know: letters are the
 * four types of sim/oracle.c, whole names those of the law kit, whose operations are seeds.
 *
 *   counters  g/K hits, p/K a level
 *   carts     s/C the items of cart C, p/(C * elements + item) how many of each, r/C its order
 *   presence  s/K who is in room K, r/U what user U says of himself, ewflag/U, lease/U
 *   quotas    bcounter/K the rights, g/K what was used
 *   retwis    s/U the followers of U, s/(users + U) his posts, s/(2 users + U) his timeline, r/P a post
 *
 * Retwis is that of Enes, Almeida, Baquero, Leitao: Efficient Synchronization of State-based CRDTs, ICDE 2019: 15%
 * follow (one object changes), 35% post (one, and one for each follower), 50% read, which is no transaction here. */
#include <string.h>

#include <weft/err.h>

#include "sim/workload.h"

#define SEEDS (UINT64_C(1) << 32)

static uint64_t pick_key(const struct weft__work *w, struct weft__draw *d) {
    return weft__zipf_rank(&w->keys, weft__draw_any(d));
}

static bool happens(struct weft__draw *d, uint64_t percent) {
    return weft__draw_below(d, 100) < percent;
}

static enum weft__sim_verb plus_or_minus(struct weft__draw *d, uint64_t percent_minus) {
    return happens(d, percent_minus) ? WEFT__SIM_MINUS : WEFT__SIM_PLUS;
}

static int count(struct weft__work *w, struct weft__draw *d) {
    uint64_t key = pick_key(w, d);
    if (happens(d, 70)) return weft__work_push(w, WEFT__SIM_G, WEFT__SIM_PLUS, key, 1 + weft__draw_below(d, 9));
    return weft__work_push(w, WEFT__SIM_P, plus_or_minus(d, 50), key, 1 + weft__draw_below(d, 1000));
}

/* What is taken out takes its number along: a reset, which an addition at the same time elsewhere survives. */
static int shop(struct weft__work *w, struct weft__draw *d) {
    uint64_t cart = pick_key(w, d), what = weft__draw_below(d, 100);
    uint64_t item = weft__draw_below(d, w->options->elements), number = cart * w->options->elements + item;
    int rc;
    if (what < 60) {
        rc = weft__work_push(w, WEFT__SIM_S, WEFT__SIM_PLUS, cart, item);
        return rc != 0 ? rc : weft__work_push(w, WEFT__SIM_P, WEFT__SIM_PLUS, number, 1 + weft__draw_below(d, 3));
    }
    if (what < 80) return weft__work_push(w, WEFT__SIM_P, plus_or_minus(d, 50), number, 1);
    if (what < 95) {
        rc = weft__work_push(w, WEFT__SIM_S, WEFT__SIM_MINUS, cart, item);
        return rc != 0 ? rc : weft__work_push(w, WEFT__SIM_P, WEFT__SIM_DELETE, number, 0);
    }
    rc = weft__work_push(w, WEFT__SIM_R, WEFT__SIM_ASSIGN, cart, 1 + weft__draw_below(d, SEEDS));
    return rc != 0 ? rc : weft__work_push(w, WEFT__SIM_S, WEFT__SIM_DELETE, cart, 0);
}

static unsigned type_of(const char *name) {
    unsigned type = WEFT__SIM_TYPES;
    while (strcmp(weft__sim_class(type)->name, name) != 0) type++;
    return type;
}

static int draw(struct weft__work *w, struct weft__draw *d, const char *type, uint64_t object) {
    return weft__work_push(w, type_of(type), WEFT__SIM_DRAW, object, weft__draw_below(d, SEEDS));
}

static int be_present(struct weft__work *w, struct weft__draw *d) {
    uint64_t room = pick_key(w, d), user = weft__draw_below(d, w->options->elements), what = weft__draw_below(d, 100);
    if (what < 50) {
        int rc = weft__work_push(w, WEFT__SIM_S, plus_or_minus(d, 40), room, user);
        return rc != 0 ? rc : weft__work_push(w, WEFT__SIM_R, WEFT__SIM_ASSIGN, user, room);
    }
    if (what < 70) return weft__work_push(w, WEFT__SIM_R, WEFT__SIM_ASSIGN, user, weft__draw_below(d, SEEDS));
    return draw(w, d, what < 85 ? "ewflag" : "lease", user % w->options->keys);
}

static int use_quota(struct weft__work *w, struct weft__draw *d) {
    uint64_t key = pick_key(w, d);
    int rc = draw(w, d, "bcounter", key);
    if (rc != 0 || happens(d, 50)) return rc;
    return weft__work_push(w, WEFT__SIM_G, WEFT__SIM_PLUS, key, 1 + weft__draw_below(d, 9));
}

/* --- Retwis --------------------------------------------------------------------------------------------------------
 */

static int follow(struct weft__work *w, struct weft__draw *d, uint64_t user) {
    struct weft__followers *f = &w->followers[user];
    uint32_t follower = (uint32_t)weft__draw_below(d, w->options->keys), i = 0;
    while (i < f->count && f->users[i] != follower) i++;
    if (i == f->count && i < WEFT__WORK_FOLLOWERS_MAX) f->users[f->count++] = follower;
    return weft__work_push(w, WEFT__SIM_S, WEFT__SIM_PLUS, user, follower);
}

static int post(struct weft__work *w, struct weft__draw *d, uint64_t user) {
    const struct weft__followers *f = &w->followers[user];
    uint64_t users = w->options->keys, number = w->posts++;
    int rc = weft__work_push(w, WEFT__SIM_R, WEFT__SIM_ASSIGN, number, weft__draw_below(d, UINT64_MAX >> 1));
    if (rc == 0) rc = weft__work_push(w, WEFT__SIM_S, WEFT__SIM_PLUS, users + user, number);
    for (uint32_t i = 0; rc == 0 && i < f->count; i++)
        rc = weft__work_push(w, WEFT__SIM_S, WEFT__SIM_PLUS, 2 * users + f->users[i], number);
    return rc;
}

static int tweet(struct weft__work *w, struct weft__draw *d) {
    uint64_t user = pick_key(w, d);
    return happens(d, 30) ? follow(w, d, user) : post(w, d, user);
}

int weft__work_named(struct weft__work *w, struct weft__draw *d) {
    static int (*const named[])(struct weft__work *, struct weft__draw *) = {
        [WEFT__WORK_COUNTERS] = count,   [WEFT__WORK_CARTS] = shop,   [WEFT__WORK_PRESENCE] = be_present,
        [WEFT__WORK_QUOTAS] = use_quota, [WEFT__WORK_RETWIS] = tweet,
    };
    return named[w->options->workload](w, d);
}
