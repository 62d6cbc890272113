#!/usr/bin/env python3
"""symbols: what each shared library exports is what tests/golden/symbols.txt says, no more and no less.

A symbol that goes or changes its library breaks programs that are already built; one that comes by accident can
never be taken back. And what the public headers declare is what is exported. `--update` writes the list anew, to be
read in review.

usage: symbols.py --self-test | symbols.py [--update] NM SOURCE_ROOT LIB...
"""

import os
import re
import subprocess
import sys

import tree


def parse(text):
    """Lines "library symbol"; # begins a comment."""
    lines = (line.split("#")[0].split() for line in text.splitlines())
    return {tuple(fields) for fields in lines if len(fields) == 2}


def check(golden, exported):
    """Sets of (library, symbol). A library that is not built here is not compared."""
    built = {library for library, _ in exported}
    complaints = []
    for library, symbol in sorted(exported - golden):
        complaints.append(f"{library}: exports {symbol}, which the list does not have")
    for library, symbol in sorted(golden - exported):
        if library in built:
            complaints.append(f"{library}: no longer exports {symbol}")
    for library, symbol in sorted(exported):
        if not re.match(r"weft_[a-z0-9]", symbol):
            complaints.append(f"{library}: {symbol} is not a public name")
    return complaints


def check_declared(headers, exported, whole):
    """headers: text of the public headers. whole: every library is built here, so every declaration must be kept."""
    declared = set()
    for text in headers:
        code = tree.blank(text)
        declared |= {m.group(1) for m in re.finditer(r"\bWEFT_API\s(?!_)[^;(]*?\b(weft_\w+)\s*(?:[;[]|\()", code)}
    names = {symbol for _, symbol in exported}
    complaints = [f"{name}: exported, and declared in no public header" for name in sorted(names - declared)]
    if whole:
        complaints += [f"{name}: declared, and exported by no library" for name in sorted(declared - names)]
    return complaints


def exports(nm, path):
    text = subprocess.run([nm, "-D", "--defined-only", path], check=True, capture_output=True, text=True).stdout
    library = os.path.basename(path).split(".")[0]
    return {(library, line.split()[-1]) for line in text.splitlines()}


def self_test():
    golden = {("libweft", "weft_str"), ("libweft-uv", "weft_uv_new")}
    tree.expect("equal", check(golden, set(golden)), None)
    renamed = {("libweft", "weft_text"), ("libweft-uv", "weft_uv_new")}
    tree.expect("gone", check(golden, renamed), "no longer exports weft_str")
    tree.expect("new", check(golden, golden | {("libweft", "weft_new")}), "exports weft_new")
    moved = {("libweft", "weft_str"), ("libweft", "weft_uv_new")}
    tree.expect("moved", check(golden, moved), "libweft: exports weft_uv_new")
    internal = {("libweft", "weft__x")}
    tree.expect("internal", check(internal, internal), "weft__x is not a public name")
    tree.expect("not built", check(golden, {("libweft", "weft_str")}), None)
    header = ["WEFT_API extern const struct weft_x weft_a;\nWEFT_API struct weft_y *weft_b(struct weft_c c) WEFT_OK;"]
    both = {("libweft", "weft_a"), ("libweft", "weft_b")}
    tree.expect("as declared", check_declared(header, both, True), None)
    tree.expect("declared only", check_declared(header, {("libweft", "weft_a")}, True), "weft_b: declared")
    tree.expect("other library off", check_declared(header, {("libweft", "weft_a")}, False), None)
    tree.expect("undeclared", check_declared(header, both | {("libweft", "weft_c")}, True), "weft_c: exported")
    tree.expect("read back", check(parse("# list\nlibweft weft_str # why\n"), {("libweft", "weft_str")}), None)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    update = sys.argv[1] == "--update"
    nm, root, *libs = sys.argv[1 + update:]
    golden_path = os.path.join(root, "tests", "golden", "symbols.txt")
    exported = set().union(*(exports(nm, lib) for lib in libs))
    if update:
        with open(golden_path, "w", encoding="utf-8") as f:
            f.write("# What the shared libraries export; written by the target update-symbols.\n")
            f.writelines(f"{library} {symbol}\n" for library, symbol in sorted(exported))
        return None
    golden = parse(tree.read(root, "tests/golden/symbols.txt"))
    headers = [tree.read(root, path) for path in tree.code_files(root, (".h",), ("include",))]
    whole = {library for library, _ in golden} == {library for library, _ in exported}
    return tree.finish("symbols", check(golden, exported) + check_declared(headers, exported, whole))


if __name__ == "__main__":
    main()
