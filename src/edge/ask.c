/* ask.c - shield or origin, which of its addresses, and what is said to it. Edge thread. */
#include "ask.h"

#include <stdio.h>
#include <string.h>

#include "rule_pass.h"

enum { SHIELD_CONNECT_MS = 1000, SHIELD_FIRST_BYTE_MS = 60000 };

static const struct conf_origin *origin_of(const struct edge *e)
{
    return &e->conf->origins[e->what->origin];
}

int ask_count(const struct edge *e)
{
    const struct conf_origin *o = origin_of(e);

    return o->n_urls == 0 ? 1 : (int)o->n_urls;
}

static bool has_shield(const struct edge *e)
{
    return e->what->shield != CONF_NONE && edge_is_up(e, e->what->shield);
}

static void ask_shield(const struct edge *e, struct ask *out)
{
    const struct conf_edge *shield = &e->conf->edges[e->what->shield];
    char at[ENDPOINT_TEXT_LEN];

    out->is_shield = true;
    out->connect_ms = SHIELD_CONNECT_MS;
    out->first_byte_ms = SHIELD_FIRST_BYTE_MS; /* the shield has its own limit for the origin */
    out->body_idle_ms = origin_of(e)->body_idle_ms;
    snprintf(out->url, sizeof out->url, "http://%s", endpoint_format(&shield->listen[0], at));
}

/* Of "https://host[:port]": ":port", or "". */
static const char *port_of(const char *authority)
{
    const char *colon = strrchr(authority, ':');

    return colon == NULL || strchr(colon, ']') != NULL ? "" : colon; /* not of an IPv6 address */
}

/* A certificate is held against the URL's name: that of `host`, wherever the origin is. */
static bool name_origin(const struct conf_origin *o, const char *url, struct ask *out)
{
    size_t room = sizeof out->url;

    if (o->host == NULL || strncmp(url, "https:", 6) != 0)
        return (size_t)snprintf(out->url, room, "%s", url) < room;
    const char *authority = url + strlen("https://");
    const char *port = port_of(authority);
    return (size_t)snprintf(out->url, room, "https://%s%s", o->host, port) < room &&
           (size_t)snprintf(out->connect_to, sizeof out->connect_to, "::%s%s", authority,
                            port[0] == '\0' ? ":" : "") < sizeof out->connect_to;
}

bool ask_whom(const struct edge *e, int attempt, bool no_shield, struct ask *out)
{
    const struct conf_origin *o = origin_of(e);

    *out = (struct ask){ 0 };
    if (!no_shield && has_shield(e)) {
        ask_shield(e, out);
        return true;
    }
    out->connect_ms = o->connect_ms;
    out->first_byte_ms = o->first_byte_ms;
    out->body_idle_ms = o->body_idle_ms;
    out->directory = o->n_urls == 0 ? o->directory : NULL;
    out->cache_control = o->cache_control;
    if (o->n_urls == 0)
        return attempt == 0;
    return name_origin(o, o->urls[(size_t)attempt % o->n_urls], out);
}

static void write_host(const struct edge *e, const struct request *r, const struct ask *ask,
                       char out[static HTTP_HOST_MAX + 1])
{
    struct http_text host = request_host(r);

    if (!ask->is_shield && origin_of(e)->host != NULL)
        host = http_text_of(origin_of(e)->host);
    snprintf(out, HTTP_HOST_MAX + 1, "%.*s", (int)host.len, host.at);
}

static void write_target(const struct request *r, bool for_cache, struct lines *out)
{
    const char *path = r->key.text.at + r->key.path_at;
    size_t len = r->key.url_len - r->key.path_at;
    const char *question = memchr(path, '?', len);

    if (for_cache || question == NULL)
        lines_put(out, path, len);
    else
        lines_put(out, path, (size_t)(question - path));
    if (!for_cache && r->head.has_query) {
        lines_put(out, "?", 1);
        lines_put(out, r->head.query.at, r->head.query.len);
    }
    lines_put(out, "", 1);
}

static void put_validators(const struct object *stale, struct lines *out)
{
    struct http_fields fields;

    object_fields(stale, &fields);
    struct http_text tag = http_field_value(&fields, HTTP_ETAG);
    struct http_text modified = http_field_value(&fields, HTTP_LAST_MODIFIED);
    if (tag.len > 0)
        lines_field(out, http_text_of("If-None-Match"), tag);
    if (modified.len > 0)
        lines_field(out, http_text_of("If-Modified-Since"), modified);
}

static void write_fields(const struct edge *e, const struct request *r, bool for_cache,
                         const struct object *stale, struct lines *out)
{
    const struct http_fields *fields = &r->head.fields;
    char via[RULE_VIA_MAX];

    for (uint32_t i = 0; i < fields->n; i++) {
        const struct http_field *f = &fields->list[i];
        if (rule_goes_to_origin(f, for_cache))
            lines_field(out, f->name, f->value);
    }
    if (stale != NULL)
        put_validators(stale, out);
    rule_via(r->head.is_http_10, e->pop, via);
    lines_format(out, "X-Forwarded-For: %s\r\nVia: %s\r\nCDN-Loop: %s\r\n", r->client, via, e->pop);
}

bool ask_write(const struct edge *e, const struct request *r, const struct ask *ask, bool for_cache,
               const struct object *stale, struct ask_head *out)
{
    struct http_text method = for_cache ? http_text_of("GET") : r->head.method_text;

    snprintf(out->method, sizeof out->method, "%.*s", (int)method.len, method.at);
    write_host(e, r, ask, out->host);
    write_target(r, for_cache, &out->target);
    write_fields(e, r, for_cache, stale, &out->fields);
    return !out->target.is_short && !out->fields.is_short;
}

void ask_head_fini(struct ask_head *h)
{
    lines_fini(&h->target);
    lines_fini(&h->fields);
}
