#!/usr/bin/env python3
"""code: a counterexample that was written as C code, compiled: it fails as the history did that it was written from.

usage: code.py BROKEN WHOLE
"""

import subprocess
import sys


def run(program, code):
    done = subprocess.run([program], capture_output=True, text=True)
    if done.returncode != code:
        sys.exit(f"{program}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    broken, whole = sys.argv[1:]
    shown = run(broken, 1)
    for text in ('value\nset breaks the law "value"', "remove x", "should be {"):
        if text not in shown:
            sys.exit(f"not shown: {text}\n{shown}")
    run(whole, 0)


if __name__ == "__main__":
    main()
