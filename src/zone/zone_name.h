/* zone_name.h - names and character strings as a master file writes them.
 *
 * Threads: pure. Source: RFC 1035 5.1 and 3.1, RFC 4343. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <waymark/wire.h>

#include "zone/zone_lex.h"

/* A name, its case as written. */
struct zone_name {
    uint8_t len;
    uint8_t octets[WIRE_NAME_MAX];
};

/* NULL, or what is wrong (static). */
const char *zone_name_read(const struct zone_token *token, const struct zone_name *origin,
                           struct zone_name *out);

/* A <character-string>: a length octet and up to 255 more. Returns its size, 0 and `why` if bad. */
size_t zone_string_read(const struct zone_token *token, uint8_t out[static 256], const char **why);
