/* networks.h - the operator's own networks: networks.conf.
 *
 *     PREFIX key=value ...        # comment
 *     10.1.0.0/16   country=JP at=35.68,139.69 city="Tokyo" asn=64500
 *     2001:db8::/48 region=office
 *
 * The longest prefix that holds an address speaks for it. If it gives any of country, at and city,
 * its location is the whole location; otherwise the database's stays. An AS number that it does not
 * give stays the database's, too.
 *
 * Threads: as the file that reads it; read-only afterwards. Owner: whoever loads it frees it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <waymark/addr.h>

struct report;

enum { GEO_NETWORKS_MAX = 1 << 20 };

struct geo_network {
    struct prefix prefix;
    int line;
    bool has_country, has_point, has_city, has_asn;
    char country[3];
    float latitude, longitude;
    uint32_t asn;
    const char *city;   /* NULL: not given */
    const char *region; /* NULL: not given */
};

struct geo_networks {
    struct geo_network *list; /* in the order of prefixes, IPv4 first */
    size_t n, cap;
    struct arena *arena; /* of the texts */
};

/* false: the report has every wrong line. */
bool geo_networks_load(struct geo_networks *out, const char *path, struct report *report);
/* The same from memory; `path` stands for the file in messages. */
bool geo_networks_parse(struct geo_networks *out, const char *path, const char *text, size_t size,
                        struct report *report);
void geo_networks_free(struct geo_networks *networks);
