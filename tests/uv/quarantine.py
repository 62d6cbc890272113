#!/usr/bin/env python3
"""quarantine: what a peer said and nobody understood, as people meet it: refused, listed beside the writer and after a
restart, looked at byte by byte, taken again once it reads, forgotten.

usage: quarantine.py WEFT
"""

import hashlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile

from serving import Serve, wait_until

GARBAGE = b"no message at all\x00\xff"


def inspect(weft, *arguments):
    done = subprocess.run([weft, "inspect", *arguments], capture_output=True, timeout=30, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def listed(s):
    """The lines of the command, without its answer."""
    s.others.clear()
    assert s.ask("quarantine") == f"ok {len(s.others)}", s.others
    return list(s.others)


def send(s, message, greeting):
    """As a peer that speaks the protocol as far as the envelope."""
    with socket.create_connection(("127.0.0.1", s.port)) as peer:
        peer.sendall(greeting + len(message).to_bytes(4, "big") + message)
        peer.settimeout(20)
        try:
            while peer.recv(65536):
                pass
        except ConnectionResetError:
            pass


def greeting_of(s):
    with socket.create_connection(("127.0.0.1", s.port)) as peer:
        peer.settimeout(20)
        return peer.recv(8)


def varint(value):
    head = b""
    while value >= 128:
        head += bytes([value & 127 | 128])
        value >>= 7
    return head + bytes([value])


def field(number, data):
    return bytes([number << 3 | 2]) + varint(len(data)) + data


def push_of(path):
    """A message with the first transaction that a store holds (message.proto)."""
    with sqlite3.connect(path) as db:
        row, replica, epoch = db.execute("SELECT bytes, replica, epoch FROM log ORDER BY pos").fetchone()
    db.close()
    epoch = (epoch % (1 << 64)).to_bytes(8, "little")
    return b"\x08\x01" + field(3, replica) + b"\x21" + epoch + b"\x29" + b"\x01" * 8 + field(12, field(1, row))


def keep_as_refused(path, slot, number, message):
    """As a Weft that knew no such version had kept it (transaction.proto, Kept)."""
    rest = b"\x18" + bytes([number]) + b"\x20\x06" + b"\x29" + b"\x01" * 8
    rest += b"\x58" + varint(len(message)) + field(12, message)
    record = b"\x08\x01\x12\x10" + hashlib.blake2b(rest, digest_size=16).digest() + rest
    with sqlite3.connect(path) as db:
        db.execute("INSERT OR REPLACE INTO quarantine(id, bytes, crc) VALUES(?, ?, 0)", (slot, record))
    db.close()


def test_garbage_is_kept_and_shown(weft, path):
    s = Serve(weft, "--store", path, "--listen", "127.0.0.1:0", "--quiet")
    assert listed(s) == []
    assert inspect(weft, "--quarantine", path)[1] == "no refused messages\n"
    send(s, GARBAGE, greeting_of(s))
    wait_until("it is refused", lambda: s.status()["refused_messages"] == "1")
    status = s.status()
    assert status["refused_for"] == "MALFORMED:1" and status["unkept"] == "0", status
    lines = listed(s)
    form = r"1    \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z MALFORMED, 19 bytes, no message on link \d+.*: malformed bytes"
    assert len(lines) == 1 and re.fullmatch(form, lines[0]), lines
    # While it is open elsewhere; a write is durable some turns after its answer.
    wait_until("it is stored", lambda: inspect(weft, "--quarantine", path)[1] == lines[0] + "\n")
    shown = "     00000  6e 6f 20 6d 65 73 73 61 67 65 20 61 74 20 61 6c  no message at al"
    for arguments in (["-x", "--quarantine"], ["--number", "1"]):
        _, out, _ = inspect(weft, path, *arguments)
        assert out.splitlines()[:2] == [lines[0], shown] and "00010  6c 00 ff " in out, out
    assert "\nquarantine  1 refused messages" in inspect(weft, path)[1]
    assert s.ask("quarantine 1") == "ok" and shown in s.others, s.others
    before = s.status()["hash"]
    assert s.ask("retry 1") == "error MALFORMED: malformed bytes"
    assert s.status()["hash"] == before and listed(s) == lines
    for wrong in ("retry 2", "forget 2", "quarantine 2"):
        assert s.ask(wrong) == "error NOT_FOUND: no refused message with this number is kept", wrong
    for wrong in ("retry", "retry x", "retry -1", "forget 1 2", "quarantine 99999999999999999999"):
        assert s.ask(wrong).startswith("error INVALID"), wrong
    s.kill()
    s = Serve(weft, "--store", path, "--listen", "127.0.0.1:0", "--quiet")
    assert listed(s) == lines
    assert s.ask("forget 1") == "ok" and listed(s) == []
    send(s, b"more", greeting_of(s))
    wait_until("it is kept", lambda: len(listed(s)) == 1)
    assert listed(s)[0].startswith("2 "), "a number is given out once"
    assert s.quit()[0] == 0
    code, _, said = inspect(weft, path, "--number", "1")
    assert code == 1 and "no refused message with this number" in said, said


def test_the_operator_is_told_whose_it_was(weft, path):
    s = Serve(weft, "--store", path, "--listen", "127.0.0.1:0")
    send(s, GARBAGE, greeting_of(s))
    wait_until("it is refused", lambda: s.status()["refused_messages"] == "1")
    said = s.quit()[1]
    form = r"refused MALFORMED: a message on link \d+ \(127\.0\.0\.1:\d+\) was refused: malformed bytes"
    assert re.search(form, said), said


def test_what_reads_by_now_is_taken(weft, path, other):
    s = Serve(weft, "--store", other, "--quiet")
    assert s.ask("incr n 5").startswith("ok 1 ") and s.quit()[0] == 0
    keep_as_refused(path, 3, 9, push_of(other))
    s = Serve(weft, "--store", path, "--quiet")
    line = listed(s)[-1]
    assert line.startswith("9 ") and " VERSION, " in line and " transactions on link 0: " in line, line
    assert s.ask("get n").startswith("error NOT_FOUND")
    assert s.ask("retry 9") == "ok" and s.ask("get n") == "ok gcounter 5"
    assert s.ask("retry 9").startswith("error NOT_FOUND")
    assert s.ask("incr n") != "" and s.quit()[0] == 0
    s = Serve(weft, "--store", path, "--quiet")
    assert s.ask("get n") == "ok gcounter 6" and not [line for line in listed(s) if line.startswith("9 ")]
    assert s.quit()[0] == 0


def test_damage_is_said_and_no_reason_not_to_open(weft, path):
    with sqlite3.connect(path) as db:
        db.execute("UPDATE quarantine SET bytes = CAST(substr(bytes, 1, 30) AS BLOB) WHERE id = 0")
    db.close()
    code, out, said = inspect(weft, path, "--quarantine")
    assert code == 0 and "and 1 damaged" in out, (out, said)
    s = Serve(weft, "--store", path, "--quiet")
    assert s.ask("get n") == "ok gcounter 6" and s.quit()[0] == 0
    assert inspect(weft, path, "--voids")[0] == 0


def main():
    weft = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "a.db")
        test_garbage_is_kept_and_shown(weft, path)
        test_the_operator_is_told_whose_it_was(weft, os.path.join(folder, "c.db"))
        test_what_reads_by_now_is_taken(weft, path, os.path.join(folder, "b.db"))
        test_damage_is_said_and_no_reason_not_to_open(weft, path)
    print("quarantine: ok")


if __name__ == "__main__":
    main()
