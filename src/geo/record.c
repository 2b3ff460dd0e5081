/* record.c - fields of a record to a place. Pure, but for texts added to `places`. */
#include "geo/record.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "geo/countries.h"

enum { FIELD_TEXT_MAX = 256, SHORT_TEXT_LEN = 64 /* of a number in words */ };

static const char *const field_names[GEO_FIELDS] = {
    "the continent", "the country",  "the subdivision's code", "the subdivision",
    "the city",      "the latitude", "the longitude",          "the AS number"
};

struct known_path {
    enum geo_field field;
    const char *path;
};

/* In order of preference within a field. */
static const struct known_path known_paths[] = {
    { GEO_FIELD_CONTINENT, "continent.code" },
    { GEO_FIELD_CONTINENT, "continent_code" },
    { GEO_FIELD_COUNTRY, "country.iso_code" },
    { GEO_FIELD_COUNTRY, "country_code" },
    { GEO_FIELD_SUBDIVISION_CODE, "subdivisions.0.iso_code" },
    { GEO_FIELD_SUBDIVISION, "subdivisions.0.names.en" },
    { GEO_FIELD_SUBDIVISION, "state1" },
    { GEO_FIELD_SUBDIVISION, "region" },
    { GEO_FIELD_CITY, "city.names.en" },
    { GEO_FIELD_CITY, "city" },
    { GEO_FIELD_LATITUDE, "location.latitude" },
    { GEO_FIELD_LATITUDE, "latitude" },
    { GEO_FIELD_LONGITUDE, "location.longitude" },
    { GEO_FIELD_LONGITUDE, "longitude" },
    { GEO_FIELD_ASN, "autonomous_system_number" },
    { GEO_FIELD_ASN, "asn" },
};

static const char *named_path(const struct conf_geo_fields *f, enum geo_field field)
{
    switch (field) {
    case GEO_FIELD_CONTINENT:
        return f->continent;
    case GEO_FIELD_COUNTRY:
        return f->country;
    case GEO_FIELD_SUBDIVISION_CODE:
        return NULL; /* an operator names one path, be it a code or a name */
    case GEO_FIELD_SUBDIVISION:
        return f->subdivision;
    case GEO_FIELD_CITY:
        return f->city;
    case GEO_FIELD_LATITUDE:
        return f->latitude;
    case GEO_FIELD_LONGITUDE:
        return f->longitude;
    case GEO_FIELD_ASN:
        return f->asn;
    default:
        return NULL;
    }
}

static bool add_path(struct geo_layout *l, enum geo_field field, const char *text)
{
    l->field_of[l->n] = field;
    return geo_path_parse(text, &l->paths[l->n++]);
}

int geo_layout_init(struct geo_layout *layout, const struct conf_geo_fields *fields,
                    bool is_asn_only, char why[static WHY_LEN])
{
    *layout = (struct geo_layout){ 0 };
    for (enum geo_field field = 0; field < GEO_FIELDS; field++) {
        const char *named = named_path(fields, field);
        if ((is_asn_only && field != GEO_FIELD_ASN) || named == NULL)
            continue;
        layout->named |= 1u << layout->n;
        if (!add_path(layout, field, named))
            return why_set(why, -EINVAL,
                           "the path \"%s\" for %s is not well formed: write names joined by dots,"
                           " at most %d, like location.latitude",
                           named, field_names[field], GEO_PATH_STEPS);
    }
    for (size_t i = 0; i < sizeof known_paths / sizeof *known_paths; i++) {
        enum geo_field field = known_paths[i].field;
        bool is_replaced = named_path(fields, field) != NULL ||
                           (field == GEO_FIELD_SUBDIVISION_CODE && fields->subdivision != NULL);
        if (!is_replaced && (!is_asn_only || field == GEO_FIELD_ASN))
            add_path(layout, field, known_paths[i].path);
    }
    return 0;
}

/* One field's value, before it is judged. */
struct raw {
    const struct geo_path *path;
    MMDB_entry_data_s data;
};

static int wrong_type(const struct raw *r, enum geo_field field, char why[static WHY_LEN])
{
    return why_set(why, -EINVAL, "%s (%s) has the wrong type (%u)", field_names[field],
                   r->path->text, (unsigned)r->data.type);
}

static bool is_short_text(const struct raw *r, char out[static SHORT_TEXT_LEN])
{
    if (r->data.type != MMDB_DATA_TYPE_UTF8_STRING || r->data.data_size >= SHORT_TEXT_LEN)
        return false;
    memcpy(out, r->data.utf8_string, r->data.data_size);
    out[r->data.data_size] = '\0';
    return true;
}

static bool is_number_text(const struct raw *r, double *out)
{
    char text[SHORT_TEXT_LEN], *end;

    if (!is_short_text(r, text))
        return false;
    *out = strtod(text, &end);
    return end != text && *end == '\0' && strpbrk(text, "xXnN ") == NULL; /* decimal: no hexadecimal, no nan */
}

static int take_degrees(const struct raw *r, enum geo_field field, double limit, float *out,
                        char why[static WHY_LEN])
{
    double degrees;

    if (r->data.type == MMDB_DATA_TYPE_DOUBLE)
        degrees = r->data.double_value;
    else if (r->data.type == MMDB_DATA_TYPE_FLOAT)
        degrees = (double)r->data.float_value;
    else if (!is_number_text(r, &degrees))
        return wrong_type(r, field, why);
    if (!(fabs(degrees) <= limit)) /* NaN fails, too */
        return why_set(why, -EINVAL, "%s (%s) is %g, which is not between -%g and %g",
                       field_names[field], r->path->text, degrees, limit, limit);
    *out = (float)degrees + 0.0f; /* no negative zero */
    return 0;
}

static int take_asn(const struct raw *r, uint32_t *out, char why[static WHY_LEN])
{
    char text[SHORT_TEXT_LEN];
    uint64_t n;

    switch (r->data.type) {
    case MMDB_DATA_TYPE_UINT16:
        n = r->data.uint16;
        break;
    case MMDB_DATA_TYPE_UINT32:
        n = r->data.uint32;
        break;
    case MMDB_DATA_TYPE_UINT64:
        n = r->data.uint64;
        break;
    default: /* "AS64500"; "": none */
        if (!is_short_text(r, text))
            return wrong_type(r, GEO_FIELD_ASN, why);
        *out = 0;
        return text[0] == '\0' || asn_parse(text, out) ? 0 : wrong_type(r, GEO_FIELD_ASN, why);
    }
    if (n > UINT32_MAX)
        return why_set(why, -EINVAL, "the AS number (%s) is %llu, which is over 32 bits",
                       r->path->text, (unsigned long long)n);
    *out = (uint32_t)n;
    return 0;
}

static int take_text(const struct raw *r, enum geo_field field, struct geo_places *places,
                     const char **out, char why[static WHY_LEN])
{
    if (r->data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return wrong_type(r, field, why);
    if (r->data.data_size > FIELD_TEXT_MAX)
        return why_set(why, -EINVAL, "%s (%s) is %u octets long, more than %d", field_names[field],
                       r->path->text, r->data.data_size, FIELD_TEXT_MAX);
    if (!geo_text_is_clean((const uint8_t *)r->data.utf8_string, r->data.data_size))
        return why_set(why, -EINVAL, "%s (%s) is not clean UTF-8", field_names[field],
                       r->path->text);
    *out = geo_places_text(places, r->data.utf8_string, r->data.data_size);
    return *out == NULL ? why_set(why, -ENOMEM, "out of memory") : 0;
}

/* Two letters, upper-cased; "" and "ZZ" (unknown) are none. */
static int take_code(const struct raw *r, enum geo_field field, char out[static 3],
                     char why[static WHY_LEN])
{
    const char *code = r->data.utf8_string;

    if (r->data.type != MMDB_DATA_TYPE_UTF8_STRING)
        return wrong_type(r, field, why);
    if (r->data.data_size == 0 || (r->data.data_size == 2 && strncasecmp(code, "ZZ", 2) == 0))
        return 0;
    if (r->data.data_size != 2 || !isalpha((unsigned char)code[0]) ||
        !isalpha((unsigned char)code[1]))
        return why_set(why, -EINVAL, "%s (%s) is not a code of two letters", field_names[field],
                       r->path->text);
    out[0] = (char)toupper((unsigned char)code[0]);
    out[1] = (char)toupper((unsigned char)code[1]);
    out[2] = '\0';
    return 0;
}

static int take_field(const struct raw *r, enum geo_field field, struct geo_places *places,
                      struct geo_place *out, char why[static WHY_LEN])
{
    int err;

    switch (field) {
    case GEO_FIELD_CONTINENT:
        err = take_code(r, field, out->continent, why);
        if (err == 0 && out->continent[0] != '\0' && !geo_continent_is(out->continent))
            err = why_set(why, -EINVAL,
                          "the continent (%s) is \"%s\", expected one of AF AN AS EU "
                          "NA OC SA",
                          r->path->text, out->continent);
        return err;
    case GEO_FIELD_COUNTRY:
        return take_code(r, field, out->country, why);
    case GEO_FIELD_SUBDIVISION_CODE:
        return take_text(r, field, places, &out->subdivision_code, why);
    case GEO_FIELD_SUBDIVISION:
        return take_text(r, field, places, &out->subdivision, why);
    case GEO_FIELD_CITY:
        return take_text(r, field, places, &out->city, why);
    case GEO_FIELD_LATITUDE:
        return take_degrees(r, field, 90, &out->latitude, why);
    case GEO_FIELD_LONGITUDE:
        return take_degrees(r, field, 180, &out->longitude, why);
    case GEO_FIELD_ASN:
        return take_asn(r, &out->asn, why);
    default:
        return 0;
    }
}

/* The library decodes what the walk found. With an empty path it reads the value at hand. */
static int decode(const MMDB_s *db, const struct geo_value *v, MMDB_entry_data_s *out,
                  char why[static WHY_LEN])
{
    static const char *const here[] = { NULL };
    MMDB_entry_s entry = { .mmdb = db, .offset = v->at };
    int status = MMDB_aget_value(&entry, out, here);

    if (status != MMDB_SUCCESS)
        return why_set(why, -EINVAL, "%s", MMDB_strerror(status));
    return 0;
}

int geo_record_read(struct geo_layout *layout, struct geo_shape *shape, const MMDB_s *db,
                    uint32_t offset, struct geo_places *places, struct geo_place *out,
                    char why[static WHY_LEN])
{
    struct geo_value found[GEO_PATHS_MAX];
    uint32_t mask, taken = 0;
    int err = geo_shape_walk(shape, offset, found, &mask, why);

    *out = geo_place_empty();
    for (; err == 0 && mask != 0; mask &= mask - 1) {
        unsigned i = (unsigned)__builtin_ctz(mask);
        enum geo_field field = layout->field_of[i];
        struct raw raw = { .path = &layout->paths[i] };
        bool is_named = (layout->named & 1u << i) != 0;
        bool is_container = found[i].type == GEO_TYPE_MAP || found[i].type == GEO_TYPE_ARRAY;
        if ((taken & 1u << field) != 0 || (is_container && !is_named))
            continue; /* "city" is a map in one layout, a text in another */
        err = decode(db, &found[i], &raw.data, why);
        if (err == 0)
            err = take_field(&raw, field, places, out, why);
        taken |= 1u << field;
        layout->hits |= 1u << i;
    }
    uint32_t point = 1u << GEO_FIELD_LATITUDE | 1u << GEO_FIELD_LONGITUDE;
    out->has_point = (taken & point) == point;
    if (!out->has_point)
        out->latitude = out->longitude = 0;
    return err;
}
