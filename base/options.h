/* options.h: options structs grow by appending, and begin with their size as the application was compiled with it.
 *
 * So each weft_x_options_init is a macro: a function of the library would write a struct of the library's size, over
 * the end of the one that an older application has. */
#ifndef WEFT_BASE_OPTIONS_H
#define WEFT_BASE_OPTIONS_H

#include <stddef.h>
#include <string.h>

#include <weft/err.h>

/* Writes the defaults into a struct for which the application has `size` bytes: of options that it does not know none,
 * to options that this library does not know nothing. */
static inline void weft__options_write(void *out, size_t size, const void *defaults, size_t own_size) {
    memset(out, 0, size);
    memcpy(out, defaults, size < own_size ? size : own_size);
    memcpy(out, &size, sizeof size);
}

/* Copies what an application gave over `own`, which holds this library's defaults. WEFT_ERR_INVALID: the size is not
 * set, or the application is newer than the library and uses an option that is not known here. */
static inline int weft__options_read(void *own, size_t own_size, const void *given) {
    size_t size;
    memcpy(&size, given, sizeof size);
    if (size < sizeof size) return WEFT_ERR_INVALID;
    const unsigned char *bytes = given;
    for (size_t i = own_size; i < size; i++)
        if (bytes[i] != 0) return WEFT_ERR_INVALID;
    memcpy(own, given, size < own_size ? size : own_size);
    memcpy(own, &own_size, sizeof own_size);
    return 0;
}

#endif
