/* log.h: nothing in Weft writes to a stream; what it has to say goes to a hook, as text without file or line, so that
 * golden traces can compare it. */
#ifndef WEFT_BASE_LOG_H
#define WEFT_BASE_LOG_H

#include <weft/api.h>
#include <weft/log.h>

void weft__log(const struct weft_log *l, enum weft_log_level level, const char *module, const char *fmt, ...)
    WEFT_PRINTF(4, 5);

#endif
