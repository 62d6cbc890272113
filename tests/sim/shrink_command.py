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


# Names of regions may have anything in them but blanks; a C string may not.
HOSTILE = """duration: 5s
distances:
  table: |
    x he"r??/e th\\ere
    he"r??/e 0 20
    th\\ere 20 0
regions: [{name: 'he"r??/e'}, {name: 'th\\ere'}]
workload: {rate: 2}
faults: [{at: 1s, for: ever, do: cut 0 1}]
expect: {converge_within: 2s}
"""


def check_names(weft, folder, include, compiler):
    scenario, small, code = (os.path.join(folder, name) for name in ("names.yaml", "names", "names.c"))
    with open(scenario, "w", encoding="utf-8") as f:
        f.write(HOSTILE)
    run(weft, "sim", "shrink", scenario, "-o", small, "--emit-c", code)
    run(*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", "-I", include, "-c", code, "-o", code + ".o")
    with open(small, "rb") as f, open(code + ".o", "rb") as o:
        expect(f.read() in o.read(), "the test has the schedule, to the byte")


# That there is no place for what was found is said before it is looked for.
def check_files(weft, folder):
    absent = os.path.join(folder, "absent", "small")
    for option in "-o", "--emit-c":
        _, said = run(weft, "sim", "shrink", *FAILING, option, absent, code=2)
        expect(absent in said and "runs" not in said, said)
    small, link = os.path.join(folder, "kept"), os.path.join(folder, "link")
    os.symlink(small, link)
    with open(small, "w", encoding="utf-8") as f:
        f.write("of another day\n")
    run(weft, "sim", "shrink", "--duration", "1s", "-o", link, code=1)
    with open(small, encoding="utf-8") as f:
        expect(f.read() == "of another day\n", "what was there stays where there is nothing to write")
    run(weft, "sim", "shrink", *FAILING, "-o", link)
    with open(small, encoding="utf-8") as f:
        expect(f.read().startswith("# weft schedule"), "a link is followed")
    expect(os.path.islink(link) and not os.path.exists(small + ".part"), "and stays one")


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
        check_names(weft, folder, include, compiler)
        check_files(weft, folder)
    check_usage(weft)


if __name__ == "__main__":
    main()
