#!/usr/bin/env python3
"""serve: weft serve as its users meet it: options, commands, errors, two processes, signals.

usage: serve.py WEFT
"""

import hashlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile

from serving import Serve, converged, wait_until


def run(weft, *arguments, text=""):
    done = subprocess.run([weft, *arguments], input=text.encode(), capture_output=True, timeout=30, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_command_line(weft):
    code, out, _ = run(weft, "help")
    assert code == 0 and "serve" in out
    code, out, _ = run(weft, "--version")
    assert code == 0 and out.startswith("weft 0."), out
    code, _, said = run(weft, "sreve")
    assert code == 2 and "sreve" in said and "weft help" in said, said
    assert run(weft)[0] == 2
    for wrong in (["--bogus"], ["--bogus", "x"], ["--store"], ["--listen", "nonsense"], ["--seed", "10.0.0.1:80"]):
        code, _, said = run(weft, "serve", "--plain", *wrong)
        assert code == 2 and any(w in said for w in wrong), (wrong, code, said)
    for wrong in (["--listen", "127.0.0.1:0"], ["--key", "x"], ["--plain", "--cluster", "x", "--key", "x"]):
        code, _, said = run(weft, "serve", *wrong)
        assert code == 2 and ("identity" in said or "--plain" in said), (wrong, code, said)


def test_trouble_at_the_start(weft):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, said = run(weft, "serve", "--plain", "--listen", f"127.0.0.1:{port}")
        assert code == 1 and str(port) in said and "in use" in said, said
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "letter.txt")
        with open(path, "w", encoding="utf-8") as f:
            f.write("Dear replica, " * 1000)
        code, _, said = run(weft, "serve", "--store", path)
        assert code == 1 and path in said, said
        with open(path, encoding="utf-8") as f:
            assert f.read() == "Dear replica, " * 1000
        store = os.path.join(folder, "a.db")
        first = Serve(weft, "--store", store, "--quiet")
        code, _, said = run(weft, "serve", "--store", store)
        assert code == 1 and store in said, said
        assert first.quit()[0] == 0


def expect(served, *pairs):
    for command, start in pairs:
        answer = served.ask(command)
        assert answer.startswith(start), f"{command!r} gave {answer!r} instead of {start!r}"


def test_commands(weft):
    s = Serve(weft, "--quiet")
    expect(
        s,
        ("incr hits 3", "ok 1 0."), ("incr hits", "ok 2 0."), ("get hits", "ok gcounter 4"),
        ("count balance -5", "ok 3"), ("count balance +2", "ok 4"), ("get balance", "ok pncounter -3"),
        ("add cart milk", "ok 5"), (r'add cart "a b\n\x00\""', "ok 6"),
        ("get cart", r'ok aworset 2 "a b\n\x00\"" milk'),
        ("remove cart milk", "ok 7"), ("remove cart milk", "ok 0"), ("get cart", "ok aworset 1 "),
        ("set name Ada Lovelace", "ok 8"), ("get name", f'ok lwwreg "Ada Lovelace" 0.'),
        ('set name ""', "ok 9"), ("get name", 'ok lwwreg "" 0.'),
        ("keys", "ok balance cart hits name"), ("keys ba", "ok balance"), ("keys zzz", "ok"),
        ("del cart", "ok 10"), ("get cart", "error NOT_FOUND"), ("del cart", "ok 0"),
    )  # fmt: skip
    assert s.ask("get name").split()[-1] == s.origin
    assert s.status()["own"] == "10"
    assert s.quit()[0] == 0


def test_every_verb_of_every_type(weft):
    s = Serve(weft, "--quiet")
    peer = "7" * 32 + ":" + "0" * 15 + "7"
    done = [
        ("a gcounter add", ""), ("a gcounter add 5", "gcounter 6"), ("b pncounter add -3", "pncounter -3"),
        ("c maxreg set 4", ""), ("c maxreg set -9", "maxreg 4"), ("d minreg set -4", "minreg -4"),
        ("e lwwreg set Ada Lovelace", 'lwwreg "Ada Lovelace"'), ("e lwwreg clear", None),
        ("f mvreg set Ada Lovelace", "mvreg {Ada Lovelace}"), ("f mvreg clear", None),
        ("g gset add x", "gset {x}"), ("h aworset add x", "aworset 1 x"), ("h aworset remove x", None),
        ("i rworset add x", "rworset {x}"), ("i rworset remove x", "rworset {}"),
        ("j lwwset add x", "lwwset {x}"), ("j lwwset remove x", "lwwset {}"),
        ("k ewflag enable", "ewflag on"), ("k ewflag disable", None),
        ("l dwflag enable", "dwflag on"), ("l dwflag disable", "dwflag off"),
        ("m topk add ada 12 2", ""), ("m topk add bob 15 2", ""), ("m topk add eve 13 2", "topk {bob: 15, eve: 13}"),
        ("n lease acquire ada 30", 'lease "ada" until'), ("n lease release ada", None),
        ("o windowcounter add 5 60 4", "windowcounter 5 in 1 slots"),
        ("p bcounter add 10", ""), ("p bcounter consume", "bcounter 9"), ("p bcounter consume 2", "bcounter 7"),
        (f"p bcounter transfer {peer} 4", "bcounter 7"), (f"p bcounter claim {peer}", "bcounter 7"),
        ("q ormap at items aworset add milk", "ormap {items (aworset): {milk}}"),
        ("q ormap at at ormap at x gcounter add 2", "ormap {at (ormap): {x (gcounter): 2}, items (aworset): {milk}}"),
        ("q ormap remove items", "ormap {at (ormap): {x (gcounter): 2}}"),
        ("r hll add x", ""), ("r hll add y", "hll about 2"), ("r hll add x", "hll about 2"),
    ]  # fmt: skip
    for edit, value in done:
        expect(s, ("edit " + edit, "ok "))
        key = edit.split()[0]
        expect(s, (f"get {key}", "error NOT_FOUND" if value is None else f"ok {value}"))
    _, text, _ = run(weft, "serve", "--quiet", text="help\n")
    types = [line.split() for line in text.splitlines() if line.startswith("# edit KEY ")]
    verbs = [[words[3], verb.split()[0]] for words in types for verb in " ".join(words[4:]).split(" | ")]
    assert len(verbs) > 28 and all(any(e.split()[1:3] == v for e, _ in done) for v in verbs), verbs
    assert s.quit()[0] == 0


def test_verbs_refuse(weft):
    s = Serve(weft, "--quiet")
    expect(s, ("edit n lease acquire ada 30", "ok 1"), ("edit p bcounter add 3", "ok 2"), ("incr c", "ok 3"))
    before = s.status()
    deep = "edit m ormap " + "at x ormap " * 16 + "at x gcounter add"
    expect(
        s,
        ("edit c gcounter", "error INVALID: usage"), ("edit c hat add x", "error INVALID: there is no such type"),
        ("edit c gcounter sub", "error INVALID: the type has no such verb"),
        ("edit c gcounter add 1 2", "error INVALID: the verb takes other words"),
        ("edit c gcounter add -1", "error INVALID: not a whole number"), ("edit c pncounter add 1", "error TYPE"),
        ("edit d maxreg set", "error INVALID"), ("edit d maxreg set 9223372036854775808", "error RANGE"),
        ("edit n lease acquire bob 30", "error HELD"), ("edit n lease release bob", "ok 0"),
        ("edit n lease acquire ada 0", "error INVALID: a lease is"),
        ("edit n lease acquire ada 9999999999", "error RANGE"),
        ("edit l lease acquire " + "x" * 1025 + " 3", "error LIMIT: an owner's name"),
        ("edit p bcounter consume 4", "error RIGHTS"), ("edit p bcounter claim me", "error INVALID: not an origin"),
        ("edit o windowcounter add 1 4 60", "error INVALID: a slot"), ("edit t topk add x 1 0", "error INVALID: K is"),
        ("edit m ormap at x", "error INVALID: at is followed"), ("edit m ormap at x hat add y", "error INVALID: at is"),
        ('edit m ormap at "" gset add y', "error LIMIT: a child's key"), (deep, "error LIMIT: a child's key"),
        ("edit s gset add " + "x" * (1 << 20) + "x", "error LIMIT: a value has at most 1 MiB"),
    )  # fmt: skip
    after = s.status()
    assert (before["hash"], before["own"]) == (after["hash"], after["own"])
    assert s.quit()[0] == 0


def test_errors_change_nothing(weft):
    s = Serve(weft, "--quiet")
    expect(s, ("incr hits 18446744073709551610", "ok 1"), ("count low -9223372036854775808", "ok 2"))
    before = s.status()
    expect(
        s,
        ("bogus", "error INVALID"), ("incr", "error INVALID"), ("get a b", "error INVALID"),
        ("commit", "error INVALID"), ("incr hits -1", "error INVALID"), ("incr hits 1.5", "error INVALID"),
        ("incr hits x", "error INVALID"),
        ("incr hits 18446744073709551616", "error RANGE"), ("incr hits 6", "error RANGE"),
        ("count low 9223372036854775808", "error RANGE"), ("count hits 1", "error TYPE"), ("add low x", "error TYPE"),
        ("set x \"open", "error MALFORMED"), (r'set x "\q"', "error MALFORMED"), (r'set x "\x0"', "error MALFORMED"),
        ('set x "a"b', "error MALFORMED"), ('incr "" 1', "error LIMIT"), ("incr " + "k" * 1025, "error LIMIT"),
        ("set big " + "x" * (1 << 20) + "x", "error LIMIT"), ("set big " + "x" * (6 << 20), "error LIMIT"),
        ("unwatch never", "error NOT_FOUND"), ("get low", "ok pncounter -9223372036854775808"),
    )  # fmt: skip
    after = s.status()
    assert (before["hash"], before["own"]) == (after["hash"], after["own"])
    expect(
        s,
        ("count low -9223372036854775807", "ok 3"), ("get low", "error RANGE"),
        ("count low 9223372036854775807", "ok 4"), ("get low", "ok pncounter -9223372036854775808"),
    )  # fmt: skip
    expect(s, ("set big " + "x" * (1 << 20), "ok"), ("incr " + "k" * 1024, "ok"))
    assert s.quit()[0] == 0


def test_limits_are_named(weft):
    s = Serve(weft, "--quiet")
    expect(
        s,
        ('add "" x', "error LIMIT: a key has at least one byte"),
        ("set " + "k" * 1025 + " v", "error LIMIT: a key has at most 1024 bytes"),
        ("set big a" + " b" * (1 << 19), "error LIMIT: a value has at most 1 MiB"),
        ("begin", "ok"), *(("set big%d " % i + "x" * 1000000, "ok") for i in range(5)),
        ("commit", "error LIMIT: a transaction has at most 4 MiB"),
    )  # fmt: skip
    assert s.quit()[0] == 0


def stage(path, chunk):
    """The first of many chunks of a state, as a replica that died in a transfer leaves it (transaction.proto)."""
    state, total = b"\x11" * 16, len(chunk) * 100
    assert len(chunk) < 128 <= total < 1 << 14
    rest = b"\x19" + b"\x07" * 8 + b"\x20" + bytes([total & 127 | 128, total >> 7]) + b"\x2a\x10" + state
    rest += b"\x3a" + bytes([len(chunk)]) + chunk
    record = b"\x08\x01\x12\x10" + hashlib.blake2b(rest, digest_size=16).digest() + rest
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO staged(id, bytes, crc) VALUES(0, ?, 0)", (record,))
    db.close()


def test_an_empty_replica_that_takes_a_state_is_not_read(weft):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.db")
        assert Serve(weft, "--store", path, "--quiet").quit()[0] == 0
        stage(path, b"the beginning of a state")
        code, out, said = run(weft, "inspect", path)
        assert code == 0 and "\nstaged      1 chunks of a state on its way here, " in out, (out, said)
        assert "\nstate       0 objects" in out, out
        s = Serve(weft, "--store", path, "--quiet")
        not_whole = "error NOT_WHOLE: not whole yet: an empty replica is taking its first state"
        expect(s, ("get k", not_whole), ("keys", not_whole), ("dump", not_whole), ("status", "ok "))
        expect(s, ("set k v", "ok 1 "), ("get k", "ok lwwreg v "), ("keys", "ok k"))
        assert s.quit()[0] == 0


def test_a_damaged_chunk_is_no_reason_not_to_open(weft):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.db")
        assert Serve(weft, "--store", path, "--quiet").quit()[0] == 0
        stage(path, b"the beginning of a state")
        with sqlite3.connect(path) as db:
            db.execute("UPDATE staged SET bytes = CAST(substr(bytes, 1, 40) AS BLOB)")
        db.close()
        code, _, said = run(weft, "serve", "--store", path, text="get k\nset k v\nget k\n")
        assert code == 0 and "state transfer dropped" in said and "damaged" in said, said
        code, out, _ = run(weft, "inspect", path)
        assert code == 0 and "staged" not in out and "k  lwwreg" in out, out


def test_standard_streams(weft):
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "a.db")
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            shell = f'echo "incr n" | "$0" serve --store "$1" {closed}'
            done = subprocess.run(["sh", "-c", shell, weft, store], capture_output=True, timeout=30, check=False)
            assert done.returncode == 0, (closed, done.returncode, done.stderr)
        assert run(weft, "inspect", store)[0] == 0  # nobody wrote answers into it
        for command in (["serve", "--quiet"], ["inspect", store], ["help"]):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run(
                    [weft, *command], stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=30,
                    check=False,
                )  # fmt: skip
            assert done.returncode == 1 and b"standard output" in done.stderr, (command, done)


def test_nobody_reads_answers(weft):
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "a.db")
        s = Serve(weft, "--store", store, "--quiet")
        s.process.stdout.close()
        s.say("incr n", "incr n")  # the first answer meets a closed pipe
        assert s.process.wait(20) == 1
        said = s.process.stderr.read().decode()
        assert "standard output" in said, said
        assert "ok gcounter 2" in run(weft, "serve", "--store", store, text="get n\n")[1]
        daemon = Serve(weft, "--store", store, "--quiet", "--daemon")
        daemon.process.stdout.close()
        daemon.say("incr n")
        try:
            daemon.process.wait(0.5)
            raise AssertionError("--daemon did not go on")
        except subprocess.TimeoutExpired:
            daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(20) == 1
        for process in (s.process, daemon.process):
            process.stdin.close()
            process.stderr.close()


def test_transactions(weft):
    s = Serve(weft, "--quiet")
    expect(
        s,
        ("begin", "ok"), ("begin", "error BUSY"), ("incr a 1", "ok"), ("incr a 1", "ok"), ("add b x", "ok"),
        ("get a", "ok gcounter 2"), ("get b", "ok aworset 1 x"), ("keys", "ok"), ("add a x", "ok"),
        ("commit", "error TYPE"), ("get a", "error NOT_FOUND"), ("commit", "error INVALID"),
        ("begin", "ok"), ("incr a 5", "ok"), ("abort", "ok"), ("get a", "error NOT_FOUND"),
        ("begin", "ok"), ("add s x", "ok"), ("remove s x", "ok"), ("add s x", "ok"), ("set r v", "ok"),
        ("get r", "ok lwwreg v - -"), ("commit", "ok 1 0."), ("get s", "ok aworset 1 x"),
        ("begin", "ok"), ("commit", "ok 0"),
    )  # fmt: skip
    assert s.quit()[0] == 0


def test_dump_is_json(weft):
    s = Serve(weft, "--quiet")
    expect(s, ("incr hits 3", "ok"), (r'add cart "\xff\x00"', "ok"), ('add cart "caf\u00e9"', "ok"), ("set n v", "ok"))
    s.others = []
    assert s.ask("dump") == "ok 3"
    objects = {o["key"]: o for o in map(json.loads, s.others)}
    assert objects["hits"]["value"] == 3 and objects["hits"]["type"] == "gcounter"
    assert objects["cart"]["value"] == ["caf\u00e9", {"base64": "/wA="}], objects["cart"]
    assert objects["n"]["value"] == "v" and objects["n"]["origin"] == s.origin
    assert s.quit()[0] == 0


def test_two_processes(weft):
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "a.db")
        a = Serve(weft, "--store", store, "--listen", "127.0.0.1:0", name="dallas")
        b = Serve(weft, "--seed", f"127.0.0.1:{a.port}", "--quiet", name="tokyo")
        b.ask("watch cart/")
        for i in range(100):
            a.say(f"add cart/{i % 5} item{i}")
            b.say(f"add cart/{i % 5} thing{i}", "incr hits 2")
        for _ in range(100):
            assert a.answer().startswith("ok")
        for _ in range(200):
            assert b.answer().startswith("ok")
        wait_until("both are equal", lambda: converged(a, b))
        assert a.ask("get hits") == "ok gcounter 200"
        assert a.ask("get cart/0") == b.ask("get cart/0")
        assert any(line.startswith("change cart/") and line.endswith(" remote") for line in b.others), b.others[:3]
        links = a.status()["links"].split(",")
        assert len(links) == 1 and links[0].split(":")[1] == b.origin.split(":")[0], links
        a.process.send_signal(signal.SIGTERM)
        code, said = a.quit()
        assert code == 0 and "link" in said, (code, said)
        port = a.port
        b.ask("incr hits 1")
        a = Serve(weft, "--store", store, "--listen", f"127.0.0.1:{port}", "--quiet", name="dallas")
        wait_until("both are equal again", lambda: converged(a, b) and a.ask("get hits") == "ok gcounter 201")
        for s in (a, b):
            assert s.quit()[0] == 0


def test_strangers_and_ends(weft):
    s = Serve(weft, "--listen", "127.0.0.1:0", "--daemon")
    with socket.create_connection(("127.0.0.1", s.port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        while stranger.recv(100):
            pass
    assert s.ask("incr n").startswith("ok 1")
    s.process.stdin.close()
    try:
        s.process.wait(0.3)
        raise AssertionError("--daemon did not go on")
    except subprocess.TimeoutExpired:
        pass
    s.process.send_signal(signal.SIGINT)
    code, said = s.quit()
    assert code == 0 and "speaks HTTP" in said, (code, said)
    with tempfile.NamedTemporaryFile("w+", suffix=".txt") as script:
        script.write("incr n 2\nget n\nget n")
        script.flush()
        with open(script.name, "rb") as f:
            done = subprocess.run([weft, "serve", "--quiet"], stdin=f, capture_output=True, timeout=30, check=False)
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and lines[1].startswith("ok 1") and lines[2:] == ["ok gcounter 2"] * 2, lines


def main():
    weft = sys.argv[1]
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            print(name, flush=True)
            test(weft)


if __name__ == "__main__":
    main()
