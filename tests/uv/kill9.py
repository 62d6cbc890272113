#!/usr/bin/env python3
"""kill9: SIGKILL at random moments, on the real driver and the real store.

Each round a served replica writes transactions (a counter and a set element each) as fast as it can and is killed.
Then its store is opened alone, and must hold: every transaction that was answered ok; a prefix of those that were
sent, whole ones only; everything that its peer has heard of (nothing is said before it is recorded). No (origin,
number) is ever answered twice, and each opening has an epoch of its own. In the end both replicas are equal, and the
recording of all these lives is replayed to the same state.

usage: kill9.py WEFT [--rounds N] [--seed N]
"""

import argparse
import os
import random
import subprocess
import tempfile
import time

from serving import Serve, converged, wait_until


def elements(served):
    answer = served.ask("get log")
    if answer.startswith("error NOT_FOUND"):
        return set()
    kind, size, *names = answer.split()[1:]
    assert kind == "aworset" and int(size) == len(names), answer
    return set(names)


def counter(served):
    answer = served.ask("get count")
    return 0 if answer.startswith("error NOT_FOUND") else int(answer.split()[2])


class Round:
    def __init__(self, number):
        self.number = number
        self.sent = 0
        self.acknowledged = []  # (origin, seq) in the order of the transactions

    def name(self, i):
        return f"{self.number:04}-{i:06}"

    def send(self, served, count):
        for _ in range(count):
            served.say("begin", "incr count 1", f"add log {self.name(self.sent)}", "commit")
            self.sent += 1

    def take(self, lines):
        for line in lines:
            if line == "ok" or not line.startswith("ok"):
                assert line == "ok", line
                continue
            _, seq, _, origin = line.split()
            self.acknowledged.append((origin, int(seq)))

    def run(self, served, seconds, dice):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.sent - len(self.acknowledged) < 50:
                self.send(served, dice.randint(1, 20))
            served.pump(0.001)
            self.take(served.lines)
            served.lines = []
        served.kill()
        self.take(served.lines)


def check_store(weft, store, rounds, survivors_elements, epochs):
    """Opens the store alone. Fixes what the last round came to: what it sent and is there."""
    served = Serve(weft, "--store", store, "--quiet", name="alone")
    epochs.append(served.origin)
    there, count = elements(served), counter(served)
    last = rounds[-1]
    kept = sum(last.name(i) in there for i in range(last.sent))
    assert all(last.name(i) in there for i in range(kept)), "a hole in what was kept"
    assert kept >= len(last.acknowledged), f"{len(last.acknowledged)} answered ok, {kept} kept"
    last.kept = kept
    expected = {r.name(i) for r in rounds for i in range(r.kept)}
    assert there == expected, f"lost {sorted(expected - there)[:3]}, found {sorted(there - expected)[:3]}"
    assert count == len(there), f"{count} counted, {len(there)} in the set: a transaction was torn"
    unheard = survivors_elements - there
    assert not unheard, f"a peer heard of what was not recorded: {sorted(unheard)[:3]}"
    code, said = served.quit()
    assert code == 0, said


def check_tape(weft, tape, state, openings):
    """What was recorded over all of that is replayed to the same state."""
    done = subprocess.run([weft, "sim", "replay", tape], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{openings} openings" in done.stdout and state in done.stdout, f"{state}\n{done.stdout}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weft")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    seed = args.seed or random.SystemRandom().randrange(1, 1 << 32)
    print(f"seed {seed}")
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        store, tape = os.path.join(folder, "victim.db"), os.path.join(folder, "victim.tape")
        survivor = Serve(args.weft, "--listen", "127.0.0.1:0", "--quiet", name="survivor")
        peer = f"127.0.0.1:{survivor.port}"
        rounds, epochs = [], []
        for number in range(args.rounds):
            served = Serve(args.weft, "--store", store, "--seed", peer, "--record", tape, "--quiet", name="victim")
            epochs.append(served.origin)
            rounds.append(Round(number))
            rounds[-1].run(served, dice.uniform(0.0, 0.25), dice)
            check_store(args.weft, store, rounds, elements(survivor), epochs)
        answered = [pair for r in rounds for pair in r.acknowledged]
        assert len(set(answered)) == len(answered), "a dot was issued twice"
        assert len(set(epochs)) == len(epochs), "an epoch was used twice"
        served = Serve(args.weft, "--store", store, "--seed", peer, "--record", tape, "--quiet", name="victim")
        wait_until("both are equal", lambda: converged(served, survivor))
        total = sum(r.kept for r in rounds)
        assert counter(survivor) == total, f"{counter(survivor)} at the peer, {total} kept"
        state = served.status()["hash"]
        for s in (served, survivor):
            code, said = s.quit()
            assert code == 0, said
        check_tape(args.weft, tape, state, args.rounds + 1)
        sent = sum(r.sent for r in rounds)
        print(f"{args.rounds} rounds: {sent} sent, {len(answered)} answered, {total} kept")
        assert answered, "nothing was ever answered"


if __name__ == "__main__":
    main()
