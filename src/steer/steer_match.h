/* steer_match.h - does a set of clients hold this place, and how specifically? */
#pragma once

#include <waymark/conf.h>
#include <waymark/geo.h>

/* What a static stage may see of a client. */
struct steer_spot {
    const struct geo_place *place;
    const struct prefix *prefix; /* the longest of the policy's prefixes around it; NULL: none */
};

/* 0: outside. Otherwise the more specific, the higher: a prefix (by length) over an operator's
 * region over an ASN over a subdivision over a country over a continent. */
int steer_match(const struct conf *conf, const struct conf_match *match,
                const struct steer_spot *spot);
