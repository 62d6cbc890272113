#!/usr/bin/env python3
"""word: the arithmetic of clock/hlc.c, proved for all 64-bit words by z3.

Each obligation is a formula whose negation z3 must find unsatisfiable. Each control is a mistake of some clock in the
field, and z3 must find the counterexample: a proof that cannot fail proves nothing.

usage: word.py        exits with 1 when one is not as wanted, with 77 when there is no z3
"""

import shutil
import subprocess
import sys

TOP = 0xFFFFFFFF00000000
DRIFT_MAX = 60 << 32


def word(n, bits=64):
    return f"(_ bv{n} {bits})"


ONE, LOGICAL, FULL = word(1), word(0xFFFF), word(TOP - 1)
NOW = "(ite (bvugt phys last) phys (bvadd last (_ bv1 64)))"
OBSERVED = "(ite (bvugt remote last) remote last)"
AHEAD = "(and (bvugt remote phys) (bvugt (bvsub remote phys) drift))"
# what weft_hlc_now demands, and a remote word after which there is still another
IN_RANGE = f"(and (bvult last {FULL}) (bvult phys {word(TOP)}))"
IN_RANGE_REMOTE = f"(bvult remote {FULL})"


# The two divisions are linear over the integers once their quotients have names: f encodes a, n decodes f, g encodes n.
def encodes(nsec, fraction):
    """weft_hlc_from_timespec: fraction = floor(nsec * 2^16 / 10^9)"""
    scaled = f"(* 65536 {nsec})"
    return f"(and (<= (* 1000000000 {fraction}) {scaled}) (< {scaled} (* 1000000000 (+ {fraction} 1))))"


def decodes(fraction, nsec):
    """weft_hlc_to_timespec: nsec = ceil(fraction * 10^9 / 2^16)"""
    scaled = f"(* 1000000000 {fraction})"
    return f"(and (< (* 65536 (- {nsec} 1)) {scaled}) (<= {scaled} (* 65536 {nsec})))"


def decodes_down(fraction, nsec):
    scaled = f"(* 1000000000 {fraction})"
    return f"(and (<= (* 65536 {nsec}) {scaled}) (< {scaled} (* 65536 (+ {nsec} 1))))"


NSEC = "(and (<= 0 a) (< a 1000000000))"
FRACTION = "(and (<= 0 f) (< f 65536))"

# name: (assumptions, claim)
OBLIGATIONS = {
    "now is greater than last": ([IN_RANGE], f"(bvugt {NOW} last)"),
    "now is not below the physical clock": ([IN_RANGE], f"(bvuge {NOW} phys)"),
    "now stays below the top": ([IN_RANGE], f"(bvult {NOW} {word(TOP)})"),
    "observing is a maximum": ([], f"(and (bvuge {OBSERVED} remote) (bvuge {OBSERVED} last))"),
    "now after observing is greater than both": (
        [IN_RANGE, IN_RANGE_REMOTE, f"(= seen {OBSERVED})"],
        "(let ((next (ite (bvugt phys seen) phys (bvadd seen (_ bv1 64)))))"
        " (and (bvugt next remote) (bvugt next last)))",
    ),
    "what is accepted is within the drift bound": (
        ["(bvuge (bvadd phys drift) phys)", f"(not {AHEAD})"],
        "(bvule remote (bvadd phys drift))",
    ),
    "what is refused is beyond it": (
        ["(bvuge (bvadd phys drift) phys)", AHEAD],
        "(bvugt remote (bvadd phys drift))",
    ),
    "accepted words keep last within the bound": (
        [f"(not {AHEAD})", "(bvuge most phys)", "(bvuge (bvadd most drift) most)", "(bvule last (bvadd most drift))"],
        f"(bvule {OBSERVED} (bvadd most drift))",
    ),
    "a restart at the durable bound is above all that was issued": (
        [IN_RANGE, "(bvule issued last)"],
        f"(bvugt {NOW} issued)",
    ),
    "order is that of physical part, then logical": (
        [],
        "(= (bvult last remote) (or (bvult (bvlshr last (_ bv16 64)) (bvlshr remote (_ bv16 64)))"
        " (and (= (bvlshr last (_ bv16 64)) (bvlshr remote (_ bv16 64)))"
        f" (bvult (bvand last {LOGICAL}) (bvand remote {LOGICAL})))))",
    ),
    "a full logical part carries": (
        [IN_RANGE, f"(= (bvand last {LOGICAL}) {LOGICAL})", f"(= next (bvadd last {ONE}))"],
        f"(and (= (bvlshr next (_ bv16 64)) (bvadd (bvlshr last (_ bv16 64)) {ONE}))"
        f" (= (bvand next {LOGICAL}) {word(0)}))",
    ),
    "scaling nanoseconds loses no bit": (
        [f"(bvult a {word(10**9)})"],
        "(= (bvlshr (bvshl a (_ bv16 64)) (_ bv16 64)) a)",
    ),
}

CONVERSIONS = {
    "a fraction fits 16 bits": ([NSEC, encodes("a", "f")], FRACTION),
    "conversion is monotone": ([NSEC, encodes("a", "f"), "(<= a n)", encodes("n", "g")], "(<= f g)"),
    "what is decoded is a nanosecond": ([FRACTION, decodes("f", "a")], NSEC),
    "less than a tick is lost, and nothing gained": (
        [NSEC, encodes("a", "f"), decodes("f", "n")],
        "(and (<= n a) (< (* 65536 (- a n)) 1000000000))",
    ),
    "what is decoded encodes to where it came from": ([FRACTION, decodes("f", "n"), encodes("n", "g")], "(= f g)"),
}

CONTROLS = {
    "without the guard at the top, now wraps": ([], f"(bvugt {NOW} last)"),
    "a signed difference accepts any word once the clock is before 1970 (CockroachDB's form)": (
        [f"(bvule drift {word(DRIFT_MAX)})", "(bvslt phys (_ bv0 64))", "(bvsle (bvsub remote phys) drift)"],
        "(bvsle remote drift)",
    ),
    "a sum with the drift wraps, and refuses even the past": (
        [f"(bvule drift {word(DRIFT_MAX)})", "(bvule remote phys)"],
        "(bvule remote (bvadd phys drift))",
    ),
    "a logical part that is or-ed in goes back when it is full": (
        [f"(bvule a {LOGICAL})", f"(bvult last {word(2**48 - 1)})"],
        f"(bvugt (bvor (bvshl last (_ bv16 64)) (bvadd a {ONE})) (bvor (bvshl last (_ bv16 64)) a))",
    ),
}

CONVERSION_CONTROLS = {
    "decoding that rounds down encodes to the tick before": (
        [FRACTION, decodes_down("f", "n"), encodes("n", "g")],
        "(= f g)",
    ),
}

WORDS = "(set-logic QF_BV)", "(_ BitVec 64)", ("last", "phys", "remote", "drift", "most", "issued", "seen", "next", "a")
INTEGERS = "(set-logic QF_LIA)", "Int", ("a", "f", "n", "g")


def counterexample_exists(theory, assumptions, claim):
    logic, sort, variables = theory
    lines = [logic]
    lines += [f"(declare-const {name} {sort})" for name in variables]
    lines += [f"(assert {assumption})" for assumption in assumptions]
    lines += [f"(assert (not {claim}))", "(check-sat)"]
    run = subprocess.run(["z3", "-T:60", "-in"], input="\n".join(lines), capture_output=True, text=True)
    answer = run.stdout.strip()
    if answer not in ("sat", "unsat"):
        raise SystemExit(f"z3 says {answer!r} to\n" + "\n".join(lines))
    return answer == "sat"


def main():
    if shutil.which("z3") is None:
        print("skipped: z3 is not installed")
        return 77
    wrong = 0
    for theory, names, wanted in (
        (WORDS, OBLIGATIONS, False),
        (INTEGERS, CONVERSIONS, False),
        (WORDS, CONTROLS, True),
        (INTEGERS, CONVERSION_CONTROLS, True),
    ):
        for name, (assumptions, claim) in names.items():
            as_wanted = counterexample_exists(theory, assumptions, claim) == wanted
            wrong += not as_wanted
            print("ok " if as_wanted else "BAD", "refuted:" if wanted else "proved: ", name, flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
