/* countries.c - reads countries.csv. Runs wherever a load runs. */
#include "geo/countries.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/report.h>

#include "geo/text_file.h"

static const struct geo_country unlisted;

bool geo_continent_is(const char *code)
{
    static const char all[][3] = { "AF", "AN", "AS", "EU", "NA", "OC", "SA" };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i], code) == 0)
            return true;
    }
    return false;
}

/* A decimal number within +-limit, up to `stop`. */
static const char *degrees_parse(const char *text, char stop, double limit, float *out)
{
    size_t len = strspn(text, "+-.0123456789");
    char *end;

    double degrees = strtod(text, &end);
    if (len == 0 || end != text + len || *end != stop || !(fabs(degrees) <= limit))
        return NULL;
    *out = (float)degrees + 0.0f;
    return end;
}

bool geo_point_parse(const char *text, float *latitude, float *longitude)
{
    float lat, lon;
    const char *comma = degrees_parse(text, ',', 90, &lat);

    if (comma == NULL || degrees_parse(comma + 1, '\0', 180, &lon) == NULL)
        return false;
    *latitude = lat;
    *longitude = lon;
    return true;
}

static int index_of(const char *code)
{
    bool is_code =
        code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z' && code[2] == '\0';

    return is_code ? (code[0] - 'A') * 26 + code[1] - 'A' : -1;
}

const struct geo_country *geo_country_of(const struct geo_countries *c, const char code[static 3])
{
    int i = code[0] == '\0' ? -1 : index_of(code);

    return i < 0 ? &unlisted : &c->by_code[i];
}

void geo_country_move(struct geo_countries *c, const char code[static 3], float latitude,
                      float longitude)
{
    int i = index_of(code);

    if (i < 0)
        return;
    c->by_code[i].has_point = true;
    c->by_code[i].latitude = latitude;
    c->by_code[i].longitude = longitude;
}

/* NULL, or what is wrong with the line. */
static const char *read_line(struct geo_countries *out, char *line, int number)
{
    char *continent = strchr(line, ',');
    char *point = continent == NULL ? NULL : strchr(continent + 1, ',');
    struct geo_country c = { .line = number };

    if (point == NULL)
        return "expected country,continent,latitude,longitude";
    *continent++ = *point++ = '\0';
    int i = strlen(line) == 2 ? index_of(line) : -1;
    if (i < 0)
        return "the country is not a code of two capital letters, as ISO 3166 has them";
    if (!geo_continent_is(continent))
        return "the continent is none of AF AN AS EU NA OC SA";
    strcpy(c.continent, continent);
    c.has_point = strcmp(point, ",") != 0;
    if (c.has_point && !geo_point_parse(point, &c.latitude, &c.longitude))
        return "expected a latitude between -90 and 90 and a longitude between -180 and 180";
    if (out->by_code[i].line != 0)
        return "this country stands in an earlier line already";
    out->by_code[i] = c;
    out->n++;
    return NULL;
}

bool geo_countries_load(struct geo_countries *out, const char *path, struct report *report)
{
    struct geo_text_file file;
    size_t before = report_errors(report);
    bool is_first = true;

    *out = (struct geo_countries){ .n = 0 };
    if (!geo_text_open(path, &file, report))
        return false;
    for (char *line; (line = geo_text_line(&file, path, report)) != NULL; is_first = false) {
        if (is_first && strncmp(line, "country,", 8) == 0)
            continue;
        const char *trouble = read_line(out, line, file.line);
        if (trouble != NULL)
            report_error(report, path, file.line, "%s", trouble);
    }
    if (out->n == 0 && report_errors(report) == before)
        report_error(report, path, 0, "lists no country");
    geo_text_close(&file);
    return report_errors(report) == before;
}
