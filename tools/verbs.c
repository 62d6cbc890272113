/* verbs.c: the table, and the reading of what its functions take. */
#include "tools/verbs.h"

#include <stdint.h>

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/causal.h>
#include <weft/clock.h>
#include <weft/dwflag.h>
#include <weft/err.h>
#include <weft/ewflag.h>
#include <weft/gcounter.h>
#include <weft/gset.h>
#include <weft/hll.h>
#include <weft/lease.h>
#include <weft/lwwreg.h>
#include <weft/lwwset.h>
#include <weft/maxreg.h>
#include <weft/mvreg.h>
#include <weft/ormap.h>
#include <weft/pncounter.h>
#include <weft/rworset.h>
#include <weft/topk.h>
#include <weft/windowcounter.h>

/* --- Words -------------------------------------------------------------------------------------------------------- */

/* Decimal digits only. */
static int read_u64(struct weft_slice s, uint64_t *out) {
    uint64_t v = 0;
    if (s.len == 0) return WEFT_ERR_INVALID;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') return WEFT_ERR_INVALID;
        uint64_t digit = (uint64_t)(s.ptr[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) return WEFT_ERR_RANGE;
        v = v * 10 + digit;
    }
    *out = v;
    return 0;
}

static int read_i64(struct weft_slice s, int64_t *out) {
    bool negative = s.len > 0 && s.ptr[0] == '-', sign = negative || (s.len > 0 && s.ptr[0] == '+');
    uint64_t v;
    int rc = read_u64(weft_slice(s.ptr + sign, s.len - sign), &v);
    if (rc != 0) return rc;
    if (v > (uint64_t)INT64_MAX + negative) return WEFT_ERR_RANGE;
    *out = !negative ? (int64_t)v : v == 0 ? 0 : -(int64_t)(v - 1) - 1;
    return 0;
}

static int take_amount(struct weft_slice word, uint64_t *out, const char **wrong) {
    int rc = read_u64(word, out);
    if (rc != 0) *wrong = "not a whole number from 0 to 18446744073709551615";
    return rc;
}

static int take_number(struct weft_slice word, int64_t *out, const char **wrong) {
    int rc = read_i64(word, out);
    if (rc != 0) *wrong = "not a whole number from -9223372036854775808 to 9223372036854775807";
    return rc;
}

/* As a difference of words of the clock. */
static int take_seconds(struct weft_slice word, uint64_t *out, const char **wrong) {
    int rc = read_u64(word, out);
    if (rc == 0 && *out > UINT32_MAX / 2) rc = WEFT_ERR_RANGE;
    if (rc != 0) *wrong = "not a whole number of seconds from 0 to 2147483647";
    if (rc == 0) *out = WEFT_HLC_SECONDS(*out);
    return rc;
}

static bool read_hex(struct weft_slice s, uint64_t *out) {
    *out = 0;
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool is_digit = c >= '0' && c <= '9', is_letter = c >= 'a' && c <= 'f';
        if (!is_digit && !is_letter) return false;
        *out = *out << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    return s.len == 16;
}

/* As status and commit print it. */
static int take_origin(struct weft_slice word, struct weft_origin *out, const char **wrong) {
    size_t id = WEFT_ID_TEXT - 1;
    bool is_one = word.len > id && word.ptr[id] == ':' && weft_id_parse(weft_slice(word.ptr, id), &out->replica) == 0 &&
                  read_hex(weft_slice(word.ptr + id + 1, word.len - id - 1), &out->epoch);
    if (!is_one) *wrong = "not an origin: replica id, a colon, epoch, as commit answers it";
    return is_one ? 0 : WEFT_ERR_INVALID;
}

/* --- What takes more than one of them ----------------------------------------------------------------------------- */

static int topk_add(struct weft_edit *e, const struct weft_slice *words, const char **wrong) {
    int64_t score;
    uint64_t places;
    int rc = take_number(words[1], &score, wrong);
    if (rc == 0) rc = take_amount(words[2], &places, wrong);
    if (rc == 0 && places == 0) *wrong = "K is 1 at least";
    if (rc == 0) weft_topk_add(e, words[0], score, (size_t)places);
    return rc;
}

static int lease_acquire(struct weft_edit *e, const struct weft_slice *words, const char **wrong) {
    uint64_t duration;
    int rc = take_seconds(words[1], &duration, wrong);
    if (rc == 0 && duration == 0) *wrong = "a lease is for a second at least";
    if (rc == 0) weft_lease_acquire(e, words[0], duration);
    return rc;
}

static int window_add(struct weft_edit *e, const struct weft_slice *words, const char **wrong) {
    uint64_t amount, window = 0, slot = 0;
    int rc = take_amount(words[0], &amount, wrong);
    if (rc == 0) rc = take_seconds(words[1], &window, wrong);
    if (rc == 0) rc = take_seconds(words[2], &slot, wrong);
    if (rc == 0 && (slot == 0 || slot > window)) *wrong = "a slot is a second at least, and no longer than the window";
    if (rc == 0) weft_windowcounter_add(e, amount, window, slot);
    return rc;
}

static int rights_transfer(struct weft_edit *e, const struct weft_slice *words, const char **wrong) {
    struct weft_origin to;
    uint64_t amount;
    int rc = take_origin(words[0], &to, wrong);
    if (rc == 0) rc = take_amount(words[1], &amount, wrong);
    if (rc == 0) weft_bcounter_transfer(e, &to, amount);
    return rc;
}

static int rights_claim(struct weft_edit *e, const struct weft_slice *words, const char **wrong) {
    struct weft_origin from;
    int rc = take_origin(words[0], &from, wrong);
    if (rc == 0) weft_bcounter_claim(e, &from);
    return rc;
}

/* --- The table ---------------------------------------------------------------------------------------------------- */

#define BARE(type, verb)                                                                                               \
    { &weft_##type##_class, #verb, "", 0, 0, .bare = weft_##type##_##verb }
#define ELEMENT(type, verb)                                                                                            \
    { &weft_##type##_class, #verb, "ELEMENT", 1, 1, .bytes = weft_##type##_##verb }
#define VALUE(type, verb)                                                                                              \
    { &weft_##type##_class, #verb, "VALUE", 1, SIZE_MAX, .bytes = weft_##type##_##verb }
#define AMOUNT(type, verb)                                                                                             \
    { &weft_##type##_class, #verb, "[N]", 0, 1, .amount = weft_##type##_##verb }
#define NUMBER(type, verb)                                                                                             \
    { &weft_##type##_class, #verb, "N", 1, 1, .number = weft_##type##_##verb }
#define WORDS(type, verb, n, arguments, run)                                                                           \
    { &weft_##type##_class, #verb, arguments, n, n, .words = run }

static const struct weft__verb verbs[] = {
    AMOUNT(gcounter, add),
    NUMBER(pncounter, add),
    NUMBER(maxreg, set),
    NUMBER(minreg, set),
    VALUE(lwwreg, set),
    BARE(lwwreg, clear),
    VALUE(mvreg, set),
    BARE(mvreg, clear),
    ELEMENT(gset, add),
    ELEMENT(aworset, add),
    ELEMENT(aworset, remove),
    ELEMENT(rworset, add),
    ELEMENT(rworset, remove),
    ELEMENT(lwwset, add),
    ELEMENT(lwwset, remove),
    BARE(ewflag, enable),
    BARE(ewflag, disable),
    BARE(dwflag, enable),
    BARE(dwflag, disable),
    WORDS(topk, add, 3, "ELEMENT SCORE K", topk_add),
    WORDS(lease, acquire, 2, "OWNER SECONDS", lease_acquire),
    {&weft_lease_class, "release", "OWNER", 1, 1, .bytes = weft_lease_release},
    WORDS(windowcounter, add, 3, "N WINDOW-SECONDS SLOT-SECONDS", window_add),
    AMOUNT(bcounter, add),
    AMOUNT(bcounter, consume),
    WORDS(bcounter, transfer, 2, "ORIGIN N", rights_transfer),
    WORDS(bcounter, claim, 1, "ORIGIN", rights_claim),
    ELEMENT(hll, add),
    {&weft_ormap_class, "remove", "CHILD", 1, 1, .bytes = weft_ormap_remove},
};

#define VERBS (sizeof verbs / sizeof verbs[0])

const struct weft__verb *weft__verb_at(size_t index) {
    return index < VERBS ? &verbs[index] : NULL;
}

const struct weft__verb *weft__verb_find(const struct weft_crdt_class *cls, struct weft_slice name) {
    for (size_t i = 0; i < VERBS; i++)
        if (verbs[i].cls == cls && weft_slice_eq(name, weft_str(verbs[i].name))) return &verbs[i];
    return NULL;
}

int weft__verb_run(const struct weft__verb *v, struct weft_edit *e, const struct weft_slice *words, size_t count,
                   struct weft_slice joined, const char **wrong) {
    uint64_t amount = 1;
    int64_t number = 0;
    int rc = 0;
    if (v->amount != NULL && count > 0) rc = take_amount(words[0], &amount, wrong);
    if (v->number != NULL) rc = take_number(words[0], &number, wrong);
    if (v->words != NULL) rc = v->words(e, words, wrong);
    if (rc != 0) return rc;
    if (v->bare != NULL) v->bare(e);
    if (v->bytes != NULL) v->bytes(e, joined);
    if (v->amount != NULL) v->amount(e, amount);
    if (v->number != NULL) v->number(e, number);
    return 0;
}
