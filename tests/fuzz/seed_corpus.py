#!/usr/bin/env python3
"""seed_corpus: writes the first inputs of every fuzz target, from the golden vectors and from a few examples.

Found inputs that are worth keeping stand beside them under names of their own ("found-..."), and stay.

usage: seed_corpus.py VECTORS CORPUS_FOLDER
"""

import os
import random
import re
import sys


def piece(data):
    return len(data).to_bytes(2, "little") + data


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def before_field(data, number):
    """The bytes of a message that come before a field."""
    at = 0
    while at < len(data):
        start = at
        tag, at = varint(data, at)
        if tag >> 3 >= number:
            return data[:start]
        if tag & 7 == 0:
            _, at = varint(data, at)
        elif tag & 7 == 1:
            at += 8
        else:
            length, at = varint(data, at)
            at += length
    return data


def with_seq(row, seq):
    """A row of the log under another number: the field stands before the stamp."""
    return re.sub(rb"\x28[\x01-\x7f]\x39", bytes([0x28, seq, 0x39]), row, count=1)


def values(vectors):
    # The vectors are in the order of the target's types.
    for index, name in enumerate(name[6:] for name in vectors if name.startswith("delta-")):
        delta, state = vectors["delta-" + name], vectors["state-" + name]
        yield name + "-delta", bytes([index]) + piece(delta)
        yield name + "-state", bytes([index]) + piece(state)
        yield name + "-both", bytes([index]) + piece(delta) + piece(state) + piece(delta)


def field(data, number):
    """The bytes of a field, the last of its number; empty: it has none."""
    at, found = 0, b""
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            _, at = varint(data, at)
        elif tag & 7 == 1:
            at += 8
        else:
            length, at = varint(data, at)
            if tag >> 3 == number:
                found = data[at : at + length]
            at += length
    return found


def deltas(vectors):
    for index, name in enumerate(name[6:] for name in vectors if name.startswith("delta-")):
        body = bytes([index]) + piece(field(vectors["delta-" + name], 9))
        yield name, b"\0" + body + b"\3" + body + b"\2" + body
        yield name + "-apart", b"\0" + body + b"\1" + body + b"\2" + body + b"\x13" + body + body
        unknown = bytes([index + 18]) + body[1:]
        yield name + "-unknown", b"\0" + unknown + b"\3" + unknown + b"\2" + unknown


def messages(vectors):
    for name, data in vectors.items():
        if name.startswith("message-"):
            yield name[8:], data


def transactions(vectors):
    rows = [data for name, data in vectors.items() if name.startswith("record-log-")]
    yield "known", b"\0" + piece(rows[0]) + piece(rows[1])
    yield "next", b"\1" + piece(with_seq(rows[0], 4)) + piece(with_seq(rows[1], 5))
    yield "waits", b"\1" + piece(with_seq(rows[0], 6))


def records(vectors):
    manifest = vectors["record-meta-3"]
    segment = vectors["record-segment-4"]
    for index in range(3):
        yield f"meta-{index + 1}", bytes([index]) + vectors[f"record-meta-{index + 1}"]
    yield "segment", b"\3" + segment
    for index, name in enumerate(n for n in vectors if n.startswith("record-log-")):
        yield f"log-{index + 1}", bytes([4 + 5 * index]) + vectors[name]
    yield "forged", b"\x80" + piece(before_field(manifest, 6)) + piece(segment)
    yield "forged-empty", b"\x80" + piece(before_field(manifest, 6))


def chunks(vectors):
    head = before_field(vectors["record-meta-3"], 6)
    segment = vectors["record-segment-4"]
    yield "forged", b"\x80" + piece(head) + piece(segment)
    yield "forged-in-three", b"\x82" + piece(head) + piece(segment)
    manifest = vectors["record-meta-3"]
    yield "raw", b"\0" + len(manifest).to_bytes(8, "little") + manifest + segment


def frames(vectors):
    greeting = b"WEFT\r\n\0\1"
    some = [vectors["message-digest-1"], vectors["message-transactions-1"], vectors["message-request"]]
    stream = greeting + b"".join(len(m).to_bytes(4, "big") + m for m in some)
    yield "one-by-one", b"\1\1" + stream
    yield "whole", b"\0" + stream
    yield "uneven", b"\4\3\7\5\x29" + stream
    yield "long", b"\1\5" + greeting + b"\xff\xff\xff\xff"
    yield "empty", b"\1\2" + greeting + b"\0\0\0\0"
    yield "browser", b"\0GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield "other-version", b"\0WEFT\r\n\0\2"


def commands(_):
    lines = (
        "incr hits 3",
        'add cart "milk and honey"',
        'set name "Ad\\"a\\\\\\n\\x00\\xff"',
        "get  KEY\t \r",
        'add cart ""',
        'set name "open',
        'set na"me x',
        "watch \u00fcber",
        "",
    )
    for index, line in enumerate(lines):
        yield f"line-{index + 1}", line.encode()
    peer = "01" + "0" * 30 + ":" + "f" * 16
    edits = (
        ("numbers", "gcounter add", "gcounter add 5", "pncounter add -3", "maxreg set 4", "minreg set -4"),
        ("registers", "lwwreg set a b", "lwwreg clear", "mvreg set a", "mvreg clear", "mvreg set b"),
        ("sets", "gset add x", "aworset add x", "aworset remove x", "rworset remove x", "lwwset remove x"),
        ("flags", "ewflag disable", "ewflag enable", "dwflag enable", "dwflag disable"),
        ("time", "lease acquire ada 30", "lease release ada", "windowcounter add 5 60 4", "topk add ada 12 3"),
        ("rights", "bcounter add 9", "bcounter consume 2", f"bcounter transfer {peer} 3", f"bcounter claim {peer}"),
        ("rights-lacking", "bcounter add 9", "bcounter consume 10"),
        ("held", "lease acquire ada 30", "lease acquire bob 30"),
        ("no-such", "gcounter remove x"),
        ("no-number", "maxreg set x"),
    )
    for name, *lines in edits:
        yield f"edit-{name}", "\n".join("edit {} {}".format(x.split()[0], x) for x in lines).encode()
    yield "edit-map", (
        b"edit m ormap at n pncounter add -3\nedit m ormap at deep ormap at s aworset add milk\n"
        b"edit m ormap remove n\nedit m ormap at n mvreg set x\ndel cart\nincr n\nset name Ada"
    )


def logs(_):
    yield "common", (
        b'10.0.0.1 - - [06/Nov/2024:10:00:00 +0000] "GET /a HTTP/1.1" 200 512\n'
        b'10.0.0.2 - ada [06/Nov/2024:10:00:01 +0000] "POST /b?x=\\"y\\" HTTP/1.1" 503 -\n'
        b'10.0.0.1 - - [06/Nov/2024:10:00:02 +0000] "GET /" 404 0 "-" "curl/7.88"\n'
    )
    yield "tabs", b"1700000000\tv1\tGET\t/a\t200\t17\r\n1700000001\tv2\tGET\t/b\t500\t0"
    yield "bad", (
        b'\n\t\t\t\t\t\nx\n1.2.3.4 - - [] "GET" 200 1\n'
        b'1\tv\tGET\t/a\t99\t1\n1\tv\tGET\t/a\t200\t99999999999999\n'
    )


def steps(_):
    chance = random.Random(20)
    for index in range(12):
        yield f"life-{index + 1:02}", bytes(chance.randrange(256) for _ in range(100 + 60 * index))


def laws(vectors):
    """Of each type a short history and two random ones. Multiples of the number of actions would end them."""
    chance = random.Random(3)
    going_on = [n for n in range(1, 96) if n % 8] + [n for n in range(1, 96) if n % 8 == 1] * 3

    def choices(count):
        return bytes(chance.choice(going_on) for _ in range(count))

    for index in range(sum(name.startswith("delta-") for name in vectors)):
        yield f"short-{index:02}", bytes([index, 0]) + choices(16)
        for again in range(2):
            yield f"random-{index:02}-{again + 1}", bytes([index, 1]) + choices(160)
    yield "memory", bytes([0x80 + 7, 1]) + choices(60)
    yield "hostile", bytes([0xC0 + 1, 1]) + choices(40)


def auctions(_):
    chance = random.Random(5)
    for index in range(8):
        yield f"history-{index + 1}", bytes([index % 2]) + bytes(chance.randrange(256) for _ in range(20 + 20 * index))


def tapes(vectors):
    """Forged entries: a kind, then its body."""
    mono, wall = b"\x80\x94\xeb\xdc\x03", bytes.fromhex("0000a289e8066b00")

    def entry(kind, body=b"", timed=True):
        return bytes([kind]) + piece((mono + wall if timed else b"") + body)

    def record(kind, data, number=1):
        return entry(1, bytes([kind, number]) + bytes(24) + b"\x01" + data)

    start, up, tick = entry(2, bytes(range(8))), entry(3, b"\1"), entry(7)
    received = b"".join(entry(5, b"\1" + data) for name, data in vectors.items() if name.startswith("message-"))
    rows = b"".join(entry(17, data, False) for name, data in vectors.items() if name.startswith("record-log-"))
    state = entry(21, bytes(16), False)
    yield "empty", b"\0WEFT\r\nE\1"
    yield "alive", b"\1" + start + up + tick + entry(6, b"\2") + entry(18, b"\0", False) + tick + state
    yield "received", b"\1" + start + up + received + entry(4, b"\1") + tick
    yield "commits", b"\1" + start + rows + tick
    yield "abandoned", b"\1" + start + entry(19, b"\1", False) + start + tick + entry(22, b"\0", False) + tick
    stored = b"".join(record(1, vectors[f"record-meta-{i}"], i) for i in (1, 2, 3) if f"record-meta-{i}" in vectors)
    yield "restored", b"\1" + stored + start + tick
    yield "notices", b"\1" + start + entry(20, b"\1\0\0" + bytes(24) + b"\1\0", False) + tick


TARGETS = {
    "message": messages,
    "transaction": transactions,
    "value": values,
    "delta": deltas,
    "record": records,
    "chunk": chunks,
    "frame": frames,
    "command": commands,
    "log": logs,
    "steps": steps,
    "law": laws,
    "auction": auctions,
    "tape": tapes,
}


def main():
    vectors_path, corpus = sys.argv[1:]
    with open(vectors_path, encoding="ascii") as f:
        vectors = {name: bytes.fromhex(data) for name, data in (line.split() for line in f)}
    for target, seeds in TARGETS.items():
        folder = os.path.join(corpus, "fuzz_" + target)
        os.makedirs(folder, exist_ok=True)
        for name, data in seeds(vectors):
            with open(os.path.join(folder, name), "wb") as f:
                f.write(data)


if __name__ == "__main__":
    main()
