/* cas.pml: the hot path of clock/clock.c, with every interleaving.
 *
 * Two threads issue, one observes a remote word, the physical clock steps forwards and back, and once, at any moment,
 * the process dies and restarts from the durable bound. The word is small: what matters is order, not size.
 *
 *   unique   no word is issued twice, before or after the restart
 *   order    a call that begins after another returned gets a greater word, also across the restart
 *   drift    no word is further ahead of the physical clock than the drift bound, a carry a stamp and one window
 *   durable  no word above the durable bound is handed out
 *   observed after an accepted observe, last is not below the word
 *
 * MUTANT: 1 last is stored, not swapped; 2 the restart ignores the bound; 3 a stamp is handed out before its bound is
 * durable; 4 observe does not check the drift; 5 the bound that the threads see is raised before the durable one.
 * STAMPS a thread, STEPS of the clock; NO_OBSERVER, NO_CRASH leave a process out. */
#ifndef MUTANT
#define MUTANT 0
#endif
#ifndef STAMPS
#define STAMPS 2
#endif
#ifndef STEPS
#define STEPS 2
#endif
#define DRIFT  3
#define WINDOW 1

byte last = 1;
byte phys = 2;
byte bound = 3;   /* what the threads compare with */
byte durable = 3; /* what is on disk */
bit life = 0;     /* a thread of the first life does nothing after the crash */

/* What has been seen, to check against. */
byte phys_max = 2;
byte returned_max = 0; /* greatest word of the calls that returned */
int issued = 0;        /* a bit for each word */

inline hand_out(word, floor) {
    d_step {
        if
        :: mine == life ->
            assert(word > floor);
            assert(!((issued >> word) & 1));
            assert(word <= phys_max + DRIFT + 2 * STAMPS + WINDOW);
            assert(MUTANT == 3 || word <= durable);
            issued = issued | (1 << word);
            returned_max = (word > returned_max -> word : returned_max)
        :: else
        fi
    }
}

/* The slow path: the bound is durable before it is seen. */
inline cover(word) {
    if
    :: word > bound && mine == life ->
#if MUTANT == 5
        bound = word + WINDOW;
        atomic { (mine == life) -> durable = bound }
#else
        d_step {
            if
            :: mine == life && word > bound -> durable = word + WINDOW; bound = durable
            :: else
            fi
        }
#endif
    :: else
    fi
}

active [2] proctype issuer() {
    byte seen, next, now, floor, count = 0;
    bit mine;
    do
    :: count < STAMPS ->
        d_step { count++; mine = life; floor = returned_max; now = phys }
again:  skip;
        d_step { seen = last; next = (now > seen -> now : seen + 1) }
#if MUTANT != 3
        cover(next);
#endif
        atomic {
            if
            :: mine != life -> goto dead
#if MUTANT == 1
            :: else -> last = next
#else
            :: mine == life && last == seen -> last = next
            :: mine == life && last != seen -> goto again
#endif
            fi
        }
        hand_out(next, floor);
#if MUTANT == 3
        cover(next);
#endif
dead:   skip;
        d_step { seen = 0; next = 0; now = 0; floor = 0; mine = 0 }
    :: else -> break
    od
}

#ifndef NO_OBSERVER
active proctype observer() {
    byte remote, seen, now;
    bit mine;
    atomic {
        mine = life;
        now = phys;
        if
        :: remote = 2
        :: remote = 4
        :: remote = 5
        :: remote = 22 /* poison */
        fi
    }
#if MUTANT != 4
    if
    :: remote > now && remote - now > DRIFT -> goto done
    :: else
    fi;
#endif
again:
    seen = last;
    atomic {
        if
        :: mine != life || remote <= seen -> goto done
        :: mine == life && remote > seen && last == seen -> last = remote
        :: mine == life && remote > seen && last != seen -> goto again
        fi
    }
    assert(mine != life || last >= remote);
done:
    skip
}
#endif

active proctype physical_clock() {
    byte steps = 0;
    do
    :: steps < STEPS ->
        atomic {
            steps++;
            if
            :: phys++
            :: phys = phys + 3
            :: phys = phys - 1
            fi;
            phys_max = (phys > phys_max -> phys : phys_max)
        }
    :: else -> break
    od
}

#ifndef NO_CRASH
active proctype crash() {
    d_step {
        life = 1;
#if MUTANT == 2
        last = (phys > 1 -> phys - 1 : 0);
#else
        last = durable;
#endif
        bound = durable
    }
}
#endif
