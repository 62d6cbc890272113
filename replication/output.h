/* output.h: what the next update will say. Filled by steps and commits; lent to the driver until the next step.
 *
 * Records, changes and the queue of what becomes recorded are reserved before a change is published, so that a change
 * that took effect is never without its record. Messages and notices may be lost to a full memory: anti-entropy repairs
 * the first, the second are for people. */
#ifndef WEFT_REPLICATION_OUTPUT_H
#define WEFT_REPLICATION_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weft/replica.h>

/* An item whose slices are places in `bytes` until the update is finished, because `bytes` may move. */
struct weft__output {
    struct weft_record *records;
    size_t record_count, record_cap;
    struct weft_message *messages;
    size_t message_count, message_cap;
    struct weft_change *changes;
    size_t change_count, change_cap;
    struct weft_notice *notices;
    size_t notice_count, notice_cap;
    struct weft_buf bytes; /* messages, keys of changes, texts, bytes of records other than LOG */
    bool wants_epoch;
    const struct weft_alloc *alloc;
};

void weft__output_init(struct weft__output *o, const struct weft_alloc *alloc);
void weft__output_fini(struct weft__output *o);
void weft__output_clear(struct weft__output *o);
/* Turns places into pointers; call once, when nothing is added any more. */
void weft__output_finish(struct weft__output *o, struct weft_update *u);

int weft__output_reserve(struct weft__output *o, size_t records, size_t changes, size_t bytes);
/* With bytes that live until the output is cleared (a log row). Reserved. */
void weft__output_record_lent(struct weft__output *o, const struct weft_record *r);
/* Copies the bytes. WEFT_ERR_NOMEM adds nothing. */
int weft__output_record(struct weft__output *o, const struct weft_record *r);
void weft__output_change(struct weft__output *o, const struct weft_change *c); /* reserved, the key's bytes too */
/* Starts a message at the end of `bytes`: write it there, then end or cancel with what begin returned. */
size_t weft__output_message_begin(struct weft__output *o);
void weft__output_message_end(struct weft__output *o, uint32_t link, size_t mark);
/* The index-th message to another link too. */
void weft__output_message_again(struct weft__output *o, uint32_t link, size_t index);
/* n->text is ignored; fmt makes it. */
void weft__output_notice(struct weft__output *o, const struct weft_notice *n, const char *fmt, ...) WEFT_PRINTF(3, 4);

#endif
