/* hostile.c: a peer that does every wrong thing in turn, one row each, against two members on loopback. After each row:
 *
 *   the operator was told the reason that is in the table, typed and in words, or nothing where no harm was done
 *   the wrong one heard no more than whoever it managed to be may hear
 *   the state is what it was, to the bit, and the other member's link is the one that it was
 *   once the wrong one has left, so has what it cost: links, handshakes, memory
 *   the members go on.
 *
 * usage: hostile [WORDS]: all rows, or those whose name has the words in it; each with its variants is told as it runs.
 * Then some rows again with a defence taken out (undefended.h), which must fail, or they show nothing. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>
#include <weft/gcounter.h>

#include "replication/uv/node.h"
#include "tests/hostile/row.h"
#include "tests/hostile/undefended.h"
#include "tests/support/failing_alloc.h"

/* What the victim keeps for people of what it refused, and the room of its tables and buffers. */
#define KEPT_MAX   (1u << 20)
#define ANSWER_MAX (WEFT__GREETING_LEN + 2u + 32u + 48u + WEFT_CERTIFICATE_MAX + 16u)

static const struct terms no_rights;

struct trial {
    const struct row *row;
    const struct terms *terms;
    unsigned variant;
};
static struct trial *trials;
static int trial_count;

static struct failing_alloc alloc;
static const struct row *row; /* that is tried */
static const struct terms *terms;
static uint64_t patience_ms = 5000;

static void add_trials(const struct row *rows, const struct terms *of_rows, unsigned count, const char *words) {
    for (unsigned i = 0; i < count; i++) {
        if (words != NULL && strstr(rows[i].name, words) == NULL) continue;
        unsigned variants = rows[i].variants == 0 ? 1 : rows[i].variants;
        trials = realloc(trials, ((size_t)trial_count + variants) * sizeof *trials);
        for (unsigned v = 0; v < variants; v++)
            trials[trial_count++] = (struct trial){&rows[i], of_rows != NULL ? &of_rows[i] : &no_rights, v};
    }
}

/* --- What must hold ---------------------------------------------------------------------------------------------- */

static bool told(struct world *in) {
    return in->peers[0].refused > 0 || in->peers[0].voids > 0;
}

static bool alone_again(struct world *in) {
    return in->peers[0].node->link_count == 1 && in->peers[0].node->knocks.half_open == 0;
}

static void expect_reason(void) {
    struct peer *p = &w.peers[0];
    if (terms->is_void) {
        ck_assert_msg(world_run(&w, told, patience_ms), "the operator was told nothing");
        ck_assert_msg(p->void_err == row->err, "void for %s", weft_err_name(p->void_err));
        ck_assert_uint_eq(p->refused, 0);
        wanted++; /* it is there, without effect */
        return;
    }
    if (row->err == 0) {
        ck_assert_msg(p->refused == 0, "refused, and should not be: %s", p->refused_text);
        return;
    }
    ck_assert_msg(world_run(&w, told, patience_ms), "the operator was told nothing");
    ck_assert_msg(p->refused_err == row->err, "the reason is %s, and should be %s (%s)", weft_err_name(p->refused_err),
                  weft_err_name(row->err), p->refused_text);
    ck_assert_msg(strstr(p->refused_text, row->words) != NULL, "the reason does not say \"%s\": %s", row->words,
                  p->refused_text);
    if (p->refused_err == WEFT_ERR_STRANGER || p->refused_err == WEFT_ERR_CERTIFICATE)
        ck_assert_ptr_nonnull(strstr(p->refused_text, "127.0.0.1:")); /* whoever it is, it has an address */
}

static void expect_heard(const struct attacker *a) {
    size_t most = row->hears == NOTHING ? 0 : row->hears == ANSWER ? ANSWER_MAX : SIZE_MAX;
    ck_assert_msg(a->heard <= most, "the wrong one heard %zu bytes", a->heard);
    if (row->err != 0 && !terms->is_void) ck_assert_msg(a->shown_out || a->deaf, "the wrong one is still there");
}

static void write_at_both(void) {
    write_at(0);
    write_at(1);
    expect_converged();
}

/* All of it; where something came or was written meanwhile, the counter less what the members added. */
static void encode(struct weft_buf *out) {
    const struct weft_replica *r = weft_uv_replica(w.peers[0].node);
    uint64_t value;
    weft_buf_reset(out);
    if (!terms->is_void && !terms->writes) {
        ck_assert_int_eq(weft_replica_encode(r, out), 0);
        return;
    }
    ck_assert_int_eq(weft_gcounter_value(weft_replica_view(r, weft_str("n"), &weft_gcounter_class), &value), 0);
    weft_buf_printf(out, "%llu", (unsigned long long)(value - (terms->is_void ? 0 : wanted)));
}

START_TEST(wrong_thing) {
    struct attacker a = {.socket = -1};
    struct weft_buf before, after;
    const struct trial *t = &trials[_i];
    row = t->row;
    terms = t->terms;
    printf("%s (%u)\n", row->name, t->variant + 1);
    (void)fflush(stdout);
    weft_buf_init(&before, NULL);
    weft_buf_init(&after, NULL);
    failing_alloc_init(&alloc);
    rights_prepare(terms->may);
    world_peer(&w, 0)->engine.alloc = &alloc.alloc;
    open_peer(0, &as_it_is);
    open_peer(1, &as_it_is);
    expect_linked();
    rights_commit(terms->may);
    fill_victim();
    write_at_both();
    world_run_for(&w, 20);
    encode(&before);
    size_t live = alloc.live_bytes;
    uint32_t link = w.peers[0].node->links->number;

    row->attack(&a, t->variant);
    expect_reason();
    attacker_wait(&a, 50);
    expect_heard(&a);
    attacker_leave(&a);

    ck_assert_msg(world_run(&w, alone_again, patience_ms), "a link or a handshake stays");
    ck_assert_uint_eq(w.peers[0].node->links->number, link);
    encode(&after);
    ck_assert_msg(weft_slice_eq(weft_buf_slice(&before), weft_buf_slice(&after)), "the state is another one");
    ck_assert_msg(alloc.live_bytes <= live + KEPT_MAX, "%zu bytes stay", alloc.live_bytes - live);
    ck_assert_uint_eq(w.peers[1].refused, 0);
    write_at_both();
    weft_buf_fini(&before);
    weft_buf_fini(&after);
}
END_TEST

/* --- Running ----------------------------------------------------------------------------------------------------- */

static int run(int from, int upto, enum print_output output) {
    Suite *s = suite_create("hostile");
    TCase *t = tcase_create("hostile");
    suite_add_tcase(s, t);
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, members_setup, members_teardown);
    tcase_add_loop_test(t, wrong_thing, from, upto);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, output);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed;
}

/* Where only some rows were asked for, those that were not are passed over. */
static bool fails_undefended(const struct undefended *u, bool is_all) {
    int failed = 0, tried = 0;
    *u->off = true;
    patience_ms = 500;
    for (int i = 0; i < trial_count; i++) {
        if (strcmp(trials[i].row->name, u->row) != 0) continue;
        tried++;
        failed += run(i, i + 1, CK_SILENT);
    }
    *u->off = false;
    patience_ms = 5000;
    if (failed > 0 || (tried == 0 && !is_all)) return true;
    printf("\"%s\" passes without %s, or is no row: it shows nothing\n", u->row, u->defence);
    return false;
}

int main(int argc, char **argv) {
    const char *words = argc > 1 ? argv[1] : NULL;
    add_trials(stranger_rows, NULL, stranger_row_count, words);
    add_trials(transport_rows, NULL, transport_row_count, words);
    add_trials(message_rows, NULL, message_row_count, words);
    add_trials(rights_rows, rights_terms, rights_row_count, words);
    int failed = run(0, trial_count, CK_NORMAL);
    const char *fork = getenv("CK_FORK");
    bool can_fail = true, forks = fork == NULL || strcmp(fork, "no") != 0; /* what fails leaves its world behind */
    if (forks) printf("now with defences taken out, where each of these must fail:\n");
    for (size_t i = 0; forks && i < undefended_count; i++)
        can_fail = fails_undefended(&undefended[i], words == NULL) && can_fail;
    free(trials);
    return failed != 0 || !can_fail;
}
