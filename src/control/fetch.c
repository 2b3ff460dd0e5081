/* fetch.c - `waymark fetch`: a whole delivery in one command. In a client process.
 *
 * The address comes from explain's own way, so it is what the client's resolver would be told; the
 * object comes over HTTP from there, at the port where that PoP's edge listens. */
#include <waymark/control.h>

#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/report.h>

#include "client.h"
#include "edge_json.h"
#include "explain_find.h"
#include "fetch_http.h"
#include "fetch_text.h"
#include "fetch_url.h"
#include "json_put.h"
#include "question.h"
#include "reply_text.h"

enum { EXIT_USAGE = 2, STATUS_WAIT_S = 30 };

struct delivery {
    const struct control_fetch_args *args;
    struct fetch_url url;
    json_t *places;               /* the edges, with what they listen on */
    json_t *x;                    /* the explanation */
    json_t *out;                  /* what is printed */
    const char *type, *data;      /* of the record to follow, in x */
    int64_t ttl_s;                /* its own */
    const char *pop;              /* of the edge, in places; NULL: none of ours */
    bool has_no_tls;              /* one of ours, but for https */
    char connect_to[FETCH_HOST_LEN + 16];
};

/* ---- where ---- */

static const char *chosen_target(const json_t *x)
{
    return json_string_value(json_array_get(get(get(x, "choice"), "targets"), 0));
}

/* The last link of the chain in the answer: an address if there is one, else a name. */
static bool find_record(struct delivery *d)
{
    size_t i;
    const json_t *record;

    json_array_foreach (get(get(d->x, "answer"), "answer"), i, record) {
        const char *type = get_text(record, "type", "");
        bool is_address = strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0;
        if (!is_address && strcmp(type, "CNAME") != 0)
            continue;
        d->type = type;
        d->data = get_text(record, "data", "");
        d->ttl_s = get_int(record, "ttl", 0);
        if (is_address)
            return true;
    }
    return d->type != NULL;
}

/* The first of them at the address; NULL address: the first. */
static const char *listener(const json_t *all, const struct addr *address)
{
    size_t i;
    const json_t *at;
    struct endpoint e;

    json_array_foreach (all, i, at)
        if (json_is_string(at) && endpoint_parse(json_string_value(at), &e) &&
            (address == NULL || addr_equal(&e.addr, address)))
            return json_string_value(at);
    return NULL;
}

/* The edge that listens at the address; for a name, the edge of the chosen target. */
static const char *find_edge(struct delivery *d, const struct addr *address)
{
    const char *target = chosen_target(d->x);
    const char *key = d->url.is_tls ? "listen_tls" : "listen";
    size_t i;
    const json_t *edge;

    json_array_foreach (d->places, i, edge) {
        const char *pop = get_text(edge, "pop", "");
        if (address == NULL && (target == NULL || strcmp(pop, target) != 0))
            continue;
        const char *at = listener(get(edge, key), address);
        if (at != NULL) {
            d->pop = pop;
            return at;
        }
        d->has_no_tls |= d->url.is_tls && listener(get(edge, "listen"), address) != NULL;
    }
    return NULL;
}

/* Without the dot at its end. */
static int name_len(const char *name)
{
    int len = (int)strlen(name);

    return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

static void find_place(struct delivery *d)
{
    struct addr address;
    bool is_address = addr_parse(d->data, &address);
    const char *at = find_edge(d, is_address ? &address : NULL);
    char text[ENDPOINT_TEXT_LEN];
    struct endpoint other = { .port = (uint16_t)(d->url.port != 0 ? d->url.port
                                                 : d->url.is_tls  ? 443
                                                                  : 80) };

    if (is_address)
        other.addr = address;
    if (at != NULL || is_address)
        snprintf(d->connect_to, sizeof d->connect_to, "%s",
                 at != NULL ? at : endpoint_format(&other, text));
    else
        snprintf(d->connect_to, sizeof d->connect_to, "%.*s:%d", name_len(d->data), d->data,
                 other.port);
}

/* ---- what is printed ---- */

static json_t *dns_json(const struct delivery *d, int64_t took_us)
{
    const json_t *q = get(d->x, "question");
    const json_t *place = get(d->x, "place"), *source = get(d->x, "source");
    json_t *o = json_object();
    char where[256];

    put_text(o, "name", get_text(q, "name", NULL));
    put_text(o, "type", get_text(q, "type", NULL));
    put_text(o, "client", get_text(q, "client", NULL));
    put_text(o, "resolver", get_text(q, "resolver", NULL));
    snprintf(where, sizeof where, "%s%s%s", get_text(place, "city", ""),
             get_text(place, "city", NULL) != NULL ? ", " : "", get_text(place, "country", ""));
    put_text(o, "place", where[0] == '\0' ? NULL : where);
    put_int(o, "took_us", took_us);
    put_bool(o, "is_live", get_bool(source, "is_live", false));
    put_text(o, "note", get_text(source, "note", NULL));
    put_text(o, "rcode", get_text(get(d->x, "answer"), "rcode", NULL));
    put_text(o, "service", get_text(get(d->x, "service"), "name", NULL));
    put_text(o, "target", chosen_target(d->x));
    put_text(o, "answer_type", d->type);
    put_text(o, "answer", d->data);
    put_int(o, "ttl_s", d->ttl_s);
    return o;
}

static json_t *edge_place_json(const struct delivery *d)
{
    json_t *o = json_object();

    put_text(o, "pop", d->pop);
    put_text(o, "connect_to", d->connect_to);
    if (d->pop == NULL && d->has_no_tls)
        put_bool(o, "has_no_tls", true);
    return o;
}

static void put_field(json_t *fields, const char *name, const char *value)
{
    if (value[0] != '\0')
        put_text(fields, name, value);
}

static json_t *http_json(const struct fetch_answer *a, const char *error)
{
    json_t *o = json_object(), *fields = json_object();

    put_text(o, "error", error);
    put_int(o, "status", a->status);
    put_text(o, "address", a->address);
    put_int(o, "connect_us", a->connect_us);
    put_int(o, "tls_us", a->tls_us);
    put_int(o, "first_byte_us", a->first_byte_us);
    put_int(o, "total_us", a->total_us);
    put_int(o, "bytes", a->bytes);
    put_field(fields, "Cache-Status", a->cache_status);
    put_field(fields, "X-Cache", a->x_cache);
    put_field(fields, "Age", a->age);
    put_field(fields, "Cache-Control", a->cache_control);
    put_field(fields, "Content-Type", a->content_type);
    put_field(fields, "ETag", a->etag);
    put_field(fields, "Via", a->via);
    put_field(fields, "Location", a->location);
    put(o, "fields", fields);
    return o;
}

/* ---- the edges ---- */

static json_t *places_of_server(const struct delivery *d)
{
    char why[WHY_LEN];
    json_t *request = json_object(), *status = NULL, *edges = NULL;
    char *path = explain_socket(d->args->socket, d->args->conf_file, why);

    put_text(request, "do", "status");
    if (path == NULL)
        json_decref(request);
    else if (client_ask(path, request, STATUS_WAIT_S, &status, why) == 0)
        edges = json_incref(json_object_get(status, "edges"));
    json_decref(status);
    free(path);
    return edges;
}

static json_t *places_of_file(const struct delivery *d, struct report *report)
{
    struct conf *conf = conf_load(d->args->conf_file, report);
    json_t *edges = json_array();

    for (size_t i = 0; conf != NULL && i < conf->n_edges; i++) {
        json_t *edge = json_object();
        const char *pop = conf->targets[conf->edges[i].target].name;
        put_text(edge, "pop", pop);
        edge_put_places(edge, conf, pop);
        json_array_append_new(edges, edge);
    }
    conf_unref(conf);
    return edges;
}

/* From where the explanation came: the running server may have other edges than the file by now. */
static json_t *find_places(const struct delivery *d)
{
    if (get_bool(get(d->x, "source"), "is_live", false))
        return places_of_server(d);
    struct report *report = report_new();
    json_t *edges = report == NULL ? NULL : places_of_file(d, report);
    report_free(report);
    return edges;
}

/* ---- the steps ---- */

static int get_object(struct delivery *d)
{
    struct fetch_answer answer = { 0 };
    char why[WHY_LEN];

    d->places = find_places(d);
    find_place(d);
    put(d->out, "edge", edge_place_json(d));
    int err = fetch_http(d->args->url, d->connect_to, &answer, why);
    put(d->out, "http", http_json(&answer, err == 0 ? NULL : why));
    return err == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int follow(struct delivery *d, FILE *out)
{
    struct fetch_answer none = { 0 };
    int status = EXIT_FAILURE;

    if (d->type != NULL)
        status = get_object(d);
    else
        put(d->out, "http",
            http_json(&none, "the answer holds no address; `waymark explain` says why"));
    reply_print(d->out, d->args->is_json, fetch_text, out);
    return status;
}

/* A, and where a name has none, AAAA. */
static bool ask(struct delivery *d)
{
    static const char *const types[] = { "A", "AAAA" };
    char why[WHY_LEN];

    for (size_t i = 0; i < sizeof types / sizeof *types && d->type == NULL; i++) {
        const struct control_explain_args args = { .conf_file = d->args->conf_file,
                                                   .verdicts = { .socket = d->args->socket },
                                                   .name = d->url.host,
                                                   .type = types[i],
                                                   .client = d->args->client,
                                                   .resolver = d->args->resolver };
        const struct question_text text = {
            .name = args.name, .type = args.type, .client = args.client, .resolver = args.resolver
        };
        struct dns_question question;
        if (question_parse(&text, clock_wall_ms(), &question, why) != 0) {
            fprintf(stderr, "waymark: fetch: %s\n", why);
            return false;
        }
        json_decref(d->x);
        d->x = explain_find(&args, &question);
        if (d->x == NULL)
            return false;
        find_record(d);
    }
    return true;
}

static int deliver(struct delivery *d, FILE *out)
{
    int64_t began_us = clock_steady_us();
    int status = EXIT_FAILURE;

    d->out = json_object();
    put_text(d->out, "url", d->args->url);
    if (ask(d)) {
        put(d->out, "dns", dns_json(d, clock_steady_us() - began_us));
        status = follow(d, out);
    }
    json_decref(d->out);
    json_decref(d->places);
    json_decref(d->x);
    return status;
}

int control_fetch(const struct control_fetch_args *args, FILE *out)
{
    struct delivery d = { .args = args };
    char why[WHY_LEN];

    if (fetch_url_parse(args->url, &d.url, why) != 0) {
        fprintf(stderr, "waymark: fetch: %s\n", why);
        return EXIT_USAGE;
    }
    return deliver(&d, out);
}
