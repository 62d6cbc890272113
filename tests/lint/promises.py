#!/usr/bin/env python3
"""promises: each promise of docs/security.md names a test, and each test that it names exists.

The rows of its tables are | against | promise | test |, names in backticks: of a START_TEST that its file also
registers, of a test of a script, or of a row of tests/hostile. An ellipsis ends a name that is cut short. In the text
around the tables a name with an ellipsis is one of a test, too.

usage: promises.py --self-test | promises.py SOURCE_ROOT
"""

import re
import sys

import tree
from hazards import tests_of

PAGE = "docs/security.md"
HOSTILE = re.compile(r'^\s*\{"([^"]+)", (\w+), \d', re.M)
SCRIPTED = re.compile(r"^def (test_\w+)\(", re.M)


def names_of(sources):
    """Of all tests; of a hostile row where the row's function is there too."""
    names = set(tests_of({path: text for path, text in sources.items() if path.endswith(".c")}))
    for path, text in sources.items():
        if path.endswith(".py"):
            names.update(SCRIPTED.findall(text))
        elif path.startswith("tests/hostile/"):
            names.update(name for name, function in HOSTILE.findall(text) if f"void {function}(" in text)
    return names


def exists(name, names):
    if name.endswith("…"):
        return any(full.startswith(name[:-1]) for full in names)
    return name in names


def rows_of(page):
    """(against, tests) of each table of promises."""
    in_table = False
    for line in page.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            in_table = False
        elif len(cells) == 3 and cells[2] == "test":
            in_table = True
        elif in_table and not cells[0].startswith("---"):
            yield cells[0], cells[-1]


def check(page, sources):
    names, complaints, count = names_of(sources), [], 0
    for against, tests in rows_of(page):
        count += 1
        here = re.findall(r"`([^`]+)`", tests)
        complaints += [f"{PAGE}: {against}: no test {name}" for name in here if not exists(name, names)]
        if not here:
            complaints.append(f"{PAGE}: {against}: names no test")
    for name in sorted(set(re.findall(r"`(\w+_…)`", page))):
        if not exists(name, names):
            complaints.append(f"{PAGE}: no test {name}")
    if count == 0:
        complaints.append(f"{PAGE}: no table of promises")
    return complaints


def self_test():
    test = "START_TEST(gate_is_shut) {\n}\nEND_TEST\nint main(void) { add(gate_is_shut); }\n"
    row = 'static void knocks(void) {\n}\nrows = {\n    {"knocks and runs", knocks, 2, 0},\n'
    sources = {"tests/unit/a.c": test, "tests/hostile/b.c": row, "tests/uv/c.py": "def test_keys(where):\n"}
    good = "| against | promise | test |\n|---|---|---|\n| them | it | `gate_is_shut` |\n"
    for what, page, files, words in (
        ("all is there", good, sources, None),
        ("no such test", good.replace("is_shut", "is_open"), sources, "no test gate_is_open"),
        ("cut short", good.replace("is_shut", "is_…"), sources, None),
        ("cut short, of none", good.replace("is_shut", "was_…"), sources, "no test gate_was_…"),
        ("not registered", good, {"tests/unit/a.c": test.split("int main")[0]}, "no test gate_is_shut"),
        ("of a script", good.replace("gate_is_shut", "test_keys"), sources, None),
        ("of a hostile row", good.replace("gate_is_shut", "knocks and runs"), sources, None),
        ("of no hostile row", good.replace("gate_is_shut", "knocks and stays"), sources, "no test knocks and stays"),
        ("no name", good.replace("`gate_is_shut`", ""), sources, "names no test"),
        ("in the text", good + "\nAs `gate_was_…` shows.\n", sources, "no test gate_was_…"),
        ("other tables", good + "\n| a | b | c |\n|---|---|---|\n| x | y | `z` |\n", sources, None),
        ("no table", "# Who may link\n", sources, "no table"),
    ):
        tree.expect(what, check(page, files), words)


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = sys.argv[1]
    sources = {path: tree.read(root, path) for path in tree.code_files(root, (".c", ".py"), ("tests",))}
    return tree.finish("promises", check(tree.read(root, PAGE), sources))


if __name__ == "__main__":
    main()
