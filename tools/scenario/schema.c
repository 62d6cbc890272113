/* schema.c: lines of document.h become fields; the names of types and options are asked for. */
#include "tools/scenario/schema.h"

#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/law.h>
#include <weft/sim.h>

#define OPTIONAL (CYAML_FLAG_OPTIONAL | CYAML_FLAG_POINTER)
#define TEXT(member, key, option, what)                                                                                \
    CYAML_FIELD_STRING_PTR(key, OPTIONAL, SECTION, member, 0, WEFT__SCENARIO_TEXT_MAX),
#define LIST(key, member, entry, most) CYAML_FIELD_SEQUENCE(key, OPTIONAL, SECTION, member, entry, 0, most)
#define MAPPING(key, member, fields)   CYAML_FIELD_MAPPING_PTR(key, OPTIONAL, SECTION, member, fields)

#define SECTION                        struct weft__document_region
static const cyaml_schema_field_t region_fields[] = {WEFT__SCENARIO_REGION(TEXT) CYAML_FIELD_END};
static const cyaml_schema_value_t region = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, SECTION, region_fields)};
#undef SECTION
#define SECTION struct weft__document_distances
static const cyaml_schema_field_t distances_fields[] = {WEFT__SCENARIO_DISTANCES(TEXT) CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_links
static const cyaml_schema_field_t links_fields[] = {WEFT__SCENARIO_LINKS(TEXT) CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_clock
static const cyaml_schema_field_t clock_fields[] = {WEFT__SCENARIO_CLOCK(TEXT) CYAML_FIELD_END};
static const cyaml_schema_value_t clock_entry = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, SECTION, clock_fields)};
#undef SECTION
#define SECTION struct weft__document_clocks
static const cyaml_schema_field_t clocks_fields[] = {
    WEFT__SCENARIO_CLOCKS(TEXT) LIST("each", each, &clock_entry, WEFT_SIM_REPLICAS_MAX), CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_disks
static const cyaml_schema_field_t disks_fields[] = {WEFT__SCENARIO_DISKS(TEXT) CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_replay
static const cyaml_schema_field_t replay_fields[] = {WEFT__SCENARIO_REPLAY(TEXT) CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_workload
static const cyaml_schema_field_t workload_fields[] = {
    WEFT__SCENARIO_WORKLOAD(TEXT) MAPPING("replay", replay, replay_fields), CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_fault
static const cyaml_schema_field_t fault_fields[] = {WEFT__SCENARIO_FAULT(TEXT) CYAML_FIELD_END};
static const cyaml_schema_value_t fault = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, SECTION, fault_fields)};
#undef SECTION
#define SECTION struct weft__document_nemesis
static const cyaml_schema_field_t nemesis_fields[] = {WEFT__SCENARIO_NEMESIS(TEXT) CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_limits
static const cyaml_schema_field_t limits_fields[] = {WEFT__SCENARIO_LIMITS(TEXT) CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document_count
static const cyaml_schema_field_t count_fields[] = {WEFT__SCENARIO_COUNT(TEXT) CYAML_FIELD_END};
static const cyaml_schema_value_t count_entry = {CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, SECTION, count_fields)};
#undef SECTION
#define SECTION struct weft__document_expect
static const cyaml_schema_field_t expect_fields[] = {
    WEFT__SCENARIO_EXPECT(TEXT) LIST("counts", counts, &count_entry, 100), CYAML_FIELD_END};
#undef SECTION
#define SECTION struct weft__document
static const cyaml_schema_field_t top_fields[] = {WEFT__SCENARIO_TOP(TEXT)
                                                      LIST("regions", regions, &region, WEFT_SIM_REGIONS_MAX),
                                                  MAPPING("distances", distances, distances_fields),
                                                  MAPPING("links", links, links_fields),
                                                  MAPPING("clocks", clocks, clocks_fields),
                                                  MAPPING("disks", disks, disks_fields),
                                                  MAPPING("workload", workload, workload_fields),
                                                  LIST("faults", faults, &fault, WEFT__SCENARIO_FAULTS_MAX),
                                                  MAPPING("nemesis", nemesis, nemesis_fields),
                                                  MAPPING("limits", limits, limits_fields),
                                                  MAPPING("expect", expect, expect_fields),
                                                  CYAML_FIELD_END};

/* --- Names that are asked for --------------------------------------------------------------------------------------
 */

static size_t length(const cyaml_schema_field_t *fields) {
    size_t count = 0;
    while (fields[count].key != NULL) count++;
    return count;
}

/* A text for each name, one after the other in an array. */
static cyaml_schema_field_t *named(const char *(*name)(size_t i)) {
    size_t count = 0;
    while (name(count) != NULL) count++;
    cyaml_schema_field_t *fields = calloc(count + 1, sizeof *fields);
    for (size_t i = 0; fields != NULL && i < count; i++) {
        fields[i] = (cyaml_schema_field_t){.key = name(i), .data_offset = (uint32_t)(i * sizeof(char *))};
        fields[i].value = (cyaml_schema_value_t){CYAML_VALUE_STRING(OPTIONAL, char, 0, WEFT__SCENARIO_TEXT_MAX)};
    }
    return fields;
}

/* These fields, and one more that is a mapping to an array of texts. */
static cyaml_schema_field_t *with(const cyaml_schema_field_t *fields, const char *key, size_t offset,
                                  const cyaml_schema_field_t *texts) {
    size_t count = length(fields);
    cyaml_schema_field_t *all = calloc(count + 2, sizeof *all);
    if (all == NULL) return NULL;
    memcpy(all, fields, count * sizeof *all);
    all[count] = (cyaml_schema_field_t){.key = key, .data_offset = (uint32_t)offset};
    all[count].value.type = CYAML_MAPPING;
    all[count].value.flags = (enum cyaml_flag)OPTIONAL;
    all[count].value.data_size = (uint32_t)(length(texts) * sizeof(char *));
    all[count].value.mapping.fields = texts;
    return all;
}

static void put_workload(cyaml_schema_field_t *top, const cyaml_schema_field_t *workload) {
    while (strcmp(top->key, "workload") != 0) top++;
    top->value.mapping.fields = workload;
}

int weft__schema_new(struct weft__schema **out) {
    struct weft__schema *s = calloc(1, sizeof *s);
    *out = NULL;
    if (s == NULL) return WEFT_ERR_NOMEM;
    s->types = named(weft_law_builtin_name);
    s->options = named(weft_sim_options_name);
    if (s->types != NULL)
        s->workload = with(workload_fields, "types", offsetof(struct weft__document_workload, types), s->types);
    if (s->options != NULL) s->top = with(top_fields, "options", offsetof(struct weft__document, options), s->options);
    if (s->workload == NULL || s->top == NULL) {
        weft__schema_free(s);
        return WEFT_ERR_NOMEM;
    }
    put_workload(s->top, s->workload);
    s->root = (cyaml_schema_value_t){CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct weft__document, NULL)};
    s->root.mapping.fields = s->top;
    *out = s;
    return 0;
}

void weft__schema_free(struct weft__schema *s) {
    if (s == NULL) return;
    free(s->types);
    free(s->options);
    free(s->workload);
    free(s->top);
    free(s);
}

/* --- For people ----------------------------------------------------------------------------------------------------
 */

#define ROW(member, key, option, what) {PREFIX, key, option, what},

bool weft__document_key(size_t i, struct weft__document_key *out) {
    static const struct weft__document_key keys[] = {
#define PREFIX ""
        WEFT__SCENARIO_TOP(ROW)
#undef PREFIX
#define PREFIX "regions[]"
            WEFT__SCENARIO_REGION(ROW)
#undef PREFIX
#define PREFIX "distances"
                WEFT__SCENARIO_DISTANCES(ROW)
#undef PREFIX
#define PREFIX "links"
                    WEFT__SCENARIO_LINKS(ROW)
#undef PREFIX
#define PREFIX "clocks"
                        WEFT__SCENARIO_CLOCKS(ROW)
#undef PREFIX
#define PREFIX "clocks.each[]"
                            WEFT__SCENARIO_CLOCK(ROW)
#undef PREFIX
#define PREFIX "disks"
                                WEFT__SCENARIO_DISKS(ROW)
#undef PREFIX
#define PREFIX "workload"
                                    WEFT__SCENARIO_WORKLOAD(ROW)
#undef PREFIX
#define PREFIX "workload.replay"
                                        WEFT__SCENARIO_REPLAY(ROW)
#undef PREFIX
#define PREFIX "faults[]"
                                            WEFT__SCENARIO_FAULT(ROW)
#undef PREFIX
#define PREFIX "nemesis"
                                                WEFT__SCENARIO_NEMESIS(ROW)
#undef PREFIX
#define PREFIX "limits"
                                                    WEFT__SCENARIO_LIMITS(ROW)
#undef PREFIX
#define PREFIX "expect"
                                                        WEFT__SCENARIO_EXPECT(ROW)
#undef PREFIX
#define PREFIX "expect.counts[]"
                                                            WEFT__SCENARIO_COUNT(ROW)
#undef PREFIX
    };
    if (i >= sizeof keys / sizeof *keys) return false;
    *out = keys[i];
    return true;
}
