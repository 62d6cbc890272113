#!/usr/bin/env python3
"""embed: the first C program in README.md builds against the installed library, as C11 and as C++17.

The build is installed under a temporary root; the program sees nothing but what pkg-config says. It has at most 20
lines of code (blank ones, comments, the preprocessor's and lone braces aside), and is the example that is compiled and
run by tests/examples, but for the comment that the example opens with.

With --page: the C blocks of a page, one after the other, are the text of an example of fewer than 120 lines.

usage: embed.py --self-test CC CXX | embed.py CC CXX MESON BUILD_ROOT README EXAMPLE | embed.py --page PAGE EXAMPLE
"""

import os
import re
import subprocess
import sys
import tempfile

import tree

PACKAGES = ("weft-uv", "weft-sqlite")
LANGUAGES = (("C11", 0, ("-std=c11", "-xc")), ("C++17", 1, ("-std=c++17", "-xc++")))
LINES_MAX = 20
PAGE_LINES_MAX = 119
FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


def program(readme):
    blocks = re.findall(r"^```c\n(.*?)^```", readme, re.M | re.S)
    return next((block for block in blocks if "int main" in block), None)


def code_lines(code):
    bare = (line.strip() for line in re.sub(r"/\*.*?\*/", "", code, flags=re.S).splitlines())
    return sum(1 for line in bare if line not in ("", "{", "}") and not line.startswith("#"))


def check_text(text, example):
    code = program(text)
    if code is None:
        return ["README.md has no C program"]
    complaints = []
    lines = code_lines(code)
    if lines > LINES_MAX:
        complaints.append(f"README.md: the program has {lines} lines of code, more than {LINES_MAX}")
    if code.strip() != without_opening(example).strip():
        complaints.append("README.md: the program is not the text of the example")
    return complaints


def without_opening(example):
    return re.sub(r"\A/\*.*?\*/\n", "", example, flags=re.S)


def check_page(path, page, example):
    complaints = []
    lines = example.count("\n")
    if lines > PAGE_LINES_MAX:
        complaints.append(f"{path}: the program has {lines} lines, more than {PAGE_LINES_MAX}")
    shown = [line for block in re.findall(r"^```c\n(.*?)^```", page, re.M | re.S) for line in block.splitlines()]
    wanted = without_opening(example).splitlines()
    if list(filter(None, shown)) != list(filter(None, wanted)):
        complaints.append(f"{path}: the program is not the text of the example")
    return complaints


def pkg_config(root):
    folders = [folder for folder, _, names in os.walk(root) if any(name.endswith(".pc") for name in names)]
    system = subprocess.run(
        ["pkg-config", "--variable=pc_path", "pkg-config"], check=True, capture_output=True, text=True
    ).stdout.strip()
    flags = {}
    for what in ("--cflags", "--libs"):
        result = subprocess.run(
            ["pkg-config", what, *PACKAGES],
            env={**os.environ, "PKG_CONFIG_LIBDIR": ":".join([*folders, system])},
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        flags[what] = [relocate(root, flag, folders) for flag in result.stdout.split()]
    return flags


def relocate(root, flag, folders):
    """-I and -L of the prefix that the build was configured for, below the temporary root."""
    kind, path = flag[:2], flag[2:]
    moved = root + path
    return kind + moved if kind in ("-I", "-L") and os.path.isdir(moved) else flag


def compile_as(compilers, source, flags, folder):
    complaints = []
    for language, compiler, options in LANGUAGES:
        output = ["-o", os.path.join(folder, "a.out")]
        command = compilers[compiler].split() + [*options, *FLAGS, *flags["--cflags"], *output]
        command += [source, "-xnone", *flags["--libs"]]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            complaints.append(f"README.md as {language}:\n{result.stderr.strip()}")
    return complaints


def check(compilers, text, flags):
    code = program(text)
    if code is None:
        return ["README.md has no C program"]
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "readme.c")
        with open(source, "w", encoding="utf-8") as f:
            f.write(code)
        return compile_as(compilers, source, flags, folder)


def self_test(compilers):
    flags = {"--cflags": [], "--libs": []}
    page = "# X\n```c\nint x;\n```\n```sh\nls\n```\n```c\nint y;\n```\n"
    tree.expect("a page", check_page("p", page, "/* X. */\nint x;\n\nint y;\n"), None)
    tree.expect("a page of another text", check_page("p", page, "/* X. */\nint x;\nint z;\n"), "not the text")
    tree.expect("a long page", check_page("p", page, "/* X. */\nint x;\n\nint y;\n" + "\n" * 116), "more than 119")

    def readme(code):
        return f"# X\n```sh\n./dev demo\n```\n```c\n{code}\n```\n"

    code = "/* one,\n * two */\n#define X\n\nint main(void) {\n" + "    f();\n" * 19 + "}"
    tree.expect("20 lines", check_text(readme(code), "/* The program\n * of README.md. */\n" + code), None)
    tree.expect("21 lines", check_text(readme(code + "\nint x;"), code + "\nint x;"), "21 lines")
    tree.expect("two texts", check_text(readme(code), code.replace("f();", "g();", 1)), "not the text")
    tree.expect("no program", check_text(readme("int x;"), ""), "no C program")
    tree.expect("no program", check(compilers, readme("int x;"), flags), "no C program")
    tree.expect("a good one", check(compilers, readme("int main(void) { return 0; }"), flags), None)
    tree.expect("unknown header", check(compilers, readme("#include <weft/x.h>\nint main(void) {}"), flags), "as C11")
    unlinked = "int f(void); int main(void) { return f(); }"
    tree.expect("does not link", check(compilers, readme(unlinked), flags), "as C11")
    not_cpp = "#include <stdlib.h>\nint main(void) { char *p = malloc(1); free(p); return 0; }"
    tree.expect("not C++", check(compilers, readme(not_cpp), flags), "as C++17")


def main():
    if sys.argv[1] == "--self-test":
        return self_test(sys.argv[2:4])
    if sys.argv[1] == "--page":
        texts = [open(path, encoding="utf-8").read() for path in sys.argv[2:4]]
        return tree.finish("embed", check_page(sys.argv[2], *texts))
    compilers, meson, build, readme, example = sys.argv[1:3], *sys.argv[3:7]
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(
            [meson, "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with open(readme, encoding="utf-8") as f, open(example, encoding="utf-8") as g:
            text = f.read()
            return tree.finish("embed", check(compilers, text, pkg_config(root)) + check_text(text, g.read()))


if __name__ == "__main__":
    main()
