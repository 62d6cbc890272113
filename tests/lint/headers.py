#!/usr/bin/env python3
"""headers: each public header compiles alone and twice, as C11 and as C++17, without a warning.

usage: headers.py --self-test CC CXX | headers.py CC CXX SOURCE_ROOT
"""

import os
import subprocess
import sys
import tempfile

import tree

FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only")
LANGUAGES = (("C11", 0, ("-std=c11", "-xc")), ("C++17", 1, ("-std=c++17", "-xc++")))


def check_header(compilers, include, header):
    complaints = []
    for language, compiler, flags in LANGUAGES:
        text = f"#include <{header}>\n#include <{header}>\nint main(void);\n"
        command = compilers[compiler].split() + [*flags, *FLAGS, "-I", include, "-"]
        result = subprocess.run(command, input=text, capture_output=True, text=True)
        if result.returncode != 0:
            first = (result.stderr.strip().splitlines() or ["no message"])[0]
            complaints.append(f"{header} as {language}: {first}")
    return complaints


def self_test(compilers):
    samples = (
        ("no guard", "struct weft_a { int x; };", "as C11"),
        ("needs another header", "#ifndef A_H\n#define A_H\nsize_t weft_a(void);\n#endif", "as C11"),
        ("not C++", "#ifndef A_H\n#define A_H\nstruct weft_a { int class; };\n#endif", "as C++17"),
        ("undeclared struct", "#ifndef A_H\n#define A_H\nint weft_a(struct weft_b *b);\n#endif", "as C11"),
        ("a good one", "#ifndef A_H\n#define A_H\nint weft_a(int x);\n#endif", None),
    )
    for what, text, words in samples:
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.h"), "w", encoding="utf-8") as f:
                f.write(text + "\n")
            tree.expect(what, check_header(compilers, folder, "a.h"), words)


def main():
    if sys.argv[1] == "--self-test":
        return self_test(sys.argv[2:4])
    compilers, root = sys.argv[1:3], sys.argv[3]
    headers = [p.removeprefix("include/") for p in tree.code_files(root, (".h",), ("include",))]
    include = os.path.join(root, "include")
    return tree.finish("headers", [c for h in headers for c in check_header(compilers, include, h)])


if __name__ == "__main__":
    main()
