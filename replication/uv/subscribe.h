/* subscribe.h: who is told of which keys. */
#ifndef WEFT_REPLICATION_UV_SUBSCRIBE_H
#define WEFT_REPLICATION_UV_SUBSCRIBE_H

#include <weft/uv.h>

struct weft__subscriptions {
    struct weft_subscription *first;  /* in the order they were made */
    struct weft_subscription *fresh;  /* made inside a callback: told from the next change on */
    struct weft_subscription *cursor; /* next to be told of the change that is being told */
    bool telling;
    const struct weft_alloc *alloc;
};

void weft__subscriptions_init(struct weft__subscriptions *all, const struct weft_alloc *alloc);
/* WEFT_ERR_NOMEM. */
int weft__subscriptions_add(struct weft__subscriptions *all, struct weft_slice prefix, struct weft_subscription *s);
/* `s` is not touched again: its owner may free it at once, also inside its own callback. Removing twice is fine. */
void weft__subscriptions_remove(struct weft__subscriptions *all, struct weft_subscription *s);
void weft__subscriptions_remove_all(struct weft__subscriptions *all);
void weft__subscriptions_tell(struct weft__subscriptions *all, const struct weft_change *change);

#endif
