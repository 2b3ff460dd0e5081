/* special.h - networks that are nowhere: private, loopback, documentation, multicast, ...
 *
 * Source: the IANA special-purpose address registries for IPv4 and IPv6 (RFC 6890), with the
 * multicast and reserved blocks beside them. What the registries call globally reachable stays to
 * the databases. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct geo_special {
    const char *prefix;
    const char *name; /* NULL: globally reachable inside a wider block that is not */
};

/* Those of one family, in no order that matters. */
const struct geo_special *geo_special_list(int family, size_t *n);
