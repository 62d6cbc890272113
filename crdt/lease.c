/* lease.c: STAMPED DOTS under the empty element; a dot's value is the duration, a little-endian word, then the owner.
 *
 * The deadline is not written: it is the dot's stamp, which is known only at commit, plus the duration. An acquisition
 * is refused while another owner's lease stands at weft_edit_now, and the commit's stamp is not before that. So the
 * stamps in the state tell the same story as whoever acquired it saw: a lease that was overcome had expired. */
#include <weft/lease.h>

#include <inttypes.h>
#include <string.h>

#include <weft/limits.h>

#include "base/endian.h"
#include "crdt/text.h"
#include "crdt/view.h"

#define DURATION_LEN 8u

static const struct weft_slice nothing = {NULL, 0};

static bool read_write(const struct weft_write *write, struct weft_lease *out) {
    if (write->value.len < DURATION_LEN || write->value.len > DURATION_LEN + WEFT_KEY_MAX) return false;
    uint64_t duration = weft__load64(write->value.ptr), word = write->stamp.word;
    if (duration == 0) return false;
    out->owner = weft_slice(write->value.ptr + DURATION_LEN, write->value.len - DURATION_LEN);
    out->deadline.epoch = write->stamp.epoch;
    out->deadline.word = duration > UINT64_MAX - word ? UINT64_MAX : word + duration;
    out->token = (struct weft_lease_token){write->stamp, write->origin};
    return true;
}

/* The acquisition with the greatest token, whether or not its time is over. Writes come in the order of origins. */
static bool winner_of(struct weft_view v, struct weft_lease *winner) {
    struct weft__writes it;
    struct weft_write write;
    struct weft_lease lease;
    bool any = false;
    for (weft__writes_open(&it, v, nothing, nothing); weft__writes_next(&it, &write);) {
        if (!read_write(&write, &lease)) continue;
        if (any && weft_stamp_cmp(lease.token.stamp, winner->token.stamp) < 0) continue;
        *winner = lease;
        any = true;
    }
    return any;
}

static bool has_expired(const struct weft_lease *l, struct weft_stamp at) {
    return weft_stamp_cmp(at, l->deadline) >= 0;
}

static int print(struct weft_view v, struct weft_buf *out) {
    struct weft_lease l;
    if (!winner_of(v, &l)) return weft_buf_append_str(out, "free");
    (void)weft_buf_append_str(out, "\"");
    (void)weft__text_escape(out, l.owner);
    return weft_buf_printf(out, "\" until %u.%016" PRIx64, l.deadline.epoch, l.deadline.word);
}

const struct weft_crdt_class weft_lease_class = {
    .size = sizeof(struct weft_crdt_class),
    .name = "lease",
    .type = WEFT_TYPE_ID(16, WEFT_KERNEL_STAMPED),
    .schema = 1,
    .print = print,
};

void weft_lease_acquire(struct weft_edit *e, struct weft_slice owner, uint64_t duration) {
    if (!weft__edit_is(e, &weft_lease_class)) return;
    struct weft_lease standing;
    uint8_t value[DURATION_LEN + WEFT_KEY_MAX];
    if (duration == 0 || owner.len > WEFT_KEY_MAX) {
        weft_edit_fail(e, duration == 0 ? WEFT_ERR_INVALID : WEFT_ERR_LIMIT);
    } else if (winner_of(weft_edit_view(e), &standing) && !weft_slice_eq(standing.owner, owner) &&
               !has_expired(&standing, weft_edit_now(e))) {
        weft_edit_fail(e, WEFT_ERR_HELD);
    } else {
        weft__store64(value, duration);
        if (owner.len > 0) memcpy(value + DURATION_LEN, owner.ptr, owner.len);
        weft_edit_put(e, nothing, nothing, weft_slice(value, DURATION_LEN + owner.len));
    }
}

void weft_lease_release(struct weft_edit *e, struct weft_slice owner) {
    struct weft_lease standing;
    if (!weft__edit_is(e, &weft_lease_class) || !winner_of(weft_edit_view(e), &standing)) return;
    if (weft_slice_eq(standing.owner, owner)) weft_edit_drop(e, nothing, nothing);
}

int weft_lease_holder(struct weft_view v, struct weft_stamp at, struct weft_lease *out) {
    if (!weft__view_is(v, &weft_lease_class)) return WEFT_ERR_TYPE;
    struct weft_lease winner;
    if (!winner_of(v, &winner) || has_expired(&winner, at)) return WEFT_ERR_NOT_FOUND;
    *out = winner;
    return 0;
}

int weft_lease_token_cmp(const struct weft_lease_token *a, const struct weft_lease_token *b) {
    int order = weft_stamp_cmp(a->stamp, b->stamp);
    return order != 0 ? order : weft_origin_cmp(&a->origin, &b->origin);
}

void weft_lease_token_store(const struct weft_lease_token *token, uint8_t out[WEFT_LEASE_TOKEN_LEN]) {
    out[0] = token->stamp.epoch;
    weft__store64_be(out + 1, token->stamp.word);
    memcpy(out + 9, token->origin.replica.bytes, 16);
    weft__store64_be(out + 25, token->origin.epoch);
}
