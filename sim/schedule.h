/* schedule.h: everything that a run does, written down before it begins. */
#ifndef WEFT_SIM_SCHEDULE_H
#define WEFT_SIM_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/crdt.h>
#include <weft/sim.h>

/* X(kind, word, operands). An operand is a letter, in the order of the text:
 *   r  a replica
 *   s  sides: "0-2,5|3,4", lists of replicas; f t  lists of replicas, from and to
 *   d e  durations, which may be negative; u v  the same two, which may not
 *   n  a number; p  a share of a million: "2%"
 *   x  the operations of a transaction */
#define WEFT__SIM_ITEM_MAP(X)                                                                                          \
    X(TXN, "txn", "rx")                                                                                                \
    X(PARTITION, "partition", "s")                                                                                     \
    X(CUT, "cut", "ft")                                                                                                \
    X(HEAL, "heal", "")                                                                                                \
    X(CRASH, "crash", "r")                                                                                             \
    X(RESTART, "restart", "r")                                                                                         \
    X(BACKUP, "backup", "r")                                                                                           \
    X(RESTORE, "restore", "r")                                                                                         \
    X(COPY, "copy", "r")                                                                                               \
    X(STEP, "step", "rd")                                                                                              \
    X(FAIL, "fail", "rn")                                                                                              \
    X(CHECKPOINT, "checkpoint", "r")                                                                                   \
    X(REJOIN, "rejoin", "s")                                                                                           \
    X(UNCUT, "uncut", "ft")                                                                                            \
    X(FULL, "full", "r")                                                                                               \
    X(FREE, "free", "r")                                                                                               \
    X(LIE, "lie", "r")                                                                                                 \
    X(HONEST, "honest", "r")                                                                                           \
    X(LOSE, "lose", "rn")                                                                                              \
    X(STRAY, "stray", "rn")                                                                                            \
    X(TEAR, "tear", "r")                                                                                               \
    X(ROT, "rot", "r")                                                                                                 \
    X(SYNC, "sync", "rd")                                                                                              \
    X(REVERT, "revert", "rn")                                                                                          \
    X(PAUSE, "pause", "r")                                                                                             \
    X(RESUME, "resume", "r")                                                                                           \
    X(SLOW, "slow", "rd")                                                                                              \
    X(RETIRE, "retire", "r")                                                                                           \
    X(JOIN, "join", "n")                                                                                               \
    X(SNAPSHOT, "snapshot", "r")                                                                                       \
    X(REWIND, "rewind", "r")                                                                                           \
    X(STARVE, "starve", "rn")                                                                                          \
    X(LAG, "lag", "ftu")                                                                                               \
    X(STRETCH, "stretch", "ftn")                                                                                       \
    X(LOSSY, "lossy", "ftp")                                                                                           \
    X(DOUBLE, "double", "ftp")                                                                                         \
    X(SHUFFLE, "shuffle", "ftp")                                                                                       \
    X(CORRUPT, "corrupt", "ftp")                                                                                       \
    X(TRUNCATE, "truncate", "ftp")                                                                                     \
    X(BURSTY, "bursty", "ftpu")                                                                                        \
    X(THROTTLE, "throttle", "ftn")                                                                                     \
    X(FLAP, "flap", "ftuv")                                                                                            \
    X(HALFOPEN, "halfopen", "ft")                                                                                      \
    X(MEND, "mend", "ft")                                                                                              \
    X(OFFSET, "offset", "rd")                                                                                          \
    X(DRIFT, "drift", "rd")                                                                                            \
    X(FREEZE, "freeze", "r")                                                                                           \
    X(STROBE, "strobe", "ruv")                                                                                         \
    X(COARSE, "coarse", "ru")                                                                                          \
    X(LEAP, "leap", "ru")                                                                                              \
    X(STEADY, "steady", "r")                                                                                           \
    X(RAISE, "raise", "r")                                                                                             \
    X(LIAR, "liar", "rn")                                                                                              \
    X(SUSPEND, "suspend", "r")                                                                                         \
    X(DOWNGRADE, "downgrade", "r")                                                                                     \
    X(UPGRADE, "upgrade", "r")                                                                                         \
    X(APP, "app", "rn")                                                                                                \
    X(GRANT, "grant", "rfn")                                                                                           \
    X(REVOKE, "revoke", "rfn")                                                                                         \
    X(DROP, "drop", "ftn")                                                                                             \
    X(LATE, "late", "ftnd")                                                                                            \
    X(TWICE, "twice", "ftnd")

enum weft__sim_item_kind {
#define WEFT__SIM_ITEM_ENUM(kind, word, operands) WEFT__SIM_##kind,
    WEFT__SIM_ITEM_MAP(WEFT__SIM_ITEM_ENUM)
#undef WEFT__SIM_ITEM_ENUM
        WEFT__SIM_ITEM_KINDS
};

/* What users do, as against what breaks. */
static inline bool weft__sim_is_work(enum weft__sim_item_kind kind) {
    return kind == WEFT__SIM_TXN || kind == WEFT__SIM_APP;
}

/* The four types that an oracle of their own goes along with (oracle.c), in the order of their letters in the text; and
 * from WEFT__SIM_TYPES on all types of the law kit (sim/laws/builtin.h), which are judged by its specifications
 * (judge.c) and written by their names. */
enum weft__sim_type { WEFT__SIM_G, WEFT__SIM_P, WEFT__SIM_S, WEFT__SIM_R, WEFT__SIM_TYPES };

enum weft__sim_verb {
    WEFT__SIM_PLUS,   /* counters: the amount; set: add the element */
    WEFT__SIM_MINUS,  /* pncounter: the amount; set: remove the element; register: clear */
    WEFT__SIM_ASSIGN, /* register: the value */
    WEFT__SIM_DELETE,
    WEFT__SIM_DRAW /* types of the law kit: what this seed draws */
};

struct weft__sim_op {
    uint8_t type; /* enum weft__sim_type, or more */
    uint8_t verb;
    uint32_t object; /* number within its type */
    uint64_t amount; /* or element, or value, or seed */
};

struct weft__sim_item {
    uint64_t at_ns;
    uint64_t order; /* among those of one time */
    enum weft__sim_item_kind kind;
    uint32_t replica;    /* r */
    int64_t ns, ns2;     /* d, u; e, v */
    uint64_t number;     /* n, p */
    size_t first, count; /* x: of the operations; s, f and t: of the members */
};

/* LIAR: the first so many kinds of lies hurt nobody but the liar, and neither does the last, in a space with rights;
 * the others end all comparing (liar.c), but for forged transactions where transactions are signed. */
#define WEFT__LIES_HARMLESS    8u
#define WEFT__LIES_HURTFUL     0x700u
#define WEFT__LIE_EQUIVOCATION 2u
#define WEFT__LIE_FORGERY      256u
#define WEFT__LIE_CLAIMS       16u
#define WEFT__LIE_RIGHTS       2048u
#define WEFT__LIES             12u

#define WEFT__SIM_AMOUNT_MAX   (UINT64_C(1) << 40) /* of n, and of what is added to a counter */
#define WEFT__SIM_DRIFT_MAX    INT64_C(500000000)  /* DRIFT's ns, which a second gains */

/* The last time there is, 36 years, and the longest span, 146: no sum of some of them passes 64 bits. */
#define WEFT__SIM_END_NS       (UINT64_C(1) << 60)
#define WEFT__SIM_SPAN_MAX     (INT64_MAX / 2)

/* Between two sides, and between from and to. */
#define WEFT__SIM_NEXT_SIDE    UINT32_MAX
#define WEFT__SIM_SIDES_MAX    63u

struct weft_sim_schedule {
    struct weft_sim_options options; /* its pointers are not used: what they said is below */
    char **names;                    /* of regions */
    uint32_t *one_way_us;
    size_t region_count;
    uint8_t place[WEFT_SIM_REPLICAS_MAX]; /* replica i stands in place[i % place_count] */
    size_t place_count;
    struct weft__sim_item *items; /* sorted by time, then order */
    size_t count, cap;
    struct weft__sim_op *ops;
    size_t op_count, op_cap;
    uint32_t *members; /* of lists of replicas */
    size_t member_count, member_cap;
    const struct weft_alloc *alloc;
};

const char *weft__sim_item_word(enum weft__sim_item_kind kind);
const char *weft__sim_item_operands(enum weft__sim_item_kind kind);
/* NULL: there is no such type. */
const struct weft_crdt_class *weft__sim_class(unsigned type);
#define WEFT__SIM_OBJECTS_MAX 1000000u /* of each type */
/* A number as text, with its NUL; room for 21 bytes. Returns its length. */
size_t weft__sim_decimal(char *out, uint64_t number);
/* "g/12", "ewflag/12": the object's key and its name in the text. Returns its length. */
#define WEFT__SIM_KEY_MAX 32
size_t weft__sim_key(char out[WEFT__SIM_KEY_MAX], unsigned type, uint32_t object);
/* The inverse; false: not a key of the workload. */
bool weft__sim_key_parse(struct weft_slice key, unsigned *type, uint32_t *object);

/* Without items. Codes: weft_sim_schedule_plan. */
int weft__schedule_new(struct weft_sim_schedule **out, const struct weft_sim_options *o);
/* WEFT_ERR_NOMEM. */
int weft__schedule_copy(struct weft_sim_schedule **out, const struct weft_sim_schedule *from);
/* After all of its time; item->order is set here. Keeps the order only once sorted. */
int weft__schedule_push(struct weft_sim_schedule *s, const struct weft__sim_item *item);
int weft__schedule_push_op(struct weft_sim_schedule *s, const struct weft__sim_op *op);
/* One more member of the list that an item will have: its `first` is member_count before, its `count` the difference.
 */
int weft__schedule_push_member(struct weft_sim_schedule *s, uint32_t member);
/* One side, bit i being replica i; one way. */
int weft__schedule_push_mask(struct weft_sim_schedule *s, uint64_t mask, struct weft__sim_item *item);
int weft__schedule_push_cut(struct weft_sim_schedule *s, uint32_t from, uint32_t to, struct weft__sim_item *item);
void weft__schedule_sort(struct weft_sim_schedule *s);

/* The values of the option `rights`. */
enum { WEFT__SIM_RIGHTS_NONE, WEFT__SIM_RIGHTS_DOCUMENTS, WEFT__SIM_RIGHTS_SIGNED, WEFT__SIM_RIGHTS_KINDS };

/* plan_machines.c. The plan's faults of single machines, drawn from the options. */
int weft__plan_machines(struct weft_sim_schedule *s);

/* schedule_item.c. One line without its time; operations and members go to the schedule. */
int weft__schedule_parse_item(struct weft_sim_schedule *s, struct weft_slice line, struct weft__sim_item *out,
                              struct weft_buf *message);
void weft__schedule_print_item(const struct weft_sim_schedule *s, const struct weft__sim_item *item,
                               struct weft_buf *out);

/* The first line of a schedule's text. */
#define WEFT__SCHEDULE_MARK "# weft schedule"

/* options.c: numbers by name. */
enum weft__sim_role {
    WEFT__SIM_WORLD,
    WEFT__SIM_CHANCE,  /* decides on messages, one by one; 0: nothing befalls any */
    WEFT__SIM_TROUBLE, /* makes clocks and disks worse, or messages in a way that no item says; 0: they are perfect */
    WEFT__SIM_PLAN     /* read when a schedule is drawn, and by no run */
};

struct weft__sim_number {
    const char *name;
    size_t offset;
    uint64_t initial;
    uint64_t least, most;
    bool is_time;             /* nanoseconds */
    const char *const *names; /* of its values, NULL-terminated; NULL: they have none */
    enum weft__sim_role role;
};
extern const struct weft__sim_number weft__sim_numbers[];
extern const size_t weft__sim_number_count;
/* That of a type, by its name; 0: it has none. */
uint64_t weft__sim_weight(const struct weft_sim_options *o, const char *type);
uint64_t *weft__sim_number_at(struct weft_sim_options *o, const struct weft__sim_number *n);
/* The interval of digests. */
uint64_t weft__sim_round_ns(const struct weft_sim_options *o);
/* WEFT_ERR_INVALID: one is out of its bounds; *bad is it. */
int weft__sim_options_check(const struct weft_sim_options *o, const struct weft__sim_number **bad);

/* duration.c. "10s", "1.5ms", "-250us", "7ns", "0"; of at most WEFT__SIM_SPAN_MAX. */
bool weft__duration_parse(struct weft_slice text, int64_t *ns);
void weft__duration_print(int64_t ns, struct weft_buf *out);

#endif
