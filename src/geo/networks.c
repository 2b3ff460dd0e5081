/* networks.c - reads networks.conf; every wrong line is reported, and the reading goes on. */
#include "geo/networks.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/arena.h>
#include <waymark/list.h>
#include <waymark/report.h>

#include "geo/countries.h"
#include "geo/text_file.h"

enum { VALUE_MAX = 256 };

struct parse {
    struct geo_networks *out;
    const char *path;
    int line;
    struct report *report;
};

/* What is wrong with a value; NULL: nothing. */
typedef const char *take_fn(struct parse *p, struct geo_network *n, char *value);

static const char *take_country(struct parse *p, struct geo_network *n, char *value)
{
    if (n->has_country)
        return "is given twice";
    if (strlen(value) != 2 || !isalpha((unsigned char)value[0]) ||
        !isalpha((unsigned char)value[1]))
        return "wants a country code of two letters, like JP";
    n->has_country = true;
    n->country[0] = (char)toupper((unsigned char)value[0]);
    n->country[1] = (char)toupper((unsigned char)value[1]);
    return NULL;
}

static const char *take_at(struct parse *p, struct geo_network *n, char *value)
{
    if (n->has_point)
        return "is given twice";
    n->has_point = geo_point_parse(value, &n->latitude, &n->longitude);
    return n->has_point ? NULL : "wants LATITUDE,LONGITUDE in degrees, like 35.68,139.69";
}

static const char *keep(struct parse *p, const char *value, const char **out)
{
    if (*out != NULL)
        return "is given twice";
    if (*value == '\0')
        return "wants a name";
    if (strlen(value) >= VALUE_MAX)
        return "is too long: at most 255 octets";
    *out = arena_text(p->out->arena, value);
    return *out == NULL ? "finds no memory" : NULL;
}

static const char *take_city(struct parse *p, struct geo_network *n, char *value)
{
    n->has_city = true;
    return keep(p, value, &n->city);
}

static const char *take_region(struct parse *p, struct geo_network *n, char *value)
{
    return keep(p, value, &n->region);
}

static const char *take_asn(struct parse *p, struct geo_network *n, char *value)
{
    if (n->has_asn)
        return "is given twice";
    if (!asn_parse(value, &n->asn) || n->asn == 0)
        return "wants an AS number from 1 to 4294967295";
    n->has_asn = true;
    return NULL;
}

static const struct {
    const char *key;
    take_fn *take;
} keys[] = { { "country", take_country },
             { "at", take_at },
             { "city", take_city },
             { "region", take_region },
             { "asn", take_asn } };

static take_fn *taker_of(const char *key)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(keys[i].key, key) == 0)
            return keys[i].take;
    }
    return NULL;
}

/* Cuts a quoted value out in place, \" and \\ undone. Returns what follows it, NULL: no end. */
static char *unquote(char *at, char **value)
{
    char *to = at;

    *value = at;
    for (at++; *at != '"'; at++) {
        if (*at == '\\' && (at[1] == '"' || at[1] == '\\'))
            at++;
        if (*at == '\0')
            return NULL;
        *to++ = *at;
    }
    *to = '\0';
    return at + 1;
}

/* One key=value at *at, which moves on. false: the rest of the line makes no sense. */
static bool read_pair(struct parse *p, struct geo_network *n, char **at)
{
    char *key = *at, *value, *end;

    char *equals = key + strcspn(key, "= ");
    if (*equals != '=') {
        report_error(p->report, p->path, p->line, "expected key=value, found \"%.*s\"",
                     (int)(equals - key), key);
        return false;
    }
    *equals = '\0';
    value = equals + 1;
    if (*value == '"') {
        end = unquote(value, &value);
        if (end == NULL || (*end != '\0' && *end != ' ')) {
            report_error(p->report, p->path, p->line, "the quotes of \"%s\" do not close", key);
            return false;
        }
    } else {
        end = value + strcspn(value, " ");
    }
    *at = end + strspn(end, " ");
    *end = '\0';

    take_fn *take = taker_of(key);
    const char *trouble = take == NULL ? "is not known here; known are country, at, city, region, "
                                         "asn"
                                       : take(p, n, value);
    if (trouble != NULL)
        report_error(p->report, p->path, p->line, "\"%.64s\" %s", key, trouble);
    return true;
}

static void report_prefix(struct parse *p, const char *text)
{
    struct prefix parsed;
    struct addr addr;
    char host[PREFIX_TEXT_LEN], shown[PREFIX_TEXT_LEN];
    size_t len = strcspn(text, "/");

    if (len < sizeof host && text[len] == '/') {
        memcpy(host, text, len);
        host[len] = '\0';
        char *end;
        unsigned long bits = strtoul(text + len + 1, &end, 10);
        if (addr_parse(host, &addr) && isdigit((unsigned char)text[len + 1]) && *end == '\0' &&
            bits < addr_width(&addr)) {
            parsed =
                (struct prefix){ .addr = addr_mask(&addr, (unsigned)bits), .bits = (uint8_t)bits };
            report_error(p->report, p->path, p->line,
                         "%s has bits beyond its length; the network is %s", text,
                         prefix_format(&parsed, shown));
            return;
        }
    }
    report_error(p->report, p->path, p->line,
                 "expected a network, like 192.0.2.0/24 or 2001:db8::/32, found \"%.64s\"", text);
}

static bool add(struct parse *p, const struct geo_network *n)
{
    struct geo_networks *out = p->out;

    void *list = NULL;

    if (out->n < GEO_NETWORKS_MAX)
        list = list_reserve(out->list, &out->cap, out->n, 1, sizeof *out->list);
    if (list == NULL) {
        report_error(p->report, p->path, p->line, "no room for more networks: at most %d",
                     GEO_NETWORKS_MAX);
        return false;
    }
    out->list = list;
    out->list[out->n++] = *n;
    return true;
}

/* false: give up on the file. */
static bool read_line(struct parse *p, char *line)
{
    struct geo_network n = { .line = p->line };
    size_t before = report_errors(p->report);
    char *at = line + strcspn(line, " ");

    if (*at != '\0')
        *at++ = '\0';
    at += strspn(at, " ");
    if (!prefix_parse(line, &n.prefix))
        report_prefix(p, line);
    else if (addr_is_mapped(&n.prefix.addr))
        report_error(
            p->report, p->path, p->line,
            "%s embeds IPv4 addresses: write the IPv4 network, that is how clients are seen", line);
    else if (*at == '\0')
        report_error(p->report, p->path, p->line,
                     "%s is given nothing: add country=, at=, city=, region= or asn=", line);
    while (*at != '\0' && read_pair(p, &n, &at)) {
    }
    return report_errors(p->report) != before || add(p, &n);
}

static int compare(const void *a, const void *b)
{
    const struct prefix *x = &((const struct geo_network *)a)->prefix;
    const struct prefix *y = &((const struct geo_network *)b)->prefix;

    if (x->addr.family != y->addr.family)
        return (int)x->addr.family - (int)y->addr.family;
    int by_octets = memcmp(x->addr.octets, y->addr.octets, sizeof x->addr.octets);
    if (by_octets != 0)
        return by_octets;
    if (x->bits != y->bits)
        return (int)x->bits - (int)y->bits;
    return ((const struct geo_network *)a)->line - ((const struct geo_network *)b)->line;
}

static void check_duplicates(struct parse *p)
{
    struct geo_networks *out = p->out;
    char text[PREFIX_TEXT_LEN];

    for (size_t i = 1; i < out->n; i++) {
        const struct geo_network *a = &out->list[i - 1], *b = &out->list[i];
        if (a->prefix.bits == b->prefix.bits && addr_equal(&a->prefix.addr, &b->prefix.addr))
            report_error(p->report, p->path, b->line, "%s stands in line %d already",
                         prefix_format(&b->prefix, text), a->line);
    }
}

static bool read_file(struct geo_networks *out, const char *path, struct geo_text_file *file,
                      struct report *report)
{
    struct parse p = { .out = out, .path = path, .report = report };
    size_t before = report_errors(report);

    out->arena = arena_new();
    if (out->arena == NULL)
        report_error(report, path, 0, "out of memory");
    for (char *line; out->arena != NULL && (line = geo_text_line(file, path, report)) != NULL;) {
        p.line = file->line;
        if (!read_line(&p, line))
            break;
    }
    if (out->n > 0)
        qsort(out->list, out->n, sizeof *out->list, compare);
    check_duplicates(&p);
    geo_text_close(file);
    if (report_errors(report) == before)
        return true;
    geo_networks_free(out);
    return false;
}

bool geo_networks_load(struct geo_networks *out, const char *path, struct report *report)
{
    struct geo_text_file file;

    *out = (struct geo_networks){ .n = 0 };
    return geo_text_open(path, &file, report) && read_file(out, path, &file, report);
}

bool geo_networks_parse(struct geo_networks *out, const char *path, const char *text, size_t size,
                        struct report *report)
{
    struct geo_text_file file;

    *out = (struct geo_networks){ .n = 0 };
    return geo_text_from(path, text, size, &file, report) && read_file(out, path, &file, report);
}

void geo_networks_free(struct geo_networks *networks)
{
    arena_free(networks->arena);
    free(networks->list);
    *networks = (struct geo_networks){ .n = 0 };
}
