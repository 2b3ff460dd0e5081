/* metrics.c - the page that Prometheus reads: which figures there are, and what they are called.
 *
 * Main thread; the workers count on meanwhile. docs/metrics.md names every metric; a label is what
 * has few values and a name that people know (a zone, a service, a target), never a client's. */
#include "metrics.h"

#include <stdlib.h>
#include <string.h>

#include <waymark/geo.h>
#include <waymark/health.h>
#include <waymark/world.h>

#include "attribution.h"
#include "control_state.h"
#include "health_json.h"
#include "metrics_edge.h"
#include "metrics_guard.h"
#include "metrics_net.h"
#include "prom.h"
#include "world_sizes.h"

static const char *const transports[DNS_TRANSPORTS] = { [DNS_UDP] = "udp", [DNS_TCP] = "tcp" };

/* A metric without labels. */
static void plain(FILE *out, const char *name, const char *type, const char *help, uint64_t value)
{
    prom_head(out, name, type, help);
    prom_int(out, name, NULL, 0, value);
}

static void plain_real(FILE *out, const char *name, const char *type, const char *help,
                       double value)
{
    prom_head(out, name, type, help);
    prom_real(out, name, NULL, 0, value);
}

static void by_transport(FILE *out, const char *name, const char *help,
                         const uint64_t values[DNS_TRANSPORTS])
{
    prom_head(out, name, "counter", help);
    for (size_t t = 0; t < DNS_TRANSPORTS; t++) {
        struct prom_label label = { "transport", transports[t] };
        prom_int(out, name, &label, 1, values[t]);
    }
}

static void write_queries(FILE *out, const struct dns_counts *n)
{
    prom_head(out, "waymark_queries_total", "counter", "Queries understood, by type.");
    for (size_t t = 0; t < DNS_TRANSPORTS; t++) {
        for (size_t i = 0; i < DNS_TYPES_COUNTED; i++) {
            const char *type = dns_type_name(i);
            struct prom_label labels[] = { { "type", type }, { "transport", transports[t] } };
            prom_int(out, "waymark_queries_total", labels, 2, n->queries[t][i]);
        }
    }
    prom_head(out, "waymark_responses_total", "counter", "Responses sent, by code.");
    for (size_t t = 0; t < DNS_TRANSPORTS; t++) {
        for (size_t i = 0; i < DNS_RCODES_COUNTED; i++) {
            const char *code = wire_rcode_to_text((unsigned)i);
            struct prom_label labels[] = { { "rcode", code }, { "transport", transports[t] } };
            prom_int(out, "waymark_responses_total", labels, 2, n->rcodes[t][i]);
        }
    }
    by_transport(out, "waymark_dropped_total",
                 "Packets met with silence: no query, steering is not ready, or too many.", n->dropped);
    by_transport(out, "waymark_malformed_total", "Packets answered with FORMERR.", n->malformed);
    plain(out, "waymark_truncated_total", "counter", "Answers cut short (TC).", n->truncated);
    plain(out, "waymark_with_ecs_total", "counter", "Queries with a client subnet (ECS).",
          n->with_ecs);
    plain(out, "waymark_open_answers_total", "counter",
          "Answers that ignored verdicts, since no target was up.", n->open_answers);
}

static void write_slot(FILE *out, const char *metric, const char *family, const char *label,
                       uint64_t value)
{
    if (strcmp(family, "zone") == 0) {
        struct prom_label zone = { "zone", label };
        prom_int(out, metric, &zone, 1, value);
        return;
    }
    char service[512];
    const char *tab = strchr(label, '\t');
    snprintf(service, sizeof service, "%.*s", tab == NULL ? 511 : (int)(tab - label), label);
    struct prom_label labels[] = { { "service", service },
                                   { "target", tab == NULL ? "" : tab + 1 } };
    prom_int(out, metric, labels, 2, value);
}

/* A few names at a time: whoever publishes a verdict needs the lock, too. Slots are only ever
 * added, so what was read stays true. */
static void write_family(FILE *out, const struct control *c, const char *metric, const char *family,
                         const char *help)
{
    enum { AT_ONCE = 256 };
    uint32_t slot = 0, count = 0;

    prom_head(out, metric, "counter", help);
    do {
        const struct counter_names *names = world_names_lock(c->hooks.hub);
        count = counter_names_count(names);
        for (uint32_t i = 0; i < AT_ONCE && slot < count; i++, slot++) {
            const char *f, *label;
            counter_names_get(names, slot, &f, &label);
            if (strcmp(f, family) == 0)
                write_slot(out, metric, f, label, totals_slot(&c->hooks, slot));
        }
        world_names_unlock(c->hooks.hub);
    } while (slot < count);
}

/* Two addresses of a target may be probed at one place: a sample must be there only once. */
static bool is_repeated(const struct health_status *all, size_t i)
{
    for (size_t j = i; j-- > 0 && strcmp(all[j].target, all[i].target) == 0;)
        if (endpoint_equal(&all[j].address, &all[i].address))
            return true;
    return false;
}

/* So it must say the worst of them: of those from `i` on, up is only what is up in all. */
static struct health_status worst_of(const struct health_status *all, size_t n, size_t i)
{
    struct health_status worst = all[i];

    for (size_t j = i + 1; j < n && strcmp(all[j].target, all[i].target) == 0; j++)
        if (endpoint_equal(&all[j].address, &all[i].address) && all[j].verdict != HEALTH_UP)
            worst.verdict = all[j].verdict;
    return worst;
}

static void write_target(FILE *out, const char *metric, const struct health_status *s, bool is_up)
{
    char address[ENDPOINT_TEXT_LEN] = "";

    if (s->address.addr.family != 0)
        endpoint_format(&s->address, address);
    struct prom_label labels[] = { { "target", s->target }, { "address", address } };
    if (is_up)
        prom_int(out, metric, labels, 2, !s->is_checked || s->verdict == HEALTH_UP);
    else if (s->rtt_us > 0)
        prom_real(out, metric, labels, 2, s->rtt_us / 1e6);
}

static void write_targets(FILE *out, struct health *health)
{
    size_t n;
    struct health_status *all = health_copy(health, &n);

    prom_head(out, "waymark_target_up", "gauge",
              "1 when the address is believed to be up, or is not checked.");
    for (size_t i = 0; i < n; i++)
        if (!is_repeated(all, i)) {
            struct health_status worst = worst_of(all, n, i);
            write_target(out, "waymark_target_up", &worst, true);
        }
    prom_head(out, "waymark_target_probe_rtt_seconds", "gauge",
              "How long the last successful probe took.");
    for (size_t i = 0; i < n; i++)
        if (!is_repeated(all, i))
            write_target(out, "waymark_target_probe_rtt_seconds", &all[i], false);
    free(all);
}

static void write_health(FILE *out, struct health *health)
{
    struct health_figures f =
        health == NULL ? (struct health_figures){ 0 } : health_figures(health);
    struct prom_label up = { "result", "up" }, down = { "result", "down" };

    write_targets(out, health);
    prom_head(out, "waymark_probes_total", "counter", "Probes that ended, by result.");
    prom_int(out, "waymark_probes_total", &up, 1, f.probes_up);
    prom_int(out, "waymark_probes_total", &down, 1, f.probes_down);
    plain(out, "waymark_transitions_total", "counter", "Verdicts that changed.", f.transitions);
    plain(out, "waymark_probes_late_total", "counter",
          "Probes that began over an interval late: too many for one thread.", f.late);
    plain(out, "waymark_probes_in_flight", "gauge", "Probes that run now.", f.in_flight);
}

static void write_hub(FILE *out, struct world_hub *hub)
{
    struct world_figures f = world_hub_figures(hub);
    struct prom_label done = { "result", "done" }, failed = { "result", "failed" };

    prom_head(out, "waymark_loads_total", "counter", "Configurations loaded, or refused.");
    prom_int(out, "waymark_loads_total", &done, 1, f.loads);
    prom_int(out, "waymark_loads_total", &failed, 1, f.failed_loads);
    prom_head(out, "waymark_rebuild_seconds", "summary",
              "From new verdicts to the published world.");
    prom_real(out, "waymark_rebuild_seconds_sum", NULL, 0, (double)f.sum_rebuild_us / 1e6);
    prom_int(out, "waymark_rebuild_seconds_count", NULL, 0, f.rebuilds);
    plain_real(out, "waymark_rebuild_last_seconds", "gauge", "The latest of them.",
               (double)f.last_rebuild_us / 1e6);
    plain_real(out, "waymark_rebuild_max_seconds", "gauge", "The longest of them.",
               (double)f.max_rebuild_us / 1e6);
}

static void write_rows(FILE *out, const struct world *world)
{
    static const struct {
        const char *metric, *help;
        size_t (*rows)(const struct steer_table *table);
    } kinds[] = {
        { "waymark_service_open_rows", "Rows in which verdicts are ignored: no target is up.",
          steer_table_open_rows },
        { "waymark_service_empty_rows", "Rows with no target even so.", steer_table_empty_rows },
    };

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        prom_head(out, kinds[k].metric, "gauge", kinds[k].help);
        for (size_t i = 0; i < world->base->conf->n_services; i++) {
            struct prom_label label = { "service", world->base->conf->services[i].name };
            size_t plan = steer_plan_of(world->base->plans, i);
            prom_int(out, kinds[k].metric, &label, 1, kinds[k].rows(world->tables[plan]));
        }
    }
}

static void write_memory(FILE *out, const struct world *world)
{
    struct world_sizes sizes = world_sizes(world);
    const struct {
        const char *part;
        size_t octets;
    } parts[] = { { "zones", sizes.zones },
                  { "geo", sizes.geo },
                  { "views", sizes.views },
                  { "tables", sizes.tables } };

    prom_head(out, "waymark_memory_bytes", "gauge", "Memory of the current world, by part.");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct prom_label label = { "part", parts[i].part };
        prom_int(out, "waymark_memory_bytes", &label, 1, parts[i].octets);
    }
}

static void write_world(FILE *out, struct world_hub *hub)
{
    struct world_hold *hold;
    const struct world *world = world_hold(hub, &hold);

    if (world == NULL)
        return;
    plain(out, "waymark_world_version", "gauge", "Grows with every published world.",
          world->version);
    plain(out, "waymark_ready", "gauge", "1 when steered names are answered.", world->is_ready);
    plain_real(out, "waymark_config_loaded_timestamp_seconds", "gauge",
               "When the running configuration was loaded.", (double)world->base->loaded_ms / 1e3);
    plain_real(out, "waymark_config_load_seconds", "gauge", "How long that took.",
               world->base->load_ms / 1e3);
    write_rows(out, world);
    write_memory(out, world);
    world_release(hold);
}

void metrics_write(const struct control *control, FILE *out)
{
    const struct control *c = control;
    struct dns_counts counts;
    struct prom_label version = { "version", WAYMARK_VERSION };

    totals_counts(&c->hooks, &counts);
    write_queries(out, &counts);
    metrics_write_guard(out, &counts);
    metrics_write_net(out, c->hooks.net);
    write_family(out, c, "waymark_zone_queries_total", "zone", "Queries, by zone.");
    write_family(out, c, "waymark_answers_total", "answer",
                 "Times a target was the answer, by service.");
    write_health(out, c->hooks.health);
    metrics_write_edges(out, c->hooks.edges);
    write_hub(out, c->hooks.hub);
    write_world(out, c->hooks.hub);
    plain(out, "process_resident_memory_bytes", "gauge", "Resident memory.", resident_bytes());
    plain_real(out, "process_start_time_seconds", "gauge", "When the server started.",
               (double)c->hooks.started_ms / 1e3);
    plain(out, "waymark_threads", "gauge", "Threads that answer queries.", c->hooks.n_desks);
    prom_head(out, "waymark_build_info", "gauge", "Which version this is; always 1.");
    prom_int(out, "waymark_build_info", &version, 1, 1);
}

static void write_sources(FILE *out, const struct world *world)
{
    json_t *owed = attribution_json(world->base->geo);

    fputs("\nGeographic data in use:\n", out);
    for (size_t i = 0; world->base->geo != NULL && i < geo_sources(world->base->geo); i++) {
        const struct geo_source *source = geo_source_at(world->base->geo, i);
        fprintf(out, "  %s (%s)\n", source->type, source->path);
    }
    for (size_t i = 0; i < json_array_size(owed); i++)
        fprintf(out, "%s\n", json_string_value(json_array_get(owed, i)));
    json_decref(owed);
}

void metrics_write_root(const struct control *control, FILE *out)
{
    struct world_hold *hold;
    const struct world *world = world_hold(control->hooks.hub, &hold);

    fprintf(out, "Waymark %s. Figures for Prometheus are at /metrics, a picture at /map.svg.\n", WAYMARK_VERSION);
    if (world == NULL)
        return;
    write_sources(out, world);
    world_release(hold);
}
