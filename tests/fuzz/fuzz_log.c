/* Access logs: every line is read or counted as bad, and what was read lies within its line and its limits. */
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tools/demo/log.h"

static size_t count_lines(const uint8_t *data, size_t size) {
    size_t lines = 0;
    for (size_t i = 0; i < size; i++) lines += data[i] == '\n';
    return lines + (size > 0 && data[size - 1] != '\n');
}

static bool is_within(const struct weft__demo_log *log, struct weft__demo_text t) {
    return t.ptr >= log->text && t.len > 0 && t.ptr + t.len <= log->text + log->len;
}

static void check_line(const struct weft__demo_log *log, size_t i) {
    const struct weft__demo_line *line = &log->lines[i];
    HOLDS(is_within(log, line->visitor) && is_within(log, line->path));
    HOLDS(line->path.len <= WEFT__DEMO_PATH_MAX);
    HOLDS(line->bytes <= WEFT__DEMO_BYTES_MAX);
    HOLDS(line->status >= 100 && line->status <= 999);
    HOLDS(line->region < WEFT__DEMO_REGIONS);
    HOLDS(line->before <= i);
    if (line->before == 0) return;
    HOLDS(weft__demo_text_eq(log->lines[line->before - 1].visitor, line->visitor));
    HOLDS(log->lines[line->before - 1].region == line->region);
}

/* From a file the same. */
static void check_file(const struct weft__demo_log *log, const uint8_t *data, size_t size) {
    struct weft__demo_log again = {.text = NULL};
    char errmsg[200] = "";
    folder_write("log", weft_slice(data, size));
    HOLDS(weft__demo_log_read(&again, folder_path("log"), errmsg, sizeof errmsg) == 0);
    HOLDS(again.count == log->count && again.bad_count == log->bad_count && errmsg[0] == '\0');
    weft__demo_log_fini(&again);
    HOLDS(weft__demo_log_read(&again, folder_path("none"), errmsg, sizeof errmsg) != 0 && errmsg[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct weft__demo_log log = {.text = NULL};
    size_t shares = 0;
    HOLDS(weft__demo_log_parse(&log, (char *)fuzz_copy(weft_slice(data, size)), size));
    HOLDS(log.count + log.bad_count == count_lines(data, size));
    for (size_t i = 0; i < WEFT__DEMO_REGIONS; i++) shares += log.share[i];
    HOLDS(shares == log.count);
    for (size_t i = 0; i < log.count; i++) check_line(&log, i);
    for (size_t i = 0; i < log.bad_count && i < WEFT__DEMO_BAD_SHOWN; i++) HOLDS(log.bad[i].why != NULL);
    if (size % 16 == 0) check_file(&log, data, size);
    weft__demo_log_fini(&log);
    return 0;
}
