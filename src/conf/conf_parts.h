/* conf_parts.h - the readers of the configuration's groups, in the order they must run.
 *
 * Each takes its group's setting, NULL when the file has none, and fills its part of r->conf. What
 * refers to something comes after it. */
#pragma once

#include "conf_read.h"

void conf_read_server(struct conf_reader *r, const config_setting_t *group);
void conf_read_health(struct conf_reader *r, const config_setting_t *group);
void conf_read_zones(struct conf_reader *r, const config_setting_t *top);
void conf_read_geo(struct conf_reader *r, const config_setting_t *group);
void conf_read_regions(struct conf_reader *r, const config_setting_t *top);
void conf_read_checks(struct conf_reader *r, const config_setting_t *top);
void conf_read_targets(struct conf_reader *r, const config_setting_t *top); /* pops, providers */
void conf_read_services(struct conf_reader *r, const config_setting_t *top);
void conf_read_origins(struct conf_reader *r, const config_setting_t *top);
void conf_read_edges(struct conf_reader *r, const config_setting_t *top);

/* What no single part can see: what is used nowhere, what cannot work together. */
void conf_check_whole(struct conf_reader *r);
void conf_check_idle(struct conf_reader *r);

/* ---- shared between them ---- */

/* Members of a group of named groups; NULL: none, or an error. */
const config_setting_t *conf_read_named(struct conf_reader *r, const config_setting_t *top,
                                        enum conf_option_id id, size_t *n);

/* The lists of a match, and `region` where `has_member`. False when it names no clients. */
bool conf_read_match(struct conf_reader *r, const config_setting_t *group, bool has_member,
                     struct conf_match *out);

/* The port of an endpoint that names none; CONF_PORT_WANTED: it must. */
enum { CONF_PORT_WANTED = -1 };
bool conf_endpoint_of(struct conf_reader *r, const config_setting_t *s, int port,
                      struct endpoint *out);

/* True after an error: the address is ::ffff:a.b.c.d, which no packet carries. */
bool conf_refuse_mapped(struct conf_reader *r, const config_setting_t *s, const struct addr *a);

/* The networks of an option. */
size_t conf_read_prefixes(struct conf_reader *r, const config_setting_t *group,
                          enum conf_option_id id, const struct prefix **out);

/* What `server` says of clients that may be forged. */
void conf_read_guard(struct conf_reader *r, const config_setting_t *server);

/* Latitude and longitude; false when the option is not given, or after an error. */
bool conf_read_point(struct conf_reader *r, const config_setting_t *group, enum conf_option_id id,
                     double *latitude, double *longitude);

/* The code of a country, of either case, as capitals; false: there is no such country. */
bool conf_country_parse(const char *text, char out[static 3]);

/* The parameters of HTTPS records; what is not given is zero when `is_partial`, else the default. */
void conf_read_https(struct conf_reader *r, const config_setting_t *group, bool is_partial,
                     struct conf_https *out);

/* The routes of an edge, with one for "/" at the end. */
void conf_read_routes(struct conf_reader *r, const config_setting_t *edge, struct conf_edge *out);

/* The stages of a service whose targets are read. */
void conf_read_policy(struct conf_reader *r, const config_setting_t *service,
                      struct conf_service *out);
