/* builtin.c: the table of Weft's own types, by name; and the two questions that most of their specifications ask. */
#include "sim/laws/builtin.h"

#include <string.h>

#include <weft/err.h>

#include "base/prng.h"

#define ROW(name) &weft__law_##name,
static const struct weft__law_type *const types[] = {WEFT__LAW_TYPES(ROW)};
#undef ROW

#define TYPES (sizeof types / sizeof *types)

bool weft__law_was_seen(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++)
        if (weft_law_saw(h, i, op)) return true;
    return false;
}

bool weft__law_was_reset(const struct weft_law_history *h, size_t op) {
    for (size_t i = 0; i < h->count; i++)
        if (h->ops[i].kind == WEFT_LAW_RESET && weft_law_saw(h, i, op)) return true;
    return false;
}

static uint32_t kit_number(const struct weft__law_world *w, const struct weft_origin *origin) {
    (void)w;
    return origin->replica.bytes[15];
}

static uint32_t kit_rank(const struct weft__law_world *w, uint32_t number) {
    (void)w;
    return number;
}

/* Whether or not there is one of that number. */
static struct weft_origin kit_other(const struct weft__law_world *w, const struct weft_origin *own, uint64_t which) {
    struct weft_origin other = *own;
    uint32_t number = kit_number(w, own) ^ (1 + (uint32_t)which);
    other.replica.bytes[15] = (uint8_t)number;
    other.epoch = weft__mix64(number);
    return other;
}

const struct weft__law_world weft__law_kit = {0, 1, kit_number, kit_rank, kit_other};

const struct weft__law_type *weft__law_type(size_t index) {
    return index < TYPES ? types[index] : NULL;
}

const char *weft_law_builtin_name(size_t index) {
    return index < TYPES ? types[index]->type->name : NULL;
}

int weft_law_builtin(struct weft_law_options *o, const char *name) {
    for (size_t i = 0; i < TYPES; i++) {
        const struct weft__law_type *t = types[i];
        if (strcmp(t->type->name, name) != 0) continue;
        o->type = t->type;
        o->subject = NULL;
        o->ctx = (void *)(uintptr_t)t->ctx; /* its functions only read it */
        o->mutate = t->mutate;
        o->value = t->value;
        o->spec = t->spec;
        o->kinds = t->kinds;
        if (t->short_steps != 0) o->short_steps = t->short_steps;
        return 0;
    }
    return WEFT_ERR_NOT_FOUND;
}
