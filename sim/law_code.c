/* law_code.c: a counterexample as a C program: what the kit found becomes a test that stays. The choices are the whole
 * history, but they mean one only under the options that bound it, so these are written too. */
#include <weft/law.h>

#include <string.h>

/* Text for a comment: its end must not stand in it. */
static void write_comment(const char *text, struct weft_buf *out) {
    weft_buf_append_str(out, " * ");
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\n' && at[1] == '\0') break;
        weft_buf_append(out, at, 1);
        if (*at == '\n') weft_buf_append_str(out, " * ");
        if (*at == '*' && at[1] == '/') weft_buf_append_str(out, " ");
    }
    weft_buf_append_str(out, " */\n");
}

static void write_choices(const struct weft_law_report *r, struct weft_buf *out) {
    weft_buf_append_str(out, "    static const uint64_t choices[] = {");
    for (size_t i = 0; i < r->choice_count; i++)
        weft_buf_printf(out, "%s%lluu,", i % 16 == 0 ? "\n        " : " ", (unsigned long long)r->choices[i]);
    weft_buf_append_str(out, "\n    };\n");
}

static void write_options(const struct weft_law_report *r, const struct weft_law_options *o, const char *setup,
                          struct weft_buf *out) {
    weft_buf_append_str(out, "    struct weft_law_options opts;\n    struct weft_law_report report;\n"
                             "    weft_law_options_init(&opts);\n");
    if (setup != NULL)
        weft_buf_printf(out, "    %s(&opts);\n", setup);
    else
        weft_buf_printf(out, "    if (weft_law_builtin(&opts, \"%s\") != 0) return 2;\n", o->type->name);
    weft_buf_printf(out, "    opts.resets = %s;\n    opts.gaps = %s;\n", o->resets ? "true" : "false",
                    o->gaps ? "true" : "false");
    weft_buf_printf(out, "    opts.replicas = %u;\n    opts.short_steps = %u;\n    opts.steps = %u;\n", o->replicas,
                    o->short_steps, o->steps);
    weft_buf_printf(out, "    opts.edits = %u;\n    opts.hostile_every = %d;\n    opts.memory_every = %d;\n", o->edits,
                    strcmp(r->law, "hostile") == 0, strcmp(r->law, "memory") == 0);
}

int weft_law_report_code(const struct weft_law_report *r, const struct weft_law_options *o, const char *setup,
                         struct weft_buf *out) {
    if (r->choice_count == 0) return 0;
    weft_buf_printf(out, "/* The law \"%s\" is broken while this program exits with 1.\n *\n", r->law);
    write_comment(r->counterexample, out);
    weft_buf_append_str(out, "#include <stdio.h>\n\n#include <weft/law.h>\n\n");
    if (setup != NULL) {
        weft_buf_printf(out,
                        "/* Sets type or subject, mutate and spec, as for the check that found this. */\n"
                        "void %s(struct weft_law_options *o);\n\n",
                        setup);
    }
    weft_buf_append_str(out, "int main(void) {\n");
    write_choices(r, out);
    write_options(r, o, setup, out);
    return weft_buf_append_str(out, "    int rc = weft_law_replay(&opts, choices, sizeof choices / sizeof *choices, "
                                    "&report);\n"
                                    "    printf(\"%s\\n%s\", report.law, report.counterexample);\n"
                                    "    weft_law_report_fini(&report);\n"
                                    "    return rc < 0 ? 2 : rc;\n"
                                    "}\n");
}
