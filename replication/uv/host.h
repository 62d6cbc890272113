/* host.h: what only the machine can tell: time and entropy. */
#ifndef WEFT_REPLICATION_UV_HOST_H
#define WEFT_REPLICATION_UV_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>

/* Before the first random number. WEFT_ERR_IO: the system has no entropy to give. */
int weft__host_init(void);
/* Now, by both clocks. A physical clock that cannot be read, or that is outside the range of stamps, is the word 0:
 * then commits fail with a clear error until it is set right, and everything else goes on. */
struct weft_time weft__host_time(void);
/* Seconds since 1970, by which certificates are judged. */
uint64_t weft__host_seconds(void);
uint64_t weft__host_random(void);
void weft__host_random_bytes(void *out, size_t len);

#endif
