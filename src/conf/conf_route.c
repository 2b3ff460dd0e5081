/* conf_route.c - reads the routes of an edge: what tells the objects of a path's part apart.
 *
 * How a key is made of it is the edge's business. */
#include "conf_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- names of parameters, headers and cookies ---- */

/* RFC 9110 5.6.2 */
static bool is_token(const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (!isalnum((unsigned char)*at) && strchr("!#$%&'*+-.^_`|~", *at) == NULL)
            return false;
    return text[0] != '\0';
}

static const char *name_of(struct conf_reader *r, const config_setting_t *s)
{
    static const struct conf_option element = { .type = CONF_TYPE_TEXT, .least = 1, .most = 128 };

    return conf_text_of(r, s, &element);
}

static bool read_cookie(struct conf_reader *r, const config_setting_t *s, void *out)
{
    const char *text = name_of(r, s);
    char shown[CONF_SHOW_LEN];

    if (text == NULL)
        return false;
    if (!is_token(text)) {
        conf_error(r, s, "\"%s\" cannot be a name: expected letters, digits and !#$%%&'*+-.^_`|~",
                   conf_show(text, shown));
        return false;
    }
    *(const char **)out = conf_keep(r, text);
    return true;
}

static bool read_header(struct conf_reader *r, const config_setting_t *s, void *out)
{
    const char **name = out;

    if (!read_cookie(r, s, out))
        return false;
    for (char *at = (char *)*name; *at != '\0'; at++) /* ours: conf_keep made it */
        *at = (char)tolower((unsigned char)*at);
    return true;
}

static bool read_parameter(struct conf_reader *r, const config_setting_t *s, void *out)
{
    const char *text = name_of(r, s);
    char shown[CONF_SHOW_LEN];

    if (text == NULL)
        return false;
    if (strpbrk(text, "&=#?") != NULL) {
        conf_error(r, s, "\"%s\" cannot be a parameter: expected a name without & = # ?",
                   conf_show(text, shown));
        return false;
    }
    *(const char **)out = conf_keep(r, text);
    return true;
}

static void read_query(struct conf_reader *r, const config_setting_t *s, struct conf_route *route)
{
    const config_setting_t *query = conf_member(s, OPT_route_query);
    char found[CONF_GOT_LEN], expected[CONF_EXPECTED_LEN];
    const void *items;

    if (query == NULL)
        return;
    const char *word = config_setting_get_string(query);
    if (word != NULL && strcmp(word, "all") == 0) {
        route->query = CONF_QUERY_ALL;
    } else if (word != NULL && strcmp(word, "none") == 0) {
        route->query = CONF_QUERY_NONE;
    } else if (config_setting_is_array(query) || config_setting_is_list(query)) {
        route->query = CONF_QUERY_NAMED;
        route->n_parameters =
            conf_read_elements(r, s, OPT_route_query, sizeof(const char *), read_parameter, &items);
        route->parameters = items;
    } else {
        conf_error(r, query, "expected %s, got %s",
                   conf_option_expected(conf_option(OPT_route_query), expected),
                   conf_got(query, found));
    }
}

/* ---- routes ---- */

static void check_prefix(struct conf_reader *r, const config_setting_t *s, const char *prefix)
{
    char shown[CONF_SHOW_LEN];

    for (const char *at = prefix; *at != '\0'; at++)
        if ((unsigned char)*at <= 0x20 || (unsigned char)*at >= 0x7f || *at == '?' || *at == '#') {
            conf_error(r, s, "\"%s\": expected a path without spaces, ? and #",
                       conf_show(prefix, shown));
            return;
        }
    if (prefix[0] != '/')
        conf_error(r, s, "\"%s\": expected a path that begins with a '/'",
                   conf_show(prefix, shown));
}

static bool read_route(struct conf_reader *r, const config_setting_t *s, struct conf_route *route)
{
    const void *items;

    if (!conf_check_group(r, s, CONF_SET(route)))
        return false;
    route->where = conf_where(r, s);
    route->prefix = conf_read_text(r, s, OPT_route_prefix);
    if (route->prefix != NULL)
        check_prefix(r, conf_member(s, OPT_route_prefix), route->prefix);
    read_query(r, s, route);
    route->n_headers = conf_read_elements(r, s, OPT_route_headers, 0, read_header, &items);
    route->headers = items;
    route->n_cookies =
        conf_read_elements(r, s, OPT_route_cookies, sizeof(const char *), read_cookie, &items);
    route->cookies = items;
    route->bypass_on_no_cache = conf_read_bool(r, s, OPT_route_bypass_on_no_cache);
    return route->prefix != NULL;
}

static void check_twice(struct conf_reader *r, const config_setting_t *s,
                        const struct conf_route *routes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(routes[i].prefix, routes[n].prefix) == 0) {
            conf_error(r, s, "the prefix is given twice, first on line %d", routes[i].where.line);
            return;
        }
}

/* Longest first; of one length in any order, for they exclude each other. */
static int compare_routes(const void *a, const void *b)
{
    size_t x = strlen(((const struct conf_route *)a)->prefix);
    size_t y = strlen(((const struct conf_route *)b)->prefix);

    return x < y ? 1 : x > y ? -1 : 0;
}

void conf_read_routes(struct conf_reader *r, const config_setting_t *edge, struct conf_edge *out)
{
    size_t len, n = 0;
    bool has_rest = false;
    const config_setting_t *list = conf_read_list(r, edge, OPT_edge_routes, &len);
    struct conf_route *routes = conf_alloc(r, len + 1, sizeof *routes);

    if (routes == NULL)
        return;
    for (size_t i = 0; i < len; i++) {
        const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        if (!read_route(r, s, &routes[n]))
            continue;
        check_twice(r, s, routes, n);
        has_rest |= strcmp(routes[n].prefix, "/") == 0;
        n++;
    }
    if (!has_rest)
        routes[n++] =
            (struct conf_route){ .prefix = "/", .bypass_on_no_cache = true, .where = out->where };
    qsort(routes, n, sizeof *routes, compare_routes);
    out->routes = routes;
    out->n_routes = n;
}
