/* page_checks.c: what was checked, and what came of it. */
#include "sim/page.h"

int weft__page_checks(struct weft__page *p) {
    static const char *const texts[] = {
#define TEXT(name, text) text,
        WEFT__CHECK_MAP(TEXT)
#undef TEXT
    };
    const struct weft__check *c = &p->x->s->check;
    weft__page_put(p, "<section><h2>What was checked</h2>\n<table class=\"grid\">\n"
                      "<tr><th>check</th><th>result</th></tr>\n");
    for (int i = 0; i < WEFT__CHECKS; i++) {
        bool failed = c->failed == i, off = (c->off >> i & 1) != 0;
        weft__page_put(p, "<tr%s><td>", failed ? " class=\"fail\"" : "");
        weft__page_text(p, texts[i]);
        weft__page_put(p, "</td><td>%s</td></tr>\n", failed ? "FAILED" : off ? "not looked at" : "held");
    }
    weft__page_put(p,
                   "</table>\n<p>After each of %llu events; %llu values, %llu states and %llu encodings were "
                   "compared.</p></section>\n",
                   (unsigned long long)p->x->s->stats.steps, (unsigned long long)c->values_checked,
                   (unsigned long long)c->states_checked, (unsigned long long)c->bytes_checked);
    return p->out->err;
}
