/* generate.c: an access log from a seed.
 *
 * Paths by Zipf's law, as the pages of a site are asked for; a few dozen visitors at a time, each staying for some
 * pages; some answers not modified, moved, not found, failed. Whole numbers only, so that a seed is the same log
 * everywhere. The log is made as text and read like any other. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/demo/log.h"

#define PATHS     400u
#define AT_ONCE   40u
/* A visitor leaves after a page with a chance of one in so many. */
#define STAYS     10u
#define LINE_ROOM 128u

struct generator {
    uint64_t state;
    uint64_t weight[PATHS]; /* summed up to and with each path */
    unsigned visitor[AT_ONCE];
    unsigned visitors;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t draw(struct generator *g, uint64_t below) {
    uint64_t z = (g->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % below;
}

static void init(struct generator *g, uint64_t seed) {
    g->state = seed;
    uint64_t sum = 0;
    for (unsigned i = 0; i < PATHS; i++) g->weight[i] = sum += 1000000u / (i + 1);
    g->visitors = 0;
    for (unsigned i = 0; i < AT_ONCE; i++) g->visitor[i] = ++g->visitors;
}

static unsigned draw_path(struct generator *g) {
    uint64_t at = draw(g, g->weight[PATHS - 1]);
    unsigned low = 0, high = PATHS - 1;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (g->weight[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static unsigned draw_visitor(struct generator *g) {
    unsigned seat = (unsigned)draw(g, AT_ONCE), visitor = g->visitor[seat];
    if (draw(g, STAYS) == 0) g->visitor[seat] = ++g->visitors;
    return visitor;
}

static unsigned draw_status(struct generator *g) {
    static const struct {
        unsigned percent, status;
    } table[] = {{85, 200}, {6, 304}, {2, 301}, {5, 404}, {1, 403}, {1, 500}};
    unsigned at = (unsigned)draw(g, 100), i = 0;
    while (at >= table[i].percent) at -= table[i++].percent;
    return table[i].status;
}

static int write_path(char *out, size_t room, unsigned path) {
    static const char *const sections[] = {"articles", "products", "images", "docs", "search?q=thread&page"};
    if (path == 0) return snprintf(out, room, "/");
    unsigned section = path % 5;
    return snprintf(out, room, section == 4 ? "/%s=%u" : "/%s/%u", sections[section], path);
}

static int write_line(struct generator *g, char *out, unsigned second) {
    char path[64];
    unsigned number = draw_path(g), visitor = draw_visitor(g), status = draw_status(g);
    uint64_t bytes = status == 200 ? 500 + number * 37 + draw(g, 4000) : status == 304 ? 0 : 300 + draw(g, 200);
    write_path(path, sizeof path, number);
    return snprintf(out, LINE_ROOM, "%u\t10.%u.%u.%u\tGET\t%s\t%u\t%" PRIu64 "\n", second, visitor >> 16 & 255,
                    visitor >> 8 & 255, visitor & 255, path, status, bytes);
}

void weft__demo_log_generate(struct weft__demo_log *log, size_t lines, uint64_t seed) {
    struct generator g;
    init(&g, seed);
    char *text = weft__demo_grow(NULL, lines, LINE_ROOM);
    size_t len = 0;
    for (size_t i = 0; i < lines; i++) len += (size_t)write_line(&g, text + len, 1700000000u + (unsigned)i / 20);
    weft__demo_log_parse(log, text, len);
}
