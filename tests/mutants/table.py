#!/usr/bin/env python3
"""table: what the simulator sees of each mutant of the engine, and docs/simulator.md's table of it.

usage: table.py HUNT PAGE SEEDS [--update]

Without --update the table on the page must be what comes out, but for how many seeds the engine as it is was given, and
for what is found by two traces of one seed, which is a matter of addresses.
"""

import re
import subprocess
import sys

TABLE = re.compile(r"(?<=\n\n)\| mutant \| what is wrong .*?\n(?!\|)", re.S)
LUCK = re.compile(r"\| \d+ (?=\| (?:nothing, as it should be|the same seed gave two traces) \|)")


def run(hunt, seeds):
    lines = []
    with subprocess.Popen([hunt, "--seeds", seeds], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            lines.append(line)
    if process.returncode != 0:
        sys.exit("a mutant survived, or the engine as it is failed")
    return "".join(lines)


def main():
    hunt, path, seeds = sys.argv[1:4]
    table = run(hunt, seeds)
    with open(path, encoding="utf-8") as f:
        page = f.read()
    old = TABLE.search(page)
    if old is None:
        sys.exit(f"{path}: there is no table of mutants")
    if "--update" in sys.argv:
        with open(path, "w", encoding="utf-8") as f:
            f.write(TABLE.sub(lambda _: table, page))
    elif LUCK.sub("", old.group()) != LUCK.sub("", table):
        sys.exit(f"{path}: the table is out of date: ./dev mutants")


if __name__ == "__main__":
    main()
