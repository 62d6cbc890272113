#!/usr/bin/env python3
"""hazards: docs/hazards.md names tests that exist, and every hazard has a row that names one.

The rows of its tables are | scenario | what Weft does | tests | caught when broken |, names in backticks. A test is a
START_TEST that its file also registers; what is broken is a mutant of tests/laws. Each scenario has a row, and each
test of tests/hazards, and each elsewhere that is called after a scenario, is in one.

usage: hazards.py --self-test | hazards.py SOURCE_ROOT
"""

import re
import sys

import tree

PAGE = "docs/hazards.md"
SCENARIOS = [f"4.{n}" for n in range(1, 11)] + [f"S{n}" for n in range(1, 36)] + [f"#{n}" for n in range(1, 26)]
CALLED_AFTER = re.compile(r"hazard_|complaint_|clock_s\d|s\d\d_")
START = re.compile(r"^START_TEST\((\w+)\)", re.M)
MUTANT = re.compile(r'^\s*\{"([^"]+)", \w+, "', re.M)


def tests_of(sources):
    """Name -> files that define and register it."""
    found = {}
    for path, text in sources.items():
        for name in START.findall(text):
            if len(re.findall(rf"\b{name}\b", text)) > 1:
                found.setdefault(name, []).append(path)
    return found


def rows_of(page):
    for line in page.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 4 and cells[0] != "scenario" and not cells[0].startswith("---"):
            yield cells


def check(page, sources, scenarios):
    tests, mutants = tests_of(sources), set()
    for path, text in sources.items():
        if path.startswith("tests/laws/"):
            mutants.update(MUTANT.findall(text))
    complaints, said, named = [], set(), set()
    for scenario, does, names, broken in rows_of(page):
        said.update(re.findall(r"4\.\d+|S\d+|#\d+", scenario))
        here = re.findall(r"`([^`]+)`", names)
        named.update(here)
        complaints += [f"{PAGE}: {scenario}: no test {name}" for name in here if name not in tests]
        if not here and not does.startswith("Not yet"):
            complaints.append(f"{PAGE}: {scenario}: names no test")
        for name in re.findall(r"`([^`]+)`", broken):
            if name not in mutants:
                complaints.append(f"{PAGE}: {scenario}: no broken type {name!r}")
    complaints += [f"{PAGE}: no row for {scenario}" for scenario in scenarios if scenario not in said]
    for name, paths in sorted(tests.items()):
        if name not in named and (CALLED_AFTER.match(name) or "tests/hazards/" in paths[0]):
            complaints.append(f"{PAGE}: no row names {name} of {paths[0]}")
    return complaints


def self_test():
    test = "START_TEST(hazard_x) {\n}\nEND_TEST\nint main(void) { add(hazard_x); }\n"
    sources = {"tests/hazards/a.c": test, "tests/laws/m.c": '    {"sums", SUMS, "value", NULL},\n'}
    good = "| scenario | what | tests | broken |\n|---|---|---|---|\n| 4.1 lost | keeps | `hazard_x` | `sums` |\n"
    unregistered = dict(sources, **{"tests/hazards/a.c": test.split("int main")[0]})
    other = dict(sources, **{"tests/unit/b.c": test.replace("hazard_x", "hazard_y")})
    free = dict(sources, **{"tests/unit/b.c": test.replace("hazard_x", "a_name_of_its_own")})
    for what, page, files, words in (
        ("all is there", good, sources, None),
        ("no such test", good.replace("hazard_x", "hazard_y"), sources, "no test hazard_y"),
        ("not registered", good, unregistered, "no test hazard_x"),
        ("no such mutant", good.replace("sums", "adds"), sources, "no broken type 'adds'"),
        ("no row", good.replace("4.1", "4.2"), sources, "no row for 4.1"),
        ("no name", good.replace("`hazard_x`", ""), sources, "names no test"),
        ("not yet", good + "| 4.3 | Not yet. | | |\n", sources, None),
        ("a test without a row", good, other, "no row names hazard_y"),
        ("a test of something else", good, free, None),
    ):
        tree.expect(what, check(page, files, ["4.1"]), words)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = sys.argv[1]
    sources = {path: tree.read(root, path) for path in tree.code_files(root, (".c",), ("tests",))}
    return tree.finish("hazards", check(tree.read(root, PAGE), sources, SCENARIOS))


if __name__ == "__main__":
    main()
