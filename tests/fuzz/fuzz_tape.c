/* Recordings of a replica from anywhere: as they are, which no checksum lets through once they were changed; and
 * entries of any kind and content whose checksums hold, as somebody may write them who wants to. They are refused, or
 * an engine is stepped through them; nothing else. What holds is replayed to the same end a second time. */
#include <string.h>

#include <weft/err.h>
#include <weft/sim.h>

#include "replication/tape.h"
#include "tests/fuzz/fuzz.h"

static void on_line(void *ctx, const char *text) {
    *(size_t *)ctx += strlen(text);
}

static int replay(struct weft_slice tape, bool unfinished, struct weft_sim_replay_stats *stats) {
    struct weft_sim_replay_options o;
    struct weft_sim_replay *p;
    struct weft_buf why;
    size_t said = 0;
    weft_sim_replay_options_init(&o);
    o.unfinished = unfinished;
    weft_buf_init(&why, NULL);
    memset(stats, 0, sizeof *stats);
    int rc = weft_sim_replay_new(&p, tape, &o, &why);
    HOLDS(rc == 0 || why.len > 0);
    weft_buf_fini(&why);
    if (rc != 0) return rc;
    weft_sim_replay_on_line(p, on_line, &said);
    while ((rc = weft_sim_replay_next(p)) == 1) {
    }
    HOLDS(rc == 0 || weft_sim_replay_failure(p) != NULL);
    weft_sim_replay_stats(p, stats);
    weft_sim_replay_free(p);
    return rc;
}

static void replay_twice(struct weft_slice tape) {
    struct weft_sim_replay_stats first, again;
    int rc = replay(tape, true, &first);
    HOLDS(replay(tape, true, &again) == rc);
    HOLDS(memcmp(&first, &again, sizeof first) == 0);
    (void)replay(tape, false, &again);
}

static void forge(struct fuzz_input *in, struct weft_buf *tape) {
    const uint8_t nothing[WEFT__TAPE_CHECK] = {0};
    struct weft_replica_options o;
    weft_replica_options_init(&o);
    weft_buf_append(tape, nothing, sizeof nothing);
    weft__tape_begin(tape);
    weft__tape_open(tape, &o);
    while (fuzz_left(in) > 0) {
        uint8_t kind = fuzz_byte(in);
        weft__tape_bytes(tape, (enum weft__tape_kind)kind, fuzz_piece(in));
    }
    weft__tape_number(tape, WEFT__TAPE_END, WEFT__TAPE_CLOSED);
    HOLDS(tape->err == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct weft_buf tape;
    if (size == 0 || size > 1u << 18) return 0;
    weft_buf_init(&tape, NULL);
    if (fuzz_byte(&in) % 2 == 0) {
        uint8_t *copy = fuzz_copy(weft_slice(in.at, fuzz_left(&in)));
        replay_twice(weft_slice(copy, fuzz_left(&in)));
        free(copy);
    } else {
        forge(&in, &tape);
        replay_twice(weft_slice(tape.ptr + WEFT__TAPE_CHECK, tape.len - WEFT__TAPE_CHECK));
    }
    weft_buf_fini(&tape);
    return 0;
}
