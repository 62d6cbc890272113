/* schema.h: a scenario as libcyaml is told of it. */
#ifndef WEFT_TOOLS_SCENARIO_SCHEMA_H
#define WEFT_TOOLS_SCENARIO_SCHEMA_H

#include <cyaml/cyaml.h>

#include "tools/scenario/document.h"

#define WEFT__SCENARIO_FAULTS_MAX 1000u
#define WEFT__SCENARIO_TEXT_MAX   65536u /* of one value */

struct weft__schema {
    cyaml_schema_value_t root;
    cyaml_schema_field_t *types, *options; /* one for each name that the libraries know */
    cyaml_schema_field_t *top, *workload;
};

#endif
