/* steer_match.c - places, and sets of clients against them. Pure. */
#include "steer_match.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    BY_CONTINENT = 1,
    BY_COUNTRY = 2,
    BY_SUBDIVISION = 3,
    BY_ASN = 4,
    BY_REGION = 5,
    BY_PREFIX = 100 /* plus its length */
};

void steer_unit(double latitude, double longitude, double out[static 3])
{
    double north = latitude * M_PI / 180, east = longitude * M_PI / 180;

    out[0] = cos(north) * cos(east);
    out[1] = cos(north) * sin(east);
    out[2] = sin(north);
}

struct steer_spot steer_spot(const struct geo_place *place, const struct prefix *prefix)
{
    struct steer_spot spot = { .place = place, .prefix = prefix };

    if (place->has_point)
        steer_unit(place->latitude, place->longitude, spot.unit);
    return spot;
}

static int max_of(int a, int b)
{
    return a > b ? a : b;
}

/* The spot's prefix is the longest around it; every shorter one around it holds that one too. */
static int match_prefixes(const struct conf_match *m, const struct prefix *around)
{
    int best = 0;

    if (around == NULL)
        return 0;
    for (size_t i = 0; i < m->n_prefixes; i++) {
        const struct prefix *p = &m->prefixes[i];
        if (p->bits <= around->bits && prefix_contains(p, &around->addr))
            best = max_of(best, BY_PREFIX + p->bits);
    }
    return best;
}

/* "US-CA" or "US-California", as the database has codes or names. */
static bool is_subdivision(const char *wanted, const struct geo_place *place)
{
    if (place->country[0] == '\0' || strncasecmp(wanted, place->country, 2) != 0 ||
        wanted[2] != '-')
        return false;
    wanted += 3;
    return (place->subdivision_code[0] != '\0' &&
            strcasecmp(wanted, place->subdivision_code) == 0) ||
           (place->subdivision[0] != '\0' && strcasecmp(wanted, place->subdivision) == 0);
}

static bool has_subdivision(const struct conf_match *m, const struct geo_place *place)
{
    for (size_t i = 0; i < m->n_subdivisions; i++)
        if (is_subdivision(m->subdivisions[i], place))
            return true;
    return false;
}

static bool has_asn(const struct conf_match *m, uint32_t asn)
{
    for (size_t i = 0; asn != 0 && i < m->n_asns; i++)
        if (m->asns[i] == asn)
            return true;
    return false;
}

static bool has_code(const char (*codes)[3], size_t n, const char *code)
{
    for (size_t i = 0; code[0] != '\0' && i < n; i++)
        if (strcmp(codes[i], code) == 0)
            return true;
    return false;
}

static int match_lists(const struct conf_match *m, const struct steer_spot *spot)
{
    const struct geo_place *place = spot->place;
    int by_prefix = match_prefixes(m, spot->prefix);

    if (by_prefix > 0)
        return by_prefix;
    if (has_asn(m, place->asn))
        return BY_ASN;
    if (has_subdivision(m, place))
        return BY_SUBDIVISION;
    if (has_code(m->countries, m->n_countries, place->country))
        return BY_COUNTRY;
    return has_code(m->continents, m->n_continents, place->continent) ? BY_CONTINENT : 0;
}

static int match_region(const struct conf_region *region, const struct steer_spot *spot)
{
    const char *given = spot->place->region;
    int by_lists = match_lists(&region->match, spot);

    if (given != NULL && strcmp(given, region->name) == 0)
        return max_of(by_lists, BY_REGION);
    return by_lists;
}

int steer_match(const struct conf *conf, const struct conf_match *match,
                const struct steer_spot *spot)
{
    int best = match_lists(match, spot);

    for (size_t i = 0; i < match->n_regions; i++)
        best = max_of(best, match_region(&conf->regions[match->regions[i]], spot));
    return best;
}
