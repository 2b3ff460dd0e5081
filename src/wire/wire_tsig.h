/* wire_tsig.h - the TSIG record of a query. */
#pragma once

#include <waymark/wire.h>

/* The record of RFC 8945 4.2 whose owner stands at `owner_at` and whose type at `p`, inside the packet
 * with its `rdlen` octets. false: it is none. */
bool wire_tsig_read(const uint8_t *packet, size_t owner_at, const uint8_t *p, size_t rdlen,
                    struct wire_tsig *out);
