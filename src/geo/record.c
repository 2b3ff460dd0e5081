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
    const uint8_t *octets;
    uint32_t size;
    enum geo_type type;
};

static int wrong_type(const struct raw *r, enum geo_field field, char why[static WHY_LEN])
{
    return why_set(why, -EINVAL, "%s (%s) has the wrong type (%u)", field_names[field],
                   r->path->text, (unsigned)r->type);
}

static bool is_short_text(const struct raw *r, char out[static SHORT_TEXT_LEN])
{
    if (r->type != GEO_TYPE_TEXT || r->size >= SHORT_TEXT_LEN)
        return false;
    memcpy(out, r->octets, r->size);
    out[r->size] = '\0';
    return true;
}

static bool is_number_text(const struct raw *r, double *out)
{
    char text[SHORT_TEXT_LEN], *end;

    if (!is_short_text(r, text))
        return false;
    *out = strtod(text, &end);
    return end != text && *end == '\0' &&
           strpbrk(text, "xXnN ") == NULL; /* decimal: no hexadecimal, no nan */
}

/* Big-endian. The walk saw that it has no more octets than its type, a floating point number
 * exactly as many. */
static uint64_t number_of(const struct raw *r)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < r->size; i++)
        n = n << 8 | r->octets[i];
    return n;
}

static double double_of(const struct raw *r)
{
    uint64_t bits = number_of(r);
    double d;

    memcpy(&d, &bits, sizeof d);
    return d;
}

static double float_of(const struct raw *r)
{
    uint32_t bits = (uint32_t)number_of(r);
    float f;

    memcpy(&f, &bits, sizeof f);
    return (double)f;
}

static int take_degrees(const struct raw *r, enum geo_field field, double limit, float *out,
                        char why[static WHY_LEN])
{
    double degrees;

    if (r->type == GEO_TYPE_DOUBLE)
        degrees = double_of(r);
    else if (r->type == GEO_TYPE_FLOAT)
        degrees = float_of(r);
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

    switch ((int)r->type) {
    case GEO_TYPE_UINT16:
    case GEO_TYPE_UINT32:
    case GEO_TYPE_UINT64:
        n = number_of(r);
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
    if (r->type != GEO_TYPE_TEXT)
        return wrong_type(r, field, why);
    if (r->size > FIELD_TEXT_MAX)
        return why_set(why, -EINVAL, "%s (%s) is %u octets long, more than %d", field_names[field],
                       r->path->text, r->size, FIELD_TEXT_MAX);
    if (!geo_text_is_clean(r->octets, r->size))
        return why_set(why, -EINVAL, "%s (%s) is not clean UTF-8", field_names[field],
                       r->path->text);
    *out = geo_places_text(places, (const char *)r->octets, r->size);
    return *out == NULL ? why_set(why, -ENOMEM, "out of memory") : 0;
}

/* Two letters, upper-cased; "" and "ZZ" (unknown) are none. */
static int take_code(const struct raw *r, enum geo_field field, char out[static 3],
                     char why[static WHY_LEN])
{
    const uint8_t *code = r->octets;

    if (r->type != GEO_TYPE_TEXT)
        return wrong_type(r, field, why);
    if (r->size == 0 || (r->size == 2 && (code[0] | 0x20) == 'z' && (code[1] | 0x20) == 'z'))
        return 0;
    if (r->size != 2 || !isalpha(code[0]) || !isalpha(code[1]))
        return why_set(why, -EINVAL, "%s (%s) is not a code of two letters", field_names[field],
                       r->path->text);
    out[0] = (char)toupper(code[0]);
    out[1] = (char)toupper(code[1]);
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

/* NULL: the field is no text that is kept. */
static const char **text_field(struct geo_place *p, enum geo_field field)
{
    switch (field) {
    case GEO_FIELD_SUBDIVISION_CODE:
        return &p->subdivision_code;
    case GEO_FIELD_SUBDIVISION:
        return &p->subdivision;
    case GEO_FIELD_CITY:
        return &p->city;
    default:
        return NULL;
    }
}

static int take(struct geo_layout *layout, const struct raw *raw, uint32_t at, enum geo_field field,
                struct geo_places *places, struct geo_place *out, char why[static WHY_LEN])
{
    const char **text = text_field(out, field);
    struct geo_text_memo *memo = &layout->memos[at % GEO_TEXT_MEMOS];

    if (text == NULL || raw->type != GEO_TYPE_TEXT)
        return take_field(raw, field, places, out, why);
    if (memo->text != NULL && memo->at == at) {
        *text = memo->text;
        return 0;
    }
    int err = take_text(raw, field, places, text, why);
    *memo = (struct geo_text_memo){ at, err == 0 ? *text : NULL };
    return err;
}

int geo_record_read(struct geo_layout *layout, struct geo_shape *shape, uint32_t offset,
                    struct geo_places *places, struct geo_place *out, char why[static WHY_LEN])
{
    struct geo_value found[GEO_PATHS_MAX];
    uint32_t mask, taken = 0;
    int err = geo_shape_walk(shape, offset, found, &mask, why);

    *out = geo_place_empty();
    for (; err == 0 && mask != 0; mask &= mask - 1) {
        unsigned i = (unsigned)__builtin_ctz(mask);
        enum geo_field field = layout->field_of[i];
        const struct geo_value *v = &found[i];
        struct raw raw = { &layout->paths[i], shape->data + v->payload, v->size, v->type };
        bool is_named = (layout->named & 1u << i) != 0;
        bool is_container = v->type == GEO_TYPE_MAP || v->type == GEO_TYPE_ARRAY;
        if ((taken & 1u << field) != 0 || (is_container && !is_named))
            continue; /* "city" is a map in one layout, a text in another */
        err = take(layout, &raw, v->at, field, places, out, why);
        taken |= 1u << field;
        layout->hits |= 1u << i;
    }
    uint32_t point = 1u << GEO_FIELD_LATITUDE | 1u << GEO_FIELD_LONGITUDE;
    out->has_point = (taken & point) == point;
    if (!out->has_point)
        out->latitude = out->longitude = 0;
    return err;
}
