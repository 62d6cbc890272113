/* stamp.c: the order of stamps that a format carries. */
#include <weft/clock.h>

int weft_stamp_cmp(struct weft_stamp a, struct weft_stamp b) {
    if (a.epoch != b.epoch) return a.epoch < b.epoch ? -1 : 1;
    return (a.word > b.word) - (a.word < b.word);
}
