#!/usr/bin/env python3
"""A policy is signed (weft rights), and replicas keep to it: who may write, pass on and read what.

usage: rights.py WEFT
"""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from keys import Cluster, make, read, run, value, write
from serving import converged, wait_until


class Governed(Cluster):
    """A cluster whose space has rights, or where every transaction is signed as well."""

    def __init__(self, weft, folder, kind="--rights"):
        super().__init__(weft, folder, kind)
        self.rights = self.file + ".rights"

    def policy(self, *lines):
        """Signs the next generation, and returns its number."""
        write(self.path("policy"), "".join(line + "\n" for line in lines))
        out = make(self.weft, "rights", "sign", self.file, self.path("policy"))
        return int(re.search(r"generation (\d+)", out).group(1))


# --- What is signed ------------------------------------------------------------------------------------------------


def test_policy_is_shown_as_it_was_written(weft, folder):
    c = Governed(weft, folder)
    for name in ("tokyo", "dallas"):
        c.key(name)
    lines = ["member tokyo asia tokyo.pub  # a comment", "member dallas - dallas.pub " + "ab" * 16, "",
             "grant @asia write cart/ \"a # \\x00\"", "grant dallas read relay write \"\"", "grant * read"]  # fmt: skip
    assert c.policy(*lines) == 1 and c.policy(*lines) == 2
    shown = make(weft, "rights", "show", c.rights)
    assert f"# generation 2 of space {value(c.file, 'space')}\n" in shown, shown
    assert lines[3] in shown and lines[4] in shown and lines[5] in shown, shown
    for name, region, replica in (("tokyo", "asia", value(c.path("tokyo.pub"), "replica")),
                                  ("dallas", "-", "ab" * 16)):  # fmt: skip
        signing = value(c.path(name + ".pub"), "signing")
        assert f"member {name} {region} {name}.pub {replica}  # signs with {signing}\n" in shown, shown
    # What is shown is a policy that says the same.
    write(c.path("again"), shown)
    make(weft, "rights", "sign", c.file, c.path("again"), "-o", c.path("other"), "--generation", "2")
    assert make(weft, "rights", "show", c.path("other")) == shown


def test_names_with_spaces_are_shown_as_words(weft, folder):
    c = Governed(weft, folder)
    c.key("old town")
    c.policy('member "old town" "far east" "old town.pub"', 'grant "old town" read', 'grant "@far east" write ""')
    shown = make(weft, "rights", "show", c.rights)
    write(c.path("again"), shown)
    make(weft, "rights", "sign", c.file, c.path("again"), "-o", c.path("other"))
    assert make(weft, "rights", "show", c.path("other")) == shown


def test_each_wrong_line_is_named(weft, folder):
    c = Governed(weft, folder)
    for name in ("tokyo", "dallas"):
        c.key(name)
    wrong = (
        ("member tokyo asia dallas.pub", "there is a member tokyo already"),
        ("member osaka asia tokyo.pub", "this is the replica of tokyo"),
        ("member osaka asia none.pub", "a public key's file"),
        ("member osaka asia", "a member has a name, a region"),
        ("member osaka asia dallas.pub 12", "32 hexadecimal digits"),
        ("member @osaka asia dallas.pub", "does not begin with @"),
        ("grant osaka read", "there is no member osaka"),
        ("grant @europe read", "no member is in the region europe"),
        ("grant @ read", "no member is in the region"),
        ("grant tokyo fly", '"fly" is no right'),
        ("grant tokyo write", "followed by the beginnings of keys"),
        ("grant tokyo", "and of something"),
        ("grant tokyo write " + "k" * 1025, "a key has at most 1024 bytes"),
        ('grant tokyo write "open', "quote"),
        ("allow tokyo", "begins with member or with grant"),
    )
    c.key("paris")
    good = ("member tokyo asia tokyo.pub", "member paris - paris.pub")
    write(c.path("policy"), "".join(line + "\n" for line in (*good, *(line for line, _ in wrong))))
    code, _, said = run(weft, "rights", "sign", c.file, c.path("policy"))
    assert code == 1 and not os.path.exists(c.rights), said
    for number, (line, words) in enumerate(wrong, 3):
        found = [text for text in said.splitlines() if f"policy:{number}: " in text]
        assert len(found) == 1 and words in found[0], (line, found, said)


def test_a_right_after_write_is_doubted(weft, folder):
    c = Governed(weft, folder)
    c.key("tokyo")
    write(c.path("policy"), "member tokyo - tokyo.pub\ngrant * read write reading\ngrant * write cart/ relay\n")
    code, _, said = run(weft, "rights", "sign", c.file, c.path("policy"))
    assert code == 0 and "policy:3: \"relay\" after write" in said and "policy:2" not in said, said


def test_authority_is_the_one_that_is_due(weft, folder):
    c = Governed(weft, folder)
    c.key("tokyo")
    policy = ("member tokyo asia tokyo.pub", "grant * read")
    sign = ("rights", "sign", c.file, c.path("policy"))
    c.policy(*policy)
    first = read(c.file + ".authority")
    make(weft, "cluster", "authority", c.file)
    assert os.stat(c.file + ".authority.next").st_mode & 0o777 == 0o600
    second = read(c.file + ".authority.next")
    write(c.file + ".authority", second)
    code, _, said = run(weft, *sign)
    assert code == 1 and "another authority signed" in said and "--hand-over" in said, said
    write(c.file + ".authority", first)
    assert "generation 2" in make(weft, *sign, "--hand-over")
    assert re.search("# from here on [0-9a-f]{64} signs", make(weft, "rights", "show", c.rights))
    code, _, said = run(weft, *sign)
    assert code == 1 and "handed over to another authority" in said, said
    os.rename(c.file + ".authority.next", c.file + ".authority")
    assert c.policy(*policy) == 3
    os.remove(c.rights)
    code, _, said = run(weft, *sign)
    assert code == 1 and "named after another authority" in said, said
    assert "generation 4" in make(weft, *sign, "--generation", "4")
    with open(c.rights, "rb") as file:
        fourth = file.read()
    for number, exit_code in (("4", 1), ("3", 1), ("0", 2), ("-1", 2), ("5x", 2), ("18446744073709551616", 2)):
        code, _, said = run(weft, *sign, "--generation", number)
        assert code == exit_code and ("already" in said or "usage" in said), (number, said)
        with open(c.rights, "rb") as file:
            assert file.read() == fourth, number


def test_what_is_no_document_is_left_alone(weft, folder):
    c = Governed(weft, folder)
    c.key("tokyo")
    c.policy("member tokyo asia tokyo.pub")
    with open(c.rights, "rb") as file:
        good = file.read()
    signature_at = len(good) - 1
    for bad, words in ((good[:-1], "no document"), (good + b"\0", "no document"), (b"", "no document"),
                       (good[:signature_at] + bytes([good[signature_at] ^ 1]), "was changed since"),
                       (b"x" * (300 << 10), "too long")):  # fmt: skip
        with open(c.rights, "wb") as file:
            file.write(bad)
        for command in (("show", c.rights), ("sign", c.file, c.path("policy"))):
            code, _, said = run(weft, "rights", *command)
            assert code == 1 and words in said, (command, said)
        with open(c.rights, "rb") as file:
            assert file.read() == bad
    plain = Cluster(weft, tempfile.mkdtemp(dir=folder))
    code, _, said = run(weft, "rights", "sign", plain.file, c.path("policy"))
    assert code == 1 and "weft cluster init --rights" in said, said
    for wrong in (("rights",), ("rights", "sign", c.file), ("rights", "show"), ("cluster", "init", "x", "--all")):
        code, _, said = run(weft, *wrong)
        assert code == 2 and "usage" in said, (wrong, said)


# --- What replicas keep to -------------------------------------------------------------------------------------------


def generation_is(number, *served):
    """They have it, and it governs what they write."""
    for s in served:
        wait_until(f"generation {number}", lambda s=s: s.status()["generation"] == str(number), 10.0)


def reaches(served, command, wanted):
    wait_until(f"{command} gives {wanted}", lambda: served.ask(command).startswith(wanted), 10.0)


def stays_away(served, command, seconds=1.5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = served.ask(command)
        assert answer.startswith("error NOT_FOUND"), (command, answer)
        time.sleep(0.1)


def denied(served, command, *words):
    answer = served.ask(command)
    assert answer.startswith("error DENIED: ") and all(word in answer for word in words), (command, answer)


def hear(served):
    served.process.send_signal(signal.SIGHUP)


MEMBERS = ("member tokyo asia tokyo.pub", "member dallas us dallas.pub")
PARIS = ("member paris eu paris.pub", "grant paris relay write news/")


def three(c):
    """tokyo - dallas - paris: all that tokyo and paris have of each other dallas must pass on."""
    keys = {name: c.member(name)[0] for name in ("tokyo", "dallas", "paris")}
    c.policy(*MEMBERS, *PARIS, "grant tokyo read relay write \"\"", "grant @us read write cart/")
    served = {}

    def serve(name, *options):
        served[name] = c.serve(keys[name], "--store", c.path(name + ".db"), "--listen", "127.0.0.1:0", *options)
        return served[name]

    return keys, serve


def test_rights_of_three(weft, folder):
    c = Governed(weft, folder)
    keys, serve = three(c)
    dallas = serve("dallas")
    denied(dallas, "add cart/1 milk", "cart/1", "generation 0")
    no_rights = "no rights are known yet"
    tokyo = serve("tokyo", "--rights", c.rights, "--seed", f"127.0.0.1:{dallas.port}")
    generation_is(1, tokyo, dallas)

    # Write: a prefix. The denied edit says which key, and by which generation; the link goes on.
    assert dallas.ask("add cart/1 milk").startswith("ok")
    denied(dallas, "set price/1 3", "price/1", "generation 1")
    assert tokyo.ask("set price/1 4").startswith("ok")
    reaches(tokyo, "get cart/1", "ok aworset 1 milk")
    reaches(dallas, "get price/1", "ok lwwreg 4")

    # Of a transaction in parts all or nothing.
    for line in ("begin", "add cart/1 bread", "set price/1 5"):
        assert dallas.ask(line).startswith("ok"), line
    denied(dallas, "commit", "price/1")
    assert dallas.ask("get cart/1") == "ok aworset 1 milk"

    # Relay: paris is heard by dallas, which may not pass it on. Read: paris hears nothing, and so has no other way to
    # get the policy. What dallas writes from now on has seen paris, and waits at tokyo until that has come.
    paris = serve("paris", "--rights", c.rights, "--seed", f"127.0.0.1:{dallas.port}")
    generation_is(1, paris)
    denied(paris, "set cart/1 x", "cart/1", "generation 1")
    assert paris.ask("set news/1 hello").startswith("ok")
    reaches(dallas, "get news/1", "ok lwwreg hello")
    assert dallas.ask("add cart/2 ham").startswith("ok")
    stays_away(tokyo, "get news/1")
    stays_away(tokyo, "get cart/2", 0.1)
    stays_away(paris, "get cart/1", 0.1)
    rights = [s.status() for s in (tokyo, dallas, paris)]
    assert [(r["rights"], r["write"]) for r in rights] == [("read+relay", "*"), ("read", "cart/"), ("relay", "news/")]
    peers = dict(peer.split(":", 2)[1:] for peer in rights[1]["peers"].split(","))
    assert sorted(peers) == ["read+relay+vouch", "relay+vouch"], rights[1]
    assert "tokyo" in peers["read+relay+vouch"] and "paris" in peers["relay+vouch"], peers

    # Another policy, at tokyo alone: what was denied is allowed, what was kept back is passed on. Who may not read is
    # told by nobody that it may now.
    assert c.policy(*MEMBERS, *PARIS, 'grant * read relay', 'grant tokyo write ""', 'grant @us write cart/ price/') == 2
    hear(tokyo)
    generation_is(2, tokyo, dallas)
    hear(paris)
    generation_is(2, paris)
    assert dallas.ask("set price/1 6").startswith("ok")
    reaches(tokyo, "get price/1", "ok lwwreg 6")
    reaches(tokyo, "get news/1", "ok lwwreg hello")
    reaches(tokyo, "get cart/2", "ok aworset 1 ham")
    reaches(paris, "get cart/1", "ok aworset 1 milk")
    said = []
    for s in (tokyo, dallas, paris):
        assert s.status()["voids"] == "0"
        said.append(no_rights in s.quit()[1])
    assert said == [False, True, False], said
    assert converge(c, keys)


def converge(c, keys):
    served = [c.serve(keys["dallas"], "--store", c.path("dallas.db"), "--listen", "127.0.0.1:0", "--quiet")]
    for name in ("tokyo", "paris"):
        served.append(c.serve(keys[name], "--store", c.path(name + ".db"), "--seed", f"127.0.0.1:{served[0].port}"))
    wait_until("all are equal", lambda: converged(*served))
    return all(s.quit()[0] == 0 for s in served)


def test_a_revoked_replica_is_cut_off(weft, folder):
    c = Governed(weft, folder)
    _, serve = three(c)
    tokyo = serve("tokyo", "--rights", c.rights)
    dallas = serve("dallas", "--seed", f"127.0.0.1:{tokyo.port}")
    paris = serve("paris", "--rights", c.rights, "--seed", f"127.0.0.1:{tokyo.port}", "--seed",
                  f"127.0.0.1:{dallas.port}")  # fmt: skip
    generation_is(1, tokyo, dallas, paris)
    assert paris.ask("set news/1 hello").startswith("ok")
    for s in (tokyo, dallas):
        reaches(s, "get news/1", "ok lwwreg hello")
    wait_until("paris has both links", lambda: paris.status()["dialling"] == "0")
    c.policy(*MEMBERS, 'grant * read relay', 'grant tokyo write ""', 'grant dallas write cart/')
    hear(tokyo)
    wait_until("its links are cut", lambda: paris.status()["dialling"] == "2", 5.0)
    assert paris.ask("set news/2 bye").startswith("ok")  # it does not know
    assert dallas.ask("add cart/1 milk").startswith("ok")
    reaches(tokyo, "get cart/1", "ok aworset 1 milk")
    for s in (tokyo, dallas):
        stays_away(s, "get news/2")
        assert s.ask("get news/1").startswith("ok lwwreg hello")  # what was before stays
    paris.quit()
    for s in (tokyo, dallas):
        said = s.quit()[1]
        refused = [line for line in said.splitlines() if ": refused DENIED: " in line and "paris, key" in line]
        assert refused, said


def test_what_is_no_news_is_told(weft, folder):
    """At a HUP whoever sent it waits for an answer: of an old document, of one that is another space's, of a key that
    lost its certificate."""
    c = Governed(weft, folder)
    keys, serve = three(c)
    other = Governed(weft, tempfile.mkdtemp(dir=folder))
    other.key("tokyo")
    assert [other.policy("member tokyo asia tokyo.pub") for _ in range(3)] == [1, 2, 3]
    tokyo = serve("tokyo", "--rights", c.rights)
    generation_is(1, tokyo)
    for change, words in (
        (lambda: None, "generation 1 of the rights is not newer than what is known here"),
        (lambda: shutil.copy(other.rights, c.rights), f"{c.rights}: is of another space"),
        (lambda: os.remove(keys["tokyo"] + ".cert"), "there is no own certificate"),
    ):
        change()
        hear(tokyo)
        said = b""
        while words.encode() not in said:
            more = os.read(tokyo.process.stderr.fileno(), 65536)
            assert more, (words, said)
            said += more
    assert tokyo.status()["generation"] == "1" and tokyo.quit()[0] == 0


def test_a_hangup_at_the_start_waits(weft, folder):
    c = Governed(weft, folder)
    keys, _ = three(c)
    pipe = c.path("pipe")
    os.mkfifo(pipe)
    process = subprocess.Popen([weft, "serve", "--cluster", c.file, "--key", keys["tokyo"], "--rights", pipe],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
    with open(c.rights, "rb") as file:
        document = file.read()
    with open(pipe, "wb") as file:  # it is at its beginning, and reads
        process.send_signal(signal.SIGHUP)
        file.write(document)
    assert process.stdout.readline().startswith(b"ready ")
    with open(pipe, "wb") as file:  # for the signal
        file.write(document)
    said = process.communicate(timeout=20)[1].decode()
    assert process.returncode == 0 and "the identity was read again" in said, said


def test_authority_is_handed_over(weft, folder):
    c = Governed(weft, folder)
    _, serve = three(c)
    tokyo = serve("tokyo", "--rights", c.rights)
    policy = (*MEMBERS, 'grant * read relay write ""')
    make(weft, "cluster", "authority", c.file)
    write(c.path("policy"), "".join(line + "\n" for line in policy))
    make(weft, "rights", "sign", c.file, c.path("policy"), "--hand-over")
    os.rename(c.file + ".authority.next", c.file + ".authority")
    assert c.policy(*policy) == 3
    second = c.rights + ".2"  # nobody could sign it again

    # The third comes before the second, which says who may sign it, and waits.
    shutil.copy(c.rights, c.path("third"))
    hear(tokyo)
    assert tokyo.ask("get x").startswith("error NOT_FOUND") and tokyo.status()["generation"] == "1"
    dallas = serve("dallas", "--rights", second, "--seed", f"127.0.0.1:{tokyo.port}")
    generation_is(3, tokyo, dallas)
    assert dallas.ask("set x 1").startswith("ok")
    reaches(tokyo, "get x", "ok lwwreg 1")
    dallas.quit()
    said = tokyo.quit()[1]
    assert "DENIED: generation 3 of the rights is not taken" in said, said


def test_a_new_key_is_the_same_replica(weft, folder):
    c = Governed(weft, folder)
    keys, serve = three(c)
    tokyo = serve("tokyo", "--rights", c.rights)
    dallas = serve("dallas", "--seed", f"127.0.0.1:{tokyo.port}")
    generation_is(1, dallas)
    own = dallas.status()["id"]
    assert dallas.ask("add cart/1 milk").startswith("ok")
    reaches(tokyo, "get cart/1", "ok aworset 1 milk")
    new, _ = c.key("dallas-2")
    c.sign(new, "dallas", "--replica", own)
    for end in ("", ".pub", ".cert"):
        os.replace(new + end, keys["dallas"] + end)
    hear(dallas)
    tokyo.quit()
    tokyo = c.serve(keys["tokyo"], "--store", c.path("tokyo.db"), "--seed", f"127.0.0.1:{dallas.port}")
    assert dallas.status()["id"] == own and dallas.ask("add cart/1 bread").startswith("ok")
    reaches(tokyo, "get cart/1", "ok aworset 2 bread milk")
    for s in (tokyo, dallas):
        s.quit()


def test_signed_space(weft, folder):
    """Each replica needs the document, which says whose signatures are good; a new key needs a new one."""
    c = Governed(weft, folder, "--signed")
    keys, serve = three(c)
    members = ("member tokyo asia tokyo.pub", "member paris eu paris.pub", 'grant * read relay write ""')
    assert c.policy("member dallas us dallas.pub", *members) == 2
    dallas = serve("dallas", "--rights", c.rights)
    tokyo = serve("tokyo", "--rights", c.rights, "--seed", f"127.0.0.1:{dallas.port}")
    paris = serve("paris", "--rights", c.rights, "--seed", f"127.0.0.1:{dallas.port}")
    generation_is(2, tokyo, dallas, paris)
    for s, word in ((tokyo, "milk"), (dallas, "bread"), (paris, "jam")):
        assert s.ask(f"add cart {word}").startswith("ok")
    for s in (tokyo, dallas, paris):
        reaches(s, "get cart", "ok aworset 3 bread jam milk")
    own = dallas.status()["id"]
    new, _ = c.key("dallas-2")
    c.sign(new, "dallas", "--replica", own)
    c.policy(f"member dallas us dallas-2.pub {own}", *members)
    hear(tokyo)
    generation_is(3, tokyo, dallas, paris)
    dallas.quit()
    keys["dallas"] = new
    dallas = serve("dallas", "--rights", c.rights, "--seed", f"127.0.0.1:{tokyo.port}")
    assert dallas.ask("add cart ham").startswith("ok")
    reaches(tokyo, "get cart", "ok aworset 4 bread ham jam milk")
    for s in (tokyo, dallas, paris):
        assert s.status()["voids"] == "0" and s.quit()[0] == 0


def main():
    weft = os.path.abspath(sys.argv[1])
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            print(name, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                test(weft, folder)


if __name__ == "__main__":
    main()
