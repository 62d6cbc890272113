/* rights.h: a signed document of rights in a file, as it is. */
#ifndef WEFT_TOOLS_RIGHTS_H
#define WEFT_TOOLS_RIGHTS_H

#include <stddef.h>

#include <weft/rights.h>

/* Reads the file and the document in it; *out with weft_rights_free. WEFT_ERR_NOT_FOUND, WEFT_ERR_IO, WEFT_ERR_LIMIT,
 * and those of weft_rights_read; why gets a sentence, with the file's name. */
int weft__rights_load(const char *path, struct weft_buf *bytes, const struct weft_rights **out, char *why,
                      size_t why_len);

#endif
