/* schema.h: a scenario as libcyaml is told of it. */
#ifndef WEFT_TOOLS_SCENARIO_SCHEMA_H
#define WEFT_TOOLS_SCENARIO_SCHEMA_H

#include <cyaml/cyaml.h>

#include <weft/limits.h>

#include "tools/scenario/document.h"

struct weft__schema {
    cyaml_schema_value_t root;
    cyaml_schema_field_t *types, *options; /* one for each name that the libraries know */
    cyaml_schema_field_t *top, *workload;
};

#endif
