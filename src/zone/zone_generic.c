/* zone_generic.c - RFC 3597's form of data. Pure; every other form is zone_rdata.c's. */
#include "zone/zone_generic.h"

#include <waymark/wire.h>

#include "zone/zone_shape.h"
#include "zone/zone_word.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *read_hex(const struct zone_token *tokens, size_t n, size_t want,
                            struct zone_rdata *out)
{
    size_t n_digits = 0;

    for (size_t w = 0; w < n; w++) {
        const struct zone_token *t = &tokens[w];
        for (size_t i = 0; i < t->len; i++, n_digits++) {
            int digit = hex_digit(t->text[i]);
            if (digit < 0)
                return "something other than hexadecimal digits follows \\#";
            if (n_digits == 2 * want)
                return "more octets than \\# announces";
            if (n_digits % 2 == 0)
                out->octets[n_digits / 2] = (uint8_t)(digit << 4);
            else
                out->octets[n_digits / 2] |= (uint8_t)digit;
        }
    }
    out->len = want;
    return n_digits == 2 * want ? NULL : "fewer octets than \\# announces";
}

/* The size of the field at `p`; SIZE_MAX when it does not fit or ends badly. Zero: no such field.
 */
static size_t plain_size(ldns_rdf_type kind, const uint8_t *p, size_t len)
{
    struct wire_name name;

    switch (kind) {
    case LDNS_RDF_TYPE_A:
        return 4;
    case LDNS_RDF_TYPE_AAAA:
        return 16;
    case LDNS_RDF_TYPE_STR:
        return len == 0 ? SIZE_MAX : 1u + *p;
    case LDNS_RDF_TYPE_DNAME:
        return wire_name_from_octets(p, len, &name) ? name.len : SIZE_MAX;
    default:
        return zone_shape_number_size(kind);
    }
}

/* Types made of plain fields only must be well formed, as others will take them apart. */
static bool is_well_formed(const ldns_rr_descriptor *shape, const struct zone_rdata *rdata)
{
    size_t at = 0, i = 0, max = ldns_rr_descriptor_maximum(shape);

    for (; i < max && at < rdata->len; i++) {
        size_t size = plain_size(ldns_rr_descriptor_field_type(shape, i), rdata->octets + at,
                                 rdata->len - at);
        if (size == 0)
            return true; /* opaque from here on */
        if (size > rdata->len - at)
            return false;
        at += size;
    }
    if (i < ldns_rr_descriptor_minimum(shape))
        return plain_size(ldns_rr_descriptor_field_type(shape, i), NULL, 0) == 0;
    return at == rdata->len;
}

const char *zone_generic_read(uint16_t type, const struct zone_token *tokens, size_t n,
                              struct zone_rdata *out)
{
    const ldns_rr_descriptor *shape = zone_shape_of(type);
    uint64_t len;

    if (n == 0 || !zone_number_read(&tokens[0], ZONE_RDATA_MAX, &len))
        return "a length from 0 to 65535 must follow \\#";
    const char *why = read_hex(tokens + 1, n - 1, len, out);
    if (why == NULL && shape != NULL && !is_well_formed(shape, out))
        why = "the octets after \\# are not of the type's form";
    return why;
}
