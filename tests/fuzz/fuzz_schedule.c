/* Schedules as text: what is refused is refused with a sentence that names its line, and what is taken is printed as
 * text that makes the same again, in memory in proportion to it. */
#include <string.h>

#include <weft/err.h>
#include <weft/sim.h>

#include "tests/fuzz/budget.h"
#include "tests/fuzz/fuzz.h"

/* An item for two bytes; and the tables of the options and of regions. */
#define MEMORY_MAX(size) (512 * (size) + ((size_t)1 << 20))

static void print(const struct weft_sim_schedule *s, struct weft_buf *out) {
    weft_buf_init(out, NULL);
    HOLDS(weft_sim_schedule_print(s, out) == 0);
}

static void check_again(const struct weft_sim_schedule *s) {
    struct weft_sim_schedule *again;
    struct weft_buf message, text, same;
    weft_buf_init(&message, NULL);
    print(s, &text);
    HOLDS(weft_sim_schedule_parse(&again, weft_buf_slice(&text), &message, NULL) == 0);
    HOLDS(message.len == 0);
    print(again, &same);
    HOLDS(weft_slice_eq(weft_buf_slice(&text), weft_buf_slice(&same)));
    weft_sim_schedule_free(again);
    weft_buf_fini(&message);
    weft_buf_fini(&text);
    weft_buf_fini(&same);
}

/* The items of a text, also behind those of another; the header of the text is passed over. */
static void add(struct weft_sim_schedule *s, struct weft_slice text) {
    struct weft_buf message;
    weft_buf_init(&message, NULL);
    int rc = weft_sim_schedule_add_text(s, text, &message);
    HOLDS(rc == 0 || (rc == WEFT_ERR_MALFORMED && message.len > 0));
    HOLDS(weft_sim_schedule_add(s, "nothing", &message) == WEFT_ERR_MALFORMED);
    weft_buf_fini(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct weft_sim_schedule *s;
    struct weft_buf message;
    struct budget budget;
    uint8_t *copy = fuzz_copy(weft_slice(data, size));
    struct weft_slice text = weft_slice(copy, size);
    budget_init(&budget, MEMORY_MAX(size));
    weft_buf_init(&message, NULL);
    int rc = weft_sim_schedule_parse(&s, text, &message, &budget.alloc);
    HOLDS(rc == 0 || (rc == WEFT_ERR_MALFORMED && message.len > 0));
    HOLDS((rc == 0) == (s != NULL));
    if (rc == 0) {
        check_again(s);
        add(s, text);
        check_again(s);
        weft_sim_schedule_free(s);
    }
    budget_fini(&budget);
    weft_buf_fini(&message);
    free(copy);
    return 0;
}
