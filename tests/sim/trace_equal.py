#!/usr/bin/env python3
"""trace_equal: the golden traces, made by gcc and clang, at -O0 and -O2.

Builds the trace test four ways in folders of its own and runs each.

usage: trace_equal.py SOURCE_ROOT GOLDEN
"""

import os
import shutil
import subprocess
import sys
import tempfile

TARGET = "tests/sim/test_sim_trace"


def run(command, env=None):
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr)
        sys.exit(f"failed: {' '.join(command)}")


def check(source, golden, compiler, level, folder):
    env = dict(os.environ, CC=compiler)
    run(["meson", "setup", folder, source, "-Duv=disabled", "-Dsqlite=disabled", "-Dtools=disabled", "-Dbench=false",
         "-Dbuildtype=plain", f"-Doptimization={level}"], env)  # fmt: skip
    run(["meson", "compile", "-C", folder, TARGET])
    run([os.path.join(folder, TARGET), golden])
    print(f"{compiler} -O{level}: the golden traces")


def main():
    source, golden = sys.argv[1:]
    for compiler in ("gcc", "clang"):
        found = shutil.which(compiler) or shutil.which(compiler + "-14")
        if found is None:
            sys.exit(77)
        for level in ("0", "2"):
            with tempfile.TemporaryDirectory(prefix="weft-trace-") as folder:
                check(source, golden, found, level, folder)


if __name__ == "__main__":
    main()
