/* any_edit.h: something to write into a value of any of Weft's types. */
#ifndef WEFT_TESTS_ANY_EDIT_H
#define WEFT_TESTS_ANY_EDIT_H

#include <weft/crdt.h>

#define ANY_EDIT_TURNS 3

/* An origin that edits of rights name: of replica `id`. */
struct weft_origin any_origin(uint8_t id);
/* Edits for turn 0, 1 or 2. Turns 0 and 2 are one origin's, turn 1 another's that has seen turn 0; turn 2 also takes
 * away, where the type can. False: no edit is known for the class. */
bool any_edit(const struct weft_crdt_class *cls, struct weft_edit *e, int turn);

#endif
