/* registry.c: a list, searched from its start: there are a handful of types, and objects keep their class's id. */
#include "crdt/registry.h"

#include <string.h>

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/dwflag.h>
#include <weft/err.h>
#include <weft/ewflag.h>
#include <weft/gcounter.h>
#include <weft/gset.h>
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

#include "base/alloc.h"
#include "crdt/object.h"

/* Of a class before there was anything behind print. */
#define FIRST_SIZE offsetof(struct weft_crdt_class, reset)

static const struct weft_crdt_class *const built_in[] = {
    &weft_gcounter_class, &weft_pncounter_class, &weft_aworset_class, &weft_lwwreg_class, &weft_gset_class,
    &weft_mvreg_class,    &weft_rworset_class,   &weft_lwwset_class,  &weft_ewflag_class, &weft_dwflag_class,
    &weft_maxreg_class,   &weft_minreg_class,    &weft_topk_class,    &weft_lease_class,  &weft_windowcounter_class,
    &weft_bcounter_class, &weft_ormap_class,
};

void weft__class_read(struct weft_crdt_class *own, const struct weft_crdt_class *given) {
    *own = (struct weft_crdt_class){.size = 0};
    memcpy(own, given, given->size < sizeof *own ? given->size : sizeof *own);
    own->size = sizeof *own;
}

int weft__registry_init(struct weft__registry *r, const struct weft_alloc *alloc) {
    *r = (struct weft__registry){.alloc = weft__alloc_or_default(alloc)};
    for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++) {
        int rc = weft__registry_add(r, built_in[i]);
        if (rc == 0) continue;
        weft__registry_fini(r);
        return rc;
    }
    return 0;
}

void weft__registry_fini(struct weft__registry *r) {
    weft__free(r->alloc, r->classes, r->cap * sizeof *r->classes);
    *r = (struct weft__registry){.alloc = r->alloc};
}

static bool is_well_formed(const struct weft_crdt_class *cls) {
    return cls != NULL && cls->size >= FIRST_SIZE && cls->name != NULL && cls->name[0] != '\0' && cls->schema >= 1 &&
           cls->type >> 4 != 0 && weft__kernel_is_known(cls->type);
}

int weft__registry_add(struct weft__registry *r, const struct weft_crdt_class *cls) {
    if (!is_well_formed(cls)) return WEFT_ERR_INVALID;
    const struct weft_crdt_class *known = weft__registry_find(r, cls->type);
    if (known != NULL) return known == cls ? 0 : WEFT_ERR_INVALID;
    void *classes = r->classes;
    int rc = weft__grow(r->alloc, &classes, &r->cap, r->count + 1, sizeof *r->classes);
    if (rc != 0) return rc;
    r->classes = classes;
    r->classes[r->count++] = cls;
    return 0;
}

const struct weft_crdt_class *weft__registry_find(const struct weft__registry *r, uint32_t type) {
    const struct weft_crdt_class *const *classes = built_in;
    size_t count = sizeof built_in / sizeof *built_in;
    if (r != NULL) {
        classes = r->classes;
        count = r->count;
    }
    for (size_t i = 0; i < count; i++)
        if (classes[i]->type == type) return classes[i];
    return NULL;
}
