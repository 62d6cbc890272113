#!/usr/bin/env python3
"""inspect: weft inspect as people meet it: a store at rest, beside its writer, damaged, and what is none.

usage: inspect.py WEFT
"""

import os
import random
import re
import subprocess
import sys
import tempfile

# A checkpoint of all of this, and then one more transaction of the next opening.
FIRST = """incr hits 5
count stock -3
add cart/42 milk
add cart/42 "two words"
set name Ada
del hits
incr hits 2
checkpoint
"""
THEN = "add cart/43 bread\n"


def run(weft, *arguments, text=""):
    done = subprocess.run([weft, *arguments], input=text.encode(), capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def make_store(weft, path):
    for text in (FIRST, THEN):
        code, out, said = run(weft, "serve", "--store", path, "--quiet", text=text)
        assert code == 0 and "err" not in out, (out, said)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, content):
    for name in (path, path + "-wal", path + "-shm"):
        if os.path.exists(name):
            os.remove(name)
    with open(path, "wb") as f:
        f.write(content)


def keys_of(out):
    return out.split("\nkeys\n")[1].splitlines()


def test_options(weft, folder):
    path = os.path.join(folder, "none.db")
    for wrong in ([], ["--bogus", "x"], [path, "--keys"], [path, "--limit", "x"], [path, "--limit", "-1"]):
        code, _, said = run(weft, "inspect", *wrong)
        assert code == 2 and said, (wrong, code, said)
    code, out, _ = run(weft, "inspect", "--help")
    assert code == 0 and "--limit" in out
    code, _, said = run(weft, "inspect", path)
    assert code == 1 and "none.db: there is no such file" in said, said
    assert not os.listdir(folder)
    write(path, b"Dear replica, " * 1000)
    code, _, said = run(weft, "inspect", path)
    assert code == 1 and "not an SQLite database" in said, said


def test_content(weft, path):
    before = read(path)
    code, out, said = run(weft, "inspect", path)
    assert code == 0 and not said, said
    assert keys_of(out) == [
        "cart/42  aworset {milk, two words}",
        "cart/43  aworset {bread}",
        "hits  gcounter 2",
        "name  lwwreg \"Ada\"",
        "stock  pncounter -3",
    ], out
    assert re.search(r"^replica +[0-9a-f]{32}:[0-9a-f]{16} ", out, re.M), out
    assert re.search(r"^residues +1 bases", out, re.M), out  # of the counter that was deleted and counted on
    assert re.search(r"^log +8 transactions, \d+ bytes$", out, re.M), out
    assert re.search(r"^[0-9a-f]{32}:[0-9a-f]{16} +7 +7 +\d+  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z$", out, re.M), out
    assert re.search(r"^[0-9a-f]{32}:[0-9a-f]{16} +1 +0 +0  ", out, re.M), out
    _, out, _ = run(weft, "inspect", path, "--keys", "cart/", "--limit", "1")
    assert keys_of(out)[0].startswith("cart/42 ") and keys_of(out)[1].startswith("and 1 more"), out
    _, out, _ = run(weft, "inspect", path, "--keys", "zzz")
    assert keys_of(out) == [], out
    assert read(path) == before


def test_beside_a_writer(weft, path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    serving = subprocess.Popen([weft, "serve", "--store", path, "--quiet"], **pipes)
    serving.stdout.readline()
    for n in range(3):
        serving.stdin.write(b"set name Nr%d\n" % n)
        serving.stdin.flush()
        assert serving.stdout.readline().startswith(b"ok")
        code, out, said = run(weft, "inspect", path, "--keys", "name")
        assert code == 0 and keys_of(out) == [f'name  lwwreg "Nr{n}"'], (out, said)
    serving.stdin.close()
    assert serving.wait(30) == 0


def test_damage(weft, path):
    whole = read(path)
    _, right, _ = run(weft, "inspect", path)
    at = whole.index(b"cart/43")
    write(path, whole[:at] + b"C" + whole[at + 1:])
    code, out, said = run(weft, "inspect", path)
    assert code == 1 and re.search(r"log row 8 of \d+ is damaged .*; 7 rows before it are whole", said), said
    assert "this is what could be read before the damage" in said and keys_of(out), out
    verdicts = {0: 0, 1: 0}
    chance = random.Random(1)
    for n in range(80):
        at = chance.randrange(len(whole)) if n % 2 else chance.randrange(4096)
        write(path, whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1:])
        code, out, said = run(weft, "inspect", path)
        assert code in verdicts, (at, code, said)
        assert said if code else out == right, (at, out, said)
        verdicts[code] += 1
    assert verdicts[1] > 5, verdicts
    write(path, whole)


def test_beside_nobody_in_a_folder_of_somebody_else(weft, path):
    """Only root can become somebody else, and then the program may be out of reach."""
    if os.getuid() != 0:
        return
    folder = os.path.dirname(path)
    os.chmod(folder, 0o755)
    try:
        done = subprocess.run(
            [weft, "inspect", path], capture_output=True, text=True, timeout=60, check=False, user=65534
        )
    except PermissionError:
        return
    assert done.returncode == 1 and "where one may not write; copy it" in done.stderr, done


def main():
    weft = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        test_options(weft, folder)
        path = os.path.join(folder, "a.db")
        make_store(weft, path)
        test_content(weft, path)
        test_damage(weft, path)
        test_beside_a_writer(weft, path)
        test_beside_nobody_in_a_folder_of_somebody_else(weft, path)
    print("inspect: ok")


if __name__ == "__main__":
    main()
