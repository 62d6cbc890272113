/* kept.c: a list that many write to and nobody reads but people, of fixed length, in slots that are records of the
 * store.
 *
 * Whoever sends garbage sends much of it, so three rules. (1) A replica has a quarter of the slots at most, and then
 * takes the place of its own oldest entry; where the list is full before that, it takes the place of the oldest of
 * whoever has most. So what one replica sent pushes out what others sent only while it has less than they. (2) An entry
 * stays for a minute at least, unless one that has none takes its place from one that has several. So a flood is as
 * many records a minute as there are slots, or twice that, and what shows is how it began. (3) What found no place is
 * counted.
 *
 * Records carry a hash, as a store may give them back damaged, which is no reason not to open: such a slot is free. */
#include "replication/kept.h"

#include <string.h>

#include <weft/err.h>

#include "base/alloc.h"
#include "base/wire.h"
#include "clock/id.h"
#include "replication/checksummed.h"

#define SHARE(k)   ((k)->count / 4u)
#define STAYS_NS   UINT64_C(60000000000)
/* Far more than are ever given out. */
#define NUMBER_MAX (UINT64_MAX >> 1)

void weft__kept_init(struct weft__kept *k, size_t count, uint64_t first_id, const struct weft_alloc *alloc) {
    *k = (struct weft__kept){.count = count, .first_id = first_id, .alloc = alloc};
}

void weft__kept_fini(struct weft__kept *k) {
    if (k->slots == NULL) return;
    for (size_t i = 0; i < k->count; i++) weft_buf_fini(&k->slots[i].record);
    weft__free(k->alloc, k->slots, k->count * sizeof *k->slots);
    k->slots = NULL;
}

static int reserve(struct weft__kept *k) {
    if (k->slots != NULL) return 0;
    k->slots = weft__calloc(k->alloc, k->count, sizeof *k->slots);
    if (k->slots == NULL) return WEFT_ERR_NOMEM;
    for (size_t i = 0; i < k->count; i++) weft_buf_init(&k->slots[i].record, k->alloc);
    return 0;
}

/* --- Records ------------------------------------------------------------------------------------------------------ */

int weft__kept_write(struct weft_buf *b, const struct weft__kept_entry *e) {
    size_t from = weft__checksummed_begin(b);
    weft__write_field_varint(b, 3, e->number);
    weft__write_field_varint(b, 4, (uint64_t)-e->err);
    weft__write_field_fixed64(b, 5, e->wall);
    if (!weft__id_is_zero(&e->replica)) weft__write_bytes(b, 6, weft_slice(e->replica.bytes, sizeof e->replica.bytes));
    weft__write_field_varint(b, 7, e->is_authenticated);
    weft__write_field_varint(b, 8, e->link);
    weft__write_field_bytes(b, 9, e->label);
    weft__write_field_bytes(b, 10, e->text);
    weft__write_field_varint(b, 11, e->length);
    weft__write_field_bytes(b, 12, e->bytes);
    weft__write_field_fixed64(b, 13, e->epoch);
    weft__write_field_varint(b, 14, e->seq);
    return weft__checksummed_end(b, from);
}

static void read_id(struct weft__reader *in, struct weft_id *out) {
    struct weft_slice id = weft__read_field_bytes(in, 6);
    if (id.len == sizeof out->bytes)
        memcpy(out->bytes, id.ptr, id.len);
    else if (id.len != 0)
        weft__reader_fail(in);
}

static void read_entry(struct weft__reader *in, struct weft__kept_entry *e) {
    *e = (struct weft__kept_entry){.number = weft__read_field_varint(in, 3)};
    uint64_t err = weft__read_field_varint(in, 4);
    e->wall = weft__read_field_fixed64(in, 5);
    read_id(in, &e->replica);
    uint64_t authenticated = weft__read_field_varint(in, 7), link = weft__read_field_varint(in, 8);
    e->label = weft__read_field_bytes(in, 9);
    e->text = weft__read_field_bytes(in, 10);
    e->length = weft__read_field_varint(in, 11);
    e->bytes = weft__read_field_bytes(in, 12);
    e->epoch = weft__read_field_fixed64(in, 13);
    e->seq = weft__read_field_varint(in, 14);
    e->err = err < 1000 ? -(int)err : 0;
    e->is_authenticated = authenticated == 1;
    e->link = (uint32_t)link;
    if (err >= 1000 || authenticated > 1 || link > UINT32_MAX) weft__reader_fail(in);
}

static bool is_sound(const struct weft__kept_entry *e) {
    return e->number > 0 && e->number <= NUMBER_MAX && e->bytes.len <= e->length &&
           e->bytes.len <= WEFT_KEPT_BYTES_MAX && e->label.len <= WEFT_KEPT_TEXT_MAX &&
           e->text.len <= WEFT_KEPT_TEXT_MAX;
}

int weft__kept_read(struct weft_slice record, struct weft__kept_entry *e) {
    struct weft__reader in;
    int rc = weft__checksummed_open(&in, record);
    if (rc != 0) return rc;
    read_entry(&in, e);
    return in.err == 0 && weft__reader_done(&in) && is_sound(e) ? 0 : WEFT_ERR_MALFORMED;
}

int weft__kept_write_gone(struct weft_buf *b, const struct weft__kept_slot *s) {
    return weft__kept_write(b, &(struct weft__kept_entry){.number = s->entry.number});
}

/* Reads what was written there: the entry's slices are the record's. */
static int take_record(struct weft__kept_slot *s) {
    int rc = weft__kept_read(weft_buf_slice(&s->record), &s->entry);
    s->is_taken = rc == 0 && s->entry.err != 0;
    return rc;
}

bool weft__kept_owns(const struct weft__kept *k, uint64_t id) {
    return id >= k->first_id && id - k->first_id < k->count;
}

uint64_t weft__kept_id(const struct weft__kept *k, const struct weft__kept_slot *s) {
    return k->first_id + (uint64_t)(s - k->slots);
}

int weft__kept_restore(struct weft__kept *k, uint64_t id, struct weft_slice record) {
    struct weft__kept_entry e;
    int rc = reserve(k);
    if (rc != 0) return rc;
    if (weft__kept_read(record, &e) != 0 || weft__kept_find(k, e.number) != NULL) {
        k->damaged++;
        return 0;
    }
    struct weft__kept_slot *s = &k->slots[id - k->first_id];
    weft_buf_reset(&s->record);
    rc = e.err == 0 ? 0 : weft_buf_append_slice(&s->record, record);
    s->record.err = 0;
    if (rc != 0) return rc;
    if (e.err != 0) (void)!take_record(s); /* it read */
    if (k->last_number < e.number) k->last_number = e.number;
    return 0;
}

/* --- Places ------------------------------------------------------------------------------------------------------- */

static struct weft__kept_slot *oldest_of(const struct weft__kept *k, const struct weft_id *replica, size_t *count) {
    struct weft__kept_slot *oldest = NULL;
    *count = 0;
    for (size_t i = 0; i < k->count; i++) {
        struct weft__kept_slot *s = &k->slots[i];
        if (!s->is_taken || weft_id_cmp(&s->entry.replica, replica) != 0) continue;
        if (oldest == NULL || s->entry.number < oldest->entry.number) oldest = s;
        ++*count;
    }
    return oldest;
}

/* Of equals, of the one whose oldest entry is the older. */
static struct weft__kept_slot *oldest_of_most(const struct weft__kept *k, size_t *most) {
    struct weft__kept_slot *oldest = NULL;
    *most = 0;
    for (size_t i = 0; i < k->count; i++) {
        size_t count;
        struct weft__kept_slot *s = oldest_of(k, &k->slots[i].entry.replica, &count);
        if (count < *most || (count == *most && s->entry.number > oldest->entry.number)) continue;
        oldest = s;
        *most = count;
    }
    return oldest;
}

static struct weft__kept_slot *first_free(const struct weft__kept *k) {
    for (size_t i = 0; i < k->count; i++)
        if (!k->slots[i].is_taken) return &k->slots[i];
    return NULL;
}

int weft__kept_place(struct weft__kept *k, const struct weft_id *replica, uint64_t now_ns,
                     struct weft__kept_slot **out) {
    size_t own, most;
    int rc = reserve(k);
    if (rc != 0) return rc;
    struct weft__kept_slot *s = oldest_of(k, replica, &own);
    bool at_once = false;
    if (own < SHARE(k)) {
        struct weft__kept_slot *empty = first_free(k);
        struct weft__kept_slot *other = empty == NULL ? oldest_of_most(k, &most) : NULL;
        at_once = empty != NULL || (own == 0 && most > 1);
        if (empty != NULL)
            s = empty;
        else if (most > own)
            s = other;
    }
    *out = at_once || now_ns >= s->until_ns ? s : NULL;
    k->unkept += *out == NULL;
    return 0;
}

int weft__kept_put(struct weft__kept *k, struct weft__kept_slot *s, const struct weft__kept_entry *e, uint64_t now_ns) {
    struct weft__kept_entry with = *e;
    struct weft_buf record;
    weft_buf_init(&record, k->alloc);
    with.number = k->last_number + 1;
    int rc = weft_buf_reserve(&record, e->bytes.len + e->label.len + e->text.len + WEFT__KEPT_ROOM);
    if (rc == 0) rc = weft__kept_write(&record, &with);
    if (rc != 0) {
        weft_buf_fini(&record);
        return rc;
    }
    weft_buf_fini(&s->record);
    s->record = record;
    s->until_ns = now_ns + STAYS_NS;
    k->last_number++;
    return take_record(s);
}

void weft__kept_remove(struct weft__kept *k, struct weft__kept_slot *s) {
    weft_buf_fini(&s->record);
    *s = (struct weft__kept_slot){.is_taken = false};
    weft_buf_init(&s->record, k->alloc);
}

struct weft__kept_slot *weft__kept_find(const struct weft__kept *k, uint64_t number) {
    for (size_t i = 0; k->slots != NULL && i < k->count; i++)
        if (k->slots[i].is_taken && k->slots[i].entry.number == number) return &k->slots[i];
    return NULL;
}

struct weft__kept_slot *weft__kept_at(const struct weft__kept *k, size_t index) {
    struct weft__kept_slot *next = NULL;
    uint64_t after = 0;
    for (size_t n = 0; k->slots != NULL && n <= index; n++) {
        next = NULL;
        for (size_t i = 0; i < k->count; i++) {
            struct weft__kept_slot *s = &k->slots[i];
            bool follows = s->is_taken && s->entry.number > after;
            if (follows && (next == NULL || s->entry.number < next->entry.number)) next = s;
        }
        if (next == NULL) return NULL;
        after = next->entry.number;
    }
    return next;
}
