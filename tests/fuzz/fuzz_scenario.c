/* Scenarios: what is refused is refused at a place of the text, and what is taken makes a schedule that can be printed
 * and read back. */
#include <string.h>

#include <weft/err.h>

#include "sim/schedule.h"
#include "tests/fuzz/fuzz.h"
#include "tools/scenario/build.h"
#include "tools/scenario/scenario.h"

/* What follows a line of two percent signs, or the text itself: so the forms of files are fuzzed, too. */
static int read_self(void *ctx, const char *name, struct weft_buf *out, struct weft_buf *message) {
    const struct weft_slice *text = ctx;
    if (strcmp(name, "absent") == 0) {
        weft_buf_append_str(message, "absent");
        return WEFT_ERR_NOT_FOUND;
    }
    return weft_buf_append_slice(out, *text);
}

/* "line:column: " or of a file that is no text at all. */
static void check_message(const struct weft_buf *message, struct weft_slice text) {
    unsigned long long line, column, lines = 1;
    char copy[64];
    size_t len = message->len < sizeof copy ? message->len : sizeof copy - 1;
    HOLDS(message->len > 0);
    memcpy(copy, message->ptr, len);
    copy[len] = '\0';
    for (size_t i = 0; i < text.len; i++) lines += text.ptr[i] == '\n' || text.ptr[i] == '\r' || text.ptr[i] >= 0xc2;
    if (strncmp(copy, "larger than", 11) == 0 || strncmp(copy, "byte ", 5) == 0) return;
    HOLDS(sscanf(copy, "%llu:%llu: ", &line, &column) == 2);
    HOLDS(line >= 1 && line <= lines + 1 && column >= 1 && column <= text.len + 1);
}

static void print(const struct weft_sim_schedule *s, struct weft_buf *out) {
    weft_buf_init(out, NULL);
    HOLDS(weft_sim_schedule_print(s, out) == 0);
}

/* Nothing is drawn: that takes as long as the numbers say, and is tested elsewhere. */
static void check_scenario(const struct weft__scenario *s) {
    struct weft_sim_options o = s->options;
    const struct weft__sim_number *bad;
    struct weft_sim_schedule *schedule, *again;
    struct weft_buf message, text, same;
    HOLDS(weft__sim_options_check(&o, &bad) == 0);
    for (size_t i = 0; i < weft__sim_number_count; i++)
        if (weft__sim_numbers[i].role == WEFT__SIM_PLAN)
            *weft__sim_number_at(&o, &weft__sim_numbers[i]) = weft__sim_numbers[i].initial;
    o.rates = NULL;
    weft_buf_init(&message, NULL);
    HOLDS(weft__scenario_schedule(s, &o, &schedule, &message) == 0);
    print(schedule, &text);
    HOLDS(weft_sim_schedule_parse(&again, weft_buf_slice(&text), &message, NULL) == 0);
    print(again, &same);
    HOLDS(weft_slice_eq(weft_buf_slice(&text), weft_buf_slice(&same)));
    weft_buf_fini(&message);
    weft_buf_fini(&text);
    weft_buf_fini(&same);
    weft_sim_schedule_free(schedule);
    weft_sim_schedule_free(again);
}

/* Whatever a run came to, it is as expected, or what is not is told. */
static void check_expectations(const struct weft__scenario *s) {
    static const int outcomes[] = {0, WEFT_ERR_NOT_READY, WEFT_ERR_CORRUPT};
    struct weft_sim_stats stats;
    struct weft_buf told;
    memset(&stats, 0, sizeof stats);
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        weft_buf_init(&told, NULL);
        HOLDS(weft__scenario_holds(s, outcomes[i], &stats, &told) == (told.len == 0));
        weft_buf_fini(&told);
    }
}

/* The words that the pages list are known. */
static void check_vocabulary(void) {
    struct weft_buf words;
    weft_buf_init(&words, NULL);
    HOLDS(weft__scenario_vocabulary(&words) == 0 && words.len > 0);
    HOLDS(weft__scenario_knows("partition") && !weft__scenario_knows("explode"));
    weft_buf_fini(&words);
}

static struct weft_slice cut(struct weft_slice *text) {
    static const char mark[] = "\n%%\n";
    for (size_t i = 0; i + 4 <= text->len; i++) {
        if (memcmp(text->ptr + i, mark, 4) != 0) continue;
        struct weft_slice rest = weft_slice(text->ptr + i + 4, text->len - i - 4);
        text->len = i + 1;
        return rest;
    }
    return *text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct weft__scenario *s;
    struct weft_buf message;
    uint8_t *copy = fuzz_copy(weft_slice(data, size));
    struct weft_slice text = weft_slice(copy, size);
    struct weft_slice file = cut(&text);
    struct weft__scenario_files files = {read_self, &file};
    weft_buf_init(&message, NULL);
    int rc = weft__scenario_load(&s, text, &files, &message);
    HOLDS(rc == 0 || rc == WEFT_ERR_MALFORMED);
    HOLDS((rc == 0) == (s != NULL));
    if (size == 0) check_vocabulary();
    if (rc == 0) check_expectations(s);
    if (rc == 0)
        check_scenario(s);
    else
        check_message(&message, text);
    weft__scenario_free(s);
    weft_buf_fini(&message);
    free(copy);
    return 0;
}
