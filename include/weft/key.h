/* key.h: a key as bytes: public or secret, of a replica, of a cluster or of an authority. What it is for is said by the
 * functions that take it. */
#ifndef WEFT_KEY_H
#define WEFT_KEY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEFT_KEY_LEN              32u /* of every key but an authority's secret one, which holds its public one too */
#define WEFT_AUTHORITY_SECRET_LEN 64u

struct weft_key {
    uint8_t bytes[WEFT_KEY_LEN];
};

#ifdef __cplusplus
}
#endif

#endif
