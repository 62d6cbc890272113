#!/usr/bin/env python3
"""coverage: which lines of the decoders the corpora reach.

Runs every corpus program of a build with -Dfuzz=coverage over its corpus and prints, for each file of decoders.txt, how
many of its lines ran and which did not. Fails where that is at most 95 % of a decoder.

usage: coverage.py BUILD [--corpora FOLDER] [--missed]
"""

import argparse
import collections
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LEAST = 0.95


def tool(name):
    for candidate in (name + "-14", name):
        if shutil.which(candidate):
            return candidate
    sys.exit(f"{name} is missing (Debian: llvm)")


def decoders():
    """(file, what it reads, whether it must be reached), in the order of decoders.txt."""
    with open(os.path.join(HERE, "decoders.txt"), encoding="ascii") as f:
        for line in f:
            acts = line.startswith("- ")
            name, _, what = line[2 if acts else 0 :].partition(" ")
            if name.strip() and not name.startswith("#"):
                yield name, what.strip(), not acts


def run(program, folders, profile):
    inputs = [f for f in folders if os.path.isdir(f) and os.listdir(f)]
    done = subprocess.run([program] + inputs, env=dict(os.environ, LLVM_PROFILE_FILE=profile), capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{program}: {done.stderr.decode(errors='replace')}")


def count_lines(programs, profiles, merged):
    """{file: {line: count}}"""
    subprocess.run([tool("llvm-profdata"), "merge", "-sparse", "-o", merged] + profiles, check=True)
    objects = [arg for p in programs[1:] for arg in ("-object", p)]
    command = [tool("llvm-cov"), "export", "-format=lcov", "-instr-profile=" + merged, programs[0]] + objects
    text = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    files, lines = collections.defaultdict(dict), None
    for line in text.splitlines():
        if line.startswith("SF:"):
            lines = files[os.path.relpath(os.path.normpath(line[3:]), ROOT)]
        elif line.startswith("DA:"):
            number, count = line[3:].split(",")[:2]
            lines[int(number)] = int(count)
    return files


def spans(numbers):
    """1, 2, 3, 7 is "1-3 7"."""
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("build")
    parser.add_argument("--corpora", action="append", default=[], help="further corpora, a folder for each target")
    parser.add_argument("--missed", action="store_true", help="the lines that did not run, of every file")
    args = parser.parse_args()
    folder = os.path.join(args.build, "tests", "fuzz")
    names = sorted(n[7:] for n in os.listdir(folder) if n.startswith("corpus_") and not n.endswith(".p"))
    programs, profiles = [], []
    for name in names:
        programs.append(os.path.join(folder, "corpus_" + name))
        profiles.append(os.path.join(folder, name + ".profraw"))
        corpora = [os.path.join(HERE, "corpus")] + args.corpora
        run(programs[-1], [os.path.join(c, "fuzz_" + name) for c in corpora], profiles[-1])
    files = count_lines(programs, profiles, os.path.join(folder, "all.profdata"))
    low, total, ran = [], 0, 0
    for name, what, is_decoder in decoders():
        lines = files.get(name)
        if not lines:
            low.append(name)
            print(f"  none  {name}: is in no target")
            continue
        missed = sorted(n for n, count in lines.items() if count == 0)
        share = 1 - len(missed) / len(lines)
        if is_decoder:
            total, ran = total + len(lines), ran + len(lines) - len(missed)
        is_low = is_decoder and share <= LEAST
        if is_low:
            low.append(name)
        note = "" if is_decoder else " (acts)"
        print(f"{100 * share:5.1f} %  {len(lines) - len(missed):4} of {len(lines):4}  {name}: {what}{note}")
        if missed and (args.missed or is_low):
            print(f"                       not run: {spans(missed)}")
    print(f"{100 * ran / max(total, 1):5.1f} %  {ran:4} of {total:4}  all decoders")
    if low:
        sys.exit(f"at most {100 * LEAST:.0f} % of the lines: {', '.join(low)}")


if __name__ == "__main__":
    main()
