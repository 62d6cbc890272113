/* auction.h: the type of docs/own-type.md, as its author would hand it to the law kit from somewhere else. */
#ifndef WEFT_TESTS_LAWS_AUCTION_H
#define WEFT_TESTS_LAWS_AUCTION_H

int auction_main(void);
#define main auction_main
#include "examples/auction.c"
#undef main

static void auction_options(struct weft_law_options *opts) {
    weft_law_options_init(opts);
    opts->type = &auction_class;
    opts->mutate = any_bid;
    opts->spec = highest_bid;
}

#endif
