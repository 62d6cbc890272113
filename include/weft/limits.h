/* limits.h: every bound on what comes from outside, of count, size, depth and rate, with its reason.
 *
 * First the protocol's constants. They are the same at every replica of a space, because whether a transaction is void
 * must be a function of its bytes alone. A change of one is a new version of the format. Then what protects one
 * process from its peers, its disk, its files and its users: that may differ between releases and replicas, and nobody
 * else's state depends on it. Names with two underscores are not for applications. Bounds that depend on the machine
 * are options with defaults: log_max, pending_max, batch_max, chunk_bytes (replica.h), unsent_max (uv.h).
 *
 * How large an object may become is bounded by none of them, because concurrent growth meets in a merge, which cannot
 * refuse. Memory bounds it: the cells of a replica are named by 32 bits, which is 32 GiB of them, and half a million of
 * those above 4 KiB; then applying is WEFT_ERR_NOMEM. It costs before that: a checkpoint rewrites an object whole, and
 * deleting one in a transaction lists its elements, so that WEFT_TXN_MAX bounds what is deleted at once. */
#ifndef WEFT_LIMITS_H
#define WEFT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* A key is an address, not a document: 1 KiB keeps a thousand of them in one 1 MiB message. */
#define WEFT_KEY_MAX                1024u
/* An element of a set or a value of a register. */
#define WEFT_VALUE_MAX              (1u << 20)
/* Steps from an object's key to a nested child; deep enough for any document that people wrote by hand. */
#define WEFT_PATH_DEPTH_MAX         16u
/* A transaction is never split, so it must fit a message and a record. */
#define WEFT_TXN_MAX                (4u << 20)
/* Totals and bases of one origin in a TOTALS entry; pncounter uses 4. */
#define WEFT_TOTALS_MAX             16u
/* Dots that one entry of a delta takes the place of. A merge cannot refuse, so more than these may come to stand under
 * an element, one for each origin that wrote it at once; it is read then, but no longer changed or removed. */
#define WEFT_DOTS_MAX               65536u
/* Origins of one space (replica ids times their epochs), until folding takes them away. */
#define WEFT_ORIGINS_MAX            (1u << 20)
/* A state on its way from one replica to another, as one string of bytes; it is kept in memory until it is joined. A
 * replica whose state is larger serves logs only, and says so (WEFT_NOTICE_STATE_TOO_LARGE). */
#define WEFT_STATE_MAX              (UINT64_C(8) << 30)
/* Origins that one digest names, so that it fits a frame whatever their numbers are. Of more it names a part. */
#define WEFT_DIGEST_MAX             (1u << 15)
/* A frame on a link: a transaction and its envelope. */
#define WEFT_FRAME_MAX              (WEFT_TXN_MAX + (64u << 10))
/* A document of rights with its signature: some thousand members, and one value of a register. */
#define WEFT_RIGHTS_MAX             (256u << 10)
/* Of a replica or a region, in rights and certificates: printable ASCII, for a line of a log. */
#define WEFT_NAME_MAX               64u

/* --- One process: its engine -------------------------------------------------------------------------------------- */

/* What one process keeps for people, in the store too: refused messages (weft_replica_refused), of each so many bytes,
 * which is 4 MiB in all, and void transactions (weft_replica_void). One replica's are a quarter of them at most. */
#define WEFT_REFUSED_MAX            64u
#define WEFT_VOIDS_MAX              64u
#define WEFT_KEPT_BYTES_MAX         (64u << 10)
/* Words that are kept with one: the link's label, the reason. */
#define WEFT_KEPT_TEXT_MAX          255u

/* Memory that decoding a message may take: so many times its length, and so many bytes. Honest digest entries take
 * seven times theirs; two bytes of a hostile one ask for a hundred (message_any.c). */
#define WEFT__DECODE_FACTOR         16u
#define WEFT__DECODE_FIXED          4096u
/* Ranges that one message asks for; the rest is asked for when the answer has come. */
#define WEFT__RANGES_MAX            256u
/* Origins that a link may have named and that nothing has come of. While they are fetched it may not name more, so this
 * bounds how fast a new replica gets to know a large space: so many origins a digest. */
#define WEFT__STRANGERS_MAX         4096u
/* How often one chunk of a state is asked for, and how often memory for it, or for the join, is looked for in vain. */
#define WEFT__STATE_ATTEMPTS        8u
/* A state is kept for others, served or staged, this many times state_ns. */
#define WEFT__STATE_TIMES           4u
/* Requests to one peer that may go unanswered while two chains are compared. */
#define WEFT__FORK_ATTEMPTS         3u
/* Rows of the other chain are collected this many times state_ns at most, or a peer could hold up all others by sending
 * one now and then. */
#define WEFT__FORK_TIMES            8u

/* --- Its links ---------------------------------------------------------------------------------------------------- */

/* A signed certificate: a name, three keys and some numbers. */
#define WEFT_CERTIFICATE_MAX        512u
/* At once; beyond, who connects is turned away. */
#define WEFT__LINKS_MAX             256u
/* Connections that are taken from the system's queue in one turn of the loop; in a second, and at once after a quiet
 * time. Beyond it the listener pauses for so long; then the queue fills, and the system drops who dials. */
#define WEFT__LISTENER_TURN         2u
#define WEFT__LISTENER_RATE         2000u
#define WEFT__LISTENER_BURST        256u
#define WEFT__LISTENER_PAUSE_MS     10u
/* Handshakes of callers under way at once. */
#define WEFT__KNOCKS_HALF_OPEN      128u
/* Begun in a second, and at once after a quiet time. */
#define WEFT__KNOCKS_RATE           500u
#define WEFT__KNOCKS_BURST          256u
/* Failures of one address that are borne in a second, and at once, with those that are still under way. */
#define WEFT__KNOCKS_FAILURES       1u
#define WEFT__KNOCKS_PATIENCE       20u
/* Places for addresses, which share one where their hashes do: memory does not grow with who calls. */
#define WEFT__KNOCKS_PLACES         4096u
/* Who has not ended his handshake by then makes room where all others are taken and somebody waits. A replica needs two
 * round trips. */
#define WEFT__KNOCKS_GRACE_NS       UINT64_C(500000000)
/* Keys of the cluster that a caller may use: each is a decryption for a stranger. */
#define WEFT__CLUSTER_KEYS_MAX      2u
/* A connection must be made, and the handshake be complete, within this time. */
#define WEFT__LINK_GREETING_NS      UINT64_C(3000000000)
/* An open link brings its first message in this time, and a message that was begun is complete in it or brings so many
 * bytes more; otherwise its peer trickles, or is none. Between messages a link may be quiet for as long as it likes:
 * TCP's own probes find out whether the peer still lives. */
#define WEFT__LINK_SILENCE_NS       UINT64_C(30000000000)
#define WEFT__LINK_PROGRESS         (64u << 10)
/* A quiet peer is probed after so many seconds. */
#define WEFT__LINK_PROBE_S          15u

/* --- Its files ---------------------------------------------------------------------------------------------------- */

/* A line of a cluster's file: a word, a certificate in hexadecimal, and what an editor may add; and lines of one kind.
 */
#define WEFT__IDENTITY_LINE_MAX     (2u * WEFT_CERTIFICATE_MAX + 128u)
#define WEFT__IDENTITY_ITEMS_MAX    65536u
/* The body of the largest entry of a recording: a segment of a checkpoint (16 MiB) with its event; and a whole one:
 * sixteen times what a recording grows to by default. */
#define WEFT__TAPE_ENTRY_MAX        (17u << 20)
#define WEFT__RECORDING_MAX         ((size_t)4 << 30)

/* --- Its users: what the weft command reads ------------------------------------------------------------------------
 */

/* A line: a value of the greatest size with every byte escaped, and its command and key. */
#define WEFT__INPUT_LINE_MAX        (4u * WEFT_VALUE_MAX + 8u * WEFT_KEY_MAX)
/* Edits of a transaction between begin and commit. */
#define WEFT__SESSION_EDITS_MAX     65536u
/* Answers that wait; beyond, input does. */
#define WEFT__SERVE_ANSWERS_MAX     8192u
/* Addresses to dial: no more than links. */
#define WEFT__SERVE_SEEDS_MAX       256u
/* A scenario's text and how deep it nests: what a person writes is far below; what is above is somebody's mistake. */
#define WEFT__TREE_BYTES_MAX        (256u << 10)
#define WEFT__TREE_DEPTH_MAX        8u
/* Its name and question, which are printed on one line, and what else it lists. */
#define WEFT__SCENARIO_NAME_MAX     64u
#define WEFT__SCENARIO_QUESTION_MAX 500u
#define WEFT__SCENARIO_TEXT_MAX     65536u /* of one value */
#define WEFT__SCENARIO_FAULTS_MAX   1000u
#define WEFT__SCENARIO_COUNTS_MAX   100u
#define WEFT__SCENARIO_TIMES_MAX    10000u /* of one fault */
/* The schedule that a scenario makes, in bytes of its faults; and a schedule in a file. */
#define WEFT__SCENARIO_LINES_MAX    (8u << 20)
#define WEFT__SCHEDULE_MAX          ((size_t)256 << 20)

#endif
