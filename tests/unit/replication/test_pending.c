/* The transactions that wait: what is held, what wakes them, and how often they are looked at. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/pncounter.h>

#include "base/prng.h"
#include "replication/engine.h"
#include "tests/support/failing_alloc.h"
#include "tests/support/suite.h"

/* --- The buffer alone --------------------------------------------------------------------------------------------- */

static struct failing_alloc memory;
static struct weft__pending p;

static void begin(size_t max) {
    failing_alloc_init(&memory);
    weft__pending_init(&p, max, &memory.alloc);
}

static void end(void) {
    weft__pending_fini(&p);
    ck_assert_uint_eq(p.count, 0);
    ck_assert_uint_eq(p.bytes, 0);
    ck_assert_uint_eq(p.parked, 0);
    ck_assert_uint_eq(memory.live_bytes, 0);
}

static struct weft__obstacle behind(uint32_t origin, uint64_t number) {
    return (struct weft__obstacle){WEFT__OBSTACLE_ORIGIN, origin, number};
}

static int add(uint32_t origin, uint64_t seq, struct weft__obstacle obstacle) {
    uint8_t bytes[2] = {(uint8_t)origin, (uint8_t)seq};
    return weft__pending_add(&p, origin, seq, weft_slice(bytes, sizeof bytes), obstacle);
}

/* The next to be tried, as origin * 100 + number; 0: none. It is dropped. */
static unsigned take(uint32_t origin) {
    struct weft__run *run = weft__pending_next(&p, origin);
    if (run == NULL) return 0;
    unsigned found = run->head->bytes[0] * 100u + run->head->bytes[1];
    ck_assert_uint_eq(found, run->origin * 100 + run->first);
    weft__pending_drop_first(&p, run);
    return found;
}

#define ORIGINS 3
#define NUMBERS 40

/* Beside a table of what is held: in any order of coming and going. */
START_TEST(runs_are_what_a_table_says) {
    bool held[ORIGINS][NUMBERS + 2] = {{false}};
    struct weft__prng random;
    weft__prng_seed(&random, 1);
    begin((size_t)1 << 20);
    for (int round = 0; round < 20000; round++) {
        uint32_t origin = (uint32_t)weft__prng_below(&random, ORIGINS);
        uint64_t seq = 1 + weft__prng_below(&random, NUMBERS);
        if (weft__prng_below(&random, 2) == 0) {
            REQUIRE(add(origin, seq, behind(9, 1)) == 0);
            held[origin][seq] = true;
        } else if (held[origin][seq] && !held[origin][seq - 1]) {
            weft__pending_drop_first(&p, weft__pending_at(&p, origin, seq));
            held[origin][seq] = false;
        }
        REQUIRE((weft__pending_at(&p, origin, seq) != NULL) == held[origin][seq]);
        uint64_t last = seq;
        while (held[origin][last + 1]) last++;
        REQUIRE(weft__pending_run(&p, origin, seq) == last);
    }
    size_t count = 0;
    for (int origin = 0; origin < ORIGINS; origin++)
        for (int seq = 1; seq <= NUMBERS; seq++) count += held[origin][seq];
    ck_assert_uint_eq(p.count, count);
    end();
}
END_TEST

START_TEST(each_is_kept_whole_and_in_order) {
    static const uint64_t coming[] = {5, 3, 4, 8, 1, 7, 2, 6};
    begin(4096);
    for (size_t i = 0; i < sizeof coming / sizeof *coming; i++) ck_assert_int_eq(add(1, coming[i], behind(9, 1)), 0);
    ck_assert_uint_eq(p.places.count, 1);
    weft__pending_applied(&p, 9, 1);
    for (unsigned seq = 1; seq <= 8; seq++) ck_assert_uint_eq(take(0), 100 + seq);
    ck_assert_uint_eq(take(0), 0);
    end();
}
END_TEST

START_TEST(only_what_waited_for_it_is_tried) {
    begin(4096);
    ck_assert_int_eq(add(1, 1, behind(9, 4)), 0);
    ck_assert_int_eq(add(2, 1, behind(9, 5)), 0);
    ck_assert_int_eq(add(3, 1, behind(8, 4)), 0);
    ck_assert_int_eq(add(4, 1, (struct weft__obstacle){WEFT__OBSTACLE_STRANGER, 0, 0}), 0);
    weft__pending_applied(&p, 9, 3);
    weft__pending_applied(&p, 7, 9);
    ck_assert_uint_eq(take(0), 0);
    weft__pending_applied(&p, 9, 4);
    ck_assert_uint_eq(take(0), 101);
    ck_assert_uint_eq(take(0), 0);
    weft__pending_applied(&p, 6, 1); /* the first of a stranger: it may be the one */
    ck_assert_uint_eq(take(0), 401);
    ck_assert_uint_eq(take(0), 0);
    weft__pending_wake_all(&p);
    ck_assert_uint_eq(take(0), 201);
    ck_assert_uint_eq(take(0), 301);
    end();
}
END_TEST

/* A round begins where the last one stopped, and what was woken behind it comes with the next round. */
START_TEST(they_are_tried_round_by_round_in_the_order_of_origins) {
    begin(4096);
    for (uint32_t origin = 1; origin <= 4; origin++) ck_assert_int_eq(add(5 - origin, 1, behind(9, 1)), 0);
    ck_assert_int_eq(add(3, 2, behind(3, 1)), 0);
    weft__pending_applied(&p, 9, 1);
    ck_assert_uint_eq(take(3), 301);
    ck_assert_uint_eq(take(3), 302);
    ck_assert_uint_eq(take(3), 401);
    ck_assert_uint_eq(take(4), 101);
    ck_assert_uint_eq(take(1), 201);
    end();
}
END_TEST

START_TEST(parked_ones_come_due_by_the_clock) {
    begin(4096);
    for (uint32_t origin = 1; origin <= 3; origin++) {
        ck_assert_int_eq(add(origin, 1, (struct weft__obstacle){0}), 0);
        ck_assert(weft__pending_park(&p, weft__pending_at(&p, origin, 1), 1000 - 100 * origin));
    }
    ck_assert_uint_eq(p.parked, 3);
    ck_assert(!weft__pending_park(&p, weft__pending_at(&p, 1, 1), 900)); /* known */
    ck_assert_uint_eq(weft__pending_due(&p), 700);
    weft__pending_clock_reads(&p, 699);
    ck_assert_uint_eq(take(0), 0);
    weft__pending_clock_reads(&p, 800);
    ck_assert_uint_eq(take(0), 201);
    ck_assert_uint_eq(take(0), 301);
    ck_assert_uint_eq(take(0), 0);
    ck_assert_uint_eq(weft__pending_due(&p), 900);
    ck_assert_uint_eq(p.parked, 1);
    end();
}
END_TEST

START_TEST(a_full_buffer_refuses_and_keeps_what_it_has) {
    begin(1000);
    int rc = 0;
    uint64_t seq = 0;
    while (rc == 0) { /* each a run of its own: the dearest */
        seq++;
        rc = add(1, 3 * seq, behind(1, 3 * seq - 1));
    }
    ck_assert_int_eq(rc, WEFT_ERR_LIMIT);
    ck_assert_uint_gt(seq, 2);
    ck_assert_uint_le(p.bytes, 1000);
    ck_assert_uint_eq(memory.live_bytes, p.bytes);
    ck_assert_uint_eq(p.count, seq - 1);
    ck_assert_int_eq(add(1, 3, behind(1, 2)), 0);
    end();
}
END_TEST

START_TEST(without_memory_nothing_changes) {
    for (uint64_t seq = 5; seq <= 11; seq += 2) {
        for (size_t fail_at = 1;; fail_at++) {
            begin(4096);
            ck_assert_int_eq(add(1, 6, behind(1, 5)), 0);
            ck_assert_int_eq(add(1, 8, behind(1, 7)), 0);
            size_t bytes = p.bytes, runs = p.places.count;
            memory.calls = 0;
            memory.fail_at = fail_at;
            int rc = add(1, seq, behind(2, 1));
            if (rc != 0) {
                ck_assert_int_eq(rc, WEFT_ERR_NOMEM);
                ck_assert(weft__pending_at(&p, 1, seq) == NULL);
                ck_assert_uint_eq(p.bytes, bytes);
                ck_assert_uint_eq(p.places.count, runs);
                ck_assert_uint_eq(p.obstacles.count, runs);
            }
            end();
            if (rc == 0) break;
        }
    }
}
END_TEST

/* --- In the engine ------------------------------------------------------------------------------------------------ */

#define WRITERS   60
#define UNRELATED 400
#define EPOCH     WEFT_HLC_SECONDS(1000000)

static struct weft_time now = {.wall = EPOCH, .mono_ns = 1};

/* A replica, and its own latest transaction. */
struct site {
    struct weft_replica *replica;
    struct weft_buf row;
};

static void step(struct site *s, struct weft_event e) {
    struct weft_update u;
    e.now = now;
    ck_assert_int_eq(weft_replica_step(s->replica, &e, &u), 0);
    for (size_t i = 0; i < u.record_count; i++) {
        if (u.records[i].kind != WEFT_RECORD_LOG) continue;
        weft_buf_reset(&s->row);
        ck_assert_int_eq(weft_buf_append_slice(&s->row, u.records[i].bytes), 0);
    }
}

static void tick(struct site *s) {
    step(s, (struct weft_event){.kind = WEFT_EVENT_TICK});
}

static struct site open_site(uint64_t seed) {
    struct weft_replica_options o;
    struct site s;
    weft_replica_options_init(&o);
    o.seed = seed;
    o.replica.bytes[0] = (uint8_t)seed;
    weft_buf_init(&s.row, NULL);
    ck_assert_int_eq(weft_replica_new(&s.replica, &o), 0);
    step(&s, (struct weft_event){.kind = WEFT_EVENT_START, .random = weft__mix64(seed)});
    return s;
}

static void close_site(struct site *s) {
    weft_replica_free(s->replica);
    weft_buf_fini(&s->row);
}

static void count(struct site *s) {
    struct weft_txn *txn;
    ck_assert_int_eq(weft_txn_begin(s->replica, &now, &txn), 0);
    weft_pncounter_add(weft_txn_edit(txn, weft_str("n"), &weft_pncounter_class), 1);
    ck_assert_int_eq(weft_txn_commit(txn, NULL), 0);
    tick(s);
}

static void give(struct site *to, struct weft_slice row) {
    struct weft__transaction t;
    ck_assert_int_eq(weft__transaction_parse(&t, row), 0);
    ck_assert_int_eq(weft__receive_transaction(to->replica, 0, &t), 0);
    tick(to);
}

static int64_t value(const struct site *s) {
    int64_t v = 0;
    ck_assert_int_eq(weft_pncounter_value(weft_replica_view(s->replica, weft_str("n"), &weft_pncounter_class), &v), 0);
    return v;
}

/* Sixty origins wait, each for another transaction of one hub: each of these wakes one, and it is looked at once. */
START_TEST(sixty_waiting_origins_are_looked_at_once_each) {
    struct site hub = open_site(1), reader = open_site(2), writers[WRITERS];
    struct weft_buf hub_rows[WRITERS];
    for (uint64_t i = 0; i < WRITERS; i++) writers[i] = open_site(100 + i);
    for (int i = 0; i < WRITERS; i++) {
        count(&hub);
        weft_buf_init(&hub_rows[i], NULL);
        ck_assert_int_eq(weft_buf_append_slice(&hub_rows[i], weft_buf_slice(&hub.row)), 0);
        for (int k = i; k < WRITERS; k++) give(&writers[k], weft_buf_slice(&hub.row));
        count(&writers[i]);
    }
    const struct weft__pending *waiting = &reader.replica->pending;
    give(&reader, weft_buf_slice(&hub_rows[0])); /* no stranger any more */
    for (int i = WRITERS - 1; i > 0; i--) give(&reader, weft_buf_slice(&writers[i].row));
    ck_assert_uint_eq(waiting->count, WRITERS - 1);
    ck_assert_uint_eq(waiting->tries, 0);
    for (int i = 1; i < WRITERS; i++) {
        give(&reader, weft_buf_slice(&hub_rows[i]));
        ck_assert_int_eq(value(&reader), 1 + 2 * i);
        ck_assert_uint_eq(waiting->tries, (uint64_t)i);
    }
    for (int i = 0; i < WRITERS; i++) close_site(&writers[i]);
    for (int i = 0; i < WRITERS; i++) weft_buf_fini(&hub_rows[i]);
    close_site(&hub);
    close_site(&reader);
}
END_TEST

/* However much else is applied, and however often the replica is stepped. */
START_TEST(what_waits_is_not_looked_at_for_what_is_unrelated) {
    struct site writer = open_site(1), other = open_site(2), reader = open_site(3);
    count(&writer);
    count(&writer); /* the first one is missing */
    give(&reader, weft_buf_slice(&writer.row));
    for (int i = 0; i < UNRELATED; i++) {
        count(&other);
        give(&reader, weft_buf_slice(&other.row));
    }
    ck_assert_int_eq(value(&reader), UNRELATED);
    ck_assert_uint_eq(reader.replica->pending.count, 1);
    ck_assert_uint_eq(reader.replica->pending.tries, 0);
    close_site(&writer);
    close_site(&other);
    close_site(&reader);
}
END_TEST

/* A long gap closes from its far end: as many looks as transactions, whichever way they came. */
START_TEST(a_run_is_tried_once_through) {
    struct site writer = open_site(1), reader = open_site(2);
    struct weft_buf rows[UNRELATED];
    for (int i = 0; i < UNRELATED; i++) {
        count(&writer);
        weft_buf_init(&rows[i], NULL);
        ck_assert_int_eq(weft_buf_append_slice(&rows[i], weft_buf_slice(&writer.row)), 0);
    }
    for (int i = UNRELATED - 1; i > 0; i--) give(&reader, weft_buf_slice(&rows[i]));
    ck_assert_uint_eq(reader.replica->pending.tries, 0);
    ck_assert_int_eq(value(&reader), 0);
    give(&reader, weft_buf_slice(&rows[0]));
    ck_assert_int_eq(value(&reader), UNRELATED);
    ck_assert_uint_eq(reader.replica->pending.tries, UNRELATED - 1);
    for (int i = 0; i < UNRELATED; i++) weft_buf_fini(&rows[i]);
    close_site(&writer);
    close_site(&reader);
}
END_TEST

/* Parked: not before its time, then at once; and at once when its clock epoch is left, which excuses any stamp. */
START_TEST(a_parked_one_is_looked_at_when_due_or_when_the_epoch_is_left) {
    struct site fast = open_site(1), other = open_site(2), reader[2] = {open_site(3), open_site(4)};
    now.wall = EPOCH + WEFT_HLC_SECONDS(100);
    count(&fast); /* beyond the bound of 60 s */
    now.wall = EPOCH;
    for (int i = 0; i < 2; i++) give(&reader[i], weft_buf_slice(&fast.row));
    for (int i = 1; i < 40; i++) {
        now.wall = EPOCH + WEFT_HLC_SECONDS((uint64_t)i);
        tick(&reader[0]);
    }
    ck_assert_uint_eq(reader[0].replica->pending.tries, 0);
    ck_assert_uint_eq(reader[0].replica->pending.parked, 1);
    now.wall = EPOCH + WEFT_HLC_SECONDS(41);
    tick(&reader[0]);
    ck_assert_int_eq(value(&reader[0]), 1);
    now.wall = EPOCH;
    ck_assert_int_eq(weft_replica_raise_clock_epoch(other.replica), 0);
    count(&other);
    give(&reader[1], weft_buf_slice(&other.row));
    ck_assert_int_eq(value(&reader[1]), 2);
    ck_assert_uint_eq(reader[1].replica->pending.parked, 0);
    close_site(&fast);
    close_site(&other);
    for (int i = 0; i < 2; i++) close_site(&reader[i]);
}
END_TEST

int main(void) {
    return RUN_SUITE("pending", runs_are_what_a_table_says, each_is_kept_whole_and_in_order,
                     only_what_waited_for_it_is_tried, they_are_tried_round_by_round_in_the_order_of_origins,
                     parked_ones_come_due_by_the_clock, a_full_buffer_refuses_and_keeps_what_it_has,
                     without_memory_nothing_changes, sixty_waiting_origins_are_looked_at_once_each,
                     what_waits_is_not_looked_at_for_what_is_unrelated, a_run_is_tried_once_through,
                     a_parked_one_is_looked_at_when_due_or_when_the_epoch_is_left);
}
