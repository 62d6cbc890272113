/* registry.c: a list, searched from its start: there are a handful of types, and objects keep their class's id. */
#include "crdt/registry.h"

#include <weft/aworset.h>
#include <weft/bcounter.h>
#include <weft/dwflag.h>
#include <weft/ewflag.h>
#include <weft/gcounter.h>
#include <weft/gset.h>
#include <weft/hll.h>
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
#include "crdt/class.h"

/* The one list of them; crdt/registry.h says what else a new type needs. */
static const struct weft_crdt_class *const built_in[] = {
    &weft_gcounter_class, &weft_pncounter_class, &weft_aworset_class, &weft_lwwreg_class, &weft_gset_class,
    &weft_mvreg_class,    &weft_rworset_class,   &weft_lwwset_class,  &weft_ewflag_class, &weft_dwflag_class,
    &weft_maxreg_class,   &weft_minreg_class,    &weft_topk_class,    &weft_lease_class,  &weft_windowcounter_class,
    &weft_bcounter_class, &weft_ormap_class,     &weft_hll_class,
};

const struct weft_crdt_class *weft_crdt_class_at(size_t index) {
    return index < sizeof built_in / sizeof *built_in ? built_in[index] : NULL;
}

static int append(struct weft__registry *r, const struct weft_crdt_class *cls) {
    void *classes = r->classes;
    int rc = weft__grow(r->alloc, &classes, &r->cap, r->count + 1, sizeof *r->classes);
    if (rc != 0) return rc;
    r->classes = classes;
    r->classes[r->count++] = cls;
    return 0;
}

int weft__registry_init(struct weft__registry *r, const struct weft_alloc *alloc) {
    *r = (struct weft__registry){.alloc = weft__alloc_or_default(alloc)};
    for (size_t i = 0; weft_crdt_class_at(i) != NULL; i++) {
        int rc = append(r, weft_crdt_class_at(i));
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

int weft__registry_add_own(struct weft__registry *r, const struct weft_crdt_class *cls) {
    return append(r, cls);
}

int weft__registry_add(struct weft__registry *r, const struct weft_crdt_class *cls, char *errmsg, size_t errmsg_len) {
    int rc = weft_crdt_class_check(cls, errmsg, errmsg_len);
    if (rc != 0) return rc;
    const struct weft_crdt_class *known = weft__registry_find(r, cls->type);
    unsigned number = cls->type >> 4;
    if (known == cls) return 0;
    if (known != NULL)
        return weft__class_refuse(errmsg, errmsg_len, "class '%s': type %u/%s is already registered as '%s'", cls->name,
                                  number, weft__kernel_name(cls->type), known->name);
    if (number < WEFT__FIRST_OWN_NUMBER)
        return weft__class_refuse(errmsg, errmsg_len, "class '%s': type numbers below %u, as %u, are Weft's", cls->name,
                                  WEFT__FIRST_OWN_NUMBER, number);
    return append(r, cls);
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
