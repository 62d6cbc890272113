#!/usr/bin/env python3
"""shrink_command: weft sim shrink as it is typed: the schedule that it prints fails, and so does the test in C compile.

usage: shrink_command.py WEFT INCLUDE CC...
"""

import os
import subprocess
import sys
import tempfile

FAILING = ["--seed", "5", "--duration", "2s", "--partition", "1s..5s:0,1", "--crash", "2", "--within", "0"]


def run(*command, code=0):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


def check_replay(weft, folder):
    small = os.path.join(folder, "small")
    _, said = run(weft, "sim", "shrink", *FAILING, "-o", small)
    again, _ = run(weft, "sim", "shrink", *FAILING)
    with open(small, encoding="utf-8") as f:
        text = f.read()
    expect(text == again, "the same run, the same small one")
    items = [line for line in text.splitlines() if line[0].isdigit()]
    expect(len(items) == 1 and " txn " in items[0], f"one transaction that others do not have: {items}")
    expect("replicas 2" in text.splitlines(), "one who has it and one who has not")
    expect("not converged" in said, "what it is that fails")
    report, _ = run(weft, "sim", small, code=1)
    expect(report.startswith("not converged"), "the small one fails in the same way")
    from_file, _ = run(weft, "sim", "shrink", small)
    expect(from_file == text, "what is small is small")


def check_c(weft, folder, include, compiler):
    path, small = os.path.join(folder, "small.c"), os.path.join(folder, "small")
    run(weft, "sim", "shrink", *FAILING, "-o", small, "--emit-c", path)
    run(*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "-c", path, "-o", path + ".o")
    with open(path, encoding="utf-8") as f:
        code = f.read()
    with open(small, encoding="utf-8") as f:
        for line in f.read().splitlines():
            expect(f'"{line}\\n"' in code, f"the schedule is in the test: {line}")


def check_usage(weft):
    _, said = run(weft, "sim", "shrink", "--duration", "1s", code=1)
    expect("does not fail" in said, "nothing to look for")
    for arguments, why in (
        (["-o"], "-o: needs a value"),
        (["--max-runs", "many"], '--max-runs: not a number of runs: "many"'),
        (["--seeds", "3"], "--seeds: one run at a time"),
        (["--frob", "1"], 'there is no option "--frob"'),
        (["absent"], "absent"),
    ):
        _, said = run(weft, "sim", "shrink", *arguments, code=2)
        expect(why in said, f"{arguments}: {said}")
    usage, _ = run(weft, "sim", "shrink", "--help")
    expect("--emit-c" in usage, "the help")


def main():
    weft, include, *compiler = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="weft-shrink-") as folder:
        check_replay(weft, folder)
        check_c(weft, folder, include, compiler)
    check_usage(weft)


if __name__ == "__main__":
    main()
