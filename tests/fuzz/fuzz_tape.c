/* Recordings of a replica from anywhere: as they are, which no checksum lets through once they were changed; and
 * entries of any kind and content whose checksums hold, as somebody may write them who wants to. They are refused, or
 * an engine is stepped through them; nothing else. What holds is replayed to the same end a second time, and what reads
 * is what would be written.
 *
 * Input: 0: a recording. 1: entries, each a kind and a piece; 2: the same, cut off so many bytes from its end; 3: with
 * zeros in their place. */
#include <string.h>

#include <weft/err.h>
#include <weft/sim.h>

#include "replication/tape.h"
#include "tests/fuzz/fuzz.h"

/* What was read, written again behind the 8 bytes before it. */
static void write_entry(const struct weft__tape_entry *e, struct weft_buf *out) {
    if (e->kind <= WEFT_EVENT_SIGNED)
        weft__tape_event(out, &e->event);
    else if (e->kind == WEFT__TAPE_OPEN)
        weft__tape_open(out, &e->options);
    else if (e->kind == WEFT__TAPE_COMMIT)
        weft__tape_bytes(out, WEFT__TAPE_COMMIT, e->bytes);
    else if (e->kind == WEFT__TAPE_NOTICE)
        weft__tape_notice(out, &e->notice);
    else if (e->kind == WEFT__TAPE_RETRY || e->kind == WEFT__TAPE_FORGET)
        weft__tape_refused(out, (enum weft__tape_kind)e->kind, &e->event.now, e->event.number);
    else
        weft__tape_number(out, (enum weft__tape_kind)e->kind,
                          e->kind == WEFT__TAPE_FAILED ? (uint64_t)-e->err
                          : e->kind == WEFT__TAPE_END  ? e->end
                                                       : 0);
}

static void check_state(const struct weft__tape_entry *e) {
    struct weft_slice rest = e->origins;
    struct weft_origin origin;
    uint64_t applied;
    size_t count = 0;
    while (weft__tape_origin(&rest, &origin, &applied)) count++;
    HOLDS(count * (sizeof origin.replica + 16) == e->origins.len);
}

static void write_again(struct weft_slice bytes) {
    struct weft__tape tape;
    struct weft__tape_entry e;
    struct weft_buf again, message;
    int rc = weft__tape_init(&tape, bytes, NULL);
    weft_buf_init(&message, NULL);
    while (rc == 0 && (rc = weft__tape_next(&tape, &e, &message)) == 1) {
        rc = 0;
        if (e.kind == WEFT__TAPE_STATE) {
            check_state(&e);
            continue;
        }
        weft_buf_init(&again, NULL);
        weft_buf_append(&again, bytes.ptr + e.offset - WEFT__TAPE_CHECK, WEFT__TAPE_CHECK);
        write_entry(&e, &again);
        struct weft_slice written = weft_slice(again.ptr + WEFT__TAPE_CHECK, again.len - WEFT__TAPE_CHECK);
        HOLDS(again.err == 0 && weft_slice_eq(written, weft_slice(bytes.ptr + e.offset, e.len)));
        weft_buf_fini(&again);
    }
    HOLDS(rc >= 0 || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION || message.len > 0);
    if (rc == WEFT_ERR_CORRUPT && weft__tape_is_torn(&tape)) HOLDS(bytes.ptr[bytes.len - 1] == 0);
    weft_buf_fini(&message);
}

/* What a replica has is read as it was written. */
static void check_own_state(const struct weft_replica *r) {
    struct weft__tape tape;
    struct weft__tape_entry e;
    struct weft_buf out;
    struct weft_replica_stats stats;
    weft_buf_init(&out, NULL);
    weft__tape_begin(&out);
    weft__tape_state(&out, r);
    weft_replica_stats(r, &stats);
    HOLDS(out.err == 0 && weft__tape_init(&tape, weft_buf_slice(&out), NULL) == 0);
    HOLDS(weft__tape_next(&tape, &e, NULL) == 1 && e.kind == WEFT__TAPE_STATE);
    HOLDS(memcmp(e.hash, stats.state_hash, sizeof e.hash) == 0);
    check_state(&e);
    weft_buf_fini(&out);
}

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
    if (weft_sim_replay_replica(p) != NULL) check_own_state(weft_sim_replay_replica(p));
    weft_sim_replay_free(p);
    return rc;
}

static void replay_twice(struct weft_slice tape) {
    struct weft_sim_replay_stats first, again;
    write_again(tape);
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
    uint8_t how = fuzz_byte(&in) % 4;
    if (how == 0) {
        uint8_t *copy = fuzz_copy(weft_slice(in.at, fuzz_left(&in)));
        replay_twice(weft_slice(copy, fuzz_left(&in)));
        free(copy);
    } else {
        size_t place = how == 1 ? 0 : fuzz_byte(&in);
        forge(&in, &tape);
        size_t len = tape.len - WEFT__TAPE_CHECK;
        if (how == 2) len -= place < len ? place : len;
        if (how == 3) memset(tape.ptr + tape.len - (place < len ? place : len), 0, place < len ? place : len);
        replay_twice(weft_slice(tape.ptr + WEFT__TAPE_CHECK, len));
    }
    weft_buf_fini(&tape);
    return 0;
}
