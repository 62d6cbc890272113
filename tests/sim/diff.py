#!/usr/bin/env python3
"""diff: weft sim diff finds the first event in which two runs differ, and no other.

usage: diff.py WEFT
"""

import os
import random
import re
import subprocess
import sys
import tempfile

RUN = ["--seed", "7", "--crash", "2", "--partition", "4s..8s", "--duration", "15s"]


def sim(weft, *arguments, code=0):
    done = subprocess.run([weft, "sim", *arguments], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"weft sim {' '.join(arguments)}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def is_event(line):
    return " trace " in line


def told(report, name):
    return re.search(rf"^{name} +(.*)$", report, re.M).group(1)


# A run is itself, also where memory is full of something and tables are laid out otherwise.
def check_itself(weft, schedule):
    for arguments in (RUN, [schedule], [schedule, schedule], [*RUN, "--types", "all"]):
        expect("the same      in every event" in sim(weft, "diff", *arguments), arguments)


# Without one operation: that is where they part, and what both traces have before it is what is said to be in both.
def check_schedules(weft, folder, schedule, trace):
    lines = read(schedule).splitlines(keepends=True)
    gone = next(i for i, line in enumerate(lines) if re.match(r"9\d{9}ns txn ", line))
    other = write(os.path.join(folder, "other"), "".join(lines[:gone] + lines[gone + 1 :]))
    report = sim(weft, "diff", schedule, other, code=1)
    expect(lines[gone].split(" ", 1)[1].strip() in told(report, "then A"), report)
    events = read(trace).splitlines()[1:]
    ns = int(re.match(r"\d+", lines[gone]).group())
    at = next(i for i, line in enumerate(events) if f"{ns // 10**9}.{ns % 10**9:09} - txn" in line)
    count = 5 + sum(map(is_event, events[:at]))  # each replica was opened before anyone could listen
    expect(f"the same      {count} events; then" in report, f"{count}: {report}")
    before = next(line for line in reversed(events[:at]) if is_event(line))
    expect(told(report, "last in both").split()[0] == before.split()[0], report)
    check_traces_of(weft, folder, trace, other, report)


# What two programs would have written.
def check_traces_of(weft, folder, trace, other, by_running):
    second = os.path.join(folder, "other.trace")
    sim(weft, other, "--trace", second)
    report = sim(weft, "diff", trace, second, code=1)
    for name in ("last in both", "then A", "then B", "differs in"):
        expect(told(report, name) == told(by_running, name), f"{report}\n{by_running}")


# Wherever it is, and however long the trace: the place that reading line by line finds.
def check_bisection(weft, folder, trace):
    lines = read(trace).splitlines(keepends=True)
    expect(sum(map(len, lines)) > 8 * 65536, "more than is read line by line")
    cuts = random.Random(3)
    places = [1, 2, len(lines) - 1] + [cuts.randrange(1, len(lines)) for _ in range(40)]
    for place in places:
        at = next((i for i in range(place, len(lines)) if is_event(lines[i])), None)
        if at is None:
            continue
        tail = [x[:-2] + ("1\n" if x[-2] == "0" else "0\n") if is_event(x) else x for x in lines[at:]]
        other = write(os.path.join(folder, "changed"), "".join(lines[:at] + tail))
        report = sim(weft, "diff", trace, other, code=1)
        same = len("".join(lines[:at]).encode())
        expect(f"the same      {same} bytes of both; then" in report, f"line {at}: {report}")
        expect("only what went before" in told(report, "differs in"), report)
    expect("bytes of events" in sim(weft, "diff", trace, trace), "one and the same")
    short = write(os.path.join(folder, "short"), "".join(lines[:500]))
    expect("it has ended" in told(sim(weft, "diff", trace, short, code=1), "then B"), "one that ends earlier")


def check_usage(weft, folder, schedule, trace):
    for arguments, says in (
        ([trace, schedule], f'a trace is compared with a trace, and this is none: "{schedule}"'),
        ([trace], "two traces are compared, not only"),
        ([trace, trace, trace], "two traces are compared, not only"),
        ([schedule, os.path.join(folder, "absent")], "absent"),
        ([schedule, schedule, schedule], "one file at a time"),
        (["--seeds", "3"], "--seeds: two runs are compared"),
        ([schedule, "--seeds"], "--seeds needs a value"),
    ):
        expect(says in sim(weft, "diff", *arguments, code=2), arguments)
    expect(sim(weft, "diff", "--help").startswith("usage: weft sim diff"), "help")


def main():
    weft = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="weft-diff-") as folder:
        schedule = write(os.path.join(folder, "schedule"), sim(weft, *RUN, "--print"))
        trace = os.path.join(folder, "trace")
        sim(weft, schedule, "--trace", trace)
        check_itself(weft, schedule)
        check_schedules(weft, folder, schedule, trace)
        check_bisection(weft, folder, trace)
        check_usage(weft, folder, schedule, trace)


if __name__ == "__main__":
    main()
