/* reason.h: why an object's value is what it is: its operations, and what each of them is at each replica by the rule
 * of the type. */
#ifndef WEFT_SIM_REASON_H
#define WEFT_SIM_REASON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/spec.h"
#include "sim/world.h"

#define WEFT__REASON_OPS 32u /* that are shown */

/* X(name, what it says of an operation) */
#define WEFT__STANDING_MAP(X)                                                                                          \
    X(UNSEEN, "not seen")                                                                                              \
    X(COUNTS, "counts")                                                                                                \
    X(REPLACED, "replaced by")                                                                                         \
    X(OVERRULED, "overruled by")                                                                                       \
    X(TAKES, "took away what it had seen")                                                                             \
    X(IDLE, "makes no difference")                                                                                     \
    X(SEEN, "seen")

enum weft__standing {
#define WEFT__STANDING_ENUM(name, text) WEFT__STANDING_##name,
    WEFT__STANDING_MAP(WEFT__STANDING_ENUM)
#undef WEFT__STANDING_ENUM
        WEFT__STANDINGS
};

/* At one replica. */
struct weft__reason_cell {
    uint8_t standing;
    uint64_t by; /* REPLACED, OVERRULED: the transaction */
};

struct weft__reason_op {
    const struct weft__commit *commit;
    char text[48];
    struct weft__reason_cell *cells; /* by replica */
    size_t place;                    /* among all operations of the object */
};

struct weft__reason {
    char key[WEFT__SIM_KEY_MAX];
    unsigned type;
    uint32_t object;
    struct weft__reason_op ops[WEFT__REASON_OPS]; /* in the order of commits */
    size_t count, all;                            /* shown; that there are */
    size_t replicas;
    struct weft__reason_cell *cells;
    struct weft_buf texts;  /* of the values, each with its NUL */
    size_t *shown, *wanted; /* by replica, where in `texts`; SIZE_MAX: nothing (it is down), not known */
    const struct weft_alloc *alloc;
};

/* At most so many of its operations: those that somebody has not seen, then those that count, then the latest.
 * WEFT_ERR_NOMEM. */
int weft__reason_make(struct weft__reason *out, struct weft_sim *s, const struct weft__spec *spec, unsigned type,
                      uint32_t object, size_t most);
void weft__reason_fini(struct weft__reason *r);
/* NULL as above. */
const char *weft__reason_shown(const struct weft__reason *r, size_t replica);
const char *weft__reason_wanted(const struct weft__reason *r, size_t replica);
/* One sentence about the type. */
const char *weft__reason_rule(unsigned type);
const char *weft__standing_text(enum weft__standing standing);
/* An operation of a schedule as it stands there, "g/3+5"; what the law kit drew from it, where that is known. */
void weft__reason_op_text(const struct weft_sim *s, const struct weft__commit *c, size_t index, char *out, size_t size);
/* What a replica shows of an object. */
int weft__reason_show(const struct weft_sim *s, uint32_t replica, unsigned type, uint32_t object, struct weft_buf *out);

#endif
