#!/usr/bin/env python3
"""test_cart: the program of README.md runs: what it wrote is told to it, reaches a peer, and is in its file.

Its ports are those of README.md; where somebody listens on one of them already the test is skipped.

usage: test_cart.py CART WEFT
"""

import os
import socket
import subprocess
import sys
import tempfile
import time

SKIP = 77
PORTS = (7701, 7702)


def expect(what, holds, output=""):
    if not holds:
        sys.exit(f"{what}\n{output}")


def skip_if_taken():
    for port in PORTS:
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError as error:
                print(f"skipped: port {port}: {error}")
                sys.exit(SKIP)


def start(args, folder):
    return subprocess.Popen(args, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ask(peer, line):
    peer.stdin.write(line + "\n")
    peer.stdin.flush()


def lines_until(peer, words):
    """Up to the line that begins so; a process that ends before has failed."""
    seen = []
    for line in peer.stdout:
        seen.append(line)
        if line.startswith(words):
            return seen
    sys.exit(f"ended without {words!r}: {seen}")


def reaches(peer, key, wanted):
    """Asks until the answer is as wanted; the test's own time limit ends what never comes."""
    answer = ""
    while not answer.startswith(wanted):
        time.sleep(0.05)
        ask(peer, "get " + key)
        answer = lines_until(peer, ("ok", "error"))[-1]


def check_peer(weft, folder):
    addresses = ["--listen", "127.0.0.1:7702", "--seed", "127.0.0.1:7701"]
    peer = start([weft, "serve", "--plain", "--quiet", *addresses], folder)
    try:
        lines_until(peer, "ready 7702")
        reaches(peer, "stock/milk", "ok pncounter -1")
        reaches(peer, "cart/42", "ok aworset 1 milk")
        ask(peer, "add cart/42 honey")
        lines_until(peer, "ok 1 ")
    finally:
        peer.communicate(timeout=20)  # the end of its input: it sends what it has and closes


def main():
    cart, weft = sys.argv[1:]
    skip_if_taken()
    with tempfile.TemporaryDirectory() as folder:
        # Line by line also through a pipe, as on a terminal.
        program = start(["stdbuf", "-oL", cart], folder)
        try:
            lines_until(program, "cart/42 has 1")
            check_peer(weft, folder)
            lines_until(program, "cart/42 has 2")
        finally:
            program.kill()
            program.communicate()
        expect("no cart.db", os.path.getsize(os.path.join(folder, "cart.db")) > 0)
        again = start(["stdbuf", "-oL", cart], folder)
        try:
            lines_until(again, "cart/42 has 2")
        finally:
            again.kill()
            again.communicate()
    print("cart: ok")


if __name__ == "__main__":
    main()
