#!/usr/bin/env python3
"""page: what a page shows of a program is what is compiled: the part of each FILE between the comments that name the
page and its end is a C block of the page.

usage: page.py PAGE FILE...
"""

import re
import sys


def main():
    path, *files = sys.argv[1:]
    with open(path, encoding="utf-8") as f:
        blocks = re.findall(r"^```c\n(.*?)^```", f.read(), re.M | re.S)
    for name in files:
        with open(name, encoding="utf-8") as f:
            part = re.search(r"^/\* docs/laws\.md \*/\n(.*?)^/\* end \*/$", f.read(), re.M | re.S)
        if part is None or part.group(1) not in blocks:
            sys.exit(f"{path}: it does not show what {name} has")


if __name__ == "__main__":
    main()
