/* topk.h: the k greatest scores, each of another element: leader boards, slowest requests, largest objects.
 *
 * Rule: an element's score is the greatest that it was given; shown are the k elements of the greatest scores, of equal
 * scores those of the smaller element. An add that does not raise its element's score, or that does not reach the k
 * that are shown here, is no add: it writes nothing. An add that pushes elements out of the k removes them.
 * Mathematics: DOTS, an element with its score; every add that no other has observed stands, the k are computed on
 * reading. Exact over what was seen: an element that was pushed out has k greater ones above it in every state that
 * knows of it, because scores only grow. What it loses: after a deletion of the board, elements that had been pushed
 * out before by elements which the deletion took away do not come back.
 *
 *   concurrent               result
 *   add(x, 3) || add(x, 5)   x has 5
 *   add(x) || add(y)         the k greatest of all
 *   add(x) || delete         x survives
 *
 * Use one k for one board: an element that was pushed out under a small k is missing under a greater one.
 * Cost: with m elements that stand (k, and what concurrent adds brought beyond it until the next add) add and open are
 * O(m log m). Limits: element of WEFT_VALUE_MAX bytes. */
#ifndef WEFT_TOPK_H
#define WEFT_TOPK_H

#include <weft/crdt.h>

#ifdef __cplusplus
extern "C" {
#endif

WEFT_API extern const struct weft_crdt_class weft_topk_class;

/* Sticky errors: WEFT_ERR_INVALID (k is 0), WEFT_ERR_LIMIT (element too long, transaction too large), WEFT_ERR_NOMEM.
 */
WEFT_API void weft_topk_add(struct weft_edit *e, struct weft_slice element, int64_t score, size_t k);

struct weft_topk_item {
    struct weft_slice element;
    int64_t score;
};
struct weft_topk {
    struct weft_topk_item *items; /* greatest score first */
    size_t count;                 /* k at most */
    size_t room;
    const struct weft_alloc *alloc;
};
/* WEFT_ERR_TYPE; WEFT_ERR_NOMEM. The view must not change meanwhile. */
WEFT_API int weft_topk_open(struct weft_topk *t, struct weft_view v, size_t k) WEFT_MUST_CHECK;
WEFT_API void weft_topk_close(struct weft_topk *t);

#ifdef __cplusplus
}
#endif

#endif
