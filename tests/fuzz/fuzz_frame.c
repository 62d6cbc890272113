/* The stream of a link: greeting, then frames. Whatever pieces it comes in, the same messages come out of it, and it
 * fails or not, as if it had come in one.
 *
 * Input: a count, so many lengths of pieces (used in turn, 0 is the rest), then the stream. */
#include <weft/err.h>

#include "replication/uv/channel.h"
#include "replication/uv/frame.h"
#include "tests/fuzz/fuzz.h"

struct heard {
    struct weft_buf messages; /* framed again, one after the other */
    size_t left;              /* bytes of an unfinished frame */
    int err;
};

static void take_messages(struct weft__frame_reader *r, struct heard *h) {
    struct weft_slice m;
    int rc;
    while ((rc = weft__frame_peek(r, &m)) == 1) {
        HOLDS(m.len > 0 && m.len <= WEFT_FRAME_MAX);
        HOLDS(weft__frame_write(&h->messages, m) == 0);
        weft__frame_skip(r);
    }
    h->err = rc;
    weft__frame_compact(r);
}

static size_t piece_len(struct weft_slice lengths, size_t turn, size_t left) {
    size_t len = lengths.len == 0 ? 0 : lengths.ptr[turn % lengths.len];
    return len == 0 || len > left ? left : len;
}

static void hear(struct weft_slice stream, struct weft_slice lengths, struct heard *h) {
    struct weft__channel *channel;
    struct weft__frame_reader reader;
    struct weft_buf wire;
    weft_buf_init(&wire, NULL);
    weft_buf_init(&h->messages, NULL);
    weft__frame_reader_init(&reader, NULL);
    h->err = 0;
    HOLDS(weft__channel_plain_new(&channel, NULL) == 0);
    HOLDS(channel->cls->start(channel, &wire) == 0);
    HOLDS(channel->cls->judge(channel, NULL, 0) == 0);
    HOLDS(channel->cls->until(channel) == UINT64_MAX && channel->cls->peer(channel) == NULL);
    for (size_t at = 0, turn = 0; at < stream.len && h->err == 0; turn++) {
        struct weft_slice piece = weft_slice(stream.ptr + at, piece_len(lengths, turn, stream.len - at));
        uint8_t *copy = fuzz_copy(piece);
        h->err = channel->cls->receive(channel, weft_slice(copy, piece.len), &reader.bytes, &wire);
        free(copy);
        HOLDS(h->err == 0 || h->err == WEFT_ERR_MALFORMED || h->err == WEFT_ERR_VERSION);
        HOLDS(h->err == 0 || channel->cls->errmsg(channel)[0] != '\0');
        if (h->err == 0) take_messages(&reader, h);
        at += piece.len;
    }
    HOLDS(reader.bytes.len == 0 || channel->cls->ready(channel));
    HOLDS(reader.bytes.len == 0 || !channel->cls->owed(channel));
    h->left = reader.bytes.len;
    channel->cls->close(channel);
    weft__frame_reader_fini(&reader);
    weft_buf_fini(&wire);
}

/* Longer than what is kept when it was heard. */
static void say_long(struct weft_buf *messages) {
    struct weft_buf m;
    weft_buf_init(&m, NULL);
    for (size_t i = 0; i < 40000; i++) weft_buf_append(&m, "8 bytes.", 8);
    HOLDS(weft__frame_write(messages, weft_buf_slice(&m)) == 0);
    weft_buf_fini(&m);
}

/* What was heard, said again, is heard by another side as it was said. */
static void say_again(struct heard *h, bool and_more) {
    struct weft__channel *channel;
    struct heard again;
    struct weft_buf wire;
    weft_buf_init(&wire, NULL);
    if (and_more) say_long(&h->messages);
    HOLDS(weft__channel_plain_new(&channel, NULL) == 0);
    HOLDS(channel->cls->start(channel, &wire) == 0);
    HOLDS(channel->cls->send(channel, weft_buf_slice(&h->messages), &wire) == 0);
    hear(weft_buf_slice(&wire), weft_slice(NULL, 0), &again);
    HOLDS(again.err == 0 && again.left == 0);
    HOLDS(weft_slice_eq(weft_buf_slice(&h->messages), weft_buf_slice(&again.messages)));
    channel->cls->close(channel);
    weft_buf_fini(&again.messages);
    weft_buf_fini(&wire);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct fuzz_input in = fuzz_input(data, size);
    struct weft_slice lengths = fuzz_bytes(&in, fuzz_byte(&in));
    struct weft_slice stream = fuzz_bytes(&in, fuzz_left(&in));
    struct heard whole, pieces;
    hear(stream, weft_slice(NULL, 0), &whole);
    hear(stream, lengths, &pieces);
    HOLDS(whole.err == pieces.err);
    HOLDS(weft_slice_eq(weft_buf_slice(&whole.messages), weft_buf_slice(&pieces.messages)));
    if (whole.err == 0) HOLDS(whole.left == pieces.left);
    say_again(&whole, lengths.len == 3);
    weft_buf_fini(&whole.messages);
    weft_buf_fini(&pieces.messages);
    return 0;
}
