/* class.c: whether a class can be registered, and reading what an older version of it wrote.
 *
 * A class grows at its end, so one that an older program was compiled with is shorter than this library's: it is read
 * as if the rest were NULL, and only through weft__class_read.
 *
 * Bytes are never rewritten. Two replicas of different versions would rewrite them at different times, or to different
 * bytes, and equal vectors would no longer be equal states. So a write keeps the schema that it was made with, and a
 * newer class looks at it through its upcast, each time that it is read. */
#include "crdt/class.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <weft/err.h>

#include "crdt/object.h"

/* Of a class before there was anything behind print. */
#define FIRST_SIZE offsetof(struct weft_crdt_class, reset)

void weft__class_read(struct weft_crdt_class *own, const struct weft_crdt_class *given) {
    *own = (struct weft_crdt_class){.size = 0};
    memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
    own->size = sizeof *own;
}

bool weft__class_is_whole(const struct weft_crdt_class *given) {
    struct weft_crdt_class cls;
    if (WEFT_TYPE_KERNEL(given->type) != WEFT_KERNEL_CUSTOM) return true;
    weft__class_read(&cls, given);
    return cls.merge != NULL && cls.check != NULL;
}

const char *weft__kernel_name(uint32_t type) {
    switch (WEFT_TYPE_KERNEL(type)) {
    case WEFT_KERNEL_DOTS:
        return "DOTS";
    case WEFT_KERNEL_STAMPED:
        return "STAMPED";
    case WEFT_KERNEL_TOTALS:
        return "TOTALS";
    case WEFT_KERNEL_CUSTOM:
        return "CUSTOM";
    case WEFT_KERNEL_MAP:
        return "MAP";
    }
    return "no kernel";
}

int weft__class_refuse(char *errmsg, size_t errmsg_len, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    if (errmsg != NULL) (void)vsnprintf(errmsg, errmsg_len, fmt, args);
    va_end(args);
    return WEFT_ERR_INVALID;
}

/* --- Registration ------------------------------------------------------------------------------------------------- */

/* Whether its writes have values, which a later version may write in another way. */
static bool has_values(uint32_t type) {
    enum weft_kernel kernel = WEFT_TYPE_KERNEL(type);
    return kernel == WEFT_KERNEL_DOTS || kernel == WEFT_KERNEL_STAMPED || kernel == WEFT_KERNEL_CUSTOM;
}

/* ... and whether there is nothing of the type's own in it at all. */
static bool has_no_bytes(uint32_t type) {
    enum weft_kernel kernel = WEFT_TYPE_KERNEL(type);
    return kernel == WEFT_KERNEL_TOTALS || kernel == WEFT_KERNEL_MAP;
}

static int check_type(const struct weft_crdt_class *cls, char *errmsg, size_t len) {
    unsigned number = cls->type >> 4, kernel = (unsigned)WEFT_TYPE_KERNEL(cls->type);
    if (number == 0) return weft__class_refuse(errmsg, len, "class '%s' has no type number: WEFT_TYPE_ID", cls->name);
    if (weft__kernel_is_known(cls->type)) return 0;
    return weft__class_refuse(errmsg, len, "class '%s' (type %u) names kernel %u, which this Weft does not have",
                              cls->name, number, kernel);
}

static int check_schema(const struct weft_crdt_class *cls, char *errmsg, size_t len) {
    if (cls->schema == 0)
        return weft__class_refuse(errmsg, len, "class '%s' has no schema: they begin at 1", cls->name);
    if (cls->upcast != NULL && has_no_bytes(cls->type))
        return weft__class_refuse(errmsg, len,
                                  "class '%s' has an upcast, but its kernel, %s, keeps no bytes of a type's", cls->name,
                                  weft__kernel_name(cls->type));
    if (cls->upcast == NULL && cls->schema > 1 && has_values(cls->type))
        return weft__class_refuse(errmsg, len,
                                  "class '%s' is at schema %u and lacks upcast: what schema 1 wrote could not be read",
                                  cls->name, (unsigned)cls->schema);
    return 0;
}

static int check_join(const struct weft_crdt_class *cls, char *errmsg, size_t len) {
    if (!weft__class_is_whole(cls))
        return weft__class_refuse(errmsg, len, "class '%s' is CUSTOM and lacks %s: see weft/custom.h", cls->name,
                                  cls->merge == NULL ? "merge" : "check");
    if (WEFT_TYPE_KERNEL(cls->type) != WEFT_KERNEL_CUSTOM && (cls->merge != NULL || cls->check != NULL))
        return weft__class_refuse(errmsg, len, "class '%s' has a join of its own, but its kernel, %s, does the joining",
                                  cls->name, weft__kernel_name(cls->type));
    return 0;
}

int weft_crdt_class_check(const struct weft_crdt_class *cls, char *errmsg, size_t errmsg_len) {
    struct weft_crdt_class own;
    if (cls == NULL) return weft__class_refuse(errmsg, errmsg_len, "there is no class");
    if (cls->size < FIRST_SIZE)
        return weft__class_refuse(errmsg, errmsg_len, "a class begins with .size = sizeof(struct weft_crdt_class)");
    weft__class_read(&own, cls);
    if (own.name == NULL || own.name[0] == '\0')
        return weft__class_refuse(errmsg, errmsg_len, "the class of type %u/%s has no name", (unsigned)(own.type >> 4),
                                  weft__kernel_name(own.type));
    int rc = check_type(&own, errmsg, errmsg_len);
    if (rc == 0) rc = check_join(&own, errmsg, errmsg_len);
    return rc != 0 ? rc : check_schema(&own, errmsg, errmsg_len);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

int weft__class_upcast(const struct weft_crdt_class *cls, const struct weft_write *w, struct weft_buf *out,
                       bool *upcast) {
    struct weft_crdt_class own;
    *upcast = w->schema < cls->schema;
    if (w->schema == cls->schema) return 0;
    if (w->schema > cls->schema) return WEFT_ERR_VERSION;
    weft__class_read(&own, cls);
    if (own.upcast == NULL) return WEFT_ERR_INVALID;
    size_t before = out->len;
    int rc = own.upcast(w->schema, w->value, out);
    if (rc == 0) rc = out->err;
    if (rc != 0) out->len = before;
    return rc;
}

int weft_write_value(const struct weft_crdt_class *cls, const struct weft_write *w, struct weft_buf *scratch,
                     struct weft_slice *value) {
    bool upcast;
    weft_buf_reset(scratch);
    int rc = weft__class_upcast(cls, w, scratch, &upcast);
    if (rc == 0) *value = upcast ? weft_buf_slice(scratch) : w->value;
    return rc;
}
