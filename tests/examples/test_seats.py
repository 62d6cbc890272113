#!/usr/bin/env python3
"""test_seats: the program of docs/own-app.md finds its bug, and says so in the words of the page; and it does not
when it is right.

usage: test_seats.py SEATS PAGE [--update]
"""

import re
import subprocess
import sys

SHOWN = re.compile(r"^    FAILED .*?(?=^[^ \n])", re.M | re.S)


def run(*args):
    done = subprocess.run(args, capture_output=True, text=True, timeout=100)
    return done.returncode, done.stdout


def expect(what, holds, output=""):
    if not holds:
        sys.exit(f"{what}\n{output}")


def block(output):
    return "\n".join(("    " + line).rstrip() for line in output.rstrip("\n").split("\n")) + "\n\n"


def without_options(shown):
    """A new option of the simulation is a line more in every schedule, and no other story."""
    return [line for line in shown.splitlines() if not re.match(r"    [a-z_]+ \S+$", line)]


def main():
    seats, path, *update = sys.argv[1:]
    code, output = run(seats)
    expect("the bug was not found", code == 1 and output.startswith("FAILED"), output)
    lines = [line for line in output.splitlines() if re.match(r"\d+m?s ", line)]
    expect("it was not shrunk to four lines", len(lines) == 4, output)
    with open(path) as f:
        page = f.read()
    shown = SHOWN.search(page)
    expect("the page shows no output", shown is not None)
    if update:
        with open(path, "w") as f:
            f.write(page.replace(shown.group(0), block(output)))
    else:
        same = without_options(shown.group(0)) == without_options(block(output))
        expect("the page shows another output (ninja update-own-app)", same, output)
    code, output = run(seats, "--fixed")
    expect("the right one fails", code == 0 and "1000 seeds: every promise was kept" in output, output)
    print("seats: ok")


if __name__ == "__main__":
    main()
