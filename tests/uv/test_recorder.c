/* test_recorder.c: a node writes down what its engine is told, an engine that is told the same comes to the same state,
 * and nothing that happens to the file happens to the node. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weft/aworset.h>
#include <weft/err.h>
#include <weft/pncounter.h>
#include <weft/sim.h>

#include "replication/kept.h"
#include "replication/tape.h"
#include "tests/support/cluster.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/folder.h"
#include "tests/support/heights.h"
#include "tests/uv/world.h"

static struct world w;
static struct folder folder;
static const char *path;
static int ended; /* what on_record was told last */
static unsigned ends;

/* --- Writes that fail --------------------------------------------------------------------------------------------- */

static long room = -1; /* bytes that go into regular files before there is no more; -1: as many as you like */
static bool piecemeal; /* a byte or two at a time, and interrupted */

ssize_t __real_write(int fd, const void *ptr, size_t len);
ssize_t __wrap_write(int fd, const void *ptr, size_t len);
ssize_t __wrap_write(int fd, const void *ptr, size_t len) {
    static unsigned turn;
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) return __real_write(fd, ptr, len);
    if (piecemeal && turn++ % 3 == 0) {
        errno = EINTR;
        return -1;
    }
    if (piecemeal && len > 2) len = 1 + turn % 2;
    if (room == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (room > 0 && len > (size_t)room) len = (size_t)room;
    ssize_t n = __real_write(fd, ptr, len);
    if (room > 0 && n > 0) room -= n;
    return n;
}

/* --- The world ---------------------------------------------------------------------------------------------------- */

static void on_record(void *ctx, int err, const char *text) {
    (void)ctx;
    (void)text;
    ended = err;
    ends++;
}

static void setup(void) {
    world_open(&w);
    folder_make(&folder);
    path = folder_file(&folder, "tape");
    room = -1;
    piecemeal = false;
    ended = 0;
    ends = 0;
}

static void teardown(void) {
    world_close(&w);
    folder_remove(&folder);
}

static const struct weft_crdt_class *const classes[] = {&heights_class, NULL};

static struct peer *recorded(size_t i) {
    struct peer *p = world_peer(&w, i);
    p->engine.classes = classes;
    p->o.record = path;
    p->o.on_record = on_record;
    return p;
}

static void write_at(struct peer *p, int64_t amount) {
    struct weft_txn *t;
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)amount);
    ck_assert_int_eq(weft_uv_txn_begin(p->node, &t), 0);
    weft_pncounter_add(weft_txn_edit(t, weft_str("n"), &weft_pncounter_class), amount);
    weft_aworset_add(weft_txn_edit(t, weft_str("s"), &weft_aworset_class), weft_str(text));
    heights_raise(weft_txn_edit(t, weft_str("h"), &heights_class), (uint8_t)amount, 9);
    ck_assert_int_eq(weft_txn_commit(t, NULL), 0);
}

static uint64_t wanted;
static bool converged(struct world *in) {
    return world_converged(in, wanted);
}

static bool closed(struct world *in) {
    return in->peers[0].node == NULL;
}

static void state_of(const struct peer *p, uint8_t out[16]) {
    struct weft_replica_stats s;
    weft_replica_stats(weft_uv_replica(p->node), &s);
    memcpy(out, s.state_hash, 16);
}

/* Two nodes with writes of both; the first one's state, and it is closed. */
static void live(uint64_t transactions, uint8_t state[16]) {
    struct peer *a = recorded(0), *b = world_peer(&w, 1);
    b->engine.classes = classes;
    peer_open(&w, b);
    peer_seed(a, weft_uv_port(b->node));
    peer_open(&w, a);
    for (uint64_t i = 0; i < transactions; i++) {
        write_at(i % 2 == 0 ? a : b, (int64_t)i);
        if (i % 3 == 0) world_run_for(&w, 1);
    }
    weft_uv_checkpoint(a->node);
    wanted = transactions;
    ck_assert(world_run(&w, converged, 10000));
    state_of(a, state);
    peer_close(a);
    ck_assert(world_run(&w, closed, 10000));
}

/* --- Replays ------------------------------------------------------------------------------------------------------ */

static struct weft_sim_replay_stats stats;
static char message[512];

static int replay_bytes(struct weft_slice bytes, bool unfinished) {
    struct weft_sim_replay_options o;
    struct weft_sim_replay *p;
    struct weft_buf why;
    weft_sim_replay_options_init(&o);
    o.unfinished = unfinished;
    weft_buf_init(&why, NULL);
    int rc = weft_sim_replay_new(&p, bytes, &o, &why);
    snprintf(message, sizeof message, "%.*s", (int)why.len, (const char *)why.ptr);
    weft_buf_fini(&why);
    if (rc != 0) return rc;
    while ((rc = weft_sim_replay_next(p)) == 1) {
    }
    if (rc != 0) snprintf(message, sizeof message, "%s", weft_sim_replay_failure(p));
    weft_sim_replay_stats(p, &stats);
    weft_sim_replay_free(p);
    return rc;
}

static int replay(bool unfinished) {
    size_t len;
    uint8_t *bytes = folder_read(path, &len);
    int rc = replay_bytes(weft_slice(bytes, len), unfinished);
    free(bytes);
    return rc;
}

static void expect_replayed(const uint8_t state[16]) {
    int rc = replay(false);
    ck_assert_msg(rc == 0, "%s: %s", weft_err_name(rc), message);
    ck_assert_int_eq(memcmp(stats.state, state, 16), 0);
}

START_TEST(a_replay_comes_to_the_same_state) {
    uint8_t state[16];
    live(20, state);
    expect_replayed(state);
    ck_assert_uint_eq(stats.untold, 0);
    ck_assert(stats.openings == 1 && stats.commits == 10 && stats.notices > 0 && stats.states > 0);
    ck_assert_uint_eq(ends, 0);
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 077, 0); /* data are in it */
}
END_TEST

/* The second opening begins with a store that has something, and with a type that its reader does not know. */
START_TEST(the_next_opening_goes_on_in_the_file) {
    uint8_t state[16];
    struct peer *p = recorded(0);
    peer_open(&w, p);
    write_at(p, 1);
    weft_uv_checkpoint(p->node);
    world_run_for(&w, 5);
    write_at(p, 2);
    peer_close(p);
    ck_assert(world_run(&w, closed, 10000));
    peer_open(&w, p);
    write_at(p, 3);
    world_run_for(&w, 5);
    state_of(p, state);
    peer_close(p);
    ck_assert(world_run(&w, closed, 10000));
    expect_replayed(state);
    ck_assert(stats.openings == 2 && stats.commits == 3);
}
END_TEST

/* What a killed process leaves: a file that ends anywhere. */
START_TEST(a_tape_without_its_end_is_gone_on_with) {
    uint8_t state[16];
    size_t len, after;
    live(4, state);
    uint8_t *bytes = folder_read(path, &len);
    for (size_t cut = WEFT__TAPE_MAGIC_LEN; cut < len; cut += 41) {
        folder_write(path, bytes, cut);
        ck_assert_int_eq(replay(false), WEFT_ERR_CORRUPT);
        ck_assert_int_eq(replay(true), 0);
        struct peer *p = &w.peers[0];
        peer_open(&w, p);
        state_of(p, state);
        peer_close(p);
        ck_assert(world_run(&w, closed, 10000));
        expect_replayed(state);
        uint8_t *now = folder_read(path, &after);
        ck_assert_uint_gt(after, 0);
        free(now);
    }
    free(bytes);
}
END_TEST

/* What a machine that lost power may leave: zeros from anywhere on. */
START_TEST(zeros_in_place_of_the_end_are_cut_off) {
    uint8_t state[16];
    size_t len;
    live(4, state);
    uint8_t *bytes = folder_read(path, &len);
    for (size_t cut = len - 1; cut >= WEFT__TAPE_MAGIC_LEN; cut -= cut > 41 ? 41 : cut) {
        memset(bytes + cut, 0, len - cut);
        folder_write(path, bytes, len);
        struct peer *p = &w.peers[0];
        peer_open(&w, p);
        state_of(p, state);
        peer_close(p);
        ck_assert(world_run(&w, closed, 10000));
        expect_replayed(state);
    }
    free(bytes);
}
END_TEST

START_TEST(a_file_that_is_not_a_tape_is_left_alone) {
    struct peer *p = recorded(0);
    char errmsg[256];
    size_t len;
    folder_write(path, "dear diary", 10);
    ck_assert_int_eq(weft_uv_new(&p->node, &w.loop, &p->o, errmsg, sizeof errmsg), WEFT_ERR_MALFORMED);
    ck_assert_ptr_nonnull(strstr(errmsg, "at byte 0: this is not a recording"));
    char *bytes = (char *)folder_read(path, &len);
    ck_assert(len == 10 && memcmp(bytes, "dear diary", 10) == 0);
    free(bytes);
    world_run_for(&w, 1);
}
END_TEST

/* --- Changed and cut ---------------------------------------------------------------------------------------------- */

/* Offsets of entries. */
static size_t entries[512];

static size_t find_entries(struct weft_slice bytes) {
    struct weft__tape t;
    struct weft__tape_entry e;
    size_t count = 0;
    ck_assert_int_eq(weft__tape_init(&t, bytes, NULL), 0);
    while (weft__tape_next(&t, &e, NULL) == 1) {
        ck_assert_uint_lt(count, 511);
        entries[count++] = e.offset;
    }
    entries[count] = bytes.len;
    return count;
}

static void expect_refused(struct weft_slice bytes, bool unfinished, size_t at) {
    char place[48];
    int rc = replay_bytes(bytes, unfinished);
    ck_assert(rc == WEFT_ERR_CORRUPT || rc == WEFT_ERR_MALFORMED || rc == WEFT_ERR_VERSION);
    snprintf(place, sizeof place, "at byte %u: ", (unsigned)at);
    ck_assert_msg(strncmp(message, place, strlen(place)) == 0, "%s is not %s", message, place);
}

START_TEST(every_changed_byte_and_every_cut_is_refused_at_its_place) {
    uint8_t state[16];
    size_t len, i = 0;
    live(6, state);
    uint8_t *bytes = folder_read(path, &len);
    (void)find_entries(weft_slice(bytes, len));
    for (size_t at = 0; at < len; at++) {
        while (at >= entries[i + 1]) i++;
        size_t entry = at < WEFT__TAPE_MAGIC_LEN - 1 ? 0 : at < WEFT__TAPE_MAGIC_LEN ? at : entries[i];
        bytes[at] ^= 0x21;
        expect_refused(weft_slice(bytes, len), false, entry);
        bytes[at] ^= 0x21;
        expect_refused(weft_slice(bytes, at), false, at < WEFT__TAPE_MAGIC_LEN ? 0 : entries[i]);
    }
    free(bytes);
}
END_TEST

/* Whoever can compute checks can write another story; an engine that it is told finds out where it does not add up. */
START_TEST(another_story_is_seen_to_be_one) {
    uint8_t state[16];
    size_t len;
    struct weft_buf other;
    const uint8_t nothing[WEFT__TAPE_CHECK] = {0};
    live(6, state);
    uint8_t *bytes = folder_read(path, &len);
    struct weft__tape t;
    struct weft__tape_entry e;
    for (unsigned leave = 0; leave < 3; leave++) {
        static const uint8_t kinds[] = {WEFT__TAPE_COMMIT, WEFT_EVENT_RECEIVED, WEFT_EVENT_START};
        bool left = false;
        weft_buf_init(&other, NULL);
        weft_buf_append(&other, nothing, sizeof nothing);
        weft__tape_begin(&other);
        ck_assert_int_eq(weft__tape_init(&t, weft_slice(bytes, len), NULL), 0);
        while (weft__tape_next(&t, &e, NULL) == 1) {
            if ((!left || e.kind == WEFT_EVENT_RECEIVED) && e.kind == kinds[leave]) {
                left = true;
                continue;
            }
            if (e.kind <= WEFT_EVENT_SIGNED) weft__tape_event(&other, &e.event);
            if (e.kind == WEFT__TAPE_OPEN) weft__tape_open(&other, &e.options);
            if (e.kind == WEFT__TAPE_COMMIT) weft__tape_bytes(&other, WEFT__TAPE_COMMIT, e.bytes);
            if (e.kind == WEFT__TAPE_CHECKPOINT) weft__tape_number(&other, WEFT__TAPE_CHECKPOINT, 0);
            if (e.kind == WEFT__TAPE_NOTICE) weft__tape_notice(&other, &e.notice);
            if (e.kind == WEFT__TAPE_STATE) weft__tape_state(&other, weft_uv_replica(w.peers[1].node)); /* the same */
            if (e.kind == WEFT__TAPE_END) weft__tape_number(&other, WEFT__TAPE_END, e.end);
        }
        ck_assert(left);
        int rc = replay_bytes(weft_slice(other.ptr + sizeof nothing, other.len - sizeof nothing), false);
        ck_assert_msg(rc == WEFT_ERR_CORRUPT, "without entries of kind %u: %s", kinds[leave], weft_err_name(rc));
        ck_assert_msg(strncmp(message, "at byte ", 8) == 0, "%s", message);
        weft_buf_fini(&other);
    }
    free(bytes);
}
END_TEST

/* --- Bounds and failures ------------------------------------------------------------------------------------------ */

static int64_t count_at(struct peer *p) {
    int64_t n = 0;
    ck_assert_int_eq(weft_pncounter_value(weft_uv_view(p->node, weft_str("n"), &weft_pncounter_class), &n), 0);
    return n;
}

/* Alone, with one write a turn. */
static void live_alone(struct peer *p, unsigned writes, uint8_t state[16]) {
    p->store.rows->cls->close(p->store.rows);
    ck_assert_int_eq(weft_store_memory_new(&p->store.rows, NULL), 0);
    peer_open(&w, p);
    int64_t before = count_at(p);
    for (unsigned i = 0; i < writes; i++) {
        write_at(p, (int64_t)i);
        world_run_for(&w, 1);
    }
    state_of(p, state);
    ck_assert_int_eq(count_at(p) - before, (int64_t)writes * (writes - 1) / 2);
    ck_assert_uint_ge(p->durable, writes - 1);
    peer_close(p);
    ck_assert(world_run(&w, closed, 10000));
}

START_TEST(at_its_bound_it_ends_whole_and_the_node_goes_on) {
    uint8_t state[16];
    size_t len;
    for (uint64_t max = 0; max < 4000; max += 173) {
        struct peer *p = recorded(0);
        path = folder_file(&folder, "bounded");
        unlink(path);
        p->o.record = path;
        p->o.record_max = max;
        ends = 0;
        live_alone(p, 30, state);
        ck_assert(ends == 1 && ended == WEFT_ERR_FULL);
        free(folder_read(path, &len));
        ck_assert_msg(len <= max || len < 64, "%u bytes of %u", (unsigned)len, (unsigned)max);
        int rc = len == 0 ? 0 : replay(false);
        ck_assert_msg(rc == 0, "bound %u: %s", (unsigned)max, message);
        if (max > 1000) ck_assert_uint_gt(stats.events, 0);
    }
}
END_TEST

START_TEST(a_full_disk_ends_it_and_the_node_goes_on) {
    uint8_t state[16];
    for (long left = 0; left < 3000; left += 97) {
        struct peer *p = recorded(0);
        path = folder_file(&folder, "full");
        unlink(path);
        p->o.record = path;
        ends = 0;
        room = left;
        live_alone(p, 20, state);
        room = -1;
        ck_assert(ends == 1 && ended == WEFT_ERR_IO);
        size_t len;
        free(folder_read(path, &len));
        if (len == 0) continue;
        int rc = replay(true);
        ck_assert_msg(rc == 0, "%u bytes: %s", (unsigned)left, message);
    }
}
END_TEST

START_TEST(short_and_interrupted_writes_are_gone_on_with) {
    uint8_t state[16];
    piecemeal = true;
    live(10, state);
    ck_assert_uint_eq(ends, 0);
    expect_replayed(state);
}
END_TEST

/* A step that there was no memory for is on the tape, and so is that it failed; it comes again. Where the recorder
 * itself had none, it ends. */
START_TEST(memory_that_is_lacking_once_is_replayed) {
    struct failing_alloc alloc;
    unsigned whole = 0;
    peer_open(&w, world_peer(&w, 1));
    w.peers[1].engine.classes = classes;
    for (size_t n = 1; n < 400; n += 7) {
        struct peer *a = recorded(0);
        uint8_t state[16];
        path = folder_file(&folder, "lacking");
        unlink(path);
        failing_alloc_init(&alloc);
        a->engine.alloc = &alloc.alloc;
        a->o.record = path;
        memset(a->seed_list, 0, sizeof a->seed_list);
        peer_seed(a, weft_uv_port(w.peers[1].node));
        ends = 0;
        peer_open(&w, a);
        alloc.fail_at = alloc.calls + n;
        for (int i = 0; i < 4; i++) {
            struct weft_txn *t;
            world_run_for(&w, 2);
            if (weft_uv_txn_begin(a->node, &t) != 0) continue;
            weft_pncounter_add(weft_txn_edit(t, weft_str("n"), &weft_pncounter_class), i);
            (void)!weft_txn_commit(t, NULL);
        }
        world_run_for(&w, 10);
        state_of(a, state);
        peer_close(a);
        ck_assert(world_run(&w, closed, 10000));
        int rc = replay(ends > 0);
        ck_assert_msg(rc == 0, "allocation %u: %s", (unsigned)n, message);
        if (ends > 0) continue;
        ck_assert_int_eq(memcmp(stats.state, state, 16), 0);
        whole++;
    }
    ck_assert_uint_gt(whole, 20);
}
END_TEST

/* --- Refused messages --------------------------------------------------------------------------------------------- */

static void put_refused(struct peer *p, uint64_t number, struct weft_slice bytes) {
    struct weft__kept_entry e = {
        .number = number, .err = WEFT_ERR_VERSION, .wall = 1, .length = bytes.len, .bytes = bytes};
    struct weft_buf b;
    weft_buf_init(&b, NULL);
    (void)!weft__kept_write(&b, &e);
    struct weft_record r = {.kind = WEFT_RECORD_QUARANTINE, .id = number - 1, .bytes = weft_buf_slice(&b)};
    ck_assert_int_eq(p->store.rows->cls->write(p->store.rows, &r, 1), 0);
    weft_buf_fini(&b);
}

/* A push of another replica, which adds 1000, as one that an older Weft did not understand; and garbage. */
static void put_all_refused(struct peer *p) {
    static struct cluster c;
    cluster_init(&c, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_settle(&c);
    cluster_count(&c, 0, "n", 1000);
    put_refused(p, 1, weft_slice(c.queue[0].bytes, c.queue[0].len));
    for (uint64_t number = 2; number < 4; number++) put_refused(p, number, weft_str("garbage"));
    cluster_fini(&c);
}

static int64_t value_of(const struct peer *p) {
    int64_t n = 0;
    struct weft_view v = weft_uv_view(p->node, weft_str("n"), &weft_pncounter_class);
    return weft_pncounter_value(v, &n) == 0 ? n : 0;
}

static bool keeps_one(const struct peer *p) {
    struct weft_refused info;
    const struct weft_replica *r = weft_uv_replica(p->node);
    return weft_replica_refused(r, 0, &info) && !weft_replica_refused(r, 1, &info);
}

START_TEST(what_is_taken_again_is_applied_and_replayed) {
    struct peer *a = recorded(0);
    uint8_t state[16];
    put_all_refused(a);
    peer_open(&w, a);
    write_at(a, 1);
    ck_assert_int_eq(weft_uv_retry(a->node, 1), 0);
    ck_assert_int_eq(weft_uv_retry(a->node, 2), WEFT_ERR_MALFORMED);
    write_at(a, 10);
    ck_assert_int_eq(weft_uv_forget(a->node, 3), 0);
    world_run_for(&w, 20);
    for (int opening = 0; opening < 2; opening++) {
        ck_assert_int_eq(value_of(a), 1011);
        ck_assert(keeps_one(a));
        state_of(a, state);
        peer_close(a);
        ck_assert(world_run(&w, closed, 10000));
        if (opening == 0) peer_open(&w, recorded(0));
    }
    expect_replayed(state);
}
END_TEST

/* --- An engine that is made again --------------------------------------------------------------------------------- */

static bool is_repaired(struct world *in) {
    return value_of(&in->peers[0]) == 111 && world_converged(in, 3);
}

static void roll_back(void) {
    static struct cluster c;
    cluster_init(&c, 2);
    for (int i = 0; i < 2; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link_all(&c);
    cluster_count(&c, 0, "n", 1);
    cluster_settle(&c);
    struct weft_store *earlier;
    ck_assert_int_eq(weft_store_memory_copy(&earlier, c.at[0].store, NULL), 0);
    uint64_t epoch = weft_replica_self(c.at[0].replica).epoch;
    cluster_count(&c, 0, "n", 10);
    cluster_settle(&c);
    cluster_crash(&c, 0);
    c.at[0].store->cls->close(c.at[0].store);
    c.at[0].store = earlier;
    ck_assert_int_eq(cluster_open_as(&c, 0, epoch), 0);
    cluster_count(&c, 0, "n", 100);
    for (int i = 0; i < 2; i++) {
        struct peer *p = i == 0 ? recorded(0) : world_peer(&w, 1);
        p->store.rows->cls->close(p->store.rows);
        ck_assert_int_eq(weft_store_memory_copy(&p->store.rows, c.at[i].store, NULL), 0);
    }
    cluster_fini(&c);
}

START_TEST(a_reopened_engine_is_replayed) {
    uint8_t state[16];
    roll_back();
    peer_open(&w, &w.peers[1]);
    peer_seed(&w.peers[0], weft_uv_port(w.peers[1].node));
    peer_open(&w, &w.peers[0]);
    if (_i > 0) w.peers[0].store.fail_loads = 1; /* the first try is abandoned */
    ck_assert(world_run(&w, is_repaired, 10000));
    state_of(&w.peers[0], state);
    peer_close(&w.peers[0]);
    ck_assert(world_run(&w, closed, 10000));
    expect_replayed(state);
    ck_assert_uint_eq(stats.openings, (unsigned)_i + 2);
}
END_TEST

int main(void) {
    Suite *s = suite_create("uv-recorder");
    TCase *t = tcase_create("recorder");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_replay_comes_to_the_same_state);
    tcase_add_test(t, the_next_opening_goes_on_in_the_file);
    tcase_add_test(t, a_tape_without_its_end_is_gone_on_with);
    tcase_add_test(t, zeros_in_place_of_the_end_are_cut_off);
    tcase_add_test(t, a_file_that_is_not_a_tape_is_left_alone);
    tcase_add_test(t, every_changed_byte_and_every_cut_is_refused_at_its_place);
    tcase_add_test(t, another_story_is_seen_to_be_one);
    tcase_add_test(t, at_its_bound_it_ends_whole_and_the_node_goes_on);
    tcase_add_test(t, a_full_disk_ends_it_and_the_node_goes_on);
    tcase_add_test(t, short_and_interrupted_writes_are_gone_on_with);
    tcase_add_test(t, memory_that_is_lacking_once_is_replayed);
    tcase_add_test(t, what_is_taken_again_is_applied_and_replayed);
    tcase_add_loop_test(t, a_reopened_engine_is_replayed, 0, 2);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed != 0;
}
