#!/usr/bin/env python3
"""Every golden vector is printed by `protoc --decode` with the message that the .proto files say it is, without a field
that they do not know. Its own check: a vector read as another message shows unknown fields."""
import re
import subprocess
import sys

CRDT, TXN, MSG = "crdt/delta.proto", "replication/transaction.proto", "replication/message.proto"
RIGHTS = "replication/rights.proto"
KINDS = [
    (r"delta-", "weft.ValueDelta", CRDT),
    (r"state-", "weft.ValueState", CRDT),
    (r"message-", "weft.Message", MSG),
    (r"record-meta-1$", "weft.Identity", TXN),
    (r"record-meta-2$", "weft.OpenEpoch", TXN),
    (r"record-meta-3$", "weft.Manifest", TXN),
    (r"record-segment-", "weft.Segment", TXN),
    (r"record-log-", "weft.Transaction", TXN),
    (r"record-staged$", "weft.Staged", TXN),
    (r"record-(refused|void|gone)$", "weft.Kept", TXN),
    (r"rights-", "weft.SignedRights", RIGHTS),
]


def decode(protoc, root, message, proto, data):
    run = subprocess.run([protoc, f"--proto_path={root}", f"--decode={message}", f"{root}/{proto}"], input=data,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    text = run.stdout.decode("utf-8", "replace")
    return run.returncode == 0 and not re.search(r"^\s*\d+[:{ ]", text, re.M)


def main():
    protoc, root, vectors = sys.argv[1:]
    bad = count = 0
    with open(vectors, encoding="ascii") as lines:
        for line in lines:
            name, data = line.split()
            message, proto = next((m, p) for pattern, m, p in KINDS if re.match(pattern, name))
            count += 1
            if not decode(protoc, root, message, proto, bytes.fromhex(data)):
                print(f"{name}: is not a whole {message}")
                bad += 1
            if name == "delta-aworset" and decode(protoc, root, "weft.OpenEpoch", TXN, bytes.fromhex(data)):
                print("the check cannot fail: a delta passed as an OpenEpoch")
                bad += 1
    print(f"{count} vectors, {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
