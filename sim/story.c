/* story.c: rings of the last so many, so that a run of any length has a story of a bounded one. What a failure needs is
 * near the end; what is older is in the timeline (timeline.c) and in the history, which forgets nothing. Digests, which
 * are most of an idle network's messages, have a ring of their own and push nothing else out. */
#include "sim/story.h"

#include <stdio.h>
#include <string.h>

#include <weft/clock.h>
#include <weft/err.h>

#include "base/alloc.h"
#include "replication/message.h"
#include "replication/transaction.h"
#include "sim/world.h"

#define MESSAGES_MAX ((size_t)1 << 18)
#define DIGESTS_MAX  ((size_t)1 << 16)
#define SPANS_MAX    ((size_t)1 << 19)
#define MARKS_MAX    ((size_t)1 << 19)
#define ITEMS_MAX    ((size_t)1 << 14)
#define COMMITS_MAX  ((size_t)1 << 20)

/* --- Rings -------------------------------------------------------------------------------------------------------- */

static void ring_init(struct weft__story_ring *r, size_t size, size_t max) {
    *r = (struct weft__story_ring){.size = size, .max = max};
}

/* The place of the next one. Sizes are powers of two up to the greatest, and nothing wraps before that is reached. */
void *weft__story_push(struct weft__story *t, struct weft__story_ring *r) {
    if (r->end == r->cap && r->cap < r->max) {
        size_t cap = r->cap == 0 ? 64 : r->cap * 2;
        void *items = weft__realloc(t->alloc, r->items, r->cap * r->size, cap * r->size);
        if (items == NULL) return NULL;
        r->items = items;
        r->cap = cap;
    }
    return r->items + (size_t)(r->end++ % r->cap) * r->size;
}

uint64_t weft__story_begin(const struct weft__story_ring *r) {
    return r->end > r->cap ? r->end - r->cap : 0;
}

const void *weft__story_at(const struct weft__story_ring *r, uint64_t number) {
    if (number >= r->end || number < weft__story_begin(r)) return NULL;
    return r->items + (size_t)(number % r->cap) * r->size;
}

int weft__story_new(struct weft__story **out, const struct weft_alloc *alloc) {
    struct weft__story *t = weft__calloc(alloc, 1, sizeof *t);
    *out = t;
    if (t == NULL) return WEFT_ERR_NOMEM;
    t->alloc = alloc;
    t->failed_at = UINT32_MAX;
    ring_init(&t->messages, sizeof(struct weft__story_message), MESSAGES_MAX);
    ring_init(&t->digests, sizeof(struct weft__story_message), DIGESTS_MAX);
    ring_init(&t->spans, sizeof(struct weft__story_span), SPANS_MAX);
    ring_init(&t->marks, sizeof(struct weft__story_mark), MARKS_MAX);
    ring_init(&t->items, sizeof(struct weft__sim_item), ITEMS_MAX);
    ring_init(&t->touches, sizeof(struct weft__story_touch), ITEMS_MAX);
    ring_init(&t->commits, sizeof(struct weft__story_commit), COMMITS_MAX);
    ring_init(&t->sayings, sizeof(struct weft__story_saying), ITEMS_MAX);
    weft__timeline_init(&t->timeline, alloc);
    return 0;
}

void weft__story_free(struct weft__story *t) {
    if (t == NULL) return;
    struct weft__story_ring *rings[] = {&t->messages, &t->digests, &t->spans,   &t->marks,
                                        &t->items,    &t->touches, &t->commits, &t->sayings};
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++)
        weft__free(t->alloc, rings[i]->items, rings[i]->cap * rings[i]->size);
    for (size_t i = 0; i < t->replica_count; i++) weft__vector_fini(&t->applied[i]);
    weft__free(t->alloc, t->applied, t->replica_cap * sizeof *t->applied);
    weft__free(t->alloc, t->owners, t->owner_cap * sizeof *t->owners);
    weft__timeline_fini(&t->timeline);
    weft__free(t->alloc, t, sizeof *t);
}

static int mark(struct weft_sim *s, enum weft__story_mark_kind kind, uint32_t i, uint32_t other, uint64_t number) {
    if (s->story == NULL) return 0;
    struct weft__story_mark *m = weft__story_push(s->story, &s->story->marks);
    if (m == NULL) return WEFT_ERR_NOMEM;
    *m = (struct weft__story_mark){.at_ns = s->now_ns, .kind = kind, .replica = i, .other = other, .number = number};
    return 0;
}

int weft__story_item(struct weft_sim *s, const struct weft__sim_item *item) {
    if (s->story == NULL || item->kind == WEFT__SIM_TXN) return 0;
    if (item->kind == WEFT__SIM_APP) return mark(s, WEFT__STORY_APP, item->replica, 0, item->number);
    struct weft__sim_item *copy = weft__story_push(s->story, &s->story->items);
    if (copy == NULL) return WEFT_ERR_NOMEM;
    *copy = *item;
    copy->at_ns = s->now_ns;
    return mark(s, WEFT__STORY_ITEM, item->replica, 0, s->story->items.end - 1);
}

void weft__story_said(struct weft_sim *s, uint32_t i, const char *text) {
    struct weft__story_saying *to = s->story == NULL ? NULL : weft__story_push(s->story, &s->story->sayings);
    if (to == NULL) return;
    (void)snprintf(to->text, sizeof to->text, "%s", text);
    (void)mark(s, WEFT__STORY_SAID, i, 0, s->story->sayings.end - 1);
}

int weft__story_link(struct weft_sim *s, uint32_t a, uint32_t b, bool up) {
    return mark(s, up ? WEFT__STORY_LINK_UP : WEFT__STORY_LINK_DOWN, a, b, 0);
}

void weft__story_failed(struct weft_sim *s, uint32_t i) {
    if (s->story == NULL) return;
    s->story->failed_at = i;
    s->story->failed_taking = s->story->delivering;
    (void)mark(s, WEFT__STORY_FAIL, i, 0, 0); /* out of memory: the report says so where it matters */
}

/* --- Messages ----------------------------------------------------------------------------------------------------- */

static int add_span(struct weft_sim *s, struct weft__story_message *m, const struct weft_origin *origin, uint64_t first,
                    uint64_t last) {
    struct weft__story *t = s->story;
    uint32_t number;
    if (!weft_origins_find(s->check.history.numbers, origin, &number)) return 0; /* of a message that was altered */
    struct weft__story_span *before =
        m->span_count == 0 ? NULL : (void *)(uintptr_t)weft__story_at(&t->spans, t->spans.end - 1);
    if (before != NULL && before->origin == number && before->last + 1 == first) {
        before->last = last;
        return 0;
    }
    struct weft__story_span *fresh = weft__story_push(t, &t->spans);
    if (fresh == NULL) return WEFT_ERR_NOMEM;
    *fresh = (struct weft__story_span){number, first, last};
    m->span_count++;
    return 0;
}

static int read_message(struct weft_sim *s, struct weft__story_message *m, struct weft_slice bytes) {
    struct weft__message read;
    m->first_span = s->story->spans.end;
    int rc = weft__message_decode(&read, bytes, s->alloc);
    if (rc != 0) return rc == WEFT_ERR_NOMEM ? rc : 0;
    m->kind = (uint8_t)read.kind;
    for (size_t i = 0; rc == 0 && read.kind == WEFT__MESSAGE_TRANSACTIONS && i < read.transactions.count; i++) {
        struct weft__transaction one;
        if (weft__transaction_parse(&one, read.transactions.items[i]) == 0)
            rc = add_span(s, m, &one.origin, one.seq, one.seq);
    }
    for (size_t i = 0; rc == 0 && read.kind == WEFT__MESSAGE_REQUEST && i < read.request.count; i++) {
        const struct weft__range *r = &read.request.ranges[i];
        rc = add_span(s, m, &r->origin, r->after + 1, r->upto);
    }
    weft__message_fini(&read);
    return rc;
}

static uint32_t first_change(struct weft_slice bytes, const struct weft__parcel *packed) {
    size_t len = bytes.len < packed->shown ? bytes.len : packed->shown;
    for (size_t i = 0; i < len; i++)
        if (bytes.ptr[i] != packed->bytes[i]) return (uint32_t)i;
    return bytes.len == packed->shown ? UINT32_MAX : (uint32_t)len;
}

enum weft__story_fate weft__story_why_lost(const struct weft_sim *s, uint32_t from, uint32_t to) {
    if (weft__net_is_parted(&s->net, from, to)) return WEFT__STORY_PARTED;
    return weft__net_is_open(&s->net, from, to) ? WEFT__STORY_LOST : WEFT__STORY_CUT;
}

static void count_bytes(struct weft__story *t, const struct weft__story_message *m) {
    bool fresh;
    size_t at = weft__timeline_at(&t->timeline, m->sent_ns, &fresh);
    if (m->kind >= WEFT__MESSAGE_DIGEST) t->timeline.bytes[m->kind - WEFT__MESSAGE_DIGEST][at] += m->len;
}

/* The number says which ring, too: even ones are digests. */
int weft__story_sent(struct weft_sim *s, uint32_t from, const struct weft_message *m, const struct weft__fate *fate,
                     const struct weft__parcel *packed, uint64_t *number) {
    struct weft__story *t = s->story;
    *number = 0;
    if (t == NULL) return 0;
    struct weft__story_message fresh = {.number = ++t->sent,
                                        .sent_ns = s->now_ns,
                                        .ended_ns = UINT64_MAX,
                                        .from = from,
                                        .to = m->link,
                                        .len = (uint32_t)m->bytes.len,
                                        .changed_at = UINT32_MAX,
                                        .copies = packed == NULL ? 0 : (uint8_t)fate->copies};
    int rc = read_message(s, &fresh, m->bytes);
    if (rc != 0) return rc;
    if (packed == NULL) {
        fresh.fate = (uint8_t)(fate->rc != 0 ? WEFT__STORY_FULL : weft__story_why_lost(s, from, m->link));
        fresh.ended_ns = s->now_ns;
    } else {
        fresh.changed_at = first_change(m->bytes, packed);
    }
    count_bytes(t, &fresh);
    bool is_digest = fresh.kind == WEFT__MESSAGE_DIGEST;
    struct weft__story_ring *ring = is_digest ? &t->digests : &t->messages;
    struct weft__story_message *to = weft__story_push(t, ring);
    if (to == NULL) return WEFT_ERR_NOMEM;
    *to = fresh;
    *number = ring->end * 2 - is_digest;
    return 0;
}

static struct weft__story_message *kept(struct weft__story *t, uint64_t number) {
    struct weft__story_ring *ring = number % 2 == 1 ? &t->digests : &t->messages;
    if (number == 0) return NULL;
    return (struct weft__story_message *)(uintptr_t)weft__story_at(ring, (number + number % 2) / 2 - 1);
}

const struct weft__story_message *weft__story_message(const struct weft__story *t, uint64_t number) {
    return kept((struct weft__story *)(uintptr_t)t, number);
}

void weft__story_ended(struct weft_sim *s, uint64_t number, enum weft__story_fate fate) {
    struct weft__story_message *m = s->story == NULL ? NULL : kept(s->story, number);
    if (m == NULL) return;
    if (fate == WEFT__STORY_ARRIVED) m->arrived++;
    if (m->fate == WEFT__STORY_ARRIVED) return;
    m->fate = (uint8_t)fate;
    m->ended_ns = s->now_ns;
}

void weft__story_delivers(struct weft_sim *s, uint64_t number) {
    if (s->story == NULL) return;
    s->story->delivering = number;
    weft__story_ended(s, number, WEFT__STORY_ARRIVED);
}

bool weft__story_carries(const struct weft__story *t, const struct weft__story_message *m, uint32_t origin,
                         uint64_t seq) {
    for (uint64_t i = m->first_span; i < m->first_span + m->span_count; i++) {
        const struct weft__story_span *span = weft__story_at(&t->spans, i);
        if (span != NULL && span->origin == origin && span->first <= seq && seq <= span->last) return true;
    }
    return false;
}

const char *weft__story_fate_text(enum weft__story_fate fate) {
    static const char *const texts[] = {
#define TEXT(name, text) text,
        WEFT__STORY_FATE_MAP(TEXT)
#undef TEXT
    };
    return texts[fate];
}

const char *weft__story_kind(uint8_t kind) {
    static const char *const names[] = {"digest", "request", "transactions", "state request", "state"};
    return kind < WEFT__MESSAGE_DIGEST || kind > WEFT__MESSAGE_STATE_CHUNK ? "unreadable"
                                                                           : names[kind - WEFT__MESSAGE_DIGEST];
}

const char *weft__story_notice(uint64_t kind) {
    static const char *const texts[] = {[WEFT_NOTICE_DURABLE] = "durable",
                                        [WEFT_NOTICE_PARKED] = "parked a transaction",
                                        [WEFT_NOTICE_UNPARKED] = "took a parked transaction",
                                        [WEFT_NOTICE_VOID] = "void",
                                        [WEFT_NOTICE_REFUSED] = "refused a message",
                                        [WEFT_NOTICE_CLONED] = "found a clone",
                                        [WEFT_NOTICE_SAME_REPLICA] = "a copied store",
                                        [WEFT_NOTICE_EQUIVOCATION] = "equivocation",
                                        [WEFT_NOTICE_STATE_BEGUN] = "a state begins",
                                        [WEFT_NOTICE_STATE_DONE] = "took a state",
                                        [WEFT_NOTICE_CHECKPOINT] = "checkpoint",
                                        [WEFT_NOTICE_DIVERGED] = "diverged",
                                        [WEFT_NOTICE_REISSUED] = "issued again",
                                        [WEFT_NOTICE_STATE_DROPPED] = "dropped a state",
                                        [WEFT_NOTICE_STATE_TOO_LARGE] = "a state too large"};
    return kind < sizeof texts / sizeof *texts && texts[kind] != NULL ? texts[kind] : "notice";
}
