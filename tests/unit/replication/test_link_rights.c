/* What passes on links by the rights of a space, and which links stand: one case for each thing that a peer may not do,
 * by honest replicas and by one that says what it likes. */
#include "tests/support/failing_alloc.h"
#include "tests/unit/replication/link_rights.h"

/* What its sender keeps to, each by itself, read where it lies and by protobuf. */
START_TEST(digest_says_what_rights_keep_back) {
    struct weft__message_head head = {.sender = {{{1}}, 1}, .wall = 1};
    struct weft__message m[2];
    weft_buf_init(&forged, NULL);
    for (unsigned flags = 0; flags < 8; flags++) {
        weft_buf_reset(&forged);
        ck_assert_int_eq(weft__message_write_digest(&forged, &head, flags, NULL, 0, NULL), 0);
        ck_assert_int_eq(weft__message_decode(&m[0], weft_buf_slice(&forged), &weft_alloc_default), 0);
        ck_assert_int_eq(weft__message_decode_any(&m[1], weft_buf_slice(&forged), &weft_alloc_default), 0);
        for (int i = 0; i < 2; i++) {
            ck_assert(m[i].digest.reply == ((flags & WEFT__DIGEST_REPLY) != 0));
            ck_assert(m[i].digest.own_only == ((flags & WEFT__DIGEST_OWN_ONLY) != 0));
            ck_assert(m[i].digest.yours_only == ((flags & WEFT__DIGEST_YOURS_ONLY) != 0));
            weft__message_fini(&m[i]);
        }
    }
    weft_buf_fini(&forged);
}
END_TEST

START_TEST(who_may_not_read_is_told_of_its_own_only) {
    BEGIN(3, .reads_not = {false, false, true});
    watch(2);
    cluster_link_all(&c);
    for (int k = 0; k < 3; k++) {
        for (int i = 0; i < 3; i++) (void)cluster_set(&c, i, "k", "x");
        pass(3);
    }
    ck_assert(has_all_of(0, 2) && has_all_of(1, 2) && has_all_of(0, 1) && has_all_of(1, 0));
    ck_assert_uint_eq(applied(2, 0) + applied(2, 1), 0);
    ck_assert_uint_eq(seen.others_rows + seen.others_names + seen.chunks, 0);
    ck_assert_uint_gt(seen.digests, 0);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_DIVERGED], 0); /* nor is a state compared that it may not have */
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_REFUSED], 0);
    end();
}
END_TEST

/* ... and gets that back, by whoever has it, when its store is gone. */
START_TEST(who_may_not_read_gets_its_own_back) {
    BEGIN(3, .reads_not = {false, false, true});
    cluster_link_all(&c);
    (void)cluster_set(&c, 2, "k", "x");
    pass(3);
    struct weft_origin old = origin_of(2);
    uint32_t index;
    cluster_crash(&c, 2);
    c.at[2].store->cls->close(c.at[2].store);
    c.at[2].store = NULL;
    ck_assert_int_eq(cluster_open(&c, 2), 0);
    watch(2);
    cluster_link(&c, 1, 2);
    pass(5);
    ck_assert(weft_origins_find(weft_replica_origins(c.at[2].replica), &old, &index));
    ck_assert_uint_eq(weft_version_vector_get(weft_replica_applied(c.at[2].replica), index), 2);
    ck_assert_uint_eq(seen.others_rows + seen.others_names + seen.chunks, 0);
    end();
}
END_TEST

/* What it does not bring comes from others, and what it wrote itself waits for that. */
START_TEST(who_may_not_relay_brings_its_own_only) {
    BEGIN(3, .relays_not = {false, true, false});
    cluster_link(&c, 0, 2);
    pass(2);
    cluster_unlink(&c, 0, 2);
    cluster_link(&c, 0, 1);
    (void)cluster_set(&c, 0, "k", "0");
    pass(3);
    (void)cluster_set(&c, 1, "k", "1"); /* after it */
    watch(1);
    cluster_link(&c, 1, 2);
    (void)cluster_set(&c, 1, "l", "1");
    pass(10);
    ck_assert_uint_le(seen.questions, 2); /* for its own */
    ck_assert_uint_lt(applied(2, 0), applied(0, 0));
    ck_assert(cluster_reads(&c, 2, "l", NULL));
    ck_assert_uint_gt(cluster_stats(&c, 2).pending, 0);
    cluster_link(&c, 0, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert(cluster_reads(&c, 2, "k", "1") && cluster_reads(&c, 2, "l", "1"));
    for (int i = 0; i < 3; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_REFUSED], 0);
    end();
}
END_TEST

/* Where 2 does not know yet that 1 may not relay any more, 1 says so, and does not answer who asks all the same. */
START_TEST(who_may_not_relay_says_so) {
    BEGIN(3, .generation = 1);
    weft_buf_init(&forged, NULL);
    cluster_link(&c, 0, 1);
    (void)cluster_set(&c, 0, "k", "0");
    pass(3);
    struct policy p = {.generation = 2, .writes = {"*", "*", "*"}, .relays_not = {false, true}};
    commit(1, &p); /* after what 2 does not have */
    watch(1);
    cluster_link(&c, 1, 2);
    pass(30);
    ck_assert_uint_le(seen.questions, 2); /* for its own */
    ck_assert_uint_eq(applied(2, 0), 0);
    struct weft__range range = {origin_of(0), 0, 9};
    watch(2);
    struct weft__message_head head = head_of(2);
    ck_assert_int_eq(weft__message_write_request(&forged, &head, &range, 1), 0);
    deliver_forged(1, 2);
    head = head_of(2);
    ck_assert_int_eq(weft__message_write_state_request(&forged, &head, 0, 0), 0);
    deliver_forged(1, 2);
    pass(3);
    ck_assert_uint_eq(seen.others_rows, seen.rows_of_giver);
    ck_assert_uint_eq(seen.chunks, 0);
    ck_assert_uint_eq(c.at[1].notices[WEFT_NOTICE_REFUSED], 0);
    cluster_link(&c, 0, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    weft_buf_fini(&forged);
    end();
}
END_TEST

/* Only from whom the driver says that it vouches, whatever it has. */
START_TEST(state_comes_from_who_vouches) {
    prepare(3);
    c.at[1].does_not_vouch = true;
    for (int i = 0; i < 3; i++) {
        c.at[i].options.log_max = 0;
        c.at[i].options.chunk_bytes = 300;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    commit(0, &all_may);
    (void)cluster_set(&c, 0, "k", "x");
    cluster_link(&c, 0, 1);
    pass(3);
    for (int i = 0; i < 2; i++) {
        weft_replica_checkpoint(c.at[i].replica);
        cluster_pass(&c, SECOND);
        ck_assert_uint_eq(cluster_stats(&c, i).log_entries, 0);
    }
    watch(1);
    cluster_link(&c, 1, 2);
    pass(20);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 0);
    ck_assert_uint_eq(seen.questions, 0);
    cluster_link(&c, 0, 2);
    ck_assert(cluster_converge(&c, ROUNDS));
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    end();
}
END_TEST

/* --- Messages that no honest replica sends ------------------------------------------------------------------------ */

/* Hands it over, and says with what it was refused; nothing changed, nothing is said, and the reason is told. */
static int refusal_of(int to, int from, const char *reason) {
    struct weft_buf before, after;
    weft_buf_init(&before, NULL);
    weft_buf_init(&after, NULL);
    ck_assert_int_eq(weft_replica_encode(c.at[to].replica, &before), 0);
    uint64_t messages = c.messages;
    size_t pending = cluster_stats(&c, to).pending;
    c.at[to].refused = 0;
    struct weft_event e = {.kind = WEFT_EVENT_RECEIVED, .link = (uint32_t)from, .bytes = weft_buf_slice(&forged)};
    ck_assert_int_eq(cluster_step(&c, to, e), 0);
    ck_assert_int_eq(weft_replica_encode(c.at[to].replica, &after), 0);
    if (c.at[to].refused != 0) {
        ck_assert(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)));
        ck_assert_uint_eq(cluster_stats(&c, to).pending, pending);
        ck_assert_uint_eq(c.messages, messages);
        ck_assert_msg(strstr(c.at[to].refusal, reason) != NULL, "%s", c.at[to].refusal);
        ck_assert(!c.linked[to][from]);
        cluster_link(&c, to, from);
    }
    cluster_settle(&c);
    weft_buf_fini(&before);
    weft_buf_fini(&after);
    return c.at[to].refused;
}

static void forge_rows(int as, const struct weft_slice *rows, size_t count, bool answer) {
    struct weft__message_head head = head_of(as);
    ck_assert_int_eq(weft__message_write_transactions(&forged, &head, rows, count, answer), 0);
}

static struct weft_slice row_of(int i, int at) {
    struct weft_origin o = origin_of(i);
    struct weft_slice row = weft_replica_transaction(c.at[at].replica, &o, applied(i, i));
    ck_assert_uint_gt(row.len, 0);
    return row;
}

/* 0 and 1 may all; `2` is who does wrong. 1 and 0 are not linked, so that 2 has what 0 does not. */
static void begin_forging(struct policy p) {
    begin(3, p);
    weft_buf_init(&forged, NULL);
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    (void)cluster_set(&c, 1, "k", "1");
    pass(3);
}

/* It did not stop replication among the others, nor with the one that did wrong. */
static void end_forging(void) {
    weft_buf_fini(&forged);
    if (!c.linked[0][1]) cluster_link(&c, 0, 1);
    (void)cluster_set(&c, 0, "l", "0");
    (void)cluster_set(&c, 2, "m", "2");
    pass(5);
    ck_assert(has_all_of(0, 1) && has_all_of(1, 0) && has_all_of(0, 2) && has_all_of(1, 2));
    end();
}

START_TEST(who_says_to_be_another_is_refused) {
    begin_forging((struct policy){0});
    struct weft_slice row = row_of(1, 2);
    forge_rows(1, &row, 1, false);
    ck_assert_int_eq(refusal_of(0, 2, "says to be replica 02"), WEFT_ERR_CERTIFICATE);
    struct weft__message_head head = head_of(1);
    ck_assert_int_eq(weft__message_write_digest(&forged, &head, WEFT__DIGEST_REPLY, NULL, 0, NULL), 0);
    ck_assert_int_eq(refusal_of(0, 2, "says to be replica 02"), WEFT_ERR_CERTIFICATE);
    forge_rows(2, &row, 1, false); /* it may relay */
    ck_assert_int_eq(refusal_of(0, 2, ""), 0);
    end_forging();
}
END_TEST

/* The first row would have been its own. */
START_TEST(row_of_another_from_who_may_not_relay_is_refused) {
    begin_forging((struct policy){.relays_not = {false, false, true}});
    (void)cluster_set(&c, 2, "own", "2");
    while (c.queued > 0) cluster_drop(&c, 0);
    ck_assert_uint_lt(applied(0, 2), applied(2, 2));
    struct weft_slice rows[] = {row_of(2, 2), row_of(1, 2)};
    for (int answer = 0; answer < 2; answer++) {
        forge_rows(2, rows, 2, answer != 0);
        ck_assert_int_eq(refusal_of(0, 2, "generation 1 replica 03"), WEFT_ERR_DENIED);
    }
    forge_rows(2, &rows[1], 1, true);
    ck_assert_int_eq(refusal_of(0, 2, "may not bring what others wrote"), WEFT_ERR_DENIED);
    ck_assert_uint_eq(applied(0, 1), 0);
    end_forging();
}
END_TEST

START_TEST(question_of_who_may_not_read_is_refused) {
    begin_forging((struct policy){.reads_not = {false, false, true}});
    struct weft__range ranges[] = {{origin_of(2), 0, 1}, {origin_of(1), 0, 9}, {origin_of(0), 0, 9}};
    struct weft__message_head head = head_of(2);
    ck_assert_int_eq(weft__message_write_request(&forged, &head, ranges, 2), 0);
    ck_assert_int_eq(refusal_of(1, 2, "may not read what others wrote"), WEFT_ERR_DENIED);
    head = head_of(2);
    ck_assert_int_eq(weft__message_write_state_request(&forged, &head, 0, 0), 0);
    ck_assert_int_eq(refusal_of(1, 2, "may not read a state"), WEFT_ERR_DENIED);
    watch(2);
    head = head_of(2);
    ck_assert_int_eq(weft__message_write_request(&forged, &head, ranges, 1), 0);
    ck_assert_int_eq(refusal_of(1, 2, ""), 0);
    ck_assert_uint_eq(seen.own_rows, 1);
    end_forging();
}
END_TEST

static void forge_chunk(void) {
    static const uint8_t hash[WEFT__CHAIN_LEN] = {1};
    struct weft__message_head head = head_of(2);
    ck_assert_int_eq(weft__message_write_state_chunk(&forged, &head, 77, 0, 2, 10, hash, weft_str("state")), 0);
}

/* Whether it was asked for or not. */
START_TEST(chunk_of_who_may_not_give_a_state_is_refused) {
    begin_forging((struct policy){.relays_not = {false, false, true}});
    forge_chunk();
    ck_assert_int_eq(refusal_of(0, 2, "may not bring a state"), WEFT_ERR_DENIED);
    end_forging();
    prepare(3);
    c.at[2].does_not_vouch = true;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    for (int i = 0; i < 3; i++) commit(i, &all_may);
    weft_buf_init(&forged, NULL);
    cluster_link(&c, 0, 2);
    cluster_link(&c, 1, 2);
    pass(2);
    forge_chunk();
    ck_assert_int_eq(refusal_of(0, 2, "does not vouch"), WEFT_ERR_DENIED);
    c.at[2].does_not_vouch = false;
    cluster_unlink(&c, 0, 2);
    cluster_link(&c, 0, 2);
    forge_chunk();
    ck_assert_int_eq(refusal_of(0, 2, ""), 0); /* not asked for, and no harm */
    end_forging();
}
END_TEST

/* Who may not bring what others wrote says of it what it has, and nothing that would be looked into. */
START_TEST(what_is_made_up_of_others_is_not_believed) {
    begin_forging((struct policy){.relays_not = {false, false, true}});
    struct weft__digest_entry entries[] = {{.origin = origin_of(1), .seq = applied(1, 1), .hash = {9}},
                                           {.origin = origin_of(1), .seq = 1000000, .hash = {9}, .floor = 999999},
                                           {.origin = {{{0x77}}, 1}, .seq = 5, .hash = {9}}};
    cluster_link(&c, 0, 1);
    pass(3);
    watch(2);
    struct weft__message_head head = head_of(2);
    ck_assert_int_eq(weft__message_write_digest(&forged, &head, 0, &entries[1], 2, NULL), 0);
    ck_assert_int_eq(refusal_of(0, 2, ""), 0);
    head = head_of(2);
    ck_assert_int_eq(weft__message_write_digest(&forged, &head, 0, &entries[0], 1, NULL), 0);
    ck_assert_int_eq(refusal_of(0, 2, ""), 0);
    struct weft_link_info info;
    for (size_t i = 0; weft_replica_link(c.at[0].replica, i, &info); i++) ck_assert_uint_eq(info.ahead, 0);
    pass(10);
    ck_assert_uint_eq(seen.questions, 0);
    for (int i = 0; i < 2; i++) ck_assert_uint_eq(c.at[i].notices[WEFT_NOTICE_EQUIVOCATION], 0);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_CLONED], 0);
    ck_assert_uint_eq(c.at[0].notices[WEFT_NOTICE_STATE_BEGUN], 0);
    end_forging();
}
END_TEST

/* --- Links -------------------------------------------------------------------------------------------------------- */

START_TEST(who_may_nothing_has_no_link) {
    BEGIN(3, .reads_not = {false, false, true}, .relays_not = {false, false, true}, .writes = {"*", "*", ""});
    watch(2);
    cluster_link(&c, 0, 2);
    ck_assert(!c.linked[0][2]);
    ck_assert_int_eq(c.at[0].refused, WEFT_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(c.at[0].refusal, "03000000000000000000000000000000 (at place 2)"));
    ck_assert_ptr_nonnull(strstr(c.at[0].refusal, "generation 1"));
    ck_assert_uint_eq(seen.digests, 0);
    struct weft_link_info info;
    ck_assert(!weft_replica_link(c.at[0].replica, 0, &info));
    c.tells_peers = false; /* then its first message says who it is */
    c.at[0].refused = 0;
    cluster_link(&c, 0, 2);
    cluster_settle(&c);
    ck_assert(!c.linked[0][2]);
    ck_assert_int_eq(c.at[0].refused, WEFT_ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(c.at[0].refusal, "may nothing"));
    ck_assert_uint_eq(seen.others_names + seen.others_rows, 0);
    end();
}
END_TEST

/* The very step that applies the document, at who commits it and at who hears of it; what was under way comes to
 * nothing, also where the driver has not closed the link yet. */
START_TEST(revocation_cuts_links_at_once) {
    for (int closes = 0; closes < 2; closes++) {
        BEGIN(4, .generation = 1);
        cluster_link_all(&c);
        pass(3);
        c.closes_refused = closes != 0;
        (void)cluster_set(&c, 3, "late", "x"); /* on its way */
        uint64_t had = applied(0, 3);
        struct policy p = {.generation = 2, .writes = {"*", "*", "*"}};
        watch(3);
        commit(0, &p);
        ck_assert_int_eq(c.at[0].refused, WEFT_ERR_DENIED);
        ck_assert_uint_eq(seen.digests, 0);
        for (size_t k = 0; k < c.queued;) {
            if (c.queue[k].to == 0)
                cluster_deliver(&c, k);
            else
                k++;
        }
        ck_assert_uint_eq(applied(0, 3), had);
        for (size_t k = 0; k < c.queued;) {
            if (c.queue[k].from == 3)
                cluster_drop(&c, k);
            else
                k++;
        }
        pass(3);
        for (int i = 1; i < 3; i++) ck_assert_int_eq(c.at[i].refused, WEFT_ERR_DENIED);
        (void)cluster_set(&c, 0, "after", "x");
        pass(3);
        ck_assert(cluster_reads(&c, 2, "after", "x") && cluster_reads(&c, 3, "after", NULL));
        ck_assert_uint_eq(seen.others_rows + seen.others_names, 0);
        ck_assert_uint_eq(applied(1, 3), had);
        end();
    }
}
END_TEST

/* What waits was taken while it might be: by whom it may be written is judged when it is applied. */
START_TEST(revocation_leaves_what_waits) {
    BEGIN(3, .generation = 1);
    cluster_link(&c, 1, 2);
    (void)cluster_set(&c, 1, "k", "1");
    pass(2);
    (void)cluster_set(&c, 2, "k", "2");
    cluster_unlink(&c, 1, 2);
    cluster_link(&c, 0, 2);
    for (size_t k = 0; k < c.queued;) cluster_drop(&c, k);
    struct weft_slice row = row_of(2, 2);
    weft_buf_init(&forged, NULL);
    forge_rows(2, &row, 1, false);
    ck_assert_int_eq(refusal_of(0, 2, ""), 0);
    ck_assert_uint_gt(cluster_stats(&c, 0).pending, 0);
    struct policy p = {.generation = 2, .writes = {"*", "*"}};
    commit(0, &p);
    ck_assert(!c.linked[0][2]);
    ck_assert_uint_gt(cluster_stats(&c, 0).pending, 0);
    cluster_link(&c, 0, 1);
    pass(5);
    ck_assert(cluster_reads(&c, 0, "k", "2"));
    ck_assert_uint_eq(cluster_stats(&c, 0).voids, 0);
    weft_buf_fini(&forged);
    end();
}
END_TEST

static void begin_state(int count) {
    prepare(count);
    for (int i = 0; i < count; i++) {
        c.at[i].options.log_max = 0;
        c.at[i].options.chunk_bytes = 64;
        ck_assert_int_eq(cluster_open(&c, i), 0);
    }
    commit(0, &all_may);
    for (int k = 0; k < 10; k++) (void)cluster_set(&c, 0, "k", "what is in it");
    cluster_link(&c, 0, 1);
    pass(3);
    for (int i = 0; i < 2; i++) {
        weft_replica_checkpoint(c.at[i].replica);
        cluster_pass(&c, SECOND);
    }
    cluster_unlink(&c, 0, 1);
}

/* From who lost the right while it gave it: that is at an end, and another gives it. */
START_TEST(revocation_ends_a_state_half_way) {
    begin_state(3);
    cluster_link(&c, 1, 2);
    for (int k = 0; k < 12; k++) cluster_deliver(&c, 0);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 1);
    ck_assert_uint_gt(c.at[2].replica->incoming.staging.next, 0);
    struct policy p = {.generation = 2, .writes = {"*", "*", "*"}, .relays_not = {false, true}};
    commit(2, &p);
    pass(5);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 0);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DROPPED], 1);
    ck_assert_int_eq(c.at[2].refused == 0 || c.at[2].refused == WEFT_ERR_DENIED, 1);
    cluster_link(&c, 0, 2);
    cluster_link_all(&c);
    ck_assert(cluster_converge(&c, 30));
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_DONE], 1);
    end();
}
END_TEST

/* It had been asked for, and waits for a record. */
START_TEST(state_that_waits_is_not_given_any_more) {
    begin_state(3);
    c.at[1].hold_records = true;
    (void)cluster_set(&c, 1, "held", "x");
    cluster_link(&c, 1, 2);
    pass(4);
    ck_assert_uint_eq(c.at[2].notices[WEFT_NOTICE_STATE_BEGUN], 1);
    struct policy p = {.generation = 2, .writes = {"*", "*", "*"}, .reads_not = {false, false, true}};
    watch(2);
    commit(1, &p);
    c.at[1].hold_records = false;
    cluster_release(&c, 1);
    ck_assert_uint_eq(seen.chunks, 0);
    end();
}
END_TEST

/* By documents that are known beforehand links are judged, if they are the newest; what a transaction means is not. */
START_TEST(links_are_judged_by_what_is_known_beforehand) {
    struct weft_buf b;
    struct weft_slice document;
    struct policy p = {.generation = 5, .writes = {"k", "*"}};
    prepare(3);
    weft_buf_init(&b, NULL);
    authority_sign(&root, &space, &p, &b);
    document = weft_buf_slice(&b);
    c.at[0].options.rights = &document;
    c.at[0].options.rights_count = 1;
    for (int i = 0; i < 3; i++) ck_assert_int_eq(cluster_open(&c, i), 0);
    cluster_link(&c, 0, 2);
    ck_assert_int_eq(c.at[0].refused, WEFT_ERR_DENIED);
    cluster_link(&c, 0, 1);
    commit(1, &all_may);
    pass(3);
    (void)cluster_set(&c, 0, "anything", "x");
    pass(2);
    ck_assert(cluster_reads(&c, 1, "anything", "x"));
    cluster_link(&c, 0, 2);
    ck_assert(!c.linked[0][2]);
    struct weft_link_info info;
    ck_assert(weft_replica_link(c.at[0].replica, 0, &info));
    ck_assert(info.is_authenticated && info.vouches && info.read && info.relay);
    ck_assert_str_eq(info.label, "at place 1");
    ck_assert_uint_eq(info.replica.bytes[0], 2);
    weft_buf_fini(&b);
    end();
}
END_TEST

/* --- Stores ------------------------------------------------------------------------------------------------------- */

static int open_in(struct weft_id cluster) {
    cluster_crash(&c, 0);
    c.at[0].options.cluster = cluster;
    return cluster_open(&c, 0);
}

START_TEST(store_is_of_one_cluster) {
    struct weft_id none = {{0}}, one = {{1}}, two = {{2}};
    cluster_init(&c, 1);
    ck_assert_int_eq(open_in(none), 0);
    (void)cluster_count(&c, 0, "n", 1);
    ck_assert_int_eq(open_in(one), 0); /* adopted */
    (void)cluster_count(&c, 0, "n", 1);
    ck_assert_int_eq(open_in(none), 0);
    ck_assert_int_eq(open_in(two), WEFT_ERR_FOREIGN);
    const char *why = weft_replica_errmsg(c.at[0].replica);
    ck_assert_ptr_nonnull(strstr(why, "of cluster 01000000000000000000000000000000"));
    ck_assert_ptr_nonnull(strstr(why, "not of 02000000000000000000000000000000"));
    ck_assert_int_eq(open_in(one), 0);
    ck_assert_int_eq(cluster_value(&c, 0, "n"), 2);
    end();
    cluster_init(&c, 1);
    ck_assert_int_eq(open_in(two), 0); /* from the first opening on */
    ck_assert_int_eq(open_in(one), WEFT_ERR_FOREIGN);
    end();
}
END_TEST

/* --- Memory ------------------------------------------------------------------------------------------------------- */

/* Each allocation of replica 0 fails once, while one peer is refused and others are shown what they may see. */
START_TEST(nth_allocation_fails) {
    for (uint64_t n = 1;; n++) {
        struct failing_alloc f;
        failing_alloc_init(&f);
        BEGIN(3, .reads_not = {false, false, true});
        cluster_crash(&c, 0);
        c.at[0].options.alloc = &f.alloc;
        c.at[0].retries_nomem = true;
        ck_assert_int_eq(cluster_open(&c, 0), 0);
        f.calls = 0;
        f.fail_at = n;
        cluster_link_all(&c);
        for (int i = 1; i < 3; i++) (void)cluster_set(&c, i, "k", "x");
        pass(2);
        struct policy p = {.generation = 2, .writes = {"*", "*"}};
        commit(1, &p);
        pass(4);
        bool failed = f.calls >= n;
        f.fail_at = 0;
        struct weft_link_info info; /* the notice may be lost, the link is not taken */
        for (size_t i = 0; weft_replica_link(c.at[0].replica, i, &info); i++) REQUIRE(info.link != 2);
        REQUIRE(has_all_of(0, 1) && has_all_of(0, 2));
        end();
        ck_assert_uint_eq(f.live_bytes, 0);
        if (!failed) break;
    }
}
END_TEST

int main(void) {
    return RUN_SUITE("engine/link_rights", digest_says_what_rights_keep_back, who_may_not_read_is_told_of_its_own_only,
                     who_may_not_read_gets_its_own_back, who_may_not_relay_brings_its_own_only,
                     state_comes_from_who_vouches, who_may_not_relay_says_so, who_says_to_be_another_is_refused,
                     row_of_another_from_who_may_not_relay_is_refused, question_of_who_may_not_read_is_refused,
                     chunk_of_who_may_not_give_a_state_is_refused, what_is_made_up_of_others_is_not_believed,
                     who_may_nothing_has_no_link, revocation_cuts_links_at_once, revocation_leaves_what_waits,
                     revocation_ends_a_state_half_way, links_are_judged_by_what_is_known_beforehand,
                     state_that_waits_is_not_given_any_more, store_is_of_one_cluster, nth_allocation_fails);
}
