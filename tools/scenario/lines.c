/* lines.c: a line of a schedule in which regions stand for replicas. Where it takes one replica and several are meant,
 * each gets a line of its own. */
#include <string.h>

#include <weft/err.h>
#include <weft/limits.h>

#include "tools/scenario/lines.h"

void weft__line_init(struct weft__scenario_line *l, const char *word, const char *operands) {
    *l = (struct weft__scenario_line){.word = word, .operands = operands};
    weft_buf_init(&l->rest, NULL);
}

void weft__line_fini(struct weft__scenario_line *l) {
    weft_buf_fini(&l->rest);
}

/* --- Reading --------------------------------------------------------------------------------------------------------
 */

static const char *next_operand(const char **at, size_t *len) {
    const char *begin = *at + strspn(*at, WEFT__LINE_BLANK);
    *len = strcspn(begin, WEFT__LINE_BLANK);
    *at = begin + *len;
    return begin;
}

/* "0-2|tokyo": who shares a side is together, the others are one more. */
static int read_sides(struct weft__build *b, const char *word, size_t len, struct weft__scenario_line *l) {
    struct weft__who who;
    size_t sides = 0;
    int rc = 0;
    for (size_t begin = 0, end; rc == 0 && begin <= len; begin = end + 1) {
        const char *bar = begin == len ? NULL : memchr(word + begin, '|', len - begin);
        end = bar == NULL ? len : (size_t)(bar - word);
        rc = weft__build_who(b, word + begin, end - begin, l->further, &who);
        if (rc != 0) return rc;
        weft_buf_append(&l->rest, sides++ == 0 ? " " : "|", 1);
        weft__who_print(&who, &l->rest);
    }
    if (sides == 1 && who.count >= b->s->options.replicas)
        return weft__build_refuse(b, "all replicas are on one side: there is nobody to be parted from");
    return l->rest.err;
}

static int check_ways(struct weft__build *b, const struct weft__who *from, const struct weft__who *to) {
    for (size_t i = 0; i < sizeof from->in; i++)
        if (from->in[i] && to->in[i])
            return weft__build_refuse(b, "from replica %llu to itself nothing is sent", (unsigned long long)i);
    return 0;
}

static int read_operand(struct weft__build *b, char letter, const char *word, size_t len,
                        struct weft__scenario_line *l) {
    struct weft__who who;
    size_t region; /* "join 3" is in a region by its number */
    if (letter == 's') return read_sides(b, word, len, l);
    if (letter == 'n' && weft__build_region(b, word, len, &region))
        return weft_buf_printf(&l->rest, " %llu", (unsigned long long)region);
    if (strchr("rft", letter) == NULL) return weft_buf_printf(&l->rest, " %.*s", (int)len, word);
    int rc = weft__build_who(b, word, len, l->further, &who);
    if (rc == 0 && letter == 'r' && !l->has_replica) {
        l->replica = who;
        l->has_replica = true;
    } else if (rc == 0) {
        weft_buf_append(&l->rest, " ", 1);
        weft__who_print(&who, &l->rest);
        if (letter == 't') return check_ways(b, &l->from, &who);
        l->from = who;
    }
    return rc != 0 ? rc : l->rest.err;
}

int weft__line_read(struct weft__build *b, struct weft__scenario_line *l, const char *text, bool whole) {
    int rc = 0;
    for (const char *letter = l->operands; rc == 0 && *letter != '\0'; letter += *letter != 'x') {
        size_t len;
        const char *word = next_operand(&text, &len);
        if (len == 0) break;
        rc = read_operand(b, *letter, word, len, l);
    }
    text += strspn(text, WEFT__LINE_BLANK);
    if (rc == 0 && whole && *text != '\0') rc = weft_buf_printf(&l->rest, " %.200s", text);
    return rc;
}

/* --- Writing --------------------------------------------------------------------------------------------------------
 */

static int write_one(struct weft__build *b, const struct weft__scenario_line *l, uint64_t at_ns,
                     const size_t *replica) {
    struct weft_buf *lines = &b->s->lines;
    weft_buf_printf(lines, "%lluns %s", (unsigned long long)at_ns, l->word);
    if (replica != NULL) weft_buf_printf(lines, " %llu", (unsigned long long)*replica);
    weft_buf_append_slice(lines, weft_buf_slice(&l->rest));
    weft_buf_append(lines, "\n", 1);
    if (lines->len > WEFT__SCENARIO_LINES_MAX)
        return weft__build_refuse(b, "all faults are more than 8 MiB of schedule");
    return lines->err;
}

int weft__line_write(struct weft__build *b, const struct weft__scenario_line *l, uint64_t at_ns) {
    int rc = 0;
    if (!l->has_replica) return write_one(b, l, at_ns, NULL);
    for (size_t i = 0; rc == 0 && i < sizeof l->replica.in; i++)
        if (l->replica.in[i]) rc = write_one(b, l, at_ns, &i);
    return rc;
}

/* The first of those that were written since, on a schedule without anything else. */
int weft__line_try(struct weft__build *b, size_t since) {
    struct weft_sim_options o = b->s->options;
    struct weft_sim_schedule *scratch = NULL;
    struct weft_buf why;
    struct weft_slice lines = weft_slice(b->s->lines.ptr + since, b->s->lines.len - since);
    const uint8_t *newline = memchr(lines.ptr, '\n', lines.len);
    o.duration_ns = 0;
    weft_buf_init(&why, NULL);
    int rc = weft_sim_schedule_plan(&scratch, &o);
    if (rc == 0) rc = weft_sim_schedule_add_text(scratch, weft_slice(lines.ptr, (size_t)(newline - lines.ptr)), &why);
    if (rc == WEFT_ERR_MALFORMED) {
        size_t len = why.len; /* without its "(line 1)" */
        while (len > 0 && why.ptr[len - 1] != '(') len--;
        rc = weft__build_refuse(b, "%.*s", (int)(len < 2 ? 0 : len - 2), (const char *)why.ptr);
    }
    weft_buf_fini(&why);
    weft_sim_schedule_free(scratch);
    return rc;
}
