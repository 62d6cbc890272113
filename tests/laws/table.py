#!/usr/bin/env python3
"""table: the broken merges in docs/laws.md, and what caught each, are what the kit finds today.

usage: table.py PROGRAM PAGE [--update]
"""

import re
import subprocess
import sys

TABLE = re.compile(r"(?<=\n\n)\| type \| what is broken .*?\n(?!\|)", re.S)
COUNT = re.compile(r"(\d+)(?= broken merges)")


def main():
    program, path = sys.argv[1:3]
    table = subprocess.run([program, "--table"], check=True, capture_output=True, text=True).stdout
    with open(path, encoding="utf-8") as f:
        page = f.read()
    if not TABLE.search(page) or not COUNT.search(page):
        sys.exit(f"{path}: there is no table of broken merges")
    wanted = COUNT.sub(str(table.count("\n") - 2), TABLE.sub(lambda _: table, page))
    if "--update" in sys.argv:
        with open(path, "w", encoding="utf-8") as f:
            f.write(wanted)
    elif wanted != page:
        sys.exit(f"{path}: the table is out of date: ./dev laws, or the build's target update-laws")


if __name__ == "__main__":
    main()
