#!/usr/bin/env python3
"""command: weft sim as it is typed: what it prints, what it exits with, and that a run can be run again.

usage: command.py WEFT
"""

import os
import re
import subprocess
import sys
import tempfile


def sim(weft, *arguments, code=0):
    done = subprocess.run([weft, "sim", *arguments], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"weft sim {' '.join(arguments)}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def field(report, name):
    return re.search(rf"^{name} +(.*)$", report, re.M).group(1)


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


FAULTS = ["--partition", "4s..8s", "--skew", "250ms", "--loss", "2%", "--crash", "3", "--duration", "12s"]


def check_report(weft):
    report, _ = sim(weft, "--replicas", "5", "--seed", "7", *FAULTS)
    again, _ = sim(weft, "--seed", "7", "--replicas", "5", *FAULTS)
    other, _ = sim(weft, "--replicas", "5", "--seed", "8", *FAULTS)
    expect("3 crashes" in field(report, "faults"), "the faults that were asked for")
    expect(field(report, "trace") == field(again, "trace"), "the same seed, the same trace")
    expect(field(report, "trace") != field(other, "trace"), "another seed, another trace")
    expect(report.startswith("converged"), "the verdict comes first")


def check_replay(weft, folder):
    report, _ = sim(weft, "--seed", "7", *FAULTS)
    schedule, _ = sim(weft, "--seed", "7", *FAULTS, "--print")
    path, trace = os.path.join(folder, "schedule"), os.path.join(folder, "trace")
    with open(path, "w", encoding="utf-8") as f:
        f.write(schedule)
    again, _ = sim(weft, "--schedule", path, "--trace", trace)
    expect(field(report, "trace") == field(again, "trace"), "a schedule that was printed is the same run")
    with open(trace, encoding="utf-8") as f:
        first, *last = f.read().splitlines()
    expect(first == "# weft trace", "what the file is")
    expect(len(last) > 1000 and all(" trace " in x or " - " in x for x in last), "a line for each event")


# The end of one does not end the other.
def check_spans(weft):
    spans = ["--partition", "1s..9s:0", "--cut", "2s..3s:1,2", "--rate", "1", "--duration", "10s"]
    schedule, _ = sim(weft, *spans, "--print")
    for line in ("1s partition 0", "2s cut 1 2", "3s uncut 1 2", "9s rejoin 0"):
        expect(line in schedule.splitlines(), line)
    bare, _ = sim(weft, "--partition", "1s..9s", "--replicas", "4", "--print")
    expect("1s partition 0,1" in bare.splitlines() and "9s rejoin 0,1" in bare.splitlines(), "the first half")
    sim(weft, "--set", "copies_started=1", "--partition", "1s..2s:5", "--duration", "3s")


# Where nothing happens, nothing is to be told.
def check_nothing(weft):
    report, _ = sim(weft, "--duration", "0")
    expect(field(report, "converged").startswith("0.000 s"), "empty replicas are converged, as the exit code says")


def check_types(weft):
    report, _ = sim(weft, "--types", "all", "--duration", "20s", "--crash", "2", "--partition", "2s..6s")
    expect(report.startswith("converged"), "every type is what its specification says")
    schedule, _ = sim(weft, "--types", "lease,aworset", "--duration", "10s", "--print")
    expect(" lease/0:" in schedule and " s/0+" in schedule, "what was named")
    expect(" g/" not in schedule and " mvreg/" not in schedule, "and nothing else")
    usage, _ = sim(weft, "--help")
    expect("windowcounter" in usage, "the help names the types")


def check_failure(weft):
    report, _ = sim(weft, "--seed", "5", "--duration", "2s", "--partition", "1s..5s:0,1", "--within", "0", code=1)
    expect(report.startswith("not converged"), "the verdict")
    replay = "weft sim --duration 2s --partition 1s..5s:0,1 --within 0 --seed 5"
    expect(field(report, "replay") == replay, "how to see it again")
    report, _ = sim(weft, "--seed", "5", "--duration", "2s", "--partition", "1s..5s:0,1", "--within", "20")
    rounds = int(re.search(r"converged +[0-9.]+ s, ([0-9]+) rounds? after", report).group(1))
    expect(1 <= rounds <= 20, "rounds are counted from the last fault")
    report, _ = sim(weft, "--seeds", "3", "--duration", "2s")
    expect("3 seeds, all held" in report, "what came of the seeds")


# Text that can be read only once is the same text.
def check_pipes(weft):
    schedule, _ = sim(weft, "--seed", "3", "--duration", "2s", "--print")
    scenario = "duration: 2s\nreplicas: 2\nfaults: [{at: 1s, for: 500ms, do: cut 0 1}]\n"
    whole, _ = sim(weft, "--seed", "3", "--duration", "2s")
    for command, text, trace in (([], schedule, field(whole, "trace")), (["diff"], schedule, None),
                                 (["--seeds", "2"], scenario, None)):  # fmt: skip
        done = subprocess.run([weft, "sim", *command, "/dev/stdin"], input=text, capture_output=True, text=True)
        expect(done.returncode == 0, f"{command}: {done.stdout}{done.stderr}")
        expect(trace is None or field(done.stdout, "trace") == trace, "a schedule from a pipe is that schedule")
        expect(command != ["diff"] or f"trace {field(whole, 'trace')}" in done.stdout, done.stdout)


def check_usage(weft, folder):
    broken = os.path.join(folder, "broken")
    with open(broken, "w", encoding="utf-8") as f:
        f.write("replicas 3\n1s explode 2\n")
    for arguments, says in (
        (["--frob", "1"], 'there is no option "--frob"'),
        (["--seed"], "--seed needs a value"),
        (["--skew", "250"], '--skew: not a duration: "250"'),
        (["--loss", "200%"], '--loss: out of bounds: "200%"'),
        (["--replicas", "0"], '--replicas: out of bounds: "0"'),
        (["--partition", "10s"], '--partition: not from..to: "10s"'),
        (["--partition", "1:2s..3s"], '--partition: not a duration: "1:2s"'),
        (["--partition", "1s..2"], '--partition: not a duration: "2"'),
        (["--partition", "3s..1s"], '--partition: ends before it begins: "3s..1s"'),
        (["--cut", "3s..3s:0,1"], '--cut: ends before it begins: "3s..3s:0,1"'),
        (["--partition", "10s..20s:x"], 'not lists of replicas: "x"'),
        (["--cut", "10s..20s:1"], 'not a list of replicas: ""'),
        (["--partition", "10s..20s:0,7"], "10s partition 0,7: there is no replica 7"),
        (["--partition", "10s..20s:0-1|3-7"], "10s partition 0-1|3-7: there is no replica 7"),
        (["--cut", "10s..20s:0,5"], "10s cut 0 5: there is no replica 5"),
        (["--replicas", "2000"], 'out of bounds: "2000" (1 to 1024)'),
        (["--schedule", broken, "--loss", "2%"], "--loss: a schedule says that itself"),
        (["--seeds", "3", "--schedule", broken], "--seeds: a schedule says that itself"),
        (["--regions", "atlantis"], "--regions: there is no such region"),
        (["--types", "lease,hat"], '--types: not a list of types, each once: "lease,hat"'),
        (["--types", "lease,lease"], "--types: not a list of types"),
        (["--types", ""], "--types: not a list of types"),
        (["--set", "speed=3"], 'no such option: "speed"'),
        (["--set", "speed"], "--set: not NAME=VALUE"),
        (["--schedule", broken], 'nothing that can happen: "explode" (line 2)'),
        (["--schedule", os.path.join(folder, "absent")], "absent"),
        ([folder], "Is a directory"),
        (["/dev/zero"], "/dev/zero: "),
    ):
        _, error = sim(weft, *arguments, code=2)
        expect(says in error, f"{arguments}: {error}")
    usage, _ = sim(weft, "--help")
    for command in "shrink", "explain", "diff", "merge", "replay":
        expect(f"weft sim {command} " in usage, f"the help names {command}")
        sim(weft, command, "--help")


def main():
    weft = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="weft-sim-") as folder:
        check_report(weft)
        check_replay(weft, folder)
        check_spans(weft)
        check_nothing(weft)
        check_types(weft)
        check_pipes(weft)
        check_failure(weft)
        check_usage(weft, folder)


if __name__ == "__main__":
    main()
