#!/usr/bin/env python3
"""campaign: every fuzz target for so many seconds, a line for each, and what was found.

Inputs that are new are kept in BUILD/corpus, so that the next campaign goes on from there; tests/fuzz/corpus is read
only. What a target finds is kept in BUILD/found, and the line says how to see it again. Fails if anything was found.

usage: campaign.py [--afl] BUILD SECONDS [TARGET ...]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
INPUT_MS = 10000  # for one input, under sanitizers and beside other work
MEMORY_MB = 1024


def numbers(pattern, text):
    """Of the last match; zeros when there is none."""
    found = re.findall(pattern, text)
    return [int(n) for n in (found[-1] if isinstance(found[-1], tuple) else (found[-1],))] if found else [0, 0]


class LibFuzzer:
    def __init__(self, build):
        self.build = build

    def run(self, program, name, seconds, seeds):
        corpus = os.path.join(self.build, "corpus", name)
        found = os.path.join(self.build, "found", name + "-")
        os.makedirs(corpus, exist_ok=True)
        before = set(os.listdir(os.path.dirname(found)))
        # Entropic scheduling costs more than a run of the larger targets.
        command = [program, corpus] + seeds + [
            f"-max_total_time={seconds}", f"-timeout={INPUT_MS // 1000}", f"-rss_limit_mb={MEMORY_MB}", "-entropic=0",
            "-reload=0", "-print_final_stats=1", "-artifact_prefix=" + found,
        ]
        env = dict(os.environ, UBSAN_OPTIONS="halt_on_error=1:print_stacktrace=1")
        log = os.path.join(self.build, "found", name + ".log")
        with open(log, "wb") as out:
            code = subprocess.run(command, env=env, stdout=out, stderr=out).returncode
        with open(log, encoding="utf-8", errors="replace") as f:
            text = f.read()
        runs = numbers(r"number_of_executed_units: (\d+)", text)[0]
        edges = numbers(r"cov: (\d+) ", text)[0]
        inputs = numbers(r"corp: (\d+)/", text)[0]
        new = sorted(set(os.listdir(os.path.dirname(found))) - before - {name + ".log"})
        findings = [(os.path.join(self.build, "found", n), [program]) for n in new]
        if code != 0 and not findings:
            findings = [(log, None)]
        return runs, edges, inputs, findings, log


class Afl:
    def __init__(self, build):
        self.build = build

    def run(self, program, name, seconds, seeds):
        out = os.path.join(self.build, "afl", name)
        first = os.path.join(self.build, "seeds", name)
        if os.path.exists(os.path.join(out, "default", "fuzzer_stats")):
            seeds = None  # goes on
        else:
            shutil.rmtree(out, ignore_errors=True)
            os.makedirs(first, exist_ok=True)
            for folder in seeds:
                for n in os.listdir(folder):
                    shutil.copy(os.path.join(folder, n), first)
            if not os.listdir(first):
                with open(os.path.join(first, "empty"), "wb") as f:
                    f.write(b"\n")
        env = dict(
            os.environ, AFL_NO_UI="1", AFL_SKIP_CPUFREQ="1", AFL_NO_AFFINITY="1", AFL_SKIP_BIN_CHECK="0",
            AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES="1", AFL_FORKSRV_INIT_TMOUT="60000",
            ASAN_OPTIONS="abort_on_error=1:symbolize=0:detect_leaks=0",
            UBSAN_OPTIONS="halt_on_error=1:abort_on_error=1:symbolize=0",
        )
        log = os.path.join(self.build, "found", name + ".log")
        command = ["afl-fuzz", "-V", str(seconds), "-m", "none", "-t", f"{INPUT_MS}+",
                   "-i", "-" if seeds is None else first, "-o", out, "--", program]
        with open(log, "wb") as f:
            code = subprocess.run(command, env=env, stdout=f, stderr=f).returncode
        stats = {}
        path = os.path.join(out, "default", "fuzzer_stats")
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                stats = dict((k.strip(), v.strip()) for k, v in (line.split(":", 1) for line in f if ":" in line))
        findings = [] if stats and code == 0 else [(log, None)]
        for kind in ("crashes", "hangs"):
            folder = os.path.join(out, "default", kind)
            names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
            findings += [(os.path.join(folder, n), [program]) for n in names if n != "README.txt"]
        return (int(stats.get("execs_done", 0)), int(stats.get("edges_found", 0)), int(stats.get("corpus_count", 0)),
                findings, log)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("seconds", type=int)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--afl", action="store_true")
    args = parser.parse_intermixed_args()
    if args.seconds < 1:
        sys.exit("a second at least")
    folder = os.path.join(args.build, "tests", "fuzz")
    names = sorted(n for n in os.listdir(folder) if re.fullmatch(r"fuzz_[a-z_]+", n))
    if args.targets:
        wanted = {t if t.startswith("fuzz_") else "fuzz_" + t for t in args.targets}
        if wanted - set(names):
            sys.exit(f"no such target: {' '.join(sorted(wanted - set(names)))}; there are {' '.join(names)}")
        names = [n for n in names if n in wanted]
    for kept in ("found", "afl", "corpus"):
        os.makedirs(os.path.join(args.build, kept), exist_ok=True)
    fuzzer = (Afl if args.afl else LibFuzzer)(args.build)
    print(f"{'target':18} {'seconds':>7} {'runs':>10} {'edges':>7} {'corpus':>7}  findings", flush=True)
    guilty = []
    for name in names:
        seeds = [f for f in [os.path.join(HERE, "corpus", name)] if os.path.isdir(f) and os.listdir(f)]
        begun = time.monotonic()
        runs, edges, inputs, findings, log = fuzzer.run(os.path.join(folder, name), name, args.seconds, seeds)
        took = time.monotonic() - begun
        print(f"{name[5:]:18} {took:7.0f} {runs:10} {edges:7} {inputs:7}  {len(findings) or 'none'}", flush=True)
        for path, command in findings:
            print(f"    kept in {path}, what it said in {log}")
            if command:
                print(f"    again: {' '.join(command)} {path}")
        if findings:
            guilty.append(name[5:])
    if guilty:
        sys.exit(f"found by {', '.join(guilty)}")


if __name__ == "__main__":
    main()
