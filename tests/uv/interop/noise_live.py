#!/usr/bin/env python3
"""Live sessions of noise_peer with its twins in other languages, in both roles. A twin whose language or package is not
here, and cannot be fetched, is left out, saying so; skipped where that is so of all.

usage: noise_live.py NOISE_PEER NOISE_PEER.go NOISE_PEER.js
"""
import os
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
GO_PACKAGES = "/usr/share/gocode"
NPM_PACKAGE = "noise-handshake@4.2.0"


def make_go(source, folder):
    """The twin on Debian's golang-github-flynn-noise-dev: its packages are a GOPATH of their own."""
    if shutil.which("go") is None or not os.path.isdir(os.path.join(GO_PACKAGES, "src/github.com/flynn/noise")):
        return None
    program = os.path.join(folder, "noise_peer_go")
    env = dict(os.environ, GO111MODULE="off", GOPATH=GO_PACKAGES, GOCACHE=os.path.join(folder, "cache"), GOFLAGS="")
    subprocess.run(["go", "build", "-o", program, source], env=env, check=True)
    return [program]


def make_node(source, folder):
    if shutil.which("npm") is None:
        return None
    npm = ["npm", "install", "--silent", "--no-save", "--prefix", folder, NPM_PACKAGE]
    try:
        if subprocess.run(npm, timeout=60, capture_output=True, check=False).returncode != 0:
            return None
    except subprocess.TimeoutExpired:
        return None
    os.environ["NODE_PATH"] = os.path.join(folder, "node_modules")
    return ["node", source]


def session(initiator, responder):
    """The hashes that the two sides came to."""
    to_responder, from_initiator = os.pipe()
    to_initiator, from_responder = os.pipe()
    peers = [
        subprocess.Popen(initiator + ["initiator"], stdin=to_initiator, stdout=from_initiator, stderr=subprocess.PIPE),
        subprocess.Popen(responder + ["responder"], stdin=to_responder, stdout=from_responder, stderr=subprocess.PIPE),
    ]
    for end in (to_responder, from_initiator, to_initiator, from_responder):
        os.close(end)
    said = [peer.communicate(timeout=120)[1].decode().strip() for peer in peers]
    if any(peer.returncode != 0 for peer in peers):
        sys.exit(f"{initiator} with {responder}: {said}")
    return said


def agree(ours, theirs):
    for initiator, responder in ((ours, theirs), (theirs, ours)):
        first, second = session(initiator, responder)
        print(f"{os.path.basename(initiator[-1])} calls {os.path.basename(responder[-1])}: {first[:16]} {second[:16]}")
        if first != second or len(first) != 128:
            return False
    return True


def main():
    ours, sources = [sys.argv[1]], sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        twins = [(source, make(source, folder)) for make, source in zip((make_go, make_node), sources)]
        for source, theirs in twins:
            if theirs is None:
                print(f"left out: {os.path.basename(source)}: its language or its package is not here")
        wrong = [source for source, theirs in twins if theirs is not None and not agree(ours, theirs)]
        if all(theirs is None for _, theirs in twins):
            return SKIPPED
    return 1 if wrong else 0


sys.exit(main())
