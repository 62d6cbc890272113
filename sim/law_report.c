/* law_report.c: the names of the laws, and the counts of a check as text, so that a test that meets nothing is seen to
 * meet nothing. */
#include <weft/law.h>

static const char *const laws[] = {
    "value",  "convergence", "context", "commutative", "associative",   "idempotent",  "self",    "monotone",
    "bottom", "canonical",   "source",  "delta",       "groups",        "codec",       "hostile", "reset",
    "copy",   "refusal",     "memory",  "error",       "specification", "concurrency",
};

const char *weft_law_name(size_t index) {
    return index < sizeof laws / sizeof *laws ? laws[index] : NULL;
}

static const char *kind_name(const struct weft_law_options *o, uint32_t kind, char *number) {
    if (kind == WEFT_LAW_RESET) return "reset";
    for (uint32_t i = 0; o->kinds != NULL && o->kinds[i] != NULL; i++) {
        if (i + 1 == kind) return o->kinds[i];
    }
    number[0] = (char)('0' + (int)kind);
    number[1] = '\0';
    return number;
}

static void print_pairs(const struct weft_law_report *r, const struct weft_law_options *o, struct weft_buf *out) {
    for (uint32_t a = 0; a < WEFT_LAW_KINDS; a++) {
        for (uint32_t b = a; b < WEFT_LAW_KINDS; b++) {
            if (r->concurrent[a][b] == 0) continue;
            char first[2], second[2];
            weft_buf_printf(out, "  %s || %s: %llu, on one target %llu\n", kind_name(o, a, first),
                            kind_name(o, b, second), (unsigned long long)r->concurrent[a][b],
                            (unsigned long long)r->colliding[a][b]);
        }
    }
}

int weft_law_report_print(const struct weft_law_report *r, const struct weft_law_options *o, struct weft_buf *out) {
    weft_buf_printf(
        out, "%llu short histories%s, %llu random ones; %llu of these with concurrent operations on one target\n",
        (unsigned long long)r->short_histories, r->exhausted ? " (all)" : "", (unsigned long long)r->random_histories,
        (unsigned long long)r->colliding_histories);
    weft_buf_printf(out,
                    "%llu steps: %llu commits (%llu without effect, %llu refused), %llu deliveries, %llu merges, "
                    "%llu forks, %llu restarts\n",
                    (unsigned long long)r->steps, (unsigned long long)r->commits, (unsigned long long)r->no_effect,
                    (unsigned long long)r->refused, (unsigned long long)r->deliveries, (unsigned long long)r->merges,
                    (unsigned long long)r->forks, (unsigned long long)r->restarts);
    weft_buf_printf(out, "%llu values against the specification, %llu hostile inputs, %llu failed allocations\n",
                    (unsigned long long)r->spec_checks, (unsigned long long)r->hostile_inputs,
                    (unsigned long long)r->failed_allocations);
    print_pairs(r, o, out);
    return out->err;
}
