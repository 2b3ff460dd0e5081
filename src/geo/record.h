/* record.h - one record of a database, as far as it says where something is.
 *
 * Knows the layouts: GeoIP2 and GeoLite2 nest their fields (country.iso_code), others lay them flat
 * (country_code). Each record is looked at by itself; a path that the operator names replaces the
 * known ones for that field.
 *
 * Threads: pure. Home: the caller's storage. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <waymark/conf.h>
#include <waymark/why.h>

#include "geo/places.h"
#include "geo/shape.h"

enum geo_field {
    GEO_FIELD_CONTINENT,
    GEO_FIELD_COUNTRY,
    GEO_FIELD_SUBDIVISION_CODE,
    GEO_FIELD_SUBDIVISION,
    GEO_FIELD_CITY,
    GEO_FIELD_LATITUDE,
    GEO_FIELD_LONGITUDE,
    GEO_FIELD_ASN,
    GEO_FIELDS
};

/* Records share their texts: what the one at an offset has become is remembered. */
struct geo_text_memo {
    uint32_t at;
    const char *text; /* NULL: not in use */
};

enum { GEO_TEXT_MEMOS = 4096 };

struct geo_layout {
    struct geo_path paths[GEO_PATHS_MAX];
    enum geo_field field_of[GEO_PATHS_MAX];
    uint32_t named; /* paths that the operator named: what lies there must have the right type */
    uint32_t hits;  /* paths that some record had: for the one who asks why nothing came */
    size_t n;
    struct geo_text_memo memos[GEO_TEXT_MEMOS];
};

/* 0, or -EINVAL with `why`: a named path is not well formed. `fields` outlives the layout. */
int geo_layout_init(struct geo_layout *layout, const struct conf_geo_fields *fields,
                    bool is_asn_only, char why[static WHY_LEN]);

/* What the record at `offset` says; texts are kept in `places`, and nothing is derived: no
 * country's point, no source. 0, or -errno with `why`, a clause. */
int geo_record_read(struct geo_layout *layout, struct geo_shape *shape, uint32_t offset,
                    struct geo_places *places, struct geo_place *out, char why[static WHY_LEN]);
