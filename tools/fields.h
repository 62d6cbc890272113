/* fields.h: protobuf bytes as a sequence of fields, for looking into records without knowing all that is in them. */
#ifndef WEFT_TOOLS_FIELDS_H
#define WEFT_TOOLS_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include <weft/bytes.h>

struct weft__field {
    uint32_t number;
    uint64_t value;          /* of a varint or fixed64 */
    struct weft_slice bytes; /* of a field with a length; lent from the input */
};

/* Takes the next field off `rest`; false at the end, and where the bytes are none (then `rest` stays). */
bool weft__field_next(struct weft_slice *rest, struct weft__field *out);
/* The same for the numbers of a packed field. */
bool weft__varint_next(struct weft_slice *rest, uint64_t *out);
/* The first field of a number, all zero when there is none. */
struct weft__field weft__field_of(struct weft_slice message, uint32_t number);

#endif
