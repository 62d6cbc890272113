/* log.h: the log hook. A NULL hook is silence. */
#ifndef WEFT_LOG_H
#define WEFT_LOG_H

#include <weft/api.h>

#ifdef __cplusplus
extern "C" {
#endif

enum weft_log_level { WEFT_LOG_ERROR, WEFT_LOG_WARN, WEFT_LOG_INFO, WEFT_LOG_DEBUG };

struct weft_log {
    /* text is lent for the call; no newline at its end. Called on the thread that called Weft. */
    void (*emit)(void *ctx, enum weft_log_level level, const char *module, const char *text);
    void *ctx;
    enum weft_log_level max_level;
};

#ifdef __cplusplus
}
#endif

#endif
