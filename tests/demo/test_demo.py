#!/usr/bin/env python3
"""test_demo: the demo as a user runs it: its story, its exit codes, and that it leaves nothing behind.

usage: test_demo.py WEFT CASE [LOG]
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time

SKIP = 77
REGIONS = ("dallas", "frankfurt", "tokyo")
STORY = (
    "three regions write, all wires are whole",
    "tokyo is cut off",
    "frankfurt was killed with SIGKILL",
    "frankfurt is started again",
    "frankfurt is back: its store has",
    "the wires to tokyo are whole again",
    "all three have the same state",
    "every path, visitor and status is as the recount says",
)


def expect(what, holds, output=""):
    if not holds:
        sys.exit(f"{what}\n{output}")


def run(weft, folder, *args, timeout=150):
    """The demo with its temporary files in a folder of ours, which must be empty again afterwards."""
    result = subprocess.run(
        [weft, "demo", *args], capture_output=True, text=True, timeout=timeout, env={**os.environ, "TMPDIR": folder}
    )
    left = os.listdir(folder)
    expect(f"left behind: {left}", not left)
    return result.returncode, result.stdout, result.stderr


def check_story(output):
    at = 0
    for words in STORY:
        found = output.find("==> " + words, at) if at == 0 else output.find(words, at)
        expect(f"the story lacks, or tells too early: {words!r}", found >= 0, output)
        at = found


def check_totals(output, lines):
    """The recount's totals, and three times the same; all lines counted; one hash."""
    rows = {name: re.findall(rf"^{name} +(\d+ +\d+ +-?\d+ +\d+ +\d+)$", output, re.M) for name in ("recount", *REGIONS)}
    expect("totals are missing", all(len(row) == 1 for row in rows.values()), output)
    totals = {tuple(row[0].split()) for row in rows.values()}
    expect(f"totals differ: {rows}", len(totals) == 1)
    expect(f"not {lines} hits: {totals}", totals.pop()[1] == str(lines))
    hashes = re.findall(r"^(?:dallas|frankfurt|tokyo) +state hash ([0-9a-f]{32})$", output, re.M)
    expect(f"hashes: {hashes}", len(hashes) == 3 and len(set(hashes)) == 1)


def case_fast(weft, folder):
    code, output, errors = run(weft, folder, "--fast")
    expect(f"exit code {code}", code == 0, output + errors)
    check_story(output)
    check_totals(output, 6000)


def case_log(weft, folder, path):
    if not os.path.exists(path):
        print(f"skipped: there is no {path}")
        sys.exit(SKIP)
    with open(path, "rb") as f:
        lines = sum(1 for _ in f)
    code, output, errors = run(weft, folder, "--fast", "--log", path)
    expect(f"exit code {code}", code == 0, output + errors)
    expect("lines that could not be read", f"{lines} lines, 0 more could not be read" in output, output)
    check_story(output)
    check_totals(output, lines)


def case_keep(weft, folder):
    """The stores are kept when asked for, and a second demo does not touch them."""
    with tempfile.TemporaryDirectory() as parent:
        kept = os.path.join(parent, "kept")
        log = os.path.join(parent, "access.log")
        with open(log, "w", encoding="utf-8") as f:
            f.write('h - - [t] "GET /a HTTP/1.1" 200 5 "-" "-"\nnonsense\nt\tv\tGET\t/b\t404\t6\n')
        code, output, errors = run(weft, folder, "--fast", "--log", log, "--keep", kept)
        expect(f"exit code {code}", code == 0, output + errors)
        expect("the bad line is not shown", f"{log}:2: neither" in output, output)
        expect("the bad line is not counted", "2 lines, 1 more could not be read" in output, output)
        check_totals(output, 2)
        for name in REGIONS:
            expect(f"no {name}.db", os.path.getsize(os.path.join(kept, name + ".db")) > 0)
        code, output, errors = run(weft, folder, "--fast", "--log", log, "--keep", kept)
        expect(f"a kept store is used again: {code} {errors}", code == 1 and "dallas.db exists" in errors)


def case_refuses(weft, folder):
    empty = os.path.join(os.path.dirname(folder), "empty.log")
    with open(empty, "w", encoding="utf-8") as f:
        f.write("nothing of use\n")
    for args, wanted, words in (
        (["--loud"], 2, '"--loud"'),
        (["--seed"], 2, "--seed needs a value"),
        (["--seed", "-1"], 2, '"-1"'),
        (["--seed", "18446744073709551616"], 2, "whole number"),
        (["--log", "no/such.log"], 1, "no/such.log cannot be read"),
        (["--log", empty], 1, "no line that can be read"),
        (["--fast", "--keep", "/dev/null/x"], 1, "/dev/null/x cannot be made"),
        (["--fast", "--keep", empty], 1, "cannot be made: Not a directory"),
    ):
        code, output, errors = run(weft, folder, *args)
        expect(f"{args}: exit code {code}, not {wanted}", code == wanted, output + errors)
        expect(f"{args}: does not say {words!r}", words in errors, errors)


def children(pid):
    result = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in result.stdout.split()]


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        return f.read().rsplit(")", 1)[1].split()[0] != "Z"


def wait_until(holds, seconds=15):
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.05)
    return holds()


def start(weft, folder):
    """A demo that has three children and is in the middle of it."""
    process = subprocess.Popen(
        [weft, "demo"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": folder},
    )  # fmt: skip
    for line in process.stdout:
        if "three regions write" in line:
            break
    time.sleep(0.3)
    found = children(process.pid)
    expect(f"children: {found}", len(found) == 3)
    return process, found


def case_interrupted(weft, folder):
    for number, wanted in ((signal.SIGINT, 130), (signal.SIGTERM, 130)):
        process, found = start(weft, folder)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        expect(f"exit code {process.returncode}", process.returncode == wanted, errors)
        expect("does not say why", "interrupted by" in errors, errors)
        expect("children outlived it", wait_until(lambda f=found: not any(map(alive, f))))
        expect(f"left behind: {os.listdir(folder)}", not os.listdir(folder))


def case_killed(weft, folder):
    """Nobody can clean up after SIGKILL, but the children must see that they are alone."""
    process, found = start(weft, folder)
    process.kill()
    process.communicate(timeout=30)
    expect("children outlived it", wait_until(lambda: not any(map(alive, found))))


def case_child_dies(weft, folder):
    process, found = start(weft, folder)
    os.kill(found[0], signal.SIGKILL)
    _, errors = process.communicate(timeout=30)
    expect(f"exit code {process.returncode}", process.returncode == 1, errors)
    expect("does not say what", re.search(r"(dallas|frankfurt|tokyo) was ended by signal 9", errors), errors)
    expect("children outlived it", wait_until(lambda: not any(map(alive, found))))
    expect(f"left behind: {os.listdir(folder)}", not os.listdir(folder))


def main():
    weft, case, *rest = sys.argv[1:]
    with tempfile.TemporaryDirectory() as parent:
        folder = os.path.join(parent, "tmp")
        os.mkdir(folder)
        globals()["case_" + case](weft, folder, *rest)
    print(f"{case}: ok")


if __name__ == "__main__":
    main()
