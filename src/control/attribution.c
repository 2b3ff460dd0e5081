/* attribution.c - whom the data's licences want named. Pure. */
#include "attribution.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <waymark/geo.h>

/* The first that the type or the name contains wins. */
static const struct {
    const char *part, *sentence;
} owed[] = {
    { "dbip", "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0" },
    { "db-ip", "IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0" },
    { "geolite", "This product includes GeoLite data created by MaxMind, available from "
                 "https://www.maxmind.com" },
    { "geo-whois", "Country data from the registries' delegations, published by the NRO "
                   "(https://www.nro.net)" },
};

/* Some publishers name themselves in the type (DBIP-City-Lite), some only in the file's name. */
const char *attribution_of(const char *database_type, const char *path)
{
    const char *slash = path == NULL ? NULL : strrchr(path, '/');
    const char *file = slash != NULL ? slash + 1 : path;

    for (size_t i = 0; i < sizeof owed / sizeof *owed; i++)
        if ((database_type != NULL && strcasestr(database_type, owed[i].part) != NULL) ||
            (file != NULL && strcasestr(file, owed[i].part) != NULL))
            return owed[i].sentence;
    return NULL;
}

static bool has_text(const json_t *array, const char *text)
{
    for (size_t i = 0; i < json_array_size(array); i++)
        if (strcmp(json_string_value(json_array_get(array, i)), text) == 0)
            return true;
    return false;
}

json_t *attribution_json(const struct geo *geo)
{
    json_t *all = json_array();

    for (size_t i = 0; geo != NULL && i < geo_sources(geo); i++) {
        const struct geo_source *source = geo_source_at(geo, i);
        const char *sentence = attribution_of(source->type, source->path);
        if (sentence != NULL && !has_text(all, sentence))
            json_array_append_new(all, json_string(sentence));
    }
    return all;
}
