"""What the rule tests share: the files of the tree, C text without comments, and the way a rule reports.

A rule is a function that returns a list of complaints. Its self-test feeds it samples that must be refused and
samples that must pass, so a rule that has gone blind fails before the tree is looked at.
"""

import os
import re
import sys

SKIP = 77  # meson's exit code for a skipped test

CODE_DIRS = ("include", "base", "clock", "crdt", "replication", "sim", "tools", "examples", "bench", "tests")

_TOKEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_files(root, suffixes=(".c", ".h"), dirs=CODE_DIRS):
    """Paths relative to root, with forward slashes, sorted."""
    found = []
    for top in dirs:
        for folder, subdirs, names in os.walk(os.path.join(root, top)):
            subdirs.sort()
            for name in names:
                if name.endswith(suffixes):
                    found.append(os.path.relpath(os.path.join(folder, name), root).replace(os.sep, "/"))
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def blank(text, strings=True):
    """Comments (and the insides of strings) become spaces; line numbers stay."""

    def replace(match):
        token = match.group(0)
        if token[0] in "\"'":
            return token[0] + " " * (len(token) - 2) + token[0] if strings else token
        return re.sub(r"[^\n]", " ", token)

    return _TOKEN.sub(replace, text)


def finish(name, complaints):
    for line in complaints:
        print(line)
    print(f"{name}: {len(complaints)} complaint(s)")
    sys.exit(1 if complaints else 0)


def expect(what, complaints, words):
    """words: None when the sample must pass, else what some complaint must say."""
    if words is None:
        ok = not complaints
    else:
        ok = any(words in line for line in complaints)
    if not ok:
        wanted = "no complaint" if words is None else f"a complaint about {words!r}"
        sys.exit(f"self-test {what}: expected {wanted}, got {complaints}")
    print(f"self-test {what}: ok")
