#!/usr/bin/env python3
"""Three commands make a cluster (weft cluster, weft keygen, weft cert), and weft serve refuses anyone else.

usage: keys.py WEFT
"""
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time

from serving import Serve, wait_until


def run(weft, *arguments):
    done = subprocess.run([weft, *arguments], capture_output=True, timeout=30, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def make(weft, *arguments):
    code, out, said = run(weft, *arguments)
    assert code == 0, (arguments, said)
    return out


class Cluster:
    def __init__(self, weft, folder, *options):
        self.weft = weft
        self.folder = folder
        self.file = self.path("cluster")
        make(weft, "cluster", "init", self.file, *options)

    def path(self, name):
        return os.path.join(self.folder, name)

    def key(self, name):
        """The file of a new key, and the key in public."""
        out = make(self.weft, "keygen", self.path(name))
        return self.path(name), re.search(r"allow ([0-9a-f]{64})", out).group(1)

    def sign(self, path, name, *options):
        """The number of a certificate for the key."""
        out = make(self.weft, "cert", "sign", self.file, path + ".pub", "--name", name, *options)
        return re.search(r"number (\d+)", out).group(1)

    def member(self, name, *options):
        """The file of a new key that has a certificate, and the certificate's number."""
        path, _ = self.key(name)
        return path, self.sign(path, name, *options)

    def serve(self, key, *options):
        return Serve(self.weft, "--cluster", self.file, "--key", key, *options, name=os.path.basename(key))

    def add(self, line):
        with open(self.file, "a", encoding="ascii") as file:
            file.write(line + "\n")


def reaches(served, command, wanted):
    wait_until(f"{command} gives {wanted}", lambda: served.ask(command).startswith(wanted))


def test_files_are_for_their_owner(weft, folder):
    c = Cluster(weft, folder)
    key, _ = c.member("tokyo")
    for path, mode in ((c.file, 0o600), (c.file + ".authority", 0o600), (key, 0o600), (key + ".pub", 0o644)):
        assert os.stat(path).st_mode & 0o777 == mode, path
    for command in (["cluster", "init", c.file], ["keygen", key]):
        code, _, said = run(weft, *command)
        assert code == 1 and "there already" in said, said
    make(weft, "cert", "sign", c.file, key + ".pub", "--name", "tokyo", "--days", "3")  # a certificate is renewed
    code, _, said = run(weft, "cert", "sign", c.file, key + ".pub", "--name", "tokyo", "--days", "36501")
    assert code == 2 and '--days: "36501" is not 1 to 36500' in said, said


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def write(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def test_files_come_in_pairs(weft, folder):
    """Where the second is there already, the first, which does not fit it, is not left behind."""
    c = Cluster(weft, folder)
    key, _ = c.key("tokyo")
    for first, second, command in ((c.file, c.file + ".authority", ["cluster", "init", c.file]),
                                   (key, key + ".pub", ["keygen", key])):  # fmt: skip
        before = read(second)
        os.remove(first)
        code, _, said = run(weft, *command)
        assert code == 1 and "there already" in said, said
        assert not os.path.exists(first) and read(second) == before


def test_renewal_is_whole_or_not_at_all(weft, folder):
    c = Cluster(weft, folder)
    key, _ = c.member("tokyo")
    before = read(key + ".cert")
    command = [weft, "cert", "sign", c.file, key + ".pub", "--name", "tokyo"]

    def no_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = subprocess.run(command, capture_output=True, timeout=30, check=False, preexec_fn=no_room)
    assert done.returncode == 1 and b"too large" in done.stderr, done.stderr
    assert read(key + ".cert") == before
    number = os.stat(key + ".cert").st_ino
    make(*command)
    assert read(key + ".cert") != before and os.stat(key + ".cert").st_ino != number  # never half there
    assert os.stat(key + ".cert").st_mode & 0o777 == 0o644
    assert sorted(os.listdir(folder)) == ["cluster", "cluster.authority", "tokyo", "tokyo.cert", "tokyo.pub"]


def test_secrets_that_others_read_are_none(weft, folder):
    c = Cluster(weft, folder)
    key, _ = c.member("tokyo")
    os.chmod(c.file + ".authority", 0o640)
    code, _, said = run(weft, "cert", "sign", c.file, key + ".pub", "--name", "tokyo")
    assert code == 1 and "chmod 600" in said, said


def test_words_are_where_they_belong(weft, folder):
    """A certificate's file, which anybody may read and others made, neither holds a secret nor says who is let in."""
    c = Cluster(weft, folder)
    key, _ = c.member("tokyo")
    for path, line in ((key + ".cert", "allow " + "12" * 32), (key + ".cert", "secret " + "12" * 32),
                       (key + ".cert", "authority " + "12" * 32), (key, "allow " + "12" * 32),
                       (c.file, "secret " + "12" * 32), (c.file, "certificate 12"),
                       (c.file, "cluster " + "12" * 16)):  # fmt: skip
        good = read(path)
        write(path, good + line + "\n")
        code, _, said = run(weft, "serve", "--cluster", c.file, "--key", key)
        words = "said before" if line.startswith("cluster") else "no such word"
        assert code == 1 and words in said and "1212" not in said, (path, line, said)
        write(path, good)


def test_wrong_commands_are_named(weft, folder):
    c = Cluster(weft, folder)
    key, _ = c.key("tokyo")
    for wrong in (["cluster"], ["keygen"], ["cert", "sign", c.file], ["cert", "sign", c.file, key + ".pub"],
                  ["cert", "sign", c.file, key + ".pub", "--name", "x", "--days", "0"]):  # fmt: skip
        code, _, said = run(weft, *wrong)
        assert code == 2 and "usage" in said, (wrong, said)
    for wrong, words in ((key, "FILE.pub"), (c.path("none.pub"), "No such file")):
        code, _, said = run(weft, "cert", "sign", c.file, wrong, "--name", "x")
        assert code == 1 and words in said, said


def test_wrong_files_are_named(weft, folder):
    c = Cluster(weft, folder)
    key, _ = c.member("tokyo")
    cases = (("bogus 12", "no such word"), ("allow 12", "64 hexadecimal"), ("revoked x", "the number"),
             ("cluster", "a word and a value"), ("x" * 2000, "too long"))  # fmt: skip
    with open(c.file, encoding="ascii") as file:
        good = file.read()
    for line, words in cases:
        c.add(line)
        code, _, said = run(weft, "serve", "--cluster", c.file, "--key", key)
        number = good.count("\n") + 1
        assert code == 1 and words in said and f"{c.file}:{number}:" in said, said
        with open(c.file, "w", encoding="ascii") as file:
            file.write(good)
    os.chmod(key, 0o644)
    code, _, said = run(weft, "serve", "--cluster", c.file, "--key", key)
    assert code == 2 and "chmod 600" in said, said


def value(path, word):
    return re.search(rf"^{word} ([0-9a-f]+)$", read(path), re.M).group(1)


def test_a_key_is_a_replica(weft, folder):
    """The same one with a new key too, if it is signed so; and no store is opened with another replica's key."""
    c = Cluster(weft, folder)
    old, _ = c.member("tokyo")
    new, _ = c.member("tokyo-2")
    options = ("--store", c.path("tokyo.db"), "--quiet")
    s = c.serve(old, *options)
    own = value(old + ".pub", "replica")
    assert s.status()["id"] == own and s.ask("incr n").startswith("ok 1")
    s.quit()
    code, _, said = run(weft, "serve", "--cluster", c.file, "--key", new, *options)
    assert code == 1 and f"is of replica {own}" in said and f"--replica {own}" in said, said
    c.sign(new, "tokyo", "--replica", own)
    s = c.serve(new, *options)
    assert s.status()["id"] == own and s.ask("get n") == "ok gcounter 1"
    s.process.send_signal(signal.SIGHUP)  # all is well, and quiet
    time.sleep(0.2)
    c.sign(new, "tokyo")  # for its own one: no more than a mistake, and the node stays what it is
    s.process.send_signal(signal.SIGHUP)
    assert s.ask("incr n").startswith("ok 1") and s.status()["id"] == own
    said = s.quit()[1]
    assert "sign its key for the old one" in said and "read again" not in said, said
    code, _, said = run(weft, "cert", "sign", c.file, new + ".pub", "--name", "x", "--replica", "tokyo")
    assert code == 1 and "32 hexadecimal digits" in said, said


def test_the_list_says_which_replica(weft, folder):
    c = Cluster(weft, folder)
    key, public = c.key("tokyo")
    own = "0123456789abcdef" * 2
    c.add(f"allow {public} {own}")
    s = c.serve(key, "--quiet")
    assert s.status()["id"] == own
    s.quit()
    good = read(c.file)
    for line, words in (("allow " + "12" * 32 + " 12", "32 hexadecimal"), ("revoked 1 2", "a word and a value"),
                        ("space 12", "32 hexadecimal"), (f"space {own}\nspace {own}", "said before")):  # fmt: skip
        write(c.file, good + line + "\n")
        code, _, said = run(weft, "serve", "--cluster", c.file, "--key", key)
        assert code == 1 and words in said, (line, said)


def test_another_clusters_store_is_refused(weft, folder):
    c = Cluster(weft, folder)
    key, public = c.key("tokyo")
    c.add(f"allow {public}")
    options = ("--store", c.path("tokyo.db"), "--quiet")
    c.serve(key, *options).quit()
    good = read(c.file)
    for word in ("cluster", "space"):
        other = "ab" * 16
        write(c.file, re.sub(rf"^{word} .*$\n?", "", good, flags=re.M) + f"{word} {other}\n")
        code, _, said = run(weft, "serve", "--cluster", c.file, "--key", key, *options)
        assert code == 1 and f"of {word} " in said and other in said, said
    write(c.file, good)
    assert c.serve(key, *options).quit()[0] == 0


def test_members_link_and_others_do_not(weft, folder):
    c = Cluster(weft, folder)
    tokyo, _ = c.member("tokyo")
    dallas, number = c.member("dallas")
    stranger, public = c.key("stranger")
    a = c.serve(tokyo, "--listen", "127.0.0.1:0")
    b = c.serve(dallas, "--seed", f"127.0.0.1:{a.port}", "--quiet")
    x = c.serve(stranger, "--seed", f"127.0.0.1:{a.port}", "--quiet")
    assert a.ask("add cart milk").startswith("ok")
    reaches(b, "get cart", "ok aworset 1 milk")
    wait_until("the stranger is refused", lambda: " refused=0 " not in a.ask("status"))
    assert x.ask("get cart").startswith("error NOT_FOUND")
    c.add(f"allow {public}")
    a.process.send_signal(signal.SIGHUP)
    x.quit()
    x = c.serve(stranger, "--seed", f"127.0.0.1:{a.port}", "--quiet")
    reaches(x, "get cart", "ok aworset 1 milk")
    c.add(f"revoked {number}")
    a.process.send_signal(signal.SIGHUP)
    wait_until("its link is cut", lambda: " dialling=1 " in b.ask("status"))
    assert a.ask("add cart bread").startswith("ok")
    reaches(x, "get cart", "ok aworset 2 bread milk")
    assert b.ask("get cart") == "ok aworset 1 milk"
    for served in (b, x):
        served.quit()
    said = a.quit()[1]
    assert "dallas" in said and "revoked" in said and "not on the list" in said, said


def main():
    weft = os.path.abspath(sys.argv[1])
    for name, test in sorted(globals().items()):
        if name.startswith("test_"):
            print(name, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                test(weft, folder)


if __name__ == "__main__":
    main()
