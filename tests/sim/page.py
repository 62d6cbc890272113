#!/usr/bin/env python3
"""page: what weft sim explain writes: lines that say why, and a page that stands alone.

usage: page.py WEFT SIMULATOR.md
       page.py --browser CHROMIUM|none WEFT
"""

import os
import re
import stat
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

FAILS = """# weft schedule
replicas 3
within_ns 3s
region <b>&'" 1000 9000
region ]]> 9000 1000
place <b>&'" ]]>
1s txn 0 s/0+7 g/0+5
1.5s cut 0,1 2
2s step 2 -700ms
3s txn 1 s/0-7
4s crash 1
5s restart 1
6s txn 2 ormap/0:5 lease/1:9 r/0=4
"""

HELD = ["--replicas", "4", "--duration", "20s", "--partition", "2s..9s", "--crash", "3", "--step", "2"]
HELD += ["--types", "all"]


def expect(condition, what):
    if not condition:
        sys.exit(f"not so: {what}")


def explain(weft, *arguments, code=0):
    done = subprocess.run([weft, "sim", "explain", *arguments], capture_output=True, text=True)
    expect(done.returncode == code, f"exit {code} of {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout, done.stderr


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def page_of(weft, folder, name, *arguments, code=0):
    path = os.path.join(folder, name)
    explain(weft, *arguments, "--html", path, code=code)
    expect(not os.path.exists(path + ".part"), "nothing is left beside the page")
    return read(path).decode("utf-8")


# A browser reads more than XML allows; this must be both.
def parse(page):
    body = page.removeprefix("<!DOCTYPE html>\n")
    expect(body != page, "it says that it is HTML")
    outside = re.sub(r"<(style|script)>.*?</\1>", r"<\1/>", body, flags=re.S)
    return ElementTree.fromstring(outside)


def check_alone(page):
    for found in re.findall(r"(?:src|href|action|data|poster)=", page):
        expect(False, f"nothing is referred to: {found}")
    for found in re.findall(r"url\(([^)]*)\)", page):
        expect(found.startswith("#"), f"nothing is fetched: {found}")
    for word in ("http:", "https:", "@import", "<link", "<iframe", "<object", "<img", "fetch(", "XMLHttp", "eval("):
        expect(word not in page, word)


def check_ids(tree, page):
    ids = [e.get("id") for e in tree.iter() if e.get("id")]
    expect(len(ids) == len(set(ids)), "an id is there once")
    for used in re.findall(r"url\(#([^)]*)\)", page):
        expect(used in ids, f"what is drawn with is there: {used}")


def check_text(tree, *parts):
    text = "".join(tree.itertext())
    for part in parts:
        expect(part in text, f"the page says: {part}")


def check_pages(weft, folder):
    schedule = write(folder, "a<b&c>.schedule", FAILS)
    page = page_of(weft, folder, "fails.html", schedule, code=1)
    tree = parse(page)
    check_alone(page)
    check_ids(tree, page)
    check_text(tree, "did not converge", "a<b&c>.schedule", "<b>&'\"", "]]>", "Why #2 is missing at replica 2",
               "lost: the way there was cut", "1500ms cut 0,1 2", "it shows", "not seen", "invariant 4", "Divergence",
               "Behind, in transactions", "Wall clock minus true time", "Stamps ahead", "Bytes sent")  # fmt: skip
    expect("<b>&" not in page and "<b>" not in page, "what a run contains is not markup")
    expect(page == page_of(weft, folder, "again.html", schedule, code=1), "the same run, the same page")
    page = page_of(weft, folder, "held.html", *HELD)
    tree = parse(page)
    check_alone(page)
    check_ids(tree, page)
    check_text(tree, "Every check held", "How long transactions took", "things are left out", "here the run ends")
    expect(len(page) < 1_000_000, f"a page of {len(page)} bytes")


# There whole or not at all.
def check_files(weft, folder):
    schedule = write(folder, "fails.schedule", FAILS)
    absent = os.path.join(folder, "absent", "x.html")
    _, error = explain(weft, schedule, "--html", absent, code=2)
    expect(absent in error and not os.path.exists(absent), "a page that cannot be written")
    standing = os.path.join(folder, "standing")
    os.mkdir(standing)
    explain(weft, schedule, "--html", standing, code=2)
    expect(os.listdir(standing) == [] and not os.path.exists(standing + ".part"), "a page that cannot take its place")
    pipe = os.path.join(folder, "pipe")
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        explain(weft, schedule, "--html", pipe, code=1)
        expect(reader.stdout.read().startswith(b"<!DOCTYPE html>"), "a page into a pipe")
    expect(stat.S_ISFIFO(os.stat(pipe).st_mode), "which is still there")
    _, error = explain(weft, schedule, "--html", code=2)
    expect("--html needs a value" in error, error)
    explain(weft, os.path.join(folder, "nothing"), code=2)
    usage, _ = explain(weft, "--help")
    expect("--html PATH" in usage, "the help")


# The documentation's example: its schedule, run; each line that it shows is said, in that order.
def check_example(weft, folder, document):
    text = read(document).decode("utf-8")
    section = text[text.index("\n## When it fails\n") :]
    section = section[: section.index("\n## ", 1)]
    indented = re.findall(r"(?:^    .*\n|^\n(?=    ))+", section, re.M)
    blocks = ["\n".join(line[4:] for line in block.splitlines()) for block in indented]
    schedule = next(b for b in blocks if "# weft schedule" in b)
    shown = next(b for b in blocks if "Not converged" in b)
    said, _ = explain(weft, write(folder, "cart.schedule", schedule.strip() + "\n"), code=1)
    at = 0
    for line in shown.strip("\n").splitlines():
        if line.strip() in ("", "..."):
            continue
        found = said.find(line.strip(), at)
        expect(found >= 0, f"{document} shows what is said: {line}\n{said}")
        at = found + len(line.strip())


# In a real browser: it has the size of its pictures, nothing is fetched, and it prints.
def check_browser(chromium, weft, folder):
    page = os.path.join(folder, "page.html")
    explain(weft, *HELD, "--html", page)
    shot, printed = os.path.join(folder, "page.png"), os.path.join(folder, "page.pdf")
    browser = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    browser.append(f"--user-data-dir={folder}/profile")

    def see(*arguments):
        command = [*browser, *arguments, "file://" + page]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout

    see("--window-size=1200,3000", f"--screenshot={shot}")
    see(f"--print-to-pdf={printed}")
    dump = see("--dump-dom")
    expect(read(shot).startswith(b"\x89PNG") and len(read(shot)) > 50_000, "there is a picture")
    pages = len(re.findall(rb"/Type\s*/Page\b", read(printed)))
    expect(3 <= pages <= 40, f"{pages} sheets of paper")
    with open(page, encoding="utf-8") as f:
        written = f.read()
    for tag in ("<svg", "<path", "<circle", "<tr", "<section"):
        expect(dump.count(tag) == written.count(tag), f"the browser sees as many {tag} as were written")


def main():
    with tempfile.TemporaryDirectory(prefix="weft-page-") as folder:
        if sys.argv[1] == "--browser" and sys.argv[2] == "none":
            print("no chromium here: the page was not looked at in a browser")
            sys.exit(77)
        if sys.argv[1] == "--browser":
            check_browser(sys.argv[2], sys.argv[3], folder)
            return
        check_pages(sys.argv[1], folder)
        check_files(sys.argv[1], folder)
        check_example(sys.argv[1], folder, sys.argv[2])


if __name__ == "__main__":
    main()
