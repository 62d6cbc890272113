/* alone_crdt.c: base, clock and crdt are of use without the engine.
 *
 * A shopping cart and a balance, each held twice; both sides edit without knowing of each other, exchange deltas as
 * bytes, late and twice, and end with the same bytes. */
#include <stdio.h>
#include <stdlib.h>

#include <weft/aworset.h>
#include <weft/pncounter.h>

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "alone_crdt: %s\n", what);
    exit(1);
}

static struct weft_value *held_by(const struct weft_crdt_class *cls, uint8_t who) {
    struct weft_value_options options;
    struct weft_value *value = NULL;
    weft_value_options_init(&options);
    options.origin = (struct weft_origin){{{who}}, 1};
    require(weft_value_new(&value, cls, &options) == 0, "a new value");
    return value;
}

static void commit(struct weft_value *v, struct weft_buf *delta) {
    require(weft_value_commit(v, (struct weft_stamp){0, 0}, delta) == 0, "an edit is committed");
}

static void require_equal(const struct weft_value *a, const struct weft_value *b) {
    struct weft_buf left, right;
    weft_buf_init(&left, NULL);
    weft_buf_init(&right, NULL);
    require(weft_value_encode(a, &left) == 0 && weft_value_encode(b, &right) == 0, "a value has bytes");
    require(weft_slice_eq(weft_buf_slice(&left), weft_buf_slice(&right)), "equal states are equal bytes");
    weft_buf_fini(&left);
    weft_buf_fini(&right);
}

static void cart(void) {
    struct weft_value *phone = held_by(&weft_aworset_class, 1), *laptop = held_by(&weft_aworset_class, 2);
    struct weft_buf first, removal, again;
    weft_buf_init(&first, NULL);
    weft_buf_init(&removal, NULL);
    weft_buf_init(&again, NULL);
    weft_aworset_add(weft_value_edit(phone), weft_str("milk"));
    weft_aworset_add(weft_value_edit(phone), weft_str("bread"));
    commit(phone, &first);
    require(weft_value_apply(laptop, weft_buf_slice(&first)) == 0, "a delta arrives");
    weft_aworset_remove(weft_value_edit(laptop), weft_str("milk"));
    weft_aworset_remove(weft_value_edit(laptop), weft_str("bread"));
    commit(laptop, &removal);
    weft_aworset_add(weft_value_edit(phone), weft_str("milk"));
    commit(phone, &again);
    require(weft_value_apply(phone, weft_buf_slice(&removal)) == 0, "a late delta arrives");
    require(weft_value_apply(laptop, weft_buf_slice(&again)) == 0, "a delta arrives");
    require(weft_value_apply(laptop, weft_buf_slice(&first)) == 0, "a delta arrives twice");
    require(weft_aworset_contains(weft_value_view(phone), weft_str("milk")), "an add wins over a concurrent remove");
    require(weft_aworset_size(weft_value_view(laptop)) == 1, "what was removed stays removed");
    require_equal(phone, laptop);
    weft_buf_fini(&first);
    weft_buf_fini(&removal);
    weft_buf_fini(&again);
    weft_value_free(phone);
    weft_value_free(laptop);
}

static void balance(void) {
    struct weft_value *till = held_by(&weft_pncounter_class, 1), *bank = held_by(&weft_pncounter_class, 2);
    int64_t sum = 0;
    weft_pncounter_add(weft_value_edit(till), 100);
    commit(till, NULL);
    weft_pncounter_add(weft_value_edit(bank), -30);
    commit(bank, NULL);
    require(weft_value_merge(till, bank) == 0 && weft_value_merge(bank, till) == 0, "two values are merged");
    require(weft_pncounter_value(weft_value_view(till), &sum) == 0 && sum == 70, "both changes count, once each");
    require_equal(till, bank);
    weft_value_free(till);
    weft_value_free(bank);
}

int main(void) {
    cart();
    balance();
    return 0;
}
