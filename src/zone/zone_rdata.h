/* zone_rdata.h - the data of a record, from words to wire.
 *
 * Threads: one owner per desk. It takes from ldns the shape of every type, and the
 * reading of every field but names, numbers, addresses and strings, where ldns wraps
 * what does not fit. RFC 3597's form is always taken. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/why.h>

#include "zone/zone_lex.h"
#include "zone/zone_name.h"

enum { ZONE_RDATA_MAX = 65535 };

/* Large: keep it on the heap. */
struct zone_rdata {
    size_t len;
    uint8_t octets[ZONE_RDATA_MAX];
    char text[ZONE_ENTRY_TEXT_MAX + 2 * ZONE_ENTRY_TOKENS_MAX]; /* scratch: words for ldns */
};

/* False, and `why` is a sentence. Names keep their case and are not compressed. */
bool zone_rdata_read(uint16_t type, const struct zone_token *tokens, size_t n,
                     const struct zone_name *origin, struct zone_rdata *out,
                     char why[static WHY_LEN]);
