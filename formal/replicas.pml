/* replicas.pml: three hybrid logical clocks that send each other words (Kulkarni et al., OPODIS 2014).
 *
 * A word is physical << LOGICAL_BITS | logical and counts on through the carry, as in clock/hlc.c. Physical clocks stay
 * within EPSILON of each other.
 *
 *   causality  a word that was received is below every word issued after it
 *   drift      the physical part is at most the greatest physical clock, and at most EPSILON ahead of the own one, plus
 *              CARRY: 0 where the logical part has room for all events of a run (4 bits here), at most 3 where it has
 *              not (2 bits)
 *
 * MUTANT: 1 receiving does not take the maximum; 2 (with 2 bits) the bound leaves no room for the carry. */
#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef LOGICAL_BITS
#define LOGICAL_BITS 4
#endif
#if LOGICAL_BITS >= 4 || MUTANT == 2
#define CARRY 0
#else
#define CARRY 3
#endif
#define REPLICAS 3
#define EPSILON  2
#define TIME_MAX 5
#define EVENTS   3

byte phys[REPLICAS];
byte word[REPLICAS];
byte phys_max = 0;
chan inbox[REPLICAS] = [1] of { byte };

inline issue(me) {
    d_step {
        word[me] = ((phys[me] << LOGICAL_BITS) > word[me] -> (phys[me] << LOGICAL_BITS) : word[me] + 1);
        assert((word[me] >> LOGICAL_BITS) <= phys_max + CARRY);
        assert((word[me] >> LOGICAL_BITS) <= phys[me] + EPSILON + CARRY)
    }
}

inline send(me, to) {
    atomic { nfull(inbox[to]) -> issue(me); inbox[to]!word[me] }
}

#define MAY_TICK(me)                                                                                                   \
    (phys[me] < TIME_MAX && phys[0] + EPSILON > phys[me] && phys[1] + EPSILON > phys[me] &&                            \
     phys[2] + EPSILON > phys[me])

proctype replica(byte me) {
    byte received, count = 0;
    do
    :: count < EVENTS ->
        count++;
        if
        :: atomic { MAY_TICK(me) -> phys[me]++; phys_max = (phys[me] > phys_max -> phys[me] : phys_max) }
        :: issue(me)
        :: send(me, (me + 1) % REPLICAS)
        :: send(me, (me + 2) % REPLICAS)
        :: atomic {
            inbox[me]?received ->
#if MUTANT != 1
            word[me] = (received > word[me] -> received : word[me]);
#endif
            issue(me);
            assert(word[me] > received);
            received = 0
        }
        fi
    :: else -> break
    od
}

init {
    atomic {
        byte i;
        for (i : 0 .. REPLICAS - 1) { run replica(i) }
    }
}
