#!/usr/bin/env python3
"""sweep: many seeds in several processes: results do not depend on how they were shared out, nor on what ended them.

usage: sweep.py WEFT
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time

TINY = ["--duration", "300ms", "--replicas", "3"]
SOME_FAIL = [*TINY, "--loss", "5%", "--within", "1s"]
LONG = ["--duration", "10m"]


def sim(weft, *arguments, code=0, env=None):
    done = subprocess.run([weft, "sim", *map(str, arguments)], capture_output=True, text=True, env=env)
    if done.returncode != code:
        sys.exit(f"weft sim {' '.join(map(str, arguments))}: exit {done.returncode}, not {code}\n"
                 f"{done.stdout}{done.stderr}")  # fmt: skip
    return done.stdout, done.stderr


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


def read(path):
    with open(path, "rb") as f:
        return f.read()


def results(path):
    lines = [json.loads(line) for line in read(path).decode().splitlines()]
    return [line for line in lines if "seed" in line]


class Folder:
    """Of results, and what they come to."""

    def __init__(self, weft, path):
        self.weft, self.path, self.count = weft, path, 0

    def new(self, end=".jsonl"):
        self.count += 1
        return os.path.join(self.path, f"{self.count}{end}")

    def merged(self, *files, code=0):
        out = self.new()
        sim(self.weft, "merge", "--out", out, *files, code=code)
        return read(out)


def check_sharing(weft, folder):
    one, two, shards = folder.new(), folder.new(), folder.new("")
    report, _ = sim(weft, "--seeds", 60, *TINY, "--jobs", 1, "--out", one)
    expect("60 seeds, all held" in report, report)
    expect("6 of them ran a second time" in report, "of ten seeds one is run twice")
    sim(weft, *TINY, "--seeds", 60, "--jobs", 3, "--out", two)
    for i in (3, 1, 2):
        sim(weft, "--seeds", 60, *TINY, "--shard", f"{i}/3", "--out", shards)
    files = sorted(os.path.join(shards, name) for name in os.listdir(shards))
    expect([os.path.basename(f) for f in files] == [f"shard-{i}-of-3.jsonl" for i in (1, 2, 3)], files)
    expect([r["seed"] % 3 for r in results(files[2])] == [2] * 20, "shard 3 of 3 has the seeds with seed mod 3 == 2")
    whole = folder.merged(one)
    expect(folder.merged(two) == whole, "more processes, the same results")
    expect(folder.merged(*files) == whole, "shards, the same results")
    expect(folder.merged(files[0], one, *reversed(files), files[0]) == whole, "what is there twice counts once")
    partly, _ = sim(weft, "merge", files[0], files[2], code=1)
    expect("missing       20 of the seeds 1..60: 1 4 7" in partly, partly)
    check_single_run(weft, results(one)[7])


# What a sweep says of a seed is what a run of that seed says.
def check_single_run(weft, result):
    report, _ = sim(weft, *TINY, "--seed", result["seed"])
    expect(re.search(rf"^trace +{result['trace']}$", report, re.M), f"the trace of {result}")


def check_known(weft, folder):
    path = folder.new()
    sim(weft, "--seeds", 20, *TINY, "--out", path)
    before = read(path)
    report, _ = sim(weft, "--seeds", 20, *TINY, "--out", path)
    expect("known         20 seeds" in report and read(path) == before, "nothing is run again")
    report, _ = sim(weft, "--seeds", 25, *TINY, "--out", path)
    expect("known         20 seeds" in report and len(results(path)) == 25, "a sweep can be made longer")
    expect(read(path).startswith(before), "a file only grows")


def child_of(pid):
    for _ in range(500):
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    sys.exit("the sweep has no processes")


def killed(weft, arguments, delay):
    with subprocess.Popen([weft, "sim", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as sweep:
        time.sleep(delay)
        sweep.kill()


def check_kills(weft, folder):
    count = 150
    whole, path = folder.new(), folder.new()
    arguments = ["--seeds", str(count), *TINY, "--jobs", "2"]
    begin = time.monotonic()
    sim(weft, *arguments, "--out", whole)
    span = time.monotonic() - begin
    arguments += ["--out", path]
    cuts = random.Random(7)
    sizes = []
    for _ in range(8):
        killed(weft, arguments, cuts.uniform(0.1, 0.5) * span)
        sizes.append(len(results_of_torn(path)))
    expect(sizes == sorted(sizes) and sizes[-1] > 0, f"what was done stays: {sizes}")
    sim(weft, *arguments)
    expect(folder.merged(path) == folder.merged(whole), "killed and resumed, the same results")
    expect(len(results(path)) == count, "no seed is there twice")


def results_of_torn(path):
    if not os.path.exists(path):
        return []
    return [line for line in read(path).split(b"\n")[:-1] if b'"seed":' in line]


def check_interrupt(weft, folder):
    path = folder.new()
    arguments = ["--seeds", "500", *LONG, "--jobs", "2", "--out", path]
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with subprocess.Popen([weft, "sim", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              text=True) as sweep:  # fmt: skip
            child_of(sweep.pid)
            sweep.send_signal(number)
            error = sweep.communicate()[1]
        expect(sweep.returncode == code, f"{number}: {sweep.returncode}")
        expect("seeds are left; the same command goes on" in error, error)


# As nohup has it, and a shell that is no terminal's what it began in the background.
def check_ignored(weft, folder):
    path = folder.new()
    arguments = ["--seeds", "30", *TINY, "--jobs", "1", "--out", path]
    shell = 'trap "" HUP INT; exec "$@"'
    with subprocess.Popen(["sh", "-c", shell, "sh", weft, "sim", *arguments], stdout=subprocess.DEVNULL) as sweep:
        while not os.path.exists(path):
            time.sleep(0.01)
        sweep.send_signal(signal.SIGHUP)
        sweep.send_signal(signal.SIGINT)
    expect(sweep.returncode == 0 and len(results(path)) == 30, "what is ignored does not interrupt")


def check_torn(weft, folder):
    whole, path = folder.new(), folder.new()
    arguments = ["--seeds", "3", *TINY, "--jobs", "1", "--out"]
    sim(weft, *arguments, whole)
    bytes_of, merged = read(whole), folder.merged(whole)
    last = bytes_of.rindex(b"\n", 0, -1) + 1
    for end in range(last, len(bytes_of)):
        with open(path, "wb") as f:
            f.write(bytes_of[:end])
        if end % 10 == 0:
            again, _ = sim(weft, "merge", path, code=1)
            expect(end == last or "1 cut off at the end" in again, again)
        sim(weft, *arguments, path)
        expect([r["seed"] for r in results(path)] == [1, 2, 3], f"cut at {end}")
    expect(folder.merged(path) == merged, "cut and run again, the same results")


def check_crash(weft, folder):
    path = folder.new()
    arguments = ["--seeds", "3", "--duration", "2m", "--jobs", "1", "--keep-going", "--out", path]
    with subprocess.Popen([weft, "sim", *arguments], stdout=subprocess.PIPE, text=True) as sweep:
        os.kill(child_of(sweep.pid), signal.SIGABRT)
        report = sweep.communicate()[0]
    expect(sweep.returncode == 1, "a crash is a failure")
    expect("1   crashed, signal 6 (Aborted): seed" in report, report)
    verdicts = sorted(r["verdict"] for r in results(path))
    expect(verdicts == ["crashed", "held", "held"], f"and of its seed alone: {verdicts}")


def check_hang(weft, folder):
    path = folder.new()
    report, _ = sim(weft, "--seeds", 2, *LONG, "--timeout", "30ms", "--keep-going", "--out", path, code=1)
    expect("2   hung, more than 0.03 s of processor time: seed 1, 2" in report, report)
    expect([r["verdict"] for r in results(path)] == ["hung", "hung"], "is written down")


# The failure that a loop would have met first, however many run at once.
def check_first_failure(weft, folder):
    path = folder.new()
    sim(weft, "--seeds", 40, *SOME_FAIL, "--keep-going", "--out", path, code=1)
    failed = sorted(r["seed"] for r in results(path) if r["verdict"] != "held")
    expect(0 < len(failed) < 30, f"some fail: {failed}")
    for jobs in (1, 4):
        stopped = folder.new()
        report, _ = sim(weft, "--seeds", 40, *SOME_FAIL, "--jobs", jobs, "--out", stopped, code=1)
        expect(report.startswith("not converged"), "the report of the run")
        replay = re.search(r"^replay +weft (sim .*)$", report, re.M).group(1)
        expect(replay == f"sim {' '.join(SOME_FAIL)} --seed {failed[0]}", replay)
        expect(len(results(stopped)) < 40, "and then nothing more is run")
        again, _ = sim(weft, "--seeds", 40, *SOME_FAIL, "--out", stopped, code=1)
        expect(f"--seed {failed[0]}" in again, "nor when it is asked for again")
    sim(weft, *replay.split()[1:], code=1)
    merged, _ = sim(weft, "merge", path, code=1)
    shown = ", ".join(map(str, failed[:8]))
    expect(f"{len(failed)}   not converged: seed {shown}" in merged, merged)


def check_differences(weft, folder):
    path, other, late = folder.new(), folder.new(), folder.new()
    sim(weft, "--seeds", 12, *TINY, "--out", path)
    lines = read(path).decode().splitlines(keepends=True)
    changed = [re.sub(r'"trace":"(.)', lambda m: '"trace":"' + "10"[m[1] == "1"], x) if '"seed":5,' in x else x
               for x in lines]  # fmt: skip
    with open(other, "w", encoding="ascii") as f:
        f.writelines(changed)
    with open(late, "w", encoding="ascii") as f:
        f.writelines(x.replace('"verdict":"held"', '"verdict":"hung"') for x in lines)
    report, _ = sim(weft, "merge", path, other, code=3)
    expect("1   not deterministic: seed 5" in report and other in report, report)
    expect(folder.merged(path, late) == folder.merged(late, path) == folder.merged(path), "what was slow elsewhere")
    twice = folder.new()
    with open(twice, "wb") as f:
        f.write(folder.merged(path, other, code=3))
    expect(folder.merged(twice, path, code=3) == read(twice), "and stays so")


def check_environment(weft, folder):
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "JOB_"))}
    slurm = {"SLURM_ARRAY_TASK_ID": "9", "SLURM_ARRAY_TASK_MIN": "1", "SLURM_ARRAY_TASK_STEP": "4",
             "SLURM_ARRAY_TASK_MAX": "13", "SLURM_ARRAY_TASK_COUNT": "4"}  # fmt: skip
    kubernetes = {"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "16"}
    for more, shard in ((slurm, "3-of-4"), (kubernetes, "1-of-16")):
        out = folder.new("")
        sim(weft, "--seeds", 20, *TINY, "--shard", "auto", "--out", out, env={**clean, **more})
        expect(os.listdir(out) == [f"shard-{shard}.jsonl"], os.listdir(out))
    for more, says in (
        ({}, "neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX is set"),
        ({"SLURM_ARRAY_TASK_ID": "3"}, "SLURM_ARRAY_TASK_COUNT is not set"),
        ({"JOB_COMPLETION_INDEX": "3"}, "JOB_COMPLETIONS is not set"),
        ({"JOB_COMPLETION_INDEX": "x", "JOB_COMPLETIONS": "4"}, 'JOB_COMPLETION_INDEX is no number: "x"'),
        ({"JOB_COMPLETION_INDEX": "4", "JOB_COMPLETIONS": "4"}, "there is no shard 5 of 4"),
        ({**slurm, "SLURM_ARRAY_TASK_ID": "8"}, "SLURM_ARRAY_TASK_ID 8 is not a step of its array"),
        ({**slurm, "SLURM_ARRAY_TASK_COUNT": "2"}, "there is no shard 3 of 2"),
        ({**slurm, **kubernetes}, "both SLURM_ARRAY_TASK_ID and JOB_COMPLETION_INDEX"),
    ):
        _, error = sim(weft, "--seeds", 20, *TINY, "--shard", "auto", env={**clean, **more}, code=2)
        expect(says in error, error)


def check_refusals(weft, folder):
    path, notes, broken, empty = folder.new(), folder.new(), folder.new(), folder.new()
    sim(weft, "--seeds", 5, *TINY, "--out", path)
    text = read(path)
    contents = (b"remember the milk", text.replace(b'"steps"', b'"stops"', 1), b"")
    for name, content in zip((notes, broken, empty), contents):
        with open(name, "wb") as f:
            f.write(content)
    other = folder.new()
    with open(other, "wb") as f:
        f.write(re.sub(rb'"version":"[^"]*"', b'"version":"0.0.1-old"', text))
    for arguments, says in (
        (["--seeds", 5, *TINY, "--rate", 11, "--out", path], "of another scenario"),
        (["--seeds", 5, *TINY, "--within", "3s", "--out", path], "of another scenario"),
        (["--seeds", 5, *TINY, "--out", other], "of version 0.0.1-old, not "),
        (["--seeds", 5, *TINY, "--out", notes], "line 1: no result of a sweep"),
        (["--seeds", 5, *TINY, "--out", broken], "no result of a sweep"),
        (["--seeds", 5, *TINY, "--out", os.path.join(folder.path, "no", "where.jsonl")], "No such file"),
        (["merge", path, other], "of version 0.0.1-old"),
        (["merge", path, notes], "line 1: no result of a sweep"),
        (["merge", os.path.join(folder.path, "absent.jsonl")], "No such file"),
        (["merge"], "usage: weft sim merge"),
        (["merge", empty], "no results in what was read"),
        (["merge", path, "--frob"], 'there is no option "--frob"'),
        (["merge", path, "--out"], "--out needs a value"),
        (["merge", "--out", os.path.join(folder.path, "no", "where.jsonl"), path], "No such file"),
        (["--seeds", 5, *TINY, "--out", os.path.join(folder.path, "no", "where")], "No such file"),
        (["--jobs", 2], '--jobs: only with "--seeds"'),
        (["--keep-going"], '--keep-going: only with "--seeds"'),
        (["--seeds", 0], '--seeds: out of bounds: "0"'),
        (["--seeds", "many"], '--seeds: not a number: "many"'),
        (["--seeds", 2, "--seed", 2**63 - 2], "--seeds: there are none above"),
        (["--seeds", 5, "--jobs", 1000], "--jobs: out of bounds"),
        (["--seeds", 5, "--shard", "0/3"], 'not I/N, as 3/16, nor auto: "0/3"'),
        (["--seeds", 5, "--shard", "4/3"], "there is no shard 4 of 3"),
        (["--seeds", 5, "--shard", "4"], "not I/N"),
        (["--seeds", 5, "--trace", "x"], "--trace: of one run"),
        (["--seeds", 5, "--out"], "--out needs a value"),
    ):
        _, error = sim(weft, *arguments, code=2)
        expect(says in error, f"{arguments}: {error}")
    expect(read(notes) == b"remember the milk", "what is something else stays as it is")
    check_lock(weft, folder)


# What a scenario expects is a part of it.
def check_scenario(weft, folder):
    scenario, out = folder.new(".yaml"), folder.new()
    faults = "faults:\n- {at: 100ms, do: crash 1}\n- {at: 200ms, do: restart 1}\n"
    text = "name: small\nduration: 300ms\nreplicas: 3\n" + faults
    with open(scenario, "w", encoding="ascii") as f:
        f.write(text)
    sim(weft, "--seeds", 10, "--out", out, scenario)
    result = results(out)[3]
    report, _ = sim(weft, scenario, "--seed", result["seed"])
    expect(re.search(rf"^trace +{result['trace']}$", report, re.M), f"the trace of {result}")
    for other in (text.replace("200ms", "210ms"), text + "expect: {converge_within: 5s}\n"):
        with open(scenario, "w", encoding="ascii") as f:
            f.write(other)
        _, error = sim(weft, "--seeds", 10, "--out", out, scenario, code=2)
        expect("of another scenario" in error, error)


def check_lock(weft, folder):
    path = folder.new()
    arguments = ["--seeds", "5", *LONG, "--out", path]
    with subprocess.Popen([weft, "sim", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        child_of(first.pid)
        _, error = sim(weft, *arguments, code=2)
        first.terminate()
    expect("another sweep is writing to it" in error, error)


def main():
    weft = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="weft-sweep-") as path:
        folder = Folder(weft, path)
        for check in (check_sharing, check_known, check_kills, check_interrupt, check_ignored, check_torn, check_crash,
                      check_hang, check_first_failure, check_differences, check_environment, check_scenario,
                      check_refusals):  # fmt: skip
            begin = time.monotonic()
            check(weft, folder)
            print(f"{time.monotonic() - begin:6.2f} s  {check.__name__}", flush=True)


if __name__ == "__main__":
    main()
