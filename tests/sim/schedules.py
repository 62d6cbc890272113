#!/usr/bin/env python3
"""schedules: what failed once, made small, holds now. Each file of schedules/ says in its second line what it was.

usage: schedules.py WEFT FOLDER
"""

import os
import subprocess
import sys


def main():
    weft, folder = sys.argv[1:]
    failed = 0
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        with open(path, encoding="utf-8") as f:
            head = [f.readline(), f.readline()]
        if not head[1].startswith("# "):
            sys.exit(f"{name}: its second line does not say what it was")
        result = subprocess.run([weft, "sim", path], capture_output=True, text=True, timeout=100)
        if result.returncode != 0:
            failed += 1
            print(f"{name}: {head[1].strip()}\n{result.stdout}{result.stderr}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
