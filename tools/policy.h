/* policy.h: rights as people write them:
 *
 *   member tokyo-1 asia tokyo.key.pub      # a name, a region (-: none), a public key's file, and if the replica has
 *   member dallas us dallas.key.pub ID     # another id than its key, that
 *   grant tokyo-1 write cart/ "stock/a b/" # keys that begin so
 *   grant @us read relay write ""          # every member of the region; every key
 *   grant * read                           # every member
 */
#ifndef WEFT_TOOLS_POLICY_H
#define WEFT_TOOLS_POLICY_H

#include <stddef.h>

#include <weft/rights.h>

struct weft__policy {
    const char *path;
    size_t faults;
    struct weft_buf members, grants; /* of struct weft_rights_member, and of struct weft_rights_grant */
    struct weft__policy_kept *kept;  /* what those point to */
};

/* Reads a file, whose keys' files are looked for in its folder. 0, or an exit code; each line that is wrong was named
 * on standard error. Either way: weft__policy_fini. */
int weft__policy_read(struct weft__policy *p, const char *path);
void weft__policy_fini(struct weft__policy *p);
/* Members and grants, for as long as the policy stays. */
void weft__policy_fill(const struct weft__policy *p, struct weft_rights *out);

#endif
