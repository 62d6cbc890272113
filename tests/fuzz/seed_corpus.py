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


def dense_hll(last):
    """An entry of all registers, in six bits each."""
    value = b"\x01" + b"\x04\x10\x41" * 1023 + bytes([4, 16, 0x40 | last])
    entry = b"\x12\x01\x00\x22" + to_varint(len(value)) + value
    return b"\x0a" + to_varint(len(entry)) + entry


def values(vectors):
    # The vectors are in the order of the target's types.
    for index, name in enumerate(name[6:] for name in vectors if name.startswith("delta-")):
        delta, state = vectors["delta-" + name], vectors["state-" + name]
        yield name + "-delta", bytes([index]) + piece(delta)
        yield name + "-state", bytes([index]) + piece(state)
        yield name + "-both", bytes([index]) + piece(delta) + piece(state) + piece(delta)
        if name == "hll":
            body = dense_hll(1)
            alone = delta[:8] + before_field(delta[8:], 5) + b"\x30\x01\x4a" + to_varint(len(body)) + body
            yield "hll-dense", bytes([index]) + piece(alone) + piece(delta)


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
        if name == "hll":
            for how, last in (("dense", 1), ("dense-wrong", 63)):
                dense = bytes([index]) + piece(dense_hll(last))
                yield f"{name}-{how}", b"\0" + dense + b"\0" + body + b"\3" + dense
        if index % 6 == 2:
            # Both may write all; then the second less, by a document of the first's; then a hand-over, and one forged.
            for how, first, then in (("all", 0, 4), ("less", 4, 12), ("over", 32, 16), ("forged", 128, 64)):
                documents = b"\x80" + bytes([0, first]) + b"\0" + body + b"\x83" + bytes([1, then])
                last = b"\3" + body + b"\x97" + body + bytes([4, 0]) + b"\x42" + body
                yield f"{name}-rights-{how}", documents + b"\2" + body + last
        unknown = bytes([index + 18]) + body[1:]
        yield name + "-unknown", b"\0" + unknown + b"\3" + unknown + b"\2" + unknown


def fields(data):
    """(number, wire type, the bytes of the whole field, those of its value)"""
    at = 0
    while at < len(data):
        start = at
        tag, at = varint(data, at)
        begins = at
        if tag & 7 == 0:
            _, at = varint(data, at)
        elif tag & 7 == 1:
            at += 8
        else:
            length, begins = varint(data, at)
            at = begins + length
        yield tag >> 3, tag & 7, data[start:at], data[begins:at]


def to_varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def loose(data, how, depth=0):
    """The same message in another encoding, as protobuf allows it; what is nested is changed likewise."""
    out = []
    for number, kind, whole, value in fields(data):
        is_body, is_item = depth == 0 and number >= 10, depth == 1 and len(value) > 20 and number <= 2
        if kind == 2 and (is_body or is_item):
            value = loose(value, how, depth + 1)
            whole = to_varint(number << 3 | 2) + to_varint(len(value)) + value
        if kind == 0 and how == "long":
            whole = whole[:-1] + bytes([whole[-1] | 128, 0])
        out.append(whole)
    if how == "reversed":
        out.reverse()
    if how == "unknown":
        out.append(b"\x98\x06\x07\xa2\x06\x03any")
    if how == "twice":
        out += out[:1]
    if how == "without":
        out = out[:-1]
    return b"".join(out)


def messages(vectors):
    for name, data in vectors.items():
        if not name.startswith("message-"):
            continue
        yield name[8:], data
        for how in ("reversed", "unknown", "long", "twice", "without"):
            yield f"{name[8:]}-{how}", loose(data, how)
        head, body = before_field(data, 10), data[len(before_field(data, 10)) :]
        yield f"{name[8:]}-newer", b"\x08\x63" + data[2:]
        yield f"{name[8:]}-in-a-space", head[:2] + b"\x12\x10" + bytes(range(16)) + head[2:] + body
        yield f"{name[8:]}-empty", head + body[:1] + b"\0"
    head = before_field(vectors["message-request"], 10)
    rest = b"\x11" + bytes(range(8)) + b"\x18\x07\x22\x10" + bytes(16)
    entries = [b"\x0a\x10" + bytes([n]) * 16 + rest for n in (3, 5)]
    digest = b"".join(b"\x12" + to_varint(len(e)) + e for e in entries)
    for how in ("", "reversed", "unknown", "long", "twice", "without"):
        yield f"digest-entries-{how}", loose(head + b"\x52" + to_varint(len(digest)) + digest, how)


def transactions(vectors):
    rows = [data for name, data in vectors.items() if name.startswith("record-log-")]
    yield "known", b"\0" + piece(rows[0]) + piece(rows[1])
    yield "next", b"\1" + piece(with_seq(rows[0], 4)) + piece(with_seq(rows[1], 5))
    yield "waits", b"\1" + piece(with_seq(rows[0], 6))
    # Its table of origins twice, or itself in it; another field where deltas are; deltas that do not read.
    head, origin = before_field(rows[0], 10), field(rows[0], 10)
    listed = b"\x52" + to_varint(len(origin)) + origin
    rest = rows[0][len(head) + len(listed) :]
    yield "origins-twice", b"\0" + piece(head + listed + listed + rest)
    own = b"\x0a" + head[head.index(b"\x1a\x10") + 1 :][: 17] + b"\x11" + head[head.index(b"\x21") + 1 :][:8]
    yield "origins-own", b"\0" + piece(head + b"\x52" + to_varint(len(own)) + own + rest)
    for name, more in (("field", b"\x72\x01x"), ("delta", b"\x6a\x02\x0a\x00"), ("delta-long", b"\x6a\x7f")):
        yield "other-" + name, b"\1" + piece(with_seq(rows[0], 4) + more)


def records(vectors):
    manifest = vectors["record-meta-3"]
    segment = vectors["record-segment-4"]
    metas = [vectors[f"record-meta-{index + 1}"] for index in range(3)]
    rows = [data for name, data in vectors.items() if name.startswith("record-log-")]
    origin = b"\x0a\x10\x01" + bytes(15) + b"\x11" + metas[1][1:9]
    for index, meta in enumerate(metas):
        yield f"meta-{index + 1}", bytes([index]) + piece(meta)
        if index == 0:
            yield "meta-1-cluster", b"\0" + piece(meta + b"\x22\x10" + bytes(range(16)))
            yield "meta-1-odd", b"\0" + piece(meta + b"\x22\x01x")
        yield f"meta-{index + 1}-newer", bytes([index]) + piece(b"\x08\x63" + meta[2:])
    parents = metas[1] + b"\x11" + bytes(range(8)) + b"\x18\x05"
    parents += b"".join(b"\x22\x0b\x09" + bytes([n]) * 8 + b"\x10\x03" for n in range(1, 4))
    yield "epochs", b"\1" + piece(parents)
    fork = b"\x09" + metas[1][1:9] + b"\x10\x05\x1a\x10" + bytes(16)
    yield "fork", b"\3" + piece(fork)
    yield "fork-with-rows", b"\3" + piece(fork + b"".join(b"\x22" + to_varint(len(r)) + r for r in rows))
    yield "fork-first", b"\3" + piece(fork.replace(b"\x10\x05", b"\x10\x01"))
    yield "fork-mended", b"\3" + piece(b"")
    yield "segment", b"\4" + piece(segment)
    for index, row in enumerate(rows):
        yield f"log-{index + 1}", bytes([5 + 16 * index]) + piece(row)
        yield f"log-{index + 1}-newer", bytes([5 + 16 * index]) + piece(b"\x08\x63" + row[2:])
    yield "log-loose", b"\5" + piece(rows[1]) + b"\x15" + piece(rows[0])
    kept = [vectors["record-" + name] for name in ("refused", "void", "gone")]
    yield "quarantine", b"".join(bytes([6 + 16 * index]) + piece(record) for index, record in enumerate(kept))
    for index, name in enumerate(("refused", "void", "gone")):
        yield name + "-well", bytes([9, index % 2]) + piece(kept[index][20:])
    push = vectors["message-transactions-1"]  # it reads by now
    push = b"\x18\x01\x20\x06\x58" + to_varint(len(push)) + b"\x62" + to_varint(len(push)) + push
    yield "refused-push", b"\x09\0" + piece(push)
    staged = vectors["record-staged"]
    yield "staged", b"\7" + piece(staged) + b"\x27" + piece(staged)
    well = bytes([1, 30]) + piece(b"ten bytes.")
    yield "staged-well", b"\x08" + well + b"\x18" + well
    yield "staged-hole", b"\x08" + well + b"\x28" + well
    yield "staged-other", b"\x08" + well + b"\x18" + bytes([2, 30]) + piece(b"ten bytes.")
    yield "staged-odd", b"\x08" + bytes([1, 9]) + piece(b"ten bytes.") + b"\x18" + bytes([1, 30]) + piece(b"")
    yield "origins", b"\2" + piece(before_field(manifest, 3) + b"\x1a" + bytes([len(origin)]) + origin)
    yield "signature", b"\x0a" + piece(bytes(72)) + b"\x1a" + piece(bytes(72))
    yield "signature-short", b"\x0a" + piece(bytes(71))
    yield "large", b"\xff"
    yield "large-cut", b"\xff\4" + piece(b"not sixteen MiB")
    yield "large-end", b"\xff\x14" + piece(b"not what remains")
    hash_at = len(before_field(manifest, 6)) + 2
    yield "meta-3-hash", b"\2" + piece(manifest[:hash_at] + bytes(16) + manifest[hash_at + 16 :])
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
    yield "and-more", b"\3\0\0\0" + stream
    yield "whole", b"\0" + stream
    yield "uneven", b"\4\3\7\5\x29" + stream
    yield "long", b"\1\5" + greeting + b"\xff\xff\xff\xff"
    yield "empty", b"\1\2" + greeting + b"\0\0\0\0"
    yield "browser", b"\0GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield "other-version", b"\0WEFT\r\n\0\2"


def wires(_):
    chance = random.Random(11)
    for index in range(12):
        count = 3 * index + 1
        steps = bytes(chance.randrange(256) for _ in range(3 * count))
        yield f"fields-{index:02}", bytes([count]) + steps + bytes(chance.randrange(256) for _ in range(40))
    yield "long-tags", bytes([6]) + b"".join(bytes([kind, 200 + kind, 7]) for kind in range(6)) + b"\xf8\x80\x01\x07"


def handshakes(_):
    yield "stranger-called", b"\0" + piece(b"WEFT\r\n\1\1") + piece(b"\0\x30" + bytes(48))
    yield "stranger-called-long", b"\0" + piece(b"WEFT\r\n\1\1\4\0" + bytes(200))
    yield "stranger-calling", b"\1" + piece(b"WEFT\r\n\1\1") + piece(b"\0\x70" + bytes(112))
    yield "stranger-calling-long", b"\1" + piece(b"WEFT\r\n\1\1\xff\xff" + bytes(100))
    yield "stranger-plain", b"\0" + piece(b"WEFT\r\n\0\1")
    yield "honest", b"\2"
    for message in range(5):
        for place in (0, 3, 9, 20, 60, 130):
            yield f"between-{message}-{place}", b"\2" + bytes([message]) + place.to_bytes(2, "little") + b"\x40"
    say, hear = lambda text: b"\0" + piece(text), lambda n: b"\4" + bytes([n])
    yield "session", b"\3" + say(b"hello") + b"\1" + piece(b"you") + hear(0) + b"\5\0"
    yield "session-long", b"\3\2x" + hear(200) + hear(1) + hear(0) + b"\3y" + b"\5\7" + b"\5\0"
    yield "session-in-bytes", b"\3" + say(b"a") + hear(1) * 30 + say(b"") + say(b"bc") + hear(1) * 30
    yield "session-changed", b"\3" + say(b"hello") + hear(3) + b"\6\1" + hear(0) + say(b"more") + hear(0)
    yield "session-longer", b"\3" + say(b"hello") + b"\6\1" + hear(0)
    for pattern in range(2):
        yield f"pattern-{pattern}", bytes([5, pattern, 0, 0]) + piece(b"first") + piece(b"second")
        yield f"pattern-{pattern}-changed", bytes([5, pattern, 0, 1]) + piece(b"first")
        yield f"pattern-{pattern}-late", bytes([5, pattern, 1, 1]) + piece(b"first") + piece(b"second")
    yield "cipher", b"\4" + b"".join(bytes([n]) + piece(b"some words") for n in (0, 2, 1, 10, 8, 4, 9, 6, 2, 0))


def certificate(name=b"tokyo-1", more=b""):
    head = b"\x08\1\x12\x10" + bytes(range(16)) + b"\x1a\x20" + bytes(range(32))
    return head + b"\x22" + bytes([len(name)]) + name + b"\x28\x64\x30\xc8\x01\x38\x05" + more


def certificates(_):
    body = certificate()
    yield "signed", b"\1" + body
    yield "signed-whole", b"\1" + certificate(more=b"\x42\x10" + bytes(range(1, 17)) + b"\x48\x01")
    yield "signed-own-replica", b"\1" + certificate(more=b"\x42\x10" + bytes(16))
    yield "signed-vouches", b"\1" + certificate(more=b"\x48\x02")
    yield "signed-newer", b"\1\x08\x02" + body[2:]
    yield "signed-name", b"\1" + certificate(name=b"tokyo\n")
    yield "signed-long", b"\1" + certificate(name=b"x" * 64)
    yield "new-keys", b""
    yield "raw", b"\0\x0a" + to_varint(len(body)) + body + b"\x12\x40" + bytes(64)
    yield "raw-short", b"\0\x0a" + to_varint(len(body)) + body + b"\x12\x01\0"
    yield "raw-empty", b"\0"
    yield "raw-long", b"\0" + bytes(600)


def documents(vectors):
    for name, data in vectors.items():
        if not name.startswith("rights-"):
            continue
        yield name[7:], b"\1" + field(data, 1)
        yield name[7:] + "-raw", b"\0" + data
        body = field(data, 1)
        everybody = b"\x32\x06\x18\x01\x20\x01\x2a\x00"
        replica = b"\x32\x16\x0a\x10" + bytes(range(16)) + b"\x2a\x02a/"
        yield name[7:] + "-everybody", b"\1" + body + everybody
        yield name[7:] + "-replica", b"\1" + body + replica
        yield name[7:] + "-both", b"\1" + body + b"\x32\x15\x0a\x10" + bytes(range(16)) + b"\x12\x01x"
        yield name[7:] + "-two", b"\1" + body + b"\x32\x02\x18\x02"
    element = bytes(7) + b"\5" + bytes(range(16))
    yield "element", b"\0" + element


def identities(_):
    hex32 = "0123456789abcdef" * 4
    cluster = f"cluster {hex32[:32]}\nspace {hex32[:32]}\nkey {hex32}  # ours\nprevious {hex32}\n"
    cluster += f"authority {hex32}\nallow {hex32}\nallow {hex32} {hex32[:32]}\nrevoked 7\n\n"
    key, cert = f"secret {hex32}\n", f"certificate {certificate().hex()}\n"
    files = lambda *texts: b"".join(piece(text.encode()) for text in texts)
    listed = f"cluster {hex32[:32]}\nkey {hex32}\nallow {hex32}\n"
    yield "listed", b"\1" + files(listed, key)
    yield "whole", b"\0" + files(cluster, key, cert)
    yield "no-certificate", b"\1" + files(cluster, key)
    for index, line in enumerate(cluster.splitlines()):
        yield f"twice-{index}", b"\1" + files(cluster + line + "\n", key)
    for index, text in enumerate((
            "cluster", f"cluster {hex32}", "cluster x y z", "key 00", "revoked x", "revoked 0", "allow zz",
            f"allow {hex32} 0", "what is", "certificate 00", "space 00 00", "previous", "#", "x" * 1300)):
        yield f"line-{index}", b"\1" + files(text + "\n", key)
        yield f"line-{index}-more", b"\1" + files(listed + text + "\n", key)
    yield "key-word", b"\1" + files(listed, "cluster 00\n")
    yield "key-twice", b"\1" + files(listed, key + key)
    yield "key-long", b"\1" + files(listed, "secret " + hex32 + " 00\n")
    yield "certificate-twice", b"\0" + files(listed, key, cert + cert)
    yield "certificate-word", b"\0" + files(listed, key, key)
    yield "certificate-odd", b"\0" + files(listed, key, "certificate 0g\n")
    yield "certificate-empty", b"\0" + files(listed, key, "")


def policies(_):
    hex32 = "0123456789abcdef" * 4
    keys = [f"public {hex32}\nsigning {hex32}\nreplica {n:032x}\n".encode() for n in (1, 2)]
    both = piece(keys[0]) + piece(keys[1])
    members = "member tokyo-1 asia a.pub  # one\nmember dallas us b.pub " + hex32[:32] + "\n"
    yield "whole", both + (members + 'grant tokyo-1 read write cart/ "stock/a b/"\ngrant @us read relay write ""\n'
                           "grant * read\n").encode()
    lines = ("grant tokyo-1", "grant nobody read", "grant @mars read", "grant * write", "grant * rule", "grant",
             "member tokyo-1 - a.pub", "member x asia c.pub", "member @x asia a.pub", "member x @y a.pub", "member x y",
             "member other - a.pub", "member other - a.pub zz", 'grant "* read', "what", "grant * write " + "k" * 1100,
             "grant @ read", "\tgrant\t*\tread", 'grant "tokyo-1" write "a\\"#"', "member z - " + "p" * 4200,
             "grant * read read")
    for index, line in enumerate(lines):
        yield f"line-{index:02}", both + (members + line).encode()
    yield "same-key", piece(keys[0]) * 2 + (members.replace(hex32[:32], "")).encode()
    yield "no-key", piece(b"public 00\n") + piece(b"") + members.encode()


def schedules(_):
    header = "replicas 3\n  loss_ppm 2%   # of messages\nskew_ns 1.5s\ndrift_ppb 200ppm\nregion here 500 1000\n"
    header += "region there 1000 500\nplace there here\n\n"
    items = ("2s heal\n1s partition 0,2\n1s partition 0,1|2\n1s cut 0 1\n"
             "0 txn 2 g/3+5 p/1-2 s/0+7 s/0-7 r/2=9 r/2- s/0x\n1.5s step 1 -250ms\n3s fail 1 3\n"
             "4s rejoin 0,2\n4s uncut 0-2 1\n5s txn 1 ewflag/7:12 windowcounter/999999x\n")
    yield "people", (header + items).encode()
    yield "items", items.encode()
    yield "durations", "\n".join(f"{d} heal" for d in (
        "0", "1ns", "2us", "3ms", "4.25s", "1.5m", "1h", "2d", "+1s", "0.000000001s", "1.0000000001s", "-1s", "1", "x",
        "9223372036854775807ns", "99999999999999999999s", "1.s", ".5s", "1.5.5s")).encode()
    # One line that is wrong, of each kind.
    wrong = ("crash", "crash 1 2", "partition 0,x", "partition", "partition 0,", "partition 0|", "partition |0",
             "partition 2-1", "partition 1024", "cut 0", "cut 0|1 2", "txn 0", "txn 0 g/1-5", "txn 0 r/1+5",
             "txn 0 q/1+5",
             "txn 0 p/1+1099511627777", "txn 0 g/1:1", "txn 0 ewflag/1+1", "txn 0 /1:1", "lag 0 1 4611686019s",
             "liar 1 2048", "step 1 x", "stretch 0 0", "throttle 0 1 0", "bursty 0 1 90% 1s", "flap 0 1 0 0",
             "strobe 1 1s 0",
             "drift 1 1s", "loss 0 1 200%", "explode 1")
    for index, line in enumerate(wrong):
        yield f"wrong-{index:02}", f"1s {line}\n".encode()
    heads = ("replicas 0", "replicas x", "replicas 3 4", "loss_ppm 200%", "what 1", "region", "region here x",
             "region " + "r" * 70, "place mars", "region a 1\nplace a a a", "skew_ns -1s", "duration_ns x",
             "1152921505s crash 1", "-1s heal", "oops")
    for index, line in enumerate(heads):
        yield f"head-{index:02}", f"{line}\n".encode()
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sim", "schedules")
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            yield name, f.read()[:3000]


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
    for index, line in enumerate((
            "del cart", "del stock\ndel name", 'edit "" gcounter add 1', "edit " + "k" * 1025 + " gset add x",
            "edit x gcounter add 1 2 3", "edit x nosuch add 1", "edit x gset frobnicate",
            "edit m ormap at x nosuch add 1", "edit m ormap at \"\" gset add x",
            "edit l lease acquire " + "o" * 1025 + " 30", "edit m ormap" + " at x ormap" * 17 + " remove x",
            "set x " + "v" * 20, "del nothing")):
        yield f"edit-line-{index:02}", line.encode()
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
    # Each kind that the vectors have none of; states and notices that are not what the replica has.
    stranger = bytes(range(16)) + bytes(8)
    yield "kinds", b"\1" + start + up + entry(8, bytes(8)) + entry(9, stranger + b"\1\1" + bytes(64)) + tick
    yield "kinds-end", b"\1" + start + entry(23, b"\2", False) + tick
    yield "kinds-none", b"\1" + start + entry(40, b"\2", False)
    yield "refused", b"\1" + start + up + entry(5, b"\1garbage") + entry(24, mono + wall + b"\1", False) + tick
    yield "refused-forgotten", b"\1" + start + up + entry(5, b"\1garbage") + entry(25, mono + wall + b"\1", False)
    told = lambda kind, err, more=b"": entry(20, bytes([kind, err]) + more + bytes(24) + b"\0\0", False)
    for kind in (4, 5, 6):
        for err in (3, 4, 5):
            yield f"told-{kind}-{err}", b"\1" + start + up + entry(5, b"\1garbage") + told(kind, err, b"\1") + tick
    yield "untold", b"\1" + start + up + entry(5, b"\1garbage") + tick + told(5, 3, b"\1") + state
    yield "state-other", b"\1" + start + entry(21, bytes([1]) * 16, False) + tick
    yield "state-more", b"\1" + start + entry(21, bytes(16) + stranger + bytes(8), False) + tick
    yield "state-less", b"\1" + start + rows + entry(21, bytes(16), False) + tick
    yield "state-ragged", b"\1" + start + entry(21, bytes(16) + stranger[:9], False)
    peer = lambda flags, label: entry(3, b"\1" + bytes([flags]) + bytes(range(16)) + label)
    yield "peer", b"\1" + start + peer(3, b"tokyo-1") + received + peer(0, b"") + tick
    yield "peer-odd", b"\1" + start + peer(4, b"") + tick
    yield "peer-long", b"\1" + start + peer(1, b"x" * 600) + tick
    yield "peer-short", b"\1" + start + entry(3, b"\1\1short") + tick
    opened = bytes(32) + b"\1" * 11
    rights = [data for name, data in vectors.items() if name.startswith("rights-")]
    known = b"".join(to_varint(len(data)) + data for data in rights)
    yield "open-cluster", b"\1" + entry(16, opened + bytes(range(16)), False) + start + tick
    yield "open-rights", b"\1" + entry(16, opened + bytes(16) + known, False) + start + tick
    yield "open-more", b"\1" + entry(16, opened + bytes(16) + b"\1x" * 40, False) + start
    yield "open-nothing-more", b"\1" + entry(16, opened + bytes(16), False) + start
    yield "no-length", b"\0WEFT\r\nE\1" + bytes(40)
    for cut in (1, 9, 12, 20, 200):
        yield f"cut-{cut}", bytes([2, cut]) + start + up + tick + received + tick
        yield f"torn-{cut}", bytes([3, cut]) + start + up + tick + received + tick
    yield "twice", b"\1" + start + start + entry(16, bytes(40), False) + start
    yield "early", b"\1" + tick + up + rows
    yield "odd-link", b"\1" + start + entry(3, b"\xff\xff\xff\xff\x7f")
    yield "down", b"\1" + start + up + up + entry(4, b"\1") + entry(4, b"\1") + tick
    yield "version", b"\0WEFT\r\nE\7"
    yield "none", b"\0not a recording"


def scenarios(_):
    """Others are written by hand, or come from tests; these are what depends on the files that they name."""
    scenario = b"duration: 60s\nregions: [{name: london}, {name: tokyo}]\nworkload:\n  from: 5s\n  until: 45s\n"
    scenario += b"  replay: {file: access.log%s}\nexpect:\n  counts:\n    - {what: transactions, least: 60}\n%%%%\n"
    common = b'10.0.0.%d - - [06/Nov/2024:10:00:0%d +0000] "GET /%d HTTP/1.1" %d 512\n'
    tabs = b"170000000%d\tv%d\tGET\t/%d\t%d\t17\n"
    lines = lambda form: b"".join(form % (n % 3, n, n % 2, 200 + 150 * (n % 2)) for n in range(8))
    yield "empty", b""
    yield "replay-common", scenario % b"" + lines(common)
    yield "replay-tabs", scenario % b", lines: 5" + lines(tabs)
    yield "replay-no-lines", scenario % b", lines: 0" + lines(tabs)
    yield "replay-nothing", scenario % b"" + b"not a log\n"
    yield "replay-empty", scenario % b""
    yield "replay-no-file", scenario.replace(b"access.log", b"absent") % b""
    yield "counts-many", b"expect:\n  counts:\n" + b"    - {what: bytes, most: 1}\n" * 101
    yield "question-long", b"question: " + b"q" * 501 + b"\n"
    yield "no-text", b"duration: 9s\nname: \xff\n"
    yield "deep", b"[" * 40
    yield "name-long", b"name: " + b"n" * 65 + b"\n"
    expects = b"expect:\n  outcome: check failed\n  counts:\n    - {what: bytes, most: 1, least: 1}\n"
    yield "drift", b"replicas: 2\nclocks:\n  each:\n    - {who: 1, drift: 200ppm}\n"
    yield "expects", b"duration: 9s\n" + expects


TARGETS = {
    "message": messages,
    "transaction": transactions,
    "value": values,
    "delta": deltas,
    "record": records,
    "chunk": chunks,
    "frame": frames,
    "wire": wires,
    "handshake": handshakes,
    "certificate": certificates,
    "rights": documents,
    "identity": identities,
    "policy": policies,
    "schedule": schedules,
    "scenario": scenarios,
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
