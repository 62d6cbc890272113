/* err.c: the texts of the error codes, from the one list in err.h. */
#include <weft/err.h>

const char *weft_strerror(int err) {
    switch (err) {
    case WEFT_OK:
        return "no error";
#define TEXT_CASE(name, value, text)                                                                                   \
    case WEFT_ERR_##name:                                                                                              \
        return text;
        WEFT_ERR_MAP(TEXT_CASE)
#undef TEXT_CASE
    default:
        return "unknown error";
    }
}

const char *weft_err_name(int err) {
    switch (err) {
    case WEFT_OK:
        return "OK";
#define NAME_CASE(name, value, text)                                                                                   \
    case WEFT_ERR_##name:                                                                                              \
        return #name;
        WEFT_ERR_MAP(NAME_CASE)
#undef NAME_CASE
    default:
        return "UNKNOWN";
    }
}
