/* status_json.c - all that `waymark status` shows, as one object.
 *
 * Main thread. It holds one world for all of it, so that the figures belong together; what the
 * health thread believes is copied beside it. Words and layout are status_text.c's. */
#include "status_json.h"

#include <unistd.h>

#include <waymark/clock.h>
#include <waymark/geo.h>
#include <waymark/health.h>
#include <waymark/net.h>
#include <waymark/wire.h>
#include <waymark/world.h>

#include "attribution.h"
#include "control_state.h"
#include "edge_json.h"
#include "health_json.h"
#include "json_put.h"
#include "status_guard.h"
#include "world_sizes.h"

static json_t *listen_json(const struct control *c)
{
    json_t *all = json_array();
    char text[ENDPOINT_TEXT_LEN];

    for (size_t i = 0; i < c->n_listen; i++)
        json_array_append_new(all, json_text(endpoint_format(&c->listen[i], text)));
    return all;
}

static json_t *server_json(const struct control *c, int64_t now_ms)
{
    json_t *o = json_object();
    char text[ENDPOINT_TEXT_LEN];

    put_text(o, "version", WAYMARK_VERSION);
    put_int(o, "pid", getpid());
    put_int(o, "started_ms", c->hooks.started_ms);
    put_int(o, "uptime_s", (now_ms - c->hooks.started_ms) / 1000);
    put_int(o, "threads", (int64_t)c->hooks.n_desks);
    put(o, "listen", listen_json(c));
    put_text(o, "control", c->control_path);
    put_text(o, "metrics", c->metrics.addr.family == 0 ? NULL : endpoint_format(&c->metrics, text));
    return o;
}

static json_t *queries_json(const struct control *c, int64_t now_ms)
{
    struct dns_counts n;
    json_t *o = json_object();

    totals_counts(&c->hooks, &n);
    uint64_t total = totals_queries(&n);
    int64_t up_ms = now_ms - c->hooks.started_ms;
    double recent = rate_now(&c->rate, clock_steady_us(), total);
    put_int(o, "total", (int64_t)total);
    put_real(o, "per_s", up_ms > 0 ? (double)total * 1000.0 / (double)up_ms : 0);
    put(o, "recent_per_s", recent < 0 ? json_null() : json_real(recent));
    put_int(o, "dropped", (int64_t)(n.dropped[DNS_UDP] + n.dropped[DNS_TCP]));
    put_int(o, "malformed", (int64_t)(n.malformed[DNS_UDP] + n.malformed[DNS_TCP]));
    put_int(o, "truncated", (int64_t)n.truncated);
    put_int(o, "with_ecs", (int64_t)n.with_ecs);
    put_int(o, "open_answers", (int64_t)n.open_answers);
    put(o, "guard", guard_json(&n));
    if (c->hooks.net != NULL) {
        struct net_counts net = net_counts(c->hooks.net);
        put(o, "tcp", tcp_json(&net));
    }
    return o;
}

static json_t *world_json(const struct control *c, const struct world *world)
{
    struct world_figures f = world_hub_figures(c->hooks.hub);
    json_t *o = json_object();

    put_int(o, "version", (int64_t)world->version);
    put_text(o, "file", world->base->conf->file);
    put_bool(o, "is_ready", world->is_ready);
    put_int(o, "loaded_ms", world->base->loaded_ms);
    put_int(o, "load_ms", world->base->load_ms);
    put_int(o, "loads", (int64_t)f.loads);
    put_int(o, "failed_loads", (int64_t)f.failed_loads);
    put_int(o, "rebuilds", (int64_t)f.rebuilds);
    put_int(o, "last_rebuild_us", (int64_t)f.last_rebuild_us);
    put_int(o, "max_rebuild_us", (int64_t)f.max_rebuild_us);
    put_int(o, "sum_rebuild_us", (int64_t)f.sum_rebuild_us);
    return o;
}

static json_t *last_load_json(const struct last_load *last)
{
    if (last->at_ms == 0)
        return json_null();
    json_t *o = json_object();
    json_t *lines = json_array();

    put_int(o, "at_ms", last->at_ms);
    put_bool(o, "is_done", last->is_done);
    put_int(o, "errors", (int64_t)last->n_errors);
    put_int(o, "warnings", (int64_t)last->n_warnings);
    for (size_t i = 0; i < last->n_lines && i < LAST_LOAD_SHOWN; i++)
        json_array_append_new(lines, json_text(last->lines[i]));
    put(o, "lines", lines);
    return o;
}

static json_t *zones_json(const struct zone_set *set)
{
    json_t *all = json_array();

    for (size_t i = 0; i < zone_count(set); i++) {
        const struct zone *zone = zone_at(set, i);
        json_t *o = json_object();
        put_text(o, "name", zone->name);
        put_text(o, "file", zone->file);
        put_int(o, "serial", zone->serial);
        put_int(o, "names", (int64_t)zone->n_names);
        put_int(o, "records", (int64_t)zone->n_records);
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *service_json(const struct world *world, size_t i)
{
    const struct conf_service *service = &world->base->conf->services[i];
    size_t plan = steer_plan_of(world->base->plans, i);
    struct steer_plan_figures f = steer_plan_figures(world->base->plans, plan);
    const struct steer_table *table = world->tables[plan];
    json_t *o = json_object();
    json_t *hosts = json_array();

    for (size_t h = 0; h < service->n_hosts; h++)
        json_array_append_new(hosts, json_text(service->hosts[h]));
    put_text(o, "name", service->name);
    put(o, "hosts", hosts);
    put_int(o, "targets", (int64_t)service->n_targets);
    put_int(o, "plan", (int64_t)plan);
    put_int(o, "classes", (int64_t)f.classes);
    put(o, "view", f.view == SIZE_MAX ? json_null() : json_integer((json_int_t)f.view));
    put_int(o, "view_leaves", (int64_t)f.view_leaves);
    put_int(o, "view_bytes", (int64_t)f.view_bytes);
    put_int(o, "build_ms", f.build_ms);
    put_int(o, "table_bytes", (int64_t)steer_table_bytes(table));
    put_int(o, "open_rows", (int64_t)steer_table_open_rows(table));
    uint16_t type = steer_table_open_type(world->base->plans, plan, table);
    put_text(o, "open_type", type == WIRE_A ? "A" : type == WIRE_AAAA ? "AAAA" : NULL);
    put_int(o, "empty_rows", (int64_t)steer_table_empty_rows(table));
    return o;
}

static json_t *services_json(const struct world *world)
{
    json_t *all = json_array();

    for (size_t i = 0; i < world->base->conf->n_services; i++)
        json_array_append_new(all, service_json(world, i));
    return all;
}

static json_t *geo_json(const struct geo *geo)
{
    json_t *all = json_array();

    for (size_t i = 0; geo != NULL && i < geo_sources(geo); i++) {
        const struct geo_source *source = geo_source_at(geo, i);
        json_t *o = json_object();
        put_text(o, "path", source->path);
        put_text(o, "type", source->type);
        put(o, "built_s", source->built_s == 0 ? json_null() : json_integer(source->built_s));
        put_int(o, "networks", (int64_t)source->networks);
        put_int(o, "load_ms", source->load_ms);
        put_text(o, "attribution", attribution_of(source->type, source->path));
        json_array_append_new(all, o);
    }
    return all;
}

static json_t *memory_json(const struct world *world)
{
    struct world_sizes sizes = world_sizes(world);
    json_t *o = json_object();

    put_int(o, "zones", (int64_t)sizes.zones);
    put_int(o, "geo", (int64_t)sizes.geo);
    put_int(o, "views", (int64_t)sizes.views);
    put_int(o, "tables", (int64_t)sizes.tables);
    put_int(o, "resident", (int64_t)resident_bytes());
    return o;
}

static void put_edge_places(const json_t *edges, const struct conf *conf)
{
    size_t i;
    json_t *edge;

    json_array_foreach (edges, i, edge)
        edge_put_places(edge, conf, get_text(edge, "pop", ""));
}

json_t *status_json(const struct control *control)
{
    int64_t now_ms = clock_wall_ms();
    struct world_hold *hold;
    const struct world *world = world_hold(control->hooks.hub, &hold);
    json_t *o = json_object();

    put_int(o, "now_ms", now_ms);
    put(o, "server", server_json(control, now_ms));
    put(o, "queries", queries_json(control, now_ms));
    put(o, "last_reload", last_load_json(&control->last_load));
    put(o, "targets", health_json(control->hooks.health));
    put(o, "edges", edge_json(control->hooks.edges));
    if (world != NULL) {
        put_edge_places(get(o, "edges"), world->base->conf);
        put(o, "world", world_json(control, world));
        put(o, "zones", zones_json(world->base->zones));
        put(o, "services", services_json(world));
        put(o, "geo", geo_json(world->base->geo));
        put(o, "attribution", attribution_json(world->base->geo));
        put(o, "memory", memory_json(world));
        world_release(hold);
    }
    return o;
}
