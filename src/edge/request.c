/* request.c - a head, copied out of the connection's buffer and read. */
#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "rule_pass.h"
#include "rule_vary.h"

static void read_fields(struct request *r)
{
    rule_strip_hop_by_hop(&r->head.fields);
    rule_control_request(&r->head.fields, &r->control);
}

struct request *request_new(const char *head, size_t len, bool is_tls, int *status)
{
    struct request *r = malloc(sizeof *r);

    if (r == NULL)
        return NULL;
    r->refs = 1;
    r->is_tls = is_tls;
    r->client[0] = '\0';
    r->key = (struct key){ 0 };
    r->object_key = (struct object_key){ 0 };
    r->options = (struct rule_options){ 0 };
    r->key_text = NULL;
    r->raw = malloc(len + 1);
    if (r->raw == NULL) {
        free(r);
        return NULL;
    }
    memcpy(r->raw, head, len);
    *status = http_head_request(r->raw, len, &r->head);
    if (*status == 0)
        read_fields(r);
    return r;
}

struct request *request_ref(struct request *r)
{
    r->refs++;
    return r;
}

void request_unref(struct request *r)
{
    if (r == NULL || --r->refs > 0)
        return;
    free(r->raw);
    free(r->key_text);
    free(r);
}

static const struct conf_route *route_of(const struct conf_edge *edge, struct http_text path)
{
    for (size_t i = 0; i < edge->n_routes; i++) {
        size_t len = strlen(edge->routes[i].prefix);
        if (len <= path.len && memcmp(edge->routes[i].prefix, path.at, len) == 0)
            return &edge->routes[i];
    }
    return NULL;
}

struct key_rule request_rule_of(const struct conf_route *route)
{
    static const enum key_query queries[] = {
        [CONF_QUERY_ALL] = KEY_QUERY_WHOLE,
        [CONF_QUERY_NONE] = KEY_QUERY_NONE,
        [CONF_QUERY_NAMED] = KEY_QUERY_ONLY,
    };

    if (route == NULL)
        return (struct key_rule){ 0 };
    return (struct key_rule){
        .query = queries[route->query],
        .params = route->parameters,
        .n_params = (unsigned)route->n_parameters,
        .headers = route->headers,
        .n_headers = (unsigned)route->n_headers,
        .cookies = route->cookies,
        .n_cookies = (unsigned)route->n_cookies,
    };
}

const struct conf_route *request_route(const struct request *r, const struct conf_edge *edge)
{
    const char *path = r->key.text.at + r->key.path_at;

    return route_of(edge, (struct http_text){ path, r->key.url_len - r->key.path_at });
}

/* The route is chosen by the normalised path, or /a/../img/ would get around it. */
static const struct conf_route *find_route(struct request *r, const struct conf_edge *edge,
                                           struct http_text scheme, char *scratch)
{
    static const struct key_rule plain = { .query = KEY_QUERY_NONE };

    if (!key_build(&r->head, scheme, &plain, scratch, KEY_MAX, &r->key))
        return NULL;
    return request_route(r, edge);
}

bool request_set_key(struct request *r, const struct conf_edge *edge, char *scratch)
{
    struct http_text scheme = http_text_of(r->is_tls ? "https" : "http");
    const struct conf_route *route = find_route(r, edge, scheme, scratch);
    struct key_rule rule = request_rule_of(route);

    r->options.ignore_request_no_cache = route != NULL && !route->bypass_on_no_cache;
    if (!key_build(&r->head, scheme, &rule, scratch, KEY_MAX, &r->key))
        return false;
    r->key_text = malloc(r->key.text.len + 1);
    if (r->key_text == NULL)
        return false;
    memcpy(r->key_text, r->key.text.at, r->key.text.len);
    r->key.text.at = r->key_text;
    r->object_key = (struct object_key){ .text = r->key.text, .url_len = r->key.url_len };
    return true;
}

struct http_text request_host(const struct request *r)
{
    return (struct http_text){ r->key.text.at + r->key.host_at, r->key.host_len };
}

bool request_fits(const struct request *r, const struct object *o, char *scratch)
{
    struct http_text names = object_names(o);

    if (names.len == 0)
        return true;
    int n = rule_vary_mark(names, &r->head.fields, scratch);
    return n >= 0 && http_text_is((struct http_text){ scratch, (size_t)n }, object_mark(o));
}
