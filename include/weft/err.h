/* err.h: every error that Weft returns.
 *
 * A function that can fail returns 0 or one of these negative codes; its header says which, and what the caller
 * does then. The values are frozen: a new code gets a new number. What only a bug in the calling program can cause
 * is an assertion, not a code. */
#ifndef WEFT_ERR_H
#define WEFT_ERR_H

#include <weft/api.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(name, value, text) */
#define WEFT_ERR_MAP(X)                                                                                                \
    X(NOMEM, -1, "out of memory")                                                                                      \
    X(INVALID, -2, "invalid argument")                                                                                 \
    X(RANGE, -3, "a number is out of range")                                                                           \
    X(LIMIT, -4, "over a limit of limits.h")                                                                           \
    X(MALFORMED, -5, "malformed bytes")                                                                                \
    X(VERSION, -6, "written by a newer version of the format")                                                         \
    X(CORRUPT, -7, "stored data are damaged")                                                                          \
    X(NOT_FOUND, -8, "not found")                                                                                      \
    X(TYPE, -9, "the key holds an object of another type")                                                             \
    X(BUSY, -10, "in use: a transaction is open, or another process opened it")                                        \
    X(IO, -11, "the store or the system failed")                                                                       \
    X(FULL, -12, "no room left")                                                                                       \
    X(CLOSED, -13, "closed")                                                                                           \
    X(NOT_READY, -14, "not yet: restoring, or a new epoch is being drawn")                                             \
    X(NOT_WHOLE, -15, "not whole yet: an empty replica is taking its first state")                                     \
    X(HELD, -16, "another owner holds the lease")                                                                      \
    X(RIGHTS, -17, "this origin has not the rights for so much")                                                       \
    X(CLOCK_REMOTE_AHEAD, -20, "a remote stamp is beyond the drift bound")                                             \
    X(CLOCK_RANGE, -21, "a stamp is outside the range of the clock")                                                   \
    X(CLOCK_PHYS_FAILED, -22, "the physical clock could not be read")                                                  \
    X(CLOCK_NO_DURABLE_BOUND, -23, "the clock's durable bound could not be stored")                                    \
    X(CLOCK_JUMP_FORWARD, -24, "the physical clock jumped forward")                                                    \
    X(CLOCK_IMPLAUSIBLE, -25, "the physical clock is earlier than this build")                                         \
    X(CLOCK_FORKED, -26, "the process forked: the clock needs a new identity")                                         \
    X(CLOCK_LOCAL_AHEAD, -27, "the clock is beyond its own drift bound")                                               \
    X(CLONED, -30, "another copy of this replica issued transactions under its epoch")                                 \
    X(STRANGER, -31, "the peer does not know the cluster's key")                                                       \
    X(CERTIFICATE, -32, "the peer's certificate, or its key, is not accepted")                                         \
    X(EXPIRED, -33, "the peer's certificate is not valid at this time")                                                \
    X(DENIED, -34, "the rights of the space do not allow it")                                                          \
    X(SIGNATURE, -35, "not signed by who is said to have issued it")                                                   \
    X(FOREIGN, -36, "it belongs to another replica, cluster or space")

enum weft_err {
    WEFT_OK = 0,
#define WEFT_ERR_ENUM(name, value, text) WEFT_ERR_##name = value,
    WEFT_ERR_MAP(WEFT_ERR_ENUM)
#undef WEFT_ERR_ENUM
};

/* A sentence for a code; never NULL; static storage. */
WEFT_API const char *weft_strerror(int err);

/* The code's name without prefix ("NOMEM"), "OK" for 0, "UNKNOWN" otherwise; static storage. */
WEFT_API const char *weft_err_name(int err);

#ifdef __cplusplus
}
#endif

#endif
