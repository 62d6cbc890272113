/* footprint.c: bytes for each element in memory, on the wire and in the store: docs/footprint.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/aworset.h>
#include <weft/gset.h>
#include <weft/lwwreg.h>
#include <weft/lwwset.h>
#include <weft/ormap.h>
#include <weft/rworset.h>

#include "bench/bench.h"
#include "bench/footprint.h"

#define STEPS 9

struct range {
    struct held mean;
    double worst; /* after a shrink */
};

/* At STEPS sizes from `from` to twice as many, so that the doublings of tables average out. */
static struct range weigh(struct garden *g, size_t from) {
    struct range r = {{0, 0, 0, 0}, 0};
    for (size_t i = 0; i < STEPS; i++) {
        garden_grow(g, from + from * i / (STEPS - 1));
        struct held h = garden_measure(g);
        r.mean.asked += h.asked / STEPS;
        r.mean.usable += h.usable / STEPS;
        r.mean.shrunk += h.shrunk / STEPS;
        r.mean.shrunk_u += h.shrunk_u / STEPS;
        if (h.shrunk > r.worst) r.worst = h.shrunk;
    }
    garden_free(g);
    return r;
}

static void target(const struct weft_crdt_class *cls, const char *where, bool alone, size_t origins, size_t from,
                   double over) {
    const struct subject *s = subject_of(cls);
    struct range r = weigh(alone ? garden_alone(s, origins) : garden_in_space(s, origins), from);
    printf("| %s, %s | %zu | %zu | **%.1f** | %.1f | %.1f | %.1f | %zu + %.1f | %s |\n", cls->name, where, origins,
           s->payload, r.mean.shrunk, r.worst, r.mean.shrunk_u, r.mean.asked, s->payload,
           r.mean.shrunk - (double)s->payload, r.worst <= (double)s->payload + over ? "holds" : "**missed**");
    (void)fflush(stdout);
}

static void targets(size_t from) {
    const struct weft_crdt_class *sets[] = {&weft_gset_class, &weft_aworset_class, &weft_rworset_class,
                                            &weft_lwwset_class};
    printf(
        "\n## The targets\n\n"
        "At most payload + 32 bytes for an element of a set, payload + 48 for a register in a map, after a shrink,\n"
        "averaged over %d sizes from %zu to %zu, with 1 and 16 origins. The payload is what the application gives:\n"
        "the 16 bytes of an element; of a register its 16-byte key and its 16-byte value. *Worst* is the largest of\n"
        "the sizes; *malloc* what glibc's malloc makes of the requests; *before* is without a shrink.\n\n"
        "| what | origins | payload | asked for | worst | malloc | before | | target |\n"
        "|---|---|---|---|---|---|---|---|---|\n",
        STEPS, from, 2 * from);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        for (size_t origins = 1; origins <= 16; origins *= 16) target(sets[i], "alone", true, origins, from, 32);
    target(&weft_aworset_class, "one object of a replica", false, 16, from, 32);
    for (size_t origins = 1; origins <= 16; origins *= 16) {
        target(&weft_lwwreg_class, "keys of a replica", false, origins, from, 48);
        target(&weft_ormap_class, "children, alone", true, origins, from, 48);
    }
    target(&weft_ormap_class, "children, in a replica", false, 16, from, 48);
}

static void row(const struct subject *s, size_t from, size_t count) {
    struct range r = weigh(garden_in_space(s, 1), from);
    struct sizes z = sizes_of(s, count);
    printf("| `%s` | %s | %zu | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f | %.1f |\n", s->cls->name, s->said, s->payload,
           r.mean.shrunk, z.single, z.batched, z.delta, z.segments, z.log_file, z.file);
    (void)fflush(stdout);
}

static void types(size_t from, size_t count) {
    printf(
        "\n## Every type\n\n"
        "Bytes for one of each, payload included. *Memory*: in a replica, after a shrink, averaged over %d sizes\n"
        "from %zu to %zu. *Wire*: of a transaction, which is also what the log keeps, for each of its operations, 1\n"
        "or 64 of them; and the delta of a value used alone. *Store*: a checkpoint's segments; SQLite's file with\n"
        "the log's rows (64 operations each) alone, and with the checkpoint alone. %zu of each, one origin.\n\n"
        "| type | of | payload | memory | wire, 1 | wire, 64 | delta alone | checkpoint | file, log | file, checkpoint "
        "|\n|---|---|---|---|---|---|---|---|---|---|\n",
        STEPS, from, 2 * from, count);
    for (size_t i = 0; i < subject_count; i++) row(&subjects[i], from, count);
}

static const char *const breakdown =
    "\n## Where the bytes go\n\n"
    "An element of a set is a cell: 2 bytes of lengths, the element, 2 for the origin (a number; 4 from the 2,049th on)"
    ",\n4 for the sequence number (8 from 2^32 on), and 8 for the stamp where the type has one, rounded up to 8: 24 "
    "and "
    "32.\nIts place in the index: 8 for where the cell is and how its key hashes, 1.3 for the tag, at most four fifths "
    "full:\n11.7. Before a shrink the index has up to twice as many places.\n\n"
    "A register under a key: 16 for the object (type, content, length of the key, flags) and the key; its one cell, "
    "which\nis the object's content itself: 2 of lengths, 2 + 4 of dot, 8 of stamp, 4 of the value's length, the "
    "value, "
    "rounded\nup to 8: 40; and 4 for its place in the order of keys. Keys of a replica and children of an `ormap` are "
    "the "
    "same\nthing. If the key is not counted as payload, a register of 16 bytes is 16 + 60, and the target of 48 is "
    "missed by\n12: the key itself has 16.\n\n"
    "Where an object has a second cell (a counter written by two origins, a register in conflict) it gets a container: "
    "48\nbytes for two cells, more from the third on.\n\n"
    "Removal leaves nothing of an add-wins set or a register. What a counter keeps of a reset is its bases, 8 bytes a "
    "column\nand origin.\n\n"
    "Not in these numbers: the log in memory, which holds `log_max` bytes of transactions (64 MiB by default; 64 KiB "
    "in\nthese measurements) and about 64 for each of them; links; what a state transfer stages.\n";

int main(int argc, char **argv) {
    bool is_short = argc > 1 && strcmp(argv[1], "short") == 0;
    size_t many = is_short ? 100000 : 1000000, some = is_short ? 10000 : 100000, count = is_short ? 6400 : 64000;
    printf("# Footprint\n\n"
           "Written by `./dev footprint`. Bytes held from the allocator, as they were asked for; where it says so, as\n"
           "malloc rounds them up (`malloc_usable_size`).\n");
    targets(many);
    types(some, count);
    printf("%s", breakdown);
    return 0;
}
