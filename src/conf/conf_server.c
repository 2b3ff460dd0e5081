/* conf_server.c - reads `server`, `health`, `zones` and `geo`: what is not about steering. */
#include "conf_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_name.h"

/* ---- endpoints ---- */

bool conf_refuse_mapped(struct conf_reader *r, const config_setting_t *s, const struct addr *a)
{
    char found[CONF_GOT_LEN];

    if (!addr_is_mapped(a))
        return false;
    conf_error(r, s, "%s is IPv4 in IPv6's clothes: write it as IPv4", conf_got(s, found));
    return true;
}

bool conf_endpoint_of(struct conf_reader *r, const config_setting_t *s, int port,
                      struct endpoint *out)
{
    static const struct conf_option element = { .type = CONF_TYPE_ENDPOINT,
                                                .least = 1,
                                                .most = 64 };
    char shown[CONF_SHOW_LEN];
    struct endpoint e = { 0 };
    const char *text = conf_text_of(r, s, &element);

    if (text == NULL)
        return false;
    bool is_sound = endpoint_parse(text, &e) && e.port > 0;
    if (!is_sound && port != CONF_PORT_WANTED && addr_parse(text, &e.addr)) {
        e.port = (uint16_t)port;
        is_sound = true;
    }
    if (!is_sound) {
        conf_error(r, s, "\"%s\" is no %s: expected \"192.0.2.1:53\" or \"[2001:db8::1]:53\"%s",
                   conf_show(text, shown),
                   port == CONF_PORT_WANTED ? "address with a port" : "address",
                   port == CONF_PORT_WANTED ? "" : ", or the address alone");
        return false;
    }
    if (conf_refuse_mapped(r, s, &e.addr))
        return false;
    out->addr = e.addr;
    out->port = e.port;
    return true;
}

static bool read_listen(struct conf_reader *r, const config_setting_t *s, void *out)
{
    return conf_endpoint_of(r, s, CONF_PORT_WANTED, out);
}

static bool read_resolver(struct conf_reader *r, const config_setting_t *s, void *out)
{
    return conf_endpoint_of(r, s, 53, out);
}

/* ---- server and health ---- */

static void read_listeners(struct conf_reader *r, const config_setting_t *group)
{
    struct conf_server *server = &r->conf->server;
    const void *listen;

    server->n_listen = conf_read_elements(r, group, OPT_server_listen, sizeof(struct endpoint),
                                          read_listen, &listen);
    server->listen = listen;
    if (conf_member(group, OPT_server_listen) != NULL)
        return;
    struct endpoint *preset = conf_alloc(r, 1, sizeof *preset);
    if (preset != NULL && endpoint_parse(conf_option(OPT_server_listen)->preset, preset)) {
        server->listen = preset;
        server->n_listen = 1;
    }
}

/* A file that stands in the folder `state` unless the option says otherwise. */
static const char *state_file(struct conf_reader *r, const config_setting_t *group,
                              enum conf_option_id id, const char *state, const char *name)
{
    char path[1200];
    size_t len = strlen(state);

    if (conf_member(group, id) != NULL)
        return conf_read_text(r, group, id);
    snprintf(path, sizeof path, "%s%s%s", state, len > 0 && state[len - 1] == '/' ? "" : "/", name);
    return conf_keep(r, path);
}

void conf_read_server(struct conf_reader *r, const config_setting_t *group)
{
    struct conf_server *server = &r->conf->server;

    if (group != NULL && !conf_check_group(r, group, CONF_SET(server)))
        group = NULL;
    read_listeners(r, group);
    server->threads = conf_read_int(r, group, OPT_server_threads);
    server->pin_threads = conf_read_bool(r, group, OPT_server_pin_threads);
    server->steer_by_cpu = conf_read_bool(r, group, OPT_server_steer_by_cpu);
    server->nsid = conf_read_text(r, group, OPT_server_nsid);
    server->identity = conf_read_text(r, group, OPT_server_identity);
    server->version = conf_read_text(r, group, OPT_server_version);
    server->user = conf_read_text(r, group, OPT_server_user);
    server->state = conf_read_text(r, group, OPT_server_state);
    server->control = conf_read_text(r, group, OPT_server_control);
    server->draw_key_file =
        state_file(r, group, OPT_server_draw_key_file, server->state, "draw.key");
    server->cookie_secrets_file =
        state_file(r, group, OPT_server_cookie_secrets_file, server->state, "cookie.secrets");
    server->udp_size = conf_read_int(r, group, OPT_server_udp_size);
    server->tcp_clients = conf_read_int(r, group, OPT_server_tcp_clients);
    server->tcp_idle_s = conf_read_int(r, group, OPT_server_tcp_idle_s);
    server->tcp_life_s = conf_read_int(r, group, OPT_server_tcp_life_s);
    server->tcp_per_client = conf_read_int(r, group, OPT_server_tcp_per_client);
    server->tcp_queries = conf_read_int(r, group, OPT_server_tcp_queries);
    conf_read_guard(r, group);
    server->edge_threads = conf_read_int(r, group, OPT_server_edge_threads);
    server->access_log = conf_read_text(r, group, OPT_server_access_log);
    const config_setting_t *metrics = conf_member(group, OPT_server_metrics);
    if (metrics != NULL)
        conf_endpoint_of(r, metrics, CONF_PORT_WANTED, &server->metrics);
}

void conf_read_health(struct conf_reader *r, const config_setting_t *group)
{
    struct conf_health *health = &r->conf->health;
    const void *resolvers;

    if (group != NULL && !conf_check_group(r, group, CONF_SET(health)))
        group = NULL;
    health->n_resolvers = conf_read_elements(r, group, OPT_health_resolvers,
                                             sizeof(struct endpoint), read_resolver, &resolvers);
    health->resolvers = resolvers;
    health->first_results_s = conf_read_int(r, group, OPT_health_first_results_s);
}

/* ---- zones ---- */

static bool read_zone(struct conf_reader *r, const config_setting_t *s, struct conf_zone *zone)
{
    if (!conf_check_group(r, s, CONF_SET(zone)))
        return false;
    zone->name = conf_read_host(r, s, OPT_zone_name, CONF_HOST_ZONE);
    zone->file = conf_read_text(r, s, OPT_zone_file);
    zone->where = conf_where(r, s);
    return zone->name != NULL && zone->file != NULL;
}

struct named_zone {
    const config_setting_t *s;
    const struct conf_zone *zone;
};

static int by_name(const void *a, const void *b)
{
    const struct named_zone *x = a, *y = b;
    int order = strcasecmp(x->zone->name, y->zone->name);

    return order != 0 ? order : x->zone < y->zone ? -1 : x->zone > y->zone;
}

/* There may be thousands: each beside each would take seconds. */
static void check_zones_twice(struct conf_reader *r, struct named_zone *named, size_t n)
{
    if (n > 1)
        qsort(named, n, sizeof *named, by_name);
    for (size_t i = 1, first = 0; i < n; i++) {
        if (strcasecmp(named[first].zone->name, named[i].zone->name) == 0)
            conf_error(r, named[i].s, "the zone is given twice, first on line %d",
                       named[first].zone->where.line);
        else
            first = i;
    }
}

void conf_read_zones(struct conf_reader *r, const config_setting_t *top)
{
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, top, OPT_top_zones, &len);
    struct conf_zone *zones = conf_alloc(r, len, sizeof *zones);
    struct named_zone *named = conf_alloc(r, len, sizeof *named);

    for (size_t i = 0; zones != NULL && named != NULL && i < len; i++) {
        const config_setting_t *s = config_setting_get_elem(list, (unsigned)i);
        if (!read_zone(r, s, &zones[n]))
            continue;
        named[n] = (struct named_zone){ .s = s, .zone = &zones[n] };
        n++;
    }
    check_zones_twice(r, named, n);
    r->conf->zones = zones;
    r->conf->n_zones = n;
}

/* ---- geo ---- */

static bool is_field_path(const char *path)
{
    size_t key_len = 0;

    for (; *path != '\0'; path++) {
        if (*path == '.' && key_len == 0)
            return false;
        key_len = *path == '.' ? 0 : key_len + 1;
    }
    return key_len > 0;
}

static const char *read_field(struct conf_reader *r, const config_setting_t *group,
                              enum conf_option_id id)
{
    char shown[CONF_SHOW_LEN];
    const char *path = conf_read_text(r, group, id);

    if (path == NULL || is_field_path(path))
        return path;
    conf_error(r, conf_member(group, id), "\"%s\" is no path: expected keys with dots between them",
               conf_show(path, shown));
    return NULL;
}

static void read_fields(struct conf_reader *r, const config_setting_t *group,
                        struct conf_geo_fields *out)
{
    if (group == NULL || !conf_check_group(r, group, CONF_SET(fields)))
        return;
    out->continent = read_field(r, group, OPT_fields_continent);
    out->country = read_field(r, group, OPT_fields_country);
    out->subdivision = read_field(r, group, OPT_fields_subdivision);
    out->city = read_field(r, group, OPT_fields_city);
    out->latitude = read_field(r, group, OPT_fields_latitude);
    out->longitude = read_field(r, group, OPT_fields_longitude);
    out->asn = read_field(r, group, OPT_fields_asn);
    if ((conf_member(group, OPT_fields_latitude) == NULL) !=
        (conf_member(group, OPT_fields_longitude) == NULL))
        conf_error(r, group, "latitude and longitude go together: expected both or none");
}

static bool read_country_point(struct conf_reader *r, const config_setting_t *s,
                               struct conf_country_point *out)
{
    const char *code = config_setting_name(s);

    if (!conf_country_parse(code, out->country)) {
        conf_error(r, s, "\"%s\" is no country: expected an ISO 3166 code of two letters", code);
        return false;
    }
    return conf_check_group(r, s, CONF_SET(point)) &&
           conf_read_point(r, s, OPT_point_at, &out->latitude, &out->longitude);
}

static void read_points(struct conf_reader *r, const config_setting_t *geo, struct conf_geo *out)
{
    size_t len, n = 0;
    const config_setting_t *group = conf_read_named(r, geo, OPT_geo_points, &len);
    struct conf_country_point *points = conf_alloc(r, len, sizeof *points);

    for (size_t i = 0; points != NULL && i < len; i++)
        n += read_country_point(r, config_setting_get_elem(group, (unsigned)i), &points[n]);
    out->points = points;
    out->n_points = n;
}

void conf_read_geo(struct conf_reader *r, const config_setting_t *group)
{
    struct conf_geo *geo = &r->conf->geo;

    geo->where = (struct conf_where){ .file = r->file };
    if (group != NULL && !conf_check_group(r, group, CONF_SET(geo)))
        group = NULL;
    if (group != NULL)
        geo->where = conf_where(r, group);
    geo->n_databases = conf_read_texts(r, group, OPT_geo_databases, &geo->databases);
    geo->n_asn_databases = conf_read_texts(r, group, OPT_geo_asn_databases, &geo->asn_databases);
    geo->networks = conf_read_text(r, group, OPT_geo_networks);
    geo->countries = conf_read_text(r, group, OPT_geo_countries);
    read_fields(r, conf_member(group, OPT_geo_fields), &geo->fields);
    read_points(r, group, geo);
    geo->views_max = conf_read_int(r, group, OPT_geo_views_max);
}
