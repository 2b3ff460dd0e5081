/* conf_edge.c - reads `edges`: the HTTP caches of this server, and what they share.
 *
 * A shield is named by its PoP, so shields are found once all edges are read. */
#include "conf_parts.h"

#include <stdlib.h>
#include <string.h>

#include "conf_name.h"

/* ---- listeners ---- */

static bool read_endpoint(struct conf_reader *r, const config_setting_t *s, void *out)
{
    return conf_endpoint_of(r, s, CONF_PORT_WANTED, out);
}

/* A list, or one alone. */
static size_t read_endpoints(struct conf_reader *r, const config_setting_t *s,
                             enum conf_option_id id, const struct endpoint **out)
{
    const config_setting_t *at = conf_member(s, id);
    const void *items;

    if (at == NULL || config_setting_type(at) != CONFIG_TYPE_STRING) {
        size_t n = conf_read_elements(r, s, id, sizeof **out, read_endpoint, &items);
        *out = items;
        return n;
    }
    struct endpoint *single = conf_alloc(r, 1, sizeof *single);
    if (single == NULL || !read_endpoint(r, at, single))
        return 0;
    *out = single;
    return 1;
}

static void read_tls(struct conf_reader *r, const config_setting_t *s, struct conf_edge *edge)
{
    bool has_certificate = conf_member(s, OPT_edge_certificate) != NULL;
    bool has_key = conf_member(s, OPT_edge_key) != NULL;
    bool has_listen = conf_member(s, OPT_edge_listen_tls) != NULL;

    edge->n_listen_tls = read_endpoints(r, s, OPT_edge_listen_tls, &edge->listen_tls);
    edge->certificate = conf_read_text(r, s, OPT_edge_certificate);
    edge->key = conf_read_text(r, s, OPT_edge_key);
    if (has_certificate != has_key)
        conf_error(r, s, "certificate and key go together: expected both or none");
    else if (has_listen && !has_certificate)
        conf_error(r, conf_member(s, OPT_edge_listen_tls), "expected certificate and key with it");
    else if (has_certificate && !has_listen)
        conf_error(r, conf_member(s, OPT_edge_certificate),
                   "expected listen_tls with it: nothing would use the certificate");
}

/* ---- one edge ---- */

static bool read_edge(struct conf_reader *r, const config_setting_t *s, struct conf_edge *edge)
{
    if (!conf_check_group(r, s, CONF_SET(edge)))
        return false;
    edge->where = conf_where(r, s);
    edge->shield = CONF_NONE;
    edge->target = conf_read_ref(r, s, OPT_edge_pop, r->targets, "PoP or provider");
    edge->origin = conf_read_ref(r, s, OPT_edge_origin, r->origins, "origin");
    edge->n_listen = read_endpoints(r, s, OPT_edge_listen, &edge->listen);
    read_tls(r, s, edge);
    conf_read_routes(r, s, edge);
    edge->cache_mb = conf_read_int(r, s, OPT_edge_cache_mb);
    edge->header_s = conf_read_int(r, s, OPT_edge_header_s);
    edge->idle_s = conf_read_int(r, s, OPT_edge_idle_s);
    edge->send_s = conf_read_int(r, s, OPT_edge_send_s);
    return true;
}

/* ---- what edges share ---- */

static void check_pop_twice(struct conf_reader *r, const config_setting_t *s,
                            const struct conf_edge *edges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (edges[n].target != CONF_NONE && edges[i].target == edges[n].target) {
            conf_error(r, conf_member(s, OPT_edge_pop), "\"%s\" has an edge already, on line %d",
                       r->conf->targets[edges[n].target].name, edges[i].where.line);
            return;
        }
}

struct claim {
    const struct endpoint *endpoint;
    const struct conf_edge *edge;
    const config_setting_t *at;
};

static int compare_endpoints(const struct endpoint *a, const struct endpoint *b)
{
    int order = memcmp(a->addr.octets, b->addr.octets, sizeof a->addr.octets);

    if (order != 0)
        return order;
    return a->addr.family != b->addr.family ? a->addr.family - b->addr.family : a->port - b->port;
}

static int compare_claims(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    int order = compare_endpoints(x->endpoint, y->endpoint);

    if (order != 0)
        return order;
    return x->endpoint < y->endpoint ? -1 : x->endpoint > y->endpoint;
}

static size_t claim(struct claim *claims, size_t n, const struct conf_edge *edge,
                    const struct endpoint *endpoints, size_t count, const config_setting_t *at)
{
    for (size_t i = 0; i < count; i++)
        claims[n++] = (struct claim){ &endpoints[i], edge, at };
    return n;
}

/* Within one list conf_read_elements has found what stands twice. */
static void report_claims(struct conf_reader *r, struct claim *claims, size_t n)
{
    char text[ENDPOINT_TEXT_LEN];

    if (n > 1)
        qsort(claims, n, sizeof *claims, compare_claims);
    for (size_t i = 1; i < n; i++) {
        const struct claim *a = &claims[i - 1], *b = &claims[i];
        if (a->at != b->at && endpoint_equal(a->endpoint, b->endpoint))
            conf_error(r, b->at, "%s is taken by the edge on line %d",
                       endpoint_format(b->endpoint, text), a->edge->where.line);
    }
}

static void check_listeners(struct conf_reader *r, const config_setting_t *const *settings)
{
    size_t n = 0, used = 0;

    for (size_t i = 0; i < r->conf->n_edges; i++)
        n += r->conf->edges[i].n_listen + r->conf->edges[i].n_listen_tls;
    struct claim *claims = calloc(n + 1, sizeof *claims);
    if (claims == NULL) {
        r->is_out_of_memory = true;
        return;
    }
    for (size_t i = 0; i < r->conf->n_edges; i++) {
        const struct conf_edge *e = &r->conf->edges[i];
        used = claim(claims, used, e, e->listen, e->n_listen,
                     conf_member(settings[i], OPT_edge_listen));
        used = claim(claims, used, e, e->listen_tls, e->n_listen_tls,
                     conf_member(settings[i], OPT_edge_listen_tls));
    }
    report_claims(r, claims, used);
    free(claims);
}

/* ---- shields ---- */

static void find_shield(struct conf_reader *r, const config_setting_t *s, struct conf_edge *edges,
                        size_t n, struct conf_edge *edge)
{
    const config_setting_t *at = conf_member(s, OPT_edge_shield);
    int target = conf_read_ref(r, s, OPT_edge_shield, r->targets, "PoP");

    if (target == CONF_NONE)
        return;
    for (size_t i = 0; i < n; i++)
        if (edges[i].target == target)
            edge->shield = (int)i;
    if (edge->shield == CONF_NONE)
        conf_error(r, at, "\"%s\" has no edge: expected the PoP of another edge",
                   r->conf->targets[target].name);
    else if (&edges[edge->shield] == edge)
        conf_error(r, at, "an edge cannot be its own shield");
}

/* Does the way of edge `i` over its shields come back to it? */
static bool is_in_loop(const struct conf_edge *edges, size_t n, size_t i)
{
    int at = edges[i].shield;

    for (size_t steps = 0; at != CONF_NONE && steps < n; steps++) {
        if ((size_t)at == i)
            return true;
        at = edges[at].shield;
    }
    return false;
}

static void check_shields(struct conf_reader *r, const config_setting_t *const *settings,
                          struct conf_edge *edges, size_t n)
{
    for (size_t i = 0; i < n; i++)
        find_shield(r, settings[i], edges, n, &edges[i]);
    for (size_t i = 0; i < n; i++)
        if (edges[i].shield != (int)i && is_in_loop(edges, n, i)) {
            conf_error(r, conf_member(settings[i], OPT_edge_shield),
                       "the shields lead back to this edge: a miss would go in circles");
            return; /* the others of the circle say the same */
        }
}

void conf_read_edges(struct conf_reader *r, const config_setting_t *top)
{
    size_t len, n = 0;
    const config_setting_t *list = conf_read_list(r, top, OPT_top_edges, &len);
    struct conf_edge *edges = conf_alloc(r, len, sizeof *edges);
    const config_setting_t **settings = conf_alloc(r, len, sizeof *settings);

    for (size_t i = 0; edges != NULL && settings != NULL && i < len; i++) {
        settings[n] = config_setting_get_elem(list, (unsigned)i);
        if (!read_edge(r, settings[n], &edges[n]))
            continue;
        check_pop_twice(r, settings[n], edges, n);
        n++;
    }
    r->conf->edges = edges;
    r->conf->n_edges = n;
    check_listeners(r, settings);
    check_shields(r, settings, edges, n);
}
