#!/usr/bin/env python3
"""floors: a file includes its own floor and the floors below it, nothing else.

Also: third parties enter by their doors only, private headers are named from the root of the tree, public headers
form no circle, and every .c file belongs to some target of the build.

usage: floors.py --self-test | floors.py SOURCE_ROOT BUILD_ROOT
"""

import json
import os
import re
import sys

import tree

# Longest prefix wins. Different floors with the same number are siblings: neither sees the other.
FLOOR_OF_FOLDER = {
    "base/": ("base", 2),
    "clock/": ("clock", 3),
    "crdt/": ("crdt", 4),
    "replication/": ("replication", 5),
    "replication/store/": ("replication", 5),
    "replication/uv/": ("uv", 6),
    "sim/": ("sim", 6),
    "tools/": ("tools", 7),
    "examples/": ("examples", 7),
    "bench/": ("bench", 8),
    "tests/": ("tests", 8),
}

# A public header stands on the floor that implements it.
FLOOR_OF_HEADER = {
    "base": ("api", "err", "alloc", "bytes", "limits", "log", "key"),
    "clock": ("clock", "causal"),
    "crdt": (
        "crdt", "gcounter", "pncounter", "aworset", "lwwreg", "gset", "mvreg", "rworset", "lwwset", "ewflag", "dwflag",
        "maxreg", "topk", "lease", "windowcounter", "bcounter", "ormap", "custom", "hll",
    ),
    "replication": ("replica", "store", "sqlite", "rights"),
    "uv": ("uv", "identity"),
    "sim": ("sim", "sim_app", "law"),
}
NUMBER = {floor: number for floor, number in FLOOR_OF_FOLDER.values()}

PURE = ("base", "clock", "crdt", "replication")
PURE_STD = {"assert", "inttypes", "limits", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio",
            "stdlib", "string"}  # fmt: skip
PUBLIC_STD = {"stdarg", "stdbool", "stddef", "stdint"}

# Third party: header pattern, and the path prefixes that may include it (floors 7 and 8 may include any).
DOORS = (
    (re.compile(r"^sodium(\.h|/)"), ("base/hash.c", "base/signature.c", "replication/uv/")),
    (re.compile(r"^uv\.h$"), ("replication/uv/",)),
    (re.compile(r"^sqlite3\.h$"), ("replication/store/sqlite",)),
    (re.compile(r"^protobuf-c/|\.pb-c\.h$"), ("replication/",)),
    (re.compile(r"^check\.h$"), ()),
)

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def floor_of(path):
    """(floor, number) of a source file, or None."""
    if path.startswith("include/weft/"):
        return floor_of_public(path[len("include/"):])
    best = max((p for p in FLOOR_OF_FOLDER if path.startswith(p)), key=len, default=None)
    return FLOOR_OF_FOLDER[best] if best else None


def floor_of_public(header):
    noun = header[len("weft/"):].split("/")[0].removesuffix(".h")
    for floor, nouns in FLOOR_OF_HEADER.items():
        if noun in nouns:
            return floor, NUMBER[floor]
    return None


def may_see(own, other):
    return own[0] == other[0] or own[1] > other[1]


def check_weft(own, target, header):
    if target is None:
        return f"{header} has no floor: give it one in tests/lint/floors.py"
    if not may_see(own, target):
        return f"{own[0]} must not see {target[0]} ({header})"
    return None


def check_system(path, own, header):
    for pattern, doors in DOORS:
        if pattern.search(header):
            if own[1] < 7 and not path.startswith(doors or ("(none)",)):
                return f"{header} enters by another door"
            return None
    standard = header.removesuffix(".h") in PURE_STD
    if path.startswith("include/") and header.removesuffix(".h") not in PUBLIC_STD:
        return f"a public header must not need <{header}>"
    outside = path.startswith("replication/store/sqlite") or own[0] not in PURE
    if not outside and not standard:
        return f"<{header}> is not for a pure floor"
    return None


def check_include(path, own, quote, header):
    if header.startswith("weft/"):
        if quote == '"':
            return f'public headers are included as <{header}>'
        if own[0] == "examples":
            return None
        return check_weft(own, floor_of_public(header), header)
    if quote == '"' and not header.endswith(".pb-c.h"):
        if own[0] == "examples" and not header.startswith("examples/"):
            return f"an example sees public headers only, not {header}"
        target = floor_of(header) if not header.startswith("include/") else None
        if target is None:
            return f'"{header}" is not written from the root of the tree'
        return check_weft(own, target, header)
    return check_system(path, own, header)


def check_file(path, text):
    own = floor_of(path)
    if own is None:
        return [f"{path}: stands on no floor: give it one in tests/lint/floors.py"]
    complaints = []
    for match in INCLUDE.finditer(tree.blank(text, strings=False)):
        problem = check_include(path, own, match.group(1), match.group(2))
        if problem:
            line = text.count("\n", 0, match.start()) + 1
            complaints.append(f"{path}:{line}: {problem}")
    return complaints


def check_circles(files):
    """files: path -> text of headers. Complains about the first circle found from each header."""
    edges = {}
    for path, text in files.items():
        names = [m.group(2) for m in INCLUDE.finditer(tree.blank(text, strings=False))]
        edges[path] = [n if n in files else "include/" + n for n in names if n in files or "include/" + n in files]
    complaints = []
    done = set()

    def visit(path, trail):
        if path in trail:
            complaints.append(f"{path}: circle of headers: {' -> '.join(trail[trail.index(path):] + [path])}")
            return
        if path in done:
            return
        for target in edges[path]:
            visit(target, trail + [path])
        done.add(path)

    for path in sorted(edges):
        visit(path, [])
    return complaints


def check_dead(paths, built, meson_text):
    """A .c file that no target compiles. A folder none of whose files is built (an option is off) is looked up in
    the text of its meson.build instead: meson_text maps a folder to it."""
    live_folders = {os.path.dirname(p) for p in built}
    complaints = []
    for path in paths:
        folder, name = os.path.split(path)
        stem = name.removesuffix(".c")
        if path in built:
            continue
        text = meson_text.get(folder) or meson_text.get(os.path.dirname(folder)) or ""
        words = "|".join(re.escape(w) for w in (name, stem, stem.split("_", 1)[-1]))
        named = re.search(rf"'(?:[\w/]*/)?(?:{words})'", text)
        if folder in live_folders or not named:
            complaints.append(f"{path}: no target of the build compiles it")
    return complaints


def built_sources(source_root, build_root):
    with open(os.path.join(build_root, "meson-info", "intro-targets.json"), encoding="utf-8") as f:
        targets = json.load(f)
    groups = [g for t in targets for g in t.get("target_sources", [])]
    sources = [s for g in groups for s in g.get("sources", [])]
    return {os.path.relpath(s, source_root).replace(os.sep, "/") for s in sources}


def meson_texts(root):
    texts = {}
    for folder, subdirs, names in os.walk(root):
        subdirs[:] = [d for d in subdirs if d != "build" and not d.startswith(".")]
        if "meson.build" in names:
            rel = os.path.relpath(folder, root).replace(os.sep, "/")
            texts["" if rel == "." else rel] = tree.read(root, f"{rel}/meson.build")
    return texts


def self_test():
    samples = (
        ("base sees crdt", "base/a.c", '#include "crdt/b.h"', "base must not see crdt"),
        ("base sees a public header above", "base/a.c", "#include <weft/crdt.h>", "base must not see crdt"),
        ("uv and sim are siblings", "sim/a.c", '#include "replication/uv/b.h"', "sim must not see uv"),
        ("engine sees its driver", "replication/a.c", '#include "replication/uv/b.h"', "must not see uv"),
        ("engine asks the time", "replication/a.c", "#include <time.h>", "not for a pure floor"),
        ("SQLite through the wall", "replication/a.c", "#include <sqlite3.h>", "another door"),
        ("libsodium through the wall", "crdt/a.c", "#include <sodium.h>", "another door"),
        ("public header needs libuv", "include/weft/uv.h", "#include <uv.h>", "another door"),
        ("public header upwards", "include/weft/bytes.h", "#include <weft/causal.h>", "base must not see clock"),
        ("public header of no floor", "base/a.c", "#include <weft/nonesuch.h>", "has no floor"),
        ("not from the root", "crdt/a.c", '#include "b.h"', "not written from the root"),
        ("example looks inside", "examples/a.c", '#include "base/wire.h"', "public headers only"),
        ("folder of no floor", "misc/a.c", "", "stands on no floor"),
        ("comments do not count", "base/a.c", '/* #include "crdt/b.h" */\n// #include <time.h>', None),
        ("the way down", "crdt/a.c", '#include "crdt/b.h"\n#include "base/wire.h"\n#include <weft/causal.h>', None),
        ("the doors", "replication/store/sqlite.c", "#include <sqlite3.h>\n#include <unistd.h>", None),
    )
    for what, path, text, words in samples:
        tree.expect(what, check_file(path, text), words)
    headers = {"crdt/a.h": '#include "crdt/b.h"', "crdt/b.h": '#include "crdt/a.h"'}
    tree.expect("circle", check_circles(headers), "circle of headers")
    tree.expect("no circle", check_circles({"crdt/a.h": '#include "crdt/b.h"', "crdt/b.h": ""}), None)
    built = {"base/a.c"}
    tree.expect("dead file", check_dead(["base/a.c", "base/b.c"], built, {"base": "'b.c'"}), "base/b.c: no target")
    tree.expect("option off", check_dead(["tools/x.c"], built, {"tools": "files('x.c')"}), None)
    tree.expect("option off, dead", check_dead(["tools/y.c"], built, {"tools": "files('x.c')"}), "no target")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    source_root, build_root = sys.argv[1:3]
    paths = tree.code_files(source_root)
    texts = {p: tree.read(source_root, p) for p in paths}
    complaints = [c for p, t in texts.items() for c in check_file(p, t)]
    complaints += check_circles({p: t for p, t in texts.items() if p.endswith(".h")})
    sources = [p for p in paths if p.endswith(".c")]
    complaints += check_dead(sources, built_sources(source_root, build_root), meson_texts(source_root))
    return tree.finish("floors", complaints)


if __name__ == "__main__":
    main()
