/* regions.c: where replicas stand, and how fast each of them works. */
#include <string.h>

#include <weft/err.h>

#include "tools/scenario/build.h"

/* A rate is kept as transactions in a thousand seconds. */
#define RATE_DIGITS 3
#define RATE_MAX    1000000000u

static const char *find_name(const struct weft__build *b, const char *name) {
    const struct weft_sim_regions *table = b->s->options.regions == NULL ? &weft_sim_cloud : b->s->options.regions;
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->names[i], name) == 0) return table->names[i];
    return NULL;
}

static int refuse_name(struct weft__build *b, const char *name) {
    const struct weft_sim_regions *table = b->s->options.regions == NULL ? &weft_sim_cloud : b->s->options.regions;
    struct weft_buf known;
    weft_buf_init(&known, NULL);
    for (size_t i = 0; i < table->count; i++) weft_buf_printf(&known, "%s%s", i == 0 ? "" : ", ", table->names[i]);
    int rc = weft__build_refuse(b, "there is no region \"%.60s\"; there is %.*s", name,
                                (int)(known.len < 250 ? known.len : 250), (const char *)known.ptr);
    weft_buf_fini(&known);
    return rc;
}

static int name_region(struct weft__build *b, unsigned i, const char **name) {
    const char *given = b->d->regions[i].name;
    weft__build_at(b, "regions[%u]%s", i, given == NULL ? "" : ".name");
    if (given == NULL) return weft__build_refuse(b, "has no name");
    *name = find_name(b, given);
    if (*name == NULL) return refuse_name(b, given);
    for (unsigned k = 0; k < i; k++)
        if (strcmp(b->d->regions[k].name, given) == 0)
            return weft__build_refuse(b, "is there twice; say `replicas: 2`");
    return 0;
}

static int fill_region(struct weft__build *b, unsigned i, uint64_t default_rate, uint64_t *count) {
    const struct weft__document_region *r = &b->d->regions[i];
    uint64_t replicas = 1, rate = default_rate;
    const char *name = NULL;
    int rc = name_region(b, i, &name);
    weft__build_at(b, "regions[%u].replicas", i);
    if (rc == 0 && r->replicas != NULL)
        rc = weft__build_number(b, r->replicas, 1, WEFT_SIM_REPLICAS_MAX - *count, &replicas);
    weft__build_at(b, "regions[%u].rate", i);
    if (rc == 0 && r->rate != NULL) rc = weft__build_decimal(b, r->rate, RATE_DIGITS, RATE_MAX, &rate);
    for (uint64_t n = 0; rc == 0 && n < replicas; n++, ++*count) {
        if (*count == WEFT_SIM_REPLICAS_MAX) return weft__build_refuse(b, "more than %u", WEFT_SIM_REPLICAS_MAX);
        b->s->places[*count] = name;
        b->s->rates[*count] = rate;
    }
    return rc;
}

static int fill_regions(struct weft__build *b, uint64_t rate) {
    uint64_t count = 0;
    int rc = 0;
    for (unsigned i = 0; rc == 0 && i < b->d->regions_count; i++) rc = fill_region(b, i, rate, &count);
    b->s->places[count] = NULL;
    b->s->options.placement = b->s->places;
    b->s->options.replicas = count;
    return rc;
}

int weft__build_regions(struct weft__build *b) {
    uint64_t rate = b->s->options.rate * 1000;
    int rc = 0;
    if (b->d->workload != NULL && b->d->workload->rate != NULL) {
        weft__build_at(b, "workload.rate");
        rc = weft__build_decimal(b, b->d->workload->rate, RATE_DIGITS, RATE_MAX, &rate);
        b->s->options.rate = rate / 1000;
    }
    b->s->options.rates = b->s->rates;
    if (rc == 0 && b->d->regions_count > 0 && b->d->replicas != NULL) {
        weft__build_at(b, "replicas");
        return weft__build_refuse(b, "`regions` says how many there are; leave one of them out");
    }
    if (rc == 0 && b->d->regions_count > 0) return fill_regions(b, rate);
    for (uint64_t i = 0; i < b->s->options.replicas; i++) b->s->rates[i] = rate;
    return rc;
}
