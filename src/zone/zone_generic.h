/* zone_generic.h - data in the form that fits every type: \# LENGTH HEX (RFC 3597 5).
 *
 * Threads: pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "zone/zone_lex.h"
#include "zone/zone_rdata.h"

/* The words after \#. NULL, or what is wrong (static). */
const char *zone_generic_read(uint16_t type, const struct zone_token *tokens, size_t n,
                              struct zone_rdata *out);
