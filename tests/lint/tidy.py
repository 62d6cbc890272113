#!/usr/bin/env python3
"""tidy: what a reader would otherwise have to ask for in every review.

Short functions and files, no leftover markers, no calls that overrun or hide state, no tabs or long lines, a comment
that opens each file, no typedef of a struct, no floating point on the pure floors, nothing called util.

usage: tidy.py --self-test | tidy.py SOURCE_ROOT
"""

import os
import re
import sys

import tree

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
COLUMNS_MAX = 120

MARKERS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
BANNED = re.compile(
    r"(?<![\w.>])(strcpy|strcat|sprintf|vsprintf|gets|strtok|rand|srand|atoi|atol|alloca|setjmp|longjmp)\s*\("
)
TYPEDEF_STRUCT = re.compile(r"^typedef\s+struct\b[^();]*[;{]", re.M)
FLOATS = re.compile(r"\b(?:float|double)\b")
PURE = ("base/", "clock/", "crdt/", "replication/")
NOT_PURE = ("replication/uv/", "replication/store/sqlite")
OTHER_TEXT = ("dev", ".ci/run", "meson.build", "meson_options.txt", "CONTRIBUTING.md", "README.md")


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_functions(path, code):
    """A body is what stands between a { and a } in the first column; its head is counted from the line after the
    last blank, closing or preprocessor line."""
    complaints, head, start = [], 1, None
    for number, line in enumerate(code.split("\n"), 1):
        if start is None and re.match(r"\S.*\)\s*\{\s*$|\{\s*$", line):
            start = head
        elif line.startswith("}"):
            if start is not None and number - start + 1 > FUNCTION_LINES_MAX:
                complaints.append(f"{path}:{start}: function of {number - start + 1} lines")
            start = None
        if start is None and (not line.strip() or line.startswith(("}", "#"))):
            head = number + 1
    return complaints


def check_text(path, text):
    complaints = []
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line:
            complaints.append(f"{path}:{number}: a tab")
        if len(line) > COLUMNS_MAX and not path.endswith((".md", "dev")):
            complaints.append(f"{path}:{number}: {len(line)} columns")
        if line != line.rstrip():
            complaints.append(f"{path}:{number}: space at the end of the line")
        if MARKERS.search(line):
            complaints.append(f"{path}:{number}: a marker of unfinished work")
    if text and not text.endswith("\n"):
        complaints.append(f"{path}: no newline at the end")
    return complaints


def check_code(path, text):
    code = tree.blank(text)
    complaints = check_text(path, text) + check_functions(path, code)
    lines = text.count("\n")
    if lines > FILE_LINES_MAX:
        complaints.append(f"{path}: {lines} lines")
    if not text.startswith("/*"):
        complaints.append(f"{path}: does not open with a comment")
    if re.search(r"util", os.path.basename(path)):
        complaints.append(f"{path}: say what it is about, not that it is useful")
    rules = [(BANNED, "calls"), (TYPEDEF_STRUCT, "typedef of a struct:")]
    if path.startswith(PURE) and not path.startswith(NOT_PURE):
        rules.append((FLOATS, "floating point:"))
    for pattern, words in rules:
        for match in pattern.finditer(code):
            found = match.group(match.lastindex or 0).split("\n")[0]
            complaints.append(f"{path}:{line_of(code, match.start())}: {words} {found}")
    return complaints


def self_test():
    opening = "/* a.c: a sample. */\n"
    body = opening + "\nint f(void)\n{\n" + "    g();\n" * 70 + "}\n"
    samples = (
        ("long function", "crdt/a.c", body, "function of 73 lines"),
        ("brace on the head", "crdt/a.c", body.replace("f(void)\n{", "f(void) {"), "function of 72 lines"),
        ("long enough", "crdt/a.c", opening + "\nint f(void)\n{\n" + "    g();\n" * 67 + "}\n", None),
        ("long file", "crdt/a.c", opening + "\n" * 600, "601 lines"),
        ("marker", "crdt/a.c", opening + "/* TO" + "DO later */\n", "unfinished"),
        ("strcpy", "crdt/a.c", opening + "int x = strcpy(a, b);\n", "calls strcpy"),
        ("atoi", "tools/a.c", opening + "int x = atoi (a);\n", "calls atoi"),
        ("own names are fine", "crdt/a.c", opening + "int x = weft_rand(a) + prng->rand(b); /* strcpy(a) */\n", None),
        ("in a string", "tools/a.c", opening + 'const char *x = "gets(s)";\n', None),
        ("tab", "crdt/a.c", opening + "\tint x;\n", "a tab"),
        ("wide", "crdt/a.c", opening + "int " + "x" * 120 + ";\n", "125 columns"),
        ("trailing space", "crdt/a.c", opening + "int x; \n", "space at the end"),
        ("no newline", "crdt/a.c", opening + "int x;", "no newline"),
        ("no opening comment", "crdt/a.c", "int x;\n", "does not open"),
        ("typedef", "crdt/a.h", opening + "typedef struct a { int x; } a;\n", "typedef of a struct"),
        ("typedef, opaque", "crdt/a.h", opening + "typedef struct a a;\n", "typedef of a struct"),
        ("typedef of a function", "crdt/a.h", opening + "typedef struct a f(int);\n", None),
        ("float", "clock/a.c", opening + "double x;\n", "floating point: double"),
        ("float above", "sim/a.c", opening + "double x;\n", None),
        ("util", "crdt/util.c", opening, "say what it is about"),
    )
    for what, path, text, words in samples:
        tree.expect(what, check_code(path, text), words)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = sys.argv[1]
    complaints = [c for p in tree.code_files(root) for c in check_code(p, tree.read(root, p))]
    others = tree.code_files(root, (".py", ".sh", "meson.build", ".proto"))
    others += [p for p in OTHER_TEXT if os.path.exists(os.path.join(root, p))]
    complaints += [c for p in others for c in check_text(p, tree.read(root, p))]
    return tree.finish("tidy", complaints)


if __name__ == "__main__":
    main()
