/* who.c: replicas by where they stand. */
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

#include "tools/scenario/build.h"

const char *weft__build_place(const struct weft__build *b, uint32_t replica) {
    const struct weft_sim_options *o = &b->s->options;
    const struct weft_sim_regions *table = o->regions == NULL ? &weft_sim_cloud : o->regions;
    return o->placement == NULL ? table->names[replica % table->count] : o->placement[replica];
}

bool weft__build_region(const struct weft__build *b, const char *name, size_t len, size_t *number) {
    const struct weft_sim_options *o = &b->s->options;
    const struct weft_sim_regions *table = o->regions == NULL ? &weft_sim_cloud : o->regions;
    for (*number = 0; *number < table->count; ++*number)
        if (strlen(table->names[*number]) == len && memcmp(table->names[*number], name, len) == 0) return true;
    return false;
}

static bool is_word(const char *word, size_t len, const char *name) {
    return strlen(name) == len && memcmp(word, name, len) == 0;
}

static size_t add_region(const struct weft__build *b, const char *word, size_t len, struct weft__who *out) {
    size_t found = 0;
    for (uint32_t i = 0; i < b->s->options.replicas; i++) {
        if (!is_word(word, len, "all") && !is_word(word, len, weft__build_place(b, i))) continue;
        out->in[i] = true;
        found++;
    }
    return found;
}

static bool take_number(const char **at, const char *end, uint64_t *out) {
    const char *begin = *at;
    *out = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - begin < 6) *out = *out * 10 + (uint64_t)(*(*at)++ - '0');
    return *at > begin;
}

/* "3" or "0-2" */
static bool read_range(const char *word, size_t len, uint64_t *from, uint64_t *to) {
    const char *at = word, *end = word + len;
    if (!take_number(&at, end, from)) return false;
    *to = *from;
    if (at < end && *at == '-') {
        at++;
        if (!take_number(&at, end, to)) return false;
    }
    return at == end && *from <= *to;
}

static int refuse_region(struct weft__build *b, const char *word, size_t len) {
    struct weft_buf there;
    const char *last = NULL;
    weft_buf_init(&there, NULL);
    for (uint32_t i = 0; i < b->s->options.replicas && there.len < 200; i++) {
        const char *place = weft__build_place(b, i);
        if (last == NULL || strcmp(last, place) != 0) weft_buf_printf(&there, "%s%s", last == NULL ? "" : ", ", place);
        last = place;
    }
    int rc = weft__build_refuse(b, "no replica stands in \"%.*s\"; they stand in %.*s", (int)(len < 60 ? len : 60),
                                word, (int)there.len, (const char *)there.ptr);
    weft_buf_fini(&there);
    return rc;
}

static int add_word(struct weft__build *b, const char *word, size_t len, uint64_t further, struct weft__who *out) {
    uint64_t from, to, count = b->s->options.replicas + further;
    if (count > sizeof out->in) count = sizeof out->in;
    if (add_region(b, word, len, out) > 0) return 0;
    if (!read_range(word, len, &from, &to)) return refuse_region(b, word, len);
    if (to >= count)
        return weft__build_refuse(b, "there is no replica %llu: they are 0 to %llu", (unsigned long long)to,
                                  (unsigned long long)count - 1);
    for (; from <= to; from++) out->in[from] = true;
    return 0;
}

int weft__build_who(struct weft__build *b, const char *words, size_t len, uint64_t further, struct weft__who *out) {
    int rc = 0;
    memset(out, 0, sizeof *out);
    for (size_t begin = 0, end; rc == 0 && begin <= len; begin = end + 1) {
        const char *comma = begin == len ? NULL : memchr(words + begin, ',', len - begin);
        end = comma == NULL ? len : (size_t)(comma - words);
        while (begin < end && words[begin] == ' ') begin++;
        size_t tail = end;
        while (tail > begin && words[tail - 1] == ' ') tail--;
        rc = add_word(b, words + begin, tail - begin, further, out);
    }
    for (size_t i = 0; i < sizeof out->in; i++) out->count += out->in[i];
    return rc;
}

void weft__who_print(const struct weft__who *w, struct weft_buf *out) {
    const char *separator = "";
    for (size_t i = 0; i < sizeof w->in; i++) {
        if (!w->in[i] || (i > 0 && w->in[i - 1])) continue;
        size_t last = i;
        while (last + 1 < sizeof w->in && w->in[last + 1]) last++;
        weft_buf_printf(out, last > i ? "%s%u-%u" : "%s%u", separator, (unsigned)i, (unsigned)last);
        separator = ",";
    }
}
