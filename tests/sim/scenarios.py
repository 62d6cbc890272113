#!/usr/bin/env python3
"""scenarios: each of examples/scenarios is the answer that it documents, and its schedule is the whole of it.

usage: scenarios.py WEFT FOLDER DOCS [--update]

With --update the documentation gets the words that the command has.
"""

import os
import re
import subprocess
import sys
import tempfile


def weft(program, *arguments, code=0):
    done = subprocess.run([program, "sim", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != code:
        sys.exit(f"weft sim {' '.join(arguments)}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def field(report, name):
    return re.search(rf"^{name} +(.*)$", report, re.M).group(1)


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


# What it expects of a run is not in the schedule, so a run that is to fail exits with 1 there.
def check_one(program, path, folder):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    expect(text.startswith("# ") and "\nquestion: " in text and "\nexpect:\n" in text, f"{path} asks and answers")
    expect(f"\nname: {os.path.basename(path).removesuffix('.yaml')}\n" in text, f"{path} has its name")
    report, _ = weft(program, path)
    expect(field(report, "question") + "\n" in text and field(report, "answer") == "as the scenario expects", path)
    schedule, _ = weft(program, path, "--print")
    copy = os.path.join(folder, "schedule")
    with open(copy, "w", encoding="utf-8") as f:
        f.write(schedule)
    again, _ = weft(program, copy, code=0 if report.startswith("converged") else 1)
    expect(field(report, "trace") == field(again, "trace"), f"{path}: the schedule is the whole of it")


def check_overrides(program, path):
    report, _ = weft(program, path)
    other, _ = weft(program, path, "--seed", "9")
    lossy, _ = weft(program, path, "--loss", "8%")
    expect(field(report, "trace") != field(other, "trace"), "another seed, another run")
    lost = [int(re.search(r"(\d+) messages lost", field(x, "faults")).group(1)) for x in (report, lossy)]
    expect(lost[1] > 4 * lost[0], "options go on top of a scenario")
    sweep, _ = weft(program, path, "--seeds", "2", "--jobs", "2")
    expect("2 seeds, all held" in sweep, "a scenario is swept")
    for option, value in (("--replicas", "9"), ("--regions", "tokyo"), ("--set", "replicas=9")):
        _, error = weft(program, path, option, value, code=2)
        expect("a scenario says that itself" in error, option)


def check_expectation(program, folder):
    path = os.path.join(folder, "wrong.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write("duration: 5s\nexpect: {counts: [{what: crashes, least: 1}]}\n")
    report, _ = weft(program, path, code=1)
    expect(field(report, "expected") == "at least 1 crashes, not 0", "what did not come out")
    expect(field(report, "replay") == f"weft sim {path} --seed 1", "how to see it again")
    expect(field(report, "answer") == "not as the scenario expects", "the answer")
    sweep, _ = weft(program, path, "--seeds", "2", code=1)
    expect("expected" in sweep, "in a sweep, too")


def check_refusals(program, folder):
    path = os.path.join(folder, "bad.yaml")
    for text, says in (
        ("name: x\nfaults:\n  - {at: 1s, do: crash 9}\n", ":3:18: faults[0].do: there is no replica 9"),
        ("replay: 3\n", ":1:1: replay: unknown key"),
        ("workload: {replay: {file: absent}}\n", ':1:27: workload.replay.file: "absent" cannot be read'),
        ("links: {loss: [1%]}\n", ":1:15: links.loss: must be one value"),
    ):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        _, error = weft(program, path, code=2)
        expect(f"weft sim: {path}{says}" in error, f"{text}: {error}")


BEGIN, END = "<!-- weft sim --vocabulary -->\n\n", "\n<!-- end of vocabulary -->\n"


# The documentation has every word, and no other.
def check_vocabulary(program, docs, update):
    table, _ = weft(program, "--vocabulary")
    with open(docs, encoding="utf-8") as f:
        before, rest = f.read().split(BEGIN)
    old, after = rest.split(END)
    if update and old != table:
        with open(docs, "w", encoding="utf-8") as f:
            f.write(before + BEGIN + table + END + after)
    expect(update or old == table, f"{docs} has the words of weft sim; ninja update-vocabulary puts them there")


def main():
    program, examples, docs = sys.argv[1:4]
    if sys.argv[4:] == ["--update"]:
        check_vocabulary(program, docs, True)
        return
    paths = sorted(os.path.join(examples, x) for x in os.listdir(examples) if x.endswith(".yaml"))
    expect(len(paths) >= 10, "ten scenarios")
    with tempfile.TemporaryDirectory(prefix="weft-scenarios-") as folder:
        for path in paths:
            check_one(program, path, folder)
        check_overrides(program, os.path.join(examples, "rolling-restart.yaml"))
        check_expectation(program, folder)
        check_refusals(program, folder)
    check_vocabulary(program, docs, False)


if __name__ == "__main__":
    main()
