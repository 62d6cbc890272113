#!/usr/bin/env python3
"""Runs Weft and its peers in turn on the same workloads and writes the table of docs/peers.md.

usage: table.py WEFT_PEERS OUT [ROUNDS]

Each workload is run by every program before the next round begins, so that all of them meet the same machine. What a
program does not print it does not do.
"""

import os
import shutil
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PEERS = ["yjs", "loro", "automerge", "crdts", "redis"]
WORKLOADS = ["counter", "set", "each", "map", "merge"]
TIMEOUT = 120  # seconds of one program on one workload

# what, in words, unit, whether more is better
ROWS = [
    ("counter.one", "increments, 100,000 in one commit", "/s", True),
    ("counter.each", "increments, a commit each", "/s", True),
    ("set.one.add", "set of 100,000: add, in one transaction", "/s", True),
    ("set.one.remove", "... remove, in one transaction", "/s", True),
    ("set.each.add", "... add, a transaction each", "/s", True),
    ("set.each.remove", "... remove, a transaction each", "/s", True),
    ("set.contains", "... contains", "/s", True),
    ("left.memory", "... held after all are removed", "B", False),
    ("left.bytes", "... encoded then", "B", False),
    ("map.one.produce", "LWW map, 1 M writes to 100,000 keys in one transaction: produce", "/s", True),
    ("map.one.wire", "... on the wire, a write", "B", False),
    ("map.one.apply", "... apply", "/s", True),
    ("map.each.produce", "LWW map, 100,000 writes, a transaction each: produce", "/s", True),
    ("map.each.wire", "... on the wire, a write", "B", False),
    ("map.each.apply", "... apply", "/s", True),
    ("merge.memory", "two sets of 100,000, 1,000 adds and 500 removes a side: merged in memory", "ms", False),
    ("merge.encode", "... whole state encoded", "ms", False),
    ("merge.state", "... whole state decoded and merged", "ms", False),
    ("merge.state.bytes", "... whole state", "B", False),
    ("merge.difference", "... the difference (1,500 changes) applied", "ms", False),
    ("merge.difference.bytes", "... the difference", "B", False),
]

# what, goal as a figure of Weft's, in words
GOALS = [
    ("merge.memory", 3.4, "5 x as fast as delta-enabled-crdts, quoted at 16.9 ms (at most 3.4 ms)"),
    ("merge.memory", 4.0, "50 x as fast as riak_dt, quoted at 202 ms (at most 4.0 ms)"),
    ("merge.difference", 0.3, "the difference in at most 0.3 ms"),
]

HEAD = """# Weft and its peers

Written by `./dev bench peers`. All programs ran in one run, in turn, on the same data. A figure is the median of
{rounds} rounds, with the least and the greatest behind it; below a peer's figure stands how often Weft's is better (x).
The machine is noisy: read the spread.

- {versions}.
- Elements and keys are 16 letters, values of the map 8. yjs, loro and automerge keep a set as the keys of a map.
- In brackets with *n*: the peer is too slow for the full size and ran at this one.
- Weft's values are used alone, as the peers' documents are. Its transactions have a limit, so "one transaction" is
  10,000 edits a commit (the counter: all). Memory is what the value holds from its allocator; of the peers on node it
  is what the process grew by, garbage that V8 has not given back included.
- redis is no CRDT: one server through a socket, a thousand commands in a pipeline, nothing to merge.
- delta-enabled-crdts (C++) and riak_dt (Erlang) are in no Debian or npm package. Their figures for the merge are
  *quoted*, measured earlier on a machine of this class, and not of this run: whole state 16.9 ms and 202 ms.

"""


def run(command, figures):
    """Whether it ran: what did not is not tried again."""
    try:
        out = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, timeout=TIMEOUT, check=False, text=True)
    except subprocess.TimeoutExpired:
        print(f"{' '.join(command)}: more than {TIMEOUT} s, left out", file=sys.stderr)
        return False
    if out.returncode != 0:
        print(f"{' '.join(command)}: exit {out.returncode}, left out", file=sys.stderr)
        return False
    for line in out.stdout.splitlines():
        what, figure, *size = line.split("\t")
        entry = figures.setdefault(what, {"samples": [], "size": size[0] if size else None})
        entry["samples"].append(float(figure))
    return True


def number(v):
    if v >= 1e6:
        return f"{v / 1e6:.2f} M"
    if v >= 1e4:
        return f"{v / 1e3:.0f} k"
    return f"{v:.3g}" if v < 1000 else f"{v:.0f}"


def cell(entry, weft, unit, more):
    if entry is None:
        return "–"
    s = entry["samples"]
    text = f"{number(statistics.median(s))} {unit}"
    if min(s) != max(s):
        text += f" ({number(min(s))} to {number(max(s))})"
    if entry["size"]:
        text += f" [n = {int(entry['size']):,}]"
    if weft is not None and weft is not entry:
        a, b = statistics.median(weft["samples"]), statistics.median(s)
        ratio = (a / b if more else b / a) if a > 0 and b > 0 else None
        text += f"<br>{number(ratio)} x" if ratio else ""
    return text


def table(figures):
    lines = ["| what | Weft | " + " | ".join(PEERS) + " |", "|---" * (len(PEERS) + 2) + "|"]
    for what, words, unit, more in ROWS:
        weft = figures["weft"].get(what)
        cells = [cell(weft, None, unit, more)] + [cell(figures[p].get(what), weft, unit, more) for p in PEERS]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return lines


def goals(figures):
    lines = ["", "## Goals", "", "| goal | Weft | |", "|---|---|---|"]
    for what, most, words in GOALS:
        entry = figures["weft"].get(what)
        if entry is None:
            continue
        is_met = statistics.median(entry["samples"]) <= most
        lines.append(f"| {words} | {cell(entry, None, 'ms', False)} | {'met' if is_met else '**missed**'} |")
    return lines


def versions():
    def of(command):
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()

    code = ("for (const p of ['yjs', 'loro-crdt', '@automerge/automerge', 'crdts']) console.log(p, JSON.parse("
            "require('fs').readFileSync(`node_modules/${p}/package.json`)).version)")
    packages = subprocess.run(["node", "-e", code], cwd=HERE, stdout=subprocess.PIPE, text=True, check=True).stdout
    redis = of(["redis-server", "--version"]).split()[2].removeprefix("v=")
    return ", ".join(packages.split("\n")[:-1] + [f"node {of(['node', '--version'])[1:]}", f"redis-server {redis}"])


def main():
    weft, out = os.path.abspath(sys.argv[1]), sys.argv[2]
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 5
    for program in ("node", "redis-server"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not here")
    figures = {name: {} for name in ["weft"] + PEERS}
    commands = {peer: ["node", "--expose-gc", f"{peer}.mjs"] for peer in PEERS}
    for workload in WORKLOADS:
        running = {"weft": [weft], **commands}
        for i in range(rounds):
            print(f"{workload}, round {i + 1} of {rounds}", file=sys.stderr)
            running = {name: c for name, c in running.items() if run([*c, workload], figures[name])}
    with open(out, "w", encoding="utf-8") as f:
        f.write(HEAD.format(rounds=rounds, versions=versions()))
        f.write("\n".join(table(figures) + goals(figures)) + "\n")


main()
