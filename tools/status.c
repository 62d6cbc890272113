/* status.c: the state of a served replica in one line of key=value pairs, for people and programs. */
#include <inttypes.h>
#include <string.h>

#include <weft/err.h>

#include "tools/served_rights.h"
#include "tools/session.h"
#include "tools/value.h"

/* The origin's epochs are told apart by peers only; what it wrote is the sum of them. */
static uint64_t own_writes(const struct weft_replica *r) {
    struct weft_origin self = weft_replica_self(r);
    struct weft_origin_info info;
    uint64_t sum = 0;
    for (size_t i = 0; weft_replica_origin(r, i, &info); i++) {
        if (weft_id_cmp(&info.origin.replica, &self.replica) == 0) sum += info.applied;
    }
    return sum;
}

static uint64_t own_seq(const struct weft_replica *r) {
    struct weft_origin self = weft_replica_self(r);
    struct weft_origin_info info;
    for (size_t i = 0; weft_replica_origin(r, i, &info); i++) {
        if (weft_origin_cmp(&info.origin, &self) == 0) return info.applied;
    }
    return 0;
}

static void origins(struct weft_buf *out, const struct weft_replica *r) {
    struct weft_origin_info info;
    weft_buf_append_str(out, " origins=");
    for (size_t i = 0; weft_replica_origin(r, i, &info); i++) {
        if (i > 0) weft_buf_append(out, ",", 1);
        weft__origin_text(out, &info.origin);
        weft_buf_printf(out, ":%" PRIu64 ":%" PRIu64, info.applied, info.recorded);
    }
}

static void links(struct weft_buf *out, const struct weft_replica *r) {
    struct weft_link_info info;
    weft_buf_append_str(out, " links=");
    for (size_t i = 0; weft_replica_link(r, i, &info); i++) {
        char peer[WEFT_ID_TEXT] = "?";
        if (info.known) weft_id_format(&info.peer.replica, peer);
        weft_buf_printf(out, "%s%" PRIu32 ":%s:%" PRIu64 ":%" PRIu64 ":%" PRId64, i > 0 ? "," : "", info.link, peer,
                        info.behind, info.ahead, info.skew_ns);
    }
}

/* "MALFORMED:3,VERSION:1" */
static void refusals(struct weft_buf *out, const struct weft_replica *r, const struct weft_replica_stats *stats) {
    static const int codes[] = {
#define CODE(name, value, text) value,
        WEFT_ERR_MAP(CODE)
#undef CODE
    };
    const char *comma = "";
    weft_buf_printf(out, " refused_messages=%" PRIu64 " unkept=%" PRIu64 " refused_for=", stats->refused,
                    stats->unkept);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        uint64_t count = weft_replica_refusals(r, codes[i]);
        if (count == 0) continue;
        weft_buf_printf(out, "%s%s:%" PRIu64, comma, weft_err_name(codes[i]), count);
        comma = ",";
    }
}

static void counts(struct weft_buf *out, const struct weft_replica *r, const struct weft_uv_stats *uv) {
    struct weft_replica_stats stats;
    weft_replica_stats(r, &stats);
    weft_buf_printf(out, " dialling=%" PRIu64 " refused=%" PRIu64 " unheard=%" PRIu64, uv->dialling, uv->refused,
                    uv->unheard);
    weft_buf_printf(out, " pending=%" PRIu64 " parked=%" PRIu64, stats.pending, stats.parked);
    weft_buf_printf(out, " voids=%" PRIu64, stats.voids);
    refusals(out, r, &stats);
    weft_buf_printf(out, " objects=%" PRIu64 " log=%" PRIu64 " unwritten=%" PRIu64 " store_writes=%" PRIu64,
                    stats.objects, stats.log_entries, uv->unwritten_bytes, uv->store_writes);
    weft_buf_printf(out, " in=%" PRIu64 " out=%" PRIu64 " clock=", uv->bytes_in, uv->bytes_out);
    weft__stamp_text(out, stats.clock);
    weft_buf_append_str(out, " hash=");
    for (size_t i = 0; i < sizeof stats.state_hash; i++) weft_buf_printf(out, "%02x", stats.state_hash[i]);
}

void weft__session_status(struct weft__session *s) {
    const struct weft_replica *r = weft_uv_replica(s->node);
    struct weft_origin self = weft_replica_self(r);
    struct weft_uv_stats uv;
    weft_uv_stats(s->node, &uv);
    char id[WEFT_ID_TEXT];
    weft_id_format(&self.replica, id);
    weft_buf_append_str(&s->out, "ok name=");
    weft__words_quote(&s->out, weft_str(s->name));
    weft_buf_printf(&s->out, " id=%s epoch=%016" PRIx64 " own=%" PRIu64 " writes=%" PRIu64 " port=%d", id, self.epoch,
                    own_seq(r), own_writes(r), weft_uv_port(s->node));
    origins(&s->out, r);
    links(&s->out, r);
    weft__served_peers_status(&s->out, r);
    weft__served_rights_status(&s->out, r);
    counts(&s->out, r, &uv);
    weft__session_answer(s);
}
