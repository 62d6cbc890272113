#!/usr/bin/env python3
"""embed: the first C program in README.md builds against the installed library, as C11 and as C++17.

The build is installed under a temporary root; the program sees nothing but what pkg-config says.

usage: embed.py --self-test CC CXX | embed.py CC CXX MESON BUILD_ROOT README
"""

import os
import re
import subprocess
import sys
import tempfile

import tree

PACKAGES = ("weft-uv", "weft-sqlite")
LANGUAGES = (("C11", 0, ("-std=c11", "-xc")), ("C++17", 1, ("-std=c++17", "-xc++")))
FLAGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


def program(readme):
    blocks = re.findall(r"^```c\n(.*?)^```", readme, re.M | re.S)
    return next((block for block in blocks if "int main" in block), None)


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

    def readme(code):
        return f"# X\n```sh\n./dev demo\n```\n```c\n{code}\n```\n"

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
    compilers, meson, build, readme = sys.argv[1:3], *sys.argv[3:6]
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(
            [meson, "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", root],
            check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        with open(readme, encoding="utf-8") as f:
            return tree.finish("embed", check(compilers, f.read(), pkg_config(root)))


if __name__ == "__main__":
    main()
