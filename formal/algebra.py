#!/usr/bin/env python3
"""algebra: the algebra of the types, small enough to check against what they mean.

Three replicas commit, deliver and join at random. Each holds one vector (a dot is a whole transaction) and two kernels
of state: DOTS, a map (key, element) -> {dot: value}, for a set and a register; TOTALS, a map (key, origin) -> (total,
base), for a counter with reset. State changes by applying transactions in causal order and by joining a state, current
or an old checkpoint. After every step, at every replica:

  specification   the values are those that the visible history means, computed without any state
  convergence     equal vectors are equal states
  join laws       commutative, idempotent, and at the end associative

usage: algebra.py [--mutant NAME] HISTORIES      exits with 1 when a history is bad

A mutant is a mistake that looks harmless; the check must catch each:
  winner      a register keeps only the winner of concurrent writes (then a concurrent delete of the winner diverges)
  dropbase    a counter at zero forgets its total and its base (then an old state brings the total back)
  keepboth    a join keeps what the other side had removed
"""

import argparse
import random
import sys

REPLICAS = 3
ELEMENTS = (0, 1)
STEPS = 14
MUTANTS = ("winner", "dropbase", "keepboth")
SET, REGISTER, COUNTER = "set", "register", "counter"


class Transaction:
    """What an origin commits: effects for the state, and for the specification what was meant."""

    def __init__(self, origin, number, stamp, past, effects, meant):
        self.origin = origin
        self.number = number
        self.stamp = stamp
        self.past = past  # the vector it was committed on
        self.effects = effects
        self.writes, self.before_reset, self.added, self.reset = meant

    @property
    def dot(self):
        return (self.origin, self.number)

    def has_seen(self, other):
        return self.past[other.origin] >= other.number


class State:
    def __init__(self, mutant=None):
        self.vector = [0] * REPLICAS
        self.dots = {}  # (key, element) -> {dot: value}; no empty inner map
        self.totals = {}  # origin -> (total, base)
        self.clock = 0
        self.mutant = mutant

    def copy(self):
        twin = State(self.mutant)
        twin.vector = list(self.vector)
        twin.dots = {place: dict(cell) for place, cell in self.dots.items()}
        twin.totals = dict(self.totals)
        twin.clock = self.clock
        return twin

    def canonical(self):
        dots = sorted((place, tuple(sorted(cell.items()))) for place, cell in self.dots.items())
        return tuple(self.vector), tuple(dots), tuple(sorted(self.totals.items()))

    def cell(self, key, element):
        return self.dots.get((key, element), {})

    def total(self, origin):
        return self.totals.get(origin, (0, 0))

    def put_cell(self, place, cell):
        if cell:
            self.dots[place] = cell
        else:
            self.dots.pop(place, None)

    def apply(self, txn):
        for effect in txn.effects:
            if effect[0] == "dot":
                _, key, element, value, observed = effect
                cell = {dot: v for dot, v in self.cell(key, element).items() if dot not in observed}
                if value is not None:
                    cell[txn.dot] = value
                self.put_cell((key, element), cell)
            else:
                for origin, total, base in effect[1]:
                    self.raise_total(origin, total, base)
        self.vector[txn.origin] = txn.number
        self.clock = max(self.clock, txn.stamp)
        self.mutate()

    def join(self, other):
        for place in set(self.dots) | set(other.dots):
            self.put_cell(place, self.join_cell(other, place))
        for origin, (total, base) in other.totals.items():
            self.raise_total(origin, total, base)
        self.vector = [max(a, b) for a, b in zip(self.vector, other.vector)]
        self.clock = max(self.clock, other.clock)
        self.mutate()

    def join_cell(self, other, place):
        """A dot that one side lacks was removed there if that side's vector covers it."""
        mine, theirs = self.dots.get(place, {}), other.dots.get(place, {})
        cell = {}
        for dot in set(mine) | set(theirs):
            origin, number = dot
            if dot in mine and (dot in theirs or other.vector[origin] < number):
                cell[dot] = mine[dot]
            elif dot in theirs and (self.vector[origin] < number or self.mutant == "keepboth"):
                cell[dot] = theirs[dot]
        return cell

    def raise_total(self, origin, total, base):
        old_total, old_base = self.total(origin)
        self.totals[origin] = (max(old_total, total), max(old_base, base))

    def mutate(self):
        register = self.cell(REGISTER, 0)
        if self.mutant == "winner" and len(register) > 1:
            dot = max(register, key=lambda d: (register[d][1], d[0]))
            self.dots[(REGISTER, 0)] = {dot: register[dot]}
        if self.mutant == "dropbase":
            self.totals = {o: (total, base) for o, (total, base) in self.totals.items() if total != base}

    def value(self):
        elements = {e for e in ELEMENTS if self.cell(SET, e)}
        writes = [(stamp, origin, value) for (origin, _), (value, stamp) in self.cell(REGISTER, 0).items()]
        return elements, max(writes)[2] if writes else None, sum(t - b for t, b in self.totals.values())


class Edits:
    """A transaction that is open: its edits see each other, and what is left of them is their net effect."""

    def __init__(self, state, origin, stamp):
        self.state = state
        self.origin = origin
        self.stamp = stamp
        self.written = {}  # (key, element) -> value, None when removed
        self.before_reset = self.added = 0
        self.reset = False

    def present(self, key, element):
        if (key, element) in self.written:
            return self.written[(key, element)] is not None
        return bool(self.state.cell(key, element))

    def edit(self, what, argument=None):
        if what == "add":
            self.written[(SET, argument)] = True
        elif what == "remove" and self.present(SET, argument):
            self.written[(SET, argument)] = None
        elif what == "set":
            self.written[(REGISTER, 0)] = (argument, self.stamp)
        elif what == "delete" and self.present(REGISTER, 0):
            self.written[(REGISTER, 0)] = None
        elif what == "increment":
            self.added += argument
        elif what == "reset":
            self.before_reset += self.added
            self.added = 0
            self.reset = True

    def effects(self):
        effects, writes = [], []
        for (key, element), value in sorted(self.written.items(), key=lambda item: item[0]):
            observed = frozenset(self.state.cell(key, element))
            if value is None and not observed:
                continue
            effects.append(("dot", key, element, value, observed))
            writes.append((key, element, value))
        totals = self.totals()
        if totals:
            effects.append(("totals", totals))
        return effects, (writes, self.before_reset, self.added, self.reset)

    def totals(self):
        """Raises of (origin, total, base): a reset's bases are the totals that it saw, own earlier adds among them."""
        raises = []
        own_total, own_base = self.state.total(self.origin)
        added = self.before_reset + self.added
        base = own_total + self.before_reset if self.reset else own_base
        if added or base > own_base:
            raises.append((self.origin, own_total + added, base))
        if self.reset:
            for origin, (total, base) in sorted(self.state.totals.items()):
                if origin != self.origin and total > base:
                    raises.append((origin, total, total))
        return raises


def meaning(history, vector):
    """The values that the transactions below a vector mean, without state: a write or an add stands unless a visible
    transaction that touched the same has seen it; an increment counts unless a visible reset has seen it."""
    visible = [t for (origin, number), t in history.items() if number <= vector[origin]]

    def standing(key, element):
        touched = [(t, v) for t in visible for k, e, v in t.writes if (k, e) == (key, element)]
        beaten = {t.dot for t, _ in touched for u, _ in touched if u is not t and u.has_seen(t)}
        return [(t, v) for t, v in touched if v is not None and t.dot not in beaten]

    elements = {e for e in ELEMENTS if standing(SET, e)}
    writes = [(value[1], t.origin, value[0]) for t, value in standing(REGISTER, 0)]
    count = 0
    for t in visible:
        if not any(u.reset and u is not t and u.has_seen(t) for u in visible):
            count += t.added + (0 if t.reset else t.before_reset)
    return elements, max(writes)[2] if writes else None, count


class Run:
    def __init__(self, seed, mutant):
        self.random = random.Random(seed)
        self.states = [State(mutant) for _ in range(REPLICAS)]
        self.history = {}  # dot -> transaction
        self.checkpoints = []
        self.state_at = {}  # vector -> canonical state
        self.trace = []

    def commit(self, replica):
        state = self.states[replica]
        edits = Edits(state, replica, state.clock + self.random.choice((1, 1, 3)))
        chosen = [self.random_edit() for _ in range(self.random.choice((1, 1, 2, 3)))]
        for edit in chosen:
            edits.edit(*edit)
        effects, meant = edits.effects()
        self.trace.append(("commit", replica, chosen))
        if effects:
            number = state.vector[replica] + 1
            txn = Transaction(replica, number, edits.stamp, tuple(state.vector), effects, meant)
            self.history[txn.dot] = txn
            state.apply(txn)

    def random_edit(self):
        return self.random.choice([
            ("add", self.random.choice(ELEMENTS)),
            ("remove", self.random.choice(ELEMENTS)),
            ("set", self.random.randrange(9)),
            ("delete",),
            ("increment", self.random.randrange(1, 4)),
            ("reset",),
        ])

    def deliver(self, replica):
        state = self.states[replica]

        def is_next(txn):
            in_order = txn.number == state.vector[txn.origin] + 1
            return in_order and all(have >= need for have, need in zip(state.vector, txn.past))

        ready = [t for t in self.history.values() if is_next(t)]
        if ready:
            txn = self.random.choice(ready)
            self.trace.append(("deliver", replica, txn.dot))
            state.apply(txn)

    def join(self, replica):
        """With a checkpoint that another replica made, now or long ago."""
        other = self.random.randrange(REPLICAS)
        self.checkpoints.append(self.states[other].copy())
        chosen = self.random.choice(self.checkpoints)
        self.trace.append(("join", replica, tuple(chosen.vector)))
        self.check_join_laws(self.states[replica], chosen)
        self.states[replica].join(chosen)

    def check_join_laws(self, a, b):
        ab, ba = a.copy(), b.copy()
        ab.join(b)
        ba.join(a)
        again = ab.copy()
        again.join(b)
        assert ab.canonical() == ba.canonical(), "join is not commutative"
        assert ab.canonical() == again.canonical(), "join is not idempotent"

    def check_associative(self):
        a, b, c = (state.copy() for state in self.states)
        left, bc, right = a.copy(), b.copy(), a.copy()
        left.join(b)
        left.join(c)
        bc.join(c)
        right.join(bc)
        assert left.canonical() == right.canonical(), "join is not associative"

    def check_states(self):
        for replica, state in enumerate(self.states):
            want = meaning(self.history, state.vector)
            assert state.value() == want, f"replica {replica} shows {state.value()}, the history means {want}"
            canonical = state.canonical()
            known = self.state_at.setdefault(canonical[0], canonical)
            assert known == canonical, f"equal vectors, two states: {known} and {canonical}"

    def run(self):
        for _ in range(STEPS):
            replica, chance = self.random.randrange(REPLICAS), self.random.random()
            if chance < 0.5:
                self.commit(replica)
            elif chance < 0.85:
                self.deliver(replica)
            else:
                self.join(replica)
            self.check_states()
        self.check_associative()


def main():
    parser = argparse.ArgumentParser(description="check the algebra of the types over random histories")
    parser.add_argument("histories", type=int)
    parser.add_argument("--mutant", choices=MUTANTS)
    args = parser.parse_args()
    bad = 0
    for seed in range(args.histories):
        run = Run(seed, args.mutant)
        try:
            run.run()
        except AssertionError as complaint:
            bad += 1
            print(f"seed {seed}: {complaint}", *run.trace, sep="\n  ")
            if bad == 3:
                break
    print(f"{seed + 1} histories, {bad} bad")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
