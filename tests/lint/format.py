#!/usr/bin/env python3
"""format: every C file is laid out as .clang-format says.

usage: format.py --self-test CLANG_FORMAT SOURCE_ROOT | format.py CLANG_FORMAT SOURCE_ROOT
"""

import os
import subprocess
import sys
import tempfile

import tree


def check(clang_format, style, root, paths):
    command = [clang_format, "--dry-run", "--Werror", f"--style=file:{style}", *paths]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    lines = [line for line in result.stderr.splitlines() if ": error: " in line or ": warning: " in line]
    return lines or ([result.stderr] if result.returncode else [])


def self_test(clang_format, style):
    for what, text, words in (
        ("laid out", "int f(void);\n", None),
        ("spaces", "int  f( void ) ;\n", "clang-format"),
    ):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "a.c"), "w", encoding="utf-8") as f:
                f.write(text)
            tree.expect(what, check(clang_format, style, folder, ["a.c"]), words)


def main():
    clang_format, root = sys.argv[-2:]
    style = os.path.join(os.path.abspath(root), ".clang-format")
    if sys.argv[1] == "--self-test":
        return self_test(clang_format, style)
    return tree.finish("format", check(clang_format, style, root, tree.code_files(root)))


if __name__ == "__main__":
    main()
