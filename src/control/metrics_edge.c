/* metrics_edge.c - the figures of the edges, as Prometheus reads them. Main thread; the edges'
 * threads count on. */
#include "metrics_edge.h"

#include <stddef.h>
#include <stdlib.h>

#include "edge_json.h"
#include "prom.h"

static void write_requests(FILE *out, const struct edge_figures *all, size_t n)
{
    prom_head(out, "waymark_edge_requests_total", "counter",
              "Requests, by how they were answered.");
    for (size_t i = 0; i < n; i++)
        for (int r = 0; r < EDGE_RESULTS; r++) {
            struct prom_label labels[] = { { "edge", all[i].pop },
                                           { "result", edge_result_name((enum edge_result)r) } };
            prom_int(out, "waymark_edge_requests_total", labels, 2, all[i].requests[r]);
        }
    prom_head(out, "waymark_edge_responses_total", "counter",
              "Requests but for /healthz, by status; none: the client left before.");
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < EDGE_STATUS_CLASSES; c++) {
            struct prom_label labels[] = { { "edge", all[i].pop },
                                           { "code", edge_status_name(c) } };
            prom_int(out, "waymark_edge_responses_total", labels, 2, all[i].statuses[c]);
        }
}

static void write_bytes(FILE *out, const struct edge_figures *all, size_t n)
{
    prom_head(out, "waymark_edge_bytes_total", "counter",
              "Octets of bodies: sent from the cache, received from origins and shields.");
    for (size_t i = 0; i < n; i++) {
        struct prom_label cache[] = { { "edge", all[i].pop }, { "source", "cache" } };
        struct prom_label origin[] = { { "edge", all[i].pop }, { "source", "origin" } };
        prom_int(out, "waymark_edge_bytes_total", cache, 2, all[i].bytes_cache);
        prom_int(out, "waymark_edge_bytes_total", origin, 2, all[i].bytes_origin);
    }
}

static void write_times(FILE *out, const struct edge_figures *all, size_t n, const char *name,
                        const char *help, size_t offset)
{
    static const struct {
        const char *label;
        unsigned per_mille;
    } quantiles[] = { { "0.5", 500 }, { "0.99", 990 } };
    char text[80];

    prom_head(out, name, "summary", help);
    for (size_t i = 0; i < n; i++) {
        const struct edge_times *times =
            (const struct edge_times *)((const char *)&all[i] + offset);
        struct prom_label edge = { "edge", all[i].pop };
        for (size_t q = 0; q < sizeof quantiles / sizeof *quantiles; q++) {
            struct prom_label labels[] = { edge, { "quantile", quantiles[q].label } };
            prom_real(out, name, labels, 2,
                      (double)edge_times_quantile_us(times, quantiles[q].per_mille) / 1e6);
        }
        snprintf(text, sizeof text, "%s_sum", name);
        prom_real(out, text, &edge, 1, (double)times->sum_us / 1e6);
        snprintf(text, sizeof text, "%s_count", name);
        prom_int(out, text, &edge, 1, times->n);
    }
}

/* One figure of each edge; `offset` is that of a uint64_t in its figures. */
struct plain_figure {
    const char *name, *type, *help;
    size_t offset;
};

static const struct plain_figure plain_figures[] = {
    { "waymark_edge_refused_total", "counter", "Requests that no HTTP parser should take.",
      offsetof(struct edge_figures, refused_requests) },
    { "waymark_edge_fetches_total", "counter", "Fetches begun, from origins and shields.",
      offsetof(struct edge_figures, fetches) },
    { "waymark_edge_fetches_failed_total", "counter", "Fetches that failed.",
      offsetof(struct edge_figures, fetches_failed) },
    { "waymark_edge_fetches_in_flight", "gauge", "Fetches that run now.",
      offsetof(struct edge_figures, fetches_in_flight) },
    { "waymark_edge_connections", "gauge", "Clients' connections that are open.",
      offsetof(struct edge_figures, connections) },
    { "waymark_edge_store_objects", "gauge", "Responses in the store.",
      offsetof(struct edge_figures, store_objects) },
    { "waymark_edge_store_bytes", "gauge", "Memory that they take.",
      offsetof(struct edge_figures, store_bytes) },
    { "waymark_edge_store_limit_bytes", "gauge", "Memory that they may take: cache_mb.",
      offsetof(struct edge_figures, store_limit) },
    { "waymark_edge_evicted_total", "counter", "Responses that made room for others.",
      offsetof(struct edge_figures, evicted_objects) },
};

static void write_plain(FILE *out, const struct edge_figures *all, size_t n,
                        const struct plain_figure *figure)
{
    prom_head(out, figure->name, figure->type, figure->help);
    for (size_t i = 0; i < n; i++) {
        struct prom_label edge = { "edge", all[i].pop };
        const uint64_t *value = (const uint64_t *)((const char *)&all[i] + figure->offset);
        prom_int(out, figure->name, &edge, 1, *value);
    }
}

void metrics_write_edges(FILE *out, const struct edges *edges)
{
    size_t n;
    struct edge_figures *all = edge_copy(edges, &n);

    if (n > 0) {
        prom_head(out, "waymark_edge_up", "gauge", "1 when /healthz says up.");
        for (size_t i = 0; i < n; i++) {
            struct prom_label edge = { "edge", all[i].pop };
            prom_int(out, "waymark_edge_up", &edge, 1, all[i].state == EDGE_UP);
        }
        write_requests(out, all, n);
        write_bytes(out, all, n);
        write_times(out, all, n, "waymark_edge_seconds",
                    "From a request's head to the last octet handed over, since the start.",
                    offsetof(struct edge_figures, edge_time));
        write_times(out, all, n, "waymark_edge_origin_seconds",
                    "From the beginning of a fetch to its head, since the start.",
                    offsetof(struct edge_figures, origin_time));
        for (size_t i = 0; i < sizeof plain_figures / sizeof *plain_figures; i++)
            write_plain(out, all, n, &plain_figures[i]);
    }
    free(all);
}
