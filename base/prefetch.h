/* prefetch.h: asks for a cache line that will be read or written soon. A hint, without effect on what happens. */
#ifndef WEFT_BASE_PREFETCH_H
#define WEFT_BASE_PREFETCH_H

static inline void weft__prefetch(const void *at) {
#if defined(__GNUC__)
    __builtin_prefetch(at);
#else
    (void)at;
#endif
}

#endif
