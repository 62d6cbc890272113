#!/usr/bin/env python3
"""record: weft serve --record on real processes, and weft sim replay of what they wrote.

A served replica writes, is killed with -9, starts again with the same store and the same recording, writes more and
closes; a peer records the other side of it. Both recordings are replayed, to the state that weft inspect shows. Then
the command is given recordings that were cut and changed.

usage: record.py WEFT
"""

import os
import re
import subprocess
import sys
import tempfile

from serving import Serve, converged, wait_until


def run(*args):
    done = subprocess.run(args, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def replay(weft, *args):
    code, out, err = run(weft, "sim", "replay", *args)
    assert code == 0, f"replay {args}: {code} {out}{err}"
    return out


def word(name, text):
    return re.search(rf"^{name} +(.*)$", text, re.M).group(1)


def inspected(weft, store):
    code, out, err = run(weft, "inspect", store)
    assert code == 0, out + err
    return re.search(r"hash ([0-9a-f]{32})", out).group(1)


def write(served, name, count):
    for i in range(count):
        answer = served.ask(f"add log {name}{i}")
        assert answer.startswith("ok"), answer
        served.ask("incr count 1")


def live(weft, folder):
    """Two recordings, and the stores they end with."""
    a, b, at, bt = (os.path.join(folder, n) for n in ("a.db", "b.db", "a.tape", "b.tape"))
    peer = Serve(weft, "--store", b, "--record", bt, "--listen", "127.0.0.1:0", "--quiet", name="b")
    options = ("--store", a, "--record", at, "--seed", f"127.0.0.1:{peer.port}", "--quiet")
    first = Serve(weft, *options, name="a")
    write(first, "x", 40)
    write(peer, "y", 20)
    wait_until("both are equal", lambda: converged(first, peer))
    first.say(*(f"add log z{i}" for i in range(200)))
    first.kill()
    code, _, err = run(weft, "sim", "replay", at)
    assert code == 2 and ("has no end" in err or "cut off" in err), err
    unfinished = replay(weft, "--unfinished", at)
    assert "1 openings" in unfinished, unfinished
    second = Serve(weft, *options, name="a")
    write(second, "w", 10)
    wait_until("both are equal", lambda: converged(second, peer))
    for served in (second, peer):
        code, said = served.quit()
        assert code == 0, said
    return (at, a, 2), (bt, b, 1)


def check_refusals(weft, tape, folder):
    data = open(tape, "rb").read()
    broken = os.path.join(folder, "broken.tape")
    for at in range(0, len(data), max(1, len(data) // 40)):
        changed = bytearray(data)
        changed[at] ^= 0x10
        for what in (bytes(changed), data[:at]):
            with open(broken, "wb") as f:
                f.write(what)
            code, out, err = run(weft, "sim", "replay", broken)
            place = re.search(r"at byte (\d+): ", err)
            assert code == 2 and place, f"byte {at}: {code} {out}{err}"
            assert int(place.group(1)) <= at, err
    code, _, err = run(weft, "sim", "replay", os.path.join(folder, "none"))
    assert code == 2 and "none" in err, err
    code, _, err = run(weft, "sim", "replay")
    assert code == 2, err


def check_bound(weft, folder):
    """At the bound the replica goes on, says so, and the recording is whole."""
    store, tape = os.path.join(folder, "c.db"), os.path.join(folder, "c.tape")
    served = Serve(weft, "--store", store, "--record", tape, "--record-max", "2000", name="c")
    write(served, "x", 50)
    assert served.ask("get count").endswith(" 50")
    code, said = served.quit()
    assert code == 0 and "the recording ended: it is as long as it may be" in said, said
    assert os.path.getsize(tape) <= 2000
    assert word("end", replay(weft, tape)) == "the recording was as long as it may be"


def check_lock(weft, folder):
    """One recorder a file; and what cannot be recorded is said before anything begins."""
    tape = os.path.join(folder, "d.tape")
    served = Serve(weft, "--record", tape, "--quiet", name="d")
    code, _, err = run(weft, "serve", "--plain", "--record", tape)
    assert code == 1 and "in use" in err, err
    write(served, "x", 3)
    code, said = served.quit()
    assert code == 0, said
    assert "  6 commits" in replay(weft, tape)
    for path in (folder, os.path.join(folder, "no", "such", "folder")):
        code, _, err = run(weft, "serve", "--plain", "--record", path)
        assert code in (1, 2) and path in err, err
    code, _, err = run(weft, "serve", "--plain", "--record", tape, "--record-max", "a lot")
    assert code == 2 and "--record-max" in err, err


def main():
    weft = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        recordings = live(weft, folder)
        for tape, store, openings in recordings:
            out = replay(weft, tape)
            assert word("state", out) == inspected(weft, store), out
            assert f"{openings} openings" in out, out
            assert word("end", out) == "the replica was closed", out
            print(os.path.getsize(tape), "bytes:", word("replayed", out))
        verbose = replay(weft, "--verbose", recordings[0][0])
        assert "the process ended without a word" in verbose
        check_refusals(weft, recordings[1][0], folder)
        check_bound(weft, folder)
        check_lock(weft, folder)
    print("record: ok")


if __name__ == "__main__":
    main()
