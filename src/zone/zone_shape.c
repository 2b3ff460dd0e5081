/* zone_shape.c - what ldns knows of types, and the names of some that it does not. Pure. */
#include "zone/zone_shape.h"

#include <string.h>
#include <strings.h>

#include <waymark/wire.h>

#include "zone/zone_word.h"

/* Known to the registry, not to ldns 1.8: they can at least be named. */
static const struct {
    const char *text;
    uint16_t type;
} nameless[] = {
    { "NINFO", 56 },     { "RKEY", 57 },     { "AVC", 258 },    { "DOA", 259 },
    { "AMTRELAY", 260 }, { "RESINFO", 261 }, { "WALLET", 262 },
};

uint16_t zone_type_read(const struct zone_token *token)
{
    char word[16];

    if (!zone_word_copy(token, word, sizeof word))
        return 0;
    if (strcasecmp(word, "A") == 0) /* by far the most */
        return WIRE_A;
    if (strncasecmp(word, "TYPE", 4) == 0)
        return zone_generic_number(token, "TYPE");
    for (size_t i = 0; i < sizeof nameless / sizeof *nameless; i++)
        if (strcasecmp(word, nameless[i].text) == 0)
            return nameless[i].type;
    return (uint16_t)ldns_get_rr_type_by_name(word);
}

const ldns_rr_descriptor *zone_shape_of(uint16_t type)
{
    const ldns_rr_descriptor *shape = ldns_rr_descript(type);

    return shape == NULL || shape->_type != (ldns_rr_type)type ? NULL : shape;
}

const char *zone_type_text(uint16_t type, char out[static 16])
{
    const ldns_rr_descriptor *shape = zone_shape_of(type);

    for (size_t i = 0; i < sizeof nameless / sizeof *nameless; i++)
        if (nameless[i].type == type)
            return nameless[i].text;
    return shape != NULL && shape->_name != NULL ? shape->_name : wire_type_to_text(type, out);
}

size_t zone_shape_number_size(ldns_rdf_type kind)
{
    switch (kind) {
    case LDNS_RDF_TYPE_INT8:
        return 1;
    case LDNS_RDF_TYPE_INT16:
        return 2;
    case LDNS_RDF_TYPE_INT32:
    case LDNS_RDF_TYPE_PERIOD:
        return 4;
    default:
        return 0;
    }
}
