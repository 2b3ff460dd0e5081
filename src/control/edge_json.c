/* edge_json.c - what the edges count, and what the control socket has them do.
 *
 * Main thread; the edges' threads count on meanwhile. */
#include "edge_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <waymark/clock.h>
#include <waymark/log.h>

#include "json_put.h"
#include "request.h"

struct edge_figures *edge_copy(const struct edges *edges, size_t *n)
{
    size_t room = edges == NULL ? 0 : edges_figures(edges, NULL, 0);
    struct edge_figures *all = room == 0 ? NULL : calloc(room, sizeof *all);

    *n = 0;
    if (all == NULL)
        return NULL;
    size_t there = edges_figures(edges, all, room);
    *n = there < room ? there : room;
    return all;
}

static const char *const states[] = {
    [EDGE_UP] = "up", [EDGE_DRAINING] = "draining", [EDGE_DOWN] = "down"
};

enum { N_STATES = sizeof states / sizeof *states };

const char *edge_state_word(enum edge_state state)
{
    return states[state];
}

/* ---- figures ---- */

static json_t *requests_json(const struct edge_figures *f)
{
    json_t *o = json_object();

    for (int i = 0; i < EDGE_RESULTS; i++)
        put_int(o, edge_result_name((enum edge_result)i), (int64_t)f->requests[i]);
    return o;
}

static json_t *statuses_json(const struct edge_figures *f)
{
    json_t *o = json_object();

    for (size_t i = 0; i < EDGE_STATUS_CLASSES; i++)
        put_int(o, edge_status_name(i), (int64_t)f->statuses[i]);
    return o;
}

static json_t *times_json(const struct edge_times *times)
{
    json_t *o = json_object();

    put_int(o, "n", (int64_t)times->n);
    put_int(o, "sum_us", (int64_t)times->sum_us);
    put_int(o, "p50_us", (int64_t)edge_times_quantile_us(times, 500));
    put_int(o, "p99_us", (int64_t)edge_times_quantile_us(times, 990));
    return o;
}

/* null: the origin answers. */
static json_t *trouble_json(const struct edge_figures *f)
{
    if (f->origin_failed == 0)
        return json_null();
    json_t *o = json_object();
    put_int(o, "failed", (int64_t)f->origin_failed);
    put_int(o, "since_ms", f->origin_failed_ms);
    put_text(o, "error", f->origin_error);
    return o;
}

static json_t *figures_json(const struct edge_figures *f)
{
    json_t *o = json_object();

    put_text(o, "pop", f->pop);
    put_text(o, "state", edge_state_word(f->state));
    put(o, "origin_trouble", trouble_json(f));
    put(o, "requests", requests_json(f));
    put(o, "statuses", statuses_json(f));
    put_int(o, "refused_requests", (int64_t)f->refused_requests);
    put_int(o, "bytes_cache", (int64_t)f->bytes_cache);
    put_int(o, "bytes_origin", (int64_t)f->bytes_origin);
    put_int(o, "fetches", (int64_t)f->fetches);
    put_int(o, "fetches_failed", (int64_t)f->fetches_failed);
    put_int(o, "fetches_in_flight", (int64_t)f->fetches_in_flight);
    put_int(o, "connections", (int64_t)f->connections);
    put_int(o, "store_objects", (int64_t)f->store_objects);
    put_int(o, "store_bytes", (int64_t)f->store_bytes);
    put_int(o, "store_limit", (int64_t)f->store_limit);
    put_int(o, "evicted_objects", (int64_t)f->evicted_objects);
    put(o, "edge_time", times_json(&f->edge_time));
    put(o, "origin_time", times_json(&f->origin_time));
    return o;
}

json_t *edge_json(const struct edges *edges)
{
    json_t *all = json_array();
    size_t n;
    struct edge_figures *figures = edge_copy(edges, &n);

    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, figures_json(&figures[i]));
    free(figures);
    return all;
}

static json_t *endpoints_json(const struct endpoint *all, size_t n)
{
    json_t *list = json_array();
    char text[ENDPOINT_TEXT_LEN];

    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_text(endpoint_format(&all[i], text)));
    return list;
}

void edge_put_places(json_t *edge, const struct conf *conf, const char *pop)
{
    for (size_t i = 0; i < conf->n_edges; i++) {
        const struct conf_edge *e = &conf->edges[i];
        if (strcmp(conf->targets[e->target].name, pop) != 0)
            continue;
        put(edge, "listen", endpoints_json(e->listen, e->n_listen));
        put(edge, "listen_tls", endpoints_json(e->listen_tls, e->n_listen_tls));
    }
}

/* ---- purge ---- */

static bool read_purge(const json_t *body, struct edge_purge *out)
{
    static const struct {
        const char *key;
        enum edge_purge_kind kind;
    } kinds[] = { { "url", EDGE_PURGE_URL },
                  { "prefix", EDGE_PURGE_PREFIX },
                  { "tag", EDGE_PURGE_TAG } };
    int n = 0;

    *out = (struct edge_purge){ .kind = EDGE_PURGE_ALL, .is_soft = get_bool(body, "soft", false) };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const char *what = get_text(body, kinds[i].key, NULL);
        if (what == NULL)
            continue;
        out->kind = kinds[i].kind;
        out->what = what;
        n++;
    }
    return n + get_bool(body, "all", false) == 1;
}

/* Who purges, and what: asked for later, when something is slow. */
static void log_purge(const struct edge_purge *purge)
{
    static const char *const words[] = { [EDGE_PURGE_URL] = "URL ",
                                         [EDGE_PURGE_PREFIX] = "all that begins with ",
                                         [EDGE_PURGE_TAG] = "tag ",
                                         [EDGE_PURGE_ALL] = "everything" };
    char what[200];

    snprintf(what, sizeof what, "%s", purge->what == NULL ? "" : purge->what);
    for (char *c = what; *c != '\0'; c++)
        *c = (unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f ? '?' : *c;
    log_line(LOG_LEVEL_NOTICE, "the control socket has the edges %s %s%s",
             purge->is_soft ? "take for stale:" : "purge", words[purge->kind], what);
}

json_t *edge_purge_json(struct edges *edges, const json_t *body)
{
    struct edge_purge purge;
    struct edge_purged purged = { 0 };
    char why[WHY_LEN];
    int64_t began_us = clock_steady_us();

    if (!read_purge(body, &purge))
        return request_error("what to purge? expected one of \"url\", \"prefix\", \"tag\" with a "
                             "text, or \"all\": true");
    if (edges == NULL || edges_figures(edges, NULL, 0) == 0)
        return request_error("this server runs no edge, so there is nothing to purge");
    if (edges_purge(edges, &purge, &purged, why) != 0)
        return request_error(why);
    log_purge(&purge);
    json_t *o = json_object();
    put_int(o, "edges", (int64_t)purged.n_edges);
    put_int(o, "generation", (int64_t)purged.generation);
    put_bool(o, "is_soft", purge.is_soft);
    put_int(o, "took_us", clock_steady_us() - began_us);
    return o;
}

/* ---- state ---- */

static int state_of(const char *word)
{
    for (int i = 0; i < N_STATES; i++)
        if (word != NULL && strcmp(word, states[i]) == 0)
            return i;
    return -1;
}

json_t *edge_state_json(struct edges *edges, const json_t *body)
{
    const char *pop = get_text(body, "pop", NULL);
    int state = state_of(get_text(body, "state", NULL));
    char why[WHY_LEN];

    if (pop == NULL || state < 0)
        return request_error(
            "which edge, and what? expected \"pop\" with a name and \"state\" with "
            "one of up, draining and down");
    if (edges == NULL || edges_set_state(edges, pop, (enum edge_state)state) != 0) {
        why_set(why, -ENOENT, "this server runs no edge of a PoP \"%.64s\"", pop);
        return request_error(why);
    }
    log_line(LOG_LEVEL_NOTICE, "the control socket has the /healthz of edge %s say %s", pop,
             states[state]);
    json_t *o = json_object();
    put_text(o, "pop", pop);
    put_text(o, "state", states[state]);
    return o;
}
