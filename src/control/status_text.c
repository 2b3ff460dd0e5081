/* status_text.c - the status for a terminal, from status_json's object. Pure.
 *
 * Read at three in the morning: what is wrong comes first, then the rest in tables. */
#include "status_text.h"

#include <string.h>

#include "json_put.h"
#include "moment.h"
#include "status_edges.h"
#include "status_guard.h"
#include "table.h"
#include "text.h"

enum { LINE_LEN = 512, DOWN_SHOWN = 20 };

static bool is(const json_t *object, const char *key, const char *value)
{
    return strcmp(get_text(object, key, ""), value) == 0;
}

static int64_t now_of(const json_t *status)
{
    return get_int(status, "now_ms", 0);
}

/* ---- what is wrong ---- */

/* Every trouble is one line; *n counts them. */
static void trouble(FILE *out, int *n, const char *text)
{
    if ((*n)++ == 0)
        text_heading(out, "WRONG");
    fputs("  ", out);
    text_wrapped(out, 4, text);
}

/* Of the edge that an operator has taken out of service; NULL: it is up, or there is none. */
static const char *commanded_state(const json_t *status, const char *pop)
{
    size_t i;
    const json_t *edge;

    json_array_foreach (get(status, "edges"), i, edge)
        if (is(edge, "pop", pop) && !is(edge, "state", "up"))
            return get_text(edge, "state", NULL);
    return NULL;
}

static void find_commands(const json_t *status, FILE *out, int *n)
{
    char text[LINE_LEN];
    size_t i;
    const json_t *edge;

    json_array_foreach (get(status, "edges"), i, edge) {
        const char *pop = get_text(edge, "pop", "?"), *state = get_text(edge, "state", "up");
        if (strcmp(state, "up") == 0)
            continue;
        snprintf(text, sizeof text, "edge %s is %s by command; `waymark edge ... %s up` ends that",
                 pop, state, pop);
        trouble(out, n, text);
    }
}

static void find_origins(const json_t *status, FILE *out, int *n)
{
    char text[LINE_LEN], span[SPAN_TEXT_LEN];
    size_t i;
    const json_t *edge;

    json_array_foreach (get(status, "edges"), i, edge) {
        const json_t *t = get(edge, "origin_trouble");
        long long failed = get_int(t, "failed", 0);
        if (failed == 0)
            continue;
        snprintf(text, sizeof text,
                 "the origin of edge %s fails for %s, %lld fetch%s in a row: %s",
                 get_text(edge, "pop", "?"),
                 span_format(now_of(status) - get_int(t, "since_ms", now_of(status)), span), failed,
                 failed == 1 ? "" : "es", get_text(t, "error", "no reason known"));
        trouble(out, n, text);
    }
}

static void find_down_targets(const json_t *status, FILE *out, int *n)
{
    char text[LINE_LEN], span[SPAN_TEXT_LEN];
    size_t i, n_down = 0;
    const json_t *target;

    json_array_foreach (get(status, "targets"), i, target) {
        if (!is(target, "verdict", "down") || ++n_down > DOWN_SHOWN)
            continue;
        const char *state = commanded_state(status, get_text(target, "target", "?"));
        const char *error = get_text(target, "error", "no reason known");
        snprintf(text, sizeof text, "target %s (%s) is down for %s: %s%s%s",
                 get_text(target, "target", "?"), get_text(target, "address", "not resolved"),
                 span_format(now_of(status) - get_int(target, "since_ms", now_of(status)), span),
                 state == NULL ? error : state, state == NULL ? "" : " by command, ",
                 state == NULL ? "" : error);
        trouble(out, n, text);
    }
    if (n_down > DOWN_SHOWN) {
        snprintf(text, sizeof text, "%zu more addresses are down (below)", n_down - DOWN_SHOWN);
        trouble(out, n, text);
    }
}

static void find_rows(const json_t *status, FILE *out, int *n)
{
    char text[LINE_LEN];
    size_t i;
    const json_t *service;

    json_array_foreach (get(status, "services"), i, service) {
        long long open = get_int(service, "open_rows", 0);
        const char *type = get_text(service, "open_type", NULL);
        if (open == 0)
            continue;
        bool is_twice = type == NULL && open > get_int(service, "classes", open);
        snprintf(text, sizeof text,
                 "service %s sends %lld of its groups of clients%s%s%s to targets that are down: "
                 "none is up for them",
                 get_text(service, "name", "?"), open, type == NULL ? "" : " that ask for ",
                 type == NULL ? "" : type, is_twice ? ", A and AAAA counted apart," : "");
        trouble(out, n, text);
    }
}

static void find_failed_reload(const json_t *status, FILE *out, int *n)
{
    const json_t *last = get(status, "last_reload"), *line;
    char text[LINE_LEN], when[MOMENT_TEXT_LEN];
    size_t i;

    if (!json_is_object(last) || get_bool(last, "is_done", true))
        return;
    snprintf(
        text, sizeof text,
        "the last reload (%s) failed with %lld error(s); the configuration before it is in use",
        moment_format(get_int(last, "at_ms", 0), when), (long long)get_int(last, "errors", 0));
    trouble(out, n, text);
    json_array_foreach (get(last, "lines"), i, line) {
        text_print(out, "    %s\n", json_is_string(line) ? json_string_value(line) : "");
    }
}

static void find_unready(const json_t *status, FILE *out, int *n)
{
    const json_t *world = get(status, "world");

    if (!json_is_object(world))
        trouble(out, n, "no configuration is loaded: every query is refused");
    else if (!get_bool(world, "is_ready", true))
        trouble(out, n, "steered names are not answered yet: first probe results are awaited");
}

static void write_troubles(const json_t *status, FILE *out)
{
    int n = 0;

    find_unready(status, out, &n);
    find_commands(status, out, &n);
    find_down_targets(status, out, &n);
    find_origins(status, out, &n);
    find_rows(status, out, &n);
    find_failed_reload(status, out, &n);
    if (n == 0)
        fputs("Nothing is wrong.\n", out);
}

/* ---- the rest ---- */

static void write_server(const json_t *status, FILE *out)
{
    const json_t *server = get(status, "server"), *world = get(status, "world"), *where;
    char span[SPAN_TEXT_LEN], when[MOMENT_TEXT_LEN];
    size_t i;

    text_heading(out, "Server");
    text_field(out, "version", "%s, process %lld, %lld threads", get_text(server, "version", "?"),
               (long long)get_int(server, "pid", 0), (long long)get_int(server, "threads", 0));
    text_field(out, "up for", "%s, since %s",
               span_format(get_int(server, "uptime_s", 0) * 1000, span),
               moment_format(get_int(server, "started_ms", 0), when));
    json_array_foreach (get(server, "listen"), i, where)
        text_field(out, i == 0 ? "listens on" : "", "%s",
                   json_is_string(where) ? json_string_value(where) : "?");
    if (get_text(server, "metrics", NULL) != NULL)
        text_field(out, "metrics", "http://%s/metrics", get_text(server, "metrics", ""));
    text_field(out, "configuration", "%s, loaded %s in %lld ms", get_text(world, "file", "?"),
               moment_format(get_int(world, "loaded_ms", 0), when),
               (long long)get_int(world, "load_ms", 0));
    text_field(out, "world",
               "%lld; %lld loads, %lld failed; %lld rebuilds, last %.1f ms, longest "
               "%.1f ms",
               (long long)get_int(world, "version", 0), (long long)get_int(world, "loads", 0),
               (long long)get_int(world, "failed_loads", 0),
               (long long)get_int(world, "rebuilds", 0),
               (double)get_int(world, "last_rebuild_us", 0) / 1000,
               (double)get_int(world, "max_rebuild_us", 0) / 1000);
}

static void write_queries(const json_t *status, FILE *out)
{
    const json_t *q = get(status, "queries");
    char total[NUMBER_TEXT_LEN];
    double recent = get_real(q, "recent_per_s", -1);

    text_heading(out, "Queries");
    text_field(out, "total", "%s, %.1f per second since the start",
               number_format(get_int(q, "total", 0), total), get_real(q, "per_s", 0));
    if (recent >= 0)
        text_field(out, "last minute", "%.1f per second", recent);
    text_field(out, "odd", "%lld malformed, %lld dropped, %lld truncated",
               (long long)get_int(q, "malformed", 0), (long long)get_int(q, "dropped", 0),
               (long long)get_int(q, "truncated", 0));
    text_field(out, "steered", "%lld with a client subnet; %lld answers that ignored verdicts",
               (long long)get_int(q, "with_ecs", 0), (long long)get_int(q, "open_answers", 0));
    guard_text(get(q, "guard"), out);
    tcp_text(get(q, "tcp"), out);
}

/* "12 s ago", or "-". */
static void put_age(struct table *t, const json_t *status, int64_t at_ms)
{
    char span[SPAN_TEXT_LEN], text[SPAN_TEXT_LEN + 8];

    snprintf(text, sizeof text, "%s", span_format(now_of(status) - at_ms, span));
    table_cell(t, "%s", at_ms == 0 ? "-" : text);
}

static void write_targets(const json_t *status, FILE *out)
{
    static const char *const heads[] = { "target", "address", "verdict", "for",
                                         "probed", "rtt",     NULL };
    struct table *t = table_new(heads, "lllrrr");
    size_t i;
    const json_t *target;

    json_array_foreach (get(status, "targets"), i, target) {
        int64_t rtt_us = get_int(target, "rtt_us", 0);
        table_cell(t, "%s", get_text(target, "target", "?"));
        table_cell(t, "%s", get_text(target, "address", "not resolved"));
        table_cell(t, "%s",
                   is(target, "verdict", "down") ? "DOWN" : get_text(target, "verdict", "?"));
        put_age(t, status, get_int(target, "since_ms", 0));
        put_age(t, status, get_int(target, "last_probe_ms", 0));
        if (rtt_us > 0)
            table_cell(t, "%.1f ms", (double)rtt_us / 1000);
        else
            table_cell(t, "-");
        bool is_past = is(target, "verdict", "up") && get_int(target, "contrary", 0) == 0;
        if (get_text(target, "error", NULL) != NULL && !is_past)
            table_note(t, get_text(target, "error", ""));
    }
    table_end(t, "Targets", out);
}

static void write_services(const json_t *status, FILE *out)
{
    static const char *const heads[] = { "service", "targets", "plan", "classes", "networks",
                                         "view",    "table",   "open", "empty",   NULL };
    struct table *t = table_new(heads, "lrrrrrrrr");
    char text[NUMBER_TEXT_LEN];
    size_t i;
    const json_t *s;

    json_array_foreach (get(status, "services"), i, s) {
        table_cell(t, "%s", get_text(s, "name", "?"));
        table_cell(t, "%lld", (long long)get_int(s, "targets", 0));
        table_cell(t, "%lld", (long long)get_int(s, "plan", 0));
        table_cell(t, "%s", number_format(get_int(s, "classes", 0), text));
        table_cell(t, "%s", number_format(get_int(s, "view_leaves", 0), text));
        table_cell(t, "%s", octets_format(get_int(s, "view_bytes", 0), text));
        table_cell(t, "%s", octets_format(get_int(s, "table_bytes", 0), text));
        table_cell(t, "%s", number_format(get_int(s, "open_rows", 0), text));
        table_cell(t, "%s", number_format(get_int(s, "empty_rows", 0), text));
    }
    table_end(t, "Services (those of one plan share its view and table)", out);
}

static void write_zones(const json_t *status, FILE *out)
{
    static const char *const heads[] = { "zone", "serial", "names", "records", "file", NULL };
    struct table *t = table_new(heads, "lrrrl");
    char text[NUMBER_TEXT_LEN];
    size_t i;
    const json_t *zone;

    json_array_foreach (get(status, "zones"), i, zone) {
        table_cell(t, "%s", get_text(zone, "name", "?"));
        table_cell(t, "%lld", (long long)get_int(zone, "serial", 0));
        table_cell(t, "%s", number_format(get_int(zone, "names", 0), text));
        table_cell(t, "%s", number_format(get_int(zone, "records", 0), text));
        table_cell(t, "%s", get_text(zone, "file", "?"));
    }
    table_end(t, "Zones", out);
}

static void write_geo(const json_t *status, FILE *out)
{
    static const char *const heads[] = { "geographic data", "type", "built", "networks", NULL };
    struct table *t = table_new(heads, "lllr");
    char text[NUMBER_TEXT_LEN], when[MOMENT_TEXT_LEN];
    size_t i;
    const json_t *source;

    json_array_foreach (get(status, "geo"), i, source) {
        int64_t built_s = get_int(source, "built_s", 0);
        table_cell(t, "%s", get_text(source, "path", "?"));
        table_cell(t, "%s", get_text(source, "type", "?"));
        table_cell(t, "%.10s", built_s == 0 ? "-" : moment_format(built_s * 1000, when));
        table_cell(t, "%s", number_format(get_int(source, "networks", 0), text));
    }
    table_end(t, "Data", out);
    json_array_foreach (get(status, "attribution"), i, source) {
        fputs("  ", out);
        text_wrapped(out, 2, json_is_string(source) ? json_string_value(source) : "");
    }
}

static void write_memory(const json_t *status, FILE *out)
{
    const json_t *m = get(status, "memory");
    char zones[NUMBER_TEXT_LEN], geo[NUMBER_TEXT_LEN], views[NUMBER_TEXT_LEN],
        tables[NUMBER_TEXT_LEN], resident[NUMBER_TEXT_LEN];

    text_heading(out, "Memory");
    text_field(out, "resident",
               "%s: zones %s, places %s, views %s, tables %s, the rest is the "
               "process itself",
               octets_format(get_int(m, "resident", 0), resident),
               octets_format(get_int(m, "zones", 0), zones),
               octets_format(get_int(m, "geo", 0), geo),
               octets_format(get_int(m, "views", 0), views),
               octets_format(get_int(m, "tables", 0), tables));
}

void status_text(const json_t *status, FILE *out)
{
    write_troubles(status, out);
    write_server(status, out);
    write_queries(status, out);
    write_targets(status, out);
    status_write_edges(status, out);
    write_services(status, out);
    write_zones(status, out);
    write_geo(status, out);
    write_memory(status, out);
}
