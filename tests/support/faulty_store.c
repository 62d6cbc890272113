/* faulty_store.c: counts, fails, passes on. */
#include "tests/support/faulty_store.h"

#include <stdbool.h>

#include <weft/err.h>

static struct faulty_store *faulty_of(struct weft_store *s) {
    return (struct faulty_store *)s;
}

static int faulty_load(struct weft_store *s, int (*each)(void *ctx, const struct weft_record *record), void *ctx) {
    struct weft_store *inner = faulty_of(s)->inner;
    return inner->cls->load(inner, each, ctx);
}

static int faulty_write(struct weft_store *s, const struct weft_record *records, size_t count) {
    struct faulty_store *f = faulty_of(s);
    f->writes++;
    bool fails = f->fail_at != 0 && f->writes >= f->fail_at && f->writes - f->fail_at < f->fail_for;
    if (fails && f->how == FAULTY_WRITE_NOTHING) return WEFT_ERR_IO;
    int rc = f->inner->cls->write(f->inner, records, count);
    return fails ? WEFT_ERR_IO : rc;
}

static void faulty_close(struct weft_store *s) {
    struct weft_store *inner = faulty_of(s)->inner;
    inner->cls->close(inner);
}

static const char *faulty_errmsg(struct weft_store *s) {
    (void)s;
    return "the write was made to fail";
}

static const struct weft_store_class faulty_class = {
    .size = sizeof(struct weft_store_class),
    .name = "faulty",
    .load = faulty_load,
    .write = faulty_write,
    .close = faulty_close,
    .errmsg = faulty_errmsg,
};

void faulty_store_init(struct faulty_store *f, struct weft_store *inner) {
    *f = (struct faulty_store){.store = {&faulty_class}, .inner = inner, .fail_for = 1};
}
