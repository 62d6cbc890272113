/* api.h: visibility, attributes and the version of the library. */
#ifndef WEFT_API_H
#define WEFT_API_H

#if defined(__GNUC__)
#define WEFT_API               __attribute__((visibility("default")))
#define WEFT_MUST_CHECK        __attribute__((warn_unused_result))
#define WEFT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
/* Kept out of line, so that the way past it saves no registers for it. */
#define WEFT_COLD              __attribute__((cold, noinline))
#else
#define WEFT_API
#define WEFT_MUST_CHECK
#define WEFT_PRINTF(fmt, args)
#define WEFT_COLD
#endif

#define WEFT_VERSION_MAJOR  0
#define WEFT_VERSION_MINOR  1
#define WEFT_VERSION_PATCH  0
#define WEFT_VERSION_NUMBER (WEFT_VERSION_MAJOR * 1000000 + WEFT_VERSION_MINOR * 1000 + WEFT_VERSION_PATCH)

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that is linked, as WEFT_VERSION_NUMBER. */
WEFT_API int weft_version(void);

#ifdef __cplusplus
}
#endif

#endif
