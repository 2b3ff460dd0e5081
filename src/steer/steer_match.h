/* steer_match.h - a place as policies see it; does a set of clients hold it, and how specifically? */
#pragma once

#include <waymark/conf.h>
#include <waymark/geo.h>

/* What a static stage may see of a client. */
struct steer_spot {
    const struct geo_place *place;
    const struct prefix *prefix; /* the longest of the policy's prefixes around it; NULL: none */
    double unit[3];              /* the place on the unit sphere, if it has a point */
};

struct steer_spot steer_spot(const struct geo_place *place, const struct prefix *prefix);

/* Degrees to a point on the unit sphere. */
void steer_unit(double latitude, double longitude, double out[static 3]);

/* 0: outside. Otherwise the more specific, the higher: a prefix (by length) over an operator's
 * region over an ASN over a subdivision over a country over a continent. */
int steer_match(const struct conf *conf, const struct conf_match *match,
                const struct steer_spot *spot);
