/* countries.h - what countries.csv says: a country's continent, and a point to stand for it.
 *
 * country,continent,latitude,longitude; a line each, the first may be that heading. Latitude and
 * longitude may both be empty.
 *
 * Threads: as the file that reads it; read-only afterwards. Home: the caller's storage. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct report;

struct geo_country {
    char continent[3]; /* "": not listed */
    bool has_point;
    float latitude, longitude;
    int line; /* 0: not listed */
};

struct geo_countries {
    struct geo_country by_code[26 * 26];
    size_t n;
};

/* false: the report has every wrong line. */
bool geo_countries_load(struct geo_countries *out, const char *path, struct report *report);

/* Never NULL; for anything but two capital letters, a country with nothing known. */
const struct geo_country *geo_country_of(const struct geo_countries *c, const char code[static 3]);

/* Puts the country's point there, whether a file lists the country or not. */
void geo_country_move(struct geo_countries *c, const char code[static 3], float latitude,
                      float longitude);

/* Latitude and longitude in degrees, from text such as "35.68,139.69"; false when it is not. */
bool geo_point_parse(const char *text, float *latitude, float *longitude);
bool geo_continent_is(const char *code);
