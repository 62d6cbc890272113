/* topk.c: a topk of two places against a replay of the history: an add that its element's score or the two best where
 * it is made beat is no write; one that is takes away what it has seen of its element and what it pushes out; the value
 * is the two best of what stands. */
#include <inttypes.h>

#include <weft/topk.h>

#include "sim/laws/builtin.h"

enum { SCORE = 1, PLACES = 2, ELEMENTS = 3, OPS = WEFT_LAW_COMMITS * WEFT_LAW_EDITS };
static const char *const kinds[] = {"score", NULL};
static const char *const elements[] = {"x", "y", "z"};

static void any_score(void *ctx, struct weft_law_choices *c, struct weft_edit *e, struct weft_law_op *op) {
    (void)ctx;
    op->kind = SCORE;
    op->target = weft_law_choose_kind(c, ELEMENTS);
    op->amount = (int64_t)weft_law_choose(c, 3);
    weft_law_tell(c, op, "%s scores %" PRId64, elements[op->target], op->amount);
    weft_topk_add(e, weft_str(elements[op->target]), op->amount, PLACES);
}

static int best(void *ctx, struct weft_view v, struct weft_buf *out) {
    (void)ctx;
    struct weft_topk t;
    int rc = weft_topk_open(&t, v, PLACES);
    if (rc != 0) return rc;
    for (size_t i = 0; i < t.count; i++)
        weft_buf_printf(out, "%.*s: %" PRId64 " ", (int)t.items[i].element.len, (const char *)t.items[i].element.ptr,
                        t.items[i].score);
    weft_topk_close(&t);
    return weft_buf_append(out, "", 0);
}

struct board {
    int64_t score[ELEMENTS]; /* -1: not there */
};

struct replay {
    const struct weft_law_history *h;
    bool takes[OPS][OPS]; /* [m][i]: operation m took away what operation i wrote; [m][m]: it wrote nothing */
};

static struct board board_of(const struct replay *r, size_t count, const size_t *viewer) {
    const struct weft_law_history *h = r->h;
    struct board b = {{-1, -1, -1}};
    for (size_t i = 0; i < count; i++) {
        bool stands = h->ops[i].kind == SCORE && !r->takes[i][i] && (viewer == NULL || weft_law_saw(h, *viewer, i));
        for (size_t m = i + 1; stands && m < count; m++)
            stands = !(r->takes[m][i] && (viewer == NULL || weft_law_saw(h, *viewer, m)));
        if (stands && h->ops[i].amount > b.score[h->ops[i].target]) b.score[h->ops[i].target] = h->ops[i].amount;
    }
    return b;
}

static size_t place_of(const struct board *b, size_t element) {
    size_t before = 0;
    for (size_t i = 0; i < ELEMENTS; i++)
        before += b->score[i] > b->score[element] || (i < element && b->score[i] == b->score[element]);
    return before;
}

static void perform(struct replay *r, size_t m) {
    const struct weft_law_op *op = &r->h->ops[m];
    struct board b = board_of(r, m, &m);
    bool gone[ELEMENTS] = {true, true, true};
    for (size_t i = 0; i <= m; i++) r->takes[m][i] = false;
    if (op->kind == SCORE) {
        r->takes[m][m] = op->amount < b.score[op->target];
        b.score[op->target] = op->amount;
        r->takes[m][m] = r->takes[m][m] || place_of(&b, op->target) >= PLACES;
        if (r->takes[m][m]) return;
        for (size_t e = 0; e < ELEMENTS; e++) gone[e] = e == op->target || place_of(&b, e) >= PLACES;
    }
    for (size_t i = 0; i < m; i++) r->takes[m][i] = weft_law_saw(r->h, m, i) && gone[r->h->ops[i].target];
}

static int two_best(void *ctx, const struct weft_law_history *h, struct weft_buf *out) {
    (void)ctx;
    struct replay r;
    r.h = h;
    for (size_t m = 0; m < h->count; m++) perform(&r, m);
    struct board b = board_of(&r, h->count, NULL);
    for (size_t place = 0; place < PLACES; place++)
        for (size_t e = 0; e < ELEMENTS; e++)
            if (b.score[e] >= 0 && place_of(&b, e) == place)
                weft_buf_printf(out, "%s: %" PRId64 " ", elements[e], b.score[e]);
    return weft_buf_append(out, "", 0);
}

const struct weft__law_type weft__law_topk = {&weft_topk_class, NULL, any_score, best, two_best, kinds, 3};
