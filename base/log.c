/* log.c: formats on the stack, so that saying that memory ran out needs none. Longer texts are cut. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 512

void weft__log(const struct weft_log *l, enum weft_log_level level, const char *module, const char *fmt, ...) {
    if (l == NULL || l->emit == NULL || level > l->max_level) return;
    char text[TEXT_MAX];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (len >= 0) l->emit(l->ctx, level, module, text);
}
