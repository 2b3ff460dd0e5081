/* conf.h - the operator's file as checked, plain structs.
 *
 * Threads: conf_load anywhere; a struct conf never changes afterwards and may be read from any
 *          thread; conf_ref and conf_unref are atomic.
 * Owner:   counted; every text, array and struct below lives as long as the conf.
 * Units:   in the names: _s seconds, _ms milliseconds, km kilometres, degrees for coordinates.
 *
 * References between the parts are resolved: a target is an index into `targets`, and so on. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <waymark/addr.h>
#include <waymark/why.h>

struct report;

enum {
    CONF_NONE = -1,           /* an index that refers to nothing */
    CONF_TARGETS_MAX = 4096,  /* in one configuration */
    CONF_ADDRESSES_MAX = 32,  /* of one target; a verdict each, in one word */
    CONF_STAGES_MAX = 16,     /* in one policy */
    CONF_SERVICE_TARGETS_MAX = 256,
    CONF_ALPN_MAX = 8,        /* protocols of an HTTPS record... */
    CONF_ALPN_LEN_MAX = 32,   /* ...and octets of each */
    CONF_EDGES_MAX = 256,     /* in one configuration */
    CONF_LISTEN_MAX = 16,     /* addresses of one edge, of each kind */
    CONF_ORIGIN_URLS_MAX = 16,
    CONF_KEY_PARTS_MAX = 32   /* parameters, headers or cookies that a route names */
};

struct conf_where {
    const char *file;
    int line;
};

enum conf_cookies { CONF_COOKIES_OFF, CONF_COOKIES_ON, CONF_COOKIES_REQUIRED };

/* What an answer is, for limits. */
enum conf_kind {
    CONF_KIND_ANSWER,
    CONF_KIND_NODATA,
    CONF_KIND_NXDOMAIN,
    CONF_KIND_REFERRAL,
    CONF_KIND_ERROR,
    CONF_KINDS
};

struct conf_rate_limit {
    int per_s[CONF_KINDS]; /* 0: no limit */
    int burst_s;
    int slip; /* 0: never */
    int ipv4_bits, ipv6_bits;
    const struct prefix *exempt;
    size_t n_exempt;
};

struct conf_server {
    const struct endpoint *listen;
    size_t n_listen;
    int threads;               /* 0: one per core */
    bool pin_threads, steer_by_cpu;
    const char *nsid;          /* NULL: not sent */
    const char *identity;      /* in class CHAOS, RFC 4892; NULL: refused */
    const char *version;       /* likewise */
    const char *user;          /* NULL: stay who we are */
    const char *state;         /* a folder */
    const char *control;       /* path of the control socket */
    struct endpoint metrics;   /* family 0: none */
    const char *draw_key_file;
    int udp_size;              /* the largest UDP answer, RFC 9715 */
    int tcp_clients;           /* TCP connections at a time, per thread */
    int tcp_idle_s;
    int tcp_life_s;
    int tcp_per_client;
    int tcp_queries;           /* of one connection; 0: any number */
    enum conf_cookies cookies;
    const char *cookie_secrets_file;
    int abuse_factor;                  /* 0: as large as they come */
    struct conf_rate_limit rate_limit;
    bool has_guard; /* clients without our cookie are treated differently: any of the three */
    int edge_threads;          /* 0: one per core */
    const char *access_log;    /* path of the edges' log; NULL: none */
};

struct conf_health {
    const struct endpoint *resolvers; /* for the names of CNAME targets; 0: /etc/resolv.conf */
    size_t n_resolvers;
    int first_results_s; /* how long steered names wait at a start */
};

struct conf_zone {
    const char *name; /* as written, without a trailing dot */
    const char *file; /* relative paths are relative to the working directory */
    struct conf_where where;
};

/* Paths of fields in an MMDB record, "a.b.c"; NULL: recognise the usual layouts. */
struct conf_geo_fields {
    const char *continent, *country, *subdivision, *city, *latitude, *longitude, *asn;
};

/* Where clients are of whom only the country is known. */
struct conf_country_point {
    char country[3];
    double latitude, longitude;
};

struct conf_geo {
    const char *const *databases;
    size_t n_databases;
    const char *const *asn_databases;
    size_t n_asn_databases;
    const char *networks;  /* NULL: none */
    const char *countries; /* NULL: none */
    struct conf_geo_fields fields;
    const struct conf_country_point *points; /* come before those of the file of countries */
    size_t n_points;
    int views_max;
    struct conf_where where;
};

/* A set of clients: those that any of the lists names. */
struct conf_match {
    const char (*continents)[3]; /* "EU" */
    size_t n_continents;
    const char (*countries)[3]; /* ISO 3166 alpha-2, upper case */
    size_t n_countries;
    const char *const *subdivisions; /* "US-CA" or "US-California": country, dash, code or name */
    size_t n_subdivisions;
    const uint32_t *asns;
    size_t n_asns;
    const struct prefix *prefixes;
    size_t n_prefixes;
    const int *regions; /* indexes of regions, whose members are members here */
    size_t n_regions;
};

struct conf_region {
    const char *name;
    struct conf_match match; /* its n_regions is 0: regions do not nest */
    struct conf_where where;
};

enum conf_check_kind { CONF_CHECK_HTTP, CONF_CHECK_HTTPS, CONF_CHECK_TCP };

struct conf_check {
    const char *name;
    enum conf_check_kind kind;
    const char *url;  /* http(s)://{address}:8080/healthz, {cname} likewise; or tcp://{address}:53 */
    const char *host; /* Host and SNI; NULL: the URL's */
    const int *status; /* accepted status codes; default 200 */
    size_t n_status;
    const char *body;    /* a text the body must contain; NULL: any */
    const char *ca_file; /* NULL: the system's */
    int every_s, timeout_ms, fall, rise;
    struct conf_where where;
};

enum conf_target_kind { CONF_POP, CONF_PROVIDER };

/* What an HTTPS record (RFC 9460) says beside the addresses. */
struct conf_https {
    const char *const *alpn; /* best first */
    size_t n_alpn;
    int port; /* 443 is not sent */
    bool has_hints;
};

/* What can be chosen. It has either addresses or a cname, never both. */
struct conf_target {
    const char *name;
    enum conf_target_kind kind;
    bool has_place;
    double latitude, longitude;
    const struct addr *addresses; /* IPv4 and IPv6 mixed */
    size_t n_addresses;
    const char *cname; /* without a trailing dot; NULL: it has addresses */
    const struct endpoint *probe_addresses; /* port 0: the URL's; where to probe instead */
    size_t n_probe_addresses;
    int weight;   /* 0: serves when no other does */
    int bias;     /* -99..99, per cent of distance, see conf_stage nearest */
    int min_up;   /* addresses of a family that must be up for the target to be up in it */
    int check;    /* index, or CONF_NONE: always up */
    bool has_serves;
    struct conf_match serves; /* for the stage `fence` */
    /* Where it differs from its services' `https`; n_alpn 0 and port 0: it does not. */
    struct conf_https https;
    struct conf_where where;
};

/* How many verdicts there are of it: one for each address, one for a CNAME. */
static inline size_t conf_n_verdicts(const struct conf_target *target)
{
    return target->cname != NULL ? 1 : target->n_addresses;
}

enum conf_stage_kind {
    CONF_STAGE_HEALTHY,
    CONF_STAGE_FENCE,
    CONF_STAGE_REGION,
    CONF_STAGE_NEAREST,
    CONF_STAGE_WITHIN,
    CONF_STAGE_PRIORITY,
    CONF_STAGE_WEIGHTED,
    CONF_STAGE_STICKY,
    CONF_STAGE_FLOOR,
    CONF_STAGE_TAKE
};

/* Targets in tiers: `targets[i]` belongs to tier `tiers[i]`, tiers counted from 0 upwards. Written
 * ["a", "b"] each target is a tier; written (["a", "b"], "c") an inner array is one tier. */
struct conf_order {
    const int *targets; /* indexes into conf.targets */
    const int *tiers;
    size_t n;
};

/* The order holds the rule's targets and behind them those of its fallback. */
struct conf_rule {
    struct conf_match match;
    struct conf_order order;
    bool is_closed; /* targets that the order leaves out are dropped; else they follow last */
    struct conf_where where;
};

/* A policy holds each kind at most once, in an order that makes sense; see waymark.conf(5). */
struct conf_stage {
    enum conf_stage_kind kind;
    bool is_hard;        /* fence: drop, even the last (default true); else put last */
    double km;           /* within */
    double tie_pct;      /* nearest */
    int depth;           /* nearest: how many to keep, at least take */
    double pct;          /* floor: the least share of each of the order's targets */
    int take;            /* take */
    const struct conf_rule *rules; /* region */
    size_t n_rules;
    /* priority (n 0: as the service lists them); region: `others`, for clients in no rule (n 0: all,
     * undivided). Targets an order leaves out follow last, together. floor: the standbys. */
    struct conf_order order;
    struct conf_where where;
};

enum conf_draw { CONF_DRAW_WINDOW, CONF_DRAW_QUERY };
enum conf_no_target { CONF_NO_TARGET_ZONE, CONF_NO_TARGET_NODATA, CONF_NO_TARGET_SERVFAIL };

struct conf_service {
    const char *name;
    const char *const *hosts; /* without trailing dots; may start with "*." */
    size_t n_hosts;
    const int *targets; /* indexes into conf.targets, in the order written */
    size_t n_targets;
    int ttl_s;
    int window_s; /* default 4 x ttl_s */
    enum conf_draw draw;
    enum conf_no_target no_target;
    int addresses; /* of a target in one answer; 0: all */
    bool has_https;
    struct conf_https https;
    const struct conf_stage *stages;
    size_t n_stages;
    struct conf_where where;
};

/* Where the edges get what they have not: URLs that serve the same, or a directory of files. */
struct conf_origin {
    const char *name;
    const char *const *urls; /* "http://host[:port]" or https, nothing after the port */
    size_t n_urls;           /* 0: it is a directory */
    const char *directory;   /* NULL: it has URLs */
    const char *cache_control; /* of the directory's files; never NULL */
    const char *host;        /* Host and SNI for it; NULL: the client's Host goes through */
    int connect_ms, first_byte_ms, body_idle_ms;
    struct conf_where where;
};

enum conf_query { CONF_QUERY_ALL, CONF_QUERY_NONE, CONF_QUERY_NAMED };

/* What, beside scheme, host and path, tells objects of a part of the paths apart. */
struct conf_route {
    const char *prefix; /* "/img/": starts with a slash */
    enum conf_query query;
    const char *const *parameters; /* for CONF_QUERY_NAMED */
    size_t n_parameters;
    const char *const *headers; /* in lower case */
    size_t n_headers;
    const char *const *cookies;
    size_t n_cookies;
    bool bypass_on_no_cache; /* a client's no-cache goes to the origin */
    struct conf_where where;
};

/* The HTTP side of a target: a cache at its addresses. */
struct conf_edge {
    int target; /* index: the PoP, or in a test the provider, whose traffic it takes */
    const struct endpoint *listen; /* plain HTTP; at least one */
    size_t n_listen;
    const struct endpoint *listen_tls;
    size_t n_listen_tls;
    const char *certificate, *key; /* PEM files; both, or neither and no listen_tls */
    int shield; /* index of the edge that misses go to, by its first listen; or CONF_NONE */
    int origin; /* index into conf.origins */
    int cache_mb;
    const struct conf_route *routes; /* longest prefix first; the last one's is "/" */
    size_t n_routes;
    int header_s, idle_s, send_s;
    struct conf_where where;
};

struct conf {
    const char *file;
    struct conf_server server;
    struct conf_health health;
    struct conf_geo geo;
    const struct conf_zone *zones;
    size_t n_zones;
    const struct conf_region *regions;
    size_t n_regions;
    const struct conf_check *checks;
    size_t n_checks;
    const struct conf_target *targets; /* pops, then providers, in the file's order */
    size_t n_targets;
    const struct conf_service *services;
    size_t n_services;
    const struct conf_origin *origins;
    size_t n_origins;
    const struct conf_edge *edges;
    size_t n_edges;
};

/* Reads and checks the file: NULL when the report has errors (then all of them). Whether hosts
 * exist in zones, and whether files can be read, is for those who load them. */
struct conf *conf_load(const char *path, struct report *report);

/* The same for text in memory; `name` stands for the file in messages. */
struct conf *conf_parse(const char *text, size_t len, const char *name, struct report *report);

/* Where the running server's control socket is, as far as the file says: read past every mistake in
 * it, since the server may run on from a file that was good. The caller frees it; NULL: the file cannot
 * be read, and `why` says so. */
char *conf_find_control(const char *path, char why[static WHY_LEN]);

struct conf *conf_ref(struct conf *conf);
void conf_unref(struct conf *conf); /* NULL is fine */

/* `waymark options`: the table of every option. */
void conf_print_options(FILE *out);
