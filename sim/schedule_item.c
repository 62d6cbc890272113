/* schedule_item.c: an item of a schedule as a line of text, read and printed by the operands that its kind has
 * (WEFT__SIM_ITEM_MAP), so that what can happen is said in one place. */
#include <string.h>

#include <weft/err.h>

#include "sim/line.h"
#include "sim/policy.h"
#include "sim/schedule.h"

#define MILLION 1000000u

/* --- Lists of replicas ----------------------------------------------------------------------------------------------
 */

/* Cuts text at the first `mark`: what is before it. */
static struct weft_slice take_until(struct weft_slice *rest, char mark) {
    const uint8_t *end = memchr(rest->ptr, mark, rest->len);
    size_t len = end == NULL ? rest->len : (size_t)(end - rest->ptr);
    struct weft_slice part = {rest->ptr, len};
    rest->ptr += len + (end != NULL);
    rest->len -= len + (end != NULL);
    return part;
}

/* "4" or "0-2" */
static bool parse_range(struct weft_slice word, uint64_t *from, uint64_t *to) {
    struct weft_slice first = take_until(&word, '-');
    if (!weft__line_number(first, from) || *from >= WEFT_SIM_REPLICAS_MAX) return false;
    *to = *from;
    if (word.len == 0) return true;
    return weft__line_number(word, to) && *to<WEFT_SIM_REPLICAS_MAX && * to> * from;
}

/* "0-2,5". WEFT_ERR_INVALID: it is not a list. */
static int push_list(struct weft_sim_schedule *s, struct weft_slice list) {
    int rc = list.len == 0 || list.ptr[list.len - 1] == ',' ? WEFT_ERR_INVALID : 0;
    while (rc == 0 && list.len > 0) {
        uint64_t from, to;
        if (!parse_range(take_until(&list, ','), &from, &to)) return WEFT_ERR_INVALID;
        for (uint64_t i = from; rc == 0 && i <= to; i++) rc = weft__schedule_push_member(s, (uint32_t)i);
    }
    return rc;
}

static int read_list(struct weft_sim_schedule *s, struct weft__line *w) {
    struct weft_slice word = weft__line_next(w);
    int rc = push_list(s, word);
    return rc == WEFT_ERR_INVALID ? weft__line_bad(w, "not a list of replicas", word) : rc;
}

static int read_sides(struct weft_sim_schedule *s, struct weft__line *w) {
    struct weft_slice word = weft__line_next(w), rest = word;
    if (word.len == 0) return weft__line_bad(w, "which replicas?", word);
    for (unsigned side = 0; rest.len > 0; side++) {
        if (side == WEFT__SIM_SIDES_MAX) return weft__line_bad(w, "more than 63 sides", word);
        int rc = side == 0 ? 0 : weft__schedule_push_member(s, WEFT__SIM_NEXT_SIDE);
        if (rc == 0) rc = push_list(s, take_until(&rest, '|'));
        if (rc == WEFT_ERR_INVALID) return weft__line_bad(w, "not lists of replicas", word);
        if (rc != 0) return rc;
    }
    return word.ptr[word.len - 1] == '|' ? weft__line_bad(w, "a side of nobody", word) : 0;
}

static void print_number(const char *before, uint64_t number, struct weft_buf *out) {
    char text[21];
    weft_buf_append_str(out, before);
    weft_buf_append(out, text, weft__sim_decimal(text, number));
}

/* How many members from here on are numbers in a row. */
static size_t run_length(const uint32_t *members, size_t count) {
    size_t n = 1;
    while (n < count && members[n] != WEFT__SIM_NEXT_SIDE && members[n] == members[n - 1] + 1) n++;
    return n;
}

static void print_members(const uint32_t *members, size_t count, char next_side, struct weft_buf *out) {
    const char *separator = "";
    for (size_t i = 0; i < count;) {
        if (members[i] == WEFT__SIM_NEXT_SIDE) {
            weft_buf_append(out, &next_side, 1);
            separator = "";
            i++;
            continue;
        }
        size_t n = run_length(members + i, count - i);
        if (n < 3) n = 1;
        print_number(separator, members[i], out);
        if (n > 1) print_number("-", members[i + n - 1], out);
        separator = ",";
        i += n;
    }
}

/* --- Operations -----------------------------------------------------------------------------------------------------
 */

static bool verb_fits(unsigned type, uint8_t sign, uint8_t *verb, bool *has_amount) {
    *has_amount = true;
    if (type >= WEFT__SIM_TYPES && sign != 'x') {
        *verb = WEFT__SIM_DRAW;
        return sign == ':';
    }
    switch (sign) {
    case '+':
        *verb = WEFT__SIM_PLUS;
        return type != WEFT__SIM_R;
    case '-':
        *verb = WEFT__SIM_MINUS;
        *has_amount = type != WEFT__SIM_R;
        return type != WEFT__SIM_G;
    case '=':
        *verb = WEFT__SIM_ASSIGN;
        return type == WEFT__SIM_R;
    case 'x':
        *verb = WEFT__SIM_DELETE;
        *has_amount = false;
        return true;
    default:
        return false;
    }
}

static bool parse_op(struct weft_slice word, struct weft__sim_op *op) {
    const uint8_t *slash = memchr(word.ptr, '/', word.len);
    size_t len = slash == NULL ? word.len : (size_t)(slash + 1 - word.ptr);
    unsigned type;
    bool has_amount;
    while (len < word.len && word.ptr[len] >= '0' && word.ptr[len] <= '9') len++;
    if (len >= word.len || !weft__sim_key_parse((struct weft_slice){word.ptr, len}, &type, &op->object)) return false;
    op->type = (uint8_t)type;
    op->amount = 0;
    if (!verb_fits(type, word.ptr[len], &op->verb, &has_amount)) return false;
    struct weft_slice amount = {word.ptr + len + 1, word.len - len - 1};
    if (!has_amount) return amount.len == 0;
    if (!weft__line_number(amount, &op->amount)) return false;
    return (type != WEFT__SIM_G && type != WEFT__SIM_P) || op->amount <= WEFT__SIM_AMOUNT_MAX;
}

static int read_ops(struct weft_sim_schedule *s, struct weft__line *w, struct weft__sim_item *item) {
    item->first = s->op_count;
    for (;;) {
        struct weft_slice word = weft__line_next(w);
        struct weft__sim_op op;
        if (word.len == 0) return item->count > 0 ? 0 : weft__line_bad(w, "a transaction of nothing", word);
        if (!parse_op(word, &op)) return weft__line_bad(w, "not an operation", word);
        int rc = weft__schedule_push_op(s, &op);
        if (rc != 0) return rc;
        item->count++;
    }
}

static void print_op(const struct weft__sim_op *op, struct weft_buf *out) {
    char key[WEFT__SIM_KEY_MAX];
    weft_buf_append(out, " ", 1);
    weft_buf_append(out, key, weft__sim_key(key, op->type, op->object));
    weft_buf_append(out, &"+-=x:"[op->verb], 1);
    bool bare = op->verb == WEFT__SIM_DELETE || (op->verb == WEFT__SIM_MINUS && op->type == WEFT__SIM_R);
    if (!bare) print_number("", op->amount, out);
}

/* --- Items ----------------------------------------------------------------------------------------------------------
 */

static int read_share(struct weft__line *w, uint64_t *out) {
    struct weft_slice word = weft__line_next(w);
    bool is_share = weft__line_share(word, "%", MILLION / 100, out) && *out <= MILLION;
    return is_share ? 0 : weft__line_bad(w, "not a share like 2%", word);
}

static int read_span(struct weft__line *w, int64_t *ns) {
    struct weft_slice word = w->rest;
    int rc = weft__line_read_time(w, ns);
    if (rc != 0 || *ns >= 0) return rc;
    return weft__line_bad(w, "not a length of time", weft__line_next(&(struct weft__line){word, NULL}));
}

static int read_operand(struct weft_sim_schedule *s, struct weft__line *w, char operand, struct weft__sim_item *item) {
    uint64_t n = 0;
    int rc;
    switch (operand) {
    case 'r':
        rc = weft__line_read_number(w, "not a replica", WEFT_SIM_REPLICAS_MAX - 1, &n);
        item->replica = (uint32_t)n;
        return rc;
    case 'd':
        return weft__line_read_time(w, &item->ns);
    case 'e':
        return weft__line_read_time(w, &item->ns2);
    case 'u':
        return read_span(w, &item->ns);
    case 'v':
        return read_span(w, &item->ns2);
    case 'n':
        return weft__line_read_number(w, "not a number", WEFT__SIM_AMOUNT_MAX, &item->number);
    case 'p':
        return read_share(w, &item->number);
    case 's':
        return read_sides(s, w);
    case 't':
        rc = weft__schedule_push_member(s, WEFT__SIM_NEXT_SIDE);
        return rc == 0 ? read_list(s, w) : rc;
    case 'f':
        return read_list(s, w);
    default:
        return read_ops(s, w, item);
    }
}

static int read_operands(struct weft_sim_schedule *s, struct weft__line *w, struct weft__sim_item *item) {
    size_t members = s->member_count;
    int rc = 0;
    for (const char *at = weft__sim_item_operands(item->kind); rc == 0 && *at != '\0'; at++)
        rc = read_operand(s, w, *at, item);
    if (s->member_count > members) {
        item->first = members;
        item->count = s->member_count - members;
    }
    return rc;
}

/* What its kind can make nothing of. */
static const char *fault_of(const struct weft__sim_item *item) {
    switch (item->kind) {
    case WEFT__SIM_STRETCH:
        return item->number == 0 ? "how many times slower?" : NULL;
    case WEFT__SIM_THROTTLE:
        return item->number == 0 ? "nothing gets through at 0 bytes a second; that is a cut" : NULL;
    case WEFT__SIM_BURSTY:
        return item->number > MILLION / 2 || item->ns == 0 ? "bursts need a length, and at most half of the time"
                                                           : NULL;
    case WEFT__SIM_FLAP:
        return item->ns == 0 || item->ns2 == 0 ? "what flaps is up for a time and down for a time" : NULL;
    case WEFT__SIM_STROBE:
        return item->ns2 == 0 ? "how often?" : NULL;
    case WEFT__SIM_LIAR:
        return item->number >> WEFT__LIES != 0 ? "there are lies up to 2048, and their sums" : NULL;
    case WEFT__SIM_GRANT:
    case WEFT__SIM_REVOKE:
        return item->number == 0 || item->number > WEFT__POLICY_ALL ? "there are rights up to 128, and their sums"
                                                                    : NULL;
    case WEFT__SIM_DRIFT:
        return item->ns > WEFT__SIM_DRIFT_MAX || item->ns < -WEFT__SIM_DRIFT_MAX ? "a drift of more than 0.5s a second"
                                                                                 : NULL;
    default:
        return NULL;
    }
}

int weft__schedule_parse_item(struct weft_sim_schedule *s, struct weft_slice line, struct weft__sim_item *out,
                              struct weft_buf *message) {
    struct weft__line w = {line, message};
    struct weft_slice word = weft__line_next(&w);
    unsigned kind = 0;
    while (kind < WEFT__SIM_ITEM_KINDS &&
           !weft_slice_eq(word, weft_str(weft__sim_item_word((enum weft__sim_item_kind)kind))))
        kind++;
    if (kind == WEFT__SIM_ITEM_KINDS) return weft__line_bad(&w, "nothing that can happen", word);
    *out = (struct weft__sim_item){.kind = (enum weft__sim_item_kind)kind};
    size_t ops = s->op_count, members = s->member_count;
    int rc = read_operands(s, &w, out);
    struct weft_slice extra = rc == 0 ? weft__line_next(&w) : (struct weft_slice){NULL, 0};
    if (extra.len > 0) rc = weft__line_bad(&w, "one word too many", extra);
    const char *fault = rc == 0 ? fault_of(out) : NULL;
    if (fault != NULL) rc = weft__line_bad(&w, fault, line);
    if (rc != 0) {
        s->op_count = ops;
        s->member_count = members;
    }
    return rc;
}

static void print_share(uint64_t ppm, struct weft_buf *out) {
    print_number("", ppm / 10000, out);
    if (ppm % 10000 != 0) weft_buf_printf(out, ".%04u", (unsigned)(ppm % 10000));
    weft_buf_append(out, "%", 1);
}

static void print_operand(const struct weft_sim_schedule *s, char operand, const struct weft__sim_item *item,
                          struct weft_buf *out) {
    if (operand == 'x') {
        for (size_t i = 0; i < item->count; i++) print_op(&s->ops[item->first + i], out);
        return;
    }
    if (operand == 't') return; /* with f */
    weft_buf_append(out, " ", 1);
    if (operand == 'r') print_number("", item->replica, out);
    if (operand == 'd' || operand == 'u') weft__duration_print(item->ns, out);
    if (operand == 'e' || operand == 'v') weft__duration_print(item->ns2, out);
    if (operand == 'n') print_number("", item->number, out);
    if (operand == 'p') print_share(item->number, out);
    if (operand == 's' && item->count > 0) print_members(s->members + item->first, item->count, '|', out);
    if (operand == 'f') print_members(s->members + item->first, item->count, ' ', out);
}

void weft__schedule_print_item(const struct weft_sim_schedule *s, const struct weft__sim_item *item,
                               struct weft_buf *out) {
    weft_buf_append_str(out, weft__sim_item_word(item->kind));
    for (const char *at = weft__sim_item_operands(item->kind); *at != '\0'; at++) print_operand(s, *at, item, out);
}
