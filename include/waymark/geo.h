/* geo.h - where in the world is this address?
 *
 * A base holds what the operator's networks, the special-purpose registries and the databases say,
 * in that order of precedence, as one list of networks with a place each. A view is the base seen
 * through a policy: every place becomes a class, equal neighbours are merged, and what is left is a
 * table that finds the class of an address and the length of the merged network in a few steps.
 *
 * Threads: load, build and free from whoever loads; find and locate from any thread.
 * Owner:   whoever makes a thing frees it, once no reader can hold it. A view does not refer to its
 *          base. A base does not refer to its files: they may be replaced at any time.
 * Source:  MaxMind DB format 2.0; RFC 6890 (special-purpose ranges); RFC 7871 7.2.1 (scope);
 *          Asai and Ohara, "Poptrie" (SIGCOMM 2015). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <waymark/addr.h>
#include <waymark/why.h>

struct conf_geo;
struct report;
struct geo;
struct geo_view;

struct geo_place {
    char continent[3]; /* "EU", "" when unknown */
    char country[3];   /* ISO 3166 alpha-2, "" when unknown */
    bool has_point;
    bool is_country_level; /* the point is the country's, not the client's */
    bool is_special;       /* a special-purpose range that no operator network places */
    float latitude, longitude; /* degrees */
    uint32_t asn;              /* 0: unknown */
    const char *subdivision_code; /* "CA"; "" when unknown */
    const char *subdivision;      /* "California"; "" when unknown */
    const char *city;             /* "" when unknown */
    const char *region;           /* the operator network's region; NULL: none */
    const char *source;           /* the file that knew, or a special range's name; "" for neither */
    uint32_t line;                /* in networks.conf; 0 elsewhere */
};

/* NULL when the report got errors: nothing of a broken database is used. */
struct geo *geo_load(const struct conf_geo *conf, struct report *report);
/* The same when there was one before: where the configuration asks for the same files in the same
 * way, and none has changed, it is the former itself, counted once more. */
struct geo *geo_load_after(struct geo *former, const struct conf_geo *conf, struct report *report);
void geo_free(struct geo *geo); /* the last one frees; NULL is fine */

struct geo_location {
    const struct geo_place *place; /* never NULL: an unlisted address has an empty place */
    uint8_t bits;                  /* of the network in the base that holds the address */
};

/* Slow (a binary search over the base); for people. The place lives as long as the base. */
struct geo_location geo_locate(const struct geo *geo, const struct addr *who);

/* What a policy makes of a place: a class number below 2^24. `prefix` is the index of the longest of
 * the view's prefixes that holds the network, or GEO_NO_PREFIX. Called once per pair that occurs. */
enum { GEO_NO_PREFIX = -1, GEO_CLASSES_MAX = 1 << 24 };
typedef uint32_t geo_classify_cb(void *ctx, const struct geo_place *place, int prefix);

/* 0, or -errno with `why`. `prefixes` are further cuts of the address space, from rules that name
 * prefixes; any order, no duplicates. */
int geo_view_build(const struct geo *geo, const struct prefix *prefixes, size_t n_prefixes,
                   geo_classify_cb *classify, void *ctx, struct geo_view **out,
                   char why[static WHY_LEN]);
void geo_view_free(struct geo_view *view); /* NULL is fine */

struct geo_cell {
    uint32_t class;
    uint8_t bits; /* length of the merged network: the ECS scope, exact */
};

/* Cannot fail: the view covers all of both families. */
struct geo_cell geo_view_find(const struct geo_view *view, const struct addr *who);

/* The same for several addresses, all IPv6: cells[i] for who[i]. Side by side they wait for memory together:
 * an IPv6 lookup waits several times, one behind the other, an IPv4 lookup twice at most. */
enum { GEO_FIND_MAX = 32 };
void geo_view_find6(const struct geo_view *view, const struct addr *const who[],
                    struct geo_cell cells[], size_t n);

/* Every merged network in address order, IPv4 first. */
typedef void geo_leaf_cb(void *ctx, const struct prefix *network, uint32_t class);
void geo_view_each(const struct geo_view *view, geo_leaf_cb *leaf, void *ctx);

size_t geo_view_bytes(const struct geo_view *view);
size_t geo_view_leaves(const struct geo_view *view);

/* For status: what was loaded, a line each. */
struct geo_source {
    const char *path;
    const char *type; /* the database's own database_type, or "networks", "countries" */
    int64_t built_s;  /* build epoch; 0: not a database */
    size_t networks;
    uint32_t load_ms;
};
size_t geo_sources(const struct geo *geo);
const struct geo_source *geo_source_at(const struct geo *geo, size_t i);
size_t geo_bytes(const struct geo *geo);

/* Every distinct place, in no order; i from 0 to geo_places. */
size_t geo_places(const struct geo *geo);
const struct geo_place *geo_place_at(const struct geo *geo, size_t i);
