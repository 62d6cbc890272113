#!/usr/bin/env python3
"""purity: floors 2 to 5 ask the outside world for memory and nothing else.

Every undefined symbol of a floor's static library is either on the short list below or defined by that floor or one
below it. And no floor has a variable that outlives a call: nothing in .data, .bss or their thread-local kin.

usage: purity.py --self-test | purity.py [--nm NM] [--objdump OBJDUMP] LIB... (lowest floor first)
"""

import argparse
import os
import re
import subprocess
import sys

import tree

ALLOWED = re.compile(
    r"^(?:"
    r"malloc|calloc|realloc|free"
    r"|mem(?:cpy|move|set|cmp|chr)|bcmp"
    r"|str(?:len|nlen|cmp|ncmp|chr|rchr)"
    r"|v?snprintf"
    r"|qsort"  # where no two items compare equal, its order is the only one
    r"|abort|__assert_fail|__stack_chk_fail"
    r"|__(?:mem|str)\w+_chk|__v?snprintf_chk"  # the same functions under _FORTIFY_SOURCE
    r"|_GLOBAL_OFFSET_TABLE_"
    r"|protobuf_c_\w+"
    r"|crypto_generichash_blake2b\w*|crypto_shorthash_siphashx?24"
    r"|crypto_sign_(?:verify_)?detached|crypto_sign_seed_keypair"  # Ed25519 draws no random number
    r")$"
)
MUTABLE = re.compile(
    r"^[0-9a-f]+ .{7} (\.(?:data|bss|tdata|tbss)(?:\.(?!rel\.ro)\S*)?)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$"
)


def parse_nm(text):
    """(defined, undefined) names of `nm --format=posix`."""
    defined, undefined = set(), set()
    for line in text.splitlines():
        fields = line.split()
        if len(fields) < 2 or line.endswith(":"):
            continue
        (undefined if fields[1] in "Uwv" else defined).add(fields[0])
    return defined, undefined


def check_symbols(floors):
    """floors: (name, nm text), lowest first."""
    below, complaints = set(), []
    for name, text in floors:
        defined, undefined = parse_nm(text)
        below |= defined
        for symbol in sorted(undefined - below):
            if not ALLOWED.match(symbol):
                complaints.append(f"{name}: asks for {symbol}")
    return complaints


def check_variables(name, text):
    """text: `objdump -t` of the library."""
    complaints = []
    for line in text.splitlines():
        match = MUTABLE.match(line)
        if match and int(match.group(2), 16) > 0:
            complaints.append(f"{name}: {match.group(3)} is a variable of the whole program ({match.group(1)})")
    return complaints


def self_test():
    base = ("base", "weft_buf_init T 0 10\nrealloc U\nmemcpy U\n")
    tree.expect("memory and own symbols", check_symbols([base, ("clock", "weft_buf_init U\nx T 0 1\n")]), None)
    tree.expect("the time", check_symbols([base, ("clock", "time U\n")]), "clock: asks for time")
    tree.expect("chance", check_symbols([("base", "getrandom U\n")]), "asks for getrandom")
    tree.expect("stdio", check_symbols([("base", "fprintf U\nstderr U\n")]), "asks for fprintf")
    tree.expect("weak does not excuse", check_symbols([("base", "pthread_create w\n")]), "pthread_create")
    upwards = [("base", "weft_x U\n"), ("crdt", "weft_x T 0 1\n")]
    tree.expect("up the stairs", check_symbols(upwards), "base: asks for weft_x")
    head = "0000000000000000 l     O "
    per_thread = "0000000000000000 l       .tbss\t0000000000000004 t"
    tree.expect("counter", check_variables("base", head + ".bss\t0000000000000004 calls"), "calls is a variable")
    tree.expect("named section", check_variables("base", head + ".data.x\t0000000000000004 x"), "x is a variable")
    tree.expect("per thread", check_variables("base", per_thread), "t is a variable")
    tree.expect("constant table", check_variables("base", head + ".data.rel.ro.local\t0000000000000040 table"), None)
    tree.expect("section symbol", check_variables("base", "0000000000000000 l    d  .bss\t0000000000000000 .bss"), None)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    parser = argparse.ArgumentParser()
    parser.add_argument("--nm", default="nm")
    parser.add_argument("--objdump", default="objdump")
    parser.add_argument("libs", nargs="+")
    args = parser.parse_args()
    names = [os.path.basename(lib) for lib in args.libs]
    complaints = check_symbols([(n, run(args.nm, "--format=posix", lib)) for n, lib in zip(names, args.libs)])
    for name, lib in zip(names, args.libs):
        complaints += check_variables(name, run(args.objdump, "-t", lib))
    return tree.finish("purity", complaints)


if __name__ == "__main__":
    main()
