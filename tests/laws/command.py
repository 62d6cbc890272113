#!/usr/bin/env python3
"""command: weft law as it is typed: what it prints, what it exits with, and what it keeps.

usage: command.py WEFT
"""

import os
import re
import subprocess
import sys
import tempfile
import time


def law(weft, *arguments, code=0):
    done = subprocess.run([weft, "law", *arguments], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"weft law {' '.join(arguments)}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


def row(report, name):
    found = re.search(rf"^{name} +(\d+)([ +]) +(\d+) +(\d+) +(\d+) +(\d+)", report, re.M)
    expect(found, f"a row of {name} in\n{report}")
    return {"short": int(found[1]), "all": found[2] == " ", "random": int(found[3]), "pairs": int(found[5])}


def check_cases(weft):
    report, _ = law(weft, "--cases", "2500", "--short", "2", "--type", "gset", "--type", "aworset", "--jobs", "2")
    for name in ("gset", "aworset"):
        found = row(report, name)
        expect(found["random"] == 2500 and found["all"] and found["short"] > 10, f"the cases of {name}")
        expect(found["pairs"] > 1000, f"concurrent pairs of {name}")
    expect("every law holds" in report, "the verdict")
    alone, _ = law(weft, "--cases", "2500", "--short", "2", "--type", "gset", "--jobs", "1")
    expect(row(alone, "gset") == row(report, "gset"), "the same cases, whatever runs beside")
    other, _ = law(weft, "--cases", "2500", "--short", "2", "--type", "gset", "--seed", "77")
    expect(row(other, "gset")["pairs"] != row(report, "gset")["pairs"], "other cases of another seed")
    every, _ = law(weft, "--cases", "20", "--short", "1", "--verbose")
    named = re.search(r"\(all:([^)]*)\)", law(weft, "--help")[0])[1].split()
    expect(len(named) >= 13, "all types in the help")
    for name in named:
        expect(row(every, name)["random"] == 20, f"a row of {name}")
    expect("reset || increment" in every, "kinds of operations")


def check_seconds(weft):
    begin = time.monotonic()
    report, _ = law(weft, "--seconds", "1", "--type", "gset", "--type", "ewflag")
    expect(time.monotonic() - begin < 20, "a second is not forever")
    expect(row(report, "gset")["random"] > 0, "something was done in a second")


def check_failure(weft, folder):
    """No type of Weft's is broken; but histories of one step have no concurrency."""
    known, code = os.path.join(folder, "known"), os.path.join(folder, "failure.c")
    arguments = ["--type", "gset", "--steps", "1", "--cases", "3000", "--short", "2", "--known", known, "--code", code]
    report, _ = law(weft, *arguments, code=1)
    expect("had concurrent operations on one target" in report, "what is broken")
    expect(report.count("gset: ") == 1, "once")
    expect("1 broken" in report, "the verdict")
    again = re.search(r"^replay +weft (law .*)$", report, re.M)[1].split()
    law(weft, *again[1:], code=1)
    expect(not os.path.exists(known) and not os.path.exists(code), "there is no one history to keep")


def check_known(weft, folder):
    path = os.path.join(folder, "known")
    with open(path, "w", encoding="ascii") as f:
        f.write("# none\ngset value 1 0 0 1 2 3\naworset memory 1 1 1 1 1 1\n")
    law(weft, "--type", "gset", "--cases", "100", "--short", "1", "--known", path)
    with open(path, "a", encoding="ascii") as f:
        f.write("gset value x\n")
    _, errors = law(weft, "--type", "gset", "--cases", "100", "--known", path, code=2)
    expect("known failures" in errors, "what is wrong with the file")
    _, errors = law(weft, "--known", folder, code=2)
    expect(folder in errors, "a folder is no file")


def check_usage(weft):
    for arguments, words in (
        (["--type", "nothing"], 'no type "nothing"'),
        (["--cases", "many"], "not a number"),
        (["--cases", "-1"], "not a number"),
        (["--jobs", "0"], "from 1 to"),
        (["--replicas", "9"], "from 2 to 8"),
        (["--cases", "5", "--seconds", "5"], "one of them only"),
        (["--cases", "0", "--short", "0"], "nothing to check"),
        (["--cases"], "needs a value"),
        (["--case", "5"], 'no option "--case"'),
    ):
        report, errors = law(weft, *arguments, code=2)
        expect(words in errors and report == "", f"{arguments}: {words} in {errors}")


def main():
    weft = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        check_usage(weft)
        check_cases(weft)
        check_seconds(weft)
        check_failure(weft, folder)
        check_known(weft, folder)


if __name__ == "__main__":
    main()
