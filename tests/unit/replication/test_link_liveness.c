/* What the rights of a space keep from a link comes another way, or is not asked for again and again. */
#include <weft/lwwreg.h>

#include "tests/unit/replication/link_rights.h"

static uint64_t idle_messages(int i, int j) {
    cluster_link(&c, i, j);
    pass(10);
    uint64_t before = c.messages;
    pass(30);
    cluster_unlink(&c, i, j);
    return c.messages - before;
}

/* Where something is not told, or not brought, nobody asks for it again and again. */
START_TEST(idle_links_are_as_quiet_as_others) {
    BEGIN(4, .reads_not = {false, false, true, false}, .relays_not = {false, false, false, true});
    cluster_link(&c, 0, 1);
    cluster_link(&c, 1, 3);
    for (int i = 0; i < 4; i++) (void)cluster_set(&c, i, "k", "x");
    pass(5);
    cluster_unlink(&c, 0, 1);
    cluster_unlink(&c, 1, 3);
    (void)cluster_set(&c, 1, "l", "x"); /* 0 lacks it */
    uint64_t quiet = idle_messages(0, 1);
    ck_assert_uint_le(idle_messages(0, 2), quiet);
    ck_assert_uint_le(idle_messages(0, 3), quiet);
    /* And where it does not know that it may not read any more. */
    (void)cluster_set(&c, 0, "m", "x");
    struct policy p = {.generation = 2, .writes = {"*", "*", "*", "*"}, .reads_not = {false, true}};
    commit(0, &p);
    ck_assert_uint_le(idle_messages(0, 1), quiet);
    for (int i = 0; i < 4; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_REFUSED], 0);
    end();
}
END_TEST

/* It had heard of what it may not have any more: it asks once, and not on the next link. */
START_TEST(refused_question_is_asked_once) {
    BEGIN(2, .generation = 1);
    cluster_link(&c, 0, 1);
    pass(2);
    for (int k = 0; k < 3; k++) (void)cluster_set(&c, 0, "k", "x");
    while (c.queued > 0) cluster_drop(&c, 0); /* the rows */
    cluster_pass(&c, 2 * SECOND);             /* and a digest of them */
    for (size_t k = 0; k < c.queued;) {
        if (c.queue[k].to == 1)
            cluster_deliver(&c, k);
        else
            k++;
    }
    struct policy p = {.generation = 2, .writes = {"*", "*"}, .reads_not = {false, true}};
    commit(0, &p);
    watch(1);
    for (int k = 0; k < 40; k++) {
        pass(1);
        if (!c.linked[0][1]) cluster_link(&c, 0, 1);
    }
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_REFUSED], 1);
    ck_assert_uint_eq(seen.others_rows, 0);
    (void)cluster_set(&c, 1, "own", "x");
    pass(3);
    ck_assert(has_all_of(0, 1));
    end();
}
END_TEST

/* The last push was lost, and nothing is written any more: what the peer says to have tells. */
START_TEST(lost_push_is_repaired_where_the_peer_may_not_relay) {
    BEGIN(2, .relays_not = {false, true});
    cluster_link(&c, 0, 1);
    pass(3);
    (void)cluster_set(&c, 0, "k", "x");
    for (int k = 0; k < 4; k++) {
        while (c.queued > 0) cluster_drop(&c, 0);
        cluster_pass(&c, SECOND);
    }
    pass(5);
    ck_assert(cluster_reads(&c, 1, "k", "x"));
    end();
}
END_TEST

/* Rights that are given: what was not told before is told, and what was not asked for is, though nobody writes. */
START_TEST(rights_that_are_given_are_used) {
    struct policy p = all_may;
    p.generation = 2;
    for (int relaying = 0; relaying < 2; relaying++) {
        BEGIN(3, .reads_not = {false, false, relaying == 0}, .relays_not = {false, relaying == 1, false});
        cluster_link(&c, 0, 1);
        (void)cluster_set(&c, 0, "k", "x");
        pass(3);
        cluster_unlink(&c, 0, 1);
        cluster_link(&c, 1, 2);
        pass(3);
        ck_assert_uint_eq(applied(2, 0), 0);
        commit(relaying == 0 ? 1 : 2, &p);
        pass(6);
        ck_assert(cluster_reads(&c, 2, "k", "x"));
        end();
    }
}
END_TEST

/* 2 hears from 3 that 1 may relay; 1, which knows that long since, has no reason to say again what it has. */
START_TEST(who_may_relay_now_is_asked_what_it_has) {
    struct policy p = all_may;
    p.generation = 2;
    BEGIN(4, .relays_not = {false, true});
    cluster_link(&c, 2, 3);
    pass(2);
    cluster_unlink(&c, 2, 3);
    cluster_link(&c, 1, 3);
    commit(3, &p);
    pass(3);
    cluster_unlink(&c, 1, 3);
    cluster_link(&c, 0, 1);
    (void)cluster_set(&c, 0, "k", "x");
    pass(3);
    cluster_unlink(&c, 0, 1);
    cluster_link(&c, 1, 2);
    pass(5);
    ck_assert(cluster_reads(&c, 2, "k", NULL));
    cluster_link(&c, 2, 3);
    pass(6);
    ck_assert(cluster_reads(&c, 2, "k", "x"));
    end();
}
END_TEST

/* Whom nobody announced is told all as soon as it has said who it is. */
START_TEST(who_says_who_it_is_is_told_at_once) {
    BEGIN(2, .generation = 1);
    c.tells_peers = false;
    (void)cluster_set(&c, 0, "k", "x");
    cluster_link(&c, 0, 1);
    for (int k = 0; k < 3; k++) {
        cluster_settle(&c);
        cluster_pass(&c, 1);
    }
    ck_assert(cluster_reads(&c, 1, "k", "x"));
    end();
}
END_TEST

/* Some may not read, some not relay, some are thrown out: all that may read and are linked have one state. */
static uint64_t random_state;
static uint32_t draw(uint32_t bound) {
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(random_state >> 33) % bound;
}

static void run_random(uint64_t seed) {
    random_state = seed;
    struct policy p = {.generation = 1};
    int count = 4 + (int)draw(3);
    for (int i = 0; i < count; i++) {
        p.writes[i] = "*";
        p.reads_not[i] = i > 1 && draw(4) == 0; /* 0 and 1 may all, always */
        p.relays_not[i] = i > 1 && draw(2) == 0;
    }
    begin(count, p);
    cluster_link_all(&c);
    for (int k = 0; k < 60; k++) {
        int i = (int)draw((uint32_t)count), j = (int)draw((uint32_t)count);
        struct weft_txn *t = cluster_begin(&c, i);
        weft_lwwreg_set(weft_txn_edit(t, weft_str("k"), &weft_lwwreg_class), weft_str(k % 2 == 0 ? "x" : "y"));
        REQUIRE(weft_txn_commit(t, NULL) == 0);
        REQUIRE(cluster_step(&c, i, (struct weft_event){.kind = WEFT_EVENT_TICK}) == 0);
        if (draw(3) == 0 && i != j && c.linked[i][j]) cluster_unlink(&c, i, j);
        if (draw(3) == 0 && c.queued > 0) cluster_drop(&c, draw((uint32_t)c.queued));
        for (uint32_t n = draw(20); n > 0 && c.queued > 0; n--) cluster_deliver(&c, draw((uint32_t)c.queued));
        if (draw(15) == 0) {
            p.generation++;
            int who = 2 + (int)draw((uint32_t)count - 2);
            p.reads_not[who] = draw(3) == 0;
            p.relays_not[who] = draw(2) == 0;
            commit((int)draw(2), &p);
        }
        if (draw(4) == 0) cluster_link_all(&c);
    }
    for (int k = 0; k < 40; k++) {
        cluster_link_all(&c);
        pass(1);
    }
    for (int i = 0; i < count; i++)
        for (int of = 0; of < count && !p.reads_not[i]; of++)
            ck_assert_msg(has_all_of(i, of), "seed %llu: %d lacks of %d", (unsigned long long)seed, i, of);
    end();
}

START_TEST(all_that_may_read_converge) {
    for (uint64_t seed = 1; seed <= 60; seed++) run_random(seed);
}
END_TEST

int main(void) {
    return RUN_SUITE("engine/link_liveness", idle_links_are_as_quiet_as_others, refused_question_is_asked_once,
                     lost_push_is_repaired_where_the_peer_may_not_relay, rights_that_are_given_are_used,
                     who_may_relay_now_is_asked_what_it_has, who_says_who_it_is_is_told_at_once,
                     all_that_may_read_converge);
}
