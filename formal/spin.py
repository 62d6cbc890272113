#!/usr/bin/env python3
"""spin: explores a model exhaustively and expects it to hold, or, for its mutants, to fail.

usage: spin.py CC FOLDER MODEL.pml [-DNAME=VALUE ...] [--fails]
exits with 1 when the model is not as wanted or the search was not complete, with 77 when there is no spin
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile


def explore(cc, model, defines):
    """(errors, whether all was seen, number of states)"""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["spin", "-a", *defines, model], cwd=work, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*cc, "-O2", "-w", "-DSAFETY", "-DMEMLIM=3000", "-o", "pan", "pan.c"], cwd=work, check=True)
        report = subprocess.run(["./pan", "-m200000", "-w22"], cwd=work, capture_output=True, text=True).stdout
    errors = int(re.search(r"errors: (\d+)", report).group(1))
    complete = "Search not completed" not in report and "max search depth too small" not in report
    return errors, complete, int(float(re.search(r"([\d.e+]+) states, stored", report).group(1)))


def main():
    cc, model = sys.argv[1].split(), os.path.abspath(os.path.join(sys.argv[2], sys.argv[3]))
    defines = [argument for argument in sys.argv[4:] if argument.startswith("-D")]
    fails = "--fails" in sys.argv
    if shutil.which("spin") is None:
        print("skipped: spin is not installed")
        return 77
    errors, complete, states = explore(cc, model, defines)
    print(f"{os.path.basename(model)} {' '.join(defines)}: {states} states, {errors} errors")
    if fails:
        return 0 if errors > 0 else 1
    if not complete:
        print("the search was not complete")
    return 0 if errors == 0 and complete else 1


if __name__ == "__main__":
    sys.exit(main())
