/* sim_tally.c: the same results in any order are the same tally. */
#define _POSIX_C_SOURCE 200809L
#include "tools/sim_tally.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weft/err.h>

static const char *text_of(const char *text) {
    return text == NULL ? "" : text;
}

static struct weft__sim_group *find(struct weft__sim_tally *t, const struct weft__sim_result *r) {
    const char *check = r->check == NULL ? weft__sim_verdict_name(r->verdict) : r->check;
    for (size_t i = 0; i < t->group_count; i++)
        if (t->groups[i].verdict == r->verdict && strcmp(t->groups[i].check, check) == 0) return &t->groups[i];
    if (t->group_count == t->group_cap) {
        size_t cap = t->group_cap * 2 + 8;
        void *groups = realloc(t->groups, cap * sizeof *t->groups);
        if (groups == NULL) return NULL;
        t->groups = groups;
        t->group_cap = cap;
    }
    struct weft__sim_group *g = &t->groups[t->group_count];
    memset(g, 0, sizeof *g);
    g->verdict = r->verdict;
    g->check = strdup(check);
    if (g->check == NULL) return NULL;
    t->group_count++;
    return g;
}

/* Among the lowest, in order. */
static int add_failure(struct weft__sim_tally *t, const struct weft__sim_result *r) {
    struct weft__sim_group *g = find(t, r);
    if (g == NULL) return WEFT_ERR_NOMEM;
    size_t kept = g->count < WEFT__SIM_TALLY_SEEDS ? (size_t)g->count : WEFT__SIM_TALLY_SEEDS, at = kept;
    g->count++;
    while (at > 0 && g->seeds[at - 1] > r->seed) at--;
    if (at == WEFT__SIM_TALLY_SEEDS) return 0;
    if (kept == WEFT__SIM_TALLY_SEEDS) kept--;
    memmove(g->seeds + at + 1, g->seeds + at, (kept - at) * sizeof *g->seeds);
    g->seeds[at] = r->seed;
    if (at > 0) return 0;
    char *detail = strdup(text_of(r->detail));
    if (detail == NULL) return WEFT_ERR_NOMEM;
    free(g->detail);
    g->detail = detail;
    return 0;
}

int weft__sim_tally_add(struct weft__sim_tally *t, const struct weft__sim_result *r) {
    int rc = r->verdict == WEFT__SIM_HELD ? 0 : add_failure(t, r);
    if (rc != 0) return rc;
    t->count++;
    t->failed += r->verdict != WEFT__SIM_HELD;
    t->twice += r->twice;
    t->verdicts[r->verdict]++;
    t->steps += r->steps;
    t->virtual_ns += r->virtual_ns;
    t->seconds += r->seconds;
    return 0;
}

int weft__sim_tally_code(const struct weft__sim_tally *t) {
    return t->verdicts[WEFT__SIM_NOT_DETERMINISTIC] > 0 ? 3 : t->failed > 0 ? 1 : 0;
}

void weft__sim_tally_fini(struct weft__sim_tally *t) {
    for (size_t i = 0; i < t->group_count; i++) {
        free(t->groups[i].check);
        free(t->groups[i].detail);
    }
    free(t->groups);
    memset(t, 0, sizeof *t);
}

/* --- In words ---------------------------------------------------------------------------------------------------- */

/* The most frequent first. */
static int by_count(const void *a, const void *b) {
    const struct weft__sim_group *x = a, *y = b;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    return (x->seeds[0] > y->seeds[0]) - (x->seeds[0] < y->seeds[0]);
}

void weft__sim_command_print(const char *command, enum weft__sim_verdict verdict, uint64_t seed, FILE *to) {
    static const char begin[] = "weft sim";
    bool apart = verdict == WEFT__SIM_NOT_DETERMINISTIC && strncmp(command, begin, sizeof begin - 1) == 0;
    fprintf(to, "%s%s --seed %" PRIu64 "\n", apart ? "weft sim diff" : "", apart ? command + sizeof begin - 1 : command,
            seed);
}

static void print_group(const struct weft__sim_group *g, const char *command, FILE *to) {
    const char *name = weft__sim_verdict_name(g->verdict);
    size_t shown = g->count < WEFT__SIM_TALLY_SEEDS ? (size_t)g->count : WEFT__SIM_TALLY_SEEDS;
    fprintf(to, "%9" PRIu64 "   %s%s%s: seed", g->count, name, strcmp(name, g->check) == 0 ? "" : ", ",
            strcmp(name, g->check) == 0 ? "" : g->check);
    for (size_t i = 0; i < shown; i++) fprintf(to, "%s %" PRIu64, i == 0 ? "" : ",", g->seeds[i]);
    fputs(g->count > shown ? ", ...\n" : "\n", to);
    if (*text_of(g->detail) != '\0') fprintf(to, "            %s\n", g->detail);
    if (command == NULL) return;
    fputs("            ", to);
    weft__sim_command_print(command, g->verdict, g->seeds[0], to);
}

void weft__sim_tally_print(struct weft__sim_tally *t, const char *command, FILE *to) {
    if (t->failed == 0)
        fprintf(to, "%" PRIu64 " seeds, all held\n", t->count);
    else
        fprintf(to, "%" PRIu64 " seeds, %" PRIu64 " failed\n", t->count, t->failed);
    if (t->group_count > 0) qsort(t->groups, t->group_count, sizeof *t->groups, by_count);
    for (size_t i = 0; i < t->group_count; i++) print_group(&t->groups[i], command, to);
    if (t->twice > 0)
        fprintf(to,
                "twice         %" PRIu64 " of them ran a second time in other circumstances, and were the same runs\n",
                t->twice);
}
