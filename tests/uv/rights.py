#!/usr/bin/env python3
"""A policy is signed (weft rights), and replicas keep to it: who may write, pass on and read what.

usage: rights.py WEFT
"""
import os
import re
import sys
import tempfile

from keys import Cluster, make, read, run, value, write


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
        ("grant tokyo fly", '"fly" is no right'),
        ("grant tokyo write", "followed by the beginnings of keys"),
        ("grant tokyo", "and of something"),
        ("grant tokyo write " + "k" * 1025, "a key has at most 1024 bytes"),
        ('grant tokyo write "open', "quote"),
        ("allow tokyo", "begins with member or with grant"),
    )
    write(c.path("policy"), "member tokyo asia tokyo.pub\n" + "".join(line + "\n" for line, _ in wrong))
    code, _, said = run(weft, "rights", "sign", c.file, c.path("policy"))
    assert code == 1 and not os.path.exists(c.rights), said
    for number, (line, words) in enumerate(wrong, 2):
        found = [text for text in said.splitlines() if f"policy:{number}: " in text]
        assert len(found) == 1 and words in found[0], (line, found, said)


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
    assert code == 1 and "another authority signed" in said, said
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


def main():
    weft = os.path.abspath(sys.argv[1])
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            print(name, flush=True)
            with tempfile.TemporaryDirectory() as folder:
                test(weft, folder)


if __name__ == "__main__":
    main()
