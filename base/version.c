/* version.c: the version that was compiled, for programs to compare with the one that their headers name. */
#include <weft/api.h>

int weft_version(void) {
    return WEFT_VERSION_NUMBER;
}
