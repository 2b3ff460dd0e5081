/* conf_match.c - reads sets of clients: regions, and the lists that rules and `serves` hold.
 *
 * Codes are checked against ISO 3166, because "UK" would match nobody and nobody would notice. */
#include "conf_parts.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "conf_name.h"

static const char continents[] = "AF AN AS EU NA OC SA";

/* ISO 3166-1 alpha-2, and XK (Kosovo), which databases use. */
static const char countries[] =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR "
    "BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ "
    "EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW "
    "GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY "
    "KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV "
    "MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY "
    "QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA "
    "ZM ZW";

/* Two letters of either case that stand in `known`, as capitals. */
static bool code_parse(const char *text, const char *known, char out[static 3])
{
    if (!isalpha((unsigned char)text[0]) || !isalpha((unsigned char)text[1]))
        return false;
    out[0] = (char)toupper((unsigned char)text[0]);
    out[1] = (char)toupper((unsigned char)text[1]);
    out[2] = '\0';
    return strstr(known, out) != NULL;
}

bool conf_country_parse(const char *text, char out[static 3])
{
    return strlen(text) == 2 && code_parse(text, countries, out);
}

static const char *element_text(struct conf_reader *r, const config_setting_t *s)
{
    static const struct conf_option element = { .type = CONF_TYPE_TEXT, .least = 1, .most = 255 };

    return conf_text_of(r, s, &element);
}

static bool read_continent(struct conf_reader *r, const config_setting_t *s, void *out)
{
    char shown[CONF_SHOW_LEN];
    const char *text = element_text(r, s);

    if (text == NULL)
        return false;
    if (strlen(text) == 2 && code_parse(text, continents, out))
        return true;
    conf_error(r, s, "\"%s\" is no continent: expected one of %s", conf_show(text, shown),
               continents);
    return false;
}

static bool read_country(struct conf_reader *r, const config_setting_t *s, void *out)
{
    char shown[CONF_SHOW_LEN];
    const char *text = element_text(r, s);

    if (text == NULL)
        return false;
    if (conf_country_parse(text, out))
        return true;
    conf_error(r, s, "\"%s\" is no country: expected an ISO 3166 code of two letters%s",
               conf_show(text, shown), strcasecmp(text, "uk") == 0 ? ", here \"GB\"" : "");
    return false;
}

static bool read_subdivision(struct conf_reader *r, const config_setting_t *s, void *out)
{
    char shown[CONF_SHOW_LEN], country[3];
    const char *text = element_text(r, s);
    const char **kept = out;

    if (text == NULL)
        return false;
    if (strlen(text) < 4 || text[2] != '-' || !code_parse(text, countries, country)) {
        conf_error(r, s,
                   "\"%s\" is no part of a country: expected the country, '-', and a code or a "
                   "name: \"US-CA\", \"US-California\"",
                   conf_show(text, shown));
        return false;
    }
    *kept = conf_keep(r, text);
    return true;
}

static bool read_asn(struct conf_reader *r, const config_setting_t *s, void *out)
{
    uint32_t *asn = out;
    long long number = 0;

    if (config_setting_type(s) == CONFIG_TYPE_STRING && asn_parse(config_setting_get_string(s), asn))
        number = *asn;
    else if (config_setting_type(s) == CONFIG_TYPE_INT)
        number = config_setting_get_int(s);
    else if (config_setting_type(s) == CONFIG_TYPE_INT64)
        number = config_setting_get_int64(s);
    if (number < 1 /* 0 is reserved, RFC 7607 */ || number > UINT32_MAX) {
        conf_error(r, s,
                   "expected an AS number from 1 to 4294967295: 4713, \"4713\" or \"AS4713\"");
        return false;
    }
    *asn = (uint32_t)number;
    return true;
}

static bool read_prefix(struct conf_reader *r, const config_setting_t *s, void *out)
{
    struct prefix *prefix = out;
    char shown[CONF_SHOW_LEN];
    const char *text = element_text(r, s);

    if (text == NULL)
        return false;
    if (prefix_parse(text, prefix))
        return !conf_refuse_mapped(r, s, &prefix->addr);
    conf_error(r, s,
               "\"%s\" is no prefix: expected \"203.0.113.0/24\" or \"2001:db8::/32\", with no bit "
               "set beyond the length",
               conf_show(text, shown));
    return false;
}

size_t conf_read_prefixes(struct conf_reader *r, const config_setting_t *group,
                          enum conf_option_id id, const struct prefix **out)
{
    const void *items;
    size_t n = conf_read_elements(r, group, id, sizeof(struct prefix), read_prefix, &items);

    *out = items;
    return n;
}

/* ---- the lists together ---- */

/* True when regions[n] was filled. */
static bool add_member(struct conf_reader *r, const config_setting_t *at, int *regions, size_t n)
{
    regions[n] = conf_ref_of(r, at, r->regions, "region");
    if (regions[n] == CONF_NONE)
        return false;
    for (size_t i = 0; i < n; i++)
        if (regions[i] == regions[n]) {
            conf_error(r, at, "\"%s\" is given twice", config_setting_get_string(at));
            return false;
        }
    return true;
}

/* `region`: one name, or a list of them. */
static void read_members(struct conf_reader *r, const config_setting_t *group,
                         struct conf_match *out)
{
    const config_setting_t *s = conf_member(group, OPT_member_region);
    bool is_single = s != NULL && config_setting_type(s) == CONFIG_TYPE_STRING;
    size_t len = 1, n = 0;

    if (!is_single)
        s = conf_read_list(r, group, OPT_member_region, &len);
    int *regions = s == NULL ? NULL : conf_alloc(r, len, sizeof *regions);
    for (size_t i = 0; regions != NULL && i < len; i++) {
        const config_setting_t *at = is_single ? s : config_setting_get_elem(s, (unsigned)i);
        n += add_member(r, at, regions, n);
    }
    out->regions = regions;
    out->n_regions = n;
}

static bool names_nobody(const config_setting_t *group, bool has_member)
{
    static const enum conf_option_id ids[] = { OPT_match_continents, OPT_match_countries,
                                               OPT_match_subdivisions, OPT_match_asns,
                                               OPT_match_prefixes };

    if (has_member && conf_member(group, OPT_member_region) != NULL)
        return false;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        const config_setting_t *s = conf_member(group, ids[i]);
        /* A list that was refused has its own error. */
        if (s != NULL && (!config_setting_is_aggregate(s) || config_setting_length(s) > 0))
            return false;
    }
    return true;
}

bool conf_read_match(struct conf_reader *r, const config_setting_t *group, bool has_member,
                     struct conf_match *out)
{
    const void *items;

    out->n_continents =
        conf_read_elements(r, group, OPT_match_continents, 3, read_continent, &items);
    out->continents = items;
    out->n_countries = conf_read_elements(r, group, OPT_match_countries, 3, read_country, &items);
    out->countries = items;
    out->n_asns = conf_read_elements(r, group, OPT_match_asns, sizeof(uint32_t), read_asn, &items);
    out->asns = items;
    out->n_prefixes = conf_read_elements(r, group, OPT_match_prefixes, sizeof(struct prefix),
                                         read_prefix, &items);
    out->prefixes = items;
    out->n_subdivisions =
        conf_read_elements(r, group, OPT_match_subdivisions, 0, read_subdivision, &items);
    out->subdivisions = items;
    if (has_member)
        read_members(r, group, out);
    return !names_nobody(group, has_member);
}

/* ---- regions ---- */

static void read_region(struct conf_reader *r, const config_setting_t *s, struct conf_region *out)
{
    out->name = conf_keep(r, config_setting_name(s));
    out->where = conf_where(r, s);
    conf_check_name(r, s, out->name);
    if (!conf_check_group(r, s, CONF_SET(match)))
        return;
    if (!conf_read_match(r, s, false, &out->match))
        conf_error(r, s,
                   "the region is empty: expected continents, countries, subdivisions, asns "
                   "or prefixes");
}

void conf_read_regions(struct conf_reader *r, const config_setting_t *top)
{
    size_t n;
    const config_setting_t *group = conf_read_named(r, top, OPT_top_regions, &n);
    struct conf_region *regions = conf_alloc(r, n, sizeof *regions);

    r->regions = conf_index_new(r, n);
    for (size_t i = 0; regions != NULL && i < n; i++) {
        read_region(r, config_setting_get_elem(group, (unsigned)i), &regions[i]);
        conf_index_add(r->regions, regions[i].name, (int)i);
    }
    conf_index_sort(r->regions);
    r->conf->regions = regions;
    r->conf->n_regions = regions == NULL ? 0 : n;
}
