/* scene_pick.c: all, where there is room; otherwise what the explanation is about, then faults, then the last
 * transactions before the end. */
#include <stdlib.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "replication/message.h"
#include "sim/scene.h"

#define ROOM 240u /* ends of messages and marks that are drawn */

static bool is_about(const struct weft__scene *c, struct weft__story_span span) {
    return c->commit != NULL && span.origin == c->commit->origin && span.first <= c->commit->seq &&
           c->commit->seq <= span.last;
}

static uint8_t notice_rank(enum weft_notice_kind kind) {
    switch (kind) {
    case WEFT_NOTICE_DURABLE:
    case WEFT_NOTICE_CHECKPOINT:
    case WEFT_NOTICE_PARKED:
    case WEFT_NOTICE_UNPARKED:
        return 0;
    default:
        return 2;
    }
}

/* UINT8_MAX: never drawn. */
static uint8_t mark_rank(const struct weft__scene *c, const struct weft__story_mark *m) {
    switch (m->kind) {
    case WEFT__STORY_FAIL:
        return 3;
    case WEFT__STORY_COMMIT:
    case WEFT__STORY_APPLY:
    case WEFT__STORY_JOIN:
    case WEFT__STORY_FORGET:
        return is_about(c, m->span) ? 3 : 1;
    case WEFT__STORY_APP:
    case WEFT__STORY_SAID:
        return 1;
    case WEFT__STORY_START:
        return m->at_ns == 0 ? UINT8_MAX : 2;
    case WEFT__STORY_STOP:
    case WEFT__STORY_ITEM:
        return 2;
    case WEFT__STORY_NOTICE:
        return notice_rank((enum weft_notice_kind)m->number);
    case WEFT__STORY_LINK_UP:
    case WEFT__STORY_LINK_DOWN:
        break;
    }
    return UINT8_MAX;
}

static uint8_t message_rank(const struct weft__scene *c, const struct weft__story_message *m) {
    const struct weft__story *t = c->x->s->story;
    if (c->commit != NULL && weft__story_carries(t, m, c->commit->origin, c->commit->seq)) return 3;
    return m->kind == WEFT__MESSAGE_DIGEST ? 0 : 1;
}

static int push(struct weft__scene *c, struct weft__scene_thing **all, size_t *count, size_t *cap,
                struct weft__scene_thing thing) {
    void *items = *all;
    int rc = weft__grow(c->alloc, &items, cap, *count + 1, sizeof **all);
    *all = items;
    if (rc == 0) (*all)[(*count)++] = thing;
    return rc;
}

static int by_time(const void *a, const void *b) {
    const struct weft__scene_thing *x = a, *y = b;
    if (x->at_ns != y->at_ns) return x->at_ns < y->at_ns ? -1 : 1;
    if ((x->mark == NULL) != (y->mark == NULL)) return x->mark != NULL ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static int gather_marks(struct weft__scene *c, struct weft__scene_thing **all, size_t *count, size_t *cap) {
    const struct weft__story_ring *marks = &c->x->s->story->marks;
    int rc = 0;
    for (uint64_t i = weft__story_begin(marks); rc == 0 && i < marks->end; i++) {
        const struct weft__story_mark *m = weft__story_at(marks, i);
        uint8_t rank = mark_rank(c, m);
        bool has_lane = m->kind == WEFT__STORY_ITEM || weft__scene_lane(c, m->replica) != SIZE_MAX;
        if (rank == UINT8_MAX || !has_lane) continue;
        struct weft__scene_thing thing = {.at_ns = m->at_ns, .order = i, .mark = m, .rank = rank};
        rc = push(c, all, count, cap, thing);
    }
    return rc;
}

static int gather_messages(struct weft__scene *c, const struct weft__story_ring *ring, struct weft__scene_thing **all,
                           size_t *count, size_t *cap) {
    int rc = 0;
    for (uint64_t i = weft__story_begin(ring); rc == 0 && i < ring->end; i++) {
        const struct weft__story_message *m = weft__story_at(ring, i);
        if (weft__scene_lane(c, m->from) == SIZE_MAX || weft__scene_lane(c, m->to) == SIZE_MAX) continue;
        struct weft__scene_thing thing = {
            .at_ns = m->sent_ns, .order = m->number, .message = m, .rank = message_rank(c, m)};
        rc = push(c, all, count, cap, thing);
    }
    return rc;
}

static size_t room_of(const struct weft__scene_thing *t) {
    return t->mark != NULL ? 1 : 2;
}

/* The last of a rank that fit into what is left up to `most`. */
static void draw_last(struct weft__scene_thing *all, size_t count, uint8_t rank, size_t most, size_t *used) {
    for (size_t i = count; i-- > 0;) {
        if (all[i].rank != rank || all[i].drawn) continue;
        if (*used + room_of(&all[i]) > most) return;
        *used += room_of(&all[i]);
        all[i].drawn = true;
    }
}

/* Of what it is about the beginning, too. */
static void draw_first(struct weft__scene_thing *all, size_t count, size_t most, size_t *used) {
    for (size_t i = 0; i < count && *used < most; i++) {
        if (all[i].rank != 3) continue;
        *used += room_of(&all[i]);
        all[i].drawn = true;
    }
}

int weft__scene_pick(struct weft__scene *c, struct weft__scene_thing **all, size_t *count, size_t *cap) {
    const struct weft__story *t = c->x->s->story;
    size_t used = 0, needed = 0, drawn = 0;
    int rc = gather_marks(c, all, count, cap);
    if (rc == 0) rc = gather_messages(c, &t->messages, all, count, cap);
    if (rc == 0) rc = gather_messages(c, &t->digests, all, count, cap);
    if (rc != 0) return rc;
    if (*count > 0) qsort(*all, *count, sizeof **all, by_time);
    for (size_t i = 0; i < *count; i++) needed += room_of(&(*all)[i]);
    draw_first(*all, *count, ROOM / 6, &used);
    draw_last(*all, *count, 3, ROOM / 2, &used);
    draw_last(*all, *count, 2, ROOM / 4 * 3, &used);
    draw_last(*all, *count, 1, ROOM, &used);
    c->without_digests = needed > ROOM;
    if (!c->without_digests) draw_last(*all, *count, 0, ROOM, &used);
    for (size_t i = 0; i < *count; i++) drawn += (*all)[i].drawn;
    c->left_out = *count - drawn;
    return 0;
}
