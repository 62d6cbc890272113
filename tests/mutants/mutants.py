#!/usr/bin/env python3
"""The engine with something wrong in it, one thing at a time: what the simulator's checks must see.

Each mutant is a change of a line of replication/. They are all compiled into one copy of the engine, which the number
`weft__mutant` turns into one of them (0: the engine as it is), so the sources that ship hold nothing of this. A line
that is not there exactly once is an error: who changes it changes its mutant too.

usage: mutants.py SOURCES OUT   writes OUT/mutated_<name>.c for every source and OUT/mutated_list.c
"""
import os
import sys


class Mutant:
    def __init__(self, name, what, *edits):
        self.name = name
        self.what = what
        self.edits = edits  # (file, line as it is, line in which MUTANT is true for this one)


MUTANTS = [
    Mutant(
        "seen before stored",
        "a digest says what is applied, and not what is recorded",
        (
            "gossip.c",
            "    e->seq = weft__signing_servable(r, origin);",
            "    e->seq = MUTANT ? weft_version_vector_get(&r->space.applied, origin)\n"
            "                    : weft__signing_servable(r, origin);",
        ),
        (
            "gossip.c",
            "        if (weft__signing_servable(r, r->sorted[i]) == 0) continue;",
            "        if (!MUTANT && weft__signing_servable(r, r->sorted[i]) == 0) continue;",
        ),
    ),
    Mutant(
        "push before sync",
        "own transactions are pushed before they are durable",
        (
            "gossip.c",
            "    uint64_t recorded = weft__signing_servable(r, r->self);\n    struct push",
            "    uint64_t recorded = MUTANT ? weft_version_vector_get(&r->space.applied, r->self)\n"
            "                               : weft__signing_servable(r, r->self);\n    struct push",
        ),
    ),
    Mutant(
        "ack before sync",
        "a notice calls durable what is applied",
        (
            "replica.c",
            "    uint64_t after = weft_version_vector_get(&r->recording.recorded, r->self);",
            "    uint64_t after = weft_version_vector_get(MUTANT ? &r->space.applied : "
            "&r->recording.recorded, r->self);",
        ),
    ),
    Mutant(
        "speak before the epoch is stored",
        "messages leave under an epoch that a crash can still take back",
        (
            "gossip.c",
            "return r->started && r->recording.persisted >= r->epoch_record &&",
            "return r->started && (MUTANT || r->recording.persisted >= r->epoch_record) &&",
        ),
    ),
    Mutant(
        "epoch kept",
        "an opening goes on under the epoch that the store names",
        (
            "identity.c",
            "int weft__identity_start(struct weft_replica *r, uint64_t random) {",
            "int weft__identity_start(struct weft_replica *r, uint64_t random) {\n"
            "    if (MUTANT && r->stored_epoch != 0) random = r->stored_epoch;",
        ),
    ),
    Mutant(
        "forward only what changed",
        "a transaction that changed nothing here is not passed on",
        (
            "apply.c",
            "    publish_objects(r, t, count, source);",
            "    struct weft__hash128 before_it = r->space.pool.hash;\n"
            "    publish_objects(r, t, count, source);\n"
            "    bool changed_it = !weft__hash_eq(before_it, r->space.pool.hash);",
        ),
        (
            "apply.c",
            "    weft__log_append(&r->log, origin, t->seq, row, t->bytes.len, hash);",
            "    weft__log_append(&r->log, origin, t->seq, row, t->bytes.len, hash);\n"
            "    if (MUTANT && source == WEFT__REMOTE && !changed_it)\n"
            "        ((struct weft__log_row *)weft__log_get(&r->log, origin, t->seq))->order |= UINT64_C(1) << 63;",
        ),
        (
            "gossip.c",
            "        if (rows->count > 0 && row->len + WEFT__ROW_ROOM > rows->budget) break;",
            "        if (row->order >> 63) {\n            after++;\n            continue;\n        }\n"
            "        if (rows->count > 0 && row->len + WEFT__ROW_ROOM > rows->budget) break;",
        ),
    ),
    Mutant(
        "gap ignored",
        "a transaction is applied before the one that it follows",
        (
            "apply.c",
            "    if (t->seq > applied + 1) return WEFT__WAITS;",
            "    if (MUTANT && t->seq > applied + 1) weft__log_drop(&r->log, origin, t->seq - 1);\n"
            "    if (!MUTANT && t->seq > applied + 1) return WEFT__WAITS;",
        ),
        (
            "apply.c",
            "    if (t->seq > 1 && memcmp(",
            "    if (!MUTANT && t->seq > 1 && memcmp(",
        ),
    ),
    Mutant(
        "causes ignored",
        "a transaction is applied before what its origin had applied",
        (
            "apply.c",
            "    while (!weft__reader_done(&in)) {\n        uint32_t origin =",
            "    while (!weft__reader_done(&in) && !MUTANT) {\n        uint32_t origin =",
        ),
    ),
    Mutant(
        "old ones applied again",
        "a transaction that comes twice is applied twice",
        (
            "apply.c",
            "    if (t->seq <= applied) return is_known_duplicate(",
            "    if (MUTANT && t->seq <= applied && is_known_duplicate(r, t, origin))\n"
            "        return map_origins(r, t, origin) == 0 ? WEFT__READY : WEFT__DUPLICATE;\n"
            "    if (t->seq <= applied) return is_known_duplicate(",
        ),
        (
            "apply.c",
            "    advance(r, t, origin, hash, source);",
            "    if (MUTANT && t->seq <= weft_version_vector_get(&r->space.applied, origin)) {\n"
            "        weft__log_abandon(&r->log, row, t->bytes.len);\n        return 0;\n    }\n"
            "    advance(r, t, origin, hash, source);",
        ),
    ),
    Mutant(
        "present here, so keep",
        "a state that is joined removes nothing",
        (
            "state_join.c",
            "    if (rc == 0) rc = join_ours(j);",
            "    if (rc == 0 && !MUTANT) rc = join_ours(j);",
        ),
    ),
    Mutant(
        "state adopted in part",
        "of a state only the first half of the objects is joined, and its whole vector",
        (
            "state_join.c",
            "    struct weft__keyed *o = weft__keyspace_first(&w, &j->staged->keys);\n    for (; rc == 0 && o != NULL;",
            "    struct weft__keyed *o = weft__keyspace_first(&w, &j->staged->keys);\n"
            "    size_t half = 0;\n"
            "    if (MUTANT)\n"
            "        for (; o != NULL; o = weft__keyspace_step(&w)) half++;\n"
            "    half = MUTANT ? half / 2 + 1 : SIZE_MAX;\n"
            "    o = weft__keyspace_first(&w, &j->staged->keys);\n"
            "    for (; rc == 0 && o != NULL && half-- > 0;",
        ),
    ),
    Mutant(
        "joined state not saved",
        "the vector of a joined state is called recorded, and no checkpoint holds it",
        (
            "state_join.c",
            "    if (rc == 0) rc = weft__save(r);",
            "    if (rc == 0 && !MUTANT) rc = weft__save(r);",
        ),
    ),
    Mutant(
        "changed segment forgotten",
        "a checkpoint keeps the segment of an object that has changed",
        (
            "apply.c",
            "        weft__checkpoint_touch(&r->checkpoint, o);",
            "        if (!MUTANT || source != WEFT__REMOTE) weft__checkpoint_touch(&r->checkpoint, o);",
        ),
    ),
    Mutant(
        "log cut too far",
        "a truncation takes a row that is not recorded yet",
        (
            "save.c",
            "        if (first > weft_version_vector_get(&r->recording.recorded, o)) break;",
            "        if (!MUTANT && first > weft_version_vector_get(&r->recording.recorded, o)) break;",
        ),
        (
            "save.c",
            "            if (first + (uint64_t)run > weft_version_vector_get(&r->recording.recorded, o)) break;",
            "            if (!MUTANT && first + (uint64_t)run > "
            "weft_version_vector_get(&r->recording.recorded, o)) break;",
        ),
    ),
    Mutant(
        "last row lost",
        "an opening passes over a row of the log that follows a checkpoint",
        (
            "restore.c",
            "    int readiness = weft__apply_readiness(r, &t, origin);",
            "    if (MUTANT && t.seq > 3 && t.seq % 16 == 0) return 0;\n"
            "    int readiness = weft__apply_readiness(r, &t, origin);",
        ),
    ),
    Mutant(
        "future accepted",
        "a stamp beyond the drift bound is applied",
        (
            "apply.c",
            "static bool is_ahead(const struct weft_replica *r, struct weft_stamp stamp) {",
            "static bool is_ahead(const struct weft_replica *r, struct weft_stamp stamp) {\n    if "
            "(MUTANT) return false;",
        ),
    ),
    Mutant(
        "future observed",
        "a stamp that waits has moved the clock already",
        (
            "receive.c",
            "    case WEFT__AHEAD:\n",
            "    case WEFT__AHEAD:\n"
            "        if (MUTANT && weft_stamp_cmp(r->space.clock, t->stamp) < 0) r->space.clock = t->stamp;\n",
        ),
    ),
    Mutant(
        "future for ever",
        "what waits for its time is not tried when it has come",
        (
            "receive.c",
            "    weft__pending_clock_reads(&r->pending, r->now.wall);",
            "    if (!MUTANT) weft__pending_clock_reads(&r->pending, r->now.wall);",
        ),
    ),
    Mutant(
        "own clock only",
        "a stamp is the local clock's, whatever has been seen",
        (
            "issue.c",
            "    int rc = weft_hlc_now(out->epoch == last.epoch ? last.word : 0, wall, &out->word);",
            "    int rc = weft_hlc_now(out->epoch == last.epoch && !MUTANT ? last.word : 0, wall, &out->word);",
        ),
    ),
    Mutant(
        "tie by pointer",
        "the order of two messages follows from an address",
        (
            "gossip.c",
            "        struct weft__peer *p = &r->peers.items[i];\n        uint64_t has =",
            "        bool odd = MUTANT && ((uintptr_t)r >> 6 & 1) != 0;\n"
            "        struct weft__peer *p = &r->peers.items[odd ? r->peers.count - 1 - i : i];\n        uint64_t has =",
        ),
    ),
    Mutant(
        "waiting forgotten",
        "what waits for an origin is not tried when that has come",
        (
            "pending.c",
            "    if (p->count == 0) return;\n    clear(",
            "    if (p->count == 0 || MUTANT) return;\n    clear(",
        ),
    ),
    Mutant(
        "push without repair",
        "what a push did not bring is never asked for",
        (
            "gossip.c",
            "    if (!weft__may_speak(r)) return;\n    weft__strangers_meet(r, p);",
            "    if (!weft__may_speak(r) || MUTANT) return;\n    weft__strangers_meet(r, p);",
        ),
    ),
    Mutant(
        "floor ignored",
        "a log is asked for what it says that it has no more",
        (
            "gossip.c",
            "    if (floor_of(p, &t) > t.after) {",
            "    if (floor_of(p, &t) > t.after && !MUTANT) {",
        ),
    ),
    Mutant(
        "no bound on what waits",
        "transactions that wait are kept, however many",
        (
            "pending.c",
            "    if (size + sizeof(struct weft__run) > p->max - p->bytes) return WEFT_ERR_LIMIT;",
            "    if (!MUTANT && size + sizeof(struct weft__run) > p->max - p->bytes) return WEFT_ERR_LIMIT;",
        ),
    ),
    Mutant(
        "refused in part",
        "of a message that does not read what comes before the fault is applied",
        (
            "recv_transactions.c",
            "    int rc = check_all(r, p, m, &t);",
            "    int rc = MUTANT ? weft__transaction_parse(&t, m->transactions.items[0]) : check_all(r, p, m, &t);",
        ),
        (
            "recv_transactions.c",
            "        if (m->transactions.count > 1) (void)!weft__transaction_parse(&t, "
            "m->transactions.items[i]); /* it did before */",
            "        if (m->transactions.count > 1) rc = weft__transaction_parse(&t, m->transactions.items[i]);\n"
            "        if (rc != 0) break;",
        ),
    ),
    Mutant(
        "cause left out",
        "a transaction does not name all that it had seen",
        (
            "issue.c",
            "        if (!first && !r->is_gained[o]) continue; /* listed for a dot of it */",
            "        if (!first && (!r->is_gained[o] || (MUTANT && o % 2 == 1))) continue;",
        ),
    ),
    Mutant(
        "asked once",
        "what was asked for and did not come is not asked for again",
        (
            "gossip.c",
            "range->upto, r->now.mono_ns + r->options.request_ns};",
            "range->upto, MUTANT ? UINT64_MAX : r->now.mono_ns + r->options.request_ns};",
        ),
    ),
    Mutant(
        "timer forgotten",
        "no deadline is asked for while all links are quiet",
        (
            "gossip.c",
            "        if (r->peers.items[i].digest_due_ns < deadline) deadline =",
            "        if (!MUTANT && r->peers.items[i].digest_due_ns < deadline) deadline =",
        ),
    ),
    Mutant(
        "parent not named",
        "an epoch does not say which one it follows",
        (
            "identity.c",
            "    if (seq == 0) return;\n    r->has_parent = true;",
            "    if (seq == 0 || MUTANT) return;\n    r->has_parent = true;",
        ),
    ),
    Mutant(
        "change not told",
        "subscribers hear of the first object of a transaction only",
        (
            "apply.c",
            "        if (source != WEFT__RESTORED)\n            weft__output_change(",
            "        if (source != WEFT__RESTORED && !(MUTANT && i > 0))\n            weft__output_change(",
        ),
    ),
    Mutant(
        "chain not compared",
        "a transaction may follow another than its origin issued before",
        (
            "apply.c",
            "static bool is_known_duplicate(const struct weft_replica *r, const struct "
            "weft__transaction *t, uint32_t origin) {",
            "static bool is_known_duplicate(const struct weft_replica *r, const struct "
            "weft__transaction *t, uint32_t origin) {\n"
            "    if (MUTANT) return true;",
        ),
        (
            "fork.c",
            "void weft__fork_suspect(struct weft_replica *r, uint32_t link, uint32_t origin) {",
            "void weft__fork_suspect(struct weft_replica *r, uint32_t link, uint32_t origin) {\n    if "
            "(MUTANT) return;",
        ),
    ),
    Mutant(
        "clone not noticed",
        "who hears of more of its own epoch than it issued goes on under it",
        (
            "identity.c",
            "    if (r->wants_epoch) return;\n    r->wants_epoch = true;",
            "    if (r->wants_epoch || MUTANT) return;\n    r->wants_epoch = true;",
        ),
    ),
    Mutant(
        "transaction in part",
        "of a transaction from elsewhere the first object is changed only",
        (
            "apply.c",
            "        r->touched[(*count)++] = o;",
            "        if (MUTANT && *count > 0 && origin != r->self) {\n"
            "            r->touched[(*count)++] = o;\n            continue;\n        }\n"
            "        r->touched[(*count)++] = o;",
        ),
    ),
    Mutant(
        "half done without memory",
        "where memory ends in a transaction, what was prepared of it is done",
        (
            "apply.c",
            "static void abandon(struct weft_replica *r, size_t count) {\n    weft__plan_drop(&r->plan);",
            "static void abandon(struct weft_replica *r, size_t count) {\n"
            "    if (MUTANT) weft__plan_publish(&r->plan);\n    weft__plan_drop(&r->plan);",
        ),
    ),
    Mutant(
        "generation not compared",
        "a transaction may name any generation of the rights",
        (
            "rights.c",
            "    if (rc == 0 && t->rights_generation != generation)",
            "    if (rc == 0 && !MUTANT && t->rights_generation != generation)",
        ),
    ),
    Mutant(
        "revocation ignored",
        "who writes is judged by the first document of rights that it had seen",
        (
            "rights.c",
            "    w->uses++;\n    l->writer = w;",
            "    if (MUTANT && old != NULL) {\n"
            "        old->document = w->document;\n        old->successor = w->successor;\n        return;\n    }\n"
            "    w->uses++;\n    l->writer = w;",
        ),
    ),
    Mutant(
        "own past",
        "who writes is judged by what is applied where it is judged",
        (
            "rights.c",
            "    const struct weft_version_vector *past = &r->space.lineages[origin].past;\n    struct weft__dots it;",
            "    const struct weft_version_vector *past =\n"
            "        MUTANT ? &r->space.applied : &r->space.lineages[origin].past;\n"
            "    struct weft__dots it;",
        ),
    ),
    Mutant(
        "prefix by its first byte",
        "a key is covered by a prefix that begins as it does",
        (
            "rights.c",
            "    return from > 0 && weft_slice_has_prefix(key, w->prefixes[from - 1]);",
            "    if (MUTANT && from > 0 && w->prefixes[from - 1].len > 0)\n"
            "        return key.ptr[0] == w->prefixes[from - 1].ptr[0];\n"
            "    return from > 0 && weft_slice_has_prefix(key, w->prefixes[from - 1]);",
        ),
    ),
    Mutant(
        "prefixes under prefixes",
        "prefixes that another one covers are kept, where only the nearest is looked at",
        (
            "rights.c",
            "        if (kept == 0 || !weft_slice_has_prefix(w->prefixes[i], w->prefixes[kept - 1]))",
            "        if (MUTANT || kept == 0 || !weft_slice_has_prefix(w->prefixes[i], w->prefixes[kept - 1]))",
        ),
    ),
    Mutant(
        "regions forgotten",
        "what is granted to a region is granted to nobody",
        (
            "rights_document.c",
            "    return g->subject == WEFT_RIGHTS_EVERYBODY || weft_slice_eq(g->region, m->region);",
            "    return g->subject == WEFT_RIGHTS_EVERYBODY || (!MUTANT && weft_slice_eq(g->region, m->region));",
        ),
    ),
    Mutant(
        "first of a generation",
        "of two documents of one generation the one that came first governs",
        (
            "rights_document.c",
            "    return memcmp(a->hash, b->hash, sizeof a->hash);",
            "    return MUTANT ? 0 : memcmp(a->hash, b->hash, sizeof a->hash);",
        ),
    ),
    Mutant(
        "any document",
        "a document of rights need not be newer than the one that governs",
        (
            "rights.c",
            "    if (d->name.generation <= generation)",
            "    if (!MUTANT && d->name.generation <= generation)",
        ),
    ),
    Mutant(
        "document not verified",
        "nobody looks at the signature of a document of rights",
        (
            "rights.c",
            "    int rc = weft__rights_verify(d, r->alloc);\n    if (rc != WEFT_ERR_SIGNATURE) return rc;",
            "    int rc = MUTANT ? 0 : weft__rights_verify(d, r->alloc);\n    if (rc != WEFT_ERR_SIGNATURE) return rc;",
        ),
    ),
    Mutant(
        "void only where issued",
        "what the rights do not allow is refused to who commits it, and applied when a peer sends it",
        (
            "apply.c",
            "    bool is_void = why != 0;",
            "    bool is_void = why != 0 && !(MUTANT && why == WEFT_ERR_DENIED && source == WEFT__REMOTE);",
        ),
    ),
    Mutant(
        "void is nothing",
        "a void transaction does not advance the vector",
        (
            "apply.c",
            "    advance(r, t, origin, hash, source);",
            "    if (!MUTANT || !is_void) advance(r, t, origin, hash, source);",
        ),
    ),
    Mutant(
        "void kept to oneself",
        "a void transaction is not passed on",
        (
            "apply.c",
            "    weft__log_append(&r->log, origin, t->seq, row, t->bytes.len, hash);",
            "    weft__log_append(&r->log, origin, t->seq, row, t->bytes.len, hash);\n"
            "    if (MUTANT && is_void)\n"
            "        ((struct weft__log_row *)weft__log_get(&r->log, origin, t->seq))->order |= UINT64_C(1) << 62;",
        ),
        (
            "gossip.c",
            "        if (rows->count > 0 && row->len + WEFT__ROW_ROOM > rows->budget) break;",
            "        if (row->order >> 62 & 1) {\n            after++;\n            continue;\n        }\n"
            "        if (rows->count > 0 && row->len + WEFT__ROW_ROOM > rows->budget) break;",
        ),
    ),
    Mutant(
        "documents of a state forgotten",
        "a state that is joined brings documents of rights that do not govern",
        (
            "rights_state.c",
            "    const struct weft__keyed *o = weft__rights_governs(&r->space.id) ? find_object(staged) : NULL;",
            "    bool forgets = MUTANT || !weft__rights_governs(&r->space.id);\n"
            "    const struct weft__keyed *o = forgets ? NULL : find_object(staged);",
        ),
    ),
    Mutant(
        "documents of a checkpoint forgotten",
        "after an opening no document of rights governs that a checkpoint holds",
        (
            "rights_state.c",
            "    if (!weft__rights_governs(&r->space.id)) return 0;\n    if (!has_nothing_else(&r->space)) return",
            "    if (!weft__rights_governs(&r->space.id) || MUTANT) return 0;\n"
            "    if (!has_nothing_else(&r->space)) return",
        ),
    ),
]


def mutate(folder, sources):
    """Texts by file, every mutant planted."""
    texts = {}
    for path in sources:
        with open(path, encoding="utf-8") as f:
            texts[os.path.relpath(path, folder)] = f.read()
    for number, mutant in enumerate(MUTANTS, 1):
        for name, old, new in mutant.edits:
            count = texts[name].count(old)
            if count != 1:
                sys.exit(f"mutants.py: {mutant.name}: {count} times in {name}: {old}")
            texts[name] = texts[name].replace(old, new.replace("MUTANT", f"(weft__mutant == {number})"))
    return texts


def main():
    folder, out, sources = sys.argv[1], sys.argv[2], sys.argv[3:]
    for name, text in mutate(folder, sources).items():
        with open(os.path.join(out, "mutated_" + os.path.basename(name)), "w", encoding="utf-8") as f:
            f.write("extern int weft__mutant;\n" + text)
    with open(os.path.join(out, "mutated_list.c"), "w", encoding="utf-8") as f:
        f.write('#include "tests/mutants/mutants.h"\n\nint weft__mutant;\n\n')
        f.write("const struct mutant mutants[] = {\n    {\"none\", \"the engine as it is\"},\n")
        for mutant in MUTANTS:
            f.write(f'    {{"{mutant.name}", "{mutant.what}"}},\n')
        f.write("};\nconst int mutant_count = sizeof mutants / sizeof *mutants;\n")


if __name__ == "__main__":
    main()
